/*
 * kernel/proc/signal.c - sending signals.
 *
 * Theory.  To send is to set a bit in a pending set (of one task, or of the whole
 * process), to queue a struct sigqueue that says who and why, and to wake a task
 * that can take it.  The queues: sigqueue.c.
 *
 * Some of the effect happens at sending: an ignored signal is dropped (unless
 * blocked: the handler may change), SIGCONT wakes a stopped process whatever its
 * handler, and stop signals and SIGCONT cancel each other.
 *
 * Process 1 is SIGNAL_UNKILLABLE: signals whose action is the default do not reach
 * it, not even SIGKILL; only a fault of its own (force_sig) does.
 *
 * Locking: sighand->siglock, interrupts off, as interrupts send signals too.
 * Delivery: deliver.c.  Handlers: sigaction.c.  Parents: sigchld.c.  Reference: POSIX.1-2008, section 2.4.
 */
#include <kernel/proc/signal.h>

#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/time.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/user.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>

unsigned long rlimit(unsigned int limit)
{
	return task_rlimit(current, limit);
}

unsigned long rlimit_max(unsigned int limit)
{
	return READ_ONCE(current->signal->rlim[limit].rlim_max);
}

/* ---- the look-at-me bit ---------------------------------------------------------------------- */

static bool wants_attention(const struct task_struct *tsk)
{
	return tsk->signal->group_stop_count || tsk->restore_sigmask ||
	       has_pending(&tsk->pending, &tsk->blocked) ||
	       has_pending(&tsk->signal->shared_pending, &tsk->blocked);
}

void recalc_sigpending_tsk(struct task_struct *tsk)
{
	if (wants_attention(tsk))
		set_tsk_work(tsk, TIF_SIGPENDING);
}

void recalc_sigpending(void)
{
	if (wants_attention(current))
		set_tsk_work(current, TIF_SIGPENDING);
	else
		clear_tsk_work(current, TIF_SIGPENDING);
}

/*
 * @tsk will not take the signals of @which any more, but they may have been sent to the process
 * and only @tsk was woken: wake tasks that take them.  => siglock held
 */
static void retarget_shared_pending(struct task_struct *tsk, const sigset_t *which)
{
	const sigset_t *shared = &tsk->signal->shared_pending.signal;
	sigset_t left = { { shared->sig[0] & which->sig[0], shared->sig[1] & which->sig[1] } };
	struct task_struct *t;

	if (sigisemptyset(&left))
		return;
	for_each_thread(tsk, t) {
		sigset_t others = { { left.sig[0] & t->blocked.sig[0],
				      left.sig[1] & t->blocked.sig[1] } };

		if (t == tsk || (t->flags & PF_EXITING) || !memcmp(&others, &left, sizeof(left)))
			continue;
		left = others;
		signal_wake_up(t, false);
		if (sigisemptyset(&left))
			return;
	}
}

void exit_signals(struct task_struct *tsk)
{
	struct signal_struct *sig = tsk->signal;
	int stopped = 0;
	sigset_t taken;

	/* The last task, or one of many that all die: nobody is left to take anything. */
	if (thread_group_empty(tsk) || (READ_ONCE(sig->flags) & SIGNAL_GROUP_EXIT)) {
		tsk->flags |= PF_EXITING;
		return;
	}
	spin_lock_irq(&tsk->sighand->siglock);
	tsk->flags |= PF_EXITING;
	taken = (sigset_t){ { ~tsk->blocked.sig[0], ~tsk->blocked.sig[1] } };
	retarget_shared_pending(tsk, &taken);
	/* The others wait for it to stop with them. */
	if (sig->group_stop_count && !--sig->group_stop_count) {
		sig->flags = (sig->flags & SIGNAL_UNKILLABLE) | SIGNAL_STOP_STOPPED;
		stopped = sig->group_exit_code & 0x7f;
	}
	spin_unlock_irq(&tsk->sighand->siglock);
	if (stopped) {
		read_lock_irq(&tasklist_lock);
		do_notify_parent_cldstop(tsk, CLD_STOPPED, stopped);
		read_unlock_irq(&tasklist_lock);
	}
}

