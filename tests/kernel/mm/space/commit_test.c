/*
 * tests/kernel/mm/space/commit_test.c - Committed_AS: the limit, the failures, the proof.
 *
 * That each call charges what it should is user.mm_commit's; here processors compete for the last
 * pages, allocations fail in the middle of fork and mremap, and the checker has something to find.
 */
#include <tests/kernel/mm/space/scratch.h>
#include <tests/kernel/mm/torture.h>

#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>

/* Mode 2 with room for exactly @pages more, or what was before (@pages < 0). */
static void limit_to(long pages)
{
	static unsigned long admin, user;
	static int ratio;

	if (pages >= 0) {
		ratio = sysctl_overcommit_ratio;
		admin = sysctl_admin_reserve_kbytes;
		user = sysctl_user_reserve_kbytes;
		sysctl_admin_reserve_kbytes = sysctl_user_reserve_kbytes = 0;
		sysctl_overcommit_kbytes = (unsigned long)(vm_memory_committed() + pages + 1) << 2;
		sysctl_overcommit_memory = OVERCOMMIT_NEVER;
	} else {
		sysctl_overcommit_memory = OVERCOMMIT_GUESS;
		sysctl_overcommit_kbytes = 0;
		sysctl_overcommit_ratio = ratio;
		sysctl_admin_reserve_kbytes = admin;
		sysctl_user_reserve_kbytes = user;
	}
}

/* ---- processors compete ---- */

#define ROOM		1000L
#define AT_ONCE		64u
#define ROUNDS		3000u

static atomic_t held;

/* Take and give back; never do all together hold more than there is, nor is any of it lost. */
static void compete(struct torturer *me)
{
	long mine = 0, want;
	unsigned int i;

	for (i = 0; i < me->run->rounds; i++) {
		want = 1 + (long)(prandom_u32(&me->rnd) % AT_ONCE);
		if (!__vm_enough_memory(NULL, want)) {
			mine += want;
			if (atomic_add_return((int)want, &held) > ROOM)
				WRONG(me);
		}
		if (mine > ROOM / 4 || prandom_u32(&me->rnd) % 4 == 0) {
			atomic_sub((int)mine, &held);
			vm_unacct_memory(mine);
			mine = 0;
		}
	}
	/* The last pages, one by one. */
	torture_meet(me);
	while (!__vm_enough_memory(NULL, 1)) {
		atomic_inc(&held);
		mine++;
	}
	torture_meet(me);
	if (atomic_read(&held) != ROOM)
		WRONG(me);
	torture_meet(me);
	atomic_sub((int)mine, &held);
	vm_unacct_memory(mine);
}

/* The limit is never passed, and every page below it can be had, however many ask at once. */
KTEST(commit, limit_is_exact)
{
	long before = vm_memory_committed();

	limit_to(ROOM);
	atomic_set(&held, 0);
	torture_run(t, compete, ROUNDS);
	limit_to(-1);
	KEXPECT_EQ(t, vm_memory_committed(), before);
}

/* ---- failures in the middle ---- */

#define AREAS	10ul

static unsigned long area(unsigned long nr)
{
	return SCRATCH_BASE + nr * PMD_SIZE;
}

/* Areas of 3 pages that cannot join, each with a page table of its own: an allocation for each copy. */
static void fill_space(void)
{
	unsigned long i;

	for (i = 0; i < AREAS; i++) {
		scratch_map(area(i), 3, RW);
		poke(area(i), 1);
	}
}

/* fork that fails at any allocation, or is refused, leaves the sum as it was. */
KTEST(commit, failing_fork)
{
	struct mm_struct *mm = scratch_enter(), *child;
	long before, own = (long)AREAS * 3;
	unsigned long every;
	int failed = 0;

	fill_space();
	before = vm_memory_committed();
	for (every = 1; every < 40; every++) {
		drain_pgt_cache();
		fail_alloc_set(every);
		child = dup_mm(mm);
		fail_alloc_set(0);
		if (child) {
			KEXPECT_EQ(t, vm_memory_committed(), before + own);
			mmput(child);
		} else {
			failed++;
		}
		KEXPECT_EQ(t, vm_memory_committed(), before);
		KEXPECT_EQ(t, vm_commit_check(), 0);
	}
	KEXPECT(t, failed > 3);
	limit_to(own - 1);
	KEXPECT(t, !dup_mm(mm));
	limit_to(-1);
	KEXPECT_EQ(t, vm_memory_committed(), before);
	limit_to(own);
	child = dup_mm(mm);
	limit_to(-1);
	KEXPECT(t, child);
	if (child)
		mmput(child);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* mremap, mprotect and mmap that fail at any allocation: the sum follows the areas. */
KTEST(commit, failing_changes)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long every, step;

	for (every = 1; every < 12; every++) {
		fill_space();
		drain_pgt_cache();
		fail_alloc_set(every);
		for (step = 0; step < AREAS; step++) {
			unsigned long addr = area(step);

			do_mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ);
			do_mremap(addr, PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
			scratch_map(0, step + 1, RW);
		}
		fail_alloc_set(0);
		KEXPECT_EQ(t, vm_commit_check(), 0);
		KEXPECT_EQ(t, mm_check(mm), 0);
		scratch_unmap(0x10000, (TASK_SIZE - 0x10000) >> PAGE_SHIFT);
		KEXPECT_EQ(t, vm_commit_check(), 0);
	}
	scratch_leave(mm);
}

/* ---- the proof ---- */

/* A page too much or too few is found. */
KTEST(commit, checker_finds)
{
	KEXPECT_EQ(t, vm_commit_check(), 0);
	vm_acct_memory(1);
	KEXPECT_EQ(t, vm_commit_check(), -EINVAL);
	vm_unacct_memory(2);
	KEXPECT_EQ(t, vm_commit_check(), -EINVAL);
	vm_acct_memory(1);
	KEXPECT_EQ(t, vm_commit_check(), 0);
}
