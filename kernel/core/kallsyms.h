/*
 * kernel/core/kallsyms.h - the kernel's own symbol table.
 *
 * The build links the kernel, lists its functions, and links it again with the
 * table inside (scripts/kallsyms): addresses in ascending order, and for each
 * the offset of its name.  A lookup is a binary search.  Functions only.
 */
#ifndef OCTAVO_KERNEL_CORE_KALLSYMS_H
#define OCTAVO_KERNEL_CORE_KALLSYMS_H

#include <lib/types.h>

#define KSYM_SYMBOL_LEN	96

/* => the function that contains @addr, or NULL; its distance and size in *offset, *size */
const char *kallsyms_lookup(unsigned long addr, unsigned long *offset, unsigned long *size);
/* => its address, or 0 */
unsigned long kallsyms_lookup_name(const char *name);
/* "name+0x12/0x80", or the bare address. => length */
int sprint_symbol(char *buf, size_t size, unsigned long addr);
/* The same for a return address: the function that made the call. */
int sprint_backtrace(char *buf, size_t size, unsigned long addr);
bool is_kernel_text(unsigned long addr);

#endif
