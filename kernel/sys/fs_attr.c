/*
 * kernel/sys/fs_attr.c - system calls that change or ask for attributes: mode, owner, times,
 * size, and whether one may.
 *
 * Each walks to the file, fills in a struct iattr and leaves the decision to notify_change().
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/writeback.h>
#include <kernel/uapi/time.h>
#include <lib/kernel.h>

/* A file system that is read-only keeps its attributes. */
static int change_attr(const struct path *path, struct iattr *attr)
{
	struct inode *inode = path->dentry->d_inode;
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	mutex_lock(&inode->i_sem);
	err = notify_change(path->dentry, attr);
	mutex_unlock(&inode->i_sem);
	mnt_drop_write(path->mnt);
	return err;
}

/* ---- access --------------------------------------------------------------------------------- */

static long check_access(int dfd, const char __user *filename, int mode, int flags)
{
	struct path path;
	struct inode *inode;
	long ret;

	ret = user_path_at(dfd, filename, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (ret)
		return ret;
	inode = path.dentry->d_inode;
	if ((mode & X_OK) && S_ISREG(inode->i_mode) && (path.mnt->mnt_flags & MS_NOEXEC))
		ret = -EACCES;
	else
		ret = permission(inode, mode);
	if (!ret && (mode & W_OK) && !S_ISCHR(inode->i_mode) && !S_ISFIFO(inode->i_mode))
		ret = mnt_is_readonly(&path);
	path_put(&path);
	return ret;
}

/* By the real ids, unless AT_EACCESS: what a set-user-id program asks on its user's behalf. */
long sys_faccessat2(int dfd, const char __user *filename, int mode, int flags)
{
	u32 fsuid = current->fsuid, fsgid = current->fsgid;
	long ret;

	static_assert(R_OK == MAY_READ && W_OK == MAY_WRITE && X_OK == MAY_EXEC);
	if ((mode & ~(R_OK | W_OK | X_OK)) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)))
		return -EINVAL;
	if (!(flags & AT_EACCESS)) {
		current->fsuid = current->uid;
		current->fsgid = current->gid;
	}
	ret = check_access(dfd, filename, mode, flags);
	current->fsuid = fsuid;
	current->fsgid = fsgid;
	return ret;
}

long sys_faccessat(int dfd, const char __user *filename, int mode)
{
	return sys_faccessat2(dfd, filename, mode, 0);
}

long sys_access(const char __user *filename, int mode)
{
	return sys_faccessat2(AT_FDCWD, filename, mode, 0);
}

/* ---- mode and owner ------------------------------------------------------------------------- */

long sys_fchmodat(int dfd, const char __user *filename, int mode)
{
	struct iattr attr = { .ia_valid = ATTR_MODE, .ia_mode = (umode_t)(mode & S_IALLUGO) };
	struct path path;
	long ret = user_path_at(dfd, filename, LOOKUP_FOLLOW, &path);

	if (ret)
		return ret;
	ret = change_attr(&path, &attr);
	path_put(&path);
	return ret;
}

long sys_chmod(const char __user *filename, int mode)
{
	return sys_fchmodat(AT_FDCWD, filename, mode);
}

long sys_fchmod(unsigned int fd, int mode)
{
	struct iattr attr = { .ia_valid = ATTR_MODE, .ia_mode = (umode_t)(mode & S_IALLUGO) };
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_mode & FMODE_PATH ? -EBADF : change_attr(&file->f_path, &attr);
	fput(file);
	return ret;
}

/* -1 leaves an id as it is; a program does not keep set-user-id over a change of owner. */
static int change_owner(const struct path *path, u32 uid, u32 gid)
{
	struct inode *inode = path->dentry->d_inode;
	struct iattr attr = { .ia_uid = uid, .ia_gid = gid };
	int err;

	if (uid != (u32)-1)
		attr.ia_valid |= ATTR_UID;
	if (gid != (u32)-1)
		attr.ia_valid |= ATTR_GID;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	mutex_lock(&inode->i_sem);
	err = notify_change(path->dentry, &attr);
	if (!err && !S_ISDIR(inode->i_mode) && !S_ISLNK(inode->i_mode)) {
		inode->i_mode &= (umode_t)~(S_ISUID | (inode->i_mode & S_IXGRP ? S_ISGID : 0));
		mark_inode_dirty(inode);
	}
	mutex_unlock(&inode->i_sem);
	mnt_drop_write(path->mnt);
	return err;
}

long sys_fchownat(int dfd, const char __user *filename, u32 uid, u32 gid, int flags)
{
	struct nameidata nd;
	char *name;
	long ret;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	name = flags & AT_EMPTY_PATH ? getname_empty(filename) : getname(filename);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = path_lookupat(dfd, name, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &nd);
	putname(name);
	if (ret)
		return ret;
	ret = change_owner(&nd.path, uid, gid);
	path_release(&nd);
	return ret;
}

