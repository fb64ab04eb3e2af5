/*
 * tests/kernel/mm/cache/readahead_test.c - what is read before it is asked for, and what is not.
 */
#include <tests/kernel/mm/cache/toy_space.h>

#include <kernel/core/ktest.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/mm_types.h>

/* Every page of the file was transferred once, and holds its word. */
static void check_all_read_once(struct ktest *t, struct toy_space *toy, unsigned long pages)
{
	unsigned long i;

	KEXPECT_EQ(t, toy->pages_read, (unsigned int)pages);
	for (i = 0; i < pages; i++)
		KASSERT_EQ(t, toy_read(toy, i, 1), (long)i + 1000);
	KEXPECT_EQ(t, toy->pages_read, (unsigned int)pages);
}

/* Page by page: the windows double up to the limit, and each is there before it is needed. */
KTEST(readahead, sequential_grows)
{
	static const unsigned int sizes[] = { 4, 8, 16, 32, 32, 32, 32, 32, 12 };
	struct toy_space *toy = toy_open(200);
	unsigned long i, at = 0;

	for (i = 0; i < 200; i++) {
		KEXPECT(t, i == 0 || toy_cached(toy, i));
		KEXPECT_EQ(t, toy_read(toy, i, 1), (long)i + 1000);
	}
	KEXPECT_EQ(t, toy->nr_runs, (unsigned int)ARRAY_SIZE(sizes));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KEXPECT_EQ(t, toy->runs[i].index, at);
		KEXPECT_EQ(t, toy->runs[i].nr, sizes[i]);
		at += sizes[i];
	}
	check_all_read_once(t, toy, 200);
	toy_close(toy);
}

/* A reader of large pieces gets the largest window at once. */
KTEST(readahead, large_requests)
{
	struct toy_space *toy = toy_open(256);
	unsigned long i;

	for (i = 0; i < 256; i++)
		KEXPECT_EQ(t, toy_read(toy, i, 64 - i % 64), (long)i + 1000);
	KEXPECT_EQ(t, toy->runs[0].nr, (unsigned int)TOY_RA_PAGES);
	KEXPECT(t, toy->nr_runs <= 256 / TOY_RA_PAGES + 1);
	check_all_read_once(t, toy, 256);
	toy_close(toy);
}

/* Reads that follow no order get what they ask for, and nothing more. */
KTEST(readahead, random_reads_exactly)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	unsigned int i;

	for (i = 1; i < 40; i++)
		KEXPECT_EQ(t, toy_read(toy, (i * 199) % TOY_PAGES, 1),
			   (long)((i * 199) % TOY_PAGES) + 1000);
	KEXPECT_EQ(t, toy->pages_read, 39u);
	toy->pages_read = 0;
	toy_read(toy, 3, 3);
	KEXPECT_EQ(t, toy->pages_read, 3u);
	KEXPECT(t, !toy_cached(toy, 6));
	toy_close(toy);
}

/* POSIX_FADV_RANDOM: no window, but one transfer for what one read wants. */
KTEST(readahead, switched_off)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	unsigned long i;

	toy->ra.ra_pages = 0;
	for (i = 0; i < 8; i++)
		toy_read(toy, i, 8 - i);
	KEXPECT_EQ(t, toy->pages_read, 8u);
	KEXPECT_EQ(t, toy->nr_runs, 1u);
	for (; i < 16; i++)
		toy_read(toy, i, 1);
	KEXPECT_EQ(t, toy->pages_read, 16u);
	toy_close(toy);
}

/* Two streams by one descriptor: the marks in the pages keep both going. */
KTEST(readahead, interleaved_streams)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	unsigned int i, missed = 0;

	for (i = 0; i < 128; i++) {
		missed += !toy_cached(toy, i) + !toy_cached(toy, 256 + i);
		KEXPECT_EQ(t, toy_read(toy, i, 1), (long)i + 1000);
		KEXPECT_EQ(t, toy_read(toy, 256 + i, 1), (long)i + 1256);
	}
	KEXPECT(t, missed <= 8);
	KEXPECT(t, toy->nr_runs <= 24);
	/* Neither stream was given more than two windows in excess. */
	KEXPECT(t, toy->pages_read <= 2 * (128 + 2 * TOY_RA_PAGES));
	toy_close(toy);
}

/* A reader in the middle of what others have read needs no beginning. */
KTEST(readahead, joins_a_stream)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	unsigned long i;

	for (i = 100; i < 116; i++)
		toy_read(toy, i, 1);
	file_ra_state_init(&toy->ra, &toy->inode.i_data);
	toy->nr_runs = 0;
	for (; toy_cached(toy, i); i++)
		;
	toy_read(toy, i, 1);
	KEXPECT_EQ(t, toy->nr_runs, 1u);
	KEXPECT(t, toy->runs[0].nr > 8);
	toy_close(toy);
}

