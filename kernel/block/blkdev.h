/*
 * kernel/block/blkdev.h - disks, their partitions, and the queue of requests in front of each.
 *
 *	gendisk		one disk: a driver, a queue, a name (hda), a range of device numbers
 *	hd_struct	a run of its sectors: part0 is the whole, others are partitions (hda1)
 *	block_device	the object behind /dev/hda1, with pages of its own (kernel/fs/block_dev.c)
 *	request_queue	what is to be transferred, sorted by the elevator
 *	request		one transfer as the driver sees it: bios of neighbouring sectors, joined
 *
 * A driver makes a queue (blk_init_queue) and a gendisk and calls add_disk(), which reads the
 * partition table.  Its request_fn takes requests off the queue and starts them; its interrupt
 * handler ends them.  The driver sees physical pieces that its hardware can reach, no longer and
 * no more than its limits say.
 *
 * Locking: queue_lock [q], interrupts off; request_fn is called with it.  disks_mutex [D] for the
 * list of disks.  What is constant after add_disk() is [c].
 */
#ifndef OCTAVO_KERNEL_BLOCK_BLKDEV_H
#define OCTAVO_KERNEL_BLOCK_BLKDEV_H

#include <kernel/arch/page.h>
#include <kernel/block/bio.h>
#include <kernel/core/mutex.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/types/backing_dev.h>

struct gendisk;
struct inode;
struct mempool;
struct request_queue;

/* What /proc/diskstats shows; [READ] and [WRITE]. */
struct disk_stats {
	unsigned long ios[2], merges[2], sectors[2], ticks[2];	/* [q]; ticks in ms */
	unsigned long in_flight;				/* [q] */
	unsigned long io_ticks, time_in_queue;			/* [q] ms */
	unsigned long flushes, flush_ticks;			/* [q] */
	unsigned long stamp;					/* [q] jiffies */
};

struct hd_struct {
	struct gendisk *disk;		/* [c] */
	sector_t start_sect, nr_sects;	/* [c] */
	int partno;			/* [c] 0: the whole disk */
	unsigned int openers;		/* [D] */
	struct disk_stats stats;
};

#define DISK_NAME_LEN	16
#define DISK_MAX_PARTS	16		/* minors of a disk, the whole included */

struct block_device_operations {
	int (*ioctl)(struct gendisk *disk, unsigned int cmd, unsigned long arg);	/* -ENOTTY */
};

struct gendisk {
	unsigned int major, first_minor;	/* [c] */
	unsigned int minors;			/* [c] 1: cannot be partitioned */
	char disk_name[DISK_NAME_LEN];		/* [c] "hda" */
	struct request_queue *queue;		/* [c] */
	const struct block_device_operations *fops;	/* [c] */
	bool read_only;				/* [c] */
	bool removable;				/* [c] the medium, not the disk */
	void *private_data;			/* the driver's */
	struct hd_struct part0;			/* start 0, the capacity */
	struct hd_struct *part[DISK_MAX_PARTS];	/* [D] by number; [0] = &part0; NULL: none */
	bool rescanning;			/* [D] no partition may be opened */
	struct list_head list;			/* [D] */
};

/* The node of a device, as the rest of the kernel holds it; made by bdget() in kernel/fs. */
struct block_device {
	dev_t bd_dev;				/* [c] */
	struct inode *bd_inode;			/* [c] its page cache */
	struct hd_struct *bd_part;		/* [bd_mutex] NULL while nobody has it open */
	unsigned int bd_openers;		/* [bd_mutex] */
	unsigned int bd_block_size;		/* [bd_mutex] bytes */
	void *bd_holder;			/* [bd_mutex] who has it alone (a super_block), or NULL */
	struct mutex bd_mutex;
};

static inline struct gendisk *bdev_disk(const struct block_device *bdev)
{
	return bdev->bd_part->disk;
}

/* ---- disks (genhd.c, partition.c) ----------------------------------------------------------- */

/* => may sleep; a blank disk, or NULL */
struct gendisk *alloc_disk(unsigned int minors);
/*
 * Everybody can see and use the disk from now on; its partitions are read, /dev nodes made.
 * => may sleep; major, first_minor, disk_name, capacity, queue and its limits are set;
 *    0, or -ENOMEM: no pages for what the device cannot reach
 */
int add_disk(struct gendisk *disk);
/* => may sleep; nobody has it open */
void del_gendisk(struct gendisk *disk);
void put_disk(struct gendisk *disk);
static inline void set_capacity(struct gendisk *disk, sector_t sectors)
{
	disk->part0.nr_sects = sectors;
}
static inline sector_t get_capacity(const struct gendisk *disk)
{
	return disk->part0.nr_sects;
}
/* By device number, by name ("hda1"). => may sleep; NULL: none. Stays until del_gendisk() */
struct hd_struct *get_part(dev_t dev);
/*
 * The same, and it counts as open until close_part(): its disk's table is not read again.
 * => may sleep; NULL: none, or the table is being read
 */
