/*
 * kernel/fs/dirops.c - making, removing and renaming entries of directories.
 *
 * Theory.  Every such call walks to the parent of the last component, locks the parent, looks
 * the component up again under the lock, checks what POSIX wants checked, and only then calls
 * the file system, which can rely on all of it.
 *
 * rename() has two parents.  They are locked ancestor first; if neither is above the other,
 * the order is by address, and s_vfs_rename_sem (one rename between directories at a time)
 * keeps "above" true meanwhile.  Moving a directory into itself would cut it off the tree:
 * -EINVAL.
 *
 * Locking: i_sem of the parent(s), then of the victim where the file system needs it
 * (I_SEM_SECOND, I_SEM_ENTRY in fs.h).
 */
#include <kernel/fs/namei.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>

/* @dir's entries may be changed by the caller? */
static int may_modify(struct inode *dir)
{
	return permission(dir, MAY_WRITE | MAY_EXEC);
}

int may_create(struct inode *dir, const struct dentry *child)
{
	if (child->d_inode)
		return -EEXIST;
	if (dir->i_nlink == 0)
		return -ENOENT;
	return may_modify(dir);
}

/* In a sticky directory only owners remove. */
static bool sticky_forbids(const struct inode *dir, const struct inode *victim)
{
	return (dir->i_mode & S_ISVTX) && current->fsuid != 0 &&
	       current->fsuid != victim->i_uid && current->fsuid != dir->i_uid;
}

static int may_delete(struct inode *dir, const struct dentry *victim, bool isdir)
{
	int err;

	if (!victim->d_inode)
		return -ENOENT;
	err = may_modify(dir);
	if (err)
		return err;
	if (IS_APPEND(dir) || IS_APPEND(victim->d_inode) || IS_IMMUTABLE(victim->d_inode) ||
	    IS_SWAPFILE(victim->d_inode) || sticky_forbids(dir, victim->d_inode))
		return -EPERM;
	if (isdir && !S_ISDIR(victim->d_inode->i_mode))
		return -ENOTDIR;
	if (!isdir && S_ISDIR(victim->d_inode->i_mode))
		return -EISDIR;
	return victim->d_mounted ? -EBUSY : 0;
}

/* To the parent of @name, locked, with the (negative?) dentry of the last component. */
struct at_parent {
	struct nameidata nd;
	struct dentry *dentry;
	bool may_write;			/* mnt_drop_write() follows */
};

static void end_at_parent(struct at_parent *at)
{
	mutex_unlock(&at->nd.path.dentry->d_inode->i_sem);
	if (at->may_write)
		mnt_drop_write(at->nd.path.mnt);
	dput(at->dentry);
	path_release(&at->nd);
}

/* @not_norm: the errno if the last component is no plain name. => 0: end_at_parent() follows */
static int begin_at_parent(int dfd, const char *name, int not_norm, struct at_parent *at)
{
	int err = path_lookupat(dfd, name, LOOKUP_PARENT, &at->nd);

	if (err)
		return err;
	err = not_norm;
	if (at->nd.last_type != LAST_NORM)
		goto release;
	err = mnt_want_write(at->nd.path.mnt);
	at->may_write = !err;
	mutex_lock(&at->nd.path.dentry->d_inode->i_sem);
	at->dentry = lookup_locked(at->nd.path.dentry, &at->nd.last);
	/* That it exists already is the more useful thing to know. */
	if (!IS_ERR(at->dentry) && (!err || (not_norm == -EEXIST && at->dentry->d_inode)))
		return 0;
	if (IS_ERR(at->dentry))
		err = PTR_ERR(at->dentry);
	else
		dput(at->dentry);
	mutex_unlock(&at->nd.path.dentry->d_inode->i_sem);
	if (at->may_write)
		mnt_drop_write(at->nd.path.mnt);
release:
	path_release(&at->nd);
	return err;
}

long do_mknodat(int dfd, const char *name, umode_t mode, dev_t dev)
{
	struct at_parent at;
	struct inode *dir;
	int err;

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG: case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && current->euid != 0)
		return -EPERM;
	err = begin_at_parent(dfd, name, -EEXIST, &at);
	if (err)
		return err;
	dir = at.nd.path.dentry->d_inode;
	mode &= (umode_t)~current->fs->umask;
	err = may_create(dir, at.dentry);
	if (!err && at.nd.last_slash)
		err = -ENOENT;
	if (!err && S_ISREG(mode))
		err = dir->i_op->create ? dir->i_op->create(dir, at.dentry, mode) : -EPERM;
	else if (!err)
		err = dir->i_op->mknod ? dir->i_op->mknod(dir, at.dentry, mode, dev) : -EPERM;
	end_at_parent(&at);
	return err;
}

