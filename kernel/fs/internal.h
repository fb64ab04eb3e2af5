/*
 * kernel/fs/internal.h - between the files of this folder only.
 */
#ifndef OCTAVO_KERNEL_FS_INTERNAL_H
#define OCTAVO_KERNEL_FS_INTERNAL_H

#include <kernel/core/rwsem.h>
#include <kernel/core/wait.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/mount.h>
#include <lib/div64.h>
#include <lib/kernel.h>

/* namespace.c */
extern struct rw_semaphore namespace_sem;
extern spinlock_t vfsmount_lock;	/* innermost */
extern struct list_head mount_list;	/* [namespace_sem, vfsmount_lock] vfsmount.mnt_list */
int mnt_is_readonly(const struct path *path);	/* -EROFS or 0 */
/* Something is going to be changed by way of @mnt. => 0: mnt_drop_write() follows; or -EROFS */
int mnt_want_write(struct vfsmount *mnt);
static inline void mnt_drop_write(struct vfsmount *mnt)
{
	atomic_dec(&mnt->mnt_writers);
}
bool sb_has_writers(struct super_block *sb);
/* d_path.c: where @dentry is in its file system. => within @buf; ERR_PTR(-ENAMETOOLONG) */
char *dentry_path(struct dentry *dentry, char *buf, int size);
/* fs_struct.c: who stands at @old, by root or directory, stands at @new. => may sleep */
void chroot_fs_refs(const struct path *old, const struct path *new);
void mount_rootfs(void);

/* dcache.c */
/* As d_path(), with an explicit root; *reached: false if @path is not below it. */
char *__d_path(const struct path *path, const struct path *root, char *buf, int size,
	       bool *reached);
void dcache_init(void);
/* Zeroed chains, one for so many bytes of low memory. => boot; *bits: log2 of their number */
struct hlist_head *alloc_name_table(unsigned long bytes_per_bucket, unsigned int *bits);
/* Give back unused dentries below @top. => may sleep */
void shrink_dcache_parent(struct dentry *top);
/* All names of a file system that goes. => may sleep; s_root is NULL then */
void shrink_dcache_for_umount(struct super_block *sb);
/* Do tree, hash, list and counts agree?  => 0, or -1 after saying what does not */
int dcache_check(void);

/* icache.c */
extern spinlock_t inode_lock;
extern int sysctl_vfs_cache_pressure;	/* percent: how readily unused names and inodes are given up */
void icache_init(void);
/* A reference to an inode found in a list. => inode_lock held, it is not I_FREEING */
void __iget(struct inode *inode);
/* Sleep while any of @bits of i_state is set; who clears one says so by the other. */
void wait_on_inode(struct inode *inode, unsigned int bits);
void wake_up_inode(struct inode *inode);
/* Give back all unused inodes of @sb, dirty or not. => may sleep; how many are in use */
int evict_inodes(struct super_block *sb);
/* Is a file without a name in use? It has to be given back, which is a change. */
bool has_orphans(struct super_block *sb);
int inode_check(void);			/* as dcache_check() */

/* What a shrinker says it has, by the pressure that the administrator wants. */
static inline int vfs_pressure(unsigned long objects)
{
	u64 scaled = (u64)objects * (unsigned int)sysctl_vfs_cache_pressure;

	do_div(scaled, 100);
	return (int)min(scaled, (u64)INT_MAX);
}

/* namei.c: nd->path / name. => nd->path's i_sem held; a dentry (perhaps negative) or ERR_PTR */
struct qstr;
struct dentry *lookup_locked(struct dentry *dir, const struct qstr *name);
/* => a page with a link's text for putname(), or ERR_PTR */
char *read_link(const struct path *link);
/* Count a link that a caller of path_lookup follows by itself. => 0 or -ELOOP */
int may_follow_another(struct nameidata *nd);
/* Walk a link's text from nd->path, as if it were the rest of the name. => 0 or -errno */
int walk_link_text(const char *text, struct nameidata *nd);
/* dirops.c: may @dir get or lose an entry? => 0 or -errno */
int may_create(struct inode *dir, const struct dentry *child);

/* file_table.c */
void file_table_init(void);

/* generic_file.c: through the page cache. => i_sem held; bytes or -errno */
ssize_t generic_buffered_write(struct file *file, const char __user *buf, size_t count,
			       loff_t *pos);
/* direct_io.c: past it; write: i_sem held. => bytes or -errno */
ssize_t generic_direct_read(struct file *file, char __user *buf, size_t count, loff_t *pos);
ssize_t generic_direct_write(struct file *file, const char __user *buf, size_t count, loff_t *pos);

/* fs_struct.c */
void fs_struct_init(void);

/* super.c */
extern spinlock_t sb_lock;
/*
 * A super_block of @type, or the one there is (FS_SINGLE, the same disk), with a mount more.
 * @flags: MS_*; @devname: FS_REQUIRES_DEV: the path of the disk
 * => may sleep; ERR_PTR
 */
struct super_block *get_sb(struct file_system_type *type, unsigned long flags,
			   const char *devname, const char *data);
struct file_system_type *next_fs_type(struct file_system_type *type);	/* NULL: first, end */
void deactivate_super(struct super_block *sb);	/* => may sleep: a mount less */
/*
 * New flags (MS_RDONLY) and options.
 * => s_umount held for writing; may sleep; 0 or -errno: -EBUSY if it is being written to
 */
int do_remount_sb(struct super_block *sb, unsigned long flags, const char *data);
void put_super(struct super_block *sb);		/* s_count less; any locks but sb_lock */
/* @fn for each instance. => sb_lock held */
void __for_each_super(void (*fn)(struct super_block *sb, void *arg), void *arg);
/* ... that is there, with its s_umount held for reading. => may sleep */
void iterate_supers(void (*fn)(struct super_block *sb, void *arg), void *arg);

/* pipe.c */
struct pipe_inode_info;
extern const struct file_operations pipe_fops;
extern unsigned long pipe_pages_max;	/* that all pipes together may use */
struct pipe_inode_info *alloc_pipe(void);
void free_pipe(struct pipe_inode_info *pipe);
/* Wake a queue of a pipe, if anybody sleeps there. */
void pipe_wake(wait_queue_head_t *q);
/* Sleep on a queue of @pipe without its mutex. => mutex held again; 0 or -ERESTARTSYS */
int pipe_wait(struct pipe_inode_info *pipe, wait_queue_head_t *q);
/* One open file of either end less; the last one takes the ring along. */
void put_pipe(struct inode *inode);

/* fifo.c */
extern const struct file_operations def_fifo_fops;

/* pipefs.c */
void pipe_init(void);
void anon_inode_init(void);

/* ext2/super.c */
void ext2_init(void);

#endif
