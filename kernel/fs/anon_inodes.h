/*
 * kernel/fs/anon_inodes.h - files that are nothing but a descriptor.
 */
#ifndef OCTAVO_KERNEL_FS_ANON_INODES_H
#define OCTAVO_KERNEL_FS_ANON_INODES_H

#include <kernel/fs/fs.h>

/*
 * A new file of @fops with @priv as its private_data; @name in brackets, for who looks.
 * => may sleep; ERR_PTR(-ENOMEM, -ENFILE); @name stays
 */
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				unsigned int flags);

#endif
