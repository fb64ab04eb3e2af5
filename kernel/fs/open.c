/*
 * kernel/fs/open.c - from a name to an open file.
 *
 * Theory.  Opening is a walk, permission checks by what is wanted, and a struct file whose
 * operations come from the inode.  With O_CREAT the walk stops at the parent, so that looking
 * up the last component and creating it are one step under the parent's i_sem; if that
 * component turns out to be a symbolic link, the walk goes on along the link's text, again to
 * the parent of *its* last component, and so on up to MAX_TOTAL_LINKS times.  (A link of
 * /proc/PID/fd has no such text: what it leads to is opened as it is.)
 *
 * Files larger than 2G open only with O_LARGEFILE, as on every 32-bit Linux: a program with
 * 32-bit offsets is told (-EOVERFLOW) instead of fooled.
 */
#include <kernel/fs/namei.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/writeback.h>
#include <kernel/fs/ramfs/ramfs.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/readahead.h>

#define MAX_NON_LFS	0x7fffffffLL

static const struct file_operations path_fops;	/* O_PATH: nothing */

/* What a file opened with these flags may do. */
static unsigned int mode_of_flags(int flags)
{
	if (flags & O_PATH)
		return FMODE_PATH;
	/* Access mode 3 is "for ioctl only": checked as both, allowed neither. */
	switch (flags & O_ACCMODE) {
	case O_RDONLY:	return FMODE_READ;
	case O_WRONLY:	return FMODE_WRITE;
	case O_RDWR:	return FMODE_READ | FMODE_WRITE;
	default:	return 0;
	}
}

/* Write access is counted for regular files; __fput() gives it back. */
static int take_write_access(struct file *file, const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	int err;

	if (!(file->f_mode & FMODE_WRITE) || !S_ISREG(inode->i_mode))
		return 0;
	err = get_write_access(inode);
	if (err)
		return err;
	err = mnt_want_write(path->mnt);
	if (err)
		put_write_access(inode);
	else
		file->f_mode |= FMODE_WRITER;
	return err;
}

struct file *dentry_open(struct path *path, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	struct file *file = get_empty_filp();
	int err;

	if (IS_ERR(file)) {
		path_put(path);
		return file;
	}
	file->f_flags = (unsigned int)flags & ~(unsigned)(O_CREAT | O_NOCTTY | O_TRUNC);
	file->f_mode = mode_of_flags(flags);
	file->f_op = flags & O_PATH ? &path_fops : inode->i_fop;
	err = take_write_access(file, path);
	if (err) {
		path_put(path);
		fput(file);
		return ERR_PTR(err);
	}
	file->f_path = *path;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	if (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode))
		file->f_mode |= FMODE_LSEEK;
	if (file->f_op->open) {
		err = file->f_op->open(inode, file);
		if (err) {
			/* What failed to open has nothing to release. */
			file->f_op = &path_fops;
			fput(file);
			return ERR_PTR(err);
		}
	}
	if ((file->f_flags & O_DIRECT) && !file->f_mapping->a_ops->direct_IO) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	file_ra_state_init(&file->f_ra, file->f_mapping);
	file->f_flags &= ~(unsigned int)O_EXCL;	/* it has had its say */
	return file;
}

/* Permission to open what the walk has found. */
static int may_open(const struct path *path, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	int acc = (flags & O_ACCMODE) == O_RDONLY ? MAY_READ :
		  (flags & O_ACCMODE) == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;
	bool writes = (acc & MAY_WRITE) || (flags & O_TRUNC);
	int err;

	if (S_ISLNK(inode->i_mode))
		return -ELOOP;
	if (S_ISDIR(inode->i_mode) && writes)
		return -EISDIR;
	if ((S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode)) && (path->mnt->mnt_flags & MS_NODEV))
		return -EACCES;
	if (writes && S_ISREG(inode->i_mode)) {
		err = mnt_is_readonly(path);
		if (err)
			return err;
	}
	err = permission(inode, acc | (flags & O_TRUNC ? MAY_WRITE : 0));
	if (err)
		return err;
	if (IS_APPEND(inode) &&
	    (((acc & MAY_WRITE) && !(flags & O_APPEND)) || (flags & O_TRUNC)))
		return -EPERM;
	if ((flags & O_NOATIME) && current->fsuid != 0 && current->fsuid != inode->i_uid)
		return -EPERM;
	if (S_ISREG(inode->i_mode) && !(flags & O_LARGEFILE) && i_size_read(inode) > MAX_NON_LFS)
		return -EOVERFLOW;
	return 0;
}

