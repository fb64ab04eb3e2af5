/*
 * tests/kernel/mm/space/vma_test.c - areas: found, joined, cut, placed.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <mm/phys/vmstat.h>

/* find_vma answers the first area that ends above, and mmap_cache is hit by repetition. */
KTEST(vma, find_and_cache)
{
	struct mm_struct *mm = scratch_enter();
	struct vm_area_struct *prev;
	unsigned long hits, i;

	for (i = 0; i < 64; i++)
		KASSERT_EQ(t, scratch_map(SCRATCH_BASE + i * 0x10000, 2, i & 1 ? PROT_READ : RW),
			   SCRATCH_BASE + i * 0x10000);
	KEXPECT_EQ(t, mm->map_count, 64);
	for (i = 0; i < 64; i++) {
		unsigned long addr = SCRATCH_BASE + i * 0x10000;

		KEXPECT_EQ(t, find_vma(mm, addr + 0x1fff)->vm_start, addr);
		KEXPECT_EQ(t, find_vma(mm, addr - 1)->vm_start, addr);
	}
	KEXPECT(t, !find_vma(mm, SCRATCH_BASE + 64 * 0x10000));
	KEXPECT(t, !find_vma_prev(mm, TASK_SIZE - 1, &prev));
	KEXPECT_EQ(t, prev->vm_start, SCRATCH_BASE + 63 * 0x10000);
	KEXPECT(t, !find_vma_intersection(mm, SCRATCH_BASE + 0x2000, SCRATCH_BASE + 0x10000));
	KEXPECT(t, find_vma_intersection(mm, SCRATCH_BASE + 0x2000, SCRATCH_BASE + 0x10001));

	find_vma(mm, SCRATCH_BASE);
	hits = mm->nr_mmap_cache_hits;
	for (i = 0; i < 10; i++)
		find_vma(mm, SCRATCH_BASE + i * 100);
	KEXPECT_EQ(t, mm->nr_mmap_cache_hits, hits + 10);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

struct merge_case {
	const char *what;
	unsigned long left, middle, right;	/* PROT_* of pages 0-1, 2-3, 4-5; ~0: hole */
	int areas;				/* expected */
};

#define HOLE	(~0UL)

/* A new mapping joins the neighbours that agree with it, and no others. */
KTEST(vma, merge_on_mmap)
{
	static const struct merge_case cases[] = {
		{ "alone",	HOLE,	   RW, HOLE,	  1 },
		{ "left",	RW,	   RW, HOLE,	  1 },
		{ "right",	HOLE,	   RW, RW,	  1 },
		{ "both",	RW,	   RW, RW,	  1 },
		{ "left not",	PROT_READ, RW, HOLE,	  2 },
		{ "right not",	HOLE,	   RW, PROT_READ, 2 },
		{ "neither",	PROT_READ, RW, PROT_READ, 3 },
		{ "left only",	RW,	   RW, PROT_READ, 2 },
		{ "right only",	PROT_READ, RW, RW,	  2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct merge_case *c = &cases[i];
		struct mm_struct *mm = scratch_enter();

		if (c->left != HOLE)
			scratch_map(SCRATCH_BASE, 2, c->left);
		if (c->right != HOLE)
			scratch_map(SCRATCH_BASE + 0x4000, 2, c->right);
		scratch_map(SCRATCH_BASE + 0x2000, 2, c->middle);
		if (mm->map_count != c->areas)
			ktest_fail(t, __FILE__, __LINE__, "%s: %d areas, not %d", c->what,
				   mm->map_count, c->areas);
		KEXPECT_EQ(t, mm_check(mm), 0);
		scratch_leave(mm);
	}
}

/* mprotect of a part cuts, and joins with the neighbour that then agrees. */
KTEST(vma, merge_on_mprotect)
{
	/* Six pages: 0-1 read-only, 2-5 writable; [from, to) becomes @prot. */
	static const struct {
		unsigned long from, to, prot;
		int areas;
	} cases[] = {
		{ 2, 6, PROT_READ, 1 },		/* all of the second: joins the first */
		{ 2, 4, PROT_READ, 2 },		/* its head: the border moves up */
		{ 4, 6, PROT_READ, 3 },		/* its tail: cut */
		{ 3, 5, PROT_READ, 4 },		/* its middle: cut twice */
		{ 0, 2, RW, 1 },		/* all of the first: joins the second */
		{ 1, 2, RW, 2 },		/* its tail: the border moves down */
		{ 0, 1, RW, 3 },		/* its head: cut */
		{ 0, 6, PROT_NONE, 1 },		/* both: one area */
		{ 1, 3, PROT_NONE, 3 },		/* across the border */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm_struct *mm = scratch_enter();

		/* All charged, as memory that was once writable is: else they could not join. */
		scratch_map(SCRATCH_BASE, 6, RW);
		KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 2 << PAGE_SHIFT, PROT_READ), 0);
		KEXPECT_EQ(t, mm->map_count, 2);
		KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE + (cases[i].from << PAGE_SHIFT),
					  (cases[i].to - cases[i].from) << PAGE_SHIFT,
					  cases[i].prot), 0);
		if (mm->map_count != cases[i].areas)
			ktest_fail(t, __FILE__, __LINE__, "case %u: %d areas, not %d", i,
				   mm->map_count, cases[i].areas);
		KEXPECT_EQ(t, mm_check(mm), 0);
		scratch_leave(mm);
	}
}

