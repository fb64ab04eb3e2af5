/*
 * kernel/proc/sigchld.c - telling the parent.
 *
 * Theory.  A process that ends, stops or goes on sends its parent a signal (SIGCHLD, or what
 * clone() chose for the end) and wakes it where it may sleep in wait().  A parent that ignores
 * SIGCHLD, or has SA_NOCLDWAIT, is not asked to wait for zombies; one with SA_NOCLDSTOP does not
 * hear of stops.
 *
 * Locking: tasklist_lock, so that the parent stays; its siglock.
 */
#include <kernel/proc/signal.h>

#include <lib/string.h>

static void chld_info(siginfo_t *info, struct task_struct *tsk, int code, int status)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = SIGCHLD;
	info->si_code = code;
	info->si_pid = tsk->pid;
	info->si_uid = tsk->uid;
	info->si_status = status;
	info->si_utime = (long)(tsk->utime + tsk->signal->utime);
	info->si_stime = (long)(tsk->stime + tsk->signal->stime);
}

bool do_notify_parent(struct task_struct *tsk, int sig)
{
	struct task_struct *parent = tsk->parent;
	struct sighand_struct *psig = parent->sighand;
	int status = tsk->signal->flags & SIGNAL_GROUP_EXIT ? tsk->signal->group_exit_code :
							      tsk->exit_code;
	bool autoreap = false;
	unsigned long flags;
	siginfo_t info;

	if (status & 0x7f)
		chld_info(&info, tsk, CLD_KILLED, status & 0x7f);
	else
		chld_info(&info, tsk, CLD_EXITED, status >> 8 & 0xff);
	info.si_signo = sig;

	spin_lock_irqsave(&psig->siglock, flags);
	if (sig == SIGCHLD) {
		const struct k_sigaction *action = &psig->action[SIGCHLD - 1];

		autoreap = action->sa_handler == SIG_IGN || (action->sa_flags & SA_NOCLDWAIT);
		if (action->sa_handler == SIG_IGN)
			sig = 0;
	}
	if (sig > 0 && valid_signal((unsigned long)sig))
		__send_signal(sig, &info, parent, true);
	spin_unlock_irqrestore(&psig->siglock, flags);
	wake_up_interruptible(&parent->signal->wait_chldexit);
	wake_up(&tsk->signal->wait_pidfd);
	return autoreap;
}

void do_notify_parent_cldstop(struct task_struct *tsk, int why, int sig)
{
	struct task_struct *leader = tsk->group_leader, *parent = leader->parent;
	struct k_sigaction *action = &parent->sighand->action[SIGCHLD - 1];
	unsigned long flags;
	siginfo_t info;

	chld_info(&info, leader, why, sig);
	spin_lock_irqsave(&parent->sighand->siglock, flags);
	if (action->sa_handler != SIG_IGN && !(action->sa_flags & SA_NOCLDSTOP))
		__send_signal(SIGCHLD, &info, parent, true);
	spin_unlock_irqrestore(&parent->sighand->siglock, flags);
	/* Even if it wants no signal: it may be waiting. */
	wake_up_interruptible(&parent->signal->wait_chldexit);
}
