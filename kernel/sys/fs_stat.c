/*
 * kernel/sys/fs_stat.c - system calls that tell about files and file systems.
 *
 * struct kstat is translated into whichever of the four layouts was asked for
 * (kernel/uapi/stat.h); what does not fit an old layout is -EOVERFLOW, not cut off.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/uapi/stat.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>

static int fstat_fd(unsigned int fd, struct kstat *stat)
{
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	err = vfs_getattr(&file->f_path, stat);
	fput(file);
	return err;
}

/* @flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT */
static int stat_at(int dfd, const char __user *filename, int flags, struct kstat *stat)
{
	struct nameidata nd;
	char *name;
	int err;

	name = flags & AT_EMPTY_PATH ? getname_empty(filename) : getname(filename);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = path_lookupat(dfd, name, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &nd);
	putname(name);
	if (err)
		return err;
	err = vfs_getattr(&nd.path, stat);
	path_release(&nd);
	return err;
}

/* ---- the layouts ---------------------------------------------------------------------------- */

static long put_old(const struct kstat *k, struct __old_kernel_stat __user *to)
{
	struct __old_kernel_stat s = {
		.st_dev = (u16)new_encode_dev(k->dev), .st_ino = (u16)k->ino, .st_mode = k->mode,
		.st_nlink = (u16)k->nlink, .st_uid = (u16)k->uid, .st_gid = (u16)k->gid,
		.st_rdev = (u16)new_encode_dev(k->rdev), .st_size = (u32)k->size,
		.st_atime = (u32)k->atime.tv_sec, .st_mtime = (u32)k->mtime.tv_sec,
		.st_ctime = (u32)k->ctime.tv_sec,
	};

	if (k->size > LONG_MAX || s.st_ino != k->ino || s.st_nlink != k->nlink)
		return -EOVERFLOW;
	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

static long put_new(const struct kstat *k, struct stat32 __user *to)
{
	struct stat32 s = {
		.st_dev = new_encode_dev(k->dev), .st_ino = (u32)k->ino, .st_mode = k->mode,
		.st_nlink = (u16)k->nlink, .st_uid = (u16)k->uid, .st_gid = (u16)k->gid,
		.st_rdev = new_encode_dev(k->rdev), .st_size = (u32)k->size,
		.st_blksize = (u32)k->blksize, .st_blocks = (u32)k->blocks,
		.st_atime = (u32)k->atime.tv_sec, .st_atime_nsec = (u32)k->atime.tv_nsec,
		.st_mtime = (u32)k->mtime.tv_sec, .st_mtime_nsec = (u32)k->mtime.tv_nsec,
		.st_ctime = (u32)k->ctime.tv_sec, .st_ctime_nsec = (u32)k->ctime.tv_nsec,
	};

	if (k->size > LONG_MAX || s.st_ino != k->ino || s.st_nlink != k->nlink)
		return -EOVERFLOW;
	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

static long put_64(const struct kstat *k, struct stat64 __user *to)
{
	struct stat64 s = {
		.st_dev = new_encode_dev(k->dev), .__st_ino = (u32)k->ino, .st_mode = k->mode,
		.st_nlink = k->nlink, .st_uid = k->uid, .st_gid = k->gid,
		.st_rdev = new_encode_dev(k->rdev), .st_size = k->size,
		.st_blksize = (u32)k->blksize, .st_blocks = k->blocks,
		.st_atime = (u32)k->atime.tv_sec, .st_atime_nsec = (u32)k->atime.tv_nsec,
		.st_mtime = (u32)k->mtime.tv_sec, .st_mtime_nsec = (u32)k->mtime.tv_nsec,
		.st_ctime = (u32)k->ctime.tv_sec, .st_ctime_nsec = (u32)k->ctime.tv_nsec,
		.st_ino = k->ino,
	};

	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

static struct statx_timestamp stx_time(struct timespec64 t)
{
	return (struct statx_timestamp){ .tv_sec = t.tv_sec, .tv_nsec = (u32)t.tv_nsec };
}

static long put_statx(const struct kstat *k, struct statx __user *to)
{
	struct statx s = {
		.stx_mask = STATX_BASIC_STATS, .stx_blksize = (u32)k->blksize,
		.stx_nlink = k->nlink, .stx_uid = k->uid, .stx_gid = k->gid, .stx_mode = k->mode,
		.stx_ino = k->ino, .stx_size = (u64)k->size, .stx_blocks = k->blocks,
		.stx_atime = stx_time(k->atime), .stx_mtime = stx_time(k->mtime),
		.stx_ctime = stx_time(k->ctime),
		.stx_rdev_major = MAJOR(k->rdev), .stx_rdev_minor = MINOR(k->rdev),
		.stx_dev_major = MAJOR(k->dev), .stx_dev_minor = MINOR(k->dev),
	};

	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

/* ---- the calls ------------------------------------------------------------------------------ */

#define STAT_BY_NAME(call, layout, flags, put)					\
long sys_##call(const char __user *filename, layout __user *buf)		\
{										\
	struct kstat stat;							\
	int err = stat_at(AT_FDCWD, filename, flags, &stat);			\
										\
	return err ? err : put(&stat, buf);					\
}
#define STAT_BY_FD(call, layout, put)						\
long sys_##call(unsigned int fd, layout __user *buf)				\
{										\
	struct kstat stat;							\
	int err = fstat_fd(fd, &stat);						\
										\
	return err ? err : put(&stat, buf);					\
}
STAT_BY_NAME(stat, struct __old_kernel_stat, 0, put_old)
STAT_BY_NAME(lstat, struct __old_kernel_stat, AT_SYMLINK_NOFOLLOW, put_old)
STAT_BY_FD(fstat, struct __old_kernel_stat, put_old)
STAT_BY_NAME(newstat, struct stat32, 0, put_new)
STAT_BY_NAME(newlstat, struct stat32, AT_SYMLINK_NOFOLLOW, put_new)
STAT_BY_FD(newfstat, struct stat32, put_new)
STAT_BY_NAME(stat64, struct stat64, 0, put_64)
STAT_BY_NAME(lstat64, struct stat64, AT_SYMLINK_NOFOLLOW, put_64)
STAT_BY_FD(fstat64, struct stat64, put_64)

long sys_fstatat64(int dfd, const char __user *filename, struct stat64 __user *buf, int flags)
{
	struct kstat stat;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	err = stat_at(dfd, filename, flags, &stat);
	return err ? err : put_64(&stat, buf);
}

long sys_statx(int dfd, const char __user *filename, unsigned int flags, unsigned int mask,
	       struct statx __user *buf)
{
	struct kstat stat;
	int err;

	if ((mask & STATX__RESERVED) ||
	    (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
				 AT_STATX_SYNC_TYPE)) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = stat_at(dfd, filename, (int)flags, &stat);
	return err ? err : put_statx(&stat, buf);
}

long sys_readlinkat(int dfd, const char __user *filename, char __user *buf, int size)
{
	struct path path;
	char *text;
	int len;

	if (size <= 0)
		return -EINVAL;
	len = user_path_at(dfd, filename, 0, &path);
	if (len)
		return len;
	text = (char *)__get_free_page(GFP_KERNEL);
	len = text ? vfs_readlink(path.dentry, text, PATH_MAX) : -ENOMEM;
	if (len >= 0)
		touch_link_atime(&path);
	path_put(&path);
	if (len > 0) {
		len = min(len, size);
		if (copy_to_user(buf, text, (size_t)len))
			len = -EFAULT;
	}
	free_page((unsigned long)text);
	return len;
}

long sys_readlink(const char __user *filename, char __user *buf, int size)
{
	return sys_readlinkat(AT_FDCWD, filename, buf, size);
}

/* ---- file systems --------------------------------------------------------------------------- */

/* Where mount(2)'s flags and statfs(2)'s are the same bits; relatime has one of its own. */
static unsigned long statfs_flags(const struct vfsmount *mnt)
{
	unsigned long flags = mnt->mnt_flags | mnt->mnt_sb->s_flags;
	unsigned long same = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS |
			     MS_MANDLOCK | MS_NOATIME | MS_NODIRATIME;

	if (mnt->mnt_parent == mnt || (flags & (MS_NOATIME | MS_STRICTATIME)))
		return ST_VALID | (flags & same);
	return ST_VALID | ST_RELATIME | (flags & same);
}

static int statfs_path(const struct path *path, struct kstatfs *k)
{
	const struct super_block *sb = path->mnt->mnt_sb;
	int err;

	if (!sb->s_op || !sb->s_op->statfs)
		return -ENOSYS;
	memset(k, 0, sizeof(*k));
	err = sb->s_op->statfs(path->dentry, k);
	k->f_flags = statfs_flags(path->mnt);
	return err;
}

static int statfs_name(const char __user *filename, struct kstatfs *k)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = statfs_path(&path, k);
	path_put(&path);
	return err;
}

static int statfs_fd(unsigned int fd, struct kstatfs *k)
{
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	err = statfs_path(&file->f_path, k);
	fput(file);
	return err;
}

static long put_statfs(const struct kstatfs *k, struct statfs __user *to)
{
	struct statfs s = {
		.f_type = (u32)k->f_type, .f_bsize = (u32)k->f_bsize,
		.f_blocks = (u32)k->f_blocks, .f_bfree = (u32)k->f_bfree,
		.f_bavail = (u32)k->f_bavail, .f_files = (u32)k->f_files,
		.f_ffree = (u32)k->f_ffree, .f_namelen = (u32)k->f_namelen,
		.f_frsize = (u32)k->f_bsize, .f_flags = (u32)k->f_flags,
	};

	if ((k->f_blocks | k->f_bfree | k->f_bavail | k->f_files | k->f_ffree) >> 32)
		return -EOVERFLOW;
	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

static long put_statfs64(const struct kstatfs *k, struct statfs64 __user *to)
{
	struct statfs64 s = {
		.f_type = (u32)k->f_type, .f_bsize = (u32)k->f_bsize, .f_blocks = k->f_blocks,
		.f_bfree = k->f_bfree, .f_bavail = k->f_bavail, .f_files = k->f_files,
		.f_ffree = k->f_ffree, .f_namelen = (u32)k->f_namelen,
		.f_frsize = (u32)k->f_bsize, .f_flags = (u32)k->f_flags,
	};

	return copy_to_user(to, &s, sizeof(s)) ? -EFAULT : 0;
}

long sys_statfs(const char __user *filename, struct statfs __user *buf)
{
	struct kstatfs k;
	int err = statfs_name(filename, &k);

	return err ? err : put_statfs(&k, buf);
}

long sys_fstatfs(unsigned int fd, struct statfs __user *buf)
{
	struct kstatfs k;
	int err = statfs_fd(fd, &k);

	return err ? err : put_statfs(&k, buf);
}

/* The caller says how large it thinks the structure is: 84 packed, or 88 padded. */
static bool statfs64_size_ok(size_t size)
{
	return size == sizeof(struct statfs64) || size == sizeof(struct statfs64) + 4;
}

long sys_statfs64(const char __user *filename, size_t size, struct statfs64 __user *buf)
{
	struct kstatfs k;
	int err;

	if (!statfs64_size_ok(size))
		return -EINVAL;
	err = statfs_name(filename, &k);
	return err ? err : put_statfs64(&k, buf);
}

long sys_fstatfs64(unsigned int fd, size_t size, struct statfs64 __user *buf)
{
	struct kstatfs k;
	int err;

	if (!statfs64_size_ok(size))
		return -EINVAL;
	err = statfs_fd(fd, &k);
	return err ? err : put_statfs64(&k, buf);
}
