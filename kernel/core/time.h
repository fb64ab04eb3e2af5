/*
 * kernel/core/time.h - what time it is.
 *
 * Theory.  The time stamp counter counts cycles; its rate is measured against
 * the PIT at boot.  ktime_get_ns() converts by one multiplication and a shift.
 * jiffies, the tick counter, follows the same clock: a tick that came late, or
 * was lost, does not lose time.  Without a TSC the ticks are the clock.
 * Wall-clock time is the monotonic clock plus an offset, which the RTC gives at
 * boot and settimeofday() changes.
 *
 * Locking: the wall offset and the conversion by a lock with interrupts off;
 * jiffies is written by the tick only.
 */
#ifndef OCTAVO_KERNEL_CORE_TIME_H
#define OCTAVO_KERNEL_CORE_TIME_H

#include <lib/types.h>

#define HZ		100
#define USER_HZ		100
#define NSEC_PER_SEC	1000000000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_USEC	1000L
#define USEC_PER_SEC	1000000L
#define USEC_PER_MSEC	1000L
#define MSEC_PER_SEC	1000L
#define TICK_NSEC	(NSEC_PER_SEC / HZ)

/* Ticks since boot.  The 64-bit one needs get_jiffies_64(). */
extern volatile unsigned long jiffies;
u64 get_jiffies_64(void);

#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	time_after_eq(b, a)

/* Rounded up: a wait is never shorter than asked. */
static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return (ms + (MSEC_PER_SEC / HZ) - 1) / (MSEC_PER_SEC / HZ);
}

static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return j * (MSEC_PER_SEC / HZ);
}

/* Rounded up; more than a long can hold becomes MAX_SCHEDULE_TIMEOUT - 1. */
unsigned long nsecs_to_jiffies_up(u64 ns);

/* The kernel's own form, 64-bit seconds. */
struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

/* Nanoseconds since boot; never goes back. */
u64 ktime_get_ns(void);
/* Nanoseconds since 1970. */
u64 ktime_get_real_ns(void);
void ktime_get_real_ts64(struct timespec64 *ts);
void ktime_get_ts64(struct timespec64 *ts);
/* Whole seconds since 1970. */
s64 ktime_get_real_seconds(void);
/* => 0 or -EINVAL */
int do_settimeofday64(const struct timespec64 *ts);
struct timespec64 ns_to_timespec64(u64 ns);
u64 timespec64_to_ns(const struct timespec64 *ts);

/* Busy waiting, for hardware. */
void udelay(unsigned long us);
void ndelay(unsigned long ns);

extern u32 tsc_khz;	/* [c] 0: no TSC */

/* Calibrate, read the RTC; then time_start_tick() lets IRQ 0 come. */
void time_init(void);
void time_start_tick(void);

/* On a processor that comes up and on the boot processor, at the same time. */
void tsc_compare(bool boot);

/* Called with each tick at the end, with interrupts off: registered by the scheduler's layer. */
extern void (*tick_hook)(int user_mode);

#endif
