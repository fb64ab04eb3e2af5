/*
 * mm/phys/commit.c - what has been promised: Committed_AS and its limit.
 *
 * Theory.  mmap, brk and fork promise memory; page faults pay, later or never.  The sum of the
 * promises is what would be needed if all were called in: each private area that could be
 * written (VM_ACCOUNT), each object of shared anonymous memory by its size, each page of a
 * tmpfs file.  How far it may go beyond what is there is the administrator's choice,
 * /proc/sys/vm/overcommit_memory:
 *
 *	0  guess	what alone is more than all RAM and swap is refused, else everything is
 *			granted, and the OOM killer pays for bad luck
 *	1  always	everything is granted
 *	2  never	the sum stays below CommitLimit = RAM * overcommit_ratio / 100 + swap, or
 *			overcommit_kbytes + swap; less admin_reserve_kbytes for who is not root,
 *			less 1/32 of the asker's own size, at most user_reserve_kbytes, so that
 *			one process cannot take the last page from the shell that would end it
 *
 * Counting must cost next to nothing: each processor adds to a piece of its own, which may be
 * negative when memory was promised here and given back there.  Reading sums the pieces.  The
 * sum is exact whenever nobody counts meanwhile; if somebody does, each of his steps is in it
 * or not.
 *
 * Mode 2 must not be fooled by such a sum, so its *charges* hold commit_lock.  Whoever sums
 * under it has all charges before him in the sum, whole; what others give back meanwhile can
 * only make the truth smaller than the sum.  So the limit is never passed.
 *
 * Left out: huge pages, which Linux takes from RAM first; there are none yet.
 *
 * Interface: commit.h.  Locking: commit_lock, a spinlock, taken with page_table_lock held (a
 * stack grows).  Who is right about the sum is proved by vm_commit_check(), mm/space.
 * References: Linux, Documentation/vm/overcommit-accounting.
 */
#include <mm/phys/commit.h>

#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/sysctl.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/init.h>
#include <mm/phys/vmstat.h>
#include <mm/types/mm_types.h>

#define KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

/* Root's reserve is room for a shell and ps; a user's for ending what fills the machine. */
#define ADMIN_RESERVE_KBYTES_MAX	(8UL << 10)
#define USER_RESERVE_KBYTES_MAX		(128UL << 10)

DEFINE_PER_CPU(long, vm_committed_as);
static DEFINE_SPINLOCK(commit_lock);

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;		/* percent of RAM; 0 if kbytes count */
unsigned long sysctl_overcommit_kbytes;			/* or this; 0 if the ratio counts */
unsigned long sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;

long vm_memory_committed(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(vm_committed_as, cpu));
	return sum;
}

unsigned long vm_commit_limit(void)
{
	unsigned long kbytes = READ_ONCE(sysctl_overcommit_kbytes), ram = totalram_pages;
	unsigned int ratio = (unsigned int)READ_ONCE(sysctl_overcommit_ratio);

	/* In two parts, which do not overflow. */
	ram = kbytes ? KB_TO_PAGES(kbytes) : ram / 100 * ratio + ram % 100 * ratio / 100;
	return ram + total_swap_pages;
}

/* What @mm may bring the sum to, exclusive; may be negative. */
static long commit_allowed(const struct mm_struct *mm)
{
	long allowed = (long)vm_commit_limit();

	if (current->euid != 0)
		allowed -= (long)KB_TO_PAGES(sysctl_admin_reserve_kbytes);
	if (mm)
		allowed -= (long)min(mm->total_vm / 32, KB_TO_PAGES(sysctl_user_reserve_kbytes));
	return allowed;
}

static int charge_never(const struct mm_struct *mm, long pages)
{
	int err = 0;

	spin_lock(&commit_lock);
	if (vm_memory_committed() + pages < commit_allowed(mm))
		vm_acct_memory(pages);
	else
		err = -ENOMEM;
	spin_unlock(&commit_lock);
	return err;
}

int __vm_enough_memory(const struct mm_struct *mm, long pages)
{
	return vm_enough_for_areas(mm, pages, pages);
}

int vm_enough_for_areas(const struct mm_struct *mm, long pages, long largest)
{
	int mode = READ_ONCE(sysctl_overcommit_memory);

	if (unlikely(mode == OVERCOMMIT_NEVER))
		return charge_never(mm, pages);
	if (mode == OVERCOMMIT_GUESS &&
	    unlikely((unsigned long)largest > totalram_pages + total_swap_pages))
		return -ENOMEM;
	vm_acct_memory(pages);
	return 0;
}

void __init overcommit_init(void)
{
	unsigned long share = nr_free_pages() << (PAGE_SHIFT - 10) >> 5;

	sysctl_admin_reserve_kbytes = min(share, ADMIN_RESERVE_KBYTES_MAX);
	sysctl_user_reserve_kbytes = min(share, USER_RESERVE_KBYTES_MAX);
}

/* ---- /proc/sys/vm ------------------------------------------------------------------- */

/* Ratio and kbytes are two ways to say one thing: who says one takes the other back. */
static int ratio_changed(void)
{
	sysctl_overcommit_kbytes = 0;
	return 0;
}

static int kbytes_changed(void)
{
	sysctl_overcommit_ratio = 0;
	return 0;
}

SYSCTL_INT("sys/vm/overcommit_memory", sysctl_overcommit_memory, OVERCOMMIT_GUESS,
	   OVERCOMMIT_NEVER, NULL);
SYSCTL_INT("sys/vm/overcommit_ratio", sysctl_overcommit_ratio, INT_MIN, INT_MAX, ratio_changed);
SYSCTL_ULONG("sys/vm/overcommit_kbytes", sysctl_overcommit_kbytes, kbytes_changed);
SYSCTL_ULONG("sys/vm/admin_reserve_kbytes", sysctl_admin_reserve_kbytes, NULL);
SYSCTL_ULONG("sys/vm/user_reserve_kbytes", sysctl_user_reserve_kbytes, NULL);
