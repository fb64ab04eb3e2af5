/*
 * mm/phys/vmstat.c - the counters, and the files of /proc that show them.
 *
 * Theory.  Each figure of /proc/meminfo is one of three things: a counter that
 * somebody keeps as pages change (enum zone_stat_item), a length of a list that
 * the allocator keeps anyway (free pages), or a constant of the machine.  None is
 * made by subtracting the others from the total; that they add up to it is what
 * page_class_check() proves.
 *
 * Lines of Linux's meminfo whose subject this kernel does not have (zswap,
 * transparent huge pages, NFS...) show the 0 that they would show on a Linux
 * that does not use it: tools look lines up by name.  /proc/vmstat and zoneinfo
 * have no such lines.  Beyond Linux's today: Quicklists (Linux 2.6 had it).
 *
 *	MemAvailable	free, less what the watermarks and reserves keep back, plus
 *			the half of the reclaimable caches that may go without pain
 *	Committed_AS	promised to processes, touched or not: commit.c
 *
 * Interface: vmstat.h.  Locking: none; each word is read by itself, so a line
 * is exact and two lines may be a moment apart.
 */
#include <mm/phys/vmstat.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/hooks.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <lib/kernel.h>
#include <mm/phys/commit.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmalloc.h>

DEFINE_PER_CPU(struct vm_event_state, vm_event_states);

unsigned long total_swap_pages, nr_swap_pages;

/* Single pages are counted where they are listed. */
static unsigned long pcp_event_sum(enum vm_event_item item)
{
	unsigned long sum = 0;
	struct zone *zone;
	int cpu;

	for_each_zone(zone) {
		for_each_possible_cpu(cpu) {
			const struct per_cpu_pages *pcp = &zone->pageset[cpu];

			/* What was freed is what has come to the list otherwise than by refills. */
			if (item == PGFREE)
				sum += pcp->allocated + pcp->flushed + (unsigned long)pcp->count -
				       pcp->refilled;
			else if (item == PGALLOC(zone_idx(zone)))
				sum += pcp->allocated;
		}
	}
	return sum;
}

unsigned long vm_event_sum(enum vm_event_item item)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(vm_event_states, cpu).event[item];
	if (item == PGFREE || (item >= PGALLOC_DMA && item <= PGALLOC_HIGH))
		sum += pcp_event_sum(item);
	/* Only what misses the cache is counted as a call: most calls count one event. */
	if (item == VMACACHE_FIND_CALLS)
		sum += vm_event_sum(VMACACHE_FIND_HITS);
	return sum;
}

unsigned long zone_numa_event_state(struct zone *zone, enum numa_stat_item item)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct per_cpu_zonestat *stat = &zone->zonestat[cpu];
		unsigned long all = zone->pageset[cpu].allocated + stat->blocks;

		sum += item == NUMA_HIT ? all - stat->event[NUMA_MISS] :
		       item == NUMA_LOCAL ? all - stat->event[NUMA_OTHER] : stat->event[item];
	}
	return sum;
}

unsigned long node_numa_event_state(int nid, enum numa_stat_item item)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_numa_event_state(&NODE_DATA(nid)->node_zones[i], item);
	return sum;
}

unsigned long global_numa_event_state(enum numa_stat_item item)
{
	unsigned long sum = 0;
	int nid;

	for_each_online_node(nid)
		sum += node_numa_event_state(nid, item);
	return sum;
}

unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item)
{
	long value;

	if (item == NR_FREE_PAGES)
		return READ_ONCE(zone->free_pages) + zone_pcp_pages(zone);
	value = atomic_long_read(&zone->vm_stat[item]);
	return value < 0 ? 0 : (unsigned long)value;
}

unsigned long node_page_state(int nid, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_page_state(&NODE_DATA(nid)->node_zones[i], item);
	return sum;
}

unsigned long global_page_state(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone(zone)
		sum += zone_page_state(zone, item);
	return sum;
}

/* Asked for each new page of a file: empty zones are not looked into. */
unsigned long nr_free_pages(void)
{
	unsigned long sum = 0;
	int nid, i;

	for_each_online_node(nid) {
		struct zone *zone = NODE_DATA(nid)->node_zones;

		for (i = NODE_DATA(nid)->nr_zones; i > 0; i--, zone++)
			if (populated_zone(zone))
				sum += READ_ONCE(zone->free_pages) + zone_pcp_pages(zone);
	}
	return sum;
}

