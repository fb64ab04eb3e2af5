/*
 * tests/kernel/mm/phys/init_test.c - the kernel's page tables and mem_map as the boot left them.
 */
#include <kernel/arch/pgtable.h>
#include <kernel/arch/processor.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/ktest.h>
#include <mm/phys/fixmap.h>
#include <mm/phys/init.h>
#include <mm/phys/memblock.h>
#include <mm/phys/page_alloc.h>

/* The entry that maps a kernel address, small or large, as frame number and flags; 0: none. */
static pteval_t walk(unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pgd_offset_k(addr), addr);

	if (!pmd_present(*pmd))
		return 0;
	if (pmd_large(*pmd))
		return pmd_val(*pmd) + (addr & ~PMD_MASK & PAGE_MASK);
	return pte_val(*pte_offset_kernel(pmd, addr));
}

/* Every frame of low memory is at PAGE_OFFSET plus itself, for the kernel only; nothing beyond. */
KTEST(directmap, complete)
{
	unsigned long pfn;

	for (pfn = 0; pfn < max_low_pfn; pfn++) {
		pteval_t entry = walk((unsigned long)__va(pfn << PAGE_SHIFT));

		KASSERT_EQ(t, pte_pfn(__pte(entry)), pfn);
		KASSERT(t, entry & _PAGE_PRESENT && !(entry & _PAGE_USER));
	}
	KEXPECT(t, !walk((unsigned long)high_memory));
	KEXPECT_EQ(t, (unsigned long)__pa(high_memory), max_low_pfn << PAGE_SHIFT);
	KEXPECT_EQ(t, direct_pages_4k + direct_pages_large * PTRS_PER_PTE, max_low_pfn);
}

/* Code and constants cannot be written to, data can; WP makes that hold for the kernel. */
KTEST(directmap, read_only)
{
	unsigned long addr;

	KEXPECT(t, read_cr0() & X86_CR0_WP);
	for (addr = (unsigned long)_stext; addr < (unsigned long)__rodata_end; addr += PAGE_SIZE)
		KASSERT(t, !(walk(addr) & _PAGE_RW));
	for (addr = (unsigned long)_sdata; addr < (unsigned long)_end; addr += PAGE_SIZE)
		if (!is_kernel_text(addr))
			KASSERT(t, walk(addr) & _PAGE_RW);
}

/* Large pages where the CPU has them and the image is not; global where it can. */
KTEST(directmap, large_and_global)
{
	u32 global = boot_cpu_has(X86_FEATURE_PGE) ? _PAGE_GLOBAL : 0;
	unsigned long addr = PAGE_OFFSET + 4 * PMD_SIZE;

	KEXPECT_EQ(t, __default_kernel_global, global);
	KEXPECT_EQ(t, (u32)walk((unsigned long)_stext) & _PAGE_GLOBAL, global);
	KEXPECT_EQ(t, !!(read_cr4() & X86_CR4_PGE), !!global);
	if (addr + PMD_SIZE > (unsigned long)high_memory) {
		ktest_skip(t, "too little memory for a large page");
		return;
	}
	KEXPECT_EQ(t, !!pmd_large(*pmd_offset(pgd_offset_k(addr), addr)),
		   boot_cpu_has(X86_FEATURE_PSE));
	KEXPECT_EQ(t, (u32)walk(addr) & _PAGE_GLOBAL, global);
	KEXPECT_EQ(t, direct_pages_large > 0, boot_cpu_has(X86_FEATURE_PSE));
}

/* NULL and the last page are mapped nowhere; kmap and fixmap have their tables from the start. */
KTEST(directmap, edges)
{
	unsigned int i;

	for (i = 0; i < USER_PTRS_PER_PGD; i++)
		KASSERT(t, !pgd_val(swapper_pg_dir[i]));
	KEXPECT(t, !walk(0xfffff000));
	KEXPECT(t, pmd_present(*pmd_offset(pgd_offset_k(PKMAP_BASE), PKMAP_BASE)));
	KEXPECT(t, pmd_present(*pmd_offset(pgd_offset_k(FIXADDR_START), FIXADDR_START)));
}

/* Each struct page knows its zone, and its zone knows it. */
KTEST(directmap, mem_map)
{
	unsigned long pfn, present[NR_PAGE_ZONE_IDS] = { 0 };
	struct zone *zone;

	for (pfn = 0; pfn < max_pfn; pfn++) {
		struct page *page = pfn_to_page(pfn);

		KASSERT_EQ(t, page_zonenum(page), pfn < MAX_DMA_PFN ? (unsigned int)ZONE_DMA :
			   pfn < max_low_pfn ? (unsigned int)ZONE_NORMAL : (unsigned int)ZONE_HIGHMEM);
		KASSERT_EQ(t, PageHighMem(page), pfn >= max_low_pfn);
		if (page_is_ram(pfn))
			present[page_zone_id(page)]++;
		else
			KASSERT(t, PageReserved(page));
	}
	for_each_zone(zone)
		KEXPECT_EQ(t, zone->present_pages,
			   present[zone_idx(zone) << NODES_SHIFT | (unsigned int)zone->node]);
	KEXPECT_EQ(t, virt_to_page(high_memory), pfn_to_page(max_low_pfn));
	KEXPECT(t, virt_addr_valid(_stext) && !virt_addr_valid(high_memory));
	KEXPECT(t, pfn_valid(0) && !pfn_valid(max_pfn));
}

/* Reserved memory that is given back is ordinary memory. */
KTEST(directmap, free_reserved_area)
{
	struct page *page = alloc_page(GFP_KERNEL);
	char *at;

	KASSERT(t, page != NULL);
	at = lowmem_page_address(page);
	SetPageReserved(page);		/* as if it had never been the allocator's */
	page_zone(page)->managed_pages--;
	totalram_pages--;
	KEXPECT_EQ(t, free_reserved_area(at + 1, at + PAGE_SIZE, 0xcc, NULL), 0ul);
	KEXPECT_EQ(t, free_reserved_area(at, at + PAGE_SIZE + 17, 0xcc, NULL), 1ul);
	KEXPECT(t, !PageReserved(page));
	KEXPECT_EQ(t, page_count(page), 0);
}
