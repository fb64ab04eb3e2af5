/*
 * tests/kernel/fs/vcache_test.c - names and inodes that are kept while nobody uses them.
 *
 * cachefs.h is the file system: it counts how often it is asked.  After each test the harness
 * runs dcache_check() and inode_check() and wants every object back.
 */
#include <kernel/core/time.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/internal.h>
#include <kernel/sched/kthread.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/vsnprintf.h>
#include <mm/cache/buffer_head.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/phys/init.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/reclaim.h>
#include <tests/kernel/block/testdisk.h>
#include <tests/kernel/fs/cachefs.h>

static long touch(const char *name)
{
	struct file *file = filp_open(name, O_WRONLY | O_CREAT, 0644);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

static long exists(const char *name)
{
	struct kstat stat;

	return stat_name(name, 0, &stat);
}

/* A name that was looked up once is not looked up again, until reclaim takes it. */
KTEST(vcache, found_again)
{
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
	KEXPECT_EQ(t, touch("d/f"), 0l);
	cfs_prune();
	cfs_reset_counts();
	KEXPECT_EQ(t, exists("d/f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 2);
	KEXPECT_EQ(t, atomic_read(&cfs.reads), 2);
	KEXPECT_EQ(t, exists("d/f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 2);
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 2);
	KEXPECT_EQ(t, exists("d/f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 4);
	KEXPECT_EQ(t, atomic_read(&cfs.reads), 4);
	end_jail(&jail);
}

/* vfs_cache_pressure 0: memory may be as short as it will, names and inodes stay. */
KTEST(vcache, pressure)
{
	int before = sysctl_vfs_cache_pressure, i;
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, touch("f"), 0l);
	cfs_prune();
	KEXPECT_EQ(t, exists("f"), 0l);
	cfs_reset_counts();
	sysctl_vfs_cache_pressure = 0;
	for (i = 0; i < 4; i++)
		shrink_slab(GFP_KERNEL, 0);
	KEXPECT_EQ(t, exists("f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 0);
	sysctl_vfs_cache_pressure = before;
	for (i = 0; i < 4; i++)
		shrink_slab(GFP_KERNEL, 0);
	KEXPECT_EQ(t, exists("f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 1);
	end_jail(&jail);
}

/* An inode that is used elsewhere stays when its name is forgotten, and is found by number. */
KTEST(vcache, name_goes_inode_stays)
{
	struct inode *inode;
	struct jail jail;
	struct path path;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, touch("f"), 0l);
	KASSERT_EQ(t, kern_path("f", 0, &path), 0);
	inode = igrab(path.dentry->d_inode);
	path_put(&path);
	cfs_prune();
	cfs_reset_counts();
	KEXPECT(t, list_empty(&inode->i_dentry));
	KASSERT_EQ(t, kern_path("f", 0, &path), 0);
	KEXPECT(t, path.dentry->d_inode == inode);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 1);
	KEXPECT_EQ(t, atomic_read(&cfs.reads), 0);
	path_put(&path);
	iput(inode);
	inode = ilookup(jail.root.mnt->mnt_sb, 2);
	KEXPECT(t, !inode);		/* another file system's number */
	end_jail(&jail);
}

/* That a name does not exist is remembered, and no longer true when it is made. */
KTEST(vcache, negative)
{
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	cfs_reset_counts();
	KEXPECT_EQ(t, exists("f"), (long)-ENOENT);
	KEXPECT_EQ(t, exists("f"), (long)-ENOENT);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 1);
	KEXPECT_EQ(t, touch("f"), 0l);
	KEXPECT_EQ(t, exists("f"), 0l);
	KEXPECT_EQ(t, do_unlinkat(AT_FDCWD, "f"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 1);	/* no name, no user: at once */
	KEXPECT_EQ(t, exists("f"), (long)-ENOENT);
	KEXPECT_EQ(t, touch("f"), 0l);
	KEXPECT_EQ(t, touch("g"), 0l);
	KEXPECT_EQ(t, do_renameat(AT_FDCWD, "g", AT_FDCWD, "f", 0), 0l);
	KEXPECT_EQ(t, exists("g"), (long)-ENOENT);
	KEXPECT_EQ(t, exists("f"), 0l);
	end_jail(&jail);
}

/* Names known not to exist in a directory do not keep it when it is removed or replaced. */
KTEST(vcache, removed_directory)
{
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
	KEXPECT_EQ(t, exists("d/none"), (long)-ENOENT);
	cfs_reset_counts();
	KEXPECT_EQ(t, do_rmdirat(AT_FDCWD, "d"), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 1);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "e", 0755), 0l);
	KEXPECT_EQ(t, exists("e/none"), (long)-ENOENT);
	KEXPECT_EQ(t, do_renameat(AT_FDCWD, "d", AT_FDCWD, "e", 0), 0l);
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 2);
	end_jail(&jail);
}

/* An open file outlives its name, and goes at the last close. */
KTEST(vcache, unlink_while_open)
{
	struct file *file;
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	file = filp_open("f", O_RDWR | O_CREAT, 0644);
	KASSERT(t, !IS_ERR(file));
	cfs_reset_counts();
	KEXPECT_EQ(t, do_unlinkat(AT_FDCWD, "f"), 0l);
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 0);
	KEXPECT_EQ(t, touch("f"), 0l);
	fput(file);
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 1);
	KEXPECT_EQ(t, exists("f"), 0l);
	end_jail(&jail);
}

/* A directory that a damaged disk shows at two places, or within itself, is an error. */
KTEST(vcache, directory_twice)
{
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
	spin_lock(&cfs.lock);
	cfs_enter(CFS_ROOT, "twin", 2);
	cfs_enter(2, "self", 2);
	cfs_enter(2, "up", CFS_ROOT);
	spin_unlock(&cfs.lock);
	KEXPECT_EQ(t, exists("twin"), (long)-EIO);
	KEXPECT_EQ(t, exists("d/self"), (long)-EIO);
	KEXPECT_EQ(t, exists("d/up"), (long)-EIO);
	KEXPECT_EQ(t, exists("d"), 0l);
	end_jail(&jail);
}

/* An inode whose blocks of pointers are dirty stays: an fsync() must still find them. */
KTEST(vcache, dirty_pointer_blocks)
{
	struct testdisk *td = testdisk_create(64);
	struct block_device *bdev;
	struct buffer_head *bh;
	struct jail jail;
	struct path path;

	KASSERT(t, td);
	testdisk_add(td);
	bdev = bdget(MKDEV(td->disk->major, td->disk->first_minor));
	KASSERT(t, bdev && !blkdev_get(bdev, FMODE_READ | FMODE_WRITE, td));
	bh = __bread(bdev, 1, bdev->bd_block_size);
	KASSERT(t, bh);
	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, touch("f"), 0l);
	KASSERT_EQ(t, kern_path("f", 0, &path), 0);
	mark_buffer_dirty_inode(bh, path.dentry->d_inode);
	path_put(&path);
	cfs_reset_counts();
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 0);
	KEXPECT_EQ(t, sync_dirty_buffer(bh), 0);
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 1);
	brelse(bh);
	end_jail(&jail);
	blkdev_put(bdev, FMODE_READ | FMODE_WRITE, td);
	testdisk_destroy(td);
}

