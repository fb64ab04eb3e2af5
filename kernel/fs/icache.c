/*
 * kernel/fs/icache.c - inodes: made, found again, kept for a while, given back.
 *
 * Theory.  An inode is kept by its dentries and other users (i_count).  What happens when the
 * last of them goes depends on whether the inode could be found again.  An inode in memory only
 * (ramfs, a pipe) could not: it goes at once, and with it its pages.  An inode of a disk is in
 * a hash table by (super block, number); as long as it has a name on the disk it is kept, unused,
 * with its pages, at the head of inode_unused.  Reclaim takes from the tail: an inode that was
 * wanted again since it came there gets a second round, one that has pages waits for them to go, one
 * that is dirty must be written first, and so must the blocks of pointers that are known as its own:
 * an fsync() after it was read again would not know of them.
 *
 * One inode number is never two inodes in memory.  Who looks one up that is not there puts a
 * blank one into the hash, marked I_NEW, and fills it; others find it and sleep until it is
 * filled.  Who finds one that is being given back (I_FREEING) sleeps until it is gone, because
 * what is on the disk may not be true until then:
 *
 *	iget_locked(5)			iput(5), last, or prune_icache()
 *					I_FREEING; evict_inode(): blocks, bitmaps
 *	finds it: sleeps		...
 *					out of the hash; wake
 *	looks again: reads the disk
 *
 *	      new_inode	      iget_locked	       igrab, iget
 *	(nothing) ---> in use <--- I_NEW <--- (hash)  <--------+
 *	                 |  last iput                          |
 *	                 +--------------> unused --------------+
 *	  no name, no hash, |                | prune, umount
 *	  or sb goes        +--> I_FREEING <-+ ---> evict_inode() ---> freed
 *
 * i_count leaves 0, and falls to it, only under inode_lock; so whoever finds an inode in a list
 * under the lock may take a reference by __iget(), if it is not I_FREEING.
 *
 * Reclaim never waits here: a clean inode is given back without I/O and without i_sem.
 *
 * Locking: inode_lock for hash, lists, i_state, and the counts.  Sleepers are woken by a small
 * table of queues, since an inode that goes cannot hold the queue of who waits for that.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/ktest.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/sysctl.h>
#include <kernel/core/wait.h>
#include <kernel/fs/internal.h>
#include <lib/hash.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/buffer_head.h>
#include <mm/cache/filemap.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/reclaim.h>
#include <mm/phys/slab.h>

DEFINE_SPINLOCK(inode_lock);
static LIST_HEAD(inode_unused);		/* [I] inode.i_lru, the latest first */
static unsigned long nr_inodes;		/* [I] */
static unsigned long nr_unused;		/* [I] in inode_unused */
static struct hlist_head *inode_hashtable;	/* [I] the table itself [c] */
static unsigned int i_hash_bits;	/* [c] */
static struct kmem_cache *inode_cachep;

#define BYTES_PER_BUCKET 32768	/* of the machine's low memory */
#define WAIT_TABLE_BITS	4
static wait_queue_head_t inode_wait_table[1 << WAIT_TABLE_BITS];

#define PRUNE_BATCH	32ul	/* inodes that leave the list before they are given back */

static const struct inode_operations empty_iops;
static const struct file_operations empty_fops;
static const struct address_space_operations empty_aops;

/* ---- waiting for a bit of i_state ----------------------------------------------------------- */

static wait_queue_head_t *inode_waitqueue(const struct inode *inode)
{
	return &inode_wait_table[hash_ptr(inode, WAIT_TABLE_BITS)];
}

void wake_up_inode(struct inode *inode)
{
	wait_queue_head_t *q = inode_waitqueue(inode);

	if (waitqueue_active(q))
		wake_up_all(q);
}

void wait_on_inode(struct inode *inode, unsigned int bits)
{
	wait_event(*inode_waitqueue(inode), !(READ_ONCE(inode->i_state) & bits));
}

/*
 * Sleep until something has happened to @inode, which may be gone then.
 * => inode_lock held, and released; may sleep
 */
static void wait_for_change(struct inode *inode)
{
	wait_queue_head_t *q = inode_waitqueue(inode);
	DEFINE_WAIT(wait);

	prepare_to_wait(q, &wait, TASK_UNINTERRUPTIBLE);
	spin_unlock(&inode_lock);
	schedule();
	finish_wait(q, &wait);
}

/* ---- making and freeing --------------------------------------------------------------------- */

