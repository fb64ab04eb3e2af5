/*
 * kernel/fs/namei.c - walking a path.
 *
 * Theory.  link_path_walk() takes one component after another off the name.  nd->path is
 * where the walk stands; each step needs permission to search that directory and moves on to
 * a child: "." stays, ".." goes to the parent (never above the process's root, and out of a
 * mount through the place it covers), any other name is looked up, first among the dentries,
 * then by the file system.  Arriving at a covered dentry the walk goes on in the mount that
 * covers it; arriving at a symbolic link it walks the link's text from here and then goes on.
 *
 * A link's text is read into a page, so that the file system may change it meanwhile, and the
 * recursion is at most MAX_NESTED_LINKS deep, each level a small frame: the kernel stack is
 * 8 KiB.  The last component is returned instead of followed for LOOKUP_PARENT.
 *
 * Locking: a directory's i_sem is taken only to ask the file system or to change entries.
 *
 * References: POSIX.1-2017, 4.13 "Pathname Resolution".
 */
#include <kernel/fs/namei.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mm/phys/page_alloc.h>

/* ---- names from user space ------------------------------------------------------------------ */

char *getname_empty(const char __user *filename)
{
	char *name = (char *)__get_free_page(GFP_KERNEL);
	long len;

	static_assert(PATH_MAX == PAGE_SIZE);
	if (!name)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(name, filename, PATH_MAX);
	if (likely(len >= 0 && len < PATH_MAX))
		return name;
	putname(name);
	return ERR_PTR(len < 0 ? len : -ENAMETOOLONG);
}

char *getname(const char __user *filename)
{
	char *name = getname_empty(filename);

	if (IS_ERR(name) || *name)
		return name;
	putname(name);
	return ERR_PTR(-ENOENT);
}

void putname(char *name)
{
	free_page((unsigned long)name);
}

/* ---- places --------------------------------------------------------------------------------- */

void path_get(const struct path *path)
{
	mntget(path->mnt);
	dget(path->dentry);
}

void path_put(const struct path *path)
{
	dput(path->dentry);
	mntput(path->mnt);
}

void path_release(struct nameidata *nd)
{
	path_put(&nd->path);
	path_put(&nd->root);
}

void nd_jump_link(struct nameidata *nd, struct path *path)
{
	path_put(&nd->path);
	nd->path = *path;
}

/* ---- one step ------------------------------------------------------------------------------- */

static int follow_dotdot(struct nameidata *nd)
{
	for (;;) {
		struct dentry *parent, *old = nd->path.dentry;

		if (old == nd->root.dentry && nd->path.mnt == nd->root.mnt)
			break;
		if (old != nd->path.mnt->mnt_root) {
			spin_lock(&dcache_lock);
			parent = dget(old->d_parent);
			spin_unlock(&dcache_lock);
			dput(old);
			nd->path.dentry = parent;
			break;
		}
		if (!follow_up(&nd->path))
			break;
	}
	follow_mount(&nd->path);
	return 0;
}

/* Ask the file system. => @dir's i_sem held; a dentry (perhaps negative) or ERR_PTR */
static struct dentry *real_lookup(struct dentry *dir, const struct qstr *name)
{
	struct dentry *dentry, *other;

	if (dir->d_inode->i_nlink == 0)
		return ERR_PTR(-ENOENT);	/* removed: nothing is in it, nor will be */
	dentry = d_alloc(dir, name);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	other = dir->d_inode->i_op->lookup(dir->d_inode, dentry);
	if (!other)
		return dentry;
	dput(dentry);
	return other;
}

/* A hashed dentry that is still true, or NULL. */
static struct dentry *cached_lookup(struct dentry *dir, const struct qstr *name)
{
	struct dentry *dentry = d_lookup(dir, name);

	if (!dentry || !dentry->d_op || !dentry->d_op->d_revalidate ||
	    dentry->d_op->d_revalidate(dentry))
		return dentry;
	d_drop(dentry);
	dput(dentry);
	return NULL;
}

