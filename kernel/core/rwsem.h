/*
 * kernel/core/rwsem.h - many readers or one writer; waiters sleep.
 *
 * Fair: waiters stand in one queue.  A reader that finds a writer waiting waits
 * behind it; when the lock comes free, the first in the queue gets it, and if
 * that is a reader all readers directly behind it come along.
 *
 * A reader must not take the same lock twice: a writer may queue in between.
 */
#ifndef OCTAVO_KERNEL_CORE_RWSEM_H
#define OCTAVO_KERNEL_CORE_RWSEM_H

#include <kernel/core/spinlock.h>
#include <lib/list.h>

struct rw_semaphore {
	spinlock_t wait_lock;
	int activity;			/* [wait_lock] > 0 readers, -1 a writer, 0 free */
	struct list_head wait_list;	/* [wait_lock] struct rwsem_waiter */
};

#define __RWSEM_INITIALIZER(name) \
	{ .wait_lock = __SPIN_LOCK_INIT, .wait_list = LIST_HEAD_INIT((name).wait_list) }
#define DECLARE_RWSEM(name)	struct rw_semaphore name = __RWSEM_INITIALIZER(name)

void init_rwsem(struct rw_semaphore *sem);
void down_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
/* => 1 held, 0 not; never sleep */
int down_read_trylock(struct rw_semaphore *sem);
int down_write_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
/* The writer becomes a reader; waiting readers at the front join it. */
void downgrade_write(struct rw_semaphore *sem);

static inline int rwsem_is_locked(const struct rw_semaphore *sem)
{
	return sem->activity != 0;
}

#endif
