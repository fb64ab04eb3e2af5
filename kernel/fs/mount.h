/*
 * kernel/fs/mount.h - where file systems hang.
 *
 * A vfsmount covers the dentry mnt_mountpoint of the mount mnt_parent with its own root.  A
 * walk that arrives at a covered dentry goes on at the root of what covers it; ".." at such a
 * root first goes back to the mount point.
 *
 * Who changes something in a file system tells its mount before (mnt_want_write) and after: so a
 * change to read-only is refused while that goes on, or a file is open for writing.
 *
 * Locking: namespace_sem [n] for changes and listing; vfsmount_lock [v] for the walk's short
 * look.  mnt_count counts users: struct paths, open files, child mounts.
 */
#ifndef OCTAVO_KERNEL_FS_MOUNT_H
#define OCTAVO_KERNEL_FS_MOUNT_H

#include <kernel/fs/fs.h>

#define MS_RDONLY	1ul
#define MS_NOSUID	2ul
#define MS_NODEV	4ul
#define MS_NOEXEC	8ul
#define MS_SYNCHRONOUS	16ul
#define MS_REMOUNT	32ul
#define MS_MANDLOCK	64ul
#define MS_DIRSYNC	128ul
#define MS_NOATIME	1024ul
#define MS_NODIRATIME	2048ul
#define MS_BIND		4096ul
#define MS_MOVE		8192ul
#define MS_SILENT	32768ul
#define MS_REC		16384ul
#define MS_UNBINDABLE	(1ul << 17)
#define MS_PRIVATE	(1ul << 18)
#define MS_SLAVE	(1ul << 19)
#define MS_SHARED	(1ul << 20)
#define MS_RELATIME	(1ul << 21)
#define MS_STRICTATIME	(1ul << 24)
#define MS_ACTIVE	(1ul << 30)	/* of a super_block: it has come up, and is not going */
#define MS_NOUSER	(1ul << 31)	/* of a super_block: nothing is mounted on or from it */
/* Which of mount(2)'s flags belong to the super_block. */
#define SB_FLAGS	(MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_SILENT)
#define MS_MGC_VAL	0xc0ed0000ul	/* the old magic in the upper half: ignored */
#define MS_MGC_MSK	0xffff0000ul

#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW	8

struct vfsmount {
	struct vfsmount *mnt_parent;		/* [v] itself: the root, or not attached */
	struct dentry *mnt_mountpoint;		/* [v] */
	struct dentry *mnt_root;		/* [c] */
	struct super_block *mnt_sb;		/* [c] */
	refcount_t mnt_count;			/* [a] */
	int mnt_id;				/* [c] a number of its own, for mountinfo */
	unsigned long mnt_flags;		/* [n] MS_RDONLY MS_NOSUID... */
	struct list_head mnt_list;		/* [n,v] all attached mounts, in order */
	struct list_head mnt_instance;		/* [v] in mnt_sb->s_mounts */
	atomic_t mnt_writers;			/* [a] files open for writing, changes under way */
	struct vfsmount *mnt_copy;		/* [n] while a tree is copied: this one's copy */
	struct path mnt_left;			/* [n] what it covered when it was taken off */
	bool mnt_detached;			/* [n] by umount -l: any user may be the last */
	const char *mnt_devname;		/* [c] what mount(2) was given */
};

/* Mount a new instance of a type, attached to nothing.  ERR_PTR */
struct vfsmount *kern_mount(struct file_system_type *type, const char *data);
/* Mount a type on an existing directory, from inside the kernel.  => 0 or -errno */
int kern_mount_at(const char *fstype, const char *devname, const char *dir, unsigned long flags,
		  const char *data);
long do_mount(const char *devname, const char *dir, const char *type, unsigned long flags,
	      const char *data);
long do_umount(const char *dir, int flags);
/* @new_root becomes "/" of all who had the old one, which moves to @put_old. => 0 or -errno */
long do_pivot_root(const char *new_root, const char *put_old);
/* Boot: what is on @dir becomes the root of everything. => 0 or -errno */
int mount_move_to_root(const char *dir);
void mntput(struct vfsmount *mnt);	/* => may sleep */
static inline struct vfsmount *mntget(struct vfsmount *mnt)
{
	if (mnt)
		refcount_inc(&mnt->mnt_count);
	return mnt;
}
/* /proc/mounts: what the reader's root shows.  => may sleep; 0 or -ENOMEM */
struct seq_file;
int mounts_show(struct seq_file *m, void *v);
/* /proc/PID/mountinfo: the same with numbers and parents. */
int mountinfo_show(struct seq_file *m, void *v);
/* What is mounted on @path.  => the mount with a reference, or NULL */
struct vfsmount *lookup_mnt(const struct path *path);
/* If @path is the root of a mount: the place it covers, with references moved.  => 1 moved */
int follow_up(struct path *path);
/* To the top of whatever is mounted on @path. */
void follow_mount(struct path *path);

#endif
