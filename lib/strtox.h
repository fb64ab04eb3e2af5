/*
 * lib/strtox.h - text to numbers.
 *
 * Theory.  Two families.  simple_strto* read as many digits as there are, say where they
 * stopped and wrap on overflow: for parsers that go on after the number.  kstrto* want the
 * whole string to be one number (a trailing newline is allowed, because echo writes one) and
 * tell what is wrong: -EINVAL for no number, -ERANGE for one that does not fit.
 *
 * base 0 takes the base from the text: 0x for 16, 0 for 8, else 10.  base 16 accepts 0x.
 */
#ifndef OCTAVO_LIB_STRTOX_H
#define OCTAVO_LIB_STRTOX_H

#include <lib/types.h>

/* => endp may be NULL; *endp is s if there is no digit */
unsigned long simple_strtoul(const char *s, char **endp, unsigned int base);
long simple_strtol(const char *s, char **endp, unsigned int base);
unsigned long long simple_strtoull(const char *s, char **endp, unsigned int base);

/* => 0 and *res set, or -EINVAL or -ERANGE and *res untouched */
int __must_check kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int __must_check kstrtoll(const char *s, unsigned int base, long long *res);
int __must_check kstrtoul(const char *s, unsigned int base, unsigned long *res);
int __must_check kstrtol(const char *s, unsigned int base, long *res);
int __must_check kstrtouint(const char *s, unsigned int base, unsigned int *res);
int __must_check kstrtoint(const char *s, unsigned int base, int *res);

/* A size such as 64K, 128M, 2G, 0x1000: the number of bytes; *retptr behind it. */
unsigned long long memparse(const char *ptr, char **retptr);

#endif /* OCTAVO_LIB_STRTOX_H */
