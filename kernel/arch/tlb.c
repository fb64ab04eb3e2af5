/*
 * kernel/arch/tlb.c - flushes that are not one instruction.
 *
 * A range of more than FLUSH_CEILING pages drops the whole space: refilling
 * what is used again costs less than that many INVLPGs.
 */
#include <kernel/arch/tlb.h>

#include <kernel/arch/barrier.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/percpu.h>

#define FLUSH_CEILING	16	/* pages */

DEFINE_PER_CPU(struct tlb_stats, tlb_stats);

struct tlb_stats tlb_stats_sum(void)
{
	struct tlb_stats sum = { 0 };
	int cpu;

	static_assert(sizeof(sum) % sizeof(unsigned long) == 0, "an array of counters");
	for_each_possible_cpu(cpu) {
		const unsigned long *from = (const unsigned long *)&per_cpu(tlb_stats, cpu);

		for (size_t i = 0; i < sizeof(sum) / sizeof(*from); i++)
			((unsigned long *)&sum)[i] += READ_ONCE(from[i]);
	}
	return sum;
}

/* The same on other processors. => there are some */
static noinline void tell_others(const void *pgd, unsigned long *mask, unsigned long start,
				 unsigned long end)
{
	struct tlb_request req = { pgd, start, end };

	smp_mb();		/* tables changed | mask read; see switch_mm() */
	tlb_flush_others(mask ? READ_ONCE(*mask) : ~0u, &req);
}

static inline void others(const void *pgd, unsigned long *mask, unsigned long start,
			  unsigned long end)
{
	if (unlikely(nr_cpus > 1))
		tell_others(pgd, mask, start, end);
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

static void flush_all_here(void)
{
	this_cpu_inc(tlb_stats.flush_all);
	__flush_tlb_global();
}

static void flush_mm_here(void)
{
	this_cpu_inc(tlb_stats.flush_mm);
	__flush_tlb();
}

static inline void flush_page_here(unsigned long addr)
{
	this_cpu_inc(tlb_stats.flush_page);
	__flush_tlb_one(addr);
}

static void flush_pages_here(unsigned long start, unsigned long end)
{
	this_cpu_add(tlb_stats.flush_page, (end - (start & PAGE_MASK) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE)
		__flush_tlb_one(start);
}

static inline bool too_many(unsigned long start, unsigned long end)
{
	return end - start > FLUSH_CEILING * PAGE_SIZE;
}

void flush_tlb_all(void)
{
	others(NULL, NULL, 0, 0);
	flush_all_here();
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	if (too_many(start, end)) {
		flush_tlb_all();
		return;
	}
	others(NULL, NULL, start, end);
	flush_pages_here(start, end);
}

/* => interrupts off */
void tlb_flush_local(const struct tlb_request *req)
{
	if (req->pgd && read_cr3() != __pa(req->pgd))
		this_cpu_inc(tlb_stats.flush_skipped);
	else if (req->end && !too_many(req->start, req->end))
		flush_pages_here(req->start, req->end);
	else if (req->pgd)
		flush_mm_here();
	else
		flush_all_here();
}

/* Page directories lie in the direct map. */
static inline bool pgd_is_loaded(const void *pgd)
{
	if (read_cr3() == __pa(pgd))
		return true;
	this_cpu_inc(tlb_stats.flush_skipped);
	return false;
}

void tlb_flush_pgd(const void *pgd, unsigned long *mask)
{
	others(pgd, mask, 0, 0);
	if (pgd_is_loaded(pgd))
		flush_mm_here();
}

void tlb_flush_pgd_page(const void *pgd, unsigned long *mask, unsigned long addr)
{
	others(pgd, mask, addr, addr + PAGE_SIZE);
	if (pgd_is_loaded(pgd))
		flush_page_here(addr);
}

void tlb_flush_pgd_range(const void *pgd, unsigned long *mask, unsigned long start, unsigned long end)
{
	others(pgd, mask, start, end);
	if (!pgd_is_loaded(pgd))
		return;
	if (too_many(start, end))
		flush_mm_here();
	else
		flush_pages_here(start, end);
}
