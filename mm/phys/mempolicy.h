/*
 * mm/phys/mempolicy.h - memory policies: made, and obeyed.  Theory: mempolicy.c.
 */
#ifndef OCTAVO_MM_PHYS_MEMPOLICY_H
#define OCTAVO_MM_PHYS_MEMPOLICY_H

#include <mm/phys/page_alloc.h>
#include <mm/types/mempolicy.h>

struct task_struct;

void mempolicy_init(void);

/*
 * A policy of @mode for the nodes of mask @nodes.
 * => NULL for MPOL_DEFAULT; ERR_PTR(-EINVAL): they make no sense together; ERR_PTR(-ENOMEM)
 */
struct mempolicy *mpol_new(int mode, unsigned int flags, unsigned long nodes);
/* Make @pol current's, with the caller's reference. */
void set_task_policy(struct mempolicy *pol);
/* The policy of @tsk. => a reference, or NULL */
struct mempolicy *get_task_policy(struct task_struct *tsk);

/* For alloc_pages_policy(): interleave in turn, not by place. */
#define NO_INTERLEAVE_INDEX	(~0UL)
/*
 * As alloc_pages(), from where @pol (NULL: anywhere) has it.  @index: the place among pages that
 * are interleaved.
 */
struct page *alloc_pages_policy(struct mempolicy *pol, gfp_t gfp, unsigned int order,
				unsigned long index);
/* By the policy of the running task. */
struct page *alloc_pages_current(gfp_t gfp, unsigned int order);
/* The node from which current's next interleaved page will come. => current interleaves */
int next_interleave_node(void);

#endif
