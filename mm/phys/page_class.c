/*
 * mm/phys/page_class.c - what every frame is, and proof that the counters say so.
 *
 * Theory.  /proc/meminfo is made of counters that many places keep.  A place that
 * forgets one makes them lie, and a figure got by subtraction hides it.  So here
 * mem_map is walked and every struct page is asked what it is, by its own marks:
 *
 *	class		mark					counted by, shown as
 *	hole		no RAM in the loader's map		max_mapnr - present
 *	reserved	PG_reserved				present - MemTotal
 *	free, pcp	PG_buddy, PG_pcp			the lists: MemFree
 *	slab		PG_slab					Slab
 *	pagetable	PG_table				PageTables
 *	quicklist	PG_table, ->private set			Quicklists
 *	kstack		PG_kstack				KernelStack
 *	vmalloc		PG_vmalloc				VmallocUsed
 *	swapcache	PG_swapcache, mapped or not		SwapCached
 *	anon		PAGE_MAPPING_ANON, mapped		AnonPages - those of swapcache
 *	file		->mapping, neither of these two		Cached - Shmem
 *	buffers		->mapping, PG_blkdev			Buffers
 *	shmem		->mapping, PG_swapbacked		Shmem
 *	kernel		none of these: alloc_pages() for the kernel's own use
 *
 * Each frame gets exactly one class because the marks are looked at in this
 * order; that two marks never meet is checked when a page is freed.  The sum of
 * all classes is the number of frames, by construction; that each equals its
 * counter is the theorem, and page_class_check() is its test.  The class `kernel`
 * has no counter: what the other counters leave of MemTotal must be its size.
 *
 * The walk holds all zone locks, interrupts off, so that no page changes hands
 * meanwhile.  Blocks in the buddy system are stepped over at once; an idle
 * machine is walked in a few hundred steps.  A page between two states (being
 * read in, or not yet mapped) is `kernel` for that moment: the check is exact
 * when nobody else runs, as between two tests.
 */
#include <mm/phys/page_class.h>

#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/memblock.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pcp.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/vmstat.h>

const char *const page_class_names[NR_PAGE_CLASSES] = {
	[PAGE_CLASS_HOLE] = "hole", [PAGE_CLASS_RESERVED] = "reserved",
	[PAGE_CLASS_FREE] = "free", [PAGE_CLASS_PCP] = "pcp", [PAGE_CLASS_SLAB] = "slab",
	[PAGE_CLASS_PAGETABLE] = "pagetable", [PAGE_CLASS_QUICKLIST] = "quicklist",
	[PAGE_CLASS_KSTACK] = "kstack", [PAGE_CLASS_VMALLOC] = "vmalloc",
	[PAGE_CLASS_ANON] = "anon", [PAGE_CLASS_FILE] = "file",
	[PAGE_CLASS_BUFFERS] = "buffers", [PAGE_CLASS_SHMEM] = "shmem", [PAGE_CLASS_KERNEL] = "kernel",
};

static const char *const meminfo_fields[NR_PAGE_CLASSES] = {
	[PAGE_CLASS_HOLE] = "-", [PAGE_CLASS_RESERVED] = "present-MemTotal",
	[PAGE_CLASS_FREE] = "MemFree", [PAGE_CLASS_PCP] = "MemFree",
	[PAGE_CLASS_SLAB] = "Slab", [PAGE_CLASS_PAGETABLE] = "PageTables",
	[PAGE_CLASS_QUICKLIST] = "Quicklists", [PAGE_CLASS_KSTACK] = "KernelStack",
	[PAGE_CLASS_VMALLOC] = "VmallocUsed", [PAGE_CLASS_SWAPCACHE] = "SwapCached",
	[PAGE_CLASS_ANON] = "AnonPages-SwapCached, mapped",
	[PAGE_CLASS_FILE] = "Cached-Shmem", [PAGE_CLASS_BUFFERS] = "Buffers",
	[PAGE_CLASS_SHMEM] = "Shmem",
	[PAGE_CLASS_KERNEL] = "MemTotal-others",
};

/* By the marks of a page that has RAM and is no inner page of a free block. */
static enum page_class class_by_marks(const struct page *page)
{
	if (PageReserved(page))
		return PAGE_CLASS_RESERVED;
	if (PageBuddy(page))
		return PAGE_CLASS_FREE;
	if (PageTail(page))
		page = (const struct page *)page->private;
	if (PagePcp(page))
		return PAGE_CLASS_PCP;
	if (PageSlab(page))
		return PAGE_CLASS_SLAB;
	if (PageTable(page))
		return page->private ? PAGE_CLASS_QUICKLIST : PAGE_CLASS_PAGETABLE;
	if (PageKstack(page))
		return PAGE_CLASS_KSTACK;
	if (PageVmalloc(page))
		return PAGE_CLASS_VMALLOC;
	if (PageSwapCache(page))
		return PAGE_CLASS_SWAPCACHE;
	if (PageAnon(page))		/* mapped no more, but pinned: somebody else's */
		return page_mapped(page) ? PAGE_CLASS_ANON : PAGE_CLASS_KERNEL;
	if (page->mapping)
		return PageSwapBacked(page) ? PAGE_CLASS_SHMEM :
		       PageBlkdev(page) ? PAGE_CLASS_BUFFERS : PAGE_CLASS_FILE;
	return PAGE_CLASS_KERNEL;
}

