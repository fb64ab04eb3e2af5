/*
 * lib/radix-tree.c - index -> pointer, with tags.
 *
 * Theory.  A tree of height h maps the indices 0 .. 64^h - 1.  An index is read as h digits of
 * 6 bits, highest first; digit d selects slot d of the node reached so far.
 *
 *	height 2:   root -> [ node: slots 0..63 ] -> [ node: slots 0..63 ] -> items
 *	                      index >> 6 & 63          index & 63
 *
 * The tree is as high as its largest index needs: an insertion beyond the end puts new nodes on
 * top, with the old tree in slot 0; a deletion that leaves only slot 0 in the top node takes
 * the node away again.  So the top node of a tree higher than 1 always uses a slot above 0,
 * and a new index that makes the tree higher shares no node but the new top with the old tree.
 * missing_nodes() relies on it: an insertion knows how many nodes it needs before it changes
 * anything, allocates them all, and cannot fail half-way.
 *
 * Tags.  For each tag, bit d of an inner node is set if and only if some bit of that tag is
 * set in the node below slot d.  Setting goes down and sets all; clearing goes up and stops at
 * the first node that still has another slot with the tag.
 *
 * Left out: parent pointers and lock-free lookup.  A change records its way on the stack
 * (RADIX_TREE_MAX_PATH words), and readers hold the caller's lock.
 *
 * Interface: lib/radix-tree.h.  Locking: the caller's; the allocator's hooks are set at boot.
 */
#include <lib/radix-tree.h>
#include <lib/bitmap.h>
#include <lib/errno.h>
#include <lib/string.h>

#define NO_TAG	RADIX_TREE_MAX_TAGS	/* "any item", for the searches */

/* The way from the top to the lowest level: nodes, and the slot taken in each. */
struct path {
	struct radix_tree_node *node[RADIX_TREE_MAX_PATH];
	unsigned int offset[RADIX_TREE_MAX_PATH];
};

static radix_tree_alloc_t *node_alloc;
static radix_tree_free_t *node_free;

void radix_tree_set_allocator(radix_tree_alloc_t *alloc, radix_tree_free_t *free)
{
	node_alloc = alloc;
	node_free = free;
}

static inline unsigned int level_shift(unsigned int height)
{
	return (height - 1) * RADIX_TREE_MAP_SHIFT;
}

static inline unsigned int slot_of(unsigned long index, unsigned int shift)
{
	return (index >> shift) & RADIX_TREE_MAP_MASK;
}

/* Does a tree of this height map the index? */
static inline bool height_holds(unsigned int height, unsigned long index)
{
	unsigned int bits = height * RADIX_TREE_MAP_SHIFT;

	return height && (bits >= BITS_PER_LONG || index >> bits == 0);
}

static inline unsigned int height_for(unsigned long index)
{
	unsigned int height = 1;

	while (!height_holds(height, index))
		height++;
	return height;
}

static inline bool any_tag(const struct radix_tree_node *node, unsigned int tag)
{
	for (unsigned int i = 0; i < RADIX_TREE_TAG_LONGS; i++)
		if (node->tags[tag][i])
			return true;
	return false;
}

/* The lowest-level node that holds @index, or NULL. */
static struct radix_tree_node *find_leaf(const struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *node = root->rnode;
	unsigned int shift;

	if (!height_holds(root->height, index))
		return NULL;
	for (shift = level_shift(root->height); node && shift; shift -= RADIX_TREE_MAP_SHIFT)
		node = node->slots[slot_of(index, shift)];
	return node;
}

void **radix_tree_lookup_slot(const struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);
	void **slot;

	if (!leaf)
		return NULL;
	slot = &leaf->slots[slot_of(index, 0)];
	return *slot ? slot : NULL;
}

void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);

	return leaf ? leaf->slots[slot_of(index, 0)] : NULL;
}

/* --- insertion --- */

/* How many nodes an insertion at @index has to add to a tree that must be @height high. */
static unsigned int missing_nodes(const struct radix_tree_root *root, unsigned long index,
				  unsigned int height)
{
	const struct radix_tree_node *node = root->rnode;
	unsigned int level;

	if (!node)
		return height;
	if (height > root->height)
		return (height - root->height) + (height - 1);
	for (level = height; level > 1; level--) {
		node = node->slots[slot_of(index, level_shift(level))];
		if (!node)
			return level - 1;
	}
	return 0;
}

