/*
 * mm/cache/buffer_head.h - blocks of a disk in pages of the page cache.
 *
 * Theory.  A file system thinks in blocks, the page cache in pages.  A buffer_head is the link: it
 * says which block of which device a part of a page holds, and whether that part is newer, older
 * or the same.  The buffers of a page form a ring, starting at page->private (PG_private).  There
 * is one cache, not two: blocks of metadata are pages of the device's own address_space (what
 * reading /dev/hda1 shows), blocks of files are pages of the file's.  So a block is in memory once,
 * as long as a file system never reads its files' blocks by the device; when a block changes its
 * use, unmap_underlying_metadata() throws the device's copy away.
 *
 * Pages of a device are in low memory, so b_data is an address; pages of files may be anywhere, and
 * b_data of their buffers is only the offset in the page.
 *
 * Locking: BH_Lock (lock_buffer) guards I/O on one; mapping->private_lock the ring against being
 * taken apart by who does not hold the page locked.  b_count keeps the buffer, and so its page.
 */
#ifndef OCTAVO_MM_CACHE_BUFFER_HEAD_H
#define OCTAVO_MM_CACHE_BUFFER_HEAD_H

#include <kernel/arch/atomic.h>
#include <lib/bitops.h>
#include <lib/list.h>
#include <mm/types/address_space.h>
#include <mm/types/page.h>

struct block_device;
struct buffer_head;
struct inode;

enum bh_state_bits {
	BH_Uptodate,	/* holds what the disk holds, or newer */
	BH_Dirty,	/* newer */
	BH_Lock,	/* under I/O, or being changed */
	BH_Mapped,	/* b_bdev, b_blocknr are valid; else a hole, or not asked yet */
	BH_New,		/* the block was allocated just now: what is on the disk is garbage */
	BH_Async_Read,	/* its page's read is waiting for it */
	BH_Async_Write,
	BH_Write_EIO,	/* the last write failed */
	BH_Boundary,	/* the next block of the file is not the next of the disk */
	BH_Meta,	/* metadata, for statistics */
	BH_Ring_Lock,	/* of a ring's first: its buffers end one at a time (buffer.c) */
};

typedef void bh_end_io_t(struct buffer_head *bh, int uptodate);

struct buffer_head {
	unsigned long b_state;			/* BH_* [a] */
	struct buffer_head *b_this_page;	/* the ring */
	struct page *b_page;			/* [c] */
	sector_t b_blocknr;			/* in blocks of b_size */
	unsigned int b_size;			/* bytes [c] */
	char *b_data;				/* address, or offset in a page of high memory [c] */
	struct block_device *b_bdev;
	bh_end_io_t *b_end_io;			/* I/O completion; any context */
	struct list_head b_assoc_buffers;	/* [assoc_lock] in private_list of: */
	struct address_space *b_assoc_map;	/* [assoc_lock] the file whose fsync() must write it */
	atomic_t b_count;			/* [a] users */
};

