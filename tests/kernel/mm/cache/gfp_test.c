/*
 * tests/kernel/mm/cache/gfp_test.c - what an allocation may do to get its page, and what never.
 *
 * The zones are made to look short, by their marks; so all of it is short-lived: kswapd is told that there
 * is no point in trying.
 */
#include <tests/kernel/mm/cache/swap_disk.h>
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/hooks.h>
#include <mm/cache/swap.h>
#include <mm/cache/vmscan.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/zonelists.h>

#define PAGES	24ul
#define AT	0x48000000UL

static struct zone *dma_zone(void)
{
	return &NODE_DATA(0)->node_zones[ZONE_DMA];
}

/* An allocation from the zone that is short. */
static struct page *alloc_short(gfp_t gfp)
{
	return __alloc_pages(gfp | GFP_DMA | __GFP_NOWARN | __GFP_NORETRY, 0, node_zonelist(0, GFP_DMA));
}

/* All marks of the zone are far above what it has, however deep who asks may go. */
static void make_short(unsigned long marks[NR_WMARK])
{
	struct zone *zone = dma_zone();
	unsigned int i;

	memcpy(marks, zone->watermark, sizeof(zone->watermark));
	for (i = 0; i < NR_WMARK; i++)
		zone->watermark[i] = 8 * zone->managed_pages;
	zone->zone_pgdat->kswapd_failures = KSWAPD_MAX_FAILURES;
}

static void make_good(const unsigned long marks[NR_WMARK])
{
	struct zone *zone = dma_zone();

	memcpy(zone->watermark, marks, sizeof(zone->watermark));
	zone->zone_pgdat->kswapd_failures = 0;
}

static unsigned long stalls(void)
{
	return vm_event_sum(ALLOCSTALL_DMA) + vm_event_sum(ALLOCSTALL_NORMAL) +
	       vm_event_sum(ALLOCSTALL_HIGH);
}

/* Who was told to write pages, and which caches were asked with which flags. */
static struct task_struct *tester;
static unsigned int written_by_us;
static gfp_t asked_with;
static bool alloc_in_writepage;
static struct page *got_in_writepage;

static void note_writepage(struct page *page)
{
	if (current != tester)
		return;
	written_by_us++;
	if (alloc_in_writepage)
		got_in_writepage = alloc_short(GFP_KERNEL);
}

static int note_shrink(int nr_to_scan, gfp_t gfp_mask)
{
	if (current == tester && nr_to_scan)
		asked_with = gfp_mask;
	return 1024;
}

/* A file with @nr pages of the zone, dirty. => NULL: no memory */
static struct inode *dirty_file(unsigned long delay, unsigned long nr)
{
	struct inode *inode = toy_begin(delay);
	unsigned long i;

	if (!inode)
		return NULL;
	inode->i_data.gfp_mask = GFP_KERNEL | GFP_DMA;
	for (i = 0; i < nr; i++)
		BUG_ON(toy_store(inode, i, (u32)i));
	lru_add_drain_all();
	tester = current;
	written_by_us = 0;
	alloc_in_writepage = false;
	toy.in_writepage = note_writepage;
	return inode;
}

/* GFP_ATOMIC: not a step aside; nothing is slept for, reclaimed, written, or taken from a cache. */
KTEST(gfp, atomic_never_sleeps)
{
	unsigned long marks[NR_WMARK], before = stalls(), scanned = vm_event_sum(PGSCAN_DIRECT);
	struct inode *inode = dirty_file(0, PAGES);
	unsigned long flags, slept;
	struct page *page;

	KASSERT(t, inode);
	drain_local_pages();
	make_short(marks);
	slept = current->nvcsw + current->nivcsw;
	/* A step that may sleep would say so here: might_sleep(), and the scheduler. */
	local_irq_save(flags);
	page = alloc_short(GFP_ATOMIC);
	local_irq_restore(flags);
	KEXPECT(t, !page);
	KEXPECT_EQ(t, current->nvcsw + current->nivcsw, slept);
	make_good(marks);
	KEXPECT_EQ(t, stalls(), before);
	KEXPECT_EQ(t, vm_event_sum(PGSCAN_DIRECT), scanned);
	KEXPECT_EQ(t, written_by_us, 0u);
	KEXPECT_EQ(t, inode->i_data.nrpages, PAGES);
	toy_end(inode);
}

/*
 * GFP_NOFS and GFP_NOIO reclaim, but never enter what the caller may be in: no writepage of a file, no
 * transfer to swap without __GFP_IO; the caches of objects are told the same.
 */
