/* host-test: lib/string.c lib/random.c */
/*
 * tests/host/string_test.c - memory and strings against the C library's.
 *
 * The C library's functions are called through pointers taken before lib/string.h renames them.
 */
#include <tests/host/host.h>

#define LIBC(ret, name, ...)	static ret (*const libc_##name)(__VA_ARGS__) = name

LIBC(void *, memcpy, void *, const void *, size_t);
LIBC(void *, memmove, void *, const void *, size_t);
LIBC(void *, memset, void *, int, size_t);
LIBC(int, memcmp, const void *, const void *, size_t);
LIBC(size_t, strlen, const char *);
LIBC(size_t, strnlen, const char *, size_t);
LIBC(char *, strcpy, char *, const char *);
LIBC(char *, strncpy, char *, const char *, size_t);
LIBC(int, strcmp, const char *, const char *);
LIBC(int, strncmp, const char *, const char *, size_t);
LIBC(int, strcasecmp, const char *, const char *);
LIBC(void *, memchr, const void *, int, size_t);
LIBC(char *, strchr, const char *, int);
LIBC(char *, strrchr, const char *, int);
LIBC(char *, strstr, const char *, const char *);
LIBC(size_t, strspn, const char *, const char *);
LIBC(size_t, strcspn, const char *, const char *);
LIBC(char *, strpbrk, const char *, const char *);
LIBC(char *, strsep, char **, const char *);

LIBC(int, isalnum, int);
LIBC(int, isalpha, int);
LIBC(int, iscntrl, int);
LIBC(int, isdigit, int);
LIBC(int, isgraph, int);
LIBC(int, islower, int);
LIBC(int, isprint, int);
LIBC(int, ispunct, int);
LIBC(int, isspace, int);
LIBC(int, isupper, int);
LIBC(int, isxdigit, int);
LIBC(int, tolower, int);
LIBC(int, toupper, int);

#include <lib/string.h>
#include <lib/ctype.h>
#include <lib/kernel.h>
#include <lib/random.h>

#define AREA		256
#define NR_ROUNDS	100000
#define MAX_TEXT	40

static struct rnd_state rnd;

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* Copies, moves and fills at random places, overlaps included, change the same bytes. */
HOST_TEST(copy_move_fill)
{
	u8 ours[AREA], theirs[AREA];

	prandom_seed(&rnd, 10);
	prandom_bytes(&rnd, ours, AREA);
	libc_memcpy(theirs, ours, AREA);
	for (int i = 0; i < NR_ROUNDS; i++) {
		u32 from = prandom_below(&rnd, AREA), to = prandom_below(&rnd, AREA);
		size_t n = prandom_below(&rnd, AREA - max(from, to) + 1);
		int c = (int)prandom_u32(&rnd);

		if (prandom_below(&rnd, 2))
			n = min(n, (size_t)prandom_below(&rnd, 12));
		switch (prandom_below(&rnd, 3)) {
		case 0:
			n = min(n, (size_t)(from < to ? to - from : from - to));
			CHECK(memcpy(ours + to, ours + from, n) == ours + to);
			libc_memcpy(theirs + to, theirs + from, n);
			break;
		case 1:
			CHECK(memmove(ours + to, ours + from, n) == ours + to);
			libc_memmove(theirs + to, theirs + from, n);
			break;
		default:
			n = min(n, (size_t)20);
			CHECK(memset(ours + to, c, n) == ours + to);
			libc_memset(theirs + to, c, n);
		}
		CHECK(libc_memcmp(ours, theirs, AREA) == 0);
		if (i % 64 == 0) {
			prandom_bytes(&rnd, ours, AREA);
			libc_memcpy(theirs, ours, AREA);
		}
	}
}

/* Comparing and searching memory of few different bytes. */
HOST_TEST(compare_and_scan)
{
	u8 a[AREA], b[AREA];

	prandom_seed(&rnd, 11);
	for (int i = 0; i < NR_ROUNDS; i++) {
		size_t at = prandom_below(&rnd, 9), n = prandom_below(&rnd, 64);
		u8 c = (u8)prandom_u32(&rnd), *p;

		libc_memset(a, c, AREA);
		libc_memset(b, c, AREA);
		CHECK(memchr_inv(a + at, c, n) == NULL);
		if (prandom_below(&rnd, 4)) {
			p = &b[at + prandom_below(&rnd, 64)];
			*p = (u8)prandom_u32(&rnd);
			CHECK(memchr_inv(b + at, c, n) == (*p != c && p < b + at + n ? p : NULL));
		}
		CHECK_EQ(sign(memcmp(a + at, b + at, n)), sign(libc_memcmp(a + at, b + at, n)));
		c = (u8)prandom_u32(&rnd);
		p = libc_memchr(b + at, c, n);
		CHECK(memchr(b + at, c, n) == p);
		CHECK(memscan(b + at, c, n) == (p ? p : b + at + n));
	}
}

/* A string of up to MAX_TEXT - 1 letters out of the first @letters (with one above 127). */
static void random_text(char *s, u32 letters)
{
	u32 len = prandom_below(&rnd, prandom_below(&rnd, 3) ? 8 : MAX_TEXT);

	for (u32 i = 0; i < len; i++)
		s[i] = "aAbB\xe4""cC zZ"[prandom_below(&rnd, letters)];
	s[len] = '\0';
}

