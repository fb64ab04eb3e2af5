/*
 * kernel/fs/super.c - types of file systems, and their instances.
 *
 * Theory.  A file_system_type is a name with a function that fills in a super_block.  A
 * super_block is one instance: all its inodes, its root, its statistics.  It has two counts:
 *
 *	s_active	mounts of it.  At 0 it is taken apart, and everything in it goes.
 *	s_count		who has the address of the structure; at 0 it is freed.
 *
 * s_umount is held for writing while an instance is filled in, taken apart, or changes between
 * read-only and read-write; who holds it for reading, with s_root there, knows that it stays as
 * it is.  So who goes through all of them (sync) takes s_count under sb_lock, then s_umount, then
 * looks whether it has come up or is gone.
 *
 * The same disk mounted twice is one instance with two mounts: its blocks must not be in memory
 * twice.  sget() finds it; if it is just being taken apart, sget() waits and makes a new one.
 * An FS_SINGLE type has at most one instance.  What is not on a disk gets a device number that is
 * made up (major 0), for stat(2) to tell instances apart.
 *
 * Taking apart goes: names (dentries), then what is dirty to the disk, then inodes, then the file
 * system's own, then the disk.
 *
 * Locking: sb_lock for the list of instances; file_systems_lock for the list of types.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/printk.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/writeback.h>
#include <kernel/fs/writeback.h>
#include <lib/bitmap.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>
#include <mm/types/backing_dev.h>

static DEFINE_SPINLOCK(file_systems_lock);
static struct file_system_type *file_systems;	/* [file_systems_lock] */

DEFINE_SPINLOCK(sb_lock);
static LIST_HEAD(super_blocks);		/* [sb_lock] super_block.s_list, in the order of mounting */

#define MAX_ANON_DEV	1024
static DECLARE_BITMAP(anon_devs, MAX_ANON_DEV);	/* [file_systems_lock] minors of major 0 */

int register_filesystem(struct file_system_type *type)
{
	struct file_system_type **p;
	int err = 0;

	spin_lock(&file_systems_lock);
	for (p = &file_systems; *p; p = &(*p)->next)
		if (!strcmp((*p)->name, type->name))
			err = -EBUSY;
	if (!err) {
		type->next = NULL;
		*p = type;
	}
	spin_unlock(&file_systems_lock);
	return err;
}

struct file_system_type *get_fs_type(const char *name)
{
	struct file_system_type *type;

	spin_lock(&file_systems_lock);
	for (type = file_systems; type; type = type->next)
		if (!strcmp(type->name, name))
			break;
	spin_unlock(&file_systems_lock);
	return type;
}

struct file_system_type *next_fs_type(struct file_system_type *type)
{
	spin_lock(&file_systems_lock);
	type = type ? type->next : file_systems;
	spin_unlock(&file_systems_lock);
	return type;
}

static int get_anon_dev(dev_t *dev)
{
	unsigned long minor;

	spin_lock(&file_systems_lock);
	minor = find_next_zero_bit(anon_devs, MAX_ANON_DEV, 1);
	if (minor < MAX_ANON_DEV)
		__set_bit(minor, anon_devs);
	spin_unlock(&file_systems_lock);
	if (minor >= MAX_ANON_DEV)
		return -EMFILE;
	*dev = MKDEV(0, minor);
	return 0;
}

static void put_anon_dev(dev_t dev)
{
	spin_lock(&file_systems_lock);
	__clear_bit(MINOR(dev), anon_devs);
	spin_unlock(&file_systems_lock);
}

/* ---- instances ------------------------------------------------------------------------------ */

static void init_super(struct super_block *sb, struct file_system_type *type)
{
	sb->s_type = type;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_bdi = &noop_backing_dev_info;
	sb->s_time_gran = 1;
	sb->s_maxbytes = (loff_t)ULONG_MAX << PAGE_SHIFT;
	atomic_set(&sb->s_active, 1);
	atomic_set(&sb->s_count, 1);
	init_rwsem(&sb->s_umount);
	mutex_init(&sb->s_vfs_rename_sem);
	INIT_LIST_HEAD(&sb->s_mounts);
	INIT_LIST_HEAD(&sb->s_inodes);
	INIT_LIST_HEAD(&sb->s_dirty);
	INIT_LIST_HEAD(&sb->s_io);
}

/* It is in the list until nobody has its address: who goes through the list may stop at it. */
void put_super(struct super_block *sb)
{
	if (atomic_add_unless(&sb->s_count, -1, 1))
		return;
	spin_lock(&sb_lock);
	if (!atomic_dec_and_test(&sb->s_count)) {
		spin_unlock(&sb_lock);
		return;
	}
	list_del(&sb->s_list);
	spin_unlock(&sb_lock);
	kfree(sb);
}

