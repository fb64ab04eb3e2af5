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
 * the other executable areas.  smaps, which walks the page tables, is smaps.c.
 *
 * Locking: mmap_sem for reading.
 */
#include <mm/space/proc_mm.h>

#include <kernel/fs/fs.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>

#define MAPS_NAME_COLUMN	49	/* where a name begins in a line of maps */

/* Middle tables of three levels: made with the address space. */
#define USER_PMD_PAGES		(PTRS_PER_PMD > 1 ? USER_PTRS_PER_PGD : 0)

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

void show_map_line(struct seq_file *m, unsigned long start, unsigned long end, unsigned long flags,
		   u64 offset, dev_t dev, unsigned long ino, const char *name)
{
	char line[80];
	int len;

	len = snprintf(line, sizeof(line), "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %lu ", start, end,
		       flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		       flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p', offset,
		       MAJOR(dev), MINOR(dev), ino);
	seq_puts(m, line);
	if (name) {
		for (; len < MAPS_NAME_COLUMN; len++)
			seq_putc(m, ' ');
		show_path(m, name);
	}
	seq_putc(m, '\n');
}

void show_map_vma(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma, char *buf)
{
	const struct inode *inode;
	const char *name;

	if (!vma->vm_file) {
		show_map_line(m, vma->vm_start, vma->vm_end, vma->vm_flags, 0, 0, 0,
			      special_name(mm, vma));
		return;
	}
	inode = file_inode(vma->vm_file);
	name = d_path(&vma->vm_file->f_path, buf, PAGE_SIZE);
	show_map_line(m, vma->vm_start, vma->vm_end, vma->vm_flags, (u64)vma->vm_pgoff << PAGE_SHIFT,
		      inode->i_sb->s_dev, inode->i_ino, IS_ERR(name) ? "?" : name);
}

int for_each_vma(struct seq_file *m, struct mm_struct *mm,
		 void (*show)(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
			      char *buf))
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
	return for_each_vma(m, mm, show_map_vma);
}

/* --- status and statm -------------------------------------------------------------------------------- */

/* A program's own text, as far as it is mapped executable. */
static unsigned long text_pages(const struct mm_struct *mm)
{
	unsigned long text = PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);

	return min(text >> PAGE_SHIFT, mm->exec_vm);
}

static void show_kb(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%s:\t%8lu kB\n", name, KB(pages));
}

void task_mem_show(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm), text = text_pages(mm);

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
	show_kb(m, "VmLib", mm->exec_vm - text);
	show_kb(m, "VmPTE", mm->nr_ptes + USER_PMD_PAGES);
	show_kb(m, "VmSwap", get_mm_counter(mm, MM_SWAPENTS));
	show_kb(m, "HugetlbPages", 0);
	/* An address space that is dumped is not shown while it is; nothing dumps here. */
	seq_printf(m, "CoreDumping:\t0\nTHP_enabled:\t%d\n", !test_bit(MMF_DISABLE_THP, &mm->flags));
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

/*
 * A program may write another title over its arguments, and on over its environment (setproctitle):
 * then their last byte is not 0 any more, and the title is the string that begins where they did.
 */
static int show_title(struct seq_file *m, struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	int len;

	if (!buf)
		return -ENOMEM;
	len = access_remote_vm(mm, start, buf, (int)min(end - start, PAGE_SIZE), false);
	if (len > 0)
		seq_write(m, buf, min(strnlen(buf, (size_t)len) + 1, (size_t)len));
	free_page((unsigned long)buf);
	return 0;
}

int task_cmdline_show(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long start = mm->arg_start, end = mm->arg_end, env_end = mm->env_end;
	char last;

	if (start >= end)
		return 0;
	if (access_remote_vm(mm, end - 1, &last, 1, false) == 1 && last)
		return show_title(m, mm, start, mm->env_start == end ? max(end, env_end) : end);
	return show_user_bytes(m, mm, start, end);
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
