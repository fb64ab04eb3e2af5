/*
 * tests/kernel/sched/balance_test.c - tasks on several processors: affinity, stealing, and a
 * storm of births and deaths.
 *
 * What is proved is proved by counts (ticks that tasks got, tasks that were moved), not by
 * the time that it took.  On one processor the same code runs there.
 */
#include <kernel/core/completion.h>
#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <kernel/core/time.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/runqueue.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define PATIENCE	30000		/* sleeps of a millisecond, until something must have come */

/* ---- spinners -------------------------------------------------------------------------------- */

struct spinner {
	struct task_struct *task;
	volatile unsigned long turns;
	volatile bool stop;
};

/* Compute, and give way as ring 3 would be made to. */
static int spin(void *data)
{
	struct spinner *s = data;

	while (!s->stop) {
		s->turns++;
		cpu_relax();
		cond_resched();
	}
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/* => one that may run on the processors of @mask, not woken yet */
static void make_spinner(struct ktest *t, struct spinner *s, unsigned long mask)
{
	s->turns = 0;
	s->stop = false;
	s->task = kthread_create(spin, s, "spin");
	KASSERT(t, !IS_ERR(s->task));
	KEXPECT_EQ(t, set_cpus_allowed(s->task, mask), 0);
}

static void stop_spinner(struct spinner *s)
{
	s->stop = true;
	kthread_stop(s->task);
}

/* ---- affinity -------------------------------------------------------------------------------- */

/* Oneself: there on return, and still there after a sleep. */
KTEST(affinity, self)
{
	unsigned long allowed = current->cpus_allowed;

	for (int round = 0; round < 20; round++) {
		int cpu = round % nr_cpus;

		KEXPECT_EQ(t, set_cpus_allowed(current, 1ul << cpu), 0);
		KEXPECT_EQ(t, smp_processor_id(), cpu);
		KEXPECT_EQ(t, current->cpu, cpu);
		msleep(1);
		KEXPECT_EQ(t, smp_processor_id(), cpu);
		yield();
		KEXPECT_EQ(t, smp_processor_id(), cpu);
	}
	KEXPECT_EQ(t, set_cpus_allowed(current, 0), -EINVAL);
	if (nr_cpus < 32)
		KEXPECT_EQ(t, set_cpus_allowed(current, 1ul << 31), -EINVAL);
	KEXPECT_EQ(t, set_cpus_allowed(current, allowed), 0);
}

/* One that runs: gone from where it was when the call returns, and it runs on. */
KTEST(affinity, running)
{
	struct spinner s;

	make_spinner(t, &s, ~0ul);
	wake_up_process(s.task);
	/* On the only processor each takes a whole slice. */
	for (int round = 0; round < (nr_cpus > 1 ? 50 : 5); round++) {
		int cpu = (round * 3 + 1) % nr_cpus;
		unsigned long turns;

		KEXPECT_EQ(t, set_cpus_allowed(s.task, 1ul << cpu), 0);
		KEXPECT_EQ(t, s.task->cpu, cpu);
		turns = s.turns;
		while (s.turns == turns)
			yield();
		KEXPECT_EQ(t, s.task->cpu, cpu);
	}
	stop_spinner(&s);
}

/* Ones that wait in a queue: they move at once, and are not lost. */
KTEST(affinity, queued)
{
	struct spinner s[6];

	for (int i = 0; i < 6; i++) {
		make_spinner(t, &s[i], 1);
		wake_up_process(s[i].task);
	}
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 6; i++) {
			int cpu = (round + i) % nr_cpus;

			KEXPECT_EQ(t, set_cpus_allowed(s[i].task, 1ul << cpu), 0);
			KEXPECT_EQ(t, s[i].task->cpu, cpu);
		}
		KEXPECT_EQ(t, sched_check(), 0);
	}
	for (int i = 0; i < 6; i++) {
		unsigned long turns = s[i].turns;

		while (s[i].turns == turns)
			msleep(1);
		stop_spinner(&s[i]);
	}
}

