/*
 * kernel/fs/namespace.c - the mounts: one tree made of several file systems.
 *
 * Theory.  Mounting puts the root of a file system over a directory.  The directory's dentry
 * remembers that something is on it (d_mounted), so that a walk asks only then, and the mount
 * knows the place it covers, for the way back up.  Mounting again on the same place covers
 * what was there before.
 *
 * A mount in use (a path, an open file or another mount in it) is not unmounted: -EBUSY; or it is
 * taken off its place with all that is mounted below it, and goes with its last user (umount -l).
 * That user may be a munmap() with mmap_sem held, so then a thread of its own writes the file
 * system out.  The first mount, rootfs, stays for ever; to unmount what a process has as its root
 * means to make that read-only, as who shuts down wants.  All processes share the one namespace.
 *
 * Each mount counts who changes something by way of it (mnt_writers).  To become read-only is to
 * raise a flag, and then to look at the counts; to begin to write is to count, and then to look
 * at the flags.  So one of two sees the other.
 *
 * Locking: namespace_sem for writing to change the tree, for reading to list it.  Every change
 * is made under vfsmount_lock too, which is what path walks take.  Mounting holds the i_sem of
 * the place as well, so that rmdir does not remove it at the same moment.  Nothing is let go of
 * under these locks: to put a path may be to unmount a file system.
 */
#include <kernel/fs/mount.h>

#include <kernel/core/bug.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/namespace.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <kernel/sched/kthread.h>
#include <lib/string.h>
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
	atomic_set(&mnt->mnt_writers, 0);
	spin_lock(&vfsmount_lock);
	list_add(&mnt->mnt_instance, &mnt->mnt_sb->s_mounts);
	spin_unlock(&vfsmount_lock);
	return mnt;
}

/* Another place for what @old shows, or a part of it. => nowhere yet; NULL: no memory */
static struct vfsmount *clone_mnt(const struct vfsmount *old, struct dentry *root)
{
	struct vfsmount *mnt = alloc_mount(root, old->mnt_devname);

	if (mnt) {
		atomic_inc(&mnt->mnt_sb->s_active);
		mnt->mnt_flags = old->mnt_flags;
	}
	return mnt;
}

static int free_mount(void *arg)
{
	struct vfsmount *mnt = arg;

	VM_BUG_ON(atomic_read(&mnt->mnt_writers));
	spin_lock(&vfsmount_lock);
	list_del(&mnt->mnt_instance);
	spin_unlock(&vfsmount_lock);
	dput(mnt->mnt_root);
	deactivate_super(mnt->mnt_sb);
	kfree(mnt->mnt_devname);
	kfree(mnt);
	return 0;
}

void mntput(struct vfsmount *mnt)
{
	if (!mnt || !refcount_dec_and_test(&mnt->mnt_count))
		return;
	BUG_ON(!list_empty(&mnt->mnt_list));
	if (mnt->mnt_detached && current->mm &&
	    !IS_ERR(kthread_run(free_mount, mnt, "umount")))
		return;
	free_mount(mnt);
}

/* ---- who writes ----------------------------------------------------------------------------- */

static bool may_not_write(const struct vfsmount *mnt)
{
	const struct super_block *sb = mnt->mnt_sb;

	return ((mnt->mnt_flags | sb->s_flags) & MS_RDONLY) || sb->s_readonly_remount;
}

int mnt_want_write(struct vfsmount *mnt)
{
	atomic_inc(&mnt->mnt_writers);
	barrier();		/* a locked instruction is a full barrier on this machine */
	if (likely(!may_not_write(mnt)))
		return 0;
	mnt_drop_write(mnt);
	return -EROFS;
}

bool sb_has_writers(struct super_block *sb)
{
	struct vfsmount *mnt;
	bool found = false;

	spin_lock(&vfsmount_lock);
	list_for_each_entry(mnt, &sb->s_mounts, mnt_instance)
		if (atomic_read(&mnt->mnt_writers))
			found = true;
	spin_unlock(&vfsmount_lock);
	return found;
}

int mnt_is_readonly(const struct path *path)
{
	return may_not_write(path->mnt) ? -EROFS : 0;
}

