/*
 * mm/phys/zonelists.c - zonelists and watermarks: who may take how much from where.
 *
 * Theory.  Three rules decide whether a zone may serve a request.
 *
 * 1. The zonelist.  Best zone first, then only zones that are scarcer: HighMem,
 *    Normal, DMA.  What needs a scarce zone never finds a place elsewhere, so
 *    nothing falls back upwards.
 *
 * 2. lowmem_reserve.  Memory that could live anywhere must not fill the scarce
 *    zone and stay.  A zone keeps 1/ratio of the size of all zones between it
 *    and the request's best one out of such a request's reach:
 *
 *	request's best zone:	DMA	Normal			HighMem
 *	DMA keeps back		0	Normal/256		(Normal + HighMem)/256
 *	Normal keeps back	-	0			HighMem/32
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
 * min over all of low memory is sqrt(16 * kilobytes): the need grows with the
 * machine, but slower.  Each zone has its share of it.  High memory serves no
 * one who cannot wait, so its min is small.
 *
 * A request for 2^order pages needs blocks, not pages.  So at each order below,
 * what lies in smaller blocks does not count, and the mark is halved.
 */
#include <mm/phys/zonelists.h>

#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/strtox.h>
#include <mm/phys/pcp.h>

#define MIN_FREE_KBYTES_LOW	128UL
#define MIN_FREE_KBYTES_HIGH	65536UL

unsigned long min_free_kbytes;
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

static void build_zonelist(struct zonelist *zonelist, int best)
{
	struct zone **next = zonelist->zones;

	for (; best >= 0; best--) {
		struct zone *zone = &contig_page_data.node_zones[best];

		if (populated_zone(zone))
			*next++ = zone;
	}
	*next = NULL;
}

void __init build_zonelists(void)
{
	unsigned int gfp;
	unsigned long pages = 0;
	struct zone *zone;

	for (gfp = 0; gfp < GFP_ZONETYPES; gfp++)
		build_zonelist(&contig_page_data.node_zonelists[gfp], gfp_zone(gfp));
	pcp_fast_path(true);
	for_each_zone(zone)
		pages += zone->managed_pages;
	pr_info("Built 1 zonelists.  Total pages: %lu\n", pages);
}

void setup_per_zone_lowmem_reserve(void)
{
	struct zone *zones = contig_page_data.node_zones;
	int i, j;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		unsigned long above = 0;

		zones[i].lowmem_reserve[i] = 0;
		for (j = i + 1; j < MAX_NR_ZONES; j++) {
			above += zones[j].managed_pages;
			zones[i].lowmem_reserve[j] =
				above / (unsigned int)sysctl_lowmem_reserve_ratio[i];
		}
	}
}

/* Pages of low memory that the allocator manages. */
static unsigned long lowmem_pages(void)
{
	return contig_page_data.node_zones[ZONE_DMA].managed_pages +
	       contig_page_data.node_zones[ZONE_NORMAL].managed_pages;
}

/* a * b / c where the product may not fit; c is not 0. */
static unsigned long scale(unsigned long a, unsigned long b, unsigned long c)
{
	unsigned long quotient, rest;

	asm("mull %3; divl %4" : "=&a"(quotient), "=&d"(rest) : "0"(a), "rm"(b), "rm"(c) : "cc");
	return quotient;
}

void setup_per_zone_wmarks(void)
{
	unsigned long pages_min = min_free_kbytes >> (PAGE_SHIFT - 10), total = lowmem_pages();
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long min, flags;

		if (zone_idx(zone) == ZONE_HIGHMEM)
			min = clamp(zone->managed_pages / 1024, 32UL, 128UL);
		else
			min = total ? scale(pages_min, zone->managed_pages, total) : 0;
		spin_lock_irqsave(&zone->lock, flags);
		zone->watermark[WMARK_MIN] = min;
		zone->watermark[WMARK_LOW] = min + min / 4;
		zone->watermark[WMARK_HIGH] = min + min / 2;
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

static int min_free_kbytes_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\n", min_free_kbytes);
	return 0;
}

/* At most half of low memory, else nothing could be allocated any more. */
static int min_free_kbytes_write(const char *buf, size_t len)
{
	unsigned long value;

	if (kstrtoul(buf, 10, &value))
		return -EINVAL;
	if (value < MIN_FREE_KBYTES_LOW || value > lowmem_pages() << (PAGE_SHIFT - 10) >> 1)
		return -EINVAL;
	min_free_kbytes = value;
	setup_per_zone_wmarks();
	return 0;
}
PROC_SHOW_WRITE("sys/vm/min_free_kbytes", min_free_kbytes_show, min_free_kbytes_write);

static int lowmem_reserve_ratio_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\t%d\n", sysctl_lowmem_reserve_ratio[0], sysctl_lowmem_reserve_ratio[1]);
	return 0;
}
PROC_SHOW("sys/vm/lowmem_reserve_ratio", lowmem_reserve_ratio_show);
