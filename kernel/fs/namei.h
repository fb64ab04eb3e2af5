/*
 * kernel/fs/namei.h - from a path to a place.
 *
 * Theory.  A path is walked component by component: permission to search the directory, look
 * the name up among the dentries or ask the file system, cross mount points, follow symbolic
 * links.  Links nest at most MAX_NESTED_LINKS deep and one walk follows at most
 * MAX_TOTAL_LINKS of them, so that every walk ends.  The last component is special: it may be
 * wanted itself (LOOKUP_FOLLOW decides about a link) or its parent may (LOOKUP_PARENT), to
 * create, remove or rename an entry.
 *
 * Locking: takes i_sem of the directories that it looks up in; the result carries references.
 */
#ifndef OCTAVO_KERNEL_FS_NAMEI_H
#define OCTAVO_KERNEL_FS_NAMEI_H

#include <kernel/fs/fs.h>

#define LOOKUP_FOLLOW		1u	/* a link as last component is followed */
#define LOOKUP_DIRECTORY	2u	/* the last one must be a directory */
#define LOOKUP_PARENT		4u	/* stop before the last one */

#define MAX_NESTED_LINKS	8
#define MAX_TOTAL_LINKS		40
#define AT_FDCWD		-100

enum last_type { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT };

struct nameidata {
	struct path path;		/* reached so far, references held */
	unsigned int flags;		/* LOOKUP_* */
	struct path root;		/* what "/" and the topmost ".." mean; references held */
	struct qstr last;		/* LOOKUP_PARENT: the last component, within the name */
	enum last_type last_type;
	bool last_slash;		/* ... and slashes followed it */
	int depth;			/* links being followed now */
	int total_link_count;		/* links followed in this walk */
};

/*
 * Copy a path in from user space.
 * => one page to be released by putname(); ERR_PTR(-ENOENT: empty, -ENAMETOOLONG, -EFAULT, -ENOMEM)
 */
char *getname(const char __user *filename);
char *getname_empty(const char __user *filename);	/* "" is fine */
void putname(char *name);

/* Walk a kernel string.  => 0 with nd to be released by path_release(), or -errno */
int path_lookupat(int dfd, const char *name, unsigned int flags, struct nameidata *nd);
#define path_lookup(name, flags, nd)	path_lookupat(AT_FDCWD, (name), (flags), (nd))
void path_release(struct nameidata *nd);
/* The usual case: => 0 with references in *path (path_put), or -errno */
int kern_path(const char *name, unsigned int flags, struct path *path);
int user_path_at(int dfd, const char __user *name, unsigned int flags, struct path *path);

void path_get(const struct path *path);
void path_put(const struct path *path);

/* For follow_link(): continue the walk from @path (takes over its references). */
void nd_jump_link(struct nameidata *nd, struct path *path);

/* => 0 or -EACCES (-EROFS); current's fsuid and fsgid count */
int permission(struct inode *inode, int mask);

/* The open(2) walk: may create.  => an open file or ERR_PTR */
struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode);
/* The whole of open(2) but the table: @filename in user space.  => descriptor or -errno */
long do_sys_open(int dfd, const char __user *filename, int flags, umode_t mode);

/* Operations on kernel strings, with all checks, for the calls and for boot code. */
long do_mknodat(int dfd, const char *name, umode_t mode, dev_t dev);
long do_mkdirat(int dfd, const char *name, umode_t mode);
long do_unlinkat(int dfd, const char *name);
long do_rmdirat(int dfd, const char *name);
long do_symlinkat(const char *target, int dfd, const char *name);
long do_linkat(int olddfd, const char *oldname, int newdfd, const char *newname,
	       unsigned int flags);
long do_renameat(int olddfd, const char *oldname, int newdfd, const char *newname,
		 unsigned int flags);

/* A symbolic link's text into @buf.  => length or -errno */
int vfs_readlink(struct dentry *dentry, char *buf, int size);

#endif
