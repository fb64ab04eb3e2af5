/*
 * kernel/block/bio.c - bios: made, filled, ended.
 *
 * Theory.  A bio carries its pieces in itself, so there is a slab cache for each of a few numbers of
 * pieces.  The largest has a reserve (mm/phys/mempool.h), and serves whoever finds the others
 * empty: one reserve for all, since a bio of 64 pieces can do what one of 1 can.  bi_max_vecs says
 * which cache a bio came from.
 *
 * Who holds bios and allocates another must have submitted them: see mempool.h.
 */
#include <kernel/block/bio.h>

#include <kernel/block/blk.h>
#include <kernel/core/bug.h>
#include <kernel/core/completion.h>
#include <lib/kernel.h>
#include <lib/errno.h>
#include <mm/phys/mempool.h>
#include <mm/phys/slab.h>

#define BIO_RESERVE	4	/* bios that can be under way when there is no memory at all */

static struct {
	const char *name;
	unsigned int vecs;
	struct kmem_cache *cachep;	/* [c] */
} bio_classes[] = {
	{ "bio-1", 1, NULL }, { "bio-4", 4, NULL }, { "bio-16", 16, NULL },
	{ "bio-64", BIO_MAX_PAGES, NULL },
};
#define LARGEST	(ARRAY_SIZE(bio_classes) - 1)

static mempool_t *bio_pool;	/* [c] of the largest */

/* The class with room for @nr_vecs. */
static unsigned int bio_class(unsigned int nr_vecs)
{
	unsigned int i = 0;

	while (bio_classes[i].vecs < nr_vecs)
		i++;
	return i;
}

struct bio *bio_alloc(gfp_t gfp, unsigned int nr_vecs)
{
	struct bio *bio = NULL;
	unsigned int class;

	if (WARN_ON_ONCE(nr_vecs > BIO_MAX_PAGES))
		return NULL;
	class = bio_class(nr_vecs);
	if (class < LARGEST)
		bio = kmem_cache_alloc(bio_classes[class].cachep,
				       (gfp & ~(__GFP_WAIT | __GFP_IO | __GFP_FS)) | __GFP_NOWARN);
	if (!bio) {
		class = LARGEST;
		bio = mempool_alloc(bio_pool, gfp);
	}
	if (!bio)
		return NULL;
	*bio = (struct bio){ .bi_max_vecs = (unsigned short)bio_classes[class].vecs };
	atomic_set(&bio->bi_cnt, 1);
	return bio;
}

void bio_put(struct bio *bio)
{
	unsigned int class;

	VM_BUG_ON(atomic_read(&bio->bi_cnt) <= 0);
	if (!atomic_dec_and_test(&bio->bi_cnt))
		return;
	class = bio_class(bio->bi_max_vecs);
	if (class == LARGEST)
		mempool_free(bio, bio_pool);
	else
		kmem_cache_free(bio_classes[class].cachep, bio);
}

unsigned int bio_add_page(struct bio *bio, struct page *page, unsigned int len,
			  unsigned int offset)
{
	const struct queue_limits *limits = &bio->bi_part->disk->queue->limits;
	struct bio_vec *last = &bio->bi_io_vec[bio->bi_vcnt - 1];

	VM_BUG_ON(!len || len % SECTOR_SIZE || offset + len > PAGE_SIZE);
	if ((bio->bi_size + len) >> SECTOR_SHIFT > limits->max_sectors)
		return 0;
	if (bio->bi_vcnt && last->bv_page == page && last->bv_offset + last->bv_len == offset) {
		last->bv_len += len;
	} else {
		if (bio->bi_vcnt >= min_t(unsigned int, bio->bi_max_vecs, limits->max_segments))
			return 0;
		bio->bi_io_vec[bio->bi_vcnt++] =
			(struct bio_vec){ .bv_page = page, .bv_len = len, .bv_offset = offset };
	}
	bio->bi_size += len;
	return len;
}

void bio_endio(struct bio *bio, int error)
{
	if (unlikely(bio->bi_bounced))
		blk_bounce_end(bio, error);
	bio->bi_end_io(bio, error);
}

struct bio_wait {
	struct completion done;
	int error;
};

static void end_wait(struct bio *bio, int error)
{
	struct bio_wait *wait = bio->bi_private;

	wait->error = error;
	complete(&wait->done);
}

int submit_bio_wait(unsigned int rw, struct bio *bio)
{
	struct bio_wait wait = { .error = 0 };

	init_completion(&wait.done);
	bio->bi_private = &wait;
	bio->bi_end_io = end_wait;
	submit_bio(rw | REQ_SYNC, bio);
	wait_for_completion(&wait.done);
	return wait.error;
}

int blkdev_issue_flush(struct hd_struct *part)
{
	struct bio *bio;
	int err;

	if (part->disk->read_only)
		return 0;		/* it has acknowledged nothing */
	bio = bio_alloc(GFP_NOIO, 0);
	bio->bi_part = part;
	err = submit_bio_wait(WRITE | REQ_FLUSH, bio);
	bio_put(bio);
	return err;
}

void __init bio_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(bio_classes); i++)
		bio_classes[i].cachep =
			kmem_cache_create(bio_classes[i].name, sizeof(struct bio) +
					  bio_classes[i].vecs * sizeof(struct bio_vec), 0,
					  SLAB_PANIC, NULL);
	bio_pool = mempool_create_slab_pool(BIO_RESERVE, bio_classes[LARGEST].cachep);
	BUG_ON(!bio_pool);
}
