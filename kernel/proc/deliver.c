/*
 * kernel/proc/deliver.c - taking a signal on the way back to ring 3.
 *
 * Theory.  exit_to_user_work() calls do_signal() while TIF_SIGPENDING is set.  The
 * next unblocked signal is taken off its queue and its action performed: ignored,
 * the process stopped, the process killed, or the user's registers changed such
 * that the return to ring 3 enters a handler (sigframe.c).
 *
 * Interrupted calls.  A call that slept and was woken by a signal has returned one
 * of the -ERESTART codes, which ring 3 never sees:
 *
 *			a handler runs			no handler
 *	ERESTARTSYS	SA_RESTART ? again : EINTR	again
 *	ERESTARTNOINTR	again				again
 *	ERESTARTNOHAND	EINTR				again
 *	_RESTARTBLOCK	EINTR				again by restart_syscall
 *
 * "Again" sets eip back by the two bytes of int 0x80 and eax to the call's number;
 * if a handler runs first, its return address is that instruction.
 *
 * Stopping.  Each task of the process is told (group_stop_count), goes to
 * TASK_STOPPED, and the last tells the parent.
 *
 * Locking: siglock; tasklist_lock read, outside it, to tell the parent.
 */
#include <kernel/proc/signal.h>

#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/bug.h>
#include <kernel/sched/pid.h>
#include <lib/errno.h>

#define SYSCALL_INSN_SIZE	2	/* int 0x80 */
#define NR_restart_syscall	0

/* ---- stopping -------------------------------------------------------------------------------- */

/*
 * Stop with the others.  @sig: the signal that says so, 0: another task took it.
 * => siglock held; dropped, and it has slept, if true; false: it must not stop
 */
static bool do_signal_stop(int sig)
{
	struct signal_struct *sigstr = current->signal;
	bool last;

	/* Whoever is to die must not sleep first: SIGKILL has woken us, and will not again. */
	if (sigismember(&current->pending.signal, SIGKILL) ||
	    sigismember(&sigstr->shared_pending.signal, SIGKILL))
		return false;
	if (!sigstr->group_stop_count) {
		struct task_struct *t;

		if (!sig || !(sigstr->flags & SIGNAL_STOP_DEQUEUED) ||
		    (sigstr->flags & SIGNAL_GROUP_EXIT))
			return false;
		sigstr->group_exit_code = sig;
		sigstr->group_stop_count = 1;
		for_each_thread(current, t) {
			if (t == current || (t->flags & PF_EXITING) || (t->state & TASK_STOPPED))
				continue;
			sigstr->group_stop_count++;
			signal_wake_up(t, false);
		}
	}
	last = !--sigstr->group_stop_count;
	sig = sigstr->group_exit_code & 0x7f;
	if (last)
		sigstr->flags = (sigstr->flags & SIGNAL_UNKILLABLE) | SIGNAL_STOP_STOPPED;
	__set_current_state(TASK_STOPPED);
	spin_unlock_irq(&current->sighand->siglock);
	if (last) {
		read_lock_irq(&tasklist_lock);
		do_notify_parent_cldstop(current, CLD_STOPPED, sig);
		read_unlock_irq(&tasklist_lock);
	}
	schedule();
	return true;
}

/* The process was continued, and nobody has told the parent. => siglock held, dropped inside */
static void notify_pending_cld(void)
{
	struct signal_struct *sig = current->signal;
	int why = sig->flags & SIGNAL_CLD_CONTINUED ? CLD_CONTINUED : CLD_STOPPED;
	int status = why == CLD_CONTINUED ? SIGCONT : sig->group_exit_code & 0x7f;

	sig->flags &= ~(SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED);
	spin_unlock_irq(&current->sighand->siglock);
	read_lock_irq(&tasklist_lock);
	do_notify_parent_cldstop(current, why, status);
	read_unlock_irq(&tasklist_lock);
}

/* ---- which signal ---------------------------------------------------------------------------- */

/*
 * The default action.
 * => siglock held; true: it is done, and the lock was dropped; false: nothing to do
 */
static bool default_action(int sig)
{
	struct sighand_struct *sighand = current->sighand;

	if (sig_in(sig, SIG_KERNEL_IGNORE_MASK))
		return false;
	/* init's threads end with it: only the kernel itself gets a SIGKILL so far. */
	if ((current->signal->flags & SIGNAL_UNKILLABLE) && sig != SIGKILL)
		return false;
	if (sig_in(sig, SIG_KERNEL_STOP_MASK)) {
		current->signal->flags |= SIGNAL_STOP_DEQUEUED;
		/* Nobody would continue an orphaned group: its terminal stops do nothing. */
		if (sig != SIGSTOP) {
			spin_unlock_irq(&sighand->siglock);
			if (is_orphaned_pgrp(process_group(current)))
				return true;
			spin_lock_irq(&sighand->siglock);
		}
		return do_signal_stop(sig);
	}
	spin_unlock_irq(&sighand->siglock);
	current->flags |= PF_SIGNALED;
	do_group_exit(sig);
}

