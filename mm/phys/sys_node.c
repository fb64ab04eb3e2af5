/*
 * mm/phys/sys_node.c - /sys/devices/system/node: memory by node.
 *
 * The files, names and formats that numactl, numastat and libnuma read.  Lines of
 * Linux's meminfo of a node whose subject does not exist here show 0, as in
 * /proc/meminfo.
 */
#include <kernel/core/percpu.h>
#include <kernel/core/seq_file.h>
#include <lib/kernel.h>
#include <mm/phys/numa.h>
#include <mm/phys/vmstat.h>

#define NODE	"devices/system/node/"

static int nodes_show(struct seq_file *m, unsigned long nodes)
{
	seq_mask_list(m, nodes, MAX_NUMNODES);
	return seq_putc(m, '\n');
}

static int online_show(struct seq_file *m, void *v)
{
	return nodes_show(m, node_mask(N_ONLINE));
}
SYS_SHOW(NODE "online", online_show);
SYS_SHOW(NODE "possible", online_show);

static int has_memory_show(struct seq_file *m, void *v)
{
	return nodes_show(m, node_mask(N_MEMORY));
}
SYS_SHOW(NODE "has_memory", has_memory_show);

/* ... that the kernel can use without kmap, as Linux has it. */
static int has_normal_memory_show(struct seq_file *m, void *v)
{
	return nodes_show(m, node_mask(N_NORMAL_MEMORY));
}
SYS_SHOW(NODE "has_normal_memory", has_normal_memory_show);

/* ... normal or high. */
static int has_high_memory_show(struct seq_file *m, void *v)
{
	return nodes_show(m, node_mask(N_MEMORY));
}
SYS_SHOW(NODE "has_high_memory", has_high_memory_show);

static int has_cpu_show(struct seq_file *m, void *v)
{
	return nodes_show(m, node_mask(N_CPU));
}
SYS_SHOW(NODE "has_cpu", has_cpu_show);

/* ---- nodeN ---- */

static unsigned long cpus_of(int nid)
{
	unsigned long cpus = 0;
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu_to_node(cpu) == nid)
			cpus |= 1UL << cpu;
	return cpus;
}

static int cpulist_show(struct seq_file *m, void *v)
{
	seq_mask_list(m, cpus_of((int)(long)v), NR_CPUS);
	return seq_putc(m, '\n');
}
SYS_SHOW_EACH(NODE "node%d/cpulist", &nr_online_nodes, cpulist_show);

static int cpumap_show(struct seq_file *m, void *v)
{
	seq_mask(m, cpus_of((int)(long)v), (unsigned int)nr_cpus);
	return seq_putc(m, '\n');
}
SYS_SHOW_EACH(NODE "node%d/cpumap", &nr_online_nodes, cpumap_show);

static int distance_show(struct seq_file *m, void *v)
{
	int nid;

	for_each_online_node(nid)
		seq_printf(m, nid ? " %d" : "%d", node_distance((int)(long)v, nid));
	return seq_putc(m, '\n');
}
SYS_SHOW_EACH(NODE "node%d/distance", &nr_online_nodes, distance_show);

