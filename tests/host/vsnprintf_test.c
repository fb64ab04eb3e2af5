/* host-test: lib/vsnprintf.c lib/string.c lib/random.c */
/*
 * tests/host/vsnprintf_test.c - formatting against the C library's.
 */
#include <tests/host/host.h>

/* The C library's, before lib/vsnprintf.h takes the name. */
static int (*const libc_vsnprintf)(char *, size_t, const char *, va_list) = vsnprintf;

#include <lib/vsnprintf.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define BUFFER		200
#define NR_ROUNDS	100000

static struct rnd_state rnd;

/* Formats by both into buffers of @size that are filled before, and compares every byte. */
static void both(size_t size, const char *fmt, ...)
{
	char ours[BUFFER], theirs[BUFFER];
	int our_len, their_len;
	va_list args, again;

	memset(ours, '#', BUFFER);
	memset(theirs, '#', BUFFER);
	va_start(args, fmt);
	va_copy(again, args);
	our_len = vsnprintf(ours, size, fmt, args);
	their_len = libc_vsnprintf(theirs, size, fmt, again);
	va_end(again);
	va_end(args);
	if (our_len != their_len || memcmp(ours, theirs, BUFFER))
		printf("# \"%s\": ours %d \"%.60s\", libc %d \"%.60s\"\n", fmt, our_len,
		       size ? ours : "", their_len, size ? theirs : "");
	CHECK_EQ(our_len, their_len);
	CHECK(memcmp(ours, theirs, BUFFER) == 0);
}

static size_t random_size(void)
{
	return prandom_below(&rnd, 4) ? BUFFER : prandom_below(&rnd, 20);
}

/* "%", flags out of @flags, width and precision, up to the length modifier. */
static char *random_directive(char *fmt, const char *flags)
{
	char *p = fmt;

	p += sprintf(p, "<%%");
	for (const char *flag = flags; *flag; flag++)
		if (!prandom_below(&rnd, 3))
			*p++ = *flag;
	if (prandom_below(&rnd, 2))
		p += sprintf(p, "%u", 1 + prandom_below(&rnd, 30));
	if (!prandom_below(&rnd, 3)) {
		*p++ = '.';
		if (prandom_below(&rnd, 4))
			p += sprintf(p, "%u", prandom_below(&rnd, 30));
	}
	return p;
}

static long long random_value(void)
{
	u64 value = (u64)prandom_u32(&rnd) << 32 | prandom_u32(&rnd);

	value >>= prandom_below(&rnd, 64);
	if (!prandom_below(&rnd, 8))
		value = 0;
	return (long long)(prandom_below(&rnd, 2) ? -value : value);
}

/* 100,000 integers under random flags, widths, precisions and lengths. */
HOST_TEST(integers)
{
	prandom_seed(&rnd, 15);
	for (int i = 0; i < NR_ROUNDS; i++) {
		char letter = "diuxXo"[prandom_below(&rnd, 6)], fmt[64], *p;
		bool is_signed = letter == 'd' || letter == 'i';
		bool is_decimal = is_signed || letter == 'u';
		long long value = random_value();

		p = random_directive(fmt, is_signed ? "-+ 0" : is_decimal ? "-0" : "-#0");
		switch (prandom_below(&rnd, 6)) {
		case 0:
			sprintf(p, "hh%c>", letter);
			both(random_size(), fmt, (int)value);
			break;
		case 1:
			sprintf(p, "h%c>", letter);
			both(random_size(), fmt, (int)value);
			break;
		case 2:
			sprintf(p, "l%c>", letter);
			both(random_size(), fmt, (long)value);
			break;
		case 3:
			sprintf(p, "ll%c>", letter);
			both(random_size(), fmt, value);
			break;
		case 4:
			sprintf(p, "%c%c>", "zt"[prandom_below(&rnd, 2)], letter);
			both(random_size(), fmt, (size_t)value);
			break;
		default:
			sprintf(p, "%c>", letter);
			both(random_size(), fmt, (int)value);
		}
	}
}

