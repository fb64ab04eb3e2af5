/*
 * lib/vsnprintf.h - formatted text into a buffer.
 *
 * Theory.  One formatter for printk, /proc and the tests.  It understands what the kernel
 * prints and nothing else: flags - + space # 0; width and precision, also by *; lengths hh h l
 * ll z t; conversions d i u x X o c s p %.  No floating point: the kernel has none.  %p is
 * eight hex digits (sixteen on a 64-bit host) without 0x; NULL as %s prints (null).  An unknown
 * conversion is copied as it stands, so that a mistake can be seen.
 *
 * vsnprintf and snprintf return the length that the text would have had in a buffer large
 * enough (C99); scnprintf returns what it wrote, and so may be summed up without a check.
 * All of them terminate the text if size is not 0.
 */
#ifndef OCTAVO_LIB_VSNPRINTF_H
#define OCTAVO_LIB_VSNPRINTF_H

#include <stdarg.h>
#include <lib/compiler.h>
#include <lib/types.h>

#ifndef __OCTAVO__
#define vsnprintf	lib_vsnprintf
#define snprintf	lib_snprintf
#endif

/* Makes the text of %pS and %pB (@kind is the letter) once the kernel has set it; until then they are %p. */
extern int (*vsnprintf_symbol)(char *buf, size_t size, char kind, unsigned long addr);

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif /* OCTAVO_LIB_VSNPRINTF_H */
