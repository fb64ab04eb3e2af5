/*
 * mm/cache/rmap.c - the rare half of map counting.
 *
 * The common steps are inline in rmap.h.  Here are those that happen once in a
 * page's life, and the step for a page that may or may not be mapped already.
 *
 * Theory.  _mapcount is exact at every moment at which no page_table_lock is
 * held, because an entry changes only together with it.  Who needs to know
 * "is this the only entry?" (copy on write) asks under the lock that covers his
 * own entry: others can then only leave, never come, because to come they need
 * an entry to copy (fork takes mmap_sem for writing) or the page from a cache,
 * which an anonymous page is not in.
 *
 * Where a page of a file is mapped is computed: each area on the mapping's i_mmap says which
 * offsets it maps, so there is one entry to look at in each (page_mkclean, page_referenced, try_to_unmap).
 *
 * Locking: the page_table_lock of the entry's address space; i_mmap_lock outside of it, which
 * keeps the areas and their page tables (mm/space/zap.c).
 * References: McCracken, Object-based reverse mapping, OLS 2004.
 */
#include <mm/cache/rmap.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <mm/cache/filemap.h>
#include <mm/phys/page_alloc.h>

void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	if (!atomic_inc_and_test(&page->_mapcount))
		return;
	__page_set_anon(page, vma, address);
	inc_zone_page_state(page, NR_ANON_PAGES);
}

/*
 * The last entry is gone.  An anonymous page stops being one, so that a
 * reference that outlives the mapping keeps a plain page.
 */
void __page_remove_last_rmap(struct page *page)
{
	if (!PageAnon(page)) {
		/* It may be mapped again by now, from the page cache; that counted up first, or will. */
		dec_zone_page_state(page, NR_FILE_MAPPED);
		return;
	}
	VM_BUG_ON(page_mapcount(page) != 0);
	dec_zone_page_state(page, NR_ANON_PAGES);
	page->mapping = NULL;
	page->index = 0;
}

/* ---- the entries of a page of a file ---------------------------------------------------------- */

/* The entry of @vma for @page, if it has one. => i_mmap_lock held: the tables stay */
static pte_t *page_pte(struct page *page, struct vm_area_struct *vma, unsigned long *address)
{
	unsigned long offset = page->index - vma->vm_pgoff;
	pmd_t *pmd;

	if (page->index < vma->vm_pgoff || offset >= (vma->vm_end - vma->vm_start) >> PAGE_SHIFT)
		return NULL;
	*address = vma->vm_start + (offset << PAGE_SHIFT);
	pmd = pmd_offset(pgd_offset(vma->vm_mm, *address), *address);
	return pmd_present(*pmd) ? pte_offset_map(pmd, *address) : NULL;
}

/* => page_table_lock held; does *@pte map @page, itself and not a private copy? */
static inline bool pte_maps(pte_t *pte, const struct page *page)
{
	return pte_present(*pte) && !pte_special(*pte) && pte_pfn(*pte) == page_to_pfn(page);
}

/* ---- write-back ------------------------------------------------------------------------------ */

/* => true if something had been stored by this entry */
static bool page_mkclean_one(struct page *page, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long address = 0;
	pte_t *pte = page_pte(page, vma, &address), old;
	bool dirty = false;

	if (!pte)
		return false;
	spin_lock(&mm->page_table_lock);
	if (pte_maps(pte, page) && (pte_dirty(*pte) || pte_write(*pte))) {
		/* No processor may go on writing by what its TLB remembers: flush, then trust D. */
		old = ptep_get_and_clear(pte);
		flush_tlb_page(vma, address);
		dirty = pte_dirty(old);
		set_pte(pte, pte_wrprotect(pte_mkclean(old)));
	}
	spin_unlock(&mm->page_table_lock);
	return dirty;
}

bool page_mkclean(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;
	bool dirty = false;

	if (!page_mapped(page))
		return false;
	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared)
		if (vma->vm_flags & VM_SHARED)
			dirty |= page_mkclean_one(page, vma);
	spin_unlock(&mapping->i_mmap_lock);
	return dirty;
}

/* ---- reclaim ------------------------------------------------------------------------------------ */

static bool page_referenced_one(struct page *page, struct vm_area_struct *vma)
{
	unsigned long address = 0;
	pte_t *pte = page_pte(page, vma, &address);
	bool young = false;

	if (!pte)
		return false;
	spin_lock(&vma->vm_mm->page_table_lock);
	/* The TLB may remember A = 1 for a while, and not set it again: a use that goes unnoticed. */
	if (pte_maps(pte, page))
		young = ptep_test_and_clear_young(pte);
	spin_unlock(&vma->vm_mm->page_table_lock);
	return young;
}

int page_referenced(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;
	int entries = 0;

	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared)
		entries += page_referenced_one(page, vma);
	spin_unlock(&mapping->i_mmap_lock);
	return entries;
}

/* => false: the entry has to stay, for it is locked or was used just now */
static bool try_to_unmap_one(struct page *page, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long address = 0;
	pte_t *pte = page_pte(page, vma, &address), old;
	bool stays = false;

	if (!pte)
		return true;
	spin_lock(&mm->page_table_lock);
	if (pte_maps(pte, page)) {
		stays = pte_mlocked(*pte) || pte_young(*pte);
		if (!stays) {
			/* Nobody may go on storing by a TLB when D is looked at. */
			old = ptep_get_and_clear(pte);
			flush_tlb_page(vma, address);
			if (pte_dirty(old))
				set_page_dirty(page);
			update_hiwater_rss(mm);
			mm->rss_stat[MM_FILEPAGES]--;
			page_remove_rmap(page);
			put_page(page);		/* not the last: the caller has one */
		}
	}
	spin_unlock(&mm->page_table_lock);
	return !stays;
}

bool try_to_unmap(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;

	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared)
		if (!page_mapped(page) || !try_to_unmap_one(page, vma))
			break;
	spin_unlock(&mapping->i_mmap_lock);
	return !page_mapped(page);
}
