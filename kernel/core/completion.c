/*
 * kernel/core/completion.c - waiting for an event that happens once.
 *
 * `done` is consumed under the queue's lock.  A waiter that sees done leaves
 * only after it has taken that lock once more (in consume()), and complete()
 * wakes under it: so a struct on the waiter's stack outlives complete().
 */
#include <kernel/core/completion.h>

#include <kernel/core/sched.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define DONE_FOR_ALL	(~0u / 2)

static bool consume(struct completion *x)
{
	unsigned long flags;
	bool got;

	spin_lock_irqsave(&x->wait.lock, flags);
	got = x->done != 0;
	if (got && x->done < DONE_FOR_ALL)
		x->done--;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return got;
}

/* => jiffies left (at least 1); 0: time is up; -ERESTARTSYS: a signal */
static long __sched wait_common(struct completion *x, long timeout, int state)
{
	DEFINE_WAIT(wait);
	long ret = 0;

	might_sleep();
	for (;;) {
		if (consume(x)) {
			ret = max(timeout, 1L);
			break;
		}
		prepare_to_wait_exclusive(&x->wait, &wait, state);
		if (READ_ONCE(x->done))
			continue;
		if (state == TASK_INTERRUPTIBLE && signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!timeout)
			break;
		timeout = schedule_timeout(timeout);
	}
	finish_wait(&x->wait, &wait);
	/* A wake-up that we got but do not use belongs to the next in the queue. */
	if (ret <= 0 && READ_ONCE(x->done))
		wake_up(&x->wait);
	return ret;
}

void __sched wait_for_completion(struct completion *x)
{
	wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE);
}

int __sched wait_for_completion_interruptible(struct completion *x)
{
	long left = wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_INTERRUPTIBLE);

	return left < 0 ? (int)left : 0;
}

unsigned long __sched wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return (unsigned long)wait_common(x, (long)timeout, TASK_UNINTERRUPTIBLE);
}

/* The first sleeper is woken under the lock; see the theory above. */
static void complete_nr(struct completion *x, unsigned int add)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	x->done = add == 1 && x->done < DONE_FOR_ALL ? x->done + 1 : DONE_FOR_ALL;
	__wake_up_locked(&x->wait, TASK_NORMAL, add == 1 ? 1 : 0, NULL);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete(struct completion *x)
{
	complete_nr(x, 1);
}

void complete_all(struct completion *x)
{
	complete_nr(x, 0);
}
