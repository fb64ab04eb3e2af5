/*
 * tests/kernel/mm/phys/slab_test.c - the slab allocator, held against what slab.c promises.
 *
 * Most tests make a cache of their own, so that its numbers can be known
 * exactly, and look at its lists through slab_def.h.
 */
#include <kernel/arch/irqflags.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/ktest.h>
#include <kernel/core/seq_file.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/slab_debug.h>
#include <mm/phys/slab_def.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

static unsigned int list_length(struct list_head *head)
{
	struct list_head *pos;
	unsigned int n = 0;

	list_for_each(pos, head)
		n++;
	return n;
}

static void free_all(struct kmem_cache *cachep, void **objs, unsigned int n)
{
	while (n--)
		kmem_cache_free(cachep, objs[n]);
}

/* The chain begins with cache_cache, and every later cache is one of its objects. */
KTEST(slab, cache_cache_first)
{
	struct kmem_cache *cachep;

	KASSERT(t, list_first_entry(&cache_chain, struct kmem_cache, next) == &cache_cache);
	cachep = kmem_cache_create("test-first", 40, 0, 0, NULL);
	KASSERT(t, cachep);
	KEXPECT(t, PageSlab(virt_to_page(cachep)));
	KEXPECT(t, page_get_cache(virt_to_page(cachep)) == &cache_cache);
	KEXPECT(t, list_last_entry(&cache_chain, struct kmem_cache, next) == cachep);
	KEXPECT_EQ(t, kmem_cache_size(cachep), 40u);
	KEXPECT_STREQ(t, kmem_cache_name(cachep), "test-first");
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Slabs move between full, partial and free as objects come and go. */
KTEST(slab, three_lists)
{
	struct kmem_cache *cachep = kmem_cache_create("test-lists", 256, 0, 0, NULL);
	unsigned int i, n;
	void *objs[64];

	KASSERT(t, cachep);
	n = 2 * cachep->num;
	KASSERT(t, n <= ARRAY_SIZE(objs));
	KEXPECT_EQ(t, cachep->num_slabs, 0ul);
	for (i = 0; i < n; i++)
		KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	drain_cpu_cache(cachep);
	KEXPECT_EQ(t, list_length(&cachep->slabs_full), 2u);
	KEXPECT_EQ(t, list_length(&cachep->slabs_partial), 0u);
	KEXPECT_EQ(t, kmem_cache_live(cachep), (unsigned long)n);

	kmem_cache_free(cachep, objs[--n]);
	drain_cpu_cache(cachep);
	KEXPECT_EQ(t, list_length(&cachep->slabs_full), 1u);
	KEXPECT_EQ(t, list_length(&cachep->slabs_partial), 1u);

	free_all(cachep, objs, n);
	drain_cpu_cache(cachep);
	KEXPECT_EQ(t, list_length(&cachep->slabs_full), 0u);
	KEXPECT_EQ(t, list_length(&cachep->slabs_partial), 0u);
	KEXPECT(t, list_length(&cachep->slabs_free) >= 1);
	KEXPECT_EQ(t, cachep->free_objects, cachep->num_slabs * cachep->num);
	KEXPECT_EQ(t, slab_check(), 0);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Partly used slabs are filled before empty ones, so that empty ones can go. */
KTEST(slab, partial_before_free)
{
	struct kmem_cache *cachep = kmem_cache_create("test-partial", 256, 0, 0, NULL);
	void *objs[64] = { NULL }, *again;
	struct slab *kept;
	unsigned int i, n;

	KASSERT(t, cachep);
	n = 2 * cachep->num;
	KASSERT(t, n <= ARRAY_SIZE(objs));
	for (i = 0; i < n; i++)
		KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	/* Empty all of one slab, and one object of the other. */
	kept = virt_to_slab(objs[0]);
	for (i = 1, again = NULL; i < n; i++) {
		if (virt_to_slab(objs[i]) == kept && again)
			continue;
		if (virt_to_slab(objs[i]) == kept)
			again = objs[i];
		kmem_cache_free(cachep, objs[i]);
		objs[i] = NULL;
	}
	drain_cpu_cache(cachep);
	KEXPECT_EQ(t, list_length(&cachep->slabs_partial), 1u);
	/* The batch that is fetched for it begins with the partial slab's last free object. */
	KASSERT(t, (again = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, kept->inuse, cachep->num);
	kmem_cache_free(cachep, again);
	for (i = 0; i < n; i++)
		if (objs[i])
			kmem_cache_free(cachep, objs[i]);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Successive slabs start one cache line later each, until the rest is used up. */
KTEST(slab, colouring)
{
	struct kmem_cache *cachep = NULL;
	unsigned int size, slabs = 0, expected, first = 0;
	struct slab *slabp;
	void **objs;
	unsigned long n = 0;

	for (size = 200; size < 500; size += 8) {
		cachep = kmem_cache_create("test-colour", size, 0, 0, NULL);
		KASSERT(t, cachep);
		if (cachep->colour >= 4)
			break;
		KASSERT_EQ(t, kmem_cache_destroy(cachep), 0);
	}
	KASSERT(t, size < 500);
	KEXPECT_EQ(t, cachep->colour_off, L1_CACHE_BYTES);
	objs = vmalloc((cachep->colour + 2) * cachep->num * sizeof(void *));
	KASSERT(t, objs);
	while (slabs < cachep->colour + 2) {
		unsigned long grown = cachep->grown;

		KASSERT(t, (objs[n] = kmem_cache_alloc(cachep, GFP_KERNEL)));
		if (cachep->grown != grown) {
			slabp = virt_to_slab(objs[n]);
			if (!slabs)
				first = slabp->colouroff;
			expected = first + slabs % cachep->colour * cachep->colour_off;
			KEXPECT_EQ(t, slabp->colouroff, expected);
			slabs++;
		}
		n++;
	}
	while (n--)
		kmem_cache_free(cachep, objs[n]);
	vfree(objs);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

#define CTOR_MARK	0xc0115eedu
static unsigned int ctor_runs;

static void count_ctor(void *obj)
{
	*(unsigned int *)obj = CTOR_MARK;
	ctor_runs++;
}

/* The constructor runs once for each object of a new slab, and never at an allocation. */
KTEST(slab, constructor_once)
{
	struct kmem_cache *cachep = kmem_cache_create("test-ctor", 120, 0, 0, count_ctor);
	unsigned int i, round, runs;
	unsigned int *objs[8];

	KASSERT(t, cachep);
	ctor_runs = 0;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
			KEXPECT_EQ(t, objs[i][0], CTOR_MARK);
		}
		free_all(cachep, (void **)objs, ARRAY_SIZE(objs));
	}
	runs = ctor_runs;
	KEXPECT_EQ(t, runs, (unsigned int)cachep->grown * cachep->num);
	KEXPECT_EQ(t, kmem_cache_shrink(cachep), 0);
	KASSERT(t, (objs[0] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, ctor_runs, runs + cachep->num);
	kmem_cache_free(cachep, objs[0]);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* The array is refilled by a batch, serves the hottest object first, and is flushed by a batch. */
KTEST(slab, array_batches)
{
	struct kmem_cache *cachep = kmem_cache_create("test-array", 32, 0, 0, NULL);
	struct array_cache *ac;
	unsigned int i, n;
	void *objs[200], *hot;

	KASSERT(t, cachep);
	ac = cpu_cache_get(cachep);
	KASSERT(t, (objs[0] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, cachep->refills, 1ul);
	/* Nobody had used the array before: a small first batch. */
	KEXPECT_EQ(t, ac->avail, min3(16u, ac->batchcount, cachep->num) - 1);
	hot = objs[0];
	kmem_cache_free(cachep, hot);
	KEXPECT(t, kmem_cache_alloc(cachep, GFP_KERNEL) == hot);
	KEXPECT_EQ(t, cachep->refills, 1ul);

	n = ac->limit + 1;
	KASSERT(t, n <= ARRAY_SIZE(objs));
	for (i = 1; i < n; i++)
		KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	drain_cpu_cache(cachep);
	for (i = 0; i < ac->limit; i++)
		kmem_cache_free(cachep, objs[i]);
	KEXPECT_EQ(t, ac->avail, ac->limit);
	KEXPECT_EQ(t, cachep->flushes, 0ul);
	kmem_cache_free(cachep, objs[i]);
	KEXPECT_EQ(t, cachep->flushes, 1ul);
	KEXPECT_EQ(t, ac->avail, ac->limit - ac->batchcount + 1);
	KEXPECT(t, ac->entry[ac->avail - 1] == (char *)objs[i] - cachep->obj_offset);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Small objects have their slab's management beside them, large ones elsewhere. */
KTEST(slab, on_and_off_slab)
{
	struct kmem_cache *small = kmem_cache_create("test-on", 64, 0, 0, NULL);
	struct kmem_cache *large = kmem_cache_create("test-off", 2048, 2048, 0, NULL);
	void *a, *b;

	KASSERT(t, small && large);
	KASSERT(t, (a = kmem_cache_alloc(small, GFP_KERNEL)));
	KASSERT(t, (b = kmem_cache_alloc(large, GFP_KERNEL)));
	KEXPECT(t, !(small->flags & CFLGS_OFF_SLAB));
	KEXPECT_EQ(t, (unsigned long)virt_to_slab(a) & PAGE_MASK, (unsigned long)a & PAGE_MASK);
	KEXPECT(t, large->flags & CFLGS_OFF_SLAB);
	KEXPECT_EQ(t, large->num << 11, (unsigned int)PAGE_SIZE << large->gfporder);
	KEXPECT(t, page_get_cache(virt_to_page(virt_to_slab(b))) == large->slabp_cache);
	KEXPECT(t, page_get_cache(virt_to_page(b)) == large);
	KEXPECT_EQ(t, (unsigned long)b & 2047, 0ul);
	kmem_cache_free(small, a);
	kmem_cache_free(large, b);
	KEXPECT_EQ(t, kmem_cache_destroy(small), 0);
	KEXPECT_EQ(t, kmem_cache_destroy(large), 0);
}

/* A cache with a live object is not destroyed, and goes on working. */
KTEST(slab, destroy_refuses_live_objects)
{
	struct kmem_cache *cachep = kmem_cache_create("test-destroy", 100, 0, 0, NULL);
	void *a, *b;

	KASSERT(t, cachep);
	KASSERT(t, (a = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), -EBUSY);
	KEXPECT(t, (b = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, kmem_cache_live(cachep), 2ul);
	kmem_cache_free(cachep, a);
	kmem_cache_free(cachep, b);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Shrink and reap give empty slabs back, and the counters follow. */
KTEST(slab, shrink_and_reap)
{
	struct kmem_cache *cachep = kmem_cache_create("test-shrink", 512, 0, SLAB_RECLAIM_ACCOUNT,
						      NULL);
	unsigned long before, pages;
	unsigned int i;
	void *objs[16];

	KASSERT(t, cachep);
	before = global_page_state(NR_SLAB_RECLAIMABLE);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	pages = cachep->num_slabs << cachep->gfporder;
	KEXPECT_EQ(t, global_page_state(NR_SLAB_RECLAIMABLE), before + pages);
	KEXPECT_EQ(t, kmem_cache_shrink(cachep), 1);
	KEXPECT_EQ(t, kmem_cache_live(cachep), (unsigned long)ARRAY_SIZE(objs));
	free_all(cachep, objs, ARRAY_SIZE(objs));
	KEXPECT(t, cachep->num_slabs != 0);
	KEXPECT(t, kmem_cache_reap(GFP_KERNEL) != 0);
	KEXPECT_EQ(t, cachep->num_slabs, 0ul);
	KEXPECT_EQ(t, global_page_state(NR_SLAB_RECLAIMABLE), before);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Empty slabs beyond the limit go back without being asked. */
KTEST(slab, free_limit)
{
	struct kmem_cache *cachep = kmem_cache_create("test-limit", 1024, 0, 0, NULL);
	unsigned int i, n = 256, empty = 0;
	struct list_head *pos;
	void **objs = kmalloc(n * sizeof(void *), GFP_KERNEL);

	KASSERT(t, cachep && objs);
	for (i = 0; i < n; i++)
		KASSERT(t, (objs[i] = kmem_cache_alloc(cachep, GFP_KERNEL)));
	free_all(cachep, objs, n);
	KEXPECT(t, cachep->reaped > 0);
	/* Others stay partly used, by what lies in the stacks of processors. */
	list_for_each(pos, &cachep->slabs_free)
		empty += cachep->num;
	KEXPECT(t, empty <= cachep->free_limit);
	kfree(objs);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Alignment: the default, the processor's line, and what the caller asks for. */
KTEST(slab, alignment)
{
	static const struct { unsigned int size, align, flags, expected; } cases[] = {
		{ 20, 0, 0, 8 }, { 24, 16, 0, 16 }, { 200, 0, SLAB_HWCACHE_ALIGN, 64 },
		{ 33, 0, SLAB_HWCACHE_ALIGN, 64 }, { 30, 0, SLAB_HWCACHE_ALIGN, 32 },
		{ 100, 256, 0, 256 }, { 4096, 4096, 0, 4096 },
	};
	unsigned int i, j;
	void *objs[5];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kmem_cache *cachep = kmem_cache_create("test-align", cases[i].size,
							      cases[i].align, cases[i].flags, NULL);

		KASSERT(t, cachep);
		for (j = 0; j < ARRAY_SIZE(objs); j++) {
			KASSERT(t, (objs[j] = kmem_cache_alloc(cachep, GFP_KERNEL)));
			KEXPECT_EQ(t, (unsigned long)objs[j] & (cases[i].expected - 1), 0ul);
		}
		free_all(cachep, objs, ARRAY_SIZE(objs));
		KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
	}
}

/* A second cache of the same name is refused. */
KTEST(slab, duplicate_name)
{
	struct kmem_cache *cachep = kmem_cache_create("test-name", 16, 0, 0, NULL);

	KASSERT(t, cachep);
	KEXPECT(t, !kmem_cache_create("test-name", 16, 0, 0, NULL));
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* __GFP_ZERO clears, also an object that was used before. */
KTEST(slab, zalloc)
{
	struct kmem_cache *cachep = kmem_cache_create("test-zero", 52, 0, 0, NULL);
	unsigned char *obj;
	unsigned int i;

	KASSERT(t, cachep);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	memset(obj, 0xff, 52);
	kmem_cache_free(cachep, obj);
	KASSERT(t, (obj = kmem_cache_zalloc(cachep, GFP_KERNEL)));
	for (i = 0; i < 52; i++)
		KASSERT(t, obj[i] == 0);
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* Interrupts stay as they were: off in atomic context, whatever path is taken. */
KTEST(slab, atomic_context)
{
	struct kmem_cache *cachep = kmem_cache_create("test-atomic", 700, 0, 0, NULL);
	unsigned long flags;
	unsigned int i;
	void *objs[70];

	KASSERT(t, cachep);
	local_irq_save(flags);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = kmem_cache_alloc(cachep, GFP_ATOMIC);
		if (!objs[i] || !irqs_disabled())
			break;
	}
	local_irq_restore(flags);
	KEXPECT_EQ(t, i, (unsigned int)ARRAY_SIZE(objs));
	local_irq_save(flags);
	free_all(cachep, objs, i);
	KEXPECT(t, irqs_disabled());
	local_irq_restore(flags);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* When the page allocator has nothing the answer is NULL, and nothing is lost. */
KTEST(slab, no_memory)
{
	struct kmem_cache *cachep = kmem_cache_create("test-nomem", 2048, 2048, 0, NULL);
	void *obj;

	KASSERT(t, cachep);
	fail_alloc_set(1);
	obj = kmem_cache_alloc(cachep, GFP_ATOMIC | __GFP_NOWARN);
	fail_alloc_set(0);
	KEXPECT(t, !obj);
	KEXPECT_EQ(t, cachep->num_slabs, 0ul);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* ---- misuse is noticed (debug builds) ---- */

static unsigned int faults_seen[NR_SLAB_FAULTS];
static struct kmem_cache *fault_cache;
static void *fault_obj;

static void note_fault(struct kmem_cache *cachep, enum slab_fault fault, void *obj)
{
	faults_seen[fault]++;
	fault_cache = cachep;
	fault_obj = obj;
}

static void watch_faults(void)
{
	memset(faults_seen, 0, sizeof(faults_seen));
	fault_cache = NULL;
	fault_obj = NULL;
	slab_error_hook = note_fault;
}

static unsigned int sum_faults(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < NR_SLAB_FAULTS; i++)
		sum += faults_seen[i];
	return sum;
}

/* Exactly one report, of that kind, about that object. */
static bool one_fault(struct kmem_cache *cachep, enum slab_fault fault, void *obj)
{
	return sum_faults() == 1 && faults_seen[fault] == 1 && fault_cache == cachep &&
	       fault_obj == obj;
}

#define NEEDS_DEBUG(t)							\
do {									\
	if (!SLAB_DEBUG) {						\
		ktest_skip(t, "guards and poison are there with DEBUG=1"); \
		return;							\
	}								\
} while (0)

KTEST(slab, report_double_free)
{
	struct kmem_cache *cachep;
	void *obj;

	NEEDS_DEBUG(t);
	cachep = kmem_cache_create("test-double", 80, 0, 0, NULL);
	KASSERT(t, cachep);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	watch_faults();
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, sum_faults(), 0u);
	kmem_cache_free(cachep, obj);
	KEXPECT(t, one_fault(cachep, SLAB_DOUBLE_FREE, obj));
	slab_error_hook = NULL;
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

KTEST(slab, report_overrun)
{
	struct kmem_cache *cachep;
	unsigned int size;
	char *obj;

	NEEDS_DEBUG(t);
	/* By one byte, also where the object does not end at a whole word. */
	for (size = 77; size <= 80; size++) {
		cachep = kmem_cache_create("test-overrun", size, 0, 0, NULL);
		KASSERT(t, cachep);
		KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
		watch_faults();
		obj[size] = 0;
		kmem_cache_free(cachep, obj);
		KEXPECT(t, one_fault(cachep, SLAB_OVERRUN, obj));
		slab_error_hook = NULL;
		KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
	}
}

KTEST(slab, report_underrun)
{
	struct kmem_cache *cachep;
	char *obj;

	NEEDS_DEBUG(t);
	cachep = kmem_cache_create("test-underrun", 80, 0, 0, NULL);
	KASSERT(t, cachep);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	watch_faults();
	obj[-1] = 0;
	kmem_cache_free(cachep, obj);
	KEXPECT(t, one_fault(cachep, SLAB_UNDERRUN, obj));
	slab_error_hook = NULL;
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

KTEST(slab, report_use_after_free)
{
	struct kmem_cache *cachep;
	char *obj, *other;

	NEEDS_DEBUG(t);
	cachep = kmem_cache_create("test-after", 80, 0, 0, NULL);
	KASSERT(t, cachep);
	/* Found at the next allocation ... */
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	kmem_cache_free(cachep, obj);
	obj[40] = 1;
	watch_faults();
	other = kmem_cache_alloc(cachep, GFP_KERNEL);
	KEXPECT(t, other == obj && one_fault(cachep, SLAB_USE_AFTER_FREE, obj));
	/* ... or when the slab goes. */
	kmem_cache_free(cachep, obj);
	obj[79] = 1;
	watch_faults();
	kmem_cache_shrink(cachep);
	KEXPECT(t, one_fault(cachep, SLAB_USE_AFTER_FREE, obj));
	slab_error_hook = NULL;
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

KTEST(slab, report_bad_free)
{
	struct kmem_cache *cachep, *other;
	char *obj;

	NEEDS_DEBUG(t);
	cachep = kmem_cache_create("test-bad", 80, 0, 0, NULL);
	other = kmem_cache_create("test-bad-other", 80, 0, 0, NULL);
	KASSERT(t, cachep && other);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	watch_faults();
	kmem_cache_free(other, obj);
	KEXPECT(t, one_fault(other, SLAB_BAD_FREE, obj));
	watch_faults();
	kmem_cache_free(cachep, obj + 4);
	KEXPECT(t, one_fault(cachep, SLAB_BAD_FREE, obj + 4));
	slab_error_hook = NULL;
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
	KEXPECT_EQ(t, kmem_cache_destroy(other), 0);
}

/* Fresh objects and freed ones hold the patterns that slab_debug.h names. */
KTEST(slab, poison)
{
	struct kmem_cache *cachep;
	unsigned char *obj;

	NEEDS_DEBUG(t);
	cachep = kmem_cache_create("test-poison", 60, 0, 0, NULL);
	KASSERT(t, cachep);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KEXPECT_EQ(t, obj[0], POISON_INUSE);
	KEXPECT_EQ(t, obj[59], POISON_INUSE);
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, obj[0], POISON_FREE);
	KEXPECT_EQ(t, obj[58], POISON_FREE);
	KEXPECT_EQ(t, obj[59], POISON_END);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/* ---- at random ---- */

#define RANDOM_OPS	100000u
#define RANDOM_SLOTS	256u
#define RANDOM_CACHES	5u

/* The naive model: what each slot holds is known, byte by byte, from its stamp. */
struct model_slot {
	unsigned int *obj;
	unsigned int cache, stamp;
};

static const unsigned int random_sizes[RANDOM_CACHES] = { 16, 52, 200, 1024, 3000 };

static void fill_obj(struct model_slot *s)
{
	unsigned int i;

	for (i = 0; i < random_sizes[s->cache] / 4; i++)
		s->obj[i] = s->stamp + i;
}

static bool obj_as_filled(const struct model_slot *s)
{
	unsigned int i;

	for (i = 0; i < random_sizes[s->cache] / 4; i++)
		if (s->obj[i] != s->stamp + i)
			return false;
	return true;
}

/* One step. => false: the allocator and the model disagree */
static bool random_step(struct rnd_state *rnd, struct kmem_cache **caches,
			struct model_slot *slots, unsigned long *live)
{
	struct model_slot *s = &slots[prandom_below(rnd, RANDOM_SLOTS)];

	if (s->obj) {
		if (!obj_as_filled(s))
			return false;
		kmem_cache_free(caches[s->cache], s->obj);
		s->obj = NULL;
		live[s->cache]--;
		return true;
	}
	s->cache = prandom_below(rnd, RANDOM_CACHES);
	s->stamp = prandom_u32(rnd);
	s->obj = kmem_cache_alloc(caches[s->cache], GFP_KERNEL);
	if (!s->obj)
		return false;
	fill_obj(s);
	live[s->cache]++;
	return true;
}

/* 100,000 operations: no object is handed out twice, none changes while it is held. */
KTEST(slab, random_operations)
{
	static const char *const names[RANDOM_CACHES] = {
		"test-random-0", "test-random-1", "test-random-2", "test-random-3", "test-random-4",
	};
	struct kmem_cache *caches[RANDOM_CACHES];
	unsigned long live[RANDOM_CACHES] = { 0 };
	struct model_slot *slots = vzalloc(RANDOM_SLOTS * sizeof(*slots));
	struct rnd_state rnd;
	unsigned int i, c;

	KASSERT(t, slots);
	prandom_seed(&rnd, ktest_seed(20260401));
	for (c = 0; c < RANDOM_CACHES; c++)
		KASSERT(t, (caches[c] = kmem_cache_create(names[c], random_sizes[c], 0, 0, NULL)));
	for (i = 0; i < RANDOM_OPS; i++) {
		KASSERT(t, random_step(&rnd, caches, slots, live));
		if (i % 4096 == 0) {
			kmem_cache_shrink(caches[i / 4096 % RANDOM_CACHES]);
			for (c = 0; c < RANDOM_CACHES; c++)
				KASSERT_EQ(t, kmem_cache_live(caches[c]), live[c]);
		}
		if (i % 16384 == 0)
			KASSERT_EQ(t, slab_check(), 0);
	}
	for (i = 0; i < RANDOM_SLOTS; i++) {
		if (!slots[i].obj)
			continue;
		KEXPECT(t, obj_as_filled(&slots[i]));
		kmem_cache_free(caches[slots[i].cache], slots[i].obj);
	}
	for (c = 0; c < RANDOM_CACHES; c++)
		KEXPECT_EQ(t, kmem_cache_destroy(caches[c]), 0);
	vfree(slots);
}

/* ---- what is shown ---- */

static const struct proc_show *find_show(const char *name)
{
	const struct proc_show *show;

	for (show = __start_proc_shows; show < __stop_proc_shows; show++)
		if (!strcmp(show->name, name))
			return show;
	return NULL;
}

/* /proc/slabinfo: version 2.1's two head lines, then a line for each cache with its figures. */
KTEST(slab, slabinfo)
{
	const struct proc_show *show = find_show("slabinfo");
	struct kmem_cache *cachep = kmem_cache_create("test-slabinfo", 96, 0, 0, NULL);
	struct seq_file m = { .size = 16384 };
	char expected[160], *line;
	void *obj;

	KASSERT(t, show && cachep);
	KASSERT(t, (obj = kmem_cache_alloc(cachep, GFP_KERNEL)));
	KASSERT(t, (m.buf = vzalloc(m.size)));
	KEXPECT_EQ(t, show->show(&m, NULL), 0);
	KASSERT(t, !seq_has_overflowed(&m));
	m.buf[m.count] = '\0';
	KEXPECT(t, !strncmp(m.buf, "slabinfo - version: 2.1\n# name            <active_objs> ", 56));
	snprintf(expected, sizeof(expected),
		 "\ntest-slabinfo          1 %6u %6u %4u %4u : tunables %4u %4u    0"
		 " : slabdata      1      1      0\n",
		 cachep->num, cachep->buffer_size, cachep->num, 1u << cachep->gfporder,
		 cpu_cache_get(cachep)->limit, cpu_cache_get(cachep)->batchcount);
	line = strstr(m.buf, "\ntest-slabinfo");
	KEXPECT(t, line && !strncmp(line, expected, strlen(expected)));
	vfree(m.buf);
	kmem_cache_free(cachep, obj);
	KEXPECT_EQ(t, kmem_cache_destroy(cachep), 0);
}

/*
 * With ktest_plant=object on the command line this test loses one object, and
 * must be failed for it: the proof that the accounting sees a single object.
 */
KTEST(slab, planted_leak)
{
	char what[16];

	if (cmdline_find_option("ktest_plant", what, sizeof(what)) > 0 && !strcmp(what, "object"))
		KEXPECT(t, kmalloc(40, GFP_KERNEL) != NULL);
}

#define HELD_OBJECTS	64u
static struct {
	struct kmem_cache *cachep;
	void *held[HELD_OBJECTS];
	unsigned int nr;
	bool armed;
} meanwhile;

/* A slab is being made, with interrupts on: others run and free enough to fill the stack. */
static void free_held_meanwhile(void *obj)
{
	if (!meanwhile.armed)
		return;
	meanwhile.armed = false;
	meanwhile.nr -= cpu_cache_get(meanwhile.cachep)->limit;
	free_all(meanwhile.cachep, meanwhile.held + meanwhile.nr,
		 cpu_cache_get(meanwhile.cachep)->limit);
}

/* What others free while a cache grows fills the stack; the refill must not go on top of it. */
KTEST(slab, frees_while_growing)
{
	struct array_cache *ac;
	void *obj;

	memset(&meanwhile, 0, sizeof(meanwhile));
	meanwhile.cachep = kmem_cache_create("test-meanwhile", 1200, 0, 0, free_held_meanwhile);
	KASSERT(t, meanwhile.cachep);
	ac = cpu_cache_get(meanwhile.cachep);
	/* All objects that there are, and as many as the stack holds at least. */
	while (meanwhile.nr < ac->limit || ac->avail || meanwhile.cachep->free_objects) {
		KASSERT(t, meanwhile.nr < HELD_OBJECTS);
		meanwhile.held[meanwhile.nr++] = kmem_cache_alloc(meanwhile.cachep, GFP_KERNEL);
	}
	meanwhile.armed = true;
	obj = kmem_cache_alloc(meanwhile.cachep, GFP_KERNEL);
	KEXPECT(t, !meanwhile.armed);
	KEXPECT(t, obj);
	KEXPECT(t, ac->avail <= ac->limit);
	kmem_cache_free(meanwhile.cachep, obj);
	free_all(meanwhile.cachep, meanwhile.held, meanwhile.nr);
	KEXPECT_EQ(t, kmem_cache_live(meanwhile.cachep), 0ul);
	KEXPECT_EQ(t, kmem_cache_destroy(meanwhile.cachep), 0);
}
