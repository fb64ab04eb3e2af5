/*
 * mm/cache/buffer_file.c - pages of files to and from the blocks where they lie.
 *
 * Theory.  A file system on blocks needs to know one thing only: where block n of a file is
 * (get_block).  The rest of its address_space_operations is here, the same for all of them and for
 * the device itself, whose block n is at n.
 *
 *	read		what is not uptodate is read, holes are zeros, and a page whose buffers are
 *			all uptodate is.  Several buffers may be on their way at once.
 *	prepare_write	every buffer that will be written to gets a block; one that will be written
 *			to in part is read first, or zeroed where its block is new
 *	commit_write	these buffers are uptodate and dirty; the file may have grown
 *	write		dirty buffers go to the disk.  A store through a mapping dirties all of a
 *			page, also holes: they get their blocks only now
 *
 * A new block holds on the disk what its last owner left.  So a buffer that is new is zeroed where
 * it is not written, and the device's own copy of it is thrown away before anything else
 * (unmap_underlying_metadata()); should the write come to nothing, the zeros are written
 * (block_abandon_write()).
 *
 * What lies beyond the end of the file, in its last page, is zeroed before it goes to the disk:
 * a mapping can store there, and the file may grow later.
 *
 * Locking: the page is locked in all of these.  get_block may sleep, and takes what locks the file
 * system has, inside the page's.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/block/bio.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/buffer_internal.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/inode.h>

#define MAX_BUF_PER_PAGE	(PAGE_SIZE / SECTOR_SIZE)

static struct buffer_head *get_buffers(struct page *page, const struct inode *inode)
{
	return page_has_buffers(page) ? page_buffers(page) :
	       create_empty_buffers(page, 1u << inode->i_blkbits);
}

/* log2 of a block, as the page's own ring has it: a device's may change meanwhile */
static unsigned int block_bits(const struct buffer_head *bh)
{
	return (unsigned int)__builtin_ctz(bh->b_size);
}

/* The file's block that a page begins with, whose ring has @head. */
static sector_t first_block(const struct page *page, const struct buffer_head *head)
{
	return (sector_t)page->index << (PAGE_SHIFT - block_bits(head));
}

/* A block that was allocated just now. */
static void bh_is_new(struct buffer_head *bh)
{
	unmap_underlying_metadata(bh->b_bdev, bh->b_blocknr, 1);
}

/* ---- reading -------------------------------------------------------------------------------- */

/*
 * What does it take to make @bh uptodate?  A hole is made so at once.
 * => 1 it must be read, 0 it is uptodate, -errno
 */
static int prepare_read(struct inode *inode, struct buffer_head *bh, sector_t block,
			sector_t end, get_block_t *get_block)
{
	int err = 0;

	if (buffer_uptodate(bh))
		return 0;
	if (!buffer_mapped(bh)) {
		if (block < end)
			err = get_block(inode, block, bh, 0);
		if (!err && buffer_mapped(bh))
			/* It may have had to read the very block, and so has it. */
			return !buffer_uptodate(bh);
		zero_user_page(bh->b_page, bh_offset(bh), bh->b_size);
		if (!err)
			set_buffer_uptodate(bh);
		return err;
	}
	return 1;
}

/* Read @nr buffers of a page; the last one unlocks it. */
static void read_buffers(struct buffer_head *bhs[], unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		lock_buffer(bhs[i]);
		bhs[i]->b_end_io = end_buffer_async_read;
		set_buffer_async_read(bhs[i]);
	}
	/* Two loops: the first to end must not believe that it is the last. */
	for (i = 0; i < nr; i++) {
		if (buffer_uptodate(bhs[i]))
			end_buffer_async_read(bhs[i], 1);
		else
			submit_bh(READ, bhs[i]);
	}
}

int block_read_full_page(struct page *page, get_block_t *get_block)
{
	struct inode *inode = page->mapping->host;
	struct buffer_head *head = get_buffers(page, inode), *bh = head;
	struct buffer_head *wanted[MAX_BUF_PER_PAGE];
	sector_t block = first_block(page, head);
	sector_t end = (sector_t)(i_size_read(inode) + bh->b_size - 1) >> block_bits(bh);
	unsigned int nr = 0;
	int err = 0;

	VM_BUG_ON(!PageLocked(page));
	do {
		int ret = prepare_read(inode, bh, block, end, get_block);

		if (ret > 0)
			wanted[nr++] = bh;
		else if (ret < 0)
			err = ret;
		block++;
		bh = bh->b_this_page;
	} while (bh != head);
	if (err)
		SetPageError(page);
	if (nr) {
		blk_start_plug();
		read_buffers(wanted, nr);
		blk_finish_plug();
		return 0;
	}
	if (!err)
		SetPageUptodate(page);
	unlock_page(page);
	return err;
}

/* ---- writing pages back --------------------------------------------------------------------- */

/*
 * Every dirty buffer up to the end of the file gets a block.
 * => 0 or -errno: those behind have none
 */
