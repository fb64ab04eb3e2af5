/*
 * mm/space/huge_memory.c - transparent huge pages: asked for, noted, never given.
 *
 * Theory.  A processor can map 2M or 4M by one entry, and Linux may use that for
 * private anonymous memory behind a program's back.  Programs say where they
 * would like it (MADV_HUGEPAGE), where not (MADV_NOHUGEPAGE), and that they want
 * none at all (PR_SET_THP_DISABLE).  All three are advice: Linux takes it also
 * when its administrator has switched huge pages off, and so do we, who are in
 * that state for good.  /sys/kernel/mm/transparent_hugepage/enabled says so, and
 * cannot be written.
 *
 * The advice is kept in the area (VM_HUGEPAGE, VM_NOHUGEPAGE: `hg` and `nh` in
 * smaps) and in the address space (MMF_DISABLE_THP), over fork; the latter over
 * exec too.
 *
 * Locking: mmap_sem for writing.
 */
#include <mm/space/mmap.h>

#include <kernel/core/seq_file.h>

void set_thp_disabled(struct mm_struct *mm, bool disabled)
{
	down_write(&mm->mmap_sem);
	if (disabled)
		set_bit(MMF_DISABLE_THP, &mm->flags);
	else
		clear_bit(MMF_DISABLE_THP, &mm->flags);
	up_write(&mm->mmap_sem);
}

static int enabled_show(struct seq_file *m, void *v)
{
	return seq_puts(m, "always madvise [never]\n");
}
SYS_SHOW("kernel/mm/transparent_hugepage/enabled", enabled_show);
