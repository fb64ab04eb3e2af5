/*
 * kernel/drivers/virtio_pci.h - a virtio device on the PCI bus: features, status, queues.
 *
 * The device comes in two forms, which differ in where its registers lie (virtio_pci.c); its driver
 * sees one.  Bringing one up: virtio_open(), choose features, queues, virtio_ready().
 *
 * Reference: Virtio 1.2, sections 3.1 and 4.1.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_VIRTIO_PCI_H
#define OCTAVO_KERNEL_DRIVERS_VIRTIO_PCI_H

#include <kernel/drivers/pci.h>
#include <kernel/drivers/virtio_ring.h>

/* Kinds of devices. */
#define VIRTIO_ID_BLOCK		2

#define VIRTIO_F_INDIRECT_DESC	(1ull << 28)
#define VIRTIO_F_VERSION_1	(1ull << 32)

struct virtio_transport;

struct virtio_device {
	struct pci_dev *pci;
	const struct virtio_transport *transport;
	u64 features;			/* agreed on */
	u16 port;			/* older form: its ports */
	volatile u8 *common, *isr, *config, *notify;	/* newer form: its registers in memory */
	u32 notify_multiplier;
};

/* The next device of this kind behind @from (NULL: the first). => NULL: none */
struct pci_dev *virtio_find(unsigned int kind, const struct pci_dev *from);
/*
 * Reset it, and agree on those of @wanted that it has.
 * => may sleep; false, with a word in the log: it cannot be driven
 */
bool virtio_open(struct virtio_device *dev, struct pci_dev *pci, u64 wanted, const char *driver);
/* => may sleep; NULL: there is no such queue, or no memory */
struct virtqueue *virtio_find_queue(struct virtio_device *dev, u16 index);
/* All is set up: it may begin; or not: it is off for good, @dev and its queues can go. */
void virtio_ready(struct virtio_device *dev);
void virtio_failed(struct virtio_device *dev);
/* Why it interrupts, which it forgets: bit 0 a queue, bit 1 its configuration; 0: it does not. */
u8 virtio_isr(struct virtio_device *dev);
/* Of the configuration of its kind, @offset a multiple of 4. */
u32 virtio_config32(struct virtio_device *dev, unsigned int offset);

#endif
