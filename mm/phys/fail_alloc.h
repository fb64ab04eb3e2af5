/*
 * mm/phys/fail_alloc.h - allocations that fail although there is memory.
 *
 * Theory.  Code that handles "no memory" hardly ever runs.  Debug builds can make any
 * allocation fail, in two ways:
 *
 *   by site	(`sites` written to /proc/fail_alloc).  A *site* is a place in the code: the
 *		address that an allocation returns to, and those of the three callers above,
 *		so that a helper used by many is a site for each.  The first time a site
 *		is reached it fails.  Whoever runs all tests again and again until no new
 *		site fails has seen each fail once (scripts/fail-alloc).
 *   by number	(/proc/PID/fail-nth, Linux's word; or current->fail_nth in a test).  The Nth
 *		allocation of this task fails from now on, once.  A loop over N, until the
 *		operation under test succeeds without the failure, has seen all its ways to fail.
 *
 * By site fail only those tasks that want it (/proc/PID/make-it-fail, inherited), kernel
 * threads and interrupts: the shell that runs the tests must not.  __GFP_NOFAIL never fails;
 * such a site is marked.
 *
 * /proc/fail_alloc shows a line per site that was reached:
 *
 *	c0123456 c0134567 c0145678 c0156789 reached 12 failed 1 [nofail]
 *
 * and above them how many there are.  `off` ends the injection, `clear` forgets the sites.
 *
 * Any context.  Release builds have none of this: an allocation costs nothing more there.
 */
#ifndef OCTAVO_MM_PHYS_FAIL_ALLOC_H
#define OCTAVO_MM_PHYS_FAIL_ALLOC_H

#include <kernel/core/sched.h>
#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/types/gfp.h>

#ifdef CONFIG_DEBUG

#define FAIL_ALLOC	1

/* Somebody asked for failures since boot or the last `off`. */
extern bool fail_alloc_armed;

/* => true: the allocation that called us has to fail. */
bool fail_alloc_site(gfp_t gfp);
/*
 * The next @nth allocation of current fails; 0: none.
 * => what was left of the last such wish: 0 if it has been fulfilled
 */
unsigned int fail_alloc_nth(unsigned int nth);
/* The new task @tsk has not asked for a failure. */
static inline void fail_alloc_fork(struct task_struct *tsk)
{
	tsk->fail_nth = 0;
}

#else

#define FAIL_ALLOC	0
#define fail_alloc_armed	false
static inline bool fail_alloc_site(gfp_t gfp)
{
	(void)gfp;
	return false;
}
static inline unsigned int fail_alloc_nth(unsigned int nth)
{
	(void)nth;
	return 0;
}
static inline void fail_alloc_fork(struct task_struct *tsk)
{
	(void)tsk;
}

#endif

/* For the functions that others call for memory: does this call fail? */
static __always_inline bool fail_alloc_here(gfp_t gfp)
{
	return unlikely(fail_alloc_armed) && fail_alloc_site(gfp);
}

#endif
