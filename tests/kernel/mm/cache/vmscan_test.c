/*
 * tests/kernel/mm/cache/vmscan_test.c - which page reclaim takes, which it leaves, and what becomes of it.
 */
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <kernel/sched/kthread.h>
#include <lib/random.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/vmscan.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/zonelists.h>

/* As kswapd at its most eager, or as an allocation with @gfp. */
static struct scan_control eager(gfp_t gfp)
{
	return (struct scan_control) { .gfp_mask = gfp, .may_writepage = true };
}

/* Once through the lists, and what has become clean goes. */
static void shrink_all(struct scan_control *sc)
{
	struct zone *zone;

	lru_add_drain_all();
	for_each_populated_zone(zone) {
		shrink_zone(zone, sc);
		free_clean_pages(zone, ULONG_MAX);
	}
}

/* Pages [0, nr) come into the cache, clean, none used since. */
static void fill(struct inode *inode, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		struct page *page = read_cache_page(&inode->i_data, i, NULL);

		if (!IS_ERR(page))
			put_page(page);
	}
	lru_add_drain_all();
}

static struct page *page_at(struct inode *inode, unsigned long index)
{
	return find_get_page(&inode->i_data, index);
}

/* Clean pages go, all of them; what is locked, or in somebody's hands, stays. */
KTEST(vmscan, clean_pages_go)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	unsigned long by_direct = vm_event_sum(PGSCAN_DIRECT), of_files = vm_event_sum(PGSCAN_FILE);
	unsigned long direct = vm_event_sum(PGSTEAL_DIRECT), files = vm_event_sum(PGSTEAL_FILE);
	struct page *held, *locked;

	KASSERT(t, inode);
	fill(inode, 100);
	held = page_at(inode, 7);
	locked = find_lock_page(&inode->i_data, 8);
	KASSERT(t, held && locked);
	shrink_all(&sc);
	KEXPECT_EQ(t, sc.nr_reclaimed, 98ul);
	KEXPECT(t, vm_event_sum(PGSCAN_DIRECT) >= by_direct + 100);
	KEXPECT_EQ(t, vm_event_sum(PGSCAN_FILE) - of_files, vm_event_sum(PGSCAN_DIRECT) - by_direct);
	KEXPECT(t, vm_event_sum(PGSTEAL_DIRECT) >= direct + 98);
	KEXPECT_EQ(t, vm_event_sum(PGSTEAL_FILE) - files, vm_event_sum(PGSTEAL_DIRECT) - direct);
	KEXPECT_EQ(t, inode->i_data.nrpages, 2ul);
	KEXPECT(t, PageLRU(held) && PageLRU(locked));
	unlock_page(locked);
	put_page(locked);
	put_page(held);
	shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	toy_end(inode);
}

/* Two uses make a page part of the working set: a scan of something larger does not push it out. */
KTEST(vmscan, a_scan_spares_the_working_set)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	unsigned long i, kept = 0;

	KASSERT(t, inode);
	fill(inode, 16);
	for (i = 0; i < 32; i++) {
		struct page *page = page_at(inode, i % 16);

		KASSERT(t, page);
		mark_page_accessed(page);
		put_page(page);
	}
	KEXPECT_EQ(t, global_page_state(NR_ACTIVE_FILE), 16ul);
	for (i = 16; i < 256; i++) {
		struct page *page = read_cache_page(&inode->i_data, i, NULL);

		KASSERT(t, !IS_ERR(page));
		mark_page_accessed(page);
		put_page(page);
		if (i % 32 == 0) {
			sc.priority = 2;
			shrink_all(&sc);
		}
	}
	for (i = 0; i < 16; i++) {
		struct page *page = page_at(inode, i);

		kept += page != NULL;
		if (page)
			put_page(page);
	}
	KEXPECT_EQ(t, kept, 16ul);
	KEXPECT(t, sc.nr_reclaimed >= 100);
	toy_end(inode);
}

/* What is active and not used again becomes inactive, and goes in the end. */
KTEST(vmscan, working_set_ages)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	unsigned long i;

	KASSERT(t, inode);
	fill(inode, 20);
	for (i = 0; i < 40; i++) {
		struct page *page = page_at(inode, i % 20);

		mark_page_accessed(page);
		put_page(page);
	}
	KEXPECT_EQ(t, global_page_state(NR_ACTIVE_FILE), 20ul);
	for (i = 0; i < 4; i++)
		shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	KEXPECT_EQ(t, sc.nr_reclaimed, 20ul);
	toy_end(inode);
}

