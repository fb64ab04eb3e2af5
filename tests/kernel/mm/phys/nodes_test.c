/*
 * tests/kernel/mm/phys/nodes_test.c - nodes: who believes which tables, and whose memory one gets.
 *
 * Tables made up by hand are judged on any machine.  The rest looks at the nodes that
 * there are, and allocates from threads bound to each processor; with one node it
 * shows that nothing else happens.
 */
#include <kernel/core/completion.h>
#include <kernel/core/ktest.h>
#include <kernel/sched/kthread.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/memblock.h>
#include <mm/phys/numa.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmstat.h>

#define QUIET	(__GFP_NOWARN | __GFP_NORETRY)
#define BLOCK_SIZE (NUMA_BLOCK_PAGES << PAGE_SHIFT)

/* ---- tables ---- */

static struct numa_tables tables;
static struct numa_layout layout;

static u64 half(void)
{
	return max_t(u64, ALIGN_DOWN((u64)memblock_end_of_DRAM() / 2, (u64)BLOCK_SIZE), BLOCK_SIZE);
}

/* Two domains, numbered as given, each with half of the memory and two processors. */
static void two_domains(u32 low, u32 high)
{
	numa_tables_reset(&tables);
	numa_add_cpu(&tables, high, 2);
	numa_add_cpu(&tables, high, 3);
	numa_add_cpu(&tables, low, 0);
	numa_add_cpu(&tables, low, 1);
	numa_add_memory(&tables, low, 0, 640 << 10);
	numa_add_memory(&tables, low, 1 << 20, half() - (1 << 20));
	numa_add_memory(&tables, high, half(), (1ull << 36) - half());
}

static int node_at(u64 phys)
{
	return layout.node_of_block[phys / BLOCK_SIZE];
}

/* Domains become nodes in the order of their numbers, however they are named and numbered. */
KTEST(nodes, tables_two)
{
	two_domains(3, 70000);
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, layout.nr_nodes, 2);
	KEXPECT_EQ(t, node_at(0), 0);
	KEXPECT_EQ(t, node_at(half() - 1), 0);
	KEXPECT_EQ(t, node_at(half()), 1);
	KEXPECT_EQ(t, node_at(MAX_PHYS_ADDR - 1), 1);
	KEXPECT_EQ(t, layout.node_of_apic[1], 0);
	KEXPECT_EQ(t, layout.node_of_apic[3], 1);
	KEXPECT_EQ(t, layout.distance[0][0], LOCAL_DISTANCE);
	KEXPECT_EQ(t, layout.distance[0][1], REMOTE_DISTANCE);
}

/* The same the other way round: the domain with the higher memory has the lower number. */
KTEST(nodes, tables_reversed)
{
	two_domains(5, 4);
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, node_at(0), 1);
	KEXPECT_EQ(t, node_at(half()), 0);
	KEXPECT_EQ(t, layout.node_of_apic[0], 1);
}

/* Nodes without memory or without processors are nodes; with neither they are not. */
KTEST(nodes, tables_memory_only_cpu_only)
{
	two_domains(0, 9);
	numa_add_cpu(&tables, 5, 7);
	numa_add_memory(&tables, 2, 1ull << 40, 1 << 20);	/* to be plugged in, one day */
	tables.slot_of_apic[2] = tables.slot_of_apic[3] = NUMA_NO_SLOT;
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, layout.nr_nodes, 3);
	KEXPECT_EQ(t, node_at(half()), 2);
	KEXPECT_EQ(t, layout.node_of_apic[7], 1);
	KEXPECT_EQ(t, layout.node_of_apic[2], 0);	/* nothing said */
}

static void expect_refused(struct ktest *t, const char *reason)
{
	const char *why = numa_layout_from_tables(&layout, &tables);

	KEXPECT(t, why != NULL);
	if (why)
		KEXPECT_STREQ(t, why, reason);
}

