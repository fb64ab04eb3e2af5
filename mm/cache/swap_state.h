/*
 * mm/cache/swap_state.h - the swap cache: pages that have a slot in a swap area.
 *
 * A page enters it before it is written out, and leaves it when nobody needs the slot: so a
 * page that several processes share goes out once, and is found by all of them on its way back.
 *
 *	PG_swapcache, ->private = entry; in swapper_space of its area, by slot; a reference held
 *	by the cache; one count of swap_map.  ->mapping stays what it was: an anon_vma, or NULL
 *	for a page of shmem.
 *
 * Locking: PG_locked to come and go; tree_lock of the area's swapper_space for the tree.
 */
#ifndef OCTAVO_MM_CACHE_SWAP_STATE_H
#define OCTAVO_MM_CACHE_SWAP_STATE_H

#include <mm/cache/swapfile.h>
#include <mm/types/mm_types.h>

static inline struct address_space *swap_address_space(swp_entry_t entry)
{
	return &swap_info[swp_type(entry)].swapper_space;
}
/* => PG_swapcache, page locked or otherwise kept there */
static inline swp_entry_t page_swap_entry(const struct page *page)
{
	return (swp_entry_t){ page->private };
}
/* Whose operations write it, and drop it: swapper_space, the file's, or NULL (anonymous, no slot). */
static inline struct address_space *page_mapping(const struct page *page)
{
	if (PageSwapCache(page))
		return swap_address_space(page_swap_entry(page));
	return PageAnon(page) ? NULL : page->mapping;
}

/*
 * Give @page a slot and put it into the swap cache, dirty.
 * => page locked, uptodate, anonymous; may not sleep; false: no slot, or no memory for the tree
 */
bool add_to_swap(struct page *page);
/* @page, locked, gets the slot that the caller holds. => may allocate with @gfp; 0, -EEXIST, -ENOMEM */
int add_to_swap_cache(struct page *page, swp_entry_t entry, gfp_t gfp);
/* => page locked, not under write-back; the cache's reference and count go */
void delete_from_swap_cache(struct page *page);
/* ... and the tree_lock of its space is held (remove_mapping): the count is the caller's to free */
void __delete_from_swap_cache(struct page *page);
/* => a reference, or NULL */
struct page *lookup_swap_cache(swp_entry_t entry);
/* ... for a fault at @address of @vma (NULL: of shmem): readahead learns from it. */
struct page *lookup_swap_cache_vma(swp_entry_t entry, struct vm_area_struct *vma,
				   unsigned long address);
/* Entries that name it, whether it is in the cache or not. => a guess, unless its page is locked */
int swp_swapcount(swp_entry_t entry);
/*
 * Find it, or start reading it (@vma NULL: for shmem).
 * => may sleep; a reference; NULL: no memory, or the slot was freed
 */
struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				   unsigned long address);
/* ... *@reading: it was not there. */
struct page *__read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				     unsigned long address, bool *reading);
/* swap_readahead.c: with neighbours, by page-cluster and how useful that was lately. => as above */
struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
			      unsigned long address);
/* Is one entry the only one to use @page? Then its slot goes, and it may be written to.
 * => page locked, page_table_lock held or not */
bool reuse_swap_page(struct page *page);
/* The slot goes if no entry needs it. => page locked; true: it did */
bool try_to_free_swap(struct page *page);

extern int page_cluster;		/* swap_readahead.c: log2 of the most that are read together */
extern atomic_t nr_swap_cached;		/* [a] pages in all swap caches */
void __free_swap_cache(struct page **pages, unsigned int nr);
/*
 * An entry of each of @pages is gone: those that were mapped by no other, and that no entry
 * names, have no slot any more.  => a reference to each; may not sleep
 */
static inline void free_swap_cache(struct page **pages, unsigned int nr)
{
	if (unlikely(atomic_read(&nr_swap_cached)))
		__free_swap_cache(pages, nr);
}
/* Slots that no entry needs, whose pages were overlooked. => may sleep; pages that left the cache */
unsigned long drop_swap_cache(void);

extern atomic_t nr_swap_writing;	/* [a] page_io.c: pages on their way to slots */
/* page_io.c: => page locked; unlock it, now or when the disk has answered. 0 or -errno */
int swap_writepage(struct page *page, struct writeback_control *wbc);
int swap_readpage(struct page *page);

/* Boot: areas (swapfile.c), their caches, how far to read ahead. */
void swap_init(void);
void swap_state_init(void);
void swap_readahead_init(void);	/* called by it */

#endif
