/* host-test: lib/random.c lib/crc32.c */
/*
 * tests/host/random_test.c - the generator, and the hash functions that spread keys.
 */
#include <tests/host/host.h>
#include <lib/random.h>
#include <lib/crc32.h>
#include <lib/hash.h>

#define NR_DRAWS	100000
#define NR_BUCKETS	64

static int nr_in[NR_BUCKETS];

/* Each bucket holds its share of the draws, give or take six standard deviations. */
static void check_even(int nr_buckets)
{
	int share = NR_DRAWS / nr_buckets;

	for (int i = 0; i < nr_buckets; i++) {
		int off = nr_in[i] - share;

		CHECK(off * off < 36 * share);
		nr_in[i] = 0;
	}
}

/* One seed gives one stream; neighbouring seeds, and seed 0, give others. */
HOST_TEST(seeds)
{
	struct rnd_state a, b, c;
	int same = 0;

	prandom_seed(&a, 0);
	prandom_seed(&b, 0);
	prandom_seed(&c, 1);
	for (int i = 0; i < 1000; i++) {
		u32 x = prandom_u32(&a);

		CHECK_EQ(x, prandom_u32(&b));
		same += x == prandom_u32(&c);
	}
	CHECK(same < 2);
}

/* Numbers below n are below n, and even, for n a power of two or not. */
HOST_TEST(below_is_even)
{
	struct rnd_state rnd;

	prandom_seed(&rnd, 24);
	for (int n = 1; n <= NR_BUCKETS; n++) {
		for (int i = 0; i < NR_DRAWS; i++) {
			u32 x = prandom_below(&rnd, (u32)n);

			CHECK(x < (u32)n);
			nr_in[x]++;
		}
		check_even(n);
	}
	/* Four draws share three results here: the surplus one must be drawn again. */
	for (int i = 0; i < NR_DRAWS; i++) {
		u32 x = prandom_below(&rnd, 0xc0000000U);

		CHECK(x < 0xc0000000U);
		nr_in[x % 3]++;
	}
	check_even(3);
}

/* Neighbouring keys, as pages and pointers are, spread over all buckets. */
HOST_TEST(hashes_spread)
{
	for (u32 i = 0; i < NR_DRAWS; i++)
		nr_in[hash_32(i, 6)]++;
	check_even(NR_BUCKETS);
	for (u32 i = 0; i < NR_DRAWS; i++)
		nr_in[hash_32(i * 4096, 6)]++;
	check_even(NR_BUCKETS);
	for (unsigned long i = 0; i < NR_DRAWS; i++)
		nr_in[hash_long(i * 64, 6)]++;
	check_even(NR_BUCKETS);
	CHECK(full_name_hash("ab", 2) != full_name_hash("ba", 2));
	CHECK_EQ(full_name_hash("abc", 2), full_name_hash("ab", 2));
}

/* The published check value of CRC-32, in one piece and in two. */
HOST_TEST(crc_check_value)
{
	u32 crc = crc32_le(~0U, "123456789", 9);

	CHECK_EQ((u32)~crc, 0xcbf43926U);
	crc = crc32_le(crc32_le(~0U, "1234", 4), "56789", 5);
	CHECK_EQ((u32)~crc, 0xcbf43926U);
	CHECK_EQ(crc32_le(5, "", 0), 5);
}

HOST_MAIN(seeds, below_is_even, hashes_spread, crc_check_value)
