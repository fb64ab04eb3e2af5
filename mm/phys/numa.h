/*
 * mm/phys/numa.h - which memory and which processors belong to which node.
 *
 * The firmware's tables are collected as they stand (struct numa_tables: ACPI's
 * SRAT and SLIT, by kernel/drivers/acpi.c), then judged as a whole by numa_init()
 * and turned into a struct numa_layout.  Theory: numa.c.
 */
#ifndef OCTAVO_MM_PHYS_NUMA_H
#define OCTAVO_MM_PHYS_NUMA_H

#include <kernel/arch/page.h>
#include <lib/types.h>
#include <mm/types/mmzone.h>

#define LOCAL_DISTANCE		10
#define REMOTE_DISTANCE		20	/* where nothing is said */
#define NUMA_MAX_RANGES		32
#define NUMA_MAX_APICS		256
#define NUMA_NO_SLOT		0xff

/* What the firmware says.  A domain is its number of a node; a slot is an index of domain[]. */
struct numa_tables {
	unsigned int nr_domains;
	u32 domain[MAX_NUMNODES];			/* in the order in which they were named */
	bool too_many;					/* domains or ranges */
	unsigned int nr_ranges;
	struct numa_range {
		u64 start, end;
		u8 slot;
	} range[NUMA_MAX_RANGES];
	u8 slot_of_apic[NUMA_MAX_APICS];		/* NUMA_NO_SLOT where nothing is said */
	u8 distance[MAX_NUMNODES][MAX_NUMNODES];	/* by slot; all 0: nothing is said */
};
extern struct numa_tables numa_tables;			/* boot */

void numa_tables_reset(struct numa_tables *tables);
/* => the slot of a domain, a new one if need be; NUMA_NO_SLOT: too many */
u8 numa_domain_slot(struct numa_tables *tables, u32 domain);
void numa_add_memory(struct numa_tables *tables, u32 domain, u64 start, u64 size);
void numa_add_cpu(struct numa_tables *tables, u32 domain, u8 apic_id);

/* A node's memory is cut into blocks of the buddy system's largest size, each of one node. */
#define NUMA_BLOCK_PAGES	(1UL << (MAX_ORDER - 1))
#define NUMA_BLOCKS \
	((unsigned int)(((MAX_PHYS_ADDR >> PAGE_SHIFT) + NUMA_BLOCK_PAGES - 1) / NUMA_BLOCK_PAGES))

/* What we make of it. */
struct numa_layout {
	int nr_nodes;
	bool spread_cpus;				/* no one says where processors are: in turn */
	u8 node_of_block[NUMA_BLOCKS];
	u8 node_of_apic[NUMA_MAX_APICS];
	u8 distance[MAX_NUMNODES][MAX_NUMNODES];
};
/*
 * Believe the tables, if they make sense for the RAM that there is.
 * => NULL, or why not (then the content of *layout is undefined)
 */
const char *numa_layout_from_tables(struct numa_layout *layout, const struct numa_tables *tables);
/* @n nodes of equal size, as far as blocks allow. => nodes made: fewer if there is too little RAM */
int numa_layout_fake(struct numa_layout *layout, int n);
/* All in one. */
void numa_layout_one(struct numa_layout *layout);

/* Decides; nr_online_nodes and node_distance() are final. => memblock complete, acpi_init() done */
void numa_init(void);
/* Kinds of nodes, and the mask of those that are so. */
enum node_states { N_ONLINE, N_NORMAL_MEMORY, N_MEMORY, N_CPU };
unsigned long node_mask(enum node_states state);
/* The node of a frame. => boot */
int early_pfn_to_nid(unsigned long pfn);
/* The first frame after @pfn, at most @end, that may belong to another node. => boot */
unsigned long numa_run_end(unsigned long pfn, unsigned long end);
/* The node of the processor that is going to be number @cpu. => boot */
int numa_cpu_node(int cpu, u8 apic_id);
/* ... and remember it. */
void numa_set_node(int cpu, int nid);

#endif
