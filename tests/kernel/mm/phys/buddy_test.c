/*
 * tests/kernel/mm/phys/buddy_test.c - blocks of pages: split, merge, check, leak.
 */
#include <kernel/core/cmdline.h>
#include <kernel/core/ktest.h>
#include <lib/bitops.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>

#define QUIET	(__GFP_NOWARN)

/* Blocks of each order in one zone. */
struct shape {
	unsigned long nr_free[MAX_ORDER];
};

static void take_shape(const struct zone *zone, struct shape *shape)
{
	unsigned int order;

	drain_local_pages();
	for (order = 0; order < MAX_ORDER; order++)
		shape->nr_free[order] = zone->free_area[order].nr_free;
}

static void expect_shape(struct ktest *t, const struct zone *zone, const struct shape *want)
{
	struct shape now;
	unsigned int order;

	take_shape(zone, &now);
	for (order = 0; order < MAX_ORDER; order++)
		KEXPECT_EQ(t, now.nr_free[order], want->nr_free[order]);
}

/* The zone that serves the kernel. */
static struct zone *kernel_zone(void)
{
	return node_zonelist(numa_node_id(), GFP_KERNEL)->zones[0];
}

/* An allocation splits the smallest block that is large enough; freeing restores every list. */
KTEST(buddy, split_and_merge)
{
	struct zone *zone = kernel_zone();
	struct shape before, want;
	unsigned int order, found, o;

	for (order = 1; order < MAX_ORDER; order++) {
		struct page *page;

		take_shape(zone, &before);
		want = before;
		for (found = order; found < MAX_ORDER && !before.nr_free[found]; found++)
			;
		if (found == MAX_ORDER)
			break;
		want.nr_free[found]--;
		for (o = order; o < found; o++)
			want.nr_free[o]++;
		page = alloc_pages(GFP_KERNEL | QUIET | __GFP_NORETRY, order);
		KASSERT(t, page != NULL);
		KEXPECT_EQ(t, page_zone(page), zone);
		expect_shape(t, zone, &want);
		__free_pages(page, order);
		expect_shape(t, zone, &before);
	}
	KEXPECT(t, order > 4);
}

/* Thirty-two pages freed one by one, in bad order, become the block they were. */
KTEST(buddy, merge_single_pages)
{
	struct zone *zone = kernel_zone();
	struct shape before;
	struct page *page;
	unsigned int i;

	take_shape(zone, &before);
	page = alloc_pages(GFP_KERNEL, 5);
	KASSERT(t, page != NULL);
	split_page(page, 5);
	for (i = 0; i < 32; i++)
		KEXPECT_EQ(t, page_count(page + i), 1);
	for (i = 0; i < 32; i++)
		__free_page(page + (i * 13 & 31));
	expect_shape(t, zone, &before);
}

/* A block of any order lies at a multiple of its size. */
KTEST(buddy, aligned)
{
	unsigned int order, i;

	for (order = 0; order < MAX_ORDER; order++) {
		struct page *pages[4];

		for (i = 0; i < 4; i++) {
			pages[i] = alloc_pages(GFP_HIGHUSER | QUIET | __GFP_NORETRY, order);
			if (!pages[i])
				break;
			KEXPECT_EQ(t, page_to_pfn(pages[i]) & ((1UL << order) - 1), 0ul);
			KEXPECT_EQ(t, page_count(pages[i]), 1);
			KEXPECT_EQ(t, page_mapcount(pages[i]), 0);
		}
		KEXPECT(t, i > 0 || order > 8);
		while (i--)
			__free_pages(pages[i], order);
	}
}

/* Orders that no list has are refused, not looked up. */
KTEST(buddy, order_too_large)
{
	KEXPECT(t, !alloc_pages(GFP_KERNEL, MAX_ORDER));
	KEXPECT(t, !alloc_pages(GFP_ATOMIC, 31));
	KEXPECT_EQ(t, __get_free_pages(GFP_KERNEL | QUIET, 1000), 0ul);
	free_pages(0, 3);
}

