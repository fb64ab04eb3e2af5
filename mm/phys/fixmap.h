/*
 * mm/phys/fixmap.h - addresses that are known when the kernel is compiled.
 *
 * Theory.  Some mappings are needed early, or for ever, or in a hurry, and want
 * no allocator: the APIC's registers, an ACPI table under examination, a page
 * for kmap_atomic().  Each gets a slot, a name in this enum, and with it a
 * constant address below the top of memory:
 *
 *	0xfffff000  index 0: never mapped (see lib/err.h: no error pointer may be valid)
 *	0xffffe000  index 1, and so on downwards
 *
 * All slots lie under one page table, which paging_init() makes.
 * Locking: a slot belongs to whoever names it; set_fixmap() itself takes none.
 */
#ifndef OCTAVO_MM_PHYS_FIXMAP_H
#define OCTAVO_MM_PHYS_FIXMAP_H

#include <kernel/arch/pgtable.h>
#include <kernel/core/percpu.h>
#include <mm/phys/kmap_types.h>

enum fixed_addresses {
	FIX_HOLE,		/* the last page of the address space */
	FIX_DEBUG,		/* for tests and debuggers */
	FIX_APIC_BASE,		/* local APIC */
	FIX_IO_APIC_BASE_0,	/* I/O APICs */
	FIX_IO_APIC_BASE_END = FIX_IO_APIC_BASE_0 + 3,
	FIX_ACPI_BEGIN,		/* an ACPI table under examination: 16K */
	FIX_ACPI_END = FIX_ACPI_BEGIN + 3,
	FIX_KMAP_BEGIN,		/* kmap_atomic: KM_TYPE_NR slots for each CPU */
	FIX_KMAP_END = FIX_KMAP_BEGIN + KM_TYPE_NR * NR_CPUS - 1,
	__end_of_fixed_addresses
};

#define FIXADDR_SIZE	((unsigned long)__end_of_fixed_addresses << PAGE_SHIFT)
#define FIXADDR_START	(FIXADDR_TOP - FIXADDR_SIZE + PAGE_SIZE)

static_assert(__end_of_fixed_addresses < PTRS_PER_PTE, "the fixmap lives under one page table");
static_assert((FIXADDR_TOP & ~PMD_MASK) == PMD_SIZE - PAGE_SIZE, "... the last one");
static_assert(PKMAP_BASE + LAST_PKMAP * PAGE_SIZE <= (FIXADDR_TOP & PMD_MASK),
	      "kmap's windows end below it");

#define __fix_to_virt(x)	((unsigned long)FIXADDR_TOP - ((unsigned long)(x) << PAGE_SHIFT))
#define __virt_to_fix(x)	(((unsigned long)FIXADDR_TOP - ((x) & PAGE_MASK)) >> PAGE_SHIFT)

/* => a constant for a constant; an index that does not exist does not link */
void __this_fixmap_does_not_exist(void);
static __always_inline unsigned long fix_to_virt(const unsigned int idx)
{
	if (__builtin_constant_p(idx) && (idx == FIX_HOLE || idx >= __end_of_fixed_addresses))
		__this_fixmap_does_not_exist();
	return __fix_to_virt(idx);
}

static inline unsigned int virt_to_fix(const unsigned long vaddr)
{
	return (unsigned int)__virt_to_fix(vaddr);
}

/* Map the frame of @phys there; an old mapping is replaced, the TLB told. */
void __set_fixmap(enum fixed_addresses idx, phys_addr_t phys, pgprot_t prot);
#define set_fixmap(idx, phys)		__set_fixmap((idx), (phys), PAGE_KERNEL)
#define set_fixmap_nocache(idx, phys)	__set_fixmap((idx), (phys), PAGE_KERNEL_NOCACHE)
void clear_fixmap(enum fixed_addresses idx);

/* The entry of a slot; for kmap_atomic and the debugger. */
pte_t *fixmap_pte(enum fixed_addresses idx);
/* Print the mapped slots by name. */
void dump_fixmap(void);

#endif
