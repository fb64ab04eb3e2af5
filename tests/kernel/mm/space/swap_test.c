/*
 * tests/kernel/mm/space/swap_test.c - a page goes to swap and comes back, step by step.
 *
 * The area is on a disk of memory; each page is sent out by hand, as reclaim does it.
 */
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/hooks.h>
#include <kernel/fs/block_dev.h>
#include <lib/errno.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/swap_fault.h>
#include <tests/kernel/block/testdisk.h>

#define SLOTS		128ul
#define TOP_PRIO	32000
#define SECTORS		(PAGE_SIZE >> 9)

static struct testdisk *td;
static struct block_device bdev;

/* => an area to which all is swapped, or NULL */
static struct swap_info_struct *area_on(void)
{
	struct swap_info_struct *si = swap_area_get();

	if (!si)
		return NULL;
	td = testdisk_create((unsigned int)(SLOTS * SECTORS));
	if (!td || swap_area_tables(si, SLOTS))
		return NULL;
	testdisk_add(td);
	bdev.bd_part = testdisk_part0(td);
	si->bdev = &bdev;
	si->extents = vzalloc(sizeof(*si->extents));
	if (!si->extents)
		return NULL;
	si->extents[0] = (struct swap_extent){ .nr_pages = SLOTS };
	si->nr_extents = 1;
	swap_area_on(si, TOP_PRIO);
	return si;
}

static void area_off(struct ktest *t, struct swap_info_struct *si)
{
	drop_swap_cache();
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	KEXPECT_EQ(t, si->swapper_space.nrpages, 0ul);
	swap_area_off(si);
	swap_area_put(si);
	KEXPECT_EQ(t, td->wrong, 0u);
	testdisk_destroy(td);
}

/* The page at @addr, unmapped, in the swap cache and on the disk. => it, with a reference, locked; or NULL */
static struct page *write_out(unsigned long addr)
{
	struct writeback_control wbc = { .for_reclaim = 1 };
	struct page *page = pte_page(scratch_pte(addr));

	lru_add_drain_all();	/* a batch's reference is like anybody's */
	get_page(page);
	lock_page(page);
	page_referenced(page);
	if ((!PageSwapCache(page) && !add_to_swap(page)) || !try_to_unmap(page)) {
		unlock_page(page);
		put_page(page);
		return NULL;
	}
	if (clear_page_dirty_for_io(page)) {
		swap_writepage(page, &wbc);
		wait_on_page_writeback(page);
		lock_page(page);
	}
	return page;
}

/* ... and out of memory. => false: it could not go */
static bool send_out(unsigned long addr)
{
	struct page *page = write_out(addr);
	bool gone;

	if (!page)
		return false;
	lru_add_drain_all();
	gone = remove_mapping(page_mapping(page), page);
	unlock_page(page);
	put_page(page);
	return gone;
}

static swp_entry_t entry_at(unsigned long addr)
{
	pte_t pte = scratch_pte(addr);

	return pte_swap(pte) ? pte_to_swp_entry(pte) : (swp_entry_t){ 0 };
}

/* @pages of memory with their number in them. */
static struct mm_struct *enter_with_pages(unsigned int pages)
{
	struct mm_struct *mm = scratch_enter();
	unsigned int i;

	scratch_map(SCRATCH_BASE, pages, RW);
	for (i = 0; i < pages; i++)
		poke(SCRATCH_BASE + i * PAGE_SIZE + 4, 100 + i);
	return mm;
}

#define AT(page)	(SCRATCH_BASE + (page) * PAGE_SIZE + 4)

