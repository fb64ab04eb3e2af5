/*
 * kernel/entry/traps.h - what the doors call.
 *
 * The gates' labels are in entry.S; the functions that entry.S calls are here,
 * so that C checks their types.
 */
#ifndef OCTAVO_KERNEL_ENTRY_TRAPS_H
#define OCTAVO_KERNEL_ENTRY_TRAPS_H

#include <kernel/arch/ptrace.h>
#include <lib/compiler.h>

#define SYSCALL_VECTOR	0x80

/* All gates of the IDT. => GDT and IDT are loaded */
void trap_init(void);
/* The double-fault task: its TSS and stack. */
void doublefault_init(void);
/* The same on another processor, with @stack, THREAD_SIZE bytes aligned to as many. */
void doublefault_setup(void *stack);

/* SYSENTER on this processor. => its GDT and TSS are loaded */
void sysenter_setup(void);

/* kernel/entry/fault.c */
asmlinkage void do_page_fault(struct pt_regs *regs, unsigned long error_code,
			      unsigned long address);

/*
 * The way out to ring 3 with something to do: signals, rescheduling.
 * => interrupts off on entry and return; task->work has no bit set on return
 */
asmlinkage void exit_to_user_work(struct pt_regs *regs);

/* A call that does not exist: -ENOSYS, reported once per number. */
asmlinkage long sys_ni_syscall(void);

#endif
