/*
 * kernel/fs/proc/proc_tree.c - the fixed part of /proc, and the file system itself.
 *
 * The paths of a section of proc_shows become a tree once, at boot; nothing is
 * added later, so lookups need no lock.  Inodes and dentries are made when a
 * name is looked up and go with their last user: /proc holds no memory while
 * nobody looks at it.  A directory that is there for each of some things, as /sys/block has one for
 * each disk, is one node of the tree; which thing it is about stands in the inode.
 */
#include <kernel/fs/proc/proc.h>

#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/core/bug.h>
#include <kernel/core/sysctl.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>

#define LONGEST_PATH	80	/* of a file that is there once for each number */

struct proc_dir_entry proc_root = { .name = "", .ino = 1, .parent = &proc_root };
static unsigned long last_static_ino = 1;

/* ---- the tree, built at boot ---- */

static struct proc_dir_entry *find_child(struct proc_dir_entry *dir, const char *name, size_t len)
{
	struct proc_dir_entry *pde;

	for (pde = dir->child; pde; pde = pde->next)
		if (strlen(pde->name) == len && !memcmp(pde->name, name, len))
			return pde;
	return NULL;
}

static struct proc_dir_entry *__init add_child(struct proc_dir_entry *dir, const char *name,
					       size_t len)
{
	struct proc_dir_entry *pde = kzalloc(sizeof(*pde) + len + 1, GFP_KERNEL);
	struct proc_dir_entry **link = &dir->child;
	char *copy;

	BUG_ON(!pde);
	copy = (char *)(pde + 1);
	memcpy(copy, name, len);
	pde->name = copy;
	pde->parent = dir;
	pde->ino = ++last_static_ino;
	while (*link)
		link = &(*link)->next;
	*link = pde;
	return pde;
}

static void __init add_path(struct proc_dir_entry *dir, const char *name,
			    const struct proc_show *show, long number)
{
	struct proc_dir_entry *pde;
	unsigned int named = 0;
	const char *slash;

	for (; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
		pde = find_child(dir, name, (size_t)(slash - name));
		dir = pde ? pde : add_child(dir, name, (size_t)(slash - name));
		if (!memcmp(name, "%s", 2))
			dir->names = show->names[named++];
	}
	pde = add_child(dir, name, strlen(name));
	pde->show = show;
	pde->number = number;
}

void __init proc_build_tree(struct proc_dir_entry *root, const struct proc_show *start,
			    const struct proc_show *stop)
{
	const struct proc_show *show;
	char path[LONGEST_PATH];

	for (show = start; show < stop; show++) {
		if (!show->each)
			add_path(root, show->name, show, 0);
		for (int i = 0; show->each && i < *show->each; i++) {
			snprintf(path, sizeof(path), show->name, i);
			add_path(root, path, show, i);
		}
	}
}

/* ---- inodes ---- */

struct inode *proc_make_inode(struct super_block *sb, enum proc_kind kind, umode_t mode,
			      struct task_struct *task)
{
	struct proc_inode *pi = kzalloc(sizeof(*pi), GFP_KERNEL);
	struct inode *inode;

	if (!pi)
		return ERR_PTR(-ENOMEM);
	inode = new_inode(sb);
	if (!inode) {
		kfree(pi);
		return ERR_PTR(-ENOMEM);
	}
	inode->i_mode = mode;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_private = pi;
	pi->kind = kind;
	if (task) {
		get_task_struct(task);
		pi->task = task;
		inode->i_uid = task->euid;
		inode->i_gid = task->egid;
	}
	return inode;
}

struct dentry *proc_add(struct dentry *dentry, struct inode *inode)
{
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	d_add(dentry, inode);
	return NULL;
}

static void proc_evict_inode(struct inode *inode)
{
	struct proc_inode *pi = PROC_I(inode);

	if (!pi)
		return;
	if (pi->task)
		put_task_struct(pi->task);
	kfree(pi);
}

static umode_t static_mode(const struct proc_show *show)
{
	if (!show)
		return S_IFDIR | 0555;
	if (show->fops)
		return S_IFREG | (umode_t)show->mode;
	if (show->table)
		return S_IFREG | show->table->mode;
	return S_IFREG | (show->write ? 0644 : 0444);
}

static unsigned long numbered_ino(const struct proc_dir_entry *pde, long number)
{
	return pde->ino + ((unsigned long)number << 12);
}

