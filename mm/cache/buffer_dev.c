/*
 * mm/cache/buffer_dev.c - blocks of a device by their number: metadata.
 *
 * Theory.  Block n of a device with blocks of 1K is a quarter of page n / 4 of the device's own
 * address_space, the same pages that reading /dev/hda1 shows.  To find a block is to find that
 * page and go round its ring; a page that is not there, or has no ring, is made so.  There is no
 * other index of buffers, and so no second answer to the question where a block is.
 *
 * All buffers of a device have the size that set_blocksize() gave it.  The superblock of a file
 * system is read before its block size is known; set_blocksize() throws the pages away then.
 *
 * What a file system allocates to a file leaves the device's pages (unmap_underlying_metadata()):
 * the buffer becomes unmapped, clean and not uptodate, so that neither is old metadata written
 * over the file, nor is it seen should the block become metadata again.
 *
 * fsync() of a file must write the blocks that say where its blocks are.  They are pages of the
 * device and nobody could tell whose, so who dirties one for a file says so
 * (mark_buffer_dirty_inode): it is put on the list of the file's mapping.  The last one to do so
 * has it, an indirect block belongs to one file.
 *
 * Locking: assoc_lock for the lists; private_lock of the device's mapping for its rings.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/block/bio.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <mm/cache/buffer_internal.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/inode.h>

/* ---- finding and making --------------------------------------------------------------------- */

/* log2 of the blocks of @size in a page */
static unsigned int blocks_shift(unsigned int size)
{
	return PAGE_SHIFT - (unsigned int)__builtin_ctz(size);
}

/* Whole blocks of the device. */
static sector_t blocks_of_device(const struct block_device *bdev, unsigned int size)
{
	return (sector_t)i_size_read(bdev->bd_inode) >> __builtin_ctz(size);
}

/* The buffer of @block in its page, if it has that ring. => private_lock held, or page locked */
static struct buffer_head *buffer_of_page(struct page *page, sector_t block, unsigned int size)
{
	struct buffer_head *bh = page_buffers(page);
	unsigned int nr = (unsigned int)block & ((1u << blocks_shift(size)) - 1);

	if (bh->b_size != size)
		return NULL;
	while (nr--)
		bh = bh->b_this_page;
	return bh;
}

struct buffer_head *__find_get_block(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct address_space *mapping = bdev->bd_inode->i_mapping;
	struct buffer_head *bh = NULL;
	struct page *page;

	page = find_get_page(mapping, (unsigned long)(block >> blocks_shift(size)));
	if (!page)
		return NULL;
	spin_lock(&mapping->private_lock);
	/* It may have left the cache meanwhile: then its ring is none of ours. */
	if (page->mapping == mapping && page_has_buffers(page)) {
		bh = buffer_of_page(page, block, size);
		if (bh && buffer_mapped(bh))
			get_bh(bh);
		else
			bh = NULL;
	}
	spin_unlock(&mapping->private_lock);
	put_page(page);
	return bh;
}

/* Every buffer of @page gets its block. => page locked */
static void map_dev_page(struct block_device *bdev, struct page *page, unsigned int size)
{
	sector_t block = (sector_t)page->index << blocks_shift(size);
	sector_t end = blocks_of_device(bdev, size);
	struct buffer_head *head = page_buffers(page), *bh = head;

	do {
		if (!buffer_mapped(bh) && block < end) {
			bh->b_bdev = bdev;
			bh->b_blocknr = block;
			set_buffer_mapped(bh);
		}
		block++;
		bh = bh->b_this_page;
	} while (bh != head);
}

/* The page of @index, locked, with a ring of @size. => may sleep; NULL: other buffers are in use */
static struct page *grow_dev_page(struct block_device *bdev, unsigned long index,
				  unsigned int size)
{
	struct address_space *mapping = bdev->bd_inode->i_mapping;
	gfp_t gfp = (mapping->gfp_mask & ~__GFP_FS) | __GFP_NOFAIL;
	struct page *page;

	/* Metadata that is needed to write or free something: there is no way to do without. */
	while (!(page = find_or_create_page(mapping, index, gfp))) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
	if (page_has_buffers(page) && page_buffers(page)->b_size != size &&
	    !try_to_free_buffers(page)) {
		unlock_page(page);
		put_page(page);
		return NULL;
	}
	if (!page_has_buffers(page))
		create_empty_buffers(page, size);
	map_dev_page(bdev, page, size);
	return page;
}

struct buffer_head *__getblk(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct buffer_head *bh = __find_get_block(bdev, block, size);
	struct page *page;

	if (likely(bh))
		return bh;
	if (block >= blocks_of_device(bdev, size))
		return NULL;
	page = grow_dev_page(bdev, (unsigned long)(block >> blocks_shift(size)), size);
	if (WARN_ON_ONCE(!page))
		return NULL;
	bh = buffer_of_page(page, block, size);
	get_bh(bh);
	unlock_page(page);
	put_page(page);
	return bh;
}

struct buffer_head *__bread(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct buffer_head *bh = __getblk(bdev, block, size);

	if (bh && bh_submit_read(bh)) {
		brelse(bh);
		bh = NULL;
	}
	return bh;
}

