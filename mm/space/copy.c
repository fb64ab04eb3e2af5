/*
 * mm/space/copy.c - page-table entries copied, moved, re-coloured, made by drivers.
 *
 * Theory.  fork must give the child what the parent has.  Only anonymous pages
 * exist nowhere else, so only areas that hold some (vma_has_anon()) are copied
 * entry by entry; what the child can get from the page cache, or as the zero
 * page, its own faults bring: most children exec at once and never ask; frames
 * that a driver entered by mmap, for once and all, are copied.  In a
 * private area both sides lose the right to write, and the first to try pays
 * for the copy (memory.c).  The parent's TLB is flushed once at the end, by
 * dup_mm().
 *
 * mprotect changes the rights in present entries.  Entries may gain rights
 * without a flush: the CPU faults on its stale narrower entry and finds it
 * spurious.  Only taking rights away needs one, and change_protection() counts.
 *
 * Locking: mmap_sem for writing; page_table_lock, the child's outside the
 * parent's; mremap takes i_mmap_lock outside of it.
 */
#include <mm/space/memory.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/fs/fs.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swapfile.h>
#include <mm/phys/pgalloc.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

/* Where a driver mapped nothing, nothing is. */
static vm_fault_t pfn_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct pfn_vm_ops = { .fault = pfn_fault };

/* --- fork ----------------------------------------------------------------------------------------- */

/* Where the entries of one table go. */
struct copy_state {
	struct mm_struct *mm;		/* of the copy; its page_table_lock is held, and it counts */
	pteval_t protect;		/* both sides lose this right: of private areas, to write */
	pteval_t lost;			/* what the copy does not have */
	unsigned long anon;		/* anonymous pages that are not counted yet */
};

/* The slot has one user more. => 0 or -ENOMEM: too many */
static noinline int copy_swap_pte(const struct copy_state *state, pte_t *dst, pte_t entry)
{
	if (swap_duplicate(pte_to_swp_entry(entry)))
		return -ENOMEM;
	state->mm->rss_stat[MM_SWAPENTS]++;
	set_pte(dst, entry);
	return 0;
}

static inline void copy_one_pte(struct copy_state *state, pte_t *dst, pte_t *src, pte_t entry)
{
	if (pte_val(entry) & state->protect)
		ptep_set_wrprotect(src);
	if (likely(!pte_special(entry))) {
		struct page *page = pte_page(entry);

		if (likely(PageAnon(page))) {
			atomic_inc(&page->_refcount);
			state->anon++;
		} else {
			get_page(page);
			state->mm->rss_stat[mm_counter(page)]++;
		}
		page_dup_rmap(page);
	}
	set_pte(dst, __pte(pte_val(entry) & ~state->lost));
}

/* [addr, end) lies under one directory entry. => 0 or -ENOMEM */
static int copy_pte_range(struct mm_struct *dst_mm, struct mm_struct *src_mm, pmd_t *src_pmd,
			  unsigned long addr, unsigned long end, bool shared)
{
	/* Shared: the parent's D remembers.  Locks are not inherited. */
	struct copy_state state = {
		.mm = dst_mm,
		.protect = shared ? 0 : _PAGE_RW,
		.lost = (shared ? _PAGE_DIRTY : _PAGE_RW) | _PAGE_ACCESSED | _PAGE_MLOCKED,
	};
	pte_t *dst = pte_alloc_map(dst_mm, mm_pmd(dst_mm, addr), addr);
	pte_t *src = pte_offset_map(src_pmd, addr);
	pte_t *last = src + ((end - addr) >> PAGE_SHIFT);
	int err = 0;

	if (!dst)
		return -ENOMEM;
	spin_lock(&dst_mm->page_table_lock);
	spin_lock_nested(&src_mm->page_table_lock, SINGLE_DEPTH_NESTING);
	for (; src < last; src++, dst++) {
		pte_t entry = *src;

		if (pte_none(entry))
			continue;
		if (likely(pte_present(entry)))
			copy_one_pte(&state, dst, src, entry);
		else if ((err = copy_swap_pte(&state, dst, entry)) != 0)
			break;
	}
	dst_mm->rss_stat[MM_ANONPAGES] += state.anon;
	spin_unlock(&src_mm->page_table_lock);
	spin_unlock(&dst_mm->page_table_lock);
	return err;
}

