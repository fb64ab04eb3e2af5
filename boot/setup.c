/*
 * boot/setup.c - take over what the loader left.
 *
 * Theory.  The loader's information may lie anywhere in memory: behind a module
 * of 200 MB, or above the direct map.  Before paging_init() only the first 16M
 * are mapped, so nothing of it is touched in place: early_copy() looks through
 * a window, the last entry of head.S's tables, one page at a time, and what we
 * need is copied to arrays of fixed size.  After setup_arch() the loader's
 * structures are ordinary free memory.
 *
 * Nothing in the information is believed without a check: addresses are used
 * through the window only, counts are cut, strings are bounded, modules that
 * lie outside the RAM that we use, or above the direct map, are dropped.
 *
 * What is reserved: page 0 (the BIOS's data, and the page that physical 0 would
 * name), the page where other processors start, the kernel image, the modules.  Holes and reserved ranges of the map
 * never enter memblock; an entry that contradicts one (RAM overlapping
 * reserved) loses the overlap.
 *
 * mem=N on the command line forgets RAM above N, unless the image lies there.
 *
 * References: Multiboot Specification 0.6.96, section 3.3; ACPI 6.4, section
 * 15.1 (INT 15h, E820h).
 */
#include <boot/setup.h>
#include <boot/multiboot.h>
#include <boot/trampoline.h>
#include <kernel/arch/pgtable.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/tlb.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bootinfo.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/memblock.h>

extern pte_t boot_pg_tables[];		/* head.S; the symbol is a physical address */
extern char _text[], _end[];

#define EARLY_MAPPED	(16UL << 20)	/* what head.S maps */
#define WINDOW_ENTRY	(EARLY_MAPPED / PAGE_SIZE - 1)
#define WINDOW		((char *)PAGE_OFFSET + WINDOW_ENTRY * PAGE_SIZE)

struct e820_entry e820_map[E820_MAX];
unsigned int nr_e820;
struct boot_module boot_modules[BOOT_MODULES_MAX];
unsigned int nr_boot_modules;
static char loader_name[64] __initdata;

/* => to be put back onto WINDOW_ENTRY: it is also ordinary memory of the first 16M */
static void __init move_window(unsigned long pfn)
{
	pte_t *entry = (pte_t *)__va(boot_pg_tables) + WINDOW_ENTRY;

	pte_clear(entry);
	set_pte(entry, pfn_pte(pfn, __pgprot(__PAGE_KERNEL)));
	__flush_tlb_one((unsigned long)WINDOW);
}

/* Copy @len bytes of physical memory, wherever they are below 4G. */
static void __init early_copy(void *dst, u32 phys, size_t len)
{
	while (len) {
		size_t offset = phys & ~PAGE_MASK;
		size_t chunk = min(len, (size_t)(PAGE_SIZE - offset));

		move_window(PFN_DOWN(phys));
		memcpy(dst, WINDOW + offset, chunk);
		dst = (char *)dst + chunk;
		phys += chunk;
		len -= chunk;
	}
	move_window(WINDOW_ENTRY);
}

/*
 * Does the processor take this address?  One that has PAE has 36 bits, but some emulated ones
 * have 32, and an entry with more faults.
 */
static bool __init can_address(u64 phys)
{
	char byte;
	long err;

	if (phys >> 32 == 0)
		return true;
	move_window(PFN_DOWN(phys));
	err = probe_kernel_read(&byte, WINDOW, 1);
	move_window(WINDOW_ENTRY);
	return !err;
}

/* Copy a string of the loader's; too long is cut. => NUL-terminated */
static void __init early_string(char *dst, u32 phys, size_t size)
{
	size_t done = 0;

	while (done < size - 1) {
		size_t chunk = min(size - 1 - done, (size_t)32);

		early_copy(dst + done, phys + done, chunk);
		if (memchr(dst + done, 0, chunk))
			return;
		done += chunk;
	}
	dst[done] = 0;
}

/* The specification leaves open whether the first word is the image's name: QEMU's is. */
static void __init take_command_line(u32 phys)
{
	char *line = boot_command_line;
	char *rest;

	early_string(line, phys, COMMAND_LINE_SIZE);
	if (strcmp(loader_name, "qemu") != 0 && line[0] != '/' && line[0] != '(')
		return;
	rest = strchr(line, ' ');
	if (rest)
		memmove(line, rest + 1, strlen(rest + 1) + 1);
	else
		line[0] = 0;
}

