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
 * Batches.  A new page waits in an array of its processor until there are PAGEVEC_SIZE of them:
 * then lru_lock is taken once for all.  The array has a reference to each, so that who counts the
 * users of a page (copy on write) has to empty it first; a page that only the array has kept
 * goes to no list but is freed.  The other way, too, is in runs: a page stays on its list until its last
 * reference is gone, and release_pages() takes off all those that it frees (mm/phys/mm_inline.h).
 * Meanwhile reclaim may come by, and sees that the count is 0:
 *
 *	isolate					release_pages
 *						count = 0
 *	lru_lock; count is 0: pass by; unlock
 *						lru_lock; off the list; unlock; free
 *
 * A page that has left its cache, but that somebody still uses, stays too, and reclaim passes it by.
 *
 * A page that is locked in memory (mm/space/mlock.c) uses the place of lru.prev to count.  PG_mlocked
 * is set before the page is taken off its list, and nothing with PG_mlocked is put on one: both
 * under lru_lock.  That is why pages on their way, in a batch or in reclaim's hands, are in arrays
 * and never linked by lru.  A page that is unlocked comes by a batch, although another batch or reclaim
 * may have it already: so a page can be in several arrays, and the first that is emptied puts it on
 * a list.  All that is known of a page without lru_lock is a guess; once the lock is held, it is looked at again.
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
#include <mm/phys/mm_inline.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

DEFINE_PER_CPU(struct pagevec, lru_add_pvec);

/*
 * The last other user of @page was faster than we: it leaves its list again, and is freed later.
 * => on the list at hand, if on any; no references
 */
static noinline void take_back(struct lru_run *run, struct page *page)
{
	if (PageLRU(page))
		lru_run_del(run, page, page->flags & ~(1UL << PG_lru));
	page->flags &= ~(1UL << PG_lru | 1UL << PG_active | 1UL << PG_inactive_clean);
	atomic_set(&page->_refcount, 1);
}

/* Have the lock of @page's zone. */
static void lru_run_to(struct lru_run *run, struct page *page)
{
	if (run->zone != page_zone(page))
		lru_run_zone(run, page_zone(page));
}

/*
 * Where may @page go?  What its flags were before the lock was held says nothing: another batch may have
 * put it on a list, or mlock_page() may have waited for the same lock. => false: on no list
 */
static noinline bool lru_add_turn(struct lru_run *run, struct page *page, bool fresh)
{
	unsigned long flags;

	lru_run_to(run, page);
	flags = READ_ONCE(page->flags);
	if (flags & 1UL << PG_lru)
		return false;
	if (flags & 1UL << PG_mlocked) {
		ClearPageActive(page);
		ClearPageInactiveClean(page);
		return false;
	}
	/* Something new that kswapd could try. */
	if (fresh)
		page_zone(page)->zone_pgdat->kswapd_failures = 0;
	lru_run_turn(run, flags);
	return true;
}

/* A look has found the page used, or not. => lru_lock held, and the page is on no list */
static void age_page_up(struct page *page)
{
	set_page_age(page, min(page_age(page) + PAGE_AGE_ADV, PAGE_AGE_MAX));
}

static void age_page_down(struct page *page)
{
	set_page_age(page, page_age(page) / 2);
	if (page_age(page))
		return;
	ClearPageActive(page);
	count_vm_event(PGDEACTIVATE);
}

/* The flags by which @page, isolated, finds its list. */
static noinline void apply_verdict(struct lru_run *run, struct page *page, enum lru_verdict verdict)
{
	lru_run_to(run, page);
	if (PageLRU(page))
		return;
	switch (verdict) {
	case LRU_ACTIVATE:
		SetPageActive(page);
		set_page_age(page, PAGE_AGE_START);
		count_vm_event(PGACTIVATE);
		break;
	case LRU_AGE_UP:
		age_page_up(page);
		break;
	case LRU_AGE_DOWN:
		age_page_down(page);
		break;
	case LRU_CLEAN:
		SetPageInactiveClean(page);
		break;
	case LRU_STAYS:
	case LRU_WRITTEN:
		break;
	}
}

