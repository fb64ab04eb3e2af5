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
 *	SLIT	how far the nodes are from each other: both into numa_tables
 *		(mm/phys/numa.h), where they are judged
 *
 * Nothing is believed without its checksum.  Tables are not kept.
 *
 * Reference: ACPI 6.4, chapter 5.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_ACPI_H
#define OCTAVO_KERNEL_DRIVERS_ACPI_H

#include <kernel/arch/page.h>
#include <lib/types.h>

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
