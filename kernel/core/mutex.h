/*
 * kernel/core/mutex.h - a lock whose waiters sleep.
 *
 * One task owns it, and only the owner unlocks.  Waiters are served in the
 * order they came: unlock hands the mutex over to the first, so that nobody
 * starves.  Not for interrupt handlers.
 */
#ifndef OCTAVO_KERNEL_CORE_MUTEX_H
#define OCTAVO_KERNEL_CORE_MUTEX_H

#include <kernel/core/spinlock.h>
#include <lib/list.h>

struct task_struct;

struct mutex {
	spinlock_t wait_lock;
	struct task_struct *owner;	/* [wait_lock] NULL: free */
	struct list_head wait_list;	/* [wait_lock] struct mutex_waiter, first come first */
#ifdef CONFIG_DEBUG
	struct lockdep_map dep;
#endif
};

extern const struct lock_class_key mutex_wait_lock_key;

#define __MUTEX_INITIALIZER(name) \
	{ .wait_lock = __SPIN_LOCK_INIT_KEY(mutex.wait_lock, &mutex_wait_lock_key), \
	  .wait_list = LIST_HEAD_INIT((name).wait_list), __LOCKDEP_INIT(name, NULL) }
#define DEFINE_MUTEX(name)	struct mutex name = __MUTEX_INITIALIZER(name)

#define mutex_init(lock) do {		\
	__mutex_init(lock);		\
	__lockdep_init(lock, #lock);	\
} while (0)
void __mutex_init(struct mutex *lock);
/* => may sleep; the mutex is held */
void mutex_lock(struct mutex *lock);
#ifdef CONFIG_DEBUG
void mutex_lock_nested(struct mutex *lock, unsigned int subclass);
#else
#define mutex_lock_nested(lock, subclass)	mutex_lock(lock)
#endif
/* => 0 held, or -EINTR when a signal came first */
int __must_check mutex_lock_interruptible(struct mutex *lock);
/* => 1 held, 0 somebody else has it; never sleeps */
int mutex_trylock(struct mutex *lock);
/* => the caller is the owner */
void mutex_unlock(struct mutex *lock);

static inline int mutex_is_locked(const struct mutex *lock)
{
	return lock->owner != NULL;
}

#endif
