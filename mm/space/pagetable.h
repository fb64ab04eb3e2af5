/*
 * mm/space/pagetable.h - small steps that memory.c, zap.c and copy.c share.
 */
#ifndef OCTAVO_MM_SPACE_PAGETABLE_H
#define OCTAVO_MM_SPACE_PAGETABLE_H

#include <kernel/arch/pgtable.h>
#include <kernel/arch/tlb.h>
#include <kernel/fs/fs.h>
#include <mm/cache/writeback.h>
#include <mm/space/memory.h>

static inline bool pte_same(pte_t a, pte_t b)
{
	return pte_val(a) == pte_val(b);
}

/*
 * Empty a present entry so that no processor can use it any more.  Two steps in this order:
 * what replaces it is entered after that, and nobody works with old and new at the same time.
 * => page_table_lock held
 */
static inline pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get_and_clear(ptep);

	flush_tlb_page(vma, address);
	return old;
}

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

/* The first of [pte, last) that is not empty, or @last: most of a table is empty, often. */
static __always_inline pte_t *skip_empty(pte_t *pte, pte_t *last)
{
	while (pte < last && pte_none(*pte))
		pte++;
	return pte;
}

/* The directory entry for @address. */
static inline pmd_t *mm_pmd(struct mm_struct *mm, unsigned long address)
{
	return pmd_offset(pgd_offset(mm, address), address);
}

/*
 * Do stores to its pages have to be heard of, because something writes them back?  Such a file has a
 * page_mkwrite (mm_check() sees to it), which is what is asked for where it costs.
 */
static inline bool vma_tracks_dirty(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_SHARED) && vma->vm_file &&
	       mapping_cap_writeback(vma->vm_file->f_mapping);
}

/* What an entry may do to a page that was not written to by it: its first write may have to fault. */
static inline pgprot_t clean_page_prot(const struct vm_area_struct *vma)
{
	bool notify = (vma->vm_ops && vma->vm_ops->page_mkwrite) || !(vma->vm_flags & VM_SOFTDIRTY);

	return notify ? __pgprot(pgprot_val(vma->vm_page_prot) & ~_PAGE_RW) : vma->vm_page_prot;
}

/* The struct page behind a present entry, or NULL: the zero page, or a raw frame. */
static inline struct page *vm_normal_page(pte_t pte)
{
	return unlikely(pte_special(pte)) ? NULL : pte_page(pte);
}

#endif
