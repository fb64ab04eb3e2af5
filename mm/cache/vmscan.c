/*
 * mm/cache/vmscan.c - memory taken back: which page goes, and who does the work.
 *
 * Theory.  A file's page in memory is a copy that saves a read.  When memory is needed for
 * something else, the copies used least go.  swap.c keeps them in order; here they are
 * looked at from the old end:
 *
 *	refill_inactive	the active list is longer: its tail, unless used since, becomes inactive
 *	shrink_inactive	the tail of the inactive list, SWAP_CLUSTER_MAX at a time:
 *
 *	  reclaim_one	locked, or under write-back		KEPT
 *			mapped, and accessed since last time	KEPT once, then ACTIVATED
 *			dirty: writing is started		WRITTEN
 *			clean: unmapped, out of the cache	FREED
 *
 * A list is looked at in parts: at priority p, 1/2^p of it, and p falls from DEF_PRIORITY to 0
 * only as long as too little came.  So light pressure takes the oldest only, and a page has time
 * to be used again between two looks.  Caches of objects (inodes, dentries...) are asked for the same
 * part of what they hold (shrink_slab), so that they shrink with the pages, not after them.
 *
 * Who does it.  kswapd, one thread for each node, is woken when an allocation finds all zones below
 * their low mark, and works until they are above their high mark.  An allocation that finds less
 * than min does it by itself: try_to_free_pages().  Both have PF_MEMALLOC, so that what
 * reclaim allocates comes from the reserve and never leads here again.
 *
 * Dirty pages are the flusher threads' work; a page that is dirty at the end of the list has
 * been missed by them.  It is written from here as well, one page: its PG_reclaim brings it
 * back to the end of the list when the disk has it.  When most of what is old is on
 * its way to the disk, looking faster frees nothing: then reclaim waits for the disk.  A list
 * all of which is under write-back is the sign that writers are faster than the disk, and
 * balance_dirty_pages() has failed to slow them down.
 *
 * An allocation with a lock of a file system in hand (no __GFP_FS) must not enter one, and one
 * that is itself about to do I/O (no __GFP_IO) must not wait for any: these take clean pages only.
 *
 * Unmapping takes the page out of each page table that maps it (rmap.c), flushes, and trusts the D
 * bit only then.  After that its users are the cache and we; remove_mapping() makes sure
 * of it under the lock by which others come.
 *
 * Locking: pages are taken off the lists with a reference; PG_locked is only tried.
 *
 * References: Gorman, chapter 10; Bovet and Cesati, chapter 17.
 */
#include <mm/cache/vmscan.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/panic.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/sched/kthread.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/vmstat.h>

#define DEF_PRIORITY		6	/* start with a 64th */
#define SWAP_CLUSTER_MAX	32	/* pages that make one run worth its while */

/* ---- one page -------------------------------------------------------------------------------- */

/*
 * Has @page been used since it was looked at last?  A page that is mapped by many, or has been
 * found used twice, is active; one that was read by read() once is not worth keeping.
 * => page locked; RECLAIM_FREED: no
 */
static enum reclaim_result check_references(struct page *page)
{
	bool marked = TestClearPageReferenced(page);
	int entries = page_mapped(page) ? page_referenced(page) : 0;

	if (!entries)
		return RECLAIM_FREED;
	if (marked || entries > 1)
		return RECLAIM_ACTIVATED;
	/* Perhaps it was this once: the next look will tell. */
	SetPageReferenced(page);
	return RECLAIM_KEPT;
}

/* Start writing a dirty page. => page locked; unlocks it */
static enum reclaim_result pageout(struct address_space *mapping, struct page *page)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = SWAP_CLUSTER_MAX,
		.range_end = LLONG_MAX, .for_reclaim = 1,
	};

	if (!mapping->a_ops->writepage || !clear_page_dirty_for_io(page)) {
		unlock_page(page);
		return RECLAIM_KEPT;
	}
	SetPageReclaim(page);
	/* It tells the mapping of its errors by itself: once unlocked, the page keeps no mapping alive. */
	mapping->a_ops->writepage(page, &wbc);
	/* Not begun (redirtied), or over already. */
	if (!PageWriteback(page))
		ClearPageReclaim(page);
	return RECLAIM_WRITTEN;
}

/* A locked page of the cache. => *@unlocked: it is no longer locked */
static enum reclaim_result reclaim_locked(struct address_space *mapping, struct page *page,
					  struct scan_control *sc, bool *unlocked)
{
	enum reclaim_result used;

