/*
 * lib/vsnprintf.c - formatted text into a buffer.
 *
 * Theory.  Text is produced a character at a time into a sink that counts every character and
 * stores those that fit; so the length of the whole comes for free and no conversion needs to
 * know where the buffer ends.  A directive is parsed into a struct spec and carried out by one
 * of two functions: text (with padding), or an integer.
 *
 * An integer is laid out as
 *
 *	spaces | sign or 0x | zeroes | digits | spaces
 *
 * where the zeroes come from a precision or from the flag 0, the spaces from the width.  The
 * digits are made backwards in a buffer long enough for 64 bits in octal.
 *
 * All integers travel as u64 with a flag for "negative"; on i386 only those wider than 32 bits
 * pay for 64-bit divisions.
 *
 * Interface and the list of conversions: lib/vsnprintf.h.
 * References: ISO C11 7.21.6.1.
 */
#include <lib/vsnprintf.h>
#include <lib/ctype.h>
#include <lib/div64.h>
#include <lib/string.h>

#define MAX_DIGITS	22		/* 64 bits in octal */

static_assert(MAX_DIGITS * 3 >= 64, "a u64 in octal fits");

struct sink {
	char *buf;
	size_t size;
	size_t len;			/* characters produced, stored or not */
};

enum {
	FLAG_LEFT	= 1 << 0,	/* '-' */
	FLAG_PLUS	= 1 << 1,	/* '+' */
	FLAG_SPACE	= 1 << 2,	/* ' ' */
	FLAG_ALT	= 1 << 3,	/* '#' */
	FLAG_ZERO	= 1 << 4,	/* '0' */
	FLAG_UPPER	= 1 << 5,	/* %X */
};

struct spec {
	unsigned int flags;
	int width;
	int precision;			/* -1: none given */
	int bytes;			/* of the argument, by its length modifier */
};

static inline void put(struct sink *sink, char c)
{
	if (sink->len < sink->size)
		sink->buf[sink->len] = c;
	sink->len++;
}

static void put_repeated(struct sink *sink, char c, int n)
{
	while (n-- > 0)
		put(sink, c);
}

static void put_text(struct sink *sink, const struct spec *spec, const char *s, size_t len)
{
	int pad = spec->width > (int)len ? spec->width - (int)len : 0;

	if (!(spec->flags & FLAG_LEFT))
		put_repeated(sink, ' ', pad);
	while (len--)
		put(sink, *s++);
	if (spec->flags & FLAG_LEFT)
		put_repeated(sink, ' ', pad);
}

/* The digits of @value, backwards into @digits; none for zero.  => returns how many */
static int make_digits(char *digits, u64 value, unsigned int base, bool upper)
{
	const char *symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	u32 low;
	int n = 0;

	while (value >> 32)
		digits[n++] = symbols[do_div(value, base)];
	for (low = (u32)value; low; low /= base)
		digits[n++] = symbols[low % base];
	return n;
}

/* What goes before the digits: a sign, or the mark of the base. */
static const char *number_prefix(const struct spec *spec, unsigned int base, bool is_signed,
				 bool negative, bool zero)
{
	if (is_signed) {
		if (negative)
			return "-";
		return spec->flags & FLAG_PLUS ? "+" : spec->flags & FLAG_SPACE ? " " : "";
	}
	if (base == 16 && (spec->flags & FLAG_ALT) && !zero)
		return spec->flags & FLAG_UPPER ? "0X" : "0x";
	return "";
}

static void put_number(struct sink *sink, const struct spec *spec, u64 value, unsigned int base,
		       bool is_signed)
{
	bool negative = is_signed && (s64)value < 0;
	const char *prefix = number_prefix(spec, base, is_signed, negative, value == 0);
	int nr_prefix = (int)strlen(prefix), nr_zeroes, nr_digits, pad;
	char digits[MAX_DIGITS];

	nr_digits = make_digits(digits, negative ? -value : value, base,
				spec->flags & FLAG_UPPER);
	nr_zeroes = (spec->precision < 0 ? 1 : spec->precision) - nr_digits;
	if (base == 8 && (spec->flags & FLAG_ALT) && nr_zeroes <= 0)
		nr_zeroes = 1;
	if (nr_zeroes < 0)
		nr_zeroes = 0;
	pad = spec->width - nr_prefix - nr_zeroes - nr_digits;
	if (pad > 0 && (spec->flags & FLAG_ZERO) && !(spec->flags & FLAG_LEFT) &&
	    spec->precision < 0) {
		nr_zeroes += pad;
		pad = 0;
	}
	if (!(spec->flags & FLAG_LEFT))
		put_repeated(sink, ' ', pad);
	while (*prefix)
		put(sink, *prefix++);
	put_repeated(sink, '0', nr_zeroes);
	while (nr_digits)
		put(sink, digits[--nr_digits]);
	if (spec->flags & FLAG_LEFT)
		put_repeated(sink, ' ', pad);
}

/* va_list may be an array type, and then it cannot be passed by address: hence the wrapper. */
struct args {
	va_list ap;
};

