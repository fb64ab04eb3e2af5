/*
 * tests/kernel/mm/cache/swapfile_test.c - slots of swap areas: which is next, who holds it, where it lies.
 *
 * Areas without a disk behind them, of a priority above any that the machine may have.
 */
#include <kernel/core/ktest.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/cache/swapfile.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

#define TOP_PRIO	32000

/* Slots 1 .. @max - 1, of which none is in use. => NULL: no memory */
static struct swap_info_struct *area(unsigned long max, int prio)
{
	struct swap_info_struct *si = swap_area_get();

	if (si && !swap_area_tables(si, max)) {
		swap_area_on(si, prio);
		return si;
	}
	if (si)
		swap_area_put(si);
	return NULL;
}

static void give_back(struct swap_info_struct *si)
{
	swap_area_off(si);
	swap_area_put(si);
}

static swp_entry_t slot_of(const struct swap_info_struct *si, unsigned long slot)
{
	return swp_entry(si->type, slot);
}

/* Each slot is given out once, in order; then none is; the counters say so. */
KTEST(swapfile, each_slot_once)
{
	unsigned long total = total_swap_pages, free = nr_swap_pages, i;
	struct swap_info_struct *si = area(1000, TOP_PRIO);

	KASSERT(t, si);
	KEXPECT_EQ(t, total_swap_pages, total + 999);
	KEXPECT_EQ(t, nr_swap_pages, free + 999);
	for (i = 1; i < 1000; i++)
		KEXPECT_EQ(t, get_swap_page().val, slot_of(si, i).val);
	KEXPECT_EQ(t, nr_swap_pages, free);
	KEXPECT_EQ(t, si->inuse_pages, 999ul);
	if (!free)
		KEXPECT_EQ(t, get_swap_page().val, 0ul);
	KEXPECT_EQ(t, swap_check(), 0);
	/* The one that is free again is the next. */
	swap_free(slot_of(si, 700));
	KEXPECT_EQ(t, get_swap_page().val, slot_of(si, 700).val);
	for (i = 1; i < 1000; i++)
		swap_free(slot_of(si, i));
	KEXPECT_EQ(t, nr_swap_pages, free + 999);
	give_back(si);
	KEXPECT_EQ(t, total_swap_pages, total);
	KEXPECT_EQ(t, nr_swap_pages, free);
}

/* What comes after a full cluster is an empty one, if there is one; else any with room. */
KTEST(swapfile, clusters)
{
	struct swap_info_struct *si = area(4 * SWAPFILE_CLUSTER, TOP_PRIO);
	unsigned long i;

	KASSERT(t, si);
	for (i = 1; i < 2 * SWAPFILE_CLUSTER; i++)
		get_swap_page();
	/* A hole in the first cluster; the third is empty: it is filled from its start. */
	swap_free(slot_of(si, 5));
	for (i = 2 * SWAPFILE_CLUSTER; i < 3 * SWAPFILE_CLUSTER; i++)
		KEXPECT_EQ(t, get_swap_page().val, slot_of(si, i).val);
	KEXPECT_EQ(t, get_swap_page().val, slot_of(si, 3 * SWAPFILE_CLUSTER).val);
	/* The second has become empty, the fourth goes on; then the second; the hole is the last. */
	for (i = SWAPFILE_CLUSTER; i < 2 * SWAPFILE_CLUSTER; i++)
		swap_free(slot_of(si, i));
	for (i = 3 * SWAPFILE_CLUSTER + 1; i < 4 * SWAPFILE_CLUSTER; i++)
		KEXPECT_EQ(t, get_swap_page().val, slot_of(si, i).val);
	for (i = SWAPFILE_CLUSTER; i < 2 * SWAPFILE_CLUSTER; i++)
		KEXPECT_EQ(t, get_swap_page().val, slot_of(si, i).val);
	KEXPECT_EQ(t, get_swap_page().val, slot_of(si, 5).val);
	KEXPECT_EQ(t, swap_check(), 0);
	for (i = 1; i < 4 * SWAPFILE_CLUSTER; i++)
		swap_free(slot_of(si, i));
	give_back(si);
}

