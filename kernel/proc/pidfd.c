/*
 * kernel/proc/pidfd.c - a process as a file descriptor.
 *
 * Theory.  A number names a process only as long as nobody has waited for it; then another may get
 * it.  A descriptor goes on naming the one that it was made for, alive or not: it holds a reference
 * on the task_struct of the leader.  It can be polled (readable: the process is dead), signalled,
 * waited for, and handed on.
 *
 * Left out: an exec by a thread that is not the leader makes that thread the process, and a
 * descriptor made before goes on naming the old leader, which is gone.
 *
 * Locking: tasklist_lock says whether it is dead; who sleeps in poll() is on signal->wait_pidfd.
 */
#include <kernel/proc/pidfd.h>

#include <kernel/core/signal.h>
#include <kernel/fs/anon_inodes.h>
#include <kernel/fs/files.h>
#include <kernel/fs/poll.h>
#include <kernel/sched/pid.h>
#include <kernel/uapi/fcntl.h>
#include <lib/err.h>
#include <lib/errno.h>

static unsigned int pidfd_poll(struct file *file, poll_table *wait)
{
	struct task_struct *tsk = file->private_data;
	bool dead;

	poll_wait(file, &tsk->signal->wait_pidfd, wait);
	read_lock_irq(&tasklist_lock);
	dead = tsk->exit_state && thread_group_empty(tsk);
	read_unlock_irq(&tasklist_lock);
	return dead ? POLLIN | POLLRDNORM : 0;
}

static int pidfd_release(struct inode *inode, struct file *file)
{
	struct task_struct *tsk = file->private_data;

	if (tsk)
		put_task_struct(tsk);
	return 0;
}

static const struct file_operations pidfd_fops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
};

struct file *pidfd_getfile(unsigned int flags)
{
	return anon_inode_getfile("[pidfd]", &pidfd_fops, NULL, flags);
}

void pidfd_name(struct file *file, struct task_struct *tsk)
{
	get_task_struct(tsk);
	file->private_data = tsk;
}

struct task_struct *pidfd_get_task(unsigned int fd, bool *nonblock)
{
	struct task_struct *tsk = ERR_PTR(-EBADF);
	struct file *file = fget(fd);

	if (!file)
		return tsk;
	if (file->f_op == &pidfd_fops) {
		tsk = file->private_data;
		get_task_struct(tsk);
		if (nonblock)
			*nonblock = file->f_flags & O_NONBLOCK;
	}
	fput(file);
	return tsk;
}
