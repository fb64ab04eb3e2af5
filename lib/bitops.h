/*
 * lib/bitops.h - bits in machine words, and bits in arrays of words.
 *
 * Theory.  Bit nr of an array of unsigned long is bit nr % BITS_PER_LONG of word
 * nr / BITS_PER_LONG; on a little-endian machine it is also bit nr % 8 of byte nr / 8, which
 * is why one numbering serves page flags and disk bitmaps alike.
 *
 * Two families.  set_bit() and its kin are atomic on one word: a read-modify-write under the
 * bus lock, so that two processors, or a task and an interrupt, may change different bits of
 * one flags word.  __set_bit() and its kin are not: the caller holds the lock that guards the
 * word.  The test_and_ forms return the old bit.  On i386 the locked forms are full barriers;
 * the _lock and _unlock forms only promise acquire and release and are the ones to use when a
 * bit is a lock.
 *
 * Searching one word: __ffs and __fls count from 0 and are undefined for 0; ffs and fls count
 * from 1 and return 0 for "no bit".  Searching arrays is lib/bitmap.h.
 *
 * Locking: none here; see above for who needs some.
 * References: SDM vol. 2A (BSF, BSR, BTS, BTR, BTC), vol. 3A 8.1 "Locked Atomic Operations".
 */
#ifndef OCTAVO_LIB_BITOPS_H
#define OCTAVO_LIB_BITOPS_H

#include <lib/compiler.h>
#include <lib/types.h>

#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define BIT_WORD(nr)		((nr) / BITS_PER_LONG)
#define BIT_MASK(nr)		(1UL << ((nr) % BITS_PER_LONG))
#define BITS_TO_LONGS(nr)	(((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

#ifndef __OCTAVO__
#define ffs	lib_ffs
#define fls	lib_fls
#endif

/* Lowest set bit, from 0.  => word != 0 */
static __always_inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

/* Highest set bit, from 0.  => word != 0 */
static __always_inline unsigned long __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - (unsigned long)__builtin_clzl(word);
}

/* Lowest clear bit, from 0.  => word != ~0UL */
static __always_inline unsigned long ffz(unsigned long word)
{
	return __ffs(~word);
}

/* Lowest set bit, from 1; 0 if there is none. */
static __always_inline int ffs(int x)
{
	return x ? __builtin_ctz((unsigned int)x) + 1 : 0;
}

/* Highest set bit, from 1; 0 if there is none. */
static __always_inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static __always_inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static __always_inline int fls_long(unsigned long x)
{
	return x ? (int)__fls(x) + 1 : 0;
}

/* Set bits of a word, by adding neighbours in fields of 2, 4, 8 bits and summing by a product. */
static inline unsigned int hweight32(u32 w)
{
	w -= (w >> 1) & 0x55555555;
	w = (w & 0x33333333) + ((w >> 2) & 0x33333333);
	w = (w + (w >> 4)) & 0x0f0f0f0f;
	return (w * 0x01010101) >> 24;
}

static inline unsigned int hweight_long(unsigned long w)
{
	return hweight32((u32)w) + (BITS_PER_LONG > 32 ? hweight32((u32)((u64)w >> 32)) : 0);
}

/* floor(log2(n)); a constant for a constant.  => n != 0 */
#define ilog2(n)	(fls64(n) - 1)

#define is_power_of_2(n) ({ __typeof__(n) __n = (n); __n != 0 && (__n & (__n - 1)) == 0; })

/* The smallest k with 1 << k >= n; 0 for n <= 1. */
static __always_inline int order_base_2(unsigned long n)
{
	return n > 1 ? fls_long(n - 1) : 0;
}

static __always_inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return 1UL << order_base_2(n);
}

/* => n != 0 */
static __always_inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << __fls(n);
}

static __always_inline u32 rol32(u32 word, unsigned int shift)
{
	return (word << (shift & 31)) | (word >> (-shift & 31));
}

static __always_inline u32 ror32(u32 word, unsigned int shift)
{
	return (word >> (shift & 31)) | (word << (-shift & 31));
}

/* --- Not atomic: the caller holds the lock of the word. --- */

static __always_inline bool test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	return (addr[BIT_WORD(nr)] >> (nr % BITS_PER_LONG)) & 1;
}

static __always_inline void __set_bit(unsigned long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static __always_inline void __clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static __always_inline void __change_bit(unsigned long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] ^= BIT_MASK(nr);
}

static __always_inline bool __test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__set_bit(nr, addr);
	return old;
}

static __always_inline bool __test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return old;
}

static __always_inline bool __test_and_change_bit(unsigned long nr, volatile unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__change_bit(nr, addr);
	return old;
}

/* --- Atomic. --- */

#ifdef __i386__

static __always_inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	__asm__ __volatile__("lock; orl %1, %0"
			     : "+m" (addr[BIT_WORD(nr)]) : "ir" (BIT_MASK(nr)) : "memory", "cc");
}

static __always_inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	__asm__ __volatile__("lock; andl %1, %0"
			     : "+m" (addr[BIT_WORD(nr)]) : "ir" (~BIT_MASK(nr)) : "memory", "cc");
}

static __always_inline void change_bit(unsigned long nr, volatile unsigned long *addr)
{
	__asm__ __volatile__("lock; xorl %1, %0"
			     : "+m" (addr[BIT_WORD(nr)]) : "ir" (BIT_MASK(nr)) : "memory", "cc");
}

#define __LOCKED_BIT_OP(insn, nr, addr) ({					\
	bool __old;								\
	__asm__ __volatile__("lock; " insn " %2, %0"				\
			     : "+m" ((addr)[BIT_WORD(nr)]), "=@ccc" (__old)	\
			     : "Ir" ((nr) % BITS_PER_LONG) : "memory");		\
	__old; })

static __always_inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __LOCKED_BIT_OP("btsl", nr, addr);
}

static __always_inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __LOCKED_BIT_OP("btrl", nr, addr);
}

static __always_inline bool test_and_change_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __LOCKED_BIT_OP("btcl", nr, addr);
}

#else /* any other machine: the host */

#define __FETCH_BIT(op, nr, addr, mask)						\
	((__atomic_fetch_##op(&(addr)[BIT_WORD(nr)], mask, __ATOMIC_SEQ_CST) &	\
	  BIT_MASK(nr)) != 0)

static inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __FETCH_BIT(or, nr, addr, BIT_MASK(nr));
}

static inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __FETCH_BIT(and, nr, addr, ~BIT_MASK(nr));
}

static inline bool test_and_change_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __FETCH_BIT(xor, nr, addr, BIT_MASK(nr));
}

static inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	(void)test_and_set_bit(nr, addr);
}

static inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	(void)test_and_clear_bit(nr, addr);
}

static inline void change_bit(unsigned long nr, volatile unsigned long *addr)
{
	(void)test_and_change_bit(nr, addr);
}

#endif /* __i386__ */

static __always_inline bool test_and_set_bit_lock(unsigned long nr, volatile unsigned long *addr)
{
	return test_and_set_bit(nr, addr);
}

static __always_inline void clear_bit_unlock(unsigned long nr, volatile unsigned long *addr)
{
	barrier();
	clear_bit(nr, addr);
}

#endif /* OCTAVO_LIB_BITOPS_H */
