/*
 * tests/kernel/mm/cache/writeback_test.c - dirty pages of a file system whose disk is an array.
 *
 * What is on that disk at the end is compared with what was stored; writeback_check() and the
 * harness's counters see to the bookkeeping after each test.
 */
#include <kernel/core/completion.h>
#include <kernel/sched/kthread.h>
#include <lib/random.h>
#include <tests/kernel/mm/cache/toyfs.h>
#include <tests/kernel/mm/space/scratch.h>

static unsigned long nr_dirty(void)
{
	return global_page_state(NR_FILE_DIRTY);
}

/* One page through all its states; flag, tag and counter change together. */
KTEST(writeback, page_states)
{
	struct inode *inode = toy_begin(0);
	unsigned long before = nr_dirty();
	struct address_space *mapping;
	struct page *page;

	KASSERT(t, inode);
	mapping = &inode->i_data;
	page = read_cache_page(mapping, 3, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, set_page_dirty(page), 1);
	KEXPECT_EQ(t, set_page_dirty(page), 0);
	KEXPECT_EQ(t, nr_dirty(), before + 1);
	KEXPECT(t, PageDirty(page) && mapping_tagged(mapping, PAGECACHE_TAG_DIRTY));
	KEXPECT(t, inode->i_state == I_DIRTY_PAGES && !list_empty(&inode->i_wb_list));
	lock_page(page);
	KEXPECT_EQ(t, clear_page_dirty_for_io(page), 1);
	KEXPECT_EQ(t, clear_page_dirty_for_io(page), 0);
	KEXPECT_EQ(t, nr_dirty(), before);
	KEXPECT(t, !PageDirty(page) && !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) &&
		   mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK));
	KEXPECT_EQ(t, test_set_page_writeback(page), 0);
	KEXPECT_EQ(t, test_set_page_writeback(page), 1);
	KEXPECT_EQ(t, global_page_state(NR_WRITEBACK), 1ul);
	unlock_page(page);
	end_page_writeback(page);
	KEXPECT_EQ(t, global_page_state(NR_WRITEBACK), 0ul);
	KEXPECT_EQ(t, filemap_fdatawait(mapping), 0);
	KEXPECT(t, !mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK));
	put_page(page);
	toy_end(inode);
}

/* What cannot be written back has none of that. */
KTEST(writeback, no_backing)
{
	struct inode *inode = toy_begin(0);
	unsigned long before = nr_dirty();
	struct page *page;

	KASSERT(t, inode);
	inode->i_data.backing_dev_info = &noop_backing_dev_info;
	page = read_cache_page(&inode->i_data, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, set_page_dirty(page), 1);
	KEXPECT(t, PageDirty(page) && !mapping_tagged(&inode->i_data, PAGECACHE_TAG_DIRTY));
	KEXPECT_EQ(t, nr_dirty(), before);
	KEXPECT(t, !(inode->i_state & I_DIRTY) && list_empty(&inode->i_wb_list));
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	put_page(page);
	toy_end(inode);
}

/* All of a range, and nothing else, is on the disk when write_and_wait returns; then it is clean. */
KTEST(writeback, write_and_wait)
{
	struct inode *inode = toy_begin(2);
	unsigned long i;

	KASSERT(t, inode);
	for (i = 0; i < 100; i += 2)
		KASSERT_EQ(t, toy_store(inode, i, (u32)(1000 + i)), 0);
	KEXPECT_EQ(t, filemap_write_and_wait_range(&inode->i_data, 10 * PAGE_SIZE + 5,
						   40 * PAGE_SIZE), 0);
	for (i = 0; i < 100; i += 2)
		KEXPECT_EQ(t, toy.disk[i], i >= 10 && i <= 40 ? (u32)(1000 + i) : 0);
	KEXPECT_EQ(t, toy.writes, 16u);
	for (i = 1; i < toy.writes; i++)
		KEXPECT(t, toy.log[i] > toy.log[i - 1]);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.writes, 50u);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.writes, 50u);
	KEXPECT(t, !mapping_tagged(&inode->i_data, PAGECACHE_TAG_WRITEBACK));
	KEXPECT_EQ(t, write_inode_now(inode, 1), 0);
	KEXPECT(t, !(inode->i_state & I_DIRTY) && list_empty(&inode->i_wb_list));
	toy_end(inode);
}

