/*
 * lib/kernel.h - small arithmetic that every file uses.
 *
 * Theory.  Each macro evaluates its arguments once.  min and max refuse to compare values of
 * different types, because a silent conversion between signed and unsigned is how length
 * checks are lost; min_t and max_t name the type to compare in.  ALIGN and its kin take
 * powers of two only; round_up is the same word for the same thing, roundup takes any step.
 *
 * Nothing here knows the size of a page: PAGE_ALIGN belongs to kernel/arch/page.h.
 */
#ifndef OCTAVO_LIB_KERNEL_H
#define OCTAVO_LIB_KERNEL_H

#ifndef __OCTAVO__
#include <limits.h>
#endif

#include <lib/compiler.h>
#include <lib/types.h>

#define __min_max(x, y, op, ux, uy) ({			\
	__typeof__(x) ux = (x);				\
	__typeof__(y) uy = (y);				\
	(void)(&ux == &uy);				\
	ux op uy ? ux : uy; })

#define min(x, y)	__min_max(x, y, <, __UNIQUE_ID(__x_), __UNIQUE_ID(__y_))
#define max(x, y)	__min_max(x, y, >, __UNIQUE_ID(__x_), __UNIQUE_ID(__y_))

#define min_t(type, x, y)	min((type)(x), (type)(y))
#define max_t(type, x, y)	max((type)(x), (type)(y))
#define min3(x, y, z)		min(min(x, y), z)
#define max3(x, y, z)		max(max(x, y), z)
#define clamp(val, lo, hi)	min(max(val, lo), hi)
#define clamp_t(type, val, lo, hi)	clamp((type)(val), (type)(lo), (type)(hi))

#define swap(a, b)								\
	do { __typeof__(a) __tmp = (a); (a) = (b); (b) = __tmp; } while (0)

#define abs(x) ({ __typeof__(x) __a = (x); __a < 0 ? -__a : __a; })

/* @a must be a power of two. */
#define __ALIGN_MASK(x, mask)	(((x) + (mask)) & ~(mask))
#define ALIGN(x, a)		__ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define PTR_ALIGN(p, a)		((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define round_up(x, a)		ALIGN(x, a)
#define round_down(x, a)	ALIGN_DOWN(x, a)

/* Any positive step, for types up to a machine word. */
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define roundup(x, step)	(DIV_ROUND_UP(x, step) * (step))
#define rounddown(x, step)	((x) - (x) % (step))

#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))

#ifdef __OCTAVO__
#define INT_MAX		((int)(~0U >> 1))
#define INT_MIN		(-INT_MAX - 1)
#define UINT_MAX	(~0U)
#define LONG_MAX	((long)(~0UL >> 1))
#define LONG_MIN	(-LONG_MAX - 1)
#define ULONG_MAX	(~0UL)
#define LLONG_MAX	((long long)(~0ULL >> 1))
#define LLONG_MIN	(-LLONG_MAX - 1)
#define ULLONG_MAX	(~0ULL)
#define SSIZE_MAX	((ssize_t)(~(size_t)0 >> 1))
#endif

#endif /* OCTAVO_LIB_KERNEL_H */