unsigned long nr_free_pages_of_type(enum zone_type type)
{
	unsigned long sum = 0;
	int nid;

	for_each_online_node(nid)
		sum += zone_page_state(&NODE_DATA(nid)->node_zones[type], NR_FREE_PAGES);
	return sum;
}

unsigned long nr_free_highpages(void)
{
	return nr_free_pages_of_type(ZONE_HIGHMEM);
}

/* What ordinary requests can never have: each zone's largest reserve and its high mark. */
static unsigned long totalreserve_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long max = 0;
		int i;

		for (i = zone_idx(zone); i < MAX_NR_ZONES; i++)
			max = max(max, zone->lowmem_reserve[i]);
		sum += min(max + zone->watermark[WMARK_HIGH], zone->managed_pages);
	}
	return sum;
}

unsigned long si_mem_available(void)
{
	long available = (long)nr_free_pages() - (long)totalreserve_pages();
	unsigned long wmark_low = 0, cache, reclaimable;
	struct zone *zone;

	for_each_zone(zone)
		wmark_low += zone->watermark[WMARK_LOW];
	cache = global_page_state(NR_ACTIVE_FILE) + global_page_state(NR_INACTIVE_FILE);
	available += (long)(cache - min(cache / 2, wmark_low));
	reclaimable = global_page_state(NR_SLAB_RECLAIMABLE);
	available += (long)(reclaimable - min(reclaimable / 2, wmark_low));
	return available < 0 ? 0 : (unsigned long)available;
}

void si_meminfo(struct sysinfo_pages *val)
{
	val->totalram = totalram_pages;
	val->freeram = nr_free_pages();
	val->sharedram = global_page_state(NR_SHMEM);
	val->bufferram = global_page_state(NR_BUFFERS);
	val->totalhigh = totalhigh_pages;
	val->freehigh = nr_free_highpages();
	val->totalswap = total_swap_pages;
	val->freeswap = nr_swap_pages;
}

/* ---- /proc/meminfo ------------------------------------------------------------------ */

