/*
 * kernel/fs/ext2/super.c - mounting, unmounting, and what to do when the disk is wrong.
 *
 * Theory.  A mount believes nothing (validate.c), keeps the blocks with the super block and the
 * group descriptors in memory, held, and adds up what is free.  While it can be written to, the
 * super block on the disk has EXT2_VALID_FS cleared: a machine that dies leaves a file system that
 * says of itself that it wants to be checked.  umount and remount to read-only set it again, after
 * everything else has reached the disk, if it was set when we came.
 *
 * The counts in the super block are only written down now and then (sync_fs): the truth is in the
 * bitmaps, and e2fsck counts them.  The copies of the super block are e2fsck's, not ours.
 *
 * ext2_error() is for what can only be if the disk is wrong.  The operation that met it fails with
 * -EIO; the state on the disk remembers that there was an error; errors= says whether to go on.  A
 * bitmap that cannot be true ends all writing whatever errors= says: giving out blocks by it would
 * destroy what is still good.
 *
 * Locking: s_alloc_sem for the counts and the super block's bytes; s_umount, held by the callers
 * of remount_fs() and put_super().
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/block_dev.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/cache/filemap.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>

static struct kmem_cache *ext2_inode_cachep;

/* ---- errors ----------------------------------------------------------------------------------- */

/* Remember on the disk that something is wrong. */
static void note_error(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	sbi->s_mount_state |= EXT2_ERROR_FS;
	if (sb->s_flags & MS_RDONLY)
		return;
	sbi->s_es->s_state |= EXT2_ERROR_FS;
	mark_buffer_dirty(sbi->s_sbh);
}

static void report(struct super_block *sb, const char *function, const char *fmt, va_list args)
{
	char text[200], name[DISK_NAME_LEN];

	vsnprintf(text, sizeof(text), fmt, args);
	pr_err("EXT2-fs error (device %s): %s: %s\n", part_name(sb->s_bdev->bd_part, name),
	       function, text);
	note_error(sb);
}

static void stop_writing(struct super_block *sb)
{
	if (sb->s_flags & MS_RDONLY)
		return;
	pr_err("EXT2-fs: from now on read-only\n");
	sb->s_flags |= MS_RDONLY;
}

static void act(struct super_block *sb, unsigned int errors)
{
	if (errors == EXT2_ERRORS_PANIC)
		panic("EXT2-fs: errors=panic");
	if (errors == EXT2_ERRORS_RO)
		stop_writing(sb);
}

void ext2_error(struct super_block *sb, const char *function, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(sb, function, fmt, args);
	va_end(args);
	act(sb, EXT2_SB(sb)->s_opt.errors);
}

void ext2_corrupt(struct super_block *sb, const char *function, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(sb, function, fmt, args);
	va_end(args);
	act(sb, max(EXT2_SB(sb)->s_opt.errors, (unsigned int)EXT2_ERRORS_RO));
}

/* ---- the super block on the disk -------------------------------------------------------------- */

/* The counts of now into the super block. @wait: and to the disk. => may sleep; 0 or -EIO */
static int write_super(struct super_block *sb, int wait)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_super_block *es = sbi->s_es;

	mutex_lock(&sbi->s_alloc_sem);
	es->s_free_blocks_count = sbi->s_free_blocks;
	es->s_free_inodes_count = sbi->s_free_inodes;
	es->s_wtime = (u32)ktime_get_real_seconds();
	mark_buffer_dirty(sbi->s_sbh);
	mutex_unlock(&sbi->s_alloc_sem);
	sb->s_dirt = false;
	return wait ? sync_dirty_buffer(sbi->s_sbh) : 0;
}

/* Everything but files and the super block: what was freed becomes usable. => may sleep */
static int settle(struct super_block *sb)
{
	int err = ext2_reuse_inodes(sb), err2 = ext2_reuse_blocks(sb);

	return err ? err : err2;
}

static int ext2_sync_fs(struct super_block *sb, int wait)
{
	int err, err2;

	if (sb->s_flags & MS_RDONLY)
		return 0;
	err = settle(sb);
	err2 = write_super(sb, wait);
	return err ? err : err2;
}

