/*
 * mm/space/memory.c - page faults: making the page tables say what the areas mean.
 *
 * Theory.  An area promises; a fault delivers one page.  What is to be done
 * depends on the entry, the area and the access only, so it is decided by a
 * pure function (fault_class.h) and done by one function for each class:
 *
 *	ZERO	 do_zero_page	   the shared page of zeros, read-only, uncounted
 *	ANON	 do_anonymous_page a fresh page of zeros
 *	FILE	 do_linear_fault   the page of the file, out of the page cache
 *	COWF	 do_cow_file	   a private copy of it, at once
 *	WP	 do_wp_page	   the last owner gets the page, others a copy
 *	SWAP	 do_swap_page	   the page that was swapped out (swap_fault.c)
 *	SPURIOUS -		   another task, or the CPU's TLB, was late
 *
 * All follow one pattern.  What may sleep (allocating, reading, copying) comes
 * first, without a lock; then page_table_lock, a second look at the entry
 * (somebody may have been faster: then throw away and return, the access is
 * simply tried again), the new entry with its counts, unlock.  Filling an empty
 * entry needs no TLB flush; replacing a present one does.
 *
 * Copy on write.  A private page that several entries share is read-only in
 * all.  Whoever writes faults; if page_mapcount and page_count say that his is
 * the only entry and nobody else holds the page, it becomes his by a change of
 * one bit, else he gets a copy.  Others can leave while we look but not come:
 * fork takes mmap_sem for writing.  The swap cache and a batch of the LRU hold the page too,
 * but are no users: reuse_anon_page() has them let go first.
 *
 * Shared mappings of a file on a disk.  The first store to a page has to be heard of, so that the
 * page is written back one day: for a load, and after each write-back, the entry is read-only,
 * and the fault of the first store marks page and inode dirty (do_shared_wp; the other side is
 * clear_page_dirty_for_io() in mm/cache/page_dirty.c).  What has no disk is spared that.
 *
 * Fault-around.  A read fault on a file maps the up to 16 neighbours that are in
 * the page cache already: programs run through their text, and a fault costs
 * more than sixteen entries.  Anonymous memory is never given ahead of use.
 *
 * Speed.  ANON and WP are what programs do most, and are inlined into
 * handle_mm_fault(); the others are not, so that their needs for stack and
 * registers are not paid there.
 *
 * Several processors in one address space.  All faults of an mm may run at once,
 * under mmap_sem for reading.  What they share is page_table_lock, held for the
 * second look and the entry with its counts only: the clearing or copying of the
 * page, fifty times as long, is outside of it.  So a handful of processors wait for
 * it little; with some tens it, and the words that all faults write (mmap_sem's and
 * the zone's counters), would be what they wait for, and a lock for each page table
 * would be due.  munmap, mmap and mprotect exclude faults altogether.
 *
 * Locking: mmap_sem for reading; page_table_lock innermost.
 * References: Intel SDM volume 3, section 4.7; Gorman, chapter 4.6.
 */
#include <mm/space/memory.h>

#include <kernel/arch/tlb.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/fs.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/filemap.h>
#include <mm/cache/readahead.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/space/fault_class.h>
#include <mm/space/mmap.h>
#include <mm/space/mempolicy.h>
#include <mm/space/mlock.h>
#include <mm/space/pagetable.h>
#include <mm/space/swap_fault.h>

static_assert(FAULT_PTE_PRESENT == _PAGE_PRESENT && FAULT_PTE_WRITE == _PAGE_RW &&
	      FAULT_PTE_PROTNONE == _PAGE_PROTNONE, "fault_class.h speaks of the same bits");

#define FAULT_AROUND_PAGES	16UL

unsigned char empty_zero_page[PAGE_SIZE] __section(".bss..page_aligned") __aligned(4096);

/*
 * The oom reaper has been here: an empty entry may have been a page with content, which nobody may
 * take for zeros or for the file's.  => page_table_lock held
 */
static inline bool mm_unstable(const struct mm_struct *mm)
{
	return unlikely(READ_ONCE(mm->flags) & 1UL << MMF_UNSTABLE);
}

/* The entry, about to be made, for a page that was written to; a forced write (ptrace) stays read-only to its owner. */
static inline pte_t mk_written_pte(struct page *page, const struct vm_area_struct *vma)
{
	pte_t pte = mlock_new_pte(pte_mkdirty(mk_pte(page, vma->vm_page_prot)), page, vma);

	return likely(vma->vm_flags & VM_WRITE) ? pte_mkwrite(pte) : pte;
}

