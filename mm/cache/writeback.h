/*
 * mm/cache/writeback.h - pages that are newer than the disk: marked, found, written, waited for.
 *
 * The life of a changed page of a file on a disk:
 *
 *	set_page_dirty			PG_dirty, tag DIRTY, NR_FILE_DIRTY; its inode is dirty
 *	lock_page
 *	clear_page_dirty_for_io		write-protected in all page tables; tag WRITEBACK instead
 *	a_ops->writepage		set_page_writeback: PG_writeback, NR_WRITEBACK;
 *	  unlock_page			bios or buffer heads go to the disk
 *	end_page_writeback		from the disk's interrupt: clean
 *
 * Rules, which writeback_check() and mm_check() prove:
 *	PG_dirty = tag DIRTY = counted in NR_FILE_DIRTY, all three changed under tree_lock;
 *	PG_writeback = counted in NR_WRITEBACK, and the tag WRITEBACK is set (which may be stale);
 *	a page that is clean is writable in no shared mapping, so a store is heard of.
 *
 * What has nothing behind it (ramfs, shmem) takes no part: mapping_cap_writeback() is false, its
 * PG_dirty means nothing, and its mappings are writable from the start.
 *
 * Errors.  A write that failed leaves the page clean and AS_EIO (AS_ENOSPC) in the mapping, where
 * mapping_set_error() puts it; the next who asks by filemap_fdatawait*() (fsync, msync...) is told,
 * once.  sync() and the flusher threads wait without asking.
 *
 * Locking: tree_lock; each function says what it wants.  Order: PG_locked, i_mmap_lock,
 * page_table_lock, mapping->private_lock, tree_lock; inode_lock is never outside of tree_lock.
 */
#ifndef OCTAVO_MM_CACHE_WRITEBACK_H
#define OCTAVO_MM_CACHE_WRITEBACK_H

#include <lib/bitops.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <mm/types/address_space.h>
#include <mm/types/backing_dev.h>
#include <mm/types/page.h>
#include <mm/types/writeback.h>

/* Is there something that its dirty pages are written to? */
static inline bool mapping_cap_writeback(const struct address_space *mapping)
{
	return mapping->backing_dev_info->capabilities & BDI_CAP_WRITEBACK;
}

/* ---- the state of one page (page_dirty.c) ------------------------------------------------------ */

/*
 * An address_space_operations.set_page_dirty for pages without buffer heads, and the last step of
 * __set_page_dirty_buffers() for those with.  A page that has left its mapping stays as it is.
 * => any locks but tree_lock; 1 if it was clean
 */
int __set_page_dirty_nobuffers(struct page *page);
/* writepage cannot write it now: it stays dirty. => page locked */
int redirty_page_for_writepage(struct writeback_control *wbc, struct page *page);
/*
 * The page is about to be written: no page table lets anybody write to it unheard from here on.
 * => page locked, not under write-back; 1 if it was dirty (and has to be written)
 */
int clear_page_dirty_for_io(struct page *page);
/* What it holds is of no interest any more: truncate. => page locked, or not in a mapping */
void cancel_dirty_page(struct page *page);
/* A dirty page leaves the cache: for remove_from_page_cache(). => tree_lock held */
void account_page_cleaned(struct page *page, struct address_space *mapping);

/* The transfer starts. => page locked; 1 if it was under write-back already */
int test_set_page_writeback(struct page *page);
static inline void set_page_writeback(struct page *page)
{
	test_set_page_writeback(page);
}
/* The transfer has ended, well or not (then after mapping_set_error()). => any context */
void end_page_writeback(struct page *page);

/* A page of @mapping could not be written. => any context */
static inline void mapping_set_error(struct address_space *mapping, int error)
{
	if (unlikely(error))
		set_bit(error == -ENOSPC ? AS_ENOSPC : AS_EIO, &mapping->flags);
}

/* Are there pages of @mapping with this tag? => takes tree_lock */
bool mapping_tagged(struct address_space *mapping, unsigned int tag);
/*
 * Pages with @tag from *@index up to @end, in order, each with a reference; *@index moves on.
 * => how many
 */
unsigned int find_get_pages_tag(struct address_space *mapping, unsigned long *index,
				unsigned long end, unsigned int tag, unsigned int nr_pages,
				struct page **pages);

/* ---- many pages (page_writeout.c) --------------------------------------------------------------- */

/* => page locked, its dirty bit cleared; unlocks it. 0 or -errno */
typedef int writepage_t(struct page *page, struct writeback_control *wbc, void *data);

/*
 * Give dirty pages of @mapping to @writepage, as @wbc says, in order of their offset.
 * => may sleep; the first error.  WB_SYNC_ALL goes on after one
 */
int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc,
		      writepage_t *writepage, void *data);
/* ... by a_ops->writepage: an address_space_operations.writepages. */
int generic_writepages(struct address_space *mapping, struct writeback_control *wbc);
/* ... as the mapping does it. */
int do_writepages(struct address_space *mapping, struct writeback_control *wbc);
/* Write one page, and @wait for it. => page locked, unlocks it; may sleep; 0 or -errno */
int write_one_page(struct page *page, int wait);

/*
 * Start writing what is dirty, bytes [@start, @end]; wait for what is under way; both.
 * => may sleep, no page locked; 0 or -errno.  wait tells, and forgets, an error of the mapping
 */
int filemap_fdatawrite(struct address_space *mapping);
int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end);
int filemap_fdatawait(struct address_space *mapping);
int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end);
int filemap_write_and_wait(struct address_space *mapping);
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
/* Start, for later: nobody waits (WB_SYNC_NONE). */
int filemap_flush(struct address_space *mapping);
/* Wait, and leave the error to who asks: sync(), the flusher threads. */
void filemap_fdatawait_keep_errors(struct address_space *mapping);
/* => -EIO, -ENOSPC or 0; forgets it */
int filemap_check_errors(struct address_space *mapping);

/* ---- how much may be dirty, and the threads (page_writeback.c) ------------------------------------ */

/* The settings in /proc/sys/vm: racy words. */
extern int dirty_background_ratio, vm_dirty_ratio;
extern unsigned long dirty_background_bytes, vm_dirty_bytes;
extern int dirty_writeback_interval, dirty_expire_interval;

void __balance_dirty_pages(struct address_space *mapping);
/*
 * The caller has dirtied a page of @mapping.  If too much is dirty, it now helps and waits.
 * => may sleep, no page locked
 */
static inline void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	if (mapping_cap_writeback(mapping))
		__balance_dirty_pages(mapping);
}
/* Too much is dirty. => any context */
void wakeup_bdflush(void);
/* Memory is short of clean pages: some are to be written though it is not too much. => any context */
void reclaim_wakes_bdflush(void);
/* The interval has changed. => may sleep */
void wakeup_kupdate(void);
/* A page has been written: for end_page_writeback(). => any context */
void writeback_progress(void);
/* Sleep until a page somewhere has been written, @timeout jiffies at most. => may sleep */
void congestion_wait(long timeout);

/* Boot: bdflush and kupdate. => kthreadd runs */
void page_writeback_init(void);

#endif