long do_mkdirat(int dfd, const char *name, umode_t mode)
{
	struct at_parent at;
	struct inode *dir;
	int err;

	err = begin_at_parent(dfd, name, -EEXIST, &at);
	if (err)
		return err;
	dir = at.nd.path.dentry->d_inode;
	mode &= (S_IRWXUGO | S_ISVTX) & ~current->fs->umask;
	err = may_create(dir, at.dentry);
	if (!err)
		err = dir->i_op->mkdir ? dir->i_op->mkdir(dir, at.dentry, mode) : -EPERM;
	end_at_parent(&at);
	return err;
}

long do_symlinkat(const char *target, int dfd, const char *name)
{
	struct at_parent at;
	struct inode *dir;
	int err;

	err = begin_at_parent(dfd, name, -EEXIST, &at);
	if (err)
		return err;
	dir = at.nd.path.dentry->d_inode;
	err = may_create(dir, at.dentry);
	if (!err && at.nd.last_slash)
		err = -ENOENT;
	if (!err)
		err = dir->i_op->symlink ? dir->i_op->symlink(dir, at.dentry, target) : -EPERM;
	end_at_parent(&at);
	return err;
}

long do_unlinkat(int dfd, const char *name)
{
	struct inode *dir, *inode = NULL;
	struct at_parent at;
	int err;

	err = begin_at_parent(dfd, name, -EISDIR, &at);
	if (err)
		return err;
	dir = at.nd.path.dentry->d_inode;
	if (at.nd.last_slash)
		err = !at.dentry->d_inode ? -ENOENT :
		      S_ISDIR(at.dentry->d_inode->i_mode) ? -EISDIR : -ENOTDIR;
	else
		err = may_delete(dir, at.dentry, false);
	if (!err) {
		/* The content goes after the directory is unlocked: it may be much. */
		inode = igrab(at.dentry->d_inode);
		/* Its other names may be in other directories: i_nlink is not ours by dir's lock. */
		mutex_lock_nested(&inode->i_sem, I_SEM_ENTRY);
		err = dir->i_op->unlink ? dir->i_op->unlink(dir, at.dentry) : -EPERM;
		mutex_unlock(&inode->i_sem);
		if (!err)
			d_delete(at.dentry);
	}
	end_at_parent(&at);
	if (inode)
		iput(inode);
	return err;
}

long do_rmdirat(int dfd, const char *name)
{
	struct at_parent at;
	struct inode *dir;
	int err;

	err = path_lookupat(dfd, name, LOOKUP_PARENT, &at.nd);
	if (err)
		return err;
	err = at.nd.last_type == LAST_ROOT ? -EBUSY :
	      at.nd.last_type == LAST_DOT ? -EINVAL : -ENOTEMPTY;
	path_release(&at.nd);
	err = begin_at_parent(dfd, name, err, &at);
	if (err)
		return err;
	dir = at.nd.path.dentry->d_inode;
	err = may_delete(dir, at.dentry, true);
	if (!err) {
		struct inode *victim = at.dentry->d_inode;

		mutex_lock_nested(&victim->i_sem, I_SEM_ENTRY);
		/* A mount needs the victim's lock, so it is before this or finds nothing. */
		err = at.dentry->d_mounted ? -EBUSY :
		      dir->i_op->rmdir ? dir->i_op->rmdir(dir, at.dentry) : -EPERM;
		mutex_unlock(&victim->i_sem);
		if (!err) {
			/* Names that are known not to exist in it would keep it. */
			shrink_dcache_parent(at.dentry);
			d_delete(at.dentry);
		}
	}
	end_at_parent(&at);
	return err;
}

static int link_entry(const struct path *old, struct at_parent *at)
{
	struct inode *inode = old->dentry->d_inode;
	struct inode *dir = at->nd.path.dentry->d_inode;
	int err = may_create(dir, at->dentry);

	if (err)
		return err;
	if (at->nd.last_slash)
		return -ENOENT;
	if (old->mnt != at->nd.path.mnt)
		return -EXDEV;
	if (IS_APPEND(inode) || IS_IMMUTABLE(inode) || S_ISDIR(inode->i_mode) || !dir->i_op->link)
		return -EPERM;
	mutex_lock_nested(&inode->i_sem, I_SEM_ENTRY);
	/* A file without a name left is on its way out. */
	err = inode->i_nlink == 0 ? -ENOENT : dir->i_op->link(old->dentry, dir, at->dentry);
	mutex_unlock(&inode->i_sem);
	return err;
}

long do_linkat(int olddfd, const char *oldname, int newdfd, const char *newname,
	       unsigned int flags)
{
	struct at_parent at;
	struct nameidata old;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_lookupat(olddfd, oldname, flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0, &old);
	if (err)
		return err;
	err = begin_at_parent(newdfd, newname, -EEXIST, &at);
	if (!err) {
		err = link_entry(&old.path, &at);
		end_at_parent(&at);
	}
	path_release(&old);
	return err;
}

