/*
 * mm/phys/page_check.h - what a free page looks like.
 *
 * Private to mm/phys.  The tests are inline because each allocation and each
 * free makes them; what they find is reported in page_check.c.
 */
#ifndef OCTAVO_MM_PHYS_PAGE_CHECK_H
#define OCTAVO_MM_PHYS_PAGE_CHECK_H

#include <mm/types/page.h>

/* What a page is for ever: its zone and node, and whether it has an address. */
#define PAGE_FLAGS_CONST	(~0UL << NODES_PGSHIFT | 1UL << PG_highmem)
/* History that a page may take to its grave. */
#define PAGE_FLAGS_FORGOTTEN	(1UL << PG_error | 1UL << PG_referenced | 1UL << PG_uptodate | \
				 1UL << PG_dirty | 1UL << PG_swapbacked | \
				 1UL << PG_readahead | 1UL << PG_age | 1UL << PG_age_high)

/* Does anything but flag bits @mark speak against the page being free? */
static __always_inline bool page_not_free(const struct page *page, unsigned long mark)
{
	return (((page->flags ^ mark) & ~PAGE_FLAGS_CONST) |
		(unsigned long)page->_refcount.counter | (unsigned long)page->mapping) ||
	       page->_mapcount.counter != -1;
}

/* Does somebody still need the page, so that it may not be freed? */
static __always_inline bool page_not_freeable(const struct page *page, unsigned long flags)
{
	return ((flags & ~(PAGE_FLAGS_CONST | PAGE_FLAGS_FORGOTTEN)) |
		(unsigned long)page->_refcount.counter | (unsigned long)page->mapping) ||
	       page->_mapcount.counter != -1;
}

/*
 * Debug builds: fill free low memory with a pattern, and see that nobody wrote
 * to it when it goes out again.  ->index says that the pattern is there: what
 * the boot freed was never filled.
 */
#ifdef CONFIG_DEBUG
void poison_fill(struct page *page, unsigned int order);
void poison_check(struct page *page, unsigned int order);
#else
static inline void poison_fill(struct page *page, unsigned int order)
{
	(void)page;
	(void)order;
}
static inline void poison_check(struct page *page, unsigned int order)
{
	(void)page;
	(void)order;
}
#endif

#endif