/* => dir's i_sem held; a dentry (perhaps negative) or ERR_PTR */
struct dentry *lookup_locked(struct dentry *dir, const struct qstr *name)
{
	struct dentry *dentry = cached_lookup(dir, name);

	return dentry ? dentry : real_lookup(dir, name);
}

/* nd->path / name, mounts crossed. => *next with references, or -errno; -ENOENT: not there */
static int do_lookup(struct nameidata *nd, const struct qstr *name, struct path *next)
{
	struct dentry *dir = nd->path.dentry;
	struct dentry *dentry = cached_lookup(dir, name);

	if (!dentry) {
		mutex_lock(&dir->d_inode->i_sem);
		dentry = lookup_locked(dir, name);
		mutex_unlock(&dir->d_inode->i_sem);
		if (IS_ERR(dentry))
			return PTR_ERR(dentry);
	}
	if (!dentry->d_inode) {
		dput(dentry);
		return -ENOENT;
	}
	next->dentry = dentry;
	next->mnt = mntget(nd->path.mnt);
	follow_mount(next);
	return 0;
}

static int link_path_walk(const char *name, struct nameidata *nd);

/* Walk the text of a link, from nd->path. */
int walk_link_text(const char *text, struct nameidata *nd)
{
	if (!*text)
		return -ENOENT;
	if (*text == '/') {
		path_put(&nd->path);
		nd->path = nd->root;
		path_get(&nd->path);
	}
	return link_path_walk(text, nd);
}

int vfs_readlink(struct dentry *dentry, char *buf, int size)
{
	struct inode *inode = dentry->d_inode;

	return inode->i_op->readlink ? inode->i_op->readlink(dentry, buf, size) : -EINVAL;
}

int may_follow_another(struct nameidata *nd)
{
	if (nd->depth >= MAX_NESTED_LINKS || nd->total_link_count >= MAX_TOTAL_LINKS)
		return -ELOOP;
	nd->total_link_count++;
	return 0;
}

/* Read a link's text. => a page for putname(), or ERR_PTR */
char *read_link(const struct path *link)
{
	char *text = (char *)__get_free_page(GFP_KERNEL);
	int len;

	if (!text)
		return ERR_PTR(-ENOMEM);
	len = vfs_readlink(link->dentry, text, PATH_MAX - 1);
	if (len < 0) {
		putname(text);
		return ERR_PTR(len);
	}
	text[len] = '\0';
	touch_link_atime(link);
	return text;
}

/* Follow the link @link, which was found in nd->path.  Takes over link's references. */
static noinline int do_follow_link(struct path *link, struct nameidata *nd)
{
	struct inode *inode = link->dentry->d_inode;
	int err = may_follow_another(nd);
	char *text;

	if (err)
		goto out;
	nd->depth++;
	if (inode->i_op->follow_link) {
		err = inode->i_op->follow_link(link->dentry, nd);
	} else {
		text = read_link(link);
		err = PTR_ERR_OR_ZERO(text);
		if (!err) {
			err = walk_link_text(text, nd);
			putname(text);
		}
	}
	nd->depth--;
out:
	path_put(link);
	cond_resched();
	return err;
}

static void move_to(struct nameidata *nd, struct path *next)
{
	path_put(&nd->path);
	nd->path = *next;
}

/* The end of the next component, its hash and length in *this. => NULL: too long */
static const char *next_component(const char *name, struct qstr *this)
{
	unsigned long hash = init_name_hash();
	const char *start = name;

	do {
		hash = partial_name_hash((unsigned char)*name, hash);
		name++;
	} while (*name && *name != '/');
	this->name = start;
	this->len = (unsigned int)(name - start);
	this->hash = end_name_hash(hash);
	return this->len <= NAME_MAX ? name : NULL;
}

static enum last_type kind_of(const struct qstr *this)
{
	if (this->name[0] != '.' || this->len > 2)
		return LAST_NORM;
	if (this->len == 1)
		return LAST_DOT;
	return this->name[1] == '.' ? LAST_DOTDOT : LAST_NORM;
}

