/*
 * tests/kernel/core/smp_test.c - several processors in the kernel at once.
 *
 * All processors are sent into one function by on_each_cpu(), meet there, and work
 * with interrupts off on the same locks, page lists, slabs and translations.  On
 * one processor the same code runs alone.
 */
#include <kernel/core/ktest.h>

#include <kernel/arch/atomic.h>
#include <kernel/arch/pgtable.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/percpu.h>
#include <kernel/core/smp.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <kernel/core/watchdog.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/space/mmap.h>

#define LOCK_ROUNDS	20000
#define ALLOC_ROUNDS	3000
#define HELD		16
#define TLB_ROUNDS	1000
#define FLUSH_ROUNDS	200
#define CLOCK_ROUNDS	3000

static atomic_t arrived, wrong;

/*
 * Nobody goes on before all are here.  What follows takes as long as the host makes it, with
 * interrupts off, so loops tell the watchdog.
 * => interrupts may be off
 */
static void meet(void)
{
	atomic_inc(&arrived);
	while (atomic_read(&arrived) < nr_cpus) {
		touch_nmi_watchdog();
		smp_spin_poll();
	}
}

static void run_everywhere(void (*fn)(void *), void *info)
{
	atomic_set(&arrived, 0);
	atomic_set(&wrong, 0);
	on_each_cpu(fn, info);
}

static void mark(void *seen)
{
	((int *)seen)[smp_processor_id()]++;
}

KTEST(smp, call_reaches_all_once)
{
	int seen[NR_CPUS] = { 0 };

	for (int i = 0; i < 100; i++)
		on_each_cpu(mark, seen);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		KEXPECT_EQ(t, seen[cpu], cpu < nr_cpus ? 100 : 0);
}

static DEFINE_SPINLOCK(test_lock);
static DEFINE_RWLOCK(test_rwlock);
static unsigned long under_lock, written, copy_of_written;

static void use_locks(void *unused)
{
	meet();
	for (int i = 0; i < LOCK_ROUNDS; i++) {
		touch_nmi_watchdog();
		spin_lock(&test_lock);
		under_lock++;
		spin_unlock(&test_lock);
		if (i % 8 == 0) {
			write_lock(&test_rwlock);
			written++;
			copy_of_written++;
			write_unlock(&test_rwlock);
		} else {
			read_lock(&test_rwlock);
			if (READ_ONCE(written) != READ_ONCE(copy_of_written))
				atomic_inc(&wrong);
			read_unlock(&test_rwlock);
		}
	}
}

KTEST(smp, locks_exclude)
{
	under_lock = written = copy_of_written = 0;
	run_everywhere(use_locks, NULL);
	KEXPECT_EQ(t, under_lock, (unsigned long)LOCK_ROUNDS * num_online_cpus());
	KEXPECT_EQ(t, written, (unsigned long)LOCK_ROUNDS / 8 * num_online_cpus());
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
}

/* Pages and objects, each marked with its address and owner; two at once would show. */
static void use_allocators(void *unused)
{
	unsigned long *held[HELD] = { NULL };
	unsigned int seed = 12345u + 977u * (unsigned int)smp_processor_id();
	unsigned long me = (unsigned long)smp_processor_id() + 1;

	meet();
	for (int i = 0; i < ALLOC_ROUNDS + HELD; i++) {
		unsigned int slot = i < ALLOC_ROUNDS ? (seed >> 8) % HELD :
						       (unsigned int)(i - ALLOC_ROUNDS);
		unsigned long *p = held[slot];

		touch_nmi_watchdog();
		seed = seed * 1103515245u + 12345u;
		if (p) {
			if (p[0] != (unsigned long)p || p[1] != me)
				atomic_inc(&wrong);
			if (slot & 1)
				kfree(p);
			else
				free_pages((unsigned long)p, slot % 6 / 2);
			held[slot] = NULL;
		} else if (i < ALLOC_ROUNDS) {
			p = slot & 1 ? kmalloc(8 + (seed >> 16) % 500, GFP_ATOMIC | __GFP_NOWARN) :
				(void *)__get_free_pages(GFP_ATOMIC | __GFP_NOWARN, slot % 6 / 2);
			if (!p)
				continue;
			p[0] = (unsigned long)p;
			p[1] = me;
			held[slot] = p;
		}
	}
}

KTEST(smp, allocators_on_all)
{
	run_everywhere(use_allocators, NULL);
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
}

