/*
 * kernel/core/seqlock.h - words that are read again if they changed meanwhile.
 *
 * Theory.  A writer makes the sequence odd, changes the words, makes it even.  A
 * reader notes the sequence, reads, and is done if the sequence is still the same
 * and was even; else it reads again.  Readers write nothing, so any number of
 * processors may read the clock at once, and they never keep the writer waiting:
 * for what is read all the time and written seldom.
 *
 * What is read may be torn until read_seqretry() says otherwise: numbers only, no
 * pointers.  A reader in a handler must not interrupt the writer on its own
 * processor, it would wait for ever: writers have interrupts off.  Not for NMIs.
 *
 *	do {
 *		seq = read_seqbegin(&lock);
 *		copy = words;
 *	} while (read_seqretry(&lock, seq));
 */
#ifndef OCTAVO_KERNEL_CORE_SEQLOCK_H
#define OCTAVO_KERNEL_CORE_SEQLOCK_H

#include <kernel/core/panic.h>
#include <kernel/core/smp.h>
#include <kernel/core/spinlock.h>

typedef struct {
	unsigned int sequence;		/* [lock] odd: being written */
	spinlock_t lock;		/* one writer at a time */
} seqlock_t;

#define DEFINE_SEQLOCK(name)	seqlock_t name = { .lock = __SPIN_LOCK_INIT(name) }

static inline unsigned int read_seqbegin(const seqlock_t *sl)
{
	unsigned int seq;

	/* A panic may have stopped the writer in the middle: then any answer will do. */
	while (unlikely((seq = READ_ONCE(sl->sequence)) & 1) && !oops_in_progress)
		smp_spin_poll();
	smp_rmb();
	return seq;
}

/* => true: what was read since is worth nothing */
static inline bool read_seqretry(const seqlock_t *sl, unsigned int seq)
{
	smp_rmb();
	return unlikely(READ_ONCE(sl->sequence) != seq);
}

/* => interrupts are off already */
static inline void write_seqlock(seqlock_t *sl)
{
	spin_lock(&sl->lock);
	WRITE_ONCE(sl->sequence, sl->sequence + 1);
	smp_wmb();
}

static inline void write_sequnlock(seqlock_t *sl)
{
	smp_wmb();
	WRITE_ONCE(sl->sequence, sl->sequence + 1);
	spin_unlock(&sl->lock);
}

#define write_seqlock_irqsave(sl, flags) \
	do { local_irq_save(flags); write_seqlock(sl); } while (0)
#define write_sequnlock_irqrestore(sl, flags) \
	do { write_sequnlock(sl); local_irq_restore(flags); } while (0)

#endif
