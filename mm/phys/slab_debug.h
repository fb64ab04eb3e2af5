/*
 * mm/phys/slab_debug.h - catching those who misuse objects.
 *
 * Theory.  In debug builds each object lies between guards, and is filled with
 * a pattern while it is free:
 *
 *	| pad | RED |  object, free: 6b 6b 6b ... a5  | bb | RED | who allocated | who freed |
 *	            ^ what the user gets               ^ up to a whole word
 *
 * RED is one word while the object is in use and another while it is free.
 *
 *	double free	free finds both guards saying "free"
 *	overrun		free finds the guard, or the bytes before it, behind the object changed
 *	underrun	free finds the guard before the object changed
 *	use after free	the next alloc, or giving back the slab, finds the pattern or a guard
 *			of a free object changed
 *	bad free	free is given something that is not an object of this cache
 *
 * Each is reported with cache, object, and the two callers, and survived: a
 * double or bad free is not carried out, the others are repaired.  Memory that
 * is handed out holds 5a until it is written.
 *
 * Caches with a constructor are not poisoned: their free objects keep a state
 * that the constructor made.  Objects whose alignment or size would make the
 * guards cost more than the object (DEBUG_MAX_*) go without.
 *
 * Locking: none; the object in hand belongs to the caller.
 */
#ifndef OCTAVO_MM_PHYS_SLAB_DEBUG_H
#define OCTAVO_MM_PHYS_SLAB_DEBUG_H

#include <mm/phys/slab_def.h>

#define RED_INACTIVE	0x5A2CF071UL	/* the object is free */
#define RED_ACTIVE	0x170FC2A5UL	/* the object is in use */
#define POISON_INUSE	0x5a		/* handed out, not yet written */
#define POISON_FREE	0x6b		/* free */
#define POISON_END	0xa5		/* last byte of a free object */
#define POISON_PAD	0xbb		/* between the object and the guard behind it */

#define DEBUG_MAX_ALIGN	128u
#define DEBUG_MAX_SIZE	8192u

/* What can be wrong, in the order of the picture above. */
enum slab_fault {
	SLAB_DOUBLE_FREE, SLAB_OVERRUN, SLAB_UNDERRUN, SLAB_USE_AFTER_FREE, SLAB_BAD_FREE,
	NR_SLAB_FAULTS
};
extern const char *const slab_fault_names[NR_SLAB_FAULTS];

/* Reports so far. */
extern unsigned long slab_error_count[NR_SLAB_FAULTS];
/*
 * If set, it is told instead of the log: for tests that misuse on purpose.
 * @obj: as the user knows it.
 */
extern void (*slab_error_hook)(struct kmem_cache *cachep, enum slab_fault fault, void *obj);

/* Always there: also the release build notices some faults. */
void slab_error(struct kmem_cache *cachep, enum slab_fault fault, void *obj);

#ifdef CONFIG_DEBUG

#define SLAB_DEBUG	1
/* Add what debugging needs to the flags and the layout of a new cache. => bytes of a buffer */
unsigned int slab_debug_layout(struct kmem_cache *cachep, unsigned int size, unsigned int align);
/* A buffer of a new slab: free. */
void slab_debug_init(struct kmem_cache *cachep, void *buffer);
/* A buffer is handed out. => the object */
void *slab_debug_alloc(struct kmem_cache *cachep, void *buffer, void *caller);
/* An object is freed. => its buffer, or NULL: reported, do nothing */
void *slab_debug_free(struct kmem_cache *cachep, void *obj, void *caller);
/* A buffer leaves with its slab: it must still look free. */
void slab_debug_retire(struct kmem_cache *cachep, void *buffer);
/* All objects of all caches, free or not, have their guards. => faults, reported */
int slab_debug_check(struct kmem_cache *cachep, void *buffer, bool free);

#else

#define SLAB_DEBUG	0
static inline unsigned int slab_debug_layout(struct kmem_cache *cachep, unsigned int size,
					     unsigned int align)
{
	(void)cachep;
	(void)align;
	return size;
}
static inline void slab_debug_init(struct kmem_cache *cachep, void *buffer)
{
	(void)cachep;
	(void)buffer;
}
static __always_inline void *slab_debug_alloc(struct kmem_cache *cachep, void *buffer, void *caller)
{
	(void)cachep;
	(void)caller;
	return buffer;
}
static __always_inline void *slab_debug_free(struct kmem_cache *cachep, void *obj, void *caller)
{
	(void)cachep;
	(void)caller;
	return obj;
}
static inline void slab_debug_retire(struct kmem_cache *cachep, void *buffer)
{
	(void)cachep;
	(void)buffer;
}
static inline int slab_debug_check(struct kmem_cache *cachep, void *buffer, bool free)
{
	(void)cachep;
	(void)buffer;
	(void)free;
	return 0;
}

#endif
#endif
