/*
 * kernel/core/spinlock.h - locks for moments.
 *
 * Theory.  A spinlock is a word that one xchg takes.  Its holder does not sleep
 * and is soon done; others wait in a loop.  Data that a handler also touches is
 * taken with spin_lock_irqsave, else the handler could wait for the very code
 * that it interrupted.  On one processor a lock is never contended, so in debug
 * builds a lock found taken is a deadlock, reported with its owner instead of
 * waited for.  Locks are real on one processor too: what the checker proves
 * there is what two processors will rely on.
 *
 * Debug builds keep per lock: magic, owner, caller; per task: lock_depth, which
 * makes might_sleep() say "sleeping while holding a lock" with names.
 *
 * rwlock_t: many readers or one writer.  A word counts down from RW_LOCK_BIAS.
 *
 * Order of locks: mm/README.md.
 */
#ifndef OCTAVO_KERNEL_CORE_SPINLOCK_H
#define OCTAVO_KERNEL_CORE_SPINLOCK_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/barrier.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>
#include <lib/compiler.h>

typedef struct spinlock {
	volatile unsigned int slock;	/* [a] 0 free, 1 taken */
#ifdef CONFIG_DEBUG
	unsigned int magic;		/* [c] SPINLOCK_MAGIC */
	void *owner;			/* the task that holds it */
	unsigned long caller;		/* where it took it */
#endif
} spinlock_t;

typedef struct {
	atomic_t count;			/* [a] bias = free, 0 = written, else bias - readers */
#ifdef CONFIG_DEBUG
	unsigned int magic;
#endif
} rwlock_t;

#define SPINLOCK_MAGIC	0xdead4eadu
#define RWLOCK_MAGIC	0xdeaf1eedu
#define RW_LOCK_BIAS	0x01000000

#ifdef CONFIG_DEBUG
#define __SPIN_LOCK_INIT	{ .slock = 0, .magic = SPINLOCK_MAGIC }
#define __RW_LOCK_INIT		{ .count = { RW_LOCK_BIAS }, .magic = RWLOCK_MAGIC }
#else
#define __SPIN_LOCK_INIT	{ .slock = 0 }
#define __RW_LOCK_INIT		{ .count = { RW_LOCK_BIAS } }
#endif
#define SPIN_LOCK_UNLOCKED	(spinlock_t)__SPIN_LOCK_INIT
#define RW_LOCK_UNLOCKED	(rwlock_t)__RW_LOCK_INIT
#define DEFINE_SPINLOCK(name)	spinlock_t name = __SPIN_LOCK_INIT
#define DEFINE_RWLOCK(name)	rwlock_t name = __RW_LOCK_INIT

static inline void spin_lock_init(spinlock_t *lock)
{
	*lock = SPIN_LOCK_UNLOCKED;
}

static inline void rwlock_init(rwlock_t *lock)
{
	*lock = RW_LOCK_UNLOCKED;
}

static inline int spin_is_locked(const spinlock_t *lock)
{
	return lock->slock != 0;
}

#ifdef CONFIG_DEBUG
void spin_lock(spinlock_t *lock);
int spin_trylock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void read_lock(rwlock_t *lock);
void write_lock(rwlock_t *lock);
void read_unlock(rwlock_t *lock);
void write_unlock(rwlock_t *lock);
void __assert_spin_locked(const spinlock_t *lock, const char *file, int line);
void __might_sleep(const char *file, int line);
/* Locks the current task holds. */
int spin_locks_held(void);

#define assert_spin_locked(lock)	__assert_spin_locked((lock), __FILE__, __LINE__)
#define might_sleep()			__might_sleep(__FILE__, __LINE__)
#else
/*
 * spinlock.c: the lock is taken; wait, and answer TLB requests meanwhile.  Called by way of
 * kernel/arch/spin_thunk.S, which leaves all registers alone.
 */
void __spin_lock_slow(spinlock_t *lock);
void __read_lock_slow(rwlock_t *lock);
void __write_lock_slow(rwlock_t *lock);

static inline int spin_trylock(spinlock_t *lock)
{
	return !xchg(&lock->slock, 1);
}

static inline void spin_lock(spinlock_t *lock)
{
	if (unlikely(xchg(&lock->slock, 1)))
		asm volatile("call spin_lock_thunk" : : "a"(lock) : "memory", "cc");
}

static inline void spin_unlock(spinlock_t *lock)
{
	barrier();
	lock->slock = 0;
}

static inline void read_lock(rwlock_t *lock)
{
	int seen = atomic_read(&lock->count);

	if (unlikely(seen <= 0 || atomic_cmpxchg(&lock->count, seen, seen - 1) != seen))
		asm volatile("call read_lock_thunk" : : "a"(lock) : "memory", "cc");
}

static inline void write_lock(rwlock_t *lock)
{
	if (unlikely(atomic_cmpxchg(&lock->count, RW_LOCK_BIAS, 0) != RW_LOCK_BIAS))
		asm volatile("call write_lock_thunk" : : "a"(lock) : "memory", "cc");
}

static inline void read_unlock(rwlock_t *lock)
{
	barrier();
	atomic_inc(&lock->count);
}

static inline void write_unlock(rwlock_t *lock)
{
	barrier();
	atomic_add(RW_LOCK_BIAS, &lock->count);
}

static inline int spin_locks_held(void)
{
	return 0;
}

#define assert_spin_locked(lock)	((void)(lock))
#define might_sleep()			do { } while (0)
#endif

#define spin_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { spin_unlock(lock); local_irq_restore(flags); } while (0)
#define spin_lock_irq(lock)	do { local_irq_disable(); spin_lock(lock); } while (0)
#define spin_unlock_irq(lock)	do { spin_unlock(lock); local_irq_enable(); } while (0)
/* Timers run with interrupts on after a handler; holding them off is holding interrupts off. */
#define spin_lock_bh(lock)	spin_lock_irq(lock)
#define spin_unlock_bh(lock)	spin_unlock_irq(lock)

#define read_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); read_lock(lock); } while (0)
#define read_unlock_irqrestore(lock, flags) \
	do { read_unlock(lock); local_irq_restore(flags); } while (0)
#define write_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); write_lock(lock); } while (0)
#define write_unlock_irqrestore(lock, flags) \
	do { write_unlock(lock); local_irq_restore(flags); } while (0)
#define read_lock_irq(lock)	do { local_irq_disable(); read_lock(lock); } while (0)
#define read_unlock_irq(lock)	do { read_unlock(lock); local_irq_enable(); } while (0)
#define write_lock_irq(lock)	do { local_irq_disable(); write_lock(lock); } while (0)
#define write_unlock_irq(lock)	do { write_unlock(lock); local_irq_enable(); } while (0)

#endif
