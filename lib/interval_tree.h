/*
 * lib/interval_tree.h - which of many intervals contain a point, or touch another interval?
 *
 * Theory.  A red-black tree of intervals [start, last], both inclusive, sorted by start.  Each node
 * also knows the largest `last' of the subtree below it: a search passes by a subtree all of which
 * ends too early, and stops where intervals start too late.  So the k intervals that touch
 * a given one are found in O(log n + k), however the others lie.
 *
 * Often many are the same interval: a library that a hundred processes map.  Then one is in the
 * tree, the *head*, and others are its followers, in a ring with it.  So one more costs a few stores,
 * and so does one less.  (What insertion meets on its way it follows; two heads may be alike.)
 *
 *	interval_tree_foreach(node, &root, 17, 17)
 *		use(container_of(node, struct foo, interval));
 *
 * The node is embedded in the thing that has the interval.
 *
 * Locking: the caller's.
 * References: Cormen et al., Introduction to Algorithms, section 14.3.
 */
#ifndef OCTAVO_LIB_INTERVAL_TREE_H
#define OCTAVO_LIB_INTERVAL_TREE_H

#include <lib/list.h>
#include <lib/rbtree.h>

struct interval_tree_node {
	struct rb_node rb;			/* of a follower: RB_EMPTY_NODE */
	unsigned long start, last;		/* the interval */
	unsigned long __subtree_last;		/* of a head: the largest `last' from here down */
	struct list_head same;			/* the ring */
};

static inline bool interval_tree_is_head(const struct interval_tree_node *node)
{
	return !RB_EMPTY_NODE(&node->rb);
}

/* => start <= last; in no tree */
void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root);

/* @node becomes the same interval as @prev, which is in a tree, and follows it. */
static inline void interval_tree_insert_after(struct interval_tree_node *node,
					      struct interval_tree_node *prev)
{
	node->start = prev->start;
	node->last = prev->last;
	RB_CLEAR_NODE(&node->rb);
	list_add(&node->same, &prev->same);
}

void __interval_tree_remove_head(struct interval_tree_node *node, struct rb_root *root);
static inline void interval_tree_remove(struct interval_tree_node *node, struct rb_root *root)
{
	if (interval_tree_is_head(node))
		__interval_tree_remove_head(node, root);
	else
		__list_del(node->same.prev, node->same.next);
}

/* @node, in the tree, is [start, last] from now on. */
void interval_tree_change(struct interval_tree_node *node, struct rb_root *root,
			  unsigned long start, unsigned long last);

/* The first that touches [start, last], by start; the next one behind @node. => NULL: no more */
struct interval_tree_node *interval_tree_first(const struct rb_root *root, unsigned long start,
					       unsigned long last);
struct interval_tree_node *interval_tree_next(struct interval_tree_node *node, unsigned long start,
					      unsigned long last);
#define interval_tree_foreach(node, root, start, last)				\
	for ((node) = interval_tree_first(root, start, last); (node);		\
	     (node) = interval_tree_next(node, start, last))

/* Is @node in the tree, or follows one that is? For checks: slow. */
bool interval_tree_contains(const struct rb_root *root, const struct interval_tree_node *node);
/* How many nodes there are, or -1 if a rule is broken. */
int interval_tree_check(const struct rb_root *root);

#endif /* OCTAVO_LIB_INTERVAL_TREE_H */