static void __init e820_add(u64 addr, u64 size, u32 type)
{
	if (!size || addr + size < addr)
		return;
	if (nr_e820 == E820_MAX) {
		pr_warn_once("e820: more than %d entries, the rest is ignored\n", E820_MAX);
		return;
	}
	e820_map[nr_e820++] = (struct e820_entry){ addr, size, type };
}

static void __init take_memory_map(const struct multiboot_info *info)
{
	u32 at = info->mmap_addr;
	u32 end = info->mmap_addr + info->mmap_length;

	if (!(info->flags & MULTIBOOT_INFO_MEM_MAP)) {
		if (!(info->flags & MULTIBOOT_INFO_MEMORY))
			panic("the loader says nothing about memory");
		e820_add(0, (u64)info->mem_lower << 10, E820_RAM);
		e820_add(1 << 20, (u64)info->mem_upper << 10, E820_RAM);
		return;
	}
	while (at < end && end - at >= sizeof(struct multiboot_mmap_entry)) {
		struct multiboot_mmap_entry entry;

		early_copy(&entry, at, sizeof(entry));
		if (entry.size < sizeof(entry) - sizeof(entry.size))
			break;
		e820_add(entry.addr, entry.len, entry.type);
		if (entry.size > end - at)
			break;
		at += entry.size + sizeof(entry.size);
	}
}

const char *e820_type_name(u32 type)
{
	switch (type) {
	case E820_RAM:		return "usable";
	case E820_ACPI:		return "ACPI data";
	case E820_NVS:		return "ACPI NVS";
	case E820_UNUSABLE:	return "unusable";
	default:		return "reserved";
	}
}

static void __init print_memory_map(void)
{
	pr_info("BIOS-provided physical RAM map:\n");
	for (unsigned int i = 0; i < nr_e820; i++) {
		const struct e820_entry *e = &e820_map[i];

		pr_info("BIOS-e820: [mem 0x%016llx-0x%016llx] %s\n", e->addr,
			e->addr + e->size - 1, e820_type_name(e->type));
	}
}

/* The part of [start, end) that is RAM for us: whole pages below @limit. */
static void __init add_ram(u64 start, u64 end, u64 limit)
{
	start = ALIGN(start, (u64)PAGE_SIZE);
	end = ALIGN_DOWN(min(end, limit), (u64)PAGE_SIZE);
	if (start < end)
		memblock_add((phys_addr_t)start, (phys_addr_t)(end - start));
}

/* => the first address that neither page tables nor the processor can name */
static u64 __init addressable_end(void)
{
	for (unsigned int i = 0; i < nr_e820; i++)
		if (e820_map[i].addr < MAX_PHYS_ADDR && !can_address(e820_map[i].addr)) {
			pr_warn("This processor has 32 bits for addresses, and there is RAM above "
				"(QEMU: give it +pse36)\n");
			return 1ull << 32;
		}
	return MAX_PHYS_ADDR;
}

static void __init memory_to_memblock(void)
{
	const u64 reachable = addressable_end();
	u64 limit = min(cmdline_get_mem("mem", reachable), reachable);
	u64 ignored = 0;

	/* Less than the image, or no number at all: the direct map would end below us. */
	if (limit < PAGE_ALIGN(__pa(_end))) {
		pr_warn("mem=: the kernel itself ends at %luK, not obeyed\n", __pa(_end) >> 10);
		limit = reachable;
	}
	for (unsigned int i = 0; i < nr_e820; i++) {
		const struct e820_entry *e = &e820_map[i];

		if (e->type != E820_RAM)
			continue;
		add_ram(e->addr, e->addr + e->size, limit);
		if (e->addr + e->size > limit)
			ignored += e->addr + e->size - max(e->addr, limit);
	}
	for (unsigned int i = 0; i < nr_e820; i++) {
		const struct e820_entry *e = &e820_map[i];
		u64 start = ALIGN_DOWN(e->addr, (u64)PAGE_SIZE);
		u64 end = min(ALIGN(e->addr + e->size, (u64)PAGE_SIZE), limit);

		if (e->type != E820_RAM && start < end)
			memblock_remove((phys_addr_t)start, (phys_addr_t)(end - start));
	}
	if (!ignored)
		return;
	pr_notice("%lluK of RAM above %lluM not used\n", ignored >> 10, limit >> 20);
	if (limit == reachable && sizeof(phys_addr_t) < sizeof(u64))
		pr_warn("Use a PAE enabled kernel: one built with PAE=1.\n");
}

