/*
 * mm/cache/anon_vma.h - where an anonymous page can be mapped.
 *
 * An anonymous page is in no file whose areas could be asked.  Instead page->mapping leads to the
 * anon_vma of the area that first touched it, and anon_vma->ways has every address space in which it
 * can be, and says where there: the one that made it, and those that fork made of that.  See
 * anon_vma.c.
 *
 * Locking: the lock of a family, anon_vma->root->lock, is of the level of i_mmap_lock: outside
 * page_table_lock, inside PG_locked.  Which way an area has, and what is in it, [a]: mmap_sem for
 * writing, or mmap_sem for reading with page_table_lock.
 */
#ifndef OCTAVO_MM_CACHE_ANON_VMA_H
#define OCTAVO_MM_CACHE_ANON_VMA_H

#include <mm/types/mm_types.h>

struct anon_vma {
	struct anon_vma *root;		/* [c] the first of the family */
	struct anon_vma *parent;	/* [c] NULL: it is the first */
	spinlock_t lock;		/* the root's guards the whole family */
	struct rb_root ways;		/* [root->lock] of struct anon_vma_chain, by page index */
	unsigned int nr_children;	/* [root->lock] anon_vmas whose parent it is */
	unsigned int nr_owners;		/* [root->lock] ways whose new pages it gets */
};

/* One step on a way from the first anon_vma of a family down. */
struct anon_vma_chain {
	struct interval_tree_node node;	/* [root->lock] in anon_vma->ways: the pages of the way */
	struct anon_way *way;		/* [c] */
	struct anon_vma *anon_vma;	/* [c] */
	struct anon_vma_chain *next;	/* [a] */
};

#define WAY_STEPS	2		/* as many as most have lie in it */

/* Areas of one address space that have pages of one family, and in which these lie alike. */
struct anon_way {
	struct mm_struct *mm;		/* [c] */
	unsigned long shift;		/* [c] pages: what address / PAGE_SIZE + shift is, is index */
	unsigned int nr_areas;		/* [a] that have it */
	struct anon_vma *anon_vma;	/* [a] where new pages belong; NULL: none yet */
	const struct anon_way *forked_from;	/* [c] at the fork that made it; not to be followed */
	struct anon_vma_chain steps[WAY_STEPS];	/* the first is always there */
};

/* The index of the last page of @vma. */
static inline unsigned long vma_last_index(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + ((vma->vm_end - vma->vm_start) >> PAGE_SHIFT) - 1;
}

/* What way->shift is, for a way that leads to @vma. */
static inline unsigned long vma_shift(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff - (vma->vm_start >> PAGE_SHIFT);
}

/* The first of the family, whose lock is the family's. */
static inline struct anon_vma *way_root(const struct anon_way *way)
{
	return way->steps[0].anon_vma->root;
}

#define anon_vma_foreach(step, anon_vma, start, last)					\
	for ((step) = rb_entry_safe(interval_tree_first(&(anon_vma)->ways, start, last),	\
				    struct anon_vma_chain, node); (step);		\
	     (step) = rb_entry_safe(interval_tree_next(&(step)->node, start, last),	\
				    struct anon_vma_chain, node))

/* Before an area gets its first anonymous page of its own. => [s] read; may sleep; 0 or -ENOMEM */
int __anon_vma_prepare(struct vm_area_struct *vma);
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(vma->anon_way && vma->anon_way->anon_vma) ? 0 : __anon_vma_prepare(vma);
}

/* Can one area of an address space hold the pages of both? (Those of @b: NULL, none.) => [s] write */
bool __anon_vma_compatible(const struct anon_way *a, const struct anon_way *b);
static inline bool anon_vma_compatible(const struct vm_area_struct *a,
				       const struct vm_area_struct *b)
{
	return !b || !a->anon_way || !b->anon_way || a->anon_way == b->anon_way ||
	       __anon_vma_compatible(a->anon_way, b->anon_way);
}
/*
 * @dst, a piece or a moved copy of @src in the same mm, or compatible, can hold the pages of @src.
 * => [s] write; may sleep; 0, or -ENOMEM with nothing changed
 */
int __anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
static inline int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	return src->anon_way == dst->anon_way || !src->anon_way ? 0 : __anon_vma_clone(dst, src);
}
/*
 * ... of a child, at fork: its own new pages it will keep apart. @prev: the area before it in the
 * child, or NULL.  => mmap_sem of the parent held for writing; 0 or -ENOMEM
 */
int __anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma,
		    struct vm_area_struct *prev);
static inline int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma,
				struct vm_area_struct *prev)
{
	struct anon_way *way = vma->vm_mm->anon_way;

	if (!pvma->anon_way)
		return 0;
	if (unlikely(!way || way->forked_from != pvma->anon_way))
		return __anon_vma_fork(vma, pvma, prev);
	way->nr_areas++;
	vma->anon_way = way;
	return 0;
}
/* @piece, cut off @vma, has what that has. => [s] write */
static inline void anon_vma_split(struct vm_area_struct *piece, struct vm_area_struct *vma)
{
	piece->anon_way = vma->anon_way;
	if (vma->anon_way)
		vma->anon_way->nr_areas++;
}
/* @vma ends, or has become part of another: it maps no page. => [s] write */
void __unlink_anon_vmas(struct anon_way *way);
static inline void unlink_anon_vmas(struct vm_area_struct *vma)
{
	if (vma->anon_way && !--vma->anon_way->nr_areas)
		__unlink_anon_vmas(vma->anon_way);
}

/* Its way is to reach pages [start, last] too. => [s] read; the family's lock not held */
void __anon_vma_cover(struct anon_way *way, unsigned long start, unsigned long last);
static inline void anon_vma_cover(struct vm_area_struct *vma, unsigned long start,
				  unsigned long last)
{
	struct anon_way *way = vma->anon_way;

	if (way && (start < way->steps[0].node.start || last > way->steps[0].node.last))
		__anon_vma_cover(way, start, last);
}
/* @vma, a stack, is to begin at @address. => [s] read; may sleep; 0 or -ENOMEM */
int __anon_vma_grow_down(struct vm_area_struct *vma, unsigned long address);
static inline int anon_vma_grow_down(struct vm_area_struct *vma, unsigned long address)
{
	/* That of the process leads to all pages. */
	if (likely(vma->anon_way && vma->anon_way == vma->vm_mm->anon_way))
		return 0;
	return __anon_vma_grow_down(vma, address);
}

static inline struct anon_vma *page_anon_vma(const struct page *page)
{
	return (struct anon_vma *)((unsigned long)page->mapping & ~PAGE_MAPPING_ANON);
}
/*
 * The anon_vma of @page, its family locked: no way of it and no page table of these ways goes.
 * => a reference to the page held; NULL: it is mapped nowhere (any more)
 */
struct anon_vma *page_lock_anon_vma(struct page *page);
static inline void page_unlock_anon_vma(struct anon_vma *anon_vma)
{
	spin_unlock(&anon_vma->root->lock);
}
/* Where it can be there. */
static inline unsigned long way_address(const struct anon_way *way, const struct page *page)
{
	return (page->index - way->shift) << PAGE_SHIFT;
}

/* May @vma map @page, which is anonymous? => [s] read, page_table_lock held */
bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page);
/* Do all ways of @mm lead through a family, and to its areas? => [s] read; lies, printed */
int anon_vma_check(struct mm_struct *mm);
void anon_vma_init(void);

#endif
