/*
 * lib/crc32.c - the CRC-32 of Ethernet, gzip and ext4.
 *
 * Theory.  Division by the polynomial, a byte at a time: what the low byte of the remainder
 * contributes after eight steps depends on that byte alone, and is looked up.  The table is
 * computed by the compiler.  Division is linear, table[a ^ b] = table[a] ^ table[b], so eight
 * values, those of the single bits, make all 256.  The value of bit 7 is the polynomial itself
 * (it is shifted out in one step); each lower bit takes one step more.
 *
 * Interface: lib/crc32.h.
 * References: RFC 1952 section 8; Sarwate, "Computation of Cyclic Redundancy Checks via Table
 * Look-up", 1988.
 */
#include <lib/crc32.h>

/* One step of division: shift right, subtract the polynomial if a one fell out. */
#define STEP(c)	(((c) >> 1) ^ (((c) & 1) ? CRC32_POLY_LE : 0U))

enum {
	B7 = CRC32_POLY_LE,
	B6 = STEP(B7),
	B5 = STEP(B6),
	B4 = STEP(B5),
	B3 = STEP(B4),
	B2 = STEP(B3),
	B1 = STEP(B2),
	B0 = STEP(B1),
};

#define BYTE(i)									\
	((((i) & 1) ? B0 : 0) ^ (((i) & 2) ? B1 : 0) ^				\
	 (((i) & 4) ? B2 : 0) ^ (((i) & 8) ? B3 : 0) ^				\
	 (((i) & 16) ? B4 : 0) ^ (((i) & 32) ? B5 : 0) ^			\
	 (((i) & 64) ? B6 : 0) ^ (((i) & 128) ? B7 : 0))
#define BYTES4(i)	BYTE(i), BYTE((i) + 1), BYTE((i) + 2), BYTE((i) + 3)
#define BYTES16(i)	BYTES4(i), BYTES4((i) + 4), BYTES4((i) + 8), BYTES4((i) + 12)
#define BYTES64(i)	BYTES16(i), BYTES16((i) + 16), BYTES16((i) + 32), BYTES16((i) + 48)

static const u32 table[256] = { BYTES64(0), BYTES64(64), BYTES64(128), BYTES64(192) };

static_assert(BYTE(0xff) == 0x2d02ef8dU, "the published value of the last entry");

u32 crc32_le(u32 crc, const void *p, size_t len)
{
	const u8 *s = p;

	while (len--)
		crc = (crc >> 8) ^ table[(crc ^ *s++) & 0xff];
	return crc;
}
