/*
 * kernel/fs/ext2/inode.c - inodes between memory and their place in the inode table.
 *
 * Theory.  An inode in memory is the vfs's struct with ours around it.  It is read once, with every
 * field checked that anything depends on, and written into the buffer of its block whenever the
 * flusher comes by (write_inode), whenever blocks are cut off it (truncate.c), and when it goes.
 * From the buffer it reaches the disk like any other block of metadata; a block holds 8 to 32
 * inodes.  i_raw_lock makes each copy one: without it, an older copy with a pointer that has been
 * cut could be finished after a newer one.
 *
 * An inode that was never written has i_fresh set: what stands in its place on the disk is its
 * predecessor's, and is cleared first.  Fields that we do not know are left as they are otherwise.
 *
 * Times are signed 32-bit seconds, and where the inode is large enough a second word has 30 bits of
 * nanoseconds and two more bits of seconds: till 2446.
 *
 * An inode goes for good when its last name and its last user are gone (evict_inode): dtime is
 * set, the blocks are cut off, the number is free; in this order on the disk too (freed.c).  If the
 * power goes before, e2fsck finds an inode without names and does the same.
 *
 * Locking: i_sem or nobody else for what it guards; i_raw_lock innermost.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/writeback.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>

u32 ext2_inode_block(struct super_block *sb, u32 ino, unsigned int *offset)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	u32 index = (ino - 1) % geo->inodes_per_group;

	*offset = index % geo->inodes_per_block * geo->inode_size;
	return ext2_get_group_desc(sb, ext2_group_of_inode(geo, ino), NULL)->bg_inode_table +
	       index / geo->inodes_per_block;
}

/* => may sleep; the buffer with the inode, referenced, or NULL: not readable (reported) */
static struct buffer_head *get_raw(struct super_block *sb, u32 ino, struct ext2_inode **raw)
{
	unsigned int offset;
	u32 block = ext2_inode_block(sb, ino, &offset);
	struct buffer_head *bh = sb_bread(sb, block);

	if (bh)
		*raw = (struct ext2_inode *)(bh->b_data + offset);
	else
		ext2_error(sb, __func__, "inode %u: block %u cannot be read", ino, block);
	return bh;
}

/* ---- times ------------------------------------------------------------------------------------ */

#define EXTRA_EPOCH_BITS	2

/* Does the inode on the disk have the second word of a time, @end bytes from its beginning? */
static bool has_extra(const struct ext2_inode_info *ei, size_t end)
{
	return EXT2_GOOD_OLD_INODE_SIZE + (size_t)ei->i_extra_isize >= end;
}
#define HAS_EXTRA(ei, field) \
	has_extra(ei, offsetof(struct ext2_inode, field) + sizeof(u32))

static struct timespec64 get_time(u32 seconds, u32 extra)
{
	struct timespec64 time = {
		.tv_sec = (s32)seconds + ((s64)(extra & 3) << 32),
		.tv_nsec = (long)(extra >> EXTRA_EPOCH_BITS),
	};

	if (time.tv_nsec >= NSEC_PER_SEC)
		time.tv_nsec = 0;
	return time;
}

static u32 time_extra(const struct timespec64 *time)
{
	u64 epoch = (u64)(time->tv_sec - (s32)time->tv_sec) >> 32;

	return (u32)(epoch & 3) | (u32)time->tv_nsec << EXTRA_EPOCH_BITS;
}

static u32 time_seconds(const struct ext2_inode_info *ei, const struct timespec64 *time)
{
	if (ei->i_extra_isize)
		return (u32)time->tv_sec;
	return (u32)clamp_t(s64, time->tv_sec, INT_MIN, INT_MAX);
}

static void read_times(struct inode *inode, const struct ext2_inode *raw)
{
	const struct ext2_inode_info *ei = EXT2_I(inode);

	inode->i_atime = get_time(raw->i_atime,
				  HAS_EXTRA(ei, i_atime_extra) ? raw->i_atime_extra : 0);
	inode->i_mtime = get_time(raw->i_mtime,
				  HAS_EXTRA(ei, i_mtime_extra) ? raw->i_mtime_extra : 0);
	inode->i_ctime = get_time(raw->i_ctime,
				  HAS_EXTRA(ei, i_ctime_extra) ? raw->i_ctime_extra : 0);
}

