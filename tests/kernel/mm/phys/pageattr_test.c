/*
 * tests/kernel/mm/phys/pageattr_test.c - rights of kernel pages: changed, kept, checked.
 *
 * That a page cannot be written is proved by writing: probe_kernel_write() survives the fault.
 */
#include <kernel/arch/desc.h>
#include <kernel/arch/pgtable.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/tlb.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/ktest.h>
#include <kernel/core/smp.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pageattr.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/ptdump.h>
#include <mm/phys/vmalloc.h>

#define TRIES	64	/* pages, until one lies in a large page */

static pmd_t *kernel_pmd(unsigned long addr)
{
	return pmd_offset(pgd_offset_k(addr), addr);
}

/* Can ring 0 write there?  What it writes is what was there. */
static bool writable(unsigned long addr)
{
	u32 word;

	return !probe_kernel_read(&word, (void *)addr, 4) &&
	       !probe_kernel_write((void *)addr, &word, 4);
}

/* A page in the middle of a large page of the direct map, or NULL: there is none. */
static struct page *page_in_large(void)
{
	struct page *pages[TRIES], *found = NULL;
	unsigned int n = 0;

	while (n < TRIES && !found && (pages[n] = alloc_page(GFP_KERNEL))) {
		unsigned long addr = (unsigned long)lowmem_page_address(pages[n]);

		if (pmd_large(*kernel_pmd(addr)) && pte_index(addr) > 0 &&
		    pte_index(addr) < PTRS_PER_PTE - 1)
			found = pages[n];
		else
			n++;
	}
	while (n--)
		__free_page(pages[n]);
	return found;
}

/* Code, constants and what the start has found out cannot be written; data beside them can. */
KTEST(pageattr, image)
{
	unsigned long addr;

	KEXPECT(t, rodata_enabled);
	for (addr = (unsigned long)_stext; addr < (unsigned long)__rodata_end; addr += PAGE_SIZE)
		KASSERT(t, !writable(addr));
	for (addr = (unsigned long)_sdata; addr < (unsigned long)_edata; addr += PAGE_SIZE)
		KASSERT(t, writable(addr));
	KEXPECT(t, !writable((unsigned long)_sinittext) && writable((unsigned long)_einittext));
	KEXPECT(t, !writable((unsigned long)&ktest_pageattr_image));
	KEXPECT(t, !writable((unsigned long)idt_table) && !writable((unsigned long)&boot_cpu_data));
	KEXPECT(t, writable((unsigned long)&addr));
}

/* One page of a large one becomes read-only, its neighbours do not; given back, all is as before. */
KTEST(pageattr, split_and_join)
{
	unsigned long small = direct_pages_4k, large = direct_pages_large, addr, at;
	struct page *page = page_in_large();
	pmd_t before;

	if (!page) {
		ktest_skip(t, "no large pages");
		return;
	}
	addr = (unsigned long)lowmem_page_address(page);
	before = *kernel_pmd(addr);
	*(u32 *)addr = 0x600d;

	KEXPECT_EQ(t, set_memory_ro(addr, 1), 0);
	KEXPECT(t, !pmd_large(*kernel_pmd(addr)));
	KEXPECT_EQ(t, direct_pages_large, large - 1);
	KEXPECT_EQ(t, direct_pages_4k, small + PTRS_PER_PTE);
	KEXPECT_EQ(t, *(u32 *)addr, 0x600du);
	for (at = addr & PMD_MASK; at < (addr | ~PMD_MASK); at += PAGE_SIZE) {
		pte_t pte = *pte_offset_kernel(kernel_pmd(at), at);

		KASSERT_EQ(t, pte_pfn(pte), PFN_DOWN(__pa(at)));
		KASSERT_EQ(t, (pte_val(pte) ^ pmd_val(before)) & PTE_FLAGS_MASK,
			   (pteval_t)(_PAGE_PSE | (at == addr ? _PAGE_RW : 0)));
	}
	KEXPECT(t, !writable(addr) && writable(addr - PAGE_SIZE) && writable(addr + PAGE_SIZE));
	KEXPECT_EQ(t, pgd_check(), 0);
	KEXPECT_EQ(t, wx_check(), 0);

	KEXPECT_EQ(t, set_memory_rw(addr, 1), 0);
	KEXPECT(t, writable(addr));
	KEXPECT_EQ(t, pmd_val(*kernel_pmd(addr)), pmd_val(before));
	KEXPECT_EQ(t, direct_pages_large, large);
	KEXPECT_EQ(t, direct_pages_4k, small);
	__free_page(page);
}

