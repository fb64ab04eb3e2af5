/*
 * kernel/fs/ext2/freed.c - what was freed, and may not be used again yet.
 *
 * Theory.  The disk is always older than memory, and a machine can lose its power at any moment.
 * What must never happen is that a file which had been fsynced is damaged by that.  Suppose F is
 * deleted, its block B given to G, G fsynced, and then the power goes, while the disk still has F's
 * old inode: two files claim B, and e2fsck, which cannot know better, may alter it (if F had B as a
 * block of pointers, it would "repair" the text of G).  So B is not given out again until the disk
 * has forgotten that F had it:
 *
 *	truncate, evict		cut the pointer to B in memory; mark the block D where it stood dirty
 *				(the inode's block, or a block of pointers); ext2_free_blocks(B, D):
 *				a record; B's bit stays set in the bitmap
 *	ext2_reuse_blocks	take all records; write every D that is still dirty; flush the disk;
 *				clear the bits
 *
 * If D itself is freed before it was written, it has a record later in the list, depends on what
 * pointed to D, and keeps its content until then; and no record is released before those in front
 * of it.  So it is enough to look at each D for itself.
 *
 * Inode numbers go the same way.  There a name that is still in a directory on the disk would lead
 * to the new file.  A file can have lost names in many directories, and been out of memory between
 * (rename it, forget it, remove it): so all directories that are newer than the disk are written,
 * too.  One that is removed meanwhile takes its pages along; but then its own record is in the
 * list, and its cleared inode is written instead.
 *
 * This happens at sync and whenever kupdate comes by, and at once if the allocator finds nothing
 * else.  Until then the records take memory: one for each contiguous run, and if there are many,
 * the one who frees does it.  When there is no memory for a record, it is done for that run alone.
 *
 * Locking: s_freed_lock [F] for the lists; s_reuse_blocks_sem and s_reuse_inodes_sem so that a
 * batch is seen by one task.  ext2_reuse_blocks() takes no page's lock, since its callers hold
 * some; ext2_reuse_inodes() locks pages of directories.
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <mm/cache/writeback.h>
#include <mm/phys/slab.h>

struct ext2_freed {
	struct list_head list;
	u32 first;			/* block, or inode number */
	u32 count;
	u32 dep;			/* this block of the disk must be written before */
	bool isdir;			/* the inode was a directory */
};

#define MANY_RECORDS	4096

static struct kmem_cache *ext2_freed_cachep;

/* Is block @dep as on the disk as in memory? @wait: make sure. => may sleep; 0 or -EIO */
static int write_dep(struct super_block *sb, u32 dep, bool wait)
{
	struct buffer_head *bh = __find_get_block(sb->s_bdev, dep, (unsigned int)sb->s_blocksize);
	int err = 0;

	if (!bh)
		return 0;	/* nobody forgets a dirty block */
	if (!wait)
		ll_rw_block(WRITE, 1, &bh);
	else
		err = sync_dirty_buffer(bh);
	if (!err && buffer_write_io_error(bh))
		err = -EIO;
	brelse(bh);
	return err;
}

/* Start writing all that @batch waits for, then wait. => may sleep; 0 or -EIO */
static int write_deps(struct super_block *sb, struct list_head *batch)
{
	struct ext2_freed *freed;
	int pass, err = 0;

	for (pass = 0; pass < 2; pass++) {
		u32 last = 0;

		list_for_each_entry(freed, batch, list) {
			if (freed->dep != last && write_dep(sb, freed->dep, pass == 1))
				err = -EIO;
			last = freed->dep;
		}
	}
	return err;
}

/*
 * The next directory behind @last (NULL: the first) that has pages in memory.  One that is being
 * given back is waited for: what it has under way is written then, or its record is in the list.
 * => may sleep; a reference, or NULL; that of @last is dropped
 */
static struct inode *next_dir(struct super_block *sb, struct inode *last)
{
	struct inode *dir, *found = NULL;

