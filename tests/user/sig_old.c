/*
 * tests/user/sig_old.c - the calls that the C library no longer makes, by their numbers: the
 * oldest forms of fork, wait, signals, limits and time.
 *
 * calls: fork waitpid signal sigaction sgetmask ssetmask sigsuspend sigpending sigprocmask
 * calls: sigreturn rt_sigreturn old_getrlimit stime clock_settime clock_getres clock_nanosleep
 * calls: rt_sigtimedwait settimeofday restart_syscall setuid16 setgid16
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

struct old_sigaction {
	void *handler;
	unsigned long mask;
	unsigned long flags;
	void *restorer;
};

static volatile int hits;
static volatile unsigned long mask_inside;

static void handler(int sig)
{
	(void)sig;
	hits++;
	syscall(SYS_sigprocmask, SIG_BLOCK, NULL, &mask_inside);
}

static void old_fork(void)
{
	int status;
	long pid = syscall(SYS_fork);

	if (!pid)
		syscall(SYS_exit, 21);
	must(pid > 0);
	expect_eq(syscall(SYS_waitpid, pid, &status, 0), pid);
	expect_eq(WEXITSTATUS(status), 21);
	expect_errno(syscall(SYS_waitpid, pid, &status, 0), ECHILD);
}

/* signal(): works once, and does not block. */
static void old_signal(void)
{
	hits = 0;
	expect_eq(syscall(SYS_signal, SIGUSR1, handler), (long)SIG_DFL);
	syscall(SYS_kill, getpid(), SIGUSR1);
	expect_eq(hits, 1);
	expect(!(mask_inside & (1 << (SIGUSR1 - 1))));
	expect_eq(syscall(SYS_signal, SIGUSR1, SIG_IGN), (long)SIG_DFL);
	expect_eq(syscall(SYS_signal, SIGUSR1, SIG_DFL), (long)SIG_IGN);
	expect_errno(syscall(SYS_signal, SIGKILL, handler), EINVAL);
}

static void old_sigaction(void)
{
	struct old_sigaction act = { handler, 1 << (SIGUSR2 - 1), 0, NULL }, old;

	hits = 0;
	expect_eq(syscall(SYS_sigaction, SIGUSR1, &act, NULL), 0);
	expect_eq(syscall(SYS_sigaction, SIGUSR1, NULL, &old), 0);
	expect(old.handler == (void *)handler);
	expect_eq(old.mask, act.mask);
	/* Comes back through the kernel's own trampoline, whose call is the old sigreturn. */
	syscall(SYS_kill, getpid(), SIGUSR1);
	expect_eq(hits, 1);
	expect(mask_inside & (1 << (SIGUSR1 - 1)));
	expect(mask_inside & (1 << (SIGUSR2 - 1)));
	expect_errno(syscall(SYS_sigaction, SIGUSR1, 1, NULL), EFAULT);
	expect_errno(syscall(SYS_sigaction, 99, &act, NULL), EINVAL);
}

static void old_masks(void)
{
	unsigned long bit = 1 << (SIGUSR1 - 1), set = bit, old = 0, pending = 0;

	expect_eq(syscall(SYS_sigprocmask, SIG_BLOCK, &set, NULL), 0);
	syscall(SYS_kill, getpid(), SIGUSR1);
	expect_eq(syscall(SYS_sigpending, &pending), 0);
	expect_eq(pending, bit);
	expect_eq(syscall(SYS_sigprocmask, SIG_BLOCK, NULL, &old), 0);
	expect_eq(old, bit);
	hits = 0;
	/* The mask is the third argument. */
	expect_errno(syscall(SYS_sigsuspend, 0, 0, 0), EINTR);
	expect_eq(hits, 1);
	old = 0;
	expect_eq(syscall(SYS_sigprocmask, SIG_UNBLOCK, &set, &old), 0);
	expect_eq(old, bit);
	expect_errno(syscall(SYS_sigprocmask, 9, &set, NULL), EINVAL);
	expect_errno(syscall(SYS_sigprocmask, SIG_BLOCK, 1, NULL), EFAULT);
	expect_errno(syscall(SYS_sigpending, 1), EFAULT);
	/* Linux can be built without these two. */
	errno = 0;
	if (syscall(SYS_sgetmask) == -1 && errno == ENOSYS)
		return;
	expect_eq(syscall(SYS_ssetmask, bit | 1 << (SIGKILL - 1)), 0);
	expect_eq(syscall(SYS_sgetmask), (long)bit);
	expect_eq(syscall(SYS_ssetmask, 0), (long)bit);
}

static void old_limits(void)
{
	unsigned long words[2] = { 0, 0 };
	struct rlimit lim;

	getrlimit(RLIMIT_CORE, &lim);
	expect_eq(syscall(SYS_getrlimit, RLIMIT_AS, words), 0);
	/* Infinity is as large as a signed number can be. */
	expect(words[0] <= 0x7fffffff && words[1] <= 0x7fffffff);
	expect_errno(syscall(SYS_getrlimit, 99, words), EINVAL);
}

static void old_time(void)
{
	int ts[2] = { 0, 0 }, now[2], seconds;
	sigset_t set;

	expect_eq(syscall(SYS_clock_getres, CLOCK_MONOTONIC, ts), 0);
	expect(ts[0] == 0 && ts[1] > 0);
	ts[0] = 0;
	ts[1] = 20000000;
	expect_eq(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, ts, NULL), 0);
	expect_errno(syscall(SYS_clock_nanosleep, 99, 0, ts, NULL), EINVAL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	expect_errno(syscall(SYS_rt_sigtimedwait, &set, NULL, ts, 8), EAGAIN);
	expect_errno(syscall(SYS_rt_sigtimedwait, &set, NULL, ts, 4), EINVAL);
	if (geteuid())
		return;
	/* Set the clock to what it says. */
	syscall(SYS_clock_gettime, CLOCK_REALTIME, now);
	expect_eq(syscall(SYS_clock_settime, CLOCK_REALTIME, now), 0);
	syscall(SYS_gettimeofday, now, NULL);
	expect_eq(syscall(SYS_settimeofday, now, NULL), 0);
	now[1] = 1000000;
	expect_errno(syscall(SYS_settimeofday, now, NULL), EINVAL);
	do
		syscall(SYS_gettimeofday, now, NULL);
	while (now[1] > 20000);
	seconds = now[0];
	expect_eq(syscall(SYS_stime, &seconds), 0);
	syscall(SYS_gettimeofday, now, NULL);
	expect(now[0] - seconds <= 1);
	expect_errno(syscall(SYS_stime, 1), EFAULT);
}

/* A sleep that is stopped and continued goes on by restart_syscall. */
static void restarted(void)
{
	int status, ts[2] = { 0, 200000000 };
	struct timespec t0, t1;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	pid = fork();
	if (!pid)
		_exit(syscall(SYS_nanosleep, ts, NULL) ? 1 : 0);
	for (int i = 0; i < 3; i++) {
		usleep(20000);
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
	}
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	expect_eq(status, 0);
	expect((t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000 >= 190);
	/* Called when there is nothing to go on with. */
	expect_errno(syscall(SYS_restart_syscall), EINTR);
}

int main(void)
{
	old_fork();
	old_signal();
	old_sigaction();
	old_masks();
	old_limits();
	old_time();
	restarted();
	return test_result();
}
