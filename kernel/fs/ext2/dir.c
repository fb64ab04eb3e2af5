/*
 * kernel/fs/ext2/dir.c - the entries of directories: finding and listing them.
 *
 * Theory.  A directory is a file; its pages are in its page cache, its blocks filled from end to
 * end by entries, each of which says how long it is:
 *
 *	| 2  12 1 . | 2  12 2 .. | 12  20 10 lost+found | 14  16 1 a (slack)        ... |
 *	  ^inode ^rec_len ^name_len                               ^ up to the block's end
 *
 * No entry crosses from one block to the next.  A new one takes the slack of another, or an unused
 * one (inode 0), or a block of its own at the end; a removed one becomes slack of the one before
 * it, or unused if it is the first of its block.  Directories do not shrink: only rmdir frees their
 * blocks.
 *
 * Finding is a walk through all of it, and the entries come from the disk: each is checked before
 * it is believed (ext2_entry_wrong()), so that a walk always goes forward and never leaves its block.  A
 * directory with a hash tree (ext3's dir_index) is a list as well; when we change one it loses the
 * flag and with it its tree, which e2fsck -D can make again.
 *
 * Locking: i_sem of the directory, held by all callers.  dir_change.c makes the changes.
 */
#include <kernel/fs/ext2/dir.h>

#include <kernel/core/sched.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

static const u8 dt_by_type[EXT2_FT_MAX] = {
	[EXT2_FT_REG_FILE] = DT_REG, [EXT2_FT_DIR] = DT_DIR, [EXT2_FT_CHRDEV] = DT_CHR,
	[EXT2_FT_BLKDEV] = DT_BLK, [EXT2_FT_FIFO] = DT_FIFO, [EXT2_FT_SOCK] = DT_SOCK,
	[EXT2_FT_SYMLINK] = DT_LNK,
};

bool ext2_has_filetype(const struct super_block *sb)
{
	const struct ext2_super_block *es = EXT2_SB(sb)->s_es;

	return es->s_rev_level != EXT2_GOOD_OLD_REV &&
	       (es->s_feature_incompat & EXT2_FEATURE_INCOMPAT_FILETYPE);
}

/* ---- looking ---------------------------------------------------------------------------------- */

const char *ext2_entry_wrong(const struct ext2_geometry *geo, const struct ext2_dir_entry *de,
			       unsigned int room)
{
	if (room < EXT2_DIR_REC_LEN(1) || de->rec_len < EXT2_DIR_REC_LEN(1))
		return "entry too short";
	if (de->rec_len & 3)
		return "entry not aligned";
	if (de->rec_len > room)
		return "entry crosses the end of its block";
	if (de->rec_len < EXT2_DIR_REC_LEN(de->name_len))
		return "name longer than its entry";
	if (de->inode > geo->inodes_count)
		return "inode number";
	if (de->inode && !de->name_len)
		return "entry without a name";
	return NULL;
}

/* Bytes of page @index that belong to the directory. */
static unsigned int dir_bytes(const struct inode *dir, unsigned long index)
{
	u64 left = (u64)dir->i_size - ((u64)index << PAGE_SHIFT);

	return left < PAGE_SIZE ? (unsigned int)left : PAGE_SIZE;
}

int ext2_open_page(struct ext2_cursor *c, struct inode *dir, unsigned long index)
{
	c->dir = dir;
	c->page = read_cache_page(dir->i_mapping, index, NULL);
	if (IS_ERR(c->page))
		return (int)PTR_ERR(c->page);
	c->kaddr = kmap(c->page);
	c->offset = 0;
	c->end = dir_bytes(dir, index);
	return 0;
}

void ext2_close_page(struct ext2_cursor *c)
{
	kunmap(c->page);
	put_page(c->page);
}

struct ext2_dir_entry *ext2_next_entry(struct ext2_cursor *c, unsigned int *at)
{
	unsigned int mask = ext2_geo(c->dir->i_sb)->block_size - 1;
	struct ext2_dir_entry *de;
	const char *wrong;

	if (c->offset >= c->end)
		return NULL;
	de = (struct ext2_dir_entry *)(c->kaddr + c->offset);
	wrong = ext2_entry_wrong(ext2_geo(c->dir->i_sb), de, mask + 1 - (c->offset & mask));
	if (wrong) {
		ext2_error(c->dir->i_sb, __func__, "directory %lu, byte %llu: %s", c->dir->i_ino,
			   ((u64)c->page->index << PAGE_SHIFT) + c->offset, wrong);
		return ERR_PTR(-EIO);
	}
	*at = c->offset;
	c->offset += de->rec_len;
	return de;
}

static bool name_matches(const struct ext2_dir_entry *de, const char *name, unsigned int len)
{
	return de->inode && de->name_len == len && !memcmp(de->name, name, len);
}

