/*
 * tests/kernel/drivers/disk_test.c - what every kind of disk has to do, by submit_bio on a real one.
 */
#include <tests/kernel/drivers/disk_test.h>

#include <lib/random.h>

#define AREA	(BLK_SMP_SECTORS * NR_CPUS)	/* sectors at the start that tests use */
#define BIG	8u				/* pages of a bio here */

static struct transfers tr;

/* @nr sectors (at most BIG pages of them), all of bytes that are @fill; or is it that which they hold? */
static int write_fill(struct hd_struct *part, sector_t sector, unsigned int nr, unsigned char fill)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio *bio = bio_alloc(GFP_KERNEL, BIG);
	int err;

	memset(page_address(page), fill, PAGE_SIZE);
	bio->bi_part = part;
	bio->bi_sector = sector;
	for (unsigned int done = 0; done < nr; done += PAGE_SIZE / SECTOR_SIZE)
		bio_add_page(bio, page, min_t(unsigned int, nr - done, PAGE_SIZE / SECTOR_SIZE) *
			     SECTOR_SIZE, 0);
	err = submit_bio_wait(WRITE, bio);
	bio_put(bio);
	__free_page(page);
	return err;
}

/* => 0: they do; 1: they do not; -errno */
static int read_is(struct hd_struct *part, sector_t sector, unsigned int nr, unsigned char fill)
{
	struct bio *bio = bio_alloc(GFP_KERNEL, BIG);
	struct bio_vec *bvec;
	unsigned int i;
	int ret;

	bio->bi_part = part;
	bio->bi_sector = sector;
	for (unsigned int done = 0; done < nr; done += PAGE_SIZE / SECTOR_SIZE) {
		struct page *page = alloc_page(GFP_KERNEL);

		memset(page_address(page), ~fill, PAGE_SIZE);
		bio_add_page(bio, page, min_t(unsigned int, nr - done, PAGE_SIZE / SECTOR_SIZE) *
			     SECTOR_SIZE, 0);
	}
	ret = submit_bio_wait(READ, bio);
	bio_for_each_segment(bvec, bio, i) {
		unsigned char *p = page_address(bvec->bv_page);

		for (unsigned int at = 0; at < bvec->bv_len; at++)
			if (!ret && p[at] != fill)
				ret = 1;
		__free_page(bvec->bv_page);
	}
	bio_put(bio);
	return ret;
}

#define STRIDE	(BIG * PAGE_SIZE / SECTOR_SIZE)

struct search {
	const char *prefix;
	struct hd_struct *found;
};

static void consider(struct gendisk *disk, void *arg)
{
	struct search *search = arg;

	if (!search->found && !disk->read_only && get_capacity(disk) >= AREA + 16 &&
	    !memcmp(disk->disk_name, search->prefix, strlen(search->prefix)) &&
	    !read_is(&disk->part0, 0, STRIDE, 0))
		search->found = &disk->part0;
}

struct hd_struct *scratch_disk(struct ktest *t, const char *prefix)
{
	struct search search = { .prefix = prefix };

	for_each_disk(consider, &search);
	if (!search.found)
		ktest_skip(t, "no empty disk of this kind is attached (DRIVES=)");
	return search.found;
}

void scratch_leave(struct ktest *t, struct hd_struct *part)
{
	for (sector_t at = 0; at < AREA; at += STRIDE)
		KEXPECT_EQ(t, write_fill(part, at, STRIDE, 0), 0);
}

/* Transfers of all lengths at all places: each sector holds what was last written there. */
void disk_test_patterns(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);
	static unsigned char holds[AREA];
	struct rnd_state rnd;

	if (!part)
		return;
	memset(holds, 0, sizeof(holds));
	prandom_seed(&rnd, ktest_seed(5));
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int nr = 1 + prandom_below(&rnd, STRIDE);
		unsigned int sector = prandom_below(&rnd, AREA - nr + 1);
		unsigned char fill = (unsigned char)prandom_u32(&rnd);

		if (prandom_below(&rnd, 2)) {
			KASSERT_EQ(t, write_fill(part, sector, nr, fill), 0);
			memset(holds + sector, fill, nr);
		}
		for (unsigned int s = sector, run; s < sector + nr; s += run) {
			for (run = 1; s + run < sector + nr && holds[s + run] == holds[s]; run++)
				;
			KASSERT_EQ(t, read_is(part, s, run, holds[s]), 0);
		}
	}
	scratch_leave(t, part);
}

