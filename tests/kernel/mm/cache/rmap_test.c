/*
 * tests/kernel/mm/cache/rmap_test.c - from a page to the entries that map it, and no others.
 *
 * What is counted is RMAP_VISITS, the entries that were looked at: so "not quadratic" is a number
 * here, and not a time.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define CHILDREN	100
#define GENERATIONS	300

static bool write_there(struct mm_struct *mm, unsigned long addr, u32 value)
{
	return access_remote_vm(mm, addr, &value, sizeof(value), true) == sizeof(value);
}

static struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	pte_t *pte = mm_find_pte(mm, addr);

	return pte && pte_present(*pte) ? pte_page(*pte) : NULL;
}

/* How many entries are looked at to learn which have used the page; *@used: these. */
static unsigned long visits(struct page *page, int *used)
{
	unsigned long before = vm_event_sum(RMAP_VISITS);

	lock_page(page);
	*used = page_referenced(page);
	unlock_page(page);
	return vm_event_sum(RMAP_VISITS) - before;
}

static unsigned int steps_of(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	const struct anon_vma_chain *step = vma && vma->anon_way ? &vma->anon_way->steps[0] : NULL;
	unsigned int nr = 0;

	for (; step; step = step->next)
		nr++;
	return nr;
}

/* A page is looked for in the process that made it, and in those forked from that: nowhere else. */
KTEST(rmap, families)
{
	struct mm_struct *mm = scratch_enter(), *a, *b, *c;
	unsigned long old = SCRATCH_BASE, new = old + PAGE_SIZE;
	int used;

	scratch_map(old, 4, RW);
	poke(old, 1);
	KEXPECT_EQ(t, visits(page_at(mm, old), &used), 1ul);
	KEXPECT_EQ(t, used, 1);
	KEXPECT_EQ(t, visits(page_at(mm, old), &used), 1ul);
	KEXPECT_EQ(t, used, 0);
	a = dup_mm(mm);
	b = dup_mm(a);
	/* The entries of children are old; fork itself does not use the page. */
	peek(old);
	KEXPECT_EQ(t, page_mapcount(page_at(mm, old)), 3);
	KEXPECT_EQ(t, visits(page_at(mm, old), &used), 3ul);
	KEXPECT_EQ(t, used, 1);
	KEXPECT(t, write_there(mm, new, 2) && write_there(a, new, 3) && write_there(b, new, 4));
	KEXPECT_EQ(t, visits(page_at(mm, new), &used), 3ul);
	/* b was made before a had a page of its own, c after that. */
	KEXPECT_EQ(t, visits(page_at(a, new), &used), 1ul);
	KEXPECT_EQ(t, used, 1);
	KEXPECT_EQ(t, visits(page_at(b, new), &used), 1ul);
	c = dup_mm(a);
	KEXPECT_EQ(t, visits(page_at(a, new), &used), 2ul);
	KEXPECT(t, write_there(c, new, 5));
	KEXPECT_EQ(t, visits(page_at(c, new), &used), 1ul);
	KEXPECT_EQ(t, steps_of(b, new), 2u);
	KEXPECT_EQ(t, steps_of(c, new), 3u);
	KEXPECT_EQ(t, mm_check(mm) + mm_check(a) + mm_check(b) + mm_check(c), 0);
	mmput(c);
	mmput(a);
	KEXPECT_EQ(t, visits(page_at(mm, old), &used), 2ul);
	KEXPECT_EQ(t, mm_check(mm) + mm_check(b), 0);
	mmput(b);
	scratch_leave(mm);
}

/* A hundred brothers with a page each: a hundred visits for all of these, not ten thousand. */
KTEST(rmap, many_children)
{
	static struct mm_struct *child[CHILDREN];
	struct mm_struct *mm = scratch_enter();
	unsigned long old = SCRATCH_BASE, new = old + PAGE_SIZE, all = 0;
	int used, i;

	scratch_map(old, 4, RW);
	poke(old, 1);
	for (i = 0; i < CHILDREN; i++) {
		child[i] = dup_mm(mm);
		KEXPECT(t, write_there(child[i], new, (u32)i));
	}
	for (i = 0; i < CHILDREN; i++)
		all += visits(page_at(child[i], new), &used);
	KEXPECT_EQ(t, all, (unsigned long)CHILDREN);
	KEXPECT_EQ(t, visits(page_at(mm, old), &used), CHILDREN + 1ul);
	KEXPECT_EQ(t, mm_check(mm) + mm_check(child[0]) + mm_check(child[CHILDREN - 1]), 0);
	for (i = 0; i < CHILDREN; i++)
		mmput(child[i]);
	scratch_leave(mm);
}

