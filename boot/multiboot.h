/*
 * boot/multiboot.h - the contract with the loader.
 *
 * A Multiboot 1 loader finds a header in the first 8K of the image, loads the
 * ELF segments, and jumps to the entry in 32-bit protected mode without paging,
 * interrupts off, with MULTIBOOT_BOOTLOADER_MAGIC in eax and the physical
 * address of struct multiboot_info in ebx.  The info and all it points to may
 * lie anywhere in memory that is not the image.
 *
 * Reference: Multiboot Specification version 0.6.96, sections 3.1 and 3.3.
 */
#ifndef OCTAVO_BOOT_MULTIBOOT_H
#define OCTAVO_BOOT_MULTIBOOT_H

#define MULTIBOOT_HEADER_MAGIC		0x1BADB002
#define MULTIBOOT_BOOTLOADER_MAGIC	0x2BADB002

#define MULTIBOOT_PAGE_ALIGN		0x00000001	/* modules start on pages */
#define MULTIBOOT_MEMORY_INFO		0x00000002	/* tell us about memory */

#define MULTIBOOT_INFO_MEMORY		0x00000001
#define MULTIBOOT_INFO_CMDLINE		0x00000004
#define MULTIBOOT_INFO_MODS		0x00000008
#define MULTIBOOT_INFO_MEM_MAP		0x00000040
#define MULTIBOOT_INFO_LOADER_NAME	0x00000200

#ifndef __ASSEMBLER__
#include <lib/compiler.h>
#include <lib/types.h>

struct multiboot_info {
	u32 flags;
	u32 mem_lower, mem_upper;	/* KiB below 640K, and from 1M on */
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
	u32 drives_length, drives_addr;
	u32 config_table;
	u32 boot_loader_name;
};
static_assert(offsetof(struct multiboot_info, mmap_length) == 44, "specification 3.3");
static_assert(offsetof(struct multiboot_info, boot_loader_name) == 64, "specification 3.3");

struct multiboot_module {
	u32 mod_start, mod_end;
	u32 cmdline;
	u32 reserved;
};

/* size counts the bytes after itself, and may grow. */
struct multiboot_mmap_entry {
	u32 size;
	u64 addr;
	u64 len;
	u32 type;
} __packed;
static_assert(sizeof(struct multiboot_mmap_entry) == 24, "specification 3.3");
#endif

#endif