/* Allocates @nr empty nodes, chained by slot 0.  => all of them, or -ENOMEM and none */
static int alloc_nodes(unsigned int gfp_mask, unsigned int nr, struct radix_tree_node **chain)
{
	struct radix_tree_node *node;

	*chain = NULL;
	while (nr--) {
		node = node_alloc(gfp_mask);
		if (!node)
			goto out_free;
		memset(node, 0, sizeof(*node));
		node->slots[0] = *chain;
		*chain = node;
	}
	return 0;

out_free:
	while ((node = *chain)) {
		*chain = node->slots[0];
		node_free(node);
	}
	return -ENOMEM;
}

static struct radix_tree_node *take_node(struct radix_tree_node **chain)
{
	struct radix_tree_node *node = *chain;

	*chain = node->slots[0];
	node->slots[0] = NULL;
	return node;
}

/* Puts nodes on top until the tree is @height high; the tags of the old top come along. */
static void extend(struct radix_tree_root *root, unsigned int height,
		   struct radix_tree_node **chain)
{
	while (root->height < height) {
		struct radix_tree_node *top = take_node(chain);

		top->slots[0] = root->rnode;
		top->count = 1;
		for (unsigned int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
			if (any_tag(root->rnode, tag))
				__set_bit(0, top->tags[tag]);
		root->rnode = top;
		root->height++;
	}
}

int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item)
{
	unsigned int height = root->height, shift;
	struct radix_tree_node *node, *chain;
	void **slot;

	if (!height_holds(height, index))
		height = height_for(index);
	else if (radix_tree_lookup(root, index))
		return -EEXIST;
	if (alloc_nodes(root->gfp_mask, missing_nodes(root, index, height), &chain))
		return -ENOMEM;

	if (!root->rnode) {
		root->rnode = take_node(&chain);
		root->height = height;
	}
	extend(root, height, &chain);
	node = root->rnode;
	for (shift = level_shift(height); shift; shift -= RADIX_TREE_MAP_SHIFT) {
		slot = &node->slots[slot_of(index, shift)];
		if (!*slot) {
			*slot = take_node(&chain);
			node->count++;
		}
		node = *slot;
	}
	node->slots[slot_of(index, 0)] = item;
	node->count++;
	return 0;
}

/* --- tags and deletion --- */

/*
 * Records the way to @index.
 * => returns the item, or NULL if there is none; then the path is not complete
 */
static void *find_path(const struct radix_tree_root *root, unsigned long index, struct path *path)
{
	struct radix_tree_node *node = root->rnode;
	unsigned int level;

	if (!height_holds(root->height, index))
		return NULL;
	for (level = 0; node && level < root->height; level++) {
		path->node[level] = node;
		path->offset[level] = slot_of(index, level_shift(root->height - level));
		node = node->slots[path->offset[level]];
	}
	return node;
}

/* Clears @tag at the lowest level, and above as long as a node has lost its last. */
static void path_tag_clear(struct path *path, unsigned int level, unsigned int tag)
{
	while (level--) {
		if (!__test_and_clear_bit(path->offset[level], path->node[level]->tags[tag]))
			return;
		if (any_tag(path->node[level], tag))
			return;
	}
}

void *radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	struct path path;
	void *item = find_path(root, index, &path);

	for (unsigned int level = 0; item && level < root->height; level++)
		__set_bit(path.offset[level], path.node[level]->tags[tag]);
	return item;
}

void *radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	struct path path;
	void *item = find_path(root, index, &path);

	if (item)
		path_tag_clear(&path, root->height, tag);
	return item;
}

int radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	const struct radix_tree_node *leaf = find_leaf(root, index);

	return leaf && test_bit(slot_of(index, 0), leaf->tags[tag]);
}

int radix_tree_tagged(const struct radix_tree_root *root, unsigned int tag)
{
	return root->rnode && any_tag(root->rnode, tag);
}

/* Takes nodes off the top that lead nowhere but to slot 0. */
static void shrink(struct radix_tree_root *root)
{
	while (root->height > 1 && root->rnode->count == 1 && root->rnode->slots[0]) {
		struct radix_tree_node *top = root->rnode;

		root->rnode = top->slots[0];
		root->height--;
		node_free(top);
	}
}

