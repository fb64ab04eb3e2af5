/*
 * tests/kernel/block/elevator_test.c - the order in which waiting requests are done.
 */
#include <tests/kernel/block/block_test.h>

#include <kernel/block/blk.h>
#include <lib/random.h>

static struct transfers tr;

static struct testdisk *new_disk(void)
{
	struct testdisk *td = testdisk_create(4096);

	if (td) {
		testdisk_add(td);
		transfers_init(&tr, testdisk_part0(td));
		testdisk_hold(td);
	}
	return td;
}

static void end_disk(struct ktest *t, struct testdisk *td)
{
	KEXPECT_EQ(t, td->wrong, 0u);
	transfers_free(&tr);
	testdisk_destroy(td);
}

/* By sector, from where the last batch ended; reads before writes. */
KTEST(elevator, ascending)
{
	static const sector_t at[] = { 900, 100, 500, 300, 700 };
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		transfer(&tr, WRITE, at[i], 1, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		transfer(&tr, READ, at[i] + 10, 1, 1);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	for (unsigned int i = 0; i < 5; i++) {
		KEXPECT_EQ(t, td->log[i].sector, 110ull + 200 * i);
		KEXPECT_EQ(t, td->log[5 + i].sector, 100ull + 200 * i);
	}
	end_disk(t, td);
}

/* What is past its deadline begins the next batch, wherever it lies. */
KTEST(elevator, deadline)
{
	struct testdisk *td = new_disk();

	KASSERT(t, td);
	td->q->elevator->expire_ms[READ] = 20;
	td->q->elevator->position[READ] = 1000;
	transfer(&tr, READ, 50, 1, 1);
	msleep(50);
	transfer(&tr, READ, 2000, 1, 1);
	transfer(&tr, READ, 60, 1, 1);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->log[0].sector, 50ull);
	KEXPECT_EQ(t, td->log[1].sector, 60ull);
	end_disk(t, td);
}

/* A request that grows up to an older one takes over its age, and its place among the others. */
KTEST(elevator, merged_age)
{
	struct testdisk *td = new_disk();
	struct request *rq;

	KASSERT(t, td);
	transfer(&tr, WRITE, 108, 4, 1);
	msleep(20);
	transfer(&tr, WRITE, 500, 4, 1);
	transfer(&tr, WRITE, 100, 4, 1);
	transfer(&tr, WRITE, 104, 4, 1);
	KEXPECT_EQ(t, td->q->nr_requests[WRITE], 2u);
	KEXPECT_EQ(t, elv_check(td->q->elevator), 0);
	spin_lock_irq(&td->q->queue_lock);
	rq = list_first_entry(&td->q->elevator->fifo_list[WRITE], struct request, queuelist);
	KEXPECT_EQ(t, rq->sector, 100ull);
	KEXPECT_EQ(t, rq->nr_sectors, 12u);
	spin_unlock_irq(&td->q->queue_lock);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	end_disk(t, td);
}

/* However many reads there are, a write waits for writes_starved batches of them, and no more. */
KTEST(elevator, starvation_limit)
{
	struct testdisk *td = new_disk();
	unsigned int first = 0;

	KASSERT(t, td);
	transfer(&tr, WRITE, 0, 1, 1);
	for (unsigned int i = 0; i < 100; i++)
		transfer(&tr, READ, 10 + 2 * i, 1, 1);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	while (!(td->log[first].flags & WRITE))
		first++;
	KEXPECT_EQ(t, first, 2u * 16);
	end_disk(t, td);
}

/* A driver that gives a request back gets it again before all others. */
KTEST(elevator, requeue)
{
	struct testdisk *td = new_disk();
	struct request *rq;

	KASSERT(t, td);
	transfer(&tr, READ, 100, 1, 1);
	transfer(&tr, READ, 200, 1, 1);
	spin_lock_irq(&td->q->queue_lock);
	rq = blk_fetch_request(td->q);
	KEXPECT_EQ(t, rq->sector, 100ull);
	blk_requeue_request(td->q, rq);
	KEXPECT_EQ(t, td->q->in_flight, 0u);
	spin_unlock_irq(&td->q->queue_lock);
	transfer(&tr, READ, 101, 1, 1);
	transfer(&tr, READ, 0, 1, 1);
	testdisk_release(td);
	KEXPECT_TRANSFERS(t, &tr);
	KEXPECT_EQ(t, td->nr_ops, 4u);
	KEXPECT_EQ(t, td->log[0].sector, 100ull);
	end_disk(t, td);
}

/* Whatever is submitted in whatever order: tree, ages and bios agree, and each ends once. */
KTEST(elevator, random)
{
	struct rnd_state rnd;

	prandom_seed(&rnd, ktest_seed(5));
	for (unsigned int round = 0; round < 8; round++) {
		struct testdisk *td = new_disk();

		KASSERT(t, td);
		for (unsigned int i = 0; i < 100; i++) {
			sector_t sector = prandom_below(&rnd, 40) * 4;

			transfer(&tr, prandom_below(&rnd, 2) ? WRITE : READ, sector,
				 1 + prandom_below(&rnd, 4), 1);
			if (i % 10 == 0)
				KEXPECT_EQ(t, elv_check(td->q->elevator), 0);
		}
		testdisk_release(td);
		KEXPECT_TRANSFERS(t, &tr);
		end_disk(t, td);
	}
}
