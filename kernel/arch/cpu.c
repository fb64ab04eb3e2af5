/*
 * kernel/arch/cpu.c - which processor this is.
 *
 * CPUID leaf 0 gives the vendor, leaf 1 the model and the feature bits, leaves
 * 0x80000002-4 a name of 48 characters.  An i686 always has CPUID.
 *
 * Reference: Intel SDM volume 2A, CPUID; table 3-8 and figure 3-7.
 */
#include <kernel/arch/processor.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/i8259.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

struct cpuinfo_x86 boot_cpu_data __ro_after_init;

/* Linux's words, by bit of EDX. */
static const char *const feature_names[32] = {
	"fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce",
	"cx8", "apic", NULL, "sep", "mtrr", "pge", "mca", "cmov",
	"pat", "pse36", "pn", "clflush", NULL, "dts", "acpi", "mmx",
	"fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
};

static void read_brand(struct cpuinfo_x86 *c)
{
	u32 regs[4];
	char *start;

	cpuid(0x80000000, &regs[0], &regs[1], &regs[2], &regs[3]);
	if (regs[0] < 0x80000004) {
		snprintf(c->brand, sizeof(c->brand), "%s family %u model %u", c->vendor,
			 c->family, c->model);
		return;
	}
	for (u32 leaf = 0; leaf < 3; leaf++) {
		cpuid(0x80000002 + leaf, &regs[0], &regs[1], &regs[2], &regs[3]);
		memcpy(c->brand + leaf * 16, regs, 16);
	}
	c->brand[48] = 0;
	start = c->brand;
	while (*start == ' ')
		start++;
	memmove(c->brand, start, strlen(start) + 1);
}

/* How many processors a package may hold, and widths. @ebx: of leaf 1 */
static void read_sizes(struct cpuinfo_x86 *c, u32 ebx)
{
	u32 eax, b, ecx, edx;

	c->max_siblings = c->max_cores = 1;
	if (boot_cpu_has(X86_FEATURE_HT) && (ebx >> 16 & 0xff)) {
		c->max_siblings = ebx >> 16 & 0xff;
		if (c->cpuid_level >= 4) {
			cpuid(4, &eax, &b, &ecx, &edx);
			if (eax & 0x1f)
				c->max_cores = (u8)((eax >> 26) + 1);
		}
	}
	c->clflush_size = 32;
	if (boot_cpu_has(X86_FEATURE_CLFLUSH))
		c->clflush_size = (u8)((ebx >> 8 & 0xff) * 8);
	c->phys_bits = boot_cpu_has(X86_FEATURE_PAE) || boot_cpu_has(X86_FEATURE_PSE36) ? 36 : 32;
	c->virt_bits = 32;
	cpuid(0x80000000, &eax, &b, &ecx, &edx);
	if (eax >= 0x80000008) {
		cpuid(0x80000008, &eax, &b, &ecx, &edx);
		c->phys_bits = eax & 0xff;
		c->virt_bits = eax >> 8 & 0xff;
	}
}

void __init identify_cpu(void)
{
	struct cpuinfo_x86 *c = &boot_cpu_data;
	u32 eax, ebx, ecx, edx, words[3];

	cpuid(0, &eax, &words[0], &words[2], &words[1]);
	c->cpuid_level = (int)eax;
	memcpy(c->vendor, words, 12);
	cpuid(1, &eax, &ebx, &ecx, &edx);
	c->family = eax >> 8 & 0xf;
	c->model = eax >> 4 & 0xf;
	c->stepping = eax & 0xf;
	if (c->family == 0xf)
		c->family += eax >> 20 & 0xff;
	if (c->family >= 6)
		c->model |= eax >> 12 & 0xf0;
	c->capability[0] = edx;
	c->capability[1] = ecx;
	read_sizes(c, ebx);
	/* The first Pentium Pros say so too early. */
	if (!strcmp(c->vendor, "GenuineIntel") && c->family == 6 && c->model < 3 && c->stepping < 3)
		setup_clear_cpu_cap(X86_FEATURE_SEP);
	read_brand(c);
}

int cpu_flags_string(char *buf, size_t size)
{
	int len = 0;

	if (size)
		buf[0] = 0;
	for (unsigned int i = 0; i < 32; i++)
		if (feature_names[i] && boot_cpu_has(i))
			len += scnprintf(buf + len, size - len, "%s%s", len ? " " : "",
					 feature_names[i]);
	return len;
}

/*
 * The controllers are silenced at once: as the BIOS leaves them their lines come
 * as vectors 8 to 15, and a tick would look like a double fault.
 */
void __init cpu_init(void)
{
	gdt_init();
	idt_init();
	i8259_init();
	identify_cpu();
}
