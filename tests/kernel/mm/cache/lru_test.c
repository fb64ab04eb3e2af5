/*
 * tests/kernel/mm/cache/lru_test.c - which page is on which list, and that none is forgotten.
 */
#include <tests/kernel/mm/cache/toy_space.h>

#include <kernel/core/ktest.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <mm/cache/swap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/mlock.h>

static long inactive(void)
{
	return (long)global_page_state(NR_INACTIVE_FILE);
}

static long active(void)
{
	return (long)global_page_state(NR_ACTIVE_FILE);
}

/* Read page @index as one who wants only it. => the page, with a reference */
static struct page *one_page(struct toy_space *toy, unsigned long index)
{
	toy->ra.ra_pages = 0;
	toy_read(toy, index, 1);
	lru_add_drain();
	return find_get_page(&toy->inode.i_data, index);
}

/* A page comes in as inactive, is active after a second use, and leaves when it is freed. */
KTEST(lru, used_twice)
{
	struct toy_space *toy = toy_open(8);
	long inactive_before = inactive(), active_before = active();
	struct page *page = one_page(toy, 3);

	KASSERT(t, page && PageLRU(page));
	KEXPECT_EQ(t, inactive(), inactive_before + 1);
	ClearPageReferenced(page);
	toy_read(toy, 3, 1);
	KEXPECT(t, PageReferenced(page) && !PageActive(page));
	toy_read(toy, 3, 1);
	KEXPECT(t, PageActive(page) && !PageReferenced(page));
	KEXPECT_EQ(t, inactive(), inactive_before);
	KEXPECT_EQ(t, active(), active_before + 1);
	KEXPECT_EQ(t, lru_check(), 0);
	toy_read(toy, 3, 1);
	KEXPECT(t, PageActive(page) && PageReferenced(page));
	truncate_inode_pages(&toy->inode.i_data, 0);
	KEXPECT(t, !page->mapping && PageLRU(page));
	KEXPECT_EQ(t, lru_check(), 0);
	put_page(page);
	KEXPECT_EQ(t, active(), active_before);
	toy_close(toy);
}

/* Reading a page bit by bit is one use. */
KTEST(lru, small_reads_are_one_use)
{
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 2);
	unsigned int i;

	KASSERT(t, page);
	ClearPageReferenced(page);
	for (i = 0; i < 8; i++) {
		loff_t pos = 2 * PAGE_SIZE + i * 512;

		put_page(read_page_ahead(&toy->inode.i_data, &toy->ra, NULL,
					 find_get_page(&toy->inode.i_data, 2), pos, 1));
		toy->ra.prev_pos = pos + 512;
	}
	KEXPECT(t, PageReferenced(page) && !PageActive(page));
	put_page(page);
	toy_close(toy);
}

/* Pages come in batches; one that only its batch still has is freed, not put on a list. */
KTEST(lru, truncated_in_the_batch)
{
	struct toy_space *toy = toy_open(8);
	long before = inactive();
	struct page *page;

	lru_add_drain();
	toy->ra.ra_pages = 0;
	toy_read(toy, 5, 1);
	page = find_get_page(&toy->inode.i_data, 5);
	KASSERT(t, page);
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, inactive(), before);
	truncate_inode_pages(&toy->inode.i_data, 0);
	put_page(page);
	KEXPECT_EQ(t, page_count(page), 1);
	lru_add_drain();
	KEXPECT_EQ(t, page_count(page), 0);
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, inactive(), before);
	toy_close(toy);
}

/* What lives in memory is on no list, however often it is used. */
KTEST(lru, not_for_memory)
{
	struct toy_space *toy = toy_open(8);
	struct page *page;

	toy->inode.i_data.backing_dev_info = &noop_backing_dev_info;
	page = one_page(toy, 1);
	KASSERT(t, page);
	KEXPECT(t, !PageLRU(page) && page_is_plain(page));
	mark_page_accessed(page);
	mark_page_accessed(page);
	KEXPECT(t, !PageActive(page));
	rotate_reclaimable_page(page);
	put_page(page);
	toy_close(toy);
}

/* A page that is locked in memory is off the lists, wherever it was: on one, in a batch, in hands. */
KTEST(lru, mlocked_pages_leave)
{
	struct toy_space *toy = toy_open(8);
	long before = inactive();
	struct page *page = one_page(toy, 0), *taken[1];

	KASSERT(t, page);
	atomic_set(&page->_mapcount, 1);	/* as if mapped twice: mlock_check */
	mlock_page(page);
	KEXPECT(t, !PageLRU(page) && PageMlocked(page));
	KEXPECT_EQ(t, inactive(), before);
	mlock_page(page);
	munlock_page(page);
	munlock_page(page);
	mlock_page(page);			/* it waits in the batch */
	lru_add_drain();
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, page->mlock_count, 1ul);
	munlock_page(page);
	lru_add_drain();
	KEXPECT(t, PageLRU(page));
	KASSERT_EQ(t, isolate_lru_pages(page_zone(page), LRU_INACTIVE_FILE, taken, 1), 1u);
	get_page(page);
	mlock_page(page);
	putback_lru_pages(taken, 1);
	KEXPECT(t, taken[0] != page || !PageLRU(page));
	munlock_page(page);
	put_page(page);
	lru_add_drain();
	KEXPECT(t, PageLRU(page));
	KEXPECT_EQ(t, inactive(), before + 1);
	atomic_set(&page->_mapcount, -1);
	put_page(page);
	toy_close(toy);
}

