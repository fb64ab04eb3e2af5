/*
 * kernel/sched/wake.c - to make a task runnable, and on which processor.
 *
 * Theory.  A sleeper goes to sleep in three steps that another processor may see
 * half-done: it sets its state, is taken off its queue, and leaves its stack.
 *
 *	state set, still queued		it has not gone yet: only change the state back.
 *					By cmpxchg, as it may be changing it itself, to
 *					run on or to sleep for another reason, or to die
 *	off the queue, oncpu		wait: a processor is about to leave its stack
 *	off the queue, not oncpu	choose a processor, move it there, queue it
 *
 * The wait is short and cannot be a deadlock: between taking a task off its queue
 * and clearing oncpu a processor has interrupts off and takes no lock.
 *
 * Which processor: the one it last ran on if that is idle, else an idle one, else the
 * one it last ran on.  Who chooses an idle one clears its bit in cpu_idle_mask, so that
 * the next chooses another.  A new task: an idle one, else the one with the fewest.
 *
 * A running task that may no longer run where it is (set_cpus_allowed) is made to call
 * schedule(), which takes it off the queue; who runs after it there pushes it on
 * (push_task).  So no thread is needed to move tasks.
 *
 * Locking: rq->lock, see runqueue.h.
 */
#include <kernel/sched/runqueue.h>

#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/kernel.h>

unsigned long cpu_idle_mask;

/* ---- where ----------------------------------------------------------------------------------- */

/* An idle processor of @allowed, now spoken for; @prefer if it is one. => -1: none */
static int claim_idle_cpu(unsigned long allowed, int prefer)
{
	unsigned long idle = READ_ONCE(cpu_idle_mask) & allowed;
	int cpu = prefer;

	if (!idle)
		return -1;
	if (!(idle >> cpu & 1))
		cpu = smp_processor_id();
	if (!(idle >> cpu & 1))
		cpu = (int)__ffs(idle);
	clear_bit(cpu, &cpu_idle_mask);
	return cpu;
}

static int select_wake_cpu(const struct task_struct *tsk)
{
	unsigned long allowed = tsk->cpus_allowed & cpu_online_mask();
	int cpu = claim_idle_cpu(allowed, tsk->cpu);

	if (cpu >= 0)
		return cpu;
	return cpu_allowed(tsk, tsk->cpu) ? tsk->cpu : least_loaded_cpu(allowed, tsk->cpu);
}

static int select_fork_cpu(const struct task_struct *tsk)
{
	unsigned long allowed = tsk->cpus_allowed & cpu_online_mask();
	int cpu = claim_idle_cpu(allowed, tsk->cpu);

	return cpu >= 0 ? cpu : least_loaded_cpu(allowed, smp_processor_id());
}

/*
 * => @rq->lock held, @tsk in no queue and on no processor; the lock is let go if it
 *    moves, and that of the queue it belongs to is held on return
 */
static struct rq *move_task(struct task_struct *tsk, struct rq *rq, int cpu)
{
	if (cpu == rq->cpu)
		return rq;
	set_task_cpu(tsk, cpu);
	spin_unlock(&rq->lock);
	return __task_rq_lock(tsk);
}

/* ---- waking ---------------------------------------------------------------------------------- */

/* A bit that is set already has been seen, or will be: whoever set it sent the interrupt. */
void resched_task(struct task_struct *curr)
{
	if (curr->work & _TIF_NEED_RESCHED)
		return;
	set_tsk_work(curr, TIF_NEED_RESCHED);
	if (unlikely(nr_cpus > 1) && curr->cpu != smp_processor_id())
		smp_send_reschedule(curr->cpu);
}

/* If it does not run it will look by itself: it comes from the kernel. */
void kick_task(struct task_struct *tsk)
{
	int cpu;

	if (likely(nr_cpus == 1))
		return;
	cpu = READ_ONCE(tsk->cpu);
	if (cpu != smp_processor_id() && READ_ONCE(tsk->oncpu))
		smp_send_reschedule(cpu);
}

/* What a sleep is worth: it never lasts longer than can be remembered. */
static void credit_sleep(struct task_struct *tsk)
{
	unsigned long slept = jiffies - tsk->sleep_stamp;

	if (!slept)
		return;
	tsk->sleep_avg = min_t(unsigned long, tsk->sleep_avg + min_t(unsigned long, slept,
			       MAX_SLEEP_AVG), MAX_SLEEP_AVG);
	tsk->prio = effective_prio(tsk);
}

/*
 * Where is @tsk, which sleeps, to run?
 * => @rq->lock held, perhaps let go; the lock of its queue held
 */
static struct rq *place_sleeper(struct task_struct *tsk, struct rq *rq)
{
	while (tsk->oncpu)
		smp_spin_poll();
	return move_task(tsk, rq, select_wake_cpu(tsk));
}

/*
 * Make @tsk runnable if its state is among @state.
 * => any context; 1 if it slept
 */
