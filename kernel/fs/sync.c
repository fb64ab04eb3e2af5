/*
 * kernel/fs/sync.c - what programs ask for: this file, or all of them, on the disk.
 *
 * Theory.  What the calls promise:
 *
 *	sync		all that was changed before is on the disks
 *	syncfs		... of one file system
 *	fsync		a file: pages, what finds them, inode; an error of a write is told, once
 *	fdatasync	... without what is not needed to read them back (times)
 *	O_SYNC, O_DSYNC	each write() ends with fsync, fdatasync
 *	msync		fdatasync of the files mapped there (mm/space/mincore.c)
 *	sync_file_range	pages only, start or wait: no promise, it is for pacing
 *
 * fsync is the file system's (file_operations.fsync); what it is made of is filemap_write_and_wait()
 * and sync_inode_metadata().
 *
 * A whole file system goes in two passes: start everything without waiting, then write what is left
 * and wait.  So the disk sees much at once.  Inodes first: to write them is to change blocks of
 * metadata, which are pages of the device; sync_fs() writes the super block into one of them; then
 * the device's pages are written, and the disk is told to empty its own cache.
 *
 * Locking: s_umount for reading keeps a file system mounted.  i_sem is not taken: who syncs need
 * not wait for who writes.
 */
#include <kernel/fs/writeback.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <lib/kernel.h>
#include <mm/cache/writeback.h>

static int first_error(int err, int ret)
{
	return err ? err : ret;
}

static int sync_super(struct super_block *sb, int wait)
{
	return sb->s_op && sb->s_op->sync_fs ? sb->s_op->sync_fs(sb, wait) : 0;
}

/*
 * The blocks of metadata: pages of the device; then what the disk itself has not written yet.
 * @ask: failed writes of before are told to this caller, and to nobody else.
 */
static int sync_sb_bdev(struct super_block *sb, bool ask)
{
	struct address_space *mapping;
	int err;

	if (!sb->s_bdev)
		return 0;
	mapping = sb->s_bdev->bd_inode->i_mapping;
	if (ask) {
		err = filemap_write_and_wait(mapping);
	} else {
		err = filemap_fdatawrite(mapping);
		filemap_fdatawait_keep_errors(mapping);
	}
	return first_error(err, blkdev_issue_flush(sb->s_bdev->bd_part));
}

static int sync_whole(struct super_block *sb, bool ask)
{
	int err;

	if (sb->s_flags & MS_RDONLY)
		return 0;
	err = sync_inodes_sb(sb, 1);
	err = first_error(err, sync_super(sb, 1));
	return first_error(err, sync_sb_bdev(sb, ask));
}

int sync_filesystem(struct super_block *sb)
{
	return sync_whole(sb, true);
}

static void start_one(struct super_block *sb, void *unused)
{
	if (!(sb->s_flags & MS_RDONLY))
		sync_inodes_sb(sb, 0);
}

static void sync_one(struct super_block *sb, void *unused)
{
	sync_whole(sb, false);
}

void do_sync(void)
{
	iterate_supers(start_one, NULL);
	iterate_supers(sync_one, NULL);
}

int vfs_fsync(struct file *file, int datasync)
{
	if (!file->f_op->fsync)
		return -EINVAL;
	return file->f_op->fsync(file, datasync);
}

int generic_write_sync(struct file *file)
{
	struct inode *inode = file->f_mapping->host;

	if (likely(!(file->f_flags & O_DSYNC) && !(inode->i_flags & S_SYNC) &&
		   !(inode->i_sb->s_flags & MS_SYNCHRONOUS)))
		return 0;
	return vfs_fsync(file, !(file->f_flags & __O_SYNC) && (file->f_flags & O_DSYNC));
}

ssize_t generic_write_end(struct file *file, ssize_t n)
{
	int err = generic_write_sync(file);

	return err ? err : n;
}

#define SYNC_FILE_RANGE_WAIT_BEFORE	1u
#define SYNC_FILE_RANGE_WRITE		2u
#define SYNC_FILE_RANGE_WAIT_AFTER	4u
#define SYNC_FILE_RANGE_ALL		7u

int do_sync_file_range(struct file *file, loff_t offset, loff_t nbytes, unsigned int flags)
{
	struct address_space *mapping = file->f_mapping;
	umode_t mode = file_inode(file)->i_mode;
	loff_t end = (loff_t)((u64)offset + (u64)nbytes);
	int err = 0;

	if (flags & ~SYNC_FILE_RANGE_ALL || offset < 0 || end < 0 || end < offset)
		return -EINVAL;
	if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -ESPIPE;
	end = nbytes ? end - 1 : LLONG_MAX;
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		err = filemap_fdatawait_range(mapping, offset, end);
	if (!err && flags & SYNC_FILE_RANGE_WRITE)
		err = filemap_fdatawrite_range(mapping, offset, end);
	if (!err && flags & SYNC_FILE_RANGE_WAIT_AFTER)
		err = filemap_fdatawait_range(mapping, offset, end);
	return err;
}
