/*
 * kernel/arch/memlayout.h - where everything lives, for C and for assembly.
 *
 * The kernel owns the linear addresses from PAGE_OFFSET to the top.  With the
 * default split of 3G/1G and more than 896M of RAM the picture is
 *
 *	0xC0000000  direct map: physical 0 .. 896M at PAGE_OFFSET + physical
 *	high_memory ................................................. 0xF8000000
 *	            8M hole: catches a pointer that runs off the direct map
 *	VMALLOC_START  vmalloc area, one unmapped page after every vm_struct
 *	VMALLOC_END
 *	PKMAP_BASE  kmap: one page table, 1024 windows onto high memory (PAE: 512)
 *	            guard
 *	FIXADDR_START .. FIXADDR_TOP  fixmap: named, compile-time addresses
 *	0xFFFFF000  the last page is never mapped, so that a pointer that is a
 *	            negative errno (see lib/err.h) faults at any offset
 *
 * VMALLOC_START follows high_memory, so a machine with less RAM has a larger
 * vmalloc area; VMALLOC_RESERVE is what even the largest machine keeps.  That
 * reserve, and not anything to do with swapping, is why the direct map ends
 * at 896M: 1G - 128M.
 *
 * References: Intel SDM volume 3, section 4.3 (32-bit paging).
 */
#ifndef OCTAVO_KERNEL_ARCH_MEMLAYOUT_H
#define OCTAVO_KERNEL_ARCH_MEMLAYOUT_H

#define PAGE_SHIFT	12
#ifdef __ASSEMBLER__
#define PAGE_SIZE	(1 << PAGE_SHIFT)
#else
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#endif
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* The split.  The Makefile's PAGE_OFFSET= sets CONFIG_PAGE_OFFSET. */
#ifndef CONFIG_PAGE_OFFSET
#define CONFIG_PAGE_OFFSET	0xC0000000
#endif
#ifdef __ASSEMBLER__
#define PAGE_OFFSET	CONFIG_PAGE_OFFSET
#else
#define PAGE_OFFSET	((unsigned long)CONFIG_PAGE_OFFSET)
#endif

/* Physical address at which the loader puts the kernel image. */
#define LOAD_PHYSICAL_ADDR	0x100000

/* User space: everything below the split.  */
#define TASK_SIZE		PAGE_OFFSET

/* A task's kernel stack: bytes, and pages as an order. */
#define THREAD_ORDER		1
#define THREAD_SIZE		8192

/* Bytes of linear address space kept for vmalloc, pkmap and fixmap. */
#define VMALLOC_RESERVE		(128 << 20)
#define MAXMEM			(0 - PAGE_OFFSET - VMALLOC_RESERVE)
#define VMALLOC_OFFSET		(8 << 20)

#define FIXADDR_TOP		0xfffff000
/* One page table of kmap windows, in a slot of its own below the fixmap's. */
#ifdef CONFIG_X86_PAE
#define LAST_PKMAP		512
#define PKMAP_BASE		0xffc00000
#else
#define LAST_PKMAP		1024
#define PKMAP_BASE		0xff800000
#endif

#endif
