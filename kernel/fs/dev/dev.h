/*
 * kernel/fs/dev/dev.h - /dev: devices by name.
 */
#ifndef OCTAVO_KERNEL_FS_DEV_DEV_H
#define OCTAVO_KERNEL_FS_DEV_DEV_H

#include <kernel/fs/dev/chrdev.h>

/* Boot: devtmpfs, mounted nowhere yet, and the memory devices in it. */
void dev_init(void);
/* devmem.c: physical memory as a file. */
extern const struct file_operations devmem_fops;
/* mem.c: mem, null, zero, full, random, urandom, kmsg, debugcon. */
void mem_dev_init(void);
/* fbmem.c: fb0, if there is an adapter for it. => after vga_init() */
void fb_dev_init(void);
/* Boot: devtmpfs on /dev, once the root file system has been filled.  => 0 or -errno */
int devtmpfs_mount(void);

#endif
