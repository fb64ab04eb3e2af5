/*
 * swap_load: three times as much memory as is free is written and read again, in order and at random, by
 * several processes that share a part of it; each word is what was last stored there.  After it swap is as
 * empty as before.
 */
#define _GNU_SOURCE
#include <sys/sysinfo.h>

#include "mm.h"
#include "smp.h"

#define CHILDREN	3
#define VISITS		3000u

static unsigned int *area;
static unsigned int pages;

/* The words of a page: what it is, who wrote it last, and how often. */
static void put(unsigned int page, unsigned int who, unsigned int times)
{
	volatile unsigned int *p = area + page * 1024;

	p[0] = page;
	p[1] = who;
	p[2] = times;
	p[1023] = page ^ who ^ times;
}

static int holds(unsigned int page, unsigned int who, unsigned int times)
{
	const volatile unsigned int *p = area + page * 1024;

	return p[0] == page && p[1] == who && p[2] == times && p[1023] == (page ^ who ^ times) && !p[512];
}

/* After fork: some pages become one's own, most stay shared; none may be another's. */
static int child(void *arg)
{
	unsigned int who = (unsigned int)(long)arg, seed = who * 7919, i, page, step = 16 * CHILDREN;
	unsigned int wrong = 0;

	for (page = who; page < pages; page += step) {
		wrong += !holds(page, 0, 1);
		put(page, who, 2);
	}
	for (i = 0; i < VISITS; i++) {
		page = draw(&seed) % pages;
		wrong += page % step == who ? !holds(page, who, 2) : !holds(page, 0, 1);
	}
	expect_eq(wrong, 0u);
	return 0;
}

int main(void)
{
	struct sysinfo before, after;
	unsigned long long free_bytes, swap_bytes;
	unsigned int page, wrong = 0;
	int i;

	must(sysinfo(&before) == 0);
	free_bytes = (unsigned long long)before.freeram * before.mem_unit;
	swap_bytes = (unsigned long long)before.freeswap * before.mem_unit;
	if (swap_bytes < (24u << 20) || free_bytes > (64u << 20))
		skip("needs swap and little memory (MEM=16 SWAP=64)");
	pages = (unsigned int)(free_bytes / PAGE * 3);
	if (pages > swap_bytes / PAGE * 2 / 3)
		pages = (unsigned int)(swap_bytes / PAGE * 2 / 3);
	area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area != MAP_FAILED);
	for (page = 0; page < pages; page++)
		put(page, 0, 1);
	for (page = 0; page < pages; page++)
		wrong += !holds(page, 0, 1);
	expect_eq(wrong, 0u);
	for (i = 1; i <= CHILDREN; i++)
		start_process(child, i);
	join_workers();
	for (page = pages; page-- > 0; )
		wrong += !holds(page, 0, 1);
	expect_eq(wrong, 0u);
	must(munmap(area, pages * PAGE) == 0);
	must(sysinfo(&after) == 0);
	expect((before.freeswap - after.freeswap) * before.mem_unit <= (2u << 20));
	return test_result();
}
