/*
 * kernel/fs/files.h - what a process has open, and where it stands.
 *
 * Theory.  files_struct maps small numbers to open files.  It starts with room for
 * NR_OPEN_DEFAULT descriptors inside itself, which is enough for most processes, and moves to
 * larger arrays as it grows, up to RLIMIT_NOFILE.  Two bitmaps say which numbers are taken
 * (reserved ones, not yet installed, included) and which are closed by exec.
 * fs_struct is the root and working directory, and the umask.
 * Both are counted: threads share them (CLONE_FILES, CLONE_FS).
 *
 * Locking: file_lock guards the table; a table that only its own process can see (count 1)
 * may be *read* by that process without it, which is what fget_light() does.  fs->lock
 * guards root and pwd.  Both are spinlocks and innermost.
 */
#ifndef OCTAVO_KERNEL_FS_FILES_H
#define OCTAVO_KERNEL_FS_FILES_H

#include <kernel/arch/atomic.h>
#include <kernel/core/sched.h>
#include <kernel/core/spinlock.h>
#include <kernel/fs/fs.h>
#include <lib/bitmap.h>

#define NR_OPEN_DEFAULT	32		/* one word of each bitmap */
#define NR_OPEN_MAX	(1024 * 1024)	/* no RLIMIT_NOFILE lifts it above this */

struct files_struct {
	atomic_t count;				/* [a] tasks */
	spinlock_t file_lock;
	unsigned int max_fds;			/* [file_lock] size of fd[] */
	unsigned int next_fd;			/* [file_lock] no free number below */
	struct file **fd;			/* [file_lock] */
	unsigned long *open_fds;		/* [file_lock] bitmap */
	unsigned long *close_on_exec;		/* [file_lock] bitmap */
	struct file *fd_array[NR_OPEN_DEFAULT];
	unsigned long open_fds_init[BITS_TO_LONGS(NR_OPEN_DEFAULT)];
	unsigned long close_on_exec_init[BITS_TO_LONGS(NR_OPEN_DEFAULT)];
};

struct fs_struct {
	atomic_t count;				/* [a] tasks */
	spinlock_t lock;
	umode_t umask;				/* [lock to write] */
	struct path root, pwd;			/* [lock] */
};

/* The boot task's: files_init() gives them to it. */
extern struct files_struct init_files;
extern struct fs_struct init_fs;

/* The file behind a descriptor, with a reference; NULL: there is none (-EBADF). */
struct file *fget(unsigned int fd);

/* => *fput_needed tells fput_light() whether a reference was taken */
static inline struct file *fget_light(unsigned int fd, int *fput_needed)
{
	struct files_struct *files = current->files;

	*fput_needed = 0;
	if (likely(atomic_read(&files->count) == 1))
		return fd < files->max_fds ? files->fd[fd] : NULL;
	*fput_needed = 1;
	return fget(fd);
}

static inline void fput_light(struct file *file, int fput_needed)
{
	if (unlikely(fput_needed))
		fput(file);
}

/* The lowest free descriptor >= @start, reserved.  => -EMFILE, -ENOMEM */
int alloc_fd(unsigned int start, unsigned int flags);
/* => flags: O_CLOEXEC or 0 */
int get_unused_fd_flags(unsigned int flags);
#define get_unused_fd()	get_unused_fd_flags(0)
void put_unused_fd(unsigned int fd);
/* The reservation becomes an open file; takes over the reference. */
void fd_install(unsigned int fd, struct file *file);
/* => 0, -EBADF or what flush() says */
int close_fd(unsigned int fd);
/* dup2: @file as @fd, closing what was there.  => fd or -errno */
int replace_fd(unsigned int fd, struct file *file, unsigned int flags);
int get_close_on_exec(unsigned int fd);
void set_close_on_exec(unsigned int fd, int flag);

/* ---- for fork, exec and exit ---------------------------------------------------------------- */

#define CLONE_FS_FLAG		0x00000200ul	/* CLONE_FS: share fs_struct */
#define CLONE_FILES_FLAG	0x00000400ul	/* CLONE_FILES */

/* @tsk is new and has the parent's pointers: share or copy.  => 0 or -errno; nothing to undo */
int copy_files(unsigned long clone_flags, struct task_struct *tsk);
int copy_fs(unsigned long clone_flags, struct task_struct *tsk);
/* Let go; the last user closes everything.  => may sleep; tsk->files, tsk->fs become NULL */
void exit_files(struct task_struct *tsk);
void exit_fs(struct task_struct *tsk);
/* exec: a table of our own, even if threads shared it.  => 0 or -ENOMEM */
int unshare_files(void);
/* The same of root, directory and mask. */
int unshare_fs(void);
/* exec, past the point of no return: close what has close-on-exec. */
void flush_old_files(struct files_struct *files);
/*
 * Look into another task (procfs).
 * => the file of @tsk's @fd with a reference, or NULL; takes tsk's files safely
 */
struct file *fget_task(struct task_struct *tsk, unsigned int fd);
/* => the next open descriptor of @tsk at or after @fd, or -1 */
int next_fd_of_task(struct task_struct *tsk, unsigned int fd);
/* => the size of its table, 0: it has none any more */
unsigned int max_fds_of_task(struct task_struct *tsk);
/* => its umask, or -ENOENT */
int umask_of_task(struct task_struct *tsk);
/* => 0 with a reference on *path, or -ENOENT if the task has let go of it already */
int get_task_root(struct task_struct *tsk, struct path *path);
int get_task_pwd(struct task_struct *tsk, struct path *path);

/* Boot: current gets init_files and init_fs. */
void files_init(void);

/* current's root or directory, with a reference. */
void get_fs_root(struct fs_struct *fs, struct path *root);
void get_fs_pwd(struct fs_struct *fs, struct path *pwd);
/* Takes its own references. */
void set_fs_root(struct fs_struct *fs, const struct path *path);
void set_fs_pwd(struct fs_struct *fs, const struct path *path);

#endif
