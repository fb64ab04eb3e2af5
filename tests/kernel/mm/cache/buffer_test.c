/*
 * tests/kernel/mm/cache/buffer_test.c - blocks of a device and of files, on a disk of memory.
 *
 * The file under test has its blocks where a table says.  Each sector of the disk begins with its
 * number, so that content proves which block it is.
 */
#include <mm/cache/buffer_head.h>

#include <kernel/core/hooks.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/fs/block_dev.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <tests/kernel/block/testdisk.h>

#define SECTORS		512u		/* of the disk */
#define BLOCKS		16u		/* of the file, at most */

static struct testdisk *td;
static struct block_device *bdev;

/* The file. */
static struct inode *inode;
static sector_t map[BLOCKS];		/* 0: a hole */
static sector_t next_block;		/* the next to be allocated */
static int get_block_error;
static unsigned int get_blocks;		/* calls */

static void stamp(u32 *sector, u32 nr)
{
	memset(sector, 0, SECTOR_SIZE);
	sector[0] = nr;
	sector[1] = ~nr;
}

/* The first word of a sector of the medium. */
static u32 on_disk(sector_t sector)
{
	static u32 buf[SECTOR_SIZE / 4];

	testdisk_peek(td, sector, buf);
	return buf[0];
}

/* A disk with blocks of @size, open. => false: no memory */
static bool begin(unsigned int size)
{
	static u32 buf[SECTOR_SIZE / 4];
	u32 i;

	td = testdisk_create(SECTORS);
	if (!td)
		return false;
	for (i = 0; i < SECTORS; i++) {
		stamp(buf, i);
		testdisk_poke(td, i, buf);
	}
	testdisk_add(td);
	bdev = bdget(MKDEV(td->disk->major, td->disk->first_minor));
	return bdev && !blkdev_get(bdev, FMODE_READ | FMODE_WRITE, td) && !set_blocksize(bdev, size);
}

static void end(struct ktest *t)
{
	KEXPECT_EQ(t, buffer_check(bdev_mapping(bdev), NULL, NULL), 0);
	blkdev_put(bdev, FMODE_READ | FMODE_WRITE, td);
	testdisk_destroy(td);
}

static int test_get_block(struct inode *host, sector_t block, struct buffer_head *bh, int create)
{
	unsigned int i, run = bh->b_size >> host->i_blkbits;

	get_blocks++;
	if (get_block_error)
		return get_block_error;
	if (block >= BLOCKS)
		return create ? -EFBIG : 0;
	if (!map[block]) {
		if (!create)
			return 0;
		map[block] = next_block++;
		set_buffer_new(bh);
		run = 1;
	}
	for (i = 1; i < run && block + i < BLOCKS && map[block + i] == map[block] + i; i++)
		;
	bh->b_size = i << host->i_blkbits;
	bh->b_bdev = bdev;
	bh->b_blocknr = map[block];
	set_buffer_mapped(bh);
	return 0;
}

static int test_readpage(struct file *file, struct page *page)
{
	return block_read_full_page(page, test_get_block);
}

static int test_writepage(struct page *page, struct writeback_control *wbc)
{
	return block_write_full_page(page, test_get_block, wbc);
}

static const struct address_space_operations test_aops = {
	.readpage = test_readpage,
	.writepage = test_writepage,
	.commit_write = generic_commit_write,
	.set_page_dirty = __set_page_dirty_buffers,
	.invalidatepage = block_invalidatepage,
};

/* A disk and a file of @size bytes on it. => false: no memory */
static bool begin_file(unsigned int blocksize, loff_t size)
{
	memset(map, 0, sizeof(map));
	next_block = 20;
	get_block_error = 0;
	get_blocks = 0;
	if (!begin(blocksize))
		return false;
	inode = new_inode(bdev->bd_inode->i_sb);
	if (!inode)
		return false;
	inode->i_mode = S_IFREG;
	inode->i_blkbits = (unsigned int)__builtin_ctz(blocksize);
	inode->i_data.a_ops = &test_aops;
	inode->i_data.backing_dev_info = &td->q->bdi;
	i_size_write(inode, size);
	return true;
}

static void end_file(struct ktest *t)
{
	KEXPECT_EQ(t, buffer_check(&inode->i_data, NULL, NULL), 0);
	filemap_write_and_wait(&inode->i_data);
	iput(inode);
	end(t);
}

