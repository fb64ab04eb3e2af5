/*
 * mm/phys/kstack.c - kernel stacks, each with an unmapped page below it.
 *
 * Theory: kstack.h.  A bitmap says which slots have a stack mapped; the lowest
 * free slot is taken.  Freed stacks are kept on a small stack of their own, hot
 * ones first, with their pages still mapped (and still counted as kernel
 * stacks); beyond KSTACK_CACHE they are unmapped and their pages freed.
 *
 * Unmapping flushes the two pages' TLB entries: the slot may be mapped again at
 * once.  Pages come from high memory if there is any.
 *
 * Interface: kstack.h.  Locking: kstack_lock, interrupts off, for the bitmap,
 * the kept stacks and the counts.  The entries of a slot belong to whoever has
 * its bit.
 */
#include <mm/phys/kstack.h>

#include <kernel/arch/pgtable.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/panic.h>
#include <kernel/core/spinlock.h>
#include <lib/bitmap.h>
#include <lib/kernel.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>

#define KSTACK_PAGES	(THREAD_SIZE / PAGE_SIZE)
#define SLOTS_PER_TABLE	(PMD_SIZE / KSTACK_SLOT_SIZE)
/* One slot for so many pages of RAM: then all stacks together take an eighth of it. */
#define PAGES_PER_SLOT	(8 * KSTACK_PAGES)
static_assert(PKMAP_BASE % PMD_SIZE == 0, "the range is made of whole page tables");

static unsigned long kstack_start;		/* [c] */
static unsigned long *kstack_map;		/* [lock] a bit for each slot: mapped */
static void *kept[KSTACK_CACHE];		/* [lock] */
static unsigned int nr_kept;			/* [lock] */
static unsigned long nr_stacks;			/* [lock] handed out */
static DEFINE_SPINLOCK(kstack_lock);

/* => valid from paging_init() on */
unsigned long kstack_area_start(void)
{
	unsigned long tables, most;

	if (unlikely(!kstack_start)) {
		BUG_ON(!max_mapnr || !high_memory);
		tables = DIV_ROUND_UP(max_mapnr / PAGES_PER_SLOT, SLOTS_PER_TABLE);
		most = (PKMAP_BASE - VMALLOC_START) / 2 / PMD_SIZE;
		tables = clamp(tables, 1UL, most);
		kstack_start = PKMAP_BASE - tables * PMD_SIZE;
	}
	return kstack_start;
}

unsigned long kstack_max(void)
{
	return (PKMAP_BASE - kstack_area_start()) / KSTACK_SLOT_SIZE;
}

unsigned long nr_thread_stacks(void)
{
	return nr_stacks;
}

/* The stack is the upper half of its slot, what lies below is never mapped. */
static void *slot_to_stack(unsigned long slot)
{
	return (void *)(kstack_start + (slot + 1) * KSTACK_SLOT_SIZE - THREAD_SIZE);
}

static unsigned long stack_to_slot(const void *stack)
{
	return ((unsigned long)stack - kstack_start) / KSTACK_SLOT_SIZE;
}

static pte_t *kstack_pte(const void *addr)
{
	pmd_t *pmd = pmd_offset(pgd_offset_k(addr), (unsigned long)addr);

	return pte_offset_kernel(pmd, (unsigned long)addr);
}

/* Unmap and free the pages of a stack that are there, and its slot. */
static void release_slot(unsigned long slot)
{
	char *stack = slot_to_stack(slot);
	struct page *pages[KSTACK_PAGES];
	unsigned long save;
	unsigned int i;

	for (i = 0; i < KSTACK_PAGES; i++) {
		pte_t pte = ptep_get_and_clear(kstack_pte(stack + i * PAGE_SIZE));

		pages[i] = pte_present(pte) ? pte_page(pte) : NULL;
	}
	flush_tlb_kernel_range((unsigned long)stack, (unsigned long)stack + THREAD_SIZE);
	spin_lock_irqsave(&kstack_lock, save);
	__clear_bit(slot, kstack_map);
	spin_unlock_irqrestore(&kstack_lock, save);
	for (i = 0; i < KSTACK_PAGES; i++) {
		if (!pages[i])
			continue;
		__ClearPageKstack(pages[i]);
		dec_zone_page_state(pages[i], NR_KERNEL_STACK);
		__free_page(pages[i]);
	}
}

