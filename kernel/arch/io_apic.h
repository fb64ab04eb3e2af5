/*
 * kernel/arch/io_apic.h - the I/O APIC: where device lines enter.
 *
 * It has (mostly) 24 inputs, each with an entry that says which vector goes to
 * which processor.  ISA lines keep their vectors, FIRST_EXTERNAL_VECTOR + irq,
 * and all go to the boot processor; mp_config says at which input they arrive.
 *
 * The functions are those of i8259.h; kernel/core/irq.c uses one set or the other.
 * Locking: callers hold the irq lock.
 * Reference: Intel 82093AA data sheet.
 */
#ifndef OCTAVO_KERNEL_ARCH_IO_APIC_H
#define OCTAVO_KERNEL_ARCH_IO_APIC_H

#include <lib/types.h>

/* I/O APIC @nr of mp_config is mapped at @regs. */
void io_apic_map(unsigned int nr, void *regs);
/*
 * Mask all inputs, then let the ISA lines name APIC @dest.
 * => false: a line that a device of ours uses arrives nowhere; nothing changed but masks
 */
bool io_apic_setup(u8 dest);
void io_apic_mask(unsigned int irq);
void io_apic_unmask(unsigned int irq);
/* A level line is masked until unmask; an edge is only acknowledged: masked, it would be lost. */
void io_apic_mask_and_ack(unsigned int irq);
/* Which input a line arrives at; its mode. */
int io_apic_input(unsigned int irq);
bool io_apic_is_level(unsigned int irq);
/* The other half of mask_and_ack. */
void io_apic_end(unsigned int irq);

#endif
