/*
 * mm/phys/slab.c - the slab allocator.
 *
 * Theory.  A *slab* is a run of 2^gfporder pages cut into equal objects, with an
 * array of indices (bufctl) that chains the free ones:
 *
 *	| colour | struct slab, bufctl[] | obj 0 | obj 1 | ... | obj n-1 | rest |
 *
 * It is always on one of its cache's three lists: full, partial, free.  Objects
 * come from partial slabs first, so that free ones can go back to the page
 * allocator.  If objects are large, bufctl would spoil the cut (a page holds two
 * objects of 2048 bytes only if nothing else is in it); then the management
 * lies in an object of a small kmalloc cache: *off-slab*.
 *
 * Colour.  All slabs start on a page boundary, so objects of the same number
 * would compete for the same lines of the processor's cache.  The bytes that
 * are left over are used to shift each slab's objects by one line more than
 * the last one's.
 *
 * Arrays.  In front of the lists each CPU has a stack of free objects.  An
 * allocation pops, a free pushes, without a lock and while the object is warm.
 * An empty stack is refilled, a full one flushed, by a batch; only then is the
 * cache's lock taken, and a bufctl touched.
 *
 * Beginnings.  A cache is described by an object, which comes from a cache:
 * cache_cache, the first, is static.  The stacks come from kmalloc, whose caches
 * need stacks: all caches made before kmalloc works get a static stack of one
 * entry, and a real one when the last kmalloc cache exists (kmem_cache_init).
 *
 * Worst case: a refill grows the cache by one slab (one call of the page
 * allocator and num constructors); everything else is bounded by a batch.
 * Left out: a stack shared between CPUs, which pays from four CPUs on.
 *
 * Interface: slab.h.  Data: slab_def.h.  Locking: kmem_cache.lock guards a
 * cache's lists and is held over calls of the page allocator's free side and of
 * slabp_cache, never over an allocation.  cache_chain_mutex guards the chain;
 * nothing is allocated under it, so reclaim may take it (it only tries).
 *
 * References: Bonwick 1994 and 2001; Gorman, chapter 8.
 */
#include <mm/phys/slab.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/bug.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/smp.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/fail_alloc.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/slab_debug.h>
#include <mm/phys/slab_def.h>
#include <mm/phys/vmstat.h>

/* A refill of a stack that nobody used since the last takes at most this many. */
#define BATCHREFILL_LIMIT	16

LIST_HEAD(cache_chain);
DEFINE_MUTEX(cache_chain_mutex);

/* Describes all caches, itself included. */
struct kmem_cache cache_cache = { .name = "kmem_cache" };

/* Stacks of the caches that are older than kmalloc: cache_cache and kmalloc's own. */
static struct arraycache_init initarray[1 + KMALLOC_CACHES];
static unsigned int initarray_used;
/* How far kmem_cache_init() got: are stacks to be had from kmalloc? */
static bool arrays_from_kmalloc;

/* ---- layout: how many objects, which order, where the management lies ---- */

/* Bytes of management for @num objects. */
static unsigned int slab_mgmt_size(unsigned int num, unsigned int align)
{
	return ALIGN((unsigned int)(sizeof(struct slab) + num * sizeof(kmem_bufctl_t)), align);
}

/* => the objects that fit into a slab of 2^@order pages, and what is left */
static unsigned int cache_estimate(unsigned int order, unsigned int size, unsigned int align,
				   bool off_slab, unsigned int *left_over)
{
	unsigned int bytes = (unsigned int)PAGE_SIZE << order;
	unsigned int num;

	if (off_slab) {
		num = min(bytes / size, SLAB_LIMIT);
		*left_over = bytes - num * size;
		return num;
	}
	num = (bytes - (unsigned int)sizeof(struct slab)) /
	      (size + (unsigned int)sizeof(kmem_bufctl_t));
	num = min(num, SLAB_LIMIT);
	while (num && slab_mgmt_size(num, align) + num * size > bytes)
		num--;
	*left_over = num ? bytes - slab_mgmt_size(num, align) - num * size : bytes;
	return num;
}