/* Tables that make no sense are refused as a whole. */
KTEST(nodes, tables_refused)
{
	two_domains(0, 1);
	numa_add_memory(&tables, 1, half() - BLOCK_SIZE, 1);
	expect_refused(t, "ranges of two nodes overlap");

	two_domains(0, 1);
	tables.range[1].end -= 2 << 20;
	expect_refused(t, "RAM belongs to no node");

	two_domains(0, 1);
	for (u32 domain = 2; domain <= MAX_NUMNODES; domain++)
		numa_add_cpu(&tables, domain, (u8)domain);
	expect_refused(t, "too many nodes or ranges");

	two_domains(0, 1);
	for (int i = 0; i < NUMA_MAX_RANGES; i++)
		numa_add_memory(&tables, 1, half(), 4096);
	expect_refused(t, "too many nodes or ranges");

	numa_tables_reset(&tables);
	numa_add_cpu(&tables, 0, 0);
	expect_refused(t, "RAM belongs to no node");
}

/* What is off by a little is taken: a megabyte without a node, ranges of one node that overlap. */
KTEST(nodes, tables_slack)
{
	two_domains(0, 1);
	tables.range[1].end -= 512 << 10;
	numa_add_memory(&tables, 0, 2 << 20, 1 << 20);
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, node_at(half() - 1), 0);
	KEXPECT_EQ(t, node_at(half()), 1);
}

/* Distances: taken if they make sense, one way may be longer than back; else 10 and 20. */
KTEST(nodes, tables_distances)
{
	const u8 good[2][2] = { { 10, 31 }, { 42, 10 } };

	two_domains(1, 0);	/* slot 0 is domain 0, the upper half: it was named first */
	for (int i = 0; i < 4; i++)
		tables.distance[i / 2][i % 2] = good[i / 2][i % 2];
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, layout.distance[0][1], 31);
	KEXPECT_EQ(t, layout.distance[1][0], 42);
	tables.distance[1][1] = 11;
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, layout.distance[0][1], REMOTE_DISTANCE);
	tables.distance[1][1] = 10;
	tables.distance[0][1] = 10;
	KEXPECT_EQ(t, numa_layout_from_tables(&layout, &tables), NULL);
	KEXPECT_EQ(t, layout.distance[1][0], REMOTE_DISTANCE);
}

/* numa=fake: every node has memory, shares differ by a block at most, in rising order. */
KTEST(nodes, fake)
{
	unsigned int ram = PFN_UP(memblock_end_of_DRAM() + BLOCK_SIZE - 1) / NUMA_BLOCK_PAGES;

	for (int n = 1; n <= MAX_NUMNODES + 1; n++) {
		int made = numa_layout_fake(&layout, n), blocks[MAX_NUMNODES] = { 0 };

		KEXPECT(t, made == n || (made < n && (made == MAX_NUMNODES || made == (int)ram)));
		for (unsigned int i = 0; i < NUMA_BLOCKS; i++) {
			KASSERT(t, layout.node_of_block[i] < made);
			KASSERT(t, !i || layout.node_of_block[i] >= layout.node_of_block[i - 1]);
			blocks[layout.node_of_block[i]] += page_is_ram(i * NUMA_BLOCK_PAGES + 256);
		}
		for (int i = 0; i < made; i++)
			KEXPECT(t, blocks[i] > 0 && blocks[i] <= blocks[0] + 1 &&
				   blocks[i] + 2 >= blocks[0]);
	}
}

/* ---- the nodes that there are ---- */

