/* tests/kernel/drivers/acpi_test.c - what ACPI and the MP table said is consistent. */
#include <kernel/arch/mpspec.h>
#include <kernel/core/ktest.h>
#include <kernel/drivers/acpi.h>

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

KTEST(acpi, distances)
{
	for (unsigned int i = 0; i < acpi_numa.nr_nodes; i++) {
		KEXPECT_EQ(t, acpi_numa.distance[i][i], ACPI_LOCAL_DISTANCE);
		for (unsigned int j = 0; j < acpi_numa.nr_nodes; j++)
			KEXPECT(t, i == j || acpi_numa.distance[i][j] > ACPI_LOCAL_DISTANCE);
	}
	for (unsigned int i = 0; i < acpi_numa.nr_ranges; i++)
		KEXPECT(t, acpi_numa.range[i].node < acpi_numa.nr_nodes);
}
