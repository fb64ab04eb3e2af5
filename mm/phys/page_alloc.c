/*
 * mm/phys/page_alloc.c - the buddy system, and the path of an allocation.
 *
 * Theory.  Free memory is kept in blocks of 2^order pages, order 0 to 10, each at
 * a multiple of its size.  A block has one buddy: the block it makes one of the
 * next order with, whose frame number differs in the one bit that is the size:
 *
 *	pfn ^ (1 << order)		0x140 ^ 0x040 = 0x100: two of order 6
 *
 * To allocate, take the first block of the smallest order that is large enough,
 * and split it: one half is kept, the other goes to the list below (expand).  To
 * free, look at the buddy; as long as it is free and whole, take it off its
 * list and go on with the two as one.  Both take at most ten steps.  What is lost: a
 * request is rounded up to a power of two, and one page in use spoils a block of
 * 1024 for large requests.
 *
 * PG_buddy marks the first page of a free block, with the order in ->private.
 * Every frame number below mem_map's rounded end has a struct page, so a buddy can
 * be looked at without asking whether it exists: a hole is never PG_buddy.  Zones and
 * nodes end where the largest blocks do, so it is of the same zone.
 *
 * The path of an allocation, each step only if the one before gave nothing:
 *
 *	this CPU's list of the best zone of its node (one page; no lock, no watermark:
 *	  these pages have been taken already)
 *	each zone of the zonelist, down to its low mark
 *	what there is when memory is short: alloc_slow.c
 *
 * A page is checked when it goes out and when it comes back: no users, no
 * mappers, none of the flags that say that somebody owns it.  Debug builds fill free
 * pages of low memory with a pattern too.  A page that fails is reported and
 * never handed out again.
 *
 * Locking: zone->lock, interrupts off, for the lists; it is the innermost lock
 * of mm.  Per-CPU lists: interrupts off.
 *
 * Reference: Knuth, The Art of Computer Programming 1, section 2.5.
 */
#include <mm/phys/page_alloc.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/bug.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <mm/phys/alloc_slow.h>
#include <mm/phys/fail_alloc.h>
#include <mm/phys/highmem.h>
#include <mm/phys/init.h>
#include <mm/phys/mm_inline.h>
#include <mm/phys/page_check.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

/* ---- the buddy system: all with zone->lock held, interrupts off --------------------- */

static inline void set_page_order(struct page *page, unsigned int order)
{
	page->private = order;
	__SetPageBuddy(page);
}

static inline void rmv_page_order(struct page *page)
{
	__ClearPageBuddy(page);
	page->private = 0;
}

void zone_init_free_lists(struct zone *zone)
{
	unsigned int order;

	for (order = 0; order < MAX_ORDER; order++) {
		INIT_LIST_HEAD(&zone->free_area[order].free_list);
		zone->free_area[order].nr_free = 0;
	}
}

/* Keep the first 2^@low pages of a block of 2^@high, put the halves that remain on their lists. */
static inline void expand(struct zone *zone, struct page *page, unsigned int low,
			  unsigned int high)
{
	while (high > low) {
		struct page *half;

		high--;
		half = page + (1UL << high);
		list_add(&half->lru, &zone->free_area[high].free_list);
		zone->free_area[high].nr_free++;
		set_page_order(half, high);
	}
}

/* Take the first block off the list of @found, and keep 2^@order pages of it. */
static __always_inline struct page *take_block(struct zone *zone, unsigned int found,
					       unsigned int order)
{
	struct free_area *area = &zone->free_area[found];
	struct page *page = list_entry(area->free_list.next, struct page, lru);

	__list_del(&area->free_list, page->lru.next);
	rmv_page_order(page);
	area->nr_free--;
	zone->free_pages -= 1UL << order;
	expand(zone, page, order, found);
	return page;
}

/* => a block of 2^@order pages, or NULL */
struct page *__rmqueue(struct zone *zone, unsigned int order)
{
	unsigned int found;

	for (found = order; found < MAX_ORDER; found++)
		if (!list_empty(&zone->free_area[found].free_list))
			return take_block(zone, found, order);
	return NULL;
}

