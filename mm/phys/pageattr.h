/*
 * mm/phys/pageattr.h - other rights for pages of the kernel.
 *
 * set_memory_ro(addr, 3) takes the right to write from three pages of the direct map or of a
 * vmalloc area.  If a large page holds them it is cut up first, if all of its parts are alike
 * again they become one again.  Every processor has forgotten the old rights on return.
 */
#ifndef OCTAVO_MM_PHYS_PAGEATTR_H
#define OCTAVO_MM_PHYS_PAGEATTR_H

#include <lib/types.h>

/*
 * => may sleep; 0, or nothing is changed: -EINVAL: not pages of the kernel, -EFAULT: not all are
 *    mapped, -EPERM: code and constants of the kernel stay read-only; or the first pages are
 *    changed: -ENOMEM
 */
int set_memory_ro(unsigned long addr, int numpages);
int set_memory_rw(unsigned long addr, int numpages);
/* Where the processor cannot forbid execution these do nothing. => as above */
int set_memory_nx(unsigned long addr, int numpages);
int set_memory_x(unsigned long addr, int numpages);

/* [c] not rodata=off: code and constants are read-only */
extern bool rodata_enabled;
/* The last word about protection: what only the start writes becomes read-only. */
void mark_rodata_ro(void);

#endif
