/*
 * kernel/fs/fs.h - the nouns of the file system layer.
 *
 * Theory.  Five objects, each answering one question:
 *
 *	inode		what is this file?  (owner, mode, size, content by i_mapping)
 *	dentry		where in the tree is it, under which name?
 *	file		who has it open, and at which offset?
 *	super_block	which file system does it belong to?
 *	vfsmount	where does that file system hang in the tree?
 *
 * A name is not part of an inode: hard links give one inode several dentries.  A dentry lives
 * as long as somebody refers to it; its children refer to it.  A file system whose tree is
 * nowhere else (ramfs) keeps one reference on each dentry that exists (the pin), others
 * (procfs) make dentries when they are looked up and lose them with the last user.  There is
 * no cache of unused dentries: for a file system in memory it would cache memory in memory.
 *
 * What differs between kinds of files is in tables: inode_operations for names and attributes,
 * file_operations for open files, super_operations for the whole, address_space_operations
 * for the pages.  A missing function means "not possible here", and the caller has the errno.
 *
 * Locking, outermost first:
 *	s_umount		a file system comes, goes, or changes to read-only
 *	s_vfs_rename_sem	one rename across directories at a time, per file system
 *	i_sem			[i] of a directory: its entries (create, lookup, unlink, rename...);
 *				of a file: size and content against other writers.
 *				Parent before child; two directories of a rename: ancestor first.
 *	namespace_sem		[n] the mounts
 *	sb_lock			the list of super blocks
 *	dcache_lock		[d] the tree of dentries, names, hash, i_dentry
 *	inode_lock		[I] i_sb_list, i_hash, i_state; inode_unused
 *	files->file_lock	the descriptor table (files.h)
 * Counts are atomic [a]; what is constant after creation is [c].  i_sem is taken outside
 * mmap_sem: a write() copies from user memory, which may fault, with i_sem held.
 *
 * References: Maurice Bach, The Design of the UNIX Operating System, chapters 4 and 5;
 * Kleiman, "Vnodes", 1986.
 */
#ifndef OCTAVO_KERNEL_FS_FS_H
#define OCTAVO_KERNEL_FS_FS_H

#include <kernel/arch/atomic.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/mutex.h>
#include <kernel/core/refcount.h>
#include <kernel/core/rwsem.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/time.h>
#include <kernel/core/kdev_t.h>
#include <kernel/uapi/fcntl.h>
#include <kernel/uapi/stat.h>
#include <lib/err.h>
#include <lib/list.h>
#include <lib/types.h>
#include <mm/types/address_space.h>
#include <mm/types/inode.h>

/* For mutex_lock_nested(): i_sem of an inode while another inode's is held. */
#define I_SEM_SECOND	1	/* the second directory of a rename */
#define I_SEM_ENTRY	2	/* what has its name in a directory that is locked */

struct backing_dev_info;
struct block_device;
struct dentry;
struct file;
struct file_lock;
struct inode;
struct iovec;
struct kstat;
struct kstatfs;
struct nameidata;
struct page;
struct pipe_inode_info;
struct poll_table_struct;
struct seq_file;
struct super_block;
struct vfsmount;
struct vm_area_struct;

#define NAME_MAX	255	/* bytes of one component */
#define PATH_MAX	4096	/* bytes of a path, NUL included */

/* file.f_mode */
#define FMODE_READ	1u
#define FMODE_WRITE	2u
#define FMODE_LSEEK	4u	/* has an offset */
#define FMODE_PATH	8u	/* O_PATH: names a file, gives no access */
#define FMODE_WRITER	16u	/* counted by mnt_want_write() and get_write_access() */

/* permission() */
#define MAY_EXEC	1
#define MAY_WRITE	2
#define MAY_READ	4

struct qstr {
	const char *name;
	unsigned int len;
	unsigned int hash;
};