/* ---- making and finding --------------------------------------------------------------------- */

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

void lock_mount(struct path *path)
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

void unlock_mount(const struct path *path)
{
	up_write(&namespace_sem);
	mutex_unlock(&path->dentry->d_inode->i_sem);
}

bool is_attached(const struct vfsmount *mnt)
{
	return !list_empty(&mnt->mnt_list) && mnt->mnt_parent != mnt;
}

/* => namespace_sem held; is @mnt @top, or mounted somewhere below it? */
static bool is_mnt_below(const struct vfsmount *mnt, const struct vfsmount *top)
{
	while (mnt != top && mnt->mnt_parent != mnt)
		mnt = mnt->mnt_parent;
	return mnt == top;
}

/* May something of the kind of @root be mounted on @path? => lock_mount()ed; 0 or -errno */
static int may_cover(const struct path *path, const struct dentry *root, int not_alike)
{
	if ((path->mnt->mnt_sb->s_flags & MS_NOUSER) || list_empty(&path->mnt->mnt_list))
		return -EINVAL;	/* a pipe by /proc/PID/fd, or detached: in no tree */
	if (S_ISDIR(path->dentry->d_inode->i_mode) != S_ISDIR(root->d_inode->i_mode))
		return not_alike;
	if (d_unhashed(path->dentry) && path->dentry != path->mnt->mnt_root)
		return -ENOENT;
	return 0;
}

/* Both directories or neither. => lock_mount()ed; takes over the reference to @mnt if 0 */
static int graft(struct vfsmount *mnt, const struct path *path)
{
	int err = may_cover(path, mnt->mnt_root, -ENOTDIR);

	if (!err)
		attach_mnt(mnt, path);
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
	lock_mount(path);
	if (path->dentry == path->mnt->mnt_root && mnt->mnt_sb == path->mnt->mnt_sb)
		err = -EBUSY;	/* the very same file system is there already */
	else
		err = graft(mnt, path);
	unlock_mount(path);
	if (err)
		mntput(mnt);
	return err;
}

/* ---- taking off ------------------------------------------------------------------------------ */

/* Off its place, into @list. => namespace_sem, vfsmount_lock held; put_detached() follows */
static void detach_mnt(struct vfsmount *mnt, struct list_head *list)
{
	mnt->mnt_left.mnt = mnt->mnt_parent;
	mnt->mnt_left.dentry = mnt->mnt_mountpoint;
	mnt->mnt_mountpoint->d_mounted--;
	mnt->mnt_parent = mnt;
	mnt->mnt_mountpoint = mnt->mnt_root;
	list_move_tail(&mnt->mnt_list, list);
}

/* @top with all that is mounted below it. => as detach_mnt() */
static void detach_tree(struct vfsmount *top, struct list_head *list)
{
	struct vfsmount *mnt, *next;
	LIST_HEAD(below);

	/* First find, then take off: a mount is found by way of its parents. */
	list_for_each_entry_safe(mnt, next, &mount_list, mnt_list)
		if (is_mnt_below(mnt, top))
			list_move_tail(&mnt->mnt_list, &below);
	list_for_each_entry_safe(mnt, next, &below, mnt_list) {
		mnt->mnt_detached = true;
		detach_mnt(mnt, list);
	}
}

/* The tree's references, and those to the places. => no locks held; may sleep */
static void put_detached(struct list_head *list)
{
	while (!list_empty(list)) {
		struct vfsmount *mnt = list_first_entry(list, struct vfsmount, mnt_list);

		list_del_init(&mnt->mnt_list);
		path_put(&mnt->mnt_left);
		mntput(mnt);
	}
}

/* => 0 with what is to be put in @list, or -errno; the caller's path is one user */
static int take_off(const struct path *path, bool lazy, struct list_head *list)
{
	struct vfsmount *mnt = path->mnt;
	int err = 0;

	down_write(&namespace_sem);
	spin_lock(&vfsmount_lock);
	if (path->dentry != mnt->mnt_root || !is_attached(mnt))
		err = -EINVAL;
	else if (lazy)
		detach_tree(mnt, list);
	else if (refcount_read(&mnt->mnt_count) > 2)
		err = -EBUSY;	/* more than the tree and the caller */
	else
		detach_mnt(mnt, list);
	spin_unlock(&vfsmount_lock);
	up_write(&namespace_sem);
	return err;
}

