/*
 * kernel/block/partition.c - which parts of a disk are disks of their own.
 *
 * Theory.  The first sector of a PC's disk (the MBR) ends in a table of four entries: where a
 * partition begins, how many sectors it has, what it is for.  An entry may instead name
 * an "extended" partition, the head of a chain: each link is a sector like the MBR, whose
 * first entry is one more ("logical") partition, counted from the link, and whose second entry
 * is where the next link lies, counted from the extended partition.
 *
 *	0	446	status, CHS, type, CHS, first sector, sectors	510
 *	+------+--------+--------+--------+--------+---------------+
 *	| code | entry 1| entry 2| entry 3| entry 4| 0x55 0xaa     |
 *	+------+--------+--------+--------+--------+---------------+
 *
 * Entries 1 to 4 are hda1 to hda4, logical partitions hda5 and up, in the order of the chain.  The
 * extended one has a number too, of two sectors, so that nobody makes a file system over the chain.
 *
 * Nothing on the disk is believed: what begins behind its end is left out, what ends there is cut,
 * a chain that goes round or is longer than anybody makes one is left, and a sector whose entries
 * have a status that is neither 0 nor 0x80 is no table, but a boot sector of a file system that fills
 * the disk.  Overlaps are the business of who made them.
 *
 * The new table is made aside and put in place under disks_mutex, so get_part() sees one or the
 * other; while it is made no partition can be opened, and while one is open none is made.  What was left out: GUID partition tables, of which is said that they are not read.
 */
#include <kernel/block/blk.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

struct mbr_entry {
	u8 status;			/* 0x80: boot from here */
	u8 chs_first[3];
	u8 type;			/* 0: unused */
	u8 chs_last[3];
	u32 start, sectors;		/* in blocks of the device */
} __packed;

struct mbr {
	u8 code[446];
	struct mbr_entry entry[4];
	u8 magic[2];
} __packed;
static_assert(sizeof(struct mbr) == SECTOR_SIZE, "it is one sector");

#define TYPE_GPT	0xee
#define MAX_LINKS	100	/* of a chain: there are no numbers for so many partitions anyway */

/* A table in the making. */
struct table {
	struct gendisk *disk;
	struct hd_struct *part[DISK_MAX_PARTS];
	unsigned int extended;		/* 0, or the number of the first extended one */
	struct page *page;		/* to read into */
};

static bool is_extended(const struct mbr_entry *entry)
{
	return entry->type == 0x05 || entry->type == 0x0f || entry->type == 0x85;
}

/* log2 of the sectors in a block of the device */
static unsigned int block_shift(const struct gendisk *disk)
{
	return (unsigned int)fls(disk->queue->limits.block_size >> SECTOR_SHIFT) - 1;
}

/* => the table in block @block, or NULL: the disk failed, or there is none */
static const struct mbr *read_mbr(struct table *table, sector_t block)
{
	const struct mbr *mbr = page_address(table->page);
	struct bio *bio = bio_alloc(GFP_KERNEL, 1);
	int err;

	bio->bi_part = &table->disk->part0;
	bio->bi_sector = block << block_shift(table->disk);
	bio_add_page(bio, table->page, table->disk->queue->limits.block_size, 0);
	err = submit_bio_wait(READ | REQ_META, bio);
	bio_put(bio);
	if (err) {
		pr_warn("%s: the partition table cannot be read, error %d\n",
			table->disk->disk_name, err);
		return NULL;
	}
	if (mbr->magic[0] != 0x55 || mbr->magic[1] != 0xaa)
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(mbr->entry); i++)
		if (mbr->entry[i].status & 0x7f)
			return NULL;
	return mbr;
}

/* One more partition, in blocks of the device. */
static void add_partition(struct table *table, unsigned int nr, sector_t start, sector_t blocks)
{
	const unsigned int shift = block_shift(table->disk);
	const sector_t capacity = get_capacity(table->disk) >> shift;
	struct hd_struct *part;

	if (nr >= table->disk->minors)
		return;
	if (start >= capacity) {
		pr_warn("%s: partition %u begins behind the end, left out\n",
			table->disk->disk_name, nr);
		return;
	}
	if (blocks > capacity - start) {
		pr_warn("%s: partition %u ends behind the end, cut off\n",
			table->disk->disk_name, nr);
		blocks = capacity - start;
	}
	part = kzalloc(sizeof(*part), GFP_KERNEL);
	if (!part)
		return;
	part->disk = table->disk;
	part->partno = (int)nr;
	part->start_sect = start << shift;
	part->nr_sects = blocks << shift;
	table->part[nr] = part;
}