/* The highest priority first; equal ones take turns; who gave none comes after all others. */
KTEST(swapfile, priorities)
{
	struct swap_info_struct *low = area(4, TOP_PRIO), *a = area(4, TOP_PRIO + 1);
	struct swap_info_struct *b = area(4, TOP_PRIO + 1), *none = area(4, -1), *last = area(4, -1);
	struct swap_info_struct *order[] = { a, b, a, b, a, b, low, low, low };
	swp_entry_t got[ARRAY_SIZE(order)];
	unsigned int i;
	int none_prio;

	KASSERT(t, low && a && b && none && last);
	none_prio = none->prio;
	KEXPECT(t, none_prio < -1 && last->prio == none_prio - 1);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		got[i] = get_swap_page();
		KEXPECT_EQ(t, swp_type(got[i]), order[i]->type);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++)
		swap_free(got[i]);
	give_back(a);
	got[0] = get_swap_page();
	KEXPECT_EQ(t, swp_type(got[0]), b->type);
	swap_free(got[0]);
	give_back(b);
	give_back(low);
	give_back(none);
	KEXPECT_EQ(t, last->prio, none_prio);
	give_back(last);
}

/* swap_map counts holders; an entry that nobody holds cannot be duplicated, nor a bad one. */
KTEST(swapfile, holders)
{
	struct swap_info_struct *si;
	swp_entry_t entry, free, stranger = { 0 };
	unsigned int i;

	si = area(16, TOP_PRIO);
	KASSERT(t, si);
	entry = get_swap_page();
	free = slot_of(si, swp_offset(entry) + 1);
	KEXPECT_EQ(t, swap_entry_users(entry), 0);
	KEXPECT_EQ(t, swap_duplicate(entry), 0);
	KEXPECT_EQ(t, swap_duplicate(entry), 0);
	KEXPECT_EQ(t, swap_entry_users(entry), 2);
	KEXPECT_EQ(t, swap_duplicate(free), -EINVAL);
	KEXPECT_EQ(t, swap_duplicate(slot_of(si, 0)), -EINVAL);
	KEXPECT_EQ(t, swap_duplicate(slot_of(si, 16)), -EINVAL);
	KEXPECT_EQ(t, swap_duplicate(stranger), -EINVAL);
	KEXPECT(t, !free_swap_and_cache(free));
	for (i = 0; i < 3; i++)
		swap_free(entry);
	KEXPECT_EQ(t, swap_duplicate(entry), -EINVAL);
	/* As many as the map can count, and no more. */
	entry = get_swap_page();
	for (i = 1; i < SWAP_MAP_MAX; i++)
		if (swap_duplicate(entry))
			break;
	KEXPECT_EQ(t, i, SWAP_MAP_MAX);
	KEXPECT_EQ(t, swap_duplicate(entry), -ENOMEM);
	while (i--)
		swap_free(entry);
	KEXPECT_EQ(t, si->inuse_pages, 0ul);
	give_back(si);
}

/* A slot whose last write failed is bad when its holders are gone; one that was written later is not. */
KTEST(swapfile, failed_slots)
{
	struct swap_info_struct *si = area(4, TOP_PRIO);
	unsigned long total = total_swap_pages;
	swp_entry_t a, b, c;

	KASSERT(t, si);
	a = get_swap_page();
	b = get_swap_page();
	swap_write_ended(a, -EIO);
	swap_write_ended(b, -EIO);
	swap_write_ended(b, 0);
	swap_free(a);
	KEXPECT_EQ(t, total_swap_pages, total - 1);
	KEXPECT_EQ(t, si->pages, 2ul);
	swap_free(b);
	KEXPECT_EQ(t, swap_duplicate(a), -EINVAL);
	KEXPECT_EQ(t, swap_check(), 0);
	b = get_swap_page();
	c = get_swap_page();
	KEXPECT(t, b.val != a.val && c.val != a.val);
	KEXPECT_EQ(t, si->inuse_pages, si->pages);
	swap_free(b);
	swap_free(c);
	give_back(si);
	KEXPECT_EQ(t, total_swap_pages, total - 3);
}

