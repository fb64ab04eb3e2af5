/*
 * kernel/sys/fs_fd.c - system calls that make, copy, change and close descriptors.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/files.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/pipe.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <kernel/fs/writeback.h>
#include <kernel/sys/fs_lock.h>
#include <lib/kernel.h>

long sys_open(const char __user *filename, int flags, int mode)
{
	return do_sys_open(AT_FDCWD, filename, flags, (umode_t)mode);
}

long sys_openat(int dfd, const char __user *filename, int flags, int mode)
{
	return do_sys_open(dfd, filename, flags, (umode_t)mode);
}

long sys_creat(const char __user *filename, int mode)
{
	return do_sys_open(AT_FDCWD, filename, O_CREAT | O_WRONLY | O_TRUNC, (umode_t)mode);
}

long sys_close(unsigned int fd)
{
	int err = close_fd(fd);

	/* It is closed, whatever flush said: calling again would close another's. */
	return err == -ERESTARTSYS || err == -ERESTARTNOINTR ? -EINTR : err;
}

long sys_close_range(unsigned int fd, unsigned int max_fd, unsigned int flags)
{
	int next, err;

	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || fd > max_fd)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		err = unshare_files();
		if (err)
			return err;
	}
	while ((next = next_fd_of_task(current, fd)) >= 0 && (unsigned int)next <= max_fd) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			set_close_on_exec((unsigned int)next, 1);
		else
			close_fd((unsigned int)next);
		fd = (unsigned int)next + 1;
	}
	return 0;
}

/* ---- copies --------------------------------------------------------------------------------- */

static long dup_from(unsigned int fd, unsigned int start, unsigned int flags)
{
	struct file *file = fget(fd);
	int new;

	if (!file)
		return -EBADF;
	new = alloc_fd(start, flags);
	if (new >= 0)
		fd_install((unsigned int)new, file);
	else
		fput(file);
	return new;
}

long sys_dup(unsigned int fd)
{
	return dup_from(fd, 0, 0);
}

long sys_dup3(unsigned int oldfd, unsigned int newfd, int flags)
{
	struct file *file;
	long ret;

	if ((flags & ~O_CLOEXEC) || oldfd == newfd)
		return -EINVAL;
	file = fget(oldfd);
	if (!file)
		return -EBADF;
	ret = replace_fd(newfd, file, (unsigned int)flags);
	fput(file);
	return ret;
}

long sys_dup2(unsigned int oldfd, unsigned int newfd)
{
	struct file *file;

	if (oldfd != newfd)
		return sys_dup3(oldfd, newfd, 0);
	file = fget(oldfd);
	if (!file)
		return -EBADF;
	fput(file);
	return newfd;
}

long sys_memfd_create(const char __user *name, unsigned int flags)
{
	return do_memfd_create(name, flags);
}

/* ---- pipes ---------------------------------------------------------------------------------- */

/* Two descriptors for two files, or none. */
static int install_two(struct file *files[2], unsigned int flags, int fds[2])
{
	fds[0] = get_unused_fd_flags(flags);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = get_unused_fd_flags(flags);
	if (fds[1] < 0) {
		put_unused_fd((unsigned int)fds[0]);
		return fds[1];
	}
	return 0;
}

long sys_pipe2(int __user *ufds, int flags)
{
	struct file *files[2];
	int fds[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = create_pipe_files(files, (unsigned int)flags & O_NONBLOCK);
	if (err)
		return err;
	err = install_two(files, (unsigned int)flags, fds);
	if (!err && copy_to_user(ufds, fds, sizeof(fds))) {
		put_unused_fd((unsigned int)fds[0]);
		put_unused_fd((unsigned int)fds[1]);
		err = -EFAULT;
	}
	if (err) {
		fput(files[0]);
		fput(files[1]);
		return err;
	}
	fd_install((unsigned int)fds[0], files[0]);
	fd_install((unsigned int)fds[1], files[1]);
	return 0;
}

long sys_pipe(int __user *ufds)
{
	return sys_pipe2(ufds, 0);
}

/* ---- fcntl, ioctl --------------------------------------------------------------------------- */

#define SETFL_MASK	(O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT)

static long set_flags(struct file *file, unsigned long arg)
{
	if (((arg ^ file->f_flags) & O_APPEND) && IS_APPEND(file->f_inode))
		return -EPERM;
	if ((arg & O_DIRECT) && !file->f_mapping->a_ops->direct_IO)
		return -EINVAL;	/* nothing is behind the page cache to go to directly */
	if ((arg & ~file->f_flags & O_NOATIME) && current->fsuid != 0 &&
	    current->fsuid != file->f_inode->i_uid)
		return -EPERM;
	file->f_flags = (file->f_flags & ~(unsigned)SETFL_MASK) | ((unsigned int)arg & SETFL_MASK);
	return 0;
}

static long do_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg, struct file *file)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg >= rlimit(RLIMIT_NOFILE))
			return -EINVAL;
		return dup_from(fd, (unsigned int)arg, cmd == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	case F_GETFD:
		return get_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		set_close_on_exec(fd, arg & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return (long)(file->f_flags & ~(unsigned)O_CLOEXEC);
	default:
		break;
	}
	if (file->f_mode & FMODE_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL:
		return set_flags(file, arg);
	case F_SETOWN:
		file->f_owner = (pid_t)arg;
		return 0;
	case F_GETOWN:
		return file->f_owner;
	case F_GETPIPE_SZ:
		return file->f_inode->i_pipe ? (long)(file->f_inode->i_pipe->buffers * PAGE_SIZE) : -EBADF;
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return memfd_fcntl(file, cmd, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return fcntl_lock(fd, cmd, (struct flock __user *)arg, file);
	default:
		return -EINVAL;
	}
}

static long fcntl64(unsigned int fd, unsigned int cmd, unsigned long arg, struct file *file)
{
	switch (cmd) {
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return file->f_mode & FMODE_PATH ? -EBADF :
		       fcntl_lock64(fd, cmd, (struct flock64 __user *)arg, file);
	default:
		return do_fcntl(fd, cmd, arg, file);
	}
}

static long fcntl_with(unsigned int fd, unsigned int cmd, unsigned long arg,
		       long (*fn)(unsigned int, unsigned int, unsigned long, struct file *))
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = fn(fd, cmd, arg, file);
	fput(file);
	return ret;
}