/* A place in the tree: which mount, and where in it. */
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct dentry {
	atomic_t d_count;			/* [a] changes to and from 0 under [d] */
	unsigned int d_flags;			/* [d] DCACHE_* */
	struct inode *d_inode;			/* [d] NULL: a name that does not exist (yet) */
	struct dentry *d_parent;		/* [d] itself: a root */
	struct qstr d_name;			/* [d] */
	struct hlist_node d_hash;		/* [d] by parent and name */
	struct list_head d_child;		/* [d] in d_parent->d_subdirs */
	struct list_head d_subdirs;		/* [d] */
	struct list_head d_alias;		/* [d] in d_inode->i_dentry */
	struct list_head d_lru;			/* [d] in dentry_unused while d_count is 0 */
	const struct dentry_operations *d_op;	/* [c] or NULL */
	struct super_block *d_sb;		/* [c] */
	int d_mounted;				/* [n] file systems mounted on it */
	void *d_fsdata;				/* the file system's */
	char d_iname[28];			/* [d] short names live here */
};

struct dentry_operations {
	/* A found dentry is about to be used.  => 1 still true, 0 drop it and look up again */
	int (*d_revalidate)(struct dentry *dentry);
	void (*d_release)(struct dentry *dentry);
	/* How /proc and getcwd show it, if not by its name ("pipe:[7]"). => length as snprintf */
	int (*d_dname)(struct dentry *dentry, char *buf, int size);
};

struct file {
	const struct file_operations *f_op;	/* [c] never NULL */
	struct path f_path;			/* [c] a reference on both */
#define f_dentry	f_path.dentry
#define f_vfsmnt	f_path.mnt
	struct inode *f_inode;			/* [c] f_dentry->d_inode */
	struct address_space *f_mapping;	/* [c] its pages */
	unsigned int f_mode;			/* [c] FMODE_* */
	unsigned int f_flags;			/* O_*; F_SETFL changes some, racy as in POSIX */
	refcount_t f_count;			/* [a] descriptors and other users */
	loff_t f_pos;				/* [f_pos_lock if shared] */
	struct mutex f_pos_lock;
	pid_t f_owner;				/* F_SETOWN */
	struct flock_lock *f_flock;		/* [flock_lock] what flock() got, or NULL */
	struct file_ra_state f_ra;		/* racy: a wrong guess costs a little readahead */
	void *private_data;			/* the driver's */
};

struct super_block {
	dev_t s_dev;				/* [c] */
	unsigned long s_magic;			/* [c] */
	unsigned long s_blocksize;		/* [c] bytes */
	loff_t s_maxbytes;			/* [c] largest file */
	unsigned long s_flags;			/* [s_umount] MS_RDONLY... */
	struct file_system_type *s_type;	/* [c] */
	const struct super_operations *s_op;	/* [c] */
	struct dentry *s_root;			/* [c] */
	struct list_head s_mounts;		/* [vfsmount_lock] its mounts, by mnt_instance */
	bool s_readonly_remount;		/* nobody may begin to write: see do_remount_sb() */
	atomic_t s_active;			/* [a] mounts */
	atomic_t s_count;			/* [a] users of the structure itself */
	bool s_dead;				/* [sb_lock] taken apart; s_count keeps it in the list */
	bool s_keep_names;			/* [c] unused dentries stay: the names are on a disk */
	struct mutex s_vfs_rename_sem;
	struct list_head s_list;		/* [sb_lock] all super blocks */
	struct list_head s_inodes;		/* [I] */
	struct rw_semaphore s_umount;		/* held for reading: it stays mounted */
	struct block_device *s_bdev;		/* [c] or NULL */
	unsigned int s_blocksize_bits;		/* [c] */
	struct backing_dev_info *s_bdi;		/* [c] of its inodes' pages */
	struct list_head s_dirty;		/* [I] inode.i_wb_list, the oldest last */
	struct list_head s_io;			/* [I] ... that are being gone through */
	bool s_dirt;				/* racy: sync_fs() has something to write */
	unsigned int s_time_gran;		/* [c] ns: times are multiples of it */
	unsigned long s_last_ino;		/* [I] new_inode() counts here */
	void *s_fs_info;			/* the file system's */
};

/* Fills in what an iterate() finds: false means no more room. */
struct dir_context {
	int (*actor)(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		     unsigned int type);
	loff_t pos;				/* iterate() moves it past each entry that fits */
};

/*
 * All may sleep; none is called with spinlocks held.  @pos is where to read or write and is
 * advanced by what was transferred.  Sizes are > 0 and user ranges have passed access_ok().
 */
