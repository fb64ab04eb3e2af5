/*
 * kernel/fs/pipe.c - the ring of pages behind pipes and FIFOs.
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
 * Nameless pipes are made in pipefs.c, those with a name in fifo.c.
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
#include <mm/phys/highmem.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/slab.h>

#define FIONREAD	0x541B

unsigned long pipe_pages_max;		/* [c] */

/* ---- the ring ------------------------------------------------------------------------------- */

static DEFINE_SPINLOCK(pipe_pages_lock);
static unsigned long pipe_pages;	/* [pipe_pages_lock] that all pipes together may use */

/* An eighth of memory may be full pipes; who makes more of them gets narrow ones. */
static unsigned int take_buffers(void)
{
	unsigned int n = PIPE_BUFFERS;

	spin_lock(&pipe_pages_lock);
	if (pipe_pages + n > pipe_pages_max)
		n = 1;
	pipe_pages += n;
	spin_unlock(&pipe_pages_lock);
	return n;
}

static void give_buffers(unsigned int n)
{
	spin_lock(&pipe_pages_lock);
	pipe_pages -= n;
	spin_unlock(&pipe_pages_lock);
}

struct pipe_inode_info *alloc_pipe(void)
{
	struct pipe_inode_info *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (pipe) {
		pipe->buffers = take_buffers();
		mutex_init(&pipe->mutex);
		init_waitqueue_head(&pipe->rd_wait);
		init_waitqueue_head(&pipe->wr_wait);
	}
	return pipe;
}

void free_pipe(struct pipe_inode_info *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nrbufs; i++)
		put_page(pipe->bufs[(pipe->curbuf + i) % PIPE_BUFFERS].page);
	if (pipe->tmp_page)
		put_page(pipe->tmp_page);
	give_buffers(pipe->buffers);
	kfree(pipe);
}

void pipe_wake(wait_queue_head_t *q)
{
	if (waitqueue_active(q))
		wake_up_interruptible(q);
}

/* Sleep on @q without the mutex. => 0 or -ERESTARTSYS */
int pipe_wait(struct pipe_inode_info *pipe, wait_queue_head_t *q)
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

/* ---- reading -------------------------------------------------------------------------------- */

/*
 * @len bytes from the oldest page, which has them. What faults in the middle stays in the pipe as a
 * whole, as on Linux.  => mutex held, nrbufs > 0; @len, or 0: a fault
 */
static size_t read_buffer(struct pipe_inode_info *pipe, struct iovec *iov, size_t len)
{
	struct pipe_buffer *buf = &pipe->bufs[pipe->curbuf];
	size_t n = copy_to_iov(iov, (char *)kmap(buf->page) + buf->offset, len);

	kunmap(buf->page);
	if (n < len)
		return 0;
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
	if (done && pipe->nrbufs < pipe->buffers)
		pipe_wake(&pipe->wr_wait);
	mutex_unlock(&pipe->mutex);
	return done ? (ssize_t)done : err;
}

static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct iovec iov = { .iov_base = buf, .iov_len = count };

	return pipe_readv(file, &iov, 1, pos);
}

/* ---- writing -------------------------------------------------------------------------------- */

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

/* One page more. => mutex held, room in the ring; @len; 0: a fault, and nothing written; -ENOMEM */
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
	if (n < len) {
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
	while (done < total && pipe->nrbufs < pipe->buffers) {
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
		pipe_wake(&pipe->rd_wait);
		err = file->f_flags & O_NONBLOCK ? -EAGAIN : pipe_wait(pipe, &pipe->wr_wait);
	}
	if (done)
		pipe_wake(&pipe->rd_wait);
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

/* ---- the rest ------------------------------------------------------------------------------- */

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
		if (pipe->nrbufs < pipe->buffers)
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
void put_pipe(struct inode *inode)
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
	pipe_wake(&pipe->rd_wait);
	pipe_wake(&pipe->wr_wait);
	mutex_unlock(&pipe->mutex);
	put_pipe(inode);
	return 0;
}

const struct file_operations pipe_fops = {
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
