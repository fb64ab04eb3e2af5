/* host-test: lib/bitmap.c lib/string.c lib/random.c */
/*
 * tests/host/bitmap_test.c - bitmaps and bit operations against an array of bool.
 */
#include <tests/host/host.h>
#include <lib/bitmap.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define MAX_BITS	300
#define NR_ROUNDS	20000

static bool model[MAX_BITS];
static DECLARE_BITMAP(map, MAX_BITS);

static unsigned long model_next(unsigned long size, unsigned long offset, bool value)
{
	while (offset < size && model[offset] != value)
		offset++;
	return offset < size ? offset : size;
}

static unsigned long model_area(unsigned long size, unsigned long start, unsigned int nr,
				unsigned long align_mask)
{
	for (unsigned long first = start; first + nr <= size; first++) {
		if ((first & align_mask) || first >= size)
			continue;
		if (model_next(first + nr, first, true) == first + nr)
			return first;
	}
	return size;
}

static void compare(unsigned long size)
{
	unsigned long weight = 0, last = size;

	for (unsigned long i = 0; i < size; i++) {
		CHECK_EQ(test_bit(i, map), model[i]);
		weight += model[i];
		if (model[i])
			last = i;
	}
	CHECK_EQ(bitmap_weight(map, size), weight);
	CHECK_EQ(find_last_bit(map, size), last);
	CHECK_EQ(bitmap_empty(map, size), weight == 0);
	CHECK_EQ(bitmap_full(map, size), weight == size);
}

static void compare_searches(struct rnd_state *rnd, unsigned long size)
{
	unsigned long offset = prandom_below(rnd, size + 3);
	unsigned long align_mask = (1UL << prandom_below(rnd, 5)) - 1;
	unsigned int nr = 1 + prandom_below(rnd, 40);

	CHECK_EQ(find_next_bit(map, size, offset), model_next(size, offset, true));
	CHECK_EQ(find_next_zero_bit(map, size, offset), model_next(size, offset, false));
	CHECK_EQ(find_first_bit(map, size), model_next(size, 0, true));
	CHECK_EQ(find_first_zero_bit(map, size), model_next(size, 0, false));
	CHECK_EQ(bitmap_find_next_zero_area(map, size, offset, nr, align_mask),
		 model_area(size, offset, nr, align_mask));
}

/* Random ranges set and cleared, then every search, agree with an array of bool. */
HOST_TEST(random_ranges)
{
	struct rnd_state rnd;

	prandom_seed(&rnd, 6);
	for (int round = 0; round < NR_ROUNDS; round++) {
		unsigned long size = 1 + prandom_below(&rnd, MAX_BITS);
		unsigned int start = prandom_below(&rnd, MAX_BITS);
		unsigned int nr = prandom_below(&rnd, MAX_BITS - start + 1);
		bool value = prandom_below(&rnd, 3) == 0;

		if (prandom_below(&rnd, 4))
			nr = min(nr, prandom_below(&rnd, 9));
		if (value)
			bitmap_set(map, start, nr);
		else
			bitmap_clear(map, start, nr);
		for (unsigned int i = start; i < start + nr; i++)
			model[i] = value;
		if (round % 8 == 0)
			compare(size);
		compare_searches(&rnd, size);
	}
	compare(MAX_BITS);
}

/* for_each_set_bit and for_each_clear_bit visit every bit of their kind once, in order. */
HOST_TEST(walks)
{
	unsigned long bit, expected = 0;

	for_each_set_bit(bit, map, MAX_BITS) {
		expected = model_next(MAX_BITS, expected, true);
		CHECK_EQ(bit, expected);
		expected++;
	}
	CHECK_EQ(model_next(MAX_BITS, expected, true), MAX_BITS);
	expected = 0;
	for_each_clear_bit(bit, map, MAX_BITS) {
		expected = model_next(MAX_BITS, expected, false);
		CHECK_EQ(bit, expected);
		expected++;
	}
	CHECK_EQ(model_next(MAX_BITS, expected, false), MAX_BITS);
}

