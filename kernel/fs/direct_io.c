/*
 * kernel/fs/direct_io.c - O_DIRECT: between the disk and a program's memory, past the cache.
 *
 * Theory.  A data base has a cache of its own and does not want its pages in ours as well.  So the
 * program's pages are pinned and the disk reads and writes them, in pieces of whole sectors: offset,
 * length and address must be multiples of the disk's block (-EINVAL).
 *
 * The page cache stays true.  What is dirty in the range is written before a read, and before a
 * write, which then drops the pages it makes stale, before and after: a reader may have brought
 * some back meanwhile.  i_sem is held over both, so that no block changes its owner under a
 * transfer.  A mapping that stores into the range at the same time gets what it deserves.
 *
 * A direct write goes to blocks that the file has.  What would need new ones (a hole, the end of
 * the file) takes the ordinary way, and is on the disk before write() returns: so there is only one
 * place that knows how to begin a block.
 *
 * The pages of up to one bio are pinned at a time, and their transfer is waited for.
 *
 * Locking: i_sem of the host; the pins keep the pages.
 */
#include <kernel/fs/block_dev.h>
#include <kernel/fs/internal.h>

#include <kernel/block/bio.h>
#include <kernel/core/bug.h>
#include <kernel/core/completion.h>
#include <kernel/core/hooks.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

struct dio {
	struct inode *inode;		/* [c] */
	get_block_t *get_block;		/* [c] */
	unsigned int rw;		/* [c] */
	loff_t pos;			/* next byte of the file */
	loff_t end;			/* behind the last */
	struct buffer_head map;		/* what get_block() said last */
	loff_t map_pos;			/* ... of this byte of the file on */
	struct bio *bio;		/* being filled, or NULL */
	sector_t bio_end;		/* the sector it ends before */
	atomic_t in_flight;		/* [a] bios, + 1 while more may come */
	int error;			/* of any; written by whose bio ends, racy among them */
	struct completion done;
};

static void dio_put(struct dio *dio)
{
	if (atomic_dec_and_test(&dio->in_flight))
		complete(&dio->done);
}

static void dio_end_io(struct bio *bio, int error)
{
	struct dio *dio = bio->bi_private;

	if (error)
		dio->error = error;
	bio_put(bio);
	dio_put(dio);
}

static void dio_submit(struct dio *dio)
{
	struct bio *bio = dio->bio;

	if (!bio)
		return;
	dio->bio = NULL;
	atomic_inc(&dio->in_flight);
	submit_bio(dio->rw | REQ_SYNC, bio);
}

/*
 * Where is dio->pos on the disk, and how much follows there?
 * => bytes, *sector; 0: a hole, of *hole bytes; -errno
 */
static int dio_map(struct dio *dio, sector_t *sector, unsigned int *hole)
{
	unsigned int bits = dio->inode->i_blkbits;
	struct buffer_head *map = &dio->map;
	unsigned int offset;
	loff_t left;
	int err;

	if (!buffer_mapped(map) || dio->pos >= dio->map_pos + map->b_size) {
		left = dio->end - dio->pos;
		map->b_state = 0;
		map->b_size = (unsigned int)min(left, (loff_t)BIO_MAX_PAGES * (loff_t)PAGE_SIZE);
		map->b_size = round_up(map->b_size, 1u << bits);
		dio->map_pos = dio->pos & -(1ll << bits);
		err = dio->get_block(dio->inode, (sector_t)dio->pos >> bits, map, 0);
		if (err)
			return err;
	}
	offset = (unsigned int)(dio->pos - dio->map_pos);
	if (!buffer_mapped(map)) {
		*hole = (1u << bits) - offset;
		return 0;
	}
	*sector = (map->b_blocknr << (bits - SECTOR_SHIFT)) + (offset >> SECTOR_SHIFT);
	return (int)(map->b_size - offset);
}

/* Add a piece of a page that goes to or from @sector. */
static void dio_add(struct dio *dio, struct page *page, unsigned int offset, unsigned int len,
		    sector_t sector)
{
	if (dio->bio && (dio->bio_end != sector || bio_add_page(dio->bio, page, len, offset) < len))
		dio_submit(dio);
	else if (dio->bio)
		goto added;
	dio->bio = bio_alloc(GFP_KERNEL, BIO_MAX_PAGES);
	dio->bio->bi_sector = sector;
	dio->bio->bi_part = dio->map.b_bdev->bd_part;
	dio->bio->bi_end_io = dio_end_io;
	dio->bio->bi_private = dio;
	BUG_ON(bio_add_page(dio->bio, page, len, offset) < len);
added:
	dio->bio_end = sector + (len >> SECTOR_SHIFT);
}

/*
 * @len bytes of @page, from @offset on.
 * => bytes, fewer: a hole that cannot be written; -errno
 */
static int dio_page(struct dio *dio, struct page *page, unsigned int offset, unsigned int len)
{
	unsigned int done = 0;

	while (done < len) {
		unsigned int hole = 0, n;
		sector_t sector = 0;
		int ret = dio_map(dio, &sector, &hole);

		if (ret < 0)
			return ret;
		if (!ret && (dio->rw & WRITE))
			break;
		n = min(len - done, ret ? (unsigned int)ret : hole);
		if (ret)
			dio_add(dio, page, offset + done, n, sector);
		else
			zero_user_page(page, offset + done, n);
		done += n;
		dio->pos += n;
	}
	return (int)done;
}