struct file_operations {
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	ssize_t (*read)(struct file *file, char __user *buf, size_t count, loff_t *pos);
	ssize_t (*write)(struct file *file, const char __user *buf, size_t count, loff_t *pos);
	/* Without them, read and write are called once per segment.  @iov is theirs to change. */
	ssize_t (*readv)(struct file *file, struct iovec *iov, unsigned long n, loff_t *pos);
	ssize_t (*writev)(struct file *file, struct iovec *iov, unsigned long n, loff_t *pos);
	int (*iterate)(struct file *file, struct dir_context *ctx);	/* dir's i_sem held */
	unsigned int (*poll)(struct file *file, struct poll_table_struct *wait);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);	/* -ENOTTY */
	/* => mmap_sem held for writing; sets vma->vm_ops (NULL: anonymous) */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file);		/* at each close */
	int (*release)(struct inode *inode, struct file *file);	/* at the last one */
	int (*fsync)(struct file *file, int datasync);
	/* Set room aside or give it back, FALLOC_FL_*. => may sleep; 0 or -errno; without it
	 * -EOPNOTSUPP */
	long (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len);
	/* Write bytes of a page of another file (sendfile). => bytes or -errno */
	ssize_t (*sendpage)(struct file *file, struct page *page, unsigned int offset, size_t size,
			    loff_t *pos);
};

struct iattr {
	unsigned int ia_valid;			/* ATTR_* */
	umode_t ia_mode;
	uid_t ia_uid;
	gid_t ia_gid;
	loff_t ia_size;
	struct timespec64 ia_atime, ia_mtime, ia_ctime;
};
#define ATTR_MODE	0x001u
#define ATTR_UID	0x002u
#define ATTR_GID	0x004u
#define ATTR_SIZE	0x008u
#define ATTR_ATIME	0x010u
#define ATTR_MTIME	0x020u
#define ATTR_CTIME	0x040u
#define ATTR_ATIME_SET	0x080u	/* to a given time: the owner only */
#define ATTR_MTIME_SET	0x100u
#define ATTR_FORCE	0x200u	/* no permission checks */

/* Of directories first.  => @dir's i_sem held, permission checked; 0 or -errno */
struct inode_operations {
	int (*create)(struct inode *dir, struct dentry *dentry, umode_t mode);
	/* => NULL: @dentry was d_add()ed (with an inode or NULL); or another dentry; or ERR_PTR */
	struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry);
	int (*link)(struct dentry *old, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	int (*mknod)(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new);
	/* A symbolic link's text into a kernel buffer.  => its length (cut to @size) or -errno */
	int (*readlink)(struct dentry *dentry, char *buf, int size);
	/* Instead of walking the text: go there.  nd_jump_link(nd, &path).  => 0 or -errno */
	int (*follow_link)(struct dentry *dentry, struct nameidata *nd);
	int (*permission)(struct inode *inode, int mask);	/* else generic_permission() */
	/* i_sem held; without it: inode_change_ok(), inode_setattr() */
	int (*setattr)(struct dentry *dentry, struct iattr *attr);
	int (*getattr)(struct vfsmount *mnt, struct dentry *dentry, struct kstat *stat);
	void (*truncate)(struct inode *inode);		/* i_size has been set, i_sem held */
};

struct super_operations {
	/* An inode with the file system's own part around it. Without them: a plain one. */
	struct inode *(*alloc_inode)(struct super_block *sb);
	void (*destroy_inode)(struct inode *inode);
	/* The inode into its block, and if @sync that to the disk. => may sleep */
	int (*write_inode)(struct inode *inode, int sync);
	/* Everything but inodes and pages: the super block. @wait: until it is on the disk */
	int (*sync_fs)(struct super_block *sb, int wait);
	/* New mount options. => s_umount held for writing; 0 or -errno with nothing changed */
	int (*remount_fs)(struct super_block *sb, unsigned long *flags, const char *data);
	/* The last user is gone and i_nlink is 0, or the file system goes: give back everything
	 * below the inode itself.  Without it: truncate_inode_pages(). */
	void (*evict_inode)(struct inode *inode);
	void (*put_super)(struct super_block *sb);
	int (*statfs)(struct dentry *dentry, struct kstatfs *buf);
	int (*show_options)(struct seq_file *m, struct super_block *sb);
};

