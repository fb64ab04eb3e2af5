/*
 * kernel/drivers/disk.c - what the drivers of disks share; the list of these drivers.
 */
#include <kernel/drivers/disk.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/fail_alloc.h>

/* request.special of one that is done apart */
#define APART	((void *)1)

/* Leave @bytes of the pieces. => how many are left */
static unsigned int cut(struct scatterlist *sg, unsigned int n, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < n && bytes; i++) {
		sg[i].length = min(sg[i].length, bytes);
		bytes -= sg[i].length;
	}
	return i;
}

unsigned int disk_map(struct request *rq, struct scatterlist *sg, unsigned int most,
		      unsigned int *sectors)
{
	unsigned int n = blk_rq_map_sg(rq->q, rq, sg), left = min(rq->nr_sectors, most);

	if (rq->special == APART && rq->bio)
		left = min(left, (rq->bio->bi_size - rq->bio_done) >> SECTOR_SHIFT);
	*sectors = left;
	return left == rq->nr_sectors ? n : cut(sg, n, left << SECTOR_SHIFT);
}

bool disk_try_apart(struct request *rq)
{
	if (rq->special == APART || rq->bio == rq->biotail || (rq->cmd_flags & REQ_FLUSH))
		return false;
	rq->special = APART;
	return true;
}

void disk_report(const struct request *rq, unsigned int sectors)
{
	pr_warn("%s: %s error, sector %llu, %u sectors\n", rq->part->disk->disk_name,
		rq->cmd_flags & REQ_FLUSH ? "flush" : rq_is_write(rq) ? "write" : "read",
		rq->sector, sectors);
}

struct gendisk *disk_register(const char *name, struct request_queue *q, unsigned int major,
			      unsigned int first_minor, sector_t sectors, bool read_only)
{
	struct gendisk *disk = alloc_disk(DISK_MAX_PARTS);

	if (!disk)
		return NULL;
	strlcpy(disk->disk_name, name, sizeof(disk->disk_name));
	disk->major = major;
	disk->first_minor = first_minor;
	disk->queue = q;
	disk->read_only = read_only;
	set_capacity(disk, sectors);
	if (!add_disk(disk))
		return disk;
	put_disk(disk);
	return NULL;
}

void disks_probe(void)
{
	/* `fail_probe=N`: the Nth allocation of the search finds no memory. */
	fail_alloc_nth((unsigned int)cmdline_get_int("fail_probe", 0));
	virtio_blk_probe();
	ide_probe();
	floppy_probe();
	fail_alloc_nth(0);
}