struct page *__rmqueue_most(struct zone *zone, unsigned int most, unsigned int *order)
{
	unsigned int found;

	for (found = 0; found < MAX_ORDER; found++)
		if (!list_empty(&zone->free_area[found].free_list)) {
			*order = min(found, most);
			return take_block(zone, found, *order);
		}
	return NULL;
}

void __free_one_page(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	VM_BUG_ON(pfn & ((1UL << order) - 1));
	zone->free_pages += 1UL << order;
	while (order < MAX_ORDER - 1) {
		struct page *buddy = pfn_to_page(pfn ^ 1UL << order);

		if (!PageBuddy(buddy) || buddy->private != order)
			break;
		VM_BUG_ON(page_zone(buddy) != zone);
		list_del(&buddy->lru);
		zone->free_area[order].nr_free--;
		rmv_page_order(buddy);
		pfn &= ~(1UL << order);
		order++;
	}
	page = pfn_to_page(pfn);
	set_page_order(page, order);
	list_add(&page->lru, &zone->free_area[order].free_list);
	zone->free_area[order].nr_free++;
}

void __init __free_boot_block(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long pages = 1UL << order;

	set_page_order(page, order);
	list_add_tail(&page->lru, &zone->free_area[order].free_list);
	zone->free_area[order].nr_free++;
	zone->free_pages += pages;
	zone->managed_pages += pages;
	totalram_pages += pages;
	if (PageHighMem(page))
		totalhigh_pages += pages;
}

/* ---- making pages ready for their next user ----------------------------------------- */

static void prep_compound_page(struct page *page, unsigned int order)
{
	unsigned long i;

	__SetPageHead(page);
	page->private = order;
	for (i = 1; i < 1UL << order; i++) {
		__SetPageTail(page + i);
		page[i].private = (unsigned long)page;
	}
}

/* => 0, or -1: not a sound compound block */
static int destroy_compound_page(struct page *page, unsigned int order)
{
	unsigned long i;

	if (unlikely(page->private != order)) {
		bad_page(page, "compound block freed with another order");
		return -1;
	}
	for (i = 1; i < 1UL << order; i++) {
		if (unlikely(!PageTail(page + i) || page[i].private != (unsigned long)page)) {
			bad_page(page + i, "tail of a compound block");
			return -1;
		}
		__ClearPageTail(page + i);
		page[i].private = 0;
	}
	__ClearPageHead(page);
	page->private = 0;
	return 0;
}

static noinline void clear_block(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		clear_highpage(page + i);
}

