/*
 * kernel/sys/mm_calls.c - the system calls of memory: decode, check, perform.
 *
 * Each takes words from registers and hands them to mm/space, which checks
 * addresses and flags; what is only the call's own business is here: brk's odd
 * way of failing, the block of arguments of the old mmap, file descriptors.
 *
 * Locking: mmap_sem, here for mmap, munmap and brk, inside mm/space for others.
 */
#include <kernel/sys/mm_calls.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/signal.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/mman.h>
#include <kernel/uapi/resource.h>
#include <lib/errno.h>
#include <mm/space/vma.h>

/* Does the heap, with the program's data, fit the limit? */
static bool brk_within_limit(const struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = task_rlimit(current, RLIMIT_DATA);

	return limit == RLIM_INFINITY ||
	       (brk - mm->start_brk) + (mm->end_data - mm->start_data) <= limit;
}

/* => [s] write; true if the heap ends at @brk now */
static bool set_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long newbrk = PAGE_ALIGN(brk), oldbrk = PAGE_ALIGN(mm->brk);
	struct vm_area_struct *next;

	if (brk < mm->start_brk || brk > TASK_SIZE || !brk_within_limit(mm, brk))
		return false;
	if (brk <= mm->brk) {
		next = newbrk < oldbrk ? find_vma(mm, newbrk) : NULL;
		/* Who unmapped the heap's end himself has no heap to shrink. */
		if (newbrk < oldbrk && (!next || next->vm_start >= oldbrk ||
					do_munmap(mm, newbrk, oldbrk - newbrk)))
			return false;
		mm->brk = brk;
		return true;
	}
	/* Not into the next area, nor into the page before it: heaps and maps stay apart. */
	if (newbrk > oldbrk) {
		next = find_vma(mm, oldbrk);
		if (next && newbrk + PAGE_SIZE > vm_start_gap(next))
			return false;
		if (do_brk(oldbrk, newbrk - oldbrk) != oldbrk)
			return false;
	}
	mm->brk = brk;
	return true;
}

/* Never an error: the answer is where the heap ends, moved or not. */
long sys_brk(unsigned long brk)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	down_write(&mm->mmap_sem);
	set_brk(mm, brk);
	ret = mm->brk;
	up_write(&mm->mmap_sem);
	return (long)ret;
}

long sys_mmap2(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	       unsigned long fd, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	struct file *file = NULL;
	unsigned long ret;

	if (!(flags & MAP_ANONYMOUS)) {
		file = fget((unsigned int)fd);
		if (!file)
			return -EBADF;
	}
	if (file && (file->f_mode & FMODE_PATH)) {
		fput(file);
		return -EBADF;
	}
	down_write(&mm->mmap_sem);
	ret = do_mmap_pgoff(file, addr, len, prot, flags, pgoff);
	up_write(&mm->mmap_sem);
	if (file)
		fput(file);
	return (long)ret;
}

/* The first mmap had more arguments than registers were used for then. */
struct mmap_arg_struct {
	unsigned long addr, len, prot, flags, fd, offset;
};

long sys_mmap(struct mmap_arg_struct *arg)
{
	struct mmap_arg_struct a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.offset & ~PAGE_MASK)
		return -EINVAL;
	return sys_mmap2(a.addr, a.len, a.prot, a.flags, a.fd, a.offset >> PAGE_SHIFT);
}

long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot,
			  unsigned long pgoff, unsigned long flags)
{
	return do_remap_file_pages(start, size, prot, pgoff, flags);
}

long sys_munmap(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	long ret;

	down_write(&mm->mmap_sem);
	ret = do_munmap(mm, addr, len);
	up_write(&mm->mmap_sem);
	return ret;
}

long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	return do_mprotect(start, len, prot);
}

long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
		unsigned long flags, unsigned long new_addr)
{
	return do_mremap(addr, old_len, new_len, flags, new_addr);
}

long sys_madvise(unsigned long start, unsigned long len, int behavior)
{
	return do_madvise(start, len, behavior);
}

long sys_mincore(unsigned long start, unsigned long len, unsigned char *vec)
{
	return do_mincore(start, len, vec);
}

long sys_msync(unsigned long start, unsigned long len, int flags)
{
	return do_msync(start, len, flags);
}

long sys_mlock(unsigned long start, unsigned long len)
{
	return do_mlock(start, len, VM_LOCKED);
}

long sys_mlock2(unsigned long start, unsigned long len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

long sys_munlock(unsigned long start, unsigned long len)
{
	return do_munlock(start, len);
}

long sys_mlockall(int flags)
{
	return do_mlockall(flags);
}

long sys_munlockall(void)
{
	return do_munlockall();
}
