/*
 * tests/kernel/mm/phys/page_class_test.c - every frame in one class, every class
 * equal to its counter, and /proc/meminfo made of these counters.
 */
#include <kernel/core/ktest.h>
#include <kernel/core/seq_file.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <mm/phys/init.h>
#include <mm/phys/kstack.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/page_class.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

#ifdef CONFIG_X86_PAE
#define LARGE_LINE	"DirectMap2M"
#else
#define LARGE_LINE	"DirectMap4M"
#endif

/* The classes sum to all frames; without the holes to MemTotal and what is reserved. */
KTEST(pageclass, sums)
{
	struct page_class_counts counts, expected;
	unsigned long sum = 0;
	unsigned int i;

	KEXPECT_EQ(t, page_class_check(), 0);
	page_class_count(&counts);
	page_class_expected(&expected);
	for (i = 0; i < NR_PAGE_CLASSES; i++)
		sum += counts.pages[i];
	KEXPECT_EQ(t, sum, max_mapnr);
	sum -= counts.pages[PAGE_CLASS_HOLE];
	KEXPECT_EQ(t, sum, totalram_pages + counts.pages[PAGE_CLASS_RESERVED]);
	KEXPECT_EQ(t, sum, total_present_pages());
	KEXPECT_EQ(t, counts.pages[PAGE_CLASS_FREE] + counts.pages[PAGE_CLASS_PCP],
		   nr_free_pages());
}

/* page_class() of single frames, frame by frame, gives the same sums as the walk. */
KTEST(pageclass, one_by_one)
{
	static struct page_class_counts single, walked;
	unsigned long pfn;
	unsigned int i;

	memset(&single, 0, sizeof(single));
	for (pfn = 0; pfn < max_mapnr; pfn++)
		single.pages[page_class(pfn_to_page(pfn))]++;
	page_class_count(&walked);
	for (i = 0; i < NR_PAGE_CLASSES; i++)
		KEXPECT_EQ(t, single.pages[i], walked.pages[i]);
}

/* The life of a page: in the buddy system, on a CPU's list, somebody's, and back. */
KTEST(pageclass, free_pages)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KASSERT(t, page != NULL);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_KERNEL);
	__free_page(page);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_PCP);
	drain_local_pages();
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_FREE);
	KEXPECT_EQ(t, page_class(virt_to_page(_stext)), PAGE_CLASS_RESERVED);
	KEXPECT_EQ(t, page_class(mem_map_frame(0)), PAGE_CLASS_RESERVED);
	KEXPECT_EQ(t, page_class(pfn_to_page(0xb8)), PAGE_CLASS_HOLE);
}

/* What each allocator of this layer marks its pages as, and counts them as. */
KTEST(pageclass, allocators)
{
	void *object = kmalloc(100, GFP_KERNEL), *area = vmalloc(3 * PAGE_SIZE);
	void *stack = alloc_thread_stack();
	struct page *table = pte_alloc_one(NULL, 0);

	KEXPECT(t, object && area && stack && table);
	if (object && area && stack && table) {
		KEXPECT_EQ(t, page_class(virt_to_page(object)), PAGE_CLASS_SLAB);
		KEXPECT_EQ(t, page_class(vmalloc_to_page(area)), PAGE_CLASS_VMALLOC);
		KEXPECT_EQ(t, page_class(vmalloc_to_page(stack)), PAGE_CLASS_KSTACK);
		KEXPECT_EQ(t, page_class(table), PAGE_CLASS_PAGETABLE);
		KEXPECT_EQ(t, page_class_check(), 0);
		pte_free(NULL, table);
		KEXPECT_EQ(t, page_class(table), PAGE_CLASS_QUICKLIST);
		table = NULL;
	}
	if (table)
		pte_free(NULL, table);
	if (stack)
		free_thread_stack(stack);
	vfree(area);
	kfree(object);
	KEXPECT_EQ(t, page_class_check(), 0);
}

