/*
 * kernel/core/sys_cpu.c - /sys/devices/system/cpu: which processors there are.
 *
 * Processors have numbers without gaps and do not go away, so possible, present and
 * online are the same.  The C library asks `online` for the number of processors.
 */
#include <kernel/core/percpu.h>
#include <kernel/core/seq_file.h>

static unsigned long all_cpus(void)
{
	return ~0UL >> (32 - nr_cpus);
}

static int list_show(struct seq_file *m, void *v)
{
	seq_mask_list(m, all_cpus(), NR_CPUS);
	return seq_putc(m, '\n');
}
SYS_SHOW("devices/system/cpu/online", list_show);
SYS_SHOW("devices/system/cpu/possible", list_show);
SYS_SHOW("devices/system/cpu/present", list_show);

static int none_show(struct seq_file *m, void *v)
{
	return seq_putc(m, '\n');
}
SYS_SHOW("devices/system/cpu/offline", none_show);
SYS_SHOW("devices/system/cpu/isolated", none_show);

static int kernel_max_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%d\n", NR_CPUS - 1);
}
SYS_SHOW("devices/system/cpu/kernel_max", kernel_max_show);

/* ---- topology: each processor is a core of its own, all are in one package ---- */

static int number_show(struct seq_file *m, void *v)
{
	return seq_printf(m, "%ld\n", (long)v);
}
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/core_id", &nr_cpus, number_show);

static int package_show(struct seq_file *m, void *v)
{
	return seq_puts(m, "0\n");
}
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/physical_package_id", &nr_cpus, package_show);

static int self_mask_show(struct seq_file *m, void *v)
{
	seq_mask(m, 1UL << (long)v, (unsigned int)nr_cpus);
	return seq_putc(m, '\n');
}
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/thread_siblings", &nr_cpus, self_mask_show);
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/thread_siblings_list", &nr_cpus, number_show);

static int all_mask_show(struct seq_file *m, void *v)
{
	seq_mask(m, all_cpus(), (unsigned int)nr_cpus);
	return seq_putc(m, '\n');
}
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/core_siblings", &nr_cpus, all_mask_show);
SYS_SHOW_EACH("devices/system/cpu/cpu%d/topology/core_siblings_list", &nr_cpus, list_show);
