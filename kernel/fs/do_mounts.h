/*
 * kernel/fs/do_mounts.h - the root file system.
 */
#ifndef OCTAVO_KERNEL_FS_DO_MOUNTS_H
#define OCTAVO_KERNEL_FS_DO_MOUNTS_H

/* Boot: if root= names a disk, "/" is what is on it. => may sleep; disks and rootfs are there */
void mount_root(void);

#endif
