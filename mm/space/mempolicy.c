/*
 * mm/space/mempolicy.c - memory policies of areas.
 *
 * Theory.  What a policy means is mm/phys/mempolicy.c's; here is who has one.  An
 * area's policy goes before the task's.  It is one of the things that two areas must
 * agree in to be one (vma.c), and goes along when an area is cut, moved or copied by
 * fork; mbind() is mprotect() with a policy in place of rights.  exec drops the areas
 * and keeps the task's policy.
 *
 * An area's policy holds for the pages that faults bring into it: anonymous memory and
 * copies of a file's pages.  The pages of the file itself belong to no area; they go by
 * the policy of the task that reads them first, and shared anonymous memory is a file.
 * Pages that are there already stay where they are: moving them waits for page
 * migration, so MPOL_MF_MOVE finds that none could be moved.
 *
 * Interleaving counts places in the area from the start of its file or, for anonymous
 * memory, of the address space: so the parts of an area that was cut go on as before.
 *
 * Locking: mmap_sem.
 */
#include <mm/space/mempolicy.h>

#include <kernel/core/sched.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

struct page *__alloc_page_vma(gfp_t gfp, struct vm_area_struct *vma, unsigned long addr)
{
	struct mempolicy *pol = vma->vm_policy ? vma->vm_policy : current->mempolicy;

	return alloc_pages_policy(pol, gfp, 0, linear_page_index(vma, addr));
}

/* ---- mbind ---------------------------------------------------------------------------- */

/* => the first area of the range; NULL: none, or, if it must be without, there is a hole */
static struct vm_area_struct *first_of_range(struct mm_struct *mm, unsigned long start,
					     unsigned long end, bool holes)
{
	struct vm_area_struct *first = find_vma(mm, start), *vma;

	if (!first || first->vm_start >= end)
		return NULL;
	if (holes)
		return first;
	if (first->vm_start > start)
		return NULL;
	for (vma = first; vma->vm_end < end; vma = vma->vm_next)
		if (!vma->vm_next || vma->vm_next->vm_start != vma->vm_end)
			return NULL;
	return first;
}

struct misplaced {
	unsigned long nodes, count;
};

static void count_misplaced(struct page *page, pte_t entry, void *arg)
{
	struct misplaced *m = arg;

	if (!PageReserved(page))
		m->count += !(m->nodes & 1UL << page_to_nid(page));
}

/* => pages in the range that lie on none of @nodes */
static unsigned long misplaced_pages(struct vm_area_struct *vma, unsigned long start,
				     unsigned long end, unsigned long nodes)
{
	struct misplaced m = { .nodes = nodes };

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			walk_mapped_pages(vma, max(start, vma->vm_start),
					  min(end, vma->vm_end), count_misplaced, &m);
	return m.count;
}

/* Give the part of @vma in [start, end) the policy. => the area that has it now, or ERR_PTR */
static struct vm_area_struct *mbind_vma(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, struct mempolicy *pol)
{
	struct vm_area_struct *prev = start > vma->vm_start ? vma : vma->vm_prev;

	if (mpol_equal(vma->vm_policy, pol))
		return vma;
	return vma_modify(prev, vma, start, end, vma->vm_flags, pol);
}

static int mbind_range(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, struct mempolicy *pol)
{
	while (vma && vma->vm_start < end) {
		unsigned long to = min(end, vma->vm_end);

		vma = mbind_vma(vma, max(start, vma->vm_start), to, pol);
		if (IS_ERR(vma))
			return (int)PTR_ERR(vma);
		/* What was joined may reach further: on behind what is done. */
		vma = to < end ? find_vma(mm, to) : NULL;
	}
	return 0;
}

int mbind_area(unsigned long start, unsigned long len, struct mempolicy *pol, unsigned long nodes,
	       unsigned int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	bool misplaced;
	int err = -EFAULT;

	down_write(&mm->mmap_sem);
	vma = first_of_range(mm, start, end, !pol);
	if (!vma)
		goto out;
	misplaced = flags & MPOL_MF_STRICT && misplaced_pages(vma, start, end, nodes);
	err = -EIO;
	if (misplaced && !(flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)))
		goto out;
	err = mbind_range(mm, vma, start, end, pol);
	if (!err && misplaced)
		err = -EIO;	/* they could not be moved */
out:
	up_write(&mm->mmap_sem);
	mpol_put(pol);
	return err;
}

/* ---- asking ---------------------------------------------------------------------------- */

int area_policy(unsigned long addr, struct mempolicy **pol)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr) {
		*pol = vma->vm_policy;
		mpol_get(*pol);
	} else {
		vma = NULL;
	}
	up_read(&mm->mmap_sem);
	return vma ? 0 : -EFAULT;
}

/* => the entry at @addr, 0 if there is none */
static pte_t entry_at(struct mm_struct *mm, unsigned long addr)
{
	pte_t entry = __pte(0), *pte;

	spin_lock(&mm->page_table_lock);
	pte = mm_find_pte(mm, addr);
	if (pte)
		entry = *pte;
	spin_unlock(&mm->page_table_lock);
	return entry;
}

int page_node_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct page *page;
	pte_t entry;

	if (!vma || vma->vm_start > addr)
		return -EFAULT;
	entry = entry_at(mm, addr);
	if (!pte_present(entry))
		return -ENOENT;
	page = vm_normal_page(entry);
	return page ? page_to_nid(page) : -EFAULT;
}

int fault_in_node(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct page *page;
	pte_t entry;
	int n;

	down_read(&mm->mmap_sem);
	n = get_user_pages(mm, addr & PAGE_MASK, 1, false, false, &page);
	if (n == 1) {
		n = page_to_nid(page);
		put_page(page);
	} else {
		/* The zero page is nobody's, but has a place. */
		entry = entry_at(mm, addr);
		if (pte_present(entry) && pte_pfn(entry) == page_to_pfn(ZERO_PAGE(addr)))
			n = page_to_nid(ZERO_PAGE(addr));
	}
	up_read(&mm->mmap_sem);
	return n;
}
