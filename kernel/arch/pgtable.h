/*
 * kernel/arch/pgtable.h - reading and making page-table entries.
 *
 * A present entry is the hardware's:
 *
 *	31                    12 11  9  8   7   6   5   4   3   2   1   0
 *	+-----------------------+-----+---+---+---+---+---+---+---+---+---+
 *	|     frame number      | AVL | G |PS | D | A |PCD|PWT|U/S|R/W| P |
 *	+-----------------------+-----+---+---+---+---+---+---+---+---+---+
 *
 * With three levels (PAE) that is the low half of an entry of 64 bits: see
 * pgtable-3level.h, beside pgtable-2level.h.  What the two have in common is here.
 *
 * An entry with P and PROTNONE clear is ours to define.  All zeros: nothing
 * was ever mapped here.  Otherwise a swap entry: which area, and which slot.
 *
 *	31                     9  8   7  6   2   1   0
 *	+-----------------------+---+---+------+---+---+
 *	|        offset         | 0 |SD | type | 0 | 0 |
 *	+-----------------------+---+---+------+---+---+
 *
 * SD is what _PAGE_SOFT_DIRTY was; swp_entry_t, the place alone, has it clear.
 *
 * PROT_NONE keeps the frame in the table but takes P away: _PAGE_PROTNONE (the
 * G bit, which means nothing in an entry that is not present) says so, and
 * pte_present() answers yes for both.
 *
 * Vocabulary: pte_foo() asks or builds a value, ptep_foo() acts on an entry in
 * a live table.  Values are made only by mk_pte(), pfn_pte() and
 * swp_entry_to_pte(), and stored only by set_pte() and ptep_*().  After taking
 * rights away from a *present* entry, flush (<kernel/arch/tlb.h>); after
 * giving rights, or filling an empty entry, no flush is due: this processor
 * does not cache absent entries, and a stale narrower one faults and is then
 * found spurious.
 *
 * Reference: Intel SDM volume 3, sections 4.3 and 4.10.4.3.
 */
#ifndef OCTAVO_KERNEL_ARCH_PGTABLE_H
#define OCTAVO_KERNEL_ARCH_PGTABLE_H

#ifdef CONFIG_X86_PAE
#include <kernel/arch/pgtable-3level.h>
#else
#include <kernel/arch/pgtable-2level.h>
#endif
#include <lib/bitops.h>

#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))

/* Directory entries of user space, and of the kernel above them. */
#define USER_PTRS_PER_PGD	(PAGE_OFFSET >> PGDIR_SHIFT)
#define KERNEL_PGD_PTRS		(PTRS_PER_PGD - USER_PTRS_PER_PGD)
static_assert((PAGE_OFFSET & ~PGDIR_MASK) == 0, "a directory entry is user's or the kernel's");

#define _PAGE_BIT_RW		1
#define _PAGE_BIT_ACCESSED	5
#define _PAGE_BIT_DIRTY		6
#define _PAGE_PRESENT	0x001
#define _PAGE_RW	0x002
#define _PAGE_USER	0x004
#define _PAGE_PWT	0x008
#define _PAGE_PCD	0x010
#define _PAGE_ACCESSED	0x020
#define _PAGE_DIRTY	0x040
#define _PAGE_PSE	0x080	/* in a directory entry: a large page */
#define _PAGE_GLOBAL	0x100	/* survives a reload of cr3 */
#define _PAGE_PROTNONE	0x100	/* in an entry that is not present */
#define _PAGE_SPECIAL	0x200	/* software: no struct page is counted (zero page, device memory) */
#define _PAGE_SOFT_DIRTY 0x400	/* software: set with D; cleared for who asks (mm/space/pagemap.c) */
#define _PAGE_MLOCKED	0x800	/* software: counted in its page's mlock_count */

#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _KERNPG_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
/* What pte_modify() keeps: where the page is, how it is cached and what happened to it. */
#define _PAGE_CHG_MASK	(PTE_PFN_MASK | _PAGE_PWT | _PAGE_PCD | _PAGE_ACCESSED | _PAGE_DIRTY | \
			 _PAGE_SPECIAL | _PAGE_SOFT_DIRTY | _PAGE_MLOCKED)

/* Device memory: every access reaches the device, in order. */
#define pgprot_noncached(prot)	__pgprot(pgprot_val(prot) | _PAGE_PCD | _PAGE_PWT)