static vm_fault_t do_zero_page(struct mm_struct *mm, struct vm_area_struct *vma,
			       unsigned long address, pte_t *pte)
{
	pte_t entry = mk_pte(ZERO_PAGE(address), vma->vm_page_prot);
	vm_fault_t ret = VM_FAULT_MINOR;

	entry = pte_mkspecial(pte_wrprotect(entry));
	spin_lock(&mm->page_table_lock);
	if (mm_unstable(mm))
		ret = VM_FAULT_SIGBUS;
	else if (likely(pte_none(*pte)))
		set_pte(pte, entry);
	spin_unlock(&mm->page_table_lock);
	return ret;
}

static inline vm_fault_t do_anonymous_page(struct mm_struct *mm, struct vm_area_struct *vma,
					   unsigned long address, pte_t *pte)
{
	struct page *page;

	if (unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	page = alloc_page_vma(GFP_HIGHUSER, vma, address);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	clear_user_highpage(page, address);

	spin_lock(&mm->page_table_lock);
	if (unlikely(!pte_none(*pte)) || mm_unstable(mm)) {
		vm_fault_t ret = mm_unstable(mm) ? VM_FAULT_SIGBUS : VM_FAULT_MINOR;

		spin_unlock(&mm->page_table_lock);
		__free_page(page);
		return ret;
	}
	mm->rss_stat[MM_ANONPAGES]++;
	page_add_new_anon_rmap(page, vma, address);
	lru_cache_add_anon(page);
	set_pte(pte, mk_written_pte(page, vma));
	spin_unlock(&mm->page_table_lock);
	return VM_FAULT_MINOR;
}

/* --- the first store to a page of a shared mapping ------------------------------------------------ */

/*
 * Tell the owner of @page, and mark it dirty where that counts: it stays locked then until its
 * entry is writable, so that write-back comes before both or after both.
 * => may sleep; VM_FAULT_MINOR: go on, *@locked to be unlocked; VM_FAULT_RETRY: it was truncated
 */
static vm_fault_t tell_shared_write(struct vm_area_struct *vma, struct page *page,
				    struct page **locked)
{
	if (vma->vm_ops && vma->vm_ops->page_mkwrite && vma->vm_ops->page_mkwrite(vma, page))
		return VM_FAULT_SIGBUS;
	if (!vma_tracks_dirty(vma))
		return VM_FAULT_MINOR;
	/* It was mapped before it became one, or for reading then. */
	if (unlikely(IS_SWAPFILE(vma->vm_file->f_mapping->host)))
		return VM_FAULT_SIGBUS;
	lock_page(page);
	if (page->mapping != vma->vm_file->f_mapping) {
		unlock_page(page);
		return VM_FAULT_RETRY;
	}
	set_page_dirty(page);
	*locked = page;
	return VM_FAULT_MINOR;
}

/* The entry was @orig; the page becomes writable by it. => may sleep */
static noinline vm_fault_t do_shared_wp(struct mm_struct *mm, struct vm_area_struct *vma,
					pte_t *pte, pte_t orig)
{
	struct page *page, *locked = NULL;
	vm_fault_t told;

	spin_lock(&mm->page_table_lock);
	if (!pte_same(*pte, orig)) {
		spin_unlock(&mm->page_table_lock);
		return VM_FAULT_MINOR;
	}
	page = vm_normal_page(orig);
	if (page)
		get_page(page);
	spin_unlock(&mm->page_table_lock);
	if (!page)
		return VM_FAULT_SIGBUS;		/* a driver's frame, mapped read-only */
	told = tell_shared_write(vma, page, &locked);
	if (told == VM_FAULT_MINOR) {
		spin_lock(&mm->page_table_lock);
		if (pte_same(*pte, orig))
			set_pte(pte, pte_mkyoung(pte_mkdirty(pte_mkwrite(orig))));
		spin_unlock(&mm->page_table_lock);
	}
	if (locked) {
		unlock_page(locked);
		inode_update_times(vma->vm_file->f_mapping->host);
		balance_dirty_pages_ratelimited(vma->vm_file->f_mapping);
	}
	put_page(page);
	return told == VM_FAULT_SIGBUS ? VM_FAULT_SIGBUS : VM_FAULT_MINOR;
}

/* --- files --------------------------------------------------------------------------------------- */

/* What truncate counts up (zap.c): to be read before the file's size is looked at. */
static inline unsigned int truncate_count(const struct vm_area_struct *vma)
{
	unsigned int count = vma->vm_file ? READ_ONCE(vma->vm_file->f_mapping->truncate_count) : 0;

	smp_rmb();
	return count;
}

/* May a page found since @count was read be beyond the end by now? => page_table_lock held */
static inline bool truncated_since(const struct vm_area_struct *vma, unsigned int count)
{
	return unlikely(truncate_count(vma) != count);
}

/*
 * Enter a page of the page cache; its reference goes to the entry.  Who takes it out of the cache
 * locks it, then asks whether it is mapped (lock_for_truncate); here it is mapped, then asked about.
 * So one of the two sees the other.
 * => page_table_lock held; false: locked, or no longer in the cache; nothing is changed
 */
static inline bool set_file_pte(struct vm_area_struct *vma, pte_t *pte, struct page *page,
				pte_t entry)
{
	page_add_file_rmap(page);
	if (unlikely(PageLocked(page) || !page->mapping)) {
		page_remove_rmap(page);
		return false;
	}
	vma->vm_mm->rss_stat[mm_counter(page)]++;
	set_pte(pte, mlock_new_pte(entry, page, vma));
	return true;
}

/* Uptodate, and not where the next readahead is due: that fault is for ->fault. */
static inline bool page_wants_no_fault(const struct page *page)
{
	return (READ_ONCE(page->flags) & (1UL << PG_uptodate | 1UL << PG_readahead)) ==
	       1UL << PG_uptodate;
}

/*
 * Map what the page cache has around @address.
 * => may not sleep; true if @address itself is mapped now
 */
static bool do_fault_around(struct mm_struct *mm, struct vm_area_struct *vma,
			    unsigned long address, pte_t *pte)
{
	struct address_space *mapping = vma->vm_file->f_mapping;
	unsigned int count = READ_ONCE(mapping->truncate_count);
	unsigned long window = FAULT_AROUND_PAGES << PAGE_SHIFT;
	unsigned long first = max(address & ~(window - 1), vma->vm_start);
	unsigned long last = min((address | (window - 1)) + 1, vma->vm_end);
	unsigned long pgoff = linear_page_index(vma, first);
	unsigned long file_pages = (unsigned long)((i_size_read(mapping->host) + PAGE_SIZE - 1) >>
						   PAGE_SHIFT);
	struct page *pages[FAULT_AROUND_PAGES];
	pte_t *first_pte = pte - ((address - first) >> PAGE_SHIFT);
	unsigned int nr, i, limit = (unsigned int)((last - first) >> PAGE_SHIFT);
	pgprot_t prot = clean_page_prot(vma);

	if (unlikely(pgoff >= file_pages))
		return false;
	limit = min(limit, (unsigned int)(file_pages - pgoff));
	nr = find_get_pages(mapping, pgoff, limit, pages);
	spin_lock(&mm->page_table_lock);
	if (unlikely(READ_ONCE(mapping->truncate_count) != count) || mm_unstable(mm))
		limit = 0;
	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];
		unsigned long slot = page->index - pgoff;

		if (slot >= limit || !page_wants_no_fault(page) || !pte_none(first_pte[slot]) ||
		    !set_file_pte(vma, first_pte + slot, page, mk_pte(page, prot)))
			put_page(page);
	}
	spin_unlock(&mm->page_table_lock);
	file_ra_hit(&vma->vm_file->f_ra, nr);
	return !pte_none(*pte);
}

