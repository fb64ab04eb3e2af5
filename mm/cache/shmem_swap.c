/*
 * mm/cache/shmem_swap.c - pages of tmpfs and of shared memory go to swap and come back.
 *
 * Theory.  What is written to a file of tmpfs, or to memory that processes share, is nowhere else;
 * reclaim can only carry it to a swap area.  An anonymous page that goes leaves its entry in
 * the page tables.  These pages are found by their offset in an object, by read(), by write(), and by
 * processes that are not born yet; so the entry is kept by the object, in a second tree beside that
 * of its pages:
 *
 *	page_tree[i]	the page is in memory
 *	swap_tree[i]	it is in swap: the entry
 *	neither		a hole: zeros
 *
 * never both.  A page changes from one tree to the other under tree_lock, both steps at
 * once; who finds nothing in the first must look into the second under the same lock, or he would
 * take a page for a hole that was on its way:
 *
 *	reader					swap-in
 *	page_tree: nothing
 *						page_tree[i] = page, swap_tree[i] goes
 *	swap_tree: nothing: "zeros"
 *
 * shmem_find_page() does it right; add_to_page_cache() refuses an index that is in swap.
 *
 *	   page cache            swap cache                        disk
 *	.-------------.       .--------------.                  .---------.
 *	| page_tree   | ----> | swapper_space| -- written, ---> |  slot   |
 *	| ->mapping   |  (1)  | PG_swapcache |    reclaimed     |         |
 *	'-------------'       '--------------'                  '---------'
 *	       ^                     |  ^                            |
 *	       '---------------------'  '----------------------------'
 *	             (2) bring_back             swapin_readahead()
 *
 * (1) shmem_writepage(), called by reclaim with the page locked and unmapped.  The page gets a slot
 * and joins the swap cache before it leaves the page cache, so it can always be found.  (2) The page,
 * locked, read and not under write-back, joins the page cache in the same step that takes
 * the entry off the tree; then it leaves the swap cache, and its slot becomes free: so it is dirty.
 *
 * The object's promise of memory (Committed_AS) and its file system's limit were charged when the
 * page was born and go when its content does.  Going to swap and coming back change neither.
 *
 * Truncate makes the file shorter first.  Who brings a page back looks at the size after he has put
 * it into the cache: so either he sees the new size and throws the page away, or truncate,
 * which comes later, sees the page.  A hole punched into a file has no size to look at; there
 * truncate_inode_pages_range() counts the moves (swap_moves), and looks again if there was one.
 *
 * swap_map counts the object's entry as it does that of a page table.
 *
 * Locking: PG_locked for who moves a page; tree_lock for both trees; swap_lock is inside of it.
 *
 * References: Gorman, chapter 12 (virtual file system of shared memory).
 */
#include <mm/cache/shmem_swap.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/types/inode.h>

/* => tree_lock held */
static swp_entry_t __swap_entry(struct address_space *mapping, unsigned long index)
{
	void *item = mapping->nrswapped ? radix_tree_lookup(&mapping->swap_tree, index) : NULL;

	return (swp_entry_t){ (unsigned long)item };
}

swp_entry_t shmem_swap_entry(struct address_space *mapping, unsigned long index)
{
	swp_entry_t entry;

	spin_lock(&mapping->tree_lock);
	entry = __swap_entry(mapping, index);
	spin_unlock(&mapping->tree_lock);
	return entry;
}

/* The entry at @index is needed no more. => tree_lock held */
static void __forget_entry(struct address_space *mapping, unsigned long index)
{
	radix_tree_delete(&mapping->swap_tree, index);
	mapping->nrswapped--;
}

/* ---- to swap -------------------------------------------------------------------------------------- */

/* From the one tree to the other. => page locked, in the swap cache; 0 or -ENOMEM */
static int move_to_swap(struct address_space *mapping, struct page *page, swp_entry_t entry)
{
	int err;

	spin_lock(&mapping->tree_lock);
	err = radix_tree_insert(&mapping->swap_tree, page->index, (void *)entry.val);
	if (!err) {
		radix_tree_delete(&mapping->page_tree, page->index);
		mapping->nrpages--;
		mapping->nrswapped++;
		mapping->swap_moves++;
		page->mapping = NULL;
	}
	spin_unlock(&mapping->tree_lock);
	/* From here on the object may be gone. */
	if (err)
		return err;
	dec_zone_page_state(page, NR_FILE_PAGES);
	dec_zone_page_state(page, NR_SHMEM);
	put_page(page);
	return 0;
}

