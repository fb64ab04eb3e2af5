/*
 * kernel/fs/ext2/namei.c - names: looked up, made, moved and removed.
 *
 * Theory.  The vfs has done the walking, the locking and the permissions; here a name becomes an
 * entry of a directory, and the counts of links follow.  The order within an operation is such that
 * when it fails in the middle, or the power goes, there is a name too many rather than one too
 * few: an entry is added before the old one is removed, a count is raised before a name is made and
 * lowered after one is gone.
 *
 * rename() onto an existing name changes that entry in place, and brings the change to the disk
 * before the old file may go: programs that replace a file by writing another and renaming it rely
 * on finding one of the two.
 *
 * Locking: i_sem of the directories, and of what loses a name (fs.h).
 */
#include <kernel/fs/ext2/ext2.h>

#include <kernel/fs/writeback.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

static struct dentry *ext2_lookup(struct inode *dir, struct dentry *dentry)
{
	struct ext2_entry entry;
	struct inode *inode;
	int err;

	if (dentry->d_name.len > EXT2_NAME_LEN)
		return ERR_PTR(-ENAMETOOLONG);
	err = ext2_find_entry(dir, &dentry->d_name, &entry);
	if (err == -ENOENT)
		return d_splice_alias(NULL, dentry);
	if (err)
		return ERR_PTR(err);
	inode = ext2_iget(dir->i_sb, entry.ino);
	if (IS_ERR(inode) && PTR_ERR(inode) == -ESTALE) {
		ext2_error(dir->i_sb, __func__, "directory %lu names inode %u, which is free",
			   dir->i_ino, entry.ino);
		return ERR_PTR(-EIO);
	}
	return d_splice_alias(inode, dentry);
}

static void inc_nlink(struct inode *inode)
{
	inode->i_nlink++;
	mark_inode_dirty(inode);
}

/* A name in @dir is gone. */
static void drop_nlink(struct inode *inode, const struct inode *dir)
{
	if (inode->i_nlink)
		inode->i_nlink--;
	inode->i_ctime = dir->i_ctime;
	mark_inode_dirty(inode);
}

/* What a file is made of that never got a name. */
static int discard(struct inode *inode, int err)
{
	inode->i_nlink = 0;
	mark_inode_dirty(inode);
	iput(inode);
	return err;
}

/* The only name of a new file. => takes over the reference to @inode; 0 or -errno */
static int add_nondir(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	int err = ext2_add_link(dir, &dentry->d_name, inode);

	if (err)
		return discard(inode, err);
	d_instantiate(dentry, inode);
	return 0;
}

static int ext2_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = ext2_new_inode(dir, mode | S_IFREG);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	ext2_set_inode_ops(inode, 0);
	return add_nondir(dir, dentry, inode);
}

static int ext2_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = ext2_new_inode(dir, mode);
	struct ext2_inode_info *ei;

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	ei = EXT2_I(inode);
	if (S_ISCHR(mode) || S_ISBLK(mode)) {
		if (MAJOR(dev) < 256 && MINOR(dev) < 256)
			ei->i_data[0] = MAJOR(dev) << 8 | MINOR(dev);
		else
			ei->i_data[1] = new_encode_dev(dev);
	}
	ext2_set_inode_ops(inode, dev);
	return add_nondir(dir, dentry, inode);
}

/* The text of a long link becomes its first block. => may sleep; 0 or -errno */
static int write_long_link(struct inode *inode, const char *target, unsigned int len)
{
	struct page *page = grab_cache_page(inode->i_mapping, 0);
	int err;

	if (!page)
		return -ENOMEM;
	err = block_prepare_write(page, 0, len, ext2_get_block);
	if (!err) {
		memcpy(kmap(page), target, len);
		kunmap(page);
		generic_commit_write(NULL, page, 0, len);
	}
	unlock_page(page);
	put_page(page);
	return err;
}

static int ext2_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	size_t len = strlen(target);
	struct inode *inode;
	int err = 0;

	if (len >= dir->i_sb->s_blocksize)
		return -ENAMETOOLONG;
	inode = ext2_new_inode(dir, S_IFLNK | S_IRWXUGO);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	ext2_set_inode_ops(inode, 0);
	if (len < EXT2_FAST_SYMLINK_MAX) {
		memcpy(EXT2_I(inode)->i_data, target, len);
		inode->i_size = (loff_t)len;
	} else {
		inode->i_op = &ext2_symlink_inode_operations;
		err = write_long_link(inode, target, (unsigned int)len);
	}
	if (err)
		return discard(inode, err);
	mark_inode_dirty(inode);
	return add_nondir(dir, dentry, inode);
}

static int ext2_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;
	int err;

	if (inode->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inc_nlink(inode);
	err = ext2_add_link(dir, &dentry->d_name, inode);
	if (err) {
		inode->i_nlink--;
		mark_inode_dirty(inode);
		return err;
	}
	inode->i_ctime = dir->i_ctime;
	mark_inode_dirty(inode);
	d_instantiate(dentry, igrab(inode));
	return 0;
}

