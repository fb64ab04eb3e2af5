/*
 * kernel/drivers/acpi_tables.h - the layout of ACPI's tables.
 *
 * Only the fields that are read have names of their own.
 * Reference: ACPI 6.4, sections 5.2.5 - 5.2.17; the numbers are in the asserts.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_ACPI_TABLES_H
#define OCTAVO_KERNEL_DRIVERS_ACPI_TABLES_H

#include <lib/compiler.h>
#include <lib/types.h>

struct acpi_rsdp {
	char signature[8];	/* "RSD PTR " */
	u8 checksum;		/* of the first 20 bytes */
	char oem_id[6];
	u8 revision;
	u32 rsdt_address;
} __packed;
static_assert(sizeof(struct acpi_rsdp) == 20, "ACPI 5.2.5.3");

struct acpi_header {
	char signature[4];
	u32 length;		/* with this header */
	u8 revision;
	u8 checksum;
	char oem_id[6];
	char oem_table_id[8];
	u32 oem_revision;
	u32 creator_id;
	u32 creator_revision;
} __packed;
static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

struct acpi_fadt {
	struct acpi_header header;
	u32 firmware_ctrl, dsdt;
	u8 reserved0, preferred_profile;
	u16 sci_int;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	u32 pm1a_evt_blk, pm1b_evt_blk;
	u32 pm1a_cnt_blk, pm1b_cnt_blk;
} __packed;
static_assert(__builtin_offsetof(struct acpi_fadt, smi_cmd) == 48, "ACPI 5.2.9");
static_assert(__builtin_offsetof(struct acpi_fadt, pm1a_cnt_blk) == 64, "ACPI 5.2.9");

struct acpi_madt {
	struct acpi_header header;
	u32 lapic_address;
	u32 flags;
} __packed;

/* MADT and SRAT are lists of these. */
struct acpi_entry {
	u8 type, length;
} __packed;

#define ACPI_MADT_LAPIC			0
#define ACPI_MADT_IO_APIC		1
#define ACPI_MADT_INT_OVERRIDE		2
#define ACPI_MADT_LAPIC_ADDRESS		5
#define ACPI_LAPIC_ENABLED		1u

struct acpi_madt_lapic {
	struct acpi_entry entry;
	u8 processor_id, apic_id;
	u32 flags;
} __packed;
static_assert(sizeof(struct acpi_madt_lapic) == 8, "ACPI 5.2.12.2");

struct acpi_madt_io_apic {
	struct acpi_entry entry;
	u8 id, reserved;
	u32 address, gsi_base;
} __packed;
static_assert(sizeof(struct acpi_madt_io_apic) == 12, "ACPI 5.2.12.3");

struct acpi_madt_override {
	struct acpi_entry entry;
	u8 bus, source;
	u32 gsi;
	u16 flags;
} __packed;
static_assert(sizeof(struct acpi_madt_override) == 10, "ACPI 5.2.12.5");

struct acpi_madt_lapic_address {
	struct acpi_entry entry;
	u16 reserved;
	u64 address;
} __packed;

#define ACPI_SRAT_CPU			0
#define ACPI_SRAT_MEMORY		1
#define ACPI_SRAT_ENABLED		1u

struct acpi_srat_cpu {
	struct acpi_entry entry;
	u8 domain_low, apic_id;
	u32 flags;
	u8 sapic_eid, domain_high[3];
	u32 clock_domain;
} __packed;
static_assert(sizeof(struct acpi_srat_cpu) == 16, "ACPI 5.2.16.1");

struct acpi_srat_memory {
	struct acpi_entry entry;
	u32 domain;
	u16 reserved0;
	u64 base, length;
	u32 reserved1, flags;
	u64 reserved2;
} __packed;
static_assert(sizeof(struct acpi_srat_memory) == 40, "ACPI 5.2.16.2");

#define ACPI_SRAT_HEADER	48	/* the header, then 12 reserved bytes */

struct acpi_slit {
	struct acpi_header header;
	u64 localities;
} __packed;
static_assert(sizeof(struct acpi_slit) == 44, "ACPI 5.2.17");

#endif
