/*
 * mm/phys/reclaim.h - who can give memory back when it runs short.
 *
 * A cache that holds objects it could do without registers a shrinker.
 * shrink(0, gfp) says how many it holds; shrink(nr, gfp) looks at nr of them,
 * frees what it can, and says how many are left.  -1: not now (a lock that
 * the allocating task may hold; gfp says what it may hold).
 */
#ifndef OCTAVO_MM_PHYS_RECLAIM_H
#define OCTAVO_MM_PHYS_RECLAIM_H

#include <lib/list.h>
#include <mm/types/gfp.h>

#define DEFAULT_SEEKS	2	/* disk seeks to make an object again */

struct shrinker {
	int (*shrink)(int nr_to_scan, gfp_t gfp_mask);	/* [c] may not allocate with __GFP_FS */
	int seeks;		/* [c] what an object costs to make again */
	struct list_head list;	/* [shrinker_sem] */
	unsigned long nr_scanned;	/* statistics */
};

void register_shrinker(struct shrinker *shrinker);
void unregister_shrinker(struct shrinker *shrinker);

/*
 * Ask every shrinker for a share of 1/2^@priority of its objects.
 * => may sleep; objects that went
 */
unsigned long shrink_slab(gfp_t gfp_mask, int priority);

#endif
