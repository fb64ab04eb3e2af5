/*
 * mm/space/proc_mm.c - an address space as text.
 *
 * Theory.  Nothing is kept for /proc: maps is the list of areas printed, status
 * and statm are the counters.  The formats, to the column, are Linux's, because
 * unmodified programs (top, ps, pmap) parse them.
 *
 * Where each figure comes from: Size/VIRT = total_vm, promised addresses;
 * RSS/RES = rss_stat, entries that are present, pages shared with others
 * counted by each; SHR = those of them that are file pages or shmem; VmData =
 * private writable; VmExe = the text between start_code and end_code, VmLib =
 * the other executable areas.  smaps' Pss divides each page by its mapcount, so
 * that the sum over all processes is what they really use.
 *
 * Locking: mmap_sem for reading; page_table_lock for the walk of smaps.
 */
#include <mm/space/proc_mm.h>

#include <kernel/fs/fs.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/lazyfree.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>
#include <mm/space/pagetable.h>

#define MAPS_NAME_COLUMN	49	/* where a name begins in a line of maps */
#define KB(pages)		((pages) << (PAGE_SHIFT - 10))

/* The name of an area without a file, or NULL. */
static const char *special_name(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name(vma);
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk && mm->brk > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

/* A path with its newlines written as Linux does. */
static void show_path(struct seq_file *m, const char *path)
{
	for (; *path; path++) {
		if (*path == '\n')
			seq_puts(m, "\\012");
		else
			seq_putc(m, *path);
	}
}

static void show_vma_line(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
			  char *buf)
{
	unsigned long flags = vma->vm_flags, ino = 0;
	const char *name;
	dev_t dev = 0;
	char line[80];
	int len;

	if (vma->vm_file) {
		struct inode *inode = file_inode(vma->vm_file);

		ino = inode->i_ino;
		dev = inode->i_sb->s_dev;
		name = d_path(&vma->vm_file->f_path, buf, PAGE_SIZE);
		if (IS_ERR(name))
			name = "?";
	} else {
		name = special_name(mm, vma);
	}
	len = snprintf(line, sizeof(line), "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %lu ",
		       vma->vm_start, vma->vm_end, flags & VM_READ ? 'r' : '-',
		       flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		       flags & VM_MAYSHARE ? 's' : 'p',
		       vma->vm_file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0, MAJOR(dev), MINOR(dev),
		       ino);
	seq_puts(m, line);
	if (name) {
		for (; len < MAPS_NAME_COLUMN; len++)
			seq_putc(m, ' ');
		show_path(m, name);
	}
	seq_putc(m, '\n');
}

/* Call @show for each area under mmap_sem. => 0 or -ENOMEM */
static int for_each_vma(struct seq_file *m, struct mm_struct *mm,
			void (*show)(struct seq_file *m, struct mm_struct *mm,
				     struct vm_area_struct *vma, char *buf))
{
	struct vm_area_struct *vma;
	char *buf;

	if (!mm)
		return 0;
	buf = (char *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	down_read(&mm->mmap_sem);
	for (vma = mm->mmap; vma && !seq_has_overflowed(m); vma = vma->vm_next)
		show(m, mm, vma, buf);
	up_read(&mm->mmap_sem);
	free_page((unsigned long)buf);
	return 0;
}

int task_maps_show(struct seq_file *m, struct mm_struct *mm)
{
	return for_each_vma(m, mm, show_vma_line);
}

/* --- smaps ----------------------------------------------------------------------------------------- */

struct smaps_sums {
	unsigned long rss, anon, referenced, lazyfree;			/* pages */
	unsigned long shared_clean, shared_dirty, private_clean, private_dirty;
	unsigned long pss, pss_dirty;					/* bytes */
};

static void smaps_page(struct page *page, pte_t entry, void *arg)
{
	struct smaps_sums *sums = arg;
	bool dirty = pte_dirty(entry) || PageDirty(page);
	unsigned long users = (unsigned long)page_mapcount(page);

	sums->rss++;
	sums->anon += PageAnon(page) ? 1 : 0;
	sums->lazyfree += pte_lazyfree(entry, page);
	sums->referenced += pte_young(entry) || PageReferenced(page);
	sums->pss += PAGE_SIZE / users;
	if (dirty)
		sums->pss_dirty += PAGE_SIZE / users;
	if (users > 1)
		dirty ? sums->shared_dirty++ : sums->shared_clean++;
	else
		dirty ? sums->private_dirty++ : sums->private_clean++;
}

/* The two letters of each flag, in the order of the bits. */
static const struct {
	unsigned long flag;
	char name[3];
} flag_names[] = {
	{ VM_READ,	"rd" }, { VM_WRITE,	"wr" }, { VM_EXEC,	 "ex" },
	{ VM_SHARED,	"sh" }, { VM_MAYREAD,	"mr" }, { VM_MAYWRITE,	 "mw" },
	{ VM_MAYEXEC,	"me" }, { VM_MAYSHARE,	"ms" }, { VM_GROWSDOWN,	 "gd" },
	{ VM_PFNMAP,	"pf" }, { VM_LOCKED,	"lo" }, { VM_IO,	 "io" },
	{ VM_SEQ_READ,	"sr" }, { VM_RAND_READ,	"rr" }, { VM_DONTCOPY,	 "dc" },
	{ VM_DONTEXPAND, "de" }, { VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" },
	{ VM_NORESERVE,	"nr" }, { VM_WIPEONFORK, "wf" }, { VM_DONTDUMP,	 "dd" },
	{ VM_SOFTDIRTY,	"sd" }, { VM_HUGEPAGE,	"hg" }, { VM_NOHUGEPAGE, "nh" },
};

static void show_vma_flags(struct seq_file *m, unsigned long flags)
{
	seq_puts(m, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (flags & flag_names[i].flag)
			seq_printf(m, "%s ", flag_names[i].name);
	seq_putc(m, '\n');
}

static void show_smap(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
		      char *buf)
{
	struct smaps_sums s = { 0 };

	show_vma_line(m, mm, vma, buf);
	walk_mapped_pages(vma, vma->vm_start, vma->vm_end, smaps_page, &s);
	seq_printf(m, "Size:           %8lu kB\n", KB(vma_pages(vma)));
	seq_printf(m, "KernelPageSize: %8lu kB\n", KB(1UL));
	seq_printf(m, "MMUPageSize:    %8lu kB\n", KB(1UL));
	seq_printf(m, "Rss:            %8lu kB\n", KB(s.rss));
	seq_printf(m, "Pss:            %8lu kB\n", s.pss >> 10);
	seq_printf(m, "Pss_Dirty:      %8lu kB\n", s.pss_dirty >> 10);
	seq_printf(m, "Shared_Clean:   %8lu kB\n", KB(s.shared_clean));
	seq_printf(m, "Shared_Dirty:   %8lu kB\n", KB(s.shared_dirty));
	seq_printf(m, "Private_Clean:  %8lu kB\n", KB(s.private_clean));
	seq_printf(m, "Private_Dirty:  %8lu kB\n", KB(s.private_dirty));
	seq_printf(m, "Referenced:     %8lu kB\n", KB(s.referenced));
	seq_printf(m, "Anonymous:      %8lu kB\n", KB(s.anon));
	seq_printf(m, "LazyFree:       %8lu kB\n", KB(s.lazyfree));
	seq_printf(m, "Swap:           %8lu kB\n", 0UL);
	seq_printf(m, "Locked:         %8lu kB\n", vma->vm_flags & VM_LOCKED ? s.pss >> 10 : 0UL);
	show_vma_flags(m, vma->vm_flags);
}

int task_smaps_show(struct seq_file *m, struct mm_struct *mm)
{
	return for_each_vma(m, mm, show_smap);
}

/* --- status and statm -------------------------------------------------------------------------------- */

static unsigned long text_pages(const struct mm_struct *mm)
{
	return (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
}

static void show_kb(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%s:\t%8lu kB\n", name, KB(pages));
}

void task_mem_show(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm), text = text_pages(mm);
	unsigned long exec = max(mm->exec_vm, text);

	show_kb(m, "VmPeak", max(mm->hiwater_vm, mm->total_vm));
	show_kb(m, "VmSize", mm->total_vm);
	show_kb(m, "VmLck", mm->locked_vm);
	show_kb(m, "VmPin", 0);
	show_kb(m, "VmHWM", max(mm->hiwater_rss, rss));
	show_kb(m, "VmRSS", rss);
	show_kb(m, "RssAnon", get_mm_counter(mm, MM_ANONPAGES));
	show_kb(m, "RssFile", get_mm_counter(mm, MM_FILEPAGES));
	show_kb(m, "RssShmem", get_mm_counter(mm, MM_SHMEMPAGES));
	show_kb(m, "VmData", mm->data_vm);
	show_kb(m, "VmStk", mm->stack_vm);
	show_kb(m, "VmExe", text);
	show_kb(m, "VmLib", exec - text);
	show_kb(m, "VmPTE", mm->nr_ptes);
	show_kb(m, "VmSwap", get_mm_counter(mm, MM_SWAPENTS));
}

unsigned long task_statm(struct mm_struct *mm, unsigned long *shared, unsigned long *text,
			 unsigned long *data, unsigned long *resident)
{
	*shared = get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_SHMEMPAGES);
	*text = text_pages(mm);
	*data = mm->data_vm + mm->stack_vm;
	*resident = *shared + get_mm_counter(mm, MM_ANONPAGES);
	return mm->total_vm;
}

int task_statm_show(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long size = 0, shared = 0, text = 0, data = 0, resident = 0;

	if (mm)
		size = task_statm(mm, &shared, &text, &data, &resident);
	/* lib and dt have been 0 since 2.6. */
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", size, resident, shared, text, data);
	return 0;
}

/* --- the process's own strings ------------------------------------------------------------------------- */

/* Bytes [start, end) of the other's memory, as they are. => 0 or -ENOMEM */
static int show_user_bytes(struct seq_file *m, struct mm_struct *mm, unsigned long start,
			   unsigned long end)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	while (start < end && !seq_has_overflowed(m)) {
		int len = access_remote_vm(mm, start, buf, (int)min(end - start, PAGE_SIZE), false);

		if (len <= 0)
			break;
		seq_write(m, buf, (size_t)len);
		start += (unsigned long)len;
	}
	free_page((unsigned long)buf);
	return 0;
}

int task_cmdline_show(struct seq_file *m, struct mm_struct *mm)
{
	return mm && mm->arg_end ? show_user_bytes(m, mm, mm->arg_start, mm->arg_end) : 0;
}

int task_environ_show(struct seq_file *m, struct mm_struct *mm)
{
	return mm && mm->env_end ? show_user_bytes(m, mm, mm->env_start, mm->env_end) : 0;
}

int task_auxv_show(struct seq_file *m, struct mm_struct *mm)
{
	unsigned int words = 0;

	if (!mm)
		return 0;
	/* Pairs up to and including AT_NULL. */
	do
		words += 2;
	while (words < AT_VECTOR_SIZE && mm->saved_auxv[words - 2]);
	seq_write(m, mm->saved_auxv, words * sizeof(mm->saved_auxv[0]));
	return 0;
}
