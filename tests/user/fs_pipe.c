/*
 * fs_pipe - pipes and FIFOs.
 *
 * Proves: bytes come out as they went in, in order, through full rings; end of file, broken
 * pipe and SIGPIPE; writes up to PIPE_BUF are never torn between writers; non-blocking ends;
 * a FIFO's open waits for its partner.
 * calls: pipe pipe2
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "test.h"

static volatile int got_sigpipe;
static void on_sigpipe(int sig)
{
	got_sigpipe++;
}

static void test_basic(void)
{
	struct pollfd pfd;
	char buf[64];
	int p[2], n;

	expect_eq(pipe(p), 0);
	expect_eq(write(p[1], "hello ", 6), 6);
	expect_eq(write(p[1], "world", 5), 5);
	expect_eq(ioctl(p[0], FIONREAD, &n), 0);
	expect_eq(n, 11);
	expect_eq(read(p[0], buf, 64), 11);
	expect(!memcmp(buf, "hello world", 11));
	expect_errno(read(p[1], buf, 1), EBADF);
	expect_errno(write(p[0], buf, 1), EBADF);
	pfd = (struct pollfd){ .fd = p[0], .events = POLLIN };
	expect_eq(poll(&pfd, 1, 0), 0);
	expect_eq(write(p[1], "x", 1), 1);
	expect_eq(poll(&pfd, 1, 0), 1);
	expect_eq(pfd.revents, POLLIN);
	expect_errno(write(p[1], BAD_PTR, 5), EFAULT);
	expect_errno(read(p[0], BAD_PTR, 5), EFAULT);
	expect_eq(read(p[0], buf, 64), 1);
	expect_eq(write(p[1], buf, 0), 0);
	close(p[1]);
	expect_eq(read(p[0], buf, 64), 0);
	expect_eq(poll(&pfd, 1, 0), 1);
	expect(pfd.revents & POLLHUP);
	close(p[0]);
	expect_errno(syscall(SYS_pipe, BAD_PTR), EFAULT);
	expect_errno(pipe2(p, 0x1234), EINVAL);
	expect_eq(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	expect_eq(fcntl(p[0], F_GETFD), FD_CLOEXEC);
	expect_errno(read(p[0], buf, 1), EAGAIN);
	close(p[0]);
	close(p[1]);
}

static void test_broken(void)
{
	struct pollfd pfd;
	int p[2];

	signal(SIGPIPE, on_sigpipe);
	must(pipe(p) == 0);
	close(p[0]);
	expect_errno(write(p[1], "x", 1), EPIPE);
	expect_eq(got_sigpipe, 1);
	pfd = (struct pollfd){ .fd = p[1], .events = POLLOUT };
	expect_eq(poll(&pfd, 1, 0), 1);
	expect(pfd.revents & POLLERR);
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void test_full(void)
{
	static char buf[65536], back[65536];
	struct pollfd pfd;
	ssize_t n, total = 0;
	int p[2], i;

	for (i = 0; i < 65536; i++)
		buf[i] = (char)(i * 31 >> 3);
	must(pipe2(p, O_NONBLOCK) == 0);
	while ((n = write(p[1], buf, 4096)) > 0)
		total += n;
	expect_eq(errno, EAGAIN);
	expect_eq(total, 65536);
	pfd = (struct pollfd){ .fd = p[1], .events = POLLOUT };
	expect_eq(poll(&pfd, 1, 0), 0);
	expect_eq(read(p[0], back, 4096), 4096);
	expect_eq(poll(&pfd, 1, 0), 1);
	/* An atomic write that does not fit fails whole; a larger one is cut. */
	expect_eq(write(p[1], buf, 8192), 4096);
	expect_errno(write(p[1], buf, 4096), EAGAIN);
	for (total = 0; (n = read(p[0], back, sizeof(back))) > 0; )
		total += n;
	expect_eq(total, 65536);
	close(p[0]);
	close(p[1]);
}