void ext2_note_large_file(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_super_block *es = sbi->s_es;

	if (es->s_rev_level == EXT2_GOOD_OLD_REV ||
	    (es->s_feature_ro_compat & EXT2_FEATURE_RO_COMPAT_LARGE_FILE))
		return;
	mutex_lock(&sbi->s_alloc_sem);
	es->s_feature_ro_compat |= EXT2_FEATURE_RO_COMPAT_LARGE_FILE;
	mark_buffer_dirty(sbi->s_sbh);
	mutex_unlock(&sbi->s_alloc_sem);
}

/* From now on it is written to. => may sleep; 0 or -EIO */
static int begin_writing(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_super_block *es = sbi->s_es;
	char name[DISK_NAME_LEN];
	int err;

	part_name(sb->s_bdev->bd_part, name);
	if (!(es->s_state & EXT2_VALID_FS))
		pr_warn("EXT2-fs (%s): was not unmounted in order; e2fsck is recommended\n", name);
	else if (es->s_state & EXT2_ERROR_FS)
		pr_warn("EXT2-fs (%s): has errors; e2fsck is recommended\n", name);
	else if (es->s_max_mnt_count > 0 && es->s_mnt_count >= (u16)es->s_max_mnt_count)
		pr_warn("EXT2-fs (%s): mounted often since the last e2fsck\n", name);
	sbi->s_mount_state = es->s_state;
	es->s_state &= (u16)~EXT2_VALID_FS;
	es->s_mnt_count++;
	es->s_mtime = (u32)ktime_get_real_seconds();
	sbi->s_writing = true;
	err = write_super(sb, 1);
	if (!err)
		err = blkdev_issue_flush(sb->s_bdev->bd_part);
	return err;
}

/*
 * The last writes: when all else is on the disk, the super block says that it is valid.
 * => may sleep; 0 or -EIO
 */
static int end_writing(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	int err = settle(sb), err2;

	err2 = sync_blockdev(sb->s_bdev);
	if (!err)
		err = err2;
	if (!err)
		err = blkdev_issue_flush(sb->s_bdev->bd_part);
	/* What could not be written leaves a file system that wants to be checked. */
	if (!err)
		sbi->s_es->s_state = sbi->s_mount_state;
	err2 = write_super(sb, 1);
	if (!err2)
		err2 = blkdev_issue_flush(sb->s_bdev->bd_part);
	return err ? err : err2;
}

/* ---- mounting --------------------------------------------------------------------------------- */

static void free_sbi(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 i;

	for (i = 0; sbi->s_group_desc && i < sbi->s_geo.gdb_count; i++)
		brelse(sbi->s_group_desc[i]);
	brelse(sbi->s_sbh);
	vfree(sbi->s_group_desc);
	vfree(sbi->s_checked);
	kfree(sbi);
	sb->s_fs_info = NULL;
}

/* The super block into sbi, checked; the device's block size set. => may sleep; 0 or -errno */
static int read_super(struct super_block *sb, const char *name)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u64 disk = (u64)i_size_read(sb->s_bdev->bd_inode);
	unsigned int size = 1u << EXT2_MIN_LOG_BLOCK;
	const char *wrong;

	for (;;) {
		if (!sb_set_blocksize(sb, (int)size)) {
			pr_err("EXT2-fs (%s): the disk has no blocks of %u bytes\n", name, size);
			return -EINVAL;
		}
		sbi->s_sbh = sb_bread(sb, EXT2_SUPER_OFFSET / size);
		if (!sbi->s_sbh) {
			pr_err("EXT2-fs (%s): the super block cannot be read\n", name);
			return -EIO;
		}
		sbi->s_es = (void *)(sbi->s_sbh->b_data + EXT2_SUPER_OFFSET % size);
		wrong = ext2_check_super(sbi->s_es, disk, &sbi->s_geo);
		if (wrong) {
			pr_err("EXT2-fs (%s): cannot be mounted: %s\n", name, wrong);
			return -EINVAL;
		}
		if (sbi->s_geo.block_size == size)
			return 0;
		brelse(sbi->s_sbh);
		sbi->s_sbh = NULL;
		size = sbi->s_geo.block_size;
	}
}

