/*
 * tests/kernel/block/queue_test.c - bios become requests, and what the driver sees of them.
 */
#include <tests/kernel/block/block_test.h>

#include <kernel/block/blk.h>
#include <mm/phys/vmstat.h>

#define SECTORS	2048u
static struct transfers tr;

/* A disk, and what there is no need to look at when a test has failed. */
static struct testdisk *new_disk(void)
{
	struct testdisk *td = testdisk_create(SECTORS);

	if (td) {
		testdisk_add(td);
		transfers_init(&tr, testdisk_part0(td));
	}
	return td;
}

static void end_disk(struct ktest *t, struct testdisk *td)
{
	KEXPECT_EQ(t, td->wrong, 0u);
	KEXPECT_EQ(t, td->q->in_flight, 0u);
	KEXPECT_EQ(t, td->q->nr_requests[READ] + td->q->nr_requests[WRITE], 0u);
	transfers_free(&tr);
	testdisk_destroy(td);
}

/* What is written to a sector is read from it, and from no other. */
KTEST(block, write_and_read)
{
	struct testdisk *td = new_disk();
	u32 buf[SECTOR_SIZE / 4];

	KASSERT(t, td);
	for (u32 s = 0; s < 64; s++) {
		memset(buf, (int)s, SECTOR_SIZE);
		KEXPECT_EQ(t, one_sector(tr.part, WRITE, s * 31 % SECTORS, buf), 0);
	}
	for (u32 s = 0; s < 64; s++) {
		KEXPECT_EQ(t, one_sector(tr.part, READ, s * 31 % SECTORS, buf), 0);
		KEXPECT_EQ(t, buf[0], s * 0x01010101);
		KEXPECT_EQ(t, buf[127], s * 0x01010101);
		memset(buf, 0xff, SECTOR_SIZE);
		testdisk_peek(td, s * 31 % SECTORS, buf);
		KEXPECT_EQ(t, buf[64], s * 0x01010101);
	}
	KEXPECT_EQ(t, td->nr_ops, 128u);
	end_disk(t, td);
}

/* Pieces that follow each other in a page become one; what does not fit is refused. */
KTEST(block, bio_add_page)
{
	struct testdisk *td = new_disk();
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio *bio = bio_alloc(GFP_KERNEL, 2);

	KASSERT(t, td && page && bio);
	bio->bi_part = tr.part;
	KEXPECT_EQ(t, bio->bi_max_vecs, 4);
	KEXPECT_EQ(t, bio_add_page(bio, page, 1024, 0), 1024u);
	KEXPECT_EQ(t, bio_add_page(bio, page, 512, 1024), 512u);
	KEXPECT_EQ(t, bio->bi_vcnt, 1);
	KEXPECT_EQ(t, bio->bi_io_vec[0].bv_len, 1536u);
	for (unsigned int i = 0; i < 3; i++)
		KEXPECT_EQ(t, bio_add_page(bio, page, 512, 2048), i == 3 ? 0u : 512u);
	KEXPECT_EQ(t, bio_add_page(bio, page, 512, 0), 0u);
	KEXPECT_EQ(t, bio->bi_size, 1536u + 3 * 512);
	KEXPECT_EQ(t, bio->bi_vcnt, 4);
	bio_put(bio);
	bio = bio_alloc(GFP_KERNEL, BIO_MAX_PAGES);
	td->q->limits.max_sectors = 12;
	bio->bi_part = tr.part;
	KEXPECT_EQ(t, bio_add_page(bio, page, 4096, 0), 4096u);
	KEXPECT_EQ(t, bio_add_page(bio, page, 4096, 0), 0u);
	KEXPECT_EQ(t, bio_add_page(bio, page, 2048, 0), 2048u);
	bio_put(bio);
	__free_page(page);
	end_disk(t, td);
}

