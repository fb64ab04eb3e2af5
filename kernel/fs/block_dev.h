/*
 * kernel/fs/block_dev.h - disks and partitions as files.
 *
 * struct block_device is in kernel/block/blkdev.h.  There is one for each device number that was
 * asked for; it goes with the disk.  While somebody has it open (blkdev_get), it knows its sectors
 * and may have pages.
 */
#ifndef OCTAVO_KERNEL_FS_BLOCK_DEV_H
#define OCTAVO_KERNEL_FS_BLOCK_DEV_H

#include <kernel/block/blkdev.h>
#include <kernel/fs/fs.h>
#include <mm/cache/buffer_head.h>

/* => may sleep; a reference, or NULL: there is no such device */
struct block_device *bdget(dev_t dev);
void bdput(struct block_device *bdev);		/* => may sleep */
/* Of the node that @path names. => may sleep; a reference, or ERR_PTR(-ENOTBLK, -ENXIO...) */
struct block_device *lookup_bdev(const char *path);

/*
 * Open: @mode is FMODE_READ, FMODE_WRITE.  With a @holder (a super_block, a swap area, a struct
 * file opened with O_EXCL) it is that one's alone: nobody else may be the holder, others may open
 * it without being one.
 * => may sleep; 0, with the reference that blkdev_put() gives back; or -ENXIO, -EROFS, -EBUSY,
 *    with the reference gone
 */
int blkdev_get(struct block_device *bdev, unsigned int mode, void *holder);
/* The last one writes what is dirty and drops the pages. => may sleep */
void blkdev_put(struct block_device *bdev, unsigned int mode, void *holder);
/* lookup_bdev() and blkdev_get(), for mount. => ERR_PTR */
struct block_device *blkdev_get_by_path(const char *path, unsigned int mode, void *holder);

/*
 * The size of its blocks, 512 to PAGE_SIZE, not less than the hardware's.  If it is another than
 * before, what is dirty is written and all pages go.
 * => may sleep; 0 or -EINVAL
 */
int set_blocksize(struct block_device *bdev, unsigned int size);
/* Everything dirty to the disk, waited for. => may sleep; 0 or -errno */
int sync_blockdev(struct block_device *bdev);
/* @fn for each block_device, with a reference. => may sleep */
void for_each_bdev(void (*fn)(struct block_device *bdev, void *arg), void *arg);

/* blkdev_get()'s part about holders, by itself. => may sleep; open; 0 or -EBUSY */
int bd_claim(struct block_device *bdev, void *holder);
void bd_release(struct block_device *bdev);
/* => may sleep; open; -EBUSY: one of its partitions is open too; -EINVAL: it cannot have any */
int reread_partitions(struct block_device *bdev);

static inline struct address_space *bdev_mapping(const struct block_device *bdev)
{
	return bdev->bd_inode->i_mapping;
}
/* Whole blocks of @size, a power of two */
static inline sector_t bdev_blocks(const struct block_device *bdev, unsigned int size)
{
	return (sector_t)i_size_read(bdev->bd_inode) >> __builtin_ctz(size);
}

/* ---- a file system's blocks ---- */

static inline struct buffer_head *sb_bread(struct super_block *sb, sector_t block)
{
	return __bread(sb->s_bdev, block, (unsigned int)sb->s_blocksize);
}
static inline struct buffer_head *sb_getblk(struct super_block *sb, sector_t block)
{
	return __getblk(sb->s_bdev, block, (unsigned int)sb->s_blocksize);
}
static inline struct buffer_head *sb_find_get_block(struct super_block *sb, sector_t block)
{
	return __find_get_block(sb->s_bdev, block, (unsigned int)sb->s_blocksize);
}
static inline void sb_breadahead(struct super_block *sb, sector_t block)
{
	__breadahead(sb->s_bdev, block, (unsigned int)sb->s_blocksize);
}
/* For a get_block_t: here it is. */
static inline void map_bh(struct buffer_head *bh, struct super_block *sb, sector_t block)
{
	bh->b_bdev = sb->s_bdev;
	bh->b_blocknr = block;
	set_buffer_mapped(bh);
}

/*
 * An address_space_operations.direct_IO, with a file system's get_block, which is not asked to
 * create.  A write ends at a hole or at the end of the file.
 * => i_sem held, may sleep; bytes or -errno
 */
ssize_t blockdev_direct_IO(unsigned int rw, struct file *file, char *buf, size_t count,
			   loff_t pos, get_block_t *get_block);

/* i_fop of block device nodes */
extern const struct file_operations def_blk_fops;

/* Is every block of every disk in memory at most once? => may sleep; 0, or reports and -EINVAL */
int bdev_check(void);
void bdev_check_init(void);

/* Boot: the file system of the devices' inodes. */
void bdev_cache_init(void);

#endif
