/*
 * mm/space/translate.c - the way of one address, step by step.
 *
 * Theory.  What the processor does for every access, done by hand and printed:
 *
 *	selector:offset --(descriptor: base, limit, DPL)--> linear address
 *	linear = directory index (10 bits) . table index (10) . offset (12)
 *	cr3 --[directory index]--> page table --[table index]--> frame + offset
 *
 * or, with three levels, by two directories:
 *
 *	linear = top index (2 bits) . directory index (9) . table index (9) . offset (12)
 *
 * An entry of the directory with PS set ends the walk early: 4M page, offset of
 * 22 bits (three levels: 2M, 21 bits).  The segments are flat, so the first step changes nothing; it is
 * shown because it is taken.
 *
 * /proc/PID/translate shows this for the address that was last written to the
 * open file; the program user/translate.c is made of it.
 *
 * Locking: mmap_sem for reading while user entries are looked at.
 * References: Intel SDM volume 3, sections 3.4, 4.3 and 4.4.
 */
#include <mm/space/proc_mm.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/pgtable.h>
#include <lib/kernel.h>
#include <mm/cache/swap_state.h>
#include <mm/space/memory.h>
#include <mm/types/page.h>

#define DESC_TYPE_CODE	0x8u
#define DESC_TYPE_RW	0x2u
#define DESC_GRANULARITY (1u << 23)

/* The names of an entry's flags. */
static void show_entry_flags(struct seq_file *m, pteval_t entry, bool leaf)
{
	static const struct {
		pteval_t bit;
		const char *name;
	} names[] = {
		{ _PAGE_RW, "RW" }, { _PAGE_USER, "US" }, { _PAGE_PWT, "PWT" },
		{ _PAGE_PCD, "PCD" }, { _PAGE_ACCESSED, "A" }, { _PAGE_DIRTY, "D" },
		{ _PAGE_PSE, "PS" }, { _PAGE_GLOBAL, "G" }, { _PAGE_SPECIAL, "special" },
		{ _PAGE_NX, "NX" },
	};
	unsigned int i;

	seq_puts(m, entry & _PAGE_PRESENT ? "P" : "-");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		/* D and G mean nothing in an entry that names a table. */
		if (!leaf && (names[i].bit & (_PAGE_DIRTY | _PAGE_GLOBAL)))
			continue;
		if (entry & names[i].bit)
			seq_printf(m, " %s", names[i].name);
	}
	seq_putc(m, '\n');
}

static void show_segment(struct seq_file *m, u16 selector, unsigned long offset)
{
	const struct desc_struct *desc = this_cpu_ptr(&gdt_table[0]) + (selector >> 3);
	u32 type = desc->b >> 8 & 0xf, dpl = desc->b >> 13 & 3;
	u32 base = desc_base(desc), limit = desc_limit(desc);

	if (desc->b & DESC_GRANULARITY)
		limit = limit << PAGE_SHIFT | (u32)~PAGE_MASK;	/* it counts pages */
	seq_printf(m, "logical     0x%04x:0x%08lx\n", selector, offset);
	seq_printf(m, "selector    0x%04x  index %u, %s, RPL %u\n", selector, selector >> 3,
		   selector & 4 ? "LDT" : "GDT", selector & 3);
	seq_printf(m, "descriptor  0x%08x%08x  base 0x%08x limit 0x%08x DPL %u %s %s\n", desc->b,
		   desc->a, base, limit, dpl, type & DESC_TYPE_CODE ? "code" : "data",
		   type & DESC_TYPE_CODE ? "readable" : type & DESC_TYPE_RW ? "writable" : "");
	seq_printf(m, "linear      0x%08lx\n", base + offset);
}