/*
 * @verdicts: NULL: all stay; @fresh: they come for the first time. => @pages is used
 *
 * What reclaim has had written, and is clean again already, goes to the old end.  Who sees PG_reclaim here
 * has lru_lock before rotate_reclaimable_page(), which then finds the page on its list.
 */
static __always_inline void putback(struct page **pages, const enum lru_verdict *verdicts,
				    unsigned int nr, bool fresh)
{
	struct page **end = pages + nr, **from = pages, **rest = pages;
	struct lru_run run = LRU_RUN;
	unsigned long irq;

	local_irq_save(irq);
	for (; from < end; from++) {
		struct page *page = *from;
		enum lru_verdict verdict = verdicts ? *verdicts++ : LRU_STAYS;
		int count = READ_ONCE(page->_refcount.counter);
		unsigned long flags;

		if (verdict != LRU_STAYS)
			apply_verdict(&run, page, verdict);
		/* After the count: the batch that had the other reference may have put it on a list. */
		flags = READ_ONCE(page->flags);
		/* Unmapped meanwhile, and in no cache: nobody will ever see it again. */
		if (unlikely(count == 1) && !(flags & 1UL << PG_lru)) {
			page->flags = flags & ~(1UL << PG_active | 1UL << PG_inactive_clean);
			*rest++ = page;
			continue;
		}
		/*
		 * The key of pages that come has neither PG_lru nor PG_mlocked, and while it is set the
		 * lock is held.
		 */
		if (likely((flags & LRU_FLAGS) == run.key) || lru_add_turn(&run, page, fresh)) {
			SetPageLRU(page);
			list_add(&page->lru, run.list);
			run.nr++;
			if (verdict == LRU_WRITTEN && !PageReclaim(page) && !PageActive(page))
				list_move_tail(&page->lru, run.list);
		}
		if (likely(!put_page_testzero(page)))
			continue;
		take_back(&run, page);
		*rest++ = page;
	}
	lru_run_end(&run);
	local_irq_restore(irq);
	if (unlikely(rest != pages))
		release_pages(pages, (unsigned int)(rest - pages));
}

void putback_lru_pages(struct page **pages, const enum lru_verdict *verdicts, unsigned int nr)
{
	putback(pages, verdicts, nr, false);
}

void lru_batch_drain(void *unused)
{
	struct pagevec *pvec = this_cpu_ptr(&lru_add_pvec);
	unsigned int nr = pvec->nr;

	if (!nr)
		return;
	pvec->nr = 0;
	putback(pvec->pages, NULL, nr, true);
}

void lru_cache_add(struct page *page)
{
	unsigned long flags;

	get_page(page);
	local_irq_save(flags);
	lru_batch_add(page);
	local_irq_restore(flags);
}

void lru_add_drain(void)
{
	unsigned long flags;

	local_irq_save(flags);
	lru_batch_drain(NULL);
	local_irq_restore(flags);
}

void lru_add_drain_all(void)
{
	on_each_cpu(lru_batch_drain, NULL);
}

void lru_cache_del(struct page *page)
{
	struct lru_run run = LRU_RUN;
	unsigned long flags;

	local_irq_save(flags);
	lru_run_zone(&run, page_zone(page));
	if (PageLRU(page)) {
		lru_run_del(&run, page, page->flags);
		ClearPageLRU(page);
		ClearPageActive(page);
		ClearPageInactiveClean(page);
	}
	lru_run_end(&run);
	local_irq_restore(flags);
}

static void activate_page(struct page *page)
{
	struct lru_run run = LRU_RUN;
	unsigned long flags;

	local_irq_save(flags);
	lru_run_zone(&run, page_zone(page));
	if (PageLRU(page) && !PageActive(page)) {
		lru_run_del(&run, page, page->flags);
		ClearPageLRU(page);
		ClearPageInactiveClean(page);
		SetPageActive(page);
		set_page_age(page, PAGE_AGE_START);
		lru_run_add(&run, page);
		count_vm_event(PGACTIVATE);
	}
	lru_run_end(&run);
	local_irq_restore(flags);
}

