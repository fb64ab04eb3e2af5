/*
 * tests/kernel/mm/space/fault_test.c - what page faults deliver, and what they count.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <kernel/fs/fs.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmstat.h>

/* Reads of untouched memory map the one page of zeros, which is counted nowhere. */
KTEST(fault, zero_page_shared)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long zero = page_to_pfn(ZERO_PAGE(0)), i;
	unsigned long anon = global_page_state(NR_ANON_PAGES);

	scratch_map(SCRATCH_BASE, 8, RW);
	for (i = 0; i < 8; i++) {
		KEXPECT_EQ(t, peek(SCRATCH_BASE + i * PAGE_SIZE), 0u);
		KEXPECT_EQ(t, pte_pfn(scratch_pte(SCRATCH_BASE + i * PAGE_SIZE)), zero);
		KEXPECT(t, !pte_write(scratch_pte(SCRATCH_BASE + i * PAGE_SIZE)));
	}
	KEXPECT_EQ(t, get_mm_rss(mm), 0ul);
	/* The first write takes a page of its own. */
	KEXPECT_EQ(t, poke(SCRATCH_BASE + 8, 5), 0);
	KEXPECT(t, pte_pfn(scratch_pte(SCRATCH_BASE)) != zero);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0u);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 8), 5u);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + PAGE_SIZE + 8), 0u);
	KEXPECT_EQ(t, get_mm_rss(mm), 1ul);
	KEXPECT_EQ(t, global_page_state(NR_ANON_PAGES), anon + 1);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	KEXPECT_EQ(t, global_page_state(NR_ANON_PAGES), anon);
}

/* Anonymous memory comes one page for one fault, zeroed, dirty and writable; high if there is any. */
KTEST(fault, one_page_each)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long faults = vm_event_sum(PGFAULT), i;

	scratch_map(SCRATCH_BASE, 32, RW);
	for (i = 0; i < 32; i++) {
		unsigned long addr = SCRATCH_BASE + i * PAGE_SIZE;
		struct page *page;

		KEXPECT_EQ(t, poke(addr + 100, 1), 0);
		KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), i + 1);
		KEXPECT(t, pte_write(scratch_pte(addr)) && pte_dirty(scratch_pte(addr)));
		page = pte_page(scratch_pte(addr));
		lru_add_drain_all();
		KEXPECT(t, PageLRU(page) && PageSwapBacked(page) && !PageActive(page));
		KEXPECT(t, PageAnon(page) && page_count(page) == 1 && page_mapcount(page) == 1);
		KEXPECT(t, PageHighMem(page) || !totalhigh_pages || nr_online_nodes > 1);
		KEXPECT_EQ(t, peek(addr), 0u);
	}
	KEXPECT_EQ(t, vm_event_sum(PGFAULT), faults + 32);
	KEXPECT_EQ(t, mm->nr_ptes, 1ul);
	scratch_unmap(SCRATCH_BASE, 32);
	KEXPECT_EQ(t, mm->nr_ptes, 0ul);
	KEXPECT_EQ(t, get_mm_rss(mm), 0ul);
	scratch_leave(mm);
}

