/*
 * kernel/uapi/poll.h - poll(2)'s events and select(2)'s sets.
 */
#ifndef OCTAVO_KERNEL_UAPI_POLL_H
#define OCTAVO_KERNEL_UAPI_POLL_H

#include <lib/types.h>

#define POLLIN		0x0001u
#define POLLPRI		0x0002u
#define POLLOUT		0x0004u
#define POLLERR		0x0008u
#define POLLHUP		0x0010u
#define POLLNVAL	0x0020u
#define POLLRDNORM	0x0040u
#define POLLRDBAND	0x0080u
#define POLLWRNORM	0x0100u
#define POLLWRBAND	0x0200u
#define POLLRDHUP	0x2000u

struct pollfd {
	int fd;
	s16 events;
	s16 revents;
};
static_assert(sizeof(struct pollfd) == 8, "user ABI");

#define FD_SETSIZE	1024

#endif
