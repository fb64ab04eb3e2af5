/*
 * kernel/fs/poll.h - waiting for several files at once.
 *
 * Theory.  poll(file, wait) answers what the file is ready for now, and by poll_wait() puts
 * the caller on every queue that will be woken when the answer changes.  The first round
 * over all files both asks and queues; after a sleep the rounds pass NULL and only ask.
 * So a file's poll function calls poll_wait() first, unconditionally, and then looks:
 *
 *	poll_wait(file, &tty->read_wait, wait);
 *	return tty->count ? POLLIN | POLLRDNORM : 0;
 */
#ifndef OCTAVO_KERNEL_FS_POLL_H
#define OCTAVO_KERNEL_FS_POLL_H

#include <kernel/core/wait.h>
#include <kernel/uapi/poll.h>

struct file;

typedef struct poll_table_struct {
	void (*qproc)(struct file *file, wait_queue_head_t *q, struct poll_table_struct *p);
} poll_table;

static inline void poll_wait(struct file *file, wait_queue_head_t *q, poll_table *p)
{
	if (p && q)
		p->qproc(file, q, p);
}

/* What a file without poll() is ready for. */
#define DEFAULT_POLLMASK (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

#endif
