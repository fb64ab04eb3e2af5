/*
 * kernel/drivers/virtio_ring.c - virtio's queue: the tables, putting in, taking out.
 *
 * Theory.  See virtio_ring.h for the three tables.  They lie as the older form of the device needs
 * them, desc and avail one after the other and used on the next page; the newer one takes any place.
 * Free descriptors are chained by their own `next`; a chain that comes back is put in front.
 *
 * Order of memory.  A descriptor must be seen before the head in avail, and the head before avail's
 * idx: stores stay in order on this processor, so the compiler is all that has to be kept from
 * moving them.  Whether the device wants to be rung is read after idx was written, and there a load
 * could pass the store: mb().
 *
 *	we				the device
 *	idx = n				NO_NOTIFY off
 *	mb()				mb()
 *	NO_NOTIFY? no: ring		idx != n? go on
 *
 * Left out: EVENT_IDX (ring and interrupt only from a certain index on).  A request is many pages and
 * an interrupt a few dozen instructions.
 *
 * Reference: Virtio 1.2, sections 2.7 and 2.7.13.
 */
#include <kernel/drivers/virtio_ring.h>

#include <kernel/arch/barrier.h>
#include <kernel/arch/io.h>
#include <kernel/arch/page.h>
#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

/* Bytes of desc and avail, without and with what follows. */
static size_t avail_end(unsigned int num)
{
	return num * sizeof(struct vring_desc) + sizeof(struct vring_avail) + (num + 1) * sizeof(u16);
}

static size_t ring_size(unsigned int num)
{
	return ALIGN(avail_end(num), PAGE_SIZE) + sizeof(struct vring_used) +
	       num * sizeof(struct vring_used_elem) + sizeof(u16);
}

struct virtqueue *virtqueue_alloc(u16 index, unsigned int num, bool indirect)
{
	struct virtqueue *vq = kzalloc(sizeof(*vq), GFP_KERNEL);
	char *ring;

	if (!vq)
		return NULL;
	vq->order = get_order(ring_size(num));
	vq->pages = __get_free_pages(GFP_KERNEL | __GFP_ZERO, vq->order);
	vq->data = kcalloc(num, sizeof(*vq->data), GFP_KERNEL);
	if (!vq->pages || !vq->data) {
		virtqueue_free(vq);
		return NULL;
	}
	ring = (char *)vq->pages;
	vq->num = num;
	vq->desc = (void *)ring;
	vq->avail = (void *)(ring + num * sizeof(struct vring_desc));
	vq->used = (void *)(ring + ALIGN(avail_end(num), PAGE_SIZE));
	vq->indirect = indirect;
	vq->index = index;
	vq->num_free = num;
	for (unsigned int i = 0; i < num; i++)
		vq->desc[i].next = (u16)(i + 1);
	return vq;
}

void virtqueue_free(struct virtqueue *vq)
{
	if (vq->pages)
		free_pages(vq->pages, vq->order);
	kfree(vq->data);
	kfree(vq);
}

/* The whole chain in descriptors of the queue. => there are @n; the head */
static u16 add_direct(struct virtqueue *vq, const struct vring_desc *table, unsigned int n)
{
	u16 head = vq->free_head, i = head;

	for (unsigned int k = 0; k < n; k++) {
		volatile struct vring_desc *desc = &vq->desc[i];

		desc->addr = table[k].addr;
		desc->len = table[k].len;
		desc->flags = table[k].flags;
		i = desc->next;
	}
	vq->free_head = i;
	return head;
}

static u16 add_indirect(struct virtqueue *vq, const struct vring_desc *table, unsigned int n)
{
	u16 head = vq->free_head;
	volatile struct vring_desc *desc = &vq->desc[head];

	desc->addr = __pa(table);
	desc->len = n * sizeof(*table);
	desc->flags = VRING_DESC_F_INDIRECT;
	vq->free_head = desc->next;
	return head;
}

bool virtqueue_add(struct virtqueue *vq, const struct vring_desc *table, unsigned int n, void *data)
{
	unsigned int taken = vq->indirect ? 1 : n;
	u16 head;

	if (vq->num_free < taken)
		return false;
	head = vq->indirect ? add_indirect(vq, table, n) : add_direct(vq, table, n);
	vq->num_free -= taken;
	vq->data[head] = data;
	vq->avail->ring[vq->avail_idx++ & (vq->num - 1)] = head;
	return true;
}

void virtqueue_kick(struct virtqueue *vq)
{
	if (vq->avail->idx == vq->avail_idx)
		return;
	wmb();
	vq->avail->idx = vq->avail_idx;
	mb();
	if (vq->used->flags & VRING_USED_F_NO_NOTIFY)
		return;
	if (vq->notify_port)
		outw(vq->index, vq->notify_port);
	else
		*vq->notify_addr = vq->index;
}

/* The chain at @head is free again. */
static void free_chain(struct virtqueue *vq, u16 head)
{
	u16 last = head;
	unsigned int n = 1;

	while (vq->desc[last].flags & VRING_DESC_F_NEXT) {
		last = vq->desc[last].next;
		n++;
	}
	vq->desc[last].next = vq->free_head;
	vq->free_head = head;
	vq->num_free += n;
}

void *virtqueue_get(struct virtqueue *vq)
{
	void *data;
	u32 head;

	if (vq->last_used == vq->used->idx)
		return NULL;
	rmb();
	head = vq->used->ring[vq->last_used++ & (vq->num - 1)].id;
	if (WARN_ON_ONCE(head >= vq->num || !vq->data[head]))
		return NULL;
	data = vq->data[head];
	vq->data[head] = NULL;
	free_chain(vq, (u16)head);
	return data;
}

int virtqueue_check(const struct virtqueue *vq)
{
	unsigned int free = 0, busy = 0;
	u16 i = vq->free_head;

	for (; free < vq->num_free && i < vq->num; free++)
		i = vq->desc[i].next;
	for (unsigned int head = 0; head < vq->num; head++) {
		unsigned int at = head, n = 1;

		if (!vq->data[head])
			continue;
		while ((vq->desc[at].flags & VRING_DESC_F_NEXT) && n++ <= vq->num)
			at = vq->desc[at].next;
		busy += n;
	}
	if (free == vq->num_free && free + busy == vq->num)
		return 0;
	pr_err("virtqueue %u: %u free of which %u are chained, %u busy, %u in all\n", vq->index,
	       vq->num_free, free, busy, vq->num);
	return -1;
}
