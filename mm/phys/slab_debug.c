/*
 * mm/phys/slab_debug.c - catching those who misuse objects.
 *
 * slab_error() is there in every build, because the lists themselves notice
 * some faults (an object that comes back though its bufctl says it is free).
 * The rest, the guards and the pattern of slab_debug.h, costs room in every
 * object and a pass over it at each alloc and free: debug builds only.
 *
 * A report names the cache, the object, and, where the object remembers them,
 * who allocated it last and who freed it last.  Reports go to the log with a
 * backtrace of whoever noticed, or, if a test has set slab_error_hook, to it.
 */
#include <mm/phys/slab_debug.h>

#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>

const char *const slab_fault_names[NR_SLAB_FAULTS] = {
	[SLAB_DOUBLE_FREE]	= "double free",
	[SLAB_OVERRUN]		= "overrun",
	[SLAB_UNDERRUN]		= "underrun",
	[SLAB_USE_AFTER_FREE]	= "use after free",
	[SLAB_BAD_FREE]		= "bad free",
};

unsigned long slab_error_count[NR_SLAB_FAULTS];
void (*slab_error_hook)(struct kmem_cache *cachep, enum slab_fault fault, void *obj);

#ifdef CONFIG_DEBUG

/* Behind the object, after at most 3 bytes of POISON_PAD. */
struct slab_trailer {
	unsigned long redzone;
	void *alloc_caller;
	void *free_caller;
};

static unsigned long *redzone1(void *obj)
{
	return (unsigned long *)obj - 1;
}

static struct slab_trailer *trailer(struct kmem_cache *cachep, void *obj)
{
	return (struct slab_trailer *)((char *)obj + ALIGN(cachep->obj_size, 4u));
}

unsigned int slab_debug_layout(struct kmem_cache *cachep, unsigned int size, unsigned int align)
{
	if (!cachep->ctor)
		cachep->flags |= SLAB_POISON;
	if (align > DEBUG_MAX_ALIGN || size > DEBUG_MAX_SIZE) {
		cachep->flags &= ~(SLAB_RED_ZONE | SLAB_STORE_USER);
		return size;
	}
	cachep->flags |= SLAB_RED_ZONE | SLAB_STORE_USER;
	cachep->obj_offset = align;
	return align + ALIGN(size, 4u) + (unsigned int)sizeof(struct slab_trailer);
}

static void set_redzones(struct kmem_cache *cachep, void *obj, unsigned long value)
{
	unsigned int i;

	*redzone1(obj) = value;
	for (i = cachep->obj_size; i < ALIGN(cachep->obj_size, 4u); i++)
		((unsigned char *)obj)[i] = POISON_PAD;
	trailer(cachep, obj)->redzone = value;
}

static void poison_obj(struct kmem_cache *cachep, void *obj)
{
	memset(obj, POISON_FREE, cachep->obj_size - 1);
	((unsigned char *)obj)[cachep->obj_size - 1] = POISON_END;
}

static bool poison_intact(struct kmem_cache *cachep, const unsigned char *obj)
{
	unsigned int i, last = cachep->obj_size - 1;

	for (i = 0; i < last; i++)
		if (obj[i] != POISON_FREE)
			return false;
	return obj[last] == POISON_END;
}

static bool padding_intact(struct kmem_cache *cachep, const unsigned char *obj)
{
	unsigned int i;

	for (i = cachep->obj_size; i < ALIGN(cachep->obj_size, 4u); i++)
		if (obj[i] != POISON_PAD)
			return false;
	return true;
}

/* Does a free object look it? */
static bool free_obj_intact(struct kmem_cache *cachep, void *obj)
{
	if (cachep->flags & SLAB_RED_ZONE &&
	    (*redzone1(obj) != RED_INACTIVE || trailer(cachep, obj)->redzone != RED_INACTIVE))
		return false;
	return !(cachep->flags & SLAB_POISON) || poison_intact(cachep, obj);
}

static void make_free(struct kmem_cache *cachep, void *obj)
{
	if (cachep->flags & SLAB_RED_ZONE)
		set_redzones(cachep, obj, RED_INACTIVE);
	if (cachep->flags & SLAB_POISON)
		poison_obj(cachep, obj);
}

void slab_debug_init(struct kmem_cache *cachep, void *buffer)
{
	void *obj = (char *)buffer + cachep->obj_offset;

	if (cachep->flags & SLAB_STORE_USER) {
		trailer(cachep, obj)->alloc_caller = NULL;
		trailer(cachep, obj)->free_caller = NULL;
	}
	make_free(cachep, obj);
}

