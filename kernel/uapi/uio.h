/* kernel/uapi/uio.h - readv(2) and writev(2): a list of segments. */
#ifndef OCTAVO_KERNEL_UAPI_UIO_H
#define OCTAVO_KERNEL_UAPI_UIO_H

#include <lib/types.h>

struct iovec {
	void *iov_base;
	size_t iov_len;
};
static_assert(sizeof(struct iovec) == 8, "user ABI");

#define UIO_MAXIOV	1024	/* segments of one call */
#define UIO_FASTIOV	8	/* that many are kept on the stack */

#endif
