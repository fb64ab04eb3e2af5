/*
 * kernel/fs/bdev_check.c - is every block in memory once?
 *
 * Theory.  A block of a disk can be in memory in two ways: as part of the device, or as part of a
 * file.  If it were in both, and both were changed, the last to be written would win; if two files
 * had it, one of them would be lost.  So for each file system on a disk, all buffers of its
 * files are entered in a map of the device's blocks: none may be there already, and of none may
 * the device have a dirty copy.  (A clean one it may have: somebody read /dev/hda1.)
 *
 * The rings themselves are looked at by mm/cache/buffer_check.c on the way.
 *
 * While others work a block can leave one file and join another between two looks: a
 * difference counts only if it is still there when one looks again.
 *
 * Locking: may sleep; takes s_umount, page locks.
 */
#include <kernel/fs/block_dev.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/vmalloc.h>

struct owners {
	struct block_device *bdev;
	unsigned long *map;		/* blocks that are in a file's pages */
	sector_t blocks;
	bool report;			/* say what is wrong */
	int faults;
};

static void fault(struct owners *o, const struct buffer_head *bh, const char *what)
{
	o->faults++;
	if (o->report)
		pr_err("bdev_check: block %llu, in page %lu of inode %lu, %s\n", bh->b_blocknr,
		       bh->b_page->index, bh->b_page->mapping->host->i_ino, what);
}

/* A buffer of a file. */
static void enter(struct buffer_head *bh, void *arg)
{
	struct owners *o = arg;
	struct buffer_head *copy;

	if (bh->b_bdev != o->bdev || bh->b_blocknr >= o->blocks) {
		fault(o, bh, "is not on its disk");
		return;
	}
	if (test_and_set_bit((unsigned long)bh->b_blocknr, o->map))
		fault(o, bh, "is in memory twice");
	copy = __find_get_block(bh->b_bdev, bh->b_blocknr, bh->b_size);
	if (copy && buffer_dirty(copy))
		fault(o, bh, "is dirty in the device too");
	brelse(copy);
}

static bool has_pages(const struct inode *inode)
{
	return inode->i_data.nrpages != 0;
}

static int check_file(struct inode *inode, void *arg)
{
	struct owners *o = arg;

	o->faults += buffer_check(&inode->i_data, enter, o);
	return 0;
}

/* => s_umount held for reading */
static void check_super(struct super_block *sb, void *arg)
{
	struct owners o = { .bdev = sb->s_bdev };
	unsigned int words, tries;

	if (!sb->s_bdev || !sb->s_root)
		return;
	o.blocks = bdev_blocks(sb->s_bdev, (unsigned int)sb->s_blocksize);
	words = (unsigned int)BITS_TO_LONGS(o.blocks);
	o.map = vmalloc(words * sizeof(long));
	if (!o.map)
		return;
	for (tries = 0; tries < 3; tries++) {
		memset(o.map, 0, words * sizeof(long));
		o.report = tries == 2;
		o.faults = 0;
		visit_inodes(sb, has_pages, check_file, &o);
		if (!o.faults)
			break;
	}
	vfree(o.map);
	*(int *)arg += o.faults;
}

static void check_device(struct block_device *bdev, void *arg)
{
	*(int *)arg += buffer_check(bdev_mapping(bdev), NULL, NULL);
}

int bdev_check(void)
{
	int faults = 0;

	for_each_bdev(check_device, &faults);
	iterate_supers(check_super, &faults);
	return faults ? -EINVAL : 0;
}

void __init bdev_check_init(void)
{
	ktest_register_checker("bdev_check", bdev_check);
}
