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
	RECLAIM_FREED,		/* in no cache, in no page table: the looker's reference is the last */
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
	bool ignore_references;		/* of MADV_PAGEOUT: they go, used or not */
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;	/* pages that came to the inactive clean lists */
	unsigned long nr_unclean;	/* dirty or under write-back: a wait for the disk may help */
	unsigned long nr_written;	/* ... of these, given to the disk by us */
	unsigned long nr_activated;
};

/*
 * Make one page ready to go, isolated: the caller has a reference and it is on no list.
 * => may sleep
 */
enum reclaim_result reclaim_one(struct page *page, struct scan_control *sc);
/*
 * Look at up to @nr pages, SWAP_CLUSTER_MAX at most, at the old end of an inactive list: what is
 * clean goes to the inactive clean list, what is dirty to the disk, or bdflush is woken.
 * => may sleep; how many there were
 */
unsigned int page_launder(struct zone *zone, enum lru_list lru, unsigned long nr,
			  struct scan_control *sc);
/* ... of an active list: they age, and what has not been used for long becomes inactive. */
unsigned int refill_inactive(struct zone *zone, enum lru_list lru, unsigned long nr,
			     struct scan_control *sc);
/* Both, for a part of @zone's lists, as sc->priority says. => may sleep */
void shrink_zone(struct zone *zone, struct scan_control *sc);
/* reclaim_page(), and what it gives is freed, up to @nr pages. => how many */
unsigned long free_clean_pages(struct zone *zone, unsigned long nr);
/*
 * MADV_PAGEOUT: these @nr pages, SWAP_CLUSTER_MAX at most, isolated, go now or as soon as the disk
 * has them. => may sleep; the references go; how many are free
 */
unsigned long reclaim_pages(struct page **pages, unsigned int nr);

/* vm.swappiness, 0 .. 200: what swapping a page costs, beside reading one of a file again (100: as much). */
extern int vm_swappiness;

/* Start kswapd and kreclaimd for each node that has memory. => kthreadd runs */
void kswapd_init(void);

#endif