static int map_dirty_buffers(struct page *page, struct inode *inode, struct buffer_head *head,
			     get_block_t *get_block)
{
	sector_t last = (sector_t)(i_size_read(inode) - 1) >> block_bits(head);
	sector_t block = first_block(page, head);
	struct buffer_head *bh = head;
	int err;

	do {
		if (block > last) {
			/* Zeros, and nobody's. */
			clear_buffer_dirty(bh);
			set_buffer_uptodate(bh);
		} else if (!buffer_mapped(bh) && buffer_dirty(bh)) {
			err = get_block(inode, block, bh, 1);
			if (err)
				return err;
			if (buffer_new(bh)) {
				clear_buffer_new(bh);
				bh_is_new(bh);
			}
		}
		block++;
		bh = bh->b_this_page;
	} while (bh != head);
	return 0;
}

/*
 * Lock what is dirty and has a block, for writing.
 * => how many; *skipped: some could not be had without waiting, which reclaim may not do
 */
static unsigned int lock_dirty_buffers(struct buffer_head *head, struct writeback_control *wbc,
				       bool *skipped)
{
	struct buffer_head *bh = head;
	unsigned int nr = 0;

	*skipped = false;
	do {
		if (!buffer_mapped(bh) || !buffer_dirty(bh))
			continue;
		if (!wbc->for_reclaim) {
			lock_buffer(bh);
		} else if (test_set_buffer_locked(bh)) {
			*skipped = true;
			continue;
		}
		if (!test_clear_buffer_dirty(bh)) {
			unlock_buffer(bh);
			continue;
		}
		bh->b_end_io = end_buffer_async_write;
		set_buffer_async_write(bh);
		nr++;
	} while ((bh = bh->b_this_page) != head);
	return nr;
}

/* Those beyond the last that has a block will not be written: that is said once, by fsync(). */
static void forget_unmapped(struct buffer_head *head)
{
	struct buffer_head *bh = head;

	do {
		if (!buffer_mapped(bh))
			clear_buffer_dirty(bh);
		bh = bh->b_this_page;
	} while (bh != head);
}

/*
 * A page that a mapping stored into may have no buffers yet.  Its dirty bit is off already, so the
 * new buffers do not get it from the page.
 */
static struct buffer_head *get_dirty_buffers(struct page *page, const struct inode *inode)
{
	struct buffer_head *head, *bh;

	if (page_has_buffers(page))
		return page_buffers(page);
	bh = head = get_buffers(page, inode);
	do {
		set_buffer_uptodate(bh);
		set_buffer_dirty(bh);
		bh = bh->b_this_page;
	} while (bh != head);
	return head;
}

static int write_buffers(struct page *page, struct inode *inode, get_block_t *get_block,
			 struct writeback_control *wbc)
{
	struct buffer_head *head = get_dirty_buffers(page, inode), *bh = head;
	unsigned int flags = WRITE | (wbc->sync_mode == WB_SYNC_ALL ? REQ_SYNC : 0);
	unsigned int nr, left;
	bool skipped;
	int err;

	err = map_dirty_buffers(page, inode, head, get_block);
	if (err) {
		SetPageError(page);
		mapping_set_error(page->mapping, err);
		forget_unmapped(head);
	}
	nr = lock_dirty_buffers(head, wbc, &skipped);
	if (skipped)
		redirty_page_for_writepage(wbc, page);
	set_page_writeback(page);
	/* Those that have ended meanwhile are behind us; the page's lock keeps the ring. */
	for (left = nr; left; bh = bh->b_this_page) {
		if (buffer_async_write(bh)) {
			left--;
			submit_bh(flags, bh);
		}
	}
	unlock_page(page);
	if (!nr)
		end_page_writeback(page);
	return err;
}

int block_write_full_page(struct page *page, get_block_t *get_block,
			  struct writeback_control *wbc)
{
	struct inode *inode = page->mapping->host;
	loff_t size = i_size_read(inode);
	unsigned long end_index = (unsigned long)(size >> PAGE_SHIFT);
	unsigned int offset = (unsigned int)size & (unsigned int)~PAGE_MASK;

	if (page->index >= end_index) {
		if (page->index > end_index || !offset) {
			/* Cut off, but truncate has not come to it yet. */
			if (page_has_buffers(page))
				block_invalidatepage(page, 0);
			unlock_page(page);
			return 0;
		}
		zero_user_page(page, offset, PAGE_SIZE - offset);
	}
	return write_buffers(page, inode, get_block, wbc);
}

/* ---- write(): before and after the bytes are copied in -------------------------------------- */

/*
 * Bytes [@from, @to) of the page will be written; @start is where @bh begins.
 * => 0, or -errno; *read: it must be read first, and that has begun
 */