/* Only what a page cache backs has neighbours at hand. */
static bool can_fault_around(const struct vm_area_struct *vma)
{
	return vma->vm_file && S_ISREG(file_inode(vma->vm_file)->i_mode);
}

static noinline vm_fault_t do_linear_fault(struct mm_struct *mm, struct vm_area_struct *vma,
					   unsigned long address, pte_t *pte, unsigned int flags)
{
	struct vm_fault vmf = {
		.flags = flags,
		.address = address,
		.pgoff = linear_page_index(vma, address),
	};
	bool write = flags & FAULT_FLAG_WRITE, told = write && vma->vm_ops->page_mkwrite;
	unsigned int count;
	struct page *page;
	pte_t entry;
	vm_fault_t ret;

	if (!write && can_fault_around(vma) && do_fault_around(mm, vma, address, pte))
		return VM_FAULT_MINOR;
	count = truncate_count(vma);
	ret = vma->vm_ops->fault(vma, &vmf);
	if (unlikely(ret != VM_FAULT_MINOR && ret != VM_FAULT_MAJOR))
		return ret == VM_FAULT_NOPAGE ? VM_FAULT_MINOR : ret;
	page = vmf.page;
	entry = write && !told ? pte_mkdirty(mk_pte(page, vma->vm_page_prot))
			       : mk_pte(page, clean_page_prot(vma));
	spin_lock(&mm->page_table_lock);
	/* If truncated, the access is tried again, and told SIGBUS if need be. */
	if (mm_unstable(mm)) {
		ret = VM_FAULT_SIGBUS;
	} else if (likely(pte_none(*pte) && !truncated_since(vma, count)) &&
		   set_file_pte(vma, pte, page, entry)) {
		page = NULL;
		entry = *pte;
	}
	spin_unlock(&mm->page_table_lock);
	if (unlikely(page)) {
		wait_on_page_locked(page);
		put_page(page);
		return ret;
	}
	/* A first store is two steps: the page, as for a load; then the right to write to it. */
	if (unlikely(told) && do_shared_wp(mm, vma, pte, entry) == VM_FAULT_SIGBUS)
		return VM_FAULT_SIGBUS;
	return ret;
}

