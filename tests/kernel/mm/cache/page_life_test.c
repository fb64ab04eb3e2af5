/*
 * tests/kernel/mm/cache/page_life_test.c - the life of a page, state by state: mm/cache/README.md.
 *
 * Two pages, an anonymous one and one of a file, are led along every arrow of the diagram there; a
 * state is recognised by its marks alone.
 */
#include <tests/kernel/mm/cache/swap_disk.h>
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define AT	0x48000000UL

/* By their numbers in the diagram; HANDED_OUT is somebody else's, and no longer part of it. */
enum state {
	ODD, FREE, BATCH, INACTIVE, ACTIVE, SWAP_CACHE, WRITEBACK, INACTIVE_CLEAN, HANDED_OUT,
};

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
		return page_mapping(page) || page_mapped(page) ? BATCH : HANDED_OUT;
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

/* ---- the walks --------------------------------------------------------------------------------- */

#define ANON	1u
#define FILE	2u

/* The diagram in mm/cache/README.md: the arrows by their letters, and which kinds of page go there. */
static const struct arrow {
	char name;
	enum state from, to;
	unsigned int kinds;
} arrows[] = {
	{ 'a', FREE, BATCH, ANON | FILE },
	{ 'b', BATCH, INACTIVE, ANON | FILE },
	{ 'c', INACTIVE, ACTIVE, ANON | FILE },
	{ 'd', ACTIVE, ACTIVE, ANON | FILE },
	{ 'e', ACTIVE, INACTIVE, ANON | FILE },
	{ 'f', INACTIVE, SWAP_CACHE, ANON },
	{ 'g', INACTIVE, WRITEBACK, FILE },
	{ 'h', SWAP_CACHE, WRITEBACK, ANON },
	{ 'i', WRITEBACK, SWAP_CACHE, ANON },
	{ 'i', WRITEBACK, INACTIVE, FILE },
	{ 'j', SWAP_CACHE, INACTIVE_CLEAN, ANON },
	{ 'j', INACTIVE, INACTIVE_CLEAN, FILE },
	{ 'k', INACTIVE_CLEAN, SWAP_CACHE, ANON },
	{ 'k', INACTIVE_CLEAN, INACTIVE, FILE },
	{ 'l', INACTIVE_CLEAN, FREE, ANON | FILE },
	{ 'm', INACTIVE_CLEAN, HANDED_OUT, ANON | FILE },
	{ 'n', FREE, BATCH, ANON | FILE },
	{ 'o', SWAP_CACHE, INACTIVE, ANON },
	{ 'p', INACTIVE, FREE, ANON | FILE },
	{ 'p', BATCH, FREE, ANON },
};

static struct walk {
	unsigned int kind;
	enum state at;
	bool taken[ARRAY_SIZE(arrows)];
} walk;

static void start_walk(unsigned int kind)
{
	memset(&walk, 0, sizeof(walk));
	walk.kind = kind;
	walk.at = FREE;
}

/* @page has just gone by @arrow from where it was. */
static void step(struct ktest *t, char arrow, const struct page *page)
{
	enum state to = state_of(page);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrows); i++)
		if (arrows[i].name == arrow && arrows[i].kinds & walk.kind &&
		    arrows[i].from == walk.at && arrows[i].to == to)
			break;
	if (i == ARRAY_SIZE(arrows))
		ktest_log("arrow %c: from state %d to %d", arrow, (int)walk.at, (int)to);
	else
		walk.taken[i] = true;
	KEXPECT(t, i < ARRAY_SIZE(arrows));
	walk.at = to;
}

static void finish_walk(struct ktest *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arrows); i++) {
		if (!(arrows[i].kinds & walk.kind) || walk.taken[i])
			continue;
		ktest_log("arrow %c was not taken", arrows[i].name);
		KEXPECT(t, walk.taken[i]);
	}
}

/* As an allocation does it that needs a page. => the page, or NULL: another */
static struct page *take_clean(struct page *page)
{
	struct page *taken;

	if (!reclaim_page(page_zone(page), &taken, 1))
		return NULL;
	if (taken == page)
		return page;
	__free_page(taken);
	return NULL;
}

