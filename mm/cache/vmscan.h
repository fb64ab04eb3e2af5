/*
 * mm/cache/vmscan.h - memory taken back from caches.  Theory: vmscan.c (pages), kswapd.c (threads).
 *
 * The ways in are try_to_free_pages() and reclaim_page(), which kernel/core/hooks.h declares, and
 * waking kswapd and kreclaimd, which the allocator does by pglist_data.
 */
#ifndef OCTAVO_MM_CACHE_VMSCAN_H
#define OCTAVO_MM_CACHE_VMSCAN_H

#include <mm/types/gfp.h>
#include <mm/types/mmzone.h>

struct page;

#define DEF_PRIORITY		6	/* start with a 64th */
#define SWAP_CLUSTER_MAX	32	/* pages that make one run worth its while */

/* What became of a page that page_launder() looked at. */
enum reclaim_result {
	RECLAIM_CLEAN,		/* unmapped, clean: for the inactive clean list */
	RECLAIM_KEPT,		/* in use, or not to be had now */
	RECLAIM_ACTIVATED,	/* in use: it should not be looked at again soon */
	RECLAIM_WRITTEN,	/* dirty: on its way to the disk, clean when that is over */
};

/* One attempt to free memory: what it may do, and what it did. */
struct scan_control {
	gfp_t gfp_mask;			/* as the allocation that needs it: __GFP_IO, __GFP_FS */
	int priority;			/* 1/2^priority of a list is looked at */
	bool may_writepage;		/* dirty pages of files may be written, one by one */
	bool kswapd;			/* for statistics */
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;	/* pages that came to the inactive clean lists */
	unsigned long nr_unclean;	/* dirty or under write-back: a wait for the disk may help */
};

/*
 * Make one page ready to go, isolated: the caller has a reference and it is on no list.
 * => may sleep
 */
enum reclaim_result reclaim_one(struct page *page, struct scan_control *sc);
/*
 * Look at up to SWAP_CLUSTER_MAX pages at the old end of an inactive list: what is clean goes to
 * the inactive clean list, what is dirty to the disk, or bdflush is woken.
 * => may sleep; how many there were
 */
unsigned int page_launder(struct zone *zone, enum lru_list lru, struct scan_control *sc);
/* ... of an active list: they age, and what has not been used for long becomes inactive. */
unsigned int refill_inactive(struct zone *zone, enum lru_list lru, struct scan_control *sc);
/* Both, for a part of @zone's lists, as sc->priority says. => may sleep */
void shrink_zone(struct zone *zone, struct scan_control *sc);
/* reclaim_page() and __free_page(), up to @nr times. => how many */
unsigned long free_clean_pages(struct zone *zone, unsigned long nr);

/* Start kswapd and kreclaimd for each node that has memory. => kthreadd runs */
void kswapd_init(void);

#endif