#define PAGE_NONE	__pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_COPY	PAGE_READONLY	/* private and writable: the first write must fault */
#define PAGE_SHARED	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)

#define PTE_FLAGS_MASK	(~PTE_PFN_MASK)

#define __PAGE_KERNEL	(_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED)
#define __page_nx	(_PAGE_NX & __supported_pte_mask)
#define PAGE_KERNEL	__pgprot(__PAGE_KERNEL | __page_nx | __default_kernel_global)
#define PAGE_KERNEL_RO	__pgprot((__PAGE_KERNEL & ~_PAGE_RW) | __page_nx | __default_kernel_global)
#define PAGE_KERNEL_EXEC __pgprot(__PAGE_KERNEL | __default_kernel_global)
#define PAGE_KERNEL_ROX	__pgprot((__PAGE_KERNEL & ~_PAGE_RW) | __default_kernel_global)
#define PAGE_KERNEL_LARGE __pgprot(pgprot_val(PAGE_KERNEL) | _PAGE_PSE)
#define PAGE_KERNEL_NOCACHE __pgprot(pgprot_val(PAGE_KERNEL) | _PAGE_PCD)
/* _PAGE_GLOBAL where the CPU has it, else 0.  [c] set by paging_init() */
extern u32 __default_kernel_global;

/* [c] the reference kernel directory; every process's upper entries copy it */
extern pgd_t swapper_pg_dir[PTRS_PER_PGD];

#define pgd_index(address)	(((unsigned long)(address) >> PGDIR_SHIFT) & (PTRS_PER_PGD - 1))
#define pte_index(address)	(((unsigned long)(address) >> PAGE_SHIFT) & (PTRS_PER_PTE - 1))
#define __pgd_offset(address)	pgd_index(address)
#define __pte_offset(address)	pte_index(address)
#define pgd_offset(mm, address)	((mm)->pgd + pgd_index(address))
#define pgd_offset_k(address)	(swapper_pg_dir + pgd_index(address))

/* The directory that this processor uses. */
#define current_pgd()		((pgd_t *)__va(read_cr3()))

static inline int pmd_none(pmd_t pmd)	 { return !pmd_val(pmd); }
static inline int pmd_present(pmd_t pmd) { return pmd_val(pmd) & _PAGE_PRESENT; }
static inline int pmd_large(pmd_t pmd)
{
	return (pmd_val(pmd) & (_PAGE_PSE | _PAGE_PRESENT)) == (_PAGE_PSE | _PAGE_PRESENT);
}
/* Not what pmd_populate() writes: a corrupted table. */
static inline int pmd_bad(pmd_t pmd)
{
	return (pmd_val(pmd) & (~(u32)PAGE_MASK & ~_PAGE_USER)) != _KERNPG_TABLE;
}

/* Page tables live in low memory, so that a walk costs no mapping. */
#define pmd_page_vaddr(pmd)		((unsigned long)__va((u32)pmd_val(pmd) & PAGE_MASK))
#define pte_offset_kernel(pmd, address) \
	((pte_t *)pmd_page_vaddr(*(pmd)) + pte_index(address))
#define pte_offset_map(pmd, address)	pte_offset_kernel(pmd, address)
#define pte_unmap(pte)			((void)(pte))

static inline int pte_present(pte_t pte)
{
	return pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE);
}
static inline int pte_write(pte_t pte)	{ return pte_val(pte) & _PAGE_RW; }
static inline int pte_dirty(pte_t pte)	{ return pte_val(pte) & _PAGE_DIRTY; }
static inline int pte_young(pte_t pte)	{ return pte_val(pte) & _PAGE_ACCESSED; }
static inline int pte_user(pte_t pte)	{ return pte_val(pte) & _PAGE_USER; }
static inline int pte_exec(pte_t pte)	{ return !(pte_val(pte) & _PAGE_NX); }
static inline int pte_mlocked(pte_t pte) { return pte_val(pte) & _PAGE_MLOCKED; }
static inline int pte_special(pte_t pte) { return pte_val(pte) & _PAGE_SPECIAL; }
static inline int pte_soft_dirty(pte_t pte) { return pte_val(pte) & _PAGE_SOFT_DIRTY; }

