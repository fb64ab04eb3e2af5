/*
 * mm/phys/slab.h - objects smaller, or odder, than pages: the kmem_cache interface.
 *
 * Theory.  The kernel makes and frees the same few kinds of objects all the
 * time.  A *cache* holds objects of one kind: it takes whole pages (a *slab*)
 * from the page allocator, cuts them into equal objects, runs the constructor
 * on each once, and hands them out.  A freed object keeps its constructed
 * state and is the next to be handed out, still warm in the processor's cache.
 *
 * This header is what the rest of the kernel sees, and the same whichever
 * allocator stands behind it (SLAB= of the Makefile).  kmalloc() for objects of
 * any size comes with it, from <mm/phys/kmalloc.h>.
 *
 * A constructor sees each object once, when its slab is made, not at each
 * kmem_cache_alloc(): whoever frees an object must leave it constructed.
 *
 * Sleeping: gfp flags decide, as for pages; an allocation that finds an object
 * at hand never sleeps.  kmem_cache_free() works in any context, handlers
 * included.  Objects are aligned to @align, at least to 8 bytes.
 *
 * References: Bonwick, The Slab Allocator (USENIX 1994); Bonwick and Adams,
 * Magazines and Vmem (USENIX 2001); Gorman, chapter 8.
 */
#ifndef OCTAVO_MM_PHYS_SLAB_H
#define OCTAVO_MM_PHYS_SLAB_H

#include <lib/types.h>
#include <mm/types/gfp.h>

struct kmem_cache;

/* Flags of a cache.  The first three are about debugging and do nothing in a release build. */
#define SLAB_POISON		0x00000800u	/* fill free objects, look for changes */
#define SLAB_RED_ZONE		0x00000400u	/* guard words at both ends */
#define SLAB_STORE_USER		0x00010000u	/* remember who allocated and who freed */
#define SLAB_HWCACHE_ALIGN	0x00002000u	/* objects start on processor-cache lines */
#define SLAB_DMA		0x00004000u	/* pages below 16M */
#define SLAB_RECLAIM_ACCOUNT	0x00020000u	/* a shrinker can free them: SReclaimable */
#define SLAB_PANIC		0x00040000u	/* no cache, no kernel: panic instead of NULL */

/*
 * Make a cache.  @align 0: the default; @ctor may be NULL; @name must stay valid.
 * => may sleep; NULL: no memory, or arguments that make no sense (reported)
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *obj));
/*
 * Give back everything.  A cache with objects still in use is left as it is.
 * => may sleep; 0, or -EBUSY (reported, with the number of live objects)
 */
int kmem_cache_destroy(struct kmem_cache *cachep);

/* => an object, or NULL; __GFP_ZERO clears it, which only makes sense without a constructor */
void *kmem_cache_alloc(struct kmem_cache *cachep, gfp_t flags);
void *kmem_cache_zalloc(struct kmem_cache *cachep, gfp_t flags);
/* => any context; @objp must come from this very cache */
void kmem_cache_free(struct kmem_cache *cachep, void *objp);

/* Give back all slabs without a live object. => 0 if the cache is now empty, else 1 */
int kmem_cache_shrink(struct kmem_cache *cachep);
/* The same for all caches; never waits. => pages freed */
unsigned long kmem_cache_reap(gfp_t gfp_mask);

/* Size of an object as it was asked for, and name. */
unsigned int kmem_cache_size(const struct kmem_cache *cachep);
const char *kmem_cache_name(const struct kmem_cache *cachep);
/* Objects handed out and not yet freed; exact when no other processor allocates. */
unsigned long kmem_cache_live(struct kmem_cache *cachep);

/* Boot: after mem_init(); from here on caches and kmalloc work. */
void kmem_cache_init(void);
/* Stacks for a processor that is about to start. => 0 or -ENOMEM */
int slab_cpu_up(int cpu);

/* Every cache is consistent. => 0, or the number of faults, each reported */
int slab_check(void);
/* Print one cache, or all for NULL: for the debugger and for reports. */
void dump_cache(struct kmem_cache *cachep);

#include <mm/phys/kmalloc.h>

#endif