void __for_each_super(void (*fn)(struct super_block *sb, void *arg), void *arg)
{
	struct super_block *sb;

	list_for_each_entry(sb, &super_blocks, s_list)
		fn(sb, arg);
}

/* Has @sb come up, and is it still there?  => s_umount held */
static bool is_alive(const struct super_block *sb)
{
	return sb->s_flags & MS_ACTIVE;
}

void iterate_supers(void (*fn)(struct super_block *sb, void *arg), void *arg)
{
	struct super_block *sb, *prev = NULL;

	spin_lock(&sb_lock);
	list_for_each_entry(sb, &super_blocks, s_list) {
		atomic_inc(&sb->s_count);
		spin_unlock(&sb_lock);
		if (prev)
			put_super(prev);
		down_read(&sb->s_umount);
		if (is_alive(sb))
			fn(sb, arg);
		up_read(&sb->s_umount);
		prev = sb;
		spin_lock(&sb_lock);
	}
	spin_unlock(&sb_lock);
	if (prev)
		put_super(prev);
}

/*
 * What @type shows already, with a mount more; a dying one is waited for.
 * => sb_lock held, and released if found or *again; s_umount held for writing if found
 */
static struct super_block *find_super(struct file_system_type *type, struct block_device *bdev,
				      bool *again)
{
	struct super_block *sb;

	*again = false;
	list_for_each_entry(sb, &super_blocks, s_list) {
		if (sb->s_type != type || sb->s_dead)
			continue;
		if (bdev ? sb->s_bdev != bdev : !(type->fs_flags & FS_SINGLE))
			continue;
		atomic_inc(&sb->s_count);
		spin_unlock(&sb_lock);
		down_write(&sb->s_umount);
		if (atomic_add_unless(&sb->s_active, 1, 0)) {
			put_super(sb);
			return sb;
		}
		up_write(&sb->s_umount);
		put_super(sb);
		*again = true;
		return NULL;
	}
	return NULL;
}

/*
 * The instance of @type on @bdev (NULL: by its type's rule), s_umount held for writing.
 * => may sleep; s_root is NULL if it is new; or ERR_PTR(-ENOMEM)
 */
static struct super_block *sget(struct file_system_type *type, struct block_device *bdev)
{
	struct super_block *sb, *new = kzalloc(sizeof(*new), GFP_KERNEL);
	bool again;

	if (!new)
		return ERR_PTR(-ENOMEM);
	init_super(new, type);
	new->s_bdev = bdev;
	do {
		spin_lock(&sb_lock);
		sb = find_super(type, bdev, &again);
	} while (again);
	if (sb) {
		kfree(new);
		return sb;
	}
	/* Who finds it waits until it has come up.  Nobody can have the lock yet. */
	BUG_ON(!down_write_trylock(&new->s_umount));
	list_add_tail(&new->s_list, &super_blocks);
	spin_unlock(&sb_lock);
	return new;
}

/* How the disk of a file system mounted so is open. */
static unsigned int open_mode(unsigned long flags)
{
	return flags & MS_RDONLY ? FMODE_READ : FMODE_READ | FMODE_WRITE;
}

/* Names, data, inodes, the rest. => s_umount held for writing, no mount is left; released */
static void kill_super(struct super_block *sb)
{
	int busy;

	if (sb->s_type->kill_sb)
		sb->s_type->kill_sb(sb);
	if (sb->s_root)
		shrink_dcache_for_umount(sb);
	if (is_alive(sb))
		sync_filesystem(sb);
	sb->s_flags &= ~MS_ACTIVE;
	busy = evict_inodes(sb);
	if (busy)
		pr_err("VFS: %d busy inodes after unmount of a %s\n", busy, sb->s_type->name);
	WARN_ON(busy);
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	if (sb->s_bdev)
		blkdev_put(sb->s_bdev, open_mode(sb->s_flags), sb->s_type);
	else
		put_anon_dev(sb->s_dev);
	spin_lock(&sb_lock);
	sb->s_dead = true;
	spin_unlock(&sb_lock);
	up_write(&sb->s_umount);
	put_super(sb);
}

static void deactivate_locked_super(struct super_block *sb)
{
	if (atomic_dec_and_test(&sb->s_active))
		kill_super(sb);
	else
		up_write(&sb->s_umount);
}

void deactivate_super(struct super_block *sb)
{
	if (atomic_add_unless(&sb->s_active, -1, 1))
		return;
	down_write(&sb->s_umount);
	deactivate_locked_super(sb);
}

/* => s_umount held for writing, released on error; 0 or -errno */
static int fill_super(struct super_block *sb, const char *data)
{
	int err = sb->s_type->fill_super(sb, data);

	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	sb->s_flags |= MS_ACTIVE;
	return 0;
}

