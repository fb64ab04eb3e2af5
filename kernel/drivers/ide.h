/*
 * kernel/drivers/ide.h - between the files of the IDE driver.
 *
 *	ide_probe.c	which drives there are, and what they can do
 *	ide.c		requests: the way to the drive and back
 *	ide_dma.c	bus mastering: the controller moves the data
 *
 * Locking: the channel belongs to one drive at a time: ide_channel->lock [l] for whose it is.  What
 * its owner does with it is under his queue_lock [q].  Order: queue_lock, ide_channel->lock.
 * [c] is constant after ide_probe().
 *
 * References: ATA/ATAPI-6 (T13/1410D); Intel 82371SB (PIIX3), chapter 2.7.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_IDE_H
#define OCTAVO_KERNEL_DRIVERS_IDE_H

#include <kernel/arch/io.h>
#include <kernel/core/timer.h>
#include <kernel/drivers/disk.h>
#include <kernel/drivers/pci.h>

#define IDE_CHANNELS	2u
#define IDE_DRIVES	2u		/* of a channel */

/* Ports of a channel, from io on. */
#define ATA_DATA	0
#define ATA_ERROR	1		/* read */
#define ATA_COUNT	2
#define ATA_LBA_LOW	3
#define ATA_LBA_MID	4
#define ATA_LBA_HIGH	5
#define ATA_DEVICE	6
#define ATA_STATUS	7		/* read; it takes the interrupt back */
#define ATA_COMMAND	7		/* written */

#define ATA_DEVICE_LBA	0xe0u		/* and two bits that are always set */
#define ATA_DEVICE_UNIT	4		/* shift */

#define ATA_ERR		0x01u		/* ATA_STATUS */
#define ATA_DRQ		0x08u		/* data, please */
#define ATA_DF		0x20u		/* the drive is broken */
#define ATA_BSY		0x80u		/* no other bit means anything */

/* The port ctl. */
#define ATA_CTL_NIEN	0x02u		/* no interrupts */
#define ATA_CTL_SRST	0x04u		/* both drives start anew */

enum ata_command {
	ATA_READ = 0x20, ATA_READ_EXT = 0x24, ATA_READ_DMA_EXT = 0x25,
	ATA_WRITE = 0x30, ATA_WRITE_EXT = 0x34, ATA_WRITE_DMA_EXT = 0x35,
	ATA_READ_DMA = 0xc8, ATA_WRITE_DMA = 0xca,
	ATA_FLUSH = 0xe7, ATA_FLUSH_EXT = 0xea,
	ATA_IDENTIFY = 0xec, ATA_SET_FEATURES = 0xef,
};

#define ATA_LBA28_SECTORS	(1u << 28)
#define ATA_LBA28_COUNT		256u
#define IDE_MAX_SEGMENTS	128u

struct ide_drive {
	struct ide_channel *channel;	/* [c] */
	unsigned int unit;		/* [c] 0: master, 1: slave */
	char name[4];			/* [c] hda */
	bool lba48;			/* [c] */
	u8 flush;			/* [c] the command; 0: it has none */
	bool dma;			/* [q] off for good when it does not work */
	sector_t sectors;		/* [c] */
	struct request_queue *queue;	/* [c] */
	bool waiting;			/* [l] for the channel */
};

enum ide_mode { IDE_PIO, IDE_DMA, IDE_NODATA };

struct ide_prd;

struct ide_channel {
	u16 io, ctl;			/* [c] */
	u16 bmdma;			/* [c] 0: none */
	unsigned int irq;		/* [c] */
	struct ide_prd *prd;		/* [q] what bus mastering is to move */
	struct ide_drive *drive[IDE_DRIVES];	/* [c] NULL: none, or no disk */
	spinlock_t lock;
	bool busy;			/* [l] */
	struct ide_drive *owner;	/* [l] of the channel, or the last one */
	bool dead;			/* [q] it did not come back from a reset */
	/* the command under way */
	struct request *rq;		/* [q] NULL: none */
	enum ide_mode mode;		/* [q] */
	unsigned int sectors;		/* [q] that it is of */
	unsigned int nr_sg, sg_at, sg_offset;	/* [q] pieces; how far PIO is */
	unsigned int left;		/* [q] sectors that PIO has to move */
	unsigned long deadline;		/* [q] jiffies */
	struct timer_list timer;
	struct scatterlist sg[IDE_MAX_SEGMENTS];	/* [q] */
};

/* The status without side effects. */
static inline u8 ide_alt_status(const struct ide_channel *ch)
{
	return inb(ch->ctl);
}

/* The drive's lines need 400 ns: four reads of a slow port. => status */
static inline u8 ide_settle(const struct ide_channel *ch)
{
	for (int i = 0; i < 3; i++)
		ide_alt_status(ch);
	return ide_alt_status(ch);
}

/* Wait, at most @us, until BSY is off. => false: it is on still */
bool ide_wait_idle(struct ide_channel *ch, unsigned int us);
/* Reset both drives. => false: they do not come back */
bool ide_reset(struct ide_channel *ch, u8 ctl);

/* Time that a command may take, from `ide_timeout=` seconds. */
extern unsigned long ide_timeout;

/* blkdev.h: request_fn */
void ide_request(struct request_queue *q);
int ide_interrupt(int irq, void *channel);
void ide_timer(unsigned long channel);

/* ---- ide_dma.c ---- */

/* @nr: which channel of the controller; bar 4 has its ports. => false: no memory, no DMA */
bool ide_dma_init(struct ide_channel *ch, struct pci_dev *pci, unsigned int nr);
void ide_dma_exit(struct ide_channel *ch);
/* The limits of what it can reach. */
void ide_dma_limits(struct queue_limits *limits);
/* Before the command: tell it the pieces; after: go. */
void ide_dma_setup(struct ide_channel *ch, bool write);
void ide_dma_start(struct ide_channel *ch);
bool ide_dma_has_interrupt(const struct ide_channel *ch);
/* => true: all went well */
bool ide_dma_stop(struct ide_channel *ch);

#endif
