/*
 * kernel/drivers/acpi.h - the firmware's tables about the machine.
 *
 * Read once at boot, while memory management has mapped nothing but the kernel:
 *
 *	RSDP	in the BIOS area, by its signature; names the
 *	RSDT	whose entries are the physical addresses of all others:
 *	MADT	processors and I/O APICs: into mp_config (kernel/arch/mpspec.h)
 *	FADT	power management ports: soft-off; names the
 *	DSDT	of whose byte code we look at one object, _S5: how soft-off is written
 *	SRAT	which processors and which memory belong to which node
 *	SLIT	how far the nodes are from each other
 *
 * Nothing is believed without its checksum.  Tables are not kept: what matters
 * of them is in the structures here.
 *
 * Reference: ACPI 6.4, chapter 5.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_ACPI_H
#define OCTAVO_KERNEL_DRIVERS_ACPI_H

#include <kernel/arch/page.h>
#include <lib/types.h>

#define ACPI_MAX_NODES		8
#define ACPI_MAX_RANGES		32
#define ACPI_LOCAL_DISTANCE	10
#define ACPI_REMOTE_DISTANCE	20	/* where no SLIT says otherwise */

/* A range of memory and its node, from SRAT. */
struct acpi_memory_affinity {
	u64 start, size;
	u8 node;
};

struct acpi_numa {
	unsigned int nr_nodes;			/* 0: no SRAT */
	u32 domain[ACPI_MAX_NODES];		/* the firmware's number of each node */
	unsigned int nr_ranges;
	struct acpi_memory_affinity range[ACPI_MAX_RANGES];
	u8 node_of_apic[256];			/* 0 where nothing is said */
	u8 distance[ACPI_MAX_NODES][ACPI_MAX_NODES];
};
extern struct acpi_numa acpi_numa;		/* [c] after acpi_init() */

/*
 * Find and read them all; tell kernel/arch/reboot.c how to switch off.
 * => paging_init() is done; mp_config is ACPI's, or reset if there is no MADT
 */
void acpi_init(void);
/* The MP table, if mp_config is still empty. => as acpi_init() */
void mptable_init(void);

/* Copy physical memory through a window of the fixmap. => boot, one processor */
void firmware_read(void *dst, phys_addr_t phys, size_t len);
/* Sum of @len bytes, modulo 256. */
u8 firmware_checksum(phys_addr_t phys, size_t len);
/* The first 16-byte step in [start, end) that has @signature. => 0 if there is none */
phys_addr_t firmware_scan(phys_addr_t start, phys_addr_t end, const char *signature, size_t len);

#endif
