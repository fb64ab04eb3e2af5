/*
 * mm/cache/filemap.h - the page cache: where read, write and mmap of a file meet.
 *
 * Theory.  Every page of a file that is in memory is found by (mapping, index), and there is
 * only one.  The cache itself holds one reference on each of its pages; whoever finds a page
 * gets another.  PG_locked guards the filling and the removal of a page; reading needs only
 * the reference and PG_uptodate: a page that truncate() takes out of the cache meanwhile
 * stays intact until its readers let go.
 *
 * page->mapping becomes NULL when the page leaves the cache.  Who locks a page that was found
 * without a lock looks at it again, because truncate() may have been faster:
 *
 *	find_get_page()			truncate_inode_pages()
 *					lock_page(), remove, unlock_page()
 *	lock_page()
 *	page->mapping != mapping: unlock, put_page, start again
 *
 * Locking: tree_lock for the tree and nrpages; PG_locked as above.  PG_locked is outside
 * i_mmap_lock, page_table_lock and tree_lock.
 */
#ifndef OCTAVO_MM_CACHE_FILEMAP_H
#define OCTAVO_MM_CACHE_FILEMAP_H

#include <kernel/core/wait.h>
#include <mm/types/address_space.h>
#include <mm/types/page.h>

#define PAGE_CACHE_SHIFT	PAGE_SHIFT
#define PAGE_CACHE_SIZE		PAGE_SIZE
#define page_cache_get(page)	get_page(page)
#define page_cache_release(page) put_page(page)

/* Memory is the only home of this file: what is not in the page cache is a hole. */
static inline bool lives_in_memory(const struct address_space *mapping)
{
	return mapping->flags & (1ul << AS_UNEVICTABLE | 1ul << AS_SWAPBACKED);
}

/* A blank mapping of @host. */
void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *a_ops, gfp_t gfp_mask);

/* The page with a reference, or NULL.  Never sleeps. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* ... locked too.  May sleep. */
struct page *find_lock_page(struct address_space *mapping, unsigned long index);
/*
 * ... made if need be (not uptodate, content undefined).  NULL: no memory; ERR_PTR, of a mapping that
 * swaps only: it cannot be brought back
 */
struct page *find_or_create_page(struct address_space *mapping, unsigned long index, gfp_t gfp);
/* The page to write to, locked, one reference.  NULL or ERR_PTR: as above */
static inline struct page *grab_cache_page(struct address_space *mapping, unsigned long index)
{
	return find_or_create_page(mapping, index, mapping->gfp_mask);
}
/*
 * A page for @mapping, not in it yet.  An AS_UNEVICTABLE space may not eat the last free
 * memory: what it takes cannot be reclaimed, nor does killing a process bring it back.
 * => NULL: no memory, or not for this space
 */
struct page *page_cache_alloc(struct address_space *mapping, gfp_t gfp);
/* The same question for other memory that only ring 3 can give back.  => may sleep */
bool unevictable_may_grow(gfp_t gfp);
/* Pages from @start on, in order, each with a reference.  => how many */
unsigned int find_get_pages(struct address_space *mapping, unsigned long start,
			    unsigned int nr_pages, struct page **pages);
/*
 * The page uptodate, filled by a_ops->readpage if it was not there, not locked, referenced.
 * @file is what readpage gets.
 * => may sleep; ERR_PTR(-ENOMEM, -ENOSPC: no memory for such a space, -EIO...)
 */
struct page *read_cache_page(struct address_space *mapping, unsigned long index,
			     struct file *file);

/*
 * Put a fresh page into the cache: it becomes locked, the cache takes a reference.
 * => 0, -EEXIST (another is there) or -ENOMEM, with the page as it was
 */
int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index);
/* A page of a space with AS_ACCOUNT is no more, in memory or in swap: its charges go. */
void uncharge_page_cache(struct address_space *mapping);
/* Take a page out; the cache's reference goes to the caller.  => page locked, not mapped */
void remove_from_page_cache(struct page *page);
/*
 * The same for a clean page that nobody uses but the caller, who has one reference to it; the
 * cache's is dropped.  => page locked, not mapped; 1 done, 0 it is in use, or dirty
 */
int remove_mapping(struct address_space *mapping, struct page *page);
/*
 * ... for @nr pages of one zone, each of any cache, locked, off all lists: unlocks them.
 * => how many are out; these are the first of @pages, in their order
 */
unsigned int remove_mappings(struct page **pages, unsigned int nr);
/* It needs no more than a reference: uptodate, no mark to read ahead at, no use to be noted. */
static inline bool page_is_plain(const struct page *page)
{
	return (READ_ONCE(page->flags) & (1UL << PG_uptodate | 1UL << PG_readahead | 1UL << PG_lru)) ==
	       1UL << PG_uptodate;
}

void __lock_page(struct page *page);
void wait_on_page_bit(struct page *page, int bit);
void unlock_page(struct page *page);
/* Where is waited for bits of @page, and of others. */
wait_queue_head_t *page_waitqueue(const struct page *page);
/* A bit that wait_on_page_bit() waits for was cleared, by an atomic step. => any context */
void wake_up_page(struct page *page);

static inline int trylock_page(struct page *page)
{
	return !TestSetPageLocked(page);
}
/* => may sleep */
static inline void lock_page(struct page *page)
{
	if (!trylock_page(page))
		__lock_page(page);
}
static inline void wait_on_page_locked(struct page *page)
{
	if (PageLocked(page))
		wait_on_page_bit(page, PG_locked);
}
static inline void wait_on_page_writeback(struct page *page)
{
	if (PageWriteback(page))
		wait_on_page_bit(page, PG_writeback);
}

/*
 * Take all of [lstart, lend] out of the cache; a page that is cut in the middle has the cut
 * part zeroed.  lend is the last byte; (loff_t)-1 is the end of everything.
 * => may sleep; the caller has made the file shorter before (so that nobody brings pages back)
 *    and has unmapped them
 */
void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend);
void truncate_inode_pages(struct address_space *mapping, loff_t lstart);

/* PG_private goes, if it can: a_ops->releasepage. => page locked; 1 it has */
int try_to_release_page(struct page *page, gfp_t gfp);
/*
 * Drop pages [start, end] that are clean and in nobody's use. => may sleep; how many
 * (those in a batch of the LRU, swap.h, are in use)
 */
unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start,
				       unsigned long end);
/*
 * What the disk holds has been changed: drop pages [start, end], unmap them if need be.
 * => may sleep; 0, or -EBUSY: a dirty page stays
 */
int invalidate_inode_pages2_range(struct address_space *mapping, unsigned long start,
				  unsigned long end);

/* An address_space_operations.set_page_dirty for spaces that are never written back. */
int __set_page_dirty_no_writeback(struct page *page);
/* A node for the tree of some space, got with patience, is there for the next insertion. => 0, -ENOMEM */
int page_tree_refill(gfp_t gfp);
/* As page's mapping does it. => 1 if the page was clean */
int set_page_dirty(struct page *page);

/* Boot: the cache for radix-tree nodes. */
void filemap_init(void);

#endif
