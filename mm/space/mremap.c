/*
 * mm/space/mremap.c - a mapping gets larger, smaller, or another address.
 *
 * Theory.  Shrinking is munmap of the tail.  Growing tries to extend the area
 * where it is; if something is in the way and the caller allows it
 * (MREMAP_MAYMOVE), a new area of the same kind is made elsewhere and the
 * *entries* move, not the pages: a realloc of many megabytes copies a few
 * kilobytes of page table.  Offsets stay with the pages, so a moved anonymous
 * area keeps the vm_pgoff of its birth.
 *
 * Locking: mmap_sem for writing.
 */
#include <mm/space/vma.h>

#include <kernel/fs/fs.h>
#include <kernel/uapi/mman.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>

/* The area around [addr, addr + old_len), which may be grown to new_len. => ERR_PTR */
static struct vm_area_struct *vma_to_resize(struct mm_struct *mm, unsigned long addr,
					    unsigned long old_len, unsigned long new_len)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	unsigned long grow = new_len > old_len ? (new_len - old_len) >> PAGE_SHIFT : 0, pgoff;

	if (!vma || vma->vm_start > addr)
		return ERR_PTR(-EFAULT);
	/* A copy without taking the original away is for shared memory only. */
	if (!old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return ERR_PTR(-EINVAL);
	if (old_len > vma->vm_end - addr)
		return ERR_PTR(-EFAULT);
	if (!grow)
		return vma;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return ERR_PTR(-EFAULT);
	pgoff = linear_page_index(vma, addr);
	if (pgoff + (new_len >> PAGE_SHIFT) < pgoff)
		return ERR_PTR(-EINVAL);
	if ((vma->vm_flags & VM_LOCKED) && check_mlock_limit(mm, grow))
		return ERR_PTR(-EAGAIN);
	if (!may_expand_vm(mm, vma->vm_flags, grow))
		return ERR_PTR(-ENOMEM);
	return vma;
}

/* Make the area for the new place, entries moved; the old one is untouched but empty. => ERR_PTR */
static struct vm_area_struct *copy_vma(struct vm_area_struct *vma, unsigned long addr,
				       unsigned long len, unsigned long pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *new;
	struct vma_place place;

	if (find_vma_place(mm, addr, addr + len, &place))
		return ERR_PTR(-ENOMEM);
	new = vma_merge(mm, place.prev, addr, addr + len, vma->vm_flags, vma->vm_file, pgoff, vma->vm_policy);
	if (new)
		return new;
	new = vm_area_dup(vma);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	if (new->vm_file)
		get_file(new->vm_file);
	vma_link(mm, new, &place);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	return new;
}

/*
 * Move @old_len bytes at @old_addr to @new_addr, where @new_len are free.
 * => the new address or -errno with everything as it was
 */
static unsigned long move_vma(struct vm_area_struct *vma, unsigned long old_addr,
			      unsigned long old_len, unsigned long new_len, unsigned long new_addr)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long flags = vma->vm_flags, moved;
	long pages = (long)(new_len >> PAGE_SHIFT);
	struct vm_area_struct *new;

	/* A cut at each end of the old place, and one area more. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return (unsigned long)-ENOMEM;
	if ((flags & VM_ACCOUNT) && vm_enough_memory(pages))
		return (unsigned long)-ENOMEM;
	new = copy_vma(vma, new_addr, new_len, linear_page_index(vma, old_addr));
	if (IS_ERR(new)) {
		if (flags & VM_ACCOUNT)
			vm_unacct_memory(pages);
		return (unsigned long)PTR_ERR(new);
	}
	vm_stat_account(mm, flags, pages);
	if (flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	/* Joining may have swallowed the area that we came with. */
	vma = find_vma(mm, old_addr);
	moved = move_page_tables(vma, old_addr, new, new_addr, old_len);
	if (moved < old_len) {
		/* No memory for page tables: put back what has moved, whose tables exist. */
		move_page_tables(new, new_addr, vma, old_addr, moved);
		do_munmap(mm, new_addr, new_len);
		return (unsigned long)-ENOMEM;
	}
	if (old_len)
		do_munmap(mm, old_addr, old_len);
	if (flags & VM_LOCKED)
		make_pages_present(mm, new_addr + old_len, new_addr + new_len);
	return new_addr;
}

