/*
 * mm/phys/vmalloc.h - contiguous addresses for pages that are not.
 *
 * Theory.  After some uptime large blocks of contiguous frames are rare, single
 * frames are not.  vmalloc() takes single frames, high ones first (nobody else
 * in the kernel can use those without effort), and maps them side by side into
 * an address range of its own between the direct map and kmap.  The price:
 * page-table entries, TLB entries, and a table walk where the direct map needs
 * an addition.  After each area one page stays unmapped, so that running off
 * its end faults instead of damaging the neighbour.
 *
 * The page tables are entered into swapper_pg_dir only.  A process's directory
 * learns of a new one when it faults on it: vmalloc_fault() copies the entry.
 * Page tables are never taken back, so a copy never becomes stale.
 *
 *	high_memory   VMALLOC_START             VMALLOC_END  kstack area  PKMAP_BASE
 *	----------|~~~~~~|[area]#[area  ]# free ...       |~|[k][k][k]..|--------
 *	           >= 8M hole   ^ guard pages
 *
 * Sleeping: making and freeing may sleep; not for handlers.
 */
#ifndef OCTAVO_MM_PHYS_VMALLOC_H
#define OCTAVO_MM_PHYS_VMALLOC_H

#include <kernel/arch/pgtable.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/phys/kstack.h>
#include <mm/types/gfp.h>
#include <mm/types/page.h>

/* At least VMALLOC_OFFSET behind the direct map, or the mem_map of several nodes, aligned to it. */
#define VMALLOC_START \
	((low_area_end + 2 * VMALLOC_OFFSET - 1) & ~(VMALLOC_OFFSET - 1UL))
#define VMALLOC_END	(kstack_area_start() - 2 * PAGE_SIZE)
#define VMALLOC_TOTAL	(VMALLOC_END - VMALLOC_START)

/* vm_struct.flags */
#define VM_IOREMAP	0x01u	/* device registers: no struct page counted */
#define VM_ALLOC	0x02u	/* vmalloc: the pages are its own */
#define VM_MAP		0x04u	/* vmap: the pages are the caller's */
#define VM_USERMAP	0x08u	/* may be mapped to ring 3: was zeroed */
#define VM_VPAGES	0x10u	/* ->pages itself comes from vmalloc */

struct vm_struct {
	void *addr;			/* [c] */
	unsigned long size;		/* [c] bytes, the guard page included */
	unsigned int flags;		/* [c] VM_* */
	unsigned int nr_pages;		/* [c] */
	struct page **pages;		/* [c] NULL for VM_IOREMAP */
	phys_addr_t phys_addr;		/* [c] VM_IOREMAP */
	const void *caller;		/* [c] */
	struct list_head list;		/* [v] by address */
	struct rb_node rb;		/* [v] by address */
};					/* [v] vmlist_lock */

extern struct list_head vmlist;

/* => NULL: no memory or no addresses; content undefined unless it says z */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
/* Zeroed, and marked as fit for remap_vmalloc_range(). */
void *vmalloc_user(unsigned long size);
void *__vmalloc(unsigned long size, gfp_t gfp_mask, pgprot_t prot);
/* => not from a handler; NULL is fine */
void vfree(const void *addr);

/* Map @count pages of the caller's side by side; they stay the caller's. => NULL: no memory */
void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot);
void vunmap(const void *addr);

/* Device registers, uncached; any alignment of @phys. => NULL: RAM, wrap-around, no memory */
void *ioremap(phys_addr_t phys, unsigned long size);
void iounmap(volatile void *addr);

/* Addresses without pages. */
struct vm_struct *get_vm_area(unsigned long size, unsigned long flags);
/* Unmap and forget the area that starts at @addr. => it, for the caller to kfree; or NULL */
struct vm_struct *remove_vm_area(const void *addr);
/* The area that contains @addr, or NULL. */
struct vm_struct *find_vm_area(const void *addr);
/* Enter area->nr_pages pages of @pages. => 0 or -ENOMEM */
int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page **pages);
void unmap_vm_area(struct vm_struct *area);

static inline int is_vmalloc_addr(const void *x)
{
	return (unsigned long)x >= VMALLOC_START && (unsigned long)x < VMALLOC_END;
}

/* The page behind an address of the vmalloc (or kernel stack) range, or NULL. */
struct page *vmalloc_to_page(const void *addr);
unsigned long vmalloc_to_pfn(const void *addr);

/*
 * The page-fault handler's first question for an address at or above TASK_SIZE:
 * was only the directory entry of this process missing?  The caller knows that
 * something was absent, not that a right was missing.
 * => takes no locks, works in any context; 0: it is there now, try again; -1: a real fault
 */
int vmalloc_fault(unsigned long address);

/* Boot: after kmem_cache_init(). */
void vmalloc_init(void);
/* => 0, or the number of faults, each reported */
int vmalloc_check(void);
/* Print all areas: /proc/vmallocinfo for the log. */
void dump_vmalloc(void);
/* Areas that exist, and pages that VM_ALLOC areas own. */
unsigned long nr_vmalloc_areas(void);
unsigned long nr_vmalloc_pages(void);

#endif
