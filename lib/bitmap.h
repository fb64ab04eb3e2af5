/*
 * lib/bitmap.h - arrays of bits: filling, counting and searching.
 *
 * Theory.  A bitmap of n bits is BITS_TO_LONGS(n) machine words, numbered as in lib/bitops.h.
 * Searches look at a word at a time, so a sparse or full map costs n / BITS_PER_LONG steps.
 * The bits of the last word beyond n are never looked at: they may hold anything.
 *
 * Interface.  The find_ functions return a bit number below size, or size for "none".
 *
 * Locking: the caller's; nothing here is atomic.
 */
#ifndef OCTAVO_LIB_BITMAP_H
#define OCTAVO_LIB_BITMAP_H

#include <lib/bitops.h>
#include <lib/types.h>

#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

/* Whole words: the bits beyond nbits in the last word change too. */
void bitmap_zero(unsigned long *dst, unsigned int nbits);
void bitmap_fill(unsigned long *dst, unsigned int nbits);
void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits);

/* Bits start .. start + nbits - 1 and no others. */
void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits);
void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits);

unsigned int bitmap_weight(const unsigned long *map, unsigned int nbits);
bool bitmap_empty(const unsigned long *map, unsigned int nbits);
bool bitmap_full(const unsigned long *map, unsigned int nbits);

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long offset);
unsigned long find_last_bit(const unsigned long *map, unsigned long size);

/*
 * The first run of @nr clear bits at or after @start whose first bit is a multiple of
 * @align_mask + 1.
 * => align_mask is a power of two minus one
 * => returns the first bit, or size if there is no such run
 */
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned int nr,
					 unsigned long align_mask);

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long size)
{
	return find_next_bit(map, size, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size)
{
	return find_next_zero_bit(map, size, 0);
}

#define for_each_set_bit(bit, map, size)				\
	for ((bit) = find_first_bit((map), (size)); (bit) < (size);	\
	     (bit) = find_next_bit((map), (size), (bit) + 1))

#define for_each_clear_bit(bit, map, size)				\
	for ((bit) = find_first_zero_bit((map), (size)); (bit) < (size);	\
	     (bit) = find_next_zero_bit((map), (size), (bit) + 1))

#endif /* OCTAVO_LIB_BITMAP_H */
