/*
 * tests/kernel/proc/oom_test.c - the OOM killer from inside: its arithmetic, and the reaper.
 *
 * Who is killed when memory has really run out: tests/user/proc_oom.c, tests/system/oom.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/signal.h>
#include <kernel/proc/oom.h>
#include <kernel/proc/oom_kill.h>
#include <kernel/sched/kthread.h>
#include <lib/errno.h>
#include <mm/phys/init.h>
#include <mm/phys/vmstat.h>
#include <tests/kernel/mm/space/scratch.h>

#define SHARED_BASE	(SCRATCH_BASE + 0x800000UL)

/* An address space whose user is an ordinary process, for as long as nobody else looks. */
static struct mm_struct *candidate_enter(void)
{
	struct mm_struct *mm = scratch_enter();

	current->flags &= ~PF_KTHREAD;
	current->tgid = 2;
	return mm;
}

static void candidate_leave(struct mm_struct *mm)
{
	current->tgid = 1;
	current->flags |= PF_KTHREAD;
	oom_score_adj_set(current, 0);
	scratch_leave(mm);
}

/* However large and bad process 1 is, it is not chosen; with another number it would be. */
KTEST(oom, init_is_spared)
{
	struct mm_struct *mm = scratch_enter();
	long total = (long)totalram_pages;

	KASSERT_EQ(t, current->tgid, 1);
	KASSERT(t, current->flags & PF_KTHREAD);
	current->flags &= ~PF_KTHREAD;
	KEXPECT_EQ(t, oom_score_adj_set(current, 1000), 0);
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), OOM_NEVER);
	KEXPECT_EQ(t, oom_score(current), 0ul);
	current->tgid = 2;
	KEXPECT(t, oom_badness(current, totalram_pages) >= total / 1000 * 1000);
	candidate_leave(mm);
}

/* A page resident, a page swapped, a page table: each counts one; and what adj adds, or forbids. */
KTEST(oom, badness)
{
	struct mm_struct *mm = candidate_enter();
	long base, total = (long)(totalram_pages + total_swap_pages);

	scratch_map(SCRATCH_BASE, 8, RW);
	base = oom_badness(current, totalram_pages);
	KEXPECT_EQ(t, base, 0l);
	KEXPECT_EQ(t, oom_score(current), 666ul);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), 0);
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), 2l);	/* the page, its table */
	for (unsigned long i = 1; i < 8; i++)
		KEXPECT_EQ(t, poke(SCRATCH_BASE + i * PAGE_SIZE, 1), 0);
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), 9l);
	mm->rss_stat[MM_SWAPENTS] += 5;
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), 14l);
	mm->rss_stat[MM_SWAPENTS] -= 5;
	current->exec_mm = mm;				/* as if execve() had as much */
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), 18l);
	current->exec_mm = NULL;
	KEXPECT_EQ(t, oom_score_adj_set(current, 500), 0);
	KEXPECT_EQ(t, oom_badness(current, 10000), 9l + 500 * 10);
	KEXPECT_EQ(t, oom_score(current), (unsigned long)(1000 + (9 + 500 * (total / 1000)) * 1000 / total) * 2 / 3);
	KEXPECT_EQ(t, oom_score_adj_set(current, -500), 0);
	KEXPECT_EQ(t, oom_badness(current, 10000), 9l - 500 * 10);
	KEXPECT_EQ(t, oom_score_adj_set(current, -1000), 0);
	KEXPECT_EQ(t, oom_badness(current, 10000), OOM_NEVER);
	KEXPECT_EQ(t, oom_score_adj_set(current, 0), 0);
	set_bit(MMF_OOM_SKIP, &mm->flags);
	KEXPECT_EQ(t, oom_badness(current, 10000), OOM_NEVER);
	candidate_leave(mm);
}

static int sleeper(void *data)
{
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

/* The two scales of oom adjustment, and who is never chosen. */
KTEST(oom, adjustment)
{
	struct task_struct *k = kthread_create(sleeper, NULL, "ktest");

	KASSERT(t, !IS_ERR(k));
	KEXPECT_EQ(t, oom_score_adj_get(k), 0);
	KEXPECT_EQ(t, oom_score_adj_set(k, 1001), -EINVAL);
	KEXPECT_EQ(t, oom_score_adj_set(k, -1001), -EINVAL);
	KEXPECT_EQ(t, oom_score_adj_set(k, 500), 0);
	KEXPECT_EQ(t, oom_score_adj_get(k), 500);
	KEXPECT_EQ(t, oom_adj_get(k), 8);
	KEXPECT_EQ(t, oom_adj_set(k, OOM_DISABLE), 0);
	KEXPECT_EQ(t, oom_score_adj_get(k), -1000);
	KEXPECT_EQ(t, oom_adj_set(k, OOM_ADJUST_MAX), 0);
	KEXPECT_EQ(t, oom_score_adj_get(k), 1000);
	KEXPECT_EQ(t, oom_adj_get(k), 15);
	KEXPECT_EQ(t, oom_adj_set(k, 16), -EINVAL);
	KEXPECT_EQ(t, oom_badness(k, totalram_pages), OOM_NEVER);	/* a kernel thread */
	KEXPECT_EQ(t, oom_badness(current, totalram_pages), OOM_NEVER);	/* process 1 */
	kthread_stop(k);
}

static unsigned long map_shared(unsigned long addr, unsigned long pages)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	down_write(&mm->mmap_sem);
	ret = do_mmap_pgoff(NULL, addr, pages << PAGE_SHIFT, RW,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0);
	up_write(&mm->mmap_sem);
	return ret;
}

