/*
 * lib/random.c - a small generator of repeatable random numbers.
 *
 * Theory.  xorshift128 keeps four words and mixes the oldest with the newest by shifts and
 * xors; this is an invertible linear map on 128 bits that runs through all states but zero
 * before it repeats.  splitmix64, a counter through a strong mixing function, turns any seed,
 * 0 and 1 included, into a state with as many ones as zeroes.
 *
 * prandom_below() takes the upper half of draw * n instead of draw % n.  The draws that would
 * favour some results are drawn again: of 2^32 draws, the lowest (2^32 mod n) products of each
 * residue are surplus.  At most every second draw is wasted, for small n next to none.
 *
 * Interface: lib/random.h.  Locking: one state, one user.
 * References: Marsaglia 2003; Lemire, "Fast Random Integer Generation in an Interval", 2019.
 */
#include <lib/random.h>

/* One draw of splitmix64. */
static u64 split_mix(u64 *counter)
{
	u64 z = *counter += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void prandom_seed(struct rnd_state *state, u64 seed)
{
	u64 a = split_mix(&seed), b = split_mix(&seed);

	state->s[0] = (u32)a;
	state->s[1] = (u32)(a >> 32);
	state->s[2] = (u32)b;
	state->s[3] = (u32)(b >> 32) | 1;	/* the state of all zeroes would stay so */
}

u32 prandom_u32(struct rnd_state *state)
{
	u32 *s = state->s, t = s[0] ^ (s[0] << 11);

	s[0] = s[1];
	s[1] = s[2];
	s[2] = s[3];
	s[3] ^= (s[3] >> 19) ^ t ^ (t >> 8);
	return s[3];
}

u32 prandom_below(struct rnd_state *state, u32 n)
{
	u64 product = (u64)prandom_u32(state) * n;

	if ((u32)product < n) {
		u32 surplus = -n % n;		/* 2^32 mod n */

		while ((u32)product < surplus)
			product = (u64)prandom_u32(state) * n;
	}
	return (u32)(product >> 32);
}

void prandom_bytes(struct rnd_state *state, void *buf, size_t n)
{
	u8 *p = buf;

	while (n--)
		*p++ = (u8)(prandom_u32(state) >> 24);
}