long sys_chown(const char __user *filename, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, filename, uid, gid, 0);
}

long sys_lchown(const char __user *filename, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, filename, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(unsigned int fd, u32 uid, u32 gid)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_mode & FMODE_PATH ? -EBADF : change_owner(&file->f_path, uid, gid);
	fput(file);
	return ret;
}

/* The calls of the time when ids had 16 bits. */
static u32 wide_id(u32 id)
{
	return (u16)id == (u16)-1 ? (u32)-1 : (u16)id;
}

long sys_chown16(const char __user *filename, u32 uid, u32 gid)
{
	return sys_chown(filename, wide_id(uid), wide_id(gid));
}

long sys_lchown16(const char __user *filename, u32 uid, u32 gid)
{
	return sys_lchown(filename, wide_id(uid), wide_id(gid));
}

long sys_fchown16(unsigned int fd, u32 uid, u32 gid)
{
	return sys_fchown(fd, wide_id(uid), wide_id(gid));
}

/* ---- size ----------------------------------------------------------------------------------- */

static long truncate_path(const struct path *path, loff_t length)
{
	struct inode *inode = path->dentry->d_inode;
	int err;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	err = mnt_want_write(path->mnt);
	if (err)
		return err;
	err = permission(inode, MAY_WRITE);
	if (!err && IS_APPEND(inode))
		err = -EPERM;
	if (!err)
		err = get_write_access(inode);
	if (!err) {
		err = do_truncate(path->dentry, length);
		put_write_access(inode);
	}
	mnt_drop_write(path->mnt);
	return err;
}

static long do_sys_truncate(const char __user *filename, loff_t length)
{
	struct path path;
	long ret;

	if (length < 0)
		return -EINVAL;
	ret = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW, &path);
	if (ret)
		return ret;
	ret = truncate_path(&path, length);
	path_put(&path);
	return ret;
}

static long do_sys_ftruncate(unsigned int fd, loff_t length, bool small)
{
	struct file *file;
	long ret;

	if (length < 0)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = -EINVAL;
	if (file->f_mode & FMODE_PATH)
		ret = -EBADF;
	else if (S_ISREG(file->f_inode->i_mode) && (file->f_mode & FMODE_WRITE) &&
		 !(small && length > LONG_MAX))
		ret = IS_APPEND(file->f_inode) ? -EPERM : do_truncate(file->f_dentry, length);
	fput(file);
	return ret;
}

static loff_t join(unsigned long lo, unsigned long hi)
{
	return (loff_t)((u64)hi << 32 | lo);
}

long sys_truncate(const char __user *filename, long length)
{
	return do_sys_truncate(filename, length);
}

long sys_truncate64(const char __user *filename, unsigned long lo, unsigned long hi)
{
	return do_sys_truncate(filename, join(lo, hi));
}

long sys_ftruncate(unsigned int fd, long length)
{
	return do_sys_ftruncate(fd, length, true);
}

long sys_ftruncate64(unsigned int fd, unsigned long lo, unsigned long hi)
{
	return do_sys_ftruncate(fd, join(lo, hi), false);
}

long sys_fallocate(unsigned int fd, int mode, unsigned long off_lo, unsigned long off_hi,
		   unsigned long len_lo, unsigned long len_hi)
{
	struct file *file = fget(fd);
	long err;

	if (!file)
		return -EBADF;
	err = file->f_mode & FMODE_PATH ? -EBADF :
	      vfs_fallocate(file, mode, join(off_lo, off_hi), join(len_lo, len_hi));
	fput(file);
	return err;
}

/* ---- times ---------------------------------------------------------------------------------- */

#define UTIME_NOW	((1L << 30) - 1)
#define UTIME_OMIT	((1L << 30) - 2)

/* Which attributes two times (NULL: both now) change. => 0 or -EINVAL */
static int times_to_attr(const struct timespec64 *times, struct iattr *attr)
{
	static const unsigned int set[2] = { ATTR_ATIME_SET, ATTR_MTIME_SET };
	static const unsigned int change[2] = { ATTR_ATIME, ATTR_MTIME };
	struct timespec64 *to[2] = { &attr->ia_atime, &attr->ia_mtime };
	int i;

	attr->ia_valid = times ? 0 : ATTR_ATIME | ATTR_MTIME;
	for (i = 0; times && i < 2; i++) {
		if (times[i].tv_nsec == UTIME_OMIT)
			continue;
		attr->ia_valid |= change[i];
		if (times[i].tv_nsec == UTIME_NOW)
			continue;
		if (times[i].tv_nsec < 0 || times[i].tv_nsec >= NSEC_PER_SEC)
			return -EINVAL;
		attr->ia_valid |= set[i];
		*to[i] = times[i];
	}
	return 0;
}

