/*
 * mm/cache/anon_vma.h - where an anonymous page can be mapped.
 *
 * An anonymous page is in no file whose areas could be asked.  Instead page->mapping leads to the
 * anon_vma of the area that first touched it, and from there a chain leads to every area in which
 * it can be: that area, the pieces it was cut into, and the copies that fork made of it.  Each area
 * has an anon_vma of its own for its own new pages, and is linked to those of its ancestors.  So a
 * child's new pages are looked for in the child alone, however many brothers it has.
 *
 * Locking: anon_vma->lock is of the level of i_mmap_lock: outside page_table_lock, inside PG_locked.
 * An area's own chain: mmap_sem for writing, or mmap_sem for reading with page_table_lock.
 */
#ifndef OCTAVO_MM_CACHE_ANON_VMA_H
#define OCTAVO_MM_CACHE_ANON_VMA_H

#include <mm/types/mm_types.h>

struct anon_vma;

/* Before an area gets its first anonymous page. => mmap_sem held; may sleep; 0 or -ENOMEM */
int __anon_vma_prepare(struct vm_area_struct *vma);
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(vma->anon_vma) ? 0 : __anon_vma_prepare(vma);
}
/* @dst, a piece or a moved copy of @src in the same mm, can hold the pages of @src. => 0, -ENOMEM */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
/* ... of a child, after fork. */
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
/* @vma ends, or has become part of another: out of all chains. => its entries are empty, or moved */
void unlink_anon_vmas(struct vm_area_struct *vma);
/* Its place in them goes by [vm_pgoff, + vma_pages): around a change of vm_start, vm_end or vm_pgoff. */
void anon_vma_pre_update_vma(struct vm_area_struct *vma);
void anon_vma_post_update_vma(struct vm_area_struct *vma);

/* The anon_vma of @page, locked; NULL: it is mapped nowhere (any more). */
struct anon_vma *page_lock_anon_vma(struct page *page);
void page_unlock_anon_vma(struct anon_vma *anon_vma);

/* Chains, trees and counts agree. => 0, or prints and -1 */
int anon_vma_check(void);
void anon_vma_init(void);

#endif
