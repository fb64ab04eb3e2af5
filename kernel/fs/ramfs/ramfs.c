/*
 * kernel/fs/ramfs/ramfs.c - a file system that is its own cache.
 *
 * Theory.  Linux keeps file data in the page cache and names in dentries.  Leave the disk
 * away, never drop anything, and what remains is a file system: a file's pages are in its
 * address_space, a name is a dentry that the file system pins, and there is nothing else.  It
 * takes exactly as much memory as its content; a page that was never written is a hole and
 * takes none.  It cannot be reclaimed: its pages count as Unevictable (those of tmpfs go to swap).
 *
 * Because a name exists as long as its pinned dentry is hashed, lookup() never finds anything
 * that the walk has not found already.  Unlinking drops the pin; an open file keeps dentry
 * and inode until it is closed.  A directory is empty if no child is hashed with an inode.
 * A symbolic link's text is one kmalloc'ed string in i_private.
 *
 * Four types share this: rootfs (the first "/", not mountable), ramfs, tmpfs (the same, by
 * the name that programs use; it has no limit of its own yet), devtmpfs (one instance, which
 * kernel/fs/dev fills).  What protects the machine from a ramfs that grows is the reserve in
 * page_cache_alloc(): -ENOSPC.
 *
 * Shared anonymous memory is a file here too, without a name: shmem.c.
 *
 * Locking: the callers hold i_sem of the directories; see fs.h.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/slab.h>

static const struct inode_operations ramfs_dir_inode_operations;
static const struct inode_operations ramfs_symlink_inode_operations;
static const struct inode_operations ramfs_file_inode_operations;

/* What Linux may swap out it counts as shared memory, and as promised, page by page. */
static void init_tmpfs_file(struct inode *inode)
{
	clear_bit(AS_UNEVICTABLE, &inode->i_data.flags);
	set_bit(AS_ACCOUNT, &inode->i_data.flags);
	set_bit(AS_SWAPBACKED, &inode->i_data.flags);
	inode->i_data.a_ops = &tmpfs_aops;
	inode->i_op = &tmpfs_file_inode_operations;
	inode->i_fop = &tmpfs_file_operations;
	tmpfs_set_seals(inode, F_SEAL_SEAL);
}

struct inode *ramfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
			      dev_t dev)
{
	struct inode *inode;

	if (!unevictable_may_grow(GFP_KERNEL) || !tmpfs_reserve_inode(sb))
		return NULL;
	inode = new_inode(sb);
	if (!inode) {
		tmpfs_free_inode(sb);
		return NULL;
	}
	inode_init_owner(inode, dir, mode);
	inode->i_data.a_ops = &simple_aops;
	set_bit(AS_UNEVICTABLE, &inode->i_data.flags);
	set_bit(AS_RESERVE, &inode->i_data.flags);
	switch (mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &ramfs_file_inode_operations;
		inode->i_fop = &ramfs_file_operations;
		if (sb->s_magic == TMPFS_MAGIC)
			init_tmpfs_file(inode);
		break;
	case S_IFDIR:
		inode->i_op = &ramfs_dir_inode_operations;
		inode->i_fop = &simple_dir_operations;
		inode->i_nlink = 2;	/* its name, and its "." */
		break;
	case S_IFLNK:
		inode->i_op = &ramfs_symlink_inode_operations;
		break;
	default:
		inode->i_op = &ramfs_file_inode_operations;
		init_special_inode(inode, inode->i_mode, dev);
		break;
	}
	return inode;
}

/* A name for @inode (whose reference it takes over), there to stay. */
static void ramfs_enter(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	d_add(dentry, inode);
	d_pin(dentry);
	inode_update_times(dir);
}

static int ramfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = ramfs_get_inode(dir->i_sb, dir, mode, dev);

	if (!inode)
		return -ENOSPC;
	ramfs_enter(dir, dentry, inode);
	return 0;
}

static int ramfs_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return ramfs_mknod(dir, dentry, mode | S_IFREG, 0);
}

static int ramfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = ramfs_mknod(dir, dentry, mode | S_IFDIR, 0);

	if (!err)
		dir->i_nlink++;
	return err;
}

static int ramfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = ramfs_get_inode(dir->i_sb, dir, S_IFLNK | S_IRWXUGO, 0);

	if (!inode)
		return -ENOSPC;
	inode->i_private = kstrdup(target, GFP_KERNEL);
	if (!inode->i_private) {
		iput(inode);
		return -ENOSPC;
	}
	inode->i_size = (loff_t)strlen(target);
	ramfs_enter(dir, dentry, inode);
	return 0;
}

static int ramfs_readlink(struct dentry *dentry, char *buf, int size)
{
	const char *target = dentry->d_inode->i_private;
	int len = min((int)strlen(target), size);

	memcpy(buf, target, (size_t)len);
	return len;
}

static int ramfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;

	if (!tmpfs_reserve_inode(inode->i_sb))
		return -ENOSPC;
	inode->i_nlink++;
	inode->i_ctime = current_fs_time();
	ramfs_enter(dir, dentry, igrab(inode));
	return 0;
}

