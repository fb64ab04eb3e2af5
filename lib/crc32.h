/*
 * lib/crc32.h - the CRC-32 of Ethernet, gzip and ext4.
 *
 * Theory.  The remainder of the message, read as a polynomial over GF(2), modulo a fixed
 * polynomial of degree 32.  "Little endian" means that bit 0 of each byte is its highest
 * coefficient; the polynomial in that order is CRC32_POLY_LE.  gzip starts from ~0 and
 * inverts the result: crc = ~crc32_le(~0U, data, len).  A message may come in pieces.
 *
 * References: RFC 1952 section 8; ISO 3309.
 */
#ifndef OCTAVO_LIB_CRC32_H
#define OCTAVO_LIB_CRC32_H

#include <lib/types.h>

#define CRC32_POLY_LE	0xedb88320U

u32 crc32_le(u32 crc, const void *p, size_t len);

#endif /* OCTAVO_LIB_CRC32_H */
