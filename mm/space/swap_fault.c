/*
 * mm/space/swap_fault.c - a page comes back from swap.
 *
 * Theory.  The entry says where the page is.  It is looked for in the swap cache, or read into it,
 * and waited for, all without a lock; what then holds has to be looked at again:
 *
 *	the page	locked: is it still in the cache, as this slot's?  (or: somebody has freed it)
 *	the entry	page_table_lock: is it still the same?  (or: another thread was faster)
 *	the content	PG_uptodate?  (or: the disk could not read it: SIGBUS, and the entry stays)
 *
 * Then the entry's count of the slot becomes the entry's reference to the page: our own, the only one
 * there may be.  From page_table_lock on others, who hold mmap_sem for reading too, can take the page out
 * of there again.  So what is to be done with it, unlocking it included, is done before that.
 *
 * For a load the entry becomes read-only and clean, and the slot is kept: if the page is not written to,
 * it need not go out a second time.  For a store it is writable at once if no other entry, present or not,
 * is the page's (reuse_swap_page()); and if there are others, the copy is made by do_wp_page(), as after
 * fork.
 *
 * The slot goes where it is of no use, because the page is locked in memory or its area is being
 * switched off, or it could not be written there, and when slots are short.
 *
 * swapoff (unuse_mms) is the same for all entries of an area in all address spaces.  New ones can
 * come behind its back: fork copies them, and reclaim had slots in hand.  But no new slots
 * are given out, so it is repeated until none is left (mm/cache/swapfile.c).
 *
 * Locking: mmap_sem for reading; PG_locked, page_table_lock.
 */
#include <mm/space/swap_fault.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/mlock.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

/* Is its slot better given back? => page locked, in the swap cache or not */
static bool slot_is_useless(const struct page *page, swp_entry_t entry)
{
	return PageMlocked(page) || PageError(page) || vm_swap_full() ||
	       !(READ_ONCE(swap_info[swp_type(entry)].flags) & SWP_WRITEOK);
}

/*
 * Enter @page instead of @orig, which names its slot.
 * => page locked, uptodate, with a reference that goes to the entry, and unlocked here: it is not to be
 *    touched any more without page_table_lock, which is held; *@write false: done with that too
 */
static void set_swapped_in_pte(struct vm_area_struct *vma, unsigned long address, pte_t *pte,
			       pte_t orig, struct page *page, bool *write)
{
	swp_entry_t entry = pte_to_swp_entry(orig);
	struct mm_struct *mm = vma->vm_mm;
	pte_t new = pte_wrprotect(mk_pte(page, vma->vm_page_prot));

	if (*write && reuse_swap_page(page)) {
		new = pte_mkdirty(new);
		if (likely(vma->vm_flags & VM_WRITE))
			new = pte_mkwrite(new);
		*write = false;
	}
	if (pte_swp_soft_dirty(orig))
		new = __pte(pte_val(new) | _PAGE_SOFT_DIRTY);
	mm->rss_stat[MM_ANONPAGES]++;
	mm->rss_stat[MM_SWAPENTS]--;
	page_add_anon_rmap(page, vma, address);
	set_pte(pte, mlock_new_pte(new, page, vma));
	swap_free(entry);
	if (slot_is_useless(page, entry))
		try_to_free_swap(page);
	unlock_page(page);
}

