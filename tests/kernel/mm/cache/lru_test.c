/*
 * tests/kernel/mm/cache/lru_test.c - which page is on which list, and that none is forgotten.
 */
#include <tests/kernel/mm/cache/toy_space.h>
#include <tests/kernel/mm/space/scratch.h>

#include <kernel/core/ktest.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/sched.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <mm/cache/swap.h>
#include <mm/phys/mm_inline.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/mlock.h>

static long inactive(void)
{
	return (long)global_page_state(NR_INACTIVE_FILE);
}

static long active(void)
{
	return (long)global_page_state(NR_ACTIVE_FILE);
}

/* Read page @index as one who wants only it. => the page, with a reference */
static struct page *one_page(struct toy_space *toy, unsigned long index)
{
	toy->ra.ra_pages = 0;
	toy_read(toy, index, 1);
	lru_add_drain();
	return find_get_page(&toy->inode.i_data, index);
}

/* A page comes in as inactive, is active after a second use, and leaves when it is freed. */
KTEST(lru, used_twice)
{
	struct toy_space *toy = toy_open(8);
	long inactive_before = inactive(), active_before = active();
	struct page *page = one_page(toy, 3);

	KASSERT(t, page && PageLRU(page));
	KEXPECT_EQ(t, inactive(), inactive_before + 1);
	ClearPageReferenced(page);
	toy_read(toy, 3, 1);
	KEXPECT(t, PageReferenced(page) && !PageActive(page));
	toy_read(toy, 3, 1);
	KEXPECT(t, PageActive(page) && !PageReferenced(page));
	KEXPECT_EQ(t, inactive(), inactive_before);
	KEXPECT_EQ(t, active(), active_before + 1);
	KEXPECT_EQ(t, lru_check(), 0);
	toy_read(toy, 3, 1);
	KEXPECT(t, PageActive(page) && PageReferenced(page));
	truncate_inode_pages(&toy->inode.i_data, 0);
	KEXPECT(t, !page->mapping && PageLRU(page));
	KEXPECT_EQ(t, lru_check(), 0);
	put_page(page);
	KEXPECT_EQ(t, active(), active_before);
	toy_close(toy);
}

/* Reading a page bit by bit is one use. */
KTEST(lru, small_reads_are_one_use)
{
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 2);
	unsigned int i;

	KASSERT(t, page);
	ClearPageReferenced(page);
	for (i = 0; i < 8; i++) {
		loff_t pos = 2 * PAGE_SIZE + i * 512;

		put_page(read_page_ahead(&toy->inode.i_data, &toy->ra, NULL,
					 find_get_page(&toy->inode.i_data, 2), pos, 1));
		toy->ra.prev_pos = pos + 512;
	}
	KEXPECT(t, PageReferenced(page) && !PageActive(page));
	put_page(page);
	toy_close(toy);
}

/* Pages come in batches; one that only its batch still has is freed, not put on a list. */
KTEST(lru, truncated_in_the_batch)
{
	struct toy_space *toy = toy_open(8);
	long before = inactive();
	struct page *page;

	lru_add_drain();
	toy->ra.ra_pages = 0;
	toy_read(toy, 5, 1);
	page = find_get_page(&toy->inode.i_data, 5);
	KASSERT(t, page);
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, inactive(), before);
	truncate_inode_pages(&toy->inode.i_data, 0);
	put_page(page);
	KEXPECT_EQ(t, page_count(page), 1);
	lru_add_drain();
	KEXPECT_EQ(t, page_count(page), 0);
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, inactive(), before);
	toy_close(toy);
}

/* What lives in memory is on no list, however often it is used. */
KTEST(lru, not_for_memory)
{
	struct toy_space *toy = toy_open(8);
	struct page *page;

	toy->inode.i_data.backing_dev_info = &noop_backing_dev_info;
	page = one_page(toy, 1);
	KASSERT(t, page);
	KEXPECT(t, !PageLRU(page) && page_is_plain(page));
	mark_page_accessed(page);
	mark_page_accessed(page);
	KEXPECT(t, !PageActive(page));
	rotate_reclaimable_page(page);
	put_page(page);
	toy_close(toy);
}

