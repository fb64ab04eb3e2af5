/*
 * mm/phys/kmalloc.c - memory by the byte: the general caches.
 *
 * malloc_sizes[] lists one cache for each size of KMALLOC_SIZES, ascending, and
 * its twin whose pages lie below 16M.  A size that is not a constant is looked
 * up: up to 192 bytes by a table of one byte for each 8, above by the position
 * of its highest bit, since there every size is a power of two.
 *
 * Interface: kmalloc.h.  Locking: that of the caches.
 */
#include <mm/phys/kmalloc.h>

#include <kernel/core/bug.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab_debug.h>
#include <mm/phys/slab_def.h>

#define SIZE_ENTRY(n)	{ .cs_size = n },
struct cache_sizes malloc_sizes[KMALLOC_CACHES + 1] = {
	KMALLOC_SIZES(SIZE_ENTRY)
	{ .cs_size = ~(size_t)0 },
};

#define SIZE_NAME(n)	"kmalloc-" #n,
#define DMA_NAME(n)	"dma-kmalloc-" #n,
static const char *const size_names[] = { KMALLOC_SIZES(SIZE_NAME) };
static const char *const dma_names[] = { KMALLOC_SIZES(DMA_NAME) };

/* Index of the cache for sizes 1-8, 9-16, ... 185-192. */
static const u8 small_index[24] = {
	0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6,
};
#define FIRST_POWER	7	/* index of 256, from which on all are powers of two */

/* => the cache's index, KMALLOC_CACHES if none is large enough; @size is not 0 */
static unsigned int size_index(size_t size)
{
	if (size <= 192)
		return small_index[(size - 1) / 8];
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return KMALLOC_CACHES;
	return FIRST_POWER + (size <= 256 ? 0 : (unsigned int)fls(size - 1) - 8);
}

struct kmem_cache *kmem_find_general_cachep(size_t size, gfp_t gfpflags)
{
	struct cache_sizes *csizep = &malloc_sizes[size_index(size)];

	return gfpflags & __GFP_DMA ? csizep->cs_dmacachep : csizep->cs_cachep;
}

/* A block of pages: compound, so that kfree() finds its order. */
static void *kmalloc_large(size_t size, gfp_t flags)
{
	struct page *page;

	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	page = alloc_pages((flags & ~__GFP_HIGHMEM) | __GFP_COMP, get_order(size));
	return page ? lowmem_page_address(page) : NULL;
}

static __always_inline void *do_kmalloc(size_t size, gfp_t flags, void *caller)
{
	struct kmem_cache *cachep;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (unlikely(size > KMALLOC_MAX_CACHE_SIZE))
		return kmalloc_large(size, flags);
	cachep = kmem_find_general_cachep(size, flags);
	return kmem_cache_alloc_track(cachep, flags, caller);
}

void *__kmalloc(size_t size, gfp_t flags)
{
	return do_kmalloc(size, flags, __builtin_return_address(0));
}

void kfree(const void *objp)
{
	struct page *page;

	if (unlikely(ZERO_OR_NULL_PTR(objp)))
		return;
	if (SLAB_DEBUG && !virt_addr_valid(objp)) {
		slab_error(NULL, SLAB_BAD_FREE, (void *)objp);
		return;
	}
	page = virt_to_page(objp);
	if (likely(PageSlab(page))) {
		kmem_cache_free_track(page_get_cache(page), (void *)objp,
				      __builtin_return_address(0));
	} else if (PageHead(page) && !((unsigned long)objp & ~PAGE_MASK)) {
		__free_pages(page, compound_order(page));
	} else {
		slab_error(NULL, SLAB_BAD_FREE, (void *)objp);
	}
}

size_t ksize(const void *objp)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(objp))
		return 0;
	page = virt_to_page(objp);
	if (PageSlab(page))
		return kmem_cache_size(page_get_cache(page));
	BUG_ON(!PageHead(page));
	return PAGE_SIZE << compound_order(page);
}

void *krealloc(const void *p, size_t size, gfp_t flags)
{
	size_t old;
	void *new;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	old = ksize(p);
	/* It fits and wastes less than half: stay. */
	if (size <= old && size > old / 2)
		return (void *)p;
	new = do_kmalloc(size, flags, __builtin_return_address(0));
	if (!new || !old)
		return new;
	memcpy(new, p, min(old, size));
	kfree(p);
	return new;
}

char *kstrdup(const char *s, gfp_t flags)
{
	return s ? kmemdup(s, strlen(s) + 1, flags) : NULL;
}

void *kmemdup(const void *src, size_t len, gfp_t flags)
{
	void *p = do_kmalloc(len, flags, __builtin_return_address(0));

	if (p && len)
		memcpy(p, src, len);
	return p;
}

/* Powers of two start on cache lines (small ones fill one evenly); 96 and 192 lie densely. */
static struct kmem_cache *__init create_size(unsigned int i, const char *name, unsigned int flags)
{
	size_t size = malloc_sizes[i].cs_size;

	if (is_power_of_2(size))
		flags |= SLAB_HWCACHE_ALIGN;
	return kmem_cache_create(name, size, 0, SLAB_PANIC | flags, NULL);
}

void __init kmalloc_init(void)
{
	unsigned int i;

	for (i = 0; i < KMALLOC_CACHES; i++) {
		BUG_VAL(size_index(malloc_sizes[i].cs_size) != i, i, malloc_sizes[i].cs_size);
		malloc_sizes[i].cs_cachep = create_size(i, size_names[i], 0);
	}
}

void __init kmalloc_dma_init(void)
{
	unsigned int i;

	for (i = 0; i < KMALLOC_CACHES; i++)
		malloc_sizes[i].cs_dmacachep = create_size(i, dma_names[i], SLAB_DMA);
}