/* An address space made before the split knows of it, one made during it too. */
KTEST(pageattr, every_directory)
{
	struct page *page = page_in_large();
	pgd_t *old = pgd_alloc(NULL), *new;
	unsigned long addr;

	KASSERT(t, old);
	if (!page) {
		pgd_free(NULL, old);
		ktest_skip(t, "no large pages");
		return;
	}
	addr = (unsigned long)lowmem_page_address(page);
	KEXPECT_EQ(t, set_memory_ro(addr, 1), 0);
	drain_pgt_cache();
	KASSERT(t, (new = pgd_alloc(NULL)));
	KEXPECT(t, !pmd_large(*pmd_offset(old + pgd_index(addr), addr)));
	KEXPECT(t, !pmd_large(*pmd_offset(new + pgd_index(addr), addr)));
	KEXPECT_EQ(t, set_memory_rw(addr, 1), 0);
	KEXPECT(t, pmd_large(*pmd_offset(old + pgd_index(addr), addr)));
	KEXPECT(t, pmd_large(*pmd_offset(new + pgd_index(addr), addr)));
	pgd_free(NULL, old);
	pgd_free(NULL, new);
	__free_page(page);
}

/* All of a large page changes without being cut up; a part does, and joins the others again. */
KTEST(pageattr, whole_and_part)
{
	unsigned long large = direct_pages_large, addr, last;
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER - 1);
	const int pages = 1 << (MAX_ORDER - 1);

	if (!block) {
		ktest_skip(t, "no block of the largest order");
		return;
	}
	addr = (unsigned long)lowmem_page_address(block);
	last = addr + (unsigned long)(pages - 1) * PAGE_SIZE;
	KEXPECT_EQ(t, set_memory_ro(addr, pages), 0);
	KEXPECT_EQ(t, direct_pages_large, large);
	KEXPECT(t, !writable(addr) && !writable(last));
	KEXPECT_EQ(t, set_memory_rw(addr + PAGE_SIZE, pages - 2), 0);
	KEXPECT(t, !writable(addr) && writable(addr + PAGE_SIZE) && !writable(last));
	KEXPECT_EQ(t, set_memory_rw(last, 1), 0);
	KEXPECT_EQ(t, set_memory_rw(addr, 1), 0);
	KEXPECT(t, writable(addr) && writable(last));
	KEXPECT_EQ(t, direct_pages_large, large);
	__free_pages(block, MAX_ORDER - 1);
}

/* What is no page of the kernel's, not mapped, or its own code is refused; nothing changes. */
KTEST(pageattr, refused)
{
	unsigned long text = (unsigned long)_stext, end = (unsigned long)high_memory;

	KEXPECT_EQ(t, set_memory_ro((unsigned long)_sdata + 1, 1), -EINVAL);
	KEXPECT_EQ(t, set_memory_ro(PAGE_OFFSET - PAGE_SIZE, 1), -EINVAL);
	KEXPECT_EQ(t, set_memory_ro(end, -1), -EINVAL);
	KEXPECT_EQ(t, set_memory_ro(end - PAGE_SIZE, 2), -EFAULT);
	KEXPECT_EQ(t, set_memory_ro(0xfffff000, 1), -EINVAL);
	KEXPECT_EQ(t, set_memory_rw(text, 1), -EPERM);
	KEXPECT_EQ(t, set_memory_rw((unsigned long)__rodata_end - PAGE_SIZE, 1), -EPERM);
	KEXPECT_EQ(t, set_memory_rw(text - PAGE_SIZE, 2), -EPERM);
	KEXPECT_EQ(t, set_memory_rw(end - PAGE_SIZE, 0), 0);
	KEXPECT(t, !writable(text) && writable(end - PAGE_SIZE));
}