/* An error is told once, to who asks; the page is clean, and what it holds is still right. */
KTEST(writeback, error_told_once)
{
	struct inode *inode = toy_begin(1);
	struct page *page;

	KASSERT(t, inode);
	toy.fail_from = 1;
	toy.fail_to = 2;
	KASSERT_EQ(t, toy_store(inode, 0, 7), 0);
	KASSERT_EQ(t, toy_store(inode, 1, 8), 0);
	/* sync() asks nobody. */
	down_read(&toy.sb->s_umount);
	sync_inodes_sb(toy.sb, 1);
	up_read(&toy.sb->s_umount);
	KEXPECT_EQ(t, toy.disk[0], 7u);
	KEXPECT_EQ(t, toy.disk[1], 0u);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), -EIO);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	page = find_get_page(&inode->i_data, 1);
	KASSERT(t, page);
	KEXPECT(t, PageUptodate(page) && !PageDirty(page));
	put_page(page);
	toy.error = -ENOSPC;
	KASSERT_EQ(t, toy_store(inode, 1, 9), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), -ENOSPC);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	toy.fail_to = 0;
	KASSERT_EQ(t, toy_store(inode, 1, 9), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.disk[1], 9u);
	toy_end(inode);
}

/* What is stored while the disk reads the page is written by the next fsync, if not by this. */
KTEST(writeback, store_during_transfer)
{
	struct inode *inode = toy_begin(5);

	KASSERT(t, inode);
	KASSERT_EQ(t, toy_store(inode, 0, 1), 0);
	KEXPECT_EQ(t, filemap_fdatawrite(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.writes, 1u);
	KASSERT_EQ(t, toy_store(inode, 0, 2), 0);
	/* A flusher does not wait for the page: it leaves it dirty. */
	KEXPECT_EQ(t, filemap_flush(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.writes, 1u);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.writes, 2u);
	KEXPECT_EQ(t, toy.disk[0], 2u);
	toy_end(inode);
}

static struct completion in_between, go_on;

static void stop_in_writepage(struct page *page)
{
	toy.in_writepage = NULL;
	complete(&in_between);
	wait_for_completion(&go_on);
}

static int flusher(void *inode)
{
	filemap_flush(&((struct inode *)inode)->i_data);
	return 0;
}

static int releaser(void *unused)
{
	msleep(50);
	complete(&go_on);
	return 0;
}

/* A page that is no longer dirty and not yet under write-back is not overlooked. */
KTEST(writeback, wait_for_page_in_writepage)
{
	struct inode *inode = toy_begin(0);
	struct task_struct *a, *b;

	KASSERT(t, inode);
	init_completion(&in_between);
	init_completion(&go_on);
	KASSERT_EQ(t, toy_store(inode, 5, 55), 0);
	toy.in_writepage = stop_in_writepage;
	a = kthread_create(flusher, inode, "flusher");
	KASSERT(t, !IS_ERR(a));
	get_task_struct(a);
	wake_up_process(a);
	wait_for_completion(&in_between);
	b = kthread_create(releaser, NULL, "releaser");
	KASSERT(t, !IS_ERR(b));
	get_task_struct(b);
	wake_up_process(b);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.disk[5], 55u);
	kthread_stop(a);
	put_task_struct(a);
	kthread_stop(b);
	put_task_struct(b);
	toy_end(inode);
}

/* Truncation waits for transfers, and forgets what is dirty, in the counters too. */
KTEST(writeback, truncate)
{
	struct inode *inode = toy_begin(3);
	unsigned long before = nr_dirty(), i;

	KASSERT(t, inode);
	for (i = 0; i < 20; i++)
		KASSERT_EQ(t, toy_store(inode, i, (u32)i + 1), 0);
	filemap_fdatawrite_range(&inode->i_data, 0, 10 * PAGE_SIZE - 1);
	KEXPECT_EQ(t, nr_dirty(), before + 10);
	truncate_inode_pages(&inode->i_data, 5 * PAGE_SIZE);
	KEXPECT_EQ(t, nr_dirty(), before);
	KEXPECT_EQ(t, inode->i_data.nrpages, 5ul);
	for (i = 5; i < 10; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)i + 1);
	KEXPECT_EQ(t, filemap_fdatawait(&inode->i_data), 0);
	toy_end(inode);
}

