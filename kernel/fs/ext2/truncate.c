/*
 * kernel/fs/ext2/truncate.c - taking blocks away from a file.
 *
 * Theory.  A file is cut from one of its blocks to another: to the end by truncate, all of it when
 * it is deleted, in the middle by punching a hole.  A pointer all of whose blocks go is set to 0
 * where it stands, and then the tree below it is freed; a block of pointers that is left without
 * any goes with them.  The pointer is gone, in the buffer that will be written, before the block
 * below it is handed to freed.c, which keeps that order on the disk as well.  For pointers of the
 * inode itself that means to put the inode's bytes into its block in between.
 *
 * Depth is at most three whatever the image says.  A block of pointers that contains itself would
 * still make a walk of 2^30 steps: a cut ends with an error when it has freed more blocks than the
 * file system has, and looks at the blocks of pointers at most as often.
 *
 * Locking: i_map_sem for writing throughout; i_sem is held by the caller, or nobody else has the
 * inode any more.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/core/sched.h>
#include <kernel/fs/writeback.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>

struct cut {
	struct inode *inode;
	u64 first, end;			/* blocks of the file */
	u32 budget;			/* blocks that may still be freed */
};

static unsigned int ptr_bits(const struct inode *inode)
{
	return inode->i_blkbits - 2;
}

/* Free @block, which has left its file's tree by the pointer in block @dep of the disk. */
static void free_one(struct cut *cut, u32 block, u32 dep)
{
	struct inode *inode = cut->inode;
	u32 sectors = (u32)(inode->i_sb->s_blocksize >> 9);

	cut->budget--;
	inode->i_blocks -= min_t(u64, sectors, inode->i_blocks);
	ext2_free_blocks(inode->i_sb, block, 1, dep);
}

/* A wrong pointer is reported; who has many of them is not listened to for long. */
static void bad_pointer(struct cut *cut, u32 block, const char *wrong)
{
	ext2_error(cut->inode->i_sb, "ext2_truncate", "inode %lu: block %u %s", cut->inode->i_ino,
		   block, wrong);
	cut->budget /= 2;
}

/* @level blocks of pointers lie between @block and data. => may sleep */
static void free_tree(struct cut *cut, u32 block, unsigned int level, u32 dep)
{
	struct super_block *sb = cut->inode->i_sb;
	struct buffer_head *bh;
	u32 *p, *end;

	if (!ext2_data_block_valid(sb, block)) {
		bad_pointer(cut, block, "is not one of a file");
		return;
	}
	if (level) {
		bh = sb_bread(sb, block);
		if (bh) {
			p = (u32 *)bh->b_data;
			for (end = p + sb->s_blocksize / 4; p < end && cut->budget; p++)
				if (*p)
					free_tree(cut, *p, level - 1, dep);
			brelse(bh);
		} else {
			bad_pointer(cut, block, "cannot be read");
		}
		cond_resched();
	}
	if (cut->budget)
		free_one(cut, block, dep);
}

/* Which part of the @span blocks from @base on goes? */
enum part { NOTHING, SOME, ALL };
static enum part part_of(const struct cut *cut, u64 base, u64 span)
{
	if (base >= cut->end || base + span <= cut->first)
		return NOTHING;
	return cut->first <= base && base + span <= cut->end ? ALL : SOME;
}

/*
 * Cut within the tree below @block, which maps the file's blocks from @base on; @level >= 1.
 * => may sleep; true: no pointer is left in it
 */
static bool cut_tree(struct cut *cut, u32 block, unsigned int level, u64 base)
{
	struct super_block *sb = cut->inode->i_sb;
	u64 span = 1ull << (level - 1) * ptr_bits(cut->inode);
	u32 nr = (u32)sb->s_blocksize / 4, i;
	struct buffer_head *bh;
	bool empty = true;

	bh = ext2_data_block_valid(sb, block) ? sb_bread(sb, block) : NULL;
	if (!bh) {
		bad_pointer(cut, block, "is not one of a file, or cannot be read");
		return false;
	}
	for (i = 0; i < nr; i++) {
		u32 *p = (u32 *)bh->b_data + i, old = *p;
		enum part part = old ? part_of(cut, base + i * span, span) : NOTHING;

		if (part == ALL || (part == SOME && cut_tree(cut, old, level - 1, base + i * span))) {
			*p = 0;
			mark_buffer_dirty_inode(bh, cut->inode);
			free_tree(cut, old, level - 1, block);
		} else if (old) {
			empty = false;
		}
	}
	brelse(bh);
	return empty;
}

/* => i_map_sem held for writing; may sleep */
static void cut_inode(struct cut *cut)
{
	static const unsigned int levels[EXT2_N_BLOCKS] = {
		[EXT2_IND_BLOCK] = 1, [EXT2_DIND_BLOCK] = 2, [EXT2_TIND_BLOCK] = 3,
	};
	struct inode *inode = cut->inode;
	struct ext2_inode_info *ei = EXT2_I(inode);
	u32 gone[EXT2_N_BLOCKS] = { 0 }, dep, i;
	bool any = false;
	u64 base = 0;

	for (i = 0; i < EXT2_N_BLOCKS; i++) {
		u64 span = 1ull << levels[i] * ptr_bits(inode);
		u32 old = ei->i_data[i];
		enum part part = old ? part_of(cut, base, span) : NOTHING;

		if (part == ALL || (part == SOME && cut_tree(cut, old, levels[i], base))) {
			gone[i] = old;
			ei->i_data[i] = 0;
			any = true;
		}
		base += span;
	}
	if (!any)
		return;
	if (ext2_update_raw(inode, 0, &dep))
		return;		/* the disk still has them: for e2fsck */
	for (i = 0; i < EXT2_N_BLOCKS; i++)
		if (gone[i])
			free_tree(cut, gone[i], levels[i], dep);
}

void ext2_cut_blocks(struct inode *inode, u64 first, u64 end)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct cut cut = {
		.inode = inode, .first = first, .end = end,
		.budget = ext2_geo(inode->i_sb)->blocks_count,
	};

	down_write(&ei->i_map_sem);
	cut_inode(&cut);
	ei->i_last_block = 0;
	up_write(&ei->i_map_sem);
	mark_inode_dirty(inode);
	ext2_reuse_if_many(inode->i_sb);
}

void ext2_truncate(struct inode *inode)
{
	unsigned int size = (unsigned int)inode->i_sb->s_blocksize;
	u64 first = (u64)(inode->i_size + size - 1) >> inode->i_blkbits;

	/* What is behind the end must read as zeros when the file grows again. */
	if (S_ISREG(inode->i_mode))
		block_truncate_page(inode->i_mapping, inode->i_size, ext2_get_block);
	ext2_cut_blocks(inode, first, ~0ull);
}