/* Reclaim takes the oldest first; what it puts back is the newest; a clean one goes to the end. */
KTEST(lru, order)
{
	struct toy_space *toy = toy_open(8);
	struct page *a = one_page(toy, 0), *b = one_page(toy, 1), *taken[8];
	struct zone *zone = page_zone(a);

	KASSERT(t, page_zone(b) == zone && inactive() == 2);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 1), 1u);
	KEXPECT(t, taken[0] == a && !PageLRU(a));
	KEXPECT_EQ(t, inactive(), 1l);
	putback_lru_pages(taken, 1);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 8), 2u);
	KEXPECT(t, taken[0] == b && taken[1] == a);
	putback_lru_pages(taken, 2);
	rotate_reclaimable_page(a);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 1), 1u);
	KEXPECT(t, taken[0] == a);
	/* Truncated while in reclaim's hands. */
	truncate_inode_pages(&toy->inode.i_data, 0);
	putback_lru_pages(taken, 1);
	KEXPECT(t, PageLRU(a));
	put_page(a);
	KEXPECT(t, !page_count(a) && !PageLRU(a));
	put_page(b);
	toy_close(toy);
}

/* Invalidation takes what is clean and idle, and leaves all else. */
KTEST(lru, invalidate)
{
	struct toy_space *toy = toy_open(64);
	struct address_space *mapping = &toy->inode.i_data;
	struct page *held, *dirty, *locked;

	force_page_cache_readahead(mapping, NULL, 0, 64);
	lru_add_drain();
	held = find_get_page(mapping, 10);
	dirty = find_get_page(mapping, 20);
	locked = find_lock_page(mapping, 30);
	SetPageDirty(dirty);
	put_page(dirty);
	KEXPECT_EQ(t, invalidate_mapping_pages(mapping, 5, 40), 33ul);
	KEXPECT_EQ(t, mapping->nrpages, 31ul);
	KEXPECT(t, toy_cached(toy, 4) && toy_cached(toy, 41) && toy_cached(toy, 10) &&
		   toy_cached(toy, 20) && toy_cached(toy, 30) && !toy_cached(toy, 40));
	ClearPageDirty(dirty);
	unlock_page(locked);
	put_page(locked);
	put_page(held);
	KEXPECT_EQ(t, invalidate_mapping_pages(mapping, 0, ~0ul), 31ul);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	toy_close(toy);
}

/* The stricter one does not ask whether a page is in use, only whether it is newer than the disk. */
KTEST(lru, invalidate_after_direct_io)
{
	struct toy_space *toy = toy_open(16);
	struct address_space *mapping = &toy->inode.i_data;
	struct page *held, *dirty;

	force_page_cache_readahead(mapping, NULL, 0, 16);
	held = find_get_page(mapping, 3);
	dirty = find_get_page(mapping, 4);
	SetPageDirty(dirty);
	KEXPECT_EQ(t, invalidate_inode_pages2_range(mapping, 2, 8), -EBUSY);
	KEXPECT(t, !held->mapping && !PageUptodate(held) && dirty->mapping);
	KEXPECT_EQ(t, mapping->nrpages, 10ul);
	ClearPageDirty(dirty);
	KEXPECT_EQ(t, invalidate_inode_pages2_range(mapping, 0, ~0ul), 0);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	put_page(held);
	put_page(dirty);
	toy_close(toy);
}

/* Pages come, are used, taken, put back and thrown away in any order: the lists stay true. */
KTEST(lru, random_operations)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	struct page *taken[16];
	struct rnd_state rnd;
	unsigned int i, nr;

	prandom_seed(&rnd, ktest_seed(0x15e7));
	for (i = 0; i < 4000; i++) {
		unsigned long index = prandom_below(&rnd, TOY_PAGES);

		switch (prandom_below(&rnd, 8)) {
		case 0:
			truncate_inode_pages_range(&toy->inode.i_data, (loff_t)index << PAGE_SHIFT,
						   ((loff_t)(index + 8) << PAGE_SHIFT) - 1);
			break;
		case 1:
			invalidate_mapping_pages(&toy->inode.i_data, index, index + 20);
			break;
		case 2:
			nr = isolate_lru_pages(page_zone(pfn_to_page(0)),
					       prandom_below(&rnd, 2) ? LRU_ACTIVE_FILE :
								       LRU_INACTIVE_FILE, taken, 16);
			if (nr && prandom_below(&rnd, 2))
				truncate_inode_pages(&toy->inode.i_data, taken[0]->index << PAGE_SHIFT);
			putback_lru_pages(taken, nr);
			break;
		default:
			KASSERT_EQ(t, toy_read(toy, index, 1), (long)index + 1000);
		}
		if (i % 64 == 0)
			KASSERT_EQ(t, lru_check(), 0);
	}
	toy_close(toy);
}
