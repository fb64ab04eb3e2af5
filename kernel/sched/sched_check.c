/*
 * kernel/sched/sched_check.c - are the run queues what they claim to be?
 *
 * Two looks.  From the queues: each task on one belongs to it, is where its priority
 * says, and the bitmaps and counts say what is there.  A task has one run_list, so
 * whole lists of which each member names its own array prove that no task is on two.
 * From the tasks: each that is runnable is on a queue.  One that is just being moved
 * is on none for a moment (wake.c); such a task is looked at again.
 *
 * Locking: one queue's lock at a time; tasklist_lock to go through the tasks.
 */
#include <kernel/sched/runqueue.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/smp.h>
#include <kernel/sched/pid.h>

#define PATIENCE	1000000	/* looks at a task that is being moved */

static int complain(const struct rq *rq, const struct task_struct *tsk, const char *what)
{
	pr_err("sched_check: cpu %d: %s: %s/%d state %ld cpu %d oncpu %d allowed %lx\n", rq->cpu,
	       what, tsk ? tsk->comm : "-", tsk ? tsk->pid : 0, tsk ? tsk->state : 0,
	       tsk ? tsk->cpu : 0, tsk ? tsk->oncpu : 0, tsk ? tsk->cpus_allowed : 0);
	return 1;
}

static int check_queued(const struct rq *rq, const struct prio_array *array, int prio,
			const struct task_struct *tsk)
{
	int errors = 0;

	if (tsk->array != array)
		errors += complain(rq, tsk, "is on a list that it does not name");
	if (tsk->prio != prio)
		errors += complain(rq, tsk, "is on another priority's list");
	if (tsk->cpu != rq->cpu)
		errors += complain(rq, tsk, "belongs to another processor");
	if (tsk == rq->idle)
		errors += complain(rq, tsk, "is the idle task");
	/* The one that runs may be on its way out. */
	if (!cpu_allowed(tsk, rq->cpu) && !tsk->oncpu)
		errors += complain(rq, tsk, "may not run here");
	if (task_stack_top(tsk)->percpu_offset != per_cpu_offset(rq->cpu))
		errors += complain(rq, tsk, "has another processor's offset");
	return errors;
}

/* => rq->lock held; the number of tasks in *nr */
static int check_array(const struct rq *rq, const struct prio_array *array, unsigned int *nr)
{
	const struct task_struct *tsk;
	unsigned int seen = 0;
	int errors = 0;

	for (int prio = 0; prio < MAX_PRIO; prio++) {
		bool marked = array->bitmap[prio / 32] >> (prio % 32) & 1;

		if (marked == list_empty(&array->queue[prio]))
			errors += complain(rq, NULL, "a bit is not what its list is");
		list_for_each_entry(tsk, &array->queue[prio], run_list) {
			errors += check_queued(rq, array, prio, tsk);
			seen++;
		}
	}
	if (seen != array->nr_active)
		errors += complain(rq, NULL, "nr_active is wrong");
	*nr += seen;
	return errors;
}

static int check_rq(struct rq *rq)
{
	unsigned int nr = 0;
	unsigned long flags;
	int errors = 0;

	spin_lock_irqsave(&rq->lock, flags);
	errors += check_array(rq, &rq->arrays[0], &nr);
	errors += check_array(rq, &rq->arrays[1], &nr);
	if (nr != rq->nr_running)
		errors += complain(rq, NULL, "nr_running is wrong");
	if (rq->active == rq->expired)
		errors += complain(rq, NULL, "both arrays are the same");
	if (rq->curr->cpu != rq->cpu || !rq->curr->oncpu)
		errors += complain(rq, rq->curr, "runs, but not here");
	spin_unlock_irqrestore(&rq->lock, flags);
	return errors;
}

/* => tasklist_lock held */
static int check_task(const struct task_struct *tsk)
{
	for (int i = 0; i < PATIENCE; i++) {
		struct rq *rq = __task_rq_lock(tsk);
		bool lost = tsk->state == TASK_RUNNING && !tsk->array;

		spin_unlock(&rq->lock);
		if (!lost)
			return 0;
		smp_spin_poll();
	}
	return complain(task_rq(tsk), tsk, "can run, but is on no queue");
}

int sched_check(void)
{
	struct task_struct *p, *t;
	int errors = 0;

	for (int cpu = 0; cpu < nr_cpus; cpu++)
		errors += check_rq(cpu_rq(cpu));
	read_lock_irq(&tasklist_lock);
	for_each_process(p)
		for_each_thread(p, t)
			errors += check_task(t);
	read_unlock_irq(&tasklist_lock);
	return errors;
}

void __init sched_check_init(void)
{
	ktest_register_checker("sched_check", sched_check);
}
