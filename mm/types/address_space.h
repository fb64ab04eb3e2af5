/*
 * mm/types/address_space.h - the pages of one object, by offset.
 *
 * An address_space is where read(), write() and mmap() of a file meet: a radix
 * tree from page index to struct page, with the operations that fill a page
 * from, and write it to, whatever backs it.  Every inode has one; swap is one.
 *
 * Locking: tree_lock guards page_tree and nrpages; i_mmap_lock guards i_mmap.
 * A page's own content is guarded by PG_locked.  Order: see mm/README.md.
 */
#ifndef OCTAVO_MM_TYPES_ADDRESS_SPACE_H
#define OCTAVO_MM_TYPES_ADDRESS_SPACE_H

#include <kernel/core/spinlock.h>
#include <lib/list.h>
#include <lib/radix-tree.h>
#include <mm/types/gfp.h>

struct inode;
struct file;
struct page;
struct address_space;

/* All may sleep.  Pages come and go as each line says. */
struct address_space_operations {
	/* => page locked; fills it, sets PG_uptodate or PG_error, and unlocks it */
	int (*readpage)(struct file *file, struct page *page);
	/* => page locked, dirty; starts writing and unlocks it */
	int (*writepage)(struct page *page);
	/* => page locked; [from, to) bytes are about to be written: make the rest uptodate */
	int (*prepare_write)(struct file *file, struct page *page, unsigned from, unsigned to);
	/* => page locked; they have been written: mark it dirty, grow the file */
	int (*commit_write)(struct file *file, struct page *page, unsigned from, unsigned to);
	int (*set_page_dirty)(struct page *page);
	/* => page locked, about to leave the cache: let go of ->private */
	void (*invalidatepage)(struct page *page, unsigned long offset);
	int (*releasepage)(struct page *page, gfp_t gfp);
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
	struct list_head i_mmap;		/* [i_mmap_lock] vmas, by vm_area_struct.shared */
	unsigned int truncate_count;		/* [i_mmap_lock; faults read it without] see zap.c */
};

/* address_space.flags */
#define AS_EIO		0	/* a write failed */
#define AS_ENOSPC	1
#define AS_SWAPBACKED	2	/* no file behind it: its pages count as Shmem */
#define AS_UNEVICTABLE	3	/* its pages are nowhere else and stay in memory (ramfs) */
#define AS_ACCOUNT	4	/* each page counts in Committed_AS (tmpfs) */
#define AS_ACCOUNT_SIZE	5	/* its whole size does, since it was made (shmem) */

#endif