/* munmap through the middle of areas cuts them; max_map_count is a limit. */
KTEST(vma, split_and_limit)
{
	struct mm_struct *mm = scratch_enter();
	int limit = sysctl_max_map_count;

	scratch_map(SCRATCH_BASE, 16, RW);
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0x4000, 2), 0);
	KEXPECT_EQ(t, mm->map_count, 2);
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0x1000, 12), 0);
	KEXPECT_EQ(t, mm->map_count, 2);
	KEXPECT_EQ(t, mm->total_vm, 4ul);
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0x2000, 4), 0);	/* nothing there: fine */
	sysctl_max_map_count = 1;
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0xe000, 1), -ENOMEM);
	KEXPECT_EQ(t, scratch_map(SCRATCH_BASE + 0x100000, 1, RW), (unsigned long)-ENOMEM);
	/* To cut an end off makes no area more. */
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0xf000, 1), 0);
	sysctl_max_map_count = limit;
	KEXPECT_EQ(t, do_munmap(mm, SCRATCH_BASE + 1, PAGE_SIZE), -EINVAL);
	KEXPECT_EQ(t, do_munmap(mm, SCRATCH_BASE, 0), -EINVAL);
	KEXPECT_EQ(t, do_munmap(mm, TASK_SIZE - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* mmap places from mmap_base down, fills holes that fit, and comes back after munmap. */
KTEST(vma, top_down)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long a, b, c, base = mm->mmap_base;

	a = scratch_map(0, 4, RW);
	b = scratch_map(0, 4, PROT_READ);
	c = scratch_map(0, 4, RW);
	KEXPECT_EQ(t, a, base - 0x4000);
	KEXPECT_EQ(t, b, base - 0x8000);
	KEXPECT_EQ(t, c, base - 0xc000);
	scratch_unmap(b, 4);
	KEXPECT_EQ(t, scratch_map(0, 8, RW), base - 0x14000);	/* does not fit the hole */
	KEXPECT_EQ(t, scratch_map(0, 3, PROT_READ), b + 0x1000);/* does: its upper end */
	KEXPECT_EQ(t, scratch_map(0, 1, PROT_EXEC), b);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, scratch_map(0, TASK_SIZE >> PAGE_SHIFT, RW), (unsigned long)-ENOMEM);
	scratch_leave(mm);
}

