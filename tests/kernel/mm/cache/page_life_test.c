/*
 * tests/kernel/mm/cache/page_life_test.c - the life of a page, state by state: mm/cache/README.md.
 */
#include <tests/kernel/mm/cache/swap_disk.h>
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define AT	0x48000000UL

enum state { FREE, BATCH, INACTIVE, ACTIVE, SWAP_CACHE, WRITEBACK, INACTIVE_CLEAN, ODD };

/* What the marks say; the most telling one. */
static enum state state_of(const struct page *page)
{
	if (!page_count(page))
		return PageBuddy(page) || PagePcp(page) || !page->mapping ? FREE : ODD;
	if (PageWriteback(page))
		return WRITEBACK;
	if (PageInactiveClean(page))
		return PageLRU(page) && !PageActive(page) && !PageDirty(page) &&
		       !page_mapped(page) ? INACTIVE_CLEAN : ODD;
	if (!PageLRU(page))
		return BATCH;
	if (PageActive(page))
		return page_age(page) ? ACTIVE : ODD;
	return PageSwapCache(page) ? SWAP_CACHE : INACTIVE;
}

/* One look at all pages of its kind that are inactive, in all zones. */
static void launder(enum lru_list lru)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_writepage = true };
	unsigned long nr, looked;
	struct zone *zone;

	lru_add_drain_all();
	for_each_populated_zone(zone) {
		nr = zone_page_state(zone, LRU_STAT(lru));
		for (looked = 0; looked < nr; looked += SWAP_CLUSTER_MAX)
			page_launder(zone, lru, SWAP_CLUSTER_MAX, &sc);
	}
}

static void refill(enum lru_list lru)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct zone *zone;

	for_each_populated_zone(zone)
		refill_inactive(zone, lru, SWAP_CLUSTER_MAX, &sc);
}

static void reclaim_clean(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		free_clean_pages(zone, ULONG_MAX);
}

/* A use that the A bit shows: the TLB may not remember one. */
static u32 use(unsigned long addr)
{
	flush_tlb_mm(current->mm);
	return peek(addr);
}

/* The transfer is over. */
static void settle(struct page *page)
{
	while (PageWriteback(page))
		wait_on_page_writeback(page);
}

/* From the fault to the disk and back: an anonymous page comes by every state. */
KTEST(page_life, anonymous)
{
	struct testdisk *td = swap_disk_on(64);
	unsigned long out = vm_event_sum(PSWPOUT), in = vm_event_sum(PSWPIN);
	struct mm_struct *mm;
	struct page *page;

	KASSERT(t, td);
	mm = scratch_enter();
	KASSERT_EQ(t, scratch_map(AT, 1, RW), AT);
	KEXPECT_EQ(t, poke(AT, 4711), 0);
	page = pte_page(scratch_pte(AT));
	KEXPECT_EQ(t, (int)state_of(page), (int)BATCH);
	lru_add_drain_all();
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	KEXPECT(t, PageAnon(page) && PageSwapBacked(page) && !PageActive(page));
	/* The store that made it, and one more use: it belongs to the working set. */
	launder(LRU_INACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	KEXPECT_EQ(t, use(AT), 4711u);
	launder(LRU_INACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)ACTIVE);
	refill(LRU_ACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	/* Not used: it gets a slot, and goes to the disk, which is busy for a while. */
	testdisk_hold(td);
	launder(LRU_INACTIVE_ANON);
	KEXPECT(t, PageSwapCache(page) && PageReclaim(page));
	KEXPECT_EQ(t, (int)state_of(page), (int)WRITEBACK);
	KEXPECT(t, pte_swap(scratch_pte(AT)));
	KEXPECT_EQ(t, pte_to_swp_entry(scratch_pte(AT)).val, page_swap_entry(page).val);
	testdisk_release(td);
	settle(page);
	KEXPECT_EQ(t, (int)state_of(page), (int)SWAP_CACHE);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);
	launder(LRU_INACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE_CLEAN);
	KEXPECT_EQ(t, lru_check(), 0);
	/* Found again: no disk is needed, and reclaim leaves it. */
	KEXPECT_EQ(t, use(AT), 4711u);
	KEXPECT(t, pte_page(scratch_pte(AT)) == page);
	reclaim_clean();
	KEXPECT(t, page_mapped(page) && !PageInactiveClean(page));
	/* Clean in its slot: it goes again without being written. */
	launder(LRU_INACTIVE_ANON);
	launder(LRU_INACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE_CLEAN);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);
	reclaim_clean();
	KEXPECT_EQ(t, (int)state_of(page), (int)FREE);
	KEXPECT(t, pte_swap(scratch_pte(AT)));
	KEXPECT_EQ(t, vm_event_sum(PSWPIN), in);
	/* Away, and back. */
	KEXPECT_EQ(t, use(AT), 4711u);
	KEXPECT_EQ(t, vm_event_sum(PSWPIN), in + 1);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* A page of a file: from its first reading, by way of a write, until it is read again. */
KTEST(page_life, file)
{
	struct inode *inode = toy_begin(2);
	struct page *page;

	KASSERT(t, inode);
	page = read_cache_page(&inode->i_data, 9, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, (int)state_of(page), (int)BATCH);
	put_page(page);
	lru_add_drain_all();
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	mark_page_accessed(page);
	mark_page_accessed(page);
	KEXPECT_EQ(t, (int)state_of(page), (int)ACTIVE);
	refill(LRU_ACTIVE_FILE);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	KEXPECT_EQ(t, toy_store(inode, 9, 99), 0);
	launder(LRU_INACTIVE_FILE);
	KEXPECT_EQ(t, (int)state_of(page), (int)WRITEBACK);
	settle(page);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	launder(LRU_INACTIVE_FILE);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE_CLEAN);
	/* Found again, and read. */
	mark_page_accessed(page);
	reclaim_clean();
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	launder(LRU_INACTIVE_FILE);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE_CLEAN);
	KEXPECT_EQ(t, inode->i_data.nrpages, 1ul);
	reclaim_clean();
	KEXPECT_EQ(t, (int)state_of(page), (int)FREE);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	/* Away, and back. */
	KEXPECT_EQ(t, toy.disk[9], 99u);
	page = read_cache_page(&inode->i_data, 9, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, *(u32 *)kmap(page), 99u);
	kunmap(page);
	put_page(page);
	toy_end(inode);
}