/* A page of a vmalloc area; the frame's other name keeps its rights. */
KTEST(pageattr, vmalloc_area)
{
	u32 *area = vmalloc(3 * PAGE_SIZE);
	unsigned long addr = (unsigned long)area;

	KASSERT(t, area);
	memset(area, 0, 3 * PAGE_SIZE);
	KEXPECT_EQ(t, set_memory_ro(addr + PAGE_SIZE, 1), 0);
	KEXPECT(t, writable(addr) && !writable(addr + PAGE_SIZE) && writable(addr + 2 * PAGE_SIZE));
	KEXPECT_EQ(t, set_memory_ro(addr, 4), -EFAULT);
	KEXPECT_EQ(t, set_memory_rw(addr, 3), 0);
	KEXPECT(t, writable(addr + PAGE_SIZE));
	vfree(area);
}

/* mov $42, %eax; ret */
static const u8 code_bytes[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

/*
 * Calls a page of its own; the fault that its first byte may bring ends here.  Not inline: that
 * byte has one line in __ex_table.
 * => what it said, or -EFAULT
 */
static noinline int try_run(void)
{
	int answer;

	asm volatile("	call	pageattr_code_page\n"
		     "1:\n"
		     ".pushsection .fixup, \"ax\"\n"
		     "2:	popl	%%ecx\n"		/* where the call would have returned to */
		     "	movl	%1, %%eax\n"
		     "	jmp	1b\n"
		     ".popsection\n"
		     _ASM_EXTABLE(pageattr_code_page, 2b)
		     : "=a"(answer) : "i"(-EFAULT) : "ecx", "edx", "cc", "memory");
	return answer;
}

asm(".pushsection .data..page_aligned, \"aw\"\n"
    ".p2align 12\n"
    "pageattr_code_page: .fill 4096, 1, 0xcc\n"
    ".popsection\n");
extern u8 pageattr_code_page[];

/* Data cannot be executed where the processor can tell; made code, it can, and cannot be written. */
KTEST(pageattr, not_executable)
{
	const int data = __page_nx ? -EFAULT : 42;
	unsigned long addr = (unsigned long)pageattr_code_page;

	memcpy(pageattr_code_page, code_bytes, sizeof(code_bytes));
	KEXPECT_EQ(t, try_run(), data);
	KEXPECT_EQ(t, set_memory_ro(addr, 1), 0);
	KEXPECT_EQ(t, try_run(), data);
	KEXPECT_EQ(t, set_memory_x(addr, 1), 0);
	KEXPECT_EQ(t, try_run(), 42);
	KEXPECT(t, !writable(addr));
	KEXPECT_EQ(t, wx_check(), 0);
	KEXPECT_EQ(t, set_memory_rw(addr, 1), 0);
	KEXPECT_EQ(t, wx_check(), __page_nx ? 1 : 0);
	KEXPECT_EQ(t, set_memory_nx(addr, 1), 0);
	KEXPECT_EQ(t, try_run(), data);
	KEXPECT_EQ(t, wx_check(), 0);
}

/* What a large page forbade its pieces forbid; what is code is so at its own address only. */
KTEST(pageattr, pieces_keep_nx)
{
	struct page *page = page_in_large();
	unsigned long addr;

	if (!page || !__page_nx) {
		if (page)
			__free_page(page);
		ktest_skip(t, "no large pages, or no NX");
		return;
	}
	addr = (unsigned long)lowmem_page_address(page);
	KEXPECT(t, pmd_val(*kernel_pmd(addr)) & _PAGE_NX);
	KEXPECT_EQ(t, set_memory_ro(addr, 1), 0);
	KEXPECT(t, !pte_exec(*pte_offset_kernel(kernel_pmd(addr), addr)));
	KEXPECT_EQ(t, wx_check(), 0);
	KEXPECT_EQ(t, set_memory_x(addr, 1), 0);
	KEXPECT(t, pte_exec(*pte_offset_kernel(kernel_pmd(addr), addr)));
	KEXPECT_EQ(t, wx_check(), 0);
	KEXPECT_EQ(t, set_memory_nx(addr, 1), 0);
	KEXPECT_EQ(t, set_memory_rw(addr, 1), 0);
	KEXPECT(t, pmd_large(*kernel_pmd(addr)) && pmd_val(*kernel_pmd(addr)) & _PAGE_NX);
	__free_page(page);
}

struct everywhere {
	unsigned long addr;
	atomic_t can;
};

static void count_writable(void *info)
{
	struct everywhere *e = info;

	atomic_add(writable(e->addr), &e->can);
}

/* No processor remembers the old rights: each has written before, none can after. */
KTEST(pageattr, all_processors_forget)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct everywhere e = { .can = ATOMIC_INIT(0) };

	KASSERT(t, page);
	e.addr = (unsigned long)lowmem_page_address(page);
	on_each_cpu(count_writable, &e);
	KEXPECT_EQ(t, atomic_read(&e.can), nr_cpus);
	KEXPECT_EQ(t, set_memory_ro(e.addr, 1), 0);
	atomic_set(&e.can, 0);
	on_each_cpu(count_writable, &e);
	KEXPECT_EQ(t, atomic_read(&e.can), 0);
	KEXPECT_EQ(t, set_memory_rw(e.addr, 1), 0);
	on_each_cpu(count_writable, &e);
	KEXPECT_EQ(t, atomic_read(&e.can), nr_cpus);
	__free_page(page);
}

