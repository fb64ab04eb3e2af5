/*
 * kernel/uapi/time.h - times as ring 3 hands them over.
 *
 * The old calls have 32-bit seconds and end in 2038; the calls whose names end in 64 have
 * 64-bit ones.
 */
#ifndef OCTAVO_KERNEL_UAPI_TIME_H
#define OCTAVO_KERNEL_UAPI_TIME_H

#include <lib/types.h>

#define CLOCK_REALTIME			0
#define CLOCK_MONOTONIC			1
#define CLOCK_PROCESS_CPUTIME_ID	2
#define CLOCK_THREAD_CPUTIME_ID		3
#define CLOCK_MONOTONIC_RAW		4
#define CLOCK_REALTIME_COARSE		5
#define CLOCK_MONOTONIC_COARSE		6
#define CLOCK_BOOTTIME			7
#define TIMER_ABSTIME			1

struct old_timespec32 {
	s32 tv_sec;
	s32 tv_nsec;
};

struct old_timeval32 {
	s32 tv_sec;
	s32 tv_usec;
};

struct __kernel_timespec {
	s64 tv_sec;
	s64 tv_nsec;
};
static_assert(sizeof(struct old_timespec32) == 8 && sizeof(struct __kernel_timespec) == 16,
	      "user ABI");

#endif