/* => 0, perhaps read-only from now on, or -EINVAL */
static int check_features(struct super_block *sb, const char *name)
{
	const struct ext2_super_block *es = EXT2_SB(sb)->s_es;
	const char *unknown = ext2_unknown_incompat(es);

	if (unknown) {
		pr_err("EXT2-fs (%s): cannot be mounted: it has the feature %s\n", name, unknown);
		return -EINVAL;
	}
	unknown = ext2_unknown_ro_compat(es);
	if (unknown && !(sb->s_flags & MS_RDONLY)) {
		pr_warn("EXT2-fs (%s): mounted read-only: it has the feature %s\n", name, unknown);
		sb->s_flags |= MS_RDONLY;
	}
	return 0;
}

/* All group descriptors, checked and added up. => may sleep; 0 or -errno */
static int read_group_descs(struct super_block *sb, const char *name)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	const struct ext2_geometry *geo = &sbi->s_geo;
	u32 i;

	sbi->s_group_desc = vzalloc(geo->gdb_count * sizeof(*sbi->s_group_desc));
	sbi->s_checked = vzalloc(BITS_TO_LONGS(geo->groups_count) * sizeof(long));
	if (!sbi->s_group_desc || !sbi->s_checked)
		return -ENOMEM;
	for (i = 0; i < geo->gdb_count; i++) {
		sbi->s_group_desc[i] = sb_bread(sb, EXT2_SUPER_OFFSET / geo->block_size + 1 + i);
		if (!sbi->s_group_desc[i])
			return -EIO;
	}
	for (i = 0; i < geo->groups_count; i++) {
		const struct ext2_group_desc *desc = ext2_get_group_desc(sb, i, NULL);
		const char *wrong = ext2_check_group(geo, i, desc);

		if (wrong) {
			pr_err("EXT2-fs (%s): cannot be mounted: group %u: %s\n", name, i, wrong);
			return -EINVAL;
		}
		sbi->s_free_blocks += desc->bg_free_blocks_count;
		sbi->s_free_inodes += desc->bg_free_inodes_count;
		sbi->s_dirs_count += desc->bg_used_dirs_count;
	}
	sbi->s_overhead = ext2_overhead(geo);
	return 0;
}

static void init_sbi(struct ext2_sb_info *sbi)
{
	mutex_init(&sbi->s_alloc_sem);
	mutex_init(&sbi->s_reuse_blocks_sem);
	mutex_init(&sbi->s_reuse_inodes_sem);
	spin_lock_init(&sbi->s_freed_lock);
	INIT_LIST_HEAD(&sbi->s_freed_blocks);
	INIT_LIST_HEAD(&sbi->s_freed_inodes);
	sbi->s_next_generation = (u32)ktime_get_ns();
}

static int read_options(struct super_block *sb, const char *data)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	const struct ext2_super_block *es = sbi->s_es;

	sbi->s_mount_state = es->s_state;
	sbi->s_opt.errors = es->s_errors == EXT2_ERRORS_RO || es->s_errors == EXT2_ERRORS_PANIC ?
			    es->s_errors : EXT2_ERRORS_CONTINUE;
	sbi->s_opt.resuid = es->s_def_resuid;
	sbi->s_opt.resgid = es->s_def_resgid;
	return ext2_parse_options(data, &sbi->s_opt, &sb->s_flags);
}

static const struct super_operations ext2_super_operations;

static int read_root(struct super_block *sb, const char *name)
{
	struct inode *root = ext2_iget(sb, EXT2_ROOT_INO);

	if (IS_ERR(root)) {
		pr_err("EXT2-fs (%s): no root directory\n", name);
		return PTR_ERR(root) == -ENOMEM ? -ENOMEM : -EINVAL;
	}
	if (!S_ISDIR(root->i_mode)) {
		iput(root);
		pr_err("EXT2-fs (%s): the root is no directory\n", name);
		return -EINVAL;
	}
	sb->s_root = d_alloc_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int ext2_fill_super(struct super_block *sb, const char *data)
{
	struct ext2_sb_info *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);
	char name[DISK_NAME_LEN];
	int err;

	if (!sbi)
		return -ENOMEM;
	part_name(sb->s_bdev->bd_part, name);
	sb->s_fs_info = sbi;
	init_sbi(sbi);
	err = read_super(sb, name);
	if (!err)
		err = check_features(sb, name);
	if (!err)
		err = read_options(sb, data);
	if (!err)
		err = read_group_descs(sb, name);
	if (err)
		goto fail;
	sb->s_magic = EXT2_SUPER_MAGIC;
	sb->s_op = &ext2_super_operations;
	sb->s_maxbytes = ext2_max_size(sbi->s_geo.block_bits);
	sb->s_time_gran = sbi->s_geo.inode_size > EXT2_GOOD_OLD_INODE_SIZE ? 1 : NSEC_PER_SEC;
	if (bdev_disk(sb->s_bdev)->read_only)
		sb->s_flags |= MS_RDONLY;
	err = read_root(sb, name);
	if (!err && !(sb->s_flags & MS_RDONLY))
		err = begin_writing(sb);
	return err;	/* put_super() follows if that is no 0 */
fail:
	free_sbi(sb);
	return err;
}