	if (PageWriteback(page)) {
		SetPageReclaim(page);
		sc->nr_unclean++;
		return RECLAIM_KEPT;
	}
	used = check_references(page);
	if (used != RECLAIM_FREED)
		return used;
	if (page_mapped(page) && !try_to_unmap(page))
		return RECLAIM_KEPT;
	if (PageDirty(page)) {
		sc->nr_unclean++;
		if (!sc->may_writepage || !(sc->gfp_mask & __GFP_FS))
			return RECLAIM_KEPT;
		*unlocked = true;
		return pageout(mapping, page);
	}
	if (PagePrivate(page) && !try_to_release_page(page, sc->gfp_mask))
		return RECLAIM_KEPT;
	return remove_mapping(mapping, page) ? RECLAIM_FREED : RECLAIM_KEPT;
}

enum reclaim_result reclaim_one(struct page *page, struct scan_control *sc)
{
	enum reclaim_result result;
	bool unlocked = false;

	if (!trylock_page(page))
		return RECLAIM_KEPT;
	/* Truncated, or locked in memory, while it was in our hands: it belongs on no list. */
	if (!page->mapping || PageMlocked(page)) {
		unlock_page(page);
		return RECLAIM_KEPT;
	}
	result = reclaim_locked(page->mapping, page, sc, &unlocked);
	if (!unlocked)
		unlock_page(page);
	return result;
}

/* ---- the lists of a zone -------------------------------------------------------------------------- */

/* Look at up to SWAP_CLUSTER_MAX pages at the end of the inactive list. => how many there were */
static unsigned int shrink_inactive(struct zone *zone, struct scan_control *sc)
{
	struct page *pages[SWAP_CLUSTER_MAX];
	unsigned int i, freed = 0, nr;

	nr = isolate_lru_pages(zone, LRU_INACTIVE_FILE, pages, SWAP_CLUSTER_MAX);
	for (i = 0; i < nr; i++) {
		switch (reclaim_one(pages[i], sc)) {
		case RECLAIM_FREED:
			freed++;
			break;
		case RECLAIM_ACTIVATED:
			SetPageActive(pages[i]);
			count_vm_event(PGACTIVATE);
			break;
		case RECLAIM_WRITTEN:
		case RECLAIM_KEPT:
			break;
		}
	}
	/* Those that have left the cache are freed by this. */
	putback_lru_pages(pages, nr);
	sc->nr_scanned += nr;
	sc->nr_reclaimed += freed;
	count_vm_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, nr);
	count_vm_events(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, freed);
	return nr;
}

/* Was the page used since it became active? => not locked: a wrong guess costs a look */
static bool still_used(struct page *page)
{
	bool used = TestClearPageReferenced(page);

	if (page_mapped(page) && trylock_page(page)) {
		if (page->mapping && page_referenced(page))
			used = true;
		unlock_page(page);
	}
	return used;
}

/* The end of the active list: what was not used since becomes inactive. => pages looked at */
static unsigned int refill_inactive(struct zone *zone)
{
	struct page *pages[SWAP_CLUSTER_MAX];
	unsigned int i, nr;

	nr = isolate_lru_pages(zone, LRU_ACTIVE_FILE, pages, SWAP_CLUSTER_MAX);
	for (i = 0; i < nr; i++) {
		if (still_used(pages[i]))
			continue;
		ClearPageActive(pages[i]);
		count_vm_event(PGDEACTIVATE);
	}
	putback_lru_pages(pages, nr);
	count_vm_events(PGREFILL, nr);
	return nr;
}

/* Pages of a list to look at. */
static unsigned long scan_share(struct zone *zone, enum lru_list lru, int priority)
{
	unsigned long pages = zone_page_state(zone, LRU_STAT(lru));

	return min(pages, max(pages >> priority, (unsigned long)SWAP_CLUSTER_MAX));
}

void shrink_zone(struct zone *zone, struct scan_control *sc)
{
	unsigned long scan = scan_share(zone, LRU_ACTIVE_FILE, sc->priority), nr;

	/* The working set keeps half of the memory of files; a scan of something large has the rest. */
	while (scan && zone_page_state(zone, NR_ACTIVE_FILE) >
		       zone_page_state(zone, NR_INACTIVE_FILE)) {
		nr = refill_inactive(zone);
		if (!nr)
			break;
		scan -= min(scan, nr);
	}
	scan = scan_share(zone, LRU_INACTIVE_FILE, sc->priority);
	while (scan) {
		nr = shrink_inactive(zone, sc);
		if (!nr)
			break;
		scan -= min(scan, nr);
		cond_resched();
	}
}

