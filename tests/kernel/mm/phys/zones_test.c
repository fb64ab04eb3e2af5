/*
 * tests/kernel/mm/phys/zones_test.c - watermarks, reserves and fallback decide.
 *
 * The tests empty real zones, in large blocks first, keep what they got on a
 * list, look how low each kind of request got, and give all back.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

#define QUIET	(__GFP_NOWARN | __GFP_NORETRY)

static LIST_HEAD(hoard);

/* Take all that @gfp can get, large blocks first. => pages */
static unsigned long take_all(gfp_t gfp)
{
	unsigned long pages = 0;
	int order;

	for (order = MAX_ORDER - 1; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(gfp | QUIET, (unsigned int)order)) != NULL) {
			page->index = (unsigned long)order;
			list_add(&page->lru, &hoard);
			pages += 1UL << order;
		}
	}
	return pages;
}

static void give_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, lru) {
		unsigned int order = (unsigned int)page->index;

		list_del(&page->lru);
		__free_pages(page, order);
	}
}

static struct zone *zone_number(int i)
{
	return &contig_page_data.node_zones[i];
}

/* @zone's free pages stopped at @mark: not above it, and below by less than a batch. */
static void expect_stopped_at(struct ktest *t, struct zone *zone, unsigned long mark)
{
	unsigned long batch = (unsigned long)zone_pcp(zone)->batch;

	KEXPECT(t, zone->free_pages <= mark);
	KEXPECT(t, zone->free_pages + batch >= mark);
	if (zone->free_pages > mark || zone->free_pages + batch < mark)
		ktest_log("%s: %lu free, mark %lu", zone->name, zone->free_pages, mark);
}

/* Marks a quarter of min apart, or a thousandth of the zone; the sum over low memory is min_free_kbytes. */
KTEST(zones, watermarks)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone(zone) {
		const unsigned long *w = zone->watermark;
		unsigned long step = max(w[WMARK_MIN] / 4, zone->managed_pages / 1000);

		KEXPECT_EQ(t, w[WMARK_LOW], w[WMARK_MIN] + step);
		KEXPECT_EQ(t, w[WMARK_HIGH], w[WMARK_MIN] + 2 * step);
		if (zone_idx(zone) != ZONE_HIGHMEM)
			sum += w[WMARK_MIN];
		else if (populated_zone(zone))
			KEXPECT(t, w[WMARK_MIN] >= 32 && w[WMARK_MIN] <= 128);
	}
	KEXPECT(t, min_free_kbytes >= 128 && min_free_kbytes <= 65536);
	KEXPECT(t, sum <= min_free_kbytes / 4 && sum + MAX_NR_ZONES * (unsigned int)nr_online_nodes >=
		   min_free_kbytes / 4);
}

/* @kept is what all zones of @type together keep back from @class; each rounds down. */
static void expect_reserve(struct ktest *t, int type, int class, unsigned long kept)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if ((int)zone_idx(zone) == type)
			sum += zone->lowmem_reserve[class];
	KEXPECT(t, sum <= kept && sum + (unsigned int)nr_online_nodes > kept);
	if (nr_online_nodes == 1 && populated_zone(zone_number(type)))
		KEXPECT_EQ(t, sum, kept);
}

/* All zones of a kind keep 1/256 (Normal: 1/32) of the zones above from requests that could live there. */
KTEST(zones, reserves)
{
	unsigned long pages[MAX_NR_ZONES] = { 0 };
	struct zone *zone;

	for_each_zone(zone)
		pages[zone_idx(zone)] += zone->managed_pages;
	expect_reserve(t, ZONE_DMA, ZONE_DMA, 0);
	expect_reserve(t, ZONE_DMA, ZONE_NORMAL, pages[ZONE_NORMAL] >> 8);
	expect_reserve(t, ZONE_DMA, ZONE_HIGHMEM, (pages[ZONE_NORMAL] + pages[ZONE_HIGHMEM]) >> 8);
	if (pages[ZONE_NORMAL])
		expect_reserve(t, ZONE_NORMAL, ZONE_HIGHMEM, pages[ZONE_HIGHMEM] >> 5);
}

