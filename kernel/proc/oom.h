/*
 * kernel/proc/oom.h - between the three parts of the OOM killer: choosing (oom_kill.c), telling
 * (oom_report.c), taking the memory (oom_reaper.c).
 */
#ifndef OCTAVO_KERNEL_PROC_OOM_H
#define OCTAVO_KERNEL_PROC_OOM_H

#include <kernel/core/sched.h>
#include <mm/types/gfp.h>
#include <mm/types/mm_types.h>

/* The request that could not be met. */
struct oom_control {
	gfp_t gfp_mask;
	unsigned int order;
	unsigned long nodes;		/* a policy allows only these; 0: no policy is to blame */
};

/* What a process holds, in pages. */
struct oom_figures {
	unsigned long total_vm, anon, file, shmem, swap, nr_ptes;
	bool skip;			/* MMF_OOM_SKIP: nothing is left to be got */
};

static inline unsigned long oom_rss(const struct oom_figures *fig)
{
	return fig->anon + fig->file + fig->shmem;
}

/*
 * A process may live on when its first thread has gone.
 * => tasklist_lock held; the first of its threads that has an address space, or NULL, *fig undefined
 */
struct task_struct *oom_figures(struct task_struct *tsk, struct oom_figures *fig);

/* ---- oom_report.c: the log, as Linux writes it ---- */

void oom_dump_header(const struct oom_control *oc);
void oom_dump_table_head(void);
/* => tasklist_lock held */
void oom_dump_task(const struct task_struct *tsk, const struct oom_figures *fig);
void oom_dump_summary(const struct oom_control *oc, const struct task_struct *victim);
void oom_dump_kill(const char *message, const struct task_struct *victim,
		   const struct oom_figures *fig);

/* ---- oom_reaper.c ---- */

/* Is an address space on its way out that has not yet given up its memory? */
bool oom_victim_pending(void);
/*
 * @mm, of @victim, is to go, and the reaper to help.
 * => its reference (mm_count) goes over; no sleep; false: too many are going already
 */
bool oom_queue_victim(struct mm_struct *mm, const struct task_struct *victim);
/*
 * Take what is @mm's alone: all private areas.  Who touches it afterwards gets SIGBUS.
 * => may sleep; false: mmap_sem was not to be had
 */
bool oom_reap_mm(struct mm_struct *mm);

#endif
