/*
 * sig_fd - signals by a file descriptor: records, sets, waiting, whose signals they are.
 *
 * calls: signalfd signalfd4
 */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#define LOW 40

static sigset_t some;

static int readable(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}

static void records(void)
{
	struct signalfd_siginfo r[4];
	int fd = signalfd(-1, &some, SFD_NONBLOCK | SFD_CLOEXEC), status;
	siginfo_t info;
	timer_t timer;
	pid_t pid;

	must(fd >= 0);
	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
	expect(!readable(fd, 0));
	expect_errno(read(fd, r, sizeof(r)), EAGAIN);
	expect_errno(read(fd, r, sizeof(r[0]) - 1), EINVAL);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), LOW, (union sigval){ .sival_int = 1 });
	sigqueue(getpid(), LOW, (union sigval){ .sival_int = 2 });
	expect(readable(fd, 0));
	/* As many as fit, in their order. */
	expect_eq(read(fd, r, sizeof(r) - 1), 3 * sizeof(r[0]));
	expect_eq(r[0].ssi_signo, SIGUSR1);
	expect_eq(r[0].ssi_code, SI_USER);
	expect_eq(r[0].ssi_pid, getpid());
	expect_eq(r[0].ssi_uid, getuid());
	expect_eq(r[1].ssi_signo, LOW);
	expect_eq(r[1].ssi_code, SI_QUEUE);
	expect_eq(r[1].ssi_int, 1);
	expect_eq(r[2].ssi_int, 2);
	expect(!readable(fd, 0));
	/* A child's end, and a timer's. */
	pid = fork();
	must(pid >= 0);
	if (!pid)
		_exit(5);
	expect(readable(fd, 100000));
	expect_eq(read(fd, r, sizeof(r)), sizeof(r[0]));
	expect_eq(r[0].ssi_signo, SIGCHLD);
	expect_eq(r[0].ssi_code, CLD_EXITED);
	expect_eq(r[0].ssi_pid, pid);
	expect_eq(r[0].ssi_status, 5);
	must(waitpid(pid, &status, 0) == pid);
	must(timer_create(CLOCK_MONOTONIC, &(struct sigevent){ .sigev_signo = LOW,
			  .sigev_value.sival_int = 77 }, &timer) == 0);
	must(timer_settime(timer, 0, &(struct itimerspec){ .it_value = { 0, 1000000 } }, NULL) == 0);
	expect(readable(fd, 100000));
	expect_eq(read(fd, r, sizeof(r)), sizeof(r[0]));
	expect_eq(r[0].ssi_code, SI_TIMER);
	expect_eq(r[0].ssi_int, 77);
	expect_eq(r[0].ssi_overrun, 0);
	timer_delete(timer);
	/* What was taken so is gone. */
	expect_errno(sigtimedwait(&some, &info, &(struct timespec){ 0, 0 }), EAGAIN);
	close(fd);
}

static void sets(void)
{
	struct signalfd_siginfo r;
	sigset_t usr1;
	int fd;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	fd = signalfd(-1, &usr1, SFD_NONBLOCK);
	must(fd >= 0);
	kill(getpid(), SIGUSR2);
	expect(!readable(fd, 0));
	expect_errno(read(fd, &r, sizeof(r)), EAGAIN);
	expect_eq(signalfd(fd, &some, 0), fd);
	expect(readable(fd, 0));
	expect_eq(read(fd, &r, sizeof(r)), sizeof(r));
	expect_eq(r.ssi_signo, SIGUSR2);
	close(fd);
	expect_errno(signalfd(-1, &some, 1), EINVAL);
	expect_errno(signalfd(0, &some, 0), EINVAL);
	expect_errno(signalfd(99, &some, 0), EBADF);
	expect_errno(syscall(SYS_signalfd4, -1, &some, 4, 0), EINVAL);
	expect_errno(syscall(SYS_signalfd4, -1, BAD_PTR, 8, 0), EFAULT);
	fd = (int)syscall(SYS_signalfd, -1, &some, 8);
	expect(fd >= 0);
	expect_eq(fcntl(fd, F_GETFD), 0);
	close(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A read waits, for a signal of the set or for a handler; a signal is the reader's own. */
static void waiting(void)
{
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct signalfd_siginfo r;
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = signalfd(-1, &some, 0), status;
	pid_t pid = fork();

	must(fd >= 0 && pid >= 0);
	if (!pid) {
		usleep(20000);
		kill(getppid(), SIGUSR1);
		/* The parent's signals are not the child's, though the file is one. */
		kill(getpid(), SIGUSR2);
		if (read(fd, &r, sizeof(r)) != sizeof(r) || r.ssi_signo != SIGUSR2)
			_exit(1);
		_exit(0);
	}
	expect_eq(read(fd, &r, sizeof(r)), sizeof(r));
	expect_eq(r.ssi_signo, SIGUSR1);
	expect_eq(r.ssi_pid, pid);
	expect_eq(read(fd, &r, sizeof(r)), sizeof(r));
	expect_eq(r.ssi_signo, SIGCHLD);
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	expect_errno(read(fd, &r, sizeof(r)), EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
	close(fd);
}

int main(void)
{
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGUSR2);
	sigaddset(&some, SIGCHLD);
	sigaddset(&some, LOW);
	sigprocmask(SIG_BLOCK, &some, NULL);
	records();
	sets();
	waiting();
	return test_result();
}
