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

#include <kernel/arch/linkage.h>
#include <kernel/core/spinlock.h>
#include <lib/list.h>

struct rw_semaphore {
	spinlock_t wait_lock;
	int activity;			/* [wait_lock] > 0 readers, -1 a writer, 0 free */
	struct list_head wait_list;	/* [wait_lock] struct rwsem_waiter */
#ifdef CONFIG_DEBUG
	struct lockdep_map dep;
#endif
};

extern const struct lock_class_key rwsem_wait_lock_key;

#define __RWSEM_INITIALIZER(name) \
	{ .wait_lock = __SPIN_LOCK_INIT_KEY(rwsem.wait_lock, &rwsem_wait_lock_key), \
	  .wait_list = LIST_HEAD_INIT((name).wait_list), __LOCKDEP_INIT(name, NULL) }
#define DECLARE_RWSEM(name)	struct rw_semaphore name = __RWSEM_INITIALIZER(name)

#define init_rwsem(sem) do {		\
	__init_rwsem(sem);		\
	__lockdep_init(sem, #sem);	\
} while (0)
void __init_rwsem(struct rw_semaphore *sem);
void fastcall down_read(struct rw_semaphore *sem);
void fastcall down_write(struct rw_semaphore *sem);
#ifdef CONFIG_DEBUG
void fastcall down_read_nested(struct rw_semaphore *sem, unsigned int subclass);
void fastcall down_write_nested(struct rw_semaphore *sem, unsigned int subclass);
#else
#define down_read_nested(sem, subclass)		down_read(sem)
#define down_write_nested(sem, subclass)	down_write(sem)
#endif
/* => 1 held, 0 not; never sleep */
int fastcall down_read_trylock(struct rw_semaphore *sem);
int fastcall down_write_trylock(struct rw_semaphore *sem);
void fastcall up_read(struct rw_semaphore *sem);
void fastcall up_write(struct rw_semaphore *sem);
/* The writer becomes a reader; waiting readers at the front join it. */
void fastcall downgrade_write(struct rw_semaphore *sem);

static inline int rwsem_is_locked(const struct rw_semaphore *sem)
{
	return sem->activity != 0;
}

#endif
