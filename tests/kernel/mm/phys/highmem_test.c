/*
 * tests/kernel/mm/phys/highmem_test.c - kmap and kmap_atomic.
 *
 * Most machines under test have no high memory.  A page is high, as far as this
 * layer can see, if PG_highmem says so: the tests set it on low pages of their
 * own, which the windows then map like any, and whose content they can check
 * through the direct map.  One test uses real high memory, where it exists.
 */
#include <kernel/arch/memlayout.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/sched/kthread.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

/* A low page's mapping is its address, in every build. */
KTEST(highmem, low_pages)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *addr;

	KASSERT(t, page);
	addr = lowmem_page_address(page);
	KEXPECT(t, kmap(page) == addr);
	KEXPECT(t, kmap_atomic(page, KM_USER0) == addr);
	KEXPECT(t, page_address(page) == addr);
	KEXPECT(t, kmap_to_page(addr) == page);
	kunmap_atomic(addr, KM_USER0);
	kunmap(page);
	KEXPECT_EQ(t, nr_kmaps(), 0ul);
	__free_page(page);
}

/* The helpers on whole pages and parts of them. */
KTEST(highmem, helpers)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
	char buf[16] = "";
	char *pa, *pb;

	KASSERT(t, a && b);
	pa = lowmem_page_address(a);
	pb = lowmem_page_address(b);
	memset(pa, 'a', PAGE_SIZE);
	copy_highpage(b, a);
	KEXPECT(t, !memcmp(pa, pb, PAGE_SIZE));
	zero_user_page(a, 100, 50);
	KEXPECT(t, pa[99] == 'a' && !pa[100] && !pa[149] && pa[150] == 'a');
	memcpy_to_page(a, 4090, "octavo", 6);
	memcpy_from_page(buf, a, 4090, 6);
	KEXPECT_STREQ(t, buf, "octavo");
	clear_user_highpage(b, 0);
	KEXPECT(t, !pb[0] && !pb[PAGE_SIZE - 1]);
	__free_page(a);
	__free_page(b);
}

#ifdef CONFIG_HIGHMEM

/* A page that is taken for a high one. */
static struct page *alloc_fake_high(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		SetPageHighMem(page);
	return page;
}

static void free_fake_high(struct page *page)
{
	ClearPageHighMem(page);
	__free_page(page);
}

static unsigned long tlb_flushes(void)
{
	struct tlb_stats sum = tlb_stats_sum();

	return sum.flush_all + sum.flush_page;
}

/* One window for a page, however many users it has; it stands until the next flush. */
KTEST(highmem, kmap_counts)
{
	struct page *page = alloc_fake_high();
	unsigned long flushes;
	unsigned int nr;
	char *a, *b;

	KASSERT(t, page);
	KEXPECT(t, !page_address(page));
	a = kmap(page);
	b = kmap(page);
	nr = (unsigned int)PKMAP_NR(a);
	KEXPECT(t, a == b && nr < LAST_PKMAP);
	KEXPECT_EQ(t, pkmap_count[nr], 3);
	KEXPECT_EQ(t, nr_kmaps(), 1ul);
	KEXPECT(t, page_address(page) == a && kmap_to_page(a) == page);
	a[17] = 'w';
	KEXPECT_EQ(t, ((char *)lowmem_page_address(page))[17], 'w');
	kunmap(page);
	KEXPECT_EQ(t, pkmap_count[nr], 2);
	kunmap(page);
	KEXPECT_EQ(t, pkmap_count[nr], 1);
	KEXPECT(t, kmap(page) == a);
	kunmap(page);
	flushes = tlb_flushes();
	flush_all_zero_pkmaps();
	KEXPECT(t, tlb_flushes() > flushes);
	KEXPECT_EQ(t, pkmap_count[nr], 0);
	KEXPECT(t, !page_address(page) && pte_none(pkmap_page_table[nr]));
	KEXPECT_EQ(t, kmap_check(), 0);
	free_fake_high(page);
}

/* Windows are used round robin, and all cleared at once when the end is reached. */
KTEST(highmem, round_robin)
{
	struct page *pages[2] = { alloc_fake_high(), alloc_fake_high() };
	unsigned int i, last, nr, flushed = 0;

	KASSERT(t, pages[0] && pages[1]);
	flush_all_zero_pkmaps();
	last = (unsigned int)PKMAP_NR(kmap(pages[1]));
	kunmap(pages[1]);
	/* Two pages in turn, each forgotten before its next turn. */
	for (i = 0; i < LAST_PKMAP + 8; i++) {
		nr = (unsigned int)PKMAP_NR(kmap(pages[i & 1]));
		kunmap(pages[i & 1]);
		if (i & 1)
			flush_all_zero_pkmaps();
		flushed += nr < last;
		KEXPECT(t, nr < LAST_PKMAP);
		last = nr;
	}
	KEXPECT(t, flushed >= 1);
	KEXPECT_EQ(t, kmap_check(), 0);
	free_fake_high(pages[0]);
	free_fake_high(pages[1]);
}