/* => any tag of @offset */
static inline bool slot_tagged(const struct radix_tree_node *node, unsigned int offset)
{
	unsigned int word = offset / BITS_PER_LONG, tag;
	unsigned long tags = 0;

	for (tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
		tags |= node->tags[tag][word];
	return tags >> offset % BITS_PER_LONG & 1;
}

void *radix_tree_delete(struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *leaf = find_leaf(root, index);
	unsigned int level = root->height, offset = slot_of(index, 0);
	struct path path;
	void *item = leaf ? leaf->slots[offset] : NULL;

	if (!item)
		return NULL;
	/* The common case: its node stays, and nothing above is changed. */
	if (likely(leaf->count > 1 && !slot_tagged(leaf, offset))) {
		leaf->slots[offset] = NULL;
		leaf->count--;
		return item;
	}
	find_path(root, index, &path);
	for (unsigned int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
		path_tag_clear(&path, level, tag);

	while (level--) {
		struct radix_tree_node *node = path.node[level];

		node->slots[path.offset[level]] = NULL;
		if (--node->count) {
			shrink(root);
			return item;
		}
		node_free(node);
	}
	root->rnode = NULL;
	root->height = 0;
	return item;
}

/* --- searches --- */

/* The first slot at or after @offset that is in use (and has @tag); MAP_SIZE if none. */
static unsigned int next_slot(const struct radix_tree_node *node, unsigned int offset,
			      unsigned int tag)
{
	if (tag != NO_TAG)
		return find_next_bit(node->tags[tag], RADIX_TREE_MAP_SIZE, offset);
	while (offset < RADIX_TREE_MAP_SIZE && !node->slots[offset])
		offset++;
	return offset;
}

/*
 * The lowest-level node with the first item at or after *index (that has @tag); *index becomes
 * the item's index.
 * => returns NULL if there is none
 */
static struct radix_tree_node *next_leaf(const struct radix_tree_root *root,
					 unsigned long *index, unsigned int tag)
{
	struct radix_tree_node *node = root->rnode;
	unsigned int shift, top, offset, found;

	if (!height_holds(root->height, *index))
		return NULL;
	shift = top = level_shift(root->height);
	for (;;) {
		offset = slot_of(*index, shift);
		found = next_slot(node, offset, tag);
		if (found == RADIX_TREE_MAP_SIZE) {
			/* Nothing more in this node: on from the top with the next one. */
			if (shift == top)
				return NULL;
			shift += RADIX_TREE_MAP_SHIFT;
			*index = ((*index >> shift) + 1) << shift;
			if (!height_holds(root->height, *index) || !*index)
				return NULL;
			node = root->rnode;
			shift = top;
			continue;
		}
		if (found != offset)
			*index = (((*index >> shift) & ~RADIX_TREE_MAP_MASK) | found) << shift;
		if (!shift)
			return node;
		node = node->slots[found];
		shift -= RADIX_TREE_MAP_SHIFT;
	}
}

static unsigned int gang_lookup(const struct radix_tree_root *root, void **results,
				unsigned long index, unsigned int max_items, unsigned int tag)
{
	const struct radix_tree_node *leaf;
	unsigned int nr = 0, offset;

	while (nr < max_items && (leaf = next_leaf(root, &index, tag))) {
		offset = slot_of(index, 0);
		while (offset < RADIX_TREE_MAP_SIZE && nr < max_items) {
			results[nr++] = leaf->slots[offset];
			offset = next_slot(leaf, offset + 1, tag);
		}
		index = (index | RADIX_TREE_MAP_MASK) + 1;
		if (!index)
			break;
	}
	return nr;
}

void *radix_tree_next(const struct radix_tree_root *root, unsigned long *index)
{
	const struct radix_tree_node *leaf = next_leaf(root, index, NO_TAG);

	return leaf ? leaf->slots[slot_of(*index, 0)] : NULL;
}

unsigned int radix_tree_gang_lookup(const struct radix_tree_root *root, void **results,
				    unsigned long first_index, unsigned int max_items)
{
	return gang_lookup(root, results, first_index, max_items, NO_TAG);
}

unsigned int radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
					unsigned long first_index, unsigned int max_items,
					unsigned int tag)
{
	return gang_lookup(root, results, first_index, max_items, tag);
}

/* --- invariants --- */

/* One slot: is each tag bit what the level below says? */
static bool check_slot(const struct radix_tree_node *node, unsigned int offset, bool lowest)
{
	const struct radix_tree_node *below = node->slots[offset];

	for (unsigned int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++) {
		bool tagged = test_bit(offset, node->tags[tag]);

		if (tagged && !below)
			return false;
		if (below && !lowest && tagged != any_tag(below, tag))
			return false;
	}
	return true;
}

static bool check_node(const struct radix_tree_node *node, unsigned int height)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < RADIX_TREE_MAP_SIZE; i++) {
		if (!check_slot(node, i, height == 1))
			return false;
		if (!node->slots[i])
			continue;
		used++;
		if (height > 1 && !check_node(node->slots[i], height - 1))
			return false;
	}
	return used && used == node->count;
}

bool radix_tree_check(const struct radix_tree_root *root)
{
	if (!root->rnode)
		return root->height == 0;
	if (root->height == 0 || root->height > RADIX_TREE_MAX_PATH)
		return false;
	if (root->height > 1 && next_slot(root->rnode, 1, NO_TAG) == RADIX_TREE_MAP_SIZE)
		return false;
	return check_node(root->rnode, root->height);
}
