/*
 * kernel/drivers/acpi.c - finding ACPI's tables, and what they say.
 *
 * Theory.  See acpi.h for the chain from RSDP to the tables.  A table is a
 * header with its length and a checksum that makes all its bytes add up to 0;
 * MADT and SRAT are a header and a list of entries {type, length, ...}, of which
 * unknown types are stepped over.
 *
 * Soft-off is "write SLP_TYP and SLP_EN to PM1a control".  The port is in FADT;
 * the value of SLP_TYP for state S5 is an object of the DSDT, whose byte code we
 * do not interpret.  But `Name (_S5, Package () {a, b, ...})` compiles to
 *
 *	08 '_' 'S' '5' '_'  12 PkgLength NumElements  a b ...
 *
 * with small numbers as 00, 01 or 0A nn, which is found and read as it stands.
 */
#include <kernel/drivers/acpi.h>

#include <kernel/arch/mpspec.h>
#include <kernel/arch/reboot.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/printk.h>
#include <kernel/drivers/acpi_tables.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/numa.h>

#define EBDA_POINTER	0x40e		/* real-mode segment of the extended BIOS data */
#define BIOS_AREA	0xe0000
#define BIOS_AREA_END	0x100000
#define MAX_LENGTH	(1u << 20)	/* a longer table is not one */
#define MAX_TABLES	64
#define S5_SIZE		16		/* bytes of _S5's object that are looked at */

/* ---- finding tables -------------------------------------------------------------------------- */

static phys_addr_t __init find_rsdp(struct acpi_rsdp *rsdp)
{
	phys_addr_t start[2] = { 0, BIOS_AREA }, end[2] = { 0, BIOS_AREA_END }, at;
	u16 segment;

	firmware_read(&segment, EBDA_POINTER, sizeof(segment));
	if (segment >= 0x8000 && segment < 0xa000) {
		start[0] = (phys_addr_t)segment << 4;
		end[0] = start[0] + 1024;
	}
	for (int i = 0; i < 2; i++) {
		for (at = start[i]; at < end[i]; at += 16) {
			at = firmware_scan(at, end[i], "RSD PTR ", 8);
			if (!at)
				break;
			if (firmware_checksum(at, sizeof(*rsdp)))
				continue;
			firmware_read(rsdp, at, sizeof(*rsdp));
			return at;
		}
	}
	return 0;
}

/* Read and check a header. => false, with a word in the log, if it is no table */
static bool __init read_header(phys_addr_t at, struct acpi_header *header)
{
	firmware_read(header, at, sizeof(*header));
	if (header->length < sizeof(*header) || header->length > MAX_LENGTH ||
	    at + header->length < at) {
		pr_warn("ACPI: no table at 0x%08llx\n", (u64)at);
		return false;
	}
	if (firmware_checksum(at, header->length)) {
		pr_warn("ACPI: %.4s at 0x%08llx: wrong checksum, ignored\n", header->signature,
			(u64)at);
		return false;
	}
	return true;
}

/* Read at most @size bytes of the entry at @at. => its length; 0: the list is broken or over */
static u8 __init read_entry(phys_addr_t at, phys_addr_t end, void *buf, size_t size)
{
	struct acpi_entry entry;

	if (end - at < sizeof(entry))
		return 0;
	firmware_read(&entry, at, sizeof(entry));
	if (entry.length < sizeof(entry) || entry.length > end - at)
		return 0;
	memset(buf, 0, size);
	firmware_read(buf, at, min(size, (size_t)entry.length));
	return entry.length;
}

/* ---- MADT ------------------------------------------------------------------------------------ */

union madt_entry {
	struct acpi_entry entry;
	struct acpi_madt_lapic lapic;
	struct acpi_madt_io_apic io_apic;
	struct acpi_madt_override override;
	struct acpi_madt_lapic_address address;
};

