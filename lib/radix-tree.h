/*
 * lib/radix-tree.h - index -> pointer, with tags.
 *
 * Theory.  The map behind the page cache: file offset in pages -> struct page.  Each node has
 * 64 slots and consumes 6 bits of the index, so a file of up to 256K is one node, one of 16M
 * is two levels, and any index of 32 bits takes at most six.  The tree is only as high as its
 * largest index needs.  A lookup costs one load and one shift for each level.
 *
 * Tags.  Every slot has one bit for each of three tags, and an inner slot's tag is set if any
 * slot below has it: "the next dirty page from here" skips whole clean subtrees.
 *
 * Memory.  lib cannot allocate.  The kernel passes two functions once, at boot; every root
 * carries the gfp words its insertions allocate with (the tree is changed under a spinlock,
 * so they must not sleep).  Insert returns -ENOMEM and leaves the tree as it was.
 * sizeof(struct radix_tree_node) is public, so that the kernel can give nodes a cache.
 *
 * Locking: the caller's (the page cache: address_space.tree_lock).
 */
#ifndef OCTAVO_LIB_RADIX_TREE_H
#define OCTAVO_LIB_RADIX_TREE_H

#include <lib/bitops.h>
#include <lib/types.h>

#define RADIX_TREE_MAP_SHIFT	6
#define RADIX_TREE_MAP_SIZE	(1UL << RADIX_TREE_MAP_SHIFT)
#define RADIX_TREE_MAP_MASK	(RADIX_TREE_MAP_SIZE - 1)
#define RADIX_TREE_TAG_LONGS	BITS_TO_LONGS(RADIX_TREE_MAP_SIZE)
#define RADIX_TREE_MAX_PATH	((BITS_PER_LONG + RADIX_TREE_MAP_SHIFT - 1) / RADIX_TREE_MAP_SHIFT)

/* The tags, by the page cache's names. */
#define PAGECACHE_TAG_DIRTY	0
#define PAGECACHE_TAG_WRITEBACK	1
#define PAGECACHE_TAG_TOWRITE	2
#define RADIX_TREE_MAX_TAGS	3

struct radix_tree_node {
	unsigned int count;			/* slots in use */
	void *slots[RADIX_TREE_MAP_SIZE];	/* nodes, or items at the lowest level */
	unsigned long tags[RADIX_TREE_MAX_TAGS][RADIX_TREE_TAG_LONGS];
};

struct radix_tree_root {
	unsigned int height;			/* levels; 0: empty */
	unsigned int gfp_mask;			/* for the allocator */
	struct radix_tree_node *rnode;
};

#define RADIX_TREE_INIT(mask)		{ .height = 0, .gfp_mask = (mask), .rnode = NULL }
#define RADIX_TREE(name, mask)		struct radix_tree_root name = RADIX_TREE_INIT(mask)

static inline void INIT_RADIX_TREE(struct radix_tree_root *root, unsigned int gfp_mask)
{
	root->height = 0;
	root->gfp_mask = gfp_mask;
	root->rnode = NULL;
}

static inline bool radix_tree_empty(const struct radix_tree_root *root)
{
	return !root->rnode;
}

typedef void *radix_tree_alloc_t(unsigned int gfp_mask);
typedef void radix_tree_free_t(void *node);

/*
 * Where nodes come from.
 * => alloc returns sizeof(struct radix_tree_node) bytes, pointer-aligned, any content, or NULL
 * => called once, before the first insertion
 */
void radix_tree_set_allocator(radix_tree_alloc_t *alloc, radix_tree_free_t *free);

/* => item is not NULL; returns 0, -EEXIST, or -ENOMEM with the tree unchanged */
int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item);

/* The item, or NULL. */
void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index);

/* Where the item is stored, to replace it in place; NULL if there is none. */
void **radix_tree_lookup_slot(const struct radix_tree_root *root, unsigned long index);

/* Takes the item out with its tags, and frees the nodes that this empties. */
void *radix_tree_delete(struct radix_tree_root *root, unsigned long index);

/* Up to @max_items items from @first_index on, in order of index; returns how many. */
unsigned int radix_tree_gang_lookup(const struct radix_tree_root *root, void **results,
				    unsigned long first_index, unsigned int max_items);
unsigned int radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
					unsigned long first_index, unsigned int max_items,
					unsigned int tag);

/* The first item at or after *index, which becomes its index; NULL: none (and *index is anything). */
void *radix_tree_next(const struct radix_tree_root *root, unsigned long *index);

/* Both return the item, or NULL if there is none (and nothing was done). */
void *radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, unsigned int tag);
void *radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, unsigned int tag);

/* 1 if there is an item at @index and it has @tag, else 0. */
int radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, unsigned int tag);

/* Does any item have @tag? */
int radix_tree_tagged(const struct radix_tree_root *root, unsigned int tag);

/* Whether counts, heights and inner tags agree with the slots below them. */
bool radix_tree_check(const struct radix_tree_root *root);

#endif /* OCTAVO_LIB_RADIX_TREE_H */
