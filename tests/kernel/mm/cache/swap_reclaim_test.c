/*
 * tests/kernel/mm/cache/swap_reclaim_test.c - when anonymous pages go, when they stay, beside files'.
 */
#include <tests/kernel/mm/cache/swap_disk.h>
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/space/mlock.h>
#include <mm/space/vma.h>

#define AT	0x48000000UL
#define PAGES	48ul

/* Anonymous memory in which each page has its number. */
static struct mm_struct *begin(unsigned long pages)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long i;

	BUG_ON(scratch_map(AT, pages, RW) != AT);
	for (i = 0; i < pages; i++)
		BUG_ON(poke(AT + i * PAGE_SIZE, (u32)i + 7000));
	return mm;
}

static unsigned long count(unsigned long pages, bool in_swap)
{
	unsigned long i, found = 0;

	for (i = 0; i < pages; i++) {
		pte_t pte = scratch_pte(AT + i * PAGE_SIZE);

		found += in_swap ? pte_swap(pte) : pte_present(pte);
	}
	return found;
}

static unsigned long wrong_pages(unsigned long pages)
{
	unsigned long i, wrong = 0;

	for (i = 0; i < pages; i++)
		wrong += peek(AT + i * PAGE_SIZE) != (u32)i + 7000;
	return wrong;
}

/* The disk has all that was sent to it. */
static void wait_for_swap(void)
{
	while (atomic_read(&nr_swap_writing))
		msleep(1);
}

/*
 * @rounds looks at everything, as an allocation with @gfp that is near its end; a round lasts until
 * nothing more is sent to the disk.
 */
static unsigned long reclaim(gfp_t gfp, unsigned int rounds)
{
	struct scan_control sc = { .gfp_mask = gfp, .may_writepage = true };
	unsigned long out;
	struct zone *zone;

	flush_tlb_mm(current->mm);
	while (rounds--) {
		lru_add_drain_all();
		do {
			out = vm_event_sum(PSWPOUT);
			for_each_populated_zone(zone) {
				shrink_zone(zone, &sc);
				free_clean_pages(zone, ULONG_MAX);
			}
			wait_for_swap();
		} while (vm_event_sum(PSWPOUT) != out);
	}
	return sc.nr_reclaimed;
}

