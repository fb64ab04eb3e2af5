/*
 * kernel/fs/inode.c - attributes of inodes: times, owners, permissions, sizes, who may write.
 *
 * Theory.  Times are those of the last tick: two writes within a tick are the same moment to a
 * file, and reading the clock would cost more than the write.  What a file system on a disk
 * cannot store (s_time_gran) is cut off at once, so that a time does not change by itself when
 * the inode is read again.
 *
 * Where inodes come from and when they go: icache.c.
 *
 * Locking: i_sem as in fs.h.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/dev/chrdev.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/writeback.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/slab.h>
#include <mm/types/mm_types.h>

struct timespec64 current_fs_time(void)
{
	static DEFINE_SPINLOCK(fs_time_lock);
	static struct timespec64 now;		/* [fs_time_lock] the time at tick @at */
	static unsigned long at;		/* [fs_time_lock] */
	static bool valid;			/* [fs_time_lock] */
	struct timespec64 ret;

	spin_lock(&fs_time_lock);
	if (unlikely(at != jiffies || !valid)) {
		at = jiffies;
		valid = true;
		ktime_get_real_ts64(&now);
	}
	ret = now;
	spin_unlock(&fs_time_lock);
	return ret;
}

void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_uid = current->fsuid;
	inode->i_gid = current->fsgid;
	if (dir && (dir->i_mode & S_ISGID)) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
	}
	inode->i_mode = mode;
}

static int no_device(struct inode *inode, struct file *file)
{
	return -ENXIO;
}

static const struct file_operations no_device_fops = { .open = no_device };

void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev)
{
	inode->i_mode = mode;
	if (S_ISCHR(mode)) {
		inode->i_fop = &def_chr_fops;
		inode->i_rdev = rdev;
	} else if (S_ISBLK(mode)) {
		inode->i_fop = &def_blk_fops;
		inode->i_rdev = rdev;
	} else if (S_ISFIFO(mode)) {
		inode->i_fop = &def_fifo_fops;
	} else {
		inode->i_fop = &no_device_fops;
	}
}

struct timespec64 timespec64_trunc(struct timespec64 t, unsigned int gran)
{
	/* Multiples of it are multiples of a second's fraction: only these two are cheap, and used. */
	if (gran == NSEC_PER_SEC)
		t.tv_nsec = 0;
	else if (gran > 1)
		t.tv_nsec -= t.tv_nsec % (long)gran;
	return t;
}

struct timespec64 current_time(const struct inode *inode)
{
	return timespec64_trunc(current_fs_time(), inode->i_sb->s_time_gran);
}

