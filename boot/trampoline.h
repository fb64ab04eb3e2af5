/*
 * boot/trampoline.h - the page in which other processors begin.
 *
 * TRAMPOLINE_PHYS is reserved by boot/setup.c; its number / 4096 is the vector
 * of the STARTUP IPI.
 */
#ifndef OCTAVO_BOOT_TRAMPOLINE_H
#define OCTAVO_BOOT_TRAMPOLINE_H

#define TRAMPOLINE_PHYS	0x8000

#ifndef __ASSEMBLER__
#include <lib/types.h>

/* The words at trampoline_data. */
struct trampoline_data {
	u32 pgd;	/* physical */
	u32 cr4;
	u32 efer;	/* 0: left as it is */
	u32 esp;
	u32 entry;	/* jumped to, on that stack, interrupts off */
};

extern char trampoline_start[], trampoline_data[], trampoline_end[];
#endif

#endif
