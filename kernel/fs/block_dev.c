/*
 * kernel/fs/block_dev.c - disks and partitions as files.
 *
 * Theory.  A node in /dev is an inode of some file system that carries a number and nothing else;
 * there can be many with the same number.  The pages of a device must be the same for all of
 * them, and for the file system that is mounted from it: so each device has an inode of its own,
 * in a file system (bdev) that is mounted nowhere, and who opens a node gets that one's pages
 * (file->f_mapping).  Reading /dev/hda1 is generic_file_read() from there, and the buffer cache
 * finds blocks of metadata in the same pages.
 *
 * Block n of a device is at n: its get_block is the shortest there is.
 *
 * The list of bdev objects keeps one reference on each inode.  An object is made when it is first
 * asked for and goes when its disk does.
 *
 * Size of blocks.  As long as no file system says otherwise it is the largest power of two that
 * divides the device, up to a page, so that the last sectors can be read too.
 *
 * One holder.  A file system needs the device for itself: a second mount, mkfs on a mounted disk
 * (open with O_EXCL) are refused.  A partition that is held holds the whole disk against others,
 * and the other way round, but two partitions can be held at once.
 *
 * Locking: bdev_list_mutex for the list [L] and holders; bd_mutex of each for its opening and
 * closing.  Order: bd_mutex, bdev_list_mutex, disks_mutex.
 */
#include <kernel/fs/block_dev.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/fs/dev/chrdev.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/slab.h>

#define BDEVFS_MAGIC	0x62646576ul	/* "bdev" */

static struct vfsmount *bdev_mnt;		/* [c] */

static DEFINE_MUTEX(bdev_list_mutex);
static LIST_HEAD(all_bdevs);			/* [L] bdev_node.list */

/* A block_device as this file has it. */
struct bdev_node {
	struct block_device bdev;
	struct list_head list;			/* [L] */
	unsigned int holders;			/* [L] of it, by the same holder */
	unsigned int part_holders;		/* [L] of the whole disk: partitions that are held */
	struct bdev_node *whole;		/* [L] while held: of the partition */
};

static struct bdev_node *node_of(struct block_device *bdev)
{
	return container_of(bdev, struct bdev_node, bdev);
}

/* ---- the pages -------------------------------------------------------------------------------- */

static int blkdev_get_block(struct inode *inode, sector_t block, struct buffer_head *bh, int create)
{
	struct block_device *bdev = inode->i_bdev;
	sector_t end = (sector_t)i_size_read(inode) >> inode->i_blkbits;

	if (block >= end)
		return create ? -EIO : 0;
	if (bh->b_size > (end - block) << inode->i_blkbits)
		bh->b_size = (unsigned int)(end - block) << inode->i_blkbits;
	bh->b_bdev = bdev;
	bh->b_blocknr = block;
	set_buffer_mapped(bh);
	return 0;
}

static int blkdev_readpage(struct file *file, struct page *page)
{
	(void)file;
	return mpage_readpage(page, blkdev_get_block);
}

static int blkdev_readpages(struct file *file, struct address_space *mapping,
			    struct page **pages, unsigned int nr)
{
	(void)file;
	return mpage_readpages(mapping, pages, nr, blkdev_get_block);
}

static int blkdev_writepage(struct page *page, struct writeback_control *wbc)
{
	return block_write_full_page(page, blkdev_get_block, wbc);
}

static int blkdev_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return mpage_writepages(mapping, wbc, blkdev_get_block);
}

static int blkdev_prepare_write(struct file *file, struct page *page, unsigned int from,
				unsigned int to)
{
	(void)file;
	return block_prepare_write(page, from, to, blkdev_get_block);
}

static int blkdev_releasepage(struct page *page, gfp_t gfp)
{
	(void)gfp;
	return try_to_free_buffers(page);
}

static sector_t blkdev_bmap(struct address_space *mapping, sector_t block)
{
	return generic_block_bmap(mapping, block, blkdev_get_block);
}

