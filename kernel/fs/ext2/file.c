/*
 * kernel/fs/ext2/file.c - regular files, and fsync.
 *
 * Theory.  Reading, writing and mapping are generic: all that is particular to a file of this file
 * system is where its blocks are (map.c).  What is left is the order of fsync():
 *
 *	the file's pages		and wait: so nothing on the disk points to garbage
 *	blocks of pointers		and wait: they point to blocks that are written
 *	the inode's block		and wait
 *	the disk's own cache
 *
 * The flusher may have copied the inode into its buffer before, and cleared its dirty bits: so the
 * buffer is looked at in any case.  Or it has cleared the bits and not copied yet: fdatasync() then
 * waits for it (I_SYNC).
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/block/blkdev.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/writeback.h>
#include <mm/cache/writeback.h>

/* The block with the inode, if it is newer than the disk. => may sleep; 0 or -EIO */
static int sync_inode_block(struct inode *inode)
{
	unsigned int offset;
	struct buffer_head *bh = sb_find_get_block(inode->i_sb,
				ext2_inode_block(inode->i_sb, (u32)inode->i_ino, &offset));
	int err = 0;

	if (bh) {
		err = sync_dirty_buffer(bh);
		brelse(bh);
	}
	return err;
}

int ext2_sync_file(struct file *file, int datasync)
{
	struct inode *inode = file->f_mapping->host;
	int err = filemap_write_and_wait(inode->i_mapping), err2;

	mutex_lock(&inode->i_sem);
	err2 = sync_mapping_buffers(inode->i_mapping);
	mutex_unlock(&inode->i_sem);
	if (!err)
		err = err2;
	if (!datasync || (READ_ONCE(inode->i_state) & (I_DIRTY_DATASYNC | I_SYNC))) {
		err2 = sync_inode_metadata(inode, 1);
		if (!err)
			err = err2;
	}
	err2 = sync_inode_block(inode);
	if (!err)
		err = err2;
	err2 = blkdev_issue_flush(inode->i_sb->s_bdev->bd_part);
	return err ? err : err2;
}

const struct file_operations ext2_file_operations = {
	.llseek = generic_file_llseek,
	.read = generic_file_read,
	.write = generic_file_write,
	.mmap = generic_file_mmap,
	.fsync = ext2_sync_file,
	.sendpage = generic_file_sendpage,
};

const struct inode_operations ext2_file_inode_operations = {
	.truncate = ext2_truncate,
	.getattr = ext2_getattr,
};

/* Devices, FIFOs, sockets: an inode and nothing else. */
const struct inode_operations ext2_special_inode_operations = {
	.getattr = ext2_getattr,
};
