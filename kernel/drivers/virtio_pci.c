/*
 * kernel/drivers/virtio_pci.c - where the registers of a virtio device are.
 *
 * Theory.  The older form has them at fixed places of a run of ports, its configuration behind
 * them; a queue is told by the number of its first page, so its memory lies below 2^44.  The newer
 * form has four structures somewhere in its memory, which capabilities of vendor kind name; addresses
 * of queues are 64 bits.  A device that has both (as QEMU's have on this bus) is driven by the older:
 * a port is as good as an address, and there is nothing to map.  Devices that are new only have other
 * numbers.
 *
 * The four structures: common (features, status, queues), notify (a doorbell for each queue), isr
 * (one byte), device (what its kind has to say).
 *
 * Locking: none; one processor brings a device up, and later only virtio_isr() is called, which is
 * a single read.
 *
 * Reference: Virtio 1.2, sections 3.1.1, 4.1.4 and 4.1.4.8.
 */
#include <kernel/drivers/virtio_pci.h>

#include <kernel/arch/io.h>
#include <kernel/arch/page.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <mm/phys/vmalloc.h>

#define VIRTIO_VENDOR		0x1af4
#define VIRTIO_OLD_DEVICE(kind)	(0x0fff + (kind))	/* 0x1001: a disk of either form */
#define VIRTIO_NEW_DEVICE(kind)	(0x1040 + (kind))

#define STATUS_ACKNOWLEDGE	1u	/* we have seen it */
#define STATUS_DRIVER		2u	/* we know how to drive it */
#define STATUS_DRIVER_OK	4u
#define STATUS_FEATURES_OK	8u
#define STATUS_FAILED		128u

#define MAX_QUEUE		1024u	/* entries; more are of no use to us */

struct virtio_transport {
	u8 (*get_status)(struct virtio_device *dev);
	void (*set_status)(struct virtio_device *dev, u8 status);
	u64 (*get_features)(struct virtio_device *dev);
	void (*set_features)(struct virtio_device *dev, u64 features);
	/* How many entries the queue may have; the newer form can do with fewer. 0: no such queue */
	unsigned int (*queue_size)(struct virtio_device *dev, u16 index);
	void (*set_queue)(struct virtio_device *dev, struct virtqueue *vq);
	u8 (*isr)(struct virtio_device *dev);
	u32 (*config32)(struct virtio_device *dev, unsigned int offset);
};

/* ---- the older form: ports ------------------------------------------------------------------- */

#define OLD_HOST_FEATURES	0
#define OLD_GUEST_FEATURES	4
#define OLD_QUEUE_PFN		8
#define OLD_QUEUE_SIZE		12
#define OLD_QUEUE_SELECT	14
#define OLD_QUEUE_NOTIFY	16
#define OLD_STATUS		18
#define OLD_ISR			19
#define OLD_CONFIG		20

static u8 old_get_status(struct virtio_device *dev)
{
	return inb(dev->port + OLD_STATUS);
}

static void old_set_status(struct virtio_device *dev, u8 status)
{
	outb(status, dev->port + OLD_STATUS);
}

static u64 old_get_features(struct virtio_device *dev)
{
	return inl(dev->port + OLD_HOST_FEATURES);
}

static void old_set_features(struct virtio_device *dev, u64 features)
{
	outl((u32)features, dev->port + OLD_GUEST_FEATURES);
}

static unsigned int old_queue_size(struct virtio_device *dev, u16 index)
{
	outw(index, dev->port + OLD_QUEUE_SELECT);
	return inw(dev->port + OLD_QUEUE_SIZE);
}

static void old_set_queue(struct virtio_device *dev, struct virtqueue *vq)
{
	outw(vq->index, dev->port + OLD_QUEUE_SELECT);
	outl((u32)(__pa(vq->pages) >> PAGE_SHIFT), dev->port + OLD_QUEUE_PFN);
	vq->notify_port = dev->port + OLD_QUEUE_NOTIFY;
}

static u8 old_isr(struct virtio_device *dev)
{
	return inb(dev->port + OLD_ISR);
}

static u32 old_config32(struct virtio_device *dev, unsigned int offset)
{
	return inl((u16)(dev->port + OLD_CONFIG + offset));
}

