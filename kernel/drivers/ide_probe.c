/*
 * kernel/drivers/ide_probe.c - which IDE drives there are.
 *
 * Theory.  The two channels of a PC have had their ports and lines since the AT; a controller on the
 * PCI bus (class 01 01) answers there in its legacy mode, and adds bus mastering.  A drive is asked who it is by IDENTIFY, polled, with
 * interrupts off; the answer is 256 words.  A CD-ROM refuses, and leaves its signature: it is left alone.
 *
 * Transfer modes are what the firmware has set; a drive for which it has set none is told to use the
 * fastest of the modes that it and the bus master both know.
 *
 * Kernel command line: `ide=nodma`, `hda=nodma` (PIO), `hda=none` (not there); `ide_timeout=SECONDS`.
 *
 * Left out: controllers in native mode or with more than two channels, drives without LBA.
 *
 * Reference: ATA/ATAPI-6, sections 6.17 and 8.15 (IDENTIFY DEVICE), 9.2 (reset).
 */
#include <kernel/drivers/ide.h>

#include <kernel/core/cmdline.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>

#define IDE0_MAJOR	3
#define IDE1_MAJOR	22
#define IDE_MINORS	64		/* of a drive; the upper ones are not used */

#define RESET_US	1000000u
#define IDENTIFY_MS	5000u
#define DEFAULT_TIMEOUT	20		/* seconds; a flush of a full cache takes its time */

/* Words of IDENTIFY. */
enum {
	ID_MODEL = 27, ID_MODEL_WORDS = 20, ID_CAPABILITIES = 49, ID_VALID = 53, ID_LBA28 = 60,
	ID_MWDMA = 63, ID_COMMANDS = 83, ID_UDMA = 88, ID_LBA48 = 100, ID_WORDS = 256,
};
#define ID_HAS_DMA	(1u << 8)	/* capabilities */
#define ID_HAS_LBA	(1u << 9)
#define ID_LBA48_BIT	(1u << 10)	/* commands */
#define ID_FLUSH_BIT	(1u << 12)
#define ID_FLUSH_EXT_BIT (1u << 13)
#define ID_UDMA_VALID	(1u << 2)

#define FEATURE_TRANSFER_MODE	0x03	/* SET FEATURES */
#define MODE_MWDMA		0x20u

static const struct {
	u16 io, ctl;
	unsigned int irq, major;
} legacy[IDE_CHANNELS] = {
	{ 0x1f0, 0x3f6, 14, IDE0_MAJOR }, { 0x170, 0x376, 15, IDE1_MAJOR },
};

bool ide_wait_idle(struct ide_channel *ch, unsigned int us)
{
	for (unsigned int waited = 0; waited < us; waited += 10) {
		if (!(ide_alt_status(ch) & ATA_BSY))
			return true;
		udelay(10);
	}
	return false;
}

bool ide_reset(struct ide_channel *ch, u8 ctl)
{
	outb(ctl | ATA_CTL_SRST, ch->ctl);
	udelay(5);
	outb(ctl, ch->ctl);
	udelay(2000);
	return ide_wait_idle(ch, RESET_US);
}

/* ---- asking a drive -------------------------------------------------------------------------- */

/* Wait for the end of a command by looking. => may sleep; status, BSY: it did not end */
static u8 poll_status(struct ide_channel *ch)
{
	unsigned int waited = 0;

	while (!ide_wait_idle(ch, 1000) && waited < IDENTIFY_MS) {
		msleep(10);
		waited += 10;
	}
	return inb(ch->io + ATA_STATUS);
}

/* => may sleep; false: no disk there */
static bool identify(struct ide_channel *ch, unsigned int unit, const char *name, u16 *id)
{
	u8 status;

	outb((u8)(ATA_DEVICE_LBA | unit << ATA_DEVICE_UNIT), ch->io + ATA_DEVICE);
	status = ide_settle(ch);
	if (!status || status == 0xff)
		return false;
	outb(0, ch->io + ATA_COUNT);
	outb(0, ch->io + ATA_LBA_MID);
	outb(0, ch->io + ATA_LBA_HIGH);
	outb(ATA_IDENTIFY, ch->io + ATA_COMMAND);
	if (!ide_settle(ch))
		return false;
	status = poll_status(ch);
	if (status & ATA_ERR) {
		if (inb(ch->io + ATA_LBA_MID) == 0x14 && inb(ch->io + ATA_LBA_HIGH) == 0xeb)
			pr_info("%s: a CD-ROM, left alone\n", name);
		return false;
	}
	if ((status & ATA_BSY) || !(status & ATA_DRQ)) {
		pr_warn("%s: does not say what it is (status %02x)\n", name, status);
		return false;
	}
	insw(ch->io + ATA_DATA, id, ID_WORDS);
	inb(ch->io + ATA_STATUS);
	return true;
}

