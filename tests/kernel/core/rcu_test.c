/*
 * tests/kernel/core/rcu_test.c - nothing is freed under a reader; clocks and counts that need no lock.
 */
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/rculist.h>
#include <kernel/core/refcount.h>
#include <kernel/core/sched.h>
#include <kernel/core/seqlock.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/pid.h>
#include <lib/err.h>
#include <mm/phys/kmalloc.h>

#define ALIVE	0x600d600du
#define FREED	0xdead0000u
#define UPDATES	400

struct item {
	struct rcu_head rcu;
	volatile u32 mark;
};

static struct item *shared;
static atomic_t broken, reads, freed;

static void free_item(struct rcu_head *head)
{
	struct item *item = container_of(head, struct item, rcu);

	item->mark = FREED;
	kfree(item);
	atomic_inc(&freed);
}

static struct item *new_item(void)
{
	struct item *item = kmalloc(sizeof(*item), GFP_KERNEL);

	if (item)
		item->mark = ALIVE;
	return item;
}

/* Look, stay a while, look again: all in one stretch. */
static int torture_reader(void *unused)
{
	while (!kthread_should_stop()) {
		rcu_read_lock();
		for (int i = 0; i < 20; i++) {
			struct item *item = rcu_dereference(shared);

			for (int n = 0; n < 50; n++)
				if (item->mark != ALIVE)
					atomic_inc(&broken);
		}
		rcu_read_unlock();
		atomic_inc(&reads);
		cond_resched();
	}
	return 0;
}

/* Readers on all processors while what they read is replaced and freed, again and again. */
KTEST(rcu, torture)
{
	struct task_struct *reader[4];
	int nr = 0;

	atomic_set(&broken, 0);
	atomic_set(&reads, 0);
	atomic_set(&freed, 0);
	shared = new_item();
	KASSERT(t, shared);
	for (; nr < 4; nr++) {
		reader[nr] = kthread_create(torture_reader, NULL, "reader/%d", nr);
		KASSERT(t, !IS_ERR(reader[nr]));
		kthread_bind(reader[nr], nr % nr_cpus);
		wake_up_process(reader[nr]);
	}
	for (int i = 0; i < UPDATES; i++) {
		struct item *old = shared, *item = new_item();

		if (!item)
			break;
		rcu_assign_pointer(shared, item);
		call_rcu(&old->rcu, free_item);
		if (i % 50 == 0)
			msleep(1);
		cond_resched();
	}
	while (atomic_read(&reads) < 4)
		msleep(1);
	while (nr)
		kthread_stop(reader[--nr]);
	rcu_barrier();
	KEXPECT_EQ(t, atomic_read(&freed), UPDATES);
	KEXPECT_EQ(t, atomic_read(&broken), 0);
	KEXPECT(t, atomic_read(&reads) > 0);
	kfree(shared);
}

static atomic_t inside, may_leave;