/* A page goes, its entry names its slot; a load brings it back clean, and it goes again unwritten. */
KTEST(swap, there_and_back)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	unsigned long out = vm_event_sum(PSWPOUT), in = vm_event_sum(PSWPIN);
	swp_entry_t entry;
	struct page *page;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	entry = entry_at(AT(0));
	KEXPECT_EQ(t, swp_type(entry), si->type);
	KEXPECT(t, swap_count(entry) == 1 && swp_swapcount(entry) == 1);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SWAPENTS), 1ul);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 0ul);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, swap_check(), 0);
	KEXPECT_EQ(t, swap_users_check(), 0);

	KEXPECT_EQ(t, peek(AT(0)), 100u);
	KEXPECT_EQ(t, vm_event_sum(PSWPIN), in + 1);
	KEXPECT(t, !pte_write(scratch_pte(AT(0))) && !pte_dirty(scratch_pte(AT(0))));
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT(t, PageSwapCache(page) && !PageDirty(page) && page_swap_entry(page).val == entry.val);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SWAPENTS), 0ul);
	KEXPECT_EQ(t, mm_check(mm), 0);
	KEXPECT_EQ(t, swap_users_check(), 0);

	KEXPECT(t, send_out(AT(0)));
	KEXPECT_EQ(t, entry_at(AT(0)).val, entry.val);
	KEXPECT_EQ(t, vm_event_sum(PSWPOUT), out + 1);

	/* A store takes it for good: the slot is free. */
	KEXPECT_EQ(t, poke(AT(0) + 4, 7), 0);
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT(t, !PageSwapCache(page) && PageDirty(page) && pte_write(scratch_pte(AT(0))));
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	area_off(t, si);
}

/* An entry that is gone is gone from the TLB too: the next look is a fault. */
KTEST(swap, unmapped_is_unmapped)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	struct page *page = pte_page(scratch_pte(AT(0)));

	KASSERT(t, si);
	lru_add_drain_all();
	get_page(page);
	lock_page(page);
	page_referenced(page);
	KEXPECT(t, add_to_swap(page) && try_to_unmap(page));
	unlock_page(page);
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	KEXPECT(t, pte_present(scratch_pte(AT(0))));
	put_page(page);
	scratch_leave(mm);
	area_off(t, si);
}

/* Two entries, one slot: each finds the page that the other has brought; the last one gets it. */
KTEST(swap, shared_after_fork)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(2), *child;
	swp_entry_t entry;
	struct page *page;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	entry = entry_at(AT(0));
	child = dup_mm(mm);
	KASSERT(t, child);
	KEXPECT_EQ(t, swap_count(entry), 2u);
	KEXPECT_EQ(t, get_mm_counter(child, MM_SWAPENTS), 1ul);
	KEXPECT_EQ(t, mm_check(child), 0);
	KEXPECT_EQ(t, swap_users_check(), 0);

	KEXPECT_EQ(t, peek(AT(0)), 100u);
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT_EQ(t, swap_count(entry), 2u);		/* the child, and the cache */
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, poke(AT(0), 5), 0);
	KEXPECT(t, pte_page(scratch_pte(AT(0))) != page);
	KEXPECT(t, !PageSwapCache(pte_page(scratch_pte(AT(0)))));
	KEXPECT_EQ(t, mm_check(mm), 0);

	unuse_mm(mm);
	use_mm(child);
	lru_add_drain_all();
	KEXPECT_EQ(t, poke(AT(0) + 4, 6), 0);
	KEXPECT(t, pte_page(scratch_pte(AT(0))) == page);
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	KEXPECT_EQ(t, mm_check(child), 0);
	unuse_mm(child);
	mmput(child);
	use_mm(mm);
	KEXPECT_EQ(t, peek(AT(0)), 5u);
	scratch_leave(mm);
	area_off(t, si);
}

/* A user too much or too few is found, and the slot named; what is being looked at is not disturbed. */
KTEST(swap, users_are_counted)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(3);
	swp_entry_t entry;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT(t, send_out(AT(1)));
	KEXPECT_EQ(t, swap_users_check(), 0);
	entry = entry_at(AT(1));
	KEXPECT_EQ(t, swap_duplicate(entry), 0);
	KEXPECT_EQ(t, swap_users_check(), -EINVAL);
	swap_free(entry);
	swap_free(entry);
	KEXPECT_EQ(t, swap_users_check(), -EINVAL);
	/* Nobody counts it, and somebody is given it: his page would be read by two. */
	KEXPECT_EQ(t, swap_duplicate(entry), -EINVAL);
	si->cluster_next = swp_offset(entry);
	KEXPECT_EQ(t, get_swap_page().val, entry.val);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	KEXPECT_EQ(t, peek(AT(1)), 101u);
	scratch_leave(mm);
	area_off(t, si);
}

