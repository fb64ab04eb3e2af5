/*
 * kernel/fs/fs_struct.c - where a process stands: root, working directory, umask.
 *
 * Theory: files.h.  A walk takes its own references to the place it starts from, so that a
 * chdir() of another thread does not pull it away.
 *
 * Locking: fs->lock for the two paths; task_fs_lock for the pointer tsk->fs of other tasks
 * (procfs looks at it while the task may exit).
 */
#include <kernel/fs/files.h>

#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/sched/pid.h>
#include <mm/phys/slab.h>

static struct kmem_cache *fs_cachep;
static DEFINE_SPINLOCK(task_fs_lock);

struct fs_struct init_fs = {
	.count = ATOMIC_INIT(1),
	.lock = __SPIN_LOCK_INIT(init_fs.lock),
	.umask = 0022,
};

void get_fs_root(struct fs_struct *fs, struct path *root)
{
	spin_lock(&fs->lock);
	*root = fs->root;
	path_get(root);
	spin_unlock(&fs->lock);
}

void get_fs_pwd(struct fs_struct *fs, struct path *pwd)
{
	spin_lock(&fs->lock);
	*pwd = fs->pwd;
	path_get(pwd);
	spin_unlock(&fs->lock);
}

static void set_path(struct fs_struct *fs, struct path *which, const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	old = *which;
	*which = *path;
	spin_unlock(&fs->lock);
	if (old.dentry)
		path_put(&old);
}

void set_fs_root(struct fs_struct *fs, const struct path *path)
{
	set_path(fs, &fs->root, path);
}

void set_fs_pwd(struct fs_struct *fs, const struct path *path)
{
	set_path(fs, &fs->pwd, path);
}

/* => fs->lock held; 1: *which stood at @old, whose reference is the caller's now */
static int replace_path(struct path *which, const struct path *old, const struct path *new)
{
	if (which->dentry != old->dentry || which->mnt != old->mnt)
		return 0;
	path_get(new);
	*which = *new;
	return 1;
}

static int replace_in(struct fs_struct *fs, const struct path *old, const struct path *new)
{
	int n;

	spin_lock(&fs->lock);
	n = replace_path(&fs->root, old, new) + replace_path(&fs->pwd, old, new);
	spin_unlock(&fs->lock);
	return n;
}

void chroot_fs_refs(const struct path *old, const struct path *new)
{
	struct task_struct *p, *t;
	int n;

	read_lock(&tasklist_lock);
	/* The idle task's, from which kernel threads come, is nobody's in the list. */
	n = replace_in(&init_fs, old, new);
	for_each_process(p)
		for_each_thread(p, t) {
			spin_lock(&task_fs_lock);
			if (t->fs && t->fs != &init_fs)
				n += replace_in(t->fs, old, new);
			spin_unlock(&task_fs_lock);
		}
	read_unlock(&tasklist_lock);
	while (n-- > 0)
		path_put(old);
}

/* => may sleep; a copy, or NULL: no memory */
static struct fs_struct *dup_fs(struct fs_struct *old)
{
	struct fs_struct *new = kmem_cache_alloc(fs_cachep, GFP_KERNEL);

	if (!new)
		return NULL;
	atomic_set(&new->count, 1);
	spin_lock_init(&new->lock);
	new->umask = old->umask;
	get_fs_root(old, &new->root);
	get_fs_pwd(old, &new->pwd);
	return new;
}

int copy_fs(unsigned long clone_flags, struct task_struct *tsk)
{
	struct fs_struct *old = current->fs, *new;

	if (!old)
		return 0;
	if (clone_flags & CLONE_FS_FLAG) {
		atomic_inc(&old->count);
		tsk->fs = old;
		return 0;
	}
	new = dup_fs(old);
	if (!new)
		return -ENOMEM;
	tsk->fs = new;
	return 0;
}

static void put_fs_struct(struct fs_struct *fs)
{
	if (!atomic_dec_and_test(&fs->count))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	if (fs != &init_fs)
		kmem_cache_free(fs_cachep, fs);
}

void exit_fs(struct task_struct *tsk)
{
	struct fs_struct *fs = tsk->fs;

	spin_lock(&task_fs_lock);
	tsk->fs = NULL;
	spin_unlock(&task_fs_lock);
	if (fs)
		put_fs_struct(fs);
}

int unshare_fs(void)
{
	struct fs_struct *old = current->fs, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = dup_fs(old);
	if (!new)
		return -ENOMEM;
	spin_lock(&task_fs_lock);
	current->fs = new;
	spin_unlock(&task_fs_lock);
	put_fs_struct(old);
	return 0;
}

static struct fs_struct *get_fs_struct(struct task_struct *tsk)
{
	struct fs_struct *fs;

	spin_lock(&task_fs_lock);
	fs = tsk->fs;
	if (fs)
		atomic_inc(&fs->count);
	spin_unlock(&task_fs_lock);
	return fs;
}

int umask_of_task(struct task_struct *tsk)
{
	int mask;

	spin_lock(&task_fs_lock);
	mask = tsk->fs ? tsk->fs->umask : -ENOENT;
	spin_unlock(&task_fs_lock);
	return mask;
}

int get_task_root(struct task_struct *tsk, struct path *path)
{
	struct fs_struct *fs = get_fs_struct(tsk);

	if (!fs)
		return -ENOENT;
	get_fs_root(fs, path);
	put_fs_struct(fs);
	return 0;
}

int get_task_pwd(struct task_struct *tsk, struct path *path)
{
	struct fs_struct *fs = get_fs_struct(tsk);

	if (!fs)
		return -ENOENT;
	get_fs_pwd(fs, path);
	put_fs_struct(fs);
	return 0;
}

void __init fs_struct_init(void)
{
	fs_cachep = kmem_cache_create("fs_cache", sizeof(struct fs_struct), 0, SLAB_PANIC, NULL);
}
