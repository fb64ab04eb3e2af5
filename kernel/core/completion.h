/*
 * kernel/core/completion.h - "it has happened".
 *
 * One side waits until the other says complete().  Unlike a bare wait queue it
 * remembers: complete() before wait_for_completion() is not lost.  The waiter
 * may have the struct on its stack: complete() touches nothing after the lock
 * that the waiter must take to leave.
 */
#ifndef OCTAVO_KERNEL_CORE_COMPLETION_H
#define OCTAVO_KERNEL_CORE_COMPLETION_H

#include <kernel/core/wait.h>

struct completion {
	unsigned int done;	/* [wait.lock] complete() calls not yet consumed */
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(name) \
	{ 0, __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) }
#define DECLARE_COMPLETION(name)	struct completion name = COMPLETION_INITIALIZER(name)

#define init_completion(x) do {				\
	(x)->done = 0;					\
	init_waitqueue_head_name(&(x)->wait, #x);	\
} while (0)
void wait_for_completion(struct completion *x);
/* => 0, or -ERESTARTSYS when a signal came first */
int __must_check wait_for_completion_interruptible(struct completion *x);
/* => jiffies left (at least 1), or 0: timed out */
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
/* Any context. */
void complete(struct completion *x);
void complete_all(struct completion *x);

#endif
