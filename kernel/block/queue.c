/*
 * kernel/block/queue.c - the way of a bio to the driver, and back.
 *
 *	submit_bio		checks, makes the sector the disk's
 *	  make_request		joins it to a waiting request, or makes one
 *	    blk_run_queue	unless the task is plugged
 *	      request_fn	the driver: blk_fetch_request, starts the hardware
 *	...
 *	the interrupt		blk_end_request: bio_endio for each bio; blk_run_queue
 *
 * Theory.  A disk does one long transfer faster than many short ones, and neighbouring ones faster
 * than far ones.  So what waits is kept as requests sorted by sector, and a bio whose sectors border
 * on a request's becomes part of it.  There is something to join only where something waits:
 * if the driver is idle, the first bio would start at once.  Therefore a task that is about
 * to submit many plugs itself: what it submits goes to the queue, but the driver is told only at the
 * end, after PLUG_MAX bios, or when the task sleeps (schedule() calls blk_flush_plug()), since it
 * may be for what it has held back.
 *
 * A queue has at most max_requests of each direction; who wants one more sleeps, so that a writer
 * cannot fill all memory with requests, and readers do not stand behind it.
 *
 * Memory.  A request comes from a mempool: with the reserves of bio.c and bounce.c this makes a write
 * possible when no memory is free.  Nothing here allocates with __GFP_IO.
 *
 * Errors.  The driver ends a request in stretches of sectors, each with its own result.  A bio ends
 * when its last sector has, with the first error that one of its sectors had, so an
 * error reaches exactly the bios that had a part in it.
 *
 * What was left out: barriers other than REQ_FLUSH.  Two transfers of one sector that are under way
 * at the same time may happen in any order; the page cache's locks keep that from happening.
 *
 * Locking: queue_lock, interrupts off.  bi_end_io is called under it.
 */
#include <kernel/block/blk.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/sched/kernel_stat.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/mempool.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>

#define REQUEST_RESERVE	4	/* requests that can be had when there is no memory */
#define MAX_REQUESTS	128	/* of each direction, unless the driver says otherwise */
#define PLUG_MAX	64	/* bios that a plugged task holds back at most */

static struct kmem_cache *request_cachep;	/* [c] */
static mempool_t *request_pool;			/* [c] */

/* ---- queues ---------------------------------------------------------------------------------- */

struct request_queue *blk_init_queue(request_fn_proc *fn)
{
	struct request_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return NULL;
	q->elevator = elevator_init();
	if (!q->elevator) {
		kfree(q);
		return NULL;
	}
	spin_lock_init(&q->queue_lock);
	q->request_fn = fn;
	q->limits = (struct queue_limits){
		.max_sectors = 1024, .max_segments = 128, .max_segment_size = 65536,
		.seg_boundary_mask = ~0UL, .bounce_pfn = ~0UL, .block_size = SECTOR_SIZE,
	};
	q->max_requests = MAX_REQUESTS;
	mutex_init(&q->bounce_mutex);
	init_waitqueue_head(&q->request_wait[READ]);
	init_waitqueue_head(&q->request_wait[WRITE]);
	q->bdi = (struct backing_dev_info){
		.ra_pages = 128 * 1024 / PAGE_SIZE, .capabilities = BDI_CAP_WRITEBACK,
	};
	return q;
}

void blk_cleanup_queue(struct request_queue *q)
{
	BUG_VAL(q->nr_requests[READ] || q->nr_requests[WRITE], q->nr_requests[READ],
		q->nr_requests[WRITE]);
	elevator_exit(q->elevator);
	blk_bounce_exit(q);
	kfree(q);
}

void blk_run_queue(struct request_queue *q)
{
	assert_spin_locked(&q->queue_lock);
	if (!elv_empty(q->elevator))
		q->request_fn(q);
}

static void lock_and_run(struct request_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->queue_lock, flags);
	blk_run_queue(q);
	spin_unlock_irqrestore(&q->queue_lock, flags);
}

/* ---- plugging -------------------------------------------------------------------------------- */

void blk_start_plug(void)
{
	current->plug_depth++;
}

