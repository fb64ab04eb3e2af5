/*
 * kernel/core/timer.c - the timing wheel.
 *
 * Theory.  See timer.h.  wheel_time is the tick that the wheel has reached:
 * everything due before it has run.  Ring 0 has a slot for each of the next 256
 * ticks; ring n > 0 has slots of 2^(8 + 6(n-1)) ticks.  When ring 0 comes round
 * to slot 0, one slot of ring 1 is dealt out again into ring 0, and so on up.
 * A timer therefore moves at most four times in its life, and adding, deleting
 * and expiring are O(1).
 *
 * Timers run on the boot processor, behind its tick.  There a function runs to its
 * end before what it interrupted goes on, so a deleter can never find it half-way;
 * one on another processor can, and del_timer_sync waits there until
 * running_timer is another.
 */
#include <kernel/core/timer.h>

#include <kernel/core/bug.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/rcu.h>
#include <kernel/core/smp.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>

#define RING0_BITS	8
#define RINGN_BITS	6
#define RING0_SIZE	(1 << RING0_BITS)
#define RINGN_SIZE	(1 << RINGN_BITS)
#define NR_RINGS	4		/* besides ring 0: 8 + 4 * 6 = 32 bits */

static DEFINE_SPINLOCK(wheel_lock);
static struct list_head ring0[RING0_SIZE];			/* [wheel_lock] */
static struct list_head rings[NR_RINGS][RINGN_SIZE];		/* [wheel_lock] */
static struct timer_list *volatile running_timer;		/* [wheel_lock] */
static unsigned long wheel_time;				/* [wheel_lock] */
static bool wheel_ready;					/* [wheel_lock] */
static_assert(RING0_BITS + NR_RINGS * RINGN_BITS == 32, "the rings cover all of jiffies");

/* The first timer of all makes the lists: no init order to keep. */
static void wheel_init(void)
{
	for (int i = 0; i < RING0_SIZE; i++)
		INIT_LIST_HEAD(&ring0[i]);
	for (int n = 0; n < NR_RINGS; n++)
		for (int i = 0; i < RINGN_SIZE; i++)
			INIT_LIST_HEAD(&rings[n][i]);
	wheel_time = jiffies;
	wheel_ready = true;
}

static struct list_head *slot_of(unsigned long expires)
{
	unsigned long distance = expires - wheel_time;
	unsigned int shift = RING0_BITS;

	if ((long)distance < 0)
		return &ring0[wheel_time & (RING0_SIZE - 1)];
	if (distance < RING0_SIZE)
		return &ring0[expires & (RING0_SIZE - 1)];
	for (int n = 0; n < NR_RINGS - 1; n++, shift += RINGN_BITS)
		if (distance >> (shift + RINGN_BITS) == 0)
			return &rings[n][expires >> shift & (RINGN_SIZE - 1)];
	return &rings[NR_RINGS - 1][expires >> shift & (RINGN_SIZE - 1)];
}

static void detach(struct timer_list *timer)
{
	__list_del(timer->entry.prev, timer->entry.next);
	timer->entry.next = timer->entry.prev = NULL;
}

void init_timer(struct timer_list *timer)
{
	timer->entry.next = timer->entry.prev = NULL;
}

void setup_timer(struct timer_list *timer, void (*function)(unsigned long), unsigned long data)
{
	init_timer(timer);
	timer->function = function;
	timer->data = data;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	unsigned long flags;
	int was_pending;

	VM_BUG_ON(!timer->function);
	spin_lock_irqsave(&wheel_lock, flags);
	if (!wheel_ready)
		wheel_init();
	was_pending = timer_pending(timer);
	if (was_pending)
		detach(timer);
	timer->expires = expires;
	list_add_tail(&timer->entry, slot_of(expires));
	spin_unlock_irqrestore(&wheel_lock, flags);
	return was_pending;
}

void add_timer(struct timer_list *timer)
{
	BUG_ON(timer_pending(timer));
	mod_timer(timer, timer->expires);
}

int del_timer(struct timer_list *timer)
{
	unsigned long flags;
	int was_pending;

	spin_lock_irqsave(&wheel_lock, flags);
	was_pending = timer_pending(timer);
	if (was_pending)
		detach(timer);
	spin_unlock_irqrestore(&wheel_lock, flags);
	return was_pending;
}

int del_timer_sync(struct timer_list *timer)
{
	int was_pending = 0;
	unsigned long flags;
	bool running;

	for (;;) {
		/* In one step: between two the function could set it again, and be over. */
		spin_lock_irqsave(&wheel_lock, flags);
		if (timer_pending(timer)) {
			detach(timer);
			was_pending = 1;
		}
		/* On the boot processor only the function itself can see itself running. */
		running = running_timer == timer && smp_processor_id();
		spin_unlock_irqrestore(&wheel_lock, flags);
		if (!running)
			return was_pending;
		smp_spin_poll();
	}
}

/* Deal slot @index of ring @n out into finer slots. => the index, to see a wrap */
static unsigned int cascade(int n, unsigned int index)
{
	struct list_head list;

	INIT_LIST_HEAD(&list);
	list_splice_init(&rings[n][index], &list);
	while (!list_empty(&list)) {
		struct timer_list *timer = list_entry(list.next, struct timer_list, entry);

		list_del(&timer->entry);
		list_add_tail(&timer->entry, slot_of(timer->expires));
	}
	return index;
}

/* The coarser rings' slots that begin at wheel_time come down. */
static void cascade_all(void)
{
	unsigned int shift = RING0_BITS;

	for (int n = 0; n < NR_RINGS; n++, shift += RINGN_BITS)
		if (cascade(n, wheel_time >> shift & (RINGN_SIZE - 1)))
			break;
}

static bool wheel_due(void)
{
	return wheel_ready && time_after_eq(jiffies, wheel_time);
}

bool timers_due(void)
{
	return wheel_due() || rcu_ready();
}

/* => wheel_lock held, and let go around each function */
static void run_slot(struct list_head *slot)
{
	while (!list_empty(slot)) {
		struct timer_list *timer = list_entry(slot->next, struct timer_list, entry);
		void (*function)(unsigned long) = timer->function;
		unsigned long data = timer->data;

		detach(timer);
		running_timer = timer;
		spin_unlock_irq(&wheel_lock);
		function(data);
		spin_lock_irq(&wheel_lock);
		running_timer = NULL;
	}
}

void run_timers(void)
{
	lockdep_timers(true);
	spin_lock_irq(&wheel_lock);
	while (wheel_due()) {
		unsigned int index = wheel_time & (RING0_SIZE - 1);
		struct list_head due;

		if (index == 0)
			cascade_all();
		INIT_LIST_HEAD(&due);
		list_splice_init(&ring0[index], &due);
		/* First move on: a function that re-arms for "now" gets the next tick. */
		wheel_time++;
		run_slot(&due);
	}
	spin_unlock_irq(&wheel_lock);
	rcu_run();
	lockdep_timers(false);
}