static int read_nothing(struct file *file, struct page *page)
{
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations page_aops = { .readpage = read_nothing };

/* Pages go by age, and their inode after them, not the other way round; unless there is high memory. */
KTEST(vcache, pages_keep_their_inode)
{
	struct inode *inode;
	struct jail jail;
	struct page *page;
	struct path path;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, touch("f"), 0l);
	KASSERT_EQ(t, kern_path("f", 0, &path), 0);
	inode = path.dentry->d_inode;
	inode->i_data.a_ops = &page_aops;
	page = read_cache_page(&inode->i_data, 0, NULL);
	KASSERT(t, !IS_ERR(page));
	put_page(page);
	path_put(&path);
	lru_add_drain_all();
	cfs_reset_counts();
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), totalhigh_pages ? 1 : 0);
	KASSERT_EQ(t, kern_path("f", 0, &path), 0);
	KEXPECT_EQ(t, atomic_read(&cfs.lookups), 1);	/* the name was forgotten */
	inode = path.dentry->d_inode;
	KEXPECT_EQ(t, inode->i_data.nrpages, totalhigh_pages ? 0ul : 1ul);
	invalidate_mapping_pages(&inode->i_data, 0, ~0UL);
	path_put(&path);
	cfs_reset_counts();
	cfs_prune();
	KEXPECT_EQ(t, atomic_read(&cfs.evicted), 1);
	end_jail(&jail);
}

/* ---- several at once ------------------------------------------------------------------------ */

#define NR_THREADS	6