	spin_lock(&inode_lock);
again:
	dir = list_prepare_entry(last, &sb->s_inodes, i_sb_list);
	list_for_each_entry_continue(dir, &sb->s_inodes, i_sb_list) {
		if (!S_ISDIR(dir->i_mode) || hlist_unhashed(&dir->i_hash))
			continue;
		if (dir->i_state & I_FREEING) {
			u32 ino = (u32)dir->i_ino;

			spin_unlock(&inode_lock);
			dir = ilookup(sb, ino);
			if (dir)
				iput(dir);
			spin_lock(&inode_lock);
			goto again;
		}
		if (dir->i_data.nrpages) {
			__iget(dir);
			found = dir;
			break;
		}
	}
	spin_unlock(&inode_lock);
	if (last)
		iput(last);
	return found;
}

/* Write all directories that are newer than the disk. => may sleep; 0 or the first error */
static int write_dirs(struct super_block *sb)
{
	struct inode *dir = NULL;
	int err = 0, ret;

	while ((dir = next_dir(sb, dir))) {
		ret = filemap_write_and_wait(dir->i_mapping);
		err = err ? err : ret;
		cond_resched();
	}
	return err;
}

static void take_batch(struct ext2_sb_info *sbi, struct list_head *from, struct list_head *batch)
{
	spin_lock(&sbi->s_freed_lock);
	list_splice_init(from, batch);
	spin_unlock(&sbi->s_freed_lock);
}

/* It could not be written: another time. */
static void put_back(struct ext2_sb_info *sbi, struct list_head *batch, struct list_head *to)
{
	spin_lock(&sbi->s_freed_lock);
	list_splice(batch, to);
	spin_unlock(&sbi->s_freed_lock);
}

static void free_batch(struct list_head *batch)
{
	struct ext2_freed *freed, *next;

	list_for_each_entry_safe(freed, next, batch, list)
		kmem_cache_free(ext2_freed_cachep, freed);
}

int ext2_reuse_blocks(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_freed *freed;
	u32 blocks = 0, records = 0;
	LIST_HEAD(batch);
	int err;

	mutex_lock(&sbi->s_reuse_blocks_sem);
	take_batch(sbi, &sbi->s_freed_blocks, &batch);
	if (list_empty(&batch)) {
		mutex_unlock(&sbi->s_reuse_blocks_sem);
		return 0;
	}
	err = write_deps(sb, &batch);
	if (!err)
		err = blkdev_issue_flush(sb->s_bdev->bd_part);
	if (err) {
		put_back(sbi, &batch, &sbi->s_freed_blocks);
		mutex_unlock(&sbi->s_reuse_blocks_sem);
		return err;
	}
	mutex_lock(&sbi->s_alloc_sem);
	list_for_each_entry(freed, &batch, list) {
		__ext2_clear_blocks(sb, freed->first, freed->count);
		blocks += freed->count;
		records++;
	}
	spin_lock(&sbi->s_freed_lock);
	sbi->s_nr_freed_blocks -= blocks;
	sbi->s_nr_freed_records -= records;
	spin_unlock(&sbi->s_freed_lock);
	mutex_unlock(&sbi->s_alloc_sem);
	mutex_unlock(&sbi->s_reuse_blocks_sem);
	free_batch(&batch);
	return 0;
}

int ext2_reuse_inodes(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_freed *freed;
	u32 inodes = 0;
	LIST_HEAD(batch);
	LIST_HEAD(later);
	int err, err2;

	mutex_lock(&sbi->s_reuse_inodes_sem);
	take_batch(sbi, &sbi->s_freed_inodes, &batch);
	if (list_empty(&batch)) {
		mutex_unlock(&sbi->s_reuse_inodes_sem);
		return 0;
	}
	err = write_dirs(sb);
	/* What came meanwhile is not for now, but may be a directory that took its pages along. */
	take_batch(sbi, &sbi->s_freed_inodes, &later);
	err2 = write_deps(sb, &later);
	put_back(sbi, &later, &sbi->s_freed_inodes);
	err = err ? err : err2;
	err2 = write_deps(sb, &batch);
	err = err ? err : err2;
	if (!err)
		err = blkdev_issue_flush(sb->s_bdev->bd_part);
	if (err) {
		put_back(sbi, &batch, &sbi->s_freed_inodes);
		mutex_unlock(&sbi->s_reuse_inodes_sem);
		return err;
	}
	mutex_lock(&sbi->s_alloc_sem);
	list_for_each_entry(freed, &batch, list) {
		__ext2_clear_inode(sb, freed->first, freed->isdir);
		inodes++;
	}
	spin_lock(&sbi->s_freed_lock);
	sbi->s_nr_freed_inodes -= inodes;
	spin_unlock(&sbi->s_freed_lock);
	mutex_unlock(&sbi->s_alloc_sem);
	mutex_unlock(&sbi->s_reuse_inodes_sem);
	free_batch(&batch);
	return 0;
}

