/*
 * kernel/fs/pipe.c - pipes and FIFOs.
 *
 * Theory.  A pipe is a ring of PIPE_BUFFERS pages.  A writer fills pages and appends them to
 * the ring, a reader empties the oldest and gives its page back (one is kept for the next
 * writer).  Data is copied twice, never moved; a write of many pages sleeps only when the
 * ring is full and a reader wakes it only when it has read what it wanted, so that a
 * stream runs 64 KiB for each pair of context switches.
 *
 * Atomic writes.  A write of up to PIPE_BUF bytes goes whole into the room left in the newest
 * page, or whole into a new one.  A larger write first puts its odd bytes into the newest
 * page if they fit, so that the rest are full pages.
 *
 * A FIFO is a pipe with a name: the ring is made by the first open of the node and gone with
 * the last; opening one end waits for the other.
 *
 * Locking: pipe->mutex for the ring, held while copying from or to user memory (which may
 * fault: faults never want a pipe).  A FIFO node's i_sem for making and losing the ring.
 *
 * References: POSIX.1-2017, pipe(), write(), open().
 */
#include <kernel/fs/pipe.h>

#include <kernel/core/bug.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>
#include <kernel/fs/poll.h>
#include <kernel/uapi/signal.h>
#include <kernel/uapi/uio.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/vsnprintf.h>
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

#define PIPEFS_MAGIC	0x50495045ul
#define FIONREAD	0x541B

static struct vfsmount *pipe_mnt;	/* [c] where nameless pipes live */

/* ---- the ring ------------------------------------------------------------------------------ */

static struct pipe_inode_info *alloc_pipe(void)
{
	struct pipe_inode_info *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (pipe) {
		mutex_init(&pipe->mutex);
		init_waitqueue_head(&pipe->rd_wait);
		init_waitqueue_head(&pipe->wr_wait);
	}
	return pipe;
}

static void free_pipe(struct pipe_inode_info *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nrbufs; i++)
		put_page(pipe->bufs[(pipe->curbuf + i) % PIPE_BUFFERS].page);
	if (pipe->tmp_page)
		put_page(pipe->tmp_page);
	kfree(pipe);
}

static void wake(wait_queue_head_t *q)
{
	if (waitqueue_active(q))
		wake_up_interruptible(q);
}

/* Sleep on @q without the mutex. => 0 or -ERESTARTSYS */
static int pipe_wait(struct pipe_inode_info *pipe, wait_queue_head_t *q)
{
	DEFINE_WAIT(wait);

	if (signal_pending(current))
		return -ERESTARTSYS;
	prepare_to_wait(q, &wait, TASK_INTERRUPTIBLE);
	mutex_unlock(&pipe->mutex);
	schedule();
	finish_wait(q, &wait);
	mutex_lock(&pipe->mutex);
	return 0;
}

static size_t iov_total(const struct iovec *iov, unsigned long n)
{
	size_t total = 0;

	while (n--)
		total += iov++->iov_len;
	return total;
}

/* Up to @len bytes between a page and the segments, which are advanced. => bytes copied */
static size_t copy_to_iov(struct iovec *iov, const char *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n, left;

		while (!iov->iov_len)
			iov++;
		n = min(iov->iov_len, len - done);
		left = __copy_to_user(iov->iov_base, from + done, n);
		n -= left;
		iov->iov_base = (char *)iov->iov_base + n;
		iov->iov_len -= n;
		done += n;
		if (left)
			break;
	}
	return done;
}

static size_t copy_from_iov(char *to, struct iovec *iov, size_t len, bool kernel)
{
	size_t done = 0;

	while (done < len) {
		size_t n, left = 0;

		while (!iov->iov_len)
			iov++;
		n = min(iov->iov_len, len - done);
		if (kernel)
			memcpy(to + done, iov->iov_base, n);
		else
			left = __copy_from_user_inatomic(to + done, iov->iov_base, n);
		n -= left;
		iov->iov_base = (char *)iov->iov_base + n;
		iov->iov_len -= n;
		done += n;
		if (left)
			break;
	}
	return done;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* From the oldest page. => mutex held, nrbufs > 0; bytes copied */
static size_t read_buffer(struct pipe_inode_info *pipe, struct iovec *iov, size_t len)
{
	struct pipe_buffer *buf = &pipe->bufs[pipe->curbuf];
	size_t n = min((size_t)buf->len, len);

	n = copy_to_iov(iov, (char *)kmap(buf->page) + buf->offset, n);
	kunmap(buf->page);
	buf->offset += (unsigned int)n;
	buf->len -= (unsigned int)n;
	if (!buf->len) {
		if (pipe->tmp_page)
			put_page(buf->page);
		else
			pipe->tmp_page = buf->page;
		pipe->curbuf = (pipe->curbuf + 1) % PIPE_BUFFERS;
		pipe->nrbufs--;
	}
	return n;
}

static ssize_t pipe_readv(struct file *file, struct iovec *iov, unsigned long nr, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	size_t total = iov_total(iov, nr), done = 0;
	ssize_t err = 0;

	if (!total)
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		while (pipe->nrbufs && done < total) {
			size_t want = min((size_t)pipe->bufs[pipe->curbuf].len, total - done);
			size_t n = read_buffer(pipe, iov, want);

			done += n;
			if (n < want) {
				err = -EFAULT;
				break;
			}
		}
		if (done || err || !pipe->writers)
			break;
		err = file->f_flags & O_NONBLOCK ? -EAGAIN : pipe_wait(pipe, &pipe->rd_wait);
		if (err)
			break;
	}
	if (done && pipe->nrbufs < PIPE_BUFFERS)
		wake(&pipe->wr_wait);
	mutex_unlock(&pipe->mutex);
	return done ? (ssize_t)done : err;
}

