/*
 * mm/cache/vmscan.c - memory taken back: which page goes, and by which steps.
 *
 * Theory.  A file's page in memory is a copy that saves a read.  When memory is needed for
 * something else, the copies used least go.  swap.c keeps the pages in order; here they are
 * looked at from the old end, and go through three stages, each by a step of its own:
 *
 *	active		refill_inactive	 the tail ages: used since the last look, age_page_up; not
 *	  |				 used, age_page_down, and at 0 it becomes inactive
 *	inactive	page_launder	 the tail, SWAP_CLUSTER_MAX at a time, by reclaim_one:
 *	  |
 *	  |   locked, or under write-back		KEPT
 *	  |   mapped, and accessed since last time	KEPT once, then ACTIVATED
 *	  |   dirty: writing is started, or bdflush is woken	WRITTEN
 *	  |   clean: taken out of all page tables	CLEAN
 *	  v
 *	inactive clean	reclaim_page	 out of its cache, and to whoever needs a page
 *
 * On the inactive clean list a page costs nothing to have: no disk, no page table stands between
 * it and its next use.  It is still found in its cache, and who finds it there takes it back:
 * reclaim_page() sees that by the count or PG_referenced, and looks at the next.  So pages are
 * prepared early and in quantity by kswapd, and are lost only when really needed, a few at a time:
 * neighbours on the list are mostly of one file, so that one taking of lru_lock and of tree_lock
 * does for all of them.
 *
 * A list is looked at in parts: at priority p, 1/2^p of it, and p falls from DEF_PRIORITY to 0
 * only as long as too little came.  So light pressure takes the oldest only, and a page has time
 * to be used again between two looks.  An active page that has been used often has age to lose
 * (PAGE_AGE_MAX), so it survives more looks than one that was used once.
 *
 * Dirty pages are the flusher threads' work; a page that is dirty at the end of the list has
 * been missed by them.  So page_launder() wakes bdflush first, and only when that did not help
 * (may_writepage) it writes by itself, one page: its PG_reclaim brings it back to the end of
 * the list when the disk has it.
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
 * References: Gorman, chapter 10; Bovet and Cesati, chapter 17; Linux 2.4.0's mm/vmscan.c for
 * the three stages.
 */
#include <mm/cache/vmscan.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/sysctl.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

/* ---- one page -------------------------------------------------------------------------------- */

/*
 * Is there an entry to be looked for?  A page of shared memory that is in the swap cache only belongs to no
 * mapping, and is counted as mapped for a moment by who comes too late to map it (set_file_pte).
 */
static bool has_entries(const struct page *page)
{
	return page_mapped(page) && page->mapping;
}

/*
 * Has @page been used since it was looked at last?  A page that is mapped by many, or has been
 * found used twice, is active; one that was read by read() once, or only stored to when it was
 * made, is not worth keeping.
 * => page locked; RECLAIM_CLEAN: no
 */
static enum reclaim_result check_references(struct page *page, struct scan_control *sc)
{
	bool marked = TestClearPageReferenced(page);
	int entries = has_entries(page) ? page_referenced(page) : 0;

	if (!entries || sc->ignore_references)
		return RECLAIM_CLEAN;
	if (marked || entries > 1)
		return RECLAIM_ACTIVATED;
	/* Perhaps it was this once: the next look will tell. */
	SetPageReferenced(page);
	return RECLAIM_KEPT;
}

/* Has anybody ever said that pages of his could be lost (MADV_FREE)? */
static bool lazyfree_in_use(void)
{
	return vm_event_sum(PGLAZYFREE) != 0;
}

/*
 * An anonymous page that has no slot: it needs one, unless nobody needs what it holds.
 * => page locked; RECLAIM_CLEAN: it has one now
 */
static enum reclaim_result prepare_anon(struct page *page, struct scan_control *sc)
{
	/* Its process has ended meanwhile, or it is held by somebody who does not map it. */
	if (!page_mapped(page))
		return RECLAIM_KEPT;
	if (lazyfree_in_use() && !PageDirty(page) && try_to_unmap(page)) {
		count_vm_event(PGLAZYFREED);
		return page_count(page) == 1 ? RECLAIM_FREED : RECLAIM_KEPT;
	}
	if (!(sc->gfp_mask & __GFP_IO))
		return RECLAIM_KEPT;
	return add_to_swap(page) ? RECLAIM_CLEAN : RECLAIM_ACTIVATED;
}

