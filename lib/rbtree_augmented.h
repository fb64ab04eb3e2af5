/*
 * lib/rbtree_augmented.h - red-black trees whose nodes know something about all that hangs below.
 *
 * Theory.  Such as the largest value there: then a search can leave out whole subtrees (see
 * interval_tree.c).  What a node knows is made anew, from the node itself and its children, for the two
 * that a rotation moves, and for those above a node that has gone; the user's function for that is
 * an rb_update_fn.  When a node comes, the user lets those above it know before he
 * calls __rb_insert_color(), as he knows best how: it can be done on the way down.
 *
 * All is inline, so that the compiler makes of it what one kind of tree needs; rbtree.c uses it for
 * trees that know nothing (update NULL).  See there for the theory of the two repairs.
 *
 * Locking: the caller's.
 */
#ifndef OCTAVO_LIB_RBTREE_AUGMENTED_H
#define OCTAVO_LIB_RBTREE_AUGMENTED_H

#include <lib/rbtree.h>

/* => true: what @node knows has changed */
typedef bool (*rb_update_fn)(struct rb_node *node);

static inline struct rb_node **slot(struct rb_node *node, bool left)
{
	return left ? &node->rb_left : &node->rb_right;
}

/* A missing child counts as black. */
static inline bool is_red(const struct rb_node *node)
{
	return node && rb_color(node) == RB_RED;
}

static inline void set_color(struct rb_node *node, int color)
{
	node->rb_parent_color = (node->rb_parent_color & ~1UL) | (unsigned long)color;
}

static inline void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->rb_parent_color = (unsigned long)parent | (unsigned long)rb_color(node);
}

/* Make @parent (NULL: the root) point to @entry where it pointed to @old. */
static inline void change_child(struct rb_node *parent, struct rb_node *old,
				struct rb_node *entry, struct rb_root *root)
{
	if (!parent)
		root->rb_node = entry;
	else
		*slot(parent, parent->rb_left == old) = entry;
}

/* Lower @node to its own @left side; its child of the other side comes up. */
static inline void rotate(struct rb_node *node, bool left, struct rb_root *root,
			  rb_update_fn update)
{
	struct rb_node *pivot = *slot(node, !left), *inner = *slot(pivot, left);
	struct rb_node *parent = rb_parent(node);

	*slot(node, !left) = inner;
	if (inner)
		set_parent(inner, node);
	*slot(pivot, left) = node;
	set_parent(node, pivot);
	set_parent(pivot, parent);
	change_child(parent, node, pivot, root);
	if (update) {
		update(node);
		update(pivot);
	}
}

/* After rb_link_node(): restore the rules. */
static __always_inline void __rb_insert_color(struct rb_node *node, struct rb_root *root,
					      rb_update_fn update)
{
	struct rb_node *parent, *gparent, *uncle;

	while (is_red(parent = rb_parent(node))) {
		bool left;

		gparent = rb_parent(parent);	/* a red node is not the root */
		left = parent == gparent->rb_left;
		uncle = *slot(gparent, !left);

		if (is_red(uncle)) {
			set_color(uncle, RB_BLACK);
			set_color(parent, RB_BLACK);
			set_color(gparent, RB_RED);
			node = gparent;
			continue;
		}
		if (node == *slot(parent, !left)) {
			rotate(parent, left, root, update);
			parent = node;
		}
		set_color(parent, RB_BLACK);
		set_color(gparent, RB_RED);
		rotate(gparent, !left, root, update);
		break;
	}
	set_color(root->rb_node, RB_BLACK);
}

/* All ways through @node (NULL: a missing child of @parent) lack one black node. */
static __always_inline void erase_color(struct rb_node *node, struct rb_node *parent,
					struct rb_root *root, rb_update_fn update)
{
	while (node != root->rb_node && !is_red(node)) {
		bool left = node == parent->rb_left;
		struct rb_node *sibling = *slot(parent, !left);	/* there: the lack says so */

		if (is_red(sibling)) {
			set_color(sibling, RB_BLACK);
			set_color(parent, RB_RED);
			rotate(parent, left, root, update);
			sibling = *slot(parent, !left);
		}
		if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
			set_color(sibling, RB_RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!is_red(*slot(sibling, !left))) {
			set_color(*slot(sibling, left), RB_BLACK);
			set_color(sibling, RB_RED);
			rotate(sibling, !left, root, update);
			sibling = *slot(parent, !left);
		}
		set_color(sibling, rb_color(parent));
		set_color(parent, RB_BLACK);
		set_color(*slot(sibling, !left), RB_BLACK);
		rotate(parent, left, root, update);
		return;
	}
	if (node)
		set_color(node, RB_BLACK);
}

/*
 * Put @next, the successor of @node, in its place, links and colour.
 * => @node has two children; *parent and *child: where the successor was missed, and its heir
 * => returns the colour that the successor had there
 */
static inline int replace_by_successor(struct rb_node *node, struct rb_node *next,
				       struct rb_root *root, struct rb_node **parent,
				       struct rb_node **child)
{
	int color = rb_color(next);

	*child = next->rb_right;
	*parent = rb_parent(next);

	if (*parent == node) {
		*parent = next;
	} else {
		(*parent)->rb_left = *child;
		if (*child)
			set_parent(*child, *parent);
		next->rb_right = node->rb_right;
		set_parent(next->rb_right, next);
	}
	next->rb_left = node->rb_left;
	set_parent(next->rb_left, next);
	next->rb_parent_color = node->rb_parent_color;
	change_child(rb_parent(node), node, next, root);
	return color;
}

/* Below @from, which has gone, something else hangs; @moved (or NULL), above, is new in its place. */
static __always_inline void rb_update_above(struct rb_node *from, const struct rb_node *moved,
					    rb_update_fn update)
{
	for (; from; from = rb_parent(from)) {
		/* What did not change changes nothing above. */
		if (!update(from) && !moved)
			return;
		if (from == moved)
			moved = NULL;
	}
}

/* As rb_erase(). */
static __always_inline void __rb_erase(struct rb_node *node, struct rb_root *root,
				       rb_update_fn update)
{
	struct rb_node *child, *parent, *moved = NULL;
	int color;

	if (node->rb_left && node->rb_right) {
		moved = node->rb_right;
		while (moved->rb_left)
			moved = moved->rb_left;
		color = replace_by_successor(node, moved, root, &parent, &child);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		parent = rb_parent(node);
		color = rb_color(node);
		if (child)
			set_parent(child, parent);
		change_child(parent, node, child, root);
	}
	if (update)
		rb_update_above(parent, moved, update);
	if (color == RB_BLACK)
		erase_color(child, parent, root, update);
}

#endif /* OCTAVO_LIB_RBTREE_AUGMENTED_H */
