/*
 * kernel/sys/fs_rw.c - system calls that move bytes and offsets.
 *
 * Every call checks here, once: the descriptor, its mode, that the user range lies in user
 * space, that no count overflows.  File operations rely on it.
 *
 * A file's offset belongs to the struct file, which fork and dup share.  If it is shared, the
 * read or write and the moving of the offset are one step under f_pos_lock.
 */
#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/fs/files.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/uio.h>
#include <lib/kernel.h>
#include <mm/cache/filemap.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>
#include <mm/space/memory.h>

/* One call transfers at most this: the result must fit a positive int. */
#define MAX_RW_COUNT	((size_t)(INT_MAX & PAGE_MASK))

/* => 0, or why @file cannot be read (written) at all */
static int check_mode(const struct file *file, unsigned int mode, bool has_op)
{
	if (!(file->f_mode & mode))
		return -EBADF;
	if (!has_op)
		return S_ISDIR(file->f_inode->i_mode) ? -EISDIR : -EINVAL;
	return 0;
}

static ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	int err = check_mode(file, FMODE_READ, file->f_op->read);

	if (unlikely(err))
		return err;
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	if (unlikely(count > MAX_RW_COUNT)) {
		if ((ssize_t)count < 0)
			return -EINVAL;
		count = MAX_RW_COUNT;
	}
	return count ? file->f_op->read(file, buf, count, pos) : 0;
}

static ssize_t vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	int err = check_mode(file, FMODE_WRITE, file->f_op->write);

	if (unlikely(err))
		return err;
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	if (unlikely(count > MAX_RW_COUNT)) {
		if ((ssize_t)count < 0)
			return -EINVAL;
		count = MAX_RW_COUNT;
	}
	return count ? file->f_op->write(file, buf, count, pos) : 0;
}

/* A shared offset is used by one at a time. */
static inline bool lock_pos(struct file *file)
{
	if (likely(!(file->f_mode & FMODE_LSEEK) || refcount_read(&file->f_count) == 1))
		return false;
	mutex_lock(&file->f_pos_lock);
	return true;
}

static inline void unlock_pos(struct file *file, bool locked)
{
	if (unlikely(locked))
		mutex_unlock(&file->f_pos_lock);
}

long sys_read(unsigned int fd, char __user *buf, size_t count)
{
	int fput_needed;
	struct file *file = fget_light(fd, &fput_needed);
	loff_t pos;
	long ret;
	bool locked;

	if (unlikely(!file))
		return -EBADF;
	locked = lock_pos(file);
	pos = file->f_pos;
	ret = vfs_read(file, buf, count, &pos);
	file->f_pos = pos;
	unlock_pos(file, locked);
	fput_light(file, fput_needed);
	return ret;
}

long sys_write(unsigned int fd, const char __user *buf, size_t count)
{
	int fput_needed;
	struct file *file = fget_light(fd, &fput_needed);
	loff_t pos;
	long ret;
	bool locked;

	if (unlikely(!file))
		return -EBADF;
	locked = lock_pos(file);
	pos = file->f_pos;
	ret = vfs_write(file, buf, count, &pos);
	file->f_pos = pos;
	unlock_pos(file, locked);
	fput_light(file, fput_needed);
	return ret;
}

/* A file for reading or writing at an offset of its own. ERR_PTR */
static struct file *fget_positioned(unsigned int fd, loff_t pos)
{
	struct file *file;

	if (pos < 0)
		return ERR_PTR(-EINVAL);
	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	if (!file->f_op->llseek || file->f_op->llseek == no_llseek) {
		fput(file);
		return ERR_PTR(-ESPIPE);
	}
	return file;
}

static loff_t join(unsigned long lo, unsigned long hi)
{
	return (loff_t)((u64)hi << 32 | lo);
}

long sys_pread64(unsigned int fd, char __user *buf, size_t count, unsigned long lo,
		 unsigned long hi)
{
	loff_t pos = join(lo, hi);
	struct file *file = fget_positioned(fd, pos);
	long ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = vfs_read(file, buf, count, &pos);
	fput(file);
	return ret;
}

long sys_pwrite64(unsigned int fd, const char __user *buf, size_t count, unsigned long lo,
		  unsigned long hi)
{
	loff_t pos = join(lo, hi);
	struct file *file = fget_positioned(fd, pos);
	long ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = vfs_write(file, buf, count, &pos);
	fput(file);
	return ret;
}

/* ---- segments ------------------------------------------------------------------------------- */

/*
 * Copy in and check a list of segments; *iov is @fast or allocated.
 * => bytes in all, at most MAX_RW_COUNT (the rest is cut off), or -errno with nothing to free
 */
static ssize_t import_iovec(const struct iovec __user *uvec, unsigned long n, struct iovec *fast,
			    struct iovec **iov)
{
	size_t total = 0;
	unsigned long i;
	ssize_t err = 0;

