/*
 * kernel/fs/tty/tty_ioctl.c - settings of a terminal: termios, window size, queues.
 *
 * Changing settings from the background would disturb the foreground job, so
 * it stops the caller with SIGTTOU, as a write under TOSTOP does.  Output is
 * never queued (the drivers return when it is sent), so the W and F forms of
 * TCSETS have nothing to wait for.
 *
 * Reference: ioctl_tty(2).
 */
#include <kernel/fs/tty/tty.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/signal.h>
#include <lib/errno.h>
#include <lib/string.h>

static long get_termios(struct tty_struct *tty, void __user *arg, size_t size)
{
	struct ktermios t;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	t = tty->termios;
	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(arg, &t, size) ? -EFAULT : 0;
}

static long set_termios(struct tty_struct *tty, const void __user *arg, size_t size, bool flush)
{
	struct ktermios t;
	unsigned long flags;
	bool was_canon;
	int err = tty_check_change(tty, SIGTTOU);

	if (err)
		return err;
	spin_lock_irqsave(&tty->lock, flags);
	t = tty->termios;	/* the old form leaves the speeds */
	spin_unlock_irqrestore(&tty->lock, flags);
	if (copy_from_user(&t, arg, size))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, flags);
	was_canon = tty->termios.c_lflag & ICANON;
	tty->termios = t;
	if (flush)
		n_tty_flush_input(tty);
	n_tty_set_canon(tty, was_canon);
	if (!(t.c_iflag & IXON))
		tty->stopped = false;
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up(&tty->write_wait);
	wake_up_interruptible(&tty->read_wait);
	return 0;
}

static long get_winsize(struct tty_struct *tty, void __user *arg)
{
	struct winsize ws;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	ws = tty->winsize;
	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(arg, &ws, sizeof(ws)) ? -EFAULT : 0;
}

static long set_winsize(struct tty_struct *tty, const void __user *arg)
{
	struct winsize ws;
	unsigned long flags;
	bool changed;
	pid_t pgrp;

	if (copy_from_user(&ws, arg, sizeof(ws)))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, flags);
	changed = memcmp(&ws, &tty->winsize, sizeof(ws)) != 0;
	tty->winsize = ws;
	pgrp = tty->pgrp;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (changed && pgrp)
		kill_pgrp_kernel(pgrp, SIGWINCH);
	return 0;
}

static long flush(struct tty_struct *tty, unsigned long which)
{
	unsigned long flags;
	int err = tty_check_change(tty, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH) {
		spin_lock_irqsave(&tty->lock, flags);
		n_tty_flush_input(tty);
		spin_unlock_irqrestore(&tty->lock, flags);
	}
	return 0;
}

static long start_stop(struct tty_struct *tty, unsigned long what)
{
	unsigned long flags;
	u8 c;

	switch (what) {
	case TCOOFF:
	case TCOON:
		spin_lock_irqsave(&tty->lock, flags);
		tty->stopped = what == TCOOFF;
		spin_unlock_irqrestore(&tty->lock, flags);
		wake_up(&tty->write_wait);
		return 0;
	case TCIOFF:
	case TCION:
		c = tty->termios.c_cc[what == TCIOFF ? VSTOP : VSTART];
		if (c)
			tty->ops->write(tty, &c, 1);
		return 0;
	}
	return -EINVAL;
}

/* As if the byte had been typed: on one's own terminal, or with privilege. */
static long simulate_input(struct tty_struct *tty, const u8 __user *arg)
{
	u8 c;

	if (current->signal->tty != tty && !capable_root())
		return -EPERM;
	if (get_user(c, arg))
		return -EFAULT;
	tty_receive(tty, c);
	return 0;
}

static long bytes_readable(struct tty_struct *tty, unsigned long arg)
{
	unsigned long flags;
	int n;

	spin_lock_irqsave(&tty->lock, flags);
	n = (int)n_tty_inq(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	return put_user(n, (int __user *)arg);
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	void __user *p = (void __user *)arg;

	if (!tty || tty_hung_up(tty, file))
		return -EIO;
	switch (cmd) {
	case TCGETS:	return get_termios(tty, p, TERMIOS_SIZE);
	case TCGETS2:	return get_termios(tty, p, sizeof(struct ktermios));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:	return set_termios(tty, p, TERMIOS_SIZE, cmd == TCSETSF);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:	return set_termios(tty, p, sizeof(struct ktermios), cmd == TCSETSF2);
	case TIOCGWINSZ: return get_winsize(tty, p);
	case TIOCSWINSZ: return set_winsize(tty, p);
	case TCFLSH:	return flush(tty, arg);
	case TCXONC:	return start_stop(tty, arg);
	case FIONREAD:	return bytes_readable(tty, arg);
	case TIOCSTI:	return simulate_input(tty, p);
	case TIOCOUTQ:	return put_user(0, (int __user *)arg);
	/* Everything is sent already; a break is not. */
	case TCSBRK:
	case TCSBRKP:	return tty_check_change(tty, SIGTTOU);
	case TIOCSCTTY:	return tty_set_ctty(tty, arg);
	case TIOCGPGRP:	return tty_get_pgrp(tty, arg);
	case TIOCSPGRP:	return tty_set_pgrp(tty, arg);
	case TIOCGSID:	return tty_get_sid(tty, arg);
	case TIOCNOTTY:
		if (current->signal->tty != tty)
			return -ENOTTY;
		disassociate_ctty(0);
		return 0;
	}
	return -ENOTTY;
}
