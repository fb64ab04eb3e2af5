/*
 * kernel/core/bootinfo.h - what the loader told us, copied to where we own it.
 *
 * boot/setup.c fills these before anything else runs; afterwards they are
 * constant.  The memory map is the firmware's, entry by entry, in the e820
 * types; memblock holds what was made of it.  A module is a range of physical
 * memory that the loader filled from a file (the root archive); the range is
 * reserved, and freed by whoever has consumed it.
 */
#ifndef OCTAVO_KERNEL_CORE_BOOTINFO_H
#define OCTAVO_KERNEL_CORE_BOOTINFO_H

#include <kernel/arch/page.h>
#include <lib/types.h>

#define E820_RAM	1
#define E820_RESERVED	2
#define E820_ACPI	3
#define E820_NVS	4
#define E820_UNUSABLE	5
#define E820_MAX	64

struct e820_entry {
	u64 addr;
	u64 size;
	u32 type;
};

extern struct e820_entry e820_map[E820_MAX];	/* [c] */
extern unsigned int nr_e820;			/* [c] */
const char *e820_type_name(u32 type);

#define BOOT_MODULES_MAX 8

struct boot_module {
	phys_addr_t start;	/* page aligned */
	phys_addr_t end;	/* first byte behind the file's contents */
	char cmdline[64];
};

extern struct boot_module boot_modules[BOOT_MODULES_MAX];	/* [c] */
extern unsigned int nr_boot_modules;				/* [c] */

#endif