static void inode_init_always(struct super_block *sb, struct inode *inode)
{
	memset(inode, 0, sizeof(*inode));
	inode->i_nlink = 1;
	inode->i_op = &empty_iops;
	inode->i_fop = &empty_fops;
	inode->i_sb = sb;
	atomic_set(&inode->i_count, 1);
	atomic_set(&inode->i_writecount, 0);
	mutex_init(&inode->i_sem);
	address_space_init(&inode->i_data, inode, &empty_aops, GFP_HIGHUSER);
	inode->i_data.backing_dev_info = sb->s_bdi;
	inode->i_mapping = &inode->i_data;
	INIT_LIST_HEAD(&inode->i_dentry);
	INIT_HLIST_NODE(&inode->i_hash);
	INIT_LIST_HEAD(&inode->i_wb_list);
	INIT_LIST_HEAD(&inode->i_lru);
	inode->i_blkbits = sb->s_blocksize_bits;
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
}

/* => may sleep; one reference, in no list yet; NULL: no memory */
static struct inode *alloc_inode(struct super_block *sb)
{
	const struct super_operations *ops = sb->s_op;
	struct inode *inode = ops && ops->alloc_inode ? ops->alloc_inode(sb) :
			      kmem_cache_alloc(inode_cachep, GFP_KERNEL);

	if (inode)
		inode_init_always(sb, inode);
	return inode;
}

static void destroy_inode(struct inode *inode)
{
	const struct super_operations *ops = inode->i_sb->s_op;

	if (ops && ops->destroy_inode)
		ops->destroy_inode(inode);
	else
		kmem_cache_free(inode_cachep, inode);
}

/* => inode_lock held */
static void inode_sb_add(struct inode *inode)
{
	list_add(&inode->i_sb_list, &inode->i_sb->s_inodes);
	nr_inodes++;
}

struct inode *new_inode(struct super_block *sb)
{
	struct inode *inode = alloc_inode(sb);

	if (!inode)
		return NULL;
	spin_lock(&inode_lock);
	inode->i_ino = ++sb->s_last_ino;
	inode_sb_add(inode);
	spin_unlock(&inode_lock);
	return inode;
}

/* ---- found by number ------------------------------------------------------------------------ */

static struct hlist_head *i_bucket(const struct super_block *sb, unsigned long ino)
{
	return &inode_hashtable[hash_32((u32)ino ^ (u32)(unsigned long)sb / 32, i_hash_bits)];
}

void __iget(struct inode *inode)
{
	if (atomic_read(&inode->i_count) == 0) {
		list_del_init(&inode->i_lru);
		nr_unused--;
		inode->i_state |= I_REFERENCED;
	}
	atomic_inc(&inode->i_count);
}

/* => inode_lock held, perhaps not all the time: may sleep. With a reference, or NULL */
static struct inode *find_inode(struct super_block *sb, unsigned long ino)
{
	struct inode *inode;

again:
	hlist_for_each_entry(inode, i_bucket(sb, ino), i_hash) {
		if (inode->i_ino != ino || inode->i_sb != sb)
			continue;
		if (inode->i_state & I_FREEING) {
			wait_for_change(inode);
			spin_lock(&inode_lock);
			goto again;
		}
		__iget(inode);
		return inode;
	}
	return NULL;
}

/* Somebody else may be reading it just now. => false: it could not be read, look again */
static bool wait_until_read(struct inode *inode)
{
	wait_on_inode(inode, I_NEW);
	if (!(READ_ONCE(inode->i_state) & I_BAD))
		return true;
	iput(inode);
	return false;
}

struct inode *ilookup(struct super_block *sb, unsigned long ino)
{
	struct inode *inode;

	do {
		spin_lock(&inode_lock);
		inode = find_inode(sb, ino);
		spin_unlock(&inode_lock);
	} while (inode && !wait_until_read(inode));
	return inode;
}

/* => the inode that is there, with a reference; or NULL: @new is it now, I_NEW */
static struct inode *find_or_insert(struct inode *new, struct super_block *sb, unsigned long ino)
{
	struct inode *inode;

	spin_lock(&inode_lock);
	inode = find_inode(sb, ino);
	if (!inode) {
		new->i_ino = ino;
		new->i_state = I_NEW;
		inode_sb_add(new);
		hlist_add_head(&new->i_hash, i_bucket(sb, ino));
	}
	spin_unlock(&inode_lock);
	return inode;
}

struct inode *iget_locked(struct super_block *sb, unsigned long ino)
{
	struct inode *inode, *new;