/* A page that is locked in memory is off the lists, wherever it was: on one, in a batch, in hands. */
KTEST(lru, mlocked_pages_leave)
{
	struct toy_space *toy = toy_open(8);
	long before = inactive();
	struct page *page = one_page(toy, 0), *taken[1];

	KASSERT(t, page);
	atomic_set(&page->_mapcount, 1);	/* as if mapped twice: mlock_check */
	mlock_page(page);
	KEXPECT(t, !PageLRU(page) && PageMlocked(page));
	KEXPECT_EQ(t, inactive(), before);
	mlock_page(page);
	munlock_page(page);
	munlock_page(page);
	mlock_page(page);			/* it waits in the batch */
	lru_add_drain();
	KEXPECT(t, !PageLRU(page));
	KEXPECT_EQ(t, page->mlock_count, 1ul);
	munlock_page(page);
	lru_add_drain();
	KEXPECT(t, PageLRU(page));
	KASSERT_EQ(t, isolate_lru_pages(page_zone(page), LRU_INACTIVE_FILE, taken, 1), 1u);
	get_page(page);
	mlock_page(page);
	putback_lru_pages(taken, NULL, 1);
	KEXPECT(t, taken[0] != page || !PageLRU(page));
	munlock_page(page);
	put_page(page);
	lru_add_drain();
	KEXPECT(t, PageLRU(page));
	KEXPECT_EQ(t, inactive(), before + 1);
	atomic_set(&page->_mapcount, -1);
	put_page(page);
	toy_close(toy);
}

/*
 * A page that reclaim has, and that meanwhile was locked in memory and unlocked: the batch has put it on a
 * list, and what reclaim thinks of it comes too late.
 */
KTEST(lru, back_before_the_verdict)
{
	static const enum lru_verdict verdicts[] = {
		LRU_ACTIVATE, LRU_AGE_UP, LRU_AGE_DOWN, LRU_CLEAN, LRU_STAYS,
	};
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 0), *taken;
	unsigned long flags;
	unsigned int i;

	KASSERT(t, page);
	atomic_set(&page->_mapcount, 1);	/* as if mapped twice: mlock_check */
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		taken = page;
		KASSERT(t, isolate_lru_page(page));
		mlock_page(page);
		munlock_page(page);
		lru_add_drain_all();
		KEXPECT(t, PageLRU(page));
		flags = page->flags;
		putback_lru_pages(&taken, &verdicts[i], 1);
		KEXPECT_EQ(t, page->flags, flags);
		KEXPECT_EQ(t, lru_check(), 0);
	}
	atomic_set(&page->_mapcount, -1);
	put_page(page);
	toy_close(toy);
}

/* ... and what becomes of a page that only reclaim has. */
KTEST(lru, verdicts)
{
	static const struct {
		enum lru_verdict verdict;
		bool active, clean;
		unsigned int age;
	} steps[] = {
		{ LRU_ACTIVATE, true, false, PAGE_AGE_START }, { LRU_AGE_UP, true, false, PAGE_AGE_MAX },
		{ LRU_AGE_UP, true, false, PAGE_AGE_MAX }, { LRU_STAYS, true, false, PAGE_AGE_MAX },
		{ LRU_AGE_DOWN, true, false, 1 }, { LRU_AGE_DOWN, false, false, 0 },
		{ LRU_CLEAN, false, true, 0 }, { LRU_STAYS, false, false, 0 },
	};
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 0), *taken;
	unsigned int i;

	KASSERT(t, page);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		taken = page;
		KASSERT(t, isolate_lru_page(page));
		putback_lru_pages(&taken, &steps[i].verdict, 1);
		KEXPECT(t, PageLRU(page));
		KEXPECT_EQ(t, (int)PageActive(page), (int)steps[i].active);
		KEXPECT_EQ(t, (int)PageInactiveClean(page), (int)steps[i].clean);
		KEXPECT_EQ(t, page_age(page), steps[i].age);
		KEXPECT_EQ(t, lru_check(), 0);
	}
	put_page(page);
	toy_close(toy);
}

/* A page in two hands: another processor puts it back, and has to wait for lru_lock at just that step. */
static struct {
	struct page *page;
	bool go, done;
} other;

static int put_back_there(void *unused)
{
	struct page *page = other.page;

	while (!READ_ONCE(other.go))
		cpu_relax();
	putback_lru_pages(&page, NULL, 1);
	smp_mb();
	WRITE_ONCE(other.done, true);
	return 0;
}

#define CONTENDED_SPINS	100000000u	/* far more than it takes */