#define BUFFER_FNS(bit, name)							\
static inline void set_buffer_##name(struct buffer_head *bh)			\
	{ set_bit(BH_##bit, &bh->b_state); }					\
static inline void clear_buffer_##name(struct buffer_head *bh)			\
	{ clear_bit(BH_##bit, &bh->b_state); }					\
static inline int buffer_##name(const struct buffer_head *bh)			\
	{ return (int)(bh->b_state >> BH_##bit & 1); }
#define TAS_BUFFER_FNS(bit, name)						\
static inline int test_set_buffer_##name(struct buffer_head *bh)		\
	{ return test_and_set_bit(BH_##bit, &bh->b_state); }			\
static inline int test_clear_buffer_##name(struct buffer_head *bh)		\
	{ return test_and_clear_bit(BH_##bit, &bh->b_state); }

BUFFER_FNS(Uptodate, uptodate)
BUFFER_FNS(Dirty, dirty)
TAS_BUFFER_FNS(Dirty, dirty)
BUFFER_FNS(Lock, locked)
TAS_BUFFER_FNS(Lock, locked)
BUFFER_FNS(Mapped, mapped)
BUFFER_FNS(New, new)
BUFFER_FNS(Async_Read, async_read)
BUFFER_FNS(Async_Write, async_write)
BUFFER_FNS(Write_EIO, write_io_error)
BUFFER_FNS(Boundary, boundary)
BUFFER_FNS(Meta, meta)

#define page_buffers(page)	((struct buffer_head *)(page)->private)
#define page_has_buffers(page)	PagePrivate(page)

/*
 * Where block @iblock of the file is: map_bh(bh, sb, block), or leave @bh unmapped (a hole).
 * @create: give it a block if it has none (set_buffer_new). bh->b_size: in, how many bytes from
 * there are of interest; out, how many follow each other on the disk.
 * => may sleep; 0 or -errno
 */
typedef int get_block_t(struct inode *inode, sector_t iblock, struct buffer_head *bh, int create);

/* ---- blocks of a device: metadata ----------------------------------------------------------- */

/* All of @size bytes, bdev->bd_block_size. => may sleep; a reference. NULL: beyond the device */
struct buffer_head *__getblk(struct block_device *bdev, sector_t block, unsigned int size);
/* If it is in memory (perhaps not uptodate). */
struct buffer_head *__find_get_block(struct block_device *bdev, sector_t block, unsigned int size);
/* ... and uptodate. NULL: it could not be read */
struct buffer_head *__bread(struct block_device *bdev, sector_t block, unsigned int size);
void __breadahead(struct block_device *bdev, sector_t block, unsigned int size);
static inline void brelse(struct buffer_head *bh)	/* NULL is fine; any context */
{
	if (bh)
		atomic_dec(&bh->b_count);
}
static inline void get_bh(struct buffer_head *bh)
{
	atomic_inc(&bh->b_count);
}
void bforget(struct buffer_head *bh);		/* the block is free: not to be written; brelse */
/* Drop the device's copies of @nr blocks that now belong to a file. => may sleep */
void unmap_underlying_metadata(struct block_device *bdev, sector_t block, unsigned int nr);

void __lock_buffer(struct buffer_head *bh);
static inline void lock_buffer(struct buffer_head *bh)	/* => may sleep */
{
	if (test_set_buffer_locked(bh))
		__lock_buffer(bh);
}
void unlock_buffer(struct buffer_head *bh);
void wait_on_buffer(struct buffer_head *bh);

/*
 * The content has changed: the buffer, its page and its device or file are dirty.
 * => uptodate; any locks but tree_lock
 */
void mark_buffer_dirty(struct buffer_head *bh);
/* ... and fsync() of @inode has to write it (an indirect block). */
void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode);
/* Write @nr buffers, dirty ones; or read those not uptodate. => may sleep; nothing is waited for */
void ll_rw_block(unsigned int rw, unsigned int nr, struct buffer_head *bhs[]);
/* Write it if dirty, and wait. => may sleep; 0 or -EIO */
int sync_dirty_buffer(struct buffer_head *bh);
/*
 * Write all that mark_buffer_dirty_inode() has collected, and wait.
 * => may sleep; i_sem of the file held, so that two do not come at once; 0 or -EIO
 */
int sync_mapping_buffers(struct address_space *mapping);
/* The file is gone: nobody will fsync() those any more. */
void invalidate_inode_buffers(struct inode *inode);
/* Forget those that are on the disk. => inode_lock may be held; false: some are not */
bool remove_inode_buffers(struct inode *inode);
int inode_has_buffers(struct inode *inode);
/* Is anything of the ring in use? Else take it off the page. => page locked; 1 gone */
int try_to_free_buffers(struct page *page);

/* ---- pages of files: the address_space_operations of a file system on blocks ---------------- */

int block_read_full_page(struct page *page, get_block_t *get_block);
int block_write_full_page(struct page *page, get_block_t *get_block,
			  struct writeback_control *wbc);
int block_prepare_write(struct page *page, unsigned int from, unsigned int to,
			get_block_t *get_block);
/*
 * prepare_write() was fine, but what was to be written did not come: nobody shall see what the
 * blocks it has allocated held before. => page locked
 */
void block_abandon_write(struct page *page, unsigned int from, unsigned int to);
int generic_commit_write(struct file *file, struct page *page, unsigned int from, unsigned int to);
/* Zero the rest of the block at @from: the file ends there now. => may sleep; i_sem held */
int block_truncate_page(struct address_space *mapping, loff_t from, get_block_t *get_block);
sector_t generic_block_bmap(struct address_space *mapping, sector_t block, get_block_t *get_block);
int __set_page_dirty_buffers(struct page *page);
void block_invalidatepage(struct page *page, unsigned long offset);
/* Many pages by few bios, without buffer heads where blocks follow each other (mpage.c). */
int mpage_readpage(struct page *page, get_block_t *get_block);
int mpage_readpages(struct address_space *mapping, struct page **pages, unsigned int nr,
		    get_block_t *get_block);
int mpage_writepages(struct address_space *mapping, struct writeback_control *wbc,
		     get_block_t *get_block);

/* ---- proof (buffer_check.c) ------------------------------------------------------------------- */

typedef void buffer_fn(struct buffer_head *bh, void *arg);	/* => its page is locked */
/*
 * Are the rings of @mapping's pages sound, and do they say what their pages say?  Each mapped buffer
 * is shown to @fn.
 * => may sleep; the number of faults, each reported
 */
int buffer_check(struct address_space *mapping, buffer_fn *fn, void *arg);

/* Boot: the cache of buffer heads. */
void buffer_init(void);

#endif