/* A dirty page is written first, and goes when it has been; its number is on the disk. */
KTEST(vmscan, dirty_pages_are_written)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(3);
	unsigned long i;
	int tries;

	KASSERT(t, inode);
	for (i = 0; i < 40; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i + 500), 0);
	shrink_all(&sc);
	KEXPECT_EQ(t, sc.nr_reclaimed, 0ul);
	KEXPECT_EQ(t, toy.writes, 40u);
	KEXPECT_EQ(t, global_page_state(NR_WRITEBACK), 40ul);
	shrink_all(&sc);
	KEXPECT_EQ(t, toy.writes, 40u);
	KEXPECT_EQ(t, filemap_fdatawait(&inode->i_data), 0);
	for (tries = 0; tries < 4 && inode->i_data.nrpages; tries++)
		shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	for (i = 0; i < 40; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)i + 500);
	toy_end(inode);
}

static struct task_struct *tester;
static unsigned int own_writes;

static void note_writer(struct page *page)
{
	own_writes += current == tester;
}

/* Who may not enter a file system, or not wait for a disk, gets clean pages only; others may write meanwhile. */
KTEST(vmscan, gfp_is_respected)
{
	static const gfp_t masks[] = { GFP_NOFS, GFP_NOIO };
	struct inode *inode = toy_begin(0);
	unsigned int i, writes;

	KASSERT(t, inode);
	tester = current;
	own_writes = 0;
	toy.in_writepage = note_writer;
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		struct scan_control sc = eager(masks[i]);

		fill(inode, 20);
		writes = toy.writes;
		KASSERT_EQ(t, toy_store(inode, 30, 1), 0);
		shrink_all(&sc);
		KEXPECT_EQ(t, own_writes, 0u);
		/* Only the dirty page is left, unless bdflush, woken for it, has been faster. */
		KEXPECT(t, inode->i_data.nrpages == 1 || (inode->i_data.nrpages == 0 && toy.writes > writes));
		KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
		own_writes = 0;
	}
	/* Who may does it himself, sooner or later before bdflush. */
	for (i = 0; i < 100 && !own_writes; i++) {
		KASSERT_EQ(t, toy_store(inode, 30, 1), 0);
		shrink_all(&(struct scan_control){ .gfp_mask = GFP_KERNEL, .may_writepage = true });
	}
	KEXPECT(t, own_writes > 0);
	toy_end(inode);
}

/* A write that fails leaves its error for fsync(), and a page that can be had back. */
KTEST(vmscan, write_error)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);

	KASSERT(t, inode);
	toy.fail_from = 5;
	toy.fail_to = 6;
	KASSERT_EQ(t, toy_store(inode, 5, 77), 0);
	shrink_all(&sc);
	KEXPECT_EQ(t, toy.writes, 1u);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), -EIO);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	toy_end(inode);
}

/* ---- mapped pages ------------------------------------------------------------------------------- */

#define MAP_AT	0x48000000UL

/* A file whose pages are @inode's, mapped at MAP_AT. => NULL: no memory */
static struct file *map_toy(struct inode *inode, unsigned long pages, unsigned long flags)
{
	struct file *file = shmem_zero_setup_file(pages << PAGE_SHIFT, 0);
	unsigned long addr;

	if (IS_ERR(file))
		return NULL;
	file->f_mapping = &inode->i_data;
	down_write(&current->mm->mmap_sem);
	addr = do_mmap_pgoff(file, MAP_AT, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			     flags | MAP_FIXED, 0);
	up_write(&current->mm->mmap_sem);
	BUG_ON(addr != MAP_AT);
	return file;
}

static void unmap_toy(struct file *file, unsigned long pages)
{
	scratch_unmap(MAP_AT, pages);
	file->f_mapping = &file->f_inode->i_data;
	fput(file);
}

