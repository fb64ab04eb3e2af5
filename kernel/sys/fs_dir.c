/*
 * kernel/sys/fs_dir.c - system calls about names: directories, links, mounts.
 *
 * Here names come in from user space; the work is done in kernel/fs/dirops.c.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/uapi/dirent.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>

/* ---- reading a directory -------------------------------------------------------------------- */

struct getdents_callback {
	struct dir_context ctx;
	char __user *next;		/* where the next record goes */
	char __user *last;		/* the last one written, or NULL */
	size_t room;
	int error;
};

/* Each record says where the one after it begins. => 0 or -EFAULT */
static int put_last_offset64(struct getdents_callback *cb, loff_t pos)
{
	struct linux_dirent64 __user *d = (void __user *)cb->last;

	return d && copy_to_user(&d->d_off, &pos, sizeof(pos)) ? -EFAULT : 0;
}

static int filldir64(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		     unsigned int type)
{
	struct getdents_callback *cb = container_of(ctx, struct getdents_callback, ctx);
	size_t reclen = ALIGN(offsetof(struct linux_dirent64, d_name) + (size_t)len + 1, 8);
	struct linux_dirent64 d = { .d_ino = ino, .d_reclen = (u16)reclen, .d_type = (u8)type };
	size_t head = offsetof(struct linux_dirent64, d_name);

	cb->error = -EINVAL;		/* if not even one fits */
	if (reclen > cb->room)
		return -1;
	cb->error = -EFAULT;
	if (put_last_offset64(cb, pos) || copy_to_user(cb->next, &d, head) ||
	    copy_to_user(cb->next + head, name, (size_t)len) ||
	    clear_user(cb->next + head + len, reclen - head - (size_t)len))
		return -1;
	cb->error = 0;
	cb->last = cb->next;
	cb->next += reclen;
	cb->room -= reclen;
	return 0;
}

static int put_last_offset(struct getdents_callback *cb, loff_t pos)
{
	struct linux_dirent __user *d = (void __user *)cb->last;
	u32 off = (u32)pos;

	return d && put_user(off, &d->d_off) ? -EFAULT : 0;
}

static int filldir(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		   unsigned int type)
{
	struct getdents_callback *cb = container_of(ctx, struct getdents_callback, ctx);
	size_t head = offsetof(struct linux_dirent, d_name);
	size_t reclen = ALIGN(head + (size_t)len + 2, 4);
	struct linux_dirent d = { .d_ino = (u32)ino, .d_reclen = (u16)reclen };
	u8 kind = (u8)type;

	cb->error = -EINVAL;
	if (reclen > cb->room)
		return -1;
	cb->error = -EFAULT;
	if (put_last_offset(cb, pos) || copy_to_user(cb->next, &d, head) ||
	    copy_to_user(cb->next + head, name, (size_t)len) ||
	    clear_user(cb->next + head + len, reclen - head - (size_t)len - 1) ||
	    put_user(kind, (u8 __user *)cb->next + reclen - 1))
		return -1;
	cb->error = 0;
	cb->last = cb->next;
	cb->next += reclen;
	cb->room -= reclen;
	return 0;
}

/* Run the directory's iterate() from where the file stands. => 0 or -errno */
static int iterate_dir(struct file *file, struct dir_context *ctx)
{
	struct inode *inode = file->f_inode;
	int err = -ENOENT;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!file->f_op->iterate)
		return -ENOTDIR;
	mutex_lock(&file->f_pos_lock);
	mutex_lock(&inode->i_sem);
	if (inode->i_nlink) {	/* removed directories have no entries, not even dots */
		ctx->pos = file->f_pos;
		err = file->f_op->iterate(file, ctx);
		file->f_pos = ctx->pos;
	}
	mutex_unlock(&inode->i_sem);
	mutex_unlock(&file->f_pos_lock);
	touch_atime(file);
	return err;
}

static long do_getdents(unsigned int fd, void __user *buf, unsigned int count, bool is64)
{
	struct getdents_callback cb = {
		.ctx.actor = is64 ? filldir64 : filldir, .next = buf, .room = count,
	};
	struct file *file;
	int err;

	if (!access_ok(buf, count))
		return -EFAULT;
	file = fget(fd);
	if (!file)
		return -EBADF;
	err = iterate_dir(file, &cb.ctx);
	if (!err && cb.last)
		err = is64 ? put_last_offset64(&cb, cb.ctx.pos) : put_last_offset(&cb, cb.ctx.pos);
	fput(file);
	if (err)
		return err;
	return cb.last ? cb.next - (char __user *)buf : cb.error;
}