/* ---- stealing -------------------------------------------------------------------------------- */

static u64 idle_ticks(void)
{
	u64 sum = 0;

	for (int cpu = 0; cpu < nr_cpus; cpu++)
		sum += per_cpu(kernel_cpustat, cpu).cpustat[CPUTIME_IDLE] +
		       per_cpu(kernel_cpustat, cpu).cpustat[CPUTIME_IOWAIT];
	return sum;
}

static unsigned long pulled(void)
{
	unsigned long sum = 0;

	for (int cpu = 0; cpu < nr_cpus; cpu++)
		sum += cpu_rq(cpu)->nr_pulled;
	return sum;
}

static unsigned long spun(const struct spinner *s)
{
	unsigned long sum = 0;

	for (int i = 0; i < nr_cpus; i++)
		sum += READ_ONCE(s[i].task->stime);
	return sum;
}

static bool all_busy(void)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		if (!READ_ONCE(cpu_rq(cpu)->nr_running))
			return false;
	return true;
}

/*
 * As many tasks as processors, all of them put on the first: the others take theirs, and
 * then no processor has an idle tick while the tasks get theirs.
 */
KTEST(balance, none_stays_idle)
{
	unsigned long due = pulled() + (unsigned long)nr_cpus - 1, start;
	struct spinner s[NR_CPUS];
	u64 idle;
	int i;

	for (i = 0; i < nr_cpus; i++) {
		make_spinner(t, &s[i], 1);
		wake_up_process(s[i].task);
	}
	for (i = 0; i < nr_cpus; i++)
		KEXPECT_EQ(t, set_cpus_allowed(s[i].task, ~0ul), 0);
	/* Busy may be by ourselves, as yet. */
	for (i = 0; i < PATIENCE && !(all_busy() && pulled() >= due); i++)
		msleep(1);
	KEXPECT(t, all_busy());
	KEXPECT(t, pulled() >= due);
	idle = idle_ticks();
	start = spun(s);
	while (spun(s) < start + 30 * (unsigned long)nr_cpus)
		msleep(10);
	idle = idle_ticks() - idle;
	ktest_log("%llu idle ticks while %d tasks got %lu", idle, nr_cpus, spun(s) - start);
	/* One that is woken while we run may find its processor's tick just gone by. */
	KEXPECT(t, idle <= (u64)nr_cpus);
	for (i = 0; i < nr_cpus; i++)
		stop_spinner(&s[i]);
}

/* Two on each processor but all on one of them: busy processors even it out too, by and by. */
KTEST(balance, busy_ones_share)
{
	struct spinner s[2 * NR_CPUS];
	int n = 2 * nr_cpus, i, most = 0;

	for (i = 0; i < n; i++) {
		make_spinner(t, &s[i], i < nr_cpus ? 1ul << i : 1);
		wake_up_process(s[i].task);
	}
	for (i = nr_cpus; i < n; i++)
		KEXPECT_EQ(t, set_cpus_allowed(s[i].task, ~0ul), 0);
	for (i = 0; i < PATIENCE; i++) {
		most = 0;
		for (int cpu = 0; cpu < nr_cpus; cpu++)
			most = max(most, (int)READ_ONCE(cpu_rq(cpu)->nr_running));
		if (most <= 3)
			break;
		msleep(1);
	}
	KEXPECT(t, most <= 3);		/* two, and perhaps us */
	for (i = 0; i < n; i++)
		stop_spinner(&s[i]);
}

/* One that may only run on a busy processor is not stolen. */
KTEST(balance, affinity_is_kept)
{
	struct spinner s[4];

	for (int i = 0; i < 4; i++) {
		make_spinner(t, &s[i], 1ul << (nr_cpus - 1));
		wake_up_process(s[i].task);
	}
	for (int i = 0; i < 20; i++) {
		msleep(10);
		for (int j = 0; j < 4; j++)
			KEXPECT_EQ(t, s[j].task->cpu, nr_cpus - 1);
	}
	for (int i = 0; i < 4; i++)
		stop_spinner(&s[i]);
}

