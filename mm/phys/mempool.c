/*
 * mm/phys/mempool.c - reserves of objects.  Theory: mempool.h
 *
 * A waiter is on the queue before it looks at the reserve for the last time, and whoever fills the
 * reserve looks at the queue afterwards, both under the lock: no wake-up is lost.  It sleeps for a
 * tick at most all the same, as ordinary memory may have come back by other ways.
 */
#include <mm/phys/mempool.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <mm/phys/fail_alloc.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

static void *take_reserve(mempool_t *pool)
{
	unsigned long flags;
	void *element = NULL;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->curr_nr)
		element = pool->elements[--pool->curr_nr];
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	gfp_t now = (gfp & ~(__GFP_WAIT | __GFP_IO | __GFP_FS)) | __GFP_NOWARN;

	if (gfp & __GFP_WAIT)
		might_sleep();
	else if (fail_alloc_here(gfp))
		return NULL;
	for (;;) {
		void *element = pool->alloc(now, pool->pool_data);
		DEFINE_WAIT(wait);

		if (likely(element))
			return element;
		element = take_reserve(pool);
		if (element || !(gfp & __GFP_WAIT))
			return element;
		prepare_to_wait(&pool->wait, &wait, TASK_UNINTERRUPTIBLE);
		element = take_reserve(pool);
		if (!element)
			schedule_timeout(1);
		finish_wait(&pool->wait, &wait);
		if (element)
			return element;
	}
}

void mempool_free(void *element, mempool_t *pool)
{
	unsigned long flags;
	bool kept = false;

	if (unlikely(READ_ONCE(pool->curr_nr) < pool->min_nr)) {
		spin_lock_irqsave(&pool->lock, flags);
		if (pool->curr_nr < pool->min_nr) {
			pool->elements[pool->curr_nr++] = element;
			kept = true;
		}
		spin_unlock_irqrestore(&pool->lock, flags);
	}
	if (kept)
		wake_up(&pool->wait);
	else
		pool->free(element, pool->pool_data);
}

void mempool_destroy(mempool_t *pool)
{
	BUG_VAL(pool->curr_nr != pool->min_nr, pool->curr_nr, pool->min_nr);
	while (pool->curr_nr)
		pool->free(pool->elements[--pool->curr_nr], pool->pool_data);
	kfree(pool->elements);
	kfree(pool);
}

mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free,
			  void *pool_data)
{
	mempool_t *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock);
	init_waitqueue_head(&pool->wait);
	pool->min_nr = min_nr;
	pool->alloc = alloc;
	pool->free = free;
	pool->pool_data = pool_data;
	pool->elements = kmalloc_array((size_t)min_nr, sizeof(void *), GFP_KERNEL);
	if (!pool->elements)
		goto no_elements;
	while (pool->curr_nr < min_nr) {
		void *element = alloc(GFP_KERNEL, pool_data);

		if (!element)
			goto too_few;
		pool->elements[pool->curr_nr++] = element;
	}
	return pool;
too_few:
	while (pool->curr_nr)
		free(pool->elements[--pool->curr_nr], pool_data);
	kfree(pool->elements);
no_elements:
	kfree(pool);
	return NULL;
}

static void *alloc_slab(gfp_t gfp, void *pool_data)
{
	return kmem_cache_alloc(pool_data, gfp);
}

static void free_slab(void *element, void *pool_data)
{
	kmem_cache_free(pool_data, element);
}

mempool_t *mempool_create_slab_pool(int min_nr, struct kmem_cache *cachep)
{
	return mempool_create(min_nr, alloc_slab, free_slab, cachep);
}

static void *alloc_pool_page(gfp_t gfp, void *pool_data)
{
	return alloc_page(gfp | (gfp_t)(unsigned long)pool_data);
}

static void free_pool_page(void *element, void *pool_data)
{
	__free_page(element);
}

mempool_t *mempool_create_page_pool(int min_nr, gfp_t gfp)
{
	return mempool_create(min_nr, alloc_pool_page, free_pool_page, (void *)(unsigned long)gfp);
}
