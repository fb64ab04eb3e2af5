/*
 * mm/cache/buffer_internal.h - between the files of the buffer cache.
 */
#ifndef OCTAVO_MM_CACHE_BUFFER_INTERNAL_H
#define OCTAVO_MM_CACHE_BUFFER_INTERNAL_H

#include <kernel/arch/page.h>
#include <mm/cache/buffer_head.h>

/* Where in its page. */
static inline unsigned int bh_offset(const struct buffer_head *bh)
{
	return (unsigned int)((unsigned long)bh->b_data & ~PAGE_MASK);
}

/*
 * Hang a ring of blank buffers on @page; those of a page that is uptodate, dirty, are too.
 * => page locked, without buffers; may sleep, does not fail; the first
 */
struct buffer_head *create_empty_buffers(struct page *page, unsigned int size);

/* Start the transfer of one. => locked, mapped, b_end_io set, which unlocks it */
void submit_bh(unsigned int rw, struct buffer_head *bh);
/* Start writing it if it is dirty. => may sleep; @rw: REQ_* */
void write_dirty_buffer(struct buffer_head *bh, unsigned int rw);
/* Read it if it is not uptodate, and wait. => may sleep; mapped; 0 or -EIO */
int bh_submit_read(struct buffer_head *bh);

/* b_end_io of a buffer by itself: unlocks it, drops a reference */
void end_buffer_read_sync(struct buffer_head *bh, int uptodate);
void end_buffer_write_sync(struct buffer_head *bh, int uptodate);
/* ... of a page as a whole: the last one ends the page */
void end_buffer_async_read(struct buffer_head *bh, int uptodate);
void end_buffer_async_write(struct buffer_head *bh, int uptodate);

/* No fsync() need write it any more. => any locks outside assoc_lock */
void buffer_forget_assoc(struct buffer_head *bh);

#endif
