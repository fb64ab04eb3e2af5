/*
 * kernel/fs/d_path.c - from a place back to a path.
 *
 * Theory.  A dentry knows its name and its parent, a mount the place that it covers.  So the
 * path of a place is written from its end, into the end of a buffer: name, slash, parent...;
 * at the root of a mount the walk goes on at its mount point.  It ends at the root of who asks,
 * or, if the place is not below that, where nothing is above.
 *
 * Locking: dcache_lock and vfsmount_lock, so that the path is one that was true at one moment.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/string.h>

int is_subdir(struct dentry *child, struct dentry *parent)
{
	int result = 0;

	spin_lock(&dcache_lock);
	for (;;) {
		if (child == parent) {
			result = 1;
			break;
		}
		if (child->d_parent == child)
			break;
		child = child->d_parent;
	}
	spin_unlock(&dcache_lock);
	return result;
}

/* Put @len bytes in front of *p. => false: no room */
static bool prepend(char **p, const char *start, const char *text, unsigned int len)
{
	if ((size_t)(*p - start) < len)
		return false;
	*p -= len;
	memcpy(*p, text, len);
	return true;
}

/* The names from @root down to @path, in front of *p. => dcache_lock, vfsmount_lock held */
static bool prepend_path(const struct path *path, const struct path *root, char **p,
			 const char *start, bool *reached)
{
	struct dentry *dentry = path->dentry;
	struct vfsmount *mnt = path->mnt;
	bool named = false;

	*reached = true;
	while (dentry != root->dentry || mnt != root->mnt) {
		if (dentry == mnt->mnt_root || dentry->d_parent == dentry) {
			if (mnt->mnt_parent == mnt) {
				*reached = false;
				break;
			}
			dentry = mnt->mnt_mountpoint;
			mnt = mnt->mnt_parent;
			continue;
		}
		if (!prepend(p, start, dentry->d_name.name, dentry->d_name.len) ||
		    !prepend(p, start, "/", 1))
			return false;
		named = true;
		dentry = dentry->d_parent;
	}
	return named || prepend(p, start, "/", 1);
}

char *dentry_path(struct dentry *dentry, char *buf, int size)
{
	char *p = buf + size;
	bool ok = prepend(&p, buf, "", 1), named = false;

	spin_lock(&dcache_lock);
	for (; ok && dentry->d_parent != dentry; dentry = dentry->d_parent) {
		ok = prepend(&p, buf, dentry->d_name.name, dentry->d_name.len) &&
		     prepend(&p, buf, "/", 1);
		named = true;
	}
	spin_unlock(&dcache_lock);
	ok = ok && (named || prepend(&p, buf, "/", 1));
	return ok ? p : ERR_PTR(-ENAMETOOLONG);
}

char *__d_path(const struct path *path, const struct path *root, char *buf, int size, bool *reached)
{
	char *p = buf + size;
	bool ok;

	if (path->dentry->d_op && path->dentry->d_op->d_dname) {
		int len = path->dentry->d_op->d_dname(path->dentry, buf, size);

		*reached = true;
		return len < size ? buf : ERR_PTR(-ENAMETOOLONG);
	}
	if (!prepend(&p, buf, "", 1))
		return ERR_PTR(-ENAMETOOLONG);
	spin_lock(&dcache_lock);
	spin_lock(&vfsmount_lock);
	ok = true;
	if (d_unhashed(path->dentry) && path->dentry->d_parent != path->dentry)
		ok = prepend(&p, buf, " (deleted)", 10);
	ok = ok && prepend_path(path, root, &p, buf, reached);
	spin_unlock(&vfsmount_lock);
	spin_unlock(&dcache_lock);
	return ok ? p : ERR_PTR(-ENAMETOOLONG);
}

char *d_path(const struct path *path, char *buf, int size)
{
	struct path root;
	bool reached;
	char *p;

	get_fs_root(current->fs ? current->fs : &init_fs, &root);
	p = __d_path(path, &root, buf, size, &reached);
	path_put(&root);
	return p;
}
