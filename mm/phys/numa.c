/*
 * mm/phys/numa.c - from the firmware's tables to nodes.
 *
 * Theory.  A node is a set of memory and processors that are near each other.
 * ACPI's SRAT names it by ranges of addresses and by APIC ids, SLIT says how far
 * nodes are apart.  This is the firmware's word about performance, not about what
 * exists: RAM is what memblock says.  So the tables cannot break the machine, only
 * make no sense, and then they are dropped as a whole, for one node, with a word:
 *
 *	more domains than MAX_NUMNODES, or more ranges than we keep
 *	ranges of two nodes overlap
 *	more RAM than a megabyte in no range (the first megabyte, and rounding, is
 *	  often left out; such RAM joins the node below it)
 *	no node with memory
 *
 * SLIT is dropped alone: a distance to itself other than 10, or to others that is
 * not more, makes it 10 and 20.
 *
 * Domains are renumbered 0, 1, ... in the order of the firmware's numbers, leaving
 * out those that have neither RAM (switched off by mem=, or room for memory to be
 * plugged in) nor processors.  A node without memory is one, its processors use the
 * nearest memory; one without processors is one, and serves others.
 *
 * Memory changes its node only at multiples of 4M, the largest block of the buddy
 * system: a 4M block belongs to the node of its first byte of RAM that a range names.
 * Thus two buddies never belong to two nodes, and merging them need not ask; and the
 * whole map is an array of 1024 bytes (PAE: 16K).  Tables that cut elsewhere are off by up to 4M.
 *
 *	numa=off	one node
 *	numa=fake=N	N nodes of equal size, 20 apart; processors are dealt in turn
 *
 * Locking: none, all is decided at boot by one processor.
 * References: ACPI 6.4, sections 5.2.16, 5.2.17.
 */
#include <mm/phys/numa.h>

#include <kernel/arch/processor.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <mm/phys/memblock.h>

#define SLACK	(1u << 20)	/* bytes of RAM that no range need name */

struct numa_tables numa_tables __initdata;
static struct numa_layout numa_layout __initdata;

int nr_online_nodes = 1;
DEFINE_PER_CPU(int, numa_node);
static u8 distance_table[MAX_NUMNODES][MAX_NUMNODES] = { { LOCAL_DISTANCE } };

int node_distance(int from, int to)
{
	return distance_table[from][to];
}

static bool node_state(int nid, enum node_states state)
{
	const struct zone *zones = NODE_DATA(nid)->node_zones;
	int cpu;

	if (state == N_MEMORY)
		return NODE_DATA(nid)->node_present_pages != 0;
	if (state == N_NORMAL_MEMORY)
		return populated_zone(&zones[ZONE_DMA]) || populated_zone(&zones[ZONE_NORMAL]);
	if (state == N_CPU) {
		for_each_online_cpu(cpu)
			if (cpu_to_node(cpu) == nid)
				return true;
		return false;
	}
	return true;
}

unsigned long node_mask(enum node_states state)
{
	unsigned long mask = 0;
	int nid;

	for_each_online_node(nid)
		if (node_state(nid, state))
			mask |= 1UL << nid;
	return mask;
}

/* ---- collecting ---------------------------------------------------------------------- */

void __init numa_tables_reset(struct numa_tables *tables)
{
	memset(tables, 0, sizeof(*tables));
	memset(tables->slot_of_apic, NUMA_NO_SLOT, sizeof(tables->slot_of_apic));
}

u8 __init numa_domain_slot(struct numa_tables *tables, u32 domain)
{
	unsigned int i;

	for (i = 0; i < tables->nr_domains; i++)
		if (tables->domain[i] == domain)
			return (u8)i;
	if (i == MAX_NUMNODES) {
		tables->too_many = true;
		return NUMA_NO_SLOT;
	}
	tables->domain[tables->nr_domains++] = domain;
	return (u8)i;
}

void __init numa_add_memory(struct numa_tables *tables, u32 domain, u64 start, u64 size)
{
	u8 slot = numa_domain_slot(tables, domain);

	if (slot == NUMA_NO_SLOT || !size)
		return;
	if (tables->nr_ranges == NUMA_MAX_RANGES) {
		tables->too_many = true;
		return;
	}
	tables->range[tables->nr_ranges++] = (struct numa_range){
		.start = start, .end = start + size < start ? ~0ull : start + size, .slot = slot,
	};
}

void __init numa_add_cpu(struct numa_tables *tables, u32 domain, u8 apic_id)
{
	tables->slot_of_apic[apic_id] = numa_domain_slot(tables, domain);
}

/* ---- judging ------------------------------------------------------------------------- */

/* Bytes of RAM in [start, end). */
static u64 __init ram_in(u64 start, u64 end)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		u64 from = max((u64)r->base, start), to = min((u64)r->base + r->size, end);

		if (from < to)
			sum += to - from;
	}
	return sum;
}

