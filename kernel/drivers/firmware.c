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
		size_t offset = (size_t)phys & ~PAGE_MASK;
		size_t chunk = min(len, (size_t)(PAGE_SIZE - offset));

		set_fixmap(FIX_ACPI_BEGIN, phys - offset);
		memcpy(dst, (char *)fix_to_virt(FIX_ACPI_BEGIN) + offset, chunk);
		clear_fixmap(FIX_ACPI_BEGIN);
		dst = (char *)dst + chunk;
		phys += chunk;
		len -= chunk;
	}
}

/*
 * Four bytes at a time: the even and the odd ones in two halves of a word each, which hold what
 * 128 words can add to them.
 */
static u8 __init sum_bytes(const u8 *p, size_t len)
{
	u8 sum = 0;

	while (len >= 4) {
		size_t words = min_t(size_t, len / 4, 128);
		u32 halves = 0;

		for (len -= words * 4; words; words--, p += 4) {
			u32 word = *(const u32 *)p;

			halves += (word & 0x00ff00ff) + (word >> 8 & 0x00ff00ff);
		}
		sum = (u8)(sum + halves + (halves >> 16));
	}
	while (len--)
		sum = (u8)(sum + *p++);
	return sum;
}

u8 __init firmware_checksum(phys_addr_t phys, size_t len)
{
	const u8 *window = (const u8 *)fix_to_virt(FIX_ACPI_BEGIN);
	u8 sum = 0;

	while (len) {
		size_t offset = (size_t)phys & ~PAGE_MASK;
		size_t chunk = min(len, (size_t)(PAGE_SIZE - offset));

		set_fixmap(FIX_ACPI_BEGIN, phys - offset);
		sum += sum_bytes(window + offset, chunk);
		phys += chunk;
		len -= chunk;
	}
	clear_fixmap(FIX_ACPI_BEGIN);
	return sum;
}

/* In [@p, @end), at steps of 16. => NULL: not there */
static const char *__init scan_window(const char *p, const char *end, const char *signature,
				      size_t len)
{
	u32 first = *(const u32 *)signature;

	for (; p < end; p += 16)
		if (unlikely(*(const u32 *)p == first) && memcmp(p, signature, len) == 0)
			return p;
	return NULL;
}

phys_addr_t __init firmware_scan(phys_addr_t start, phys_addr_t end, const char *signature,
				 size_t len)
{
	const char *window = (const char *)fix_to_virt(FIX_ACPI_BEGIN);
	phys_addr_t found = 0;

	for (start = ALIGN(start, 16); start < end && !found; ) {
		phys_addr_t page = ALIGN_DOWN(start, (phys_addr_t)PAGE_SIZE);
		const char *at;

		set_fixmap(FIX_ACPI_BEGIN, page);
		at = scan_window(window + (start - page),
				 window + min(end - page, (phys_addr_t)PAGE_SIZE), signature, len);
		if (at)
			found = page + (phys_addr_t)(at - window);
		start = page + PAGE_SIZE;
	}
	clear_fixmap(FIX_ACPI_BEGIN);
	return found;
}
