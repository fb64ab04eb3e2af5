/*
 * mm/phys/kstack.h - kernel stacks, each with an unmapped page below it.
 *
 * Theory.  A kernel stack that overflows must hit a hole, not its neighbour.  So
 * stacks are mapped in a range of their own, in slots of twice their size:
 *
 *	slot n       |  unmapped, 8K      |  stack, 8K         |
 *	             ^ slot               ^ stack: aligned to 8K, esp starts at its end
 *
 * The processor pushes the frame of a page fault onto the kernel stack: a fault
 * *on* the stack cannot be handled, it is a double fault.  Hence a stack must be
 * mapped in every page directory that can be loaded when a task switches to it,
 * and copying entries lazily, as for vmalloc, is out.  The page tables of the
 * whole range therefore exist from boot on, before any process does: every
 * directory copies their entries at its birth, and they never change.  A switch
 * needs no check and no synchronisation.
 *
 * Size: one slot for each 64K of RAM (stacks then take at most an eighth of it,
 * which is also the limit of tasks), whole page tables of 256 slots, and at most
 * half of the space between the direct map and kmap.
 *
 * A few freed stacks are kept mapped: fork and exit then cost no page tables
 * and no TLB flush.  Reclaim and the tests take them back.
 */
#ifndef OCTAVO_MM_PHYS_KSTACK_H
#define OCTAVO_MM_PHYS_KSTACK_H

#include <kernel/arch/memlayout.h>
#include <lib/types.h>

#define KSTACK_SLOT_SIZE	(2UL * THREAD_SIZE)
#define KSTACK_CACHE		8	/* freed stacks that stay mapped */

/* => may sleep; lowest address of THREAD_SIZE bytes (content undefined), or NULL */
void *alloc_thread_stack(void);
/* => not the stack one stands on; any context in which spinlocks may be taken */
void free_thread_stack(void *stack);

/* [c] first address of the range; it ends at PKMAP_BASE. */
unsigned long kstack_area_start(void);
/* How many stacks there can be: the task limit must not be larger. */
unsigned long kstack_max(void);
/* Stacks handed out. */
unsigned long nr_thread_stacks(void);

/*
 * Is @addr in the hole below a stack?  For the double-fault report.
 * => the lowest address of the stack that overflowed, or NULL; no locks
 */
void *kstack_guard_owner(unsigned long addr);

/* Give the kept stacks back. => pages freed */
unsigned long kstack_drain(void);

/* Boot: before the first page directory is copied, after the page allocator works. */
void kstack_init(void);

#endif
