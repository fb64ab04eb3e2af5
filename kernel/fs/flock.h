/*
 * kernel/fs/flock.h - flock(): whole files locked by agreement.  Theory: flock.c.
 */
#ifndef OCTAVO_KERNEL_FS_FLOCK_H
#define OCTAVO_KERNEL_FS_FLOCK_H

#include <lib/types.h>

struct file;
struct seq_file;

/*
 * Lock @file's inode for this description, in place of what it holds.
 * => may sleep; 0, -EWOULDBLOCK, -ERESTARTSYS, -ENOLCK; then it holds nothing
 */
int flock_acquire(struct file *file, bool exclusive, bool nonblock);
/* Let go, if it holds a lock. */
void flock_release(struct file *file);
/* Lines of /proc/locks, numbered from @id. => the next number */
int flock_show(struct seq_file *m, int id);

#endif
