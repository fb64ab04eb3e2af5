/*
 * kernel/fs/dcache.c - dentries: the tree of names.
 *
 * Theory.  A dentry joins a name in a directory to an inode.  All of them hang in one tree
 * (d_parent, d_subdirs) and in one hash table by (parent, name), which is what a path walk
 * looks in first.  A dentry is there as long as it is referred to: by users (paths, open
 * files, working directories), by its children, and by its file system's pin if it has one.
 * The last dput() takes it out of hash and tree and frees it, and then lets go of its parent,
 * which may be freed in turn: a loop, not a recursion, since trees can be deep.
 *
 * Because a count that falls to 0 is fatal at once, and falls only under dcache_lock, a
 * lookup under that lock may take a reference to whatever it finds.
 *
 * Locking: dcache_lock for tree, hash, names, d_inode's list of aliases.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/slab.h>

DEFINE_SPINLOCK(dcache_lock);

#define D_HASH_BITS	10
static struct hlist_head dentry_hashtable[1 << D_HASH_BITS];	/* [d] */
static struct kmem_cache *dentry_cache;

static struct hlist_head *d_bucket(const struct dentry *parent, unsigned int hash)
{
	return &dentry_hashtable[hash_32(hash ^ (u32)(unsigned long)parent / 32, D_HASH_BITS)];
}

static bool name_is_inline(const struct dentry *dentry)
{
	return dentry->d_name.name == dentry->d_iname;
}

static struct dentry *__d_alloc(struct super_block *sb, const struct qstr *name)
{
	struct dentry *dentry = kmem_cache_alloc(dentry_cache, GFP_KERNEL);
	char *text;

	if (!dentry)
		return NULL;
	text = dentry->d_iname;
	if (name->len >= sizeof(dentry->d_iname)) {
		text = kmalloc(name->len + 1, GFP_KERNEL);
		if (!text) {
			kmem_cache_free(dentry_cache, dentry);
			return NULL;
		}
	}
	memcpy(text, name->name, name->len);
	text[name->len] = '\0';
	dentry->d_name = (struct qstr){ .name = text, .len = name->len, .hash = name->hash };
	atomic_set(&dentry->d_count, 1);
	dentry->d_flags = DCACHE_UNHASHED;
	dentry->d_inode = NULL;
	dentry->d_parent = dentry;
	INIT_HLIST_NODE(&dentry->d_hash);
	INIT_LIST_HEAD(&dentry->d_child);
	INIT_LIST_HEAD(&dentry->d_subdirs);
	INIT_LIST_HEAD(&dentry->d_alias);
	dentry->d_op = NULL;
	dentry->d_sb = sb;
	dentry->d_mounted = 0;
	dentry->d_fsdata = NULL;
	return dentry;
}

static void d_free(struct dentry *dentry)
{
	if (dentry->d_op && dentry->d_op->d_release)
		dentry->d_op->d_release(dentry);
	if (!name_is_inline(dentry))
		kfree(dentry->d_name.name);
	kmem_cache_free(dentry_cache, dentry);
}

struct dentry *d_alloc(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry = __d_alloc(parent->d_sb, name);

	if (!dentry)
		return NULL;
	spin_lock(&dcache_lock);
	dentry->d_parent = dget(parent);
	/* At the end: a directory read while entries are added shows each old one once. */
	list_add_tail(&dentry->d_child, &parent->d_subdirs);
	spin_unlock(&dcache_lock);
	return dentry;
}

struct dentry *d_alloc_anon(struct super_block *sb, const struct qstr *name)
{
	return __d_alloc(sb, name);
}

struct dentry *d_alloc_root(struct inode *inode)
{
	static const struct qstr slash = { .name = "/", .len = 1 };
	struct dentry *dentry = __d_alloc(inode->i_sb, &slash);

	if (dentry)
		d_instantiate(dentry, inode);
	else
		iput(inode);
	return dentry;
}

