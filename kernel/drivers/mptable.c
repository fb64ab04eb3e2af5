/*
 * kernel/drivers/mptable.c - the MP table, where there is no ACPI.
 *
 * Theory.  A 16-byte floating pointer, "_MP_", lies in the extended BIOS data,
 * in the last kilobyte of base memory, or in the BIOS; it names the table, "PCMP",
 * a header and a list of entries whose type gives their length: 20 bytes for a
 * processor, 8 for all others.  Buses have numbers; interrupt entries say which
 * line of which bus arrives at which input of which I/O APIC.
 *
 * Reference: Intel MultiProcessor Specification 1.4, chapter 4.
 */
#include <kernel/drivers/acpi.h>

#include <kernel/arch/mpspec.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/printk.h>
#include <lib/compiler.h>
#include <lib/string.h>

struct mp_floating {
	char signature[4];
	u32 table;
	u8 length, revision, checksum, default_type;
	u8 features;		/* bit 7: the IMCR is there */
	u8 reserved[3];
} __packed;
static_assert(sizeof(struct mp_floating) == 16, "MP 4.1");

struct mp_header {
	char signature[4];
	u16 length;
	u8 revision, checksum;
	char oem[20];
	u32 oem_table;
	u16 oem_size, entries;
	u32 lapic;
	u32 reserved;
} __packed;
static_assert(sizeof(struct mp_header) == 44, "MP 4.2");

enum { MP_PROCESSOR, MP_BUS, MP_IO_APIC, MP_IO_INT, MP_LOCAL_INT, MP_TYPES };
static const u8 mp_entry_size[MP_TYPES] = { 20, 8, 8, 8, 8 };

union mp_entry {
	u8 type;
	struct {
		u8 type, apic_id, version, flags;
	} cpu;
	struct {
		u8 type, id;
		char name[6];
	} bus;
	struct {
		u8 type, id, version, flags;
		u32 address;
	} io_apic;
	struct {
		u8 type, kind;
		u16 flags;
		u8 bus, line, apic, input;
	} irq;
};
static_assert(sizeof(union mp_entry) == 8, "MP 4.3");

static u8 isa_bus __initdata = 0xff;

static void __init mp_entry(const union mp_entry *e)
{
	switch (e->type) {
	case MP_PROCESSOR:
		if ((e->cpu.flags & 1) && !mp_add_cpu(e->cpu.apic_id))
			pr_warn("MP: processor with APIC id %u is ignored\n", e->cpu.apic_id);
		break;
	case MP_BUS:
		if (memcmp(e->bus.name, "ISA", 3) == 0)
			isa_bus = e->bus.id;
		break;
	case MP_IO_APIC:
		/* The inputs of the first count from 0; no line of ISA is on another. */
		if ((e->io_apic.flags & 1) && !mp_config.nr_io_apics)
			mp_add_io_apic(e->io_apic.id, e->io_apic.address, 0);
		break;
	case MP_IO_INT:
		if (!e->irq.kind && e->irq.bus == isa_bus && e->irq.line < ISA_IRQS)
			mp_config.isa_irq[e->irq.line] =
				(struct mp_isa_irq){ e->irq.input, e->irq.flags };
		break;
	}
}

static phys_addr_t __init find_floating(struct mp_floating *mpf)
{
	static const phys_addr_t area[][2] __initdata = {
		{ 0x9fc00, 0xa0000 }, { 0xf0000, 0x100000 },
	};
	phys_addr_t at;

	for (int i = 0; i < 2; i++) {
		at = firmware_scan(area[i][0], area[i][1], "_MP_", 4);
		if (at && !firmware_checksum(at, sizeof(*mpf))) {
			firmware_read(mpf, at, sizeof(*mpf));
			return at;
		}
	}
	return 0;
}

void __init mptable_init(void)
{
	struct mp_floating mpf;
	struct mp_header header;
	union mp_entry e;
	u32 at;

	if (mp_config.nr_cpus || cmdline_has("nomp") || !find_floating(&mpf) || !mpf.table)
		return;
	firmware_read(&header, mpf.table, sizeof(header));
	if (memcmp(header.signature, "PCMP", 4) != 0 || firmware_checksum(mpf.table, header.length)) {
		pr_warn("MP: no valid table at 0x%08x\n", mpf.table);
		return;
	}
	mp_config_reset("MP table");
	mp_config.lapic_address = header.lapic;
	mp_config.imcr = mpf.features & 0x80;
	at = mpf.table + sizeof(header);
	for (u16 i = 0; i < header.entries; i++) {
		firmware_read(&e, at, sizeof(e));
		if (e.type >= MP_TYPES)
			break;
		mp_entry(&e);
		at += mp_entry_size[e.type];
	}
	pr_info("MP: %u processor(s), %u I/O APIC(s)\n", mp_config.nr_cpus, mp_config.nr_io_apics);
}
