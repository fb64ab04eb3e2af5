/*
 * kernel/fs/anon_inodes.c - files that are nothing but a descriptor.
 *
 * Theory.  A descriptor may stand for something that has no contents and no name, a process for
 * instance.  Such files share one inode, of a file system that is mounted nowhere; each has a
 * dentry that says what it is: /proc/PID/fd shows "anon_inode:[pidfd]".
 */
#include <kernel/fs/anon_inodes.h>

#include <kernel/core/bug.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/uapi/fcntl.h>
#include <lib/err.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>

#define ANON_INODE_FS_MAGIC	0x09041934ul

static struct vfsmount *anon_inode_mnt;		/* [c] */
static struct inode *anon_inode_inode;		/* [c] */

static int anon_inodefs_dname(struct dentry *dentry, char *buf, int size)
{
	return snprintf(buf, (size_t)size, "anon_inode:%s", dentry->d_name.name);
}

static const struct dentry_operations anon_inodefs_dentry_operations = {
	.d_dname = anon_inodefs_dname,
};

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				unsigned int flags)
{
	const struct qstr this = { .name = name, .len = (unsigned int)strlen(name) };
	struct dentry *dentry = d_alloc_anon(anon_inode_mnt->mnt_sb, &this);
	struct file *file;

	if (!dentry)
		return ERR_PTR(-ENOMEM);
	dentry->d_op = &anon_inodefs_dentry_operations;
	d_instantiate(dentry, igrab(anon_inode_inode));
	file = alloc_file(anon_inode_mnt, dentry, FMODE_READ | FMODE_WRITE, fops);
	if (IS_ERR(file)) {
		dput(dentry);
		return file;
	}
	file->f_flags = O_RDWR | flags;
	file->private_data = priv;
	return file;
}

static const struct super_operations anon_inodefs_operations = { .statfs = simple_statfs };

static int anon_inodefs_fill_super(struct super_block *sb, const char *data)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	sb->s_magic = ANON_INODE_FS_MAGIC;
	sb->s_op = &anon_inodefs_operations;
	sb->s_flags = MS_NOUSER;
	inode->i_mode = S_IRUSR | S_IWUSR;
	anon_inode_inode = inode;
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type anon_inode_fs_type = {
	.name = "anon_inodefs",
	.fs_flags = FS_SINGLE,
	.fill_super = anon_inodefs_fill_super,
};

void __init anon_inode_init(void)
{
	register_filesystem(&anon_inode_fs_type);
	anon_inode_mnt = kern_mount(&anon_inode_fs_type, NULL);
	BUG_ON(IS_ERR(anon_inode_mnt));
}
