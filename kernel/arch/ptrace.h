/*
 * kernel/arch/ptrace.h - the registers of an interrupted context.
 *
 * entry.S builds this structure on the kernel stack at every entry, in the
 * order that Linux/i386 shows to debuggers: the low part pushed by our code,
 * from eip on by the processor.  esp and ss are there only if the entry came
 * from ring 3; for ring 0 the interrupted stack pointer is &regs->esp itself.
 *
 * The kernel does not use fs and gs, so they are not saved here: the fields
 * hold nothing, and the user's live values are moved by the context switch.
 *
 * orig_eax: the system call's number; the error code while a fault is handled;
 * the complement of the line for an interrupt.  Negative outside system calls.
 */
#ifndef OCTAVO_KERNEL_ARCH_PTRACE_H
#define OCTAVO_KERNEL_ARCH_PTRACE_H

#include <kernel/arch/segment.h>
#include <lib/compiler.h>

struct pt_regs {
	long ebx;
	long ecx;
	long edx;
	long esi;
	long edi;
	long ebp;
	long eax;
	unsigned long ds;	/* 16 bits are meaningful in all four */
	unsigned long es;
	unsigned long fs;
	unsigned long gs;
	long orig_eax;
	unsigned long eip;
	unsigned long cs;
	unsigned long eflags;
	unsigned long esp;	/* these two: only if user_mode() */
	unsigned long ss;
};

static inline int user_mode(const struct pt_regs *regs)
{
	return (regs->cs & 3) == 3;
}

/* The stack pointer at the moment of interruption, from either ring. */
static inline unsigned long regs_stack_pointer(const struct pt_regs *regs)
{
	return user_mode(regs) ? regs->esp : (unsigned long)&regs->esp;
}

#define instruction_pointer(regs)	((regs)->eip)

/* A frame that fits what iret accepts from ring 3: no stray privileges. */
static inline int regs_are_sane_user(const struct pt_regs *regs)
{
	return user_mode(regs) && (regs->ss & 3) == 3;
}

#endif
