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
#include <mm/cache/swap_state.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

pte_t *mm_find_pte(struct mm_struct *mm, unsigned long address)
{
	pmd_t *pmd = mm_pmd(mm, address);

	return pmd_present(*pmd) ? pte_offset_map(pmd, address) : NULL;
}

void walk_mapped_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       void (*fn)(struct page *page, pte_t entry, void *arg), void *arg)
{
	unsigned long addr;

	spin_lock(&vma->vm_mm->page_table_lock);
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *pte = mm_find_pte(vma->vm_mm, addr);
		struct page *page;

		if (!pte) {
			addr = (addr | ~PMD_MASK) & PAGE_MASK;	/* no table: skip its range */
			continue;
		}
		page = pte_present(*pte) ? vm_normal_page(*pte) : NULL;
		if (page)
			fn(page, *pte, arg);
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
}

void walk_swap_entries(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       void (*fn)(swp_entry_t entry, void *arg), void *arg)
{
	unsigned long addr;

	if (!vma->vm_mm->rss_stat[MM_SWAPENTS])
		return;
	spin_lock(&vma->vm_mm->page_table_lock);
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *pte = mm_find_pte(vma->vm_mm, addr);

		if (!pte)
			addr = (addr | ~PMD_MASK) & PAGE_MASK;
		else if (pte_swap(*pte))
			fn(pte_to_swp_entry(*pte), arg);
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
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

/* => 0, or -errno: the fault cannot be resolved */
static int fault_in(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
		    bool write)
{
	switch (handle_mm_fault(mm, vma, address, write ? FAULT_FLAG_WRITE : 0)) {
	case VM_FAULT_OOM:
		return -ENOMEM;
	case VM_FAULT_SIGBUS:
	case VM_FAULT_SIGSEGV:
		return -EFAULT;
	default:
		return 0;
	}
}

/* Has no other entry @page, by being in swap?  => mapped, by an entry that is locked: if not, none comes */
static bool in_no_swap_entry(const struct page *page)
{
	return !PageSwapCache(page) || swap_entry_users(page_swap_entry(page)) <= 0;
}

/* The private copy that @address has and nobody else, present or in swap, with a reference; or NULL. */
static struct page *follow_private_copy(struct vm_area_struct *vma, unsigned long address)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = NULL;
	pte_t *pte;

	spin_lock(&mm->page_table_lock);
	pte = mm_find_pte(mm, address);
	if (pte && pte_present(*pte))
		page = vm_normal_page(*pte);
	if (page && PageAnon(page) && page_mapcount(page) == 1 && in_no_swap_entry(page))
		get_page(page);
	else
		page = NULL;
	spin_unlock(&mm->page_table_lock);
	return page;
}

/*
 * A forced write ends in a private copy that stays read-only to its owner.  That the fault
 * made one is no proof that it is there: MADV_DONTNEED takes mmap_sem for reading, as we do,
 * and what a look at the entry finds then is the file's own page, or the page of zeros.
 *
 *	forced write			madvise, another thread
 *	fault: a copy is made
 *					the copy goes
 *	look: nothing there
 *	fault again, *for writing*
 *
 * => pinned page, or ERR_PTR
 */
static struct page *get_forced_copy(struct mm_struct *mm, struct vm_area_struct *vma,
				    unsigned long address)
{
	struct page *page;
	int err;

	do {
		err = fault_in(mm, vma, address, true);
		if (err)
			return ERR_PTR(err);
		page = follow_private_copy(vma, address);
	} while (!page);
	return page;
}

/* Fault @address in until it can be used. => pinned page, or ERR_PTR */
static struct page *get_one_page(struct mm_struct *mm, struct vm_area_struct *vma,
				 unsigned long address, bool write)
{
	struct page *page;

	if (write && !(vma->vm_flags & VM_WRITE))
		return get_forced_copy(mm, vma, address);
	while (!(page = follow_page(vma, address, write))) {
		pte_t *pte = mm_find_pte(mm, address);
		int err;

		if (pte && pte_present(*pte) && pte_special(*pte) && !write)
			return ERR_PTR(-EFAULT);
		err = fault_in(mm, vma, address, write);
		if (err)
			return ERR_PTR(err);
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

int pin_user_pages(unsigned long start, int nr, bool write, struct page **pages)
{
	struct mm_struct *mm = current->mm;
	int ret;

	down_read(&mm->mmap_sem);
	ret = get_user_pages(mm, start, nr, write, false, pages);
	up_read(&mm->mmap_sem);
	return ret;
}

/* => [s] read; 0, or -errno: from some page of [start, end), which lies in @vma, on none is there */
static int populate_vma_page_range(struct vm_area_struct *vma, unsigned long start,
				   unsigned long end)
{
	/* Private writable memory is populated by writing: it is wanted for that. */
	bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

	/* VM_LOCKONFAULT: its pages are locked as they come, and are not brought. */
	if (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT))
		return 0;
	if (!(vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return -EFAULT;
	while (start < end) {
		int ret = get_user_pages(vma->vm_mm, start, (int)((end - start) >> PAGE_SHIFT),
					 write, true, NULL);

		if (ret < 0)
			return ret;
		start += (unsigned long)ret << PAGE_SHIFT;
	}
	return 0;
}

int __mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool ignore_errors)
{
	while (start < end) {
		struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
		unsigned long stop;
		int err;

		if (!vma)
			return 0;
		stop = min(end, vma->vm_end);
		err = populate_vma_page_range(vma, max(start, vma->vm_start), stop);
		if (err && (!ignore_errors || err == -EINTR))
			return err;
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
			/* No entry knows: reclaim may have given its page up, or written it, meanwhile. */
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
