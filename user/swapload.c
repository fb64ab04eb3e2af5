/*
 * swapload [MIB [ROUNDS]] - work on more memory than the machine has, and prove the result.
 *
 * MIB (48) of anonymous memory are filled with numbers; then each round (3) goes over all pages,
 * forwards, backwards, or in an order without order, checks that a page holds what it was left
 * with, and changes it.  What a page must hold follows from its number and the round alone, so
 * one wrong bit is found.  At the end it says how often the disk was needed.
 */
#include <stdint.h>
#include <sys/mman.h>

#include <user/memstat.h>

#define WORDS	(PAGE / sizeof(uint32_t))

/* The word at @at of page @page after @round rounds. */
static uint32_t word(uint32_t page, uint32_t at, uint32_t round)
{
	uint32_t x = page * 2654435761u ^ at * 40503u ^ (round + 1) * 69069u;

	x ^= x >> 15;
	return x * 2246822519u;
}

/* The @i-th of @pages to be looked at in @round; @step and @pages have no common factor. */
static uint32_t order(uint32_t i, uint32_t pages, uint32_t step, unsigned int round)
{
	switch (round % 3) {
	case 0:
		return i;
	case 1:
		return pages - 1 - i;
	default:
		return (uint32_t)((uint64_t)i * step % pages);
	}
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	return b ? gcd(b, a % b) : a;
}

static void fill(uint32_t *at, uint32_t page, uint32_t round)
{
	for (uint32_t i = 0; i < WORDS; i += 64)
		at[i] = word(page, i, round);
}

static unsigned long wrong_words(const uint32_t *at, uint32_t page, uint32_t round)
{
	unsigned long wrong = 0;

	for (uint32_t i = 0; i < WORDS; i += 64)
		wrong += at[i] != word(page, i, round);
	return wrong;
}

int main(int argc, char **argv)
{
	unsigned long mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 48;
	unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 3;
	uint32_t pages = (uint32_t)(mib << 20 >> 12), step = pages * 5 / 8, page, i;
	unsigned long wrong = 0;
	unsigned int round;
	uint32_t *at;

	at = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!pages || at == MAP_FAILED) {
		fprintf(stderr, "swapload: %lu MiB cannot be had\n", mib);
		return 2;
	}
	while (gcd(step, pages) != 1)
		step++;
	for (page = 0; page < pages; page++)
		fill(at + page * WORDS, page, 0);
	for (round = 0; round < rounds; round++)
		for (i = 0; i < pages; i++) {
			page = order(i, pages, step, round);
			wrong += wrong_words(at + page * WORDS, page, round);
			fill(at + page * WORDS, page, round + 1);
		}
	for (page = 0; page < pages; page++)
		wrong += wrong_words(at + page * WORDS, page, rounds);
	printf("%lu MiB, %u rounds: %lu words wrong\n", mib, rounds, wrong);
	printf("faults that needed the disk: %ld\n", memstat().majflt);
	return wrong != 0;
}
