/*
 * tests/kernel/sched/sched_test.c - run queues, time slices, kernel threads, wait queues.
 *
 * The tests run in a kernel thread; "at once" below means: as soon as this thread sleeps.
 */
#include <kernel/core/completion.h>
#include <kernel/core/ktest.h>
#include <kernel/core/time.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/types/mm_types.h>

/* ---- kernel threads -------------------------------------------------------------------------- */

static atomic_t started;

static int return_arg(void *data)
{
	atomic_inc(&started);
	while (!kthread_should_stop())
		msleep(1);
	return (int)(long)data;
}

/* A thread runs its function, and kthread_stop() returns what that returned. */
KTEST(kthread, stop_returns_value)
{
	struct task_struct *k = kthread_run(return_arg, (void *)1234, "ktest/%d", 7);

	KASSERT(t, !IS_ERR(k));
	KEXPECT_STREQ(t, k->comm, "ktest/7");
	KEXPECT(t, k->flags & PF_KTHREAD);
	KEXPECT(t, !k->mm);
	msleep(20);
	KEXPECT_EQ(t, kthread_stop(k), 1234);
}

/* A thread that was never woken never runs its function. */
KTEST(kthread, never_woken)
{
	static int ran;
	struct task_struct *k = kthread_create(return_arg, &ran, "ktest");

	KASSERT(t, !IS_ERR(k));
	KEXPECT_EQ(t, kthread_stop(k), -EINTR);
}

/* Hundreds come and go, and leave nothing (the leak counters say so). */
KTEST(kthread, many)
{
	struct task_struct *k[20];

	for (int round = 0; round < 10; round++) {
		atomic_set(&started, 0);
		for (int i = 0; i < 20; i++) {
			k[i] = kthread_run(return_arg, (void *)(long)i, "ktest");
			KASSERT(t, !IS_ERR(k[i]));
		}
		while (atomic_read(&started) < 20)
			msleep(1);
		for (int i = 0; i < 20; i++)
			KEXPECT_EQ(t, kthread_stop(k[i]), i);
	}
}

/* It borrows an address space while it runs, and gives it back. */
KTEST(kthread, lazy_mm)
{
	int before = atomic_read(&init_mm.mm_count);
	struct task_struct *k;

	KEXPECT(t, !current->mm);
	KEXPECT(t, current->active_mm != NULL);
	for (int i = 0; i < 5; i++) {
		bool lent = true;

		k = kthread_run(return_arg, NULL, "ktest");
		KASSERT(t, !IS_ERR(k));
		/* Asleep, and off its processor: no loan, until it looks again whether to stop. */
		for (int j = 0; j < 10000 && lent; j++) {
			msleep(1);
			lent = READ_ONCE(k->active_mm);
		}
		KEXPECT(t, !lent);
		kthread_stop(k);
	}
	while (atomic_read(&nr_dying))
		yield();
	KEXPECT_EQ(t, atomic_read(&init_mm.mm_count), before);
}

/* ---- sharing the processor ------------------------------------------------------------------- */

struct spinner {
	volatile bool *stop;
	unsigned long ticks;		/* it got */
};

