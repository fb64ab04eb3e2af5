/*
 * mm/space/mlock.c - memory that stays.
 *
 * Theory.  mlock marks areas VM_LOCKED and faults all their pages in, so that
 * no access to them waits for a fault again; what reclaim may take away, it
 * takes from other areas.  mlockall(MCL_FUTURE) puts the flag into mm->def_flags, which every
 * later mmap and brk adds.  The superuser is not limited, others by
 * RLIMIT_MEMLOCK.
 *
 * Locking: mmap_sem for writing to mark, for reading to fault in.
 */
#include <mm/space/vma.h>

#include <kernel/core/hooks.h>
#include <kernel/uapi/resource.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>

#define VM_LOCK_FLAGS	(VM_LOCKED | VM_LOCKONFAULT)

/*
 * [start, end) of @vma gets @lock, of VM_LOCK_FLAGS. Special areas are passed over.
 * => the area around it, or ERR_PTR
 */
static struct vm_area_struct *mlock_fixup(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, unsigned long lock)
{
	unsigned long oldflags = vma->vm_flags, pages = (end - start) >> PAGE_SHIFT;
	unsigned long flags = (oldflags & ~VM_LOCK_FLAGS) | lock;

	if (flags == oldflags || (oldflags & VM_SPECIAL))
		return vma;
	vma = vma_modify(start > vma->vm_start ? vma : vma->vm_prev, vma, start, end, flags,
			 vma->vm_policy);
	if (IS_ERR(vma))
		return vma;
	if (!(oldflags & VM_LOCKED))
		vma->vm_mm->locked_vm += pages;
	if (!(flags & VM_LOCKED))
		vma->vm_mm->locked_vm -= pages;
	return vma;
}

/* All of [start, end), which must be mapped without holes. => [s] write */
static long apply_vma_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long end,
				 unsigned long lock)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	while (start < end) {
		unsigned long stop;

		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		stop = min(vma->vm_end, end);
		vma = mlock_fixup(vma, start, stop, lock);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
		start = max(stop, vma->vm_end);
		vma = vma->vm_next;
	}
	return 0;
}

/* Pages of [start, end) that are locked already. => [s] read */
static unsigned long count_mlocked_pages(struct mm_struct *mm, unsigned long start,
					 unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long pages = 0;

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if (vma->vm_flags & VM_LOCKED)
			pages += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
	return pages;
}

/* Would @pages locked pages be too many? */
static bool over_limit(unsigned long pages)
{
	return pages > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT && !capable_ipc_lock();
}

/* @start and @len as the caller gave them: what they touch, in whole pages. => false: it wraps */
static bool whole_pages(unsigned long *start, unsigned long len, unsigned long *end)
{
	len = PAGE_ALIGN(len + (*start & ~PAGE_MASK));
	*start &= PAGE_MASK;
	*end = *start + len;
	return *end >= *start;
}

/* @lock: VM_LOCKED, perhaps with VM_LOCKONFAULT. */
long do_mlock(unsigned long start, unsigned long len, unsigned long lock)
{
	struct mm_struct *mm = current->mm;
	unsigned long end, pages;
	long ret = -ENOMEM;
	bool fits;

	if (!can_do_mlock())
		return -EPERM;
	fits = whole_pages(&start, len, &end);
	pages = (end - start) >> PAGE_SHIFT;
	down_write(&mm->mmap_sem);
	pages += mm->locked_vm;
	if (over_limit(pages))
		pages -= count_mlocked_pages(mm, start, end);
	if (!over_limit(pages))
		ret = fits ? apply_vma_lock_flags(mm, start, end, lock) : -EINVAL;
	if (ret) {
		up_write(&mm->mmap_sem);
		return ret;
	}
	downgrade_write(&mm->mmap_sem);
	ret = __mm_populate(mm, start, end, false);
	up_read(&mm->mmap_sem);
	/* A page that cannot be had: as POSIX wants it. */
	return ret == -EFAULT ? -ENOMEM : ret == -ENOMEM ? -EAGAIN : ret;
}

long do_munlock(unsigned long start, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	long ret;

	if (!whole_pages(&start, len, &end))
		return -EINVAL;
	down_write(&mm->mmap_sem);
	ret = apply_vma_lock_flags(mm, start, end, 0);
	up_write(&mm->mmap_sem);
	return ret;
}

/* Mark what is mapped now; areas that cannot be cut stay as they are. => [s] write */
static void mlock_all_areas(struct mm_struct *mm, unsigned long lock)
{
	struct vm_area_struct *vma = mm->mmap;

	while (vma) {
		struct vm_area_struct *now = mlock_fixup(vma, vma->vm_start, vma->vm_end, lock);

		vma = (IS_ERR(now) ? vma : now)->vm_next;
	}
}

long do_mlockall(int flags)
{
	unsigned long lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	struct mm_struct *mm = current->mm;
	long ret = -ENOMEM;

	if (!flags || flags == MCL_ONFAULT || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	down_write(&mm->mmap_sem);
	if (!(flags & MCL_CURRENT) || !over_limit(mm->total_vm)) {
		mm->def_flags = flags & MCL_FUTURE ? lock : 0;
		if (flags & MCL_CURRENT)
			mlock_all_areas(mm, lock);
		ret = 0;
	}
	downgrade_write(&mm->mmap_sem);
	if (!ret && (flags & MCL_CURRENT))
		make_pages_present(mm, 0, TASK_SIZE);
	up_read(&mm->mmap_sem);
	return ret;
}

long do_munlockall(void)
{
	struct mm_struct *mm = current->mm;

	down_write(&mm->mmap_sem);
	mm->def_flags = 0;
	mlock_all_areas(mm, 0);
	up_write(&mm->mmap_sem);
	return 0;
}
