/*
 * mm/space/accounting.c - what has been promised: Committed_AS.
 *
 * Theory.  Private writable memory, and shared anonymous memory, is promised by
 * mmap, brk and fork, and paid for by page faults, later or never.  The sum of
 * promises is vm_committed_space.  Each area that counts carries VM_ACCOUNT, so
 * that whoever cuts, merges, copies or removes areas knows what to give back;
 * mprotect charges when it makes private memory writable for the first time.
 *
 * Today's policy is Linux's overcommit_memory = 0 without its heuristic: a
 * single request beyond all of RAM is refused, everything else is granted, and
 * the OOM killer pays for bad luck.
 *
 * Locking: one atomic counter.
 */
#include <mm/space/mmap.h>

#include <kernel/core/ktest.h>
#include <lib/errno.h>
#include <mm/phys/init.h>
#include <mm/phys/vmstat.h>

int vm_enough_memory(long pages)
{
	if (pages > (long)totalram_pages)
		return -ENOMEM;
	atomic_long_add(pages, &vm_committed_space);
	return 0;
}

void vm_unacct_memory(long pages)
{
	atomic_long_sub(pages, &vm_committed_space);
}

static long count_committed(void)
{
	return atomic_long_read(&vm_committed_space);
}

/* A test that does not settle its accounts fails. */
void __init vm_accounting_init(void)
{
	ktest_register_counter("committed", count_committed);
}
