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
#include <mm/phys/zonelists.h>

/* As kswapd at its most eager, or as an allocation with @gfp. */
static struct scan_control eager(gfp_t gfp)
{
	return (struct scan_control) { .gfp_mask = gfp, .may_writepage = true };
}

static void shrink_all(struct scan_control *sc)
{
	struct zone *zone;

	lru_add_drain_all();
	for_each_populated_zone(zone)
		shrink_zone(zone, sc);
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
	struct page *held, *locked;

	KASSERT(t, inode);
	fill(inode, 100);
	held = page_at(inode, 7);
	locked = find_lock_page(&inode->i_data, 8);
	KASSERT(t, held && locked);
	shrink_all(&sc);
	KEXPECT_EQ(t, sc.nr_reclaimed, 98ul);
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

/* Who may not enter a file system, or not wait for a disk, gets clean pages only. */
KTEST(vmscan, gfp_is_respected)
{
	static const gfp_t masks[] = { GFP_NOFS, GFP_NOIO };
	struct inode *inode = toy_begin(0);
	unsigned int i;

	KASSERT(t, inode);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		struct scan_control sc = eager(masks[i]);

		fill(inode, 20);
		KASSERT_EQ(t, toy_store(inode, 30, 1), 0);
		shrink_all(&sc);
		KEXPECT_EQ(t, toy.writes, i);
		KEXPECT_EQ(t, inode->i_data.nrpages, 1ul);
		KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	}
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
	unsigned long freed, left;

	KASSERT(t, inode);
	fill(inode, 256);
	/* From the zones that pages of files come from. */
	freed = try_to_free_pages(node_zonelist(numa_node_id(), GFP_HIGHUSER), 0, GFP_HIGHUSER);
	left = inode->i_data.nrpages;
	KEXPECT(t, freed >= 32);
	KEXPECT(t, left < 256);
	toy_end(inode);
}

/* kswapd frees pages without anybody asking for more than a wake-up. */
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
	for (tries = 0; tries < 100 && zone->free_pages <= zone->watermark[WMARK_HIGH]; tries++)
		msleep(10);
	KEXPECT(t, zone->free_pages > zone->watermark[WMARK_HIGH]);
	zone->watermark[WMARK_HIGH] = high;
	KEXPECT(t, vm_event_sum(PGSTEAL_KSWAPD) >= stolen + 40);
	KEXPECT(t, inode->i_data.nrpages > 0);
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