void __breadahead(struct block_device *bdev, sector_t block, unsigned int size)
{
	struct buffer_head *bh = __getblk(bdev, block, size);

	if (bh) {
		ll_rw_block(READ | REQ_RAHEAD, 1, &bh);
		brelse(bh);
	}
}

void unmap_underlying_metadata(struct block_device *bdev, sector_t block, unsigned int nr)
{
	unsigned int size = bdev->bd_block_size;

	for (; nr; nr--, block++) {
		struct buffer_head *bh = __find_get_block(bdev, block, size);

		if (!bh)
			continue;
		lock_buffer(bh);
		clear_buffer_dirty(bh);
		clear_buffer_uptodate(bh);
		clear_buffer_mapped(bh);
		clear_buffer_meta(bh);
		ClearPageUptodate(bh->b_page);
		buffer_forget_assoc(bh);
		unlock_buffer(bh);
		brelse(bh);
	}
}

/* ---- what fsync() of a file has to write ---------------------------------------------------- */

static DEFINE_SPINLOCK(assoc_lock);

/* => assoc_lock held */
static void __forget_assoc(struct buffer_head *bh)
{
	if (bh->b_assoc_map && buffer_write_io_error(bh))
		mapping_set_error(bh->b_assoc_map, -EIO);
	list_del_init(&bh->b_assoc_buffers);
	bh->b_assoc_map = NULL;
}

void buffer_forget_assoc(struct buffer_head *bh)
{
	if (!READ_ONCE(bh->b_assoc_map))
		return;
	spin_lock(&assoc_lock);
	__forget_assoc(bh);
	spin_unlock(&assoc_lock);
}

void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	mark_buffer_dirty(bh);
	/* Under the lock: an fsync() that saw it clean may be taking it off the list right now. */
	spin_lock(&assoc_lock);
	if (bh->b_assoc_map != mapping) {
		__forget_assoc(bh);
		bh->b_assoc_map = mapping;
		list_add_tail(&bh->b_assoc_buffers, &mapping->private_list);
	}
	spin_unlock(&assoc_lock);
}

/* How many there are. => assoc_lock held */
static unsigned int count_assoc(const struct address_space *mapping)
{
	const struct list_head *p;
	unsigned int nr = 0;

	list_for_each(p, &mapping->private_list)
		nr++;
	return nr;
}

/*
 * The first of the list with a reference, moved to its end.  New ones come to the end as well: who
 * takes as many as there were, and is the only one to do so, has seen each.
 * => assoc_lock held
 */
static struct buffer_head *rotate_assoc(struct address_space *mapping)
{
	struct buffer_head *bh;

	if (list_empty(&mapping->private_list))
		return NULL;
	bh = list_first_entry(&mapping->private_list, struct buffer_head, b_assoc_buffers);
	list_move_tail(&bh->b_assoc_buffers, &mapping->private_list);
	get_bh(bh);
	return bh;
}

int sync_mapping_buffers(struct address_space *mapping)
{
	struct buffer_head *bh;
	unsigned int nr, i;
	int err = 0;

	if (list_empty(&mapping->private_list))
		return 0;
	spin_lock(&assoc_lock);
	nr = count_assoc(mapping);
	for (i = 0; i < nr && (bh = rotate_assoc(mapping)); i++) {
		spin_unlock(&assoc_lock);
		write_dirty_buffer(bh, REQ_SYNC);
		brelse(bh);
		spin_lock(&assoc_lock);
	}
	/* Some may have come meanwhile, and lie between those that were started. */
	nr = count_assoc(mapping);
	for (i = 0; i < nr && (bh = rotate_assoc(mapping)); i++) {
		spin_unlock(&assoc_lock);
		wait_on_buffer(bh);
		if (buffer_write_io_error(bh))
			err = -EIO;
		spin_lock(&assoc_lock);
		/* Dirty again: for the next fsync(). */
		if (bh->b_assoc_map == mapping && !buffer_dirty(bh) && !buffer_locked(bh)) {
			list_del_init(&bh->b_assoc_buffers);
			bh->b_assoc_map = NULL;
		}
		brelse(bh);
	}
	spin_unlock(&assoc_lock);
	return err;
}

void invalidate_inode_buffers(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	if (list_empty(&mapping->private_list))
		return;
	spin_lock(&assoc_lock);
	while (!list_empty(&mapping->private_list))
		__forget_assoc(list_first_entry(&mapping->private_list, struct buffer_head,
						b_assoc_buffers));
	spin_unlock(&assoc_lock);
}

bool remove_inode_buffers(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	if (likely(list_empty(&mapping->private_list)))
		return true;
	spin_lock(&assoc_lock);
	while (!list_empty(&mapping->private_list)) {
		struct buffer_head *bh = list_first_entry(&mapping->private_list,
							  struct buffer_head, b_assoc_buffers);

		if (buffer_dirty(bh) || buffer_locked(bh))
			break;
		__forget_assoc(bh);
	}
	spin_unlock(&assoc_lock);
	return list_empty(&mapping->private_list);
}

int inode_has_buffers(struct inode *inode)
{
	return !list_empty(&inode->i_data.private_list);
}
