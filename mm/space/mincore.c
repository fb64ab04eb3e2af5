/*
 * mm/space/mincore.c - which pages are in memory, and write them back.
 *
 * Theory.  mincore() answers one byte for each page.  For anonymous memory it is
 * the page table that knows, and the swap cache; for a file the page cache, because a page that is
 * cached costs no I/O whether or not this process has mapped it.  But what others
 * have in the cache is told only to who may write to the file, or owns it; to the
 * rest of the world all pages are there.  The answer is
 * made in a kernel page and copied out without mmap_sem, because the copy may
 * fault.
 *
 * msync() carries what was stored through shared mappings to the disk, by the fdatasync of each
 * file mapped there: a store has marked its page dirty when it came (memory.c), so there is nothing
 * to collect from the page tables first.  MS_ASYNC has therefore nothing to do: the flusher threads
 * know of the pages already.
 *
 * Locking: mmap_sem for reading.
 */
#include <mm/space/mmap.h>

#include <kernel/arch/uaccess.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/namei.h>
#include <kernel/uapi/mman.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/memory.h>

/* Is the page that a place in swap names in memory too? */
static unsigned char swap_in_core(swp_entry_t entry)
{
	struct page *page = lookup_swap_cache(entry);
	unsigned char in;

	if (!page)
		return 0;
	in = (unsigned char)PageUptodate(page);
	put_page(page);
	return in;
}

/* ... and of a file whose pages may be there? */
static unsigned char file_swap_in_core(struct address_space *mapping, unsigned long index)
{
	swp_entry_t entry = { 0 };

	if (mapping_swaps(mapping))
		entry = shmem_swap_entry(mapping, index);
	return entry.val ? swap_in_core(entry) : 0;
}

static unsigned char page_in_core(struct vm_area_struct *vma, unsigned long addr)
{
	pte_t *pte = mm_find_pte(vma->vm_mm, addr), entry = pte ? ptep_get_lockless(pte) : __pte(0);
	struct page *page;
	unsigned char in;

	if (pte_present(entry))
		return 1;
	if (pte_swap(entry))
		return swap_in_core(pte_to_swp_entry(entry));
	if (!vma->vm_file || !vma->vm_ops)
		return 0;
	page = find_get_page(vma->vm_file->f_mapping, linear_page_index(vma, addr));
	if (!page)
		return file_swap_in_core(vma->vm_file->f_mapping, linear_page_index(vma, addr));
	in = (unsigned char)PageUptodate(page);
	put_page(page);
	return in;
}

bool may_handle_cache(const struct vm_area_struct *vma)
{
	struct inode *inode;

	if (!vma->vm_ops)
		return true;
	if (!vma->vm_file)
		return false;
	inode = file_inode(vma->vm_file);
	return current->fsuid == 0 || current->fsuid == inode->i_uid ||
	       !permission(inode, MAY_WRITE);
}

/* Up to @pages answers from @start on. => how many, or -ENOMEM: not mapped; [s] read */
static long mincore_chunk(struct mm_struct *mm, unsigned long start, unsigned long pages,
			  unsigned char *vec)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long i;

	if (!vma || vma->vm_start > start)
		return -ENOMEM;
	pages = min(pages, (vma->vm_end - start) >> PAGE_SHIFT);
	if (!may_handle_cache(vma)) {
		memset(vec, 1, pages);
		return (long)pages;
	}
	for (i = 0; i < pages; i++)
		vec[i] = page_in_core(vma, start + (i << PAGE_SHIFT));
	return (long)pages;
}

long do_mincore(unsigned long start, unsigned long len, unsigned char *vec)
{
	unsigned long pages = (len >> PAGE_SHIFT) + ((len & ~PAGE_MASK) != 0);
	struct mm_struct *mm = current->mm;
	unsigned char *answers;
	long done = 0;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok(start, len))
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	answers = (unsigned char *)__get_free_page(GFP_USER);
	if (!answers)
		return -EAGAIN;
	while (pages) {
		down_read(&mm->mmap_sem);
		done = mincore_chunk(mm, start, min(pages, PAGE_SIZE), answers);
		up_read(&mm->mmap_sem);
		if (done < 0)
			break;
		if (copy_to_user(vec, answers, (unsigned long)done)) {
			done = -EFAULT;
			break;
		}
		pages -= (unsigned long)done;
		vec += done;
		start += (unsigned long)done << PAGE_SHIFT;
		done = 0;
	}
	free_page((unsigned long)answers);
	return done;
}

/* The next file to sync in [*@start, end), with a reference, or NULL; -ENOMEM in *@err for a hole */
static struct file *next_synced_file(struct mm_struct *mm, unsigned long *start,
				     unsigned long end, int flags, long *err)
{
	struct file *file = NULL;

	down_read(&mm->mmap_sem);
	while (*start < end && !file) {
		struct vm_area_struct *vma = find_vma(mm, *start);

		if (!vma || vma->vm_start > *start)
			*err = -ENOMEM;
		if (!vma || vma->vm_start >= end) {
			*start = end;
			break;
		}
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED)) {
			*err = -EBUSY;
			*start = end;
			break;
		}
		*start = min(vma->vm_end, end);
		if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED))
			file = get_file(vma->vm_file);
	}
	up_read(&mm->mmap_sem);
	return file;
}

long do_msync(unsigned long start, unsigned long len, int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	struct file *file;
	long err = 0;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if ((start & ~PAGE_MASK) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	len = PAGE_ALIGN(len);
	end = start + len;
	if (end < start)
		return -ENOMEM;
	while ((file = next_synced_file(mm, &start, end, flags, &err))) {
		int ret = file->f_op->fsync ? file->f_op->fsync(file, 1) : 0;

		fput(file);
		if (ret)
			return ret;
	}
	return err;
}