static int numastat_show(struct seq_file *m, void *v)
{
	static const struct {
		const char *name;
		enum numa_stat_item item;
	} lines[] = {
		{ "numa_hit", NUMA_HIT }, { "numa_miss", NUMA_MISS },
		{ "numa_foreign", NUMA_FOREIGN }, { "interleave_hit", NUMA_INTERLEAVE_HIT },
		{ "local_node", NUMA_LOCAL }, { "other_node", NUMA_OTHER },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		seq_printf(m, "%s %lu\n", lines[i].name,
			   node_numa_event_state((int)(long)v, lines[i].item));
	return 0;
}
SYS_SHOW_EACH(NODE "node%d/numastat", &nr_online_nodes, numastat_show);

/* ---- nodeN/meminfo ---- */

static void kb_line(struct seq_file *m, int nid, const char *name, unsigned long pages)
{
	seq_printf(m, "Node %d %-15s %8lu kB\n", nid, name, pages << (PAGE_SHIFT - 10));
}

static void item_line(struct seq_file *m, int nid, const char *name, enum zone_stat_item item)
{
	kb_line(m, nid, name, node_page_state(nid, item));
}

static void meminfo_totals(struct seq_file *m, int nid)
{
	const struct zone *zones = NODE_DATA(nid)->node_zones;
	unsigned long low = zones[ZONE_DMA].managed_pages + zones[ZONE_NORMAL].managed_pages;
	unsigned long high = zones[ZONE_HIGHMEM].managed_pages;
	unsigned long free = node_page_state(nid, NR_FREE_PAGES);
	unsigned long free_high = zone_page_state(&NODE_DATA(nid)->node_zones[ZONE_HIGHMEM],
						  NR_FREE_PAGES);

	kb_line(m, nid, "MemTotal:", low + high);
	kb_line(m, nid, "MemFree:", free);
	kb_line(m, nid, "MemUsed:", low + high - free);
	item_line(m, nid, "SwapCached:", NR_SWAPCACHE);
	kb_line(m, nid, "Active:", node_page_state(nid, NR_ACTIVE_ANON) +
		node_page_state(nid, NR_ACTIVE_FILE));
	kb_line(m, nid, "Inactive:", node_page_state(nid, NR_INACTIVE_ANON) +
		node_page_state(nid, NR_INACTIVE_FILE));
	item_line(m, nid, "Active(anon):", NR_ACTIVE_ANON);
	item_line(m, nid, "Inactive(anon):", NR_INACTIVE_ANON);
	item_line(m, nid, "Active(file):", NR_ACTIVE_FILE);
	item_line(m, nid, "Inactive(file):", NR_INACTIVE_FILE);
	item_line(m, nid, "Unevictable:", NR_UNEVICTABLE);
	item_line(m, nid, "Mlocked:", NR_MLOCK);
	kb_line(m, nid, "HighTotal:", high);
	kb_line(m, nid, "HighFree:", free_high);
	kb_line(m, nid, "LowTotal:", low);
	kb_line(m, nid, "LowFree:", free - free_high);
}

static void meminfo_uses(struct seq_file *m, int nid)
{
	static const char *const absent[] = {
		"AnonHugePages:", "ShmemHugePages:", "ShmemPmdMapped:", "FileHugePages:",
		"FilePmdMapped:",
	};
	static const char *const huge[] = { "Total:", "Free:", "Surp:" };
	unsigned long reclaimable = node_page_state(nid, NR_SLAB_RECLAIMABLE);
	unsigned int i;

	item_line(m, nid, "Dirty:", NR_FILE_DIRTY);
	item_line(m, nid, "Writeback:", NR_WRITEBACK);
	kb_line(m, nid, "FilePages:", node_page_state(nid, NR_FILE_PAGES) +
		node_page_state(nid, NR_SWAPCACHE));
	item_line(m, nid, "Mapped:", NR_FILE_MAPPED);
	item_line(m, nid, "AnonPages:", NR_ANON_PAGES);
	item_line(m, nid, "Shmem:", NR_SHMEM);
	item_line(m, nid, "KernelStack:", NR_KERNEL_STACK);
	item_line(m, nid, "PageTables:", NR_PAGETABLE);
	kb_line(m, nid, "SecPageTables:", 0);
	kb_line(m, nid, "NFS_Unstable:", 0);
	item_line(m, nid, "Bounce:", NR_BOUNCE);
	kb_line(m, nid, "WritebackTmp:", 0);
	kb_line(m, nid, "KReclaimable:", reclaimable);
	kb_line(m, nid, "Slab:", reclaimable + node_page_state(nid, NR_SLAB_UNRECLAIMABLE));
	kb_line(m, nid, "SReclaimable:", reclaimable);
	item_line(m, nid, "SUnreclaim:", NR_SLAB_UNRECLAIMABLE);
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		kb_line(m, nid, absent[i], 0);
	for (i = 0; i < ARRAY_SIZE(huge); i++)
		seq_printf(m, "Node %d HugePages_%-6s %5u\n", nid, huge[i], 0);
}

static int meminfo_show(struct seq_file *m, void *v)
{
	meminfo_totals(m, (int)(long)v);
	meminfo_uses(m, (int)(long)v);
	return 0;
}
SYS_SHOW_EACH(NODE "node%d/meminfo", &nr_online_nodes, meminfo_show);
