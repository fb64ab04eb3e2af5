/*
 * kernel/sys/fs_xattr.c - system calls about extended attributes.
 *
 * No file system here has any, which ls and cp want to be told properly: -EOPNOTSUPP
 * for one attribute, an empty list for all, after the checks that come first.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/fs/files.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/namei.h>
#include <kernel/uapi/fcntl.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define XATTR_NAME_MAX	255
#define XATTR_SIZE_MAX	65536
#define XATTR_CREATE	1
#define XATTR_REPLACE	2

/* => 0: there is such a file; or -errno */
static long find(const char *name, unsigned int lookup)
{
	struct path path;
	long err = user_path_at(AT_FDCWD, name, lookup, &path);

	if (!err)
		path_put(&path);
	return err;
}

static long find_fd(int fd)
{
	struct file *file = fget((unsigned int)fd);
	long err = 0;

	if (!file)
		return -EBADF;
	if (file->f_mode & FMODE_PATH)
		err = -EBADF;
	fput(file);
	return err;
}

/* => -EFAULT, -ERANGE: the name is none; or -EOPNOTSUPP */
static long check_name(const char *name)
{
	char buf[XATTR_NAME_MAX + 1];
	long len = strncpy_from_user(buf, name, sizeof(buf));

	if (len < 0)
		return len;
	return !len || len == (long)sizeof(buf) ? -ERANGE : -EOPNOTSUPP;
}

/* Could all of it be read? => 0 or -EFAULT */
static long check_value(const char *value, size_t size)
{
	char piece[64];

	for (size_t at = 0; at < size; at += sizeof(piece))
		if (copy_from_user(piece, value + at, min(size - at, sizeof(piece))))
			return -EFAULT;
	return 0;
}

static long check_set(const char *name, const void *value, size_t size, int flags)
{
	long err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = check_name(name);
	if (err != -EOPNOTSUPP)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	return check_value(value, size) ? -EFAULT : err;
}

long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	long err = find(path, LOOKUP_FOLLOW);

	return err ? err : check_set(name, value, size, flags);
}

long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	long err = find(path, 0);

	return err ? err : check_set(name, value, size, flags);
}

long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	long err = find_fd(fd);

	return err ? err : check_set(name, value, size, flags);
}

long sys_getxattr(const char *path, const char *name, void *value, size_t size)
{
	long err = find(path, LOOKUP_FOLLOW);

	return err ? err : check_name(name);
}

long sys_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	long err = find(path, 0);

	return err ? err : check_name(name);
}

long sys_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	long err = find_fd(fd);

	return err ? err : check_name(name);
}

long sys_listxattr(const char *path, char *list, size_t size)
{
	return find(path, LOOKUP_FOLLOW);
}

long sys_llistxattr(const char *path, char *list, size_t size)
{
	return find(path, 0);
}

long sys_flistxattr(int fd, char *list, size_t size)
{
	return find_fd(fd);
}

long sys_removexattr(const char *path, const char *name)
{
	long err = find(path, LOOKUP_FOLLOW);

	return err ? err : check_name(name);
}

long sys_lremovexattr(const char *path, const char *name)
{
	long err = find(path, 0);

	return err ? err : check_name(name);
}

long sys_fremovexattr(int fd, const char *name)
{
	long err = find_fd(fd);

	return err ? err : check_name(name);
}
