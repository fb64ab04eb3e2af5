/*
 * kernel/fs/drop_caches.c - /proc/sys/vm/drop_caches: get rid of what is only kept to be quick.
 *
 * Theory.  For who measures: a cold start without a restart.  Who writes 1 drops the pages of files
 * that can be read again (clean, not mapped, in nobody's use) and slots of swap whose pages are in memory, 2 what shrinkers hold (unused inodes
 * and dentries, empty slabs, page tables at hand), 3 both.  Nothing that is dirty is touched: `sync` first.
 * It is also how tests compare exactly what is in use before and after.
 *
 * Locking: s_umount for reading, so that the file system stays; inode_lock to walk its inodes.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/rcu.h>
#include <kernel/core/sysctl.h>
#include <kernel/fs/internal.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/vmstat.h>

#define DROP_PAGECACHE_BIT	1
#define DROP_SLAB_BIT		2
#define DROP_ROUNDS		10

static int sysctl_drop_caches;

static bool has_droppable_pages(const struct inode *inode)
{
	return inode->i_data.nrpages && mapping_evictable(&inode->i_data);
}

static int drop_pages(struct inode *inode, void *unused)
{
	invalidate_mapping_pages(&inode->i_data, 0, ~0UL);
	return 0;
}

/* Clean pages of all inodes of @sb. => s_umount held for reading */
static void drop_pagecache_sb(struct super_block *sb, void *unused)
{
	visit_inodes(sb, has_droppable_pages, drop_pages, NULL);
}

static void drop_pagecache(void)
{
	iterate_supers(drop_pagecache_sb, NULL);
	drop_swap_cache();
	drain_all_pages();
	count_vm_event(DROP_PAGECACHE);
}

/* Round by round, because one cache's slabs may hold another's bookkeeping; others go on allocating. */
static void drop_slab(void)
{
	int round;

	rcu_barrier();		/* what has been given up becomes free */
	lru_add_drain_all();	/* pages that have left their files, too */
	for (round = 0; round < DROP_ROUNDS && shrink_slab(GFP_KERNEL, 0); round++)
		;
	drain_pgt_cache();
	drain_all_pages();
	count_vm_event(DROP_SLAB);
}

static int drop_caches(void)
{
	/* A page that waits there counts as in use, also if its file is gone. */
	lru_add_drain_all();
	if (sysctl_drop_caches & DROP_PAGECACHE_BIT)
		drop_pagecache();
	if (sysctl_drop_caches & DROP_SLAB_BIT)
		drop_slab();
	return 0;
}
SYSCTL("sys/vm/drop_caches", .data = &sysctl_drop_caches, .nr = 1, .mode = 0200, .min = 1, .max = 4,
       .changed = drop_caches);