static void write_times(struct inode *inode, struct ext2_inode *raw)
{
	const struct ext2_inode_info *ei = EXT2_I(inode);

	raw->i_atime = time_seconds(ei, &inode->i_atime);
	raw->i_mtime = time_seconds(ei, &inode->i_mtime);
	raw->i_ctime = time_seconds(ei, &inode->i_ctime);
	if (HAS_EXTRA(ei, i_atime_extra))
		raw->i_atime_extra = time_extra(&inode->i_atime);
	if (HAS_EXTRA(ei, i_mtime_extra))
		raw->i_mtime_extra = time_extra(&inode->i_mtime);
	if (HAS_EXTRA(ei, i_ctime_extra))
		raw->i_ctime_extra = time_extra(&inode->i_ctime);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static bool is_fast_symlink(struct inode *inode)
{
	u64 acl = EXT2_I(inode)->i_file_acl ? inode->i_sb->s_blocksize >> 9 : 0;

	return S_ISLNK(inode->i_mode) && inode->i_blocks <= acl;
}

/* Are i_data pointers to blocks? */
static bool has_block_pointers(struct inode *inode)
{
	return S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode) ||
	       (S_ISLNK(inode->i_mode) && !is_fast_symlink(inode));
}

void ext2_set_inode_flags(struct inode *inode)
{
	u32 flags = EXT2_I(inode)->i_flags;

	inode->i_flags &= ~(S_SYNC | S_APPEND | S_IMMUTABLE | S_NOATIME);
	inode->i_flags |= (flags & EXT2_SYNC_FL ? S_SYNC : 0) |
			  (flags & EXT2_APPEND_FL ? S_APPEND : 0) |
			  (flags & EXT2_IMMUTABLE_FL ? S_IMMUTABLE : 0) |
			  (flags & EXT2_NOATIME_FL ? S_NOATIME : 0);
}

void ext2_set_inode_ops(struct inode *inode, dev_t rdev)
{
	inode->i_mapping->a_ops = &ext2_aops;
	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &ext2_file_inode_operations;
		inode->i_fop = &ext2_file_operations;
		break;
	case S_IFDIR:
		inode->i_op = &ext2_dir_inode_operations;
		inode->i_fop = &ext2_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = is_fast_symlink(inode) ? &ext2_fast_symlink_inode_operations :
						       &ext2_symlink_inode_operations;
		break;
	default:
		inode->i_op = &ext2_special_inode_operations;
		init_special_inode(inode, inode->i_mode, rdev);
		break;
	}
}

/* Device numbers: one word in the packing of 16 bits, or a 0 and one in the new packing. */
static dev_t read_rdev(const struct ext2_inode_info *ei)
{
	if (ei->i_data[0])
		return MKDEV(ei->i_data[0] >> 8 & 0xff, ei->i_data[0] & 0xff);
	return new_decode_dev(ei->i_data[1]);
}

/* What is wrong with an inode that has been read, or NULL. */
static const char *inode_wrong(struct inode *inode)
{
	const struct ext2_geometry *geo = ext2_geo(inode->i_sb);
	const struct ext2_inode_info *ei = EXT2_I(inode);
	u64 size = (u64)inode->i_size;

	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		if (size > (u64)inode->i_sb->s_maxbytes)
			return "larger than a file can be";
		break;
	case S_IFDIR:
		if (!size || size & (geo->block_size - 1) ||
		    size >> geo->block_bits > geo->blocks_count)
			return "size of a directory";
		break;
	case S_IFLNK:
		if (!size || size >= (is_fast_symlink(inode) ? EXT2_FAST_SYMLINK_MAX :
				      geo->block_size))
			return "length of a symbolic link";
		break;
	case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		break;
	default:
		return "no type";
	}
	if (ei->i_file_acl && !ext2_data_block_valid(inode->i_sb, ei->i_file_acl))
		return "block of attributes";
	return NULL;
}

