/*
 * kernel/sys/fs_lock.c - flock and the record locks of fcntl.
 *
 * A record lock is asked for by a place and a length that may point backwards, in 32 or in 64
 * bits; from here on it is a first and a last byte.  A lock that a 32-bit struct cannot
 * describe is not described wrongly: -EOVERFLOW.
 */
#include <kernel/sys/fs_lock.h>

#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/flock.h>
#include <kernel/fs/locks.h>
#include <lib/kernel.h>
#include <lib/string.h>

/* ---- flock ---------------------------------------------------------------------------------- */

#define LOCK_SH	1
#define LOCK_EX	2
#define LOCK_NB	4
#define LOCK_UN	8

long sys_flock(unsigned int fd, unsigned int cmd)
{
	unsigned int kind = cmd & ~(unsigned int)LOCK_NB;
	struct file *file;
	long ret = 0;

	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	if (file->f_mode & FMODE_PATH)
		ret = -EBADF;
	else if (kind == LOCK_UN)
		flock_release(file);
	else
		ret = flock_acquire(file, kind == LOCK_EX, cmd & LOCK_NB);
	fput(file);
	return ret;
}

/* ---- record locks --------------------------------------------------------------------------- */

/* Where l_start counts from. => an offset or -EINVAL */
static loff_t base_of(struct file *file, int whence)
{
	switch (whence) {
	case SEEK_SET:
		return 0;
	case SEEK_CUR:
		return file->f_pos;
	case SEEK_END:
		return i_size_read(file->f_inode);
	default:
		return -EINVAL;
	}
}

/* The bytes of @l as first and last. => 0, -EINVAL or -EOVERFLOW */
static int set_range(struct file_lock *fl, struct file *file, const struct flock64 *l)
{
	loff_t start = base_of(file, l->l_whence);

	if (start < 0)
		return -EINVAL;
	if (l->l_start > OFFSET_MAX - start)
		return -EOVERFLOW;
	start += l->l_start;
	if (start < 0)
		return -EINVAL;
	fl->fl_end = OFFSET_MAX;
	if (l->l_len > 0) {
		if (l->l_len - 1 > OFFSET_MAX - start)
			return -EOVERFLOW;
		fl->fl_end = start + l->l_len - 1;
	} else if (l->l_len < 0) {
		if (start + l->l_len < 0)
			return -EINVAL;
		fl->fl_end = start - 1;
		start += l->l_len;
	}
	fl->fl_start = start;
	return 0;
}

/* Whose it is. => 0 or -EINVAL */
static int set_owner(struct file_lock *fl, struct file *file, const struct flock64 *l, bool ofd)
{
	if (ofd && l->l_pid)
		return -EINVAL;
	fl->fl_ofd = ofd;
	fl->fl_owner = ofd ? (const void *)file : current->files;
	fl->fl_pid = ofd ? -1 : current->tgid;
	return 0;
}

static int to_file_lock(struct file_lock *fl, struct file *file, const struct flock64 *l, bool ofd)
{
	int err;

	memset(fl, 0, sizeof(*fl));
	err = set_range(fl, file, l);
	if (err)
		return err;
	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK && l->l_type != F_UNLCK)
		return -EINVAL;
	fl->fl_type = l->l_type;
	fl->fl_inode = file->f_inode;
	return set_owner(fl, file, l, ofd);
}

/* Of @l only what there is to tell changes. => 0 or -errno */
static int get_lock(struct file *file, struct flock64 *l, bool ofd)
{
	struct file_lock fl;
	int err;

	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK)
		return -EINVAL;
	err = to_file_lock(&fl, file, l, ofd);
	if (err)
		return err;
	posix_test_lock(&fl);
	l->l_type = (short)fl.fl_type;
	if (fl.fl_type == F_UNLCK)
		return 0;
	l->l_pid = fl.fl_pid;
	l->l_whence = SEEK_SET;
	l->l_start = fl.fl_start;
	l->l_len = fl.fl_end == OFFSET_MAX ? 0 : fl.fl_end - fl.fl_start + 1;
	return 0;
}

/* Is @file still what our @fd means? */
static bool still_open(unsigned int fd, const struct file *file)
{
	struct file *now = fget(fd);

	if (now)
		fput(now);
	return now == file;
}

/* => may sleep; 0 or -errno */
static int set_lock(unsigned int fd, struct file *file, const struct flock64 *l, bool ofd,
		    bool wait)
{
	struct file_lock fl;
	int err = to_file_lock(&fl, file, l, ofd);

	if (err)
		return err;
	if ((fl.fl_type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (fl.fl_type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	err = posix_lock_file(&fl, wait);
	/* Another thread has closed it meanwhile, which should have ended this lock too. */
	if (!err && fl.fl_type != F_UNLCK && !ofd && !still_open(fd, file)) {
		locks_remove_posix(file, fl.fl_owner);
		err = -EBADF;
	}
	return err;
}

static bool fits_int(loff_t value)
{
	return value <= INT_MAX;
}

long fcntl_lock(unsigned int fd, unsigned int cmd, struct flock __user *user, struct file *file)
{
	struct flock l;
	struct flock64 wide;
	int err;

	if (copy_from_user(&l, user, sizeof(l)))
		return -EFAULT;
	wide = (struct flock64){ .l_type = l.l_type, .l_whence = l.l_whence, .l_start = l.l_start,
				 .l_len = l.l_len, .l_pid = l.l_pid };
	if (cmd != F_GETLK)
		return set_lock(fd, file, &wide, false, cmd == F_SETLKW);
	err = get_lock(file, &wide, false);
	if (err)
		return err;
	if (wide.l_type != F_UNLCK &&
	    (!fits_int(wide.l_start) || !fits_int(wide.l_start + max(wide.l_len - 1, 0ll))))
		return -EOVERFLOW;
	l = (struct flock){ .l_type = wide.l_type, .l_whence = wide.l_whence,
			    .l_start = (int)wide.l_start, .l_len = (int)wide.l_len,
			    .l_pid = wide.l_pid };
	return copy_to_user(user, &l, sizeof(l)) ? -EFAULT : 0;
}

long fcntl_lock64(unsigned int fd, unsigned int cmd, struct flock64 __user *user,
		  struct file *file)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct flock64 l;
	int err;

	if (copy_from_user(&l, user, sizeof(l)))
		return -EFAULT;
	if (cmd != F_GETLK64 && cmd != F_OFD_GETLK)
		return set_lock(fd, file, &l, ofd, cmd == F_SETLKW64 || cmd == F_OFD_SETLKW);
	err = get_lock(file, &l, ofd);
	if (err)
		return err;
	return copy_to_user(user, &l, sizeof(l)) ? -EFAULT : 0;
}
