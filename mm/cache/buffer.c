/*
 * mm/cache/buffer.c - buffer heads: made, locked, dirtied, written, taken apart.
 *
 * Theory: see buffer_head.h.  A ring of buffers hangs on a page of the page cache and says, part
 * by part, which block of which device it holds.  This file knows the rings; which pages they hang
 * on is told elsewhere: blocks of devices in buffer_dev.c, pages of files in buffer_file.c.
 *
 * Dirty.  A buffer that is dirty makes its page dirty, so that whoever looks for dirty pages finds
 * it.  The order is buffer first, page second; who writes a page clears PG_dirty first and looks
 * at the buffers then, so one that is dirtied meanwhile is either seen or makes the page dirty
 * again.  The other way round is looser: a page may be dirty whose buffers have been written one
 * by one (sync_dirty_buffer).  Writing it then finds nothing to do.
 *
 * A failed write leaves the buffer clean and uptodate, with BH_Write_EIO: what is in memory is
 * still the truth, but the disk would not take it, and trying for ever would hold up everything
 * behind it.  Whoever waits for it (sync_dirty_buffer, fsync) is told.
 *
 * Completion.  The disk's interrupt ends single buffers (end_buffer_read_sync, _write_sync) or the
 * buffers of a page that is read or written as a whole (_async_read, _async_write): there the last
 * one to end ends the page.  Who is last is decided under a bit lock in the ring's first buffer,
 * with interrupts off, as two parts of a page may end on two processors at the same moment.
 *
 * The ring keeps one reference to its page.  It can be taken off (try_to_free_buffers) when none
 * of its buffers is dirty, locked or referenced.
 *
 * Locking: BH_Lock; mapping->private_lock for the ring against being taken off by somebody else
 * than who has the page locked.  BH_Ring_Lock as above, innermost but for wait queues.
 *
 * References: Bach, chapter 3; Bovet and Cesati, chapter 15.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/arch/irqflags.h>
#include <kernel/block/bio.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kernel_stat.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <mm/cache/buffer_internal.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

#define WAIT_TABLE_BITS	4
static wait_queue_head_t bh_wait_table[1 << WAIT_TABLE_BITS];

static struct kmem_cache *bh_cachep;

/* ---- the lock of one ------------------------------------------------------------------------ */

static wait_queue_head_t *bh_waitqueue(const struct buffer_head *bh)
{
	return &bh_wait_table[hash_ptr(bh, WAIT_TABLE_BITS)];
}

void __lock_buffer(struct buffer_head *bh)
{
	wait_event(*bh_waitqueue(bh), !test_set_buffer_locked(bh));
}

/* => any context. Somebody else may have the buffer, and free it, as soon as the bit is clear. */
void unlock_buffer(struct buffer_head *bh)
{
	wait_queue_head_t *q = bh_waitqueue(bh);

	VM_BUG_ON(!buffer_locked(bh));
	clear_buffer_locked(bh);
	if (waitqueue_active(q))
		wake_up_all(q);
}

void wait_on_buffer(struct buffer_head *bh)
{
	io_wait_event(*bh_waitqueue(bh), !buffer_locked(bh));
}

/* ---- rings ---------------------------------------------------------------------------------- */

static struct buffer_head *alloc_buffer_head(gfp_t gfp)
{
	struct buffer_head *bh = kmem_cache_zalloc(bh_cachep, gfp);

	if (bh)
		INIT_LIST_HEAD(&bh->b_assoc_buffers);
	return bh;
}

static void free_buffer_head(struct buffer_head *bh)
{
	BUG_VAL(!list_empty(&bh->b_assoc_buffers), bh->b_state, bh->b_blocknr);
	kmem_cache_free(bh_cachep, bh);
}

/* A chain (not yet a ring) of blank buffers of @size bytes for all of @page. => does not fail */
static struct buffer_head *alloc_page_buffers(struct page *page, unsigned int size)
{
	struct buffer_head *head = NULL;
	unsigned int offset = PAGE_SIZE;

	while (offset) {
		struct buffer_head *bh = alloc_buffer_head(GFP_NOFS | __GFP_NOFAIL);

		offset -= size;
		bh->b_this_page = head;
		bh->b_page = page;
		bh->b_size = size;
		bh->b_data = (char *)(unsigned long)offset;
		if (!PageHighMem(page))
			bh->b_data += (unsigned long)page_address(page);
		head = bh;
	}
	return head;
}

struct buffer_head *create_empty_buffers(struct page *page, unsigned int size)
{
	struct buffer_head *head = alloc_page_buffers(page, size), *bh = head;
	struct address_space *mapping = page->mapping;

	VM_BUG_ON(!PageLocked(page) || PagePrivate(page));
	while (bh->b_this_page)
		bh = bh->b_this_page;
	bh->b_this_page = head;
	spin_lock(&mapping->private_lock);
	if (PageUptodate(page) || PageDirty(page)) {
		bh = head;
		do {
			if (PageDirty(page))
				set_buffer_dirty(bh);
			if (PageUptodate(page))
				set_buffer_uptodate(bh);
			bh = bh->b_this_page;
		} while (bh != head);
	}
	get_page(page);
	page->private = (unsigned long)head;
	SetPagePrivate(page);
	spin_unlock(&mapping->private_lock);
	return head;
}

