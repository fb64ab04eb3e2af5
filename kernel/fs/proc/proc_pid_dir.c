/*
 * kernel/fs/proc/proc_pid_dir.c - /proc/self, /proc/PID, and what is below it.
 *
 * Nothing here exists until it is looked up.  A dentry that was found stays as
 * long as somebody uses it (a shell whose directory is /proc/7), while process
 * 7 may end, and another may get its number: so each dentry is revalidated on
 * every walk by the identity of the task, not by the number.
 *
 * Inode numbers follow Linux's pattern in spirit only: pid << 16 plus the
 * entry's place; numbers above that for descriptors.
 */
#include <kernel/fs/proc/proc.h>

#include <kernel/fs/files.h>
#include <kernel/fs/namei.h>
#include <kernel/sched/pid.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <lib/kernel.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>

#define PID_INO(pid, place)	(((unsigned long)(pid) << 16) + (unsigned long)(place))
#define INO_DIR		1
#define INO_FD		2
#define INO_TASK	3
#define INO_ENTRY	16
#define INO_FDS		0x1000

bool proc_task_alive(struct task_struct *task)
{
	struct task_struct *found = find_get_task_by_pid(task->pid);

	if (found)
		put_task_struct(found);
	return found == task;
}

bool ptrace_may_access(const struct task_struct *task)
{
	uid_t uid = current->fsuid;
	gid_t gid = current->fsgid;

	if (task->tgid == current->tgid || current->euid == 0)
		return true;
	return uid == task->uid && uid == task->euid && uid == task->suid &&
	       gid == task->gid && gid == task->egid && gid == task->sgid;
}

static umode_t link_mode(const struct file *file)
{
	return S_IFLNK | (file->f_mode & FMODE_READ ? 0500 : 0) |
	       (file->f_mode & FMODE_WRITE ? 0300 : 0);
}

/* The mode that the link of a descriptor has now; 0: it is closed. */
static umode_t fd_mode(struct inode *inode)
{
	struct file *file = fget_task(PROC_I(inode)->task, PROC_I(inode)->fd);
	umode_t mode = 0;

	if (file) {
		mode = link_mode(file);
		fput(file);
	}
	return mode;
}

static int pid_revalidate(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!proc_task_alive(PROC_I(inode)->task))
		return 0;
	return PROC_I(inode)->kind != PROC_FD_LINK || inode->i_mode == fd_mode(inode);
}

const struct dentry_operations proc_pid_dentry_operations = { .d_revalidate = pid_revalidate };

/* "123" => 123; anything else, leading zeros too => -1 */
static pid_t name_to_number(const struct qstr *name)
{
	pid_t n = 0;
	unsigned int i;

	if (name->len == 0 || name->len > 9 || (name->len > 1 && name->name[0] == '0'))
		return -1;
	for (i = 0; i < name->len; i++) {
		if (name->name[i] < '0' || name->name[i] > '9')
			return -1;
		n = n * 10 + (name->name[i] - '0');
	}
	return n;
}

/* ---- symbolic links: /proc/self, exe, cwd, fd/N ---- */

static int self_readlink(struct dentry *dentry, char *buf, int size)
{
	return scnprintf(buf, (size_t)size, "%d", current->tgid);
}

const struct inode_operations proc_self_inode_operations = { .readlink = self_readlink };

static int link_target(struct inode *inode, struct path *path)
{
	struct proc_inode *pi = PROC_I(inode);
	struct file *file;

	if (!ptrace_may_access(pi->task))
		return -EACCES;
	if (pi->kind == PROC_PID_FILE)
		return pi->entry->link(pi->task, path);
	file = fget_task(pi->task, pi->fd);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

static int link_readlink(struct dentry *dentry, char *buf, int size)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	struct path path;
	char *text;
	int len;

	if (!page)
		return -ENOMEM;
	len = link_target(dentry->d_inode, &path);
	if (len)
		goto out;
	text = d_path(&path, page, PATH_MAX);
	len = IS_ERR(text) ? (int)PTR_ERR(text) : (int)strlen(text);
	if (len >= 0) {
		len = min(len, size);
		memcpy(buf, text, (size_t)len);
	}
	path_put(&path);
out:
	kfree(page);
	return len;
}

static int link_follow(struct dentry *dentry, struct nameidata *nd)
{
	struct path path;
	int err = link_target(dentry->d_inode, &path);

	if (!err)
		nd_jump_link(nd, &path);
	return err;
}

static const struct inode_operations proc_link_inode_operations = {
	.readlink = link_readlink,
	.follow_link = link_follow,
};

/* ---- /proc/PID/fd ---- */