/* The first word of byte @pos of the file, by way of the page cache; or 0xdead: it cannot be read */
static u32 file_word(loff_t pos)
{
	struct page *page = read_cache_page(&inode->i_data, (unsigned long)(pos >> PAGE_SHIFT), NULL);
	u32 word;

	if (IS_ERR(page))
		return 0xdead;
	memcpy_from_page(&word, page, (unsigned int)pos & (unsigned int)~PAGE_MASK, sizeof(word));
	put_page(page);
	return word;
}

/* Bytes [@from, @to) of page @index, all @fill. => 0 or -errno */
static int file_write(unsigned long index, unsigned int from, unsigned int to, u8 fill)
{
	struct page *page = grab_cache_page(&inode->i_data, index);
	int err;

	if (!page)
		return -ENOMEM;
	err = block_prepare_write(page, from, to, test_get_block);
	if (!err) {
		char *p = kmap(page);

		memset(p + from, fill, to - from);
		kunmap(page);
		err = generic_commit_write(NULL, page, from, to);
	}
	unlock_page(page);
	put_page(page);
	return err;
}

/* A block is read once, found again, and shared with who reads the device by its pages. */
KTEST(buffer, read_block)
{
	struct buffer_head *bh, *again;
	struct page *page;
	unsigned int ops;

	KASSERT(t, begin(1024));
	ops = td->nr_ops;
	bh = __bread(bdev, 7, 1024);
	KASSERT(t, bh);
	KEXPECT_EQ(t, *(u32 *)bh->b_data, 14);
	KEXPECT_EQ(t, *(u32 *)(bh->b_data + SECTOR_SIZE), 15);
	again = __bread(bdev, 7, 1024);
	KEXPECT_EQ(t, bh, again);
	KEXPECT_EQ(t, td->nr_ops, ops + 1);
	KEXPECT(t, !__find_get_block(bdev, 8, 1024));
	page = read_cache_page(bdev_mapping(bdev), 1, NULL);
	KASSERT(t, !IS_ERR(page));
	KEXPECT_EQ(t, page, bh->b_page);
	KEXPECT_EQ(t, *(u32 *)((char *)page_address(page) + 2048), 12);
	put_page(page);
	brelse(bh);
	brelse(again);
	KEXPECT(t, !__getblk(bdev, SECTORS / 2, 1024));
	end(t);
}

/* What cannot be read is no block, until it can. */
KTEST(buffer, read_error)
{
	struct buffer_head *bh;

	KASSERT(t, begin(4096));
	testdisk_fail(td, TESTDISK_READ, 17, 17);
	KEXPECT(t, !__bread(bdev, 2, 4096));
	KEXPECT(t, IS_ERR(read_cache_page(bdev_mapping(bdev), 2, NULL)));
	testdisk_heal(td);
	bh = __bread(bdev, 2, 4096);
	KASSERT(t, bh);
	KEXPECT_EQ(t, *(u32 *)bh->b_data, 16);
	brelse(bh);
	end(t);
}

/* A dirty block reaches the disk alone, with its page, and when the device is closed. */
KTEST(buffer, write_block)
{
	struct buffer_head *bh;

	KASSERT(t, begin(1024));
	bh = __bread(bdev, 3, 1024);
	KASSERT(t, bh);
	stamp((u32 *)bh->b_data, 1000);
	mark_buffer_dirty(bh);
	KEXPECT(t, PageDirty(bh->b_page));
	KEXPECT_EQ(t, on_disk(6), 6);
	KEXPECT_EQ(t, sync_dirty_buffer(bh), 0);
	KEXPECT_EQ(t, on_disk(6), 1000);
	KEXPECT(t, !buffer_dirty(bh));
	stamp((u32 *)bh->b_data, 1001);
	mark_buffer_dirty(bh);
	KEXPECT_EQ(t, sync_blockdev(bdev), 0);
	KEXPECT_EQ(t, on_disk(6), 1001);
	KEXPECT(t, !PageDirty(bh->b_page));
	stamp((u32 *)bh->b_data, 1002);
	mark_buffer_dirty(bh);
	brelse(bh);
	blkdev_put(bdev, FMODE_READ | FMODE_WRITE, td);
	KEXPECT_EQ(t, on_disk(6), 1002);
	testdisk_destroy(td);
}