/* Every page knows its node; no block of the buddy system's largest size has two; sums agree. */
KTEST(nodes, pages)
{
	unsigned long present[MAX_NUMNODES] = { 0 };
	int nid;

	for (unsigned long pfn = 0; pfn < max_mapnr; pfn++) {
		nid = page_to_nid(pfn_to_page(pfn));
		KASSERT_EQ(t, nid, early_pfn_to_nid(pfn));
		KASSERT_EQ(t, nid, zone_to_nid(page_zone(pfn_to_page(pfn))));
		present[nid] += page_is_ram(pfn);
	}
	for_each_online_node(nid) {
		const pg_data_t *pgdat = NODE_DATA(nid);
		unsigned long sum = 0;

		KEXPECT_EQ(t, pgdat->node_id, nid);
		KEXPECT_EQ(t, pgdat->node_present_pages, present[nid]);
		KEXPECT_EQ(t, pgdat->node_mem_map, present[nid] ?
			   pfn_to_page(pgdat->node_start_pfn) : NULL);
		for (int i = 0; i < MAX_NR_ZONES; i++)
			sum += pgdat->node_zones[i].present_pages;
		KEXPECT_EQ(t, sum, present[nid]);
	}
	KEXPECT_EQ(t, max_mapnr & (NUMA_BLOCK_PAGES - 1) &&
		   page_to_nid(pfn_to_page(max_mapnr)) != page_to_nid(pfn_to_page(max_mapnr - 1)), 0);
}

/* What describes a node's memory lies on it, where it has low memory enough. */
KTEST(nodes, mem_map)
{
	int nid;

	for_each_online_node(nid) {
		const pg_data_t *pgdat = NODE_DATA(nid);
		const struct zone *normal = &pgdat->node_zones[ZONE_NORMAL];
		unsigned long pfn = pgdat->node_start_pfn;
		unsigned long end = pfn + pgdat->node_spanned_pages;

		if (normal->present_pages < pgdat->node_spanned_pages / 64)
			continue;
		for (; pfn < end; pfn += NUMA_BLOCK_PAGES) {
			struct page *frame = mem_map_frame(pfn);

			KEXPECT(t, PageReserved(frame));
			if (page_to_nid(pfn_to_page(pfn)) == nid)
				KEXPECT_EQ(t, page_to_nid(frame), nid);
		}
	}
}

/* May @b stand behind @a in a list of node @nid? */
static bool in_order(int nid, const struct zone *a, const struct zone *b)
{
	int da = node_distance(nid, a->node), db = node_distance(nid, b->node);
	bool nearer = da <= db;

	if ((a->idx == ZONE_DMA) != (b->idx == ZONE_DMA))
		return b->idx == ZONE_DMA;
	if (zonelist_order_node)
		return a->node == b->node ? a->idx > b->idx : nearer;
	return a->idx == b->idx ? nearer : a->idx > b->idx;
}

/* Each list has every zone that may serve, once, in the order that was chosen. */
KTEST(nodes, zonelists)
{
	struct zone *zone;
	int nid;

	for_each_online_node(nid) {
		for (unsigned int gfp = 0; gfp < GFP_ZONETYPES; gfp++) {
			struct zone **z = node_zonelist(nid, gfp)->zones;
			int n = 0, here = 0, wanted = 0, wanted_here = 0;

			for (; z[n]; n++)
				KEXPECT(t, !n || in_order(nid, z[n - 1], z[n]));
			z = node_zonelist(nid, gfp | __GFP_THISNODE)->zones;
			for (; z[here]; here++)
				KEXPECT_EQ(t, zone_to_nid(z[here]), nid);
			for_each_populated_zone(zone) {
				if (zone_idx(zone) <= gfp_zone(gfp)) {
					wanted++;
					wanted_here += zone_to_nid(zone) == nid;
				}
			}
			KEXPECT_EQ(t, n, wanted);
			KEXPECT_EQ(t, here, wanted_here);
		}
	}
}

/* ---- allocating ---- */

struct counts {
	unsigned long event[MAX_NUMNODES][NR_VM_NUMA_EVENT_ITEMS];
};

static void read_counts(struct counts *counts)
{
	int nid;

	for_each_online_node(nid)
		for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
			counts->event[nid][i] = node_numa_event_state(nid, (enum numa_stat_item)i);
}

