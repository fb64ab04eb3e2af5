/*
 * mm/space/mm_check.c - is an address space what it claims to be?
 *
 * Theory.  Everything is written down twice: areas on a list and in a tree, sums
 * in counters, pages in entries and in rss_stat, where a page of a file belongs in
 * the page and in the area.  mm_check() walks the slow way and compares; tests
 * call it after every few random operations, and a mistake is found near the
 * operation that made it.  Each lie is printed.
 *
 *	areas	in order, disjoint, inside user space; list, tree and map_count agree;
 *		on the i_mmap of their files, on the trees of their anon_vmas; rights as their
 *		flags say
 *	sums	total_vm and its parts; no hole where mmap does not look (free_area_cache)
 *	tables	counted; none without an area; entries in areas alone, with no more
 *		rights, of the right page of the right file, private copies in private
 *		areas only and writable only where they are mapped once
 *	swap	entries in private areas only, of slots that are counted
 *	pages	rss_stat; more users than entries; a shared page that is clean, of a file that is
 *		written back, can be written to by nobody
 *
 * mm_check_all() does it for every address space: the kernel's tests after each test,
 * ring 3 by writing to /proc/sys/vm/stat_refresh (run-tests after each program, and some
 * programs while they run).
 *
 * Locking: mmap_sem for reading, page_table_lock taken for the walk.
 */
#include <mm/space/vma.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/fs/fs.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/anon_vma.h>
#include <mm/cache/swapfile.h>
#include <mm/phys/ptdump.h>
#include <mm/space/pagetable.h>

