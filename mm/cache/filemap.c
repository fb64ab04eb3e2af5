/*
 * mm/cache/filemap.c - the page cache: lookup, insertion, removal, page locks.
 *
 * Theory: see filemap.h.  This file knows pages and mappings, not files: what a file is, how
 * long it is and who may read it belongs to kernel/fs, above.
 *
 * Waiting.  PG_locked has no queue of its own in struct page (it would cost 8 bytes for each
 * frame of RAM, of which a handful is ever waited for).  Waiters sleep on one of a few queues,
 * chosen by the page's address; a wake-up wakes all of that queue, and each looks whether its
 * page was meant.
 *
 * Counting.  A page in the cache counts in NR_FILE_PAGES; in a space marked AS_SWAPBACKED
 * (shared anonymous memory) also in NR_SHMEM, of a block device (AS_BLKDEV) in NR_BUFFERS, in one
 * marked AS_UNEVICTABLE (ramfs) also in NR_UNEVICTABLE, in one marked AS_ACCOUNT (tmpfs) in
 * Committed_AS, if the limit allows it.
 * Insertion and removal are the only places that count; shmem_swap.c counts what goes to swap.
 *
 * Memory.  The tree's nodes are allocated with tree_lock held, so without waiting.  When that
 * fails, insertion drops the lock, gets one node the patient way and gives it back: the next
 * attempt finds it in the cache's per-CPU array.
 *
 * Locking: tree_lock is taken with interrupts on; completion handlers do not touch the tree.
 *
 * References: Gorman, chapter 10.2; Bovet and Cesati, chapter 15.
 */
#include <mm/cache/filemap.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/wait.h>
#include <kernel/sched/kernel_stat.h>
#include <lib/err.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/commit.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>

#define WAIT_TABLE_BITS	6
static wait_queue_head_t page_wait_table[1 << WAIT_TABLE_BITS];

static struct kmem_cache *radix_tree_node_cachep;

/* Free pages that ramfs leaves to the rest of the kernel: set by filemap_init(). [c] */
static unsigned long unevictable_reserve;

struct backing_dev_info noop_backing_dev_info;

wait_queue_head_t *page_waitqueue(const struct page *page)
{
	return &page_wait_table[hash_ptr(page, WAIT_TABLE_BITS)];
}

/* => may sleep; returns when @bit was seen clear */
void wait_on_page_bit(struct page *page, int bit)
{
	io_wait_event(*page_waitqueue(page), !test_bit(bit, &page->flags));
}

void __lock_page(struct page *page)
{
	io_wait_event(*page_waitqueue(page), trylock_page(page));
}

void wake_up_page(struct page *page)
{
	wait_queue_head_t *q = page_waitqueue(page);

	if (unlikely(waitqueue_active(q)))
		wake_up_all(q);
}

void unlock_page(struct page *page)
{
	VM_BUG_ON(!PageLocked(page));
	ClearPageLocked(page);
	wake_up_page(page);
}

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *a_ops, gfp_t gfp_mask)
{
	mapping->host = host;
	mapping->a_ops = a_ops;
	spin_lock_init(&mapping->tree_lock);
	INIT_RADIX_TREE(&mapping->page_tree, GFP_ATOMIC | __GFP_NOWARN);
	mapping->nrpages = 0;
	mapping->gfp_mask = gfp_mask;
	mapping->flags = 0;
	spin_lock_init(&mapping->i_mmap_lock);
	mapping->i_mmap = RB_ROOT;
	mapping->i_mmap_writable = 0;
	mapping->backing_dev_info = &noop_backing_dev_info;
	mapping->writeback_index = 0;
	spin_lock_init(&mapping->private_lock);
	INIT_LIST_HEAD(&mapping->private_list);
	mapping->truncate_count = 0;
	mapping->swap_moves = 0;
	mapping->nrswapped = 0;
	INIT_RADIX_TREE(&mapping->swap_tree, GFP_ATOMIC | __GFP_NOWARN);
}

struct page *find_get_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	spin_lock(&mapping->tree_lock);
	page = radix_tree_lookup(&mapping->page_tree, index);
	if (page)
		get_page(page);
	spin_unlock(&mapping->tree_lock);
	return page;
}

struct page *find_lock_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	for (;;) {
		page = find_get_page(mapping, index);
		if (!page)
			return NULL;
		lock_page(page);
		if (likely(page->mapping == mapping))
			return page;
		/* It left the cache while we waited. */
		unlock_page(page);
		put_page(page);
	}
}

unsigned int find_get_pages(struct address_space *mapping, unsigned long start,
			    unsigned int nr_pages, struct page **pages)
{
	unsigned int i, found;

	spin_lock(&mapping->tree_lock);
	found = radix_tree_gang_lookup(&mapping->page_tree, (void **)pages, start, nr_pages);
	for (i = 0; i < found; i++)
		get_page(pages[i]);
	spin_unlock(&mapping->tree_lock);
	return found;
}

