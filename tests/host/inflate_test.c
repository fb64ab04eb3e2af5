/* host-test: lib/inflate.c lib/crc32.c lib/string.c lib/random.c */
/*
 * tests/host/inflate_test.c - unpacking what gzip(1) packed, and what nobody packed.
 */
#include <unistd.h>
#include <tests/host/host.h>
#include <lib/inflate.h>
#include <lib/crc32.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define MAX_TEXT	(1 << 20)
#define NR_TEXTS	9
#define NR_CORRUPT	20000

static struct inflate_state state;
static struct rnd_state rnd;

/* What unpacking must yield; `got` bytes have come so far. */
struct expected {
	const u8 *text;
	size_t len;
	size_t got;
	size_t fail_at;			/* the writer fails when so many have come; 0: never */
};

struct buffer {
	u8 *data;
	size_t len;
};

static int compare_write(void *arg, const void *buf, size_t len)
{
	struct expected *e = arg;

	CHECK(len > 0 && len <= INFLATE_WINDOW);
	CHECK(e->got + len <= e->len && !memcmp(e->text + e->got, buf, len));
	e->got += len;
	return e->fail_at && e->got >= e->fail_at ? -ENOSPC : 0;
}

/* Repeats of 3 to 300 bytes from anywhere in the last 32K, between single bytes. */
static void fill_with_repeats(struct buffer *b, u32 nr_letters)
{
	size_t i = 0;

	while (i < b->len) {
		u32 run = 3 + prandom_below(&rnd, prandom_below(&rnd, 8) ? 20 : 298), dist;

		b->data[i++] = (u8)prandom_below(&rnd, nr_letters);
		if (!prandom_below(&rnd, 3))
			continue;
		dist = 1 + prandom_below(&rnd, (u32)min(i, (size_t)INFLATE_WINDOW));
		for (; run && i < b->len; run--, i++)
			b->data[i] = b->data[i - dist];
	}
}

/* Text of one kind: each makes gzip choose other blocks and other codes. */
static struct buffer make_text(int kind)
{
	static const size_t lengths[NR_TEXTS] = {
		0, 1, 300, 200000, 300000, MAX_TEXT, 400000, 70000, 500000
	};
	struct buffer b = { malloc(lengths[kind] + 1), lengths[kind] };

	if (kind == 5 || kind == 6) {
		fill_with_repeats(&b, kind == 5 ? 256 : 30);
		return b;
	}
	for (size_t i = 0; i < b.len; i++) {
		switch (kind) {
		case 0 ... 2:		/* short: a fixed code */
			b.data[i] = (u8)"the quick brown fox"[prandom_below(&rnd, 19)];
			break;
		case 3:			/* noise: stored */
			b.data[i] = (u8)prandom_u32(&rnd);
			break;
		case 4:			/* one byte: distance 1, overlapping copies */
			b.data[i] = 'z';
			break;
		case 7:			/* letters only: no distances */
			b.data[i] = (u8)(1U << prandom_below(&rnd, 8));
			break;
		default:		/* very uneven: long codes */
			b.data[i] = (u8)__builtin_ctz(prandom_u32(&rnd) | 1U << 31);
			if (!prandom_below(&rnd, 50))
				b.data[i] = (u8)prandom_u32(&rnd);
		}
	}
	return b;
}

/* Packs @text by gzip(1) through files of this run. */
static struct buffer pack(const struct buffer *text, const char *options)
{
	static char dir[] = "/tmp/inflate_test.XXXXXX";
	static bool made;
	char path[64], packed[64], command[200];
	struct buffer b;
	FILE *f;

