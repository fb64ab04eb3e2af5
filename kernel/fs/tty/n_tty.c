/*
 * kernel/fs/tty/n_tty.c - the line discipline.
 *
 * Each received byte takes one path, in this order:
 *
 *	translate	CR to NL and the like (c_iflag)
 *	flow		^S stops output, ^Q goes on
 *	signal		^C ^\ ^Z: flush, echo, and a signal to the foreground group
 *	edit		only in canonical mode: erase, kill line, erase word, EOF, end of line
 *	store		into the ring, and echo
 *
 * Echoing happens here, in interrupt context: the drivers can write from
 * anywhere.  Erasing has to undo what echo did: one column for a letter, two
 * for a control character shown as ^X, and for a tab as many as it took, which
 * is found by laying out the line again up to it.
 *
 * With UTF-8 input (IUTF8) one erase takes a whole character: the continuation
 * bytes 10xxxxxx go with their leader.
 *
 * Locking: everything here runs under tty->lock, interrupts off, but for the
 * signal, which is sent after it is dropped.
 *
 * Reference: POSIX.1-2017, 11.1.5 to 11.1.9.
 */
#include <kernel/fs/tty/tty.h>

#include <kernel/core/hooks.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/fs/fs.h>
#include <kernel/uapi/signal.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>

#define MASK(pos)	((pos) & (TTY_BUF_SIZE - 1))
#define TAB_WIDTH	8

#define I_FLAG(tty, f)	((tty)->termios.c_iflag & (f))
#define O_FLAG(tty, f)	((tty)->termios.c_oflag & (f))
#define L_FLAG(tty, f)	((tty)->termios.c_lflag & (f))
/* A special character that is set to NUL is switched off. */
#define CC(tty, n)	((tty)->termios.c_cc[n])
#define IS_CC(tty, n, c) ((c) == CC(tty, n) && (c) != 0)

void n_tty_init(struct tty_struct *tty)
{
	struct ktermios *t = &tty->termios;

	spin_lock_init(&tty->lock);
	mutex_init(&tty->write_lock);
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	t->c_iflag = ICRNL | IXON;
	t->c_oflag = OPOST | ONLCR;
	t->c_cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL;
	t->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(t->c_cc, INIT_C_CC, sizeof(INIT_C_CC));
	t->c_ispeed = t->c_ospeed = 38400;
	tty->winsize = (struct winsize){ .ws_row = 24, .ws_col = 80 };
}

/* ---- output ---- */

/* Post-process one byte into @out (room for TAB_WIDTH). => bytes made; tty->lock held */
static int opost(struct tty_struct *tty, u8 c, u8 *out)
{
	int spaces;

	if (!O_FLAG(tty, OPOST)) {
		out[0] = c;
		return 1;
	}
	switch (c) {
	case '\n':
		if (O_FLAG(tty, ONLRET))
			tty->column = 0;
		if (O_FLAG(tty, ONLCR)) {
			tty->column = 0;
			out[0] = '\r';
			out[1] = '\n';
			return 2;
		}
		break;
	case '\r':
		if (O_FLAG(tty, ONOCR) && !tty->column)
			return 0;
		if (O_FLAG(tty, OCRNL))
			c = '\n';
		else
			tty->column = 0;
		break;
	case '\t':
		spaces = TAB_WIDTH - (int)(tty->column % TAB_WIDTH);
		tty->column += (unsigned int)spaces;
		if (O_FLAG(tty, XTABS) == XTABS) {
			memset(out, ' ', (size_t)spaces);
			return spaces;
		}
		break;
	case '\b':
		if (tty->column)
			tty->column--;
		break;
	default:
		/* Continuation bytes of UTF-8 take no column. */
		if (c >= ' ' && c != 0x7f && (c & 0xc0) != 0x80)
			tty->column++;
	}
	out[0] = c;
	return 1;
}

ssize_t n_tty_output(struct tty_struct *tty, const u8 *buf, size_t len)
{
	size_t done = 0, used;
	unsigned long flags;
	u8 out[128];
	int err;

	while (done < len) {
		err = wait_event_interruptible(tty->write_wait, !READ_ONCE(tty->stopped));
		if (err)
			return done ? (ssize_t)done : err;
		spin_lock_irqsave(&tty->lock, flags);
		for (used = 0; done < len && used <= sizeof(out) - TAB_WIDTH; done++)
			used += (size_t)opost(tty, buf[done], out + used);
		spin_unlock_irqrestore(&tty->lock, flags);
		tty->ops->write(tty, out, used);
	}
	return (ssize_t)done;
}

