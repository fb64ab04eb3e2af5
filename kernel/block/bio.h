/*
 * kernel/block/bio.h - one transfer between pages and a disk.
 *
 * Theory.  A bio says: these pieces of pages, to or from this run of sectors, and tell me when it
 * is done.  The pieces need not follow each other in memory, the sectors do on the disk.  Whoever
 * makes one (the page cache, a buffer head, direct I/O) hands it to submit_bio() and may forget
 * it; the disk's interrupt calls bi_end_io.  Between the two the block layer may join it with its
 * neighbours to one request, or replace its pages by others that the device can reach (bounce.c).
 *
 * Sectors are of 512 bytes, whatever the disk's own blocks.  bi_part is the whole disk or one
 * partition; submit_bio() checks that the run lies within it, and makes it relative to the disk.
 *
 * Locking: a bio belongs to its maker until submit_bio(), then to the block layer until
 * bi_end_io, then to its maker again.  bi_end_io runs with interrupts off or on, in any context:
 * it may not sleep.
 */
#ifndef OCTAVO_KERNEL_BLOCK_BIO_H
#define OCTAVO_KERNEL_BLOCK_BIO_H

#include <kernel/arch/atomic.h>
#include <lib/types.h>
#include <mm/types/gfp.h>

struct bio;
struct hd_struct;
struct page;

#define SECTOR_SHIFT	9
#define SECTOR_SIZE	(1U << SECTOR_SHIFT)

/* A piece of one page.  The page is referenced by whoever made the bio. */
struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;		/* bytes, a multiple of 512 */
	unsigned int bv_offset;
};

/* @error: 0 or -errno, for all of the bio.  => any context; the callee bio_put()s it */
typedef void bio_end_io_t(struct bio *bio, int error);

/* bio.bi_rw and request.cmd_flags */
#define READ		0u
#define WRITE		1u
#define REQ_SYNC	2u	/* somebody waits for it */
#define REQ_RAHEAD	4u	/* readahead: may fail when there is much to do */
#define REQ_FLUSH	8u	/* no data: what the disk has acknowledged must be on its medium */
#define REQ_META	16u	/* for statistics: metadata of a file system */

struct bio {
	sector_t bi_sector;		/* first, in bi_part; after submit_bio(): of the disk */
	struct hd_struct *bi_part;	/* [c] where */
	struct bio *bi_next;		/* the next of its request */
	unsigned int bi_rw;		/* READ or WRITE, REQ_* */
	unsigned int bi_size;		/* bytes in all */
	unsigned short bi_vcnt;		/* pieces */
	unsigned short bi_max_vecs;	/* room for */
	atomic_t bi_cnt;		/* [a] references */
	u64 bi_bounced;			/* a bit for each piece that bounce.c has replaced */
	bio_end_io_t *bi_end_io;
	void *bi_private;		/* the maker's */
	struct bio_vec bi_io_vec[];
};

#define BIO_MAX_PAGES	64		/* pieces of the largest bio */

/* => may sleep if @gfp may (then it does not fail: a reserve is waited for); one reference. NULL */
struct bio *bio_alloc(gfp_t gfp, unsigned int nr_vecs);
static inline void bio_get(struct bio *bio)
{
	atomic_inc(&bio->bi_cnt);
}
void bio_put(struct bio *bio);		/* => any context */
/* Add a piece behind the others. => @len, or 0: full, or more than the device takes at once */
unsigned int bio_add_page(struct bio *bio, struct page *page, unsigned int len,
			  unsigned int offset);
/*
 * Start the transfer; @rw is or-ed into bi_rw.  Errors too arrive by bi_end_io.
 * => may sleep; the caller keeps no claim on the bio unless it took a reference
 */
void submit_bio(unsigned int rw, struct bio *bio);
/* ... and wait. The caller still has its reference. => may sleep; 0 or -errno */
int submit_bio_wait(unsigned int rw, struct bio *bio);
/* The transfer is over. => any context */
void bio_endio(struct bio *bio, int error);

static inline unsigned int bio_sectors(const struct bio *bio)
{
	return bio->bi_size >> SECTOR_SHIFT;
}
static inline bool bio_is_write(const struct bio *bio)
{
	return bio->bi_rw & WRITE;
}

#define bio_for_each_segment(bvec, bio, i) \
	for ((i) = 0, (bvec) = (bio)->bi_io_vec; (i) < (bio)->bi_vcnt; (i)++, (bvec)++)

#endif
