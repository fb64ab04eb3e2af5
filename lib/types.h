/*
 * lib/types.h - the integer types, under Linux's names.
 *
 * Theory.  u8..u64 and s8..s64 say their width and are used wherever a width matters: page
 * tables, descriptors, disk blocks, anything shared with hardware or with ring 3.  Plain int
 * and unsigned long are used everywhere else; unsigned long is the machine word and always
 * holds a pointer.  u64 is unsigned long long on every machine, so that %llu fits it.
 *
 * In the kernel the types come from the compiler's own macros: no header of a C library is
 * read.  On the host the C library's names are taken from the C library.  phys_addr_t is not
 * here: its width is a property of the machine (kernel/arch/page.h).
 *
 * References: System V ABI, i386 supplement, "Machine Interface".
 */
#ifndef OCTAVO_LIB_TYPES_H
#define OCTAVO_LIB_TYPES_H

#ifndef __OCTAVO__
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>
#endif

#include <lib/compiler.h>

#define BITS_PER_BYTE	8
#define BITS_PER_LONG	(__SIZEOF_LONG__ * BITS_PER_BYTE)

typedef unsigned char		u8;
typedef unsigned short		u16;
typedef unsigned int		u32;
typedef unsigned long long	u64;
typedef signed char		s8;
typedef short			s16;
typedef int			s32;
typedef long long		s64;

#ifdef __OCTAVO__

#define NULL			((void *)0)

typedef _Bool			bool;
#define true			1
#define false			0

typedef __SIZE_TYPE__		size_t;
typedef int			ssize_t;
typedef __PTRDIFF_TYPE__	ptrdiff_t;
typedef __UINTPTR_TYPE__	uintptr_t;
typedef __INTPTR_TYPE__		intptr_t;
typedef __UINT8_TYPE__		uint8_t;
typedef __UINT16_TYPE__		uint16_t;
typedef __UINT32_TYPE__		uint32_t;
typedef __UINT64_TYPE__		uint64_t;
typedef __INT8_TYPE__		int8_t;
typedef __INT16_TYPE__		int16_t;
typedef __INT32_TYPE__		int32_t;
typedef __INT64_TYPE__		int64_t;

typedef long long		loff_t;
typedef long			off_t;
typedef int			pid_t;
typedef u32			uid_t;
typedef u32			gid_t;
typedef u32			dev_t;
typedef unsigned long		ino_t;
typedef unsigned short		nlink_t;
typedef long			time_t;
typedef long			clock_t;
typedef int			clockid_t;

static_assert(sizeof(size_t) == sizeof(ssize_t));

#endif /* __OCTAVO__ */

typedef unsigned short		umode_t;
typedef unsigned long long	sector_t;

static_assert(sizeof(u8) == 1 && sizeof(u16) == 2 && sizeof(u32) == 4 && sizeof(u64) == 8);
static_assert(sizeof(unsigned long) == sizeof(void *));

#endif /* OCTAVO_LIB_TYPES_H */
