/*
 * kernel/sys/proc_time.c - system calls about time: clocks and sleeping.
 *
 * Each clock call comes in two widths, because i386's old time_t ends in 2038; both
 * are thin shells around one function with 64-bit seconds.
 *
 * A sleep that a signal interrupts goes on where it was (restart block), unless a
 * handler ran: then the caller gets -EINTR and what was left.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/pid.h>
#include <kernel/sched/sched.h>
#include <kernel/sys/sys_proc.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>

/* ---- in and out ------------------------------------------------------------------------------ */

int get_timespec32(struct timespec64 *ts, const struct old_timespec32 *uts)
{
	struct old_timespec32 k;

	if (copy_from_user(&k, uts, sizeof(k)))
		return -EFAULT;
	ts->tv_sec = k.tv_sec;
	ts->tv_nsec = k.tv_nsec;
	return 0;
}

/* The upper half of tv_nsec is padding to 32-bit programs. */
int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec *uts)
{
	struct __kernel_timespec k;

	if (copy_from_user(&k, uts, sizeof(k)))
		return -EFAULT;
	ts->tv_sec = k.tv_sec;
	ts->tv_nsec = (long)k.tv_nsec;
	return 0;
}

int put_timespec32(const struct timespec64 *ts, struct old_timespec32 *uts)
{
	struct old_timespec32 k = { (s32)ts->tv_sec, (s32)ts->tv_nsec };

	return copy_to_user(uts, &k, sizeof(k)) ? -EFAULT : 0;
}

int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec *uts)
{
	struct __kernel_timespec k = { ts->tv_sec, ts->tv_nsec };

	return copy_to_user(uts, &k, sizeof(k)) ? -EFAULT : 0;
}

u64 deadline_after(const struct timespec64 *ts)
{
	return ts->tv_sec > MAX_SECONDS ? ~0ull : ktime_get_ns() + timespec64_to_ns(ts);
}

u64 deadline_at(const struct timespec64 *ts, bool realtime)
{
	u64 at, now;

	if (ts->tv_sec > MAX_SECONDS)
		return ~0ull;
	at = timespec64_to_ns(ts);
	if (!realtime)
		return at;
	now = ktime_get_real_ns();
	return at <= now ? 0 : ktime_get_ns() + (at - now);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static void ticks_to_timespec(unsigned long ticks, struct timespec64 *ts)
{
	ts->tv_sec = (s64)(ticks / HZ);
	ts->tv_nsec = (long)(ticks % HZ) * TICK_NSEC;
}

/* User and system ticks of the caller's process. */
static void process_times(unsigned long *utime, unsigned long *stime)
{
	struct task_struct *t;

	spin_lock_irq(&current->sighand->siglock);
	*utime = current->signal->utime;
	*stime = current->signal->stime;
	for_each_thread(current, t) {
		*utime += t->utime;
		*stime += t->stime;
	}
	spin_unlock_irq(&current->sighand->siglock);
}

static int clock_get(clockid_t which, struct timespec64 *ts)
{
	unsigned long utime, stime;

	switch (which) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		ktime_get_real_ts64(ts);
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		ktime_get_ts64(ts);
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		process_times(&utime, &stime);
		ticks_to_timespec(utime + stime, ts);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		ticks_to_timespec(current->utime + current->stime, ts);
		return 0;
	}
	return -EINVAL;
}

static int clock_res(clockid_t which, struct timespec64 *ts)
{
	struct timespec64 now;
	int err = clock_get(which, &now);

	ts->tv_sec = 0;
	/* What counts ticks is as fine as a tick. */
	ts->tv_nsec = which == CLOCK_PROCESS_CPUTIME_ID || which == CLOCK_THREAD_CPUTIME_ID ||
		      which == CLOCK_REALTIME_COARSE || which == CLOCK_MONOTONIC_COARSE ||
		      !tsc_khz ? TICK_NSEC : 1;
	return err;
}

