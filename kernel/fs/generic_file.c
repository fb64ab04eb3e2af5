/*
 * kernel/fs/generic_file.c - reading, writing and mapping a file by its pages.
 *
 * Theory.  A file whose content is an address_space needs no read and write of its own: to
 * read is to find the page (or have it filled) and copy out of it; to write is to get the
 * page locked, copy into it and say so; to map is to hand the very same page to the page
 * tables.  All three meet in the page cache, so a store through a mapping is seen by the next
 * read().
 *
 * Reading does not lock the page, only refer to it: if the file is cut meanwhile, the page
 * leaves the cache but not our hands.
 *
 * Writing holds the page locked while it copies from user memory.  That copy may fault, and
 * the fault may want the same page (a program that writes a file's mapping into the file), so
 * the copy runs with page faults disabled; if it comes back short, the page is released, the
 * source is faulted in by touching it, and we try again.
 *
 * Locking: write holds the inode's i_sem: one writer at a time, and the size is its own.
 * Order: i_sem, mmap_sem, PG_locked, tree_lock.
 */
#include <kernel/fs/fs.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/writeback.h>
#include <kernel/uapi/resource.h>
#include <kernel/uapi/signal.h>
#include <lib/err.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/cache/buffer_head.h>
#include <mm/cache/filemap.h>
#include <mm/cache/readahead.h>
#include <mm/cache/shmem_swap.h>
#include <mm/cache/swap.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/types/mm_types.h>

#define MAX_NON_LFS	0x7fffffffLL

/* ---- reading -------------------------------------------------------------------------------- */