struct worker {
	struct task_struct *task;
	const char *name;
	struct path root;
	int (*fn)(void *);
	bool begun;
	long result;
	u64 seed;
};

/* kthread_stop() wants somebody who is there. */
static int until_stop(void)
{
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static int stat_worker(void *data)
{
	struct worker *w = data;

	set_fs_root(current->fs, &w->root);
	w->result = exists(w->name);
	return until_stop();
}

static int begin_worker(void *data)
{
	struct worker *w = data;

	WRITE_ONCE(w->begun, true);
	return w->fn(w);
}

/* A thread that is stopped before it has begun never does: that is waited for. */
static void run_workers(struct ktest *t, struct worker *w, int (*fn)(void *))
{
	int i;

	for (i = 0; i < NR_THREADS; i++) {
		get_fs_root(current->fs, &w[i].root);
		w[i].fn = fn;
		w[i].begun = false;
		w[i].task = kthread_run(begin_worker, &w[i], "vcache/%d", i);
		KEXPECT(t, !IS_ERR(w[i].task));
	}
	for (i = 0; i < NR_THREADS; i++) {
		while (!IS_ERR(w[i].task) && !READ_ONCE(w[i].begun))
			msleep(1);
		if (!IS_ERR(w[i].task))
			kthread_stop(w[i].task);
		path_put(&w[i].root);
	}
}

/* Many want one inode: it is read once; if that fails, all are told, and nothing is left. */
KTEST(vcache, read_once)
{
	static const char *const names[NR_THREADS] = { "/a", "/b", "/d/c", "/a", "/b", "/d/c" };
	struct worker w[NR_THREADS];
	struct jail jail;
	int i;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	/* In two directories: it is not an i_sem that makes them wait. */
	KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, "d", 0755), 0l);
	KEXPECT_EQ(t, touch("a"), 0l);
	KEXPECT_EQ(t, do_linkat(AT_FDCWD, "a", AT_FDCWD, "b", 0), 0l);
	KEXPECT_EQ(t, do_linkat(AT_FDCWD, "a", AT_FDCWD, "d/c", 0), 0l);
	for (i = 0; i < NR_THREADS; i++)
		w[i].name = names[i];
	cfs.read_delay = 20;
	cfs_prune();
	cfs_reset_counts();
	run_workers(t, w, stat_worker);
	KEXPECT_EQ(t, atomic_read(&cfs.reads), 2);	/* "d" is the other */
	for (i = 0; i < NR_THREADS; i++)
		KEXPECT_EQ(t, w[i].result, 0l);
	cfs_prune();
	cfs.bad_ino = 3;
	run_workers(t, w, stat_worker);
	for (i = 0; i < NR_THREADS; i++)
		KEXPECT_EQ(t, w[i].result, (long)-EIO);
	cfs.bad_ino = 0;
	cfs.read_delay = 0;
	KEXPECT_EQ(t, exists("a"), 0l);
	end_jail(&jail);
}

static int prune_worker(void *data)
{
	cfs_prune();
	return until_stop();
}

/* Who wants an inode that is being given back waits, and reads it again. */
KTEST(vcache, wait_for_freeing)
{
	struct task_struct *pruner;
	struct jail jail;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	KEXPECT_EQ(t, touch("f"), 0l);
	cfs_reset_counts();
	cfs.evict_delay = 30;
	pruner = kthread_run(prune_worker, NULL, "pruner");
	KASSERT(t, !IS_ERR(pruner));
	while (!atomic_read(&cfs.evicted))
		msleep(1);
	KEXPECT_EQ(t, exists("f"), 0l);
	/* Had it not waited, the giving back would not have been over: "busy" says so. */
	KEXPECT(t, cfs.inodes[2].busy);
	KEXPECT_EQ(t, atomic_read(&cfs.reads), 1);
	cfs.evict_delay = 0;
	kthread_stop(pruner);
	end_jail(&jail);
}

#define STORM_DIRS	4
#define STORM_NAMES	6
#define STORM_STEPS	1500

static void storm_name(struct rnd_state *rnd, char *name, size_t size)
{
	u32 r = prandom_below(rnd, STORM_DIRS * STORM_NAMES);

	snprintf(name, size, "/d%u/n%u", r % STORM_DIRS, r / STORM_DIRS);
}