/* The arithmetic alone, on a zone made up: flags deepen, orders do not count small blocks. */
KTEST(zones, watermark_rules)
{
	static struct zone zone;

	zone.free_pages = 100;
	zone.free_area[0].nr_free = 100;
	zone.lowmem_reserve[ZONE_HIGHMEM] = 50;
	KEXPECT(t, zone_watermark_ok(&zone, 0, 99, ZONE_DMA, 0));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 100, ZONE_DMA, 0));
	KEXPECT(t, zone_watermark_ok(&zone, 0, 49, ZONE_HIGHMEM, 0));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 50, ZONE_HIGHMEM, 0));
	KEXPECT(t, zone_watermark_ok(&zone, 0, 198, ZONE_DMA, ALLOC_HIGH));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 200, ZONE_DMA, ALLOC_HIGH));
	KEXPECT(t, zone_watermark_ok(&zone, 0, 132, ZONE_DMA, ALLOC_HARDER));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 134, ZONE_DMA, ALLOC_HARDER));
	KEXPECT(t, zone_watermark_ok(&zone, 0, 256, ZONE_DMA, ALLOC_HIGH | ALLOC_HARDER));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 272, ZONE_DMA, ALLOC_HIGH | ALLOC_HARDER));
	KEXPECT(t, zone_watermark_ok(&zone, 0, 198, ZONE_DMA, ALLOC_OOM));
	KEXPECT(t, !zone_watermark_ok(&zone, 0, 200, ZONE_DMA, ALLOC_OOM));
	KEXPECT(t, !zone_watermark_ok(&zone, 1, 0, ZONE_DMA, 0));	/* all in single pages */
	zone.free_area[0].nr_free = 90;
	zone.free_area[1].nr_free = 5;
	KEXPECT(t, zone_watermark_ok(&zone, 1, 10, ZONE_DMA, 0));
	KEXPECT(t, !zone_watermark_ok(&zone, 1, 20, ZONE_DMA, 0));
}

/* Who may go how low: ordinary, cannot wait, killed for its memory, cannot wait and urgent, reclaim itself. */
KTEST(zones, watermarks_by_gfp)
{
	struct zone *zone = zone_number(ZONE_DMA);
	unsigned long min = zone->watermark[WMARK_MIN], got, stalls = vm_event_sum(ALLOCSTALL_DMA);

	take_all(GFP_KERNEL | __GFP_DMA);
	expect_stopped_at(t, zone, min);
	KEXPECT(t, vm_event_sum(ALLOCSTALL_DMA) > stalls);
	got = take_all(GFP_NOWAIT | __GFP_DMA);
	KEXPECT(t, got > 0 || min / 4 < (unsigned long)zone_pcp(zone)->batch);
	expect_stopped_at(t, zone, min - min / 4);
	set_tsk_work(current, TIF_MEMDIE);
	take_all(GFP_KERNEL | __GFP_DMA);
	clear_tsk_work(current, TIF_MEMDIE);
	expect_stopped_at(t, zone, min - min / 2);
	got = take_all(GFP_ATOMIC | __GFP_DMA);
	KEXPECT(t, got > 0 || min / 8 < (unsigned long)zone_pcp(zone)->batch);
	expect_stopped_at(t, zone, min - min / 2 - (min - min / 2) / 4);
	got = take_all(GFP_NOWAIT | __GFP_DMA | __GFP_MEMALLOC);
	KEXPECT(t, got > 0);
	KEXPECT_EQ(t, zone->free_pages, 0ul);
	KEXPECT(t, !alloc_pages(GFP_ATOMIC | __GFP_DMA | QUIET, 0));
	give_back();
}

