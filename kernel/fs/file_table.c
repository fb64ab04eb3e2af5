/*
 * kernel/fs/file_table.c - open files, and the tables that give them numbers.
 *
 * Theory: files.h.  A struct file is made by open, shared by dup and fork, and gone with its
 * last reference: that is when release() runs, and when a file without names is given back.
 *
 * Growing a table: the new arrays are allocated without the lock, then filled and exchanged
 * under it, unless another thread was faster.
 *
 * Locking: file_lock of a table; a lookup in a table that is shared takes its reference under
 * it, so that a close() on another processor cannot free the file in between.
 */
#include <kernel/fs/files.h>
#include <kernel/fs/flock.h>
#include <kernel/fs/locks.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/namei.h>
#include <kernel/uapi/resource.h>
#include <lib/bitops.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmstat.h>

static struct kmem_cache *filp_cachep;
static struct kmem_cache *files_cachep;

static DEFINE_SPINLOCK(nr_files_lock);
long nr_files;			/* [nr_files_lock] */
static long max_files;		/* [c] of the whole system: as many as a tenth of memory holds at 1K */

struct files_struct init_files = {
	.count = ATOMIC_INIT(1),
	.file_lock = __SPIN_LOCK_INIT(init_files.file_lock),
	.max_fds = NR_OPEN_DEFAULT,
	.fd = init_files.fd_array,
	.open_fds = init_files.open_fds_init,
	.close_on_exec = init_files.close_on_exec_init,
};

/* ---- struct file ---------------------------------------------------------------------------- */

static int account_file(int delta)
{
	int full;

	spin_lock(&nr_files_lock);
	full = delta > 0 && nr_files >= max_files;
	if (!full)
		nr_files += delta;
	spin_unlock(&nr_files_lock);
	return full ? -ENFILE : 0;
}

struct file *get_empty_filp(void)
{
	struct file *file;

	if (account_file(1))
		return ERR_PTR(-ENFILE);
	file = kmem_cache_zalloc(filp_cachep, GFP_KERNEL);
	if (!file) {
		account_file(-1);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&file->f_count, 1);
	mutex_init(&file->f_pos_lock);
	return file;
}

struct file *alloc_file(struct vfsmount *mnt, struct dentry *dentry, unsigned int f_mode,
			const struct file_operations *fop)
{
	struct file *file = get_empty_filp();

	if (IS_ERR(file))
		return file;
	file->f_path.mnt = mntget(mnt);
	file->f_path.dentry = dentry;
	file->f_inode = dentry->d_inode;
	file->f_mapping = dentry->d_inode->i_mapping;
	file->f_mode = f_mode;
	file->f_op = fop;
	return file;
}

/* The last reference is gone. */
static noinline void __fput(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (inode) {
		if (file->f_flock)
			flock_release(file);
		locks_remove_file(file);
		if (file->f_op->release)
			file->f_op->release(inode, file);
		if (file->f_mode & FMODE_WRITER) {
			put_write_access(inode);
			mnt_drop_write(file->f_vfsmnt);
		}
		path_put(&file->f_path);
	}
	kmem_cache_free(filp_cachep, file);
	account_file(-1);
}

void fput(struct file *file)
{
	if (refcount_dec_and_test(&file->f_count))
		__fput(file);
}

int filp_close(struct file *file, const void *owner)
{
	int err = 0;

	locks_remove_posix(file, owner);
	if (file->f_op->flush)
		err = file->f_op->flush(file);
	fput(file);
	return err;
}

/* ---- descriptors ---------------------------------------------------------------------------- */

struct file *fget(unsigned int fd)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;

	spin_lock(&files->file_lock);
	if (fd < files->max_fds) {
		file = files->fd[fd];
		if (file)
			refcount_inc(&file->f_count);
	}
	spin_unlock(&files->file_lock);
	return file;
}

/* One block for the three arrays of a table of @nr descriptors: freed by its first, fd. */
static struct file **alloc_fd_arrays(unsigned int nr, unsigned long **open_fds,
				     unsigned long **close_on_exec)
{
	size_t map = BITS_TO_LONGS(nr) * sizeof(long);
	struct file **fd = kzalloc(nr * sizeof(*fd) + 2 * map, GFP_KERNEL);

	if (fd) {
		*open_fds = (unsigned long *)(fd + nr);
		*close_on_exec = (unsigned long *)((char *)*open_fds + map);
	}
	return fd;
}

