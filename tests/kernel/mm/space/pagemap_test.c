/*
 * tests/kernel/mm/space/pagemap_test.c - proves that /proc/kpageflags adds up to the classes of frames.
 */
#include <kernel/arch/irqflags.h>
#include <kernel/core/ktest.h>
#include <mm/phys/page_class.h>
#include <mm/space/memory.h>
#include <mm/space/pagemap.h>

/* Each frame has one class; each class that Linux has a flag for is counted by it. */
KTEST(pagemap, kpageflags_add_up)
{
	static const struct {
		enum kpf kpf;
		enum page_class class, too;
	} rows[] = {
		{ KPF_NOPAGE,	PAGE_CLASS_HOLE,	PAGE_CLASS_HOLE },
		{ KPF_RESERVED,	PAGE_CLASS_RESERVED,	PAGE_CLASS_RESERVED },
		{ KPF_BUDDY,	PAGE_CLASS_FREE,	PAGE_CLASS_FREE },
		{ KPF_SLAB,	PAGE_CLASS_SLAB,	PAGE_CLASS_SLAB },
		{ KPF_PGTABLE,	PAGE_CLASS_PAGETABLE,	PAGE_CLASS_QUICKLIST },
		{ KPF_ANON,	PAGE_CLASS_ANON,	PAGE_CLASS_SWAPCACHE },
		{ KPF_SWAPCACHE, PAGE_CLASS_SWAPCACHE,	PAGE_CLASS_SWAPCACHE },
	};
	static struct page_class_counts counts;
	unsigned long sums[ARRAY_SIZE(rows)] = { 0 }, zeros = 0, pfn, flags, wanted;
	unsigned int i;

	local_irq_save(flags);
	page_class_count(&counts);
	for (pfn = 0; pfn < max_mapnr; pfn++) {
		u64 word = kpageflags_word(pfn);

		zeros += word >> KPF_ZERO_PAGE & 1;
		for (i = 0; i < ARRAY_SIZE(rows); i++)
			sums[i] += word >> rows[i].kpf & 1;
	}
	local_irq_restore(flags);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		wanted = counts.pages[rows[i].class];
		if (rows[i].too != rows[i].class)
			wanted += counts.pages[rows[i].too];
		KEXPECT_EQ(t, sums[i], wanted);
	}
	KEXPECT_EQ(t, zeros, 1ul);
	KEXPECT(t, kpageflags_word(page_to_pfn(ZERO_PAGE(0))) & 1ULL << KPF_ZERO_PAGE);
}
