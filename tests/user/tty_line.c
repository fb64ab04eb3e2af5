/*
 * tests/user/tty_line.c - a terminal as a program sees it: lines, raw bytes, settings.
 */
#define _GNU_SOURCE
#include "terminal.h"

static char buf[8192];
static char *const volatile nowhere = (char *)1, *const volatile kernel = (char *)0xc0000000;

#define expect_line(text) do {							\
	ssize_t __n = read(tty_fd, buf, sizeof(buf) - 1);			\
	buf[__n > 0 ? __n : 0] = '\0';						\
	if (__n != (ssize_t)sizeof(text) - 1 || memcmp(buf, text, sizeof(text) - 1)) \
		test_fail("read %zd bytes \"%s\", not \"%s\"", __n, buf, text);	\
} while (0)

static void nonblock(int on)
{
	must(fcntl(tty_fd, F_SETFL, on ? O_NONBLOCK : 0) == 0);
}

static void lines(void)
{
	int n;

	type("hello\r");
	expect_line("hello\n");
	type("wrong\025rihgt\177\177\177ght\n");
	expect_line("right\n");
	type("one two\027three\n");
	expect_line("one three\n");
	type("a\nb\n");
	must(ioctl(tty_fd, FIONREAD, &n) == 0);
	expect_eq(n, 4);
	expect_line("a\n");
	expect_line("b\n");
	type("no end\004");
	expect_line("no end");
	type("\004");
	expect_eq(read(tty_fd, buf, 10), 0);
	nonblock(1);
	type("unfinished");
	expect_errno(read(tty_fd, buf, 10), EAGAIN);
	type("\n");
	expect_line("unfinished\n");
	nonblock(0);
	type("long");
	for (n = 0; n < 2000; n++)
		type("x");
	type("\n");
	expect_eq(read(tty_fd, buf, sizeof(buf)), 2005);
}

static void polling(void)
{
	struct pollfd p = { .fd = tty_fd, .events = POLLIN | POLLOUT };

	expect_eq(poll(&p, 1, 0), 1);
	expect_eq(p.revents, POLLOUT);
	type("part");
	p.events = POLLIN;
	expect_eq(poll(&p, 1, 20), 0);
	type("\n");
	expect_eq(poll(&p, 1, 1000), 1);
	expect_eq(p.revents, POLLIN);
	expect_line("part\n");
}

static void set_raw(int vmin, int vtime)
{
	struct termios t;

	must(tcgetattr(tty_fd, &t) == 0);
	cfmakeraw(&t);
	t.c_cc[VMIN] = (cc_t)vmin;
	t.c_cc[VTIME] = (cc_t)vtime;
	must(tcsetattr(tty_fd, TCSAFLUSH, &t) == 0);
}

static void raw(void)
{
	long start;

	set_raw(1, 0);
	type_bytes("\003\0\r\177", 4);
	expect_eq(read(tty_fd, buf, 10), 4);
	expect(!memcmp(buf, "\003\0\r\177", 4));
	set_raw(3, 0);
	type("abc");
	expect_eq(read(tty_fd, buf, 10), 3);
	set_raw(0, 0);
	expect_eq(read(tty_fd, buf, 10), 0);
	set_raw(0, 2);
	start = now_ms();
	expect_eq(read(tty_fd, buf, 10), 0);
	expect(now_ms() - start >= 150);
	set_raw(2, 1);
	type("x");
	start = now_ms();
	expect_eq(read(tty_fd, buf, 10), 1);
	expect(now_ms() - start >= 50);
	sane();
	type("lost");
	must(tcflush(tty_fd, TCIFLUSH) == 0);
	type("kept\n");
	expect_line("kept\n");
}

static volatile int winches;

static void on_winch(int sig)
{
	winches++;
}

static void window(void)
{
	struct winsize ws, set = { .ws_row = 43, .ws_col = 132 };

	signal(SIGWINCH, on_winch);
	expect_eq(ioctl(tty_fd, TIOCSWINSZ, &set), 0);
	expect_eq(ioctl(tty_fd, TIOCGWINSZ, &ws), 0);
	expect_eq(ws.ws_row, 43);
	expect_eq(ws.ws_col, 132);
	expect_eq(winches, 1);
	expect_eq(ioctl(tty_fd, TIOCSWINSZ, &set), 0);
	expect_eq(winches, 1);
	set.ws_row = 24;
	set.ws_col = 80;
	ioctl(tty_fd, TIOCSWINSZ, &set);
	signal(SIGWINCH, SIG_DFL);
}

static void mistakes(void)
{
	int null = open("/dev/null", O_RDWR), pipes[2];
	struct termios t;

	must(null >= 0 && pipe(pipes) == 0);
	expect_errno(tcgetattr(null, &t), ENOTTY);
	expect_errno(tcgetattr(pipes[0], &t), ENOTTY);
	expect_errno(tcgetattr(-1, &t), EBADF);
	expect_errno(ioctl(tty_fd, TCGETS, nowhere), EFAULT);
	expect_errno(ioctl(tty_fd, TCGETS, (void *)0xfffffff0), EFAULT);
	expect_errno(ioctl(tty_fd, TCSETS, kernel), EFAULT);
	expect_errno(ioctl(tty_fd, TIOCGWINSZ, nowhere), EFAULT);
	expect_errno(ioctl(tty_fd, TCFLSH, 7), EINVAL);
	expect_errno(ioctl(tty_fd, 0x12345678, 0), ENOTTY);
	expect_errno(lseek(tty_fd, 0, SEEK_SET), ESPIPE);
	expect_errno(write(tty_fd, nowhere, 5), EFAULT);
	type("x\n");
	expect_errno(read(tty_fd, kernel, 5), EFAULT);
	tcflush(tty_fd, TCIFLUSH);
	expect(isatty(tty_fd) && !isatty(null));
	close(null);
	close(pipes[0]);
	close(pipes[1]);
}

static volatile int interrupts;

static void on_int(int sig)
{
	interrupts++;
}

/* A signal interrupts a read: EINTR without SA_RESTART, and it goes on with it. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_int };
	pid_t pid;

	sigaction(SIGINT, &sa, NULL);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		pause_ms(50);
		type("\003");
		pause_ms(50);
		type("\003");
		pause_ms(50);
		type("after\n");
		_exit(0);
	}
	signal(SIGINT, on_int);
	sigaction(SIGINT, &sa, NULL);
	expect_errno(read(tty_fd, buf, 10), EINTR);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGINT, &sa, NULL);
	expect_line("after\n");
	expect_eq(interrupts, 2);
	waitpid(pid, NULL, 0);
	signal(SIGINT, SIG_DFL);
}

static int body(void)
{
	lines();
	polling();
	raw();
	window();
	mistakes();
	interrupted();
	return test_result();
}

int main(void)
{
	return terminal_session(body);
}
