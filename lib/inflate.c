/*
 * lib/inflate.c - unpack a gzip stream.
 *
 * Theory.  A DEFLATE stream is a sequence of blocks: stored bytes, or symbols under a fixed
 * Huffman code, or symbols under codes described at the block's start.  A symbol of the first
 * code is a byte, the end of the block, or a length; a length is followed by a distance in the
 * second code.  Bits are taken from each byte lowest first; Huffman codes alone are packed
 * with their first bit first.
 *
 * The codes are canonical: the lengths of all codes determine them, shorter codes come first
 * and codes of one length are consecutive numbers.  So decoding needs the number of codes of
 * each length and the symbols in order: reading bit by bit, the code so far minus the first
 * code of this length is an index, if it is less than the number of codes of this length.
 * That is the slow way, for codes longer than INFLATE_FAST_BITS, which are rare by
 * construction.  Shorter ones are found by looking up the next bits in a table in which each
 * code fills all entries that begin with it.
 *
 * What is checked, because the input may be anything: a set of lengths that gives too many
 * codes (over-subscribed) or too few (incomplete: allowed only for a single code of one bit),
 * symbols that no code may have, distances before the start of the text, the end of the input
 * at every bit, the complement of a stored length, header flags, and CRC and length at the
 * end.  Each turn of each loop takes input or fills the output, and one symbol yields at most
 * 258 bytes, so garbage ends as fast as its length.
 *
 * Interface: lib/inflate.h.  Locking: one state, one user.
 * References: RFC 1951 (sections 3.2.2 to 3.2.7), RFC 1952.
 */
#include <lib/inflate.h>
#include <lib/bitops.h>
#include <lib/crc32.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>

#define END_OF_BLOCK	256
#define FIRST_LENGTH	257
#define NR_LENGTHS	29
#define NR_DISTANCES	30
#define NR_CLEN_CODES	19

#define FAST_SIZE	(1U << INFLATE_FAST_BITS)

#define GZIP_HEADER	10		/* bytes: magic, method, flags, time, two more */
#define GZIP_TRAILER	8		/* CRC and length */
#define GZIP_FHCRC	0x02
#define GZIP_FEXTRA	0x04
#define GZIP_FNAME	0x08
#define GZIP_FCOMMENT	0x10
#define GZIP_RESERVED	0xe0

/* A length or a distance: a base, and how many bits follow that are added to it. */
struct extra {
	u16 base;
	u8 bits;
};

static const struct extra length_extra[NR_LENGTHS] = {
	{ 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 8, 0 }, { 9, 0 }, { 10, 0 },
	{ 11, 1 }, { 13, 1 }, { 15, 1 }, { 17, 1 }, { 19, 2 }, { 23, 2 }, { 27, 2 }, { 31, 2 },
	{ 35, 3 }, { 43, 3 }, { 51, 3 }, { 59, 3 }, { 67, 4 }, { 83, 4 }, { 99, 4 }, { 115, 4 },
	{ 131, 5 }, { 163, 5 }, { 195, 5 }, { 227, 5 }, { 258, 0 },
};

static const struct extra dist_extra[NR_DISTANCES] = {
	{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 5, 1 }, { 7, 1 }, { 9, 2 }, { 13, 2 },
	{ 17, 3 }, { 25, 3 }, { 33, 4 }, { 49, 4 }, { 65, 5 }, { 97, 5 }, { 129, 6 }, { 193, 6 },
	{ 257, 7 }, { 385, 7 }, { 513, 8 }, { 769, 8 }, { 1025, 9 }, { 1537, 9 },
	{ 2049, 10 }, { 3073, 10 }, { 4097, 11 }, { 6145, 11 }, { 8193, 12 }, { 12289, 12 },
	{ 16385, 13 }, { 24577, 13 },
};

/* --- bits --- */

/* Tops the bit buffer up to 25 bits or more, as long as there is input. */
static inline void fill_bits(struct inflate_state *s)
{
	while (s->nr_bits <= 24 && s->in < s->end) {
		s->bits |= (u32)*s->in++ << s->nr_bits;
		s->nr_bits += 8;
	}
}

static inline void drop_bits(struct inflate_state *s, unsigned int n)
{
	s->bits >>= n;
	s->nr_bits -= n;
}

