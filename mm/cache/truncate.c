/*
 * mm/cache/truncate.c - pages of a file thrown away: because the file ends before them, or to make room.
 *
 * Theory.  Two things that look alike.  *Truncate* must succeed: the bytes are gone, whoever has
 * the page loses it, and what was to be written is not written.  A page under write-back is waited
 * for, because the disk still reads it, and its blocks are about to belong to somebody else; a
 * page that is mapped is unmapped first.  The caller has made the file shorter before, so that
 * nobody brings pages back.
 *
 * *Invalidate* takes what can be had again: clean, unused, not locked, not mapped; all else stays.
 * That is what drop_caches and POSIX_FADV_DONTNEED want.  Its stricter brother,
 * invalidate_inode_pages2_range(), is for who has changed the disk behind the cache's back
 * (O_DIRECT): it waits and unmaps, and says if a page had to stay.
 *
 * Of a space whose pages may be in swap (shmem_swap.c), truncate takes those too.
 *
 * A page that is private to a file system (buffers) is asked for first: truncate tells it,
 * invalidate asks.
 *
 * Locking: PG_locked for each page; the operations of a mapping may sleep.
 */
#include <mm/cache/filemap.h>

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

#define TRUNCATE_BATCH	16

/* ---- truncate ------------------------------------------------------------------------------- */

/* Out of the cache, for good. => page locked, in @mapping, mapped nowhere */
static void truncate_complete_page(struct address_space *mapping, struct page *page)
{
	if (PagePrivate(page) && mapping->a_ops->invalidatepage)
		mapping->a_ops->invalidatepage(page, 0);
	if (mapping_cap_writeback(mapping))
		cancel_dirty_page(page);
	else
		ClearPageDirty(page);
	ClearPageUptodate(page);
	ClearPageReferenced(page);
	ClearPageError(page);
	remove_from_page_cache(page);
	put_page(page);
}

/*
 * Lock a page for removal: nobody writes it back, nobody maps it.
 * => returns false, unlocked, if it has left the cache already
 */
static bool lock_for_truncate(struct address_space *mapping, struct page *page)
{
	for (;;) {
		lock_page(page);
		if (page->mapping != mapping) {
			unlock_page(page);
			return false;
		}
		if (!PageWriteback(page) && !page_mapped(page))
			return true;
		unlock_page(page);
		wait_on_page_writeback(page);
		if (page_mapped(page))
			unmap_mapping_range(mapping, (loff_t)page->index << PAGE_SHIFT,
					    PAGE_SIZE, 0);
	}
}

/* The page at @index, locked, wherever it is. => NULL: a hole, or it cannot be read */
static struct page *lock_page_anywhere(struct address_space *mapping, unsigned long index)
{
	struct page *page;
	bool major;

	while (!(page = find_lock_page(mapping, index)) && mapping_swaps(mapping)) {
		page = shmem_find_page(mapping, index, &major);
		if (!page || PTR_ERR(page) == -EIO)
			return NULL;
		if (IS_ERR(page))
			msleep(1);	/* truncate must succeed: there will be memory */
		else
			put_page(page);
	}
	return page;
}

/* The edges of a truncation: zero [from, to) of the page at @index, if there is one. */
static void truncate_partial_page(struct address_space *mapping, unsigned long index,
				  unsigned int from, unsigned int to)
{
	struct page *page = lock_page_anywhere(mapping, index);

	if (!page)
		return;
	wait_on_page_writeback(page);
	zero_user_page(page, from, to - from);
	if (PagePrivate(page) && mapping->a_ops->invalidatepage)
		mapping->a_ops->invalidatepage(page, from);
	unlock_page(page);
	put_page(page);
}

/* All pages in the cache of [start, end); @end 0: from @start on. */
static void truncate_whole_pages(struct address_space *mapping, unsigned long start,
				 unsigned long end)
{
	struct page *pages[TRUNCATE_BATCH];
	unsigned int i, found;
	bool last;

	do {
		last = true;
		found = find_get_pages(mapping, start, TRUNCATE_BATCH, pages);
		for (i = 0; i < found; i++) {
			struct page *page = pages[i];
			unsigned long index = page->index;

			if ((!end || index < end) && lock_for_truncate(mapping, page)) {
				truncate_complete_page(mapping, page);
				unlock_page(page);
			}
			start = index + 1;
			last = (end && start >= end) || !start;
			put_page(page);
		}
		cond_resched();
	} while (found && !last);
}

