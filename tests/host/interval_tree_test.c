/* host-test: lib/interval_tree.c lib/rbtree.c lib/random.c */
/*
 * tests/host/interval_tree_test.c - interval trees against a list that is walked from end to end.
 */
#include <tests/host/host.h>
#include <lib/interval_tree.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define NR_ITEMS	300
#define NR_OPERATIONS	60000
#define SPAN		1000

struct item {
	struct interval_tree_node node;
	bool in_tree;
};

static struct item items[NR_ITEMS];

static bool touches(const struct item *item, unsigned long start, unsigned long last)
{
	return item->in_tree && item->node.start <= last && item->node.last >= start;
}

/* Each that touches is found once, in order, and no other. */
static void query(const struct rb_root *root, unsigned long start, unsigned long last)
{
	struct interval_tree_node *node;
	unsigned long before = 0;
	int expected = 0, found = 0, i;

	for (i = 0; i < NR_ITEMS; i++)
		expected += touches(&items[i], start, last);
	interval_tree_foreach(node, root, start, last) {
		CHECK(touches(container_of(node, struct item, node), start, last));
		CHECK(node->start >= before);
		before = node->start;
		found++;
	}
	CHECK_EQ(found, expected);
}

static struct item *same_interval(const struct item *item)
{
	for (int i = 0; i < NR_ITEMS; i++)
		if (items[i].in_tree && items[i].node.start == item->node.start)
			return &items[i];
	return NULL;
}

/* 60,000 seeded random insertions, removals and changes; searches for points, ranges and all. */
HOST_TEST(random_operations)
{
	struct rb_root root = RB_ROOT;
	struct rnd_state rnd;
	int i, nr = 0;

	prandom_seed(&rnd, 6);
	for (i = 0; i < NR_OPERATIONS; i++) {
		struct item *item = &items[prandom_below(&rnd, NR_ITEMS)], *twin;
		unsigned long start, last;

		if (item->in_tree && i % 3 == 0) {
			start = i % 2 ? item->node.start : prandom_below(&rnd, SPAN);
			interval_tree_change(&item->node, &root, start,
					     start + prandom_below(&rnd, i % 5 ? 5 : SPAN));
		} else if (item->in_tree) {
			interval_tree_remove(&item->node, &root);
			item->in_tree = false;
			nr--;
		} else {
			item->node.start = prandom_below(&rnd, SPAN);
			item->node.last = item->node.start + prandom_below(&rnd, i % 7 ? 5 : SPAN);
			twin = same_interval(item);
			if (twin && i % 2) {
				interval_tree_insert_after(&item->node, &twin->node);
			} else {
				interval_tree_insert(&item->node, &root);
			}
			item->in_tree = true;
			nr++;
		}
		if (i % 10)
			continue;
		CHECK_EQ(interval_tree_check(&root), nr);
		start = prandom_below(&rnd, SPAN);
		last = start + (i % 20 ? 0 : prandom_below(&rnd, SPAN));
		query(&root, start, last);
		query(&root, 0, ~0UL);
	}
}

/* 2^13 intervals of which one reaches far: a search steps by log n nodes, not by all. */
HOST_TEST(long_one_among_short)
{
	static struct interval_tree_node many[1 << 13];
	struct rb_root root = RB_ROOT;
	struct interval_tree_node *node;
	unsigned long i;
	int found = 0;

	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i].start = i;
		many[i].last = i == 7 ? ~0UL : i;
		interval_tree_insert(&many[i], &root);
	}
	interval_tree_foreach(node, &root, 1UL << 20, ~0UL) {
		CHECK(node == &many[7]);
		found++;
	}
	CHECK_EQ(found, 1);
	CHECK_EQ(interval_tree_check(&root), (int)ARRAY_SIZE(many));
	many[4096].last++;
	CHECK_EQ(interval_tree_check(&root), -1);
	many[4096].last--;
}

/* A thousand of one interval: one node in the tree, whoever goes first. */
HOST_TEST(many_alike)
{
	static struct interval_tree_node many[1000];
	struct interval_tree_node other = { .start = 0, .last = 50 }, *node;
	struct rb_root root = RB_ROOT;
	int i, found = 0;

	interval_tree_insert(&other, &root);
	for (i = 0; i < 1000; i++) {
		many[i].start = 3;
		many[i].last = 7;
		if (i % 2)
			interval_tree_insert_after(&many[i], &many[i / 2]);
		else
			interval_tree_insert(&many[i], &root);
	}
	CHECK_EQ(interval_tree_check(&root), 1001);
	CHECK(!other.rb.rb_left && other.rb.rb_right && !other.rb.rb_right->rb_left &&
	      !other.rb.rb_right->rb_right);
	interval_tree_foreach(node, &root, 7, 7)
		found++;
	CHECK_EQ(found, 1001);
	for (i = 0; i < 1000; i++) {
		CHECK(interval_tree_contains(&root, &many[i]));
		interval_tree_remove(&many[i], &root);
		CHECK_EQ(interval_tree_check(&root), 1000 - i);
	}
}

HOST_MAIN(random_operations, long_one_among_short, many_alike)
