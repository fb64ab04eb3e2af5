/*
 * mm/phys/slab_check.c - looking at the caches: invariants, /proc/slabinfo, tests.
 *
 * slab_check() proves for every cache that
 *
 *	- each slab is on the list that its inuse count asks for
 *	- its bufctl chain has num - inuse links, none twice, and the other
 *	  entries say ACTIVE
 *	- its pages are PG_slab and name this cache and this slab
 *	- the free objects add up to free_objects, the slabs to num_slabs
 *	- each entry of a CPU's array is an ACTIVE object of this cache, once
 *	- all caches' pages together are what the zones' counters say
 *
 * Locking: cache_chain_mutex, and each cache's lock while its lists are read.
 */
#include <mm/phys/slab.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <mm/phys/slab_debug.h>
#include <mm/phys/slab_def.h>
#include <mm/phys/vmstat.h>

struct slab_totals {
	unsigned long slabs, active_slabs, free, faults;
};

#define expect(totals, cachep, cond)						\
do {										\
	if (!(cond)) {								\
		pr_err("slab_check: `%s': not so: %s\n", (cachep)->name, #cond); \
		(totals)->faults++;						\
	}									\
} while (0)

/* The chain of free objects. */
static void check_bufctl(struct kmem_cache *cachep, struct slab *slabp, struct slab_totals *t)
{
	unsigned int i, links = 0, active = 0, idx = slabp->free;

	while (idx != BUFCTL_END && idx < cachep->num && links <= cachep->num) {
		void *buffer = index_to_obj(cachep, slabp, idx);

		t->faults += (unsigned long)slab_debug_check(cachep, buffer, true);
		idx = slab_bufctl(slabp)[idx];
		links++;
	}
	expect(t, cachep, idx == BUFCTL_END);
	expect(t, cachep, links == cachep->num - slabp->inuse);
	for (i = 0; i < cachep->num; i++)
		active += slab_bufctl(slabp)[i] == BUFCTL_ACTIVE;
	expect(t, cachep, active == slabp->inuse);
}

static void check_slab(struct kmem_cache *cachep, struct slab *slabp, struct slab_totals *t)
{
	char *addr = (char *)slabp->s_mem - slabp->colouroff;
	struct page *page = virt_to_page(addr);
	unsigned int i;

	expect(t, cachep, ((unsigned long)addr & ~PAGE_MASK) == 0);
	expect(t, cachep, (char *)index_to_obj(cachep, slabp, cachep->num) <=
			  addr + (PAGE_SIZE << cachep->gfporder));
	expect(t, cachep, ((unsigned long)slabp->s_mem & (cachep->align - 1)) == 0);
	expect(t, cachep, slabp->inuse <= cachep->num);
	for (i = 0; i < 1u << cachep->gfporder; i++)
		expect(t, cachep, PageSlab(page + i) && page_get_cache(page + i) == cachep &&
				  page_get_slab(page + i) == slabp);
	check_bufctl(cachep, slabp, t);
	t->slabs++;
	t->active_slabs += slabp->inuse != 0;
	t->free += cachep->num - slabp->inuse;
}

static void check_array(struct kmem_cache *cachep, struct array_cache *ac, struct slab_totals *t)
{
	unsigned int i, j;

	expect(t, cachep, ac->avail <= ac->limit);
	for (i = 0; i < ac->avail; i++) {
		void *buffer = ac->entry[i];
		struct slab *slabp = virt_to_slab(buffer);
		unsigned int idx;

		expect(t, cachep, PageSlab(virt_to_page(buffer)) &&
				  page_get_cache(virt_to_page(buffer)) == cachep);
		idx = obj_to_index(cachep, slabp, buffer);
		expect(t, cachep, idx < cachep->num && index_to_obj(cachep, slabp, idx) == buffer);
		expect(t, cachep, slab_bufctl(slabp)[idx] == BUFCTL_ACTIVE);
		t->faults += (unsigned long)slab_debug_check(cachep, buffer, true);
		for (j = 0; j < i; j++)
			expect(t, cachep, ac->entry[j] != buffer);
	}
}

static void check_cache(struct kmem_cache *cachep, struct slab_totals *t)
{
	unsigned long save;
	struct slab *slabp;
	unsigned int cpu;

	spin_lock_irqsave(&cachep->lock, save);
	list_for_each_entry(slabp, &cachep->slabs_full, list) {
		expect(t, cachep, slabp->inuse == cachep->num);
		check_slab(cachep, slabp, t);
	}
	list_for_each_entry(slabp, &cachep->slabs_partial, list) {
		expect(t, cachep, slabp->inuse != 0 && slabp->inuse != cachep->num);
		check_slab(cachep, slabp, t);
	}
	list_for_each_entry(slabp, &cachep->slabs_free, list) {
		expect(t, cachep, slabp->inuse == 0);
		check_slab(cachep, slabp, t);
	}
	expect(t, cachep, t->free == cachep->free_objects);
	expect(t, cachep, t->slabs == cachep->num_slabs);
	for_each_online_cpu(cpu)
		check_array(cachep, cachep->array[cpu], t);
	spin_unlock_irqrestore(&cachep->lock, save);
}

int slab_check(void)
{
	unsigned long faults = 0, pages = 0, counted;
	struct kmem_cache *cachep;

	mutex_lock(&cache_chain_mutex);
	list_for_each_entry(cachep, &cache_chain, next) {
		struct slab_totals t = { 0 };

		check_cache(cachep, &t);
		faults += t.faults;
		pages += t.slabs << cachep->gfporder;
	}
	mutex_unlock(&cache_chain_mutex);
	counted = global_page_state(NR_SLAB_RECLAIMABLE) + global_page_state(NR_SLAB_UNRECLAIMABLE);
	if (pages != counted) {
		pr_err("slab_check: caches hold %lu pages, the zones count %lu\n", pages, counted);
		faults++;
	}
	return (int)faults;
}

/* ---- /proc/slabinfo ---- */

struct cache_numbers {
	unsigned long active_objs, num_objs, active_slabs, num_slabs;
};

static void cache_numbers(struct kmem_cache *cachep, struct cache_numbers *n)
{
	unsigned long save, free_slabs = 0;
	struct list_head *pos;

	n->active_objs = kmem_cache_live(cachep);
	spin_lock_irqsave(&cachep->lock, save);
	list_for_each(pos, &cachep->slabs_free)
		free_slabs++;
	n->num_slabs = cachep->num_slabs;
	n->active_slabs = cachep->num_slabs - free_slabs;
	n->num_objs = cachep->num_slabs * cachep->num;
	spin_unlock_irqrestore(&cachep->lock, save);
}

static int slabinfo_show(struct seq_file *m, void *v)
{
	struct kmem_cache *cachep;

	seq_puts(m, "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	mutex_lock(&cache_chain_mutex);
	list_for_each_entry(cachep, &cache_chain, next) {
		struct array_cache *ac = cpu_cache_get(cachep);
		struct cache_numbers n;

		cache_numbers(cachep, &n);
		seq_printf(m, "%-17s %6lu %6lu %6u %4u %4d", cachep->name, n.active_objs,
			   n.num_objs, cachep->buffer_size, cachep->num, 1 << cachep->gfporder);
		seq_printf(m, " : tunables %4u %4u %4u", ac->limit, ac->batchcount, 0u);
		seq_printf(m, " : slabdata %6lu %6lu %6lu\n", n.active_slabs, n.num_slabs, 0ul);
	}
	mutex_unlock(&cache_chain_mutex);
	return 0;
}
PROC_SHOW("slabinfo", slabinfo_show);

static void dump_one(struct kmem_cache *cachep)
{
	struct cache_numbers n;

	cache_numbers(cachep, &n);
	pr_info("%-20s object %u (buffer %u, align %u), %u in %u pages%s, colours %u x %u\n",
		cachep->name, cachep->obj_size, cachep->buffer_size, cachep->align, cachep->num,
		1u << cachep->gfporder, cachep->flags & CFLGS_OFF_SLAB ? ", off-slab" : "",
		cachep->colour, cachep->colour_off);
	pr_info("%-20s objects %lu of %lu, slabs %lu of %lu, array %u of %u\n", "", n.active_objs,
		n.num_objs, n.active_slabs, n.num_slabs, cpu_cache_get(cachep)->avail,
		cpu_cache_get(cachep)->limit);
}

void dump_cache(struct kmem_cache *cachep)
{
	if (cachep) {
		dump_one(cachep);
		return;
	}
	list_for_each_entry(cachep, &cache_chain, next)
		dump_one(cachep);
}

/* ---- for the tests ---- */

/*
 * Live objects of all caches; names those that changed since it was last asked.  What manages an off-slab slab is an
 * object too, but nobody's: how many there are is a matter of how the others happen to lie.
 */
static long count_live_objects(void)
{
	static bool asked_before;
	struct kmem_cache *cachep;
	unsigned long live, sum = 0;

	mutex_lock(&cache_chain_mutex);
	list_for_each_entry(cachep, &cache_chain, next) {
		live = kmem_cache_live(cachep);
		if (asked_before && live != cachep->live_seen)
			ktest_log("cache %s: %lu live objects, %lu when last counted",
				  cachep->name, live, cachep->live_seen);
		cachep->live_seen = live;
		sum += live;
		if (cachep->flags & CFLGS_OFF_SLAB)
			sum -= cachep->num_slabs;
	}
	asked_before = true;
	mutex_unlock(&cache_chain_mutex);
	return (long)sum;
}

static void slab_quiesce(void)
{
	kmem_cache_reap(GFP_KERNEL);
}

void __init slab_register_checks(void)
{
	ktest_register_counter("slab_objects", count_live_objects);
	ktest_register_quiesce(slab_quiesce);
	ktest_register_checker("slab_check", slab_check);
}