/* Fork, leave the rest to the child, again and again: nobody's way gets longer and longer. */
KTEST(rmap, long_line_of_forks)
{
	struct mm_struct *mm = scratch_enter(), *line = mm, *next;
	unsigned int i, longest = 0;

	scratch_map(SCRATCH_BASE, 4, RW);
	poke(SCRATCH_BASE, 1);
	for (i = 0; i < GENERATIONS; i++) {
		next = dup_mm(line);
		KEXPECT(t, write_there(next, SCRATCH_BASE + PAGE_SIZE, i));
		longest = max(longest, steps_of(next, SCRATCH_BASE));
		if (current->mm == line)
			unuse_mm(line);
		mmput(line);
		line = next;
	}
	KEXPECT(t, longest <= 3);
	KEXPECT_EQ(t, mm_check(line), 0);
	mmput(line);
}

/* Cut, moved, moved back, joined: the page is found by one look at each time. */
KTEST(rmap, cut_and_moved)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long here = SCRATCH_BASE, there = here + (64ul << 20);
	struct page *page;
	int used;

	scratch_map(here, 8, RW);
	poke(here + 3 * PAGE_SIZE, 3);
	page = page_at(mm, here + 3 * PAGE_SIZE);
	KEXPECT_EQ(t, do_mprotect(here + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0l);
	peek(here + 3 * PAGE_SIZE);
	KEXPECT_EQ(t, visits(page, &used), 1ul);
	KEXPECT_EQ(t, used, 1);
	KEXPECT_EQ(t, do_mremap(here + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 2 * PAGE_SIZE,
				MREMAP_MAYMOVE | MREMAP_FIXED, there), (long)there);
	KEXPECT_EQ(t, peek(there + PAGE_SIZE), 3u);
	/* The old place is of the same pages still: it is looked at as well. */
	KEXPECT(t, visits(page, &used) <= 2);
	KEXPECT_EQ(t, used, 1);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, do_mremap(there, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				here + 2 * PAGE_SIZE), (long)here + 2 * (long)PAGE_SIZE);
	KEXPECT_EQ(t, do_mprotect(here, 8 * PAGE_SIZE, RW), 0l);
	KEXPECT_EQ(t, mm->map_count, 1);
	KEXPECT_EQ(t, peek(here + 3 * PAGE_SIZE), 3u);
	KEXPECT_EQ(t, visits(page, &used), 1ul);
	KEXPECT_EQ(t, used, 1);
	scratch_leave(mm);
}

/* What was given up by MADV_FREE goes; what was written to since does not; nor what is shared and wanted. */
KTEST(rmap, given_up_pages_go)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long anon = global_page_state(NR_ANON_PAGES), addr = SCRATCH_BASE, i;
	struct page *page;
	bool gone;
	int used;

	scratch_map(addr, 2, RW);
	for (i = 0; i < 2; i++)
		poke(addr + i * PAGE_SIZE, 7);
	KEXPECT_EQ(t, do_madvise(addr, 2 * PAGE_SIZE, MADV_FREE), 0l);
	poke(addr + PAGE_SIZE, 8);
	for (i = 0; i < 2; i++) {
		page = page_at(mm, addr + i * PAGE_SIZE);
		get_page(page);
		visits(page, &used);
		lock_page(page);
		gone = try_to_unmap(page);
		unlock_page(page);
		KEXPECT_EQ(t, gone, i == 0);
		KEXPECT_EQ(t, page_mapped(page), i == 1);
		put_page(page);
	}
	KEXPECT_EQ(t, global_page_state(NR_ANON_PAGES), anon + 1);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 1ul);
	KEXPECT_EQ(t, peek(addr), 0u);
	KEXPECT_EQ(t, peek(addr + PAGE_SIZE), 8u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}
