/*
 * tests/user/tty_jobs.c - job control: who may read, who gets ^C, who is stopped, who is hung up.
 */
#define _GNU_SOURCE
#include "terminal.h"

static char buf[256];

/* Start @job in a group of its own, in the foreground or not. => its pid */
static pid_t start(void (*job)(void), int foreground)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_DFL);
		job();
		_exit(0);
	}
	setpgid(pid, pid);
	if (foreground)
		must(tcsetpgrp(tty_fd, pid) == 0);
	return pid;
}

static int wait_status(pid_t pid, int options)
{
	int status = -1;

	must(waitpid(pid, &status, options) == pid);
	return status;
}

static void wait_for_signal(void)
{
	for (;;)
		pause();
}

static void read_line(void)
{
	ssize_t n = read(tty_fd, buf, sizeof(buf));

	_exit(n == 6 && !memcmp(buf, "input\n", 6) ? 0 : n < 0 ? errno : 99);
}

/* ^C and ^\ reach the foreground group, not the background and not the leader. */
static void keyboard_signals(void)
{
	pid_t back = start(wait_for_signal, 0), fore = start(wait_for_signal, 1);
	int status;

	expect_eq(tcgetpgrp(tty_fd), fore);
	pause_ms(20);
	type("\003");
	status = wait_status(fore, 0);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	fore = start(wait_for_signal, 1);
	pause_ms(20);
	type("\034");
	status = wait_status(fore, 0);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
	expect_eq(waitpid(back, &status, WNOHANG), 0);
	kill(back, SIGKILL);
	wait_status(back, 0);
	must(tcsetpgrp(tty_fd, getpgrp()) == 0);
}

/* ^Z stops the job; SIGCONT lets it go on. */
static void stop_and_continue(void)
{
	pid_t fore = start(wait_for_signal, 1);
	int status;

	pause_ms(20);
	type("\032");
	status = wait_status(fore, WUNTRACED);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	kill(-fore, SIGCONT);
	status = wait_status(fore, WCONTINUED);
	expect(WIFCONTINUED(status));
	type("\003");
	status = wait_status(fore, 0);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	must(tcsetpgrp(tty_fd, getpgrp()) == 0);
}

/* A background job that reads is stopped; brought forward, the same read succeeds. */
static void background_read(void)
{
	pid_t job = start(read_line, 0);
	int status = wait_status(job, WUNTRACED);

	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	must(tcsetpgrp(tty_fd, job) == 0);
	kill(-job, SIGCONT);
	type("input\n");
	expect_eq(wait_status(job, 0), 0);
	must(tcsetpgrp(tty_fd, getpgrp()) == 0);
}

static void read_ignoring(void)
{
	signal(SIGTTIN, SIG_IGN);
	read_line();
}

static void write_tostop(void)
{
	_exit(write(tty_fd, "written\n", 8) == 8 ? 0 : 1);
}

static void take_foreground(void)
{
	_exit(tcsetpgrp(tty_fd, getpgrp()) == 0 ? 0 : errno);
}

/* Output from behind is free unless TOSTOP; to take the foreground from behind is not. */
static void background_write(void)
{
	struct termios t;
	pid_t job;
	int status;

	job = start(read_ignoring, 0);
	expect_eq(WEXITSTATUS(wait_status(job, 0)), EIO);
	job = start(write_tostop, 0);
	expect_eq(wait_status(job, 0), 0);
	must(tcgetattr(tty_fd, &t) == 0);
	t.c_lflag |= TOSTOP;
	must(tcsetattr(tty_fd, TCSANOW, &t) == 0);
	job = start(write_tostop, 0);
	status = wait_status(job, WUNTRACED);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
	kill(job, SIGKILL);
	wait_status(job, 0);
	sane();
	job = start(take_foreground, 0);
	status = wait_status(job, WUNTRACED);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
	kill(job, SIGKILL);
	wait_status(job, 0);
	expect_eq(tcgetpgrp(tty_fd), getpgrp());
}

