/*
 * mm/space/gup.c - the kernel reads and writes another's memory.
 *
 * Theory.  copy_from_user() reaches the running process only.  For any other
 * address space, and where a page must stay put while it is used, the page is
 * looked up in that space's tables (faulted in first where it is not there) and
 * pinned by a reference; kmap then gives it an address.
 *
 * A pinned page counts one more than its entries, so copy on write makes a copy
 * for whoever writes meanwhile: the pin sees the page as it was.
 *
 * Locking: mmap_sem for reading, page_table_lock for the lookup.
 */
#include <mm/space/memory.h>

#include <kernel/core/bug.h>
#include <kernel/core/signal.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

pte_t *mm_find_pte(struct mm_struct *mm, unsigned long address)
{
	pmd_t *pmd = mm_pmd(mm, address);

	return pmd_present(*pmd) ? pte_offset_map(pmd, address) : NULL;
}

struct page *follow_page(struct vm_area_struct *vma, unsigned long address, bool write)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = NULL;
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = mm_find_pte(mm, address);
	if (pte && pte_present(*pte) && (!write || pte_write(*pte))) {
		/* The zero page may be looked at like any other; it is never counted out. */
		if (!pte_special(*pte) || pte_pfn(*pte) == page_to_pfn(ZERO_PAGE(address)))
			page = pte_page(*pte);
		if (page)
			get_page(page);
	}
	spin_unlock(&mm->page_table_lock);
	return page;
}

/* Fault @address in until it can be used. => pinned page, or ERR_PTR */
static struct page *get_one_page(struct mm_struct *mm, struct vm_area_struct *vma,
				 unsigned long address, bool write)
{
	bool need_write = write && (vma->vm_flags & VM_WRITE);
	struct page *page;

	/* A forced write ends in a private copy that stays read-only to its owner. */
	if (write && !need_write) {
		vm_fault_t ret = handle_mm_fault(mm, vma, address, FAULT_FLAG_WRITE);

		if (ret != VM_FAULT_MINOR && ret != VM_FAULT_MAJOR)
			return ERR_PTR(ret == VM_FAULT_OOM ? -ENOMEM : -EFAULT);
	}
	while (!(page = follow_page(vma, address, need_write))) {
		pte_t *pte = mm_find_pte(mm, address);

		if (pte && pte_present(*pte) && pte_special(*pte) && !need_write)
			return ERR_PTR(-EFAULT);
		switch (handle_mm_fault(mm, vma, address, need_write ? FAULT_FLAG_WRITE : 0)) {
		case VM_FAULT_OOM:
			return ERR_PTR(-ENOMEM);
		case VM_FAULT_SIGBUS:
		case VM_FAULT_SIGSEGV:
			return ERR_PTR(-EFAULT);
		default:
			break;
		}
	}
	return page;
}

int get_user_pages(struct mm_struct *mm, unsigned long start, int nr, bool write, bool force,
		   struct page **pages)
{
	unsigned long wanted = write ? VM_WRITE | (force ? VM_MAYWRITE : 0)
				     : VM_READ | (force ? VM_MAYREAD : 0);
	int i;

	start &= PAGE_MASK;
	for (i = 0; i < nr; i++, start += PAGE_SIZE) {
		struct vm_area_struct *vma = find_vma(mm, start);
		struct page *page;

		/* Killed, perhaps because memory is used up: do not take what is left of it. */
		if (fatal_signal_pending(current))
			return i ? i : -EINTR;
		if (vma && start < vma->vm_start &&
		    (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, start)))
			vma = NULL;
		if (!vma || !(vma->vm_flags & wanted) || (vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
		    (write && (vma->vm_flags & VM_SHARED) && !(vma->vm_flags & VM_WRITE)))
			return i ? i : -EFAULT;
		page = get_one_page(mm, vma, start, write);
		if (IS_ERR(page))
			return i ? i : (int)PTR_ERR(page);
		if (pages)
			pages[i] = page;
		else
			put_page(page);
		cond_resched();
	}
	return i;
}

int make_pages_present(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	while (start < end) {
		struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
		unsigned long stop;
		int ret;

		if (!vma)
			return 0;
		start = max(start, vma->vm_start);
		stop = min(end, vma->vm_end);
		if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) {
			/* Private writable memory is populated by writing: it is wanted for that. */
			bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

			ret = get_user_pages(mm, start, (int)((stop - start) >> PAGE_SHIFT), write,
					     true, NULL);
			if (ret < 0)
				return ret;
		}
		start = stop;
	}
	return 0;
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, bool write)
{
	char *at = buf;

	down_read(&mm->mmap_sem);
	while (len > 0) {
		unsigned int offset = addr & ~PAGE_MASK;
		int bytes = min(len, (int)(PAGE_SIZE - offset));
		struct page *page;
		char *kaddr;

		if (addr >= TASK_SIZE || get_user_pages(mm, addr, 1, write, true, &page) != 1)
			break;
		kaddr = kmap(page);
		if (write) {
			memcpy(kaddr + offset, at, (size_t)bytes);
			if (page->mapping && !PageAnon(page))
				set_page_dirty(page);
		} else {
			memcpy(at, kaddr + offset, (size_t)bytes);
		}
		kunmap(page);
		put_page(page);
		at += bytes;
		addr += (unsigned long)bytes;
		len -= bytes;
	}
	up_read(&mm->mmap_sem);
	return (int)(at - (char *)buf);
}

int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf, int len, bool write)
{
	struct mm_struct *mm = get_task_mm(tsk);
	int done;

	if (!mm)
		return 0;
	done = access_remote_vm(mm, addr, buf, len, write);
	mmput(mm);
	return done;
}
