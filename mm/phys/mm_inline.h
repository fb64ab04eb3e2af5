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

#include <kernel/arch/linkage.h>
#include <mm/phys/vmstat.h>

/* The list that a page with these flags belongs on, if it is not an inactive clean one. */
static inline enum lru_list flags_lru(unsigned long flags)
{
	return (enum lru_list)((flags & 1UL << PG_swapbacked ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE) +
			       (int)(flags >> PG_active & 1));
}
static_assert(LRU_ACTIVE_ANON == LRU_INACTIVE_ANON + 1 && LRU_ACTIVE_FILE == LRU_INACTIVE_FILE + 1,
	      "flags_lru()");
static inline enum lru_list page_lru(const struct page *page)
{
	return flags_lru(page->flags);
}

/* What of a page's flags says on which list of which zone it is, or that it may be on none. */
#define LRU_FLAGS	(~0UL << NODES_PGSHIFT | 1UL << PG_swapbacked | 1UL << PG_active | \
			 1UL << PG_inactive_clean | 1UL << PG_lru | 1UL << PG_mlocked)

/*
 * A run of pages that come to lists, or leave them.  As long as it is the same list, a page costs one
 * comparison; the count, and the lock, are for the turns.
 */
struct lru_run {
	unsigned long key;		/* flags & LRU_FLAGS of the pages of this list; ~0: none yet */
	struct zone *zone;		/* its lru_lock is held; NULL: none yet */
	struct list_head *list;
	int nr;				/* pages that came, less those that left: not counted yet */
};
#define LRU_RUN		((struct lru_run){ .key = ~0UL })

/* Go to the list for @flags. => interrupts off until the end */
void fastcall lru_run_turn(struct lru_run *run, unsigned long flags);
/* Go to @zone (NULL: nowhere), to no list of it. */
void fastcall lru_run_zone(struct lru_run *run, struct zone *zone);
static inline void lru_run_end(struct lru_run *run)
{
	if (run->zone)
		lru_run_zone(run, NULL);
}

/* @page is on no list, and not locked in memory. */
static inline void lru_run_add(struct lru_run *run, struct page *page)
{
	unsigned long flags = READ_ONCE(page->flags);

	if (unlikely((flags & LRU_FLAGS) != run->key))
		lru_run_turn(run, flags);
	SetPageLRU(page);
	list_add(&page->lru, run->list);
	run->nr++;
}

/* @page leaves its list. => PG_lru, and lru_lock held or nobody else has a reference; its flags are left */
static inline void lru_run_del(struct lru_run *run, struct page *page, unsigned long flags)
{
	if (unlikely((flags & LRU_FLAGS) != run->key))
		lru_run_turn(run, flags);
	__list_del(page->lru.prev, page->lru.next);
	run->nr--;
}

#endif