/* The next @n <= 16 bits as a number.  => returns -EINVAL at the end of the input */
static int get_bits(struct inflate_state *s, unsigned int n)
{
	u32 value;

	fill_bits(s);
	if (s->nr_bits < n)
		return -EINVAL;
	value = s->bits & ((1U << n) - 1);
	drop_bits(s, n);
	return (int)value;
}

/* Gives whole unused bytes back to the input; what is left of a begun byte is dropped. */
static void align_to_byte(struct inflate_state *s)
{
	s->in -= s->nr_bits / 8;
	s->bits = 0;
	s->nr_bits = 0;
}

/* --- output --- */

static int flush(struct inflate_state *s)
{
	unsigned int len = s->pos;

	s->crc = crc32_le(s->crc, s->window, len);
	s->total += len;
	s->pos = 0;
	return len ? s->write(s->arg, s->window, len) : 0;
}

/* @n more bytes are in the window; hands it on when it is full. */
static inline int advance(struct inflate_state *s, unsigned int n)
{
	s->pos += n;
	if (s->pos < INFLATE_WINDOW)
		return 0;
	s->wrapped = true;
	return flush(s);
}

/* Repeats @len bytes from @dist back; the two ranges may overlap, and then the text repeats. */
static int copy_match(struct inflate_state *s, unsigned int len, unsigned int dist)
{
	if (dist > (s->wrapped ? INFLATE_WINDOW : s->pos))
		return -EINVAL;
	while (len) {
		unsigned int from = (s->pos - dist) % INFLATE_WINDOW;
		unsigned int n = min(len, INFLATE_WINDOW - max(s->pos, from));
		u8 *to = s->window + s->pos;
		int err;

		for (unsigned int i = 0; i < n; i++)
			to[i] = s->window[from + i];
		len -= n;
		err = advance(s, n);
		if (err)
			return err;
	}
	return 0;
}

/* --- codes --- */

static inline unsigned int reverse_bits(unsigned int code, unsigned int n)
{
	unsigned int reversed = 0;

	while (n--) {
		reversed = (reversed << 1) | (code & 1);
		code >>= 1;
	}
	return reversed;
}

/* Are the counts those of a code?  => see the head of this file for what is allowed */
static int check_counts(const u16 *count, bool may_be_incomplete)
{
	int left = 1, longest = 0;

	for (int len = 1; len <= INFLATE_MAX_BITS; len++) {
		left = 2 * left - count[len];
		if (left < 0)
			return -EINVAL;
		if (count[len])
			longest = len;
	}
	if (left > 0 && !(may_be_incomplete && longest <= 1))
		return -EINVAL;
	return 0;
}

/* Enter @symbol, whose code is @code of @len bits, wherever the next bits begin with it. */
static void set_fast(struct inflate_code *h, unsigned int symbol, unsigned int code,
		     unsigned int len)
{
	for (unsigned int i = reverse_bits(code, len); i < FAST_SIZE; i += 1U << len)
		h->fast[i] = (u16)(symbol << 4 | len);
}

/* Makes the code of @n symbols from the lengths of their codes, 0 for "not used". */
static int build_code(struct inflate_code *h, const u8 *lengths, unsigned int n,
		      bool may_be_incomplete)
{
	u16 next_index[INFLATE_MAX_BITS + 1], next_code[INFLATE_MAX_BITS + 1];
	int err;

	memset(h->count, 0, sizeof(h->count));
	memset(h->fast, 0, sizeof(h->fast));
	for (unsigned int i = 0; i < n; i++)
		h->count[lengths[i]]++;
	h->count[0] = 0;
	err = check_counts(h->count, may_be_incomplete);
	if (err)
		return err;

	next_index[0] = next_code[0] = 0;
	for (unsigned int len = 1; len <= INFLATE_MAX_BITS; len++) {
		next_index[len] = (u16)(next_index[len - 1] + h->count[len - 1]);
		next_code[len] = (u16)((next_code[len - 1] + h->count[len - 1]) << 1);
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int len = lengths[i];

		if (!len)
			continue;
		h->symbol[next_index[len]++] = (u16)i;
		if (len <= INFLATE_FAST_BITS)
			set_fast(h, i, next_code[len], len);
		next_code[len]++;
	}
	return 0;
}

/* A code longer than the table, or none at all, or the end of the input. */
static noinline int decode_slow(struct inflate_state *s, const struct inflate_code *h)
{
	unsigned int code = 0, first = 0, index = 0;

	for (unsigned int len = 1; len <= INFLATE_MAX_BITS && len <= s->nr_bits; len++) {
		code |= (s->bits >> (len - 1)) & 1;
		if (code - first < h->count[len]) {
			drop_bits(s, len);
			return h->symbol[index + code - first];
		}
		index += h->count[len];
		first = (first + h->count[len]) << 1;
		code <<= 1;
	}
	return -EINVAL;
}

