/*
 * kernel/fs/dcache.c - dentries: the tree of names.
 *
 * Theory.  A dentry joins a name in a directory to an inode.  All of them hang in one tree
 * (d_parent, d_subdirs) and in one hash table by (parent, name), which is what a path walk
 * looks in first.  A dentry is referred to by users (paths, open files, working directories),
 * by its children, and by its file system's pin if it has one.  When the last of them goes:
 *
 *	- a file system in memory (ramfs, procfs): the dentry goes out of hash and tree at once,
 *	  and then lets go of its parent, which may go in turn: a loop, not a recursion, since
 *	  trees can be deep.  To keep it would be to cache memory in memory.
 *	- a file system on a disk (s_keep_names), the name can still be found: the dentry stays,
 *	  unused, at the head of dentry_unused, and keeps its inode.  Reclaim takes from the tail;
 *	  one that was looked up again since it came there (DCACHE_REFERENCED) gets a second
 *	  round.  Only leaves are ever unused, as children refer to their parents.
 *
 * A dentry without an inode is a name that does not exist (negative).  On a disk that is worth
 * remembering too: the shell asks for a command in every directory of its PATH.  Removing a
 * file that nobody else uses turns its dentry into such a one.
 *
 * A count leaves 0, and falls to it, only under dcache_lock; so a lookup under that lock may take
 * a reference to whatever it finds, and who finds a dentry unused under it may kill it.
 *
 * Reclaim holds s_umount (by trylock) of the file system whose dentry it kills, so that umount
 * does not find an inode still in use; and it does nothing for who may not enter file systems.
 *
 * Locking: dcache_lock for tree, hash, names, lists, d_inode's list of aliases.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/internal.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/slab.h>

DEFINE_SPINLOCK(dcache_lock);

static struct hlist_head *dentry_hashtable;	/* [d] the table itself [c] */
static unsigned int d_hash_bits;		/* [c] */
static LIST_HEAD(dentry_unused);		/* [d] dentry.d_lru, the latest first */
static struct {
	unsigned long nr_dentry, nr_unused;
} dentry_stat;					/* [d] */
static struct kmem_cache *dentry_cache;

#define BYTES_PER_BUCKET 16384	/* of the machine's low memory */
#define PRUNE_BATCH	64	/* dentries that are looked at before others get the lock */

static struct hlist_head *d_bucket(const struct dentry *parent, unsigned int hash)
{
	return &dentry_hashtable[hash_32(hash ^ (u32)(unsigned long)parent / 32, d_hash_bits)];
}

struct hlist_head *__init alloc_name_table(unsigned long bytes_per_bucket, unsigned int *bits)
{
	unsigned long low = (totalram_pages - totalhigh_pages) << PAGE_SHIFT;
	struct hlist_head *table;
	unsigned int order;

	*bits = max(ilog2(low / bytes_per_bucket), 10);
	order = get_order(sizeof(*table) << *bits);
	table = (struct hlist_head *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	BUG_ON(!table);
	return table;
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
	INIT_LIST_HEAD(&dentry->d_lru);
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
	dentry_stat.nr_dentry++;
	spin_unlock(&dcache_lock);
	return dentry;
}

struct dentry *d_alloc_anon(struct super_block *sb, const struct qstr *name)
{
	struct dentry *dentry = __d_alloc(sb, name);

