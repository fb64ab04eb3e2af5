/*
 * kernel/arch/mpspec.c - the description that ACPI or the MP table fills in.
 *
 * Firmware lists at times name a processor twice or more of them than fit; what
 * does not fit is refused here, and the reader of the table says so.
 */
#include <kernel/arch/mpspec.h>

#include <lib/string.h>

struct mp_config mp_config;

void mp_config_reset(const char *source)
{
	memset(&mp_config, 0, sizeof(mp_config));
	mp_config.source = source;
	mp_config.lapic_address = APIC_DEFAULT_PHYS_BASE;
	for (unsigned int i = 0; i < ISA_IRQS; i++)
		mp_config.isa_irq[i] = (struct mp_isa_irq){ .gsi = i, .flags = MP_BUS_DEFAULT };
}

bool mp_add_cpu(u8 apic_id)
{
	for (unsigned int i = 0; i < mp_config.nr_cpus; i++)
		if (mp_config.cpu_apic_id[i] == apic_id)
			return false;
	if (mp_config.nr_cpus == MAX_APICS)
		return false;
	mp_config.cpu_apic_id[mp_config.nr_cpus++] = apic_id;
	return true;
}

bool mp_add_io_apic(u8 id, u32 address, u32 gsi_base)
{
	if (mp_config.nr_io_apics == MAX_IO_APICS || !address)
		return false;
	mp_config.io_apic[mp_config.nr_io_apics++] =
		(struct mp_io_apic){ .id = id, .address = address, .gsi_base = gsi_base };
	return true;
}