static bool buffer_busy(const struct buffer_head *bh)
{
	return atomic_read(&bh->b_count) || buffer_dirty(bh) || buffer_locked(bh);
}

/* Take the ring off @page if none of it is busy. => private_lock held; its first, or NULL */
static struct buffer_head *detach_buffers(struct page *page)
{
	struct buffer_head *head = page_buffers(page), *bh = head;

	do {
		if (buffer_busy(bh))
			return NULL;
		bh = bh->b_this_page;
	} while (bh != head);
	do {
		buffer_forget_assoc(bh);
		bh = bh->b_this_page;
	} while (bh != head);
	/* An fsync() may have found one by its list a moment before: then it has a reference. */
	do {
		if (atomic_read(&bh->b_count))
			return NULL;
		bh = bh->b_this_page;
	} while (bh != head);
	ClearPagePrivate(page);
	page->private = 0;
	return head;
}

/* => page locked; 1: the page has no buffers any more */
static int drop_buffers(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct buffer_head *head, *bh;

	VM_BUG_ON(!PageLocked(page));
	spin_lock(&mapping->private_lock);
	bh = head = detach_buffers(page);
	spin_unlock(&mapping->private_lock);
	if (!head)
		return 0;
	do {
		struct buffer_head *next = bh->b_this_page;

		free_buffer_head(bh);
		bh = next;
	} while (bh != head);
	put_page(page);
	return 1;
}

int try_to_free_buffers(struct page *page)
{
	/*
	 * A dirty page keeps its ring, even a clean one: without it all of the page would
	 * count as newer than the disk, also parts that were never read.
	 */
	return !PageWriteback(page) && !PageDirty(page) && drop_buffers(page);
}

/* The block's content is of no interest any more. */
static void discard_buffer(struct buffer_head *bh)
{
	lock_buffer(bh);
	clear_buffer_dirty(bh);
	bh->b_bdev = NULL;
	clear_buffer_mapped(bh);
	clear_buffer_new(bh);
	clear_buffer_uptodate(bh);
	clear_buffer_write_io_error(bh);
	unlock_buffer(bh);
}

void block_invalidatepage(struct page *page, unsigned long offset)
{
	struct buffer_head *head = page_buffers(page), *bh = head;
	unsigned long start = 0;

	do {
		if (start >= offset)
			discard_buffer(bh);
		start += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head);
	if (!offset && !drop_buffers(page))
		WARN_ON_ONCE(1);	/* somebody keeps a buffer of a device that goes */
}

/* ---- dirty ---------------------------------------------------------------------------------- */

int __set_page_dirty_buffers(struct page *page)
{
	struct address_space *mapping = READ_ONCE(page->mapping);
	struct buffer_head *head, *bh;

	if (!mapping)
		return !TestSetPageDirty(page);
	spin_lock(&mapping->private_lock);
	if (page_has_buffers(page)) {
		bh = head = page_buffers(page);
		do {
			/* Of a page that was cut and has grown again: zeros, and true. */
			if (PageUptodate(page))
				set_buffer_uptodate(bh);
			set_buffer_dirty(bh);
			bh = bh->b_this_page;
		} while (bh != head);
	}
	spin_unlock(&mapping->private_lock);
	return __set_page_dirty_nobuffers(page);
}

void mark_buffer_dirty(struct buffer_head *bh)
{
	WARN_ON_ONCE(!buffer_uptodate(bh));
	if (!test_set_buffer_dirty(bh))
		__set_page_dirty_nobuffers(bh->b_page);
}

void bforget(struct buffer_head *bh)
{
	if (!bh)
		return;
	clear_buffer_dirty(bh);
	buffer_forget_assoc(bh);
	brelse(bh);
}

/* ---- single buffers to and from the disk ---------------------------------------------------- */

/* In this order: who throws the page away waits for the lock, and then finds the buffer unused. */
static void end_buffer_sync(struct buffer_head *bh)
{
	brelse(bh);
	unlock_buffer(bh);
}

void end_buffer_read_sync(struct buffer_head *bh, int uptodate)
{
	if (uptodate)
		set_buffer_uptodate(bh);
	else
		clear_buffer_uptodate(bh);
	end_buffer_sync(bh);
}

void end_buffer_write_sync(struct buffer_head *bh, int uptodate)
{
	if (!uptodate)
		set_buffer_write_io_error(bh);
	end_buffer_sync(bh);
}

static void end_bio_bh(struct bio *bio, int error)
{
	struct buffer_head *bh = bio->bi_private;

	bio_put(bio);
	bh->b_end_io(bh, !error);
}

