/*
 * tests/kernel/fs/cachefs.h - a file system whose disk is a table of names.
 *
 * It has what a file system on a disk has and ramfs has not: names and inodes that are read
 * when they are looked up, may be forgotten when nobody uses them, and are found again.  It
 * counts how often it was asked.
 */
#ifndef OCTAVO_TESTS_KERNEL_FS_CACHEFS_H
#define OCTAVO_TESTS_KERNEL_FS_CACHEFS_H

#include <kernel/core/timer.h>
#include <kernel/fs/internal.h>
#include <mm/cache/buffer_head.h>
#include <mm/phys/reclaim.h>
#include <tests/kernel/fs/fs_test.h>

#define CFS_NAMES	2048
#define CFS_INODES	2048
#define CFS_ROOT	1

struct cfs_name {
	unsigned long dir, ino;		/* ino 0: free */
	char name[24];
};

struct cfs_inode {
	umode_t mode;
	unsigned int nlink;		/* 0: free */
	bool busy;			/* has been given out; its last user is not gone yet */
};

static struct {
	spinlock_t lock;
	struct cfs_name names[CFS_NAMES];	/* [lock] */
	struct cfs_inode inodes[CFS_INODES];	/* [lock] */
	atomic_t lookups;		/* names that were asked for */
	atomic_t reads;			/* inodes that were read */
	atomic_t evicted;		/* inodes that were forgotten or freed */
	unsigned long bad_ino;		/* cannot be read */
	unsigned int read_delay;	/* ms of an inode's reading */
	unsigned int evict_delay;	/* ms of giving one back */
} cfs;

static const struct inode_operations cfs_dir_iops, cfs_file_iops;
static const struct file_operations cfs_fops;

static inline struct inode *cfs_iget(struct super_block *sb, unsigned long ino)
{
	struct inode *inode = iget_locked(sb, ino);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode->i_state & I_NEW))
		return inode;
	atomic_inc(&cfs.reads);
	if (cfs.read_delay)
		msleep(cfs.read_delay);
	if (ino == cfs.bad_ino) {
		iget_failed(inode);
		return ERR_PTR(-EIO);
	}
	spin_lock(&cfs.lock);
	inode->i_mode = cfs.inodes[ino].mode;
	inode->i_nlink = cfs.inodes[ino].nlink;
	cfs.inodes[ino].busy = true;
	spin_unlock(&cfs.lock);
	inode->i_op = S_ISDIR(inode->i_mode) ? &cfs_dir_iops : &cfs_file_iops;
	inode->i_fop = &cfs_fops;
	unlock_new_inode(inode);
	return inode;
}

/* => lock held; NULL: no such name */
static inline struct cfs_name *cfs_find(unsigned long dir, const char *name)
{
	for (unsigned int i = 0; i < CFS_NAMES; i++)
		if (cfs.names[i].ino && cfs.names[i].dir == dir && !strcmp(cfs.names[i].name, name))
			return &cfs.names[i];
	return NULL;
}

static inline bool cfs_is_empty(unsigned long dir)
{
	for (unsigned int i = 0; i < CFS_NAMES; i++)
		if (cfs.names[i].ino && cfs.names[i].dir == dir)
			return false;
	return true;
}

/* => lock held; false: the table is full */
static inline bool cfs_enter(unsigned long dir, const char *name, unsigned long ino)
{
	for (unsigned int i = 0; i < CFS_NAMES; i++) {
		if (cfs.names[i].ino)
			continue;
		cfs.names[i].dir = dir;
		cfs.names[i].ino = ino;
		strncpy(cfs.names[i].name, name, sizeof(cfs.names[i].name) - 1);
		return true;
	}
	return false;
}

static struct dentry *cfs_lookup(struct inode *dir, struct dentry *dentry)
{
	struct cfs_name *found;
	unsigned long ino;

	atomic_inc(&cfs.lookups);
	spin_lock(&cfs.lock);
	found = cfs_find(dir->i_ino, dentry->d_name.name);
	ino = found ? found->ino : 0;
	spin_unlock(&cfs.lock);
	return d_splice_alias(ino ? cfs_iget(dir->i_sb, ino) : NULL, dentry);
}

