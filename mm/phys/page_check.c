/*
 * mm/phys/page_check.c - the page allocator watched: reports and invariants.
 *
 * Theory.  The page allocator is where other people's mistakes surface: a page
 * freed twice, freed while it is mapped, written to after it was freed.  The
 * cheap signs are looked at on every allocation and free (page_check.h).  Here is
 * what follows: a report that shows all that struct page knows, and then going
 * on without that page, because losing one page beats losing the machine.
 *
 * zone_check() proves the buddy system's own invariants, all at once:
 *	each list's blocks are PG_buddy, of that order, aligned, inside the zone
 *	a free block's buddy is not free at the same order (else they were one)
 *	nr_free of each order, free_pages, and each pcp->count are what a count gives
 *	pages on per-CPU lists look free and are marked PG_pcp
 * It costs a walk of all free blocks, so tests and the debugger call it.
 *
 * Poison: high memory is left out, it would need a mapping per page.
 */
#include <mm/phys/page_check.h>

#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

unsigned long bad_page_count;
bool bad_page_expected;

static const char *const flag_names[__NR_PAGEFLAGS] = {
	[PG_locked] = "locked", [PG_error] = "error", [PG_referenced] = "referenced",
	[PG_uptodate] = "uptodate", [PG_dirty] = "dirty", [PG_lru] = "lru",
	[PG_active] = "active", [PG_slab] = "slab", [PG_reserved] = "reserved",
	[PG_private] = "private", [PG_writeback] = "writeback", [PG_swapcache] = "swapcache",
	[PG_swapbacked] = "swapbacked", [PG_buddy] = "buddy", [PG_pcp] = "pcp",
	[PG_table] = "table", [PG_kstack] = "kstack", [PG_vmalloc] = "vmalloc",
	[PG_head] = "head", [PG_tail] = "tail", [PG_highmem] = "highmem",
	[PG_mlocked] = "mlocked", [PG_readahead] = "readahead/reclaim",
	[PG_blkdev] = "blkdev", [PG_inactive_clean] = "inactive_clean", [PG_age] = "age1",
	[PG_age_high] = "age2",
};

static __cold void dump_page_flags(unsigned long flags)
{
	unsigned int i;

	for (i = 0; i < __NR_PAGEFLAGS; i++)
		if (flags & 1UL << i)
			pr_cont(" %s", flag_names[i]);
	pr_cont("\n");
}

__cold void bad_page(struct page *page, const char *why)
{
	bad_page_count++;
	if (bad_page_expected)
		return;
	pr_alert("BUG: Bad page state in process %s  pfn:%05lx: %s\n", current->comm,
		 page_to_pfn(page), why);
	pr_alert("page:%p refcount:%d mapcount:%d mapping:%p index:0x%lx private:0x%lx\n", page,
		 page_count(page), page_mapcount(page), page->mapping, page->index,
		 page->private);
	pr_alert("flags: 0x%lx node %d zone %s:", page->flags, page_to_nid(page),
		 page_zone(page)->name);
	dump_page_flags(page->flags);
	dump_stack();
}

#ifdef CONFIG_DEBUG

#define POISON_WORD	0xaaaaaaaaUL
#define POISON_INDEX	0x50e50e50UL	/* in ->index of a page that is filled */

void poison_fill(struct page *page, unsigned int order)
{
	unsigned long i;

	if (PageHighMem(page))
		return;
	for (i = 0; i < 1UL << order; i++) {
		void *at = lowmem_page_address(page + i);
		unsigned long words = PAGE_SIZE / 4;

		asm volatile("rep stosl" : "+D"(at), "+c"(words) : "a"(POISON_WORD) : "memory");
		page[i].index = POISON_INDEX;
	}
}

