/*
 * kernel/proc/signal.h - sending and taking signals.
 *
 * Theory: kernel/proc/README.md.  A signal is a bit in a pending set, for one
 * task or for its process, and (where memory and RLIMIT_SIGPENDING allow) a
 * struct sigqueue with its siginfo.  TIF_SIGPENDING in task->work says "look";
 * do_signal() looks on the way back to ring 3.
 *
 * Locking: sighand->siglock, interrupts off; senders also hold tasklist_lock for
 * reading (or own a reference and use lock_task_sighand), because exec exchanges
 * sighand.  A task's own needs no such care.
 */
#ifndef OCTAVO_KERNEL_PROC_SIGNAL_H
#define OCTAVO_KERNEL_PROC_SIGNAL_H

#include <kernel/core/hooks.h>
#include <kernel/core/signal.h>

struct pt_regs;

struct sigqueue {
	struct list_head list;		/* [g] */
	siginfo_t info;
	struct user_struct *user;	/* whose count it is in; a reference */
	struct k_itimer *timer;		/* [g] whose it is; NULL: freed by who takes it */
};

/* Stand-ins for a siginfo that says nothing but "a process", "the kernel". */
#define SEND_SIG_NOINFO	((siginfo_t *)0)
#define SEND_SIG_PRIV	((siginfo_t *)1)

static inline int valid_signal(unsigned long sig)
{
	return sig <= _NSIG;
}

/* Bring TIF_SIGPENDING in line with what is pending and not blocked. => siglock held */
void recalc_sigpending(void);
void recalc_sigpending_tsk(struct task_struct *tsk);
/* Change the caller's mask. => KILL and STOP are left out by the caller */
void set_current_blocked(const sigset_t *set);
/* sleep under another mask: do_signal or sigreturn brings the old one back */
void set_restore_sigmask(const sigset_t *old);

/*
 * Lock the handlers of a task that is not current. => a reference on @tsk; any context; interrupts
 * off; the tasklist_lock is held for reading until unlock_task_sighand()
 */
void lock_task_sighand(struct task_struct *tsk, unsigned long *flags);
void unlock_task_sighand(struct task_struct *tsk, unsigned long flags);

/*
 * @group: for the process, else for the task alone.
 * => tasklist_lock held, or @tsk is current; any context; 0, -EAGAIN, -ESRCH: it is released
 */
int send_signal(int sig, siginfo_t *info, struct task_struct *tsk, bool group);
/* The same. => siglock held */
int __send_signal(int sig, siginfo_t *info, struct task_struct *tsk, bool group);
/* kill(2): may current? => 0, -EPERM, -EINVAL */
int check_kill_permission(int sig, const siginfo_t *info, const struct task_struct *tsk);
/* With the permission check of kill(2). => 0, -EPERM, -EINVAL, -ESRCH */
int group_send_sig_info(int sig, siginfo_t *info, struct task_struct *tsk);
/* => takes the locks; 0, -ESRCH, -EPERM */
int kill_proc_info(int sig, siginfo_t *info, pid_t pid);
int kill_pgrp_info(int sig, siginfo_t *info, pid_t pgrp);
/* kill(-1): everybody but process 1, the caller and kernel threads. */
int kill_all_info(int sig, siginfo_t *info);
/* A signal that the task cannot block or ignore; it dies if it would. */
int force_sig_info(int sig, siginfo_t *info, struct task_struct *tsk);
void force_sig(int sig, struct task_struct *tsk);
/* Kill every other task of the group. => siglock held */
void zap_other_threads(struct task_struct *tsk);

/* Make @tsk look at its signals; @resume: even if it is stopped. => siglock held */
void signal_wake_up(struct task_struct *tsk, bool resume);
/* Default actions, by class: bits of signals 1..32. */
#define SIG_KERNEL_IGNORE_MASK	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | \
				 sigmask(SIGURG))
#define SIG_KERNEL_STOP_MASK	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | \
				 sigmask(SIGTTOU))
#define SIG_FAULT_MASK		(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | \
				 sigmask(SIGFPE) | sigmask(SIGTRAP))
#define SIG_KERNEL_ONLY_MASK	(sigmask(SIGKILL) | sigmask(SIGSTOP))
static inline bool sig_in(int sig, unsigned long mask)
{
	return sig < SIGRTMIN && (sigmask(sig) & mask);
}

