/*
 * kernel/core/rcu.c - grace periods.
 *
 * Theory: kernel/core/rcu.h.  Callbacks stand in three queues:
 *
 *	next		asked for; their grace period has not begun
 *	waiting		a grace period runs for them: gp_mask has the processors that
 *			have not yet passed a quiescent state in it
 *	done		to be run
 *
 * A grace period begins when the last is over and `next` is not empty.  Each
 * processor finds its bit at its tick: at the first it notes that the period has
 * begun, and forgets what it passed before (that may have been too early); when it
 * has passed a switch since, or the tick itself came from ring 3 or the idle loop,
 * it takes its bit away.  So a period takes one or two ticks.
 *
 * With one processor every switch ends all readers there are: what was asked for
 * before it is run after it, at once, and the memory is used again while it is warm.
 *
 * Locking: rcu_lock, interrupts off.
 */
#include <kernel/core/rcu.h>

#include <kernel/core/bug.h>
#include <kernel/core/completion.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>

struct rcu_queue {
	struct rcu_head *head;
	struct rcu_head **tail;
};

static DEFINE_SPINLOCK(rcu_lock);
static struct rcu_queue next = { NULL, &next.head };		/* [rcu_lock] */
static struct rcu_queue waiting = { NULL, &waiting.head };	/* [rcu_lock] */
static struct rcu_queue done = { NULL, &done.head };		/* [rcu_lock] */
static unsigned long gp_nr;	/* [rcu_lock] number of the last grace period that began */
static u32 gp_mask;		/* [rcu_lock] who has still to pass; 0: none runs */
static bool running;		/* [rcu_lock] somebody calls back: one at a time, so in order */
unsigned long rcu_nr_pending;

static DEFINE_PER_CPU(unsigned long, gp_seen);	/* the grace period this processor knows of */
DEFINE_PER_CPU(bool, rcu_passed);

/* Append all of @from to @to. => rcu_lock held */
static void splice(struct rcu_queue *from, struct rcu_queue *to)
{
	if (!from->head)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	from->head = NULL;
	from->tail = &from->head;
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	unsigned long flags;

	head->next = NULL;
	head->func = func;
	spin_lock_irqsave(&rcu_lock, flags);
	*next.tail = head;
	next.tail = &head->next;
	rcu_nr_pending++;
	spin_unlock_irqrestore(&rcu_lock, flags);
}

/* This processor's part in the grace period that runs. => rcu_lock held */
static void check_quiescent(bool quiescent)
{
	u32 bit = 1u << smp_processor_id();

	if (!(gp_mask & bit))
		return;
	if (this_cpu_read(gp_seen) != gp_nr) {
		this_cpu_write(gp_seen, gp_nr);
		this_cpu_write(rcu_passed, false);
	}
	if (quiescent || this_cpu_read(rcu_passed))
		gp_mask &= ~bit;
}

/* => rcu_lock held */
static void advance(void)
{
	if (gp_mask)
		return;
	splice(&waiting, &done);
	if (next.head) {
		splice(&next, &waiting);
		gp_nr++;
		gp_mask = nr_cpus == 32 ? ~0u : (1u << nr_cpus) - 1;
	}
}

void rcu_tick(bool quiescent)
{
	if (likely(!READ_ONCE(rcu_nr_pending)))
		return;
	spin_lock(&rcu_lock);
	check_quiescent(quiescent);
	advance();
	spin_unlock(&rcu_lock);
}

bool rcu_ready(void)
{
	return READ_ONCE(done.head) != NULL;
}

void rcu_run(void)
{
	struct rcu_head *head, *after;
	unsigned long flags, nr = 0;

	if (likely(!rcu_ready()))
		return;
	spin_lock_irqsave(&rcu_lock, flags);
	head = running ? NULL : done.head;
	if (!head) {
		spin_unlock_irqrestore(&rcu_lock, flags);
		return;
	}
	running = true;
	done.head = NULL;
	done.tail = &done.head;
	spin_unlock_irqrestore(&rcu_lock, flags);

	for (; head; head = after, nr++) {
		after = head->next;
		head->func(head);
	}
	spin_lock_irqsave(&rcu_lock, flags);
	running = false;
	rcu_nr_pending -= nr;
	spin_unlock_irqrestore(&rcu_lock, flags);
}

void __rcu_switched_alone(void)
{
	unsigned long flags;

	spin_lock_irqsave(&rcu_lock, flags);
	gp_mask = 0;
	splice(&waiting, &done);
	splice(&next, &done);
	spin_unlock_irqrestore(&rcu_lock, flags);
	rcu_run();
}

struct rcu_waiter {
	struct rcu_head head;
	struct completion done;
};

static void wake_waiter(struct rcu_head *head)
{
	complete(&container_of(head, struct rcu_waiter, head)->done);
}

static void wait_for_callback(void)
{
	struct rcu_waiter waiter;

	init_completion(&waiter.done);
	call_rcu(&waiter.head, wake_waiter);
	wait_for_completion(&waiter.done);
}

/* With one processor the caller itself is the proof that no reader runs. */
void synchronize_rcu(void)
{
	might_sleep();
	if (nr_cpus > 1)
		wait_for_callback();
}

/* Callbacks run in order, so the last one has seen all others off. */
void rcu_barrier(void)
{
	might_sleep();
	if (!READ_ONCE(rcu_nr_pending))
		return;
	if (nr_cpus > 1)
		wait_for_callback();
	else
		__rcu_switched_alone();
}

#ifdef CONFIG_DEBUG

void rcu_read_lock(void)
{
	current->rcu_nesting++;
	barrier();
}

void rcu_read_unlock(void)
{
	barrier();
	BUG_ON(!current->rcu_nesting);
	current->rcu_nesting--;
}

bool rcu_read_lock_held(void)
{
	return current->rcu_nesting != 0;
}

#endif

void __init rcu_init(void)
{
	ktest_register_quiesce(rcu_barrier);
}