static u64 get_integer(struct args *args, int bytes, bool is_signed)
{
	u64 value;

	if (bytes == 8)
		return va_arg(args->ap, u64);
	if (is_signed) {
		s64 svalue = va_arg(args->ap, int);

		return (u64)(bytes == 1 ? (s8)svalue : bytes == 2 ? (s16)svalue : svalue);
	}
	value = va_arg(args->ap, unsigned int);
	return bytes == 1 ? (u8)value : bytes == 2 ? (u16)value : value;
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	static const char flags[] = "-+ #0";
	const char *flag;

	while (*fmt && (flag = strchr(flags, *fmt))) {
		spec->flags |= 1U << (flag - flags);
		fmt++;
	}
	return fmt;
}

/* A decimal number or a star.  => *n is 0 if there is neither */
static const char *parse_number(const char *fmt, struct args *args, int *n)
{
	if (*fmt == '*') {
		*n = va_arg(args->ap, int);
		return fmt + 1;
	}
	for (*n = 0; isdigit(*fmt) && *n < 10000; fmt++)
		*n = *n * 10 + (*fmt - '0');
	return fmt;
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	spec->bytes = sizeof(int);
	switch (*fmt) {
	case 'h':
		spec->bytes = fmt[1] == 'h' ? sizeof(char) : sizeof(short);
		return fmt[1] == 'h' ? fmt + 2 : fmt + 1;
	case 'l':
		spec->bytes = fmt[1] == 'l' ? sizeof(long long) : sizeof(long);
		return fmt[1] == 'l' ? fmt + 2 : fmt + 1;
	case 'z':
	case 't':
		spec->bytes = sizeof(size_t);
		return fmt + 1;
	}
	return fmt;
}

/* All between the '%' and the conversion letter, which the result points to. */
static const char *parse_spec(const char *fmt, struct args *args, struct spec *spec)
{
	*spec = (struct spec){ .precision = -1 };
	fmt = parse_flags(fmt, spec);
	fmt = parse_number(fmt, args, &spec->width);
	if (spec->width < 0) {
		spec->flags |= FLAG_LEFT;
		spec->width = -spec->width;
	}
	if (*fmt == '.') {
		fmt = parse_number(fmt + 1, args, &spec->precision);
		if (spec->precision < 0)
			spec->precision = -1;
	}
	return parse_length(fmt, spec);
}

static void put_string(struct sink *sink, const struct spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_text(sink, spec, s, spec->precision < 0 ? strlen(s)
						    : strnlen(s, (size_t)spec->precision));
}

int (*vsnprintf_symbol)(char *buf, size_t size, char kind, unsigned long addr);

/* %pS and %pB: an address as the symbol it lies in. */
static void put_symbol(struct sink *sink, const struct spec *spec, char kind, void *addr)
{
	char text[96];

	vsnprintf_symbol(text, sizeof(text), kind, (unsigned long)addr);
	put_string(sink, spec, text);
}

/* One conversion.  => returns false if there is no such conversion; no argument is taken */
static bool convert(struct sink *sink, struct spec *spec, char letter, struct args *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_number(sink, spec, get_integer(args, spec->bytes, true), 10, true);
		return true;
	case 'u':
		put_number(sink, spec, get_integer(args, spec->bytes, false), 10, false);
		return true;
	case 'o':
		put_number(sink, spec, get_integer(args, spec->bytes, false), 8, false);
		return true;
	case 'X':
		spec->flags |= FLAG_UPPER;
		fallthrough;
	case 'x':
		put_number(sink, spec, get_integer(args, spec->bytes, false), 16, false);
		return true;
	case 'p':
		spec->precision = 2 * (int)sizeof(void *);
		put_number(sink, spec, (unsigned long)va_arg(args->ap, void *), 16, false);
		return true;
	case 'c':
		c = (char)va_arg(args->ap, int);
		put_text(sink, spec, &c, 1);
		return true;
	case 's':
		put_string(sink, spec, va_arg(args->ap, const char *));
		return true;
	case '%':
		put(sink, '%');
		return true;
	}
	return false;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink sink = { .buf = buf, .size = size };
	struct spec spec;
	struct args args;

	va_copy(args.ap, ap);
	while (*fmt) {
		const char *start = fmt;

		if (*fmt++ != '%') {
			put(&sink, *start);
			continue;
		}
		fmt = parse_spec(fmt, &args, &spec);
		if (vsnprintf_symbol && *fmt == 'p' && (fmt[1] == 'S' || fmt[1] == 'B')) {
			put_symbol(&sink, &spec, fmt[1], va_arg(args.ap, void *));
			fmt += 2;
			continue;
		}
		if (*fmt && convert(&sink, &spec, *fmt, &args)) {
			fmt++;
			continue;
		}
		while (start < fmt)
			put(&sink, *start++);
	}
	va_end(args.ap);
	if (size)
		buf[sink.len < size ? sink.len : size - 1] = '\0';
	return (int)sink.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(buf, size, fmt, args);

	if ((size_t)len < size)
		return len;
	return size ? (int)size - 1 : 0;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
