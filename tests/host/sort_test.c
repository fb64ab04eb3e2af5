/* host-test: lib/sort.c lib/random.c */
/*
 * tests/host/sort_test.c - heapsort against the C library's qsort.
 */
#include <tests/host/host.h>
#include <lib/sort.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define MAX_ELEMENTS	200
#define NR_ROUNDS	4000

static struct rnd_state rnd;
static unsigned long nr_compared;

/* An element of odd size, so that the swap by bytes is used too. */
struct odd {
	u8 key[2];
	u8 more[5];
};

static int compare_u32(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	nr_compared++;
	return *x < *y ? -1 : *x > *y;
}

static int compare_odd(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct odd));
}

static void swap_u32(void *a, void *b, int size)
{
	u32 *x = a, *y = b;

	CHECK_EQ(size, sizeof(u32));
	swap(*x, *y);
}

/* Arrays of words, with many and with few equal ones, come out as qsort leaves them. */
HOST_TEST(words)
{
	u32 ours[MAX_ELEMENTS], theirs[MAX_ELEMENTS];

	prandom_seed(&rnd, 17);
	for (int round = 0; round < NR_ROUNDS; round++) {
		size_t num = prandom_below(&rnd, MAX_ELEMENTS + 1);
		u32 range = prandom_below(&rnd, 2) ? 10 : ~0U;

		for (size_t i = 0; i < num; i++)
			ours[i] = theirs[i] = prandom_below(&rnd, range);
		sort(ours, num, sizeof(u32), compare_u32, round % 2 ? swap_u32 : NULL);
		qsort(theirs, num, sizeof(u32), compare_u32);
		CHECK(memcmp(ours, theirs, num * sizeof(u32)) == 0);
	}
}

/* Elements whose size is no multiple of a word, and that are not aligned, arrive whole. */
HOST_TEST(odd_sizes)
{
	struct odd ours[MAX_ELEMENTS], theirs[MAX_ELEMENTS];

	prandom_seed(&rnd, 18);
	for (int round = 0; round < NR_ROUNDS; round++) {
		size_t num = prandom_below(&rnd, MAX_ELEMENTS + 1);

		prandom_bytes(&rnd, ours, sizeof(ours));
		memcpy(theirs, ours, sizeof(ours));
		sort(ours, num, sizeof(struct odd), compare_odd, NULL);
		qsort(theirs, num, sizeof(struct odd), compare_odd);
		CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
	}
}

/* No order of the input costs more than 2 n log2(n) comparisons. */
HOST_TEST(worst_case)
{
	static u32 array[4096];

	prandom_seed(&rnd, 19);
	for (int kind = 0; kind < 4; kind++) {
		for (u32 i = 0; i < ARRAY_SIZE(array); i++)
			array[i] = kind == 0 ? i : kind == 1 ? ~i : kind == 2 ? 7 :
				   prandom_u32(&rnd);
		nr_compared = 0;
		sort(array, ARRAY_SIZE(array), sizeof(u32), compare_u32, NULL);
		CHECK(nr_compared <= 2 * 4096 * 12);
		for (u32 i = 1; i < ARRAY_SIZE(array); i++)
			CHECK(array[i - 1] <= array[i]);
	}
}

HOST_MAIN(words, odd_sizes, worst_case)