	if (!made)
		CHECK(mkdtemp(dir));
	made = true;
	sprintf(path, "%s/text", dir);
	sprintf(packed, "%s/text.gz", dir);
	f = fopen(path, "wb");
	CHECK(f && fwrite(text->data, 1, text->len, f) == text->len && !fclose(f));
	sprintf(command, "gzip %s -c %s > %s", options, path, packed);
	CHECK_EQ(system(command), 0);
	f = fopen(packed, "rb");
	CHECK(f);
	fseek(f, 0, SEEK_END);
	b.len = (size_t)ftell(f);
	b.data = malloc(b.len);
	rewind(f);
	CHECK(fread(b.data, 1, b.len, f) == b.len && !fclose(f));
	unlink(path);
	unlink(packed);
	rmdir(dir);
	made = false;
	strcpy(strrchr(dir, '.'), ".XXXXXX");
	return b;
}

/* Texts of nine kinds at three levels, with and without a name, come back byte for byte. */
HOST_TEST(round_trips)
{
	static const char *const options[] = { "-1", "-6 -n", "-9" };

	prandom_seed(&rnd, 25);
	for (int kind = 0; kind < NR_TEXTS; kind++) {
		struct buffer text = make_text(kind);

		for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
			struct expected e = { text.data, text.len, 0, 0 };
			struct buffer packed = pack(&text, options[i]);
			size_t consumed = 0;

			CHECK(is_gzip(packed.data, packed.len));
			CHECK_EQ(gunzip(&state, packed.data, packed.len, compare_write, &e,
					&consumed), 0);
			CHECK_EQ(e.got, text.len);
			CHECK_EQ(consumed, packed.len);
			free(packed.data);
		}
		free(text.data);
	}
}

