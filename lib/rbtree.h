/*
 * lib/rbtree.h - red-black trees.
 *
 * Theory.  A binary search tree whose nodes are red or black; the rules (see rbtree.c) bound
 * its height by 2 log2(n + 1).  The node is embedded in the thing it sorts and the tree knows
 * neither key nor order: the user walks down by his own comparison, links the node where the
 * walk ended (rb_link_node), and has the rules restored (rb_insert_color).
 *
 *	struct rb_node **link = &root->rb_node, *parent = NULL;
 *
 *	while (*link) {
 *		parent = *link;
 *		link = key < rb_entry(parent, struct foo, rb)->key ? &parent->rb_left
 *								   : &parent->rb_right;
 *	}
 *	rb_link_node(&foo->rb, parent, link);
 *	rb_insert_color(&foo->rb, root);
 *
 * A node is four-byte aligned at least, so bit 0 of the parent pointer is free and holds the
 * colour.  A node whose parent is itself is in no tree (RB_CLEAR_NODE).
 *
 * Locking: the caller's.
 * References: Guibas and Sedgewick 1978; Cormen et al., Introduction to Algorithms, ch. 13.
 */
#ifndef OCTAVO_LIB_RBTREE_H
#define OCTAVO_LIB_RBTREE_H

#include <lib/compiler.h>
#include <lib/types.h>

struct rb_node {
	unsigned long rb_parent_color;		/* parent | colour */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __aligned(sizeof(long));

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_RED		0
#define RB_BLACK	1

#define RB_ROOT		((struct rb_root){ NULL })

#define rb_parent(n)	((struct rb_node *)((n)->rb_parent_color & ~3UL))
#define rb_color(n)	((int)((n)->rb_parent_color & 1))

#define RB_EMPTY_ROOT(root)	((root)->rb_node == NULL)
#define RB_EMPTY_NODE(node)	(rb_parent(node) == (node))
#define RB_CLEAR_NODE(node)	((node)->rb_parent_color = (unsigned long)(node))

#define rb_entry(ptr, type, member)	container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member) ({				\
	__typeof__(ptr) __ptr = (ptr);					\
	__ptr ? rb_entry(__ptr, type, member) : NULL; })

/* Hang @node, red and childless, where the search ended; rb_insert_color() must follow. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **rb_link)
{
	node->rb_parent_color = (unsigned long)parent | RB_RED;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*rb_link = node;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);

/*
 * Make a tree of @nr nodes that hang together by rb_right, in order, from root->rb_node on:
 * for who has them all, and sorted.
 */
void rb_build(struct rb_root *root, unsigned long nr);

/* Takes @node out.  => @node's own fields are stale: RB_CLEAR_NODE it if anyone asks later */
void rb_erase(struct rb_node *node, struct rb_root *root);

/* In order; NULL at either end, and for a node that is in no tree. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* @entry takes @victim's place and colour.  => the two sort alike */
void rb_replace_node(struct rb_node *victim, struct rb_node *entry, struct rb_root *root);

/* The black height of the tree (0: empty), or -1 if a rule or a parent pointer is broken. */
int rb_check(const struct rb_root *root);

#endif /* OCTAVO_LIB_RBTREE_H */
