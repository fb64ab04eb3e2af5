/*
 * kernel/fs/ext2/map.c - which block of the disk holds a block of a file.
 *
 * Theory.  An inode has 12 pointers to blocks, then one to a block of pointers, one to a block of
 * pointers to such, and one to a third level.  The path to a block is so 1 to 4 indices long:
 *
 *	i_data[0..11] -> data
 *	i_data[12] -> [ ] -> data		256, 512 or 1024 pointers to a block
 *	i_data[13] -> [ ] -> [ ] -> data
 *	i_data[14] -> [ ] -> [ ] -> [ ] -> data
 *
 * A pointer of 0 is a hole.  The depth follows from the number of the block, so no image can lead
 * us in a circle; each pointer is checked to be within the file system and not to be one of its
 * tables, before it is followed.
 *
 * A new block of pointers is on the disk, all zeros, before anything points to it, and not only in
 * the disk's own cache, which may lose it and keep the pointer: whatever the disk holds when the
 * power goes, a block of pointers is never somebody's old text.  The same is
 * done for the blocks of a directory, which become one big unused entry.  Both are rare: one
 * pointer block for each 256 to 1024 blocks of a file that grows.
 *
 * Locking: i_map_sem, to read for looking, to write for allocating.  Where a look finds a hole and
 * a block is wanted, the look is repeated with the lock held for writing.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/block/blkdev.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/writeback.h>
#include <lib/string.h>

int ext2_block_to_path(unsigned int block_bits, u64 iblock, u32 path[4])
{
	unsigned int ptr_bits = block_bits - 2;
	u32 mask = (1u << ptr_bits) - 1;

	if (iblock < EXT2_NDIR_BLOCKS) {
		path[0] = (u32)iblock;
		return 1;
	}
	iblock -= EXT2_NDIR_BLOCKS;
	if (iblock <= mask) {
		path[0] = EXT2_IND_BLOCK;
		path[1] = (u32)iblock;
		return 2;
	}
	iblock -= 1ull << ptr_bits;
	if (iblock < 1ull << 2 * ptr_bits) {
		path[0] = EXT2_DIND_BLOCK;
		path[1] = (u32)(iblock >> ptr_bits);
		path[2] = (u32)iblock & mask;
		return 3;
	}
	iblock -= 1ull << 2 * ptr_bits;
	if (iblock < 1ull << 3 * ptr_bits) {
		path[0] = EXT2_TIND_BLOCK;
		path[1] = (u32)(iblock >> 2 * ptr_bits);
		path[2] = (u32)(iblock >> ptr_bits) & mask;
		path[3] = (u32)iblock & mask;
		return 4;
	}
	return 0;
}

/* The place of a pointer on the way to a block: in i_data, or in a block of pointers. */
struct slot {
	struct buffer_head *bh;		/* a reference; NULL: i_data */
	u32 *p;
	u32 *end;			/* behind the last pointer that stands there */
};

static bool pointer_ok(struct inode *inode, u32 block)
{
	if (ext2_data_block_valid(inode->i_sb, block))
		return true;
	ext2_error(inode->i_sb, __func__, "inode %lu: block %u is not one of a file", inode->i_ino,
		   block);
	return false;
}

/*
 * Follow @path until a pointer is 0 or the last has been found.
 * => i_map_sem held; *slot is where that pointer stands (slot->bh to be released), and the number
 *    of indices used, so @depth with *slot->p != 0 means found; or -EIO
 */
static int walk(struct inode *inode, const u32 path[4], int depth, struct slot *slot)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 ptrs = ext2_geo(inode->i_sb)->block_size / 4;
	int level;

	slot->bh = NULL;
	slot->p = ei->i_data + path[0];
	slot->end = ei->i_data + EXT2_NDIR_BLOCKS;
	for (level = 1; level < depth && *slot->p; level++) {
		struct buffer_head *bh;

		if (!pointer_ok(inode, *slot->p))
			goto fail;
		bh = sb_bread(inode->i_sb, *slot->p);
		if (!bh) {
			ext2_error(inode->i_sb, __func__, "inode %lu: block %u cannot be read",
				   inode->i_ino, *slot->p);
			goto fail;
		}
		brelse(slot->bh);
		slot->bh = bh;
		slot->p = (u32 *)bh->b_data + path[level];
		slot->end = (u32 *)bh->b_data + ptrs;
	}
	return level;
fail:
	brelse(slot->bh);
	return -EIO;
}

/*
 * Blocks from @iblock on that are known and follow each other on the disk, at most @max.
 * => i_map_sem held; their number with *block, 0: a hole; -EIO
 */