/* @meanwhile happens to @page, isolated, under the lock. => false: there is no other processor */
static bool while_it_waits(struct page *page, void (*meanwhile)(struct page *page))
{
	spinlock_t *lock = &page_zone(page)->lru_lock;
	struct task_struct *there;
	unsigned long irq;
	unsigned int i;
	int cpu;

	if (num_online_cpus() < 2)
		return false;
	set_cpus_allowed(current, 1);
	for_each_online_cpu(cpu)
		if (cpu)
			break;
	other.page = page;
	other.go = other.done = false;
	there = kthread_create(put_back_there, NULL, "putback");
	BUG_ON(IS_ERR(there));
	kthread_bind(there, cpu);
	get_task_struct(there);
	wake_up_process(there);
	spin_lock_irqsave(lock, irq);
	WRITE_ONCE(other.go, true);
	for (i = 0; i < CONTENDED_SPINS && !spin_is_contended(lock); i++)
		cpu_relax();
	meanwhile(page);
	spin_unlock_irqrestore(lock, irq);
	while (!READ_ONCE(other.done))
		cond_resched();
	kthread_stop(there);
	put_task_struct(there);
	set_cpus_allowed(current, ~0ul);
	return true;
}

/* As lru_cache_del() before it has the lock. */
static void lock_it_in_memory(struct page *page)
{
	SetPageMlocked(page);
}

/* As another batch. */
static void put_it_on_a_list(struct page *page)
{
	list_add(&page->lru, &page_zone(page)->lru[page_lru(page)]);
	inc_zone_page_state(page, LRU_STAT(page_lru(page)));
	SetPageLRU(page);
}

KTEST(lru, locked_at_the_turn)
{
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 0);
	long before = inactive();

	KASSERT(t, page && isolate_lru_page(page));
	if (while_it_waits(page, lock_it_in_memory)) {
		KEXPECT(t, !PageLRU(page));
		KEXPECT_EQ(t, inactive(), before - 1);
		ClearPageMlocked(page);
		if (!PageLRU(page))
			lru_cache_add(page);
	} else {
		putback_lru_pages(&(struct page *){ page }, NULL, 1);
	}
	put_page(page);
	lru_add_drain_all();
	KEXPECT_EQ(t, inactive(), before);
	toy_close(toy);
}

KTEST(lru, listed_at_the_turn)
{
	struct toy_space *toy = toy_open(8);
	struct page *page = one_page(toy, 0);
	long before = inactive();

	KASSERT(t, page && isolate_lru_page(page));
	if (!while_it_waits(page, put_it_on_a_list))
		putback_lru_pages(&(struct page *){ page }, NULL, 1);
	KASSERT_EQ(t, inactive(), before);
	KASSERT(t, page->lru.next != &page->lru && page->lru.prev != &page->lru);
	KEXPECT(t, PageLRU(page));
	KEXPECT_EQ(t, page_count(page), 2);
	KEXPECT_EQ(t, lru_check(), 0);
	put_page(page);
	toy_close(toy);
}

/* New pages are worth a look of kswapd, each on its node. */
KTEST(lru, new_on_each_node)
{
	struct page *pages[MAX_NUMNODES];
	unsigned int nr = 0;
	int nid;

	lru_add_drain_all();
	for_each_online_node(nid) {
		if (!NODE_DATA(nid)->node_present_pages)
			continue;
		pages[nr] = alloc_pages_node(nid, GFP_HIGHUSER | __GFP_THISNODE, 0);
		KASSERT(t, pages[nr]);
		lru_cache_add_anon(pages[nr++]);
		NODE_DATA(nid)->kswapd_failures = KSWAPD_MAX_FAILURES;
	}
	lru_add_drain_all();
	while (nr--) {
		KEXPECT_EQ(t, page_zone(pages[nr])->zone_pgdat->kswapd_failures, 0u);
		put_page(pages[nr]);
	}
}

/* Written-to pages of an area, @nr of them, from this processor's batch on their lists. */
static void scratch_pages(struct page **pages, unsigned int nr)
{
	unsigned int i;

	lru_add_drain_all();
	scratch_map(SCRATCH_BASE, nr, PROT_READ | PROT_WRITE);
	for (i = 0; i < nr; i++) {
		poke(SCRATCH_BASE + i * PAGE_SIZE, i);
		pages[i] = pte_page(scratch_pte(SCRATCH_BASE + i * PAGE_SIZE));
	}
	lru_add_drain_all();
}

