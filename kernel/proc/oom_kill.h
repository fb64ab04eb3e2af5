/*
 * kernel/proc/oom_kill.h - when nothing more can be freed, one process must go.
 */
#ifndef OCTAVO_KERNEL_PROC_OOM_KILL_H
#define OCTAVO_KERNEL_PROC_OOM_KILL_H

#include <kernel/core/hooks.h>
#include <lib/kernel.h>
#include <lib/types.h>

struct task_struct;

#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_SCORE_ADJ_MAX	1000
#define OOM_DISABLE		(-17)	/* of the older /proc/PID/oom_adj */
#define OOM_ADJUST_MAX		15

#define OOM_NEVER		LONG_MIN	/* a badness: not to be chosen */

/*
 * How much its death would free, in pages, with oom_score_adj applied, which may make it
 * negative; or OOM_NEVER.
 * => tasklist_lock held, or @tsk is current
 */
long oom_badness(struct task_struct *tsk, unsigned long totalpages);
/* /proc/PID/oom_score: 0: never; 666: nothing to gain; 1333: all memory. */
unsigned long oom_score(struct task_struct *tsk);
/*
 * /proc/PID/oom_score_adj, of all processes in @tsk's address space.
 * => 0, -EINVAL (range), -EACCES (below what root has last set takes root)
 */
int oom_score_adj_set(struct task_struct *tsk, int adj);
int oom_score_adj_get(struct task_struct *tsk);
/* The same on the older scale -17..15. => as above; lowering it takes root */
int oom_adj_set(struct task_struct *tsk, int adj);
int oom_adj_get(struct task_struct *tsk);

/* The thread that takes the memory of those who were killed. => once, before process 1 runs */
void oom_init(void);

#endif
