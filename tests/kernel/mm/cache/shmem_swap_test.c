/*
 * tests/kernel/mm/cache/shmem_swap_test.c - pages of shared memory go to swap and come back.
 *
 * The swap area is a disk of memory, so that what is read and written can be counted, and made to fail.
 */
#include <mm/cache/shmem_swap.h>

#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <kernel/fs/swapon.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/rmap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/cache/writeback.h>
#include <mm/phys/commit.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/swap_fault.h>
#include <mm/types/mm_types.h>
#include <tests/kernel/block/testdisk.h>

#define NODE	"/dev/tda"
#define PAGES	80u
#define SECTORS_OF_PAGE	8u

static struct testdisk *td;
static struct file *shm;
static struct address_space *mapping;

/* ---- an area, and an object --------------------------------------------------------------------- */

/* mkswap, on the medium: @slots can be used. */
static void make_header(unsigned int slots)
{
	static u32 words[SECTOR_SIZE / 4];
	static char end[SECTOR_SIZE];

	memset(words, 0, sizeof(words));
	words[0] = 1;			/* version */
	words[1] = slots;		/* the last slot */
	testdisk_poke(td, 2, words);
	memset(end, 0, sizeof(end));
	memcpy(end + SECTOR_SIZE - 10, "SWAPSPACE2", 10);
	testdisk_poke(td, SECTORS_OF_PAGE - 1, end);
}

static u32 word_of(unsigned long index)
{
	return (u32)index * 2654435761u + 17;
}

/* A swap area of @slots, and an object of @pages, filled if @fill. => false: no memory */
static bool begin(unsigned int slots, unsigned int pages, bool fill)
{
	unsigned long i;

	td = testdisk_create((slots + 1) * SECTORS_OF_PAGE);
	if (!td)
		return false;
	testdisk_add(td);
	make_header(slots);
	if (do_swapon(NODE, 0))
		return false;
	shm = shmem_file_setup("test", (loff_t)pages << PAGE_SHIFT, VM_NORESERVE);
	if (IS_ERR(shm))
		return false;
	mapping = shm->f_mapping;
	for (i = 0; fill && i < pages; i++) {
		u32 word = word_of(i);

		if (kernel_write(shm, (loff_t)i << PAGE_SHIFT, (char *)&word, 4) != 4)
			return false;
	}
	return true;
}

static void end(struct ktest *t)
{
	fput(shm);
	KEXPECT_EQ(t, do_swapoff(NODE), 0);
	KEXPECT_EQ(t, td->wrong, 0u);
	testdisk_destroy(td);
}

/* => the word at the beginning of page @index, or -errno */
static long word_at(unsigned long index)
{
	u32 word = 0;
	int n = kernel_read(shm, (loff_t)index << PAGE_SHIFT, (char *)&word, 4);

	return n == 4 ? (long)word : n;
}

static unsigned int wrong_words(unsigned long from, unsigned long to)
{
	unsigned int wrong = 0;

	for (; from < to; from++)
		wrong += word_at(from) != (long)word_of(from);
	return wrong;
}

/* ---- what reclaim does -------------------------------------------------------------------------- */

/* Send the page at @index to swap. => it is in the swap cache, with a reference; NULL: it is not in memory */
static struct page *write_out(unsigned long index)
{
	struct writeback_control wbc = { .nr_to_write = 1, .for_reclaim = 1 };
	struct page *page = find_lock_page(mapping, index);

	if (!page)
		return NULL;
	clear_page_dirty_for_io(page);
	shmem_writepage(page, &wbc);
	wait_on_page_writeback(page);
	return page;
}

/* ... and give up the copy in memory. => true: it has gone, or was not there */
static bool send_out(unsigned long index)
{
	struct page *page = write_out(index);
	int gone = 0;

	if (!page)
		return true;
	lru_add_drain_all();
	lock_page(page);
	if (PageSwapCache(page))
		gone = remove_mapping(page_mapping(page), page);
	unlock_page(page);
	put_page(page);
	return gone;
}

static unsigned int send_all_out(unsigned long pages)
{
	unsigned int out = 0;
	unsigned long i;

	for (i = 0; i < pages; i++)
		out += send_out(i);
	return out;
}

/* ---- there and back ------------------------------------------------------------------------------ */

