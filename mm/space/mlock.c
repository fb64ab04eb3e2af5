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
#include <kernel/uapi/mman.h>
#include <kernel/uapi/resource.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>

/* [start, end) of @vma becomes locked or not. => the area around it, or ERR_PTR */
static struct vm_area_struct *mlock_fixup(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, bool lock)
{
	struct vm_area_struct *prev = start > vma->vm_start ? vma : vma->vm_prev, *merged;
	unsigned long flags = (vma->vm_flags & ~VM_LOCKED) | (lock ? VM_LOCKED : 0);
	struct mm_struct *mm = vma->vm_mm;
	long pages = (long)((end - start) >> PAGE_SHIFT);
	int err;

	if (flags == vma->vm_flags || (vma->vm_flags & (VM_IO | VM_PFNMAP)))
		return vma;
	merged = vma_merge(mm, prev, start, end, flags, vma->vm_file,
			   linear_page_index(vma, start), vma->vm_policy);
	if (merged) {
		vma = merged;
	} else {
		err = start > vma->vm_start ? split_vma(mm, vma, start, 1) : 0;
		if (!err && end < vma->vm_end)
			err = split_vma(mm, vma, end, 0);
		if (err)
			return ERR_PTR(err);
		vma->vm_flags = flags;
	}
	mm->locked_vm += (unsigned long)(lock ? pages : -pages);
	return vma;
}

/* All of [start, end), which must be mapped without holes. => [s] write */
static long mlock_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool lock)
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
		start = stop;
		if (vma->vm_end <= start)
			vma = vma->vm_next;
	}
	return 0;
}

static bool over_limit(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);

	return current->euid != 0 && limit != RLIM_INFINITY && pages > limit >> PAGE_SHIFT;
}

long do_mlock(unsigned long start, unsigned long len, bool on)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	long ret;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	end = start + len;
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (on && current->euid != 0 && !rlimit(RLIMIT_MEMLOCK))
		return -EPERM;
	down_write(&mm->mmap_sem);
	if (on && over_limit(mm, mm->locked_vm + (len >> PAGE_SHIFT)))
		ret = -ENOMEM;
	else
		ret = mlock_range(mm, start, end, on);
	if (!ret && on)
		downgrade_write(&mm->mmap_sem);
	if (ret || !on) {
		up_write(&mm->mmap_sem);
		return ret;
	}
	ret = __mm_populate(mm, start, end, false);
	up_read(&mm->mmap_sem);
	/* A page that cannot be had: as POSIX wants it. */
	return ret == -EFAULT ? -ENOMEM : ret == -ENOMEM ? -EAGAIN : ret;
}

/* Mark what is mapped now; areas that cannot be cut stay as they are. => [s] write */
static void mlock_all_areas(struct mm_struct *mm, bool lock)
{
	struct vm_area_struct *vma = mm->mmap;

	while (vma) {
		struct vm_area_struct *now = mlock_fixup(vma, vma->vm_start, vma->vm_end, lock);

		vma = (IS_ERR(now) ? vma : now)->vm_next;
	}
}

long do_mlockall(int flags)
{
	struct mm_struct *mm = current->mm;
	long ret = -ENOMEM;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE)))
		return -EINVAL;
	if (current->euid != 0 && !rlimit(RLIMIT_MEMLOCK))
		return -EPERM;
	down_write(&mm->mmap_sem);
	if (!(flags & MCL_CURRENT) || !over_limit(mm, mm->total_vm)) {
		mm->def_flags = flags & MCL_FUTURE ? VM_LOCKED : 0;
		if (flags & MCL_CURRENT)
			mlock_all_areas(mm, true);
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
	mlock_all_areas(mm, false);
	up_write(&mm->mmap_sem);
	return 0;
}
