/*
 * tests/kernel/mm/space/change_test.c - mprotect, mremap, madvise, mlock, fork: pages in motion.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <lib/random.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmstat.h>

/* Taking the right to write away flushes the TLB; giving it back does not. */
KTEST(change, mprotect_flushes_when_due)
{
	struct mm_struct *mm = scratch_enter();
	struct tlb_stats before;

	scratch_map(SCRATCH_BASE, 4, RW);
	poke(SCRATCH_BASE, 1);
	before = tlb_stats_sum();
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 4 << PAGE_SHIFT, PROT_READ), 0);
	KEXPECT(t, tlb_stats_sum().flush_mm + tlb_stats_sum().flush_page >
		before.flush_mm + before.flush_page);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 2), -EFAULT);
	before = tlb_stats_sum();
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 4 << PAGE_SHIFT, RW), 0);
	KEXPECT_EQ(t, tlb_stats_sum().flush_mm, before.flush_mm);
	KEXPECT_EQ(t, tlb_stats_sum().flush_page, before.flush_page);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 2), 0);
	/* PROT_NONE keeps the page for later. */
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, PROT_NONE), 0);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0xdeadu);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, PROT_READ), 0);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 2u);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 5 << PAGE_SHIFT, RW), -ENOMEM);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE + 1, 1, RW), -EINVAL);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, 0x80), -EINVAL);
	scratch_leave(mm);
}

/* Growing in place, moving, shrinking: the same pages, not copies of them. */
KTEST(change, mremap)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long moved, pfn, fixed = SCRATCH_BASE + 0x10000000;

	scratch_map(SCRATCH_BASE, 4, RW);
	poke(SCRATCH_BASE + 0x1000, 5);
	pfn = pte_pfn(scratch_pte(SCRATCH_BASE + 0x1000));
	KEXPECT_EQ(t, do_mremap(SCRATCH_BASE, 0x4000, 0x8000, 0, 0), (long)SCRATCH_BASE);
	KEXPECT_EQ(t, mm->map_count, 1);
	scratch_map(SCRATCH_BASE + 0x9000, 1, PROT_READ);
	KEXPECT_EQ(t, do_mremap(SCRATCH_BASE, 0x8000, 0x10000, 0, 0), -ENOMEM);
	moved = (unsigned long)do_mremap(SCRATCH_BASE, 0x8000, 0x10000, MREMAP_MAYMOVE, 0);
	KASSERT(t, !IS_ERR_VALUE(moved) && moved != SCRATCH_BASE);
	KEXPECT_EQ(t, pte_pfn(scratch_pte(moved + 0x1000)), pfn);
	KEXPECT_EQ(t, peek(moved + 0x1000), 5u);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x1000), 0xdeadu);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, do_mremap(moved, 0x10000, 0x2000, 0, 0), (long)moved);
	KEXPECT_EQ(t, do_mremap(moved, 0x2000, 0x2000, MREMAP_FIXED | MREMAP_MAYMOVE, fixed),
		   (long)fixed);
	KEXPECT_EQ(t, pte_pfn(scratch_pte(fixed + 0x1000)), pfn);
	KEXPECT_EQ(t, page_mapcount(pfn_to_page(pfn)), 1);
	KEXPECT_EQ(t, mm->total_vm, 3ul);
	KEXPECT_EQ(t, do_mremap(fixed, 0x2000, 0x2000, MREMAP_FIXED, moved), -EINVAL);
	KEXPECT_EQ(t, do_mremap(moved, 0x1000, 0x2000, 0, 0), -EFAULT);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* DONTNEED gives pages back and zeros afterwards; advice is kept in flags and joined. */
KTEST(change, madvise)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long i;

	scratch_map(SCRATCH_BASE, 8, RW);
	for (i = 0; i < 8; i++)
		poke(SCRATCH_BASE + i * PAGE_SIZE, 9);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, 4 << PAGE_SHIFT, MADV_DONTNEED), 0);
	KEXPECT_EQ(t, get_mm_rss(mm), 4ul);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0u);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x4000), 9u);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE + 0x2000, 0x2000, MADV_RANDOM), 0);
	KEXPECT_EQ(t, mm->map_count, 3);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, 0x8000, MADV_NORMAL), 0);
	KEXPECT_EQ(t, mm->map_count, 1);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE + 0x6000, 0x4000, MADV_DONTNEED), -ENOMEM);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, 0x1000, 4711), -EINVAL);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE + 1, 0x1000, MADV_NORMAL), -EINVAL);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* mlock faults everything in and marks it; munlock joins the areas again. */
KTEST(change, mlock)
{
	struct mm_struct *mm = scratch_enter();

	scratch_map(SCRATCH_BASE, 8, RW);
	KEXPECT_EQ(t, do_mlock(SCRATCH_BASE + 0x2000, 0x2001, VM_LOCKED), 0);
	KEXPECT_EQ(t, get_mm_rss(mm), 3ul);
	KEXPECT_EQ(t, mm->locked_vm, 3ul);
	KEXPECT_EQ(t, mm->map_count, 3);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, 0x8000, MADV_DONTNEED), -EINVAL);
	KEXPECT_EQ(t, do_munlock(SCRATCH_BASE, 0x8000), 0);
	KEXPECT_EQ(t, mm->locked_vm, 0ul);
	KEXPECT_EQ(t, mm->map_count, 1);
	KEXPECT_EQ(t, do_mlock(SCRATCH_BASE, 0x9000, VM_LOCKED), -ENOMEM);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* fork copies only areas that hold anonymous pages, and unwinds when memory runs out. */
KTEST(change, fork_copies_what_it_must)
{
	struct mm_struct *mm = scratch_enter(), *child;
	unsigned long i, faults;
	int failed = 0;

	scratch_map(SCRATCH_BASE, 4, RW);
	scratch_map(SCRATCH_BASE + 0x800000, 4, RW);
	peek(SCRATCH_BASE);				/* zero page only */
	for (i = 0; i < 4; i++)
		poke(SCRATCH_BASE + 0x800000 + i * PAGE_SIZE, 1);
	child = dup_mm(mm);
	KASSERT(t, child);
	KEXPECT_EQ(t, child->nr_ptes, 1ul);
	KEXPECT_EQ(t, get_mm_rss(child), 4ul);
	KEXPECT_EQ(t, child->total_vm, mm->total_vm);
	KEXPECT_EQ(t, mm_check(child), 0);
	mmput(child);
	/* The parent is alone again: its next write takes no copy. */
	faults = vm_event_sum(PGREUSE);
	KEXPECT_EQ(t, poke(SCRATCH_BASE + 0x800000, 2), 0);
	KEXPECT_EQ(t, vm_event_sum(PGREUSE), faults + 1);

	for (i = 1; i < 12; i++) {
		drain_pgt_cache();		/* so that tables come from the page allocator */
		fail_alloc_set(i);
		child = dup_mm(mm);
		fail_alloc_set(0);
		if (child)
			mmput(child);
		else
			failed++;
		KEXPECT_EQ(t, mm_check(mm), 0);
	}
	/* The directory, and the one page table. */
	KEXPECT(t, failed >= 2);
	scratch_leave(mm);
}
