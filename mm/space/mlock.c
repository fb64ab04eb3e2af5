/*
 * mm/space/mlock.c - memory that stays.
 *
 * Theory.  mlock marks areas VM_LOCKED and faults all their pages in, so that
 * no access to them waits for a fault again; what reclaim may take away, it
 * takes from other areas.  With MLOCK_ONFAULT (VM_LOCKONFAULT) the pages are locked
 * as they come.  mlockall(MCL_FUTURE) puts the flags into mm->def_flags, which every
 * later mmap and brk adds.  The superuser is not limited, others by RLIMIT_MEMLOCK.
 *
 * Pages.  A page stays as long as one locked area maps it: page->mlock_count is the
 * number of such entries, PG_mlocked says that there are any.  Mlocked in
 * /proc/meminfo counts those pages; Unevictable counts them too, with what no area
 * needs to lock because its file lives in memory only (ramfs).  Who makes, moves or
 * takes away entries must keep the count, and cannot ask the area: truncate comes
 * without mmap_sem, while mlock is half way through.  So each entry that has been
 * counted says so itself, by _PAGE_MLOCKED:
 *
 *	entry made	fault in a locked area: count, and mark the entry
 *	area locked	each entry without a mark: count, and mark it
 *	entry goes	zap, truncate, copy on write: if it is marked, uncount
 *	area unlocked	each entry with a mark: uncount, and unmark it
 *	entry moves	with its mark; its copy for a child loses it
 *
 * All under page_table_lock, so that mark and count change together.  A page can be
 * in several address spaces, and the counting has a lock of its own.
 *
 * mlock_check() counts marked pages again, after each test; mm_check() compares the marks with the areas.
 *
 * Locking: mmap_sem for writing to mark areas, for reading to fault in; page_table_lock,
 * then mlock_lock.
 */
#include <mm/space/vma.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/uapi/resource.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/space/memory.h>
#include <mm/space/mlock.h>
#include <mm/space/pagetable.h>

#define VM_LOCK_FLAGS	(VM_LOCKED | VM_LOCKONFAULT)

static DEFINE_SPINLOCK(mlock_lock);	/* mlock_count of all pages */

/* --- pages --------------------------------------------------------------------------------------- */

/* Could reclaim have it, but for the lock? Pages of ramfs are counted as unevictable already. */
static bool evictable_otherwise(const struct page *page)
{
	return PageAnon(page) || !test_bit(AS_UNEVICTABLE, &page->mapping->flags);
}

/* Does it belong on the lists of mm/cache/swap.c? => mapped */
static bool page_is_evictable(const struct page *page)
{
	return page->mapping && (PageSwapBacked(page) || mapping_evictable(page->mapping));
}

void mlock_page(struct page *page)
{
	spin_lock(&mlock_lock);
	if (!PageMlocked(page)) {
		SetPageMlocked(page);
		/* The count takes the place of a list's pointer: in this order. */
		if (page_is_evictable(page))
			lru_cache_del(page);
		page->mlock_count = 0;
		inc_zone_page_state(page, NR_MLOCK);
		if (evictable_otherwise(page))
			inc_zone_page_state(page, NR_UNEVICTABLE);
	}
	page->mlock_count++;
	spin_unlock(&mlock_lock);
}

void munlock_page(struct page *page)
{
	spin_lock(&mlock_lock);
	BUG_VAL(!PageMlocked(page) || !page->mlock_count, page->flags, page->mlock_count);
	if (!--page->mlock_count) {
		ClearPageMlocked(page);
		if (page_is_evictable(page))
			lru_cache_add(page);
		dec_zone_page_state(page, NR_MLOCK);
		if (evictable_otherwise(page))
			dec_zone_page_state(page, NR_UNEVICTABLE);
	}
	spin_unlock(&mlock_lock);
}

/* => page_table_lock held */
static void mlock_one_pte(pte_t *pte, bool lock)
{
	struct page *page = pte_present(*pte) ? vm_normal_page(*pte) : NULL;
	pte_t old;

	if (!page || !pte_mlocked(*pte) == !lock)
		return;
	if (lock)
		mlock_page(page);
	else
		munlock_page(page);
	/* Cleared first: the CPU may set A and D at any time. It does not care for the mark. */
	old = ptep_get_and_clear(pte);
	set_pte(pte, lock ? pte_mkmlocked(old) : pte_munlock(old));
}

void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   bool lock)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr, next;
	pte_t *pte, *last;

	for (addr = start; addr < end; addr = next) {
		pmd_t *pmd = mm_pmd(mm, addr);

		next = pmd_addr_end(addr, end);
		if (!pmd_present(*pmd))
			continue;
		pte = pte_offset_map(pmd, addr);
		last = pte + ((next - addr) >> PAGE_SHIFT);
		spin_lock(&mm->page_table_lock);
		for (; pte < last; pte++)
			mlock_one_pte(pte, lock);
		spin_unlock(&mm->page_table_lock);
	}
}

/* PG_mlocked and NR_MLOCK agree, and no page is locked more often than it is mapped. */
int mlock_check(void)
{
	unsigned long pfn, pages = 0, counted;
	int lies = 0;

	spin_lock(&mlock_lock);
	for (pfn = 0; pfn < max_mapnr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!PageMlocked(page))
			continue;
		pages++;
		if (page->mlock_count && page->mlock_count <= (unsigned long)page_mapcount(page))
			continue;
		pr_err("mlock_check: page %lx: mlock_count %lu mapcount %d\n", pfn,
		       page->mlock_count, page_mapcount(page));
		lies++;
	}
	counted = global_page_state(NR_MLOCK);
	spin_unlock(&mlock_lock);
	if (pages == counted)
		return lies;
	pr_err("mlock_check: %lu pages are mlocked, NR_MLOCK %lu\n", pages, counted);
	return lies + 1;
}

void __init mlock_init(void)
{
	ktest_register_checker("mlock_check", mlock_check);
}

/* --- areas --------------------------------------------------------------------------------------- */

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
	if (IS_ERR(vma) || !((flags ^ oldflags) & VM_LOCKED))
		return vma;
	vma->vm_mm->locked_vm += lock ? pages : -pages;
	mlock_vma_pages_range(vma, start, end, lock);
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