/* The smallest order that wastes at most an eighth, or the first that holds an object at all. */
static bool calculate_slab_order(struct kmem_cache *cachep, unsigned int *left_over)
{
	bool off_slab = cachep->flags & CFLGS_OFF_SLAB;
	unsigned int order, num, left;

	for (order = 0; order <= SLAB_MAX_ORDER; order++) {
		num = cache_estimate(order, cachep->buffer_size, cachep->align, off_slab, &left);
		if (!num)
			continue;
		cachep->num = num;
		cachep->gfporder = order;
		*left_over = left;
		if (order >= SLAB_BREAK_GFP_ORDER || left * 8 <= PAGE_SIZE << order)
			break;
	}
	return cachep->num != 0;
}

/* Objects start on cache lines, or small ones on the fraction of a line that holds them. */
static unsigned int calculate_alignment(unsigned int size, unsigned int align, unsigned int flags)
{
	unsigned int ralign = SLAB_MIN_ALIGN;

	if (flags & SLAB_HWCACHE_ALIGN) {
		ralign = L1_CACHE_BYTES;
		while (ralign > SLAB_MIN_ALIGN && size <= ralign / 2)
			ralign /= 2;
	}
	return max3(ralign, align, SLAB_MIN_ALIGN);
}

/* Decide everything that is constant about @cachep. => false: no layout fits */
static bool cache_layout(struct kmem_cache *cachep, size_t size, size_t align)
{
	unsigned int left_over = 0;

	cachep->obj_size = (unsigned int)size;
	cachep->align = calculate_alignment((unsigned int)size, (unsigned int)align, cachep->flags);
	cachep->buffer_size = ALIGN(slab_debug_layout(cachep, (unsigned int)size, cachep->align),
				    cachep->align);
	if (cachep->buffer_size >= OFF_SLAB_MIN_SIZE)
		cachep->flags |= CFLGS_OFF_SLAB;
	if (!calculate_slab_order(cachep, &left_over))
		return false;
	cachep->slab_size = slab_mgmt_size(cachep->num, cachep->align);
	/* The management fits into the rest: then it may as well be there. */
	if (cachep->flags & CFLGS_OFF_SLAB && left_over >= cachep->slab_size) {
		cachep->flags &= ~CFLGS_OFF_SLAB;
		left_over -= cachep->slab_size;
	}
	if (cachep->flags & CFLGS_OFF_SLAB) {
		cachep->slab_size = slab_mgmt_size(cachep->num, 1);
		cachep->slabp_cache = kmem_find_general_cachep(cachep->slab_size, 0);
		BUG_ON(!cachep->slabp_cache || cachep->slabp_cache->flags & CFLGS_OFF_SLAB);
	}
	cachep->colour_off = max(cachep->align, L1_CACHE_BYTES);
	cachep->colour = left_over / cachep->colour_off + 1;
	cachep->gfpflags = cachep->flags & SLAB_DMA ? __GFP_DMA : 0;
	return true;
}

/* ---- slabs: from and to the page allocator ---- */

