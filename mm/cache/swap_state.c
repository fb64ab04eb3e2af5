/*
 * mm/cache/swap_state.c - the swap cache: a page and its slot, together for a while.
 *
 * Theory.  A page does not go to a slot in one step, nor does it come back in one.  As long as
 * both exist the swap cache says which page is which slot's, and so answers three questions:
 *
 *	on the way out	which slot?  try_to_unmap() puts it into each entry in turn; who faults
 *			meanwhile finds the page by it, and no disk is needed
 *	on the way in	is it in memory already?  Whoever shares the page, after fork, may have been
 *			faster: the second finds the page, and there are not two that differ
 *	back in memory	is the slot still good?  A page that was only read has the same content
 *			there, and can be given up again without being written
 *
 * Each area has a radix tree by slot, in an address_space of its own, which has nothing of a file
 * but the tree and its lock.  The page keeps its own mapping, an anon_vma.
 *
 * Two may miss in the cache at once, and both read.  Each counts the slot before he enters a page,
 * so it cannot become another's; tree_lock decides, and the slower one looks again:
 *
 *	first			second
 *	look: nothing		look: nothing
 *	swap_duplicate		swap_duplicate
 *	enter a page
 *				-EEXIST: swap_free, look again
 *
 * The end.  When no entry names the slot any more, the page, if it is mapped, goes on without one,
 * and is dirty from then on: nothing else has its content.  A page that is not mapped either is
 * needed by nobody.  Who empties the last entry sees to that (free_swap_and_cache() where it was a
 * place in swap, free_swap_cache() where it was the page), unless the page was locked just then,
 * or under write-back: such a page stays until reclaim, or drop_swap_cache(), comes by.
 *
 * Locking: swap_state.h.  PG_locked keeps a page in the cache, or out of it: so who holds it and has
 * asked page_swap_entry() can rely on the answer.
 *
 * References: Gorman, chapter 11.4; Bovet and Cesati, chapter 17, "The swap cache".
 */
#include <mm/cache/swap_state.h>

#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define DROP_BATCH	16u

static const struct address_space_operations swap_aops = {
	.writepage	= swap_writepage,
	.set_page_dirty	= __set_page_dirty_no_writeback,
};

atomic_t nr_swap_cached;

/* ---- in and out -------------------------------------------------------------------------------- */

/* => as add_to_swap_cache(), but nothing is allocated with any patience */
static int __add_to_swap_cache(struct page *page, swp_entry_t entry)
{
	struct address_space *space = swap_address_space(entry);
	int err;

	spin_lock(&space->tree_lock);
	err = radix_tree_insert(&space->page_tree, swp_offset(entry), page);
	if (likely(!err)) {
		get_page(page);
		space->nrpages++;
		/* In this order: who sees the mark, locked or not, sees the entry. */
		page->private = entry.val;
		smp_wmb();
		SetPageSwapCache(page);
	}
	spin_unlock(&space->tree_lock);
	return err;
}

int add_to_swap_cache(struct page *page, swp_entry_t entry, gfp_t gfp)
{
	int err, tries;

	BUG_VAL(!PageLocked(page) || PageSwapCache(page), page, page->flags);
	for (tries = 0; ; tries++) {
		err = __add_to_swap_cache(page, entry);
		/* A path down the tree needs that many nodes at most. */
		if (likely(err != -ENOMEM) || tries > (int)RADIX_TREE_MAX_PATH)
			break;
		if (page_tree_refill(gfp))
			break;
	}
	if (likely(!err)) {
		inc_zone_page_state(page, NR_SWAPCACHE);
		atomic_inc(&nr_swap_cached);
	}
	return err;
}

bool add_to_swap(struct page *page)
{
	swp_entry_t entry;

	BUG_VAL(!PageLocked(page) || !PageUptodate(page), page, page->flags);
	entry = get_swap_page();
	if (!entry.val)
		return false;
	if (add_to_swap_cache(page, entry, GFP_NOWAIT | __GFP_NOWARN)) {
		swap_free(entry);
		return false;
	}
	/* What is in the slot is not this page yet. */
	SetPageDirty(page);
	return true;
}

void __delete_from_swap_cache(struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	struct address_space *space = swap_address_space(entry);
	struct page *removed;

	BUG_VAL(!PageLocked(page) || !PageSwapCache(page) || PageWriteback(page), page, page->flags);
	removed = radix_tree_delete(&space->page_tree, swp_offset(entry));
	BUG_VAL(removed != page, removed, entry.val);
	space->nrpages--;
	ClearPageSwapCache(page);
	page->private = 0;
	dec_zone_page_state(page, NR_SWAPCACHE);
	atomic_dec(&nr_swap_cached);
}

