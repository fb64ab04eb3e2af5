/*
 * tests/kernel/drivers/virtio_test.c - virtio's queue by itself, and a disk by it.
 */
#include <tests/kernel/drivers/disk_test.h>

#include <kernel/arch/i8259.h>
#include <kernel/core/irq.h>
#include <kernel/drivers/pci.h>
#include <kernel/drivers/virtio_ring.h>
#include <mm/phys/slab.h>

#define NUM	16u

/* The device's side: it gives back the @nth chain of those it was shown. */
static void device_used(struct virtqueue *vq, unsigned int nth)
{
	u16 at = vq->used->idx & (vq->num - 1);

	vq->used->ring[at].id = vq->avail->ring[nth & (vq->num - 1)];
	vq->used->idx++;
}

/* A queue without a device: nobody hears the bell. */
static struct virtqueue *new_queue(bool indirect, volatile u16 *bell)
{
	struct virtqueue *vq = virtqueue_alloc(7, NUM, indirect);

	if (vq)
		vq->notify_addr = bell;
	return vq;
}

/* Chains of several descriptors come back in any order; their descriptors are free again, and full is full. */
KTEST(virtio_ring, chains_in_any_order)
{
	volatile u16 bell = 0;
	struct virtqueue *vq = new_queue(false, &bell);
	struct vring_desc table[4];
	static char what[5];

	KASSERT(t, vq);
	for (unsigned int i = 0; i < 4; i++)
		table[i] = (struct vring_desc){ 0x1000 * (i + 1), 512, i < 3 ? VRING_DESC_F_NEXT : 0,
						(u16)(i + 1) };
	for (unsigned int round = 0; round < 50; round++) {
		unsigned int first = vq->avail_idx;

		for (unsigned int i = 0; i < 4; i++)
			KEXPECT(t, virtqueue_add(vq, table, 4, &what[i]));
		KEXPECT(t, !virtqueue_add(vq, table, 1, &what[4]));
		KEXPECT_EQ(t, vq->num_free, 0u);
		KEXPECT_EQ(t, virtqueue_check(vq), 0);
		bell = 0;
		virtqueue_kick(vq);
		KEXPECT_EQ(t, bell, 7);
		bell = 0;
		virtqueue_kick(vq);		/* nothing new: no bell */
		KEXPECT_EQ(t, bell, 0);
		KEXPECT(t, !virtqueue_get(vq));
		for (unsigned int i = 0; i < 4; i++) {
			unsigned int which = (i * 3 + round) % 4;

			device_used(vq, first + which);
			KEXPECT(t, virtqueue_get(vq) == &what[which]);
			KEXPECT_EQ(t, virtqueue_check(vq), 0);
		}
		KEXPECT_EQ(t, vq->num_free, NUM);
	}
	virtqueue_free(vq);
}

/* With a table of its own a buffer takes one descriptor; a device that looks by itself is not rung. */
KTEST(virtio_ring, indirect)
{
	volatile u16 bell = 0;
	struct virtqueue *vq = new_queue(true, &bell);
	struct vring_desc *table = kzalloc(4 * sizeof(*table), GFP_KERNEL);

	KASSERT(t, vq && table);
	vq->used->flags = VRING_USED_F_NO_NOTIFY;
	for (unsigned int i = 0; i < NUM; i++)
		KEXPECT(t, virtqueue_add(vq, table, 4, table + i % 4));
	KEXPECT(t, !virtqueue_add(vq, table, 4, table));
	virtqueue_kick(vq);
	KEXPECT_EQ(t, bell, 0);
	KEXPECT_EQ(t, vq->avail->idx, NUM);
	KEXPECT_EQ(t, vq->desc[vq->avail->ring[3]].flags, VRING_DESC_F_INDIRECT);
	KEXPECT_EQ(t, vq->desc[vq->avail->ring[3]].len, 64u);
	for (unsigned int i = NUM; i-- > 0; device_used(vq, i))
		;
	for (unsigned int i = NUM; i-- > 0; )
		KEXPECT(t, virtqueue_get(vq) == table + i % 4);
	KEXPECT_EQ(t, virtqueue_check(vq), 0);
	KEXPECT_EQ(t, vq->num_free, NUM);
	kfree(table);
	virtqueue_free(vq);
}

DISK_TESTS(virtio, "vd")

/* PCI's lines stay active until the device has been asked: level-triggered, whoever dispatches them. */
KTEST(virtio, line_is_level)
{
	struct hd_struct *part = scratch_disk(t, "vd");
	struct pci_dev *pci;

	if (!part)
		return;
	for (pci = pci_get_device(0x1af4, PCI_ANY_ID, NULL); pci;
	     pci = pci_get_device(0x1af4, PCI_ANY_ID, pci)) {
		KEXPECT(t, pci->irq && pci->pin);
		KEXPECT(t, i8259_is_level(pci->irq));
		KEXPECT(t, irq_input(pci->irq) < 0 || irq_is_level(pci->irq));
	}
}
