/*
 * lib/err.h - a pointer or an error number, in one word.
 *
 * Theory.  A function that returns a pointer and can fail in several ways returns ERR_PTR of
 * a negative error number.  The numbers -MAX_ERRNO..-1 read as addresses are the last page of
 * the address space, which is never mapped: an unchecked error pointer faults at its first
 * use instead of corrupting something.
 *
 * NULL is not an error pointer.  A function's contract says whether its failures are NULL
 * ("no memory" or "not there", nothing to tell apart) or ERR_PTR; it never mixes the two.
 */
#ifndef OCTAVO_LIB_ERR_H
#define OCTAVO_LIB_ERR_H

#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/types.h>

#define IS_ERR_VALUE(x)	unlikely((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

static inline void *__must_check ERR_PTR(long error)
{
	return (void *)error;
}

static inline long __must_check PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool __must_check IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE(ptr);
}

static inline bool __must_check IS_ERR_OR_NULL(const void *ptr)
{
	return unlikely(!ptr) || IS_ERR_VALUE(ptr);
}

/* An error pointer of one type as an error pointer of another. */
static inline void *__must_check ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

static inline int __must_check PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

#endif /* OCTAVO_LIB_ERR_H */
