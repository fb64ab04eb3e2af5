/*
 * mm/phys/highmem.c - windows onto pages that the direct map does not reach.
 *
 * Theory: highmem.h.  The windows of kmap() are the entries of one page table.
 * They are handed out round robin: window after window is used once, and only
 * when the end is reached are those without users cleared, all at once, with
 * one TLB flush for up to 1024 unmappings.
 *
 *	pkmap_count[i]	0	free, and the TLB knows nothing of it
 *			1	no user, but the entry stands: mapping the same page
 *				again takes it as it is
 *			n + 1	n users
 *
 * Which window a page has, page_address() finds by hashing the struct page.  A
 * window has at most one page, so the hash's nodes are an array of as many.
 *
 * When all windows have users, kmap() sleeps until a kunmap().  Whoever holds
 * one window and waits for another can deadlock with as many others as there
 * are windows: hold one at a time, or use kmap_atomic for the second.
 *
 * kmap_atomic() takes no lock: window and entry belong to this processor and to
 * the kind of caller.
 *
 * Locking: kmap_lock, interrupts off, guards counts, entries and hash.
 */
#include <mm/phys/highmem.h>

#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>

#ifdef CONFIG_HIGHMEM

#define PA_HASH_ORDER	7

/* A window's page, hashed by it. */
struct page_address_map {
	struct page *page;		/* [k] NULL: the window is free */
	struct hlist_node node;		/* [k] */
};					/* [k] kmap_lock */

int pkmap_count[LAST_PKMAP];
pte_t *pkmap_page_table;
static pte_t *kmap_pte;					/* [c] FIX_KMAP_BEGIN's entry */
static unsigned int last_pkmap_nr;			/* [k] window handed out last */
static struct page_address_map *page_address_maps;	/* [k] one for each window */
static struct hlist_head page_address_htable[1 << PA_HASH_ORDER];	/* [k] */
static DEFINE_SPINLOCK(kmap_lock);
static DECLARE_WAIT_QUEUE_HEAD(pkmap_map_wait);

static_assert((LAST_PKMAP & (LAST_PKMAP - 1)) == 0, "the round robin masks");
static_assert(LAST_PKMAP == PTRS_PER_PTE, "the windows are one page table");

static struct hlist_head *page_bucket(const struct page *page)
{
	return &page_address_htable[hash_ptr((void *)page, PA_HASH_ORDER)];
}

/* => kmap_lock held; the window of @page, or NULL */
static struct page_address_map *find_window(const struct page *page)
{
	struct page_address_map *pam;

	hlist_for_each_entry(pam, page_bucket(page), node)
		if (pam->page == page)
			return pam;
	return NULL;
}

static unsigned int window_nr(const struct page_address_map *pam)
{
	return (unsigned int)(pam - page_address_maps);
}

void *page_address_high(const struct page *page)
{
	struct page_address_map *pam;
	unsigned long save;
	void *addr = NULL;

	if (!page_address_maps)
		return NULL;
	spin_lock_irqsave(&kmap_lock, save);
	pam = find_window(page);
	if (pam)
		addr = (void *)PKMAP_ADDR(window_nr(pam));
	spin_unlock_irqrestore(&kmap_lock, save);
	return addr;
}

/* => kmap_lock held */
static void __flush_all_zero_pkmaps(void)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++) {
		if (pkmap_count[i] != 1)
			continue;
		pkmap_count[i] = 0;
		pte_clear(pkmap_page_table + i);
		hlist_del(&page_address_maps[i].node);
		page_address_maps[i].page = NULL;
		any = true;
	}
	if (any)
		flush_tlb_kernel_range(PKMAP_ADDR(0), PKMAP_ADDR(LAST_PKMAP));
}

void flush_all_zero_pkmaps(void)
{
	unsigned long save;

	if (!page_address_maps)
		return;
	spin_lock_irqsave(&kmap_lock, save);
	__flush_all_zero_pkmaps();
	spin_unlock_irqrestore(&kmap_lock, save);
}

/*
 * Up to the end of the table, where the unused windows are cleared, and then
 * once through all of it.  => kmap_lock held; a window with count 0, or -1: all
 * have users
 */
static int find_free_window(void)
{
	unsigned int tries;

	for (tries = 0; tries < 2 * LAST_PKMAP; tries++) {
		last_pkmap_nr = (last_pkmap_nr + 1) & (LAST_PKMAP - 1);
		if (!last_pkmap_nr)
			__flush_all_zero_pkmaps();
		if (!pkmap_count[last_pkmap_nr])
			return (int)last_pkmap_nr;
	}
	return -1;
}

/* => kmap_lock held, let go and taken again with *save while it sleeps */
static void wait_for_window(unsigned long *save)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&pkmap_map_wait, &wait, TASK_UNINTERRUPTIBLE);
	spin_unlock_irqrestore(&kmap_lock, *save);
	schedule();
	finish_wait(&pkmap_map_wait, &wait);
	spin_lock_irqsave(&kmap_lock, *save);
}

/* => kmap_lock held; the window of @page, with at least count 1 */
static unsigned int map_new_virtual(struct page *page, unsigned long *save)
{
	struct page_address_map *pam;
	int nr;

	for (;;) {
		/* Also after sleeping: somebody else may have mapped it. */
		pam = find_window(page);
		if (pam)
			return window_nr(pam);
		nr = find_free_window();
		if (nr >= 0)
			break;
		wait_for_window(save);
	}
	pam = &page_address_maps[nr];
	set_pte(pkmap_page_table + nr, mk_pte(page, PAGE_KERNEL));
	pkmap_count[nr] = 1;
	pam->page = page;
	hlist_add_head(&pam->node, page_bucket(page));
	return (unsigned int)nr;
}

