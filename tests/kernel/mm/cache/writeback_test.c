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
