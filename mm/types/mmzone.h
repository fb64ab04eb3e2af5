/*
 * mm/types/mmzone.h - nodes and zones: physical memory by distance and by use.
 *
 * A *node* (pg_data_t) is memory equally far from a processor; a PC without
 * NUMA has one.  Within a node a *zone* is memory equally usable:
 *
 *	ZONE_DMA	0 .. 16M	ISA devices drive 24 address lines
 *	ZONE_NORMAL	16M .. 896M	the kernel sees it in its direct map
 *	ZONE_HIGHMEM	896M ..		needs a mapping (kmap) before use
 *
 * A *zonelist* is the order in which an allocation may try zones: the best
 * first, then only zones more precious.  A request for high memory may fall
 * back to Normal and DMA, never the other way round; lowmem_reserve[] keeps
 * such fallbacks from draining the precious zones.
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
#define MAX_NUMNODES	1
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
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_MLOCK,
	NR_BOUNCE,
	NR_VM_ZONE_STAT_ITEMS
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
	/* reclaim: room for the lists to come */
	spinlock_t lru_lock;
	unsigned long pages_scanned;			/* [l] */
	/* what it is */
	const char *name;				/* [c] */
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
};

/* Indexed by gfp & GFP_ZONEMASK: Normal, DMA, HighMem, (both: as DMA). */
#define GFP_ZONETYPES	4

typedef struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist node_zonelists[GFP_ZONETYPES];	/* [c] */
	int nr_zones;					/* [c] */
	struct page *node_mem_map;			/* [c] */
	unsigned long node_start_pfn;			/* [c] */
	unsigned long node_spanned_pages;		/* [c] */
	unsigned long node_present_pages;		/* [c] */
	int node_id;					/* [c] */
	wait_queue_head_t kswapd_wait;
} pg_data_t;

extern pg_data_t contig_page_data;
#define NODE_DATA(nid)	((void)(nid), &contig_page_data)
#define for_each_zone(zone) \
	for (zone = contig_page_data.node_zones; \
	     zone < contig_page_data.node_zones + MAX_NR_ZONES; zone++)

static inline struct zone *page_zone(const struct page *page)
{
	return &contig_page_data.node_zones[page_zonenum(page)];
}
static inline int populated_zone(const struct zone *zone)
{
	return zone->present_pages != 0;
}
static inline enum zone_type zone_idx(const struct zone *zone)
{
	return (enum zone_type)(zone - contig_page_data.node_zones);
}

#endif
