/*
 * tests/kernel/fs/tty_test.c - the line discipline: what is typed, what is shown, what is read.
 *
 * A scratch terminal with a driver that keeps what it is given. Bytes enter where a driver's
 * interrupt would put them, by tty_receive().
 */
#include <kernel/fs/tty/tty.h>

#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/core/timer.h>
#include <kernel/fs/fs.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/random.h>
#include <lib/string.h>

static struct tty_struct tty;
static struct inode inode;
static struct file file;
static char shown[16384];
static size_t nr_shown;
static u8 got[TTY_BUF_SIZE + 16];

static void keep(struct tty_struct *unused, const void *buf, size_t len)
{
	len = min(len, sizeof(shown) - 1 - nr_shown);
	memcpy(shown + nr_shown, buf, len);
	nr_shown += len;
	shown[nr_shown] = '\0';
}

static const struct tty_operations ops = { .write = keep };

/* A fresh terminal and a file on it that does not wait. */
static void fresh(void)
{
	memset(&tty, 0, sizeof(tty));
	n_tty_init(&tty);
	tty.ops = &ops;
	memset(&inode, 0, sizeof(inode));
	memset(&file, 0, sizeof(file));
	file.f_inode = &inode;
	file.f_flags = O_NONBLOCK;
	nr_shown = 0;
	shown[0] = '\0';
}

static void type_bytes(const void *bytes, size_t len)
{
	const u8 *p = bytes;

	while (len--)
		tty_receive(&tty, *p++);
}

static void type(const char *text)
{
	type_bytes(text, strlen(text));
}

static ssize_t take(size_t size)
{
	ssize_t n = n_tty_read(&tty, &file, got, size);

	got[n > 0 ? n : 0] = '\0';
	return n;
}

static void raw(u8 vmin, u8 vtime)
{
	tty.termios.c_lflag &= ~(ICANON | ECHO);
	tty.termios.c_cc[VMIN] = vmin;
	tty.termios.c_cc[VTIME] = vtime;
	n_tty_set_canon(&tty, true);
}

#define EXPECT_READ(t, text) do {						\
	KEXPECT_EQ(t, take(sizeof(got) - 1), (ssize_t)sizeof(text) - 1);	\
	KEXPECT_STREQ(t, (char *)got, text);					\
} while (0)

/* Nothing can be read before the line is whole; then all of it, and it was echoed. */
KTEST(tty, line)
{
	fresh();
	type("hello");
	KEXPECT_EQ(t, take(10), -EAGAIN);
	KEXPECT(t, !n_tty_ready(&tty));
	type("\r");
	KEXPECT(t, n_tty_ready(&tty));
	KEXPECT_EQ(t, n_tty_inq(&tty), 6u);
	EXPECT_READ(t, "hello\n");
	KEXPECT_STREQ(t, shown, "hello\r\n");
	KEXPECT_EQ(t, take(10), -EAGAIN);
}

/* A read takes at most one line, and a short one leaves the rest of its line. */
KTEST(tty, line_by_line)
{
	fresh();
	type("one\ntwo\nthree\n");
	EXPECT_READ(t, "one\n");
	KEXPECT_EQ(t, take(2), 2);
	KEXPECT_STREQ(t, (char *)got, "tw");
	EXPECT_READ(t, "o\n");
	EXPECT_READ(t, "three\n");
}

/* Erasing takes from the line and from the screen, and stops at the line's start. */
KTEST(tty, erase_letters)
{
	fresh();
	type("\177abx\177c\n");
	EXPECT_READ(t, "abc\n");
	KEXPECT_STREQ(t, shown, "abx\b \bc\r\n");
	type("ab\177\177\177\177\n");
	EXPECT_READ(t, "\n");
}

/* A tab goes back as many columns as it took, also behind a prompt that we did not type. */
KTEST(tty, erase_tab)
{
	fresh();
	type("a\tb\177\177c\n");
	EXPECT_READ(t, "ac\n");
	KEXPECT_STREQ(t, shown, "a\tb\b \b\b\b\b\b\b\b\bc\r\n");
	fresh();
	KEXPECT_EQ(t, n_tty_output(&tty, (const u8 *)"$ ", 2), 2);
	type("\t\177");
	KEXPECT_STREQ(t, shown, "$ \t\b\b\b\b\b\b");
}