/* Two letters to a word, the first in its upper half; blanks at the end are dropped. */
static void model_name(const u16 *id, char *model)
{
	size_t len = 2 * ID_MODEL_WORDS;

	for (unsigned int i = 0; i < ID_MODEL_WORDS; i++) {
		model[2 * i] = (char)(id[ID_MODEL + i] >> 8);
		model[2 * i + 1] = (char)id[ID_MODEL + i];
	}
	while (len && model[len - 1] == ' ')
		len--;
	model[len] = 0;
}

/* Is the channel's bus master used for this drive? A mode must be set; if none is, one is set. */
static bool use_dma(struct ide_channel *ch, const struct ide_drive *drive, const u16 *id)
{
	unsigned int modes = id[ID_MWDMA] & 7, mode;
	char how[16];

	if (cmdline_find_option("ide", how, sizeof(how)) > 0 && !strcmp(how, "nodma"))
		return false;
	if (cmdline_find_option(drive->name, how, sizeof(how)) > 0 && !strcmp(how, "nodma"))
		return false;
	if (!ch->bmdma || !(id[ID_CAPABILITIES] & ID_HAS_DMA))
		return false;
	if ((id[ID_MWDMA] >> 8) || ((id[ID_VALID] & ID_UDMA_VALID) && (id[ID_UDMA] >> 8)))
		return true;
	if (!modes)
		return false;
	mode = modes & 4 ? 2 : modes & 2 ? 1 : 0;
	outb(FEATURE_TRANSFER_MODE, ch->io + ATA_ERROR);
	outb((u8)(MODE_MWDMA | mode), ch->io + ATA_COUNT);
	outb(ATA_SET_FEATURES, ch->io + ATA_COMMAND);
	ide_settle(ch);
	return !(poll_status(ch) & (ATA_BSY | ATA_ERR));
}