static int remount_readonly(struct super_block *sb)
{
	int err;

	down_write(&sb->s_umount);
	err = sb->s_flags & MS_RDONLY ? 0 : do_remount_sb(sb, sb->s_flags | MS_RDONLY, NULL);
	up_write(&sb->s_umount);
	return err;
}

static bool is_my_root(const struct vfsmount *mnt)
{
	struct path root;

	get_fs_root(current->fs, &root);
	path_put(&root);
	return root.mnt == mnt;
}

long do_umount(const char *dir, int flags)
{
	struct path path;
	LIST_HEAD(list);
	int err;

	/* Force is for servers that do not answer. */
	if (flags & ~(MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = kern_path(dir, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	if (current->euid != 0)
		err = -EPERM;
	else if (!(flags & MNT_DETACH) && path.dentry == path.mnt->mnt_root && is_my_root(path.mnt))
		err = remount_readonly(path.mnt->mnt_sb);
	else
		err = take_off(&path, flags & MNT_DETACH, &list);
	path_put(&path);
	put_detached(&list);
	return err;
}

/* ---- the same at another place --------------------------------------------------------------- */

/* Copies of what is mounted below @from's place, below @top. => lock_mount()ed; 0 or -ENOMEM */
static int copy_below(const struct path *from, struct vfsmount *top)
{
	struct vfsmount *mnt, *copy;
	struct path place;
	bool more = true;
	int err = 0;

	list_for_each_entry(mnt, &mount_list, mnt_list)
		mnt->mnt_copy = NULL;
	from->mnt->mnt_copy = top;
	/* Parents first, in whatever order they are listed; what is a copy is not copied. */
	while (more && !err) {
		more = false;
		list_for_each_entry(mnt, &mount_list, mnt_list) {
			if (mnt->mnt_copy || mnt->mnt_parent == mnt || !mnt->mnt_parent->mnt_copy ||
			    is_mnt_below(mnt, top))
				continue;
			if (mnt->mnt_parent == from->mnt &&
			    !is_subdir(mnt->mnt_mountpoint, from->dentry))
				continue;
			copy = clone_mnt(mnt, mnt->mnt_root);
			if (!copy) {
				err = -ENOMEM;
				break;
			}
			place.mnt = mnt->mnt_parent->mnt_copy;
			place.dentry = mnt->mnt_mountpoint;
			attach_mnt(copy, &place);
			copy->mnt_copy = NULL;
			mnt->mnt_copy = copy;
			more = true;
			break;
		}
	}
	return err;
}

static int bind_locked(const struct path *from, const struct path *path, bool recursive,
		       struct list_head *undone)
{
	struct vfsmount *mnt;
	int err;

	if ((from->mnt->mnt_sb->s_flags & MS_NOUSER) || list_empty(&from->mnt->mnt_list))
		return -EINVAL;
	mnt = clone_mnt(from->mnt, from->dentry);
	if (!mnt)
		return -ENOMEM;
	err = graft(mnt, path);
	if (err) {
		/* Put when the locks are gone, like a mount that was taken off a place. */
		mnt->mnt_left = (struct path){ .mnt = NULL };
		list_add(&mnt->mnt_list, undone);
		return err;
	}
	if (recursive)
		err = copy_below(from, mnt);
	if (err) {
		spin_lock(&vfsmount_lock);
		detach_tree(mnt, undone);
		spin_unlock(&vfsmount_lock);
	}
	return err;
}

static long do_bind(const char *from, struct path *path, bool recursive)
{
	LIST_HEAD(undone);
	struct path old;
	int err = kern_path(from, LOOKUP_FOLLOW, &old);

	if (err)
		return err;
	lock_mount(path);
	err = bind_locked(&old, path, recursive, &undone);
	unlock_mount(path);
	put_detached(&undone);
	path_put(&old);
	return err;
}

void change_place(struct vfsmount *mnt, const struct path *to, struct path *left)
{
	left->mnt = mnt->mnt_parent;
	left->dentry = mnt->mnt_mountpoint;
	left->dentry->d_mounted--;
	path_get(to);
	mnt->mnt_parent = to->mnt;
	mnt->mnt_mountpoint = to->dentry;
	to->dentry->d_mounted++;
}

static long do_move(const char *from, struct path *path)
{
	struct path old, left = { .mnt = NULL };
	int err = kern_path(from, LOOKUP_FOLLOW, &old);

	if (err)
		return err;
	lock_mount(path);
	err = -EINVAL;
	if (old.dentry == old.mnt->mnt_root && is_attached(old.mnt)) {
		err = may_cover(path, old.dentry, -EINVAL);
		if (!err && is_mnt_below(path->mnt, old.mnt))
			err = -ELOOP;
	}
	if (!err) {
		spin_lock(&vfsmount_lock);
		change_place(old.mnt, path, &left);
		spin_unlock(&vfsmount_lock);
	}
	unlock_mount(path);
	path_put(&left);
	path_put(&old);
	return err;
}

/* ---- changing flags --------------------------------------------------------------------------- */

/* Flags of the mount alone. => 0 or -EBUSY: somebody writes by way of it */
static int change_mnt_flags(struct vfsmount *mnt, unsigned long flags)
{
	const unsigned long atime = MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
	unsigned long old;
	int err = 0;

	down_write(&namespace_sem);
	old = mnt->mnt_flags;
	if (!(flags & atime))
		flags |= old & atime;
	mnt->mnt_flags = flags & MNT_FLAGS;
	smp_mb();
	if ((flags & ~old & MS_RDONLY) && atomic_read(&mnt->mnt_writers)) {
		mnt->mnt_flags = old;
		err = -EBUSY;
	}
	up_write(&namespace_sem);
	return err;
}

static long do_remount(struct path *path, unsigned long flags, const char *data)
{
	struct super_block *sb = path->mnt->mnt_sb;
	int err;

	if (path->dentry != path->mnt->mnt_root || list_empty(&path->mnt->mnt_list))
		return -EINVAL;
	if (flags & MS_BIND)
		return change_mnt_flags(path->mnt, flags);
	down_write(&sb->s_umount);
	err = do_remount_sb(sb, flags, data);
	if (!err)
		err = change_mnt_flags(path->mnt, flags);
	up_write(&sb->s_umount);
	return err;
}

/* Whether mounts are passed on to other namespaces: there is one only, so they never are. */
static long do_change_type(struct path *path, unsigned long flags)
{
	if ((flags & (MS_SLAVE | MS_SHARED | MS_UNBINDABLE)) || path->dentry != path->mnt->mnt_root)
		return -EINVAL;
	return 0;
}

long do_mount(const char *devname, const char *dir, const char *type, unsigned long flags,
	      const char *data)
{
	const unsigned long change_type = MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE;
	struct path path;
	long err;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	err = kern_path(dir, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	if (current->euid != 0)
		err = -EPERM;
	else if (flags & MS_REMOUNT)
		err = do_remount(&path, flags, data);
	else if (flags & MS_BIND)
		err = devname ? do_bind(devname, &path, flags & MS_REC) : -EINVAL;
	else if (flags & change_type)
		err = do_change_type(&path, flags);
	else if (flags & MS_MOVE)
		err = devname ? do_move(devname, &path) : -EINVAL;
	else if (type)
		err = do_new_mount(devname ? devname : "none", &path, type, flags, data);
	else
		err = -EINVAL;
	path_put(&path);
	return err;
}

int kern_mount_at(const char *fstype, const char *devname, const char *dir, unsigned long flags,
		  const char *data)
{
	struct path path;
	int err = kern_path(dir, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = (int)do_new_mount(devname, &path, fstype, flags, data);
	path_put(&path);
	return err;
}

int mount_move_to_root(const char *dir)
{
	struct path path, root;
	long err = kern_path("/", 0, &root);

	if (err)
		return (int)err;
	err = do_move(dir, &root);
	path_put(&root);
	if (err)
		return (int)err;
	get_fs_root(current->fs, &path);
	follow_mount(&path);
	set_fs_root(current->fs, &path);
	set_fs_pwd(current->fs, &path);
	path_put(&path);
	return 0;
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
