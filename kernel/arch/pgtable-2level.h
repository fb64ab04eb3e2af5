/*
 * kernel/arch/pgtable-2level.h - the entries of two-level (non-PAE) paging.
 *
 *	31        22 21        12 11          0
 *	+-----------+------------+-------------+
 *	| directory |   table    |   offset    |	0xC1234567 = 0x304, 0x234, 0x567
 *	+-----------+------------+-------------+
 *
 * cr3 holds the frame of the page directory: 1024 entries of 4 bytes, each of
 * which names a page table of 1024 entries, each of which names a frame.  An
 * entry of the directory with PSE set maps 4M directly.
 *
 * The generic code walks pgd -> pmd -> pte.  Here the middle directory is
 * folded away: a pmd *is* the pgd entry, pmd_offset() costs nothing, and
 * pgd_none() and pgd_present() are constants.
 *
 * There is no bit that forbids to execute, so _PAGE_NX is no bit at all.
 *
 * The same in three levels, name by name: pgtable-3level.h.
 * Reference: Intel SDM volume 3, section 4.3, figure 4-4.
 */
#ifndef OCTAVO_KERNEL_ARCH_PGTABLE_2LEVEL_H
#define OCTAVO_KERNEL_ARCH_PGTABLE_2LEVEL_H

#include <kernel/arch/page.h>

typedef u32 pteval_t;
typedef u32 pmdval_t;
typedef u32 pgdval_t;
typedef u32 pgprotval_t;

typedef struct { pteval_t pte; } pte_t;
typedef struct { pgdval_t pgd; } pgd_t;
typedef struct { pgd_t pgd; } pmd_t;
typedef struct { pgprotval_t pgprot; } pgprot_t;

#define PGDIR_SHIFT	22
#define PMD_SHIFT	PGDIR_SHIFT
#define PTRS_PER_PGD	1024
#define PTRS_PER_PMD	1
#define PTRS_PER_PTE	1024

#define PTE_PFN_MASK	((pteval_t)PAGE_MASK)	/* where an entry keeps the frame */
#define _PAGE_NX	((pteval_t)0)
#define __supported_pte_mask (~(pteval_t)0)
#define PTE_FMT		"%08x"			/* to print an entry of any level */

/* Each directory has its own copy of the kernel's upper entries. */
#define SHARED_KERNEL_PMD 0

#define pte_val(x)	((x).pte)
#define pgd_val(x)	((x).pgd)
#define pmd_val(x)	((x).pgd.pgd)
#define pgprot_val(x)	((x).pgprot)
#define __pte(x)	((pte_t){ (x) })
#define __pgd(x)	((pgd_t){ (x) })
#define __pmd(x)	((pmd_t){ { (x) } })
#define __pgprot(x)	((pgprot_t){ (x) })

static inline int pgd_none(pgd_t pgd)		{ (void)pgd; return 0; }
static inline int pgd_bad(pgd_t pgd)		{ (void)pgd; return 0; }
static inline int pgd_present(pgd_t pgd)	{ (void)pgd; return 1; }

#define pmd_index(address)	0UL

static inline pmd_t *pmd_offset(pgd_t *dir, unsigned long address)
{
	(void)address;
	return (pmd_t *)dir;
}

/* Aligned 32-bit stores are atomic: the CPU sees the old entry or the new. */
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	*(volatile u32 *)&ptep->pte = pte.pte;
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	*(volatile u32 *)&pmdp->pgd.pgd = pmd.pgd.pgd;
}

static inline void set_pgd(pgd_t *pgdp, pgd_t pgd)
{
	*(volatile u32 *)&pgdp->pgd = pgd.pgd;
}

static inline void pte_clear(pte_t *ptep)
{
	set_pte(ptep, __pte(0));
}

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

/* Take the entry and leave nothing, in one step that no CPU can come between. */
static inline pte_t ptep_get_and_clear(pte_t *ptep)
{
	u32 old = 0;

	asm volatile("xchgl %0, %1" : "+r"(old), "+m"(ptep->pte) : : "memory");
	return __pte(old);
}

/* The entry as somebody without page_table_lock sees it. */
static inline pte_t ptep_get_lockless(const pte_t *ptep)
{
	return READ_ONCE(*ptep);
}

#define pte_none(x)		(!pte_val(x))

#endif
