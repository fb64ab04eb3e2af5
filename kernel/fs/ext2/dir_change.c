/*
 * kernel/fs/ext2/dir_change.c - entries of directories come, change and go.
 *
 * Theory.  See dir.c for what a directory is.  A change is always within one block: its page is
 * locked against the flusher, the block is made ready (block_prepare_write(), which gives it a
 * place if it is new), changed, and marked dirty as a whole.
 *
 * Where an entry was found is remembered as page and offset, since the page may have left the
 * cache meanwhile; it is looked at again before it is changed.  i_sem keeps everybody else away.
 *
 * Locking: as in dir.c.
 */
#include <kernel/fs/ext2/dir.h>

#include <kernel/block/blkdev.h>
#include <kernel/fs/block_dev.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/writeback.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

static const u8 type_by_mode[(S_IFMT >> 12) + 1] = {
	[DT_REG] = EXT2_FT_REG_FILE, [DT_DIR] = EXT2_FT_DIR, [DT_CHR] = EXT2_FT_CHRDEV,
	[DT_BLK] = EXT2_FT_BLKDEV, [DT_FIFO] = EXT2_FT_FIFO, [DT_SOCK] = EXT2_FT_SOCK,
	[DT_LNK] = EXT2_FT_SYMLINK,
};

/* An entry that has @rec_len bytes names @inode. */
static void set_entry(struct ext2_dir_entry *de, const struct qstr *name,
		      const struct inode *inode)
{
	de->name_len = (u8)name->len;
	memcpy(de->name, name->name, name->len);
	de->inode = (u32)inode->i_ino;
	de->file_type = ext2_has_filetype(inode->i_sb) ? type_by_mode[S_DT(inode->i_mode)] : 0;
}

static unsigned int block_start(const struct inode *dir, unsigned int offset)
{
	return offset & ~(ext2_geo(dir->i_sb)->block_size - 1);
}

/*
 * Page @index of @dir for a change in the block around @offset, locked and mapped.
 * => may sleep; end_change() or abort_change() follows; ERR_PTR
 */
static struct page *begin_change(struct inode *dir, unsigned long index, unsigned int offset)
{
	struct address_space *mapping = dir->i_mapping;
	unsigned int from = block_start(dir, offset);
	struct page *page;
	int err;

	for (;;) {
		page = read_cache_page(mapping, index, NULL);
		if (IS_ERR(page))
			return page;
		lock_page(page);
		if (page->mapping == mapping)
			break;
		unlock_page(page);
		put_page(page);
	}
	err = block_prepare_write(page, from, from + ext2_geo(dir->i_sb)->block_size,
				  ext2_get_block);
	if (!err) {
		kmap(page);
		return page;
	}
	unlock_page(page);
	put_page(page);
	return ERR_PTR(err);
}

/* => may sleep; 0, or -errno: changed, but not on the disk though it should be (MS_DIRSYNC...) */
static int end_change(struct inode *dir, struct page *page, unsigned int offset)
{
	unsigned int from = block_start(dir, offset);
	int err = 0;

	kunmap(page);
	generic_commit_write(NULL, page, from, from + ext2_geo(dir->i_sb)->block_size);
	if ((dir->i_flags & S_SYNC) ||
	    (dir->i_sb->s_flags & (MS_SYNCHRONOUS | MS_DIRSYNC)))
		err = write_one_page(page, 1);
	else
		unlock_page(page);
	put_page(page);
	EXT2_I(dir)->i_flags &= ~EXT2_INDEX_FL;
	mark_inode_dirty(dir);
	return err;
}

/* Nothing was changed after all. */
static void abort_change(struct page *page)
{
	kunmap(page);
	unlock_page(page);
	put_page(page);
}

/*
 * The entry that was found before, in the mapped page, if it is still what it was; *prev is the one
 * before it in its block, or itself.
 */
static struct ext2_dir_entry *entry_again(struct inode *dir, struct page *page,
					  const struct ext2_entry *entry,
					  struct ext2_dir_entry **prev)
{
	unsigned int size = ext2_geo(dir->i_sb)->block_size;
	unsigned int at = block_start(dir, entry->offset), end = at + size;
	char *kaddr = page_address(page);
	struct ext2_dir_entry *de;

	*prev = (struct ext2_dir_entry *)(kaddr + at);
	for (; at < end; at += de->rec_len) {
		de = (struct ext2_dir_entry *)(kaddr + at);
		if (ext2_entry_wrong(ext2_geo(dir->i_sb), de, end - at))
			break;
		if (at == entry->offset && de->inode == entry->ino)
			return de;
		*prev = de;
	}
	ext2_error(dir->i_sb, __func__, "directory %lu has changed on the disk", dir->i_ino);
	return NULL;
}