static void __d_instantiate(struct dentry *dentry, struct inode *inode)
{
	BUG_ON(dentry->d_inode);
	dentry->d_inode = inode;
	if (inode)
		list_add(&dentry->d_alias, &inode->i_dentry);
}

void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	__d_instantiate(dentry, inode);
	spin_unlock(&dcache_lock);
}

void d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	__d_instantiate(dentry, inode);
	if (dentry->d_flags & DCACHE_UNHASHED) {
		dentry->d_flags &= ~DCACHE_UNHASHED;
		hlist_add_head(&dentry->d_hash, d_bucket(dentry->d_parent, dentry->d_name.hash));
	}
	spin_unlock(&dcache_lock);
}

struct dentry *d_lookup(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	hlist_for_each_entry(dentry, d_bucket(parent, name->hash), d_hash) {
		if (dentry->d_name.hash != name->hash || dentry->d_parent != parent)
			continue;
		if (dentry->d_name.len != name->len ||
		    memcmp(dentry->d_name.name, name->name, name->len))
			continue;
		atomic_inc(&dentry->d_count);
		spin_unlock(&dcache_lock);
		return dentry;
	}
	spin_unlock(&dcache_lock);
	return NULL;
}

/* => dcache_lock held */
static void __d_drop(struct dentry *dentry)
{
	if (!(dentry->d_flags & DCACHE_UNHASHED)) {
		dentry->d_flags |= DCACHE_UNHASHED;
		hlist_del_init(&dentry->d_hash);
	}
}

void d_drop(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	__d_drop(dentry);
	spin_unlock(&dcache_lock);
}

void d_pin(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	BUG_ON(dentry->d_flags & DCACHE_PINNED);
	dentry->d_flags |= DCACHE_PINNED;
	atomic_inc(&dentry->d_count);
	spin_unlock(&dcache_lock);
}

void d_delete(struct dentry *dentry)
{
	bool pinned;

	spin_lock(&dcache_lock);
	__d_drop(dentry);
	pinned = dentry->d_flags & DCACHE_PINNED;
	dentry->d_flags &= ~DCACHE_PINNED;
	spin_unlock(&dcache_lock);
	if (pinned)
		dput(dentry);
}

void dput(struct dentry *dentry)
{
	struct dentry *parent;
	struct inode *inode;

	while (dentry) {
		if (atomic_add_unless(&dentry->d_count, -1, 1))
			return;
		spin_lock(&dcache_lock);
		if (!atomic_dec_and_test(&dentry->d_count)) {
			spin_unlock(&dcache_lock);
			return;
		}
		__d_drop(dentry);
		list_del_init(&dentry->d_child);
		list_del_init(&dentry->d_alias);
		inode = dentry->d_inode;
		dentry->d_inode = NULL;
		parent = dentry->d_parent == dentry ? NULL : dentry->d_parent;
		BUG_ON(!list_empty(&dentry->d_subdirs));
		spin_unlock(&dcache_lock);
		if (inode)
			iput(inode);
		d_free(dentry);
		dentry = parent;
	}
}

/* Exchange two names, wherever they are stored. => dcache_lock held */
static void switch_names(struct dentry *a, struct dentry *b)
{
	bool a_inline = name_is_inline(a), b_inline = name_is_inline(b);
	char text[sizeof(a->d_iname)];

	memcpy(text, a->d_iname, sizeof(text));
	memcpy(a->d_iname, b->d_iname, sizeof(text));
	memcpy(b->d_iname, text, sizeof(text));
	swap(a->d_name, b->d_name);
	if (b_inline)
		a->d_name.name = a->d_iname;
	if (a_inline)
		b->d_name.name = b->d_iname;
}

