/*
 * tests/kernel/mm/phys/pgalloc_test.c - page tables from quicklists.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/smp.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmstat.h>

static bool all_zero(const void *at, size_t bytes)
{
	const u32 *word = at;

	for (; bytes; bytes -= 4)
		if (*word++)
			return false;
	return true;
}

/* Directories are kept on the list: the only one, or the middle ones of user space. */
#ifdef CONFIG_X86_PAE
#define DIRECTORIES	USER_PTRS_PER_PGD
#define DIR_HITS	PMD_QUICKLIST_HITS
#define DIR_MISSES	PMD_QUICKLIST_MISSES
#else
#define DIRECTORIES	1ul
#define DIR_HITS	PGD_QUICKLIST_HITS
#define DIR_MISSES	PGD_QUICKLIST_MISSES
#endif

static bool nothing_in_user_part(pgd_t *pgd)
{
	unsigned long addr;

	for (addr = 0; addr < TASK_SIZE; addr += PMD_SIZE)
		if (!pgd_present(pgd[pgd_index(addr)]) ||
		    pmd_val(*pmd_offset(pgd + pgd_index(addr), addr)))
			return false;
	return true;
}

/* A directory: empty below, the kernel's above; freed, it is the next one handed out. */
KTEST(pgalloc, pgd_quicklist)
{
	unsigned long hits, misses;
	pgd_t *pgd, *again;

	drain_pgt_cache();
	hits = vm_event_sum(DIR_HITS);
	misses = vm_event_sum(DIR_MISSES);
	pgd = pgd_alloc(NULL);
	KASSERT(t, pgd != NULL);
	KEXPECT_EQ(t, vm_event_sum(DIR_MISSES), misses + DIRECTORIES);
	KEXPECT(t, PageTable(virt_to_page(pmd_offset(pgd, 0))));
	KEXPECT_EQ(t, __pa(pgd) & (PTRS_PER_PGD * sizeof(pgd_t) - 1), 0ul);
	KEXPECT(t, nothing_in_user_part(pgd));
	KEXPECT_EQ(t, memcmp(pgd + USER_PTRS_PER_PGD, swapper_pg_dir + USER_PTRS_PER_PGD,
			     KERNEL_PGD_PTRS * sizeof(pgd_t)), 0);
	pgd_free(NULL, pgd);
	KEXPECT_EQ(t, nr_quicklist_pages(), DIRECTORIES);
	again = pgd_alloc(NULL);
	KEXPECT_EQ(t, again, pgd);
	KEXPECT_EQ(t, vm_event_sum(DIR_HITS), hits + DIRECTORIES);
	KEXPECT(t, nothing_in_user_part(again));
	KEXPECT_EQ(t, nr_quicklist_pages(), 0ul);
	pgd_free(NULL, again);
}

/* The same for page tables, which come out all zeros although a link was kept in them. */
KTEST(pgalloc, pte_quicklist)
{
	struct page *one, *two;
	unsigned long hits;

	drain_pgt_cache();
	one = pte_alloc_one(NULL, 0);
	two = pte_alloc_one(NULL, 0);
	KASSERT(t, one && two);
	pte_free(NULL, one);
	pte_free(NULL, two);
	hits = vm_event_sum(PTE_QUICKLIST_HITS);
	KEXPECT_EQ(t, pte_alloc_one(NULL, 0), two);
	KEXPECT_EQ(t, pte_alloc_one(NULL, 0), one);
	KEXPECT_EQ(t, vm_event_sum(PTE_QUICKLIST_HITS), hits + 2);
	KEXPECT(t, all_zero(lowmem_page_address(one), PAGE_SIZE));
	KEXPECT(t, all_zero(lowmem_page_address(two), PAGE_SIZE));
	pte_free(NULL, one);
	pte_free(NULL, two);
}

