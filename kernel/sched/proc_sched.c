/*
 * kernel/sched/proc_sched.c - /proc/stat and /proc/uptime.
 *
 * Both count since boot: where the ticks of each processor went, interrupts,
 * context switches, processes made.  The columns of "cpu" that nothing here
 * can fill (irq, softirq, steal, guest, guest_nice) are 0, as on a machine on
 * which a tick is charged to what it interrupted.
 *
 * Reference: proc(5).
 */
#include <kernel/core/irq.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/time.h>
#include <kernel/sched/kernel_stat.h>
#include <kernel/sched/pid.h>
#include <lib/div64.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/kmalloc.h>

static_assert(USER_HZ == HZ, "ticks are shown as they are counted");

/* One look at each processor's ticks, so that their sum is exact. => to be kfree()d, or NULL */
static struct kernel_cpustat *snapshot_cputimes(u64 *sum)
{
	struct kernel_cpustat *snap = kmalloc(sizeof(*snap) * (size_t)nr_cpus, GFP_KERNEL);
	int cpu;

	if (!snap)
		return NULL;
	memset(sum, 0, sizeof(*snap));
	for_each_online_cpu(cpu) {
		snap[cpu] = per_cpu(kernel_cpustat, cpu);
		for (int i = 0; i < NR_CPUTIMES; i++)
			sum[i] += snap[cpu].cpustat[i];
	}
	return snap;
}

static void show_cputimes(struct seq_file *m, const char *name, const u64 *t)
{
	seq_printf(m, "%s %llu %llu %llu %llu %llu 0 0 0 0 0\n", name, t[CPUTIME_USER],
		   t[CPUTIME_NICE], t[CPUTIME_SYSTEM], t[CPUTIME_IDLE], t[CPUTIME_IOWAIT]);
}

static int stat_show(struct seq_file *m, void *v)
{
	struct kernel_cpustat *snap;
	u64 sum[NR_CPUTIMES];
	unsigned int irq;
	char name[8];
	int cpu;

	snap = snapshot_cputimes(sum);
	if (!snap)
		return -ENOMEM;
	show_cputimes(m, "cpu ", sum);
	for_each_online_cpu(cpu) {
		snprintf(name, sizeof(name), "cpu%d", cpu);
		show_cputimes(m, name, snap[cpu].cpustat);
	}
	kfree(snap);
	seq_printf(m, "intr %lu", kstat_irqs_total());
	for (irq = 0; irq < NR_IRQS; irq++)
		seq_printf(m, " %lu", kstat_irqs(irq));
	seq_printf(m, "\nctxt %llu\nbtime %lld\nprocesses %lu\n", nr_context_switches(),
		   ktime_get_real_seconds() - (s64)div_u64(ktime_get_ns(), NSEC_PER_SEC),
		   total_forks);
	seq_printf(m, "procs_running %lu\nprocs_blocked %lu\n", nr_running(), nr_iowait());
	return 0;
}
PROC_SHOW("stat", stat_show);

static int uptime_show(struct seq_file *m, void *v)
{
	u64 up = ktime_get_ns(), idle = 0;
	u32 up_frac, idle_frac;
	int cpu;

	for_each_online_cpu(cpu)
		idle += per_cpu(kernel_cpustat, cpu).cpustat[CPUTIME_IDLE] +
			per_cpu(kernel_cpustat, cpu).cpustat[CPUTIME_IOWAIT];
	up = div_u64(up, NSEC_PER_SEC / 100);
	up_frac = do_div(up, 100);
	idle_frac = do_div(idle, HZ);
	return seq_printf(m, "%llu.%02u %llu.%02u\n", up, up_frac, idle, idle_frac * 100 / HZ);
}
PROC_SHOW("uptime", uptime_show);
