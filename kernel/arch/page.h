/*
 * kernel/arch/page.h - pages, their addresses, and the types of table entries.
 *
 * Page-table entries are wrapped in structs so that the compiler refuses to
 * mix a pte with a pgd, a protection or a plain number.  (All code is built
 * with -freg-struct-return: such a struct travels in a register.)  The types
 * of the entries differ between two-level and three-level paging and live in
 * <kernel/arch/pgtable-2level.h> and -3level.h.
 *
 * __pa() and __va() translate within the direct map only: for an address in
 * the vmalloc area, in kmap or in user space a page-table walk is needed.
 *
 * Reference: Intel SDM volume 3, section 4.3.
 */
#ifndef OCTAVO_KERNEL_ARCH_PAGE_H
#define OCTAVO_KERNEL_ARCH_PAGE_H

#include <kernel/arch/memlayout.h>
#include <lib/compiler.h>
#include <lib/types.h>

/* A physical address.  Not to be cut by PAGE_MASK, which has 32 bits: ALIGN_DOWN() keeps all. */
#ifdef CONFIG_X86_PAE
typedef u64 phys_addr_t;
#else
typedef u32 phys_addr_t;
#endif

/* What we use of physical addresses ends here. */
#ifdef CONFIG_X86_PAE
#define MAX_PHYS_ADDR		((u64)1 << 36)
#else
#define MAX_PHYS_ADDR		(((u64)1 << 32) - PAGE_SIZE)
#endif

#define PAGE_ALIGN(addr)	(((addr) + PAGE_SIZE - 1) & PAGE_MASK)
#define PFN_UP(x)		((unsigned long)(((x) + PAGE_SIZE - 1) >> PAGE_SHIFT))
#define PFN_DOWN(x)		((unsigned long)((x) >> PAGE_SHIFT))
#define PFN_PHYS(pfn)		((phys_addr_t)(pfn) << PAGE_SHIFT)

#define __pa(x)			((unsigned long)(x) - PAGE_OFFSET)
#define __va(x)			((void *)((unsigned long)(x) + PAGE_OFFSET))

static inline unsigned long virt_to_phys(const volatile void *address)
{
	return __pa(address);
}

static inline void *phys_to_virt(unsigned long address)
{
	return __va(address);
}

/* Clear a page that is mapped at @page: 1025 instructions as QEMU counts them. */
static inline void clear_page(void *page)
{
	unsigned long count = PAGE_SIZE / 4;

	asm volatile("rep stosl" : "+D"(page), "+c"(count) : "a"(0) : "memory");
}

/* Copy one mapped page over another; they must not overlap. */
static inline void copy_page(void *to, const void *from)
{
	unsigned long count = PAGE_SIZE / 4;

	asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

#endif
