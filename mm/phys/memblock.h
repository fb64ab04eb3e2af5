/*
 * mm/phys/memblock.h - physical memory before there is a page allocator.
 *
 * Theory.  At boot all that is known of memory is a few dozen ranges: what the
 * firmware calls RAM, and what is already used (the kernel image, modules, the
 * loader's tables).  Two sorted arrays of ranges hold that, and "allocate" is:
 * find a gap of `memory` that no range of `reserved` touches, and reserve it.
 * First fit, from the bottom up, below a limit: memory above the limit is not
 * mapped yet.  mem_init() hands all that is not reserved to the buddy system;
 * after that the arrays only answer questions (/proc/iomem, page_is_ram).
 *
 * Ranges may be added in any order, may overlap and repeat: an array always
 * holds disjoint, sorted ranges that do not touch.  RAM that page tables cannot
 * address is cut off: from 4G - 4K on, with PAE from 64G on.
 *
 * Locking: none; one processor, interrupts off or not yet meaningful.
 */
#ifndef OCTAVO_MM_PHYS_MEMBLOCK_H
#define OCTAVO_MM_PHYS_MEMBLOCK_H

#include <kernel/arch/page.h>
#include <lib/compiler.h>
#include <lib/types.h>

#define MEMBLOCK_REGIONS	128

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;		/* bytes, not 0; base + size <= MAX_PHYS_ADDR */
};

struct memblock_type {
	unsigned int cnt;
	struct memblock_region regions[MEMBLOCK_REGIONS];	/* sorted, disjoint */
};

struct memblock {
	struct memblock_type memory;	/* RAM */
	struct memblock_type reserved;	/* in use */
	phys_addr_t current_limit;	/* allocations end below: what is mapped */
};

extern struct memblock memblock;

/* RAM: [base, base + size). */
void memblock_add(u64 base, u64 size);
/* In use; need not lie in RAM. */
void memblock_reserve(u64 base, u64 size);
/* Not in use any more.  => only before mem_init() */
void memblock_free(u64 base, u64 size);
/* Not RAM after all. */
void memblock_remove(u64 base, u64 size);

/*
 * A free range of RAM in [start, end), nothing reserved.  @align: power of two.
 * => its physical address, or 0
 */
phys_addr_t memblock_find_in_range(phys_addr_t start, phys_addr_t end, phys_addr_t size,
				   phys_addr_t align);
/*
 * Reserve memory below the limit.  => physical address, content undefined; 0 if none
 */
phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align);
/* => zeroed, in the direct map; panics if there is none */
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void memblock_set_current_limit(phys_addr_t limit);

/* First address behind the last RAM. */
phys_addr_t memblock_end_of_DRAM(void);
/* Bytes of RAM. */
u64 memblock_phys_mem_size(void);
bool memblock_is_reserved(phys_addr_t addr);
/* May be asked at any time: is this frame RAM, free or not? */
bool page_is_ram(unsigned long pfn);

/*
 * The same on any array; memblock_add() and memblock_reserve() are these on
 * the two above.  => 0 or -ENOMEM: no room for another range
 */
int memblock_add_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size);
int memblock_remove_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size);
/* Sorted, disjoint, not touching, not empty. => 0 if so */
int memblock_check(const struct memblock_type *type);

/*
 * Call fn(start_pfn, end_pfn, reserved) for each run of whole frames below
 * @end_pfn, in order and without gaps: free RAM, RAM that is reserved even in
 * part, and holes (which come as reserved).
 */
typedef void (*memblock_walk_t)(unsigned long start_pfn, unsigned long end_pfn, bool reserved);
void memblock_walk(unsigned long end_pfn, memblock_walk_t fn);

/* Something that /proc/iomem shows besides RAM: "Reserved", "ACPI Tables", "PCI ...". */
void iomem_register(u64 start, u64 end, const char *name);
/* RAM and the kernel's parts of it: mem_init(). */
void iomem_register_kernel(void);

#endif