/* All goes, its memory is free, nothing is uncharged; all comes back by reading, and its slots are free. */
KTEST(shmem_swap, round_trip)
{
	unsigned long shmem;
	long promised;

	KASSERT(t, begin(PAGES, PAGES, true));
	shmem = global_page_state(NR_SHMEM);
	promised = vm_memory_committed();
	KEXPECT_EQ(t, send_all_out(PAGES), PAGES);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	KEXPECT_EQ(t, mapping->nrswapped, (unsigned long)PAGES);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, shmem_swapped_pages(mapping, 10, 20), 10ul);
	KEXPECT_EQ(t, nr_swap_pages, 0ul);
	KEXPECT_EQ(t, global_page_state(NR_SHMEM), shmem - PAGES);
	KEXPECT_EQ(t, vm_memory_committed(), promised);
	KEXPECT_EQ(t, wrong_words(0, PAGES), 0u);
	KEXPECT_EQ(t, mapping->nrpages, (unsigned long)PAGES);
	KEXPECT_EQ(t, mapping->nrswapped, 0ul);
	KEXPECT_EQ(t, nr_swap_pages, (unsigned long)PAGES);
	KEXPECT_EQ(t, global_page_state(NR_SHMEM), shmem);
	KEXPECT_EQ(t, vm_memory_committed(), promised);
	end(t);
}

/* What is wanted before its copy in memory is given up needs no disk. */
KTEST(shmem_swap, found_in_swap_cache)
{
	struct page *page, *again;
	unsigned int ops;
	bool major = false;

	KASSERT(t, begin(PAGES, 4, true));
	page = write_out(2);
	KASSERT(t, page && PageSwapCache(page));
	KEXPECT(t, !page->mapping);
	KEXPECT_EQ(t, swap_entry_users(page_swap_entry(page)), 1);
	ops = td->nr_ops;
	again = shmem_find_page(mapping, 2, &major);
	KEXPECT(t, again == page && !major);
	KEXPECT_EQ(t, td->nr_ops, ops);
	KEXPECT(t, page->mapping == mapping && PageDirty(page) && !PageSwapCache(page));
	KEXPECT_EQ(t, nr_swap_pages, (unsigned long)PAGES);
	put_page(page);
	put_page(again);
	end(t);
}

/*
 * Fault-around counts a page as mapped before it sees that it is locked, or has left the page cache: reclaim,
 * which meets it just then, finds no entry.
 */
KTEST(shmem_swap, counted_for_a_moment)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL };
	struct page *page;

	KASSERT(t, begin(PAGES, 4, true));
	lru_add_drain_all();
	page = find_get_page(mapping, 2);
	KASSERT(t, page);
	page_add_file_rmap(page);
	put_page(page);
	page = write_out(2);
	KASSERT(t, page && PageSwapCache(page) && !page->mapping);
	KEXPECT_EQ(t, (int)reclaim_one(page, &sc), (int)RECLAIM_CLEAN);
	page_remove_rmap(page);
	put_page(page);
	KEXPECT_EQ(t, wrong_words(0, 4), 0u);
	end(t);
}

/* Set aside by fallocate, and never written to: it goes as zeros, and then it holds something. */
KTEST(shmem_swap, blank_page)
{
	unsigned long index = 1;
	struct page *page;

	KASSERT(t, begin(PAGES, 4, false));
	KEXPECT_EQ(t, ramfs_fallocate(shm, 0, PAGE_SIZE, PAGE_SIZE), 0l);
	page = find_get_page(mapping, 1);
	KASSERT(t, page && !PageUptodate(page) && PageDirty(page) && !PagePrivate(page));
	put_page(page);
	KEXPECT(t, send_out(1));
	KEXPECT(t, shmem_next_page(mapping, &index, &page) && !page && index == 1);
	KEXPECT_EQ(t, word_at(1), 0l);
	end(t);
}

/* Bytes written into a page that is out: the others stay what they were. */
KTEST(shmem_swap, partial_write)
{
	KASSERT(t, begin(PAGES, 4, true));
	KEXPECT_EQ(t, send_all_out(4), 4u);
	KEXPECT_EQ(t, kernel_write(shm, PAGE_SIZE + 100, "new", 3), 3);
	KEXPECT_EQ(t, mapping->nrswapped, 3ul);
	KEXPECT_EQ(t, wrong_words(0, 4), 0u);
	end(t);
}

/* Who is killed in the middle of something long takes no more memory for it. */
KTEST(shmem_swap, killed)
{
	static char words[4 * PAGE_SIZE];
	unsigned long cached;

	KASSERT(t, begin(PAGES, 8, true));
	KEXPECT_EQ(t, send_all_out(8), 8u);
	cached = global_page_state(NR_SWAPCACHE);
	sigaddset(&current->pending.signal, SIGKILL);
	set_tsk_work(current, TIF_SIGPENDING);
	shmem_willneed(mapping, 0, 8);
	KEXPECT_EQ(t, global_page_state(NR_SWAPCACHE), cached);
	KEXPECT_EQ(t, kernel_write(shm, 0, words, sizeof(words)), (int)PAGE_SIZE);
	sigdelset(&current->pending.signal, SIGKILL);
	clear_tsk_work(current, TIF_SIGPENDING);
	KEXPECT_EQ(t, mapping->nrswapped, 7ul);
	KEXPECT_EQ(t, wrong_words(1, 8), 0u);
	end(t);
}

