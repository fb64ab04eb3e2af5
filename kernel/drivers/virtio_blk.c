/*
 * kernel/drivers/virtio_blk.c - a disk by virtio: /dev/vda, vdb...
 *
 * Theory.  A request is one buffer of the device's queue: a header that says what and where, the
 * pages, and a byte into which the device writes how it went.  There is nothing else to it: no
 * registers but the doorbell, no seeks to order, as many requests under way as there are slots.
 *
 *	slot	table[0]	the header			the device reads
 *		table[1 ...]	the pages			it reads or writes
 *		table[n]	the status			it writes
 *
 * A slot is half a page, made at start: while memory is short, nothing has to be allocated.  Their
 * number follows the size of memory.  Pages can lie anywhere: addresses are 64 bits.
 *
 * Errors.  The device's word is final, there is nothing to try again; but a request of several bios is
 * done again apart (disk.h), so that the error reaches only whose it is.  There is no time-out: the
 * other side is a program, it answers or is stopped together with us, and could not be told to let go
 * of the pages.
 *
 * Locking: queue_lock, for all of it: slots, queue, statistics.
 *
 * Reference: Virtio 1.2, section 5.2.
 */
#include <kernel/drivers/disk.h>

#include <kernel/arch/page.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/drivers/virtio_pci.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>
#include <mm/phys/init.h>
#include <mm/phys/slab.h>

#define VIRTIO_BLK_MAJOR	254	/* Linux gives it one of the free numbers */
#define MAX_DISKS		16u	/* of that number's minors */

#define VIRTIO_BLK_F_SEG_MAX	(1ull << 2)
#define VIRTIO_BLK_F_RO		(1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE	(1ull << 6)
#define VIRTIO_BLK_F_FLUSH	(1ull << 9)

/* The configuration. */
#define CONFIG_CAPACITY		0	/* 8 bytes, in sectors */
#define CONFIG_SEG_MAX		12
#define CONFIG_BLK_SIZE		20

enum { VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH = 4 };
enum { VIRTIO_BLK_S_OK, VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_UNSUPP };

struct virtio_blk_header {
	u32 type, reserved;
	u64 sector;
};
static_assert(sizeof(struct virtio_blk_header) == 16, "Virtio 5.2.6");

#define TABLE_SIZE	126u
#define MAX_SEGMENTS	(TABLE_SIZE - 2)

struct virtblk_slot {
	struct vring_desc table[TABLE_SIZE];
	struct virtio_blk_header header;
	struct request *rq;
	struct virtblk_slot *next;	/* free ones */
	unsigned int sectors;		/* that this transfer is of */
	volatile u8 status;
};
static_assert(sizeof(struct virtblk_slot) == PAGE_SIZE / 2, "none of a page is lost");

struct virtblk {
	struct virtio_device dev;
	struct virtqueue *vq;		/* [q] */
	struct request_queue *queue;	/* [c] */
	struct virtblk_slot *free;	/* [q] */
	struct scatterlist sg[MAX_SEGMENTS];	/* [q] while a request is put in */
};

/* ---- requests -------------------------------------------------------------------------------- */

/* `next` is what it was made: the one behind. */
static struct vring_desc *put_desc(struct vring_desc *desc, phys_addr_t addr, u32 len, u16 flags)
{
	desc->addr = addr;
	desc->len = len;
	desc->flags = flags;
	return desc + 1;
}

/* What @slot's request is, as the device wants it. => descriptors */
static unsigned int fill_table(struct virtblk *vblk, struct virtblk_slot *slot)
{
	struct request *rq = slot->rq;
	struct vring_desc *desc = slot->table;
	u16 flags = VRING_DESC_F_NEXT;
	unsigned int n = 0;

	slot->header.type = rq_is_write(rq) ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
	slot->header.sector = rq->sector;
	if (rq->cmd_flags & REQ_FLUSH) {
		slot->header.type = VIRTIO_BLK_T_FLUSH;
		slot->header.sector = 0;
		slot->sectors = 0;
	} else {
		n = disk_map(rq, vblk->sg, UINT_MAX, &slot->sectors);
	}
	if (slot->header.type == VIRTIO_BLK_T_IN)
		flags |= VRING_DESC_F_WRITE;
	desc = put_desc(desc, __pa(&slot->header), sizeof(slot->header), VRING_DESC_F_NEXT);
	for (unsigned int i = 0; i < n; i++)
		desc = put_desc(desc, vblk->sg[i].dma_address, vblk->sg[i].length, flags);
	put_desc(desc, __pa(&slot->status), 1, VRING_DESC_F_WRITE);
	return n + 2;
}

/* => queue_lock held; false: no room now, nothing has happened */
static bool start(struct virtblk *vblk, struct request *rq)
{
	struct virtblk_slot *slot = vblk->free;
	unsigned int n;

	slot->rq = rq;
	n = fill_table(vblk, slot);
	if (!virtqueue_add(vblk->vq, slot->table, n, slot))
		return false;
	vblk->free = slot->next;
	return true;
}

/* The rest of one that was under way. => queue_lock held */
static void start_again(struct virtblk *vblk, struct request *rq)
{
	if (!start(vblk, rq))
		blk_requeue_request(vblk->queue, rq);
}

