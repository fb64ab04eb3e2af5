/*
 * kernel/fs/ramfs/ramfs.h - a file system that is its own cache.
 *
 * The pages of a file are in its address_space and nowhere else; the names are the dentries
 * and nowhere else.  ramfs.c has the theory.
 */
#ifndef OCTAVO_KERNEL_FS_RAMFS_RAMFS_H
#define OCTAVO_KERNEL_FS_RAMFS_RAMFS_H

#include <kernel/arch/pgtable.h>
#include <kernel/fs/fs.h>

#define RAMFS_MAGIC	0x858458f6ul
#define TMPFS_MAGIC	0x01021994ul

extern struct file_system_type rootfs_fs_type;

/* Register ramfs, tmpfs and devtmpfs, and make the mount for shared anonymous memory. */
void ramfs_init(void);

/*
 * An unlinked file of @size zero bytes: MAP_SHARED | MAP_ANONYMOUS.  Its pages count as Shmem, and
 * in Committed_AS: all at once, or each as it comes if @vm_flags have VM_NORESERVE.
 * => an open file or ERR_PTR(-ENOMEM, -EINVAL)
 */
struct file *shmem_zero_setup_file(unsigned long size, unsigned long vm_flags);
/* => shmem_file_setup: the same under a name of the caller's, for /proc/PID/maps */
struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags);
/* Pages of Committed_AS that files and objects of tmpfs stand for: counted by looking at each. */
long shmem_accounted_pages(void);
/* The entry of each page of theirs that is in swap. => may sleep; @fn may not */
void shmem_for_each_swapped(void (*fn)(swp_entry_t entry, void *arg), void *arg);
/* mmap of /dev/zero with MAP_SHARED: give @vma such a file.  => 0 or -errno */
int shmem_zero_setup(struct vm_area_struct *vma);

/* memfd.c: the system call, and fcntl's F_ADD_SEALS and F_GET_SEALS. => may sleep */
long do_memfd_create(const char __user *uname, unsigned int flags);
long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

/* ---- within kernel/fs/ramfs ---- */

/* What a file of tmpfs will not do any more (F_SEAL_*). => to set: i_sem held, or nobody sees it */
static inline unsigned long tmpfs_seals(const struct inode *inode)
{
	return (unsigned long)inode->i_private;
}
static inline void tmpfs_set_seals(struct inode *inode, unsigned long seals)
{
	inode->i_private = (void *)seals;
}

/* tmpfs.c: one inode (or further name) more or less of @sb, if it has limits. => false: no room */
bool tmpfs_reserve_inode(struct super_block *sb);
void tmpfs_free_inode(struct super_block *sb);
extern const struct address_space_operations tmpfs_aops;
extern const struct inode_operations tmpfs_file_inode_operations;
extern const struct file_operations tmpfs_file_operations;
int tmpfs_fill_super(struct super_block *sb, const char *data);
int devtmpfs_fill_super(struct super_block *sb, const char *data);

/* ramfs.c: an empty root, mode @mode, root's. => 0 or -ENOMEM */
int ramfs_make_root(struct super_block *sb, unsigned long magic, umode_t mode);
void ramfs_evict_inode(struct inode *inode);

/* fallocate.c: of a file whose only home is memory. => i_sem held; may sleep; 0 or -errno */
int memory_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
/* A file_operations.fallocate of it. */
long ramfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

/* An inode of any kind. => owner from @dir (NULL: root's); NULL: no memory for it */
struct inode *ramfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
			      dev_t dev);
extern const struct file_operations ramfs_file_operations;
/* @inode goes: what was promised for all of it goes too. */
void shmem_unacct_size(struct inode *inode);
/* The instance of @type, tmpfs, that objects lie in. => boot */
void shmem_init(struct file_system_type *type);

#endif