/* Pages from that of @pos on that [@pos, @pos + @count) touches. */
static inline unsigned long pages_wanted(loff_t pos, size_t count)
{
	return (((unsigned long)pos & ~PAGE_MASK) + count + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

struct page *page_in_swap(struct address_space *mapping, loff_t pos)
{
	bool major;

	if (!mapping_swaps(mapping))
		return NULL;
	return shmem_find_page(mapping, (unsigned long)(pos >> PAGE_SHIFT), &major);
}

/*
 * Copy @n bytes at @pos, all in one page, to user space; @count are wanted in all. A hole of a
 * file in memory reads as zeros and stays a hole.
 * => bytes not copied (the user's fault), or -errno
 */
static inline long copy_page_to_user(struct file *file, loff_t pos, char __user *buf, size_t n,
				     size_t count)
{
	struct page *page = find_get_page(file->f_mapping, (unsigned long)(pos >> PAGE_SHIFT));
	unsigned long left;

	if (!page && lives_in_memory(file->f_mapping)) {
		page = page_in_swap(file->f_mapping, pos);
		if (!page)
			return (long)__clear_user(buf, n);
		if (IS_ERR(page))
			return PTR_ERR(page);
	}
	if (unlikely(!page || !page_is_plain(page))) {
		page = read_page_ahead(file->f_mapping, &file->f_ra, file, page, pos,
				       pages_wanted(pos, count));
		if (IS_ERR(page))
			return PTR_ERR(page);
	}
	left = __copy_to_user(buf, kmap(page) + ((unsigned long)pos & ~PAGE_MASK), n);
	kunmap(page);
	put_page(page);
	return (long)left;
}

/* => bytes of the page at @pos within a file of @size, at most @count; 0 at the end */
static inline size_t bytes_here(loff_t pos, loff_t size, size_t count)
{
	size_t n = PAGE_SIZE - ((unsigned long)pos & ~PAGE_MASK);

	if (n > count)
		n = count;
	if (pos >= size)
		return 0;
	return (u64)(size - pos) < n ? (size_t)(size - pos) : n;
}

ssize_t generic_file_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct inode *inode = file->f_mapping->host;
	loff_t pos = *ppos;
	size_t done = 0;
	int err = 0;

	if (unlikely(file->f_flags & O_DIRECT)) {
		touch_atime(file);
		return generic_direct_read(file, buf, count, ppos);
	}
	while (done < count) {
		size_t n = bytes_here(pos, i_size_read(inode), count - done);
		long left;

		if (!n)
			break;
		left = copy_page_to_user(file, pos, buf + done, n, count - done);
		if (left < 0) {
			err = (int)left;
			break;
		}
		n -= (size_t)left;
		done += n;
		pos += (loff_t)n;
		if (left) {
			err = -EFAULT;
			break;
		}
		cond_resched();
	}
	*ppos = pos;
	file->f_ra.prev_pos = pos;
	touch_atime(file);
	return done ? (ssize_t)done : err;
}

struct page *page_to_read(struct file *file, loff_t pos, size_t count)
{
	struct page *page = find_get_page(file->f_mapping, (unsigned long)(pos >> PAGE_SHIFT));

	if (page && page_is_plain(page))
		return page;
	return read_page_ahead(file->f_mapping, &file->f_ra, file, page, pos,
			       pages_wanted(pos, count));
}

int kernel_read(struct file *file, loff_t pos, char *addr, unsigned long count)
{
	struct inode *inode = file->f_mapping->host;
	unsigned long done = 0;

	if (pos < 0 || count > INT_MAX)
		return -EINVAL;
	if (!file->f_mapping->a_ops->readpage)
		return -EINVAL;
	while (done < count) {
		size_t n = bytes_here(pos, i_size_read(inode), count - done);
		struct page *page;

		if (!n)
			break;
		page = page_to_read(file, pos, count - done);
		if (IS_ERR(page))
			return done ? (int)done : (int)PTR_ERR(page);
		memcpy(addr + done, kmap(page) + ((unsigned long)pos & ~PAGE_MASK), n);
		kunmap(page);
		put_page(page);
		done += n;
		pos += (loff_t)n;
	}
	return (int)done;
}

/* ---- writing -------------------------------------------------------------------------------- */

ssize_t generic_write_checks(struct file *file, loff_t *pos, size_t count)
{
	struct inode *inode = file->f_mapping->host;
	loff_t max = inode->i_sb->s_maxbytes;
	unsigned long limit;

	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (file->f_flags & O_APPEND)
		*pos = inode->i_size;
	if (!(file->f_flags & O_LARGEFILE))
		max = min(max, MAX_NON_LFS);
	if (*pos >= max)
		return count ? -EFBIG : 0;
	if (unlikely((u64)*pos + count > (u64)inode->i_size)) {
		limit = rlimit(RLIMIT_FSIZE);
		if (unlikely(limit != RLIM_INFINITY)) {
			if (*pos >= (loff_t)limit) {
				send_sig(SIGXFSZ, current, 0);
				return -EFBIG;
			}
			max = min(max, (loff_t)limit);
		}
	}
	return (u64)(max - *pos) < count ? (ssize_t)(max - *pos) : (ssize_t)count;
}

/* Touch the first and last byte of [buf, buf + n), at most a page. => 0 or -EFAULT */
static int fault_in_readable(const char __user *buf, size_t n)
{
	u8 byte __maybe_unused;

	if (__get_user(byte, (const u8 __user *)buf))
		return -EFAULT;
	return __get_user(byte, (const u8 __user *)buf + n - 1) ? -EFAULT : 0;
}

/* Where the bytes of a write come from. */
enum source { FROM_USER, FROM_KERNEL };

/* Into a locked page that may not fault. => bytes copied */
static inline size_t copy_into_page(struct page *page, unsigned int offset, const char *buf,
				    size_t n, enum source source)
{
	char *kaddr = kmap_atomic(page, KM_USER0);
	size_t left = 0;

	if (source == FROM_KERNEL) {
		memcpy(kaddr + offset, buf, n);
	} else {
		pagefault_disable();
		left = __copy_from_user_inatomic(kaddr + offset, buf, n);
		pagefault_enable();
	}
	kunmap_atomic(kaddr, KM_USER0);
	return n - left;
}

/*
 * A page that was made for bytes which then could not be copied goes again.
 * => page locked; also when it is older: then nothing happens
 */
static void drop_blank_page(struct page *page)
{
	if (PageUptodate(page) || PageDirty(page) || PagePrivate(page) || page_mapped(page))
		return;
	remove_from_page_cache(page);
	put_page(page);
}

/* Write @n bytes within one page. => bytes written (0: source not present), or -errno */
static ssize_t write_in_page(struct file *file, struct address_space *mapping, loff_t pos,
			      const char *buf, size_t n, enum source source)
{
	unsigned int offset = (unsigned int)pos & (unsigned int)~PAGE_MASK;
	struct page *page;
	size_t copied;
	int err;

	page = grab_cache_page(mapping, (unsigned long)(pos >> PAGE_SHIFT));
	if (IS_ERR_OR_NULL(page)) {
		err = test_bit(AS_RESERVE, &mapping->flags) ? -ENOSPC : -ENOMEM;
		return page ? PTR_ERR(page) : err;
	}
	err = mapping->a_ops->prepare_write(file, page, offset, offset + (unsigned int)n);
	if (unlikely(err))
		goto fail;
	copied = copy_into_page(page, offset, buf, n, source);
	if (unlikely(copied < n)) {
		/* A block that was to be overwritten has not been read: all or nothing. */
		if (!copied || (PagePrivate(page) && !PageUptodate(page)))
			goto fail;
		/* What prepare_write did not zero because it was to be written. */
		if (!PageUptodate(page))
			zero_user_page(page, offset + (unsigned int)copied,
				       (unsigned int)(n - copied));
	}
	err = mapping->a_ops->commit_write(file, page, offset, offset + (unsigned int)copied);
	unlock_page(page);
	if (PageLRU(page))
		mark_page_accessed(page);
	put_page(page);
	return err ? err : (ssize_t)copied;
fail:
	if (PagePrivate(page))
		block_abandon_write(page, offset, offset + (unsigned int)n);
	drop_blank_page(page);
	unlock_page(page);
	put_page(page);
	return err;
}

/* Blocks that were allocated beyond the end of a file, for bytes that did not come. */
static void cut_overshoot(struct inode *inode)
{
	if (!inode->i_op->truncate || lives_in_memory(inode->i_mapping))
		return;
	truncate_inode_pages(inode->i_mapping, inode->i_size);
	inode->i_op->truncate(inode);
}

/* => i_sem held; bytes written or -errno */
static ssize_t write_pages(struct file *file, const char *buf, size_t count, loff_t *ppos,
			   enum source source)
{
	struct address_space *mapping = file->f_mapping;
	loff_t pos = *ppos;
	size_t done = 0;
	ssize_t ret = 0;

	while (done < count) {
		size_t n = PAGE_SIZE - ((unsigned long)pos & ~PAGE_MASK);

		if (n > count - done)
			n = count - done;
		ret = write_in_page(file, mapping, pos, buf + done, n, source);
		if (unlikely(ret <= 0)) {
			if (ret < 0)
				break;
			ret = fault_in_readable(buf + done, n);
			if (ret == 0)
				continue;
			/* Perhaps only the end is missing: as much as there is. */
			if (n == 1)
				break;
			ret = fault_in_readable(buf + done, 1);
			if (ret)
				break;
			n = min_t(size_t, n, -(unsigned long)(buf + done) & ~PAGE_MASK);
			ret = write_in_page(file, mapping, pos, buf + done, n, source);
			if (ret <= 0) {
				ret = ret ? ret : -EFAULT;
				break;
			}
		}
		done += (size_t)ret;
		pos += ret;
		balance_dirty_pages_ratelimited(mapping);
		cond_resched();
		/* Nobody waits for the rest; and perhaps memory is used up: do not take what is left of it. */
		if (unlikely(fatal_signal_pending(current)))
			break;
	}
	if (unlikely(ret < 0))
		cut_overshoot(mapping->host);
	*ppos = pos;
	return done ? (ssize_t)done : ret;
}

ssize_t generic_buffered_write(struct file *file, const char __user *buf, size_t count,
			       loff_t *pos)
{
	return write_pages(file, buf, count, pos, FROM_USER);
}

ssize_t generic_perform_write(struct file *file, const char __user *buf, size_t count,
			      loff_t *pos)
{
	if (unlikely(file->f_flags & O_DIRECT))
		return generic_direct_write(file, buf, count, pos);
	return write_pages(file, buf, count, pos, FROM_USER);
}

/* What a write does besides: the time, and set-user-id goes. => i_sem held */
static void note_write(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (unlikely(inode->i_mode & (S_ISUID | S_ISGID)) && current->fsuid != 0) {
		inode->i_mode &= (umode_t)~(S_ISUID | (inode->i_mode & S_IXGRP ? S_ISGID : 0));
		mark_inode_dirty(inode);
	}
	inode_update_times(inode);
}

ssize_t generic_file_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	ssize_t n;

	mutex_lock(&inode->i_sem);
	n = generic_write_checks(file, pos, count);
	if (n > 0) {
		note_write(file);
		n = generic_perform_write(file, buf, (size_t)n, pos);
	}
	mutex_unlock(&inode->i_sem);
	return n > 0 ? generic_write_end(file, n) : n;
}

