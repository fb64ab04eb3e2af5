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
#include <lib/string.h>
#include <lib/vsnprintf.h>

static_assert(USER_HZ == HZ, "ticks are shown as they are counted");

static void add_cputimes(u64 *sum, int cpu)
{
	int i;

	for (i = 0; i < NR_CPUTIMES; i++)
		sum[i] += per_cpu(kernel_cpustat, cpu).cpustat[i];
}

static void show_cputimes(struct seq_file *m, const char *name, const u64 *t)
{
	seq_printf(m, "%s %llu %llu %llu %llu %llu 0 0 0 0 0\n", name, t[CPUTIME_USER],
		   t[CPUTIME_NICE], t[CPUTIME_SYSTEM], t[CPUTIME_IDLE], t[CPUTIME_IOWAIT]);
}

static int stat_show(struct seq_file *m, void *v)
{
	u64 sum[NR_CPUTIMES] = { 0 }, one[NR_CPUTIMES];
	unsigned int irq;
	char name[8];
	int cpu;

	for_each_possible_cpu(cpu)
		add_cputimes(sum, cpu);
	show_cputimes(m, "cpu ", sum);
	for_each_possible_cpu(cpu) {
		memset(one, 0, sizeof(one));
		add_cputimes(one, cpu);
		snprintf(name, sizeof(name), "cpu%d", cpu);
		show_cputimes(m, name, one);
	}
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
	u64 sum[NR_CPUTIMES] = { 0 }, up = ktime_get_ns();
	u32 up_frac, idle_frac;
	int cpu;

	for_each_possible_cpu(cpu)
		add_cputimes(sum, cpu);
	up = div_u64(up, NSEC_PER_SEC / 100);
	up_frac = do_div(up, 100);
	sum[CPUTIME_IDLE] += sum[CPUTIME_IOWAIT];
	idle_frac = do_div(sum[CPUTIME_IDLE], HZ);
	return seq_printf(m, "%llu.%02u %llu.%02u\n", up, up_frac, sum[CPUTIME_IDLE],
			  idle_frac * 100 / HZ);
}
PROC_SHOW("uptime", uptime_show);
