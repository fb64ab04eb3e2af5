/*
 * mm/cache/kswapd.c - who takes memory back, and when to stop.
 *
 * Theory.  vmscan.c knows how a page is made ready to go.  Three do so:
 *
 *	kswapd		one thread for each node, woken when an allocation finds all zones below
 *			their low mark.  It launders until what is free and what is clean together
 *			reach the high mark of each zone.  For a block of pages only what is
 *			free helps, so then it frees as well.
 *	kreclaimd	one for each node, woken with it, and by it.  It has the easy half: pages from
 *			the inactive clean lists to the buddy system, until each zone has its
 *			low mark again.  It never waits for anything, so that who cannot wait
 *			either (GFP_ATOMIC) finds memory although the disk is busy.
 *	try_to_free_pages()	an allocation that found less than min, and no clean page
 *			that it could have taken at once (mm/phys/page_alloc.c).
 *
 *	      zone->free_pages
 *	 high ---------------------------------- kswapd stops (with inactive clean pages)
 *	 low  ------------ both are woken ------ kreclaimd stops
 *	 min  -- an allocation works itself --
 *	 0    -- reclaim, and who dies, alone may go so deep --
 *
 * All have PF_MEMALLOC, so that what reclaim allocates comes from the reserve and never leads
 * here again.
 *
 * Caches of objects (inodes, dentries...) are asked for the same part of what they hold as the
 * lists (shrink_slab), so that they shrink with the pages, not after them; the slab allocator is one of
 * them, with its empty slabs (kmem_cache_reap).  kswapd, which looks at few pages at a time, asks
 * when it has looked at that part of the lists all in all.
 *
 * When most of what is old is on its way to the disk, looking faster frees nothing: then reclaim
 * waits for the disk.  A list all of which is under write-back is the sign that writers are
 * faster than the disk, and balance_dirty_pages() has failed to slow them down.
 *
 * kswapd that frees nothing KSWAPD_MAX_FAILURES times gives up until there is a page it has not
 * seen (swap.c).  An allocation gives up by the allocator's rule: should_retry().
 *
 * Locking: none of its own.
 *
 * References: as for vmscan.c.
 */
#include <mm/cache/vmscan.h>

#include <kernel/core/hooks.h>
#include <kernel/core/panic.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/vmstat.h>

/* Looks at the lists without writing, while bdflush may still have time to. */
#define PATIENT_ROUNDS	2

/*
 * What was looked at is being written: wait for some of it, unless the caller may not.  Who has
 * given the disk as much as he needs waits at once, rather than write more.
 */
static void wait_for_disk(struct scan_control *sc)
{
	bool enough = sc->nr_written >= SWAP_CLUSTER_MAX;

	if (sc->priority > DEF_PRIORITY - PATIENT_ROUNDS - 1 && !enough)
		return;
	if (!(sc->gfp_mask & __GFP_IO) || sc->nr_unclean <= sc->nr_reclaimed)
		return;
	if (!enough)
		reclaim_wakes_bdflush();
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

/* What is only kept at hand goes first: it costs nothing. => pages that were clean */
static unsigned long free_easy_pages(struct zonelist *zonelist, unsigned long wanted)
{
	unsigned long freed = 0;
	struct zone **z;

	lru_add_drain();
	drain_pgt_cache();
	for (z = zonelist->zones; *z; z++)
		freed += free_clean_pages(*z, wanted - freed);
	drain_all_pages();
	return freed;
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order,
				unsigned int gfp_mask)
{
	unsigned long wanted = max(1UL << order, (unsigned long)SWAP_CLUSTER_MAX), freed, now;
	unsigned long before = zonelist_free_pages(zonelist);
	struct scan_control sc = { .gfp_mask = gfp_mask };
	unsigned int nested = current->flags & PF_MEMALLOC;
	struct zone **z;

	current->flags |= PF_MEMALLOC;
	freed = free_easy_pages(zonelist, wanted);
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		if (zonelist_free_pages(zonelist) >= before + wanted || freed >= wanted)
			break;
		sc.may_writepage = sc.priority <= DEF_PRIORITY - PATIENT_ROUNDS;
		for (z = zonelist->zones; *z && freed < wanted; z++) {
			shrink_zone(*z, &sc);
			freed += free_clean_pages(*z, wanted - freed);
		}
		/* Others are interrupted for what they keep only when a first look was not enough. */
		if (sc.priority < DEF_PRIORITY)
			shrink_slab(gfp_mask, sc.priority);
		drain_local_pages();
		if (freed < wanted)
			wait_for_disk(&sc);
	}
	if (!freed)
		drain_all_pages();
	if (!nested)
		current->flags &= ~PF_MEMALLOC;
	now = zonelist_free_pages(zonelist);
	/* Others may have been faster to take what we freed: that is progress too. */
	return max(now > before ? now - before : 0, freed);
}