/* Burn time; the kernel is not preempted, so it offers to give way as ring 3 would be made to. */
static int spin(void *data)
{
	struct spinner *s = data;
	unsigned long start = current->stime;

	while (!*s->stop)
		cond_resched();
	s->ticks = current->stime - start;
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static unsigned long ticks_of(struct task_struct *const *k, int n)
{
	unsigned long sum = 0;

	for (int i = 0; i < n; i++)
		sum += READ_ONCE(k[i]->stime);
	return sum;
}

/* One spinner for each nice value, all on one processor, until they have got @ticks there. */
static void spin_together(struct ktest *t, struct spinner *s, const int *nice, int n,
			  unsigned long ticks)
{
	volatile bool stop = false;
	struct task_struct *k[8];

	for (int i = 0; i < n; i++) {
		s[i].stop = &stop;
		s[i].ticks = 0;
		k[i] = kthread_create(spin, &s[i], "spin%d", i);
		KASSERT(t, !IS_ERR(k[i]));
		kthread_bind(k[i], 0);
		set_user_nice(k[i], nice[i]);
	}
	for (int i = 0; i < n; i++)
		wake_up_process(k[i]);
	while (ticks_of(k, n) < ticks)
		msleep(10);
	stop = true;
	for (int i = 0; i < n; i++)
		kthread_stop(k[i]);
}

/* Equals get equal parts. */
KTEST(sched, fair)
{
	static const int nice[4] = { 0, 0, 0, 0 };
	struct spinner s[4];
	unsigned long sum = 0;

	spin_together(t, s, nice, 4, 160);
	for (int i = 0; i < 4; i++)
		sum += s[i].ticks;
	for (int i = 0; i < 4; i++) {
		ktest_log("spinner %d: %lu of %lu ticks", i, s[i].ticks, sum);
		KEXPECT(t, s[i].ticks * 4 > sum / 2);
		KEXPECT(t, s[i].ticks * 4 < sum * 2);
	}
}

/* Nice ones get less, but not nothing. */
KTEST(sched, nice)
{
	static const int nice[2] = { 0, 19 };
	struct spinner s[2];

	spin_together(t, s, nice, 2, 150);
	ktest_log("nice 0: %lu ticks, nice 19: %lu", s[0].ticks, s[1].ticks);
	KEXPECT(t, s[0].ticks > 4 * s[1].ticks);
	KEXPECT(t, s[1].ticks > 0);
}

struct alarm {
	wait_queue_head_t q;
	struct task_struct *k[3];
	unsigned long ticks_then;	/* what the spinners had got when it rang */
	volatile bool rung;
};

static void ring(unsigned long data)
{
	struct alarm *a = (struct alarm *)data;

	a->ticks_then = ticks_of(a->k, 3);
	a->rung = true;
	wake_up(&a->q);
}

/*
 * A sleeper that wakes is not made to wait for the spinners' slices: between the wake-up
 * and its turn they get next to no ticks.
 */
KTEST(sched, sleeper_is_served)
{
	unsigned long allowed = current->cpus_allowed, worst = 0;
	volatile bool stop = false;
	struct timer_list timer;
	unsigned int late = 0;
	struct spinner s[3];
	struct alarm a;

	init_waitqueue_head(&a.q);
	setup_timer(&timer, ring, (unsigned long)&a);
	set_cpus_allowed(current, 1);
	for (int i = 0; i < 3; i++) {
		s[i].stop = &stop;
		a.k[i] = kthread_create(spin, &s[i], "spin%d", i);
		KASSERT(t, !IS_ERR(a.k[i]));
		kthread_bind(a.k[i], 0);
		wake_up_process(a.k[i]);
	}
	while (ticks_of(a.k, 3) < 150)	/* the bonus that they were born with is gone */
		msleep(10);
	for (int i = 0; i < 20; i++) {
		unsigned long waited;

		a.rung = false;
		mod_timer(&timer, jiffies + 2);
		wait_event(a.q, a.rung);
		waited = ticks_of(a.k, 3) - a.ticks_then;
		worst = max(worst, waited);
		late += waited > 2;
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		kthread_stop(a.k[i]);
	del_timer_sync(&timer);
	set_cpus_allowed(current, allowed);
	ktest_log("late in %u of 20 rounds, at most %lu ticks", late, worst);
	/*
	 * Not for the rest of a slice each time, which is more than two ticks in most rounds.  Its
	 * own slice may end by chance, and then it waits for a whole round; a host that lets this
	 * processor stand still hands many ticks to one round, however long.
	 */
	KEXPECT(t, late <= 7);
}

/* Longer slices for better priorities; everybody gets some. */
KTEST(sched, time_slices)
{
	struct task_struct tsk;
	unsigned int last = ~0u;

	memset(&tsk, 0, sizeof(tsk));
	for (int nice = -20; nice <= 19; nice++) {
		unsigned int slice;

		tsk.static_prio = NICE_TO_PRIO(nice);
		slice = task_timeslice(&tsk);
		KEXPECT(t, slice >= 1 && slice <= last);
		last = slice;
	}
	tsk.static_prio = NICE_TO_PRIO(0);
	KEXPECT_EQ(t, task_timeslice(&tsk), HZ / 10);
	tsk.static_prio = NICE_TO_PRIO(-20);
	KEXPECT_EQ(t, task_timeslice(&tsk), HZ * 8 / 10);
	tsk.static_prio = NICE_TO_PRIO(19);
	KEXPECT_EQ(t, task_timeslice(&tsk), 1);
}

/* Sleeping: never less than asked, the counts of switches and running tasks follow. */
KTEST(sched, timeouts)
{
	u64 switches = nr_context_switches();
	unsigned long nvcsw = current->nvcsw;
	u64 ns;

	for (unsigned int ms = 1; ms < 60; ms += 13) {
		ns = ktime_get_ns();
		msleep(ms);
		KEXPECT(t, ktime_get_ns() - ns >= ms * 1000000ull);
	}
	KEXPECT(t, nr_context_switches() > switches);
	KEXPECT(t, current->nvcsw >= nvcsw + 5);
	/* Others may be about to fall asleep, on other processors. */
	for (int i = 0; i < 1000 && nr_running() > 1; i++)
		msleep(1);
	KEXPECT_EQ(t, nr_running(), 1);

	set_current_state(TASK_INTERRUPTIBLE);
	KEXPECT_EQ(t, schedule_timeout(0), 0);
	KEXPECT_EQ(t, current->state, TASK_RUNNING);

	ns = ktime_get_ns() + 30000000;
	set_current_state(TASK_UNINTERRUPTIBLE);
	while (schedule_deadline(ns))
		set_current_state(TASK_UNINTERRUPTIBLE);
	KEXPECT(t, ktime_get_ns() >= ns);
}

/* cond_resched() half-way to sleep does not put the task to sleep. */
KTEST(sched, preempted_while_going_to_sleep)
{
	u64 start = ktime_get_ns();

	set_current_state(TASK_UNINTERRUPTIBLE);
	set_need_resched();
	cond_resched();		/* would never return, had it slept */
	KEXPECT_EQ(t, current->state, TASK_UNINTERRUPTIBLE);
	__set_current_state(TASK_RUNNING);
	KEXPECT(t, ktime_get_ns() - start < 5000000000ull);
}

/* ---- wait queues ----------------------------------------------------------------------------- */

struct ball {
	wait_queue_head_t q[2];
	volatile int side;
	int rounds;
};

static int player(void *data)
{
	struct ball *b = data;

	for (int i = 0; i < b->rounds; i++) {
		wait_event(b->q[1], b->side == 1);
		b->side = 0;
		wake_up(&b->q[0]);
	}
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/* 20,000 hand-overs, each of which would hang if one wake-up were lost. */
KTEST(wait, ping_pong)
{
	struct ball b = { .side = 0, .rounds = 10000 };
	struct task_struct *k;

	init_waitqueue_head(&b.q[0]);
	init_waitqueue_head(&b.q[1]);
	k = kthread_run(player, &b, "ktest");
	KASSERT(t, !IS_ERR(k));
	for (int i = 0; i < b.rounds; i++) {
		b.side = 1;
		wake_up(&b.q[1]);
		wait_event(b.q[0], b.side == 0);
	}
	KEXPECT(t, !waitqueue_active(&b.q[0]));
	kthread_stop(k);
	KEXPECT(t, !waitqueue_active(&b.q[1]));
}

struct crowd {
	wait_queue_head_t q;
	volatile int tickets;
	volatile int waiting, woken;	/* how often one went to sleep, was woken */
	volatile bool over;
	bool exclusive;
};

static int waiter(void *data)
{
	struct crowd *c = data;
	DEFINE_WAIT(wait);

	for (;;) {
		if (c->exclusive)
			prepare_to_wait_exclusive(&c->q, &wait, TASK_UNINTERRUPTIBLE);
		else
			prepare_to_wait(&c->q, &wait, TASK_UNINTERRUPTIBLE);
		if (c->over)
			break;
		c->waiting++;
		schedule();
		c->woken++;
		if (c->tickets) {
			c->tickets--;
			break;
		}
	}
	finish_wait(&c->q, &wait);
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/* @count comes to @wanted in any time that it takes, and not beyond. */
static void settles(struct ktest *t, volatile int *count, int wanted)
{
	for (int i = 0; i < 2000 && *count < wanted; i++)
		msleep(10);
	msleep(30);
	KEXPECT_EQ(t, *count, wanted);
}

/* All on one processor, so that they count without a lock. */
static void crowd_test(struct ktest *t, bool exclusive)
{
	struct crowd c = { .exclusive = exclusive };
	struct task_struct *k[5];

	init_waitqueue_head(&c.q);
	for (int i = 0; i < 5; i++) {
		k[i] = kthread_create(waiter, &c, "ktest");
		KASSERT(t, !IS_ERR(k[i]));
		kthread_bind(k[i], 0);
		wake_up_process(k[i]);
	}
	settles(t, &c.waiting, 5);
	c.tickets = 1;
	wake_up(&c.q);
	settles(t, &c.woken, exclusive ? 1 : 5);
	KEXPECT_EQ(t, c.tickets, 0);
	settles(t, &c.waiting, exclusive ? 5 : 9);
	c.tickets = 2;
	wake_up_nr(&c.q, 2);
	settles(t, &c.woken, exclusive ? 3 : 9);
	KEXPECT_EQ(t, c.tickets, 0);
	c.over = true;
	wake_up_all(&c.q);
	for (int i = 0; i < 5; i++)
		kthread_stop(k[i]);
}

/* An exclusive sleeper is woken alone, the others all. */
KTEST(wait, exclusive)
{
	crowd_test(t, true);
}

KTEST(wait, not_exclusive)
{
	crowd_test(t, false);
}

static void wake_later(unsigned long data)
{
	struct crowd *c = (struct crowd *)data;

	c->tickets = 1;
	wake_up(&c->q);
}

/* With a time-out: what is left if the condition came, 0 if it did not. Woken from a timer. */
KTEST(wait, timeouts)
{
	struct timer_list timer;
	struct crowd c = { .tickets = 0 };
	unsigned long start;
	long left;

	init_waitqueue_head(&c.q);
	left = wait_event_timeout(c.q, c.tickets, 3);
	KEXPECT_EQ(t, left, 0);
	setup_timer(&timer, wake_later, (unsigned long)&c);
	start = jiffies;
	mod_timer(&timer, start + 3);
	left = wait_event_timeout(c.q, c.tickets, 500);
	/* What has not passed is left; a host that had no time may have let all of it pass before we looked. */
	KEXPECT(t, jiffies - start >= 3);
	KEXPECT(t, left > 0 && left <= 500 && left >= 500 - (long)(jiffies - start));
	KEXPECT_EQ(t, wait_event_timeout(c.q, c.tickets, 0), 1);
	KEXPECT_EQ(t, wait_event_interruptible(c.q, c.tickets), 0);
	del_timer_sync(&timer);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Numbers are unique, go on upwards, and one with a user is not given again. */
KTEST(pid, numbers)
{
	pid_t first = alloc_pid(), second = alloc_pid(), third;

	KASSERT(t, first > 0 && second > first);
	get_pid_nr(first);		/* as a group that outlives its leader */
	put_pid_nr(first);
	put_pid_nr(second);
	third = alloc_pid();
	KEXPECT(t, third > second);
	put_pid_nr(third);
	/* Once around: everything is given but what is in use. */
	for (int i = 0; i < pid_max + 100; i++) {
		pid_t nr = alloc_pid();

		if (nr <= 0 || nr == first || nr == current->pid || nr >= pid_max) {
			ktest_fail(t, __FILE__, __LINE__, "alloc_pid: %d", nr);
			break;
		}
		put_pid_nr(nr);
	}
	put_pid_nr(first);
}

/* A task is found by its number, not by others. */
KTEST(pid, find)
{
	struct task_struct *k = kthread_create(return_arg, NULL, "ktest"), *found;

	KASSERT(t, !IS_ERR(k));
	found = find_get_task_by_pid(k->pid);
	KEXPECT(t, found == k);
	if (found)
		put_task_struct(found);
	found = next_get_process(k->pid);
	KEXPECT(t, found == k);
	if (found)
		put_task_struct(found);
	KEXPECT(t, !find_get_task_by_pid(0));
	KEXPECT(t, !find_get_task_by_pid(-5));
	KEXPECT(t, !find_get_task_by_pid(pid_max + 1));
	kthread_stop(k);
}
