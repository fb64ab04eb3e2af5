/*
 * kernel/fs/tty/tty.h - terminals.
 *
 * A terminal is a keyboard and a screen with an editor between them: the line
 * discipline.  Bytes come from a driver in interrupt context (tty_receive),
 * are edited in a ring until a line is whole, and then are readable.  What a
 * process writes is post-processed ("\n" to "\r\n") and goes to the driver.
 * The same ring is read raw by editors that turn ICANON off.
 *
 *	read_tail           canon_head      read_head
 *	    |  whole lines      |  being edited |   free
 *	----+-------------------+---------------+----------> (modulo TTY_BUF_SIZE)
 *
 * The terminal also knows whose it is: a session, and within it the process
 * group in the foreground.  ^C goes to that group; others who read are stopped
 * by SIGTTIN.
 *
 *	n_tty.c		the line discipline
 *	tty_io.c	the devices: open, read, write, poll
 *	tty_ioctl.c	termios and window size
 *	job_control.c	sessions, foreground groups, hang-up
 *
 * Locking: tty->lock [y], interrupts off, for the ring, the settings and the
 * owner; write_lock (a mutex) [w] keeps the output of two writers apart.
 * signal->tty is under tasklist_lock, which is taken outside tty->lock.
 */
#ifndef OCTAVO_KERNEL_FS_TTY_TTY_H
#define OCTAVO_KERNEL_FS_TTY_TTY_H

#include <kernel/core/mutex.h>
#include <kernel/core/spinlock.h>
#include <kernel/core/wait.h>
#include <kernel/uapi/termios.h>
#include <lib/bitmap.h>

struct file;
struct tty_struct;

#define TTY_BUF_SIZE	4096	/* a power of two; longest line + 1 */

struct tty_operations {
	/* => any context; all of it is sent when this returns */
	void (*write)(struct tty_struct *tty, const void *buf, size_t len);
};

struct tty_struct {
	const char *name;			/* [c] */
	dev_t dev;				/* [c] */
	int port;				/* [c] the driver's */
	const struct tty_operations *ops;	/* [c] */
	spinlock_t lock;
	struct mutex write_lock;
	struct ktermios termios;		/* [y] */
	struct winsize winsize;			/* [y] */
	unsigned int column;			/* [y] of the cursor, for tabs and erasing */
	unsigned int line_column;		/* [y] where the line being edited began */
	bool stopped;				/* [y] ^S */
	bool literal;				/* [y] ^V: the next byte means itself */
	unsigned int read_head, canon_head, read_tail; /* [y] free-running */
	unsigned int lines;			/* [y] whole lines in the ring */
	u8 buf[TTY_BUF_SIZE];			/* [y] */
	DECLARE_BITMAP(line_end, TTY_BUF_SIZE);	/* [y] this byte ends a line; EOF is a NUL so marked */
	wait_queue_head_t read_wait, write_wait;
	pid_t session, pgrp;			/* [y] owner; 0: none */
	unsigned int hangups;			/* [y] see tty_hung_up() */
};

/* n_tty.c */
void n_tty_init(struct tty_struct *tty);
/* A byte from the driver. => any context */
void tty_receive(struct tty_struct *tty, u8 c);
/*
 * Bytes to the driver, post-processed.
 * => write_lock held; may sleep while ^S holds; bytes taken, or -ERESTARTSYS
 */
ssize_t n_tty_output(struct tty_struct *tty, const u8 *buf, size_t len);
/* => may sleep; bytes, 0 at EOF, or -errno; @buf is kernel memory */
ssize_t n_tty_read(struct tty_struct *tty, struct file *file, u8 *buf, size_t size);
/* Places of the ring that a read can take now, marks of EOF among them. => tty->lock held */
unsigned int n_tty_readable(struct tty_struct *tty);
/* Bytes of them, for FIONREAD. => tty->lock held */
unsigned int n_tty_inq(struct tty_struct *tty);
/* Would a read return at once?  VMIN counts. => tty->lock held */
bool n_tty_ready(struct tty_struct *tty);
/* => tty->lock held */
void n_tty_flush_input(struct tty_struct *tty);
/* Bring the ring in line with a change of ICANON. => tty->lock held */
void n_tty_set_canon(struct tty_struct *tty, bool was_canon);

/* tty_ioctl.c */
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* job_control.c */
/* May current read (SIGTTIN), or write and change settings (SIGTTOU)? => 0, -EIO, -ERESTARTSYS */
int tty_check_change(struct tty_struct *tty, int sig);
/* Give @tty to current's session if that has none. */
void tty_open_ctty(struct tty_struct *tty);
long tty_set_ctty(struct tty_struct *tty, unsigned long force);
long tty_get_pgrp(struct tty_struct *tty, unsigned long arg);
long tty_set_pgrp(struct tty_struct *tty, unsigned long arg);
long tty_get_sid(struct tty_struct *tty, unsigned long arg);
/* The session of current loses its terminal. => @on_exit: its leader dies, so it is hung up */
void disassociate_ctty(int on_exit);
/* vhangup(2): the terminal of current is taken from everybody. */
void tty_vhangup(void);

/* tty_io.c */
/*
 * Was @tty hung up since @file was opened?  Then it reads EOF and writes fail.  An open
 * /dev/console is exempt, as in Linux: init keeps its voice when a shell ends.
 */
bool tty_hung_up(struct tty_struct *tty, struct file *file);
struct tty_struct *file_tty(struct file *file);
/* ttyS0, ttyS1; NULL for others */
struct tty_struct *tty_by_port(int port);
void tty_init(void);

#endif
