/*
 * tests/kernel/mm/torture.h - the same seeded work on all processors at once.
 *
 * torture_run() starts a thread bound to each processor (two at least), lets all
 * begin at the same moment, and waits for all.  What they do is a fixed number of
 * operations, each thread's drawn from its own stream of one seed; how they mix is
 * the machine's affair, so nothing may depend on it but what is promised.
 *
 * Work says `me->wrong` by WRONG(me): the line that is reported is the first one.
 */
#ifndef OCTAVO_TESTS_KERNEL_MM_TORTURE_H
#define OCTAVO_TESTS_KERNEL_MM_TORTURE_H

#include <kernel/arch/atomic.h>
#include <kernel/core/completion.h>
#include <kernel/core/ktest.h>
#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/random.h>

struct torture;

struct torturer {
	struct torture *run;
	struct rnd_state rnd;
	int nr;				/* 0 .. threads - 1 */
};

struct torture {
	void (*work)(struct torturer *me);
	int threads;
	unsigned int rounds;		/* of each thread */
	atomic_t arrived, finished, wrong;
	volatile int turn;
	wait_queue_head_t meeting;
	int wrong_line;
	struct completion done;
	struct torturer torturers[NR_CPUS];
};

#define WRONG(me)	torture_wrong((me)->run, __LINE__)
static inline void torture_wrong(struct torture *run, int line)
{
	if (atomic_inc_return(&run->wrong) == 1)
		run->wrong_line = line;
}

/* Nobody goes on before all are here. => may sleep */
static inline void torture_meet(struct torturer *me)
{
	struct torture *run = me->run;
	int turn = run->turn;

	if (atomic_inc_return(&run->arrived) == run->threads) {
		atomic_set(&run->arrived, 0);
		run->turn = turn + 1;
		wake_up_all(&run->meeting);
		return;
	}
	wait_event(run->meeting, run->turn != turn);
}

static inline int torture_thread(void *arg)
{
	struct torturer *me = arg;

	torture_meet(me);
	me->run->work(me);
	if (atomic_inc_return(&me->run->finished) == me->run->threads)
		complete(&me->run->done);
	return 0;
}

static inline int torture_threads(void)
{
	return max(nr_cpus, 2);
}

/* @rounds of @work in each thread; a quarter of it where one processor does all. */
static inline void torture_run(struct ktest *t, void (*work)(struct torturer *me),
			       unsigned int rounds)
{
	static struct torture run;

	run.work = work;
	run.threads = torture_threads();
	run.rounds = nr_cpus == 1 ? rounds / 4 : rounds;
	run.turn = 0;
	init_waitqueue_head(&run.meeting);
	atomic_set(&run.arrived, 0);
	atomic_set(&run.finished, 0);
	atomic_set(&run.wrong, 0);
	init_completion(&run.done);
	for (int i = 0; i < run.threads; i++) {
		struct torturer *me = &run.torturers[i];
		struct task_struct *k;

		me->run = &run;
		me->nr = i;
		prandom_seed(&me->rnd, ktest_seed(1) + (u64)i);
		k = kthread_create(torture_thread, me, "torture/%d", i);
		KASSERT(t, !IS_ERR(k));
		kthread_bind(k, i % nr_cpus);
		wake_up_process(k);
	}
	wait_for_completion(&run.done);
	if (atomic_read(&run.wrong))
		ktest_fail(t, __FILE__, __LINE__, "%d things were wrong, the first in line %d",
			   atomic_read(&run.wrong), run.wrong_line);
}

#endif