/* Reclaim finds the last page, who is to die half of the reserve, and do not reclaim for it; others wait in vain. */
KTEST(zones, reserve_for_reclaim)
{
	struct zone *zone = zone_number(ZONE_DMA);
	unsigned long stalls, got, nested = current->flags & PF_MEMALLOC;

	take_all(GFP_ATOMIC | __GFP_DMA);
	KEXPECT(t, zone->free_pages > 0);
	stalls = vm_event_sum(ALLOCSTALL_DMA);
	current->flags |= PF_MEMALLOC;
	got = take_all(GFP_KERNEL | __GFP_DMA);
	current->flags &= ~PF_MEMALLOC | nested;
	KEXPECT(t, got > 0);
	KEXPECT_EQ(t, zone->free_pages, 0ul);
	KEXPECT_EQ(t, vm_event_sum(ALLOCSTALL_DMA), stalls);
	give_back();

	take_all(GFP_KERNEL | __GFP_DMA);
	stalls = vm_event_sum(ALLOCSTALL_DMA);
	set_tsk_work(current, TIF_MEMDIE);
	got = take_all(GFP_KERNEL | __GFP_DMA);
	clear_tsk_work(current, TIF_MEMDIE);
	KEXPECT(t, got > 0);
	expect_stopped_at(t, zone, zone->watermark[WMARK_MIN] - zone->watermark[WMARK_MIN] / 2);
	KEXPECT_EQ(t, vm_event_sum(ALLOCSTALL_DMA), stalls);
	give_back();
}

/* Normal memory exhausted, requests go on to DMA, but leave it its reserve for DMA. */
KTEST(zones, fallback_and_reserve)
{
	struct zone *dma = zone_number(ZONE_DMA), *normal = zone_number(ZONE_NORMAL);
	unsigned long min = dma->watermark[WMARK_MIN], dma_before = dma->free_pages, mark;
	struct page *page;

	if (!populated_zone(normal)) {
		ktest_skip(t, "all memory is below 16M");
		return;
	}
	take_all(GFP_NOWAIT);
	mark = normal->watermark[WMARK_MIN];
	expect_stopped_at(t, normal, mark - mark / 4);
	if (dma_before > min + dma->lowmem_reserve[ZONE_NORMAL])
		expect_stopped_at(t, dma, min - min / 4 + dma->lowmem_reserve[ZONE_NORMAL]);
	page = alloc_pages(GFP_KERNEL | __GFP_DMA | QUIET, 0);
	KEXPECT(t, page != NULL);
	if (page) {
		KEXPECT_EQ(t, page_zone(page), dma);
		__free_page(page);
	}
	give_back();
}

/* A page that may lie anywhere lies high; when high memory is full, low memory keeps its share. */
KTEST(zones, highmem_first)
{
	struct zone *normal = zone_number(ZONE_NORMAL), *high = zone_number(ZONE_HIGHMEM);
	unsigned long reserve = normal->lowmem_reserve[ZONE_HIGHMEM];
	unsigned long mark = high->watermark[WMARK_MIN];
	struct page *page;

	if (nr_online_nodes > 1) {
		ktest_skip(t, "several nodes: nodes.zonelists has the order");
		return;
	}
	if (!populated_zone(high)) {
		ktest_skip(t, "no memory above the direct map");
		return;
	}
	page = alloc_page(GFP_HIGHUSER);
	KASSERT(t, page != NULL);
	KEXPECT_EQ(t, page_zone(page), high);
	__free_page(page);
	take_all(__GFP_HIGHMEM);
	expect_stopped_at(t, high, mark - mark / 4);
	KEXPECT(t, normal->free_pages + (unsigned long)zone_pcp(normal)->batch >= reserve);
	page = alloc_page(GFP_KERNEL);
	KEXPECT(t, page != NULL);
	if (page)
		__free_page(page);
	give_back();
}

/* Best zone first, then scarcer ones only, empty ones left out. */
KTEST(zones, zonelists)
{
	unsigned int gfp;

	for (gfp = 0; gfp < GFP_ZONETYPES; gfp++) {
		struct zonelist *list = node_zonelist(numa_node_id(), gfp);
		int i;

		KASSERT(t, list->zones[0] != NULL);
		for (i = 0; list->zones[i]; i++) {
			KEXPECT(t, populated_zone(list->zones[i]));
			KEXPECT(t, zone_idx(list->zones[i]) <= gfp_zone(gfp));
			KEXPECT(t, nr_online_nodes > 1 || !i || list->zones[i] < list->zones[i - 1]);
		}
	}
}
