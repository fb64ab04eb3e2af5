/*
 * tests/kernel/core/lockdep_test.c - the lock checker finds each kind of misuse, once, and nothing else.
 *
 * Nothing here deadlocks: each test shows the checker the two halves of what could,
 * one after the other.  Locks of a test are its own classes; what is learned of
 * them stays in the graph and bothers nobody.
 */
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/mutex.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/timer.h>
#include <kernel/core/time.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/string.h>

#ifdef CONFIG_DEBUG

static unsigned int reports_before[NR_LOCKDEP_FINDINGS];

static void begin(void)
{
	memcpy(reports_before, lockdep_reports, sizeof(reports_before));
}

/* How many reports of @what came since begin(), and none of another kind; they are taken back. */
static unsigned int found(struct ktest *t, enum lockdep_finding what)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_LOCKDEP_FINDINGS; i++) {
		unsigned int n = lockdep_reports[i] - reports_before[i];

		warn_count -= n;
		lockdep_reports[i] -= n;
		if (i == what)
			nr = n;
		else
			KEXPECT_EQ(t, n, 0u);
	}
	return nr;
}

/* Does the last report speak of @text? */
static void expect_text(struct ktest *t, const char *text)
{
	if (!strstr(lockdep_last_report(), text))
		ktest_fail(t, __FILE__, __LINE__, "not in the report: %s", text);
}

static noinline void take_both(spinlock_t *outer, spinlock_t *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
}

static noinline void a_before_b(spinlock_t *a, spinlock_t *b)
{
	take_both(a, b);
	barrier();
}

static noinline void b_before_a(spinlock_t *a, spinlock_t *b)
{
	take_both(b, a);
	barrier();
}

/* A before B, later B before A: told once, with both ways. */
KTEST(lockdep, inversion)
{
	static DEFINE_SPINLOCK(a);
	static DEFINE_SPINLOCK(b);

	begin();
	a_before_b(&a, &b);
	a_before_b(&a, &b);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 0u);
	b_before_a(&a, &b);
	b_before_a(&a, &b);
	a_before_b(&a, &b);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 1u);
	expect_text(t, "b_before_a");
	expect_text(t, "a_before_b");
	expect_text(t, "wanted: a\n");
}

/* A circle of five, each pair of which is innocent. */
KTEST(lockdep, long_circle)
{
	static spinlock_t lock[5];
	static const struct lock_class_key key[5];

	for (int i = 0; i < 5; i++) {
		spin_lock_init(&lock[i]);
		lockdep_set_class_and_name(&lock[i], &key[i], "circle");
	}
	begin();
	for (int i = 0; i < 4; i++)
		take_both(&lock[i], &lock[i + 1]);
	take_both(&lock[0], &lock[4]);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 0u);
	take_both(&lock[4], &lock[0]);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 1u);
}

/* The same with locks that sleep, and readers are no exception. */
KTEST(lockdep, sleeping_locks)
{
	static DEFINE_MUTEX(m);
	static DECLARE_RWSEM(s);

	begin();
	mutex_lock(&m);
	down_read(&s);
	up_read(&s);
	mutex_unlock(&m);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 0u);
	down_read(&s);
	mutex_lock(&m);
	mutex_unlock(&m);
	up_read(&s);
	KEXPECT_EQ(t, found(t, LOCKDEP_INVERSION), 1u);
}

static void init_pair(spinlock_t *pair)
{
	for (int i = 0; i < 2; i++)
		spin_lock_init(&pair[i]);
}

/* Two locks of one class: only with a word about their order. */
KTEST(lockdep, same_class)
{
	static spinlock_t lock[2];

	begin();
	init_pair(lock);
	spin_lock(&lock[0]);
	spin_lock_nested(&lock[1], SINGLE_DEPTH_NESTING);
	spin_unlock(&lock[1]);
	spin_unlock(&lock[0]);
	KEXPECT_EQ(t, found(t, LOCKDEP_RECURSION), 0u);
	take_both(&lock[0], &lock[1]);
	take_both(&lock[0], &lock[1]);
	KEXPECT_EQ(t, found(t, LOCKDEP_RECURSION), 1u);
}

/* A reader that reads again would wait for ever if a writer came in between. */
KTEST(lockdep, reader_again)
{
	static DECLARE_RWSEM(s);
	static DEFINE_RWLOCK(rw);

	begin();
	down_read(&s);
	down_read(&s);
	up_read(&s);
	up_read(&s);
	KEXPECT_EQ(t, found(t, LOCKDEP_RECURSION), 1u);
	begin();
	read_lock(&rw);
	read_lock(&rw);
	read_unlock(&rw);
	read_unlock(&rw);
	KEXPECT_EQ(t, found(t, LOCKDEP_RECURSION), 1u);
}

/* Sleeping with a spinlock held: told, with the lock and where it was taken. */
KTEST(lockdep, sleep)
{
	static DEFINE_SPINLOCK(slumber);

	begin();
	for (int i = 0; i < 2; i++) {
		spin_lock(&slumber);
		might_sleep();
		spin_unlock(&slumber);
	}
	KEXPECT_EQ(t, found(t, LOCKDEP_SLEEP), 1u);
	expect_text(t, " slumber, at ktest_lockdep_sleep+0x");
}

static int holder(void *lock)
{
	spin_lock(lock);
	while (!kthread_should_stop())
		cpu_relax();
	spin_unlock(lock);
	return 0;
}