static void ext2_put_super(struct super_block *sb)
{
	if (EXT2_SB(sb)->s_writing && !(sb->s_flags & MS_RDONLY) && end_writing(sb))
		pr_err("EXT2-fs: not everything could be written\n");
	ext2_forget_freed(sb);
	free_sbi(sb);
}

static int ext2_remount(struct super_block *sb, unsigned long *flags, const char *data)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_mount_options opt = sbi->s_opt;
	unsigned long wanted = *flags;
	int err = ext2_parse_options(data, &opt, &wanted);

	if (err)
		return err;
	if ((wanted & MS_RDONLY) && !(sb->s_flags & MS_RDONLY)) {
		err = end_writing(sb);
	} else if (!(wanted & MS_RDONLY) && (sb->s_flags & MS_RDONLY)) {
		if (ext2_unknown_ro_compat(sbi->s_es) || bdev_disk(sb->s_bdev)->read_only)
			return -EROFS;
		err = begin_writing(sb);
	}
	if (err)
		return err;
	sbi->s_opt = opt;
	*flags = wanted;
	return 0;
}

static int ext2_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct super_block *sb = dentry->d_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u32 reserved = sbi->s_es->s_r_blocks_count;

	memset(buf, 0, sizeof(*buf));
	buf->f_type = EXT2_SUPER_MAGIC;
	buf->f_bsize = sb->s_blocksize;
	buf->f_blocks = sbi->s_geo.blocks_count - sbi->s_overhead;
	buf->f_bfree = ext2_count_free_blocks(sb);
	buf->f_bavail = buf->f_bfree > reserved ? buf->f_bfree - reserved : 0;
	buf->f_files = sbi->s_geo.inodes_count;
	buf->f_ffree = ext2_count_free_inodes(sb);
	buf->f_namelen = EXT2_NAME_LEN;
	return 0;
}

/* ---- inodes in memory ------------------------------------------------------------------------- */

static struct inode *ext2_alloc_inode(struct super_block *sb)
{
	struct ext2_inode_info *ei = kmem_cache_zalloc(ext2_inode_cachep, GFP_KERNEL);

	if (!ei)
		return NULL;
	init_rwsem(&ei->i_map_sem);
	spin_lock_init(&ei->i_raw_lock);
	return &ei->vfs_inode;
}

static void ext2_destroy_inode(struct inode *inode)
{
	kmem_cache_free(ext2_inode_cachep, EXT2_I(inode));
}

static const struct super_operations ext2_super_operations = {
	.alloc_inode = ext2_alloc_inode,
	.destroy_inode = ext2_destroy_inode,
	.write_inode = ext2_write_inode,
	.sync_fs = ext2_sync_fs,
	.remount_fs = ext2_remount,
	.evict_inode = ext2_evict_inode,
	.put_super = ext2_put_super,
	.statfs = ext2_statfs,
	.show_options = ext2_show_options,
};

static struct file_system_type ext2_fs_type = {
	.name = "ext2",
	.fs_flags = FS_REQUIRES_DEV,
	.fill_super = ext2_fill_super,
};

void __init ext2_init(void)
{
	ext2_inode_cachep = kmem_cache_create("ext2_inode_cache", sizeof(struct ext2_inode_info), 0,
					      SLAB_PANIC, NULL);
	ext2_freed_init();
	register_filesystem(&ext2_fs_type);
}