static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct iovec iov = { .iov_base = buf, .iov_len = count };

	return pipe_readv(file, &iov, 1, pos);
}

/* ---- writing --------------------------------------------------------------------------------- */

/*
 * The odd bytes into what is left of the newest page, if all of them fit.
 * => mutex held; bytes written, or -EFAULT
 */
static ssize_t append_to_last(struct pipe_inode_info *pipe, struct iovec *iov, size_t total,
			      bool kernel)
{
	size_t odd = total & ~PAGE_MASK, n;
	struct pipe_buffer *buf;

	if (!odd || !pipe->nrbufs)
		return 0;
	buf = &pipe->bufs[(pipe->curbuf + pipe->nrbufs - 1) % PIPE_BUFFERS];
	if (buf->offset + buf->len + odd > PAGE_SIZE)
		return 0;
	n = copy_from_iov((char *)kmap(buf->page) + buf->offset + buf->len, iov, odd, kernel);
	kunmap(buf->page);
	if (n < odd)
		return -EFAULT;
	buf->len += (unsigned int)n;
	return (ssize_t)n;
}

/* One page more. => mutex held, room in the ring; bytes written, short: a fault; -ENOMEM */
static ssize_t append_page(struct pipe_inode_info *pipe, struct iovec *iov, size_t len, bool kernel)
{
	struct pipe_buffer *buf;
	struct page *page = pipe->tmp_page;
	size_t n;

	if (!page) {
		page = alloc_page(GFP_HIGHUSER);
		if (!page)
			return -ENOMEM;
	}
	pipe->tmp_page = NULL;
	n = copy_from_iov(kmap(page), iov, len, kernel);
	kunmap(page);
	if (!n) {
		pipe->tmp_page = page;
		return 0;
	}
	buf = &pipe->bufs[(pipe->curbuf + pipe->nrbufs) % PIPE_BUFFERS];
	buf->page = page;
	buf->offset = 0;
	buf->len = (unsigned int)n;
	pipe->nrbufs++;
	return (ssize_t)n;
}

/* Fill the ring. => mutex held; bytes written with *err set if that is not all, or full */
static size_t fill_ring(struct pipe_inode_info *pipe, struct iovec *iov, size_t total, bool kernel,
			ssize_t *err)
{
	size_t done = 0;

	*err = 0;
	while (done < total && pipe->nrbufs < PIPE_BUFFERS) {
		size_t want = min(total - done, (size_t)PAGE_SIZE);
		ssize_t n = append_page(pipe, iov, want, kernel);

		if (n > 0)
			done += (size_t)n;
		if (n < (ssize_t)want) {
			*err = n < 0 ? n : -EFAULT;
			break;
		}
	}
	return done;
}

static ssize_t __pipe_write(struct file *file, struct iovec *iov, size_t total, bool kernel)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	size_t done = 0;
	ssize_t err = 0;

	if (!total)
		return 0;
	mutex_lock(&pipe->mutex);
	if (pipe->readers) {
		err = append_to_last(pipe, iov, total, kernel);
		if (err > 0)
			done = (size_t)err;
	}
	while (err >= 0 && done < total) {
		if (!pipe->readers) {
			send_sig(SIGPIPE, current, 0);
			err = -EPIPE;
			break;
		}
		done += fill_ring(pipe, iov, total - done, kernel, &err);
		if (err || done == total)
			break;
		wake(&pipe->rd_wait);
		err = file->f_flags & O_NONBLOCK ? -EAGAIN : pipe_wait(pipe, &pipe->wr_wait);
	}
	if (done)
		wake(&pipe->rd_wait);
	mutex_unlock(&pipe->mutex);
	return done ? (ssize_t)done : err;
}

