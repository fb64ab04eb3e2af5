/*
 * kernel/arch/atomic.h - counters and words changed in one step.
 *
 * Theory.  A locked instruction reads, changes and writes a word with no other
 * processor and no interrupt in between.  Those that return a value order all
 * memory accesses around them; atomic_inc() and its like promise nothing about
 * order.  xchg() locks by itself.  cmpxchg(p, old, new) stores new only if *p
 * still is old and returns what was there: the building block of everything
 * that must decide before it writes.
 *
 * atomic_t is a struct, so that no plain access compiles by accident.
 *
 * Reference: Intel SDM volume 3, section 8.1 (locked atomic operations).
 */
#ifndef OCTAVO_KERNEL_ARCH_ATOMIC_H
#define OCTAVO_KERNEL_ARCH_ATOMIC_H

#include <lib/compiler.h>
#include <lib/types.h>

typedef struct { int counter; } atomic_t;

#define ATOMIC_INIT(i)	{ (i) }

static inline int atomic_read(const atomic_t *v)
{
	return *(const volatile int *)&v->counter;
}

static inline void atomic_set(atomic_t *v, int i)
{
	*(volatile int *)&v->counter = i;
}

static inline void atomic_add(int i, atomic_t *v)
{
	asm volatile("lock; addl %1, %0" : "+m"(v->counter) : "ir"(i) : "cc");
}

static inline void atomic_sub(int i, atomic_t *v)
{
	asm volatile("lock; subl %1, %0" : "+m"(v->counter) : "ir"(i) : "cc");
}

static inline void atomic_inc(atomic_t *v)
{
	asm volatile("lock; incl %0" : "+m"(v->counter) : : "cc");
}

static inline void atomic_dec(atomic_t *v)
{
	asm volatile("lock; decl %0" : "+m"(v->counter) : : "cc");
}

/*
 * Each of these is true when the new value is zero (or, add_negative, below).  The answer
 * is a processor flag ("=@cc"), so the caller's `if` is one jump.
 */
static inline int atomic_sub_and_test(int i, atomic_t *v)
{
	bool zero;

	asm volatile("lock; subl %2, %0" : "+m"(v->counter), "=@ccz"(zero) : "ir"(i) : "memory");
	return zero;
}

static inline int atomic_dec_and_test(atomic_t *v)
{
	bool zero;

	asm volatile("lock; decl %0" : "+m"(v->counter), "=@ccz"(zero) : : "memory");
	return zero;
}

static inline int atomic_inc_and_test(atomic_t *v)
{
	bool zero;

	asm volatile("lock; incl %0" : "+m"(v->counter), "=@ccz"(zero) : : "memory");
	return zero;
}

static inline int atomic_add_negative(int i, atomic_t *v)
{
	bool negative;

	asm volatile("lock; addl %2, %0" : "+m"(v->counter), "=@ccs"(negative) : "ir"(i)
		     : "memory");
	return negative;
}

static inline int atomic_add_return(int i, atomic_t *v)
{
	int old = i;

	asm volatile("lock; xaddl %0, %1" : "+r"(old), "+m"(v->counter) : : "memory", "cc");
	return old + i;
}

static inline int atomic_sub_return(int i, atomic_t *v)
{
	return atomic_add_return(-i, v);
}

#define atomic_inc_return(v)	atomic_add_return(1, (v))
#define atomic_dec_return(v)	atomic_sub_return(1, (v))

static inline u32 __xchg(volatile void *p, u32 value)
{
	asm volatile("xchgl %0, %1" : "+r"(value), "+m"(*(volatile u32 *)p) : : "memory");
	return value;
}

static inline u32 __cmpxchg(volatile void *p, u32 old, u32 new)
{
	u32 seen;

	asm volatile("lock; cmpxchgl %2, %1"
		     : "=a"(seen), "+m"(*(volatile u32 *)p) : "r"(new), "0"(old) : "memory", "cc");
	return seen;
}

/* For any 32-bit type, pointers included; other sizes do not compile. */
#define xchg(p, v) ({							\
	static_assert(sizeof(*(p)) == 4, "xchg: 32-bit words only");	\
	(__typeof__(*(p)))__xchg((p), (u32)(v)); })
#define cmpxchg(p, old, new) ({						\
	static_assert(sizeof(*(p)) == 4, "cmpxchg: 32-bit words only");	\
	(__typeof__(*(p)))__cmpxchg((p), (u32)(old), (u32)(new)); })

/* => what was there; stored only if that is @old.  Not for reading alone: it locks the line. */
static inline u64 cmpxchg64(volatile u64 *p, u64 old, u64 new)
{
	asm volatile("lock; cmpxchg8b %1"
		     : "+A"(old), "+m"(*p) : "b"((u32)new), "c"((u32)(new >> 32)) : "memory", "cc");
	return old;
}

static inline int atomic_xchg(atomic_t *v, int new)
{
	return xchg(&v->counter, new);
}

static inline int atomic_cmpxchg(atomic_t *v, int old, int new)
{
	return cmpxchg(&v->counter, old, new);
}

/*
 * Add @a unless the counter is @u.
 * => true if it was added
 */
static inline int atomic_add_unless(atomic_t *v, int a, int u)
{
	int seen = atomic_read(v);

	while (seen != u) {
		int was = atomic_cmpxchg(v, seen, seen + a);

		if (was == seen)
			return 1;
		seen = was;
	}
	return 0;
}

/* Take a reference only if somebody still holds one. */
#define atomic_inc_not_zero(v)	atomic_add_unless((v), 1, 0)

/* A long is an int here; the name is for what is a long everywhere. */
typedef atomic_t atomic_long_t;
#define ATOMIC_LONG_INIT(i)		ATOMIC_INIT(i)
#define atomic_long_read(v)		((long)atomic_read(v))
#define atomic_long_set(v, i)		atomic_set((v), (int)(i))
#define atomic_long_add(i, v)		atomic_add((int)(i), (v))
#define atomic_long_sub(i, v)		atomic_sub((int)(i), (v))
#define atomic_long_inc(v)		atomic_inc(v)
#define atomic_long_dec(v)		atomic_dec(v)
#define atomic_long_add_return(i, v)	((long)atomic_add_return((int)(i), (v)))

#endif
