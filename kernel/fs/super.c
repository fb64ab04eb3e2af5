/*
 * kernel/fs/super.c - types of file systems, and their instances.
 *
 * Theory.  A file_system_type is a name with a function that fills in a super_block.  A
 * super_block is one instance: all its inodes, its root, its statistics.  It lives as long as
 * it is mounted somewhere (s_active); an FS_SINGLE type has at most one, which all its mounts
 * show.  Its device number is made up (major 0), for stat(2) to tell instances apart.
 *
 * Locking: file_systems_lock for the list of types and the single instances; supers are
 * created under single_mutex if their type is FS_SINGLE, so that two mounts make one.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/seq_file.h>
#include <kernel/fs/internal.h>
#include <lib/bitmap.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/phys/slab.h>
#include <mm/types/backing_dev.h>

static DEFINE_SPINLOCK(file_systems_lock);
static struct file_system_type *file_systems;	/* [file_systems_lock] */

/* The instances of FS_SINGLE types. */
static DEFINE_MUTEX(single_mutex);
#define MAX_SINGLE	8
static struct super_block *single_supers[MAX_SINGLE];	/* [single_mutex] */

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

/* Take an instance apart: names, then inodes. => nobody uses it */
static void kill_super(struct super_block *sb)
{
	if (sb->s_type->kill_sb)
		sb->s_type->kill_sb(sb);
	if (sb->s_root)
		dput(sb->s_root);
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	WARN_ON(inodes_left(sb));
	super_unlink(sb);
	put_anon_dev(sb->s_dev);
	kfree(sb);
}

static struct super_block *new_super(struct file_system_type *type, const char *data)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int err;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	err = get_anon_dev(&sb->s_dev);
	if (err) {
		kfree(sb);
		return ERR_PTR(err);
	}
	sb->s_type = type;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_bdi = &noop_backing_dev_info;
	sb->s_time_gran = 1;
	init_rwsem(&sb->s_umount);
	INIT_LIST_HEAD(&sb->s_dirty);
	INIT_LIST_HEAD(&sb->s_io);
	sb->s_maxbytes = (loff_t)ULONG_MAX << PAGE_SHIFT;
	atomic_set(&sb->s_active, 1);
	mutex_init(&sb->s_vfs_rename_sem);
	INIT_LIST_HEAD(&sb->s_inodes);
	super_link(sb);
	err = type->fill_super(sb, data);
	if (err) {
		kill_super(sb);
		return ERR_PTR(err);
	}
	return sb;
}

static struct super_block *get_single(struct file_system_type *type, const char *data)
{
	struct super_block *sb = NULL;
	int i, slot = -1;

	mutex_lock(&single_mutex);
	for (i = 0; i < MAX_SINGLE; i++) {
		if (!single_supers[i])
			slot = i;
		else if (single_supers[i]->s_type == type)
			sb = single_supers[i];
	}
	if (sb) {
		atomic_inc(&sb->s_active);
	} else {
		BUG_ON(slot < 0);
		sb = new_super(type, data);
		if (!IS_ERR(sb))
			single_supers[slot] = sb;
	}
	mutex_unlock(&single_mutex);
	return sb;
}

struct super_block *get_sb(struct file_system_type *type, const char *data)
{
	return type->fs_flags & FS_SINGLE ? get_single(type, data) : new_super(type, data);
}

void deactivate_super(struct super_block *sb)
{
	bool single = sb->s_type->fs_flags & FS_SINGLE;
	bool last;
	int i;

	if (single)
		mutex_lock(&single_mutex);
	last = atomic_dec_and_test(&sb->s_active);
	for (i = 0; last && single && i < MAX_SINGLE; i++)
		if (single_supers[i] == sb)
			single_supers[i] = NULL;
	if (single)
		mutex_unlock(&single_mutex);
	if (last)
		kill_super(sb);
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