/* => any context; NULL: no memory, or over RLIMIT_SIGPENDING (unless @override) */
struct sigqueue *sigqueue_alloc(struct task_struct *tsk, bool override);
/* One that belongs to a timer of the caller's. => the same */
struct sigqueue *sigqueue_alloc_timer(struct k_itimer *timer);
/* Is it on a queue? => siglock held */
static inline bool sigqueue_waits(const struct sigqueue *q)
{
	return !list_empty(&q->list);
}
/* Its timer goes: so does it, at once or when it is taken. => siglock held */
void sigqueue_leave_timer(struct sigqueue *q);
/* Queue @q, which is on no queue. => siglock held; as __send_signal, but cannot fail */
void send_sigqueue(struct sigqueue *q, struct task_struct *tsk, bool group);
/* Forget the signals of @mask, the process's and its tasks'. => siglock held */
void rm_from_process(const sigset_t *mask, struct task_struct *tsk);
/* exec: forget what timers have sent. */
void flush_itimer_signals(void);

/* Is one of them pending that @blocked lets through? => siglock held */
static inline bool has_pending(const struct sigpending *pending, const sigset_t *blocked)
{
	return (pending->signal.sig[0] & ~blocked->sig[0]) |
	       (pending->signal.sig[1] & ~blocked->sig[1]);
}

/* Take the next signal that @mask does not block. => siglock held; its number or 0 */
int dequeue_signal(struct task_struct *tsk, const sigset_t *mask, siginfo_t *info);
void flush_sigqueue(struct sigpending *queue);
/* exec: handlers back to default, ignored ones stay so. */
void flush_signal_handlers(struct task_struct *tsk, bool force_default);

/* Install or read a handler. => 0 or -EINVAL */
int do_sigaction(int sig, const struct k_sigaction *act, struct k_sigaction *oact);
/* => 0 or -errno; @esp: the caller's user stack pointer */
int do_sigaltstack(const stack_t *new, stack_t *old, unsigned long esp);
static inline int __on_sig_stack(unsigned long esp)
{
	return esp > current->sas_ss_sp && esp - current->sas_ss_sp <= current->sas_ss_size;
}
static inline int on_sig_stack(unsigned long esp)
{
	return !(current->sas_ss_flags & SS_AUTODISARM) && __on_sig_stack(esp);
}
static inline int sas_ss_flags(unsigned long esp)
{
	return !current->sas_ss_size ? SS_DISABLE : on_sig_stack(esp) ? SS_ONSTACK : 0;
}
/* Is @ss what the caller has now? */
static inline bool same_sig_stack(const stack_t *ss)
{
	return (unsigned long)ss->ss_sp == current->sas_ss_sp &&
	       ss->ss_size == current->sas_ss_size && ss->ss_flags == current->sas_ss_flags;
}
static inline void sas_ss_reset(struct task_struct *tsk)
{
	tsk->sas_ss_sp = tsk->sas_ss_size = 0;
	tsk->sas_ss_flags = SS_DISABLE;
}

/* Siginfo for user space. => 0 or -EFAULT */
int copy_siginfo_to_user(siginfo_t *to, const siginfo_t *from);

/* Tell the parent that @tsk died. => tasklist_lock held; true: nobody will wait, reap at once */
bool do_notify_parent(struct task_struct *tsk, int sig);
/*
 * Tell it that @tsk was stopped or continued. @sig: by which signal, as the siglock showed it: by
 * now the parent may have waited for the stop and cleared it.  => tasklist_lock held
 */
void do_notify_parent_cldstop(struct task_struct *tsk, int why, int sig);

/* exit: @tsk takes no signals from now on; PF_EXITING is set. */
void exit_signals(struct task_struct *tsk);
/* exit: no more alarms for this process. */
void exit_itimers(struct signal_struct *sig);
/* A new process has none running. */
void init_itimers(struct signal_struct *sig, struct task_struct *leader);

/* sigframe.c: build the frame for a handler. => 0, or -EFAULT: no room on the stack */
int setup_frame(int sig, const struct k_sigaction *ka, const sigset_t *set, struct pt_regs *regs);
int setup_rt_frame(int sig, const struct k_sigaction *ka, const siginfo_t *info,
		   const sigset_t *set, struct pt_regs *regs);

/* Take up the context in the frame at the user's stack pointer. => the new eax */
long do_sigreturn(struct pt_regs *regs);
long do_rt_sigreturn(struct pt_regs *regs);

void signals_init(void);

#endif
