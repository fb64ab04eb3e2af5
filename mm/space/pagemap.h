/*
 * mm/space/pagemap.h - page tables as numbers, for /proc/PID/pagemap and clear_refs; frames, for kpageflags.
 */
#ifndef OCTAVO_MM_SPACE_PAGEMAP_H
#define OCTAVO_MM_SPACE_PAGEMAP_H

#include <mm/types/mm_types.h>

/* An entry of /proc/PID/pagemap: a frame's number in the low bits, and these. */
#define PM_PFRAME_MASK		((1ULL << 55) - 1)
#define PM_SOFT_DIRTY		(1ULL << 55)	/* written since clear_refs 4 */
#define PM_MMAP_EXCLUSIVE	(1ULL << 56)	/* no other entry has this page */
#define PM_FILE			(1ULL << 61)	/* of a file, or shared anonymous memory */
#define PM_SWAP			(1ULL << 62)
#define PM_PRESENT		(1ULL << 63)

/*
 * The entries of @nr pages from @start on, 0 where no area is.
 * => takes mmap_sem for reading; without @show_pfn frames' numbers are 0
 */
void pagemap_fill(struct mm_struct *mm, unsigned long start, unsigned int nr, u64 *entries,
		  bool show_pfn);

/* What may be written to /proc/PID/clear_refs. */
enum clear_refs {
	CLEAR_REFS_ALL = 1,		/* no page was used */
	CLEAR_REFS_ANON,		/* none of areas without a file */
	CLEAR_REFS_MAPPED,		/* none of areas with one */
	CLEAR_REFS_SOFT_DIRTY,		/* none was written to */
	CLEAR_REFS_MM_HIWATER_RSS,	/* VmHWM begins anew */
	CLEAR_REFS_LAST,
};
/* => takes mmap_sem for writing; may sleep */
void clear_refs(struct mm_struct *mm, enum clear_refs what);

/* Bits of /proc/kpageflags, by Linux's numbers. */
enum kpf {
	KPF_LOCKED, KPF_ERROR, KPF_REFERENCED, KPF_UPTODATE, KPF_DIRTY, KPF_LRU, KPF_ACTIVE, KPF_SLAB,
	KPF_WRITEBACK, KPF_RECLAIM, KPF_BUDDY, KPF_MMAP, KPF_ANON, KPF_SWAPCACHE, KPF_SWAPBACKED,
	KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL,
	KPF_UNEVICTABLE = 18,		/* on no list of reclaim, and will be on none */
	KPF_NOPAGE = 20,		/* no RAM there */
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
	KPF_MLOCKED = 33,
	KPF_PRIVATE = 36,
};


/* The word of a frame. => @pfn < max_mapnr; true for the moment, unless somebody keeps others out */
u64 kpageflags_word(unsigned long pfn);

#endif