/* The flusher's walk: so many pages of the oldest inode first; then it goes on where it was. */
KTEST(writeback, oldest_first)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = 4, .range_end = LLONG_MAX,
		.range_cyclic = 1,
	};
	struct inode *old = toy_begin(0), *young;
	unsigned long i;

	KASSERT(t, old);
	young = toy_inode(toy.sb);
	KASSERT(t, young);
	for (i = 0; i < 6; i++)
		KASSERT_EQ(t, toy_store(old, i, 1), 0);
	msleep(30);
	for (i = 100; i < 102; i++)
		KASSERT_EQ(t, toy_store(young, i, 2), 0);
	writeback_inodes(&wbc);
	KEXPECT_EQ(t, wbc.nr_to_write, 0l);
	for (i = 0; i < 4; i++)
		KEXPECT_EQ(t, toy.log[i], i);
	wbc.nr_to_write = 100;
	writeback_inodes(&wbc);
	KEXPECT_EQ(t, wbc.nr_to_write, 96l);
	KEXPECT(t, !(old->i_state & I_DIRTY) && !(young->i_state & I_DIRTY));
	KEXPECT(t, list_empty(&toy.sb->s_dirty) && list_empty(&toy.sb->s_io));
	iput(young);
	toy_end(old);
}

/* By age: only what was dirty before a moment; times alone make an inode dirty too. */
KTEST(writeback, by_age)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = 100, .range_end = LLONG_MAX,
		.for_kupdate = 1,
	};
	struct inode *old = toy_begin(0), *young;
	unsigned long moment;

	KASSERT(t, old);
	young = toy_inode(toy.sb);
	KASSERT(t, young);
	KASSERT_EQ(t, toy_store(old, 0, 1), 0);
	mark_inode_dirty_sync(old);
	moment = jiffies;
	msleep(30);
	KASSERT_EQ(t, toy_store(old, 1, 1), 0);
	KASSERT_EQ(t, toy_store(young, 2, 1), 0);
	wbc.older_than_this = &moment;
	writeback_inodes(&wbc);
	KEXPECT_EQ(t, toy.writes, 2u);
	KEXPECT_EQ(t, toy.inode_writes, 1u);
	KEXPECT(t, !(old->i_state & I_DIRTY) && (young->i_state & I_DIRTY));
	iput(young);
	toy_end(old);
}

/* sync waits for what a flusher has started, of inodes that are clean. */
KTEST(writeback, sync_waits_for_others)
{
	struct inode *inode = toy_begin(10);

	KASSERT(t, inode);
	KASSERT_EQ(t, toy_store(inode, 0, 11), 0);
	KEXPECT_EQ(t, write_inode_now(inode, 0), 0);
	KEXPECT(t, !(inode->i_state & I_DIRTY) && toy.disk[0] == 0);
	do_sync();
	KEXPECT_EQ(t, toy.disk[0], 11u);
	toy_end(inode);
}

/* ---- mappings ---------------------------------------------------------------------------------- */

#define MAP_AT	0x40000000ul

/* The file in a space of our own. => 0 or -errno */
static int map_toy(struct inode *inode, unsigned long prot)
{
	static const struct file_operations fops = { .mmap = generic_file_mmap };
	struct mm_struct *mm = scratch_enter();
	struct dentry *dentry = d_alloc_anon(toy.sb, &(struct qstr){ .name = "toy", .len = 3 });
	struct file *file;
	unsigned long at;

	if (!dentry)
		return -ENOMEM;
	d_instantiate(dentry, igrab(inode));
	file = alloc_file(toy.mnt, dentry, FMODE_READ | FMODE_WRITE, &fops);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	down_write(&mm->mmap_sem);
	at = do_mmap_pgoff(file, MAP_AT, TOY_PAGES << PAGE_SHIFT, prot, MAP_SHARED | MAP_FIXED, 0);
	up_write(&mm->mmap_sem);
	fput(file);
	return at == MAP_AT ? 0 : (int)at;
}

static pte_t pte_of(unsigned long page)
{
	pte_t *pte = mm_find_pte(current->mm, MAP_AT + page * PAGE_SIZE);

	return pte ? *pte : __pte(0);
}

