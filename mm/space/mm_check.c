/*
 * mm/space/mm_check.c - is an address space what it claims to be?
 *
 * Theory.  Everything is written down twice: areas on a list and in a tree, sums
 * in counters, pages in entries and in rss_stat.  mm_check() walks the slow way
 * and compares; tests call it after every few random operations, and a mistake
 * is found near the operation that made it.  Each lie is printed.
 *
 * Locking: mmap_sem for reading, page_table_lock taken for the walk.
 */
#include <mm/space/mmap.h>

#include <kernel/core/printk.h>
#include <lib/string.h>
#include <mm/space/pagetable.h>

#define LIE(mm, fmt, ...) \
	(printk(KERN_ERR "mm_check(%p): " fmt "\n", (mm), ##__VA_ARGS__), 1)

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
		lies += check_vma(mm, vma, prev);
		sum_vma(&sums, vma);
		cache_seen |= vma == mm->mmap_cache;
	}
	if (node)
		lies += LIE(mm, "the tree has more areas than the list");
	if (!cache_seen)
		lies += LIE(mm, "mmap_cache %p is no area", mm->mmap_cache);
	if (sums.count != mm->map_count)
		lies += LIE(mm, "map_count %d, areas %d", mm->map_count, sums.count);
	if (sums.total != mm->total_vm || sums.locked != mm->locked_vm)
		lies += LIE(mm, "total_vm %lu locked_vm %lu, areas %lu %lu", mm->total_vm,
			    mm->locked_vm, sums.total, sums.locked);
	if (mm->hiwater_vm < mm->total_vm)
		lies += LIE(mm, "hiwater_vm %lu, total_vm %lu", mm->hiwater_vm, mm->total_vm);
	if (sums.data != mm->data_vm || sums.exec != mm->exec_vm || sums.stack != mm->stack_vm)
		lies += LIE(mm, "data %lu exec %lu stack %lu, areas %lu %lu %lu", mm->data_vm,
			    mm->exec_vm, mm->stack_vm, sums.data, sums.exec, sums.stack);
	return lies;
}

/* One entry that is not empty, at @addr. => lies */
static int check_pte(struct mm_struct *mm, unsigned long addr, pte_t entry, unsigned long *rss)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct page *page;
	int lies = 0;

	if (!vma || vma->vm_start > addr)
		return LIE(mm, "entry " PTE_FMT " at %08lx is in no area", pte_val(entry), addr);
	if (!pte_present(entry))
		return LIE(mm, "entry " PTE_FMT " at %08lx is not present", pte_val(entry), addr);
	if (pte_write(entry) && !(vma->vm_flags & VM_WRITE))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx is writable", pte_val(entry), addr);
	if (__page_nx && pte_exec(entry) && !(vma->vm_flags & VM_EXEC) &&
	    (pte_val(entry) & _PAGE_PRESENT))
		lies += LIE(mm, "entry " PTE_FMT " at %08lx can be executed", pte_val(entry), addr);
	page = vm_normal_page(entry);
	if (!page)
		return lies;
	rss[mm_counter(page)]++;
	if (page_count(page) < 1 || page_mapcount(page) < 1 || page_count(page) < page_mapcount(page))
		lies += LIE(mm, "page %lx at %08lx: count %d mapcount %d", page_to_pfn(page), addr,
			    page_count(page), page_mapcount(page));
	if (PageAnon(page) && !vma->has_anon)
		lies += LIE(mm, "anonymous page at %08lx, but has_anon is not set", addr);
	if (PageAnon(page) && pte_write(entry) && page_mapcount(page) != 1)
		lies += LIE(mm, "shared page %lx at %08lx is writable", page_to_pfn(page), addr);
	return lies;
}

/* The page tables against areas and counters. => lies */
static int check_tables(struct mm_struct *mm)
{
	unsigned long rss[NR_MM_COUNTERS] = { 0 }, tables = 0, start, addr;
	int lies = 0, i;

	for (start = 0; start < TASK_SIZE; start += PMD_SIZE) {
		pmd_t *pmd = mm_pmd(mm, start);

		if (!pmd_present(*pmd))
			continue;
		tables++;
		for (addr = start; addr < start + PMD_SIZE; addr += PAGE_SIZE) {
			pte_t entry = *pte_offset_map(pmd, addr);

			if (!pte_none(entry))
				lies += check_pte(mm, addr, entry, rss);
			else if (pte_val(entry))
				lies += LIE(mm, "half an entry at %08lx: " PTE_FMT, addr,
					    pte_val(entry));
		}
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