static ssize_t blkdev_direct_IO(unsigned int rw, struct file *file, char *buf, size_t count,
				loff_t pos)
{
	return blockdev_direct_IO(rw, file, buf, count, pos, blkdev_get_block);
}

static const struct address_space_operations def_blk_aops = {
	.readpage = blkdev_readpage,
	.readpages = blkdev_readpages,
	.writepage = blkdev_writepage,
	.writepages = blkdev_writepages,
	.prepare_write = blkdev_prepare_write,
	.commit_write = generic_commit_write,
	.set_page_dirty = __set_page_dirty_buffers,
	.invalidatepage = block_invalidatepage,
	.releasepage = blkdev_releasepage,
	.bmap = blkdev_bmap,
	.direct_IO = blkdev_direct_IO,
};

int sync_blockdev(struct block_device *bdev)
{
	return filemap_write_and_wait(bdev_mapping(bdev));
}

/* Everything goes, dirty or not. */
static void kill_bdev(struct block_device *bdev)
{
	truncate_inode_pages(bdev_mapping(bdev), 0);
}

static void use_blocksize(struct block_device *bdev, unsigned int size)
{
	bdev->bd_block_size = size;
	bdev->bd_inode->i_blkbits = (unsigned int)__builtin_ctz(size);
}

int set_blocksize(struct block_device *bdev, unsigned int size)
{
	if (size < SECTOR_SIZE || size > PAGE_SIZE || (size & (size - 1)))
		return -EINVAL;
	if (size < bdev_disk(bdev)->queue->limits.block_size)
		return -EINVAL;
	/* write() and O_DIRECT are kept out; who only reads may come between. */
	mutex_lock(&bdev->bd_inode->i_sem);
	if (size != bdev->bd_block_size) {
		sync_blockdev(bdev);
		kill_bdev(bdev);
		use_blocksize(bdev, size);
		/* What was brought in meanwhile, in blocks of the old size. */
		kill_bdev(bdev);
	}
	mutex_unlock(&bdev->bd_inode->i_sem);
	return 0;
}

/* The largest that divides the device, for who opens it first. */
static unsigned int default_blocksize(const struct hd_struct *part)
{
	unsigned int size = PAGE_SIZE, least = part->disk->queue->limits.block_size;

	while (size > least && size > SECTOR_SIZE && part->nr_sects & ((size >> SECTOR_SHIFT) - 1))
		size >>= 1;
	return size;
}

/* ---- the objects ------------------------------------------------------------------------------ */

static struct bdev_node *find_bdev(dev_t dev)
{
	struct bdev_node *node;

	list_for_each_entry(node, &all_bdevs, list)
		if (node->bdev.bd_dev == dev)
			return node;
	return NULL;
}

/* => bdev_list_mutex held; on the list; or NULL: no memory */
static struct bdev_node *make_bdev(dev_t dev)
{
	struct bdev_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	struct inode *inode;

	if (!node)
		return NULL;
	inode = new_inode(bdev_mnt->mnt_sb);
	if (!inode) {
		kfree(node);
		return NULL;
	}
	inode->i_mode = S_IFBLK;
	inode->i_rdev = dev;
	inode->i_bdev = &node->bdev;
	inode->i_data.a_ops = &def_blk_aops;
	set_bit(AS_BLKDEV, &inode->i_data.flags);
	/* b_data is an address: low memory. A file system asks for its blocks with its locks in hand. */
	inode->i_data.gfp_mask = GFP_NOFS;
	node->bdev.bd_dev = dev;
	node->bdev.bd_inode = inode;
	mutex_init(&node->bdev.bd_mutex);
	use_blocksize(&node->bdev, PAGE_SIZE);
	list_add_tail(&node->list, &all_bdevs);
	return node;
}

struct block_device *bdget(dev_t dev)
{
	struct bdev_node *node = NULL;

