/*
 * mm/phys/reclaim.c - when memory runs short: the shrinkers.
 *
 * Theory.  Memory that is used is of three kinds: in use for good, a cache of
 * something that could be made again, or kept at hand to be quick.  Who keeps a
 * cache of objects registers a shrinker, and is asked, gently: at priority p to look
 * at 1/2^p of them; p falls only as long as too little comes.  Who asks, and
 * in which order pages of files and objects go, is mm/cache/vmscan.c's business.
 *
 * An object freed is not yet a page: whoever needs pages measures those.
 *
 * Locking: shrinker_sem guards the list; its reader may sleep in a shrinker.  If
 * somebody registers just now, reclaim goes without shrinkers rather than wait.
 */
#include <mm/phys/reclaim.h>

#include <kernel/core/rwsem.h>
#include <lib/kernel.h>
#include <mm/phys/vmstat.h>

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
