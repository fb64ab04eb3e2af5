/*
 * kernel/block/elevator.c - which of the waiting requests is next.
 *
 * Theory.  Going through the sectors in one direction, as an elevator goes through the floors, moves
 * the heads of a disk least.  But who always takes the nearest may never come back to the far
 * ones, and a stream of writes that nobody waits for may keep away the one read that somebody does.
 * So this elevator has deadlines (Linux's "deadline"):
 *
 *	sort_list[dir]	requests by sector: a red-black tree for reads, one for writes
 *	fifo_list[dir]	the same by age; each has a deadline, soon for reads, late for writes
 *	dispatch	what has no place among them: flushes, and what the driver gave back
 *
 * Requests are taken in batches of ascending sectors, all of one direction.  After fifo_batch of
 * them, or when there is none further up or nothing at all, it is decided anew: reads go first, but after writes have
 * been passed over writes_starved times it is their turn.  A batch begins where the last one of its
 * direction ended, unless the oldest request of the direction is past its deadline: then with that.
 * So a request waits, after its deadline, for the older ones past theirs, of each a batch, and
 * for batches of the other direction; nothing waits for ever.
 *
 * A flush may be done at any time between its submission and its end: it is about what the disk has
 * acknowledged before it was submitted.  It is next.
 *
 * The tree also finds what a bio can join: its predecessor by sector, which ends where the bio
 * begins, and its successor, which begins where it ends.
 *
 * Locking: queue_lock.
 */
#include <kernel/block/blk.h>

#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>

static unsigned long expire_of(const struct elevator *e, unsigned int dir)
{
	return msecs_to_jiffies(e->expire_ms[dir]);
}

struct elevator *elevator_init(void)
{
	struct elevator *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return NULL;
	for (unsigned int dir = READ; dir <= WRITE; dir++) {
		e->sort_list[dir] = RB_ROOT;
		INIT_LIST_HEAD(&e->fifo_list[dir]);
	}
	INIT_LIST_HEAD(&e->dispatch);
	e->expire_ms[READ] = 500;
	e->expire_ms[WRITE] = 5000;
	e->writes_starved = 2;
	e->fifo_batch = 16;
	return e;
}

void elevator_exit(struct elevator *e)
{
	BUG_ON(!elv_empty(e));
	kfree(e);
}

bool elv_empty(const struct elevator *e)
{
	return list_empty(&e->dispatch) && list_empty(&e->fifo_list[READ]) &&
	       list_empty(&e->fifo_list[WRITE]);
}

/* ---- the trees ------------------------------------------------------------------------------- */

static struct request *rb_rq(struct rb_node *node)
{
	return rb_entry_safe(node, struct request, rb_node);
}

static void tree_insert(struct elevator *e, struct request *rq)
{
	struct rb_root *root = &e->sort_list[rq_is_write(rq)];
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = rq->sector < rb_rq(parent)->sector ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&rq->rb_node, parent, link);
	rb_insert_color(&rq->rb_node, root);
}

static void tree_erase(struct elevator *e, struct request *rq)
{
	rb_erase(&rq->rb_node, &e->sort_list[rq_is_write(rq)]);
	RB_CLEAR_NODE(&rq->rb_node);
}

/* The first request of @dir at or above @sector. => NULL: none */
static struct request *tree_from(const struct elevator *e, unsigned int dir, sector_t sector)
{
	struct rb_node *node = e->sort_list[dir].rb_node;
	struct request *found = NULL;

