/*
 * mm/space/pagemap.c - which page is where, and which was written to since.
 *
 * Theory.  /proc/PID/pagemap shows a page table to programs, 64 bits for each
 * page of the address space: the frame, and what is known of it.  With it and
 * /proc/kpageflags one can tell from ring 3 what fork shares, and where copy on
 * write has copied.
 *
 * Which pages were written to?  The processor's D bit is ours to clear for
 * write-back, so it cannot answer somebody who keeps copies (a debugger, a
 * migration).  A second bit can: _PAGE_SOFT_DIRTY, which only the kernel sets,
 * always together with D (pte_mkdirty).  clear_refs 4 clears it and takes away
 * the right to write; the first write faults, and the fault sets both.  So the
 * question costs a fault for each page that is written to, and those who do not
 * ask pay nothing: entries of private memory become writable by a fault anyway.
 *
 * What has no entry cannot remember.  An area that is new says so as a whole
 * (VM_SOFTDIRTY): all its pages count as written until clear_refs 4.  From then
 * on entries of shared memory are made read-only until somebody writes, which
 * else would be writable at once (vma_wants_writenotify).  Areas of devices
 * stay VM_SOFTDIRTY: what a device writes there nobody sees.
 *
 * Locking: mmap_sem, for writing where rights are taken away; page_table_lock.
 * Reference: Linux's Documentation/admin-guide/mm/pagemap.rst, soft-dirty.rst.
 */
#include <mm/space/pagemap.h>

#include <kernel/arch/tlb.h>
#include <lib/kernel.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

static u64 pagemap_swap_entry(pte_t pte, bool show_place)
{
	swp_entry_t swap = pte_to_swp_entry(pte);
	u64 entry = PM_SWAP;

	if (pte_swp_soft_dirty(pte))
		entry |= PM_SOFT_DIRTY;
	if (show_place)
		entry |= swp_type(swap) | (u64)swp_offset(swap) << SWP_TYPE_BITS;
	return entry;
}

static u64 pagemap_entry(const struct vm_area_struct *vma, pte_t pte, bool show_pfn)
{
	u64 entry = vma->vm_flags & VM_SOFTDIRTY ? PM_SOFT_DIRTY : 0;
	struct page *page;

	if (pte_none(pte))
		return entry;
	if (!pte_present(pte))
		return entry | pagemap_swap_entry(pte, show_pfn);
	if (pte_soft_dirty(pte))
		entry |= PM_SOFT_DIRTY;
	entry |= PM_PRESENT;
	if (show_pfn)
		entry |= pte_pfn(pte) & PM_PFRAME_MASK;
	page = vm_normal_page(pte);
	if (page && !PageAnon(page))
		entry |= PM_FILE;
	if (page && page_mapcount(page) == 1)
		entry |= PM_MMAP_EXCLUSIVE;
	return entry;
}

void pagemap_fill(struct mm_struct *mm, unsigned long start, unsigned int nr, u64 *entries,
		  bool show_pfn)
{
	struct vm_area_struct *vma;
	unsigned long addr = start;
	pte_t *pte;

	down_read(&mm->mmap_sem);
	vma = find_vma(mm, start);
	spin_lock(&mm->page_table_lock);
	for (; nr; nr--, addr += PAGE_SIZE, entries++) {
		*entries = 0;
		if (vma && addr >= vma->vm_end)
			vma = vma->vm_next;
		if (!vma || addr < vma->vm_start)
			continue;
		pte = mm_find_pte(mm, addr);
		*entries = pagemap_entry(vma, pte ? *pte : __pte(0), show_pfn);
	}
	spin_unlock(&mm->page_table_lock);
	up_read(&mm->mmap_sem);
}

/* ---- clear_refs -------------------------------------------------------------------------------- */

/* One entry: from now on a write to it is noticed. */
static void clear_soft_dirty(pte_t *ptep)
{
	pte_t entry = *ptep;

	if (!pte_present(entry)) {
		set_pte(ptep, pte_swp_clear_soft_dirty(entry));
		return;
	}
	if (pte_special(entry) || (!pte_soft_dirty(entry) && !pte_write(entry)))
		return;
	/* Cleared first: the CPU may set D at any time. */
	entry = ptep_get_and_clear(ptep);
	set_pte(ptep, pte_clear_soft_dirty(pte_wrprotect(entry)));
}

static void clear_young(pte_t *ptep)
{
	struct page *page;

	if (!pte_present(*ptep))
		return;
	page = vm_normal_page(*ptep);
	ptep_test_and_clear_young(ptep);
	if (page)
		ClearPageReferenced(page);
}

/* Call @fn for each entry of @vma that is not empty. */
static void for_each_pte(struct vm_area_struct *vma, void (*fn)(pte_t *ptep))
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = vma->vm_start, next;

	for (; addr < vma->vm_end; addr = next) {
		pmd_t *pmd = mm_pmd(mm, addr);
		pte_t *pte, *last;

		next = pmd_addr_end(addr, vma->vm_end);
		if (!pmd_present(*pmd))
			continue;
		pte = pte_offset_map(pmd, addr);
		last = pte + ((next - addr) >> PAGE_SHIFT);
		spin_lock(&mm->page_table_lock);
		for (; pte < last; pte++)
			if (!pte_none(*pte))
				fn(pte);
		spin_unlock(&mm->page_table_lock);
	}
}

/* Is @vma one whose pages' use is to be forgotten? */
static bool clears_young(const struct vm_area_struct *vma, enum clear_refs what)
{
	return what == CLEAR_REFS_ALL || what == (vma->vm_file ? CLEAR_REFS_MAPPED : CLEAR_REFS_ANON);
}

void clear_refs(struct mm_struct *mm, enum clear_refs what)
{
	struct vm_area_struct *vma;

	down_write(&mm->mmap_sem);
	if (what == CLEAR_REFS_MM_HIWATER_RSS)
		mm->hiwater_rss = get_mm_rss(mm);
	for (vma = mm->mmap; vma && what != CLEAR_REFS_MM_HIWATER_RSS; vma = vma->vm_next) {
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			continue;
		if (what == CLEAR_REFS_SOFT_DIRTY) {
			vma->vm_flags &= ~VM_SOFTDIRTY;
			for_each_pte(vma, clear_soft_dirty);
		} else if (clears_young(vma, what)) {
			for_each_pte(vma, clear_young);
		}
		cond_resched();
	}
	if (what != CLEAR_REFS_MM_HIWATER_RSS)
		flush_tlb_mm(mm);
	up_write(&mm->mmap_sem);
}