struct hd_struct *open_part(dev_t dev);
void close_part(struct hd_struct *part);
dev_t name_to_part(const char *name);		/* 0: none */
/* "hda1" into @buf (DISK_NAME_LEN bytes). => @buf */
char *part_name(const struct hd_struct *part, char *buf);
/* Read the partition table again. => may sleep; -EBUSY: a partition is open */
int rescan_partitions(struct gendisk *disk);
/* @fn for each disk, in the order they came. => may sleep */
void for_each_disk(void (*fn)(struct gendisk *disk, void *arg), void *arg);

/* ---- queues (queue.c, elevator.c, bounce.c) --------------------------------------------------- */

/* A stretch of physical memory, as the hardware sees it. */
struct scatterlist {
	phys_addr_t dma_address;
	unsigned int length;
	struct page *page;		/* for a driver that copies by itself (PIO) */
	unsigned int offset;
};

struct request {
	struct list_head queuelist;	/* [q] waiting, by age; or the driver's */
	struct rb_node rb_node;		/* [q] waiting, by sector; or in no tree */
	struct request_queue *q;	/* [c] */
	unsigned int cmd_flags;		/* [q] READ or WRITE [c], REQ_* */
	sector_t sector;		/* [q] first, of the disk */
	unsigned int nr_sectors;	/* [q] left */
	unsigned int nr_segments;	/* [q] of the scatterlist, at most */
	struct bio *bio, *biotail;	/* [q] the first has bio_done bytes behind it, */
	unsigned int bio_done;		/* [q] */
	int bio_error;			/* [q] of which some had this error */
	struct hd_struct *part;		/* [c] for statistics */
	int errors;			/* the driver's count of retries */
	unsigned long start_time;	/* jiffies when made */
	unsigned long deadline;		/* [q] jiffies when it passes all others */
	void *special;			/* the driver's */
};

typedef void request_fn_proc(struct request_queue *q);

struct queue_limits {
	unsigned int max_sectors;	/* of a request */
	unsigned int max_segments;
	unsigned int max_segment_size;	/* bytes */
	unsigned long seg_boundary_mask;	/* no segment crosses a multiple of this + 1 */
	unsigned long bounce_pfn;	/* frames from here on the device cannot reach */
	unsigned int block_size;	/* bytes the device reads or writes at least */
};

struct elevator;		/* elevator.c: requests by sector and by age */

struct request_queue {
	spinlock_t queue_lock;			/* interrupts off; outside the driver's own locks */
	request_fn_proc *request_fn;		/* [c] => queue_lock held */
	struct queue_limits limits;		/* [c] after add_disk() */
	struct elevator *elevator;		/* [q] */
	unsigned int nr_requests[2];		/* [q] that exist, reads and writes */
	unsigned int max_requests;		/* [c] of either; who wants one more sleeps */
	wait_queue_head_t request_wait[2];
	unsigned int in_flight;			/* [q] the driver has them */
	struct mutex bounce_mutex;		/* who takes pages of: */
	struct mempool *bounce_pool;		/* [c] NULL: the device reaches all memory */
	struct backing_dev_info bdi;		/* [c] of the page caches of its disks */
	void *queuedata;			/* [c] the driver's */
};

/*
 * A queue whose driver is called by request_fn. => may sleep; NULL: no memory
 * The limits are generous; the driver narrows them before add_disk().
 */
struct request_queue *blk_init_queue(request_fn_proc *fn);
void blk_cleanup_queue(struct request_queue *q);	/* => may sleep, empty */

/* For drivers, all with queue_lock held. */
struct request *blk_fetch_request(struct request_queue *q);	/* NULL: nothing to do */
void blk_requeue_request(struct request_queue *q, struct request *rq);
/* => number of entries of @sg (room for max_segments) */
unsigned int blk_rq_map_sg(struct request_queue *q, struct request *rq, struct scatterlist *sg);
/* The first @sectors are done, with 0 or -errno. => false: that was all, the request is gone */
bool blk_end_request(struct request *rq, int error, unsigned int sectors);
void blk_end_request_all(struct request *rq, int error);
/* Call request_fn if there is work: a driver that had no room has some again. */
void blk_run_queue(struct request_queue *q);

static inline unsigned int rq_is_write(const struct request *rq)
{
	return rq->cmd_flags & WRITE;
}

/*
 * Hold back what this task submits until it has submitted all (or sleeps), so that neighbours
 * find each other. => balanced; may nest
 */
void blk_start_plug(void);
void blk_finish_plug(void);
/* On what it has acknowledged the disk may rely after a loss of power. => may sleep; 0, -errno */
int blkdev_issue_flush(struct hd_struct *part);

/* Boot: slab caches and reserves of bios and requests. */
void block_init(void);

#endif