static void groups(void)
{
	pid_t sid = -1, pgrp = 0;
	int fd;

	expect_eq(ioctl(tty_fd, TIOCGSID, &sid), 0);
	expect_eq(sid, getpid());
	expect_errno(tcsetpgrp(tty_fd, getpgid(getppid())), EPERM);
	expect_errno(tcsetpgrp(tty_fd, 999999), ESRCH);
	expect_errno(tcsetpgrp(tty_fd, -5), EINVAL);
	expect_errno(ioctl(tty_fd, TIOCSPGRP, (void *)1), EFAULT);
	fd = open("/dev/tty", O_RDWR);
	expect(fd >= 0);
	expect_eq(ioctl(fd, TIOCGPGRP, &pgrp), 0);
	expect_eq(pgrp, getpgrp());
	close(fd);
}

/* A reader in a group whose shell is gone: nobody could bring it forward, so EIO. */
static void orphan(void)
{
	int result[2], status, err = -1;
	pid_t pid;

	must(pipe(result) == 0);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		setpgid(0, 0);
		if (fork() == 0) {
			pause_ms(50);	/* until the parent is gone */
			err = read(tty_fd, buf, 10) < 0 ? errno : 0;
			must(write(result[1], &err, sizeof(err)) == sizeof(err));
			_exit(0);
		}
		_exit(0);
	}
	wait_status(pid, 0);
	must(read(result[0], &err, sizeof(err)) == sizeof(err));
	status = err;
	expect_eq(status, EIO);
	close(result[0]);
	close(result[1]);
}

static int jobs(void)
{
	signal(SIGTTOU, SIG_IGN);
	keyboard_signals();
	stop_and_continue();
	background_read();
	background_write();
	groups();
	orphan();
	return test_result();
}

/* ---- the end of a session ---- */

static int report[2];

static void say(char c)
{
	must(write(report[1], &c, 1) == 1);
}

static void on_hup(int sig)
{
	say('H');
}

/* The foreground job of a session whose leader ends: SIGHUP, then EOF, EIO and no /dev/tty. */
static void survivor(void)
{
	alarm(10);
	signal(SIGHUP, on_hup);
	say('r');
	pause();
	close(master_fd);	/* where there is one, this is the hang-up */
	say(read(tty_fd, buf, 10) == 0 ? 'e' : '?');
	say(write(tty_fd, "x", 1) < 0 && errno == EIO ? 'w' : '?');
	say(open("/dev/tty", O_RDWR) < 0 && errno == ENXIO ? 'n' : '?');
	_exit(0);
}

static int leader(void)
{
	char c;

	signal(SIGTTOU, SIG_IGN);
	start(survivor, 1);
	must(read(report[0], &c, 1) == 1 && c == 'r');
	pause_ms(20);
	return 0;
}

static void hang_up(void)
{
	static const char expected[] = "Hewn";
	char c;
	int i;

	must(pipe(report) == 0);
	expect_eq(terminal_session(leader), 0);
	close(report[1]);
	for (i = 0; i < 4; i++) {
		c = 0;
		expect_eq(read(report[0], &c, 1), 1);
		expect_eq(c, expected[i]);
	}
	close(report[0]);
}

/* Without a terminal there is no /dev/tty; a process can give it up. */
static int give_up(void)
{
	signal(SIGHUP, SIG_IGN);
	expect_eq(ioctl(tty_fd, TIOCNOTTY), 0);
	expect_errno(open("/dev/tty", O_RDWR), ENXIO);
	expect_errno(tcgetpgrp(tty_fd), ENOTTY);
	expect_errno(ioctl(tty_fd, TIOCNOTTY), ENOTTY);
	return test_result();
}

int main(void)
{
	int status = terminal_session(jobs);

	if (status)
		return status;
	hang_up();
	expect_eq(terminal_session(give_up), 0);
	return test_result();
}