/* ---- thrown away --------------------------------------------------------------------------------- */

/* What is cut off or punched out loses its slots and its charges; edges are zeroed, wherever they are. */
KTEST(shmem_swap, truncate)
{
	unsigned long index = 3;
	struct page *page;
	long promised;

	KASSERT(t, begin(PAGES, 20, true));
	promised = vm_memory_committed();
	KEXPECT_EQ(t, send_all_out(20), 20u);
	KEXPECT_EQ(t, ramfs_fallocate(shm, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				      2 * PAGE_SIZE + 2, 4 * PAGE_SIZE), 0l);
	KEXPECT_EQ(t, mapping->nrswapped, 15ul);
	KEXPECT_EQ(t, nr_swap_pages, PAGES - 15ul);
	KEXPECT_EQ(t, vm_memory_committed(), promised - 3);
	KEXPECT_EQ(t, word_at(2), (long)(word_of(2) & 0xffff));
	KEXPECT_EQ(t, word_at(6), (long)(word_of(6) & 0xffff0000));
	KEXPECT(t, shmem_next_page(mapping, &index, &page) && page && index == 6);
	put_page(page);
	i_size_write(mapping->host, 10 * PAGE_SIZE + 2);
	truncate_inode_pages(mapping, 10 * PAGE_SIZE + 2);
	KEXPECT_EQ(t, mapping->nrswapped, 5ul);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, vm_memory_committed(), promised - 3 - 9);
	i_size_write(mapping->host, 20 * PAGE_SIZE);
	KEXPECT_EQ(t, word_at(10), (long)(word_of(10) & 0xffff));
	KEXPECT_EQ(t, wrong_words(7, 10), 0u);
	KEXPECT_EQ(t, word_at(15), 0l);
	end(t);
}

/* A file is cut while somebody brings a page back: it is thrown away, not kept beyond the end. */
KTEST(shmem_swap, cut_meanwhile)
{
	bool major = false;

	KASSERT(t, begin(PAGES, 4, true));
	KEXPECT_EQ(t, send_all_out(4), 4u);
	i_size_write(mapping->host, 2 * PAGE_SIZE);
	KEXPECT(t, !shmem_find_page(mapping, 3, &major) && major);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	KEXPECT_EQ(t, mapping->nrswapped, 3ul);
	KEXPECT_EQ(t, nr_swap_pages, PAGES - 3ul);
	truncate_inode_pages(mapping, 2 * PAGE_SIZE);
	KEXPECT_EQ(t, mapping->nrswapped, 2ul);
	KEXPECT_EQ(t, swap_users_check(), 0);
	KEXPECT_EQ(t, wrong_words(0, 2), 0u);
	end(t);
}

/* The object ends while its pages are out. */
KTEST(shmem_swap, last_close)
{
	KASSERT(t, begin(PAGES, 40, true));
	KEXPECT_EQ(t, send_all_out(30), 30u);
	KEXPECT_EQ(t, nr_swap_pages, PAGES - 30ul);
	fput(shm);
	KEXPECT_EQ(t, nr_swap_pages, (unsigned long)PAGES);
	shm = shmem_file_setup("other", 0, VM_NORESERVE);
	KASSERT(t, !IS_ERR(shm));
	end(t);
}

/* swapoff brings all back. */
KTEST(shmem_swap, swapoff)
{
	KASSERT(t, begin(PAGES, 40, true));
	KEXPECT_EQ(t, send_all_out(40), 40u);
	KEXPECT_EQ(t, do_swapoff(NODE), 0);
	KEXPECT_EQ(t, mapping->nrpages, 40ul);
	KEXPECT_EQ(t, wrong_words(0, 40), 0u);
	KEXPECT_EQ(t, do_swapon(NODE, 0), 0);
	end(t);
}

/* ---- what can fail --------------------------------------------------------------------------------- */

/* No slot is free: the page stays as it was. */
KTEST(shmem_swap, area_full)
{
	struct page *page;

	KASSERT(t, begin(3, 4, true));
	KEXPECT_EQ(t, send_all_out(3), 3u);
	page = write_out(3);
	KASSERT(t, page);
	KEXPECT(t, page->mapping == mapping && PageDirty(page) && !PageSwapCache(page));
	KEXPECT_EQ(t, mapping->nrswapped, 3ul);
	put_page(page);
	KEXPECT_EQ(t, wrong_words(0, 4), 0u);
	end(t);
}

