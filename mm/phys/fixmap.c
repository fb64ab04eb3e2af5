/*
 * mm/phys/fixmap.c - addresses that are known when the kernel is compiled.
 *
 * Theory and layout: fixmap.h.  The one page table exists since paging_init(),
 * and every page directory has its entry, so a slot is set by storing one
 * entry, in any context.  A slot may have been mapped to something else, so
 * its TLB entry goes each time, on all processors.
 */
#include <mm/phys/fixmap.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <mm/types/page.h>

pte_t *fixmap_pte(enum fixed_addresses idx)
{
	unsigned long addr = __fix_to_virt(idx);

	return pte_offset_kernel(pmd_offset(pgd_offset_k(addr), addr), addr);
}

/* On every processor: a slot is everybody's, but for kmap_atomic's, which are not set here. */
static void flush_slot(enum fixed_addresses idx)
{
	flush_tlb_kernel_range(__fix_to_virt(idx), __fix_to_virt(idx) + PAGE_SIZE);
}

void __set_fixmap(enum fixed_addresses idx, phys_addr_t phys, pgprot_t prot)
{
	BUG_VAL(idx == FIX_HOLE || idx >= __end_of_fixed_addresses, idx, phys);
	set_pte(fixmap_pte(idx), pfn_pte(PFN_DOWN(phys), prot));
	flush_slot(idx);
}

void clear_fixmap(enum fixed_addresses idx)
{
	BUG_VAL(idx == FIX_HOLE || idx >= __end_of_fixed_addresses, idx, 0);
	pte_clear(fixmap_pte(idx));
	flush_slot(idx);
}

static const struct {
	unsigned int first, last;
	const char *name;
} slot_names[] = {
	{ FIX_HOLE,		FIX_HOLE,		"FIX_HOLE" },
	{ FIX_DEBUG,		FIX_DEBUG,		"FIX_DEBUG" },
	{ FIX_APIC_BASE,	FIX_APIC_BASE,		"FIX_APIC_BASE" },
	{ FIX_IO_APIC_BASE_0,	FIX_IO_APIC_BASE_END,	"FIX_IO_APIC_BASE" },
	{ FIX_ACPI_BEGIN,	FIX_ACPI_END,		"FIX_ACPI" },
	{ FIX_KMAP_BEGIN,	FIX_KMAP_END,		"FIX_KMAP" },
};

void dump_fixmap(void)
{
	unsigned int i, idx;

	for (i = 0; i < ARRAY_SIZE(slot_names); i++) {
		for (idx = slot_names[i].first; idx <= slot_names[i].last; idx++) {
			pte_t pte = *fixmap_pte(idx);

			if (!pte_none(pte))
				pr_info("%08lx %s + %u: pfn %05lx flags %03x\n", __fix_to_virt(idx),
					slot_names[i].name, idx - slot_names[i].first, pte_pfn(pte),
					(unsigned int)(pte_val(pte) & ~PAGE_MASK));
		}
	}
}