/* Strings and characters, cut by precision, padded by width, cut by the buffer. */
HOST_TEST(strings)
{
	static const char *const texts[] = { "", "a", "hello", "with spaces and more of it", "%d" };

	prandom_seed(&rnd, 16);
	for (int i = 0; i < NR_ROUNDS / 5; i++) {
		const char *text = texts[prandom_below(&rnd, ARRAY_SIZE(texts))];
		char fmt[64], *p = random_directive(fmt, "-");

		sprintf(p, "s|%%%s%uc>", prandom_below(&rnd, 2) ? "-" : "",
			1 + prandom_below(&rnd, 5));
		both(random_size(), fmt, text, (int)prandom_below(&rnd, 256));
	}
}

/* The corners by name: each of them is used somewhere in the kernel. */
HOST_TEST(fixed_formats)
{
	both(BUFFER, "plain text, no directive");
	both(BUFFER, "");
	both(0, "nothing fits %d", 5);
	both(1, "nothing but the end fits %d", 5);
	both(BUFFER, "100%% sure");
	both(BUFFER, "%08x %#x %#x %#010x", 0xbeefu, 0xbeefu, 0u, 0xbeefu);
	both(BUFFER, "%#o %#o %#.3o", 8u, 0u, 8u);
	both(BUFFER, "[%*d] [%-*d] [%*d]", 6, 42, 6, 42, -6, 42);
	both(BUFFER, "[%.*s] [%.*s] [%*.*s]", 2, "abc", -1, "abc", 5, 2, "abc");
	both(BUFFER, "%d %d %u", INT_MIN, INT_MAX, UINT_MAX);
	both(BUFFER, "%lld %lld %llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX);
	both(BUFFER, "%llo %llx", ULLONG_MAX, ULLONG_MAX);
	both(BUFFER, "%.0d|%.0u|%.d|%5.0x", 0, 0u, 0, 0u);
	both(BUFFER, "%5.3s|%-20s|%20s", "abcdef", "left", "right");
	both(BUFFER, "%zu %zd %lu", (size_t)123, (ssize_t)-5, 99ul);
	both(BUFFER, "%s", "(null)");
	both(BUFFER, "%c%c%c", 'a', '\0', 'b');
}

/* What the C library leaves open: pointers, NULL strings, unknown directives. */
HOST_TEST(our_own_choices)
{
	const char *volatile unknown = "%q and %", *volatile none = NULL;
	char buf[BUFFER], expected[BUFFER];

	sprintf(expected, "%0*lx", 2 * (int)sizeof(void *), 0xc0101234ul);
	CHECK_EQ(snprintf(buf, BUFFER, "%p", (void *)0xc0101234ul), 2 * sizeof(void *));
	CHECK(strcmp(buf, expected) == 0);
	CHECK_EQ(snprintf(buf, BUFFER, "%s", none), 6);
	CHECK(strcmp(buf, "(null)") == 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	CHECK_EQ(snprintf(buf, BUFFER, unknown), (int)strlen(unknown));
#pragma GCC diagnostic pop
	CHECK(strcmp(buf, unknown) == 0);
}

/* scnprintf returns what is in the buffer, so that a sum of calls never leaves it. */
HOST_TEST(scnprintf_counts_what_it_wrote)
{
	char buf[10];
	int len = 0;

	CHECK_EQ(scnprintf(buf, 0, "%d", 123), 0);
	for (int i = 0; i < 20; i++)
		len += scnprintf(buf + len, sizeof(buf) - (size_t)len, "%d,", i);
	CHECK_EQ(len, 9);
	CHECK(strcmp(buf, "0,1,2,3,4") == 0);
}

HOST_MAIN(integers, strings, fixed_formats, our_own_choices, scnprintf_counts_what_it_wrote)
