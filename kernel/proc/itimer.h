/*
 * kernel/proc/itimer.h - interval timers, in ticks.
 */
#ifndef OCTAVO_KERNEL_PROC_ITIMER_H
#define OCTAVO_KERNEL_PROC_ITIMER_H

#include <kernel/core/signal.h>

#define ITIMER_REAL	0
#define ITIMER_VIRTUAL	1
#define ITIMER_PROF	2

struct itimer_ticks {
	unsigned long interval;		/* 0: once */
	unsigned long value;		/* 0: off */
};

/*
 * The caller's timer: set it unless @value is NULL, tell the old one unless @old is.
 * => 0 or -EINVAL
 */
int do_setitimer(int which, const struct itimer_ticks *value, struct itimer_ticks *old);
/* RLIMIT_CPU or a timer changed. => siglock held */
void update_cpu_timers(struct signal_struct *sig);

#endif
