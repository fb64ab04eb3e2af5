/*
 * tests/kernel/block/testdisk.h - a disk of memory, for tests.
 *
 *	struct testdisk *td = testdisk_create(2048);	sectors
 *	td->...						settings, limits of td->q
 *	testdisk_add(td);				a disk "tda" from now on; forgets what it was asked for
 *	...						td->disk, testdisk_part0(td)
 *	testdisk_destroy(td);				all I/O is over
 *
 * It takes up to `depth` requests at once and ends each after `delay` ticks, in a timer, which is an
 * interrupt's context; with delay 0 within request_fn.  With `reorder` those that are due end in
 * any order.  While held it takes none, so that a test can see what the queue makes of
 * what was submitted.  Sectors can be bad, for reading, for writing or for both.  It writes
 * down what it was asked for, and counts as `wrong` what a driver must never see.
 *
 * Locking: q->queue_lock for all that changes while there is I/O.
 */
#ifndef OCTAVO_TESTS_KERNEL_BLOCK_TESTDISK_H
#define OCTAVO_TESTS_KERNEL_BLOCK_TESTDISK_H

#include <kernel/block/blkdev.h>
#include <kernel/core/timer.h>
#include <lib/random.h>

#define TESTDISK_MAJOR	240	/* for local use */
#define TESTDISK_LOG	256
#define TESTDISK_FAULTS	8
#define TESTDISK_SEGS	128

struct testdisk_op {
	unsigned int flags;		/* READ, WRITE, REQ_* */
	sector_t sector;
	unsigned int nr_sectors, nr_segments;	/* segments as mapped */
};

struct testdisk {
	struct gendisk *disk;
	struct request_queue *q;
	/* settings */
	unsigned int depth;		/* 1 */
	unsigned int delay;		/* ticks: 0 */
	bool reorder;
	int flush_error;		/* what a flush ends with: 0 or -errno */
	/* what it has seen */
	unsigned int nr_ops;		/* all; the first TESTDISK_LOG are in log[] */
	struct testdisk_op log[TESTDISK_LOG];
	unsigned int nr_flushes, max_depth;
	unsigned int wrong;
	/* its own */
	bool held;
	unsigned int busy;		/* requests in `active` */
	struct list_head active;
	struct timer_list timer;
	struct rnd_state rnd;
	struct {
		unsigned int rw;	/* 1 reading, 2 writing, 3 both; 0: none */
		sector_t first, last;
	} faults[TESTDISK_FAULTS];
	unsigned int nr_pages;
	struct page **pages;		/* the medium */
	struct scatterlist sg[TESTDISK_SEGS];
};

#define TESTDISK_READ	1u
#define TESTDISK_WRITE	2u

/* => may sleep; NULL: no memory. @sectors: a multiple of those in a page */
struct testdisk *testdisk_create(unsigned int sectors);
/* => may sleep; 0, or -ENOMEM: it can only be destroyed */
int testdisk_add(struct testdisk *td);
/* => may sleep, no I/O under way */
void testdisk_destroy(struct testdisk *td);
static inline struct hd_struct *testdisk_part0(struct testdisk *td)
{
	return &td->disk->part0;
}
/* Take nothing until release. */
void testdisk_hold(struct testdisk *td);
void testdisk_release(struct testdisk *td);
/* Sectors @first to @last are bad; @rw: TESTDISK_READ | TESTDISK_WRITE. */
void testdisk_fail(struct testdisk *td, unsigned int rw, sector_t first, sector_t last);
void testdisk_heal(struct testdisk *td);
/* One sector of the medium, past the queue. */
void testdisk_peek(struct testdisk *td, sector_t sector, void *buf);
void testdisk_poke(struct testdisk *td, sector_t sector, const void *buf);

#endif
