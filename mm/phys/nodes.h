/*
 * mm/phys/nodes.h - nodes and zones at boot.
 *
 * Private to mm/phys; see nodes.c.
 */
#ifndef OCTAVO_MM_PHYS_NODES_H
#define OCTAVO_MM_PHYS_NODES_H

#include <mm/types/mmzone.h>

#define MAX_ORDER_PAGES	(1UL << (MAX_ORDER - 1))

/*
 * The first frame after @pfn, at most @end, that is of another zone or node; in *flags what
 * page->flags of these frames are for ever. => boot
 */
unsigned long zone_run_end(unsigned long pfn, unsigned long end, unsigned long *flags);

#endif
