/*
 * kernel/drivers/disk.h - what the drivers of disks share.
 *
 * A request is several bios of neighbouring sectors, of different owners.  When the hardware says
 * that it failed, one sector of them did; the others would be told of an error that is not theirs.
 * So such a request is done again, one bio at a time: "apart".
 */
#ifndef OCTAVO_KERNEL_DRIVERS_DISK_H
#define OCTAVO_KERNEL_DRIVERS_DISK_H

#include <kernel/block/blkdev.h>

/*
 * The pieces of what is to be transferred of @rq next: all that is left, or of a request that is
 * done apart the rest of its first bio; not more than @most sectors.
 * => queue_lock held; entries of @sg; *sectors
 */
unsigned int disk_map(struct request *rq, struct scatterlist *sg, unsigned int most,
		      unsigned int *sectors);
/* It failed: shall its bios be done apart? => queue_lock held; false: that would not help */
bool disk_try_apart(struct request *rq);
/* A word in the log: these sectors, from the first on, could not be transferred. */
void disk_report(const struct request *rq, unsigned int sectors);
/*
 * Make the disk @name of @sectors sectors known. => may sleep; NULL: no memory
 * The driver has narrowed the queue's limits.
 */
struct gendisk *disk_register(const char *name, struct request_queue *q, unsigned int major,
			      unsigned int first_minor, sector_t sectors, bool read_only);

/* Look for all disks. => may sleep */
void disks_probe(void);
void virtio_blk_probe(void);
void ide_probe(void);
void floppy_probe(void);

#endif