/* An anonymous page is born inactive, and on a list of its own; it leaves by being freed. */
KTEST(lru, anonymous_pages)
{
	struct mm_struct *mm = scratch_enter();
	long inactive_before, active_before;
	struct page *pages[8];
	unsigned int i;

	lru_add_drain_all();
	inactive_before = (long)global_page_state(NR_INACTIVE_ANON);
	active_before = (long)global_page_state(NR_ACTIVE_ANON);
	scratch_pages(pages, 8);
	KEXPECT_EQ(t, (long)global_page_state(NR_INACTIVE_ANON), inactive_before + 8);
	for (i = 0; i < 8; i++) {
		KEXPECT(t, PageLRU(pages[i]) && PageSwapBacked(pages[i]) && PageUptodate(pages[i]));
		KEXPECT(t, !PageActive(pages[i]) && page_age(pages[i]) == PAGE_AGE_START);
		KEXPECT_EQ(t, page_count(pages[i]), 1);
	}
	mark_page_accessed(pages[3]);
	mark_page_accessed(pages[3]);
	KEXPECT(t, PageActive(pages[3]));
	KEXPECT_EQ(t, (long)global_page_state(NR_ACTIVE_ANON), active_before + 1);
	KEXPECT_EQ(t, lru_check(), 0);
	scratch_unmap(SCRATCH_BASE, 8);
	KEXPECT_EQ(t, (long)global_page_state(NR_INACTIVE_ANON), inactive_before);
	KEXPECT_EQ(t, (long)global_page_state(NR_ACTIVE_ANON), active_before);
	scratch_leave(mm);
}

/* A page that is unmapped before its batch is full was on no list, and is freed with the batch. */
KTEST(lru, gone_before_the_batch_is_full)
{
	struct mm_struct *mm = scratch_enter();
	unsigned long flags;
	struct page *page;
	int count;

	scratch_map(SCRATCH_BASE, 1, PROT_READ | PROT_WRITE);
	lru_add_drain_all();
	poke(SCRATCH_BASE, 1);
	page = pte_page(scratch_pte(SCRATCH_BASE));
	get_page(page);
	scratch_unmap(SCRATCH_BASE, 1);
	local_irq_save(flags);
	count = page_count(page);
	local_irq_restore(flags);
	KEXPECT(t, count == 2 || PageLRU(page));	/* the batch and we */
	put_page(page);
	lru_add_drain_all();
	KEXPECT(t, !page_count(page) && !PageLRU(page) && !page->mapping);
	scratch_leave(mm);
}

/* Reclaim passes by a page whose last reference is gone already: it waits for lru_lock, to be freed. */
KTEST(lru, isolation_leaves_the_dying)
{
	struct mm_struct *mm = scratch_enter();
	struct page *pages[3], *taken[64];
	unsigned int i, nr, found = 0, here;

	scratch_pages(pages, 3);
	here = (page_zone(pages[0]) == page_zone(pages[1])) + (page_zone(pages[2]) == page_zone(pages[1]));
	atomic_set(&pages[1]->_refcount, 0);
	nr = isolate_lru_pages(page_zone(pages[1]), LRU_INACTIVE_ANON, taken, ARRAY_SIZE(taken));
	for (i = 0; i < nr; i++) {
		KEXPECT(t, taken[i] != pages[1]);
		found += taken[i] == pages[0] || taken[i] == pages[2];
	}
	KEXPECT(t, PageLRU(pages[1]) && !page_count(pages[1]));
	KEXPECT_EQ(t, found, here);
	putback_lru_pages(taken, NULL, nr);
	atomic_set(&pages[1]->_refcount, 1);
	KEXPECT_EQ(t, lru_check(), 0);
	scratch_leave(mm);
}

/* A page whose last user leaves while it is in reclaim's hands is freed as it is put back. */
KTEST(lru, freed_in_hands)
{
	struct mm_struct *mm = scratch_enter();
	struct page *pages[3], *taken[64];
	unsigned int nr;

	scratch_pages(pages, 3);
	nr = isolate_lru_pages(page_zone(pages[2]), LRU_INACTIVE_ANON, taken, ARRAY_SIZE(taken));
	KEXPECT(t, nr && !PageLRU(pages[2]));
	SetPageActive(pages[2]);
	scratch_unmap(SCRATCH_BASE, 3);
	KEXPECT_EQ(t, page_count(pages[2]), 1);
	putback_lru_pages(taken, NULL, nr);
	KEXPECT(t, !page_count(pages[2]) && !PageLRU(pages[2]) && !PageActive(pages[2]));
	KEXPECT_EQ(t, lru_check(), 0);
	scratch_leave(mm);
}

