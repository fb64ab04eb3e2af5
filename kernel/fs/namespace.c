/*
 * kernel/fs/namespace.c - the mounts: one tree made of several file systems.
 *
 * Theory.  Mounting puts the root of a file system over a directory.  The directory's dentry
 * remembers that something is on it (d_mounted), so that a walk asks only then, and the mount
 * knows the place it covers, for the way back up.  Mounting again on the same place covers
 * what was there before.
 *
 * A mount in use (a path, an open file or another mount in it) is not unmounted: -EBUSY.
 * The first mount, rootfs, is never unmounted.  All processes share the one namespace.
 *
 * Locking: namespace_sem for writing to change the tree, for reading to list it.  Every change
 * is made under vfsmount_lock too, which is what path walks take.  Mounting holds the i_sem of
 * the place as well, so that rmdir does not remove it at the same moment.
 */
#include <kernel/fs/mount.h>

#include <kernel/core/bug.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

DECLARE_RWSEM(namespace_sem);
DEFINE_SPINLOCK(vfsmount_lock);
LIST_HEAD(mount_list);

#define MNT_FLAGS	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | \
			 MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

static atomic_t last_mnt_id = ATOMIC_INIT(0);

static struct vfsmount *alloc_mount(struct dentry *root, const char *devname)
{
	struct vfsmount *mnt = kzalloc(sizeof(*mnt), GFP_KERNEL);

	if (!mnt)
		return NULL;
	mnt->mnt_devname = kstrdup(devname, GFP_KERNEL);
	if (!mnt->mnt_devname) {
		kfree(mnt);
		return NULL;
	}
	refcount_set(&mnt->mnt_count, 1);
	mnt->mnt_id = atomic_inc_return(&last_mnt_id);
	mnt->mnt_parent = mnt;
	mnt->mnt_mountpoint = mnt->mnt_root = dget(root);
	mnt->mnt_sb = root->d_sb;
	INIT_LIST_HEAD(&mnt->mnt_list);
	return mnt;
}

void mntput(struct vfsmount *mnt)
{
	if (!mnt || !refcount_dec_and_test(&mnt->mnt_count))
		return;
	BUG_ON(!list_empty(&mnt->mnt_list));
	dput(mnt->mnt_root);
	deactivate_super(mnt->mnt_sb);
	kfree(mnt->mnt_devname);
	kfree(mnt);
}

static struct vfsmount *vfs_kern_mount(struct file_system_type *type, unsigned long flags,
				       const char *devname, const char *data)
{
	struct super_block *sb = get_sb(type, flags, devname, data);
	struct vfsmount *mnt;

	if (IS_ERR(sb))
		return ERR_CAST(sb);
	mnt = alloc_mount(sb->s_root, devname);
	if (!mnt) {
		deactivate_super(sb);
		return ERR_PTR(-ENOMEM);
	}
	return mnt;
}

struct vfsmount *kern_mount(struct file_system_type *type, const char *data)
{
	return vfs_kern_mount(type, 0, type->name, data);
}

/* => vfsmount_lock held; the topmost mount on this very place, or NULL */
static struct vfsmount *__lookup_mnt(const struct path *path)
{
	struct vfsmount *mnt;

	list_for_each_entry(mnt, &mount_list, mnt_list)
		if (mnt->mnt_parent == path->mnt && mnt->mnt_mountpoint == path->dentry &&
		    mnt != path->mnt)
			return mnt;
	return NULL;
}

struct vfsmount *lookup_mnt(const struct path *path)
{
	struct vfsmount *mnt;

	spin_lock(&vfsmount_lock);
	mnt = mntget(__lookup_mnt(path));
	spin_unlock(&vfsmount_lock);
	return mnt;
}

void follow_mount(struct path *path)
{
	struct vfsmount *mnt;

	while (path->dentry->d_mounted && (mnt = lookup_mnt(path))) {
		dput(path->dentry);
		mntput(path->mnt);
		path->mnt = mnt;
		path->dentry = dget(mnt->mnt_root);
	}
}

int follow_up(struct path *path)
{
	struct path up;

	spin_lock(&vfsmount_lock);
	if (path->mnt->mnt_parent == path->mnt) {
		spin_unlock(&vfsmount_lock);
		return 0;
	}
	up.mnt = mntget(path->mnt->mnt_parent);
	up.dentry = dget(path->mnt->mnt_mountpoint);
	spin_unlock(&vfsmount_lock);
	path_put(path);
	*path = up;
	return 1;
}

int mnt_is_readonly(const struct path *path)
{
	return (path->mnt->mnt_flags | path->mnt->mnt_sb->s_flags) & MS_RDONLY ? -EROFS : 0;
}

/* Hang @mnt on @path. => namespace_sem held for writing; takes over the reference to @mnt */
static void attach_mnt(struct vfsmount *mnt, const struct path *path)
{
	path_get(path);
	spin_lock(&vfsmount_lock);
	mnt->mnt_parent = path->mnt;
	mnt->mnt_mountpoint = path->dentry;
	path->dentry->d_mounted++;
	list_add_tail(&mnt->mnt_list, &mount_list);
	spin_unlock(&vfsmount_lock);
}

