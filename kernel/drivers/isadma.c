/*
 * kernel/drivers/isadma.c - direct memory access on the ISA bus.  Theory: isadma.h
 */
#include <kernel/drivers/isadma.h>

#include <kernel/arch/io.h>
#include <kernel/core/bug.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define CHANNELS	4

#define ADDR_PORT(ch)	((u16)(2 * (ch)))	/* low byte, then high byte */
#define COUNT_PORT(ch)	((u16)(2 * (ch) + 1))
#define MASK_PORT	0x0a
#define MODE_PORT	0x0b
#define CLEAR_PORT	0x0c			/* the next access is to a low byte */

#define MASK_ON		4			/* the channel does nothing */
#define MODE_SINGLE	0x40			/* a byte each time the device asks */
#define MODE_TO_MEMORY	4
#define MODE_FROM_MEMORY 8

static const u16 latch_port[CHANNELS] = { 0x87, 0x83, 0x81, 0x82 };

static DEFINE_SPINLOCK(isa_dma_lock);		/* interrupts off */
static const char *owner[CHANNELS];		/* [isa_dma_lock] */

int request_dma(unsigned int channel, const char *name)
{
	unsigned long flags;
	int err = -EBUSY;

	if (channel >= CHANNELS)
		return -EINVAL;
	spin_lock_irqsave(&isa_dma_lock, flags);
	if (!owner[channel]) {
		owner[channel] = name;
		err = 0;
	}
	spin_unlock_irqrestore(&isa_dma_lock, flags);
	return err;
}

void free_dma(unsigned int channel)
{
	isa_dma_stop(channel);
	owner[channel] = NULL;
}

static void write16(u16 port, unsigned int value)
{
	outb((u8)value, port);
	outb((u8)(value >> 8), port);
}

void isa_dma_start(unsigned int channel, phys_addr_t addr, unsigned int len, bool to_memory)
{
	unsigned long flags;

	BUG_VAL(addr + len > ISA_DMA_LIMIT || ((addr ^ (addr + len - 1)) & ~(phys_addr_t)ISA_DMA_MASK),
		(unsigned long)addr, len);
	spin_lock_irqsave(&isa_dma_lock, flags);
	outb((u8)(channel | MASK_ON), MASK_PORT);
	outb(0, CLEAR_PORT);
	outb((u8)(MODE_SINGLE | (to_memory ? MODE_TO_MEMORY : MODE_FROM_MEMORY) | channel), MODE_PORT);
	write16(ADDR_PORT(channel), (unsigned int)addr);
	outb((u8)(addr >> 16), latch_port[channel]);
	write16(COUNT_PORT(channel), len - 1);
	outb((u8)channel, MASK_PORT);
	spin_unlock_irqrestore(&isa_dma_lock, flags);
}

unsigned int isa_dma_stop(unsigned int channel)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&isa_dma_lock, flags);
	outb((u8)(channel | MASK_ON), MASK_PORT);
	outb(0, CLEAR_PORT);
	count = inb(COUNT_PORT(channel));
	count |= (unsigned int)inb(COUNT_PORT(channel)) << 8;
	spin_unlock_irqrestore(&isa_dma_lock, flags);
	return (count + 1) & 0xffff;
}

static int dma_show(struct seq_file *m, void *v)
{
	for (unsigned int i = 0; i < CHANNELS; i++) {
		const char *name = READ_ONCE(owner[i]);

		if (name)
			seq_printf(m, "%2u: %s\n", i, name);
	}
	return seq_puts(m, " 4: cascade\n");
}
PROC_SHOW("dma", dma_show);