void *kmap_high(struct page *page)
{
	unsigned long save;
	unsigned int nr;

	might_sleep();
	spin_lock_irqsave(&kmap_lock, save);
	nr = map_new_virtual(page, &save);
	pkmap_count[nr]++;
	spin_unlock_irqrestore(&kmap_lock, save);
	return (void *)PKMAP_ADDR(nr);
}

void kunmap_high(struct page *page)
{
	struct page_address_map *pam;
	unsigned long save;
	bool wake;

	spin_lock_irqsave(&kmap_lock, save);
	pam = find_window(page);
	BUG_ON(!pam || pkmap_count[window_nr(pam)] < 2);
	wake = --pkmap_count[window_nr(pam)] == 1 && waitqueue_active(&pkmap_map_wait);
	spin_unlock_irqrestore(&kmap_lock, save);
	if (wake)
		wake_up(&pkmap_map_wait);
}

/* ---- atomic windows ---- */

static unsigned int atomic_idx(enum km_type type)
{
	return (unsigned int)type + KM_TYPE_NR * smp_processor_id();
}

/* Fixmap indices count downwards, so do their entries. */
void *kmap_atomic_pfn(unsigned long pfn, enum km_type type)
{
	unsigned int idx = atomic_idx(type);

	VM_BUG_ON(!pte_none(*(kmap_pte - idx)));
	set_pte(kmap_pte - idx, pfn_pte(pfn, PAGE_KERNEL));
	return (void *)__fix_to_virt(FIX_KMAP_BEGIN + idx);
}

void *kmap_atomic_high(struct page *page, enum km_type type)
{
	return kmap_atomic_pfn(page_to_pfn(page), type);
}

void kunmap_atomic_high(void *kvaddr, enum km_type type)
{
	unsigned long addr = (unsigned long)kvaddr & PAGE_MASK;
	unsigned int idx = atomic_idx(type);

	BUG_VAL(addr != __fix_to_virt(FIX_KMAP_BEGIN + idx), kvaddr, type);
	pte_clear(kmap_pte - idx);
	__flush_tlb_one(addr);
}

struct page *kmap_to_page(void *vaddr)
{
	unsigned long addr = (unsigned long)vaddr;

	if (addr < PKMAP_BASE)
		return virt_to_page(vaddr);
	if (addr < PKMAP_ADDR(LAST_PKMAP))
		return pte_page(pkmap_page_table[PKMAP_NR(addr)]);
	return pte_page(*fixmap_pte(virt_to_fix(addr)));
}

/* ---- looking at it ---- */

unsigned long nr_kmaps(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++)
		nr += pkmap_count[i] > 1;
	return nr;
}

/* Users of windows, and atomic windows that are mapped. */
static long count_kmaps(void)
{
	unsigned int i;
	long nr = 0;

	for (i = 0; i < LAST_PKMAP; i++)
		nr += max(pkmap_count[i] - 1, 0);
	for (i = 0; i < KM_TYPE_NR * NR_CPUS; i++)
		nr += !pte_none(*(kmap_pte - i));
	return nr;
}

static bool window_is_sane(unsigned int i)
{
	struct page_address_map *pam = &page_address_maps[i];
	pte_t pte = pkmap_page_table[i];

	if (!pkmap_count[i])
		return pte_none(pte) && !pam->page;
	return pkmap_count[i] > 0 && pam->page && pte_present(pte) && pte_page(pte) == pam->page &&
	       find_window(pam->page) == pam;
}

int kmap_check(void)
{
	unsigned long save;
	unsigned int i;
	int faults = 0;

	if (!page_address_maps)
		return 0;
	spin_lock_irqsave(&kmap_lock, save);
	for (i = 0; i < LAST_PKMAP; i++) {
		if (window_is_sane(i))
			continue;
		pr_err("kmap_check: window %u: count %d, entry " PTE_FMT ", page %p\n", i,
		       pkmap_count[i], pte_val(pkmap_page_table[i]), page_address_maps[i].page);
		faults++;
	}
	spin_unlock_irqrestore(&kmap_lock, save);
	return faults;
}

void dump_kmap(void)
{
	unsigned int i;

	for (i = 0; i < LAST_PKMAP; i++)
		if (pkmap_count[i])
			pr_info("%08lx window %u: count %d, pfn %05lx\n", PKMAP_ADDR(i), i,
				pkmap_count[i], pte_pfn(pkmap_page_table[i]));
}

/* The table of windows' pages is only needed where there are high pages, or tests make some. */
void __init kmap_init(void)
{
	pmd_t *pmd = pmd_offset(pgd_offset_k(PKMAP_BASE), PKMAP_BASE);

	BUG_ON(!pmd_present(*pmd));
	pkmap_page_table = pte_offset_kernel(pmd, PKMAP_BASE);
	kmap_pte = fixmap_pte(FIX_KMAP_BEGIN);
	if (highend_pfn <= highstart_pfn && !ktest_requested())
		return;
	page_address_maps = kcalloc(LAST_PKMAP, sizeof(*page_address_maps), GFP_KERNEL);
	if (!page_address_maps)
		panic("kmap_init: no memory");
	ktest_register_counter("kmaps", count_kmaps);
	ktest_register_checker("kmap_check", kmap_check);
}

#else

void __init kmap_init(void)
{
}

int kmap_check(void)
{
	return 0;
}

void dump_kmap(void)
{
}

#endif