/* A failed write is told to who waits, and not to who comes later. */
KTEST(buffer, write_error)
{
	struct buffer_head *bh;

	KASSERT(t, begin(1024));
	testdisk_fail(td, TESTDISK_WRITE, 6, 6);
	bh = __bread(bdev, 3, 1024);
	KASSERT(t, bh);
	stamp((u32 *)bh->b_data, 1000);
	mark_buffer_dirty(bh);
	KEXPECT_EQ(t, sync_dirty_buffer(bh), -EIO);
	KEXPECT(t, buffer_uptodate(bh));
	mark_buffer_dirty(bh);
	KEXPECT_EQ(t, sync_blockdev(bdev), -EIO);
	KEXPECT_EQ(t, sync_blockdev(bdev), 0);
	testdisk_heal(td);
	mark_buffer_dirty(bh);
	KEXPECT_EQ(t, sync_dirty_buffer(bh), 0);
	KEXPECT_EQ(t, on_disk(6), 1000);
	brelse(bh);
	end(t);
}

/* fsync() of a file finds the blocks that were dirtied for it, and tells of errors. */
KTEST(buffer, sync_of_a_file)
{
	struct buffer_head *a, *b;

	KASSERT(t, begin_file(1024, 0));
	a = __bread(bdev, 3, 1024);
	b = __bread(bdev, 9, 1024);
	KASSERT(t, a && b);
	stamp((u32 *)a->b_data, 1000);
	stamp((u32 *)b->b_data, 1001);
	mark_buffer_dirty_inode(a, inode);
	mark_buffer_dirty_inode(b, inode);
	mark_buffer_dirty_inode(b, inode);
	KEXPECT(t, inode_has_buffers(inode));
	KEXPECT_EQ(t, sync_mapping_buffers(&inode->i_data), 0);
	KEXPECT(t, !inode_has_buffers(inode));
	KEXPECT_EQ(t, on_disk(6), 1000);
	KEXPECT_EQ(t, on_disk(18), 1001);
	testdisk_fail(td, TESTDISK_WRITE, 18, 18);
	mark_buffer_dirty_inode(b, inode);
	KEXPECT_EQ(t, sync_mapping_buffers(&inode->i_data), -EIO);
	KEXPECT_EQ(t, sync_mapping_buffers(&inode->i_data), 0);
	mark_buffer_dirty_inode(a, inode);
	invalidate_inode_buffers(inode);
	KEXPECT(t, !inode_has_buffers(inode));
	brelse(a);
	brelse(b);
	end_file(t);
}

/* A page of a file: blocks in any order, a hole, the end of the file. */
KTEST(buffer, read_page)
{
	KASSERT(t, begin_file(1024, 4096 + 1500));
	map[0] = 40;
	map[1] = 30;
	map[3] = 50;
	map[4] = 60;
	KEXPECT_EQ(t, file_word(0), 80);
	KEXPECT_EQ(t, file_word(1024), 60);
	KEXPECT_EQ(t, file_word(2048), 0);
	KEXPECT_EQ(t, file_word(3072), 100);
	KEXPECT_EQ(t, file_word(4096), 120);
	KEXPECT_EQ(t, file_word(5120), 0);
	end_file(t);
}

/* One bad sector spoils its page, for as long as it is bad. */
KTEST(buffer, read_page_error)
{
	KASSERT(t, begin_file(1024, 4096));
	map[0] = 40;
	map[1] = 41;
	map[2] = 42;
	map[3] = 43;
	testdisk_fail(td, TESTDISK_READ, 85, 85);
	KEXPECT_EQ(t, file_word(0), 0xdead);
	testdisk_heal(td);
	get_block_error = -EIO;
	KEXPECT_EQ(t, file_word(0), 80);	/* all blocks are known by now */
	KEXPECT_EQ(t, file_word(2048), 84);
	end_file(t);
}

/* Part of an old block keeps the rest of it; part of a new one is zeros around. */
KTEST(buffer, write_page)
{
	KASSERT(t, begin_file(1024, 4096));
	map[0] = 40;
	KEXPECT_EQ(t, file_write(0, 512, 1200, 0x55), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, map[1], 20);
	KEXPECT_EQ(t, on_disk(80), 80);
	KEXPECT_EQ(t, on_disk(81), 0x55555555);
	KEXPECT_EQ(t, on_disk(40), 0x55555555);
	KEXPECT_EQ(t, on_disk(41), 0);
	KEXPECT_EQ(t, file_word(0), 80);
	KEXPECT_EQ(t, file_word(1024 + 512), 0);
	/* The file grows with what is written behind its end. */
	KEXPECT_EQ(t, file_write(1, 0, 100, 0x66), 0);
	KEXPECT_EQ(t, inode->i_size, 4196);
	end_file(t);
}