/* A slot, the swap cache, and the object's note of it. => page locked; false: nothing has changed */
static bool give_slot(struct address_space *mapping, struct page *page)
{
	swp_entry_t entry = get_swap_page();

	if (!entry.val)
		return false;
	if (add_to_swap_cache(page, entry, GFP_ATOMIC | __GFP_NOWARN)) {
		swap_free(entry);
		return false;
	}
	BUG_ON(swap_duplicate(entry));
	if (!move_to_swap(mapping, page, entry))
		return true;
	swap_free(entry);
	delete_from_swap_cache(page);
	return false;
}

int shmem_writepage(struct page *page, struct writeback_control *wbc)
{
	/* Not mapped; it may be counted so for a moment, until who finds it locked lets it be (set_file_pte). */
	VM_BUG_ON(!PageLocked(page) || !PageSwapBacked(page));
	/* Set aside by fallocate, and never written to: zeros. While that goes on, it is PG_private. */
	if (wbc->for_reclaim && !PagePrivate(page)) {
		if (!PageUptodate(page)) {
			clear_highpage(page);
			SetPageUptodate(page);
		}
		if (give_slot(page->mapping, page))
			return swap_writepage(page, wbc);
	}
	SetPageDirty(page);
	unlock_page(page);
	return 0;
}

/* ---- and back ----------------------------------------------------------------------------------------- */

static bool beyond_end(const struct address_space *mapping, unsigned long index)
{
	return (loff_t)index << PAGE_SHIFT >= i_size_read(mapping->host);
}

/* => 0, -ESTALE: @entry is not at @index any more; -ENOMEM */
static int move_to_cache(struct address_space *mapping, struct page *page, unsigned long index,
			 swp_entry_t entry)
{
	int err = -ESTALE;

	spin_lock(&mapping->tree_lock);
	if (__swap_entry(mapping, index).val == entry.val)
		err = radix_tree_insert(&mapping->page_tree, index, page);
	if (!err) {
		get_page(page);
		page->mapping = mapping;
		page->index = index;
		mapping->nrpages++;
		mapping->swap_moves++;
		__forget_entry(mapping, index);
	}
	spin_unlock(&mapping->tree_lock);
	return err;
}

/* The page of @entry joins the cache again. => page locked, in the swap cache, uptodate; as above */
static int return_page(struct address_space *mapping, struct page *page, unsigned long index,
		       swp_entry_t entry)
{
	int err, tries = 0;

	while ((err = move_to_cache(mapping, page, index, entry)) == -ENOMEM)
		if (++tries > (int)RADIX_TREE_MAX_PATH || page_tree_refill(mapping->gfp_mask))
			break;
	if (err)
		return err;
	inc_zone_page_state(page, NR_FILE_PAGES);
	inc_zone_page_state(page, NR_SHMEM);
	SetPageDirty(page);
	delete_from_swap_cache(page);
	swap_free(entry);
	if (beyond_end(mapping, index)) {
		/* The file was cut meanwhile: see above. */
		ClearPageDirty(page);
		remove_from_page_cache(page);
		put_page(page);
	}
	return 0;
}

/* @entry was seen at @index. => may sleep; 0: look again; -ENOMEM, -EIO */
static int bring_back(struct address_space *mapping, unsigned long index, swp_entry_t entry,
		      bool *major)
{
	struct page *page = lookup_swap_cache_vma(entry, NULL, 0);
	int err = -ESTALE;

	if (!page) {
		*major = true;
		page = swapin_readahead(entry, mapping->gfp_mask, NULL, 0);
	}
	if (!page)
		return shmem_swap_entry(mapping, index).val == entry.val ? -ENOMEM : 0;
	lock_page(page);
	if (PageSwapCache(page) && page_swap_entry(page).val == entry.val) {
		wait_on_page_writeback(page);
		err = PageUptodate(page) ? return_page(mapping, page, index, entry) : -EIO;
	}
	unlock_page(page);
	put_page(page);
	return err == -ESTALE ? 0 : err;
}

struct page *shmem_find_page(struct address_space *mapping, unsigned long index, bool *major)
{
	swp_entry_t entry;
	struct page *page;
	int err;

	for (;;) {
		spin_lock(&mapping->tree_lock);
		page = radix_tree_lookup(&mapping->page_tree, index);
		if (page)
			get_page(page);
		entry = __swap_entry(mapping, index);
		spin_unlock(&mapping->tree_lock);
		if (page || !entry.val)
			return page;
		err = bring_back(mapping, index, entry, major);
		if (err)
			return ERR_PTR(err);
	}
}

