/*
 * mm/phys/memblock.c - ranges of physical memory at boot, and /proc/iomem.
 *
 * Theory.  Everything here is arithmetic on two short sorted arrays.  To add
 * [base, end) to an array: find the ranges that overlap or touch it, replace
 * them all by their union.  To remove it: cut it out of what it overlaps, which
 * shortens ranges, drops them, or makes two of one.  The rest asks: allocation
 * looks for the first gap in `reserved` that lies inside `memory`; the final
 * walk visits both arrays side by side.
 *
 * Addresses are kept below 4G - 4K (PAE: 64G), so that base + size never wraps.
 *
 * First fit from below leaves high addresses, where there is most memory, in
 * one piece, and keeps early page tables inside what the first, small mapping
 * reaches.  The worst case is a full array, which takes a firmware map several
 * times as fragmented as any seen: then RAM is left out, but a range that must
 * not be used and cannot be noted ends the boot.
 *
 * Left out: removal of RAM at run time, NUMA nodes in the ranges.
 */
#include <mm/phys/memblock.h>

#include <kernel/core/bootinfo.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>

/* No address from here on is managed: the end of a range must fit into phys_addr_t. */
#define MEMBLOCK_TOP	((phys_addr_t)MAX_PHYS_ADDR)

struct memblock memblock = { .current_limit = MEMBLOCK_TOP };

static phys_addr_t region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

/* Open a slot at @i. => 0 or -ENOMEM: the array is full */
static int __init memblock_insert(struct memblock_type *type, unsigned int i,
				  phys_addr_t base, phys_addr_t end)
{
	if (type->cnt == MEMBLOCK_REGIONS)
		return -ENOMEM;
	memmove(&type->regions[i + 1], &type->regions[i],
		(type->cnt - i) * sizeof(type->regions[0]));
	type->regions[i].base = base;
	type->regions[i].size = end - base;
	type->cnt++;
	return 0;
}

static void __init memblock_delete(struct memblock_type *type, unsigned int i, unsigned int n)
{
	type->cnt -= n;
	memmove(&type->regions[i], &type->regions[i + n],
		(type->cnt - i) * sizeof(type->regions[0]));
}

int __init memblock_add_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = base + size;
	unsigned int first, last;

	if (!size)
		return 0;
	for (first = 0; first < type->cnt; first++)
		if (region_end(&type->regions[first]) >= base)
			break;
	for (last = first; last < type->cnt; last++)
		if (type->regions[last].base > end)
			break;
	if (first == last)
		return memblock_insert(type, first, base, end);

	base = min(base, type->regions[first].base);
	end = max(end, region_end(&type->regions[last - 1]));
	type->regions[first].base = base;
	type->regions[first].size = end - base;
	memblock_delete(type, first + 1, last - first - 1);
	return 0;
}

int __init memblock_remove_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = base + size;
	unsigned int i = 0;

	if (!size)
		return 0;
	while (i < type->cnt) {
		struct memblock_region *r = &type->regions[i];
		phys_addr_t rend = region_end(r);

		if (rend <= base || r->base >= end) {
			i++;
		} else if (r->base < base) {
			r->size = base - r->base;
			i++;
			if (rend > end)
				return memblock_insert(type, i, end, rend);
		} else if (rend > end) {
			r->base = end;
			r->size = rend - end;
			i++;
		} else {
			memblock_delete(type, i, 1);
		}
	}
	return 0;
}

/* Cut [base, base + size) to what page tables can address. */
static void __init clip(u64 *base, u64 *size)
{
	u64 end = *base + *size;

	if (end < *base || end > MEMBLOCK_TOP)
		end = MEMBLOCK_TOP;
	*size = end > *base ? end - *base : 0;
}

void __init memblock_add(u64 base, u64 size)
{
	clip(&base, &size);
	if (memblock_add_range(&memblock.memory, (phys_addr_t)base, (phys_addr_t)size))
		pr_warn("memblock: no room for RAM at 0x%08llx: left out\n", base);
}