/* A thread on each processor in turn; @fn runs on it. */
struct on_cpu {
	struct ktest *t;
	void (*fn)(struct ktest *t);
	struct completion done;
};

static int on_cpu_thread(void *arg)
{
	struct on_cpu *work = arg;

	work->fn(work->t);
	complete(&work->done);
	return 0;
}

static void on_every_cpu(struct ktest *t, void (*fn)(struct ktest *t))
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct on_cpu work = { .t = t, .fn = fn };
		struct task_struct *k;

		init_completion(&work.done);
		k = kthread_create(on_cpu_thread, &work, "nodes/%d", cpu);
		KASSERT(t, !IS_ERR(k));
		kthread_bind(k, cpu);
		wake_up_process(k);
		wait_for_completion(&work.done);
	}
}

static LIST_HEAD(hoard);

static void keep(struct page *page, unsigned int order)
{
	page->index = order;
	list_add(&page->lru, &hoard);
}

static void give_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, lru) {
		list_del(&page->lru);
		__free_pages(page, (unsigned int)page->index);
	}
}

/* Single pages and blocks of a thread come from its own node's best zone, and are counted so. */
static void allocate_here(struct ktest *t)
{
	int nid = numa_node_id(), from = zone_to_nid(node_zonelist(nid, GFP_KERNEL)->zones[0]);
	struct counts before, after;
	unsigned long n = 0;

	KEXPECT_EQ(t, nid, cpu_to_node(smp_processor_id()));
	read_counts(&before);
	for (unsigned int order = 0; order < 3; order++) {
		for (int i = 0; i < 40; i++, n++) {
			struct page *page = i & 1 ? alloc_pages(GFP_KERNEL, order) :
					    alloc_pages_node(NUMA_NO_NODE, GFP_KERNEL, order);

			KASSERT(t, page != NULL);
			keep(page, order);
			KEXPECT_EQ(t, page_to_nid(page), from);
		}
	}
	read_counts(&after);
	give_back();
	KEXPECT_EQ(t, after.event[from][NUMA_HIT] - before.event[from][NUMA_HIT], n);
	KEXPECT_EQ(t, after.event[from][NUMA_LOCAL] - before.event[from][NUMA_LOCAL],
		   from == nid ? n : 0);
	KEXPECT_EQ(t, after.event[from][NUMA_OTHER] - before.event[from][NUMA_OTHER],
		   from == nid ? 0 : n);
}

KTEST(nodes, local)
{
	on_every_cpu(t, allocate_here);
	drain_all_pages();
}

/* alloc_pages_node() gets what it asks for, from wherever it runs, counted there. */
static void allocate_there(struct ktest *t)
{
	struct counts before, after;
	int nid;

	for_each_online_node(nid) {
		struct zone *zone = node_zonelist(nid, GFP_KERNEL)->zones[0];
		bool here = zone_to_nid(zone) == numa_node_id();

		read_counts(&before);
		for (int i = 0; i < 10; i++) {
			struct page *page = alloc_pages_node(nid, GFP_KERNEL, (unsigned int)i & 1);

			KASSERT(t, page != NULL);
			keep(page, (unsigned int)i & 1);
			KEXPECT_EQ(t, page_zone(page), zone);
		}
		read_counts(&after);
		give_back();
		KEXPECT_EQ(t, after.event[zone->node][NUMA_HIT] -
			   before.event[zone->node][NUMA_HIT], 10ul);
		KEXPECT_EQ(t, after.event[zone->node][NUMA_LOCAL] -
			   before.event[zone->node][NUMA_LOCAL], here ? 10ul : 0ul);
		KEXPECT_EQ(t, after.event[zone->node][NUMA_OTHER] -
			   before.event[zone->node][NUMA_OTHER], here ? 0ul : 10ul);
	}
}

KTEST(nodes, remote)
{
	on_every_cpu(t, allocate_there);
	drain_all_pages();
}

