/*
 * kernel/sys/proc_sched.c - system calls about who runs when: nice and its kin.
 *
 * There is one policy, SCHED_NORMAL; calls that would want another say -EINVAL.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/uapi/resource.h>
#include <kernel/uapi/sched.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define NICE_MIN	(-20)
#define NICE_MAX	19

long sys_sched_yield(void)
{
	yield();
	return 0;
}

/* RLIMIT_NICE 1..40 allows nice 19..-20. */
static bool can_nice(int nice)
{
	return 20 - nice <= (int)min_t(unsigned long, rlimit(RLIMIT_NICE), 40) || capable_root();
}

long sys_nice(int increment)
{
	int nice = TASK_NICE(current) + clamp(increment, -40, 40);

	nice = clamp(nice, NICE_MIN, NICE_MAX);
	if (increment < 0 && !can_nice(nice))
		return -EPERM;
	set_user_nice(current, nice);
	return 0;
}

/* => tasklist_lock held; 0 or -errno */
static int set_one_prio(struct task_struct *p, int nice)
{
	if (p->uid != current->euid && p->euid != current->euid && !capable_root())
		return -EPERM;
	if (nice < TASK_NICE(p) && !can_nice(nice))
		return -EACCES;
	set_user_nice(p, nice);
	return 0;
}

/* Does setpriority(which, who) mean @p? @who is not 0. */
static bool prio_target(const struct task_struct *p, int which, int who)
{
	switch (which) {
	case PRIO_PROCESS:
		return p->pid == who;
	case PRIO_PGRP:
		return process_group(p) == who;
	default:
		return p->uid == (u32)who;
	}
}

static int default_who(int which)
{
	return which == PRIO_PROCESS ? current->pid :
	       which == PRIO_PGRP ? process_group(current) : (int)current->uid;
}

long sys_setpriority(int which, int who, int nice)
{
	struct task_struct *p, *thread;
	int err = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (!who)
		who = default_who(which);
	nice = clamp(nice, NICE_MIN, NICE_MAX);
	read_lock_irq(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, thread) {
			if (prio_target(thread, which, who)) {
				int this_err = set_one_prio(thread, nice);

				if (err == -ESRCH || this_err)
					err = this_err;
			}
		}
	}
	read_unlock_irq(&tasklist_lock);
	return err;
}

/* => 20 - nice of the best: 1..40, so that it is no error number */
long sys_getpriority(int which, int who)
{
	struct task_struct *p, *thread;
	long best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (!who)
		who = default_who(which);
	read_lock_irq(&tasklist_lock);
	for_each_process(p)
		for_each_thread(p, thread)
			if (prio_target(thread, which, who))
				best = max(best, 20L - TASK_NICE(thread));
	read_unlock_irq(&tasklist_lock);
	return best;
}

/* ---- policies -------------------------------------------------------------------------------- */

/* => 0 if there is such a task */
static int check_pid(pid_t pid)
{
	struct task_struct *p;

	if (pid < 0)
		return -EINVAL;
	if (!pid)
		return 0;
	p = find_get_task_by_pid(pid);
	if (!p)
		return -ESRCH;
	put_task_struct(p);
	return 0;
}

long sys_sched_getscheduler(pid_t pid)
{
	int err = check_pid(pid);

	return err ? err : SCHED_NORMAL;
}

long sys_sched_setparam(pid_t pid, const struct sched_param *uparam)
{
	struct sched_param param;
	int err;

	if (!uparam || pid < 0)
		return -EINVAL;
	if (copy_from_user(&param, uparam, sizeof(param)))
		return -EFAULT;
	err = check_pid(pid);
	return err ? err : param.sched_priority ? -EINVAL : 0;
}

long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param *uparam)
{
	if (policy != SCHED_NORMAL)
		return -EINVAL;
	return sys_sched_setparam(pid, uparam);
}

long sys_sched_getparam(pid_t pid, struct sched_param *uparam)
{
	struct sched_param param = { 0 };
	int err = check_pid(pid);

	if (!uparam)
		return -EINVAL;
	if (err)
		return err;
	return copy_to_user(uparam, &param, sizeof(param)) ? -EFAULT : 0;
}

