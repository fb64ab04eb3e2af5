/*
 * kernel/core/spinlock.h - locks for moments.
 *
 * Theory.  The holder of a spinlock does not sleep and is soon done; others wait
 * in a loop.  Data that a handler also touches is taken with spin_lock_irqsave,
 * else the handler could wait for the very code that it interrupted.
 *
 * A spinlock is a pair of bytes, as at a counter where numbers are drawn:
 *
 *	slock		+--------+--------+
 *			|  next  | served |	equal: free
 *			+--------+--------+
 *
 * To lock is to draw a number, `lock xaddw $0x0100`; it is one's turn when
 * `served` has come to it, and to unlock is to call the next, `incb served`,
 * which needs no locked instruction, as only the holder does it.  So the lock is
 * had in the order of asking, whereas with one bit and xchg the processor that
 * has just let go has the line in its cache and wins again and again.  No more
 * processors may draw than a byte has numbers.
 *
 * Who waits, waits out of line (__spin_lock_slow), and answers requests to flush
 * the TLB meanwhile (smp_spin_poll): the holder may be waiting for that answer.
 *
 * rwlock_t: many readers or one writer, who still wait in order: the one that
 * is to be next holds `wait`, a spinlock, and a waiting writer keeps newcomers
 * out.  But not readers in interrupt handlers: such a one may have interrupted a
 * reader, for whom the writer waits.  So a lock that handlers only read needs no
 * interrupts off for reading, and a task must not read-lock what it has already
 * read-locked: a writer may have come in between.
 *
 * Debug builds keep per lock: magic, owner, caller, and the class for the checker
 * of kernel/core/lockdep.h.  Order of locks: kernel/README.md, mm/README.md.
 */
#ifndef OCTAVO_KERNEL_CORE_SPINLOCK_H
#define OCTAVO_KERNEL_CORE_SPINLOCK_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/barrier.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/percpu.h>
#include <kernel/arch/processor.h>
#include <kernel/core/lockdep_types.h>
#include <lib/compiler.h>

typedef struct spinlock {
	volatile u32 slock;		/* [a] two bytes: served, next; the rest 0 */
#ifdef CONFIG_DEBUG
	u32 magic;			/* [c] SPINLOCK_MAGIC */
	void *owner;			/* the task that holds it */
	unsigned long caller;		/* where it took it */
	struct lockdep_map dep;
#endif
} spinlock_t;

typedef struct {
	volatile u32 count;		/* [a] _RW_* below */
	volatile u32 wait;		/* [a] tickets of who is to be next, as slock */
#ifdef CONFIG_DEBUG
	u32 magic;			/* [c] RWLOCK_MAGIC */
	void *owner;			/* the task that has it for writing */
	struct lockdep_map dep;
#endif
} rwlock_t;

#define SPINLOCK_MAGIC	0xdead4eadu
#define RWLOCK_MAGIC	0xdeaf1eedu
#define SPIN_TICKET	0x0100u		/* one in the byte `next` */

#define _RW_LOCKED	0x00ffu		/* a writer has it: a byte, unlocked by storing it */
#define _RW_WAITING	0x0100u		/* a writer is next */
#define _RW_WRITER	(_RW_LOCKED | _RW_WAITING)
#define _RW_READER	0x0200u		/* one reader */

static_assert(NR_CPUS < 256, "tickets are bytes");

#ifdef CONFIG_DEBUG
#define __SPIN_LOCK_INIT_KEY(name, key) \
	{ .magic = SPINLOCK_MAGIC, __LOCKDEP_INIT(name, key) }
#define __RW_LOCK_INIT(name)	{ .magic = RWLOCK_MAGIC, __LOCKDEP_INIT(name, NULL) }
#else
#define __SPIN_LOCK_INIT_KEY(name, key)	{ .slock = 0 }
#define __RW_LOCK_INIT(name)		{ .count = 0 }
#endif
#define __SPIN_LOCK_INIT(name)	__SPIN_LOCK_INIT_KEY(name, NULL)
#define DEFINE_SPINLOCK(name)	spinlock_t name = __SPIN_LOCK_INIT(name)
#define DEFINE_RWLOCK(name)	rwlock_t name = __RW_LOCK_INIT(name)

#define spin_lock_init_name(lock, name) do {				\
	*(lock) = (spinlock_t)__SPIN_LOCK_INIT(lock);			\
	__lockdep_init(lock, name);					\
} while (0)
#define spin_lock_init(lock)	spin_lock_init_name(lock, #lock)
#define rwlock_init(lock) do {						\
	*(lock) = (rwlock_t)__RW_LOCK_INIT(lock);			\
	__lockdep_init(lock, #lock);					\
} while (0)