/* What the areas do not allow fails, and leaves no trace. */
KTEST(fault, rights)
{
	struct mm_struct *mm = scratch_enter();

	scratch_map(SCRATCH_BASE, 1, PROT_READ);
	scratch_map(SCRATCH_BASE + 0x1000, 1, PROT_NONE);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), -EFAULT);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 0u);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), -EFAULT);
	KEXPECT_EQ(t, poke(SCRATCH_BASE + 0x1000, 1), -EFAULT);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x1000), 0xdeadu);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x2000), 0xdeadu);
	KEXPECT_EQ(t, poke(0, 1), -EFAULT);
	KEXPECT_EQ(t, poke(TASK_SIZE - 4, 1), -EFAULT);
	KEXPECT_EQ(t, poke(TASK_SIZE, 1), -EFAULT);
	/* A fault where none may be handled is refused even for good memory. */
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, RW), 0);
	pagefault_disable();
	KEXPECT_EQ(t, __put_user(1, (u32 *)SCRATCH_BASE), -EFAULT);
	pagefault_enable();
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 1), 0);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* fork shares, the first writer copies, the last owner reuses; counts say so at each step. */
KTEST(fault, copy_on_write)
{
	struct mm_struct *parent = scratch_enter(), *child;
	unsigned long copies = 0, reused = vm_event_sum(PGREUSE), pfn;
	struct page *page;

	scratch_map(SCRATCH_BASE, 2, RW);
	poke(SCRATCH_BASE, 11);
	lru_add_drain_all();
	page = pte_page(scratch_pte(SCRATCH_BASE));
	pfn = page_to_pfn(page);
	child = dup_mm(parent);
	KASSERT(t, child);
	KEXPECT_EQ(t, page_mapcount(page), 2);
	KEXPECT_EQ(t, page_count(page), 2);
	KEXPECT(t, !pte_write(scratch_pte(SCRATCH_BASE)));
	KEXPECT_EQ(t, get_mm_rss(child), 1ul);
	KEXPECT_EQ(t, mm_check(child), 0);

	KEXPECT_EQ(t, poke(SCRATCH_BASE, 22), 0);		/* the parent copies */
	copies = pte_pfn(scratch_pte(SCRATCH_BASE));
	KEXPECT(t, copies != pfn);
	KEXPECT_EQ(t, page_mapcount(page), 1);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 22u);
	unuse_mm(parent);
	use_mm(child);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 11u);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 33), 0);		/* the child is alone: no copy */
	KEXPECT_EQ(t, pte_pfn(scratch_pte(SCRATCH_BASE)), pfn);
	KEXPECT_EQ(t, vm_event_sum(PGREUSE), reused + 1);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + PAGE_SIZE), 0u);
	KEXPECT_EQ(t, mm_check(child), 0);
	KEXPECT_EQ(t, mm_check(parent), 0);
	scratch_leave(child);
	use_mm(parent);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 22u);
	scratch_leave(parent);
}

/* A pinned page is copied for its writer, not changed under the one who pinned it. */
KTEST(fault, pinned_page_is_copied)
{
	struct mm_struct *mm = scratch_enter();
	struct page *page = NULL;
	u32 word = 9;

	scratch_map(SCRATCH_BASE, 1, RW);
	poke(SCRATCH_BASE, 1);
	lru_add_drain_all();
	down_read(&mm->mmap_sem);
	KEXPECT_EQ(t, get_user_pages(mm, SCRATCH_BASE, 1, true, false, &page), 1);
	up_read(&mm->mmap_sem);
	KASSERT(t, page);
	KEXPECT_EQ(t, page_count(page), 2);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, PROT_READ), 0);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, RW), 0);
	KEXPECT_EQ(t, poke(SCRATCH_BASE, 2), 0);
	KEXPECT(t, pte_page(scratch_pte(SCRATCH_BASE)) != page);
	KEXPECT_EQ(t, *(u32 *)kmap(page), 1u);
	kunmap(page);
	put_page(page);
	/* The same for another's memory as a whole. */
	KEXPECT_EQ(t, access_remote_vm(mm, SCRATCH_BASE + 4, &word, 4, true), 4);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 4), 9u);
	KEXPECT_EQ(t, access_remote_vm(mm, SCRATCH_BASE + 4094, &word, 4, false), 2);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}

/* A file of two and a half pages of numbered words, unlinked. */
static struct file *numbered_file(unsigned long pages)
{
	struct file *file = shmem_zero_setup_file(pages << PAGE_SHIFT, 0);
	unsigned long i;

	for (i = 0; !IS_ERR(file) && i < pages; i++) {
		struct page *page = read_cache_page(file->f_mapping, i, file);

		BUG_ON(IS_ERR(page));
		*(u32 *)kmap(page) = 1000 + (u32)i;
		kunmap(page);
		put_page(page);
	}
	return file;
}

