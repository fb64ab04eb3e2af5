/*
 * kernel/fs/blkdev_file.c - an open block device: read, write, ioctl.
 *
 * Theory.  Reading, mapping and seeking are those of any file in the page cache; the pages are the
 * device's own (block_dev.c).  Writing differs in the end only: a device does not grow, so what
 * would lie beyond is -ENOSPC.  fsync() also has the disk write out its own cache.
 *
 * O_EXCL: open it only if nobody is its holder, and be it (mkfs, fsck).
 *
 * Locking: i_sem of the device's inode over writes.
 */
#include <kernel/fs/block_dev.h>

#include <kernel/core/sched.h>
#include <kernel/fs/writeback.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>

static struct block_device *bdev_of(const struct file *file)
{
	return file->f_mapping->host->i_bdev;
}

static int blkdev_open(struct inode *inode, struct file *file)
{
	struct block_device *bdev = bdget(inode->i_rdev);
	int err;

	if (!bdev)
		return -ENXIO;
	file->private_data = file->f_flags & O_EXCL ? file : NULL;	/* the holder */
	err = blkdev_get(bdev, file->f_mode, file->private_data);
	if (err)
		return err;
	/* A device of any size can be read: as Linux has it. */
	file->f_flags |= O_LARGEFILE;
	file->f_mode |= FMODE_LSEEK;
	file->f_mapping = bdev_mapping(bdev);
	return 0;
}

static int blkdev_release(struct inode *inode, struct file *file)
{
	(void)inode;
	blkdev_put(bdev_of(file), file->f_mode, file->private_data);
	return 0;
}

static ssize_t blkdev_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_mapping->host;
	loff_t size = i_size_read(inode);
	ssize_t n;

	if (*pos >= size)
		return count ? -ENOSPC : 0;
	if ((u64)(size - *pos) < count)
		count = (size_t)(size - *pos);
	mutex_lock(&inode->i_sem);
	n = IS_SWAPFILE(inode) ? -ETXTBSY : generic_perform_write(file, buf, count, pos);
	mutex_unlock(&inode->i_sem);
	return n > 0 ? generic_write_end(file, n) : n;
}

static int blkdev_fsync(struct file *file, int datasync)
{
	struct block_device *bdev = bdev_of(file);
	int err = sync_blockdev(bdev), flushed = blkdev_issue_flush(bdev->bd_part);

	(void)datasync;
	return err ? err : flushed;
}

/* ---- ioctl ------------------------------------------------------------------------------------ */

#define HDIO_GETGEO	0x0301u
#define BLKROGET	0x125eu		/* int: read-only? */
#define BLKRRPART	0x125fu		/* read the partition table again */
#define BLKGETSIZE	0x1260u		/* unsigned long: sectors */
#define BLKFLSBUF	0x1261u		/* write and forget */
#define BLKRAGET	0x1263u		/* long: readahead, in sectors */
#define BLKSSZGET	0x1268u		/* int: the hardware's block */
#define BLKBSZGET	0x80041270u	/* int: the block in use */
#define BLKBSZSET	0x40041271u
#define BLKGETSIZE64	0x80041272u	/* u64: bytes */
#define BLKIOMIN	0x1278u		/* unsigned int */
#define BLKIOOPT	0x1279u		/* unsigned int */
#define BLKALIGNOFF	0x127au		/* int */
#define BLKPBSZGET	0x127bu		/* unsigned int: physical block */

struct hd_geometry {
	u8 heads, sectors;
	u16 cylinders;
	u32 start;
};
static_assert(sizeof(struct hd_geometry) == 8, "HDIO_GETGEO");

/* What partition tables pretend: 255 heads of 63 sectors. */
static long get_geometry(struct block_device *bdev, struct hd_geometry __user *to)
{
	u32 cylinders = (u32)min(get_capacity(bdev_disk(bdev)), (sector_t)0xffffffff) / (255 * 63);
	struct hd_geometry geo = {
		.heads = 255, .sectors = 63, .cylinders = (u16)min(cylinders, 0xffffu),
		.start = (u32)bdev->bd_part->start_sect,
	};

	return copy_to_user(to, &geo, sizeof(geo)) ? -EFAULT : 0;
}

static long put_word(unsigned long arg, unsigned long value)
{
	return put_user(value, (unsigned long __user *)arg);
}

static long get_size(struct block_device *bdev, unsigned int cmd, unsigned long arg)
{
	u64 bytes = (u64)i_size_read(bdev->bd_inode);

	if (cmd == BLKGETSIZE64)
		return copy_to_user((void __user *)arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
	if (bytes >> SECTOR_SHIFT > ~0ul)
		return -EFBIG;
	return put_word(arg, (unsigned long)(bytes >> SECTOR_SHIFT));
}

static long set_bsz(struct file *file, unsigned long arg)
{
	struct block_device *bdev = bdev_of(file);
	unsigned int size;
	int err;

	if (current->euid)
		return -EACCES;
	if (get_user(size, (unsigned int __user *)arg))
		return -EFAULT;
	/* Not under a file system. */
	err = bd_claim(bdev, file);
	if (err)
		return err;
	err = set_blocksize(bdev, size);
	bd_release(bdev);
	return err;
}

/* Written, and what nobody uses forgotten: the next read is the disk's. */
static long flush_buffers(struct block_device *bdev)
{
	int err;

	if (current->euid)
		return -EACCES;
	err = sync_blockdev(bdev);
	lru_add_drain_all();
	invalidate_mapping_pages(bdev_mapping(bdev), 0, ~0UL);
	return err;
}

static long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct block_device *bdev = bdev_of(file);
	const struct block_device_operations *fops = bdev_disk(bdev)->fops;

	switch (cmd) {
	case BLKGETSIZE:
	case BLKGETSIZE64:
		return get_size(bdev, cmd, arg);
	case BLKROGET:
		return put_word(arg, bdev_disk(bdev)->read_only);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_word(arg, bdev_disk(bdev)->queue->limits.block_size);
	case BLKIOOPT:
	case BLKALIGNOFF:
		return put_word(arg, 0);
	case BLKBSZGET:
		return put_word(arg, bdev->bd_block_size);
	case BLKBSZSET:
		return set_bsz(file, arg);
	case BLKRAGET:
		return put_word(arg, bdev_mapping(bdev)->backing_dev_info->ra_pages <<
				     (PAGE_SHIFT - SECTOR_SHIFT));
	case BLKFLSBUF:
		return flush_buffers(bdev);
	case BLKRRPART:
		return current->euid ? -EACCES : reread_partitions(bdev);
	case HDIO_GETGEO:
		return get_geometry(bdev, (struct hd_geometry __user *)arg);
	}
	return fops && fops->ioctl ? fops->ioctl(bdev_disk(bdev), cmd, arg) : -ENOTTY;
}

const struct file_operations def_blk_fops = {
	.llseek = generic_file_llseek,
	.read = generic_file_read,
	.write = blkdev_write,
	.mmap = generic_file_mmap,
	.open = blkdev_open,
	.release = blkdev_release,
	.fsync = blkdev_fsync,
	.ioctl = blkdev_ioctl,
	.sendpage = generic_file_sendpage,
};
