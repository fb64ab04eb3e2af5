/*
 * tests/kernel/block/testdisk.c - a disk of memory, for tests.  See testdisk.h
 */
#include <tests/kernel/block/testdisk.h>

#include <kernel/core/bug.h>
#include <kernel/core/time.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

#define PAGE_SECTORS	(PAGE_SIZE / SECTOR_SIZE)

static unsigned long testdisks;		/* numbers in use, a bit each */

/* ---- the medium ------------------------------------------------------------------------------- */

/* One sector between the medium and @offset of @page, or of the pages behind it. */
static void copy_sector(struct testdisk *td, sector_t sector, struct page *page,
			unsigned long offset, bool write)
{
	struct page *mine = td->pages[sector / PAGE_SECTORS];
	char *a = kmap_atomic(mine, KM_IRQ0);
	char *b = kmap_atomic(page + offset / PAGE_SIZE, KM_IRQ1);
	char *medium = a + sector % PAGE_SECTORS * SECTOR_SIZE, *memory = b + offset % PAGE_SIZE;

	if (write)
		memcpy(medium, memory, SECTOR_SIZE);
	else
		memcpy(memory, medium, SECTOR_SIZE);
	kunmap_atomic(b, KM_IRQ1);
	kunmap_atomic(a, KM_IRQ0);
}

static char *medium_of(struct testdisk *td, sector_t sector)
{
	return (char *)kmap_atomic(td->pages[sector / PAGE_SECTORS], KM_IRQ0) +
	       sector % PAGE_SECTORS * SECTOR_SIZE;
}

void testdisk_peek(struct testdisk *td, sector_t sector, void *buf)
{
	unsigned long flags;
	char *medium;

	spin_lock_irqsave(&td->q->queue_lock, flags);
	medium = medium_of(td, sector);
	memcpy(buf, medium, SECTOR_SIZE);
	kunmap_atomic(medium, KM_IRQ0);
	spin_unlock_irqrestore(&td->q->queue_lock, flags);
}

void testdisk_poke(struct testdisk *td, sector_t sector, const void *buf)
{
	unsigned long flags;
	char *medium;

	spin_lock_irqsave(&td->q->queue_lock, flags);
	medium = medium_of(td, sector);
	memcpy(medium, buf, SECTOR_SIZE);
	kunmap_atomic(medium, KM_IRQ0);
	spin_unlock_irqrestore(&td->q->queue_lock, flags);
}

static bool is_bad(const struct testdisk *td, bool write, sector_t sector)
{
	for (unsigned int i = 0; i < TESTDISK_FAULTS; i++)
		if (td->faults[i].rw & (write ? TESTDISK_WRITE : TESTDISK_READ) &&
		    sector >= td->faults[i].first && sector <= td->faults[i].last)
			return true;
	return false;
}

/* ---- the driver: all with queue_lock held ----------------------------------------------------- */

static void note(struct testdisk *td, const struct request *rq, unsigned int segments)
{
	if (td->nr_ops < TESTDISK_LOG)
		td->log[td->nr_ops] = (struct testdisk_op){
			rq->cmd_flags, rq->sector, rq->nr_sectors, segments };
	td->nr_ops++;
}

/* What no driver may be given. */
static void check_segment(struct testdisk *td, const struct scatterlist *sg)
{
	const struct queue_limits *limits = &td->q->limits;
	phys_addr_t last = sg->dma_address + sg->length - 1;

	td->wrong += !sg->length || sg->length % SECTOR_SIZE ||
		     sg->length > limits->max_segment_size ||
		     ((sg->dma_address ^ last) & ~(phys_addr_t)limits->seg_boundary_mask) ||
		     (unsigned long)(last >> PAGE_SHIFT) >= limits->bounce_pfn ||
		     sg->dma_address != page_to_phys(sg->page) + sg->offset;
}

static void transfer(struct testdisk *td, struct request *rq)
{
	unsigned int nr = blk_rq_map_sg(td->q, rq, td->sg);
	bool write = rq_is_write(rq);
	sector_t sector = rq->sector;

	note(td, rq, nr);
	for (unsigned int i = 0; i < nr; i++) {
		check_segment(td, &td->sg[i]);
		for (unsigned int done = 0; done < td->sg[i].length; done += SECTOR_SIZE, sector++)
			if (!is_bad(td, write, sector))
				copy_sector(td, sector, td->sg[i].page, td->sg[i].offset + done,
					    write);
	}
	td->wrong += sector != rq->sector + rq->nr_sectors ||
		     sector > get_capacity(td->disk) || rq->nr_sectors > td->q->limits.max_sectors;
}

/* End it in stretches of good and of bad sectors. */
static void end(struct testdisk *td, struct request *rq)
{
	bool more = true;

	while (more) {
		bool write = rq_is_write(rq), bad = is_bad(td, write, rq->sector);
		unsigned int n = 1;

		while (n < rq->nr_sectors && is_bad(td, write, rq->sector + n) == bad)
			n++;
		more = blk_end_request(rq, bad ? -EIO : 0, n);
	}
}

static void perform(struct testdisk *td, struct request *rq)
{
	if (rq->cmd_flags & REQ_FLUSH) {
		note(td, rq, 0);
		td->nr_flushes++;
		blk_end_request_all(rq, td->flush_error);
		return;
	}
	transfer(td, rq);
	end(td, rq);
}

