/*
 * kernel/drivers/virtio_ring.h - a queue of buffers between this kernel and the machine it runs in.
 *
 * Three tables in memory that both see:
 *
 *	desc	pieces of memory: address, length, direction; a buffer is a chain of them
 *	avail	written by us: heads of chains that the device may take
 *	used	written by the device: heads of chains that it is done with
 *
 * and a doorbell of the device (notify), an interrupt of ours.  Any number of buffers may be under
 * way, and come back in any order.  A chain may also lie in a table of the driver's own, which then
 * takes only one descriptor of the queue (INDIRECT).
 *
 * Locking: the driver's; all functions on one queue must exclude each other.
 * Reference: Virtio 1.2, section 2.7.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_VIRTIO_RING_H
#define OCTAVO_KERNEL_DRIVERS_VIRTIO_RING_H

#include <lib/compiler.h>
#include <lib/types.h>

#define VRING_DESC_F_NEXT	1u
#define VRING_DESC_F_WRITE	2u	/* the device writes it */
#define VRING_DESC_F_INDIRECT	4u	/* a table of further ones */

#define VRING_USED_F_NO_NOTIFY	1u	/* the device looks by itself */

struct vring_desc {
	u64 addr;			/* physical */
	u32 len;
	u16 flags, next;
};
static_assert(sizeof(struct vring_desc) == 16, "Virtio 2.7.5");

struct vring_avail {
	u16 flags, idx;			/* idx: how many were ever put in */
	u16 ring[];
};

struct vring_used_elem {
	u32 id, len;
};

struct vring_used {
	u16 flags, idx;
	struct vring_used_elem ring[];
};

struct virtqueue {
	unsigned int num;		/* [c] entries, a power of two */
	volatile struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	bool indirect;			/* [c] the device has agreed to it */
	u16 free_head;			/* descriptors that are free, chained by next */
	unsigned int num_free;
	u16 avail_idx, last_used;	/* ours, of idx */
	u16 index;			/* [c] which queue of the device */
	u16 notify_port;		/* [c] the doorbell: a port, or if 0 */
	volatile u16 *notify_addr;	/* [c] an address */
	unsigned long pages;		/* [c] what the tables lie in */
	unsigned int order;		/* [c] */
	void **data;			/* by head: the driver's word for the buffer */
};

/* Room for @num entries, in one run of pages as the older form of the device wants it. => NULL */
struct virtqueue *virtqueue_alloc(u16 index, unsigned int num, bool indirect);
void virtqueue_free(struct virtqueue *vq);
/*
 * Put in the buffer that table[0 .. n - 1] describe, all but the last with NEXT; the table stays as
 * it is until the buffer is back.  The device is told by virtqueue_kick().
 * => false: there is no room
 */
bool virtqueue_add(struct virtqueue *vq, const struct vring_desc *table, unsigned int n, void *data);
/* Show the device what was added, and ring if it wants that. */
void virtqueue_kick(struct virtqueue *vq);
/* => the data of a buffer that is back, or NULL */
void *virtqueue_get(struct virtqueue *vq);
/* Free and used descriptors add up, no chain has a loop. => 0, or prints and -1 */
int virtqueue_check(const struct virtqueue *vq);

#endif
