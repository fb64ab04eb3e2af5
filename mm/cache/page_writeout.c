/*
 * mm/cache/page_writeout.c - the dirty pages of a file on their way to the disk.
 *
 * Theory.  Two kinds of callers.  The flusher threads want the disk to have something to do, and
 * no trouble: they take what is dirty, leave out what is locked or under I/O already, and stop
 * after some number of pages (WB_SYNC_NONE).  fsync() and its kin want *these* bytes on the disk
 * before they return (WB_SYNC_ALL): they wait for a page that is under I/O (its transfer began
 * before the latest store, perhaps), write it again, and wait at the end.
 *
 * A file that is written as fast as it is synced would never be done.  So who wants all first marks
 * what is dirty now with a tag of its own (TOWRITE), and writes that; what becomes dirty later is
 * for the next fsync().
 *
 * Both go in the order of offsets: neighbours in the file are mostly neighbours on the disk, and
 * the block layer joins them.
 *
 * Waiting goes by the tag WRITEBACK (page_dirty.c: when it is set, who clears it).  A page that
 * has the tag, is locked and not yet under write-back may be in its writepage: wait for the lock
 * to be let go, then look.  The tag is cleared only if the page was seen unlocked, then not under
 * write-back, with tree_lock held: whoever comes after that sets it again.
 *
 * Locking: pages are locked one at a time.  References: POSIX fsync(); Linux's mm/page-writeback.c
 * for the names.
 */
#include <mm/cache/writeback.h>

#include <kernel/core/sched.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/phys/page_alloc.h>

#define BATCH	16u		/* pages looked up at a time */

static inline unsigned long first_index(loff_t start)
{
	return (unsigned long)(start >> PAGE_SHIFT);
}

/* The last page of bytes up to @end, inclusive; LLONG_MAX is the end of all. */
static inline unsigned long last_index(loff_t end)
{
	return end >> PAGE_SHIFT > (loff_t)ULONG_MAX ? ULONG_MAX
						      : (unsigned long)(end >> PAGE_SHIFT);
}

/* What is dirty in [index, end] now gets the tag TOWRITE. */
static void tag_pages_for_writeback(struct address_space *mapping, unsigned long index,
				    unsigned long end)
{
	struct page *pages[BATCH];
	unsigned int nr, i;

	do {
		spin_lock(&mapping->tree_lock);
		nr = radix_tree_gang_lookup_tag(&mapping->page_tree, (void **)pages, index, BATCH,
						PAGECACHE_TAG_DIRTY);
		for (i = 0; i < nr && pages[i]->index <= end; i++)
			radix_tree_tag_set(&mapping->page_tree, pages[i]->index,
					   PAGECACHE_TAG_TOWRITE);
		if (i)
			index = pages[i - 1]->index + 1;
		spin_unlock(&mapping->tree_lock);
		cond_resched();
	} while (i == BATCH && index && index <= end);
}

/* Lock a page that has to be written. => false: not now, or no longer; then it is not locked */
static bool lock_for_writeout(struct address_space *mapping, struct page *page,
			      struct writeback_control *wbc)
{
	bool all = wbc->sync_mode == WB_SYNC_ALL;

	if (all) {
		lock_page(page);
	} else if (!trylock_page(page)) {
		wbc->pages_skipped++;
		return false;
	}
	if (page->mapping == mapping && PageDirty(page)) {
		if (PageWriteback(page) && all)
			wait_on_page_writeback(page);
		if (PageWriteback(page))
			wbc->pages_skipped++;
		else if (clear_page_dirty_for_io(page))
			return true;
	}
	unlock_page(page);
	return false;
}

/* One walk over [index, end]. => true: enough was written, *index is where to go on */
static bool write_tagged_pages(struct address_space *mapping, struct writeback_control *wbc,
			       writepage_t *writepage, void *data, unsigned long *index,
			       unsigned long end, int *err)
{
	bool all = wbc->sync_mode == WB_SYNC_ALL;
	unsigned int tag = all ? PAGECACHE_TAG_TOWRITE : PAGECACHE_TAG_DIRTY, nr, i;
	struct page *pages[BATCH];
	bool done = false;

	while (!done && (nr = find_get_pages_tag(mapping, index, end, tag, BATCH, pages))) {
		for (i = 0; i < nr; i++) {
			int ret;

			if (done || !lock_for_writeout(mapping, pages[i], wbc))
				continue;
			ret = writepage(pages[i], wbc, data);
			if (ret) {
				mapping_set_error(mapping, ret);
				*err = *err ? *err : ret;
			}
			wbc->nr_to_write--;
			done = !all && (ret || wbc->nr_to_write <= 0);
			if (done)
				*index = pages[i]->index + 1;
		}
		release_pages(pages, nr);
		cond_resched();
		if (!*index || *index > end)
			break;
	}
	return done;
}