/* What was looked at is being written: wait for some of it, unless the caller may not. */
static void wait_for_disk(struct scan_control *sc)
{
	if (!(sc->gfp_mask & __GFP_IO) || sc->nr_unclean <= sc->nr_reclaimed)
		return;
	wakeup_bdflush();
	congestion_wait(HZ / 20);
}

/* ---- direct reclaim --------------------------------------------------------------------------------- */

/* Pages in the buddy system that this zonelist can reach. */
static unsigned long zonelist_free_pages(const struct zonelist *zonelist)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; zonelist->zones[i]; i++)
		sum += READ_ONCE(zonelist->zones[i]->free_pages);
	return sum;
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order,
				unsigned int gfp_mask)
{
	unsigned long wanted = max(1UL << order, (unsigned long)SWAP_CLUSTER_MAX);
	unsigned long before = zonelist_free_pages(zonelist), now;
	struct scan_control sc = { .gfp_mask = gfp_mask, .may_writepage = true };
	unsigned int nested = current->flags & PF_MEMALLOC;
	struct zone **z;

	current->flags |= PF_MEMALLOC;
	/* What is only kept at hand goes first: it costs nothing. */
	lru_add_drain();
	drain_pgt_cache();
	drain_all_pages();
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		if (zonelist_free_pages(zonelist) >= before + wanted || sc.nr_reclaimed >= wanted)
			break;
		for (z = zonelist->zones; *z; z++)
			shrink_zone(*z, &sc);
		shrink_slab(gfp_mask, sc.priority);
		drain_all_pages();
		if (sc.nr_reclaimed < wanted && sc.priority < DEF_PRIORITY - 2)
			wait_for_disk(&sc);
	}
	if (!nested)
		current->flags &= ~PF_MEMALLOC;
	now = zonelist_free_pages(zonelist);
	/*
	 * Others may have been faster to take what we freed: that is progress too.  So is what the
	 * disk is about to make clean: nobody is killed while that can be waited for.
	 */
	return max(now > before ? now - before : 0, max(sc.nr_reclaimed, (unsigned long)!!sc.nr_unclean));
}

/* ---- kswapd ------------------------------------------------------------------------------------------- */

/* => the zones of @pgdat that are below their high mark, as a mask */
static unsigned int zones_short(pg_data_t *pgdat, unsigned int order)
{
	unsigned int mask = 0;
	int i;

	for (i = 0; i < pgdat->nr_zones; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (populated_zone(zone) &&
		    !zone_watermark_ok(zone, order, zone->watermark[WMARK_HIGH], i, 0))
			mask |= 1u << i;
	}
	return mask;
}

/* One run over the zones that are short. => pages reclaimed or given back */
static unsigned long balance_pgdat(pg_data_t *pgdat, unsigned int order)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_writepage = true, .kswapd = true };
	unsigned long objects = 0;
	unsigned int mask;
	int i;

	lru_add_drain();
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		mask = zones_short(pgdat, order);
		if (!mask || sc.nr_reclaimed >= SWAP_CLUSTER_MAX)
			break;
		for (i = pgdat->nr_zones - 1; i >= 0; i--)
			if (mask & 1u << i)
				shrink_zone(&pgdat->node_zones[i], &sc);
		objects += shrink_slab(sc.gfp_mask, sc.priority);
		drain_local_pages();
		if (sc.priority < DEF_PRIORITY - 2)
			wait_for_disk(&sc);
	}
	return sc.nr_reclaimed + objects;
}

static int kswapd(void *data)
{
	pg_data_t *pgdat = data;
	unsigned int order;

	current->flags |= PF_MEMALLOC;
	for (;;) {
		wait_event_interruptible(pgdat->kswapd_wait, pgdat->kswapd_wanted);
		order = pgdat->kswapd_order;
		pgdat->kswapd_order = 0;
		pgdat->kswapd_wanted = false;
		count_vm_event(PAGEOUTRUN);
		while (zones_short(pgdat, order) && pgdat->kswapd_failures < KSWAPD_MAX_FAILURES) {
			if (balance_pgdat(pgdat, order))
				pgdat->kswapd_failures = 0;
			else
				pgdat->kswapd_failures++;
			/* Large blocks were worth one run: not all of the cache. */
			order = 0;
			cond_resched();
		}
	}
	return 0;
}

void __init kswapd_init(void)
{
	int nid;

	for_each_online_node(nid)
		if (NODE_DATA(nid)->node_present_pages &&
		    IS_ERR(kthread_run(kswapd, NODE_DATA(nid), "kswapd%d", nid)))
			panic("no memory for kswapd");
}