/*
 * To the top of what is mounted on @path, with nobody to remove or cover that any more.
 * => path->dentry's i_sem and namespace_sem are held
 */
static void lock_mount(struct path *path)
{
	struct vfsmount *top;

	for (;;) {
		follow_mount(path);
		mutex_lock(&path->dentry->d_inode->i_sem);
		down_write(&namespace_sem);
		top = lookup_mnt(path);
		if (!top)
			return;
		/* Another mount was faster. */
		up_write(&namespace_sem);
		mutex_unlock(&path->dentry->d_inode->i_sem);
		mntput(top);
	}
}

/* Both directories or neither. */
static int graft(struct vfsmount *mnt, struct path *path)
{
	int err = 0;

	lock_mount(path);
	if (path->mnt->mnt_sb->s_flags & MS_NOUSER)
		err = -EINVAL;	/* a pipe, by /proc/PID/fd: it is in no tree */
	else if (S_ISDIR(path->dentry->d_inode->i_mode) != S_ISDIR(mnt->mnt_root->d_inode->i_mode))
		err = -ENOTDIR;
	else if (d_unhashed(path->dentry) && path->dentry != path->mnt->mnt_root)
		err = -ENOENT;
	else if (path->dentry == path->mnt->mnt_root && mnt->mnt_sb == path->mnt->mnt_sb)
		err = -EBUSY;	/* the very same file system is there already */
	else
		attach_mnt(mnt, path);
	up_write(&namespace_sem);
	mutex_unlock(&path->dentry->d_inode->i_sem);
	return err;
}

static long do_new_mount(const char *devname, struct path *path, const char *typename,
			 unsigned long flags, const char *data)
{
	struct file_system_type *type = get_fs_type(typename);
	struct vfsmount *mnt;
	int err;

	if (!type)
		return -ENODEV;
	mnt = vfs_kern_mount(type, flags, devname, data);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	mnt->mnt_flags = flags & MNT_FLAGS;
	err = graft(mnt, path);
	if (err)
		mntput(mnt);
	return err;
}

/* The same directory at two places. */
static long do_bind(const char *from, struct path *path)
{
	struct vfsmount *mnt;
	struct path old;
	int err;

	err = kern_path(from, LOOKUP_FOLLOW, &old);
	if (err)
		return err;
	mnt = alloc_mount(old.dentry, old.mnt->mnt_devname);
	if (!mnt) {
		err = -ENOMEM;
	} else {
		atomic_inc(&mnt->mnt_sb->s_active);
		mnt->mnt_flags = old.mnt->mnt_flags;
		err = graft(mnt, path);
		if (err)
			mntput(mnt);
	}
	path_put(&old);
	return err;
}

static long do_remount(struct path *path, unsigned long flags, const char *data)
{
	struct super_block *sb = path->mnt->mnt_sb;
	int err = 0;

	if (path->dentry != path->mnt->mnt_root)
		return -EINVAL;
	down_write(&sb->s_umount);
	if (!(flags & MS_BIND) && sb->s_op->remount_fs)
		err = sb->s_op->remount_fs(sb, &flags, data);
	up_write(&sb->s_umount);
	if (err)
		return err;
	down_write(&namespace_sem);
	path->mnt->mnt_flags = flags & MNT_FLAGS;
	up_write(&namespace_sem);
	return 0;
}