/* ---- kswapd ------------------------------------------------------------------------------------------- */

static bool zone_short(struct zone *zone, unsigned int order)
{
	unsigned long high = zone->watermark[WMARK_HIGH];

	if (zone_watermark_ok(zone, order, high, zone_idx(zone), 0))
		return false;
	return order || zone->free_pages + zone_page_state(zone, NR_INACTIVE_CLEAN) <= high;
}

/* => the zones of @pgdat that have less than their high mark, as a mask */
static unsigned int zones_short(pg_data_t *pgdat, unsigned int order)
{
	unsigned int mask = 0;
	int i;

	for (i = 0; i < pgdat->nr_zones; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (populated_zone(zone) && zone_short(zone, order))
			mask |= 1u << i;
	}
	return mask;
}

/* Has kswapd looked at 1/2^priority of its node's lists since it asked for objects last? */
static bool objects_are_due(pg_data_t *pgdat, const struct scan_control *sc)
{
	unsigned long pages = 0;
	int i, lru;

	for (i = 0; i < pgdat->nr_zones; i++)
		for (lru = 0; lru < NR_LRU_LISTS; lru++)
			pages += zone_page_state(&pgdat->node_zones[i], LRU_STAT(lru));
	if (pgdat->kswapd_scanned + sc->nr_scanned < pages >> sc->priority)
		return false;
	pgdat->kswapd_scanned = 0;
	return true;
}

static void wakeup_kreclaimd(pg_data_t *pgdat)
{
	pgdat->kreclaimd_wanted = true;
	if (waitqueue_active(&pgdat->kreclaimd_wait))
		wake_up(&pgdat->kreclaimd_wait);
}

/*
 * One run over the zones that are short.  Objects that were given back are no reason for another one: a
 * zone that none of them lies in (HighMem) would go on until the last is gone. => pages laundered
 */
static unsigned long balance_pgdat(pg_data_t *pgdat, unsigned int order)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .kswapd = true };
	unsigned int mask;
	int i;

	lru_add_drain();
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		mask = zones_short(pgdat, order);
		if (!mask || sc.nr_reclaimed >= SWAP_CLUSTER_MAX)
			break;
		sc.may_writepage = sc.priority <= DEF_PRIORITY - PATIENT_ROUNDS;
		for (i = pgdat->nr_zones - 1; i >= 0; i--) {
			if (!(mask & 1u << i))
				continue;
			shrink_zone(&pgdat->node_zones[i], &sc);
			if (order)
				free_clean_pages(&pgdat->node_zones[i], 1UL << order);
		}
		if (objects_are_due(pgdat, &sc))
			shrink_slab(sc.gfp_mask, sc.priority);
		if (order)
			drain_local_pages();
		wait_for_disk(&sc);
	}
	pgdat->kswapd_scanned += sc.nr_scanned;
	wakeup_kreclaimd(pgdat);
	return sc.nr_reclaimed;
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

/* ---- kreclaimd ------------------------------------------------------------------------------------------ */

/* Free clean pages until @zone has its low mark again, or no more of them. */
static void refill_free_list(struct zone *zone)
{
	unsigned long low = zone->watermark[WMARK_LOW], have;

	while ((have = READ_ONCE(zone->free_pages)) < low) {
		if (!free_clean_pages(zone, low - have))
			break;
		cond_resched();
	}
}

static int kreclaimd(void *data)
{
	pg_data_t *pgdat = data;
	int i;

	current->flags |= PF_MEMALLOC;
	for (;;) {
		wait_event_interruptible(pgdat->kreclaimd_wait, pgdat->kreclaimd_wanted);
		pgdat->kreclaimd_wanted = false;
		for (i = 0; i < pgdat->nr_zones; i++)
			if (populated_zone(&pgdat->node_zones[i]))
				refill_free_list(&pgdat->node_zones[i]);
	}
	return 0;
}

static void __init start_thread(int (*fn)(void *), pg_data_t *pgdat, const char *format)
{
	if (IS_ERR(kthread_run(fn, pgdat, format, pgdat->node_id)))
		panic("no memory for a thread of reclaim");
}

void __init kswapd_init(void)
{
	int nid;

	for_each_online_node(nid) {
		if (!NODE_DATA(nid)->node_present_pages)
			continue;
		start_thread(kswapd, NODE_DATA(nid), "kswapd%d");
		start_thread(kreclaimd, NODE_DATA(nid), "kreclaimd%d");
	}
}
