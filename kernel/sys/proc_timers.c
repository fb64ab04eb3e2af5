/*
 * kernel/sys/proc_timers.c - system calls about timers: those of setitimer() and alarm(), and
 * those that timer_create() numbers.
 *
 * The latter come in two widths of time, as the clocks do.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/proc/itimer.h>
#include <kernel/proc/posix_timers.h>
#include <kernel/sys/sys_proc.h>
#include <lib/errno.h>
#include <lib/kernel.h>

/* ---- interval timers ------------------------------------------------------------------------- */

struct old_itimerval32 {
	struct old_timeval32 it_interval;
	struct old_timeval32 it_value;
};

#define MAX_TIMER_TICKS	((unsigned long)LONG_MAX - 1)

/* Rounded up. => 0 or -EINVAL */
static int timeval_to_ticks(const struct old_timeval32 *tv, unsigned long *ticks)
{
	u64 n;

	if (tv->tv_sec < 0 || (u32)tv->tv_usec >= USEC_PER_SEC)
		return -EINVAL;
	n = (u64)(u32)tv->tv_sec * HZ +
	    DIV_ROUND_UP((u32)tv->tv_usec, (u32)(USEC_PER_SEC / HZ));
	*ticks = (unsigned long)min_t(u64, n, MAX_TIMER_TICKS);
	return 0;
}

static void ticks_to_timeval32(unsigned long ticks, struct old_timeval32 *tv)
{
	tv->tv_sec = (s32)(ticks / HZ);
	tv->tv_usec = (s32)(ticks % HZ * (USEC_PER_SEC / HZ));
}

static int put_itimer(struct old_itimerval32 *uvalue, const struct itimer_ticks *ticks)
{
	struct old_itimerval32 k;

	ticks_to_timeval32(ticks->interval, &k.it_interval);
	ticks_to_timeval32(ticks->value, &k.it_value);
	return copy_to_user(uvalue, &k, sizeof(k)) ? -EFAULT : 0;
}

long sys_getitimer(int which, struct old_itimerval32 *uvalue)
{
	struct itimer_ticks old;
	int err = do_setitimer(which, NULL, &old);

	return err ? err : put_itimer(uvalue, &old);
}

long sys_setitimer(int which, const struct old_itimerval32 *uvalue, struct old_itimerval32 *uold)
{
	struct itimer_ticks new = { 0, 0 }, old;
	struct old_itimerval32 k;
	int err;

	if (uvalue) {
		if (copy_from_user(&k, uvalue, sizeof(k)))
			return -EFAULT;
		if (timeval_to_ticks(&k.it_interval, &new.interval) ||
		    timeval_to_ticks(&k.it_value, &new.value))
			return -EINVAL;
		/* A tick has already begun: one more, so as not to be early. */
		if (new.value)
			new.value++;
	}
	err = do_setitimer(which, &new, &old);
	return err || !uold ? err : put_itimer(uold, &old);
}

long sys_alarm(unsigned int seconds)
{
	struct itimer_ticks new = { 0, 0 }, old;
	int err;

	new.value = (unsigned long)min_t(u64, (u64)seconds * HZ, MAX_TIMER_TICKS);
	if (new.value)
		new.value++;
	err = do_setitimer(ITIMER_REAL, &new, &old);
	if (err || !old.value)
		return err;
	/* To the nearest second, but never 0: a timer was running. */
	return (long)max((old.value + HZ / 2) / HZ, 1UL);
}

/* ---- timers by number ------------------------------------------------------------------------ */

struct old_itimerspec32 {
	struct old_timespec32 it_interval;
	struct old_timespec32 it_value;
};

struct __kernel_itimerspec {
	struct __kernel_timespec it_interval;
	struct __kernel_timespec it_value;
};

long sys_timer_create(clockid_t which, const struct sigevent *uevent, int *uid)
{
	struct sigevent event;
	int id;

	if (uevent && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	if (which < CLOCK_REALTIME || which > CLOCK_BOOTTIME)
		return -EINVAL;
	if (which != CLOCK_REALTIME && which != CLOCK_MONOTONIC && which != CLOCK_BOOTTIME)
		return -EOPNOTSUPP;
	id = posix_timer_create(which == CLOCK_REALTIME, uevent ? &event : NULL);
	if (id < 0)
		return id;
	if (put_user(id, uid)) {
		posix_timer_delete(id);
		return -EFAULT;
	}
	return 0;
}

/* More than the clock will ever show is as good as for ever. */
static u64 span_of(const struct timespec64 *ts)
{
	return ts->tv_sec > MAX_SECONDS ? MAX_SECONDS * (u64)NSEC_PER_SEC : timespec64_to_ns(ts);
}

/* @value and @interval in; *old out. => 0 or -EINVAL */
static long timer_settime(int id, int flags, const struct timespec64 *value,
			  const struct timespec64 *interval, struct posix_timer_setting *old)
{
	struct posix_timer_setting new;

	if (!timespec64_valid(value) || !timespec64_valid(interval))
		return -EINVAL;
	new.value = span_of(value);
	new.interval = span_of(interval);
	new.absolute = flags & TIMER_ABSTIME;
	return posix_timer_set(id, &new, old);
}

static long put_itimerspec32(struct old_itimerspec32 *u, const struct posix_timer_setting *setting)
{
	struct timespec64 value = ns_to_timespec64(setting->value);
	struct timespec64 interval = ns_to_timespec64(setting->interval);

	return put_timespec32(&interval, &u->it_interval) || put_timespec32(&value, &u->it_value) ?
	       -EFAULT : 0;
}

static long put_itimerspec64(struct __kernel_itimerspec *u,
			     const struct posix_timer_setting *setting)
{
	struct timespec64 value = ns_to_timespec64(setting->value);
	struct timespec64 interval = ns_to_timespec64(setting->interval);

	return put_timespec64(&interval, &u->it_interval) || put_timespec64(&value, &u->it_value) ?
	       -EFAULT : 0;
}

long sys_timer_settime(int id, int flags, const struct old_itimerspec32 *unew,
		       struct old_itimerspec32 *uold)
{
	struct timespec64 value, interval;
	struct posix_timer_setting old;
	long err;

	if (!unew)
		return -EINVAL;
	if (get_timespec32(&interval, &unew->it_interval) || get_timespec32(&value, &unew->it_value))
		return -EFAULT;
	err = timer_settime(id, flags, &value, &interval, &old);
	return err || !uold ? err : put_itimerspec32(uold, &old);
}

long sys_timer_settime64(int id, int flags, const struct __kernel_itimerspec *unew,
			 struct __kernel_itimerspec *uold)
{
	struct timespec64 value, interval;
	struct posix_timer_setting old;
	long err;

	if (!unew)
		return -EINVAL;
	if (get_timespec64(&interval, &unew->it_interval) || get_timespec64(&value, &unew->it_value))
		return -EFAULT;
	err = timer_settime(id, flags, &value, &interval, &old);
	return err || !uold ? err : put_itimerspec64(uold, &old);
}

long sys_timer_gettime(int id, struct old_itimerspec32 *usetting)
{
	struct posix_timer_setting setting;
	int err = posix_timer_get(id, &setting);

	return err ? err : put_itimerspec32(usetting, &setting);
}

long sys_timer_gettime64(int id, struct __kernel_itimerspec *usetting)
{
	struct posix_timer_setting setting;
	int err = posix_timer_get(id, &setting);

	return err ? err : put_itimerspec64(usetting, &setting);
}

long sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

long sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}