/* The next symbol, or -EINVAL. */
static inline int decode(struct inflate_state *s, const struct inflate_code *h)
{
	unsigned int entry;

	fill_bits(s);
	entry = h->fast[s->bits & (FAST_SIZE - 1)];
	if (unlikely(!entry || (entry & 15) > s->nr_bits))
		return decode_slow(s, h);
	drop_bits(s, entry & 15);
	return (int)(entry >> 4);
}

/* --- blocks --- */

/* The number behind a length or distance symbol, or -EINVAL. */
static int get_extra(struct inflate_state *s, const struct extra *table, unsigned int n,
		     unsigned int symbol)
{
	int more;

	if (symbol >= n)
		return -EINVAL;
	more = get_bits(s, table[symbol].bits);
	return more < 0 ? more : table[symbol].base + more;
}

static int inflate_symbols(struct inflate_state *s)
{
	int symbol, len, dist, err;

	for (;;) {
		symbol = decode(s, &s->litlen);
		if (symbol < 0)
			return symbol;
		if (symbol < END_OF_BLOCK) {
			s->window[s->pos] = (u8)symbol;
			err = advance(s, 1);
			if (err)
				return err;
			continue;
		}
		if (symbol == END_OF_BLOCK)
			return 0;
		len = get_extra(s, length_extra, NR_LENGTHS, (unsigned int)symbol - FIRST_LENGTH);
		if (len < 0)
			return len;
		symbol = decode(s, &s->dist);
		if (symbol < 0)
			return symbol;
		dist = get_extra(s, dist_extra, NR_DISTANCES, (unsigned int)symbol);
		if (dist < 0)
			return dist;
		err = copy_match(s, (unsigned int)len, (unsigned int)dist);
		if (err)
			return err;
	}
}

static int inflate_stored(struct inflate_state *s)
{
	unsigned int len, complement;

	align_to_byte(s);
	if (s->end - s->in < 4)
		return -EINVAL;
	len = s->in[0] | (unsigned int)s->in[1] << 8;
	complement = s->in[2] | (unsigned int)s->in[3] << 8;
	s->in += 4;
	if (len != (complement ^ 0xffff) || (size_t)(s->end - s->in) < len)
		return -EINVAL;
	while (len) {
		unsigned int n = min(len, INFLATE_WINDOW - s->pos);
		int err;

		memcpy(s->window + s->pos, s->in, n);
		s->in += n;
		len -= n;
		err = advance(s, n);
		if (err)
			return err;
	}
	return 0;
}

static int inflate_fixed(struct inflate_state *s)
{
	u8 *lengths = s->lengths;
	int err;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	err = build_code(&s->litlen, lengths, INFLATE_MAX_LITLEN, false);
	if (err)
		return err;
	memset(lengths, 5, INFLATE_MAX_DIST);
	err = build_code(&s->dist, lengths, INFLATE_MAX_DIST, false);
	return err ? err : inflate_symbols(s);
}

/* The code for code lengths, of which only the lengths come as plain numbers. */
static int read_clen_code(struct inflate_state *s, unsigned int nr_clen)
{
	static const u8 order[NR_CLEN_CODES] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
	};

	memset(s->lengths, 0, NR_CLEN_CODES);
	for (unsigned int i = 0; i < nr_clen; i++) {
		int len = get_bits(s, 3);

		if (len < 0)
			return len;
		s->lengths[order[i]] = (u8)len;
	}
	return build_code(&s->litlen, s->lengths, NR_CLEN_CODES, false);
}

/* @n code lengths into s->lengths, run-length coded under the code in s->litlen. */
static int read_lengths(struct inflate_state *s, unsigned int n)
{
	unsigned int i = 0;

	while (i < n) {
		int symbol = decode(s, &s->litlen), repeat;
		u8 len = 0;

		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			s->lengths[i++] = (u8)symbol;
			continue;
		}
		if (symbol == 16) {		/* the length before, 3 to 6 times */
			if (i == 0)
				return -EINVAL;
			len = s->lengths[i - 1];
			repeat = get_bits(s, 2);
		} else {			/* 3 to 10, or 11 to 138 unused symbols */
			repeat = get_bits(s, symbol == 17 ? 3 : 7);
		}
		if (repeat < 0)
			return repeat;
		repeat += symbol == 18 ? 11 : 3;
		if ((unsigned int)repeat > n - i)
			return -EINVAL;
		memset(s->lengths + i, len, (size_t)repeat);
		i += (unsigned int)repeat;
	}
	return 0;
}

