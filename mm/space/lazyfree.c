/*
 * mm/space/lazyfree.c - pages that their owner could do without: MADV_FREE and MADV_COLD.
 *
 * Theory.  free() of a C library gives pages back that malloc() may want again a
 * moment later.  MADV_DONTNEED takes them at once, and the next touch costs a fault
 * and a cleared page.  MADV_FREE says: take them if you need them, and leave me the
 * rest.  What makes that safe is the D bit.  An anonymous page's entry is dirty from
 * its first moment, because its content exists nowhere else; MADV_FREE clears the
 * bit.  If the program writes to the page, the CPU sets it again, without a fault,
 * and the page is kept.  So an anonymous page that is *clean* may be lost:
 *
 *	write		MADV_FREE	write		memory runs short
 *	D = 1		D = 0		D = 1		stays
 *			D = 0				may go, reads as zeros
 *
 * A processor that remembers D = 1 in its TLB would write without setting the bit, so
 * the TLBs are flushed before page_table_lock is let go: who looks for clean pages
 * holds it.  A page that others map too, after fork, is clean only in one entry, and
 * stays for theirs.
 *
 * A page in the swap cache is clean when its slot has its content, so it has to lose the slot first:
 * else it would come back from there.  What is in swap altogether goes at once.
 *
 * MADV_COLD and MADV_PAGEOUT clear the A bit: reclaim, which asks for it, comes by
 * such a page first.
 *
 * Locking: mmap_sem for reading; page_table_lock.
 * References: Linux's MADV_FREE since 4.5, and FreeBSD's before it.
 */
#include <mm/space/lazyfree.h>

#include <mm/cache/filemap.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/vmstat.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>
#include <mm/space/swap_fault.h>

/* Its slot goes, if nobody else needs it. => page_table_lock held; false: it stays */
static bool forget_slot(struct page *page)
{
	bool freed = true;

	if (!PageSwapCache(page))
		return true;
	if (!trylock_page(page))
		return false;
	if (PageSwapCache(page))
		freed = try_to_free_swap(page);
	unlock_page(page);
	return freed;
}

/* => page_table_lock held; true if the entry changed */
static bool age_pte(pte_t *pte, bool free)
{
	struct page *page = pte_present(*pte) ? vm_normal_page(*pte) : NULL;
	bool alone = page && page_mapcount(page) == 1;
	pte_t old;

	/* What others use is not cold because we say so; of a page that is freed, our entry is ours. */
	if (!page || !(free ? PageAnon(page) : alone))
		return false;
	if (free && !forget_slot(page))
		return false;
	if (alone)
		ClearPageReferenced(page);
	if (alone && free)
		ClearPageDirty(page);
	if (free)
		count_vm_event(PGLAZYFREE);
	/* Cleared first: the CPU may set A and D at any time. */
	old = pte_mkold(ptep_get_and_clear(pte));
	set_pte(pte, free ? pte_mkclean(old) : old);
	return true;
}

void age_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool free)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr, next;

	for (addr = start; addr < end; addr = next) {
		pmd_t *pmd = mm_pmd(mm, addr);
		pte_t *pte, *last;
		bool changed = false;

		next = pmd_addr_end(addr, end);
		if (!pmd_present(*pmd))
			continue;
		pte = pte_offset_map(pmd, addr);
		last = pte + ((next - addr) >> PAGE_SHIFT);
		spin_lock(&mm->page_table_lock);
		for (; pte < last; pte++) {
			if (free && pte_swap(*pte))
				zap_swap_pte(mm, pte);
			else
				changed |= age_pte(pte, free);
		}
		if (changed)
			flush_tlb_range(vma, addr, next);
		spin_unlock(&mm->page_table_lock);
	}
}
