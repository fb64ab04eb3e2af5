/*
 * tests/kernel/mm/phys/percpu_lists_test.c - pages and objects at hand: each processor has its own.
 */
#include <kernel/core/ktest.h>

#include <kernel/core/percpu.h>
#include <kernel/core/smp.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab_def.h>

static void free_a_page(void *unused)
{
	free_page(__get_free_page(GFP_ATOMIC));
}

static int pages_at_hand(int cpu)
{
	struct zone *zone;
	int pages = 0;

	for_each_zone(zone)
		pages += zone->pageset[cpu].count;
	return pages;
}

/* A page that is freed comes to the lists of the processor that frees it, and when memory is
 * short all processors give back what they have. */
KTEST(percpu_lists, pages)
{
	int cpu;

	on_each_cpu(free_a_page, NULL);
	for_each_online_cpu(cpu)
		KEXPECT(t, pages_at_hand(cpu) > 0);
	drain_all_pages();
	for_each_online_cpu(cpu)
		KEXPECT_EQ(t, pages_at_hand(cpu), 0);
}

static void free_an_object(void *cachep)
{
	kmem_cache_free(cachep, kmem_cache_alloc(cachep, GFP_ATOMIC));
}

/* The same for objects; a cache that goes takes them from all processors. */
KTEST(percpu_lists, objects)
{
	struct kmem_cache *cachep = kmem_cache_create("percpu_lists", 64, 0, 0, NULL);
	int cpu;

	KASSERT(t, cachep);
	on_each_cpu(free_an_object, cachep);
	for_each_online_cpu(cpu)
		KEXPECT(t, cachep->array[cpu]->avail > 0);
	KEXPECT_EQ(t, kmem_cache_live(cachep), 0ul);
	KEXPECT_EQ(t, kmem_cache_shrink(cachep), 0);
	for_each_online_cpu(cpu)
		KEXPECT_EQ(t, cachep->array[cpu]->avail, 0u);
	KEXPECT_EQ(t, cachep->num_slabs, 0ul);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}