/* May dirty @page be written, by one who is allowed to do what @sc says? */
static bool may_pageout(const struct page *page, const struct scan_control *sc)
{
	if (PageSwapCache(page))
		return sc->gfp_mask & __GFP_IO;
	if (!(sc->gfp_mask & __GFP_FS))
		return false;
	return sc->may_writepage || PageSwapBacked(page);
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
	if (PageWriteback(page))
		return RECLAIM_WRITTEN;
	/* Over already, or not begun (redirtied): shmem had no slot. */
	ClearPageReclaim(page);
	if (!PageDirty(page))
		return RECLAIM_WRITTEN;
	return PageSwapBacked(page) ? RECLAIM_ACTIVATED : RECLAIM_KEPT;
}

/* A page of a cache, or an anonymous one, locked. => *@unlocked: it is no longer */
static enum reclaim_result reclaim_locked(struct page *page, struct scan_control *sc,
					  bool *unlocked)
{
	enum reclaim_result result;

	if (PageWriteback(page)) {
		SetPageReclaim(page);
		sc->nr_unclean++;
		return RECLAIM_KEPT;
	}
	/* It could not be written to its slot: perhaps when it has grown old again. */
	if (unlikely(PageError(page) && PageSwapCache(page) && PageDirty(page))) {
		ClearPageError(page);
		return RECLAIM_ACTIVATED;
	}
	/* No entry is left that names it: neither it nor its slot has to be written. */
	if (PageSwapCache(page) && !has_entries(page) && try_to_free_swap(page))
		return page_count(page) == 1 ? RECLAIM_FREED : RECLAIM_KEPT;
	result = check_references(page, sc);
	if (result == RECLAIM_CLEAN && PageAnon(page) && !PageSwapCache(page))
		result = prepare_anon(page, sc);
	if (result != RECLAIM_CLEAN)
		return result;
	if (has_entries(page) && !try_to_unmap(page))
		return RECLAIM_KEPT;
	if (PageDirty(page)) {
		sc->nr_unclean++;
		if (!may_pageout(page, sc))
			return RECLAIM_KEPT;
		*unlocked = true;
		return pageout(page_mapping(page), page);
	}
	if (PagePrivate(page) && !try_to_release_page(page, sc->gfp_mask))
		return RECLAIM_KEPT;
	/* The cache and we: who comes from here on is seen by reclaim_page(). */
	return page_count(page) == 2 ? RECLAIM_CLEAN : RECLAIM_KEPT;
}

enum reclaim_result reclaim_one(struct page *page, struct scan_control *sc)
{
	enum reclaim_result result;
	bool unlocked = false;

	if (!trylock_page(page))
		return RECLAIM_KEPT;
	/* Truncated, or locked in memory, while it was in our hands: it belongs on no list. */
	if ((!page->mapping && !PageSwapCache(page)) || PageMlocked(page)) {
		unlock_page(page);
		return RECLAIM_KEPT;
	}
	result = reclaim_locked(page, sc, &unlocked);
	if (unlocked)
		return result;
	/* It will stay for a while: then somebody else may have its slot. */
	if (result == RECLAIM_ACTIVATED && PageSwapCache(page) && vm_swap_full())
		try_to_free_swap(page);
	unlock_page(page);
	return result;
}

/* ---- which kind ------------------------------------------------------------------------------- */

/*
 * Which kind?  Two figures decide between anonymous pages and files' pages: what the user says
 * (swappiness), and what looking at each kind has cost lately without freeing anything: transfers, and
 * pages that turned out to be in use.  The dearer kind is looked at less.
 */
#define SWAPPINESS_MAX	200
int vm_swappiness = 60;
SYSCTL_INT("sys/vm/swappiness", vm_swappiness, 0, SWAPPINESS_MAX, NULL);

