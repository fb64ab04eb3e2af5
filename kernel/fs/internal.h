/*
 * kernel/fs/internal.h - between the files of this folder only.
 */
#ifndef OCTAVO_KERNEL_FS_INTERNAL_H
#define OCTAVO_KERNEL_FS_INTERNAL_H

#include <kernel/core/rwsem.h>
#include <kernel/core/wait.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/mount.h>

/* namespace.c */
extern struct rw_semaphore namespace_sem;
extern spinlock_t vfsmount_lock;	/* innermost */
extern struct list_head mount_list;	/* [namespace_sem, vfsmount_lock] vfsmount.mnt_list */
int mnt_is_readonly(const struct path *path);	/* -EROFS or 0 */
void mount_rootfs(void);

/* dcache.c */
/* As d_path(), with an explicit root; *reached: false if @path is not below it. */
char *__d_path(const struct path *path, const struct path *root, char *buf, int size,
	       bool *reached);
void dcache_init(void);

/* inode.c */
extern spinlock_t inode_lock;
void inode_init(void);
/* All inodes of a file system that goes. */
int inodes_left(struct super_block *sb);
/* @sb joins, and leaves, those that for_each_inode() goes through. */
void super_link(struct super_block *sb);
void super_unlink(struct super_block *sb);

/* namei.c: nd->path / name. => nd->path's i_sem held; a dentry (perhaps negative) or ERR_PTR */
struct qstr;
struct dentry *lookup_locked(struct dentry *dir, const struct qstr *name);
/* => a page with a link's text for putname(), or ERR_PTR */
char *read_link(struct dentry *dentry);
/* Count a link that a caller of path_lookup follows by itself. => 0 or -ELOOP */
int may_follow_another(struct nameidata *nd);
/* Walk a link's text from nd->path, as if it were the rest of the name. => 0 or -errno */
int walk_link_text(const char *text, struct nameidata *nd);
/* dirops.c: may @dir get or lose an entry? => 0 or -errno */
int may_create(struct inode *dir, const struct dentry *child);

/* file_table.c */
void file_table_init(void);

/* fs_struct.c */
void fs_struct_init(void);

/* super.c */
/* A super_block of @type, or the one there is (FS_SINGLE), with a reference.  ERR_PTR */
struct super_block *get_sb(struct file_system_type *type, const char *data);
void deactivate_super(struct super_block *sb);

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

#endif