/* A page that is not what a free page must be never leaves again. */
static noinline __cold void quarantine(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long flags, i;

	for (i = 0; i < 1UL << order; i++) {
		bad_page(page + i, "page was to be handed out, but is not free");
		page[i].flags = (page[i].flags & PAGE_FLAGS_CONST) | 1UL << PG_reserved;
		atomic_set(&page[i]._refcount, 1);
		atomic_set(&page[i]._mapcount, -1);
		page[i].mapping = NULL;
	}
	spin_lock_irqsave(&zone->lock, flags);
	zone->managed_pages -= 1UL << order;
	totalram_pages -= 1UL << order;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * @page comes from a free list, where all its flags but @mark were clear.
 * => 0: one reference, flags clear; -1: it was not free, and is in quarantine
 */
static __always_inline int prep_new_page(struct page *page, unsigned int order, gfp_t gfp,
					 unsigned long mark)
{
	unsigned long i;
	bool wrong = false;

	for (i = 0; i < 1UL << order; i++)
		wrong |= page_not_free(page + i, mark);
	if (unlikely(wrong)) {
		quarantine(page, order);
		return -1;
	}
	page->flags &= PAGE_FLAGS_CONST;
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	poison_check(page, order);
	if (unlikely(gfp & __GFP_ZERO))
		clear_block(page, order);
	if (order && gfp & __GFP_COMP)
		prep_compound_page(page, order);
	return 0;
}

/* ---- allocation --------------------------------------------------------------------- */

/*
 * => interrupts off; the page unlinked, PG_pcp still set; NULL: the list is empty.
 * The empty asm keeps the compiler from carrying &page->lru beside page; then it
 * has to be told that page is not NULL.
 */
static __always_inline struct page *pcp_take(struct per_cpu_pages *pcp)
{
	struct page *page;

	if (unlikely(--pcp->count < 0)) {
		pcp->count = 0;
		return NULL;
	}
	page = list_entry(pcp->list.next, struct page, lru);
	asm("" : "+r"(page));
	if (!page)
		__builtin_unreachable();
	__list_del(&pcp->list, page->lru.next);
	pcp->allocated++;
	return page;
}

/* => a block out of this zone, or NULL; the watermark has been checked */
static struct page *buffered_rmqueue(struct zone *zone, unsigned int order, gfp_t gfp)
{
	unsigned long flags;
	struct page *page;

	do {
		local_irq_save(flags);
		if (order == 0) {
			struct per_cpu_pages *pcp = zone_pcp(zone);

			page = pcp_take(pcp);
			if (!page && pcp_refill(zone, pcp))
				page = pcp_take(pcp);
		} else {
			spin_lock(&zone->lock);
			page = __rmqueue(zone, order);
			spin_unlock(&zone->lock);
			if (page) {
				count_vm_events(PGALLOC(zone_idx(zone)), 1UL << order);
				zone->zonestat[smp_processor_id()].blocks++;
			}
		}
		local_irq_restore(flags);
	} while (page && prep_new_page(page, order, gfp, order ? 0 : 1UL << PG_pcp));
	return page;
}

/*
 * On several nodes: a block came from @zone, of a list that begins with @preferred.  One page has
 * been counted as a local hit by leaving the per-CPU list.
 */
void zone_statistics(struct zone *preferred, struct zone *zone)
{
	int cpu = smp_processor_id();

	if (zone_to_nid(zone) != zone_to_nid(preferred)) {
		zone->zonestat[cpu].event[NUMA_MISS]++;
		preferred->zonestat[cpu].event[NUMA_FOREIGN]++;
	}
	if (zone_to_nid(zone) != numa_node_id())
		zone->zonestat[cpu].event[NUMA_OTHER]++;
}

struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, struct zonelist *zonelist,
				    unsigned int alloc_flags)
{
	int classzone_idx = gfp_zone(gfp);
	struct zone **z, *zone;

	for (z = zonelist->zones; (zone = *z) != NULL; z++) {
		unsigned long mark = zone->watermark[alloc_flags & ALLOC_WMARK_MASK];
		struct page *page;

		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order, mark, classzone_idx, alloc_flags))
			continue;
		page = buffered_rmqueue(zone, order, gfp);
		if (page) {
			if (unlikely(nr_online_nodes > 1))
				zone_statistics(zonelist->zones[0], zone);
			return page;
		}
	}
	return NULL;
}

bool renew_page(struct zone *zone, struct page *page, gfp_t gfp)
{
	unsigned long flags;

	if (PageAnon(page))
		page->mapping = NULL;
	page->index = 0;
	if (unlikely(!put_page_testzero(page) || page_not_freeable(page, page->flags))) {
		bad_page(page, "reclaimed while in use");
		return false;
	}
	page->flags &= PAGE_FLAGS_CONST;
	local_irq_save(flags);
	count_vm_event(PGALLOC(zone_idx(zone)));
	count_vm_event(PGFREE);
	zone->zonestat[smp_processor_id()].blocks++;
	local_irq_restore(flags);
	return !prep_new_page(page, 0, gfp, 0);
}

static unsigned long fail_alloc_every, fail_alloc_countdown;
unsigned long fail_alloc_injected;

void fail_alloc_set(unsigned long every)
{
	fail_alloc_every = fail_alloc_countdown = every;
	pcp_fast_path(!every);
}

void fail_alloc_arm(void)
{
	fail_alloc_set((unsigned long)max(cmdline_get_int("fail_alloc", 0), 0L));
}

