/*
 * mm/space/mremap.c - a mapping gets larger, smaller, or another address.
 *
 * Theory.  Shrinking is munmap of the tail.  Growing tries to extend the area
 * where it is; if something is in the way and the caller allows it
 * (MREMAP_MAYMOVE), a new area of the same kind is made elsewhere and the
 * *entries* move, not the pages: a realloc of many megabytes copies a few
 * kilobytes of page table.  Offsets stay with the pages, so a moved anonymous
 * area that has any keeps the vm_pgoff of its birth.
 *
 * With MREMAP_DONTUNMAP the old area stays where it is, empty: who watches it
 * sees each first touch as a fault.  With an old length of 0 a shared mapping
 * is mapped a second time.
 *
 * Locking: mmap_sem for writing.
 */
#include <mm/space/vma.h>

#include <kernel/fs/fs.h>
#include <kernel/uapi/mman.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/space/memory.h>
#include <mm/space/mlock.h>

/* The area around [addr, addr + old_len), which may be grown to new_len. => ERR_PTR */
static struct vm_area_struct *vma_to_resize(struct mm_struct *mm, unsigned long addr,
					    unsigned long old_len, unsigned long new_len,
					    unsigned long flags)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, addr, addr + 1);
	unsigned long grow = (new_len - old_len) >> PAGE_SHIFT, pgoff;

	if (!vma)
		return ERR_PTR(-EFAULT);
	/* A copy without taking the original away is for shared memory only. */
	if (!old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return ERR_PTR(-EINVAL);
	if ((flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return ERR_PTR(-EINVAL);
	if (old_len > vma->vm_end - addr)
		return ERR_PTR(-EFAULT);
	if (!grow)
		return vma;
	pgoff = linear_page_index(vma, addr);
	if (pgoff + (new_len >> PAGE_SHIFT) < pgoff)
		return ERR_PTR(-EINVAL);
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return ERR_PTR(-EFAULT);
	if ((vma->vm_flags & VM_LOCKED) && check_mlock_limit(mm, grow))
		return ERR_PTR(-EAGAIN);
	if (!may_expand_vm(mm, vma->vm_flags, grow))
		return ERR_PTR(-ENOMEM);
	return vma;
}

/*
 * Make the area for the new place; the old one stays as it is.  Anonymous memory without pages
 * does not care where it was born, and takes the offsets that let it join neighbours there.
 * => ERR_PTR
 */
static struct vm_area_struct *copy_vma(struct vm_area_struct *vma, unsigned long addr,
				       unsigned long len, unsigned long pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *new;
	struct vma_place place;

	if (!vma->vm_ops && !vma_has_anon(vma))
		pgoff = addr >> PAGE_SHIFT;
	if (find_vma_place(mm, addr, addr + len, &place))
		return ERR_PTR(-ENOMEM);
	new = vma_merge(mm, place.prev, addr, addr + len, vma->vm_flags | VM_SOFTDIRTY,
			vma->vm_file, pgoff, vma->vm_policy, vma);
	if (new)
		return new;
	new = vm_area_dup(vma);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	new->vm_flags |= VM_SOFTDIRTY;
	if (anon_vma_clone(new, vma)) {
		vm_area_free(new);
		return ERR_PTR(-ENOMEM);
	}
	if (new->vm_file)
		get_file(new->vm_file);
	vma_link(mm, new, &place);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	return new;
}

/* MREMAP_DONTUNMAP: what stays of @vma is empty where its pages went, and locked nowhere. */
static void leave_unlocked(struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_LOCKED))
		return;
	vma->vm_mm->locked_vm -= vma_pages(vma);
	vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	mlock_vma_pages_range(vma, vma->vm_start, vma->vm_end, false);
}

/*
 * Move @old_len bytes at @old_addr to @new_addr, where @new_len are free.
 * => the new address or -errno with everything as it was
 */
static unsigned long move_vma(struct vm_area_struct *vma, unsigned long old_addr,
			      unsigned long old_len, unsigned long new_len, unsigned long new_addr,
			      unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long vm_flags = vma->vm_flags, peak = mm->hiwater_vm, moved;
	long pages = (long)(new_len >> PAGE_SHIFT);
	struct vm_area_struct *new;

	/* A cut at each end of the old place, and one area more. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return (unsigned long)-ENOMEM;
	/*
	 * Only what it grows by is asked for.  The old place is counted twice until it is gone: it
	 * was granted once, and a moment of too much refuses, where one of too little would grant.
	 */
	if (vm_flags & VM_ACCOUNT) {
		long grow = flags & MREMAP_DONTUNMAP ? pages : pages - (long)(old_len >> PAGE_SHIFT);

		if (__vm_enough_memory(mm, grow))
			return (unsigned long)-ENOMEM;
		vm_acct_memory(pages - grow);
	}
	new = copy_vma(vma, new_addr, new_len, linear_page_index(vma, old_addr));
	if (IS_ERR(new)) {
		if (vm_flags & VM_ACCOUNT)
			vm_unacct_memory(pages);
		return (unsigned long)PTR_ERR(new);
	}
	vm_stat_account(mm, vm_flags, pages);
	if (vm_flags & VM_LOCKED)
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
	if (new->vm_ops && new->vm_ops->mremap)
		new->vm_ops->mremap(new);
	if (flags & MREMAP_DONTUNMAP) {
		leave_unlocked(vma);
	} else if (old_len) {
		munmap_moved(mm, old_addr, old_len);
		mm->hiwater_vm = max(peak, mm->total_vm);	/* it was never in both places */
	}
	return new_addr;
}

