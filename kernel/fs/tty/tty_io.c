/*
 * kernel/fs/tty/tty_io.c - terminals as devices.
 *
 *	/dev/ttyS0	COM1, shown on the VGA screen too and fed by the keyboard
 *	/dev/ttyS1	COM2, starts raw: a byte channel for scripts
 *	/dev/console	ttyS0
 *	/dev/tty	whichever controls the process that opens it
 *
 * The terminals exist from boot on and are never freed, so a pointer to one
 * needs no count.  A file remembers in private_data how many hang-ups its
 * terminal had seen when it was opened: after one more it only reads EOF and
 * its writes fail, while a new open works.
 */
#include <kernel/fs/tty/tty.h>

#include <kernel/arch/uaccess.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/drivers/kbd.h>
#include <kernel/drivers/serial.h>
#include <kernel/drivers/vga.h>
#include <kernel/fs/dev/chrdev.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/poll.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <mm/phys/slab.h>

#define TTYS_MINOR	64		/* ttyS0, of TTY_MAJOR */
#define CHUNK		256		/* bytes moved between user and terminal at a time */

static struct tty_struct ttys[NR_UARTS];

static void console_tty_write(struct tty_struct *tty, const void *buf, size_t len)
{
	serial_write(tty->port, buf, len);
	vga_write(buf, len);
}

static void serial_tty_write(struct tty_struct *tty, const void *buf, size_t len)
{
	serial_write(tty->port, buf, len);
}

static const struct tty_operations console_tty_ops = { .write = console_tty_write };
static const struct tty_operations serial_tty_ops = { .write = serial_tty_write };

struct tty_struct *tty_by_port(int port)
{
	return port >= 0 && port < NR_UARTS ? &ttys[port] : NULL;
}

/* Which terminal a device number means to current. => NULL: none */
static struct tty_struct *tty_of(dev_t dev)
{
	if (dev == MKDEV(TTYAUX_MAJOR, 0))
		return current->signal->tty;
	if (dev == MKDEV(TTYAUX_MAJOR, 1))
		return &ttys[0];
	if (MAJOR(dev) == TTY_MAJOR && MINOR(dev) >= TTYS_MINOR)
		return tty_by_port((int)MINOR(dev) - TTYS_MINOR);
	return NULL;
}

struct tty_struct *file_tty(struct file *file)
{
	return tty_of(file_inode(file)->i_rdev);
}

static int tty_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = tty_of(inode->i_rdev);

	if (!tty || !serial_present(tty->port))
		return -ENXIO;
	file->private_data = (void *)(unsigned long)tty->hangups;
	/* Like a device without an offset: lseek says ESPIPE. */
	file->f_mode &= ~FMODE_LSEEK;
	if (!(file->f_flags & O_NOCTTY) && MAJOR(inode->i_rdev) == TTY_MAJOR)
		tty_open_ctty(tty);
	return 0;
}

bool tty_hung_up(struct tty_struct *tty, struct file *file)
{
	return file_inode(file)->i_rdev != MKDEV(TTYAUX_MAJOR, 1) &&
	       tty->hangups != (unsigned int)(unsigned long)file->private_data;
}

static ssize_t tty_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	u8 chunk[CHUNK], *text = chunk;
	ssize_t n;
	int err;

	if (!tty)
		return -EIO;
	if (tty_hung_up(tty, file))
		return 0;
	err = tty_check_change(tty, SIGTTIN);
	if (err)
		return err;
	/* A line is read in one piece, however long it is. */
	if (count > sizeof(chunk)) {
		count = min_t(size_t, count, TTY_BUF_SIZE);
		text = kmalloc(count, GFP_KERNEL);
		if (!text)
			return -ENOMEM;
	}
	n = n_tty_read(tty, file, text, count);
	if (n > 0 && copy_to_user(buf, text, (unsigned long)n))
		n = -EFAULT;
	if (text != chunk)
		kfree(text);
	return n;
}

static ssize_t tty_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	size_t done = 0, n;
	u8 chunk[CHUNK];
	ssize_t err = 0;

	if (!tty || tty_hung_up(tty, file))
		return -EIO;
	if (tty->termios.c_lflag & TOSTOP) {
		err = tty_check_change(tty, SIGTTOU);
		if (err)
			return err;
	}
	err = mutex_lock_interruptible(&tty->write_lock);
	if (err)
		return -ERESTARTSYS;
	while (done < count) {
		n = min(count - done, sizeof(chunk));
		if (copy_from_user(chunk, buf + done, n)) {
			err = -EFAULT;
			break;
		}
		err = n_tty_output(tty, chunk, n);
		if (err < 0)
			break;
		done += (size_t)err;
		if ((size_t)err < n)
			break;
		cond_resched();
	}
	mutex_unlock(&tty->write_lock);
	return done ? (ssize_t)done : err;
}

static unsigned int tty_poll(struct file *file, poll_table *wait)
{
	struct tty_struct *tty = file_tty(file);
	unsigned int mask = 0;
	unsigned long flags;

	if (!tty)
		return POLLERR | POLLHUP;
	poll_wait(file, &tty->read_wait, wait);
	poll_wait(file, &tty->write_wait, wait);
	spin_lock_irqsave(&tty->lock, flags);
	if (n_tty_ready(tty))
		mask |= POLLIN | POLLRDNORM;
	if (!tty->stopped)
		mask |= POLLOUT | POLLWRNORM;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (tty_hung_up(tty, file))
		mask |= POLLHUP | POLLIN | POLLRDNORM;
	return mask;
}

static const struct file_operations tty_fops = {
	.open = tty_open,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.llseek = no_llseek,
};

/* ---- from the drivers: interrupt context ---- */

static void uart_receive(int port, u8 c)
{
	tty_receive(&ttys[port], c);
}

static void keyboard_receive(u8 c)
{
	tty_receive(&ttys[0], c);
}

static const struct uart_ops uart_ops = { .receive = uart_receive };

/* Boot: after dev_init(), before serial_init() and kbd_init(). */
void __init tty_init(void)
{
	static const char *const names[NR_UARTS] = { "ttyS0", "ttyS1" };
	int i;

	for (i = 0; i < NR_UARTS; i++) {
		struct tty_struct *tty = &ttys[i];

		n_tty_init(tty);
		tty->name = names[i];
		tty->dev = MKDEV(TTY_MAJOR, TTYS_MINOR + i);
		tty->port = i;
		tty->ops = i ? &serial_tty_ops : &console_tty_ops;
		if (i) {
			tty->termios.c_iflag = 0;
			tty->termios.c_oflag = 0;
			tty->termios.c_lflag = 0;
		}
	}
	register_chrdev(TTY_MAJOR, "ttyS", &tty_fops);
	register_chrdev(TTYAUX_MAJOR, "tty", &tty_fops);
	for (i = 0; i < NR_UARTS; i++)
		device_create(names[i], ttys[i].dev, S_IFCHR | 0620);
	device_create("tty", MKDEV(TTYAUX_MAJOR, 0), S_IFCHR | 0666);
	device_create("console", MKDEV(TTYAUX_MAJOR, 1), S_IFCHR | 0600);
	serial_set_receiver(&uart_ops);
	kbd_set_receiver(keyboard_receive);
}
