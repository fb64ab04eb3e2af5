/*
 * kernel/core/rwsem.c - fair reader-writer semaphores.
 *
 * Theory.  activity counts readers, or is -1 for a writer.  A newcomer gets the
 * lock only if it is compatible *and* nobody waits.  Whoever makes the lock
 * free, or frees it for readers, hands it to the front of the queue: one writer,
 * or all readers up to the next writer.  "Handing over" changes activity on the
 * waiter's behalf and clears waiter->task, on which it sleeps.
 *
 * The waiter lives on the sleeper's stack: after waiter->task is cleared it may
 * be gone, so the task to wake is remembered first, and kept by a reference.
 *
 * Locking: wait_lock.
 */
#include <kernel/core/rwsem.h>

#include <kernel/core/bug.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/sched.h>

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task;	/* NULL: it has the lock now */
	bool writer;
};

const struct lock_class_key rwsem_wait_lock_key;

void __init_rwsem(struct rw_semaphore *sem)
{
	spin_lock_init(&sem->wait_lock);
	lockdep_set_class_and_name(&sem->wait_lock, &rwsem_wait_lock_key, "rwsem.wait_lock");
	sem->activity = 0;
	INIT_LIST_HEAD(&sem->wait_list);
}

static void grant(struct rwsem_waiter *waiter)
{
	struct task_struct *tsk = waiter->task;

	list_del(&waiter->list);
	get_task_struct(tsk);
	smp_mb();
	waiter->task = NULL;
	wake_up_process(tsk);
	put_task_struct(tsk);
}

/* Hand a lock that is free, or held by readers only, to the front. => wait_lock held */
static void rwsem_wake(struct rw_semaphore *sem)
{
	while (!list_empty(&sem->wait_list)) {
		struct rwsem_waiter *w = list_first_entry(&sem->wait_list,
							  struct rwsem_waiter, list);

		if (w->writer) {
			if (sem->activity == 0) {
				sem->activity = -1;
				grant(w);
			}
			return;
		}
		sem->activity++;
		grant(w);
	}
}

static noinline void fastcall wake_and_unlock(struct rw_semaphore *sem)
{
	rwsem_wake(sem);
	spin_unlock(&sem->wait_lock);
}

/* The same if somebody waits. => wait_lock held on entry, not on return */
static inline void hand_on(struct rw_semaphore *sem)
{
	if (unlikely(!list_empty(&sem->wait_list)))
		wake_and_unlock(sem);
	else
		spin_unlock(&sem->wait_lock);
}

/* => wait_lock held on entry, not on return; the lock is ours then */
static noinline void fastcall __sched rwsem_wait(struct rw_semaphore *sem, bool writer)
{
	struct rwsem_waiter waiter = { .task = current, .writer = writer };

	list_add_tail(&waiter.list, &sem->wait_list);
	spin_unlock(&sem->wait_lock);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!READ_ONCE(waiter.task))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* => taken, if that needs no waiting */
static bool try_read(struct rw_semaphore *sem)
{
	bool got = sem->activity >= 0 && list_empty(&sem->wait_list);

	if (got)
		sem->activity++;
	return got;
}

static bool try_write(struct rw_semaphore *sem)
{
	bool got = sem->activity == 0 && list_empty(&sem->wait_list);

	if (got)
		sem->activity = -1;
	return got;
}

static inline int trylock(struct rw_semaphore *sem, bool writer, unsigned long ip)
{
	spin_lock(&sem->wait_lock);
	if (unlikely(!(writer ? try_write(sem) : try_read(sem)))) {
		spin_unlock(&sem->wait_lock);
		return 0;
	}
	spin_unlock(&sem->wait_lock);
	lock_acquire(&sem->dep, sem, LOCK_RWSEM | LOCK_TRY | (writer ? 0 : LOCK_READ), 0, ip);
	lock_acquired(sem, 0, false);
	return 1;
}

int fastcall down_read_trylock(struct rw_semaphore *sem)
{
	return trylock(sem, false, _RET_IP_);
}

int fastcall down_write_trylock(struct rw_semaphore *sem)
{
	return trylock(sem, true, _RET_IP_);
}

static inline void take(struct rw_semaphore *sem, bool writer, unsigned int subclass,
			unsigned long ip)
{
	u64 start;

	might_sleep();
	lock_acquire(&sem->dep, sem, LOCK_RWSEM | (writer ? 0 : LOCK_READ), subclass, ip);
	spin_lock(&sem->wait_lock);
	if (likely(writer ? try_write(sem) : try_read(sem))) {
		spin_unlock(&sem->wait_lock);
		lock_acquired(sem, 0, false);
		return;
	}
	start = lock_clock();
	rwsem_wait(sem, writer);
	lock_acquired(sem, lock_clock() - start, true);
}

void fastcall __sched down_read(struct rw_semaphore *sem)
{
	take(sem, false, 0, _RET_IP_);
}

void fastcall __sched down_write(struct rw_semaphore *sem)
{
	take(sem, true, 0, _RET_IP_);
}

#ifdef CONFIG_DEBUG
void fastcall __sched down_read_nested(struct rw_semaphore *sem, unsigned int subclass)
{
	take(sem, false, subclass, _RET_IP_);
}

void fastcall __sched down_write_nested(struct rw_semaphore *sem, unsigned int subclass)
{
	take(sem, true, subclass, _RET_IP_);
}
#endif

void fastcall up_read(struct rw_semaphore *sem)
{
	if (!lock_release(sem, _RET_IP_))
		return;
	spin_lock(&sem->wait_lock);
	BUG_VAL(sem->activity <= 0, sem, sem->activity);
	if (--sem->activity == 0)
		hand_on(sem);
	else
		spin_unlock(&sem->wait_lock);
}

void fastcall up_write(struct rw_semaphore *sem)
{
	if (!lock_release(sem, _RET_IP_))
		return;
	spin_lock(&sem->wait_lock);
	BUG_VAL(sem->activity != -1, sem, sem->activity);
	sem->activity = 0;
	hand_on(sem);
}

void fastcall downgrade_write(struct rw_semaphore *sem)
{
	spin_lock(&sem->wait_lock);
	BUG_VAL(sem->activity != -1, sem, sem->activity);
	sem->activity = 1;
	hand_on(sem);
}