/* What looking at a list has cost, in pages looked at: a transfer is worth a whole run. */
static void note_cost(struct zone *zone, enum lru_list lru, unsigned long written,
		      unsigned long activated)
{
	unsigned long *cost = zone->reclaim_cost;
	unsigned long pages = zone_page_state(zone, NR_INACTIVE_ANON) +
			      zone_page_state(zone, NR_ACTIVE_ANON) +
			      zone_page_state(zone, NR_INACTIVE_FILE) +
			      zone_page_state(zone, NR_ACTIVE_FILE);

	cost[!lru_is_anon(lru)] += written * SWAP_CLUSTER_MAX + activated;
	/* What was long ago counts less and less. */
	if (cost[0] + cost[1] > pages / 4) {
		cost[0] /= 2;
		cost[1] /= 2;
	}
}

/* Files have so little left that giving it up would not bring the zone above its marks. */
static bool files_nearly_gone(struct zone *zone)
{
	return zone->free_pages + zone_page_state(zone, NR_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ACTIVE_FILE) <= zone->watermark[WMARK_HIGH];
}

/*
 * Files have so much that is not in use that nothing else need be looked at: at first in all zones
 * of the node, for one that has none of it may be spared; then in the zone itself.  Not for a user
 * who says that swapping is cheaper.
 */
static bool files_are_plenty(struct zone *zone, const struct scan_control *sc)
{
	bool first = sc->priority == DEF_PRIORITY;
	pg_data_t *pgdat = zone->zone_pgdat;
	struct zone *at = first ? pgdat->node_zones : zone;
	struct zone *end = first ? at + pgdat->nr_zones : at + 1;
	unsigned long inactive = 0, active = 0;

	for (; at < end; at++) {
		inactive += zone_page_state(at, NR_INACTIVE_FILE);
		active += zone_page_state(at, NR_ACTIVE_FILE);
	}
	return vm_swappiness <= SWAPPINESS_MAX / 2 &&
	       inactive >> sc->priority >= SWAP_CLUSTER_MAX / 4 && inactive >= active;
}

/* How much of what is looked at should be anonymous: @share[0] parts, and @share[1] of files. */
static void balance_kinds(struct zone *zone, const struct scan_control *sc, unsigned long share[2])
{
	const unsigned long *cost = zone->reclaim_cost;
	unsigned long total = cost[0] + cost[1];

	share[0] = 0;
	share[1] = 1;
	/* Without free slots those that have theirs are what can go: there may be no such, so files' are looked at too. */
	if ((!nr_swap_pages && !global_page_state(NR_SWAPCACHE)) || files_are_plenty(zone, sc))
		return;
	if (files_nearly_gone(zone)) {
		share[0] = 1;
		share[1] = !nr_swap_pages;
	} else if (vm_swappiness && !sc->priority) {
		share[0] = 1;		/* near the end: whatever there is */
	} else if (vm_swappiness) {
		share[0] = (unsigned long)vm_swappiness * (2 * total + 2) / (total + cost[0] + 1);
		share[1] = (unsigned long)(SWAPPINESS_MAX - vm_swappiness) * (2 * total + 2) /
			   (total + cost[1] + 1);
	}
}

/* ---- the stages ------------------------------------------------------------------------------- */

/* What reclaim_one() says is counted. => the list that the page should go to */
static enum lru_verdict note_result(const struct page *page, enum reclaim_result result,
				    struct scan_control *sc)
{
	switch (result) {
	case RECLAIM_CLEAN:
	case RECLAIM_FREED:
		sc->nr_reclaimed++;
		count_vm_event(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT);
		count_vm_event(PageSwapBacked(page) ? PGSTEAL_ANON : PGSTEAL_FILE);
		return result == RECLAIM_CLEAN ? LRU_CLEAN : LRU_STAYS;
	case RECLAIM_ACTIVATED:
		sc->nr_activated++;
		return LRU_ACTIVATE;
	case RECLAIM_WRITTEN:
		sc->nr_written++;
		return LRU_WRITTEN;
	case RECLAIM_KEPT:
		break;
	}
	return LRU_STAYS;
}

