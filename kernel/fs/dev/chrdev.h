/*
 * kernel/fs/dev/chrdev.h - character devices by number.
 *
 * A driver claims a major number with register_chrdev() and gets every open of a node with
 * that major: the open replaces f_op by the driver's operations and calls their open, which
 * looks at iminor(inode).  device_create() makes the node that ring 3 opens: in devtmpfs, a
 * ramfs that the kernel fills at boot and mounts on /dev once there is a root.
 *
 * Locking: a spinlock over the table, taken for moments.
 */
#ifndef OCTAVO_KERNEL_FS_DEV_CHRDEV_H
#define OCTAVO_KERNEL_FS_DEV_CHRDEV_H

#include <kernel/fs/fs.h>

#define MAX_CHRDEV	256

#define MEM_MAJOR	1	/* mem null zero full random urandom kmsg */
#define TTY_MAJOR	4	/* tty0.., ttyS0 at minor 64 */
#define TTYAUX_MAJOR	5	/* tty console */
#define MISC_MAJOR	10
#define FB_MAJOR	29	/* fb0 */
#define DEBUGCON_MINOR	233	/* of MISC_MAJOR: /dev/debugcon */

/* => 0, -EBUSY (taken) or -EINVAL; @name and @fops must stay */
int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops);
/* => 0 or -EINVAL: not registered by this name */
int unregister_chrdev(unsigned int major, const char *name);
/* A node in devtmpfs; after dev_init().  @mode: S_IFCHR and permissions.  => 0 or -errno */
int device_create(const char *name, dev_t dev, umode_t mode);
void device_destroy(const char *name);

static inline unsigned int iminor(const struct inode *inode)
{
	return MINOR(inode->i_rdev);
}
static inline unsigned int imajor(const struct inode *inode)
{
	return MAJOR(inode->i_rdev);
}

/* i_fop of device nodes */
extern const struct file_operations def_chr_fops;

#endif