/* Both now: whoever may write. Anything else is for the owner. */
static int may_touch(const struct path *path, const struct iattr *attr)
{
	struct inode *inode = path->dentry->d_inode;

	if (current->fsuid == 0 || current->fsuid == inode->i_uid)
		return 0;
	if ((attr->ia_valid & (ATTR_ATIME | ATTR_MTIME)) != (ATTR_ATIME | ATTR_MTIME) ||
	    (attr->ia_valid & (ATTR_ATIME_SET | ATTR_MTIME_SET)))
		return -EPERM;
	return permission(inode, MAY_WRITE);
}

static long utimes_path(const struct path *path, struct iattr *attr)
{
	int err;

	if (!(attr->ia_valid & (ATTR_ATIME | ATTR_MTIME)))
		return 0;	/* both UTIME_OMIT */
	err = may_touch(path, attr);
	return err ? err : change_attr(path, attr);
}

static long do_utimes(int dfd, const char __user *filename, const struct timespec64 *times,
		      int flags)
{
	struct iattr attr;
	struct file *file;
	struct path path;
	long ret = times_to_attr(times, &attr);

	if (ret)
		return ret;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!filename && dfd != AT_FDCWD) {
		if (flags & AT_SYMLINK_NOFOLLOW)
			return -EINVAL;
		file = fget((unsigned int)dfd);
		if (!file)
			return -EBADF;
		ret = file->f_mode & FMODE_PATH ? -EBADF : utimes_path(&file->f_path, &attr);
		fput(file);
		return ret;
	}
	ret = user_path_at(dfd, filename, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (ret)
		return ret;
	ret = utimes_path(&path, &attr);
	path_put(&path);
	return ret;
}

long sys_utimensat(int dfd, const char __user *filename, const struct old_timespec32 __user *utimes,
		   int flags)
{
	struct old_timespec32 t[2];
	struct timespec64 times[2];

	if (!utimes)
		return do_utimes(dfd, filename, NULL, flags);
	if (copy_from_user(t, utimes, sizeof(t)))
		return -EFAULT;
	times[0] = (struct timespec64){ .tv_sec = t[0].tv_sec, .tv_nsec = t[0].tv_nsec };
	times[1] = (struct timespec64){ .tv_sec = t[1].tv_sec, .tv_nsec = t[1].tv_nsec };
	return do_utimes(dfd, filename, times, flags);
}

long sys_utimensat_time64(int dfd, const char __user *filename,
			  const struct __kernel_timespec __user *utimes, int flags)
{
	struct __kernel_timespec t[2];
	struct timespec64 times[2];

	if (!utimes)
		return do_utimes(dfd, filename, NULL, flags);
	if (copy_from_user(t, utimes, sizeof(t)))
		return -EFAULT;
	/* A 32-bit program leaves the upper half of tv_nsec undefined. */
	times[0] = (struct timespec64){ .tv_sec = t[0].tv_sec, .tv_nsec = (long)t[0].tv_nsec };
	times[1] = (struct timespec64){ .tv_sec = t[1].tv_sec, .tv_nsec = (long)t[1].tv_nsec };
	return do_utimes(dfd, filename, times, flags);
}

long sys_futimesat(int dfd, const char __user *filename, const struct old_timeval32 __user *utimes)
{
	struct old_timeval32 t[2];
	struct timespec64 times[2];
	int i;

	if (!utimes)
		return do_utimes(dfd, filename, NULL, 0);
	if (copy_from_user(t, utimes, sizeof(t)))
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if (t[i].tv_usec < 0 || t[i].tv_usec >= USEC_PER_SEC)
			return -EINVAL;
		times[i] = (struct timespec64){ .tv_sec = t[i].tv_sec,
						.tv_nsec = t[i].tv_usec * NSEC_PER_USEC };
	}
	return do_utimes(dfd, filename, times, 0);
}

long sys_utimes(const char __user *filename, const struct old_timeval32 __user *utimes)
{
	return sys_futimesat(AT_FDCWD, filename, utimes);
}

long sys_utime(const char __user *filename, const s32 __user *utimes)
{
	struct timespec64 times[2] = { { .tv_sec = 0 } };
	s32 t[2];

	if (!utimes)
		return do_utimes(AT_FDCWD, filename, NULL, 0);
	if (copy_from_user(t, utimes, sizeof(t)))
		return -EFAULT;
	times[0].tv_sec = t[0];
	times[1].tv_sec = t[1];
	return do_utimes(AT_FDCWD, filename, times, 0);
}
