/*
 * kernel/core/semaphore.h - a counter to wait on.
 *
 * down() takes one and sleeps while there is none; up() gives one back, also
 * from an interrupt handler.  For "at most N at a time".
 */
#ifndef OCTAVO_KERNEL_CORE_SEMAPHORE_H
#define OCTAVO_KERNEL_CORE_SEMAPHORE_H

#include <kernel/core/wait.h>

struct semaphore {
	wait_queue_head_t wait;
	int count;		/* [wait.lock] */
};

#define sema_init(sem, val) do {				\
	init_waitqueue_head_name(&(sem)->wait, #sem);		\
	(sem)->count = (val);					\
} while (0)
void down(struct semaphore *sem);
/* => 0 taken, or -EINTR */
int __must_check down_interruptible(struct semaphore *sem);
/* => 0 taken, 1 not (Linux's sense) */
int down_trylock(struct semaphore *sem);
void up(struct semaphore *sem);

#endif
