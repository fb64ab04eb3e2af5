/*
 * mm/space/accounting.c - Committed_AS proved: areas and objects added up.
 *
 * Theory.  Committed_AS (mm/phys/commit.c) is changed in a dozen places, by whoever makes, cuts,
 * copies or removes memory that counts, and in as many paths that fail half way.  A mistake in
 * one of them is a few pages that nobody misses, until in mode 2 nothing can be mapped any more.
 * So the sum is also made the slow way:
 *
 *	for each address space	the pages of its areas with VM_ACCOUNT
 *	for each tmpfs		the size of each shared object, the pages of each file
 *
 * and both must agree.  The kernel's tests do this after each test; ring 3 by writing to
 * /proc/sys/vm/stat_refresh (run-tests does, after each program).
 *
 * While the sum is made somebody may map or exit, and then the two differ for a good reason: a
 * difference counts only if it stays.
 *
 * Locking: each mmap_sem for reading in turn; address spaces are pinned by mm_users.
 */
#include <mm/space/mmap.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <lib/errno.h>

#define CHECK_TRIES	20

static long accounted_pages(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	long pages = 0;

	down_read(&mm->mmap_sem);
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		if (vma->vm_flags & VM_ACCOUNT)
			pages += (long)vma_pages(vma);
	up_read(&mm->mmap_sem);
	return pages;
}

/* What is said, less what is found. */
static long commit_difference(void)
{
	long found = shmem_accounted_pages();
	struct mm_struct *mm = NULL;

	while ((mm = next_mm(mm)) != NULL)
		found += accounted_pages(mm);
	return vm_memory_committed() - found;
}

int vm_commit_check(void)
{
	long difference = commit_difference();
	int tries;

	for (tries = 0; tries < CHECK_TRIES && difference; tries++) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
		difference = commit_difference();
	}
	if (!difference)
		return 0;
	pr_err("Committed_AS is %ld pages, %+ld more than areas and objects\n",
	       vm_memory_committed(), difference);
	return -EINVAL;
}

/* A test that does not settle its accounts, or whose accounts are wrong, fails. */
void __init vm_accounting_init(void)
{
	overcommit_init();
	ktest_register_counter("committed", vm_memory_committed);
	ktest_register_checker("committed", vm_commit_check);
}
