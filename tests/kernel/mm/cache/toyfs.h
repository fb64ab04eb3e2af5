/*
 * tests/kernel/mm/cache/toyfs.h - a file system on a disk that is an array of numbers.
 *
 * Each page of a file has one number on the disk: the first word of the page when it was written.
 * A transfer ends toy.delay ticks after it began, in a timer as in an interrupt; the pages in
 * toy.fail_from.. toy.fail_to fail.  What was written in which order is in toy.log.
 */
#ifndef OCTAVO_TESTS_KERNEL_MM_CACHE_TOYFS_H
#define OCTAVO_TESTS_KERNEL_MM_CACHE_TOYFS_H

#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/core/timer.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/writeback.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define TOY_PAGES	256
#define TOY_LOG		1024

struct toy_io {
	struct timer_list timer;
	struct page *page;
	u32 value;
};

static struct {
	spinlock_t lock;			/* interrupts off: timers */
	struct vfsmount *mnt;			/* nowhere */
	struct super_block *sb;
	u32 disk[TOY_PAGES];			/* [lock] by index, whatever the file */
	struct toy_io io[TOY_PAGES];		/* page != NULL: under way */
	unsigned long delay;			/* ticks of a transfer; 0: at once */
	unsigned long fail_from, fail_to;	/* these do not get there */
	int error;				/* ... with this */
	unsigned int writes;			/* [lock] transfers begun */
	unsigned long log[TOY_LOG];		/* [lock] their indices */
	unsigned int inode_writes;		/* calls of write_inode */
	void (*in_writepage)(struct page *page);	/* before PG_writeback is set */
} toy;

static struct backing_dev_info toy_bdi = { .capabilities = BDI_CAP_WRITEBACK };

static void toy_end_io(unsigned long index)
{
	struct toy_io *io = &toy.io[index];
	struct page *page = io->page;
	unsigned long flags;

	spin_lock_irqsave(&toy.lock, flags);
	io->page = NULL;
	if (index >= toy.fail_from && index < toy.fail_to)
		mapping_set_error(page->mapping, toy.error);
	else
		toy.disk[index] = io->value;
	spin_unlock_irqrestore(&toy.lock, flags);
	end_page_writeback(page);
}

static int toy_writepage(struct page *page, struct writeback_control *wbc)
{
	unsigned long index = page->index, flags;
	struct toy_io *io = &toy.io[index];
	u32 *p;

	if (toy.in_writepage)
		toy.in_writepage(page);
	p = kmap(page);
	spin_lock_irqsave(&toy.lock, flags);
	BUG_ON(io->page);
	io->page = page;
	io->value = *p;
	toy.log[toy.writes++ % TOY_LOG] = index;
	spin_unlock_irqrestore(&toy.lock, flags);
	kunmap(page);
	set_page_writeback(page);
	unlock_page(page);
	if (toy.delay) {
		setup_timer(&io->timer, toy_end_io, index);
		mod_timer(&io->timer, jiffies + toy.delay);
	} else {
		toy_end_io(index);
	}
	return 0;
}

static int toy_readpage(struct file *file, struct page *page)
{
	u32 *p = kmap(page);

	memset(p, 0, PAGE_SIZE);
	*p = page->index < TOY_PAGES ? toy.disk[page->index] : 0;
	kunmap(page);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations toy_aops = {
	.readpage = toy_readpage,
	.writepage = toy_writepage,
	.set_page_dirty = __set_page_dirty_nobuffers,
};

static int toy_write_inode(struct inode *inode, int sync)
{
	toy.inode_writes++;
	return 0;
}

static const struct super_operations toy_super_ops = { .write_inode = toy_write_inode };

static struct inode *toy_inode(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_mode = S_IFREG | 0644;
	inode->i_data.a_ops = &toy_aops;
	inode->i_data.backing_dev_info = &toy_bdi;
	i_size_write(inode, (loff_t)TOY_PAGES << PAGE_SHIFT);
	return inode;
}

static int toy_fill_super(struct super_block *sb, const char *data)
{
	struct inode *root;

	sb->s_op = &toy_super_ops;
	sb->s_bdi = &toy_bdi;
	root = toy_inode(sb);
	if (!root)
		return -ENOMEM;
	root->i_mode = S_IFDIR | 0755;
	sb->s_root = d_alloc_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type toy_fs_type = { .name = "toyfs", .fill_super = toy_fill_super };

/* A file system with one empty file. => NULL: no memory */
static inline struct inode *toy_begin(unsigned long delay)
{
	memset(&toy, 0, sizeof(toy));
	spin_lock_init(&toy.lock);
	toy.delay = delay;
	toy.error = -EIO;
	toy.mnt = kern_mount(&toy_fs_type, NULL);
	if (IS_ERR(toy.mnt))
		return NULL;
	toy.sb = toy.mnt->mnt_sb;
	return toy_inode(toy.sb);
}

static inline void toy_end(struct inode *inode)
{
	iput(inode);
	mntput(toy.mnt);
}

/* Store @value in page @index, as a write() does. => 0 or -ENOMEM */
static inline int toy_store(struct inode *inode, unsigned long index, u32 value)
{
	struct page *page = grab_cache_page(&inode->i_data, index);
	u32 *p;

	if (!page)
		return -ENOMEM;
	p = kmap(page);
	if (!PageUptodate(page))
		memset(p, 0, PAGE_SIZE);
	*p = value;
	kunmap(page);
	SetPageUptodate(page);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	return 0;
}

#endif