void __init memblock_remove(u64 base, u64 size)
{
	clip(&base, &size);
	if (memblock_remove_range(&memblock.memory, (phys_addr_t)base, (phys_addr_t)size))
		panic("memblock: too many ranges of RAM");
}

void __init memblock_reserve(u64 base, u64 size)
{
	clip(&base, &size);
	if (memblock_add_range(&memblock.reserved, (phys_addr_t)base, (phys_addr_t)size))
		panic("memblock: too many reserved ranges");
}

void __init memblock_free(u64 base, u64 size)
{
	clip(&base, &size);
	if (memblock_remove_range(&memblock.reserved, (phys_addr_t)base, (phys_addr_t)size))
		panic("memblock: too many reserved ranges");
}

void __init memblock_set_current_limit(phys_addr_t limit)
{
	memblock.current_limit = limit;
}

/* The lowest fit inside one range of RAM. => address, or 0 */
static phys_addr_t __init find_in_region(phys_addr_t start, phys_addr_t end, phys_addr_t size,
					 phys_addr_t align)
{
	const struct memblock_type *rsv = &memblock.reserved;
	phys_addr_t base = max(start, align);	/* never 0, which means "none" */
	unsigned int i;

	for (i = 0; ; i++) {
		base = ALIGN(base, align);
		if (base < start || base >= end || end - base < size)
			return 0;
		while (i < rsv->cnt && region_end(&rsv->regions[i]) <= base)
			i++;
		if (i == rsv->cnt || rsv->regions[i].base - base >= size) {
			if (i == rsv->cnt || rsv->regions[i].base > base)
				return base;
		}
		base = region_end(&rsv->regions[i]);
	}
}

phys_addr_t __init memblock_find_in_range(phys_addr_t start, phys_addr_t end, phys_addr_t size,
					  phys_addr_t align)
{
	unsigned int i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		phys_addr_t from = max(start, r->base), to = min(end, region_end(r));
		phys_addr_t found;

		if (from >= to)
			continue;
		found = find_in_region(from, to, size, align);
		if (found)
			return found;
	}
	return 0;
}

phys_addr_t __init memblock_phys_alloc(phys_addr_t size, phys_addr_t align)
{
	phys_addr_t addr = memblock_find_in_range(0, memblock.current_limit, size, align);

	if (addr)
		memblock_reserve(addr, size);
	return addr;
}

void * __init memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	phys_addr_t addr = memblock_phys_alloc(size, align);

	if (!addr)
		panic("memblock: no %llu bytes below 0x%08llx", (u64)size,
		      (u64)memblock.current_limit);
	return memset(__va(addr), 0, size);
}

phys_addr_t __init memblock_end_of_DRAM(void)
{
	unsigned int cnt = memblock.memory.cnt;

	return cnt ? region_end(&memblock.memory.regions[cnt - 1]) : 0;
}

u64 memblock_phys_mem_size(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < memblock.memory.cnt; i++)
		sum += memblock.memory.regions[i].size;
	return sum;
}

static bool type_contains(const struct memblock_type *type, phys_addr_t addr)
{
	unsigned int left = 0, right = type->cnt;

	while (left < right) {
		unsigned int mid = (left + right) / 2;

		if (addr < type->regions[mid].base)
			right = mid;
		else if (addr >= region_end(&type->regions[mid]))
			left = mid + 1;
		else
			return true;
	}
	return false;
}

bool memblock_is_reserved(phys_addr_t addr)
{
	return type_contains(&memblock.reserved, addr);
}

/* A frame counts as RAM if all of it is: ranges that touch are one, so both ends decide. */
bool page_is_ram(unsigned long pfn)
{
	return type_contains(&memblock.memory, PFN_PHYS(pfn)) &&
	       type_contains(&memblock.memory, PFN_PHYS(pfn) + PAGE_SIZE - 1);
}

int memblock_check(const struct memblock_type *type)
{
	unsigned int i;

	for (i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (!r->size || region_end(r) < r->base)
			return -1;
		if (i && region_end(r - 1) >= r->base)
			return -1;
	}
	return 0;
}