/* A control character is shown as two columns and erased as two. */
KTEST(tty, erase_control)
{
	fresh();
	type("\001\177b\n");
	EXPECT_READ(t, "b\n");
	KEXPECT_STREQ(t, shown, "^A\b \b\b \bb\r\n");
}

/* With IUTF8 one erase takes a character, without it a byte. */
KTEST(tty, erase_utf8)
{
	fresh();
	tty.termios.c_iflag |= IUTF8;
	type("a\303\244\177b\342\202\254\177\n");
	EXPECT_READ(t, "ab\n");
	KEXPECT_STREQ(t, shown, "a\303\244\b \bb\342\202\254\b \b\r\n");
	fresh();
	type("a\303\244\177b\n");
	EXPECT_READ(t, "a\303b\n");
}

KTEST(tty, erase_word_and_line)
{
	fresh();
	type("foo bar\027baz\n");
	EXPECT_READ(t, "foo baz\n");
	type("foo bar.. \027x\n");
	EXPECT_READ(t, "foo x\n");
	type("junk\025ok\n");
	EXPECT_READ(t, "ok\n");
	fresh();
	tty.termios.c_lflag &= ~ECHOKE;
	type("no\025y\n");
	EXPECT_READ(t, "y\n");
	KEXPECT_STREQ(t, shown, "no^U\r\ny\r\n");
}

/* ^R shows the line again. */
KTEST(tty, reprint)
{
	fresh();
	type("ab\022c\n");
	EXPECT_READ(t, "abc\n");
	KEXPECT_STREQ(t, shown, "ab^R\r\nabc\r\n");
}

/* ^D ends a line without being in it; on an empty line it is the end of the file, once. */
KTEST(tty, eof)
{
	fresh();
	type("abc\004");
	KEXPECT_EQ(t, n_tty_inq(&tty), 3u);
	EXPECT_READ(t, "abc");
	type("\004");
	KEXPECT_EQ(t, take(10), 0);
	KEXPECT_EQ(t, take(10), -EAGAIN);
	type("abc\004");
	KEXPECT_EQ(t, take(3), 3);
	KEXPECT_EQ(t, take(3), -EAGAIN);
	type("a\004b\n");
	EXPECT_READ(t, "a");
	EXPECT_READ(t, "b\n");
}

/* ^V takes the meaning from any byte: signals, editing, end of line. */
KTEST(tty, literal)
{
	fresh();
	type("\026\003\026\177\026\004\n");
	EXPECT_READ(t, "\003\177\004\n");
	KEXPECT_STREQ(t, shown, "^\b^C^\b^?^\b^D\r\n");
	type("a\026\nb\n");
	EXPECT_READ(t, "a\nb\n");
}

/* A signal character is echoed and drops what was typed, unless NOFLSH; without ISIG, a byte. */
KTEST(tty, signal_characters)
{
	fresh();
	type("gone\nalso gone\003kept\n");
	EXPECT_READ(t, "kept\n");
	KEXPECT_STREQ(t, shown, "gone\r\nalso gone^Ckept\r\n");
	fresh();
	tty.termios.c_lflag |= NOFLSH;
	type("a\034b\n");
	EXPECT_READ(t, "ab\n");
	fresh();
	tty.termios.c_lflag &= ~ISIG;
	type("\003\032\n");
	EXPECT_READ(t, "\003\032\n");
}

/* ^S and ^Q are not input; ^C releases stopped output too; without IXON they are bytes. */
KTEST(tty, flow)
{
	fresh();
	type("a\023b");
	KEXPECT(t, tty.stopped);
	type("\021c\n");
	KEXPECT(t, !tty.stopped);
	EXPECT_READ(t, "abc\n");
	type("\023\003");
	KEXPECT(t, !tty.stopped);
	tty.termios.c_iflag |= IXANY;
	type("\023x");
	KEXPECT(t, !tty.stopped);
	type("\n");
	EXPECT_READ(t, "x\n");
	tty.termios.c_iflag &= ~IXON;
	type("\023\n");
	EXPECT_READ(t, "\023\n");
}

