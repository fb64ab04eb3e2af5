/*
 * proc_pidfd - processes by descriptor: made by clone, clone3 or pidfd_open; polled, signalled,
 * waited for; and that one goes on naming a process that is gone.
 *
 * calls: pidfd_open pidfd_send_signal waitid clone clone3
 */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(434, pid, flags);
}

static int send_signal(int fd, int sig, siginfo_t *info, unsigned int flags)
{
	return (int)syscall(424, fd, sig, info, flags);
}

static int readable(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void life(int fd, pid_t pid)
{
	char link[64], path[64];
	siginfo_t info;
	ssize_t n;

	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	must(n > 0);
	link[n] = 0;
	expect(!strcmp(link, "anon_inode:[pidfd]"));
	expect_errno(read(fd, link, 1), EINVAL);
	expect(!readable(fd, 0));
	expect_eq(send_signal(fd, 0, NULL, 0), 0);
	memset(&info, 0, sizeof(info));
	expect_eq(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG), 0);
	expect_eq(info.si_pid, 0);
	expect_eq(send_signal(fd, SIGKILL, NULL, 0), 0);
	/* Dead it is readable, before anybody has waited for it and afterwards. */
	expect(readable(fd, 100000));
	expect_eq(send_signal(fd, 0, NULL, 0), 0);
	expect_eq(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT), 0);
	expect_eq(info.si_pid, pid);
	expect_eq(info.si_code, CLD_KILLED);
	expect_eq(info.si_status, SIGKILL);
	expect_eq(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), 0);
	expect_errno(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), ECHILD);
	expect(readable(fd, 0));
	expect_errno(send_signal(fd, SIGTERM, NULL, 0), ESRCH);
	close(fd);
}

static void opened(void)
{
	pid_t pid = sleeper();

	life(pidfd_open(pid, 0), pid);
	expect_errno(pidfd_open(pid, 0), ESRCH);
}

static void cloned(void)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	int fd = -1, before = dup(0);
	long pid;

	close(before);
	pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
	must(pid >= 0);
	if (!pid) {
		/* The child has no such descriptor. */
		if (fcntl(before, F_GETFD) >= 0)
			_exit(1);
		for (;;)
			pause();
	}
	expect_eq(fd, before);
	life(fd, (pid_t)pid);
	fd = -1;
	args.pidfd = (uintptr_t)&fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	must(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	expect_eq(fd, before);
	life(fd, (pid_t)pid);
	/* Nothing is left of what could not be. */
	expect_errno(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, BAD_PTR, 0, 0), EFAULT);
	expect_errno(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0),
		     EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_PIDFD | CLONE_SIGHAND | SIGCHLD, 0, &fd, 0, 0), EINVAL);
	fd = dup(0);
	expect_eq(fd, before);
	close(fd);
	expect_errno(wait(NULL), ECHILD);
}

static volatile siginfo_t got;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	got = *info;
}

static void story(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	int self = pidfd_open(getpid(), 0), parent = pidfd_open(getppid(), 0), fd;
	pid_t child;

	must(self >= 0);
	sigaction(SIGUSR1, &sa, NULL);
	expect_eq(send_signal(self, SIGUSR1, NULL, 0), 0);
	expect_eq(got.si_code, SI_USER);
	expect_eq(got.si_pid, getpid());
	info.si_value.sival_int = 42;
	expect_eq(send_signal(self, SIGUSR1, &info, 0), 0);
	expect_eq(got.si_code, SI_QUEUE);
	expect_eq(got.si_value.sival_int, 42);
	expect_errno(send_signal(self, SIGUSR2, &info, 0), EINVAL);
	info.si_code = SI_USER;
	expect_eq(send_signal(self, SIGUSR1, &info, 0), 0);
	info.si_signo = 0;
	if (parent >= 0)
		expect_errno(send_signal(parent, 0, &info, 0), EPERM);
	expect_errno(send_signal(self, 65, NULL, 0), EINVAL);
	expect_errno(send_signal(self, 0, NULL, 0x80000000u), EINVAL);
	expect_errno(send_signal(0, 0, NULL, 0), EBADF);
	expect_errno(send_signal(-1, 0, NULL, 0), EBADF);
	expect_errno(waitid(P_PIDFD, 0, &info, WEXITED), EBADF);
	expect_errno(waitid(P_PIDFD, (id_t)-1, &info, WEXITED), EINVAL);
	expect_errno(waitid(P_PIDFD, (id_t)self, &info, WEXITED), ECHILD);
	expect_errno(pidfd_open(0, 0), EINVAL);
	expect_errno(pidfd_open(-1, 0), EINVAL);
	expect_errno(pidfd_open(getpid(), 1), EINVAL);
	close(self);
	close(parent);
	/* Without waiting where waiting would be: an error, not zeros. */
	child = sleeper();
	fd = pidfd_open(child, O_NONBLOCK);
	must(fd >= 0);
	expect_errno(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), EAGAIN);
	expect_eq(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG), 0);
	kill(child, SIGKILL);
	expect(readable(fd, 100000));
	expect_eq(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), 0);
	close(fd);
}

int main(void)
{
	opened();
	cloned();
	story();
	return test_result();
}
