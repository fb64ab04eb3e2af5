/*
 * kernel/fs/libfs.c - parts for file systems that live in memory.
 *
 * Theory.  If names are only dentries and content is only pages, most of a file system is
 * already there.  A directory is listed by walking its dentries: the position in the open
 * file is a cursor, a nameless dentry among the children, so that entries may come and go
 * between two getdents() calls without one being shown twice or left out.  A page that is
 * missing is a hole and reads as zeros.
 *
 * Locking: dcache_lock for the children; getdents holds the directory's i_sem.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/fs/namei.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/filemap.h>
#include <mm/phys/highmem.h>

/* ---- directories ---------------------------------------------------------------------------- */

struct dentry *simple_lookup(struct inode *dir, struct dentry *dentry)
{
	/* What is not among the dentries does not exist. */
	return NULL;
}

bool dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	struct dentry *dentry = file->f_dentry;
	unsigned long parent;

	if (ctx->pos == 0) {
		if (!dir_emit(ctx, ".", 1, dentry->d_inode->i_ino, DT_DIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		spin_lock(&dcache_lock);
		parent = dentry->d_parent->d_inode->i_ino;
		spin_unlock(&dcache_lock);
		if (!dir_emit(ctx, "..", 2, parent, DT_DIR))
			return false;
		ctx->pos = 2;
	}
	return true;
}

static const struct qstr cursor_name = { .name = "", .len = 0 };

static int dcache_dir_open(struct inode *inode, struct file *file)
{
	file->private_data = d_alloc(file->f_dentry, &cursor_name);
	return file->private_data ? 0 : -ENOMEM;
}

static int dcache_dir_release(struct inode *inode, struct file *file)
{
	dput(file->private_data);
	return 0;
}

static bool is_entry(const struct dentry *dentry)
{
	return dentry->d_inode && !d_unhashed(dentry);
}

/* Put the cursor in front of the nth entry. => dcache_lock held */
static void place_cursor(struct dentry *dir, struct dentry *cursor, loff_t n)
{
	struct dentry *child;

	list_del(&cursor->d_child);
	list_for_each_entry(child, &dir->d_subdirs, d_child) {
		if (!is_entry(child))
			continue;
		if (n-- == 0)
			break;
	}
	/* At the end &child->d_child is the list's head: in front of it is last. */
	list_add_tail(&cursor->d_child, &child->d_child);
}

static loff_t dcache_dir_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_inode;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	mutex_lock(&inode->i_sem);
	if (offset != file->f_pos) {
		file->f_pos = offset;
		spin_lock(&dcache_lock);
		place_cursor(file->f_dentry, file->private_data, offset >= 2 ? offset - 2 : 0);
		spin_unlock(&dcache_lock);
	}
	mutex_unlock(&inode->i_sem);
	return offset;
}

/* The next entry behind the cursor, with a reference. NULL: the end */
static struct dentry *next_entry(struct dentry *dir, struct dentry *cursor)
{
	struct dentry *child = cursor;

	spin_lock(&dcache_lock);
	list_for_each_entry_continue(child, &dir->d_subdirs, d_child) {
		if (is_entry(child)) {
			dget(child);
			spin_unlock(&dcache_lock);
			return child;
		}
	}
	spin_unlock(&dcache_lock);
	return NULL;
}

static int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_dentry, *cursor = file->private_data, *child;

	if (!dir_emit_dots(file, ctx))
		return 0;
	if (ctx->pos == 2) {
		spin_lock(&dcache_lock);
		list_move(&cursor->d_child, &dir->d_subdirs);
		spin_unlock(&dcache_lock);
	}
	while ((child = next_entry(dir, cursor))) {
		bool room = dir_emit(ctx, child->d_name.name, (int)child->d_name.len,
				     child->d_inode->i_ino, S_DT(child->d_inode->i_mode));

		if (room) {
			ctx->pos++;
			spin_lock(&dcache_lock);
			/* i_sem keeps it in this directory. */
			list_move(&cursor->d_child, &child->d_child);
			spin_unlock(&dcache_lock);
		}
		dput(child);
		if (!room)
			break;
	}
	return 0;
}

int simple_fsync(struct file *file, int datasync)
{
	/* What is written is where it will stay. */
	return 0;
}

const struct file_operations simple_dir_operations = {
	.open = dcache_dir_open,
	.release = dcache_dir_release,
	.llseek = dcache_dir_llseek,
	.iterate = dcache_readdir,
	.fsync = simple_fsync,
};

/* ---- pages ---------------------------------------------------------------------------------- */

int simple_readpage(struct file *file, struct page *page)
{
	clear_highpage(page);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

int simple_prepare_write(struct file *file, struct page *page, unsigned int from, unsigned int to)
{
	if (PageUptodate(page))
		return 0;
	if (from)
		zero_user_page(page, 0, from);
	if (to < PAGE_SIZE)
		zero_user_page(page, to, (unsigned int)PAGE_SIZE - to);
	return 0;
}

int simple_commit_write(struct file *file, struct page *page, unsigned int from, unsigned int to)
{
	struct inode *inode = page->mapping->host;
	loff_t end = ((loff_t)page->index << PAGE_SHIFT) + to;

	if (!PageUptodate(page))
		SetPageUptodate(page);
	if (end > inode->i_size)
		i_size_write(inode, end);
	__set_page_dirty_no_writeback(page);
	return 0;
}

const struct address_space_operations simple_aops = {
	.readpage = simple_readpage,
	.prepare_write = simple_prepare_write,
	.commit_write = simple_commit_write,
	.set_page_dirty = __set_page_dirty_no_writeback,
};

/* ---- small things --------------------------------------------------------------------------- */

ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *pos, const void *from,
				size_t available)
{
	size_t n;

	if (*pos < 0)
		return -EINVAL;
	if (*pos >= (loff_t)available)
		return 0;
	n = min(count, (size_t)(available - (size_t)*pos));
	n -= copy_to_user(to, (const char *)from + *pos, n);
	*pos += (loff_t)n;
	return n || !count ? (ssize_t)n : -EFAULT;
}

int simple_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	memset(buf, 0, sizeof(*buf));
	buf->f_type = dentry->d_sb->s_magic;
	buf->f_bsize = PAGE_SIZE;
	buf->f_namelen = NAME_MAX;
	return 0;
}