KTEST(tty, input_translation)
{
	fresh();
	tty.termios.c_iflag = IGNCR;
	type("a\rb\n");
	EXPECT_READ(t, "ab\n");
	tty.termios.c_iflag = ISTRIP;
	type("\341\n");
	EXPECT_READ(t, "a\n");
	tty.termios.c_iflag = INLCR;
	tty.termios.c_cc[VEOL] = '\r';
	type("a\n");
	EXPECT_READ(t, "a\r");
}

KTEST(tty, output_translation)
{
	static const u8 text[] = "a\tb\n\rc\r";

	fresh();
	KEXPECT_EQ(t, n_tty_output(&tty, text, 7), 7);
	KEXPECT_STREQ(t, shown, "a\tb\r\n\rc\r");
	fresh();
	tty.termios.c_oflag = OPOST | ONLCR | XTABS | ONOCR;
	KEXPECT_EQ(t, n_tty_output(&tty, text, 7), 7);
	KEXPECT_STREQ(t, shown, "a       b\r\nc\r");
	fresh();
	tty.termios.c_oflag = OPOST | OCRNL;
	KEXPECT_EQ(t, n_tty_output(&tty, text, 7), 7);
	KEXPECT_STREQ(t, shown, "a\tb\n\nc\n");
	fresh();
	tty.termios.c_oflag = 0;
	KEXPECT_EQ(t, n_tty_output(&tty, text, 7), 7);
	KEXPECT_STREQ(t, shown, "a\tb\n\rc\r");
}

/* Passwords: nothing is shown, with ECHONL the newline is. */
KTEST(tty, no_echo)
{
	fresh();
	tty.termios.c_lflag &= ~ECHO;
	type("secret\177\n");
	EXPECT_READ(t, "secre\n");
	KEXPECT_STREQ(t, shown, "");
	tty.termios.c_lflag |= ECHONL;
	type("x\n");
	EXPECT_READ(t, "x\n");
	KEXPECT_STREQ(t, shown, "\r\n");
}

/* Raw: bytes are there at once, NUL and editing characters too; VMIN decides when poll says so. */
KTEST(tty, raw_bytes)
{
	fresh();
	raw(1, 0);
	type_bytes("a\0\177\004", 4);
	KEXPECT_EQ(t, take(10), 4);
	KEXPECT(t, !memcmp(got, "a\0\177\004", 4));
	raw(3, 0);
	type("xy");
	KEXPECT(t, !n_tty_ready(&tty));
	type("z");
	KEXPECT(t, n_tty_ready(&tty));
	KEXPECT_EQ(t, take(2), 2);
	KEXPECT_EQ(t, take(2), 1);
	KEXPECT_EQ(t, take(2), -EAGAIN);
	raw(0, 0);
	KEXPECT_EQ(t, take(2), 0);
}

/* VTIME: over the whole read if VMIN is 0, between bytes otherwise. */
KTEST(tty, raw_times)
{
	unsigned long start, slept;

	fresh();
	file.f_flags = 0;
	raw(0, 1);
	start = jiffies;
	KEXPECT_EQ(t, take(2), 0);
	KEXPECT(t, jiffies - start >= HZ / 10);
	type("a");
	slept = current->nvcsw;
	KEXPECT_EQ(t, take(2), 1);
	KEXPECT_EQ(t, current->nvcsw, slept);	/* it is there: no need to wait */
	raw(2, 1);
	type("b");
	start = jiffies;
	KEXPECT_EQ(t, take(2), 1);
	KEXPECT(t, jiffies - start >= HZ / 10);
}

static void type_later(unsigned long text)
{
	type((const char *)text);
}

/* A reader sleeps until the interrupt that brings the last byte it waits for. */
KTEST(tty, sleeping_reader)
{
	struct timer_list timer;

	fresh();
	file.f_flags = 0;
	setup_timer(&timer, type_later, (unsigned long)"later\n");
	mod_timer(&timer, jiffies + 3);
	EXPECT_READ(t, "later\n");
	raw(3, 0);
	type("ab");
	setup_timer(&timer, type_later, (unsigned long)"cd");
	mod_timer(&timer, jiffies + 3);
	KEXPECT_EQ(t, take(10), 4);
	del_timer_sync(&timer);
}