void blk_flush_plug(void)
{
	struct request_queue *q = current->plugged_queue;

	current->plugged_queue = NULL;
	current->plugged_bios = 0;
	if (q)
		lock_and_run(q);
}

void blk_finish_plug(void)
{
	BUG_ON(!current->plug_depth);
	if (!--current->plug_depth)
		blk_flush_plug();
}

/* Something for @q has been queued.  The driver hears of it now, or when the plug is pulled. */
static void run_or_plug(struct request_queue *q)
{
	if (!current->plug_depth) {
		lock_and_run(q);
		return;
	}
	if (current->plugged_queue != q)
		blk_flush_plug();
	current->plugged_queue = q;
	if (++current->plugged_bios >= PLUG_MAX)
		blk_flush_plug();
}

/* ---- a bio becomes a request, or a part of one ------------------------------------------------ */

static void add_flags(struct request *rq, unsigned int flags)
{
	/* Readahead that somebody waits for after all is no readahead any more. */
	rq->cmd_flags = (rq->cmd_flags & ~REQ_RAHEAD) | (flags & ~REQ_RAHEAD) |
			(rq->cmd_flags & flags & REQ_RAHEAD);
}

static bool fits(const struct request_queue *q, const struct request *rq, unsigned int flags,
		 const struct hd_struct *part, unsigned int sectors, unsigned int segments)
{
	return rq->part == part && !((rq->cmd_flags ^ flags) & WRITE) &&
	       rq->nr_sectors + sectors <= q->limits.max_sectors &&
	       rq->nr_segments + segments <= q->limits.max_segments;
}

/* @rq has grown up to its neighbour: one request instead of two. => queue_lock held */
static void join_requests(struct request_queue *q, struct request *rq, struct request *next)
{
	if (!rq || !next || rq->sector + rq->nr_sectors != next->sector ||
	    !fits(q, rq, next->cmd_flags, next->part, next->nr_sectors, next->nr_segments))
		return;
	elv_merged(q->elevator, rq, next);
	rq->biotail->bi_next = next->bio;
	rq->biotail = next->biotail;
	rq->nr_sectors += next->nr_sectors;
	rq->nr_segments += next->nr_segments;
	add_flags(rq, next->cmd_flags);
	if (time_before(next->start_time, rq->start_time))
		rq->start_time = next->start_time;
	blk_account_join(next);
	next->bio = next->biotail = NULL;
	next->nr_sectors = 0;
	blk_put_request(next);
}

static void append_bio(struct request *rq, struct bio *bio)
{
	rq->biotail->bi_next = bio;
	rq->biotail = bio;
	add_flags(rq, bio->bi_rw);
}

/* Make @bio part of a waiting request. => queue_lock held; false: there is none that fits */
static bool merge_bio(struct request_queue *q, struct bio *bio)
{
	enum elv_merge where;
	struct request *rq;

	if (bio->bi_rw & REQ_FLUSH) {
		rq = elv_flush(q->elevator);
		if (rq)
			append_bio(rq, bio);
		return rq != NULL;
	}
	where = elv_find_merge(q->elevator, bio, &rq);
	if (where == ELEVATOR_NO_MERGE ||
	    !fits(q, rq, bio->bi_rw, bio->bi_part, bio_sectors(bio), bio->bi_vcnt))
		return false;
	rq->nr_sectors += bio_sectors(bio);
	rq->nr_segments += bio->bi_vcnt;
	blk_account_merge(bio);
	if (where == ELEVATOR_BACK_MERGE) {
		append_bio(rq, bio);
		join_requests(q, rq, elv_latter(rq));
	} else {
		bio->bi_next = rq->bio;
		rq->bio = bio;
		rq->sector = bio->bi_sector;
		add_flags(rq, bio->bi_rw);
		elv_moved(q->elevator, rq);
		join_requests(q, elv_former(rq), rq);
	}
	return true;
}

/* => queue_lock held */
static void add_request(struct request_queue *q, struct request *rq, struct bio *bio)
{
	*rq = (struct request){
		.q = q, .cmd_flags = bio->bi_rw, .sector = bio->bi_sector,
		.nr_sectors = bio_sectors(bio), .nr_segments = bio->bi_vcnt,
		.bio = bio, .biotail = bio, .part = bio->bi_part, .start_time = jiffies,
	};
	blk_account_start(rq);
	elv_add(q->elevator, rq);
}

