/*
 * mm/cache/mpage.c - many pages at once.
 *
 * Theory.  A file that was written in one go lies on the disk in one go.  To read 32 pages of it
 * by 32 rings of buffers would cost much more than the transfer: so as long as the blocks of a
 * page follow each other, and the page needs nothing but to be read, it gets no buffers but is
 * added to a bio; and as long as the next page's blocks follow on, it is added to the same.  One
 * bio, one request, one interrupt.
 *
 * get_block is asked for as much as is wanted and says how much it found (b_size): a run of
 * blocks costs one look at the file's map, not one for each.
 *
 * A page of another kind (has buffers; its blocks are apart; a hole before a block) is left to
 * block_read_full_page().  A hole at the end of a page is zeroed, a page that is all hole too.
 *
 * Writing goes by buffers (block_write_full_page), as a page that was written to by write() has
 * them; under a plug, so that neighbours still become one request.
 *
 * Locking: the pages are locked until their bio has ended.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/block/bio.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <lib/kernel.h>
#include <mm/cache/buffer_internal.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/types/inode.h>

/* What is known between one page and the next. */
struct mpage {
	get_block_t *get_block;
	struct inode *inode;
	unsigned int bits;		/* [c] log2 of a block: set_blocksize() may come between */
	struct bio *bio;		/* being filled, or NULL */
	sector_t bio_end;		/* the block it ends before */
	unsigned int nr_left;		/* pages still to come, this one included */
	struct buffer_head map;		/* what get_block() said last: mapped, b_blocknr.. */
	sector_t map_block;		/* ... of this block of the file on */
};

static void mpage_end_read(struct bio *bio, int error)
{
	struct bio_vec *bvec;
	unsigned int i;

	bio_for_each_segment(bvec, bio, i) {
		if (error)
			SetPageError(bvec->bv_page);
		else
			SetPageUptodate(bvec->bv_page);
		unlock_page(bvec->bv_page);
	}
	bio_put(bio);
}

static void mpage_submit(struct mpage *mp)
{
	struct bio *bio = mp->bio;

	mp->bio = NULL;
	if (bio)
		submit_bio(READ, bio);
}

/*
 * Where is block @block of the file, for a reader who wants @want of them?
 * => the block of the device, 0 a hole, or 1 and *err
 */
static bool mpage_map(struct mpage *mp, sector_t block, sector_t want, sector_t *on_disk,
		      int *err)
{
	unsigned int bits = mp->bits;
	struct buffer_head *map = &mp->map;

	if (!buffer_mapped(map) || block < mp->map_block ||
	    block - mp->map_block >= map->b_size >> bits) {
		map->b_state = 0;
		map->b_page = NULL;
		map->b_size = (unsigned int)want << bits;
		mp->map_block = block;
		*err = mp->get_block(mp->inode, block, map, 0);
		if (*err || !buffer_mapped(map))
			return false;
	}
	*on_disk = map->b_blocknr + (block - mp->map_block);
	return true;
}

/*
 * The run of blocks that @page consists of.
 * => how many, from *first on; the rest is a hole.  -1: not one run, or an error
 */
static int mpage_run(struct mpage *mp, struct page *page, sector_t *first)
{
	unsigned int bits = mp->bits, per_page = PAGE_SIZE >> bits, i;
	sector_t block = (sector_t)page->index << (PAGE_SHIFT - bits);
	sector_t end = (sector_t)(i_size_read(mp->inode) + (1 << bits) - 1) >> bits;
	sector_t want = min((sector_t)mp->nr_left * per_page, end > block ? end - block : 0);
	bool hole = false;
	int nr = 0, err = 0;

	for (i = 0; i < per_page; i++, block++) {
		sector_t on_disk;

		if (block >= end || !mpage_map(mp, block, want - i, &on_disk, &err)) {
			if (err)
				return -1;
			hole = true;
			continue;
		}
		if (hole || (nr && on_disk != *first + (sector_t)nr))
			return -1;
		if (!nr++)
			*first = on_disk;
	}
	return nr;
}

static struct bio *mpage_alloc(struct mpage *mp, sector_t first)
{
	struct bio *bio = bio_alloc(GFP_NOFS, min(mp->nr_left, (unsigned int)BIO_MAX_PAGES));

	bio->bi_sector = first << (mp->bits - SECTOR_SHIFT);
	bio->bi_part = mp->map.b_bdev->bd_part;
	bio->bi_end_io = mpage_end_read;
	return bio;
}

/* Add @page, whose first @len bytes are at block @first. */
static void mpage_add(struct mpage *mp, struct page *page, sector_t first, unsigned int len)
{
	if (mp->bio && mp->bio_end != first)
		mpage_submit(mp);
	if (!mp->bio)
		mp->bio = mpage_alloc(mp, first);
	if (bio_add_page(mp->bio, page, len, 0) < len) {
		mpage_submit(mp);
		mp->bio = mpage_alloc(mp, first);
		BUG_ON(bio_add_page(mp->bio, page, len, 0) < len);
	}
	mp->bio_end = first + (len >> mp->bits);
	/* Who knows the map by heart only up to here wants what is before first. */
	if (len < PAGE_SIZE || buffer_boundary(&mp->map))
		mpage_submit(mp);
}

/* => page locked; its bio, or block_read_full_page(), unlocks it */
static int mpage_read_one(struct mpage *mp, struct page *page)
{
	unsigned int len;
	sector_t first = 0;
	int nr;

	nr = page_has_buffers(page) ? -1 : mpage_run(mp, page, &first);
	if (nr < 0) {
		mpage_submit(mp);
		mp->map.b_state = 0;
		return block_read_full_page(page, mp->get_block);
	}
	len = (unsigned int)nr << mp->bits;
	if (len < PAGE_SIZE)
		zero_user_page(page, len, PAGE_SIZE - len);
	if (len) {
		mpage_add(mp, page, first, len);
	} else {
		SetPageUptodate(page);
		unlock_page(page);
	}
	return 0;
}

int mpage_readpages(struct address_space *mapping, struct page **pages, unsigned int nr,
		    get_block_t *get_block)
{
	struct inode *inode = mapping->host;
	struct mpage mp = { .get_block = get_block, .inode = inode, .bits = inode->i_blkbits };
	unsigned int i;

	blk_start_plug();
	for (i = 0; i < nr; i++) {
		mp.nr_left = nr - i;
		/* The page itself remembers an error. */
		mpage_read_one(&mp, pages[i]);
	}
	mpage_submit(&mp);
	blk_finish_plug();
	return 0;
}

int mpage_readpage(struct page *page, get_block_t *get_block)
{
	struct inode *inode = page->mapping->host;
	struct mpage mp = { .get_block = get_block, .inode = inode, .bits = inode->i_blkbits,
			    .nr_left = 1 };
	int err = mpage_read_one(&mp, page);

	mpage_submit(&mp);
	return err;
}

int mpage_writepages(struct address_space *mapping, struct writeback_control *wbc,
		     get_block_t *get_block)
{
	int err;

	(void)get_block;
	blk_start_plug();
	err = generic_writepages(mapping, wbc);
	blk_finish_plug();
	return err;
}