void delete_from_swap_cache(struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	struct address_space *space = swap_address_space(entry);

	spin_lock(&space->tree_lock);
	__delete_from_swap_cache(page);
	spin_unlock(&space->tree_lock);
	swap_free(entry);
	put_page(page);
}

bool try_to_free_swap(struct page *page)
{
	VM_BUG_ON(!PageLocked(page));
	if (!PageSwapCache(page) || PageWriteback(page) || swap_entry_users(page_swap_entry(page)))
		return false;
	delete_from_swap_cache(page);
	SetPageDirty(page);
	return true;
}

void __free_swap_cache(struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (likely(!PageSwapCache(pages[i]) || page_mapped(pages[i]) ||
			   !trylock_page(pages[i])))
			continue;
		try_to_free_swap(pages[i]);
		unlock_page(pages[i]);
	}
}

bool reuse_swap_page(struct page *page)
{
	int users = page_mapcount(page);

	VM_BUG_ON(!PageLocked(page));
	if (users > 1 || !PageSwapCache(page))
		return users <= 1;
	users += swap_entry_users(page_swap_entry(page));
	if (users > 1)
		return false;
	/* While the disk reads the page the slot stays: the page will be found dirty, and written again. */
	if (!PageWriteback(page)) {
		delete_from_swap_cache(page);
		SetPageDirty(page);
	}
	return true;
}

/* ---- looking, and reading --------------------------------------------------------------------- */

struct page *lookup_swap_cache(swp_entry_t entry)
{
	return find_get_page(swap_address_space(entry), swp_offset(entry));
}

int swp_swapcount(swp_entry_t entry)
{
	struct address_space *space = swap_address_space(entry);
	int count;

	spin_lock(&space->tree_lock);
	count = (int)swap_count(entry);
	if (radix_tree_lookup(&space->page_tree, swp_offset(entry)))
		count--;
	spin_unlock(&space->tree_lock);
	return count;
}

/* Memory for what @vma, if there is one, has at @address. */
static struct page *alloc_swap_page(gfp_t gfp, struct vm_area_struct *vma, unsigned long address)
{
	unsigned long index;

	if (likely(!mempolicies_in_use()))
		return alloc_page(gfp);
	if (!vma || !vma->vm_policy)
		return alloc_pages_current(gfp, 0);
	index = ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
	return alloc_pages_policy(vma->vm_policy, gfp, 0, index);
}

struct page *__read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				     unsigned long address, bool *reading)
{
	struct page *page, *new = NULL;
	int err;

	*reading = false;
	while (!(page = lookup_swap_cache(entry))) {
		if (!new) {
			new = alloc_swap_page(gfp, vma, address);
			if (!new)
				return NULL;
			__SetPageSwapBacked(new);
			set_page_age(new, PAGE_AGE_START);
		}
		if (swap_duplicate(entry))
			break;			/* nobody's any more, or a bad slot */
		__SetPageLocked(new);
		err = add_to_swap_cache(new, entry, gfp & ~GFP_ZONEMASK);
		if (likely(!err)) {
			lru_cache_add(new);
			swap_readpage(new);
			*reading = true;
			return new;
		}
		__ClearPageLocked(new);
		swap_free(entry);
		if (err == -ENOMEM)
			break;
	}
	if (new)
		put_page(new);
	return page;
}

struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				   unsigned long address)
{
	bool reading;

	return __read_swap_cache_async(entry, gfp, vma, address, &reading);
}

/* ---- those that nobody needs ---------------------------------------------------------------------- */

/* => pages of the area that have lost their slot, and, unless mapped, themselves */
static unsigned long drop_swap_space(struct address_space *space)
{
	struct page *pages[DROP_BATCH];
	unsigned long next = 0, dropped = 0;
	unsigned int i, nr;

	while ((nr = find_get_pages(space, next, DROP_BATCH, pages))) {
		for (i = 0; i < nr; i++) {
			lock_page(pages[i]);
			if (PageSwapCache(pages[i])) {
				next = swp_offset(page_swap_entry(pages[i])) + 1;
				dropped += try_to_free_swap(pages[i]);
			} else {
				next++;		/* it was somewhere from there on */
			}
			unlock_page(pages[i]);
		}
		release_pages(pages, nr);
	}
	return dropped;
}

unsigned long drop_swap_cache(void)
{
	unsigned long dropped = 0;
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		if (READ_ONCE(swap_info[type].swapper_space.nrpages))
			dropped += drop_swap_space(&swap_info[type].swapper_space);
	return dropped;
}

static void swap_cache_quiesce(void)
{
	drop_swap_cache();
}

void __init swap_state_init(void)
{
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		address_space_init(&swap_info[type].swapper_space, NULL, &swap_aops, GFP_HIGHUSER);
	ktest_register_quiesce(swap_cache_quiesce);
	swap_readahead_init();
}
