/*
 * mm/phys/pcp.h - the per-CPU page lists: buddy system <-> a few pages at hand.
 *
 * Private to mm/phys; see pcp.c for the theory.
 */
#ifndef OCTAVO_MM_PHYS_PCP_H
#define OCTAVO_MM_PHYS_PCP_H

#include <lib/kernel.h>
#include <mm/types/mmzone.h>

/* This CPU's list of @zone. => interrupts off while it is used */
static inline struct per_cpu_pages *zone_pcp(struct zone *zone)
{
	return &zone->pageset[smp_processor_id()];
}

/* Where the fast paths look, without a step between. */
struct pcp_table {
	struct per_cpu_pages *by_gfp[GFP_ZONETYPES];	/* best zone's list for gfp & GFP_ZONEMASK */
	struct per_cpu_pages *by_zone[NR_PAGE_ZONE_IDS];	/* by page_zone_id() */
	struct per_cpu_pages none;			/* always empty */
};
DECLARE_PER_CPU(struct pcp_table, pcp_table);

/*
 * Point by_gfp[] at the lists or, @on false, at an empty one: then all take the slow path.
 * A processor whose best zone is on another node takes it always, as it has more to count.
 */
void pcp_fast_path(bool on);

/* Sizes batch and high by the zone's size. */
void zone_pcp_init(struct zone *zone);
/* Pages that one refill moves for a zone of so many. */
int zone_batchsize(unsigned long managed_pages);

/* Move up to pcp->batch pages from the buddy system. => interrupts off; pages moved */
int pcp_refill(struct zone *zone, struct per_cpu_pages *pcp);
/* Move @count pages, those unused longest, back. => interrupts off */
void pcp_flush(struct zone *zone, struct per_cpu_pages *pcp, int count);
/* Pages on all CPUs' lists of @zone. */
static inline unsigned long zone_pcp_pages(const struct zone *zone)
{
	long pages = READ_ONCE(zone->pageset[0].count);

	for (int cpu = 1; cpu < nr_cpus; cpu++)
		pages += READ_ONCE(zone->pageset[cpu].count);
	/* An empty list may be -1 for the moment in which its processor sees that it is. */
	return (unsigned long)max(pages, 0l);
}

/* page_alloc.c's part. => zone->lock held, interrupts off */
struct page *__rmqueue(struct zone *zone, unsigned int order);
/*
 * A block of 2^@most pages, or of what the smallest block there is has, if that is less.
 * => NULL if the zone is empty; its order in *order
 */
struct page *__rmqueue_most(struct zone *zone, unsigned int most, unsigned int *order);
void __free_one_page(struct zone *zone, struct page *page, unsigned int order);

#endif