static struct inode *static_inode(struct super_block *sb, struct proc_dir_entry *pde, long number)
{
	struct inode *inode = proc_make_inode(sb, PROC_STATIC, static_mode(pde->show), NULL);

	if (IS_ERR(inode))
		return inode;
	PROC_I(inode)->pde = pde;
	PROC_I(inode)->number = number;
	inode->i_ino = numbered_ino(pde, number);
	if (pde->show) {
		inode->i_fop = pde->show->fops ? pde->show->fops : &proc_file_operations;
	} else {
		inode->i_op = &proc_dir_inode_operations;
		inode->i_fop = &proc_dir_operations;
	}
	return inode;
}

/* ---- directories of the tree ---- */

/* The node for each of some things in directory @pde, or NULL. */
static struct proc_dir_entry *named_child(struct proc_dir_entry *pde)
{
	for (pde = pde->child; pde && !pde->names; pde = pde->next)
		;
	return pde;
}

static struct dentry *proc_dir_lookup(struct inode *dir, struct dentry *dentry)
{
	struct proc_dir_entry *pde = PROC_I(dir)->pde, *named = named_child(pde);
	struct proc_dir_entry *child = find_child(pde, dentry->d_name.name, dentry->d_name.len);
	long number = PROC_I(dir)->number;

	if (child && !child->names)
		return proc_add(dentry, static_inode(dir->i_sb, child,
						     number ? number : child->number));
	number = named ? named->names->find(dentry->d_name.name, number) : 0;
	if (number)
		return proc_add(dentry, static_inode(dir->i_sb, named, number));
	/* Not a negative dentry: nothing can be created here, so "no such file" is all there is to say. */
	return pde == &proc_root ? proc_pid_lookup(dir, dentry) : ERR_PTR(-ENOENT);
}

/* Positions of named directories: behind all others, then the place in the order of the names. */
#define POS_NAMED	0x1000

/* => false: the buffer is full */
static bool emit_named(struct inode *dir, struct proc_dir_entry *named, struct dir_context *ctx)
{
	long number = 0, parent = PROC_I(dir)->number;
	char name[PROC_NAME_LEN];
	loff_t pos = POS_NAMED;

	while ((number = named->names->next(number, parent, name)) != 0) {
		if (pos++ < ctx->pos)
			continue;
		if (!dir_emit(ctx, name, (int)strlen(name), numbered_ino(named, number), DT_DIR))
			return false;
		ctx->pos = pos;
	}
	return true;
}

static int proc_dir_iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	struct proc_dir_entry *pde = PROC_I(dir)->pde, *child, *named = named_child(pde);
	loff_t pos = 2;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (child = pde->child; child; child = child->next, pos++) {
		if (pos < ctx->pos || child->names)
			continue;
		if (!dir_emit(ctx, child->name, (int)strlen(child->name),
			      numbered_ino(child, PROC_I(dir)->number),
			      child->show ? DT_REG : DT_DIR))
			return 0;
		ctx->pos = pos + 1;
	}
	if (named && !emit_named(dir, named, ctx))
		return 0;
	return pde == &proc_root ? proc_pid_iterate(ctx) : 0;
}

const struct inode_operations proc_dir_inode_operations = { .lookup = proc_dir_lookup };
const struct file_operations proc_dir_operations = {
	.iterate = proc_dir_iterate,
	.llseek = generic_file_llseek,
};

/* ---- the file system ---- */

static const struct super_operations proc_super_operations = {
	.evict_inode = proc_evict_inode,
	.statfs = simple_statfs,
};

int proc_fill_tree(struct super_block *sb, struct proc_dir_entry *root, unsigned long magic)
{
	struct inode *inode;

	sb->s_magic = magic;
	sb->s_blocksize = 1024;
	sb->s_op = &proc_super_operations;
	inode = static_inode(sb, root, 0);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static int proc_fill_super(struct super_block *sb, const char *data)
{
	return proc_fill_tree(sb, &proc_root, PROC_SUPER_MAGIC);
}

static struct file_system_type proc_fs_type = {
	.name = "proc",
	.fs_flags = FS_SINGLE,
	.fill_super = proc_fill_super,
};

/* Boot: after vfs_init(). */
void __init proc_init(void)
{
	proc_build_tree(&proc_root, __start_proc_shows, __stop_proc_shows);
	register_filesystem(&proc_fs_type);
}
