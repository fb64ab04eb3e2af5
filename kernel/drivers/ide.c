/*
 * kernel/drivers/ide.c - IDE disks: a request becomes a command, the interrupt ends it.
 *
 * Theory.  Two drives share the registers and the interrupt of a channel, and do one command at a
 * time.  Each has a queue of its own, so a queue whose request_fn is called takes the channel, or
 * notes that it waits for it; who gives the channel back calls the other one's first.
 *
 *	ide_request	take the channel, fetch a request
 *	  start		drive, sectors, command; by DMA: what the controller is to move
 *	ide_interrupt	PIO: move a sector, wait for the next; else over: good or bad
 *	  done		end the request's sectors; the rest of it is the next command
 *	  give_back	the other drive's turn
 *
 * Commands address by 28 bits (256 sectors at most) or by 48; the longer form writes each register
 * twice, so it is used only for what the shorter cannot reach.
 *
 * PIO, without a bus master or after `hda=nodma`: an interrupt for each sector, whose words the
 * processor moves.  It works with any controller, at one hundredth of the speed.
 *
 * Errors.  What fails is tried three times in all; then, if it was of several bios, they are done apart
 * (disk.h); then it is -EIO.  Not so a flush: the drive may have forgotten what it could not write,
 * and would say that the second one went well.  A command that has not ended at its deadline: if the drive is
 * ready, only its interrupt was lost, and it is taken as having come; else both drives are reset, and
 * it is tried again, at the second time without DMA from then on.  Drives that do not come back from
 * the reset are given up.
 *
 * Locking: see ide.h.  The timer and the interrupt both may end a command: each takes the owner's
 * queue_lock and looks whether there still is one (rq), and whether it is late (deadline).
 */
#include <kernel/drivers/ide.h>

#include <kernel/arch/page.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/core/time.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

#define TRIES		3
#define READY_US	100000u		/* a drive that is idle is ready at once, or never */

unsigned long ide_timeout;

static void start(struct ide_channel *ch, struct request *rq);

/* ---- whose channel --------------------------------------------------------------------------- */

/* => queue_lock of @drive held; false: it is the other one's, who will call us */
static bool take(struct ide_channel *ch, struct ide_drive *drive)
{
	bool mine;

	spin_lock(&ch->lock);
	mine = !ch->busy;
	drive->waiting = !mine;
	if (mine) {
		ch->busy = true;
		ch->owner = drive;
	}
	spin_unlock(&ch->lock);
	return mine;
}

/* The other one may not be called from here, under a queue_lock: the timer does it if nobody else. */
static void give_back(struct ide_channel *ch)
{
	struct ide_drive *other = ch->drive[!ch->owner->unit];
	bool wanted;

	spin_lock(&ch->lock);
	ch->busy = false;
	wanted = other && other->waiting;
	spin_unlock(&ch->lock);
	if (wanted)
		mod_timer(&ch->timer, jiffies);
}

/* The channel may be free: who waits for it, the other one first. => no queue_lock held */
static void run_waiting(struct ide_channel *ch, struct ide_drive *last)
{
	for (unsigned int i = 1; i <= IDE_DRIVES; i++) {
		struct ide_drive *drive = ch->drive[(last->unit + i) % IDE_DRIVES];
		unsigned long flags;

		if (!drive || (drive != last && !READ_ONCE(drive->waiting)))
			continue;
		spin_lock_irqsave(&drive->queue->queue_lock, flags);
		blk_run_queue(drive->queue);
		spin_unlock_irqrestore(&drive->queue->queue_lock, flags);
	}
}

/* ---- the end of a command; all with the owner's queue_lock held -------------------------------- */

/* The command's sectors are over, with @err; what is left of its request goes on. */
static void done(struct ide_channel *ch, int err)
{
	struct request *rq = ch->rq;

	ch->rq = NULL;
	del_timer(&ch->timer);
	if (err)
		disk_report(rq, ch->sectors);
	rq->errors = 0;
	if (blk_end_request(rq, err, ch->sectors))
		start(ch, rq);
	else
		give_back(ch);
}

/* It failed: again, or the bios apart, or for good. */
static void failed(struct ide_channel *ch)
{
	struct request *rq = ch->rq;

	if (ch->dead) {
		ch->sectors = rq->nr_sectors;
		done(ch, -EIO);
	} else if (++rq->errors < TRIES) {
		start(ch, rq);
	} else if (disk_try_apart(rq)) {
		rq->errors = 0;
		start(ch, rq);
	} else {
		done(ch, -EIO);
	}
}