/*
 * The reaper takes private pages and leaves shared ones; and nobody reads or writes zeros where
 * content was, or would be: not by a fault on a page that is gone, nor on one that never was.
 */
KTEST(oom, reaped_memory_is_not_zeros)
{
	struct mm_struct *mm = scratch_enter();

	KASSERT_EQ(t, scratch_map(SCRATCH_BASE, 8, RW), SCRATCH_BASE);
	KASSERT_EQ(t, map_shared(SHARED_BASE, 4), SHARED_BASE);
	for (unsigned long i = 0; i < 4; i++) {
		KEXPECT_EQ(t, poke(SCRATCH_BASE + i * PAGE_SIZE, 0x11), 0);
		KEXPECT_EQ(t, poke(SHARED_BASE + i * PAGE_SIZE, 0x22), 0);
	}
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 4 * PAGE_SIZE), 0u);		/* the page of zeros */

	down_write(&mm->mmap_sem);
	KEXPECT(t, !oom_reap_mm(mm));
	up_write(&mm->mmap_sem);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 4ul);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0x11u);

	KEXPECT(t, oom_reap_mm(mm));
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 0ul);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SHMEMPAGES), 4ul);
	for (unsigned long i = 0; i < 8; i++) {
		KEXPECT_EQ(t, peek(SCRATCH_BASE + i * PAGE_SIZE), 0xdeadu);
		KEXPECT_EQ(t, poke(SCRATCH_BASE + i * PAGE_SIZE, 1), -EFAULT);
	}
	KEXPECT_EQ(t, peek(SHARED_BASE + PAGE_SIZE), 0x22u);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 0ul);
	scratch_leave(mm);
}

/* Hand @mm to the reaper, as a kill does. */
static void queue_mm(struct ktest *t, struct mm_struct *mm)
{
	set_bit(MMF_OOM_VICTIM, &mm->flags);
	mmgrab(mm);
	KEXPECT(t, oom_queue_victim(mm, current));
}

/*
 * A victim is pending until its memory is gone: taken by the reaper as soon as it can have the
 * areas, or given up by the last who leaves.  What cannot be had is given up for lost.
 */
KTEST(oom, victim_is_pending)
{
	struct mm_struct *mm = scratch_enter();

	KASSERT_EQ(t, scratch_map(SCRATCH_BASE, 8, RW), SCRATCH_BASE);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), 0);
	KASSERT(t, !oom_victim_pending());
	down_write(&mm->mmap_sem);
	queue_mm(t, mm);
	queue_mm(t, mm);					/* once is enough */
	msleep(20);
	KEXPECT(t, oom_victim_pending());
	up_write(&mm->mmap_sem);
	while (oom_victim_pending())
		msleep(10);
	KEXPECT_EQ(t, get_mm_rss(mm), 0ul);
	KEXPECT(t, test_bit(MMF_OOM_SKIP, &mm->flags));
	scratch_leave(mm);

	/* It exits first: the reaper, which is asleep, finds that out. */
	mm = scratch_enter();
	KASSERT_EQ(t, scratch_map(SCRATCH_BASE, 8, RW), SCRATCH_BASE);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), 0);
	down_write(&mm->mmap_sem);
	queue_mm(t, mm);
	msleep(20);
	up_write(&mm->mmap_sem);
	scratch_leave(mm);
	KEXPECT(t, !oom_victim_pending());
}

/* Somebody never lets the areas go: the reaper gives up, and the next may be chosen. */
KTEST(oom, reaper_gives_up)
{
	struct mm_struct *mm = scratch_enter();

	KASSERT_EQ(t, scratch_map(SCRATCH_BASE, 8, RW), SCRATCH_BASE);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 0x33), 0);
	down_write(&mm->mmap_sem);
	queue_mm(t, mm);
	while (oom_victim_pending())
		msleep(10);
	up_write(&mm->mmap_sem);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0x33u);
	scratch_leave(mm);
}
