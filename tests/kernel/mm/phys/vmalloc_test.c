/*
 * tests/kernel/mm/phys/vmalloc_test.c - vmalloc, vmap, ioremap, and kernel stacks.
 *
 * A hole in the address space is proved by probe_kernel_read(): it touches the
 * address, and the page fault ends in the exception table.
 */
#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/tlb.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/ktest.h>
#include <kernel/core/seq_file.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/init.h>
#include <mm/phys/kstack.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

static bool mapped(const void *addr)
{
	char c;

	return probe_kernel_read(&c, addr, 1) == 0;
}

/* Every page of an area is there, the one behind it is not. */
KTEST(vmalloc, guard_page)
{
	char *a = vmalloc(3 * PAGE_SIZE), *b = vmalloc(PAGE_SIZE);
	unsigned int i;

	KASSERT(t, a && b);
	KEXPECT_EQ(t, (unsigned long)a & ~PAGE_MASK, 0ul);
	KEXPECT(t, is_vmalloc_addr(a) && is_vmalloc_addr(b));
	for (i = 0; i < 3; i++)
		KEXPECT(t, mapped(a + i * PAGE_SIZE) && mapped(a + (i + 1) * PAGE_SIZE - 1));
	KEXPECT(t, !mapped(a + 3 * PAGE_SIZE));
	KEXPECT(t, !mapped(b + PAGE_SIZE));
	KEXPECT(t, b >= a + 4 * PAGE_SIZE || a >= b + 2 * PAGE_SIZE);
	KEXPECT(t, !mapped((char *)high_memory + PAGE_SIZE));
	vfree(a);
	KEXPECT(t, !mapped(a));
	vfree(b);
}

/* The area's pages are counted and marked while it lives, and freed with it. */
KTEST(vmalloc, accounting)
{
	unsigned long before = global_page_state(NR_VMALLOC), free = nr_free_pages();
	unsigned long areas = nr_vmalloc_areas();
	char *a = vmalloc(10 * PAGE_SIZE + 1);
	struct vm_struct *area;

	KASSERT(t, a);
	KEXPECT_EQ(t, global_page_state(NR_VMALLOC), before + 11);
	KEXPECT_EQ(t, nr_vmalloc_areas(), areas + 1);
	KEXPECT(t, nr_free_pages() <= free - 11);
	KEXPECT(t, PageVmalloc(vmalloc_to_page(a + 10 * PAGE_SIZE)));
	area = find_vm_area(a + 5 * PAGE_SIZE + 7);
	KASSERT(t, area);
	KEXPECT(t, area->addr == a && area->nr_pages == 11 && area->size == 12 * PAGE_SIZE);
	vfree(a);
	KEXPECT_EQ(t, global_page_state(NR_VMALLOC), before);
	KEXPECT_EQ(t, nr_vmalloc_areas(), areas);
	KEXPECT(t, !find_vm_area(a));
	KEXPECT(t, !vmalloc_to_page(a));
}

/* More than there is: NULL at once, without reclaim and without a victim. */
KTEST(vmalloc, too_large)
{
	KEXPECT(t, !vmalloc(0));
	KEXPECT(t, !vmalloc(~0ul));
	KEXPECT(t, !vmalloc(VMALLOC_TOTAL));
	KEXPECT(t, !vmalloc((totalram_pages + 1) << PAGE_SHIFT));
	vfree(NULL);
}

KTEST(vmalloc, zeroed)
{
	unsigned int round, i;
	unsigned long *a;

	for (round = 0; round < 3; round++) {
		a = round == 0 ? vmalloc(4 * PAGE_SIZE) :
		    round == 1 ? vzalloc(4 * PAGE_SIZE) : vmalloc_user(4 * PAGE_SIZE);
		KASSERT(t, a);
		for (i = 0; round && i < PAGE_SIZE; i++)
			KASSERT_EQ(t, a[i], 0ul);
		memset(a, 0xff, 4 * PAGE_SIZE);
		vfree(a);
	}
}