static bool __init ranges_overlap(const struct numa_tables *tables)
{
	for (unsigned int i = 0; i < tables->nr_ranges; i++) {
		const struct numa_range *a = &tables->range[i];

		for (unsigned int j = 0; j < i; j++) {
			const struct numa_range *b = &tables->range[j];

			if (a->slot != b->slot && a->start < b->end && b->start < a->end)
				return true;
		}
	}
	return false;
}

/* Bytes of RAM that no range names; ranges of one node may overlap. */
static u64 __init ram_unnamed(const struct numa_tables *tables)
{
	u64 at = 0, sum = 0, next;

	for (; at < MAX_PHYS_ADDR; at = next) {
		bool named = false;

		next = MAX_PHYS_ADDR;
		for (unsigned int i = 0; i < tables->nr_ranges; i++) {
			const struct numa_range *r = &tables->range[i];

			if (r->start <= at && at < r->end) {
				named = true;
				next = r->end;
				break;
			}
			if (r->start > at)
				next = min(next, r->start);
		}
		if (!named)
			sum += ram_in(at, next);
	}
	return sum;
}

/* The slot that names the first byte of RAM in [start, end); else NUMA_NO_SLOT. */
static u8 __init slot_of(const struct numa_tables *tables, u64 start, u64 end)
{
	u64 first = end;
	u8 slot = NUMA_NO_SLOT;

	for (unsigned int i = 0; i < tables->nr_ranges; i++) {
		const struct numa_range *r = &tables->range[i];
		u64 from = max(r->start, start);

		if (from < first && ram_in(from, min(r->end, end))) {
			first = from;
			slot = r->slot;
		}
	}
	return slot;
}

/* => layout->node_of_block by slot; false: no RAM at all is named */
static bool __init blocks_to_slots(struct numa_layout *layout, const struct numa_tables *tables)
{
	const u64 size = NUMA_BLOCK_PAGES << PAGE_SHIFT;
	u8 last = NUMA_NO_SLOT;

	for (unsigned int i = 0; i < NUMA_BLOCKS; i++) {
		u8 slot = ram_in(i * size, (i + 1) * size) ?
			  slot_of(tables, i * size, (i + 1) * size) : NUMA_NO_SLOT;

		/* What nobody names, RAM or hole, goes with what lies below it. */
		if (slot != NUMA_NO_SLOT) {
			if (last == NUMA_NO_SLOT)
				memset(layout->node_of_block, slot, i);
			last = slot;
		}
		layout->node_of_block[i] = last;
	}
	return last != NUMA_NO_SLOT;
}

/* Number the slots that are used, by rising domain. => nodes; node_of[slot] */
static int __init number_nodes(const struct numa_layout *layout, const struct numa_tables *tables,
			       u8 node_of[MAX_NUMNODES])
{
	bool used[MAX_NUMNODES] = { false };
	int nodes = 0;

	for (unsigned int i = 0; i < NUMA_BLOCKS; i++)
		used[layout->node_of_block[i]] = true;
	for (unsigned int i = 0; i < NUMA_MAX_APICS; i++)
		if (tables->slot_of_apic[i] != NUMA_NO_SLOT)
			used[tables->slot_of_apic[i]] = true;
	for (unsigned int i = 0; i < tables->nr_domains; i++) {
		node_of[i] = 0;
		for (unsigned int j = 0; j < tables->nr_domains; j++)
			if (used[j] && tables->domain[j] < tables->domain[i])
				node_of[i]++;
		nodes += used[i];
	}
	return nodes;
}

static bool __init distances_make_sense(const struct numa_tables *tables)
{
	for (unsigned int i = 0; i < tables->nr_domains; i++)
		for (unsigned int j = 0; j < tables->nr_domains; j++)
			if (i == j ? tables->distance[i][j] != LOCAL_DISTANCE :
				     tables->distance[i][j] <= LOCAL_DISTANCE)
				return false;
	return true;
}

