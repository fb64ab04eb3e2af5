/*
 * kernel/core/panic.h - the end, told as fully as possible.
 *
 * panic() is for a state in which going on would do harm.  It prints why, the
 * registers, the bytes at eip, and a backtrace by frame pointers, each address
 * with its symbol; then, by `panic=` on the command line: `exit` (and in test
 * runs) QEMU ends with PANIC_EXIT_CODE, N > 0 restarts after N seconds, 0 (the
 * default) halts.  die() is panic for an exception in the kernel: the registers
 * are those of the fault.
 *
 * The report trusts nothing: stacks are read by probe_kernel_read, frames must
 * go upwards, locks of the log are bust.  A second panic inside the first names
 * itself and shows the first's trace again: the cause is never hidden.
 */
#ifndef OCTAVO_KERNEL_CORE_PANIC_H
#define OCTAVO_KERNEL_CORE_PANIC_H

#include <lib/compiler.h>
#include <lib/types.h>

struct pt_regs;
struct task_struct;

#define PANIC_EXIT_CODE	0x7d

__noreturn __cold void panic(const char *fmt, ...) __printf(1, 2);
/*
 * For who has something to say before die(): the report begins here.  A fault
 * from here on is a nested one.
 */
__cold void oops_enter(const char *what, const struct pt_regs *regs);
/* An exception in the kernel that nothing explains. */
__noreturn __cold void die(const char *what, struct pt_regs *regs, long error_code);

/* The same for registers that are not those of this stack (the double fault's). */
__noreturn __cold void die_at(struct pt_regs *regs, unsigned long esp, const char *fmt, ...)
	__printf(3, 4);

void show_regs(struct pt_regs *regs);
/* The calls that led here. */
void dump_stack(void);
/* The calls from a frame pointer on; @eip is printed first unless 0. */
void show_backtrace(unsigned long eip, unsigned long ebp);
/*
 * The same as an array, for allocators that remember their caller.
 * => entries filled
 */
unsigned int stack_trace_save(unsigned long *entries, unsigned int max, unsigned int skip);
/* ... of a task that does not run, from schedule() on; of current too. */
unsigned int stack_trace_save_tsk(struct task_struct *task, unsigned long *entries,
				  unsigned int max, unsigned int skip);

/* True once a panic began. */
extern bool oops_in_progress;
/* End QEMU on panic instead of halting: `panic=exit`, or a test run. */
extern bool panic_exits;

void panic_init(void);

#endif