static void __init madt_entry(const union madt_entry *e)
{
	switch (e->entry.type) {
	case ACPI_MADT_LAPIC:
		if ((e->lapic.flags & ACPI_LAPIC_ENABLED) && !mp_add_cpu(e->lapic.apic_id))
			pr_warn("ACPI: processor with APIC id %u is ignored\n", e->lapic.apic_id);
		break;
	case ACPI_MADT_IO_APIC:
		if (!mp_add_io_apic(e->io_apic.id, e->io_apic.address, e->io_apic.gsi_base))
			pr_warn("ACPI: I/O APIC %u is ignored\n", e->io_apic.id);
		break;
	case ACPI_MADT_INT_OVERRIDE:
		if (!e->override.bus && e->override.source < ISA_IRQS)
			mp_config.isa_irq[e->override.source] =
				(struct mp_isa_irq){ e->override.gsi, e->override.flags };
		break;
	case ACPI_MADT_LAPIC_ADDRESS:
		if (!(e->address.address >> 32))
			mp_config.lapic_address = (u32)e->address.address;
		break;
	}
}

static void __init read_madt(phys_addr_t at, const struct acpi_header *header)
{
	phys_addr_t end = at + header->length;
	struct acpi_madt madt;
	union madt_entry e;
	u8 length;

	firmware_read(&madt, at, sizeof(madt));
	mp_config_reset("ACPI");
	mp_config.lapic_address = madt.lapic_address;
	at += sizeof(madt);
	while (at < end && (length = read_entry(at, end, &e, sizeof(e)))) {
		madt_entry(&e);
		at += length;
	}
	pr_info("ACPI: %u processor(s), %u I/O APIC(s)\n", mp_config.nr_cpus,
		mp_config.nr_io_apics);
}

/* ---- FADT and soft-off ----------------------------------------------------------------------- */

/* One small integer of byte code at *@p. => -1: it is something else */
static int __init aml_small_int(const u8 **p, const u8 *end)
{
	if (*p < end && **p <= 1)
		return *(*p)++;
	if (end - *p >= 2 && **p == 0x0a) {
		*p += 2;
		return (*p)[-1];
	}
	return -1;
}

/* The sleep types of the package that follows _S5's name. => -1, or b << 8 | a */
static int __init parse_s5(const u8 *p, const u8 *end)
{
	int a, b;

	if (end - p < 3 || *p++ != 0x12)
		return -1;
	p += 1 + (*p >> 6);		/* PkgLength: the top two bits say how many more bytes */
	p++;				/* NumElements */
	a = aml_small_int(&p, end);
	b = aml_small_int(&p, end);
	return a < 0 ? -1 : max(b, 0) << 8 | a;
}

static int __init find_s5(phys_addr_t dsdt)
{
	const u32 name = '_' | 'S' << 8 | '5' << 16 | (u32)'_' << 24;
	struct acpi_header header;
	u8 bytes[512];
	int type;

	if (!dsdt || !read_header(dsdt, &header) || memcmp(header.signature, "DSDT", 4) != 0)
		return -1;
	/* Windows overlap, so that the object lies whole in one of them. */
	for (u32 at = sizeof(header); at + S5_SIZE < header.length; at += sizeof(bytes) - S5_SIZE) {
		size_t n = min(sizeof(bytes), (size_t)(header.length - at));

		firmware_read(bytes, dsdt + at, n);
		for (size_t i = 1; i + 4 < n; i++) {
			if (*(const u32 *)(bytes + i) != name)
				continue;
			type = parse_s5(bytes + i + 4, bytes + n);
			if (type >= 0)
				return type;
		}
	}
	return -1;
}

static void __init read_fadt(phys_addr_t at, const struct acpi_header *header)
{
	struct acpi_fadt fadt;
	int type;

	if (header->length < sizeof(fadt))
		return;
	firmware_read(&fadt, at, sizeof(fadt));
	type = find_s5(fadt.dsdt);
	if (!fadt.pm1a_cnt_blk || type < 0) {
		pr_warn("ACPI: soft-off is not described\n");
		return;
	}
	acpi_soft_off = (struct acpi_soft_off){
		.pm1a_control = (u16)fadt.pm1a_cnt_blk, .pm1b_control = (u16)fadt.pm1b_cnt_blk,
		.sleep_type_a = type & 7, .sleep_type_b = type >> 8 & 7,
		.smi_command = (u16)fadt.smi_cmd, .acpi_enable = fadt.acpi_enable,
	};
	pr_info("ACPI: soft-off by port 0x%x, type %d\n", acpi_soft_off.pm1a_control, type & 7);
}