/* What page_launder() does in one look with an anonymous page that is not used, until it is written. */
static void give_slot(struct ktest *t, struct page *page)
{
	get_page(page);
	lock_page(page);
	page_referenced(page);
	KEXPECT(t, add_to_swap(page) && try_to_unmap(page));
	KEXPECT(t, PageDirty(page));
	unlock_page(page);
	put_page(page);
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
	start_walk(ANON);
	KASSERT_EQ(t, scratch_map(AT, 1, RW), AT);
	KEXPECT_EQ(t, poke(AT, 4711), 0);
	page = pte_page(scratch_pte(AT));
	step(t, 'a', page);
	lru_add_drain_all();
	step(t, 'b', page);
	KEXPECT(t, PageAnon(page) && PageSwapBacked(page));
	/* The store that made it, and one more use: it belongs to the working set. */
	launder(LRU_INACTIVE_ANON);
	KEXPECT_EQ(t, (int)state_of(page), (int)INACTIVE);
	KEXPECT_EQ(t, use(AT), 4711u);
	launder(LRU_INACTIVE_ANON);
	step(t, 'c', page);
	KEXPECT_EQ(t, use(AT), 4711u);
	refill(LRU_ACTIVE_ANON);
	step(t, 'd', page);
	KEXPECT_EQ(t, page_age(page), PAGE_AGE_MAX);
	refill(LRU_ACTIVE_ANON);
	refill(LRU_ACTIVE_ANON);
	step(t, 'e', page);
	/* Not used: it gets a slot, and goes to the disk, which is busy for a while. */
	give_slot(t, page);
	step(t, 'f', page);
	testdisk_hold(td);
	launder(LRU_INACTIVE_ANON);
	KEXPECT(t, PageReclaim(page));
	step(t, 'h', page);
	KEXPECT(t, pte_swap(scratch_pte(AT)));
	KEXPECT_EQ(t, pte_to_swp_entry(scratch_pte(AT)).val, page_swap_entry(page).val);
	testdisk_release(td);
	settle(page);
	step(t, 'i', page);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);
	launder(LRU_INACTIVE_ANON);
	step(t, 'j', page);
	KEXPECT_EQ(t, lru_check(), 0);
	/* Found again: no disk is needed, and reclaim leaves it. */
	KEXPECT_EQ(t, use(AT), 4711u);
	KEXPECT(t, pte_page(scratch_pte(AT)) == page);
	reclaim_clean();
	KEXPECT(t, page_mapped(page));
	step(t, 'k', page);
	/* Clean in its slot: it goes again without being written. */
	launder(LRU_INACTIVE_ANON);
	launder(LRU_INACTIVE_ANON);
	step(t, 'j', page);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);
	reclaim_clean();
	step(t, 'l', page);
	KEXPECT(t, pte_swap(scratch_pte(AT)));
	KEXPECT_EQ(t, vm_event_sum(PSWPIN), in);
	/* Away, and back, into any page. */
	KEXPECT_EQ(t, use(AT), 4711u);
	KEXPECT_EQ(t, vm_event_sum(PSWPIN), in + 1);
	page = pte_page(scratch_pte(AT));
	step(t, 'n', page);
	/* On a list again, in the swap cache still; a store takes it over. */
	lru_add_drain_all();
	walk.at = state_of(page);
	KEXPECT_EQ(t, (int)walk.at, (int)SWAP_CACHE);
	KEXPECT_EQ(t, poke(AT, 4712), 0);
	step(t, 'o', page);
	/* Once more to the disk; then it is what an allocation gets. */
	give_slot(t, page);
	step(t, 'f', page);
	launder(LRU_INACTIVE_ANON);
	settle(page);
	launder(LRU_INACTIVE_ANON);
	walk.at = state_of(page);
	KEXPECT(t, take_clean(page));
	step(t, 'm', page);
	__free_page(page);
	KEXPECT_EQ(t, use(AT), 4712u);
	/* Given up, and not used since. */
	lru_add_drain_all();
	page = pte_page(scratch_pte(AT));
	KEXPECT_EQ(t, do_madvise(AT, PAGE_SIZE, MADV_FREE), 0l);
	walk.at = state_of(page);
	launder(LRU_INACTIVE_ANON);
	step(t, 'p', page);
	/* And one that nobody had for longer than a batch. */
	KEXPECT_EQ(t, poke(AT, 1), 0);
	page = pte_page(scratch_pte(AT));
	walk.at = state_of(page);
	scratch_unmap(AT, 1);
	lru_add_drain_all();
	step(t, 'p', page);
	finish_walk(t);
	scratch_leave(mm);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* A page of a file: from its first reading, by way of a write, until it is read again. */
KTEST(page_life, file)
{
	struct inode *inode = toy_begin(HZ / 4);	/* long enough to be seen on its way */
	struct page *page;

	KASSERT(t, inode);
	start_walk(FILE);
	page = read_cache_page(&inode->i_data, 9, NULL);
	KASSERT(t, !IS_ERR(page));
	step(t, 'a', page);
	put_page(page);
	lru_add_drain_all();
	step(t, 'b', page);
	mark_page_accessed(page);
	mark_page_accessed(page);
	step(t, 'c', page);
	mark_page_accessed(page);
	refill(LRU_ACTIVE_FILE);
	step(t, 'd', page);
	refill(LRU_ACTIVE_FILE);
	refill(LRU_ACTIVE_FILE);
	step(t, 'e', page);
	KEXPECT_EQ(t, toy_store(inode, 9, 99), 0);
	launder(LRU_INACTIVE_FILE);
	step(t, 'g', page);
	settle(page);
	step(t, 'i', page);
	launder(LRU_INACTIVE_FILE);
	step(t, 'j', page);
	/* Found again, and read. */
	mark_page_accessed(page);
	reclaim_clean();
	step(t, 'k', page);
	launder(LRU_INACTIVE_FILE);
	step(t, 'j', page);
	KEXPECT_EQ(t, inode->i_data.nrpages, 1ul);
	reclaim_clean();
	step(t, 'l', page);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	/* Away, and back. */
	KEXPECT_EQ(t, toy.disk[9], 99u);
	page = read_cache_page(&inode->i_data, 9, NULL);
	KASSERT(t, !IS_ERR(page));
	step(t, 'n', page);
	KEXPECT_EQ(t, *(u32 *)kmap(page), 99u);
	kunmap(page);
	put_page(page);
	lru_add_drain_all();
	step(t, 'b', page);
	launder(LRU_INACTIVE_FILE);
	step(t, 'j', page);
	KEXPECT(t, take_clean(page));
	step(t, 'm', page);
	__free_page(page);
	/* The file ends. */
	page = read_cache_page(&inode->i_data, 9, NULL);
	KASSERT(t, !IS_ERR(page));
	put_page(page);
	lru_add_drain_all();
	walk.at = state_of(page);
	truncate_inode_pages(&inode->i_data, 0);
	step(t, 'p', page);
	finish_walk(t);
	toy_end(inode);
}