int kernel_write(struct file *file, loff_t pos, const char *addr, unsigned long count)
{
	struct inode *inode = file->f_mapping->host;
	ssize_t n;

	if (pos < 0 || count > INT_MAX || !file->f_mapping->a_ops->prepare_write)
		return -EINVAL;
	mutex_lock(&inode->i_sem);
	n = generic_write_checks(file, &pos, count);
	if (n > 0) {
		note_write(file);
		n = write_pages(file, addr, (size_t)n, &pos, FROM_KERNEL);
	}
	mutex_unlock(&inode->i_sem);
	return (int)n;
}

ssize_t generic_file_sendpage(struct file *file, struct page *page, unsigned int offset,
			      size_t size, loff_t *pos)
{
	int n = kernel_write(file, *pos, (char *)kmap(page) + offset, size);

	kunmap(page);
	if (n > 0)
		*pos += n;
	return n > 0 ? generic_write_end(file, n) : n;
}

/* ---- mapping -------------------------------------------------------------------------------- */

/* The page for a fault in a file's mapping. => SIGBUS beyond the end of the file */
static vm_fault_t filemap_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct file *file = vma->vm_file;
	struct address_space *mapping = file->f_mapping;
	bool major, swapped_in = false;
	unsigned long pages;
	struct page *page;

	pages = (unsigned long)((i_size_read(mapping->host) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (unlikely(vmf->pgoff >= pages))
		return VM_FAULT_SIGBUS;
	vmf->page = page = find_get_page(mapping, vmf->pgoff);
	if (likely(page && page_is_plain(page)))
		return VM_FAULT_MINOR;
	if (!page && READ_ONCE(mapping->nrswapped))
		page = shmem_find_page(mapping, vmf->pgoff, &swapped_in);
	if (!IS_ERR(page))
		page = fault_page_ahead(mapping, &file->f_ra, file, page, vmf->pgoff, vma->vm_flags,
					&major);
	if (IS_ERR(page))
		return PTR_ERR(page) == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	vmf->page = page;
	/* A space with nothing behind it fills pages without a device. */
	return swapped_in || (major && !lives_in_memory(mapping)) ? VM_FAULT_MAJOR : VM_FAULT_MINOR;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
};

/* A file that is written back has to hear of stores, even if it has nothing to prepare. */
static int filemap_page_mkwrite(struct vm_area_struct *vma, struct page *page)
{
	return 0;
}

static const struct vm_operations_struct generic_writeback_vm_ops = {
	.fault = filemap_fault,
	.page_mkwrite = filemap_page_mkwrite,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping->a_ops->readpage)
		return -ENOEXEC;
	touch_atime(file);
	vma->vm_ops = mapping_cap_writeback(file->f_mapping) ? &generic_writeback_vm_ops
							     : &generic_file_vm_ops;
	return 0;
}