static void free_fd_arrays(struct files_struct *files, struct file **fd)
{
	if (fd != files->fd_array)
		kfree(fd);
}

/* Into larger, cleared arrays. => the owner's lock held, or nobody else sees @to */
static void copy_fd_arrays(struct file **fd, unsigned long *open_fds, unsigned long *close_on_exec,
			   const struct files_struct *from, unsigned int nr)
{
	memcpy(fd, from->fd, nr * sizeof(*fd));
	memcpy(open_fds, from->open_fds, BITS_TO_LONGS(nr) * sizeof(long));
	memcpy(close_on_exec, from->close_on_exec, BITS_TO_LONGS(nr) * sizeof(long));
}

/* Make room for descriptor @nr. => file_lock held, dropped meanwhile; 0 or -errno */
static int expand_files(struct files_struct *files, unsigned int nr)
{
	unsigned long *open_fds, *close_on_exec;
	struct file **fd, **old;
	unsigned int size;

	if (nr < files->max_fds)
		return 0;
	if (nr >= NR_OPEN_MAX)
		return -EMFILE;
	size = (unsigned int)roundup_pow_of_two(nr + 1);
	spin_unlock(&files->file_lock);
	fd = alloc_fd_arrays(size, &open_fds, &close_on_exec);
	spin_lock(&files->file_lock);
	if (!fd)
		return -ENOMEM;
	if (size <= files->max_fds) {
		old = fd;	/* another thread was faster */
	} else {
		copy_fd_arrays(fd, open_fds, close_on_exec, files, files->max_fds);
		old = files->fd;
		files->fd = fd;
		files->open_fds = open_fds;
		files->close_on_exec = close_on_exec;
		files->max_fds = size;
	}
	spin_unlock(&files->file_lock);
	free_fd_arrays(files, old);
	spin_lock(&files->file_lock);
	return 0;
}

int alloc_fd(unsigned int start, unsigned int flags)
{
	struct files_struct *files = current->files;
	unsigned long limit = rlimit(RLIMIT_NOFILE);
	unsigned int fd;
	int err;

	spin_lock(&files->file_lock);
	do {
		fd = max(start, files->next_fd);
		if (fd < files->max_fds)
			fd = (unsigned int)find_next_zero_bit(files->open_fds, files->max_fds, fd);
		err = fd >= limit ? -EMFILE : expand_files(files, fd);
		/* While the lock was dropped it may have been taken. */
	} while (!err && test_bit(fd % 32, &files->open_fds[fd / 32]));
	if (!err) {
		__set_bit(fd, files->open_fds);
		if (flags & O_CLOEXEC)
			__set_bit(fd, files->close_on_exec);
		else
			__clear_bit(fd, files->close_on_exec);
		if (start <= files->next_fd)
			files->next_fd = fd + 1;
		err = (int)fd;
	}
	spin_unlock(&files->file_lock);
	return err;
}

int get_unused_fd_flags(unsigned int flags)
{
	return alloc_fd(0, flags);
}

/* => file_lock held */
static void __put_unused_fd(struct files_struct *files, unsigned int fd)
{
	__clear_bit(fd, files->open_fds);
	__clear_bit(fd, files->close_on_exec);
	if (fd < files->next_fd)
		files->next_fd = fd;
}

void put_unused_fd(unsigned int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	__put_unused_fd(files, fd);
	spin_unlock(&files->file_lock);
}

void fd_install(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	BUG_ON(files->fd[fd]);
	files->fd[fd] = file;
	spin_unlock(&files->file_lock);
}

int close_fd(unsigned int fd)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;

	spin_lock(&files->file_lock);
	if (fd < files->max_fds)
		file = files->fd[fd];
	if (file) {
		files->fd[fd] = NULL;
		__put_unused_fd(files, fd);
	}
	spin_unlock(&files->file_lock);
	return file ? filp_close(file, files) : -EBADF;
}

