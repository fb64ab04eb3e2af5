/*
 * mm/phys/page_alloc.h - blocks of 2^order page frames.
 *
 * The interface to the buddy system.  By struct page (high memory possible):
 * alloc_pages(gfp, order), __free_pages(page, order).  By address in the direct
 * map: __get_free_pages(gfp, order), free_pages(addr, order).  One page:
 * alloc_page, __get_free_page, get_zeroed_page, __free_page, free_page; taking
 * turns with others: get_page and put_page, and the last put_page frees.
 *
 * A block of order n starts at a multiple of 2^n pages.  Only its first page is
 * counted (_refcount 1); with __GFP_COMP the others point to the first and the
 * block is freed as a whole by put_page of any.
 *
 * Of several nodes all take from the one they run on, unless told otherwise
 * (alloc_pages_node, mempolicies), and from the nearest that has some if that has
 * none; with __GFP_THISNODE rather not at all.
 *
 * Contexts: with __GFP_WAIT may sleep; without, any context, interrupts included.
 */
#ifndef OCTAVO_MM_PHYS_PAGE_ALLOC_H
#define OCTAVO_MM_PHYS_PAGE_ALLOC_H

#include <kernel/arch/linkage.h>
#include <kernel/core/bug.h>
#include <mm/phys/zonelists.h>
#include <mm/types/gfp.h>
#include <mm/types/mmzone.h>
#include <mm/types/page.h>

/* Costlier orders are not worth killing for. */
#define PAGE_ALLOC_COSTLY_ORDER	3

/*
 * => 2^@order pages with one reference, or NULL: no memory (reported in the log
 *    unless __GFP_NOWARN).  An order of MAX_ORDER or more is always NULL.
 */
struct page *__alloc_pages(gfp_t gfp, unsigned int order, struct zonelist *zonelist);
/* The same for one page, by way of this CPU's list. */
struct page *fastcall alloc_hot_page(gfp_t gfp);

/* From this processor's node, if it has them. */
static inline struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	if (__builtin_constant_p(order) && order == 0)
		return alloc_hot_page(gfp);
	return __alloc_pages(gfp, order, node_zonelist(numa_node_id(), gfp));
}
#define alloc_page(gfp)			alloc_hot_page(gfp)
/* From node @nid (NUMA_NO_NODE: this processor's), if it has them. */
static inline struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	return __alloc_pages(gfp, order,
			     node_zonelist(nid == NUMA_NO_NODE ? numa_node_id() : nid, gfp));
}

/* => address in the direct map, or 0; __GFP_HIGHMEM makes no sense here */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
#define __get_free_page(gfp)		__get_free_pages((gfp), 0)
#define __get_dma_pages(gfp, order)	__get_free_pages((gfp) | __GFP_DMA, (order))
unsigned long get_zeroed_page(gfp_t gfp);
/* 2.2's and 2.4's word for the same. */
#define get_free_page(gfp)		get_zeroed_page(gfp)

/* Drop the caller's reference to a block; the last one frees it.  Any context. */
void fastcall __free_pages(struct page *page, unsigned int order);
void fastcall __free_page(struct page *page);
/* The same by address; 0 is fine. */
void free_pages(unsigned long addr, unsigned int order);
#define free_page(addr)			free_pages((addr), 0)

/* The last reference is gone: free one page, not compound.  Any context. */
void fastcall free_hot_page(struct page *page);
void put_compound_page(struct page *page);

/* Drop a reference; the last one frees page or compound block. */
static inline void put_page(struct page *page)
{
	if (unlikely(page->flags & (1UL << PG_head | 1UL << PG_tail)))
		put_compound_page(page);
	else if (atomic_dec_and_test(&page->_refcount))
		free_hot_page(page);
}
/* put_page() for each of @nr pages, their interrupts off once. */
void release_pages(struct page **pages, unsigned int nr);
static inline int put_page_testzero(struct page *page)
{
	return atomic_dec_and_test(&page->_refcount);
}

/* Make 2^@order single pages of a block that is not compound; each is then freed by itself. */
void split_page(struct page *page, unsigned int order);
/* Whole pages for @size bytes, no more: the rest of the block goes back. => address or NULL */
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *virt, size_t size);

static inline unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? (unsigned int)page->private : 0;
}

/* log2 of the pages needed for @size bytes. */
static inline unsigned int get_order(unsigned long size)
{
	unsigned long pages = (size - 1) >> PAGE_SHIFT;

	return pages ? (unsigned int)fls(pages) : 0;
}

/* Give this CPU's lists back to the zones, so that blocks can merge.  Any context. */
void drain_local_pages(void);
/* The lists of all processors. => interrupts on, no locks */
void drain_all_pages(void);
/* Empty lists for a processor that is about to start. */
void pcp_cpu_up(int cpu);

/* Free counts add up, blocks aligned, no two free buddies side by side. => 0, or prints and -1 */
int zone_check(void);
/* State of the nodes in mask @nodes (0: all) and their zones, to the log. */
void show_mem(unsigned long nodes);
/* Report @page, which is in a state that no caller may leave it in, and count it. */
void bad_page(struct page *page, const char *why);
/* [a] reports by bad_page(); a test that provokes one takes it off again and silences it */
extern unsigned long bad_page_count;
extern bool bad_page_expected;

/*
 * Failure injection (`fail_alloc=N` from the first process on, or a test): each
 * Nth allocation fails, but for __GFP_NOFAIL.  0: off.
 */
void fail_alloc_set(unsigned long every);
void fail_alloc_arm(void);
extern unsigned long fail_alloc_injected;

/* Boot: one free block, whose struct pages are new. => no lock, one CPU */
void __free_boot_block(struct page *page, unsigned int order);
/* Boot: empty lists. */
void zone_init_free_lists(struct zone *zone);

#endif