/* MREMAP_FIXED. */
static unsigned long mremap_to(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
			       unsigned long new_addr, unsigned long new_len)
{
	struct vm_area_struct *vma;
	unsigned long ret;
	int err;

	if ((new_addr & ~PAGE_MASK) || new_len > TASK_SIZE || new_addr > TASK_SIZE - new_len)
		return (unsigned long)-EINVAL;
	if (new_addr < mmap_min_addr)
		return (unsigned long)-EPERM;
	if (addr + old_len > new_addr && new_addr + new_len > addr)
		return (unsigned long)-EINVAL;
	err = do_munmap(mm, new_addr, new_len);
	if (err)
		return (unsigned long)err;
	if (old_len > new_len) {
		err = do_munmap(mm, addr + new_len, old_len - new_len);
		if (err)
			return (unsigned long)err;
		old_len = new_len;
	}
	vma = vma_to_resize(mm, addr, old_len, new_len);
	if (IS_ERR(vma))
		return (unsigned long)PTR_ERR(vma);
	ret = get_unmapped_area(vma->vm_file, new_addr, new_len, vma->vm_pgoff, MAP_FIXED);
	return IS_ERR_VALUE(ret) ? ret : move_vma(vma, addr, old_len, new_len, new_addr);
}

/* Grow @vma at its end, where it is. => true, or false: no room or no memory */
static bool expand_in_place(struct vm_area_struct *vma, unsigned long new_end)
{
	struct mm_struct *mm = vma->vm_mm;
	long pages = (long)((new_end - vma->vm_end) >> PAGE_SHIFT);
	unsigned long old_end = vma->vm_end, flags = vma->vm_flags;

	if (new_end < old_end || new_end > TASK_SIZE ||
	    (vma->vm_next && new_end > vm_start_gap(vma->vm_next)))
		return false;
	if ((flags & VM_ACCOUNT) && vm_enough_memory(pages))
		return false;
	vm_stat_account(mm, flags, pages);
	if (!vma_merge(mm, vma, old_end, new_end, flags, vma->vm_file,
		       vma->vm_pgoff + vma_pages(vma), vma->vm_policy))
		vma_adjust(vma, vma->vm_start, new_end, vma->vm_pgoff);
	if (flags & VM_LOCKED) {
		mm->locked_vm += (unsigned long)pages;
		make_pages_present(mm, old_end, new_end);
	}
	return true;
}

/* => mmap_sem held for writing; lengths are page-aligned */
static unsigned long mremap_locked(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
				   unsigned long new_len, unsigned long flags,
				   unsigned long new_addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	/* Before anything is unmapped: from nowhere nothing can be moved. */
	if (!vma || vma->vm_start > addr)
		return (unsigned long)-EFAULT;
	if (flags & MREMAP_FIXED)
		return mremap_to(mm, addr, old_len, new_addr, new_len);
	if (old_len >= new_len) {
		int err = old_len > new_len ?
			  do_munmap(mm, addr + new_len, old_len - new_len) : 0;

		return err ? (unsigned long)err : addr;
	}
	vma = vma_to_resize(mm, addr, old_len, new_len);
	if (IS_ERR(vma))
		return (unsigned long)PTR_ERR(vma);
	if (old_len && vma->vm_end == addr + old_len && expand_in_place(vma, addr + new_len))
		return addr;
	if (!(flags & MREMAP_MAYMOVE))
		return (unsigned long)-ENOMEM;
	new_addr = get_unmapped_area(vma->vm_file, 0, new_len, vma->vm_pgoff, 0);
	if (IS_ERR_VALUE(new_addr))
		return new_addr;
	return move_vma(vma, addr, old_len, new_len, new_addr);
}

long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
	       unsigned long flags, unsigned long new_addr)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	if ((flags & ~(unsigned long)(MREMAP_FIXED | MREMAP_MAYMOVE)) || (addr & ~PAGE_MASK))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	old_len = PAGE_ALIGN(old_len);
	new_len = PAGE_ALIGN(new_len);
	if (!new_len || old_len > TASK_SIZE)
		return -EINVAL;
	if (new_len > TASK_SIZE)
		return -ENOMEM;
	/* No area reaches that far; and addr + new_len must not wrap around to one that exists. */
	if (addr > TASK_SIZE - old_len)
		return -EFAULT;
	down_write(&mm->mmap_sem);
	ret = mremap_locked(mm, addr, old_len, new_len, flags, new_addr);
	up_write(&mm->mmap_sem);
	return (long)ret;
}
