/*
 * lib/hash.h - numbers, pointers and names to hash-table buckets.
 *
 * Theory.  Multiplying by an odd constant near 2^32 divided by the golden ratio spreads
 * neighbouring keys far apart, and the *upper* bits of the product depend on all bits of the
 * key: so the bucket is taken from the top (Knuth's Fibonacci hashing).
 *
 * Names are hashed byte by byte, so that a path walk can hash while it looks for the slash.
 *
 * References: Knuth, TAOCP vol. 3, 6.4.
 */
#ifndef OCTAVO_LIB_HASH_H
#define OCTAVO_LIB_HASH_H

#include <lib/types.h>

#define GOLDEN_RATIO_32		0x9e3779b1U
#define GOLDEN_RATIO_64		0x9e3779b97f4a7c15ULL

/* => 1 <= bits <= 32 */
static inline u32 hash_32(u32 val, unsigned int bits)
{
	return (val * GOLDEN_RATIO_32) >> (32 - bits);
}

static inline u32 hash_64(u64 val, unsigned int bits)
{
	return (u32)((val * GOLDEN_RATIO_64) >> (64 - bits));
}

static inline u32 hash_long(unsigned long val, unsigned int bits)
{
	return sizeof(val) == sizeof(u32) ? hash_32((u32)val, bits) : hash_64(val, bits);
}

static inline u32 hash_ptr(const void *ptr, unsigned int bits)
{
	return hash_long((unsigned long)ptr, bits);
}

/* A name: init, then each byte, then end. */
static inline unsigned long init_name_hash(void)
{
	return 0;
}

static inline unsigned long partial_name_hash(unsigned long c, unsigned long prev)
{
	return (prev + (c << 4) + (c >> 4)) * 11;
}

static inline unsigned int end_name_hash(unsigned long hash)
{
	return (unsigned int)hash;
}

static inline unsigned int full_name_hash(const char *name, unsigned int len)
{
	unsigned long hash = init_name_hash();

	while (len--)
		hash = partial_name_hash((unsigned char)*name++, hash);
	return end_name_hash(hash);
}

#endif /* OCTAVO_LIB_HASH_H */
