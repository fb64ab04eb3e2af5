/*
 * mm/space/pagetable.h - small steps that memory.c, zap.c and copy.c share.
 */
#ifndef OCTAVO_MM_SPACE_PAGETABLE_H
#define OCTAVO_MM_SPACE_PAGETABLE_H

#include <kernel/arch/pgtable.h>
#include <mm/space/memory.h>

/* Which of rss_stat's counters a page that some entry maps belongs to. */
static inline int mm_counter(const struct page *page)
{
	if (PageAnon(page))
		return MM_ANONPAGES;
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* Where the range of the page table that maps @addr ends, or @end if that comes first. */
static inline unsigned long pmd_addr_end(unsigned long addr, unsigned long end)
{
	unsigned long boundary = (addr + PMD_SIZE) & PMD_MASK;

	return boundary - 1 < end - 1 ? boundary : end;
}

/* The directory entry for @address. */
static inline pmd_t *mm_pmd(struct mm_struct *mm, unsigned long address)
{
	return pmd_offset(pgd_offset(mm, address), address);
}

/* The struct page behind a present entry, or NULL: the zero page, or a raw frame. */
static inline struct page *vm_normal_page(pte_t pte)
{
	return unlikely(pte_special(pte)) ? NULL : pte_page(pte);
}

#endif
