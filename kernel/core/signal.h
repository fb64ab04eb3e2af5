/*
 * kernel/core/signal.h - what the tasks of a process share: limits, session,
 * signal handlers and signals sent to the process as a whole.
 *
 * Only the nouns, so that files, terminals and address spaces can read a limit
 * or a session without knowing how signals work (kernel/proc/signal.h).
 *
 * signal_struct: one for each thread group.  sighand_struct: the handlers, one
 * per thread group too, but separately counted, as CLONE_SIGHAND alone shares it.
 *
 * Locks: [g] sighand->siglock, interrupts off  [T] tasklist_lock  [a] atomic
 * Order: tasklist_lock > siglock > run queue.
 */
#ifndef OCTAVO_KERNEL_CORE_SIGNAL_H
#define OCTAVO_KERNEL_CORE_SIGNAL_H

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>
#include <kernel/uapi/resource.h>
#include <kernel/uapi/signal.h>

struct tty_struct;

/* rt_sigaction(2)'s structure is the kernel's own. */
struct k_sigaction {
	void *sa_handler;		/* SIG_DFL, SIG_IGN, or a user address */
	unsigned long sa_flags;
	void *sa_restorer;
	sigset_t sa_mask;
};
static_assert(sizeof(struct k_sigaction) == 20, "user ABI of rt_sigaction");

struct sighand_struct {
	atomic_t count;				/* [a] tasks that use it */
	spinlock_t siglock;
	wait_queue_head_t signalfd_wqh;		/* where readers of a signalfd sleep */
	struct k_sigaction action[_NSIG];	/* [g] */
};

/* signal_struct.flags */
#define SIGNAL_STOP_STOPPED	0x01u	/* all its tasks are stopped */
#define SIGNAL_STOP_CONTINUED	0x02u	/* continued, and wait() has not been told */
#define SIGNAL_GROUP_EXIT	0x04u	/* exiting as a whole */
#define SIGNAL_CLD_STOPPED	0x10u	/* the parent is to be told: by the next task that gets there */
#define SIGNAL_CLD_CONTINUED	0x20u
#define SIGNAL_STOP_DEQUEUED	0x80u	/* a task has taken a stop signal; SIGCONT makes it void */
#define SIGNAL_UNKILLABLE	0x40u	/* init: default actions do not touch it */

/* ITIMER_VIRTUAL and ITIMER_PROF: counted down by the tick, in ticks. */
struct cpu_itimer {
	unsigned long value;		/* [g] 0: off */
	unsigned long incr;
};

struct signal_struct {
	atomic_t count;			/* [a] tasks that refer to it, zombies too */
	atomic_t live;			/* [a] tasks that have not begun to exit */
	unsigned int flags;		/* [g] SIGNAL_* */
	struct task_struct *group_exec_task; /* [g] does exec and waits to be alone */
	int group_exit_code;		/* [g] wait status of the exit, or the stop's signal */
	int group_stop_count;		/* [g] tasks that have yet to stop */
	struct sigpending shared_pending; /* [g] sent to the process: any task takes them */
	wait_queue_head_t wait_chldexit; /* where wait() sleeps */
	wait_queue_head_t wait_pidfd;	/* where who polls its pidfd sleeps */

	pid_t pgrp, session;		/* [T] change_pgrp() changes them */
	pid_t ppid;			/* [T to write] tgid of the leader's real_parent */
	int leader;			/* [T] session leader */
	int is_child_subreaper;		/* [T] takes orphans among its descendants, as process 1 */
	struct tty_struct *tty;		/* [T] controlling terminal */
	pid_t tty_old_pgrp;		/* [T] its foreground group when the leader lost it */

	struct rlimit rlim[RLIM_NLIMITS]; /* [g to write] */
	int oom_score_adj;		/* [T read] -1000 (never) .. 1000 (first) */
	int oom_score_adj_min;		/* [T read] what root has last set: lower takes root */

	struct timer_list real_timer;	/* [g] ITIMER_REAL and alarm() */
	unsigned long it_real_incr;	/* [g] ticks */
	struct task_struct *real_timer_task; /* [T] whom real_timer signals: the leader */
	struct list_head posix_timers;	/* [g] struct k_itimer */
	int next_posix_timer_id;	/* [g] */
	struct cpu_itimer it_virt, it_prof;
	int cpu_timers;			/* [g] it_virt, it_prof or RLIMIT_CPU want each tick */

	/* of tasks of the group that are gone: [g] */
	unsigned long utime, stime;	/* ticks */
	unsigned long min_flt, maj_flt, nvcsw, nivcsw;
	unsigned long maxrss;		/* pages, the most any address space of it had */
	unsigned long cmaxrss;		/* pages, of children that were waited for */
	unsigned long cnvcsw, cnivcsw;
};

/* rlimit(limit), the caller's soft limit, is declared in <kernel/core/hooks.h>. */
static inline unsigned long task_rlimit(const struct task_struct *tsk, unsigned int limit)
{
	return READ_ONCE(tsk->signal->rlim[limit].rlim_cur);
}

static inline pid_t process_group(const struct task_struct *tsk)
{
	return tsk->signal->pgrp;
}

static inline pid_t task_session(const struct task_struct *tsk)
{
	return tsk->signal->session;
}

static inline int thread_group_leader(const struct task_struct *tsk)
{
	return tsk->pid == tsk->tgid;
}

static inline int thread_group_empty(const struct task_struct *tsk)
{
	return list_empty(&tsk->thread_group);
}

/* Privilege has one form: user 0. */
static inline int capable_root(void)
{
	return current->euid == 0;
}

#define sigmask(sig)	(1UL << ((sig) - 1))	/* 1..32 only */

static inline void sigemptyset(sigset_t *set)
{
	set->sig[0] = set->sig[1] = 0;
}
static inline void sigfillset(sigset_t *set)
{
	set->sig[0] = set->sig[1] = ~0u;
}
static inline void sigaddset(sigset_t *set, int sig)
{
	set->sig[(sig - 1) >> 5] |= 1u << ((sig - 1) & 31);
}
static inline void sigdelset(sigset_t *set, int sig)
{
	set->sig[(sig - 1) >> 5] &= ~(1u << ((sig - 1) & 31));
}
static inline int sigismember(const sigset_t *set, int sig)
{
	return set->sig[(sig - 1) >> 5] >> ((sig - 1) & 31) & 1;
}
static inline int sigisemptyset(const sigset_t *set)
{
	return !(set->sig[0] | set->sig[1]);
}


/* Is @tsk to die? Long work for it may stop: nobody will see the result. */
static inline int fatal_signal_pending(const struct task_struct *tsk)
{
	return signal_pending(tsk) && (sigismember(&tsk->pending.signal, SIGKILL) ||
				       sigismember(&tsk->signal->shared_pending.signal, SIGKILL));
}

#endif
