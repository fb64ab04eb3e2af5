/*
 * lib/div64.h - division of 64-bit numbers without a run-time library.
 *
 * Theory.  i386 divides 64 bits by 32 with one DIV, provided the quotient fits 32 bits; for a
 * longer quotient the upper word is divided first and its remainder carried down, as in long
 * division by hand with digits of 32 bits.  gcc would call libgcc's __udivdi3 for `/` on u64;
 * the kernel is not linked against libgcc, so such a division fails at link time, which is how
 * it is found.  Dividing by a 64-bit divisor is rare and out of line (lib/div64.c).
 *
 * References: SDM vol. 2A, DIV; Knuth, TAOCP vol. 2, 4.3.1.
 */
#ifndef OCTAVO_LIB_DIV64_H
#define OCTAVO_LIB_DIV64_H

#include <lib/types.h>

#ifdef __i386__
static __always_inline u32 __div64_32(u64 *n, u32 base)
{
	u32 high = (u32)(*n >> 32), low = (u32)*n, quot_high = 0, rem;

	if (high >= base) {
		quot_high = high / base;
		high %= base;
	}
	__asm__("divl %4" : "=a" (low), "=d" (rem) : "0" (low), "1" (high), "rm" (base) : "cc");
	*n = ((u64)quot_high << 32) | low;
	return rem;
}
#else
static inline u32 __div64_32(u64 *n, u32 base)
{
	u32 rem = (u32)(*n % base);

	*n /= base;
	return rem;
}
#endif

/* n /= base, for an lvalue n of type u64.  => base != 0; returns the remainder */
#define do_div(n, base) ({							\
	static_assert(sizeof(n) == sizeof(u64), "do_div: n must be u64");	\
	u64 __quot = (n);							\
	u32 __rem = __div64_32(&__quot, (base));				\
	(n) = __quot;								\
	__rem; })

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = __div64_32(&dividend, divisor);
	return dividend;
}

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	__div64_32(&dividend, divisor);
	return dividend;
}

static inline s64 div_s64(s64 dividend, s32 divisor)
{
	u64 n = dividend < 0 ? -(u64)dividend : (u64)dividend;
	u64 quot = div_u64(n, divisor < 0 ? -(u32)divisor : (u32)divisor);

	return (s64)((dividend < 0) != (divisor < 0) ? -quot : quot);
}

/* => divisor != 0; *remainder is set */
u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder);

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	u64 rem;

	return div64_u64_rem(dividend, divisor, &rem);
}

#endif /* OCTAVO_LIB_DIV64_H */
