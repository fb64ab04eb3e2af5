/*
 * mm/phys/mempool.h - objects that can always be had, if need be later.
 *
 * Theory.  Who writes pages out to free memory needs memory for it: a bio, a request, a page that
 * the device can reach.  If all tasks that could free memory waited for memory, none would.  A
 * mempool keeps @min_nr objects in reserve.  An allocation first asks the ordinary allocator, but
 * without waiting; then takes from the reserve; then waits until an object comes back.  Whoever
 * has one gives it back after a time that does not depend on memory (when its I/O is over), so
 * every waiter gets his turn.  Freeing fills the reserve first.
 *
 * What may not be done: to take a second object and wait for it, while holding a first one that
 * nobody will give back meanwhile.  The waiters of all would be waiting for each other.
 *
 * Locking: the pool's lock, interrupts off.
 * Reference: Linux's mm/mempool.c, whose words these are.
 */
#ifndef OCTAVO_MM_PHYS_MEMPOOL_H
#define OCTAVO_MM_PHYS_MEMPOOL_H

#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <mm/types/gfp.h>

struct kmem_cache;

/* => an object or NULL, as the flags say */
typedef void *mempool_alloc_t(gfp_t gfp, void *pool_data);
typedef void mempool_free_t(void *element, void *pool_data);

typedef struct mempool {
	spinlock_t lock;		/* interrupts off */
	int min_nr;			/* [c] */
	int curr_nr;			/* [lock] in reserve */
	void **elements;		/* [lock] curr_nr of them */
	mempool_alloc_t *alloc;		/* [c] */
	mempool_free_t *free;		/* [c] any context */
	void *pool_data;		/* [c] */
	wait_queue_head_t wait;
} mempool_t;

/* => may sleep; the pool with its reserve, or NULL */
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
			  void *pool_data);
mempool_t *mempool_create_slab_pool(int min_nr, struct kmem_cache *cachep);
/* Single pages; @gfp (a zone modifier) is or-ed into what mempool_alloc() is given. */
mempool_t *mempool_create_page_pool(int min_nr, gfp_t gfp);
/* => all objects are back */
void mempool_destroy(mempool_t *pool);

/* => with __GFP_WAIT may sleep and does not fail; without: NULL */
void *mempool_alloc(mempool_t *pool, gfp_t gfp);
/* => any context */
void mempool_free(void *element, mempool_t *pool);

#endif