/*
 * Act on signals until one has a handler.
 * => the signal with *info and *ka filled, or 0; may not return at all
 */
static int get_signal_to_deliver(siginfo_t *info, struct k_sigaction *ka)
{
	struct sighand_struct *sighand = current->sighand;
	int sig;

relock:
	spin_lock_irq(&sighand->siglock);
	for (;;) {
		struct k_sigaction *action;

		if (current->signal->flags & (SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED)) {
			notify_pending_cld();
			goto relock;
		}
		if (current->signal->group_stop_count && do_signal_stop(0))
			goto relock;
		sig = dequeue_signal(current, &current->blocked, info);
		if (!sig)
			break;
		action = &sighand->action[sig - 1];
		if (action->sa_handler == SIG_IGN)
			continue;
		if (action->sa_handler != SIG_DFL) {
			*ka = *action;
			if (action->sa_flags & SA_RESETHAND)
				action->sa_handler = SIG_DFL;
			break;
		}
		if (default_action(sig))
			goto relock;
	}
	spin_unlock_irq(&sighand->siglock);
	return sig;
}

/* ---- the user's registers -------------------------------------------------------------------- */

static void restart_call(struct pt_regs *regs, long eax)
{
	regs->eax = eax;
	regs->eip -= SYSCALL_INSN_SIZE;
}

/* The call was interrupted and a handler will run. */
static void finish_call_with_handler(struct pt_regs *regs, const struct k_sigaction *ka)
{
	switch (regs->eax) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		regs->eax = -EINTR;
		break;
	case -ERESTARTSYS:
		if (!(ka->sa_flags & SA_RESTART)) {
			regs->eax = -EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		restart_call(regs, regs->orig_eax);
		break;
	}
}

static void handle_signal(int sig, struct k_sigaction *ka, siginfo_t *info, struct pt_regs *regs)
{
	sigset_t *oldset = current->restore_sigmask ? &current->saved_sigmask : &current->blocked;
	sigset_t blocked;
	int err;

	if (regs->orig_eax >= 0)
		finish_call_with_handler(regs, ka);
	regs->orig_eax = -1;

	if (ka->sa_flags & SA_SIGINFO)
		err = setup_rt_frame(sig, ka, info, oldset, regs);
	else
		err = setup_frame(sig, ka, oldset, regs);
	if (err) {
		/* No room for a frame: and if it was SIGSEGV itself, no handler for that. */
		if (sig == SIGSEGV) {
			spin_lock_irq(&current->sighand->siglock);
			current->sighand->action[SIGSEGV - 1].sa_handler = SIG_DFL;
			spin_unlock_irq(&current->sighand->siglock);
		}
		force_sig(SIGSEGV, current);
		return;
	}
	/* The handler is not to be single-stepped because its victim was. */
	regs->eflags &= ~X86_EFLAGS_TF;
	current->restore_sigmask = 0;
	if (current->sas_ss_flags & SS_AUTODISARM)
		sas_ss_reset(current);
	blocked = current->blocked;
	blocked.sig[0] |= ka->sa_mask.sig[0];
	blocked.sig[1] |= ka->sa_mask.sig[1];
	if (!(ka->sa_flags & SA_NODEFER))
		sigaddset(&blocked, sig);
	set_current_blocked(&blocked);
}

void do_signal(struct pt_regs *regs)
{
	struct k_sigaction ka;
	siginfo_t info;
	int sig;

	if (!user_mode(regs))
		return;
	sig = get_signal_to_deliver(&info, &ka);
	if (sig) {
		handle_signal(sig, &ka, &info, regs);
		return;
	}
	if (regs->orig_eax >= 0) {
		if (regs->eax == -ERESTART_RESTARTBLOCK)
			restart_call(regs, NR_restart_syscall);
		else if (regs->eax == -ERESTARTNOHAND || regs->eax == -ERESTARTSYS ||
			 regs->eax == -ERESTARTNOINTR)
			restart_call(regs, regs->orig_eax);
		regs->orig_eax = -1;
	}
	if (current->restore_sigmask) {
		current->restore_sigmask = 0;
		set_current_blocked(&current->saved_sigmask);
	}
}