/* => 0 or -errno, with the fields of @inode set */
static int read_raw(struct inode *inode, const struct ext2_inode *raw)
{
	const struct ext2_geometry *geo = ext2_geo(inode->i_sb);
	struct ext2_inode_info *ei = EXT2_I(inode);
	const char *wrong;

	if (!raw->i_links_count)
		return -ESTALE;
	inode->i_mode = raw->i_mode;
	inode->i_uid = raw->i_uid | (u32)raw->i_uid_high << 16;
	inode->i_gid = raw->i_gid | (u32)raw->i_gid_high << 16;
	inode->i_nlink = raw->i_links_count;
	inode->i_size = raw->i_size;
	if (S_ISREG(inode->i_mode))
		inode->i_size = (loff_t)(raw->i_size | (u64)raw->i_size_high << 32);
	inode->i_blocks = raw->i_blocks;
	inode->i_generation = raw->i_generation;
	if (geo->inode_size > EXT2_GOOD_OLD_INODE_SIZE)
		ei->i_extra_isize = raw->i_extra_isize;
	if (ei->i_extra_isize > geo->inode_size - EXT2_GOOD_OLD_INODE_SIZE ||
	    ei->i_extra_isize & 3)
		ei->i_extra_isize = 0;
	read_times(inode, raw);
	memcpy(ei->i_data, raw->i_block, sizeof(ei->i_data));
	ei->i_flags = raw->i_flags;
	ei->i_file_acl = raw->i_file_acl;
	ei->i_block_group = ext2_group_of_inode(geo, (u32)inode->i_ino);
	wrong = inode_wrong(inode);
	if (wrong) {
		ext2_error(inode->i_sb, __func__, "inode %lu: %s", inode->i_ino, wrong);
		return -EIO;
	}
	ext2_set_inode_flags(inode);
	ext2_set_inode_ops(inode, read_rdev(ei));
	return 0;
}

struct inode *ext2_iget(struct super_block *sb, u32 ino)
{
	struct ext2_inode *raw;
	struct buffer_head *bh;
	struct inode *inode;
	int err;

	if (!ext2_valid_ino(ext2_geo(sb), ino)) {
		ext2_error(sb, __func__, "inode number %u", ino);
		return ERR_PTR(-EIO);
	}
	inode = iget_locked(sb, ino);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode->i_state & I_NEW))
		return inode;
	bh = get_raw(sb, ino, &raw);
	err = bh ? read_raw(inode, raw) : -EIO;
	brelse(bh);
	if (err) {
		iget_failed(inode);
		return ERR_PTR(err);
	}
	unlock_new_inode(inode);
	return inode;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* Nobody's bytes become those of a new inode. => i_raw_lock held */
static void begin_raw(struct inode *inode, struct ext2_inode *raw)
{
	unsigned int room = ext2_geo(inode->i_sb)->inode_size - EXT2_GOOD_OLD_INODE_SIZE;
	u16 want = EXT2_SB(inode->i_sb)->s_es->s_want_extra_isize;
	struct ext2_inode_info *ei = EXT2_I(inode);

	memset(raw, 0, ext2_geo(inode->i_sb)->inode_size);
	ei->i_fresh = false;
	if (!room)
		return;
	if (want & 3 || want > room ||
	    want < sizeof(struct ext2_inode) - EXT2_GOOD_OLD_INODE_SIZE)
		want = sizeof(struct ext2_inode) - EXT2_GOOD_OLD_INODE_SIZE;
	ei->i_extra_isize = raw->i_extra_isize = want;
	raw->i_crtime = (u32)inode->i_ctime.tv_sec;
	raw->i_crtime_extra = time_extra(&inode->i_ctime);
}

/* => i_raw_lock held */
static void fill_raw(struct inode *inode, struct ext2_inode *raw)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	if (ei->i_fresh)
		begin_raw(inode, raw);
	raw->i_mode = inode->i_mode;
	raw->i_uid = (u16)inode->i_uid;
	raw->i_uid_high = (u16)(inode->i_uid >> 16);
	raw->i_gid = (u16)inode->i_gid;
	raw->i_gid_high = (u16)(inode->i_gid >> 16);
	raw->i_links_count = (u16)inode->i_nlink;
	raw->i_size = (u32)i_size_read(inode);
	if (S_ISREG(inode->i_mode))
		raw->i_size_high = (u32)((u64)i_size_read(inode) >> 32);
	raw->i_blocks = (u32)inode->i_blocks;
	raw->i_dtime = ei->i_dtime;
	raw->i_flags = ei->i_flags;
	raw->i_generation = inode->i_generation;
	raw->i_file_acl = ei->i_file_acl;
	memcpy(raw->i_block, ei->i_data, sizeof(ei->i_data));
	write_times(inode, raw);
}

int ext2_update_raw(struct inode *inode, int sync, u32 *dep)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_inode *raw;
	struct buffer_head *bh = get_raw(sb, (u32)inode->i_ino, &raw);
	int err;

	if (!bh)
		return -EIO;
	if (S_ISREG(inode->i_mode) && i_size_read(inode) > 0x7fffffff)
		ext2_note_large_file(sb);
	spin_lock(&ei->i_raw_lock);
	fill_raw(inode, raw);
	spin_unlock(&ei->i_raw_lock);
	mark_buffer_dirty(bh);
	if (dep)
		*dep = (u32)bh->b_blocknr;
	err = sync ? sync_dirty_buffer(bh) : 0;
	brelse(bh);
	return err;
}

