/*
 * tests/kernel/core/wait_smp_test.c - sleeping and waking, on all processors at once.
 *
 * Threads, two on each processor, do a fixed number of rounds of taking and giving tokens, of
 * meeting at a barrier, of completing what lies on another's stack, and of arming and deleting
 * timers.  What was given must have been taken, to the piece, and nobody may sleep for ever:
 * a test that waits for its threads longer than PATIENCE fails.
 */
#include <kernel/core/ktest.h>

#include <kernel/arch/atomic.h>
#include <kernel/core/completion.h>
#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kthread.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>

#define PER_CPU_THREADS	2
#define MAX_THREADS	(PER_CPU_THREADS * NR_CPUS)
#define PATIENCE	(300 * HZ)

static atomic_t wrong, finished;
static struct completion all_done;
static int nr_threads_here;

static void ends(void)
{
	if (atomic_inc_return(&finished) == nr_threads_here)
		complete(&all_done);
}

static void sleep_a_tick(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(1);
}

/* Two threads on each processor, number 0 and up. => they have ended, or the test has failed */
static void run_threads(struct ktest *t, int (*fn)(void *))
{
	struct task_struct *k[MAX_THREADS];

	nr_threads_here = PER_CPU_THREADS * nr_cpus;
	atomic_set(&wrong, 0);
	atomic_set(&finished, 0);
	init_completion(&all_done);
	for (int i = 0; i < nr_threads_here; i++) {
		k[i] = kthread_create(fn, (void *)(long)i, "wait/%d", i);
		KASSERT(t, !IS_ERR(k[i]));
		kthread_bind(k[i], i % nr_cpus);
	}
	for (int i = 0; i < nr_threads_here; i++)
		wake_up_process(k[i]);
	KASSERT(t, wait_for_completion_timeout(&all_done, PATIENCE));
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
}

/* ---- tokens: exclusive sleepers -------------------------------------------------------------- */

#define TOKENS	400		/* each giver gives */

static DECLARE_WAIT_QUEUE_HEAD(token_wait);
static atomic_t tokens, taken, to_take, gave, woken;

static int counting_wake(wait_queue_t *wait, unsigned int mode, void *key)
{
	int ret = autoremove_wake_function(wait, mode, key);

	if (ret)
		atomic_inc(&woken);
	return ret;
}

/* => a token was there and is ours */
static bool take_token(void)
{
	return atomic_add_unless(&tokens, -1, 0);
}

static void wait_for_token(bool exclusive)
{
	DEFINE_WAIT(wait);

	wait.func = counting_wake;
	for (;;) {
		if (exclusive)
			prepare_to_wait_exclusive(&token_wait, &wait, TASK_UNINTERRUPTIBLE);
		else
			prepare_to_wait(&token_wait, &wait, TASK_UNINTERRUPTIBLE);
		if (take_token())
			break;
		schedule();
	}
	finish_wait(&token_wait, &wait);
}

/* The first half gives, the second takes: which of them take exclusively, @arg says. */
static int give_or_take(void *arg)
{
	int me = (int)(long)arg, givers = nr_threads_here / 2;
	struct rnd_state rnd;

	prandom_seed(&rnd, ktest_seed(77) + (u64)me);
	if (me < givers) {
		for (int i = 0; i < TOKENS; i++) {
			atomic_inc(&tokens);
			atomic_inc(&gave);
			wake_up(&token_wait);
			if (prandom_u32(&rnd) % 64 == 0)
				sleep_a_tick();
		}
	} else {
		while (atomic_dec_return(&to_take) >= 0) {
			wait_for_token(prandom_u32(&rnd) % 4 != 0);
			atomic_inc(&taken);
		}
	}
	ends();
	return 0;
}

KTEST(wait_smp, tokens_given_and_taken)
{
	int total = TOKENS * nr_cpus * PER_CPU_THREADS / 2;

	atomic_set(&tokens, 0);
	atomic_set(&taken, 0);
	atomic_set(&gave, 0);
	atomic_set(&woken, 0);
	atomic_set(&to_take, total);
	run_threads(t, give_or_take);
	KEXPECT_EQ(t, atomic_read(&gave), total);
	KEXPECT_EQ(t, atomic_read(&taken), total);
	KEXPECT_EQ(t, atomic_read(&tokens), 0);
	KEXPECT(t, !waitqueue_active(&token_wait));
}

#define CALLS	12

static int take_exclusively(void *arg)
{
	while (atomic_dec_return(&to_take) >= 0) {
		wait_for_token(true);
		atomic_inc(&taken);
	}
	ends();
	return 0;
}

static int sleepers_on_queue(void)
{
	unsigned long flags;
	wait_queue_t *wait;
	int n = 0;

	spin_lock_irqsave(&token_wait.lock, flags);
	list_for_each_entry(wait, &token_wait.task_list, task_list)
		n++;
	spin_unlock_irqrestore(&token_wait.lock, flags);
	return n;
}

