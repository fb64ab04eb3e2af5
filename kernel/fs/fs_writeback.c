/*
 * kernel/fs/fs_writeback.c - inodes that are newer than the disk: listed, and written.
 *
 * Theory.  Write-back starts from inodes: a page knows its inode, a file system its dirty inodes,
 * and the list of file systems is short.  An inode is dirty when its pages are (I_DIRTY_PAGES) or
 * when itself, what stat() shows and where the blocks are, is newer than its place on the disk
 * (I_DIRTY_SYNC, I_DIRTY_DATASYNC).
 *
 *			first change
 *	clean		------------------>	s_dirty, the oldest last
 *	  ^						| flusher, sync(): all, or the old enough
 *	  |	all written				v
 *	  +-----------------------------------	s_io, taken from its end; I_SYNC while at work
 *						  changed meanwhile, or not done: back to s_dirty
 *
 * dirtied_when is the time of the *first* change, and stays while pages are added, so that kupdate
 * writes a file that never rests too.  Two lists, because a walk takes as many pages as it was
 * told and goes on next time where it stopped, instead of writing the first file for ever.
 *
 * I_SYNC.  One at a time writes an inode.  Changes go on meanwhile: the flags are cleared *before*
 * what they stand for is written, so that a change that comes too late for this time sets them
 * again.  The inode's own flags are cleared after its pages have been started only: that may give
 * it blocks.
 *
 * Order of writing, for WB_SYNC_ALL: pages, wait, then the inode; so the inode on the disk never
 * names data that is not there.  Who syncs (fsync) flushes the disk's own cache afterwards.
 *
 * What does not write back (its super block's or its mapping's backing device cannot) is never
 * listed; __mark_inode_dirty() is two loads then.
 *
 * Locking: inode_lock for the lists and i_state, let go while an inode is written.  The flusher has
 * no reference on it meanwhile, so that who removes a file has removed it, blocks and all, when
 * unlink() returns: evict() waits for I_SYNC.  s_umount is held for reading: the file system stays.
 */
#include <kernel/fs/writeback.h>

#include <kernel/block/blkdev.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <lib/kernel.h>
#include <lib/list.h>
#include <mm/cache/writeback.h>

/* ---- becoming dirty ----------------------------------------------------------------------------- */

void __mark_inode_dirty(struct inode *inode, unsigned int flags)
{
	if (!mapping_cap_writeback(&inode->i_data))
		return;
	smp_mb();	/* the change, then the look: or the writer clears the flag unseen */
	if ((READ_ONCE(inode->i_state) & flags) == flags)
		return;
	spin_lock(&inode_lock);
	if (!(inode->i_state & (I_DIRTY | I_SYNC | I_FREEING))) {
		inode->dirtied_when = jiffies;
		list_move(&inode->i_wb_list, &inode->i_sb->s_dirty);
	}
	inode->i_state |= flags;
	spin_unlock(&inode_lock);
}

/* ---- one inode ---------------------------------------------------------------------------------- */

/* The inode itself. => may sleep; 0 or -errno */
static int write_inode(struct inode *inode, int sync)
{
	const struct super_operations *ops = inode->i_sb->s_op;

	return ops && ops->write_inode ? ops->write_inode(inode, sync) : 0;
}

/*
 * Where it belongs after it was written.  @rest: some of its pages are still dirty; @skipped: among
 * them such as could not be written, because they were locked or under I/O.  Then it is as old as
 * before, but this walk is done with it: it would find them so again, and turn in a circle.
 * => inode_lock held, I_SYNC just cleared
 */
static void requeue_inode(struct inode *inode, const struct writeback_control *wbc, bool rest,
			  bool skipped)
{
	struct super_block *sb = inode->i_sb;

	if (inode->i_state & I_FREEING)
		return;
	if (rest)
		inode->i_state |= I_DIRTY_PAGES;
	if (!(inode->i_state & I_DIRTY)) {
		list_del_init(&inode->i_wb_list);
	} else if (rest && wbc->nr_to_write <= 0) {
		/* That was all that was wanted; the next walk begins with others. */
		list_move(&inode->i_wb_list, &sb->s_io);
	} else {
		if (!rest || !skipped)
			inode->dirtied_when = jiffies;
		list_move(&inode->i_wb_list, &sb->s_dirty);
	}
}