static enum zone_stat_item slab_stat_item(const struct kmem_cache *cachep)
{
	return cachep->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

/* => the address of 2^gfporder pages marked as this slab's, or NULL */
static void *kmem_getpages(struct kmem_cache *cachep, gfp_t flags)
{
	unsigned int i, nr = 1u << cachep->gfporder;
	struct page *page;

	flags &= ~(__GFP_ZERO | GFP_ZONEMASK | __GFP_COMP);
	page = alloc_pages(flags | cachep->gfpflags, cachep->gfporder);
	if (!page)
		return NULL;
	mod_zone_page_state(page_zone(page), slab_stat_item(cachep), (int)nr);
	for (i = 0; i < nr; i++)
		__SetPageSlab(page + i);
	return lowmem_page_address(page);
}

static void kmem_freepages(struct kmem_cache *cachep, void *addr)
{
	unsigned int i, nr = 1u << cachep->gfporder;
	struct page *page = virt_to_page(addr);

	mod_zone_page_state(page_zone(page), slab_stat_item(cachep), -(int)nr);
	for (i = 0; i < nr; i++) {
		BUG_ON(!PageSlab(page + i));
		__ClearPageSlab(page + i);
		page[i].lru.next = NULL;
		page[i].lru.prev = NULL;
	}
	__free_pages(page, cachep->gfporder);
}

/* => a struct slab for the pages at @addr, all objects free; NULL: no memory */
static struct slab *alloc_slabmgmt(struct kmem_cache *cachep, void *addr, unsigned int colour_off,
				   gfp_t flags)
{
	struct slab *slabp;
	unsigned int i;

	if (cachep->flags & CFLGS_OFF_SLAB) {
		slabp = kmem_cache_alloc(cachep->slabp_cache, flags & ~(__GFP_ZERO | GFP_ZONEMASK));
		if (!slabp)
			return NULL;
	} else {
		slabp = (struct slab *)((char *)addr + colour_off);
		colour_off += cachep->slab_size;
	}
	slabp->colouroff = colour_off;
	slabp->s_mem = (char *)addr + colour_off;
	slabp->inuse = 0;
	slabp->free = 0;
	for (i = 0; i < cachep->num; i++)
		slab_bufctl(slabp)[i] = (kmem_bufctl_t)(i + 1);
	slab_bufctl(slabp)[cachep->num - 1] = BUFCTL_END;
	for (i = 0; i < 1u << cachep->gfporder; i++)
		page_set_slab(virt_to_page(addr) + i, cachep, slabp);
	return slabp;
}

static void cache_init_objs(struct kmem_cache *cachep, struct slab *slabp)
{
	unsigned int i;

	if (!SLAB_DEBUG && !cachep->ctor)
		return;
	for (i = 0; i < cachep->num; i++) {
		void *buffer = index_to_obj(cachep, slabp, i);

		if (cachep->ctor)
			cachep->ctor((char *)buffer + cachep->obj_offset);
		slab_debug_init(cachep, buffer);
	}
}

/*
 * One slab more.
 * => interrupts off on entry and exit; as they were in @save meanwhile, so with
 *    __GFP_WAIT may sleep; false: no memory
 */
static bool kmem_cache_grow(struct kmem_cache *cachep, gfp_t flags, unsigned long save)
{
	struct slab *slabp = NULL;
	unsigned int offset;
	void *addr;

	spin_lock(&cachep->lock);
	offset = cachep->colour_next * cachep->colour_off;
	if (++cachep->colour_next >= cachep->colour)
		cachep->colour_next = 0;
	spin_unlock(&cachep->lock);

	if (flags & __GFP_WAIT)
		local_irq_restore(save);
	addr = kmem_getpages(cachep, flags);
	if (addr) {
		slabp = alloc_slabmgmt(cachep, addr, offset, flags);
		if (slabp)
			cache_init_objs(cachep, slabp);
		else
			kmem_freepages(cachep, addr);
	}
	local_irq_disable();
	if (!slabp)
		return false;

	spin_lock(&cachep->lock);
	list_add_tail(&slabp->list, &cachep->slabs_free);
	cachep->free_objects += cachep->num;
	cachep->num_slabs++;
	cachep->grown++;
	spin_unlock(&cachep->lock);
	return true;
}

/* The pages of a slab go back. => on no list; no object of it in use */
static void slab_destroy(struct kmem_cache *cachep, struct slab *slabp)
{
	void *addr = (char *)slabp->s_mem - slabp->colouroff;
	unsigned int i;

	if (SLAB_DEBUG)
		for (i = 0; i < cachep->num; i++)
			slab_debug_retire(cachep, index_to_obj(cachep, slabp, i));
	cachep->num_slabs--;
	cachep->reaped++;
	if (cachep->flags & CFLGS_OFF_SLAB)
		kmem_cache_free(cachep->slabp_cache, slabp);
	kmem_freepages(cachep, addr);
}

/* ---- between the stacks and the slabs ---- */

/* Move up to @batch objects from slabs onto @ac. => cachep->lock held */
static void fill_from_slabs(struct kmem_cache *cachep, struct array_cache *ac, unsigned int batch)
{
	struct list_head *entry;
	struct slab *slabp;
	unsigned int idx;

	while (batch) {
		entry = cachep->slabs_partial.next;
		if (entry == &cachep->slabs_partial) {
			entry = cachep->slabs_free.next;
			if (entry == &cachep->slabs_free)
				return;
		}
		slabp = list_entry(entry, struct slab, list);
		while (batch && slabp->free != BUFCTL_END) {
			idx = slabp->free;
			slabp->free = slab_bufctl(slabp)[idx];
			slab_bufctl(slabp)[idx] = BUFCTL_ACTIVE;
			slabp->inuse++;
			cachep->free_objects--;
			ac->entry[ac->avail++] = index_to_obj(cachep, slabp, idx);
			batch--;
		}
		list_move(&slabp->list, slabp->free == BUFCTL_END ? &cachep->slabs_full
								  : &cachep->slabs_partial);
	}
}

/* The empty stack @ac gets a batch, as far as the slabs have free objects. => interrupts off */
static void refill_array(struct kmem_cache *cachep, struct array_cache *ac)
{
	unsigned int batch = ac->batchcount;

	if (!ac->touched)
		batch = min_t(unsigned int, batch, BATCHREFILL_LIMIT);
	spin_lock(&cachep->lock);
	fill_from_slabs(cachep, ac, batch);
	if (ac->avail)
		cachep->refills++;
	spin_unlock(&cachep->lock);
}

/*
 * The stack is empty.  While the cache grows we may sleep, others run, handlers
 * too, and we may wake up on another processor: after that the stack is another,
 * or the same but no longer empty, and a batch on top of it might not fit.
 * => interrupts off; an object, or NULL: no memory
 */
static noinline void *cache_alloc_refill(struct kmem_cache *cachep, gfp_t flags,
					 unsigned long save)
{
	struct array_cache *ac;
	bool grown = true;

	for (;;) {
		ac = cpu_cache_get(cachep);
		if (!ac->avail)
			refill_array(cachep, ac);
		if (ac->avail) {
			ac->touched = 1;
			return ac->entry[--ac->avail];
		}
		if (!grown)
			return NULL;
		grown = kmem_cache_grow(cachep, flags, save);
	}
}

/* @nr buffers go back to their slabs. => cachep->lock held, interrupts off */
static void free_block(struct kmem_cache *cachep, void **buffers, unsigned int nr)
{
	unsigned int i, idx;
	struct slab *slabp;

	for (i = 0; i < nr; i++) {
		slabp = virt_to_slab(buffers[i]);
		idx = obj_to_index(cachep, slabp, buffers[i]);
		if (unlikely(idx >= cachep->num || slab_bufctl(slabp)[idx] != BUFCTL_ACTIVE)) {
			slab_error(cachep, SLAB_DOUBLE_FREE, (char *)buffers[i] + cachep->obj_offset);
			continue;
		}
		slab_bufctl(slabp)[idx] = slabp->free;
		slabp->free = (kmem_bufctl_t)idx;
		slabp->inuse--;
		cachep->free_objects++;
		if (slabp->inuse) {
			list_move_tail(&slabp->list, &cachep->slabs_partial);
		} else if (cachep->free_objects > cachep->free_limit) {
			list_del(&slabp->list);
			cachep->free_objects -= cachep->num;
			slab_destroy(cachep, slabp);
		} else {
			list_move(&slabp->list, &cachep->slabs_free);
		}
	}
}

/* The stack is full: the objects unused longest, at its bottom, go. => interrupts off */
static noinline void cache_flusharray(struct kmem_cache *cachep, struct array_cache *ac)
{
	unsigned int batch = ac->batchcount;

	spin_lock(&cachep->lock);
	cachep->flushes++;
	free_block(cachep, ac->entry, batch);
	spin_unlock(&cachep->lock);
	ac->avail -= batch;
	memmove(ac->entry, ac->entry + batch, ac->avail * sizeof(void *));
}

/* ---- the fast paths ---- */

static __always_inline void *__cache_alloc(struct kmem_cache *cachep, gfp_t flags, void *caller)
{
	struct array_cache *ac;
	unsigned long save;
	void *objp;

	if (fail_alloc_here(flags))
		return NULL;
	local_irq_save(save);
	ac = cpu_cache_get(cachep);
	if (likely(ac->avail)) {
		ac->touched = 1;
		objp = ac->entry[--ac->avail];
	} else {
		objp = cache_alloc_refill(cachep, flags, save);
	}
	local_irq_restore(save);
	if (SLAB_DEBUG && objp)
		objp = slab_debug_alloc(cachep, objp, caller);
	if (unlikely(flags & __GFP_ZERO) && objp)
		memset(objp, 0, cachep->obj_size);
	return objp;
}

static __always_inline void __cache_free(struct kmem_cache *cachep, void *objp, void *caller)
{
	struct array_cache *ac;
	unsigned long save;

	local_irq_save(save);
	objp = slab_debug_free(cachep, objp, caller);
	if (!SLAB_DEBUG || objp) {
		ac = cpu_cache_get(cachep);
		if (unlikely(ac->avail == ac->limit))
			cache_flusharray(cachep, ac);
		ac->entry[ac->avail++] = objp;
	}
	local_irq_restore(save);
}

void *kmem_cache_alloc(struct kmem_cache *cachep, gfp_t flags)
{
	return __cache_alloc(cachep, flags, __builtin_return_address(0));
}

void *kmem_cache_zalloc(struct kmem_cache *cachep, gfp_t flags)
{
	return __cache_alloc(cachep, flags | __GFP_ZERO, __builtin_return_address(0));
}

void *kmem_cache_alloc_track(struct kmem_cache *cachep, gfp_t flags, void *caller)
{
	return __cache_alloc(cachep, flags, caller);
}

void kmem_cache_free(struct kmem_cache *cachep, void *objp)
{
	__cache_free(cachep, objp, __builtin_return_address(0));
}

void kmem_cache_free_track(struct kmem_cache *cachep, void *objp, void *caller)
{
	__cache_free(cachep, objp, caller);
}

/* ---- giving back ---- */

void drain_cpu_cache(struct kmem_cache *cachep)
{
	struct array_cache *ac;
	unsigned long save;

	local_irq_save(save);
	ac = cpu_cache_get(cachep);
	spin_lock(&cachep->lock);
	free_block(cachep, ac->entry, ac->avail);
	ac->avail = 0;
	ac->touched = 0;
	spin_unlock(&cachep->lock);
	local_irq_restore(save);
}

/* Free all empty slabs. => slabs freed */
static unsigned long drain_freelist(struct kmem_cache *cachep)
{
	unsigned long save, freed = 0;
	struct slab *slabp;

	for (;;) {
		spin_lock_irqsave(&cachep->lock, save);
		if (list_empty(&cachep->slabs_free))
			break;
		slabp = list_entry(cachep->slabs_free.prev, struct slab, list);
		list_del(&slabp->list);
		cachep->free_objects -= cachep->num;
		slab_destroy(cachep, slabp);
		spin_unlock_irqrestore(&cachep->lock, save);
		freed++;
	}
	spin_unlock_irqrestore(&cachep->lock, save);
	return freed;
}

static void drain_this_cpu(void *cachep)
{
	drain_cpu_cache(cachep);
}

/* => somebody holds cache_chain_mutex and waits for us */
static void drain_this_cpu_of_all(void *unused)
{
	struct kmem_cache *cachep;

	list_for_each_entry(cachep, &cache_chain, next)
		drain_cpu_cache(cachep);
}

/* => slabs freed */
static unsigned long __cache_shrink(struct kmem_cache *cachep)
{
	on_each_cpu(drain_this_cpu, cachep);
	return drain_freelist(cachep);
}

int kmem_cache_shrink(struct kmem_cache *cachep)
{
	__cache_shrink(cachep);
	return cachep->num_slabs != 0;
}

unsigned long kmem_cache_reap(gfp_t gfp_mask)
{
	struct kmem_cache *cachep;
	unsigned long pages = 0;
	int pass;

	(void)gfp_mask;
	if (!mutex_trylock(&cache_chain_mutex))
		return 0;
	/* The second pass takes the slabs that held the management of the first's. */
	for (pass = 0; pass < 2; pass++) {
		on_each_cpu(drain_this_cpu_of_all, NULL);
		list_for_each_entry(cachep, &cache_chain, next)
			pages += drain_freelist(cachep) << cachep->gfporder;
	}
	mutex_unlock(&cache_chain_mutex);
	return pages;
}

/* Reclaim asks: how many free objects lie in empty slabs and stacks, and to free them. */
static int slab_shrinker_fn(int nr_to_scan, gfp_t gfp_mask)
{
	struct kmem_cache *cachep;
	unsigned long nr = 0;

	if (nr_to_scan)
		kmem_cache_reap(gfp_mask);
	if (!mutex_trylock(&cache_chain_mutex))
		return -1;
	list_for_each_entry(cachep, &cache_chain, next)
		if (!list_empty(&cachep->slabs_free) || cpu_cache_get(cachep)->avail)
			nr += cachep->free_objects + cpu_cache_get(cachep)->avail;
	mutex_unlock(&cache_chain_mutex);
	return (int)nr;
}

static struct shrinker slab_shrinker = { .shrink = slab_shrinker_fn, .seeks = DEFAULT_SEEKS };

/* ---- making and unmaking caches ---- */

/* How many objects a stack holds: about as many bytes for all sizes. */
static unsigned int array_limit(const struct kmem_cache *cachep)
{
	if (cachep->flags & SLAB_DMA)
		return 4;
	if (cachep->buffer_size > PAGE_SIZE)
		return 8;
	if (cachep->buffer_size > 1024)
		return 24;
	if (cachep->buffer_size > 256)
		return 54;
	return 120;
}

/* Give @cachep its real stack on processor @cpu. => 0 or -ENOMEM, nothing changed */
static int enable_one_cpucache(struct kmem_cache *cachep, int cpu, gfp_t gfp)
{
	unsigned int limit = array_limit(cachep);
	struct array_cache *ac, *old;
	unsigned long save;

	ac = kmalloc(sizeof(*ac) + limit * sizeof(void *), gfp);
	if (!ac)
		return -ENOMEM;
	*ac = (struct array_cache){ .limit = limit, .batchcount = (limit + 1) / 2 };
	local_irq_save(save);
	old = cachep->array[cpu];
	cachep->array[cpu] = ac;
	spin_lock(&cachep->lock);
	cachep->free_limit = (1 + num_online_cpus()) * ac->batchcount + cachep->num;
	if (old)
		free_block(cachep, old->entry, old->avail);
	spin_unlock(&cachep->lock);
	local_irq_restore(save);
	return 0;
}

/* On all processors. => nobody uses @cachep yet, or there is one processor; 0 or -ENOMEM */
static int enable_cpucache(struct kmem_cache *cachep, gfp_t gfp)
{
	int cpu;

	for_each_online_cpu(cpu) {
		if (enable_one_cpucache(cachep, cpu, gfp)) {
			while (cpu-- > 0)
				kfree(cachep->array[cpu]);
			return -ENOMEM;
		}
	}
	return 0;
}

int __init slab_cpu_up(int cpu)
{
	struct kmem_cache *cachep;
	int err = 0;

	mutex_lock(&cache_chain_mutex);
	list_for_each_entry(cachep, &cache_chain, next) {
		err = enable_one_cpucache(cachep, cpu, GFP_KERNEL);
		if (err)
			break;
	}
	mutex_unlock(&cache_chain_mutex);
	return err;
}

/* Lists, lock and a first stack. => 0 or -ENOMEM */
static int setup_cache(struct kmem_cache *cachep)
{
	/* With its lock held such a cache gives back management, to one that keeps its own inside. */
	static const struct lock_class_key off_slab_key;
	struct array_cache *ac;

	spin_lock_init(&cachep->lock);
	if (cachep->flags & CFLGS_OFF_SLAB)
		lockdep_set_class_and_name(&cachep->lock, &off_slab_key, "off-slab cachep->lock");
	INIT_LIST_HEAD(&cachep->slabs_full);
	INIT_LIST_HEAD(&cachep->slabs_partial);
	INIT_LIST_HEAD(&cachep->slabs_free);
	if (arrays_from_kmalloc)
		return enable_cpucache(cachep, GFP_KERNEL);
	BUG_ON(initarray_used == ARRAY_SIZE(initarray));
	ac = &initarray[initarray_used++].cache;
	ac->limit = BOOT_CPUCACHE_ENTRIES;
	ac->batchcount = 1;
	cachep->array[smp_processor_id()] = ac;
	cachep->free_limit = 2 * ac->batchcount + cachep->num;
	return 0;
}

/* Everything that @cachep owns, then itself. => empty, not in the chain */
static void free_cache(struct kmem_cache *cachep)
{
	int cpu;

	for_each_online_cpu(cpu)
		kfree(cachep->array[cpu]);
	kmem_cache_free(&cache_cache, cachep);
}

static bool cache_name_taken(const char *name)
{
	struct kmem_cache *cachep;

	list_for_each_entry(cachep, &cache_chain, next)
		if (!strcmp(cachep->name, name))
			return true;
	return false;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *obj))
{
	struct kmem_cache *cachep = NULL;

	if (WARN_ON(!name || !size || size > PAGE_SIZE << SLAB_MAX_ORDER ||
		    align & (align - 1) || align > PAGE_SIZE))
		goto out;
	cachep = kmem_cache_zalloc(&cache_cache, GFP_KERNEL);
	if (!cachep)
		goto out;
	cachep->name = name;
	cachep->flags = flags & ~CFLGS_OFF_SLAB;
	cachep->ctor = ctor;
	if (!cache_layout(cachep, size, align) || setup_cache(cachep)) {
		kmem_cache_free(&cache_cache, cachep);
		cachep = NULL;
		goto out;
	}
	mutex_lock(&cache_chain_mutex);
	if (cache_name_taken(name)) {
		mutex_unlock(&cache_chain_mutex);
		pr_err("kmem_cache_create: there is a cache `%s' already\n", name);
		free_cache(cachep);
		cachep = NULL;
		goto out;
	}
	list_add_tail(&cachep->next, &cache_chain);
	mutex_unlock(&cache_chain_mutex);
out:
	if (!cachep && flags & SLAB_PANIC)
		panic("kmem_cache_create: cannot make `%s'", name ? name : "(null)");
	return cachep;
}

