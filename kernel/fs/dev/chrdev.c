/*
 * kernel/fs/dev/chrdev.c - from device numbers to drivers, and devtmpfs.
 *
 * A node of any file system carries only a number.  Opening it lands in chrdev_open(), which
 * finds the driver that registered the major and lets the file be its file from there on.
 *
 * devtmpfs is an instance of ramfs that exists before any root does, so that drivers can
 * announce their devices at boot by device_create(); devtmpfs_mount() shows it on /dev.
 *
 * Locking: chrdevs_lock for the table.
 */
#include <kernel/fs/dev/dev.h>

#include <kernel/core/bug.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/hash.h>
#include <lib/string.h>

static DEFINE_SPINLOCK(chrdevs_lock);
static struct {
	const char *name;
	const struct file_operations *fops;
} chrdevs[MAX_CHRDEV];		/* [chrdevs_lock] by major */

int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops)
{
	int err = 0;

	if (major == 0 || major >= MAX_CHRDEV)
		return -EINVAL;
	spin_lock(&chrdevs_lock);
	if (chrdevs[major].fops && chrdevs[major].fops != fops) {
		err = -EBUSY;
	} else {
		chrdevs[major].name = name;
		chrdevs[major].fops = fops;
	}
	spin_unlock(&chrdevs_lock);
	return err;
}

int unregister_chrdev(unsigned int major, const char *name)
{
	int err = -EINVAL;

	if (major == 0 || major >= MAX_CHRDEV)
		return -EINVAL;
	spin_lock(&chrdevs_lock);
	if (chrdevs[major].fops && !strcmp(chrdevs[major].name, name)) {
		chrdevs[major].name = NULL;
		chrdevs[major].fops = NULL;
		err = 0;
	}
	spin_unlock(&chrdevs_lock);
	return err;
}

static int chrdev_open(struct inode *inode, struct file *file)
{
	const struct file_operations *fops = NULL;

	spin_lock(&chrdevs_lock);
	if (imajor(inode) < MAX_CHRDEV)
		fops = chrdevs[imajor(inode)].fops;
	spin_unlock(&chrdevs_lock);
	if (!fops)
		return -ENXIO;
	file->f_op = fops;
	return fops->open ? fops->open(inode, file) : 0;
}

const struct file_operations def_chr_fops = {
	.open = chrdev_open,
};

static struct vfsmount *dev_mnt;	/* [c] keeps the instance while it is mounted nowhere */

int device_create(const char *name, dev_t dev, umode_t mode)
{
	struct dentry *root = dev_mnt->mnt_root, *dentry;
	struct qstr this = { .name = name, .len = (unsigned int)strlen(name) };
	struct inode *dir = root->d_inode;
	int err;

	this.hash = full_name_hash(name, this.len);
	mutex_lock(&dir->i_sem);
	dentry = lookup_locked(root, &this);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = dentry->d_inode ? -EEXIST : dir->i_op->mknod(dir, dentry, mode, dev);
		dput(dentry);
	}
	mutex_unlock(&dir->i_sem);
	return err;
}

void device_destroy(const char *name)
{
	struct dentry *root = dev_mnt->mnt_root, *dentry;
	struct qstr this = { .name = name, .len = (unsigned int)strlen(name) };
	struct inode *dir = root->d_inode;

	this.hash = full_name_hash(name, this.len);
	mutex_lock(&dir->i_sem);
	dentry = lookup_locked(root, &this);
	if (!IS_ERR(dentry)) {
		if (dentry->d_inode && !S_ISDIR(dentry->d_inode->i_mode) &&
		    !dir->i_op->unlink(dir, dentry))
			d_delete(dentry);
		dput(dentry);
	}
	mutex_unlock(&dir->i_sem);
}

int devtmpfs_mount(void)
{
	long err = do_mkdirat(AT_FDCWD, "/dev", 0755);

	if (err && err != -EEXIST)
		return (int)err;
	return kern_mount_at("devtmpfs", "devtmpfs", "/dev", 0, NULL);
}

static int devices_show(struct seq_file *m, void *v)
{
	unsigned int i;

	seq_puts(m, "Character devices:\n");
	spin_lock(&chrdevs_lock);
	for (i = 0; i < MAX_CHRDEV; i++)
		if (chrdevs[i].fops)
			seq_printf(m, "%3u %s\n", i, chrdevs[i].name);
	spin_unlock(&chrdevs_lock);
	seq_puts(m, "\nBlock devices:\n");
	return 0;
}
PROC_SHOW("devices", devices_show);

void __init dev_init(void)
{
	dev_mnt = kern_mount(get_fs_type("devtmpfs"), NULL);
	BUG_ON(IS_ERR(dev_mnt));
	mem_dev_init();
}
