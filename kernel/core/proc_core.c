/*
 * kernel/core/proc_core.c - /proc/cpuinfo and /proc/interrupts.
 *
 * arch, below, knows the processor but not seq_file; so it is shown here.
 * Fields of Linux's cpuinfo that describe caches and sibling threads are left
 * out: nothing here looks at them.
 *
 * Reference: proc(5).
 */
#include <kernel/arch/processor.h>
#include <kernel/core/irq.h>
#include <kernel/core/percpu.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/time.h>

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
			seq_printf(m, "%3u: %10lu    XT-PIC      %s\n", irq, kstat_irqs(irq), names);
	seq_printf(m, "SPU: %10lu   Spurious interrupts\n", irq_spurious_count);
	return 0;
}
PROC_SHOW("interrupts", interrupts_show);
