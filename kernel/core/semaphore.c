/*
 * kernel/core/semaphore.c - counting semaphores on a wait queue.
 *
 * The count is looked at and taken under the wait queue's own lock, so up() from
 * a handler and down() cannot miss each other.
 */
#include <kernel/core/semaphore.h>

#include <kernel/core/sched.h>
#include <lib/errno.h>

int down_trylock(struct semaphore *sem)
{
	unsigned long flags;
	int failed = 1;

	spin_lock_irqsave(&sem->wait.lock, flags);
	if (sem->count > 0) {
		sem->count--;
		failed = 0;
	}
	spin_unlock_irqrestore(&sem->wait.lock, flags);
	return failed;
}

static int __sched down_state(struct semaphore *sem, int state)
{
	DEFINE_WAIT(wait);
	int err = 0;

	might_sleep();
	while (down_trylock(sem)) {
		prepare_to_wait_exclusive(&sem->wait, &wait, state);
		if (state == TASK_INTERRUPTIBLE && signal_pending(current)) {
			err = -EINTR;
			break;
		}
		if (sem->count <= 0)
			schedule();
	}
	finish_wait(&sem->wait, &wait);
	/* A wake-up that we got but do not use belongs to the next in the queue. */
	if (err && sem->count > 0)
		wake_up(&sem->wait);
	return err;
}

void __sched down(struct semaphore *sem)
{
	down_state(sem, TASK_UNINTERRUPTIBLE);
}

int __sched down_interruptible(struct semaphore *sem)
{
	return down_state(sem, TASK_INTERRUPTIBLE);
}

void up(struct semaphore *sem)
{
	unsigned long flags;

	spin_lock_irqsave(&sem->wait.lock, flags);
	sem->count++;
	spin_unlock_irqrestore(&sem->wait.lock, flags);
	wake_up(&sem->wait);
}
