/*
 * mm/cache/readahead.h - pages of a file read before they are asked for.
 *
 * Theory: readahead.c.  One struct file_ra_state (mm/types/inode.h) for each open file; a file
 * with ra_pages 0 is never read ahead: those that live in memory, and who said so by
 * POSIX_FADV_RANDOM.
 */
#ifndef OCTAVO_MM_CACHE_READAHEAD_H
#define OCTAVO_MM_CACHE_READAHEAD_H

#include <mm/types/backing_dev.h>
#include <mm/types/inode.h>

struct file;

#define VM_MAX_READAHEAD	128	/* kilobytes: what a disk's backing_dev_info starts with */

/* A file was opened: nothing is known about its reader. */
static inline void file_ra_state_init(struct file_ra_state *ra,
				      const struct address_space *mapping)
{
	ra->ra_pages = mapping->backing_dev_info->ra_pages;
	ra->prev_pos = -1;
}

/*
 * The page at @pos of @mapping, for a reader who wants @req pages from there on; @page is what
 * find_get_page() had (NULL: nothing), its reference goes.  Reads ahead as @ra's history
 * suggests, and tells the LRU that the page was used.
 * => may sleep; uptodate, referenced, not locked; or ERR_PTR as of read_cache_page()
 */
struct page *read_page_ahead(struct address_space *mapping, struct file_ra_state *ra,
			     struct file *file, struct page *page, loff_t pos, unsigned long req);
/*
 * The same for a fault at page @index of a mapping with @vm_flags.  *major: a disk was read.
 * => as above; the LRU is told by the page table
 */
struct page *fault_page_ahead(struct address_space *mapping, struct file_ra_state *ra,
			      struct file *file, struct page *page, unsigned long index,
			      unsigned long vm_flags, bool *major);
/* Faults that found what they wanted: the mapping is not that random. */
static inline void file_ra_hit(struct file_ra_state *ra, unsigned int pages)
{
	if (unlikely(ra->mmap_miss))
		ra->mmap_miss -= ra->mmap_miss < pages ? ra->mmap_miss : pages;
}
/* Start reading @nr pages, whatever the history: WILLNEED, readahead(2). => may sleep */
void force_page_cache_readahead(struct address_space *mapping, struct file *file,
				unsigned long index, unsigned long nr);

#endif
