/*
 * kernel/fs/tty/job_control.c - whose terminal it is.
 *
 * A *session* is a login: its leader opened the terminal, and all it starts
 * stay in the session.  Within it a *process group* is one job, a pipeline.
 * The terminal belongs to one session, and one of its groups is in the
 * foreground.  A background job that reads gets SIGTTIN, which stops it until
 * the shell brings it forward.  If nobody could ever bring it forward (its
 * group is orphaned), or it refuses the signal, the read fails with EIO.
 *
 * Locking: tasklist_lock for signal->tty and for groups and sessions, then
 * tty->lock for the terminal's own side of it.
 *
 * Reference: POSIX.1-2017, 11.1.2 to 11.1.4.
 */
#include <kernel/fs/tty/tty.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/sched/pid.h>
#include <lib/errno.h>

static bool refuses(int sig)
{
	return sigismember(&current->blocked, sig) ||
	       current->sighand->action[sig - 1].sa_handler == SIG_IGN;
}

int tty_check_change(struct tty_struct *tty, int sig)
{
	pid_t pgrp = process_group(current), foreground = READ_ONCE(tty->pgrp);

	if (current->signal->tty != tty || !foreground || pgrp == foreground)
		return 0;
	if (refuses(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (is_orphaned_pgrp(pgrp))
		return -EIO;
	kill_pgrp_kernel(pgrp, sig);
	set_tsk_work(current, TIF_SIGPENDING);
	return -ERESTARTSYS;
}

/* => tasklist_lock held for writing */
static void set_owner(struct tty_struct *tty, pid_t session, pid_t pgrp)
{
	spin_lock(&tty->lock);
	tty->session = session;
	tty->pgrp = pgrp;
	spin_unlock(&tty->lock);
}

static void take_ctty(struct tty_struct *tty)
{
	set_owner(tty, task_session(current), process_group(current));
	current->signal->tty = tty;
	current->signal->tty_old_pgrp = 0;
}

void tty_open_ctty(struct tty_struct *tty)
{
	write_lock_irq(&tasklist_lock);
	if (current->signal->leader && !current->signal->tty && !tty->session)
		take_ctty(tty);
	write_unlock_irq(&tasklist_lock);
}

/* Every process of @session forgets its terminal. => tasklist_lock held for writing */
static void session_clear_tty(pid_t session)
{
	struct task_struct *p;

	for_each_process(p)
		if (task_session(p) == session)
			p->signal->tty = NULL;
}

/* TIOCSCTTY. @force, for root: take it even from another session. */
long tty_set_ctty(struct tty_struct *tty, unsigned long force)
{
	long err = 0;

	write_lock_irq(&tasklist_lock);
	if (current->signal->leader && tty->session == task_session(current)) {
		current->signal->tty = tty;
	} else if (!current->signal->leader || current->signal->tty) {
		err = -EPERM;
	} else if (tty->session && !(force == 1 && capable_root())) {
		err = -EPERM;
	} else {
		if (tty->session)
			session_clear_tty(tty->session);
		take_ctty(tty);
	}
	write_unlock_irq(&tasklist_lock);
	return err;
}

long tty_get_pgrp(struct tty_struct *tty, unsigned long arg)
{
	if (current->signal->tty != tty)
		return -ENOTTY;
	return put_user(tty->pgrp, (pid_t __user *)arg);
}

/* All of a group are in one session. => tasklist_lock held; 0, -EPERM: another one, -ESRCH */
static int check_pgrp(pid_t pgrp, pid_t session)
{
	struct task_struct *p;

	for_each_task_pgrp(p, pgrp)
		return task_session(p) == session ? 0 : -EPERM;
	return -ESRCH;
}

long tty_set_pgrp(struct tty_struct *tty, unsigned long arg)
{
	int err = tty_check_change(tty, SIGTTOU);
	pid_t pgrp;

	if (err)
		return err;
	if (current->signal->tty != tty || tty->session != task_session(current))
		return -ENOTTY;
	if (get_user(pgrp, (pid_t __user *)arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	write_lock_irq(&tasklist_lock);
	err = check_pgrp(pgrp, task_session(current));
	if (!err)
		set_owner(tty, tty->session, pgrp);
	write_unlock_irq(&tasklist_lock);
	return err;
}

long tty_get_sid(struct tty_struct *tty, unsigned long arg)
{
	if (current->signal->tty != tty)
		return -ENOTTY;
	return put_user(tty->session, (pid_t __user *)arg);
}

/* Files that are open on it are dead from now on. */
static void hang_up(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	tty->hangups++;
	n_tty_flush_input(tty);
	tty->stopped = false;
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
}

void disassociate_ctty(int on_exit)
{
	struct tty_struct *tty = current->signal->tty;
	pid_t pgrp = 0;

	if (!tty)
		return;
	if (!current->signal->leader) {
		write_lock_irq(&tasklist_lock);
		current->signal->tty = NULL;
		write_unlock_irq(&tasklist_lock);
		return;
	}
	write_lock_irq(&tasklist_lock);
	if (tty->session == task_session(current)) {
		pgrp = tty->pgrp;
		set_owner(tty, 0, 0);
	}
	session_clear_tty(task_session(current));
	write_unlock_irq(&tasklist_lock);
	if (pgrp) {
		kill_pgrp_kernel(pgrp, SIGHUP);
		if (!on_exit)
			kill_pgrp_kernel(pgrp, SIGCONT);
	}
	if (on_exit)
		hang_up(tty);
}

void tty_vhangup(void)
{
	struct tty_struct *tty;
	pid_t session = 0, pgrp = 0;

	write_lock_irq(&tasklist_lock);
	tty = current->signal->tty;
	if (tty) {
		session = tty->session;
		pgrp = tty->pgrp;
		set_owner(tty, 0, 0);
		session_clear_tty(session);
	}
	write_unlock_irq(&tasklist_lock);
	if (!tty)
		return;
	/* A leader's group has the session's number. */
	if (session && session != pgrp)
		kill_pgrp_kernel(session, SIGHUP);
	if (pgrp) {
		kill_pgrp_kernel(pgrp, SIGHUP);
		kill_pgrp_kernel(pgrp, SIGCONT);
	}
	hang_up(tty);
}
