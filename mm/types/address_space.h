/*
 * mm/types/address_space.h - the pages of one object, by offset.
 *
 * An address_space is where read(), write() and mmap() of a file meet: a radix
 * tree from page index to struct page, with the operations that fill a page
 * from, and write it to, whatever backs it.  Every inode has one; swap is one.
 *
 * Locking: tree_lock guards page_tree and nrpages; i_mmap_lock guards i_mmap.
 * PAGECACHE_TAG_DIRTY says which pages have PG_dirty.  PAGECACHE_TAG_WRITEBACK says which may be
 * under I/O: it is set before PG_writeback, but the interrupt that ends the I/O clears PG_writeback
 * only (so that tree_lock needs no interrupts off); who waits for the pages clears the tag.
 * A page's own content is guarded by PG_locked.  Order: see mm/README.md.
 */
#ifndef OCTAVO_MM_TYPES_ADDRESS_SPACE_H
#define OCTAVO_MM_TYPES_ADDRESS_SPACE_H

#include <kernel/core/spinlock.h>
#include <lib/list.h>
#include <lib/compiler.h>
#include <lib/radix-tree.h>
#include <lib/rbtree.h>
#include <lib/types.h>
#include <mm/types/gfp.h>

struct backing_dev_info;
struct inode;
struct file;
struct page;
struct address_space;
struct writeback_control;

/* All may sleep.  Pages come and go as each line says. */
struct address_space_operations {
	/* => page locked; fills it, sets PG_uptodate or PG_error, and unlocks it */
	int (*readpage)(struct file *file, struct page *page);
	/* Start reading pages @index.. of @nr, all locked, in the cache, referenced; unlocks each.
	 * Without it: readpage for each. */
	int (*readpages)(struct file *file, struct address_space *mapping, struct page **pages,
			 unsigned int nr);
	/* => page locked, dirty bit cleared; sets PG_writeback, unlocks it, starts writing.
	 * end_page_writeback() at its end */
	int (*writepage)(struct page *page, struct writeback_control *wbc);
	/* Start writing what is dirty. Without it: writepage for each (generic_writepages()). */
	int (*writepages)(struct address_space *mapping, struct writeback_control *wbc);
	/* => page locked; [from, to) bytes are about to be written: make the rest uptodate */
	int (*prepare_write)(struct file *file, struct page *page, unsigned from, unsigned to);
	/* => page locked; they have been written: mark it dirty, grow the file */
	int (*commit_write)(struct file *file, struct page *page, unsigned from, unsigned to);
	int (*set_page_dirty)(struct page *page);	/* => any locks; 1 if it was clean */
	/* => page locked, [offset, end) goes; offset 0: it leaves the cache, let go of ->private */
	void (*invalidatepage)(struct page *page, unsigned long offset);
	/* => page locked, clean: let go of ->private. 1 done, 0 it is in use */
	int (*releasepage)(struct page *page, gfp_t gfp);
	/* A page of an AS_ACCOUNT space joins, or has left: for limits of a file system. => any
	 * context that may join pages; 0 or -ENOSPC */
	int (*charge_page)(struct address_space *mapping);
	void (*uncharge_page)(struct address_space *mapping);
	sector_t (*bmap)(struct address_space *mapping, sector_t block);	/* 0: a hole */
	/* Between the disk and user memory past the cache (O_DIRECT). => bytes or -errno */
	ssize_t (*direct_IO)(unsigned int rw, struct file *file, char *buf, size_t count,
			     loff_t pos);
};

struct address_space {
	struct inode *host;			/* [c] owner */
	const struct address_space_operations *a_ops; /* [c] */
	spinlock_t tree_lock;
	struct radix_tree_root page_tree;	/* [tree_lock] index -> page */
	unsigned long nrpages;			/* [tree_lock] */
	gfp_t gfp_mask;				/* [c] for its pages */
	unsigned long flags;			/* AS_* [a] */
	spinlock_t i_mmap_lock;
	struct rb_root i_mmap;			/* [i_mmap_lock] vmas: vma_interval_tree_foreach() */
	int i_mmap_writable;			/* [i_mmap_lock] shared ones being made; -1: none may be */
	struct backing_dev_info *backing_dev_info;	/* [c] */
	unsigned long writeback_index;		/* racy: where range_cyclic write-back goes on */
	spinlock_t private_lock;		/* buffers of its pages, and: */
	struct list_head private_list;		/* [private_lock] dirty metadata of the file (buffer.c) */
	unsigned int truncate_count;		/* [i_mmap_lock; faults read it without] see zap.c */
	unsigned int swap_moves;		/* [tree_lock] counts pages that went to swap or came back */
	unsigned long nrswapped;		/* [tree_lock] items of: */
	struct radix_tree_root swap_tree;	/* [tree_lock] index -> swp_entry_t (mm/cache/shmem_swap.c) */
};

/* address_space.flags */
#define AS_EIO		0	/* a write failed */
#define AS_ENOSPC	1
#define AS_SWAPBACKED	2	/* no file behind it but swap: its pages count as Shmem */
#define AS_UNEVICTABLE	3	/* its pages are nowhere else and stay in memory (ramfs) */
#define AS_ACCOUNT	4	/* each page counts in Committed_AS (tmpfs) */
#define AS_ACCOUNT_SIZE	5	/* its whole size does, since it was made (shmem) */
#define AS_BLKDEV	6	/* a block device: its pages count as Buffers */
#define AS_RESERVE	7	/* it does not grow into the memory that others need: -ENOSPC (ramfs, tmpfs) */

#endif