/* ---- looking ------------------------------------------------------------------------------------------ */

bool shmem_next_page(struct address_space *mapping, unsigned long *index, struct page **page)
{
	unsigned long swapped = *index;
	bool out;

	spin_lock(&mapping->tree_lock);
	out = radix_tree_next(&mapping->swap_tree, &swapped);
	*page = radix_tree_next(&mapping->page_tree, index);
	if (out && (!*page || swapped < *index)) {
		*index = swapped;
		*page = NULL;
	}
	if (*page)
		get_page(*page);
	spin_unlock(&mapping->tree_lock);
	return out || *page;
}

swp_entry_t shmem_next_swapped(struct address_space *mapping, unsigned long *index,
			       unsigned long end)
{
	void *item;

	if (!READ_ONCE(mapping->nrswapped))
		return (swp_entry_t){ 0 };
	spin_lock(&mapping->tree_lock);
	item = radix_tree_next(&mapping->swap_tree, index);
	spin_unlock(&mapping->tree_lock);
	return (swp_entry_t){ item && *index < end ? (unsigned long)item : 0 };
}

unsigned long shmem_swapped_pages(struct address_space *mapping, unsigned long start,
				  unsigned long end)
{
	unsigned long nr = 0;

	for (; shmem_next_swapped(mapping, &start, end).val; start++)
		nr++;
	return nr;
}

void shmem_willneed(struct address_space *mapping, unsigned long start, unsigned long end)
{
	struct page *page;
	swp_entry_t entry;

	for (; (entry = shmem_next_swapped(mapping, &start, end)).val; start++) {
		if (fatal_signal_pending(current))
			break;
		page = read_swap_cache_async(entry, mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN,
					     NULL, 0);
		if (!page)
			break;			/* no memory, most likely, and it is only a hint */
		put_page(page);
		cond_resched();
	}
	lru_add_drain();
}

void shmem_for_each_entry(struct address_space *mapping, void (*fn)(swp_entry_t entry, void *arg),
			  void *arg)
{
	unsigned long index = 0;
	void *item;

	spin_lock(&mapping->tree_lock);
	while ((item = radix_tree_next(&mapping->swap_tree, &index))) {
		fn((swp_entry_t){ (unsigned long)item }, arg);
		if (!++index)
			break;
	}
	spin_unlock(&mapping->tree_lock);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

/* The object's entry goes; the page, if it is in memory, when the disk has it. => may sleep */
static void drop_entry(swp_entry_t entry)
{
	struct page *page = lookup_swap_cache(entry);

	swap_free(entry);
	if (!page)
		return;
	lock_page(page);
	if (PageSwapCache(page) && page_swap_entry(page).val == entry.val) {
		wait_on_page_writeback(page);
		try_to_free_swap(page);
	}
	unlock_page(page);
	put_page(page);
}

void shmem_truncate_swapped(struct address_space *mapping, unsigned long start, unsigned long end)
{
	void *item;

	while (READ_ONCE(mapping->nrswapped)) {
		spin_lock(&mapping->tree_lock);
		item = radix_tree_next(&mapping->swap_tree, &start);
		if (!item || (end && start >= end)) {
			spin_unlock(&mapping->tree_lock);
			break;
		}
		__forget_entry(mapping, start);
		spin_unlock(&mapping->tree_lock);
		drop_entry((swp_entry_t){ (unsigned long)item });
		uncharge_page_cache(mapping);
		cond_resched();
	}
}

/* Bring back the page at @index, whatever way. => may sleep; 0, -ENOMEM, -EIO */
static int unuse_page(struct address_space *mapping, unsigned long index)
{
	bool major = false;
	struct page *page = shmem_find_page(mapping, index, &major);

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	if (page)
		put_page(page);
	return 0;
}

int shmem_unuse_mapping(struct address_space *mapping, unsigned int type)
{
	unsigned long index = 0;
	swp_entry_t entry;
	int err, ret = 0;

	while ((entry = shmem_next_swapped(mapping, &index, ULONG_MAX)).val) {
		if (signal_pending(current))
			return -EINTR;
		err = swp_type(entry) == type ? unuse_page(mapping, index) : 0;
		if (err == -ENOMEM)
			return err;
		/* What cannot be read stays; the others may be saved. */
		ret = err ? err : ret;
		index++;
		cond_resched();
	}
	return ret;
}