/* => a free slot, its bit set; kstack_max(): none */
static unsigned long take_slot(void)
{
	unsigned long save, slot, max = kstack_max();

	spin_lock_irqsave(&kstack_lock, save);
	slot = find_next_zero_bit(kstack_map, max, 0);
	if (slot < max)
		__set_bit(slot, kstack_map);
	spin_unlock_irqrestore(&kstack_lock, save);
	return slot;
}

static void count_stack(int delta)
{
	unsigned long save;

	spin_lock_irqsave(&kstack_lock, save);
	nr_stacks += (unsigned long)delta;
	spin_unlock_irqrestore(&kstack_lock, save);
}

/* A new one. => may sleep; NULL: no memory or no slot */
static void *map_new_stack(void)
{
	unsigned long slot = take_slot();
	struct page *page;
	unsigned int i;
	char *stack;

	if (slot >= kstack_max())
		return NULL;
	stack = slot_to_stack(slot);
	for (i = 0; i < KSTACK_PAGES; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
		if (!page) {
			release_slot(slot);
			return NULL;
		}
		__SetPageKstack(page);
		inc_zone_page_state(page, NR_KERNEL_STACK);
		set_pte(kstack_pte(stack + i * PAGE_SIZE), mk_pte(page, PAGE_KERNEL));
	}
	return stack;
}

void *alloc_thread_stack(void)
{
	void *stack = NULL;
	unsigned long save;

	spin_lock_irqsave(&kstack_lock, save);
	if (nr_kept) {
		stack = kept[--nr_kept];
		nr_stacks++;
	}
	spin_unlock_irqrestore(&kstack_lock, save);
	if (stack)
		return stack;
	stack = map_new_stack();
	if (stack)
		count_stack(1);
	return stack;
}

void free_thread_stack(void *stack)
{
	unsigned long slot = stack_to_slot(stack), save;

	BUG_VAL((unsigned long)stack < kstack_start || slot >= kstack_max() ||
		slot_to_stack(slot) != stack, stack, slot);
	spin_lock_irqsave(&kstack_lock, save);
	BUG_ON(!test_bit(slot, kstack_map));
	nr_stacks--;
	if (nr_kept < KSTACK_CACHE) {
		kept[nr_kept++] = stack;
		stack = NULL;
	}
	spin_unlock_irqrestore(&kstack_lock, save);
	if (stack)
		release_slot(slot);
}

unsigned long kstack_drain(void)
{
	unsigned long save, pages = 0;
	void *stack;

	for (;;) {
		spin_lock_irqsave(&kstack_lock, save);
		stack = nr_kept ? kept[--nr_kept] : NULL;
		spin_unlock_irqrestore(&kstack_lock, save);
		if (!stack)
			return pages;
		release_slot(stack_to_slot(stack));
		pages += KSTACK_PAGES;
	}
}

void *kstack_guard_owner(unsigned long addr)
{
	unsigned long slot;
	void *stack;

	if (!kstack_map || addr < kstack_start || addr >= PKMAP_BASE)
		return NULL;
	slot = stack_to_slot((void *)addr);
	stack = slot_to_stack(slot);
	return addr < (unsigned long)stack && test_bit(slot, kstack_map) ? stack : NULL;
}

static int kstack_shrink(int nr_to_scan, gfp_t gfp_mask)
{
	(void)gfp_mask;
	if (nr_to_scan)
		kstack_drain();
	return (int)nr_kept;
}
static struct shrinker kstack_shrinker = { .shrink = kstack_shrink, .seeks = 1 };

static long count_stacks(void)
{
	return (long)nr_stacks;
}

static void kstack_quiesce(void)
{
	kstack_drain();
}

/* Every page table of the range, before any directory is copied from swapper_pg_dir. */
void __init kstack_init(void)
{
	unsigned long addr;

	for (addr = kstack_area_start(); addr < PKMAP_BASE; addr += PMD_SIZE)
		if (!pte_alloc_kernel(pmd_offset(pgd_offset_k(addr), addr), addr))
			panic("kstack_init: no memory for page tables");
	kstack_map = kcalloc(BITS_TO_LONGS(kstack_max()), sizeof(long), GFP_KERNEL);
	if (!kstack_map)
		panic("kstack_init: no memory for %lu slots", kstack_max());
	register_shrinker(&kstack_shrinker);
	ktest_register_counter("kernel_stacks", count_stacks);
	ktest_register_quiesce(kstack_quiesce);
}
