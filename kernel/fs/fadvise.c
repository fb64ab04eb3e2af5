/*
 * kernel/fs/fadvise.c - what a program says it will do with a file.
 *
 * Theory.  Advice changes no content, only what the page cache does of its own accord:
 *
 *	NORMAL, SEQUENTIAL, RANDOM	readahead of this open file: as the disk likes it, twice that,
 *					or none
 *	WILLNEED			read it now, and do not wait
 *	DONTNEED			start writing what is dirty, drop what is clean; whole pages
 *					only, so that a neighbour's bytes are not read again
 *	NOREUSE				accepted; a page that is read once is the first to go anyway
 *
 * Files that live in memory have nothing to read ahead and nothing to forget: advice about them is
 * checked, and that is all.
 *
 * References: POSIX, posix_fadvise(); readahead(2).
 */
#include <kernel/fs/fs.h>

#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/readahead.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>

/* Bytes [start, end] soon, or not for a long time. => end inclusive */
static void will_need(struct file *file, loff_t start, loff_t end)
{
	struct address_space *mapping = file->f_mapping;
	unsigned long first = (unsigned long)(start >> PAGE_SHIFT);
	loff_t size;

	if (!mapping->backing_dev_info->ra_pages)
		return;
	size = i_size_read(mapping->host);
	if (start < 0 || start >= size)
		return;
	end = min(end, size - 1);
	force_page_cache_readahead(mapping, file, first,
				   (unsigned long)(end >> PAGE_SHIFT) - first + 1);
}

static void dont_need(struct file *file, loff_t start, loff_t end)
{
	struct address_space *mapping = file->f_mapping;
	loff_t size;
	unsigned long first, after;

	if (!mapping_evictable(mapping) || start < 0)
		return;
	filemap_flush(mapping);
	size = i_size_read(mapping->host);
	if (start >= size)
		return;
	/* The last page counts as whole if the file ends in it. */
	end = end >= size - 1 ? size + PAGE_SIZE - 2 : end;
	first = (unsigned long)((start + PAGE_SIZE - 1) >> PAGE_SHIFT);
	after = (unsigned long)((end + 1) >> PAGE_SHIFT);
	if (first >= after)
		return;
	/* What came in just now waits in batches, where it counts as in use. */
	lru_add_drain_all();
	invalidate_mapping_pages(mapping, first, after - 1);
}

int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	struct address_space *mapping = file->f_mapping;
	unsigned int ra_pages = mapping->backing_dev_info->ra_pages;
	loff_t end = !len || offset > LLONG_MAX - len ? LLONG_MAX : offset + len - 1;

	if (S_ISFIFO(file->f_inode->i_mode))
		return -ESPIPE;
	if (len < 0)
		return -EINVAL;
	switch (advice) {
	case POSIX_FADV_NORMAL:
		file->f_ra.ra_pages = ra_pages;
		return 0;
	case POSIX_FADV_SEQUENTIAL:
		file->f_ra.ra_pages = ra_pages * 2;
		return 0;
	case POSIX_FADV_RANDOM:
		file->f_ra.ra_pages = 0;
		return 0;
	case POSIX_FADV_WILLNEED:
		will_need(file, offset, end);
		return 0;
	case POSIX_FADV_DONTNEED:
		dont_need(file, offset, end);
		return 0;
	case POSIX_FADV_NOREUSE:
		return 0;
	}
	return -EINVAL;
}

int vfs_readahead(struct file *file, loff_t offset, size_t count)
{
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!S_ISREG(file->f_inode->i_mode) && !S_ISBLK(file->f_inode->i_mode))
		return -EINVAL;
	if (!count || offset > LLONG_MAX - (loff_t)count)
		return 0;
	will_need(file, offset, offset + (loff_t)count - 1);
	return 0;
}