int replace_fd(unsigned int fd, struct file *file, unsigned int flags)
{
	struct files_struct *files = current->files;
	struct file *old;
	int err;

	if (fd >= rlimit(RLIMIT_NOFILE))
		return -EBADF;
	spin_lock(&files->file_lock);
	err = expand_files(files, fd);
	if (err) {
		spin_unlock(&files->file_lock);
		return err;
	}
	old = files->fd[fd];
	if (!old && test_bit(fd % 32, &files->open_fds[fd / 32])) {
		spin_unlock(&files->file_lock);
		return -EBUSY;	/* another thread is just opening it */
	}
	files->fd[fd] = get_file(file);
	__set_bit(fd, files->open_fds);
	if (flags & O_CLOEXEC)
		__set_bit(fd, files->close_on_exec);
	else
		__clear_bit(fd, files->close_on_exec);
	spin_unlock(&files->file_lock);
	if (old)
		filp_close(old, files);
	return (int)fd;
}

int get_close_on_exec(unsigned int fd)
{
	struct files_struct *files = current->files;
	int set;

	spin_lock(&files->file_lock);
	set = fd < files->max_fds && test_bit(fd % 32, &files->close_on_exec[fd / 32]);
	spin_unlock(&files->file_lock);
	return set;
}

void set_close_on_exec(unsigned int fd, int flag)
{
	struct files_struct *files = current->files;

	spin_lock(&files->file_lock);
	if (fd < files->max_fds && flag)
		__set_bit(fd, files->close_on_exec);
	else if (fd < files->max_fds)
		__clear_bit(fd, files->close_on_exec);
	spin_unlock(&files->file_lock);
}

/* ---- fork, exec, exit ----------------------------------------------------------------------- */

static void init_files_struct(struct files_struct *files)
{
	memset(files, 0, sizeof(*files));
	atomic_set(&files->count, 1);
	spin_lock_init(&files->file_lock);
	files->max_fds = NR_OPEN_DEFAULT;
	files->fd = files->fd_array;
	files->open_fds = files->open_fds_init;
	files->close_on_exec = files->close_on_exec_init;
}

/* One more than the highest descriptor in use, rounded up to a word. => file_lock held */
static unsigned int count_open(const struct files_struct *files)
{
	unsigned int i;

	for (i = files->max_fds / 32; i > 1; i--)
		if (files->open_fds[i - 1])
			break;
	return i * 32;
}

/* Larger arrays, if @old has more than a new table holds. => 0 or -ENOMEM; old's lock held */
static int dup_arrays(struct files_struct *new, struct files_struct *old, unsigned int *nr)
{
	while ((*nr = count_open(old)) > new->max_fds) {
		unsigned int size = *nr;

		spin_unlock(&old->file_lock);
		free_fd_arrays(new, new->fd);
		new->fd = alloc_fd_arrays(size, &new->open_fds, &new->close_on_exec);
		new->max_fds = size;
		spin_lock(&old->file_lock);
		if (!new->fd)
			return -ENOMEM;
	}
	return 0;
}

/* Take a reference to each file of @word's bits. */
static inline void take_files(struct file **fd, unsigned long *word)
{
	unsigned long left;

	for (left = *word; left; left &= left - 1) {
		unsigned int bit = (unsigned int)__ffs(left);

		if (fd[bit])
			get_file(fd[bit]);
		else
			*word &= ~(1ul << bit);		/* reserved by another thread */
	}
}

/* A copy in which every open file has one more reference. NULL: no memory */
static struct files_struct *dup_files(struct files_struct *old)
{
	struct files_struct *new = kmem_cache_alloc(files_cachep, GFP_KERNEL);
	unsigned int i, nr;

	if (!new)
		return NULL;
	init_files_struct(new);
	spin_lock(&old->file_lock);
	if (dup_arrays(new, old, &nr)) {
		spin_unlock(&old->file_lock);
		kmem_cache_free(files_cachep, new);
		return NULL;
	}
	copy_fd_arrays(new->fd, new->open_fds, new->close_on_exec, old, nr);
	new->next_fd = old->next_fd;
	for (i = 0; i < BITS_TO_LONGS(nr); i++)
		take_files(new->fd + i * 32, &new->open_fds[i]);
	spin_unlock(&old->file_lock);
	if (new->next_fd)
		new->next_fd = (unsigned int)find_first_zero_bit(new->open_fds, new->max_fds);
	return new;
}

