/* host-test: lib/div64.c lib/random.c */
/*
 * tests/host/div64_test.c - 64-bit division against the host's own.
 */
#include <tests/host/host.h>
#include <lib/div64.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define NR_ROUNDS	1000000

static struct rnd_state rnd;

/* Numbers of every length, many of them all ones, a power of two, or next to one. */
static u64 random_number(void)
{
	u64 x = (u64)prandom_u32(&rnd) << 32 | prandom_u32(&rnd);

	if (!prandom_below(&rnd, 3))
		x = (prandom_below(&rnd, 2) ? ~0ULL : 1ULL << 63) + prandom_below(&rnd, 3) - 1;
	return x >> prandom_below(&rnd, 64);
}

/* A million quotients and remainders of random numbers, divisors of both widths. */
HOST_TEST(against_the_host)
{
	prandom_seed(&rnd, 22);
	for (int i = 0; i < NR_ROUNDS; i++) {
		u64 n = random_number(), d = random_number(), quot = n, rem;
		u32 rem32, d32;

		if (!d)
			continue;
		CHECK(div64_u64_rem(n, d, &rem) == n / d);
		CHECK(rem == n % d);
		CHECK(div64_u64(n, d) == n / d);
		d32 = (u32)d;
		if (!d32)
			continue;
		CHECK(div_u64_rem(n, d32, &rem32) == n / d32 && rem32 == n % d32);
		CHECK(div_u64(n, d32) == n / d32);
		rem32 = do_div(quot, d32);
		CHECK(quot == n / d32 && rem32 == n % d32);
	}
}

/* Signed division rounds towards zero, as C does. */
HOST_TEST(signed_division)
{
	prandom_seed(&rnd, 23);
	for (int i = 0; i < NR_ROUNDS; i++) {
		s64 n = (s64)random_number();
		s32 d = (s32)random_number();

		if (prandom_below(&rnd, 2))
			n = (s64)-(u64)n;
		if (!d || (n == LLONG_MIN && d == -1))
			continue;
		CHECK(div_s64(n, d) == n / d);
	}
}

HOST_MAIN(against_the_host, signed_division)
