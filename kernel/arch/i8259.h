/*
 * kernel/arch/i8259.h - the two cascaded interrupt controllers of the PC.
 *
 * Lines 0-7 belong to the master, 8-15 to the slave, whose output is line 2 of
 * the master.  They are moved from vectors 8-15 (where exceptions live) to
 * FIRST_EXTERNAL_VECTOR.  All lines start masked.
 *
 * Locking: callers hold the irq lock of kernel/core/irq.c.
 * Reference: Intel 8259A data sheet.
 */
#ifndef OCTAVO_KERNEL_ARCH_I8259_H
#define OCTAVO_KERNEL_ARCH_I8259_H

#define FIRST_EXTERNAL_VECTOR	0x20
#define NR_IRQS			16
/* The local APIC's own interrupts, numbered behind the lines: kernel/arch/apic.h. */
#define NR_LOCAL_IRQS		8
#define LOCAL_VECTOR_BASE	0xf8

#ifndef __ASSEMBLER__
#include <lib/types.h>

/* All lines masked for good: the I/O APIC has them. */
void i8259_mask_all(void);
/* All lines masked, vectors out of the way of exceptions: part of cpu_init(). */
void i8259_init(void);
void i8259_mask(unsigned int irq);
void i8259_unmask(unsigned int irq);
/* Mask and acknowledge, so that the line may come again only after unmask. */
void i8259_mask_and_ack(unsigned int irq);
/* PCI's lines stay active until each device has been asked; ISA's tell by their edge. */
void i8259_set_level(unsigned int irq);
bool i8259_is_level(unsigned int irq);
/* A line 7 or 15 that no device raised: noise. => true if so (and dealt with) */
bool i8259_spurious(unsigned int irq);
#endif

#endif
