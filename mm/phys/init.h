/*
 * mm/phys/init.h - from ranges of RAM to a page allocator.
 *
 * Order at boot: memblock_add/reserve (boot/setup.c) -> paging_init() ->
 * free_area_init() -> mem_init() -> kmem_cache_init() ... -> free_initmem()
 * before the first process.
 */
#ifndef OCTAVO_MM_PHYS_INIT_H
#define OCTAVO_MM_PHYS_INIT_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/types/page.h>

/* linker.ld; the __boot ones are physical addresses. */
extern char __boot_begin[], __boot_end[], _text[], _stext[], _etext[];
extern char __rodata_start[], __rodata_end[], _sdata[], _edata[];
extern char __start_ro_after_init[], __end_ro_after_init[];
extern char __init_begin[], __init_end[], _sinittext[], _einittext[];
extern char __ktest_begin[], __ktest_end[], __ktest_text_end[];
extern char __bss_start[], __bss_stop[], _end[];

/* [c] first pfn behind all RAM */
extern unsigned long max_pfn;
/* Pages in the buddy system's hands: MemTotal. */
extern unsigned long totalram_pages, totalhigh_pages;
/* Frames of RAM, reserved ones too, of all nodes. */
unsigned long total_present_pages(void);
/* The frame that holds the struct page of frame @pfn. */
struct page *mem_map_frame(unsigned long pfn);

/*
 * The final kernel page tables, in swapper_pg_dir: on return the whole direct
 * map is usable, high_memory and the *_pfn limits are set, page tables for kmap
 * and fixmap exist, .text and .rodata are read-only.
 */
void paging_init(void);
/* Nodes and zones are sized, mem_map is there but not filled in: nodes.c. */
void free_area_init(void);
/* Hands all RAM that is not reserved to the page allocator.  alloc_pages() works from here on. */
void mem_init(void);
/* Gives back .init and .boot.  => nothing __init may run after */
void free_initmem(void);
/* Gives back the in-kernel tests.  => none may run after */
void free_ktestmem(void);
/*
 * Give the whole pages in [start, end) of the direct map, reserved so far, to
 * the page allocator: parts of the image, modules that were unpacked.
 * @poison: fill them with this byte first, unless negative; @name: logged unless NULL.
 * => pages freed
 */
unsigned long free_reserved_area(void *start, void *end, int poison, const char *name);

/* [c] small and large pages that the direct map uses: DirectMap4k, DirectMap4M (PAE: 2M) */
extern unsigned long direct_pages_4k, direct_pages_large;

#endif