static void launder_pages(struct page **pages, enum lru_verdict *verdicts, unsigned int nr,
			  struct scan_control *sc)
{
	unsigned int i;

	blk_start_plug();
	for (i = 0; i < nr; i++)
		verdicts[i] = note_result(pages[i], reclaim_one(pages[i], sc), sc);
	blk_finish_plug();
}

unsigned int page_launder(struct zone *zone, enum lru_list lru, unsigned long nr,
			  struct scan_control *sc)
{
	unsigned long unclean = sc->nr_unclean, written = sc->nr_written;
	unsigned long activated = sc->nr_activated;
	enum lru_verdict verdicts[SWAP_CLUSTER_MAX];
	struct page *pages[SWAP_CLUSTER_MAX];
	unsigned int taken;

	taken = isolate_lru_pages(zone, lru, pages, (unsigned int)min(nr, (unsigned long)SWAP_CLUSTER_MAX));
	launder_pages(pages, verdicts, taken, sc);
	putback_lru_pages(pages, verdicts, taken);
	sc->nr_scanned += taken;
	count_vm_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, taken);
	count_vm_events(lru_is_anon(lru) ? PGSCAN_ANON : PGSCAN_FILE, taken);
	note_cost(zone, lru, sc->nr_written - written, sc->nr_activated - activated);
	/* They are old, and dirty: whoever writes should have been here before us. */
	if (!lru_is_anon(lru) && sc->nr_unclean != unclean && global_page_state(NR_FILE_DIRTY))
		reclaim_wakes_bdflush();
	return taken;
}

/* Was the page used since the last look? => not locked: a wrong guess costs a look */
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

unsigned int refill_inactive(struct zone *zone, enum lru_list lru, unsigned long nr,
			     struct scan_control *sc)
{
	enum lru_verdict verdicts[SWAP_CLUSTER_MAX];
	struct page *pages[SWAP_CLUSTER_MAX];
	unsigned int i, taken;

	taken = isolate_lru_pages(zone, lru, pages, (unsigned int)min(nr, (unsigned long)SWAP_CLUSTER_MAX));
	for (i = 0; i < taken; i++)
		verdicts[i] = still_used(pages[i]) ? LRU_AGE_UP : LRU_AGE_DOWN;
	putback_lru_pages(pages, verdicts, taken);
	count_vm_events(PGREFILL, taken);
	return taken;
}

/*
 * What says that a page has been used since it came to the inactive clean list.  PG_lru, if nobody but the
 * cache and we have it: it was locked in memory meanwhile, and a batch has put it on a list.
 */
#define USED_MEANWHILE	(1UL << PG_referenced | 1UL << PG_private | 1UL << PG_writeback | 1UL << PG_lru)

/*
 * Can @page, isolated from that list, go?  The count, and dirtiness, is for remove_mappings().
 * => true: locked
 */
static bool still_unused(struct page *page)
{
	if (!trylock_page(page))
		return false;
	if (likely(page_count(page) == 2 && !(READ_ONCE(page->flags) & USED_MEANWHILE) &&
		   page_mapping(page) && !page_mapped(page)))
		return true;
	unlock_page(page);
	return false;
}

/*
 * Those of @pages, isolated from the inactive clean list of one zone, that can go leave their
 * caches.
 * => how many; they are the first of @pages, in their order, and ours alone
 */
static unsigned int take_from_caches(struct page **pages, unsigned int nr)
{
	unsigned int i, unused = 0;

	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (!still_unused(page))
			continue;
		pages[i] = pages[unused];
		pages[unused++] = page;
	}
	return remove_mappings(pages, unused);
}

unsigned int reclaim_page(struct zone *zone, struct page **pages, unsigned int nr)
{
	unsigned int taken, gone = 0;

	while (!gone && (taken = isolate_clean_pages(zone, pages, nr))) {
		gone = take_from_caches(pages, taken);
		if (unlikely(gone != taken))
			putback_lru_pages(pages + gone, NULL, taken - gone);
	}
	count_vm_events(PGSTEAL_CLEAN, gone);
	return gone;
}

