/*
 * kernel/proc/signalfd.c - signals by a file descriptor.
 *
 * Theory.  A program that blocks signals and waits for many things at once wants to have them
 * from poll() and read().  The file holds a set and no signals: a read takes what is pending for
 * *the reader*, as sigtimedwait() would, and tells of each in a record of its own.
 *
 * Who sleeps in poll() or read() is on sighand->signalfd_wqh, which every sender wakes.
 *
 * Locking: siglock for taking and for the set.
 */
#include <kernel/proc/signalfd.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/wait.h>
#include <kernel/fs/anon_inodes.h>
#include <kernel/fs/files.h>
#include <kernel/fs/poll.h>
#include <kernel/proc/signal.h>
#include <kernel/uapi/fcntl.h>
#include <lib/err.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/phys/slab.h>

/* What a read finds, for each signal. */
struct signalfd_siginfo {
	u32 ssi_signo;
	s32 ssi_errno;
	s32 ssi_code;
	u32 ssi_pid, ssi_uid;
	s32 ssi_fd;
	u32 ssi_tid, ssi_band, ssi_overrun, ssi_trapno;
	s32 ssi_status, ssi_int;
	u64 ssi_ptr, ssi_utime, ssi_stime, ssi_addr;
	u8 pad[48];
};
static_assert(sizeof(struct signalfd_siginfo) == 128, "user ABI");

struct signalfd_ctx {
	sigset_t others;		/* [g] all but those of the set */
};

static void fill_siginfo(struct signalfd_siginfo *to, const siginfo_t *info)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = (u32)info->si_signo;
	to->ssi_errno = info->si_errno;
	to->ssi_code = info->si_code;
	if (info->si_code == SI_TIMER) {
		to->ssi_tid = (u32)info->si_tid;
		to->ssi_overrun = (u32)info->si_overrun;
	} else if (info->si_code > 0 && sig_in(info->si_signo, SIG_FAULT_MASK)) {
		to->ssi_addr = info->si_addr;
		return;
	} else {
		to->ssi_pid = (u32)info->si_pid;
		to->ssi_uid = info->si_uid;
	}
	if (info->si_code > 0 && info->si_signo == SIGCHLD) {
		to->ssi_status = info->si_status;
		to->ssi_utime = (u64)info->si_utime;
		to->ssi_stime = (u64)info->si_stime;
		return;
	}
	to->ssi_int = info->si_value.sival_int;
	to->ssi_ptr = (u32)info->si_value.sival_int;
}

/* => its number, or 0 */
static int take_signal(struct signalfd_ctx *ctx, siginfo_t *info)
{
	int sig;

	spin_lock_irq(&current->sighand->siglock);
	sig = dequeue_signal(current, &ctx->others, info);
	spin_unlock_irq(&current->sighand->siglock);
	return sig;
}

/* => may sleep; its number; -EAGAIN, -ERESTARTSYS */
static int wait_signal(struct signalfd_ctx *ctx, siginfo_t *info, bool nonblock)
{
	wait_queue_head_t *queue = &current->sighand->signalfd_wqh;
	DEFINE_WAIT(wait);
	int sig;

	for (;;) {
		prepare_to_wait(queue, &wait, TASK_INTERRUPTIBLE);
		sig = take_signal(ctx, info);
		if (!sig && nonblock)
			sig = -EAGAIN;
		else if (!sig && signal_pending(current))
			sig = -ERESTARTSYS;
		if (sig)
			break;
		schedule();
	}
	finish_wait(queue, &wait);
	return sig;
}

static ssize_t signalfd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	bool nonblock = file->f_flags & O_NONBLOCK;
	struct signalfd_siginfo record;
	size_t done = 0;
	siginfo_t info;

	if (count < sizeof(record))
		return -EINVAL;
	for (; count - done >= sizeof(record); done += sizeof(record)) {
		/* Only the first is waited for. */
		int sig = done ? take_signal(file->private_data, &info) :
				 wait_signal(file->private_data, &info, nonblock);

		if (sig <= 0)
			return done ? (ssize_t)done : sig;
		fill_siginfo(&record, &info);
		if (copy_to_user(buf + done, &record, sizeof(record)))
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

static unsigned int signalfd_poll(struct file *file, poll_table *wait)
{
	const struct signalfd_ctx *ctx = file->private_data;
	bool ready;

	poll_wait(file, &current->sighand->signalfd_wqh, wait);
	spin_lock_irq(&current->sighand->siglock);
	ready = has_pending(&current->pending, &ctx->others) ||
		has_pending(&current->signal->shared_pending, &ctx->others);
	spin_unlock_irq(&current->sighand->siglock);
	return ready ? POLLIN : 0;
}

static int signalfd_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations signalfd_fops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

static void set_others(struct signalfd_ctx *ctx, const sigset_t *set)
{
	spin_lock_irq(&current->sighand->siglock);
	for (int i = 0; i < 2; i++)
		ctx->others.sig[i] = ~set->sig[i];
	spin_unlock_irq(&current->sighand->siglock);
	wake_up(&current->sighand->signalfd_wqh);
}

int signalfd_change(unsigned int fd, const sigset_t *set)
{
	struct file *file = fget(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	if (file->f_op == &signalfd_fops)
		set_others(file->private_data, set);
	else
		err = -EINVAL;
	fput(file);
	return err;
}

int signalfd_create(const sigset_t *set, unsigned int flags)
{
	struct signalfd_ctx *ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);
	struct file *file;
	int fd;

	if (!ctx)
		return -ENOMEM;
	set_others(ctx, set);
	fd = get_unused_fd_flags(flags & O_CLOEXEC);
	if (fd < 0)
		goto bad_free;
	file = anon_inode_getfile("[signalfd]", &signalfd_fops, ctx, flags & O_NONBLOCK);
	if (IS_ERR(file)) {
		put_unused_fd((unsigned int)fd);
		fd = (int)PTR_ERR(file);
		goto bad_free;
	}
	fd_install((unsigned int)fd, file);
	return fd;

bad_free:
	kfree(ctx);
	return fd;
}