int ext2_write_inode(struct inode *inode, int sync)
{
	if (inode->i_sb->s_flags & MS_RDONLY)
		return -EROFS;
	return ext2_update_raw(inode, sync, NULL);
}

/* ---- going ------------------------------------------------------------------------------------ */

/* => nobody else has the inode; its pages are gone; may sleep */
static void delete_inode(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 dep;

	ei->i_dtime = max((u32)ktime_get_real_seconds(), 1u);
	if (has_block_pointers(inode)) {
		i_size_write(inode, 0);
		ext2_cut_blocks(inode, 0, ~0ull);
	}
	if (ext2_update_raw(inode, 0, &dep))
		return;		/* the disk still has it: for e2fsck */
	if (ei->i_file_acl)
		ext2_xattr_delete_inode(inode, dep);
	ext2_free_inode(sb, (u32)inode->i_ino, S_ISDIR(inode->i_mode), dep);
}

void ext2_evict_inode(struct inode *inode)
{
	truncate_inode_pages(&inode->i_data, 0);
	if (!inode->i_nlink && !(inode->i_sb->s_flags & MS_RDONLY))
		delete_inode(inode);
	invalidate_inode_buffers(inode);
}

void ext2_xattr_delete_inode(struct inode *inode, u32 dep)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_xattr_header *header;
	struct buffer_head *bh = sb_bread(sb, EXT2_I(inode)->i_file_acl);

	if (!bh) {
		ext2_error(sb, __func__, "inode %lu: attributes cannot be read", inode->i_ino);
		return;
	}
	header = (struct ext2_xattr_header *)bh->b_data;
	lock_buffer(bh);
	if (header->h_magic != EXT2_XATTR_MAGIC || header->h_blocks != 1) {
		unlock_buffer(bh);
		ext2_error(sb, __func__, "inode %lu: block %u has no attributes", inode->i_ino,
			   EXT2_I(inode)->i_file_acl);
	} else if (header->h_refcount > 1) {
		header->h_refcount--;
		unlock_buffer(bh);
		mark_buffer_dirty(bh);
	} else {
		unlock_buffer(bh);
		ext2_free_blocks(sb, EXT2_I(inode)->i_file_acl, 1, dep);
	}
	brelse(bh);
}

int ext2_getattr(struct vfsmount *mnt, struct dentry *dentry, struct kstat *stat)
{
	struct inode *inode = dentry->d_inode;

	generic_fillattr(inode, stat);
	stat->blksize = inode->i_sb->s_blocksize;
	stat->blocks = inode->i_blocks;
	return 0;
}

/* ---- pages ------------------------------------------------------------------------------------ */

static int ext2_readpage(struct file *file, struct page *page)
{
	return mpage_readpage(page, ext2_get_block);
}

static int ext2_readpages(struct file *file, struct address_space *mapping, struct page **pages,
			  unsigned int nr)
{
	return mpage_readpages(mapping, pages, nr, ext2_get_block);
}

static int ext2_writepage(struct page *page, struct writeback_control *wbc)
{
	return block_write_full_page(page, ext2_get_block, wbc);
}

static int ext2_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return mpage_writepages(mapping, wbc, ext2_get_block);
}

static int ext2_prepare_write(struct file *file, struct page *page, unsigned int from,
			      unsigned int to)
{
	return block_prepare_write(page, from, to, ext2_get_block);
}

static int ext2_releasepage(struct page *page, gfp_t gfp)
{
	return try_to_free_buffers(page);
}

static sector_t ext2_bmap(struct address_space *mapping, sector_t block)
{
	return generic_block_bmap(mapping, block, ext2_get_block);
}

static ssize_t ext2_direct_IO(unsigned int rw, struct file *file, char *buf, size_t count,
			      loff_t pos)
{
	return blockdev_direct_IO(rw, file, buf, count, pos, ext2_get_block);
}

const struct address_space_operations ext2_aops = {
	.readpage = ext2_readpage,
	.readpages = ext2_readpages,
	.writepage = ext2_writepage,
	.writepages = ext2_writepages,
	.prepare_write = ext2_prepare_write,
	.commit_write = generic_commit_write,
	.set_page_dirty = __set_page_dirty_buffers,
	.invalidatepage = block_invalidatepage,
	.releasepage = ext2_releasepage,
	.bmap = ext2_bmap,
	.direct_IO = ext2_direct_IO,
};
