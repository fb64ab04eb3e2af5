/*
 * mm/space/zap.c - taking pages and page tables away again.
 *
 * Theory.  Emptying an entry is three things: clear it, make the TLB forget it,
 * drop the page.  The order matters, because a page that was freed while some
 * TLB still leads to it would be written to by the old owner.  One flush for
 * each page would be slow, the more where other processors must be asked, so
 * pages are gathered, flushed together and then dropped together (struct
 * mmu_gather, on the stack; with several processors it may have a page more).
 * An address space that is not loaded anywhere needs no flush; tlb.h knows.
 *
 * Where others may be at work in the same area (madvise, truncate: no mmap_sem
 * for writing), the flush comes before page_table_lock is let go.  Else one that
 * finds the entry empty would take its own work for done, while its TLB still
 * leads to the page.
 *
 * A page of a file on a disk that was stored into stays counted as mapped until after the flush, so
 * that write-back, which asks page_mkclean(), waits for page_table_lock instead of taking
 * for clean what another processor can still store into.
 *
 * Page tables go when no area needs them any more: unmap_region() is told where
 * the neighbours end and begin (@floor, @ceiling) and frees the tables that lie
 * wholly between.  They are all zeros by then, which is how pte_free() wants
 * them.
 *
 * Truncate comes from the other side: from a file to all the areas that map it,
 * by address_space.i_mmap.  It walks page tables with i_mmap_lock only, so an area
 * leaves that list *between* the last look at its entries and the end of its
 * tables: not later, or truncate would walk freed tables; not before, or it would
 * miss pages that are still mapped.
 *
 *	munmap				truncate, another processor
 *	zap the areas' entries
 *	vma_unlink_file: waits		i_mmap_lock, walk the tables
 *	free the tables
 *
 * Reclaim, which comes from a page, does so too, or by anon_vma->lock.  It may know a way to an area that
 * is gone, and look there for a page of the family's: so it looks for the table, and is in it, under
 * page_table_lock (page_pte_lock()), and tables leave the directory under it.
 *
 * A fault that found its page before the file became shorter must not enter it
 * after truncate has been here: it remembers mapping->truncate_count before it
 * looks at the file's size, and compares under page_table_lock (memory.c).  If the
 * count is still the same, the entry is made before truncate takes that lock, and
 * is found.
 *
 * Locking: mmap_sem (see each function), or i_mmap_lock for truncate; then
 * page_table_lock.  Pages are dropped outside of it.
 */
#include <mm/space/vma.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/space/memory.h>
#include <mm/space/mlock.h>
#include <mm/space/pagetable.h>
#include <mm/space/swap_fault.h>

#define GATHER_PAGES	64
#define GATHER_MORE	(PAGE_SIZE / sizeof(struct page *))
#define STILL_MAPPED	1UL		/* in a gathered pointer: counted in _mapcount until the flush */

struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;	/* what is emptied */
	bool need_flush;		/* present entries were cleared */
	bool freed_tables;		/* tables were taken out of the directory */
	bool exclusive;			/* mmap_sem is held for writing */
	bool file_only;			/* leave private copies (truncate without even_cows) */
	bool delayed;			/* some of pages[] have STILL_MAPPED */
	unsigned int anon_zone;		/* page_zone_id() of ... */
	int anon;			/* ... anonymous pages that are mapped no more, not counted yet */
	struct page **pages, **next, **limit;	/* next: the first free place */
	struct page *local[GATHER_PAGES];
};

/* Each flush interrupts the others: gather more at a time. */
static noinline void tlb_gather_more(struct mmu_gather *tlb)
{
	void *more = (void *)__get_free_page(GFP_ATOMIC | __GFP_NOWARN);

	if (!more)
		return;
	tlb->pages = tlb->next = more;
	tlb->limit = tlb->pages + GATHER_MORE;
}

static inline void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm,
				  unsigned long start, unsigned long end, bool exclusive)
{
	tlb->mm = mm;
	tlb->start = start;
	tlb->end = end;
	tlb->need_flush = false;
	tlb->freed_tables = false;
	tlb->exclusive = exclusive;
	tlb->file_only = false;
	tlb->delayed = false;
	tlb->anon_zone = 0;
	tlb->anon = 0;
	tlb->pages = tlb->next = tlb->local;
	tlb->limit = tlb->local + GATHER_PAGES;
	if (unlikely(nr_cpus > 1) && end - start > GATHER_PAGES * PAGE_SIZE)
		tlb_gather_more(tlb);
}

/* Forget the old entries. */
static inline void tlb_flush_mmu(struct mmu_gather *tlb)
{
	if (!tlb->need_flush)
		return;
	tlb->need_flush = false;
	/* Of a table that is gone the processor may remember more than its entries. */
	if (tlb->freed_tables)
		flush_tlb_mm(tlb->mm);
	else
		tlb_flush_pgd_range(tlb->mm->pgd, &tlb->mm->cpu_vm_mask, tlb->start, tlb->end);
}

