/*
 * kernel/sys/proc_limits.c - system calls about resource limits and usage.
 *
 * A soft limit counts; the owner may move it up to the hard one, and lower the hard
 * one; only user 0 raises that.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/files.h>
#include <kernel/proc/fork.h>
#include <kernel/proc/itimer.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/resource.h>
#include <lib/errno.h>
#include <lib/kernel.h>

/* => 0 or -EINVAL, -EPERM; @new and @old may be NULL */
static int do_prlimit(struct task_struct *tsk, unsigned int resource, const struct rlimit *new,
		      struct rlimit *old)
{
	struct rlimit *rlim;
	unsigned long flags;
	int err = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new && new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new && resource == RLIMIT_NOFILE && new->rlim_max > NR_OPEN_MAX)
		return -EPERM;
	rlim = &tsk->signal->rlim[resource];
	lock_task_sighand(tsk, &flags);
	if (new && new->rlim_max > rlim->rlim_max && !capable_root())
		err = -EPERM;
	if (!err && old)
		*old = *rlim;
	if (!err && new) {
		*rlim = *new;
		/* 0 would mean "dead before the first tick": a second is the least. */
		if (resource == RLIMIT_CPU && !rlim->rlim_cur)
			rlim->rlim_cur = 1;
		update_cpu_timers(tsk->signal);
	}
	unlock_task_sighand(tsk, flags);
	return err;
}

long sys_getrlimit(unsigned int resource, struct rlimit *urlim)
{
	struct rlimit old;
	int err = do_prlimit(current, resource, NULL, &old);

	if (err)
		return err;
	return copy_to_user(urlim, &old, sizeof(old)) ? -EFAULT : 0;
}

/* The oldest form: limits were signed. */
long sys_old_getrlimit(unsigned int resource, struct rlimit *urlim)
{
	struct rlimit old;
	int err = do_prlimit(current, resource, NULL, &old);

	if (err)
		return err;
	old.rlim_cur = min_t(unsigned long, old.rlim_cur, LONG_MAX);
	old.rlim_max = min_t(unsigned long, old.rlim_max, LONG_MAX);
	return copy_to_user(urlim, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_setrlimit(unsigned int resource, const struct rlimit *urlim)
{
	struct rlimit new;

	if (copy_from_user(&new, urlim, sizeof(new)))
		return -EFAULT;
	return do_prlimit(current, resource, &new, NULL);
}

static unsigned long narrow(u64 limit)
{
	return limit >= RLIM_INFINITY ? RLIM_INFINITY : (unsigned long)limit;
}

static u64 widen(unsigned long limit)
{
	return limit == RLIM_INFINITY ? RLIM64_INFINITY : limit;
}

static bool may_prlimit(const struct task_struct *tsk)
{
	return tsk == current || capable_root() ||
	       (current->uid == tsk->uid && current->uid == tsk->euid &&
		current->uid == tsk->suid && current->gid == tsk->gid &&
		current->gid == tsk->egid && current->gid == tsk->sgid);
}

long sys_prlimit64(pid_t pid, unsigned int resource, const struct rlimit64 *unew,
		   struct rlimit64 *uold)
{
	struct rlimit64 new64, old64;
	struct rlimit new, old;
	struct task_struct *tsk;
	int err;

	if (unew) {
		if (copy_from_user(&new64, unew, sizeof(new64)))
			return -EFAULT;
		new.rlim_cur = narrow(new64.rlim_cur);
		new.rlim_max = narrow(new64.rlim_max);
	}
	tsk = find_get_task_by_pid(pid ? pid : current->pid);
	if (!tsk)
		return -ESRCH;
	err = may_prlimit(tsk) ? do_prlimit(tsk, resource, unew ? &new : NULL, &old) : -EPERM;
	put_task_struct(tsk);
	if (err || !uold)
		return err;
	old64.rlim_cur = widen(old.rlim_cur);
	old64.rlim_max = widen(old.rlim_max);
	return copy_to_user(uold, &old64, sizeof(old64)) ? -EFAULT : 0;
}

long sys_getrusage(int who, struct rusage *uru)
{
	struct rusage ru;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	getrusage(current, who, &ru);
	return copy_to_user(uru, &ru, sizeof(ru)) ? -EFAULT : 0;
}
