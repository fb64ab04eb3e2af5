/*
 * kernel/core/rcu.h - read-copy-update: lookups that take no lock.
 *
 * Theory.  A reader of a list needs a lock for one reason: what it looks at must
 * not be freed meanwhile.  RCU turns that round: who frees waits until nobody can
 * be looking any more.  Three steps:
 *
 *	remove		take it off the list: new readers do not find it
 *	wait		until every reader that may have found it has finished
 *	free
 *
 * Readers mark the stretch in which they look with rcu_read_lock() and
 * rcu_read_unlock(), and do not sleep in it.  The kernel is not preemptible, so a
 * processor that switches tasks, idles, or runs ring 3 is in no such stretch: each
 * of these is a *quiescent state*.  Once every processor has passed one, the *grace
 * period* is over.  So the two marks are nothing at all, but for the compiler and
 * the checker of debug builds.  A reader may see old or new, never half:
 * rcu_assign_pointer() stores the pointer after what it points to.
 *
 *	reader				writer
 *	rcu_read_lock()
 *	p = rcu_dereference(head)
 *					rcu_assign_pointer(head, new)
 *					call_rcu(old, free)
 *	use *p: it is still there
 *	rcu_read_unlock()
 *	switch, idle or ring 3		(here, and on all others: grace period over)
 *					free(old)
 *
 * What was found may be kept only with a reference; and as its count may just have
 * come to 0, by atomic_inc_not_zero().
 *
 * Costs.  Readers: none.  Writers: memory is freed some ticks later, in order; worst
 * case, a processor that stays in the kernel without a switch keeps all of it.
 *
 * Locking: writers exclude each other by a lock of their own.  Callbacks run in the
 * order of call_rcu(), with interrupts on, in a timer's context or at a switch: they
 * must not sleep.
 *
 * Reference: McKenney and Slingwine, "Read-copy update", PDCS 1998.
 */
#ifndef OCTAVO_KERNEL_CORE_RCU_H
#define OCTAVO_KERNEL_CORE_RCU_H

#include <kernel/arch/barrier.h>
#include <kernel/arch/percpu.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct rcu_head {
	struct rcu_head *next;		/* [rcu_lock] */
	void (*func)(struct rcu_head *head);
};

#ifdef CONFIG_DEBUG
void rcu_read_lock(void);
void rcu_read_unlock(void);
bool rcu_read_lock_held(void);
#else
static inline void rcu_read_lock(void)
{
	barrier();
}
static inline void rcu_read_unlock(void)
{
	barrier();
}
static inline bool rcu_read_lock_held(void)
{
	return false;
}
#endif

#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_assign_pointer(p, v)	do { smp_wmb(); WRITE_ONCE(p, v); } while (0)

/* Call @func when no reader that runs now can still run. => any context */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
/* => may sleep; every reader that ran at the call has finished */
void synchronize_rcu(void);
/* => may sleep; every callback that was asked for before the call has run */
void rcu_barrier(void);

/* [rcu_lock] callbacks that have not run; read without for a hint */
extern unsigned long rcu_nr_pending;
/* This processor has switched since it last looked. */
DECLARE_PER_CPU(bool, rcu_passed);

/* schedule() is between two tasks. => interrupts off */
static inline void rcu_note_switch(void)
{
	this_cpu_write(rcu_passed, true);
}
/* From each processor's tick; @quiescent: it came from ring 3 or the idle loop. */
void rcu_tick(bool quiescent);
/* Is there something for rcu_run()? */
bool rcu_ready(void);
/* Run what is ready: behind the timers; and after a switch, if there is one processor. */
void rcu_run(void);
void __rcu_switched_alone(void);
static inline void rcu_switched(void)
{
	if (unlikely(rcu_nr_pending) && nr_cpus == 1)
		__rcu_switched_alone();
}
void rcu_init(void);

#endif