unsigned long free_clean_pages(struct zone *zone, unsigned long nr)
{
	struct page *pages[SWAP_CLUSTER_MAX];
	unsigned long freed = 0, run;
	unsigned int taken;

	while (freed < nr) {
		run = min(nr - freed, (unsigned long)SWAP_CLUSTER_MAX);
		taken = reclaim_page(zone, pages, (unsigned int)run);
		if (!taken)
			break;
		release_pages(pages, taken);
		freed += taken;
	}
	return freed;
}

unsigned long reclaim_pages(struct page **pages, unsigned int nr)
{
	struct scan_control sc = {
		.gfp_mask = GFP_KERNEL, .may_writepage = true, .ignore_references = true,
	};
	unsigned int i, kept = 0, nested = current->flags & PF_MEMALLOC;
	enum lru_verdict verdicts[SWAP_CLUSTER_MAX];

	current->flags |= PF_MEMALLOC;
	launder_pages(pages, verdicts, nr, &sc);
	current->flags &= ~PF_MEMALLOC | nested;
	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (verdicts[i] == LRU_CLEAN && take_from_caches(&page, 1)) {
			__free_page(page);
			continue;
		}
		pages[kept] = page;
		verdicts[kept++] = verdicts[i] == LRU_CLEAN ? LRU_STAYS : verdicts[i];
	}
	putback_lru_pages(pages, verdicts, kept);
	return sc.nr_reclaimed;
}

/* ---- a zone ------------------------------------------------------------------------------------- */

/* Pages of a list to look at. */
static unsigned long scan_share(struct zone *zone, enum lru_list lru, int priority)
{
	unsigned long pages = zone_page_state(zone, LRU_STAT(lru));

	return min(pages, max(pages >> priority, (unsigned long)SWAP_CLUSTER_MAX));
}

/* The working set keeps half of the memory of its kind; a scan of something large has the rest. */
static void keep_inactive(struct zone *zone, enum lru_list inactive, struct scan_control *sc)
{
	enum lru_list active = inactive + 1;
	unsigned long scan = scan_share(zone, active, sc->priority), nr;

	while (scan && zone_page_state(zone, LRU_STAT(active)) >
		       zone_page_state(zone, LRU_STAT(inactive))) {
		nr = refill_inactive(zone, active, scan, sc);
		if (!nr)
			break;
		scan -= min(scan, nr);
	}
}

/*
 * Are as many pages on their way to swap as @zone lacks?  They are the next to be clean, and what
 * is written beyond that is read again for nothing.
 */
static bool enough_on_its_way(struct zone *zone)
{
	unsigned long have = zone->free_pages + zone_page_state(zone, NR_INACTIVE_CLEAN);
	unsigned long high = zone->watermark[WMARK_HIGH];

	return (unsigned long)atomic_read(&nr_swap_writing) >=
	       SWAP_CLUSTER_MAX + (high > have ? high - have : 0);
}

/* One run is looked at in any case: it has those that are written meanwhile. */
static void shrink_list(struct zone *zone, enum lru_list inactive, unsigned long scan,
			struct scan_control *sc)
{
	unsigned long nr;

	while (scan) {
		nr = page_launder(zone, inactive, scan, sc);
		if (!nr || (lru_is_anon(inactive) && enough_on_its_way(zone)))
			break;
		scan -= min(scan, nr);
		cond_resched();
	}
}

void shrink_zone(struct zone *zone, struct scan_control *sc)
{
	static const enum lru_list kinds[2] = { LRU_INACTIVE_ANON, LRU_INACTIVE_FILE };
	unsigned long share[2], scan;
	unsigned int i;

	balance_kinds(zone, sc, share);
	for (i = 0; i < 2; i++) {
		if (!share[i])
			continue;
		keep_inactive(zone, kinds[i], sc);
		scan = scan_share(zone, kinds[i], sc->priority);
		if (share[!i])
			scan = (scan * share[i] + share[!i]) / (share[0] + share[1]);
		shrink_list(zone, kinds[i], scan, sc);
	}
}
