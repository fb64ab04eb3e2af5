/*
 * kernel/arch/tlb.h - making the TLB forget.
 *
 * Theory.  The processor remembers translations.  Once an entry that was
 * present loses rights or changes its frame, the old one must be dropped before
 * anyone may rely on the change; entries that were absent are never remembered,
 * so filling one needs no flush.  Reloading cr3 drops all but global entries
 * (the kernel's own); toggling CR4.PGE drops those too; INVLPG drops one page,
 * global or not.
 *
 * A flush for an address space that is not loaded is not needed at all: its
 * entries went when cr3 changed.  "Is it loaded" is asked of cr3 itself, which
 * is right also when a kernel thread borrows a user's tables.
 *
 * Other processors hold entries of their own.  A change of the kernel's part is
 * told to all of them, one of a user's to those that have it loaded (the mask);
 * the change is complete when the last has answered.  So flushes are gathered:
 * one request for a range, not one for each page.
 *
 * The mask is read after the page tables were changed, with a barrier between:
 * a processor enters the mask before it loads the directory, so one that was not
 * seen in it walks the tables after the change.
 *
 * The mm functions are macros only because mm_struct belongs to a higher layer.
 * Every flush is counted (/proc/vmstat: nr_tlb_*), so that a test can say that
 * one happened, or that none did.
 *
 * flush_cache_*: empty.  The i386's data and instruction caches are tagged with
 * physical addresses and kept coherent with stores by hardware: a change of
 * mapping leaves nothing stale in them.  Other machines have work here, and the
 * calls stand where Linux has them.
 *
 * Reference: Intel SDM volume 3, section 4.10.4.
 */
#ifndef OCTAVO_KERNEL_ARCH_TLB_H
#define OCTAVO_KERNEL_ARCH_TLB_H

#include <kernel/arch/page.h>
#include <kernel/arch/percpu.h>
#include <kernel/arch/processor.h>

/* Counted by each processor for itself. */
struct tlb_stats {
	unsigned long flush_all;	/* everything, global entries too */
	unsigned long flush_mm;		/* one address space: cr3 reloads */
	unsigned long flush_page;	/* single pages */
	unsigned long flush_skipped;	/* asked for, but that mm is not loaded */
	unsigned long remote;		/* flushes that others were asked for */
	unsigned long remote_cpus;	/* ... and how many were asked, summed up */
	unsigned long ipis;		/* ... of these by an interrupt */
	unsigned long received;		/* requests that were answered here */
	unsigned long lazy;		/* ... by giving the borrowed directory up */
};
DECLARE_PER_CPU(struct tlb_stats, tlb_stats);
/* The sums over all processors. */
struct tlb_stats tlb_stats_sum(void);

/* Drop what is not global. */
static inline void __flush_tlb(void)
{
	write_cr3(read_cr3());
}

/* Drop everything. */
void __flush_tlb_global(void);

/* Drop one page, global or not. */
static inline void __flush_tlb_one(unsigned long addr)
{
	invlpg(addr);
}

/* Kernel mappings changed: every processor, global entries included. */
void flush_tlb_all(void);
/* Kernel mappings of [start, end) changed. */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);

/*
 * The same for the address space whose page directory is at @pgd, on this
 * processor and on those of *@mask.
 */
void tlb_flush_pgd(const void *pgd, unsigned long *mask);
void tlb_flush_pgd_page(const void *pgd, unsigned long *mask, unsigned long addr);
void tlb_flush_pgd_range(const void *pgd, unsigned long *mask, unsigned long start, unsigned long end);

#define flush_tlb_mm(mm)		tlb_flush_pgd((mm)->pgd, &(mm)->cpu_vm_mask)
#define flush_tlb_page(vma, addr) \
	tlb_flush_pgd_page((vma)->vm_mm->pgd, &(vma)->vm_mm->cpu_vm_mask, (addr))
#define flush_tlb_range(vma, start, end) \
	tlb_flush_pgd_range((vma)->vm_mm->pgd, &(vma)->vm_mm->cpu_vm_mask, (start), (end))

/* What to drop: of one address space, or (@pgd NULL) of the kernel; all of it if end is 0. */
struct tlb_request {
	const void *pgd;
	unsigned long start, end;
};
/* Do that here. */
void tlb_flush_local(const struct tlb_request *req);
/*
 * Hook (kernel/core/smp.c): have the other processors of @mask do it, and wait.
 * => any context
 */
void tlb_flush_others(u32 mask, const struct tlb_request *req);

#define flush_cache_all()			do { } while (0)
#define flush_cache_mm(mm)			do { (void)(mm); } while (0)
#define flush_cache_range(vma, start, end)	do { (void)(vma); } while (0)
#define flush_cache_page(vma, addr)		do { (void)(vma); } while (0)
#define flush_dcache_page(page)			do { (void)(page); } while (0)
#define flush_icache_range(start, end)		do { } while (0)

#endif
