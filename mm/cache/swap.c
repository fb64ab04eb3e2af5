/*
 * mm/cache/swap.c - the lists of pages that could be given up.
 *
 * Theory.  When memory is short, the page should go that will not be used for the longest time.
 * The past is the only hint, and noting each use exactly would cost more than it is worth.  So two
 * lists for each zone, and one bit for each page:
 *
 *	                 used again                      used
 *	new --> inactive ----------> inactive, referenced ----> active (referenced by then)
 *	           |  ^                    |                      |
 *	  tail:    |  '--- tail of active, not used since --------'
 *	  reclaim  v
 *
 * A page has to be used twice to become active.  So a file that is read once from one end to the
 * other, however large, passes through the inactive list and pushes out nothing that is used
 * again and again: the active list is only cut when it is the longer one (vmscan.c).
 *
 * Use by read() and write() is told (mark_page_accessed); use by a page table is found, later, in
 * the accessed bits.
 *
 * Batches.  A page that comes into the cache waits in an array of its processor until there are
 * PAGEVEC_SIZE of them: then lru_lock is taken once for all.  The array has a reference to each;
 * so a page can leave the cache meanwhile, and is then not put on a list.  The order in which
 * the two could meet:
 *
 *	drain					remove_from_page_cache
 *	lru_lock; mapping is there		mapping = NULL
 *	onto the list; unlock			lru_lock; PG_lru: off again
 *
 * and the other way round drain sees NULL.  A page that is locked in memory (mm/space/mlock.c) uses
 * the place of lru.prev to count; the same order keeps the two apart: PG_mlocked first, then off
 * the list.  That is why pages on their way, in a batch or in reclaim's hands, are in arrays and
 * never linked by lru.
 *
 * Locking: swap.h.  The batches: interrupts off, their own processor.
 *
 * References: Gorman, chapter 10; Johnson and Shasha, "2Q", VLDB 1994.
 */
#include <mm/cache/swap.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/smp.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define PAGEVEC_SIZE	14

struct pagevec {
	unsigned int nr;			/* [cpu] */
	struct page *pages[PAGEVEC_SIZE];	/* [cpu] each with a reference */
};
static DEFINE_PER_CPU(struct pagevec, lru_add_pvec);

static inline enum lru_list page_lru(const struct page *page)
{
	return PageActive(page) ? LRU_ACTIVE_FILE : LRU_INACTIVE_FILE;
}

/* => lru_lock held */
static inline void __add_to_list(struct zone *zone, struct page *page)
{
	enum lru_list lru = page_lru(page);

	if (PageInactiveClean(page)) {
		list_add(&page->lru, &zone->inactive_clean_list);
		mod_zone_page_state(zone, NR_INACTIVE_CLEAN, 1);
	} else {
		list_add(&page->lru, &zone->lru[lru]);
	}
	mod_zone_page_state(zone, LRU_STAT(lru), 1);
}

static inline void __del_from_list(struct zone *zone, struct page *page)
{
	list_del(&page->lru);
	if (PageInactiveClean(page)) {
		ClearPageInactiveClean(page);
		mod_zone_page_state(zone, NR_INACTIVE_CLEAN, -1);
	}
	mod_zone_page_state(zone, LRU_STAT(page_lru(page)), -1);
}

/* A page that nobody has on a list; it may have left the cache. => lru_lock held */
static void __lru_add(struct zone *zone, struct page *page)
{
	if (unlikely(!READ_ONCE(page->mapping) || PageLRU(page) || PageMlocked(page))) {
		if (!PageLRU(page)) {
			ClearPageActive(page);
			ClearPageInactiveClean(page);
		}
		return;
	}
	SetPageLRU(page);
	__add_to_list(zone, page);
}

void putback_lru_pages(struct page **pages, unsigned int nr)
{
	struct zone *zone = NULL;
	unsigned long flags;
	unsigned int i;

	local_irq_save(flags);
	for (i = 0; i < nr; i++) {
		struct zone *here = page_zone(pages[i]);

		if (here != zone) {
			if (zone)
				spin_unlock(&zone->lru_lock);
			zone = here;
			spin_lock(&zone->lru_lock);
		}
		__lru_add(zone, pages[i]);
	}
	if (zone)
		spin_unlock(&zone->lru_lock);
	local_irq_restore(flags);
	release_pages(pages, nr);
}

