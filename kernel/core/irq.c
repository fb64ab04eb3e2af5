/*
 * kernel/core/irq.c - dispatching device interrupts.
 *
 * Theory.  A line is masked and acknowledged at the controller, its handlers
 * run with interrupts off, and it is unmasked.  When the outermost handler is
 * done and timers are due, they run right here with interrupts on: new
 * interrupts may nest, but not the timers (irq_count says that they run).
 *
 * Actions come from a small array, because lines are requested before, and
 * independently of, any allocator; 16 lines and a few drivers need no more.
 *
 * Locking: irq_lock, interrupts off, for the table; do_IRQ walks a line's list
 * without it: entries are published whole and removed with the line masked.
 */
#include <kernel/core/irq.h>

#include <kernel/arch/apic.h>
#include <kernel/arch/barrier.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/io_apic.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/timer.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

#define NR_ACTIONS	24

struct irqaction {
	irq_handler_t handler;		/* NULL: free */
	void *dev;
	unsigned long flags;
	const char *name;
	struct irqaction *next;
};

struct irq_desc {
	struct irqaction *action;	/* [irq_lock] */
	unsigned int depth;		/* [irq_lock] disable_irq() calls outstanding */
};

static struct irqaction actions[NR_ACTIONS];
static struct irq_desc irq_desc[NR_IRQS];
static DEFINE_SPINLOCK(irq_lock);
static DEFINE_PER_CPU(struct pt_regs *, irq_regs);	/* the innermost handler's frame */
static DEFINE_PER_CPU(unsigned long, line_count[NR_IRQS]);
DEFINE_PER_CPU(unsigned long, nmi_count);
atomic_t irq_spurious_count;
DEFINE_PER_CPU(unsigned int, irq_count);

/* The controller of the lines: the 8259s until irq_use_io_apic(). */
struct irq_chip {
	const char *name;
	void (*mask)(unsigned int irq);
	void (*unmask)(unsigned int irq);
	void (*mask_and_ack)(unsigned int irq);
	void (*end)(unsigned int irq);
	bool (*spurious)(unsigned int irq);	/* NULL: never */
};
static const struct irq_chip pic_chip = {
	"XT-PIC", i8259_mask, i8259_unmask, i8259_mask_and_ack, i8259_unmask, i8259_spurious,
};
static const struct irq_chip io_apic_chip = {
	"IO-APIC", io_apic_mask, io_apic_unmask, io_apic_mask_and_ack, io_apic_end, NULL,
};
static const struct irq_chip *irq_chip = &pic_chip;	/* [c] after boot */

static void (*local_handler[NR_LOCAL_IRQS])(struct pt_regs *regs);	/* [c] after boot */
static DEFINE_PER_CPU(unsigned long, local_count[NR_LOCAL_IRQS]);

/* entry.S: one stub per line, then one per local interrupt. */
extern void (*const interrupt[NR_IRQS + NR_LOCAL_IRQS])(void);

static struct irqaction *find_free_action(void)
{
	for (int i = 0; i < NR_ACTIONS; i++)
		if (!actions[i].handler)
			return &actions[i];
	return NULL;
}

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
		void *dev)
{
	struct irqaction *action, **p;
	unsigned long irqflags;
	int err = -EBUSY;

	if (irq >= NR_IRQS || !handler)
		return -EINVAL;
	spin_lock_irqsave(&irq_lock, irqflags);
	p = &irq_desc[irq].action;
	if (*p && !((*p)->flags & flags & IRQF_SHARED))
		goto out;
	err = -ENOMEM;
	action = find_free_action();
	if (!action)
		goto out;
	*action = (struct irqaction){ handler, dev, flags, name, NULL };
	while (*p)
		p = &(*p)->next;
	smp_wmb();
	*p = action;
	if (irq_desc[irq].action == action && !irq_desc[irq].depth)
		irq_chip->unmask(irq);
	err = 0;
out:
	spin_unlock_irqrestore(&irq_lock, irqflags);
	return err;
}

