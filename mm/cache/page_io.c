/*
 * mm/cache/page_io.c - a page of the swap cache to and from its slot.
 *
 * Theory.  A slot is a run of eight sectors at a place that map_swap_entry() knows, so a transfer
 * is one bio of one piece; no file system is asked, and no memory is needed but the bio, for which
 * there is a reserve (bio_alloc).  Neighbouring slots become one request in the block layer, if
 * the caller holds a plug.
 *
 * Errors.  What could not be written stays dirty and has PG_error, by which reclaim knows to let it
 * be for a while, and a fault to give up its slot: so it goes elsewhere the next time.  The slot is not
 * used again (swap_write_ended).  What could not be read is not uptodate: who needs it gets
 * SIGBUS.
 *
 * Locking: PG_locked to start; both ends run in the disk's interrupt.
 */
#include <mm/cache/swap_state.h>

#include <kernel/block/bio.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/kdev_t.h>
#include <kernel/core/printk.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/vmstat.h>

atomic_t nr_swap_writing;

/* A bio for @page and its slot. => page locked, in the swap cache; may sleep */
static struct bio *get_swap_bio(struct page *page, bio_end_io_t *end_io)
{
	struct bio *bio = bio_alloc(GFP_NOIO, 1);
	struct block_device *bdev;

	bio->bi_sector = map_swap_entry(page_swap_entry(page), &bdev);
	bio->bi_part = bdev->bd_part;
	bio->bi_end_io = end_io;
	BUG_ON(bio_add_page(bio, page, PAGE_SIZE, 0) < PAGE_SIZE);
	return bio;
}

static void report(const char *what, const struct bio *bio)
{
	printk(KERN_ALERT "%s-error on swap-device (%u:%u:%llu)\n", what,
	       bio->bi_part->disk->major,
	       bio->bi_part->disk->first_minor + (unsigned int)bio->bi_part->partno,
	       (unsigned long long)bio->bi_sector);
}

static void end_swap_write(struct bio *bio, int error)
{
	struct page *page = bio->bi_io_vec[0].bv_page;

	if (unlikely(swap_write_ended(page_swap_entry(page), error)))
		report("Write", bio);
	if (unlikely(error)) {
		SetPageError(page);
		SetPageDirty(page);
		ClearPageReclaim(page);
	}
	atomic_dec(&nr_swap_writing);
	end_page_writeback(page);
	bio_put(bio);
}

int swap_writepage(struct page *page, struct writeback_control *wbc)
{
	struct bio *bio;

	BUG_VAL(!PageLocked(page) || !PageSwapCache(page), page, page->flags);
	/* All who had entries are gone: nobody will ever read it. */
	if (try_to_free_swap(page)) {
		unlock_page(page);
		return 0;
	}
	ClearPageError(page);
	bio = get_swap_bio(page, end_swap_write);
	count_vm_event(PSWPOUT);
	atomic_inc(&nr_swap_writing);
	set_page_writeback(page);
	unlock_page(page);
	submit_bio(WRITE | (wbc->sync_mode == WB_SYNC_ALL ? REQ_SYNC : 0), bio);
	return 0;
}

static void end_swap_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_io_vec[0].bv_page;

	if (error) {
		SetPageError(page);
		ClearPageUptodate(page);
		report("Read", bio);
	} else {
		SetPageUptodate(page);
	}
	unlock_page(page);
	bio_put(bio);
}

int swap_readpage(struct page *page)
{
	BUG_VAL(!PageLocked(page) || !PageSwapCache(page), page, page->flags);
	BUG_VAL(PageUptodate(page), page, page->flags);
	count_vm_event(PSWPIN);
	submit_bio(READ, get_swap_bio(page, end_swap_read));
	return 0;
}