struct file_system_type {
	const char *name;
	int fs_flags;				/* FS_* */
	/* => 0 with sb->s_root set, or -errno; @data is the mount option string or NULL.
	 * FS_REQUIRES_DEV: sb->s_bdev is open, and closed by the caller */
	int (*fill_super)(struct super_block *sb, const char *data);
	/* Forget everything before the inodes go (unpin dentries). */
	void (*kill_sb)(struct super_block *sb);
	struct file_system_type *next;		/* [file_systems_lock] */
};
#define FS_REQUIRES_DEV	1
#define FS_SINGLE	2	/* all mounts show the same super_block (proc) */

/* dentry.d_flags */
#define DCACHE_UNHASHED	1u	/* no lookup finds it: removed, or anonymous */
#define DCACHE_PINNED	2u	/* the file system holds one reference, see d_pin() */
#define DCACHE_REFERENCED 4u	/* was looked up while it was unused: a second round */

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

/* ---- inodes (icache.c, inode.c) ------------------------------------------------------------- */

/* Call @fn for each inode there is. => @fn has inode_lock */
void for_each_inode(void (*fn)(struct inode *inode, void *arg), void *arg);
/*
 * Call @fn for each inode of @sb that is @wanted, which is asked under inode_lock; @fn has a reference
 * and no lock, and may sleep.  => s_umount held for reading; what @fn returned, which ends it if not 0
 */
int visit_inodes(struct super_block *sb, bool (*wanted)(const struct inode *inode),
		 int (*fn)(struct inode *inode, void *arg), void *arg);

/* A fresh inode of @sb: count 1, times now, owner root, unique i_ino, no pages.  NULL: no memory */
struct inode *new_inode(struct super_block *sb);
/*
 * The inode of a disk with this number.  iget_locked(): perhaps a blank one, I_NEW, that the
 * caller fills in and then gives to unlock_new_inode(), or to iget_failed() if that is
 * impossible.  ilookup(): only if it is in memory.
 * => may sleep; a reference; NULL: no memory, or not there
 */
struct inode *iget_locked(struct super_block *sb, unsigned long ino);
struct inode *ilookup(struct super_block *sb, unsigned long ino);
void unlock_new_inode(struct inode *inode);
void iget_failed(struct inode *inode);	/* drops the reference too; evict_inode() is not called */
/*
 * A new_inode() has got its i_ino, and can be found by it (or not any more).
 * => may sleep; false: one with this number is there already
 */
bool insert_inode_hash(struct inode *inode);
void remove_inode_hash(struct inode *inode);
/* One more; the caller has one already. */
static inline struct inode *igrab(struct inode *inode)
{
	atomic_inc(&inode->i_count);
	return inode;
}
/* => may sleep: the last reference frees it and its pages, unless it is on a disk, with a name */
void iput(struct inode *inode);
/* Owner and mode of a new inode in @dir: current's fsuid, fsgid (or dir's, if set-gid). */
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
/* i_fop for a device, FIFO or socket node */
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);
/* The wall clock, at the grain of a tick: good for file times, and cheap. */
struct timespec64 current_fs_time(void);
void inode_update_times(struct inode *inode);	/* mtime and ctime: now */
struct timespec64 timespec64_trunc(struct timespec64 t, unsigned int gran);
/* ... as @inode's file system can store it */
struct timespec64 current_time(const struct inode *inode);
void touch_atime(struct file *file);
void touch_link_atime(const struct path *link);	/* a symbolic link was read */
/* Check @attr against permissions; then apply all but the size.  => 0 or -errno */
int inode_change_ok(struct inode *inode, struct iattr *attr);
void inode_setattr(struct inode *inode, const struct iattr *attr);
/* What notify_change() does for a file system without a setattr of its own. => i_sem held */
int simple_setattr(struct dentry *dentry, struct iattr *attr);
/* => takes i_sem of nothing: the caller holds dentry's inode's */
int notify_change(struct dentry *dentry, struct iattr *attr);
/* chmod, chown, truncate...: takes i_sem.  => 0 or -errno */
int do_truncate(struct dentry *dentry, loff_t length);
/* May the file get that long?  => i_sem held; 0 or -EFBIG (sends SIGXFSZ) */
int inode_newsize_ok(struct inode *inode, loff_t length);

/*
 * Executing a file forbids writing to it, and the other way round. => 0 or -ETXTBSY
 * exec denies while it loads the program; from then on the process's mappings say so.
 */
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);
int deny_write_access(struct file *file);
void allow_write_access(struct file *file);

