/*
 * mm/cache/anon_vma.h - where an anonymous page can be mapped.
 *
 * An anonymous page is in no file whose areas could be asked.  Instead page->mapping leads to the
 * anon_vma of the area that first touched it, and anon_vma->areas has every area in which it can
 * be: that area, the pieces it was cut into, and the copies that fork made of it.  See anon_vma.c.
 *
 * Locking: the lock of a family, anon_vma->root->lock, is of the level of i_mmap_lock: outside
 * page_table_lock, inside PG_locked.  An area's own way through its family (vma->anon_vma_chain):
 * mmap_sem for writing, or mmap_sem for reading with page_table_lock.
 */
#ifndef OCTAVO_MM_CACHE_ANON_VMA_H
#define OCTAVO_MM_CACHE_ANON_VMA_H

#include <mm/types/mm_types.h>

struct anon_vma {
	struct anon_vma *root;		/* [c] the first of the family */
	struct anon_vma *parent;	/* [c] NULL: it is the first */
	spinlock_t lock;		/* the root's guards the whole family */
	struct rb_root areas;		/* [root->lock] of struct anon_vma_chain, by vm_pgoff */
	unsigned int nr_children;	/* [root->lock] anon_vmas whose parent it is */
	unsigned int nr_owners;		/* [root->lock] areas whose new pages it gets */
};

#define anon_vma_foreach(step, anon_vma, start, last)					\
	for ((step) = rb_entry_safe(interval_tree_first(&(anon_vma)->areas, start, last),	\
				    struct anon_vma_chain, node); (step);		\
	     (step) = rb_entry_safe(interval_tree_next(&(step)->node, start, last),	\
				    struct anon_vma_chain, node))

/* Before an area gets its first anonymous page of its own. => [s] read; may sleep; 0 or -ENOMEM */
int __anon_vma_prepare(struct vm_area_struct *vma);
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(vma->anon_vma) ? 0 : __anon_vma_prepare(vma);
}

/* Can one area of an address space hold the pages of both? (Those of @b: NULL, none.) => [s] write */
bool __anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b);
static inline bool anon_vma_compatible(const struct vm_area_struct *a,
				       const struct vm_area_struct *b)
{
	return !b || !vma_has_anon(a) || !vma_has_anon(b) || __anon_vma_compatible(a, b);
}
/*
 * @dst, a piece or a moved copy of @src in the same mm, or compatible, can hold the pages of @src.
 * => [s] write; may sleep; 0, or -ENOMEM with nothing changed
 */
int __anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
static inline int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	return vma_has_anon(src) ? __anon_vma_clone(dst, src) : 0;
}
/* ... of a child, at fork: its own new pages it will keep apart. */
int __anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
static inline int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	return vma_has_anon(pvma) ? __anon_vma_fork(vma, pvma) : 0;
}
/* @vma ends, or has become part of another: out of all trees.
 * => it maps no anonymous page any more, and is about to be freed */
void __unlink_anon_vmas(struct vm_area_struct *vma);
static inline void unlink_anon_vmas(struct vm_area_struct *vma)
{
	if (vma_has_anon(vma))
		__unlink_anon_vmas(vma);
}
/*
 * Its place in the trees goes by [vm_pgoff, + pages): around a change of vm_start, vm_end or
 * vm_pgoff.  => the family's lock is held in between
 */
static inline void anon_vma_pre_update_vma(struct vm_area_struct *vma)
{
	if (vma_has_anon(vma))
		spin_lock(&vma->anon_vma_chain.anon_vma->root->lock);
}
void __anon_vma_post_update_vma(struct vm_area_struct *vma);
static inline void anon_vma_post_update_vma(struct vm_area_struct *vma)
{
	if (vma_has_anon(vma))
		__anon_vma_post_update_vma(vma);
}

static inline struct anon_vma *page_anon_vma(const struct page *page)
{
	return (struct anon_vma *)((unsigned long)page->mapping & ~PAGE_MAPPING_ANON);
}
/*
 * The anon_vma of @page, its family locked: no area of it and no table of these areas goes.
 * => a reference to the page held; NULL: it is mapped nowhere (any more)
 */
struct anon_vma *page_lock_anon_vma(struct page *page);
static inline void page_unlock_anon_vma(struct anon_vma *anon_vma)
{
	spin_unlock(&anon_vma->root->lock);
}

/* May @vma map @page, which is anonymous? => [s] read, page_table_lock held */
bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page);
/* Is @vma's way one through a family, and on all its trees? => [s] read; lies, printed */
int anon_vma_check(struct vm_area_struct *vma);
void anon_vma_init(void);

#endif