/* A reader that takes its time, on a processor of its own. */
static int slow_reader(void *unused)
{
	rcu_read_lock();
	atomic_set(&inside, 1);
	while (!atomic_read(&may_leave))
		smp_spin_poll();
	atomic_set(&inside, 0);
	rcu_read_unlock();
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static void let_go(struct rcu_head *head)
{
	if (atomic_read(&inside))
		atomic_inc(&broken);
	atomic_inc(&freed);
}

/* A grace period does not end while a reader of before is inside, whatever the others do. */
KTEST(rcu, waits_for_readers)
{
	struct task_struct *tsk;
	struct rcu_head head;
	unsigned long until;

	if (nr_cpus == 1) {
		ktest_skip(t, "needs a second processor");
		return;
	}
	atomic_set(&broken, 0);
	atomic_set(&freed, 0);
	atomic_set(&inside, 0);
	atomic_set(&may_leave, 0);
	tsk = kthread_create(slow_reader, NULL, "slow");
	KASSERT(t, !IS_ERR(tsk));
	kthread_bind(tsk, 1);
	wake_up_process(tsk);
	while (!atomic_read(&inside))
		msleep(1);
	call_rcu(&head, let_go);
	for (until = jiffies + 10; time_before(jiffies, until);)
		msleep(10);
	KEXPECT_EQ(t, atomic_read(&freed), 0);
	atomic_set(&may_leave, 1);
	synchronize_rcu();
	KEXPECT_EQ(t, atomic_read(&inside), 0);
	rcu_barrier();
	KEXPECT_EQ(t, atomic_read(&freed), 1);
	KEXPECT_EQ(t, atomic_read(&broken), 0);
	kthread_stop(tsk);
}

/* Callbacks run in the order in which they were asked for; barrier means all. */
static int order[8], nr_run;

struct numbered {
	struct rcu_head rcu;
	int number;
};

static void note_number(struct rcu_head *head)
{
	order[nr_run++] = container_of(head, struct numbered, rcu)->number;
}

KTEST(rcu, callbacks_in_order)
{
	struct numbered n[8];

	nr_run = 0;
	for (int i = 0; i < 8; i++) {
		n[i].number = i;
		call_rcu(&n[i].rcu, note_number);
	}
	rcu_barrier();
	KASSERT_EQ(t, nr_run, 8);
	for (int i = 0; i < 8; i++)
		KEXPECT_EQ(t, order[i], i);
}

static int short_life(void *unused)
{
	while (!kthread_should_stop())
		yield();
	return 0;
}

static atomic_t looking;

static int looker(void *unused)
{
	while (!kthread_should_stop()) {
		for (pid_t nr = 1; nr < 200; nr++) {
			struct task_struct *tsk = find_get_task_by_pid(last_pid - 100 + nr);

			if (!tsk)
				continue;
			if (tsk->pid <= 0)
				atomic_inc(&broken);
			put_task_struct(tsk);
		}
		atomic_inc(&looking);
		yield();
	}
	return 0;
}

/* Tasks come and go while others look them up without a lock. */
KTEST(rcu, pid_lookup)
{
	struct task_struct *look[2];

	atomic_set(&broken, 0);
	atomic_set(&looking, 0);
	for (int i = 0; i < 2; i++) {
		look[i] = kthread_run(looker, NULL, "look/%d", i);
		KASSERT(t, !IS_ERR(look[i]));
	}
	for (int i = 0; i < 40; i++) {
		struct task_struct *k = kthread_run(short_life, NULL, "short"), *found;

		KASSERT(t, !IS_ERR(k));
		found = find_get_task_by_pid(k->pid);
		KEXPECT(t, found == k);
		if (found)
			put_task_struct(found);
		kthread_stop(k);
	}
	while (!atomic_read(&looking))
		msleep(1);
	for (int i = 0; i < 2; i++)
		kthread_stop(look[i]);
	KEXPECT_EQ(t, atomic_read(&broken), 0);
}

static DEFINE_SEQLOCK(pair_lock);
static unsigned long pair[2];
static volatile bool writing;

static void use_pair(void *unused)
{
	if (smp_processor_id() == 0 && nr_cpus > 1) {
		for (int i = 0; i < 3000; i++) {
			write_seqlock(&pair_lock);
			WRITE_ONCE(pair[0], pair[0] + 1);
			cpu_relax();
			WRITE_ONCE(pair[1], pair[1] - 1);
			write_sequnlock(&pair_lock);
		}
		writing = false;
		return;
	}
	do {
		unsigned long a, b;
		unsigned int seq;

		do {
			seq = read_seqbegin(&pair_lock);
			a = READ_ONCE(pair[0]);
			b = READ_ONCE(pair[1]);
		} while (read_seqretry(&pair_lock, seq));
		if (a + b)
			atomic_inc(&broken);
		atomic_inc(&reads);
		smp_spin_poll();
	} while (READ_ONCE(writing) && nr_cpus > 1);
}

/* Two words that belong together are never seen apart. */
KTEST(seqlock, pairs)
{
	unsigned int seq;

	atomic_set(&broken, 0);
	pair[0] = pair[1] = 0;
	writing = true;
	on_each_cpu(use_pair, NULL);
	KEXPECT_EQ(t, atomic_read(&broken), 0);
	KEXPECT_EQ(t, pair[0] + pair[1], 0ul);
	local_irq_disable();
	seq = read_seqbegin(&pair_lock);
	write_seqlock(&pair_lock);
	write_sequnlock(&pair_lock);
	local_irq_enable();
	KEXPECT(t, read_seqretry(&pair_lock, seq));
}

static void watch_clock(void *unused)
{
	u64 ns = ktime_get_ns(), j = get_jiffies_64();

	for (int i = 0; i < 2000; i++) {
		u64 ns2 = ktime_get_ns(), j2 = get_jiffies_64();

		if (ns2 < ns || j2 < j || j2 - j > 1000000)
			atomic_inc(&broken);
		ns = ns2;
		j = j2;
	}
}

/* The clock is whole on every processor, and does not go back. */
KTEST(seqlock, clock)
{
	atomic_set(&broken, 0);
	on_each_cpu(watch_clock, NULL);
	KEXPECT_EQ(t, atomic_read(&broken), 0);
}

/* A count gets stuck rather than wrap, in both directions, and says so once. */
KTEST(refcount, sticks)
{
	unsigned int warnings = warn_count;
	refcount_t r = REFCOUNT_INIT(1);

	refcount_inc(&r);
	KEXPECT_EQ(t, refcount_read(&r), 2);
	KEXPECT(t, !refcount_dec_and_test(&r));
	KEXPECT(t, refcount_inc_not_zero(&r));
	KEXPECT(t, !refcount_dec_and_test(&r));
	KEXPECT(t, refcount_dec_and_test(&r));
	KEXPECT(t, !refcount_inc_not_zero(&r));
	KEXPECT_EQ(t, warn_count, warnings);

	refcount_inc(&r);			/* after 0 */
	KEXPECT_EQ(t, refcount_read(&r), REFCOUNT_SATURATED);
	refcount_set(&r, 0x7fffffff);
	refcount_inc(&r);
	KEXPECT_EQ(t, refcount_read(&r), REFCOUNT_SATURATED);
	KEXPECT(t, !refcount_dec_and_test(&r));
	KEXPECT(t, refcount_inc_not_zero(&r));
	KEXPECT_EQ(t, refcount_read(&r), REFCOUNT_SATURATED);
	refcount_set(&r, 0);
	KEXPECT(t, !refcount_dec_and_test(&r));
	KEXPECT_EQ(t, refcount_read(&r), REFCOUNT_SATURATED);
	KEXPECT_EQ(t, warn_count - warnings, 3u);
	warn_count = warnings;
}