long sys_clock_gettime(clockid_t which, struct old_timespec32 *uts)
{
	struct timespec64 ts;
	int err = clock_get(which, &ts);

	return err ? err : put_timespec32(&ts, uts);
}

long sys_clock_gettime64(clockid_t which, struct __kernel_timespec *uts)
{
	struct timespec64 ts;
	int err = clock_get(which, &ts);

	return err ? err : put_timespec64(&ts, uts);
}

long sys_clock_getres(clockid_t which, struct old_timespec32 *uts)
{
	struct timespec64 ts;
	int err = clock_res(which, &ts);

	return err || !uts ? err : put_timespec32(&ts, uts);
}

long sys_clock_getres_time64(clockid_t which, struct __kernel_timespec *uts)
{
	struct timespec64 ts;
	int err = clock_res(which, &ts);

	return err || !uts ? err : put_timespec64(&ts, uts);
}

static int clock_set(clockid_t which, const struct timespec64 *ts)
{
	if (which != CLOCK_REALTIME)
		return -EINVAL;
	if (!capable_root())
		return -EPERM;
	if (!timespec64_valid(ts) || ts->tv_sec > MAX_SECONDS)
		return -EINVAL;
	return do_settimeofday64(ts);
}

long sys_clock_settime(clockid_t which, const struct old_timespec32 *uts)
{
	struct timespec64 ts;

	return get_timespec32(&ts, uts) ? -EFAULT : clock_set(which, &ts);
}

long sys_clock_settime64(clockid_t which, const struct __kernel_timespec *uts)
{
	struct timespec64 ts;

	return get_timespec64(&ts, uts) ? -EFAULT : clock_set(which, &ts);
}

long sys_time(s32 *tloc)
{
	s32 now = (s32)ktime_get_real_seconds();

	if (tloc && put_user(now, tloc))
		return -EFAULT;
	return now;
}

long sys_stime(const s32 *tptr)
{
	struct timespec64 ts = { 0, 0 };
	s32 seconds;

	if (get_user(seconds, tptr))
		return -EFAULT;
	ts.tv_sec = seconds;
	return clock_set(CLOCK_REALTIME, &ts);
}

struct timezone {
	int tz_minuteswest;
	int tz_dsttime;
};

/* Kept for settimeofday's sake; the kernel's clock is UTC. */
static struct timezone sys_tz;

long sys_gettimeofday(struct old_timeval32 *tv, struct timezone *tz)
{
	struct old_timeval32 k;
	struct timespec64 ts;

	if (tv) {
		ktime_get_real_ts64(&ts);
		k.tv_sec = (s32)ts.tv_sec;
		k.tv_usec = (s32)(ts.tv_nsec / NSEC_PER_USEC);
		if (copy_to_user(tv, &k, sizeof(k)))
			return -EFAULT;
	}
	return tz && copy_to_user(tz, &sys_tz, sizeof(sys_tz)) ? -EFAULT : 0;
}

long sys_settimeofday(const struct old_timeval32 *tv, const struct timezone *tz)
{
	struct timezone new_tz = sys_tz;
	struct timespec64 ts;
	struct old_timeval32 k;
	int err = 0;

	if (tv && copy_from_user(&k, tv, sizeof(k)))
		return -EFAULT;
	if (tz && copy_from_user(&new_tz, tz, sizeof(new_tz)))
		return -EFAULT;
	if (tv) {
		if ((u32)k.tv_usec >= USEC_PER_SEC)
			return -EINVAL;
		ts.tv_sec = k.tv_sec;
		ts.tv_nsec = k.tv_usec * NSEC_PER_USEC;
		err = clock_set(CLOCK_REALTIME, &ts);
	} else if (!capable_root()) {
		err = -EPERM;
	}
	if (!err)
		sys_tz = new_tz;
	return err;
}