	do {
		inode = ilookup(sb, ino);
		if (inode)
			return inode;
		new = alloc_inode(sb);
		if (!new)
			return NULL;
		inode = find_or_insert(new, sb, ino);
		if (!inode)
			return new;
		destroy_inode(new);	/* somebody was faster */
	} while (!wait_until_read(inode));
	return inode;
}

void unlock_new_inode(struct inode *inode)
{
	spin_lock(&inode_lock);
	WARN_ON(!(inode->i_state & I_NEW));
	inode->i_state &= ~I_NEW;
	spin_unlock(&inode_lock);
	wake_up_inode(inode);
}

void iget_failed(struct inode *inode)
{
	spin_lock(&inode_lock);
	hlist_del_init(&inode->i_hash);
	inode->i_state |= I_BAD;
	spin_unlock(&inode_lock);
	unlock_new_inode(inode);
	iput(inode);
}

bool insert_inode_hash(struct inode *inode)
{
	struct inode *old;

	spin_lock(&inode_lock);
	old = find_inode(inode->i_sb, inode->i_ino);
	if (!old)
		hlist_add_head(&inode->i_hash, i_bucket(inode->i_sb, inode->i_ino));
	spin_unlock(&inode_lock);
	if (old)
		iput(old);
	return !old;
}

void remove_inode_hash(struct inode *inode)
{
	spin_lock(&inode_lock);
	hlist_del_init(&inode->i_hash);
	spin_unlock(&inode_lock);
}

/* ---- given back ----------------------------------------------------------------------------- */

/* Nobody finds it from now on. => inode_lock held, i_count 0; evict() must follow */
static void begin_freeing(struct inode *inode)
{
	VM_BUG_ON(inode->i_state & (I_FREEING | I_NEW));
	inode->i_state |= I_FREEING;
	list_del_init(&inode->i_wb_list);
}

/* => begin_freeing() was called, and the inode is not in inode_unused; may sleep */
static void evict(struct inode *inode)
{
	const struct super_operations *ops = inode->i_sb->s_op;

	/* The flusher may be writing it; it will not begin any more. */
	if (READ_ONCE(inode->i_state) & I_SYNC)
		wait_on_inode(inode, I_SYNC);
	if (ops && ops->evict_inode && !(inode->i_state & I_BAD))
		ops->evict_inode(inode);
	truncate_inode_pages(&inode->i_data, 0);
	/* Reclaim may have taken the last page, and not let go of the lock yet (remove_mapping()). */
	spin_lock(&inode->i_data.tree_lock);
	spin_unlock(&inode->i_data.tree_lock);
	BUG_VAL(inode->i_data.nrpages || inode->i_pipe, inode->i_data.nrpages, inode->i_pipe);
	BUG_VAL(inode->i_data.nrswapped, inode->i_data.nrswapped, inode);
	spin_lock(&inode_lock);
	/* What evict_inode() did may have made it dirty once more. */
	list_del_init(&inode->i_wb_list);
	hlist_del_init(&inode->i_hash);
	list_del(&inode->i_sb_list);
	nr_inodes--;
	spin_unlock(&inode_lock);
	wake_up_inode(inode);
	destroy_inode(inode);
}

/* => inode_lock held; is there a reason to keep it although nobody uses it? */
static bool worth_keeping(const struct inode *inode)
{
	return inode->i_nlink && !hlist_unhashed(&inode->i_hash) &&
	       (inode->i_sb->s_flags & MS_ACTIVE);
}

void iput(struct inode *inode)
{
	if (atomic_add_unless(&inode->i_count, -1, 1))
		return;
	spin_lock(&inode_lock);
	if (!atomic_dec_and_test(&inode->i_count)) {
		spin_unlock(&inode_lock);
		return;
	}
	if (worth_keeping(inode)) {
		list_add(&inode->i_lru, &inode_unused);
		nr_unused++;
		spin_unlock(&inode_lock);
		return;
	}
	begin_freeing(inode);
	spin_unlock(&inode_lock);
	evict(inode);
}

/* => inode_lock held; unused ones only */
static void take_unused(struct inode *inode, struct list_head *to)
{
	begin_freeing(inode);
	list_move_tail(&inode->i_lru, to);
	nr_unused--;
}

static void dispose_list(struct list_head *list)
{
	while (!list_empty(list)) {
		struct inode *inode = list_first_entry(list, struct inode, i_lru);

		list_del_init(&inode->i_lru);
		evict(inode);
		cond_resched();
	}
}

