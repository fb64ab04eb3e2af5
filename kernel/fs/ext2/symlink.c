/*
 * kernel/fs/ext2/symlink.c - where a link leads.
 *
 * Theory.  A short text stands in the inode itself, where others have their pointers (a fast link:
 * 59 bytes); a longer one is the content of one block.  The length was checked when the inode was
 * read, but the text is anybody's: it ends at the first NUL at the latest.
 */
#include <kernel/fs/ext2/ext2.h>

#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>

/* @text of @len bytes into @buf. => bytes, or -EIO: there is nothing */
static int copy_text(const char *text, size_t len, char *buf, int size)
{
	len = strnlen(text, len);
	if (!len)
		return -EIO;
	len = min(len, (size_t)size);
	memcpy(buf, text, len);
	return (int)len;
}

static int ext2_fast_readlink(struct dentry *dentry, char *buf, int size)
{
	struct inode *inode = dentry->d_inode;

	return copy_text((const char *)EXT2_I(inode)->i_data, (size_t)inode->i_size, buf, size);
}

static int ext2_readlink(struct dentry *dentry, char *buf, int size)
{
	struct inode *inode = dentry->d_inode;
	struct page *page = read_cache_page(inode->i_mapping, 0, NULL);
	int len;

	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	len = copy_text(kmap(page), (size_t)inode->i_size, buf, size);
	kunmap(page);
	put_page(page);
	return len;
}

const struct inode_operations ext2_fast_symlink_inode_operations = {
	.readlink = ext2_fast_readlink,
	.getattr = ext2_getattr,
};

const struct inode_operations ext2_symlink_inode_operations = {
	.readlink = ext2_readlink,
	.getattr = ext2_getattr,
};
