/*
 * lib/inflate.h - unpack a gzip stream.
 *
 * Theory.  DEFLATE is LZ77 under Huffman codes: the stream says either "this byte" or "copy
 * length bytes from distance back", and distance is at most 32K.  So 32K of the output are all
 * the memory that unpacking needs besides the code tables: the text is written to a window
 * and handed on each time the window is full, and the whole need never be in memory at once.
 *
 * The caller owns the state (some 37K: not on a kernel stack) and receives the text through
 * a function.  Nothing of the input is trusted: codes, lengths, distances, length and check
 * sum of the whole are verified, and every loop ends with the input.
 *
 * References: RFC 1951 (DEFLATE), RFC 1952 (gzip).
 */
#ifndef OCTAVO_LIB_INFLATE_H
#define OCTAVO_LIB_INFLATE_H

#include <lib/types.h>

#define INFLATE_WINDOW		32768
#define INFLATE_MAX_BITS	15	/* longest Huffman code */
#define INFLATE_MAX_LITLEN	288	/* literals, end of block, lengths */
#define INFLATE_MAX_DIST	32

/* Takes the next @len bytes.  => returns 0, or -errno, which ends the unpacking */
typedef int gunzip_write_t(void *arg, const void *buf, size_t len);

#define INFLATE_FAST_BITS	9	/* codes up to here are found by one look */

/* A canonical Huffman code: how many codes of each length, and the symbols in code order. */
struct inflate_code {
	u16 fast[1 << INFLATE_FAST_BITS];	/* next bits -> symbol << 4 | length; 0: longer */
	u16 count[INFLATE_MAX_BITS + 1];
	u16 symbol[INFLATE_MAX_LITLEN];
};

struct inflate_state {
	const u8 *in;			/* next input byte */
	const u8 *end;			/* behind the last */
	u32 bits;			/* taken from the input, not yet used; low bit first */
	unsigned int nr_bits;
	unsigned int pos;		/* next place in the window */
	bool wrapped;			/* the window has been full once */
	u32 total;			/* bytes of text, modulo 2^32 */
	u32 crc;			/* of the text handed on, not inverted */
	gunzip_write_t *write;
	void *arg;
	struct inflate_code litlen;
	struct inflate_code dist;
	u8 lengths[INFLATE_MAX_LITLEN + INFLATE_MAX_DIST];
	u8 window[INFLATE_WINDOW];
};

/*
 * Unpack the one gzip member that starts at @src.
 * => @state is any memory of that size; @consumed may be NULL, else it receives the length of
 *    the member within @src (members and padding may follow)
 * => returns 0, -EINVAL for what is no gzip stream, is cut short or fails its check, or what
 *    @write returned; @write may have received text before an error is found
 */
int gunzip(struct inflate_state *state, const void *src, size_t len, gunzip_write_t *write,
	   void *arg, size_t *consumed);

/* Does @src begin like a gzip stream? */
bool is_gzip(const void *src, size_t len);

#endif /* OCTAVO_LIB_INFLATE_H */