void set_current_blocked(const sigset_t *set)
{
	spin_lock_irq(&current->sighand->siglock);
	if (unlikely(signal_pending(current)) && !thread_group_empty(current)) {
		sigset_t more = { { set->sig[0] & ~current->blocked.sig[0],
				    set->sig[1] & ~current->blocked.sig[1] } };

		retarget_shared_pending(current, &more);
	}
	current->blocked = *set;
	recalc_sigpending();
	spin_unlock_irq(&current->sighand->siglock);
}

void set_restore_sigmask(const sigset_t *old)
{
	current->saved_sigmask = *old;
	current->restore_sigmask = 1;
	set_tsk_work(current, TIF_SIGPENDING);
}

void signal_wake_up(struct task_struct *tsk, bool resume)
{
	set_tsk_work(tsk, TIF_SIGPENDING);
	if (!try_to_wake_up(tsk, TASK_INTERRUPTIBLE | (resume ? TASK_STOPPED : 0)))
		kick_task(tsk);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Would it have no effect at all? => siglock held */
static bool sig_ignored(const struct task_struct *tsk, int sig)
{
	void *handler;

	if (sigismember(&tsk->blocked, sig) || sigismember(&tsk->real_blocked, sig))
		return false;
	handler = tsk->sighand->action[sig - 1].sa_handler;
	if (handler == SIG_IGN)
		return true;
	if (handler != SIG_DFL)
		return false;
	return (tsk->signal->flags & SIGNAL_UNKILLABLE) || sig_in(sig, SIG_KERNEL_IGNORE_MASK);
}

/* SIGCONT: up with everybody, and the parent is told by the first who runs. */
static void continue_process(struct task_struct *tsk)
{
	const sigset_t stops = { { SIG_KERNEL_STOP_MASK, 0 } };
	struct signal_struct *sig = tsk->signal;
	struct task_struct *t;

	rm_from_process(&stops, tsk);
	for_each_thread(tsk, t)
		try_to_wake_up(t, TASK_STOPPED);
	/* A stop that a task has taken off the queue, but not yet made, is cancelled too. */
	sig->flags &= ~SIGNAL_STOP_DEQUEUED;
	if (sig->flags & SIGNAL_STOP_STOPPED) {
		sig->flags &= ~SIGNAL_STOP_STOPPED;
		sig->flags |= SIGNAL_STOP_CONTINUED | SIGNAL_CLD_CONTINUED;
		sig->group_exit_code = 0;
	} else if (sig->group_stop_count) {
		/* It was about to stop: the parent hears of that, not of this. */
		sig->flags |= SIGNAL_CLD_STOPPED;
	}
	sig->group_stop_count = 0;
}

/* What takes effect at once. => siglock held; false: nothing more to do */
static bool prepare_signal(int sig, struct task_struct *tsk)
{
	const sigset_t cont = { { sigmask(SIGCONT), 0 } };

	if (!(tsk->signal->flags & SIGNAL_GROUP_EXIT)) {
		if (sig_in(sig, SIG_KERNEL_STOP_MASK))
			rm_from_process(&cont, tsk);
		else if (sig == SIGCONT)
			continue_process(tsk);
		else if (sig == SIGKILL && !(tsk->signal->flags & SIGNAL_UNKILLABLE))
			/* A stop that nobody has waited for yet is news no more. */
			tsk->signal->flags &= ~SIGNAL_STOP_STOPPED;
	}
	return !sig_ignored(tsk, sig);
}

static bool wants_signal(int sig, const struct task_struct *tsk)
{
	if (sigismember(&tsk->blocked, sig) || (tsk->flags & PF_EXITING))
		return false;
	return sig == SIGKILL || !(tsk->state & TASK_STOPPED);
}

/* Find a task of the process that takes it, and wake that. => siglock held */
static void complete_signal(int sig, struct task_struct *tsk, bool group)
{
	struct task_struct *t;

	/* Blocked or not: a reader of a signalfd takes it. */
	if (unlikely(waitqueue_active(&tsk->sighand->signalfd_wqh)))
		wake_up(&tsk->sighand->signalfd_wqh);
	if (wants_signal(sig, tsk)) {
		signal_wake_up(tsk, sig == SIGKILL);
		return;
	}
	if (!group)
		return;
	for_each_thread(tsk, t) {
		if (wants_signal(sig, t)) {
			signal_wake_up(t, sig == SIGKILL);
			return;
		}
	}
}

static void fill_info(siginfo_t *to, int sig, const siginfo_t *info)
{
	if (info != SEND_SIG_NOINFO && info != SEND_SIG_PRIV) {
		*to = *info;
		return;
	}
	memset(to, 0, sizeof(*to));
	to->si_signo = sig;
	if (info == SEND_SIG_PRIV) {
		to->si_code = SI_KERNEL;
	} else {
		to->si_code = SI_USER;
		to->si_pid = current->tgid;
		to->si_uid = current->uid;
	}
}

int __send_signal(int sig, siginfo_t *info, struct task_struct *tsk, bool group)
{
	struct sigpending *pending = group ? &tsk->signal->shared_pending : &tsk->pending;
	bool special = info == SEND_SIG_NOINFO || info == SEND_SIG_PRIV;
	struct sigqueue *q;

	/* Released: what is queued now nobody would free. */
	if (unlikely(hlist_unhashed(&tsk->pid_chain)))
		return -ESRCH;
	if (!prepare_signal(sig, tsk))
		return 0;
	if (sig < SIGRTMIN && sigismember(&pending->signal, sig))
		return 0;
	q = sigqueue_alloc(tsk, sig < SIGRTMIN && (special || info->si_code >= 0));
	if (q) {
		fill_info(&q->info, sig, info);
		list_add_tail(&q->list, &pending->list);
	} else if (sig >= SIGRTMIN && !special && info->si_code != SI_USER) {
		/* A real-time signal must not be lost without a word. */
		return -EAGAIN;
	}
	sigaddset(&pending->signal, sig);
	complete_signal(sig, tsk, group);
	return 0;
}

void send_sigqueue(struct sigqueue *q, struct task_struct *tsk, bool group)
{
	struct sigpending *pending = group ? &tsk->signal->shared_pending : &tsk->pending;
	int sig = q->info.si_signo;

	if (unlikely(hlist_unhashed(&tsk->pid_chain)) || !prepare_signal(sig, tsk))
		return;
	list_add_tail(&q->list, &pending->list);
	sigaddset(&pending->signal, sig);
	complete_signal(sig, tsk, group);
}

void lock_task_sighand(struct task_struct *tsk, unsigned long *flags)
{
	read_lock_irqsave(&tasklist_lock, *flags);
	spin_lock(&tsk->sighand->siglock);
}

void unlock_task_sighand(struct task_struct *tsk, unsigned long flags)
{
	spin_unlock(&tsk->sighand->siglock);
	read_unlock_irqrestore(&tasklist_lock, flags);
}

int send_signal(int sig, siginfo_t *info, struct task_struct *tsk, bool group)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&tsk->sighand->siglock, flags);
	err = __send_signal(sig, info, tsk, group);
	spin_unlock_irqrestore(&tsk->sighand->siglock, flags);
	return err;
}