/* What is in the ring survives a change of mode: raw sees all, canonical sees one line. */
KTEST(tty, change_of_mode)
{
	fresh();
	type("abc\ndef");
	raw(1, 0);
	KEXPECT_EQ(t, take(20), 7);
	type("xyz");
	tty.termios.c_lflag |= ICANON;
	n_tty_set_canon(&tty, false);
	KEXPECT_EQ(t, take(20), 3);
	type("next\n");
	EXPECT_READ(t, "next\n");
}

/* A line that is too long keeps its beginning and its end; then all goes on as before. */
KTEST(tty, overflow)
{
	int i;

	fresh();
	for (i = 0; i < 2 * TTY_BUF_SIZE; i++)
		type("x");
	type("\n");
	KEXPECT_EQ(t, take(sizeof(got) - 1), TTY_BUF_SIZE);
	KEXPECT_EQ(t, got[TTY_BUF_SIZE - 1], '\n');
	type("ok\n");
	EXPECT_READ(t, "ok\n");
}

/* After a hang-up an open file reads EOF, whatever is there. */
KTEST(tty, hang_up)
{
	fresh();
	type("lost\n");
	tty.hangups++;
	n_tty_flush_input(&tty);
	KEXPECT_EQ(t, take(10), 0);
	KEXPECT(t, tty_hung_up(&tty, &file));
}

/* ---- against a model that is too simple to be wrong ---- */

#define MODEL_MAX	2048

static struct {
	u8 c[MODEL_MAX];
	bool end[MODEL_MAX];
	int used, whole;		/* bytes; of these in whole lines */
} model;

static bool is_letter(u8 c)
{
	return c >= 'a' && c <= 'z';
}

static void model_add(u8 c, bool end)
{
	model.c[model.used] = c;
	model.end[model.used++] = end;
	if (end)
		model.whole = model.used;
}

static void model_type(u8 c)
{
	bool seen = false;

	switch (c) {
	case '\177':
		model.used -= model.used > model.whole;
		break;
	case '\025':
		model.used = model.whole;
		break;
	case '\027':
		for (; model.used > model.whole; model.used--) {
			if (is_letter(model.c[model.used - 1]))
				seen = true;
			else if (seen)
				break;
		}
		break;
	case '\003':
		model.used = model.whole = 0;
		break;
	case '\004':
		model_add(0, true);
		break;
	default:
		model_add(c, c == '\n');
	}
}

static ssize_t model_read(u8 *buf, int size)
{
	int taken = 0, n = 0;
	bool end = false;

	if (!model.whole)
		return -EAGAIN;
	while (taken < model.whole && !end) {
		bool eof = model.end[taken] && !model.c[taken];

		if (n == size && !eof)
			break;
		end = model.end[taken];
		if (!eof)
			buf[n++] = model.c[taken];
		taken++;
	}
	memmove(model.c, model.c + taken, (size_t)(model.used - taken));
	memmove(model.end, model.end + taken, (size_t)(model.used - taken) * sizeof(bool));
	model.used -= taken;
	model.whole -= taken;
	return n;
}

/* 50,000 random keys and reads; seed 1. */
KTEST(tty, random_against_model)
{
	static const u8 keys[] = "abcdefgh  \t\n\177\177\025\027\003\004\n";
	static u8 expected[300];
	struct rnd_state rnd;
	int i;

	fresh();
	memset(&model, 0, sizeof(model));
	prandom_seed(&rnd, ktest_seed(1));
	for (i = 0; i < 50000; i++) {
		u32 what = prandom_below(&rnd, sizeof(keys) - 1 + 3);
		ssize_t n;
		int size;

		nr_shown = 0;
		if (what < sizeof(keys) - 1 && model.used < MODEL_MAX - 1) {
			model_type(keys[what]);
			tty_receive(&tty, keys[what]);
			continue;
		}
		size = 1 + (int)prandom_below(&rnd, 20);
		n = model_read(expected, size);
		KASSERT_EQ(t, take((size_t)size), n);
		if (n > 0)
			KASSERT(t, !memcmp(got, expected, (size_t)n));
	}
}
