/*
 * kernel/arch/switch.h - one kernel stack gives way to another.
 *
 * __switch_to() saves the callee-saved registers and the stack pointer of the
 * caller in @prev, takes up @next's, and returns on the new stack: for the new
 * task it is the return from *its* old call.  @last travels through, so that
 * the task that comes to life learns who ran before it:
 *
 *	#define switch_to(prev, next, last) \
 *		((last) = __switch_to(&(prev)->thread, &(next)->thread, (prev)))
 *
 * A new task starts where thread.eip says, with `last` in eax.
 *
 * => interrupts off; the page tables are already @next's, and both stacks must
 *    be mapped in them (a fault on the stack itself would be a double fault)
 */
#ifndef OCTAVO_KERNEL_ARCH_SWITCH_H
#define OCTAVO_KERNEL_ARCH_SWITCH_H

#include <kernel/arch/linkage.h>
#include <kernel/arch/processor.h>

asmlinkage void *__switch_to(struct thread_struct *prev, struct thread_struct *next, void *last);

/* Called by switch_to.S in between: esp0, TLS, fs and gs, FPU. */
asmlinkage void switch_to_c(struct thread_struct *prev, struct thread_struct *next);

/* The live user fs and gs, which the kernel itself never loads. */
static inline unsigned long get_user_fs(void)
{
	unsigned long value;

	asm volatile("movl %%fs, %0" : "=r"(value));
	return value & 0xffff;
}

static inline unsigned long get_user_gs(void)
{
	unsigned long value;

	asm volatile("movl %%gs, %0" : "=r"(value));
	return value & 0xffff;
}

/* A selector that does not load (no such descriptor) becomes 0. */
void set_user_fs(unsigned long selector);
void set_user_gs(unsigned long selector);

#endif