void *slab_debug_alloc(struct kmem_cache *cachep, void *buffer, void *caller)
{
	void *obj = (char *)buffer + cachep->obj_offset;

	if (!free_obj_intact(cachep, obj))
		slab_error(cachep, SLAB_USE_AFTER_FREE, obj);
	if (cachep->flags & SLAB_RED_ZONE)
		set_redzones(cachep, obj, RED_ACTIVE);
	if (cachep->flags & SLAB_STORE_USER)
		trailer(cachep, obj)->alloc_caller = caller;
	if (cachep->flags & SLAB_POISON)
		memset(obj, POISON_INUSE, cachep->obj_size);
	return obj;
}

/* Is @obj the address of an object of @cachep at all? */
static bool is_object(struct kmem_cache *cachep, void *obj)
{
	char *buffer = (char *)obj - cachep->obj_offset;
	struct slab *slabp;
	unsigned int idx;

	if (!virt_addr_valid(obj) || !PageSlab(virt_to_page(obj)) ||
	    page_get_cache(virt_to_page(obj)) != cachep)
		return false;
	slabp = virt_to_slab(obj);
	if (buffer < (char *)slabp->s_mem)
		return false;
	idx = obj_to_index(cachep, slabp, buffer);
	return idx < cachep->num && buffer == index_to_obj(cachep, slabp, idx);
}

/* => false: already free, do not free it again */
static bool redzones_allow_free(struct kmem_cache *cachep, void *obj)
{
	unsigned long before = *redzone1(obj), behind = trailer(cachep, obj)->redzone;

	if (before == RED_INACTIVE && behind == RED_INACTIVE) {
		slab_error(cachep, SLAB_DOUBLE_FREE, obj);
		return false;
	}
	if (before != RED_ACTIVE)
		slab_error(cachep, SLAB_UNDERRUN, obj);
	if (behind != RED_ACTIVE || !padding_intact(cachep, obj))
		slab_error(cachep, SLAB_OVERRUN, obj);
	return true;
}

void *slab_debug_free(struct kmem_cache *cachep, void *obj, void *caller)
{
	if (!is_object(cachep, obj)) {
		slab_error(cachep, SLAB_BAD_FREE, obj);
		return NULL;
	}
	if (cachep->flags & SLAB_RED_ZONE && !redzones_allow_free(cachep, obj))
		return NULL;
	if (cachep->flags & SLAB_STORE_USER)
		trailer(cachep, obj)->free_caller = caller;
	make_free(cachep, obj);
	return (char *)obj - cachep->obj_offset;
}

void slab_debug_retire(struct kmem_cache *cachep, void *buffer)
{
	void *obj = (char *)buffer + cachep->obj_offset;

	if (!free_obj_intact(cachep, obj))
		slab_error(cachep, SLAB_USE_AFTER_FREE, obj);
}

int slab_debug_check(struct kmem_cache *cachep, void *buffer, bool free)
{
	void *obj = (char *)buffer + cachep->obj_offset;

	if (free) {
		if (free_obj_intact(cachep, obj))
			return 0;
		slab_error(cachep, SLAB_USE_AFTER_FREE, obj);
		return 1;
	}
	if (!(cachep->flags & SLAB_RED_ZONE))
		return 0;
	if (*redzone1(obj) == RED_ACTIVE && trailer(cachep, obj)->redzone == RED_ACTIVE &&
	    padding_intact(cachep, obj))
		return 0;
	slab_error(cachep, *redzone1(obj) == RED_ACTIVE ? SLAB_OVERRUN : SLAB_UNDERRUN, obj);
	return 1;
}

static void print_object(struct kmem_cache *cachep, void *obj)
{
	struct slab_trailer *t;

	if (!cachep || !(cachep->flags & SLAB_STORE_USER) || !is_object(cachep, obj))
		return;
	t = trailer(cachep, obj);
	pr_err("  allocated by %pS, freed by %pS\n", t->alloc_caller, t->free_caller);
	pr_err("  guards %08lx %08lx, first word %08lx\n", *redzone1(obj), t->redzone,
	       *(unsigned long *)obj);
}

#else

static void print_object(struct kmem_cache *cachep, void *obj)
{
	(void)cachep;
	(void)obj;
}

#endif

void slab_error(struct kmem_cache *cachep, enum slab_fault fault, void *obj)
{
	slab_error_count[fault]++;
	if (slab_error_hook) {
		slab_error_hook(cachep, fault, obj);
		return;
	}
	pr_err("slab error in cache `%s': %s, object 0x%08lx\n",
	       cachep ? cachep->name : "(none)", slab_fault_names[fault], (unsigned long)obj);
	print_object(cachep, obj);
	dump_stack();
}
