/*
 * mm/cache/rmap.c - where a page is mapped: asked, and taken away.
 *
 * The common steps of counting are inline in rmap.h.  Here are those that happen once in a
 * page's life, and the step for a page that may or may not be mapped already.
 *
 * Theory.  _mapcount is exact at every moment at which no page_table_lock is
 * held, because an entry changes only together with it.  Who needs to know
 * "is this the only entry?" (copy on write) asks under the lock that covers his
 * own entry: others can then only leave, never come, because to come they need
 * an entry to copy (fork takes mmap_sem for writing) or the page from a cache,
 * which an anonymous page is not in.
 *
 * Where a page is mapped is computed: its mapping, a file's or an anon_vma, has a tree of the areas,
 * or ways, that may map it, and page->index says where each does: so there is one entry to look at
 * for each (page_mkclean, page_referenced, try_to_unmap; counted as rmap_visits in /proc/vmstat).
 *
 * mremap moves entries under page_table_lock alone, so a walk may look at the old place too late
 * and at the new one too early.  It then has missed an entry, and says: still mapped.
 *
 * Locking: the page_table_lock of the entry's address space; i_mmap_lock, or the lock of the
 * anon_vma's family, outside of it, which keeps the areas and their page tables (mm/space/zap.c).
 * References: McCracken, Object-based reverse mapping, OLS 2004.
 */
#include <mm/cache/rmap.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/page_alloc.h>

void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	if (!atomic_inc_and_test(&page->_mapcount))
		return;
	/*
	 * It may be shared with any of the family whose tables have its swap entry, and the root's tree
	 * has them all.  A page that is still where it was knows better.
	 */
	if (!PageAnon(page))
		__page_set_anon(page, vma->anon_way->steps[0].anon_vma, vma->anon_way, address);
	inc_zone_page_state(page, NR_ANON_PAGES);
}

/* The last entry is gone. An anonymous page may have its swap entry elsewhere, and come back. */
void __page_remove_last_rmap(struct page *page)
{
	/* It may be mapped again by now, from the page cache or the swap cache; that counted up first, or will. */
	dec_zone_page_state(page, PageAnon(page) ? NR_ANON_PAGES : NR_FILE_MAPPED);
}

/* ---- the entries of a page ---------------------------------------------------------------------- */

/*
 * The entry at @address, which may map a page.  What lies there now need not have to do with the page's
 * family, or file, and nobody waits for us who unmaps it: page tables come and go, and only under the lock.
 * => page_table_lock held; or NULL, and it is not
 */
static pte_t *page_pte_lock(struct mm_struct *mm, unsigned long address)
{
	pmd_t *pmd = pmd_offset(pgd_offset(mm, address), address);

	count_vm_event(RMAP_VISITS);
	if (!pmd_present(*pmd))
		return NULL;
	spin_lock(&mm->page_table_lock);
	if (likely(pmd_present(*pmd)))
		return pte_offset_map(pmd, address);
	spin_unlock(&mm->page_table_lock);
	return NULL;
}

/* Where @vma, of its file, has it. */
static unsigned long file_address(const struct vm_area_struct *vma, const struct page *page)
{
	return vma->vm_start + ((page->index - vma->vm_pgoff) << PAGE_SHIFT);
}

static inline void forget_entry(struct mm_struct *mm, unsigned long address)
{
	tlb_flush_pgd_page(mm->pgd, &mm->cpu_vm_mask, address);
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
	unsigned long address = file_address(vma, page);
	pte_t *pte = page_pte_lock(mm, address), old;
	bool dirty = false;

	if (!pte)
		return false;
	if (pte_maps(pte, page) && (pte_dirty(*pte) || pte_write(*pte))) {
		/* No processor may go on writing by what its TLB remembers: flush, then trust D. */
		old = ptep_get_and_clear(pte);
		forget_entry(mm, address);
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
	vma_interval_tree_foreach(vma, &mapping->i_mmap, page->index, page->index)
		if (vma->vm_flags & VM_SHARED)
			dirty |= page_mkclean_one(page, vma);
	spin_unlock(&mapping->i_mmap_lock);
	return dirty;
}

/* ---- reclaim ------------------------------------------------------------------------------------ */

static bool page_referenced_one(struct page *page, struct mm_struct *mm, unsigned long address)
{
	pte_t *pte = page_pte_lock(mm, address);
	bool young = false;

	if (!pte)
		return false;
	/* The TLB may remember A = 1 for a while, and not set it again: a use that goes unnoticed. */
	if (pte_maps(pte, page))
		young = ptep_test_and_clear_young(pte);
	spin_unlock(&mm->page_table_lock);
	return young;
}

static int page_referenced_file(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;
	int entries = 0;

	spin_lock(&mapping->i_mmap_lock);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, page->index, page->index)
		entries += page_referenced_one(page, vma->vm_mm, file_address(vma, page));
	spin_unlock(&mapping->i_mmap_lock);
	return entries;
}

static int page_referenced_anon(struct page *page)
{
	struct anon_vma *anon_vma = page_lock_anon_vma(page);
	struct anon_vma_chain *step;
	int entries = 0;

	if (!anon_vma)
		return 0;
	anon_vma_foreach(step, anon_vma, page->index, page->index)
		entries += page_referenced_one(page, step->way->mm, way_address(step->way, page));
	page_unlock_anon_vma(anon_vma);
	return entries;
}