/* A page that is mapped goes when its A bit is old, and comes back with the next touch. */
KTEST(vmscan, mapped_pages_age)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	struct mm_struct *mm;
	struct file *file;
	struct page *page;
	unsigned long rss;

	KASSERT(t, inode);
	toy.disk[2] = 222;
	mm = scratch_enter();
	file = map_toy(inode, 8, MAP_SHARED);
	KASSERT(t, file);
	KEXPECT_EQ(t, peek(MAP_AT + 2 * PAGE_SIZE), 222u);
	rss = get_mm_rss(mm);
	page = page_at(inode, 2);
	KASSERT(t, page);
	put_page(page);
	KEXPECT_EQ(t, page_mapcount(page), 1);
	/* Used since: kept once.  Used again: active. */
	shrink_all(&sc);
	KEXPECT(t, page_mapped(page) && PageReferenced(page) && !PageActive(page));
	KEXPECT(t, !pte_young(scratch_pte(MAP_AT + 2 * PAGE_SIZE)));
	flush_tlb_mm(mm);
	KEXPECT_EQ(t, peek(MAP_AT + 2 * PAGE_SIZE), 222u);
	shrink_all(&sc);
	KEXPECT(t, page_mapped(page) && PageActive(page));
	/* Not used: it goes, by way of the inactive list. */
	shrink_all(&sc);
	shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	KEXPECT(t, pte_none(scratch_pte(MAP_AT + 2 * PAGE_SIZE)));
	KEXPECT_EQ(t, get_mm_rss(mm), rss - 1);
	KEXPECT_EQ(t, mm->hiwater_rss, rss);
	KEXPECT_EQ(t, peek(MAP_AT + 2 * PAGE_SIZE), 222u);
	unmap_toy(file, 8);
	scratch_leave(mm);
	toy_end(inode);
}

/* What was stored through a mapping is written before the page goes. */
KTEST(vmscan, stores_are_not_lost)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	struct mm_struct *mm;
	struct file *file;
	int tries;

	KASSERT(t, inode);
	mm = scratch_enter();
	file = map_toy(inode, 8, MAP_SHARED);
	KASSERT(t, file);
	KEXPECT_EQ(t, poke(MAP_AT + 3 * PAGE_SIZE, 333), 0);
	for (tries = 0; tries < 8 && inode->i_data.nrpages; tries++)
		shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	KEXPECT_EQ(t, toy.disk[3], 333u);
	KEXPECT_EQ(t, peek(MAP_AT + 3 * PAGE_SIZE), 333u);
	unmap_toy(file, 8);
	scratch_leave(mm);
	toy_end(inode);
}

/* Locked in memory means not reclaimed; a private copy is not the file's page. */
KTEST(vmscan, locked_and_private)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = toy_begin(0);
	struct mm_struct *mm;
	struct file *file;
	int tries;

	KASSERT(t, inode);
	toy.disk[1] = 11;
	mm = scratch_enter();
	file = map_toy(inode, 8, MAP_PRIVATE);
	KASSERT(t, file);
	KEXPECT_EQ(t, peek(MAP_AT + PAGE_SIZE), 11u);
	KEXPECT_EQ(t, poke(MAP_AT + 2 * PAGE_SIZE, 22), 0);
	KEXPECT_EQ(t, do_mlock(MAP_AT + PAGE_SIZE, PAGE_SIZE, VM_LOCKED | VM_LOCKONFAULT), 0l);
	for (tries = 0; tries < 6; tries++)
		shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 1ul);
	KEXPECT(t, pte_present(scratch_pte(MAP_AT + PAGE_SIZE)));
	KEXPECT_EQ(t, peek(MAP_AT + 2 * PAGE_SIZE), 22u);
	KEXPECT_EQ(t, do_munlock(MAP_AT + PAGE_SIZE, PAGE_SIZE), 0l);
	flush_tlb_mm(mm);
	for (tries = 0; tries < 6; tries++)
		shrink_all(&sc);
	KEXPECT_EQ(t, inode->i_data.nrpages, 0ul);
	unmap_toy(file, 8);
	scratch_leave(mm);
	toy_end(inode);
}

/* ---- who does it ---------------------------------------------------------------------------------- */

/* try_to_free_pages() frees what an allocation needs, by its own measure, and not everything. */
KTEST(vmscan, direct_reclaim)
{
	struct inode *inode = toy_begin(0);
	unsigned long freed, tries;

	KASSERT(t, inode);
	fill(inode, 256);
	/* From the zones that pages of files come from; others' pages may go first. */
	for (tries = 0; tries < 64 && inode->i_data.nrpages == 256; tries++) {
		freed = try_to_free_pages(node_zonelist(numa_node_id(), GFP_HIGHUSER), 0,
					  GFP_HIGHUSER);
		KEXPECT(t, freed >= 32);
	}
	KEXPECT(t, inode->i_data.nrpages < 256);
	KEXPECT(t, inode->i_data.nrpages > 0);
	toy_end(inode);
}

