/*
 * kernel/sched/runqueue.h - the run queue, shared by the files of this folder only.
 *
 * Locking: rq->lock [q], interrupts off; innermost of all locks but the console's.
 */
#ifndef OCTAVO_KERNEL_SCHED_RUNQUEUE_H
#define OCTAVO_KERNEL_SCHED_RUNQUEUE_H

#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/sched/sched.h>

#define PRIO_WORDS	((MAX_PRIO + 31) / 32)

struct prio_array {
	unsigned int nr_active;			/* [q] tasks in it */
	u32 bitmap[PRIO_WORDS];			/* [q] bit p: queue[p] is not empty */
	struct list_head queue[MAX_PRIO];	/* [q] task_struct.run_list */
};

struct rq {
	spinlock_t lock;
	unsigned long nr_running;		/* [q] in both arrays, with the one that runs */
	long nr_uninterruptible;		/* [q] may be negative on one CPU; the sum is right */
	atomic_t nr_iowait;			/* [a] tasks in io_schedule() */
	u64 nr_switches;			/* [q] */
	struct task_struct *curr, *idle;	/* [q] */
	struct mm_struct *prev_mm;		/* [q] borrowed by who just left: to be dropped */
	struct prio_array *active, *expired;	/* [q] */
	struct prio_array arrays[2];
};

DECLARE_PER_CPU(struct rq, runqueues);
#define this_rq()	this_cpu_ptr(&runqueues)
#define cpu_rq(cpu)	per_cpu_ptr(&runqueues, (cpu))
#define task_rq(p)	cpu_rq((p)->cpu)

/* Ticks of sleep that are remembered, and the bonus they give: -5 .. +5. */
#define MAX_SLEEP_AVG	HZ
#define MAX_BONUS	10

int effective_prio(const struct task_struct *tsk);
void enqueue_task(struct task_struct *tsk, struct prio_array *array);
void dequeue_task(struct task_struct *tsk, struct prio_array *array);

#endif