/*
 * Pages of a file that is read again and again are worth more than the few hundred bytes of its inode, and go by
 * their own lists, by age: the inode follows the last of them.  Only if the machine has high memory may inodes lack
 * memory while pages do not: then they take their pages along.
 */
static bool kept_by_pages(const struct inode *inode)
{
	return inode->i_data.nrpages && !totalhigh_pages;
}

/* Of the @nr oldest unused ones, those that go. => inode_lock held */
static void isolate_unused(int nr, struct list_head *dispose)
{
	for (; nr > 0 && !list_empty(&inode_unused); nr--) {
		struct inode *inode = list_last_entry(&inode_unused, struct inode, i_lru);

		if ((inode->i_state & (I_REFERENCED | I_DIRTY | I_SYNC)) || kept_by_pages(inode) ||
		    !remove_inode_buffers(inode)) {
			inode->i_state &= ~I_REFERENCED;
			list_move(&inode->i_lru, &inode_unused);
		} else {
			take_unused(inode, dispose);
		}
	}
}

/* Look at @nr unused inodes, each at most once. => may sleep */
static void prune_icache(unsigned long nr)
{
	LIST_HEAD(dispose);

	for (nr = min(nr, READ_ONCE(nr_unused)); nr; nr -= min(nr, PRUNE_BATCH)) {
		spin_lock(&inode_lock);
		isolate_unused((int)min(nr, PRUNE_BATCH), &dispose);
		spin_unlock(&inode_lock);
		dispose_list(&dispose);
	}
}

int evict_inodes(struct super_block *sb)
{
	struct inode *inode;
	LIST_HEAD(dispose);
	int busy;

again:
	busy = 0;
	spin_lock(&inode_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (inode->i_state & I_FREEING) {
			/* Reclaim has it in hand. */
			wait_for_change(inode);
			goto again;
		}
		if (atomic_read(&inode->i_count)) {
			busy++;
			continue;
		}
		take_unused(inode, &dispose);
		spin_unlock(&inode_lock);
		dispose_list(&dispose);
		goto again;
	}
	spin_unlock(&inode_lock);
	return busy;
}

bool has_orphans(struct super_block *sb)
{
	struct inode *inode;
	bool found = false;

	spin_lock(&inode_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list)
		if (!inode->i_nlink && !(inode->i_state & I_BAD))
			found = true;
	spin_unlock(&inode_lock);
	return found;
}

/* ---- reclaim, statistics, proof ------------------------------------------------------------- */

int sysctl_vfs_cache_pressure = 100;
SYSCTL_INT("sys/vm/vfs_cache_pressure", sysctl_vfs_cache_pressure, 0, INT_MAX, NULL);

static int shrink_icache_memory(int nr_to_scan, gfp_t gfp_mask)
{
	if (!(gfp_mask & __GFP_FS))
		return -1;
	if (nr_to_scan)
		prune_icache((unsigned long)nr_to_scan);
	return vfs_pressure(READ_ONCE(nr_unused));
}

static struct shrinker icache_shrinker = {
	.shrink = shrink_icache_memory,
	.seeks = DEFAULT_SEEKS,
};

static int inode_nr_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\t%lu\n", READ_ONCE(nr_inodes), READ_ONCE(nr_unused));
	return 0;
}
PROC_SHOW("sys/fs/inode-nr", inode_nr_show);

static int inode_state_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\t%lu\t0\t0\t0\t0\t0\n", READ_ONCE(nr_inodes), READ_ONCE(nr_unused));
	return 0;
}
PROC_SHOW("sys/fs/inode-state", inode_state_show);

struct check {
	unsigned long inodes, unused;
	int errors;
};

static void check_one(struct inode *inode, struct check *c)
{
	bool unused = !atomic_read(&inode->i_count) && !(inode->i_state & I_FREEING);
	struct address_space *mapping = &inode->i_data;
	const char *wrong = NULL;

	c->inodes++;
	c->unused += unused;
	if (atomic_read(&inode->i_count) < 0)
		wrong = "count below 0";
	else if (unused && list_empty(&inode->i_lru))
		wrong = "unused, but not in the list";
	else if (!unused && !(inode->i_state & I_FREEING) && !list_empty(&inode->i_lru))
		wrong = "used, but in the list of unused ones";
	else if (unused && !worth_keeping(inode))
		wrong = "kept for nothing";
	else if (unused && !list_empty(&inode->i_dentry))
		wrong = "unused, but with a name in memory";
	else if (mapping->host != inode)
		wrong = "mapping is another's";
	else if ((inode->i_state & I_DIRTY) && inode->i_state & I_BAD)
		wrong = "dirty, though it could not be read";
	if (!wrong)
		return;
	pr_err("inode_check: inode %lu of %s, count %d, state %x: %s\n", inode->i_ino,
	       inode->i_sb->s_type->name, atomic_read(&inode->i_count), inode->i_state, wrong);
	c->errors++;
}