	while (node) {
		struct request *rq = rb_rq(node);

		if (rq->sector >= sector) {
			found = rq;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

struct request *elv_former(struct request *rq)
{
	return rb_rq(rb_prev(&rq->rb_node));
}

struct request *elv_latter(struct request *rq)
{
	return rb_rq(rb_next(&rq->rb_node));
}

enum elv_merge elv_find_merge(struct elevator *e, const struct bio *bio, struct request **found)
{
	unsigned int dir = bio->bi_rw & WRITE;
	struct request *above = tree_from(e, dir, bio->bi_sector);
	struct request *below = above ? elv_former(above) : rb_rq(rb_last(&e->sort_list[dir]));

	if (below && below->sector + below->nr_sectors == bio->bi_sector) {
		*found = below;
		return ELEVATOR_BACK_MERGE;
	}
	if (above && bio->bi_sector + bio_sectors(bio) == above->sector) {
		*found = above;
		return ELEVATOR_FRONT_MERGE;
	}
	return ELEVATOR_NO_MERGE;
}

/* ---- coming and going ------------------------------------------------------------------------ */

void elv_add(struct elevator *e, struct request *rq)
{
	unsigned int dir = rq_is_write(rq);

	RB_CLEAR_NODE(&rq->rb_node);
	if (rq->cmd_flags & REQ_FLUSH) {
		list_add_tail(&rq->queuelist, &e->dispatch);
		return;
	}
	rq->deadline = jiffies + expire_of(e, dir);
	list_add_tail(&rq->queuelist, &e->fifo_list[dir]);
	tree_insert(e, rq);
}

void elv_requeue(struct elevator *e, struct request *rq)
{
	list_add(&rq->queuelist, &e->dispatch);
}

void elv_moved(struct elevator *e, struct request *rq)
{
	tree_erase(e, rq);
	tree_insert(e, rq);
}

void elv_merged(struct elevator *e, struct request *rq, struct request *next)
{
	if (time_before(next->deadline, rq->deadline)) {
		rq->deadline = next->deadline;
		list_move(&rq->queuelist, &next->queuelist);
	}
	list_del(&next->queuelist);
	tree_erase(e, next);
}

struct request *elv_flush(struct elevator *e)
{
	struct request *rq;

	if (list_empty(&e->dispatch))
		return NULL;
	rq = list_last_entry(&e->dispatch, struct request, queuelist);
	return rq->cmd_flags & REQ_FLUSH ? rq : NULL;
}

/* ---- the choice ------------------------------------------------------------------------------ */

static struct request *oldest(const struct elevator *e, unsigned int dir)
{
	return list_first_entry_or_null(&e->fifo_list[dir], struct request, queuelist);
}

/* Which direction the next batch has. => something waits in one of them */
static unsigned int choose_direction(struct elevator *e)
{
	bool reads = !list_empty(&e->fifo_list[READ]), writes = !list_empty(&e->fifo_list[WRITE]);

	if (reads && !(writes && e->starved >= e->writes_starved)) {
		e->starved += writes;
		return READ;
	}
	e->starved = 0;
	return WRITE;
}

/* The first of a new batch of e->dir. */
static struct request *start_batch(struct elevator *e)
{
	struct request *first = oldest(e, e->dir), *rq;

	e->batching = 0;
	if (time_after_eq(jiffies, first->deadline))
		return first;
	rq = tree_from(e, e->dir, e->position[e->dir]);
	return rq ? rq : first;
}

struct request *elv_next(struct elevator *e)
{
	struct request *rq = NULL;

	if (!list_empty(&e->dispatch)) {
		rq = list_first_entry(&e->dispatch, struct request, queuelist);
		list_del_init(&rq->queuelist);
		return rq;
	}
	if (elv_empty(e)) {
		e->batching = 0;
		return NULL;
	}
	if (e->batching && e->batching < e->fifo_batch)
		rq = tree_from(e, e->dir, e->position[e->dir]);
	if (!rq) {
		e->dir = choose_direction(e);
		rq = start_batch(e);
	}
	e->batching++;
	e->position[e->dir] = rq->sector + rq->nr_sectors;
	list_del_init(&rq->queuelist);
	tree_erase(e, rq);
	return rq;
}

/* ---- the checker ----------------------------------------------------------------------------- */

static int check_direction(struct elevator *e, unsigned int dir)
{
	unsigned int in_fifo = 0, in_tree = 0;
	struct request *rq, *last = NULL;
	int errors = 0;

	list_for_each_entry(rq, &e->fifo_list[dir], queuelist) {
		in_fifo++;
		errors += rq_is_write(rq) != dir || (last && time_before(rq->deadline, last->deadline));
		last = rq;
	}
	last = NULL;
	for (rq = rb_rq(rb_first(&e->sort_list[dir])); rq; rq = elv_latter(rq)) {
		unsigned int sectors = 0;

		in_tree++;
		errors += last && rq->sector < last->sector;
		for (struct bio *bio = rq->bio; bio; bio = bio->bi_next) {
			errors += bio->bi_sector != rq->sector + sectors;
			sectors += bio_sectors(bio);
			errors += !bio->bi_next && bio != rq->biotail;
		}
		errors += sectors != rq->nr_sectors;
		last = rq;
	}
	errors += rb_check(&e->sort_list[dir]) < 0 || in_fifo != in_tree;
	if (errors)
		pr_err("elevator: %d errors, %u by age, %u by sector\n", errors, in_fifo, in_tree);
	return errors;
}

int elv_check(struct elevator *e)
{
	return check_direction(e, READ) + check_direction(e, WRITE) ? -1 : 0;
}
