/*
 * kernel/proc/fork.h - making tasks and taking them apart.
 */
#ifndef OCTAVO_KERNEL_PROC_FORK_H
#define OCTAVO_KERNEL_PROC_FORK_H

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/uapi/sched.h>

struct pt_regs;
struct rusage;
struct siginfo;

/* What clone3() says, decoded. */
struct kernel_clone_args {
	unsigned long flags;		/* CLONE_*, without a signal */
	bool clear_sighand;		/* CLONE_CLEAR_SIGHAND, which is beyond a long */
	int exit_signal;		/* for the parent; 0: none; not used for a thread */
	unsigned long stack;		/* the child's user stack pointer */
	int *pidfd;			/* user address, with CLONE_PIDFD */
	int *parent_tid, *child_tid;	/* user addresses, where the flags want them */
	unsigned long tls;		/* user address of a struct user_desc */
};

/*
 * Make a task like the caller.  @regs: what it returns to ring 3 with (eax becomes 0).
 * => may sleep; the child's pid, or -EAGAIN (limit), -ENOMEM, -EINVAL (flags); with
 *    CLONE_VFORK returns when the child has given up the address space
 */
long do_fork(const struct kernel_clone_args *args, struct pt_regs *regs);

/* Stop sharing what the CLONE_ flags name. => may sleep; 0, -EINVAL, -ENOMEM */
long do_unshare(unsigned long flags);

/* The address space is given up: tell who waits for it (vfork, CLONE_CHILD_CLEARTID). */
void mm_release(struct task_struct *tsk);

/* CLONE_*SIGHAND: leave handlers that others share. => 0 or -ENOMEM */
int unshare_sighand(struct task_struct *tsk);
void __cleanup_sighand(struct sighand_struct *sighand);
void free_signal_struct(struct signal_struct *sig);

/* exit.c: take a dead task out of all lists. => takes tasklist_lock */
void release_task(struct task_struct *tsk);
/* exit.c: usage of a process; @who RUSAGE_*. */
void getrusage(struct task_struct *tsk, int who, struct rusage *r);
/* wait.c */
long do_wait(int type, pid_t nr, int options, struct siginfo *info, int *status, struct rusage *ru);

/*
 * The idle task of processor @cpu, standing on its stack as if it had started.
 * => called by the boot task; NULL: no memory
 */
struct task_struct *fork_idle(int cpu);

/* The task cache, limits. => page and slab allocators work */
void fork_init(void);

#endif