/* The checker sees code that can be written, at its address or by another name. */
KTEST(wx, planted)
{
	unsigned long addr = (unsigned long)_stext;
	pte_t *pte = pte_offset_kernel(kernel_pmd(addr), addr), right = *pte;
	struct page *page = virt_to_page(addr);
	void *alias;

	KEXPECT_EQ(t, wx_check(), 0);
	set_pte(pte, pte_mkwrite(right));
	KEXPECT_EQ(t, wx_check(), 1);
	set_pte(pte, right);
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
	KASSERT(t, (alias = vmap(&page, 1, 0, PAGE_KERNEL)));
	KEXPECT_EQ(t, wx_check(), 1);
	vunmap(alias);
	KASSERT(t, (alias = vmap(&page, 1, 0, PAGE_KERNEL_RO)));
	KEXPECT_EQ(t, wx_check(), 0);
	vunmap(alias);
}

/* The text: every address once, in order, headlines where the areas begin, code read-only. */
KTEST(wx, page_tables_as_text)
{
	struct seq_file m = { .size = 4 * PAGE_SIZE };
	char line[64];

	KASSERT(t, (m.buf = vmalloc(m.size)));
	KEXPECT_EQ(t, ptdump_show_kernel(&m), 0);
	KASSERT(t, !seq_has_overflowed(&m));
	m.buf[m.count] = 0;
	snprintf(line, sizeof(line), "-0x%08lx ", (unsigned long)_stext);
	KEXPECT(t, strstr(m.buf, "---[ Kernel Mapping ]---\n0x"));
	KEXPECT(t, strstr(m.buf, line));
	snprintf(line, sizeof(line), "\n0x%08lx-", (unsigned long)_stext);
	KASSERT(t, strstr(m.buf, line));
	KEXPECT(t, memcmp(strstr(m.buf, line) + 34, "    ro ", 7) == 0);
	snprintf(line, sizeof(line), "---[ Hole ]---\n0x%08lx-", (unsigned long)high_memory);
	KEXPECT(t, strstr(m.buf, line));
	KEXPECT(t, strstr(m.buf, "-0x00000000 "));
	vfree(m.buf);
}