/* Who may not do I/O swaps nothing out; who may not enter a file system does. */
KTEST(swap_reclaim, gfp_is_respected)
{
	struct testdisk *td = swap_disk_on(256);
	unsigned long out = vm_event_sum(PSWPOUT);
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin(PAGES);
	reclaim(GFP_NOIO, 4);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out);
	KEXPECT_EQ(t, count(PAGES, false), PAGES);
	reclaim(GFP_NOFS, 6);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + PAGES);
	KEXPECT_EQ(t, count(PAGES, true), PAGES);
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* As many go as there are slots; the rest stays, and nobody turns in circles. */
KTEST(swap_reclaim, area_full)
{
	struct testdisk *td = swap_disk_on(16);
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin(PAGES);
	reclaim(GFP_KERNEL, 8);
	KEXPECT_EQ(t, count(PAGES, true), 16ul);
	KEXPECT_EQ(t, count(PAGES, false), PAGES - 16);
	KEXPECT_EQ(t, nr_swap_pages, 0ul);
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	drop_swap_cache();
	KEXPECT_EQ(t, nr_swap_pages, 16ul);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* No slot is free, but these pages have theirs: they go, in use or not, for the allocation that is near its end. */
KTEST(swap_reclaim, slots_all_taken)
{
	struct testdisk *td = swap_disk_on(PAGES);
	struct mm_struct *mm;
	struct page *page;
	unsigned long i;

	KASSERT(t, td);
	mm = begin(PAGES);
	lru_add_drain_all();
	for (i = 0; i < PAGES; i++) {
		page = pte_page(scratch_pte(AT + i * PAGE_SIZE));
		lock_page(page);
		KEXPECT(t, add_to_swap(page));
		unlock_page(page);
	}
	KEXPECT_EQ(t, nr_swap_pages, 0ul);
	/* Files' pages have the other half of each look. */
	reclaim(GFP_KERNEL, 12);
	KEXPECT_EQ(t, count(PAGES, true), PAGES);
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	drop_swap_cache();
	KEXPECT_EQ(t, nr_swap_pages, PAGES);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* Without an area nothing happens to anonymous pages, nor with pages locked in memory ever. */
KTEST(swap_reclaim, nowhere_to_go)
{
	struct mm_struct *mm = begin(PAGES);
	struct testdisk *td;

	reclaim(GFP_KERNEL, 4);
	KEXPECT_EQ(t, count(PAGES, false), PAGES);
	td = swap_disk_on(64);
	KASSERT(t, td);
	KEXPECT_EQ(t, do_mlock(AT, 8 * PAGE_SIZE, VM_LOCKED), 0l);
	reclaim(GFP_KERNEL, 8);
	KEXPECT_EQ(t, count(8, false), 8ul);
	KEXPECT_EQ(t, count(PAGES, true), PAGES - 8);
	KEXPECT_EQ(t, do_munlock(AT, 8 * PAGE_SIZE), 0l);
	reclaim(GFP_KERNEL, 8);
	KEXPECT_EQ(t, count(PAGES, true), PAGES);
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* swappiness 0: files' pages go, anonymous ones stay; 200: the other way round. */
KTEST(swap_reclaim, swappiness)
{
	struct testdisk *td = swap_disk_on(256);
	struct inode *inode = toy_begin(0);
	int before = vm_swappiness;
	struct mm_struct *mm;
	unsigned long i;

	KASSERT(t, td && inode);
	mm = begin(PAGES);
	for (i = 0; i < 200; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	vm_swappiness = 0;
	reclaim(GFP_KERNEL, 4);
	KEXPECT_EQ(t, count(PAGES, false), PAGES);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	for (i = 0; i < 200; i++)
		put_page(read_cache_page(&inode->i_data, i, NULL));
	vm_swappiness = 200;
	try_to_free_pages(node_zonelist(numa_node_id(), GFP_HIGHUSER), 0, GFP_HIGHUSER);
	reclaim(GFP_KERNEL, 8);
	KEXPECT(t, count(PAGES, true) > 0);
	vm_swappiness = before;
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	toy_end(inode);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* A zone whose memory is all anonymous is spared while others of its node have files' pages. */
KTEST(swap_reclaim, files_of_another_zone)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_writepage = true };
	struct testdisk *td = swap_disk_on(256);
	struct inode *inode = toy_begin(0);
	unsigned long i, rounds;
	struct mm_struct *mm;
	struct zone *zone;

	KASSERT(t, td && inode);
	inode->i_data.gfp_mask = GFP_KERNEL | GFP_DMA;
	mm = begin(PAGES);
	for (i = 0; i < SWAP_CLUSTER_MAX / 4 << DEF_PRIORITY; i++)
		put_page(read_cache_page(&inode->i_data, i, NULL));
	lru_add_drain_all();
	for (rounds = 0; rounds < 6; rounds++) {
		flush_tlb_mm(mm);
		sc.priority = DEF_PRIORITY;
		for_each_populated_zone(zone)
			if (zone_idx(zone) != ZONE_DMA)
				shrink_zone(zone, &sc);
	}
	KEXPECT_EQ(t, count(PAGES, false), PAGES);
	/* That was not enough: then it is looked at like any other. */
	for (rounds = 0; rounds < 6; rounds++) {
		flush_tlb_mm(mm);
		sc.priority = 1;
		for_each_populated_zone(zone)
			shrink_zone(zone, &sc);
	}
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	toy_end(inode);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* The disk is slow: no more is sent to it than the zone lacks, whatever is asked for. */
KTEST(swap_reclaim, slow_disk)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_writepage = true };
	struct testdisk *td = swap_disk_on(256);
	unsigned long out, most = 0;
	struct mm_struct *mm;
	struct zone *zone;
	unsigned int i;

	KASSERT(t, td);
	mm = begin(200);
	lru_add_drain_all();
	testdisk_hold(td);
	for (i = 0; i < 6; i++) {
		flush_tlb_mm(mm);
		for_each_populated_zone(zone) {
			out = vm_event_sum(PSWPOUT);
			shrink_zone(zone, &sc);
			most = max(most, vm_event_sum(PSWPOUT) - out);
		}
	}
	/* These zones lack nothing: a run at a time. */
	KEXPECT_EQ(t, most, (unsigned long)SWAP_CLUSTER_MAX);
	testdisk_release(td);
	wait_for_swap();
	KEXPECT_EQ(t, wrong_pages(200), 0ul);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* MADV_PAGEOUT: used or not, they go, but what others map too stays; MADV_COLD: they are the next. */
KTEST(swap_reclaim, advice)
{
	struct testdisk *td = swap_disk_on(256);
	struct mm_struct *mm;
	struct page *page;
	unsigned long i;

	KASSERT(t, td);
	mm = begin(PAGES);
	lru_add_drain_all();
	page = pte_page(scratch_pte(AT));
	for (i = 0; i < 2; i++)
		mark_page_accessed(page);
	KEXPECT(t, PageActive(page));
	KEXPECT_EQ(t, do_madvise(AT, PAGES * PAGE_SIZE, MADV_COLD), 0l);
	KEXPECT(t, !PageActive(page) && !PageReferenced(page));
	KEXPECT(t, !pte_young(scratch_pte(AT)));
	KEXPECT_EQ(t, count(PAGES, false), PAGES);
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	atomic_inc(&page->_mapcount);		/* as if there were another entry */
	KEXPECT_EQ(t, do_madvise(AT, PAGES * PAGE_SIZE, MADV_PAGEOUT), 0l);
	atomic_dec(&page->_mapcount);
	KEXPECT_EQ(t, count(PAGES, true), PAGES - 1);
	KEXPECT(t, pte_present(scratch_pte(AT)));
	KEXPECT_EQ(t, wrong_pages(PAGES), 0ul);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/*
 * A page in the swap cache that was overlooked when its last entry went: neither it nor its slot is written,
 * so it goes although nobody may write.
 */
KTEST(swap_reclaim, nobodys_page)
{
	struct testdisk *td = swap_disk_on(64);
	unsigned long out = vm_event_sum(PSWPOUT), activated = vm_event_sum(PGACTIVATE);
	struct mm_struct *mm;
	struct page *page;

	KASSERT(t, td);
	mm = begin(1);
	lru_add_drain_all();
	page = pte_page(scratch_pte(AT));
	get_page(page);
	lock_page(page);
	KEXPECT(t, add_to_swap(page) && PageDirty(page));
	scratch_unmap(AT, 1);
	KEXPECT(t, PageSwapCache(page) && !page_mapped(page));
	unlock_page(page);
	put_page(page);
	KEXPECT_EQ(t, page_count(page), 1);
	KEXPECT_EQ(t, reclaim(GFP_NOIO, 1), 1ul);
	KEXPECT_EQ(t, page_count(page), 0);
	KEXPECT_EQ(t, nr_swap_pages, 64ul);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out);
	KEXPECT_EQ(t, vm_event_sum(PGACTIVATE), activated);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* MADV_FREE: clean pages are lost without a transfer; one that was written to again is swapped out. */
KTEST(swap_reclaim, lazyfree)
{
	struct testdisk *td = swap_disk_on(256);
	unsigned long out = vm_event_sum(PSWPOUT), freed = vm_event_sum(PGLAZYFREED);
	unsigned long given = vm_event_sum(PGLAZYFREE), stolen = vm_event_sum(PGSTEAL_ANON);
	struct mm_struct *mm;

	KASSERT(t, td);
	mm = begin(PAGES);
	KEXPECT_EQ(t, do_madvise(AT, PAGES * PAGE_SIZE, MADV_FREE), 0l);
	KEXPECT_EQ(t, vm_event_sum(PGLAZYFREE), given + PAGES);
	KEXPECT_EQ(t, poke(AT + 5 * PAGE_SIZE, 55), 0);
	reclaim(GFP_KERNEL, 6);
	KEXPECT_EQ(t, count(PAGES, false), 0ul);
	KEXPECT_EQ(t, count(PAGES, true), 1ul);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);
	KEXPECT_EQ(t, vm_event_sum(PGLAZYFREED), freed + PAGES - 1);
	KEXPECT(t, vm_event_sum(PGSTEAL_ANON) >= stolen + PAGES - 1);
	KEXPECT_EQ(t, peek(AT + 5 * PAGE_SIZE), 55u);
	KEXPECT_EQ(t, peek(AT + 6 * PAGE_SIZE), 0u);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}