/* Open the place that a walk has reached; takes over @path's references. @created: just now */
static struct file *open_place(struct path *path, int flags, bool created)
{
	struct inode *inode = path->dentry->d_inode;
	struct file *file;
	int err = 0;

	if (!(flags & O_PATH) && !created)
		err = may_open(path, flags);
	if (!err && (flags & O_DIRECTORY) && !S_ISDIR(inode->i_mode))
		err = -ENOTDIR;
	if (err) {
		path_put(path);
		return ERR_PTR(err);
	}
	if (!(flags & O_TRUNC) || created || !S_ISREG(inode->i_mode))
		return dentry_open(path, flags);
	/* Cut it only if it can be opened: a program that runs cannot. */
	err = get_write_access(inode);
	if (err) {
		path_put(path);
		return ERR_PTR(err);
	}
	file = dentry_open(path, flags);
	if (!IS_ERR(file)) {
		err = mnt_want_write(file->f_vfsmnt);
		if (!err) {
			err = do_truncate(file->f_dentry, 0);
			mnt_drop_write(file->f_vfsmnt);
		}
		if (err) {
			put_write_access(inode);
			fput(file);
			return ERR_PTR(err);
		}
	}
	put_write_access(inode);
	return file;
}

static struct file *open_existing(int dfd, const char *name, int flags)
{
	struct nameidata nd;
	int err;

	err = path_lookupat(dfd, name, (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			    (flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0), &nd);
	if (err)
		return ERR_PTR(err);
	path_put(&nd.root);
	return open_place(&nd.path, flags, false);
}

/* Make a regular file. => parent locked, @dentry negative */
static int create_file(struct nameidata *nd, struct dentry *dentry, umode_t mode)
{
	struct inode *dir = nd->path.dentry->d_inode;
	int err = mnt_want_write(nd->path.mnt);

	if (err)
		return err;
	err = may_create(dir, dentry);
	mode &= S_IALLUGO & ~current->fs->umask;
	if (!err)
		err = dir->i_op->create ? dir->i_op->create(dir, dentry, S_IFREG | mode) : -EACCES;
	mnt_drop_write(nd->path.mnt);
	return err;
}

/*
 * The last component of an O_CREAT walk.
 * => *place with references and *created set, or -errno; 1: *place is a link to be followed
 */
static int create_last(struct nameidata *nd, int flags, umode_t mode, struct path *place,
		       bool *created)
{
	struct dentry *dir = nd->path.dentry, *dentry;
	int err = 0;

	if (nd->last_type != LAST_NORM || nd->last_slash)
		return -EISDIR;
	mutex_lock(&dir->d_inode->i_sem);
	dentry = lookup_locked(dir, &nd->last);
	if (IS_ERR(dentry)) {
		mutex_unlock(&dir->d_inode->i_sem);
		return PTR_ERR(dentry);
	}
	*created = !dentry->d_inode;
	if (*created)
		err = create_file(nd, dentry, mode);
	else if (flags & O_EXCL)
		err = -EEXIST;
	mutex_unlock(&dir->d_inode->i_sem);
	if (err) {
		dput(dentry);
		return err;
	}
	place->dentry = dentry;
	place->mnt = mntget(nd->path.mnt);
	follow_mount(place);
	return S_ISLNK(place->dentry->d_inode->i_mode) && !(flags & O_NOFOLLOW);
}

/*
 * Walk on along the link at *place, to the parent of its last component.
 * => 1 with nd->last in *text, the page it is kept in; -errno; or 0: a link of procfs, which
 *    leads to something open and not to a name: *place is that now
 */
static int follow_last(struct nameidata *nd, struct path *place, char **text)
{
	struct inode *inode = place->dentry->d_inode;
	int err = may_follow_another(nd);
	char *next;

	if (!err && inode->i_op->follow_link) {
		err = inode->i_op->follow_link(place->dentry, nd);
		if (!err) {
			path_get(&nd->path);
			path_put(place);
			*place = nd->path;
			return 0;
		}
	}
	if (err) {
		path_put(place);
		return err;
	}
	next = read_link(place);
	path_put(place);
	if (IS_ERR(next))
		return PTR_ERR(next);
	err = walk_link_text(next, nd);
	/* nd->last points into the text of the last walk: the one before may go. */
	if (*text)
		putname(*text);
	*text = next;
	return err ? err : 1;
}

static struct file *open_create(int dfd, const char *name, int flags, umode_t mode)
{
	struct nameidata nd;
	struct path place;
	struct file *file;
	char *text = NULL;
	bool created = false;
	int err;

