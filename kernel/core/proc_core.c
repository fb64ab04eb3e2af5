/*
 * kernel/core/proc_core.c - /proc/cpuinfo and /proc/interrupts.
 *
 * arch, below, knows the processor but not seq_file; so it is shown here.
 * The processors of a PC are alike, so what CPUID says of the first is said of
 * all; places (package, core) are in the APIC id.  Linux's fields about caches,
 * microcode and bugs are left out: nothing here looks at them.
 *
 * Reference: proc(5).
 */
#include <kernel/arch/apic.h>
#include <kernel/arch/processor.h>
#include <kernel/core/irq.h>
#include <kernel/core/percpu.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>

/* ---- cpuinfo --------------------------------------------------------------------------------- */

static const char *yes_no(int feature)
{
	return boot_cpu_has(feature) ? "yes" : "no";
}

/* An APIC id is package, core and thread, from the left, each as wide as its number may be. */
static unsigned int package_of(int cpu)
{
	return cpu_to_apicid[cpu] >> order_base_2(boot_cpu_data.max_siblings);
}

static void show_topology(struct seq_file *m, int cpu)
{
	const struct cpuinfo_x86 *c = &boot_cpu_data;
	int thread_bits = order_base_2((unsigned long)c->max_siblings / c->max_cores);
	unsigned int in_package = (1u << order_base_2(c->max_siblings)) - 1, siblings = 0;
	unsigned int apicid = cpu_to_apicid[cpu];
	int other;

	for_each_online_cpu(other)
		siblings += package_of(other) == package_of(cpu);
	seq_printf(m, "physical id\t: %u\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n",
		   package_of(cpu), siblings, (apicid & in_package) >> thread_bits,
		   DIV_ROUND_UP(siblings, 1u << thread_bits));
	seq_printf(m, "apicid\t\t: %u\ninitial apicid\t: %u\n", apicid, apicid);
}

static int cpuinfo_show(struct seq_file *m, void *v)
{
	const struct cpuinfo_x86 *c = &boot_cpu_data;
	char flags[256];
	int cpu;

	cpu_flags_string(flags, sizeof(flags));
	for_each_online_cpu(cpu) {
		seq_printf(m, "processor\t: %d\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n",
			   cpu, c->vendor, c->family, c->model);
		seq_printf(m, "model name\t: %s\nstepping\t: %u\n", c->brand, c->stepping);
		if (tsc_khz)
			seq_printf(m, "cpu MHz\t\t: %u.%03u\n", tsc_khz / 1000, tsc_khz % 1000);
		show_topology(m, cpu);
		seq_puts(m, "fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
		seq_printf(m, "fpu\t\t: %s\nfpu_exception\t: %s\ncpuid level\t: %d\nwp\t\t: yes\n",
			   yes_no(X86_FEATURE_FPU), yes_no(X86_FEATURE_FPU), c->cpuid_level);
		seq_printf(m, "flags\t\t: %s\n", flags);
		/* Two instructions of a delay loop a cycle. */
		seq_printf(m, "bogomips\t: %u.%02u\n", tsc_khz / 500, tsc_khz / 5 % 100);
		seq_printf(m, "clflush size\t: %u\ncache_alignment\t: %u\n", c->clflush_size,
			   c->clflush_size);
		seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\n", c->phys_bits,
			   c->virt_bits);
		seq_puts(m, "power management:\n\n");
	}
	return 0;
}
PROC_SHOW("cpuinfo", cpuinfo_show);

/* ---- interrupts ------------------------------------------------------------------------------ */

static void show_line(struct seq_file *m, unsigned int irq, const char *names)
{
	int input = irq_input(irq), cpu;

	seq_printf(m, "%3u: ", irq);
	for_each_online_cpu(cpu)
		seq_printf(m, "%10lu ", kstat_irqs_cpu(irq, cpu));
	seq_printf(m, " %8s", irq_chip_name());
	/* The 8259s have one mode and no numbers of their own. */
	if (input < 0)
		seq_puts(m, "    ");
	else
		seq_printf(m, " %3d-%-8s", input, irq_is_level(irq) ? "fasteoi" : "edge");
	seq_printf(m, "  %s\n", names);
}

static unsigned long nmi_total(int cpu)
{
	return per_cpu(nmi_count, cpu);
}
static unsigned long local_timer(int cpu)
{
	return kstat_local_irqs(cpu, LOCAL_TIMER);
}
static unsigned long local_spurious(int cpu)
{
	return kstat_local_irqs(cpu, LOCAL_SPURIOUS);
}
static unsigned long local_reschedule(int cpu)
{
	return kstat_local_irqs(cpu, LOCAL_RESCHEDULE);
}
static unsigned long local_call(int cpu)
{
	return kstat_local_irqs(cpu, LOCAL_CALL_FUNCTION);
}
static unsigned long local_tlb(int cpu)
{
	return kstat_local_irqs(cpu, LOCAL_TLB_FLUSH);
}

static const struct {
	const char *name;
	unsigned long (*count)(int cpu);
	const char *what;
} local_rows[] = {
	{ "NMI", nmi_total,		"Non-maskable interrupts" },
	{ "LOC", local_timer,		"Local timer interrupts" },
	{ "SPU", local_spurious,	"Spurious interrupts" },
	{ "RES", local_reschedule,	"Rescheduling interrupts" },
	{ "CAL", local_call,		"Function call interrupts" },
	{ "TLB", local_tlb,		"TLB shootdowns" },
};

/* Errors that an APIC has reported, and interrupts of the 8259s that nobody had raised. */
static unsigned long irq_errors(void)
{
	unsigned long sum = (unsigned long)atomic_read(&irq_spurious_count);
	int cpu;

	for_each_online_cpu(cpu)
		sum += kstat_local_irqs(cpu, LOCAL_ERROR);
	return sum;
}

static int interrupts_show(struct seq_file *m, void *v)
{
	char names[64];
	unsigned int i;
	int cpu;

	seq_puts(m, "           ");
	for_each_online_cpu(cpu)
		seq_printf(m, "CPU%-8d", cpu);
	seq_putc(m, '\n');
	for (i = 0; i < NR_IRQS; i++)
		if (irq_action_names(i, names, sizeof(names)))
			show_line(m, i, names);
	for (i = 0; i < ARRAY_SIZE(local_rows); i++) {
		seq_printf(m, "%s: ", local_rows[i].name);
		for_each_online_cpu(cpu)
			seq_printf(m, "%10lu ", local_rows[i].count(cpu));
		seq_printf(m, "  %s\n", local_rows[i].what);
	}
	seq_printf(m, "ERR: %10lu\nMIS: %10u\n", irq_errors(), 0);
	return 0;
}
PROC_SHOW("interrupts", interrupts_show);