/* A window that gets another page shows that page: the TLB has been told. */
KTEST(highmem, reused_window)
{
	struct page *a = alloc_fake_high(), *b = alloc_fake_high();
	unsigned int window, before;
	unsigned long *va, *vb;

	KASSERT(t, a && b);
	*(unsigned long *)lowmem_page_address(a) = 1;
	*(unsigned long *)lowmem_page_address(b) = 2;
	va = kmap(a);
	window = (unsigned int)PKMAP_NR(va);
	KEXPECT_EQ(t, READ_ONCE(*va), 1ul);
	kunmap(a);
	/* Go round until the window's turn comes again. */
	do {
		flush_all_zero_pkmaps();
		before = (unsigned int)PKMAP_NR(kmap(b));
		kunmap(b);
	} while (before != ((window - 1) & (LAST_PKMAP - 1)));
	flush_all_zero_pkmaps();
	vb = kmap(b);
	KEXPECT(t, vb == va);
	KEXPECT_EQ(t, READ_ONCE(*vb), 2ul);
	kunmap(b);
	flush_all_zero_pkmaps();
	free_fake_high(a);
	free_fake_high(b);
}

/* Atomic windows: one of each kind, gone when unmapped, never showing the page before. */
KTEST(highmem, kmap_atomic)
{
	struct page *a = alloc_fake_high(), *b = alloc_fake_high();
	unsigned long *va, *vb;
	unsigned int mine;

	KASSERT(t, a && b);
	*(unsigned long *)lowmem_page_address(a) = 1;
	*(unsigned long *)lowmem_page_address(b) = 2;
	va = kmap_atomic(a, KM_USER0);
	vb = kmap_atomic(b, KM_USER1);
	mine = FIX_KMAP_BEGIN + KM_TYPE_NR * (unsigned int)smp_processor_id();
	KEXPECT_EQ(t, (unsigned long)va, __fix_to_virt(mine + KM_USER0));
	KEXPECT_EQ(t, (unsigned long)vb, __fix_to_virt(mine + KM_USER1));
	KEXPECT(t, READ_ONCE(*va) == 1 && READ_ONCE(*vb) == 2);
	KEXPECT(t, kmap_to_page(va) == a && kmap_to_page(vb) == b);
	kunmap_atomic(vb, KM_USER1);
	kunmap_atomic(va, KM_USER0);
	KEXPECT(t, pte_none(*fixmap_pte(mine + KM_USER0)));
	va = kmap_atomic(b, KM_USER0);
	KEXPECT_EQ(t, READ_ONCE(*va), 2ul);
	kunmap_atomic(va, KM_USER0);
	copy_highpage(b, a);
	KEXPECT_EQ(t, *(unsigned long *)lowmem_page_address(b), 1ul);
	free_fake_high(a);
	free_fake_high(b);
}

static struct page *late_page;
static volatile int late_state;		/* 1: about to kmap; 2: has it */

static int late_mapper(void *unused)
{
	late_state = 1;
	kmap(late_page);
	late_state = 2;
	while (!kthread_should_stop())
		msleep(10);
	kunmap(late_page);
	return 0;
}

/* All windows in use: kmap sleeps until one has no user any more. */
static void exhaust_windows(struct ktest *t, struct page **pages)
{
	struct task_struct *thread;
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++)
		kmap(pages[i]);
	KEXPECT_EQ(t, nr_kmaps(), (unsigned long)LAST_PKMAP);
	late_page = pages[LAST_PKMAP];
	late_state = 0;
	thread = kthread_run(late_mapper, NULL, "late_mapper");
	KEXPECT(t, !IS_ERR(thread));
	for (i = 0; i < 20 && late_state == 0; i++)
		msleep(10);
	msleep(50);
	KEXPECT_EQ(t, late_state, 1);
	KEXPECT(t, !page_address(late_page));
	kunmap(pages[500]);
	for (i = 0; i < 100 && late_state != 2; i++)
		msleep(10);
	KEXPECT_EQ(t, late_state, 2);
	KEXPECT(t, page_address(late_page) != NULL);
	for (i = 0; i < LAST_PKMAP; i++)
		if (i != 500)
			kunmap(pages[i]);
	if (!IS_ERR(thread))
		kthread_stop(thread);
}

KTEST(highmem, exhaustion_waits)
{
	struct page **pages;
	unsigned int i;

	if (nr_free_pages() < 3 * LAST_PKMAP) {
		ktest_skip(t, "1024 windows need as many pages: MEM=16 or more");
		return;
	}
	pages = vzalloc((LAST_PKMAP + 1) * sizeof(*pages));
	KASSERT(t, pages);
	for (i = 0; i <= LAST_PKMAP; i++)
		KASSERT(t, (pages[i] = alloc_fake_high()));
	exhaust_windows(t, pages);
	flush_all_zero_pkmaps();
	KEXPECT_EQ(t, kmap_check(), 0);
	for (i = 0; i <= LAST_PKMAP; i++)
		free_fake_high(pages[i]);
	vfree(pages);
}

/* Real high memory: given to users first, reached by both kinds of window. */
KTEST(highmem, real_high_page)
{
	unsigned long *va;
	struct page *page;
	int nid;

	if (highend_pfn <= highstart_pfn) {
		ktest_skip(t, "there is no high memory: needs MEM=1024 or more");
		return;
	}
	nid = page_to_nid(pfn_to_page(highend_pfn - 1));
	KASSERT(t, (page = alloc_pages_node(nid, GFP_HIGHUSER, 0)));
	KASSERT(t, PageHighMem(page));
	KEXPECT(t, page_to_pfn(page) >= max_low_pfn);
	clear_highpage(page);
	va = kmap(page);
	KEXPECT(t, va[0] == 0 && va[1023] == 0);
	va[5] = 0x816;
	kunmap(page);
	va = kmap_atomic(page, KM_USER0);
	KEXPECT_EQ(t, va[5], 0x816ul);
	kunmap_atomic(va, KM_USER0);
	flush_all_zero_pkmaps();
	__free_page(page);
}

#endif