/* Free pages, and those of files, or for which there is swap, that the allocator can make free. */
static unsigned long pages_to_be_had(void)
{
	unsigned long anon = global_page_state(NR_INACTIVE_ANON) +
			     global_page_state(NR_ACTIVE_ANON);

	unsigned long files = global_page_state(NR_INACTIVE_FILE) +
			      global_page_state(NR_ACTIVE_FILE);
	unsigned long dirty = global_page_state(NR_FILE_DIRTY) + global_page_state(NR_WRITEBACK);

	return nr_free_pages() + files - min(files, dirty) +
	       min(anon, READ_ONCE(nr_swap_pages));
}

bool unevictable_may_grow(gfp_t gfp)
{
	if (likely(nr_free_pages() >= unevictable_reserve))
		return true;
	if (pages_to_be_had() >= unevictable_reserve)
		return true;
	try_to_free_pages(node_zonelist(numa_node_id(), gfp), 0, gfp);
	return pages_to_be_had() >= unevictable_reserve;
}

struct page *page_cache_alloc(struct address_space *mapping, gfp_t gfp)
{
	if (test_bit(AS_RESERVE, &mapping->flags) && !unevictable_may_grow(gfp))
		return NULL;
	if (mempolicies_in_use())
		return alloc_pages_current(gfp, 0);
	return alloc_page(gfp);
}

/* find_get_page() that looks into swap too. => may sleep; as shmem_find_page() */
static inline struct page *find_page_anywhere(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_get_page(mapping, index);
	bool major;

	/* A page that goes to swap just now will be missed: then it cannot be added to the cache. */
	if (page || likely(!READ_ONCE(mapping->nrswapped)))
		return page;
	return shmem_find_page(mapping, index, &major);
}

struct page *find_or_create_page(struct address_space *mapping, unsigned long index, gfp_t gfp)
{
	struct page *page;
	int err;

	for (;;) {
		page = find_page_anywhere(mapping, index);
		if (IS_ERR(page))
			return page;
		if (page) {
			lock_page(page);
			if (likely(page->mapping == mapping))
				return page;
			/* It left the cache while we waited. */
			unlock_page(page);
			put_page(page);
			continue;
		}
		page = page_cache_alloc(mapping, gfp);
		if (!page)
			return NULL;
		err = add_to_page_cache(page, mapping, index);
		if (!err)
			return page;
		put_page(page);
		if (err != -EEXIST)
			return NULL;
	}
}

int page_tree_refill(gfp_t gfp)
{
	void *node;

	if (!(gfp & __GFP_WAIT))
		return -ENOMEM;
	node = kmem_cache_alloc(radix_tree_node_cachep, gfp & ~GFP_ZONEMASK);
	if (!node)
		return -ENOMEM;
	kmem_cache_free(radix_tree_node_cachep, node);
	return 0;
}

/* => tree_lock held, page fresh and ours alone */
static int __add_to_page_cache(struct page *page, struct address_space *mapping,
			       unsigned long index)
{
	int err;

	if (unlikely(mapping->nrswapped) && radix_tree_lookup(&mapping->swap_tree, index))
		return -EEXIST;
	__SetPageLocked(page);
	page->mapping = mapping;
	page->index = index;
	err = radix_tree_insert(&mapping->page_tree, index, page);
	if (unlikely(err)) {
		page->mapping = NULL;
		__ClearPageLocked(page);
		return err;
	}
	get_page(page);
	mapping->nrpages++;
	if (test_bit(AS_SWAPBACKED, &mapping->flags))
		__SetPageSwapBacked(page);
	return 0;
}

/* Of a space with AS_ACCOUNT: one page of Committed_AS, and of its file system. => 0 or -ENOSPC */
static int charge_page(struct address_space *mapping)
{
	int err;

	if (__vm_enough_memory(current->mm, 1))
		return -ENOSPC;
	err = mapping->a_ops->charge_page ? mapping->a_ops->charge_page(mapping) : 0;
	if (err)
		vm_unacct_memory(1);
	return err;
}

void uncharge_page_cache(struct address_space *mapping)
{
	if (!test_bit(AS_ACCOUNT, &mapping->flags))
		return;
	if (mapping->a_ops->uncharge_page)
		mapping->a_ops->uncharge_page(mapping);
	vm_unacct_memory(1);
}