	*iov = fast;
	if (n > UIO_MAXIOV)
		return -EINVAL;
	if (n > UIO_FASTIOV) {
		*iov = kmalloc_array(n, sizeof(**iov), GFP_KERNEL);
		if (!*iov)
			return -ENOMEM;
	}
	if (copy_from_user(*iov, uvec, n * sizeof(**iov)))
		err = -EFAULT;
	for (i = 0; !err && i < n; i++) {
		struct iovec *v = &(*iov)[i];

		if ((ssize_t)v->iov_len < 0)
			err = -EINVAL;
		else if (!access_ok(v->iov_base, v->iov_len))
			err = -EFAULT;
		v->iov_len = min(v->iov_len, (size_t)(MAX_RW_COUNT - total));
		total += v->iov_len;
	}
	if (err && *iov != fast)
		kfree(*iov);
	return err ? err : (ssize_t)total;
}

enum direction { READING, WRITING };

/* Without an operation for lists: one segment after the other. */
static ssize_t loop_segments(struct file *file, const struct iovec *iov, unsigned long n,
			     loff_t *pos, enum direction dir)
{
	ssize_t done = 0, ret = 0;
	unsigned long i;

	for (i = 0; i < n; i++) {
		void __user *base = iov[i].iov_base;
		size_t len = iov[i].iov_len;

		if (!len)
			continue;
		ret = dir == READING ? file->f_op->read(file, base, len, pos)
				     : file->f_op->write(file, base, len, pos);
		if (ret < 0)
			break;
		done += ret;
		if ((size_t)ret != len)
			break;
	}
	return done ? done : ret;
}

static ssize_t do_segments(struct file *file, const struct iovec __user *uvec, unsigned long n,
			   loff_t *pos, enum direction dir)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	ssize_t ret = dir == READING ? check_mode(file, FMODE_READ, file->f_op->read)
				     : check_mode(file, FMODE_WRITE, file->f_op->write);

	if (ret)
		return ret;
	ret = import_iovec(uvec, n, fast, &iov);
	if (ret < 0)
		return ret;
	if (ret > 0 && dir == READING && file->f_op->readv)
		ret = file->f_op->readv(file, iov, n, pos);
	else if (ret > 0 && dir == WRITING && file->f_op->writev)
		ret = file->f_op->writev(file, iov, n, pos);
	else if (ret > 0)
		ret = loop_segments(file, iov, n, pos, dir);
	if (iov != fast)
		kfree(iov);
	return ret;
}

static long segments_at_pos(unsigned int fd, const struct iovec __user *vec, unsigned long n,
			    enum direction dir)
{
	struct file *file = fget(fd);
	loff_t pos;
	long ret;
	bool locked;

	if (!file)
		return -EBADF;
	/* Our own reference makes the count 2: whoever else has one shares the offset. */
	locked = file->f_mode & FMODE_LSEEK;
	if (locked)
		mutex_lock(&file->f_pos_lock);
	pos = file->f_pos;
	ret = do_segments(file, vec, n, &pos, dir);
	file->f_pos = pos;
	unlock_pos(file, locked);
	fput(file);
	return ret;
}

long sys_readv(unsigned int fd, const struct iovec __user *vec, unsigned long n)
{
	return segments_at_pos(fd, vec, n, READING);
}

long sys_writev(unsigned int fd, const struct iovec __user *vec, unsigned long n)
{
	return segments_at_pos(fd, vec, n, WRITING);
}

static long segments_positioned(unsigned int fd, const struct iovec __user *vec, unsigned long n,
				loff_t pos, enum direction dir)
{
	struct file *file = fget_positioned(fd, pos);
	long ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = do_segments(file, vec, n, &pos, dir);
	fput(file);
	return ret;
}

long sys_preadv(unsigned int fd, const struct iovec __user *vec, unsigned long n, unsigned long lo,
		unsigned long hi)
{
	return segments_positioned(fd, vec, n, join(lo, hi), READING);
}

long sys_pwritev(unsigned int fd, const struct iovec __user *vec, unsigned long n, unsigned long lo,
		 unsigned long hi)
{
	return segments_positioned(fd, vec, n, join(lo, hi), WRITING);
}

/* ---- offsets -------------------------------------------------------------------------------- */

static loff_t do_lseek(unsigned int fd, loff_t offset, unsigned int whence)
{
	struct file *file = fget(fd);
	loff_t ret = -EINVAL;

	if (!file)
		return -EBADF;
	if (!file->f_op->llseek)
		ret = -ESPIPE;
	else if (whence <= SEEK_HOLE) {
		mutex_lock(&file->f_pos_lock);
		ret = file->f_op->llseek(file, offset, (int)whence);
		mutex_unlock(&file->f_pos_lock);
	}
	fput(file);
	return ret;
}

long sys_lseek(unsigned int fd, long offset, unsigned int whence)
{
	loff_t ret = do_lseek(fd, offset, whence);

	return ret > LONG_MAX ? -EOVERFLOW : (long)ret;
}

long sys_llseek(unsigned int fd, unsigned long hi, unsigned long lo, loff_t __user *result,
		unsigned int whence)
{
	loff_t ret = do_lseek(fd, join(lo, hi), whence);

	if (ret < 0)
		return (long)ret;
	return put_user(ret, result);
}

