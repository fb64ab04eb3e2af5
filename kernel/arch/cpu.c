/*
 * kernel/arch/cpu.c - which processor this is.
 *
 * CPUID leaf 0 gives the vendor, leaf 1 the model and the feature bits, leaves
 * 0x80000002-4 a name of 48 characters.  An i686 always has CPUID.
 *
 * NX.  With three levels an entry of a page table can forbid to execute, on a CPU
 * that has the feature (leaf 0x80000001) and was told to use it (EFER.NXE).
 * Everywhere else the bit is reserved, and an entry that has it set faults: so
 * whoever makes entries cuts them by __supported_pte_mask.
 *
 * Reference: Intel SDM volume 2A, CPUID; table 3-8 and figure 3-7.
 */
#include <kernel/arch/processor.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/i8259.h>
#include <kernel/arch/pgtable.h>
#include <lib/kernel.h>
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

/* Of leaf 0x80000001 only what somebody asks for: the rest is leaf 1's again, or not for 32 bits. */
static const struct {
	unsigned int feature;
	const char *name;
} more_features[] = {
	{ X86_FEATURE_NX, "nx" },
};

static void read_more_features(struct cpuinfo_x86 *c)
{
	u32 eax, ebx, ecx, edx;

	cpuid(0x80000000, &eax, &ebx, &ecx, &edx);
	if (eax < 0x80000001)
		return;
	cpuid(0x80000001, &eax, &ebx, &ecx, &edx);
	c->capability[2] = edx;
}

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
	read_more_features(c);
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
	for (unsigned int i = 0; i < ARRAY_SIZE(more_features); i++)
		if (boot_cpu_has(more_features[i].feature))
			len += scnprintf(buf + len, size - len, " %s", more_features[i].name);
	return len;
}

/* ---- NX ---- */

#ifdef CONFIG_X86_PAE

pteval_t __supported_pte_mask __ro_after_init = ~_PAGE_NX;

void __init x86_configure_nx(void)
{
	u64 efer;

	if (!boot_cpu_has(X86_FEATURE_NX))
		return;
	efer = rdmsr(MSR_EFER) | EFER_NXE;
	wrmsr(MSR_EFER, (u32)efer, (u32)(efer >> 32));
	__supported_pte_mask |= _PAGE_NX;
}

#else

/* Entries of 32 bits have no room for it. */
void __init x86_configure_nx(void)
{
	setup_clear_cpu_cap(X86_FEATURE_NX);
}

#endif

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