/* Free and reserved runs of whole frames inside one range of RAM. */
static void __init walk_ram(unsigned long pfn, unsigned long end, memblock_walk_t fn)
{
	unsigned int i;

	for (i = 0; i < memblock.reserved.cnt && pfn < end; i++) {
		const struct memblock_region *r = &memblock.reserved.regions[i];
		unsigned long from = PFN_DOWN(r->base), to = min(PFN_UP(region_end(r)), end);

		if (to <= pfn)
			continue;
		if (from >= end)
			break;
		if (from > pfn)
			fn(pfn, from, false);
		fn(max(from, pfn), to, true);
		pfn = to;
	}
	if (pfn < end)
		fn(pfn, end, false);
}

void __init memblock_walk(unsigned long end_pfn, memblock_walk_t fn)
{
	unsigned long pfn = 0;
	unsigned int i;

	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		unsigned long from = PFN_UP(r->base);
		unsigned long to = min(PFN_DOWN(region_end(r)), end_pfn);

		if (from >= to)
			continue;
		if (from > pfn)
			fn(pfn, from, true);
		walk_ram(from, to, fn);
		pfn = to;
	}
	if (pfn < end_pfn)
		fn(pfn, end_pfn, true);
}

/* ---- /proc/iomem -------------------------------------------------------------------- */

#define IOMEM_MAX	48

struct iomem_entry {
	phys_addr_t start, end;		/* both inclusive */
	const char *name;		/* stays valid */
};

static struct iomem_entry iomem_table[IOMEM_MAX];	/* [c] after boot; sorted by start */
static unsigned int iomem_count;

void iomem_register(u64 start, u64 end, const char *name)
{
	unsigned int i = iomem_count;

	if (start > (phys_addr_t)~0ull || iomem_count == IOMEM_MAX)
		return;
	end = min_t(u64, end, (phys_addr_t)~0ull);
	while (i && (iomem_table[i - 1].start > start ||
		     (iomem_table[i - 1].start == start && iomem_table[i - 1].end < end))) {
		iomem_table[i] = iomem_table[i - 1];
		i--;
	}
	iomem_table[i].start = (phys_addr_t)start;
	iomem_table[i].end = (phys_addr_t)end;
	iomem_table[i].name = name;
	iomem_count++;
}

static const char * __init iomem_name(u32 type)
{
	switch (type) {
	case E820_ACPI:		return "ACPI Tables";
	case E820_NVS:		return "ACPI Non-volatile Storage";
	case E820_UNUSABLE:	return "Unusable memory";
	default:		return "Reserved";
	}
}

/* RAM as we use it, the rest as the firmware calls it, and the kernel's own parts. */
void __init iomem_register_kernel(void)
{
	unsigned int i;

	for (i = 0; i < nr_e820; i++) {
		const struct e820_entry *e = &e820_map[i];

		if (e->type != E820_RAM && e->size)
			iomem_register(e->addr, e->addr + e->size - 1, iomem_name(e->type));
	}
	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];

		iomem_register(r->base, region_end(r) - 1, "System RAM");
	}
	iomem_register(0xa0000, 0xbffff, "Video RAM area");
	iomem_register(__pa(_stext), __pa(_etext) - 1, "Kernel code");
	iomem_register(__pa(__rodata_start), __pa(__rodata_end) - 1, "Kernel rodata");
	iomem_register(__pa(_sdata), __pa(_edata) - 1, "Kernel data");
	iomem_register(__pa(__bss_start), __pa(__bss_stop) - 1, "Kernel bss");
}

/* Sorted by start, the wider first: an entry is indented once for each that contains it. */
static int iomem_show(struct seq_file *m, void *v)
{
	unsigned int i, j;

	for (i = 0; i < iomem_count; i++) {
		const struct iomem_entry *e = &iomem_table[i];

		for (j = 0; j < i; j++)
			if (iomem_table[j].start <= e->start && iomem_table[j].end >= e->end)
				seq_puts(m, "  ");
		seq_printf(m, "%08llx-%08llx : %s\n", (u64)e->start, (u64)e->end, e->name);
	}
	return 0;
}
PROC_SHOW("iomem", iomem_show);
