/*
 * mm/phys/init.c - the final direct map, and all RAM to the page allocator.
 *
 * Theory.  boot/head.S maps 16M in 4K pages under swapper_pg_dir and goes on.
 * paging_init() replaces these entries one by one, and adds the rest, while
 * they are in use: an entry is exchanged for another that maps the same frames,
 * so nothing is ever missing.
 *
 *	direct map	4M pages (PAE: 2M), which need no page table and one TLB entry where
 *			4K pages need 1024; global, as they are the same for all
 *	  but 4K pages	where the kernel image lies, because .text and .rodata are
 *			read-only, and for the last part of RAM that is not one
 *	kmap, fixmap	a page table each, now, so that every directory that is ever
 *			copied from swapper_pg_dir has them
 *	vmalloc		nothing: entries appear on demand in swapper_pg_dir, and in
 *			processes when they fault there
 *
 * With the option nopse, or on a CPU without, all is 4K pages.  Page tables
 * come from memory that is mapped already; the limit of memblock rises with
 * each of them.  When a large module covers everything above the image, the 600K
 * below 640K still hold the tables for as many megabytes.
 *
 * free_area_init() (nodes.c) cuts RAM into nodes and zones.  mem_init() then visits each run of frames
 * once: it fills in their struct pages, eight stores each, and gives free runs to
 * the buddy system in the largest blocks that fit.  That, not a page-by-page
 * free, is what makes half a gigabyte ready in two million instructions.
 *
 * Holes have struct pages too, reserved ones, so that the neighbour of a block
 * can always be looked at; mem_map is rounded up to a largest block for that.
 *
 * References: Intel SDM volume 3, sections 4.3 and 4.10.2.4 (global pages).
 */
#include <mm/phys/init.h>

#include <kernel/arch/pgtable.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/fixmap.h>
#include <mm/phys/memblock.h>
#include <mm/phys/nodes.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/page_class.h>
#include <mm/phys/pageattr.h>
#include <mm/phys/pcp.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

#define EARLY_MAPPED	(16UL << 20)	/* bytes that boot/head.S maps */

#ifdef CONFIG_HIGHMEM
#define IS_ENABLED_HIGHMEM	1
#else
#define IS_ENABLED_HIGHMEM	0
#endif

static_assert((MAX_ORDER_PAGES << PAGE_SHIFT) % PMD_SIZE == 0, "a buddy block is whole large pages");

u32 __default_kernel_global __ro_after_init;
unsigned long max_pfn, max_low_pfn, highstart_pfn, highend_pfn;
void *high_memory;
unsigned long totalram_pages, totalhigh_pages;
unsigned long direct_pages_4k, direct_pages_large;
bool rodata_enabled __ro_after_init = true;

/* ---- paging_init -------------------------------------------------------------------- */

/* Half of low memory is enough for struct pages: with 896M that is 56G. */
static void __init cut_to_mem_map(void)
{
	unsigned long most = max_low_pfn / 2 * (PAGE_SIZE / sizeof(struct page));

	if (max_pfn <= most)
		return;
	pr_warn("Warning: only %luMB will be used, mem_map has no room for more.\n",
		most >> (20 - PAGE_SHIFT));
	memblock_remove(PFN_PHYS(most), PFN_PHYS(max_pfn - most));
	max_pfn = PFN_DOWN(memblock_end_of_DRAM());
}

/* How much RAM there is, and how much of it the direct map reaches. */
static void __init find_low_pfn_range(void)
{
	max_pfn = PFN_DOWN(memblock_end_of_DRAM());
	max_low_pfn = min(max_pfn, (unsigned long)MAXMEM >> PAGE_SHIFT);
	highstart_pfn = max_low_pfn;
	cut_to_mem_map();
	if (!IS_ENABLED_HIGHMEM && max_pfn > max_low_pfn) {
		pr_warn("Warning: only %luMB will be used.\n", max_low_pfn >> (20 - PAGE_SHIFT));
		pr_warn("Use a kernel built with HIGHMEM=1.\n");
		memblock_remove(PFN_PHYS(max_low_pfn), PFN_PHYS(max_pfn - max_low_pfn));
		max_pfn = max_low_pfn;
	}
	highend_pfn = max_pfn;
	high_memory = __va(max_low_pfn << PAGE_SHIFT);
	low_area_end = (unsigned long)high_memory;
	pr_notice("%luMB HIGHMEM available.\n",
		  (highend_pfn - highstart_pfn) >> (20 - PAGE_SHIFT));
	pr_notice("%luMB LOWMEM available.\n", max_low_pfn >> (20 - PAGE_SHIFT));
}

static bool __init within(unsigned long addr, const char *start, const char *end)
{
	return addr >= (unsigned long)start && addr < (unsigned long)end;
}