static bool should_fail_alloc(gfp_t gfp)
{
	if (likely(!fail_alloc_every) || gfp & __GFP_NOFAIL || --fail_alloc_countdown)
		return false;
	fail_alloc_countdown = fail_alloc_every;
	fail_alloc_injected++;
	return true;
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, struct zonelist *zonelist)
{
	struct page *page;

	if (unlikely(order >= MAX_ORDER || !zonelist->zones[0] || should_fail_alloc(gfp)))
		return NULL;
	if (fail_alloc_here(gfp))
		return NULL;
	if (gfp & __GFP_WAIT)
		might_sleep();
	page = get_page_from_freelist(gfp, order, zonelist, WMARK_LOW);
	return likely(page) ? page : __alloc_pages_slowpath(gfp, order, zonelist);
}

static noinline struct page *fastcall alloc_cold_page(gfp_t gfp)
{
	return __alloc_pages(gfp, 0, node_zonelist(numa_node_id(), gfp));
}

/* The path of most allocations: some forty instructions. */
struct page *fastcall alloc_hot_page(gfp_t gfp)
{
	struct per_cpu_pages *pcp = this_cpu_ptr(&pcp_table)->by_gfp[gfp & GFP_ZONEMASK];
	unsigned long flags;
	struct page *page;

	if (fail_alloc_here(gfp))
		return NULL;
	local_irq_save(flags);
	page = pcp_take(pcp);
	local_irq_restore(flags);
	if (likely(page && !prep_new_page(page, 0, gfp, 1UL << PG_pcp)))
		return page;
	return alloc_cold_page(gfp);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	VM_BUG_ON(gfp & __GFP_HIGHMEM);
	page = alloc_pages(gfp, order);
	return page ? (unsigned long)lowmem_page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

/* ---- freeing ------------------------------------------------------------------------ */

static noinline void fastcall flush_batch(struct page *page)
{
	struct zone *zone = page_zone(page);

	pcp_flush(zone, zone_pcp(zone), zone_pcp(zone)->batch);
}

/* Count what has come to the list at hand, or left it. */
static void lru_run_count(struct lru_run *run)
{
	if (!run->nr)
		return;
	mod_zone_page_state(run->zone, LRU_STAT(flags_lru(run->key)), run->nr);
	if (run->key & 1UL << PG_inactive_clean)
		mod_zone_page_state(run->zone, NR_INACTIVE_CLEAN, run->nr);
	run->nr = 0;
}

void fastcall lru_run_zone(struct lru_run *run, struct zone *zone)
{
	if (run->zone) {
		lru_run_count(run);
		spin_unlock(&run->zone->lru_lock);
	}
	if (zone)
		spin_lock(&zone->lru_lock);
	run->zone = zone;
	run->key = ~0UL;
}

void fastcall lru_run_turn(struct lru_run *run, unsigned long flags)
{
	struct zone *zone = zone_table[flags >> NODES_PGSHIFT];

	if (run->zone == zone)
		lru_run_count(run);
	else
		lru_run_zone(run, zone);
	run->key = flags & LRU_FLAGS;
	run->list = flags & 1UL << PG_inactive_clean ? &zone->inactive_clean_list :
						       &zone->lru[flags_lru(flags)];
}

#define LRU_FLAGS_OFF	(1UL << PG_lru | 1UL << PG_active | 1UL << PG_inactive_clean)

/* One page leaves its list to be freed. => interrupts off; its flags are left */
static noinline void fastcall lru_free_one(struct page *page, unsigned long flags)
{
	struct lru_run run = LRU_RUN;

	lru_run_del(&run, page, flags);
	lru_run_end(&run);
}

/* Put @page, whose last reference is gone, on this processor's list. => interrupts off; on no other */
static __always_inline void __free_hot_page(struct pcp_table *table, struct page *page,
					    unsigned long flags)
{
	struct per_cpu_pages *pcp = table->by_zone[flags >> NODES_PGSHIFT];

	if (PageAnon(page))
		page->mapping = NULL;
	if (unlikely(page_not_freeable(page, flags))) {
		bad_page(page, "freed while in use");
		return;
	}
	page->flags = (flags & PAGE_FLAGS_CONST) | 1UL << PG_pcp;
	poison_fill(page, 0);
	list_add(&page->lru, &pcp->list);
	if (unlikely(++pcp->count > pcp->high))
		flush_batch(page);
}

void fastcall free_hot_page(struct page *page)
{
	struct pcp_table *table = this_cpu_ptr(&pcp_table);
	unsigned long irq, flags = page->flags;

	asm("" : "+r"(table));		/* one addition, then indexed: less than the other way round */
	local_irq_save(irq);
	if (flags & 1UL << PG_lru) {
		lru_free_one(page, flags);
		flags &= ~LRU_FLAGS_OFF;
	}
	__free_hot_page(table, page, flags);
	local_irq_restore(irq);
}

/*
 * Nobody takes a page without users off its list, so that its flags do not change.  In a run, where
 * most pages come from one list, the two tests of PG_lru are one.
 */
void release_pages(struct page **pages, unsigned int nr)
{
	struct pcp_table *table = this_cpu_ptr(&pcp_table);
	struct page **last = pages + nr;
	struct lru_run run = LRU_RUN;
	unsigned long irq, flags;

	local_irq_save(irq);
	for (; pages < last; pages++) {
		struct page *page = *pages;

		if (unlikely(READ_ONCE(page->flags) & (1UL << PG_head | 1UL << PG_tail))) {
			put_compound_page(page);
			continue;
		}
		if (!put_page_testzero(page))
			continue;
		flags = READ_ONCE(page->flags);
		if ((flags & LRU_FLAGS) == run.key || flags & 1UL << PG_lru) {
			lru_run_del(&run, page, flags);
			flags &= ~LRU_FLAGS_OFF;
		}
		__free_hot_page(table, page, flags);
	}
	lru_run_end(&run);
	local_irq_restore(irq);
}

/* The last reference to a block of more than one page is gone. */
static void __free_pages_ok(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long flags, i;

	if (PageHead(page) && destroy_compound_page(page, order))
		return;
	for (i = 0; i < 1UL << order; i++) {
		if (unlikely(page_not_freeable(page + i, page[i].flags))) {
			bad_page(page + i, "freed while in use");
			return;
		}
		page[i].flags &= PAGE_FLAGS_CONST;
	}
	poison_fill(page, order);
	spin_lock_irqsave(&zone->lock, flags);
	count_vm_events(PGFREE, 1UL << order);
	__free_one_page(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void fastcall __free_page(struct page *page)
{
	if (unlikely(page_count(page) <= 0))
		bad_page(page, "freed twice");
	else if (put_page_testzero(page))
		free_hot_page(page);
}

void fastcall __free_pages(struct page *page, unsigned int order)
{
	if (order == 0)
		__free_page(page);
	else if (unlikely(page_count(page) <= 0))
		bad_page(page, "freed twice");
	else if (put_page_testzero(page))
		__free_pages_ok(page, order);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	VM_BUG_ON(!virt_addr_valid(addr));
	__free_pages(virt_to_page(addr), order);
}

void put_compound_page(struct page *page)
{
	struct page *head = compound_head(page);

	if (put_page_testzero(head))
		__free_pages_ok(head, (unsigned int)head->private);
}

void split_page(struct page *page, unsigned int order)
{
	unsigned long i;

	VM_BUG_ON(PageHead(page) || page_count(page) != 1);
	for (i = 1; i < 1UL << order; i++)
		atomic_set(&page[i]._refcount, 1);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int order = get_order(size);
	unsigned long addr = __get_free_pages(gfp & ~__GFP_COMP, order);
	unsigned long at = addr + PAGE_ALIGN(size), end = addr + (PAGE_SIZE << order);

	if (!addr)
		return NULL;
	split_page(virt_to_page(addr), order);
	for (; at < end; at += PAGE_SIZE)
		free_page(at);
	return (void *)addr;
}

void free_pages_exact(void *virt, size_t size)
{
	unsigned long at = (unsigned long)virt, end = at + PAGE_ALIGN(size);

	for (; at < end; at += PAGE_SIZE)
		free_page(at);
}
