/*
 * kernel/drivers/debugcon.h - QEMU's debug console, port 0xe9.
 *
 * What is written goes to the host's -debugcon file: a channel of its own, on
 * which scripts/exec receives exit statuses.  Without the device, writes vanish.
 */
#ifndef OCTAVO_KERNEL_DRIVERS_DEBUGCON_H
#define OCTAVO_KERNEL_DRIVERS_DEBUGCON_H

#include <kernel/arch/io.h>
#include <lib/types.h>

#define DEBUGCON_PORT	0xe9

static inline void debugcon_write(const void *buf, size_t len)
{
	outsb(DEBUGCON_PORT, buf, len);
}

#endif
