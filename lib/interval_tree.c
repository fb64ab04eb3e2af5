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

#include <lib/rbtree_augmented.h>

static inline struct interval_tree_node *to_node(const struct rb_node *rb)
{
	return rb_entry(rb, struct interval_tree_node, rb);
}

static inline unsigned long largest_last(const struct interval_tree_node *node)
{
	unsigned long last = node->last;

	if (node->rb.rb_left && to_node(node->rb.rb_left)->__subtree_last > last)
		last = to_node(node->rb.rb_left)->__subtree_last;
	if (node->rb.rb_right && to_node(node->rb.rb_right)->__subtree_last > last)
		last = to_node(node->rb.rb_right)->__subtree_last;
	return last;
}

static inline bool update_last(struct rb_node *rb)
{
	struct interval_tree_node *node = to_node(rb);
	unsigned long last = largest_last(node), before = node->__subtree_last;

	node->__subtree_last = last;
	return last != before;
}

/* The rare half, which wants more registers than the common one. */
static noinline void restore_rules(struct interval_tree_node *node, struct rb_root *root)
{
	__rb_insert_color(&node->rb, root, update_last);
}

void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		struct interval_tree_node *above = to_node(*link);

		parent = *link;
		if (above->start == node->start && above->last == node->last) {
			interval_tree_insert_after(node, above);
			return;
		}
		if (above->__subtree_last < node->last)
			above->__subtree_last = node->last;
		link = node->start < above->start ? &parent->rb_left : &parent->rb_right;
	}
	node->__subtree_last = node->last;
	INIT_LIST_HEAD(&node->same);
	rb_link_node(&node->rb, parent, link);
	if (!parent)
		set_color(&node->rb, RB_BLACK);
	else if (is_red(parent))
		restore_rules(node, root);
}

static inline struct interval_tree_node *next_in_ring(const struct interval_tree_node *node)
{
	return list_entry(node->same.next, struct interval_tree_node, same);
}

void __interval_tree_remove_head(struct interval_tree_node *node, struct rb_root *root)
{
	struct interval_tree_node *heir = next_in_ring(node);

	if (heir == node) {
		__rb_erase(&node->rb, root, update_last);
		return;
	}
	rb_replace_node(&node->rb, &heir->rb, root);
	heir->__subtree_last = node->__subtree_last;
	list_del(&node->same);
}

void interval_tree_change(struct interval_tree_node *node, struct rb_root *root,
			  unsigned long start, unsigned long last)
{
	/* With its start as it was, or alone in the tree, it stays where it is. */
	if (list_empty(&node->same) && (node->start == start ||
	     (root->rb_node == &node->rb && !node->rb.rb_left && !node->rb.rb_right))) {
		node->start = start;
		node->last = last;
		rb_update_above(&node->rb, NULL, update_last);
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

/* The head behind @node, a head. */
static struct interval_tree_node *next_head(struct interval_tree_node *node, unsigned long start,
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

struct interval_tree_node *interval_tree_next(struct interval_tree_node *node, unsigned long start,
					      unsigned long last)
{
	/* From the head to its followers, until it comes again. */
	node = next_in_ring(node);
	return interval_tree_is_head(node) ? next_head(node, start, last) : node;
}

/* ---- proof -------------------------------------------------------------------------------------- */

bool interval_tree_contains(const struct rb_root *root, const struct interval_tree_node *node)
{
	const struct rb_node *rb;

	while (!interval_tree_is_head(node))
		node = next_in_ring(node);
	for (rb = &node->rb; rb_parent(rb); rb = rb_parent(rb))
		;
	return rb == root->rb_node;
}

/* The followers of @head. => how many, or -1 */
static int check_ring(const struct interval_tree_node *head)
{
	const struct interval_tree_node *node;
	int nr = 0;

	for (node = next_in_ring(head); node != head; node = next_in_ring(node), nr++)
		if (interval_tree_is_head(node) || node->same.next->prev != &node->same ||
		    node->start != head->start || node->last != head->last)
			return -1;
	return nr;
}

int interval_tree_check(const struct rb_root *root)
{
	const struct rb_node *rb, *prev = NULL;
	int nr = 0, followers;

	if (rb_check(root) < 0)
		return -1;
	for (rb = rb_first(root); rb; prev = rb, rb = rb_next(rb)) {
		const struct interval_tree_node *node = to_node(rb), *before = to_node(prev);

		followers = check_ring(node);
		if (followers < 0 || node->start > node->last ||
		    node->__subtree_last != largest_last(node) ||
		    (prev && before->start > node->start))
			return -1;
		nr += 1 + followers;
	}
	return nr;
}
