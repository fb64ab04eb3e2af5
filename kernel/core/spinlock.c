/*
 * kernel/core/spinlock.c - the lock checker of debug builds.
 *
 * In release builds the way through is inline in spinlock.h; only the waiting for a
 * lock that is taken is here, as it never happens on one processor.
 *
 * On one processor without preemption a spinlock that is found taken stays so:
 * its holder is below us on this very stack, or is a task that slept with it.
 * Both are reported at once, with the holder's name and the place where it took
 * the lock.  With more processors the checker waits SPIN_PATIENCE rounds first.
 */
#include <kernel/core/spinlock.h>

#include <kernel/core/smp.h>

#ifndef CONFIG_DEBUG

void __spin_lock_slow(spinlock_t *lock)
{
	do
		while (lock->slock)
			smp_spin_poll();
	while (xchg(&lock->slock, 1));
}

void __read_lock_slow(rwlock_t *lock)
{
	for (;;) {
		int seen = atomic_read(&lock->count);

		if (seen > 0 && atomic_cmpxchg(&lock->count, seen, seen - 1) == seen)
			return;
		smp_spin_poll();
	}
}

void __write_lock_slow(rwlock_t *lock)
{
	while (atomic_cmpxchg(&lock->count, RW_LOCK_BIAS, 0) != RW_LOCK_BIAS)
		smp_spin_poll();
}

#else

#include <kernel/core/bug.h>
#include <kernel/core/irq.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/panic.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>

#define SPIN_PATIENCE	(nr_cpus == 1 ? 1UL : 1UL << 28)

static noinline void spin_bug(const spinlock_t *lock, const char *what)
{
	const struct task_struct *owner = lock->owner;
	char symbol[KSYM_SYMBOL_LEN];

	if (oops_in_progress)
		return;
	sprint_symbol(symbol, sizeof(symbol), lock->caller);
	panic("spinlock %p: %s; owner %s/%d, taken at %s", lock, what,
	      owner ? owner->comm : "none", owner ? owner->pid : -1, symbol);
}

static void taken(spinlock_t *lock, unsigned long caller)
{
	lock->owner = current;
	lock->caller = caller;
	current->lock_depth++;
}

void spin_lock(spinlock_t *lock)
{
	unsigned long patience = SPIN_PATIENCE;

	if (lock->magic != SPINLOCK_MAGIC)
		spin_bug(lock, "not initialised, or overwritten");
	while (xchg(&lock->slock, 1)) {
		if (!--patience)
			spin_bug(lock, lock->owner == current ? "recursion" : "deadlock");
		if (oops_in_progress)
			break;
		smp_spin_poll();
	}
	taken(lock, (unsigned long)__builtin_return_address(0));
}

int spin_trylock(spinlock_t *lock)
{
	if (lock->magic != SPINLOCK_MAGIC)
		spin_bug(lock, "not initialised, or overwritten");
	if (xchg(&lock->slock, 1))
		return 0;
	taken(lock, (unsigned long)__builtin_return_address(0));
	return 1;
}

void spin_unlock(spinlock_t *lock)
{
	if (lock->magic != SPINLOCK_MAGIC)
		spin_bug(lock, "not initialised, or overwritten");
	if (!lock->slock)
		spin_bug(lock, "unlocked, but not locked");
	if (lock->owner != current)
		spin_bug(lock, "unlocked by another task");
	lock->owner = NULL;
	current->lock_depth--;
	barrier();
	lock->slock = 0;
}

static noinline void rwlock_bug(const rwlock_t *lock, const char *what)
{
	if (!oops_in_progress)
		panic("rwlock %p: %s (count 0x%x)", lock, what, atomic_read(&lock->count));
}

void read_lock(rwlock_t *lock)
{
	unsigned long patience = SPIN_PATIENCE;

	if (lock->magic != RWLOCK_MAGIC)
		rwlock_bug(lock, "not initialised, or overwritten");
	while (!oops_in_progress) {
		int seen = atomic_read(&lock->count);

		if (seen > 0 && atomic_cmpxchg(&lock->count, seen, seen - 1) == seen)
			break;
		if (seen <= 0 && !--patience)
			rwlock_bug(lock, "read deadlock");
		smp_spin_poll();
	}
	current->lock_depth++;
}

void write_lock(rwlock_t *lock)
{
	unsigned long patience = SPIN_PATIENCE;

	if (lock->magic != RWLOCK_MAGIC)
		rwlock_bug(lock, "not initialised, or overwritten");
	while (!oops_in_progress &&
	       atomic_cmpxchg(&lock->count, RW_LOCK_BIAS, 0) != RW_LOCK_BIAS) {
		if (!--patience)
			rwlock_bug(lock, "write deadlock");
		smp_spin_poll();
	}
	current->lock_depth++;
}

void read_unlock(rwlock_t *lock)
{
	int seen = atomic_read(&lock->count);

	if (seen <= 0 || seen >= RW_LOCK_BIAS)
		rwlock_bug(lock, "read_unlock without readers");
	current->lock_depth--;
	atomic_inc(&lock->count);
}

void write_unlock(rwlock_t *lock)
{
	if (atomic_read(&lock->count) != 0)
		rwlock_bug(lock, "write_unlock without writer");
	current->lock_depth--;
	atomic_add(RW_LOCK_BIAS, &lock->count);
}

int spin_locks_held(void)
{
	return current->lock_depth;
}

void __assert_spin_locked(const spinlock_t *lock, const char *file, int line)
{
	if (!lock->slock && !oops_in_progress)
		panic("%s:%d: spinlock %p is not held", file, line, lock);
}

void __might_sleep(const char *file, int line)
{
	if (oops_in_progress)
		return;
	if (current->lock_depth || in_interrupt())
		__warn_printf(file, line, "sleeping %s in task %s/%d",
			      in_interrupt() ? "in interrupt context" : "while holding a spinlock",
			      current->comm, current->pid);
}

#endif