long sys_getdents64(unsigned int fd, void __user *buf, unsigned int count)
{
	return do_getdents(fd, buf, count, true);
}

long sys_getdents(unsigned int fd, void __user *buf, unsigned int count)
{
	return do_getdents(fd, buf, count, false);
}

/* ---- one name ------------------------------------------------------------------------------- */

long sys_mknodat(int dfd, const char __user *filename, int mode, unsigned int dev)
{
	char *name = getname(filename);
	long ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = do_mknodat(dfd, name, (umode_t)mode, new_decode_dev(dev));
	putname(name);
	return ret;
}

long sys_mknod(const char __user *filename, int mode, unsigned int dev)
{
	return sys_mknodat(AT_FDCWD, filename, mode, dev);
}

long sys_mkdirat(int dfd, const char __user *filename, int mode)
{
	char *name = getname(filename);
	long ret;

	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = do_mkdirat(dfd, name, (umode_t)mode);
	putname(name);
	return ret;
}

long sys_mkdir(const char __user *filename, int mode)
{
	return sys_mkdirat(AT_FDCWD, filename, mode);
}

long sys_unlinkat(int dfd, const char __user *filename, int flags)
{
	char *name;
	long ret;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	name = getname(filename);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = flags ? do_rmdirat(dfd, name) : do_unlinkat(dfd, name);
	putname(name);
	return ret;
}

long sys_unlink(const char __user *filename)
{
	return sys_unlinkat(AT_FDCWD, filename, 0);
}

long sys_rmdir(const char __user *filename)
{
	return sys_unlinkat(AT_FDCWD, filename, AT_REMOVEDIR);
}

/* ---- two names ------------------------------------------------------------------------------ */

/* Copy both in, or neither. => 0 with two pages for putname(), or -errno */
static int get_two_names(const char __user *a, bool a_may_be_empty, const char __user *b,
			 char *names[2])
{
	names[0] = a_may_be_empty ? getname_empty(a) : getname(a);
	if (IS_ERR(names[0]))
		return PTR_ERR(names[0]);
	names[1] = getname(b);
	if (IS_ERR(names[1])) {
		putname(names[0]);
		return PTR_ERR(names[1]);
	}
	return 0;
}

static void put_two_names(char *names[2])
{
	putname(names[0]);
	putname(names[1]);
}

long sys_symlinkat(const char __user *target, int dfd, const char __user *filename)
{
	char *names[2];
	long ret = get_two_names(target, false, filename, names);

	if (ret)
		return ret;
	ret = do_symlinkat(names[0], dfd, names[1]);
	put_two_names(names);
	return ret;
}

long sys_symlink(const char __user *target, const char __user *filename)
{
	return sys_symlinkat(target, AT_FDCWD, filename);
}

long sys_linkat(int olddfd, const char __user *oldname, int newdfd, const char __user *newname,
		int flags)
{
	char *names[2];
	long ret = get_two_names(oldname, flags & AT_EMPTY_PATH, newname, names);

	if (ret)
		return ret;
	ret = do_linkat(olddfd, names[0], newdfd, names[1], (unsigned int)flags);
	put_two_names(names);
	return ret;
}

long sys_link(const char __user *oldname, const char __user *newname)
{
	return sys_linkat(AT_FDCWD, oldname, AT_FDCWD, newname, 0);
}

long sys_renameat2(int olddfd, const char __user *oldname, int newdfd, const char __user *newname,
		   unsigned int flags)
{
	char *names[2];
	long ret;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	ret = get_two_names(oldname, false, newname, names);
	if (ret)
		return ret;
	ret = do_renameat(olddfd, names[0], newdfd, names[1], flags);
	put_two_names(names);
	return ret;
}

long sys_renameat(int olddfd, const char __user *oldname, int newdfd, const char __user *newname)
{
	return sys_renameat2(olddfd, oldname, newdfd, newname, 0);
}

long sys_rename(const char __user *oldname, const char __user *newname)
{
	return sys_renameat2(AT_FDCWD, oldname, AT_FDCWD, newname, 0);
}

