/*
 * kernel/drivers/floppy.c - floppy disks: /dev/fd0, fd1.
 *
 * Theory.  The controller (an 82077 or what became of it) takes commands of a few bytes, one after the
 * other through one port: move the heads to a cylinder, read sectors, write sectors.  The data go by
 * ISA DMA (isadma.h), so pages above 16M are bounced; the interrupt says that a command is over, and
 * a few bytes of result say how.
 *
 * One command after the other, with pauses until a motor has its speed: that is a thread's work, not a
 * handler's.  request_fn wakes it; it takes a request off its queue, does it a piece at a time, and ends
 * it under the queue's lock.  A piece is contiguous in memory and lies in one cylinder, whose two sides
 * are read in one command.  The thread allocates nothing: writing a page out needs no memory here either.
 *
 * Errors.  Each command is tried three times, with the controller reset and the heads sent home in
 * between.  If a piece fails for good it is done again sector by sector, and so the error is of the bad
 * ones only.
 *
 * What was left out: other formats than the drive's own, and disks that are changed while they are
 * in use: their pages stay in the cache until the device is closed.
 *
 * Locking: all of it is the thread's, but `irq_came` and `work`, which others set.
 *
 * Reference: Intel 82077AA data sheet.
 */
#include <kernel/drivers/disk.h>

#include <kernel/arch/io.h>
#include <kernel/arch/rtc.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/core/time.h>
#include <kernel/drivers/isadma.h>
#include <kernel/sched/kthread.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>

#define FLOPPY_MAJOR	2
#define FLOPPY_IRQ	6
#define FLOPPY_DMA	2
#define DRIVES		2

/* Ports. */
#define DOR		0x3f2		/* digital output */
#define  DOR_RUN	0x04		/* not reset */
#define  DOR_IRQ	0x08		/* interrupts and DMA */
#define  DOR_MOTOR(n)	(0x10u << (n))
#define MSR		0x3f4		/* main status */
#define  MSR_BUSY	0x10
#define  MSR_TO_US	0x40		/* the controller has a byte for us */
#define  MSR_READY	0x80
#define DATA		0x3f5
#define CCR		0x3f7		/* the rate */

/* Commands, and bits of their results. */
#define CMD_SPECIFY	0x03
#define CMD_DRIVE	0x04
#define CMD_WRITE	0xc5		/* both sides, MFM */
#define CMD_READ	0xe6		/* the same; skips deleted sectors */
#define CMD_HOME	0x07
#define CMD_SENSE	0x08
#define CMD_SEEK	0x0f
#define ST0_FAILED	0xc0
#define ST0_SEEK_END	0x20
#define ST3_PROTECTED	0x40

#define SPECIFY_1	0xaf		/* steps of 6 ms, heads up after 240 ms */
#define SPECIFY_2	0x02		/* heads down in 2 ms; DMA */

#define TRIES		3
#define PATIENCE	(3 * HZ)	/* for a command */
#define SPIN_UP_MS	300
#define MOTOR_OFF	(2 * HZ)	/* after the last request */
#define MAX_SEGMENTS	16

/* What the CMOS says a drive is. */
static const struct floppy_type {
	const char *name;
	u8 cylinders, sectors, gap, rate;	/* sectors of a track */
} types[] = {
	[1] = { "360K", 40, 9, 0x2a, 2 }, [2] = { "1.2M", 80, 15, 0x1b, 0 },
	[3] = { "720K", 80, 9, 0x2a, 2 }, [4] = { "1.44M", 80, 18, 0x1b, 0 },
	[5] = { "2.88M", 80, 36, 0x1b, 3 },
};

struct floppy {
	unsigned int unit;			/* [c] */
	const struct floppy_type *type;		/* [c] NULL: there is no such drive */
	struct request_queue *queue;		/* [c] */
	int cylinder;				/* where the heads are; -1: nobody knows */
};

static struct floppy floppies[DRIVES];
static u8 motors;				/* DOR_MOTOR() */
static volatile bool irq_came, work;
static DECLARE_WAIT_QUEUE_HEAD(irq_wait);
static DECLARE_WAIT_QUEUE_HEAD(work_wait);

/* ---- the controller --------------------------------------------------------------------------- */

static irqreturn_t floppy_interrupt(int irq, void *dev)
{
	irq_came = true;
	wake_up(&irq_wait);
	return IRQ_HANDLED;
}

/* => false: no interrupt came */
static bool wait_irq(void)
{
	return wait_event_timeout(irq_wait, irq_came, PATIENCE) != 0;
}

/* => the status with these bits, or -1: not within a long time */
static int wait_status(u8 mask, u8 bits)
{
	for (unsigned int i = 0; i < 100000; i++) {
		u8 status = inb(MSR);

		if ((status & mask) == bits)
			return status;
		io_wait();
	}
	return -1;
}

/* => false: the controller does not take it */
static bool command(const u8 *bytes, unsigned int n)
{
	irq_came = false;
	for (unsigned int i = 0; i < n; i++) {
		if (wait_status(MSR_READY | MSR_TO_US, MSR_READY) < 0)
			return false;
		outb(bytes[i], DATA);
	}
	return true;
}

