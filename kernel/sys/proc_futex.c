/*
 * kernel/sys/proc_futex.c - futex(), in both widths of time.
 *
 * FUTEX_WAIT's time-out is a span, FUTEX_WAIT_BITSET's a moment.  Locks with
 * priority inheritance are not here: -ENOSYS.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/proc/futex.h>
#include <kernel/sys/sys_proc.h>
#include <lib/errno.h>

static long futex_wait_restart(struct task_struct *tsk);

/* A wait with a span goes on with what is left of it after a signal without handler. */
static long wait_restartable(u32 *uaddr, u32 val, u64 deadline)
{
	long ret = futex_wait(uaddr, val, FUTEX_BITSET_MATCH_ANY, deadline);

	if (ret != -ERESTARTSYS || deadline == FUTEX_NO_DEADLINE)
		return ret;
	current->restart_fn = futex_wait_restart;
	current->restart_arg[0] = (unsigned long)uaddr;
	current->restart_arg[1] = val;
	current->restart_arg[2] = deadline;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct task_struct *tsk)
{
	return wait_restartable((u32 *)(unsigned long)tsk->restart_arg[0],
				(u32)tsk->restart_arg[1], tsk->restart_arg[2]);
}

static bool has_timeout(int op)
{
	int cmd = op & FUTEX_CMD_MASK;

	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET;
}

/* A futex that others may share is known by what is mapped there, so that must be something. */
static bool is_nowhere(u32 *uaddr, int op)
{
	u32 now;

	return !(op & FUTEX_PRIVATE_FLAG) && !((unsigned long)uaddr % sizeof(u32)) &&
	       copy_from_user(&now, uaddr, sizeof(now));
}

/* @ts: the time-out or NULL; @val2: the same argument as a number */
static long do_futex(u32 *uaddr, int op, u32 val, const struct timespec64 *ts, u32 val2,
		     u32 *uaddr2, u32 val3)
{
	bool realtime = op & FUTEX_CLOCK_REALTIME;
	u64 deadline = FUTEX_NO_DEADLINE;
	int cmd = op & FUTEX_CMD_MASK;

	if (realtime && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT)
		return -ENOSYS;
	if (ts && !timespec64_valid(ts))
		return -EINVAL;
	if (is_nowhere(uaddr, op) ||
	    ((cmd == FUTEX_REQUEUE || cmd == FUTEX_CMP_REQUEUE) && is_nowhere(uaddr2, op)))
		return -EFAULT;
	switch (cmd) {
	case FUTEX_WAIT:
		if (ts)
			deadline = deadline_after(ts);
		return wait_restartable(uaddr, val, deadline);
	case FUTEX_WAIT_BITSET:
		if (ts)
			deadline = deadline_at(ts, realtime);
		return futex_wait(uaddr, val, val3, deadline);
	case FUTEX_WAKE:
		return futex_wake(uaddr, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, uaddr2, (int)val, (int)val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, uaddr2, (int)val, (int)val2, &val3);
	}
	return -ENOSYS;
}

long sys_futex(u32 *uaddr, int op, u32 val, const struct old_timespec32 *utime, u32 *uaddr2,
	       u32 val3)
{
	bool timed = has_timeout(op) && utime;
	struct timespec64 ts;

	if (timed && get_timespec32(&ts, utime))
		return -EFAULT;
	return do_futex(uaddr, op, val, timed ? &ts : NULL, (u32)(unsigned long)utime, uaddr2,
			val3);
}

long sys_futex_time64(u32 *uaddr, int op, u32 val, const struct __kernel_timespec *utime,
		      u32 *uaddr2, u32 val3)
{
	bool timed = has_timeout(op) && utime;
	struct timespec64 ts;

	if (timed && get_timespec64(&ts, utime))
		return -EFAULT;
	return do_futex(uaddr, op, val, timed ? &ts : NULL, (u32)(unsigned long)utime, uaddr2,
			val3);
}