/* A node of several that has memory for the kernel. => its number, or -1 */
static int some_node(void)
{
	for (int nid = nr_online_nodes - 1; nid >= 0 && nr_online_nodes > 1; nid--)
		if (node_zonelist(nid, GFP_KERNEL | __GFP_THISNODE)->zones[0])
			return nid;
	return -1;
}

/* Take all that node @nid gives for GFP_NOWAIT. => pages */
static unsigned long fill_node(struct ktest *t, int nid)
{
	unsigned long pages = 0;

	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages_node(nid, GFP_NOWAIT | __GFP_THISNODE | QUIET,
						(unsigned int)order)) != NULL) {
			if (page_to_nid(page) != nid)
				ktest_fail(t, __FILE__, __LINE__, "page of node %d", page_to_nid(page));
			keep(page, (unsigned int)order);
			pages += 1UL << order;
		}
	}
	return pages;
}

/* __GFP_THISNODE rather fails; without it a full node's requests go to the next, and are counted. */
KTEST(nodes, full)
{
	unsigned long low = node_mask(N_NORMAL_MEMORY);
	int nid = some_node(), next;
	struct counts before, after;
	struct page *page;

	if (nid < 0 || !(low & (low - 1))) {
		ktest_skip(t, "one node with low memory: needs NODES=2 or numa=fake=2, and MEM < 1700");
		return;
	}
	KEXPECT(t, fill_node(t, nid) > 0);
	KEXPECT_EQ(t, alloc_pages_node(nid, GFP_NOWAIT | __GFP_THISNODE | QUIET, 0), NULL);
	read_counts(&before);
	page = alloc_pages_node(nid, GFP_NOWAIT | QUIET, 1);
	read_counts(&after);
	KEXPECT(t, page != NULL);
	if (page) {
		keep(page, 1);
		next = page_to_nid(page);
		KEXPECT(t, next != nid);
		KEXPECT_EQ(t, after.event[next][NUMA_MISS] - before.event[next][NUMA_MISS], 1ul);
		KEXPECT_EQ(t, after.event[next][NUMA_HIT] - before.event[next][NUMA_HIT], 0ul);
		KEXPECT_EQ(t, after.event[nid][NUMA_FOREIGN] - before.event[nid][NUMA_FOREIGN], 1ul);
	}
	give_back();
	drain_all_pages();
	page = alloc_pages_node(nid, GFP_NOWAIT | __GFP_THISNODE | QUIET, 0);
	KEXPECT(t, page != NULL);
	if (page)
		__free_page(page);
}

/* Who has no node's memory below 16M asks in vain for it there. */
KTEST(nodes, thisnode_without_zone)
{
	int nid;

	for_each_online_node(nid) {
		struct page *page = alloc_pages_node(nid, GFP_KERNEL | __GFP_DMA | __GFP_THISNODE |
						     QUIET, 0);

		KEXPECT_EQ(t, page != NULL,
			   populated_zone(&NODE_DATA(nid)->node_zones[ZONE_DMA]));
		if (page)
			__free_page(page);
	}
}

/* What one node missed another got: over all nodes and all time. */
KTEST(nodes, counters_add_up)
{
	unsigned long sum[NR_VM_NUMA_EVENT_ITEMS];

	for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		sum[i] = global_numa_event_state((enum numa_stat_item)i);
	KEXPECT_EQ(t, sum[NUMA_MISS], sum[NUMA_FOREIGN]);
	KEXPECT_EQ(t, sum[NUMA_HIT] + sum[NUMA_MISS], sum[NUMA_LOCAL] + sum[NUMA_OTHER]);
	KEXPECT(t, sum[NUMA_INTERLEAVE_HIT] <= sum[NUMA_HIT]);
	if (nr_online_nodes == 1)
		KEXPECT_EQ(t, sum[NUMA_MISS] + sum[NUMA_OTHER], 0ul);
}