int kmem_cache_destroy(struct kmem_cache *cachep)
{
	unsigned long live;

	mutex_lock(&cache_chain_mutex);
	__cache_shrink(cachep);
	if (cachep->num_slabs) {
		live = kmem_cache_live(cachep);
		mutex_unlock(&cache_chain_mutex);
		pr_err("kmem_cache_destroy: `%s' still has %lu live objects, it stays\n",
		       cachep->name, live);
		return -EBUSY;
	}
	list_del(&cachep->next);
	mutex_unlock(&cache_chain_mutex);
	free_cache(cachep);
	return 0;
}

unsigned int kmem_cache_size(const struct kmem_cache *cachep)
{
	return cachep->obj_size;
}

const char *kmem_cache_name(const struct kmem_cache *cachep)
{
	return cachep->name;
}

unsigned long kmem_cache_live(struct kmem_cache *cachep)
{
	unsigned long save, live, cached = 0;
	unsigned int cpu;

	spin_lock_irqsave(&cachep->lock, save);
	live = cachep->num_slabs * cachep->num - cachep->free_objects;
	/* Others push and pop meanwhile: an object that moves may be seen twice. */
	for_each_online_cpu(cpu)
		cached += READ_ONCE(cachep->array[cpu]->avail);
	spin_unlock_irqrestore(&cachep->lock, save);
	return live - min(live, cached);
}

/*
 * The order: cache_cache, which is static; kmalloc's caches, small ones first,
 * because the large ones' management comes from the small; a real stack for all
 * of these; the kmalloc caches for DMA.
 */
void __init kmem_cache_init(void)
{
	struct kmem_cache *cachep;

	BUG_ON(!cache_layout(&cache_cache, sizeof(struct kmem_cache), L1_CACHE_BYTES));
	setup_cache(&cache_cache);
	list_add(&cache_cache.next, &cache_chain);
	kmalloc_init();
	list_for_each_entry(cachep, &cache_chain, next)
		if (enable_cpucache(cachep, GFP_NOWAIT))
			panic("kmem_cache_init: no memory for the stack of `%s'", cachep->name);
	arrays_from_kmalloc = true;
	kmalloc_dma_init();
	register_shrinker(&slab_shrinker);
	slab_register_checks();
}