static noinline vm_fault_t do_cow_file(struct mm_struct *mm, struct vm_area_struct *vma,
				       unsigned long address, pte_t *pte, unsigned int flags)
{
	struct vm_fault vmf = {
		.flags = flags,
		.address = address,
		.pgoff = linear_page_index(vma, address),
	};
	struct page *copy = anon_vma_prepare(vma) ? NULL :
			    alloc_page_vma(GFP_HIGHUSER, vma, address);
	unsigned int count = truncate_count(vma);
	vm_fault_t ret;

	if (!copy)
		return VM_FAULT_OOM;
	ret = vma->vm_ops->fault(vma, &vmf);
	if (unlikely(ret != VM_FAULT_MINOR && ret != VM_FAULT_MAJOR)) {
		__free_page(copy);
		return ret;
	}
	copy_user_highpage(copy, vmf.page, address);
	put_page(vmf.page);

	spin_lock(&mm->page_table_lock);
	if (mm_unstable(mm)) {
		ret = VM_FAULT_SIGBUS;
	} else if (likely(pte_none(*pte) && !truncated_since(vma, count))) {
		mm->rss_stat[MM_ANONPAGES]++;
		page_add_new_anon_rmap(copy, vma, address);
		lru_cache_add_anon(copy);
		set_pte(pte, mk_written_pte(copy, vma));
		copy = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (copy)
		__free_page(copy);
	return ret;
}

/* --- a write to a read-only entry ------------------------------------------------------------------ */

/*
 * Fill @new with a driver's frame, which may lie where only its user has an address for it.  That
 * is the running process: get_user_pages() refuses such areas.  If the entry goes meanwhile, the
 * copy is thrown away as well.
 */
static noinline void copy_driver_page(struct page *new, unsigned long address)
{
	unsigned long left;
	void *kaddr = kmap(new);

	pagefault_disable();
	left = __copy_from_user_inatomic(kaddr, (const void __user *)address, PAGE_SIZE);
	pagefault_enable();
	if (left)
		memset(kaddr, 0, PAGE_SIZE);
	kunmap(new);
}

/*
 * Replace @orig by a page of our own: a copy of @old, or of what has no struct page (@old NULL).
 * => @old with an extra reference, which goes
 */
static __always_inline vm_fault_t do_wp_copy(struct mm_struct *mm, struct vm_area_struct *vma,
			     unsigned long address, pte_t *pte, pte_t orig, struct page *old)
{
	struct page *new = NULL, *spare;

	if (likely(!anon_vma_prepare(vma)))
		new = alloc_page_vma(GFP_HIGHUSER, vma, address);
	spare = new;
	if (unlikely(!new)) {
		if (old)
			put_page(old);
		return VM_FAULT_OOM;
	}
	if (old)
		copy_user_highpage(new, old, address);
	else if (likely(pte_pfn(orig) == page_to_pfn(ZERO_PAGE(address))))
		clear_user_highpage(new, address);
	else
		copy_driver_page(new, address);

	spin_lock(&mm->page_table_lock);
	if (likely(pte_same(*pte, orig))) {
		if (!old || !PageAnon(old)) {
			mm->rss_stat[MM_ANONPAGES]++;
			if (old)
				mm->rss_stat[mm_counter(old)]--;
		}
		page_add_new_anon_rmap(new, vma, address);
		lru_cache_add_anon(new);
		/* Not one thread may still read @old when another can write to @new. */
		ptep_clear_flush(vma, address, pte);
		set_pte(pte, mk_written_pte(new, vma));
		if (unlikely(pte_mlocked(orig)))
			munlock_page(old);
		if (old)
			page_remove_rmap(old);
		spare = old;			/* the entry's reference */
	}
	spin_unlock(&mm->page_table_lock);
	if (spare)
		put_page(spare);
	if (old) {
		free_swap_cache(&old, 1);
		put_page(old);
	}
	return VM_FAULT_MINOR;
}

/*
 * Somebody but the only entry holds @page: is it only the swap cache, or a batch?  Then they let go.
 * => page_table_lock held; true: nobody else holds it now
 */
static noinline bool reuse_anon_page(struct page *page)
{
	if (page_count(page) > 3)
		return false;
	if (page_count(page) > 1 + PageSwapCache(page))
		lru_add_drain();
	if (page_count(page) > 1 + PageSwapCache(page) || !trylock_page(page))
		return false;
	try_to_free_swap(page);
	unlock_page(page);
	return page_count(page) == 1;
}

static __always_inline vm_fault_t do_wp_page(struct mm_struct *mm, struct vm_area_struct *vma,
			     unsigned long address, pte_t *pte, pte_t orig)
{
	struct page *old;

	if (vma->vm_flags & VM_SHARED)
		return do_shared_wp(mm, vma, pte, orig);

	spin_lock(&mm->page_table_lock);
	if (unlikely(!pte_same(*pte, orig))) {
		spin_unlock(&mm->page_table_lock);
		return VM_FAULT_MINOR;
	}
	old = vm_normal_page(orig);
	if (old && PageAnon(old) && page_mapcount(old) == 1 && likely(vma->vm_flags & VM_WRITE) &&
	    (page_count(old) == 1 || reuse_anon_page(old))) {
		/* Nobody else left. More rights: the fault itself dropped the TLB's entry. */
		set_pte(pte, pte_mkyoung(pte_mkdirty(pte_mkwrite(orig))));
		spin_unlock(&mm->page_table_lock);
		count_vm_event(PGREUSE);
		return VM_FAULT_MINOR;
	}
	if (old)
		get_page(old);
	spin_unlock(&mm->page_table_lock);
	return do_wp_copy(mm, vma, address, pte, orig, old);
}

static noinline vm_fault_t swap_fault(struct mm_struct *mm, struct vm_area_struct *vma,
				      unsigned long address, pte_t *pte, pte_t orig, bool write)
{
	vm_fault_t ret = do_swap_page(vma, address, pte, orig, &write);
	pte_t entry = ptep_get_lockless(pte);

	/* Others share it: it is there now, and the write a matter of a copy. */
	if (write && (ret == VM_FAULT_MINOR || ret == VM_FAULT_MAJOR) && pte_present(entry) &&
	    !pte_write(entry) && do_wp_page(mm, vma, address, pte, entry) == VM_FAULT_OOM)
		return VM_FAULT_OOM;
	return ret;
}

vm_fault_t handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			   unsigned long address, unsigned int flags)
{
	bool write = flags & FAULT_FLAG_WRITE;
	pte_t *pte, entry;
	bool file;

	count_vm_event(PGFAULT);
	pte = pte_alloc_map(mm, mm_pmd(mm, address), address);
	if (unlikely(!pte))
		return VM_FAULT_OOM;
	entry = ptep_get_lockless(pte);
	file = vma->vm_ops && vma->vm_ops->fault;
	address &= PAGE_MASK;

	switch (classify_fault((u32)pte_val(entry), file, vma->vm_flags & VM_SHARED, write)) {
	case FAULT_ANON:
		return do_anonymous_page(mm, vma, address, pte);
	case FAULT_ZERO:
		return do_zero_page(mm, vma, address, pte);
	case FAULT_FILE:
		return do_linear_fault(mm, vma, address, pte, flags);
	case FAULT_COWF:
		return do_cow_file(mm, vma, address, pte, flags);
	case FAULT_WP:
		return do_wp_page(mm, vma, address, pte, entry);
	case FAULT_SWAP:
		return swap_fault(mm, vma, address, pte, entry, write);
	case FAULT_SPURIOUS:
		/* This processor's TLB was late; the fault has dropped what it held. */
		break;
	}
	return VM_FAULT_MINOR;
}
