/*
 * kernel/fs/pipefs.c - pipes without a name.
 *
 * Theory.  Every open file has an inode, so pipe(2)'s must come from somewhere: from a file
 * system that is mounted nowhere and has no names.  /proc/PID/fd shows such a file as
 * "pipe:[inode number]", and opening it there opens the pipe like a FIFO.
 */
#include <kernel/fs/pipe.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <lib/vsnprintf.h>
#include <mm/phys/vmstat.h>

#define PIPEFS_MAGIC	0x50495045ul

static struct vfsmount *pipe_mnt;	/* [c] */

static int pipefs_dname(struct dentry *dentry, char *buf, int size)
{
	return snprintf(buf, (size_t)size, "pipe:[%lu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations pipefs_dentry_operations = { .d_dname = pipefs_dname };

static struct dentry *new_pipe_dentry(void)
{
	static const struct qstr nameless = { .name = "", .len = 0 };
	struct super_block *sb = pipe_mnt->mnt_sb;
	struct dentry *dentry = d_alloc_anon(sb, &nameless);
	struct inode *inode;

	if (!dentry)
		return NULL;
	inode = new_inode(sb);
	if (!inode)
		goto fail;
	inode_init_owner(inode, NULL, S_IFIFO | S_IRUSR | S_IWUSR);
	inode->i_fop = &def_fifo_fops;	/* for an open by /proc/PID/fd */
	inode->i_pipe = alloc_pipe();
	dentry->d_op = &pipefs_dentry_operations;
	d_instantiate(dentry, inode);
	if (inode->i_pipe)
		return dentry;
fail:
	dput(dentry);
	return NULL;
}

static struct file *pipe_end(struct dentry *dentry, unsigned int mode, unsigned int flags)
{
	struct file *file = alloc_file(pipe_mnt, dget(dentry), mode, &pipe_fops);

	if (IS_ERR(file))
		dput(dentry);
	else
		file->f_flags = (mode == FMODE_WRITE ? O_WRONLY : O_RDONLY) | flags;
	return file;
}

int create_pipe_files(struct file *files[2], unsigned int flags)
{
	struct dentry *dentry = new_pipe_dentry();
	struct pipe_inode_info *pipe;
	int err = -ENOMEM;

	if (!dentry)
		return err;
	pipe = dentry->d_inode->i_pipe;
	files[0] = pipe_end(dentry, FMODE_READ, flags);
	if (IS_ERR(files[0])) {
		err = (int)PTR_ERR(files[0]);
		goto fail;
	}
	pipe->files = pipe->readers = pipe->r_counter = 1;
	files[1] = pipe_end(dentry, FMODE_WRITE, flags);
	if (IS_ERR(files[1])) {
		err = (int)PTR_ERR(files[1]);
		fput(files[0]);
		dput(dentry);
		return err;
	}
	pipe->files++;
	pipe->writers = pipe->w_counter = 1;
	dput(dentry);
	return 0;
fail:
	dentry->d_inode->i_pipe = NULL;
	free_pipe(pipe);
	dput(dentry);
	return err;
}

static const struct super_operations pipefs_super_operations = { .statfs = simple_statfs };

static int pipefs_fill_super(struct super_block *sb, const char *data)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	sb->s_magic = PIPEFS_MAGIC;
	sb->s_op = &pipefs_super_operations;
	sb->s_flags = MS_NOUSER;
	inode->i_mode = S_IFDIR | S_IRUSR | S_IWUSR;
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type pipe_fs_type = {
	.name = "pipefs",
	.fs_flags = FS_SINGLE,
	.fill_super = pipefs_fill_super,
};

void __init pipe_init(void)
{
	pipe_pages_max = nr_free_pages() / 8;
	register_filesystem(&pipe_fs_type);
	pipe_mnt = kern_mount(&pipe_fs_type, NULL);
	BUG_ON(IS_ERR(pipe_mnt));
}