/* Odd sizes on both sides, against a generator both know. */
static void test_stream(void)
{
	enum { TOTAL = 3 * 1000 * 1000 };
	static unsigned char buf[50000];
	unsigned int seed = 1, wrong = 0, i;
	size_t done = 0;
	int p[2], status;

	must(pipe(p) == 0);
	fflush(stdout);
	if (!fork()) {
		close(p[0]);
		while (done < TOTAL) {
			size_t n = (seed = seed * 1103515245u + 12345) % sizeof(buf) + 1;

			if (n > TOTAL - done)
				n = TOTAL - done;
			for (i = 0; i < n; i++)
				buf[i] = (unsigned char)((done + i) * 7 >> 2);
			if (write(p[1], buf, n) != (ssize_t)n)
				_exit(1);
			done += n;
		}
		_exit(0);
	}
	close(p[1]);
	seed = 99;
	for (;;) {
		size_t want = (seed = seed * 1103515245u + 12345) % sizeof(buf) + 1;
		ssize_t n = read(p[0], buf, want);

		if (n <= 0)
			break;
		for (i = 0; i < (unsigned int)n; i++)
			wrong += buf[i] != (unsigned char)((done + i) * 7 >> 2);
		done += (size_t)n;
	}
	expect_eq(done, TOTAL);
	expect_eq(wrong, 0);
	wait(&status);
	expect_eq(status, 0);
	close(p[0]);
}

/* Four writers, records of different length: none is torn. */
static void test_atomic(void)
{
	enum { WRITERS = 4, RECORDS = 200 };
	unsigned char head, buf[4096];
	int p[2], w, r, count[WRITERS] = { 0 }, status;
	struct iovec iov[2];

	must(pipe(p) == 0);
	fflush(stdout);
	for (w = 0; w < WRITERS; w++) {
		if (fork())
			continue;
		for (r = 0; r < RECORDS; r++) {
			/* A record is its kind and so many bytes of it, by two segments. */
			memset(buf, 'A' + w, sizeof(buf));
			head = (unsigned char)('a' + w);
			iov[0] = (struct iovec){ &head, 1 };
			iov[1] = (struct iovec){ buf, (size_t)(w + 1) * 500 };
			if (writev(p[1], iov, 2) != (w + 1) * 500 + 1)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	while (read(p[0], &head, 1) == 1) {
		int n, got = 0, i, size;

		w = head - 'a';
		if (w < 0 || w >= WRITERS) {
			test_fail("a record is torn");
			break;
		}
		size = (w + 1) * 500;
		while (got < size && (n = (int)read(p[0], buf + got, (size_t)(size - got))) > 0)
			got += n;
		for (i = 0; i < got; i++) {
			if (buf[i] != 'A' + w) {
				test_fail("a record is torn");
				break;
			}
		}
		count[w]++;
	}
	close(p[0]);
	for (w = 0; w < WRITERS; w++) {
		expect(wait(&status) > 0);
		expect_eq(status, 0);
		expect_eq(count[w], RECORDS);
	}
}

static void on_alarm(int sig)
{
}

static void test_fifo(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	char buf[16];
	int r, w, status;

	must(mkfifo("fifo", 0600) == 0);
	expect_errno(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	expect(r >= 0);
	expect_eq(read(r, buf, 16), 0);		/* no writer yet: end of file */
	w = open("fifo", O_WRONLY | O_NONBLOCK);
	expect(w >= 0);
	expect_errno(read(r, buf, 16), EAGAIN);
	expect_eq(write(w, "abc", 3), 3);
	expect_eq(read(r, buf, 16), 3);
	close(w);
	close(r);
	fflush(stdout);
	if (!fork()) {
		w = open("fifo", O_WRONLY);
		_exit(write(w, "partner", 7) == 7 ? 0 : 1);
	}
	r = open("fifo", O_RDONLY);
	expect(r >= 0);
	expect_eq(read(r, buf, 16), 7);
	expect_eq(read(r, buf, 16), 0);
	close(r);
	wait(&status);
	expect_eq(status, 0);
	r = open("fifo", O_RDWR);
	expect(r >= 0);
	expect_eq(write(r, "self", 4), 4);
	expect_eq(read(r, buf, 16), 4);
	close(r);
	/* A signal ends the wait for a partner. */
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	expect_errno(open("fifo", O_RDONLY), EINTR);
	unlink("fifo");
}

int main(void)
{
	test_tmpdir();
	test_basic();
	test_broken();
	test_full();
	test_stream();
	test_atomic();
	test_fifo();
	return test_result();
}
