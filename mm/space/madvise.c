/*
 * mm/space/madvise.c - what a program says it will do with its memory.
 *
 * Theory.  Three sorts of advice.  What is to be remembered is kept in the area's
 * flags: RANDOM and SEQUENTIAL for read-ahead, DONTFORK and WIPEONFORK for fork,
 * HUGEPAGE and DONTDUMP for who comes later.  What is to be done is done at once:
 * DONTNEED throws pages away, REMOVE their place in the file too, POPULATE_READ
 * and _WRITE fault them in.  And some advice only changes what reclaim will find:
 * FREE, COLD and PAGEOUT (lazyfree.c).
 *
 * WILLNEED is for what a disk holds, of a file or in swap: it is read before it is asked for.
 *
 * A range may have holes.  All that is mapped is treated, then -ENOMEM is told; but
 * the first area that refuses ends the call.
 *
 * Merging and poisoning: -EINVAL, as in a kernel built without them.
 *
 * Locking: mmap_sem, for writing only where areas are cut.
 */
#include <mm/space/vma.h>

#include <kernel/fs/fs.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/shmem_swap.h>
#include <mm/space/lazyfree.h>
#include <mm/space/memory.h>
#include <mm/space/swap_fault.h>

/* What @vma's flags become by an advice that is remembered. => 0 or -EINVAL */
static int advised_flags(const struct vm_area_struct *vma, int behavior, unsigned long *flags)
{
	switch (behavior) {
	case MADV_NORMAL:
		*flags &= ~(VM_RAND_READ | VM_SEQ_READ);
		return 0;
	case MADV_RANDOM:
		*flags = (*flags & ~VM_SEQ_READ) | VM_RAND_READ;
		return 0;
	case MADV_SEQUENTIAL:
		*flags = (*flags & ~VM_RAND_READ) | VM_SEQ_READ;
		return 0;
	case MADV_DONTFORK:
		*flags |= VM_DONTCOPY;
		return 0;
	case MADV_DOFORK:
		*flags &= ~VM_DONTCOPY;
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_WIPEONFORK:
		*flags |= VM_WIPEONFORK;
		return vma->vm_file || (vma->vm_flags & VM_SHARED) ? -EINVAL : 0;
	case MADV_KEEPONFORK:
		*flags &= ~VM_WIPEONFORK;
		return 0;
	case MADV_DONTDUMP:
		*flags |= VM_DONTDUMP;
		return 0;
	case MADV_DODUMP:
		*flags &= ~VM_DONTDUMP;
		return vma->vm_flags & VM_SPECIAL ? -EINVAL : 0;
	case MADV_HUGEPAGE:
		*flags = (*flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
		return 0;
	case MADV_NOHUGEPAGE:
		*flags = (*flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
		return 0;
	}
	return -EINVAL;
}

/* Give [start, end) of *@pvma the flags; *@pvma = the area that ends at @end. => 0 or -errno */
static long madvise_behavior(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
			     int behavior)
{
	struct vm_area_struct *vma = *pvma;
	unsigned long flags = vma->vm_flags;
	int err = advised_flags(vma, behavior, &flags);

	if (err || flags == vma->vm_flags)
		return err;
	vma = vma_modify(start > vma->vm_start ? vma : vma->vm_prev, vma, start, end, flags,
			 vma->vm_policy);
	/* Out of memory for areas, or of areas: it may be different next time. */
	if (IS_ERR(vma))
		return -EAGAIN;
	*pvma = vma;
	return 0;
}

static long madvise_dontneed_free(struct vm_area_struct *vma, unsigned long start,
				  unsigned long end, int behavior)
{
	unsigned long forbidden = VM_PFNMAP;

	if (behavior != MADV_DONTNEED_LOCKED)
		forbidden |= VM_LOCKED;
	if (vma->vm_flags & forbidden)
		return -EINVAL;
	if (behavior != MADV_FREE) {
		zap_page_range(vma, start, end - start);
		return 0;
	}
	if (vma->vm_ops)
		return -EINVAL;
	age_page_range(vma, start, end, behavior);
	return 0;
}

/* Read what the file has there, or swap, into the cache; nobody waits for it. => may sleep */
static void madvise_willneed(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma_has_anon(vma))
		swapin_range(vma, start, end);
	if (vma->vm_file && mapping_swaps(vma->vm_file->f_mapping))
		shmem_willneed(vma->vm_file->f_mapping, linear_page_index(vma, start),
			       linear_page_index(vma, end));
	else if (vma->vm_file)
		vfs_fadvise(vma->vm_file, (loff_t)linear_page_index(vma, start) << PAGE_SHIFT,
			    (loff_t)(end - start), POSIX_FADV_WILLNEED);
}

/* => may sleep, but keeps mmap_sem */
static long madvise_populate(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     int behavior)
{
	bool write = behavior == MADV_POPULATE_WRITE;

	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
	    !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	while (start < end) {
		int pages = get_user_pages(vma->vm_mm, start, (int)((end - start) >> PAGE_SHIFT),
					   write, false, NULL);

		if (pages < 0)
			return pages;
		start += (unsigned long)pages << PAGE_SHIFT;
	}
	return 0;
}

/* Make a hole in the file. => lets mmap_sem go and takes it again: *@pvma is NULL then */
static long madvise_remove(struct vm_area_struct **pvma, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = *pvma;
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	long err = -EOPNOTSUPP;
	loff_t offset;

	*pvma = NULL;
	if ((vma->vm_flags & VM_LOCKED) || !file)
		return -EINVAL;
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	offset = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	get_file(file);
	up_read(&mm->mmap_sem);
	if (file->f_op->fallocate)
		err = file->f_op->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					    offset, (loff_t)(end - start));
	fput(file);
	down_read(&mm->mmap_sem);
	return err;
}

static long madvise_vma(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
			int behavior)
{
	struct vm_area_struct *vma = *pvma;

	switch (behavior) {
	case MADV_FREE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return madvise_dontneed_free(vma, start, end, behavior);
	case MADV_COLD:
	case MADV_PAGEOUT:
		if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
			return -EINVAL;
		age_page_range(vma, start, end, behavior);
		return 0;
	case MADV_WILLNEED:
		madvise_willneed(vma, start, end);
		return 0;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return madvise_populate(vma, start, end, behavior);
	case MADV_REMOVE:
		return madvise_remove(pvma, start, end);
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
		start = stop;
		if (vma)
			start = max(start, vma->vm_end);
		vma = vma ? vma->vm_next : find_vma(mm, start);
	}
	return unmapped;
}

enum advice_lock { ADVICE_UNKNOWN, ADVICE_READ, ADVICE_WRITE };

/* How mmap_sem is to be held: for writing if areas may be cut. */
static enum advice_lock advice_lock(int behavior)
{
	switch (behavior) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return ADVICE_READ;
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return ADVICE_WRITE;
	}
	return ADVICE_UNKNOWN;
}

long do_madvise(unsigned long start, unsigned long len, int behavior)
{
	enum advice_lock lock = advice_lock(behavior);
	struct mm_struct *mm = current->mm;
	unsigned long end;
	long ret;

	if (lock == ADVICE_UNKNOWN || (start & ~PAGE_MASK))
		return -EINVAL;
	if (len && !PAGE_ALIGN(len))
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (lock == ADVICE_WRITE) {
		down_write(&mm->mmap_sem);
		ret = madvise_range(mm, start, end, behavior);
		up_write(&mm->mmap_sem);
	} else {
		down_read(&mm->mmap_sem);
		ret = madvise_range(mm, start, end, behavior);
		up_read(&mm->mmap_sem);
	}
	return ret;
}