/* ... and in swap. What moves between the two while we look is looked for again. */
static void truncate_moving_pages(struct address_space *mapping, unsigned long start,
				  unsigned long end)
{
	unsigned int moves;

	do {
		moves = READ_ONCE(mapping->swap_moves);
		truncate_whole_pages(mapping, start, end);
		shmem_truncate_swapped(mapping, start, end);
	} while (READ_ONCE(mapping->swap_moves) != moves);
}

void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend)
{
	bool to_end = lend == (loff_t)-1;
	unsigned int partial_start = (unsigned int)lstart & ~PAGE_MASK;
	unsigned int partial_end = to_end ? 0 : (unsigned int)(lend + 1) & ~PAGE_MASK;
	unsigned long start = (unsigned long)((lstart + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT);
	/* First index that stays whole or partial; there is none when to_end. */
	unsigned long end = to_end ? 0 : (unsigned long)((lend + 1) >> PAGE_SHIFT);

	if (mapping_swaps(mapping)) {
		if (to_end || start < end)
			truncate_moving_pages(mapping, start, end);
	} else if (!mapping->nrpages) {
		return;
	} else if (to_end || start < end) {
		truncate_whole_pages(mapping, start, end);
	}
	if (partial_start) {
		unsigned long index = (unsigned long)(lstart >> PAGE_SHIFT);
		bool same = !to_end && index == end;

		truncate_partial_page(mapping, index, partial_start,
				      same ? partial_end : PAGE_SIZE);
		if (same)
			return;
	}
	if (partial_end)
		truncate_partial_page(mapping, end, 0, partial_end);
}

void truncate_inode_pages(struct address_space *mapping, loff_t lstart)
{
	truncate_inode_pages_range(mapping, lstart, (loff_t)-1);
}

/* ---- invalidate ----------------------------------------------------------------------------- */

int try_to_release_page(struct page *page, gfp_t gfp)
{
	struct address_space *mapping = page->mapping;

	if (PageWriteback(page) || !mapping || !mapping->a_ops->releasepage)
		return 0;
	return mapping->a_ops->releasepage(page, gfp);
}

/* => page locked, referenced by the caller; 1 if it has left the cache */
static int invalidate_complete_page(struct address_space *mapping, struct page *page)
{
	if (page->mapping != mapping || PageDirty(page) || PageWriteback(page) || page_mapped(page))
		return 0;
	if (PagePrivate(page) && !try_to_release_page(page, 0))
		return 0;
	return remove_mapping(mapping, page);
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start,
				       unsigned long end)
{
	struct page *pages[TRUNCATE_BATCH];
	unsigned long gone = 0;
	unsigned int i, found;
	bool more = true;

	while (more && (found = find_get_pages(mapping, start, TRUNCATE_BATCH, pages)) != 0) {
		for (i = 0; i < found; i++) {
			struct page *page = pages[i];
			unsigned long index = page->index;

			if (more && index >= start && index <= end && trylock_page(page)) {
				gone += (unsigned long)invalidate_complete_page(mapping, page);
				unlock_page(page);
			}
			start = index + 1;
			more = more && index < end;
		}
		release_pages(pages, found);
		cond_resched();
	}
	return gone;
}

/* => page locked; 0 or -EBUSY */
static int invalidate_page2(struct address_space *mapping, struct page *page)
{
	if (page->mapping != mapping)
		return 0;
	wait_on_page_writeback(page);
	if (page_mapped(page))
		unmap_mapping_range(mapping, (loff_t)page->index << PAGE_SHIFT, PAGE_SIZE, 0);
	if (PageDirty(page) || (PagePrivate(page) && !try_to_release_page(page, GFP_KERNEL)))
		return -EBUSY;
	ClearPageUptodate(page);
	remove_from_page_cache(page);
	put_page(page);
	return 0;
}

int invalidate_inode_pages2_range(struct address_space *mapping, unsigned long start,
				  unsigned long end)
{
	struct page *page;
	int err = 0;

	while (start <= end && find_get_pages(mapping, start, 1, &page)) {
		unsigned long index = page->index;

		if (index <= end) {
			lock_page(page);
			if (invalidate_page2(mapping, page))
				err = -EBUSY;
			unlock_page(page);
		}
		put_page(page);
		start = index + 1;
		if (!start)
			break;
		cond_resched();
	}
	return err;
}
