/*
 * mm/types/mmzone.h - nodes and zones: physical memory by distance and by use.
 *
 * A *node* (pg_data_t) is memory equally far from a processor; a PC without
 * NUMA has one.  Nodes are numbered from 0 without gaps; each has memory,
 * processors, or both.  Within a node a *zone* is memory equally usable:
 *
 *	ZONE_DMA	0 .. 16M	ISA devices drive 24 address lines
 *	ZONE_NORMAL	16M .. 896M	the kernel sees it in its direct map
 *	ZONE_HIGHMEM	896M ..		needs a mapping (kmap) before use
 *
 * A *zonelist* is the order in which an allocation may try zones, one list for
 * each node and kind of request: mm/phys/zonelists.c.  A request for high memory
 * may fall back to Normal and DMA, never the other way round; lowmem_reserve[]
 * keeps such fallbacks from draining the precious zones.
 *
 * Which zone a page belongs to stands in page->flags: its top bits index
 * zone_table.
 *
 * Locking: zone->lock [z] guards free_area and is taken with interrupts off.
 * The per-CPU lists [cpu] are touched only by their CPU, interrupts off.
 * Watermarks, spans and zonelists are constant after init [c].
 */
#ifndef OCTAVO_MM_TYPES_MMZONE_H
#define OCTAVO_MM_TYPES_MMZONE_H

#include <kernel/core/percpu.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <mm/types/gfp.h>
#include <mm/types/page.h>

#define MAX_ORDER	11	/* lists; the largest block is 2^10 pages = 4M */

enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, MAX_NR_ZONES };
#define MAX_NUMNODES	(1 << NODES_SHIFT)
#define NUMA_NO_NODE	(-1)	/* "any": the caller's own */
#define MAX_DMA_PFN	(16UL << (20 - PAGE_SHIFT))

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

/* What is counted.  Per zone, in pages unless it says events; /proc's names in mm/phys/vmstat.c. */
enum zone_stat_item {
	NR_FREE_PAGES,		/* free_area + per-CPU lists: computed by zone_page_state() */
	NR_SLAB_RECLAIMABLE,
	NR_SLAB_UNRECLAIMABLE,
	NR_PAGETABLE,
	NR_KERNEL_STACK,	/* pages */
	NR_VMALLOC,		/* pages */
	NR_ANON_PAGES,		/* anonymous, mapped */
	NR_FILE_MAPPED,		/* page-cache pages that are mapped */
	NR_FILE_PAGES,		/* page cache, shmem included */
	NR_SHMEM,
	NR_BUFFERS,		/* page cache of block devices */
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_MLOCK,
	NR_BOUNCE,
	NR_INACTIVE_CLEAN,	/* on inactive_clean_list; counts in NR_INACTIVE_ANON or _FILE too */
	NR_SWAPCACHE,		/* in the swap cache, mapped or not */
	NR_VM_ZONE_STAT_ITEMS
};

/*
 * Lists of pages that could be given up, by what has to be done first: mm/cache/swap.h.  Anonymous
 * pages and those of shmem have to be swapped out; those of files on disks, at most written.
 */
enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, NR_LRU_LISTS };
#define LRU_STAT(lru)	((enum zone_stat_item)(NR_INACTIVE_ANON + (int)(lru)))
static_assert(NR_INACTIVE_ANON + LRU_ACTIVE_FILE == NR_ACTIVE_FILE, "LRU_STAT is indexed by list");

/* Events of allocation per zone: where did what was asked of a node come from? */
enum numa_stat_item {
	NUMA_HIT,		/* wanted here and got here */
	NUMA_MISS,		/* wanted elsewhere, got here */
	NUMA_FOREIGN,		/* wanted here, got elsewhere */
	NUMA_INTERLEAVE_HIT,	/* a hit of the interleave policy */
	NUMA_LOCAL,		/* got here by a processor of this node */
	NUMA_OTHER,		/* ... of another */
	NR_VM_NUMA_EVENT_ITEMS
};

struct free_area {
	struct list_head free_list;	/* [z] first pages of free blocks */
	unsigned long nr_free;		/* [z] blocks */
};

/* A few pages at hand for one CPU: taken without a lock, filled in batches. */
struct per_cpu_pages {
	int count;			/* [cpu] pages on the list */
	int high;			/* [c] above this, give a batch back */
	int batch;			/* [c] pages moved at a time */
	struct list_head list;		/* [cpu] */
	unsigned long allocated;	/* [cpu] pages taken: PGALLOC, less those of blocks */
	unsigned long refilled, flushed; /* [cpu] pages; PGFREE follows from these */
};

/*
 * A page from a CPU's list counts as a hit and local by having been taken; here are the other
 * allocations, and what was wrong about that (mm/phys/vmstat.c: zone_numa_event_state).
 */
struct per_cpu_zonestat {
	unsigned long blocks;				/* [cpu] of more than one page */
	unsigned long event[NR_VM_NUMA_EVENT_ITEMS];	/* [cpu] NUMA_HIT and _LOCAL unused */
};

/* Runs in vain after which kswapd sleeps until its node has pages to try that it has not seen. */
#define KSWAPD_MAX_FAILURES	4

struct pglist_data;

