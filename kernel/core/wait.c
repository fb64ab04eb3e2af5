/*
 * kernel/core/wait.c - wait queues.
 *
 * Theory: kernel/core/wait.h, with the picture of why the order "on the queue,
 * then look, then sleep" loses no wake-up.
 *
 * A queue is a list of entries; each has a function that is called to wake its
 * owner, normally try_to_wake_up().  Entries without WQ_FLAG_EXCLUSIVE stand in
 * front and are all woken; exclusive ones stand behind them, and a wake-up stops
 * after as many of these as it was told, so that a hundred sleepers do not rush
 * for one free thing (the "thundering herd").
 *
 * Locking: q->lock, interrupts off.  finish_wait() may find by a careful look at
 * its own entry alone that the waker has already taken it off, and then needs no
 * lock.
 */
#include <kernel/core/wait.h>

#include <kernel/core/sched.h>

void add_wait_queue(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	wait->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&q->lock, flags);
	list_add(&wait->task_list, &q->task_list);
	spin_unlock_irqrestore(&q->lock, flags);
}

void add_wait_queue_exclusive(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	wait->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&q->lock, flags);
	list_add_tail(&wait->task_list, &q->task_list);
	spin_unlock_irqrestore(&q->lock, flags);
}

void remove_wait_queue(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_del(&wait->task_list);
	spin_unlock_irqrestore(&q->lock, flags);
}

void prepare_to_wait(wait_queue_head_t *q, wait_queue_t *wait, int state)
{
	unsigned long flags;

	wait->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&q->lock, flags);
	if (list_empty(&wait->task_list))
		list_add(&wait->task_list, &q->task_list);
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_queue_t *wait, int state)
{
	unsigned long flags;

	wait->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&q->lock, flags);
	if (list_empty(&wait->task_list))
		list_add_tail(&wait->task_list, &q->task_list);
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

void finish_wait(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	if (!list_empty_careful(&wait->task_list)) {
		spin_lock_irqsave(&q->lock, flags);
		list_del_init(&wait->task_list);
		spin_unlock_irqrestore(&q->lock, flags);
	}
}

int default_wake_function(wait_queue_t *wait, unsigned int mode, void *key)
{
	return try_to_wake_up(wait->task, mode);
}

/* Off the queue as soon as it is awake: a second wake-up goes to the next in line. */
int autoremove_wake_function(wait_queue_t *wait, unsigned int mode, void *key)
{
	int woken = default_wake_function(wait, mode, key);

	if (woken)
		list_del_init(&wait->task_list);
	return woken;
}

void __wake_up_locked(wait_queue_head_t *q, unsigned int mode, int nr_exclusive, void *key)
{
	wait_queue_t *wait, *next;

	list_for_each_entry_safe(wait, next, &q->task_list, task_list) {
		unsigned int exclusive = wait->flags & WQ_FLAG_EXCLUSIVE;

		if (wait->func(wait, mode, key) && exclusive && !--nr_exclusive)
			break;
	}
}

void __wake_up(wait_queue_head_t *q, unsigned int mode, int nr_exclusive, void *key)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	__wake_up_locked(q, mode, nr_exclusive, key);
	spin_unlock_irqrestore(&q->lock, flags);
}
