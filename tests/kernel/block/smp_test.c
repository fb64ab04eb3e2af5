/*
 * tests/kernel/block/smp_test.c - all processors use one disk at once, and memory runs out.
 */
#include <tests/kernel/block/block_test.h>

#include <kernel/block/blk.h>
#include <mm/phys/mempool.h>
#include <mm/phys/slab.h>
#include <tests/kernel/mm/torture.h>

static struct testdisk *disk;
static struct hd_struct *smp_part;

/* Each thread has sectors of its own, and reads back what it has written there last. */
#define MINE	BLK_SMP_SECTORS

struct smp_file {
	u32 holds[MINE];	/* what each sector was last written with */
	struct page *page;
};
static struct smp_file files[NR_CPUS];

static int smp_transfer(struct torturer *me, unsigned int rw, unsigned int first, unsigned int nr)
{
	struct bio *bio = bio_alloc(GFP_NOIO, 1);
	int err;

	bio->bi_part = smp_part;
	bio->bi_sector = (sector_t)me->nr * MINE + first;
	bio_add_page(bio, files[me->nr].page, nr * SECTOR_SIZE, 0);
	if (prandom_below(&me->rnd, 4) == 0) {
		blk_start_plug();
		err = submit_bio_wait(rw, bio);
		blk_finish_plug();
	} else {
		err = submit_bio_wait(rw, bio);
	}
	bio_put(bio);
	return err;
}

static void smp_work(struct torturer *me)
{
	struct smp_file *file = &files[me->nr];

	for (unsigned int i = 0; i < me->run->rounds; i++) {
		unsigned int first = prandom_below(&me->rnd, MINE - 8);
		unsigned int nr = 1 + prandom_below(&me->rnd, 8);
		bool write = prandom_below(&me->rnd, 2);
		u32 *p = page_address(file->page);

		for (unsigned int s = 0; s < nr; s++)
			for (unsigned int w = 0; w < 128; w++)
				p[s * 128 + w] = write ? (i + s * 7) | 1u << 31 : ~0u;
		if (smp_transfer(me, write ? WRITE : READ, first, nr))
			WRONG(me);
		for (unsigned int s = 0; s < nr; s++) {
			if (write)
				file->holds[first + s] = (i + s * 7) | 1u << 31;
			else if (p[s * 128] != file->holds[first + s] ||
				 p[s * 128 + 127] != file->holds[first + s])
				WRONG(me);
		}
	}
}

void blk_smp_run(struct ktest *t, struct hd_struct *part, unsigned int rounds)
{
	smp_part = part;
	memset(files, 0, sizeof(files));
	for (int i = 0; i < torture_threads(); i++) {
		files[i].page = alloc_page(GFP_KERNEL);
		KASSERT(t, files[i].page);
	}
	torture_run(t, smp_work, rounds);
	KEXPECT_EQ(t, part->stats.in_flight, 0ul);
	for (int i = 0; i < torture_threads(); i++)
		__free_page(files[i].page);
}

/* Many at once, ended out of order: each reads what it wrote, nothing is lost or ends twice. */
KTEST(block_smp, many_tasks)
{
	disk = testdisk_create(MINE * NR_CPUS / 8 * 8);
	KASSERT(t, disk);
	disk->depth = 8;
	disk->delay = 1;
	disk->reorder = true;
	disk->q->max_requests = 3;
	testdisk_add(disk);
	blk_smp_run(t, testdisk_part0(disk), 60);
	KEXPECT_EQ(t, disk->wrong, 0u);
	KEXPECT_EQ(t, disk->q->nr_requests[READ] + disk->q->nr_requests[WRITE], 0u);
	testdisk_destroy(disk);
}

/* ---- no memory at all ------------------------------------------------------------------------- */

/* With every allocation of pages failing, transfers that need bios and requests all come to an end. */
KTEST(block, no_memory)
{
	static struct bio *hoard[2000];
	unsigned int nr = 0;
	struct page *page = alloc_page(GFP_KERNEL);
	u32 *p = page_address(page);
	int done = 0;

	disk = testdisk_create(2048);
	KASSERT(t, disk && page);
	disk->delay = 1;
	testdisk_add(disk);
	fail_alloc_set(1);
	/* take all bios there are, but for one of the reserve */
	while (nr < ARRAY_SIZE(hoard) && (hoard[nr] = bio_alloc(GFP_NOWAIT, 1)))
		nr++;
	KEXPECT(t, nr > 4 && nr < ARRAY_SIZE(hoard));
	bio_put(hoard[--nr]);
	for (unsigned int i = 0; i < 20; i++) {
		struct bio *bio = bio_alloc(GFP_NOIO, 1);

		bio->bi_part = testdisk_part0(disk);
		bio->bi_sector = i * 8;
		p[0] = i;
		bio_add_page(bio, page, PAGE_SIZE, 0);
		done += submit_bio_wait(WRITE, bio) == 0;
		bio_put(bio);
	}
	KEXPECT_EQ(t, done, 20);
	while (nr)
		bio_put(hoard[--nr]);
	fail_alloc_set(0);
	KEXPECT_EQ(t, disk->nr_ops, 20u);
	__free_page(page);
	testdisk_destroy(disk);
}

/* A pool gives what its reserve holds when the allocator has nothing, and gets it back first. */
static int pool_gives;

static void *pool_alloc(gfp_t gfp, void *data)
{
	return pool_gives ? kmalloc(32, gfp) : NULL;
}

static void pool_free(void *element, void *data)
{
	kfree(element);
}

static int pool_waiter(void *pool)
{
	for (int i = 0; i < 50; i++) {
		void *element = mempool_alloc(pool, GFP_NOIO);

		yield();
		mempool_free(element, pool);
	}
	return 0;
}

KTEST(mempool, reserve)
{
	struct task_struct *k[4];
	void *held[4];
	mempool_t *pool;

	pool_gives = 1;
	pool = mempool_create(3, pool_alloc, pool_free, NULL);
	KASSERT(t, pool);
	held[3] = mempool_alloc(pool, GFP_NOWAIT);
	KEXPECT_EQ(t, pool->curr_nr, 3);
	pool_gives = 0;
	for (int i = 0; i < 3; i++) {
		held[i] = mempool_alloc(pool, GFP_NOWAIT);
		KEXPECT(t, held[i]);
	}
	KEXPECT(t, !mempool_alloc(pool, GFP_NOWAIT));
	for (int i = 0; i < 4; i++) {
		k[i] = kthread_create(pool_waiter, pool, "pool/%d", i);
		KASSERT(t, !IS_ERR(k[i]));
		get_task_struct(k[i]);
		wake_up_process(k[i]);
	}
	msleep(20);
	mempool_free(held[0], pool);
	for (int i = 0; i < 4; i++) {
		kthread_stop(k[i]);
		put_task_struct(k[i]);
	}
	for (int i = 1; i < 4; i++)
		mempool_free(held[i], pool);
	KEXPECT_EQ(t, pool->curr_nr, 3);
	mempool_destroy(pool);
}