int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index)
{
	bool account = test_bit(AS_ACCOUNT, &mapping->flags);
	int err, tries;

	if (account) {
		err = charge_page(mapping);
		if (err)
			return err;
	}
	for (tries = 0; ; tries++) {
		spin_lock(&mapping->tree_lock);
		err = __add_to_page_cache(page, mapping, index);
		spin_unlock(&mapping->tree_lock);
		/* A path down the tree needs that many nodes at most. */
		if (likely(err != -ENOMEM) || tries > (int)RADIX_TREE_MAX_PATH)
			break;
		if (page_tree_refill(mapping->gfp_mask))
			break;
	}
	if (unlikely(err)) {
		if (account)
			uncharge_page_cache(mapping);
		return err;
	}
	inc_zone_page_state(page, NR_FILE_PAGES);
	if (mapping_evictable(mapping) || mapping_swaps(mapping)) {
		lru_cache_add(page);
		if (test_bit(AS_BLKDEV, &mapping->flags)) {
			SetPageBlkdev(page);
			inc_zone_page_state(page, NR_BUFFERS);
		}
	}
	if (test_bit(AS_UNEVICTABLE, &mapping->flags))
		inc_zone_page_state(page, NR_UNEVICTABLE);
	if (test_bit(AS_SWAPBACKED, &mapping->flags))
		inc_zone_page_state(page, NR_SHMEM);
	return 0;
}

/* => tree_lock held */
static void __remove_from_page_cache(struct page *page, struct address_space *mapping)
{
	radix_tree_delete(&mapping->page_tree, page->index);
	if (PageDirty(page))
		account_page_cleaned(page, mapping);
	mapping->nrpages--;
	page->mapping = NULL;
}

/*
 * What counted while it was in @mapping. It leaves its list of the LRU when it is freed.
 * => tree_lock held: whoever ends the mapping, because it has no pages any more, waits for it (evict())
 */
static void uncount_page(struct page *page, struct address_space *mapping)
{
	if (TestClearPageBlkdev(page))
		dec_zone_page_state(page, NR_BUFFERS);
	dec_zone_page_state(page, NR_FILE_PAGES);
	if (test_bit(AS_UNEVICTABLE, &mapping->flags))
		dec_zone_page_state(page, NR_UNEVICTABLE);
	if (test_bit(AS_SWAPBACKED, &mapping->flags))
		dec_zone_page_state(page, NR_SHMEM);
	uncharge_page_cache(mapping);
}

void remove_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;

	BUG_ON(!PageLocked(page) || !mapping);
	spin_lock(&mapping->tree_lock);
	__remove_from_page_cache(page, mapping);
	uncount_page(page, mapping);
	spin_unlock(&mapping->tree_lock);
}

/* Out of the swap cache: what free memory it made, the slot or the page itself, is for others. */
static void remove_swap_mapping(struct address_space *space, struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);

	__delete_from_swap_cache(page);
	spin_unlock(&space->tree_lock);
	swap_free(entry);
}

/*
 * Whoever wants the page finds it in the tree and takes a reference, both under tree_lock; whoever
 * makes it dirty has a reference, and dirties it before he lets go.  So when nobody has
 * one but the cache and us, it is looked at in this order and nothing can change any more.
 */
int remove_mapping(struct address_space *mapping, struct page *page)
{
	BUG_ON(!PageLocked(page) || page_mapping(page) != mapping);
	spin_lock(&mapping->tree_lock);
	if (page_count(page) != 2 || PageDirty(page)) {
		spin_unlock(&mapping->tree_lock);
		return 0;
	}
	if (PageSwapCache(page)) {
		remove_swap_mapping(mapping, page);
	} else {
		__remove_from_page_cache(page, mapping);
		uncount_page(page, mapping);
		spin_unlock(&mapping->tree_lock);
	}
	put_page(page);
	return 1;
}

/* Is leaving the tree all that a page of @mapping has to do, but for its zone's counts? */
static bool leaves_simply(const struct address_space *mapping)
{
	return !(mapping->flags &
		 (1UL << AS_UNEVICTABLE | 1UL << AS_SWAPBACKED | 1UL << AS_ACCOUNT));
}

/*
 * Have the tree_lock of @page's mapping, and let go of the one at hand, that of *@locked, if it is
 * another's.
 * => false: the page is not one that leaves simply, and none is held
 */
static bool turn_to_mapping(struct address_space **locked, const struct page *page)
{
	struct address_space *mapping = PageSwapCache(page) ? NULL : page->mapping;

	if (likely(mapping && mapping == *locked))
		return true;
	if (*locked)
		spin_unlock(&(*locked)->tree_lock);
	*locked = mapping && leaves_simply(mapping) ? mapping : NULL;
	if (*locked)
		spin_lock(&(*locked)->tree_lock);
	return *locked;
}

/* One that leaves simply, as remove_mapping(): its zone is left to count it. => tree_lock held */
static bool remove_uncounted(struct page *page, struct address_space *mapping)
{
	if (page_count(page) != 2 || PageDirty(page))
		return false;
	radix_tree_delete(&mapping->page_tree, page->index);
	mapping->nrpages--;
	page->mapping = NULL;
	atomic_set(&page->_refcount, 1);
	return true;
}