/* Reclaim takes the oldest first; what it puts back is the newest; a clean one goes to the end. */
KTEST(lru, order)
{
	struct toy_space *toy = toy_open(8);
	struct page *a = one_page(toy, 0), *b = one_page(toy, 1), *taken[8];
	struct zone *zone = page_zone(a);

	KASSERT(t, page_zone(b) == zone && inactive() == 2);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 1), 1u);
	KEXPECT(t, taken[0] == a && !PageLRU(a));
	KEXPECT_EQ(t, inactive(), 1l);
	putback_lru_pages(taken, NULL, 1);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 8), 2u);
	KEXPECT(t, taken[0] == b && taken[1] == a);
	putback_lru_pages(taken, NULL, 2);
	rotate_reclaimable_page(a);
	KASSERT_EQ(t, isolate_lru_pages(zone, LRU_INACTIVE_FILE, taken, 1), 1u);
	KEXPECT(t, taken[0] == a);
	/* Truncated while in reclaim's hands. */
	truncate_inode_pages(&toy->inode.i_data, 0);
	putback_lru_pages(taken, NULL, 1);
	KEXPECT(t, PageLRU(a));
	put_page(a);
	KEXPECT(t, !page_count(a) && !PageLRU(a));
	put_page(b);
	toy_close(toy);
}

/* Invalidation takes what is clean and idle, and leaves all else. */
KTEST(lru, invalidate)
{
	struct toy_space *toy = toy_open(64);
	struct address_space *mapping = &toy->inode.i_data;
	struct page *held, *dirty, *locked;

	force_page_cache_readahead(mapping, NULL, 0, 64);
	lru_add_drain();
	held = find_get_page(mapping, 10);
	dirty = find_get_page(mapping, 20);
	locked = find_lock_page(mapping, 30);
	SetPageDirty(dirty);
	put_page(dirty);
	KEXPECT_EQ(t, invalidate_mapping_pages(mapping, 5, 40), 33ul);
	KEXPECT_EQ(t, mapping->nrpages, 31ul);
	KEXPECT(t, toy_cached(toy, 4) && toy_cached(toy, 41) && toy_cached(toy, 10) &&
		   toy_cached(toy, 20) && toy_cached(toy, 30) && !toy_cached(toy, 40));
	ClearPageDirty(dirty);
	unlock_page(locked);
	put_page(locked);
	put_page(held);
	KEXPECT_EQ(t, invalidate_mapping_pages(mapping, 0, ~0ul), 31ul);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	toy_close(toy);
}

/* The stricter one does not ask whether a page is in use, only whether it is newer than the disk. */
KTEST(lru, invalidate_after_direct_io)
{
	struct toy_space *toy = toy_open(16);
	struct address_space *mapping = &toy->inode.i_data;
	struct page *held, *dirty;

	force_page_cache_readahead(mapping, NULL, 0, 16);
	held = find_get_page(mapping, 3);
	dirty = find_get_page(mapping, 4);
	SetPageDirty(dirty);
	KEXPECT_EQ(t, invalidate_inode_pages2_range(mapping, 2, 8), -EBUSY);
	KEXPECT(t, !held->mapping && !PageUptodate(held) && dirty->mapping);
	KEXPECT_EQ(t, mapping->nrpages, 10ul);
	ClearPageDirty(dirty);
	KEXPECT_EQ(t, invalidate_inode_pages2_range(mapping, 0, ~0ul), 0);
	KEXPECT_EQ(t, mapping->nrpages, 0ul);
	put_page(held);
	put_page(dirty);
	toy_close(toy);
}

/* Pages come, are used, taken, put back and thrown away in any order: the lists stay true. */
KTEST(lru, random_operations)
{
	struct toy_space *toy = toy_open(TOY_PAGES);
	struct page *taken[16];
	struct rnd_state rnd;
	unsigned int i, nr;

	prandom_seed(&rnd, ktest_seed(0x15e7));
	for (i = 0; i < 4000; i++) {
		unsigned long index = prandom_below(&rnd, TOY_PAGES);

		switch (prandom_below(&rnd, 8)) {
		case 0:
			truncate_inode_pages_range(&toy->inode.i_data, (loff_t)index << PAGE_SHIFT,
						   ((loff_t)(index + 8) << PAGE_SHIFT) - 1);
			break;
		case 1:
			invalidate_mapping_pages(&toy->inode.i_data, index, index + 20);
			break;
		case 2:
			nr = isolate_lru_pages(page_zone(pfn_to_page(0)),
					       prandom_below(&rnd, 2) ? LRU_ACTIVE_FILE :
								       LRU_INACTIVE_FILE, taken, 16);
			if (nr && prandom_below(&rnd, 2))
				truncate_inode_pages(&toy->inode.i_data, taken[0]->index << PAGE_SHIFT);
			putback_lru_pages(taken, NULL, nr);
			break;
		default:
			KASSERT_EQ(t, toy_read(toy, index, 1), (long)index + 1000);
		}
		if (i % 64 == 0)
			KASSERT_EQ(t, lru_check(), 0);
	}
	toy_close(toy);
}