int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc,
		      writepage_t *writepage, void *data)
{
	unsigned long start = first_index(wbc->range_start), end = last_index(wbc->range_end);
	unsigned long index = wbc->range_cyclic ? READ_ONCE(mapping->writeback_index) : start;
	unsigned long from = index;
	int err = 0;
	bool done;

	if (wbc->sync_mode == WB_SYNC_ALL)
		tag_pages_for_writeback(mapping, index, end);
	done = write_tagged_pages(mapping, wbc, writepage, data, &index, end, &err);
	if (!done && wbc->range_cyclic && from > start) {
		/* Around the end of the file, to where we began. */
		index = start;
		done = write_tagged_pages(mapping, wbc, writepage, data, &index, from - 1, &err);
	}
	if (wbc->range_cyclic)
		WRITE_ONCE(mapping->writeback_index, done ? index : 0);
	return err;
}

static int call_writepage(struct page *page, struct writeback_control *wbc, void *data)
{
	struct address_space *mapping = data;

	return mapping->a_ops->writepage(page, wbc);
}

int generic_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	if (!mapping->a_ops->writepage)
		return 0;
	return write_cache_pages(mapping, wbc, call_writepage, mapping);
}

int do_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	if (wbc->nr_to_write <= 0)
		return 0;
	if (mapping->a_ops->writepages)
		return mapping->a_ops->writepages(mapping, wbc);
	return generic_writepages(mapping, wbc);
}

int write_one_page(struct page *page, int wait)
{
	struct writeback_control wbc = { .sync_mode = WB_SYNC_ALL, .nr_to_write = 1 };
	struct address_space *mapping = page->mapping;
	int err = 0;

	wait_on_page_writeback(page);
	if (!clear_page_dirty_for_io(page)) {
		unlock_page(page);
		return 0;
	}
	get_page(page);
	err = mapping->a_ops->writepage(page, &wbc);
	if (!err && wait) {
		wait_on_page_writeback(page);
		err = filemap_check_errors(mapping);
	}
	put_page(page);
	return err;
}

/* ---- for fsync() and its kin ------------------------------------------------------------------- */

static int start_writing(struct address_space *mapping, loff_t start, loff_t end,
			 enum writeback_sync_modes mode)
{
	struct writeback_control wbc = {
		.sync_mode = mode, .nr_to_write = LONG_MAX, .range_start = start, .range_end = end,
	};

	if (!mapping_cap_writeback(mapping) || !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY))
		return 0;
	return do_writepages(mapping, &wbc);
}

int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end)
{
	return start_writing(mapping, start, end, WB_SYNC_ALL);
}

int filemap_fdatawrite(struct address_space *mapping)
{
	return start_writing(mapping, 0, LLONG_MAX, WB_SYNC_ALL);
}

int filemap_flush(struct address_space *mapping)
{
	return start_writing(mapping, 0, LLONG_MAX, WB_SYNC_NONE);
}

/* The page is on its way no longer, whatever became of it: take the tag away if that is so. */
static void clear_writeback_tag(struct address_space *mapping, struct page *page)
{
	spin_lock(&mapping->tree_lock);
	if (page->mapping == mapping && !PageLocked(page)) {
		smp_rmb();	/* PG_writeback comes before the lock goes */
		if (!PageWriteback(page))
			radix_tree_tag_clear(&mapping->page_tree, page->index,
					     PAGECACHE_TAG_WRITEBACK);
	}
	spin_unlock(&mapping->tree_lock);
}

static void wait_for_pages(struct address_space *mapping, unsigned long index, unsigned long end)
{
	struct page *pages[BATCH];
	unsigned int nr, i;

	while ((nr = find_get_pages_tag(mapping, &index, end, PAGECACHE_TAG_WRITEBACK, BATCH,
					pages))) {
		for (i = 0; i < nr; i++) {
			if (!PageWriteback(pages[i]))
				wait_on_page_locked(pages[i]);
			wait_on_page_writeback(pages[i]);
			clear_writeback_tag(mapping, pages[i]);
		}
		release_pages(pages, nr);
		cond_resched();
		if (!index || index > end)
			break;
	}
}

int filemap_check_errors(struct address_space *mapping)
{
	int err = 0;

	if (test_bit(AS_ENOSPC, &mapping->flags) && test_and_clear_bit(AS_ENOSPC, &mapping->flags))
		err = -ENOSPC;
	if (test_bit(AS_EIO, &mapping->flags) && test_and_clear_bit(AS_EIO, &mapping->flags))
		err = -EIO;
	return err;
}

void filemap_fdatawait_keep_errors(struct address_space *mapping)
{
	if (mapping->nrpages)
		wait_for_pages(mapping, 0, ULONG_MAX);
}

int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	if (mapping->nrpages)
		wait_for_pages(mapping, first_index(start), last_index(end));
	return filemap_check_errors(mapping);
}

int filemap_fdatawait(struct address_space *mapping)
{
	return filemap_fdatawait_range(mapping, 0, LLONG_MAX);
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	int err = filemap_fdatawrite_range(mapping, start, end), waited;

	/* Even after an error: what was started has ended when we return. */
	waited = filemap_fdatawait_range(mapping, start, end);
	return err ? err : waited;
}

int filemap_write_and_wait(struct address_space *mapping)
{
	return filemap_write_and_wait_range(mapping, 0, LLONG_MAX);
}
