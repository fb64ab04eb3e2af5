/*
 * mm/phys/pageattr.c - other rights for pages of the kernel.
 *
 * Theory.  W^X: what can be written is not executed, what is executed cannot be
 * written.  Then a stray store cannot change code, and bytes that an attacker
 * got the kernel to store are not instructions.  Read-only holds in ring 0 too,
 * by CR0.WP; "not executable" is a bit of entries of 8 bytes (PAE) only, and of
 * processors that have NX.
 *
 *	from paging_init() on	.text and .rodata are read-only, the image's other
 *				parts and all other memory are not executable
 *	mark_rodata_ro()	.ro_after_init too: tables and figures that the start
 *				finds out and nobody changes later
 *	free_initmem()		.init becomes memory like any other
 *
 * With rodata=off all of the image can be written and executed: for who plants
 * breakpoints by hand.
 *
 * Large pages.  The direct map is made of them, and rights are theirs as a
 * whole.  To change a part, a page table that says the same in 4K steps takes
 * the entry's place:
 *
 *	directory   [ 4M, RW ]  -->  [ table ] --> RW RW RW ro RW ... RW
 *
 * An access in between sees the one or the other, both lead to the same frame.
 * In two-level paging each address space has its own copy of the directory:
 * set_kernel_pmd() changes all.  When a change leaves a table that says one
 * thing only, the large page comes back and the table's page is freed: after
 * all processors have forgotten the way through it.
 *
 * Locking: cpa_lock, for the entries and for what is decided by them.  A page for a table is
 * allocated without it; then the entry is looked at again.
 * References: Intel SDM volume 3, sections 4.6, 4.10.2.2 and 4.10.4.
 */
#include <mm/phys/pageattr.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/spinlock.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/ptdump.h>

static DEFINE_SPINLOCK(cpa_lock);
static bool image_closed __ro_after_init;	/* mark_rodata_ro() has been */

/* A change under way. */
struct cpa {
	pteval_t set, clr;		/* flags that come and go */
	pte_t *spare;			/* an empty table for a split */
	pte_t *left;			/* the table that a join left over */
	bool large;			/* a directory entry has changed */
};

static inline pteval_t changed(const struct cpa *cpa, pteval_t entry)
{
	return (entry & ~cpa->clr) | cpa->set;
}

/* cpa->spare takes the place of the large page at @pmd. */
static void split_large_page(struct cpa *cpa, pmd_t *pmd, unsigned long addr)
{
	pgprot_t prot = __pgprot(pmd_val(*pmd) & PTE_FLAGS_MASK & ~(pteval_t)_PAGE_PSE);
	unsigned long pfn = pmd_pfn(*pmd);
	pte_t *table = cpa->spare;

	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		set_pte(table + i, pfn_pte(pfn + i, prot));
	set_kernel_pmd(addr, __pmd(__pa(table) | _KERNPG_TABLE));
	cpa->spare = NULL;
	cpa->large = true;
	direct_pages_large--;
	direct_pages_4k += PTRS_PER_PTE;
}

/* Back to a large page, if @pmd's table was made here and says nothing that one could not. */
static void join_small_pages(struct cpa *cpa, pmd_t *pmd, unsigned long addr)
{
	pte_t *table = pte_offset_kernel(pmd, addr & PMD_MASK);
	pteval_t first = pte_val(table[0]);

	if (cpa->left || !virt_addr_valid((void *)addr) || !PageTable(virt_to_page(table)))
		return;
	for (unsigned int i = 1; i < PTRS_PER_PTE; i++)
		if (pte_val(table[i]) != first + ((pteval_t)i << PAGE_SHIFT))
			return;
	set_kernel_pmd(addr, __pmd(first | _PAGE_PSE));
	cpa->left = table;
	cpa->large = true;
	direct_pages_large++;
	direct_pages_4k -= PTRS_PER_PTE;
}