/* Chosen pages appear in the chosen order, and stay the caller's. */
KTEST(vmalloc, vmap)
{
	struct page *pages[4];
	unsigned long *va;
	int i;

	for (i = 0; i < 4; i++) {
		KASSERT(t, (pages[i] = alloc_page(GFP_KERNEL)));
		*(unsigned long *)lowmem_page_address(pages[i]) = 100ul + (unsigned long)i;
	}
	swap(pages[0], pages[3]);
	swap(pages[1], pages[2]);
	KASSERT(t, (va = vmap(pages, 4, 0, PAGE_KERNEL)));
	for (i = 0; i < 4; i++) {
		KEXPECT_EQ(t, va[i * 1024], 103ul - (unsigned long)i);
		KEXPECT(t, vmalloc_to_page(va + i * 1024) == pages[i]);
	}
	va[0] = 42;
	KEXPECT_EQ(t, *(unsigned long *)lowmem_page_address(pages[0]), 42ul);
	vunmap(va);
	KEXPECT(t, !mapped(va));
	for (i = 0; i < 4; i++) {
		KEXPECT_EQ(t, page_count(pages[i]), 1);
		__free_page(pages[i]);
	}
}

/* After an area is gone, its address never shows the old page again: the TLB has forgotten. */
KTEST(vmalloc, unmap_flushes)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
	unsigned long *va, *vb;

	KASSERT(t, a && b);
	*(unsigned long *)lowmem_page_address(a) = 1;
	*(unsigned long *)lowmem_page_address(b) = 2;
	KASSERT(t, (va = vmap(&a, 1, 0, PAGE_KERNEL)));
	KEXPECT_EQ(t, READ_ONCE(*va), 1ul);
	vunmap(va);
	KASSERT(t, (vb = vmap(&b, 1, 0, PAGE_KERNEL)));
	KEXPECT(t, va == vb);
	KEXPECT_EQ(t, READ_ONCE(*vb), 2ul);
	vunmap(vb);
	__free_page(a);
	__free_page(b);
}

/* A read-only mapping is one: a write to it faults.  (probe_kernel_read cannot write: look.) */
KTEST(vmalloc, protection)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long va;
	pte_t pte;

	KASSERT(t, page);
	KASSERT(t, (va = (unsigned long)vmap(&page, 1, 0, PAGE_KERNEL_RO)));
	pte = *pte_offset_kernel(pmd_offset(pgd_offset_k(va), va), va);
	KEXPECT(t, pte_present(pte) && !pte_write(pte) && !pte_user(pte));
	vunmap((void *)va);
	__free_page(page);
}

/* Load @pgd for a moment, touch @addr. => what is there */
static unsigned long read_under(pgd_t *pgd, unsigned long *addr)
{
	unsigned long flags, old, value;

	local_irq_save(flags);
	old = read_cr3();
	load_cr3(pgd);
	value = READ_ONCE(*addr);
	write_cr3(old);
	local_irq_restore(flags);
	return value;
}

#ifdef CONFIG_X86_PAE

/* All address spaces share the kernel's middle directories: a new page table is in each at once. */
KTEST(vmalloc, shared_directories)
{
	pgd_t *pgd = pgd_alloc(NULL);
	unsigned long *a = vmalloc(PAGE_SIZE), addr = PAGE_OFFSET;

	KASSERT(t, pgd && a);
	do {
		KASSERT_EQ(t, pmd_offset(pgd + pgd_index(addr), addr),
			   pmd_offset(pgd_offset_k(addr), addr));
		addr += PMD_SIZE;
	} while (addr);
	*a = 0x0c7a50;
	KEXPECT_EQ(t, read_under(pgd, a), 0x0c7a50ul);
	KEXPECT_EQ(t, vmalloc_fault((unsigned long)a), 0);
	KEXPECT_EQ(t, vmalloc_fault((unsigned long)a + PAGE_SIZE), -1);
	vfree(a);
	pgd_free(NULL, pgd);
}

#else

/*
 * A directory that lacks the entry gets it from swapper_pg_dir at the first
 * touch, and only then; without an area there, the fault is real.
 */
KTEST(vmalloc, lazy_sync)
{
	pgd_t *pgd = (pgd_t *)__get_free_page(GFP_KERNEL), none = { 0 };
	unsigned long *a = vmalloc(PAGE_SIZE);
	unsigned int idx = pgd_index(a);
	struct page *page;

	KASSERT(t, pgd && a);
	page = vmalloc_to_page(a);
	KASSERT(t, page);
	*a = 0x0c7a50;
	__flush_tlb_one((unsigned long)a);
	memcpy(pgd, swapper_pg_dir, PAGE_SIZE);
	set_pgd(pgd + idx, none);
	KEXPECT_EQ(t, read_under(pgd, a), 0x0c7a50ul);
	KEXPECT_EQ(t, pgd_val(pgd[idx]), pgd_val(swapper_pg_dir[idx]));
	/* Two processors with one directory fault at once: the second finds the entry made. */
	KEXPECT_EQ(t, vmalloc_fault((unsigned long)a), 0);
	KEXPECT_EQ(t, vmalloc_fault((unsigned long)a + PAGE_SIZE), -1);
	KEXPECT_EQ(t, vmalloc_fault((unsigned long)high_memory - PAGE_SIZE), -1);
	KEXPECT_EQ(t, vmalloc_fault(FIXADDR_TOP), -1);
	vfree(a);
	free_page((unsigned long)pgd);
}