/* ---- dentries (dcache.c) -------------------------------------------------------------------- */

extern spinlock_t dcache_lock;

/* => a dentry without inode, not hashed, one reference; holds one on @parent.  NULL: no memory */
struct dentry *d_alloc(struct dentry *parent, const struct qstr *name);
/* The root of a tree; takes over the reference to @inode, also when it fails.  NULL: no memory */
struct dentry *d_alloc_root(struct inode *inode);
/* An object without a place in a tree (pipe). */
struct dentry *d_alloc_anon(struct super_block *sb, const struct qstr *name);
/* Give @dentry its inode (takes over the reference; NULL: it does not exist). */
void d_instantiate(struct dentry *dentry, struct inode *inode);
/* The same, and let lookups find it. */
void d_add(struct dentry *dentry, struct inode *inode);
/*
 * What a lookup() of a disk ends with: d_add(), but a directory cannot be at two places.
 * => takes over the reference; @inode may be NULL or ERR_PTR; NULL or ERR_PTR, to be returned
 */
struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry);
/* Found with a reference, or NULL. */
struct dentry *d_lookup(struct dentry *parent, const struct qstr *name);
/* No lookup finds it from now on. */
void d_drop(struct dentry *dentry);
/* The name is gone: unhash, or let it say so; and let go of the pin if there is one. */
void d_delete(struct dentry *dentry);
/* The file system's own reference: the dentry stays until d_delete() or d_genocide(). */
void d_pin(struct dentry *dentry);
/* @dentry takes the place and name of @target (which is unhashed). => both parents' i_sem held */
void d_move(struct dentry *dentry, struct dentry *target);
/* Unhash and unpin all below @root: a file system in memory goes. */
void d_genocide(struct dentry *root);
void dput(struct dentry *dentry);	/* => may sleep; NULL is fine */

static inline struct dentry *dget(struct dentry *dentry)
{
	if (dentry)
		atomic_inc(&dentry->d_count);
	return dentry;
}
static inline int d_unhashed(const struct dentry *dentry)
{
	return (int)(dentry->d_flags & DCACHE_UNHASHED);
}
/* Is @child @parent, or below it?  => dcache_lock not held */
int is_subdir(struct dentry *child, struct dentry *parent);
/*
 * The path of @path as the current process sees it, at the end of @buf; " (deleted)" follows
 * a name that is gone.  => start of the text within @buf, or ERR_PTR(-ENAMETOOLONG)
 */
char *d_path(const struct path *path, char *buf, int size);

/* ---- open files (file_table.c, open.c) ------------------------------------------------------ */

extern long nr_files;		/* open files, for /proc and leak accounting */

/* A blank file, one reference.  ERR_PTR(-ENFILE or -ENOMEM) */
struct file *get_empty_filp(void);
/* Open a path from inside the kernel.  ERR_PTR */
struct file *filp_open(const char *name, int flags, umode_t mode);
/* Open what @path names; takes over its references, also on error.  ERR_PTR */
struct file *dentry_open(struct path *path, int flags);
/* A file that belongs to no directory; takes over @dentry. */
struct file *alloc_file(struct vfsmount *mnt, struct dentry *dentry, unsigned int f_mode,
			const struct file_operations *fop);
/* A descriptor in the table @owner lets go of @file. => may sleep; what flush() says */
int filp_close(struct file *file, const void *owner);
void fput(struct file *file);	/* => may sleep */
static inline struct file *get_file(struct file *file)
{
	refcount_inc(&file->f_count);
	return file;
}

/* Checks what @mode, @offset and @len say, then asks the file. => may sleep; 0 or -errno */
long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

/* For exec: open for execution (regular file, x permission).  ERR_PTR */
struct file *open_exec(const char *name);
/*
 * Content of a file that lives in the page cache, into or from kernel memory.
 * => bytes, short at the end of file, or -errno
 */
int kernel_read(struct file *file, loff_t offset, char *addr, unsigned long count);
int kernel_write(struct file *file, loff_t offset, const char *addr, unsigned long count);

/* ---- for file systems (generic_file.c, libfs.c) --------------------------------------------- */

