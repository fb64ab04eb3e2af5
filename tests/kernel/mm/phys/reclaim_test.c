/*
 * tests/kernel/mm/phys/reclaim_test.c - shrinkers give memory back when asked.
 */
#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/vmstat.h>

#define OBJECTS	128

/* A cache of pages. */
static struct page *cache[OBJECTS];
static int cached, asked, largest_scan;
static bool busy;

static int cache_shrink(int nr_to_scan, gfp_t gfp_mask)
{
	if (busy)
		return -1;
	if (nr_to_scan) {
		asked++;
		if (nr_to_scan > largest_scan)
			largest_scan = nr_to_scan;
	}
	for (; nr_to_scan > 0 && cached; nr_to_scan--)
		__free_page(cache[--cached]);
	return cached;
}

static struct shrinker shrinker = { .shrink = cache_shrink, .seeks = DEFAULT_SEEKS };

static void fill(void)
{
	for (cached = 0; cached < OBJECTS; cached++) {
		cache[cached] = alloc_page(GFP_KERNEL);
		if (!cache[cached])
			break;
	}
	asked = largest_scan = 0;
	busy = false;
	register_shrinker(&shrinker);
}

static void empty(void)
{
	unregister_shrinker(&shrinker);
	while (cached)
		__free_page(cache[--cached]);
}

/* A low priority asks for a part, priority 0 for all; -1 means not now. */
KTEST(reclaim, in_proportion)
{
	fill();
	KEXPECT_EQ(t, cached, OBJECTS);
	shrink_slab(GFP_KERNEL, 3);
	KEXPECT_EQ(t, largest_scan, OBJECTS / 8 + 1);
	KEXPECT_EQ(t, cached, OBJECTS - OBJECTS / 8 - 1);
	busy = true;
	shrink_slab(GFP_KERNEL, 0);
	KEXPECT_EQ(t, cached, OBJECTS - OBJECTS / 8 - 1);
	busy = false;
	shrink_slab(GFP_KERNEL, 0);
	KEXPECT_EQ(t, cached, 0);
	empty();
}

/* Progress is pages that came back to the zones; it stops when enough have. */
KTEST(reclaim, frees_pages)
{
	struct zonelist *zonelist = node_zonelist(numa_node_id(), GFP_KERNEL);
	unsigned long freed, free;

	fill();
	drain_pgt_cache();
	drain_local_pages();
	free = nr_free_pages();
	freed = try_to_free_pages(zonelist, 0, GFP_KERNEL);
	KEXPECT(t, freed >= 32);
	KEXPECT(t, asked > 0);
	KEXPECT(t, nr_free_pages() >= free + 32);
	empty();
}

/* What is kept at hand goes first: this CPU's pages and page tables. */
KTEST(reclaim, empties_quick_lists)
{
	struct zonelist *zonelist = node_zonelist(numa_node_id(), GFP_KERNEL);
	struct page *table = pte_alloc_one(NULL, 0), *page = alloc_page(GFP_KERNEL);

	KASSERT(t, table && page);
	pte_free(NULL, table);
	__free_page(page);
	KEXPECT(t, nr_quicklist_pages() > 0);
	KEXPECT(t, zone_pcp_pages(zonelist->zones[0]) > 0);
	KEXPECT(t, try_to_free_pages(zonelist, 0, GFP_KERNEL) > 0);
	KEXPECT_EQ(t, nr_quicklist_pages(), 0ul);
	KEXPECT_EQ(t, zone_pcp_pages(zonelist->zones[0]), 0ul);
}
