/*
 * mm/phys/kmap_types.h - who may hold an atomic kmap at the same time.
 *
 * Each processor has one window of each kind.  A kind belongs to a situation,
 * so that two users that can be active at once, one in a handler that
 * interrupted the other, never share a window.
 */
#ifndef OCTAVO_MM_PHYS_KMAP_TYPES_H
#define OCTAVO_MM_PHYS_KMAP_TYPES_H

enum km_type {
	KM_USER0,		/* process context: source, or the only one */
	KM_USER1,		/* ... destination */
	KM_SKB_DATA,		/* file data while user memory is copied */
	KM_BIO_SRC_IRQ,		/* block layer, interrupts off */
	KM_BIO_DST_IRQ,
	KM_PTE0,		/* page tables, if they ever lie in high memory */
	KM_PTE1,
	KM_IRQ0,		/* handlers, interrupts off */
	KM_IRQ1,
	KM_SOFTIRQ0,		/* timers */
	KM_SOFTIRQ1,
	KM_DEBUG,		/* poison and checks of the page allocator */
	KM_TYPE_NR
};

#endif
