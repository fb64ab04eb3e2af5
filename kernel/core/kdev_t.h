/*
 * kernel/core/kdev_t.h - device numbers.
 *
 * Inside the kernel a dev_t is 12 bits of major, which driver, and 20 bits of minor, which of
 * its devices.  Ring 3 sees another packing (stat64, mknod): the low 8 bits of the minor, the
 * major, the rest of the minor, so that numbers of the old 16-bit days look as they did.
 */
#ifndef OCTAVO_KERNEL_CORE_KDEV_T_H
#define OCTAVO_KERNEL_CORE_KDEV_T_H

#include <lib/types.h>

#define MINORBITS	20
#define MINORMASK	((1u << MINORBITS) - 1)
#define MAJOR(dev)	((unsigned int)(dev) >> MINORBITS)
#define MINOR(dev)	((unsigned int)(dev) & MINORMASK)
#define MKDEV(ma, mi)	((dev_t)((unsigned int)(ma) << MINORBITS | (mi)))

static inline u32 new_encode_dev(dev_t dev)
{
	return (MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (MINOR(dev) & ~0xffu) << 12;
}

static inline dev_t new_decode_dev(u32 dev)
{
	return MKDEV((dev & 0xfff00) >> 8, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

#endif