void submit_bh(unsigned int rw, struct buffer_head *bh)
{
	struct bio *bio;

	VM_BUG_ON(!buffer_locked(bh) || !buffer_mapped(bh) || !bh->b_end_io);
	if (rw & WRITE)
		clear_buffer_write_io_error(bh);
	if (buffer_meta(bh))
		rw |= REQ_META;
	bio = bio_alloc(GFP_NOIO, 1);
	bio->bi_sector = bh->b_blocknr * (bh->b_size >> SECTOR_SHIFT);
	bio->bi_part = bh->b_bdev->bd_part;
	bio->bi_end_io = end_bio_bh;
	bio->bi_private = bh;
	bio_add_page(bio, bh->b_page, bh->b_size, bh_offset(bh));
	submit_bio(rw, bio);
}

void write_dirty_buffer(struct buffer_head *bh, unsigned int rw)
{
	lock_buffer(bh);
	if (!test_clear_buffer_dirty(bh)) {
		unlock_buffer(bh);
		return;
	}
	bh->b_end_io = end_buffer_write_sync;
	get_bh(bh);
	submit_bh(WRITE | rw, bh);
}

/* Start reading it, unless it is uptodate or somebody else is at it. */
static void read_buffer(struct buffer_head *bh, unsigned int rw)
{
	if (test_set_buffer_locked(bh))
		return;
	if (buffer_uptodate(bh)) {
		unlock_buffer(bh);
		return;
	}
	bh->b_end_io = end_buffer_read_sync;
	get_bh(bh);
	submit_bh(READ | rw, bh);
}

void ll_rw_block(unsigned int rw, unsigned int nr, struct buffer_head *bhs[])
{
	unsigned int i;

	blk_start_plug();
	for (i = 0; i < nr; i++) {
		if (rw & WRITE)
			write_dirty_buffer(bhs[i], rw);
		else
			read_buffer(bhs[i], rw);
	}
	blk_finish_plug();
}

int bh_submit_read(struct buffer_head *bh)
{
	while (!buffer_uptodate(bh)) {
		lock_buffer(bh);
		if (buffer_uptodate(bh)) {
			unlock_buffer(bh);
			break;
		}
		bh->b_end_io = end_buffer_read_sync;
		get_bh(bh);
		submit_bh(READ | REQ_SYNC, bh);
		wait_on_buffer(bh);
		return buffer_uptodate(bh) ? 0 : -EIO;
	}
	return 0;
}

int sync_dirty_buffer(struct buffer_head *bh)
{
	write_dirty_buffer(bh, REQ_SYNC);
	wait_on_buffer(bh);
	return buffer_write_io_error(bh) ? -EIO : 0;
}

/* ---- pages to and from the disk, buffer by buffer ------------------------------------------- */

/* Among the ends of a page's buffers: one at a time. => interrupts off until unlock_ring() */
static struct buffer_head *lock_ring(struct buffer_head *bh, unsigned long *flags)
{
	struct buffer_head *head = page_buffers(bh->b_page);

	local_irq_save(*flags);
	while (test_and_set_bit(BH_Ring_Lock, &head->b_state))
		cpu_relax();
	return head;
}

static void unlock_ring(struct buffer_head *head, unsigned long flags)
{
	clear_bit(BH_Ring_Lock, &head->b_state);
	local_irq_restore(flags);
}

/* Has every buffer of the ring ended that has @bit? => ring locked */
static bool all_ended(struct buffer_head *head, int bit)
{
	struct buffer_head *bh = head;

	do {
		if (test_bit(bit, &bh->b_state))
			return false;
		bh = bh->b_this_page;
	} while (bh != head);
	return true;
}

static bool all_uptodate(struct buffer_head *head)
{
	struct buffer_head *bh = head;

	do {
		if (!buffer_uptodate(bh))
			return false;
		bh = bh->b_this_page;
	} while (bh != head);
	return true;
}

void end_buffer_async_read(struct buffer_head *bh, int uptodate)
{
	struct page *page = bh->b_page;
	struct buffer_head *head;
	unsigned long flags;
	bool last, good;

	if (uptodate) {
		set_buffer_uptodate(bh);
	} else {
		clear_buffer_uptodate(bh);
		SetPageError(page);
	}
	head = lock_ring(bh, &flags);
	clear_buffer_async_read(bh);
	unlock_buffer(bh);
	last = all_ended(head, BH_Async_Read);
	good = last && all_uptodate(head);
	unlock_ring(head, flags);
	/* The page is locked until now, so the ring is still there. */
	if (!last)
		return;
	if (good)
		SetPageUptodate(page);
	unlock_page(page);
}

void end_buffer_async_write(struct buffer_head *bh, int uptodate)
{
	struct page *page = bh->b_page;
	struct buffer_head *head;
	unsigned long flags;
	bool last;

	if (!uptodate) {
		set_buffer_write_io_error(bh);
		SetPageError(page);
		mapping_set_error(page->mapping, -EIO);
	}
	head = lock_ring(bh, &flags);
	clear_buffer_async_write(bh);
	unlock_buffer(bh);
	last = all_ended(head, BH_Async_Write);
	unlock_ring(head, flags);
	/* PG_writeback keeps the ring until the last one. */
	if (last)
		end_page_writeback(page);
}

void __init buffer_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bh_wait_table); i++)
		init_waitqueue_head(&bh_wait_table[i]);
	bh_cachep = kmem_cache_create("buffer_head", sizeof(struct buffer_head), 0,
				      SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
}