#endif

/* Pages that nobody else in the kernel can use without effort are taken first. */
KTEST(vmalloc, high_memory_first)
{
	unsigned int i;
	char *a;

	if (highend_pfn <= highstart_pfn) {
		ktest_skip(t, "there is no high memory: needs MEM=1024 or more");
		return;
	}
	if (nr_online_nodes > 1) {
		ktest_skip(t, "several nodes: near memory may go before high");
		return;
	}
	KASSERT(t, (a = vmalloc(8 * PAGE_SIZE)));
	for (i = 0; i < 8; i++)
		KEXPECT(t, PageHighMem(vmalloc_to_page(a + i * PAGE_SIZE)));
	vfree(a);
}

/* Device memory: the VGA text buffer shows what the direct map shows; RAM is refused. */
KTEST(vmalloc, ioremap)
{
	const phys_addr_t phys = 0xb8000, last_page = (phys_addr_t)0 - PAGE_SIZE;
	unsigned long page = __get_free_page(GFP_KERNEL), va;
	char *io = ioremap(phys + 6, 4000);
	pte_t pte;

	KASSERT(t, page && io);
	va = (unsigned long)io;
	KEXPECT_EQ(t, va & ~PAGE_MASK, 6ul);
	KEXPECT(t, !memcmp(io, (char *)__va(phys) + 6, 3000));
	pte = *pte_offset_kernel(pmd_offset(pgd_offset_k(va), va), va);
	KEXPECT_EQ(t, pte_pfn(pte), PFN_DOWN(phys));
	KEXPECT(t, pte_val(pte) & _PAGE_PCD);
	iounmap(io);
	KEXPECT(t, !mapped(io));
	KEXPECT(t, !ioremap(__pa(page), PAGE_SIZE));
	KEXPECT(t, !ioremap(last_page, 2 * PAGE_SIZE));
	KEXPECT(t, !ioremap(0xb8000, 0));
	free_page(page);
}

/* No memory for the pages: nothing stays behind. */
KTEST(vmalloc, no_memory)
{
	unsigned long every;

	for (every = 1; every <= 6; every++) {
		void *a;

		fail_alloc_set(every);
		a = __vmalloc(8 * PAGE_SIZE, GFP_ATOMIC | __GFP_NOWARN | __GFP_HIGHMEM,
			      PAGE_KERNEL);
		fail_alloc_set(0);
		KEXPECT(t, !a);
		vfree(a);
	}
	KEXPECT_EQ(t, vmalloc_check(), 0);
}

#define SLOTS	24u

/* Areas of all sizes come and go; none overlaps another, each keeps its content. */
KTEST(vmalloc, random_operations)
{
	struct { unsigned long *p, stamp; unsigned int pages; } slots[SLOTS] = { 0 }, *s;
	struct rnd_state rnd;
	unsigned int i, j;

	prandom_seed(&rnd, ktest_seed(20260403));
	for (i = 0; i < 5000; i++) {
		s = &slots[prandom_below(&rnd, SLOTS)];
		if (s->p) {
			for (j = 0; j < s->pages; j++)
				KASSERT_EQ(t, s->p[j * 1024], s->stamp + j);
			vfree(s->p);
			s->p = NULL;
		} else {
			s->pages = 1 + prandom_below(&rnd, 12);
			s->stamp = prandom_u32(&rnd);
			KASSERT(t, (s->p = vmalloc(s->pages * PAGE_SIZE)));
			for (j = 0; j < s->pages; j++)
				s->p[j * 1024] = s->stamp + j;
		}
		if (i % 500 == 0)
			KASSERT_EQ(t, vmalloc_check(), 0);
	}
	for (i = 0; i < SLOTS; i++)
		vfree(slots[i].p);
}