	if (dentry) {
		spin_lock(&dcache_lock);
		dentry_stat.nr_dentry++;
		spin_unlock(&dcache_lock);
	}
	return dentry;
}

struct dentry *d_alloc_root(struct inode *inode)
{
	static const struct qstr slash = { .name = "/", .len = 1 };
	struct dentry *dentry = d_alloc_anon(inode->i_sb, &slash);

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

/* => dcache_lock held */
static void __d_rehash(struct dentry *dentry)
{
	if (dentry->d_flags & DCACHE_UNHASHED) {
		dentry->d_flags &= ~DCACHE_UNHASHED;
		hlist_add_head(&dentry->d_hash, d_bucket(dentry->d_parent, dentry->d_name.hash));
	}
}

void d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	__d_instantiate(dentry, inode);
	__d_rehash(dentry);
	spin_unlock(&dcache_lock);
}

/* => dcache_lock held; it is in dentry_unused */
static void lru_del(struct dentry *dentry)
{
	list_del_init(&dentry->d_lru);
	dentry_stat.nr_unused--;
}

struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry)
{
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	spin_lock(&dcache_lock);
	if (inode && S_ISDIR(inode->i_mode) && !list_empty(&inode->i_dentry)) {
		spin_unlock(&dcache_lock);
		pr_err("%s: directory %lu has two names, \"%s\" is one: the disk is damaged\n",
		       inode->i_sb->s_type->name, inode->i_ino, dentry->d_name.name);
		iput(inode);
		return ERR_PTR(-EIO);
	}
	__d_instantiate(dentry, inode);
	__d_rehash(dentry);
	spin_unlock(&dcache_lock);
	return NULL;
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
		if (!atomic_read(&dentry->d_count)) {
			lru_del(dentry);
			dentry->d_flags |= DCACHE_REFERENCED;
		}
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
	struct inode *inode = NULL;
	bool pinned;

	spin_lock(&dcache_lock);
	pinned = dentry->d_flags & DCACHE_PINNED;
	dentry->d_flags &= ~DCACHE_PINNED;
	if (dentry->d_sb->s_keep_names && atomic_read(&dentry->d_count) == 1) {
		/* The caller alone has it: it may stay, as a name that does not exist. */
		inode = dentry->d_inode;
		dentry->d_inode = NULL;
		list_del_init(&dentry->d_alias);
	} else {
		__d_drop(dentry);
	}
	spin_unlock(&dcache_lock);
	if (inode)
		iput(inode);
	if (pinned)
		dput(dentry);
}

/*
 * Out of hash and tree; its reference to the parent is the caller's now.
 * => dcache_lock held, count 0; what dentry_free() needs is left in @dentry
 */
static struct dentry *__dentry_kill(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent == dentry ? NULL : dentry->d_parent;

	BUG_ON(!list_empty(&dentry->d_subdirs));
	__d_drop(dentry);
	list_del_init(&dentry->d_child);
	list_del_init(&dentry->d_alias);
	dentry_stat.nr_dentry--;
	return parent;
}

/* => no locks; may sleep */
static void dentry_free(struct dentry *dentry)
{
	if (dentry->d_inode)
		iput(dentry->d_inode);
	d_free(dentry);
}

/* => dcache_lock held */
static bool worth_keeping(const struct dentry *dentry)
{
	return dentry->d_sb->s_keep_names && !d_unhashed(dentry) &&
	       (dentry->d_sb->s_flags & MS_ACTIVE);
}

void dput(struct dentry *dentry)
{
	struct dentry *parent;

	while (dentry) {
		if (atomic_add_unless(&dentry->d_count, -1, 1))
			return;
		spin_lock(&dcache_lock);
		if (!atomic_dec_and_test(&dentry->d_count)) {
			spin_unlock(&dcache_lock);
			return;
		}
		if (worth_keeping(dentry)) {
			list_add(&dentry->d_lru, &dentry_unused);
			dentry_stat.nr_unused++;
			spin_unlock(&dcache_lock);
			return;
		}
		parent = __dentry_kill(dentry);
		spin_unlock(&dcache_lock);
		dentry_free(dentry);
		dentry = parent;
	}
}

/* ---- giving unused ones back ---------------------------------------------------------------- */

/*
 * The tail of the list: a second round, or out of it.
 * => dcache_lock held; the dentry, out of tree, hash and list, s_umount of its super block held
 *    for reading; or NULL
 */
static struct dentry *prune_tail(struct dentry **parent)
{
	struct dentry *dentry = list_last_entry(&dentry_unused, struct dentry, d_lru);

