/*
 * tests/kernel/block/bounce_test.c - pages that the device cannot reach.
 *
 * The disk of memory counts each segment that lies beyond its limit as wrong.  The limits are those
 * of real devices: 16M (ISA) and 4G; a machine without memory behind one of them skips it.
 */
#include <tests/kernel/block/block_test.h>
#include <tests/kernel/fail_alloc.h>

#include <kernel/block/blk.h>
#include <mm/phys/mempool.h>
#include <mm/phys/vmstat.h>

#define ISA_PFN		(16UL << (20 - PAGE_SHIFT))
#define PFN_4G		(1UL << (32 - PAGE_SHIFT))

static struct testdisk *new_disk(unsigned long bounce_pfn)
{
	struct testdisk *td = testdisk_create(512);

	if (td) {
		td->q->limits.bounce_pfn = bounce_pfn;
		td->q->limits.max_segments = 8;
		testdisk_add(td);
	}
	return td;
}

/* A page at or above @pfn, by way of blocks so large that all memory is few. => NULL: found none */
static struct page *page_beyond(unsigned long pfn)
{
	struct page *block, *next, *found = NULL;
	LIST_HEAD(tried);

	while (!found && (block = alloc_pages(GFP_HIGHUSER | __GFP_NORETRY | __GFP_NOWARN,
					      MAX_ORDER - 1))) {
		if (page_to_pfn(block) >= pfn)
			found = block;
		else
			list_add(&block->lru, &tried);
	}
	list_for_each_entry_safe(block, next, &tried, lru)
		__free_pages(block, MAX_ORDER - 1);
	if (!found)
		return NULL;
	split_page(found, MAX_ORDER - 1);
	for (unsigned int i = 1; i < 1U << (MAX_ORDER - 1); i++)
		__free_page(found + i);
	return found;
}

static void fill(struct page *page, int value)
{
	void *p = kmap(page);

	memset(p, value, PAGE_SIZE);
	kunmap(page);
}

/* Bytes of @page between @from and @to are all @value. */
static bool holds(struct page *page, unsigned int from, unsigned int to, unsigned char value)
{
	unsigned char *p = kmap(page);
	bool same = true;

	while (from < to)
		same &= p[from++] == value;
	kunmap(page);
	return same;
}

/* Two pieces, the second in a page that is within reach. */
static int two_pieces(struct testdisk *td, unsigned int rw, struct page *far, struct page *near)
{
	struct bio *bio = bio_alloc(GFP_KERNEL, 2);
	int err;

	bio->bi_part = testdisk_part0(td);
	bio->bi_sector = 10;
	bio_add_page(bio, far, 1024, 512);
	bio_add_page(bio, near, 512, 2048);
	err = submit_bio_wait(rw, bio);
	if (bio->bi_io_vec[0].bv_page != far || bio->bi_io_vec[1].bv_page != near)
		err = -EINVAL;
	bio_put(bio);
	return err;
}

static void bounce_contents(struct ktest *t, unsigned long bounce_pfn)
{
	struct page *far = page_beyond(bounce_pfn), *near;
	unsigned long bounced = global_page_state(NR_BOUNCE);
	struct testdisk *td;

	if (!far) {
		ktest_skip(t, "the device would reach all memory");
		return;
	}
	near = alloc_page(GFP_DMA);
	td = new_disk(bounce_pfn);
	KASSERT(t, td && near && td->q->bounce_pool);
	fill(far, 0x11);
	fill(near, 0x22);
	KEXPECT_EQ(t, two_pieces(td, WRITE, far, near), 0);
	KEXPECT_EQ(t, td->log[0].nr_sectors, 3u);
	fill(far, 0xee);
	fill(near, 0xee);
	KEXPECT_EQ(t, two_pieces(td, READ, far, near), 0);
	KEXPECT(t, holds(far, 0, 512, 0xee) && holds(far, 512, 1536, 0x11));
	KEXPECT(t, holds(far, 1536, PAGE_SIZE, 0xee) && holds(near, 2048, 2560, 0x22));
	fill(far, 0x77);
	testdisk_fail(td, TESTDISK_READ, 12, 12);
	KEXPECT_EQ(t, two_pieces(td, READ, far, near), -EIO);
	KEXPECT(t, holds(far, 0, PAGE_SIZE, 0x77));
	KEXPECT_EQ(t, td->wrong, 0u);
	KEXPECT_EQ(t, global_page_state(NR_BOUNCE), bounced);
	KEXPECT_EQ(t, td->q->bounce_pool->curr_nr, 8);
	testdisk_destroy(td);
	__free_page(near);
	__free_page(far);
}

/* What is written comes from the page, what is read comes into it, and the bytes around it stay. */
KTEST(bounce, isa)
{
	bounce_contents(t, ISA_PFN);
}

/* The same for memory above 4G. */
KTEST(bounce, above_4g)
{
	bounce_contents(t, PFN_4G);
}

/* With no memory to be had, more bios than the reserve has pages for all come to an end. */
KTEST(bounce, no_memory)
{
	static struct transfers tr;
	struct page *far = page_beyond(ISA_PFN);
	struct testdisk *td;
	struct bio *bio;
	int err = 0;

	if (!far) {
		ktest_skip(t, "the device would reach all memory");
		return;
	}
	td = new_disk(ISA_PFN);
	KASSERT(t, td);
	td->delay = 1;
	transfers_init(&tr, testdisk_part0(td));
	fail_alloc_set(1);
	for (unsigned int i = 0; i < 10; i++) {
		bio = bio_alloc(GFP_NOIO, 8);
		bio->bi_part = tr.part;
		bio->bi_sector = i * 16;
		for (unsigned int k = 0; k < 8; k++)
			bio_add_page(bio, far, 512, k % 2 * 1024);
		bio->bi_end_io = transfer_ended;
		bio->bi_private = &tr;
		tr.page[i] = far;
		tr.nr++;
		submit_bio(WRITE, bio);
	}
	for (unsigned int i = 0; i < 10; i++)
		err |= !transfers_wait(&tr);
	fail_alloc_set(0);
	KEXPECT_EQ(t, err, 0);
	KEXPECT_EQ(t, td->wrong, 0u);
	testdisk_destroy(td);
	__free_page(far);
}

static struct testdisk *near_disk;
static struct page *far_page, *near_page;

static bool write_pieces(void)
{
	return two_pieces(near_disk, WRITE, far_page, near_page) == 0;
}

/* Without memory for the bio or for a copy there is what the pools keep: the write succeeds all the same. */
KTEST(fail_alloc, bounce)
{
	NEED_FAIL_ALLOC(t);
	far_page = page_beyond(ISA_PFN);
	if (!far_page) {
		ktest_skip(t, "the device would reach all memory");
		return;
	}
	near_page = alloc_page(GFP_DMA);
	near_disk = new_disk(ISA_PFN);
	KASSERT(t, near_page && near_disk);
	KEXPECT(t, each_failing(t, write_pieces) >= 2);
	KEXPECT_EQ(t, near_disk->wrong, 0u);
	testdisk_destroy(near_disk);
	__free_page(near_page);
	__free_page(far_page);
}