static inline int spin_is_locked(const spinlock_t *lock)
{
	u32 word = lock->slock;

	return (u8)word != (u8)(word >> 8);
}

/* Does anybody wait for it? */
static inline int spin_is_contended(const spinlock_t *lock)
{
	u32 word = lock->slock;

	return (u8)((word >> 8) - word) > 1;
}

/* ---- the bare words, for this folder alone --------------------------------------------------- */

/* Draw a number. => the word as it was; @waits: it is not our turn yet */
#define __ticket_draw(word, waits) ({						\
	u32 __ticket = SPIN_TICKET;						\
	asm volatile("lock; xaddw %w0, %1; cmpb %h0, %b0"			\
		     : "+Q"(__ticket), "+m"(*(word)), "=@ccne"(waits) : : "memory");	\
	__ticket; })

static inline int __ticket_trydraw(volatile u32 *word)
{
	u32 seen = *word;

	return (u8)seen == (u8)(seen >> 8) &&
	       cmpxchg(word, seen, (seen & ~0xff00u) | ((seen + SPIN_TICKET) & 0xff00u)) == seen;
}

static inline void __ticket_next(volatile u32 *word)
{
	asm volatile("incb %0" : "+m"(*(volatile u8 *)word) : : "memory", "cc");
}

/* => the word before */
static inline u32 __rw_add(rwlock_t *lock, u32 n)
{
	asm volatile("lock; xaddl %0, %1" : "+r"(n), "+m"(lock->count) : : "memory", "cc");
	return n;
}

static inline void __rw_sub(rwlock_t *lock, u32 n)
{
	asm volatile("lock; subl %1, %0" : "+m"(lock->count) : "ir"(n) : "memory", "cc");
}

static inline void __rw_write_unlock(rwlock_t *lock)
{
	barrier();
	*(volatile u8 *)&lock->count = 0;
}

/* spinlock.c: not our turn, wait for it. */
void __ticket_wait(volatile u32 *word, u32 ticket);
void __spin_lock_slow(spinlock_t *lock, u32 ticket);
void __read_lock_slow(rwlock_t *lock);
void __write_lock_slow(rwlock_t *lock);

/* Since boot, on this processor: how often a lock was taken, and turns of loops that waited. */
struct spin_stat {
	unsigned long contended;
	unsigned long turns;
};
DECLARE_PER_CPU(struct spin_stat, spin_stat);

/* ---- the interface --------------------------------------------------------------------------- */

#ifdef CONFIG_DEBUG
void spin_lock(spinlock_t *lock);
void spin_lock_nested(spinlock_t *lock, unsigned int subclass);
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

static inline int spin_trylock(spinlock_t *lock)
{
	return __ticket_trydraw(&lock->slock);
}

/* The way to the slow path goes by kernel/arch/spin_thunk.S, which leaves all registers alone. */
static inline void spin_lock(spinlock_t *lock)
{
	int waits;
	u32 ticket = __ticket_draw(&lock->slock, waits);

	if (unlikely(waits))
		asm volatile("pushl %0; pushl %1; call spin_lock_thunk"
			     : : "r"(ticket), "r"(lock) : "memory", "cc");
}
#define spin_lock_nested(lock, subclass)	((void)(subclass), spin_lock(lock))

static inline void spin_unlock(spinlock_t *lock)
{
	__ticket_next(&lock->slock);
}

static inline void read_lock(rwlock_t *lock)
{
	if (unlikely(__rw_add(lock, _RW_READER) & _RW_WRITER))
		asm volatile("pushl %%eax; pushl %0; call read_lock_thunk"
			     : : "r"(lock) : "memory", "cc");
}

static inline void write_lock(rwlock_t *lock)
{
	if (unlikely(cmpxchg(&lock->count, 0, _RW_LOCKED) != 0))
		asm volatile("pushl %%eax; pushl %0; call write_lock_thunk"
			     : : "r"(lock) : "memory", "cc");
}

static inline void read_unlock(rwlock_t *lock)
{
	__rw_sub(lock, _RW_READER);
}

static inline void write_unlock(rwlock_t *lock)
{
	__rw_write_unlock(lock);
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
#define spin_lock_irqsave_nested(lock, flags, subclass) \
	do { local_irq_save(flags); spin_lock_nested(lock, subclass); } while (0)
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
