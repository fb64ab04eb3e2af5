/*
 * mm/phys/reclaim.c - when memory runs short: ask everybody who could do without.
 *
 * Theory.  Memory that is used is of three kinds: in use for good, a cache of
 * something that could be made again, or kept at hand to be quick.  The last goes
 * first, as it costs nothing: this CPU's page lists and quicklists.  Then the
 * caches, each through its shrinker, and gently: at priority p each is asked to
 * look at 1/2^p of its objects, and p falls only as long as too little came.
 *
 *	try_to_free_pages	priority 4, 3, ... 0 until enough is free
 *	  shrink_slab		every shrinker, in proportion to its size
 *
 * Progress is measured where it counts, in pages of the zones in question that
 * have come back to the buddy system; an object freed is not yet a page.
 *
 * Pages of files and of processes are not reclaimed here: that is the place
 * where mm/cache's page lists are asked, between the two lines above.
 *
 * /proc/sys/vm/drop_caches does the same on request: who writes 2 to it gets rid of all
 * that is only kept at hand, so that what is in use can be compared exactly.
 *
 * The caller of try_to_free_pages() has PF_MEMALLOC, so that what reclaim itself allocates comes from
 * the reserves and never gets here again.
 *
 * Locking: shrinker_sem guards the list; its reader may sleep in a shrinker.  If
 * somebody registers just now, reclaim goes without shrinkers rather than wait.
 */
#include <mm/phys/reclaim.h>

#include <kernel/core/hooks.h>
#include <kernel/core/rcu.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sysctl.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmstat.h>

#define DEF_PRIORITY	4	/* start with a sixteenth */
#define SWAP_CLUSTER_MAX 32	/* pages that make one run worth its while */

static LIST_HEAD(shrinker_list);
static DECLARE_RWSEM(shrinker_sem);

void register_shrinker(struct shrinker *shrinker)
{
	shrinker->nr_scanned = 0;
	down_write(&shrinker_sem);
	list_add_tail(&shrinker->list, &shrinker_list);
	up_write(&shrinker_sem);
}

void unregister_shrinker(struct shrinker *shrinker)
{
	down_write(&shrinker_sem);
	list_del(&shrinker->list);
	up_write(&shrinker_sem);
}

unsigned long shrink_slab(gfp_t gfp_mask, int priority)
{
	struct shrinker *shrinker;
	unsigned long freed = 0;

	if (!down_read_trylock(&shrinker_sem))
		return 0;
	list_for_each_entry(shrinker, &shrinker_list, list) {
		int objects = shrinker->shrink(0, gfp_mask), scan, left;

		if (objects <= 0)
			continue;
		scan = (objects >> priority) + 1;
		left = shrinker->shrink(scan, gfp_mask);
		shrinker->nr_scanned += (unsigned long)scan;
		count_vm_events(SLABS_SCANNED, (unsigned long)scan);
		if (left >= 0 && left < objects)
			freed += (unsigned long)(objects - left);
	}
	up_read(&shrinker_sem);
	return freed;
}

/* Pages in the buddy system that this zonelist can reach. */
static unsigned long zonelist_free_pages(const struct zonelist *zonelist)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; zonelist->zones[i]; i++)
		sum += READ_ONCE(zonelist->zones[i]->free_pages);
	return sum;
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order,
				unsigned int gfp_mask)
{
	unsigned long before = zonelist_free_pages(zonelist);
	unsigned long goal = before + max(1UL << order, (unsigned long)SWAP_CLUSTER_MAX), now;
	int priority;

	drain_pgt_cache();
	drain_all_pages();
	for (priority = DEF_PRIORITY; priority >= 0; priority--) {
		if (zonelist_free_pages(zonelist) >= goal)
			break;
		shrink_slab(gfp_mask, priority);
		drain_all_pages();
	}
	now = zonelist_free_pages(zonelist);
	return now > before ? now - before : 0;
}

/* ---- /proc/sys/vm/drop_caches ---- */

/* As in Linux: 1 page cache, 2 slab objects. Files live in memory only, so 1 has nothing to take. */
#define DROP_PAGECACHE_BIT	1
#define DROP_SLAB_BIT		2
#define DROP_ROUNDS		10

static int sysctl_drop_caches;

/* Round by round, because one cache's slabs may hold another's bookkeeping; others go on allocating. */
static void drop_slab(void)
{
	int round;

	rcu_barrier();		/* what has been given up becomes free */
	for (round = 0; round < DROP_ROUNDS && shrink_slab(GFP_KERNEL, 0); round++)
		;
	drain_pgt_cache();
	drain_all_pages();
	count_vm_event(DROP_SLAB);
}

static int drop_caches(void)
{
	if (sysctl_drop_caches & DROP_SLAB_BIT)
		drop_slab();
	if (sysctl_drop_caches & DROP_PAGECACHE_BIT)
		count_vm_event(DROP_PAGECACHE);
	return 0;
}
SYSCTL("sys/vm/drop_caches", .data = &sysctl_drop_caches, .nr = 1, .mode = 0200, .min = 1, .max = 4,
       .changed = drop_caches);