vm_fault_t do_swap_page(struct vm_area_struct *vma, unsigned long address, pte_t *pte, pte_t orig,
			bool *write)
{
	swp_entry_t entry = pte_to_swp_entry(orig);
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = lookup_swap_cache_vma(entry, vma, address);
	vm_fault_t ret = VM_FAULT_MINOR;

	if (unlikely(anon_vma_prepare(vma))) {
		if (page)
			put_page(page);
		return VM_FAULT_OOM;
	}
	if (!page) {
		page = swapin_readahead(entry, GFP_HIGHUSER, vma, address);
		/* No memory; unless the entry has changed, and the slot with it. */
		if (!page)
			return pte_same(ptep_get_lockless(pte), orig) ? VM_FAULT_OOM : VM_FAULT_MINOR;
		ret = VM_FAULT_MAJOR;
	}
	lock_page(page);
	if (likely(PageSwapCache(page) && page_swap_entry(page).val == entry.val)) {
		spin_lock(&mm->page_table_lock);
		if (likely(pte_same(*pte, orig))) {
			if (likely(PageUptodate(page))) {
				set_swapped_in_pte(vma, address, pte, orig, page, write);
				spin_unlock(&mm->page_table_lock);
				return ret;
			}
			ret = VM_FAULT_SIGBUS;
		}
		spin_unlock(&mm->page_table_lock);
		try_to_free_swap(page);
	}
	unlock_page(page);
	put_page(page);
	return ret;
}

void zap_swap_pte(struct mm_struct *mm, pte_t *pte)
{
	pte_t entry = *pte;

	pte_clear(pte);
	mm->rss_stat[MM_SWAPENTS]--;
	if (!free_swap_and_cache(pte_to_swp_entry(entry)))
		pr_err("mm: bad page table entry " PTE_FMT " in %s[%d]\n", pte_val(entry),
		       current->comm, current->pid);
}

/* ---- before it is asked for ------------------------------------------------------------------------ */

pte_t next_swap_pte(struct mm_struct *mm, unsigned long *addr, unsigned long end, pte_t **at)
{
	while (*addr < end) {
		pmd_t *pmd = mm_pmd(mm, *addr);
		unsigned long next = pmd_addr_end(*addr, end);
		pte_t *pte;

		if (!pmd_present(*pmd)) {
			*addr = next;
			continue;
		}
		for (pte = pte_offset_map(pmd, *addr); *addr < next; pte++, *addr += PAGE_SIZE) {
			pte_t entry = ptep_get_lockless(pte);

			if (pte_swap(entry)) {
				*at = pte;
				return entry;
			}
		}
	}
	return __pte(0);
}

void swapin_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr;
	pte_t entry, *pte;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct page *page;

		entry = next_swap_pte(vma->vm_mm, &addr, end, &pte);
		if (pte_none(entry) || fatal_signal_pending(current))
			return;
		page = read_swap_cache_async(pte_to_swp_entry(entry),
					     GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN, vma, addr);
		if (page)
			put_page(page);
		else if (pte_same(ptep_get_lockless(pte), entry))
			return;			/* no memory, and it is only a hint */
		cond_resched();
	}
}

/* ---- swapoff ----------------------------------------------------------------------------------------- */

/* => 0, -ENOMEM, -EINTR; *@err: -EIO for an entry that has to stay; [s] read */
static int unuse_vma(struct vm_area_struct *vma, unsigned int type, int *err)
{
	unsigned long addr;
	pte_t entry, *pte;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		bool write = false;

		entry = next_swap_pte(vma->vm_mm, &addr, vma->vm_end, &pte);
		if (pte_none(entry))
			break;
		if (swp_type(pte_to_swp_entry(entry)) != type)
			continue;
		switch (do_swap_page(vma, addr, pte, entry, &write)) {
		case VM_FAULT_OOM:
			return -ENOMEM;
		case VM_FAULT_SIGBUS:
			*err = -EIO;
			break;
		default:
			break;
		}
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int unuse_mms(unsigned int type)
{
	struct mm_struct *mm = NULL;
	struct vm_area_struct *vma;
	int err = 0, stop = 0;

	while (!stop && (mm = next_mm(mm)) != NULL) {
		if (!READ_ONCE(mm->rss_stat[MM_SWAPENTS]))
			continue;
		down_read(&mm->mmap_sem);
		for (vma = mm->mmap; vma && !stop; vma = vma->vm_next)
			stop = unuse_vma(vma, type, &err);
		up_read(&mm->mmap_sem);
	}
	if (stop)
		mmput(mm);
	return stop ? stop : err;
}