/* ---- PIO ------------------------------------------------------------------------------------- */

/* Move the next sector between the drive and its page. */
static void pio_sector(struct ide_channel *ch, bool write)
{
	struct scatterlist *sg = &ch->sg[ch->sg_at];
	phys_addr_t at = sg->dma_address + ch->sg_offset;
	char *kaddr = kmap_atomic(pfn_to_page((unsigned long)(at >> PAGE_SHIFT)), KM_IRQ0);
	char *buf = kaddr + ((unsigned long)at & ~PAGE_MASK);

	if (write)
		outsw(ch->io + ATA_DATA, buf, SECTOR_SIZE / 2);
	else
		insw(ch->io + ATA_DATA, buf, SECTOR_SIZE / 2);
	kunmap_atomic(kaddr, KM_IRQ0);
	ch->left--;
	ch->sg_offset += SECTOR_SIZE;
	if (ch->sg_offset == sg->length) {
		ch->sg_at++;
		ch->sg_offset = 0;
	}
}

/* The first sector of a write is asked for without an interrupt; a drive that refuses sends one. */
static void pio_first(struct ide_channel *ch)
{
	ide_settle(ch);
	if (ide_wait_idle(ch, READY_US) && (ide_alt_status(ch) & ATA_DRQ))
		pio_sector(ch, true);
}

/* => 0: go on; 1: all sectors are moved; -EIO */
static int pio_next(struct ide_channel *ch, u8 status)
{
	bool write = rq_is_write(ch->rq);

	if (!ch->left)
		return 1;
	if (!(status & ATA_DRQ))
		return -EIO;
	pio_sector(ch, write);
	return !write && !ch->left;
}

/* ---- commands -------------------------------------------------------------------------------- */

static u8 transfer_command(enum ide_mode mode, bool write, bool ext)
{
	if (mode == IDE_DMA)
		return ext ? (write ? ATA_WRITE_DMA_EXT : ATA_READ_DMA_EXT) :
			     (write ? ATA_WRITE_DMA : ATA_READ_DMA);
	return ext ? (write ? ATA_WRITE_EXT : ATA_READ_EXT) : (write ? ATA_WRITE : ATA_READ);
}

/* Sector and count into the registers; for 48 bits each holds two bytes, the upper first. */
static void load_sector(struct ide_channel *ch, u8 device, sector_t sector, unsigned int count,
			bool ext)
{
	if (ext) {
		outb((u8)(count >> 8), ch->io + ATA_COUNT);
		outb((u8)(sector >> 24), ch->io + ATA_LBA_LOW);
		outb((u8)(sector >> 32), ch->io + ATA_LBA_MID);
		outb((u8)(sector >> 40), ch->io + ATA_LBA_HIGH);
	} else {
		device |= sector >> 24 & 0xf;
	}
	outb((u8)count, ch->io + ATA_COUNT);
	outb((u8)sector, ch->io + ATA_LBA_LOW);
	outb((u8)(sector >> 8), ch->io + ATA_LBA_MID);
	outb((u8)(sector >> 16), ch->io + ATA_LBA_HIGH);
	outb(device, ch->io + ATA_DEVICE);
}

static void transfer(struct ide_channel *ch, struct ide_drive *drive, u8 device)
{
	struct request *rq = ch->rq;
	bool write = rq_is_write(rq), ext;

	ch->nr_sg = disk_map(rq, ch->sg, drive->lba48 ? UINT_MAX : ATA_LBA28_COUNT, &ch->sectors);
	ch->left = ch->sectors;
	ch->sg_at = ch->sg_offset = 0;
	ch->mode = drive->dma ? IDE_DMA : IDE_PIO;
	ext = ch->sectors > ATA_LBA28_COUNT || rq->sector + ch->sectors > ATA_LBA28_SECTORS;
	load_sector(ch, device, rq->sector, ch->sectors, ext);
	if (ch->mode == IDE_DMA)
		ide_dma_setup(ch, write);
	outb(transfer_command(ch->mode, write, ext), ch->io + ATA_COMMAND);
	if (ch->mode == IDE_DMA)
		ide_dma_start(ch);
	else if (write)
		pio_first(ch);
}

static void reset(struct ide_channel *ch, const struct ide_drive *drive)
{
	pr_warn("%s: no answer (status %02x), reset\n", drive->name, ide_alt_status(ch));
	if (ch->mode == IDE_DMA)
		ide_dma_stop(ch);
	if (ide_reset(ch, 0))
		return;
	pr_err("%s: not ready after a reset, given up\n", drive->name);
	ch->dead = true;
}