/* A page in the swap cache alone: a store to a read-only entry takes it over, slot and all. */
KTEST(swap, store_takes_over)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	unsigned long reused = vm_event_sum(PGREUSE);
	struct page *page;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT_EQ(t, poke(AT(0), 1), 0);
	KEXPECT(t, pte_page(scratch_pte(AT(0))) == page && !PageSwapCache(page));
	KEXPECT_EQ(t, vm_event_sum(PGREUSE), reused + 1);
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	area_off(t, si);
}

/* Is told when the test unlocks @page. */
struct unlock_watch {
	wait_queue_t wait;
	struct page *page;
	unsigned int unlocked, lost;
};

/* If nobody who runs has a reference, only page_table_lock keeps others from taking the last entry. */
static int page_is_unlocked(wait_queue_t *wait, unsigned int mode, void *key)
{
	struct unlock_watch *w = container_of(wait, struct unlock_watch, wait);
	spinlock_t *lock = &wait->task->mm->page_table_lock;

	if (current != wait->task || PageLocked(w->page))
		return 0;
	w->unlocked++;
	if (page_count(w->page) == page_mapcount(w->page) + PageSwapCache(w->page) &&
	    spin_trylock(lock)) {
		w->lost++;
		spin_unlock(lock);
	}
	return 0;
}

/*
 * The page at AT(@nr), in the swap cache only by then, is brought back; @off: its area, switched off
 * meanwhile.  => false: not safely
 */
static bool brought_safely(unsigned int nr, bool store, struct swap_info_struct *off)
{
	struct unlock_watch w = { .wait = { .task = current, .func = page_is_unlocked } };
	bool right;

	w.page = write_out(AT(nr));
	unlock_page(w.page);
	put_page(w.page);
	lru_add_drain_all();
	if (off)
		swap_area_off(off);
	add_wait_queue(page_waitqueue(w.page), &w.wait);
	right = store ? !poke(AT(nr), 7) : peek(AT(nr)) == 100 + nr;
	remove_wait_queue(page_waitqueue(w.page), &w.wait);
	return right && pte_page(scratch_pte(AT(nr))) == w.page && w.unlocked == 1 && !w.lost;
}

/*
 * As soon as the page is in the page table another thread may empty the entry, which has the only
 * reference: until then it is unlocked, with a slot or without.
 */
KTEST(swap, unlocked_while_held)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(3);

	KASSERT(t, si);
	KEXPECT(t, brought_safely(0, false, NULL));
	KEXPECT(t, brought_safely(1, true, NULL));
	KEXPECT_EQ(t, si->inuse_pages, 1ul);
	KEXPECT(t, brought_safely(2, false, si));
	KEXPECT_EQ(t, si->inuse_pages, 1ul);
	swap_area_on(si, TOP_PRIO);
	scratch_leave(mm);
	area_off(t, si);
}

/* What nobody wants any more has no slot: unmapped, given up, or all of it at the end of the process. */
KTEST(swap, slots_go_with_entries)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(8);
	struct page *page;
	unsigned int i;

	KASSERT(t, si);
	for (i = 0; i < 8; i++)
		KEXPECT(t, send_out(AT(i)));
	KEXPECT_EQ(t, si->inuse_pages, 8ul);
	scratch_unmap(SCRATCH_BASE, 2);
	KEXPECT_EQ(t, si->inuse_pages, 6ul);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED), 0);
	KEXPECT_EQ(t, si->inuse_pages, 4ul);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE + 4 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_FREE), 0);
	KEXPECT_EQ(t, si->inuse_pages, 2ul);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SWAPENTS), 2ul);
	KEXPECT_EQ(t, peek(AT(4)), 0u);
	KEXPECT_EQ(t, peek(AT(6)), 106u);
	KEXPECT_EQ(t, mm_check(mm), 0);
	/* Whether the page is in the swap cache and mapped, or in the swap cache alone. */
	lru_add_drain_all();
	KEXPECT(t, PageSwapCache(pte_page(scratch_pte(AT(6)))));
	scratch_unmap(SCRATCH_BASE + 6 * PAGE_SIZE, 1);
	KEXPECT_EQ(t, si->inuse_pages, 1ul);
	KEXPECT_EQ(t, poke(AT(3), 3), 0);
	page = write_out(AT(3));
	KASSERT(t, page);
	unlock_page(page);
	put_page(page);
	KEXPECT_EQ(t, si->inuse_pages, 2ul);
	scratch_unmap(SCRATCH_BASE + 3 * PAGE_SIZE, 1);
	KEXPECT_EQ(t, si->inuse_pages, 1ul);
	scratch_leave(mm);
	drop_swap_cache();
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	area_off(t, si);
}