static inline pte_t pte_mkwrite(pte_t pte)   { return __pte(pte_val(pte) | _PAGE_RW); }
static inline pte_t pte_wrprotect(pte_t pte) { return __pte(pte_val(pte) & ~_PAGE_RW); }
static inline pte_t pte_mkdirty(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
}
static inline pte_t pte_clear_soft_dirty(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_SOFT_DIRTY);
}
static inline pte_t pte_mkclean(pte_t pte)   { return __pte(pte_val(pte) & ~_PAGE_DIRTY); }
static inline pte_t pte_mkyoung(pte_t pte)   { return __pte(pte_val(pte) | _PAGE_ACCESSED); }
static inline pte_t pte_mkold(pte_t pte)     { return __pte(pte_val(pte) & ~_PAGE_ACCESSED); }
static inline pte_t pte_mkmlocked(pte_t pte) { return __pte(pte_val(pte) | _PAGE_MLOCKED); }
static inline pte_t pte_munlock(pte_t pte)   { return __pte(pte_val(pte) & ~_PAGE_MLOCKED); }
static inline pte_t pte_mkspecial(pte_t pte) { return __pte(pte_val(pte) | _PAGE_SPECIAL); }
static inline pte_t pte_modify(pte_t pte, pgprot_t newprot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(newprot) & ~_PAGE_CHG_MASK));
}

/* New rights, the caching as it was. */
static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	return __pgprot((pgprot_val(oldprot) & (_PAGE_PWT | _PAGE_PCD)) | pgprot_val(newprot));
}

/* Atomic against the CPU, which sets A and D in a live entry at any time. */
static inline void ptep_set_wrprotect(pte_t *ptep)
{
	clear_bit(_PAGE_BIT_RW, (unsigned long *)ptep);
}
static inline int ptep_test_and_clear_young(pte_t *ptep)
{
	return test_and_clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)ptep);
}
static inline int ptep_test_and_clear_dirty(pte_t *ptep)
{
	return test_and_clear_bit(_PAGE_BIT_DIRTY, (unsigned long *)ptep);
}

#define pte_pfn(x)		((unsigned long)((pte_val(x) & PTE_PFN_MASK) >> PAGE_SHIFT))
#define pmd_pfn(x)		((unsigned long)((pmd_val(x) & PTE_PFN_MASK) >> PAGE_SHIFT))
#define pfn_pte(pfn, prot)	__pte(((pteval_t)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define pfn_pmd(pfn, prot)	__pmd(((pmdval_t)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), (prot))
#define pte_page(pte)		pfn_to_page(pte_pfn(pte))

/* A place in a swap area, and its form in a page table. */
typedef struct { unsigned long val; } swp_entry_t;
#define SWP_TYPE_SHIFT		2
#define SWP_TYPE_BITS		5
#define SWP_OFFSET_SHIFT	9
#define MAX_SWAPFILES		(1 << SWP_TYPE_BITS)
#define swp_type(x)		(((x).val >> SWP_TYPE_SHIFT) & (MAX_SWAPFILES - 1))
#define swp_offset(x)		((x).val >> SWP_OFFSET_SHIFT)
#define swp_entry(type, offset)						\
	((swp_entry_t){ (unsigned long)(type) << SWP_TYPE_SHIFT |	\
			(unsigned long)(offset) << SWP_OFFSET_SHIFT })
#define _PAGE_SWP_SOFT_DIRTY	0x080	/* software: of an entry that is a place in swap */
#define pte_to_swp_entry(pte)	\
	((swp_entry_t){ (unsigned long)pte_val(pte) & ~(unsigned long)_PAGE_SWP_SOFT_DIRTY })
#define swp_entry_to_pte(x)	__pte((x).val)
static_assert(SWP_TYPE_SHIFT + SWP_TYPE_BITS <= 7 && SWP_OFFSET_SHIFT > 8 &&
	      (_PAGE_SWP_SOFT_DIRTY & (_PAGE_PRESENT | _PAGE_PROTNONE)) == 0,
	      "a swap entry must not look present");

/* Neither empty nor present: the page is in swap. */
static inline int pte_swap(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}
static inline int pte_swp_soft_dirty(pte_t pte) { return pte_val(pte) & _PAGE_SWP_SOFT_DIRTY; }
static inline pte_t pte_swp_mksoft_dirty(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SWP_SOFT_DIRTY);
}
static inline pte_t pte_swp_clear_soft_dirty(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_SWP_SOFT_DIRTY);
}
static_assert(sizeof(pte_t) * PTRS_PER_PTE == PAGE_SIZE, "a page table is a page");

#endif