	err = path_lookupat(dfd, name, LOOKUP_PARENT, &nd);
	if (err)
		return ERR_PTR(err);
	do {
		err = create_last(&nd, flags, mode, &place, &created);
		if (err > 0)
			err = follow_last(&nd, &place, &text);
	} while (err > 0);
	if (!err && S_ISDIR(place.dentry->d_inode->i_mode)) {
		path_put(&place);
		err = -EISDIR;
	}
	file = err ? ERR_PTR(err) : open_place(&place, flags, created);
	path_release(&nd);
	if (text)
		putname(text);
	return file;
}

struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode)
{
	if (flags & O_PATH)
		flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
	if (!(flags & O_CREAT))
		return open_existing(dfd, name, flags);
	if (flags & O_DIRECTORY)
		return ERR_PTR(-EINVAL);
	return open_create(dfd, name, flags, mode);
}

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	return do_filp_open(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}

struct file *open_exec(const char *name)
{
	struct path path;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return ERR_PTR(err);
	err = -EACCES;
	if (S_ISREG(path.dentry->d_inode->i_mode) && !(path.mnt->mnt_flags & MS_NOEXEC))
		err = permission(path.dentry->d_inode, MAY_EXEC);
	if (err) {
		path_put(&path);
		return ERR_PTR(err);
	}
	return dentry_open(&path, O_RDONLY | O_LARGEFILE);
}

long do_sys_open(int dfd, const char __user *filename, int flags, umode_t mode)
{
	struct file *file;
	char *name;
	int fd;

	name = getname(filename);
	if (IS_ERR(name))
		return PTR_ERR(name);
	/* O_TMPFILE contains O_DIRECTORY so that kernels without it refuse: as we do. */
	fd = flags & __O_TMPFILE ? -EOPNOTSUPP : get_unused_fd_flags((unsigned int)flags);
	if (fd >= 0) {
		file = do_filp_open(dfd, name, flags, mode);
		if (IS_ERR(file)) {
			put_unused_fd((unsigned int)fd);
			fd = (int)PTR_ERR(file);
		} else {
			fd_install((unsigned int)fd, file);
		}
	}
	putname(name);
	return fd;
}

int kernel_open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);
	int fd;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	for (fd = 0; fd < 3; fd++)
		replace_fd((unsigned int)fd, file, 0);
	fput(file);
	return 0;
}

void __init vfs_init(void)
{
	dcache_init();
	icache_init();
	writeback_check_init();
	file_table_init();
	files_init();
	pipe_init();
	anon_inode_init();
	bdev_cache_init();
	ramfs_init();
	ext2_init();
	mount_rootfs();
}

#define FALLOC_FL_SUPPORTED	0x7b	/* by any file system: collapse, insert, unshare too */

/* => 0 or -errno: what is wrong with a call that some file system may know */
static long check_fallocate(const struct file *file, int mode, loff_t offset, loff_t len)
{
	umode_t type = file->f_inode->i_mode;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if ((mode & ~FALLOC_FL_SUPPORTED) ||
	    (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) == FALLOC_FL_PUNCH_HOLE ||
	    (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) ==
	    (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (((mode & ~FALLOC_FL_KEEP_SIZE) && IS_APPEND(file->f_inode)) || IS_IMMUTABLE(file->f_inode))
		return -EPERM;
	if (IS_SWAPFILE(file->f_inode))
		return -ETXTBSY;
	if (S_ISFIFO(type))
		return -ESPIPE;
	if (S_ISDIR(type))
		return -EISDIR;
	if (!S_ISREG(type) && !S_ISBLK(type))
		return -ENODEV;
	return offset + len < 0 || offset + len > file->f_inode->i_sb->s_maxbytes ? -EFBIG : 0;
}

long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	long err = check_fallocate(file, mode, offset, len);

	if (err)
		return err;
	return file->f_op->fallocate ? file->f_op->fallocate(file, mode, offset, len) :
	       -EOPNOTSUPP;
}