/* A page that is in the swap cache and clean may not be lost by MADV_FREE and come back from its slot. */
KTEST(swap, free_forgets_the_slot)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	struct page *page;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT(t, PageSwapCache(page));
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, PAGE_SIZE, MADV_FREE), 0);
	KEXPECT(t, !PageSwapCache(page) && !PageDirty(page));
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	/* Used after all: it stays what it was, or is zeros; here nobody has taken it. */
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	scratch_leave(mm);
	area_off(t, si);
}

/*
 * O_DIRECT has the page as its buffer.  If it went, its owner could look at it, from the swap cache, write
 * to it, and have a copy; the disk would write to the page that nobody has.
 */
KTEST(swap, pinned_stays)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(2);
	struct page *pin;
	u32 *p;

	KASSERT(t, si);
	KEXPECT_EQ(t, pin_user_pages(AT(0), 1, true, &pin), 1);
	KEXPECT(t, !send_out(AT(0)));
	KEXPECT(t, pte_present(scratch_pte(AT(0))) && pte_page(scratch_pte(AT(0))) == pin);
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	poke(AT(0) + 8, 8);
	p = kmap(pin);
	p[2] = 9;		/* AT(0) + 4 */
	kunmap(pin);
	set_page_dirty(pin);
	put_page(pin);
	KEXPECT_EQ(t, peek(AT(0) + 4), 9u);
	/* Now it may. */
	KEXPECT(t, send_out(AT(0)));
	KEXPECT(t, pte_swap(scratch_pte(AT(0))));
	KEXPECT(t, peek(AT(0)) == 100 && peek(AT(0) + 4) == 9 && peek(AT(0) + 8) == 8);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	area_off(t, si);
}

/*
 * MADV_FREE of a page that reclaim has locked and given a slot: it stays dirty, or the slot would never be
 * written, and have what was there before.
 */
KTEST(swap, given_up_while_it_goes)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	struct page *page;

	KASSERT(t, si);
	lru_add_drain_all();
	page = pte_page(scratch_pte(AT(0)));
	SetPageDirty(page);
	lock_page(page);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, PAGE_SIZE, MADV_FREE), 0l);
	KEXPECT(t, PageDirty(page) && pte_dirty(scratch_pte(AT(0))));
	unlock_page(page);
	KEXPECT_EQ(t, do_madvise(SCRATCH_BASE, PAGE_SIZE, MADV_FREE), 0l);
	KEXPECT(t, !PageDirty(page) && !pte_dirty(scratch_pte(AT(0))));
	scratch_leave(mm);
	area_off(t, si);
}

/* A page that was only read has its content in its slot; when that goes, it may not be lost. */
KTEST(swap, no_slot_no_loss)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(1);
	struct page *page;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	page = pte_page(scratch_pte(AT(0)));
	KEXPECT(t, !PageDirty(page));
	KEXPECT_EQ(t, drop_swap_cache(), 1ul);
	KEXPECT(t, !PageSwapCache(page) && PageDirty(page));
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	get_page(page);
	lock_page(page);
	page_referenced(page);
	KEXPECT(t, !try_to_unmap(page));
	unlock_page(page);
	put_page(page);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT_EQ(t, peek(AT(0)), 100u);
	scratch_leave(mm);
	area_off(t, si);
}

