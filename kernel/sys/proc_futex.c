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

/*
 * A wait with an end goes on with what is left of it after a signal without handler; with a
 * handler it is over, whatever SA_RESTART says.
 */
static long wait_restartable(u32 *uaddr, bool shared, u32 val, u32 bitset, u64 deadline)
{
	long ret = futex_wait(uaddr, shared, val, bitset, deadline);

	if (ret != -ERESTARTSYS || deadline == FUTEX_NO_DEADLINE)
		return ret;
	current->restart_fn = futex_wait_restart;
	current->restart_arg[0] = (unsigned long)uaddr;
	current->restart_arg[1] = (u64)shared << 32 | val;
	current->restart_arg[2] = deadline;
	current->restart_arg[3] = bitset;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct task_struct *tsk)
{
	return wait_restartable((u32 *)(unsigned long)tsk->restart_arg[0], tsk->restart_arg[1] >> 32,
				(u32)tsk->restart_arg[1], (u32)tsk->restart_arg[3],
				tsk->restart_arg[2]);
}

static bool has_timeout(int op)
{
	int cmd = op & FUTEX_CMD_MASK;

	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET;
}

/* @ts: the time-out or NULL; @val2: the same argument as a number */
static long do_futex(u32 *uaddr, int op, u32 val, const struct timespec64 *ts, u32 val2,
		     u32 *uaddr2, u32 val3)
{
	bool realtime = op & FUTEX_CLOCK_REALTIME, shared = !(op & FUTEX_PRIVATE_FLAG);
	u64 deadline = FUTEX_NO_DEADLINE;
	int cmd = op & FUTEX_CMD_MASK;

	if (ts && !timespec64_valid(ts))
		return -EINVAL;
	if (realtime && cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	if (ts)
		deadline = cmd == FUTEX_WAIT ? deadline_after(ts) : deadline_at(ts, realtime);
	switch (cmd) {
	case FUTEX_WAIT:
		return wait_restartable(uaddr, shared, val, FUTEX_BITSET_MATCH_ANY, deadline);
	case FUTEX_WAIT_BITSET:
		return wait_restartable(uaddr, shared, val, val3, deadline);
	case FUTEX_WAKE:
		return futex_wake(uaddr, shared, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, shared, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, shared, uaddr2, (int)val, (int)val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, shared, uaddr2, (int)val, (int)val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, shared, uaddr2, (int)val, (int)val2, val3);
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
