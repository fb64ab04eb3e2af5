/*
 * tests/kernel/mm/cache/filemap_test.c - the page cache by itself.
 *
 * The address space under test belongs to no file: its readpage fills a page with its index,
 * so that content proves identity.  What is left over after a test, the harness counts.
 */
#include <mm/cache/filemap.h>

#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

static int reads;		/* calls of readpage */
static int fail_reads;		/* ... that are to fail */

static int test_readpage(struct file *file, struct page *page)
{
	unsigned long *p = kmap(page);

	reads++;
	if (fail_reads) {
		fail_reads--;
		SetPageError(page);
	} else {
		*p = page->index;
		SetPageUptodate(page);
	}
	kunmap(page);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations test_aops = {
	.readpage = test_readpage,
	.set_page_dirty = __set_page_dirty_no_writeback,
};

static void init_mapping(struct address_space *mapping)
{
	address_space_init(mapping, NULL, &test_aops, GFP_HIGHUSER);
	reads = fail_reads = 0;
}

/* One page for one index: found again, filled once, and nowhere else. */
KTEST(filemap, find_and_read)
{
	struct address_space mapping;
	struct page *a, *b;

	init_mapping(&mapping);
	KEXPECT(t, !find_get_page(&mapping, 7));
	a = read_cache_page(&mapping, 7, NULL);
	KASSERT(t, !IS_ERR(a));
	KEXPECT_EQ(t, reads, 1);
	KEXPECT_EQ(t, page_count(a), 2);
	KEXPECT(t, a->mapping == &mapping && a->index == 7 && PageUptodate(a) && !PageLocked(a));
	b = read_cache_page(&mapping, 7, NULL);
	KEXPECT(t, a == b);
	KEXPECT_EQ(t, reads, 1);
	KEXPECT_EQ(t, *(unsigned long *)kmap(a), 7ul);
	kunmap(a);
	put_page(a);
	put_page(b);
	KEXPECT(t, !find_get_page(&mapping, 8));
	KEXPECT_EQ(t, mapping.nrpages, 1ul);
	truncate_inode_pages(&mapping, 0);
	KEXPECT_EQ(t, mapping.nrpages, 0ul);
	KEXPECT(t, radix_tree_empty(&mapping.page_tree));
}

/* A second page for the same index is refused; find_or_create gives the first, locked. */
KTEST(filemap, insert_twice)
{
	struct address_space mapping;
	struct page *a, *b;

	init_mapping(&mapping);
	a = grab_cache_page(&mapping, 3);
	KASSERT(t, a);
	KEXPECT(t, PageLocked(a) && !PageUptodate(a));
	unlock_page(a);
	b = alloc_page(GFP_HIGHUSER);
	KASSERT(t, b);
	KEXPECT_EQ(t, add_to_page_cache(b, &mapping, 3), -EEXIST);
	KEXPECT(t, !b->mapping && !PageLocked(b));
	put_page(b);
	b = grab_cache_page(&mapping, 3);
	KEXPECT(t, a == b && PageLocked(a));
	unlock_page(a);
	put_page(a);
	put_page(b);
	truncate_inode_pages(&mapping, 0);
}

/* An error of the device reaches the reader, and the next read tries again. */
KTEST(filemap, read_error)
{
	struct address_space mapping;
	struct page *page;

	init_mapping(&mapping);
	fail_reads = 1;
	page = read_cache_page(&mapping, 0, NULL);
	KEXPECT_EQ(t, PTR_ERR(page), (long)-EIO);
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, reads, 2);
	put_page(page);
	truncate_inode_pages(&mapping, 0);
}

/* The counters follow the flags of the space. */
KTEST(filemap, counters)
{
	struct address_space mapping;
	unsigned long file = global_page_state(NR_FILE_PAGES);
	unsigned long shmem = global_page_state(NR_SHMEM);
	unsigned long unev = global_page_state(NR_UNEVICTABLE);
	struct page *page;

	init_mapping(&mapping);
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), file + 1);
	KEXPECT_EQ(t, global_page_state(NR_SHMEM), shmem);
	put_page(page);
	truncate_inode_pages(&mapping, 0);
	set_bit(AS_SWAPBACKED, &mapping.flags);
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT(t, PageSwapBacked(page));
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), file + 1);
	KEXPECT_EQ(t, global_page_state(NR_SHMEM), shmem + 1);
	put_page(page);
	truncate_inode_pages(&mapping, 0);
	mapping.flags = 1ul << AS_UNEVICTABLE;
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, global_page_state(NR_UNEVICTABLE), unev + 1);
	put_page(page);
	truncate_inode_pages(&mapping, 0);
	KEXPECT_EQ(t, global_page_state(NR_FILE_PAGES), file);
	KEXPECT_EQ(t, global_page_state(NR_SHMEM), shmem);
	KEXPECT_EQ(t, global_page_state(NR_UNEVICTABLE), unev);
}