/* The hash: each inode in its chain, and no number twice. => inode_lock held; errors */
static int check_hash(void)
{
	struct inode *inode, *other;
	int errors = 0;
	unsigned int i;

	for (i = 0; i < 1u << i_hash_bits; i++) {
		hlist_for_each_entry(inode, &inode_hashtable[i], i_hash) {
			bool twice = false;

			hlist_for_each_entry(other, &inode_hashtable[i], i_hash)
				if (other != inode && other->i_sb == inode->i_sb &&
				    other->i_ino == inode->i_ino &&
				    !((other->i_state | inode->i_state) & I_FREEING))
					twice = true;
			if (!twice && i_bucket(inode->i_sb, inode->i_ino) == &inode_hashtable[i])
				continue;
			pr_err("inode_check: inode %lu of %s %s\n", inode->i_ino,
			       inode->i_sb->s_type->name, twice ? "is there twice" : "in chain of others");
			errors++;
		}
	}
	return errors;
}

static void check_super(struct super_block *sb, void *arg)
{
	struct inode *inode;

	list_for_each_entry(inode, &sb->s_inodes, i_sb_list)
		check_one(inode, arg);
}

int inode_check(void)
{
	struct check c = { .errors = 0 };
	struct list_head *p;
	unsigned long listed = 0;

	spin_lock(&sb_lock);
	spin_lock(&inode_lock);
	__for_each_super(check_super, &c);
	list_for_each(p, &inode_unused)
		listed++;
	c.errors += check_hash();
	if (c.inodes != nr_inodes || c.unused != nr_unused || listed != nr_unused) {
		pr_err("inode_check: %lu of %lu inodes, %lu unused, %lu in the list, %lu counted\n",
		       c.inodes, nr_inodes, c.unused, listed, nr_unused);
		c.errors++;
	}
	spin_unlock(&inode_lock);
	spin_unlock(&sb_lock);
	return c.errors ? -1 : 0;
}

struct inode_visit {
	void (*fn)(struct inode *inode, void *arg);
	void *arg;
};

static void visit_super(struct super_block *sb, void *arg)
{
	struct inode_visit *visit = arg;
	struct inode *inode;

	list_for_each_entry(inode, &sb->s_inodes, i_sb_list)
		if (!(inode->i_state & I_FREEING))
			visit->fn(inode, visit->arg);
}

void for_each_inode(void (*fn)(struct inode *inode, void *arg), void *arg)
{
	struct inode_visit visit = { .fn = fn, .arg = arg };

	spin_lock(&sb_lock);
	spin_lock(&inode_lock);
	__for_each_super(visit_super, &visit);
	spin_unlock(&inode_lock);
	spin_unlock(&sb_lock);
}

int visit_inodes(struct super_block *sb, bool (*wanted)(const struct inode *inode),
		 int (*fn)(struct inode *inode, void *arg), void *arg)
{
	struct inode *inode, *last = NULL;
	int ret = 0;

	spin_lock(&inode_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if ((inode->i_state & (I_FREEING | I_NEW)) || !wanted(inode))
			continue;
		__iget(inode);
		spin_unlock(&inode_lock);
		/* This one keeps our place in the list; so the one before may go now. */
		if (last)
			iput(last);
		last = inode;
		ret = fn(inode, arg);
		cond_resched();
		spin_lock(&inode_lock);
		if (ret)
			break;
	}
	spin_unlock(&inode_lock);
	if (last)
		iput(last);
	return ret;
}

static void inode_quiesce(void)
{
	/* Twice, for those that were wanted again. */
	prune_icache(ULONG_MAX);
	prune_icache(ULONG_MAX);
}

void __init icache_init(void)
{
	unsigned int i;

	inode_cachep = kmem_cache_create("inode_cache", sizeof(struct inode), 0,
					 SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	inode_hashtable = alloc_name_table(BYTES_PER_BUCKET, &i_hash_bits);
	for (i = 0; i < ARRAY_SIZE(inode_wait_table); i++)
		init_waitqueue_head(&inode_wait_table[i]);
	register_shrinker(&icache_shrinker);
	ktest_register_quiesce(inode_quiesce);
	ktest_register_checker("inode_check", inode_check);
}