/* Neighbours join at the back, at the front, and where a gap closes; each bio ends once, with its data. */
KTEST(block, merge)
{
	static const unsigned int at[] = { 16, 24, 8, 48, 56, 40, 32 };
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	testdisk_hold(td);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		transfer(&tr, WRITE, at[i], 8, (unsigned char)at[i]);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 1u);
	KEXPECT_EQ(t, elv_check(td->q->elevator), 0);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->nr_ops, 1u);
	KEXPECT_EQ(t, td->log[0].sector, 8ull);
	KEXPECT_EQ(t, td->log[0].nr_sectors, 56u);
	testdisk_hold(td);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		transfer(&tr, READ, at[ARRAY_SIZE(at) - 1 - i], 8, 0xee);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->nr_ops, 2u);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		KEXPECT(t, transfer_holds(&tr, 2 * ARRAY_SIZE(at) - 1 - i, 8, (unsigned char)at[i]));
	end_disk(t, td);
}

/* Reads do not join writes; nothing grows beyond what the device takes. */
KTEST(block, merge_limits)
{
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	td->q->limits.max_sectors = 32;
	testdisk_hold(td);
	transfer(&tr, WRITE, 0, 8, 1);
	transfer(&tr, READ, 8, 8, 2);
	transfer(&tr, WRITE, 16, 8, 3);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 2u);
	KEXPECT_EQ(t, td->q->nr_requests[READ], 1u);
	for (unsigned int i = 0; i < 8; i++)
		transfer(&tr, WRITE, 512 + i * 8, 8, 4);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 4u);
	td->q->limits.max_segments = 3;		/* four requests of three */
	for (unsigned int i = 0; i < 12; i++)
		transfer(&tr, WRITE, 1024 + i, 1, 5);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 8u);
	KEXPECT_EQ(t, elv_check(td->q->elevator), 0);
	/* the third fills the gap between two, who are too long for one all the same */
	td->q->limits.max_segments = 100;
	transfer(&tr, WRITE, 1600, 8, 6);
	transfer(&tr, WRITE, 1608, 8, 6);
	transfer(&tr, WRITE, 1624, 8, 6);
	transfer(&tr, WRITE, 1632, 8, 6);
	transfer(&tr, WRITE, 1616, 8, 6);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 10u);
	KEXPECT_EQ(t, elv_check(td->q->elevator), 0);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->nr_ops, 11u);
	for (unsigned int i = 0; i < td->nr_ops; i++)
		KEXPECT(t, td->log[i].nr_sectors <= 32);
	end_disk(t, td);
}

/* Pieces that are neighbours in memory are one for the hardware, but never across its boundary. */
KTEST(block, scatterlist)
{
	struct testdisk *td = new_disk();
	struct page *pages = alloc_pages(GFP_KERNEL, 3);
	struct bio *bio = bio_alloc(GFP_KERNEL, 8);

	KASSERT(t, td && pages && bio);
	td->q->limits.seg_boundary_mask = 4 * PAGE_SIZE - 1;
	bio->bi_part = tr.part;
	for (unsigned int i = 0; i < 8; i++)
		KEXPECT_EQ(t, bio_add_page(bio, pages + i, PAGE_SIZE, 0), (unsigned int)PAGE_SIZE);
	KEXPECT_EQ(t, bio->bi_vcnt, 8);
	KEXPECT_EQ(t, submit_bio_wait(WRITE, bio), 0);
	KEXPECT_EQ(t, td->log[0].nr_segments, 2u);
	bio_put(bio);
	__free_pages(pages, 3);
	end_disk(t, td);
}

/* While plugged the driver hears nothing; neighbours meet; sleeping and the end pull the plug. */
KTEST(block, plug)
{
	struct testdisk *td = new_disk();
	u32 buf[SECTOR_SIZE / 4] = { 0 };

	KASSERT(t, td);
	blk_start_plug();
	blk_start_plug();
	for (unsigned int i = 0; i < 10; i++)
		transfer(&tr, WRITE, 100 + i, 1, 7);
	KEXPECT_EQ(t, td->nr_ops, 0u);
	blk_finish_plug();
	KEXPECT_EQ(t, td->nr_ops, 0u);
	blk_finish_plug();
	KEXPECT_EQ(t, td->nr_ops, 1u);
	KEXPECT_EQ(t, td->log[0].nr_sectors, 10u);
	blk_start_plug();
	transfer(&tr, WRITE, 200, 8, 8);
	KEXPECT_EQ(t, one_sector(tr.part, READ, 100, buf), 0);
	KEXPECT_EQ(t, td->nr_ops, 3u);
	blk_finish_plug();
	KEXPECT_EQ(t, buf[5], 0x07070707u);
	KEXPECT_TRANSFERS(t, &tr);
	end_disk(t, td);
}

