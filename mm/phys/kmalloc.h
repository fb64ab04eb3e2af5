/*
 * mm/phys/kmalloc.h - memory by the byte.
 *
 * Theory.  kmalloc() is a row of ordinary caches, one for each of a few sizes;
 * a request goes to the smallest that holds it.  Powers of two waste up to half;
 * 96 and 192 lie where most kernel structures do.  With a constant size the
 * compiler picks the cache, and kmalloc() *is* kmem_cache_alloc().  Requests
 * larger than the largest cache take a block of pages as it comes from the
 * page allocator: a compound page, which is also how kfree() tells the two
 * apart: the struct page behind the address has PG_slab or PG_head.
 *
 * kmalloc(0) returns ZERO_SIZE_PTR: not NULL, since it did not fail, and
 * nothing that may be dereferenced.  kfree() takes both that and NULL.
 *
 * Sleeping: by gfp flags; kfree() in any context.  Memory is physically
 * contiguous and in the direct map.  For large areas use vmalloc().
 */
#ifndef OCTAVO_MM_PHYS_KMALLOC_H
#define OCTAVO_MM_PHYS_KMALLOC_H

#include <kernel/arch/page.h>
#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/types/gfp.h>

struct kmem_cache;
void *kmem_cache_alloc(struct kmem_cache *cachep, gfp_t flags);

#define KMALLOC_MIN_SIZE	8
#define KMALLOC_MAX_CACHE_SIZE	8192UL		/* the largest cache */
#define KMALLOC_MAX_SIZE	(4UL << 20)	/* the largest block of the page allocator */

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(x)	((unsigned long)(x) <= (unsigned long)ZERO_SIZE_PTR)

/* The row of sizes, ascending. */
#define KMALLOC_SIZES(X) \
	X(8) X(16) X(32) X(64) X(96) X(128) X(192) X(256) X(512) X(1024) X(2048) X(4096) X(8192)
#define __KMALLOC_COUNT(n)	+ 1
#define KMALLOC_CACHES		(0 KMALLOC_SIZES(__KMALLOC_COUNT))

/* [c] after kmem_cache_init() */
struct cache_sizes {
	size_t cs_size;
	struct kmem_cache *cs_cachep;
	struct kmem_cache *cs_dmacachep;
};
extern struct cache_sizes malloc_sizes[KMALLOC_CACHES + 1];

/* Which of them holds @size bytes: folds to a constant for a constant. */
static __always_inline unsigned int kmalloc_index(size_t size)
{
	unsigned int i = 0;

#define __KMALLOC_STEP(n)	if (size <= n) return i; i++;
	KMALLOC_SIZES(__KMALLOC_STEP)
#undef __KMALLOC_STEP
	return i;
}

/* Any size, at run time. */
void *__kmalloc(size_t size, gfp_t flags);

static __always_inline void *kmalloc(size_t size, gfp_t flags)
{
	if (__builtin_constant_p(size) && size && size <= KMALLOC_MAX_CACHE_SIZE &&
	    __builtin_constant_p(flags) && !(flags & __GFP_DMA))
		return kmem_cache_alloc(malloc_sizes[kmalloc_index(size)].cs_cachep, flags);
	return __kmalloc(size, flags);
}

static __always_inline void *kzalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags | __GFP_ZERO);
}

/* An array of @n; NULL also when n * size does not fit. */
static inline void *kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return __kmalloc(bytes, flags);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t flags)
{
	return kmalloc_array(n, size, flags | __GFP_ZERO);
}

/*
 * Grow or shrink, keeping the content; NULL as @p is kmalloc, size 0 is kfree.
 * => NULL: no memory, and @p is still there
 */
void *__must_check krealloc(const void *p, size_t size, gfp_t flags);
/* => any context */
void kfree(const void *objp);
/* Bytes really usable behind @objp. */
size_t ksize(const void *objp);

char *kstrdup(const char *s, gfp_t flags);
void *kmemdup(const void *src, size_t len, gfp_t flags);

#endif