static int inflate_dynamic(struct inflate_state *s)
{
	int header = get_bits(s, 14), err;
	unsigned int nr_litlen, nr_dist;

	if (header < 0)
		return header;
	nr_litlen = FIRST_LENGTH + ((unsigned int)header & 31);
	nr_dist = 1 + ((unsigned int)header >> 5 & 31);
	if (nr_litlen > FIRST_LENGTH + NR_LENGTHS || nr_dist > NR_DISTANCES)
		return -EINVAL;
	err = read_clen_code(s, 4 + ((unsigned int)header >> 10));
	if (err)
		return err;
	err = read_lengths(s, nr_litlen + nr_dist);
	if (err)
		return err;
	if (!s->lengths[END_OF_BLOCK])
		return -EINVAL;
	err = build_code(&s->litlen, s->lengths, nr_litlen, true);
	if (err)
		return err;
	err = build_code(&s->dist, s->lengths + nr_litlen, nr_dist, true);
	return err ? err : inflate_symbols(s);
}

static int inflate_blocks(struct inflate_state *s)
{
	int header, err;

	do {
		header = get_bits(s, 3);
		if (header < 0)
			return header;
		switch (header >> 1) {
		case 0:
			err = inflate_stored(s);
			break;
		case 1:
			err = inflate_fixed(s);
			break;
		case 2:
			err = inflate_dynamic(s);
			break;
		default:
			err = -EINVAL;
		}
		if (err)
			return err;
	} while (!(header & 1));
	align_to_byte(s);
	return flush(s);
}

/* --- gzip --- */

/* Behind the zero that ends a string, or NULL if there is none before the end. */
static const u8 *skip_string(const u8 *p, const u8 *end)
{
	p = memchr(p, 0, (size_t)(end - p));
	return p ? p + 1 : NULL;
}

/* Steps over the header.  => returns -EINVAL if it is none */
static int read_header(struct inflate_state *s)
{
	const u8 *start = s->in, *p = start;
	u8 flags;

	if (s->end - p < GZIP_HEADER || !is_gzip(p, GZIP_HEADER))
		return -EINVAL;
	flags = p[3];
	p += GZIP_HEADER;
	if (flags & GZIP_FEXTRA) {
		unsigned int len;

		if (s->end - p < 2)
			return -EINVAL;
		len = p[0] | (unsigned int)p[1] << 8;
		p += 2;
		if ((size_t)(s->end - p) < len)
			return -EINVAL;
		p += len;
	}
	if ((flags & GZIP_FNAME) && !(p = skip_string(p, s->end)))
		return -EINVAL;
	if ((flags & GZIP_FCOMMENT) && !(p = skip_string(p, s->end)))
		return -EINVAL;
	if (flags & GZIP_FHCRC) {
		u32 crc = ~crc32_le(~0U, start, (size_t)(p - start));

		if (s->end - p < 2 || (crc & 0xffff) != (p[0] | (u32)p[1] << 8))
			return -EINVAL;
		p += 2;
	}
	s->in = p;
	return 0;
}

static inline u32 get_le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

bool is_gzip(const void *src, size_t len)
{
	const u8 *p = src;

	return len >= GZIP_HEADER && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8 &&
	       !(p[3] & GZIP_RESERVED);
}

int gunzip(struct inflate_state *s, const void *src, size_t len, gunzip_write_t *write,
	   void *arg, size_t *consumed)
{
	int err;

	s->in = src;
	s->end = s->in + len;
	s->bits = s->nr_bits = s->pos = 0;
	s->wrapped = false;
	s->total = 0;
	s->crc = ~0U;
	s->write = write;
	s->arg = arg;

	err = read_header(s);
	if (err)
		return err;
	err = inflate_blocks(s);
	if (err)
		return err;
	if (s->end - s->in < GZIP_TRAILER || get_le32(s->in) != ~s->crc ||
	    get_le32(s->in + 4) != s->total)
		return -EINVAL;
	s->in += GZIP_TRAILER;
	if (consumed)
		*consumed = (size_t)(s->in - (const u8 *)src);
	return 0;
}
