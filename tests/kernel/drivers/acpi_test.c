/* tests/kernel/drivers/acpi_test.c - what ACPI and the MP table said is consistent. */
#include <kernel/arch/mpspec.h>
#include <kernel/arch/reboot.h>
#include <kernel/core/ktest.h>
#include <kernel/drivers/acpi.h>
#include <lib/string.h>

KTEST(acpi, processors_differ)
{
	if (!mp_config.source) {
		ktest_skip(t, "the firmware has no table of processors");
		return;
	}
	KEXPECT(t, mp_config.nr_cpus >= 1 && mp_config.nr_cpus <= MAX_APICS);
	for (unsigned int i = 0; i < mp_config.nr_cpus; i++)
		for (unsigned int j = 0; j < i; j++)
			KEXPECT(t, mp_config.cpu_apic_id[i] != mp_config.cpu_apic_id[j]);
	KEXPECT_EQ(t, mp_config.lapic_address & 0xfff, 0u);
}

/* The FADT, and the large DSDT with its checksum, were read: QEMU's firmware has them. */
KTEST(acpi, soft_off_is_described)
{
	if (!mp_config.source || strcmp(mp_config.source, "ACPI")) {
		ktest_skip(t, "no ACPI");
		return;
	}
	KEXPECT(t, acpi_soft_off.pm1a_control != 0);
}
