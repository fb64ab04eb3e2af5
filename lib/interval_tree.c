/*
 * lib/interval_tree.c - which of many intervals contain a point, or touch another interval?
 *
 * See the header for the idea.  The search for [start, last] asks two things at each node: can there
 * be an answer on the left (the largest `last' there is not before start), and can there be one
 * here or on the right (this start is not behind last)?  If the left can have one and has
 * none, all of it starts too late, and so does the rest of the tree.
 *
 * Interface: lib/interval_tree.h.  Locking: the caller's.
 */
#include <lib/interval_tree.h>

static inline struct interval_tree_node *to_node(const struct rb_node *rb)
{
	return rb_entry(rb, struct interval_tree_node, rb);
}

static unsigned long largest_last(const struct interval_tree_node *node)
{
	unsigned long last = node->last;

	if (node->rb.rb_left && to_node(node->rb.rb_left)->__subtree_last > last)
		last = to_node(node->rb.rb_left)->__subtree_last;
	if (node->rb.rb_right && to_node(node->rb.rb_right)->__subtree_last > last)
		last = to_node(node->rb.rb_right)->__subtree_last;
	return last;
}

static bool update_last(struct rb_node *rb)
{
	struct interval_tree_node *node = to_node(rb);
	unsigned long last = largest_last(node), before = node->__subtree_last;

	node->__subtree_last = last;
	return last != before;
}

void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = node->start < to_node(parent)->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_augmented(&node->rb, root, update_last);
}

void interval_tree_insert_after(struct interval_tree_node *node, struct interval_tree_node *prev,
				struct rb_root *root)
{
	struct rb_node *parent = &prev->rb, **link = &prev->rb.rb_right;

	while (*link) {
		parent = *link;
		link = &parent->rb_left;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_augmented(&node->rb, root, update_last);
}

void interval_tree_remove(struct interval_tree_node *node, struct rb_root *root)
{
	rb_erase_augmented(&node->rb, root, update_last);
}

void interval_tree_change(struct interval_tree_node *node, struct rb_root *root,
			  unsigned long start, unsigned long last)
{
	struct rb_node *above = &node->rb;

	if (node->start == start) {
		node->last = last;
		while (above && update_last(above))
			above = rb_parent(above);
		return;
	}
	interval_tree_remove(node, root);
	node->start = start;
	node->last = last;
	interval_tree_insert(node, root);
}

/* The first below @node. => NULL: none there, nor anywhere behind */
static struct interval_tree_node *first_below(struct interval_tree_node *node, unsigned long start,
					      unsigned long last)
{
	for (;;) {
		struct rb_node *left = node->rb.rb_left, *right = node->rb.rb_right;

		if (left && to_node(left)->__subtree_last >= start) {
			node = to_node(left);
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		if (!right || to_node(right)->__subtree_last < start)
			return NULL;
		node = to_node(right);
	}
}

struct interval_tree_node *interval_tree_first(const struct rb_root *root, unsigned long start,
					       unsigned long last)
{
	return root->rb_node ? first_below(to_node(root->rb_node), start, last) : NULL;
}

struct interval_tree_node *interval_tree_next(struct interval_tree_node *node, unsigned long start,
					      unsigned long last)
{
	struct rb_node *rb = &node->rb, *from;

	if (rb->rb_right && to_node(rb->rb_right)->__subtree_last >= start)
		return first_below(to_node(rb->rb_right), start, last);
	/* Up, past all whose right side is done. */
	do {
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (from == rb->rb_right);
		node = to_node(rb);
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
	} while (!rb->rb_right || to_node(rb->rb_right)->__subtree_last < start);
	return first_below(to_node(rb->rb_right), start, last);
}

int interval_tree_check(const struct rb_root *root)
{
	const struct rb_node *rb, *prev = NULL;
	int nr = 0;

	if (rb_check(root) < 0)
		return -1;
	for (rb = rb_first(root); rb; prev = rb, rb = rb_next(rb), nr++) {
		const struct interval_tree_node *node = to_node(rb);

		if (node->start > node->last || node->__subtree_last != largest_last(node) ||
		    (prev && to_node(prev)->start > node->start))
			return -1;
	}
	return nr;
}