int ext2_set_link(struct inode *dir, const struct ext2_entry *entry, struct inode *inode)
{
	struct page *page = begin_change(dir, entry->index, entry->offset);
	struct ext2_dir_entry *de, *prev;
	struct qstr name;

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	de = entry_again(dir, page, entry, &prev);
	if (!de) {
		abort_change(page);
		return -EIO;
	}
	name = (struct qstr) { .name = de->name, .len = de->name_len };
	set_entry(de, &name, inode);
	return end_change(dir, page, entry->offset);
}

int ext2_sync_entry(struct inode *dir, const struct ext2_entry *entry)
{
	loff_t at = ((loff_t)entry->index << PAGE_SHIFT) + entry->offset;
	int err = filemap_write_and_wait_range(dir->i_mapping, at, at);

	return err ? err : blkdev_issue_flush(dir->i_sb->s_bdev->bd_part);
}

int ext2_delete_entry(struct inode *dir, const struct ext2_entry *entry)
{
	struct page *page = begin_change(dir, entry->index, entry->offset);
	struct ext2_dir_entry *de, *prev;

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	de = entry_again(dir, page, entry, &prev);
	if (!de) {
		abort_change(page);
		return -EIO;
	}
	if (prev != de)
		prev->rec_len = (u16)(prev->rec_len + de->rec_len);
	de->inode = 0;
	inode_update_times(dir);
	return end_change(dir, page, entry->offset);
}

/* The bytes of an entry that are free for another. */
static unsigned int slack(const struct ext2_dir_entry *de)
{
	return de->inode ? de->rec_len - EXT2_DIR_REC_LEN(de->name_len) : de->rec_len;
}

/*
 * An entry with room for @need bytes more.
 * => 0 with *room (its ino 0 if it is an unused one), -ENOENT: none, or -EIO
 */
static int find_room(struct inode *dir, unsigned int need, struct ext2_entry *room)
{
	unsigned long index;

	for (index = 0; index < ext2_dir_pages(dir); index++) {
		struct ext2_dir_entry *de;
		struct ext2_cursor c;
		int err = ext2_open_page(&c, dir, index);

		if (err)
			return err;
		while ((de = ext2_next_entry(&c, &room->offset)) && !IS_ERR(de))
			if (slack(de) >= need)
				break;
		if (!IS_ERR_OR_NULL(de)) {
			room->index = index;
			room->ino = de->inode;
		}
		ext2_close_page(&c);
		if (de)
			return IS_ERR(de) ? (int)PTR_ERR(de) : 0;
	}
	return -ENOENT;
}

/* One block more, which begins with the entry. */
static int add_block_with_link(struct inode *dir, const struct qstr *name, struct inode *inode)
{
	unsigned long index = (unsigned long)(dir->i_size >> PAGE_SHIFT);
	unsigned int offset = (unsigned int)dir->i_size & (unsigned int)~PAGE_MASK;
	unsigned int size = ext2_geo(dir->i_sb)->block_size;
	struct ext2_dir_entry *de;
	struct page *page;

	if (dir->i_size + size > INT_MAX)
		return -ENOSPC;		/* i_size of a directory has 32 bits */
	page = begin_change(dir, index, offset);
	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	de = page_address(page) + offset;
	memset(de, 0, size);
	de->rec_len = (u16)size;
	set_entry(de, name, inode);
	inode_update_times(dir);
	return end_change(dir, page, offset);
}

int ext2_add_link(struct inode *dir, const struct qstr *name, struct inode *inode)
{
	unsigned int need = EXT2_DIR_REC_LEN(name->len);
	struct ext2_dir_entry *de, *prev;
	struct ext2_entry room;
	struct page *page;
	int err;

	err = find_room(dir, need, &room);
	if (err == -ENOENT)
		return add_block_with_link(dir, name, inode);
	if (err)
		return err;
	page = begin_change(dir, room.index, room.offset);
	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	de = entry_again(dir, page, &room, &prev);
	if (!de || slack(de) < need) {
		abort_change(page);
		return -EIO;
	}
	if (de->inode) {
		unsigned int used = EXT2_DIR_REC_LEN(de->name_len), rest = de->rec_len - used;

		de->rec_len = (u16)used;
		de = (struct ext2_dir_entry *)((char *)de + used);
		de->rec_len = (u16)rest;
	}
	set_entry(de, name, inode);
	inode_update_times(dir);
	return end_change(dir, page, room.offset);
}

int ext2_make_empty(struct inode *inode, struct inode *parent)
{
	static const struct qstr dot = { .name = ".", .len = 1 }, dotdot = { .name = "..", .len = 2 };
	unsigned int size = ext2_geo(inode->i_sb)->block_size;
	struct page *page = begin_change(inode, 0, 0);
	struct ext2_dir_entry *de;

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	de = page_address(page);
	memset(de, 0, size);
	de->rec_len = (u16)EXT2_DIR_REC_LEN(1);
	set_entry(de, &dot, inode);
	de = (struct ext2_dir_entry *)((char *)de + de->rec_len);
	de->rec_len = (u16)(size - EXT2_DIR_REC_LEN(1));
	set_entry(de, &dotdot, parent);
	return end_change(inode, page, 0);
}