static const struct virtio_transport old_transport = {
	old_get_status, old_set_status, old_get_features, old_set_features, old_queue_size,
	old_set_queue, old_isr, old_config32,
};

static bool open_old(struct virtio_device *dev)
{
	if (!dev->pci->bar[0].io || dev->pci->bar[0].size < OLD_CONFIG)
		return false;
	dev->port = (u16)dev->pci->bar[0].start;
	dev->transport = &old_transport;
	return true;
}

/* ---- the newer form: structures in memory ---------------------------------------------------- */

enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };
#define CAP_BAR		4	/* registers of the capability; the kind is the byte before this */
#define CAP_OFFSET	8
#define CAP_LENGTH	12
#define CAP_MULTIPLIER	16

struct virtio_common {
	u32 device_feature_select, device_feature;
	u32 driver_feature_select, driver_feature;
	u16 config_vector, nr_queues;
	u8 status, generation;
	u16 queue_select, queue_size, queue_vector, queue_enable, queue_notify_off;
	u32 queue_desc[2], queue_avail[2], queue_used[2];
};
static_assert(sizeof(struct virtio_common) == 56, "Virtio 4.1.4.3");

static volatile struct virtio_common *common(struct virtio_device *dev)
{
	return (volatile struct virtio_common *)dev->common;
}

static u8 new_get_status(struct virtio_device *dev)
{
	return common(dev)->status;
}

static void new_set_status(struct virtio_device *dev, u8 status)
{
	common(dev)->status = status;
	while (!status && common(dev)->status)
		;	/* a reset is over when it reads 0 */
}

static u64 new_get_features(struct virtio_device *dev)
{
	u64 features;

	common(dev)->device_feature_select = 1;
	features = (u64)common(dev)->device_feature << 32;
	common(dev)->device_feature_select = 0;
	return features | common(dev)->device_feature;
}

static void new_set_features(struct virtio_device *dev, u64 features)
{
	common(dev)->driver_feature_select = 0;
	common(dev)->driver_feature = (u32)features;
	common(dev)->driver_feature_select = 1;
	common(dev)->driver_feature = (u32)(features >> 32);
}

static unsigned int new_queue_size(struct virtio_device *dev, u16 index)
{
	if (index >= common(dev)->nr_queues)
		return 0;
	common(dev)->queue_select = index;
	return common(dev)->queue_size;
}

static void set_address(volatile u32 *reg, volatile void *virt)
{
	reg[0] = __pa(virt);
	reg[1] = 0;		/* the direct map is below 4G */
}

static void new_set_queue(struct virtio_device *dev, struct virtqueue *vq)
{
	volatile struct virtio_common *c = common(dev);

	c->queue_select = vq->index;
	c->queue_size = (u16)vq->num;
	set_address(c->queue_desc, vq->desc);
	set_address(c->queue_avail, vq->avail);
	set_address(c->queue_used, vq->used);
	vq->notify_addr = (volatile u16 *)(dev->notify +
					   c->queue_notify_off * dev->notify_multiplier);
	c->queue_enable = 1;
}

static u8 new_isr(struct virtio_device *dev)
{
	return *dev->isr;
}

static u32 new_config32(struct virtio_device *dev, unsigned int offset)
{
	return *(volatile u32 *)(dev->config + offset);
}

static const struct virtio_transport new_transport = {
	new_get_status, new_set_status, new_get_features, new_set_features, new_queue_size,
	new_set_queue, new_isr, new_config32,
};

/* Map what the capability at @pos names. => may sleep; NULL: it cannot be */
static volatile u8 *map_cap(struct virtio_device *dev, unsigned int pos)
{
	unsigned int bar = pci_read_config(dev->pci, pos + CAP_BAR) & 0xff;
	u32 offset = pci_read_config(dev->pci, pos + CAP_OFFSET);
	u32 length = pci_read_config(dev->pci, pos + CAP_LENGTH);

	if (bar >= PCI_BARS || dev->pci->bar[bar].io || offset > dev->pci->bar[bar].size ||
	    length > dev->pci->bar[bar].size - offset)
		return NULL;
	return ioremap((phys_addr_t)(dev->pci->bar[bar].start + offset), length);
}

