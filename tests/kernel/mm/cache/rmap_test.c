/*
 * tests/kernel/mm/cache/rmap_test.c - from a page to the entries that map it, and no others.
 *
 * What is counted is RMAP_VISITS, the entries that were looked at: so "not quadratic" is a number
 * here, and not a time.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/sched/kthread.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define CHILDREN	100
#define GENERATIONS	300
#define ROUNDS		300u

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

/* As reclaim does it, for a page that has not been used for long. => true: it is mapped by nobody */
static bool unmap_page(struct mm_struct *mm, unsigned long addr)
{
	struct page *page = page_at(mm, addr);
	bool gone;
	int used;

	if (!page)
		return true;
	get_page(page);
	visits(page, &used);
	lock_page(page);
	gone = try_to_unmap(page);
	unlock_page(page);
	put_page(page);
	return gone;
}

/* What was given up by MADV_FREE goes; what was written to since does not; nor what is shared and wanted. */
KTEST(rmap, given_up_pages_go)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long anon = global_page_state(NR_ANON_PAGES), addr = SCRATCH_BASE, i;

	scratch_map(addr, 2, RW);
	for (i = 0; i < 2; i++)
		poke(addr + i * PAGE_SIZE, 7);
	lru_add_drain_all();
	KEXPECT_EQ(t, do_madvise(addr, 2 * PAGE_SIZE, MADV_FREE), 0l);
	poke(addr + PAGE_SIZE, 8);
	KEXPECT(t, unmap_page(mm, addr));
	KEXPECT(t, !unmap_page(mm, addr + PAGE_SIZE));
	KEXPECT_EQ(t, global_page_state(NR_ANON_PAGES), anon + 1);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 1ul);
	KEXPECT_EQ(t, peek(addr), 0u);
	KEXPECT_EQ(t, peek(addr + PAGE_SIZE), 8u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* Somebody has use for a page that was given up, and says so by a reference: it stays while he writes, and after. */
KTEST(rmap, given_up_pages_that_are_pinned)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long addr = SCRATCH_BASE, i;
	struct page *pin[2];
	u32 *p;

	scratch_map(addr, 3, RW);
	for (i = 0; i < 3; i++)
		poke(addr + i * PAGE_SIZE, 7);
	lru_add_drain_all();
	KEXPECT_EQ(t, do_madvise(addr, 3 * PAGE_SIZE, MADV_FREE), 0l);
	KEXPECT_EQ(t, pin_user_pages(addr, 2, true, pin), 2);
	KEXPECT(t, !unmap_page(mm, addr) && !unmap_page(mm, addr + PAGE_SIZE));
	KEXPECT(t, page_at(mm, addr) == pin[0] && page_at(mm, addr + PAGE_SIZE) == pin[1]);
	p = kmap(pin[0]);
	*p = 9;
	kunmap(pin[0]);
	set_page_dirty(pin[0]);
	put_page(pin[0]);
	put_page(pin[1]);
	/* The one was written to, the other was not. */
	KEXPECT(t, !unmap_page(mm, addr) && unmap_page(mm, addr + PAGE_SIZE));
	KEXPECT_EQ(t, peek(addr), 9u);
	KEXPECT_EQ(t, peek(addr + PAGE_SIZE), 0u);
	/* A debugger has done both in one step. */
	KEXPECT(t, write_there(mm, addr + 2 * PAGE_SIZE, 10));
	KEXPECT(t, !unmap_page(mm, addr + 2 * PAGE_SIZE));
	KEXPECT_EQ(t, peek(addr + 2 * PAGE_SIZE), 10u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* ... and so at any moment: what another processor writes just when the page goes is there afterwards. */
static struct mm_struct *debugged;
static u32 said, done;			/* rounds: begun by the test, ended by the writer */
static bool all_written;

static int debugger(void *unused)
{
	u32 round;

	for (round = 1; round <= ROUNDS; round++) {
		while (READ_ONCE(said) != round)
			yield();		/* to the other one, if both have one processor */
		if (!write_there(debugged, SCRATCH_BASE, round))
			all_written = false;
		smp_mb();
		WRITE_ONCE(done, round);
	}
	return 0;
}

KTEST(rmap, given_up_and_written_at_once)
{
	struct task_struct *writer = kthread_create(debugger, NULL, "debugger");
	unsigned int lost = 0;
	u32 round;

	KASSERT(t, !IS_ERR(writer));
	debugged = scratch_enter();
	scratch_map(SCRATCH_BASE, 1, RW);
	said = done = 0;
	all_written = true;
	get_task_struct(writer);
	wake_up_process(writer);
	for (round = 1; round <= ROUNDS; round++) {
		poke(SCRATCH_BASE, 0);
		lru_add_drain_all();
		KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, PAGE_SIZE, MADV_FREE), 0l);
		smp_mb();
		WRITE_ONCE(said, round);
		do {
			unmap_page(debugged, SCRATCH_BASE);
			yield();
		} while (READ_ONCE(done) != round);
		lost += peek(SCRATCH_BASE) != round;
	}
	kthread_stop(writer);
	put_task_struct(writer);
	KEXPECT_EQ(t, lost, 0u);
	KEXPECT(t, all_written);
	KEXPECT_EQ(t, mm_check(debugged), 0);
	scratch_leave(debugged);
}
