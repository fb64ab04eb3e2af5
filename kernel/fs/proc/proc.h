/*
 * kernel/fs/proc/proc.h - /proc: the kernel's figures as files.
 *
 * A file here has no content until it is read: reading calls a show function
 * (kernel/core/seq_file.h) and hands out pieces of the text that it printed.
 * The text is made when reading starts at offset 0 and kept until the file is
 * read from the start again, so a reader in small pieces sees one moment.
 *
 * Three sections of the image hold what other layers have registered:
 *
 *	.proc_shows	files by path: "meminfo", "sys/vm/min_free_kbytes"
 *	.sys_shows	files of /sys by path: "devices/system/node/online"
 *	.proc_pid_shows	files of every process: "status", "maps"
 *
 * From the first two trees are built at boot (proc_tree.c; /sys is sysfs.c).  The directories of
 * processes are made up when somebody looks (proc_pid_dir.c): an inode there
 * holds a reference on the task_struct, which is not the process: each use
 * asks whether the process is still there, and says ESRCH if not.
 */
#ifndef OCTAVO_KERNEL_FS_PROC_PROC_H
#define OCTAVO_KERNEL_FS_PROC_PROC_H

#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/fs.h>

#define PROC_SUPER_MAGIC	0x9fa0ul
#define SYSFS_MAGIC		0x62656572ul

/* A file of /proc/PID.  One of show, link and fops is set. */
struct proc_pid_entry {
	const char *name;
	umode_t mode;
	/* => m->private = task too, or NULL if only the one thread is meant; 0 or -errno */
	int (*show)(struct seq_file *m, struct task_struct *task);
	/* @buf: kernel copy, NUL-terminated; may set *cookie for show. => 0 or -errno */
	int (*write)(struct task_struct *task, const char *buf, size_t len, unsigned long *cookie);
	bool secret;		/* only for who may look into the process: ptrace_may_access() */
	/* A symbolic link: where to. => 0 with references in @path, or -errno */
	int (*link)(struct task_struct *task, struct path *path);
	const struct file_operations *fops;	/* no text: PROC_I(inode)->task says whose */
};

#define __PROC_PID(id, ...)							\
	static const struct proc_pid_entry __proc_pid_##id __used		\
	__section(".proc_pid_shows") __aligned(4) = { __VA_ARGS__ }
#define _PROC_PID(id, ...) __PROC_PID(id, __VA_ARGS__)
#define PROC_PID_SHOW(fname, showfn) \
	_PROC_PID(__LINE__, .name = (fname), .mode = S_IFREG | 0444, .show = (showfn))
#define PROC_PID_SHOW_WRITE(fname, fmode, showfn, writefn) \
	_PROC_PID(__LINE__, .name = (fname), .mode = S_IFREG | (fmode), .show = (showfn), \
		  .write = (writefn))
/* What tells where a process's memory lies, or what is in it. */
#define PROC_PID_SECRET(fname, fmode, showfn) \
	_PROC_PID(__LINE__, .name = (fname), .mode = S_IFREG | (fmode), .show = (showfn), \
		  .secret = true)
#define PROC_PID_LINK(fname, linkfn) \
	_PROC_PID(__LINE__, .name = (fname), .mode = S_IFLNK | 0777, .link = (linkfn))

#define PROC_PID_FILE(fname, fmode, ops) \
	_PROC_PID(__LINE__, .name = (fname), .mode = S_IFREG | (fmode), .fops = (ops))

extern const struct proc_pid_entry __start_proc_pid_shows[], __stop_proc_pid_shows[];

/* May current look into @task: itself, or with all the same users and groups, or as root? */
bool ptrace_may_access(const struct task_struct *task);

void proc_init(void);
/* => all processors run */
void sysfs_init(void);

/* ---- within kernel/fs/proc ---- */

enum proc_kind {
	PROC_STATIC,		/* of the tree */
	PROC_SELF,		/* /proc/self */
	PROC_PID,		/* /proc/PID */
	PROC_TID,		/* /proc/PID/task/TID: the same without another task/ in it */
	PROC_PID_FILE,		/* /proc/PID/entry */
	PROC_FD_DIR,		/* /proc/PID/fd */
	PROC_FD_LINK,		/* /proc/PID/fd/N */
	PROC_TASK_DIR,		/* /proc/PID/task */
};

/* A node of the tree. [c] after boot */
struct proc_dir_entry {
	const char *name;		/* last component */
	const struct proc_show *show;	/* NULL: a directory */
	long number;			/* of those that show->each counts */
	const struct proc_names *names;	/* instead of @name: one directory for each of these */
	struct proc_dir_entry *parent, *child, *next;
	unsigned long ino;
};

/* inode->i_private [c] */
struct proc_inode {
	enum proc_kind kind;
	struct proc_dir_entry *pde;		/* PROC_STATIC */
	long number;				/* ... which of its kind: pde->number, or from pde->names */
	struct task_struct *task;		/* the others: a reference */
	const struct proc_pid_entry *entry;	/* PROC_PID_FILE */
	bool one_thread;			/* ... of /proc/PID/task/TID */
	unsigned int fd;			/* PROC_FD_LINK */
};

static inline struct proc_inode *PROC_I(const struct inode *inode)
{
	return inode->i_private;
}

/* A new inode of @kind with a reference on @task. => ERR_PTR(-ENOMEM) */
struct inode *proc_make_inode(struct super_block *sb, enum proc_kind kind, umode_t mode,
			      struct task_struct *task);
/* Attach it. => what lookup() returns */
struct dentry *proc_add(struct dentry *dentry, struct inode *inode);
extern const struct dentry_operations proc_pid_dentry_operations;

/* file.c: files by seq_file */
extern const struct file_operations proc_file_operations;
/* proc_tree.c */
extern struct proc_dir_entry proc_root;
/* Add the files of a section. => boot */
void proc_build_tree(struct proc_dir_entry *root, const struct proc_show *start,
		     const struct proc_show *stop);
/* Make a super_block of the tree at @root. => 0 or -ENOMEM */
int proc_fill_tree(struct super_block *sb, struct proc_dir_entry *root, unsigned long magic);
extern const struct inode_operations proc_dir_inode_operations;
extern const struct file_operations proc_dir_operations;
/* proc_pid_dir.c */
bool proc_task_alive(struct task_struct *task);
struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry);
int proc_pid_iterate(struct dir_context *ctx);
extern const struct inode_operations proc_self_inode_operations;

/* Positions in the root directory: entries of the tree, then /proc/self, then processes. */
#define PROC_POS_SELF	0x10000
#define PROC_POS_PID	0x20000

#endif
