/*
 * kernel/core/mutex.c - sleeping locks with an owner.
 *
 * Theory.  The owner field is the lock.  unlock finds the first waiter and makes
 * *it* the owner before waking it: the waiter has nothing to compete for, and a
 * task that unlocks and locks again at once cannot overtake.  A waiter leaves
 * the list either as owner, or, interrupted, by its own hand; wait_lock decides
 * which came first.
 *
 * Locking: wait_lock, interrupts on around it (handlers do not use mutexes).
 */
#include <kernel/core/mutex.h>

#include <kernel/core/bug.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/sched.h>
#include <lib/errno.h>

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
};

const struct lock_class_key mutex_wait_lock_key;

void __mutex_init(struct mutex *lock)
{
	spin_lock_init(&lock->wait_lock);
	lockdep_set_class_and_name(&lock->wait_lock, &mutex_wait_lock_key, "mutex.wait_lock");
	lock->owner = NULL;
	INIT_LIST_HEAD(&lock->wait_list);
}

/* Wait for unlock to make us the owner. => wait_lock held on entry, not on return */
static int __sched mutex_wait(struct mutex *lock, int state)
{
	struct mutex_waiter waiter = { .task = current };
	int err = 0;

	list_add_tail(&waiter.list, &lock->wait_list);
	for (;;) {
		set_current_state(state);
		if (lock->owner == current)
			break;
		if (state == TASK_INTERRUPTIBLE && signal_pending(current)) {
			list_del(&waiter.list);
			err = -EINTR;
			break;
		}
		spin_unlock(&lock->wait_lock);
		schedule();
		spin_lock(&lock->wait_lock);
	}
	__set_current_state(TASK_RUNNING);
	spin_unlock(&lock->wait_lock);
	return err;
}

static int __sched mutex_lock_state(struct mutex *lock, int state, unsigned int subclass,
				    unsigned long ip)
{
	u64 start;
	int err;

	might_sleep();
	lock_acquire(&lock->dep, lock, LOCK_MUTEX, subclass, ip);
	spin_lock(&lock->wait_lock);
	if (!lock->owner) {
		lock->owner = current;
		spin_unlock(&lock->wait_lock);
		lock_acquired(lock, 0, false);
		return 0;
	}
	BUG_VAL(lock->owner == current, lock, current);
	start = lock_clock();
	err = mutex_wait(lock, state);
	if (err)
		lock_release(lock, ip);
	else
		lock_acquired(lock, lock_clock() - start, true);
	return err;
}

void __sched mutex_lock(struct mutex *lock)
{
	mutex_lock_state(lock, TASK_UNINTERRUPTIBLE, 0, _RET_IP_);
}

#ifdef CONFIG_DEBUG
void __sched mutex_lock_nested(struct mutex *lock, unsigned int subclass)
{
	mutex_lock_state(lock, TASK_UNINTERRUPTIBLE, subclass, _RET_IP_);
}
#endif

int __sched mutex_lock_interruptible(struct mutex *lock)
{
	return mutex_lock_state(lock, TASK_INTERRUPTIBLE, 0, _RET_IP_);
}

int mutex_trylock(struct mutex *lock)
{
	int got;

	spin_lock(&lock->wait_lock);
	got = !lock->owner;
	if (got)
		lock->owner = current;
	spin_unlock(&lock->wait_lock);
	if (got) {
		lock_acquire(&lock->dep, lock, LOCK_MUTEX | LOCK_TRY, 0, _RET_IP_);
		lock_acquired(lock, 0, false);
	}
	return got;
}

void mutex_unlock(struct mutex *lock)
{
	struct mutex_waiter *waiter;

	if (!lock_release(lock, _RET_IP_))
		return;
	BUG_VAL(lock->owner != current, lock->owner, current);
	spin_lock(&lock->wait_lock);
	if (list_empty(&lock->wait_list)) {
		lock->owner = NULL;
	} else {
		waiter = list_first_entry(&lock->wait_list, struct mutex_waiter, list);
		list_del(&waiter->list);
		lock->owner = waiter->task;
		wake_up_process(waiter->task);
	}
	spin_unlock(&lock->wait_lock);
}
