/*
 * mm/space/mlock.h - pages that stay, counted.  Theory: mlock.c.
 */
#ifndef OCTAVO_MM_SPACE_MLOCK_H
#define OCTAVO_MM_SPACE_MLOCK_H

#include <kernel/arch/pgtable.h>
#include <mm/types/mm_types.h>

/* One locked entry more, or less, for @page. => page_table_lock held; the entry is marked by the caller */
void mlock_page(struct page *page);
void munlock_page(struct page *page);

/* @pte, about to be entered for @page in @vma: marked and counted if @vma is locked. */
static inline pte_t mlock_new_pte(pte_t pte, struct page *page, const struct vm_area_struct *vma)
{
	if (likely(!(vma->vm_flags & VM_LOCKED)))
		return pte;
	mlock_page(page);
	return pte_mkmlocked(pte);
}

/*
 * Mark and count the entries of [start, end), which lies in @vma, or the opposite.
 * => [s] write
 */
void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   bool lock);

#endif
