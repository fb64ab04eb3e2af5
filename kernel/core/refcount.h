/*
 * kernel/core/refcount.h - counts of references that do not wrap around.
 *
 * Theory.  A count that passes its end comes to 0 while thousands still hold a
 * reference, and what they hold is freed.  A refcount_t that overflows, or is taken
 * from when it is 0, gets stuck at a value in the middle of the negative numbers
 * instead: what it guards is never freed (a leak, reported once), which is the
 * lesser evil.  The check is the sign of the result that the locked instruction
 * leaves in the flags, so it costs a branch that is never taken.
 */
#ifndef OCTAVO_KERNEL_CORE_REFCOUNT_H
#define OCTAVO_KERNEL_CORE_REFCOUNT_H

#include <kernel/arch/atomic.h>

typedef struct { atomic_t refs; } refcount_t;

#define REFCOUNT_INIT(n)	{ ATOMIC_INIT(n) }
#define REFCOUNT_SATURATED	((int)0xc0000000)

/* refcount.c: say which misuse it was, once each, and make @r stuck. */
void refcount_saturate(refcount_t *r, int before);

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

/* => the caller, or somebody for it, holds a reference already */
static inline void refcount_inc(refcount_t *r)
{
	int old = 1;

	asm volatile("lock; xaddl %0, %1" : "+r"(old), "+m"(r->refs.counter) : : "memory", "cc");
	if (unlikely(old <= 0 || old == 0x7fffffff))
		refcount_saturate(r, old);
}

/* => true: that was the last one */
static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	bool zero, negative;

	asm volatile("lock; decl %0" : "+m"(r->refs.counter), "=@ccz"(zero), "=@ccs"(negative)
		     : : "memory");
	if (unlikely(negative))
		refcount_saturate(r, -1);
	return zero;
}

/* For lookups: only if somebody still holds one. */
static inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	int old = refcount_read(r);

	while (old) {
		int seen;

		if (unlikely(old < 0 || old == 0x7fffffff)) {
			refcount_saturate(r, old);
			return true;
		}
		seen = atomic_cmpxchg(&r->refs, old, old + 1);
		if (seen == old)
			return true;
		old = seen;
	}
	return false;
}

#endif