/* ---- echo and erase; all under tty->lock ---- */

static void echo_raw(struct tty_struct *tty, u8 c)
{
	u8 out[TAB_WIDTH];
	int n = opost(tty, c, out);

	tty->ops->write(tty, out, (size_t)n);
}

static bool shown_as_caret(struct tty_struct *tty, u8 c)
{
	return L_FLAG(tty, ECHOCTL) && (c < ' ' || c == 0x7f) && c != '\t' && c != '\n';
}

static void echo_char(struct tty_struct *tty, u8 c)
{
	if (!L_FLAG(tty, ECHO) && !(c == '\n' && L_FLAG(tty, ECHONL) && L_FLAG(tty, ICANON)))
		return;
	if (shown_as_caret(tty, c)) {
		echo_raw(tty, '^');
		echo_raw(tty, c ^ 0x40);
	} else {
		echo_raw(tty, c);
	}
}

/* The column behind the line being edited, up to position @end. */
static unsigned int column_at(struct tty_struct *tty, unsigned int end)
{
	unsigned int column = tty->line_column, pos;

	for (pos = tty->canon_head; pos != end; pos++) {
		u8 c = tty->buf[MASK(pos)];

		if (c == '\t')
			column = (column / TAB_WIDTH + 1) * TAB_WIDTH;
		else if (shown_as_caret(tty, c))
			column += 2;
		else if (c >= ' ' && (c & 0xc0) != 0x80)
			column++;
	}
	return column;
}

/* Take the last character of the line back, on the screen too. */
static void erase_char(struct tty_struct *tty)
{
	unsigned int before = column_at(tty, tty->read_head), after;
	bool tab;

	do {
		tty->read_head--;
	} while (I_FLAG(tty, IUTF8) && tty->read_head != tty->canon_head &&
		 (tty->buf[MASK(tty->read_head)] & 0xc0) == 0x80);
	if (!L_FLAG(tty, ECHO))
		return;
	if (!L_FLAG(tty, ECHOE)) {
		/* A printing terminal: show what was typed. */
		echo_char(tty, CC(tty, VERASE));
		return;
	}
	tab = tty->buf[MASK(tty->read_head)] == '\t';
	after = column_at(tty, tty->read_head);
	for (; before > after; before--) {
		echo_raw(tty, '\b');
		if (!tab) {
			echo_raw(tty, ' ');
			echo_raw(tty, '\b');
		}
	}
}

