/*
 * kernel/fs/ext2/dir.h - walking over the entries of a directory (dir.c), for who changes them
 * (dir_change.c).
 */
#ifndef OCTAVO_KERNEL_FS_EXT2_DIR_H
#define OCTAVO_KERNEL_FS_EXT2_DIR_H

#include <kernel/fs/ext2/ext2.h>

/* A walk over the entries of one page. */
struct ext2_cursor {
	struct inode *dir;
	struct page *page;		/* referenced and mapped */
	char *kaddr;
	unsigned int offset;		/* of the next entry */
	unsigned int end;
};

/* => may sleep; 0 or -errno; ext2_close_page() follows */
int ext2_open_page(struct ext2_cursor *c, struct inode *dir, unsigned long index);
void ext2_close_page(struct ext2_cursor *c);
/* The next entry, checked, at offset *at. => NULL: no more; ERR_PTR(-EIO): wrong (reported) */
struct ext2_dir_entry *ext2_next_entry(struct ext2_cursor *c, unsigned int *at);
/* => NULL, or what is wrong with an entry that has @room bytes to the end of its block */
const char *ext2_entry_wrong(const struct ext2_geometry *geo, const struct ext2_dir_entry *de,
			     unsigned int room);
/* Do entries say what kind of file they name? */
bool ext2_has_filetype(const struct super_block *sb);

static inline unsigned long ext2_dir_pages(const struct inode *dir)
{
	return (unsigned long)((dir->i_size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

#endif
