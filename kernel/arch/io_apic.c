/*
 * kernel/arch/io_apic.c - programming the I/O APIC.
 *
 * Two words are mapped: an index and a window onto the register so selected.
 * Register 1 says in bits 16-23 how many the last input is; input n has its
 * entry in registers 0x10 + 2n (vector, modes, mask) and 0x11 + 2n (destination).
 *
 * Edge and level.  ISA lines are edge-triggered and active high unless an
 * override says otherwise, or, where the table says nothing of a line, the
 * chipset's own bit for it (i8259.h): so it is with PCI's lines by the MP table.
 * An edge that comes while the input is masked is
 * forgotten, so such a line is masked only by disable_irq(), never around its
 * handler; the handlers drain their devices.
 *
 * Reference: Intel 82093AA data sheet, section 3.2.
 */
#include <kernel/arch/io_apic.h>

#include <kernel/arch/apic.h>
#include <kernel/arch/i8259.h>
#include <kernel/arch/mpspec.h>

#define REG_VERSION	0x01
#define REG_ENTRY(n)	(0x10 + 2 * (n))
#define ENTRY_MASKED	0x10000u
#define ENTRY_LEVEL	0x08000u
#define ENTRY_LOW	0x02000u

static volatile u32 *io_apic_regs[MAX_IO_APICS];	/* [c] */

/* Where each ISA line arrives. */
static struct {
	u8 apic, input;
	bool level, valid;
} line[NR_IRQS];					/* [c] after io_apic_setup() */

void io_apic_map(unsigned int nr, void *regs)
{
	io_apic_regs[nr] = regs;
}

static u32 io_read(unsigned int apic, unsigned int reg)
{
	io_apic_regs[apic][0] = reg;
	return io_apic_regs[apic][4];
}

static void io_write(unsigned int apic, unsigned int reg, u32 value)
{
	io_apic_regs[apic][0] = reg;
	io_apic_regs[apic][4] = value;
}

static unsigned int inputs(unsigned int apic)
{
	return (io_read(apic, REG_VERSION) >> 16 & 0xff) + 1;
}

/* The I/O APIC that has input @gsi of all. => false: none */
static bool find_input(unsigned int irq, u32 gsi)
{
	for (unsigned int i = 0; i < mp_config.nr_io_apics; i++) {
		u32 base = mp_config.io_apic[i].gsi_base;

		if (gsi < base || gsi >= base + inputs(i))
			continue;
		line[irq].apic = (u8)i;
		line[irq].input = (u8)(gsi - base);
		line[irq].valid = true;
		return true;
	}
	return false;
}

/* Line 2 is the 8259's cascade; its input is often the timer's. */
static bool input_is_taken(unsigned int irq)
{
	for (unsigned int i = 0; i < NR_IRQS; i++)
		if (i != irq && mp_config.isa_irq[i].gsi == mp_config.isa_irq[irq].gsi)
			return irq == 2;
	return false;
}

bool io_apic_setup(u8 dest)
{
	for (unsigned int i = 0; i < mp_config.nr_io_apics; i++)
		for (unsigned int n = 0; n < inputs(i); n++)
			io_write(i, REG_ENTRY(n), ENTRY_MASKED);
	for (unsigned int irq = 0; irq < NR_IRQS; irq++) {
		const struct mp_isa_irq *isa = &mp_config.isa_irq[irq];
		u32 entry = ENTRY_MASKED | (FIRST_EXTERNAL_VECTOR + irq);

		if (input_is_taken(irq) || !find_input(irq, isa->gsi))
			continue;
		line[irq].level = MP_TRIGGER(isa->flags) == MP_LEVEL ||
			(MP_TRIGGER(isa->flags) == MP_BUS_DEFAULT && i8259_is_level(irq));
		if (line[irq].level)
			entry |= ENTRY_LEVEL;
		if (MP_POLARITY(isa->flags) == MP_ACTIVE_LOW)
			entry |= ENTRY_LOW;
		io_write(line[irq].apic, REG_ENTRY(line[irq].input) + 1, (u32)dest << 24);
		io_write(line[irq].apic, REG_ENTRY(line[irq].input), entry);
	}
	return line[0].valid && line[1].valid && line[4].valid;
}

static void set_masked(unsigned int irq, bool masked)
{
	unsigned int reg = REG_ENTRY(line[irq].input);
	u32 entry;

	if (!line[irq].valid)
		return;
	entry = io_read(line[irq].apic, reg) & ~ENTRY_MASKED;
	io_write(line[irq].apic, reg, masked ? entry | ENTRY_MASKED : entry);
}

int io_apic_input(unsigned int irq)
{
	return line[irq].input;
}

bool io_apic_is_level(unsigned int irq)
{
	return line[irq].level;
}

void io_apic_mask(unsigned int irq)
{
	set_masked(irq, true);
}

void io_apic_unmask(unsigned int irq)
{
	set_masked(irq, false);
}

void io_apic_mask_and_ack(unsigned int irq)
{
	if (line[irq].level)
		set_masked(irq, true);
	apic_eoi();
}

void io_apic_end(unsigned int irq)
{
	if (line[irq].level)
		set_masked(irq, false);
}
