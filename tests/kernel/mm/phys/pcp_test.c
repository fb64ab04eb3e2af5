/*
 * tests/kernel/mm/phys/pcp_test.c - per-CPU page lists move pages in batches.
 */
#include <kernel/core/ktest.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

static struct zone *zone_of_kernel(void)
{
	return node_zonelist(numa_node_id(), GFP_KERNEL)->zones[0];
}

/* The first page after a drain brings a whole batch; the page freed last comes back first. */
KTEST(pcp, refill_in_batches)
{
	struct zone *zone = zone_of_kernel();
	struct per_cpu_pages *pcp = zone_pcp(zone);
	unsigned long in_buddy, refills;
	struct page *page, *second;

	drain_local_pages();
	KEXPECT_EQ(t, pcp->count, 0);
	in_buddy = zone->free_pages;
	refills = vm_event_sum(PCP_REFILL);
	page = alloc_page(GFP_KERNEL);
	KASSERT(t, page != NULL);
	KEXPECT(t, pcp->batch > 1);
	KEXPECT_EQ(t, in_buddy - zone->free_pages, (unsigned long)pcp->batch);
	KEXPECT_EQ(t, pcp->count, pcp->batch - 1);
	second = alloc_page(GFP_KERNEL);
	KEXPECT(t, second != NULL);
	KEXPECT_EQ(t, pcp->count, pcp->batch - 2);
	KEXPECT_EQ(t, vm_event_sum(PCP_REFILL) - refills, 1ul);
	__free_page(page);
	KEXPECT_EQ(t, alloc_page(GFP_KERNEL), page);	/* last in, first out */
	__free_page(page);
	if (second)
		__free_page(second);
	drain_local_pages();
	KEXPECT_EQ(t, pcp->count, 0);
	KEXPECT_EQ(t, zone->free_pages, in_buddy);
}

/* A list longer than high gives one batch back, the coldest pages, and keeps the rest. */
KTEST(pcp, flush_in_batches)
{
	struct zone *zone = zone_of_kernel();
	struct per_cpu_pages *pcp = zone_pcp(zone);
	unsigned long flushes;
	struct page *block, *last;
	int i, n = pcp->high + 1;
	unsigned int order = get_order((unsigned long)n * PAGE_SIZE);

	block = alloc_pages(GFP_KERNEL, order);
	KASSERT(t, block != NULL);
	KASSERT_EQ(t, page_zone(block), zone);
	split_page(block, order);
	drain_local_pages();
	flushes = vm_event_sum(PCP_FLUSH);
	for (i = 0; i < n - 1; i++)
		__free_page(block + i);
	KEXPECT_EQ(t, pcp->count, pcp->high);
	KEXPECT_EQ(t, vm_event_sum(PCP_FLUSH), flushes);
	last = block + n - 1;
	__free_page(last);
	KEXPECT_EQ(t, vm_event_sum(PCP_FLUSH), flushes + 1);
	KEXPECT_EQ(t, pcp->count, pcp->high + 1 - pcp->batch);
	KEXPECT(t, PagePcp(last));
	KEXPECT(t, !PagePcp(block));
	for (i = n; i < 1 << order; i++)
		__free_page(block + i);
}

/* Sizes follow the zone's size, within bounds, one less than a power of two. */
KTEST(pcp, batch_sizes)
{
	KEXPECT_EQ(t, zone_batchsize(0), 4);
	KEXPECT_EQ(t, zone_batchsize(4096), 4);
	KEXPECT_EQ(t, zone_batchsize(65536), 15);
	KEXPECT_EQ(t, zone_batchsize(125000), 31);
	KEXPECT_EQ(t, zone_batchsize(1000000), 31);
}

/* Pages on the lists are free pages to everyone who counts. */
KTEST(pcp, counted_as_free)
{
	unsigned long before, drained;
	struct page *page;

	drain_local_pages();
	before = nr_free_pages();
	page = alloc_page(GFP_KERNEL);
	KASSERT(t, page != NULL);
	KEXPECT_EQ(t, nr_free_pages(), before - 1);
	__free_page(page);
	KEXPECT_EQ(t, nr_free_pages(), before);
	drain_local_pages();
	drained = nr_free_pages();
	KEXPECT_EQ(t, drained, before);
}
