/*
 * tests/kernel/mm/cache/page_io_test.c - pages to their slots and back, on a disk of memory; errors.
 */
#include <tests/kernel/mm/cache/swap_disk.h>

#include <kernel/block/blkdev.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define SLOTS	64ul

static struct testdisk *td;

static bool begin(void)
{
	td = swap_disk_on(SLOTS - 1);
	if (td)
		td->nr_ops = 0;
	return td;
}

static void end(struct ktest *t)
{
	KEXPECT_EQ(t, td->wrong, 0u);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
}

/* A page with a slot that one entry holds, locked; its words are @word. => NULL: no memory */
static struct page *swapped_page(u32 word)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	u32 *data;
	unsigned int i;

	if (!page)
		return NULL;
	data = kmap(page);
	for (i = 0; i < PAGE_SIZE / 4; i++)
		data[i] = word;
	kunmap(page);
	SetPageSwapBacked(page);
	SetPageUptodate(page);
	lock_page(page);
	if (!add_to_swap(page) || swap_duplicate(page_swap_entry(page)))
		return NULL;
	return page;
}

/* Write it, as reclaim does. => page locked; not any more */
static void write_out(struct page *page, enum writeback_sync_modes mode)
{
	struct writeback_control wbc = { .sync_mode = mode };

	ClearPageDirty(page);
	swap_writepage(page, &wbc);
}

/* It leaves the cache; the entry stays. */
static void forget(struct page *page)
{
	wait_on_page_writeback(page);
	lock_page(page);
	delete_from_swap_cache(page);
	ClearPageDirty(page);
	unlock_page(page);
	put_page(page);
}

static u32 word_of(struct page *page)
{
	u32 *data = kmap(page), word = data[PAGE_SIZE / 4 - 1];

	kunmap(page);
	return word;
}

/* The entry goes, the page with it. */
static void drop(swp_entry_t entry, struct page *page)
{
	wait_on_page_locked(page);
	wait_on_page_writeback(page);
	lock_page(page);
	swap_free(entry);
	if (PageSwapCache(page))
		try_to_free_swap(page);
	ClearPageDirty(page);
	unlock_page(page);
	put_page(page);
}

/* What was written is in its slot on the disk, and comes back from there. */
KTEST(page_io, out_and_in)
{
	static u32 sector[SECTOR_SIZE / 4];
	struct page *page;
	swp_entry_t entry;

	KASSERT(t, begin());
	td->delay = 1;
	page = swapped_page(0x5eed);
	KASSERT(t, page);
	entry = page_swap_entry(page);
	write_out(page, WB_SYNC_NONE);
	KEXPECT(t, PageWriteback(page) && !PageLocked(page));
	wait_on_page_writeback(page);
	KEXPECT(t, !PageDirty(page) && !PageError(page));
	testdisk_peek(td, swp_offset(entry) * SLOT_SECTORS + SLOT_SECTORS - 1, sector);
	KEXPECT_EQ(t, sector[SECTOR_SIZE / 4 - 1], 0x5eedu);
	forget(page);
	KEXPECT_EQ(t, td->nr_ops, 1u);
	page = read_swap_cache_async(entry, GFP_KERNEL, NULL, 0);
	KASSERT(t, page);
	wait_on_page_locked(page);
	KEXPECT(t, PageUptodate(page) && PageSwapCache(page));
	KEXPECT_EQ(t, word_of(page), 0x5eedu);
	KEXPECT_EQ(t, td->nr_ops, 2u);
	KEXPECT_EQ(t, td->log[1].sector, (sector_t)swp_offset(entry) * SLOT_SECTORS);
	drop(entry, page);
	end(t);
}

/* What reclaim writes one after the other is one request. */
KTEST(page_io, neighbours_join)
{
	struct page *pages[16];
	swp_entry_t entries[16];
	unsigned int i;

	KASSERT(t, begin());
	blk_start_plug();
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = swapped_page(i);
		KASSERT(t, pages[i]);
		entries[i] = page_swap_entry(pages[i]);
		write_out(pages[i], WB_SYNC_NONE);
	}
	blk_finish_plug();
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		drop(entries[i], pages[i]);
	KEXPECT_EQ(t, td->nr_ops, 1u);
	KEXPECT_EQ(t, td->log[0].nr_sectors, 16 * SLOT_SECTORS);
	end(t);
}

