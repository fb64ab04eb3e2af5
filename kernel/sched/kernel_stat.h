/*
 * kernel/sched/kernel_stat.h - what the processors did, for /proc/stat and loadavg.
 *
 * A tick counts wholly for what it interrupted.  Load is the number of tasks
 * that run or wait uninterruptibly, averaged with exponential decay over 1, 5
 * and 15 minutes in fixed point (FSHIFT bits behind the point).
 */
#ifndef OCTAVO_KERNEL_SCHED_KERNEL_STAT_H
#define OCTAVO_KERNEL_SCHED_KERNEL_STAT_H

#include <kernel/arch/atomic.h>
#include <kernel/core/percpu.h>
#include <lib/types.h>

enum cpu_usage_stat {
	CPUTIME_USER, CPUTIME_NICE, CPUTIME_SYSTEM, CPUTIME_IDLE, CPUTIME_IOWAIT, NR_CPUTIMES
};

struct kernel_cpustat {
	u64 cpustat[NR_CPUTIMES];	/* ticks */
};
DECLARE_PER_CPU(struct kernel_cpustat, kernel_cpustat);

/* [a] tasks in do_exit() that have not left their processor for the last time. */
extern atomic_t nr_dying;

u64 nr_context_switches(void);
unsigned long nr_running(void);		/* runnable tasks, the running one included */
unsigned long nr_uninterruptible(void);
unsigned long nr_iowait(void);

#define FSHIFT		11
#define FIXED_1		(1UL << FSHIFT)
#define LOAD_INT(x)	((x) >> FSHIFT)
#define LOAD_FRAC(x)	LOAD_INT(((x) & (FIXED_1 - 1)) * 100)
extern unsigned long avenrun[3];	/* FIXED_1 = a load of 1.00 */

/* Sleep as schedule() and schedule_timeout() do, counted as waiting for a device. */
void io_schedule(void);
long io_schedule_timeout(long timeout);

#endif
