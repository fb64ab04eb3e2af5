/*
 * mm/space/mprotect.c - other rights for memory that is mapped already.
 *
 * Theory.  The range is gone through area by area.  Each gets new vm_flags: it
 * joins a neighbour that now agrees (vma_merge), or is cut at the range's ends,
 * and then its present entries are rewritten.  Private memory that becomes
 * writable for the first time becomes a promise (VM_ACCOUNT) and is charged;
 * it stays charged if it becomes read-only again, because its pages stay.
 *
 * Write and execute together are allowed: i386 without NX could not forbid it.
 *
 * Locking: mmap_sem for writing.
 */
#include <mm/space/vma.h>

#include <kernel/uapi/mman.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)

/* [start, end) of @vma gets @newflags; *@pprev = the area that ends at @end then. => 0 or -errno */
static int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev,
			  unsigned long start, unsigned long end, unsigned long newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long oldflags = vma->vm_flags, charged = 0;
	long pages = (long)((end - start) >> PAGE_SHIFT);
	struct vm_area_struct *merged;
	int err;

	if (newflags == oldflags) {
		*pprev = vma;
		return 0;
	}
	if (!(oldflags & VM_ACCOUNT) && accountable_mapping(newflags)) {
		charged = (unsigned long)pages;
		err = vm_enough_memory(pages);
		if (err)
			return err;
		newflags |= VM_ACCOUNT;
	}
	merged = vma_merge(mm, *pprev, start, end, newflags, vma->vm_file,
			   linear_page_index(vma, start), vma->vm_policy);
	if (merged) {
		vma = merged;
	} else {
		err = start > vma->vm_start ? split_vma(mm, vma, start, 1) : 0;
		if (!err && end < vma->vm_end)
			err = split_vma(mm, vma, end, 0);
		if (err) {
			vm_unacct_memory((long)charged);
			return err;
		}
		vma->vm_flags = newflags;
		vma->vm_page_prot = vm_get_page_prot(newflags);
	}
	*pprev = vma;
	change_protection(vma, start, end, vma->vm_page_prot);
	vm_stat_account(mm, oldflags, -pages);
	vm_stat_account(mm, newflags, pages);
	/* Locked memory does not wait for a first write either: the copies are made now. */
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (newflags & VM_WRITE))
		make_pages_present(mm, start, end);
	return 0;
}

/* PROT_GROWSDOWN: from the start of the stack around *@start. => first area, or ERR: none */
static struct vm_area_struct *first_area(struct mm_struct *mm, unsigned long *start,
					 unsigned long end, bool growsdown)
{
	struct vm_area_struct *vma = find_vma(mm, *start);

	if (!vma)
		return NULL;
	if (growsdown) {
		if (vma->vm_start >= end || !(vma->vm_flags & VM_GROWSDOWN))
			return NULL;
		*start = vma->vm_start;
	}
	return vma->vm_start <= *start ? vma : NULL;
}

/* => mmap_sem held for writing */
static long mprotect_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			   unsigned long prot, bool growsdown)
{
	struct vm_area_struct *vma = first_area(mm, &start, end, growsdown), *prev;
	int err;

	if (!vma)
		return growsdown ? -EINVAL : -ENOMEM;
	prev = start > vma->vm_start ? vma : vma->vm_prev;
	for (;;) {
		unsigned long newflags = prot | (vma->vm_flags & ~VM_ACCESS_FLAGS);
		unsigned long stop = min(vma->vm_end, end);

		/* VM_MAYx is four bits above VM_x. */
		static_assert(VM_MAYREAD == VM_READ << 4 && VM_MAYEXEC == VM_EXEC << 4, "shifted");
		if (prot & ~(vma->vm_flags >> 4))
			return -EACCES;
		err = mprotect_fixup(vma, &prev, start, stop, newflags);
		if (err)
			return err;
		start = max(stop, prev->vm_end);
		if (start >= end)
			return 0;
		vma = prev->vm_next;
		if (!vma || vma->vm_start != start)
			return -ENOMEM;
	}
}

long do_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP), end;
	struct mm_struct *mm = current->mm;
	long ret;

	prot &= ~grows;
	if ((grows & PROT_GROWSUP) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	len = PAGE_ALIGN(len);
	end = start + len;
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	down_write(&mm->mmap_sem);
	ret = mprotect_range(mm, start, end, calc_vm_prot_bits(effective_prot(prot)), grows & PROT_GROWSDOWN);
	up_write(&mm->mmap_sem);
	return ret;
}