int try_to_wake_up(struct task_struct *tsk, unsigned int state)
{
	bool placed = nr_cpus == 1;
	unsigned long flags;
	struct rq *rq;
	int woken = 0;
	long seen;

	rq = task_rq_lock(tsk, &flags);
again:
	seen = tsk->state;
	if (!(seen & (long)state))
		goto out;
	woken = 1;
	if (tsk->array) {
		cmpxchg(&tsk->state, seen, TASK_RUNNING);
		goto out;
	}
	if (unlikely(!placed || !cpu_allowed(tsk, rq->cpu))) {
		placed = true;
		rq = place_sleeper(tsk, rq);
		woken = 0;
		goto again;		/* another may have been faster */
	}
	if (seen == TASK_UNINTERRUPTIBLE)
		rq->nr_uninterruptible--;
	credit_sleep(tsk);
	activate_task(tsk, rq);
	if (tsk->prio < rq->curr->prio)
		resched_task(rq->curr);
	tsk->state = TASK_RUNNING;
out:
	task_rq_unlock(rq, &flags);
	return woken;
}

int wake_up_process(struct task_struct *tsk)
{
	return try_to_wake_up(tsk, TASK_NORMAL);
}

/* The child of fork goes in front of its parent: it will exec, or touch its copies, first. */
void wake_up_new_task(struct task_struct *tsk)
{
	unsigned long flags;
	struct rq *rq;

	rq = task_rq_lock(tsk, &flags);
	if (unlikely(nr_cpus > 1)) {
		do	/* what is allowed may change while no lock is held */
			rq = move_task(tsk, rq, select_fork_cpu(tsk));
		while (!cpu_allowed(tsk, rq->cpu));
	}
	tsk->state = TASK_RUNNING;
	tsk->prio = effective_prio(tsk);
	activate_task(tsk, rq);
	if (tsk->prio < rq->curr->prio || rq->curr == current)
		resched_task(rq->curr);
	task_rq_unlock(rq, &flags);
}

/* ---- birth and death ------------------------------------------------------------------------- */

void sched_fork(struct task_struct *child)
{
	struct task_struct *parent = current;
	unsigned long flags;

	child->state = TASK_UNINTERRUPTIBLE;	/* in no array: no wake-up finds it runnable */
	child->array = NULL;
	child->oncpu = 0;
	set_task_cpu(child, smp_processor_id());
	INIT_LIST_HEAD(&child->run_list);
	child->nvcsw = child->nivcsw = 0;
	local_irq_save(flags);
	child->time_slice = (parent->time_slice + 1) / 2;
	parent->time_slice /= 2;
	if (!parent->time_slice) {
		/* The last tick is shared out: let the tick's path give a new slice. */
		parent->time_slice = 1;
		set_tsk_work(parent, TIF_NEED_RESCHED);
	}
	local_irq_restore(flags);
	child->sleep_avg = parent->sleep_avg * 9 / 10;
}

void sched_exit(struct task_struct *tsk)
{
	struct task_struct *parent = tsk->parent;
	unsigned long flags;
	struct rq *rq;

	rq = task_rq_lock(parent, &flags);
	if (parent != &init_task)
		parent->time_slice = min(parent->time_slice + tsk->time_slice,
					 task_timeslice(parent));
	task_rq_unlock(rq, &flags);
}

/* ---- affinity -------------------------------------------------------------------------------- */

void push_task(struct task_struct *tsk)
{
	unsigned long flags;
	struct rq *rq;

	rq = task_rq_lock(tsk, &flags);
	while (!tsk->array && !cpu_allowed(tsk, rq->cpu))
		rq = move_task(tsk, rq, select_wake_cpu(tsk));
	if (!tsk->array) {		/* else a wake-up was faster */
		activate_task(tsk, rq);
		if (tsk->prio < rq->curr->prio)
			resched_task(rq->curr);
	}
	task_rq_unlock(rq, &flags);
}

/*
 * One look at a task that may have to leave its processor.
 * => true: it stands on it still
 */
static bool must_leave(struct task_struct *tsk)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(tsk, &flags);
	bool there = false, queued = false;

	if (!cpu_allowed(tsk, rq->cpu)) {
		there = tsk->oncpu || tsk == rq->push;
		if (there) {
			if (tsk == rq->curr)
				resched_task(tsk);
		} else if (tsk->array) {
			queued = true;
			dequeue_task(tsk, tsk->array);
			rq->nr_running--;
		}
	}
	task_rq_unlock(rq, &flags);
	if (queued)
		push_task(tsk);
	return there;
}

int set_cpus_allowed(struct task_struct *tsk, unsigned long mask)
{
	unsigned long flags;
	struct rq *rq;

	mask &= cpu_online_mask();
	if (!mask)
		return -EINVAL;
	rq = task_rq_lock(tsk, &flags);
	tsk->cpus_allowed = mask;
	task_rq_unlock(rq, &flags);
	while (must_leave(tsk))
		yield();
	return 0;
}