static int cfs_make(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);
	unsigned long ino;

	if (!inode)
		return -ENOMEM;
	spin_lock(&cfs.lock);
	for (ino = CFS_ROOT + 1; ino < CFS_INODES; ino++)
		if (!cfs.inodes[ino].nlink && !cfs.inodes[ino].busy)
			break;
	if (ino == CFS_INODES || !cfs_enter(dir->i_ino, dentry->d_name.name, ino)) {
		spin_unlock(&cfs.lock);
		iput(inode);
		return -ENOSPC;
	}
	cfs.inodes[ino] = (struct cfs_inode){ .mode = mode, .nlink = 1, .busy = true };
	spin_unlock(&cfs.lock);
	inode->i_mode = mode;
	inode->i_ino = ino;
	inode->i_op = S_ISDIR(mode) ? &cfs_dir_iops : &cfs_file_iops;
	inode->i_fop = &cfs_fops;
	insert_inode_hash(inode);
	d_instantiate(dentry, inode);
	return 0;
}

static int cfs_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return cfs_make(dir, dentry, mode);
}

static int cfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return cfs_make(dir, dentry, mode | S_IFDIR);
}

/* => lock held */
static inline void cfs_forget(struct inode *dir, struct dentry *dentry)
{
	cfs_find(dir->i_ino, dentry->d_name.name)->ino = 0;
	dentry->d_inode->i_nlink--;
	cfs.inodes[dentry->d_inode->i_ino].nlink--;
}

static int cfs_unlink(struct inode *dir, struct dentry *dentry)
{
	spin_lock(&cfs.lock);
	cfs_forget(dir, dentry);
	spin_unlock(&cfs.lock);
	return 0;
}

static int cfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	int err = -ENOTEMPTY;

	spin_lock(&cfs.lock);
	if (cfs_is_empty(dentry->d_inode->i_ino)) {
		cfs_forget(dir, dentry);
		err = 0;
	}
	spin_unlock(&cfs.lock);
	return err;
}

static int cfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;
	bool room;

	spin_lock(&cfs.lock);
	room = cfs_enter(dir->i_ino, dentry->d_name.name, inode->i_ino);
	if (room) {
		inode->i_nlink++;
		cfs.inodes[inode->i_ino].nlink++;
	}
	spin_unlock(&cfs.lock);
	if (!room)
		return -ENOSPC;
	d_instantiate(dentry, igrab(inode));
	return 0;
}

static int cfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new)
{
	struct cfs_name *from;
	int err = 0;

	spin_lock(&cfs.lock);
	if (new->d_inode && S_ISDIR(new->d_inode->i_mode) && !cfs_is_empty(new->d_inode->i_ino))
		err = -ENOTEMPTY;
	else if (new->d_inode)
		cfs_forget(new_dir, new);
	if (!err) {
		from = cfs_find(old_dir->i_ino, old->d_name.name);
		from->dir = new_dir->i_ino;
		memset(from->name, 0, sizeof(from->name));
		strncpy(from->name, new->d_name.name, sizeof(from->name) - 1);
	}
	spin_unlock(&cfs.lock);
	return err;
}

static const struct inode_operations cfs_dir_iops = {
	.lookup = cfs_lookup,
	.create = cfs_create,
	.mkdir = cfs_mkdir,
	.unlink = cfs_unlink,
	.rmdir = cfs_rmdir,
	.link = cfs_link,
	.rename = cfs_rename,
};

static void cfs_evict_inode(struct inode *inode)
{
	atomic_inc(&cfs.evicted);
	invalidate_inode_buffers(inode);
	if (cfs.evict_delay)
		msleep(cfs.evict_delay);
	spin_lock(&cfs.lock);
	if (!hlist_unhashed(&inode->i_hash))		/* else cfs_make() failed: it had no number */
		cfs.inodes[inode->i_ino].busy = false;
	spin_unlock(&cfs.lock);
}

static const struct super_operations cfs_sops = { .evict_inode = cfs_evict_inode };

static int cfs_fill_super(struct super_block *sb, const char *data)
{
	struct inode *root;

	sb->s_op = &cfs_sops;
	sb->s_keep_names = true;
	spin_lock_init(&cfs.lock);
	memset(cfs.names, 0, sizeof(cfs.names));
	memset(cfs.inodes, 0, sizeof(cfs.inodes));
	cfs.inodes[CFS_ROOT] = (struct cfs_inode){ .mode = S_IFDIR | 0755, .nlink = 1 };
	root = cfs_iget(sb, CFS_ROOT);
	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	sb->s_root = d_alloc_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type cfs_type = { .name = "cachefs", .fill_super = cfs_fill_super };

/* Give back all that is unused, and what becomes unused by that. */
static inline void cfs_prune(void)
{
	for (int i = 0; i < 8; i++)
		shrink_slab(GFP_KERNEL, 0);
}

static inline void cfs_reset_counts(void)
{
	atomic_set(&cfs.lookups, 0);
	atomic_set(&cfs.reads, 0);
	atomic_set(&cfs.evicted, 0);
}

#endif
