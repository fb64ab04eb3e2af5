/*
 * lib/ctype.h - the classes of ASCII characters.
 *
 * Theory.  ASCII only, no locale, no table: a range check is two instructions once the lower
 * bound is subtracted as unsigned.  Every function takes any int; values outside 0..127 are in
 * no class, so a plain (signed) char may be passed.
 */
#ifndef OCTAVO_LIB_CTYPE_H
#define OCTAVO_LIB_CTYPE_H

#include <lib/types.h>

#ifndef __OCTAVO__
#undef isdigit
#undef isxdigit
#undef isupper
#undef islower
#undef isalpha
#undef isalnum
#undef isspace
#undef isprint
#undef isgraph
#undef iscntrl
#undef ispunct
#undef toupper
#undef tolower
#define isdigit		lib_isdigit
#define isxdigit	lib_isxdigit
#define isupper		lib_isupper
#define islower		lib_islower
#define isalpha		lib_isalpha
#define isalnum		lib_isalnum
#define isspace		lib_isspace
#define isprint		lib_isprint
#define isgraph		lib_isgraph
#define iscntrl		lib_iscntrl
#define ispunct		lib_ispunct
#define toupper		lib_toupper
#define tolower		lib_tolower
#endif

#define __in_range(c, lo, hi)	((unsigned int)(c) - (lo) <= (unsigned int)((hi) - (lo)))

static inline int isdigit(int c)	{ return __in_range(c, '0', '9'); }
static inline int isupper(int c)	{ return __in_range(c, 'A', 'Z'); }
static inline int islower(int c)	{ return __in_range(c, 'a', 'z'); }
static inline int isalpha(int c)	{ return isupper(c) || islower(c); }
static inline int isalnum(int c)	{ return isalpha(c) || isdigit(c); }
static inline int isxdigit(int c)
{
	return isdigit(c) || __in_range(c, 'a', 'f') || __in_range(c, 'A', 'F');
}
static inline int isspace(int c)	{ return c == ' ' || __in_range(c, '\t', '\r'); }
static inline int isprint(int c)	{ return __in_range(c, ' ', '~'); }
static inline int isgraph(int c)	{ return __in_range(c, '!', '~'); }
static inline int iscntrl(int c)	{ return __in_range(c, 0, 31) || c == 127; }
static inline int ispunct(int c)	{ return isgraph(c) && !isalnum(c); }
static inline int toupper(int c)	{ return islower(c) ? c - 'a' + 'A' : c; }
static inline int tolower(int c)	{ return isupper(c) ? c - 'A' + 'a' : c; }

#endif /* OCTAVO_LIB_CTYPE_H */
