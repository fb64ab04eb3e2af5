/*
 * kernel/fs/pivot_root.c - another root for everybody.
 *
 * Theory.  What is mounted on "/" and what is mounted at @new_root change roles: the new one takes
 * the place of the old, and the old one goes to @put_old, which is somewhere in the new.  Then who
 * stood at the old root (as root, as working directory) stands at the new one.  An initial file
 * system that has found the real one does this, and unmounts the old.  The first root of all,
 * rootfs, cannot be moved: it is covered instead.
 *
 * Locking: namespace.c.
 */
#include <kernel/fs/mount.h>

#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/namespace.h>

/* Is @path below @top, across mounts? => namespace_sem held */
static bool is_path_below(const struct path *path, const struct path *top)
{
	const struct vfsmount *mnt = path->mnt;
	struct dentry *dentry = path->dentry;

	while (mnt != top->mnt) {
		if (mnt->mnt_parent == mnt)
			return false;
		dentry = mnt->mnt_mountpoint;
		mnt = mnt->mnt_parent;
	}
	return is_subdir(dentry, top->dentry);
}

/* => lock_mount(@put_old)ed; what forbids it, as pivot_root(2) lists it */
static int may_pivot(const struct path *new, const struct path *put_old, const struct path *root)
{
	if (list_empty(&new->mnt->mnt_list) || list_empty(&put_old->mnt->mnt_list))
		return -EINVAL;
	if (d_unhashed(new->dentry) && new->dentry != new->mnt->mnt_root)
		return -ENOENT;
	if (new->mnt == root->mnt || put_old->mnt == root->mnt)
		return -EBUSY;
	if (root->dentry != root->mnt->mnt_root || !is_attached(root->mnt) ||
	    new->dentry != new->mnt->mnt_root || !is_attached(new->mnt))
		return -EINVAL;
	return is_path_below(put_old, new) && is_path_below(new, root) ? 0 : -EINVAL;
}

static int pivot(const struct path *new, struct path *put_old, const struct path *root)
{
	struct path left_new = { .mnt = NULL }, left_root = { .mnt = NULL };
	struct path top;
	int err;

	lock_mount(put_old);
	err = may_pivot(new, put_old, root);
	if (!err) {
		spin_lock(&vfsmount_lock);
		top.mnt = root->mnt->mnt_parent;
		top.dentry = root->mnt->mnt_mountpoint;
		path_get(&top);
		change_place(root->mnt, put_old, &left_root);
		change_place(new->mnt, &top, &left_new);
		spin_unlock(&vfsmount_lock);
	}
	unlock_mount(put_old);
	if (err)
		return err;
	chroot_fs_refs(root, new);
	path_put(&top);
	path_put(&left_new);
	path_put(&left_root);
	return 0;
}

long do_pivot_root(const char *new_root, const char *put_old)
{
	struct path new, old, root;
	int err;

	if (current->euid != 0)
		return -EPERM;
	err = kern_path(new_root, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = kern_path(put_old, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (err) {
		path_put(&new);
		return err;
	}
	get_fs_root(current->fs, &root);
	err = pivot(&new, &old, &root);
	path_put(&root);
	path_put(&old);
	path_put(&new);
	return err;
}