/* An area that is going gives nothing out, and counts nothing as free; it can come back. */
KTEST(swapfile, off_and_resumed)
{
	unsigned long total = total_swap_pages, free = nr_swap_pages;
	struct swap_info_struct *si = area(8, TOP_PRIO);
	swp_entry_t a, b, c;

	KASSERT(t, si);
	a = get_swap_page();
	b = get_swap_page();
	swap_area_off(si);
	KEXPECT_EQ(t, total_swap_pages, total);
	KEXPECT_EQ(t, nr_swap_pages, free);
	swap_free(a);
	KEXPECT_EQ(t, nr_swap_pages, free);
	c = get_swap_page();
	KEXPECT(t, !c.val || swp_type(c) != si->type);
	if (c.val)
		swap_free(c);
	swap_area_resume(si);
	KEXPECT_EQ(t, total_swap_pages, total + 7);
	KEXPECT_EQ(t, nr_swap_pages, free + 6);
	KEXPECT_EQ(t, swap_check(), 0);
	swap_free(b);
	give_back(si);
}

/* 32 areas and no more; each is found again by its type. */
KTEST(swapfile, many_areas)
{
	struct swap_info_struct *si[MAX_SWAPFILES];
	unsigned int n = 0, i;

	while (n < MAX_SWAPFILES && (si[n] = area(3, TOP_PRIO)))
		n++;
	KEXPECT(t, n >= MAX_SWAPFILES - 1);
	if (n == MAX_SWAPFILES)
		KEXPECT(t, !swap_area_get());
	for (i = 0; i < 2 * n; i++) {
		swp_entry_t entry = get_swap_page();

		KEXPECT(t, &swap_info[swp_type(entry)] == si[i % n]);
	}
	while (n--) {
		swap_free(slot_of(si[n], 1));
		swap_free(slot_of(si[n], 2));
		give_back(si[n]);
	}
}

/* Which sector a slot is at, for an area in pieces. */
KTEST(swapfile, pieces)
{
	static const struct swap_extent pieces[] = {
		{ 0, 3, 800 }, { 3, 1, 16 }, { 4, 10, 2000 }, { 15, 1, 8 }, { 16, 84, 5000 },
	};
	struct swap_info_struct *si = area(100, TOP_PRIO);
	struct block_device *bdev, *me = (struct block_device *)&pieces;
	unsigned int i;

	KASSERT(t, si);
	si->extents = vmalloc(sizeof(pieces));
	KASSERT(t, si->extents);
	memcpy(si->extents, pieces, sizeof(pieces));
	si->nr_extents = ARRAY_SIZE(pieces);
	si->bdev = me;
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		unsigned long last = pieces[i].start_page + pieces[i].nr_pages - 1;

		KEXPECT_EQ(t, map_swap_entry(slot_of(si, pieces[i].start_page), &bdev),
			   pieces[i].start_sector);
		KEXPECT_EQ(t, map_swap_entry(slot_of(si, last), &bdev),
			   pieces[i].start_sector + 8 * (pieces[i].nr_pages - 1));
		KEXPECT(t, bdev == me);
	}
	give_back(si);
}

/* 100,000 steps at random against a model that counts by itself. */
KTEST(swapfile, random_steps)
{
	static unsigned char model[700];
	struct swap_info_struct *si = area(ARRAY_SIZE(model), TOP_PRIO);
	struct rnd_state rnd;
	unsigned int step, slot, held = 0;
	swp_entry_t entry;

	KASSERT(t, si);
	memset(model, 0, sizeof(model));
	prandom_seed(&rnd, ktest_seed(6));
	for (step = 0; step < 100000; step++) {
		/* Phases in which it fills and empties. */
		unsigned int wish = prandom_below(&rnd, 16);

		slot = 1 + prandom_below(&rnd, ARRAY_SIZE(model) - 1);
		if (wish < (step / 3000 % 2 ? 10 : 4) && held < ARRAY_SIZE(model) - 1) {
			entry = get_swap_page();
			KASSERT(t, swp_type(entry) == si->type && !model[swp_offset(entry)]);
			model[swp_offset(entry)] = 1;
			held++;
		} else if (model[slot] && wish == 15 && model[slot] < 200) {
			KEXPECT_EQ(t, swap_duplicate(slot_of(si, slot)), 0);
			model[slot]++;
		} else if (model[slot]) {
			swap_free(slot_of(si, slot));
			held -= !--model[slot];
		}
		if (step % 5000 == 0)
			KEXPECT_EQ(t, swap_check(), 0);
		KASSERT(t, si->inuse_pages == held);
	}
	for (slot = 1; slot < ARRAY_SIZE(model); slot++)
		while (model[slot] && model[slot]--)
			swap_free(slot_of(si, slot));
	give_back(si);
}
