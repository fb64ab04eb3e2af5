/*
 * lib/interval_tree.h - which of many intervals contain a point, or touch another interval?
 *
 * Theory.  A red-black tree of intervals [start, last], both inclusive, sorted by start.  Each node
 * also knows the largest `last' of the subtree below it: a search passes by a subtree all of which
 * ends too early, and stops where intervals start too late.  So the k intervals that touch
 * a given one are found in O(log n + k), however the others lie.
 *
 *	interval_tree_foreach(node, &root, 17, 17)
 *		use(container_of(node, struct foo, interval));
 *
 * The node is embedded in the thing that has the interval.  Intervals may be equal.
 *
 * Locking: the caller's.
 * References: Cormen et al., Introduction to Algorithms, section 14.3.
 */
#ifndef OCTAVO_LIB_INTERVAL_TREE_H
#define OCTAVO_LIB_INTERVAL_TREE_H

#include <lib/rbtree.h>

struct interval_tree_node {
	struct rb_node rb;
	unsigned long start, last;		/* the interval */
	unsigned long __subtree_last;		/* the largest `last' from here down */
};

/* => start <= last; in no tree */
void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root);
/* @node is the same interval as @prev, which is in the tree: no search is needed. */
void interval_tree_insert_after(struct interval_tree_node *node, struct interval_tree_node *prev,
				struct rb_root *root);
void interval_tree_remove(struct interval_tree_node *node, struct rb_root *root);
/* @node, in the tree, is [start, last] from now on: with the start it had it stays in its place. */
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

/* How many nodes there are, or -1 if a rule is broken. */
int interval_tree_check(const struct rb_root *root);

#endif /* OCTAVO_LIB_INTERVAL_TREE_H */