static struct dentry *fd_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task = PROC_I(dir)->task;
	pid_t fd = name_to_number(&dentry->d_name);
	struct file *file = fd < 0 ? NULL : fget_task(task, (unsigned int)fd);
	struct inode *inode;
	umode_t mode;

	if (!file)
		return ERR_PTR(-ENOENT);
	mode = link_mode(file);
	fput(file);
	inode = proc_make_inode(dir->i_sb, PROC_FD_LINK, mode, task);
	if (!IS_ERR(inode)) {
		PROC_I(inode)->fd = (unsigned int)fd;
		inode->i_ino = PID_INO(task->pid, INO_FDS + fd);
		inode->i_op = &proc_link_inode_operations;
	}
	dentry->d_op = &proc_pid_dentry_operations;
	return proc_add(dentry, inode);
}

static int fd_iterate(struct file *file, struct dir_context *ctx)
{
	struct task_struct *task = PROC_I(file_inode(file))->task;
	char name[12];
	int fd, len;

	if (!dir_emit_dots(file, ctx))
		return 0;
	while ((fd = next_fd_of_task(task, (unsigned int)(ctx->pos - 2))) >= 0) {
		len = scnprintf(name, sizeof(name), "%d", fd);
		ctx->pos = fd + 2;
		if (!dir_emit(ctx, name, len, PID_INO(task->pid, INO_FDS + fd), DT_LNK))
			return 0;
		ctx->pos = fd + 3;
	}
	return 0;
}

static const struct inode_operations fd_inode_operations = { .lookup = fd_lookup };
static const struct file_operations fd_operations = {
	.iterate = fd_iterate,
	.llseek = generic_file_llseek,
};

/* ---- /proc/PID ---- */

static struct inode *pid_dir_inode(struct super_block *sb, struct task_struct *task,
				   enum proc_kind kind);

static struct dentry *task_lookup(struct inode *dir, struct dentry *dentry)
{
	pid_t tid = name_to_number(&dentry->d_name);
	struct task_struct *task = tid < 0 ? NULL : find_get_task_by_pid(tid);
	struct inode *inode;

	if (!task || task->tgid != PROC_I(dir)->task->tgid) {
		if (task)
			put_task_struct(task);
		return ERR_PTR(-ENOENT);
	}
	inode = pid_dir_inode(dir->i_sb, task, PROC_TID);
	put_task_struct(task);
	dentry->d_op = &proc_pid_dentry_operations;
	return proc_add(dentry, inode);
}

/* The next thread of @leader with a pid >= @tid, or -1. */
static pid_t next_tid(struct task_struct *leader, pid_t tid)
{
	struct task_struct *t;
	pid_t best = -1;

	read_lock_irq(&tasklist_lock);
	for_each_thread(leader, t)
		if (t->pid >= tid && (best < 0 || t->pid < best))
			best = t->pid;
	read_unlock_irq(&tasklist_lock);
	return best;
}

static int task_iterate(struct file *file, struct dir_context *ctx)
{
	struct task_struct *leader = PROC_I(file_inode(file))->task;
	char name[12];
	pid_t tid;
	int len;

	if (!dir_emit_dots(file, ctx) || !proc_task_alive(leader))
		return 0;
	while ((tid = next_tid(leader, (pid_t)ctx->pos - 2)) >= 0) {
		len = scnprintf(name, sizeof(name), "%d", tid);
		ctx->pos = tid + 2;
		if (!dir_emit(ctx, name, len, PID_INO(tid, INO_DIR), DT_DIR))
			return 0;
		ctx->pos = tid + 3;
	}
	return 0;
}

static const struct inode_operations task_inode_operations = { .lookup = task_lookup };
static const struct file_operations task_operations = {
	.iterate = task_iterate,
	.llseek = generic_file_llseek,
};

static struct inode *pid_subdir(struct inode *dir, enum proc_kind kind)
{
	struct task_struct *task = PROC_I(dir)->task;
	struct inode *inode = proc_make_inode(dir->i_sb, kind,
					      S_IFDIR | (kind == PROC_FD_DIR ? 0500 : 0555), task);

	if (IS_ERR(inode))
		return inode;
	inode->i_ino = PID_INO(task->pid, kind == PROC_FD_DIR ? INO_FD : INO_TASK);
	inode->i_op = kind == PROC_FD_DIR ? &fd_inode_operations : &task_inode_operations;
	inode->i_fop = kind == PROC_FD_DIR ? &fd_operations : &task_operations;
	return inode;
}

static struct inode *pid_file(struct inode *dir, const struct proc_pid_entry *entry)
{
	struct task_struct *task = PROC_I(dir)->task;
	struct inode *inode = proc_make_inode(dir->i_sb, PROC_PID_FILE, entry->mode, task);

	if (IS_ERR(inode))
		return inode;
	PROC_I(inode)->entry = entry;
	PROC_I(inode)->one_thread = PROC_I(dir)->kind == PROC_TID;
	inode->i_ino = PID_INO(task->pid, INO_ENTRY + (entry - __start_proc_pid_shows));
	if (entry->link)
		inode->i_op = &proc_link_inode_operations;
	else
		inode->i_fop = entry->fops ? entry->fops : &proc_file_operations;
	return inode;
}

