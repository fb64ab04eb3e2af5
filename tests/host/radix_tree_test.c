/* host-test: lib/radix-tree.c lib/bitmap.c lib/string.c lib/random.c */
/*
 * tests/host/radix_tree_test.c - the radix tree against a table of all its items.
 */
#include <tests/host/host.h>
#include <lib/radix-tree.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define NR_INDICES	400
#define NR_OPERATIONS	100000
#define MAX_GANG	24

/* The model: some indices, ascending, and what is stored at each. */
struct entry {
	unsigned long index;
	bool present;
	bool tag[RADIX_TREE_MAX_TAGS];
};

static struct entry model[NR_INDICES];
static long nr_nodes;			/* allocated and not freed */
static long fail_after = -1;		/* allocations until one fails; -1: never */

static void *test_alloc(unsigned int gfp_mask)
{
	void *node;

	CHECK_EQ(gfp_mask, 0x20);
	if (fail_after == 0)
		return NULL;
	if (fail_after > 0)
		fail_after--;
	node = malloc(sizeof(struct radix_tree_node));
	memset(node, 0xa5, sizeof(struct radix_tree_node));
	nr_nodes++;
	return node;
}

static void test_free(void *node)
{
	nr_nodes--;
	free(node);
}

static int by_index(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/* Indices near 0, near powers of 64, near the last one, and anywhere. */
static unsigned long random_index(struct rnd_state *rnd)
{
	unsigned long near = prandom_below(rnd, 100);

	switch (prandom_below(rnd, 5)) {
	case 0:
		return near;
	case 1:
		return (1UL << 6 * prandom_below(rnd, RADIX_TREE_MAX_PATH)) + near;
	case 2:
		return ~0UL - near;
	case 3:
		return prandom_below(rnd, 100000);
	default:
		return (unsigned long)((u64)prandom_u32(rnd) << 32 | prandom_u32(rnd));
	}
}

static void setup(struct rnd_state *rnd, struct radix_tree_root *root, u64 seed)
{
	radix_tree_set_allocator(test_alloc, test_free);
	INIT_RADIX_TREE(root, 0x20);
	nr_nodes = 0;
	fail_after = -1;
	prandom_seed(rnd, seed);
	memset(model, 0, sizeof(model));
	for (int i = 0; i < NR_INDICES; ) {
		int same = 0;

		model[i].index = random_index(rnd);
		while (model[same].index != model[i].index)
			same++;
		i += same == i;
	}
	qsort(model, NR_INDICES, sizeof(model[0]), by_index);
}

static void teardown(struct radix_tree_root *root)
{
	for (int i = 0; i < NR_INDICES; i++)
		radix_tree_delete(root, model[i].index);
	CHECK(radix_tree_empty(root));
	CHECK_EQ(root->height, 0);
	CHECK_EQ(nr_nodes, 0);
}

/* A gang lookup from a random start, with or without a tag, gives the model's items in order. */
static void compare_gang(const struct radix_tree_root *root, struct rnd_state *rnd)
{
	unsigned int tag = prandom_below(rnd, RADIX_TREE_MAX_TAGS + 1);
	unsigned int want = 1 + prandom_below(rnd, MAX_GANG), nr, seen = 0;
	unsigned long first = model[prandom_below(rnd, NR_INDICES)].index +
			      prandom_below(rnd, 3) - 1;
	void *results[MAX_GANG];

	nr = tag == RADIX_TREE_MAX_TAGS
		? radix_tree_gang_lookup(root, results, first, want)
		: radix_tree_gang_lookup_tag(root, results, first, want, tag);
	for (int i = 0; i < NR_INDICES && seen < want; i++) {
		if (model[i].index < first || !model[i].present)
			continue;
		if (tag != RADIX_TREE_MAX_TAGS && !model[i].tag[tag])
			continue;
		CHECK(seen < nr && results[seen] == &model[i]);
		seen++;
	}
	CHECK_EQ(nr, seen);
}

/* Item by item from a random start on, with their indices. */
static void compare_next(const struct radix_tree_root *root, struct rnd_state *rnd)
{
	int i = (int)prandom_below(rnd, NR_INDICES), steps = MAX_GANG;
	unsigned long index = model[i].index;

	for (; i < NR_INDICES && steps; i++) {
		if (!model[i].present)
			continue;
		CHECK(radix_tree_next(root, &index) == &model[i]);
		CHECK_EQ(index, model[i].index);
		index++;
		steps--;
	}
	if (i == NR_INDICES && index)
		CHECK(!radix_tree_next(root, &index));
}

static void compare_entry(const struct radix_tree_root *root, struct entry *e)
{
	void **slot = radix_tree_lookup_slot(root, e->index);

	CHECK(radix_tree_lookup(root, e->index) == (e->present ? e : NULL));
	CHECK(e->present ? slot && *slot == e : !slot);
	for (unsigned int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
		CHECK_EQ(radix_tree_tag_get(root, e->index, tag), e->present && e->tag[tag]);
}

static void compare_tagged(const struct radix_tree_root *root)
{
	for (unsigned int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++) {
		bool any = false;

		for (int i = 0; i < NR_INDICES; i++)
			any |= model[i].present && model[i].tag[tag];
		CHECK_EQ(radix_tree_tagged(root, tag), any);
	}
}

static void random_step(struct radix_tree_root *root, struct rnd_state *rnd, bool growing)
{
	struct entry *e = &model[prandom_below(rnd, NR_INDICES)];
	unsigned int tag = prandom_below(rnd, RADIX_TREE_MAX_TAGS);
	void *there = e->present ? e : NULL;

	switch (prandom_below(rnd, 8)) {
	case 0 ... 2:
		if (!growing)
			break;
		CHECK_EQ(radix_tree_insert(root, e->index, e), e->present ? -EEXIST : 0);
		e->present = true;
		break;
	case 3 ... 4:
		if (growing && prandom_below(rnd, 4))
			break;
		CHECK(radix_tree_delete(root, e->index) == there);
		memset(e->tag, 0, sizeof(e->tag));
		e->present = false;
		break;
	case 5 ... 6:
		CHECK(radix_tree_tag_set(root, e->index, tag) == there);
		e->tag[tag] |= e->present;
		break;
	default:
		CHECK(radix_tree_tag_clear(root, e->index, tag) == there);
		e->tag[tag] = false;
	}
	compare_entry(root, e);
}

/* 100,000 random insertions, deletions and tag changes agree with the model. */
HOST_TEST(random_operations)
{
	struct radix_tree_root root;
	struct rnd_state rnd;

	setup(&rnd, &root, 2);
	for (int i = 0; i < NR_OPERATIONS; i++) {
		random_step(&root, &rnd, (i / 4000) % 2 == 0);
		if (i % 4 == 0) {
			compare_gang(&root, &rnd);
			compare_next(&root, &rnd);
		}
		if (i % 32 == 0) {
			compare_tagged(&root);
			CHECK(radix_tree_check(&root));
		}
	}
	for (int i = 0; i < NR_INDICES; i++)
		compare_entry(&root, &model[i]);
	teardown(&root);
}

/* When any allocation of an insertion fails, the tree and the node count stay as they were. */
HOST_TEST(insert_without_memory)
{
	struct radix_tree_root root;
	struct rnd_state rnd;

	setup(&rnd, &root, 3);
	for (int i = 0; i < NR_INDICES; i++) {
		struct entry *e = &model[prandom_below(&rnd, NR_INDICES)];
		unsigned int height = root.height;
		long nodes = nr_nodes;
		int err;

		fail_after = prandom_below(&rnd, RADIX_TREE_MAX_PATH);
		err = radix_tree_insert(&root, e->index, e);
		fail_after = -1;
		if (err == -ENOMEM) {
			CHECK_EQ(nr_nodes, nodes);
			CHECK_EQ(root.height, height);
			CHECK(!radix_tree_lookup(&root, e->index));
		} else {
			CHECK_EQ(err, e->present ? -EEXIST : 0);
			e->present = true;
		}
		CHECK(radix_tree_check(&root));
	}
	for (int i = 0; i < NR_INDICES; i++)
		compare_entry(&root, &model[i]);
	teardown(&root);
}

/* The tree is as high as its largest index needs, and no node is kept that nobody needs. */
HOST_TEST(height_follows_largest_index)
{
	struct radix_tree_root root;
	struct rnd_state rnd;
	int item;

	setup(&rnd, &root, 4);
	CHECK_EQ(radix_tree_insert(&root, 0, &item), 0);
	CHECK_EQ(root.height, 1);
	CHECK_EQ(nr_nodes, 1);
	CHECK_EQ(radix_tree_insert(&root, 63, &item), 0);
	CHECK_EQ(nr_nodes, 1);
	CHECK_EQ(radix_tree_insert(&root, 64, &item), 0);
	CHECK_EQ(root.height, 2);
	CHECK_EQ(nr_nodes, 3);
	CHECK_EQ(radix_tree_insert(&root, ~0UL, &item), 0);
	CHECK_EQ(root.height, RADIX_TREE_MAX_PATH);
	CHECK(radix_tree_lookup(&root, ~0UL) == &item);

	CHECK(radix_tree_delete(&root, ~0UL) == &item);
	CHECK_EQ(root.height, 2);
	CHECK_EQ(nr_nodes, 3);
	CHECK(radix_tree_delete(&root, 64) == &item);
	CHECK_EQ(root.height, 1);
	CHECK(radix_tree_delete(&root, 0) == &item);
	CHECK(radix_tree_delete(&root, 63) == &item);
	CHECK_EQ(nr_nodes, 0);
	CHECK(!radix_tree_delete(&root, 63));
}

/* A tree that grows at the top takes the tags of what it held along. */
HOST_TEST(tags_survive_growth)
{
	struct radix_tree_root root;
	struct rnd_state rnd;
	void *result = NULL;
	int item, other;

	setup(&rnd, &root, 6);
	CHECK_EQ(radix_tree_insert(&root, 3, &item), 0);
	CHECK(radix_tree_tag_set(&root, 3, PAGECACHE_TAG_WRITEBACK) == &item);
	for (unsigned long index = 64; index && index < ~0UL / 64; index *= 64) {
		CHECK_EQ(radix_tree_insert(&root, index, &other), 0);
		CHECK(radix_tree_check(&root));
		CHECK_EQ(radix_tree_gang_lookup_tag(&root, &result, 0, 1,
						    PAGECACHE_TAG_WRITEBACK), 1);
		CHECK(result == &item);
		CHECK(radix_tree_delete(&root, index) == &other);
		CHECK(radix_tree_tag_get(&root, 3, PAGECACHE_TAG_WRITEBACK));
		CHECK(!radix_tree_tagged(&root, PAGECACHE_TAG_DIRTY));
	}
	CHECK(radix_tree_delete(&root, 3) == &item);
	teardown(&root);
}

/* radix_tree_check sees a wrong count, a tag without an item, and tags that do not agree. */
HOST_TEST(check_sees_broken_trees)
{
	struct radix_tree_root root;
	struct rnd_state rnd;

	setup(&rnd, &root, 5);
	for (int i = 0; i < NR_INDICES; i++)
		CHECK_EQ(radix_tree_insert(&root, model[i].index, &model[i]), 0);
	CHECK(radix_tree_check(&root));

	root.rnode->count++;
	CHECK(!radix_tree_check(&root));
	root.rnode->count--;

	radix_tree_tag_set(&root, model[7].index, PAGECACHE_TAG_DIRTY);
	CHECK(radix_tree_check(&root));
	root.rnode->tags[PAGECACHE_TAG_DIRTY][0] = 0;
	CHECK(!radix_tree_check(&root));
	radix_tree_tag_set(&root, model[7].index, PAGECACHE_TAG_DIRTY);
	CHECK(radix_tree_check(&root));

	root.height++;
	CHECK(!radix_tree_check(&root));
	root.height--;
	teardown(&root);
}

HOST_MAIN(random_operations, insert_without_memory, height_follows_largest_index,
	  tags_survive_growth, check_sees_broken_trees)