int send_sig(int sig, struct task_struct *tsk, int priv)
{
	return send_signal(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, tsk, false);
}

int kill_pgrp_kernel(pid_t pgrp, int sig)
{
	struct task_struct *p;
	unsigned long flags;
	int err = -ESRCH;

	read_lock_irqsave(&tasklist_lock, flags);
	for_each_task_pgrp(p, pgrp)
		err = send_signal(sig, SEND_SIG_PRIV, p, true);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return err;
}

int force_sig_info(int sig, siginfo_t *info, struct task_struct *tsk)
{
	struct k_sigaction *action = &tsk->sighand->action[sig - 1];
	unsigned long flags;
	int err;

	spin_lock_irqsave(&tsk->sighand->siglock, flags);
	if (sigismember(&tsk->blocked, sig) || action->sa_handler == SIG_IGN) {
		action->sa_handler = SIG_DFL;
		sigdelset(&tsk->blocked, sig);
		recalc_sigpending_tsk(tsk);
	}
	if (action->sa_handler == SIG_DFL)
		tsk->signal->flags &= ~SIGNAL_UNKILLABLE;
	err = __send_signal(sig, info, tsk, false);
	spin_unlock_irqrestore(&tsk->sighand->siglock, flags);
	return err;
}

void force_sig(int sig, struct task_struct *tsk)
{
	force_sig_info(sig, SEND_SIG_PRIV, tsk);
}

