/*
 * kernel/fs/ext2/ialloc.c - which inodes are free, and where a new one should live.
 *
 * Theory.  Files of one directory are used together, so a file's inode goes into the group of its
 * directory, and its blocks follow it there.  Directories are spread instead: a new one goes into
 * the group with most free blocks among those with at least the average of free inodes, so that its
 * files will find room beside it.  Where the wanted group is full the others are tried, first by
 * steps that double (so that neighbours of a full group do not all fill the same one), then in
 * order.
 *
 * An inode that was freed comes back by way of freed.c.
 *
 * Locking: s_alloc_sem.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/writeback.h>
#include <lib/bitmap.h>

static u32 free_inodes(struct super_block *sb, u32 group)
{
	return ext2_get_group_desc(sb, group, NULL)->bg_free_inodes_count;
}

/* => s_alloc_sem held; where to look first for a new directory's inode */
static u32 group_for_dir(struct super_block *sb, u32 parent)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 groups = sbi->s_geo.groups_count, average = sbi->s_free_inodes / groups;
	u32 best = parent, most = 0, i;

	for (i = 0; i < groups; i++) {
		const struct ext2_group_desc *desc = ext2_get_group_desc(sb, i, NULL);

		if (!desc->bg_free_inodes_count || desc->bg_free_inodes_count < average)
			continue;
		if (desc->bg_free_blocks_count > most) {
			most = desc->bg_free_blocks_count;
			best = i;
		}
	}
	return best;
}

/* => s_alloc_sem held; a group with free inodes, or -ENOSPC */
static int find_group(struct super_block *sb, u32 wanted, u32 *group)
{
	u32 groups = ext2_geo(sb)->groups_count, step, i;

	*group = wanted;
	if (free_inodes(sb, *group))
		return 0;
	for (step = 1; step < groups; step <<= 1) {
		*group = (*group + step) % groups;
		if (free_inodes(sb, *group))
			return 0;
	}
	for (i = 0; i < groups; i++) {
		*group = (wanted + i) % groups;
		if (free_inodes(sb, *group))
			return 0;
	}
	return -ENOSPC;
}

static struct buffer_head *read_inode_bitmap(struct super_block *sb, u32 group)
{
	u32 block = ext2_get_group_desc(sb, group, NULL)->bg_inode_bitmap;
	struct buffer_head *bh = sb_bread(sb, block);

	if (!bh)
		ext2_error(sb, __func__, "group %u: block %u cannot be read", group, block);
	return bh;
}

/* => s_alloc_sem held */
static void count_inode(struct super_block *sb, u32 group, int n, bool isdir)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bh;
	struct ext2_group_desc *desc = ext2_get_group_desc(sb, group, &bh);

	desc->bg_free_inodes_count = (u16)(desc->bg_free_inodes_count + n);
	sbi->s_free_inodes += (u32)n;
	if (isdir) {
		desc->bg_used_dirs_count = (u16)(desc->bg_used_dirs_count - n);
		sbi->s_dirs_count -= (u32)n;
	}
	sb->s_dirt = true;
	mark_buffer_dirty(bh);
}

/* => s_alloc_sem held; 0 with *ino, -ENOSPC, -EIO or -EROFS */
static int new_ino(struct super_block *sb, u32 parent, bool isdir, u32 *ino)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	struct buffer_head *bh;
	unsigned long *map;
	u32 group, bit;
	int err;

	err = find_group(sb, isdir ? group_for_dir(sb, parent) : parent, &group);
	if (err)
		return err;
	bh = read_inode_bitmap(sb, group);
	if (!bh)
		return -EIO;
	map = (unsigned long *)bh->b_data;
	bit = find_next_zero_bit(map, geo->inodes_per_group, 0);
	if (bit >= geo->inodes_per_group || (group == 0 && bit + 1 < geo->first_ino)) {
		brelse(bh);
		ext2_corrupt(sb, __func__, "group %u: the inode bitmap does not fit its count",
			     group);
		return -EROFS;
	}
	__set_bit(bit, map);
	mark_buffer_dirty(bh);
	brelse(bh);
	count_inode(sb, group, -1, isdir);
	*ino = group * geo->inodes_per_group + bit + 1;
	return 0;
}