/* Does a free block that starts at or before @page reach it? */
static bool in_free_block(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned int order;

	for (order = 0; order < MAX_ORDER; order++) {
		const struct page *head = pfn_to_page(pfn & ~((1UL << order) - 1));

		if (PageBuddy(head) && head->private >= order)
			return true;
	}
	return false;
}

enum page_class page_class(const struct page *page)
{
	if (!page_is_ram(page_to_pfn(page)))
		return PAGE_CLASS_HOLE;
	if (!PageReserved(page) && !page_count(page) && in_free_block(page))
		return PAGE_CLASS_FREE;
	return class_by_marks(page);
}

static void lock_all_zones(unsigned long *flags)
{
	unsigned int nr = 0;
	struct zone *zone;

	local_irq_save(*flags);
	/* The one place that holds more than one: in the order of the zones. */
	for_each_zone(zone)
		spin_lock_nested(&zone->lock, nr++);
}

static void unlock_all_zones(unsigned long flags)
{
	struct zone *zone;

	for_each_zone(zone)
		spin_unlock(&zone->lock);
	local_irq_restore(flags);
}

/* Frames of RAM in [pfn, end). */
static void count_ram(struct page_class_counts *counts, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		const struct page *page = pfn_to_page(pfn);
		unsigned long pages = 1;

		if (PageBuddy(page))
			pages = 1UL << page->private;
		counts->pages[class_by_marks(page)] += pages;
		pfn += pages;
	}
}

static void __page_class_count(struct page_class_counts *counts)
{
	unsigned long pfn = 0;
	unsigned int i;

	memset(counts, 0, sizeof(*counts));
	for (i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		unsigned long from = min((unsigned long)PFN_UP(r->base), max_mapnr);
		unsigned long to = min((unsigned long)PFN_DOWN(r->base + r->size), max_mapnr);

		if (from >= to)
			continue;
		counts->pages[PAGE_CLASS_HOLE] += from - pfn;
		count_ram(counts, from, to);
		pfn = to;
	}
	counts->pages[PAGE_CLASS_HOLE] += max_mapnr - pfn;
}

void page_class_count(struct page_class_counts *counts)
{
	unsigned long flags;

	lock_all_zones(&flags);
	__page_class_count(counts);
	unlock_all_zones(flags);
}

/*
 * A page that comes back from swap is in the swap cache and mapped, and counted as both: these are
 * looked for.  => zone locks held, or nobody else runs
 */
static unsigned long mapped_swapcache_pages(void)
{
	unsigned long pfn, pages = 0;

	if (!global_page_state(NR_SWAPCACHE))
		return 0;
	for (pfn = 0; pfn < max_mapnr; pfn++)
		pages += PageSwapCache(pfn_to_page(pfn)) && page_mapped(pfn_to_page(pfn));
	return pages;
}

/* => zone locks held, or nobody else runs */
void page_class_expected(struct page_class_counts *counts)
{
	unsigned long *pages = counts->pages, rest = totalram_pages;
	struct zone *zone;
	unsigned int i;

	memset(counts, 0, sizeof(*counts));
	pages[PAGE_CLASS_HOLE] = max_mapnr - total_present_pages();
	pages[PAGE_CLASS_RESERVED] = total_present_pages() - totalram_pages;
	for_each_zone(zone) {
		pages[PAGE_CLASS_FREE] += zone->free_pages;
		pages[PAGE_CLASS_PCP] += zone_pcp_pages(zone);
	}
	pages[PAGE_CLASS_SLAB] = global_page_state(NR_SLAB_RECLAIMABLE) +
				 global_page_state(NR_SLAB_UNRECLAIMABLE);
	pages[PAGE_CLASS_PAGETABLE] = global_page_state(NR_PAGETABLE);
	pages[PAGE_CLASS_QUICKLIST] = nr_quicklist_pages();
	pages[PAGE_CLASS_KSTACK] = global_page_state(NR_KERNEL_STACK);
	pages[PAGE_CLASS_VMALLOC] = global_page_state(NR_VMALLOC);
	pages[PAGE_CLASS_SWAPCACHE] = global_page_state(NR_SWAPCACHE);
	pages[PAGE_CLASS_ANON] = global_page_state(NR_ANON_PAGES) - mapped_swapcache_pages();
	pages[PAGE_CLASS_SHMEM] = global_page_state(NR_SHMEM);
	pages[PAGE_CLASS_BUFFERS] = global_page_state(NR_BUFFERS);
	pages[PAGE_CLASS_FILE] = global_page_state(NR_FILE_PAGES) - pages[PAGE_CLASS_SHMEM] -
				 pages[PAGE_CLASS_BUFFERS];
	for (i = PAGE_CLASS_FREE; i < PAGE_CLASS_KERNEL; i++)
		rest -= pages[i];
	pages[PAGE_CLASS_KERNEL] = rest;
}

