/*
 * mm/cache/rmap.h - how often is a page mapped, and where.
 *
 * page->_mapcount is exact: one for each page-table entry that holds the page,
 * and every entry is made and removed together with one of these calls, under
 * the page_table_lock of its address space.  The first mapping and the last
 * also move NR_ANON_PAGES or NR_FILE_MAPPED.
 *
 * An anonymous page has PAGE_MAPPING_ANON in page->mapping from its first
 * mapping until it is freed; the rest of that word is an anon_vma, by which the areas are found in
 * which it can be (anon_vma.h), and page->index is the page's place in any of them:
 * linear_page_index().
 */
#ifndef OCTAVO_MM_CACHE_RMAP_H
#define OCTAVO_MM_CACHE_RMAP_H

#include <mm/cache/anon_vma.h>
#include <mm/phys/vmstat.h>
#include <mm/types/mm_types.h>

/* @page is to be found by @anon_vma, a step of @way, which has it at @address, of a page. */
static inline void __page_set_anon(struct page *page, struct anon_vma *anon_vma,
				   const struct anon_way *way, unsigned long address)
{
	page->mapping = (struct address_space *)((unsigned long)anon_vma | PAGE_MAPPING_ANON);
	page->index = (address >> PAGE_SHIFT) + way->shift;
}

/*
 * A page fresh from the allocator gets its first entry.
 * => anon_vma_prepare(); nobody else can see the page yet, so that no atomic step is needed
 */
static inline void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
					  unsigned long address)
{
	const struct anon_way *way = vma->anon_way;

	atomic_set(&page->_mapcount, 0);
	__page_set_anon(page, way->anon_vma, way, address);
	inc_zone_page_state(page, NR_ANON_PAGES);
}

/*
 * One more entry for a page that comes back from swap, or is anonymous already. It need not be the
 * last: others of the family may have entries for it, or its swap entry.
 * => page locked, page_table_lock held; anon_vma_prepare()
 */
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address);

/* One more entry for a page of the page cache. */
static inline void page_add_file_rmap(struct page *page)
{
	if (atomic_inc_and_test(&page->_mapcount))
		inc_zone_page_state(page, NR_FILE_MAPPED);
}

/* fork: one more entry for a page that has one. */
static inline void page_dup_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

/*
 * No entry of a shared mapping allows to write to @page any more, nor has its D bit set.
 * => page locked, of a file; true if some D bit was
 */
bool page_mkclean(struct page *page);

/*
 * How many entries have been used since the last call: their A bits, which are cleared.
 * => page locked, of a file, or anonymous and referenced
 */
int page_referenced(struct page *page);
/*
 * Take @page out of all page tables; what was stored by them makes it dirty.  Where a page of the
 * swap cache was, its swap entry is then.  An anonymous page without a slot must be clean, and is
 * lost (MADV_FREE), if nobody has a reference but its entries and the caller, who has one.
 * => page locked, referenced; false: an entry was used, is locked in memory, or has what is
 * nowhere else; others may have gone
 */
bool try_to_unmap(struct page *page);

/*
 * An entry of an anonymous page went, as below.
 * => true: it was the last, and NR_ANON_PAGES is the caller's to count
 */
static inline bool page_remove_anon_rmap(struct page *page)
{
	return atomic_add_negative(-1, &page->_mapcount);
}

void __page_remove_last_rmap(struct page *page);
/* An entry went. => the caller still holds the entry's reference to the page */
static inline void page_remove_rmap(struct page *page)
{
	if (atomic_add_negative(-1, &page->_mapcount))
		__page_remove_last_rmap(page);
}

#endif
