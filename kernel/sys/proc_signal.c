/*
 * kernel/sys/proc_signal.c - system calls about signals.
 *
 * The rt_ calls take a set of 64 signals, whose size the caller must give; the old
 * ones a word.  SIGKILL and SIGSTOP are silently left out of every mask.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/proc/pidfd.h>
#include <kernel/proc/signal.h>
#include <kernel/proc/signalfd.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/uapi/fcntl.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>

/* ---- handlers -------------------------------------------------------------------------------- */

long sys_rt_sigaction(int sig, const struct k_sigaction *act, struct k_sigaction *oact,
		      size_t sigsetsize)
{
	struct k_sigaction new, old;
	int err;

	if (sigsetsize != sizeof(sigset_t))
		return -EINVAL;
	if (act && copy_from_user(&new, act, sizeof(new)))
		return -EFAULT;
	err = do_sigaction(sig, act ? &new : NULL, oact ? &old : NULL);
	if (!err && oact && copy_to_user(oact, &old, sizeof(old)))
		return -EFAULT;
	return err;
}

long sys_sigaction(int sig, const struct old_sigaction *act, struct old_sigaction *oact)
{
	struct k_sigaction new, old;
	struct old_sigaction user;
	int err;

	if (act) {
		if (copy_from_user(&user, act, sizeof(user)))
			return -EFAULT;
		new.sa_handler = user.sa_handler;
		new.sa_flags = user.sa_flags;
		new.sa_restorer = user.sa_restorer;
		new.sa_mask.sig[0] = user.sa_mask;
		new.sa_mask.sig[1] = 0;
	}
	err = do_sigaction(sig, act ? &new : NULL, oact ? &old : NULL);
	if (err || !oact)
		return err;
	user.sa_handler = old.sa_handler;
	user.sa_flags = old.sa_flags;
	user.sa_restorer = old.sa_restorer;
	user.sa_mask = old.sa_mask.sig[0];
	return copy_to_user(oact, &user, sizeof(user)) ? -EFAULT : 0;
}

/* System V's signal(): once, and not blocked meanwhile. */
long sys_signal(int sig, void *handler)
{
	struct k_sigaction new = { .sa_handler = handler,
				   .sa_flags = SA_RESETHAND | SA_NODEFER }, old;
	int err = do_sigaction(sig, &new, &old);

	return err ? err : (long)old.sa_handler;
}

long sys_sigaltstack(const stack_t *uss, stack_t *uoss)
{
	stack_t new, old;
	int err;

	if (uss && copy_from_user(&new, uss, sizeof(new)))
		return -EFAULT;
	err = do_sigaltstack(uss ? &new : NULL, uoss ? &old : NULL, current_pt_regs()->esp);
	if (!err && uoss && copy_to_user(uoss, &old, sizeof(old)))
		return -EFAULT;
	return err;
}

long sys_sigreturn(void)
{
	return do_sigreturn(current_pt_regs());
}

long sys_rt_sigreturn(void)
{
	return do_rt_sigreturn(current_pt_regs());
}

/* A call that was interrupted and goes on where it was. */
long sys_restart_syscall(void)
{
	long (*fn)(struct task_struct *tsk) = current->restart_fn;

	return fn ? fn(current) : -EINTR;
}

/* ---- masks ----------------------------------------------------------------------------------- */

static int copy_sigset_from_user(sigset_t *set, const sigset_t *uset, size_t size)
{
	if (size != sizeof(*set))
		return -EINVAL;
	if (copy_from_user(set, uset, sizeof(*set)))
		return -EFAULT;
	sigdelset(set, SIGKILL);
	sigdelset(set, SIGSTOP);
	return 0;
}

/* => 0 or -EINVAL; only the words that @words says */
static int change_mask(int how, const sigset_t *set, int words)
{
	sigset_t blocked = current->blocked;

	for (int i = 0; i < words; i++) {
		switch (how) {
		case SIG_BLOCK:
			blocked.sig[i] |= set->sig[i];
			break;
		case SIG_UNBLOCK:
			blocked.sig[i] &= ~set->sig[i];
			break;
		case SIG_SETMASK:
			blocked.sig[i] = set->sig[i];
			break;
		default:
			return -EINVAL;
		}
	}
	set_current_blocked(&blocked);
	return 0;
}

