/*
 * kernel/core/smp.c - interrupts between processors.
 *
 * Theory.  See smp.h.  A request is answered by clearing one's own bit in
 * call_waiting, after the function has run; the sender spins until the mask is
 * empty.  On one processor nothing is sent and nothing is waited for.
 *
 * TLB requests come in every context, with interrupts off and locks held, and
 * must be answered in every context too: who waits for a lock, or for an answer
 * of its own, with interrupts off, answers from its loop (smp_spin_poll).  That
 * is allowed because to answer needs no lock.  So two processors that flush at
 * once, or one that flushes under a lock another waits for, cannot block.
 *
 * A panic stops the others by NMI, which no flag holds off; each notes where it
 * was and halts, and the report shows it.
 */
#include <kernel/core/smp.h>

#include <kernel/arch/apic.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/pgtable.h>
#include <kernel/arch/reboot.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <lib/bitops.h>
#include <lib/string.h>

#define STOP_MS		1000	/* how long a panic waits for the others */

static_assert(NR_CPUS <= 32, "a mask of processors is a word");

u8 cpu_to_apicid[NR_CPUS];
static DEFINE_SPINLOCK(call_lock);
static void (*call_fn)(void *info);		/* [call_lock] */
static void *call_info;				/* [call_lock] */
static volatile unsigned long call_waiting;	/* [a] processors that have not done it */

static u32 other_cpus(void)
{
	return cpu_online_mask() & ~(1u << smp_processor_id());
}

static void send_to(u32 mask, enum local_irq irq)
{
	unsigned long flags;

	local_irq_save(flags);
	for (int cpu = 0; mask; cpu++, mask >>= 1)
		if (mask & 1)
			apic_send_ipi(cpu_to_apicid[cpu], irq);
	local_irq_restore(flags);
}

void smp_send_reschedule(int cpu)
{
	send_to(1u << cpu, LOCAL_RESCHEDULE);
}

/* @here: the caller takes part, at the same time as the others. */
static void call_on(void (*fn)(void *info), void *info, bool here)
{
	unsigned long flags;

	if (nr_cpus > 1) {
		WARN_ON(irqs_disabled());
		spin_lock(&call_lock);
		call_fn = fn;
		call_info = info;
		smp_mb();
		call_waiting = other_cpus();
		smp_mb();
		send_to(call_waiting, LOCAL_CALL_FUNCTION);
	}
	if (here) {
		local_irq_save(flags);
		fn(info);
		local_irq_restore(flags);
	}
	if (nr_cpus > 1) {
		while (call_waiting && !oops_in_progress)
			smp_spin_poll();
		spin_unlock(&call_lock);
	}
}

void smp_call_function(void (*fn)(void *info), void *info)
{
	call_on(fn, info, false);
}

void on_each_cpu(void (*fn)(void *info), void *info)
{
	call_on(fn, info, true);
}

/* ---- TLB ------------------------------------------------------------------------------------- */

static volatile u32 tlb_lock;			/* [a] taken by xchg: its waiters answer */
static struct tlb_request tlb_request;		/* [tlb_lock] */
static volatile unsigned long tlb_waiting;	/* [a] processors that have not flushed */

void smp_spin_poll(void)
{
	unsigned long flags;

	cpu_relax();
	if (likely(!tlb_waiting))
		return;
	local_irq_save(flags);
	if (test_bit(smp_processor_id(), (unsigned long *)&tlb_waiting)) {
		if (tlb_request.pgd && leave_mm(tlb_request.pgd))
			tlb_stats.lazy++;
		else
			tlb_flush_local(&tlb_request);
		smp_mb();
		clear_bit(smp_processor_id(), (unsigned long *)&tlb_waiting);
	}
	local_irq_restore(flags);
}

void tlb_flush_others(u32 mask, const struct tlb_request *req)
{
	unsigned long flags;

	local_irq_save(flags);
	mask &= other_cpus();
	if (mask && !oops_in_progress) {
		while (xchg(&tlb_lock, 1))
			smp_spin_poll();
		tlb_request = *req;
		tlb_stats.remote += (unsigned long)hweight32(mask);
		smp_mb();
		tlb_waiting = mask;
		smp_mb();
		send_to(mask, LOCAL_TLB_FLUSH);
		while (tlb_waiting && !oops_in_progress)
			cpu_relax();
		barrier();
		tlb_lock = 0;
	}
	local_irq_restore(flags);
}

static void handle_tlb(struct pt_regs *regs)
{
	smp_spin_poll();
}

/* ---- the end --------------------------------------------------------------------------------- */

static volatile unsigned long stop_waiting;	/* [a] processors that have not stopped */
static struct {
	unsigned long eip, ebp;
	pid_t pid;
	char comm[TASK_COMM_LEN];
} stopped_at[NR_CPUS];

void smp_stop_others(void)
{
	u32 mask = nr_cpus > 1 ? other_cpus() : 0;

	stop_waiting = mask;
	smp_mb();
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		if (mask & (1u << cpu))
			apic_send_nmi(cpu_to_apicid[cpu]);
	for (int ms = 0; ms < STOP_MS && stop_waiting; ms++)
		udelay(1000);
}

bool smp_stop_nmi(const struct pt_regs *regs)
{
	int cpu = smp_processor_id();

	if (!test_bit(cpu, (unsigned long *)&stop_waiting))
		return false;
	stopped_at[cpu].eip = regs->eip;
	stopped_at[cpu].ebp = regs->ebp;
	stopped_at[cpu].pid = current->pid;
	strlcpy(stopped_at[cpu].comm, current->comm, TASK_COMM_LEN);
	smp_mb();
	clear_bit(cpu, (unsigned long *)&stop_waiting);
	machine_halt();
}

void smp_show_stopped(void)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		if (cpu == smp_processor_id())
			continue;
		if (!stopped_at[cpu].eip) {
			printk(KERN_EMERG "CPU: %d did not stop\n", cpu);
			continue;
		}
		printk(KERN_EMERG "CPU: %d PID: %d Comm: %s\n", cpu, stopped_at[cpu].pid,
		       stopped_at[cpu].comm);
		show_backtrace(stopped_at[cpu].eip, stopped_at[cpu].ebp);
	}
}

/* ---- handlers -------------------------------------------------------------------------------- */

static void handle_call(struct pt_regs *regs)
{
	call_fn(call_info);
	smp_mb();
	clear_bit(smp_processor_id(), (unsigned long *)&call_waiting);
}

static void handle_reschedule(struct pt_regs *regs)
{
}

static void handle_error(struct pt_regs *regs)
{
	pr_warn_once("APIC: an error was reported on processor %d\n", smp_processor_id());
}

void __init smp_ipi_init(void)
{
	set_local_irq(LOCAL_CALL_FUNCTION, handle_call);
	set_local_irq(LOCAL_TLB_FLUSH, handle_tlb);
	set_local_irq(LOCAL_RESCHEDULE, handle_reschedule);
	set_local_irq(LOCAL_ERROR, handle_error);
}
