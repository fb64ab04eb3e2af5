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
 * Locking: the page_table_lock of the entry's address space.
 * References: McCracken, Object-based reverse mapping, OLS 2004.
 */
#include <mm/cache/rmap.h>

#include <kernel/core/bug.h>

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
