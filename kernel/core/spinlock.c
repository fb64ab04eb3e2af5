/*
 * kernel/core/spinlock.c - waiting for spinlocks; and, in debug builds, all of them.
 *
 * In release builds the way through is inline in spinlock.h; only the waiting for a
 * lock that is taken is here, as it never happens on one processor.
 *
 * On one processor without preemption a spinlock that is found taken stays so:
 * its holder is below us on this very stack, or is a task that slept with it.
 * Both are reported at once, with the holder's name and the place where it took
 * the lock.  With more processors the checker waits SPIN_PATIENCE rounds first.
 *
 * A panic waits for nobody: the processors that hold locks have been stopped.
 */
#include <kernel/core/spinlock.h>

#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/smp.h>

DEFINE_PER_CPU(struct spin_stat, spin_stat);

/* ---- waiting --------------------------------------------------------------------------------- */

/* A lock was had after @turns of waiting.  Handlers count too. */
static void count_turns(unsigned long turns)
{
	unsigned long flags;

	local_irq_save(flags);
	this_cpu_inc(spin_stat.contended);
	this_cpu_add(spin_stat.turns, turns);
	local_irq_restore(flags);
}

/* Wait until the number of @ticket is called. => turns; 0 @patience is for ever */
static unsigned long wait_turn(const volatile u32 *word, u32 ticket, unsigned long patience)
{
	u8 number = (u8)(ticket >> 8);
	unsigned long turns = 0;

	while ((u8)*word != number && !oops_in_progress) {
		smp_spin_poll();
		if (++turns == patience)
			break;
	}
	return turns;
}

/* One more turn of a loop that waits. => false: it is to stop */
static bool go_on(unsigned long *turns, unsigned long patience)
{
	if (oops_in_progress || ++*turns == patience)
		return false;
	smp_spin_poll();
	return true;
}

/* Become the one that is next. */
static void queue_lock(rwlock_t *lock)
{
	int waits;
	u32 ticket = __ticket_draw(&lock->wait, waits);

	if (waits)
		wait_turn(&lock->wait, ticket, 0);
}

/*
 * => our _RW_READER is in count; false: patience is at its end
 *
 * A handler lets only writers that are inside stand in its way: those hold the lock with
 * interrupts off, if it is one that handlers read, hence on another processor.
 */
static bool wait_read(rwlock_t *lock, unsigned long patience)
{
	unsigned long turns = 0;
	bool queued = !in_interrupt(), had = true;

	if (queued) {
		__rw_sub(lock, _RW_READER);
		queue_lock(lock);
		__rw_add(lock, _RW_READER);
	}
	while (had && (lock->count & _RW_LOCKED))
		had = go_on(&turns, patience);
	if (queued)
		__ticket_next(&lock->wait);
	count_turns(turns);
	return had;
}

/* => the lock is ours; false: patience is at its end */
static bool wait_write(rwlock_t *lock, unsigned long patience)
{
	unsigned long turns = 0;
	bool had = true;

	queue_lock(lock);
	if (cmpxchg(&lock->count, 0, _RW_LOCKED) != 0) {
		/* The one that is next: only we set this bit, and the reader count still moves. */
		__rw_add(lock, _RW_WAITING);
		while (had && (lock->count != _RW_WAITING ||
			       cmpxchg(&lock->count, _RW_WAITING, _RW_LOCKED) != _RW_WAITING))
			had = go_on(&turns, patience);
	}
	__ticket_next(&lock->wait);
	count_turns(turns);
	return had;
}

#ifndef CONFIG_DEBUG

void __spin_lock_slow(spinlock_t *lock, u32 ticket)
{
	count_turns(wait_turn(&lock->slock, ticket, 0));
}

void __read_lock_slow(rwlock_t *lock)
{
	wait_read(lock, 0);
}

void __write_lock_slow(rwlock_t *lock)
{
	wait_write(lock, 0);
}

#else

/* ---- with checks ----------------------------------------------------------------------------- */

#include <kernel/core/bug.h>
#include <kernel/core/kallsyms.h>
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

static inline void check_magic(const spinlock_t *lock)
{
	if (lock->magic != SPINLOCK_MAGIC)
		spin_bug(lock, "not initialised, or overwritten");
}

static void taken(spinlock_t *lock, unsigned long caller)
{
	lock->owner = current;
	lock->caller = caller;
	current->lock_depth++;
}

static void lock_it(spinlock_t *lock, unsigned int subclass, unsigned long caller)
{
	unsigned long turns;
	u32 ticket;
	int waits;

	check_magic(lock);
	ticket = __ticket_draw(&lock->slock, waits);
	if (unlikely(waits)) {
		turns = wait_turn(&lock->slock, ticket, SPIN_PATIENCE);
		if (turns == SPIN_PATIENCE)
			spin_bug(lock, lock->owner == current ? "recursion" : "deadlock");
		count_turns(turns);
	}
	taken(lock, caller);
}

void spin_lock(spinlock_t *lock)
{
	lock_it(lock, 0, (unsigned long)__builtin_return_address(0));
}

void spin_lock_nested(spinlock_t *lock, unsigned int subclass)
{
	lock_it(lock, subclass, (unsigned long)__builtin_return_address(0));
}

int spin_trylock(spinlock_t *lock)
{
	check_magic(lock);
	if (!__ticket_trydraw(&lock->slock))
		return 0;
	taken(lock, (unsigned long)__builtin_return_address(0));
	return 1;
}

void spin_unlock(spinlock_t *lock)
{
	check_magic(lock);
	if (!spin_is_locked(lock))
		spin_bug(lock, "unlocked, but not locked");
	if (lock->owner != current)
		spin_bug(lock, "unlocked by another task");
	lock->owner = NULL;
	current->lock_depth--;
	__ticket_next(&lock->slock);
}

static noinline void rwlock_bug(const rwlock_t *lock, const char *what)
{
	if (!oops_in_progress)
		panic("rwlock %p: %s (count 0x%x)", lock, what, lock->count);
}

static inline void check_rw_magic(const rwlock_t *lock)
{
	if (lock->magic != RWLOCK_MAGIC)
		rwlock_bug(lock, "not initialised, or overwritten");
}

void read_lock(rwlock_t *lock)
{
	check_rw_magic(lock);
	if ((__rw_add(lock, _RW_READER) & _RW_WRITER) && !wait_read(lock, SPIN_PATIENCE))
		rwlock_bug(lock, "read deadlock");
	current->lock_depth++;
}

void write_lock(rwlock_t *lock)
{
	check_rw_magic(lock);
	if (cmpxchg(&lock->count, 0, _RW_LOCKED) != 0 && !wait_write(lock, SPIN_PATIENCE))
		rwlock_bug(lock, "write deadlock");
	lock->owner = current;
	current->lock_depth++;
}

void read_unlock(rwlock_t *lock)
{
	if (lock->count < _RW_READER)
		rwlock_bug(lock, "read_unlock without readers");
	current->lock_depth--;
	__rw_sub(lock, _RW_READER);
}

void write_unlock(rwlock_t *lock)
{
	if ((lock->count & _RW_LOCKED) != _RW_LOCKED)
		rwlock_bug(lock, "write_unlock without writer");
	lock->owner = NULL;
	current->lock_depth--;
	__rw_write_unlock(lock);
}

int spin_locks_held(void)
{
	return current->lock_depth;
}

void __assert_spin_locked(const spinlock_t *lock, const char *file, int line)
{
	if (!spin_is_locked(lock) && !oops_in_progress)
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