#define LIE(mm, fmt, ...) \
	(printk(KERN_ERR "mm_check(%p): " fmt "\n", (mm), ##__VA_ARGS__), 1)

/* What an entry has like all others of its area. */
#define AREA_RIGHTS	(_PAGE_PRESENT | _PAGE_USER)

/* What the areas add up to. */
struct mm_sums {
	unsigned long total, data, exec, stack, locked;
	int count;
};

/* One area by itself and against the one before it. => lies */
static int check_vma(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	pgprot_t prot;
	int lies = 0;

	if (vma->vm_start >= vma->vm_end || (vma->vm_start & ~PAGE_MASK) ||
	    (vma->vm_end & ~PAGE_MASK) || vma->vm_end > TASK_SIZE)
		lies += LIE(mm, "odd area %08lx-%08lx", vma->vm_start, vma->vm_end);
	if (prev && prev->vm_end > vma->vm_start)
		lies += LIE(mm, "area %08lx overlaps %08lx", vma->vm_start, prev->vm_start);
	if (vma->vm_prev != prev)
		lies += LIE(mm, "area %08lx: vm_prev is wrong", vma->vm_start);
	if (vma->vm_mm != mm)
		lies += LIE(mm, "area %08lx belongs to %p", vma->vm_start, vma->vm_mm);
	prot = vm_get_page_prot(vma->vm_flags);
	if (vma->vm_flags & VM_PFNMAP)
		prot = pgprot_modify(vma->vm_page_prot, prot);	/* a driver chooses the caching */
	if (pgprot_val(vma->vm_page_prot) != pgprot_val(prot))
		lies += LIE(mm, "area %08lx: rights are not those of its flags", vma->vm_start);
	/* Shared memory is charged to its object, and what is not reserved to nobody. */
	if ((vma->vm_flags & VM_ACCOUNT) && (vma->vm_flags & (VM_SHARED | VM_NORESERVE)))
		lies += LIE(mm, "area %08lx: flags %lx are charged", vma->vm_start, vma->vm_flags);
	if (!(vma->vm_flags & VM_ACCOUNT) && accountable_mapping(vma->vm_flags))
		lies += LIE(mm, "area %08lx: flags %lx are not charged", vma->vm_start, vma->vm_flags);
	if (vma_tracks_dirty(vma) && !(vma->vm_ops && vma->vm_ops->page_mkwrite))
		lies += LIE(mm, "area %08lx: its file is written back, but not told of stores",
			    vma->vm_start);
	if ((vma->vm_flags & (VM_LOCKONFAULT | VM_LOCKED)) == VM_LOCKONFAULT ||
	    (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) == VM_SHARED)
		lies += LIE(mm, "area %08lx: flags %08lx", vma->vm_start, vma->vm_flags);
	return lies;
}

/* An area with a file is on the file's tree: truncate looks there. => lies */
static int check_i_mmap(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	int lies = 0;

	if (!mapping)
		return 0;
	spin_lock(&mapping->i_mmap_lock);
	if (vma->shared.start != vma->vm_pgoff ||
	    vma->shared.last != vma->vm_pgoff + vma_pages(vma) - 1)
		lies = LIE(mm, "area %08lx: its file knows pages %lx-%lx of it", vma->vm_start,
			   vma->shared.start, vma->shared.last);
	if (!interval_tree_contains(&mapping->i_mmap, &vma->shared))
		lies += LIE(mm, "area %08lx is not on the tree of its file", vma->vm_start);
	/* The whole tree once, by the first who is on it. */
	if (rb_first(&mapping->i_mmap) == &vma->shared.rb &&
	    interval_tree_check(&mapping->i_mmap) < 0)
		lies += LIE(mm, "area %08lx: its file's tree is no interval tree", vma->vm_start);
	spin_unlock(&mapping->i_mmap_lock);
	return lies;
}

/* The search for free addresses begins at free_area_cache: nothing larger may lie above. => lies */
static int check_holes(struct mm_struct *mm)
{
	unsigned long from = mm->free_area_cache;
	struct vm_area_struct *vma;
	int lies = 0;

	if (mm->mmap_legacy)
		return 0;
	for (vma = mm->mmap; from < mm->mmap_base; vma = vma->vm_next) {
		unsigned long to = vma ? min(vm_start_gap(vma), mm->mmap_base) : mm->mmap_base;

		if (to > from && to - from > mm->cached_hole_size)
			lies += LIE(mm, "%08lx-%08lx is free, but above %08lx with holes of %lx",
				    from, to, mm->free_area_cache, mm->cached_hole_size);
		if (!vma)
			break;
		from = max(from, vma->vm_end);
	}
	return lies;
}

static void sum_vma(struct mm_sums *sums, const struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags, pages = vma_pages(vma);

	sums->count++;
	sums->total += pages;
	if (flags & VM_LOCKED)
		sums->locked += pages;
	if (flags & VM_GROWSDOWN)
		sums->stack += pages;
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		sums->exec += pages;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		sums->data += pages;
}

int mm_check_areas(struct mm_struct *mm)
{
	struct rb_node *node = rb_first(&mm->mm_rb);
	struct vm_area_struct *vma, *prev = NULL;
	struct mm_sums sums = { 0 };
	bool cache_seen = !mm->mmap_cache;
	int lies = 0;

	if (rb_check(&mm->mm_rb) < 0)
		lies += LIE(mm, "the tree is not red-black");
	for (vma = mm->mmap; vma; prev = vma, vma = vma->vm_next) {
		if (node != &vma->vm_rb)
			lies += LIE(mm, "list and tree differ at %08lx", vma->vm_start);
		node = node ? rb_next(node) : NULL;
		lies += check_vma(mm, vma, prev) + check_i_mmap(mm, vma);
		sum_vma(&sums, vma);
		cache_seen |= vma == mm->mmap_cache;
	}
	lies += anon_vma_check(mm);
	if (node)
		lies += LIE(mm, "the tree has more areas than the list");
	if (!cache_seen)
		lies += LIE(mm, "mmap_cache %p is no area", mm->mmap_cache);
	if (sums.count != mm->map_count)
		lies += LIE(mm, "map_count %d, areas %d", mm->map_count, sums.count);
	if (sums.total != mm->total_vm || sums.locked != mm->locked_vm)
		lies += LIE(mm, "total_vm %lu locked_vm %lu, areas %lu %lu", mm->total_vm,
			    mm->locked_vm, sums.total, sums.locked);
	if (sums.data != mm->data_vm || sums.exec != mm->exec_vm || sums.stack != mm->stack_vm)
		lies += LIE(mm, "data %lu exec %lu stack %lu, areas %lu %lu %lu", mm->data_vm,
			    mm->exec_vm, mm->stack_vm, sums.data, sums.exec, sums.stack);
	if (mm->hiwater_vm < mm->total_vm)
		lies += LIE(mm, "hiwater_vm %lu, total_vm %lu", mm->hiwater_vm, mm->total_vm);
	return lies + check_holes(mm);
}

/* Others may be mapping it at this moment: a difference counts if the page stood still. => lies */
static int check_counts(struct mm_struct *mm, struct page *page, unsigned long addr)
{
	int mapped = page_mapcount(page), users = page_count(page);

	if ((mapped >= 1 && users >= mapped) || mapped != page_mapcount(page))
		return 0;
	return LIE(mm, "page %lx at %08lx: count %d mapcount %d", page_to_pfn(page), addr, users,
		   mapped);
}

/* A page of one's own, and one of a file. => lies */
static int check_anon(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		      pte_t entry, struct page *page)
{
	int lies = 0;

	if (vma->vm_flags & VM_SHARED)
		lies += LIE(mm, "anonymous page at %08lx in a shared area", addr);
	if (!anon_vma_covers(vma, page) || page->index != linear_page_index(vma, addr))
		lies += LIE(mm, "page %lx at %08lx, of %p at %lx, is not looked for here",
			    page_to_pfn(page), addr, page_anon_vma(page), page->index);
	if (pte_write(entry) && page_mapcount(page) != 1)
		lies += LIE(mm, "shared page %lx at %08lx is writable", page_to_pfn(page), addr);
	return lies;
}

static int check_file_page(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
			   pte_t entry, struct page *page)
{
	int lies = 0;

	if (vma->vm_file && (page->mapping != vma->vm_file->f_mapping ||
			     page->index != linear_page_index(vma, addr)))
		lies += LIE(mm, "page %lu of %p at %08lx, where page %lu of %p belongs",
			    page->index, page->mapping, addr, linear_page_index(vma, addr),
			    vma->vm_file->f_mapping);
	if (pte_write(entry) && !(vma->vm_flags & VM_SHARED))
		lies += LIE(mm, "a file's page at %08lx is writable in a private area", addr);
	if ((pte_write(entry) || pte_dirty(entry)) && vma_tracks_dirty(vma) && !PageDirty(page))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx allows to write to page %lu, which is clean",
			    pte_val(entry), addr, page->index);
	return lies;
}

/* A place in swap. => lies */
static int check_swap_pte(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
			  pte_t entry)
{
	swp_entry_t swap = pte_to_swp_entry(entry);

	if ((vma->vm_flags & VM_SHARED) || !swap_count(swap))
		return LIE(mm, "entry " PTE_FMT " at %08lx names no slot for an area with %lx",
			   pte_val(entry), addr, vma->vm_flags);
	return 0;
}

/* One entry that is not empty, at @addr, where @vma is or NULL. => lies */
static int check_pte(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		     pte_t entry, unsigned long *rss)
{
	struct page *page;
	int lies = 0;

	if (!vma || vma->vm_start > addr)
		return LIE(mm, "entry " PTE_FMT " at %08lx is in no area", pte_val(entry), addr);
	if (!pte_present(entry)) {
		rss[MM_SWAPENTS]++;
		return check_swap_pte(mm, vma, addr, entry);
	}
	if ((pte_write(entry) && !(vma->vm_flags & VM_WRITE)) ||
	    ((pte_val(entry) ^ pgprot_val(vma->vm_page_prot)) & AREA_RIGHTS))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx does not have its area's rights",
			    pte_val(entry), addr);
	if (__page_nx && pte_exec(entry) && !(vma->vm_flags & VM_EXEC) &&
	    (pte_val(entry) & _PAGE_PRESENT))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx can be executed", pte_val(entry), addr);
	/* Of code and constants of the kernel a program may at most have a look. */
	if (wx_violation(pte_val(entry) | _PAGE_NX, pte_pfn(entry), 1))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx: the kernel's code is writable",
			    pte_val(entry), addr);
	page = vm_normal_page(entry);
	if (!page)
		return lies;
	rss[mm_counter(page)]++;
	lies += check_counts(mm, page, addr);
	if (!pte_mlocked(entry) != !(vma->vm_flags & VM_LOCKED) ||
	    (pte_mlocked(entry) && !PageMlocked(page)))
		lies += LIE(mm, "entry at %08lx: mlocked, or not, against its area or page", addr);
	return lies + (PageAnon(page) ? check_anon(mm, vma, addr, entry, page)
				      : check_file_page(mm, vma, addr, entry, page));
}

