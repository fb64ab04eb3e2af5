/*
 * kernel/sched/pid.h - numbers for tasks, and finding a task by its number.
 *
 * Theory.  A number is in use as long as somebody answers to it: a task as its
 * pid, any process as its group or session.  So a number has a use count, and
 * the allocator hands out the next one (after the last given, up to pid_max)
 * whose count is 0: a shell's job keeps its group number although its first
 * process is gone.
 *
 * Locking: tasklist_lock [T] guards the lists and the hash; writers hold it with
 * interrupts off, as interrupts (^C) read it.  pidmap_lock guards the counts.
 */
#ifndef OCTAVO_KERNEL_SCHED_PID_H
#define OCTAVO_KERNEL_SCHED_PID_H

#include <kernel/core/sched.h>
#include <kernel/core/signal.h>

#define PID_MAX_DEFAULT	32768
#define RESERVED_PIDS	300	/* below this only until the numbers wrap around */

extern int pid_max;		/* [c] numbers are below this */
extern int max_threads;		/* [c] tasks at most, by the size of memory */
extern int nr_threads;		/* [T] tasks, without the idle task */

extern unsigned long total_forks;	/* [T] */
extern pid_t last_pid;		/* [pidmap_lock] the number given last */

/* => a number with one use, or -EAGAIN: all are taken, -ENOMEM; may sleep */
pid_t alloc_pid(void);
/* Count one more, one less user of @nr. */
void get_pid_nr(pid_t nr);
void put_pid_nr(pid_t nr);

/* Enter into, remove from the hash. => tasklist_lock held for writing */
void hash_task(struct task_struct *tsk);
void unhash_task(struct task_struct *tsk);
/*
 * => tasklist_lock held: the task (zombies included) or NULL.  Or rcu_read_lock(): then it may
 *    be on its way out, and NULL may be a task that was just being entered or removed
 */
struct task_struct *find_task_by_pid(pid_t nr);
/* => a reference on the task, or NULL */
struct task_struct *find_get_task_by_pid(pid_t nr);
/* The process with the smallest pid >= @nr, for readdir. => a reference, or NULL */
struct task_struct *next_get_process(pid_t nr);
/* Give a process a new group and session. => tasklist_lock held for writing */
void change_pgrp(struct task_struct *tsk, pid_t pgrp, pid_t session);
/* True if a process of group @pgrp lives in @session. => tasklist_lock held */
bool pgrp_in_session(pid_t pgrp, pid_t session);

void pid_init(void);

/* Every process (thread-group leader) but the idle task. => tasklist_lock held */
#define for_each_process(p) \
	list_for_each_entry(p, &init_task.tasks, tasks)
/* Every process of a group. */
#define for_each_task_pgrp(p, nr) \
	for_each_process(p) \
		if (process_group(p) != (nr)) { } else
/* Every task of @p's thread group, @p first; @t is a second variable. */
#define for_each_thread(p, t) \
	for (t = (p); t; t = next_thread(t) == (p) ? NULL : next_thread(t))
static inline struct task_struct *next_thread(const struct task_struct *t)
{
	return list_entry(t->thread_group.next, struct task_struct, thread_group);
}

#endif
