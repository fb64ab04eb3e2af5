/*
 * kernel/sys/fs_lock.h - the record locks of fcntl, for sys_fcntl().
 */
#ifndef OCTAVO_KERNEL_SYS_FS_LOCK_H
#define OCTAVO_KERNEL_SYS_FS_LOCK_H

#include <kernel/arch/uaccess.h>
#include <kernel/fs/fs.h>

/* F_GETLK, F_SETLK, F_SETLKW. => may sleep; 0 or -errno */
long fcntl_lock(unsigned int fd, unsigned int cmd, struct flock __user *user, struct file *file);
/* F_GETLK64, F_OFD_GETLK and their kin. => the same */
long fcntl_lock64(unsigned int fd, unsigned int cmd, struct flock64 __user *user,
		  struct file *file);

#endif
