/*
 * kernel/block/sys_block.c - /sys/block: disks, partitions and queues as files.
 *
 *	/sys/block/hda/		size ro removable dev range stat inflight queue/...
 *	/sys/block/hda/hda1/	size ro start partition dev stat inflight
 *
 * Of Linux's names those whose subject exists here.  A directory's number is the device number, so
 * a file of one that has gone says ENODEV, and never reads what was freed: it is looked up anew,
 * and disks_mutex is held while it is printed.
 */
#include <kernel/block/blk.h>

#include <kernel/core/kdev_t.h>
#include <kernel/core/seq_file.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>

static_assert(DISK_NAME_LEN <= PROC_NAME_LEN, "disks are directories");

static long number_of(const struct hd_struct *part)
{
	return (long)MKDEV(part->disk->major, part->disk->first_minor + (unsigned int)part->partno);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The @part after the one with @number, of a disk whose partitions, or of all disks. => disks_mutex */
static struct hd_struct *part_after(long number, long parent)
{
	bool passed = !number;
	struct gendisk *disk;

	list_for_each_entry(disk, &all_disks, list) {
		if (parent && number_of(&disk->part0) != parent)
			continue;
		for (unsigned int i = parent ? 1 : 0; i < (parent ? disk->minors : 1); i++) {
			struct hd_struct *part = disk->part[i];

			if (part && passed)
				return part;
			passed |= part && number_of(part) == number;
		}
	}
	return NULL;
}

static long next_part(long number, long parent, char *name)
{
	struct hd_struct *part;

	mutex_lock(&disks_mutex);
	part = part_after(number, parent);
	number = part ? number_of(part) : 0;
	if (part)
		part_name(part, name);
	mutex_unlock(&disks_mutex);
	return number;
}

static long find_part(const char *name, long parent)
{
	char its[PROC_NAME_LEN];
	long number = 0;

	while ((number = next_part(number, parent, its)) != 0)
		if (!strcmp(name, its))
			return number;
	return 0;
}

static const struct proc_names disk_names = { .find = find_part, .next = next_part };
static const struct proc_names part_names = { .find = find_part, .next = next_part };

/* ---- files ----------------------------------------------------------------------------------- */

/* One line about a partition, or a whole disk. => disks_mutex held; 0 */
typedef int part_show_t(struct seq_file *m, struct hd_struct *part);

static int show_part(struct seq_file *m, void *v, part_show_t *show)
{
	struct gendisk *disk;
	int err = -ENODEV;

	mutex_lock(&disks_mutex);
	list_for_each_entry(disk, &all_disks, list)
		for (unsigned int i = 0; i < disk->minors; i++)
			if (disk->part[i] && number_of(disk->part[i]) == (long)v)
				err = show(m, disk->part[i]);
	mutex_unlock(&disks_mutex);
	return err;
}

/* Numbers that expressions in `part` give. */
#define PART_NUMBER(name, fmt, ...)						\
	static int name##_line(struct seq_file *m, struct hd_struct *part)	\
	{									\
		seq_printf(m, fmt "\n", __VA_ARGS__);				\
		return 0;							\
	}									\
	static int name##_show(struct seq_file *m, void *v)			\
	{									\
		return show_part(m, v, name##_line);				\
	}
#define DISK_FILE(path, name) \
	SYS_SHOW_NAMES("block/%s/" path, name##_show, &disk_names)
#define PART_FILE(path, name) \
	SYS_SHOW_NAMES("block/%s/%s/" path, name##_show, &disk_names, &part_names)

PART_NUMBER(size, "%llu", part->nr_sects)
DISK_FILE("size", size);
PART_FILE("size", size);
PART_NUMBER(ro, "%d", part->disk->read_only)
DISK_FILE("ro", ro);
PART_FILE("ro", ro);
PART_NUMBER(removable, "%d", part->disk->removable)
DISK_FILE("removable", removable);
PART_NUMBER(range, "%u", part->disk->minors)
DISK_FILE("range", range);
PART_NUMBER(start, "%llu", part->start_sect)
PART_FILE("start", start);
PART_NUMBER(partition, "%d", part->partno)
PART_FILE("partition", partition);
PART_NUMBER(dev, "%u:%u", part->disk->major, part->disk->first_minor + (unsigned int)part->partno)
DISK_FILE("dev", dev);
PART_FILE("dev", dev);

static int stat_line(struct seq_file *m, struct hd_struct *part)
{
	blk_print_stats(m, part);
	return 0;
}

static int stat_show(struct seq_file *m, void *v)
{
	return show_part(m, v, stat_line);
}
DISK_FILE("stat", stat);
PART_FILE("stat", stat);

PART_NUMBER(nr_requests, "%u", part->disk->queue->max_requests)
DISK_FILE("queue/nr_requests", nr_requests);
PART_NUMBER(max_sectors_kb, "%u", part->disk->queue->limits.max_sectors / 2)
DISK_FILE("queue/max_sectors_kb", max_sectors_kb);
PART_NUMBER(max_segments, "%u", part->disk->queue->limits.max_segments)
DISK_FILE("queue/max_segments", max_segments);
PART_NUMBER(max_segment_size, "%u", part->disk->queue->limits.max_segment_size)
DISK_FILE("queue/max_segment_size", max_segment_size);
PART_NUMBER(logical_block_size, "%u", part->disk->queue->limits.block_size)
DISK_FILE("queue/logical_block_size", logical_block_size);
DISK_FILE("queue/hw_sector_size", logical_block_size);
DISK_FILE("queue/physical_block_size", logical_block_size);
PART_NUMBER(read_ahead_kb, "%lu", part->disk->queue->bdi.ra_pages << (PAGE_SHIFT - 10))
DISK_FILE("queue/read_ahead_kb", read_ahead_kb);
PART_NUMBER(scheduler, "%s", "[deadline]")
DISK_FILE("queue/scheduler", scheduler);
