/*
 * mm/space/lazyfree.h - pages that their owner could do without.  Theory: lazyfree.c.
 */
#ifndef OCTAVO_MM_SPACE_LAZYFREE_H
#define OCTAVO_MM_SPACE_LAZYFREE_H

#include <mm/types/mm_types.h>

/*
 * Let the entries of [start, end), which lies in @vma, look unused (MADV_COLD), and with @free
 * let anonymous pages look as if they had never been written to (MADV_FREE).
 * => [s] read; the TLBs know
 */
void age_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool free);

/* Is this page, in this entry, one that may be lost? => page_table_lock held */
static inline bool pte_lazyfree(pte_t pte, const struct page *page)
{
	return PageAnon(page) && !pte_dirty(pte) && !PageDirty(page) && !PageSwapCache(page);
}

#endif