/* /proc/vmallocinfo: range, bytes with the guard, caller, pages, kind. */
KTEST(vmalloc, vmallocinfo)
{
	const struct proc_show *show;
	struct seq_file m = { .size = 16384 };
	char range[32], *line, *end;
	void *a = vmalloc(3 * PAGE_SIZE);

	KASSERT(t, a && (m.buf = vzalloc(m.size)));
	for (show = __start_proc_shows; strcmp(show->name, "vmallocinfo"); show++)
		KASSERT(t, show + 1 < __stop_proc_shows);
	KEXPECT_EQ(t, show->show(&m, NULL), 0);
	KASSERT(t, !seq_has_overflowed(&m));
	m.buf[m.count] = '\0';
	snprintf(range, sizeof(range), "0x%08lx-0x%08lx   16384 ", (unsigned long)a,
		 (unsigned long)a + 4 * PAGE_SIZE);
	line = strstr(m.buf, range);
	KASSERT(t, line);
	end = strchr(line, '\n');
	KASSERT(t, end);
	*end = '\0';
	KEXPECT(t, strstr(line, "ktest_vmalloc_vmallocinfo+"));
	KEXPECT(t, strstr(line, " pages=3 vmalloc"));
	vfree(m.buf);
	vfree(a);
}

/* ---- kernel stacks ---- */

/* Aligned, whole, with a hole below that knows whose it is. */
KTEST(kstack, guard)
{
	unsigned long before = global_page_state(NR_KERNEL_STACK);
	char *a = alloc_thread_stack(), *b = alloc_thread_stack();

	KASSERT(t, a && b && a != b);
	KEXPECT_EQ(t, (unsigned long)a & (THREAD_SIZE - 1), 0ul);
	memset(a, 0x11, THREAD_SIZE);
	memset(b, 0x22, THREAD_SIZE);
	KEXPECT_EQ(t, a[0], 0x11);
	KEXPECT_EQ(t, a[THREAD_SIZE - 1], 0x11);
	KEXPECT(t, !mapped(a - 1) && !mapped(a - PAGE_SIZE) && !mapped(b - 1));
	KEXPECT(t, kstack_guard_owner((unsigned long)a - 4) == a);
	KEXPECT(t, kstack_guard_owner((unsigned long)b - PAGE_SIZE) == b);
	KEXPECT(t, !kstack_guard_owner((unsigned long)a));
	KEXPECT(t, !kstack_guard_owner((unsigned long)swapper_pg_dir));
	KEXPECT(t, PageKstack(vmalloc_to_page(a)) && PageKstack(vmalloc_to_page(a + PAGE_SIZE)));
	KEXPECT(t, global_page_state(NR_KERNEL_STACK) >= before + 2);
	free_thread_stack(a);
	free_thread_stack(b);
}

/* Freed stacks are kept for the next fork, hot ones first, and given back when asked. */
KTEST(kstack, kept_stacks)
{
	unsigned long before;
	void *stacks[KSTACK_CACHE + 2], *hot;
	unsigned int i;

	kstack_drain();
	before = global_page_state(NR_KERNEL_STACK);
	for (i = 0; i < ARRAY_SIZE(stacks); i++)
		KASSERT(t, (stacks[i] = alloc_thread_stack()));
	for (i = 0; i < ARRAY_SIZE(stacks); i++)
		free_thread_stack(stacks[i]);
	KEXPECT_EQ(t, global_page_state(NR_KERNEL_STACK), before + 2 * KSTACK_CACHE);
	KEXPECT(t, mapped(stacks[KSTACK_CACHE - 1]) && !mapped(stacks[KSTACK_CACHE]));
	hot = alloc_thread_stack();
	KEXPECT(t, hot == stacks[KSTACK_CACHE - 1]);
	free_thread_stack(hot);
	KEXPECT_EQ(t, kstack_drain(), 2ul * KSTACK_CACHE);
	KEXPECT_EQ(t, global_page_state(NR_KERNEL_STACK), before);
	KEXPECT(t, !mapped(stacks[0]));
}

/* The tables of the whole range stand in swapper_pg_dir: a stack needs no lazy sync. */
KTEST(kstack, tables_from_boot)
{
	unsigned long addr;

	KEXPECT_EQ(t, kstack_area_start() % PMD_SIZE, 0ul);
	KEXPECT(t, VMALLOC_END < kstack_area_start());
	for (addr = kstack_area_start(); addr < PKMAP_BASE; addr += PMD_SIZE)
		KEXPECT(t, pmd_present(*pmd_offset(pgd_offset_k(addr), addr)));
	KEXPECT(t, kstack_max() >= 128);
}