/* A transfer that is not wholly within its partition ends with -EIO, and the driver never sees it. */
KTEST(block, bounds)
{
	struct testdisk *td = new_disk();
	struct hd_struct part;
	u32 buf[SECTOR_SIZE / 4] = { 0 };

	KASSERT(t, td);
	KEXPECT_EQ(t, one_sector(tr.part, READ, SECTORS - 1, buf), 0);
	KEXPECT_EQ(t, one_sector(tr.part, READ, SECTORS, buf), -EIO);
	KEXPECT_EQ(t, one_sector(tr.part, WRITE, ~0ull, buf), -EIO);
	KEXPECT_EQ(t, one_sector(tr.part, WRITE, ~0ull - 7, buf), -EIO);
	part = (struct hd_struct){ .disk = td->disk, .start_sect = 1000, .nr_sects = 20, .partno = 1 };
	memset(buf, 0x5a, sizeof(buf));
	KEXPECT_EQ(t, one_sector(&part, WRITE, 19, buf), 0);
	KEXPECT_EQ(t, one_sector(&part, WRITE, 20, buf), -EIO);
	memset(buf, 0, sizeof(buf));
	testdisk_peek(td, 1019, buf);
	KEXPECT_EQ(t, buf[0], 0x5a5a5a5au);
	transfers_init(&tr, &part);
	transfer(&tr, WRITE, 16, 8, 1);
	KEXPECT(t, transfers_wait(&tr));
	KEXPECT_EQ(t, tr.error[0], -EIO);
	KEXPECT_EQ(t, td->nr_ops, 2u);
	td->disk->read_only = true;
	KEXPECT_EQ(t, one_sector(tr.part, WRITE, 0, buf), -EROFS);
	KEXPECT_EQ(t, one_sector(tr.part, READ, 0, buf), 0);
	td->disk->read_only = false;
	td->q->limits.block_size = 1024;
	KEXPECT_EQ(t, one_sector(&part, READ, 0, buf), -EINVAL);
	end_disk(t, td);
}

/* Of a request of many bios those end with -EIO that had a bad sector, and no others. */
KTEST(block, errors)
{
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	testdisk_fail(td, TESTDISK_WRITE, 13, 13);
	testdisk_fail(td, TESTDISK_WRITE, 23, 24);
	testdisk_hold(td);
	for (unsigned int i = 0; i < 8; i++)
		transfer(&tr, WRITE, i * 4, 4, (unsigned char)(i + 1));
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 1u);
	testdisk_release(td);
	KEXPECT(t, transfers_wait(&tr));
	for (unsigned int i = 0; i < 8; i++) {
		KEXPECT_EQ(t, tr.ends[i], 1u);
		KEXPECT_EQ(t, tr.error[i], i == 3 || i == 5 || i == 6 ? -EIO : 0);
	}
	testdisk_heal(td);
	testdisk_fail(td, TESTDISK_READ, 0, 3);
	testdisk_hold(td);
	for (unsigned int i = 0; i < 8; i++)
		transfer(&tr, READ, i * 4, 4, 0xee);
	testdisk_release(td);
	KEXPECT(t, transfers_wait(&tr));
	KEXPECT_EQ(t, tr.error[8], -EIO);
	KEXPECT(t, transfer_holds(&tr, 8, 4, 0xee));
	for (unsigned int i = 1; i < 8; i++) {
		KEXPECT_EQ(t, tr.error[8 + i], 0);
		if (i != 3 && i != 5 && i != 6)
			KEXPECT(t, transfer_holds(&tr, 8 + i, 4, (unsigned char)(i + 1)));
	}
	KEXPECT_EQ(t, td->nr_ops, 2u);
	end_disk(t, td);
}