/* What all read at one address, while the first changes the frame behind it. */
static struct {
	volatile unsigned long *addr;
	volatile unsigned long expected;
} watched;

static void look(void *unused)
{
	if (*watched.addr != watched.expected)
		atomic_inc(&wrong);
}

KTEST(smp, kernel_mapping_changes_everywhere)
{
	struct page *pages[2] = { alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL) };
	struct page *first = pages[0];
	unsigned long addr;
	pte_t *pte;

	KASSERT(t, pages[0] && pages[1]);
	*(unsigned long *)lowmem_page_address(pages[0]) = 100;
	*(unsigned long *)lowmem_page_address(pages[1]) = 101;
	addr = (unsigned long)vmap(&first, 1, 0, PAGE_KERNEL);
	KASSERT(t, addr);
	pte = pte_offset_kernel(pmd_offset(pgd_offset_k(addr), addr), addr);
	watched.addr = (volatile unsigned long *)addr;
	atomic_set(&wrong, 0);
	for (unsigned long i = 0; i < TLB_ROUNDS; i++) {
		set_pte(pte, mk_pte(pages[i & 1], PAGE_KERNEL));
		flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
		watched.expected = 100 + (i & 1);
		on_each_cpu(look, NULL);
	}
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
	set_pte(pte, mk_pte(pages[0], PAGE_KERNEL));
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
	vunmap((void *)addr);
	__free_page(pages[0]);
	__free_page(pages[1]);
}

/* A user's space that no other processor has is nobody else's business. */
KTEST(smp, no_ipi_where_none_is_due)
{
	struct mm_struct *mm = mm_alloc();
	struct tlb_stats before, after;

	KASSERT(t, mm);
	before = tlb_stats_sum();
	flush_tlb_mm(mm);
	after = tlb_stats_sum();
	KEXPECT_EQ(t, after.remote, before.remote);
	KEXPECT_EQ(t, after.remote_cpus, before.remote_cpus);
	flush_tlb_all();
	after = tlb_stats_sum();
	KEXPECT_EQ(t, after.remote - before.remote, nr_cpus > 1 ? 1ul : 0);
	KEXPECT_EQ(t, after.remote_cpus - before.remote_cpus, num_online_cpus() - 1);
	KEXPECT_EQ(t, after.received - before.received, num_online_cpus() - 1);
	KEXPECT_EQ(t, after.flush_all - before.flush_all, num_online_cpus());
	mmput(mm);
}

/* All sides flush at once, interrupts off, also under a lock that all want. */
static void flush_under_lock(void *unused)
{
	meet();
	for (int i = 0; i < FLUSH_ROUNDS; i++) {
		touch_nmi_watchdog();
		flush_tlb_all();
		if (i % nr_cpus)
			continue;
		spin_lock(&test_lock);
		under_lock++;
		flush_tlb_kernel_range(PAGE_OFFSET, PAGE_OFFSET + PAGE_SIZE);
		spin_unlock(&test_lock);
	}
}

KTEST(smp, flushes_do_not_block_each_other)
{
	struct tlb_stats before = tlb_stats_sum(), after;
	unsigned long locked = (FLUSH_ROUNDS + (unsigned long)nr_cpus - 1) / num_online_cpus() *
			       num_online_cpus();
	unsigned long asked = (FLUSH_ROUNDS * num_online_cpus() + locked) * (num_online_cpus() - 1);

	under_lock = 0;
	run_everywhere(flush_under_lock, NULL);
	after = tlb_stats_sum();
	KEXPECT_EQ(t, under_lock, locked);
	KEXPECT_EQ(t, after.remote_cpus - before.remote_cpus, asked);
	KEXPECT_EQ(t, after.received - before.received, asked);
	KEXPECT(t, after.ipis - before.ipis <= asked);
}

/* The clock as all see it, one after the other: it never goes back. */
static u64 latest;				/* [test_lock] */

static void read_clock(void *unused)
{
	meet();
	for (int i = 0; i < CLOCK_ROUNDS; i++) {
		u64 now;

		touch_nmi_watchdog();
		spin_lock(&test_lock);
		now = ktime_get_ns();
		if (now < latest)
			atomic_inc(&wrong);
		latest = now;
		spin_unlock(&test_lock);
	}
}

KTEST(smp, clock_never_goes_back)
{
	latest = 0;
	run_everywhere(read_clock, NULL);
	KEXPECT_EQ(t, atomic_read(&wrong), 0);
	KEXPECT(t, latest <= ktime_get_ns());
}