static unsigned long map_file(struct file *file, unsigned long pages, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	down_write(&mm->mmap_sem);
	ret = do_mmap_pgoff(file, SCRATCH_BASE, pages << PAGE_SHIFT, RW, flags | MAP_FIXED, 0);
	up_write(&mm->mmap_sem);
	return ret;
}

/* mmap shows the page cache's own page; neighbours come with it; a private write parts. */
KTEST(fault, file_shares_page_cache)
{
	struct mm_struct *mm = scratch_enter();
	struct file *file = numbered_file(20);
	unsigned long mapped = global_page_state(NR_FILE_MAPPED), faults;
	struct page *page;

	KASSERT(t, !IS_ERR(file));
	KASSERT_EQ(t, map_file(file, 20, MAP_PRIVATE), SCRATCH_BASE);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 3 * PAGE_SIZE), 1003u);
	page = find_get_page(file->f_mapping, 3);
	KASSERT(t, page);
	KEXPECT_EQ(t, pte_pfn(scratch_pte(SCRATCH_BASE + 3 * PAGE_SIZE)), page_to_pfn(page));
	KEXPECT_EQ(t, page_mapcount(page), 1);
	KEXPECT_EQ(t, global_page_state(NR_FILE_MAPPED), mapped + 16);
	faults = vm_event_sum(PGFAULT);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 15 * PAGE_SIZE), 1015u);
	KEXPECT_EQ(t, vm_event_sum(PGFAULT), faults);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 16 * PAGE_SIZE), 1016u);
	KEXPECT_EQ(t, vm_event_sum(PGFAULT), faults + 1);

	KEXPECT_EQ(t, poke(SCRATCH_BASE + 3 * PAGE_SIZE, 7), 0);
	KEXPECT(t, PageAnon(pte_page(scratch_pte(SCRATCH_BASE + 3 * PAGE_SIZE))));
	KEXPECT_EQ(t, page_mapcount(page), 0);
	KEXPECT_EQ(t, *(u32 *)kmap(page), 1003u);
	kunmap(page);
	KEXPECT_EQ(t, mm_check(mm), 0);
	put_page(page);
	fput(file);
	scratch_leave(mm);
	KEXPECT_EQ(t, global_page_state(NR_FILE_MAPPED), mapped);
}

/* What a truncation takes away is gone from every page table; private copies stay if told so. */
KTEST(fault, unmap_mapping_range)
{
	struct mm_struct *mm = scratch_enter();
	struct file *file = numbered_file(4);

	KASSERT(t, !IS_ERR(file));
	KASSERT_EQ(t, map_file(file, 4, MAP_PRIVATE), SCRATCH_BASE);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x2000), 1002u);
	KEXPECT_EQ(t, poke(SCRATCH_BASE + 0x3000, 5), 0);
	unmap_mapping_range(file->f_mapping, PAGE_SIZE + 1, 0, 0);
	KEXPECT(t, !pte_none(scratch_pte(SCRATCH_BASE + 0x1000)));
	KEXPECT(t, pte_none(scratch_pte(SCRATCH_BASE + 0x2000)));
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x3000), 5u);
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x2000), 1002u);
	unmap_mapping_range(file->f_mapping, 0, 0, 1);
	KEXPECT(t, pte_none(scratch_pte(SCRATCH_BASE)));
	KEXPECT_EQ(t, peek(SCRATCH_BASE + 0x3000), 1003u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	fput(file);
	scratch_leave(mm);
}