	if (!(dentry->d_flags & DCACHE_REFERENCED) && down_read_trylock(&dentry->d_sb->s_umount)) {
		/* s_count keeps the semaphore until we have let go of it. */
		atomic_inc(&dentry->d_sb->s_count);
		lru_del(dentry);
		*parent = __dentry_kill(dentry);
		return dentry;
	}
	dentry->d_flags &= ~DCACHE_REFERENCED;
	list_move(&dentry->d_lru, &dentry_unused);
	return NULL;
}

/* Look at @nr unused dentries, each at most once. => may sleep */
static void prune_dcache(unsigned long nr)
{
	struct dentry *dentry, *parent;
	struct super_block *sb;

	spin_lock(&dcache_lock);
	for (nr = min(nr, dentry_stat.nr_unused); nr && !list_empty(&dentry_unused); nr--) {
		dentry = prune_tail(&parent);
		if (dentry) {
			sb = dentry->d_sb;
			spin_unlock(&dcache_lock);
			dentry_free(dentry);
			dput(parent);
			up_read(&sb->s_umount);
			put_super(sb);
			cond_resched();
			spin_lock(&dcache_lock);
		} else if (nr % PRUNE_BATCH == 0) {
			spin_unlock(&dcache_lock);
			cond_resched();
			spin_lock(&dcache_lock);
		}
	}
	spin_unlock(&dcache_lock);
}

/* The one after @this in the tree below @top, children first; NULL: that was all. [d] */
static struct dentry *next_in_tree(struct dentry *this, struct dentry *top)
{
	if (!list_empty(&this->d_subdirs))
		return list_first_entry(&this->d_subdirs, struct dentry, d_child);
	while (this != top) {
		if (this->d_child.next != &this->d_parent->d_subdirs)
			return list_next_entry(this, d_child);
		this = this->d_parent;
	}
	return NULL;
}

/* Up to PRUNE_BATCH unused dentries below @top, into @dispose. => dcache_lock held */
static void select_unused(struct dentry *top, struct list_head *dispose)
{
	struct dentry *this;
	int n = 0;

	for (this = next_in_tree(top, top); this && n < PRUNE_BATCH; this = next_in_tree(this, top))
		if (!atomic_read(&this->d_count)) {
			/* Still counted as unused: a lookup may take it from our list, too. */
			list_move(&this->d_lru, dispose);
			n++;
		}
}

void shrink_dcache_parent(struct dentry *top)
{
	struct dentry *dentry, *parent;
	LIST_HEAD(dispose);

	spin_lock(&dcache_lock);
	for (;;) {
		if (list_empty(&dispose))
			select_unused(top, &dispose);
		if (list_empty(&dispose))
			break;
		dentry = list_first_entry(&dispose, struct dentry, d_lru);
		lru_del(dentry);
		parent = __dentry_kill(dentry);
		spin_unlock(&dcache_lock);
		dentry_free(dentry);
		dput(parent);
		cond_resched();
		spin_lock(&dcache_lock);
	}
	spin_unlock(&dcache_lock);
}

void shrink_dcache_for_umount(struct super_block *sb)
{
	struct dentry *root = sb->s_root;

	shrink_dcache_parent(root);
	spin_lock(&dcache_lock);
	WARN_ON(!list_empty(&root->d_subdirs));		/* somebody uses what goes */
	sb->s_root = NULL;
	spin_unlock(&dcache_lock);
	dput(root);
}

static int shrink_dcache_memory(int nr_to_scan, gfp_t gfp_mask)
{
	if (!(gfp_mask & __GFP_FS))
		return -1;
	if (nr_to_scan)
		prune_dcache((unsigned long)nr_to_scan);
	return vfs_pressure(READ_ONCE(dentry_stat.nr_unused));
}

static struct shrinker dcache_shrinker = {
	.shrink = shrink_dcache_memory,
	.seeks = DEFAULT_SEEKS,
};

