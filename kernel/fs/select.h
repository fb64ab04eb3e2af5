/*
 * kernel/fs/select.h - the waiting behind poll(2) and select(2).
 */
#ifndef OCTAVO_KERNEL_FS_SELECT_H
#define OCTAVO_KERNEL_FS_SELECT_H

#include <kernel/uapi/poll.h>
#include <lib/types.h>

/* Bitmaps of descriptors: asked for, and the answer (cleared by the caller). */
struct select_sets {
	unsigned long *in, *out, *ex;
	unsigned long *res_in, *res_out, *res_ex;
};

/*
 * @deadline: ns since boot, 0 for ever; @wait false: only look.
 * => may sleep; ready files with their revents set, 0 when time is up, -EINTR, -ENOMEM
 */
int do_poll(struct pollfd *fds, unsigned int nfds, u64 deadline, bool wait);
/* => ready bits, or 0, -EINTR, -ENOMEM, -EBADF; descriptors below @n */
int do_select(struct select_sets *sets, unsigned int n, u64 deadline, bool wait);

#endif