static int prepare_buffer(struct inode *inode, struct buffer_head *bh, sector_t block,
			  unsigned int start, unsigned int from, unsigned int to,
			  get_block_t *get_block, bool *read)
{
	struct page *page = bh->b_page;
	unsigned int end = start + bh->b_size;
	int err;

	clear_buffer_new(bh);
	if (!buffer_mapped(bh)) {
		err = get_block(inode, block, bh, 1);
		if (err)
			return err;
		if (buffer_new(bh)) {
			bh_is_new(bh);
			if (PageUptodate(page)) {
				/* A hole whose zeros are in memory. */
				clear_buffer_new(bh);
				set_buffer_uptodate(bh);
				mark_buffer_dirty(bh);
				return 0;
			}
			if (start < from)
				zero_user_page(page, start, from - start);
			if (end > to)
				zero_user_page(page, to, end - to);
			return 0;
		}
	}
	if (PageUptodate(page))
		set_buffer_uptodate(bh);
	if (!buffer_uptodate(bh) && (start < from || end > to)) {
		ll_rw_block(READ | REQ_SYNC, 1, &bh);
		*read = true;
	}
	return 0;
}

void block_abandon_write(struct page *page, unsigned int from, unsigned int to)
{
	struct buffer_head *head, *bh;
	unsigned int start = 0;

	if (!page_has_buffers(page))
		return;
	bh = head = page_buffers(page);
	do {
		unsigned int end = start + bh->b_size;

		if (end > from && start < to && buffer_new(bh)) {
			clear_buffer_new(bh);
			zero_user_page(page, start, bh->b_size);
			set_buffer_uptodate(bh);
			mark_buffer_dirty(bh);
		}
		start = end;
		bh = bh->b_this_page;
	} while (bh != head);
}

int block_prepare_write(struct page *page, unsigned int from, unsigned int to,
			get_block_t *get_block)
{
	struct inode *inode = page->mapping->host;
	struct buffer_head *head = get_buffers(page, inode), *bh = head;
	struct buffer_head *wait[2];
	sector_t block = first_block(page, head);
	unsigned int nr = 0, start = 0;
	int err = 0;

	do {
		bool read = false;

		if (start + bh->b_size > from && start < to)
			err = prepare_buffer(inode, bh, block, start, from, to, get_block, &read);
		else if (PageUptodate(page))
			set_buffer_uptodate(bh);
		if (read)
			wait[nr++] = bh;	/* the first, or the last */
		start += bh->b_size;
		block++;
		bh = bh->b_this_page;
	} while (bh != head && !err);
	while (nr) {
		wait_on_buffer(wait[--nr]);
		/* Somebody else may have been at it, in vain. */
		if (!buffer_uptodate(wait[nr]) && bh_submit_read(wait[nr]))
			err = -EIO;
	}
	if (err)
		block_abandon_write(page, from, to);
	return err;
}

int generic_commit_write(struct file *file, struct page *page, unsigned int from, unsigned int to)
{
	struct inode *inode = page->mapping->host;
	struct buffer_head *head = page_buffers(page), *bh = head;
	loff_t end = ((loff_t)page->index << PAGE_SHIFT) + to;
	unsigned int start = 0;
	bool uptodate = true;

	(void)file;
	do {
		if (start + bh->b_size > from && start < to) {
			set_buffer_uptodate(bh);
			clear_buffer_new(bh);
			mark_buffer_dirty(bh);
		} else if (!buffer_uptodate(bh)) {
			uptodate = false;
		}
		start += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head);
	if (uptodate)
		SetPageUptodate(page);
	if (end > inode->i_size) {
		i_size_write(inode, end);
		__mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	}
	return 0;
}

/* ---- truncate, and where is it? ------------------------------------------------------------- */

int block_truncate_page(struct address_space *mapping, loff_t from, get_block_t *get_block)
{
	struct inode *inode = mapping->host;
	unsigned int offset = (unsigned int)from & (unsigned int)~PAGE_MASK;
	unsigned int size = 1u << inode->i_blkbits;
	unsigned int rest = -offset & (size - 1);
	struct buffer_head *bh;
	struct page *page;
	unsigned int i;
	int err = 0;

	if (!rest)
		return 0;
	page = find_or_create_page(mapping, (unsigned long)(from >> PAGE_SHIFT),
				   mapping->gfp_mask & ~__GFP_FS);
	if (!page)
		return -ENOMEM;
	bh = get_buffers(page, inode);
	for (i = offset >> inode->i_blkbits; i; i--)
		bh = bh->b_this_page;
	if (!buffer_mapped(bh))
		err = get_block(inode, (sector_t)from >> inode->i_blkbits, bh, 0);
	if (err || !buffer_mapped(bh))
		goto out;			/* a hole is zeros already */
	if (PageUptodate(page))
		set_buffer_uptodate(bh);
	err = bh_submit_read(bh);
	if (!err) {
		zero_user_page(page, offset, rest);
		mark_buffer_dirty(bh);
	}
out:
	unlock_page(page);
	put_page(page);
	return err;
}

sector_t generic_block_bmap(struct address_space *mapping, sector_t block, get_block_t *get_block)
{
	struct inode *inode = mapping->host;
	struct buffer_head bh = { .b_size = 1u << inode->i_blkbits };

	if (get_block(inode, block, &bh, 0) || !buffer_mapped(&bh))
		return 0;
	return bh.b_blocknr;
}
