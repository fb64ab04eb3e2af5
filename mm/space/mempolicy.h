/*
 * mm/space/mempolicy.h - memory policies of areas and tasks.  Theory: mempolicy.c.
 */
#ifndef OCTAVO_MM_SPACE_MEMPOLICY_H
#define OCTAVO_MM_SPACE_MEMPOLICY_H

#include <mm/phys/mempolicy.h>
#include <mm/types/mm_types.h>

struct seq_file;

/* A page for @addr of @vma by the area's policy, or else the task's. */
struct page *__alloc_page_vma(gfp_t gfp, struct vm_area_struct *vma, unsigned long addr);
static inline struct page *alloc_page_vma(gfp_t gfp, struct vm_area_struct *vma,
					  unsigned long addr)
{
	return mempolicies_in_use() ? __alloc_page_vma(gfp, vma, addr) : alloc_page(gfp);
}

/*
 * Give [start, start + len) of current's memory the policy @pol (NULL: the task's again), whose
 * nodes were asked for as mask @nodes; @flags: MPOL_MF_*.  => takes the reference; may sleep;
 * 0, -EFAULT: a hole, -EIO: pages lie elsewhere and are to be strict, -ENOMEM
 */
int mbind_area(unsigned long start, unsigned long len, struct mempolicy *pol, unsigned long nodes,
	       unsigned int flags);
/* The policy of the area at @addr. => 0 with a reference in *pol, or NULL there; -EFAULT */
int area_policy(unsigned long addr, struct mempolicy **pol);
/* The node of the page at @addr, which is brought in if need be. => may sleep; or -EFAULT... */
int fault_in_node(unsigned long addr);
/* The node of the page at @addr of @mm. => mmap_sem; -ENOENT: no page, -EFAULT: no memory of its */
int page_node_at(struct mm_struct *mm, unsigned long addr);

/* /proc/PID/numa_maps; @pol: the task's policy. */
int task_numa_maps_show(struct seq_file *m, struct mm_struct *mm, struct mempolicy *pol);

#endif