/* Every way to ask gives what it says. */
KTEST(buddy, interfaces)
{
	unsigned long addr = __get_free_page(GFP_KERNEL), zeroed, dma;

	KASSERT(t, addr != 0);
	memset((void *)addr, 0x77, PAGE_SIZE);
	free_page(addr);
	zeroed = get_zeroed_page(GFP_KERNEL);		/* likely the same frame */
	KASSERT(t, zeroed != 0);
	KEXPECT(t, !memchr((void *)zeroed, 0x77, PAGE_SIZE));
	KEXPECT_EQ(t, *(unsigned long *)(zeroed + PAGE_SIZE - 4), 0ul);
	free_page(zeroed);

	dma = __get_dma_pages(GFP_KERNEL, 2);
	KASSERT(t, dma != 0);
	KEXPECT(t, __pa(dma) + 4 * PAGE_SIZE <= 16 << 20);
	KEXPECT_EQ(t, page_zonenum(virt_to_page(dma)), (unsigned int)ZONE_DMA);
	free_pages(dma, 2);

	KEXPECT_EQ(t, get_order(1), 0u);
	KEXPECT_EQ(t, get_order(PAGE_SIZE), 0u);
	KEXPECT_EQ(t, get_order(PAGE_SIZE + 1), 1u);
	KEXPECT_EQ(t, get_order(5 * PAGE_SIZE), 3u);
}

/* Five pages asked for exactly cost five. */
KTEST(buddy, exact)
{
	unsigned long before = nr_free_pages();
	void *five = alloc_pages_exact(5 * PAGE_SIZE - 100, GFP_KERNEL);

	KASSERT(t, five != NULL);
	KEXPECT_EQ(t, before - nr_free_pages(), 5ul);
	free_pages_exact(five, 5 * PAGE_SIZE - 100);
	KEXPECT_EQ(t, nr_free_pages(), before);
}

/* A compound block is counted in its head, through whichever page one holds it. */
KTEST(buddy, compound)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	unsigned long before = nr_free_pages();
	unsigned int i;

	KASSERT(t, page != NULL);
	KEXPECT(t, PageHead(page));
	KEXPECT_EQ(t, compound_order(page), 3u);
	for (i = 1; i < 8; i++) {
		KEXPECT(t, PageTail(page + i));
		KEXPECT_EQ(t, compound_head(page + i), page);
	}
	get_page(page + 5);
	KEXPECT_EQ(t, page_count(page), 2);
	put_page(page);
	KEXPECT_EQ(t, page_count(page), 1);
	KEXPECT_EQ(t, nr_free_pages(), before);
	put_page(page + 3);
	KEXPECT_EQ(t, nr_free_pages(), before + 8);
	KEXPECT(t, !PageHead(page) && !PageTail(page + 1));
}

/* A reference more delays the free to the last put_page. */
KTEST(buddy, references)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	unsigned long before = nr_free_pages();

	KASSERT(t, page != NULL);
	get_page(page);
	__free_page(page);
	KEXPECT_EQ(t, nr_free_pages(), before);
	put_page(page);
	KEXPECT_EQ(t, nr_free_pages(), before + 1);
}

/* How many reports @fn's misdeed made; they are taken off again. */
static unsigned long reports_since(unsigned long before)
{
	unsigned long made = bad_page_count - before;

	bad_page_count = before;
	return made;
}

