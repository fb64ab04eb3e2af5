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
 * Virtual machines.  A line is only as fast as its slowest member, and a virtual
 * processor may not run at all for milliseconds, if the host has something better to do:
 * everybody behind it waits, although the lock is free.  So on a virtual machine who
 * has waited a little leaves the line from its end, and takes the lock when it finds it
 * free; after a while it draws a number again, so that nobody is passed over for ever.
 *
 * A panic waits for nobody: the processors that hold locks have been stopped.
 */
#include <kernel/core/spinlock.h>

#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/smp.h>

#define VIRTUAL_PATIENCE	16UL	/* turns in a line on a virtual machine */
#define OUT_OF_LINE		256UL	/* turns from one drawing to the next */

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

/* Who is last in the line may leave it. => false: is not, or it is our turn now */
static bool step_out(volatile u32 *word, u8 number)
{
	u32 seen = *word;

	return (u8)(seen >> 8) == (u8)(number + 1) && (u8)seen != number &&
	       cmpxchg(word, seen, (seen & 0xffu) | (u32)number << 8) == seen;
}

/*
 * Wait until the number of @ticket is called; or, where lines are known to stand still,
 * step out, look now and then whether the lock is free, and after a while draw again.
 * => turns of the loop: @patience was not enough if as many (0: for ever)
 */
static unsigned long wait_turn(volatile u32 *word, u32 ticket, unsigned long patience)
{
	const bool may_leave = boot_cpu_has(X86_FEATURE_HYPERVISOR);
	unsigned long turns = 0, drawn = 0;
	bool in_line = true;
	int waits;

	while (!oops_in_progress) {
		if (in_line ? (u8)*word == (u8)(ticket >> 8) : __ticket_trydraw(word))
			break;
		smp_spin_poll();
		if (++turns == patience)
			break;
		if (in_line) {
			if (may_leave && turns - drawn >= VIRTUAL_PATIENCE)
				in_line = !step_out(word, (u8)(ticket >> 8));
		} else if (turns - drawn >= OUT_OF_LINE) {
			drawn = turns;
			ticket = __ticket_draw(word, waits);
			in_line = true;
		}
	}
	return turns;
}

void __ticket_wait(volatile u32 *word, u32 ticket)
{
	wait_turn(word, ticket, 0);
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
		__ticket_wait(&lock->wait, ticket);
}

/*
 * => our _RW_READER is in count; false: patience is at its end
 *
 * A handler lets only writers that are inside stand in its way: those hold the lock with
 * interrupts off, if it is one that handlers read, hence on another processor.
 */
static bool wait_read(rwlock_t *lock, unsigned long patience, unsigned long *turns)
{
	bool queued = !in_interrupt(), had = true;

	if (queued) {
		__rw_sub(lock, _RW_READER);
		queue_lock(lock);
		__rw_add(lock, _RW_READER);
	}
	while (had && (lock->count & _RW_LOCKED))
		had = go_on(turns, patience);
	if (queued)
		__ticket_next(&lock->wait);
	count_turns(*turns);
	return had;
}

/* => the lock is ours; false: patience is at its end */
static bool wait_write(rwlock_t *lock, unsigned long patience, unsigned long *turns)
{
	bool had = true;

	queue_lock(lock);
	if (cmpxchg(&lock->count, 0, _RW_LOCKED) != 0) {
		/* The one that is next: only we set this bit, and the reader count still moves. */
		__rw_add(lock, _RW_WAITING);
		while (had && (lock->count != _RW_WAITING ||
			       cmpxchg(&lock->count, _RW_WAITING, _RW_LOCKED) != _RW_WAITING))
			had = go_on(turns, patience);
	}
	__ticket_next(&lock->wait);
	count_turns(*turns);
	return had;
}

#ifndef CONFIG_DEBUG

void __spin_lock_slow(spinlock_t *lock, u32 ticket)
{
	count_turns(wait_turn(&lock->slock, ticket, 0));
}

void __read_lock_slow(rwlock_t *lock)
{
	unsigned long turns = 0;

	wait_read(lock, 0, &turns);
}

void __write_lock_slow(rwlock_t *lock)
{
	unsigned long turns = 0;

	wait_write(lock, 0, &turns);
}

#else

/* ---- with checks ----------------------------------------------------------------------------- */

#include <kernel/core/bug.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/lockdep.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/rcu.h>
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
	unsigned long turns = 0;
	u32 ticket;
	int waits;

	check_magic(lock);
	lock_acquire(&lock->dep, lock, LOCK_SPIN, subclass, caller);
	ticket = __ticket_draw(&lock->slock, waits);
	if (unlikely(waits)) {
		turns = wait_turn(&lock->slock, ticket, SPIN_PATIENCE);
		if (turns == SPIN_PATIENCE)
			spin_bug(lock, lock->owner == current ? "recursion" : "deadlock");
		count_turns(turns);
	}
	lock_acquired(lock, turns, waits);
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
	unsigned long caller = (unsigned long)__builtin_return_address(0);

	check_magic(lock);
	if (!__ticket_trydraw(&lock->slock))
		return 0;
	lock_acquire(&lock->dep, lock, LOCK_SPIN | LOCK_TRY, 0, caller);
	lock_acquired(lock, 0, false);
	taken(lock, caller);
	return 1;
}

void spin_unlock(spinlock_t *lock)
{
	check_magic(lock);
	/* Who unlocks what is not his was told; whoever has it keeps it. */
	if (!lock_release(lock, (unsigned long)__builtin_return_address(0)))
		return;
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
	unsigned long turns = 0;
	bool waits;

	check_rw_magic(lock);
	lock_acquire(&lock->dep, lock, LOCK_RW | LOCK_READ, 0,
		     (unsigned long)__builtin_return_address(0));
	waits = __rw_add(lock, _RW_READER) & _RW_WRITER;
	if (waits && !wait_read(lock, SPIN_PATIENCE, &turns))
		rwlock_bug(lock, "read deadlock");
	lock_acquired(lock, turns, waits);
	current->lock_depth++;
}

void write_lock(rwlock_t *lock)
{
	unsigned long turns = 0;
	bool waits;

	check_rw_magic(lock);
	lock_acquire(&lock->dep, lock, LOCK_RW, 0, (unsigned long)__builtin_return_address(0));
	waits = cmpxchg(&lock->count, 0, _RW_LOCKED) != 0;
	if (waits && !wait_write(lock, SPIN_PATIENCE, &turns))
		rwlock_bug(lock, "write deadlock");
	lock_acquired(lock, turns, waits);
	lock->owner = current;
	current->lock_depth++;
}

void read_unlock(rwlock_t *lock)
{
	if (!lock_release(lock, (unsigned long)__builtin_return_address(0)))
		return;
	if (lock->count < _RW_READER)
		rwlock_bug(lock, "read_unlock without readers");
	current->lock_depth--;
	__rw_sub(lock, _RW_READER);
}

void write_unlock(rwlock_t *lock)
{
	if (!lock_release(lock, (unsigned long)__builtin_return_address(0)))
		return;
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
	if (!oops_in_progress && (current->lock_depth || in_interrupt() || rcu_read_lock_held()))
		lockdep_check_sleep(file, line);
}

#endif
