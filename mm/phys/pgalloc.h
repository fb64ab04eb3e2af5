/*
 * mm/phys/pgalloc.h - getting and giving back the pages of page tables.
 *
 * Every table is one page of low memory, marked PG_table and counted in
 * NR_PAGETABLE.  Freed ones stay on a per-CPU quicklist, where the next fork
 * finds them; see pgalloc.c.  A freed pte page must be all zeros (zap and
 * free_pgtables leave it so), and a pgd's user part too: they come back out as
 * they went in.
 *
 * Three levels (PAE): the top table is four entries of 8 bytes, not a page, and
 * comes from a cache of its own; all middle directories of user space are made
 * and freed with it, because the processor reads its entries only when it loads
 * cr3.  The kernel's middle directories are swapper_pmd, for ever, for everybody.
 *
 *	pgd_alloc(mm) / pgd_free(mm, pgd)
 *	pte_alloc_map(mm, pmd, addr)	the table's entry, table made if missing
 *	pte_alloc_kernel(pmd, addr)	the same in swapper_pg_dir
 *	pte_alloc_one(mm, addr) / pte_free(mm, page), pmd_populate(mm, pmd, page)
 */
#ifndef OCTAVO_MM_PHYS_PGALLOC_H
#define OCTAVO_MM_PHYS_PGALLOC_H

#include <kernel/arch/pgtable.h>
#include <mm/types/mm_types.h>

/* When more than high pages are kept, check_pgt_cache() frees down to low. */
#define PGT_CACHE_LOW	25
#define PGT_CACHE_HIGH	50

/* Boot: after kmem_cache_init(). */
void pgtable_cache_init(void);

/* A directory whose upper part is the kernel's. => may sleep; NULL: no memory */
pgd_t *pgd_alloc(struct mm_struct *mm);
/* => user part all zeros */
void pgd_free(struct mm_struct *mm, pgd_t *pgd);

/* A page table, all zeros. => may sleep; NULL: no memory */
struct page *pte_alloc_one(struct mm_struct *mm, unsigned long address);
pte_t *pte_alloc_one_kernel(struct mm_struct *mm, unsigned long address);
/* => all zeros, in no directory any more */
void pte_free(struct mm_struct *mm, struct page *pte);
void pte_free_kernel(struct mm_struct *mm, pte_t *pte);

/* The middle directory is always there: the top one's entry, or made with the pgd. */
static inline pmd_t *pmd_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address)
{
	(void)mm;
	return pmd_offset(pgd, address);
}

static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmd, struct page *pte)
{
	(void)mm;
	set_pmd(pmd, __pmd(page_to_phys(pte) | _PAGE_TABLE));
}
static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmd, pte_t *pte)
{
	(void)mm;
	set_pmd(pmd, __pmd(__pa(pte) | _KERNPG_TABLE));
}

/*
 * Put a page table under an empty @pmd, unless somebody else was faster.
 * => may sleep, page_table_lock not held; 0 or -ENOMEM; mm->nr_ptes counts it
 */
int __pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long address);
int __pte_alloc_kernel(pmd_t *pmd, unsigned long address);

/* => the entry, or NULL: no memory */
static inline pte_t *pte_alloc_map(struct mm_struct *mm, pmd_t *pmd, unsigned long address)
{
	if (unlikely(!pmd_present(*pmd)) && __pte_alloc(mm, pmd, address))
		return NULL;
	return pte_offset_map(pmd, address);
}
/* => may sleep; any kernel address above the direct map */
static inline pte_t *pte_alloc_kernel(pmd_t *pmd, unsigned long address)
{
	if (unlikely(!pmd_present(*pmd)) && __pte_alloc_kernel(pmd, address))
		return NULL;
	return pte_offset_kernel(pmd, address);
}

/*
 * Replace the middle entry of a direct-map address, in every directory.
 * => any context; flush_tlb_all() is the caller's
 */
void set_kernel_pmd(unsigned long address, pmd_t pmd);
/* Do all directories agree about the kernel? => 0, or how many entries do not, printed */
int pgd_check(void);

/* Trim this CPU's quicklists. => process context; true if pages were freed */
int check_pgt_cache(void);
/* Empty those of all CPUs. => interrupts on, no locks; pages freed */
unsigned long drain_pgt_cache(void);
/* Pages on all quicklists. */
unsigned long nr_quicklist_pages(void);

#endif