static bool is_word_char(u8 c)
{
	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void erase_word(struct tty_struct *tty)
{
	bool seen = false;

	while (tty->read_head != tty->canon_head) {
		if (is_word_char(tty->buf[MASK(tty->read_head - 1)]))
			seen = true;
		else if (seen)
			break;
		erase_char(tty);
	}
}

static void kill_line(struct tty_struct *tty)
{
	if (!L_FLAG(tty, ECHO) || (L_FLAG(tty, ECHOKE) && L_FLAG(tty, ECHOE))) {
		while (tty->read_head != tty->canon_head)
			erase_char(tty);
		return;
	}
	tty->read_head = tty->canon_head;
	echo_char(tty, CC(tty, VKILL));
	if (L_FLAG(tty, ECHOK))
		echo_raw(tty, '\n');
}

static void reprint_line(struct tty_struct *tty)
{
	unsigned int pos;

	echo_char(tty, CC(tty, VREPRINT));
	echo_raw(tty, '\n');
	tty->line_column = tty->column;
	for (pos = tty->canon_head; pos != tty->read_head; pos++)
		echo_char(tty, tty->buf[MASK(pos)]);
}

/* ---- input ---- */

void n_tty_flush_input(struct tty_struct *tty)
{
	tty->read_head = tty->canon_head = tty->read_tail = 0;
	tty->lines = 0;
	bitmap_zero(tty->line_end, TTY_BUF_SIZE);
}

/* => false: no room.  One place is kept for the end of the line. */
static bool store(struct tty_struct *tty, u8 c, bool line_end)
{
	unsigned int used = tty->read_head - tty->read_tail;

	if (used >= TTY_BUF_SIZE - (line_end ? 0 : 1)) {
		if (I_FLAG(tty, IMAXBEL))
			echo_raw(tty, '\a');
		return false;
	}
	if (tty->read_head == tty->canon_head)
		tty->line_column = tty->column;
	tty->buf[MASK(tty->read_head)] = c;
	if (line_end)
		__set_bit(MASK(tty->read_head), tty->line_end);
	else
		__clear_bit(MASK(tty->read_head), tty->line_end);
	tty->read_head++;
	return true;
}

static void end_line(struct tty_struct *tty, u8 c)
{
	if (!store(tty, c, true))
		return;
	tty->canon_head = tty->read_head;
	tty->lines++;
}

/* => true if @c was an editing character */
static bool edit(struct tty_struct *tty, u8 c)
{
	if (IS_CC(tty, VERASE, c)) {
		if (tty->read_head != tty->canon_head)
			erase_char(tty);
	} else if (IS_CC(tty, VKILL, c)) {
		kill_line(tty);
	} else if (IS_CC(tty, VEOF, c)) {
		end_line(tty, 0);
	} else if (L_FLAG(tty, IEXTEN) && IS_CC(tty, VWERASE, c)) {
		erase_word(tty);
	} else if (L_FLAG(tty, IEXTEN) && IS_CC(tty, VREPRINT, c)) {
		reprint_line(tty);
	} else if (L_FLAG(tty, IEXTEN) && IS_CC(tty, VLNEXT, c)) {
		tty->literal = true;
		if (L_FLAG(tty, ECHO) && L_FLAG(tty, ECHOCTL)) {
			/* A caret under the cursor, until the byte comes. */
			echo_raw(tty, '^');
			echo_raw(tty, '\b');
		}
	} else if (c == '\n' || IS_CC(tty, VEOL, c) || IS_CC(tty, VEOL2, c)) {
		echo_char(tty, c);
		end_line(tty, c);
	} else {
		return false;
	}
	return true;
}

static int signal_char(struct tty_struct *tty, u8 c)
{
	if (!L_FLAG(tty, ISIG))
		return 0;
	return IS_CC(tty, VINTR, c) ? SIGINT : IS_CC(tty, VQUIT, c) ? SIGQUIT :
	       IS_CC(tty, VSUSP, c) ? SIGTSTP : 0;
}

/* => true if @c was about stopping or starting output */
static bool flow(struct tty_struct *tty, u8 c)
{
	if (!I_FLAG(tty, IXON))
		return false;
	if (IS_CC(tty, VSTART, c) || (tty->stopped && I_FLAG(tty, IXANY))) {
		tty->stopped = false;
		wake_up(&tty->write_wait);
		return IS_CC(tty, VSTART, c);
	}
	if (IS_CC(tty, VSTOP, c)) {
		tty->stopped = true;
		return true;
	}
	return false;
}

/* One byte. => the signal that it asks for, or 0; tty->lock held */
static int receive_byte(struct tty_struct *tty, u8 c)
{
	int sig;

	if (I_FLAG(tty, ISTRIP))
		c &= 0x7f;
	if (tty->literal) {
		tty->literal = false;
	} else {
		if (c == '\r') {
			if (I_FLAG(tty, IGNCR))
				return 0;
			if (I_FLAG(tty, ICRNL))
				c = '\n';
		} else if (c == '\n' && I_FLAG(tty, INLCR)) {
			c = '\r';
		}
		if (flow(tty, c))
			return 0;
		sig = signal_char(tty, c);
		if (sig) {
			if (!L_FLAG(tty, NOFLSH))
				n_tty_flush_input(tty);
			tty->stopped = false;
			wake_up(&tty->write_wait);
			echo_char(tty, c);
			return sig;
		}
		if (L_FLAG(tty, ICANON) && edit(tty, c))
			return 0;
	}
	if (store(tty, c, false))
		echo_char(tty, c);
	if (!L_FLAG(tty, ICANON))
		tty->canon_head = tty->read_head;
	return 0;
}

void tty_receive(struct tty_struct *tty, u8 c)
{
	unsigned long flags;
	bool readable;
	pid_t pgrp;
	int sig;

	spin_lock_irqsave(&tty->lock, flags);
	sig = receive_byte(tty, c);
	pgrp = tty->pgrp;
	readable = n_tty_readable(tty) != 0;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (sig && pgrp)
		kill_pgrp_kernel(pgrp, sig);
	if (readable)
		wake_up_interruptible(&tty->read_wait);
}

/* ---- reading ---- */

unsigned int n_tty_readable(struct tty_struct *tty)
{
	if (L_FLAG(tty, ICANON))
		return tty->lines ? tty->canon_head - tty->read_tail : 0;
	return tty->read_head - tty->read_tail;
}

unsigned int n_tty_inq(struct tty_struct *tty)
{
	unsigned int n = n_tty_readable(tty), pos, eofs = 0;

	for (pos = tty->read_tail; L_FLAG(tty, ICANON) && pos != tty->read_tail + n; pos++)
		eofs += !tty->buf[MASK(pos)] && test_bit(MASK(pos), tty->line_end);
	return n - eofs;
}

bool n_tty_ready(struct tty_struct *tty)
{
	unsigned int wanted = L_FLAG(tty, ICANON) || CC(tty, VTIME) || !CC(tty, VMIN) ? 1 : CC(tty, VMIN);

	return n_tty_readable(tty) >= wanted;
}

void n_tty_set_canon(struct tty_struct *tty, bool was_canon)
{
	bool canon = L_FLAG(tty, ICANON);

	if (canon == was_canon)
		return;
	/* What is in the ring stays readable, as one line; raw bytes have no ends of lines. */
	bitmap_zero(tty->line_end, TTY_BUF_SIZE);
	tty->lines = 0;
	tty->canon_head = tty->read_head;
	if (canon && tty->read_head != tty->read_tail) {
		__set_bit(MASK(tty->read_head - 1), tty->line_end);
		tty->lines = 1;
	}
}

/*
 * Move what is there, at most one line in canonical mode.  An EOF right behind
 * the last byte that fits goes too: it has ended this read, and must not end
 * the next.  => tty->lock held; @eol: a line ended
 */
static size_t take(struct tty_struct *tty, u8 *buf, size_t size, bool *eol)
{
	bool canon = L_FLAG(tty, ICANON);
	size_t n = 0;

	*eol = false;
	while (n_tty_readable(tty) && !*eol) {
		unsigned int pos = MASK(tty->read_tail);
		u8 c = tty->buf[pos];
		bool end = canon && test_bit(pos, tty->line_end);

		if (n == size && !(end && !c))
			break;
		tty->read_tail++;
		if (end) {
			__clear_bit(pos, tty->line_end);
			tty->lines--;
			*eol = true;
		}
		if (c || !end)
			buf[n++] = c;
	}
	return n;
}

/* Sleep until there is input. => 0; 1: time is up; or -errno.  @timeout in ticks */
static int wait_for_input(struct tty_struct *tty, struct file *file, long timeout)
{
	long left;

	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	left = wait_event_interruptible_timeout(tty->read_wait,
			n_tty_readable(tty) || tty_hung_up(tty, file), timeout);
	return left < 0 ? (int)left : left == 0;
}

/*
 * MIN and TIME of a raw read, as ticks to wait for the next byte: TIME runs
 * between bytes if MIN > 0 (so not before the first), over the read if MIN is 0.
 */
static long raw_timeout(struct tty_struct *tty, bool have_some)
{
	long ticks = (long)CC(tty, VTIME) * HZ / 10;

	if (CC(tty, VMIN))
		return have_some && ticks ? ticks : MAX_SCHEDULE_TIMEOUT;
	return ticks;
}

ssize_t n_tty_read(struct tty_struct *tty, struct file *file, u8 *buf, size_t size)
{
	unsigned long flags;
	size_t n = 0;
	bool eol, canon;
	int err;

	for (;;) {
		spin_lock_irqsave(&tty->lock, flags);
		canon = L_FLAG(tty, ICANON);
		n += take(tty, buf + n, size - n, &eol);
		spin_unlock_irqrestore(&tty->lock, flags);
		if (n == size || eol || tty_hung_up(tty, file))
			return (ssize_t)n;
		if (canon ? n > 0 : n >= CC(tty, VMIN) && (n || !CC(tty, VTIME)))
			return (ssize_t)n;
		err = wait_for_input(tty, file, canon ? MAX_SCHEDULE_TIMEOUT :
				     raw_timeout(tty, n > 0));
		if (err > 0)
			return (ssize_t)n;
		if (err < 0)
			return n ? (ssize_t)n : err;
	}
}
