/*
 * kernel/sched/sched.h - the scheduler towards fork, exit and the calls about priorities.
 *
 * The part that every layer uses (schedule, wake_up_process...) is declared in
 * kernel/core/sched.h.
 */
#ifndef OCTAVO_KERNEL_SCHED_SCHED_H
#define OCTAVO_KERNEL_SCHED_SCHED_H

#include <kernel/core/percpu.h>
#include <kernel/core/sched.h>

#define MAX_PRIO	40		/* 0 best .. 39: 20 + nice */
#define NICE_TO_PRIO(nice)	((nice) + 20)
#define PRIO_TO_NICE(prio)	((prio) - 20)
#define TASK_NICE(p)		PRIO_TO_NICE((p)->static_prio)

/* A full slice in ticks: nice -20: 80, nice 0: 10 (100 ms), nice 19: 1. */
unsigned int task_timeslice(const struct task_struct *tsk);

/* Run queues; the boot task becomes CPU 0's idle task. */
void sched_init(void);
/* An empty run queue for processor @cpu, whose idle task is @idle. => before it runs */
void sched_cpu_up(int cpu, struct task_struct *idle);
/*
 * Let @tsk run on the processors of @mask only, from the return on.
 * => may yield until @tsk has left the one it is on; 0, or -EINVAL: none of them runs
 */
int set_cpus_allowed(struct task_struct *tsk, unsigned long mask);
/* Split the parent's (current's) time slice with the child. */
void sched_fork(struct task_struct *child);
/* A child that dies gives what is left of its slice back to its parent. */
void sched_exit(struct task_struct *tsk);
/* nice(2) and setpriority(2). => @nice is in -20..19 */
void set_user_nice(struct task_struct *tsk, int nice);
/*
 * One round of sleep, at most to @deadline (ktime_get_ns()).
 * => current->state says how; true: woken before; false: the time has come
 */
bool schedule_deadline(u64 deadline);
/* The first thing a new task does, from ret_from_fork: finish the switch to it. */
void schedule_tail(struct task_struct *prev);
/* Are the run queues in order? => may be called any time, no lock held; the number of errors */
int sched_check(void);
void sched_check_init(void);
/* The boot task's end: halt whenever nothing else runs. */
void cpu_idle(void) __attribute__((noreturn));
/* For one that is in no queue and on no processor. => its rq->lock held, or nobody knows it */
static inline void set_task_cpu(struct task_struct *tsk, int cpu)
{
	tsk->cpu = cpu;
	task_stack_top(tsk)->percpu_offset = per_cpu_offset(cpu);
}
/* The task that runs is an idle task. */
bool idle_task(const struct task_struct *tsk);

#endif
