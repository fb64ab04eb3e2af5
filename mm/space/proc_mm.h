/*
 * mm/space/proc_mm.h - what /proc/PID says about memory.
 *
 * The functions print; kernel/proc/proc_pid.c gives them their file names.
 * All take mm->mmap_sem for reading themselves and may sleep.
 */
#ifndef OCTAVO_MM_SPACE_PROC_MM_H
#define OCTAVO_MM_SPACE_PROC_MM_H

#include <kernel/core/seq_file.h>
#include <mm/types/mm_types.h>

#define KB(pages)	((pages) << (PAGE_SHIFT - 10))

/* /proc/PID/maps. => 0 or -errno */
int task_maps_show(struct seq_file *m, struct mm_struct *mm);
/* One line of it; @flags: VM_*, @name: NULL for none. */
void show_map_line(struct seq_file *m, unsigned long start, unsigned long end, unsigned long flags,
		   u64 offset, dev_t dev, unsigned long ino, const char *name);
/* The line of @vma. => mmap_sem held; @buf: a page for a path */
void show_map_vma(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma, char *buf);
/* Call @show for each area (none: @mm NULL) under mmap_sem, @buf being a page. => 0 or -ENOMEM */
int for_each_vma(struct seq_file *m, struct mm_struct *mm,
		 void (*show)(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
			      char *buf));
/* smaps and smaps_rollup: smaps.c. => 0 or -errno */
int task_smaps_show(struct seq_file *m, struct mm_struct *mm);
int task_smaps_rollup_show(struct seq_file *m, struct mm_struct *mm);
/* The lines VmPeak .. VmSwap of /proc/PID/status. */
void task_mem_show(struct seq_file *m, struct mm_struct *mm);
/* /proc/PID/statm, all in pages. => total_vm */
unsigned long task_statm(struct mm_struct *mm, unsigned long *shared, unsigned long *text,
			 unsigned long *data, unsigned long *resident);
/* The whole line of /proc/PID/statm; @mm may be NULL. */
int task_statm_show(struct seq_file *m, struct mm_struct *mm);
/* /proc/PID/cmdline and environ: bytes of the user's own strings. */
int task_cmdline_show(struct seq_file *m, struct mm_struct *mm);
int task_environ_show(struct seq_file *m, struct mm_struct *mm);
/* /proc/PID/auxv */
int task_auxv_show(struct seq_file *m, struct mm_struct *mm);

/*
 * /proc/PID/translate: the walk for one address, from selector to frame.  The
 * file is opened, the address written to it as hexadecimal text, and read.
 * Kernel addresses are walked in swapper_pg_dir. @mm NULL: a kernel thread.
 */
int translate_show(struct seq_file *m, struct mm_struct *mm, unsigned long addr);

/* VIRT of ps and top, in bytes; RSS limit of /proc/PID/stat. */
static inline unsigned long task_vsize(const struct mm_struct *mm)
{
	return PAGE_SIZE * mm->total_vm;
}

#endif