/* => memblock has the RAM that is used, mem= and reserved ranges taken off */
static bool __init module_is_sane(u32 start, u32 end)
{
	if (start >= end || (start & ~PAGE_MASK) || end > MAXMEM)
		return false;
	if (start < __pa(_end) && end > LOAD_PHYSICAL_ADDR)
		return false;
	for (unsigned long i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];

		if (start >= r->base && end <= r->base + r->size)
			return true;
	}
	return false;
}

static void __init take_modules(const struct multiboot_info *info)
{
	unsigned int count = info->flags & MULTIBOOT_INFO_MODS ? info->mods_count : 0;

	if (count > BOOT_MODULES_MAX)
		pr_warn("%u modules, only %d are used\n", count, BOOT_MODULES_MAX);
	for (unsigned int i = 0; i < min(count, (unsigned int)BOOT_MODULES_MAX); i++) {
		struct boot_module *module = &boot_modules[nr_boot_modules];
		struct multiboot_module mod;

		early_copy(&mod, info->mods_addr + i * sizeof(mod), sizeof(mod));
		if (!module_is_sane(mod.mod_start, mod.mod_end)) {
			pr_warn("module %u: [mem 0x%08x-0x%08x] is not in RAM that we reach, ignored\n",
				i, mod.mod_start, mod.mod_end);
			continue;
		}
		module->start = mod.mod_start;
		module->end = mod.mod_end;
		if (mod.cmdline)
			early_string(module->cmdline, mod.cmdline, sizeof(module->cmdline));
		nr_boot_modules++;
		pr_info("module: [mem 0x%08llx-0x%08llx] %s\n", (u64)module->start, (u64)module->end - 1,
			module->cmdline);
	}
}

static void __init reserve_what_is_used(void)
{
	memblock_reserve(0, PAGE_SIZE);
	memblock_reserve(TRAMPOLINE_PHYS, PAGE_SIZE);
	memblock_reserve(LOAD_PHYSICAL_ADDR, PAGE_ALIGN(__pa(_end)) - LOAD_PHYSICAL_ADDR);
	for (unsigned int i = 0; i < nr_boot_modules; i++) {
		const struct boot_module *m = &boot_modules[i];

		memblock_reserve(m->start, PAGE_ALIGN(m->end) - m->start);
	}
}

/* nopse, nopge, nofxsr, noexec=off: behave as on a processor without the feature. */
static void __init parse_cpu_options(void)
{
	char noexec[8];

	if (cmdline_find_option("noexec", noexec, sizeof(noexec)) > 0 && !strcmp(noexec, "off"))
		setup_clear_cpu_cap(X86_FEATURE_NX);
	if (cmdline_has("nopse"))
		setup_clear_cpu_cap(X86_FEATURE_PSE);
	if (cmdline_has("nopge"))
		setup_clear_cpu_cap(X86_FEATURE_PGE);
	if (cmdline_has("nofxsr")) {
		setup_clear_cpu_cap(X86_FEATURE_FXSR);
		setup_clear_cpu_cap(X86_FEATURE_XMM);
		setup_clear_cpu_cap(X86_FEATURE_XMM2);
	}
}

void __init setup_arch(void)
{
	struct multiboot_info info;

	if (boot_magic != MULTIBOOT_BOOTLOADER_MAGIC)
		panic("not started by a Multiboot loader (magic 0x%08x)", boot_magic);
	if (__pa(_end) > EARLY_MAPPED - PAGE_SIZE)
		panic("the image ends at 0x%08lx, beyond the first tables", __pa(_end));
	early_copy(&info, boot_info_phys, sizeof(info));
	if (info.flags & MULTIBOOT_INFO_LOADER_NAME)
		early_string(loader_name, info.boot_loader_name, sizeof(loader_name));
	if (info.flags & MULTIBOOT_INFO_CMDLINE)
		take_command_line(info.cmdline);
	printk_init();
	panic_init();
	pr_notice("Octavo, loaded by %s\n", loader_name[0] ? loader_name : "an unnamed loader");
	pr_notice("Command line: %s\n", boot_command_line);

	parse_cpu_options();
	pr_info("CPU: %s (family %u, model %u, stepping %u)\n", boot_cpu_data.brand,
		boot_cpu_data.family, boot_cpu_data.model, boot_cpu_data.stepping);
	take_memory_map(&info);
	print_memory_map();
	memory_to_memblock();
	take_modules(&info);
	reserve_what_is_used();
}
