/* host-test: lib/rbtree.c lib/random.c */
/*
 * tests/host/rbtree_test.c - red-black trees against a sorted array.
 */
#include <tests/host/host.h>
#include <lib/rbtree.h>
#include <lib/random.h>
#include <lib/kernel.h>

#define NR_KEYS		512
#define NR_OPERATIONS	100000

struct item {
	u32 key;
	struct rb_node rb;
};

/* The model: the keys that are in the tree, ascending. */
struct model {
	u32 key[NR_KEYS];
	int nr;
};

static struct item items[NR_KEYS];

static int model_position(const struct model *model, u32 key)
{
	int i = 0;

	while (i < model->nr && model->key[i] < key)
		i++;
	return i;
}

static void model_insert(struct model *model, u32 key)
{
	int i = model_position(model, key);

	memmove(&model->key[i + 1], &model->key[i], (size_t)(model->nr - i) * sizeof(u32));
	model->key[i] = key;
	model->nr++;
}

static void model_remove(struct model *model, u32 key)
{
	int i = model_position(model, key);

	model->nr--;
	memmove(&model->key[i], &model->key[i + 1], (size_t)(model->nr - i) * sizeof(u32));
}

static void tree_insert(struct rb_root *root, struct item *item)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < rb_entry(parent, struct item, rb)->key ? &parent->rb_left
									  : &parent->rb_right;
	}
	rb_link_node(&item->rb, parent, link);
	rb_insert_color(&item->rb, root);
}

static void tree_clear(struct rb_root *root)
{
	*root = RB_ROOT;
	for (u32 i = 0; i < NR_KEYS; i++) {
		items[i].key = i;
		RB_CLEAR_NODE(&items[i].rb);
	}
}

/* The tree holds what the model holds, read forwards and backwards. */
static void compare(const struct rb_root *root, const struct model *model)
{
	const struct rb_node *node;
	int i = 0;

	for (node = rb_first(root); node; node = rb_next(node), i++)
		CHECK(i < model->nr && rb_entry(node, struct item, rb)->key == model->key[i]);
	CHECK_EQ(i, model->nr);
	for (node = rb_last(root); node; node = rb_prev(node))
		CHECK(i > 0 && rb_entry(node, struct item, rb)->key == model->key[--i]);
	CHECK_EQ(i, 0);
}

/* The height may not exceed 2 log2(n + 1). */
static int height(const struct rb_node *node)
{
	return node ? 1 + max(height(node->rb_left), height(node->rb_right)) : 0;
}

/* 100,000 random insertions, removals and replacements agree with a sorted array at each step. */
HOST_TEST(random_operations)
{
	static struct item spare;
	struct rnd_state rnd;
	struct model model = { .nr = 0 };
	struct rb_root root;
	u32 target = NR_KEYS / 2;

	tree_clear(&root);
	prandom_seed(&rnd, 1);
	for (int i = 0; i < NR_OPERATIONS; i++) {
		struct item *item = &items[prandom_below(&rnd, NR_KEYS)];
		bool inside = !RB_EMPTY_NODE(&item->rb);

		if (i % 1000 == 0)	/* grow and shrink in turns */
			target = prandom_below(&rnd, NR_KEYS + 1);
		if (!inside && (u32)model.nr <= target) {
			tree_insert(&root, item);
			model_insert(&model, item->key);
		} else if (inside && (u32)model.nr >= target) {
			rb_erase(&item->rb, &root);
			RB_CLEAR_NODE(&item->rb);
			model_remove(&model, item->key);
		} else if (inside) {
			spare.key = item->key;
			rb_replace_node(&item->rb, &spare.rb, &root);
			CHECK(rb_check(&root) >= 0);
			rb_replace_node(&spare.rb, &item->rb, &root);
		}
		CHECK(rb_check(&root) >= 0);
		if (i % 16 == 0)
			compare(&root, &model);
	}
	compare(&root, &model);
}

