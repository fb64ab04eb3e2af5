/*
 * mm/cache/shmem_swap.h - pages of tmpfs and of shared memory, in memory or in swap.
 *
 * Such a space (AS_SWAPBACKED) has no file to write its pages to.  Reclaim gives them a slot of a
 * swap area instead, and the space notes which: a page is in page_tree, or its entry is in
 * swap_tree, or there is a hole.  shmem_swap.c has the theory.
 *
 * Locking: tree_lock guards both trees, so that the three are told apart exactly.
 */
#ifndef OCTAVO_MM_CACHE_SHMEM_SWAP_H
#define OCTAVO_MM_CACHE_SHMEM_SWAP_H

#include <kernel/arch/pgtable.h>
#include <mm/types/address_space.h>

/* May pages of it be in swap, so that one that is not in the cache is not a hole yet? */
static inline bool mapping_swaps(const struct address_space *mapping)
{
	return mapping->flags & 1ul << AS_SWAPBACKED;
}

/*
 * The page at @index, brought back if it is in swap (*@major is set if a disk was read for it).
 * => may sleep; a reference, not locked; NULL: a hole; ERR_PTR(-ENOMEM, -EIO)
 */
struct page *shmem_find_page(struct address_space *mapping, unsigned long index, bool *major);
/*
 * The first page at or behind *@index, wherever it is: *@index becomes its index.
 * => false: none. *@page: a reference to it, or NULL: it is in swap
 */
bool shmem_next_page(struct address_space *mapping, unsigned long *index, struct page **page);
/* The entry of the page at @index. => .val 0: it is not in swap; a guess as soon as it is returned */
swp_entry_t shmem_swap_entry(struct address_space *mapping, unsigned long index);
/* How many of [start, end) are in swap? */
unsigned long shmem_swapped_pages(struct address_space *mapping, unsigned long start,
				  unsigned long end);
/* The entry at *@index, or of the first page behind it that is in swap: *@index becomes its index.
 * => .val 0: none before @end */
swp_entry_t shmem_next_swapped(struct address_space *mapping, unsigned long *index,
			       unsigned long end);
/* Start reading those of [start, end) that are in swap. => may sleep */
void shmem_willneed(struct address_space *mapping, unsigned long start, unsigned long end);
/*
 * What is in swap of [start, end) is thrown away. @end 0: of all from @start on.
 * => may sleep; the pages themselves may come and go meanwhile: truncate_inode_pages_range() does both
 */
void shmem_truncate_swapped(struct address_space *mapping, unsigned long start,
			    unsigned long end);
/* Bring back what area @type of swap holds of @mapping. => may sleep; 0, -ENOMEM, -EINTR, -EIO */
int shmem_unuse_mapping(struct address_space *mapping, unsigned int type);
/* Call @fn with each entry. => it may not sleep */
void shmem_for_each_entry(struct address_space *mapping, void (*fn)(swp_entry_t entry, void *arg),
			  void *arg);

/* address_space_operations.writepage of such spaces: for reclaim alone; the page goes to swap. */
struct writeback_control;
int shmem_writepage(struct page *page, struct writeback_control *wbc);

#endif