static void count_anon(struct mmu_gather *tlb)
{
	if (tlb->anon)
		mod_zone_page_state(zone_table[tlb->anon_zone], NR_ANON_PAGES, -tlb->anon);
	tlb->anon = 0;
}

static noinline void turn_to_zone(struct mmu_gather *tlb, unsigned int zone_id)
{
	count_anon(tlb);
	tlb->anon_zone = zone_id;
}

/* ... then drop the pages. => page_table_lock not held */
static void tlb_drop_pages(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
	if (tlb->next == tlb->pages)
		return;
	count_anon(tlb);
	free_swap_cache(tlb->pages, (unsigned int)(tlb->next - tlb->pages));
	release_pages(tlb->pages, (unsigned int)(tlb->next - tlb->pages));
	tlb->next = tlb->pages;
}

static void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_drop_pages(tlb);
	if (unlikely(tlb->pages != tlb->local))
		free_page((unsigned long)tlb->pages);
}

/*
 * The entry of a page that was stored into, and that write-back may take for clean as soon as it is
 * mapped nowhere: another processor stores by its TLB until the flush.
 */
static inline bool stored_for_disk(const struct page *page)
{
	return page->mapping && mapping_cap_writeback(page->mapping);
}

/* The flush is due now, and then those pages are mapped no more. => page_table_lock held */
static noinline void finish_delayed(struct mmu_gather *tlb)
{
	struct page **p;

	tlb->need_flush = true;
	tlb_flush_mmu(tlb);
	for (p = tlb->pages; p < tlb->next; p++) {
		if (!((unsigned long)*p & STILL_MAPPED))
			continue;
		*p = (struct page *)((unsigned long)*p & ~STILL_MAPPED);
		page_remove_rmap(*p);
	}
	tlb->delayed = false;
}

/*
 * One entry that is not empty. => page_table_lock held; true: its page, to be dropped (with STILL_MAPPED
 * if it is to be uncounted after the flush), is in *@gone
 */
static __always_inline bool zap_pte(struct mmu_gather *tlb, struct mm_struct *mm, pte_t *pte,
				    bool file_only, struct page **gone)
{
	pte_t entry = *pte;
	struct page *page;

	if (unlikely(!pte_present(entry))) {
		if (!file_only)
			zap_swap_pte(mm, pte);
		return false;
	}
	*gone = page = pte_page(entry);
	/* One test for two rare cases. */
	if (unlikely(pte_val(entry) & (_PAGE_SPECIAL | _PAGE_MLOCKED))) {
		if (pte_special(entry)) {
			pte_clear(pte);
			return false;
		}
		if (!file_only || !PageAnon(page))
			munlock_page(page);
	}
	if (file_only && PageAnon(page))
		return false;
	entry = ptep_get_and_clear(pte);
	if (PageAnon(page)) {
		mm->rss_stat[MM_ANONPAGES]--;
		if (page_remove_anon_rmap(page)) {
			if (unlikely(page_zone_id(page) != tlb->anon_zone))
				turn_to_zone(tlb, page_zone_id(page));
			tlb->anon++;
		}
		return true;
	}
	mm->rss_stat[mm_counter(page)]--;
	if (pte_dirty(entry)) {
		set_page_dirty(page);
		if (unlikely(stored_for_disk(page))) {
			tlb->delayed = true;
			*gone = (struct page *)((unsigned long)page | STILL_MAPPED);
			return true;
		}
	}
	page_remove_rmap(page);
	return true;
}

/* The entries of one page table. */
static void zap_pte_range(struct mmu_gather *tlb, pmd_t *pmd, unsigned long addr,
			  unsigned long end)
{
	struct mm_struct *mm = tlb->mm;
	pte_t *pte = pte_offset_map(pmd, addr);
	pte_t *last = pte + ((end - addr) >> PAGE_SHIFT);
	struct page **before = tlb->next, **next = before;
	bool file_only = tlb->file_only;

	spin_lock(&mm->page_table_lock);
	update_hiwater_rss(mm);
	for (; (pte = skip_empty(pte, last)) < last; pte++) {
		struct page *page;

		if (unlikely(!zap_pte(tlb, mm, pte, file_only, &page))) {
			tlb->need_flush = true;
			continue;
		}
		*next++ = page;
		if (next < tlb->limit)
			continue;
		tlb->next = next;
		tlb->need_flush = true;
		if (unlikely(tlb->delayed))
			finish_delayed(tlb);
		if (!tlb->exclusive)
			tlb_flush_mmu(tlb);
		spin_unlock(&mm->page_table_lock);
		tlb_drop_pages(tlb);
		spin_lock(&mm->page_table_lock);
		before = next = tlb->next;
	}
	if (next != before) {
		tlb->next = next;
		tlb->need_flush = true;
	}
	if (unlikely(tlb->delayed))
		finish_delayed(tlb);
	if (!tlb->exclusive)
		tlb_flush_mmu(tlb);
	spin_unlock(&mm->page_table_lock);
}

