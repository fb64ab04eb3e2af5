/*
 * kernel/core/wait.h - wait queues: sleep until somebody says so.
 *
 * A sleeper puts itself on the queue *before* it looks at the condition, so
 * that a wake-up between the look and the sleep is not lost:
 *
 *	sleeper				waker
 *	prepare_to_wait(): on queue,
 *	  state = TASK_INTERRUPTIBLE
 *	condition? no			condition = true
 *					wake_up(): state = TASK_RUNNING
 *	schedule(): state is RUNNING,
 *	  so it only yields
 *	condition? yes
 *	finish_wait()
 *
 * wait_event() and its kin are this loop.  Locking: q->lock, interrupts off,
 * so that a handler may wake; it ranks below run-queue locks only.
 */
#ifndef OCTAVO_KERNEL_CORE_WAIT_H
#define OCTAVO_KERNEL_CORE_WAIT_H

#include <kernel/core/spinlock.h>
#include <lib/list.h>

struct task_struct;
struct wait_queue_entry;

/* Returns nonzero when it woke somebody (counts against an exclusive wake-up). */
typedef int (*wait_queue_func_t)(struct wait_queue_entry *wait, unsigned int mode, void *key);

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head task_list;	/* [lock] wait_queue_entry.task_list */
} wait_queue_head_t;

#define WQ_FLAG_EXCLUSIVE	0x01u	/* stands at the end; one is woken at a time */

typedef struct wait_queue_entry {
	unsigned int flags;
	struct task_struct *task;
	wait_queue_func_t func;
	struct list_head task_list;
} wait_queue_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name) \
	{ .lock = __SPIN_LOCK_INIT(name), .task_list = LIST_HEAD_INIT((name).task_list) }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DEFINE_WAIT(name) \
	wait_queue_t name = { .task = current, .func = autoremove_wake_function, \
			      .task_list = LIST_HEAD_INIT((name).task_list) }
#define DECLARE_WAITQUEUE(name, tsk) \
	wait_queue_t name = { .task = (tsk), .func = default_wake_function, \
			      .task_list = LIST_HEAD_INIT((name).task_list) }

#define init_waitqueue_head_name(q, name) do {		\
	spin_lock_init_name(&(q)->lock, name);		\
	INIT_LIST_HEAD(&(q)->task_list);		\
} while (0)
#define init_waitqueue_head(q)	init_waitqueue_head_name(q, #q)

void add_wait_queue(wait_queue_head_t *q, wait_queue_t *wait);
void add_wait_queue_exclusive(wait_queue_head_t *q, wait_queue_t *wait);
void remove_wait_queue(wait_queue_head_t *q, wait_queue_t *wait);
void prepare_to_wait(wait_queue_head_t *q, wait_queue_t *wait, int state);
void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_queue_t *wait, int state);
void finish_wait(wait_queue_head_t *q, wait_queue_t *wait);
int default_wake_function(wait_queue_t *wait, unsigned int mode, void *key);
int autoremove_wake_function(wait_queue_t *wait, unsigned int mode, void *key);
/* => q->lock held */
void __wake_up_locked(wait_queue_head_t *q, unsigned int mode, int nr_exclusive, void *key);
void __wake_up(wait_queue_head_t *q, unsigned int mode, int nr_exclusive, void *key);

static inline int waitqueue_active(const wait_queue_head_t *q)
{
	return !list_empty(&q->task_list);
}

/* Any context, interrupts included.  Every plain sleeper wakes, and one exclusive one. */
#define wake_up(q)		__wake_up(q, TASK_NORMAL, 1, NULL)
#define wake_up_nr(q, nr)	__wake_up(q, TASK_NORMAL, nr, NULL)
#define wake_up_all(q)		__wake_up(q, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(q) __wake_up(q, TASK_INTERRUPTIBLE, 1, NULL)

#define __wait_event(q, condition, state, on_signal, sleep)	\
do {								\
	DEFINE_WAIT(__wait);					\
	for (;;) {						\
		prepare_to_wait(&(q), &__wait, state);		\
		if (condition)					\
			break;					\
		on_signal					\
		sleep;						\
	}							\
	finish_wait(&(q), &__wait);				\
} while (0)

/* Sleep until @condition; no signal disturbs. */
#define wait_event(q, condition)				\
do {								\
	if (!(condition))					\
		__wait_event(q, condition, TASK_UNINTERRUPTIBLE, , schedule()); \
} while (0)

/* ... for a device: counted in iowait and procs_blocked (include kernel/sched/kernel_stat.h) */
#define io_wait_event(q, condition)				\
do {								\
	if (!(condition))					\
		__wait_event(q, condition, TASK_UNINTERRUPTIBLE, , io_schedule()); \
} while (0)

/* => 0, or -ERESTARTSYS when a signal came first */
#define wait_event_interruptible(q, condition)			\
({								\
	int __ret = 0;						\
	if (!(condition))					\
		__wait_event(q, condition, TASK_INTERRUPTIBLE,	\
			if (signal_pending(current)) { __ret = -ERESTARTSYS; break; }, \
			schedule());				\
	__ret;							\
})

/* @timeout in jiffies => what is left of it (at least 1 if the condition holds), or 0 */
#define wait_event_timeout(q, condition, timeout)		\
({								\
	long __left = (timeout);				\
	if (!(condition))					\
		__wait_event(q, condition, TASK_UNINTERRUPTIBLE, \
			if (!__left) break;, __left = schedule_timeout(__left)); \
	(condition) && !__left ? 1 : __left;			\
})

/* => as above, or -ERESTARTSYS */
#define wait_event_interruptible_timeout(q, condition, timeout)	\
({								\
	long __left = (timeout);				\
	if (!(condition))					\
		__wait_event(q, condition, TASK_INTERRUPTIBLE,	\
			if (signal_pending(current)) { __left = -ERESTARTSYS; break; } \
			if (!__left) break;, __left = schedule_timeout(__left)); \
	__left < 0 ? __left : (condition) && !__left ? 1 : __left; \
})

#endif