static long storm_step(struct rnd_state *rnd)
{
	char a[24], b[24];

	storm_name(rnd, a, sizeof(a));
	storm_name(rnd, b, sizeof(b));
	switch (prandom_below(rnd, 12)) {
	case 0: case 1:
		return touch(a);
	case 2:
		return do_unlinkat(AT_FDCWD, a);
	case 3: case 4:
		return do_renameat(AT_FDCWD, a, AT_FDCWD, b, 0);
	case 5:
		return do_linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
	case 6:
		return do_mkdirat(AT_FDCWD, a, 0755);
	case 7:
		return do_rmdirat(AT_FDCWD, a);
	case 8:
		shrink_slab(GFP_KERNEL, (int)prandom_below(rnd, 5));
		return 0;
	case 9:
		snprintf(b, sizeof(b), "%s/below", a);
		return touch(b);
	case 10:
		snprintf(b, sizeof(b), "%s/below", a);
		return do_unlinkat(AT_FDCWD, b);
	default:
		return exists(a);
	}
}

static bool storm_may_say(long err)
{
	return err == 0 || err == -ENOENT || err == -EEXIST || err == -EISDIR || err == -ENOTDIR ||
	       err == -ENOTEMPTY || err == -EPERM || err == -EINVAL || err == -ENOSPC;
}

static int storm_worker(void *data)
{
	struct worker *w = data;
	struct rnd_state rnd;
	int i;

	set_fs_root(current->fs, &w->root);
	prandom_seed(&rnd, w->seed);
	w->result = 0;
	for (i = 0; i < STORM_STEPS; i++) {
		long err = storm_step(&rnd);

		if (!storm_may_say(err))
			w->result = err;
		if (i % 64 == 0)
			cond_resched();
	}
	return until_stop();
}

/* Does the table say what the names say? */
static void compare_names(struct ktest *t)
{
	char name[64];
	int i, j;

	for (i = 0; i < STORM_DIRS; i++)
		for (j = 0; j < STORM_NAMES; j++) {
			struct cfs_name *dir, *entry;
			char last[16];

			snprintf(name, sizeof(name), "d%d", i);
			snprintf(last, sizeof(last), "n%d", j);
			spin_lock(&cfs.lock);
			dir = cfs_find(CFS_ROOT, name);
			entry = dir ? cfs_find(dir->ino, last) : NULL;
			spin_unlock(&cfs.lock);
			snprintf(name, sizeof(name), "/d%d/n%d", i, j);
			KEXPECT_EQ(t, exists(name), entry ? 0l : (long)-ENOENT);
		}
}

/* Lookups, renames, links, removals and reclaim at once: names and table agree, nothing is lost. */
KTEST(vcache, storm)
{
	struct worker w[NR_THREADS];
	struct jail jail;
	char name[16];
	int i;

	KASSERT(t, begin_jail_of(&jail, &cfs_type));
	for (i = 0; i < STORM_DIRS; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, name, 0755), 0l);
	}
	for (i = 0; i < NR_THREADS; i++)
		w[i].seed = ktest_seed((u64)i + 1);
	run_workers(t, w, storm_worker);
	for (i = 0; i < NR_THREADS; i++)
		KEXPECT_EQ(t, w[i].result, 0l);
	KEXPECT_EQ(t, dcache_check(), 0);
	KEXPECT_EQ(t, inode_check(), 0);
	compare_names(t);
	cfs_prune();
	compare_names(t);
	end_jail(&jail);
}

static int prune_until_stop(void *data)
{
	while (!kthread_should_stop()) {
		cfs_prune();
		cond_resched();
	}
	return 0;
}

/* A file system goes while reclaim is at work in it. */
KTEST(vcache, umount_while_pruned)
{
	struct task_struct *pruner[2];
	struct jail jail;
	char name[24];
	int i, j;

	for (i = 0; i < 2; i++)
		pruner[i] = kthread_run(prune_until_stop, NULL, "pruner/%d", i);
	for (i = 0; i < 30; i++) {
		KASSERT(t, begin_jail_of(&jail, &cfs_type));
		for (j = 0; j < 20; j++) {
			snprintf(name, sizeof(name), "/d%d", j);
			KEXPECT_EQ(t, do_mkdirat(AT_FDCWD, name, 0755), 0l);
			snprintf(name, sizeof(name), "/d%d/f", j);
			KEXPECT_EQ(t, touch(name), 0l);
			exists("/none");
		}
		end_jail(&jail);
	}
	for (i = 0; i < 2; i++)
		kthread_stop(pruner[i]);
}
