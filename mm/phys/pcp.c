/*
 * mm/phys/pcp.c - per-CPU page lists: a few pages at hand, moved in batches.
 *
 * Theory.  Most allocations are of one page, and most frees too.  Each CPU
 * keeps a list of such pages for each zone, which it alone touches: with
 * interrupts off, no lock is needed.  When the list is empty, a batch of pages
 * is taken from the buddy system under one taking of zone->lock; when it is
 * longer than `high`, a batch goes back.  The list is last in, first out: the
 * page freed last is likely still in the cache.  What goes back is taken from
 * the other end, the pages that have been cold longest.
 *
 *		 alloc  <-- [ page page page ... page ] <-- refill: batch
 *		 free   -->   hot                cold   --> flush: batch
 *
 * Pages on these lists are free, and counted so, but blocks they belong to
 * cannot merge; drain_local_pages() gives them back when a large block is
 * missing.
 *
 * batch is a thousandth of the zone, a quarter of that, and one less than a
 * power of two: so that the refills of several CPUs do not all start on the same
 * cache colour.  At least 4, that a batch is worth the name; high is 6 batches.
 *
 * A page here has PG_pcp and no other flag but where it lies, _refcount 0,
 * _mapcount -1, no mapping: allocation checks that it still is so.
 */
#include <mm/phys/pcp.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/smp.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define PCP_BATCH_MIN	4
#define PCP_BATCH_MAX	(512 * 1024 / (int)PAGE_SIZE)	/* pages: half a megabyte */

int zone_batchsize(unsigned long managed_pages)
{
	int batch = (int)min(managed_pages / 1024, (unsigned long)PCP_BATCH_MAX) / 4;

	batch = (1 << fls((unsigned int)(batch + batch / 2))) / 2 - 1;
	return max(batch, PCP_BATCH_MIN);
}

static void __init pageset_init(struct zone *zone, int cpu)
{
	struct per_cpu_pages *pcp = &zone->pageset[cpu];

	pcp->count = 0;
	pcp->batch = zone_batchsize(zone->managed_pages);
	pcp->high = 6 * pcp->batch;
	INIT_LIST_HEAD(&pcp->list);
}

void __init zone_pcp_init(struct zone *zone)
{
	int cpu;

	for_each_possible_cpu(cpu)
		pageset_init(zone, cpu);
}

DEFINE_PER_CPU(struct pcp_table, pcp_table);

static bool fast_path_on;

static void pcp_table_init(int cpu)
{
	struct pcp_table *table = &per_cpu(pcp_table, cpu);
	struct zone *zone;

	INIT_LIST_HEAD(&table->none.list);
	for (unsigned int gfp = 0; gfp < GFP_ZONETYPES; gfp++) {
		zone = node_zonelist(cpu_to_node(cpu), gfp)->zones[0];
		table->by_gfp[gfp] = fast_path_on && zone_to_nid(zone) == cpu_to_node(cpu) ?
			&zone->pageset[cpu] : &table->none;
	}
	for_each_zone(zone)
		table->by_zone[zone_idx(zone) << NODES_SHIFT | zone_to_nid(zone)] =
			&zone->pageset[cpu];
}

void pcp_fast_path(bool on)
{
	int cpu;

	fast_path_on = on;
	for_each_possible_cpu(cpu)
		pcp_table_init(cpu);
}

void __init pcp_cpu_up(int cpu)
{
	struct zone *zone;

	for_each_zone(zone)
		pageset_init(zone, cpu);
	pcp_table_init(cpu);
}

/*
 * Small blocks first, as for any allocation, but each as a whole: a batch is
 * mostly one or two blocks, not thirty splits.
 */
int pcp_refill(struct zone *zone, struct per_cpu_pages *pcp)
{
	unsigned int moved = 0, batch = (unsigned int)pcp->batch;

	spin_lock(&zone->lock);
	while (moved < batch) {
		unsigned int order;
		struct page *page = __rmqueue_most(zone, (unsigned int)__fls(batch - moved),
						    &order);
		struct page *end;

		if (!page)
			break;
		moved += 1U << order;
		for (end = page + (1UL << order); page < end; page++) {
			page->flags |= 1UL << PG_pcp;
			list_add_tail(&page->lru, &pcp->list);
		}
	}
	spin_unlock(&zone->lock);
	pcp->count += (int)moved;
	pcp->refilled += moved;
	count_vm_event(PCP_REFILL);
	return (int)moved;
}

void pcp_flush(struct zone *zone, struct per_cpu_pages *pcp, int count)
{
	spin_lock(&zone->lock);
	for (; count > 0 && pcp->count; count--) {
		struct page *page = list_entry(pcp->list.prev, struct page, lru);

		list_del(&page->lru);
		pcp->count--;
		pcp->flushed++;
		__ClearPagePcp(page);
		__free_one_page(zone, page, 0);
	}
	spin_unlock(&zone->lock);
	count_vm_event(PCP_FLUSH);
}

static void drain_pages(void *unused)
{
	drain_local_pages();
}

void drain_all_pages(void)
{
	on_each_cpu(drain_pages, NULL);
}

void drain_local_pages(void)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long flags;

		local_irq_save(flags);
		if (zone_pcp(zone)->count)
			pcp_flush(zone, zone_pcp(zone), zone_pcp(zone)->count);
		local_irq_restore(flags);
	}
}