static unsigned long free_and_clean(struct zone *zone)
{
	return zone->free_pages + zone_page_state(zone, NR_INACTIVE_CLEAN);
}

/* kswapd makes pages ready to go without anybody asking for more than a wake-up. */
KTEST(vmscan, kswapd_restores_the_mark)
{
	pg_data_t *pgdat = NODE_DATA(0);
	struct zone *zone = &pgdat->node_zones[ZONE_DMA];
	unsigned long high = zone->watermark[WMARK_HIGH], stolen = vm_event_sum(PGSTEAL_KSWAPD);
	struct inode *inode = toy_begin(0);
	unsigned long i;
	int tries;

	KASSERT(t, inode);
	inode->i_data.gfp_mask = GFP_KERNEL | GFP_DMA;
	for (i = 0; i < 200; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	lru_add_drain_all();
	drain_all_pages();
	/* As if the zone had 40 pages less than it should. */
	zone->watermark[WMARK_HIGH] = zone->free_pages + 40;
	pgdat->kswapd_failures = 0;
	pgdat->kswapd_wanted = true;
	wake_up(&pgdat->kswapd_wait);
	for (tries = 0; tries < 100 && free_and_clean(zone) <= zone->watermark[WMARK_HIGH]; tries++)
		msleep(10);
	KEXPECT(t, free_and_clean(zone) > zone->watermark[WMARK_HIGH]);
	zone->watermark[WMARK_HIGH] = high;
	KEXPECT(t, vm_event_sum(PGSTEAL_KSWAPD) >= stolen + 40);
	KEXPECT(t, inode->i_data.nrpages > 0);
	toy_end(inode);
}

/* Objects of which there are always more, in none of the zones that are short. */
static int endless(int nr_to_scan, gfp_t gfp_mask)
{
	static int objects;

	if (!nr_to_scan)
		objects = 1 << 20;
	return objects -= nr_to_scan;
}

/* kswapd gives up on a zone that nothing can help, whatever else is given back meanwhile. */
KTEST(vmscan, kswapd_gives_up)
{
	struct shrinker shrinker = { .shrink = endless, .seeks = DEFAULT_SEEKS };
	pg_data_t *pgdat = NODE_DATA(0);
	struct zone *zone = &pgdat->node_zones[ZONE_DMA];
	unsigned long high = zone->watermark[WMARK_HIGH];
	int tries;

	lru_add_drain_all();
	register_shrinker(&shrinker);
	zone->watermark[WMARK_HIGH] = zone->present_pages;
	pgdat->kswapd_failures = 0;
	pgdat->kswapd_wanted = true;
	wake_up(&pgdat->kswapd_wait);
	for (tries = 0; tries < 500 && pgdat->kswapd_failures < KSWAPD_MAX_FAILURES; tries++)
		msleep(10);
	KEXPECT_EQ(t, pgdat->kswapd_failures, (unsigned int)KSWAPD_MAX_FAILURES);
	zone->watermark[WMARK_HIGH] = high;
	msleep(20);		/* it has seen that */
	KEXPECT(t, shrinker.nr_scanned > 0);
	unregister_shrinker(&shrinker);
	pgdat->kswapd_failures = 0;
}

/* ---- the three stages ----------------------------------------------------------------------------- */

/* A file of @nr clean pages of the DMA zone, all inactive. => NULL: no memory */
static struct inode *dma_file(unsigned long nr)
{
	struct inode *inode = toy_begin(0);

	if (inode) {
		inode->i_data.gfp_mask = GFP_KERNEL | GFP_DMA;
		fill(inode, nr);
	}
	return inode;
}

static struct zone *dma_zone(void)
{
	return &NODE_DATA(0)->node_zones[ZONE_DMA];
}

/* Every page of the zone's inactive list gets its look. */
static void launder_all(struct scan_control *sc)
{
	unsigned long nr = zone_page_state(dma_zone(), NR_INACTIVE_FILE);
	unsigned long looked;

	lru_add_drain_all();
	for (looked = 0; looked < nr; looked += SWAP_CLUSTER_MAX)
		page_launder(dma_zone(), LRU_INACTIVE_FILE, SWAP_CLUSTER_MAX, sc);
}

/* Pages of @inode on the inactive clean list. */
static unsigned long clean_pages_of(struct inode *inode)
{
	unsigned long i, clean = 0;

	for (i = 0; i < TOY_PAGES; i++) {
		struct page *page = page_at(inode, i);

		if (!page)
			continue;
		clean += PageInactiveClean(page) && PageLRU(page) && !PageActive(page);
		put_page(page);
	}
	return clean;
}

/*
 * The first link: page_launder() brings pages from the inactive list to the inactive clean one,
 * the dirty ones by way of the disk, to which it leads bdflush first.
 */
KTEST(vmscan, page_launder_fills_inactive_clean)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct inode *inode = dma_file(40);
	unsigned long i;
	int tries;

	KASSERT(t, inode);
	for (i = 40; i < 60; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i + 100), 0);
	/* Many look used: bdflush has enough to do when it is woken. */
	launder_all(&sc);
	KEXPECT_EQ(t, sc.nr_reclaimed, 40ul);
	KEXPECT_EQ(t, sc.nr_unclean, 20ul);
	KEXPECT_EQ(t, clean_pages_of(inode), 40ul);
	KEXPECT_EQ(t, lru_check(), 0);
	/* All are still where they are found. */
	KEXPECT_EQ(t, inode->i_data.nrpages, 60ul);
	sc.may_writepage = true;
	for (tries = 0; tries < 100 && clean_pages_of(inode) < 60; tries++) {
		launder_all(&sc);
		msleep(1);
	}
	KEXPECT_EQ(t, clean_pages_of(inode), 60ul);
	KEXPECT_EQ(t, toy.writes, 20u);
	for (i = 40; i < 60; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)i + 100);
	KEXPECT_EQ(t, inode->i_data.nrpages, 60ul);
	KEXPECT_EQ(t, free_clean_pages(dma_zone(), 50), 50ul);
	KEXPECT_EQ(t, inode->i_data.nrpages, 10ul);
	KEXPECT_EQ(t, free_clean_pages(dma_zone(), 50), 10ul);
	toy_end(inode);
}