/* The page at @pos of a file in memory, not found in the cache. => as shmem_find_page(); NULL: a hole */
struct page *page_in_swap(struct address_space *mapping, loff_t pos);
/*
 * The page of an open file at @pos, to be read from; @count bytes from there on are wanted.
 * => may sleep; uptodate, referenced; ERR_PTR
 */
struct page *page_to_read(struct file *file, loff_t pos, size_t count);
ssize_t generic_file_read(struct file *file, char __user *buf, size_t count, loff_t *pos);
/* fadvise.c: posix_fadvise() and readahead(), @len 0: to the end. => may sleep; 0 or -errno */
int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice);
int vfs_readahead(struct file *file, loff_t offset, size_t count);
ssize_t generic_file_write(struct file *file, const char __user *buf, size_t count, loff_t *pos);
/* The copying alone. => i_sem of the mapping's host held, limits checked; bytes or -errno */
ssize_t generic_perform_write(struct file *file, const char __user *buf, size_t count,
			      loff_t *pos);
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);
ssize_t generic_file_sendpage(struct file *file, struct page *page, unsigned int offset,
			      size_t size, loff_t *pos);
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
loff_t no_llseek(struct file *file, loff_t offset, int whence);	/* -ESPIPE */
loff_t noop_llseek(struct file *file, loff_t offset, int whence); /* stays where it is */
extern const struct vm_operations_struct generic_file_vm_ops;
/* write() refuses this?  => bytes that may be written at *pos, or -errno (sends SIGXFSZ) */
ssize_t generic_write_checks(struct file *file, loff_t *pos, size_t count);
int generic_permission(struct inode *inode, int mask);
void generic_fillattr(struct inode *inode, struct kstat *stat);

static inline bool dir_emit(struct dir_context *ctx, const char *name, int len, u64 ino,
			    unsigned int type)
{
	return ctx->actor(ctx, name, len, ctx->pos, ino, type) == 0;
}
/* "." and "..", if pos is still there.  => false: no more room */
bool dir_emit_dots(struct file *file, struct dir_context *ctx);
/* A directory whose entries are its pinned dentries. */
extern const struct file_operations simple_dir_operations;
/* Copy from a kernel buffer as a file's content: for small generated files. */
ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *pos, const void *from,
				size_t available);
/* An address space with nothing behind it: a missing page is zeros. */
extern const struct address_space_operations simple_aops;
struct dentry *simple_lookup(struct inode *dir, struct dentry *dentry);
int simple_readpage(struct file *file, struct page *page);
int simple_prepare_write(struct file *file, struct page *page, unsigned int from, unsigned int to);
int simple_commit_write(struct file *file, struct page *page, unsigned int from, unsigned int to);
int simple_statfs(struct dentry *dentry, struct kstatfs *buf);
int simple_fsync(struct file *file, int datasync);	/* nothing is behind the page cache */

/* ---- file system types and super blocks (super.c) ------------------------------------------- */

/* => 0 or -EBUSY (the name is taken) */
int register_filesystem(struct file_system_type *type);
struct file_system_type *get_fs_type(const char *name);
/*
 * For fill_super() on a disk: read it by blocks of @size bytes from now on (or of what the
 * hardware can do, if that is more).  => may sleep; no block of it is held; the size, or 0
 */
int sb_set_blocksize(struct super_block *sb, int size);
int sb_min_blocksize(struct super_block *sb, int size);

/* What statfs tells, in pages or whatever f_bsize says. */
struct kstatfs {
	unsigned long f_type;
	unsigned long f_bsize;
	u64 f_blocks, f_bfree, f_bavail;
	u64 f_files, f_ffree;
	unsigned long f_namelen;
	unsigned long f_flags;
};

struct kstat {
	u64 ino;
	dev_t dev, rdev;
	umode_t mode;
	unsigned int nlink;
	uid_t uid;
	gid_t gid;
	loff_t size;
	struct timespec64 atime, mtime, ctime;
	unsigned long blksize;
	u64 blocks;			/* of 512 bytes */
};
/* => 0 or -errno */
int vfs_getattr(const struct path *path, struct kstat *stat);

/* Boot: caches, then rootfs with an empty "/" that becomes current's root and directory. */
void vfs_init(void);
/* Boot: /dev/console as descriptors 0, 1 and 2 of the first process.  => 0 or -errno */
int kernel_open_console(void);

#endif