/* Every searching and comparing function gives the C library's answer on random strings. */
HOST_TEST(search_strings)
{
	char s[MAX_TEXT], t[MAX_TEXT];

	prandom_seed(&rnd, 12);
	for (int i = 0; i < NR_ROUNDS; i++) {
		size_t n = prandom_below(&rnd, MAX_TEXT + 4);
		int c = prandom_below(&rnd, 8) ? s[0] : "xaB\xe4"[prandom_below(&rnd, 5)];

		random_text(s, 2 + prandom_below(&rnd, 9));
		random_text(t, 2 + prandom_below(&rnd, 5));
		CHECK_EQ(strlen(s), libc_strlen(s));
		CHECK_EQ(strnlen(s, n), libc_strnlen(s, n));
		CHECK_EQ(sign(strcmp(s, t)), sign(libc_strcmp(s, t)));
		CHECK_EQ(sign(strncmp(s, t, n)), sign(libc_strncmp(s, t, n)));
		CHECK_EQ(sign(strcasecmp(s, t)), sign(libc_strcasecmp(s, t)));
		CHECK(strchr(s, c) == libc_strchr(s, c));
		CHECK(strrchr(s, c) == libc_strrchr(s, c));
		CHECK(strstr(s, t) == libc_strstr(s, t));
		CHECK_EQ(strspn(s, t), libc_strspn(s, t));
		CHECK_EQ(strcspn(s, t), libc_strcspn(s, t));
		CHECK(strpbrk(s, t) == libc_strpbrk(s, t));
		n = min(n, strlen(s) + 1);
		CHECK(strnchr(s, n, c) == libc_memchr(s, c, n));
	}
}

/* Cutting a string into tokens gives the C library's tokens and leaves the same bytes. */
HOST_TEST(separate)
{
	char ours[MAX_TEXT], theirs[MAX_TEXT];

	prandom_seed(&rnd, 13);
	for (int i = 0; i < NR_ROUNDS / 10; i++) {
		char *p = ours, *q = theirs, *token, *expected;

		libc_memset(ours, 0, MAX_TEXT);
		random_text(ours, 10);
		libc_memcpy(theirs, ours, MAX_TEXT);
		do {
			token = strsep(&p, "b ");
			expected = libc_strsep(&q, "b ");
			CHECK(token ? expected && token - ours == expected - theirs : !expected);
		} while (token);
		CHECK(libc_memcmp(ours, theirs, MAX_TEXT) == 0);
	}
}

/* Copies of strings: the result, what they return, and not one byte beyond the buffer. */
HOST_TEST(copy_strings)
{
	prandom_seed(&rnd, 14);
	for (int i = 0; i < NR_ROUNDS / 10; i++) {
		char s[MAX_TEXT], t[2 * MAX_TEXT], expected[2 * MAX_TEXT];
		size_t size = prandom_below(&rnd, MAX_TEXT), len, used;
		char *exact = malloc(size + 1);

		random_text(s, 10);
		len = strlen(s);
		CHECK(strcpy(t, s) == t && libc_strcmp(t, s) == 0);

		libc_strncpy(expected, s, size);
		CHECK(strncpy(exact, s, size) == exact);
		CHECK(libc_memcmp(exact, expected, size) == 0);

		exact[size] = 'E';
		snprintf(expected, max(size, (size_t)1), "%s", s);
		CHECK_EQ(strlcpy(exact, s, size), len);
		CHECK(size ? libc_strcmp(exact, expected) == 0 : exact[0] == 'E');
		CHECK_EQ(strscpy(exact, s, size), len < size ? (ssize_t)len : -E2BIG);
		CHECK(size ? libc_strcmp(exact, expected) == 0 : exact[0] == 'E');
		CHECK_EQ(exact[size], 'E');

		random_text(t, 10);
		used = strlen(t);
		if (used < size) {
			libc_strcpy(exact, t);
			snprintf(expected, size, "%s%s", t, s);
			CHECK_EQ(strlcat(exact, s, size), used + len);
			CHECK(libc_strcmp(exact, expected) == 0);
		}
		free(exact);
	}
}

/* Blanks are skipped in front and cut off behind. */
HOST_TEST(blanks)
{
	char text[] = " \t two words \n\r ", none[] = "x", only[] = "  ", empty[] = "";

	CHECK(libc_strcmp(strim(text), "two words") == 0);
	CHECK(strim(none) == none && libc_strcmp(none, "x") == 0);
	CHECK(*strim(only) == '\0' && *strim(empty) == '\0');
	CHECK(libc_strcmp(skip_spaces("\v\f a "), "a ") == 0);
}

/* All characters are in the classes that the C library's C locale puts them in. */
HOST_TEST(character_classes)
{
	for (int c = -1; c < 256; c++) {
		CHECK_EQ(!isalnum(c), !libc_isalnum(c));
		CHECK_EQ(!isalpha(c), !libc_isalpha(c));
		CHECK_EQ(!iscntrl(c), !libc_iscntrl(c));
		CHECK_EQ(!isdigit(c), !libc_isdigit(c));
		CHECK_EQ(!isgraph(c), !libc_isgraph(c));
		CHECK_EQ(!islower(c), !libc_islower(c));
		CHECK_EQ(!isprint(c), !libc_isprint(c));
		CHECK_EQ(!ispunct(c), !libc_ispunct(c));
		CHECK_EQ(!isspace(c), !libc_isspace(c));
		CHECK_EQ(!isupper(c), !libc_isupper(c));
		CHECK_EQ(!isxdigit(c), !libc_isxdigit(c));
		CHECK_EQ(tolower(c), libc_tolower(c));
		CHECK_EQ(toupper(c), libc_toupper(c));
	}
	CHECK(!isalpha(-28) && !isspace(-96) && tolower(-28) == -28);
}

HOST_MAIN(copy_move_fill, compare_and_scan, search_strings, separate, copy_strings, blanks,
	  character_classes)