/* => false: fewer than @n bytes came */
static bool result(u8 *bytes, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const u8 bits = MSR_READY | MSR_TO_US | MSR_BUSY;

		if (wait_status(bits, bits) < 0)
			return false;
		bytes[i] = inb(DATA);
	}
	return true;
}

/* What did the last interrupt mean? => false: nothing sensible */
static bool sense(u8 *st0, u8 *cylinder)
{
	static const u8 cmd[] = { CMD_SENSE };
	u8 res[2];

	if (!command(cmd, sizeof(cmd)) || !result(res, sizeof(res)))
		return false;
	*st0 = res[0];
	*cylinder = res[1];
	return true;
}

static void select_drive(const struct floppy *fd)
{
	outb((u8)(DOR_RUN | DOR_IRQ | motors | fd->unit), DOR);
	outb(fd->type->rate, CCR);
}

/* Whatever it was doing, it does nothing now. => false: it does not answer */
static bool reset_controller(const struct floppy *fd)
{
	static const u8 specify[] = { CMD_SPECIFY, SPECIFY_1, SPECIFY_2 };
	u8 st0, cylinder;

	irq_came = false;
	outb((u8)(DOR_IRQ | motors | fd->unit), DOR);
	udelay(20);
	select_drive(fd);
	if (!wait_irq())
		return false;
	for (unsigned int i = 0; i < 4; i++)	/* one for each drive there could be */
		if (!sense(&st0, &cylinder))
			return false;
	for (unsigned int i = 0; i < DRIVES; i++)
		floppies[i].cylinder = -1;
	return command(specify, sizeof(specify));
}

/* Move the heads, by @cmd. => false: they did not arrive */
static bool move_heads(struct floppy *fd, const u8 *cmd, unsigned int n, u8 to)
{
	u8 st0, cylinder;

	fd->cylinder = -1;
	if (!command(cmd, n) || !wait_irq() || !sense(&st0, &cylinder))
		return false;
	if ((st0 & ST0_FAILED) || !(st0 & ST0_SEEK_END) || cylinder != to)
		return false;
	fd->cylinder = to;
	return true;
}

static bool seek(struct floppy *fd, u8 cylinder)
{
	const u8 home[] = { CMD_HOME, (u8)fd->unit };
	const u8 cmd[] = { CMD_SEEK, (u8)fd->unit, cylinder };

	if (fd->cylinder < 0 && !move_heads(fd, home, sizeof(home), 0))
		return false;
	return fd->cylinder == cylinder || move_heads(fd, cmd, sizeof(cmd), cylinder);
}

static void motor_on(const struct floppy *fd)
{
	bool was_on = motors & DOR_MOTOR(fd->unit);

	motors |= (u8)DOR_MOTOR(fd->unit);
	select_drive(fd);
	if (!was_on)
		msleep(SPIN_UP_MS);
}

static void motors_off(void)
{
	motors = 0;
	outb(DOR_RUN | DOR_IRQ, DOR);
}

/* ---- transfers -------------------------------------------------------------------------------- */

/* @nr sectors of one cylinder, once. => false: it failed */
static bool try_transfer(struct floppy *fd, bool write, unsigned int sector, unsigned int nr,
			 phys_addr_t addr)
{
	const struct floppy_type *type = fd->type;
	unsigned int in_cylinder = sector % (2u * type->sectors);
	u8 cylinder = (u8)(sector / (2u * type->sectors)), head = in_cylinder >= type->sectors;
	const u8 cmd[] = {
		write ? CMD_WRITE : CMD_READ, (u8)(head << 2 | fd->unit), cylinder, head,
		(u8)(in_cylinder % type->sectors + 1), 2, type->sectors, type->gap, 0xff,
	};
	u8 res[7];
	bool good;

	if (!seek(fd, cylinder))
		return false;
	isa_dma_start(FLOPPY_DMA, addr, nr << SECTOR_SHIFT, !write);
	good = command(cmd, sizeof(cmd)) && wait_irq();
	good = isa_dma_stop(FLOPPY_DMA) == 0 && good;
	return good && result(res, sizeof(res)) && !(res[0] & ST0_FAILED);
}

static int transfer(struct floppy *fd, bool write, unsigned int sector, unsigned int nr,
		    phys_addr_t addr)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		if (try_transfer(fd, write, sector, nr, addr))
			return 0;
		reset_controller(fd);
	}
	return -EIO;
}

static bool end_part(struct request *rq, int error, unsigned int sectors)
{
	struct request_queue *q = rq->q;
	bool more;

	spin_lock_irq(&q->queue_lock);
	if (error)
		disk_report(rq, sectors);
	more = blk_end_request(rq, error, sectors);
	spin_unlock_irq(&q->queue_lock);
	return more;
}

