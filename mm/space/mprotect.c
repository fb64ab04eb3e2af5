/*
 * mm/space/mprotect.c - other rights for memory that is mapped already.
 *
 * Theory.  The range is gone through area by area.  Each gets new vm_flags: it
 * joins a neighbour that now agrees (vma_merge), or is cut at the range's ends,
 * and then its present entries are rewritten.  Private memory that becomes
 * writable for the first time becomes a promise (VM_ACCOUNT) and is charged;
 * it stays charged if it becomes read-only again, because its pages stay.
 *
 * Write and execute together are allowed to who asks for both, as on Linux.
 *
 * Locking: mmap_sem for writing.
 */
#include <mm/space/vma.h>

#include <kernel/uapi/mman.h>
#include <lib/err.h>
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
	int err;

	if (newflags == oldflags) {
		*pprev = vma;
		return 0;
	}
	/* What becomes data counts as such from now on, unless there was too much already. */
	if ((newflags & VM_WRITE) && !may_expand_vm(mm, newflags, (unsigned long)pages) &&
	    may_expand_vm(mm, oldflags, (unsigned long)pages))
		return -ENOMEM;
	if (!(oldflags & VM_ACCOUNT) && accountable_mapping(newflags)) {
		charged = (unsigned long)pages;
		err = __vm_enough_memory(mm, pages);
		if (err)
			return err;
		newflags |= VM_ACCOUNT;
	}
	vma = vma_modify(*pprev, vma, start, end, newflags, vma->vm_policy);
	if (IS_ERR(vma)) {
		vm_unacct_memory((long)charged);
		return (int)PTR_ERR(vma);
	}
	vma->vm_page_prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(newflags));
	*pprev = vma;
	change_protection(vma, start, end, vma->vm_page_prot);
	vm_stat_account(mm, oldflags, -pages);
	vm_stat_account(mm, newflags, pages);
	/* Locked memory must not fault at the first write either: have the copies made now. */
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (newflags & VM_WRITE))
		make_pages_present(mm, start, end);
	return 0;
}

/*
 * Where mprotect begins: at *@start, or by PROT_GROWSDOWN at the start of the stack around or
 * above it.  PROT_GROWSUP would go on to the end of a stack that grows up: there is none.
 * => the first area; ERR_PTR(-ENOMEM, -EINVAL)
 */
static struct vm_area_struct *first_area(struct mm_struct *mm, unsigned long *start,
					 unsigned long end, unsigned long grows)
{
	struct vm_area_struct *vma = find_vma(mm, *start);

	if (!vma || vma->vm_start >= end)
		return ERR_PTR(-ENOMEM);
	if (grows & PROT_GROWSDOWN) {
		*start = vma->vm_start;
		return vma->vm_flags & VM_GROWSDOWN ? vma : ERR_PTR(-EINVAL);
	}
	if (vma->vm_start > *start)
		return ERR_PTR(-ENOMEM);
	return grows & PROT_GROWSUP ? ERR_PTR(-EINVAL) : vma;
}

/* => mmap_sem held for writing */
static long mprotect_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			   unsigned long prot, unsigned long grows)
{
	struct vm_area_struct *vma = first_area(mm, &start, end, grows), *prev;
	int err;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	prev = start > vma->vm_start ? vma : vma->vm_prev;
	for (;;) {
		unsigned long rights = prot, newflags, stop = min(vma->vm_end, end);

		/* VM_MAYx is four bits above VM_x. */
		static_assert(VM_MAYREAD == VM_READ << 4 && VM_MAYEXEC == VM_EXEC << 4, "shifted");
		if (read_implies_exec(prot) && (vma->vm_flags & VM_MAYEXEC))
			rights |= VM_EXEC;
		if (rights & ~(vma->vm_flags >> 4))
			return -EACCES;
		newflags = rights | (vma->vm_flags & ~VM_ACCESS_FLAGS);
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
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
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
	ret = mprotect_range(mm, start, end, calc_vm_prot_bits(prot), grows);
	up_write(&mm->mmap_sem);
	return ret;
}