/* ---- rename --------------------------------------------------------------------------------- */

static void lock_two(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		mutex_lock(&a->d_inode->i_sem);
		return;
	}
	mutex_lock(&a->d_sb->s_vfs_rename_sem);
	if (is_subdir(a, b) || (!is_subdir(b, a) && b < a))
		swap(a, b);
	mutex_lock(&a->d_inode->i_sem);
	mutex_lock_nested(&b->d_inode->i_sem, I_SEM_SECOND);
}

static void unlock_two(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->d_inode->i_sem);
	if (a != b) {
		mutex_unlock(&b->d_inode->i_sem);
		mutex_unlock(&a->d_sb->s_vfs_rename_sem);
	}
}

/* => both parents locked */
static int vfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new)
{
	bool isdir = S_ISDIR(old->d_inode->i_mode);
	struct inode *target = new->d_inode;
	int err;

	if (old->d_inode == target)
		return 0;	/* two names of one file: both stay */
	err = may_delete(old_dir, old, isdir);
	if (err)
		return err;
	err = target ? may_delete(new_dir, new, isdir) : may_create(new_dir, new);
	if (err)
		return err;
	if (!old_dir->i_op->rename)
		return -EPERM;
	/* A directory that moves gets another "..": that is a change to it. */
	if (isdir && old_dir != new_dir) {
		err = permission(old->d_inode, MAY_WRITE);
		if (err)
			return err;
	}
	if (target)
		mutex_lock_nested(&target->i_sem, I_SEM_ENTRY);
	err = target && new->d_mounted ? -EBUSY :
	      old_dir->i_op->rename(old_dir, old, new_dir, new);
	if (target)
		mutex_unlock(&target->i_sem);
	if (err)
		return err;
	if (target) {
		shrink_dcache_parent(new);
		d_delete(new);
	}
	d_move(old, new);
	return 0;
}

/* Between the two lookups and the operation: what the names alone forbid. */
static int rename_entries(struct nameidata *from, struct nameidata *to, struct dentry *old,
			  struct dentry *new, unsigned int flags)
{
	struct dentry *old_dir = from->path.dentry, *new_dir = to->path.dentry;

	if (!old->d_inode)
		return -ENOENT;
	if ((flags & RENAME_NOREPLACE) && new->d_inode)
		return -EEXIST;
	if (!S_ISDIR(old->d_inode->i_mode) && (from->last_slash || to->last_slash))
		return -ENOTDIR;
	if (is_subdir(new_dir, old))
		return -EINVAL;		/* into itself */
	if (is_subdir(old_dir, new))
		return -ENOTEMPTY;	/* onto a directory that contains it */
	return vfs_rename(old_dir->d_inode, old, new_dir->d_inode, new);
}

static int rename_locked(struct nameidata *from, struct nameidata *to, unsigned int flags)
{
	struct dentry *old, *new;
	struct inode *gone;
	int err;

	lock_two(from->path.dentry, to->path.dentry);
	old = lookup_locked(from->path.dentry, &from->last);
	if (IS_ERR(old)) {
		unlock_two(from->path.dentry, to->path.dentry);
		return PTR_ERR(old);
	}
	new = lookup_locked(to->path.dentry, &to->last);
	if (IS_ERR(new)) {
		dput(old);
		unlock_two(from->path.dentry, to->path.dentry);
		return PTR_ERR(new);
	}
	gone = new->d_inode ? igrab(new->d_inode) : NULL;
	err = rename_entries(from, to, old, new, flags);
	unlock_two(from->path.dentry, to->path.dentry);
	dput(old);
	dput(new);
	if (gone)
		iput(gone);
	return err;
}

long do_renameat(int olddfd, const char *oldname, int newdfd, const char *newname,
		 unsigned int flags)
{
	struct nameidata from, to;
	int err;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	err = path_lookupat(olddfd, oldname, LOOKUP_PARENT, &from);
	if (err)
		return err;
	err = path_lookupat(newdfd, newname, LOOKUP_PARENT, &to);
	if (err) {
		path_release(&from);
		return err;
	}
	if (from.path.mnt != to.path.mnt)
		err = -EXDEV;
	else if (from.last_type != LAST_NORM)
		err = -EBUSY;
	else if (to.last_type != LAST_NORM)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	else
		err = mnt_want_write(from.path.mnt);
	if (!err) {
		err = rename_locked(&from, &to, flags);
		mnt_drop_write(from.path.mnt);
	}
	path_release(&to);
	path_release(&from);
	return err;
}
