/*
 * lib/rbtree.c - red-black trees: keeping the rules.
 *
 * Theory.  The rules: (1) a node is red or black; (2) the root is black; (3) a red node has no
 * red child; (4) every way from the root to a missing child passes the same number of black
 * nodes, the black height.  By (3) and (4) the longest way is at most twice the shortest, so
 * a tree of n nodes is no higher than 2 log2(n + 1).
 *
 * Insertion adds a red node: only (2) or (3) can break, at that node and its parent.
 * Either the uncle is red and the redness moves two levels up, or one or two rotations end it.
 *
 *	      G               g            G: black, p n u: red
 *	    /   \    ->     /   \          red uncle: recolour, go on at g
 *	   p     u         P     U
 *	  n               n
 *
 *	      G               P
 *	    /   \    ->     /   \          black uncle: one rotation at G, done
 *	   p     U         n     g         (n on p's inner side is first rotated outwards)
 *	  n                       U
 *
 * Deletion takes out a node with at most one child (one with two children first changes places
 * with its successor).  If it was black, the ways through its place lack a black node.  If its
 * child is red, blackening that repairs it; else the sibling is reddened (the lack moves up)
 * or a red nephew is rotated over, which ends it.  At most three rotations for a deletion and
 * two for an insertion; the recolouring is at most log n steps.
 *
 * Left and right are each other's mirror image.  Instead of writing every case twice, the
 * cases are written once, for `left` meaning "the side we came from" (slot, rotate).
 *
 * The two repairs are in rbtree_augmented.h, so that trees whose nodes know something of what hangs
 * below them can share them.
 *
 * Interface: lib/rbtree.h.  Locking: the caller's.
 * References: Cormen et al., Introduction to Algorithms, ch. 13.
 */
#include <lib/rbtree_augmented.h>

/* A tree of all the nodes an address space could hold is no higher than this. */
#define RB_MAX_HEIGHT	(2 * BITS_PER_LONG)

static_assert(__alignof__(struct rb_node) >= 4, "bits 0 and 1 of a parent pointer are free");

/*
 * Take @nr nodes off the chain *@next and make them a subtree, halves left and right of its
 * middle.  So all levels are full but the last, whose nodes are red, all others black.
 * => @level: how many are below, in a full tree; the top node, which has no parent yet
 */
static struct rb_node *build_subtree(struct rb_node **next, unsigned long nr, unsigned int level)
{
	unsigned long nr_left = (nr - 1) / 2, nr_right = nr / 2;
	struct rb_node *left = nr_left ? build_subtree(next, nr_left, level - 1) : NULL;
	struct rb_node *node = *next, *right = NULL;

	*next = node->rb_right;
	if (nr_right) {
		right = build_subtree(next, nr_right, level - 1);
		right->rb_parent_color |= (unsigned long)node;
	}
	if (left)
		left->rb_parent_color |= (unsigned long)node;
	node->rb_parent_color = level ? RB_BLACK : RB_RED;
	node->rb_right = right;
	node->rb_left = left;
	return node;
}

void rb_build(struct rb_root *root, unsigned long nr)
{
	struct rb_node *next = root->rb_node;

	if (!nr)
		return;
	root->rb_node = build_subtree(&next, nr, BITS_PER_LONG - 1 - __builtin_clzl(nr));
	set_color(root->rb_node, RB_BLACK);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	__rb_insert_color(node, root, NULL);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	__rb_erase(node, root, NULL);
}

/* The end of the tree under @node on the @left side. */
static struct rb_node *outermost(struct rb_node *node, bool left)
{
	struct rb_node *next;

	while (node && (next = *slot(node, left)))
		node = next;
	return node;
}

/* The neighbour: the near end of the subtree there, or the first ancestor on that side. */
static struct rb_node *neighbour(const struct rb_node *cnode, bool left)
{
	struct rb_node *node = (struct rb_node *)cnode, *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (*slot(node, left))
		return outermost(*slot(node, left), !left);
	while ((parent = rb_parent(node)) && node == *slot(parent, left))
		node = parent;
	return parent;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, true);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, false);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, false);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, true);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *entry, struct rb_root *root)
{
	change_child(rb_parent(victim), victim, entry, root);
	if (victim->rb_left)
		set_parent(victim->rb_left, entry);
	if (victim->rb_right)
		set_parent(victim->rb_right, entry);
	*entry = *victim;
}

/*
 * The black height of the subtree @node, or -1.  Every node is seen once even in a broken
 * tree, because each must name the parent it was reached from.
 */
static int check_subtree(const struct rb_node *node, const struct rb_node *parent, int depth)
{
	int left, right;

	if (!node)
		return 0;
	if (depth > (int)RB_MAX_HEIGHT || rb_parent(node) != parent)
		return -1;
	if (node->rb_left == node->rb_right && node->rb_left)
		return -1;
	if (is_red(node) && (is_red(node->rb_left) || is_red(node->rb_right)))
		return -1;
	left = check_subtree(node->rb_left, node, depth + 1);
	right = check_subtree(node->rb_right, node, depth + 1);
	if (left < 0 || left != right)
		return -1;
	return left + (rb_color(node) == RB_BLACK);
}

int rb_check(const struct rb_root *root)
{
	if (is_red(root->rb_node))
		return -1;
	return check_subtree(root->rb_node, NULL, 0);
}
