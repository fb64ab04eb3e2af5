/*
 * kernel/sched/runqueue.h - the run queue, shared by the files of this folder only.
 *
 * Locking: rq->lock [q], interrupts off; innermost of all locks but the console's.
 * A task's fields [q] are guarded by the lock of *its* queue, that of processor
 * task->cpu: task_rq_lock() takes it.  Two queues are locked in order of their
 * processors: double_rq_lock().
 *
 * Where a task may be: in a queue (array set), if it can run; on a processor
 * (oncpu), while that one stands on its stack.  It changes its processor only when
 * it is neither, or is queued and not on a processor, with both queues locked.
 */
#ifndef OCTAVO_KERNEL_SCHED_RUNQUEUE_H
#define OCTAVO_KERNEL_SCHED_RUNQUEUE_H

#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <kernel/sched/sched.h>
#include <lib/kernel.h>

#define PRIO_WORDS	((MAX_PRIO + 31) / 32)

struct prio_array {
	unsigned int nr_active;			/* [q] tasks in it */
	u32 bitmap[PRIO_WORDS];			/* [q] bit p: queue[p] is not empty */
	struct list_head queue[MAX_PRIO];	/* [q] task_struct.run_list */
};

struct rq {
	spinlock_t lock;
	int cpu;				/* [c] whose queue it is */
	unsigned long nr_running;		/* [q] in both arrays, with the one that runs */
	long nr_uninterruptible;		/* [q] may be negative on one CPU; the sum is right */
	atomic_t nr_iowait;			/* [a] tasks in io_schedule() */
	u64 nr_switches;			/* [q] */
	unsigned long nr_pulled;		/* [q] tasks taken from others */
	unsigned int balance_ticks;		/* of this processor, since it last looked */
	struct task_struct *curr, *idle;	/* [q] */
	struct mm_struct *prev_mm;		/* [q] borrowed by who just left: to be dropped */
	struct task_struct *push;		/* [q] who just left and may not run here */
	struct prio_array *active, *expired;	/* [q] */
	struct prio_array arrays[2];
};

DECLARE_PER_CPU(struct rq, runqueues);
#define this_rq()	this_cpu_ptr(&runqueues)
#define cpu_rq(cpu)	per_cpu_ptr(&runqueues, (cpu))
#define task_rq(p)	cpu_rq((p)->cpu)

/* [a] processors that have nothing to do: a hint; who sends one a task clears its bit. */
extern unsigned long cpu_idle_mask;

static inline bool cpu_allowed(const struct task_struct *tsk, int cpu)
{
	return tsk->cpus_allowed >> cpu & 1;
}

/* => interrupts off; @tsk's queue, locked */
static inline struct rq *__task_rq_lock(const struct task_struct *tsk)
{
	for (;;) {
		struct rq *rq = task_rq(tsk);

		spin_lock(&rq->lock);
		if (likely(rq->cpu == tsk->cpu))
			return rq;
		spin_unlock(&rq->lock);		/* it has moved meanwhile */
	}
}

static inline struct rq *task_rq_lock(const struct task_struct *tsk, unsigned long *flags)
{
	local_irq_save(*flags);
	return __task_rq_lock(tsk);
}

static inline void task_rq_unlock(struct rq *rq, unsigned long *flags)
{
	spin_unlock_irqrestore(&rq->lock, *flags);
}

/* => interrupts off; @a is not @b */
static inline void double_rq_lock(struct rq *a, struct rq *b)
{
	spin_lock(a->cpu < b->cpu ? &a->lock : &b->lock);
	spin_lock_nested(a->cpu < b->cpu ? &b->lock : &a->lock, SINGLE_DEPTH_NESTING);
}

static inline void double_rq_unlock(struct rq *a, struct rq *b)
{
	spin_unlock(&a->lock);
	spin_unlock(&b->lock);
}

/* Ticks of sleep that are remembered, and the bonus they give: -5 .. +5. */
#define MAX_SLEEP_AVG	HZ
#define MAX_BONUS	10

static inline void enqueue_task(struct task_struct *tsk, struct prio_array *array)
{
	unsigned int prio = (unsigned int)tsk->prio;

	list_add_tail(&tsk->run_list, &array->queue[prio]);
	array->bitmap[prio / 32] |= 1u << (prio % 32);
	array->nr_active++;
	tsk->array = array;
}

static inline void dequeue_task(struct task_struct *tsk, struct prio_array *array)
{
	unsigned int prio = (unsigned int)tsk->prio;

	list_del(&tsk->run_list);
	if (list_empty(&array->queue[prio]))
		array->bitmap[prio / 32] &= ~(1u << (prio % 32));
	array->nr_active--;
	tsk->array = NULL;
}

static inline int effective_prio(const struct task_struct *tsk)
{
	int bonus = (int)(tsk->sleep_avg * MAX_BONUS / MAX_SLEEP_AVG) - MAX_BONUS / 2;

	return clamp(tsk->static_prio - bonus, 0, MAX_PRIO - 1);
}

static inline void activate_task(struct task_struct *tsk, struct rq *rq)
{
	enqueue_task(tsk, rq->active);
	rq->nr_running++;
}

/* The task that runs on a processor is to give way. => its rq->lock held */
void resched_task(struct task_struct *curr);

/* wake.c: @tsk has been taken off its queue, is on no processor, and is to run where it may. */
void push_task(struct task_struct *tsk);

/* balance.c */
/* A processor of @allowed: @prefer if it has no more to do than any other. => @allowed not 0 */
int least_loaded_cpu(unsigned long allowed, int prefer);
/* Nothing to do here: take from others. => interrupts off, no lock; true: there is now */
bool steal_tasks(struct rq *rq);
/* At each tick of a processor that is not idle. => interrupts off, no lock */
void balance_tick(struct rq *rq);

#endif
