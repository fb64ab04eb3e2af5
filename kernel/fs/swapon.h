/*
 * kernel/fs/swapon.h - areas for swapping: made of devices and files, and given back.
 */
#ifndef OCTAVO_KERNEL_FS_SWAPON_H
#define OCTAVO_KERNEL_FS_SWAPON_H

#include <lib/types.h>

/*
 * Swap to the device or file @name; @flags: SWAP_FLAG_*, checked.
 * => may sleep; 0, or -EINVAL: no header, holes; -EBUSY: in use; -EPERM: 32 areas are; ...
 */
int do_swapon(const char *name, unsigned int flags);
/*
 * Bring back all that it holds, and let go of it.
 * => may sleep; 0, or, with the area as it was, -EINVAL: is none; -ENOMEM: does not fit; -EINTR; -EIO
 */
int do_swapoff(const char *name);

#endif
