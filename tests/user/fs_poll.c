/*
 * fs_poll - waiting for several files at once.
 *
 * Proves: poll and select report what is ready and nothing else, sleep until it is, wake for
 * events and signals, respect time-outs, and pselect and ppoll change the mask while they
 * sleep.
 * calls: poll ppoll ppoll_time64 select old_select pselect6 pselect6_time64
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "test.h"

static long ms_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long)(ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static volatile int alarms;
static void on_alarm(int sig)
{
	alarms++;
}

static void after(int ms, void (*what)(int), int arg)
{
	fflush(stdout);
	if (!fork()) {
		usleep((useconds_t)ms * 1000);
		what(arg);
		_exit(0);
	}
}

static void write_byte(int fd)
{
	(void)!write(fd, "x", 1);
}

static void test_poll(int p[2])
{
	struct pollfd f[40];
	long t;
	char c;
	int i;

	f[0] = (struct pollfd){ p[0], POLLIN, 0x77 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 0x77 };
	f[2] = (struct pollfd){ -1, POLLIN, 0x77 };
	f[3] = (struct pollfd){ 99, POLLIN, 0x77 };
	expect_eq(poll(f, 4, 1000), 2);
	expect_eq(f[0].revents, 0);
	expect_eq(f[1].revents, POLLOUT);
	expect_eq(f[2].revents, 0);
	expect_eq(f[3].revents, POLLNVAL);
	t = ms_now();
	expect_eq(poll(f, 1, 60), 0);
	t = ms_now() - t;
	expect(t >= 59 && t < 5000);
	after(50, write_byte, p[1]);
	expect_eq(poll(f, 1, 10000), 1);
	expect_eq(f[0].revents, POLLIN);
	expect_eq(read(p[0], &c, 1), 1);
	wait(NULL);
	/* More than fit on any stack. */
	for (i = 0; i < 40; i++)
		f[i] = (struct pollfd){ p[0], POLLIN, 0 };
	after(30, write_byte, p[1]);
	expect_eq(poll(f, 40, -1), 40);
	expect_eq(read(p[0], &c, 1), 1);
	wait(NULL);
	expect_errno(poll((struct pollfd *)BAD_PTR, 1, 0), EFAULT);
	expect_errno(syscall(SYS_poll, f, 100000000, 0), EINVAL);
	expect_eq(poll(NULL, 0, 10), 0);
	i = open("/dev/null", O_RDWR);
	f[0] = (struct pollfd){ i, POLLIN | POLLOUT, 0 };
	expect_eq(poll(f, 1, -1), 1);
	expect_eq(f[0].revents, POLLIN | POLLOUT);
	close(i);
}

static void test_select(int p[2])
{
	struct timeval tv = { 0, 50000 };
	fd_set in, out;
	struct { unsigned long n, in, out, ex, tv; } old;
	char c;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	expect_eq(select(p[1] + 1, &in, &out, NULL, &tv), 1);
	expect(!FD_ISSET(p[0], &in) && FD_ISSET(p[1], &out));
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	tv = (struct timeval){ 0, 50000 };
	expect_eq(select(p[0] + 1, &in, NULL, NULL, &tv), 0);
	expect(!FD_ISSET(p[0], &in));
	FD_SET(p[0], &in);
	after(30, write_byte, p[1]);
	tv = (struct timeval){ 10, 0 };
	expect_eq(select(p[0] + 1, &in, NULL, NULL, &tv), 1);
	expect(FD_ISSET(p[0], &in));
	wait(NULL);
	/* The raw calls: time left is written back, the oldest takes one pointer. */
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	tv = (struct timeval){ 10, 0 };
	expect_eq(syscall(SYS__newselect, p[0] + 1, &in, NULL, NULL, &tv), 1);
	expect(tv.tv_sec >= 8);
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	tv = (struct timeval){ 10, 0 };
	old.n = (unsigned long)p[0] + 1;
	old.in = (unsigned long)&in;
	old.out = old.ex = 0;
	old.tv = (unsigned long)&tv;
	expect_eq(syscall(SYS_select, &old), 1);
	expect_eq(read(p[0], &c, 1), 1);
	FD_ZERO(&in);
	/* A closed one, for which the table has room: Linux does not look beyond. */
	close(fcntl(p[1], F_DUPFD, p[1] + 1));
	FD_SET(p[1] + 1, &in);
	expect_errno(select(p[1] + 2, &in, NULL, NULL, &tv), EBADF);
	expect_errno(select(-1, NULL, NULL, NULL, &tv), EINVAL);
	expect_errno(syscall(SYS__newselect, 10, BAD_PTR, NULL, NULL, NULL), EFAULT);
	tv = (struct timeval){ -1, 0 };
	expect_errno(syscall(SYS__newselect, 0, NULL, NULL, NULL, &tv), EINVAL);
}