/* ---- sendfile ------------------------------------------------------------------------------- */

/*
 * The page of @in to send from. A hole of a file in memory stays a hole: its zeros come from
 * the zero page.
 * => uptodate, referenced; ERR_PTR
 */
static struct page *page_to_send(struct file *in, loff_t pos, size_t count)
{
	struct page *page;

	if (!lives_in_memory(in->f_mapping))
		return page_to_read(in, pos, count);
	page = find_get_page(in->f_mapping, (unsigned long)(pos >> PAGE_SHIFT));
	if (!page)
		page = page_in_swap(in->f_mapping, pos);
	if (IS_ERR(page) || (page && PageUptodate(page)))
		return page;
	if (page) {
		put_page(page);
		return page_to_read(in, pos, count);
	}
	page = ZERO_PAGE(0);
	get_page(page);
	return page;
}

/* From the page cache of @in to @out, page by page. => bytes or -errno */
static ssize_t send_pages(struct file *out, struct file *in, loff_t *ppos, size_t count)
{
	struct inode *inode = in->f_mapping->host;
	loff_t pos = *ppos;
	size_t done = 0;
	ssize_t n = 0;

	while (done < count) {
		unsigned int offset = (unsigned int)pos & (unsigned int)~PAGE_MASK;
		size_t want = min(count - done, (size_t)(PAGE_SIZE - offset));
		loff_t size = i_size_read(inode);
		struct page *page;

		if (pos >= size)
			break;
		if ((u64)(size - pos) < want)
			want = (size_t)(size - pos);
		page = page_to_send(in, pos, count - done);
		if (IS_ERR(page)) {
			n = PTR_ERR(page);
			break;
		}
		n = out->f_op->sendpage(out, page, offset, want, &out->f_pos);
		put_page(page);
		if (n <= 0)
			break;
		done += (size_t)n;
		pos += n;
		if ((size_t)n < want)
			break;
		cond_resched();
	}
	*ppos = pos;
	in->f_ra.prev_pos = pos;
	return done ? (ssize_t)done : n;
}

static loff_t get_pos(struct file *file)
{
	loff_t pos;

	mutex_lock(&file->f_pos_lock);
	pos = file->f_pos;
	mutex_unlock(&file->f_pos_lock);
	return pos;
}

static void set_pos(struct file *file, loff_t pos)
{
	mutex_lock(&file->f_pos_lock);
	file->f_pos = pos;
	mutex_unlock(&file->f_pos_lock);
}

/*
 * The offset of @out is ours while we write, as in write(); that of @in is not, because a pipe
 * may keep us waiting: who reads from @in meanwhile reads the same bytes, as on Linux.
 */
static ssize_t send_between(struct file *out, struct file *in, loff_t *offset, size_t count)
{
	loff_t pos = offset ? *offset : get_pos(in);
	bool locked = out->f_mode & FMODE_LSEEK;
	ssize_t ret;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!S_ISREG(in->f_inode->i_mode) || !in->f_mapping->a_ops->readpage ||
	    !out->f_op->sendpage || (out->f_flags & O_APPEND) || pos < 0)
		return -EINVAL;
	if ((ssize_t)count < 0)
		return -EINVAL;
	if (locked)
		mutex_lock(&out->f_pos_lock);
	ret = send_pages(out, in, &pos, min(count, MAX_RW_COUNT));
	unlock_pos(out, locked);
	if (offset)
		*offset = pos;
	else
		set_pos(in, pos);
	if (ret > 0)
		touch_atime(in);
	return ret;
}

static ssize_t do_sendfile(unsigned int out_fd, unsigned int in_fd, loff_t *offset, size_t count)
{
	struct file *in = fget(in_fd), *out;
	ssize_t ret = -EBADF;

	if (!in)
		return ret;
	out = fget(out_fd);
	if (out) {
		ret = send_between(out, in, offset, count);
		fput(out);
	}
	fput(in);
	return ret;
}

long sys_sendfile(unsigned int out, unsigned int in, long __user *uoffset, size_t count)
{
	long offset;
	loff_t pos;
	ssize_t ret;

	if (!uoffset)
		return do_sendfile(out, in, NULL, count);
	if (get_user(offset, uoffset))
		return -EFAULT;
	pos = offset;
	ret = do_sendfile(out, in, &pos, count);
	offset = (long)pos;
	return put_user(offset, uoffset) ? -EFAULT : ret;
}

long sys_sendfile64(unsigned int out, unsigned int in, loff_t __user *uoffset, size_t count)
{
	loff_t pos;
	ssize_t ret;

	if (!uoffset)
		return do_sendfile(out, in, NULL, count);
	if (copy_from_user(&pos, uoffset, sizeof(pos)))
		return -EFAULT;
	ret = do_sendfile(out, in, &pos, count);
	return copy_to_user(uoffset, &pos, sizeof(pos)) ? -EFAULT : ret;
}