/* ... and that bdflush is led there is enough: who may not write finds them clean later. */
KTEST(vmscan, page_launder_wakes_bdflush)
{
	struct scan_control sc = { .gfp_mask = GFP_NOIO };
	struct inode *inode = dma_file(0);
	unsigned long i;
	int tries;

	KASSERT(t, inode);
	for (i = 0; i < 20; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i + 100), 0);
	msleep(20);
	KEXPECT_EQ(t, toy.writes, 0u);		/* they are few: nobody else comes */
	for (tries = 0; tries < 100 && clean_pages_of(inode) < 20; tries++) {
		launder_all(&sc);
		msleep(10);
	}
	KEXPECT_EQ(t, toy.writes, 20u);
	KEXPECT_EQ(t, clean_pages_of(inode), 20ul);
	toy_end(inode);
}

/* The second: kreclaimd frees clean pages until the zone has its low mark again, and no more. */
KTEST(vmscan, kreclaimd_restores_pages_low)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct zone *zone = dma_zone();
	struct inode *inode = dma_file(200);
	unsigned long low = zone->watermark[WMARK_LOW], left;
	int tries;

	KASSERT(t, inode);
	launder_all(&sc);
	KEXPECT_EQ(t, clean_pages_of(inode), 200ul);
	drain_all_pages();
	zone->watermark[WMARK_LOW] = zone->free_pages + 50;
	zone->zone_pgdat->kreclaimd_wanted = true;
	wake_up(&zone->zone_pgdat->kreclaimd_wait);
	for (tries = 0; tries < 100 && zone->free_pages < zone->watermark[WMARK_LOW]; tries++)
		msleep(10);
	KEXPECT(t, zone->free_pages >= zone->watermark[WMARK_LOW]);
	zone->watermark[WMARK_LOW] = low;
	left = inode->i_data.nrpages;
	KEXPECT(t, left <= 150 && left >= 150 - (unsigned long)zone->pageset[0].high);
	KEXPECT_EQ(t, clean_pages_of(inode), left);
	toy_end(inode);
}