/* Zero, fill and copy change whole words and nothing beyond them. */
HOST_TEST(whole_maps)
{
	unsigned long words[4] = { 1, 2, 3, 4 }, copy[4] = { 0 };

	bitmap_fill(words, 2 * BITS_PER_LONG - 3);
	CHECK(words[0] == ~0UL && words[1] == ~0UL && words[2] == 3 && words[3] == 4);
	bitmap_copy(copy, words, 3 * BITS_PER_LONG);
	CHECK(copy[1] == ~0UL && copy[2] == 3 && copy[3] == 0);
	bitmap_zero(words, BITS_PER_LONG + 1);
	CHECK(words[0] == 0 && words[1] == 0 && words[2] == 3);
}

/* The single-bit operations, atomic and not, change one bit and return what it was. */
HOST_TEST(single_bits)
{
	unsigned long words[3];

	for (unsigned long nr = 0; nr < 3 * BITS_PER_LONG; nr++) {
		memset(words, 0, sizeof(words));
		CHECK(!test_and_set_bit(nr, words) && test_and_set_bit(nr, words));
		CHECK(words[nr / BITS_PER_LONG] == 1UL << nr % BITS_PER_LONG);
		CHECK_EQ(bitmap_weight(words, 3 * BITS_PER_LONG), 1);
		CHECK(test_and_clear_bit(nr, words) && !test_and_clear_bit(nr, words));
		CHECK(!test_and_change_bit(nr, words) && test_and_change_bit(nr, words));
		CHECK(!__test_and_set_bit(nr, words) && __test_and_set_bit(nr, words));
		CHECK(__test_and_change_bit(nr, words) && !__test_and_change_bit(nr, words));
		CHECK(__test_and_clear_bit(nr, words) && !__test_and_clear_bit(nr, words));
		set_bit(nr, words);
		CHECK(test_bit(nr, words));
		clear_bit(nr, words);
		change_bit(nr, words);
		CHECK(test_bit(nr, words));
		__clear_bit(nr, words);
		__set_bit(nr, words);
		__change_bit(nr, words);
		CHECK(!test_and_set_bit_lock(nr, words));
		clear_bit_unlock(nr, words);
		CHECK(bitmap_empty(words, 3 * BITS_PER_LONG));
	}
}

static int naive_fls(u64 x)
{
	int n = 0;

	for (; x; x >>= 1)
		n++;
	return n;
}

/* Searching and rounding of single words, against loops over their bits. */
HOST_TEST(words)
{
	struct rnd_state rnd;

	CHECK(ffs(0) == 0 && fls(0) == 0 && fls64(0) == 0 && order_base_2(0) == 0);
	prandom_seed(&rnd, 7);
	for (int i = 0; i < 10000; i++) {
		u32 x = prandom_u32(&rnd) >> prandom_below(&rnd, 32);
		unsigned int weight = 0, low = 0;

		if (!x)
			continue;
		for (int bit = 0; bit < 32; bit++)
			weight += x >> bit & 1;
		while (!(x >> low & 1))
			low++;
		CHECK_EQ(hweight32(x), weight);
		CHECK_EQ(__ffs(x), low);
		CHECK_EQ(ffs((int)x), low + 1);
		CHECK_EQ(fls(x), naive_fls(x));
		CHECK_EQ(__fls(x), naive_fls(x) - 1);
		CHECK_EQ(ilog2(x), naive_fls(x) - 1);
		CHECK_EQ(fls64((u64)x << 17), naive_fls((u64)x << 17));
		CHECK_EQ(is_power_of_2(x), weight == 1);
		CHECK_EQ(order_base_2(x), naive_fls(x) - (weight == 1));
		CHECK_EQ(ror32(rol32(x, low), low), x);
		CHECK_EQ(ffz(~(unsigned long)x), low);
		if (x <= 0x80000000U)
			CHECK(roundup_pow_of_two(x) >= x && roundup_pow_of_two(x) / 2 < x);
		CHECK(rounddown_pow_of_two(x) <= x && x - rounddown_pow_of_two(x) <
						      rounddown_pow_of_two(x));
	}
}

HOST_MAIN(random_ranges, walks, whole_maps, single_bits, words)