static ssize_t pipe_writev(struct file *file, struct iovec *iov, unsigned long nr, loff_t *pos)
{
	return __pipe_write(file, iov, iov_total(iov, nr), false);
}

static ssize_t pipe_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct iovec iov = { .iov_base = (char *)buf, .iov_len = count };

	return __pipe_write(file, &iov, count, false);
}

static ssize_t pipe_sendpage(struct file *file, struct page *page, unsigned int offset, size_t size,
			     loff_t *pos)
{
	struct iovec iov = { .iov_base = (char *)kmap(page) + offset, .iov_len = size };
	ssize_t n = __pipe_write(file, &iov, size, true);

	kunmap(page);
	return n;
}

/* ---- the rest ---------------------------------------------------------------------------------- */

static unsigned int pipe_poll(struct file *file, poll_table *wait)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	unsigned int mask = 0;

	if (file->f_mode & FMODE_READ)
		poll_wait(file, &pipe->rd_wait, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &pipe->wr_wait, wait);
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ) {
		if (pipe->nrbufs)
			mask |= POLLIN | POLLRDNORM;
		/* A FIFO that nobody has written to yet is not at its end. */
		if (!pipe->writers && pipe->w_counter)
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (pipe->nrbufs < PIPE_BUFFERS)
			mask |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			mask |= POLLERR;
	}
	mutex_unlock(&pipe->mutex);
	return mask;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	unsigned int i;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->mutex);
	for (i = 0; i < pipe->nrbufs; i++)
		bytes += (int)pipe->bufs[(pipe->curbuf + i) % PIPE_BUFFERS].len;
	mutex_unlock(&pipe->mutex);
	return put_user(bytes, (int __user *)arg);
}

/* One file less; the last one takes the ring along. */
static void put_pipe(struct inode *inode)
{
	struct pipe_inode_info *pipe = NULL;

	mutex_lock(&inode->i_sem);
	if (--inode->i_pipe->files == 0) {
		pipe = inode->i_pipe;
		inode->i_pipe = NULL;
	}
	mutex_unlock(&inode->i_sem);
	if (pipe)
		free_pipe(pipe);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = inode->i_pipe;

	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ)
		pipe->readers--;
	if (file->f_mode & FMODE_WRITE)
		pipe->writers--;
	/* The other end must see it: end of file, or a broken pipe. */
	wake(&pipe->rd_wait);
	wake(&pipe->wr_wait);
	mutex_unlock(&pipe->mutex);
	put_pipe(inode);
	return 0;
}

static ssize_t bad_pipe_r(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return -EBADF;
}

static const struct file_operations pipe_fops = {
	.llseek = no_llseek,
	.read = pipe_read,
	.write = pipe_write,
	.readv = pipe_readv,
	.writev = pipe_writev,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
	.sendpage = pipe_sendpage,
};

/* ---- FIFOs --------------------------------------------------------------------------------- */

/* Wait until *counter, the opens of the other end, changes. => mutex held; 0 or -ERESTARTSYS */
static int wait_for_partner(struct pipe_inode_info *pipe, unsigned int *counter,
			    wait_queue_head_t *q)
{
	unsigned int seen = *counter;
	int err = 0;

	while (!err && seen == *counter)
		err = pipe_wait(pipe, q);
	return err;
}

/* Both ends: count ourselves, wake the other, wait for it. => mutex held */
static int open_reader(struct pipe_inode_info *pipe, bool nonblock)
{
	pipe->r_counter++;
	if (pipe->readers++ == 0)
		wake(&pipe->wr_wait);
	if (pipe->writers || nonblock)
		return 0;
	return wait_for_partner(pipe, &pipe->w_counter, &pipe->rd_wait);
}

static int open_writer(struct pipe_inode_info *pipe, bool nonblock)
{
	if (nonblock && !pipe->readers)
		return -ENXIO;
	pipe->w_counter++;
	if (pipe->writers++ == 0)
		wake(&pipe->rd_wait);
	if (pipe->readers)
		return 0;
	return wait_for_partner(pipe, &pipe->r_counter, &pipe->wr_wait);
}

