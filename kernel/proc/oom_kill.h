/*
 * kernel/proc/oom_kill.h - when nothing more can be freed, one process must go.
 */
#ifndef OCTAVO_KERNEL_PROC_OOM_KILL_H
#define OCTAVO_KERNEL_PROC_OOM_KILL_H

#include <kernel/core/hooks.h>
#include <lib/types.h>

struct task_struct;

#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_SCORE_ADJ_MAX	1000
#define OOM_DISABLE		(-17)	/* of the older /proc/PID/oom_adj */
#define OOM_ADJUST_MAX		15

/*
 * How much its death would free, in pages, with oom_score_adj applied; 0: never.
 * => tasklist_lock held, or @tsk is current
 */
unsigned long oom_badness(struct task_struct *tsk, unsigned long totalpages);
/* /proc/PID/oom_score: badness in 1/1000 of memory. */
unsigned int oom_score(struct task_struct *tsk);
/* /proc/PID/oom_score_adj. => 0, -EINVAL (range), -EACCES (lowering it takes root) */
int oom_score_adj_set(struct task_struct *tsk, int adj);
int oom_score_adj_get(struct task_struct *tsk);
/* The same on the older scale -17..15. */
int oom_adj_set(struct task_struct *tsk, int adj);
int oom_adj_get(struct task_struct *tsk);

#endif
