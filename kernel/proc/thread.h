/*
 * kernel/proc/thread.h - where new tasks start, and how a kernel thread becomes a
 * process: labels of kernel/entry/entry.S, which lies above.
 */
#ifndef OCTAVO_KERNEL_PROC_THREAD_H
#define OCTAVO_KERNEL_PROC_THREAD_H

#include <kernel/arch/ptrace.h>
#include <lib/compiler.h>

/* eax: the task that ran before; the stack pointer is at the frame. */
asmlinkage void ret_from_fork(void);
/* The same; ebx of the frame is the function, ecx its argument. */
asmlinkage void ret_from_kernel_thread(void);
/* Leave for ring 3 with *regs, which lies at the top of the current stack. */
asmlinkage void __noreturn ret_to_user(struct pt_regs *regs);

#endif
