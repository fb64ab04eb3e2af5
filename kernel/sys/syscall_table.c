/*
 * kernel/sys/syscall_table.c - from a number to a function.
 *
 * int 0x80 arrives with the number in eax and the arguments in ebx, ecx, edx,
 * esi, edi and ebp; entry.S copies the six onto the stack and calls
 * sys_call_table[eax].  The numbers are Linux/i386's, and with them the same
 * program file runs on both.  The calls are listed by the part of the kernel
 * that performs them, one X(number, name) for each, in calls_fs.h, calls_mm.h,
 * calls_proc.h and calls_misc.h.
 *
 * A number that no list names is not in this kernel: sys_ni_syscall() answers
 * -ENOSYS and says so in the log (kernel/entry/syscall.c).
 */
#include <kernel/sys/syscall_table.h>

#include <kernel/core/hooks.h>

/* The arguments differ; entry.S passes six to all. */
#define X(nr, name) extern long sys_##name();
#include <kernel/sys/calls_fs.h>
#include <kernel/sys/calls_mm.h>
#include <kernel/sys/calls_proc.h>
#include <kernel/sys/calls_misc.h>
#undef X

/* Each entry first says "not here", and then the lists speak: overriding is meant. */
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define X(nr, name) [nr] = sys_##name,
void *const sys_call_table[NR_syscalls] = {
	[0 ... NR_syscalls - 1] = sys_ni_syscall,
#include <kernel/sys/calls_fs.h>
#include <kernel/sys/calls_mm.h>
#include <kernel/sys/calls_proc.h>
#include <kernel/sys/calls_misc.h>
};
#undef X
