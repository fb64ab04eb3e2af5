/*
 * mm/cache/vmscan.h - memory taken back from caches.  Theory: vmscan.c.
 *
 * The way in is try_to_free_pages(), which kernel/core/hooks.h declares, and waking kswapd, which
 * the allocator does by pglist_data.kswapd_wait.
 */
#ifndef OCTAVO_MM_CACHE_VMSCAN_H
#define OCTAVO_MM_CACHE_VMSCAN_H

#include <mm/types/gfp.h>
#include <mm/types/mmzone.h>

struct page;

/* What became of a page that reclaim looked at. */
enum reclaim_result {
	RECLAIM_FREED,		/* out of the cache; the looker's reference is the last */
	RECLAIM_KEPT,		/* in use, or not to be had now */
	RECLAIM_ACTIVATED,	/* in use: it should not be looked at again soon */
	RECLAIM_WRITTEN,	/* dirty: on its way to the disk, free when that is over */
};

/* One attempt to free memory: what it may do, and what it did. */
struct scan_control {
	gfp_t gfp_mask;			/* as the allocation that needs it: __GFP_IO, __GFP_FS */
	int priority;			/* 1/2^priority of a list is looked at */
	bool may_writepage;		/* dirty pages may be written */
	bool kswapd;			/* for statistics */
	unsigned long nr_scanned, nr_reclaimed;
	unsigned long nr_unclean;	/* dirty or under write-back: a wait for the disk may help */
};

/*
 * Free one page of the cache, isolated: the caller has a reference and it is on no list.
 * => may sleep
 */
enum reclaim_result reclaim_one(struct page *page, struct scan_control *sc);
/* Look at a part of @zone's lists, as sc->priority says. => may sleep */
void shrink_zone(struct zone *zone, struct scan_control *sc);

/* Start kswapd for each node that has memory. => kthreadd runs */
void kswapd_init(void);

#endif
