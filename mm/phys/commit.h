/*
 * mm/phys/commit.h - memory that has been promised: Committed_AS and its limit.
 *
 * Theory: commit.c.  Who gives an address space private memory that it may write, or makes
 * shared memory that nothing but RAM and swap backs, asks __vm_enough_memory() first and gives
 * back with vm_unacct_memory() what it was granted.  All counts are pages.
 */
#ifndef OCTAVO_MM_PHYS_COMMIT_H
#define OCTAVO_MM_PHYS_COMMIT_H

#include <kernel/core/percpu.h>
#include <lib/types.h>

struct mm_struct;

/* /proc/sys/vm/overcommit_memory */
#define OVERCOMMIT_GUESS	0
#define OVERCOMMIT_ALWAYS	1
#define OVERCOMMIT_NEVER	2
extern int sysctl_overcommit_memory;
/* The others; see commit.c. */
extern int sysctl_overcommit_ratio;
extern unsigned long sysctl_overcommit_kbytes;
extern unsigned long sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;

DECLARE_PER_CPU(long, vm_committed_as);

/* Count @pages, granted or not asked for; any context but an interrupt's. */
static inline void vm_acct_memory(long pages)
{
	this_cpu_add(vm_committed_as, pages);
}
static inline void vm_unacct_memory(long pages)
{
	this_cpu_sub(vm_committed_as, pages);
}

/*
 * May @pages more be promised to @mm (NULL: to nobody in particular)?
 * => counted if 0, else -ENOMEM; does not sleep
 */
int __vm_enough_memory(const struct mm_struct *mm, long pages);
/* The same of several areas at once, of which the largest has @largest pages: a fork. */
int vm_enough_for_areas(const struct mm_struct *mm, long pages, long largest);

/* What is promised now, and what may be in mode OVERCOMMIT_NEVER. */
long vm_memory_committed(void);
unsigned long vm_commit_limit(void);

/* Reserves by the size of memory. => boot, after mem_init() */
void overcommit_init(void);

#endif