static bool queue_full(struct request_queue *q, unsigned int rw)
{
	return q->nr_requests[rw] >= q->max_requests;
}

/* Sleep until there may be room for one more. => may sleep */
static void wait_for_room(struct request_queue *q, unsigned int rw)
{
	bool full;
	DEFINE_WAIT(wait);

	prepare_to_wait_exclusive(&q->request_wait[rw], &wait, TASK_UNINTERRUPTIBLE);
	spin_lock_irq(&q->queue_lock);
	full = queue_full(q, rw);
	spin_unlock_irq(&q->queue_lock);
	if (full)
		io_schedule();
	finish_wait(&q->request_wait[rw], &wait);
}

/* @rq: counted in nr_requests, on no list. => queue_lock held */
void blk_put_request(struct request *rq)
{
	struct request_queue *q = rq->q;
	unsigned int rw = rq_is_write(rq);

	q->nr_requests[rw]--;
	mempool_free(rq, request_pool);
	if (waitqueue_active(&q->request_wait[rw]))	/* who comes now looks under our lock */
		wake_up(&q->request_wait[rw]);
}

/* Readahead is not worth waiting for. => false: @bio has ended, there was no room */
static bool get_room(struct request_queue *q, struct bio *bio, bool *waited)
{
	if (bio->bi_rw & REQ_RAHEAD) {
		bio_endio(bio, -EAGAIN);
		return false;
	}
	*waited = true;
	wait_for_room(q, bio->bi_rw & WRITE);
	return true;
}

static void make_request(struct request_queue *q, struct bio *bio)
{
	unsigned int rw = bio->bi_rw & WRITE;
	struct request *rq = NULL;
	bool waited = false;

	for (;;) {
		spin_lock_irq(&q->queue_lock);
		if (merge_bio(q, bio))
			break;
		if (rq) {
			add_request(q, rq, bio);
			rq = NULL;
			break;
		}
		if (queue_full(q, rw)) {
			spin_unlock_irq(&q->queue_lock);
			if (!get_room(q, bio, &waited))
				return;
			continue;
		}
		q->nr_requests[rw]++;
		spin_unlock_irq(&q->queue_lock);
		rq = mempool_alloc(request_pool, GFP_NOIO);
		rq->q = q;
		rq->cmd_flags = rw;
	}
	if (rq)
		blk_put_request(rq);
	else if (waited)	/* the room that woke us may be another's: he sleeps */
		wake_up(&q->request_wait[rw]);
	spin_unlock_irq(&q->queue_lock);
	run_or_plug(q);
}

/* ---- submit_bio ------------------------------------------------------------------------------ */

/* => 0, or why the transfer cannot be */
static int check_bio(const struct bio *bio)
{
	const struct hd_struct *part = bio->bi_part;
	const struct queue_limits *limits = &part->disk->queue->limits;
	unsigned int block = limits->block_size >> SECTOR_SHIFT;

	if (bio_is_write(bio) && part->disk->read_only)
		return -EROFS;
	if (bio->bi_rw & REQ_FLUSH)
		return WARN_ON_ONCE(bio->bi_size) ? -EINVAL : 0;
	if (bio_sectors(bio) > part->nr_sects || bio->bi_sector > part->nr_sects - bio_sectors(bio)) {
		char name[DISK_NAME_LEN];

		pr_warn("%s: %s beyond the end: %u sectors at %llu of %llu\n", part_name(part, name),
			bio_is_write(bio) ? "write" : "read", bio_sectors(bio), bio->bi_sector,
			part->nr_sects);
		return -EIO;
	}
	if (WARN_ON_ONCE(!bio->bi_size || bio_sectors(bio) > limits->max_sectors ||
			 bio->bi_vcnt > limits->max_segments))
		return -EIO;
	if ((bio->bi_sector | bio_sectors(bio)) & (block - 1))
		return -EINVAL;
	return 0;
}

