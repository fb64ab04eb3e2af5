/*
 * kernel/core/proc_core.c - /proc/cpuinfo and /proc/interrupts.
 *
 * arch, below, knows the processor but not seq_file; so it is shown here.
 * Fields of Linux's cpuinfo that describe caches and sibling threads are left
 * out: nothing here looks at them.
 *
 * Reference: proc(5).
 */
#include <kernel/arch/apic.h>
#include <kernel/arch/processor.h>
#include <kernel/core/irq.h>
#include <kernel/core/percpu.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>

static const char *yes_no(int feature)
{
	return boot_cpu_has(feature) ? "yes" : "no";
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
		seq_printf(m, "fpu\t\t: %s\nfpu_exception\t: %s\ncpuid level\t: %d\nwp\t\t: yes\n",
			   yes_no(X86_FEATURE_FPU), yes_no(X86_FEATURE_FPU), c->cpuid_level);
		seq_printf(m, "flags\t\t: %s\n\n", flags);
	}
	return 0;
}
PROC_SHOW("cpuinfo", cpuinfo_show);

/* Lines go to the first processor. */
static void show_line(struct seq_file *m, unsigned int irq, const char *names)
{
	int cpu;

	seq_printf(m, "%3u: %10lu", irq, kstat_irqs(irq));
	for_each_online_cpu(cpu)
		if (cpu)
			seq_printf(m, " %10u", 0);
	seq_printf(m, "    %-10s  %s\n", irq_chip_name(), names);
}

static const struct {
	unsigned int nr;
	const char *name, *what;
} local_names[] = {
	{ LOCAL_TIMER,		"LOC", "Local timer interrupts" },
	{ LOCAL_RESCHEDULE,	"RES", "Rescheduling interrupts" },
	{ LOCAL_CALL_FUNCTION,	"CAL", "Function call interrupts" },
	{ LOCAL_TLB_FLUSH,	"TLB", "TLB shootdowns" },
	{ LOCAL_ERROR,		"ERR", "APIC errors" },
};

static void show_local(struct seq_file *m, unsigned int i)
{
	int cpu;

	if (!apic_enabled)
		return;
	seq_printf(m, "%s:", local_names[i].name);
	for_each_online_cpu(cpu)
		seq_printf(m, " %10lu", kstat_local_irqs(cpu, local_names[i].nr));
	seq_printf(m, "   %s\n", local_names[i].what);
}

static int interrupts_show(struct seq_file *m, void *v)
{
	char names[64];
	unsigned int irq;
	int cpu;

	seq_puts(m, "    ");
	for_each_online_cpu(cpu)
		seq_printf(m, "       CPU%d", cpu);
	seq_putc(m, '\n');
	for (irq = 0; irq < NR_IRQS; irq++)
		if (irq_action_names(irq, names, sizeof(names)))
			show_line(m, irq, names);
	for (irq = 0; irq < ARRAY_SIZE(local_names); irq++)
		show_local(m, irq);
	seq_printf(m, "SPU: %10lu   Spurious interrupts\n", irq_spurious_count);
	return 0;
}
PROC_SHOW("interrupts", interrupts_show);