/* => inode_lock held, and let go meanwhile; I_SYNC keeps the inode; 0 or the first error */
static int __writeback_single_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct address_space *mapping = &inode->i_data;
	bool all = wbc->sync_mode == WB_SYNC_ALL, rest;
	long skipped = wbc->pages_skipped;
	unsigned int dirty;
	int err, ret;

	inode->i_state |= I_SYNC;
	inode->i_state &= ~I_DIRTY_PAGES;
	spin_unlock(&inode_lock);

	err = do_writepages(mapping, wbc);
	if (all && wbc->nr_to_write > 0)
		filemap_fdatawait_keep_errors(mapping);
	spin_lock(&inode_lock);
	dirty = inode->i_state & (I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	inode->i_state &= ~dirty;
	spin_unlock(&inode_lock);
	if (dirty) {
		ret = write_inode(inode, all);
		err = err ? err : ret;
	}
	rest = mapping_tagged(mapping, PAGECACHE_TAG_DIRTY);

	spin_lock(&inode_lock);
	inode->i_state &= ~I_SYNC;
	requeue_inode(inode, wbc, rest, wbc->pages_skipped != skipped);
	smp_mb();	/* the flag, then the look who waits for it */
	wake_up_inode(inode);
	return err;
}

/* Write it, whoever else does. => may sleep, the caller has a reference; 0 or -errno */
int sync_inode(struct inode *inode, struct writeback_control *wbc)
{
	int err = 0;

	spin_lock(&inode_lock);
	while (inode->i_state & I_SYNC) {
		spin_unlock(&inode_lock);
		wait_on_inode(inode, I_SYNC);
		spin_lock(&inode_lock);
	}
	if (inode->i_state & I_DIRTY)
		err = __writeback_single_inode(inode, wbc);
	spin_unlock(&inode_lock);
	return err;
}

int write_inode_now(struct inode *inode, int sync)
{
	struct writeback_control wbc = {
		.sync_mode = sync ? WB_SYNC_ALL : WB_SYNC_NONE, .nr_to_write = LONG_MAX,
		.range_end = LLONG_MAX,
	};

	if (!mapping_cap_writeback(&inode->i_data))
		return 0;
	return sync_inode(inode, &wbc);
}

int sync_inode_metadata(struct inode *inode, int wait)
{
	struct writeback_control wbc = {
		.sync_mode = wait ? WB_SYNC_ALL : WB_SYNC_NONE, .nr_to_write = 0,
	};

	return sync_inode(inode, &wbc);
}

/* ---- one file system ----------------------------------------------------------------------------- */

/*
 * Inodes that are dirty at the beginning, the oldest first, without waiting for any.
 * => s_umount held for reading; may sleep
 */
static void writeback_sb_inodes(struct super_block *sb, struct writeback_control *wbc)
{
	unsigned long start = jiffies;

	blk_start_plug();	/* small files lie side by side on the disk */
	spin_lock(&inode_lock);
	list_splice_init(&sb->s_dirty, &sb->s_io);
	while (wbc->nr_to_write > 0 && !list_empty(&sb->s_io)) {
		struct inode *inode = list_last_entry(&sb->s_io, struct inode, i_wb_list);

		/* It, and all that follow, are too young, or came after we did. */
		if (time_after(inode->dirtied_when, start) ||
		    (wbc->older_than_this && time_after(inode->dirtied_when,
							*wbc->older_than_this)))
			break;
		if (inode->i_state & I_SYNC) {
			list_move(&inode->i_wb_list, &sb->s_dirty);
			continue;
		}
		__writeback_single_inode(inode, wbc);
		/* It may be gone now. */
		spin_unlock(&inode_lock);
		cond_resched();
		spin_lock(&inode_lock);
	}
	spin_unlock(&inode_lock);
	blk_finish_plug();
}

/*
 * Dirty, being written by somebody else, or clean with pages on their way.  The lists of dirty ones
 * would not do: a flusher may have one in hand, and put it back later.
 */
static bool may_have_to_be_synced(const struct inode *inode)
{
	return mapping_cap_writeback(&inode->i_data) &&
	       ((inode->i_state & (I_DIRTY | I_SYNC)) || inode->i_data.nrpages);
}

/* @first: the first error */
static int sync_one_inode(struct inode *inode, void *first)
{
	int *err = first, ret = write_inode_now(inode, 1);

	*err = *err ? *err : ret;
	filemap_fdatawait_keep_errors(&inode->i_data);
	return 0;
}

/* => s_umount held for reading; may sleep; the first error */
static int sync_each_inode(struct super_block *sb)
{
	int err = 0;

	visit_inodes(sb, may_have_to_be_synced, sync_one_inode, &err);
	return err;
}

int sync_inodes_sb(struct super_block *sb, int wait)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = LONG_MAX, .range_end = LLONG_MAX,
	};

	writeback_sb_inodes(sb, &wbc);
	return wait ? sync_each_inode(sb) : 0;
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static void writeback_super(struct super_block *sb, void *arg)
{
	struct writeback_control *wbc = arg;

	if (wbc->nr_to_write <= 0 || (sb->s_flags & MS_RDONLY))
		return;
	if (wbc->for_kupdate && sb->s_dirt && sb->s_op && sb->s_op->sync_fs)
		sb->s_op->sync_fs(sb, 0);
	writeback_sb_inodes(sb, wbc);
}

void writeback_inodes(struct writeback_control *wbc)
{
	iterate_supers(writeback_super, wbc);
}