void lru_cache_add(struct page *page)
{
	struct pagevec *pvec;
	unsigned long flags;

	/* Something new that kswapd could try. */
	page_zone(page)->zone_pgdat->kswapd_failures = 0;
	get_page(page);
	local_irq_save(flags);
	pvec = this_cpu_ptr(&lru_add_pvec);
	pvec->pages[pvec->nr++] = page;
	if (pvec->nr == PAGEVEC_SIZE) {
		pvec->nr = 0;
		putback_lru_pages(pvec->pages, PAGEVEC_SIZE);
	}
	local_irq_restore(flags);
}

void lru_add_drain(void)
{
	struct pagevec *pvec;
	unsigned long flags;
	unsigned int nr;

	local_irq_save(flags);
	pvec = this_cpu_ptr(&lru_add_pvec);
	nr = pvec->nr;
	pvec->nr = 0;
	putback_lru_pages(pvec->pages, nr);
	local_irq_restore(flags);
}

static void drain_this_cpu(void *unused)
{
	lru_add_drain();
}

void lru_add_drain_all(void)
{
	on_each_cpu(drain_this_cpu, NULL);
}

void lru_cache_del(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lru_lock, flags);
	if (PageLRU(page)) {
		__del_from_list(zone, page);
		ClearPageLRU(page);
		ClearPageActive(page);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

static void activate_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lru_lock, flags);
	if (PageLRU(page) && !PageActive(page)) {
		__del_from_list(zone, page);
		SetPageActive(page);
		set_page_age(page, PAGE_AGE_START);
		__add_to_list(zone, page);
		count_vm_event(PGACTIVATE);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void mark_page_accessed(struct page *page)
{
	if (!PageReferenced(page)) {
		SetPageReferenced(page);
	} else if (PageLRU(page) && !PageActive(page)) {
		activate_page(page);
		ClearPageReferenced(page);
	}
}

void rotate_reclaimable_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lru_lock, flags);
	if (PageLRU(page) && !PageActive(page) && !PageInactiveClean(page)) {
		list_del(&page->lru);
		list_add_tail(&page->lru, &zone->lru[LRU_INACTIVE_FILE]);
		count_vm_event(PGROTATED);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

unsigned int isolate_lru_pages(struct zone *zone, enum lru_list lru, struct page **pages,
			       unsigned int nr)
{
	struct list_head *list = &zone->lru[lru];
	unsigned int i;

	spin_lock_irq(&zone->lru_lock);
	for (i = 0; i < nr && !list_empty(list); i++) {
		struct page *page = list_entry(list->prev, struct page, lru);

		/* On a list, so in the cache, so there is a reference to add to. */
		get_page(page);
		__del_from_list(zone, page);
		ClearPageLRU(page);
		pages[i] = page;
	}
	zone->pages_scanned += i;
	spin_unlock_irq(&zone->lru_lock);
	return i;
}

struct page *isolate_clean_page(struct zone *zone)
{
	struct list_head *list = &zone->inactive_clean_list;
	struct page *page = NULL;

	spin_lock_irq(&zone->lru_lock);
	if (!list_empty(list)) {
		page = list_entry(list->prev, struct page, lru);
		get_page(page);
		__del_from_list(zone, page);
		ClearPageLRU(page);
	}
	spin_unlock_irq(&zone->lru_lock);
	return page;
}

/* ---- the invariant ------------------------------------------------------------------------------ */

static int bad_lru_page(const struct zone *zone, const struct page *page, const char *what)
{
	pr_err("lru_check: %s: page %lx: %s: flags %lx count %d mapping %p\n", zone->name,
	       page_to_pfn(page), what, page->flags, page_count(page), page->mapping);
	return -1;
}

/* A page that stands on list @lru, or on the inactive clean list. => lru_lock held */
static int check_lru_page(struct zone *zone, const struct page *page, int lru, bool clean)
{
	if (page_zone(page) != zone)
		return bad_lru_page(zone, page, "of another zone");
	if (!PageLRU(page) || (int)page_lru(page) != lru || PageInactiveClean(page) != clean)
		return bad_lru_page(zone, page, "on a list that its flags do not name");
	if (page_count(page) < 1 || PageBuddy(page) || PagePcp(page))
		return bad_lru_page(zone, page, "free");
	if (PageMlocked(page))
		return bad_lru_page(zone, page, "locked in memory");
	/* On its way out of the cache it is locked, and has no mapping for a moment. */
	if (PageLocked(page))
		return 0;
	if (!page->mapping || PageAnon(page))
		return bad_lru_page(zone, page, "not in the page cache");
	if (!mapping_evictable(page->mapping))
		return bad_lru_page(zone, page, "of a file that lives in memory");
	return 0;
}

/* => lru_lock held; pages on the list, or -1 */
static long check_list(struct zone *zone, const struct list_head *list, int lru, bool clean)
{
	struct page *page;
	long nr = 0;

	list_for_each_entry(page, list, lru) {
		if (check_lru_page(zone, page, clean ? (int)page_lru(page) : lru, clean))
			return -1;
		nr++;
	}
	return nr;
}

static int check_count(struct zone *zone, enum zone_stat_item item, long nr)
{
	long counted = atomic_long_read(&zone->vm_stat[item]);

	if (nr == counted)
		return 0;
	pr_err("lru_check: %s: %ld pages on lists, item %d counts %ld\n", zone->name, nr, (int)item,
	       counted);
	return -1;
}

/* => lru_lock held; pages on all lists, or -1 */
static long check_lists(struct zone *zone)
{
	long clean = check_list(zone, &zone->inactive_clean_list, 0, true), sum = 0, nr;
	int lru;

	if (clean < 0 || check_count(zone, NR_INACTIVE_CLEAN, clean))
		return -1;
	for (lru = 0; lru < NR_LRU_LISTS; lru++) {
		nr = check_list(zone, &zone->lru[lru], lru, false);
		if (nr < 0)
			return -1;
		/* All that is clean is of files. */
		if (lru == LRU_INACTIVE_FILE)
			nr += clean;
		if (check_count(zone, LRU_STAT(lru), nr))
			return -1;
		sum += nr;
	}
	return sum;
}

/* Pages of @zone with PG_lru. Takes a while: not locked. */
static long count_marked(struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn, end = min(pfn + zone->spanned_pages, max_mapnr);
	long marked = 0;

	for (; pfn < end; pfn++)
		marked += PageLRU(pfn_to_page(pfn)) && page_zone(pfn_to_page(pfn)) == zone;
	return marked;
}

#define CHECK_TRIES	3	/* kswapd may be at work while PG_lru is counted */

static int check_zone_lists(struct zone *zone)
{
	long listed, marked;
	int tries;

	for (tries = 0; tries < CHECK_TRIES; tries++) {
		spin_lock_irq(&zone->lru_lock);
		listed = check_lists(zone);
		spin_unlock_irq(&zone->lru_lock);
		if (listed < 0)
			return 1;
		marked = count_marked(zone);
		if (marked == listed)
			return 0;
	}
	pr_err("lru_check: %s: %ld pages have PG_lru, %ld are on lists\n", zone->name, marked, listed);
	return 1;
}

int lru_check(void)
{
	struct zone *zone;
	int err = 0;

	for_each_populated_zone(zone)
		err |= check_zone_lists(zone);
	return err ? -1 : 0;
}

/* For ktest: a test leaves as many pages that could be given up as it found. */
static long read_lru_pages(void)
{
	return (long)(global_page_state(NR_INACTIVE_FILE) + global_page_state(NR_ACTIVE_FILE));
}

void __init lru_init(void)
{
	struct zone *zone;
	int lru;

	for_each_zone(zone) {
		for (lru = 0; lru < NR_LRU_LISTS; lru++)
			INIT_LIST_HEAD(&zone->lru[lru]);
		INIT_LIST_HEAD(&zone->inactive_clean_list);
	}
	ktest_register_quiesce(lru_add_drain_all);
	ktest_register_checker("lru_check", lru_check);
	ktest_register_counter("pages on the LRU", read_lru_pages);
}