/* Each store is heard of: the first to a clean page faults, after each write-back again. */
KTEST(writeback, shared_mapping)
{
	struct inode *inode = toy_begin(1);
	unsigned long before = nr_dirty();
	u32 i;

	KASSERT(t, inode);
	KASSERT_EQ(t, map_toy(inode, RW), 0);
	KEXPECT_EQ(t, peek(MAP_AT + PAGE_SIZE), 0u);
	KEXPECT(t, pte_present(pte_of(1)) && !pte_write(pte_of(1)));
	for (i = 1; i <= 3; i++) {
		KEXPECT_EQ(t, poke(MAP_AT + PAGE_SIZE, i), 0);
		KEXPECT(t, pte_write(pte_of(1)) && pte_dirty(pte_of(1)));
		KEXPECT_EQ(t, nr_dirty(), before + 1);
		KEXPECT(t, inode->i_state & I_DIRTY_PAGES);
		KEXPECT_EQ(t, writeback_check(), 0);
		KEXPECT_EQ(t, mm_check(current->mm), 0);
		KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
		KEXPECT_EQ(t, toy.disk[1], i);
		KEXPECT(t, !pte_write(pte_of(1)) && !pte_dirty(pte_of(1)));
		KEXPECT_EQ(t, mm_check(current->mm), 0);
	}
	/* A page that was not there is stored to: two steps in one fault. */
	KEXPECT_EQ(t, poke(MAP_AT + 7 * PAGE_SIZE, 70), 0);
	KEXPECT_EQ(t, nr_dirty(), before + 1);
	scratch_leave(current->mm);
	do_sync();
	KEXPECT_EQ(t, toy.disk[7], 70u);
	KEXPECT_EQ(t, nr_dirty(), before);
	toy_end(inode);
}

/* mprotect gives a clean page no right that write-back does not hear of. */
KTEST(writeback, mprotect_of_clean_page)
{
	struct inode *inode = toy_begin(0);

	KASSERT(t, inode);
	KASSERT_EQ(t, map_toy(inode, RW), 0);
	KEXPECT_EQ(t, poke(MAP_AT, 1), 0);
	KEXPECT_EQ(t, peek(MAP_AT + PAGE_SIZE), 0u);
	KEXPECT_EQ(t, do_mprotect(MAP_AT, 2 * PAGE_SIZE, PROT_READ), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, do_mprotect(MAP_AT, 2 * PAGE_SIZE, RW), 0);
	KEXPECT(t, !pte_write(pte_of(0)) && !pte_write(pte_of(1)));
	KEXPECT_EQ(t, mm_check(current->mm), 0);
	KEXPECT_EQ(t, poke(MAP_AT, 2), 0);
	KEXPECT_EQ(t, poke(MAP_AT + PAGE_SIZE, 3), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, toy.disk[0], 2u);
	KEXPECT_EQ(t, toy.disk[1], 3u);
	scratch_leave(current->mm);
	toy_end(inode);
}

/* ---- all at once --------------------------------------------------------------------------------- */

#define STORMERS	4
static u32 stored[TOY_PAGES];		/* by the one task that stores to that page */
static struct inode *storm_inode;
static bool storm_over;

/* Stores to its quarter of the pages, some by write, now and then syncs and looks at the disk. */
static atomic_t storm_begun;	/* a thread that is stopped before it has begun never does */

static int stormer(void *arg)
{
	unsigned long me = (unsigned long)arg;
	struct rnd_state rnd;
	int step, lies = 0;

	atomic_inc(&storm_begun);
	prandom_seed(&rnd, ktest_seed(17 + me));
	for (step = 0; step < 400; step++) {
		unsigned long index = me + STORMERS * prandom_below(&rnd, TOY_PAGES / STORMERS);

		if (toy_store(storm_inode, index, ++stored[index]))
			continue;
		if (prandom_below(&rnd, 10))
			continue;
		if (filemap_write_and_wait_range(&storm_inode->i_data, (loff_t)index << PAGE_SHIFT,
						 (loff_t)index << PAGE_SHIFT) ||
		    READ_ONCE(toy.disk[index]) != stored[index])
			lies++;
		cond_resched();
	}
	return lies;
}

static int storm_flusher(void *unused)
{
	atomic_inc(&storm_begun);
	while (!READ_ONCE(storm_over)) {
		struct writeback_control wbc = {
			.sync_mode = WB_SYNC_NONE, .nr_to_write = 20, .range_end = LLONG_MAX,
			.range_cyclic = 1,
		};

		writeback_inodes(&wbc);
		msleep(10);
	}
	return 0;
}

/* Writers, syncers and a flusher: after a sync of a page the disk has what was stored before it. */
KTEST(writeback, storm)
{
	struct task_struct *tasks[STORMERS + 1];
	struct inode *inode = toy_begin(1);
	unsigned long i;

	KASSERT(t, inode);
	memset(stored, 0, sizeof(stored));
	storm_inode = inode;
	storm_over = false;
	atomic_set(&storm_begun, 0);
	for (i = 0; i <= STORMERS; i++) {
		tasks[i] = kthread_create(i < STORMERS ? stormer : storm_flusher, (void *)i, "storm");
		KASSERT(t, !IS_ERR(tasks[i]));
		get_task_struct(tasks[i]);
		wake_up_process(tasks[i]);
	}
	while (atomic_read(&storm_begun) <= STORMERS)
		msleep(10);
	for (i = 0; i <= STORMERS; i++) {
		storm_over = i == STORMERS;
		KEXPECT_EQ(t, kthread_stop(tasks[i]), 0);
		put_task_struct(tasks[i]);
	}
	do_sync();
	for (i = 0; i < TOY_PAGES; i++)
		KEXPECT_EQ(t, toy.disk[i], stored[i]);
	toy_end(inode);
}

