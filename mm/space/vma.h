/*
 * mm/space/vma.h - areas on list, tree and i_mmap: for mm/space itself.
 *
 * What other layers may use is in mmap.h.
 */
#ifndef OCTAVO_MM_SPACE_VMA_H
#define OCTAVO_MM_SPACE_VMA_H

#include <lib/kernel.h>
#include <mm/space/mmap.h>

struct address_space;

/* Where an area that starts at some address belongs. */
struct vma_place {
	struct vm_area_struct *prev;
	struct rb_node **rb_link, *rb_parent;
};

/* => [s]; 0 with *place filled in, or -ENOMEM: [start, end) is not free */
int find_vma_place(struct mm_struct *mm, unsigned long start, unsigned long end,
		   struct vma_place *place);
/* Put @vma at *place, on i_mmap too, and count it. => [s] write */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, const struct vma_place *place);
/*
 * fork: put @vma, a copy of @old, last on the list, behind @prev (NULL: the first); when all are there,
 * vma_build_tree() makes the tree, for less than as many searches and insertions.
 * => nobody knows @mm yet
 */
void vma_append(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev,
		struct vm_area_struct *old);
void vma_build_tree(struct mm_struct *mm);

/* On and off the list of areas that map a file. */
void __vma_link_file(struct vm_area_struct *vma);
void __vma_unlink_file(struct vm_area_struct *vma);
static inline void vma_link_file(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		__vma_link_file(vma);
}
static inline void vma_unlink_file(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		__vma_unlink_file(vma);
}

/* do_munmap() of what move_page_tables() has emptied: its entries are not looked at again. */
int munmap_moved(struct mm_struct *mm, unsigned long start, unsigned long len);

/* Where mmap must stop below @vma: a stack keeps its gap. */
static inline unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start, gap = stack_guard_gap;

	if (!(vma->vm_flags & VM_GROWSDOWN))
		return start;
	return start > gap ? start - gap : 0;
}

/* May the caller map @addr? => 0 or -EPERM */
int security_mmap_addr(unsigned long addr);
/* What ends at @end became free: the next search must see it. => [s] write */
static inline void forget_free_area(struct mm_struct *mm, unsigned long end)
{
	if (end > mm->free_area_cache)
		mm->free_area_cache = min(end, mm->mmap_base);
}

void vma_cache_init(void);

#endif
