/*
 * mm/phys/zonelists.c - zonelists and watermarks: who may take how much from where.
 *
 * Theory.  Three rules decide whether a zone may serve a request.
 *
 * 1. The zonelist.  On one node: the best zone first, then only zones that are scarcer,
 * HighMem, Normal, DMA.  What needs a scarce zone never finds a place elsewhere, so
 * nothing falls back upwards.  On several nodes, near memory competes with plentiful
 * memory.  For a user's page wanted on node 0, of two, nearest first:
 *
 *	node order	0 HighMem, 0 Normal, 1 HighMem, 1 Normal, 0 DMA, 1 DMA
 *	zone order	0 HighMem, 1 HighMem, 0 Normal, 1 Normal, 0 DMA, 1 DMA
 *
 * Node order gives what is near, and fills a node's low memory with pages that could
 * live above it; zone order saves low memory for the kernel, and as nodes are cut by
 * address (the high memory of a PC is all in the last nodes) it sends all users there.
 * So it depends on how scarce low memory is: node order as long as it is at least half
 * of all, which is up to 1.75G with the usual split; zone order above.
 * numa_zonelist_order=node or zone says it is otherwise.  DMA zones come last in either.
 *
 * With __GFP_THISNODE the list has the zones of the one node, or is empty.  Nodes at the
 * same distance are tried by number, beginning behind the node itself, so that not all
 * overflow into node 0.
 *
 * 2. lowmem_reserve.  Memory that could live anywhere must not fill the scarce
 *    zone and stay.  A zone keeps 1/ratio of the size of all zones between it
 *    and the request's best one out of such a request's reach:
 *
 *	request's best zone:	DMA	Normal			HighMem
 *	DMA keeps back		0	Normal/256		(Normal + HighMem)/256
 *	Normal keeps back	-	0			HighMem/32
 *
 * Sizes are of all nodes together, as all fall back on each; zones of a kind share
 * what is to be kept by their size.  So the nodes together keep back what one would.
 *
 * 3. Watermarks, in pages left free:
 *
 *	high	reclaim in the background may stop
 *	low	background reclaim starts; ordinary requests stop here at first
 *	min	ordinary requests stop here and free memory themselves
 *	min/2	__GFP_HIGH: interrupt handlers
 *	3/8 min	... that cannot wait either (GFP_ATOMIC)
 *	0	reclaim itself, and a task that dies to free its memory
 *
 * The step between them is a quarter of min, or watermark_scale_factor 10000ths of the zone if
 * that is more.  min over all of low memory is sqrt(16 * kilobytes): the need grows with the
 * machine, but slower.  Each zone has its share of it.  High memory serves no
 * one who cannot wait, so its min is small.
 *
 * A request for 2^order pages needs blocks, not pages.  So at each order below,
 * what lies in smaller blocks does not count, and the mark is halved.
 */
#include <mm/phys/zonelists.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/printk.h>
#include <kernel/core/sysctl.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/pcp.h>

#define MIN_FREE_KBYTES_LOW	128UL
#define MIN_FREE_KBYTES_HIGH	65536UL

#define SCALE_UNIT	10000	/* of watermark_scale_factor: what makes the whole zone */

unsigned long min_free_kbytes;
static int watermark_scale_factor = 10;
int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES - 1] = { 256, 32 };

int zone_watermark_ok(struct zone *zone, unsigned int order, unsigned long mark,
		      int classzone_idx, unsigned int alloc_flags)
{
	long min = (long)mark, free = (long)zone->free_pages - (long)(1UL << order) + 1;
	unsigned int o;

	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (alloc_flags & ALLOC_HARDER)
		min -= min / 4;
	if (alloc_flags & ALLOC_OOM)
		min -= min / 2;
	if (free <= min + (long)zone->lowmem_reserve[classzone_idx])
		return 0;
	for (o = 0; o < order; o++) {
		free -= (long)(zone->free_area[o].nr_free << o);
		min >>= 1;
		if (free <= min)
			return 0;
	}
	return 1;
}

/* ---- zonelists ---------------------------------------------------------------------- */

bool zonelist_order_node;

/* Nodes by distance from @nid, itself first. */
static void __init nodes_by_distance(int nid, int order[MAX_NUMNODES])
{
	unsigned long taken = 0;

	for (int i = 0; i < nr_online_nodes; i++) {
		int best = -1;

		for (int j = 0; j < nr_online_nodes; j++) {
			int other = (nid + j) % nr_online_nodes;

			if (!(taken & 1UL << other) &&
			    (best < 0 || node_distance(nid, other) < node_distance(nid, best)))
				best = other;
		}
		order[i] = best;
		taken |= 1UL << best;
	}
}

static struct zone **__init add_zone(struct zone **next, int nid, int type)
{
	struct zone *zone = &NODE_DATA(nid)->node_zones[type];

	if (populated_zone(zone))
		*next++ = zone;
	return next;
}

static void __init build_zonelist(struct zonelist *zonelist, const int *nodes, int nr, int best)
{
	struct zone **next = zonelist->zones;

	if (zonelist_order_node) {
		for (int i = 0; i < nr; i++)
			for (int type = best; type > ZONE_DMA; type--)
				next = add_zone(next, nodes[i], type);
	} else {
		for (int type = best; type > ZONE_DMA; type--)
			for (int i = 0; i < nr; i++)
				next = add_zone(next, nodes[i], type);
	}
	for (int i = 0; i < nr; i++)
		next = add_zone(next, nodes[i], ZONE_DMA);
	*next = NULL;
}

/* Pages of zones of @type that the allocator manages. */
static unsigned long managed_of_type(int type)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += NODE_DATA(nid)->node_zones[type].managed_pages;
	return pages;
}

