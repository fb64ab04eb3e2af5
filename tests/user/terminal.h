/*
 * tests/user/terminal.h - a terminal of one's own for a test.
 *
 * terminal_session() runs @body in a child that leads a new session and has the terminal as its
 * controlling one.  type() is the keyboard.  On Linux the terminal is a pseudo-terminal and the
 * keyboard its master; here it is a serial line that nobody uses, and the keyboard TIOCSTI.
 */
#ifndef OCTAVO_TESTS_USER_TERMINAL_H
#define OCTAVO_TESTS_USER_TERMINAL_H

#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int tty_fd, master_fd = -1;
static char tty_name[64];

static inline void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

static inline long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

static inline void type_bytes(const char *bytes, size_t len)
{
	if (master_fd >= 0) {
		must(write(master_fd, bytes, len) == (ssize_t)len);
		pause_ms(5);	/* Linux passes it on by a kernel thread */
		return;
	}
	while (len--)
		must(ioctl(tty_fd, TIOCSTI, bytes++) == 0);
}

static inline void type(const char *text)
{
	type_bytes(text, strlen(text));
}

static inline int open_serial(void)
{
	static const char *const names[] = { "/dev/ttyS0", "/dev/ttyS1" };

	for (unsigned i = 0; i < 2; i++) {
		int fd = open(names[i], O_RDWR | O_NOCTTY);

		if (fd < 0)
			continue;
		if (ioctl(fd, TIOCSCTTY, 0) == 0) {
			strcpy(tty_name, names[i]);
			return fd;
		}
		close(fd);
	}
	return -1;
}

static inline void sane(void)
{
	struct termios t;

	must(tcgetattr(tty_fd, &t) == 0);
	t.c_iflag = ICRNL | IXON;
	t.c_oflag = OPOST | ONLCR;
	t.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(t.c_cc, "\003\034\177\025\004\0\1\0\021\023\032\0\022\017\027\026\0", 17);
	must(tcsetattr(tty_fd, TCSANOW, &t) == 0);
	tcflush(tty_fd, TCIOFLUSH);
}

/* => in a new session: its terminal is open as tty_fd */
static inline void take_terminal(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP, SIGCONT };

	/* Whoever started us may have them ignored: shells do. */
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	alarm(15);
	must(setsid() == getpid());
	master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_fd >= 0) {
		must(grantpt(master_fd) == 0 && unlockpt(master_fd) == 0);
		strcpy(tty_name, ptsname(master_fd));
		tty_fd = open(tty_name, O_RDWR | O_NOCTTY);
		must(tty_fd >= 0 && ioctl(tty_fd, TIOCSCTTY, 0) == 0);
	} else {
		tty_fd = open_serial();
		if (tty_fd < 0)
			skip("no terminal is free");
	}
	sane();
}

/* => the child's exit status, for main to return */
static inline int terminal_session(int (*body)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		take_terminal();
		exit(body());
	}
	must(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		test_fail("the session was killed by signal %d", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

#endif
