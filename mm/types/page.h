/*
 * mm/types/page.h - struct page: one for every frame of RAM.
 *
 * mem_map is the array of them, so that a frame number, a struct page and an
 * address in the direct map are three names for one thing.  32 bytes for each
 * 4096: 0.8 % of memory is spent on knowing what the rest is used for.
 *
 * Who may touch what, and what a field means, depends on what the page is:
 *
 *	free (buddy)	PG_buddy in the block's first page; private = order;
 *			lru links it into free_area[order]		[zone->lock]
 *	free (per-CPU)	PG_pcp; lru in the CPU's list			[interrupts off]
 *	slab		PG_slab; lru.next = its kmem_cache, lru.prev = its slab
 *	page table	PG_table
 *	kernel stack	PG_kstack
 *	vmalloc		PG_vmalloc
 *	page cache	mapping, index; one reference held by the cache; PG_locked
 *			guards the filling of it; PG_swapbacked = shmem; PG_blkdev =
 *			of a block device; PG_private: private = its buffer heads
 *	anonymous	mapping = anon_vma + PAGE_MAPPING_ANON, until it is freed; index =
 *			linear_page_index() there; PG_swapbacked; PG_swapcache: private = its entry
 *	reserved	PG_reserved: kernel image, mem_map, holes; never freed
 *
 * page_class() of mm/phys/page_class.h turns this into exactly one class for
 * every frame, which is how /proc/meminfo is proved.
 *
 * _refcount counts who may still use the frame: 0 is free.  _mapcount counts
 * page-table entries that map it, minus one: -1 is "mapped nowhere", so that
 * the first and the last mapper can tell by the sign.
 *
 * References: Gorman, Understanding the Linux Virtual Memory Manager, 2.4.
 */
#ifndef OCTAVO_MM_TYPES_PAGE_H
#define OCTAVO_MM_TYPES_PAGE_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/page.h>
#include <lib/bitops.h>
#include <lib/list.h>

struct address_space;

struct page {
	unsigned long flags;		/* PG_* [a]; zone and node on top [c] */
	atomic_t _refcount;		/* users of the frame [a] */
	atomic_t _mapcount;		/* page-table entries - 1 [a] */
	unsigned long private;		/* buddy: order [z]; compound: order */
	struct address_space *mapping;	/* see above [p] */
	unsigned long index;		/* page offset in the mapping [p] */
	union {
		struct list_head lru;	/* one list at a time: see above */
		struct {
			unsigned long __lru_next;
			unsigned long mlock_count;	/* PG_mlocked [mlock_lock] */
		};
	};
};
static_assert(sizeof(struct page) == 32, "mem_map is indexed by a shift");
static_assert(__builtin_offsetof(struct page, lru) == 24, "scripts/gdb/mm.py");

enum pageflags {
	PG_locked,	/* under I/O or being changed: lock_page() waits */
	PG_error,	/* the last read failed */
	PG_referenced,	/* used since the last look */
	PG_uptodate,	/* holds what the file holds */
	PG_dirty,	/* newer than the backing store */
	PG_lru,		/* on a reclaim list */
	PG_active,	/* ... the active one */
	PG_slab,
	PG_reserved,
	PG_private,	/* ->private belongs to the file system */
	PG_writeback,
	PG_swapcache,	/* in the swap cache: private = its swp_entry_t */
	PG_swapbacked,	/* backed by swap: anonymous or shmem */
	PG_buddy,
	PG_pcp,
	PG_table,
	PG_kstack,
	PG_vmalloc,
	PG_head,	/* first page of a compound block; private = order */
	PG_tail,	/* others: private = address of the head's struct page */
	PG_highmem,	/* lies above the direct map [c] */
	PG_mlocked,	/* some locked area maps it, mlock_count entries do: on no list */
	PG_readahead,	/* who reaches it reads ahead again (mm/cache/readahead.c) */
	PG_blkdev,	/* in the cache of a block device: counts in Buffers */
	PG_inactive_clean, /* on its zone's list of pages that can go at once (mm/cache/swap.h) */
	PG_age,		/* two bits: how used the page is, 0 .. PAGE_AGE_MAX */
	PG_age_high,
	__NR_PAGEFLAGS,
	/* One bit, two meanings: only a page that was read, or one that is being written, has them. */
	PG_reclaim = PG_readahead,	/* to be freed when PG_writeback ends (mm/cache/vmscan.c) */
};
/* What a frame is for ever stands on top: its zone, below it its node. */
#define ZONES_PGSHIFT		30
#define NODES_SHIFT		3	/* log2 of the nodes there may be */
#define NODES_PGSHIFT		(ZONES_PGSHIFT - NODES_SHIFT)
static_assert(__NR_PAGEFLAGS <= NODES_PGSHIFT, "flags run into the node number");
static_assert(NODES_PGSHIFT == 27, "scripts/gdb/octavo/phys.py: page_zone()");

