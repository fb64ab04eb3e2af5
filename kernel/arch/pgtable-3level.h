/*
 * kernel/arch/pgtable-3level.h - the entries of three-level (PAE) paging.
 *
 *	31 30 29      21 20        12 11          0
 *	+----+----------+------------+-------------+
 *	|top |  middle  |   table    |   offset    |	0xC1234567 = 3, 0x009, 0x034, 0x567
 *	+----+----------+------------+-------------+
 *
 * Entries have 8 bytes, for frames above 4G and the bit NX; so a page holds half
 * as many, a page table maps 2M, and a third level is needed.  It has four entries
 * only, which the processor *copies into registers when cr3 is loaded* and never
 * looks at again.  So an entry of the top level must be there before its address
 * space runs: pgd_alloc() makes all middle directories of user space with it.
 * Those of the kernel are one set, shared by all: a page table that vmalloc()
 * adds is in every address space at once.
 *
 *	63  62     52 51            32 31             12 11        0
 *	+--+---------+----------------+-----------------+-----------+
 *	|NX|    0    |        frame number              |  as in two levels
 *	+--+---------+----------------+-----------------+-----------+
 *	 pte_high                      pte_low
 *
 * An entry of the top level has no rights of its own: P and the frame, nothing else.
 *
 * Two halves.  The processor reads an entry in one step, we write it in two.  What
 * keeps it from reading half an entry: all that makes an entry live is in the low
 * half, so the high half is written first when an entry becomes present and
 * cleared last when it goes.  An entry whose low half is zero is empty; whoever
 * reads without the lock reads the low half twice (ptep_get_lockless).
 *
 *	set_pte			another processor	ptep_get_and_clear
 *	high = frame				xchg low, 0
 *			low is 0: not there	high: taken, 0
 *	low = P, frame
 *			all of it is there
 *
 * So an entry that is present may get other rights by set_pte(), but never another
 * frame: it is taken first.
 *
 * The same in two levels, name by name: pgtable-2level.h.
 * Reference: Intel SDM volume 3, section 4.4, figures 4-5 and 4-7.
 */
#ifndef OCTAVO_KERNEL_ARCH_PGTABLE_3LEVEL_H
#define OCTAVO_KERNEL_ARCH_PGTABLE_3LEVEL_H

#include <kernel/arch/page.h>

typedef u64 pteval_t;
typedef u64 pmdval_t;
typedef u64 pgdval_t;
typedef u64 pgprotval_t;

typedef union {
	struct { u32 pte_low, pte_high; };
	pteval_t pte;
} pte_t;
typedef struct { pgdval_t pgd; } pgd_t;
typedef struct { pmdval_t pmd; } pmd_t;
typedef struct { pgprotval_t pgprot; } pgprot_t;

#define PGDIR_SHIFT	30
#define PMD_SHIFT	21
#define PTRS_PER_PGD	4
#define PTRS_PER_PMD	512
#define PTRS_PER_PTE	512

#define PTE_PFN_MASK	((pteval_t)0x000ffffffffff000)	/* where an entry keeps the frame */
#define _PAGE_NX	((pteval_t)1 << 63)
/* [c] all bits, but NX only where the CPU has it; else it is reserved.  x86_configure_nx() */
extern pteval_t __supported_pte_mask;
#define PTE_FMT		"%016llx"		/* to print an entry of any level */

/* One set of the kernel's middle directories is in all address spaces. */
#define SHARED_KERNEL_PMD 1

#define pte_val(x)	((x).pte)
#define pgd_val(x)	((x).pgd)
#define pmd_val(x)	((x).pmd)
#define pgprot_val(x)	((x).pgprot)
#define __pte(x)	((pte_t){ .pte = (x) })
#define __pgd(x)	((pgd_t){ (x) })
#define __pmd(x)	((pmd_t){ (x) })
#define __pgprot(x)	((pgprot_t){ (x) })

static inline int pgd_none(pgd_t pgd)		{ return !(u32)pgd.pgd; }
static inline int pgd_bad(pgd_t pgd)		{ return ((u32)pgd.pgd & ~(u32)PAGE_MASK) != 1; }
static inline int pgd_present(pgd_t pgd)	{ return (u32)pgd.pgd & 1; }

#define pmd_index(address)	(((unsigned long)(address) >> PMD_SHIFT) & (PTRS_PER_PMD - 1))

/* => pgd_present(*dir); tables lie below 4G, so the low half names them */
static inline pmd_t *pmd_offset(pgd_t *dir, unsigned long address)
{
	return (pmd_t *)__va((u32)dir->pgd & PAGE_MASK) + pmd_index(address);
}

/* Make an entry, or give it other rights: never another frame. */
static inline void set_64bit(volatile u32 *half, u64 value)
{
	half[1] = (u32)(value >> 32);
	half[0] = (u32)value;
}

static inline void clear_64bit(volatile u32 *half)
{
	half[0] = 0;
	half[1] = 0;
}

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	set_64bit(&ptep->pte_low, pte.pte);
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	set_64bit((u32 *)&pmdp->pmd, pmd.pmd);
}

/* => takes effect when cr3 is loaded */
static inline void set_pgd(pgd_t *pgdp, pgd_t pgd)
{
	set_64bit((u32 *)&pgdp->pgd, pgd.pgd);
}

static inline void pte_clear(pte_t *ptep)
{
	clear_64bit(&ptep->pte_low);
}

static inline void pmd_clear(pmd_t *pmdp)
{
	clear_64bit((u32 *)&pmdp->pmd);
}

/*
 * Take the entry and leave nothing.  A and D, which the CPU may set at any time, are in the
 * low half: it is taken in one step.  Of an entry that is not present the CPU wants nothing.
 */
static inline pte_t ptep_get_and_clear(pte_t *ptep)
{
	pte_t old = __pte(0);

	asm volatile("xchgl %0, %1" : "+r"(old.pte_low), "+m"(ptep->pte_low) : : "memory");
	old.pte_high = ptep->pte_high;
	ptep->pte_high = 0;
	return old;
}

/*
 * The entry as somebody without page_table_lock sees it: both halves of the same one, as far
 * as can be told.  An entry taken and made again meanwhile may deceive us, and is found out
 * by pte_same() under the lock.
 */
static inline pte_t ptep_get_lockless(const pte_t *ptep)
{
	pte_t pte;

	do {
		pte.pte_low = READ_ONCE(ptep->pte_low);
		pte.pte_high = READ_ONCE(ptep->pte_high);
	} while (unlikely(pte.pte_low != READ_ONCE(ptep->pte_low)));
	return pte;
}

#define pte_none(x)		(!(x).pte_low)

#endif
