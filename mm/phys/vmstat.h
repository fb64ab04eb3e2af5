/*
 * mm/phys/vmstat.h - what is counted.
 *
 * Two kinds.  *State* is how many pages are something now, per zone, the items
 * of enum zone_stat_item: whoever makes a page something says so with
 * inc_zone_page_state(page, NR_...), whoever unmakes it with dec_.  Free pages
 * are not kept there but read from the lists' own counts; ask
 * zone_page_state(zone, NR_FREE_PAGES) or nr_free_pages().  *Events* only grow,
 * per CPU: count_vm_event(PGFAULT).
 *
 * mm/phys/page_class.c proves the state items: it counts mem_map itself.
 *
 * Any context.  State is atomic; an event is one unlocked instruction of its CPU.
 */
#ifndef OCTAVO_MM_PHYS_VMSTAT_H
#define OCTAVO_MM_PHYS_VMSTAT_H

#include <kernel/core/percpu.h>
#include <mm/types/mmzone.h>

/* In /proc/vmstat's order; the names are in vmstat.c. */
enum vm_event_item {
	PGPGIN, PGPGOUT,				/* sectors; shown in KiB */
	PSWPIN, PSWPOUT,
	PGALLOC_DMA, PGALLOC_NORMAL, PGALLOC_HIGH,	/* pages, indexed by zone */
	ALLOCSTALL_DMA, ALLOCSTALL_NORMAL, ALLOCSTALL_HIGH, /* direct reclaims */
	PGFREE, PGACTIVATE, PGDEACTIVATE, PGLAZYFREE,
	PGFAULT, PGMAJFAULT, PGLAZYFREED, PGREFILL, PGREUSE,
	PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGSCAN_KSWAPD, PGSCAN_DIRECT,	/* by who */
	PGSCAN_ANON, PGSCAN_FILE, PGSTEAL_ANON, PGSTEAL_FILE,		/* and the same by kind */
	SLABS_SCANNED, PAGEOUTRUN, PGROTATED, OOM_KILL,
	DROP_PAGECACHE, DROP_SLAB,
	SWAP_RA, SWAP_RA_HIT,		/* pages read ahead from swap; of these wanted */
	NR_DIRTIED, NR_WRITTEN,		/* pages of files that became dirty, that were written */
	/* ours */
	RMAP_VISITS,			/* entries looked at on the way from a page */
	PGSTEAL_CLEAN,			/* pages given out from an inactive clean list */
	PGD_QUICKLIST_HITS, PGD_QUICKLIST_MISSES, PMD_QUICKLIST_HITS, PMD_QUICKLIST_MISSES,
	PTE_QUICKLIST_HITS, PTE_QUICKLIST_MISSES,
	PCP_REFILL, PCP_FLUSH,
	VMACACHE_FIND_CALLS, VMACACHE_FIND_HITS,
	NR_VM_EVENT_ITEMS
};
#define PGALLOC(zone_idx)	((enum vm_event_item)(PGALLOC_DMA + (zone_idx)))
static_assert(PGALLOC_DMA + ZONE_HIGHMEM == PGALLOC_HIGH, "PGALLOC is indexed by zone");
static_assert(ALLOCSTALL_DMA + ZONE_HIGHMEM == ALLOCSTALL_HIGH, "so is ALLOCSTALL");

struct vm_event_state {
	unsigned long event[NR_VM_EVENT_ITEMS];		/* [cpu] */
};
static_assert(PGPGIN == 0 && PGPGOUT == 1, "vmstat_show()");
DECLARE_PER_CPU(struct vm_event_state, vm_event_states);

static inline void count_vm_events(enum vm_event_item item, unsigned long delta)
{
	this_cpu_add(vm_event_states.event[item], delta);
}
static inline void count_vm_event(enum vm_event_item item)
{
	this_cpu_inc(vm_event_states.event[item]);
}
/* Sum over the CPUs. */
unsigned long vm_event_sum(enum vm_event_item item);

static inline void mod_zone_page_state(struct zone *zone, enum zone_stat_item item, int delta)
{
	atomic_long_add(delta, &zone->vm_stat[item]);
}
static inline void inc_zone_page_state(struct page *page, enum zone_stat_item item)
{
	atomic_long_inc(&page_zone(page)->vm_stat[item]);
}
static inline void dec_zone_page_state(struct page *page, enum zone_stat_item item)
{
	atomic_long_dec(&page_zone(page)->vm_stat[item]);
}

/* Pages now; a sum that is momentarily negative reads as 0. */
unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item);
unsigned long node_page_state(int nid, enum zone_stat_item item);
unsigned long global_page_state(enum zone_stat_item item);
/* Allocations that went one way or another, since boot. */
unsigned long zone_numa_event_state(struct zone *zone, enum numa_stat_item item);
unsigned long node_numa_event_state(int nid, enum numa_stat_item item);
unsigned long global_numa_event_state(enum numa_stat_item item);

/* Free pages of all zones, the per-CPU lists included; of high memory alone. */
unsigned long nr_free_pages(void);
unsigned long nr_free_highpages(void);
/* ... of the zones of one kind. */
unsigned long nr_free_pages_of_type(enum zone_type type);
/* Pages that user programs can have without the system starting to swap. */
unsigned long si_mem_available(void);

/*
 * Figures that upper layers own and this layer shows.  Pages.
 */
extern unsigned long total_swap_pages;		/* swap areas' slots: mm/cache/swapfile */
extern unsigned long nr_swap_pages;		/* ... of these free */

/* As sysinfo(2): pages. */
struct sysinfo_pages {
	unsigned long totalram, freeram, sharedram, bufferram;
	unsigned long totalhigh, freehigh;
	unsigned long totalswap, freeswap;
};
void si_meminfo(struct sysinfo_pages *val);

#endif