int copy_files(unsigned long clone_flags, struct task_struct *tsk)
{
	struct files_struct *files = current->files;

	if (!files)
		return 0;
	if (clone_flags & CLONE_FILES_FLAG) {
		atomic_inc(&files->count);
	} else {
		files = dup_files(files);
		if (!files)
			return -ENOMEM;
	}
	tsk->files = files;
	return 0;
}

/* Close all. => nobody else has the table */
static void close_files(struct files_struct *files)
{
	unsigned int i, bit;

	for (i = 0; i < BITS_TO_LONGS(files->max_fds); i++) {
		while (files->open_fds[i]) {
			bit = __ffs(files->open_fds[i]);
			files->open_fds[i] &= ~(1ul << bit);
			if (files->fd[i * 32 + bit])
				filp_close(files->fd[i * 32 + bit], files);
		}
	}
}

static void put_files_struct(struct files_struct *files)
{
	if (!atomic_dec_and_test(&files->count))
		return;
	close_files(files);
	free_fd_arrays(files, files->fd);
	if (files != &init_files)
		kmem_cache_free(files_cachep, files);
}

/* Guards the pointer tsk->files of other tasks, which exit clears. */
static DEFINE_SPINLOCK(task_files_lock);

void exit_files(struct task_struct *tsk)
{
	struct files_struct *files = tsk->files;

	spin_lock(&task_files_lock);
	tsk->files = NULL;
	spin_unlock(&task_files_lock);
	if (files)
		put_files_struct(files);
}

int unshare_files(void)
{
	struct files_struct *old = current->files, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = dup_files(old);
	if (!new)
		return -ENOMEM;
	spin_lock(&task_files_lock);
	current->files = new;
	spin_unlock(&task_files_lock);
	put_files_struct(old);
	return 0;
}

void flush_old_files(struct files_struct *files)
{
	unsigned int i, bit;

	for (i = 0; i < BITS_TO_LONGS(files->max_fds); i++) {
		while (files->close_on_exec[i] & files->open_fds[i]) {
			bit = __ffs(files->close_on_exec[i] & files->open_fds[i]);
			close_fd(i * 32 + bit);
		}
	}
}

/* => files of @tsk with a reference on the table, or NULL */
static struct files_struct *get_files_struct(struct task_struct *tsk)
{
	struct files_struct *files;

	spin_lock(&task_files_lock);
	files = tsk->files;
	if (files)
		atomic_inc(&files->count);
	spin_unlock(&task_files_lock);
	return files;
}

struct file *fget_task(struct task_struct *tsk, unsigned int fd)
{
	struct files_struct *files = get_files_struct(tsk);
	struct file *file = NULL;

	if (!files)
		return NULL;
	spin_lock(&files->file_lock);
	if (fd < files->max_fds && files->fd[fd])
		file = get_file(files->fd[fd]);
	spin_unlock(&files->file_lock);
	put_files_struct(files);
	return file;
}

int next_fd_of_task(struct task_struct *tsk, unsigned int fd)
{
	struct files_struct *files = get_files_struct(tsk);
	int found = -1;

	if (!files)
		return -1;
	spin_lock(&files->file_lock);
	for (; fd < files->max_fds; fd++) {
		if (files->fd[fd]) {
			found = (int)fd;
			break;
		}
	}
	spin_unlock(&files->file_lock);
	put_files_struct(files);
	return found;
}

unsigned int max_fds_of_task(struct task_struct *tsk)
{
	unsigned int nr;

	spin_lock(&task_files_lock);
	nr = tsk->files ? READ_ONCE(tsk->files->max_fds) : 0;
	spin_unlock(&task_files_lock);
	return nr;
}

void __init files_init(void)
{
	current->files = &init_files;
	current->fs = &init_fs;
}

void __init file_table_init(void)
{
	filp_cachep = kmem_cache_create("filp", sizeof(struct file), 0, SLAB_PANIC, NULL);
	files_cachep = kmem_cache_create("files_cache", sizeof(struct files_struct), 0, SLAB_PANIC,
					 NULL);
	fs_struct_init();
	locks_init();
	max_files = max(256l, (long)(nr_free_pages() * (PAGE_SIZE / 1024) / 10));
}