void submit_bio(unsigned int rw, struct bio *bio)
{
	int err;

	might_sleep();
	bio->bi_rw |= rw;
	bio->bi_next = NULL;
	err = check_bio(bio);
	if (err) {
		bio_endio(bio, err);
		return;
	}
	count_vm_events(bio_is_write(bio) ? PGPGOUT : PGPGIN, bio_sectors(bio));
	bio->bi_sector += bio->bi_part->start_sect;
	blk_queue_bounce(bio->bi_part->disk->queue, bio);
	make_request(bio->bi_part->disk->queue, bio);
}

/* ---- for drivers ----------------------------------------------------------------------------- */

struct request *blk_fetch_request(struct request_queue *q)
{
	struct request *rq;

	assert_spin_locked(&q->queue_lock);
	rq = elv_next(q->elevator);
	if (rq)
		q->in_flight++;
	return rq;
}

void blk_requeue_request(struct request_queue *q, struct request *rq)
{
	assert_spin_locked(&q->queue_lock);
	q->in_flight--;
	elv_requeue(q->elevator, rq);
}

/* Does @len bytes at @addr continue @sg, as the hardware sees it? */
static bool sg_continues(const struct queue_limits *limits, const struct scatterlist *sg,
			 phys_addr_t addr, unsigned int len)
{
	return sg->dma_address + sg->length == addr &&
	       sg->length + len <= limits->max_segment_size &&
	       !((sg->dma_address ^ (addr + len - 1)) & ~(phys_addr_t)limits->seg_boundary_mask);
}

unsigned int blk_rq_map_sg(struct request_queue *q, struct request *rq, struct scatterlist *sg)
{
	unsigned int n = 0, skip = rq->bio_done, i;
	struct bio_vec *bvec;

	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next)
		bio_for_each_segment(bvec, bio, i) {
			unsigned int gone = min(skip, bvec->bv_len);
			unsigned int offset = bvec->bv_offset + gone, len = bvec->bv_len - gone;
			phys_addr_t addr = page_to_phys(bvec->bv_page) + offset;

			skip -= gone;
			if (!len)
				continue;
			if (n && sg_continues(&q->limits, &sg[n - 1], addr, len))
				sg[n - 1].length += len;
			else
				sg[n++] = (struct scatterlist){ addr, len, bvec->bv_page, offset };
		}
	BUG_VAL(n > q->limits.max_segments, n, q->limits.max_segments);
	return n;
}

/* The first bio is over. => queue_lock held */
static void end_first_bio(struct request *rq, int error)
{
	struct bio *bio = rq->bio;

	rq->bio = bio->bi_next;
	bio->bi_next = NULL;
	rq->bio_done = 0;
	rq->bio_error = 0;
	bio_endio(bio, error);
}

bool blk_end_request(struct request *rq, int error, unsigned int sectors)
{
	struct request_queue *q = rq->q;
	unsigned int bytes = sectors << SECTOR_SHIFT;

	assert_spin_locked(&q->queue_lock);
	BUG_VAL(sectors > rq->nr_sectors, sectors, rq->nr_sectors);
	blk_account_sectors(rq, sectors);
	rq->sector += sectors;
	rq->nr_sectors -= sectors;
	while (bytes) {
		unsigned int part = min(bytes, rq->bio->bi_size - rq->bio_done);

		bytes -= part;
		rq->bio_done += part;
		if (error && !rq->bio_error)
			rq->bio_error = error;
		if (rq->bio_done == rq->bio->bi_size)
			end_first_bio(rq, rq->bio_error);
	}
	if (rq->nr_sectors)
		return true;
	while (rq->bio)		/* flushes */
		end_first_bio(rq, error);
	q->in_flight--;
	blk_account_done(rq);
	blk_put_request(rq);
	return false;
}

void blk_end_request_all(struct request *rq, int error)
{
	blk_end_request(rq, error, rq->nr_sectors);
}

void __init block_init(void)
{
	bio_init();
	request_cachep = kmem_cache_create("request", sizeof(struct request), 0, SLAB_PANIC, NULL);
	request_pool = mempool_create_slab_pool(REQUEST_RESERVE, request_cachep);
	BUG_ON(!request_pool);
}