/* With everybody asleep: a wake-up wakes one, or as many as it is told, or all. */
static int wake_them(void *arg)
{
	int sleepers = nr_threads_here - 1;

	if (arg)
		return take_exclusively(arg);
	for (int i = 0; i < CALLS; i++) {
		int nr = i % 3 == 0 ? 1 : i % 3 == 1 ? min(2, sleepers) : sleepers, before;

		while (sleepers_on_queue() < sleepers)
			sleep_a_tick();
		before = atomic_read(&woken);
		atomic_add(nr, &tokens);
		if (i % 3 == 2)
			wake_up_all(&token_wait);
		else
			wake_up_nr(&token_wait, nr);
		if (atomic_read(&woken) != before + nr)
			atomic_inc(&wrong);
	}
	/* What the rest still want. */
	atomic_add(sleepers, &tokens);
	wake_up_all(&token_wait);
	ends();
	return 0;
}

KTEST(wait_smp, exclusive_wakes_one)
{
	int sleepers = PER_CPU_THREADS * nr_cpus - 1;
	int total = CALLS / 3 * (1 + min(2, sleepers) + sleepers) + sleepers;

	atomic_set(&tokens, 0);
	atomic_set(&taken, 0);
	atomic_set(&woken, 0);
	atomic_set(&to_take, total);
	run_threads(t, wake_them);
	KEXPECT_EQ(t, atomic_read(&taken), total);
	KEXPECT_EQ(t, atomic_read(&tokens), 0);
}

/* ---- a barrier: everybody sleeps, one wakes all ---------------------------------------------- */

#define MEETINGS	40

static DECLARE_WAIT_QUEUE_HEAD(barrier_wait);
static atomic_t at_barrier;
static volatile int generation;

static int meet_often(void *arg)
{
	for (int i = 0; i < MEETINGS; i++) {
		if (atomic_inc_return(&at_barrier) == nr_threads_here * (i + 1)) {
			generation = i + 1;
			wake_up_all(&barrier_wait);
		} else {
			wait_event(barrier_wait, generation > i);
		}
		/* Nobody is a whole round ahead. */
		if (atomic_read(&at_barrier) > nr_threads_here * (i + 2))
			atomic_inc(&wrong);
	}
	ends();
	return 0;
}

KTEST(wait_smp, barrier)
{
	atomic_set(&at_barrier, 0);
	generation = 0;
	run_threads(t, meet_often);
	KEXPECT_EQ(t, atomic_read(&at_barrier), MEETINGS * nr_threads_here);
	KEXPECT_EQ(t, generation, MEETINGS);
}

/* ---- completions ----------------------------------------------------------------------------- */

#define COMPLETIONS	80		/* each giver */

static struct completion shared;
static atomic_t timed_out;

/*
 * Some wait with a time limit of a tick and come again when it is over, some without: a wake-up
 * that came to one who had just given up must not be lost to the others.
 */
static int complete_or_wait(void *arg)
{
	int me = (int)(long)arg, givers = nr_threads_here / 2;
	struct rnd_state rnd;

	prandom_seed(&rnd, ktest_seed(78) + (u64)me);
	if (me < givers) {
		for (int i = 0; i < COMPLETIONS; i++) {
			complete(&shared);
			if (prandom_u32(&rnd) % 16 == 0)
				sleep_a_tick();
		}
	} else {
		while (atomic_dec_return(&to_take) >= 0) {
			if (me % 2)
				wait_for_completion(&shared);
			else
				while (!wait_for_completion_timeout(&shared, 1))
					atomic_inc(&timed_out);
			atomic_inc(&taken);
		}
	}
	ends();
	return 0;
}

KTEST(wait_smp, completions_counted)
{
	int total = COMPLETIONS * nr_cpus * PER_CPU_THREADS / 2;

	init_completion(&shared);
	atomic_set(&taken, 0);
	atomic_set(&timed_out, 0);
	atomic_set(&to_take, total);
	run_threads(t, complete_or_wait);
	KEXPECT_EQ(t, atomic_read(&taken), total);
	KEXPECT_EQ(t, shared.done, 0u);
	KEXPECT(t, !waitqueue_active(&shared.wait));
}

#define REQUESTS	200

struct request {
	struct list_head list;
	struct completion done;
	int answer;
};

static DEFINE_SPINLOCK(request_lock);
static LIST_HEAD(requests);		/* [request_lock] */
static DECLARE_WAIT_QUEUE_HEAD(request_wait);

static struct request *next_request(void)
{
	struct request *r = NULL;

	spin_lock(&request_lock);
	if (!list_empty(&requests)) {
		r = list_first_entry(&requests, struct request, list);
		list_del(&r->list);
	}
	spin_unlock(&request_lock);
	return r;
}