static void kb_line(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%-15s %8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

static void item_line(struct seq_file *m, const char *name, enum zone_stat_item item)
{
	kb_line(m, name, global_page_state(item));
}

static void meminfo_totals(struct seq_file *m)
{
	struct sysinfo_pages i;

	si_meminfo(&i);
	kb_line(m, "MemTotal:", i.totalram);
	kb_line(m, "MemFree:", i.freeram);
	kb_line(m, "MemAvailable:", si_mem_available());
	kb_line(m, "Buffers:", i.bufferram);
	kb_line(m, "Cached:", global_page_state(NR_FILE_PAGES) - i.bufferram);
	item_line(m, "SwapCached:", NR_SWAPCACHE);
	kb_line(m, "Active:", global_page_state(NR_ACTIVE_ANON) +
		global_page_state(NR_ACTIVE_FILE));
	kb_line(m, "Inactive:", global_page_state(NR_INACTIVE_ANON) +
		global_page_state(NR_INACTIVE_FILE));
	item_line(m, "Active(anon):", NR_ACTIVE_ANON);
	item_line(m, "Inactive(anon):", NR_INACTIVE_ANON);
	item_line(m, "Active(file):", NR_ACTIVE_FILE);
	item_line(m, "Inactive(file):", NR_INACTIVE_FILE);
	item_line(m, "Unevictable:", NR_UNEVICTABLE);
	item_line(m, "Mlocked:", NR_MLOCK);
	kb_line(m, "HighTotal:", i.totalhigh);
	kb_line(m, "HighFree:", i.freehigh);
	kb_line(m, "LowTotal:", i.totalram - i.totalhigh);
	kb_line(m, "LowFree:", i.freeram - i.freehigh);
	kb_line(m, "SwapTotal:", i.totalswap);
	kb_line(m, "SwapFree:", i.freeswap);
}

static void meminfo_uses(struct seq_file *m)
{
	unsigned long reclaimable = global_page_state(NR_SLAB_RECLAIMABLE);

	kb_line(m, "Zswap:", 0);
	kb_line(m, "Zswapped:", 0);
	item_line(m, "Dirty:", NR_FILE_DIRTY);
	item_line(m, "Writeback:", NR_WRITEBACK);
	item_line(m, "AnonPages:", NR_ANON_PAGES);
	item_line(m, "Mapped:", NR_FILE_MAPPED);
	item_line(m, "Shmem:", NR_SHMEM);
	kb_line(m, "KReclaimable:", reclaimable);
	kb_line(m, "Slab:", reclaimable + global_page_state(NR_SLAB_UNRECLAIMABLE));
	kb_line(m, "SReclaimable:", reclaimable);
	item_line(m, "SUnreclaim:", NR_SLAB_UNRECLAIMABLE);
	item_line(m, "KernelStack:", NR_KERNEL_STACK);
	item_line(m, "PageTables:", NR_PAGETABLE);
	kb_line(m, "SecPageTables:", 0);
	kb_line(m, "Quicklists:", nr_quicklist_pages());
	kb_line(m, "NFS_Unstable:", 0);
	item_line(m, "Bounce:", NR_BOUNCE);
	kb_line(m, "WritebackTmp:", 0);
	kb_line(m, "CommitLimit:", vm_commit_limit());
	kb_line(m, "Committed_AS:", (unsigned long)max(vm_memory_committed(), 0L));
}

static void meminfo_kernel(struct seq_file *m)
{
	static const char *const absent[] = {
		"HardwareCorrupted:", "AnonHugePages:", "ShmemHugePages:", "ShmemPmdMapped:",
		"FileHugePages:", "FilePmdMapped:",
	};
	static const char *const huge[] = {
		"HugePages_Total:", "HugePages_Free:", "HugePages_Rsvd:", "HugePages_Surp:",
	};
	extern char __per_cpu_start[], __per_cpu_end[];
	unsigned int i;

	kb_line(m, "VmallocTotal:", VMALLOC_TOTAL >> PAGE_SHIFT);
	item_line(m, "VmallocUsed:", NR_VMALLOC);
	kb_line(m, "VmallocChunk:", 0);
	seq_printf(m, "%-15s %8lu kB\n", "Percpu:",
		   (unsigned long)(__per_cpu_end - __per_cpu_start) * num_online_cpus() >> 10);
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		seq_printf(m, "%-18s %5u kB\n", absent[i], 0);
	for (i = 0; i < ARRAY_SIZE(huge); i++)
		seq_printf(m, "%-15s %7u\n", huge[i], 0);
	kb_line(m, "Hugepagesize:", PMD_SIZE >> PAGE_SHIFT);
	kb_line(m, "Hugetlb:", 0);
	kb_line(m, "DirectMap4k:", direct_pages_4k);
	kb_line(m, PMD_SHIFT == 22 ? "DirectMap4M:" : "DirectMap2M:",
		direct_pages_large << (PMD_SHIFT - PAGE_SHIFT));
}

static int meminfo_show(struct seq_file *m, void *v)
{
	meminfo_totals(m);
	meminfo_uses(m);
	meminfo_kernel(m);
	return 0;
}
PROC_SHOW("meminfo", meminfo_show);

/* ---- /proc/buddyinfo, zoneinfo ------------------------------------------------------ */

static int buddyinfo_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	for_each_zone(zone) {
		unsigned long flags, nr_free[MAX_ORDER];
		unsigned int order;

		if (!populated_zone(zone))
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		for (order = 0; order < MAX_ORDER; order++)
			nr_free[order] = zone->free_area[order].nr_free;
		spin_unlock_irqrestore(&zone->lock, flags);
		seq_printf(m, "Node %d, zone %8s ", zone->node, zone->name);
		for (order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", nr_free[order]);
		seq_putc(m, '\n');
	}
	return 0;
}
PROC_SHOW("buddyinfo", buddyinfo_show);

/* As Linux shows it: what is in the swap cache is among the pages of files. */
static unsigned long shown_state(struct zone *zone, enum zone_stat_item item)
{
	unsigned long pages = zone_page_state(zone, item);

	return item == NR_FILE_PAGES ? pages + zone_page_state(zone, NR_SWAPCACHE) : pages;
}

static unsigned long shown_global(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone(zone)
		sum += shown_state(zone, item);
	return sum;
}

/* Names of the state items, in the order in which /proc/vmstat shows them. */
static const struct {
	const char *name;
	enum zone_stat_item item;
} state_names[] = {
	{ "nr_free_pages",		NR_FREE_PAGES },
	{ "nr_mlock",			NR_MLOCK },
	{ "nr_bounce",			NR_BOUNCE },
	{ "nr_inactive_anon",		NR_INACTIVE_ANON },
	{ "nr_active_anon",		NR_ACTIVE_ANON },
	{ "nr_inactive_file",		NR_INACTIVE_FILE },
	{ "nr_active_file",		NR_ACTIVE_FILE },
	{ "nr_unevictable",		NR_UNEVICTABLE },
	{ "nr_slab_reclaimable",	NR_SLAB_RECLAIMABLE },
	{ "nr_slab_unreclaimable",	NR_SLAB_UNRECLAIMABLE },
	{ "nr_anon_pages",		NR_ANON_PAGES },
	{ "nr_mapped",			NR_FILE_MAPPED },
	{ "nr_file_pages",		NR_FILE_PAGES },
	{ "nr_dirty",			NR_FILE_DIRTY },
	{ "nr_writeback",		NR_WRITEBACK },
	{ "nr_shmem",			NR_SHMEM },
	{ "nr_buffers",			NR_BUFFERS },
	{ "nr_kernel_stack",		NR_KERNEL_STACK },
	{ "nr_swapcached",		NR_SWAPCACHE },
	{ "nr_page_table_pages",	NR_PAGETABLE },
	{ "nr_vmalloc",			NR_VMALLOC },
	{ "nr_inactive_clean",		NR_INACTIVE_CLEAN },
};
static_assert(ARRAY_SIZE(state_names) == NR_VM_ZONE_STAT_ITEMS, "each item has a name");

static const char *const numa_names[NR_VM_NUMA_EVENT_ITEMS] = {
	[NUMA_HIT] = "numa_hit", [NUMA_MISS] = "numa_miss", [NUMA_FOREIGN] = "numa_foreign",
	[NUMA_INTERLEAVE_HIT] = "numa_interleave", [NUMA_LOCAL] = "numa_local",
	[NUMA_OTHER] = "numa_other",
};

static void zoneinfo_zone(struct seq_file *m, struct zone *zone)
{
	unsigned int i;
	int cpu;

	seq_printf(m, "Node %d, zone %8s\n", zone->node, zone->name);
	seq_printf(m, "  pages free     %lu\n        boost    0\n", zone_page_state(zone, NR_FREE_PAGES));
	seq_printf(m, "        min      %lu\n        low      %lu\n        high     %lu\n",
		   zone->watermark[WMARK_MIN], zone->watermark[WMARK_LOW],
		   zone->watermark[WMARK_HIGH]);
	seq_printf(m, "        spanned  %lu\n        present  %lu\n        managed  %lu\n",
		   zone->spanned_pages, zone->present_pages, zone->managed_pages);
	seq_printf(m, "        cma      0\n        protection: (%lu, %lu, %lu)\n",
		   zone->lowmem_reserve[0], zone->lowmem_reserve[1], zone->lowmem_reserve[2]);
	if (!populated_zone(zone))
		return;
	for (i = 0; i < ARRAY_SIZE(state_names); i++)
		seq_printf(m, "      %-12s %lu\n", state_names[i].name,
			   shown_state(zone, state_names[i].item));
	for (i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "      %-12s %lu\n", numa_names[i],
			   zone_numa_event_state(zone, (enum numa_stat_item)i));
	seq_puts(m, "  pagesets\n");
	for_each_possible_cpu(cpu)
		seq_printf(m, "    cpu: %d\n              count: %d\n"
			   "              high:  %d\n              batch: %d\n", cpu,
			   zone->pageset[cpu].count, zone->pageset[cpu].high,
			   zone->pageset[cpu].batch);
	seq_printf(m, "  start_pfn:           %lu\n", zone->zone_start_pfn);
}

static int zoneinfo_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	for_each_zone(zone)
		zoneinfo_zone(m, zone);
	return 0;
}
PROC_SHOW("zoneinfo", zoneinfo_show);

