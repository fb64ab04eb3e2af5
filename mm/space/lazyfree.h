/*
 * mm/space/lazyfree.h - pages that their owner could do without.  Theory: lazyfree.c.
 */
#ifndef OCTAVO_MM_SPACE_LAZYFREE_H
#define OCTAVO_MM_SPACE_LAZYFREE_H

#include <mm/types/mm_types.h>

/*
 * Let the pages of [start, end), which lies in @vma, and their entries look unused (MADV_COLD), send
 * them away at once (MADV_PAGEOUT), or let anonymous ones look as if they had never been
 * written to (MADV_FREE).
 * => [s] read; may sleep; the TLBs know
 */
void age_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice);

/* Is this page, in this entry, one that may be lost? => page_table_lock held */
static inline bool pte_lazyfree(pte_t pte, const struct page *page)
{
	return PageAnon(page) && !pte_dirty(pte) && !PageDirty(page) && !PageSwapCache(page);
}

#endif