int page_referenced(struct page *page)
{
	return PageAnon(page) ? page_referenced_anon(page) : page_referenced_file(page);
}

/* What stands for @page where its entry was: its place in swap, counted, or nothing. => -errno */
static int entry_for(struct page *page, pte_t *entry)
{
	*entry = __pte(0);
	if (!PageSwapCache(page))
		return 0;
	*entry = swp_entry_to_pte(page_swap_entry(page));
	return swap_duplicate(page_swap_entry(page));
}

/*
 * Anonymous @page has a slot.  Who has pinned it (gup.c) is about to store into it, or has a disk do so.
 * Were its entry taken out now, its owner could have it back read-only, and then, by copy on write, a copy
 * in which that never arrives.  Pins are taken under the lock that we hold; of other entries, which have
 * their own, those that were here have been asked, and those that are here will be.
 * => the entry at hand is out, but counted
 */
static bool pinned(const struct page *page)
{
	int entries = page_mapcount(page), references;

	smp_rmb();
	references = page_count(page);
	smp_rmb();
	/* The swap cache, and the caller; others' entries that come or go meanwhile spoil the sum. */
	return references > entries + 2 || page_mapcount(page) != entries;
}

/*
 * @page, anonymous and without a slot, whose content was given up (lazyfree.c): has somebody use for it
 * but its entries and the caller?  Who writes to it behind the entries (gup.c) has found it by one that
 * was there, has a reference meanwhile, and makes the page dirty before he lets go.  So in this order:
 *
 *	here				who has pinned it
 *	the entry goes, flush
 *					stores; PG_dirty; put_page
 *	references and entries
 *	PG_dirty
 *
 * Others' entries come and go meanwhile, each with its reference: then the two sums are of two moments.
 * => the entry at hand is out, but counted; true: it has to stay
 */
static bool wanted_still(const struct page *page)
{
	int entries = page_mapcount(page), references;

	smp_mb();
	references = page_count(page);
	smp_rmb();
	return references != entries + 1 || page_mapcount(page) != entries || PageDirty(page);
}

/* => as wanted_still(); @old: what the entry was, and it was flushed */
static bool has_to_stay(const struct page *page, pte_t old)
{
	if (!PageAnon(page))
		return false;
	if (PageSwapCache(page))
		return pinned(page);
	/* No slot: what is in the page is nowhere else, unless it was given up. */
	return pte_dirty(old) || wanted_still(page);
}

/*
 * Take the entry at @pte out; what it has stored is told to the page.
 * => page_table_lock held; false: it has to stay, and is as it was
 */
static bool unmap_entry(struct page *page, struct mm_struct *mm, unsigned long address, pte_t *pte)
{
	pte_t old, new;

	if (pte_mlocked(*pte) || pte_young(*pte) || entry_for(page, &new))
		return false;
	/* Nobody may go on storing by a TLB when D is looked at. */
	old = ptep_get_and_clear(pte);
	forget_entry(mm, address);
	if (has_to_stay(page, old)) {
		set_pte(pte, old);
		if (pte_val(new))
			swap_free(page_swap_entry(page));
		return false;
	}
	if (pte_dirty(old))
		set_page_dirty(page);
	if (pte_val(new))
		set_pte(pte, pte_soft_dirty(old) ? pte_swp_mksoft_dirty(new) : new);
	return true;
}

/* Which of rss_stat's counters it is in: as mm_counter() of mm/space. */
static int rss_of(const struct page *page)
{
	if (PageAnon(page))
		return MM_ANONPAGES;
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* => false: the entry has to stay, for it is locked, was used just now, or its page cannot go */
static bool try_to_unmap_one(struct page *page, struct mm_struct *mm, unsigned long address)
{
	pte_t *pte = page_pte_lock(mm, address);
	bool gone = true;

	if (!pte)
		return true;
	if (pte_maps(pte, page)) {
		gone = unmap_entry(page, mm, address, pte);
		if (gone) {
			update_hiwater_rss(mm);
			mm->rss_stat[rss_of(page)]--;
			if (PageSwapCache(page))
				mm->rss_stat[MM_SWAPENTS]++;
			page_remove_rmap(page);
			put_page(page);		/* not the last: the caller has one */
		}
	}
	spin_unlock(&mm->page_table_lock);
	return gone;
}

static void try_to_unmap_file(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;

	spin_lock(&mapping->i_mmap_lock);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, page->index, page->index)
		if (!page_mapped(page) ||
		    !try_to_unmap_one(page, vma->vm_mm, file_address(vma, page)))
			break;
	spin_unlock(&mapping->i_mmap_lock);
}

static void try_to_unmap_anon(struct page *page)
{
	struct anon_vma *anon_vma = page_lock_anon_vma(page);
	struct anon_vma_chain *step;

	if (!anon_vma)
		return;
	anon_vma_foreach(step, anon_vma, page->index, page->index)
		if (!page_mapped(page) ||
		    !try_to_unmap_one(page, step->way->mm, way_address(step->way, page)))
			break;
	page_unlock_anon_vma(anon_vma);
}

bool try_to_unmap(struct page *page)
{
	if (PageAnon(page))
		try_to_unmap_anon(page);
	else
		try_to_unmap_file(page);
	return !page_mapped(page);
}
