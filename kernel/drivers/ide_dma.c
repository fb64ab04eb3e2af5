/*
 * kernel/drivers/ide_dma.c - bus mastering: the controller moves the data of an IDE drive.
 *
 * Theory.  Each channel has three registers: command (direction, go), status (running, error,
 * interrupt) and the address of a table.  An entry of the table is a stretch of memory: 32 bits of
 * address, so memory above 4G is out of reach (the block layer bounces it), and 16 bits of length,
 * of which 0 means 64K; it may not cross a multiple of 64K, nor may the table.  The last one
 * has a mark.  Go is given after the command, and taken back after the interrupt.
 *
 * Locking: the caller's, who has the channel.
 * Reference: Programming Interface for Bus Master IDE Controller, 1.0.
 */
#include <kernel/drivers/ide.h>

#include <kernel/arch/barrier.h>
#include <kernel/arch/page.h>
#include <kernel/core/bug.h>
#include <mm/phys/page_alloc.h>

#define BM_COMMAND	0
#define BM_STATUS	2
#define BM_TABLE	4
#define BM_SIZE		8u	/* ports of a channel */

#define BM_GO		0x01u	/* command */
#define BM_TO_MEMORY	0x08u
#define BM_ERROR	0x02u	/* status; these two go off when 1 is written */
#define BM_INTERRUPT	0x04u

struct ide_prd {
	u32 address;
	u16 length;		/* 0: 64K */
	u16 flags;
};
static_assert(sizeof(struct ide_prd) == 8, "Bus Master IDE 1.2");
static_assert(sizeof(struct ide_prd) * IDE_MAX_SEGMENTS <= PAGE_SIZE, "the table is in one page");

#define PRD_LAST	0x8000u
#define PRD_MAX		0x10000u

bool ide_dma_init(struct ide_channel *ch, struct pci_dev *pci, unsigned int nr)
{
	const struct pci_bar *bar = &pci->bar[4];

	if (!bar->io || bar->size < BM_SIZE * IDE_CHANNELS)
		return false;
	ch->prd = (struct ide_prd *)__get_free_page(GFP_KERNEL);
	if (!ch->prd)
		return false;
	ch->bmdma = (u16)(bar->start + BM_SIZE * nr);
	return true;
}

void ide_dma_exit(struct ide_channel *ch)
{
	if (ch->prd)
		free_page((unsigned long)ch->prd);
	ch->prd = NULL;
	ch->bmdma = 0;
}

void ide_dma_limits(struct queue_limits *limits)
{
	limits->max_segment_size = PRD_MAX;
	limits->seg_boundary_mask = PRD_MAX - 1;
	limits->bounce_pfn = 1ul << (32 - PAGE_SHIFT);
}

void ide_dma_setup(struct ide_channel *ch, bool write)
{
	for (unsigned int i = 0; i < ch->nr_sg; i++) {
		VM_BUG_ON(ch->sg[i].dma_address >> 16 !=
			  (ch->sg[i].dma_address + ch->sg[i].length - 1) >> 16);
		ch->prd[i] = (struct ide_prd){
			.address = (u32)ch->sg[i].dma_address, .length = (u16)ch->sg[i].length,
			.flags = i == ch->nr_sg - 1 ? PRD_LAST : 0,
		};
	}
	wmb();
	outl(__pa(ch->prd), ch->bmdma + BM_TABLE);
	outb(write ? 0 : BM_TO_MEMORY, ch->bmdma + BM_COMMAND);
	outb((u8)(inb(ch->bmdma + BM_STATUS) | BM_ERROR | BM_INTERRUPT), ch->bmdma + BM_STATUS);
}

void ide_dma_start(struct ide_channel *ch)
{
	outb((u8)(inb(ch->bmdma + BM_COMMAND) | BM_GO), ch->bmdma + BM_COMMAND);
}

bool ide_dma_has_interrupt(const struct ide_channel *ch)
{
	return inb(ch->bmdma + BM_STATUS) & BM_INTERRUPT;
}

bool ide_dma_stop(struct ide_channel *ch)
{
	u8 status;

	outb((u8)(inb(ch->bmdma + BM_COMMAND) & ~BM_GO), ch->bmdma + BM_COMMAND);
	status = inb(ch->bmdma + BM_STATUS);
	outb((u8)(status | BM_ERROR | BM_INTERRUPT), ch->bmdma + BM_STATUS);
	return !(status & BM_ERROR);
}
