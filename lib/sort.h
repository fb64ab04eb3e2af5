/*
 * lib/sort.h - sort an array in place.
 *
 * Theory.  Heapsort: n log n in the worst case, no recursion and no memory, which is what a
 * kernel stack of 8K wants.  It is not stable: equal elements may change places.
 */
#ifndef OCTAVO_LIB_SORT_H
#define OCTAVO_LIB_SORT_H

#include <lib/types.h>

typedef int cmp_func_t(const void *a, const void *b);
typedef void swap_func_t(void *a, void *b, int size);

/*
 * Sorts @num elements of @size bytes at @base in ascending order.
 * => cmp returns < 0, 0, > 0; swap may be NULL: the bytes are exchanged then
 */
void sort(void *base, size_t num, size_t size, cmp_func_t *cmp, swap_func_t *swap);

#endif /* OCTAVO_LIB_SORT_H */
