/*
 * mm/phys/nodes.c - nodes, zones and mem_map, from ranges of RAM.
 *
 * Theory.  Two cuts are laid over the frames: zones by address, nodes by numa.c's
 * map.  A zone of a node is what lies in both; most are empty (a node above 896M
 * has only HighMem).  Zones span from their first to their last frame; what lies
 * between may be holes, or another node's.
 *
 * A node's pg_data_t comes from its own low memory if it has some; node 0's is
 * static, as the first allocations need it.
 *
 * mem_map stays one array for all nodes.  pfn_to_page() and its reverse are made
 * on every path of the allocator (each merge looks at a buddy), and with one array
 * they are a shift and an addition; with one array per node they would begin with a
 * table of where each begins.  node_mem_map points into it.
 *
 * With one node it lies in the direct map, above 16M if possible, as DMA memory is
 * dear.  With several, who looks at a node's pages looks at its part of the array, so
 * that part should be near too: the array has addresses of its own then, behind the
 * direct map, and page tables that put the node's own low memory behind each part.  A
 * node that has only high memory has its part wherever there is room: high memory
 * would do, but then the last frames of the machine could never be taken away.
 *
 * These addresses are vmalloc's: where the array is large (PAE, from 8G on), it stays
 * in the direct map, and near to node 0 only.
 *
 *	mem_map    | node 0 | node 1 | node 0 |		32K of array for each 4M of memory
 *		       |        |        |
 *	frames	     node 0   node 1   node 0
 */
#include <mm/phys/nodes.h>

#include <kernel/arch/pgtable.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/memblock.h>
#include <mm/phys/numa.h>
#include <mm/phys/page_alloc.h>

struct page *mem_map;
unsigned long max_mapnr, low_area_end;
pg_data_t contig_page_data;
pg_data_t *node_data[MAX_NUMNODES] = { &contig_page_data };
struct zone *zone_table[NR_PAGE_ZONE_IDS];

unsigned long total_present_pages(void)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += NODE_DATA(nid)->node_present_pages;
	return pages;
}

struct page *mem_map_frame(unsigned long pfn)
{
	unsigned long addr = (unsigned long)pfn_to_page(pfn);

	if (virt_addr_valid(addr))
		return virt_to_page(addr);
	return pte_page(*pte_offset_kernel(pmd_offset(pgd_offset_k(addr), addr), addr));
}

/* The frames that zones of @type are made of. */
static void __init zone_limits(enum zone_type type, unsigned long *start, unsigned long *end)
{
	*start = type == ZONE_DMA ? 0 : type == ZONE_NORMAL ? MAX_DMA_PFN : highstart_pfn;
	*end = type == ZONE_DMA ? min(MAX_DMA_PFN, max_low_pfn) :
	       type == ZONE_NORMAL ? max_low_pfn : highend_pfn;
	*end = max(*start, *end);
}

static unsigned int __init zone_id(enum zone_type type, int nid)
{
	return (unsigned int)type << NODES_SHIFT | (unsigned int)nid;
}

unsigned long __init zone_run_end(unsigned long pfn, unsigned long end, unsigned long *flags)
{
	enum zone_type type = pfn < min(MAX_DMA_PFN, max_low_pfn) ? ZONE_DMA :
			      pfn < max_low_pfn ? ZONE_NORMAL : ZONE_HIGHMEM;
	unsigned long start, zone_end;

	zone_limits(type, &start, &zone_end);
	if (type != ZONE_HIGHMEM)
		end = min(end, zone_end);
	*flags = (unsigned long)zone_id(type, early_pfn_to_nid(pfn)) << NODES_PGSHIFT;
	if (type == ZONE_HIGHMEM)
		*flags |= 1UL << PG_highmem;
	return numa_run_end(pfn, end);
}

/* Add the RAM in [start, end), all of one node, to @zone, whose frames are visited in order. */
static void __init zone_add_ram(struct zone *zone, unsigned long start, unsigned long end)
{
	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		unsigned long from = max((unsigned long)PFN_UP(r->base), start);
		unsigned long to = min((unsigned long)PFN_DOWN(r->base + r->size), end);

		if (from >= to)
			continue;
		if (!zone->present_pages)
			zone->zone_start_pfn = from;
		zone->spanned_pages = to - zone->zone_start_pfn;
		zone->present_pages += to - from;
	}
}

static void __init zone_size_init(pg_data_t *pgdat, enum zone_type type)
{
	struct zone *zone = &pgdat->node_zones[type];
	unsigned long pfn, next, end;

	zone->name = type == ZONE_DMA ? "DMA" : type == ZONE_NORMAL ? "Normal" : "HighMem";
	zone->idx = type;
	zone->node = pgdat->node_id;
	zone->zone_pgdat = pgdat;
	zone_table[zone_id(type, pgdat->node_id)] = zone;
	spin_lock_init(&zone->lock);
	spin_lock_init(&zone->lru_lock);
	zone_init_free_lists(zone);
	zone_limits(type, &pfn, &end);
	for (; pfn < end; pfn = next) {
		next = numa_run_end(pfn, end);
		if (early_pfn_to_nid(pfn) == pgdat->node_id)
			zone_add_ram(zone, pfn, next);
	}
}

static void __init print_zone_ranges(void)
{
	pr_info("Zone ranges:\n");
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		unsigned long start, end;

		zone_limits(type, &start, &end);
		if (start < end)
			pr_info("  %-8s [mem 0x%08llx-0x%08llx]\n",
				contig_page_data.node_zones[type].name, (u64)PFN_PHYS(start),
				(u64)PFN_PHYS(end) - 1);
		else
			pr_info("  %-8s empty\n", contig_page_data.node_zones[type].name);
	}
}

