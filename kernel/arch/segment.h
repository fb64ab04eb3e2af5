/*
 * kernel/arch/segment.h - the selectors of the global descriptor table.
 *
 * Theory.  A selector is a table index (bits 15..3), a table choice (bit 2: 1 =
 * LDT) and a requested privilege level (bits 1..0).  Segmentation cannot be
 * switched off, so it is made to do nothing: all four code and data segments
 * start at 0 and reach 4G.  A logical address then equals the linear address,
 * and protection rests on paging, and on the DPL that separates ring 0 from 3.
 *
 *	0  null                   6..8  TLS (set_thread_area), one set per task
 *	2  __KERNEL_CS  0x10         9  TSS: esp0, the stack for ring 3 -> 0
 *	3  __KERNEL_DS  0x18        10  LDT: one null entry; nobody has an LDT
 *	4  __USER_CS    0x23        11  TSS of the double-fault task
 *	5  __USER_DS    0x2B         1  not used
 *
 * References: Intel SDM volume 3, sections 3.4.2 and 3.4.5.
 */
#ifndef OCTAVO_KERNEL_ARCH_SEGMENT_H
#define OCTAVO_KERNEL_ARCH_SEGMENT_H

#define GDT_ENTRY_KERNEL_CS	2
#define GDT_ENTRY_KERNEL_DS	3
#define GDT_ENTRY_USER_CS	4
#define GDT_ENTRY_USER_DS	5
#define GDT_ENTRY_TLS_MIN	6
#define GDT_ENTRY_TLS_ENTRIES	3
#define GDT_ENTRY_TLS_MAX	(GDT_ENTRY_TLS_MIN + GDT_ENTRY_TLS_ENTRIES - 1)
#define GDT_ENTRY_TSS		9
#define GDT_ENTRY_LDT		10
#define GDT_ENTRY_DOUBLEFAULT_TSS 11
#define GDT_ENTRIES		12

#define __KERNEL_CS		0x10
#define __KERNEL_DS		0x18
#define __USER_CS		0x23
#define __USER_DS		0x2B
#define __TSS_SELECTOR		(GDT_ENTRY_TSS * 8)
#define __LDT_SELECTOR		(GDT_ENTRY_LDT * 8)
#define __DOUBLEFAULT_TSS	(GDT_ENTRY_DOUBLEFAULT_TSS * 8)

/* Access bytes: present, DPL, system/code/data and type. */
#define DESC_KERNEL_CODE	0x9a	/* P, DPL 0, code, readable */
#define DESC_KERNEL_DATA	0x92	/* P, DPL 0, data, writable */
#define DESC_USER_CODE		0xfa
#define DESC_USER_DATA		0xf2
#define DESC_TSS_AVAILABLE	0x89
#define DESC_LDT		0x82
#define DESC_DPL(access)	(((access) >> 5) & 3)

#ifndef __ASSEMBLER__
#include <lib/compiler.h>
#include <lib/types.h>

/* A descriptor's two words: limit and base are scattered over both (figure 3-8). */
struct desc_struct {
	u32 a, b;
};
static_assert(sizeof(struct desc_struct) == 8, "a descriptor is 8 bytes");
static_assert(__USER_CS == (GDT_ENTRY_USER_CS << 3 | 3), "selector = index, RPL 3");
static_assert(__USER_DS == (GDT_ENTRY_USER_DS << 3 | 3), "selector = index, RPL 3");
#endif

#endif
