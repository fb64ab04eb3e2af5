/*
 * kernel/proc/sigaction.c - what a task has said about its signals: handlers, and the stack for them.
 *
 * Theory.  To install a handler is to store it; only the change to "ignored" acts at once, as what
 * is pending goes.
 *
 * The alternate stack is the task's own: [sas_ss_sp, sas_ss_sp + sas_ss_size).  Whether a task is on
 * it is seen from its stack pointer, which after the first push lies above the lowest byte and may
 * be the end.  Nobody may change the stack on which he stands.  With SS_AUTODISARM it is given up
 * when a handler is entered (its frame has it, and sigreturn sets it again), so that the handler may
 * leave by other ways, and never counts as being on it.
 *
 * Locking: siglock for the handlers; the stack is the task's.
 */
#include <kernel/proc/signal.h>

#include <lib/errno.h>

#define SA_KNOWN	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | \
			 SA_RESTART | SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS)

int do_sigaction(int sig, const struct k_sigaction *act, struct k_sigaction *oact)
{
	struct k_sigaction *action;

	if (sig < 1 || sig > _NSIG || (act && sig_in(sig, SIG_KERNEL_ONLY_MASK)))
		return -EINVAL;
	action = &current->sighand->action[sig - 1];
	spin_lock_irq(&current->sighand->siglock);
	if (oact)
		*oact = *action;
	if (act) {
		*action = *act;
		sigdelset(&action->sa_mask, SIGKILL);
		sigdelset(&action->sa_mask, SIGSTOP);
		/* What this kernel does not know is not there when asked for. */
		action->sa_flags &= SA_KNOWN;
		/* What is ignored from now on is not pending any more (POSIX). */
		if (action->sa_handler == SIG_IGN ||
		    (action->sa_handler == SIG_DFL && sig_in(sig, SIG_KERNEL_IGNORE_MASK))) {
			sigset_t mask = { { 0, 0 } };

			sigaddset(&mask, sig);
			rm_from_process(&mask, current);
			recalc_sigpending();
		}
	}
	spin_unlock_irq(&current->sighand->siglock);
	return 0;
}

void flush_signal_handlers(struct task_struct *tsk, bool force_default)
{
	for (int i = 0; i < _NSIG; i++) {
		struct k_sigaction *action = &tsk->sighand->action[i];

		if (force_default || action->sa_handler != SIG_IGN)
			action->sa_handler = SIG_DFL;
		action->sa_flags = 0;
		action->sa_restorer = NULL;
		sigemptyset(&action->sa_mask);
	}
}

static int set_sigaltstack(const stack_t *new, unsigned long esp)
{
	int mode = new->ss_flags & ~SS_FLAG_BITS;

	if (on_sig_stack(esp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode)
		return -EINVAL;
	if (same_sig_stack(new))
		return 0;
	if (mode != SS_DISABLE && new->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	current->sas_ss_sp = mode == SS_DISABLE ? 0 : (unsigned long)new->ss_sp;
	current->sas_ss_size = mode == SS_DISABLE ? 0 : new->ss_size;
	current->sas_ss_flags = new->ss_flags;
	return 0;
}

int do_sigaltstack(const stack_t *new, stack_t *old, unsigned long esp)
{
	stack_t was;
	int err = 0;

	if (old) {
		was.ss_sp = (void *)current->sas_ss_sp;
		was.ss_size = current->sas_ss_size;
		was.ss_flags = sas_ss_flags(esp) | (current->sas_ss_flags & SS_FLAG_BITS);
	}
	if (new)
		err = set_sigaltstack(new, esp);
	if (!err && old)
		*old = was;
	return err;
}
