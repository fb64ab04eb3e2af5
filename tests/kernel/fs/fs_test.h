/*
 * tests/kernel/fs/fs_test.h - a file system of its own for each test.
 *
 * begin_jail() mounts a fresh ramfs nowhere and makes it the root and directory of the
 * current task; end_jail() goes back and gives it up.  Everything in it must be gone then,
 * which the harness's counters prove, and a corrupt archive cannot hurt the real root.
 */
#ifndef OCTAVO_TESTS_KERNEL_FS_FS_TEST_H
#define OCTAVO_TESTS_KERNEL_FS_FS_TEST_H

#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/string.h>

struct jail {
	struct path root, pwd;		/* of before */
	struct vfsmount *mnt;
};

/* Only where the tree of mounts is, there can be more mounted. */
static inline void jail_attach(struct vfsmount *mnt, bool attach)
{
	down_write(&namespace_sem);
	spin_lock(&vfsmount_lock);
	if (attach)
		list_add_tail(&mnt->mnt_list, &mount_list);
	else
		list_del_init(&mnt->mnt_list);
	spin_unlock(&vfsmount_lock);
	up_write(&namespace_sem);
}

static inline bool begin_jail_of(struct jail *j, struct file_system_type *type)
{
	struct vfsmount *mnt = kern_mount(type, NULL);
	struct path path;

	if (IS_ERR(mnt))
		return false;
	get_fs_root(current->fs, &j->root);
	get_fs_pwd(current->fs, &j->pwd);
	jail_attach(mnt, true);
	j->mnt = mnt;
	path.mnt = mnt;
	path.dentry = mnt->mnt_root;
	set_fs_root(current->fs, &path);
	set_fs_pwd(current->fs, &path);
	mntput(mnt);
	return true;
}

static inline bool begin_jail(struct jail *j)
{
	return begin_jail_of(j, get_fs_type("ramfs"));
}

static inline void end_jail(struct jail *j)
{
	jail_attach(j->mnt, false);
	set_fs_pwd(current->fs, &j->pwd);
	set_fs_root(current->fs, &j->root);
	path_put(&j->root);
	path_put(&j->pwd);
}

/* A file with this content. => 0 or -errno */
static inline long make_file(const char *name, const char *text)
{
	struct file *file = filp_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	long n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, 0, text, strlen(text));
	fput(file);
	return n == (long)strlen(text) ? 0 : n < 0 ? n : -EIO;
}

/* The content of a file, at most @size - 1 bytes. => its length or -errno */
static inline long file_text(const char *name, char *buf, unsigned long size)
{
	struct file *file = filp_open(name, O_RDONLY, 0);
	long n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, 0, buf, size - 1);
	fput(file);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static inline long stat_name(const char *name, unsigned int flags, struct kstat *stat)
{
	struct path path;
	long err = kern_path(name, flags, &path);

	if (err)
		return err;
	err = vfs_getattr(&path, stat);
	path_put(&path);
	return err;
}

#endif