/* One table; the first area that ends behind @start is *@vma, and *@vma moves on. => lies */
static int check_table(struct mm_struct *mm, pmd_t *pmd, unsigned long start,
		       struct vm_area_struct **vma, unsigned long *rss)
{
	unsigned long addr;
	int lies = 0;

	if (!*vma || (*vma)->vm_start >= start + PMD_SIZE)
		lies += LIE(mm, "a table for %08lx, where no area is", start);
	for (addr = start; addr < start + PMD_SIZE; addr += PAGE_SIZE) {
		pte_t entry = *pte_offset_map(pmd, addr);

		while (*vma && (*vma)->vm_end <= addr)
			*vma = (*vma)->vm_next;
		if (!pte_none(entry))
			lies += check_pte(mm, *vma, addr, entry, rss);
		else if (pte_val(entry))
			lies += LIE(mm, "half an entry at %08lx: " PTE_FMT, addr, pte_val(entry));
	}
	return lies;
}

/* The page tables against areas and counters. => lies */
static int check_tables(struct mm_struct *mm)
{
	unsigned long rss[NR_MM_COUNTERS] = { 0 }, tables = 0, start;
	struct vm_area_struct *vma = mm->mmap;
	int lies = 0, i;

	for (start = 0; start < TASK_SIZE; start += PMD_SIZE) {
		pmd_t *pmd = mm_pmd(mm, start);

		if (!pmd_present(*pmd))
			continue;
		while (vma && vma->vm_end <= start)
			vma = vma->vm_next;
		tables++;
		lies += check_table(mm, pmd, start, &vma, rss);
	}
	if (tables != mm->nr_ptes)
		lies += LIE(mm, "nr_ptes %lu, tables %lu", mm->nr_ptes, tables);
	for (i = 0; i < NR_MM_COUNTERS; i++)
		if (rss[i] != mm->rss_stat[i])
			lies += LIE(mm, "rss_stat[%d] %lu, entries %lu", i, mm->rss_stat[i], rss[i]);
	return lies;
}

int mm_check(struct mm_struct *mm)
{
	int lies = mm_check_areas(mm);

	spin_lock(&mm->page_table_lock);
	lies += check_tables(mm);
	spin_unlock(&mm->page_table_lock);
	return lies;
}

int mm_check_all(void)
{
	struct mm_struct *mm = NULL;
	int lies = 0;

	while ((mm = next_mm(mm)) != NULL) {
		down_read(&mm->mmap_sem);
		lies += mm_check(mm);
		up_read(&mm->mmap_sem);
	}
	return lies ? -EINVAL : 0;
}

void __init mm_check_init(void)
{
	ktest_register_checker("mm_check", mm_check_all);
}