unsigned int remove_mappings(struct page **pages, unsigned int nr)
{
	unsigned int i, gone = 0, counted = 0, buffers = 0;
	struct address_space *locked = NULL;
	struct zone *zone = nr ? page_zone(pages[0]) : NULL;

	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (unlikely(!turn_to_mapping(&locked, page))) {
			if (!remove_mapping(page_mapping(page), page))
				continue;
			counted++;
		} else if (!remove_uncounted(page, locked)) {
			continue;
		}
		/* Ours alone now: nobody waits for it. */
		buffers += (unsigned int)PageBlkdev(page);
		page->flags &= ~(1UL << PG_locked | 1UL << PG_blkdev);
		pages[i] = pages[gone];
		pages[gone++] = page;
	}
	if (locked)
		spin_unlock(&locked->tree_lock);
	if (gone != counted)
		mod_zone_page_state(zone, NR_FILE_PAGES, (int)counted - (int)gone);
	if (buffers)
		mod_zone_page_state(zone, NR_BUFFERS, -(int)buffers);
	for (i = gone; i < nr; i++)
		unlock_page(pages[i]);
	return gone;
}

/* Fill a page of the cache. => 1 uptodate, 0 it left the cache meanwhile, -errno */
static int fill_page(struct address_space *mapping, struct page *page, struct file *file)
{
	int err;

	lock_page(page);
	if (page->mapping != mapping) {
		unlock_page(page);
		return 0;
	}
	if (PageUptodate(page)) {
		unlock_page(page);
		return 1;
	}
	ClearPageError(page);
	err = mapping->a_ops->readpage(file, page);
	if (err)
		return err;
	wait_on_page_locked(page);
	if (PageUptodate(page))
		return 1;
	return page->mapping == mapping ? -EIO : 0;
}

/* Put a blank page at @index. => 0, also if somebody else just did; -errno */
static int add_blank_page(struct address_space *mapping, unsigned long index)
{
	struct page *page = page_cache_alloc(mapping, mapping->gfp_mask);
	int err;

	if (!page)
		return test_bit(AS_RESERVE, &mapping->flags) ? -ENOSPC : -ENOMEM;
	err = add_to_page_cache(page, mapping, index);
	if (!err)
		unlock_page(page);
	put_page(page);
	return err == -EEXIST ? 0 : err;
}

struct page *read_cache_page(struct address_space *mapping, unsigned long index,
			     struct file *file)
{
	struct page *page;
	int err;

	for (;;) {
		page = find_page_anywhere(mapping, index);
		if (IS_ERR(page))
			return page;
		if (!page) {
			err = add_blank_page(mapping, index);
			if (err)
				return ERR_PTR(err);
			continue;
		}
		if (PageUptodate(page))
			return page;
		err = fill_page(mapping, page, file);
		if (err > 0)
			return page;
		put_page(page);
		if (err < 0)
			return ERR_PTR(err);
	}
}

int __set_page_dirty_no_writeback(struct page *page)
{
	return !PageDirty(page) && !TestSetPageDirty(page);
}

int set_page_dirty(struct page *page)
{
	/* Read once: it goes to NULL when the last entry of an anonymous page does, or at truncate. */
	struct address_space *mapping = READ_ONCE(page->mapping);
	bool anon = (unsigned long)mapping & PAGE_MAPPING_ANON;

	if (likely(mapping && !anon) && mapping->a_ops->set_page_dirty)
		return mapping->a_ops->set_page_dirty(page);
	return __set_page_dirty_no_writeback(page);
}

static void *alloc_node(unsigned int gfp)
{
	return kmem_cache_alloc(radix_tree_node_cachep, gfp);
}

static void free_node(void *node)
{
	kmem_cache_free(radix_tree_node_cachep, node);
}

#define RESERVE_MIN	128ul	/* pages: a shell, its child, their stacks and page tables */

/* Above what the zones keep back anyway, so that what needs memory finds it without killing. */
static unsigned long __init reserve_pages(void)
{
	unsigned long pages = max(RESERVE_MIN, nr_free_pages() / 32);
	struct zone *zone;

	for_each_zone(zone)
		if (populated_zone(zone))
			pages += zone->watermark[WMARK_HIGH] + zone->lowmem_reserve[ZONE_NORMAL];
	return pages;
}

void __init filemap_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(page_wait_table); i++)
		init_waitqueue_head(&page_wait_table[i]);
	radix_tree_node_cachep = kmem_cache_create("radix_tree_node",
						   sizeof(struct radix_tree_node), 0, SLAB_PANIC,
						   NULL);
	radix_tree_set_allocator(alloc_node, free_node);
	unevictable_reserve = reserve_pages();
}