/* Hints are taken if free; MAP_FIXED replaces; MAP_FIXED_NOREPLACE refuses. */
KTEST(vma, hints_and_fixed)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS;

	down_write(&mm->mmap_sem);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, SCRATCH_BASE + 0x1005, 4096, RW, flags, 0),
		   SCRATCH_BASE + 0x1000);
	KEXPECT(t, do_mmap_pgoff(NULL, SCRATCH_BASE + 0x1000, 4096, RW, flags, 0) !=
		   SCRATCH_BASE + 0x1000);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, SCRATCH_BASE, 0x3000, RW, flags | MAP_FIXED_NOREPLACE, 0),
		   (unsigned long)-EEXIST);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, SCRATCH_BASE, 0x3000, PROT_READ, flags | MAP_FIXED, 0),
		   SCRATCH_BASE);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, SCRATCH_BASE + 1, 4096, RW, flags | MAP_FIXED, 0),
		   (unsigned long)-EINVAL);
	/* Page 0 is for the superuser alone, and not by a hint. */
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, 0x1000, 4096, RW, flags, 0), mmap_min_addr);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, 0, 4096, RW, flags | MAP_FIXED, 0), 0ul);
	current->euid = 1;
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, 0, 4096, RW, flags | MAP_FIXED, 0), (unsigned long)-EPERM);
	current->euid = 0;
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, TASK_SIZE - 4096, 8192, RW, flags | MAP_FIXED, 0),
		   (unsigned long)-ENOMEM);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, 0, 0, RW, flags, 0), (unsigned long)-EINVAL);
	KEXPECT_EQ(t, do_mmap_pgoff(NULL, 0, 4096, RW, MAP_ANONYMOUS, 0), (unsigned long)-EINVAL);
	up_write(&mm->mmap_sem);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* A stack grows to the fault, and stops a guard gap before its neighbour. */
KTEST(vma, stack_growth_and_gap)
{
	unsigned long top = SCRATCH_BASE + 0x1000000, gap = STACK_GUARD_GAP << PAGE_SHIFT;
	struct mm_struct *mm = scratch_enter();
	struct vm_area_struct *stack;

	KASSERT_EQ(t, setup_stack_vma(mm, top, 2 * PAGE_SIZE), 0);
	stack = find_vma(mm, top - 1);
	KEXPECT_EQ(t, mm->stack_vm, 2ul);
	KEXPECT_EQ(t, poke(top - 0x10000, 7), 0);
	KEXPECT_EQ(t, stack->vm_start, top - 0x10000);
	KEXPECT_EQ(t, mm->stack_vm, 16ul);
	KEXPECT_EQ(t, peek(top - 0x10000), 7u);
	/* A neighbour: growth stops at the gap, and mmap keeps out of it. */
	KASSERT_EQ(t, scratch_map(top - 0x280000, 1, RW), top - 0x280000);
	KEXPECT_EQ(t, poke(top - 0x280000 + PAGE_SIZE + gap, 1), 0);
	KEXPECT_EQ(t, poke(top - 0x280000 + gap, 1), -EFAULT);
	down_write(&mm->mmap_sem);
	KEXPECT(t, do_mmap_pgoff(NULL, stack->vm_start - PAGE_SIZE, PAGE_SIZE, RW,
				 MAP_PRIVATE | MAP_ANONYMOUS, 0) != stack->vm_start - PAGE_SIZE);
	up_write(&mm->mmap_sem);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* Committed_AS follows private writable and shared memory through every change. */
KTEST(vma, commitment)
{
	long before = vm_memory_committed();
	struct mm_struct *mm = scratch_enter(), *child;

	scratch_map(SCRATCH_BASE, 10, PROT_READ);
	KEXPECT_EQ(t, vm_memory_committed(), before);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 4 << PAGE_SHIFT, RW), 0);
	KEXPECT_EQ(t, vm_memory_committed(), before + 4);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, 4 << PAGE_SHIFT, PROT_READ), 0);
	KEXPECT_EQ(t, vm_memory_committed(), before + 4);
	child = dup_mm(mm);
	KASSERT(t, child);
	KEXPECT_EQ(t, vm_memory_committed(), before + 8);
	mmput(child);
	KEXPECT_EQ(t, scratch_unmap(SCRATCH_BASE + 0x2000, 8), 0);
	KEXPECT_EQ(t, vm_memory_committed(), before + 2);
	KEXPECT_EQ(t, do_mremap(SCRATCH_BASE, 0x2000, 0x5000, 0, 0), (long)SCRATCH_BASE);
	KEXPECT_EQ(t, vm_memory_committed(), before + 5);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	KEXPECT_EQ(t, vm_memory_committed(), before);
}