/* ---- /proc/vmstat ------------------------------------------------------------------- */

static const char *const event_names[NR_VM_EVENT_ITEMS] = {
	[PGPGIN] = "pgpgin", [PGPGOUT] = "pgpgout",
	[PSWPIN] = "pswpin", [PSWPOUT] = "pswpout",
	[PGALLOC_DMA] = "pgalloc_dma", [PGALLOC_NORMAL] = "pgalloc_normal",
	[PGALLOC_HIGH] = "pgalloc_high",
	[ALLOCSTALL_DMA] = "allocstall_dma", [ALLOCSTALL_NORMAL] = "allocstall_normal",
	[ALLOCSTALL_HIGH] = "allocstall_high",
	[PGFREE] = "pgfree", [PGACTIVATE] = "pgactivate", [PGDEACTIVATE] = "pgdeactivate",
	[PGLAZYFREE] = "pglazyfree", [PGFAULT] = "pgfault", [PGMAJFAULT] = "pgmajfault",
	[PGLAZYFREED] = "pglazyfreed",
	[PGREFILL] = "pgrefill", [PGREUSE] = "pgreuse",
	[PGSTEAL_KSWAPD] = "pgsteal_kswapd", [PGSTEAL_DIRECT] = "pgsteal_direct",
	[PGSCAN_KSWAPD] = "pgscan_kswapd", [PGSCAN_DIRECT] = "pgscan_direct",
	[PGSCAN_ANON] = "pgscan_anon", [PGSCAN_FILE] = "pgscan_file",
	[PGSTEAL_ANON] = "pgsteal_anon", [PGSTEAL_FILE] = "pgsteal_file",
	[SLABS_SCANNED] = "slabs_scanned", [PAGEOUTRUN] = "pageoutrun",
	[PGROTATED] = "pgrotated", [OOM_KILL] = "oom_kill",
	[DROP_PAGECACHE] = "drop_pagecache", [DROP_SLAB] = "drop_slab",
	[SWAP_RA] = "swap_ra", [SWAP_RA_HIT] = "swap_ra_hit",
	[NR_DIRTIED] = "nr_dirtied", [NR_WRITTEN] = "nr_written",
	[RMAP_VISITS] = "rmap_visits",
	[PGSTEAL_CLEAN] = "pgsteal_clean",
	[PGD_QUICKLIST_HITS] = "pgd_quicklist_hits",
	[PGD_QUICKLIST_MISSES] = "pgd_quicklist_misses",
	[PMD_QUICKLIST_HITS] = "pmd_quicklist_hits",
	[PMD_QUICKLIST_MISSES] = "pmd_quicklist_misses",
	[PTE_QUICKLIST_HITS] = "pte_quicklist_hits",
	[PTE_QUICKLIST_MISSES] = "pte_quicklist_misses",
	[PCP_REFILL] = "pcp_refill", [PCP_FLUSH] = "pcp_flush",
	[VMACACHE_FIND_CALLS] = "vmacache_find_calls",
	[VMACACHE_FIND_HITS] = "vmacache_find_hits",
};

