/*
 * lib/string.h - memory and strings.
 *
 * Theory.  The functions of the C library that a kernel wants, with the C library's contracts,
 * and Linux's safe copies beside them.  gcc may call memcpy, memmove, memset and memcmp on its
 * own even in freestanding code, so these four exist as real functions; calls in our own
 * source go through the compiler's builtin first, which turns small constant sizes into a few
 * moves and leaves the rest to the function.
 *
 * On i386 memcpy and memset move four bytes at a time with rep movsl and rep stosl: one
 * instruction for each word, the shortest loop there is without SSE registers, which belong
 * to ring 3.
 *
 * strcpy trusts its caller.  strlcpy and strscpy always terminate: strlcpy returns the length
 * it tried to make (and so reads all of src), strscpy returns what it copied or -E2BIG.
 *
 * On the host every name that the C library owns gets the prefix lib_, so that a test can
 * hold ours against theirs.
 */
#ifndef OCTAVO_LIB_STRING_H
#define OCTAVO_LIB_STRING_H

#include <lib/types.h>

#ifndef __OCTAVO__
#define memcpy		lib_memcpy
#define memmove		lib_memmove
#define memset		lib_memset
#define memcmp		lib_memcmp
#define memchr		lib_memchr
#define strlen		lib_strlen
#define strnlen		lib_strnlen
#define strcpy		lib_strcpy
#define strncpy		lib_strncpy
#define strlcpy		lib_strlcpy
#define strlcat		lib_strlcat
#define strcmp		lib_strcmp
#define strncmp		lib_strncmp
#define strcasecmp	lib_strcasecmp
#define strchr		lib_strchr
#define strrchr		lib_strrchr
#define strstr		lib_strstr
#define strspn		lib_strspn
#define strcspn		lib_strcspn
#define strpbrk		lib_strpbrk
#define strsep		lib_strsep
#endif

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
/* The first byte equal to c, or the end (s + n) if there is none. */
void *memscan(void *s, int c, size_t n);
/* The first byte that differs from c, or NULL: finds what a poison pattern lost. */
void *memchr_inv(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
char *strcpy(char *dst, const char *src);
/* Pads with zeroes and need not terminate: for fixed-width fields only. */
char *strncpy(char *dst, const char *src, size_t n);
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
ssize_t strscpy(char *dst, const char *src, size_t size);

int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strnchr(const char *s, size_t n, int c);
char *strstr(const char *s, const char *find);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
/* Cuts the next token off *s, in place; NULL when *s was NULL. */
char *strsep(char **s, const char *delim);
char *skip_spaces(const char *s);
/* Removes trailing white space in place and returns the first byte that is none. */
char *strim(char *s);

#ifdef __OCTAVO__
#define memcpy(d, s, n)		__builtin_memcpy(d, s, n)
#define memset(d, c, n)		__builtin_memset(d, c, n)
#define memcmp(a, b, n)		__builtin_memcmp(a, b, n)
#define strlen(s)		__builtin_strlen(s)
#endif

#endif /* OCTAVO_LIB_STRING_H */
