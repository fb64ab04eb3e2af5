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
 * MADV_COLD clears the A bit and puts the page on the inactive list: reclaim, which asks for both,
 * comes by it first.  MADV_PAGEOUT does not wait for that: the page goes to swap, or to its file,
 * or is just dropped, now (reclaim_pages).  Either leaves alone what others map too, and MADV_PAGEOUT
 * the pages of a file that is not the caller's: where it takes long to come back tells who else reads it.
 *
 * Locking: mmap_sem for reading; page_table_lock.
 * References: Linux's MADV_FREE since 4.5, and FreeBSD's before it.
 */
#include <mm/space/lazyfree.h>

#include <kernel/uapi/mman.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/phys/vmstat.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>
#include <mm/space/swap_fault.h>

/*
 * Its slot goes, if nobody else needs it; and if nobody else has the page (@alone), it is clean.  Both under
 * its lock: else reclaim, which makes a page dirty when it gets a slot, would find it clean again, and
 * never write what the slot should have.
 * => page_table_lock held; false: it stays as it was
 */
static bool forget_content(struct page *page, bool alone)
{
	bool freed = true;

	if (!PageSwapCache(page) && !PageDirty(page))
		return true;
	if (!trylock_page(page))
		return false;
	if (PageSwapCache(page))
		freed = try_to_free_swap(page);
	if (freed && alone)
		ClearPageDirty(page);
	unlock_page(page);
	return freed;
}

/* Pages that MADV_PAGEOUT has found, off their lists. */
struct pageout_batch {
	bool files;		/* pages of files too: the caller may */
	unsigned int nr;
	struct page *pages[SWAP_CLUSTER_MAX];
};

/* => page_table_lock held; true if the entry changed */
static bool free_pte(pte_t *pte, struct page *page, bool alone)
{
	if (!PageAnon(page) || !forget_content(page, alone))
		return false;
	if (alone)
		ClearPageReferenced(page);
	count_vm_event(PGLAZYFREE);
	/* Cleared first: the CPU may set A and D at any time. */
	set_pte(pte, pte_mkclean(pte_mkold(ptep_get_and_clear(pte))));
	return true;
}

/* => page_table_lock held; true if the entry changed */
static bool age_pte(pte_t *pte, int advice, struct pageout_batch *batch)
{
	struct page *page = pte_present(*pte) ? vm_normal_page(*pte) : NULL;
	bool alone = page && page_mapcount(page) == 1;

	if (page && advice == MADV_FREE)
		return free_pte(pte, page, alone);
	/* What others use is not cold because we say so. */
	if (!alone || (!batch->files && !PageAnon(page)))
		return false;
	deactivate_page(page);
	if (advice == MADV_PAGEOUT && isolate_lru_page(page))
		batch->pages[batch->nr++] = page;
	set_pte(pte, pte_mkold(ptep_get_and_clear(pte)));
	return true;
}

/* [addr, end) has one page table. => where it stopped because @batch is full, or @end */
static unsigned long age_ptes(struct vm_area_struct *vma, unsigned long addr, unsigned long end,
			      int advice, struct pageout_batch *batch)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *pte = pte_offset_map(mm_pmd(mm, addr), addr);
	unsigned long start = addr;
	bool changed = false;

	spin_lock(&mm->page_table_lock);
	for (; addr < end && batch->nr < SWAP_CLUSTER_MAX; pte++, addr += PAGE_SIZE) {
		if (advice == MADV_FREE && pte_swap(*pte))
			zap_swap_pte(mm, pte);
		else
			changed |= age_pte(pte, advice, batch);
	}
	if (changed)
		flush_tlb_range(vma, start, addr);
	spin_unlock(&mm->page_table_lock);
	return addr;
}

void age_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice)
{
	struct pageout_batch batch = {
		.files = advice != MADV_PAGEOUT || may_handle_cache(vma),
	};
	unsigned long addr, next;

	/* A page that waits for its list could not be taken off it. */
	if (advice == MADV_PAGEOUT)
		lru_add_drain();
	for (addr = start; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		if (!pmd_present(*mm_pmd(vma->vm_mm, addr)))
			continue;
		next = age_ptes(vma, addr, next, advice, &batch);
		if (batch.nr == SWAP_CLUSTER_MAX) {
			reclaim_pages(batch.pages, batch.nr);
			batch.nr = 0;
		}
	}
	if (batch.nr)
		reclaim_pages(batch.pages, batch.nr);
}