/* All of a file is clean, the zone is below its marks, and a page is wanted. => was it the file's oldest? */
static bool takes_clean_page(struct ktest *t, gfp_t gfp)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct inode *inode = dma_file(64);
	struct zone *zone = dma_zone();
	unsigned long marks[NR_WMARK], left;
	struct page *page, *oldest;
	unsigned int i;
	bool taken;

	if (!inode)
		return false;
	launder_all(&sc);
	oldest = page_at(inode, 0);
	put_page(oldest);
	left = inode->i_data.nrpages;
	memcpy(marks, zone->watermark, sizeof(marks));
	for (i = 0; i < NR_WMARK; i++)
		zone->watermark[i] = zone->free_pages + 8;
	zone->zone_pgdat->kswapd_failures = KSWAPD_MAX_FAILURES;
	page = __alloc_pages(gfp | GFP_DMA | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN, 0,
			     node_zonelist(0, GFP_DMA));
	memcpy(zone->watermark, marks, sizeof(marks));
	zone->zone_pgdat->kswapd_failures = 0;
	taken = page && page == oldest;
	if (taken) {
		KEXPECT_EQ(t, page_count(page), 1);
		KEXPECT(t, !page->mapping && !PageUptodate(page) && !PageLRU(page));
		KEXPECT_EQ(t, *(u32 *)lowmem_page_address(page), 0u);
		KEXPECT(t, inode->i_data.nrpages < left);
	}
	if (page)
		__free_page(page);
	toy_end(inode);
	return taken;
}

/*
 * The third: an allocation that may wait takes a clean page when the zone is below its marks;
 * one that may not goes deeper into what is free.  It has woken kreclaimd, which may be faster, on
 * another processor: then once more.
 */
KTEST(vmscan, allocation_takes_clean_page)
{
	static const gfp_t masks[] = { GFP_KERNEL, GFP_NOFS, GFP_NOIO };
	unsigned long taken = vm_event_sum(PGSTEAL_CLEAN);
	unsigned int i, tries;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		for (tries = 0; tries < 100 && !takes_clean_page(t, masks[i]); tries++)
			;
		KEXPECT(t, tries < 100);
	}
	KEXPECT(t, vm_event_sum(PGSTEAL_CLEAN) > taken);
	for (tries = 0; tries < 100 && takes_clean_page(t, GFP_ATOMIC); tries++)
		;
	KEXPECT(t, tries < 100);
}

/* A page that is found again on the inactive clean list is not lost, however it is used. */
KTEST(vmscan, found_again)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct inode *inode = dma_file(6);
	struct page *pages[6];
	unsigned int i;

	KASSERT(t, inode);
	launder_all(&sc);
	KEXPECT_EQ(t, clean_pages_of(inode), 6ul);
	for (i = 0; i < 6; i++)
		pages[i] = page_at(inode, i);
	/* Read; read twice; written; locked; held; and one that nobody wants. */
	mark_page_accessed(pages[0]);
	mark_page_accessed(pages[1]);
	mark_page_accessed(pages[1]);
	KEXPECT(t, PageActive(pages[1]) && !PageInactiveClean(pages[1]));
	KEXPECT_EQ(t, toy_store(inode, 2, 22), 0);
	lock_page(pages[3]);
	for (i = 0; i < 6; i++)
		if (i != 4)
			put_page(pages[i]);
	KEXPECT_EQ(t, free_clean_pages(dma_zone(), 6), 1ul);
	KEXPECT_EQ(t, inode->i_data.nrpages, 5ul);
	unlock_page(pages[3]);
	put_page(pages[4]);
	for (i = 0; i < 5; i++)
		KEXPECT(t, PageLRU(pages[i]) && !PageInactiveClean(pages[i]));
	KEXPECT(t, PageReferenced(pages[0]) && !PageActive(pages[0]));
	KEXPECT_EQ(t, lru_check(), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.disk[2], 22u);
	/* Truncated, and invalidated, as any page. */
	launder_all(&sc);
	KEXPECT(t, clean_pages_of(inode) >= 4);
	truncate_inode_pages(&inode->i_data, 3 << PAGE_SHIFT);
	KEXPECT(t, invalidate_mapping_pages(&inode->i_data, 0, ~0ul) > 0);
	KEXPECT_EQ(t, zone_page_state(dma_zone(), NR_INACTIVE_CLEAN), 0ul);
	KEXPECT_EQ(t, lru_check(), 0);
	toy_end(inode);
}