/* Pages of low memory that the allocator manages. */
static unsigned long lowmem_pages(void)
{
	return managed_of_type(ZONE_DMA) + managed_of_type(ZONE_NORMAL);
}

static void __init choose_zonelist_order(void)
{
	char option[8] = "";

	cmdline_find_option("numa_zonelist_order", option, sizeof(option));
	if (strcmp(option, "node") == 0 || strcmp(option, "zone") == 0)
		zonelist_order_node = option[0] == 'n';
	else
		zonelist_order_node = managed_of_type(ZONE_HIGHMEM) <= lowmem_pages();
}

void __init build_zonelists(void)
{
	int nodes[MAX_NUMNODES], nid;

	choose_zonelist_order();
	for_each_online_node(nid) {
		nodes_by_distance(nid, nodes);
		for (unsigned int gfp = 0; gfp < GFP_ZONETYPES; gfp++) {
			struct zonelist (*lists)[GFP_ZONETYPES] = NODE_DATA(nid)->node_zonelists;

			build_zonelist(&lists[ZONELIST_FALLBACK][gfp], nodes, nr_online_nodes,
				       gfp_zone(gfp));
			build_zonelist(&lists[ZONELIST_NOFALLBACK][gfp], nodes, 1, gfp_zone(gfp));
		}
	}
	pcp_fast_path(true);
	pr_info("Built %d zonelists in %s order.  Total pages: %lu\n", nr_online_nodes,
		zonelist_order_node ? "Node" : "Zone",
		lowmem_pages() + managed_of_type(ZONE_HIGHMEM));
}

/* ---- watermarks --------------------------------------------------------------------- */

/* a * b / c, where the product may not fit, but the quotient does; c is not 0. */
static unsigned long scale(unsigned long a, unsigned long b, unsigned long c)
{
	unsigned long quotient, rest;

	asm("mull %3; divl %4" : "=&a"(quotient), "=&d"(rest) : "0"(a), "rm"(b), "rm"(c) : "cc");
	return quotient;
}

void setup_per_zone_lowmem_reserve(void)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long above = 0, peers = managed_of_type(zone_idx(zone));
		int i = zone_idx(zone), j;

		zone->lowmem_reserve[i] = 0;
		for (j = i + 1; j < MAX_NR_ZONES; j++) {
			unsigned int ratio = (unsigned int)sysctl_lowmem_reserve_ratio[i];
			unsigned long all;

			above += managed_of_type(j);
			all = ratio ? above / ratio : 0;	/* 0: nothing is reserved */
			zone->lowmem_reserve[j] = zone->managed_pages == peers ? all :
						  scale(all, zone->managed_pages, peers);
		}
	}
}

/* How far the marks are apart: how early background reclaim begins. */
static unsigned long watermark_step(const struct zone *zone, unsigned long min)
{
	return max(min / 4, scale(zone->managed_pages, (unsigned long)watermark_scale_factor,
				  SCALE_UNIT));
}

void setup_per_zone_wmarks(void)
{
	unsigned long pages_min = min_free_kbytes >> (PAGE_SHIFT - 10), total = lowmem_pages();
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long min, flags;

		if (zone_idx(zone) == ZONE_HIGHMEM)
			min = populated_zone(zone) ?
			      clamp(zone->managed_pages / 1024, 32UL, 128UL) : 0;
		else
			min = total ? scale(pages_min, zone->managed_pages, total) : 0;
		spin_lock_irqsave(&zone->lock, flags);
		zone->watermark[WMARK_MIN] = min;
		zone->watermark[WMARK_LOW] = min + watermark_step(zone, min);
		zone->watermark[WMARK_HIGH] = min + 2 * watermark_step(zone, min);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	setup_per_zone_lowmem_reserve();
}

/* The largest r with r * r <= x. */
static unsigned long int_sqrt(unsigned long x)
{
	unsigned long bit = 1UL << 30, root = 0;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root += bit << 1;
		}
		root >>= 1;
	}
	return root;
}

void __init init_per_zone_wmark_min(void)
{
	unsigned long lowmem_kbytes = lowmem_pages() << (PAGE_SHIFT - 10);

	min_free_kbytes = clamp(int_sqrt(lowmem_kbytes * 16), MIN_FREE_KBYTES_LOW,
				MIN_FREE_KBYTES_HIGH);
	setup_per_zone_wmarks();
}

/* ---- /proc/sys/vm ------------------------------------------------------------------- */

/* At most half of low memory, else nothing could be allocated any more. */
static int min_free_kbytes_check(s64 value)
{
	return value > lowmem_pages() << (PAGE_SHIFT - 10) >> 1 ? -EINVAL : 0;
}

static int reserves_changed(void)
{
	setup_per_zone_wmarks();
	return 0;
}
SYSCTL("sys/vm/min_free_kbytes", .data = &min_free_kbytes, .nr = 1, .is_long = true, .mode = 0644,
       .min = MIN_FREE_KBYTES_LOW, .max = ULONG_MAX, .check = min_free_kbytes_check,
       .changed = reserves_changed);
SYSCTL_INT("sys/vm/watermark_scale_factor", watermark_scale_factor, 1, SCALE_UNIT, reserves_changed);

/* No ratio, no reserve: 0 and less are as good as 0. */
static int lowmem_reserve_ratio_changed(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sysctl_lowmem_reserve_ratio); i++)
		sysctl_lowmem_reserve_ratio[i] = max(sysctl_lowmem_reserve_ratio[i], 0);
	return reserves_changed();
}
SYSCTL("sys/vm/lowmem_reserve_ratio", .data = sysctl_lowmem_reserve_ratio,
       .nr = ARRAY_SIZE(sysctl_lowmem_reserve_ratio), .mode = 0644, .min = INT_MIN, .max = INT_MAX,
       .changed = lowmem_reserve_ratio_changed);