#define PAGEFLAG(uname, lname)						\
static inline int Page##uname(const struct page *page)			\
	{ return (int)(page->flags >> PG_##lname & 1); }		\
static inline void SetPage##uname(struct page *page)			\
	{ set_bit(PG_##lname, &page->flags); }				\
static inline void ClearPage##uname(struct page *page)			\
	{ clear_bit(PG_##lname, &page->flags); }			\
static inline void __SetPage##uname(struct page *page)			\
	{ page->flags |= 1UL << PG_##lname; }				\
static inline void __ClearPage##uname(struct page *page)		\
	{ page->flags &= ~(1UL << PG_##lname); }			\
static inline int TestSetPage##uname(struct page *page)			\
	{ return test_and_set_bit(PG_##lname, &page->flags); }		\
static inline int TestClearPage##uname(struct page *page)		\
	{ return test_and_clear_bit(PG_##lname, &page->flags); }

PAGEFLAG(Locked, locked)
PAGEFLAG(Error, error)
PAGEFLAG(Referenced, referenced)
PAGEFLAG(Uptodate, uptodate)
PAGEFLAG(Dirty, dirty)
PAGEFLAG(LRU, lru)
PAGEFLAG(Active, active)
PAGEFLAG(Slab, slab)
PAGEFLAG(Reserved, reserved)
PAGEFLAG(Private, private)
PAGEFLAG(Writeback, writeback)
PAGEFLAG(SwapCache, swapcache)
PAGEFLAG(SwapBacked, swapbacked)
PAGEFLAG(Buddy, buddy)
PAGEFLAG(Pcp, pcp)
PAGEFLAG(Table, table)
PAGEFLAG(Kstack, kstack)
PAGEFLAG(Vmalloc, vmalloc)
PAGEFLAG(Head, head)
PAGEFLAG(Tail, tail)
PAGEFLAG(HighMem, highmem)
PAGEFLAG(Mlocked, mlocked)
PAGEFLAG(Readahead, readahead)
PAGEFLAG(Reclaim, reclaim)
PAGEFLAG(Blkdev, blkdev)
PAGEFLAG(InactiveClean, inactive_clean)

/* Age: up when a look finds the page used, down when not; at 0 it becomes inactive. */
#define PAGE_AGE_START	1U
#define PAGE_AGE_ADV	2U
#define PAGE_AGE_MAX	3U
static inline unsigned int page_age(const struct page *page)
{
	return (unsigned int)(page->flags >> PG_age & PAGE_AGE_MAX);
}
/* The other flags may change at any time. => zone->lru_lock held, or nobody else sees the page */
static inline void set_page_age(struct page *page, unsigned int age)
{
	asm volatile("lock addl %1, %0" : "+m"(page->flags)
		     : "ri"((age - page_age(page)) << PG_age) : "cc");
}

/* mapping's lowest bit: the page is anonymous, the rest points to its anon_vma. */
#define PAGE_MAPPING_ANON	1UL
static inline int PageAnon(const struct page *page)
{
	return (int)((unsigned long)page->mapping & PAGE_MAPPING_ANON);
}

/* [c] after mem_map_init(): one struct page for each frame below max_mapnr */
extern struct page *mem_map;
extern unsigned long max_mapnr;		/* pfns */
extern unsigned long max_low_pfn;	/* first pfn that the direct map does not reach */
extern unsigned long highstart_pfn, highend_pfn;
extern void *high_memory;		/* end of the direct map */
extern unsigned long low_area_end;	/* ... or of mem_map, if it has addresses of its own behind it */

#define pfn_to_page(pfn)	(mem_map + (pfn))
#define page_to_pfn(page)	((unsigned long)((page) - mem_map))
#define pfn_valid(pfn)		((unsigned long)(pfn) < max_mapnr)
#define VALID_PAGE(page)	((page) >= mem_map && (unsigned long)((page) - mem_map) < max_mapnr)
#define virt_to_page(kaddr)	pfn_to_page(__pa(kaddr) >> PAGE_SHIFT)
#define page_to_phys(page)	PFN_PHYS(page_to_pfn(page))
#define virt_addr_valid(kaddr) \
	((unsigned long)(kaddr) >= PAGE_OFFSET && (void *)(kaddr) < high_memory)
/* For a page that is known to lie in low memory: pfn * 4096, by one shift of the array offset. */
#define lowmem_page_address(pg) \
	__va(((unsigned long)(pg) - (unsigned long)mem_map) * (PAGE_SIZE / sizeof(*mem_map)))

static inline int page_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}
static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}
static inline int page_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
}
static inline unsigned int page_zonenum(const struct page *page)
{
	return (unsigned int)(page->flags >> ZONES_PGSHIFT);
}
static inline int page_to_nid(const struct page *page)
{
	return (int)(page->flags >> NODES_PGSHIFT & ((1UL << NODES_SHIFT) - 1));
}
/* Zone and node in one number, below NR_PAGE_ZONE_IDS: what a table by zone is indexed with. */
#define NR_PAGE_ZONE_IDS	(1U << (32 - NODES_PGSHIFT))
static inline unsigned int page_zone_id(const struct page *page)
{
	return (unsigned int)(page->flags >> NODES_PGSHIFT);
}

/* A compound block is counted in its first page. */
static inline struct page *compound_head(struct page *page)
{
	return PageTail(page) ? (struct page *)page->private : page;
}

/* Take a reference; the caller already has one, or a lock that keeps one alive. */
static inline void get_page(struct page *page)
{
	atomic_inc(&compound_head(page)->_refcount);
}
/* ... if it has any user still. => false: it is being freed */
static inline bool get_page_unless_zero(struct page *page)
{
	return atomic_inc_not_zero(&page->_refcount);
}

#endif