/* Both at the same moment. */
static void count_both(struct page_class_counts *walked, struct page_class_counts *expected)
{
	unsigned long flags;

	lock_all_zones(&flags);
	__page_class_count(walked);
	page_class_expected(expected);
	unlock_all_zones(flags);
}

int page_class_check(void)
{
	struct page_class_counts walked, expected;
	unsigned int i;
	int err = 0;

	count_both(&walked, &expected);
	for (i = 0; i < NR_PAGE_CLASSES; i++) {
		if (walked.pages[i] == expected.pages[i])
			continue;
		pr_err("page_class: %s: %lu pages of mem_map, counted as %lu (%s)\n",
		       page_class_names[i], walked.pages[i], expected.pages[i],
		       meminfo_fields[i]);
		err = -1;
	}
	return err;
}

static int pageclass_show(struct seq_file *m, void *v)
{
	struct page_class_counts walked, expected;
	unsigned long present = 0;
	unsigned int i;

	count_both(&walked, &expected);
	seq_printf(m, "%-10s %10s %10s %10s  %s\n", "class", "pages", "kB", "counter",
		   "/proc/meminfo");
	for (i = 0; i < NR_PAGE_CLASSES; i++) {
		seq_printf(m, "%-10s %10lu %10lu %10lu  %s\n", page_class_names[i],
			   walked.pages[i], walked.pages[i] << (PAGE_SHIFT - 10),
			   expected.pages[i], meminfo_fields[i]);
		if (i != PAGE_CLASS_HOLE)
			present += walked.pages[i];
	}
	seq_printf(m, "%-10s %10lu %10lu %10lu  MemTotal+reserved\n", "present", present,
		   present << (PAGE_SHIFT - 10), total_present_pages());
	return 0;
}
PROC_SHOW("pageclass", pageclass_show);

/* ---- for ktest ---------------------------------------------------------------------- */

#define ZONE_COUNTER(name, type)						\
	static long read_free_##name(void)					\
	{									\
		return (long)nr_free_pages_of_type(type);			\
	}
ZONE_COUNTER(dma, ZONE_DMA)
ZONE_COUNTER(normal, ZONE_NORMAL)
ZONE_COUNTER(high, ZONE_HIGHMEM)

#define STATE_COUNTER(item)							\
	static long read_##item(void)						\
	{									\
		return (long)global_page_state(item);				\
	}
STATE_COUNTER(NR_SLAB_RECLAIMABLE)
STATE_COUNTER(NR_SLAB_UNRECLAIMABLE)
STATE_COUNTER(NR_PAGETABLE)
STATE_COUNTER(NR_KERNEL_STACK)
STATE_COUNTER(NR_VMALLOC)
STATE_COUNTER(NR_ANON_PAGES)
STATE_COUNTER(NR_SWAPCACHE)
STATE_COUNTER(NR_FILE_MAPPED)
STATE_COUNTER(NR_FILE_PAGES)
STATE_COUNTER(NR_SHMEM)
STATE_COUNTER(NR_BUFFERS)
STATE_COUNTER(NR_FILE_DIRTY)
STATE_COUNTER(NR_WRITEBACK)
STATE_COUNTER(NR_MLOCK)

static long read_quicklist(void)
{
	return (long)nr_quicklist_pages();
}

/* Pages that belong to no counted class. */
static long read_kernel(void)
{
	struct page_class_counts counts;

	page_class_expected(&counts);
	return (long)counts.pages[PAGE_CLASS_KERNEL];
}

static long read_bad_pages(void)
{
	return (long)bad_page_count;
}

static void quiesce(void)
{
	drain_pgt_cache();
	drain_all_pages();
}

void __init page_class_init(void)
{
#define COUNTER(item) { #item, read_##item }
	static const struct {
		const char *name;
		long (*read)(void);
	} counters[] = {
		{ "free pages, DMA", read_free_dma },
		{ "free pages, Normal", read_free_normal },
		{ "free pages, HighMem", read_free_high },
		COUNTER(NR_SLAB_RECLAIMABLE), COUNTER(NR_SLAB_UNRECLAIMABLE),
		COUNTER(NR_PAGETABLE), COUNTER(NR_KERNEL_STACK), COUNTER(NR_VMALLOC),
		COUNTER(NR_ANON_PAGES), COUNTER(NR_SWAPCACHE), COUNTER(NR_FILE_MAPPED), COUNTER(NR_FILE_PAGES),
		COUNTER(NR_SHMEM), COUNTER(NR_BUFFERS), COUNTER(NR_FILE_DIRTY), COUNTER(NR_WRITEBACK),
		COUNTER(NR_MLOCK),
		{ "quicklist pages", read_quicklist },
		{ "pages of other kernel code", read_kernel },
		{ "bad pages", read_bad_pages },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		ktest_register_counter(counters[i].name, counters[i].read);
	ktest_register_quiesce(quiesce);
	ktest_register_checker("zone_check", zone_check);
	ktest_register_checker("page_class_check", page_class_check);
}
