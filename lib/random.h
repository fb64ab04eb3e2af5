/*
 * lib/random.h - a small generator of repeatable random numbers.
 *
 * Theory.  A test that goes red must go red again: every random test names its seed and draws
 * from a state of its own.  The generator is xorshift128 (period 2^128 - 1), seeded through
 * splitmix64 so that neighbouring seeds give unrelated streams.  Four shifts and xors a draw,
 * no multiplication, no table.  It is not for secrets.
 *
 * Locking: one state, one user.
 * References: Marsaglia, "Xorshift RNGs", 2003; Steele, Lea, Flood, "Fast Splittable
 * Pseudorandom Number Generators", 2014.
 */
#ifndef OCTAVO_LIB_RANDOM_H
#define OCTAVO_LIB_RANDOM_H

#include <lib/types.h>

struct rnd_state {
	u32 s[4];		/* never all zero */
};

void prandom_seed(struct rnd_state *state, u64 seed);
u32 prandom_u32(struct rnd_state *state);

/* Evenly among 0 .. n - 1.  => n != 0 */
u32 prandom_below(struct rnd_state *state, u32 n);

void prandom_bytes(struct rnd_state *state, void *buf, size_t n);

#endif /* OCTAVO_LIB_RANDOM_H */
