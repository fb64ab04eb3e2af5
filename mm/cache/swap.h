/*
 * mm/cache/swap.h - the lists of pages that could be given up, oldest use last.
 *
 * Which pages: those of a mapping that has a disk behind it (mapping_evictable()).  Their content
 * can be had again.  Pages of files that live in memory, and anonymous ones, are on no list.
 *
 * PG_lru says that a page is on a list, PG_active on which.  A page on a list is in the page cache,
 * and has its reference for as long as it is: the lists have none of their own.  It is put on a
 * list some time after it came into the cache (a batch per CPU), and leaves it when it
 * leaves the cache, when it is locked in memory (PG_mlocked), or while reclaim looks at it.
 *
 * Locking: zone->lru_lock [l], interrupts off: lists, PG_lru, and PG_active of a page with PG_lru.
 */
#ifndef OCTAVO_MM_CACHE_SWAP_H
#define OCTAVO_MM_CACHE_SWAP_H

#include <mm/types/address_space.h>
#include <mm/types/backing_dev.h>
#include <mm/types/mmzone.h>

/* Can what its pages hold be had again? */
static inline bool mapping_evictable(const struct address_space *mapping)
{
	return mapping->backing_dev_info->capabilities & BDI_CAP_WRITEBACK;
}

/* A page that has just come into the cache: to the inactive list, soon. => any context */
void lru_cache_add(struct page *page);
/* A page leaves the cache (its mapping is NULL already) or is locked in memory. => any context */
void lru_cache_del(struct page *page);
/* A page of the cache was used. => any context; twice between two looks: to the active list */
void mark_page_accessed(struct page *page);
/* A page that reclaim had written is clean: it goes next. => any context, for end_page_writeback() */
void rotate_reclaimable_page(struct page *page);
/* What is in this CPU's batch comes to the lists; in those of all. => the latter: no locks held */
void lru_add_drain(void);
void lru_add_drain_all(void);

/* For reclaim: up to @nr pages from the end of a list, off it, each with a reference. => how many */
unsigned int isolate_lru_pages(struct zone *zone, enum lru_list lru, struct page **pages,
			       unsigned int nr);
/* ... the oldest of the inactive clean list. => NULL: it is empty */
struct page *isolate_clean_page(struct zone *zone);
/* ... and back to where PG_active and PG_inactive_clean say, those still in the cache; the
 * references go. */
void putback_lru_pages(struct page **pages, unsigned int nr);

/* A look has found the page used, or not. => the page is isolated */
static inline void age_page_up(struct page *page)
{
	unsigned int age = page_age(page) + PAGE_AGE_ADV;

	set_page_age(page, age < PAGE_AGE_MAX ? age : PAGE_AGE_MAX);
}
static inline void age_page_down(struct page *page)
{
	set_page_age(page, page_age(page) / 2);
}

/* Each page with PG_lru is on one list, where it belongs, and counted. => 0, or prints and -1 */
int lru_check(void);
/* Boot: empty lists. */
void lru_init(void);

#endif