static void test_signals(int p[2])
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { { 0, 0 }, { 0, 40000 } };
	struct pollfd f = { p[0], POLLIN, 0 };
	struct timespec ts = { 5, 0 };
	sigset_t block, empty, now;
	fd_set in;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	expect_errno(poll(&f, 1, 5000), EINTR);
	expect_eq(alarms, 1);
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	setitimer(ITIMER_REAL, &it, NULL);
	expect_errno(select(p[0] + 1, &in, NULL, NULL, NULL), EINTR);
	expect_eq(alarms, 2);
	/* A blocked signal comes only while pselect and ppoll let it. */
	sigemptyset(&empty);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	expect_eq(poll(&f, 1, 100), 0);
	expect_eq(alarms, 2);
	expect_errno(ppoll(&f, 1, &ts, &empty), EINTR);
	expect_eq(alarms, 3);
	sigprocmask(SIG_SETMASK, NULL, &now);
	expect(sigismember(&now, SIGALRM));	/* the old mask is back */
	setitimer(ITIMER_REAL, &it, NULL);
	FD_SET(p[0], &in);
	expect_errno(pselect(p[0] + 1, &in, NULL, NULL, &ts, &empty), EINTR);
	expect_eq(alarms, 4);
	sigprocmask(SIG_SETMASK, NULL, &now);
	expect(sigismember(&now, SIGALRM));
	sigprocmask(SIG_SETMASK, &empty, NULL);
	/* A signal nobody handles does not end a poll. */
	fflush(stdout);
	if (!fork()) {
		usleep(30000);
		kill(getppid(), SIGCONT);
		_exit(0);
	}
	expect_eq(poll(&f, 1, 120), 0);
	wait(NULL);
}

static void test_raw(int p[2])
{
	struct pollfd f = { p[1], POLLOUT, 0 };
	int ts32[2] = { 1, 0 };
	long long ts64[2] = { 1, 0 };
	struct { unsigned long mask, size; } pack = { 0, 0 };
	unsigned long mask[2] = { 0, 0 };
	fd_set out;

	expect_eq(syscall(SYS_ppoll, &f, 1, ts32, NULL, 8), 1);
	expect(ts32[0] <= 1);
	expect_errno(syscall(SYS_ppoll, &f, 1, ts32, mask, 7), EINVAL);
	ts32[1] = 1000000000;
	expect_errno(syscall(SYS_ppoll, &f, 1, ts32, NULL, 8), EINVAL);
	if (syscall(SYS_ppoll_time64, &f, 1, ts64, NULL, 8) != 1)
		expect_eq(errno, ENOSYS);
	FD_ZERO(&out);
	FD_SET(p[1], &out);
	ts32[0] = 1;
	ts32[1] = 0;
	expect_eq(syscall(SYS_pselect6, p[1] + 1, NULL, &out, NULL, ts32, &pack), 1);
	pack.mask = (unsigned long)mask;
	pack.size = 8;
	ts64[0] = 1;
	ts64[1] = 0;
	if (syscall(SYS_pselect6_time64, p[1] + 1, NULL, &out, NULL, ts64, &pack) != 1)
		expect_eq(errno, ENOSYS);
	expect_errno(syscall(SYS_pselect6, 0, NULL, NULL, NULL, BAD_PTR, NULL), EFAULT);
}

int main(void)
{
	int p[2];

	must(pipe(p) == 0);
	test_poll(p);
	test_select(p);
	test_signals(p);
	test_raw(p);
	return test_result();
}