void force_sig_fault(int sig, int code, unsigned long addr, struct task_struct *tsk)
{
	siginfo_t info;

	/* All of it goes to ring 3, also what no initialiser would name. */
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_addr = addr;
	force_sig_info(sig, &info, tsk);
}

void zap_other_threads(struct task_struct *tsk)
{
	struct task_struct *t;

	tsk->signal->group_stop_count = 0;
	for_each_thread(tsk, t) {
		if (t == tsk || t->exit_state)
			continue;
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
}

/* ---- kill(2) --------------------------------------------------------------------------------- */

int check_kill_permission(int sig, const siginfo_t *info, const struct task_struct *tsk)
{
	if (!valid_signal((unsigned long)sig))
		return -EINVAL;
	if (info == SEND_SIG_PRIV || capable_root())
		return 0;
	if (current->euid == tsk->suid || current->euid == tsk->uid ||
	    current->uid == tsk->suid || current->uid == tsk->uid)
		return 0;
	if (sig == SIGCONT && task_session(current) == task_session(tsk))
		return 0;
	return -EPERM;
}

/* => tasklist_lock held */
int group_send_sig_info(int sig, siginfo_t *info, struct task_struct *tsk)
{
	int err = check_kill_permission(sig, info, tsk);

	return err || !sig ? err : send_signal(sig, info, tsk, true);
}

int kill_proc_info(int sig, siginfo_t *info, pid_t pid)
{
	struct task_struct *p;
	unsigned long flags;
	int err = -ESRCH;

	read_lock_irqsave(&tasklist_lock, flags);
	p = find_task_by_pid(pid);
	if (p)
		err = group_send_sig_info(sig, info, p);
	read_unlock_irqrestore(&tasklist_lock, flags);
	return err;
}

/* => 0 if one got it, else the last error */
int kill_pgrp_info(int sig, siginfo_t *info, pid_t pgrp)
{
	struct task_struct *p;
	bool success = false;
	unsigned long flags;
	int err = -ESRCH;

	read_lock_irqsave(&tasklist_lock, flags);
	for_each_task_pgrp(p, pgrp) {
		err = group_send_sig_info(sig, info, p);
		success |= !err;
	}
	read_unlock_irqrestore(&tasklist_lock, flags);
	return success ? 0 : err;
}

int kill_all_info(int sig, siginfo_t *info)
{
	int err = 0, count = 0;
	struct task_struct *p;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	for_each_process(p) {
		if (p->pid > 1 && p->tgid != current->tgid && !(p->flags & PF_KTHREAD)) {
			int this_err = group_send_sig_info(sig, info, p);

			count++;
			if (this_err != -EPERM)
				err = this_err;
		}
	}
	read_unlock_irqrestore(&tasklist_lock, flags);
	return count ? err : -ESRCH;
}
