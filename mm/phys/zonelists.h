/*
 * mm/phys/zonelists.h - which zones an allocation may try, how deep, and the
 * watermarks that stop it.
 *
 * Theory: see zonelists.c.
 */
#ifndef OCTAVO_MM_PHYS_ZONELISTS_H
#define OCTAVO_MM_PHYS_ZONELISTS_H

#include <mm/types/gfp.h>
#include <mm/types/mmzone.h>

/* kB kept free over all of low memory: the sum of the min watermarks. */
extern unsigned long min_free_kbytes;
/* How much of the better zones' size a zone keeps from their fallbacks: 1/ratio. */
extern int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES - 1];

/* The order in which zones are tried for @gfp, wanted on node @nid; empty zones are not in it. */
static inline struct zonelist *node_zonelist(int nid, gfp_t gfp)
{
	return &NODE_DATA(nid)->node_zonelists[gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK :
					       ZONELIST_FALLBACK][gfp & GFP_ZONEMASK];
}

/* The best zone @gfp allows. */
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	return gfp & __GFP_DMA ? ZONE_DMA : gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

/* alloc_flags: how deep. */
#define ALLOC_WMARK_MASK	0x03u	/* an enum zone_watermarks */
#define ALLOC_HARDER		0x10u	/* cannot sleep: a quarter deeper */
#define ALLOC_HIGH		0x20u	/* __GFP_HIGH: half as deep again */
#define ALLOC_NO_WATERMARKS	0x40u	/* to the last page */
#define ALLOC_OOM		0x80u	/* a victim of the OOM killer: half as deep again */

/*
 * May 2^@order pages be taken from @zone for a request whose best zone was
 * @classzone_idx, leaving @mark?  Racy without zone->lock, by design.
 */
int zone_watermark_ok(struct zone *zone, unsigned int order, unsigned long mark,
		      int classzone_idx, unsigned int alloc_flags);

/* All zones of a node's zonelists come before those of a farther node; else all of a kind. */
extern bool zonelist_order_node;
/* Sizes of zones known: the lists of all nodes. */
void build_zonelists(void);
/* Recompute after managed_pages or min_free_kbytes changed. */
void setup_per_zone_wmarks(void);
void setup_per_zone_lowmem_reserve(void);
/* min_free_kbytes from the size of low memory, then both of the above. */
void init_per_zone_wmark_min(void);

#endif