/* Pages of processes and files by their mapping. */
KTEST(pageclass, mappings)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	KASSERT(t, page != NULL);
	page->mapping = (struct address_space *)PAGE_MAPPING_ANON;
	atomic_set(&page->_mapcount, 0);
	inc_zone_page_state(page, NR_ANON_PAGES);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_ANON);
	KEXPECT_EQ(t, page_class_check(), 0);
	/* Out, and mapped still; out; only somebody's who has pinned it. */
	SetPageSwapCache(page);
	inc_zone_page_state(page, NR_SWAPCACHE);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_SWAPCACHE);
	KEXPECT_EQ(t, page_class_check(), 0);
	atomic_set(&page->_mapcount, -1);
	dec_zone_page_state(page, NR_ANON_PAGES);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_SWAPCACHE);
	KEXPECT_EQ(t, page_class_check(), 0);
	ClearPageSwapCache(page);
	dec_zone_page_state(page, NR_SWAPCACHE);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_KERNEL);
	KEXPECT_EQ(t, page_class_check(), 0);

	page->mapping = (struct address_space *)&page->lru;	/* any address */
	inc_zone_page_state(page, NR_FILE_PAGES);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_FILE);
	KEXPECT_EQ(t, page_class_check(), 0);
	SetPageSwapBacked(page);
	inc_zone_page_state(page, NR_SHMEM);
	KEXPECT_EQ(t, page_class(page), PAGE_CLASS_SHMEM);
	KEXPECT_EQ(t, page_class_check(), 0);
	dec_zone_page_state(page, NR_SHMEM);
	dec_zone_page_state(page, NR_FILE_PAGES);
	page->mapping = NULL;
	__free_page(page);
}

/* The check can fail: a counter that is one off is found. */
KTEST(pageclass, finds_a_wrong_counter)
{
	struct zone *zone = &contig_page_data.node_zones[ZONE_DMA];

	ktest_log("complaints about pagetable and kernel are expected in the log here");
	mod_zone_page_state(zone, NR_PAGETABLE, 1);
	KEXPECT_EQ(t, page_class_check(), -1);
	mod_zone_page_state(zone, NR_PAGETABLE, -1);
	KEXPECT_EQ(t, page_class_check(), 0);
}

/* ---- /proc/meminfo ------------------------------------------------------------------ */

static char text[16384];

static bool proc_read(const char *name)
{
	const struct proc_show *p;

	for (p = __start_proc_shows; p < __stop_proc_shows; p++) {
		struct seq_file m = { .buf = text, .size = sizeof(text) - 1 };

		if (strcmp(p->name, name))
			continue;
		p->show(&m, NULL);
		text[m.count] = '\0';
		return !seq_has_overflowed(&m);
	}
	return false;
}

/* The kB of the line that begins with @field, or -1. */
static long meminfo_kb(const char *field)
{
	const char *at = text;
	size_t len = strlen(field);

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!memcmp(at, field, len) && at[len] == ':') {
			at += len + 1;
			while (*at == ' ')
				at++;
			return (long)simple_strtoul(at, NULL, 10);
		}
	return -1;
}

/* Linux's lines in Linux's order; the figures are the counters', in kB. */
KTEST(pageclass, meminfo)
{
	static const char *const order[] = {
		"MemTotal:", "MemFree:", "MemAvailable:", "Buffers:", "Cached:", "SwapCached:",
		"Active:", "Inactive:", "Active(anon):", "Inactive(anon):", "Active(file):",
		"Inactive(file):", "Unevictable:", "Mlocked:", "HighTotal:", "HighFree:",
		"LowTotal:", "LowFree:", "SwapTotal:", "SwapFree:", "Zswap:", "Zswapped:",
		"Dirty:", "Writeback:", "AnonPages:", "Mapped:", "Shmem:", "KReclaimable:",
		"Slab:", "SReclaimable:", "SUnreclaim:", "KernelStack:", "PageTables:",
		"SecPageTables:", "NFS_Unstable:", "Bounce:", "WritebackTmp:", "CommitLimit:",
		"Committed_AS:", "VmallocTotal:", "VmallocUsed:", "VmallocChunk:", "Percpu:",
		"HardwareCorrupted:", "AnonHugePages:", "ShmemHugePages:", "ShmemPmdMapped:",
		"FileHugePages:", "FilePmdMapped:", "HugePages_Total:", "HugePages_Free:",
		"HugePages_Rsvd:", "HugePages_Surp:", "Hugepagesize:", "Hugetlb:",
		"DirectMap4k:", LARGE_LINE ":",
	};
	const char *at = text;
	unsigned int i;

	KASSERT(t, proc_read("meminfo"));
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		char line[32] = "\n";

		strlcat(line, order[i], sizeof(line));
		at = i ? strstr(at, line) : text;
		if (!at)
			ktest_log("missing or out of order: %s", order[i]);
		KASSERT(t, at != NULL);
	}
	KEXPECT(t, !memcmp(text, "MemTotal:       ", 16));
	KEXPECT_EQ(t, meminfo_kb("MemTotal"), (long)totalram_pages * 4);
	KEXPECT_EQ(t, meminfo_kb("MemFree"), (long)nr_free_pages() * 4);
	KEXPECT_EQ(t, meminfo_kb("HighTotal") + meminfo_kb("LowTotal"), meminfo_kb("MemTotal"));
	KEXPECT_EQ(t, meminfo_kb("HighFree") + meminfo_kb("LowFree"), meminfo_kb("MemFree"));
	KEXPECT(t, meminfo_kb("MemAvailable") <= meminfo_kb("MemTotal"));
	KEXPECT_EQ(t, meminfo_kb("Slab"), meminfo_kb("SReclaimable") + meminfo_kb("SUnreclaim"));
	KEXPECT_EQ(t, meminfo_kb("DirectMap4k") + meminfo_kb(LARGE_LINE),
		   (long)max_low_pfn * 4);
}

