/*
 * mm/space/numa_maps.c - /proc/PID/numa_maps: where an address space's pages lie.
 *
 * One line for each area: its policy, what it is, and its pages by kind and by
 * node, all counted in the page tables at that moment.  The format is Linux's.
 */
#include <kernel/core/seq_file.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/mempolicy.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/memory.h>
#include <mm/space/mempolicy.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

struct numa_sums {
	unsigned long pages, anon, dirty, active, writeback, swapcache, mapcount_max;
	unsigned long node[MAX_NUMNODES];
};

static void sum_page(struct page *page, pte_t entry, void *arg)
{
	struct numa_sums *sums = arg;

	if (PageReserved(page))
		return;
	sums->pages++;
	sums->dirty += pte_dirty(entry) || PageDirty(page);
	sums->active += (unsigned int)PageActive(page);
	sums->writeback += (unsigned int)PageWriteback(page);
	sums->swapcache += (unsigned int)PageSwapCache(page);
	sums->anon += PageAnon(page) != 0;
	sums->mapcount_max = max(sums->mapcount_max, (unsigned long)page_mapcount(page));
	sums->node[page_to_nid(page)]++;
}

static void show_policy(struct seq_file *m, const struct mempolicy *pol)
{
	static const char *const names[MPOL_MAX] = {
		[MPOL_DEFAULT] = "default", [MPOL_PREFERRED] = "prefer", [MPOL_BIND] = "bind",
		[MPOL_INTERLEAVE] = "interleave", [MPOL_LOCAL] = "local",
		[MPOL_PREFERRED_MANY] = "prefer (many)",
	};

	seq_puts(m, names[pol ? pol->mode : MPOL_DEFAULT]);
	if (!pol)
		return;
	if (pol->flags & MPOL_F_STATIC_NODES)
		seq_puts(m, "=static");
	else if (pol->flags & MPOL_F_RELATIVE_NODES)
		seq_puts(m, "=relative");
	if (pol->nodes) {
		seq_putc(m, ':');
		seq_mask_list(m, pol->nodes, MAX_NUMNODES);
	}
}

/* A path in which blanks cannot be mistaken for the end. */
static void show_file(struct seq_file *m, struct file *file, char *buf)
{
	const char *path = d_path(&file->f_path, buf, PAGE_SIZE);

	seq_puts(m, " file=");
	for (; !IS_ERR(path) && *path; path++) {
		if (*path == '\n' || *path == '\t' || *path == '=' || *path == ' ')
			seq_printf(m, "\\%03o", (unsigned char)*path);
		else
			seq_putc(m, *path);
	}
}

static void show_count(struct seq_file *m, const char *name, unsigned long count)
{
	if (count)
		seq_printf(m, " %s=%lu", name, count);
}

static void show_area(struct seq_file *m, struct vm_area_struct *vma, struct mempolicy *pol,
		      char *buf)
{
	struct mm_struct *mm = vma->vm_mm;
	struct numa_sums s = { 0 };
	int nid;

	walk_mapped_pages(vma, vma->vm_start, vma->vm_end, sum_page, &s);
	seq_printf(m, "%08lx ", vma->vm_start);
	show_policy(m, vma->vm_policy ? vma->vm_policy : pol);
	if (vma->vm_file)
		show_file(m, vma->vm_file, buf);
	else if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		seq_puts(m, " heap");
	else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		seq_puts(m, " stack");
	if (s.pages) {
		show_count(m, "anon", s.anon);
		show_count(m, "dirty", s.dirty);
		if (s.pages != s.anon && s.pages != s.dirty)
			show_count(m, "mapped", s.pages);
		if (s.mapcount_max > 1)
			show_count(m, "mapmax", s.mapcount_max);
		show_count(m, "swapcache", s.swapcache);
		if (s.active < s.pages)
			seq_printf(m, " active=%lu", s.active);
		show_count(m, "writeback", s.writeback);
		for_each_online_node(nid)
			if (s.node[nid])
				seq_printf(m, " N%d=%lu", nid, s.node[nid]);
		seq_printf(m, " kernelpagesize_kB=%lu", PAGE_SIZE >> 10);
	}
	seq_putc(m, '\n');
}

int task_numa_maps_show(struct seq_file *m, struct mm_struct *mm, struct mempolicy *pol)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	struct vm_area_struct *vma;

	if (!buf)
		return -ENOMEM;
	down_read(&mm->mmap_sem);
	for (vma = mm->mmap; vma && !seq_has_overflowed(m); vma = vma->vm_next)
		show_area(m, vma, pol, buf);
	up_read(&mm->mmap_sem);
	free_page((unsigned long)buf);
	return 0;
}
