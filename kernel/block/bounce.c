/*
 * kernel/block/bounce.c - pages for devices that do not reach all of memory.
 *
 * Theory.  A device with 32 address lines cannot transfer to a page above 4G, one on the ISA bus to
 * none above 16M.  For such a bio each page out of reach is replaced by one within reach: on the
 * way in, with the data to be written; at the end, what was read is copied to where it belongs, and
 * the bio gets its own page back before its maker sees it.  Where the page belongs stands in the
 * ->private of its replacement; which pieces were replaced, in bio->bi_bounced.
 *
 *	bv_page -> page above 4G		bv_page -> replacement --private--> page above 4G
 *
 * An error copies nothing: the maker's page is as it was.
 *
 * Memory.  Each queue that may need it has a reserve of as many pages as a bio can have pieces.  A
 * bio takes its pages one by one, waiting if need be, and two that each waited for the other's
 * would wait for ever: so only one at a time takes pages, under bounce_mutex.  All others that hold
 * some have submitted them, and will give them back.  No second bio is needed, so the reserve of
 * bios cannot run out here either.
 *
 * Locking: none but that mutex; the bio is the caller's, then the end's.
 */
#include <kernel/block/blk.h>

#include <kernel/core/bug.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/highmem.h>
#include <mm/phys/mempool.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define ISA_DMA_PFN	(16UL << (20 - PAGE_SHIFT))	/* end of ZONE_DMA */

static_assert(BIO_MAX_PAGES <= 64, "bio.bi_bounced has a bit for each piece");

int blk_bounce_init(struct request_queue *q)
{
	const struct queue_limits *limits = &q->limits;

	if (q->bounce_pool || limits->bounce_pfn >= max_mapnr)
		return 0;
	BUG_VAL(limits->bounce_pfn < ISA_DMA_PFN, limits->bounce_pfn, ISA_DMA_PFN);
	q->bounce_pool = mempool_create_page_pool((int)min_t(unsigned int, limits->max_segments,
							     BIO_MAX_PAGES),
						  limits->bounce_pfn < max_low_pfn ? GFP_DMA : 0);
	return q->bounce_pool ? 0 : -ENOMEM;
}

void blk_bounce_exit(struct request_queue *q)
{
	if (q->bounce_pool)
		mempool_destroy(q->bounce_pool);
}

/* The bytes of @bvec, from its page to the same place of @to. => any context */
static void copy_piece(const struct bio_vec *bvec, struct page *to)
{
	unsigned long flags;
	char *src, *dst;

	local_irq_save(flags);
	src = kmap_atomic(bvec->bv_page, KM_BIO_SRC_IRQ);
	dst = kmap_atomic(to, KM_BIO_DST_IRQ);
	memcpy(dst + bvec->bv_offset, src + bvec->bv_offset, bvec->bv_len);
	kunmap_atomic(dst, KM_BIO_DST_IRQ);
	kunmap_atomic(src, KM_BIO_SRC_IRQ);
	local_irq_restore(flags);
}

static bool out_of_reach(const struct request_queue *q, const struct bio_vec *bvec)
{
	return page_to_pfn(bvec->bv_page) >= q->limits.bounce_pfn;
}

static void replace_page(struct request_queue *q, struct bio *bio, struct bio_vec *bvec)
{
	struct page *page = mempool_alloc(q->bounce_pool, GFP_NOIO);

	VM_BUG_ON(page_to_pfn(page) >= q->limits.bounce_pfn);
	inc_zone_page_state(page, NR_BOUNCE);
	if (bio_is_write(bio))
		copy_piece(bvec, page);
	page->private = (unsigned long)bvec->bv_page;
	bvec->bv_page = page;
}

void blk_queue_bounce(struct request_queue *q, struct bio *bio)
{
	struct bio_vec *bvec;
	bool all = true;
	unsigned int i;

	if (!q->bounce_pool)
		return;
	bio_for_each_segment(bvec, bio, i)
		all &= !out_of_reach(q, bvec);
	if (all)
		return;
	mutex_lock(&q->bounce_mutex);
	bio_for_each_segment(bvec, bio, i)
		if (out_of_reach(q, bvec)) {
			replace_page(q, bio, bvec);
			bio->bi_bounced |= 1ull << i;
		}
	mutex_unlock(&q->bounce_mutex);
}

void blk_bounce_end(struct bio *bio, int error)
{
	mempool_t *pool = bio->bi_part->disk->queue->bounce_pool;
	struct bio_vec *bvec;
	unsigned int i;

	bio_for_each_segment(bvec, bio, i) {
		struct page *page = bvec->bv_page;

		if (!(bio->bi_bounced >> i & 1))
			continue;
		if (!bio_is_write(bio) && !error)
			copy_piece(bvec, (struct page *)page->private);
		bvec->bv_page = (struct page *)page->private;
		page->private = 0;
		dec_zone_page_state(page, NR_BOUNCE);
		mempool_free(page, pool);
	}
	bio->bi_bounced = 0;
}