/* The end of the file is the end; an empty file is not read at all. */
KTEST(readahead, stops_at_the_end)
{
	struct toy_space *toy = toy_open(3);

	KEXPECT_EQ(t, toy_read(toy, 0, 1), 1000l);
	KEXPECT_EQ(t, toy->pages_read, 3u);
	KEXPECT_EQ(t, toy->inode.i_data.nrpages, 3ul);
	force_page_cache_readahead(&toy->inode.i_data, NULL, 3, 100);
	force_page_cache_readahead(&toy->inode.i_data, NULL, ~0ul, 100);
	KEXPECT_EQ(t, toy->pages_read, 3u);
	toy_close(toy);
}

/* A page that cannot be read fails its reader, and nobody else; the next attempt may do better. */
KTEST(readahead, error_in_the_window)
{
	struct toy_space *toy = toy_open(64);
	unsigned long i;

	toy->fail_index = 5;
	for (i = 0; i < 64; i++)
		KEXPECT_EQ(t, toy_read(toy, i, 1), i == 5 ? -(long)EIO : (long)i + 1000);
	toy->fail_index = ~0ul;
	KEXPECT_EQ(t, toy_read(toy, 5, 1), 1005l);
	toy_close(toy);
}

/* WILLNEED reads all that is missing, in runs around what is there. */
KTEST(readahead, forced)
{
	struct toy_space *toy = toy_open(128);

	toy->ra.ra_pages = 0;
	toy_read(toy, 20, 1);
	force_page_cache_readahead(&toy->inode.i_data, NULL, 10, 50);
	KEXPECT_EQ(t, toy->pages_read, 50u);
	KEXPECT_EQ(t, toy->nr_runs, 4u);
	KEXPECT_EQ(t, toy->runs[1].nr, 10u);
	KEXPECT_EQ(t, toy->runs[2].index, 21ul);
	KEXPECT_EQ(t, toy->runs[2].nr, 32u);
	KEXPECT(t, !toy_cached(toy, 9) && !toy_cached(toy, 60));
	toy_close(toy);
}

static long fault(struct toy_space *toy, unsigned long index, unsigned long vm_flags, bool *major)
{
	struct address_space *mapping = &toy->inode.i_data;
	struct page *page = fault_page_ahead(mapping, &toy->ra, NULL, find_get_page(mapping, index),
					     index, vm_flags, major);

	if (IS_ERR(page))
		return PTR_ERR(page);
	put_page(page);
	return 0;
}

/* Faults read around, or ahead, or nothing more, as the area says; many in vain stop it. */
KTEST(readahead, faults)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	unsigned int i;
	bool major;

	KEXPECT_EQ(t, fault(toy, 100, 0, &major), 0l);
	KEXPECT(t, major);
	KEXPECT_EQ(t, toy->runs[0].index, 100ul - TOY_RA_PAGES / 2);
	KEXPECT_EQ(t, toy->runs[0].nr, (unsigned int)TOY_RA_PAGES);
	KEXPECT_EQ(t, fault(toy, 101, 0, &major), 0l);
	KEXPECT(t, !major);
	/* The mark lies a quarter before the end, and brings the next window. */
	KEXPECT_EQ(t, fault(toy, 108, 0, &major), 0l);
	KEXPECT(t, !major && toy_cached(toy, 116));
	KEXPECT_EQ(t, fault(toy, 300, VM_RAND_READ, &major), 0l);
	KEXPECT(t, major && !toy_cached(toy, 301) && !toy_cached(toy, 299));
	KEXPECT_EQ(t, fault(toy, 400, VM_SEQ_READ, &major), 0l);
	KEXPECT(t, major && !toy_cached(toy, 399) && toy_cached(toy, 400 + TOY_RA_PAGES - 1));
	toy_close(toy);

	toy = toy_open(TOY_PAGES);
	for (i = 0; i <= 100; i++) {
		truncate_inode_pages(&toy->inode.i_data, 0);
		fault(toy, 256, 0, &major);
	}
	toy->pages_read = 0;
	KEXPECT_EQ(t, fault(toy, 100, 0, &major), 0l);
	KEXPECT_EQ(t, toy->pages_read, 1u);
	file_ra_hit(&toy->ra, 50);
	KEXPECT_EQ(t, fault(toy, 10, 0, &major), 0l);
	KEXPECT(t, toy->pages_read > 1);
	toy_close(toy);
}

/* Whatever the order, the sizes and the memory: each reader gets his word, and no page is read twice. */
KTEST(readahead, random_walk)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed(&rnd, ktest_seed(0x9a0e7));
	for (i = 0; i < 3000; i++) {
		unsigned long index = prandom_below(&rnd, TOY_PAGES);
		unsigned long nr = 1 + prandom_below(&rnd, 40), n;

		if (!prandom_below(&rnd, 64))
			truncate_inode_pages(&toy->inode.i_data, 0);
		fail_alloc_set(prandom_below(&rnd, 4) ? 0 : 7);
		for (n = 0; n < nr && index + n < TOY_PAGES; n++) {
			long word = toy_read(toy, index + n, nr - n);

			if (word != -ENOMEM)
				KASSERT_EQ(t, word, (long)(index + n) + 1000);
		}
		fail_alloc_set(0);
		KASSERT(t, toy->inode.i_data.nrpages <= TOY_PAGES);
	}
	toy_close(toy);
}