/* Frames that a driver has entered, and that no fault would bring again. */
static bool only_tables_know(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_PFNMAP | VM_IO)) &&
	       (!vma->vm_ops || !vma->vm_ops->fault || vma->vm_ops == &pfn_vm_ops);
}

/* [vdso]: a fault would bring it, but each child has one at once. */
static bool has_kernel_page(const struct vm_area_struct *vma)
{
	return vma->vm_ops && !vma->vm_file && !(vma->vm_flags & VM_PFNMAP);
}

int copy_page_range(struct mm_struct *dst_mm, struct mm_struct *src_mm,
		    struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, next;
	int err;

	if (!vma_has_anon(vma) && !only_tables_know(vma) && !has_kernel_page(vma))
		return 0;
	for (; addr < vma->vm_end; addr = next) {
		pmd_t *pmd = mm_pmd(src_mm, addr);

		next = pmd_addr_end(addr, vma->vm_end);
		if (!pmd_present(*pmd))
			continue;
		err = copy_pte_range(dst_mm, src_mm, pmd, addr, next, vma->vm_flags & VM_SHARED);
		if (err)
			return err;
	}
	return 0;
}

/* --- mremap ---------------------------------------------------------------------------------------- */

/*
 * The entries of [old_addr, old_addr + len), all in one table, move to @dst on.
 *
 * i_mmap_lock keeps truncate out: it might look at the new place before, and at the old one
 * after the move.  And the TLB forgets the old place before page_table_lock goes: from then on
 * truncate can find, and free, the pages by their new place.
 */
static void move_pte_range(struct vm_area_struct *vma, unsigned long old_addr, pte_t *src,
			   pte_t *dst, unsigned long len)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	struct mm_struct *mm = vma->vm_mm;
	pte_t *last = src + (len >> PAGE_SHIFT);
	bool moved = false;

	if (mapping)
		spin_lock(&mapping->i_mmap_lock);
	spin_lock(&mm->page_table_lock);
	for (; src < last; src++, dst++) {
		if (pte_none(*src))
			continue;
		set_pte(dst, ptep_get_and_clear(src));
		moved = true;
	}
	if (moved)
		flush_tlb_range(vma, old_addr, old_addr + len);
	spin_unlock(&mm->page_table_lock);
	if (mapping)
		spin_unlock(&mapping->i_mmap_lock);
}

unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long done, step;

	for (done = 0; done < len; done += step) {
		unsigned long from = old_addr + done, to = new_addr + done;
		pte_t *src = mm_find_pte(mm, from), *dst;

		step = min3(len - done, pmd_addr_end(from, TASK_SIZE) - from,
			    pmd_addr_end(to, TASK_SIZE) - to);
		if (!src)
			continue;
		dst = pte_alloc_map(mm, mm_pmd(mm, to), to);
		if (!dst)
			break;
		move_pte_range(vma, from, src, dst, step);
	}
	return done;
}

/* --- mprotect --------------------------------------------------------------------------------------- */

static bool loses_rights(pte_t old, pte_t new)
{
	pteval_t lost = pte_val(old) & ~pte_val(new) & (_PAGE_PRESENT | _PAGE_RW);

	return lost || (pte_val(new) & ~pte_val(old) & _PAGE_NX);
}