/* The rights of a page of the image, and of the others in its slots: see pageattr.c. */
static pgprot_t __init kernel_prot(unsigned long addr)
{
	if (!rodata_enabled)
		return PAGE_KERNEL_EXEC;
	if (within(addr, _stext, _etext) || within(addr, _sinittext, _einittext) ||
	    within(addr, __ktest_begin, __ktest_text_end))
		return PAGE_KERNEL_ROX;
	if (within(addr, __rodata_start, __start_ro_after_init))
		return PAGE_KERNEL_RO;
	return PAGE_KERNEL;
}

/* Does the image, or the end of RAM, lie in the large page from @addr? */
static bool __init needs_small_pages(unsigned long addr, unsigned long end)
{
	if (!boot_cpu_has(X86_FEATURE_PSE) || end - addr < PMD_SIZE)
		return true;
	return addr < (unsigned long)_end &&
	       addr + PMD_SIZE > (unsigned long)__va(LOAD_PHYSICAL_ADDR);
}

static pmd_t *__init kernel_pmd(unsigned long addr)
{
	return pmd_offset(pgd_offset_k(addr), addr);
}

static void __init enter_table(unsigned long addr, pte_t *table)
{
	set_pmd(kernel_pmd(addr), __pmd(__pa(table) | _KERNPG_TABLE));
}

/* An empty page table around @addr. */
static void __init one_page_table_init(unsigned long addr)
{
	enter_table(addr, memblock_alloc(PAGE_SIZE, PAGE_SIZE));
}

/* Map one directory entry's range from @addr on, or what of it lies below @end. */
static void __init map_slot(unsigned long addr, unsigned long end)
{
	unsigned long at;
	pte_t *table;

	if (!needs_small_pages(addr, end)) {
		set_pmd(kernel_pmd(addr), pfn_pmd(PFN_DOWN(__pa(addr)), PAGE_KERNEL_LARGE));
		direct_pages_large++;
		return;
	}
	table = memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	for (at = addr; at < end && at - addr < PMD_SIZE; at += PAGE_SIZE) {
		set_pte(table + pte_index(at), pfn_pte(PFN_DOWN(__pa(at)), kernel_prot(at)));
		direct_pages_4k++;
	}
	enter_table(addr, table);
}

static void __init kernel_physical_mapping_init(void)
{
	unsigned long end = (unsigned long)high_memory, addr;

	for (addr = PAGE_OFFSET; addr < end; addr += PMD_SIZE) {
		map_slot(addr, end);
		if (__pa(addr) + PMD_SIZE > memblock.current_limit)
			memblock_set_current_limit(__pa(min(addr + PMD_SIZE, end)));
	}
	/* What the first tables mapped beyond the end of RAM. */
	for (; addr < PAGE_OFFSET + EARLY_MAPPED; addr += PMD_SIZE)
		pmd_clear(kernel_pmd(addr));
	memblock_set_current_limit(__pa(end));
}

void __init paging_init(void)
{
	char rodata[8];

	if (cmdline_find_option("rodata", rodata, sizeof(rodata)) > 0)
		rodata_enabled = strcmp(rodata, "off") != 0;
	find_low_pfn_range();
	x86_configure_nx();
	pr_info("NX (Execute Disable) protection: %s\n", __page_nx ? "active" :
		_PAGE_NX ? "not there, or off by noexec=off" : "none without PAE");
	if (boot_cpu_has(X86_FEATURE_PSE))
		write_cr4(read_cr4() | X86_CR4_PSE);
	if (boot_cpu_has(X86_FEATURE_PGE))
		__default_kernel_global = _PAGE_GLOBAL;

	memblock_set_current_limit(min(EARLY_MAPPED, (unsigned long)__pa(high_memory)));
	kernel_physical_mapping_init();
	one_page_table_init(PKMAP_BASE);
	one_page_table_init(FIXADDR_TOP);

	/* Entries count as global only from here on; changing PGE drops all there were. */
	load_cr3((unsigned long)swapper_pg_dir);
	if (__default_kernel_global)
		write_cr4(read_cr4() | X86_CR4_PGE);
}

/* ---- mem_init ----------------------------------------------------------------------- */

/*
 * Fill in @n struct pages, all alike.  The hottest loop of the boot: every word
 * of mem_map is written here, once.
 */
static void __init fill_pages(struct page *page, unsigned long n, unsigned long flags, int count)
{
	struct page *end = page + n;

	for (; page < end; page++) {
		page->flags = flags;
		atomic_set(&page->_refcount, count);
		atomic_set(&page->_mapcount, -1);
		page->private = 0;
		page->mapping = NULL;
		page->index = 0;
		page->lru.next = NULL;
		page->lru.prev = NULL;
	}
}