/* As many as there may be at the same time, from and to high memory too; each its own page. */
void disk_test_in_flight(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);

	if (!part)
		return;
	for (unsigned int rw = WRITE; rw <= WRITE; rw--) {
		transfers_init(&tr, part);
		for (unsigned int i = 0; i < 64; i++)
			transfer(&tr, rw, i * 37 % 64 * 16 + i % 3, 1 + i % 8,
				 rw == WRITE ? (unsigned char)(i + 1) : 0);
		KEXPECT_TRANSFERS(t, &tr);
		for (unsigned int i = 0; i < 64; i++)
			KEXPECT(t, transfer_holds(&tr, i, 1 + i % 8, (unsigned char)(i + 1)));
		transfers_free(&tr);
	}
	scratch_leave(t, part);
}

/* Neighbours become one request: one interrupt, one command, many pages. */
void disk_test_merged(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);
	unsigned long ios;

	if (!part)
		return;
	for (unsigned int rw = WRITE; rw <= WRITE; rw--) {
		transfers_init(&tr, part);
		ios = part->stats.ios[rw];
		blk_start_plug();
		for (unsigned int i = 0; i < 48; i++)
			transfer(&tr, rw, i * 8, 8, rw == WRITE ? (unsigned char)(i + 100) : 0);
		blk_finish_plug();
		KEXPECT_TRANSFERS(t, &tr);
		for (unsigned int i = 0; i < 48; i++)
			KEXPECT(t, transfer_holds(&tr, i, 8, (unsigned char)(i + 100)));
		KEXPECT(t, part->stats.ios[rw] - ios <= 4);
		transfers_free(&tr);
	}
	scratch_leave(t, part);
}

/* The last sector is there, the one behind it is not, and the two next to a limit are two. */
void disk_test_ends(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);
	sector_t last, limit = 1u << 28;	/* LBA28's */

	if (!part)
		return;
	last = part->nr_sects - 1;
	KEXPECT_EQ(t, write_fill(part, last - 8, 9, 0x5a), 0);
	KEXPECT_EQ(t, read_is(part, last - 8, 9, 0x5a), 0);
	KEXPECT_EQ(t, read_is(part, last - 9, 1, 0), 0);
	KEXPECT_EQ(t, read_is(part, last, 2, 0), -EIO);
	KEXPECT_EQ(t, write_fill(part, last + 1, 1, 0), -EIO);
	KEXPECT_EQ(t, write_fill(part, last - 8, 9, 0), 0);
	if (last > limit + 64) {
		KEXPECT_EQ(t, write_fill(part, limit - 9, 16, 0xa5), 0);
		KEXPECT_EQ(t, write_fill(part, limit, 1, 0x77), 0);
		KEXPECT_EQ(t, read_is(part, limit - 9, 9, 0xa5), 0);
		KEXPECT_EQ(t, read_is(part, limit, 1, 0x77), 0);
		KEXPECT_EQ(t, read_is(part, limit + 1, 6, 0xa5), 0);
		KEXPECT_EQ(t, read_is(part, 0, STRIDE, 0), 0);
		KEXPECT_EQ(t, write_fill(part, limit - 9, 16, 0), 0);
	}
}

void disk_test_flush(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);

	if (!part)
		return;
	KEXPECT_EQ(t, write_fill(part, 3, 1, 1), 0);
	KEXPECT_EQ(t, blkdev_issue_flush(part), 0);
	KEXPECT_EQ(t, blkdev_issue_flush(part), 0);
	KEXPECT_EQ(t, read_is(part, 3, 1, 1), 0);
	KEXPECT_EQ(t, write_fill(part, 3, 1, 0), 0);
}

/* All processors at once. */
void disk_test_smp(struct ktest *t, const char *prefix)
{
	struct hd_struct *part = scratch_disk(t, prefix);

	if (!part)
		return;
	blk_smp_run(t, part, 60);
	scratch_leave(t, part);
}
