/*
 * lib/sort.c - heapsort.
 *
 * Theory.  The array is read as a binary tree: the children of element i are 2i + 1 and 2i + 2.
 * It is a heap if no child is greater than its parent.  First the array is made a heap, from
 * the last parent to the root; then the greatest element, the root, changes places with the
 * last, the heap loses that place, and the new root sinks to where it belongs.  Both phases
 * are n sinkings of at most log2 n steps, whatever the input: no quadratic case that ring 3
 * could provoke, no recursion, no memory.
 *
 * Interface: lib/sort.h.  Locking: the caller's.
 * References: Williams, "Algorithm 232: Heapsort", 1964; Floyd, "Treesort 3", 1964.
 */
#include <lib/sort.h>

/* Exchanges bytes, or words where size and place allow. */
static void swap_any(void *a, void *b, int size)
{
	unsigned long align = (unsigned long)a | (unsigned long)b | (unsigned long)size;

	if (align % sizeof(u32) == 0) {
		typedef u32 __attribute__((__may_alias__)) word_t;
		word_t *x = a, *y = b;

		for (; size; size -= (int)sizeof(u32), x++, y++) {
			u32 t = *x;
			*x = *y;
			*y = t;
		}
		return;
	}
	for (u8 *x = a, *y = b; size; size--, x++, y++) {
		u8 t = *x;
		*x = *y;
		*y = t;
	}
}

struct heap {
	char *base;
	size_t size;
	cmp_func_t *cmp;
	swap_func_t *swap;
};

static inline void *element(const struct heap *h, size_t i)
{
	return h->base + i * h->size;
}

/* Element @i sinks below every child that is greater; the heap has @num elements. */
static void sink(const struct heap *h, size_t i, size_t num)
{
	size_t child;

	while ((child = 2 * i + 1) < num) {
		if (child + 1 < num && h->cmp(element(h, child), element(h, child + 1)) < 0)
			child++;
		if (h->cmp(element(h, i), element(h, child)) >= 0)
			return;
		h->swap(element(h, i), element(h, child), (int)h->size);
		i = child;
	}
}

void sort(void *base, size_t num, size_t size, cmp_func_t *cmp, swap_func_t *swap)
{
	struct heap h = { base, size, cmp, swap ? swap : swap_any };

	for (size_t i = num / 2; i--; )
		sink(&h, i, num);
	while (num > 1) {
		num--;
		h.swap(element(&h, 0), element(&h, num), (int)size);
		sink(&h, 0, num);
	}
}
