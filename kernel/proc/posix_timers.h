/*
 * kernel/proc/posix_timers.h - timers that a process makes by number: timer_create() and its kin.
 */
#ifndef OCTAVO_KERNEL_PROC_POSIX_TIMERS_H
#define OCTAVO_KERNEL_PROC_POSIX_TIMERS_H

#include <kernel/core/signal.h>

struct sigqueue;

/* What timer_settime() and timer_gettime() speak of, in nanoseconds. */
struct posix_timer_setting {
	u64 interval;		/* 0: once */
	u64 value;		/* 0: off; a span, or with @absolute a moment of the timer's clock */
	bool absolute;
};

/* => may sleep; the new timer's number; -EAGAIN, -EINVAL. @event NULL: SIGALRM with the number */
int posix_timer_create(bool realtime, const struct sigevent *event);
/* => may sleep; 0 or -EINVAL: no such timer; *old is set, unless NULL */
int posix_timer_set(int id, const struct posix_timer_setting *new, struct posix_timer_setting *old);
/* => 0 or -EINVAL */
int posix_timer_get(int id, struct posix_timer_setting *setting);
/* Expirations that the last signal stood for, besides the first. => the number, or -EINVAL */
int posix_timer_overrun(int id);
/* => may sleep; 0 or -EINVAL */
int posix_timer_delete(int id);

/* exec, and the end of the process: all of them go. => may sleep, nobody else of the process runs */
void exit_posix_timers(struct signal_struct *sig);
/* @q, which belongs to a timer, has been taken: complete what it says. => siglock held */
void posix_timer_taken(struct sigqueue *q, siginfo_t *info);

void posix_timers_init(void);

#endif