/* A page whose write has ended before it is back on its list is the next to go, not the last. */
KTEST(vmscan, written_at_once)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct inode *inode = dma_file(8);
	struct page *oldest;

	KASSERT(t, inode);
	oldest = page_at(inode, 0);
	KEXPECT_EQ(t, toy_store(inode, 0, 100), 0);
	put_page(oldest);
	page_launder(dma_zone(), LRU_INACTIVE_FILE, 1, &sc);
	KEXPECT_EQ(t, sc.nr_written, 1ul);
	KEXPECT(t, PageLRU(oldest) && !PageDirty(oldest) && !PageWriteback(oldest));
	page_launder(dma_zone(), LRU_INACTIVE_FILE, 1, &sc);
	KEXPECT(t, PageInactiveClean(oldest));
	KEXPECT_EQ(t, clean_pages_of(inode), 1ul);
	KEXPECT_EQ(t, lru_check(), 0);
	toy_end(inode);
}

/* Age: a page used often survives more looks than one that was used once. */
KTEST(vmscan, ageing)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct inode *inode = dma_file(2);
	unsigned long refill = vm_event_sum(PGREFILL), down = vm_event_sum(PGDEACTIVATE);
	unsigned long up = vm_event_sum(PGACTIVATE);
	struct page *often, *once;
	unsigned int looks, i;

	KASSERT(t, inode);
	often = page_at(inode, 0);
	once = page_at(inode, 1);
	put_page(often);
	put_page(once);
	for (i = 0; i < 2; i++) {
		mark_page_accessed(often);
		mark_page_accessed(once);
	}
	KASSERT(t, PageActive(often) && PageActive(once));
	KEXPECT_EQ(t, page_age(often), PAGE_AGE_START);
	KEXPECT_EQ(t, vm_event_sum(PGACTIVATE), up + 2);
	mark_page_accessed(often);
	refill_inactive(dma_zone(), LRU_ACTIVE_FILE, SWAP_CLUSTER_MAX, &sc);
	KEXPECT(t, PageActive(often) && !PageActive(once));
	KEXPECT_EQ(t, page_age(often), PAGE_AGE_MAX);
	for (looks = 0; looks < 8 && PageActive(often); looks++)
		refill_inactive(dma_zone(), LRU_ACTIVE_FILE, SWAP_CLUSTER_MAX, &sc);
	KEXPECT_EQ(t, looks, 2u);
	KEXPECT_EQ(t, vm_event_sum(PGDEACTIVATE), down + 2);
	KEXPECT_EQ(t, vm_event_sum(PGREFILL), refill + 4);	/* two pages once, one twice */
	KEXPECT_EQ(t, lru_check(), 0);
	toy_end(inode);
}

/* A flood of dirty pages from several writers while reclaim takes them away: nothing is lost. */
static struct inode *flood_inode;

static int flood(void *arg)
{
	unsigned long first = (unsigned long)arg, round, i;

	for (round = 1; round <= 20; round++)
		for (i = first; i < first + 64; i++) {
			while (toy_store(flood_inode, i, (u32)(round * 1000 + i)))
				congestion_wait(1);
			cond_resched();
		}
	return 0;
}

KTEST(vmscan, flood)
{
	struct scan_control sc = eager(GFP_KERNEL);
	struct task_struct *writers[4];
	unsigned long i;

	flood_inode = toy_begin(1);
	KASSERT(t, flood_inode);
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		writers[i] = kthread_create(flood, (void *)(i * 64), "flood%lu", i);
		KASSERT(t, !IS_ERR(writers[i]));
		get_task_struct(writers[i]);
		wake_up_process(writers[i]);
	}
	for (i = 0; i < 60; i++) {
		shrink_all(&sc);
		msleep(1);
	}
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		kthread_stop(writers[i]);
		put_task_struct(writers[i]);
	}
	KEXPECT_EQ(t, filemap_write_and_wait(&flood_inode->i_data), 0);
	for (i = 0; i < 256; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)(20000 + i));
	KEXPECT(t, sc.nr_reclaimed > 0);
	KEXPECT_EQ(t, lru_check(), 0);
	toy_end(flood_inode);
}
