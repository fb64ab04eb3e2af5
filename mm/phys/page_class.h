/*
 * mm/phys/page_class.h - every frame is exactly one thing.
 *
 * page_class() looks at one struct page; page_class_count() walks all of
 * mem_map and counts.  page_class_check() compares that count with the counters
 * that /proc/meminfo shows: accounting is proved by counting again, not by
 * subtracting what is known from the total.
 */
#ifndef OCTAVO_MM_PHYS_PAGE_CLASS_H
#define OCTAVO_MM_PHYS_PAGE_CLASS_H

#include <mm/types/page.h>

enum page_class {
	PAGE_CLASS_HOLE,	/* a struct page without RAM behind it */
	PAGE_CLASS_RESERVED,	/* kernel image, mem_map, firmware's: never managed */
	PAGE_CLASS_FREE,	/* in the buddy system */
	PAGE_CLASS_PCP,		/* free, on a per-CPU list */
	PAGE_CLASS_SLAB,
	PAGE_CLASS_PAGETABLE,
	PAGE_CLASS_QUICKLIST,	/* page tables kept for the next user */
	PAGE_CLASS_KSTACK,
	PAGE_CLASS_VMALLOC,
	PAGE_CLASS_SWAPCACHE,	/* in the swap cache, mapped or not */
	PAGE_CLASS_ANON,	/* mapped by processes, and not in the swap cache */
	PAGE_CLASS_FILE,	/* page cache of files, not shmem */
	PAGE_CLASS_BUFFERS,	/* page cache of block devices */
	PAGE_CLASS_SHMEM,
	PAGE_CLASS_KERNEL,	/* allocated by other kernel code */
	NR_PAGE_CLASSES
};

struct page_class_counts {
	unsigned long pages[NR_PAGE_CLASSES];
};

extern const char *const page_class_names[NR_PAGE_CLASSES];

/* The class of one frame.  => @page's zone lock, or nobody else can change it */
enum page_class page_class(const struct page *page);
/* All frames below max_mapnr, under the zone locks. */
void page_class_count(struct page_class_counts *counts);
/* Sums and counters agree. => 0, or prints which do not and -1 */
int page_class_check(void);
/* What the counters say each class should be. */
void page_class_expected(struct page_class_counts *counts);

/* Boot: register the counters, quiesce functions and checkers of mm/phys with ktest. */
void page_class_init(void);

#endif