/* => 0; -E2BIG: it has what we do not know, and is told how large ours is */
static long get_sched_attr(struct sched_attr *attr, struct sched_attr *uattr)
{
	u32 size;
	long err;

	if (get_user(size, &uattr->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	err = size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE ? -E2BIG :
	      copy_struct_from_user(attr, sizeof(*attr), uattr, size);
	if (err == -E2BIG && put_user((u32)sizeof(*attr), &uattr->size))
		return -EFAULT;
	return err;
}

long sys_sched_setattr(pid_t pid, struct sched_attr *uattr, unsigned int flags)
{
	struct sched_attr attr;
	struct task_struct *p;
	long err;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	err = get_sched_attr(&attr, uattr);
	if (err)
		return err;
	if (attr.sched_flags & ~(u64)(SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS) ||
	    (!(attr.sched_flags & SCHED_FLAG_KEEP_POLICY) && attr.sched_policy != SCHED_NORMAL) ||
	    attr.sched_priority)
		return -EINVAL;
	p = find_get_task_by_pid(pid ? pid : current->pid);
	if (!p)
		return -ESRCH;
	if (!(attr.sched_flags & SCHED_FLAG_KEEP_PARAMS))
		err = set_one_prio(p, clamp(attr.sched_nice, NICE_MIN, NICE_MAX));
	put_task_struct(p);
	return err == -EACCES ? -EPERM : err;
}

long sys_sched_getattr(pid_t pid, struct sched_attr *uattr, unsigned int size, unsigned int flags)
{
	struct sched_attr attr = { .sched_policy = SCHED_NORMAL };
	struct task_struct *p;

	if (!uattr || pid < 0 || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || flags)
		return -EINVAL;
	p = find_get_task_by_pid(pid ? pid : current->pid);
	if (!p)
		return -ESRCH;
	attr.sched_nice = TASK_NICE(p);
	put_task_struct(p);
	attr.size = min_t(u32, size, sizeof(attr));
	return copy_to_user(uattr, &attr, attr.size) ? -EFAULT : 0;
}

long sys_sched_get_priority_max(int policy)
{
	return policy == SCHED_NORMAL ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	return policy == SCHED_NORMAL ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(pid_t pid, struct old_timespec32 *uts)
{
	struct timespec64 ts = { 0, 0 };
	struct task_struct *p;
	unsigned int ticks;

	if (pid < 0)
		return -EINVAL;
	p = find_get_task_by_pid(pid ? pid : current->pid);
	if (!p)
		return -ESRCH;
	ticks = task_timeslice(p);
	put_task_struct(p);
	ts.tv_sec = ticks / HZ;
	ts.tv_nsec = (long)(ticks % HZ) * TICK_NSEC;
	return put_timespec32(&ts, uts);
}

/* ---- affinity -------------------------------------------------------------------------------- */

/* => a reference; NULL: no such task. 0 is the caller */
static struct task_struct *get_task_or_self(pid_t pid)
{
	if (pid)
		return find_get_task_by_pid(pid);
	get_task_struct(current);
	return current;
}

/* A mask is a row of words; here one word holds all processors. => the bytes written */
long sys_sched_getaffinity(pid_t pid, unsigned int len, unsigned long *umask)
{
	struct task_struct *p;
	unsigned long mask;

	if (len < sizeof(mask) || len % sizeof(mask))
		return -EINVAL;
	p = get_task_or_self(pid);
	if (!p)
		return -ESRCH;
	mask = p->cpus_allowed & cpu_online_mask();
	put_task_struct(p);
	return put_user(mask, umask) ? -EFAULT : (long)sizeof(mask);
}

/* => whose processors may the caller choose? */
static bool may_set_affinity(const struct task_struct *p)
{
	return current->euid == p->euid || current->euid == p->uid || capable_root();
}

long sys_sched_setaffinity(pid_t pid, unsigned int len, const unsigned long *umask)
{
	unsigned long mask = 0;
	struct task_struct *p;
	int err;

	if (copy_from_user(&mask, umask, min_t(unsigned int, len, sizeof(mask))))
		return -EFAULT;
	p = get_task_or_self(pid);
	if (!p)
		return -ESRCH;
	if (p->flags & PF_THREAD_BOUND)
		err = -EINVAL;
	else if (!may_set_affinity(p))
		err = -EPERM;
	else
		err = set_cpus_allowed(p, mask);
	put_task_struct(p);
	return err;
}