/* A page whose entries are all gone is not written. */
KTEST(page_io, nobody_needs_it)
{
	struct page *page;
	swp_entry_t entry;

	KASSERT(t, begin());
	page = swapped_page(1);
	KASSERT(t, page);
	entry = page_swap_entry(page);
	swap_free(entry);
	write_out(page, WB_SYNC_NONE);
	KEXPECT(t, !PageLocked(page) && !PageSwapCache(page) && PageDirty(page));
	KEXPECT_EQ(t, td->nr_ops, 0u);
	KEXPECT_EQ(t, swap_duplicate(entry), -EINVAL);
	ClearPageDirty(page);
	put_page(page);
	end(t);
}

/* What could not be written stays dirty, and its slot is not used again. */
KTEST(page_io, write_error)
{
	unsigned long total = total_swap_pages;
	struct page *page;
	swp_entry_t entry;

	KASSERT(t, begin());
	page = swapped_page(7);
	KASSERT(t, page);
	entry = page_swap_entry(page);
	testdisk_fail(td, TESTDISK_WRITE, swp_offset(entry) * SLOT_SECTORS, swp_offset(entry) * SLOT_SECTORS);
	write_out(page, WB_SYNC_NONE);
	wait_on_page_writeback(page);
	KEXPECT(t, PageDirty(page) && PageError(page) && PageUptodate(page));
	/* Once more, on a disk that has been repaired: as if nothing had been. */
	testdisk_heal(td);
	lock_page(page);
	ClearPageError(page);
	write_out(page, WB_SYNC_NONE);
	wait_on_page_writeback(page);
	KEXPECT(t, !PageDirty(page) && !PageError(page));
	testdisk_fail(td, TESTDISK_WRITE, swp_offset(entry) * SLOT_SECTORS, swp_offset(entry) * SLOT_SECTORS);
	lock_page(page);
	write_out(page, WB_SYNC_NONE);
	drop(entry, page);
	KEXPECT_EQ(t, total_swap_pages, total + SLOTS - 1 - 1);
	KEXPECT_EQ(t, swap_duplicate(entry), -EINVAL);
	page = swapped_page(8);
	KASSERT(t, page);
	KEXPECT(t, page_swap_entry(page).val != entry.val);
	unlock_page(page);
	drop(page_swap_entry(page), page);
	end(t);
	KEXPECT_EQ(t, total_swap_pages, total);
}

/* What could not be read is not uptodate: nobody takes it for the page. */
KTEST(page_io, read_error)
{
	struct page *page;
	swp_entry_t entry;

	KASSERT(t, begin());
	page = swapped_page(9);
	KASSERT(t, page);
	entry = page_swap_entry(page);
	write_out(page, WB_SYNC_ALL);
	forget(page);
	testdisk_fail(td, TESTDISK_READ, swp_offset(entry) * SLOT_SECTORS + 3,
		      swp_offset(entry) * SLOT_SECTORS + 3);
	page = read_swap_cache_async(entry, GFP_KERNEL, NULL, 0);
	KASSERT(t, page);
	wait_on_page_locked(page);
	KEXPECT(t, !PageUptodate(page) && PageError(page) && PageSwapCache(page));
	drop(entry, page);
	testdisk_heal(td);
	end(t);
}

/* An area that is swapped to goes only when nothing is in it; a page of the cache alone is no obstacle. */
KTEST(page_io, swapoff_drops_the_cache)
{
	struct page *page;
	swp_entry_t entry;

	KASSERT(t, begin());
	page = swapped_page(3);
	KASSERT(t, page);
	entry = page_swap_entry(page);
	write_out(page, WB_SYNC_ALL);
	wait_on_page_writeback(page);
	swap_free(entry);
	KEXPECT_EQ(t, swap_disk_off(td), 0);
	KEXPECT(t, !PageSwapCache(page) && PageDirty(page));
	ClearPageDirty(page);
	put_page(page);
}