long sys_rt_sigprocmask(int how, const sigset_t *uset, sigset_t *uoset, size_t size)
{
	sigset_t old = current->blocked, set;
	int err;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uset) {
		err = copy_sigset_from_user(&set, uset, size);
		if (!err)
			err = change_mask(how, &set, 2);
		if (err)
			return err;
	}
	return uoset && copy_to_user(uoset, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_sigprocmask(int how, const unsigned long *uset, unsigned long *uoset)
{
	sigset_t old = current->blocked, set = { { 0, 0 } };
	int err;

	if (uset) {
		if (get_user(set.sig[0], (const u32 *)uset))
			return -EFAULT;
		set.sig[0] &= ~(u32)(sigmask(SIGKILL) | sigmask(SIGSTOP));
		err = change_mask(how, &set, 1);
		if (err)
			return err;
	}
	return uoset ? put_user(old.sig[0], (u32 *)uoset) : 0;
}

long sys_sgetmask(void)
{
	return (long)current->blocked.sig[0];
}

long sys_ssetmask(unsigned long mask)
{
	u32 old = current->blocked.sig[0];
	sigset_t set = { { (u32)(mask & ~(sigmask(SIGKILL) | sigmask(SIGSTOP))), 0 } };

	set_current_blocked(&set);
	return (long)old;
}

static void pending_set(sigset_t *set)
{
	const struct signal_struct *sig = current->signal;

	spin_lock_irq(&current->sighand->siglock);
	for (int i = 0; i < 2; i++)
		set->sig[i] = (current->pending.signal.sig[i] |
			       sig->shared_pending.signal.sig[i]) & current->blocked.sig[i];
	spin_unlock_irq(&current->sighand->siglock);
}

long sys_rt_sigpending(sigset_t *uset, size_t size)
{
	sigset_t set;

	if (size > sizeof(set))
		return -EINVAL;
	pending_set(&set);
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

long sys_sigpending(u32 *uset)
{
	sigset_t set;

	pending_set(&set);
	return put_user(set.sig[0], uset);
}

/* ---- waiting --------------------------------------------------------------------------------- */

long sys_pause(void)
{
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	return -ERESTARTNOHAND;
}

/* Sleep under @set; do_signal() brings the old mask back, after the handler's frame has it. */
static long sigsuspend(sigset_t *set)
{
	sigset_t old = current->blocked;

	set_current_blocked(set);
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	set_restore_sigmask(&old);
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const sigset_t *uset, size_t size)
{
	sigset_t set;
	int err = copy_sigset_from_user(&set, uset, size);

	return err ? err : sigsuspend(&set);
}

/* The old call: the mask is its third argument. */
long sys_sigsuspend(int unused1, int unused2, unsigned long mask)
{
	sigset_t set = { { (u32)(mask & ~(sigmask(SIGKILL) | sigmask(SIGSTOP))), 0 } };

	return sigsuspend(&set);
}

/*
 * Take one signal of @set; sleep for it until @deadline unless that is 0.
 * => its number, -EAGAIN, -EINTR
 */
static long sigtimedwait(const sigset_t *set, siginfo_t *info, u64 deadline)
{
	struct task_struct *tsk = current;
	sigset_t others = { { ~set->sig[0], ~set->sig[1] } };
	bool time_left = deadline != 0;
	int sig;

	spin_lock_irq(&tsk->sighand->siglock);
	sig = dequeue_signal(tsk, &others, info);
	if (!sig && deadline) {
		/* Let them wake us; real_blocked keeps them from being dropped as ignored. */
		tsk->real_blocked = tsk->blocked;
		tsk->blocked.sig[0] &= others.sig[0];
		tsk->blocked.sig[1] &= others.sig[1];
		recalc_sigpending();
		spin_unlock_irq(&tsk->sighand->siglock);
		do {
			set_current_state(TASK_INTERRUPTIBLE);
			time_left = schedule_deadline(deadline);
		} while (time_left && !signal_pending(tsk));
		spin_lock_irq(&tsk->sighand->siglock);
		tsk->blocked = tsk->real_blocked;
		sigemptyset(&tsk->real_blocked);
		sig = dequeue_signal(tsk, &others, info);
	}
	spin_unlock_irq(&tsk->sighand->siglock);
	if (sig)
		return sig;
	return time_left ? -EINTR : -EAGAIN;
}

static long rt_sigtimedwait(const sigset_t *uset, siginfo_t *uinfo, const struct timespec64 *ts,
			    size_t size)
{
	u64 deadline = ~0ull;
	siginfo_t info;
	sigset_t set;
	long sig;
	int err = copy_sigset_from_user(&set, uset, size);

	if (err)
		return err;
	if (ts) {
		if (!timespec64_valid(ts))
			return -EINVAL;
		deadline = ts->tv_sec || ts->tv_nsec ? deadline_after(ts) : 0;
	}
	sig = sigtimedwait(&set, &info, deadline);
	if (sig > 0 && uinfo && copy_siginfo_to_user(uinfo, &info))
		return -EFAULT;
	return sig;
}

long sys_rt_sigtimedwait(const sigset_t *uset, siginfo_t *uinfo, const struct old_timespec32 *uts,
			 size_t size)
{
	struct timespec64 ts;

	if (uts && get_timespec32(&ts, uts))
		return -EFAULT;
	return rt_sigtimedwait(uset, uinfo, uts ? &ts : NULL, size);
}

long sys_rt_sigtimedwait_time64(const sigset_t *uset, siginfo_t *uinfo,
				const struct __kernel_timespec *uts, size_t size)
{
	struct timespec64 ts;

	if (uts && get_timespec64(&ts, uts))
		return -EFAULT;
	return rt_sigtimedwait(uset, uinfo, uts ? &ts : NULL, size);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void user_siginfo(siginfo_t *info, int sig, int code)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = current->tgid;
	info->si_uid = current->uid;
}

long sys_kill(pid_t pid, int sig)
{
	siginfo_t info;

	if (pid == INT_MIN)
		return -ESRCH;
	user_siginfo(&info, sig, SI_USER);
	if (pid > 0)
		return kill_proc_info(sig, &info, pid);
	if (pid == -1)
		return kill_all_info(sig, &info);
	return kill_pgrp_info(sig, &info, pid ? -pid : process_group(current));
}

/* To one task. @tgid 0: whatever its process is. */
static long do_tkill(pid_t tgid, pid_t pid, int sig, siginfo_t *info)
{
	struct task_struct *p;
	long err = -ESRCH;

	read_lock_irq(&tasklist_lock);
	p = find_task_by_pid(pid);
	if (p && (!tgid || p->tgid == tgid)) {
		err = check_kill_permission(sig, info, p);
		if (!err && sig)
			err = send_signal(sig, info, p, false);
	}
	read_unlock_irq(&tasklist_lock);
	return err;
}

long sys_tgkill(pid_t tgid, pid_t pid, int sig)
{
	siginfo_t info;

	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	user_siginfo(&info, sig, SI_TKILL);
	return do_tkill(tgid, pid, sig, &info);
}

long sys_tkill(pid_t pid, int sig)
{
	siginfo_t info;

	if (pid <= 0)
		return -EINVAL;
	user_siginfo(&info, sig, SI_TKILL);
	return do_tkill(0, pid, sig, &info);
}

/* What the caller says of itself. Nobody may pretend to be the kernel, or kill(), to others. */
static int get_siginfo(siginfo_t *info, int sig, pid_t pid, const siginfo_t *uinfo)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	info->si_signo = sig;
	return (info->si_code >= 0 || info->si_code == SI_TKILL) && pid != current->pid ? -EPERM : 0;
}

long sys_rt_sigqueueinfo(pid_t pid, int sig, siginfo_t *uinfo)
{
	siginfo_t info;
	int err = get_siginfo(&info, sig, pid, uinfo);

	return err ? err : kill_proc_info(sig, &info, pid);
}

long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t pid, int sig, siginfo_t *uinfo)
{
	siginfo_t info;
	int err = get_siginfo(&info, sig, pid, uinfo);

	if (err)
		return err;
	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	return do_tkill(tgid, pid, sig, &info);
}