/* The disk cannot read: SIGBUS, and the entry stays; swapoff says so; what can be read is unhurt. */
KTEST(swap, read_error)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(2);
	swp_entry_t entry;
	sector_t sector;

	KASSERT(t, si);
	KEXPECT(t, send_out(AT(0)));
	KEXPECT(t, send_out(AT(1)));
	entry = entry_at(AT(0));
	sector = swp_offset(entry) * SECTORS;
	testdisk_fail(td, TESTDISK_READ, sector, sector + SECTORS - 1);
	KEXPECT_EQ(t, peek(AT(0)), 0xdeadu);
	KEXPECT_EQ(t, entry_at(AT(0)).val, entry.val);
	KEXPECT_EQ(t, peek(AT(1)), 101u);
	KEXPECT_EQ(t, unuse_mms(si->type), -EIO);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SWAPENTS), 1ul);
	KEXPECT_EQ(t, mm_check(mm), 0);
	testdisk_heal(td);
	scratch_leave(mm);
	area_off(t, si);
}

/* Who comes one page after the other finds ever more there; who jumps about reads what he asks for. */
KTEST(swap, readahead)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(64);
	unsigned long ahead = vm_event_sum(SWAP_RA), hits = vm_event_sum(SWAP_RA_HIT);
	int before = page_cluster;
	unsigned int i;

	KASSERT(t, si);
	for (i = 0; i < 64; i++)
		KEXPECT(t, send_out(AT(i)));
	for (i = 0; i < 64; i++)
		KEXPECT_EQ(t, peek(AT(i)), 100 + i);
	KEXPECT(t, vm_event_sum(SWAP_RA) - ahead >= 40);
	KEXPECT_EQ(t, vm_event_sum(SWAP_RA_HIT) - hits, vm_event_sum(SWAP_RA) - ahead);
	scratch_leave(mm);

	mm = enter_with_pages(64);
	for (i = 0; i < 64; i++)
		KEXPECT(t, send_out(AT(i)));
	ahead = vm_event_sum(SWAP_RA);
	for (i = 0; i < 64; i += 4)
		KEXPECT_EQ(t, peek(AT(i * 7 % 64)), 100 + i * 7 % 64);
	KEXPECT_EQ(t, vm_event_sum(SWAP_RA), ahead);
	scratch_leave(mm);

	/* page-cluster is the limit: at 0 each comes alone, at 1 with one more. */
	mm = enter_with_pages(64);
	for (i = 0; i < 64; i++)
		KEXPECT(t, send_out(AT(i)));
	page_cluster = 0;
	for (i = 0; i < 32; i++)
		KEXPECT_EQ(t, peek(AT(i)), 100 + i);
	KEXPECT_EQ(t, vm_event_sum(SWAP_RA), ahead);
	page_cluster = 1;
	for (; i < 64; i++)
		KEXPECT_EQ(t, peek(AT(i)), 100 + i);
	page_cluster = before;
	KEXPECT(t, vm_event_sum(SWAP_RA) - ahead >= 12 && vm_event_sum(SWAP_RA) - ahead <= 16);
	scratch_leave(mm);
	area_off(t, si);
}

/* swapoff brings back what every address space has there, the entries of others too. */
KTEST(swap, unuse)
{
	struct swap_info_struct *si = area_on();
	struct mm_struct *mm = enter_with_pages(16);
	unsigned int i;

	KASSERT(t, si);
	for (i = 0; i < 16; i++)
		KEXPECT(t, send_out(AT(i)));
	swap_area_off(si);
	KEXPECT_EQ(t, unuse_mms(si->type), 0);
	drop_swap_cache();
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_SWAPENTS), 0ul);
	KEXPECT_EQ(t, get_mm_counter(mm, MM_ANONPAGES), 16ul);
	for (i = 0; i < 16; i++)
		KEXPECT_EQ(t, peek(AT(i)), 100 + i);
	KEXPECT_EQ(t, mm_check(mm), 0);
	scratch_leave(mm);
	swap_area_on(si, TOP_PRIO);
	area_off(t, si);
}
