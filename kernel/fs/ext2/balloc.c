/*
 * kernel/fs/ext2/balloc.c - which blocks are free.
 *
 * Theory.  One bit per block of a group, in one block.  A new block is looked for at a goal, which
 * the caller sets behind the last block of the file, then from there to the end of the group, from
 * the group's beginning, and in the groups that follow.  So a file that is written from its
 * beginning lies in one piece where there is room, and two that grow by turns share out a stretch
 * between them; no blocks are set aside in advance.
 *
 * Before a bitmap is used for the first time, it must have bits set for the tables of its group.
 * If it has not, or if a descriptor promises free blocks that its bitmap does not have, the disk is
 * corrupt, and is not written to any more.
 *
 * Freed blocks do not come back at once: see freed.c.  They count as free, and when nothing else is
 * left, the allocator makes them usable.  The last s_r_blocks_count free blocks are for root.
 *
 * Locking: s_alloc_sem, which sleeps since a bitmap may have to be read.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/mount.h>
#include <lib/bitmap.h>

struct ext2_group_desc *ext2_get_group_desc(struct super_block *sb, u32 group,
					    struct buffer_head **bh)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 per_block = sbi->s_geo.block_size / (u32)sizeof(struct ext2_group_desc);
	struct buffer_head *desc_bh = sbi->s_group_desc[group / per_block];

	if (bh)
		*bh = desc_bh;
	return (struct ext2_group_desc *)desc_bh->b_data + group % per_block;
}

bool ext2_data_block_valid(struct super_block *sb, u32 block)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	u32 group;

	if (block <= geo->first_data_block || block >= geo->blocks_count)
		return false;
	group = ext2_group_of_block(geo, block);
	return !ext2_is_metadata(geo, group, ext2_get_group_desc(sb, group, NULL), block, 1);
}

static bool all_set(const unsigned long *map, u32 bit, u32 count)
{
	return find_next_zero_bit(map, bit + count, bit) >= bit + count;
}

/* Does the bitmap say that the group's own tables are in use? */
static bool bitmap_is_sane(struct super_block *sb, u32 group, const unsigned long *map)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	const struct ext2_group_desc *desc = ext2_get_group_desc(sb, group, NULL);
	u32 first = ext2_group_first_block(geo, group);

	return all_set(map, 0, ext2_bg_num_copies(geo, group)) &&
	       all_set(map, desc->bg_block_bitmap - first, 1) &&
	       all_set(map, desc->bg_inode_bitmap - first, 1) &&
	       all_set(map, desc->bg_inode_table - first, geo->itb_per_group);
}

/* => s_alloc_sem held; may sleep; a reference, or NULL: not readable, or not to be trusted */
static struct buffer_head *read_block_bitmap(struct super_block *sb, u32 group)
{
	const struct ext2_group_desc *desc = ext2_get_group_desc(sb, group, NULL);
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bh = sb_bread(sb, desc->bg_block_bitmap);

	if (!bh) {
		ext2_error(sb, __func__, "group %u: block %u cannot be read", group,
			   desc->bg_block_bitmap);
		return NULL;
	}
	if (test_bit(group, sbi->s_checked))
		return bh;
	if (!bitmap_is_sane(sb, group, (unsigned long *)bh->b_data)) {
		ext2_corrupt(sb, __func__, "group %u: the bitmap has the group's tables as free",
			     group);
		brelse(bh);
		return NULL;
	}
	__set_bit(group, sbi->s_checked);
	return bh;
}

/* @n blocks of @group more (or less) are free. => s_alloc_sem held */
static void count_blocks(struct super_block *sb, u32 group, int n)
{
	struct buffer_head *bh;
	struct ext2_group_desc *desc = ext2_get_group_desc(sb, group, &bh);

	desc->bg_free_blocks_count = (u16)(desc->bg_free_blocks_count + n);
	EXT2_SB(sb)->s_free_blocks += (u32)n;
	sb->s_dirt = true;
	mark_buffer_dirty(bh);
}

/*
 * A free block of @group, the first from bit @start on, else the first of all.
 * => s_alloc_sem held; 0 with *block, -ENOSPC, -EROFS or -EIO
 */
