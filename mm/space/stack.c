/*
 * mm/space/stack.c - areas that grow down: made by exec, grown by page faults.
 *
 * Theory.  A fault below an area that is VM_GROWSDOWN makes it reach down to there,
 * as far as RLIMIT_STACK and the other limits allow.  A stack may not grow into its
 * neighbour unseen: mmap puts nothing within stack_guard_gap bytes below one, and
 * growth stops at that distance from what is there.  PROT_NONE memory below may be a
 * guard that the program made itself, and keeps no distance.
 *
 * Locking: expand_stack() comes with mmap_sem held for reading (a fault) and guards
 * the borders by page_table_lock against its likes.
 */
#include <mm/space/vma.h>

#include <kernel/core/signal.h>
#include <kernel/uapi/resource.h>
#include <lib/errno.h>
#include <mm/cache/anon_vma.h>

int setup_stack_vma(struct mm_struct *mm, unsigned long top, unsigned long bytes)
{
	struct vm_area_struct *vma;
	long pages;
	int err = -ENOMEM;

	vma = vm_area_alloc(mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_end = top;
	vma->vm_start = top - PAGE_ALIGN(bytes);
	vma->vm_flags = VM_STACK_FLAGS & ~VM_EXEC;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	pages = (long)vma_pages(vma);
	down_write(&mm->mmap_sem);
	if (__vm_enough_memory(mm, pages))
		goto out_free;
	if (insert_vm_struct(mm, vma))
		goto out_unacct;
	vm_stat_account(mm, vma->vm_flags, pages);
	up_write(&mm->mmap_sem);
	return 0;

out_unacct:
	vm_unacct_memory(pages);
out_free:
	up_write(&mm->mmap_sem);
	vm_area_free(vma);
	return err;
}

/* May a stack take @grow pages more? => 0 or -ENOMEM, charged if 0 */
static int acct_stack_growth(struct vm_area_struct *vma, unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!may_expand_vm(mm, vma->vm_flags, grow) || size > task_rlimit(current, RLIMIT_STACK))
		return -ENOMEM;
	if ((vma->vm_flags & VM_LOCKED) && check_mlock_limit(mm, grow))
		return -ENOMEM;
	return vma->vm_flags & VM_ACCOUNT ? __vm_enough_memory(mm, (long)grow) : 0;
}

int expand_stack(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma->vm_prev;
	unsigned long grow;
	int err = 0;

	address &= PAGE_MASK;
	if (address < mmap_min_addr)
		return -EPERM;
	/* Its offset would change under another thread's fault, which reads it without a lock. */
	if (vma->vm_file)
		return -ENOMEM;
	/* Keep the distance from what lies below, unless that is nothing but PROT_NONE. */
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) &&
	    (prev->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) &&
	    (address < prev->vm_end || address - prev->vm_end < stack_guard_gap))
		return -ENOMEM;
	if (prev && address < prev->vm_end)
		return -ENOMEM;

	if (anon_vma_grow_down(vma, address))
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (address < vma->vm_start) {
		grow = (vma->vm_start - address) >> PAGE_SHIFT;
		err = grow > vma->vm_pgoff ? -ENOMEM :
		      acct_stack_growth(vma, vma->vm_end - address, grow);
		if (!err) {
			vm_stat_account(mm, vma->vm_flags, (long)grow);
			if (vma->vm_flags & VM_LOCKED)
				mm->locked_vm += grow;
			vma->vm_start = address;
			vma->vm_pgoff -= grow;
		}
	}
	spin_unlock(&mm->page_table_lock);
	return err;
}
