/*
 * mm/cache/page_dirty.c - dirty, being written, clean: the states of one page.
 *
 * Theory.  Three things say that a page of a file is dirty: the flag in the page (what a reader of
 * the page asks), the tag in the mapping's tree (by which write-back finds it among thousands of
 * clean ones), and the zone's counter (by which writers are throttled).  They are changed together,
 * under tree_lock, so that no moment exists in which one of them lies; the flag is looked at first
 * without the lock, because most stores hit a page that is dirty already.
 *
 * A store through a mapping does not pass here: it sets the D bit of its page-table entry, where
 * nobody looks.  Therefore a clean page is write-protected in all shared mappings.  The first
 * store faults, and marks the page dirty before its entry becomes writable (mm/space/memory.c).
 * clear_page_dirty_for_io() takes that right back (page_mkclean, rmap.c) before it takes the flag,
 * both with the page locked, which the fault needs too:
 *
 *	write-back			fault
 *	lock_page			waits
 *	page_mkclean: read-only
 *	clear PG_dirty
 *	writepage, unlock_page		lock_page
 *	the disk reads the page		set PG_dirty; writable
 *
 * What is stored while the disk reads may or may not be part of this transfer; the page is dirty
 * again, so it will be part of the next.
 *
 * Under write-back.  From the moment PG_dirty goes to that when PG_writeback comes, the page is
 * neither, but on its way.  Who waits for the file's pages must not overlook it: so the tag
 * WRITEBACK is set in the same step that clears the tag DIRTY.  It is not cleared by the disk's
 * interrupt (tree_lock needs no interrupts off), but by who waits (page_writeout.c), or with the
 * page's removal.  A stale one costs a look.
 *
 * Locking: writeback.h.
 */
#include <mm/cache/writeback.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/phys/vmstat.h>
#include <mm/types/inode.h>

/* The mapping of a page of a file, or NULL. Read once: truncate may take it away. */
static inline struct address_space *page_file_mapping(const struct page *page)
{
	struct address_space *mapping = READ_ONCE(page->mapping);

	return (unsigned long)mapping & PAGE_MAPPING_ANON ? NULL : mapping;
}

/* Flag, tag and counter. => 1 if it was clean and is dirty now */
static int tag_page_dirty(struct address_space *mapping, struct page *page)
{
	int newly = 0;

	spin_lock(&mapping->tree_lock);
	if (likely(page->mapping == mapping) && !TestSetPageDirty(page)) {
		radix_tree_tag_set(&mapping->page_tree, page->index, PAGECACHE_TAG_DIRTY);
		inc_zone_page_state(page, NR_FILE_DIRTY);
		newly = 1;
	}
	spin_unlock(&mapping->tree_lock);
	if (newly)
		count_vm_event(NR_DIRTIED);
	return newly;
}

int __set_page_dirty_nobuffers(struct page *page)
{
	struct address_space *mapping = page_file_mapping(page);

	if (PageDirty(page) || !mapping)
		return 0;
	if (!mapping_cap_writeback(mapping))
		return !TestSetPageDirty(page);
	if (!tag_page_dirty(mapping, page))
		return 0;
	if (mapping->host)
		__mark_inode_dirty(mapping->host, I_DIRTY_PAGES);
	return 1;
}

int redirty_page_for_writepage(struct writeback_control *wbc, struct page *page)
{
	wbc->pages_skipped++;
	return __set_page_dirty_nobuffers(page);
}

void account_page_cleaned(struct page *page, struct address_space *mapping)
{
	if (!mapping_cap_writeback(mapping) || !TestClearPageDirty(page))
		return;
	dec_zone_page_state(page, NR_FILE_DIRTY);
}

int clear_page_dirty_for_io(struct page *page)
{
	struct address_space *mapping = page_file_mapping(page);
	int dirty;

	BUG_VAL(!PageLocked(page), page, page->flags);
	if (!mapping || !mapping_cap_writeback(mapping))
		return TestClearPageDirty(page);
	/* What was stored by an entry is as good as all of it: buffers too are dirty then. */
	if (page_mkclean(page))
		set_page_dirty(page);
	spin_lock(&mapping->tree_lock);
	dirty = PageDirty(page);
	if (dirty) {
		radix_tree_tag_set(&mapping->page_tree, page->index, PAGECACHE_TAG_WRITEBACK);
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_DIRTY);
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_TOWRITE);
		account_page_cleaned(page, mapping);
	}
	spin_unlock(&mapping->tree_lock);
	return dirty;
}

void cancel_dirty_page(struct page *page)
{
	struct address_space *mapping = page_file_mapping(page);

	if (!PageDirty(page))
		return;
	if (!mapping || !mapping_cap_writeback(mapping)) {
		ClearPageDirty(page);
		return;
	}
	spin_lock(&mapping->tree_lock);
	if (page->mapping == mapping && PageDirty(page)) {
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_DIRTY);
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_TOWRITE);
		account_page_cleaned(page, mapping);
	}
	spin_unlock(&mapping->tree_lock);
}

int test_set_page_writeback(struct page *page)
{
	struct address_space *mapping = page_file_mapping(page);

	BUG_VAL(!PageLocked(page), page, page->flags);
	if (mapping) {
		spin_lock(&mapping->tree_lock);
		radix_tree_tag_set(&mapping->page_tree, page->index, PAGECACHE_TAG_WRITEBACK);
		spin_unlock(&mapping->tree_lock);
	}
	if (TestSetPageWriteback(page))
		return 1;
	inc_zone_page_state(page, NR_WRITEBACK);
	return 0;
}

void end_page_writeback(struct page *page)
{
	/* Reclaim was here while it was written: it is the next to go. */
	if (PageReclaim(page) && TestClearPageReclaim(page))
		rotate_reclaimable_page(page);
	if (!TestClearPageWriteback(page))
		BUG();
	dec_zone_page_state(page, NR_WRITEBACK);
	count_vm_event(NR_WRITTEN);
	wake_up_page(page);
	writeback_progress();
}

bool mapping_tagged(struct address_space *mapping, unsigned int tag)
{
	bool tagged;

	spin_lock(&mapping->tree_lock);
	tagged = radix_tree_tagged(&mapping->page_tree, tag);
	spin_unlock(&mapping->tree_lock);
	return tagged;
}

unsigned int find_get_pages_tag(struct address_space *mapping, unsigned long *index,
				unsigned long end, unsigned int tag, unsigned int nr_pages,
				struct page **pages)
{
	unsigned int i, found;

	spin_lock(&mapping->tree_lock);
	found = radix_tree_gang_lookup_tag(&mapping->page_tree, (void **)pages, *index, nr_pages,
					   tag);
	for (i = 0; i < found && pages[i]->index <= end; i++)
		get_page(pages[i]);
	if (i)
		*index = pages[i - 1]->index + 1;
	spin_unlock(&mapping->tree_lock);
	return i;
}