/* Who has this frame. */
static void show_frame(struct seq_file *m, unsigned long pfn)
{
	struct page *page;

	if (!pfn_valid(pfn)) {
		seq_printf(m, "frame       0x%05lx  no struct page: a device's\n", pfn);
		return;
	}
	page = pfn_to_page(pfn);
	seq_printf(m, "frame       0x%05lx  count %d mapcount %d %s\n", pfn, page_count(page),
		   page_mapcount(page),
		   page == ZERO_PAGE(0) ? "zero page" : PageReserved(page) ? "reserved" :
		   PageAnon(page) ? "anonymous" : PageSlab(page) ? "slab" :
		   PageTable(page) ? "page table" : page->mapping ? "page cache" : "kernel");
}

static void show_large(struct seq_file *m, pmdval_t entry, unsigned long addr)
{
	phys_addr_t phys = (phys_addr_t)(entry & PTE_PFN_MASK) | (addr & ~PMD_MASK);

	seq_printf(m, "large page  %luM, no page table\n", PMD_SIZE >> 20);
	seq_printf(m, "offset      0x%06lx\n", addr & ~PMD_MASK);
	seq_printf(m, "physical    0x%08llx\n", (u64)phys);
	show_frame(m, PFN_DOWN(phys));
}

static void show_table_entry(struct seq_file *m, pmd_t *pmd, unsigned long addr)
{
	pte_t *pte = pte_offset_map(pmd, addr), entry = ptep_get_lockless(pte);

	seq_printf(m, "table       0x%03lx  entry 0x" PTE_FMT " at 0x%08lx  ", pte_index(addr),
		   pte_val(entry), __pa(pte));
	show_entry_flags(m, pte_val(entry), true);
	if (pte_none(entry)) {
		seq_puts(m, "not mapped: the table has nothing here\n");
		return;
	}
	seq_printf(m, "offset      0x%03lx\n", addr & ~PAGE_MASK);
	if (pte_swap(entry)) {
		swp_entry_t swap = pte_to_swp_entry(entry);

		seq_printf(m, "in swap     area %lu slot 0x%lx, used %d times\n", swp_type(swap),
			   swp_offset(swap), swp_swapcount(swap));
		return;
	}
	if (!(pte_val(entry) & _PAGE_PRESENT)) {
		seq_puts(m, "not present: PROT_NONE keeps the frame but forbids every access\n");
		return;
	}
	seq_printf(m, "physical    0x%08llx\n",
		   (u64)PFN_PHYS(pte_pfn(entry)) | (addr & ~PAGE_MASK));
	show_frame(m, pte_pfn(entry));
}

static void show_walk(struct seq_file *m, struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pmd_t *pmd = pmd_offset(pgd, addr), entry = *pmd;

	seq_printf(m, "cr3         0x%08lx  %s\n", __pa(mm->pgd),
		   mm == &init_mm ? "swapper_pg_dir" : "of this process");
	if (PTRS_PER_PMD > 1)
		seq_printf(m, "top         0x%lx    entry 0x" PTE_FMT " at 0x%08lx  P\n",
			   pgd_index(addr), pgd_val(*pgd), __pa(pgd));
	seq_printf(m, "directory   0x%03lx  entry 0x" PTE_FMT " at 0x%08lx  ",
		   PTRS_PER_PMD > 1 ? pmd_index(addr) : pgd_index(addr), pmd_val(entry), __pa(pmd));
	show_entry_flags(m, pmd_val(entry), pmd_large(entry));
	if (!pmd_present(entry))
		seq_puts(m, "not mapped: no page table\n");
	else if (pmd_large(entry))
		show_large(m, pmd_val(entry), addr);
	else
		show_table_entry(m, pmd, addr);
}

int translate_show(struct seq_file *m, struct mm_struct *mm, unsigned long addr)
{
	/* The kernel's half is the same for all; swapper_pg_dir has it complete. */
	if (!mm || addr >= TASK_SIZE)
		mm = &init_mm;
	show_segment(m, addr < TASK_SIZE ? __USER_DS : __KERNEL_DS, addr);
	if (mm != &init_mm)
		down_read(&mm->mmap_sem);
	show_walk(m, mm, addr);
	if (mm != &init_mm)
		up_read(&mm->mmap_sem);
	return 0;
}