/* => true if some entry allows less than before */
static bool change_pte_range(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr,
			     unsigned long end, pgprot_t newprot)
{
	bool notify = pgprot_val(clean_page_prot(vma)) != pgprot_val(vma->vm_page_prot);
	pte_t *pte = pte_offset_map(pmd, addr);
	pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	bool flush = false;

	spin_lock(&vma->vm_mm->page_table_lock);
	for (; pte < last; pte++) {
		pte_t old, new;

		/* What is in swap gets its area's rights when it comes back. */
		if (!pte_present(*pte))
			continue;
		/* Cleared first: the CPU may set D at any time, and must not be overwritten. */
		old = ptep_get_and_clear(pte);
		new = pte_modify(old, newprot);
		if (notify && !pte_special(old) && !(pte_dirty(old) && pte_soft_dirty(old)))
			new = pte_wrprotect(new);
		set_pte(pte, new);
		flush |= loses_rights(old, new);
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	return flush;
}

void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       pgprot_t newprot)
{
	unsigned long addr, next;
	bool flush = false;

	for (addr = start; addr < end; addr = next) {
		pmd_t *pmd = mm_pmd(vma->vm_mm, addr);

		next = pmd_addr_end(addr, end);
		if (pmd_present(*pmd))
			flush |= change_pte_range(vma, pmd, addr, next, newprot);
	}
	if (flush)
		flush_tlb_range(vma, start, end);
}

/* --- drivers ---------------------------------------------------------------------------------------- */

/* Enter frames from @pfn on (@step 0: the same one everywhere), uncounted. => 0 or -ENOMEM */
static int map_special_range(struct vm_area_struct *vma, unsigned long from, unsigned long size,
			     unsigned long pfn, unsigned long step, pgprot_t prot)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr, end = from + size;

	BUG_VAL(from < vma->vm_start || end > vma->vm_end, from, end);
	for (addr = from; addr < end; addr += PAGE_SIZE, pfn += step) {
		pte_t *pte = pte_alloc_map(mm, mm_pmd(mm, addr), addr);

		if (!pte)
			return -ENOMEM;
		spin_lock(&mm->page_table_lock);
		BUG_VAL(!pte_none(*pte), pte_val(*pte), addr);
		set_pte(pte, pte_mkspecial(pfn_pte(pfn, prot)));
		spin_unlock(&mm->page_table_lock);
	}
	return 0;
}

int zeromap_page_range(struct vm_area_struct *vma, unsigned long from, unsigned long size,
		       pgprot_t prot)
{
	/* Zeros that all see cannot become somebody's own at the first write. */
	if (vma->vm_flags & VM_SHARED)
		return -EINVAL;
	prot = __pgprot(pgprot_val(prot) & ~_PAGE_RW);
	return map_special_range(vma, from, size, page_to_pfn(ZERO_PAGE(from)), 0, prot);
}

int remap_pfn_range(struct vm_area_struct *vma, unsigned long from, unsigned long pfn,
		    unsigned long size, pgprot_t prot)
{
	size = PAGE_ALIGN(size);
	/*
	 * In a private area the first write makes a copy (do_wp_page), and a page that is not there
	 * would be zeros: so it is mapped as a whole and read-only, or not at all.
	 */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE) {
		if (from != vma->vm_start || from + size != vma->vm_end)
			return -EINVAL;
		prot = __pgprot(pgprot_val(prot) & ~_PAGE_RW);
	}
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND;
	if (!vma->vm_ops)
		vma->vm_ops = &pfn_vm_ops;
	return map_special_range(vma, from, size, pfn, 1, prot);
}

/* Set the entry for @addr if it is empty; @page: counted, NULL: not. => 0 or -ENOMEM */
static int insert_pte(struct vm_area_struct *vma, unsigned long addr, pte_t entry,
		      struct page *page)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *pte = pte_alloc_map(mm, mm_pmd(mm, addr), addr);

	if (!pte)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (pte_none(*pte)) {
		if (page) {
			get_page(page);
			mm->rss_stat[mm_counter(page)]++;
			page_add_file_rmap(page);
		}
		set_pte(pte, entry);
	}
	spin_unlock(&mm->page_table_lock);
	return 0;
}

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	return insert_pte(vma, addr, mk_pte(page, vma->vm_page_prot), page);
}

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	BUG_VAL(!(vma->vm_flags & VM_PFNMAP), vma->vm_flags, addr);
	return insert_pte(vma, addr, pte_mkspecial(pfn_pte(pfn, vma->vm_page_prot)), NULL);
}
