/*
 * mm/phys/mm_inline.h - a page onto a list of pages that could be given up, and off it.
 *
 * What the lists are for is told in mm/cache/swap.h.  These steps lie lower because the last one
 * of them is part of freeing: a page stays on its list until nobody has a reference any more, and
 * leaves it together with all the others that are freed then, under one taking of lru_lock.
 *
 * Locking: zone->lru_lock, interrupts off, for all that touches a list.
 */
#ifndef OCTAVO_MM_PHYS_MM_INLINE_H
#define OCTAVO_MM_PHYS_MM_INLINE_H

#include <mm/phys/vmstat.h>

/* The list that @page belongs on, if it is not an inactive clean one. */
static inline enum lru_list page_lru(const struct page *page)
{
	return (enum lru_list)((PageSwapBacked(page) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE) +
			       PageActive(page));
}
static_assert(LRU_ACTIVE_ANON == LRU_INACTIVE_ANON + 1 && LRU_ACTIVE_FILE == LRU_INACTIVE_FILE + 1,
	      "page_lru()");

/* A run of changes to the lists of one zone after the other: what is to be counted at its end. */
struct lru_run {
	struct zone *zone;		/* its lru_lock is held; NULL: none yet */
	int nr[NR_LRU_LISTS];
	int clean;
};

/* Count what was done in the zone at hand, and go on to @zone (NULL: nowhere). => interrupts off */
void lru_run_turn(struct lru_run *run, struct zone *zone);

static inline void lru_run_in(struct lru_run *run, struct page *page)
{
	struct zone *zone = page_zone(page);

	if (unlikely(zone != run->zone))
		lru_run_turn(run, zone);
}
static inline void lru_run_end(struct lru_run *run)
{
	if (run->zone)
		lru_run_turn(run, NULL);
}

/* => lru_run_in(); the page is on no list */
static inline void lru_run_add(struct lru_run *run, struct page *page)
{
	enum lru_list lru = page_lru(page);
	struct list_head *list = &run->zone->lru[lru];

	if (unlikely(PageInactiveClean(page))) {
		list = &run->zone->inactive_clean_list;
		run->clean++;
	}
	SetPageLRU(page);
	list_add(&page->lru, list);
	run->nr[lru]++;
}

/* => lru_run_in(), PG_lru; the flags are the caller's to clear */
static inline void lru_run_del(struct lru_run *run, struct page *page)
{
	if (unlikely(PageInactiveClean(page)))
		run->clean--;
	run->nr[page_lru(page)]--;
	list_del(&page->lru);
}

/* The last reference to @page is gone, so that nobody takes it off its list meanwhile. */
static inline void lru_run_free(struct lru_run *run, struct page *page)
{
	lru_run_in(run, page);
	lru_run_del(run, page);
	page->flags &= ~(1UL << PG_lru | 1UL << PG_active | 1UL << PG_inactive_clean);
}

#endif
