/*
 * sig_restart - what becomes of each call that sleeps when a handler has run: it starts again where
 * SA_RESTART asks for that and the call can, else it is EINTR.
 *
 * A timer's handler does what the call waits for; so a call that started again ends well, and one
 * that did not says EINTR.  Calls that never start again are EINTR with the flag too.
 *
 * calls: read readv write open wait4 waitid futex poll select ppoll pselect6 nanosleep
 * calls: clock_nanosleep pause rt_sigsuspend rt_sigtimedwait flock
 */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

static int pipes[2], lock_fd;
static pid_t child;
static volatile int word, hits;
static void (*volatile finish)(void);		/* what the handler does */
static char page[65536];

static void handler(int sig)
{
	(void)sig;
	hits++;
	if (finish)
		finish();
}

/* A child that does @fn and then waits to be killed. */
static pid_t helper(void (*fn)(void))
{
	int ready[2];
	char byte;

	must(pipe(ready) == 0);
	child = fork();
	must(child >= 0);
	if (!child) {
		const struct itimerval off = { { 0, 0 }, { 0, 0 } };

		setitimer(ITIMER_REAL, &off, NULL);
		signal(SIGALRM, SIG_IGN);
		if (fn)
			fn();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void kill_child(void)
{
	kill(child, SIGKILL);
}

static void reap(void)
{
	kill_child();
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the calls, and what ends them ---------------------------------------------------------------- */

static void feed(void)
{
	must(write(pipes[1], "abc", 3) == 3);
}

static void drain(void)
{
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	(void)!read(pipes[0], page, sizeof(page));
}

static void wake(void)
{
	word = 1;
	syscall(SYS_futex, &word, FUTEX_WAKE, 1);
}

static long do_read(void)
{
	return read(pipes[0], page, 3);
}

static long do_readv(void)
{
	struct iovec iov = { page, 3 };

	return readv(pipes[0], &iov, 1);
}

static void fill(void)
{
	fcntl(pipes[1], F_SETFL, O_NONBLOCK);
	while (write(pipes[1], page, 4096) > 0)
		;
	fcntl(pipes[1], F_SETFL, 0);
}

static long do_write(void)
{
	return write(pipes[1], page, 10);
}

static void open_other_end(void)
{
	int fd = open("fifo", O_RDWR | O_NONBLOCK);

	must(fd >= 0);
	dup2(fd, 60);
	close(fd);
}

static long do_open(void)
{
	int fd = open("fifo", O_RDONLY), error = errno;

	if (fd >= 0)
		close(fd);
	close(60);
	errno = error;
	return fd < 0 ? fd : 1;
}

static long do_wait4(void)
{
	return waitpid(child, NULL, 0);
}

static long do_waitid(void)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)child, &info, WEXITED) < 0 ? -1 : info.si_pid;
}

static long do_futex(void)
{
	long ret = syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL);

	/* It starts again and finds the word changed. */
	return ret == -1 && errno == EAGAIN ? 1 : ret;
}

static long do_futex_timed(void)
{
	const int ts[2] = { 100, 0 };

	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, ts);
}

static long do_flock(void)
{
	return flock(lock_fd, LOCK_EX) ? -1 : 1;
}

static void take_lock(void)
{
	int fd = open("lock", O_RDWR);

	must(fd >= 0 && flock(fd, LOCK_EX) == 0);
}

static long do_poll(void)
{
	struct pollfd p = { pipes[0], POLLIN, 0 };

	return poll(&p, 1, 100000);
}

static long do_ppoll(void)
{
	struct pollfd p = { pipes[0], POLLIN, 0 };

	return ppoll(&p, 1, NULL, NULL);
}

static long do_select(void)
{
	struct timeval tv = { 100, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipes[0], &set);
	return select(pipes[0] + 1, &set, NULL, NULL, &tv);
}

