/*
 * kernel/arch/tlb.c - flushes that are not one instruction.
 *
 * A range of more than FLUSH_CEILING pages drops the whole space: refilling
 * what is used again costs less than that many INVLPGs.
 */
#include <kernel/arch/tlb.h>

#include <kernel/arch/irqflags.h>

#define FLUSH_CEILING	16	/* pages */

struct tlb_stats tlb_stats;

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
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	if (end - start > FLUSH_CEILING * PAGE_SIZE) {
		flush_tlb_all();
		return;
	}
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE) {
		tlb_stats.flush_page++;
		__flush_tlb_one(start);
	}
}

/* Page directories lie in the direct map. */
static inline bool pgd_is_loaded(const void *pgd)
{
	if (read_cr3() == __pa(pgd))
		return true;
	tlb_stats.flush_skipped++;
	return false;
}

void tlb_flush_pgd(const void *pgd)
{
	if (!pgd_is_loaded(pgd))
		return;
	tlb_stats.flush_mm++;
	__flush_tlb();
}

void tlb_flush_pgd_page(const void *pgd, unsigned long addr)
{
	if (!pgd_is_loaded(pgd))
		return;
	tlb_stats.flush_page++;
	__flush_tlb_one(addr);
}

void tlb_flush_pgd_range(const void *pgd, unsigned long start, unsigned long end)
{
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
