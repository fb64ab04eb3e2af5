/*
 * kernel/block/blk.h - between the files of this folder.
 */
#ifndef OCTAVO_KERNEL_BLOCK_BLK_H
#define OCTAVO_KERNEL_BLOCK_BLK_H

#include <kernel/block/blkdev.h>

/* ---- elevator.c; all with queue_lock held ---- */

/* [q] all; theory in elevator.c */
struct elevator {
	struct rb_root sort_list[2];		/* by sector */
	struct list_head fifo_list[2];		/* the same by age */
	struct list_head dispatch;		/* before all these */
	unsigned int dir;			/* READ or WRITE: of the batch */
	unsigned int batching;			/* requests of the batch so far */
	unsigned int starved;			/* batches of reads that writes have waited for */
	sector_t position[2];			/* where the last one ended */
	unsigned int expire_ms[2];		/* settings */
	unsigned int writes_starved, fifo_batch;
};

enum elv_merge { ELEVATOR_NO_MERGE, ELEVATOR_FRONT_MERGE, ELEVATOR_BACK_MERGE };

struct elevator *elevator_init(void);		/* => may sleep; NULL */
void elevator_exit(struct elevator *e);		/* => empty */
/* A waiting request whose sectors border on @bio's, and at which end. */
enum elv_merge elv_find_merge(struct elevator *e, const struct bio *bio, struct request **rq);
void elv_add(struct elevator *e, struct request *rq);
/* The driver could not take it: it is the next again. */
void elv_requeue(struct elevator *e, struct request *rq);
/* @rq has grown at the front: its sector has changed. */
void elv_moved(struct elevator *e, struct request *rq);
/* @next goes into @rq, which keeps its place; the older deadline counts. */
void elv_merged(struct elevator *e, struct request *rq, struct request *next);
/* The waiting request before or after @rq by sector, of the same direction; or NULL. */
struct request *elv_former(struct request *rq);
struct request *elv_latter(struct request *rq);
/* A flush that waits, so that another need not be made; or NULL */
struct request *elv_flush(struct elevator *e);
/* Take off the one to do now. => NULL: none waits */
struct request *elv_next(struct elevator *e);
bool elv_empty(const struct elevator *e);
/* Order, ages and counts agree. => 0, or prints what does not and -1 */
int elv_check(struct elevator *e);

/* ---- queue.c, bio.c ---- */

void blk_put_request(struct request *rq);	/* => queue_lock held */
void bio_init(void);

/* ---- bounce.c ---- */

/* The limits are known: a reserve of pages, if there are any out of reach. => may sleep; -ENOMEM */
int blk_bounce_init(struct request_queue *q);
void blk_bounce_exit(struct request_queue *q);
/* Replace what the device cannot reach. => may sleep */
void blk_queue_bounce(struct request_queue *q, struct bio *bio);
/* ... and have it back. => any context */
void blk_bounce_end(struct bio *bio, int error);

/* ---- diskstats.c; all with queue_lock held ---- */

void blk_account_start(struct request *rq);
void blk_account_merge(const struct bio *bio);
/* Two waiting requests became one. */
void blk_account_join(struct request *gone);
void blk_account_sectors(struct request *rq, unsigned int sectors);
void blk_account_done(struct request *rq);
struct seq_file;
/* The figures of a line of diskstats, without its head. => queue_lock not held, may sleep */
void blk_print_stats(struct seq_file *m, struct hd_struct *part);

/* ---- genhd.c ---- */

extern struct mutex disks_mutex;
extern struct list_head all_disks;	/* [D] gendisk.list */
void del_partitions(struct gendisk *disk);	/* partition.c; => none is open, may sleep */

#endif
