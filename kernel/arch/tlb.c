/*
 * kernel/arch/tlb.c - flushes that are not one instruction.
 *
 * A range of more than FLUSH_CEILING pages drops the whole space: refilling
 * what is used again costs less than that many INVLPGs.
 */
#include <kernel/arch/tlb.h>

#include <kernel/arch/irqflags.h>
#include <kernel/arch/percpu.h>

#define FLUSH_CEILING	16	/* pages */

struct tlb_stats tlb_stats;

/* The same on other processors, if there are any. */
static inline void others(const void *pgd, unsigned long *mask, unsigned long start,
			  unsigned long end)
{
	if (unlikely(nr_cpus > 1))
		tlb_flush_others(mask ? *mask : ~0u,
				 &(struct tlb_request){ pgd, mask, start, end });
}

/* Switching PGE off drops global entries too; other flushes spare them. */
void __flush_tlb_global(void)
{
	unsigned long flags, cr4;

	if (!boot_cpu_has(X86_FEATURE_PGE)) {
		__flush_tlb();
		return;
	}
	local_irq_save(flags);
	cr4 = read_cr4();
	if (cr4 & X86_CR4_PGE) {
		write_cr4(cr4 & ~X86_CR4_PGE);
		write_cr4(cr4);
	} else {
		__flush_tlb();
	}
	local_irq_restore(flags);
}

void flush_tlb_all(void)
{
	tlb_stats.flush_all++;
	__flush_tlb_global();
	others(NULL, NULL, 0, 0);
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	if (end - start > FLUSH_CEILING * PAGE_SIZE) {
		flush_tlb_all();
		return;
	}
	others(NULL, NULL, start, end);
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE) {
		tlb_stats.flush_page++;
		__flush_tlb_one(start);
	}
}

void tlb_flush_local(const struct tlb_request *req)
{
	if (req->pgd && read_cr3() != __pa(req->pgd))
		return;
	if (!req->end || req->end - req->start > FLUSH_CEILING * PAGE_SIZE) {
		if (req->pgd)
			__flush_tlb();
		else
			__flush_tlb_global();
		return;
	}
	for (unsigned long addr = req->start & PAGE_MASK; addr < req->end; addr += PAGE_SIZE)
		__flush_tlb_one(addr);
}

/* Page directories lie in the direct map. */
static inline bool pgd_is_loaded(const void *pgd)
{
	if (read_cr3() == __pa(pgd))
		return true;
	tlb_stats.flush_skipped++;
	return false;
}

void tlb_flush_pgd(const void *pgd, unsigned long *mask)
{
	others(pgd, mask, 0, 0);
	if (!pgd_is_loaded(pgd))
		return;
	tlb_stats.flush_mm++;
	__flush_tlb();
}

void tlb_flush_pgd_page(const void *pgd, unsigned long *mask, unsigned long addr)
{
	others(pgd, mask, addr, addr + PAGE_SIZE);
	if (!pgd_is_loaded(pgd))
		return;
	tlb_stats.flush_page++;
	__flush_tlb_one(addr);
}

void tlb_flush_pgd_range(const void *pgd, unsigned long *mask, unsigned long start, unsigned long end)
{
	others(pgd, mask, start, end);
	if (!pgd_is_loaded(pgd))
		return;
	if (end - start > FLUSH_CEILING * PAGE_SIZE) {
		tlb_stats.flush_mm++;
		__flush_tlb();
		return;
	}
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE) {
		tlb_stats.flush_page++;
		__flush_tlb_one(start);
	}
}