/* Freeing twice, or what is in use, is reported, and does no harm. */
KTEST(buddy, double_free)
{
	struct page *page = alloc_page(GFP_KERNEL), *block;
	unsigned long before = bad_page_count, free;

	KASSERT(t, page != NULL);
	bad_page_expected = true;
	__free_page(page);
	free = nr_free_pages();
	__free_page(page);
	KEXPECT_EQ(t, reports_since(before), 1ul);
	KEXPECT_EQ(t, nr_free_pages(), free);

	page = alloc_page(GFP_KERNEL);
	KASSERT(t, page != NULL);
	SetPageSlab(page);		/* somebody's */
	free = nr_free_pages();
	__free_page(page);
	KEXPECT_EQ(t, reports_since(before), 1ul);
	KEXPECT_EQ(t, nr_free_pages(), free);
	ClearPageSlab(page);
	atomic_set(&page->_refcount, 1);
	__free_page(page);

	drain_local_pages();		/* the same when it has gone back to its block */
	__free_page(page);
	KEXPECT_EQ(t, reports_since(before), 1ul);

	block = alloc_pages(GFP_KERNEL, 2);
	if (block) {
		SetPageSlab(block + 2);
		__free_pages(block, 2);
		KEXPECT_EQ(t, reports_since(before), 1ul);
		ClearPageSlab(block + 2);
		atomic_set(&block->_refcount, 1);
		__free_pages(block, 2);
		KEXPECT_EQ(t, reports_since(before), 0ul);
	}
	bad_page_expected = false;
	KEXPECT_EQ(t, zone_check(), 0);
}

/* A page that is mapped or has users is not taken from a free list: it is set aside. */
KTEST(buddy, quarantine)
{
	struct page *bad = alloc_page(GFP_KERNEL), *other;
	unsigned long before = bad_page_count, ram = totalram_pages;

	KASSERT(t, bad != NULL);
	__free_page(bad);
	bad_page_expected = true;
	atomic_set(&bad->_refcount, 1);		/* as if somebody had kept it */
	other = alloc_page(GFP_KERNEL);
	bad_page_expected = false;
	KEXPECT(t, other != NULL && other != bad);
	KEXPECT_EQ(t, reports_since(before), 1ul);
	KEXPECT(t, PageReserved(bad));
	KEXPECT_EQ(t, totalram_pages, ram - 1);
	__free_page(other);
	KEXPECT_EQ(t, free_reserved_area(lowmem_page_address(bad),
					 lowmem_page_address(bad + 1), -1, NULL), 1ul);
	KEXPECT_EQ(t, totalram_pages, ram);
}

#ifdef CONFIG_DEBUG
static const char *const no_poison;
#else
static const char *const no_poison = "free pages are filled in DEBUG=1 builds only";
#endif

/* A store into a page after it was freed is found when the page goes out again. */
KTEST(buddy, write_after_free)
{
	unsigned long addr, before = bad_page_count, again;

	if (no_poison) {
		ktest_skip(t, no_poison);
		return;
	}
	addr = __get_free_page(GFP_KERNEL);
	KASSERT(t, addr != 0);
	free_page(addr);
	((volatile unsigned char *)addr)[1234] = 1;
	bad_page_expected = true;
	again = __get_free_page(GFP_KERNEL);
	bad_page_expected = false;
	KEXPECT_EQ(t, again, addr);
	KEXPECT_EQ(t, reports_since(before), 1ul);
	free_page(again);
}

/* Each third allocation fails when told so, but those that must not. */
KTEST(buddy, failure_injection)
{
	unsigned long injected = fail_alloc_injected;
	struct page *page;
	unsigned int i;

	fail_alloc_set(3);
	for (i = 1; i <= 9; i++) {
		page = alloc_page(GFP_KERNEL);
		KEXPECT_EQ(t, page == NULL, i % 3 == 0);
		if (page)
			__free_page(page);
	}
	KEXPECT_EQ(t, fail_alloc_injected - injected, 3ul);
	for (i = 0; i < 6; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		KEXPECT(t, page != NULL);
		if (page)
			__free_page(page);
	}
	fail_alloc_set(0);
}

/* Accounting is exact: one lost page must be seen.  Red on purpose with ktest_plant=page. */
KTEST(buddy, plant_leak)
{
	struct page *page = alloc_page(GFP_KERNEL);
	char what[16];

	KASSERT(t, page != NULL);
	if (cmdline_find_option("ktest_plant", what, sizeof(what)) > 0 && !strcmp(what, "page"))
		return;
	__free_page(page);
}

/* ---- random operations against a bitmap --------------------------------------------- */

#define LIVE	256
#define STEPS	100000

struct live {
	struct page *page;
	unsigned int order;
};