long do_mount(const char *devname, const char *dir, const char *type, unsigned long flags,
	      const char *data)
{
	struct path path;
	long err;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	if (current->euid != 0)
		return -EPERM;
	err = kern_path(dir, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	if (flags & MS_REMOUNT)
		err = do_remount(&path, flags, data);
	else if (flags & MS_BIND)
		err = devname ? do_bind(devname, &path) : -EINVAL;
	else if (flags & MS_MOVE)
		err = -EINVAL;
	else if (type)
		err = do_new_mount(devname ? devname : "none", &path, type, flags, data);
	else
		err = -EINVAL;
	path_put(&path);
	return err;
}

int kern_mount_at(const char *fstype, const char *devname, const char *dir, unsigned long flags)
{
	struct path path;
	int err = kern_path(dir, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = (int)do_new_mount(devname, &path, fstype, flags, NULL);
	path_put(&path);
	return err;
}

/*
 * Take a mount off its place, if the caller's path is the only use of it.
 * => 0 with *place to be put by the caller, after the locks
 */
static int detach_mnt(const struct path *path, struct path *place)
{
	struct vfsmount *mnt = path->mnt;
	int err = 0;

	down_write(&namespace_sem);
	spin_lock(&vfsmount_lock);
	if (path->dentry != mnt->mnt_root || list_empty(&mnt->mnt_list) || mnt->mnt_parent == mnt) {
		err = -EINVAL;
	} else if (refcount_read(&mnt->mnt_count) > 2) {
		/* The tree's own reference and the caller's are two. */
		err = -EBUSY;
	} else {
		place->mnt = mnt->mnt_parent;
		place->dentry = mnt->mnt_mountpoint;
		place->dentry->d_mounted--;
		mnt->mnt_parent = mnt;
		mnt->mnt_mountpoint = mnt->mnt_root;
		list_del_init(&mnt->mnt_list);
	}
	spin_unlock(&vfsmount_lock);
	up_write(&namespace_sem);
	return err;
}

long do_umount(const char *dir, int flags)
{
	struct path path, place;
	struct vfsmount *mnt;
	int err;

	/* Without a cache of unused names there is nothing that force or expiry could do more. */
	if (flags & ~(MNT_FORCE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (current->euid != 0)
		return -EPERM;
	err = kern_path(dir, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	mnt = path.mnt;
	err = detach_mnt(&path, &place);
	path_put(&path);
	if (!err) {
		mntput(mnt);
		path_put(&place);
	}
	return err;
}

void __init mount_rootfs(void)
{
	struct vfsmount *mnt = vfs_kern_mount(&rootfs_fs_type, 0, "rootfs", NULL);
	struct path root;

	BUG_ON(IS_ERR(mnt));
	down_write(&namespace_sem);
	spin_lock(&vfsmount_lock);
	list_add_tail(&mnt->mnt_list, &mount_list);
	spin_unlock(&vfsmount_lock);
	up_write(&namespace_sem);
	root.mnt = mnt;
	root.dentry = mnt->mnt_root;
	set_fs_root(&init_fs, &root);
	set_fs_pwd(&init_fs, &root);
}

static void show_mount_flags(struct seq_file *m, const struct vfsmount *mnt)
{
	static const struct {
		unsigned long flag;
		const char *text;
	} names[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" }, { MS_NOEXEC, ",noexec" },
		{ MS_NOATIME, ",noatime" }, { MS_NODIRATIME, ",nodiratime" },
	};
	unsigned int i;

	seq_puts(m, (mnt->mnt_flags | mnt->mnt_sb->s_flags) & MS_RDONLY ? "ro" : "rw");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (mnt->mnt_flags & names[i].flag)
			seq_puts(m, names[i].text);
	if (!(mnt->mnt_flags & (MS_NOATIME | MS_STRICTATIME)) && mnt->mnt_parent != mnt)
		seq_puts(m, ",relatime");
}

static void show_mounts_line(struct seq_file *m, const struct vfsmount *mnt, const char *where)
{
	seq_printf(m, "%s %s %s ", mnt->mnt_devname, where, mnt->mnt_sb->s_type->name);
	show_mount_flags(m, mnt);
	if (mnt->mnt_sb->s_op && mnt->mnt_sb->s_op->show_options)
		mnt->mnt_sb->s_op->show_options(m, mnt->mnt_sb);
	seq_puts(m, " 0 0\n");
}

/* The root of each file system is what is mounted: the fourth field is always "/". */
static void show_mountinfo_line(struct seq_file *m, const struct vfsmount *mnt, const char *where)
{
	seq_printf(m, "%d %d %u:%u / %s ", mnt->mnt_id,
		   mnt->mnt_parent == mnt ? 0 : mnt->mnt_parent->mnt_id,
		   MAJOR(mnt->mnt_sb->s_dev), MINOR(mnt->mnt_sb->s_dev), where);
	show_mount_flags(m, mnt);
	seq_printf(m, " - %s %s %s", mnt->mnt_sb->s_type->name, mnt->mnt_devname,
		   mnt->mnt_sb->s_flags & MS_RDONLY ? "ro" : "rw");
	if (mnt->mnt_sb->s_op && mnt->mnt_sb->s_op->show_options)
		mnt->mnt_sb->s_op->show_options(m, mnt->mnt_sb);
	seq_putc(m, '\n');
}

/* A line for each mount that the reader's root shows. => may sleep; 0 or -ENOMEM */
static int for_each_mount(struct seq_file *m, void (*show)(struct seq_file *m,
							   const struct vfsmount *mnt,
							   const char *where))
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	struct vfsmount *mnt;
	struct path root;

	if (!buf)
		return -ENOMEM;
	get_fs_root(current->fs ? current->fs : &init_fs, &root);
	down_read(&namespace_sem);
	list_for_each_entry(mnt, &mount_list, mnt_list) {
		struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
		bool reached = false;
		char *p = __d_path(&path, &root, buf, PAGE_SIZE, &reached);

		if (IS_ERR(p) || !reached)
			continue;
		show(m, mnt, p);
	}
	up_read(&namespace_sem);
	path_put(&root);
	free_page((unsigned long)buf);
	return 0;
}

int mountinfo_show(struct seq_file *m, void *v)
{
	return for_each_mount(m, show_mountinfo_line);
}

int mounts_show(struct seq_file *m, void *v)
{
	return for_each_mount(m, show_mounts_line);
}
PROC_SHOW("mounts", mounts_show);
