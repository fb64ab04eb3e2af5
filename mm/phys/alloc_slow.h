/*
 * mm/phys/alloc_slow.h - between the two halves of an allocation: page_alloc.c and alloc_slow.c.
 */
#ifndef OCTAVO_MM_PHYS_ALLOC_SLOW_H
#define OCTAVO_MM_PHYS_ALLOC_SLOW_H

#include <mm/phys/page_alloc.h>

/* No zone is above its low mark. => as __alloc_pages() */
struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct zonelist *zonelist);

/* The first zone that stays above the mark that @alloc_flags say (zonelists.h). => any context; or NULL */
struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, struct zonelist *zonelist,
				    unsigned int alloc_flags);
/*
 * @page of @zone has left its cache, and nobody else has it.
 * => any context; it is as one from the free lists, or false: it was not, and is in quarantine
 */
bool renew_page(struct zone *zone, struct page *page, gfp_t gfp);
/* Of several nodes: a request that would rather have had @preferred got pages of @zone. => any context */
void zone_statistics(struct zone *preferred, struct zone *zone);

#endif
