/*
 * kernel/fs/ramfs/tmpfs.c - ramfs with limits: how many pages, how many inodes.
 *
 * Theory.  What is in memory, or in swap (mm/cache/shmem_swap.c), is limited by them, and what nobody
 * can throw away had better be limited below that.  An instance of tmpfs counts each page of its files when it joins the
 * page cache, by whatever way (write, a store through a mapping, fallocate), and each inode;
 * a further name of a file counts as an inode too, for its dentry takes memory that nothing
 * else would limit.  A limit of 0 is none.  Where the limit is met: -ENOSPC, or SIGBUS for a
 * store.  The reserve that protects the machine from ramfs (page_cache_alloc()) holds as well.
 *
 * Options, at mount and at remount: size= (bytes, k, m, g, or % of memory), nr_blocks= (pages),
 * nr_inodes=, and at mount mode=, uid=, gid= of the root.  A remount cannot set a limit below
 * what is in use, nor introduce one where nothing was counted.
 *
 * A file's seals (memfd.c) are in i_private: bits that forbid to shrink, grow or write it.  They
 * are looked at wherever that could happen: here, for every file of tmpfs.
 *
 * Locking: stat_lock guards the counts; innermost.
 */
#include <kernel/fs/ramfs/ramfs.h>

#include <kernel/core/sched.h>
#include <kernel/core/seq_file.h>
#include <kernel/core/spinlock.h>
#include <lib/div64.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <mm/cache/filemap.h>
#include <mm/cache/shmem_swap.h>
#include <mm/phys/init.h>
#include <mm/phys/slab.h>
#include <mm/types/mm_types.h>

struct tmpfs_sb_info {
	spinlock_t stat_lock;
	unsigned long max_blocks;	/* [stat_lock] pages; 0: no limit */
	unsigned long used_blocks;	/* [stat_lock] counted if there is a limit */
	unsigned long max_inodes;	/* [stat_lock] 0: no limit */
	unsigned long used_inodes;	/* [stat_lock] counted if there is a limit */
	umode_t mode;			/* [c] of the root, and its owner: */
	uid_t uid;			/* [c] */
	gid_t gid;			/* [c] */
};

static struct tmpfs_sb_info *TMPFS_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}

/* ---- counting ------------------------------------------------------------------------------- */

/* One more of @used, if @max (0: no limit) allows it. */
static bool take_one(struct tmpfs_sb_info *info, unsigned long *used, const unsigned long *max)
{
	bool ok;

	spin_lock(&info->stat_lock);
	ok = !*max || *used < *max;
	if (*max && ok)
		++*used;
	spin_unlock(&info->stat_lock);
	return ok;
}

static void give_one(struct tmpfs_sb_info *info, unsigned long *used, const unsigned long *max)
{
	spin_lock(&info->stat_lock);
	if (*max)
		--*used;
	spin_unlock(&info->stat_lock);
}

bool tmpfs_reserve_inode(struct super_block *sb)
{
	struct tmpfs_sb_info *info = TMPFS_SB(sb);

	return !info || take_one(info, &info->used_inodes, &info->max_inodes);
}

void tmpfs_free_inode(struct super_block *sb)
{
	struct tmpfs_sb_info *info = TMPFS_SB(sb);

	if (info)
		give_one(info, &info->used_inodes, &info->max_inodes);
}

static int tmpfs_charge_page(struct address_space *mapping)
{
	struct tmpfs_sb_info *info = TMPFS_SB(mapping->host->i_sb);

	return take_one(info, &info->used_blocks, &info->max_blocks) ? 0 : -ENOSPC;
}

static void tmpfs_uncharge_page(struct address_space *mapping)
{
	struct tmpfs_sb_info *info = TMPFS_SB(mapping->host->i_sb);

	give_one(info, &info->used_blocks, &info->max_blocks);
}

/* ---- seals ---------------------------------------------------------------------------------- */

static int tmpfs_prepare_write(struct file *file, struct page *page, unsigned int from,
			       unsigned int to)
{
	struct inode *inode = page->mapping->host;
	unsigned long seals = tmpfs_seals(inode);

	if (unlikely(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_GROW))) {
		if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) ||
		    ((loff_t)page->index << PAGE_SHIFT) + to > inode->i_size)
			return -EPERM;
	}
	return simple_prepare_write(file, page, from, to);
}