/* What was to be written and did not come leaves zeros, not what the block held before. */
KTEST(buffer, abandoned_write)
{
	struct page *page;

	KASSERT(t, begin_file(1024, 4096));
	page = grab_cache_page(&inode->i_data, 0);
	KASSERT(t, page);
	KEXPECT_EQ(t, block_prepare_write(page, 0, 2048, test_get_block), 0);
	block_abandon_write(page, 0, 2048);
	unlock_page(page);
	put_page(page);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, on_disk(40), 0);
	KEXPECT_EQ(t, on_disk(42), 0);
	KEXPECT_EQ(t, on_disk(44), 44);
	end_file(t);
}

/* A store through a mapping: holes get blocks when it is written, the tail is zeros. */
KTEST(buffer, write_mapped_page)
{
	struct page *page;

	KASSERT(t, begin_file(1024, 2500));
	map[1] = 40;
	KEXPECT_EQ(t, file_word(1024), 80);
	page = find_lock_page(&inode->i_data, 0);
	KASSERT(t, page);
	memset(kmap(page), 0x77, PAGE_SIZE);
	kunmap(page);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, map[0], 20);
	KEXPECT_EQ(t, map[2], 21);
	KEXPECT_EQ(t, map[3], 0);
	KEXPECT_EQ(t, on_disk(40), 0x77777777);
	KEXPECT_EQ(t, on_disk(80), 0x77777777);
	KEXPECT_EQ(t, on_disk(42), 0x77777777);
	KEXPECT_EQ(t, on_disk(43), 0);
	end_file(t);
}

/* No room for a hole's block, or a bad disk: the file is told, once. */
KTEST(buffer, write_page_error)
{
	KASSERT(t, begin_file(1024, 4096));
	map[0] = 40;
	map[1] = 41;
	KEXPECT_EQ(t, file_write(0, 0, 4096, 0x11), 0);
	testdisk_fail(td, TESTDISK_WRITE, 82, 82);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), -EIO);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, on_disk(80), 0x11111111);
	KEXPECT_EQ(t, file_word(1024), 0x11111111);
	testdisk_heal(td);
	get_block_error = -ENOSPC;
	KEXPECT_EQ(t, file_write(1, 0, 10, 0x22), -ENOSPC);
	get_block_error = 0;
	end_file(t);
}

/* A block that becomes a file's is not written as the metadata it was. */
KTEST(buffer, block_changes_its_use)
{
	struct buffer_head *bh;

	KASSERT(t, begin_file(1024, 4096));
	bh = __bread(bdev, 20, 1024);
	KASSERT(t, bh);
	stamp((u32 *)bh->b_data, 1000);
	mark_buffer_dirty(bh);
	brelse(bh);
	KEXPECT_EQ(t, file_write(0, 0, 1024, 0x33), 0);
	KEXPECT_EQ(t, map[0], 20);
	KEXPECT(t, !__find_get_block(bdev, 20, 1024));
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, sync_blockdev(bdev), 0);
	KEXPECT_EQ(t, on_disk(40), 0x33333333);
	/* And back: read again, not remembered. */
	bh = __bread(bdev, 20, 1024);
	KASSERT(t, bh);
	KEXPECT_EQ(t, *(u32 *)bh->b_data, 0x33333333);
	brelse(bh);
	end_file(t);
}