static bool same_time(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void inode_update_times(struct inode *inode)
{
	struct timespec64 now = current_time(inode);

	if (same_time(&inode->i_mtime, &now) && same_time(&inode->i_ctime, &now))
		return;
	inode->i_mtime = inode->i_ctime = now;
	mark_inode_dirty_sync(inode);
}

static bool earlier(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

#define ATIME_IS_OLD	(24 * 60 * 60)	/* seconds */

/*
 * The time of access, as "relatime" does it: enough to tell whether a file was read since
 * it was written, and whether today, without a store for each read.
 */
static bool atime_is_right(const struct inode *inode, unsigned long flags,
			   const struct timespec64 *now)
{
	if (flags & MS_STRICTATIME)
		return !earlier(&inode->i_atime, now);
	return earlier(&inode->i_mtime, &inode->i_atime) &&
	       earlier(&inode->i_ctime, &inode->i_atime) &&
	       now->tv_sec - inode->i_atime.tv_sec < ATIME_IS_OLD;
}

static void update_atime(const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	unsigned long flags = path->mnt->mnt_flags | inode->i_sb->s_flags;
	struct timespec64 now;

	if ((flags & (MS_NOATIME | MS_RDONLY)) || (inode->i_flags & S_NOATIME) ||
	    ((flags & MS_NODIRATIME) && S_ISDIR(inode->i_mode)))
		return;
	now = current_time(inode);
	if (atime_is_right(inode, flags, &now))
		return;
	inode->i_atime = now;
	mark_inode_dirty_sync(inode);
}

void touch_atime(struct file *file)
{
	if (!(file->f_flags & O_NOATIME))
		update_atime(&file->f_path);
}

void touch_link_atime(const struct path *link)
{
	update_atime(link);
}

static bool owner_or_root(const struct inode *inode)
{
	return current->fsuid == inode->i_uid || current->fsuid == 0;
}

int inode_change_ok(struct inode *inode, struct iattr *attr)
{
	unsigned int valid = attr->ia_valid;

	if (valid & ATTR_FORCE)
		return 0;
	if ((valid & ATTR_UID) && current->fsuid != 0 &&
	    (current->fsuid != inode->i_uid || attr->ia_uid != inode->i_uid))
		return -EPERM;
	if ((valid & ATTR_GID) && current->fsuid != 0 &&
	    (current->fsuid != inode->i_uid ||
	     (!in_group_p(attr->ia_gid) && attr->ia_gid != inode->i_gid)))
		return -EPERM;
	if (valid & ATTR_MODE) {
		if (!owner_or_root(inode))
			return -EPERM;
		/* Set-group-id on a file of a group one is not in: silently not. */
		if (current->fsuid != 0 && !S_ISDIR(inode->i_mode) &&
		    !in_group_p(valid & ATTR_GID ? attr->ia_gid : inode->i_gid))
			attr->ia_mode &= ~S_ISGID;
	}
	if ((valid & (ATTR_ATIME_SET | ATTR_MTIME_SET)) && !owner_or_root(inode))
		return -EPERM;
	return 0;
}

void inode_setattr(struct inode *inode, const struct iattr *attr)
{
	unsigned int gran = inode->i_sb->s_time_gran;
	unsigned int valid = attr->ia_valid;

	if (valid & ATTR_UID)
		inode->i_uid = attr->ia_uid;
	if (valid & ATTR_GID)
		inode->i_gid = attr->ia_gid;
	if (valid & ATTR_ATIME)
		inode->i_atime = timespec64_trunc(attr->ia_atime, gran);
	if (valid & ATTR_MTIME)
		inode->i_mtime = timespec64_trunc(attr->ia_mtime, gran);
	if (valid & ATTR_CTIME)
		inode->i_ctime = timespec64_trunc(attr->ia_ctime, gran);
	if (valid & ATTR_MODE)
		inode->i_mode = (inode->i_mode & S_IFMT) | (attr->ia_mode & S_IALLUGO);
	mark_inode_dirty(inode);
}

/* The new size: first it, then what lies beyond, so that nobody brings pages back. */
static void inode_setsize(struct inode *inode, loff_t size)
{
	loff_t old = inode->i_size;

	i_size_write(inode, size);
	if (size < old) {
		unmap_mapping_range(inode->i_mapping, round_up(size, PAGE_SIZE), 0, 1);
		truncate_inode_pages(inode->i_mapping, size);
	}
	if (inode->i_op->truncate)
		inode->i_op->truncate(inode);
}

int simple_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = inode_change_ok(inode, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE)
		inode_setsize(inode, attr->ia_size);
	inode_setattr(inode, attr);
	return 0;
}

/* Which marks of an inode forbid to change what @valid says: its size has been asked for before. */
static unsigned int forbidding_flags(unsigned int valid)
{
	unsigned int both = ATTR_ATIME | ATTR_MTIME;

	valid &= ATTR_MODE | ATTR_UID | ATTR_GID | both | ATTR_ATIME_SET | ATTR_MTIME_SET;
	/* What grows may say that it was used just now. */
	return !valid || valid == both ? S_IMMUTABLE : S_IMMUTABLE | S_APPEND;
}

int notify_change(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	struct timespec64 now = current_fs_time();

	if (!(attr->ia_valid & ATTR_FORCE) && (inode->i_flags & forbidding_flags(attr->ia_valid)))
		return -EPERM;
	attr->ia_ctime = now;
	attr->ia_valid |= ATTR_CTIME;
	if (!(attr->ia_valid & ATTR_ATIME_SET))
		attr->ia_atime = now;
	if (!(attr->ia_valid & ATTR_MTIME_SET))
		attr->ia_mtime = now;
	if (inode->i_op->setattr)
		return inode->i_op->setattr(dentry, attr);
	return simple_setattr(dentry, attr);
}

/* Writing takes away the right to run as somebody else. */
static umode_t killed_suid(umode_t mode)
{
	if (current->fsuid == 0)
		return 0;
	return (mode & S_ISUID) | (mode & S_IXGRP ? mode & S_ISGID : 0);
}

int inode_newsize_ok(struct inode *inode, loff_t length)
{
	if (length <= inode->i_size && IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (length <= inode->i_size || (u64)length <= rlimit(RLIMIT_FSIZE) ||
	    rlimit(RLIMIT_FSIZE) == RLIM_INFINITY)
		return 0;
	send_sig(SIGXFSZ, current, 0);
	return -EFBIG;
}

int do_truncate(struct dentry *dentry, loff_t length)
{
	struct inode *inode = dentry->d_inode;
	struct iattr attr = { .ia_valid = ATTR_SIZE | ATTR_MTIME | ATTR_FORCE, .ia_size = length };
	umode_t kill;
	int err;

	if (length < 0)
		return -EINVAL;
	if (length > inode->i_sb->s_maxbytes)
		return -EFBIG;
	mutex_lock(&inode->i_sem);
	err = inode_newsize_ok(inode, length);
	kill = killed_suid(inode->i_mode);
	if (kill) {
		attr.ia_valid |= ATTR_MODE;
		attr.ia_mode = inode->i_mode & ~kill;
	}
	if (!err)
		err = notify_change(dentry, &attr);
	mutex_unlock(&inode->i_sem);
	return err;
}

/* Add @step to a count that must not cross zero. */
static int bump_writecount(struct inode *inode, int step)
{
	int old = atomic_read(&inode->i_writecount);

	for (;;) {
		int seen;

		if ((step > 0 && old < 0) || (step < 0 && old > 0))
			return -ETXTBSY;
		seen = atomic_cmpxchg(&inode->i_writecount, old, old + step);
		if (seen == old)
			return 0;
		old = seen;
	}
}

/* Is it the program of some process?  Then one of its areas maps the file. */
static bool is_running(struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	struct vm_area_struct *vma;
	bool running = false;

	spin_lock(&mapping->i_mmap_lock);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, 0, ULONG_MAX) {
		struct file *exe = vma->vm_mm->exe_file;

		if (exe && exe->f_inode == inode)
			running = true;
	}
	spin_unlock(&mapping->i_mmap_lock);
	return running;
}

int get_write_access(struct inode *inode)
{
	int err = bump_writecount(inode, 1);

	/* In this order: an exec that is just mapping it is refused, or has mapped it already. */
	if (!err && is_running(inode)) {
		put_write_access(inode);
		err = -ETXTBSY;
	}
	return err;
}

void put_write_access(struct inode *inode)
{
	atomic_dec(&inode->i_writecount);
}

int deny_write_access(struct file *file)
{
	return bump_writecount(file->f_inode, -1);
}

void allow_write_access(struct file *file)
{
	atomic_inc(&file->f_inode->i_writecount);
}

int generic_permission(struct inode *inode, int mask)
{
	umode_t mode = inode->i_mode;

	if (current->fsuid == 0) {
		/* Root reads and writes all, and runs what anybody may run. */
		return (mask & MAY_EXEC) && !S_ISDIR(mode) && !(mode & S_IXUGO) ? -EACCES : 0;
	}
	if (current->fsuid == inode->i_uid)
		mode >>= 6;
	else if (in_group_p(inode->i_gid))
		mode >>= 3;
	return (mask & ~mode & (MAY_READ | MAY_WRITE | MAY_EXEC)) ? -EACCES : 0;
}

int permission(struct inode *inode, int mask)
{
	if ((mask & MAY_WRITE) && (inode->i_sb->s_flags & MS_RDONLY) &&
	    (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode) || S_ISLNK(inode->i_mode)))
		return -EROFS;
	if ((mask & MAY_WRITE) && IS_IMMUTABLE(inode))
		return -EPERM;
	if (inode->i_op->permission)
		return inode->i_op->permission(inode, mask);
	return generic_permission(inode, mask);
}

void generic_fillattr(struct inode *inode, struct kstat *stat)
{
	stat->ino = inode->i_ino;
	stat->dev = inode->i_sb->s_dev;
	stat->rdev = inode->i_rdev;
	stat->mode = inode->i_mode;
	stat->nlink = inode->i_nlink;
	stat->uid = inode->i_uid;
	stat->gid = inode->i_gid;
	stat->size = i_size_read(inode);
	stat->atime = inode->i_atime;
	stat->mtime = inode->i_mtime;
	stat->ctime = inode->i_ctime;
	stat->blksize = PAGE_SIZE;
	stat->blocks = (u64)(inode->i_data.nrpages + inode->i_data.nrswapped) << (PAGE_SHIFT - 9);
}

int vfs_getattr(const struct path *path, struct kstat *stat)
{
	struct inode *inode = path->dentry->d_inode;

	if (inode->i_op->getattr)
		return inode->i_op->getattr(path->mnt, path->dentry, stat);
	generic_fillattr(inode, stat);
	return 0;
}