/* Unlocking what is free, or another's: told, and it stays as it is. */
KTEST(lockdep, wrong_unlock)
{
	static DEFINE_SPINLOCK(lock);
	static DEFINE_MUTEX(m);
	struct task_struct *tsk;

	begin();
	spin_unlock(&lock);
	KEXPECT(t, !spin_is_locked(&lock));
	mutex_unlock(&m);
	KEXPECT_EQ(t, found(t, LOCKDEP_UNLOCK), 2u);
	if (nr_cpus == 1)
		return;
	begin();
	tsk = kthread_create(holder, &lock, "holder");
	KASSERT(t, !IS_ERR(tsk));
	kthread_bind(tsk, 1);
	wake_up_process(tsk);
	while (!spin_is_locked(&lock))
		msleep(1);
	spin_unlock(&lock);
	KEXPECT(t, spin_is_locked(&lock));
	KEXPECT_EQ(t, found(t, LOCKDEP_UNLOCK), 1u);
	kthread_stop(tsk);
	KEXPECT(t, !spin_is_locked(&lock));
}

static void lock_in_timer(unsigned long lock)
{
	spin_lock((spinlock_t *)lock);
	spin_unlock((spinlock_t *)lock);
}

static void run_in_timer(void (*fn)(unsigned long), void *arg)
{
	struct timer_list timer;

	setup_timer(&timer, fn, (unsigned long)arg);
	mod_timer(&timer, jiffies + 1);
	while (timer_pending(&timer))
		msleep(1);
	del_timer_sync(&timer);
}

/* A timer takes it, and a task with interrupts on. */
KTEST(lockdep, timer_unsafe)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;

	begin();
	spin_lock_irqsave(&lock, flags);
	spin_unlock_irqrestore(&lock, flags);
	run_in_timer(lock_in_timer, &lock);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 0u);
	spin_lock(&lock);
	spin_unlock(&lock);
	spin_lock(&lock);
	spin_unlock(&lock);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 1u);
}

/* Through another: the timer's lock comes before one that is held with interrupts on. */
KTEST(lockdep, timer_unsafe_through_another)
{
	static DEFINE_SPINLOCK(in_timer);
	static DEFINE_SPINLOCK(other);
	unsigned long flags;

	begin();
	run_in_timer(lock_in_timer, &in_timer);
	spin_lock(&other);
	spin_unlock(&other);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 0u);
	spin_lock_irqsave(&in_timer, flags);
	spin_lock(&other);
	spin_unlock(&other);
	spin_unlock_irqrestore(&in_timer, flags);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 1u);
}

static void read_in_timer(unsigned long lock)
{
	read_lock((rwlock_t *)lock);
	read_unlock((rwlock_t *)lock);
}

/* What a handler only reads may be read with interrupts on, but not written. */
KTEST(lockdep, handler_reads)
{
	static DEFINE_RWLOCK(lock);
	unsigned long flags;

	begin();
	run_in_timer(read_in_timer, &lock);
	read_lock(&lock);
	read_unlock(&lock);
	write_lock_irqsave(&lock, flags);
	write_unlock_irqrestore(&lock, flags);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 0u);
	write_lock(&lock);
	write_unlock(&lock);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 1u);
}

static void lock_in_irq(void *lock)
{
	spin_lock(lock);
	spin_unlock(lock);
}

/* Interrupts go on too early: the lock of a handler is still held. */
KTEST(lockdep, enabled_too_early)
{
	static DEFINE_SPINLOCK(outer);
	static DEFINE_SPINLOCK(inner);
	unsigned long flags;

	if (nr_cpus == 1) {
		ktest_skip(t, "needs a second processor");
		return;
	}
	begin();
	smp_call_function(lock_in_irq, &outer);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 0u);
	spin_lock_irqsave(&outer, flags);
	spin_lock_irq(&inner);
	spin_unlock_irq(&inner);
	spin_unlock_irqrestore(&outer, flags);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 1u);
	expect_text(t, "outer is held with interrupts on");
}

static struct mutex forgotten;

static int forgetful(void *unused)
{
	mutex_lock(&forgotten);
	return 0;
}

/* A task that ends with a lock. */
KTEST(lockdep, exit_with_lock)
{
	struct task_struct *tsk;

	mutex_init(&forgotten);
	begin();
	tsk = kthread_run(forgetful, NULL, "forgetful");
	KASSERT(t, !IS_ERR(tsk));
	for (int i = 0; i < 300 && lockdep_reports[LOCKDEP_EXIT] == reports_before[LOCKDEP_EXIT]; i++)
		msleep(10);
	KEXPECT_EQ(t, found(t, LOCKDEP_EXIT), 1u);
	mutex_init(&forgotten);
}

static int right_worker(void *locks)
{
	spinlock_t *lock = locks;
	unsigned long flags;

	while (!kthread_should_stop()) {
		spin_lock_irqsave(&lock[0], flags);
		if (spin_trylock(&lock[1]))
			spin_unlock(&lock[1]);
		spin_lock_nested(&lock[2], SINGLE_DEPTH_NESTING);
		/* Not the order of taking: allowed. */
		spin_unlock(&lock[0]);
		spin_unlock_irqrestore(&lock[2], flags);
		cond_resched();
	}
	return 0;
}

/* Correct use, on all processors and in handlers: not a word. */
KTEST(lockdep, silence)
{
	static spinlock_t lock[3];
	struct task_struct *tsk[4];

	for (int i = 0; i < 3; i++)
		spin_lock_init(&lock[i]);
	begin();
	for (int i = 0; i < 4; i++) {
		tsk[i] = kthread_run(right_worker, lock, "right/%d", i);
		KASSERT(t, !IS_ERR(tsk[i]));
	}
	for (int i = 0; i < 5; i++)
		run_in_timer(lock_in_timer, &lock[0]);
	for (int i = 0; i < 4; i++)
		kthread_stop(tsk[i]);
	KEXPECT_EQ(t, found(t, LOCKDEP_IRQ), 0u);
	KEXPECT_EQ(t, current->lockdep.depth, 0u);
}

#endif