/* => the first word of the page that is not the pattern, or NULL */
static unsigned long *poison_damage(struct page *page)
{
	unsigned long *word = lowmem_page_address(page), words = PAGE_SIZE / 4;
	u8 equal;

	asm("repe scasl; sete %2" : "+D"(word), "+c"(words), "=qm"(equal)
	    : "a"(POISON_WORD) : "memory", "cc");
	return equal ? NULL : word - 1;
}

void poison_check(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++) {
		unsigned long *bad;

		if (page[i].index != POISON_INDEX)
			continue;
		page[i].index = 0;
		bad = poison_damage(page + i);
		if (!bad)
			continue;
		if (!bad_page_expected)
			pr_alert("free page changed: 0x%08lx at %p\n", *bad, bad);
		bad_page(page + i, "written to while free");
	}
}

#endif

/* ---- zone_check --------------------------------------------------------------------- */

static int complain(const struct zone *zone, const char *what, unsigned long a, unsigned long b)
{
	pr_err("zone_check: node %d %s: %s: 0x%lx, 0x%lx\n", zone->node, zone->name, what, a, b);
	return -1;
}

static bool pfn_in_zone(const struct zone *zone, unsigned long pfn, unsigned long pages)
{
	return pfn >= zone->zone_start_pfn &&
	       pfn + pages <= zone->zone_start_pfn + zone->spanned_pages;
}

static int check_block(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);
	struct page *buddy = pfn_to_page(pfn ^ 1UL << order);

	if (!VALID_PAGE(page) || !pfn_in_zone(zone, pfn, 1UL << order))
		return complain(zone, "block outside the zone", pfn, order);
	if (page_zone(page) != zone)
		return complain(zone, "block of another zone", pfn, order);
	if (pfn & ((1UL << order) - 1))
		return complain(zone, "block not aligned", pfn, order);
	if (page_not_free(page, 1UL << PG_buddy))
		return complain(zone, "block not free", pfn, page->flags);
	if (page->private != order)
		return complain(zone, "block of another order", pfn, page->private);
	if (order < MAX_ORDER - 1 && PageBuddy(buddy) && buddy->private == order)
		return complain(zone, "two free buddies side by side", pfn, order);
	return 0;
}

static int check_free_area(struct zone *zone, unsigned int order, unsigned long *pages)
{
	struct free_area *area = &zone->free_area[order];
	struct list_head *at, *prev = &area->free_list;
	unsigned long blocks = 0;

	for (at = area->free_list.next; at != &area->free_list; prev = at, at = at->next) {
		if (at->prev != prev)
			return complain(zone, "list broken", order, (unsigned long)at);
		if (check_block(zone, list_entry(at, struct page, lru), order))
			return -1;
		blocks++;
	}
	if (blocks != area->nr_free)
		return complain(zone, "nr_free", blocks, area->nr_free);
	*pages += blocks << order;
	return 0;
}

static int check_pcp(struct zone *zone, struct per_cpu_pages *pcp)
{
	struct page *page;
	int count = 0;

	list_for_each_entry(page, &pcp->list, lru) {
		if (page_zone(page) != zone || page_not_free(page, 1UL << PG_pcp))
			return complain(zone, "page on a per-CPU list", page_to_pfn(page),
					page->flags);
		count++;
	}
	if (count != pcp->count)
		return complain(zone, "pcp->count", (unsigned long)count,
				(unsigned long)pcp->count);
	return 0;
}

int zone_check(void)
{
	struct zone *zone;
	int err = 0;

	for_each_zone(zone) {
		unsigned long flags, pages = 0;
		unsigned int order;

		spin_lock_irqsave(&zone->lock, flags);
		for (order = 0; order < MAX_ORDER && !err; order++)
			err = check_free_area(zone, order, &pages);
		if (!err && pages != zone->free_pages)
			err = complain(zone, "free_pages", pages, zone->free_pages);
		if (!err && pages + zone_pcp_pages(zone) > zone->managed_pages)
			err = complain(zone, "more free than managed", pages, zone->managed_pages);
		if (!err)
			err = check_pcp(zone, zone_pcp(zone));
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return err;
}
