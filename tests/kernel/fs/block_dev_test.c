/*
 * tests/kernel/fs/block_dev_test.c - disks as files, on a disk of memory.
 */
#include <kernel/fs/block_dev.h>

#include <kernel/core/ktest.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <tests/kernel/block/testdisk.h>

#define NODE	"/dev/tda"
#define SECTORS	256u

static struct testdisk *td;

static bool begin(unsigned int sectors)
{
	td = testdisk_create(sectors);
	if (!td)
		return false;
	testdisk_add(td);
	return true;
}

/* The first word of a sector of the medium. */
static u32 on_disk(sector_t sector)
{
	static u32 buf[SECTOR_SIZE / 4];

	testdisk_peek(td, sector, buf);
	return buf[0];
}

/* What is written to the node is on the disk after fsync, or after the last close. */
KTEST(block_dev, read_and_write)
{
	struct file *file, *other;
	char buf[8];

	KASSERT(t, begin(SECTORS));
	file = filp_open(NODE, O_RDWR, 0);
	KASSERT(t, !IS_ERR(file));
	other = filp_open(NODE, O_RDONLY, 0);
	KASSERT(t, !IS_ERR(other));
	KEXPECT_EQ(t, kernel_write(file, 1022, "abcd", 4), 4);
	KEXPECT_EQ(t, kernel_read(other, 1022, buf, 4), 4);
	KEXPECT(t, !memcmp(buf, "abcd", 4));
	KEXPECT_EQ(t, on_disk(2), 0);
	KEXPECT_EQ(t, file->f_op->fsync(file, 0), 0);
	KEXPECT_EQ(t, on_disk(2), 0x6463);
	KEXPECT_EQ(t, td->nr_flushes, 1);
	KEXPECT_EQ(t, kernel_write(file, 2048, "efgh", 4), 4);
	fput(file);
	KEXPECT_EQ(t, on_disk(4), 0);
	fput(other);
	KEXPECT_EQ(t, on_disk(4), 0x68676665);
	testdisk_destroy(td);
	KEXPECT_EQ(t, PTR_ERR(filp_open(NODE, O_RDONLY, 0)), -ENOENT);
}

/* It ends where the disk does, also if that is no multiple of a page. */
KTEST(block_dev, end_of_device)
{
	struct file *file;
	char buf[8];
	loff_t end;

	KASSERT(t, begin(SECTORS));
	set_capacity(td->disk, SECTORS - 3);
	file = filp_open(NODE, O_RDWR, 0);
	KASSERT(t, !IS_ERR(file));
	end = (loff_t)(SECTORS - 3) * SECTOR_SIZE;
	KEXPECT_EQ(t, file->f_mapping->host->i_bdev->bd_block_size, 512);
	KEXPECT_EQ(t, file->f_op->llseek(file, 0, SEEK_END), end);
	KEXPECT_EQ(t, kernel_read(file, end - 4, buf, 8), 4);
	KEXPECT_EQ(t, kernel_read(file, end, buf, 8), 0);
	KEXPECT_EQ(t, kernel_write(file, end - 4, "abcd", 4), 4);
	fput(file);
	KEXPECT_EQ(t, td->wrong, 0);
	testdisk_destroy(td);
}

/* Errors of the disk are those of read and fsync. */
KTEST(block_dev, errors)
{
	struct file *file;
	char buf[8];

	KASSERT(t, begin(SECTORS));
	file = filp_open(NODE, O_RDWR, 0);
	KASSERT(t, !IS_ERR(file));
	testdisk_fail(td, TESTDISK_READ, 8, 8);
	testdisk_fail(td, TESTDISK_WRITE, 16, 16);
	KEXPECT_EQ(t, kernel_read(file, 4096, buf, 8), -EIO);
	KEXPECT_EQ(t, kernel_read(file, 0, buf, 8), 8);
	KEXPECT_EQ(t, kernel_write(file, 8192, "abcd", 4), 4);
	KEXPECT_EQ(t, file->f_op->fsync(file, 0), -EIO);
	KEXPECT_EQ(t, file->f_op->fsync(file, 0), 0);
	td->flush_error = -EIO;
	KEXPECT_EQ(t, file->f_op->fsync(file, 0), -EIO);
	fput(file);
	testdisk_destroy(td);
}

/* One holder; others may look. */
KTEST(block_dev, holder)
{
	struct block_device *bdev;
	struct file *file;
	int a, b;

	KASSERT(t, begin(SECTORS));
	bdev = blkdev_get_by_path(NODE, FMODE_READ, &a);
	KASSERT(t, !IS_ERR(bdev));
	KEXPECT_EQ(t, bdev->bd_holder, (void *)&a);
	KEXPECT_EQ(t, PTR_ERR(blkdev_get_by_path(NODE, FMODE_READ, &b)), -EBUSY);
	KEXPECT_EQ(t, PTR_ERR(filp_open(NODE, O_RDWR | O_EXCL, 0)), -EBUSY);
	file = filp_open(NODE, O_RDWR, 0);
	KASSERT(t, !IS_ERR(file));
	KEXPECT_EQ(t, bdev->bd_openers, 2);
	fput(file);
	blkdev_put(bdev, FMODE_READ, &a);
	file = filp_open(NODE, O_RDWR | O_EXCL, 0);
	KASSERT(t, !IS_ERR(file));
	fput(file);
	testdisk_destroy(td);
}

/* A disk that cannot be written to says so at once. */
KTEST(block_dev, read_only)
{
	struct file *file;

	KASSERT(t, begin(SECTORS));
	td->disk->read_only = true;
	KEXPECT_EQ(t, PTR_ERR(filp_open(NODE, O_RDWR, 0)), -EROFS);
	file = filp_open(NODE, O_RDONLY, 0);
	KASSERT(t, !IS_ERR(file));
	fput(file);
	testdisk_destroy(td);
}

/* Another size of blocks: what was dirty is written, and nothing is in memory twice. */
KTEST(block_dev, set_blocksize)
{
	struct block_device *bdev;
	struct buffer_head *bh;
	int me;

	KASSERT(t, begin(SECTORS));
	bdev = blkdev_get_by_path(NODE, FMODE_READ | FMODE_WRITE, &me);
	KASSERT(t, !IS_ERR(bdev));
	KEXPECT_EQ(t, bdev->bd_block_size, 4096);
	bh = __bread(bdev, 1, 4096);
	KASSERT(t, bh);
	memset(bh->b_data, 0x5a, 4096);
	mark_buffer_dirty(bh);
	brelse(bh);
	KEXPECT_EQ(t, set_blocksize(bdev, 1024), 0);
	KEXPECT_EQ(t, on_disk(8), 0x5a5a5a5a);
	KEXPECT_EQ(t, bdev_mapping(bdev)->nrpages, 0);
	bh = __bread(bdev, 7, 1024);
	KASSERT(t, bh);
	KEXPECT_EQ(t, *(u32 *)bh->b_data, 0x5a5a5a5a);
	brelse(bh);
	KEXPECT_EQ(t, set_blocksize(bdev, 1000), -EINVAL);
	KEXPECT_EQ(t, set_blocksize(bdev, 8192), -EINVAL);
	KEXPECT_EQ(t, set_blocksize(bdev, 256), -EINVAL);
	blkdev_put(bdev, FMODE_READ | FMODE_WRITE, &me);
	testdisk_destroy(td);
}
