/*
 * mm/types/mempolicy.h - from which nodes memory for somebody is to come.
 *
 * A task has a policy for all that it touches, an area may have one that goes
 * before it, and neither (NULL) means: from the node one runs on, and from the
 * nearest others if that is full.  A policy never changes once it is made, so
 * that tasks, areas and copies of both share it by reference.
 *
 * Lock of task->mempolicy: mempolicy_lock [p] to change it, or to look at another
 * task's; one's own is read without.  Of vm_area_struct.vm_policy: mmap_sem [s].
 */
#ifndef OCTAVO_MM_TYPES_MEMPOLICY_H
#define OCTAVO_MM_TYPES_MEMPOLICY_H

#include <kernel/arch/atomic.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct mempolicy {
	atomic_t refcnt;		/* [a] */
	u16 mode;			/* [c] MPOL_*, not MPOL_DEFAULT */
	u16 flags;			/* [c] MPOL_MODE_FLAGS */
	unsigned long nodes;		/* [c] mask: those that count; empty with MPOL_LOCAL */
	unsigned long user_nodes;	/* [c] mask: those that were asked for */
};

/* [a] policies that exist: as long as there is none, allocations need not ask for one */
extern atomic_t nr_mempolicies;
static inline bool mempolicies_in_use(void)
{
	return unlikely(atomic_read(&nr_mempolicies) != 0);
}

static inline void mpol_get(struct mempolicy *pol)
{
	if (unlikely(pol))
		atomic_inc(&pol->refcnt);
}
void __mpol_put(struct mempolicy *pol);
static inline void mpol_put(struct mempolicy *pol)
{
	if (unlikely(pol) && atomic_dec_and_test(&pol->refcnt))
		__mpol_put(pol);
}

/* Do they say the same? */
bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b);
static inline bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return likely(a == b) || __mpol_equal(a, b);
}

#endif