/* => 0 with *entry, -ENOENT: not in this page, or -EIO */
static int find_in_page(struct inode *dir, unsigned long index, const struct qstr *name,
			struct ext2_entry *entry)
{
	struct ext2_dir_entry *de;
	struct ext2_cursor c;
	int err = ext2_open_page(&c, dir, index);

	if (err)
		return err;
	while ((de = ext2_next_entry(&c, &entry->offset)) && !IS_ERR(de))
		if (name_matches(de, name->name, name->len))
			break;
	if (IS_ERR(de)) {
		err = (int)PTR_ERR(de);
	} else if (de) {
		entry->index = index;
		entry->ino = de->inode;
	} else {
		err = -ENOENT;
	}
	ext2_close_page(&c);
	return err;
}

int ext2_find_entry(struct inode *dir, const struct qstr *name, struct ext2_entry *entry)
{
	struct ext2_inode_info *ei = EXT2_I(dir);
	unsigned long pages = ext2_dir_pages(dir), index, n;

	/* Who looks up many names often does so in their order: begin where the last was. */
	index = ei->i_dir_start < pages ? ei->i_dir_start : 0;
	for (n = 0; n < pages; n++) {
		int err = find_in_page(dir, index, name, entry);

		if (err != -ENOENT) {
			if (!err)
				ei->i_dir_start = index;
			return err;
		}
		if (++index == pages)
			index = 0;
		cond_resched();
	}
	return -ENOENT;
}

int ext2_find_dotdot(struct inode *dir, struct ext2_entry *entry)
{
	static const struct qstr dotdot = { .name = "..", .len = 2 };
	int err = find_in_page(dir, 0, &dotdot, entry);

	return err == -ENOENT ? -EIO : err;
}

static bool is_dot_or_dotdot(const struct ext2_dir_entry *de)
{
	return de->name[0] == '.' &&
	       (de->name_len == 1 || (de->name_len == 2 && de->name[1] == '.'));
}

int ext2_empty_dir(struct inode *dir)
{
	struct ext2_dir_entry *de = NULL;
	unsigned long index;
	unsigned int at;
	struct ext2_cursor c;

	for (index = 0; index < ext2_dir_pages(dir) && !de; index++) {
		int err = ext2_open_page(&c, dir, index);

		if (err)
			return err;
		while ((de = ext2_next_entry(&c, &at)) && !IS_ERR(de))
			if (de->inode && !is_dot_or_dotdot(de))
				break;
		ext2_close_page(&c);
	}
	return IS_ERR(de) ? (int)PTR_ERR(de) : !de;
}

/* ---- listing ---------------------------------------------------------------------------------- */

/* A name that no path can hold is not shown: whoever copied it into a path would be elsewhere. */
static bool showable(const struct ext2_dir_entry *de)
{
	return !memchr(de->name, '/', de->name_len) && !memchr(de->name, '\0', de->name_len);
}

/*
 * Entries of one page from ctx->pos on, which may be anywhere: entries may have come and gone since
 * it was told.
 * => 1 all shown, 0 no more room, or -EIO
 */
static int show_page(struct inode *dir, struct dir_context *ctx, unsigned long index, bool types)
{
	u64 base = (u64)index << PAGE_SHIFT;
	unsigned int start = (unsigned int)((u64)ctx->pos - base), at;
	unsigned int size = ext2_geo(dir->i_sb)->block_size;
	struct ext2_dir_entry *de;
	struct ext2_cursor c;
	int ret = ext2_open_page(&c, dir, index);

	if (ret)
		return ret;
	ret = 1;
	c.offset = start & ~(size - 1);
	while ((de = ext2_next_entry(&c, &at)) && !IS_ERR(de)) {
		if (at < start)
			continue;
		ctx->pos = (loff_t)(base + at);
		if (!de->inode || !showable(de))
			continue;
		if (!dir_emit(ctx, de->name, de->name_len, de->inode,
			      types && de->file_type < EXT2_FT_MAX ? dt_by_type[de->file_type] :
			      DT_UNKNOWN)) {
			ret = 0;
			break;
		}
	}
	if (IS_ERR(de))
		ret = (int)PTR_ERR(de);
	else if (ret)
		ctx->pos = (loff_t)(base + PAGE_SIZE);
	ext2_close_page(&c);
	return ret;
}

static int ext2_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	bool types = ext2_has_filetype(dir->i_sb);
	int ret = 1;

	while (ret > 0 && ctx->pos >= 0 && ctx->pos < dir->i_size)
		ret = show_page(dir, ctx, (unsigned long)(ctx->pos >> PAGE_SHIFT), types);
	return min(ret, 0);
}

const struct file_operations ext2_dir_operations = {
	.llseek = generic_file_llseek,
	.iterate = ext2_readdir,
	.fsync = ext2_sync_file,
};
