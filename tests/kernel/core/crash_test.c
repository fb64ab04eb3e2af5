/*
 * tests/kernel/core/crash_test.c - ways to die, and what is to be said then.
 *
 * Each of these ends in a panic.  They run only by their full name
 * (ktest=crash.NAME); tests/system/panic boots each and reads the report.
 */
#include <kernel/arch/irqflags.h>
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/panic.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/spinlock.h>
#include <kernel/sched/kthread.h>
#include <lib/compiler.h>
#include <lib/err.h>

/* A store through NULL: an oops with registers, code and this function's name. */
KTEST(crash, null_dereference)
{
	volatile int *nowhere = NULL;

	barrier();
	*nowhere = 1;
}

/* A call through a bad pointer: the trace still names the caller. */
KTEST(crash, wild_jump)
{
	void (*volatile fn)(void) = (void (*)(void))0x10;

	fn();
	barrier();
}

/* BUG_VAL prints its values. */
KTEST(crash, bug_with_values)
{
	volatile int a = 17, b = 18;

	BUG_VAL(a != b, a, b);
}

/* Text is read-only for ring 0. */
KTEST(crash, write_to_text)
{
	*(volatile u32 *)(void *)&printk = 0;
}

static volatile int bottom = 1 << 30;	/* never reached; the compiler does not know */

static noinline int eat_stack(int depth)
{
	volatile char room[512];

	room[0] = (char)depth;
	return depth == bottom ? 0 : eat_stack(depth + 1) + room[0];
}

/* Runs into the guard page: the double-fault task reports the task by name. */
KTEST(crash, stack_overflow)
{
	ktest_log("%d", eat_stack(0));
}

static noinline int overflow_thread(void *unused)
{
	return eat_stack(0) + bottom;
}

/* The same in another task: its own name is in the report. */
KTEST(crash, stack_overflow_in_thread)
{
	struct task_struct *tsk = kthread_run(overflow_thread, NULL, "glutton");

	if (IS_ERR(tsk))
		return;
	for (;;)
		msleep(10);
}

static void faulty_write(struct console *con, const char *text, unsigned int len)
{
	volatile int *volatile nowhere = NULL;

	if (oops_in_progress)
		*nowhere = 1;
}

static struct console faulty_console = { .name = "faulty", .write = faulty_write };

static noinline void the_first_cause(void)
{
	panic("the first cause");
}

/* A console that faults during the report: the first panic is still told, with its trace. */
KTEST(crash, nested_panic)
{
	register_console(&faulty_console);
	the_first_cause();
}

#ifdef CONFIG_DEBUG
static DEFINE_SPINLOCK(test_lock);

static noinline void first_taker(void)
{
	spin_lock(&test_lock);
}

/* A lock taken twice: who has it, and where it was taken. */
KTEST(crash, lock_recursion)
{
	first_taker();
	spin_lock(&test_lock);
}

/* A lock overwritten by something else is recognised. */
KTEST(crash, lock_magic)
{
	DEFINE_SPINLOCK(lock);

	lock.magic = 0;
	spin_lock(&lock);
}
#endif

static noinline __noreturn int spin_forever(void *unused)
{
	local_irq_disable();
	for (;;)
		barrier();
}

/* A thread spins with interrupts off: the neighbour notices, the processor reports itself. */
static void spin_on(struct ktest *t, int cpu)
{
	struct task_struct *k = kthread_create(spin_forever, NULL, "spinner");

	KASSERT(t, nr_cpus > 1 && !IS_ERR(k));
	kthread_bind(k, cpu);
	wake_up_process(k);
	for (;;)
		msleep(100);
}

KTEST(crash, spinner_is_named)
{
	spin_on(t, nr_cpus - 1);
}

/* The boot processor's neighbour is the last one. */
KTEST(crash, boot_spinner_is_named)
{
	spin_on(t, 0);
}

static void die_now(void *unused)
{
	panic("one of several at once");
}

/* All processors panic at the same time: one report, whole, and where the others are. */
KTEST(crash, all_panic_at_once)
{
	on_each_cpu(die_now, NULL);
}
