/*
 * mm/phys/slab_def.h - what a cache of the slab allocator is made of.
 *
 * For slab.c, its companions, the tests and scripts/gdb only.  The theory is in
 * slab.c.
 *
 *	cache_chain -> kmem_cache -> kmem_cache -> ...
 *	                 | array[cpu] -> array_cache { entry[] -> free objects }
 *	                 | slabs_full, slabs_partial, slabs_free
 *	                     -> slab { s_mem, bufctl[] } <-> 2^gfporder pages
 *
 * Locks: [k] kmem_cache.lock, interrupts off  [cpu] its CPU, interrupts off
 * [m] cache_chain_mutex  [c] constant
 */
#ifndef OCTAVO_MM_PHYS_SLAB_DEF_H
#define OCTAVO_MM_PHYS_SLAB_DEF_H

#include <kernel/core/mutex.h>
#include <kernel/core/percpu.h>
#include <kernel/core/spinlock.h>
#include <lib/list.h>
#include <mm/phys/slab.h>
#include <mm/types/page.h>

/* One line of the processor's cache: the step of colours. */
#define L1_CACHE_BYTES		64u
/* The least alignment of any object. */
#define SLAB_MIN_ALIGN		8u
/* Objects from this size on have their slab's management elsewhere. */
#define OFF_SLAB_MIN_SIZE	(PAGE_SIZE >> 3)
/* A slab may take more than one page to waste less, but no more than this without need. */
#define SLAB_BREAK_GFP_ORDER	1u
#define SLAB_MAX_ORDER		5u	/* 128K: the largest object of a cache */

/* kmem_cache.flags, beyond the public ones: the management lies outside the slab. */
#define CFLGS_OFF_SLAB		0x80000000u

/*
 * Free objects at hand for one CPU, used as a stack: the one freed last is
 * handed out first.  Filled and emptied by batchcount objects at a time.
 */
struct array_cache {
	unsigned int avail;		/* [cpu] entries */
	unsigned int limit;		/* [c] room */
	unsigned int batchcount;	/* [c] */
	unsigned int touched;		/* [cpu] used since it was last refilled or drained */
	void *entry[];			/* [cpu] buffers */
};

#define BOOT_CPUCACHE_ENTRIES	1
struct arraycache_init {
	struct array_cache cache;
	void *entries[BOOT_CPUCACHE_ENTRIES];
};

/* Index of the next free object of a slab, or: */
typedef unsigned short kmem_bufctl_t;
#define BUFCTL_END	((kmem_bufctl_t)0xffff)	/* no next one */
#define BUFCTL_ACTIVE	((kmem_bufctl_t)0xfffe)	/* not free: with a user or in an array */
#define SLAB_LIMIT	0xfffdu			/* objects of a slab */

/* One run of pages, cut into objects.  bufctl[] follows it directly. */
struct slab {
	struct list_head list;		/* [k] one of the cache's three */
	unsigned int colouroff;		/* [c] bytes before the first object, management included */
	void *s_mem;			/* [c] first buffer */
	unsigned int inuse;		/* [k] objects not free */
	kmem_bufctl_t free;		/* [k] first free object */
};

static inline kmem_bufctl_t *slab_bufctl(struct slab *slabp)
{
	return (kmem_bufctl_t *)(slabp + 1);
}

struct kmem_cache {
	/* the fast path */
	unsigned int flags;			/* [c] SLAB_*, CFLGS_* */
	unsigned int obj_size;			/* [c] bytes that the user asked for */
	unsigned int obj_offset;		/* [c] from a buffer to its object: red zone */
	unsigned int buffer_size;		/* [c] bytes from one object to the next */
	unsigned int num;			/* [c] objects of a slab */
	/* slabs */
	spinlock_t lock;
	struct list_head slabs_full;		/* [k] no free object */
	struct list_head slabs_partial;		/* [k] some */
	struct list_head slabs_free;		/* [k] all */
	unsigned long free_objects;		/* [k] in slabs, not those in arrays */
	unsigned long free_limit;		/* [c] above this, empty slabs go back at once */
	unsigned long num_slabs;		/* [k] */
	/* growing */
	unsigned int gfporder;			/* [c] pages of a slab, log2 */
	gfp_t gfpflags;				/* [c] always asked for: __GFP_DMA */
	unsigned int colour;			/* [c] how many colours there are */
	unsigned int colour_off;		/* [c] bytes from one to the next */
	unsigned int colour_next;		/* [k] of the next slab */
	struct kmem_cache *slabp_cache;		/* [c] whence off-slab management comes */
	unsigned int slab_size;			/* [c] bytes of management */
	unsigned int align;			/* [c] */
	void (*ctor)(void *obj);		/* [c] */
	/* who it is */
	const char *name;			/* [c] */
	struct list_head next;			/* [m] in cache_chain */
	/* counted for those who look */
	unsigned long grown, reaped;		/* [k] slabs made, slabs given back */
	unsigned long refills, flushes;		/* [k] batches in, batches out */
	unsigned long live_seen;		/* [m] the tests' last look */
	struct array_cache *array[NR_CPUS];	/* [cpu] */
};
static_assert(__builtin_offsetof(struct kmem_cache, num) < 64, "the fast path is in the first line");

extern struct kmem_cache cache_cache;
extern struct list_head cache_chain;		/* [m] */
extern struct mutex cache_chain_mutex;

/* A slab's pages know their cache and their slab by the two words of page->lru. */
static inline void page_set_slab(struct page *page, struct kmem_cache *cachep, struct slab *slabp)
{
	page->lru.next = (struct list_head *)cachep;
	page->lru.prev = (struct list_head *)slabp;
}
static inline struct kmem_cache *page_get_cache(const struct page *page)
{
	return (struct kmem_cache *)page->lru.next;
}
static inline struct slab *page_get_slab(const struct page *page)
{
	return (struct slab *)page->lru.prev;
}
static inline struct slab *virt_to_slab(const void *obj)
{
	return page_get_slab(virt_to_page(obj));
}

static inline void *index_to_obj(struct kmem_cache *cachep, struct slab *slabp, unsigned int idx)
{
	return (char *)slabp->s_mem + cachep->buffer_size * idx;
}
static inline unsigned int obj_to_index(struct kmem_cache *cachep, struct slab *slabp, void *obj)
{
	return (unsigned int)((char *)obj - (char *)slabp->s_mem) / cachep->buffer_size;
}

static inline struct array_cache *cpu_cache_get(struct kmem_cache *cachep)
{
	return cachep->array[smp_processor_id()];
}

/* slab.c, for kmalloc.c: as without _track, on behalf of @caller. */
void *kmem_cache_alloc_track(struct kmem_cache *cachep, gfp_t flags, void *caller);
void kmem_cache_free_track(struct kmem_cache *cachep, void *objp, void *caller);
/* kmalloc.c, for slab.c */
void kmalloc_init(void);
void kmalloc_dma_init(void);
struct kmem_cache *kmem_find_general_cachep(size_t size, gfp_t gfpflags);
/* slab_check.c, for slab.c */
void slab_register_checks(void);
/* slab.c, for slab_check.c: give back this processor's array. */
void drain_cpu_cache(struct kmem_cache *cachep);

#endif