/* Ascending and descending insertion, the worst cases of a plain tree, stay low. */
HOST_TEST(height_is_logarithmic)
{
	struct rb_root root;

	tree_clear(&root);
	for (u32 i = 0; i < NR_KEYS; i++)
		tree_insert(&root, &items[i]);
	CHECK(rb_check(&root) > 0);
	CHECK(height(root.rb_node) <= 2 * 10);

	tree_clear(&root);
	for (u32 i = NR_KEYS; i--; )
		tree_insert(&root, &items[i]);
	CHECK(rb_check(&root) > 0);
	CHECK(height(root.rb_node) <= 2 * 10);
}

/* Made at once from a chain: every number of nodes gives a tree that keeps the rules, in order. */
HOST_TEST(build_from_a_chain)
{
	struct rb_root root;

	for (u32 nr = 0; nr <= NR_KEYS; nr++) {
		u32 i = 0;

		tree_clear(&root);
		root.rb_node = nr ? &items[0].rb : NULL;
		for (i = 0; i + 1 < nr; i++)
			items[i].rb.rb_right = &items[i + 1].rb;
		rb_build(&root, nr);
		CHECK(rb_check(&root) >= !!nr);
		CHECK(nr < 2 || height(root.rb_node) <= 31 - __builtin_clz(nr) + 1);
		i = 0;
		for (struct rb_node *node = rb_first(&root); node; node = rb_next(node))
			CHECK_EQ(rb_entry(node, struct item, rb)->key, i++);
		CHECK_EQ(i, nr);
	}
}

/* Emptied from either end, the tree keeps its rules down to nothing. */
HOST_TEST(drain_in_order)
{
	struct rb_root root;

	for (int from_end = 0; from_end < 2; from_end++) {
		tree_clear(&root);
		for (u32 i = 0; i < NR_KEYS; i++)
			tree_insert(&root, &items[i * 37 % NR_KEYS]);
		for (u32 i = 0; i < NR_KEYS; i++) {
			struct rb_node *node = from_end ? rb_last(&root) : rb_first(&root);
			u32 key = from_end ? NR_KEYS - 1 - i : i;

			CHECK_EQ(rb_entry(node, struct item, rb)->key, key);
			rb_erase(node, &root);
			CHECK(rb_check(&root) >= 0);
		}
		CHECK(RB_EMPTY_ROOT(&root));
	}
}

/* rb_check sees a red root, two reds in a row, unequal black heights and a wrong parent. */
HOST_TEST(check_sees_broken_trees)
{
	struct rb_node *node;
	struct rb_root root;

	tree_clear(&root);
	CHECK_EQ(rb_check(&root), 0);
	for (u32 i = 0; i < 64; i++)
		tree_insert(&root, &items[i]);
	CHECK(rb_check(&root) > 0);

	root.rb_node->rb_parent_color ^= 1;
	CHECK_EQ(rb_check(&root), -1);
	root.rb_node->rb_parent_color ^= 1;

	for (u32 i = 0; i < 64; i++) {
		node = &items[i].rb;
		node->rb_parent_color ^= 1;
		CHECK_EQ(rb_check(&root), -1);
		node->rb_parent_color ^= 1;
		if (node == root.rb_node)
			continue;
		node->rb_parent_color += sizeof(items[0]);
		CHECK_EQ(rb_check(&root), -1);
		node->rb_parent_color -= sizeof(items[0]);
	}
	CHECK(rb_check(&root) > 0);
}

/* A node that is in no tree has no neighbours and says so. */
HOST_TEST(cleared_node)
{
	struct rb_node node;

	RB_CLEAR_NODE(&node);
	CHECK(RB_EMPTY_NODE(&node));
	CHECK(!rb_next(&node) && !rb_prev(&node));
}

HOST_MAIN(random_operations, height_is_logarithmic, build_from_a_chain, drain_in_order,
	  check_sees_broken_trees, cleared_node)