static void read_identity(struct ide_drive *drive, const u16 *id)
{
	unsigned int commands = id[ID_COMMANDS];

	if ((commands & 0xc000) != 0x4000)	/* the word is not valid */
		commands = 0;
	drive->lba48 = commands & ID_LBA48_BIT;
	drive->flush = !(commands & ID_FLUSH_BIT) ? 0 :
		       drive->lba48 && (commands & ID_FLUSH_EXT_BIT) ? ATA_FLUSH_EXT : ATA_FLUSH;
	drive->sectors = id[ID_LBA28] | (u32)id[ID_LBA28 + 1] << 16;
	if (drive->lba48)
		drive->sectors = id[ID_LBA48] | (u32)id[ID_LBA48 + 1] << 16 |
				 (u64)id[ID_LBA48 + 2] << 32 | (u64)id[ID_LBA48 + 3] << 48;
	drive->dma = use_dma(drive->channel, drive, id);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

/* => may sleep; NULL: no disk at this place, or no memory */
static struct ide_drive *probe_drive(struct ide_channel *ch, unsigned int nr, unsigned int unit, u16 *id)
{
	char model[2 * ID_MODEL_WORDS + 1], how[16];
	struct ide_drive *drive = kzalloc(sizeof(*drive), GFP_KERNEL);

	if (!drive)
		return NULL;
	drive->channel = ch;
	drive->unit = unit;
	scnprintf(drive->name, sizeof(drive->name), "hd%c", (char)('a' + nr * IDE_DRIVES + unit));
	if (cmdline_find_option(drive->name, how, sizeof(how)) > 0 && !strcmp(how, "none"))
		goto out;
	if (!identify(ch, unit, drive->name, id))
		goto out;
	model_name(id, model);
	if (!(id[ID_CAPABILITIES] & ID_HAS_LBA)) {
		pr_warn("%s: %s: has no LBA, not used\n", drive->name, model);
		goto out;
	}
	read_identity(drive, id);
	drive->queue = blk_init_queue(ide_request);
	if (!drive->queue)
		goto out;
	drive->queue->queuedata = drive;
	drive->queue->limits.max_segments = IDE_MAX_SEGMENTS;
	if (!drive->lba48)
		drive->queue->limits.max_sectors = ATA_LBA28_COUNT;
	ide_dma_limits(&drive->queue->limits);
	pr_info("%s: %s, %s, LBA%s\n", drive->name, model, drive->dma ? "DMA" : "PIO",
		drive->lba48 ? "48" : "28");
	return drive;
out:
	kfree(drive);
	return NULL;
}

/* The controller of the channel in its legacy mode, if there is one. */
static struct pci_dev *find_controller(unsigned int nr)
{
	struct pci_dev *pci = pci_get_class(PCI_CLASS_STORAGE_IDE, NULL);

	while (pci && (pci->prog_if >> 2 * nr & 1))
		pci = pci_get_class(PCI_CLASS_STORAGE_IDE, pci);
	return pci;
}

static void announce(struct ide_channel *ch, unsigned int nr)
{
	for (unsigned int unit = 0; unit < IDE_DRIVES; unit++) {
		struct ide_drive *drive = ch->drive[unit];

		if (drive && !disk_register(drive->name, drive->queue, legacy[nr].major,
					    unit * IDE_MINORS, drive->sectors, false))
			pr_err("%s: no memory\n", drive->name);
	}
}

/*
 * Does any drive at all drive the lines? An empty channel reads as all ones, or as zero.
 * => true: a drive that does is selected.  The status of a place without one is never busy, so it
 *    would not tell when a reset is over, and what is written before that is lost.
 */
static bool channel_alive(struct ide_channel *ch)
{
	for (unsigned int unit = 0; unit < IDE_DRIVES; unit++) {
		u8 status;

		outb((u8)(ATA_DEVICE_LBA | unit << ATA_DEVICE_UNIT), ch->io + ATA_DEVICE);
		status = ide_settle(ch);
		if (status && status != 0xff)
			return true;
	}
	return false;
}

/* => may sleep; false: there is no drive, @ch is not used */
static bool probe_channel(struct ide_channel *ch, unsigned int nr)
{
	struct pci_dev *pci = find_controller(nr);
	u16 *id;

	ch->io = legacy[nr].io;
	ch->ctl = legacy[nr].ctl;
	ch->irq = legacy[nr].irq;
	spin_lock_init(&ch->lock);
	setup_timer(&ch->timer, ide_timer, (unsigned long)ch);
	if (!channel_alive(ch) || !ide_reset(ch, ATA_CTL_NIEN))
		return false;
	id = kmalloc(ID_WORDS * sizeof(*id), GFP_KERNEL);
	if (!id)
		return false;
	if (pci)
		pci_enable_device(pci, PCI_COMMAND_IO | PCI_COMMAND_MASTER, "ide");
	if (pci && !ide_dma_init(ch, pci, nr))
		pr_warn("ide%u: no bus mastering\n", nr);
	for (unsigned int unit = 0; unit < IDE_DRIVES; unit++) {
		ch->drive[unit] = probe_drive(ch, nr, unit, id);
		if (!ch->owner)
			ch->owner = ch->drive[unit];
	}
	kfree(id);
	return ch->owner != NULL;
}

void ide_probe(void)
{
	ide_timeout = (unsigned long)cmdline_get_int("ide_timeout", DEFAULT_TIMEOUT) * HZ;
	for (unsigned int nr = 0; nr < IDE_CHANNELS; nr++) {
		struct ide_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

		if (!ch || !probe_channel(ch, nr)) {
			if (ch)
				ide_dma_exit(ch);
			kfree(ch);
			continue;
		}
		if (request_irq(ch->irq, ide_interrupt, 0, nr ? "ide1" : "ide0", ch))
			pr_err("ide%u: irq %u is taken; only time-outs will be heard\n", nr, ch->irq);
		outb(0, ch->ctl);	/* interrupts on */
		announce(ch, nr);
	}
}
