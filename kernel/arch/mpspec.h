/*
 * kernel/arch/mpspec.h - what the firmware says of processors and interrupt controllers.
 *
 * Two kinds of tables say it, ACPI's MADT (kernel/drivers/acpi.c) and the older
 * MP table (kernel/drivers/mptable.c); both fill in this one description, which
 * is all that the APIC code and the start of the other processors look at.
 *
 * Locking: none; written while one processor runs, constant afterwards.
 * References: ACPI 6.4, section 5.2.12; Intel MultiProcessor Specification 1.4, chapter 4.
 */
#ifndef OCTAVO_KERNEL_ARCH_MPSPEC_H
#define OCTAVO_KERNEL_ARCH_MPSPEC_H

#include <lib/compiler.h>
#include <lib/types.h>

#define MAX_APICS	32	/* processors that are remembered */
#define MAX_IO_APICS	4
#define ISA_IRQS	16
#define APIC_DEFAULT_PHYS_BASE	0xfee00000u

/* Polarity and trigger, as both kinds of tables encode them in a word of flags. */
#define MP_POLARITY(flags)	((flags) & 3)
#define MP_TRIGGER(flags)	((flags) >> 2 & 3)
#define MP_BUS_DEFAULT		0
#define MP_ACTIVE_LOW		3
#define MP_LEVEL		3

struct mp_io_apic {
	u8 id;
	u32 address;		/* physical */
	u32 gsi_base;		/* the number of its first input among all inputs */
};

/* Where an ISA line arrives. */
struct mp_isa_irq {
	u32 gsi;
	u16 flags;		/* MP_POLARITY, MP_TRIGGER */
};

struct mp_config {
	const char *source;			/* "ACPI", "MP table"; NULL: nothing found */
	u32 lapic_address;
	unsigned int nr_cpus;
	u8 cpu_apic_id[MAX_APICS];		/* in the firmware's order */
	unsigned int nr_io_apics;
	struct mp_io_apic io_apic[MAX_IO_APICS];
	struct mp_isa_irq isa_irq[ISA_IRQS];
	bool imcr;				/* interrupts bypass the APIC until told otherwise */
};

extern struct mp_config mp_config;

/* Empty, ISA lines on the inputs of their own numbers. */
void mp_config_reset(const char *source);
/* => false: no room, or it is there already */
bool mp_add_cpu(u8 apic_id);
bool mp_add_io_apic(u8 id, u32 address, u32 gsi_base);

#endif