/* Select the drive. => false: it does not take commands */
static bool select_drive(struct ide_channel *ch, u8 device)
{
	if (ch->dead)
		return false;
	outb(device, ch->io + ATA_DEVICE);
	ide_settle(ch);
	return ide_wait_idle(ch, READY_US);
}

/* Begin with what is left of @rq. => the channel is @rq's drive's, and its queue_lock held */
static void start(struct ide_channel *ch, struct request *rq)
{
	struct ide_drive *drive = ch->owner;
	u8 device = (u8)(ATA_DEVICE_LBA | drive->unit << ATA_DEVICE_UNIT);

	ch->rq = rq;
	ch->mode = IDE_NODATA;
	ch->sectors = rq->nr_sectors;
	if (!select_drive(ch, device)) {
		if (!ch->dead)
			reset(ch, drive);
		if (ch->dead || !select_drive(ch, device)) {
			ch->dead = true;
			done(ch, -EIO);
			return;
		}
	}
	ch->deadline = jiffies + ide_timeout;
	mod_timer(&ch->timer, ch->deadline);
	if (rq->cmd_flags & REQ_FLUSH)
		outb(drive->flush, ch->io + ATA_COMMAND);
	else
		transfer(ch, drive, device);
}

void ide_request(struct request_queue *q)
{
	struct ide_drive *drive = q->queuedata;
	struct request *rq;

	if (!take(drive->channel, drive))
		return;
	while ((rq = blk_fetch_request(q)) && (rq->cmd_flags & REQ_FLUSH) && !drive->flush)
		blk_end_request_all(rq, 0);	/* it has no cache that we know of */
	if (rq)
		start(drive->channel, rq);
	else
		give_back(drive->channel);
}

/* ---- interrupts and deadlines ---------------------------------------------------------------- */

/* The drive says that something has ended. => owner's queue_lock held, a command under way */
static void command_interrupt(struct ide_channel *ch)
{
	bool good = ch->mode != IDE_DMA || ide_dma_stop(ch);
	u8 status = inb(ch->io + ATA_STATUS);
	int ret = 1;

	if (!good || (status & (ATA_BSY | ATA_ERR | ATA_DF)))
		ret = -EIO;
	else if (ch->mode == IDE_PIO)
		ret = pio_next(ch, status);
	if (ret < 0 && ch->mode == IDE_NODATA)
		done(ch, ret);
	else if (ret < 0)
		failed(ch);
	else if (ret)
		done(ch, 0);
}

/* Is it for us? Reading the status takes a PIO interrupt back: done only when it is. */
static bool has_interrupt(const struct ide_channel *ch)
{
	if (ch->mode == IDE_DMA)
		return ide_dma_has_interrupt(ch);
	return !(ide_alt_status(ch) & ATA_BSY);
}

irqreturn_t ide_interrupt(int irq, void *channel)
{
	struct ide_channel *ch = channel;
	struct ide_drive *drive = READ_ONCE(ch->owner);
	bool ours;

	spin_lock(&drive->queue->queue_lock);
	ours = ch->owner == drive && ch->rq && has_interrupt(ch);
	if (ours)
		command_interrupt(ch);
	spin_unlock(&drive->queue->queue_lock);
	if (!ours) {
		inb(ch->io + ATA_STATUS);
		return IRQ_NONE;
	}
	run_waiting(ch, drive);
	return IRQ_HANDLED;
}

/* The command is late. => owner's queue_lock held */
static void late(struct ide_channel *ch, struct ide_drive *drive)
{
	struct request *rq = ch->rq;

	if (has_interrupt(ch)) {
		pr_warn("%s: an interrupt was lost\n", drive->name);
		command_interrupt(ch);
		return;
	}
	reset(ch, drive);
	if (ch->mode == IDE_DMA && rq->errors) {
		pr_warn("%s: without DMA from now on\n", drive->name);
		drive->dma = false;
	}
	failed(ch);
}

void ide_timer(unsigned long channel)
{
	struct ide_channel *ch = (struct ide_channel *)channel;
	struct ide_drive *drive = READ_ONCE(ch->owner);
	unsigned long flags;

	spin_lock_irqsave(&drive->queue->queue_lock, flags);
	if (ch->owner == drive && ch->rq) {
		if (time_after_eq(jiffies, ch->deadline))
			late(ch, drive);
		else	/* give_back() was after the other one's start(), and took its time-out away */
			mod_timer(&ch->timer, ch->deadline);
	}
	spin_unlock_irqrestore(&drive->queue->queue_lock, flags);
	run_waiting(ch, drive);
}