	mutex_lock(&bdev_list_mutex);
	if (get_part(dev)) {
		node = find_bdev(dev);
		if (!node)
			node = make_bdev(dev);
		if (node)
			igrab(node->bdev.bd_inode);
	}
	mutex_unlock(&bdev_list_mutex);
	return node ? &node->bdev : NULL;
}

void bdput(struct block_device *bdev)
{
	iput(bdev->bd_inode);
}

void for_each_bdev(void (*fn)(struct block_device *bdev, void *arg), void *arg)
{
	struct bdev_node *node;

	/* Objects stay on the list as long as their disks; those are not taken away meanwhile. */
	mutex_lock(&bdev_list_mutex);
	list_for_each_entry(node, &all_bdevs, list)
		fn(&node->bdev, arg);
	mutex_unlock(&bdev_list_mutex);
}

static void bdev_evict_inode(struct inode *inode)
{
	truncate_inode_pages(&inode->i_data, 0);
	if (inode->i_bdev)			/* else the root, which is nothing */
		kfree(node_of(inode->i_bdev));
}

static const struct super_operations bdev_super_operations = {
	.statfs = simple_statfs,
	.evict_inode = bdev_evict_inode,
};

static int bdev_fill_super(struct super_block *sb, const char *data)
{
	struct inode *inode = new_inode(sb);

	(void)data;
	if (!inode)
		return -ENOMEM;
	sb->s_magic = BDEVFS_MAGIC;
	sb->s_op = &bdev_super_operations;
	sb->s_flags = MS_NOUSER;
	inode->i_mode = S_IFDIR;
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type bdev_fs_type = {
	.name = "bdev",
	.fs_flags = FS_SINGLE,
	.fill_super = bdev_fill_super,
};

void __init bdev_cache_init(void)
{
	register_filesystem(&bdev_fs_type);
	bdev_mnt = kern_mount(&bdev_fs_type, NULL);
	BUG_ON(IS_ERR(bdev_mnt));
	bdev_check_init();
}

/* ---- holders ---------------------------------------------------------------------------------- */

/* => bdev_list_mutex held, the device is open */
static struct bdev_node *whole_of(struct bdev_node *node)
{
	struct hd_struct *part = node->bdev.bd_part;
	dev_t dev = MKDEV(part->disk->major, part->disk->first_minor);

	if (!part->partno)
		return NULL;
	return find_bdev(dev) ? find_bdev(dev) : make_bdev(dev);
}

int bd_claim(struct block_device *bdev, void *holder)
{
	struct bdev_node *node = node_of(bdev), *whole;
	int err = 0;

	mutex_lock(&bdev_list_mutex);
	whole = whole_of(node);
	if ((node->holders && node->bdev.bd_holder != holder) ||
	    (node->part_holders && !node->holders) ||
	    (whole && whole->holders)) {
		err = -EBUSY;
	} else {
		node->bdev.bd_holder = holder;
		if (!node->holders++ && whole) {
			node->whole = whole;
			whole->part_holders++;
		}
	}
	mutex_unlock(&bdev_list_mutex);
	return err;
}

void bd_release(struct block_device *bdev)
{
	struct bdev_node *node = node_of(bdev);

	mutex_lock(&bdev_list_mutex);
	if (!--node->holders) {
		node->bdev.bd_holder = NULL;
		if (node->whole)
			node->whole->part_holders--;
		node->whole = NULL;
	}
	mutex_unlock(&bdev_list_mutex);
}

/* ---- opening ---------------------------------------------------------------------------------- */

/* The first one to open it. => bd_mutex held; -ENXIO: it is not there (any more) */
static int bd_start(struct block_device *bdev)
{
	struct hd_struct *part = open_part(bdev->bd_dev);

	if (!part)
		return -ENXIO;
	bdev->bd_part = part;
	i_size_write(bdev->bd_inode, (loff_t)part->nr_sects << SECTOR_SHIFT);
	bdev_mapping(bdev)->backing_dev_info = &part->disk->queue->bdi;
	use_blocksize(bdev, default_blocksize(part));
	return 0;
}

/* The last one has closed it. => bd_mutex held */
static void bd_stop(struct block_device *bdev)
{
	sync_blockdev(bdev);
	kill_bdev(bdev);
	close_part(bdev->bd_part);
	bdev->bd_part = NULL;
	bdev_mapping(bdev)->backing_dev_info = &noop_backing_dev_info;
}

int blkdev_get(struct block_device *bdev, unsigned int mode, void *holder)
{
	int err = 0;

	mutex_lock(&bdev->bd_mutex);
	if (!bdev->bd_openers)
		err = bd_start(bdev);
	if (!err) {
		if ((mode & FMODE_WRITE) && bdev_disk(bdev)->read_only)
			err = -EROFS;
		else if (holder)
			err = bd_claim(bdev, holder);
		if (err && !bdev->bd_openers)
			bd_stop(bdev);
	}
	if (!err)
		bdev->bd_openers++;
	mutex_unlock(&bdev->bd_mutex);
	if (err)
		bdput(bdev);
	return err;
}

void blkdev_put(struct block_device *bdev, unsigned int mode, void *holder)
{
	(void)mode;
	mutex_lock(&bdev->bd_mutex);
	if (holder)
		bd_release(bdev);
	if (!--bdev->bd_openers)
		bd_stop(bdev);
	mutex_unlock(&bdev->bd_mutex);
	bdput(bdev);
}

int reread_partitions(struct block_device *bdev)
{
	struct gendisk *disk = bdev_disk(bdev);

	if (bdev->bd_part->partno || disk->minors == 1)
		return -EINVAL;
	sync_blockdev(bdev);		/* the table is read past the cache */
	return rescan_partitions(disk);
}

struct block_device *lookup_bdev(const char *name)
{
	struct block_device *bdev;
	struct inode *inode;
	struct path path;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return ERR_PTR(err);
	inode = path.dentry->d_inode;
	if (!S_ISBLK(inode->i_mode))
		err = -ENOTBLK;
	else if (path.mnt->mnt_flags & MS_NODEV)
		err = -EACCES;
	bdev = err ? ERR_PTR(err) : bdget(inode->i_rdev);
	path_put(&path);
	return bdev ? bdev : ERR_PTR(-ENXIO);
}

struct block_device *blkdev_get_by_path(const char *path, unsigned int mode, void *holder)
{
	struct block_device *bdev = lookup_bdev(path);
	int err;

	if (IS_ERR(bdev))
		return bdev;
	err = blkdev_get(bdev, mode, holder);
	return err ? ERR_PTR(err) : bdev;
}

/* ---- nodes in /dev ------------------------------------------------------------------------------ */

/* => the device number and the name of a disk or one of its partitions */
static dev_t node_name(struct gendisk *disk, int partno, char *name)
{
	part_name(disk->part[partno], name);
	return MKDEV(disk->major, disk->first_minor + (unsigned int)partno);
}

void blkdev_announce(struct gendisk *disk, int partno)
{
	char name[DISK_NAME_LEN];
	dev_t dev = node_name(disk, partno, name);
	int err = device_create(name, dev, S_IFBLK | 0660);

	if (err)
		pr_warn("/dev/%s cannot be made: error %d\n", name, err);
}

void blkdev_withdraw(struct gendisk *disk, int partno)
{
	char name[DISK_NAME_LEN];
	dev_t dev = node_name(disk, partno, name);
	struct bdev_node *node;

	device_destroy(name);
	mutex_lock(&bdev_list_mutex);
	node = find_bdev(dev);
	if (node)
		list_del(&node->list);
	mutex_unlock(&bdev_list_mutex);
	if (node)
		bdput(&node->bdev);
}
