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

#include <kernel/arch/barrier.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/ptrace.h>
#include <kernel/core/bug.h>
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
	unsigned long count;
};

static struct irqaction actions[NR_ACTIONS];
static struct irq_desc irq_desc[NR_IRQS];
static DEFINE_SPINLOCK(irq_lock);
static struct pt_regs *irq_regs;	/* the innermost handler's frame */
unsigned long irq_spurious_count;
DEFINE_PER_CPU(unsigned int, irq_count);

/* entry.S: one stub per line. */
extern void (*const interrupt[NR_IRQS])(void);

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
		i8259_unmask(irq);
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
		i8259_mask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void disable_irq(unsigned int irq)
{
	unsigned long flags;

	spin_lock_irqsave(&irq_lock, flags);
	if (irq_desc[irq].depth++ == 0)
		i8259_mask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void enable_irq(unsigned int irq)
{
	unsigned long flags;

	spin_lock_irqsave(&irq_lock, flags);
	if (!WARN_ON(!irq_desc[irq].depth) && --irq_desc[irq].depth == 0 &&
	    irq_desc[irq].action)
		i8259_unmask(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

unsigned long kstat_irqs(unsigned int irq)
{
	return irq < NR_IRQS ? irq_desc[irq].count : 0;
}

unsigned long kstat_irqs_total(void)
{
	unsigned long total = 0;

	for (unsigned int i = 0; i < NR_IRQS; i++)
		total += irq_desc[i].count;
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
	return irq_regs;
}

static void handle_line(unsigned int irq)
{
	struct irq_desc *desc = &irq_desc[irq];

	spin_lock(&irq_lock);
	i8259_mask_and_ack(irq);
	desc->count++;
	spin_unlock(&irq_lock);

	for (struct irqaction *a = desc->action; a; a = a->next)
		a->handler((int)irq, a->dev);

	spin_lock(&irq_lock);
	if (!desc->depth && desc->action)
		i8259_unmask(irq);
	spin_unlock(&irq_lock);
}

asmlinkage void do_IRQ(struct pt_regs *regs)
{
	unsigned int irq = ~(unsigned int)regs->orig_eax;
	struct pt_regs *outer = irq_regs;

	if (i8259_spurious(irq)) {
		irq_spurious_count++;
		return;
	}
	irq_regs = regs;
	this_cpu_inc(irq_count);
	handle_line(irq);
	irq_regs = outer;
	if (this_cpu_read(irq_count) == 1 && timers_due()) {
		local_irq_enable();
		run_timers();
		local_irq_disable();
	}
	this_cpu_dec(irq_count);
}

void __init init_IRQ(void)
{
	for (unsigned int i = 0; i < NR_IRQS; i++)
		set_intr_gate(FIRST_EXTERNAL_VECTOR + i, interrupt[i]);
}