static int fifo_open_ends(struct pipe_inode_info *pipe, unsigned int mode, bool nonblock)
{
	int err = 0;

	mutex_lock(&pipe->mutex);
	switch (mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		err = open_reader(pipe, nonblock);
		if (err && pipe->readers)
			pipe->readers--;
		break;
	case FMODE_WRITE:
		err = open_writer(pipe, nonblock);
		if (err && err != -ENXIO)
			pipe->writers--;
		break;
	case FMODE_READ | FMODE_WRITE:
		/* Is its own partner. */
		pipe->readers++;
		pipe->writers++;
		pipe->r_counter++;
		pipe->w_counter++;
		wake(&pipe->rd_wait);
		wake(&pipe->wr_wait);
		break;
	default:
		err = -EINVAL;
	}
	if (err) {
		wake(&pipe->rd_wait);
		wake(&pipe->wr_wait);
	}
	mutex_unlock(&pipe->mutex);
	return err;
}

static int fifo_open(struct inode *inode, struct file *file)
{
	int err = 0;

	mutex_lock(&inode->i_sem);
	if (!inode->i_pipe)
		inode->i_pipe = alloc_pipe();
	if (inode->i_pipe)
		inode->i_pipe->files++;
	else
		err = -ENOMEM;
	mutex_unlock(&inode->i_sem);
	if (err)
		return err;
	err = fifo_open_ends(inode->i_pipe, file->f_mode, file->f_flags & O_NONBLOCK);
	if (err)
		put_pipe(inode);
	else
		file->f_op = &pipe_fops;
	return err;
}

const struct file_operations def_fifo_fops = {
	.open = fifo_open,
	.llseek = no_llseek,
	.read = bad_pipe_r,
};

/* ---- nameless pipes --------------------------------------------------------------------------- */

static int pipefs_dname(struct dentry *dentry, char *buf, int size)
{
	return snprintf(buf, (size_t)size, "pipe:[%lu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations pipefs_dentry_operations = { .d_dname = pipefs_dname };

static struct dentry *new_pipe_dentry(void)
{
	static const struct qstr nameless = { .name = "", .len = 0 };
	struct super_block *sb = pipe_mnt->mnt_sb;
	struct dentry *dentry = d_alloc_anon(sb, &nameless);
	struct inode *inode;

	if (!dentry)
		return NULL;
	inode = new_inode(sb);
	if (!inode)
		goto fail;
	inode_init_owner(inode, NULL, S_IFIFO | S_IRUSR | S_IWUSR);
	inode->i_fop = &def_fifo_fops;	/* for an open by /proc/PID/fd */
	inode->i_pipe = alloc_pipe();
	dentry->d_op = &pipefs_dentry_operations;
	d_instantiate(dentry, inode);
	if (inode->i_pipe)
		return dentry;
fail:
	dput(dentry);
	return NULL;
}

static struct file *pipe_end(struct dentry *dentry, unsigned int mode, unsigned int flags)
{
	struct file *file = alloc_file(pipe_mnt, dget(dentry), mode, &pipe_fops);

	if (IS_ERR(file))
		dput(dentry);
	else
		file->f_flags = (mode == FMODE_WRITE ? O_WRONLY : O_RDONLY) | flags;
	return file;
}

int create_pipe_files(struct file *files[2], unsigned int flags)
{
	struct dentry *dentry = new_pipe_dentry();
	struct pipe_inode_info *pipe;
	int err = -ENOMEM;

	if (!dentry)
		return err;
	pipe = dentry->d_inode->i_pipe;
	files[0] = pipe_end(dentry, FMODE_READ, flags);
	if (IS_ERR(files[0])) {
		err = (int)PTR_ERR(files[0]);
		goto fail;
	}
	pipe->files = pipe->readers = pipe->r_counter = 1;
	files[1] = pipe_end(dentry, FMODE_WRITE, flags);
	if (IS_ERR(files[1])) {
		err = (int)PTR_ERR(files[1]);
		fput(files[0]);
		dput(dentry);
		return err;
	}
	pipe->files++;
	pipe->writers = pipe->w_counter = 1;
	dput(dentry);
	return 0;
fail:
	dentry->d_inode->i_pipe = NULL;
	free_pipe(pipe);
	dput(dentry);
	return err;
}

static const struct super_operations pipefs_super_operations = { .statfs = simple_statfs };

static int pipefs_fill_super(struct super_block *sb, const char *data)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return -ENOMEM;
	sb->s_magic = PIPEFS_MAGIC;
	sb->s_op = &pipefs_super_operations;
	inode->i_mode = S_IFDIR | S_IRUSR | S_IWUSR;
	sb->s_root = d_alloc_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type pipe_fs_type = {
	.name = "pipefs",
	.fs_flags = FS_SINGLE,
	.fill_super = pipefs_fill_super,
};

void __init pipe_init(void)
{
	register_filesystem(&pipe_fs_type);
	pipe_mnt = kern_mount(&pipe_fs_type, NULL);
	BUG_ON(IS_ERR(pipe_mnt));
}