static struct super_block *get_sb_nodev(struct file_system_type *type, unsigned long flags,
					const char *data)
{
	struct super_block *sb = sget(type, NULL);
	int err;

	if (IS_ERR(sb))
		return sb;
	if (!sb->s_root) {
		err = get_anon_dev(&sb->s_dev);
		sb->s_flags = flags;
		if (!err)
			err = fill_super(sb, data);
		if (err)
			return ERR_PTR(err);
	}
	up_write(&sb->s_umount);
	return sb;
}

/* ---- on a disk ------------------------------------------------------------------------------ */

/* The size of its blocks is the disk's too, since they are in the disk's own pages. */
int sb_set_blocksize(struct super_block *sb, int size)
{
	if (set_blocksize(sb->s_bdev, (unsigned int)size))
		return 0;
	sb->s_blocksize = (unsigned long)size;
	sb->s_blocksize_bits = (unsigned int)ilog2((unsigned int)size);
	return size;
}

int sb_min_blocksize(struct super_block *sb, int size)
{
	unsigned int least = bdev_disk(sb->s_bdev)->queue->limits.block_size;

	return sb_set_blocksize(sb, max(size, (int)least));
}

/* => s_umount held for writing, released on error; 0 or -errno */
static int fill_super_bdev(struct super_block *sb, unsigned long flags, const char *data)
{
	sb->s_flags = flags;
	sb->s_dev = sb->s_bdev->bd_dev;
	sb->s_bdi = sb->s_bdev->bd_inode->i_mapping->backing_dev_info;
	sb->s_keep_names = true;
	return fill_super(sb, data);
}

static struct super_block *get_sb_bdev(struct file_system_type *type, unsigned long flags,
				       const char *devname, const char *data)
{
	struct block_device *bdev = blkdev_get_by_path(devname, open_mode(flags), type);
	struct super_block *sb;
	int err;

	if (IS_ERR(bdev))
		/* mount(8) knows by this one that it may try again read-only. */
		return ERR_PTR(PTR_ERR(bdev) == -EROFS ? -EACCES : PTR_ERR(bdev));
	sb = sget(type, bdev);
	if (IS_ERR(sb)) {
		blkdev_put(bdev, open_mode(flags), type);
		return sb;
	}
	if (!sb->s_root) {
		err = fill_super_bdev(sb, flags, data);
		if (err)
			return ERR_PTR(err);
	} else {
		/* One disk, one instance; and that is read-only for all its mounts or for none. */
		blkdev_put(bdev, open_mode(flags), type);
		if ((flags ^ sb->s_flags) & MS_RDONLY) {
			deactivate_locked_super(sb);
			return ERR_PTR(-EBUSY);
		}
	}
	up_write(&sb->s_umount);
	return sb;
}

struct super_block *get_sb(struct file_system_type *type, unsigned long flags,
			   const char *devname, const char *data)
{
	flags &= SB_FLAGS;
	return type->fs_flags & FS_REQUIRES_DEV ? get_sb_bdev(type, flags, devname, data) :
						  get_sb_nodev(type, flags, data);
}

/* ---- another mode --------------------------------------------------------------------------- */

/* => s_umount held for writing; nobody begins to write any more, or -EBUSY: somebody does */
static int stop_writers(struct super_block *sb)
{
	sb->s_readonly_remount = true;
	smp_mb();		/* who counts himself as a writer after this look sees it */
	if (!sb_has_writers(sb) && !has_orphans(sb))
		return 0;
	sb->s_readonly_remount = false;
	return -EBUSY;
}

int do_remount_sb(struct super_block *sb, unsigned long flags, const char *data)
{
	bool to_ro = (flags & MS_RDONLY) && !(sb->s_flags & MS_RDONLY);
	unsigned long set = flags & SB_FLAGS;
	int err = 0;

	if (!(flags & MS_RDONLY) && sb->s_bdev && bdev_disk(sb->s_bdev)->read_only)
		return -EACCES;
	if (to_ro)
		err = stop_writers(sb);
	if (err)
		return err;
	sync_filesystem(sb);
	if (sb->s_op && sb->s_op->remount_fs)
		err = sb->s_op->remount_fs(sb, &set, data);
	if (!err)
		sb->s_flags = (sb->s_flags & ~SB_FLAGS) | (set & SB_FLAGS);
	sb->s_readonly_remount = false;
	if (!err && to_ro && sb->s_bdev)
		err = sync_blockdev(sb->s_bdev);
	return err;
}

static int filesystems_show(struct seq_file *m, void *v)
{
	struct file_system_type *type;

	spin_lock(&file_systems_lock);
	for (type = file_systems; type; type = type->next)
		seq_printf(m, "%s\t%s\n", type->fs_flags & FS_REQUIRES_DEV ? "" : "nodev",
			   type->name);
	spin_unlock(&file_systems_lock);
	return 0;
}
PROC_SHOW("filesystems", filesystems_show);