/* How often a spinlock was found taken, and turns of the loops that waited: all processors. */
static void show_spinning(struct seq_file *m)
{
	struct spin_stat sum = { 0, 0 };
	int cpu;

	for_each_possible_cpu(cpu) {
		sum.contended += per_cpu(spin_stat, cpu).contended;
		sum.turns += per_cpu(spin_stat, cpu).turns;
	}
	seq_printf(m, "spin_contended %lu\nspin_turns %lu\n", sum.contended, sum.turns);
}

static int vmstat_show(struct seq_file *m, void *v)
{
	struct tlb_stats tlb = tlb_stats_sum();
	unsigned long background, dirty;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(state_names); i++)
		seq_printf(m, "%s %lu\n", state_names[i].name, shown_global(state_names[i].item));
	for (i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", numa_names[i],
			   global_numa_event_state((enum numa_stat_item)i));
	global_dirty_limits(&background, &dirty);
	seq_printf(m, "nr_dirty_threshold %lu\nnr_dirty_background_threshold %lu\n", dirty,
		   background);
	for (i = 0; i < NR_VM_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", event_names[i], vm_event_sum((enum vm_event_item)i) /
			   (i <= PGPGOUT ? 2 : 1));
	show_spinning(m);
	seq_printf(m, "nr_tlb_remote_flush %lu\nnr_tlb_remote_flush_received %lu\n"
		   "nr_tlb_local_flush_all %lu\nnr_tlb_local_flush_one %lu\n",
		   tlb.remote, tlb.received, tlb.flush_all + tlb.flush_mm, tlb.flush_page);
	seq_printf(m, "nr_tlb_remote_cpus %lu\nnr_tlb_ipis %lu\nnr_tlb_lazy_left %lu\n"
		   "nr_tlb_flush_skipped %lu\n", tlb.remote_cpus, tlb.ipis, tlb.lazy,
		   tlb.flush_skipped);
	return 0;
}
PROC_SHOW("vmstat", vmstat_show);