struct model {
	unsigned long *used;		/* a bit for each frame */
	unsigned int used_order;
	unsigned long pages;		/* set bits */
	unsigned int nr;
	struct live live[LIVE];
};
static struct model m;

/* => the block was free in the model, and is used now */
static bool model_take(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++)
		if (__test_and_set_bit(pfn + i, m.used))
			return false;
	m.pages += 1UL << order;
	return true;
}

static void model_give(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	for (i = 0; i < 1UL << order; i++)
		__clear_bit(pfn + i, m.used);
	m.pages -= 1UL << order;
}

static unsigned long stamp(const struct live *l)
{
	return page_to_pfn(l->page) * 2654435761u + l->order;
}

/* Mark both ends of a block that has an address. */
static void write_stamp(const struct live *l)
{
	unsigned long *at;

	if (PageHighMem(l->page))
		return;
	at = lowmem_page_address(l->page);
	at[0] = stamp(l);
	at[((PAGE_SIZE << l->order) / sizeof(*at)) - 1] = ~stamp(l);
}

static bool stamp_intact(const struct live *l)
{
	const unsigned long *at;

	if (PageHighMem(l->page))
		return true;
	at = lowmem_page_address(l->page);
	return at[0] == stamp(l) && at[((PAGE_SIZE << l->order) / sizeof(*at)) - 1] == ~stamp(l);
}

static void random_alloc(struct ktest *t, struct rnd_state *rnd)
{
	static const gfp_t kinds[] = { GFP_NOWAIT, GFP_ATOMIC, __GFP_HIGHMEM, GFP_DMA };
	unsigned int order = (unsigned int)__ffs(prandom_u32(rnd) | 1UL << (MAX_ORDER - 1));
	gfp_t gfp = kinds[prandom_below(rnd, 4)] | QUIET;
	struct live *l = &m.live[m.nr];

	l->order = order;
	l->page = alloc_pages(gfp, order);
	if (!l->page)
		return;
	KEXPECT_EQ(t, page_to_pfn(l->page) & ((1UL << order) - 1), 0ul);
	KEXPECT(t, !(gfp & __GFP_DMA) || page_zonenum(l->page) == ZONE_DMA);
	KEXPECT(t, gfp & __GFP_HIGHMEM || !PageHighMem(l->page));
	KEXPECT(t, model_take(l->page, order));
	write_stamp(l);
	m.nr++;
}

static void random_free(struct ktest *t, struct rnd_state *rnd)
{
	unsigned int i = prandom_below(rnd, m.nr);
	struct live l = m.live[i];

	KEXPECT(t, stamp_intact(&l));
	model_give(l.page, l.order);
	m.live[i] = m.live[--m.nr];
	__free_pages(l.page, l.order);
}

/* 100,000 seeded operations: no frame given twice, content kept, counts exact, all merged. */
KTEST(buddy, random_ops)
{
	size_t bytes = BITS_TO_LONGS(max_mapnr) * sizeof(long);
	unsigned long start;
	struct shape before;
	struct rnd_state rnd;
	unsigned int step;

	memset(&m, 0, sizeof(m));
	m.used = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
	KASSERT(t, m.used != NULL);
	take_shape(kernel_zone(), &before);
	start = nr_free_pages();
	prandom_seed(&rnd, ktest_seed(2));
	for (step = 0; step < STEPS && !t->failures; step++) {
		unsigned int wish = step / 1000 % 2 ? 64 : 192;	/* out of 256: grow, shrink */

		if (m.nr < LIVE && (!m.nr || prandom_below(&rnd, 256) < wish))
			random_alloc(t, &rnd);
		else
			random_free(t, &rnd);
		if (step % 1000 == 0)
			KEXPECT_EQ(t, nr_free_pages() + m.pages, start);
		if (step % 10000 == 0)
			KEXPECT_EQ(t, zone_check(), 0);
	}
	while (m.nr)
		random_free(t, &rnd);
	KEXPECT_EQ(t, nr_free_pages(), start);
	expect_shape(t, kernel_zone(), &before);
	free_pages_exact(m.used, bytes);
}
