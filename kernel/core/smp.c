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
 * once, or one that flushes under a lock another waits for, cannot block, and
 * any number of them flush in the time of one:
 *
 *	sender s				receiver r
 *	slot[s].req = what; waiting = mask
 *	pending[r] |= s, was it 0? IPI		senders = xchg(pending[r], 0)
 *	while (slot[s].waiting)			for each s: do slot[s].req,
 *		answer others					clear r in waiting
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

#define STOP_MS		5000	/* how long a panic waits for the others */

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

/*
 * Each sender has a slot of its own, so senders do not wait for each other's turn;
 * each receiver has a word that names the senders whose requests it has to answer.
 */
struct tlb_slot {
	struct tlb_request req;		/* [cpu] constant while waiting != 0 */
	unsigned long waiting;		/* [a] processors that have not answered */
} __aligned(64);
static DEFINE_PER_CPU(struct tlb_slot, tlb_slot);
static DEFINE_PER_CPU(unsigned long, tlb_pending);	/* [a] senders to be answered */

/* => interrupts off; takes no lock, so that it may be done while waiting for one */
static noinline void answer_tlb_requests(void)
{
	unsigned long senders = xchg(this_cpu_ptr(&tlb_pending), 0);
	int me = smp_processor_id();

	for (; senders; senders &= senders - 1) {
		struct tlb_slot *slot = per_cpu_ptr(&tlb_slot, (int)__ffs(senders));

		/* Of a user's space that is only borrowed here nothing is needed any more. */
		if (slot->req.pgd && leave_mm(slot->req.pgd))
			this_cpu_inc(tlb_stats.lazy);
		else
			tlb_flush_local(&slot->req);
		this_cpu_inc(tlb_stats.received);
		clear_bit(me, &slot->waiting);		/* a barrier: flushed | answered */
	}
}

void smp_spin_poll(void)
{
	unsigned long flags;

	cpu_relax();
	if (likely(!READ_ONCE(*this_cpu_ptr(&tlb_pending))))
		return;
	local_irq_save(flags);
	answer_tlb_requests();
	local_irq_restore(flags);
}

/*
 * Tell @cpu that the slot @bit is for it.  Only who finds its word empty interrupts it:
 * after that one's interrupt it takes the whole word.  Therefore one step, not two.
 */
static void post_tlb_request(int cpu, unsigned long bit)
{
	unsigned long *pending = per_cpu_ptr(&tlb_pending, cpu), old;

	do
		old = READ_ONCE(*pending);
	while (cmpxchg(pending, old, old | bit) != old);
	if (old)
		return;
	this_cpu_inc(tlb_stats.ipis);
	apic_send_ipi(cpu_to_apicid[cpu], LOCAL_TLB_FLUSH);
}

void tlb_flush_others(u32 mask, const struct tlb_request *req)
{
	struct tlb_slot *slot;
	unsigned long flags;

	local_irq_save(flags);
	mask &= other_cpus();
	if (mask && !oops_in_progress) {
		slot = this_cpu_ptr(&tlb_slot);
		slot->req = *req;
		slot->waiting = mask;
		this_cpu_inc(tlb_stats.remote);
		this_cpu_add(tlb_stats.remote_cpus, (unsigned long)hweight32(mask));
		smp_mb();			/* slot | pending */
		for (u32 left = mask; left; left &= left - 1)
			post_tlb_request((int)__ffs(left), 1ul << smp_processor_id());
		while (READ_ONCE(slot->waiting) && !oops_in_progress)
			smp_spin_poll();
	}
	local_irq_restore(flags);
}

static void handle_tlb(struct pt_regs *regs)
{
	answer_tlb_requests();
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
	if (!test_bit(smp_processor_id(), (unsigned long *)&call_waiting))
		return;
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
