/*
 * kernel/fs/fifo.c - pipes with a name.
 *
 * Theory.  A FIFO is a node of a file system.  The ring is made by the first open of the node
 * and gone with the last.  Opening one end waits for the other: it counts itself, wakes who
 * waits, and sleeps until the count of the other end's opens has changed; the count, not the
 * number of open ends, so that a partner who came and went is not missed.
 *
 * Locking: the node's i_sem for i_pipe; pipe->mutex for the ends.
 *
 * References: POSIX.1-2017, open().
 */
#include <kernel/fs/pipe.h>

#include <kernel/core/sched.h>
#include <kernel/fs/internal.h>

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
		pipe_wake(&pipe->wr_wait);
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
		pipe_wake(&pipe->rd_wait);
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
		pipe_wake(&pipe->rd_wait);
		pipe_wake(&pipe->wr_wait);
		break;
	default:
		err = -EINVAL;
	}
	if (err) {
		pipe_wake(&pipe->rd_wait);
		pipe_wake(&pipe->wr_wait);
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

static ssize_t bad_pipe_r(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return -EBADF;
}

const struct file_operations def_fifo_fops = {
	.open = fifo_open,
	.llseek = no_llseek,
	.read = bad_pipe_r,
};