/* ---- births and deaths ----------------------------------------------------------------------- */

#define STORM_SEED	0x5c4ed00d
#define WORKERS		2			/* a processor */
#define BIRTHS		200			/* a worker */
#define MAX_ALIVE	24			/* children of a worker */

static atomic_t alive, born, died;
static struct completion all_gone;

/* What a child does with its life, by the number it gets. */
static int live(void *arg)
{
	unsigned long fate = (unsigned long)arg;

	switch (fate % 8) {
	case 0:
		set_cpus_allowed(current, 1ul << fate / 8 % (unsigned int)nr_cpus);
		break;
	case 1:
		msleep(1);
		break;
	case 2:
		for (unsigned long i = 0; i < fate / 8 % 16; i++)
			yield();
		break;
	case 3:
		set_user_nice(current, (int)(fate / 8 % 20));
		cond_resched();
		break;
	case 4:
		set_cpus_allowed(current, 1ul << fate / 8 % (unsigned int)nr_cpus);
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
		set_cpus_allowed(current, ~0ul);
		break;
	default:
		break;
	}
	atomic_inc(&died);
	atomic_dec(&alive);
	return 0;
}

static atomic_t workers_left;
static int max_alive;			/* ... in all, and as many as the machine may have */

static int breed(void *arg)
{
	struct rnd_state rnd;

	prandom_seed(&rnd, STORM_SEED + (unsigned long)arg);
	for (int i = 0; i < BIRTHS; i++) {
		u32 fate = prandom_u32(&rnd);

		while (atomic_read(&alive) > max_alive)
			msleep(1);
		atomic_inc(&alive);
		if (kernel_thread(live, (void *)(unsigned long)(fate >> 1), 0) < 0)
			atomic_dec(&alive);
		else
			atomic_inc(&born);
		if (fate % 64 == 0)
			set_cpus_allowed(current, ~0ul >> (fate >> 27));
	}
	if (atomic_dec_and_test(&workers_left))
		complete(&all_gone);
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/*
 * Workers on all processors make thousands of tasks that move, sleep, yield and die, while
 * the queues are checked again and again; in the end nobody is left anywhere.
 */
KTEST(storm, births_and_deaths)
{
	int n = WORKERS * nr_cpus, checks = 0;
	struct task_struct *k[WORKERS * NR_CPUS];

	/* Who breeds may pass it by one each, and who has ended counts until he is gone. */
	max_alive = min(MAX_ALIVE * n, (max_threads - nr_threads - 2 * n) / 2);
	atomic_set(&alive, 0);
	atomic_set(&born, 0);
	atomic_set(&died, 0);
	atomic_set(&workers_left, n);
	init_completion(&all_gone);
	for (int i = 0; i < n; i++) {
		k[i] = kthread_run(breed, (void *)(long)i, "breeder/%d", i);
		KASSERT(t, !IS_ERR(k[i]));
	}
	while (!wait_for_completion_timeout(&all_gone, 2)) {
		KEXPECT_EQ(t, sched_check(), 0);
		checks++;
	}
	for (int i = 0; i < n; i++)
		kthread_stop(k[i]);
	while (atomic_read(&alive) || atomic_read(&nr_dying))
		msleep(1);
	ktest_log("%d born, %d checks, %lu tasks pulled since the boot", atomic_read(&born), checks,
		  pulled());
	KEXPECT_EQ(t, atomic_read(&born), n * BIRTHS);
	KEXPECT_EQ(t, atomic_read(&died), n * BIRTHS);
	for (int i = 0; i < PATIENCE && nr_running() > 1; i++)
		msleep(1);
	KEXPECT_EQ(t, nr_running(), 1);
	KEXPECT_EQ(t, nr_uninterruptible(), 0);
}