/* The rest of the last block is zeros, in memory and on the disk. */
KTEST(buffer, truncate_page)
{
	KASSERT(t, begin_file(1024, 4096));
	map[0] = 40;
	map[1] = 41;
	i_size_write(inode, 1024 + 512);
	KEXPECT_EQ(t, block_truncate_page(&inode->i_data, 1024 + 512, test_get_block), 0);
	KEXPECT_EQ(t, block_truncate_page(&inode->i_data, 1024, test_get_block), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	KEXPECT_EQ(t, on_disk(82), 82);
	KEXPECT_EQ(t, on_disk(83), 0);
	KEXPECT_EQ(t, generic_block_bmap(&inode->i_data, 1, test_get_block), 41);
	KEXPECT_EQ(t, generic_block_bmap(&inode->i_data, 2, test_get_block), 0);
	end_file(t);
}

/* A ring comes off a clean page, and not off one that is dirty or in use. */
KTEST(buffer, free_buffers)
{
	struct buffer_head *bh;
	struct page *page;

	KASSERT(t, begin(1024));
	bh = __bread(bdev, 5, 1024);
	KASSERT(t, bh);
	page = bh->b_page;
	get_page(page);
	lock_page(page);
	KEXPECT_EQ(t, try_to_free_buffers(page), 0);
	mark_buffer_dirty(bh);
	brelse(bh);
	KEXPECT_EQ(t, try_to_free_buffers(page), 0);
	unlock_page(page);
	KEXPECT_EQ(t, sync_blockdev(bdev), 0);
	lock_page(page);
	KEXPECT_EQ(t, try_to_free_buffers(page), 1);
	KEXPECT(t, !page_has_buffers(page));
	unlock_page(page);
	put_page(page);
	end(t);
}

/* Many pages in one transfer, as far as blocks follow each other. */
KTEST(buffer, readpages)
{
	struct page *pages[4];
	unsigned int i, ops;

	KASSERT(t, begin_file(1024, 4 * PAGE_SIZE));
	for (i = 0; i < 16; i++)
		map[i] = i < 8 ? 40 + i : 60 + i;
	map[14] = 0;
	map[15] = 0;
	for (i = 0; i < 4; i++) {
		pages[i] = grab_cache_page(&inode->i_data, i);
		KASSERT(t, pages[i]);
	}
	ops = td->nr_ops;
	KEXPECT_EQ(t, mpage_readpages(&inode->i_data, pages, 4, test_get_block), 0);
	for (i = 0; i < 4; i++) {
		wait_on_page_locked(pages[i]);
		KEXPECT(t, PageUptodate(pages[i]) && !PagePrivate(pages[i]));
		put_page(pages[i]);
	}
	KEXPECT_EQ(t, td->nr_ops, ops + 2);
	KEXPECT(t, get_blocks <= 4);
	for (i = 0; i < 14; i++)
		KEXPECT_EQ(t, file_word(i * 1024), (u32)map[i] * 2);
	KEXPECT_EQ(t, file_word(14 * 1024), 0);
	end_file(t);
}

static int switching_get_block(struct inode *host, sector_t block, struct buffer_head *bh,
			       int create)
{
	int err = test_get_block(host, block, bh, create);

	host->i_blkbits = 9;
	return err;
}

/* Another size of blocks comes while a page's are looked up: it is read where they are. */
KTEST(buffer, blocksize_switched)
{
	struct page *page;

	KASSERT(t, begin_file(4096, 4096));
	map[0] = 5;
	page = grab_cache_page(&inode->i_data, 0);
	KASSERT(t, page);
	KEXPECT_EQ(t, mpage_readpage(page, switching_get_block), 0);
	wait_on_page_locked(page);
	put_page(page);
	KEXPECT_EQ(t, file_word(0), 40);
	KEXPECT_EQ(t, file_word(3584), 47);
	inode->i_blkbits = 12;
	end_file(t);
}

/* Blocks that end in any order, on a disk that takes its time. */
KTEST(buffer, slow_disk)
{
	unsigned int i;

	KASSERT(t, begin_file(512, PAGE_SIZE));
	td->depth = 8;
	td->delay = 1;
	td->reorder = true;
	for (i = 0; i < 8; i++)
		map[i] = 300 - 7 * i;
	for (i = 0; i < 8; i++)
		KEXPECT_EQ(t, file_word(512 * i), map[i]);
	KEXPECT_EQ(t, file_write(0, 0, 4096, 0x44), 0);
	KEXPECT_EQ(t, filemap_write_and_wait(&inode->i_data), 0);
	for (i = 0; i < 8; i++)
		KEXPECT_EQ(t, on_disk(map[i]), 0x44444444);
	end_file(t);
}

/* The check finds what contradicts itself. */
KTEST(buffer, check_finds_faults)
{
	struct buffer_head *bh, *next, *after;
	struct address_space *mapping;

	KASSERT(t, begin(1024));
	mapping = bdev_mapping(bdev);
	bh = __bread(bdev, 5, 1024);
	KASSERT(t, bh);
	KEXPECT_EQ(t, buffer_check(mapping, NULL, NULL), 0);
	set_buffer_dirty(bh);			/* and the page does not know */
	KEXPECT_EQ(t, buffer_check(mapping, NULL, NULL), 1);
	clear_buffer_dirty(bh);
	bh->b_blocknr++;
	KEXPECT_EQ(t, buffer_check(mapping, NULL, NULL), 1);
	bh->b_blocknr--;
	next = bh->b_this_page;
	after = next->b_this_page;
	next->b_this_page = bh;			/* a shorter ring, that begins nowhere */
	KEXPECT_EQ(t, buffer_check(mapping, NULL, NULL), 1);
	next->b_this_page = after;
	brelse(bh);
	end(t);
}