long sys_pidfd_send_signal(unsigned int pidfd, int sig, siginfo_t *uinfo, unsigned int flags)
{
	struct task_struct *tsk;
	siginfo_t info;
	int signo = sig;
	long err = 0;

	if (flags)
		return -EINVAL;
	tsk = pidfd_get_task(pidfd, NULL);
	if (IS_ERR(tsk))
		return PTR_ERR(tsk);
	if (!uinfo)
		user_siginfo(&info, sig, SI_USER);
	else
		err = get_user(signo, &uinfo->si_signo) ? -EFAULT :
							 get_siginfo(&info, sig, tsk->pid, uinfo);
	if (!err && signo != sig)
		err = -EINVAL;
	if (!err) {
		read_lock_irq(&tasklist_lock);
		err = hlist_unhashed(&tsk->pid_chain) ? -ESRCH : group_send_sig_info(sig, &info, tsk);
		read_unlock_irq(&tasklist_lock);
	}
	put_task_struct(tsk);
	return err;
}

/* ---- by descriptor --------------------------------------------------------------------------- */

long sys_signalfd4(int fd, const sigset_t *uset, size_t size, unsigned int flags)
{
	sigset_t set;
	int err;

	if (flags & ~(unsigned int)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = copy_sigset_from_user(&set, uset, size);
	if (err)
		return err;
	if (fd == -1)
		return signalfd_create(&set, flags);
	err = signalfd_change((unsigned int)fd, &set);
	return err ? err : fd;
}

long sys_signalfd(int fd, const sigset_t *uset, size_t size)
{
	return sys_signalfd4(fd, uset, size, 0);
}
