/*
 * lib/bitmap.c - arrays of bits: filling, counting and searching.
 *
 * Theory.  All searches are one loop, next_bit(): load a word, turn it over if zeroes are
 * wanted, blank out what lies before the start, and take the lowest bit of the first word that
 * is not zero.  A hit beyond the size comes from the unused bits of the last word and means
 * "none", so those bits need no masking on the way.
 *
 * bitmap_set and bitmap_clear work on whole words between a masked first and last one.
 *
 * A search for an area restarts behind the first set bit of each candidate: every bit of the
 * map is looked at no more than twice, so the cost stays linear.
 *
 * Interface: lib/bitmap.h.  Locking: the caller's.
 */
#include <lib/bitmap.h>
#include <lib/string.h>

void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0, BITS_TO_LONGS(nbits) * sizeof(unsigned long));
}

void bitmap_fill(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0xff, BITS_TO_LONGS(nbits) * sizeof(unsigned long));
}

void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits)
{
	memcpy(dst, src, BITS_TO_LONGS(nbits) * sizeof(unsigned long));
}

/* The bits of one word that belong to a range: from bit @start of the word, @left at most. */
static inline unsigned long range_mask(unsigned int start, unsigned int left)
{
	unsigned long mask = ~0UL << start;

	if (start + left < BITS_PER_LONG)
		mask &= BIT(start + left) - 1;
	return mask;
}

void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)
{
	unsigned long *word = map + BIT_WORD(start);

	start %= BITS_PER_LONG;
	while (nbits) {
		unsigned int in_word = BITS_PER_LONG - start;

		*word++ |= range_mask(start, nbits);
		nbits -= nbits < in_word ? nbits : in_word;
		start = 0;
	}
}

void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits)
{
	unsigned long *word = map + BIT_WORD(start);

	start %= BITS_PER_LONG;
	while (nbits) {
		unsigned int in_word = BITS_PER_LONG - start;

		*word++ &= ~range_mask(start, nbits);
		nbits -= nbits < in_word ? nbits : in_word;
		start = 0;
	}
}

unsigned int bitmap_weight(const unsigned long *map, unsigned int nbits)
{
	unsigned int whole = nbits / BITS_PER_LONG, rest = nbits % BITS_PER_LONG, sum = 0;

	for (unsigned int i = 0; i < whole; i++)
		sum += hweight_long(map[i]);
	if (rest)
		sum += hweight_long(map[whole] & (BIT(rest) - 1));
	return sum;
}

/*
 * The first bit at or after @offset that is 1 in map ^ flip.
 * => returns size if there is none
 */
static inline unsigned long next_bit(const unsigned long *map, unsigned long size,
				     unsigned long offset, unsigned long flip)
{
	unsigned long base = offset - offset % BITS_PER_LONG, word, bit;

	if (offset >= size)
		return size;
	word = (map[BIT_WORD(base)] ^ flip) & (~0UL << (offset % BITS_PER_LONG));
	while (!word) {
		if (size - base <= BITS_PER_LONG)
			return size;
		base += BITS_PER_LONG;
		word = map[BIT_WORD(base)] ^ flip;
	}
	bit = base + __ffs(word);
	return bit < size ? bit : size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset)
{
	return next_bit(map, size, offset, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long offset)
{
	return next_bit(map, size, offset, ~0UL);
}

unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long words = BITS_TO_LONGS(size);

	while (words--) {
		unsigned long word = map[words], valid = size - words * BITS_PER_LONG;

		if (valid < BITS_PER_LONG)
			word &= BIT(valid) - 1;
		if (word)
			return words * BITS_PER_LONG + __fls(word);
	}
	return size;
}

bool bitmap_empty(const unsigned long *map, unsigned int nbits)
{
	return find_first_bit(map, nbits) == nbits;
}

bool bitmap_full(const unsigned long *map, unsigned int nbits)
{
	return find_first_zero_bit(map, nbits) == nbits;
}

unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned int nr,
					 unsigned long align_mask)
{
	for (;;) {
		unsigned long first = find_next_zero_bit(map, size, start), busy;

		first = (first + align_mask) & ~align_mask;
		if (first >= size || size - first < nr)
			return size;
		busy = find_next_bit(map, first + nr, first);
		if (busy == first + nr)
			return first;
		start = busy + 1;
	}
}