static bool is_name(const struct qstr *name, const char *text)
{
	return strlen(text) == name->len && !memcmp(name->name, text, name->len);
}

static struct dentry *pid_dir_lookup(struct inode *dir, struct dentry *dentry)
{
	const struct proc_pid_entry *entry;
	struct inode *inode = NULL;

	if (is_name(&dentry->d_name, "fd"))
		inode = pid_subdir(dir, PROC_FD_DIR);
	else if (PROC_I(dir)->kind == PROC_PID && is_name(&dentry->d_name, "task"))
		inode = pid_subdir(dir, PROC_TASK_DIR);
	for (entry = __start_proc_pid_shows; !inode && entry < __stop_proc_pid_shows; entry++)
		if (is_name(&dentry->d_name, entry->name))
			inode = pid_file(dir, entry);
	if (!inode)
		return ERR_PTR(-ENOENT);
	dentry->d_op = &proc_pid_dentry_operations;
	return proc_add(dentry, inode);
}

static int pid_dir_iterate(struct file *file, struct dir_context *ctx)
{
	const loff_t nr_entries = __stop_proc_pid_shows - __start_proc_pid_shows;
	struct task_struct *task = PROC_I(file_inode(file))->task;
	const struct proc_pid_entry *entry;
	int i;

	if (!dir_emit_dots(file, ctx))
		return 0;
	if (ctx->pos == 2) {
		if (!dir_emit(ctx, "fd", 2, PID_INO(task->pid, INO_FD), DT_DIR))
			return 0;
		ctx->pos++;
	}
	if (ctx->pos == 3) {
		if (PROC_I(file_inode(file))->kind == PROC_PID &&
		    !dir_emit(ctx, "task", 4, PID_INO(task->pid, INO_TASK), DT_DIR))
			return 0;
		ctx->pos++;
	}
	/* lseek() sets any position: compare it before it becomes an address. */
	for (; ctx->pos - 4 < nr_entries; ctx->pos++) {
		i = (int)(ctx->pos - 4);
		entry = &__start_proc_pid_shows[i];
		if (!dir_emit(ctx, entry->name, (int)strlen(entry->name),
			      PID_INO(task->pid, INO_ENTRY + i), entry->link ? DT_LNK : DT_REG))
			return 0;
	}
	return 0;
}

static const struct inode_operations pid_dir_inode_operations = { .lookup = pid_dir_lookup };
static const struct file_operations pid_dir_operations = {
	.iterate = pid_dir_iterate,
	.llseek = generic_file_llseek,
};

static struct inode *pid_dir_inode(struct super_block *sb, struct task_struct *task,
				   enum proc_kind kind)
{
	struct inode *inode = proc_make_inode(sb, kind, S_IFDIR | 0555, task);

	if (IS_ERR(inode))
		return inode;
	inode->i_ino = PID_INO(task->pid, INO_DIR);
	inode->i_op = &pid_dir_inode_operations;
	inode->i_fop = &pid_dir_operations;
	return inode;
}

/* ---- within the root: self and the numbers ---- */

struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task;
	struct inode *inode;
	pid_t pid;

	if (is_name(&dentry->d_name, "self")) {
		inode = proc_make_inode(dir->i_sb, PROC_SELF, S_IFLNK | 0777, NULL);
		if (!IS_ERR(inode))
			inode->i_op = &proc_self_inode_operations;
		return proc_add(dentry, inode);
	}
	pid = name_to_number(&dentry->d_name);
	task = pid > 0 ? find_get_task_by_pid(pid) : NULL;
	if (!task)
		return ERR_PTR(-ENOENT);
	inode = pid_dir_inode(dir->i_sb, task, PROC_PID);
	put_task_struct(task);
	dentry->d_op = &proc_pid_dentry_operations;
	return proc_add(dentry, inode);
}

int proc_pid_iterate(struct dir_context *ctx)
{
	struct task_struct *task;
	char name[12];
	int len;

	if (ctx->pos < PROC_POS_SELF)
		ctx->pos = PROC_POS_SELF;
	if (ctx->pos == PROC_POS_SELF) {
		if (!dir_emit(ctx, "self", 4, PID_INO(0, 4), DT_LNK))
			return 0;
		ctx->pos = PROC_POS_PID + 1;
	}
	while ((task = next_get_process((pid_t)(ctx->pos - PROC_POS_PID))) != NULL) {
		pid_t pid = task->pid;

		put_task_struct(task);
		ctx->pos = PROC_POS_PID + pid;
		len = scnprintf(name, sizeof(name), "%d", pid);
		if (!dir_emit(ctx, name, len, PID_INO(pid, INO_DIR), DT_DIR))
			return 0;
		ctx->pos++;
	}
	return 0;
}