/* What a page counted for is given back under tree_lock: then the mapping may go, and its host. */
static bool uncharged_unlocked;
static unsigned int uncharged;

static void note_uncharge(struct address_space *mapping)
{
	uncharged++;
	uncharged_unlocked |= !spin_is_locked(&mapping->tree_lock);
}

KTEST(filemap, uncounted_under_the_lock)
{
	struct address_space_operations aops = test_aops;
	struct address_space mapping;
	struct page *page;

	init_mapping(&mapping);
	aops.uncharge_page = note_uncharge;
	mapping.a_ops = &aops;
	set_bit(AS_ACCOUNT, &mapping.flags);
	uncharged = 0;
	uncharged_unlocked = false;
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	lock_page(page);
	KEXPECT(t, remove_mapping(&mapping, page));
	unlock_page(page);
	put_page(page);
	page = read_cache_page(&mapping, 1, NULL);
	KASSERT(t, !IS_ERR(page));
	put_page(page);
	truncate_inode_pages(&mapping, 0);
	KEXPECT_EQ(t, uncharged, 2u);
	KEXPECT(t, !uncharged_unlocked);
}

/* A page that is cut off stays intact for who holds it, and is no longer the file's. */
KTEST(filemap, truncate_keeps_readers_page)
{
	struct address_space mapping;
	struct page *held, *fresh;

	init_mapping(&mapping);
	held = read_cache_page(&mapping, 5, NULL);
	KASSERT(t, !IS_ERR(held));
	truncate_inode_pages(&mapping, 0);
	KEXPECT(t, !held->mapping);
	KEXPECT_EQ(t, page_count(held), 1);
	fresh = read_cache_page(&mapping, 5, NULL);
	KASSERT(t, !IS_ERR(fresh));
	KEXPECT(t, fresh != held);
	put_page(held);
	put_page(fresh);
	truncate_inode_pages(&mapping, 0);
}

static unsigned char byte_at(struct address_space *mapping, unsigned long index,
			     unsigned int offset)
{
	struct page *page = find_get_page(mapping, index);
	unsigned char byte;

	if (!page)
		return 0xff;
	byte = ((unsigned char *)kmap(page))[offset];
	kunmap(page);
	put_page(page);
	return byte;
}

/* Both edges of a range are zeroed, what is between goes, what is outside stays. */
KTEST(filemap, truncate_range)
{
	struct address_space mapping;
	unsigned long i;

	init_mapping(&mapping);
	for (i = 0; i < 40; i++) {
		struct page *page = grab_cache_page(&mapping, i);

		KASSERT(t, page);
		memset(kmap(page), 0xaa, PAGE_SIZE);
		kunmap(page);
		SetPageUptodate(page);
		unlock_page(page);
		put_page(page);
	}
	/* from the middle of page 2 to byte 99 of page 20 */
	truncate_inode_pages_range(&mapping, 2 * PAGE_SIZE + 2000, 20 * PAGE_SIZE + 99);
	KEXPECT_EQ(t, mapping.nrpages, 23ul);
	KEXPECT_EQ(t, byte_at(&mapping, 2, 1999), 0xaa);
	KEXPECT_EQ(t, byte_at(&mapping, 2, 2000), 0);
	KEXPECT_EQ(t, byte_at(&mapping, 2, 4095), 0);
	KEXPECT_EQ(t, byte_at(&mapping, 3, 0), 0xff);
	KEXPECT_EQ(t, byte_at(&mapping, 19, 0), 0xff);
	KEXPECT_EQ(t, byte_at(&mapping, 20, 99), 0);
	KEXPECT_EQ(t, byte_at(&mapping, 20, 100), 0xaa);
	KEXPECT_EQ(t, byte_at(&mapping, 39, 0), 0xaa);
	/* within one page */
	truncate_inode_pages_range(&mapping, 30 * PAGE_SIZE + 10, 30 * PAGE_SIZE + 19);
	KEXPECT_EQ(t, byte_at(&mapping, 30, 9), 0xaa);
	KEXPECT_EQ(t, byte_at(&mapping, 30, 10), 0);
	KEXPECT_EQ(t, byte_at(&mapping, 30, 19), 0);
	KEXPECT_EQ(t, byte_at(&mapping, 30, 20), 0xaa);
	truncate_inode_pages(&mapping, 1);
	KEXPECT_EQ(t, mapping.nrpages, 1ul);
	KEXPECT_EQ(t, byte_at(&mapping, 0, 0), 0xaa);
	KEXPECT_EQ(t, byte_at(&mapping, 0, 1), 0);
	truncate_inode_pages(&mapping, 0);
}