/* What a call works on, and what it leaves to be done after it. */
struct mremap_args {
	unsigned long addr, old_len, new_len, flags, new_addr;
	bool populate;			/* out: the result is locked, and has grown */
};

/* The place is given (MREMAP_FIXED), or all moves except the address (MREMAP_DONTUNMAP). */
static unsigned long mremap_to(struct mm_struct *mm, struct mremap_args *a)
{
	unsigned long addr = a->addr, old_len = a->old_len, new_len = a->new_len, ret;
	struct vm_area_struct *vma;
	int err;

	if ((a->new_addr & ~PAGE_MASK) || new_len > TASK_SIZE || a->new_addr > TASK_SIZE - new_len)
		return (unsigned long)-EINVAL;
	if (addr + old_len > a->new_addr && a->new_addr + new_len > addr)
		return (unsigned long)-EINVAL;
	/* What two munmap may add, before move_vma() looks whether there is room. */
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return (unsigned long)-ENOMEM;
	if (a->flags & MREMAP_FIXED) {
		err = do_munmap(mm, a->new_addr, new_len);
		if (err)
			return (unsigned long)err;
	}
	if (old_len > new_len) {
		err = do_munmap(mm, addr + new_len, old_len - new_len);
		if (err)
			return (unsigned long)err;
		old_len = new_len;
	}
	vma = vma_to_resize(mm, addr, old_len, new_len, a->flags);
	if (IS_ERR(vma))
		return (unsigned long)PTR_ERR(vma);
	if ((a->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(mm, vma->vm_flags, old_len >> PAGE_SHIFT))
		return (unsigned long)-ENOMEM;
	ret = get_unmapped_area(vma->vm_file, a->new_addr, new_len, linear_page_index(vma, addr),
				a->flags & MREMAP_FIXED ? MAP_FIXED : 0);
	if (IS_ERR_VALUE(ret))
		return ret;
	a->populate = vma->vm_flags & VM_LOCKED && new_len > old_len;
	return move_vma(vma, addr, old_len, new_len, ret, a->flags);
}

/* Could @vma end at @new_end? A stack's gap is kept by mmap only. */
static bool vma_expandable(struct vm_area_struct *vma, unsigned long new_end)
{
	return new_end > vma->vm_end && new_end <= TASK_SIZE &&
	       (!vma->vm_next || new_end <= vma->vm_next->vm_start);
}

/* Grow @vma at its end, where it is and there is room. => 0 or -ENOMEM */
static int expand_in_place(struct vm_area_struct *vma, unsigned long new_end)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = (new_end - vma->vm_end) >> PAGE_SHIFT;

	if ((vma->vm_flags & VM_ACCOUNT) && __vm_enough_memory(mm, (long)pages))
		return -ENOMEM;
	vm_stat_account(mm, vma->vm_flags, (long)pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
	if (!vma_merge(mm, vma, vma->vm_end, new_end, vma->vm_flags, vma->vm_file,
		       vma->vm_pgoff + vma_pages(vma), vma->vm_policy, vma))
		vma_adjust(vma, vma->vm_start, new_end, vma->vm_pgoff);
	return 0;
}

/* => mmap_sem held for writing; lengths are page-aligned; the new address or -errno */
static unsigned long mremap_locked(struct mm_struct *mm, struct mremap_args *a)
{
	struct vm_area_struct *vma;
	unsigned long new_addr;

	if (!find_vma_intersection(mm, a->addr, a->addr + 1))
		return (unsigned long)-EFAULT;
	if (a->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(mm, a);
	if (a->old_len >= a->new_len) {
		/* Shrinking is munmap, which does not ask what is there. */
		int err = a->old_len == a->new_len ? 0 :
			  do_munmap(mm, a->addr + a->new_len, a->old_len - a->new_len);

		return err ? (unsigned long)err : a->addr;
	}
	vma = vma_to_resize(mm, a->addr, a->old_len, a->new_len, a->flags);
	if (IS_ERR(vma))
		return (unsigned long)PTR_ERR(vma);
	a->populate = vma->vm_flags & VM_LOCKED;
	if (vma->vm_end == a->addr + a->old_len && vma_expandable(vma, a->addr + a->new_len)) {
		int err = expand_in_place(vma, a->addr + a->new_len);

		return err ? (unsigned long)err : a->addr;
	}
	if (!(a->flags & MREMAP_MAYMOVE))
		return (unsigned long)-ENOMEM;
	new_addr = get_unmapped_area(vma->vm_file, 0, a->new_len, linear_page_index(vma, a->addr),
				     0);
	if (IS_ERR_VALUE(new_addr))
		return new_addr;
	return move_vma(vma, a->addr, a->old_len, a->new_len, new_addr, a->flags);
}

long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
	       unsigned long flags, unsigned long new_addr)
{
	struct mremap_args a = { .addr = addr, .old_len = PAGE_ALIGN(old_len),
				 .new_len = PAGE_ALIGN(new_len), .flags = flags,
				 .new_addr = new_addr };
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	if ((flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP)) || (addr & ~PAGE_MASK))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	/* What is left empty behind must be as large as what goes: the lengths to the byte. */
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if (!a.new_len)
		return -EINVAL;
	down_write(&mm->mmap_sem);
	ret = mremap_locked(mm, &a);
	if (likely(!a.populate || IS_ERR_VALUE(ret))) {
		up_write(&mm->mmap_sem);
		return (long)ret;
	}
	downgrade_write(&mm->mmap_sem);
	make_pages_present(mm, ret + a.old_len, ret + a.new_len);
	up_read(&mm->mmap_sem);
	return (long)ret;
}