/* A stored block under a header with all its fields, and more data behind the stream. */
HOST_TEST(header_fields)
{
	/* "hello" stored; extra field, name, comment; CRC of the header added below */
	u8 stream[] = {
		0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3,
		4, 0, 'e', 'x', 't', 'r',
		'n', 'a', 'm', 'e', 0,
		'c', 'o', 'm', 'm', 'e', 'n', 't', 0,
		0, 0,
		1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o',
		0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0,
		'm', 'o', 'r', 'e',
	};
	struct expected e = { (const u8 *)"hello", 5, 0, 0 };
	size_t consumed = 0;
	u32 crc = ~0U;

	for (int i = 0; i < 29; i++) {
		crc ^= stream[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	stream[29] = (u8)~crc;
	stream[30] = (u8)(~crc >> 8);
	CHECK_EQ(gunzip(&state, stream, sizeof(stream), compare_write, &e, &consumed), 0);
	CHECK_EQ(e.got, 5);
	CHECK_EQ(consumed, sizeof(stream) - 4);

	stream[29] ^= 1;
	e.got = 0;
	CHECK_EQ(gunzip(&state, stream, sizeof(stream), compare_write, &e, NULL), -EINVAL);
	stream[29] ^= 1;
	stream[3] |= 0x20;
	CHECK_EQ(gunzip(&state, stream, sizeof(stream), compare_write, &e, NULL), -EINVAL);
}

/* A stream in the making, bit by bit. */
struct stream {
	u8 data[200];
	unsigned int nr_bits;
};

/* @n bits of @value, lowest first. */
static void put(struct stream *s, u32 value, unsigned int n)
{
	for (; n--; value >>= 1, s->nr_bits++)
		s->data[s->nr_bits / 8] |= (u8)((value & 1) << s->nr_bits % 8);
}

/* A Huffman code: @n bits, highest first. */
static void put_code(struct stream *s, u32 code, unsigned int n)
{
	while (n--)
		put(s, code >> n & 1, 1);
}

static void begin(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->data, "\x1f\x8b\x08", 3);
	s->nr_bits = 80;
}

/* Adds the check sum and length of @text.  => what gunzip says of the stream */
static int finish(struct stream *s, const char *text, u32 len)
{
	struct expected e = { (const u8 *)text, len, 0, 0 };

	s->nr_bits = ALIGN(s->nr_bits, 8);
	put(s, ~crc32_le(~0U, text, len), 32);
	put(s, len, 32);
	memset(state.window, 0, sizeof(state.window));
	return gunzip(&state, s->data, s->nr_bits / 8, compare_write, &e, NULL);
}

/* Fixed code: "a", then 3 bytes from @dist_symbol back (code 1 is distance 2), end. */
static int copy_after_one_byte(u32 dist_symbol, const char *text)
{
	struct stream s;

	begin(&s);
	put(&s, 1 | 1 << 1, 3);
	put_code(&s, 0x30 + 'a', 8);
	put_code(&s, 1, 7);
	put_code(&s, dist_symbol, 5);
	put_code(&s, 0, 7);
	return finish(&s, text, 4);
}

/* A distance may reach the first byte of the text but nothing before it. */
HOST_TEST(distance_before_start)
{
	CHECK_EQ(copy_after_one_byte(0, "aaaa"), 0);
	CHECK_EQ(copy_after_one_byte(1, "a\0a\0"), -EINVAL);
	CHECK_EQ(copy_after_one_byte(3, "a\0\0\0"), -EINVAL);
}

/* The code for code lengths, by which runs of zeroes (18) and the length 1 are written. */
struct clen {
	u32 len_0, len_1, len_18;
	u32 code_1, code_18, bits;
};

static void put_zeroes(struct stream *s, const struct clen *c, u32 n)
{
	put_code(s, c->code_18, c->bits);
	put(s, n - 11, 7);
}

/*
 * One dynamic block with the text "a": symbols 'a' and 256 have codes of one bit; after them
 * comes the length of the only distance code, or else @tail zeroes.
 */
static int one_letter(const struct clen *c, u32 nr_litlen, u32 tail)
{
	struct stream s;

	begin(&s);
	put(&s, 1 | 2 << 1, 3);
	put(&s, nr_litlen - 257, 5);
	put(&s, 0, 5);			/* one distance code */
	put(&s, 14, 4);			/* lengths of 18 code-length codes: up to that of 1 */
	for (int i = 0; i < 18; i++)
		put(&s, i == 2 ? c->len_18 : i == 3 ? c->len_0 : i == 17 ? c->len_1 : 0, 3);
	put_zeroes(&s, c, 97);
	put_code(&s, c->code_1, c->bits);
	put_zeroes(&s, c, 138);
	put_zeroes(&s, c, 20);
	put_code(&s, c->code_1, c->bits);
	if (tail)
		put_zeroes(&s, c, tail);
	else
		put_code(&s, c->code_1, c->bits);
	put_code(&s, 0, 1);
	put_code(&s, 1, 1);
	return finish(&s, "a", 1);
}

/* Codes with too many or too few symbols, and lengths beyond the last symbol, are refused. */
HOST_TEST(impossible_codes)
{
	static const struct clen good = { 0, 1, 1, 0, 1, 1 };
	static const struct clen too_many = { 1, 1, 1, 1, 0, 1 };
	static const struct clen too_few = { 0, 2, 2, 0, 1, 2 };

	CHECK_EQ(one_letter(&good, 257, 0), 0);
	CHECK_EQ(one_letter(&too_many, 257, 0), -EINVAL);
	CHECK_EQ(one_letter(&too_few, 257, 0), -EINVAL);
	CHECK_EQ(one_letter(&good, 257, 11), -EINVAL);
	CHECK_EQ(one_letter(&good, 286, 30), 0);
	CHECK_EQ(one_letter(&good, 287, 31), -EINVAL);
}

/* What came, and whether it was the text so far. */
struct seen {
	const u8 *text;
	size_t len;
	size_t got;
	bool same;
};

static int look_write(void *arg, const void *buf, size_t len)
{
	struct seen *seen = arg;

	seen->same = seen->same && seen->got + len <= seen->len &&
		     !memcmp(seen->text + seen->got, buf, len);
	seen->got += len;
	return 0;
}

/* A stream cut short anywhere is refused; the input is in a block of its exact length. */
HOST_TEST(truncated)
{
	prandom_seed(&rnd, 26);
	for (int kind = 0; kind < NR_TEXTS; kind++) {
		struct buffer text = make_text(kind), packed = pack(&text, "-9");

		for (size_t cut = 0; cut < packed.len;
		     cut += cut < 400 || packed.len - cut < 20 ? 1 : packed.len / 50) {
			struct expected e = { text.data, text.len, 0, 0 };
			u8 *exact = malloc(cut + !cut);

			memcpy(exact, packed.data, cut);
			CHECK_EQ(gunzip(&state, exact, cut, compare_write, &e, NULL), -EINVAL);
			free(exact);
		}
		free(text.data);
		free(packed.data);
	}
}

/* Flips up to three bits behind the header, whose time and system mean nothing to us. */
static void flip_bits(u8 *data, size_t len)
{
	u32 nr_changes = 1 + prandom_below(&rnd, 3), body = (u32)len - 10;

	while (nr_changes--) {
		u32 range = prandom_below(&rnd, 2) ? body : min(body, 60U);

		data[10 + prandom_below(&rnd, range)] ^= (u8)(1U << prandom_below(&rnd, 8));
	}
}

/*
 * A stream with changed bits is refused, in its bounds, unless it still gives the right text
 * (bits that mean nothing; another way to say the same): no wrong text is ever accepted as the
 * whole stream.  (An empty member inside it may be: its check sum and length are eight zeroes.)
 */
HOST_TEST(corrupted)
{
	struct buffer text[NR_TEXTS], packed[NR_TEXTS];
	int nr_accepted = 0;

	prandom_seed(&rnd, 27);
	for (int kind = 0; kind < NR_TEXTS; kind++) {
		text[kind] = make_text(kind);
		text[kind].len = min(text[kind].len, (size_t)9000);
		packed[kind] = pack(&text[kind], "-9 -n");
	}
	for (int i = 0; i < NR_CORRUPT; i++) {
		int kind = (int)prandom_below(&rnd, NR_TEXTS), err;
		struct seen seen = { text[kind].data, text[kind].len, 0, true };
		size_t len = packed[kind].len, consumed = 0;
		u8 *exact = malloc(len);

		memcpy(exact, packed[kind].data, len);
		flip_bits(exact, len);
		err = gunzip(&state, exact, len, look_write, &seen, &consumed);
		CHECK(err == -EINVAL || err == 0);
		if (err == 0 && (consumed == len || seen.got))
			CHECK(seen.same && seen.got == seen.len && consumed == len);
		CHECK(seen.got <= len * 1032);
		nr_accepted += err == 0;
		free(exact);
	}
	CHECK(nr_accepted < NR_CORRUPT / 20);
	for (int kind = 0; kind < NR_TEXTS; kind++) {
		free(text[kind].data);
		free(packed[kind].data);
	}
}

/* Noise behind a good header is refused as well. */
HOST_TEST(noise)
{
	prandom_seed(&rnd, 28);
	for (int i = 0; i < NR_CORRUPT; i++) {
		size_t len = 10 + prandom_below(&rnd, 300);
		struct seen seen = { NULL, 0, 0, true };
		u8 *noise = malloc(len);

		prandom_bytes(&rnd, noise, len);
		memcpy(noise, "\x1f\x8b\x08\x00", 4);
		CHECK_EQ(gunzip(&state, noise, len, look_write, &seen, NULL), -EINVAL);
		CHECK(seen.got <= len * 1032);
		free(noise);
	}
}

/* The error of the writer ends the unpacking and is returned. */
HOST_TEST(writer_fails)
{
	struct buffer text, packed;

	prandom_seed(&rnd, 29);
	text = make_text(5);
	packed = pack(&text, "-6");
	for (size_t at = 1; at < text.len; at += INFLATE_WINDOW) {
		struct expected e = { text.data, text.len, 0, at };

		CHECK_EQ(gunzip(&state, packed.data, packed.len, compare_write, &e, NULL), -ENOSPC);
		CHECK(e.got >= at && e.got < at + INFLATE_WINDOW);
	}
	free(text.data);
	free(packed.data);
}

HOST_MAIN(round_trips, header_fields, distance_before_start, impossible_codes, truncated,
	  corrupted, noise, writer_fails)