/* How many sectors of @rq can go by one command, and where they are in memory. */
static unsigned int next_piece(struct floppy *fd, struct request *rq, phys_addr_t *addr)
{
	struct scatterlist sg[MAX_SEGMENTS];
	unsigned int cylinder = 2u * fd->type->sectors;

	spin_lock_irq(&rq->q->queue_lock);
	blk_rq_map_sg(rq->q, rq, sg);
	spin_unlock_irq(&rq->q->queue_lock);
	*addr = sg[0].dma_address;
	return min(sg[0].length >> SECTOR_SHIFT, cylinder - (unsigned int)rq->sector % cylinder);
}

static void perform(struct floppy *fd, struct request *rq)
{
	bool more = true, singly = false;

	motor_on(fd);
	while (more) {
		unsigned int nr = 0;
		phys_addr_t addr;
		int err = 0;

		if (!(rq->cmd_flags & REQ_FLUSH)) {	/* there is nothing to flush */
			nr = next_piece(fd, rq, &addr);
			nr = singly ? 1 : nr;
			err = transfer(fd, rq_is_write(rq), (unsigned int)rq->sector, nr, addr);
			if (err && nr > 1) {
				singly = true;
				continue;
			}
		}
		more = end_part(rq, err, nr);
	}
}

/* ---- the thread ------------------------------------------------------------------------------- */

static void floppy_request(struct request_queue *q)
{
	work = true;
	wake_up(&work_wait);
}

/* Do one request of each drive that has some. => false: there were none */
static bool do_some(void)
{
	bool some = false;

	for (unsigned int i = 0; i < DRIVES; i++) {
		struct request_queue *q = floppies[i].queue;
		struct request *rq;

		if (!q)
			continue;
		spin_lock_irq(&q->queue_lock);
		rq = blk_fetch_request(q);
		spin_unlock_irq(&q->queue_lock);
		if (rq)
			perform(&floppies[i], rq);
		some |= rq != NULL;
	}
	return some;
}

static int floppyd(void *unused)
{
	for (;;) {
		long patience = motors ? MOTOR_OFF : MAX_SCHEDULE_TIMEOUT;

		if (!wait_event_interruptible_timeout(work_wait, work, patience))
			motors_off();
		work = false;
		while (do_some())
			;
	}
	return 0;
}

/* ---- start ------------------------------------------------------------------------------------ */

static bool write_protected(struct floppy *fd)
{
	const u8 cmd[] = { CMD_DRIVE, (u8)fd->unit };
	u8 st3;

	return command(cmd, sizeof(cmd)) && result(&st3, 1) && (st3 & ST3_PROTECTED);
}

/* => may sleep; false: no memory */
static bool register_drive(struct floppy *fd)
{
	struct request_queue *q = blk_init_queue(floppy_request);
	struct gendisk *disk = alloc_disk(1);

	if (!q || !disk)
		goto fail;
	q->queuedata = fd;
	q->max_requests = 16;
	q->bdi.ra_pages = 8;
	q->limits.max_segments = MAX_SEGMENTS;
	q->limits.seg_boundary_mask = ISA_DMA_MASK;
	q->limits.bounce_pfn = ISA_DMA_LIMIT >> PAGE_SHIFT;
	snprintf(disk->disk_name, DISK_NAME_LEN, "fd%u", fd->unit);
	disk->major = FLOPPY_MAJOR;
	disk->first_minor = fd->unit;
	disk->queue = q;
	disk->removable = true;
	disk->read_only = write_protected(fd);
	set_capacity(disk, 2ull * fd->type->cylinders * fd->type->sectors);
	fd->queue = q;
	if (!add_disk(disk))
		return true;
	fd->queue = NULL;
fail:
	if (disk)
		put_disk(disk);
	if (q)
		blk_cleanup_queue(q);
	return false;
}

/* The CMOS knows which drives there are. => one of them, or NULL */
static struct floppy *find_drives(void)
{
	u8 kinds = cmos_read(CMOS_FLOPPIES);
	struct floppy *found = NULL;

	for (unsigned int i = 0; i < DRIVES; i++) {
		unsigned int kind = i ? kinds & 15 : kinds >> 4;

		floppies[i].unit = i;
		if (kind && kind < ARRAY_SIZE(types)) {
			floppies[i].type = &types[kind];
			found = &floppies[i];
		}
	}
	return found;
}

void floppy_probe(void)
{
	struct floppy *any = find_drives();

	if (!any)
		return;
	if (request_irq(FLOPPY_IRQ, floppy_interrupt, 0, "floppy", floppies))
		return;
	if (request_dma(FLOPPY_DMA, "floppy"))
		goto no_dma;
	if (!reset_controller(any)) {
		pr_warn("floppy: the controller does not answer\n");
		goto no_controller;
	}
	if (IS_ERR(kthread_run(floppyd, NULL, "floppyd")))
		goto no_controller;
	for (unsigned int i = 0; i < DRIVES; i++)
		if (floppies[i].type)
			register_drive(&floppies[i]);
	return;
no_controller:
	free_dma(FLOPPY_DMA);
no_dma:
	free_irq(FLOPPY_IRQ, floppies);
}
