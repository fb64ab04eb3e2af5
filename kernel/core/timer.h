/*
 * kernel/core/timer.h - call a function at a later tick.
 *
 * Theory.  Pending timers lie in a wheel: 256 slots for the next 256 ticks, and
 * four coarser rings of 64 slots beyond.  Adding and deleting touch one list;
 * each tick runs one slot, and every 256th empties a slot of the next ring into
 * the finer one (the classic hierarchical timing wheel).
 *
 * Functions run after the interrupt handler, interrupts on, in the context of
 * whatever was interrupted: they must not sleep.  A function may re-arm or
 * delete its own timer, and may free the struct after del_timer.
 *
 * Locking: the wheel's lock, interrupts off; not held while a function runs.
 *
 * Reference: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", 1987.
 */
#ifndef OCTAVO_KERNEL_CORE_TIMER_H
#define OCTAVO_KERNEL_CORE_TIMER_H

#include <lib/list.h>
#include <lib/types.h>

struct timer_list {
	struct list_head entry;			/* next == NULL: not pending */
	unsigned long expires;			/* jiffies */
	void (*function)(unsigned long data);
	unsigned long data;
};

#define TIMER_INITIALIZER(fn, exp, arg) \
	{ .entry = { NULL, NULL }, .expires = (exp), .function = (fn), .data = (arg) }
#define DEFINE_TIMER(name, fn, exp, arg) \
	struct timer_list name = TIMER_INITIALIZER(fn, exp, arg)

void init_timer(struct timer_list *timer);
void setup_timer(struct timer_list *timer, void (*function)(unsigned long), unsigned long data);
/* => the timer is not pending */
void add_timer(struct timer_list *timer);
/* Set or move the time. => 1 it was pending */
int mod_timer(struct timer_list *timer, unsigned long expires);
/* => 1 it was pending; its function may still be running elsewhere */
int del_timer(struct timer_list *timer);
/* As above, and its function is not running any more on return. */
int del_timer_sync(struct timer_list *timer);

static inline int timer_pending(const struct timer_list *timer)
{
	return timer->entry.next != NULL;
}

/* Run what is due. => interrupts on, not in a handler */
void run_timers(void);
/* True if run_timers() would find work. */
bool timers_due(void);

#endif