/* ---- moving --------------------------------------------------------------------------------- */

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

/* ---- proof ---------------------------------------------------------------------------------- */

/* => dcache_lock held; is it in the chain where a lookup would search it? */
static bool is_in_chain(const struct dentry *dentry)
{
	const struct dentry *d;

	hlist_for_each_entry(d, d_bucket(dentry->d_parent, dentry->d_name.hash), d_hash)
		if (d == dentry)
			return true;
	return false;
}

/* => dcache_lock held; what is wrong with @dentry, or NULL */
static const char *dentry_fault(const struct dentry *dentry)
{
	int refs = dentry->d_flags & DCACHE_PINNED ? 1 : 0;
	const struct inode *inode = dentry->d_inode;
	const struct dentry *child;

	list_for_each_entry(child, &dentry->d_subdirs, d_child) {
		if (child->d_parent != dentry)
			return "a child has another parent";
		refs++;
	}
	if (atomic_read(&dentry->d_count) < refs)
		return "fewer references than children and pins";
	if (!atomic_read(&dentry->d_count) != !list_empty(&dentry->d_lru))
		return "unused and not in the list, or the reverse";
	if (!atomic_read(&dentry->d_count) && !worth_keeping(dentry))
		return "kept for nothing";
	if (!d_unhashed(dentry) && !is_in_chain(dentry))
		return "not where it is looked for";
	if (!d_unhashed(dentry) == hlist_unhashed(&dentry->d_hash))
		return "hashed and not hashed";
	if (!inode != list_empty(&dentry->d_alias))
		return "an inode that does not know it";
	if (inode && (atomic_read(&inode->i_count) <= 0 || (inode->i_state & I_FREEING)))
		return "an inode that goes";
	return NULL;
}

static void check_tree(struct super_block *sb, void *arg)
{
	struct dentry *this;
	int *errors = arg;

	for (this = sb->s_root; this; this = next_in_tree(this, sb->s_root)) {
		const char *wrong = dentry_fault(this);

		if (!wrong)
			continue;
		pr_err("dcache_check: \"%s\" of %s, count %d, flags %x: %s\n", this->d_name.name,
		       sb->s_type->name, atomic_read(&this->d_count), this->d_flags, wrong);
		(*errors)++;
	}
}

int dcache_check(void)
{
	unsigned long listed = 0;
	struct dentry *dentry;
	int errors = 0;

	spin_lock(&sb_lock);
	spin_lock(&dcache_lock);
	__for_each_super(check_tree, &errors);
	list_for_each_entry(dentry, &dentry_unused, d_lru)
		listed++;
	if (listed != dentry_stat.nr_unused) {
		pr_err("dcache_check: %lu unused, %lu counted\n", listed, dentry_stat.nr_unused);
		errors++;
	}
	spin_unlock(&dcache_lock);
	spin_unlock(&sb_lock);
	return errors ? -1 : 0;
}

/* Unused ones go, and the parents that become unused by that. */
static void dcache_quiesce(void)
{
	unsigned long before;
	int same = 0;

	while (same < 2) {
		before = READ_ONCE(dentry_stat.nr_unused);
		prune_dcache(ULONG_MAX);
		same = READ_ONCE(dentry_stat.nr_unused) == before ? same + 1 : 0;
	}
}

/* As Linux: the age limit is not used, negative ones are not counted apart. */
static int dentry_state_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\t%lu\t45\t0\t0\t0\n", READ_ONCE(dentry_stat.nr_dentry),
		   READ_ONCE(dentry_stat.nr_unused));
	return 0;
}
PROC_SHOW("sys/fs/dentry-state", dentry_state_show);

void __init dcache_init(void)
{
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
					 SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	dentry_hashtable = alloc_name_table(BYTES_PER_BUCKET, &d_hash_bits);
	register_shrinker(&dcache_shrinker);
	ktest_register_quiesce(dcache_quiesce);
	ktest_register_checker("dcache_check", dcache_check);
}