/* The old call does not know the commands with 64-bit offsets. */
long sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	return fcntl_with(fd, cmd, arg, do_fcntl);
}

long sys_fcntl64(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	return fcntl_with(fd, cmd, arg, fcntl64);
}

#define FIONREAD	0x541B
#define FIONBIO		0x5421
#define FIONCLEX	0x5450
#define FIOCLEX		0x5451

static long set_nonblock(struct file *file, unsigned long arg)
{
	int on;

	if (get_user(on, (int __user *)arg))
		return -EFAULT;
	if (on)
		file->f_flags |= O_NONBLOCK;
	else
		file->f_flags &= ~(unsigned)O_NONBLOCK;
	return 0;
}

static long do_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg, struct file *file)
{
	struct inode *inode = file->f_inode;
	long ret;

	if (file->f_mode & FMODE_PATH)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		set_close_on_exec(fd, cmd == FIOCLEX);
		return 0;
	case FIONBIO:
		return set_nonblock(file, arg);
	case FIONREAD:
		if (S_ISREG(inode->i_mode)) {
			int rest = (int)(i_size_read(inode) - file->f_pos);

			return put_user(rest, (int __user *)arg);
		}
		break;
	default:
		break;
	}
	ret = file->f_op->ioctl ? file->f_op->ioctl(file, cmd, arg) : -ENOTTY;
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

long sys_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = do_ioctl(fd, cmd, arg, file);
	fput(file);
	return ret;
}

/* ---- writing back --------------------------------------------------------------------------- */

static long do_fsync(unsigned int fd, int datasync)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_mode & FMODE_PATH ? -EBADF : vfs_fsync(file, datasync);
	fput(file);
	return ret;
}

long sys_fsync(unsigned int fd)
{
	return do_fsync(fd, 0);
}

long sys_fdatasync(unsigned int fd)
{
	return do_fsync(fd, 1);
}

long sys_sync(void)
{
	do_sync();
	return 0;
}

long sys_syncfs(unsigned int fd)
{
	struct file *file = fget(fd);
	long ret = -EBADF;

	if (!file)
		return -EBADF;
	if (!(file->f_mode & FMODE_PATH)) {
		struct super_block *sb = file->f_dentry->d_sb;

		down_read(&sb->s_umount);
		ret = sync_filesystem(sb);
		up_read(&sb->s_umount);
	}
	fput(file);
	return ret;
}

/* i386 passes an loff_t as two words. */
long sys_sync_file_range(unsigned int fd, unsigned long off_lo, unsigned long off_hi,
			 unsigned long len_lo, unsigned long len_hi, unsigned int flags)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_mode & FMODE_PATH ? -EBADF :
	      do_sync_file_range(file, (loff_t)((u64)off_hi << 32 | off_lo),
				 (loff_t)((u64)len_hi << 32 | len_lo), flags);
	fput(file);
	return ret;
}

/* ---- advice ------------------------------------------------------------------------------------ */

static long do_fadvise(unsigned int fd, loff_t offset, loff_t len, int advice)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = file->f_mode & FMODE_PATH ? -EBADF : vfs_fadvise(file, offset, len, advice);
	fput(file);
	return ret;
}

long sys_fadvise64(unsigned int fd, unsigned long lo, unsigned long hi, size_t len, int advice)
{
	return do_fadvise(fd, (loff_t)((u64)hi << 32 | lo), (loff_t)len, advice);
}

long sys_fadvise64_64(unsigned int fd, unsigned long lo, unsigned long hi, unsigned long len_lo,
		      unsigned long len_hi, int advice)
{
	return do_fadvise(fd, (loff_t)((u64)hi << 32 | lo), (loff_t)((u64)len_hi << 32 | len_lo),
			  advice);
}

long sys_readahead(unsigned int fd, unsigned long lo, unsigned long hi, size_t count)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_readahead(file, (loff_t)((u64)hi << 32 | lo), count);
	fput(file);
	return ret;
}