static int find_blocks(struct inode *inode, const u32 path[4], int depth, u32 max, u32 *block)
{
	struct slot slot;
	int level = walk(inode, path, depth, &slot);
	u32 n = 0;

	if (level < 0)
		return level;
	if (level == depth && *slot.p) {
		*block = *slot.p;
		while (n < max && slot.p + n < slot.end && slot.p[n] == *block + n &&
		       ext2_data_block_valid(inode->i_sb, *block + n))
			n++;
		if (!n && !pointer_ok(inode, *block)) {
			brelse(slot.bh);
			return -EIO;
		}
	}
	brelse(slot.bh);
	return (int)n;
}

/* Where a block should lie whose pointer will stand at @slot. => i_map_sem held for writing */
static u32 find_goal(struct inode *inode, u32 iblock, const struct slot *slot)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	const u32 *first = slot->bh ? (u32 *)slot->bh->b_data : ei->i_data, *p;

	if (ei->i_last_block && iblock == ei->i_next_iblock)
		return ei->i_last_block + 1;
	for (p = slot->p; p > first; p--)
		if (p[-1])
			return p[-1] + (u32)(slot->p - p) + 1;
	if (slot->bh)
		return (u32)slot->bh->b_blocknr + 1;
	return ext2_group_first_block(ext2_geo(inode->i_sb), ei->i_block_group);
}

/*
 * A new block whose content is defined on the disk before anything points to it.
 * => may sleep; 0 or -EIO
 */
static int write_blank(struct inode *inode, u32 block, bool pointers)
{
	struct buffer_head *bh = sb_getblk(inode->i_sb, block);
	int err;

	if (!bh)
		return -ENOMEM;
	lock_buffer(bh);
	memset(bh->b_data, 0, bh->b_size);
	if (!pointers)
		((struct ext2_dir_entry *)bh->b_data)->rec_len = (u16)bh->b_size;
	set_buffer_uptodate(bh);
	unlock_buffer(bh);
	mark_buffer_dirty(bh);
	err = sync_dirty_buffer(bh);
	if (!err)
		err = blkdev_issue_flush(inode->i_sb->s_bdev->bd_part);
	if (pointers)
		brelse(bh);
	else
		bforget(bh);	/* from now on it is a page of the directory */
	return err;
}

/* => i_map_sem held for writing; the pointer at @slot is set; 0 or -errno */
static int add_block(struct inode *inode, u32 iblock, struct slot *slot, bool pointers, u32 *block)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct super_block *sb = inode->i_sb;
	u32 goal = find_goal(inode, iblock, slot);
	int err = ext2_new_block(inode, goal, block);

	if (err)
		return err;
	if (pointers || S_ISDIR(inode->i_mode)) {
		err = write_blank(inode, *block, pointers);
		if (err) {
			/* Nothing has ever pointed to it. */
			ext2_free_blocks(sb, *block, 1, 0);
			return err;
		}
	}
	ei->i_last_block = *block;
	ei->i_next_iblock = pointers ? iblock : iblock + 1;
	inode->i_blocks += sb->s_blocksize >> 9;
	*slot->p = *block;
	if (slot->bh)
		mark_buffer_dirty_inode(slot->bh, inode);
	mark_inode_dirty(inode);
	return 0;
}

/*
 * Give block @iblock of the file a block, with all pointers on the way.  If that fails in the
 * middle, what was added stays: empty blocks of pointers, which the next truncation takes away.
 * => i_map_sem held for writing; 0 with *block, *new; or -errno
 */
static int alloc_blocks(struct inode *inode, u32 iblock, const u32 path[4], int depth, u32 *block,
			bool *new)
{
	*new = false;
	for (;;) {
		struct slot slot;
		int level = walk(inode, path, depth, &slot), err;

		if (level < 0)
			return level;
		if (*slot.p) {
			*block = *slot.p;
			err = pointer_ok(inode, *block) ? 0 : -EIO;
			brelse(slot.bh);
			return err;
		}
		*new = level == depth;
		err = add_block(inode, iblock, &slot, !*new, block);
		brelse(slot.bh);
		if (err || *new)
			return err;
	}
}

int ext2_get_block(struct inode *inode, sector_t iblock, struct buffer_head *bh, int create)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	unsigned int bits = inode->i_blkbits;
	u32 max = max(bh->b_size >> bits, 1u), block, path[4];
	int depth = ext2_block_to_path(bits, iblock, path), n, err;
	bool new;

	if (!depth)
		return create ? -EFBIG : -EIO;
	down_read(&ei->i_map_sem);
	n = find_blocks(inode, path, depth, max, &block);
	up_read(&ei->i_map_sem);
	if (n < 0)
		return n;
	if (n) {
		map_bh(bh, inode->i_sb, block);
		bh->b_size = (unsigned int)n << bits;
		return 0;
	}
	if (!create)
		return 0;
	down_write(&ei->i_map_sem);
	err = alloc_blocks(inode, (u32)iblock, path, depth, &block, &new);
	up_write(&ei->i_map_sem);
	if (err)
		return err;
	if (new)
		set_buffer_new(bh);
	map_bh(bh, inode->i_sb, block);
	bh->b_size = 1u << bits;
	return 0;
}