static int tmpfs_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	unsigned long seals = tmpfs_seals(inode);

	if ((attr->ia_valid & ATTR_SIZE) &&
	    ((attr->ia_size < inode->i_size && (seals & F_SEAL_SHRINK)) ||
	     (attr->ia_size > inode->i_size && (seals & F_SEAL_GROW))))
		return -EPERM;
	return simple_setattr(dentry, attr);
}

static int tmpfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	if ((vma->vm_flags & VM_SHARED) &&
	    (tmpfs_seals(file_inode(file)) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	return generic_file_mmap(file, vma);
}

/* => i_sem held; may these bytes be changed, and the file grow to @end? 0 or -EPERM */
static int check_seals(const struct inode *inode, int mode, loff_t end)
{
	unsigned long seals = tmpfs_seals(inode);

	if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) &&
	    (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	return !(mode & FALLOC_FL_PUNCH_HOLE) && (seals & F_SEAL_GROW) && end > inode->i_size
	       ? -EPERM : 0;
}

static long tmpfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	struct tmpfs_sb_info *info = TMPFS_SB(inode->i_sb);
	unsigned long pages = (unsigned long)((offset + len + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT) -
			      (unsigned long)(offset >> PAGE_SHIFT);
	long err;

	mutex_lock(&inode->i_sem);
	err = check_seals(inode, mode, offset + len);
	/* What cannot fit is not begun. */
	if (!err && !(mode & FALLOC_FL_PUNCH_HOLE) && info->max_blocks && pages > info->max_blocks)
		err = -ENOSPC;
	if (!err)
		err = memory_fallocate(file, mode, offset, len);
	mutex_unlock(&inode->i_sem);
	return err;
}

const struct address_space_operations tmpfs_aops = {
	.readpage = simple_readpage,
	.writepage = shmem_writepage,
	.prepare_write = tmpfs_prepare_write,
	.commit_write = simple_commit_write,
	.set_page_dirty = __set_page_dirty_no_writeback,
	.charge_page = tmpfs_charge_page,
	.uncharge_page = tmpfs_uncharge_page,
};

const struct inode_operations tmpfs_file_inode_operations = { .setattr = tmpfs_setattr };

const struct file_operations tmpfs_file_operations = {
	.llseek = generic_file_llseek,
	.read = generic_file_read,
	.write = generic_file_write,
	.mmap = tmpfs_mmap,
	.fsync = simple_fsync,
	.fallocate = tmpfs_fallocate,
	.sendpage = generic_file_sendpage,
};

/* ---- options -------------------------------------------------------------------------------- */

static unsigned long default_max_blocks(void)
{
	return totalram_pages / 2;
}

static unsigned long default_max_inodes(void)
{
	return min(totalram_pages - totalhigh_pages, totalram_pages / 2);
}

/* A number of pages or inodes, with k, m or g. => 0 or -EINVAL */
static int parse_count(const char *text, unsigned long *count)
{
	char *end;
	unsigned long long value = memparse(text, &end);

	if (*end || end == text || value > ULONG_MAX)
		return -EINVAL;
	*count = (unsigned long)value;
	return 0;
}

/* Bytes, or a share of memory. => 0 or -EINVAL */
static int parse_size(const char *text, unsigned long *blocks)
{
	char *end;
	u64 size = memparse(text, &end);

	if (end == text)
		return -EINVAL;
	if (*end == '%') {
		size = size * ((u64)totalram_pages << PAGE_SHIFT);
		do_div(size, 100);
		end++;
	}
	if (*end)
		return -EINVAL;
	*blocks = (unsigned long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return 0;
}

/* One word of the options. => 0 or -EINVAL */
static int parse_option(struct tmpfs_sb_info *to, char *name)
{
	char *value = strchr(name, '=');
	unsigned int number;
	int err;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(name, "size"))
		return parse_size(value, &to->max_blocks);
	if (!strcmp(name, "nr_blocks"))
		return parse_count(value, &to->max_blocks);
	if (!strcmp(name, "nr_inodes"))
		return parse_count(value, &to->max_inodes);
	err = kstrtouint(value, strcmp(name, "mode") ? 10 : 8, &number);
	if (err)
		return -EINVAL;
	if (!strcmp(name, "mode"))
		to->mode = (umode_t)(number & S_IALLUGO);
	else if (!strcmp(name, "uid"))
		to->uid = number;
	else if (!strcmp(name, "gid"))
		to->gid = number;
	else
		return -EINVAL;
	return 0;
}

/* What @data (NULL: nothing) says, into @to. => may sleep; 0, -EINVAL or -ENOMEM */
static int parse_options(struct tmpfs_sb_info *to, const char *data)
{
	char *copy, *rest, *word;
	int err = 0;

	if (!data)
		return 0;
	copy = rest = kstrdup(data, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	while (!err && (word = strsep(&rest, ",")))
		if (*word)
			err = parse_option(to, word);
	kfree(copy);
	return err;
}

/* ---- the super block ------------------------------------------------------------------------ */

/* May a limit change from @old to @new, with @used in use? A limit of 0 has counted nothing. */
static bool limit_may_become(unsigned long old, unsigned long new, unsigned long used)
{
	return old ? !new || new >= used : !new;
}

static int tmpfs_remount(struct super_block *sb, unsigned long *flags, const char *data)
{
	struct tmpfs_sb_info *info = TMPFS_SB(sb);
	struct tmpfs_sb_info new = { .max_blocks = info->max_blocks,
				     .max_inodes = info->max_inodes };
	int err = parse_options(&new, data);

	if (err)
		return err;
	spin_lock(&info->stat_lock);
	if (limit_may_become(info->max_blocks, new.max_blocks, info->used_blocks) &&
	    limit_may_become(info->max_inodes, new.max_inodes, info->used_inodes)) {
		info->max_blocks = new.max_blocks;
		info->max_inodes = new.max_inodes;
	} else {
		err = -EINVAL;
	}
	spin_unlock(&info->stat_lock);
	return err;
}

static int tmpfs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct tmpfs_sb_info *info = TMPFS_SB(dentry->d_sb);

	simple_statfs(dentry, buf);
	spin_lock(&info->stat_lock);
	if (info->max_blocks) {
		buf->f_blocks = info->max_blocks;
		buf->f_bavail = buf->f_bfree = info->max_blocks - info->used_blocks;
	}
	if (info->max_inodes) {
		buf->f_files = info->max_inodes;
		buf->f_ffree = info->max_inodes - info->used_inodes;
	}
	spin_unlock(&info->stat_lock);
	return 0;
}

static int tmpfs_show_options(struct seq_file *m, struct super_block *sb)
{
	struct tmpfs_sb_info *info = TMPFS_SB(sb);

	if (info->max_blocks != default_max_blocks())
		seq_printf(m, ",size=%luk", info->max_blocks << (PAGE_SHIFT - 10));
	if (info->max_inodes != default_max_inodes())
		seq_printf(m, ",nr_inodes=%lu", info->max_inodes);
	if (info->mode != 01777)
		seq_printf(m, ",mode=%03o", info->mode);
	if (info->uid)
		seq_printf(m, ",uid=%u", info->uid);
	if (info->gid)
		seq_printf(m, ",gid=%u", info->gid);
	return 0;
}

static void tmpfs_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
	sb->s_fs_info = NULL;
}

static const struct super_operations tmpfs_super_operations = {
	.evict_inode = ramfs_evict_inode,
	.put_super = tmpfs_put_super,
	.statfs = tmpfs_statfs,
	.remount_fs = tmpfs_remount,
	.show_options = tmpfs_show_options,
};

static int fill_super(struct super_block *sb, const char *data, umode_t mode)
{
	struct tmpfs_sb_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	int err;

	if (!info)
		return -ENOMEM;
	spin_lock_init(&info->stat_lock);
	info->max_blocks = default_max_blocks();
	info->max_inodes = default_max_inodes();
	info->mode = mode;
	sb->s_fs_info = info;
	sb->s_op = &tmpfs_super_operations;
	err = parse_options(info, data);
	if (err)
		return err;
	err = ramfs_make_root(sb, TMPFS_MAGIC, info->mode);
	if (!err) {
		sb->s_root->d_inode->i_uid = info->uid;
		sb->s_root->d_inode->i_gid = info->gid;
	}
	return err;
}

int tmpfs_fill_super(struct super_block *sb, const char *data)
{
	return fill_super(sb, data, 01777);
}

int devtmpfs_fill_super(struct super_block *sb, const char *data)
{
	return fill_super(sb, data, 0755);
}