/* The pages of one round, pinned. => bytes or -errno; *more: the next round may go on */
static ssize_t dio_pages(struct dio *dio, struct page **pages, unsigned int nr,
			 unsigned int offset, bool *more)
{
	ssize_t total = 0;
	unsigned int i;

	*more = true;
	for (i = 0; i < nr && dio->pos < dio->end && *more; i++) {
		unsigned int len = PAGE_SIZE - offset;
		int ret;

		if (dio->end - dio->pos < len)
			len = (unsigned int)(dio->end - dio->pos);
		ret = dio_page(dio, pages[i], offset, len);
		if (ret < 0)
			return total ? total : ret;
		*more = (unsigned int)ret == len;
		total += ret;
		offset = 0;
	}
	return total;
}

/* => bytes or -errno */
static ssize_t dio_round(struct dio *dio, unsigned long addr, bool *more)
{
	struct page *pages[BIO_MAX_PAGES];
	unsigned int offset = (unsigned int)(addr & ~PAGE_MASK), i;
	loff_t left = dio->end - dio->pos + offset;
	ssize_t ret;
	int nr;

	nr = (int)min((left + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT, (loff_t)BIO_MAX_PAGES);
	nr = pin_user_pages(addr, nr, !(dio->rw & WRITE), pages);
	if (nr <= 0)
		return nr ? nr : -EFAULT;
	atomic_set(&dio->in_flight, 1);
	init_completion(&dio->done);
	blk_start_plug();
	ret = dio_pages(dio, pages, (unsigned int)nr, offset, more);
	dio_submit(dio);
	blk_finish_plug();
	dio_put(dio);
	wait_for_completion(&dio->done);
	for (i = 0; i < (unsigned int)nr; i++) {
		if (!(dio->rw & WRITE)) {
			/* Locked: nothing else keeps the mapping of a file's page. */
			lock_page(pages[i]);
			set_page_dirty(pages[i]);
			unlock_page(pages[i]);
		}
		put_page(pages[i]);
	}
	return dio->error ? dio->error : ret;
}

ssize_t blockdev_direct_IO(unsigned int rw, struct file *file, char *buf, size_t count,
			   loff_t pos, get_block_t *get_block)
{
	struct inode *inode = file->f_mapping->host;
	struct block_device *bdev = S_ISBLK(inode->i_mode) ? inode->i_bdev : inode->i_sb->s_bdev;
	unsigned int mask = bdev_disk(bdev)->queue->limits.block_size - 1;
	struct dio dio = { .inode = inode, .get_block = get_block, .rw = rw, .pos = pos };
	loff_t size = i_size_read(inode);
	size_t done = 0;
	bool more = true;
	ssize_t ret = 0;

	if (((unsigned long)pos | (unsigned long)buf | count) & mask)
		return -EINVAL;
	/* A write up to the last whole block; a read to the end of the last one. */
	dio.end = min(pos + (loff_t)count, (size + (rw & WRITE ? 0 : mask)) & ~(loff_t)mask);
	while (dio.pos < dio.end && more) {
		ret = dio_round(&dio, (unsigned long)buf + done, &more);
		if (ret < 0)
			break;
		done += (size_t)ret;
	}
	if (done && pos + (loff_t)done > size)
		done = (size_t)(size - pos);
	return done ? (ssize_t)done : ret;
}

/* ---- on the way into generic_file_read and _write ------------------------------------------------ */

ssize_t generic_direct_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct address_space *mapping = file->f_mapping;
	struct inode *inode = mapping->host;
	ssize_t n = 0;

	mutex_lock(&inode->i_sem);
	/* Whoever has read all of it asks from the end on, which no sector need begin at. */
	if (*pos >= i_size_read(inode))
		goto out;
	n = filemap_write_and_wait_range(mapping, *pos, *pos + (loff_t)count - 1);
	if (!n)
		n = mapping->a_ops->direct_IO(READ, file, (char *)buf, count, *pos);
out:
	mutex_unlock(&inode->i_sem);
	if (n > 0)
		*pos += n;
	return n;
}

static int flush_range(struct address_space *mapping, loff_t pos, size_t count)
{
	loff_t last = pos + (loff_t)count - 1;
	int err = filemap_write_and_wait_range(mapping, pos, last);

	/* What is being dirtied by a mapping right now stays: see above. */
	invalidate_inode_pages2_range(mapping, (unsigned long)(pos >> PAGE_SHIFT),
				      (unsigned long)(last >> PAGE_SHIFT));
	return err;
}

ssize_t generic_direct_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	struct address_space *mapping = file->f_mapping;
	loff_t pos = *ppos;
	ssize_t n, rest;

	n = flush_range(mapping, pos, count);
	if (!n)
		n = mapping->a_ops->direct_IO(WRITE, file, (char *)buf, count, pos);
	if (n < 0)
		return n;
	if (n)
		flush_range(mapping, pos, (size_t)n);
	*ppos += n;
	if ((size_t)n == count)
		return n;
	rest = generic_buffered_write(file, buf + n, count - (size_t)n, ppos);
	if (rest > 0) {
		int err = flush_range(mapping, pos + n, (size_t)rest);

		if (err)
			rest = err;
	}
	return rest < 0 ? (n ? n : rest) : n + rest;
}