/* ---- where the process stands --------------------------------------------------------------- */

static long enter_directory(const struct path *path)
{
	int err;

	if (!S_ISDIR(path->dentry->d_inode->i_mode))
		return -ENOTDIR;
	err = permission(path->dentry->d_inode, MAY_EXEC);
	if (!err)
		set_fs_pwd(current->fs, path);
	return err;
}

long sys_chdir(const char __user *filename)
{
	struct path path;
	long ret = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (ret)
		return ret;
	ret = enter_directory(&path);
	path_put(&path);
	return ret;
}

long sys_fchdir(unsigned int fd)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = enter_directory(&file->f_path);
	fput(file);
	return ret;
}

long sys_chroot(const char __user *filename)
{
	struct path path;
	long ret = user_path_at(AT_FDCWD, filename, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (ret)
		return ret;
	ret = permission(path.dentry->d_inode, MAY_EXEC);
	if (!ret && current->euid != 0)
		ret = -EPERM;
	if (!ret)
		set_fs_root(current->fs, &path);
	path_put(&path);
	return ret;
}

/* => the length with NUL, as the C library expects it */
long sys_getcwd(char __user *buf, unsigned long size)
{
	char *page = (char *)__get_free_page(GFP_KERNEL), *p;
	struct path pwd;
	long ret;

	if (!page)
		return -ENOMEM;
	get_fs_pwd(current->fs, &pwd);
	ret = -ENOENT;
	if (!d_unhashed(pwd.dentry) || pwd.dentry == pwd.mnt->mnt_root) {
		p = d_path(&pwd, page, PAGE_SIZE);
		ret = IS_ERR(p) ? PTR_ERR(p) : page + PAGE_SIZE - p;
		if (ret > 0 && (unsigned long)ret > size)
			ret = -ERANGE;
		else if (ret > 0 && copy_to_user(buf, p, (unsigned long)ret))
			ret = -EFAULT;
	}
	path_put(&pwd);
	free_page((unsigned long)page);
	return ret;
}

long sys_umask(int mask)
{
	struct fs_struct *fs = current->fs;
	long old;

	spin_lock(&fs->lock);
	old = fs->umask;
	fs->umask = (umode_t)(mask & S_IRWXUGO);
	spin_unlock(&fs->lock);
	return old;
}

/* ---- mounts --------------------------------------------------------------------------------- */

/* A string argument of mount(2), or NULL. ERR_PTR: too long is -EINVAL */
static char *mount_string(const void __user *ustr)
{
	char *s = ustr ? getname_empty(ustr) : NULL;

	return s == ERR_PTR(-ENAMETOOLONG) ? ERR_PTR(-EINVAL) : s;
}

static void put_mount_string(char *s)
{
	if (s && !IS_ERR(s))
		putname(s);
}

long sys_mount(const char __user *devname, const char __user *dirname, const char __user *typename,
	       unsigned long flags, const void __user *udata)
{
	char *dev = mount_string(devname), *type = mount_string(typename);
	char *data = mount_string(udata);
	char *dir = getname(dirname);
	long ret;

	if (IS_ERR(type))
		ret = PTR_ERR(type);
	else if (IS_ERR(dev))
		ret = PTR_ERR(dev);
	else if (IS_ERR(data))
		ret = PTR_ERR(data);
	else if (IS_ERR(dir))
		ret = PTR_ERR(dir);
	else
		ret = do_mount(dev, dir, type, flags, data);
	put_mount_string(dev);
	put_mount_string(type);
	put_mount_string(data);
	put_mount_string(dir);
	return ret;
}

long sys_umount(const char __user *dirname, int flags)
{
	char *dir = getname(dirname);
	long ret;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	ret = do_umount(dir, flags);
	putname(dir);
	return ret;
}

long sys_oldumount(const char __user *dirname)
{
	return sys_umount(dirname, 0);
}

long sys_pivot_root(const char __user *new_root, const char __user *put_old)
{
	char *new = getname(new_root), *old = getname(put_old);
	long ret;

	if (IS_ERR(new) || IS_ERR(old))
		ret = IS_ERR(new) ? PTR_ERR(new) : PTR_ERR(old);
	else
		ret = do_pivot_root(new, old);
	put_mount_string(new);
	put_mount_string(old);
	return ret;
}
