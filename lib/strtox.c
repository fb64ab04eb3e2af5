/*
 * lib/strtox.c - text to numbers.
 *
 * Theory.  One scanner, scan_digits(), reads the longest run of digits of the base into 64 bits
 * and notes whether they overflowed; what an overflow, a sign or a left-over character means is
 * up to the two families around it.  The prefix 0x counts only if a hex digit follows: "0x" by
 * itself is the number 0 and an x.
 *
 * Interface: lib/strtox.h.
 */
#include <lib/strtox.h>
#include <lib/ctype.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/kernel.h>

struct scan {
	unsigned long long value;	/* modulo 2^64 */
	bool overflow;
	const char *end;		/* behind the last digit; the start if there was none */
};

static int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isalpha(c))
		return tolower(c) - 'a' + 10;
	return INT_MAX;
}

/* Resolves base 0 and steps over the prefix of base 16. */
static const char *scan_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

static struct scan scan_digits(const char *s, unsigned int base)
{
	struct scan scan = { .end = s };
	unsigned long long limit;
	unsigned int digit;

	s = scan_base(s, &base);
	limit = div_u64(ULLONG_MAX, base);
	while ((digit = (unsigned int)digit_value(*s)) < base) {
		if (scan.value > limit || scan.value * base > ULLONG_MAX - digit)
			scan.overflow = true;
		scan.value = scan.value * base + digit;
		scan.end = ++s;
	}
	return scan;
}

unsigned long long simple_strtoull(const char *s, char **endp, unsigned int base)
{
	struct scan scan = scan_digits(s, base);

	if (endp)
		*endp = (char *)scan.end;
	return scan.value;
}

unsigned long simple_strtoul(const char *s, char **endp, unsigned int base)
{
	return (unsigned long)simple_strtoull(s, endp, base);
}

long simple_strtol(const char *s, char **endp, unsigned int base)
{
	unsigned long value;
	char *end;

	if (*s != '-')
		return (long)simple_strtoul(s, endp, base);
	value = simple_strtoul(s + 1, &end, base);
	if (endp)
		*endp = end == s + 1 ? (char *)s : end;
	return (long)-value;
}

/* The whole of @s, but for one newline at its end, as a number without sign. */
static int scan_whole(const char *s, unsigned int base, unsigned long long *res)
{
	struct scan scan = scan_digits(s, base);
	const char *end = scan.end;

	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (scan.overflow)
		return -ERANGE;
	*res = scan.value;
	return 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	return scan_whole(*s == '+' ? s + 1 : s, base, res);
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	bool negative = *s == '-';
	unsigned long long value;
	int err = negative ? scan_whole(s + 1, base, &value) : kstrtoull(s, base, &value);

	if (err)
		return err;
	if (value > (unsigned long long)LLONG_MAX + negative)
		return -ERANGE;
	*res = (long long)(negative ? -value : value);
	return 0;
}

/* The narrower types: parse wide, refuse what does not come back the same. */
#define KSTRTO(name, type, wide_name, wide_type)				\
int name(const char *s, unsigned int base, type *res)				\
{										\
	wide_type value;							\
	int err = wide_name(s, base, &value);					\
										\
	if (err)								\
		return err;							\
	if (value != (wide_type)(type)value)					\
		return -ERANGE;							\
	*res = (type)value;							\
	return 0;								\
}

KSTRTO(kstrtoul, unsigned long, kstrtoull, unsigned long long)
KSTRTO(kstrtol, long, kstrtoll, long long)
KSTRTO(kstrtouint, unsigned int, kstrtoull, unsigned long long)
KSTRTO(kstrtoint, int, kstrtoll, long long)

unsigned long long memparse(const char *ptr, char **retptr)
{
	static const char suffixes[] = "kmgtpe";
	char *end;
	unsigned long long value = simple_strtoull(ptr, &end, 0);

	for (unsigned int i = 0; end != ptr && suffixes[i]; i++) {
		if (tolower(*end) == suffixes[i]) {
			value <<= 10 * (i + 1);
			end++;
			break;
		}
	}
	if (retptr)
		*retptr = end;
	return value;
}