/* ---- SRAT and SLIT --------------------------------------------------------------------------- */

static void __init srat_memory(const struct acpi_srat_memory *m)
{
	if (!(m->flags & ACPI_SRAT_ENABLED) || !m->length)
		return;
	numa_add_memory(&numa_tables, m->domain, m->base, m->length);
	pr_info("ACPI: SRAT: domain %u: [mem 0x%08llx-0x%08llx]\n", m->domain, m->base,
		m->base + m->length - 1);
}

static void __init srat_cpu(const struct acpi_srat_cpu *c)
{
	u32 domain = c->domain_low | (u32)c->domain_high[0] << 8 |
		     (u32)c->domain_high[1] << 16 | (u32)c->domain_high[2] << 24;

	if (c->flags & ACPI_SRAT_ENABLED)
		numa_add_cpu(&numa_tables, domain, c->apic_id);
}

static void __init read_srat(phys_addr_t at, const struct acpi_header *header)
{
	union {
		struct acpi_entry entry;
		struct acpi_srat_cpu cpu;
		struct acpi_srat_memory memory;
	} e;
	phys_addr_t end = at + header->length;
	u8 length;

	at += ACPI_SRAT_HEADER;
	while (at < end && (length = read_entry(at, end, &e, sizeof(e)))) {
		if (e.entry.type == ACPI_SRAT_CPU)
			srat_cpu(&e.cpu);
		else if (e.entry.type == ACPI_SRAT_MEMORY)
			srat_memory(&e.memory);
		at += length;
	}
}

/* The table is indexed by proximity domain. => after read_srat() */
static void __init read_slit(phys_addr_t at, const struct acpi_header *header)
{
	struct acpi_slit slit;
	u64 n;

	if (header->length < sizeof(slit))
		return;
	firmware_read(&slit, at, sizeof(slit));
	n = slit.localities;
	if (n > 255 || header->length < sizeof(slit) + n * n)
		return;
	for (unsigned int i = 0; i < numa_tables.nr_domains; i++) {
		for (unsigned int j = 0; j < numa_tables.nr_domains; j++) {
			u32 from = numa_tables.domain[i], to = numa_tables.domain[j];

			if (from < n && to < n)
				firmware_read(&numa_tables.distance[i][j],
					      at + sizeof(slit) + from * (u32)n + to, 1);
		}
	}
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct {
	char signature[5];
	void (*read)(phys_addr_t at, const struct acpi_header *header);
} readers[] __initdata = {
	{ "APIC", read_madt },
	{ "FACP", read_fadt },
	{ "SRAT", read_srat },
	{ "SLIT", read_slit },
};

static void __init read_tables(phys_addr_t rsdt, const struct acpi_header *header,
			       unsigned int reader)
{
	unsigned int count = min((header->length - sizeof(*header)) / 4, (size_t)MAX_TABLES);

	for (unsigned int i = 0; i < count; i++) {
		struct acpi_header table;
		u32 at;

		firmware_read(&at, rsdt + sizeof(*header) + 4 * i, sizeof(at));
		firmware_read(&table, at, sizeof(table));
		if (memcmp(table.signature, readers[reader].signature, 4) == 0 &&
		    read_header(at, &table))
			readers[reader].read(at, &table);
	}
}

void __init acpi_init(void)
{
	struct acpi_header header;
	struct acpi_rsdp rsdp;
	phys_addr_t at;

	mp_config_reset(NULL);
	numa_tables_reset(&numa_tables);
	if (cmdline_has("noacpi"))
		return;
	at = find_rsdp(&rsdp);
	if (!at) {
		pr_info("ACPI: no tables\n");
		return;
	}
	pr_info("ACPI: RSDP at 0x%08llx, RSDT at 0x%08x (%.6s)\n", (u64)at, rsdp.rsdt_address,
		rsdp.oem_id);
	if (!read_header(rsdp.rsdt_address, &header) || memcmp(header.signature, "RSDT", 4) != 0)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(readers); i++)
		read_tables(rsdp.rsdt_address, &header, i);
}