static bool open_new(struct virtio_device *dev)
{
	unsigned int pos = 0;

	while ((pos = pci_find_capability(dev->pci, PCI_CAP_ID_VENDOR, pos))) {
		unsigned int kind = pci_read_config(dev->pci, pos) >> 24;

		if (kind == CAP_COMMON && !dev->common) {
			dev->common = map_cap(dev, pos);
		} else if (kind == CAP_NOTIFY && !dev->notify) {
			dev->notify = map_cap(dev, pos);
			dev->notify_multiplier = pci_read_config(dev->pci, pos + CAP_MULTIPLIER);
		} else if (kind == CAP_ISR && !dev->isr) {
			dev->isr = map_cap(dev, pos);
		} else if (kind == CAP_DEVICE && !dev->config) {
			dev->config = map_cap(dev, pos);
		}
	}
	dev->transport = &new_transport;
	return dev->common && dev->notify && dev->isr && dev->config;
}

/* ---- either ---------------------------------------------------------------------------------- */

struct pci_dev *virtio_find(unsigned int kind, const struct pci_dev *from)
{
	struct pci_dev *dev = pci_get_device(VIRTIO_VENDOR, PCI_ANY_ID, from);

	while (dev && dev->device != VIRTIO_OLD_DEVICE(kind) && dev->device != VIRTIO_NEW_DEVICE(kind))
		dev = pci_get_device(VIRTIO_VENDOR, PCI_ANY_ID, dev);
	return dev;
}

static void add_status(struct virtio_device *dev, unsigned int bit)
{
	dev->transport->set_status(dev, (u8)(dev->transport->get_status(dev) | bit));
}

bool virtio_open(struct virtio_device *dev, struct pci_dev *pci, u64 wanted, const char *driver)
{
	bool new = pci->device >= VIRTIO_NEW_DEVICE(0);

	*dev = (struct virtio_device){ .pci = pci };
	pci_enable_device(pci, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, driver);
	if (new ? !open_new(dev) : !open_old(dev)) {
		pr_err("%s: a virtio device without the registers it should have\n", driver);
		virtio_failed(dev);
		return false;
	}
	dev->transport->set_status(dev, 0);
	add_status(dev, STATUS_ACKNOWLEDGE);
	add_status(dev, STATUS_DRIVER);
	dev->features = dev->transport->get_features(dev) & (wanted | (new ? VIRTIO_F_VERSION_1 : 0));
	dev->transport->set_features(dev, dev->features);
	if (!new)
		return true;
	add_status(dev, STATUS_FEATURES_OK);
	if (dev->transport->get_status(dev) & STATUS_FEATURES_OK)
		return true;
	pr_err("%s: the device does not agree to features %llx\n", driver, dev->features);
	virtio_failed(dev);
	return false;
}

struct virtqueue *virtio_find_queue(struct virtio_device *dev, u16 index)
{
	unsigned int num = dev->transport->queue_size(dev, index);
	struct virtqueue *vq;

	if (!num || (num & (num - 1)))
		return NULL;
	if (dev->transport == &new_transport)
		num = min(num, MAX_QUEUE);
	vq = virtqueue_alloc(index, num, dev->features & VIRTIO_F_INDIRECT_DESC);
	if (vq)
		dev->transport->set_queue(dev, vq);
	return vq;
}

void virtio_ready(struct virtio_device *dev)
{
	add_status(dev, STATUS_DRIVER_OK);
}

void virtio_failed(struct virtio_device *dev)
{
	volatile u8 *mapped[] = { dev->common, dev->notify, dev->isr, dev->config };

	if (dev->port || dev->common) {
		dev->transport->set_status(dev, 0);
		add_status(dev, STATUS_FAILED);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(mapped); i++)
		if (mapped[i])
			iounmap(mapped[i]);
}

u8 virtio_isr(struct virtio_device *dev)
{
	return dev->transport->isr(dev);
}

u32 virtio_config32(struct virtio_device *dev, unsigned int offset)
{
	return dev->transport->config32(dev, offset);
}