struct tms {
	clock_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

long sys_times(struct tms *buf)
{
	unsigned long utime, stime;
	struct tms k;

	if (buf) {
		process_times(&utime, &stime);
		k.tms_utime = (clock_t)utime;
		k.tms_stime = (clock_t)stime;
		k.tms_cutime = (clock_t)current->group_leader->cutime;
		k.tms_cstime = (clock_t)current->group_leader->cstime;
		if (copy_to_user(buf, &k, sizeof(k)))
			return -EFAULT;
	}
	return (long)jiffies;
}

/* ---- sleeping -------------------------------------------------------------------------------- */

/* Where what is left of a sleep is reported. */
enum rem_kind { REM_NONE, REM_32, REM_64 };

static int put_remaining(u64 deadline, enum rem_kind kind, void *urem)
{
	u64 now = ktime_get_ns();
	struct timespec64 rem = ns_to_timespec64(deadline > now ? deadline - now : 0);

	if (kind == REM_32)
		return put_timespec32(&rem, urem);
	return kind == REM_64 ? put_timespec64(&rem, urem) : 0;
}

static long nanosleep_restart(struct task_struct *tsk);

/* => 0, -EFAULT, or -ERESTART_RESTARTBLOCK with the block set up */
static long sleep_relative(u64 deadline, enum rem_kind kind, void *urem)
{
	do {
		if (signal_pending(current)) {
			__set_current_state(TASK_RUNNING);
			if (put_remaining(deadline, kind, urem))
				return -EFAULT;
			current->restart_fn = nanosleep_restart;
			current->restart_arg[0] = deadline;
			current->restart_arg[1] = kind;
			current->restart_arg[2] = (unsigned long)urem;
			return -ERESTART_RESTARTBLOCK;
		}
		set_current_state(TASK_INTERRUPTIBLE);
	} while (schedule_deadline(deadline));
	return 0;
}

static long nanosleep_restart(struct task_struct *tsk)
{
	return sleep_relative(tsk->restart_arg[0], (enum rem_kind)tsk->restart_arg[1],
			      (void *)(unsigned long)tsk->restart_arg[2]);
}

/* => 0 or -ERESTARTNOHAND: the deadline is absolute, so the same call again is right */
static long sleep_absolute(u64 deadline)
{
	do {
		if (signal_pending(current)) {
			__set_current_state(TASK_RUNNING);
			return -ERESTARTNOHAND;
		}
		set_current_state(TASK_INTERRUPTIBLE);
	} while (schedule_deadline(deadline));
	return 0;
}

static long clock_nanosleep(clockid_t which, int flags, const struct timespec64 *ts,
			    enum rem_kind kind, void *urem)
{
	if (which < CLOCK_REALTIME || which > CLOCK_BOOTTIME)
		return -EINVAL;
	if (which != CLOCK_REALTIME && which != CLOCK_MONOTONIC && which != CLOCK_BOOTTIME)
		return -EOPNOTSUPP;
	if (!timespec64_valid(ts))
		return -EINVAL;
	if (flags & TIMER_ABSTIME)
		return sleep_absolute(deadline_at(ts, which == CLOCK_REALTIME));
	return sleep_relative(deadline_after(ts), urem ? kind : REM_NONE, urem);
}

long sys_nanosleep(const struct old_timespec32 *uts, struct old_timespec32 *urem)
{
	struct timespec64 ts;

	if (get_timespec32(&ts, uts))
		return -EFAULT;
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, REM_32, urem);
}

long sys_clock_nanosleep(clockid_t which, int flags, const struct old_timespec32 *uts,
			 struct old_timespec32 *urem)
{
	struct timespec64 ts;

	if (get_timespec32(&ts, uts))
		return -EFAULT;
	return clock_nanosleep(which, flags, &ts, REM_32, urem);
}

long sys_clock_nanosleep_time64(clockid_t which, int flags, const struct __kernel_timespec *uts,
				struct __kernel_timespec *urem)
{
	struct timespec64 ts;

	if (get_timespec64(&ts, uts))
		return -EFAULT;
	return clock_nanosleep(which, flags, &ts, REM_64, urem);
}
