/*
 * mm/phys/show_mem.c - the state of all zones, to the log: when an allocation has failed, and when
 * somebody is to be killed for one.
 *
 * Line by line what Linux 6.1 prints, so that the same eyes and programs can read it.  Fields for
 * what this kernel has not (isolated pages, CMA, boosted watermarks, reserves for high orders) say 0.
 * The letters behind Linux's counts of free blocks, which name kinds of mobility, are left out.
 *
 * The counters are read without locks: the figures belong to almost one moment.
 */
#include <mm/phys/page_alloc.h>

#include <kernel/arch/pgtable.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

#define K(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

static unsigned long all_pcp_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone_pcp_pages(zone);
	return pages;
}

static void show_totals(void)
{
	unsigned long (*state)(enum zone_stat_item) = global_page_state;

	pr_info("active_anon:%lu inactive_anon:%lu isolated_anon:0\n", state(NR_ACTIVE_ANON),
		state(NR_INACTIVE_ANON));
	pr_info(" active_file:%lu inactive_file:%lu isolated_file:0\n", state(NR_ACTIVE_FILE),
		state(NR_INACTIVE_FILE));
	pr_info(" unevictable:%lu dirty:%lu writeback:%lu\n", state(NR_UNEVICTABLE),
		state(NR_FILE_DIRTY), state(NR_WRITEBACK));
	pr_info(" slab_reclaimable:%lu slab_unreclaimable:%lu\n", state(NR_SLAB_RECLAIMABLE),
		state(NR_SLAB_UNRECLAIMABLE));
	pr_info(" mapped:%lu shmem:%lu pagetables:%lu\n", state(NR_FILE_MAPPED), state(NR_SHMEM),
		state(NR_PAGETABLE));
	pr_info(" sec_pagetables:0 bounce:%lu\n", state(NR_BOUNCE));
	pr_info(" kernel_misc_reclaimable:0\n");
	pr_info(" free:%lu free_pcp:%lu free_cma:0\n", state(NR_FREE_PAGES) - all_pcp_pages(),
		all_pcp_pages());
}

static unsigned long node_kb(int nid, enum zone_stat_item item)
{
	return K(node_page_state(nid, item));
}

static void show_node(int nid)
{
	pr_info("Node %d active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB "
		"unevictable:%lukB isolated(anon):0kB isolated(file):0kB mapped:%lukB dirty:%lukB "
		"writeback:%lukB shmem:%lukB shmem_thp: 0kB shmem_pmdmapped: 0kB anon_thp: 0kB "
		"writeback_tmp:0kB kernel_stack:%lukB pagetables:%lukB sec_pagetables:0kB "
		"all_unreclaimable? %s\n", nid,
		node_kb(nid, NR_ACTIVE_ANON), node_kb(nid, NR_INACTIVE_ANON),
		node_kb(nid, NR_ACTIVE_FILE), node_kb(nid, NR_INACTIVE_FILE),
		node_kb(nid, NR_UNEVICTABLE), node_kb(nid, NR_FILE_MAPPED),
		node_kb(nid, NR_FILE_DIRTY), node_kb(nid, NR_WRITEBACK), node_kb(nid, NR_SHMEM),
		node_kb(nid, NR_KERNEL_STACK), node_kb(nid, NR_PAGETABLE),
		NODE_DATA(nid)->kswapd_failures >= KSWAPD_MAX_FAILURES ? "yes" : "no");
}

/* Node 0's zones have no prefix, as long as there is no other node. */
static void show_name(const struct zone *zone)
{
	if (nr_online_nodes > 1)
		printk(KERN_INFO "Node %d ", zone->node);
	else
		printk(KERN_INFO);
	pr_cont("%s", zone->name);
}

static unsigned long zone_kb(struct zone *zone, enum zone_stat_item item)
{
	return K(zone_page_state(zone, item));
}

static void show_zone(struct zone *zone)
{
	show_name(zone);
	pr_cont(" free:%lukB boost:0kB min:%lukB low:%lukB high:%lukB reserved_highatomic:0KB "
		"active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB "
		"unevictable:%lukB writepending:%lukB present:%lukB managed:%lukB mlocked:%lukB "
		"bounce:%lukB free_pcp:%lukB local_pcp:%lukB free_cma:0kB\n",
		K(zone->free_pages), K(zone->watermark[WMARK_MIN]), K(zone->watermark[WMARK_LOW]),
		K(zone->watermark[WMARK_HIGH]), zone_kb(zone, NR_ACTIVE_ANON),
		zone_kb(zone, NR_INACTIVE_ANON), zone_kb(zone, NR_ACTIVE_FILE),
		zone_kb(zone, NR_INACTIVE_FILE), zone_kb(zone, NR_UNEVICTABLE),
		zone_kb(zone, NR_FILE_DIRTY) + zone_kb(zone, NR_WRITEBACK), K(zone->present_pages),
		K(zone->managed_pages), zone_kb(zone, NR_MLOCK), zone_kb(zone, NR_BOUNCE),
		K(zone_pcp_pages(zone)), K(max(zone->pageset[smp_processor_id()].count, 0)));
	pr_info("lowmem_reserve[]: %lu %lu %lu\n", zone->lowmem_reserve[0],
		zone->lowmem_reserve[1], zone->lowmem_reserve[2]);
}

static void show_free_blocks(struct zone *zone)
{
	unsigned int order;

	show_name(zone);
	pr_cont(":");
	for (order = 0; order < MAX_ORDER; order++)
		pr_cont(" %lu*%lukB", zone->free_area[order].nr_free, K(1UL << order));
	pr_cont(" = %lukB\n", K(zone->free_pages));
}

void show_mem(unsigned long nodes)
{
	unsigned long present = total_present_pages();
	struct zone *zone;
	int nid;

	if (!nodes)
		nodes = ~0UL;
	pr_info("Mem-Info:\n");
	show_totals();
	for_each_online_node(nid)
		if (nodes >> nid & 1)
			show_node(nid);
	for_each_populated_zone(zone)
		if (nodes >> zone->node & 1)
			show_zone(zone);
	for_each_populated_zone(zone)
		if (nodes >> zone->node & 1)
			show_free_blocks(zone);
	for_each_online_node(nid)
		pr_info("Node %d hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=%lukB\n",
			nid, K(1UL << (PMD_SHIFT - PAGE_SHIFT)));
	pr_info("%lu total pagecache pages\n", global_page_state(NR_FILE_PAGES));
	pr_info("%lu pages in swap cache\n", global_page_state(NR_SWAPCACHE));
	pr_info("Free swap  = %lukB\n", K(nr_swap_pages));
	pr_info("Total swap = %lukB\n", K(total_swap_pages));
	pr_info("%lu pages RAM\n", present);
	pr_info("%lu pages HighMem/MovableOnly\n", totalhigh_pages);
	pr_info("%lu pages reserved\n", present - totalram_pages);
	pr_info("0 pages hwpoisoned\n");
}
