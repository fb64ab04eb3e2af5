/*
 * tests/kernel/block/block_test.h - what the tests of this folder share.
 */
#ifndef OCTAVO_TESTS_KERNEL_BLOCK_BLOCK_TEST_H
#define OCTAVO_TESTS_KERNEL_BLOCK_BLOCK_TEST_H

#include <kernel/arch/atomic.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <tests/kernel/block/testdisk.h>

#define MANY	128

/* Many transfers, each of one bio and up to a page, whose ends are looked at afterwards. */
struct transfers {
	struct hd_struct *part;
	unsigned int nr;
	atomic_t ended;
	unsigned int order[MANY];	/* order[k]: which one ended as the kth */
	int error[MANY];
	unsigned int ends[MANY];	/* calls of its bi_end_io */
	struct page *page[MANY];
};

static inline void transfers_init(struct transfers *tr, struct hd_struct *part)
{
	memset(tr, 0, sizeof(*tr));
	tr->part = part;
}

/* bi_private: the address of its error, which tells both which and whose. */
static inline void transfer_ended(struct bio *bio, int error)
{
	struct transfers *tr = bio->bi_private;
	unsigned int i = 0;

	while (tr->page[i] != bio->bi_io_vec[0].bv_page)
		i++;
	tr->error[i] = error;
	tr->ends[i]++;
	tr->order[atomic_inc_return(&tr->ended) - 1] = i;
	bio_put(bio);
}

/* One more, with a page of its own; a write carries @fill. => its number */
static inline unsigned int transfer(struct transfers *tr, unsigned int rw, sector_t sector,
				    unsigned int nr_sectors, unsigned char fill)
{
	struct bio *bio = bio_alloc(GFP_KERNEL, 1);
	unsigned int i = tr->nr++;
	char *p;

	tr->page[i] = alloc_page(GFP_HIGHUSER);
	p = kmap(tr->page[i]);
	memset(p, fill, PAGE_SIZE);
	kunmap(tr->page[i]);
	bio->bi_part = tr->part;
	bio->bi_sector = sector;
	bio->bi_end_io = transfer_ended;
	bio->bi_private = tr;
	bio_add_page(bio, tr->page[i], nr_sectors * SECTOR_SIZE, 0);
	submit_bio(rw, bio);
	return i;
}

/* => each byte of the first @nr_sectors of transfer @i is @fill */
static inline bool transfer_holds(struct transfers *tr, unsigned int i, unsigned int nr_sectors,
				  unsigned char fill)
{
	unsigned char *p = kmap(tr->page[i]);
	bool same = true;

	for (unsigned int at = 0; at < nr_sectors * SECTOR_SIZE; at++)
		same &= p[at] == fill;
	kunmap(tr->page[i]);
	return same;
}

/* => false: not all have ended, after a long time */
static inline bool transfers_wait(struct transfers *tr)
{
	for (unsigned int ticks = 0; ticks < 60 * HZ; ticks++) {
		if (atomic_read(&tr->ended) == (int)tr->nr)
			return true;
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
	}
	return false;
}

static inline void transfers_free(struct transfers *tr)
{
	for (unsigned int i = 0; i < tr->nr; i++)
		__free_page(tr->page[i]);
}

/* All have ended once, without an error. */
#define KEXPECT_TRANSFERS(t, tr) do {						\
	KASSERT(t, transfers_wait(tr));						\
	for (unsigned int __i = 0; __i < (tr)->nr; __i++) {			\
		KEXPECT_EQ(t, (tr)->ends[__i], 1u);				\
		KEXPECT_EQ(t, (tr)->error[__i], 0);				\
	}									\
} while (0)

/* One sector, by submit_bio_wait(). => 0 or -errno */
static inline int one_sector(struct hd_struct *part, unsigned int rw, sector_t sector, void *buf)
{
	struct bio *bio = bio_alloc(GFP_KERNEL, 1);
	struct page *page = alloc_page(GFP_KERNEL);
	int err;

	memcpy(page_address(page), buf, SECTOR_SIZE);
	bio->bi_part = part;
	bio->bi_sector = sector;
	bio_add_page(bio, page, SECTOR_SIZE, 0);
	err = submit_bio_wait(rw, bio);
	memcpy(buf, page_address(page), SECTOR_SIZE);
	bio_put(bio);
	__free_page(page);
	return err;
}

/*
 * All processors write and read @rounds times, each in BLK_SMP_SECTORS sectors of its own, all of
 * which are zero before. (smp_test.c)
 */
#define BLK_SMP_SECTORS	64u
void blk_smp_run(struct ktest *t, struct hd_struct *part, unsigned int rounds);

#endif
