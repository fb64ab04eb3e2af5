/*
 * mm/cache/swap.h - the lists of pages that could be given up, oldest use last.
 *
 * Which pages: those of a mapping that has a disk behind it (mapping_evictable()), whose content
 * can be had again; and anonymous ones, whose content swap can keep.  Pages of files that live in
 * memory for good (ramfs) are on no list.
 *
 * PG_lru says that a page is on a list; PG_swapbacked (anonymous, or of a file), PG_active and
 * PG_inactive_clean on which.  The lists have no reference to their pages: a page on a list is in a
 * cache or mapped, and when its last reference goes, its place in the list goes with it (mm_inline.h).
 * It is put there some time after it was born (a batch per CPU), and is off it while it is locked
 * in memory (PG_mlocked), or reclaim looks at it.
 *
 * Locking: zone->lru_lock [l], interrupts off: lists, PG_lru, PG_active, PG_inactive_clean and the age.
 */
#ifndef OCTAVO_MM_CACHE_SWAP_H
#define OCTAVO_MM_CACHE_SWAP_H

#include <kernel/arch/irqflags.h>
#include <kernel/arch/linkage.h>
#include <kernel/core/percpu.h>
#include <mm/types/address_space.h>
#include <mm/types/backing_dev.h>
#include <mm/types/mmzone.h>

/* Can what its pages hold be had again? */
static inline bool mapping_evictable(const struct address_space *mapping)
{
	return mapping->backing_dev_info->capabilities & BDI_CAP_WRITEBACK;
}

static inline bool lru_is_anon(enum lru_list lru)
{
	return lru <= LRU_ACTIVE_ANON;
}

#define PAGEVEC_SIZE	31	/* pages, and the count, are two lines of the cache */

/* Pages on their way to the lists: swap.c. */
struct pagevec {
	unsigned int nr;			/* [cpu] */
	struct page *pages[PAGEVEC_SIZE];	/* [cpu] each with a reference */
};
DECLARE_PER_CPU(struct pagevec, lru_add_pvec);

/* The batch is full. => interrupts off */
void lru_batch_drain(void *unused);
/* @page, with a reference that is the batch's. => interrupts off */
static __always_inline void lru_batch_add(struct page *page)
{
	struct pagevec *pvec = this_cpu_ptr(&lru_add_pvec);
	unsigned int nr = pvec->nr;

	pvec->pages[nr] = page;
	asm("" : "+r"(nr));		/* one register for both */
	pvec->nr = ++nr;
	if (unlikely(nr == PAGEVEC_SIZE))
		lru_batch_drain(NULL);
}

/* A page that has just come into the cache: to the inactive list, soon. => any context */
void lru_cache_add(struct page *page);
/*
 * An anonymous page that nobody else can see yet: the same, and the flags of its birth.
 * => a process, interrupts on; a second reference, for the batch
 */
static inline void lru_cache_add_anon(struct page *page)
{
	page->flags |= 1UL << PG_swapbacked | 1UL << PG_uptodate | PAGE_AGE_START << PG_age;
	atomic_set(&page->_refcount, 2);
	local_irq_disable();
	lru_batch_add(page);
	local_irq_enable();
}
/* A page is locked in memory: PG_mlocked is set already. => any context */
void lru_cache_del(struct page *page);
/* A page of the cache was used. => any context; twice between two looks: to the active list */
void mark_page_accessed(struct page *page);
/* A page that reclaim had written is clean: it goes next. => any context, for end_page_writeback() */
void rotate_reclaimable_page(struct page *page);
/* What is in this CPU's batch comes to the lists; in those of all. => the latter: no locks held */
void lru_add_drain(void);
void lru_add_drain_all(void);

/* An active page is not worth it: to the inactive list. => any context */
void deactivate_page(struct page *page);
/* One page off its list, with a reference. => the caller has one; false: it is on none */
bool isolate_lru_page(struct page *page);
/* For reclaim: up to @nr pages from the end of a list, off it, each with a reference. => how many */
unsigned int isolate_lru_pages(struct zone *zone, enum lru_list lru, struct page **pages,
			       unsigned int nr);
/* ... of the inactive clean list, the oldest first */
unsigned int isolate_clean_pages(struct zone *zone, struct page **pages, unsigned int nr);
/* What reclaim has found out about a page that it has isolated. */
enum lru_verdict {
	LRU_STAYS,		/* it goes back to the list that it came from */
	LRU_ACTIVATE,		/* in use: to the active list, young again */
	LRU_AGE_UP,		/* used since the last look */
	LRU_AGE_DOWN,		/* not used: at age 0 to the inactive list */
	LRU_CLEAN,		/* ready to go: to the inactive clean list */
	LRU_WRITTEN,		/* reclaim has had it written: if it is clean by now, it is the next to go */
};
/*
 * ... and back, where @verdicts[i] on @pages[i] says (NULL: all stay); the references go, and with the
 * last reference the page.  If somebody else has put the page on a list meanwhile (it was locked in memory,
 * and is no more), the verdict counts for nothing. => @pages is used
 */
void putback_lru_pages(struct page **pages, const enum lru_verdict *verdicts, unsigned int nr);

/* Each page with PG_lru is on one list, where it belongs, and counted. => 0, or prints and -1 */
int lru_check(void);
/* Boot: empty lists. */
void lru_init(void);

#endif
