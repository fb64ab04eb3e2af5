/*
 * kernel/drivers/firmware.c - looking at what the firmware left in memory.
 *
 * Tables may lie anywhere below 4G: in the BIOS area, at the end of RAM, in
 * memory that no zone has.  All of it is looked at through one window, a slot
 * of the fixmap, a page at a time, so that nothing depends on what is mapped.
 */
#include <kernel/drivers/acpi.h>

#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/fixmap.h>

void __init firmware_read(void *dst, phys_addr_t phys, size_t len)
{
	while (len) {
		size_t offset = phys & ~PAGE_MASK;
		size_t chunk = min(len, (size_t)(PAGE_SIZE - offset));

		set_fixmap(FIX_ACPI_BEGIN, phys & PAGE_MASK);
		memcpy(dst, (char *)fix_to_virt(FIX_ACPI_BEGIN) + offset, chunk);
		clear_fixmap(FIX_ACPI_BEGIN);
		dst = (char *)dst + chunk;
		phys += chunk;
		len -= chunk;
	}
}

u8 __init firmware_checksum(phys_addr_t phys, size_t len)
{
	const u8 *window = (const u8 *)fix_to_virt(FIX_ACPI_BEGIN);
	u8 sum = 0;

	while (len) {
		size_t offset = phys & ~PAGE_MASK;
		size_t chunk = min(len, (size_t)(PAGE_SIZE - offset));

		set_fixmap(FIX_ACPI_BEGIN, phys & PAGE_MASK);
		for (size_t i = 0; i < chunk; i++)
			sum += window[offset + i];
		phys += chunk;
		len -= chunk;
	}
	clear_fixmap(FIX_ACPI_BEGIN);
	return sum;
}

phys_addr_t __init firmware_scan(phys_addr_t start, phys_addr_t end, const char *signature,
				 size_t len)
{
	const char *window = (const char *)fix_to_virt(FIX_ACPI_BEGIN);
	phys_addr_t found = 0;

	for (start = ALIGN(start, 16); start < end && !found; ) {
		set_fixmap(FIX_ACPI_BEGIN, start & PAGE_MASK);
		do {
			if (memcmp(window + (start & ~PAGE_MASK), signature, len) == 0)
				found = start;
			start += 16;
		} while (!found && start < end && (start & ~PAGE_MASK));
	}
	clear_fixmap(FIX_ACPI_BEGIN);
	return found;
}
