/*
 * mm/space/madvise.c - what a program says it will do with its memory.
 *
 * Theory.  Three sorts of advice.  NORMAL, RANDOM, SEQUENTIAL, DONTFORK and
 * HUGEPAGE are kept in the area's flags, for read-ahead and fork to look at, and
 * the last for nobody yet (huge_memory.c).  DONTNEED acts at once: the pages go, and the next touch brings zeros, or the file's content
 * again.  FREE promises only that the content may be lost at any time, for
 * private anonymous memory; we choose now, which is allowed and costs no list.
 * WILLNEED on files faults them in, as far as they reach.
 *
 * Merging and poisoning: -EINVAL, as in a kernel built without them.
 *
 * Locking: mmap_sem, for writing only where areas are cut.
 */
#include <mm/space/vma.h>

#include <kernel/uapi/mman.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/space/memory.h>

/* The flags that remember an advice. => false: it is not of that sort */
static bool advice_flags(int behavior, unsigned long *set, unsigned long *clear)
{
	*set = 0;
	*clear = VM_RAND_READ | VM_SEQ_READ;
	switch (behavior) {
	case MADV_NORMAL:
		return true;
	case MADV_RANDOM:
		*set = VM_RAND_READ;
		return true;
	case MADV_SEQUENTIAL:
		*set = VM_SEQ_READ;
		return true;
	case MADV_DONTFORK:
		*set = VM_DONTCOPY;
		*clear = 0;
		return true;
	case MADV_DOFORK:
		*clear = VM_DONTCOPY;
		return true;
	case MADV_HUGEPAGE:
		*set = VM_HUGEPAGE;
		*clear = VM_NOHUGEPAGE;
		return true;
	case MADV_NOHUGEPAGE:
		*set = VM_NOHUGEPAGE;
		*clear = VM_HUGEPAGE;
		return true;
	}
	return false;
}

/* Give [start, end) of *@pvma the flags; *@pvma = the area that ends at @end. => 0 or -errno */
static long madvise_behavior(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
			     int behavior)
{
	struct vm_area_struct *vma = *pvma, *merged, *prev;
	struct mm_struct *mm = vma->vm_mm;
	unsigned long set, clear, flags;
	int err;

	if (!advice_flags(behavior, &set, &clear))
		return -EINVAL;
	if (behavior == MADV_DOFORK && (vma->vm_flags & VM_IO))
		return -EINVAL;
	flags = (vma->vm_flags & ~clear) | set;
	if (flags == vma->vm_flags)
		return 0;
	prev = start > vma->vm_start ? vma : vma->vm_prev;
	merged = vma_merge(mm, prev, start, end, flags, vma->vm_file,
			   linear_page_index(vma, start), vma->vm_policy);
	if (merged) {
		*pvma = merged;
		return 0;
	}
	err = start > vma->vm_start ? split_vma(mm, vma, start, 1) : 0;
	if (!err && end < vma->vm_end)
		err = split_vma(mm, vma, end, 0);
	if (!err)
		vma->vm_flags = flags;
	return err;
}

static long madvise_vma(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
			int behavior)
{
	struct vm_area_struct *vma = *pvma;

	switch (behavior) {
	case MADV_FREE:
		if (vma->vm_file || (vma->vm_flags & VM_SHARED))
			return -EINVAL;
		fallthrough;
	case MADV_DONTNEED:
		if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
			return -EINVAL;
		zap_page_range(vma, start, end - start);
		return 0;
	case MADV_WILLNEED:
		/* By reading, also where writing is allowed: nobody asked for private copies. */
		if (vma->vm_file && (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
			get_user_pages(vma->vm_mm, start, (int)((end - start) >> PAGE_SHIFT),
				       false, true, NULL);
		return 0;
	}
	return madvise_behavior(pvma, start, end, behavior);
}

/* Holes in the range are skipped, and told at the end. => mmap_sem held */
static long madvise_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			  int behavior)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	long unmapped = 0, err;

	while (start < end) {
		unsigned long stop;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
		}
		stop = min(vma->vm_end, end);
		err = madvise_vma(&vma, start, stop, behavior);
		if (err)
			return err;
		start = max(stop, min(vma->vm_end, end));
		vma = vma->vm_end <= start ? vma->vm_next : vma;
	}
	return unmapped;
}

static bool known_advice(int behavior)
{
	switch (behavior) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return true;
	}
	return false;
}

long do_madvise(unsigned long start, unsigned long len, int behavior)
{
	bool writes = behavior != MADV_WILLNEED && behavior != MADV_DONTNEED &&
		      behavior != MADV_FREE;
	struct mm_struct *mm = current->mm;
	unsigned long end;
	long ret;

	if (!known_advice(behavior) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (len && !PAGE_ALIGN(len))
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (writes)
		down_write(&mm->mmap_sem);
	else
		down_read(&mm->mmap_sem);
	ret = madvise_range(mm, start, end, behavior);
	if (writes)
		up_write(&mm->mmap_sem);
	else
		up_read(&mm->mmap_sem);
	return ret;
}
