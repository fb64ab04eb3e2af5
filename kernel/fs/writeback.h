/*
 * kernel/fs/writeback.h - dirty inodes, and what sync() is made of.
 *
 * __mark_inode_dirty() and writeback_inodes() are in kernel/core/hooks.h: the page cache, below,
 * calls them.
 */
#ifndef OCTAVO_KERNEL_FS_WRITEBACK_H
#define OCTAVO_KERNEL_FS_WRITEBACK_H

#include <kernel/core/hooks.h>
#include <kernel/fs/fs.h>
#include <mm/types/writeback.h>

/* Something but the pages has changed; only times. => any locks outside inode_lock */
static inline void mark_inode_dirty(struct inode *inode)
{
	__mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
}
static inline void mark_inode_dirty_sync(struct inode *inode)
{
	__mark_inode_dirty(inode, I_DIRTY_SYNC);
}

/* ---- fs_writeback.c: all may sleep, and want a reference on the inode ---- */

/* Pages and inode, as @wbc says, if it is dirty. => 0 or -errno */
int sync_inode(struct inode *inode, struct writeback_control *wbc);
/* All of it; @sync: until it is on the disk (but for the disk's own cache). */
int write_inode_now(struct inode *inode, int sync);
/* The inode alone, without its pages: the last step of an fsync(). */
int sync_inode_metadata(struct inode *inode, int wait);
/*
 * All dirty inodes of @sb; @wait: until they, and what was under way, are on the disk.
 * => s_umount held; the first error
 */
int sync_inodes_sb(struct super_block *sb, int wait);

/* Flags, tags, lists and counters of all that is dirty. => may sleep; 0, or -EINVAL with a line */
int writeback_check(void);
void writeback_check_init(void);

/* ---- sync.c ---- */

/* Inodes, super block and the blocks between them, to the disk. => s_umount held; 0 or -errno */
int sync_filesystem(struct super_block *sb);
/* ... of all file systems: sync(2). */
void do_sync(void);
/* What fsync(2) does. => may sleep, i_sem not held; 0 or -errno */
int vfs_fsync(struct file *file, int datasync);
/* What a write by O_SYNC, O_DSYNC or to a mount or file that is synchronous does at its end. */
int generic_write_sync(struct file *file);
/* The same behind a write of @n > 0 bytes. => may sleep, without i_sem; @n or -errno */
ssize_t generic_write_end(struct file *file, ssize_t n);
/* @flags: SYNC_FILE_RANGE_*. => may sleep; 0 or -errno */
int do_sync_file_range(struct file *file, loff_t offset, loff_t nbytes, unsigned int flags);

#endif
