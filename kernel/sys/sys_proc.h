/*
 * kernel/sys/sys_proc.h - the calls of calls_proc.h that other files of this folder
 * call too, so that their types are checked.
 */
#ifndef OCTAVO_KERNEL_SYS_SYS_PROC_H
#define OCTAVO_KERNEL_SYS_SYS_PROC_H

#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/uapi/time.h>

#define MAX_SECONDS	9000000000LL	/* as nanoseconds they fit 63 bits */

struct rusage;
struct user_desc;

long sys_wait4(pid_t upid, int *stat_addr, int options, struct rusage *uru);

/* Times in and out of user space, in both widths (proc_time.c). => 0 or -EFAULT */
int get_timespec32(struct timespec64 *ts, const struct old_timespec32 *uts);
int get_timespec64(struct timespec64 *ts, const struct __kernel_timespec *uts);
int put_timespec32(const struct timespec64 *ts, struct old_timespec32 *uts);
int put_timespec64(const struct timespec64 *ts, struct __kernel_timespec *uts);
static inline bool timespec64_valid(const struct timespec64 *ts)
{
	return ts->tv_sec >= 0 && (unsigned long)ts->tv_nsec < (unsigned long)NSEC_PER_SEC;
}
/* A span from now on as a moment of ktime_get_ns(); the far future if it does not fit. */
u64 deadline_after(const struct timespec64 *ts);
/* A moment of the wall clock (@realtime) or of ktime_get_ns() as the latter. */
u64 deadline_at(const struct timespec64 *ts, bool realtime);

#endif