/* The last index there is can be used and truncated. */
KTEST(filemap, last_index)
{
	struct address_space mapping;
	struct page *page;

	init_mapping(&mapping);
	page = read_cache_page(&mapping, ULONG_MAX, NULL);
	KASSERT(t, !IS_ERR(page));
	put_page(page);
	page = read_cache_page(&mapping, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	put_page(page);
	truncate_inode_pages(&mapping, PAGE_SIZE);
	KEXPECT_EQ(t, mapping.nrpages, 1ul);
	truncate_inode_pages(&mapping, 0);
	KEXPECT_EQ(t, mapping.nrpages, 0ul);
}

/* 20,000 seeded operations against a map of what should be there. */
KTEST(filemap, random_operations)
{
	enum { INDEXES = 300 };
	static bool present[INDEXES];
	struct address_space mapping;
	struct rnd_state rnd;
	unsigned int i, j, count;

	init_mapping(&mapping);
	prandom_seed(&rnd, ktest_seed(42));
	memset(present, 0, sizeof(present));
	for (i = 0; i < 20000; i++) {
		unsigned int at = prandom_below(&rnd, INDEXES);
		struct page *page;

		switch (prandom_below(&rnd, 20)) {
		case 0:
			j = at + prandom_below(&rnd, 30);
			truncate_inode_pages_range(&mapping, (loff_t)at << PAGE_SHIFT,
						   ((loff_t)(j + 1) << PAGE_SHIFT) - 1);
			for (; at <= j && at < INDEXES; at++)
				present[at] = false;
			break;
		case 1: case 2: case 3: case 4: case 5: case 6:
			page = read_cache_page(&mapping, at, NULL);
			KASSERT(t, !IS_ERR(page));
			KASSERT_EQ(t, *(unsigned long *)kmap(page), (unsigned long)at);
			kunmap(page);
			put_page(page);
			present[at] = true;
			break;
		default:
			page = find_get_page(&mapping, at);
			KASSERT_EQ(t, page != NULL, present[at]);
			if (page)
				put_page(page);
			break;
		}
	}
	for (count = 0, i = 0; i < INDEXES; i++)
		count += present[i];
	KEXPECT_EQ(t, mapping.nrpages, (unsigned long)count);
	truncate_inode_pages(&mapping, 0);
}

static struct page *locked_page;
static int got_lock;

static int locker(void *unused)
{
	lock_page(locked_page);
	got_lock++;
	unlock_page(locked_page);
	while (!kthread_should_stop())
		msleep(10);
	return 0;
}

/* Who wants a locked page sleeps until it is unlocked. */
KTEST(filemap, lock_waits)
{
	struct task_struct *task;

	got_lock = 0;
	locked_page = alloc_page(GFP_KERNEL);
	KASSERT(t, locked_page);
	KEXPECT(t, trylock_page(locked_page));
	KEXPECT(t, !trylock_page(locked_page));
	task = kthread_run(locker, NULL, "locker");
	KASSERT(t, !IS_ERR(task));
	msleep(30);
	KEXPECT_EQ(t, got_lock, 0);
	unlock_page(locked_page);
	msleep(30);
	KEXPECT_EQ(t, got_lock, 1);
	KEXPECT(t, !PageLocked(locked_page));
	kthread_stop(task);
	put_page(locked_page);
}