static void testdisk_request(struct request_queue *q)
{
	struct testdisk *td = q->queuedata;
	struct request *rq;

	while (!td->held && td->busy < td->depth && (rq = blk_fetch_request(q))) {
		if (!td->delay) {
			perform(td, rq);
			continue;
		}
		list_add_tail(&rq->queuelist, &td->active);
		rq->special = (void *)(jiffies + td->delay);
		td->max_depth = max(td->max_depth, ++td->busy);
	}
	if (td->busy && !timer_pending(&td->timer))
		mod_timer(&td->timer, jiffies + 1);
}

static struct request *pick_due(struct testdisk *td)
{
	struct request *rq, *found = NULL;

	list_for_each_entry(rq, &td->active, queuelist)
		if (time_after_eq(jiffies, (unsigned long)rq->special) &&
		    (!found || (td->reorder && prandom_u32(&td->rnd) & 1)))
			found = rq;
	return found;
}

static void testdisk_timer(unsigned long data)
{
	struct testdisk *td = (struct testdisk *)data;
	struct request *rq;
	unsigned long flags;

	spin_lock_irqsave(&td->q->queue_lock, flags);
	while ((rq = pick_due(td))) {
		list_del(&rq->queuelist);
		td->busy--;
		perform(td, rq);
	}
	blk_run_queue(td->q);
	if (td->busy && !timer_pending(&td->timer))
		mod_timer(&td->timer, jiffies + 1);
	spin_unlock_irqrestore(&td->q->queue_lock, flags);
}

/* ---- for tests -------------------------------------------------------------------------------- */

void testdisk_hold(struct testdisk *td)
{
	spin_lock_irq(&td->q->queue_lock);
	td->held = true;
	spin_unlock_irq(&td->q->queue_lock);
}

void testdisk_release(struct testdisk *td)
{
	spin_lock_irq(&td->q->queue_lock);
	td->held = false;
	blk_run_queue(td->q);
	spin_unlock_irq(&td->q->queue_lock);
}

void testdisk_fail(struct testdisk *td, unsigned int rw, sector_t first, sector_t last)
{
	unsigned int i = 0;

	spin_lock_irq(&td->q->queue_lock);
	while (i < TESTDISK_FAULTS && td->faults[i].rw)
		i++;
	BUG_ON(i == TESTDISK_FAULTS);
	td->faults[i].rw = rw;
	td->faults[i].first = first;
	td->faults[i].last = last;
	spin_unlock_irq(&td->q->queue_lock);
}

void testdisk_heal(struct testdisk *td)
{
	spin_lock_irq(&td->q->queue_lock);
	memset(td->faults, 0, sizeof(td->faults));
	spin_unlock_irq(&td->q->queue_lock);
}

static void free_testdisk(struct testdisk *td)
{
	for (unsigned int i = 0; i < td->nr_pages; i++)
		__free_page(td->pages[i]);
	if (td->disk)
		put_disk(td->disk);
	if (td->q)
		blk_cleanup_queue(td->q);
	kfree(td->pages);
	kfree(td);
}

struct testdisk *testdisk_create(unsigned int sectors)
{
	unsigned int pages = sectors / PAGE_SECTORS;
	struct testdisk *td = kzalloc(sizeof(*td), GFP_KERNEL);

	if (!td)
		return NULL;
	td->depth = 1;
	INIT_LIST_HEAD(&td->active);
	setup_timer(&td->timer, testdisk_timer, (unsigned long)td);
	prandom_seed(&td->rnd, 1);
	td->q = blk_init_queue(testdisk_request);
	td->disk = alloc_disk(DISK_MAX_PARTS);
	td->pages = kmalloc_array(pages, sizeof(struct page *), GFP_KERNEL);
	if (!td->q || !td->disk || !td->pages)
		goto fail;
	for (; td->nr_pages < pages; td->nr_pages++) {
		td->pages[td->nr_pages] = alloc_page(GFP_HIGHUSER | __GFP_ZERO);
		if (!td->pages[td->nr_pages])
			goto fail;
	}
	td->q->queuedata = td;
	td->disk->queue = td->q;
	td->disk->private_data = td;
	set_capacity(td->disk, sectors);
	return td;
fail:
	free_testdisk(td);
	return NULL;
}

int testdisk_add(struct testdisk *td)
{
	unsigned int nr = 0;
	int err;

	while (testdisks & 1UL << nr)
		nr++;
	td->disk->major = TESTDISK_MAJOR;
	td->disk->first_minor = nr * DISK_MAX_PARTS;
	snprintf(td->disk->disk_name, DISK_NAME_LEN, "td%c", (int)('a' + nr));
	err = add_disk(td->disk);
	WARN_ON(err && err != -ENOMEM);
	if (err)
		return err;
	testdisks |= 1UL << nr;
	/* the partition table has been read: that is nobody's business */
	td->nr_ops = 0;
	td->disk->part0.stats = (struct disk_stats){ .stamp = jiffies };
	return 0;
}

void testdisk_destroy(struct testdisk *td)
{
	unsigned int nr = td->disk->first_minor / DISK_MAX_PARTS;

	if (!list_empty(&td->disk->list)) {
		del_gendisk(td->disk);
		testdisks &= ~(1UL << nr);
	}
	del_timer_sync(&td->timer);
	WARN_ON(td->busy || td->wrong);
	free_testdisk(td);
}