/* Counted as page tables while in use, apart while kept. */
KTEST(pgalloc, counted)
{
	unsigned long tables, kept;
	struct page *page;

	drain_pgt_cache();
	tables = global_page_state(NR_PAGETABLE);
	kept = nr_quicklist_pages();
	page = pte_alloc_one(NULL, 0);
	KASSERT(t, page != NULL);
	KEXPECT_EQ(t, global_page_state(NR_PAGETABLE), tables + 1);
	pte_free(NULL, page);
	KEXPECT_EQ(t, global_page_state(NR_PAGETABLE), tables);
	KEXPECT_EQ(t, nr_quicklist_pages(), kept + 1);
	KEXPECT_EQ(t, drain_pgt_cache(), 1ul);
	KEXPECT(t, !PageTable(page));
}

/* More than fifty kept pages are too many: twenty-five stay. */
KTEST(pgalloc, trimmed)
{
	static struct page *pages[PGT_CACHE_HIGH + 10];
	unsigned int i, n;

	drain_pgt_cache();
	for (n = 0; n < PGT_CACHE_HIGH + 10; n++) {
		pages[n] = pte_alloc_one(NULL, 0);
		if (!pages[n])
			break;
	}
	KEXPECT_EQ(t, n, (unsigned int)PGT_CACHE_HIGH + 10);
	for (i = 0; i < n && i < PGT_CACHE_HIGH; i++)
		pte_free(NULL, pages[i]);
	KEXPECT_EQ(t, check_pgt_cache(), 0);
	KEXPECT_EQ(t, nr_quicklist_pages(), (unsigned long)PGT_CACHE_HIGH);
	for (; i < n; i++)
		pte_free(NULL, pages[i]);
	KEXPECT_EQ(t, check_pgt_cache(), 1);
	KEXPECT_EQ(t, nr_quicklist_pages(), (unsigned long)PGT_CACHE_LOW);
}

/* pte_alloc_map makes a missing table once, counts it, and finds it the next time. */
KTEST(pgalloc, alloc_map)
{
	static struct mm_struct mm;
	unsigned long address = 0x08048000;
	pte_t *pte, *neighbour;
	pmd_t *pmd;

	memset(&mm, 0, sizeof(mm));
	spin_lock_init(&mm.page_table_lock);
	mm.pgd = pgd_alloc(&mm);
	KASSERT(t, mm.pgd != NULL);
	pmd = pmd_alloc(&mm, pgd_offset(&mm, address), address);
	KEXPECT(t, pmd_none(*pmd));
	pte = pte_alloc_map(&mm, pmd, address);
	KEXPECT(t, pte != NULL);
	if (pte) {
		KEXPECT(t, pmd_present(*pmd) && !pmd_bad(*pmd));
		KEXPECT_EQ(t, mm.nr_ptes, 1ul);
		KEXPECT(t, pte_none(*pte));
		neighbour = pte_alloc_map(&mm, pmd, address + PAGE_SIZE);
		KEXPECT_EQ(t, neighbour, pte + 1);
		KEXPECT_EQ(t, mm.nr_ptes, 1ul);
		pte_free(&mm, pfn_to_page(pmd_pfn(*pmd)));
		pmd_clear(pmd);
	}
	pgd_free(&mm, mm.pgd);
}

static void free_one_here(void *tables)
{
	pte_free(NULL, ((struct page **)tables)[smp_processor_id()]);
}

/* The lists of all processors are emptied, not those of the one that asks only. */
KTEST(pgalloc, drain_reaches_all)
{
	struct page *tables[NR_CPUS];
	int cpu;

	drain_pgt_cache();
	for_each_online_cpu(cpu) {
		tables[cpu] = pte_alloc_one(NULL, 0);
		KASSERT(t, tables[cpu]);
	}
	on_each_cpu(free_one_here, tables);
	KEXPECT_EQ(t, nr_quicklist_pages(), (unsigned long)nr_cpus);
	KEXPECT_EQ(t, drain_pgt_cache(), (unsigned long)nr_cpus);
	KEXPECT_EQ(t, nr_quicklist_pages(), 0ul);
}
