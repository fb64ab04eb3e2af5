/*
 * kernel/sched/tick.c - what each timer tick costs whom.
 *
 * Theory.  A hundred times a second the tick interrupts somebody, and that one is
 * charged for all of it: user, nice or system time of a task, or idle.  The task's
 * slice shrinks by one; at 0 it gets a new one and moves to the expired array.
 * Running also wears down the bonus that sleeping had built up (sched.c).
 *
 * The load averages are exponentially damped: every five seconds
 * load = load * e + n * (1 - e) with e = exp(-5s / 1, 5, 15 min), in fixed point.
 *
 * Locking: interrupts are off in a tick; rq->lock for the arrays.
 */
#include <kernel/sched/kernel_stat.h>

#include <kernel/core/irq.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/runqueue.h>
#include <lib/kernel.h>

#define LOAD_FREQ	(5 * HZ)
#define EXP_1		1884UL		/* FIXED_1 * exp(-5/60) */
#define EXP_5		2014UL		/* FIXED_1 * exp(-5/300) */
#define EXP_15		2037UL		/* FIXED_1 * exp(-5/900) */

#define DEF_TIMESLICE	(HZ / 10)

DEFINE_PER_CPU(struct kernel_cpustat, kernel_cpustat);
unsigned long avenrun[3];
atomic_t nr_dying;

u64 nr_context_switches(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += cpu_rq(cpu)->nr_switches;
	return sum;
}

unsigned long nr_running(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += cpu_rq(cpu)->nr_running;
	return sum;
}

unsigned long nr_uninterruptible(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += cpu_rq(cpu)->nr_uninterruptible;
	return (unsigned long)max(sum, 0L);
}

unsigned long nr_iowait(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += atomic_read(&cpu_rq(cpu)->nr_iowait);
	return sum;
}

/* nice -20 .. 0: 80 .. 10 ticks; 0 .. 19: 10 .. 1, in even steps. */
unsigned int task_timeslice(const struct task_struct *tsk)
{
	int nice = TASK_NICE(tsk);

	if (nice < 0)
		return DEF_TIMESLICE + -nice * DEF_TIMESLICE * 7 / 20;
	return max_t(unsigned int, DEF_TIMESLICE * (20 - nice) / 20, 1);
}

static void calc_load(void)
{
	static const unsigned long decay[3] = { EXP_1, EXP_5, EXP_15 };
	static unsigned long next = LOAD_FREQ;
	unsigned long active;

	if (time_before(jiffies, next))
		return;
	next += LOAD_FREQ;
	active = (nr_running() + nr_uninterruptible()) * FIXED_1;
	for (int i = 0; i < 3; i++)
		avenrun[i] = (avenrun[i] * decay[i] + active * (FIXED_1 - decay[i])) >> FSHIFT;
}

static void account_tick(struct task_struct *tsk, bool idle, int user_mode)
{
	u64 *stat = this_cpu_ptr(&kernel_cpustat)->cpustat;

	if (user_mode) {
		tsk->utime++;
		stat[TASK_NICE(tsk) > 0 ? CPUTIME_NICE : CPUTIME_USER]++;
	} else if (!idle) {
		tsk->stime++;
		stat[CPUTIME_SYSTEM]++;
	} else {
		stat[atomic_read(&this_rq()->nr_iowait) ? CPUTIME_IOWAIT : CPUTIME_IDLE]++;
	}
}

/* The slice is used up: a new one, and wait for the others. => rq->lock held */
static void expire_task(struct task_struct *tsk, struct rq *rq)
{
	dequeue_task(tsk, tsk->array);
	tsk->prio = effective_prio(tsk);
	tsk->time_slice = task_timeslice(tsk);
	enqueue_task(tsk, rq->expired);
	set_tsk_work(tsk, TIF_NEED_RESCHED);
}

/* => interrupts off, inside the timer interrupt; @user_mode: it came from ring 3 */
void scheduler_tick(int user_mode)
{
	struct task_struct *tsk = current;
	struct rq *rq = this_rq();
	bool idle = tsk == rq->idle;

	account_tick(tsk, idle, user_mode);
	/* In the idle loop itself, not in a timer that came on top of it. */
	rcu_tick(user_mode || (idle && this_cpu_read(irq_count) == 1));
	if (!rq->cpu)
		calc_load();
	if (idle)
		return;
	if (tsk->signal->cpu_timers)
		cpu_timer_tick(tsk, user_mode);

	spin_lock(&rq->lock);
	if (tsk->sleep_avg)
		tsk->sleep_avg--;
	if (tsk->time_slice)
		tsk->time_slice--;
	/* Not in the active array: it is just going to sleep, or has yielded. */
	if (tsk->array == rq->active && !tsk->time_slice)
		expire_task(tsk, rq);
	spin_unlock(&rq->lock);
	if (nr_cpus > 1)
		balance_tick(rq);
}

static int loadavg_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < 3; i++) {
		unsigned long load = avenrun[i] + FIXED_1 / 200;	/* round to 0.01 */

		seq_printf(m, "%lu.%02lu ", LOAD_INT(load), LOAD_FRAC(load));
	}
	seq_printf(m, "%lu/%d %d\n", nr_running(), nr_threads, last_pid);
	return 0;
}
PROC_SHOW("loadavg", loadavg_show);