/* The request lies on our stack, which is something else as soon as we have the answer. */
static noinline void ask(int number)
{
	struct request r = { .answer = 0 };

	init_completion(&r.done);
	spin_lock(&request_lock);
	list_add_tail(&r.list, &requests);
	spin_unlock(&request_lock);
	wake_up(&request_wait);
	wait_for_completion(&r.done);
	if (r.answer != 1)
		atomic_inc(&wrong);
	memset(&r, 0xa5, sizeof(r));
	for (int i = 0; i < 50; i++)
		cpu_relax();
	for (unsigned int i = 0; i < sizeof(r); i++)
		if (((volatile u8 *)&r)[i] != 0xa5)
			atomic_inc(&wrong);
}

static int ask_or_answer(void *arg)
{
	int me = (int)(long)arg;

	if (me < nr_threads_here / 2) {
		for (int i = 0; i < REQUESTS; i++)
			ask(i);
	} else {
		while (atomic_dec_return(&to_take) >= 0) {
			struct request *r;

			wait_event(request_wait, (r = next_request()) != NULL);
			r->answer++;
			complete(&r->done);
		}
	}
	ends();
	return 0;
}

KTEST(wait_smp, completions_on_the_stack)
{
	atomic_set(&to_take, REQUESTS * nr_cpus * PER_CPU_THREADS / 2);
	run_threads(t, ask_or_answer);
	KEXPECT(t, list_empty(&requests));
}

/* ---- timers ---------------------------------------------------------------------------------- */

#define TIMERS_EACH	8
#define TIMER_ROUNDS	40

static struct tested_timer {
	struct timer_list timer;
	atomic_t fired;
	int armed, deleted;	/* by its thread */
	volatile int must_not_run;
	bool again;		/* its function arms it anew */
} tested[MAX_THREADS][TIMERS_EACH];

static void tested_fn(unsigned long data)
{
	struct tested_timer *x = (struct tested_timer *)data;

	if (x->must_not_run)
		atomic_inc(&wrong);
	atomic_inc(&x->fired);
	if (READ_ONCE(x->again))
		mod_timer(&x->timer, jiffies + 1);
	if (x->must_not_run)
		atomic_inc(&wrong);
}

/* After del_timer_sync() it does not run, wherever it ran before. */
static void stop_timer(struct tested_timer *x)
{
	int fired;

	WRITE_ONCE(x->again, false);
	x->deleted += del_timer_sync(&x->timer);
	x->must_not_run = 1;
	fired = atomic_read(&x->fired);
	for (int i = 0; i < 200; i++)
		cpu_relax();
	if (timer_pending(&x->timer) || atomic_read(&x->fired) != fired)
		atomic_inc(&wrong);
	x->must_not_run = 0;
}

static int arm_and_delete(void *arg)
{
	int me = (int)(long)arg;
	struct rnd_state rnd;

	prandom_seed(&rnd, ktest_seed(79) + (u64)me);
	for (int i = 0; i < TIMER_ROUNDS * TIMERS_EACH; i++) {
		struct tested_timer *x = &tested[me][prandom_u32(&rnd) % TIMERS_EACH];
		u32 what = prandom_u32(&rnd);

		switch (what % 4) {
		case 0:
		case 1:
			if (!mod_timer(&x->timer, jiffies + (what >> 8) % 4))
				x->armed++;
			break;
		case 2:
			x->deleted += del_timer(&x->timer);
			break;
		default:
			stop_timer(x);
			break;
		}
		if ((what >> 16) % 16 == 0)
			sleep_a_tick();
	}
	for (int i = 0; i < TIMERS_EACH; i++)
		stop_timer(&tested[me][i]);
	ends();
	return 0;
}

static void clear_timers(void)
{
	memset(tested, 0, sizeof(tested));
	for (int i = 0; i < MAX_THREADS; i++)
		for (int n = 0; n < TIMERS_EACH; n++)
			setup_timer(&tested[i][n].timer, tested_fn, (unsigned long)&tested[i][n]);
}

/* Each arming ends in one run or one deletion. */
KTEST(wait_smp, timers_armed_and_deleted)
{
	clear_timers();
	run_threads(t, arm_and_delete);
	for (int i = 0; i < nr_threads_here; i++)
		for (int n = 0; n < TIMERS_EACH; n++) {
			struct tested_timer *x = &tested[i][n];

			KEXPECT(t, !timer_pending(&x->timer));
			KEXPECT_EQ(t, atomic_read(&x->fired) + x->deleted, x->armed);
		}
}

static int stop_running_timers(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < TIMER_ROUNDS / 2; i++) {
		struct tested_timer *x = &tested[me][i % TIMERS_EACH];

		x->again = true;
		mod_timer(&x->timer, jiffies);
		sleep_a_tick();
		stop_timer(x);
	}
	ends();
	return 0;
}

/* A function that arms its timer anew does not get away from del_timer_sync(). */
KTEST(wait_smp, timers_that_run_again)
{
	clear_timers();
	run_threads(t, stop_running_timers);
	for (int i = 0; i < nr_threads_here; i++)
		for (int n = 0; n < TIMERS_EACH; n++)
			KEXPECT(t, !timer_pending(&tested[i][n].timer));
}
