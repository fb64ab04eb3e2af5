/*
 * mm/cache/buffer_check.c - are the rings of buffers what they claim to be?
 *
 * Theory.  A page and its buffers say the same thing twice, in part: what the page is must follow
 * from what its buffers are.  Of each page of a mapping, locked so that it is not being read,
 * prepared or taken apart meanwhile:
 *
 *	the ring	PG_private with a ring, without it none; as many buffers as fit, in order,
 *			each knows its page, its size, its place
 *	uptodate	a page that is has no mapped buffer that is not
 *	dirty		a buffer that is, is uptodate, and its page is dirty
 *	under I/O	PG_writeback, or the page's lock, as long as a buffer waits to end
 *	a device	block n is at n; it has low memory
 *
 * A buffer is dirty a moment before its page: who looks in between looks again.
 *
 * Locking: may sleep; takes page locks, one at a time.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <mm/cache/buffer_internal.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/inode.h>

#define CHECK_BATCH	16u

/* => what is wrong with the ring's shape, or NULL */
static const char *wrong_shape(struct page *page)
{
	struct buffer_head *head = page_buffers(page), *bh = head;
	unsigned int offset = 0;

	if (!head->b_size || (head->b_size & (head->b_size - 1)) || head->b_size > PAGE_SIZE)
		return "size";
	do {
		if (bh->b_page != page)
			return "page of a buffer";
		if (bh->b_size != head->b_size || bh_offset(bh) != offset)
			return "place of a buffer";
		if (!PageHighMem(page) && bh->b_data != (char *)page_address(page) + offset)
			return "address of a buffer";
		if (atomic_read(&bh->b_count) < 0)
			return "count of a buffer";
		offset += bh->b_size;
		bh = bh->b_this_page;
	} while (bh != head && offset < PAGE_SIZE);
	return bh == head && offset == PAGE_SIZE ? NULL : "length";
}

/* => what is wrong with one buffer, or NULL */
static const char *wrong_state(struct page *page, struct buffer_head *bh)
{
	if (buffer_dirty(bh) && !buffer_uptodate(bh))
		return "dirty, not uptodate";
	if (buffer_dirty(bh) && !PageDirty(page))
		return "dirty in a clean page";
	if (buffer_mapped(bh) && !bh->b_bdev)
		return "mapped nowhere";
	if (buffer_mapped(bh) && PageUptodate(page) && !buffer_uptodate(bh))
		return "stale in a page that is uptodate";
	if (buffer_async_write(bh) && !PageWriteback(page))
		return "being written, its page is not";
	if (buffer_async_read(bh))
		return "being read, its page was unlocked";
	return NULL;
}

/* Of a page of a device. */
static const char *wrong_block(struct page *page, struct buffer_head *bh)
{
	if (PageHighMem(page))
		return "in high memory";
	if (buffer_mapped(bh) &&
	    (bh->b_bdev->bd_inode != page->mapping->host ||
	     bh->b_blocknr != ((sector_t)page->index * PAGE_SIZE + bh_offset(bh)) >>
			      __builtin_ctz(bh->b_size)))
		return "not at its place";
	return NULL;
}

/* => page locked; NULL: all is well */
static const char *wrong_page(struct address_space *mapping, struct page *page)
{
	bool device = test_bit(AS_BLKDEV, &mapping->flags);
	struct buffer_head *head, *bh;
	const char *wrong;

	if (!PagePrivate(page))
		return NULL;
	wrong = wrong_shape(page);
	if (wrong)
		return wrong;
	bh = head = page_buffers(page);
	do {
		wrong = wrong_state(page, bh);
		if (!wrong && device)
			wrong = wrong_block(page, bh);
		if (wrong)
			return wrong;
		bh = bh->b_this_page;
	} while (bh != head);
	return NULL;
}

static int check_page(struct address_space *mapping, struct page *page, buffer_fn *fn, void *arg)
{
	struct buffer_head *head, *bh;
	const char *wrong = NULL;
	int tries;

	lock_page(page);
	for (tries = 0; tries < 3 && page->mapping == mapping; tries++) {
		wrong = wrong_page(mapping, page);
		if (!wrong)
			break;
		schedule_timeout(1);
	}
	if (wrong) {
		pr_err("buffer_check: page %lu of inode %lu, flags %lx: buffer %s\n", page->index,
		       mapping->host->i_ino, page->flags, wrong);
	} else if (fn && page->mapping == mapping && PagePrivate(page)) {
		bh = head = page_buffers(page);
		do {
			if (buffer_mapped(bh))
				fn(bh, arg);
			bh = bh->b_this_page;
		} while (bh != head);
	}
	unlock_page(page);
	return wrong ? 1 : 0;
}

int buffer_check(struct address_space *mapping, buffer_fn *fn, void *arg)
{
	struct page *pages[CHECK_BATCH];
	unsigned long index = 0;
	unsigned int nr, i;
	int faults = 0;

	do {
		nr = find_get_pages(mapping, index, CHECK_BATCH, pages);
		for (i = 0; i < nr; i++) {
			index = pages[i]->index + 1;
			faults += check_page(mapping, pages[i], fn, arg);
			put_page(pages[i]);
		}
		cond_resched();
	} while (nr == CHECK_BATCH && index);
	return faults;
}
