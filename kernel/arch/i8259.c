/*
 * kernel/arch/i8259.c - the two interrupt controllers.
 *
 * Theory.  ICW1..ICW4 program each chip after a write of ICW1 to its command
 * port: vector base, who is cascaded where, 8086 mode.  After that the data
 * port is the mask.  The mask is kept in memory too, since reading the chip is
 * slow.
 *
 * A request that vanishes before it is acknowledged is delivered as line 7 (or
 * 15 for the slave) without its in-service bit: that is how noise is told from
 * a device.  A spurious 15 must still be acknowledged at the master, which saw
 * a real request on its line 2.
 *
 * Reference: Intel 8259A data sheet.
 */
#include <kernel/arch/i8259.h>

#include <kernel/arch/io.h>

#define PIC1_CMD	0x20
#define PIC1_DATA	0x21
#define PIC2_CMD	0xa0
#define PIC2_DATA	0xa1

#define ELCR1		0x4d0	/* of the chipset: a bit for each line, 1: level-triggered */
#define ELCR2		0x4d1

#define ICW1_INIT_ICW4	0x11
#define ICW4_8086	0x01
#define OCW2_SPECIFIC_EOI 0x60
#define OCW3_READ_ISR	0x0b
#define CASCADE_IRQ	2

static u16 cached_mask = 0xffff;

static void write_mask(unsigned int irq)
{
	if (irq < 8)
		outb((u8)cached_mask, PIC1_DATA);
	else
		outb((u8)(cached_mask >> 8), PIC2_DATA);
}

void i8259_init(void)
{
	cached_mask = 0xffff & ~(1u << CASCADE_IRQ);

	outb(ICW1_INIT_ICW4, PIC1_CMD);
	io_wait();
	outb(FIRST_EXTERNAL_VECTOR, PIC1_DATA);
	io_wait();
	outb(1u << CASCADE_IRQ, PIC1_DATA);
	io_wait();
	outb(ICW4_8086, PIC1_DATA);
	io_wait();

	outb(ICW1_INIT_ICW4, PIC2_CMD);
	io_wait();
	outb(FIRST_EXTERNAL_VECTOR + 8, PIC2_DATA);
	io_wait();
	outb(CASCADE_IRQ, PIC2_DATA);
	io_wait();
	outb(ICW4_8086, PIC2_DATA);
	io_wait();

	write_mask(0);
	write_mask(8);
}

void i8259_mask_all(void)
{
	cached_mask = 0xffff;
	write_mask(0);
	write_mask(8);
}

void i8259_mask(unsigned int irq)
{
	cached_mask |= 1u << irq;
	write_mask(irq);
}

void i8259_unmask(unsigned int irq)
{
	cached_mask &= ~(1u << irq);
	write_mask(irq);
}

void i8259_mask_and_ack(unsigned int irq)
{
	i8259_mask(irq);
	if (irq >= 8) {
		outb(OCW2_SPECIFIC_EOI | (irq & 7), PIC2_CMD);
		outb(OCW2_SPECIFIC_EOI | CASCADE_IRQ, PIC1_CMD);
	} else {
		outb(OCW2_SPECIFIC_EOI | irq, PIC1_CMD);
	}
}

/* Lines that the chipset's own devices use are edges, whatever is written. */
void i8259_set_level(unsigned int irq)
{
	u16 port = irq < 8 ? ELCR1 : ELCR2;

	outb(inb(port) | 1u << (irq & 7), port);
}

bool i8259_is_level(unsigned int irq)
{
	return inb(irq < 8 ? ELCR1 : ELCR2) >> (irq & 7) & 1;
}

static bool in_service(u16 command_port, unsigned int bit)
{
	outb(OCW3_READ_ISR, command_port);
	return inb(command_port) >> bit & 1;
}

bool i8259_spurious(unsigned int irq)
{
	if (irq == 7)
		return !in_service(PIC1_CMD, 7);
	if (irq != 15 || in_service(PIC2_CMD, 7))
		return false;
	outb(OCW2_SPECIFIC_EOI | CASCADE_IRQ, PIC1_CMD);
	return true;
}