/* The chain of an extended partition that begins at block @first and has @blocks. */
static void read_chain(struct table *table, sector_t first, sector_t blocks)
{
	unsigned int nr = 5;
	sector_t link = first;

	for (unsigned int links = 0; links < MAX_LINKS; links++) {
		const struct mbr *mbr = read_mbr(table, link);
		struct mbr_entry logical, next;

		if (!mbr)
			return;
		logical = mbr->entry[0];
		next = mbr->entry[1];
		if (logical.type && logical.sectors && !is_extended(&logical)) {
			add_partition(table, nr++, link + logical.start, logical.sectors);
			if (nr >= table->disk->minors)
				return;
		}
		if (!is_extended(&next) || !next.sectors || next.start >= blocks || !next.start)
			return;
		link = first + next.start;
	}
}

static void read_table(struct table *table)
{
	const struct mbr *mbr = read_mbr(table, 0);
	struct mbr_entry entry[4];

	if (!mbr)
		return;
	memcpy(entry, mbr->entry, sizeof(entry));	/* the page is read into again */
	for (unsigned int i = 0; i < ARRAY_SIZE(entry); i++) {
		if (entry[i].type == TYPE_GPT) {
			pr_warn("%s: has a GUID partition table, which is not read\n",
				table->disk->disk_name);
			return;
		}
		if (!entry[i].type || !entry[i].sectors)
			continue;
		if (!is_extended(&entry[i])) {
			add_partition(table, i + 1, entry[i].start, entry[i].sectors);
			continue;
		}
		add_partition(table, i + 1, entry[i].start, min(entry[i].sectors, 2u));
		if (!table->extended && table->part[i + 1]) {
			table->extended = i + 1;
			read_chain(table, entry[i].start, entry[i].sectors);
		}
	}
}

/* " hda: hda1 hda2 < hda5 hda6 >" */
static void print_table(const struct table *table)
{
	struct gendisk *disk = table->disk;
	char line[DISK_MAX_PARTS * (DISK_NAME_LEN + 4)], name[DISK_NAME_LEN];
	int at = 0;

	for (unsigned int i = 1; i < DISK_MAX_PARTS; i++) {
		if (i == 5 && table->extended)
			at += scnprintf(line + at, sizeof(line) - (size_t)at, " <");
		if (disk->part[i])
			at += scnprintf(line + at, sizeof(line) - (size_t)at, " %s",
					part_name(disk->part[i], name));
	}
	if (at)
		printk(" %s:%s%s\n", disk->disk_name, line, table->extended ? " >" : "");
}

static void announce_all(struct gendisk *disk, void (*say)(struct gendisk *disk, int partno))
{
	for (unsigned int i = 1; i < disk->minors; i++)
		if (disk->part[i])
			say(disk, (int)i);
}

/* From here to end_rescan() no partition can be opened. => -EBUSY: one is open already */
static int begin_rescan(struct gendisk *disk)
{
	bool busy;

	mutex_lock(&disks_mutex);
	busy = disk->rescanning;
	for (unsigned int i = 1; i < disk->minors; i++)
		busy |= disk->part[i] && disk->part[i]->openers;
	if (!busy)
		disk->rescanning = true;
	mutex_unlock(&disks_mutex);
	return busy ? -EBUSY : 0;
}

/* The partitions of @table take the place of those there were. */
static void end_rescan(struct gendisk *disk, struct table *table)
{
	mutex_lock(&disks_mutex);
	for (unsigned int i = 1; i < disk->minors; i++)
		swap(disk->part[i], table->part[i]);
	disk->rescanning = false;
	mutex_unlock(&disks_mutex);
	for (unsigned int i = 1; i < disk->minors; i++)
		kfree(table->part[i]);
}

int rescan_partitions(struct gendisk *disk)
{
	struct table table = { .disk = disk };
	int err;

	if (disk->minors == 1)
		return 0;
	table.page = alloc_page(GFP_KERNEL);
	if (!table.page)
		return -ENOMEM;
	err = begin_rescan(disk);
	if (!err) {
		read_table(&table);
		announce_all(disk, blkdev_withdraw);
		end_rescan(disk, &table);
		announce_all(disk, blkdev_announce);
		print_table(&table);
	}
	__free_page(table.page);
	return err;
}

void del_partitions(struct gendisk *disk)
{
	struct table none = { .disk = disk };

	BUG_ON(begin_rescan(disk));
	announce_all(disk, blkdev_withdraw);
	end_rescan(disk, &none);
}