void deactivate_page(struct page *page)
{
	struct lru_run run = LRU_RUN;
	unsigned long flags;

	ClearPageReferenced(page);
	if (!PageActive(page))
		return;
	local_irq_save(flags);
	lru_run_zone(&run, page_zone(page));
	if (PageLRU(page) && PageActive(page)) {
		lru_run_del(&run, page, page->flags);
		ClearPageLRU(page);
		ClearPageActive(page);
		lru_run_add(&run, page);
		count_vm_event(PGDEACTIVATE);
	}
	lru_run_end(&run);
	local_irq_restore(flags);
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
		list_add_tail(&page->lru, &zone->lru[page_lru(page)]);
		count_vm_event(PGROTATED);
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

/* @page, on a list of the zone at hand, leaves it. => false: it is being freed, and stays */
static bool isolate(struct lru_run *run, struct page *page)
{
	if (unlikely(!get_page_unless_zero(page)))
		return false;
	lru_run_del(run, page, page->flags);
	ClearPageInactiveClean(page);
	ClearPageLRU(page);
	return true;
}

bool isolate_lru_page(struct page *page)
{
	struct lru_run run = LRU_RUN;
	unsigned long flags;
	bool isolated;

	local_irq_save(flags);
	lru_run_zone(&run, page_zone(page));
	isolated = PageLRU(page) && isolate(&run, page);
	lru_run_end(&run);
	local_irq_restore(flags);
	return isolated;
}

/* From the end of @list, one of @zone's. => how many */
static unsigned int isolate_run(struct zone *zone, struct list_head *list, struct page **pages,
				unsigned int nr)
{
	struct lru_run run = LRU_RUN;
	struct list_head *at, *before;
	unsigned int taken = 0;

	local_irq_disable();
	lru_run_zone(&run, zone);
	for (at = list->prev; at != list && taken < nr; at = before) {
		struct page *page = list_entry(at, struct page, lru);

		before = at->prev;
		if (isolate(&run, page))
			pages[taken++] = page;
	}
	lru_run_end(&run);
	local_irq_enable();
	return taken;
}

unsigned int isolate_lru_pages(struct zone *zone, enum lru_list lru, struct page **pages,
			       unsigned int nr)
{
	return isolate_run(zone, &zone->lru[lru], pages, nr);
}

unsigned int isolate_clean_pages(struct zone *zone, struct page **pages, unsigned int nr)
{
	return isolate_run(zone, &zone->inactive_clean_list, pages, nr);
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
	/* Without users it waits for lru_lock, to be freed. */
	if (page_count(page) < 0 || PageBuddy(page) || PagePcp(page))
		return bad_lru_page(zone, page, "free");
	if (PageMlocked(page))
		return bad_lru_page(zone, page, "locked in memory");
	/* On its way out of the cache it is locked, and has no mapping for a moment. */
	if (PageLocked(page))
		return 0;
	/* It may have left its cache while somebody uses it. */
	if (PageSwapBacked(page) || !page->mapping)
		return 0;
	if (PageAnon(page))
		return bad_lru_page(zone, page, "anonymous, on a list of files");
	if (!mapping_evictable(page->mapping))
		return bad_lru_page(zone, page, "of a file that lives in memory");
	return 0;
}

/* What stands on @list is added to @nr, by kind. => lru_lock held; 0 or -1 */
static int check_list(struct zone *zone, const struct list_head *list, int lru, bool clean, long *nr)
{
	struct page *page;

	list_for_each_entry(page, list, lru) {
		if (check_lru_page(zone, page, clean ? (int)page_lru(page) : lru, clean))
			return -1;
		nr[page_lru(page)]++;
	}
	return 0;
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
	long nr[NR_LRU_LISTS] = { 0 }, sum = 0;
	int lru;

	if (check_list(zone, &zone->inactive_clean_list, 0, true, nr))
		return -1;
	for (lru = 0; lru < NR_LRU_LISTS; lru++)
		sum += nr[lru];
	if (check_count(zone, NR_INACTIVE_CLEAN, sum))
		return -1;
	for (lru = 0, sum = 0; lru < NR_LRU_LISTS; lru++) {
		if (check_list(zone, &zone->lru[lru], lru, false, nr) ||
		    check_count(zone, LRU_STAT(lru), nr[lru]))
			return -1;
		sum += nr[lru];
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
	long pages = 0;
	int lru;

	for (lru = 0; lru < NR_LRU_LISTS; lru++)
		pages += (long)global_page_state(LRU_STAT(lru));
	return pages;
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