/* ---- the threads ---------------------------------------------------------------------------------- */

struct settings {
	int background_ratio, ratio, interval, expire;
	unsigned long background_bytes, bytes;
};

static void set_settings(const struct settings *s)
{
	dirty_background_ratio = s->background_ratio;
	vm_dirty_ratio = s->ratio;
	dirty_background_bytes = s->background_bytes;
	vm_dirty_bytes = s->bytes;
	dirty_writeback_interval = s->interval;
	dirty_expire_interval = s->expire;
	wakeup_kupdate();
}

static struct settings get_settings(void)
{
	return (struct settings){
		.background_ratio = dirty_background_ratio, .ratio = vm_dirty_ratio,
		.background_bytes = dirty_background_bytes, .bytes = vm_dirty_bytes,
		.interval = dirty_writeback_interval, .expire = dirty_expire_interval,
	};
}

/* Sleep until @cond holds; far longer than it should take: the test fails then. */
#define wait_until(t, cond) do {					\
	int __tries;							\
	for (__tries = 0; __tries < 2000 && !(cond); __tries++)		\
		msleep(10);						\
	KEXPECT(t, cond);						\
} while (0)

/* Who dirties pages faster than the disk takes them waits: the sum stays about the limit. */
KTEST(writeback, writers_are_throttled)
{
	struct settings old = get_settings(), new = {
		.background_bytes = 16 * PAGE_SIZE, .bytes = 32 * PAGE_SIZE, .interval = 0,
	};
	struct inode *inode = toy_begin(1);
	unsigned long i, sum, most = 0;

	KASSERT(t, inode);
	set_settings(&new);
	for (i = 0; i < 4 * TOY_PAGES; i++) {
		if (toy_store(inode, i % TOY_PAGES, (u32)i))
			break;
		balance_dirty_pages_ratelimited(&inode->i_data);
		sum = nr_dirty() + global_page_state(NR_WRITEBACK);
		most = max(most, sum);
	}
	/* A processor may dirty a few pages before it is asked again. */
	KEXPECT(t, most >= 16 && most <= 32 + 2 * 8);
	set_settings(&old);
	do_sync();
	for (i = 0; i < TOY_PAGES; i++)
		KEXPECT_EQ(t, toy.disk[i], (u32)(3 * TOY_PAGES + i));
	toy_end(inode);
}

/* Above the background limit bdflush writes, nobody waits, until what is left is below. */
KTEST(writeback, bdflush_by_amount)
{
	struct settings old = get_settings(), new = {
		.background_bytes = 20 * PAGE_SIZE, .bytes = 1000 * PAGE_SIZE, .interval = 0,
	};
	struct inode *inode = toy_begin(1);
	unsigned long i;

	KASSERT(t, inode);
	set_settings(&new);
	for (i = 0; i < 15; i++)
		KASSERT_EQ(t, toy_store(inode, i, 1), 0);
	wakeup_bdflush();
	msleep(50);
	KEXPECT_EQ(t, toy.writes, 0u);
	for (i = 15; i < 200; i++)
		KASSERT_EQ(t, toy_store(inode, i, 1), 0);
	for (i = 0; i < 200; i++)
		balance_dirty_pages_ratelimited(&inode->i_data);
	wait_until(t, nr_dirty() <= 20);
	wait_until(t, !global_page_state(NR_WRITEBACK));
	set_settings(&old);
	toy_end(inode);
}

/* What nobody asks for is written when it is old enough, the inode itself too. */
KTEST(writeback, kupdate_by_age)
{
	struct settings old = get_settings(), new = old;
	struct inode *inode = toy_begin(1);

	KASSERT(t, inode);
	new.interval = 5;
	new.expire = 20;
	set_settings(&new);
	KASSERT_EQ(t, toy_store(inode, 9, 99), 0);
	mark_inode_dirty(inode);
	wait_until(t, READ_ONCE(toy.disk[9]) == 99);
	wait_until(t, !(READ_ONCE(inode->i_state) & (I_DIRTY | I_SYNC)));
	KEXPECT_EQ(t, toy.inode_writes, 1u);
	set_settings(&old);
	toy_end(inode);
}