void ext2_reuse_if_many(struct super_block *sb)
{
	if (READ_ONCE(EXT2_SB(sb)->s_nr_freed_records) > MANY_RECORDS)
		ext2_reuse_blocks(sb);
}

/* Join @block to the last record, if it continues it. => s_freed_lock held */
static bool join_last(struct ext2_sb_info *sbi, u32 block, u32 count, u32 dep)
{
	struct ext2_freed *last;

	if (list_empty(&sbi->s_freed_blocks))
		return false;
	last = list_entry(sbi->s_freed_blocks.prev, struct ext2_freed, list);
	if (last->dep != dep)
		return false;
	if (last->first + last->count != block) {
		if (block + count != last->first)
			return false;
		last->first = block;
	}
	last->count += count;
	return true;
}

void ext2_free_blocks(struct super_block *sb, u32 block, u32 count, u32 dep)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_freed *freed;
	bool joined;

	spin_lock(&sbi->s_freed_lock);
	joined = join_last(sbi, block, count, dep);
	if (joined)
		sbi->s_nr_freed_blocks += count;
	spin_unlock(&sbi->s_freed_lock);
	sb->s_dirt = true;
	if (joined)
		return;
	freed = kmem_cache_alloc(ext2_freed_cachep, GFP_NOFS);
	if (!freed) {
		/* Those in front go first: this one may depend on them. */
		if (ext2_reuse_blocks(sb) || write_dep(sb, dep, true) ||
		    blkdev_issue_flush(sb->s_bdev->bd_part)) {
			ext2_error(sb, __func__, "%u blocks from %u are lost", count, block);
			return;
		}
		mutex_lock(&sbi->s_alloc_sem);
		__ext2_clear_blocks(sb, block, count);
		mutex_unlock(&sbi->s_alloc_sem);
		return;
	}
	*freed = (struct ext2_freed) { .first = block, .count = count, .dep = dep };
	spin_lock(&sbi->s_freed_lock);
	list_add_tail(&freed->list, &sbi->s_freed_blocks);
	sbi->s_nr_freed_blocks += count;
	sbi->s_nr_freed_records++;
	spin_unlock(&sbi->s_freed_lock);
}

void ext2_free_inode(struct super_block *sb, u32 ino, bool isdir, u32 dep)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_freed *freed = kmem_cache_alloc(ext2_freed_cachep, GFP_NOFS);

	sb->s_dirt = true;
	if (!freed) {
		/* Its bit stays set until somebody runs e2fsck. */
		ext2_error(sb, __func__, "no memory: inode %u is lost", ino);
		return;
	}
	*freed = (struct ext2_freed) {
		.first = ino, .count = 1, .dep = dep, .isdir = isdir,
	};
	spin_lock(&sbi->s_freed_lock);
	list_add_tail(&freed->list, &sbi->s_freed_inodes);
	sbi->s_nr_freed_inodes++;
	spin_unlock(&sbi->s_freed_lock);
}

void ext2_forget_freed(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	free_batch(&sbi->s_freed_blocks);
	free_batch(&sbi->s_freed_inodes);
	INIT_LIST_HEAD(&sbi->s_freed_blocks);
	INIT_LIST_HEAD(&sbi->s_freed_inodes);
}

void __init ext2_freed_init(void)
{
	ext2_freed_cachep = kmem_cache_create("ext2_freed", sizeof(struct ext2_freed), 0,
					      SLAB_PANIC, NULL);
}