static void __init print_node_ranges(void)
{
	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		unsigned long pfn = PFN_DOWN(r->base), end = PFN_UP(r->base + r->size), next;

		for (; pfn < end; pfn = next) {
			next = numa_run_end(pfn, end);
			pr_info("  node %3d: [mem 0x%08llx-0x%08llx]\n", early_pfn_to_nid(pfn),
				(u64)PFN_PHYS(pfn), (u64)PFN_PHYS(next) - 1);
		}
	}
}

/* Low memory of node @nid, above 16M if there is some. => physical address, or 0: it has none */
static phys_addr_t __init find_low_of_node(int nid, phys_addr_t size)
{
	unsigned long start[2] = { MAX_DMA_PFN, 1 }, pfn, next;
	phys_addr_t found = 0;

	for (int i = 0; i < 2 && !found; i++) {
		for (pfn = start[i]; pfn < max_low_pfn && !found; pfn = next) {
			next = numa_run_end(pfn, max_low_pfn);
			if (early_pfn_to_nid(pfn) == nid)
				found = memblock_find_in_range(PFN_PHYS(pfn), PFN_PHYS(next), size,
							       PAGE_SIZE);
		}
	}
	return found;
}

static void __init alloc_node_data(int nid)
{
	phys_addr_t size = PAGE_ALIGN(sizeof(pg_data_t)), phys = find_low_of_node(nid, size);

	if (phys) {
		memblock_reserve(phys, size);
		node_data[nid] = memset(__va(phys), 0, size);
	} else {
		node_data[nid] = memblock_alloc(size, PAGE_SIZE);
	}
}

/* => node_mem_map is not set */
static void __init init_node(int nid)
{
	pg_data_t *pgdat;

	if (nid)
		alloc_node_data(nid);
	pgdat = NODE_DATA(nid);
	pgdat->node_id = nid;
	spin_lock_init(&pgdat->kswapd_wait.lock);
	INIT_LIST_HEAD(&pgdat->kswapd_wait.task_list);
	spin_lock_init(&pgdat->kreclaimd_wait.lock);
	INIT_LIST_HEAD(&pgdat->kreclaimd_wait.task_list);
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		struct zone *zone = &pgdat->node_zones[type];
		unsigned long end;

		zone_size_init(pgdat, type);
		if (!populated_zone(zone))
			continue;
		if (!pgdat->node_present_pages)
			pgdat->node_start_pfn = zone->zone_start_pfn;
		end = zone->zone_start_pfn + zone->spanned_pages;
		pgdat->node_present_pages += zone->present_pages;
		pgdat->node_spanned_pages = end - pgdat->node_start_pfn;
		pgdat->nr_zones = type + 1;
	}
}

/* Frames for a part of mem_map, of node @nid if it has them. => reserved */
static phys_addr_t __init alloc_map_frames(int nid, phys_addr_t size)
{
	phys_addr_t phys = nid == NUMA_NO_NODE ? 0 : find_low_of_node(nid, size);

	if (!phys)
		phys = memblock_find_in_range(PFN_PHYS(MAX_DMA_PFN), memblock.current_limit, size,
					      PAGE_SIZE);
	if (!phys)
		phys = memblock_find_in_range(0, memblock.current_limit, size, PAGE_SIZE);
	if (!phys)
		panic("no room for mem_map: %luK", (unsigned long)(size >> 10));
	memblock_reserve(phys, size);
	return phys;
}

static void __init map_frames(unsigned long addr, phys_addr_t phys, phys_addr_t size)
{
	for (; size; addr += PAGE_SIZE, phys += PAGE_SIZE, size -= PAGE_SIZE) {
		pmd_t *pmd = pmd_offset(pgd_offset_k(addr), addr);

		if (pmd_none(*pmd))
			set_pmd(pmd, __pmd(__pa(memblock_alloc(PAGE_SIZE, PAGE_SIZE)) |
					   _KERNPG_TABLE));
		set_pte(pte_offset_kernel(pmd, addr), pfn_pte(PFN_DOWN(phys), PAGE_KERNEL));
	}
}

/* One array, each part of it on the node that it describes. */
static void __init alloc_mem_map_by_node(unsigned long pages)
{
	unsigned long base = ALIGN((unsigned long)high_memory + VMALLOC_OFFSET, PMD_SIZE), pfn, next;

	for (pfn = 0; pfn < pages; pfn = next) {
		phys_addr_t size;

		next = numa_run_end(pfn, pages);
		size = (next - pfn) * sizeof(struct page);
		map_frames(base + pfn * sizeof(struct page),
			   alloc_map_frames(early_pfn_to_nid(pfn), size), size);
	}
	mem_map = (struct page *)base;
	low_area_end = base + pages * sizeof(struct page);
}
static_assert(NUMA_BLOCK_PAGES * sizeof(struct page) % PAGE_SIZE == 0, "parts are whole pages");

static void __init alloc_mem_map(void)
{
	unsigned long pages = ALIGN(max_pfn, MAX_ORDER_PAGES);

	if (nr_online_nodes > 1 && pages * sizeof(struct page) <= VMALLOC_RESERVE / 2)
		alloc_mem_map_by_node(pages);
	else
		mem_map = __va(alloc_map_frames(NUMA_NO_NODE,
						PAGE_ALIGN(pages * sizeof(struct page))));
	max_mapnr = max_pfn;
}

void __init free_area_init(void)
{
	int nid;

	for_each_online_node(nid)
		init_node(nid);
	print_zone_ranges();
	print_node_ranges();
	alloc_mem_map();
	for_each_online_node(nid)
		if (NODE_DATA(nid)->node_present_pages)
			NODE_DATA(nid)->node_mem_map = pfn_to_page(NODE_DATA(nid)->node_start_pfn);
}
