/*
 * kernel/block/genhd.c - the disks there are, by name and by number.
 *
 * Theory.  A gendisk owns a range of device numbers: first_minor is the whole disk, those above are
 * its partitions.  Part n of it is disk->part[n], so finding one by number is a walk over the few
 * disks and an index.  A hd_struct that was found stays until del_gendisk(), or until the partition
 * table is read again, which is refused while one of its partitions is open.
 *
 * Locking: disks_mutex for the list and for disk->part[].
 */
#include <kernel/block/blk.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/kdev_t.h>
#include <kernel/core/printk.h>
#include <lib/ctype.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>

DEFINE_MUTEX(disks_mutex);
LIST_HEAD(all_disks);

struct gendisk *alloc_disk(unsigned int minors)
{
	struct gendisk *disk;

	BUG_ON(!minors || minors > DISK_MAX_PARTS);
	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk)
		return NULL;
	disk->minors = minors;
	disk->part0.disk = disk;
	disk->part[0] = &disk->part0;
	INIT_LIST_HEAD(&disk->list);
	return disk;
}

void put_disk(struct gendisk *disk)
{
	BUG_ON(!list_empty(&disk->list));
	kfree(disk);
}

/* What the rest of the block layer relies on. */
static void check_limits(const struct queue_limits *limits)
{
	BUG_ON(limits->max_segment_size < PAGE_SIZE || limits->seg_boundary_mask < PAGE_SIZE - 1);
	BUG_ON(limits->max_sectors < PAGE_SIZE >> SECTOR_SHIFT || !limits->max_segments);
	BUG_ON(limits->block_size < SECTOR_SIZE || limits->block_size > PAGE_SIZE ||
	       (limits->block_size & (limits->block_size - 1)));
}

int add_disk(struct gendisk *disk)
{
	int err;

	BUG_ON(!disk->queue || !disk->disk_name[0]);
	check_limits(&disk->queue->limits);
	err = blk_bounce_init(disk->queue);
	if (err)
		return err;
	mutex_lock(&disks_mutex);
	list_add_tail(&disk->list, &all_disks);
	mutex_unlock(&disks_mutex);
	printk("%s: %llu sectors (%llu MiB)%s\n", disk->disk_name, get_capacity(disk),
	       get_capacity(disk) >> 11, disk->read_only ? ", read-only" : "");
	blkdev_announce(disk, 0);
	rescan_partitions(disk);
	return 0;
}

void del_gendisk(struct gendisk *disk)
{
	del_partitions(disk);
	blkdev_withdraw(disk, 0);
	mutex_lock(&disks_mutex);
	list_del_init(&disk->list);
	mutex_unlock(&disks_mutex);
}

/* => disks_mutex held */
static struct hd_struct *find_part(dev_t dev)
{
	struct gendisk *disk;

	list_for_each_entry(disk, &all_disks, list)
		if (disk->major == MAJOR(dev) && MINOR(dev) - disk->first_minor < disk->minors)
			return disk->part[MINOR(dev) - disk->first_minor];
	return NULL;
}

struct hd_struct *get_part(dev_t dev)
{
	struct hd_struct *part;

	mutex_lock(&disks_mutex);
	part = find_part(dev);
	mutex_unlock(&disks_mutex);
	return part;
}

struct hd_struct *open_part(dev_t dev)
{
	struct hd_struct *part;

	mutex_lock(&disks_mutex);
	part = find_part(dev);
	if (part && part->partno && part->disk->rescanning)
		part = NULL;
	if (part)
		part->openers++;
	mutex_unlock(&disks_mutex);
	return part;
}

void close_part(struct hd_struct *part)
{
	mutex_lock(&disks_mutex);
	BUG_ON(!part->openers);
	part->openers--;
	mutex_unlock(&disks_mutex);
}

/* A disk whose name ends in a digit has a p before the partition's number: mmcblk0p1. */
char *part_name(const struct hd_struct *part, char *buf)
{
	const char *disk = part->disk->disk_name;

	if (part->partno)
		snprintf(buf, DISK_NAME_LEN, "%s%s%d", disk,
			 isdigit(disk[strlen(disk) - 1]) ? "p" : "", part->partno);
	else
		snprintf(buf, DISK_NAME_LEN, "%s", disk);
	return buf;
}

dev_t name_to_part(const char *name)
{
	char buf[DISK_NAME_LEN];
	struct gendisk *disk;
	dev_t dev = 0;

	mutex_lock(&disks_mutex);
	list_for_each_entry(disk, &all_disks, list)
		for (unsigned int i = 0; i < disk->minors; i++)
			if (disk->part[i] && !strcmp(part_name(disk->part[i], buf), name))
				dev = MKDEV(disk->major, disk->first_minor + i);
	mutex_unlock(&disks_mutex);
	return dev;
}

void for_each_disk(void (*fn)(struct gendisk *disk, void *arg), void *arg)
{
	struct gendisk *disk;

	mutex_lock(&disks_mutex);
	list_for_each_entry(disk, &all_disks, list)
		fn(disk, arg);
	mutex_unlock(&disks_mutex);
}