struct zone {
	/* the fast path */
	unsigned long watermark[NR_WMARK];		/* [c] pages */
	unsigned long lowmem_reserve[MAX_NR_ZONES];	/* [c] pages, by the class asked for */
	struct per_cpu_pages pageset[NR_CPUS];
	/* behind the lock */
	spinlock_t lock;
	struct free_area free_area[MAX_ORDER];
	unsigned long free_pages;			/* [z] pages in free_area */
	atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS];	/* [a] */
	/* reclaim */
	spinlock_t lru_lock;
	struct list_head lru[NR_LRU_LISTS];		/* [l] newest first */
	struct list_head inactive_clean_list;		/* [l] unmapped, clean: reclaim_page() takes the last */
	unsigned long reclaim_cost[2];			/* racy: of anonymous pages, of files' (vmscan.c) */
	struct per_cpu_zonestat zonestat[NR_CPUS];
	/* what it is */
	const char *name;				/* [c] */
	enum zone_type idx;				/* [c] */
	int node;					/* [c] */
	struct pglist_data *zone_pgdat;			/* [c] */
	unsigned long zone_start_pfn;			/* [c] */
	unsigned long spanned_pages;			/* [c] including holes */
	unsigned long present_pages;			/* [c] without holes */
	unsigned long managed_pages;			/* [z] handed to the buddy system */
} __aligned(64);
static_assert(__builtin_offsetof(struct zone, pageset) == 24, "alloc_hot_page: watermarks and CPU 0's list, one line");
static_assert(__builtin_offsetof(struct zone, lock) >= 24 + NR_CPUS * sizeof(struct per_cpu_pages), "the lock behind it");

/* Best first, NULL-terminated. */
struct zonelist {
	struct zone *zones[MAX_NUMNODES * MAX_NR_ZONES + 1];
	unsigned long nodes;	/* mask: a policy allows only these; 0: none does */
};

/* Indexed by gfp & GFP_ZONEMASK: Normal, DMA, HighMem, (both: as DMA). */
#define GFP_ZONETYPES	4
/* ... for each node twice: with all it may fall back to, and without (__GFP_THISNODE). */
enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS };

typedef struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist node_zonelists[MAX_ZONELISTS][GFP_ZONETYPES];	/* [c] */
	int nr_zones;					/* [c] highest populated one + 1 */
	struct page *node_mem_map;			/* [c] its part of mem_map; NULL: no memory */
	unsigned long node_start_pfn;			/* [c] */
	unsigned long node_spanned_pages;		/* [c] other nodes' memory may lie between */
	unsigned long node_present_pages;		/* [c] */
	int node_id;					/* [c] */
	/* its kswapd (mm/cache/vmscan.c): who wakes it, what for, and was it of any use */
	wait_queue_head_t kswapd_wait;
	bool kswapd_wanted;				/* racy: a wake-up lost is repeated */
	unsigned int kswapd_order;			/* racy: largest order that was missed */
	unsigned int kswapd_failures;			/* racy: runs in vain, one after the other */
	unsigned long kswapd_scanned;			/* its own: pages, since it asked for objects */
	/* its kreclaimd: from the inactive clean lists to the buddy system */
	wait_queue_head_t kreclaimd_wait;
	bool kreclaimd_wanted;				/* racy, as above */
} pg_data_t;

extern pg_data_t contig_page_data;			/* node 0 */
extern pg_data_t *node_data[MAX_NUMNODES];		/* [c] */
extern int nr_online_nodes;				/* [c] nodes that there are: 0 .. this - 1 */
extern struct zone *zone_table[NR_PAGE_ZONE_IDS];	/* [c] by page_zone_id() */

#define NODE_DATA(nid)	(node_data[nid])
#define for_each_online_node(nid) \
	for ((nid) = 0; (nid) < nr_online_nodes; (nid)++)

static inline enum zone_type zone_idx(const struct zone *zone)
{
	return zone->idx;
}
static inline int zone_to_nid(const struct zone *zone)
{
	return zone->node;
}
static inline int populated_zone(const struct zone *zone)
{
	return zone->present_pages != 0;
}
static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page_zone_id(page)];
}

/* => the zone after @zone, node by node, or NULL */
static inline struct zone *next_zone(struct zone *zone)
{
	if (zone->idx + 1 < MAX_NR_ZONES)
		return zone + 1;
	return zone->node + 1 < nr_online_nodes ? node_data[zone->node + 1]->node_zones : NULL;
}
/* All zones of all nodes, those without memory too. */
#define for_each_zone(zone) \
	for ((zone) = contig_page_data.node_zones; (zone); (zone) = next_zone(zone))
#define for_each_populated_zone(zone) \
	for_each_zone(zone) \
		if (!populated_zone(zone)) \
			; \
		else

/* The node of this processor: mm/phys/numa.c sets it before the processor runs. */
DECLARE_PER_CPU(int, numa_node);
static inline int numa_node_id(void)
{
	return this_cpu_read(numa_node);
}
static inline int cpu_to_node(int cpu)
{
	return per_cpu(numa_node, cpu);
}
/* Relative: 10 to itself, 20 is twice as far. */
int node_distance(int from, int to);

#endif