static int ramfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	/* The last name goes with the inode. */
	if (inode->i_nlink > 1)
		tmpfs_free_inode(inode->i_sb);
	inode->i_nlink--;
	inode_update_times(dir);
	inode->i_ctime = dir->i_ctime;
	return 0;
}

static bool directory_is_empty(struct dentry *dentry)
{
	struct dentry *child;
	bool empty = true;

	spin_lock(&dcache_lock);
	list_for_each_entry(child, &dentry->d_subdirs, d_child)
		if (child->d_inode && !d_unhashed(child))
			empty = false;
	spin_unlock(&dcache_lock);
	return empty;
}

/* The directory @dentry is about to lose its name. */
static void drop_directory(struct inode *dir, struct dentry *dentry)
{
	dentry->d_inode->i_nlink = 0;
	dir->i_nlink--;
}

static int ramfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!directory_is_empty(dentry))
		return -ENOTEMPTY;
	drop_directory(dir, dentry);
	inode_update_times(dir);
	return 0;
}

/* The dentries are moved by our caller; here only counts and times change. */
static int ramfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new)
{
	bool isdir = S_ISDIR(old->d_inode->i_mode);

	if (new->d_inode && isdir) {
		if (!directory_is_empty(new))
			return -ENOTEMPTY;
		drop_directory(new_dir, new);
	} else if (new->d_inode) {
		ramfs_unlink(new_dir, new);
	}
	if (isdir) {
		old_dir->i_nlink--;
		new_dir->i_nlink++;
	}
	inode_update_times(old_dir);
	inode_update_times(new_dir);
	old->d_inode->i_ctime = old_dir->i_ctime;
	return 0;
}

const struct file_operations ramfs_file_operations = {
	.llseek = generic_file_llseek,
	.read = generic_file_read,
	.write = generic_file_write,
	.mmap = generic_file_mmap,
	.fsync = simple_fsync,
	.fallocate = ramfs_fallocate,
	.sendpage = generic_file_sendpage,
};

static const struct inode_operations ramfs_file_inode_operations;

static const struct inode_operations ramfs_dir_inode_operations = {
	.create = ramfs_create,
	.lookup = simple_lookup,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.symlink = ramfs_symlink,
	.mkdir = ramfs_mkdir,
	.rmdir = ramfs_rmdir,
	.mknod = ramfs_mknod,
	.rename = ramfs_rename,
};

static const struct inode_operations ramfs_symlink_inode_operations = {
	.readlink = ramfs_readlink,
};

void ramfs_evict_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_private);
	tmpfs_free_inode(inode->i_sb);
	shmem_unacct_size(inode);
}

static const struct super_operations ramfs_super_operations = {
	.evict_inode = ramfs_evict_inode,
	.statfs = simple_statfs,
};

/* ---- the types ------------------------------------------------------------------------------ */

int ramfs_make_root(struct super_block *sb, unsigned long magic, umode_t mode)
{
	struct inode *inode;

	sb->s_magic = magic;
	inode = ramfs_get_inode(sb, NULL, S_IFDIR | mode, 0);
	if (!inode)
		return -ENOMEM;
	inode->i_uid = inode->i_gid = 0;
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

/* mode=1777 in a comma-separated list of options: the only one that ramfs knows. */
static umode_t mode_option(const char *data, umode_t mode)
{
	const char *p = data ? strstr(data, "mode=") : NULL;
	unsigned int value = 0;

	if (!p || (p != data && p[-1] != ','))
		return mode;
	for (p += 5; *p >= '0' && *p <= '7'; p++)
		value = value * 8 + (unsigned int)(*p - '0');
	return (umode_t)(value & S_IALLUGO);
}

static int ramfs_fill_super(struct super_block *sb, const char *data)
{
	sb->s_op = &ramfs_super_operations;
	return ramfs_make_root(sb, RAMFS_MAGIC, mode_option(data, 0755));
}

static void ramfs_kill_sb(struct super_block *sb)
{
	if (sb->s_root)
		d_genocide(sb->s_root);
}

#define RAMFS_TYPE(id, type_name, fill, flags)		\
struct file_system_type id = {				\
	.name = type_name, .fs_flags = flags,		\
	.fill_super = fill, .kill_sb = ramfs_kill_sb,	\
}
RAMFS_TYPE(rootfs_fs_type, "rootfs", ramfs_fill_super, FS_SINGLE);
static RAMFS_TYPE(ramfs_fs_type, "ramfs", ramfs_fill_super, 0);
static RAMFS_TYPE(tmpfs_fs_type, "tmpfs", tmpfs_fill_super, 0);
static RAMFS_TYPE(devtmpfs_fs_type, "devtmpfs", devtmpfs_fill_super, FS_SINGLE);

void __init ramfs_init(void)
{
	register_filesystem(&rootfs_fs_type);
	register_filesystem(&ramfs_fs_type);
	register_filesystem(&tmpfs_fs_type);
	register_filesystem(&devtmpfs_fs_type);
	shmem_init(&tmpfs_fs_type);
}
