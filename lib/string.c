/*
 * lib/string.c - memory and strings.
 *
 * Theory.  What dominates is clearing and copying pages, so memset and memcpy are rep stosl and
 * rep movsl with a byte tail: one counted instruction for four bytes, and the direction flag
 * is clear by the ABI, so nothing is set up but three registers.  memmove copies upwards like
 * memcpy whenever the start of the destination does not lie inside the source (words are then
 * read before they are written over); only the other overlap copies from the end, with the
 * direction flag set and cleared again.
 *
 * memcmp goes word by word until two words differ and then looks at bytes: the order of two
 * words as little-endian numbers is not the order of their bytes.  The string functions are
 * plain loops: kernel strings are short.
 *
 * gcc recognises loops that are memset, memcpy or strlen and would replace the body of memset
 * by a call to memset; the pragma forbids that in this file.
 *
 * Interface: lib/string.h.
 * References: SDM vol. 1, 7.3.9 "String Operations"; vol. 2, MOVS, STOS.
 */
#include <lib/string.h>
#include <lib/ctype.h>
#include <lib/errno.h>

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#ifdef __OCTAVO__
#undef memcpy
#undef memset
#undef memcmp
#undef strlen
#endif

/* A word anywhere in memory, of any declared type. */
typedef unsigned long __attribute__((__may_alias__, __aligned__(1))) word_t;

#ifdef __i386__

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 4;

	__asm__ __volatile__("rep movsl\n\t"
			     "movl %3, %%ecx\n\t"
			     "rep movsb"
			     : "+D" (d), "+S" (src), "+c" (words)
			     : "g" (n % 4)
			     : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 4;

	__asm__ __volatile__("rep stosl\n\t"
			     "movl %2, %%ecx\n\t"
			     "rep stosb"
			     : "+D" (d), "+c" (words)
			     : "g" (n % 4), "a" ((u8)c * 0x01010101U)
			     : "memory");
	return dst;
}

/* From the end: first the odd bytes, then words; the pointers are at the last byte, then word. */
static void copy_down(void *dst, const void *src, size_t n)
{
	char *d = (char *)dst + n - 1;
	const char *s = (const char *)src + n - 1;
	size_t bytes = n % 4;

	__asm__ __volatile__("std\n\t"
			     "rep movsb\n\t"
			     "subl $3, %%edi\n\t"
			     "subl $3, %%esi\n\t"
			     "movl %3, %%ecx\n\t"
			     "rep movsl\n\t"
			     "cld"
			     : "+D" (d), "+S" (s), "+c" (bytes)
			     : "g" (n / 4)
			     : "memory", "cc");
}

#else /* any other machine: the host */

void *memcpy(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	while (n--)
		*d++ = *s++;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u8 *d = dst;

	while (n--)
		*d++ = (u8)c;
	return dst;
}

static void copy_down(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	while (n--)
		d[n] = s[n];
}

#endif /* __i386__ */

void *memmove(void *dst, const void *src, size_t n)
{
	if ((unsigned long)dst - (unsigned long)src >= n)
		return memcpy(dst, src, n);
	copy_down(dst, src, n);
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	while (n >= sizeof(word_t) && *(const word_t *)x == *(const word_t *)y) {
		x += sizeof(word_t);
		y += sizeof(word_t);
		n -= sizeof(word_t);
	}
	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memscan(void *s, int c, size_t n)
{
	u8 *p = s;

	while (n && *p != (u8)c) {
		p++;
		n--;
	}
	return p;
}

void *memchr(const void *s, int c, size_t n)
{
	u8 *p = memscan((void *)s, c, n);

	return p < (const u8 *)s + n ? p : NULL;
}

void *memchr_inv(const void *s, int c, size_t n)
{
	const u8 *p = s;
	unsigned long pattern = (u8)c * (~0UL / 0xff);

	while (n >= sizeof(word_t) && *(const word_t *)p == pattern) {
		p += sizeof(word_t);
		n -= sizeof(word_t);
	}
	for (; n; n--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	const char *p = s;

	while (max-- && *p)
		p++;
	return (size_t)(p - s);
}

char *strcpy(char *dst, const char *src)
{
	memcpy(dst, src, strlen(src) + 1);
	return dst;
}

char *strncpy(char *dst, const char *src, size_t n)
{
	size_t len = strnlen(src, n);

	memcpy(dst, src, len);
	memset(dst + len, 0, n - len);
	return dst;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), fits = len < size ? len : size - 1;

	if (size) {
		memcpy(dst, src, fits);
		dst[fits] = '\0';
	}
	return len;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
	size_t used = strnlen(dst, size);

	return used + strlcpy(dst + used, src, size - used);
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len;

	if (!size)
		return -E2BIG;
	len = strnlen(src, size);
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return (ssize_t)len;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (u8)*a - (u8)*b;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~(size_t)0);
}

int strcasecmp(const char *a, const char *b)
{
	while (*a && tolower((u8)*a) == tolower((u8)*b)) {
		a++;
		b++;
	}
	return tolower((u8)*a) - tolower((u8)*b);
}

char *strnchr(const char *s, size_t n, int c)
{
	for (; n; n--, s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

char *strchr(const char *s, int c)
{
	return strnchr(s, ~(size_t)0, c);
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

char *strstr(const char *s, const char *find)
{
	size_t len = strlen(find);

	for (;; s++) {
		if (!strncmp(s, find, len))
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

/* How many characters of @s, from the start, are (or, for !in, are not) in @set. */
static size_t span(const char *s, const char *set, bool in)
{
	const char *p = s;

	while (*p && (strchr(set, *p) != NULL) == in)
		p++;
	return (size_t)(p - s);
}

size_t strspn(const char *s, const char *accept)
{
	return span(s, accept, true);
}

size_t strcspn(const char *s, const char *reject)
{
	return span(s, reject, false);
}

char *strpbrk(const char *s, const char *accept)
{
	s += strcspn(s, accept);
	return *s ? (char *)s : NULL;
}

char *strsep(char **s, const char *delim)
{
	char *token = *s, *end;

	if (!token)
		return NULL;
	end = strpbrk(token, delim);
	if (end)
		*end++ = '\0';
	*s = end;
	return token;
}

char *skip_spaces(const char *s)
{
	while (isspace((u8)*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	size_t len = strlen(s);

	while (len && isspace((u8)s[len - 1]))
		s[--len] = '\0';
	return skip_spaces(s);
}