/* ---- offsets -------------------------------------------------------------------------------- */

/* Does the page at *@index, or the first behind it, hold something? => false: there is none, or blank */
static bool next_filled_page(struct address_space *mapping, unsigned long *index, bool *any)
{
	struct page *page;
	bool filled;

	*any = shmem_next_page(mapping, index, &page);
	if (!*any)
		return false;
	filled = !page || PageUptodate(page);
	if (page)
		put_page(page);
	return filled;
}

/* The first data at or behind @offset of a file in memory: a page that holds something. */
static loff_t next_data(struct address_space *mapping, loff_t offset, loff_t size)
{
	unsigned long index = (unsigned long)(offset >> PAGE_SHIFT);
	bool any = true, filled = false;

	while (any && !filled) {
		filled = next_filled_page(mapping, &index, &any);
		if (any)
			offset = max(offset, (loff_t)index << PAGE_SHIFT);
		if (offset >= size || !++index)
			break;
	}
	return filled && offset < size ? offset : -ENXIO;
}

static loff_t next_hole(struct address_space *mapping, loff_t offset, loff_t size)
{
	unsigned long index = (unsigned long)(offset >> PAGE_SHIFT), found = index;
	bool any;

	while (next_filled_page(mapping, &found, &any) && found == index) {
		offset = (loff_t)++index << PAGE_SHIFT;
		if (offset >= size)
			return size;
		found = index;
	}
	return offset;
}

/*
 * SEEK_DATA, SEEK_HOLE. Of a file that is elsewhere too, the cache does not know the holes: all of
 * it is data, up to the hole at its end.
 */
static loff_t seek_data_hole(struct inode *inode, loff_t offset, int whence)
{
	loff_t size = i_size_read(inode);

	if (offset < 0 || offset >= size)
		return -ENXIO;
	if (!lives_in_memory(inode->i_mapping))
		return whence == SEEK_DATA ? offset : size;
	return whence == SEEK_DATA ? next_data(inode->i_mapping, offset, size) :
				     next_hole(inode->i_mapping, offset, size);
}

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_mapping->host;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		offset += file->f_pos;
		break;
	case SEEK_END:
		offset += i_size_read(inode);
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		offset = seek_data_hole(inode, offset, whence);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0 || offset > inode->i_sb->s_maxbytes)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}

loff_t noop_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos;
}
