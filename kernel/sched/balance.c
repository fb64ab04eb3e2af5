/*
 * kernel/sched/balance.c - no processor idle while another has too much to do.
 *
 * Theory.  Wake-ups and forks already go to idle processors (wake.c), so queues grow
 * uneven only as tasks end, sleep, or are kept by their affinity.  Two things even
 * them out, both by pulling: who has less time to lose does the work.
 *
 *	steal_tasks	a processor without work takes half of what the one with the
 *			most has to spare.  It tries on its way to the halt, and again at
 *			each tick: no runnable task waits longer than that for an idle one
 *	balance_tick	one with work looks every BALANCE_TICKS whether another has at
 *			least two tasks more, and takes half of the difference
 *
 * The numbers are read without locks, to choose; what is done is decided again under
 * both.  A task that stands on a processor, or may not run here, stays.  Expired tasks
 * go first: they would have waited longest, and have least in the caches there.
 *
 * Worst case: MAX_SCAN tasks looked at with interrupts off.
 *
 * Locking: double_rq_lock().
 */
#include <kernel/sched/runqueue.h>

#include <lib/bitops.h>
#include <lib/kernel.h>

#define BALANCE_TICKS	20
#define MAX_SCAN	64	/* tasks looked at by one pull */

int least_loaded_cpu(unsigned long allowed, int prefer)
{
	unsigned long least = allowed >> prefer & 1 ? cpu_rq(prefer)->nr_running : ~0ul;
	int best = prefer;

	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		unsigned long n = READ_ONCE(cpu_rq(cpu)->nr_running);

		if ((allowed >> cpu & 1) && n < least) {
			least = n;
			best = cpu;
		}
	}
	return best;
}

/* Both arrays, the expired first, the best priority first, who was queued last first. */
static struct task_struct *find_movable(struct rq *from, int cpu, unsigned int *scan)
{
	struct prio_array *arrays[2] = { from->expired, from->active };
	struct task_struct *tsk;

	for (int i = 0; i < 2; i++) {
		if (!arrays[i]->nr_active)
			continue;
		for (int prio = 0; prio < MAX_PRIO; prio++) {
			list_for_each_entry_reverse(tsk, &arrays[i]->queue[prio], run_list) {
				if (!tsk->oncpu && cpu_allowed(tsk, cpu))
					return tsk;
				if (!--*scan)
					return NULL;
			}
		}
	}
	return NULL;
}

/*
 * Move tasks until @from has less than two more than @to, or nothing to give.
 * => interrupts off, no lock; the number moved
 */
static unsigned int pull_tasks(struct rq *to, struct rq *from)
{
	unsigned int moved = 0, scan = MAX_SCAN;
	struct task_struct *tsk;

	double_rq_lock(to, from);
	while (from->nr_running >= to->nr_running + 2) {
		bool expired;

		tsk = find_movable(from, to->cpu, &scan);
		if (!tsk)
			break;
		expired = tsk->array == from->expired;
		dequeue_task(tsk, tsk->array);
		from->nr_running--;
		set_task_cpu(tsk, to->cpu);
		enqueue_task(tsk, expired && to->nr_running ? to->expired : to->active);
		to->nr_running++;
		if (tsk->prio < to->curr->prio)
			resched_task(to->curr);
		moved++;
	}
	to->nr_pulled += moved;
	double_rq_unlock(to, from);
	return moved;
}

/* Of the processors of @mask the one with the most to do, at least @least. => NULL: none */
static struct rq *find_busiest(unsigned long mask, unsigned long least)
{
	struct rq *busiest = NULL;

	for (; mask; mask &= mask - 1) {
		struct rq *rq = cpu_rq((int)__ffs(mask));
		unsigned long n = READ_ONCE(rq->nr_running);

		if (n >= least) {
			least = n + 1;
			busiest = rq;
		}
	}
	return busiest;
}

bool steal_tasks(struct rq *rq)
{
	unsigned long mask = cpu_online_mask() & ~(1ul << rq->cpu);
	struct rq *from;

	while ((from = find_busiest(mask, 2)) != NULL) {
		if (pull_tasks(rq, from))
			return true;
		mask &= ~(1ul << from->cpu);	/* what it has must stay: the next */
	}
	return false;
}

void balance_tick(struct rq *rq)
{
	struct rq *from;

	if (++rq->balance_ticks < BALANCE_TICKS)
		return;
	rq->balance_ticks = 0;
	from = find_busiest(cpu_online_mask() & ~(1ul << rq->cpu), rq->nr_running + 2);
	if (from)
		pull_tasks(rq, from);
}