void d_move(struct dentry *dentry, struct dentry *target)
{
	spin_lock(&dcache_lock);
	__d_drop(dentry);
	__d_drop(target);
	switch_names(dentry, target);
	/* Each takes the other's place, and with it the other's reference to the parent. */
	swap(dentry->d_parent, target->d_parent);
	list_del_init(&dentry->d_child);
	list_del_init(&target->d_child);
	list_add_tail(&dentry->d_child, &dentry->d_parent->d_subdirs);
	list_add_tail(&target->d_child, &target->d_parent->d_subdirs);
	dentry->d_flags &= ~DCACHE_UNHASHED;
	hlist_add_head(&dentry->d_hash, d_bucket(dentry->d_parent, dentry->d_name.hash));
	spin_unlock(&dcache_lock);
}

void d_genocide(struct dentry *root)
{
	struct dentry *this;

	for (;;) {
		spin_lock(&dcache_lock);
		this = root;
		while (!list_empty(&this->d_subdirs))
			this = list_first_entry(&this->d_subdirs, struct dentry, d_child);
		if (this == root || !(this->d_flags & DCACHE_PINNED)) {
			spin_unlock(&dcache_lock);
			WARN_ON(this != root);	/* somebody uses a file system that goes */
			return;
		}
		__d_drop(this);
		this->d_flags &= ~DCACHE_PINNED;
		spin_unlock(&dcache_lock);
		dput(this);
	}
}

int is_subdir(struct dentry *child, struct dentry *parent)
{
	int result = 0;

	spin_lock(&dcache_lock);
	for (;;) {
		if (child == parent) {
			result = 1;
			break;
		}
		if (child->d_parent == child)
			break;
		child = child->d_parent;
	}
	spin_unlock(&dcache_lock);
	return result;
}

/* Put @len bytes in front of *p. => false: no room */
static bool prepend(char **p, const char *start, const char *text, unsigned int len)
{
	if ((size_t)(*p - start) < len)
		return false;
	*p -= len;
	memcpy(*p, text, len);
	return true;
}

/* The names from @root down to @path, in front of *p. => dcache_lock, vfsmount_lock held */
static bool prepend_path(const struct path *path, const struct path *root, char **p,
			 const char *start, bool *reached)
{
	struct dentry *dentry = path->dentry;
	struct vfsmount *mnt = path->mnt;
	bool named = false;

	*reached = true;
	while (dentry != root->dentry || mnt != root->mnt) {
		if (dentry == mnt->mnt_root || dentry->d_parent == dentry) {
			if (mnt->mnt_parent == mnt) {
				*reached = false;
				break;
			}
			dentry = mnt->mnt_mountpoint;
			mnt = mnt->mnt_parent;
			continue;
		}
		if (!prepend(p, start, dentry->d_name.name, dentry->d_name.len) ||
		    !prepend(p, start, "/", 1))
			return false;
		named = true;
		dentry = dentry->d_parent;
	}
	return named || prepend(p, start, "/", 1);
}

char *__d_path(const struct path *path, const struct path *root, char *buf, int size, bool *reached)
{
	char *p = buf + size;
	bool ok;

	if (path->dentry->d_op && path->dentry->d_op->d_dname) {
		int len = path->dentry->d_op->d_dname(path->dentry, buf, size);

		*reached = true;
		return len < size ? buf : ERR_PTR(-ENAMETOOLONG);
	}
	if (!prepend(&p, buf, "", 1))
		return ERR_PTR(-ENAMETOOLONG);
	spin_lock(&dcache_lock);
	spin_lock(&vfsmount_lock);
	ok = true;
	if (d_unhashed(path->dentry) && path->dentry->d_parent != path->dentry)
		ok = prepend(&p, buf, " (deleted)", 10);
	ok = ok && prepend_path(path, root, &p, buf, reached);
	spin_unlock(&vfsmount_lock);
	spin_unlock(&dcache_lock);
	return ok ? p : ERR_PTR(-ENAMETOOLONG);
}

char *d_path(const struct path *path, char *buf, int size)
{
	struct path root;
	bool reached;
	char *p;

	get_fs_root(current->fs ? current->fs : &init_fs, &root);
	p = __d_path(path, &root, buf, size, &reached);
	path_put(&root);
	return p;
}

void __init dcache_init(void)
{
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0, SLAB_PANIC, NULL);
}
