/*
 * mm/types/inode.h - a file, as the caches see it.
 *
 * The page cache, read-ahead, buffers and write-back work on files without knowing what a file
 * system is: they need a file's size, its blocks' size, its pages, and whether it has changed.
 * So the noun stands here, among those that every layer shares; what can be done with one is in
 * kernel/fs/fs.h, which is above.
 *
 * Locking: i_sem [i], dcache_lock [d], inode_lock [I], atomic [a], constant after creation [c]:
 * kernel/fs/fs.h has the order.
 */
#ifndef OCTAVO_MM_TYPES_INODE_H
#define OCTAVO_MM_TYPES_INODE_H

#include <kernel/arch/atomic.h>
#include <kernel/core/mutex.h>
#include <kernel/core/time.h>
#include <kernel/uapi/stat.h>
#include <lib/list.h>
#include <lib/types.h>
#include <mm/types/address_space.h>

struct block_device;
struct file_lock;
struct file_operations;
struct inode_operations;
struct pipe_inode_info;
struct super_block;

struct inode {
	umode_t i_mode;				/* [i] S_IF* and permissions */
	unsigned int i_state;			/* [I] I_* */
	unsigned int i_nlink;			/* [i] names; 0: goes with the last user */
	uid_t i_uid;				/* [i] */
	gid_t i_gid;				/* [i] */
	dev_t i_rdev;				/* [c] the device that a node names */
	unsigned long i_ino;			/* [c] */
	unsigned int i_size_seq;		/* odd while i_size is being changed */
	loff_t i_size;				/* [i] bytes; read by i_size_read() */
	struct timespec64 i_atime, i_mtime, i_ctime;	/* [i], racy */
	atomic_t i_count;			/* [a] dentries and other users */
	atomic_t i_writecount;			/* [a] >0 open for writing, <0 being executed */
	struct mutex i_sem;
	const struct inode_operations *i_op;	/* [c] never NULL */
	const struct file_operations *i_fop;	/* [c] given to files that open it; never NULL */
	struct super_block *i_sb;		/* [c] */
	struct address_space *i_mapping;	/* [c] &i_data, or another's */
	struct address_space i_data;
	struct pipe_inode_info *i_pipe;		/* [i] pipes and FIFOs in use */
	struct list_head i_dentry;		/* [d] dentry.d_alias */
	struct list_head i_sb_list;		/* [I] all inodes of i_sb */
	struct hlist_node i_hash;		/* [I] by super block and number, if it is on a disk */
	struct list_head i_wb_list;		/* [I] in s_dirty or s_io, while anything is dirty */
	struct list_head i_lru;			/* [I] inode_unused: i_count 0, kept for a while */
	unsigned long dirtied_when;		/* [I] jiffies of the first change since it was clean */
	unsigned int i_blkbits;			/* [c] log2 of s_blocksize */
	unsigned int i_flags;			/* [i] S_SYNC... */
	u64 i_blocks;				/* [i] of 512 bytes */
	struct block_device *i_bdev;		/* [c] of an open block device node */
	struct file_lock *i_flock;		/* [file_lock_lock] record locks (locks.h) */
	unsigned int i_generation;
	void *i_private;			/* the file system's */
};

/* What readahead knows about one open file; in pages (mm/cache/readahead.c). */
struct file_ra_state {
	unsigned long start;			/* of the window that was asked for last */
	unsigned int size;			/* ... 0: reads have been random */
	unsigned int async_size;		/* when so many of it are left, ask for the next */
	unsigned int ra_pages;			/* largest window; 0: none (POSIX_FADV_RANDOM) */
	unsigned int mmap_miss;			/* faults that found nothing, less those that did */
	loff_t prev_pos;			/* end of the last read; -1: none yet */
};

/* inode.i_state */
#define I_DIRTY_SYNC	1u	/* times and the like changed */
#define I_DIRTY_DATASYNC 2u	/* what is needed to find the data changed: size, blocks */
#define I_DIRTY_PAGES	4u	/* pages of it are dirty */
#define I_NEW		8u	/* being read: iget waits */
#define I_SYNC		16u	/* being written */
#define I_FREEING	32u	/* being given back: iget waits until it is gone */
#define I_BAD		64u	/* could not be read: goes with its last user */
#define I_REFERENCED	128u	/* was wanted again while it was unused: a second round */
#define I_DIRTY		(I_DIRTY_SYNC | I_DIRTY_DATASYNC | I_DIRTY_PAGES)

/* inode.i_flags */
#define S_SYNC		1u	/* writes wait for the disk */
#define S_NOATIME	2u
#define S_APPEND	4u	/* only grows */
#define S_IMMUTABLE	8u	/* never changes */
#define S_SWAPFILE	16u	/* is swapped to: stays as it is, where it is */
#define IS_APPEND(inode)	((inode)->i_flags & S_APPEND)
#define IS_IMMUTABLE(inode)	((inode)->i_flags & S_IMMUTABLE)
#define IS_SWAPFILE(inode)	((inode)->i_flags & S_SWAPFILE)

static inline loff_t i_size_read(const struct inode *inode)
{
	unsigned int seq;
	loff_t size;

	do {
		while ((seq = READ_ONCE(inode->i_size_seq)) & 1)
			cpu_relax();
		barrier();
		size = inode->i_size;
		barrier();
	} while (unlikely(READ_ONCE(inode->i_size_seq) != seq));
	return size;
}

/* => i_sem held */
static inline void i_size_write(struct inode *inode, loff_t size)
{
	inode->i_size_seq++;
	barrier();
	inode->i_size = size;
	barrier();
	inode->i_size_seq++;
}

#endif