/* All that are free, also those that cannot be used yet. => s_alloc_sem held */
static u32 __count_free_inodes(struct ext2_sb_info *sbi)
{
	u32 freed;

	spin_lock(&sbi->s_freed_lock);
	freed = sbi->s_nr_freed_inodes;
	spin_unlock(&sbi->s_freed_lock);
	return sbi->s_free_inodes + freed;
}

u32 ext2_count_free_inodes(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 count;

	mutex_lock(&sbi->s_alloc_sem);
	count = __count_free_inodes(sbi);
	mutex_unlock(&sbi->s_alloc_sem);
	return count;
}

/* => may sleep; 0 with *ino, or -errno */
static int alloc_ino(struct super_block *sb, u32 parent, bool isdir, u32 *ino)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	int err, tries;

	for (tries = 0; tries < 4; tries++) {
		bool more;

		if (sb->s_flags & MS_RDONLY)
			return -EROFS;
		mutex_lock(&sbi->s_alloc_sem);
		err = new_ino(sb, parent, isdir, ino);
		more = __count_free_inodes(sbi) != sbi->s_free_inodes;
		mutex_unlock(&sbi->s_alloc_sem);
		if (err != -ENOSPC || !more || ext2_reuse_inodes(sb))
			break;
	}
	return err;
}

/* It was not needed after all: nothing of it has reached the disk. */
static void unalloc_ino(struct super_block *sb, u32 ino, bool isdir)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	mutex_lock(&sbi->s_alloc_sem);
	__ext2_clear_inode(sb, ino, isdir);
	mutex_unlock(&sbi->s_alloc_sem);
}

struct inode *ext2_new_inode(struct inode *dir, umode_t mode)
{
	struct super_block *sb = dir->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_inode_info *ei;
	struct inode *inode;
	u32 ino;
	int err;

	err = alloc_ino(sb, EXT2_I(dir)->i_block_group, S_ISDIR(mode), &ino);
	if (err)
		return ERR_PTR(err);
	inode = new_inode(sb);
	if (!inode) {
		unalloc_ino(sb, ino, S_ISDIR(mode));
		return ERR_PTR(-ENOMEM);
	}
	ei = EXT2_I(inode);
	inode->i_ino = ino;
	inode_init_owner(inode, dir, mode);
	ei->i_block_group = ext2_group_of_inode(&sbi->s_geo, ino);
	ei->i_flags = EXT2_I(dir)->i_flags & EXT2_FL_INHERITED;
	if (!S_ISREG(mode) && !S_ISDIR(mode))
		ei->i_flags &= EXT2_NOATIME_FL | EXT2_NODUMP_FL;
	ei->i_fresh = true;
	mutex_lock(&sbi->s_alloc_sem);
	inode->i_generation = sbi->s_next_generation++;
	mutex_unlock(&sbi->s_alloc_sem);
	ext2_set_inode_flags(inode);
	if (!insert_inode_hash(inode)) {
		/* Its bit stays set now. */
		ext2_error(sb, __func__, "inode %u is in use, but free in the bitmap", ino);
		iput(inode);
		return ERR_PTR(-EIO);
	}
	mark_inode_dirty(inode);
	return inode;
}

void __ext2_clear_inode(struct super_block *sb, u32 ino, bool isdir)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	u32 group = ext2_group_of_inode(geo, ino);
	struct buffer_head *bh = read_inode_bitmap(sb, group);

	if (!bh)
		return;
	if (__test_and_clear_bit((ino - 1) % geo->inodes_per_group, (unsigned long *)bh->b_data)) {
		mark_buffer_dirty(bh);
		count_inode(sb, group, 1, isdir);
	} else {
		ext2_corrupt(sb, __func__, "inode %u was free already", ino);
	}
	brelse(bh);
}
