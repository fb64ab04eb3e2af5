/*
 * kernel/core/irq.h - interrupt lines and who handles them.
 *
 * A driver requests a line with a handler.  do_IRQ (from entry.S) acknowledges
 * the controller, calls the line's handlers with interrupts off, and then, when
 * the outermost handler is done, runs deferred work (timers) with interrupts on.
 * Lines may be shared if all users say so; each handler returns whether its
 * device had raised it.
 *
 * in_interrupt(): true inside handlers and timers: no sleeping there.
 */
#ifndef OCTAVO_KERNEL_CORE_IRQ_H
#define OCTAVO_KERNEL_CORE_IRQ_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/i8259.h>
#include <kernel/arch/linkage.h>
#include <kernel/core/percpu.h>
#include <lib/types.h>

struct pt_regs;

typedef int irqreturn_t;
#define IRQ_NONE	0
#define IRQ_HANDLED	1
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);

#define IRQF_SHARED	0x80

/* => 0, -EINVAL, -EBUSY (taken and not shared), -ENOMEM (no action free) */
int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
		void *dev);
void free_irq(unsigned int irq, void *dev);
/* These nest. */
void disable_irq(unsigned int irq);
void enable_irq(unsigned int irq);

/* For /proc/interrupts and /proc/stat: of one processor, of all; of all kinds. */
unsigned long kstat_irqs_cpu(unsigned int irq, int cpu);
unsigned long kstat_irqs(unsigned int irq);
unsigned long kstat_irqs_total(void);
/* The names on a line, joined by ", "; "" if none. => length */
int irq_action_names(unsigned int irq, char *buf, size_t size);
extern atomic_t irq_spurious_count;		/* of the 8259s */
DECLARE_PER_CPU(unsigned long, nmi_count);

/* Depth of handlers and deferred work on this processor. */
DECLARE_PER_CPU(unsigned int, irq_count);
#define in_interrupt()	(this_cpu_read(irq_count) != 0)

/* The frame of the interrupt being handled, or NULL. */
struct pt_regs *get_irq_regs(void);

/* "XT-PIC" or "IO-APIC". */
const char *irq_chip_name(void);
/* The input of the I/O APIC that the line arrives at, -1: the 8259s have it. */
int irq_input(unsigned int irq);
bool irq_is_level(unsigned int irq);
/* Local interrupt @nr (kernel/arch/apic.h) calls @handler, interrupts off. */
void set_local_irq(unsigned int nr, void (*handler)(struct pt_regs *regs));
unsigned long kstat_local_irqs(int cpu, unsigned int nr);
/* The lines go by the I/O APIC from now on. */
void irq_use_io_apic(void);

void init_IRQ(void);
asmlinkage void do_IRQ(struct pt_regs *regs);

#endif