KTEST(gfp, nofs_and_noio_never_recurse)
{
	static struct shrinker shrinker = { .shrink = note_shrink, .seeks = DEFAULT_SEEKS };
	static const gfp_t masks[] = { GFP_NOFS, GFP_NOIO };
	struct testdisk *td = swap_disk_on(64);
	unsigned long marks[NR_WMARK], out, before;
	struct inode *inode;
	struct mm_struct *mm;
	struct page *page;
	unsigned int i;

	KASSERT(t, td);
	inode = dirty_file(0, PAGES);
	KASSERT(t, inode);
	mm = scratch_enter();
	KASSERT_EQ(t, scratch_map(AT, 8, RW), AT);
	for (i = 0; i < 8; i++)
		KEXPECT_EQ(t, poke(AT + i * PAGE_SIZE, i), 0);
	lru_add_drain_all();
	register_shrinker(&shrinker);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		before = stalls();
		out = vm_event_sum(PSWPOUT);
		asked_with = 0;
		make_short(marks);
		page = alloc_short(masks[i]);
		make_good(marks);
		KEXPECT_EQ(t, stalls(), before + 1);
		KEXPECT_EQ(t, written_by_us, 0u);
		KEXPECT_EQ(t, asked_with & (__GFP_FS | __GFP_IO | __GFP_WAIT),
			   masks[i] & (__GFP_FS | __GFP_IO | __GFP_WAIT));
		KEXPECT(t, masks[i] & __GFP_IO || vm_event_sum(PSWPOUT) == out);
		if (page)
			__free_page(page);
	}
	unregister_shrinker(&shrinker);
	scratch_leave(mm);
	toy_end(inode);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* What reclaim allocates itself comes from the last pages, and never leads to reclaim. */
KTEST(gfp, reclaim_never_recurses)
{
	struct inode *inode = dirty_file(0, 1);
	unsigned long marks[NR_WMARK], before;
	struct page *page;

	KASSERT(t, inode);
	page = find_get_page(&inode->i_data, 0);
	KASSERT(t, page && isolate_lru_page(page));
	put_page(page);
	alloc_in_writepage = true;
	got_in_writepage = NULL;
	before = stalls();
	make_short(marks);
	reclaim_pages(&page, 1);
	make_good(marks);
	KEXPECT_EQ(t, written_by_us, 1u);
	KEXPECT(t, got_in_writepage);
	KEXPECT_EQ(t, stalls(), before);
	KEXPECT(t, !(current->flags & PF_MEMALLOC));
	if (got_in_writepage)
		__free_page(got_in_writepage);
	toy_end(inode);
}

#define SLOW		12	/* ticks of a transfer: more than one wait */
#define ATTEMPTS	16	/* as mm/phys/alloc_slow.c has */

/*
 * All that could go is on its way to a slow disk: an allocation waits for that, in few looks, and has its
 * pages then; it neither turns in circles nor gives up.  As an allocation does, it is tried again when
 * too little came: the first page that is written ends a wait.
 */
KTEST(gfp, waits_for_slow_disk)
{
	unsigned long scanned = vm_event_sum(PGSCAN_DIRECT), freed = 0, slept, start, i;
	struct inode *inode = dirty_file(SLOW, 64);
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = 64, .range_end = LLONG_MAX,
	};
	unsigned int tries;

	KASSERT(t, inode);
	start = jiffies;
	KEXPECT_EQ(t, do_writepages(&inode->i_data, &wbc), 0);
	KEXPECT(t, global_page_state(NR_WRITEBACK) == 64 || time_after_eq(jiffies, start + SLOW));
	slept = current->nvcsw;
	for (tries = 0; tries < ATTEMPTS && freed < SWAP_CLUSTER_MAX; tries++)
		freed += try_to_free_pages(node_zonelist(0, GFP_DMA), 0, GFP_KERNEL);
	/* kreclaimd, too, may have them: on its processor's list. */
	KEXPECT(t, freed >= SWAP_CLUSTER_MAX || (freed && inode->i_data.nrpages <= 64 - SWAP_CLUSTER_MAX));
	/* On a host that had no time for us, the disk may have been faster. */
	KEXPECT(t, current->nvcsw > slept || time_after_eq(jiffies, start + SLOW));
	KEXPECT(t, vm_event_sum(PGSCAN_DIRECT) - scanned <= 64 * (DEF_PRIORITY + 1) * tries);
	KEXPECT_EQ(t, filemap_fdatawait(&inode->i_data), 0);
	for (i = 0; i < 64; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)i);
	toy_end(inode);
}