static void unmap_page_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end)
{
	while (addr < end) {
		unsigned long next = pmd_addr_end(addr, end);
		pmd_t *pmd = mm_pmd(tlb->mm, addr);

		if (pmd_present(*pmd))
			zap_pte_range(tlb, pmd, addr, next);
		addr = next;
	}
}

void zap_page_range(struct vm_area_struct *vma, unsigned long address, unsigned long size)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, vma->vm_mm, address, address + size, false);
	unmap_page_range(&tlb, address, address + size);
	tlb_finish_mmu(&tlb);
}

/*
 * Take the page tables that the areas from @vma on have used, and that lie wholly in
 * [floor, ceiling), out of the directory.  Where no area was there is no table to look for.
 * => they are on @tables; the CPU may still walk them until the next flush
 */
static void detach_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma,
			    unsigned long floor, unsigned long ceiling, struct list_head *tables)
{
	struct mm_struct *mm = tlb->mm;
	unsigned long next = 0;			/* first table, by number, that was not looked at */

	if (!ceiling)
		ceiling = TASK_SIZE;
	/* Who comes from a page looks for its table under it: rmap.c. */
	spin_lock(&mm->page_table_lock);
	for (; vma && mm->nr_ptes; vma = vma->vm_next) {
		unsigned long index = max(next, vma->vm_start >> PMD_SHIFT);

		for (next = ((vma->vm_end - 1) >> PMD_SHIFT) + 1; index < next; index++) {
			unsigned long low = index << PMD_SHIFT;
			pmd_t *pmd = mm_pmd(mm, low);

			if (!pmd_present(*pmd) || low < floor || ceiling - low < PMD_SIZE)
				continue;
			list_add(&pfn_to_page(pmd_pfn(*pmd))->lru, tables);
			pmd_clear(pmd);
			mm->nr_ptes--;
			tlb->need_flush = true;
			tlb->freed_tables = true;
		}
	}
	spin_unlock(&mm->page_table_lock);
}

void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, unsigned long floor,
		  unsigned long ceiling, bool empty)
{
	struct vm_area_struct *vma;
	struct mmu_gather tlb;
	struct page *table, *next;
	LIST_HEAD(tables);

	tlb_gather_mmu(&tlb, mm, first->vm_start, first->vm_next ? TASK_SIZE : first->vm_end, true);
	for (vma = first; vma; vma = vma->vm_next) {
		tlb.end = vma->vm_end;
		if (likely(!empty))
			unmap_page_range(&tlb, vma->vm_start, vma->vm_end);
		cond_resched();
	}
	for (vma = first; vma; vma = vma->vm_next)
		vma_unlink_file(vma);
	detach_pgtables(&tlb, first, floor, ceiling, &tables);
	tlb_finish_mmu(&tlb);
	for (vma = first; vma; vma = vma->vm_next)
		unlink_anon_vmas(vma);
	list_for_each_entry_safe(table, next, &tables, lru) {
		list_del(&table->lru);
		pte_free(mm, table);
	}
}

/* The part of @vma that maps pages [first, last] of its file. */
static void unmap_vma_pages(struct vm_area_struct *vma, unsigned long first, unsigned long last,
			    bool even_cows)
{
	unsigned long vma_last = vma->vm_pgoff + vma_pages(vma) - 1, start, end;
	struct mmu_gather tlb;

	first = max(first, vma->vm_pgoff);
	last = min(last, vma_last);
	start = vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT);
	end = vma->vm_start + ((last - vma->vm_pgoff + 1) << PAGE_SHIFT);
	tlb_gather_mmu(&tlb, vma->vm_mm, start, end, false);
	tlb.file_only = !even_cows;
	unmap_page_range(&tlb, start, end);
	tlb_finish_mmu(&tlb);
}

void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows)
{
	unsigned long first = (unsigned long)((start + PAGE_SIZE - 1) >> PAGE_SHIFT);
	unsigned long last = ~0UL;
	struct vm_area_struct *vma;

	if (len)
		last = (unsigned long)((start + len + PAGE_SIZE - 1) >> PAGE_SHIFT) - 1;
	if (last < first)
		return;
	spin_lock(&mapping->i_mmap_lock);
	mapping->truncate_count++;
	smp_mb();		/* before the first look whether there is a page table */
	vma_interval_tree_foreach(vma, &mapping->i_mmap, first, last)
		unmap_vma_pages(vma, first, last, even_cows);
	spin_unlock(&mapping->i_mmap_lock);
}
