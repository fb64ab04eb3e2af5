/* host-test: lib/strtox.c lib/random.c */
/*
 * tests/host/strtox_test.c - reading numbers against the C library's strtoull.
 */
#include <tests/host/host.h>
#include <lib/strtox.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define NR_ROUNDS	100000

static struct rnd_state rnd;

/* A text that is often a number: prefix, digits of the base or of others, and a rest. */
static void random_text(char *s, unsigned int base)
{
	static const char *const prefixes[] = { "", "", "", "0", "0x", "0X" };
	u32 nr_digits = prandom_below(&rnd, 5) ? prandom_below(&rnd, 8) : prandom_below(&rnd, 26);

	s += sprintf(s, "%s", prefixes[prandom_below(&rnd, ARRAY_SIZE(prefixes))]);
	for (u32 i = 0; i < nr_digits; i++)
		*s++ = "0123456789abcdefghijklmnopqrstuvwxyz"[prandom_below(&rnd, base)];
	sprintf(s, "%s", prandom_below(&rnd, 3) ? "" : &"xyz,z9"[prandom_below(&rnd, 5)]);
}

/* simple_strtoull reads what strtoull reads and stops where it stops. */
HOST_TEST(simple)
{
	prandom_seed(&rnd, 20);
	for (int i = 0; i < NR_ROUNDS; i++) {
		static const unsigned int bases[] = { 0, 10, 16, 8, 2, 36 };
		unsigned int base = bases[prandom_below(&rnd, ARRAY_SIZE(bases))];
		char s[64], *end, *expected_end;
		unsigned long long value, expected;

		random_text(s, base ? base : 10);
		errno = 0;
		expected = strtoull(s, &expected_end, (int)base);
		value = simple_strtoull(s, &end, base);
		CHECK(end == expected_end);
		if (errno == 0)
			CHECK(value == expected);
		CHECK(simple_strtoul(s, NULL, base) == (unsigned long)value);
	}
}

/* simple_strtol takes a minus sign, and a minus without digits is no number. */
HOST_TEST(simple_signed)
{
	char text[] = "-42rest", minus[] = "-x", *end;

	CHECK_EQ(simple_strtol(text, &end, 10), -42);
	CHECK(end == text + 3);
	CHECK_EQ(simple_strtol(text + 1, &end, 10), 42);
	CHECK_EQ(simple_strtol(minus, &end, 10), 0);
	CHECK(end == minus);
}

/* kstrtoull: the whole text or nothing, and no number above 2^64 - 1. */
HOST_TEST(whole)
{
	prandom_seed(&rnd, 21);
	for (int i = 0; i < NR_ROUNDS; i++) {
		unsigned int base = prandom_below(&rnd, 2) ? 10 : 0;
		unsigned long long value = 77, expected;
		char s[64], *end;
		int err;

		random_text(s, 10);
		errno = 0;
		expected = strtoull(s, &end, (int)base);
		err = kstrtoull(s, base, &value);
		if (end == s || *end)
			CHECK_EQ(err, -EINVAL);
		else
			CHECK_EQ(err, errno == ERANGE ? -ERANGE : 0);
		CHECK(value == (err ? 77 : expected));
	}
}

#define CHECK_KSTRTO(fn, type, text, expected_err, expected)			\
	do {									\
		type __value = 77;						\
										\
		CHECK_EQ(fn(text, 10, &__value), expected_err);			\
		CHECK(__value == ((expected_err) ? 77 : (expected)));		\
	} while (0)

/* The limits of each type, one beyond them, and what is no number at all. */
HOST_TEST(limits)
{
	CHECK_KSTRTO(kstrtoint, int, "2147483647", 0, INT_MAX);
	CHECK_KSTRTO(kstrtoint, int, "2147483648", -ERANGE, 0);
	CHECK_KSTRTO(kstrtoint, int, "-2147483648", 0, INT_MIN);
	CHECK_KSTRTO(kstrtoint, int, "-2147483649", -ERANGE, 0);
	CHECK_KSTRTO(kstrtouint, unsigned int, "4294967295", 0, UINT_MAX);
	CHECK_KSTRTO(kstrtouint, unsigned int, "4294967296", -ERANGE, 0);
	CHECK_KSTRTO(kstrtouint, unsigned int, "-1", -EINVAL, 0);
	CHECK_KSTRTO(kstrtoll, long long, "9223372036854775807", 0, LLONG_MAX);
	CHECK_KSTRTO(kstrtoll, long long, "9223372036854775808", -ERANGE, 0);
	CHECK_KSTRTO(kstrtoll, long long, "-9223372036854775808", 0, LLONG_MIN);
	CHECK_KSTRTO(kstrtoll, long long, "-9223372036854775809", -ERANGE, 0);
	CHECK_KSTRTO(kstrtoull, unsigned long long, "18446744073709551615", 0, ULLONG_MAX);
	CHECK_KSTRTO(kstrtoull, unsigned long long, "18446744073709551616", -ERANGE, 0);
	CHECK_KSTRTO(kstrtoul, unsigned long, "99999999999999999999999", -ERANGE, 0);
	CHECK_KSTRTO(kstrtol, long, "+5\n", 0, 5);
	CHECK_KSTRTO(kstrtol, long, "5\n\n", -EINVAL, 0);
	CHECK_KSTRTO(kstrtol, long, "", -EINVAL, 0);
	CHECK_KSTRTO(kstrtol, long, "-", -EINVAL, 0);
	CHECK_KSTRTO(kstrtol, long, "+-5", -EINVAL, 0);
	CHECK_KSTRTO(kstrtol, long, " 5", -EINVAL, 0);
	CHECK_KSTRTO(kstrtol, long, "5 ", -EINVAL, 0);
}

/* Sizes with their suffixes, and where the parser goes on. */
HOST_TEST(sizes)
{
	char *end;

	CHECK_EQ(memparse("128M", &end), 128LL << 20);
	CHECK_EQ(*end, '\0');
	CHECK_EQ(memparse("64k,", &end), 64 << 10);
	CHECK_EQ(*end, ',');
	CHECK_EQ(memparse("2G@16M", &end), 2LL << 30);
	CHECK_EQ(*end, '@');
	CHECK_EQ(memparse("0x1000", NULL), 0x1000);
	CHECK_EQ(memparse("1t", NULL), 1LL << 40);
	CHECK_EQ(memparse("7", NULL), 7);
	CHECK_EQ(memparse("M", &end), 0);
	CHECK_EQ(*end, 'M');
}

HOST_MAIN(simple, simple_signed, whole, limits, sizes)