static int ext2_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode;
	int err;

	if (dir->i_nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	inode = ext2_new_inode(dir, S_IFDIR | mode);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	ext2_set_inode_ops(inode, 0);
	inc_nlink(inode);	/* its "." */
	inc_nlink(dir);		/* its ".." */
	err = ext2_make_empty(inode, dir);
	if (!err)
		err = ext2_add_link(dir, &dentry->d_name, inode);
	if (err) {
		dir->i_nlink--;
		mark_inode_dirty(dir);
		return discard(inode, err);
	}
	d_instantiate(dentry, inode);
	return 0;
}

/* Remove the name @dentry of @inode. => 0 or -errno with nothing changed */
static int remove_name(struct inode *dir, struct dentry *dentry)
{
	struct ext2_entry entry;
	int err = ext2_find_entry(dir, &dentry->d_name, &entry);

	return err ? err : ext2_delete_entry(dir, &entry);
}

static int ext2_unlink(struct inode *dir, struct dentry *dentry)
{
	int err = remove_name(dir, dentry);

	if (!err)
		drop_nlink(dentry->d_inode, dir);
	return err;
}

/* An empty directory is without its name: nothing of it is left. */
static void drop_directory(struct inode *inode, struct inode *dir)
{
	inode->i_nlink = 1;
	drop_nlink(inode, dir);
	if (dir->i_nlink > 2)
		dir->i_nlink--;
	mark_inode_dirty(dir);
}

static int ext2_rmdir(struct inode *dir, struct dentry *dentry)
{
	int err = ext2_empty_dir(dentry->d_inode);

	if (err <= 0)
		return err ? err : -ENOTEMPTY;
	err = remove_name(dir, dentry);
	if (!err)
		drop_directory(dentry->d_inode, dir);
	return err;
}

/* @entry of @target becomes @inode's, on the disk too. => 0 or -errno with nothing changed */
static int replace_link(struct inode *dir, struct ext2_entry *entry, struct inode *inode,
			struct inode *target)
{
	int err = ext2_set_link(dir, entry, inode);

	if (err)
		return err;
	err = ext2_sync_entry(dir, entry);
	if (err) {
		entry->ino = (u32)inode->i_ino;
		ext2_set_link(dir, entry, target);
	}
	return err;
}

/* The new name exists: from now on it is @inode's. => 0 or -errno with nothing changed */
static int rename_over(struct inode *inode, struct inode *new_dir, struct dentry *new)
{
	bool isdir = S_ISDIR(inode->i_mode);
	struct ext2_entry entry;
	int err;

	if (isdir) {
		err = ext2_empty_dir(new->d_inode);
		if (err <= 0)
			return err ? err : -ENOTEMPTY;
	}
	err = ext2_find_entry(new_dir, &new->d_name, &entry);
	if (!err)
		err = replace_link(new_dir, &entry, inode, new->d_inode);
	if (err)
		return err;
	inode_update_times(new_dir);
	if (isdir)
		drop_directory(new->d_inode, new_dir);
	else
		drop_nlink(new->d_inode, new_dir);
	return 0;
}

static int ext2_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		       struct dentry *new)
{
	struct inode *inode = old->d_inode;
	bool moves = S_ISDIR(inode->i_mode) && old_dir != new_dir;
	struct ext2_entry entry, dotdot;
	int err;

	/* Before anything is changed, since this may meet damage.  What is added does not move it. */
	err = ext2_find_entry(old_dir, &old->d_name, &entry);
	if (err)
		return err;
	if (moves) {
		err = ext2_find_dotdot(inode, &dotdot);
		if (err)
			return err;
		if (!new->d_inode && new_dir->i_nlink >= EXT2_LINK_MAX)
			return -EMLINK;
	}
	err = new->d_inode ? rename_over(inode, new_dir, new) :
			     ext2_add_link(new_dir, &new->d_name, inode);
	if (err)
		return err;
	if (moves)
		inc_nlink(new_dir);
	err = ext2_delete_entry(old_dir, &entry);
	inode->i_ctime = new_dir->i_ctime;
	if (err) {
		/* Two names: so it is counted, and the new one will be looked up. */
		inc_nlink(inode);
		d_drop(new);
		return err;
	}
	mark_inode_dirty(inode);
	if (!moves)
		return 0;
	if (old_dir->i_nlink > 2)
		old_dir->i_nlink--;
	mark_inode_dirty(old_dir);
	return ext2_set_link(inode, &dotdot, new_dir);
}

const struct inode_operations ext2_dir_inode_operations = {
	.create = ext2_create,
	.lookup = ext2_lookup,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.symlink = ext2_symlink,
	.mkdir = ext2_mkdir,
	.rmdir = ext2_rmdir,
	.mknod = ext2_mknod,
	.rename = ext2_rename,
	.getattr = ext2_getattr,
};