/* Who finds the queue full sleeps until there is room; readahead is sent away instead. */
KTEST(block, full_queue)
{
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	td->q->max_requests = 4;
	td->delay = 1;
	for (unsigned int i = 0; i < 24; i++)
		transfer(&tr, WRITE, i * 64, 8, 9);
	KEXPECT_TRANSFERS(t, &tr);
	testdisk_hold(td);
	for (unsigned int i = 0; i < 4; i++)
		transfer(&tr, READ, i * 64, 8, 0);
	KEXPECT_EQ(t, tr.ends[transfer(&tr, READ | REQ_RAHEAD, 512, 8, 0)], 1u);
	KEXPECT_EQ(t, tr.error[28], -EAGAIN);
	/* one that joins a waiting request needs no room */
	KEXPECT_EQ(t, tr.ends[transfer(&tr, READ | REQ_RAHEAD, 8, 8, 0)], 0u);
	testdisk_release(td);
	KEXPECT(t, transfers_wait(&tr));
	KEXPECT_EQ(t, tr.error[29], 0);
	end_disk(t, td);
}

/* A flush reaches the device, passes its error on, and one that waits serves all who come. */
KTEST(block, flush)
{
	struct testdisk *td = new_disk();
	struct bio *bio[3];

	KASSERT(t, td);
	KEXPECT_EQ(t, blkdev_issue_flush(tr.part), 0);
	KEXPECT_EQ(t, td->nr_flushes, 1u);
	td->flush_error = -EIO;
	KEXPECT_EQ(t, blkdev_issue_flush(tr.part), -EIO);
	td->flush_error = 0;
	testdisk_hold(td);
	transfer(&tr, WRITE, 0, 8, 1);
	for (unsigned int i = 0; i < 3; i++) {
		bio[i] = bio_alloc(GFP_KERNEL, 1);
		bio[i]->bi_part = tr.part;
		bio[i]->bi_private = &tr;
		bio[i]->bi_end_io = transfer_ended;
		tr.page[tr.nr] = alloc_page(GFP_KERNEL);
		bio[i]->bi_io_vec[0].bv_page = tr.page[tr.nr++];
		submit_bio(WRITE | REQ_FLUSH, bio[i]);
	}
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->nr_flushes, 3u);
	end_disk(t, td);
}

/* The figures of the disk and of its partition say exactly what was done. */
KTEST(block, accounting)
{
	struct testdisk *td = new_disk();
	struct hd_struct part = { .start_sect = 1024, .nr_sects = 512, .partno = 1 };
	unsigned long in = vm_event_sum(PGPGIN), out = vm_event_sum(PGPGOUT);
	const struct disk_stats *s;

	KASSERT(t, td);
	part.disk = td->disk;
	s = &td->disk->part0.stats;
	testdisk_hold(td);
	for (unsigned int i = 0; i < 5; i++)
		transfer(&tr, WRITE, i * 8, 8, 1);
	transfer(&tr, READ, 512, 3, 1);
	tr.part = &part;
	transfer(&tr, READ, 0, 8, 1);
	transfer(&tr, READ, 16, 8, 1);
	transfer(&tr, READ, 8, 8, 1);
	KEXPECT_EQ(t, s->in_flight, 3ul);
	KEXPECT_EQ(t, part.stats.in_flight, 1ul);
	msleep(30);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, s->in_flight, 0ul);
	KEXPECT_EQ(t, s->ios[WRITE], 1ul);
	KEXPECT_EQ(t, s->merges[WRITE], 4ul);
	KEXPECT_EQ(t, s->sectors[WRITE], 40ul);
	KEXPECT_EQ(t, s->ios[READ], 2ul);
	KEXPECT_EQ(t, s->merges[READ], 2ul);
	KEXPECT_EQ(t, s->sectors[READ], 27ul);
	KEXPECT(t, s->ticks[WRITE] >= 30 && s->ticks[READ] >= 60);
	KEXPECT(t, s->io_ticks >= 30 && s->time_in_queue >= 90);
	KEXPECT_EQ(t, part.stats.ios[READ], 1ul);
	KEXPECT_EQ(t, part.stats.merges[READ], 2ul);
	KEXPECT_EQ(t, part.stats.sectors[READ], 24ul);
	KEXPECT_EQ(t, part.stats.ios[WRITE], 0ul);
	KEXPECT_EQ(t, vm_event_sum(PGPGIN) - in, 27ul);
	KEXPECT_EQ(t, vm_event_sum(PGPGOUT) - out, 40ul);
	tr.part = testdisk_part0(td);
	end_disk(t, td);
}