/* Each line shows its own counter: make each of them move by another number of pages. */
KTEST(pageclass, meminfo_counters)
{
	static const struct {
		const char *field;
		enum zone_stat_item item;
	} lines[] = {
		{ "Active(anon)", NR_ACTIVE_ANON }, { "Inactive(anon)", NR_INACTIVE_ANON },
		{ "Active(file)", NR_ACTIVE_FILE }, { "Inactive(file)", NR_INACTIVE_FILE },
		{ "Unevictable", NR_UNEVICTABLE }, { "Mlocked", NR_MLOCK },
		{ "Dirty", NR_FILE_DIRTY }, { "Writeback", NR_WRITEBACK },
		{ "AnonPages", NR_ANON_PAGES }, { "SwapCached", NR_SWAPCACHE },
		{ "Mapped", NR_FILE_MAPPED }, { "Shmem", NR_SHMEM },
		{ "SReclaimable", NR_SLAB_RECLAIMABLE }, { "SUnreclaim", NR_SLAB_UNRECLAIMABLE },
		{ "KernelStack", NR_KERNEL_STACK }, { "PageTables", NR_PAGETABLE },
		{ "Bounce", NR_BOUNCE }, { "VmallocUsed", NR_VMALLOC }, { "Cached", NR_FILE_PAGES },
	};
	struct zone *zone = &contig_page_data.node_zones[ZONE_DMA];
	long before[ARRAY_SIZE(lines)];
	unsigned int i;

	KASSERT(t, proc_read("meminfo"));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		before[i] = meminfo_kb(lines[i].field);
		mod_zone_page_state(zone, lines[i].item, (int)i + 1);
	}
	KEXPECT(t, proc_read("meminfo"));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		mod_zone_page_state(zone, lines[i].item, -((int)i + 1));
		if (meminfo_kb(lines[i].field) - before[i] != 4 * ((long)i + 1))
			ktest_fail(t, __FILE__, __LINE__, "%s: %ld kB more, not %u", lines[i].field,
				   meminfo_kb(lines[i].field) - before[i], 4 * (i + 1));
	}
}

/* The other files of this layer: there, and with the right beginnings. */
KTEST(pageclass, proc_files)
{
	KEXPECT(t, proc_read("buddyinfo") && !memcmp(text, "Node 0, zone      DMA ", 22));
	KEXPECT(t, proc_read("zoneinfo") && !memcmp(text, "Node 0, zone      DMA\n", 22));
	KEXPECT(t, strstr(text, "\n        min      ") && strstr(text, "\n  start_pfn:"));
	KEXPECT(t, proc_read("vmstat") && !memcmp(text, "nr_free_pages ", 14));
	KEXPECT(t, strstr(text, "\npgfault ") && strstr(text, "\npte_quicklist_hits "));
	KEXPECT(t, proc_read("iomem") && strstr(text, " : System RAM\n"));
	KEXPECT(t, strstr(text, "\n  00") && strstr(text, " : Kernel code\n"));
	KEXPECT(t, proc_read("pageclass") && strstr(text, "\npresent "));
}
