/*
 * kernel/core/kallsyms.c - names for addresses.
 *
 * The arrays come from scripts/kallsyms.  They are weak here: the first link of
 * a build has none, and then every lookup says "unknown".
 */
#include <kernel/core/kallsyms.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

extern const u32 kallsyms_addresses[] __weak;
extern const u32 kallsyms_offsets[] __weak;
extern const char kallsyms_names[] __weak;
extern const u32 kallsyms_num __weak;

extern char _stext[], _etext[], _sinittext[], _einittext[], __ktest_begin[], __ktest_text_end[];

static bool within(unsigned long addr, const char *start, const char *end)
{
	return addr >= (unsigned long)start && addr < (unsigned long)end;
}

bool is_kernel_text(unsigned long addr)
{
	return within(addr, _stext, _etext) || within(addr, _sinittext, _einittext) ||
	       within(addr, __ktest_begin, __ktest_text_end);
}

static unsigned int symbol_count(void)
{
	return &kallsyms_num ? kallsyms_num : 0;
}

const char *kallsyms_lookup(unsigned long addr, unsigned long *offset, unsigned long *size)
{
	unsigned int low = 0, high = symbol_count();
	unsigned int num = high;

	if (!is_kernel_text(addr) || !num || addr < kallsyms_addresses[0])
		return NULL;
	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (kallsyms_addresses[mid] <= addr)
			low = mid;
		else
			high = mid;
	}
	/* Aliases share an address: the first is as good as any, and stable. */
	while (low && kallsyms_addresses[low - 1] == kallsyms_addresses[low])
		low--;
	while (high < num && kallsyms_addresses[high] == kallsyms_addresses[low])
		high++;
	*offset = addr - kallsyms_addresses[low];
	*size = high < num ? kallsyms_addresses[high] - kallsyms_addresses[low] : *offset + 1;
	return kallsyms_names + kallsyms_offsets[low];
}

unsigned long kallsyms_lookup_name(const char *name)
{
	for (unsigned int i = 0; i < symbol_count(); i++)
		if (strcmp(kallsyms_names + kallsyms_offsets[i], name) == 0)
			return kallsyms_addresses[i];
	return 0;
}

int sprint_symbol(char *buf, size_t size, unsigned long addr)
{
	unsigned long offset, length;
	const char *name = kallsyms_lookup(addr, &offset, &length);

	if (!name)
		return scnprintf(buf, size, "0x%08lx", addr);
	return scnprintf(buf, size, "%s+0x%lx/0x%lx", name, offset, length);
}

int sprint_backtrace(char *buf, size_t size, unsigned long addr)
{
	unsigned long offset, length;
	const char *name = kallsyms_lookup(addr - 1, &offset, &length);

	if (!name)
		return scnprintf(buf, size, "0x%08lx", addr);
	return scnprintf(buf, size, "%s+0x%lx/0x%lx", name, offset + 1, length);
}