/* A write that fails loses nothing; a read that fails is told, until it can be done. */
KTEST(shmem_swap, disk_errors)
{
	struct page *page;

	KASSERT(t, begin(PAGES, 4, true));
	testdisk_fail(td, TESTDISK_WRITE, 0, td->nr_pages * SECTORS_OF_PAGE - 1);
	page = write_out(0);
	KASSERT(t, page);
	KEXPECT(t, PageSwapCache(page) && PageDirty(page));
	put_page(page);
	KEXPECT_EQ(t, wrong_words(0, 4), 0u);
	testdisk_heal(td);
	KEXPECT(t, send_out(1));
	testdisk_fail(td, TESTDISK_READ, 0, td->nr_pages * SECTORS_OF_PAGE - 1);
	KEXPECT_EQ(t, word_at(1), (long)-EIO);
	KEXPECT_EQ(t, kernel_write(shm, PAGE_SIZE + 100, "new", 3), -EIO);
	KEXPECT_EQ(t, ramfs_fallocate(shm, 0, PAGE_SIZE, PAGE_SIZE), (long)-EIO);
	KEXPECT_EQ(t, mapping->nrswapped, 1ul);
	testdisk_heal(td);
	end(t);
}

/* ... nor does reclaim, which then has the page no longer locked, ask whether its slot can go (VM_BUG_ON). */
KTEST(shmem_swap, write_error_in_full_area)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_writepage = true };
	struct page *page;

	KASSERT(t, begin(4, 4, true));
	KEXPECT_EQ(t, send_all_out(3), 3u);
	lru_add_drain_all();
	page = find_get_page(mapping, 3);
	KASSERT(t, page);
	testdisk_fail(td, TESTDISK_WRITE, 0, td->nr_pages * SECTORS_OF_PAGE - 1);
	KEXPECT(t, vm_swap_full());
	KEXPECT_EQ(t, (int)reclaim_one(page, &sc), (int)RECLAIM_ACTIVATED);
	KEXPECT(t, PageSwapCache(page) && PageDirty(page) && !PageLocked(page));
	put_page(page);
	testdisk_heal(td);
	KEXPECT_EQ(t, wrong_words(0, 4), 0u);
	end(t);
}

/* ---- at the same time ------------------------------------------------------------------------------ */

/* Sends pages out, one after the other, until it is stopped. */
static int mover(void *pages)
{
	unsigned long i = 0;

	while (!kthread_should_stop()) {
		struct page *page = write_out(i++ % (unsigned long)pages);

		if (page)
			put_page(page);
		cond_resched();
	}
	return 0;
}

#define ROUNDS	400

/* A page on its way is never taken for a hole, nor lost. */
KTEST(shmem_swap, never_a_hole)
{
	unsigned int round, holes = 0, wrong = 0;
	struct task_struct *task;

	KASSERT(t, begin(PAGES, 8, true));
	task = kthread_run(mover, (void *)8ul, "mover");
	KASSERT(t, !IS_ERR(task));
	for (round = 0; round < ROUNDS; round++) {
		bool major;
		struct page *page = shmem_find_page(mapping, round % 8, &major);

		holes += !page;
		if (!IS_ERR_OR_NULL(page))
			put_page(page);
		wrong += word_at((round + 3) % 8) != (long)word_of((round + 3) % 8);
		cond_resched();
	}
	kthread_stop(task);
	KEXPECT_EQ(t, holes, 0u);
	KEXPECT_EQ(t, wrong, 0u);
	KEXPECT_EQ(t, mapping->nrpages + mapping->nrswapped, 8ul);
	KEXPECT_EQ(t, swap_users_check(), 0);
	end(t);
}

/* A hole punched while pages come and go has nothing in it. */
KTEST(shmem_swap, punch_while_moving)
{
	unsigned int round, left = 0;
	struct task_struct *task;
	unsigned long i;

	KASSERT(t, begin(PAGES, 8, true));
	task = kthread_run(mover, (void *)8ul, "mover");
	KASSERT(t, !IS_ERR(task));
	for (round = 0; round < ROUNDS / 8; round++) {
		KEXPECT_EQ(t, ramfs_fallocate(shm, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					      2 * PAGE_SIZE, 4 * PAGE_SIZE), 0l);
		for (i = 2; i < 6; i++) {
			u32 word = word_of(i);

			left += word_at(i) != 0;
			KEXPECT_EQ(t, kernel_write(shm, (loff_t)i << PAGE_SHIFT, (char *)&word, 4), 4);
		}
		cond_resched();
	}
	kthread_stop(task);
	KEXPECT_EQ(t, left, 0u);
	KEXPECT_EQ(t, wrong_words(0, 8), 0u);
	end(t);
}