void free_irq(unsigned int irq, void *dev)
{
	struct irqaction **p;
	unsigned long flags;

	if (WARN_ON(irq >= NR_IRQS))
		return;
	spin_lock_irqsave(&irq_lock, flags);
	for (p = &irq_desc[irq].action; *p; p = &(*p)->next)
		if ((*p)->dev == dev)
			break;
	if (!WARN_ON(!*p)) {
		struct irqaction *action = *p;

		*p = action->next;
		action->handler = NULL;
	}
	if (!irq_desc[irq].action)
		irq_chip->mask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void disable_irq(unsigned int irq)
{
	unsigned long flags;

	spin_lock_irqsave(&irq_lock, flags);
	if (irq_desc[irq].depth++ == 0)
		irq_chip->mask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void enable_irq(unsigned int irq)
{
	unsigned long flags;

	spin_lock_irqsave(&irq_lock, flags);
	if (!WARN_ON(!irq_desc[irq].depth) && --irq_desc[irq].depth == 0 &&
	    irq_desc[irq].action)
		irq_chip->unmask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

unsigned long kstat_irqs_cpu(unsigned int irq, int cpu)
{
	return irq < NR_IRQS ? per_cpu(line_count[irq], cpu) : 0;
}

unsigned long kstat_irqs(unsigned int irq)
{
	unsigned long sum = 0;
	int cpu;

	for_each_online_cpu(cpu)
		sum += kstat_irqs_cpu(irq, cpu);
	return sum;
}

unsigned long kstat_irqs_total(void)
{
	unsigned long total = (unsigned long)atomic_read(&irq_spurious_count);
	int cpu;

	for_each_online_cpu(cpu) {
		for (unsigned int i = 0; i < NR_IRQS; i++)
			total += kstat_irqs_cpu(i, cpu);
		for (unsigned int i = 0; i < NR_LOCAL_IRQS; i++)
			total += kstat_local_irqs(cpu, i);
		total += per_cpu(nmi_count, cpu);
	}
	return total;
}

int irq_action_names(unsigned int irq, char *buf, size_t size)
{
	const struct irqaction *a;
	unsigned long flags;
	int len = 0;

	if (size)
		buf[0] = 0;
	spin_lock_irqsave(&irq_lock, flags);
	for (a = irq < NR_IRQS ? irq_desc[irq].action : NULL; a; a = a->next)
		len += scnprintf(buf + len, size - len, "%s%s", len ? ", " : "", a->name);
	spin_unlock_irqrestore(&irq_lock, flags);
	return len;
}

struct pt_regs *get_irq_regs(void)
{
	return this_cpu_read(irq_regs);
}

static void handle_line(unsigned int irq)
{
	struct irq_desc *desc = &irq_desc[irq];

	spin_lock(&irq_lock);
	irq_chip->mask_and_ack(irq);
	spin_unlock(&irq_lock);
	this_cpu_inc(line_count[irq]);

	for (struct irqaction *a = desc->action; a; a = a->next)
		a->handler((int)irq, a->dev);

	spin_lock(&irq_lock);
	if (!desc->depth && desc->action)
		irq_chip->end(irq);
	spin_unlock(&irq_lock);
}

/* This processor's own: its timer, or another processor. */
static void do_local_irq(unsigned int nr, struct pt_regs *regs)
{
	struct pt_regs *outer = this_cpu_read(irq_regs);

	this_cpu_inc(local_count[nr]);
	if (nr == LOCAL_SPURIOUS)
		return;			/* nothing is in service: no EOI */
	apic_eoi();
	this_cpu_write(irq_regs, regs);
	this_cpu_inc(irq_count);
	pagefault_disable();
	if (local_handler[nr])
		local_handler[nr](regs);
	pagefault_enable();
	this_cpu_dec(irq_count);
	this_cpu_write(irq_regs, outer);
}

asmlinkage void do_IRQ(struct pt_regs *regs)
{
	unsigned int irq = ~(unsigned int)regs->orig_eax;
	struct pt_regs *outer;

	if (unlikely(irq >= NR_IRQS)) {
		do_local_irq(irq - NR_IRQS, regs);
		return;
	}
	if (irq_chip->spurious && irq_chip->spurious(irq)) {
		atomic_inc(&irq_spurious_count);
		return;
	}
	outer = this_cpu_read(irq_regs);
	this_cpu_write(irq_regs, regs);
	this_cpu_inc(irq_count);
	pagefault_disable();	/* fault.c need not ask whether it is in a handler */
	handle_line(irq);
	this_cpu_write(irq_regs, outer);
	if (this_cpu_read(irq_count) == 1 && timers_due()) {
		local_irq_enable();
		run_timers();
		local_irq_disable();
	}
	pagefault_enable();
	this_cpu_dec(irq_count);
}

const char *irq_chip_name(void)
{
	return irq_chip->name;
}

int irq_input(unsigned int irq)
{
	return irq_chip == &io_apic_chip ? io_apic_input(irq) : -1;
}

bool irq_is_level(unsigned int irq)
{
	return irq_chip == &io_apic_chip && io_apic_is_level(irq);
}

unsigned long kstat_local_irqs(int cpu, unsigned int nr)
{
	return per_cpu(local_count[nr], cpu);
}

void __init set_local_irq(unsigned int nr, void (*handler)(struct pt_regs *regs))
{
	local_handler[nr] = handler;
}

/* => interrupts off, one processor; io_apic_setup() has masked all */
void __init irq_use_io_apic(void)
{
	i8259_mask_all();
	irq_chip = &io_apic_chip;
	for (unsigned int irq = 0; irq < NR_IRQS; irq++)
		if (irq_desc[irq].action && !irq_desc[irq].depth)
			irq_chip->unmask(irq);
}

void __init init_IRQ(void)
{
	for (unsigned int i = 0; i < NR_IRQS; i++)
		set_intr_gate(FIRST_EXTERNAL_VECTOR + i, interrupt[i]);
	for (unsigned int i = 0; i < NR_LOCAL_IRQS; i++)
		set_intr_gate(LOCAL_VECTOR_BASE + i, interrupt[NR_IRQS + i]);
}