/* Into one component; @follow: through a link. */
static int walk_component(struct nameidata *nd, const struct qstr *this, enum last_type type,
			  bool follow)
{
	struct path next;
	int err;

	if (type == LAST_DOT)
		return 0;
	if (type == LAST_DOTDOT)
		return follow_dotdot(nd);
	err = do_lookup(nd, this, &next);
	if (err)
		return err;
	if (follow && unlikely(S_ISLNK(next.dentry->d_inode->i_mode)))
		return do_follow_link(&next, nd);
	move_to(nd, &next);
	return 0;
}

static bool at_directory(const struct nameidata *nd)
{
	return S_ISDIR(nd->path.dentry->d_inode->i_mode);
}

/* => 0 with nd->path moved, or -errno; references in @nd are right in both cases */
static int link_path_walk(const char *name, struct nameidata *nd)
{
	/* Within a link's text everything is followed to its end. */
	unsigned int flags = nd->depth ? LOOKUP_FOLLOW : nd->flags;
	enum last_type type;
	struct qstr this;
	int err;

	while (*name == '/')
		name++;
	if (!*name) {
		if (!nd->depth) {
			nd->last_type = LAST_ROOT;
			nd->last = (struct qstr){ .name = "", .len = 0 };
			nd->last_slash = true;
		}
		return 0;
	}
	for (;;) {
		const char *end;

		if (!at_directory(nd))
			return -ENOTDIR;
		err = permission(nd->path.dentry->d_inode, MAY_EXEC);
		if (err)
			return err;
		end = next_component(name, &this);
		if (!end)
			return -ENAMETOOLONG;
		type = kind_of(&this);
		for (name = end; *name == '/'; name++)
			;
		if (!*name)
			break;
		err = walk_component(nd, &this, type, true);
		if (err)
			return err;
	}
	if (flags & LOOKUP_PARENT) {
		nd->last = this;
		nd->last_type = type;
		nd->last_slash = name[-1] == '/';
		return 0;
	}
	if (name[-1] == '/')
		flags |= LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
	err = walk_component(nd, &this, type, flags & LOOKUP_FOLLOW);
	if (err)
		return err;
	return (flags & LOOKUP_DIRECTORY) && !at_directory(nd) ? -ENOTDIR : 0;
}

/* Where a walk that begins at @dfd begins. */
static int path_init(int dfd, const char *name, struct nameidata *nd)
{
	struct file *file;

	get_fs_root(current->fs, &nd->root);
	if (*name == '/') {
		nd->path = nd->root;
		path_get(&nd->path);
		return 0;
	}
	if (dfd == AT_FDCWD) {
		get_fs_pwd(current->fs, &nd->path);
		return 0;
	}
	file = fget((unsigned int)dfd);
	if (file) {
		nd->path = file->f_path;
		path_get(&nd->path);
		fput(file);
		if (!*name || at_directory(nd))
			return 0;
		path_put(&nd->path);
	}
	path_put(&nd->root);
	return file ? -ENOTDIR : -EBADF;
}

int path_lookupat(int dfd, const char *name, unsigned int flags, struct nameidata *nd)
{
	int err;

	nd->flags = flags;
	nd->depth = 0;
	nd->total_link_count = 0;
	err = path_init(dfd, name, nd);
	if (err)
		return err;
	err = link_path_walk(name, nd);
	if (err)
		path_release(nd);
	return err;
}

int kern_path(const char *name, unsigned int flags, struct path *path)
{
	struct nameidata nd;
	int err = path_lookup(name, flags, &nd);

	if (err)
		return err;
	path_put(&nd.root);
	*path = nd.path;
	return 0;
}

int user_path_at(int dfd, const char __user *filename, unsigned int flags, struct path *path)
{
	char *name = getname(filename);
	struct nameidata nd;
	int err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	err = path_lookupat(dfd, name, flags, &nd);
	putname(name);
	if (err)
		return err;
	path_put(&nd.root);
	*path = nd.path;
	return 0;
}