/* The queue has something for us. => queue_lock held */
static void virtblk_request(struct request_queue *q)
{
	struct virtblk *vblk = q->queuedata;
	struct request *rq;

	while (vblk->free && (rq = blk_fetch_request(q))) {
		if ((rq->cmd_flags & REQ_FLUSH) && !(vblk->dev.features & VIRTIO_BLK_F_FLUSH)) {
			blk_end_request_all(rq, 0);	/* it writes through */
		} else if (!start(vblk, rq)) {
			blk_requeue_request(q, rq);
			break;
		}
	}
	virtqueue_kick(vblk->vq);
}

static int result(const struct virtblk_slot *slot)
{
	switch (slot->status) {
	case VIRTIO_BLK_S_OK:
		return 0;
	case VIRTIO_BLK_S_UNSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* The device is done with @slot. => queue_lock held */
static void finish(struct virtblk *vblk, struct virtblk_slot *slot)
{
	struct request *rq = slot->rq;
	int err = result(slot);

	slot->next = vblk->free;
	vblk->free = slot;
	if (err && disk_try_apart(rq)) {
		start_again(vblk, rq);
		return;
	}
	if (err)
		disk_report(rq, slot->sectors);
	if (blk_end_request(rq, err, slot->sectors))
		start_again(vblk, rq);	/* the next bio of one that is done apart */
}

static irqreturn_t virtblk_interrupt(int irq, void *dev)
{
	struct virtblk *vblk = dev;
	struct virtblk_slot *slot;

	if (!virtio_isr(&vblk->dev))
		return IRQ_NONE;
	spin_lock(&vblk->queue->queue_lock);
	while ((slot = virtqueue_get(vblk->vq)))
		finish(vblk, slot);
	blk_run_queue(vblk->queue);
	virtqueue_kick(vblk->vq);
	spin_unlock(&vblk->queue->queue_lock);
	return IRQ_HANDLED;
}

/* ---- start ----------------------------------------------------------------------------------- */

static void free_slots(struct virtblk *vblk)
{
	while (vblk->free) {
		struct virtblk_slot *slot = vblk->free;

		vblk->free = slot->next;
		kfree(slot);
	}
}

/* Half a thousandth of memory, at most 128K. => false: no memory */
static bool alloc_slots(struct virtblk *vblk)
{
	unsigned long nr = clamp(totalram_pages / 1024, 8ul, 64ul);

	for (; nr; nr--) {
		struct virtblk_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);

		if (!slot)
			return false;
		for (unsigned int i = 0; i < TABLE_SIZE; i++)
			slot->table[i].next = (u16)(i + 1);
		slot->next = vblk->free;
		vblk->free = slot;
	}
	return true;
}

static void set_limits(struct virtblk *vblk)
{
	struct queue_limits *limits = &vblk->queue->limits;
	struct virtio_device *dev = &vblk->dev;

	limits->max_segments = MAX_SEGMENTS;
	if (!vblk->vq->indirect)
		limits->max_segments = min(limits->max_segments, vblk->vq->num - 2);
	if (dev->features & VIRTIO_BLK_F_SEG_MAX)
		limits->max_segments = min(limits->max_segments,
					   virtio_config32(dev, CONFIG_SEG_MAX));
	if (dev->features & VIRTIO_BLK_F_BLK_SIZE)
		limits->block_size = max(virtio_config32(dev, CONFIG_BLK_SIZE), SECTOR_SIZE);
}

/* Queue and slots of a device that is open. => may sleep; false: no memory */
static bool set_up(struct virtblk *vblk)
{
	vblk->vq = virtio_find_queue(&vblk->dev, 0);
	vblk->queue = blk_init_queue(virtblk_request);
	if (!vblk->vq || !vblk->queue || !alloc_slots(vblk))
		return false;
	vblk->queue->queuedata = vblk;
	set_limits(vblk);
	return request_irq(vblk->dev.pci->irq, virtblk_interrupt, IRQF_SHARED, "virtio-blk",
			   vblk) == 0;
}

static void tear_down(struct virtblk *vblk)
{
	virtio_failed(&vblk->dev);
	if (vblk->vq)
		virtqueue_free(vblk->vq);
	if (vblk->queue)
		blk_cleanup_queue(vblk->queue);
	free_slots(vblk);
	kfree(vblk);
}

static bool probe(struct pci_dev *pci, unsigned int number)
{
	struct virtblk *vblk = kzalloc(sizeof(*vblk), GFP_KERNEL);
	char name[DISK_NAME_LEN];
	sector_t sectors;

	if (!vblk || !virtio_open(&vblk->dev, pci, VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO |
				  VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
				  VIRTIO_F_INDIRECT_DESC, "virtio-blk")) {
		kfree(vblk);
		return false;
	}
	scnprintf(name, sizeof(name), "vd%c", (char)('a' + number));
	if (!set_up(vblk)) {
		pr_err("%s: cannot be set up\n", name);
		tear_down(vblk);
		return false;
	}
	sectors = virtio_config32(&vblk->dev, CONFIG_CAPACITY) |
		  (u64)virtio_config32(&vblk->dev, CONFIG_CAPACITY + 4) << 32;
	virtio_ready(&vblk->dev);
	if (disk_register(name, vblk->queue, VIRTIO_BLK_MAJOR, number * DISK_MAX_PARTS, sectors,
			  vblk->dev.features & VIRTIO_BLK_F_RO))
		return true;
	free_irq(pci->irq, vblk);
	tear_down(vblk);
	return false;
}

void virtio_blk_probe(void)
{
	struct pci_dev *pci = NULL;
	unsigned int number = 0;

	while (number < MAX_DISKS && (pci = virtio_find(VIRTIO_ID_BLOCK, pci)))
		number += probe(pci, number);
}
