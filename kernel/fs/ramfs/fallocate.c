/*
 * kernel/fs/ramfs/fallocate.c - set memory of a file aside, or give it back.
 *
 * Theory.  For a file in memory, to allocate is to put pages into the cache before anybody
 * writes them: blank (not PG_uptodate), which reads as zeros and is still a hole to
 * SEEK_DATA, but counted against all limits, so that a later write finds its room.  They
 * become PG_dirty when all of the range is there; if it is not to be had, those that are
 * neither uptodate nor dirty are the ones that this call has made, and they go again.  Until that
 * is decided, all pages of the range have PG_private: reclaim, which may drop what is clean and send
 * the rest to swap, keeps off.
 *
 * To punch a hole is to take pages out of the page tables and out of the cache; what is cut in
 * the middle is zeroed.  Private copies of them are their owners', and stay.  To zero a range is to
 * punch it and to allocate it again.
 *
 * Locking: the callers hold i_sem, so no other writer makes blank pages meanwhile.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/mm_types.h>

static unsigned long first_page(loff_t offset)
{
	return (unsigned long)(offset >> PAGE_SHIFT);
}

static unsigned long page_behind(loff_t end)
{
	return (unsigned long)((end + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* The page at @index will be there. => 0 or -errno */
static int add_blank(struct address_space *mapping, unsigned long index)
{
	struct page *page = grab_cache_page(mapping, index);

	if (!page)
		return test_bit(AS_ACCOUNT, &mapping->flags) ||
		       test_bit(AS_RESERVE, &mapping->flags) ? -ENOSPC : -ENOMEM;
	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	SetPagePrivate(page);
	unlock_page(page);
	put_page(page);
	return 0;
}

static void keep_page(struct page *page)
{
	ClearPagePrivate(page);
	set_page_dirty(page);
}

static void drop_if_blank(struct page *page)
{
	ClearPagePrivate(page);
	if (PageUptodate(page) || PageDirty(page))
		return;
	remove_from_page_cache(page);
	put_page(page);
}

/* Call @fn with each page of [start, end), locked. */
static void for_each_page(struct address_space *mapping, unsigned long start, unsigned long end,
			  void (*fn)(struct page *page))
{
	struct page *page;

	for (; start < end && find_get_pages(mapping, start, 1, &page); cond_resched()) {
		start = page->index + 1;
		lock_page(page);
		if (page->mapping == mapping && start <= end)
			fn(page);
		unlock_page(page);
		put_page(page);
	}
}

/* All of [start, end) or nothing. => 0 or -errno */
static int allocate_pages(struct address_space *mapping, unsigned long start, unsigned long end)
{
	unsigned long index;
	int err = 0;

	for (index = start; index < end && !err; index++) {
		err = signal_pending(current) ? -EINTR : add_blank(mapping, index);
		cond_resched();
	}
	for_each_page(mapping, start, index, err ? drop_if_blank : keep_page);
	return err;
}

static void punch_hole(struct inode *inode, loff_t offset, loff_t len)
{
	struct address_space *mapping = inode->i_mapping;
	loff_t from = round_up(offset, (loff_t)PAGE_SIZE);
	loff_t to = round_down(offset + len, (loff_t)PAGE_SIZE);

	if (from < to)
		unmap_mapping_range(mapping, from, to - from, 0);
	truncate_inode_pages_range(mapping, offset, offset + len - 1);
}

int memory_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	loff_t end = offset + len;
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		punch_hole(inode, offset, len);
		inode_update_times(inode);
		return 0;
	}
	err = inode_newsize_ok(inode, end);
	if (err)
		return err;
	if (mode & FALLOC_FL_ZERO_RANGE)
		punch_hole(inode, offset, len);
	err = allocate_pages(inode->i_mapping, first_page(offset), page_behind(end));
	if (err)
		return err;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > inode->i_size)
		i_size_write(inode, end);
	inode_update_times(inode);
	return 0;
}

long ramfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	long err;

	mutex_lock(&inode->i_sem);
	err = memory_fallocate(file, mode, offset, len);
	mutex_unlock(&inode->i_sem);
	return err;
}