/* Shared memory is one page for parent and child, and writes are seen by both. */
KTEST(fault, shared_anonymous)
{
	struct mm_struct *parent = scratch_enter(), *child;
	unsigned long addr;

	down_write(&parent->mmap_sem);
	addr = do_mmap_pgoff(NULL, SCRATCH_BASE, 2 * PAGE_SIZE, RW,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0);
	up_write(&parent->mmap_sem);
	KASSERT_EQ(t, addr, SCRATCH_BASE);
	KEXPECT_EQ(t, poke(addr, 1), 0);
	child = dup_mm(parent);
	KASSERT(t, child);
	unuse_mm(parent);
	use_mm(child);
	KEXPECT_EQ(t, peek(addr), 1u);
	KEXPECT_EQ(t, poke(addr, 2), 0);
	KEXPECT_EQ(t, poke(addr + PAGE_SIZE, 3), 0);
	KEXPECT_EQ(t, mm_check(child), 0);
	scratch_leave(child);
	use_mm(parent);
	KEXPECT_EQ(t, peek(addr), 2u);
	KEXPECT_EQ(t, peek(addr + PAGE_SIZE), 3u);
	KEXPECT_EQ(t, mm_check(parent), 0);
	scratch_leave(parent);
}

/* A driver's services: frames entered uncounted, zeros in advance. */
KTEST(fault, driver_mappings)
{
	unsigned long kernel = get_zeroed_page(GFP_KERNEL), addr, uncached = _PAGE_PCD | _PAGE_PWT;
	struct mm_struct *mm = scratch_enter();
	struct vm_area_struct *vma;
	struct page *page;

	KASSERT(t, kernel);
	page = virt_to_page(kernel);
	*(u32 *)kernel = 77;
	scratch_map(SCRATCH_BASE, 4, PROT_READ);
	vma = find_vma(mm, SCRATCH_BASE);
	KEXPECT_EQ(t, remap_pfn_range(vma, SCRATCH_BASE, page_to_pfn(page), PAGE_SIZE,
				      vma->vm_page_prot), -EINVAL);
	vma->vm_flags |= VM_SHARED;
	KEXPECT_EQ(t, zeromap_page_range(vma, SCRATCH_BASE, PAGE_SIZE, vma->vm_page_prot), -EINVAL);
	KEXPECT_EQ(t, remap_pfn_range(vma, SCRATCH_BASE, page_to_pfn(page), PAGE_SIZE,
				      vma->vm_page_prot), 0);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 77u);
	KEXPECT_EQ(t, page_mapcount(page), 0);
	KEXPECT_EQ(t, page_count(page), 1);
	KEXPECT_EQ(t, get_mm_rss(mm), 0ul);
	scratch_unmap(SCRATCH_BASE, 4);
	KEXPECT_EQ(t, page_count(page), 1);

	/* Uncached, and so it stays when rights change; no page of it can be pinned. */
	scratch_map(SCRATCH_BASE, 1, RW);
	vma = find_vma(mm, SCRATCH_BASE);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	KEXPECT_EQ(t, remap_pfn_range(vma, SCRATCH_BASE, page_to_pfn(page), PAGE_SIZE,
				      vma->vm_page_prot), 0);
	KEXPECT_EQ(t, get_user_pages(mm, SCRATCH_BASE, 1, false, true, NULL), -EFAULT);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, PROT_NONE), 0);
	KEXPECT_EQ(t, do_mprotect(SCRATCH_BASE, PAGE_SIZE, RW), 0);
	KEXPECT(t, (pte_val(scratch_pte(SCRATCH_BASE)) & uncached) == uncached);
	KEXPECT_EQ(t, mm_check(mm), 0);
	/* The private copy is plain memory. */
	KEXPECT_EQ(t, poke(SCRATCH_BASE + 4, 5), 0);
	KEXPECT_EQ(t, peek(SCRATCH_BASE), 77u);
	KEXPECT_EQ(t, get_mm_rss(mm), 1ul);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_unmap(SCRATCH_BASE, 1);
	free_page(kernel);

	addr = scratch_map(SCRATCH_BASE, 4, RW);
	vma = find_vma(mm, addr);
	KEXPECT_EQ(t, zeromap_page_range(vma, addr, 4 * PAGE_SIZE, vma->vm_page_prot), 0);
	KEXPECT_EQ(t, pte_pfn(scratch_pte(addr + 0x3000)), page_to_pfn(ZERO_PAGE(0)));
	KEXPECT_EQ(t, poke(addr + 0x3000, 1), 0);
	KEXPECT_EQ(t, peek(addr + 0x2000), 0u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
}