/* => 0, or -EAGAIN: a split needs a table; [addr, end) lies in one slot and is mapped */
static int change_slot(struct cpa *cpa, unsigned long addr, unsigned long end)
{
	pmd_t *pmd = pmd_offset(pgd_offset_k(addr), addr);
	unsigned long at;

	if (pmd_large(*pmd)) {
		if (changed(cpa, pmd_val(*pmd)) == pmd_val(*pmd))
			return 0;
		if (end - addr == PMD_SIZE) {
			set_kernel_pmd(addr, __pmd(changed(cpa, pmd_val(*pmd))));
			cpa->large = true;
			return 0;
		}
		if (!cpa->spare)
			return -EAGAIN;
		split_large_page(cpa, pmd, addr);
	}
	for (at = addr; at != end; at += PAGE_SIZE) {
		pte_t *pte = pte_offset_kernel(pmd, at);

		set_pte(pte, __pte(changed(cpa, pte_val(*pte))));
	}
	join_small_pages(cpa, pmd, addr);
	return 0;
}

static bool is_mapped(unsigned long addr)
{
	pgd_t *pgd = pgd_offset_k(addr);
	pmd_t *pmd = pgd_present(*pgd) ? pmd_offset(pgd, addr) : NULL;

	if (!pmd || !pmd_present(*pmd))
		return false;
	return pmd_large(*pmd) || pte_val(*pte_offset_kernel(pmd, addr)) & _PAGE_PRESENT;
}

/* May these pages change so? => 0 or -errno */
static int check_request(const struct cpa *cpa, unsigned long addr, unsigned long end)
{
	if ((addr & ~PAGE_MASK) || addr < PAGE_OFFSET || end < addr)
		return -EINVAL;
	if (image_closed && (cpa->set & _PAGE_RW) && addr < (unsigned long)__rodata_end &&
	    end > (unsigned long)_stext)
		return -EPERM;
	for (; addr < end; addr += PAGE_SIZE)
		if (!is_mapped(addr))
			return -EFAULT;
	return 0;
}

/* The slots from *@addr on. => 0, *addr == end; -EAGAIN, *addr is where a table is needed */
static int change_slots(struct cpa *cpa, unsigned long *addr, unsigned long end)
{
	int err = 0;

	spin_lock(&cpa_lock);
	while (!err && *addr != end) {
		unsigned long last = min(end - 1, *addr | ~PMD_MASK);

		err = change_slot(cpa, *addr, last + 1);
		if (!err)
			*addr = last + 1;
	}
	spin_unlock(&cpa_lock);
	return err;
}

/* => as pageattr.h says of all four; what is joined beyond the first slot stays in pieces */
static int change_page_attr(unsigned long addr, int numpages, pteval_t set, pteval_t clr)
{
	struct cpa cpa = { .set = set, .clr = clr };
	unsigned long end = addr + ((unsigned long)numpages << PAGE_SHIFT), at = addr;
	int err = check_request(&cpa, addr, end);

	while (!err && (err = change_slots(&cpa, &at, end)) == -EAGAIN) {
		cpa.spare = pte_alloc_one_kernel(NULL, at);
		err = cpa.spare ? 0 : -ENOMEM;
	}
	if (cpa.large)
		flush_tlb_all();
	else
		flush_tlb_kernel_range(addr, at);
	if (cpa.spare)
		pte_free_kernel(NULL, cpa.spare);
	if (cpa.left) {
		memset(cpa.left, 0, PAGE_SIZE);
		pte_free_kernel(NULL, cpa.left);
	}
	return err;
}

int set_memory_ro(unsigned long addr, int numpages)
{
	return change_page_attr(addr, numpages, 0, _PAGE_RW);
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return change_page_attr(addr, numpages, _PAGE_RW, 0);
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return change_page_attr(addr, numpages, __supported_pte_mask & _PAGE_NX, 0);
}

int set_memory_x(unsigned long addr, int numpages)
{
	return change_page_attr(addr, numpages, 0, _PAGE_NX);
}

void mark_rodata_ro(void)
{
	unsigned long start = (unsigned long)__start_ro_after_init;

	ktest_register_checker("pgd_check", pgd_check);
	ktest_register_checker("wx_check", wx_check);
	if (!rodata_enabled) {
		pr_info("Kernel memory protection disabled.\n");
		return;
	}
	image_closed = true;
	set_memory_ro(start, (int)(((unsigned long)__end_ro_after_init - start) >> PAGE_SHIFT));
	pr_info("Write protecting kernel text and read-only data: %luk\n",
		((unsigned long)__rodata_end - (unsigned long)_stext) >> 10);
}