/* Give [pfn, end) to the buddy system: each block as large as its alignment and the rest allow. */
static void __init free_run(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned int order = MAX_ORDER - 1;

		if (pfn & (MAX_ORDER_PAGES - 1))
			order = (unsigned int)__ffs(pfn);
		while (1UL << order > end - pfn)
			order--;
		__free_boot_block(pfn_to_page(pfn), order);
		pfn += 1UL << order;
	}
}

static void __init init_run(unsigned long pfn, unsigned long end, bool reserved)
{
	while (pfn < end) {
		unsigned long flags, stop = zone_run_end(pfn, end, &flags);

		if (reserved)
			flags |= 1UL << PG_reserved;
		fill_pages(pfn_to_page(pfn), stop - pfn, flags, reserved);
		if (!reserved)
			free_run(pfn, stop);
		pfn = stop;
	}
}

static unsigned long __init kbytes(const void *start, const void *end)
{
	return ((unsigned long)end - (unsigned long)start) >> 10;
}

static void __init print_layout_line(const char *name, unsigned long start, unsigned long end)
{
	unsigned long size = end - start;
	bool mega = size >= 10 << 20;

	pr_info("%12s : 0x%08lx - 0x%08lx   (%4lu %cB)\n", name, start, end,
		mega ? size >> 20 : size >> 10, mega ? 'M' : 'k');
}

static void __init print_virtual_layout(void)
{
	pr_info("virtual kernel memory layout:\n");
	print_layout_line("fixmap", FIXADDR_START, FIXADDR_TOP);
	print_layout_line("pkmap", PKMAP_BASE, PKMAP_BASE + LAST_PKMAP * PAGE_SIZE);
	print_layout_line("kstacks", kstack_area_start(), PKMAP_BASE);
	print_layout_line("vmalloc", VMALLOC_START, VMALLOC_END);
	print_layout_line("lowmem", PAGE_OFFSET, (unsigned long)high_memory);
	print_layout_line(".init", (unsigned long)__init_begin, (unsigned long)__init_end);
	print_layout_line(".data", (unsigned long)_sdata, (unsigned long)_edata);
	print_layout_line(".text", (unsigned long)_stext, (unsigned long)_etext);
}

static void __init print_memory_line(void)
{
	unsigned long present = total_present_pages();

	pr_info("Memory: %luK/%luK available (%luK kernel code, %luK rwdata, %luK rodata, "
		"%luK init, %luK bss, %luK reserved, %luK highmem)\n",
		nr_free_pages() << (PAGE_SHIFT - 10), present << (PAGE_SHIFT - 10),
		kbytes(_stext, _etext), kbytes(_sdata, _edata),
		kbytes(__rodata_start, __rodata_end), kbytes(__init_begin, __init_end),
		kbytes(__bss_start, __bss_stop),
		(present - totalram_pages) << (PAGE_SHIFT - 10),
		totalhigh_pages << (PAGE_SHIFT - 10));
}

void __init mem_init(void)
{
	struct zone *zone;

	memblock_walk(ALIGN(max_pfn, MAX_ORDER_PAGES), init_run);
	for_each_zone(zone)
		zone_pcp_init(zone);
	build_zonelists();
	init_per_zone_wmark_min();
	iomem_register_kernel();
	print_memory_line();
	print_virtual_layout();
	page_class_init();
}

/* ---- giving back -------------------------------------------------------------------- */

/* A reserved page of the direct map becomes an ordinary free one. */
static void free_reserved_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone->managed_pages++;
	totalram_pages++;
	spin_unlock_irqrestore(&zone->lock, flags);
	ClearPageReserved(page);
	__free_page(page);
}

unsigned long free_reserved_area(void *start, void *end, int poison, const char *name)
{
	unsigned long at, stop = (unsigned long)end & PAGE_MASK, pages = 0;

	for (at = PAGE_ALIGN((unsigned long)start); at < stop; at += PAGE_SIZE, pages++) {
		if (poison >= 0)
			memset((void *)at, poison, PAGE_SIZE);
		free_reserved_page(virt_to_page(at));
	}
	setup_per_zone_wmarks();
	if (pages && name)
		pr_info("Freeing %s memory: %luK\n", name, pages << (PAGE_SHIFT - 10));
	return pages;
}

/* A part of the image, code included, becomes memory like any other. */
static void free_image_area(char *start, char *end, const char *name)
{
	int pages = (int)((end - start) >> PAGE_SHIFT);

	if (set_memory_nx((unsigned long)start, pages) || set_memory_rw((unsigned long)start, pages))
		BUG();
	free_reserved_area(start, end, -1, name);
}

void free_initmem(void)
{
	free_image_area(__init_begin, __init_end, "unused kernel");
	free_reserved_area(__va(__boot_begin), __va(__boot_end), -1, "boot");
	fail_alloc_arm();
}

void free_ktestmem(void)
{
	free_image_area(__ktest_begin, __ktest_end, "self-test");
}