static long do_pselect(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipes[0], &set);
	return pselect(pipes[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static long do_nanosleep(void)
{
	const int ts[2] = { 100, 0 };
	int left[2] = { 0, 0 };
	long ret = syscall(SYS_nanosleep, ts, left);

	expect(left[0] >= 90 && left[0] <= 100);
	return ret;
}

static long do_clock_nanosleep(void)
{
	int ts[2] = { 0, 0 };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ts[0] = (int)now.tv_sec + 100;
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, ts, NULL);
}

static long do_pause(void)
{
	return pause();
}

static long do_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long do_sigtimedwait(void)
{
	const int ts[2] = { 100, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return syscall(SYS_rt_sigtimedwait, &set, NULL, ts, 8);
}

static const struct call {
	const char *name;
	long (*call)(void);
	int restarts;
	void (*finish)(void);
	void (*prepare)(void);		/* before, in the caller */
	void (*in_child)(void);
	int needs_child;
} calls[] = {
	{ "read", do_read, 1, feed, NULL, NULL, 0 },
	{ "readv", do_readv, 1, feed, NULL, NULL, 0 },
	{ "write", do_write, 1, drain, fill, NULL, 0 },
	{ "open", do_open, 1, open_other_end, NULL, NULL, 0 },
	{ "wait4", do_wait4, 1, kill_child, NULL, NULL, 1 },
	{ "waitid", do_waitid, 1, kill_child, NULL, NULL, 1 },
	{ "futex", do_futex, 1, wake, NULL, NULL, 0 },
	{ "flock", do_flock, 1, kill_child, NULL, take_lock, 1 },
	{ "futex with a time-out", do_futex_timed, 0, NULL, NULL, NULL, 0 },
	{ "poll", do_poll, 0, feed, NULL, NULL, 0 },
	{ "ppoll", do_ppoll, 0, feed, NULL, NULL, 0 },
	{ "select", do_select, 0, feed, NULL, NULL, 0 },
	{ "pselect", do_pselect, 0, feed, NULL, NULL, 0 },
	{ "nanosleep", do_nanosleep, 0, NULL, NULL, NULL, 0 },
	{ "clock_nanosleep", do_clock_nanosleep, 0, NULL, NULL, NULL, 0 },
	{ "pause", do_pause, 0, NULL, NULL, NULL, 0 },
	{ "sigsuspend", do_sigsuspend, 0, NULL, NULL, NULL, 0 },
	{ "sigtimedwait", do_sigtimedwait, 0, NULL, NULL, NULL, 0 },
};

/* ---- a signal in the middle -------------------------------------------------------------------- */

static void start_over(void)
{
	must(pipe(pipes) == 0);
	word = 0;
	hits = 0;
	lock_fd = open("lock", O_RDWR | O_CREAT, 0600);
	must(lock_fd >= 0);
}

static void clean_up(const struct call *c)
{
	const struct itimerval off = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &off, NULL);
	if (c->needs_child)
		reap();
	close(pipes[0]);
	close(pipes[1]);
	close(lock_fd);
}

static void with_handler(const struct call *c, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };
	/* Again and again, should the first come too early. */
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } };
	int again = flags && c->restarts;
	long ret;

	start_over();
	if (c->needs_child)
		helper(c->in_child);
	if (c->prepare)
		c->prepare();
	finish = again ? c->finish : NULL;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	errno = 0;
	ret = c->call();
	if (again ? ret <= 0 : ret != -1 || errno != EINTR)
		test_fail("%s, flags %x: %ld, errno %d (%s)", c->name, flags, ret, errno,
			  strerror(errno));
	expect(hits > 0);
	signal(SIGALRM, SIG_IGN);
	clean_up(c);
}

/*
 * A stop and SIGCONT without a handler: every call goes on as if nothing had been, but those of
 * which POSIX wants to know.
 */
static void stop_and_go(const struct call *c)
{
	int status, out[2], interrupted = c->call == do_sigtimedwait;
	char result[2] = "?";
	pid_t pid;

	if (!c->finish || c->needs_child || c->call == do_open || c->call == do_write ||
	    c->call == do_futex)
		return;
	start_over();
	must(pipe(out) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		long ret = c->call();

		(void)!write(out[1], ret > 0 ? "y" : "n", 1);
		_exit(0);
	}
	usleep(20000);
	kill(pid, SIGSTOP);
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGCONT);
	must(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	usleep(10000);
	feed();
	must(read(out[0], result, 1) == 1);
	if (result[0] != (interrupted ? 'n' : 'y'))
		test_fail("%s did not go on after a stop", c->name);
	must(waitpid(pid, &status, 0) == pid);
	close(out[0]);
	close(out[1]);
	clean_up(c);
}

int main(void)
{
	test_tmpdir();
	must(mkfifo("fifo", 0600) == 0);
	signal(SIGALRM, SIG_IGN);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		with_handler(&calls[i], 0);
		with_handler(&calls[i], SA_RESTART);
		stop_and_go(&calls[i]);
	}
	return test_result();
}