static void __init default_distances(struct numa_layout *layout)
{
	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		for (unsigned int j = 0; j < MAX_NUMNODES; j++)
			layout->distance[i][j] = i == j ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

/* Distances by node instead of by slot; slots that are not used overwrite nothing that is. */
static void __init take_distances(struct numa_layout *layout, const struct numa_tables *tables,
				  const u8 node_of[MAX_NUMNODES], const bool used[MAX_NUMNODES])
{
	default_distances(layout);
	if (!distances_make_sense(tables)) {
		if (tables->distance[0][0])
			pr_warn("NUMA: the firmware's distances make no sense, not believed\n");
		return;
	}
	for (unsigned int i = 0; i < tables->nr_domains; i++)
		for (unsigned int j = 0; j < tables->nr_domains; j++)
			if (used[i] && used[j])
				layout->distance[node_of[i]][node_of[j]] = tables->distance[i][j];
}

const char *__init numa_layout_from_tables(struct numa_layout *layout,
					   const struct numa_tables *tables)
{
	u8 node_of[MAX_NUMNODES] = { 0 };
	bool used[MAX_NUMNODES] = { false };

	if (tables->too_many)
		return "too many nodes or ranges";
	if (ranges_overlap(tables))
		return "ranges of two nodes overlap";
	if (ram_unnamed(tables) > SLACK)
		return "RAM belongs to no node";
	if (!blocks_to_slots(layout, tables))
		return "no node has memory";
	layout->spread_cpus = false;
	layout->nr_nodes = number_nodes(layout, tables, node_of);
	for (unsigned int i = 0; i < NUMA_BLOCKS; i++) {
		used[layout->node_of_block[i]] = true;
		layout->node_of_block[i] = node_of[layout->node_of_block[i]];
	}
	for (unsigned int i = 0; i < NUMA_MAX_APICS; i++) {
		u8 slot = tables->slot_of_apic[i];

		if (slot != NUMA_NO_SLOT)
			used[slot] = true;
		layout->node_of_apic[i] = slot == NUMA_NO_SLOT ? 0 : node_of[slot];
	}
	take_distances(layout, tables, node_of, used);
	return NULL;
}

/* ---- without tables ------------------------------------------------------------------ */

void __init numa_layout_one(struct numa_layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	layout->nr_nodes = 1;
	default_distances(layout);
}

int __init numa_layout_fake(struct numa_layout *layout, int n)
{
	const u64 size = NUMA_BLOCK_PAGES << PAGE_SHIFT;
	unsigned int blocks = 0, seen = 0;

	numa_layout_one(layout);
	for (unsigned int i = 0; i < NUMA_BLOCKS; i++)
		blocks += ram_in(i * size, (i + 1) * size) != 0;
	n = clamp(n, 1, min((int)blocks, MAX_NUMNODES));
	for (unsigned int i = 0; i < NUMA_BLOCKS; i++) {
		layout->node_of_block[i] = (u8)(min(seen, blocks - 1) * (unsigned int)n / blocks);
		seen += ram_in(i * size, (i + 1) * size) != 0;
	}
	layout->spread_cpus = true;
	layout->nr_nodes = n;
	return n;
}

/* ---- deciding ------------------------------------------------------------------------ */

static void __init choose_layout(struct numa_layout *layout)
{
	char option[16] = "";
	const char *why;
	int n;

	cmdline_find_option("numa", option, sizeof(option));
	numa_layout_one(layout);
	if (strncmp(option, "fake=", 5) == 0) {
		if (kstrtoint(option + 5, 10, &n) || n < 1) {
			pr_warn("numa=%s: not a number of nodes, not obeyed\n", option);
			return;
		}
		if (numa_layout_fake(layout, n) != n)
			pr_warn("numa=%s: %d nodes made\n", option, layout->nr_nodes);
		return;
	}
	if (strcmp(option, "off") == 0 || !numa_tables.nr_domains)
		return;
	why = numa_layout_from_tables(layout, &numa_tables);
	if (why) {
		pr_warn("NUMA: the firmware's tables are not believed: %s; one node\n", why);
		numa_layout_one(layout);
	}
}

/* As the processor itself says, before its APIC is mapped. */
static u8 __init boot_apic_id(void)
{
	u32 eax, ebx, ecx, edx;

	if (!boot_cpu_has(X86_FEATURE_APIC))
		return 0;
	cpuid(1, &eax, &ebx, &ecx, &edx);
	return (u8)(ebx >> 24);
}

void __init numa_init(void)
{
	choose_layout(&numa_layout);
	nr_online_nodes = numa_layout.nr_nodes;
	memcpy(distance_table, numa_layout.distance, sizeof(distance_table));
	numa_set_node(0, numa_cpu_node(0, boot_apic_id()));
}

int __init early_pfn_to_nid(unsigned long pfn)
{
	return numa_layout.node_of_block[pfn / NUMA_BLOCK_PAGES];
}

unsigned long __init numa_run_end(unsigned long pfn, unsigned long end)
{
	int nid = early_pfn_to_nid(pfn);

	do {
		pfn = ALIGN_DOWN(pfn, NUMA_BLOCK_PAGES) + NUMA_BLOCK_PAGES;
	} while (pfn < end && early_pfn_to_nid(pfn) == nid);
	return min(pfn, end);
}

int __init numa_cpu_node(int cpu, u8 apic_id)
{
	if (numa_layout.spread_cpus)
		return cpu % numa_layout.nr_nodes;
	return numa_layout.node_of_apic[apic_id];
}

void numa_set_node(int cpu, int nid)
{
	per_cpu(numa_node, cpu) = nid;
}
