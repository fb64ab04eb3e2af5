/*
 * kernel/core/watchdog.c - noticing a processor that spins with interrupts off.
 *
 * Theory.  Such a processor cannot say so itself: its timer's interrupt waits.
 * But each processor counts its ticks, and its neighbour, by number, looks at the
 * count at each tick of its own.  If it has stood still for `thresh` ticks of the
 * neighbour's, the neighbour asks by NMI, which no flag holds off, at each tick:
 *
 *	neighbour n - 1				processor n
 *	count of n stands still
 *	thresh ticks: asked = true, NMI ------> interrupts are off, no tick since the
 *	next tick:    asked = true, NMI ------> last question: one more strike
 *	...					thresh strikes: report, panic
 *
 * A processor of an emulator may not be run by its host for long; gdb may stop
 * it.  Then nobody answers either: an answer says that instructions are executed
 * there.  Only one that answered thresh times, each time with interrupts off and
 * without a tick in between, has really run for so long without taking any.  So
 * a loaded host makes the watchdog slower, not wrong.
 *
 * The report is made by the stuck processor itself, inside its NMI, so that
 * registers and backtrace are its own; panic then stops and shows the others.
 *
 * One processor alone has no neighbour, and is not watched.
 */
#include <kernel/core/watchdog.h>

#include <kernel/arch/apic.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/panic.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>

#define DEFAULT_THRESH	10	/* seconds */

struct watchdog {
	unsigned long ticks;		/* [cpu] */
	/* as neighbour */
	unsigned long seen;		/* [cpu] the other's count, and ... */
	unsigned int still;		/* [cpu] ... for how many ticks it has been that */
	/* as who is asked */
	unsigned long asked;		/* [a] set by the neighbour, cleared by the NMI */
	unsigned long ticks_then;	/* [nmi] the count at the last question */
	unsigned int strikes;		/* [nmi] */
};
static DEFINE_PER_CPU(struct watchdog, watchdog);
static unsigned int thresh;		/* [c] in ticks; 0: off */

void watchdog_tick(void)
{
	struct watchdog *me, *other;
	int next;

	if (likely(!thresh))
		return;
	me = this_cpu_ptr(&watchdog);
	me->ticks++;
	next = smp_processor_id() + 1;
	if (next == nr_cpus)
		next = 0;
	other = per_cpu_ptr(&watchdog, next);
	if (me->seen != READ_ONCE(other->ticks)) {
		me->seen = READ_ONCE(other->ticks);
		me->still = 0;
	} else if (++me->still >= thresh && !oops_in_progress) {
		xchg(&other->asked, 1);
		apic_send_nmi(cpu_to_apicid[next]);
	}
}

bool watchdog_nmi(struct pt_regs *regs)
{
	struct watchdog *me = this_cpu_ptr(&watchdog);
	char what[80];

	if (!xchg(&me->asked, 0))
		return false;
	if ((regs->eflags & X86_EFLAGS_IF) || me->ticks != me->ticks_then)
		me->strikes = 0;
	me->ticks_then = me->ticks;
	if (++me->strikes < thresh || oops_in_progress)
		return true;
	scnprintf(what, sizeof(what), "NMI watchdog: CPU%d spins with interrupts off (%s/%d)",
		  smp_processor_id(), current->comm, current->pid);
	die(what, regs, 0);
}

void touch_nmi_watchdog(void)
{
	WRITE_ONCE(this_cpu_ptr(&watchdog)->strikes, 0);
}

void touch_nmi_watchdogs(void)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		WRITE_ONCE(per_cpu_ptr(&watchdog, cpu)->strikes, 0);
}

void __init watchdog_init(void)
{
	long seconds = cmdline_get_int("watchdog_thresh", DEFAULT_THRESH);

	if (nr_cpus == 1 || !cmdline_get_int("nmi_watchdog", 1))
		return;
	thresh = (unsigned int)clamp(seconds, 1L, 3600L) * HZ;
	pr_info("NMI watchdog: each processor watches the next, %u s\n", thresh / HZ);
}
