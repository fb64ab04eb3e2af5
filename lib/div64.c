/*
 * lib/div64.c - a 64-bit number divided by a 64-bit number.
 *
 * Theory.  If the divisor v fits 32 bits, two DIV instructions do (lib/div64.h).  Else let n be
 * the number of bits of v above bit 31, so that v >> n has its top bit at 31, and divide
 * u >> n by v >> n: the divisor fits and the quotient is an estimate of u / v.
 *
 * How good is it?  Cutting off v's low bits makes the estimate too large, by a factor below
 * 1 + 2^-31; as u / v < 2^(33-n) with n >= 1, that is an error below 2^(2-n) <= 2.  Cutting off
 * u's low bits makes it smaller by less than one.  So the estimate is at most 2 too large, and
 * never too small: the true quotient is found among estimate - 2 .. estimate by at most two
 * comparisons, none of which can overflow, because they start from below.
 *
 * Interface: lib/div64.h.
 * References: Warren, Hacker's Delight, ch. 9.
 */
#include <lib/div64.h>
#include <lib/bitops.h>

u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	u32 high = (u32)(divisor >> 32), rem32;
	u64 quot;
	int n;

	if (!high) {
		quot = div_u64_rem(dividend, (u32)divisor, &rem32);
		*remainder = rem32;
		return quot;
	}
	n = fls(high);
	quot = div_u64(dividend >> n, (u32)(divisor >> n));
	quot = quot > 2 ? quot - 2 : 0;
	dividend -= quot * divisor;
	while (dividend >= divisor) {
		dividend -= divisor;
		quot++;
	}
	*remainder = dividend;
	return quot;
}