static int new_block_in_group(struct super_block *sb, u32 group, u32 start, u32 *block)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	u32 nr = ext2_group_blocks(geo, group), bit;
	struct buffer_head *bh;
	unsigned long *map;

	if (!ext2_get_group_desc(sb, group, NULL)->bg_free_blocks_count)
		return -ENOSPC;
	bh = read_block_bitmap(sb, group);
	if (!bh)
		return sb->s_flags & MS_RDONLY ? -EROFS : -EIO;
	map = (unsigned long *)bh->b_data;
	bit = find_next_zero_bit(map, nr, start);
	if (bit >= nr)
		bit = find_next_zero_bit(map, nr, 0);
	if (bit >= nr) {
		brelse(bh);
		ext2_corrupt(sb, __func__, "group %u has %u free blocks, its bitmap none", group,
			     ext2_get_group_desc(sb, group, NULL)->bg_free_blocks_count);
		return -EROFS;
	}
	__set_bit(bit, map);
	mark_buffer_dirty(bh);
	brelse(bh);
	count_blocks(sb, group, -1);
	*block = ext2_group_first_block(geo, group) + bit;
	return 0;
}

/* May current take one more, of what is free? => s_alloc_sem held */
static bool may_take_block(struct super_block *sb, u32 free)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	return free > sbi->s_es->s_r_blocks_count ||
	       (free && (capable_root() || current->fsuid == sbi->s_opt.resuid ||
			 (sbi->s_opt.resgid && in_group_p(sbi->s_opt.resgid))));
}

/* => s_alloc_sem held; as new_block_in_group() */
static int new_block(struct super_block *sb, u32 goal, u32 *block)
{
	const struct ext2_geometry *geo = ext2_geo(sb);
	u32 group, start, i;
	int err;

	if (goal <= geo->first_data_block || goal >= geo->blocks_count)
		goal = geo->first_data_block + 1;
	group = ext2_group_of_block(geo, goal);
	start = goal - ext2_group_first_block(geo, group);
	for (i = 0; i < geo->groups_count; i++) {
		err = new_block_in_group(sb, group, start, block);
		if (err != -ENOSPC)
			return err;
		start = 0;
		group = group + 1 < geo->groups_count ? group + 1 : 0;
	}
	return -ENOSPC;
}

/* All that is free, also what cannot be used yet. => s_alloc_sem held */
static u32 __count_free_blocks(struct ext2_sb_info *sbi)
{
	u32 freed;

	spin_lock(&sbi->s_freed_lock);
	freed = sbi->s_nr_freed_blocks;
	spin_unlock(&sbi->s_freed_lock);
	return sbi->s_free_blocks + freed;
}

u32 ext2_count_free_blocks(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 count;

	mutex_lock(&sbi->s_alloc_sem);
	count = __count_free_blocks(sbi);
	mutex_unlock(&sbi->s_alloc_sem);
	return count;
}

int ext2_new_block(struct inode *inode, u32 goal, u32 *block)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	int err, tries;

	/* What others free meanwhile may be taken by others: not for ever. */
	for (tries = 0; tries < 4; tries++) {
		u32 total;

		if (sb->s_flags & MS_RDONLY)
			return -EROFS;
		mutex_lock(&sbi->s_alloc_sem);
		total = __count_free_blocks(sbi);
		err = may_take_block(sb, total) ? new_block(sb, goal, block) : -ENOSPC;
		mutex_unlock(&sbi->s_alloc_sem);
		if (err != -ENOSPC || total == sbi->s_free_blocks)
			break;
		if (ext2_reuse_blocks(sb))
			break;
	}
	if (!err && !ext2_data_block_valid(sb, *block)) {
		ext2_corrupt(sb, __func__, "block %u is one of the tables, and free", *block);
		err = -EROFS;
	}
	return err;
}

/* Bits [bit, end) of @group: blocks that belonged to files. => s_alloc_sem held */
static void clear_bits(struct super_block *sb, u32 group, u32 bit, u32 end)
{
	struct buffer_head *bh = read_block_bitmap(sb, group);
	u32 cleared = 0, nr = end - bit;

	if (!bh)
		return;
	for (; bit < end; bit++)
		cleared += __test_and_clear_bit(bit, (unsigned long *)bh->b_data);
	if (cleared) {
		mark_buffer_dirty(bh);
		count_blocks(sb, group, (int)cleared);
	}
	brelse(bh);
	if (cleared != nr)
		ext2_corrupt(sb, __func__, "group %u: %u blocks of files were free already", group,
			     nr - cleared);
}

void __ext2_clear_blocks(struct super_block *sb, u32 block, u32 count)
{
	const struct ext2_geometry *geo = ext2_geo(sb);

	while (count) {
		u32 group = ext2_group_of_block(geo, block);
		u32 bit = block - ext2_group_first_block(geo, group);
		u32 end = min(bit + count, ext2_group_blocks(geo, group));

		clear_bits(sb, group, bit, end);
		count -= end - bit;
		block += end - bit;
	}
}
