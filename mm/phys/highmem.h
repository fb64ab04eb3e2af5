/*
 * mm/phys/highmem.h - using pages that the direct map does not reach.
 *
 * Theory.  The kernel has one gigabyte of addresses and keeps RAM mapped in the
 * first 896M of it.  A page above that has no address until it is given one:
 *
 *	kmap(page)		a window of a table of 1024, shared by all; may wait for
 *				a free one; stays valid across sleeping; kunmap(page)
 *	kmap_atomic(page, KM_x)	the window KM_x of this processor; at once, in any
 *				context; no sleeping before kunmap_atomic(address, KM_x)
 *
 * For a low page both are just its address.  kmap windows are not unmapped at
 * kunmap but left, in case the page is mapped again; when the table has been
 * gone through, all windows without a user are cleared and the TLB is flushed
 * once.  pkmap_count[i]: 0 free; 1 no user, but the TLB may remember it; n + 1
 * means n users.
 *
 * kmap_atomic() does not forbid page faults.  Who touches user memory between
 * map and unmap uses the _inatomic copies inside pagefault_disable().
 *
 * Without CONFIG_HIGHMEM there are no high pages, and all of this compiles away.
 *
 * Locking: kmap_lock for the table; its waiters sleep on pkmap_map_wait.
 * Reference: Gorman, chapter 9.
 */
#ifndef OCTAVO_MM_PHYS_HIGHMEM_H
#define OCTAVO_MM_PHYS_HIGHMEM_H

#include <kernel/arch/page.h>
#include <lib/string.h>
#include <mm/phys/fixmap.h>
#include <mm/types/page.h>

#define PKMAP_ADDR(nr)	(PKMAP_BASE + ((unsigned long)(nr) << PAGE_SHIFT))
#define PKMAP_NR(virt)	(((unsigned long)(virt) - PKMAP_BASE) >> PAGE_SHIFT)

#ifdef CONFIG_HIGHMEM

extern int pkmap_count[LAST_PKMAP];	/* [kmap_lock] */
extern pte_t *pkmap_page_table;		/* [c] */

/* => may sleep; the address of a high page */
void *kmap_high(struct page *page);
/* => any context */
void kunmap_high(struct page *page);
void *kmap_atomic_high(struct page *page, enum km_type type);
void kunmap_atomic_high(void *kvaddr, enum km_type type);
/* Any frame, with or without a struct page behind it. */
void *kmap_atomic_pfn(unsigned long pfn, enum km_type type);
/* The address of a high page that is kmapped now, or NULL. */
void *page_address_high(const struct page *page);
/* Clear the windows without users, and flush. */
void flush_all_zero_pkmaps(void);

static inline void *page_address(const struct page *page)
{
	if (likely(!PageHighMem(page)))
		return lowmem_page_address(page);
	return page_address_high(page);
}

static inline void *kmap(struct page *page)
{
	if (likely(!PageHighMem(page)))
		return lowmem_page_address(page);
	return kmap_high(page);
}

static inline void kunmap(struct page *page)
{
	if (unlikely(PageHighMem(page)))
		kunmap_high(page);
}

static __always_inline void *kmap_atomic(struct page *page, enum km_type type)
{
	if (likely(!PageHighMem(page)))
		return lowmem_page_address(page);
	return kmap_atomic_high(page, type);
}

static __always_inline void kunmap_atomic(void *kvaddr, enum km_type type)
{
	if (unlikely((unsigned long)kvaddr >= PKMAP_BASE))
		kunmap_atomic_high(kvaddr, type);
}

/* Windows with a user, atomic ones not counted. */
unsigned long nr_kmaps(void);
/* The page behind any kmap, kmap_atomic or direct-map address. */
struct page *kmap_to_page(void *vaddr);

#else /* !CONFIG_HIGHMEM */

static inline void *page_address(const struct page *page)
{
	return lowmem_page_address(page);
}
static inline void *kmap(struct page *page)
{
	return lowmem_page_address(page);
}
static inline void kunmap(struct page *page)
{
	(void)page;
}
static __always_inline void *kmap_atomic(struct page *page, enum km_type type)
{
	(void)type;
	return lowmem_page_address(page);
}
static __always_inline void kunmap_atomic(void *kvaddr, enum km_type type)
{
	(void)kvaddr;
	(void)type;
}
static inline void flush_all_zero_pkmaps(void) { }
static inline unsigned long nr_kmaps(void)
{
	return 0;
}
static inline struct page *kmap_to_page(void *vaddr)
{
	return virt_to_page(vaddr);
}

#endif

/* Boot: after paging_init() and kmem_cache_init(). */
void kmap_init(void);
/* => 0, or the number of faults, each reported */
int kmap_check(void);
/* Print the windows in use. */
void dump_kmap(void);

/* ---- on whole pages, wherever they lie; KM_USER0 and KM_USER1 are used ---- */

static inline void clear_highpage(struct page *page)
{
	void *kaddr;

	if (likely(!PageHighMem(page))) {
		clear_page(lowmem_page_address(page));
		return;
	}
	kaddr = kmap_atomic(page, KM_USER0);
	clear_page(kaddr);
	kunmap_atomic(kaddr, KM_USER0);
}

/* @vaddr: where the user will see it; a cache with aliases would need to know. */
static inline void clear_user_highpage(struct page *page, unsigned long vaddr)
{
	(void)vaddr;
	clear_highpage(page);
}

static inline void copy_highpage(struct page *to, struct page *from)
{
	void *vfrom, *vto;

	if (likely(!PageHighMem(to) && !PageHighMem(from))) {
		copy_page(lowmem_page_address(to), lowmem_page_address(from));
		return;
	}
	vfrom = kmap_atomic(from, KM_USER0);
	vto = kmap_atomic(to, KM_USER1);
	copy_page(vto, vfrom);
	kunmap_atomic(vto, KM_USER1);
	kunmap_atomic(vfrom, KM_USER0);
}

static inline void copy_user_highpage(struct page *to, struct page *from, unsigned long vaddr)
{
	(void)vaddr;
	copy_highpage(to, from);
}

/* Bytes [offset, offset + size) of one page. */
static inline void zero_user_page(struct page *page, unsigned int offset, unsigned int size)
{
	char *kaddr = kmap_atomic(page, KM_USER0);

	memset(kaddr + offset, 0, size);
	kunmap_atomic(kaddr, KM_USER0);
}

static inline void memcpy_from_page(void *to, struct page *page, unsigned int offset, size_t len)
{
	char *kaddr = kmap_atomic(page, KM_USER0);

	memcpy(to, kaddr + offset, len);
	kunmap_atomic(kaddr, KM_USER0);
}

static inline void memcpy_to_page(struct page *page, unsigned int offset, const void *from,
				  size_t len)
{
	char *kaddr = kmap_atomic(page, KM_USER0);

	memcpy(kaddr + offset, from, len);
	kunmap_atomic(kaddr, KM_USER0);
}

#endif
