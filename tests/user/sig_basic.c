/*
 * tests/user/sig_basic.c - signals: handlers, masks, pending, flags, restarted calls, the
 * alternate stack, waiting, permissions.
 *
 * calls: kill rt_sigaction rt_sigsuspend rt_sigpending rt_sigqueueinfo sigaltstack pause
 * calls: rt_sigtimedwait_time64
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

static volatile int hits, last_sig, order[8];
static volatile siginfo_t last_info;
static void *volatile last_sp;

static void handler(int sig)
{
	char here;

	last_sp = &here;
	last_sig = sig;
	order[hits & 7] = sig;
	hits++;
}

static void info_handler(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	handler(sig);
	*(siginfo_t *)&last_info = *info;
}

static void catch(int sig, unsigned long flags, int mask_also)
{
	struct sigaction sa = { .sa_flags = (int)flags };

	if (flags & SA_SIGINFO)
		sa.sa_sigaction = info_handler;
	else
		sa.sa_handler = handler;
	sigemptyset(&sa.sa_mask);
	if (mask_also)
		sigaddset(&sa.sa_mask, mask_also);
	must(sigaction(sig, &sa, NULL) == 0);
	hits = 0;
}

static void block(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(how, &set, NULL);
}

static void delivery(void)
{
	catch(SIGUSR1, 0, 0);
	raise(SIGUSR1);
	expect_eq(hits, 1);
	expect_eq(last_sig, SIGUSR1);
	catch(SIGUSR1, SA_SIGINFO, 0);
	kill(getpid(), SIGUSR1);
	expect_eq(hits, 1);
	expect_eq(last_info.si_signo, SIGUSR1);
	expect_eq(last_info.si_code, SI_USER);
	expect_eq(last_info.si_pid, getpid());
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	expect_eq(last_info.si_code, SI_TKILL);
}

static void masks(void)
{
	sigset_t set;

	catch(SIGUSR1, 0, 0);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	expect_eq(hits, 0);
	sigpending(&set);
	expect(sigismember(&set, SIGUSR1) == 1);
	expect(sigismember(&set, SIGUSR2) == 0);
	/* Pending once, however often it was sent. */
	block(SIG_UNBLOCK, SIGUSR1);
	expect_eq(hits, 1);
	sigpending(&set);
	expect(sigismember(&set, SIGUSR1) == 0);
	/* KILL and STOP cannot be blocked, nor caught. */
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigprocmask(SIG_SETMASK, NULL, &set);
	expect(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP));
	expect(sigismember(&set, SIGTERM) == 1);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	{
		struct sigaction sa = { .sa_handler = handler };

		expect_errno(sigaction(SIGKILL, &sa, NULL), EINVAL);
		expect_errno(sigaction(SIGSTOP, &sa, NULL), EINVAL);
		expect_errno(sigaction(65, &sa, NULL), EINVAL);
		expect_errno(sigaction(0, &sa, NULL), EINVAL);
		expect_errno(syscall(SYS_rt_sigprocmask, 77, &set, NULL, 8), EINVAL);
		expect_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4), EINVAL);
		expect_errno(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)1, NULL, 8), EFAULT);
	}
}

/* Inside a handler its own signal, and those of sa_mask, wait. */
static void nested_handler(int sig)
{
	handler(sig);
	if (sig == SIGUSR1 && hits == 1) {
		raise(SIGUSR1);
		raise(SIGUSR2);
		expect_eq(hits, 1);
	}
}

static void handler_mask(void)
{
	struct sigaction sa = { .sa_handler = nested_handler };

	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	hits = 0;
	raise(SIGUSR1);
	expect_eq(hits, 3);
	catch(SIGUSR1, SA_RESETHAND, 0);
	raise(SIGUSR1);
	expect_eq(hits, 1);
	sigaction(SIGUSR1, NULL, &sa);
	expect(sa.sa_handler == SIG_DFL);
}

static void nodefer_handler(int sig)
{
	handler(sig);
	if (hits < 3)
		raise(sig);
}

static void nodefer(void)
{
	struct sigaction sa = { .sa_handler = nodefer_handler, .sa_flags = SA_NODEFER };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	hits = 0;
	raise(SIGUSR1);
	expect_eq(hits, 3);
}

/* Real-time signals queue up, in order, with their values; lower numbers first. */
static void realtime(void)
{
	union sigval v;
	int rt = SIGRTMIN;

	catch(rt, SA_SIGINFO, 0);
	catch(rt + 1, SA_SIGINFO, 0);
	block(SIG_BLOCK, rt);
	block(SIG_BLOCK, rt + 1);
	v.sival_int = 1;
	sigqueue(getpid(), rt + 1, v);
	for (v.sival_int = 2; v.sival_int < 5; v.sival_int++)
		expect(sigqueue(getpid(), rt, v) == 0);
	hits = 0;
	block(SIG_UNBLOCK, rt);
	expect_eq(hits, 3);
	expect_eq(last_info.si_value.sival_int, 4);
	expect_eq(last_info.si_code, SI_QUEUE);
	block(SIG_UNBLOCK, rt + 1);
	expect_eq(hits, 4);
	expect_eq(last_info.si_value.sival_int, 1);
}

static void set_alarm(long usec, long repeat)
{
	struct itimerval it = { { 0, repeat }, { 0, usec } };

	setitimer(ITIMER_REAL, &it, NULL);
}

/* A read that a signal interrupts: again with SA_RESTART, EINTR without. */
static void restart(void)
{
	int pipefd[2], status;
	char c = 0;
	pid_t pid;

	must(pipe(pipefd) == 0);
	catch(SIGALRM, 0, 0);
	set_alarm(50000, 0);
	expect_errno(read(pipefd[0], &c, 1), EINTR);
	expect_eq(hits, 1);

	catch(SIGALRM, SA_RESTART, 0);
	pid = fork();
	if (!pid) {
		usleep(200000);
		c = 'r';
		_exit(write(pipefd[1], &c, 1) != 1);
	}
	set_alarm(50000, 0);
	expect_eq(read(pipefd[0], &c, 1), 1);
	expect_eq(hits, 1);
	expect_eq(c, 'r');
	waitpid(pid, &status, 0);

	/* wait too */
	pid = fork();
	if (!pid) {
		usleep(150000);
		_exit(0);
	}
	hits = 0;
	set_alarm(50000, 0);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(hits, 1);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* A sleep says what is left; a stop and continue lets it go on. */
static void sleeping(void)
{
	struct timespec ts = { 5, 0 }, rem = { 0, 0 }, t0, t1;
	int status;
	pid_t pid;
	long ms;

	catch(SIGALRM, SA_RESTART, 0);
	set_alarm(100000, 0);
	expect_errno(nanosleep(&ts, &rem), EINTR);
	expect(rem.tv_sec == 4 && rem.tv_nsec > 500000000);
	ts.tv_nsec = 1000000000;
	expect_errno(nanosleep(&ts, NULL), EINVAL);
	ts.tv_sec = -1;
	ts.tv_nsec = 0;
	expect_errno(nanosleep(&ts, NULL), EINVAL);
	expect_errno(syscall(SYS_nanosleep, 1, NULL), EFAULT);

	pid = fork();
	if (!pid) {
		struct timespec s = { 0, 400000000 };

		_exit(nanosleep(&s, NULL) ? 1 : 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &t0);
	usleep(50000);
	kill(pid, SIGSTOP);
	usleep(50000);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	expect_eq(status, 0);
	ms = (t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000;
	expect(ms >= 380 && ms < 5000);
}

static void suspend_and_wait(void)
{
	struct timespec ts = { 0, 50000000 };
	siginfo_t info;
	sigset_t set, old;

	catch(SIGUSR1, 0, 0);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	sigfillset(&set);
	sigdelset(&set, SIGUSR1);
	expect_errno(sigsuspend(&set), EINTR);
	expect_eq(hits, 1);
	/* The mask is the old one again. */
	sigprocmask(SIG_BLOCK, NULL, &old);
	expect(sigismember(&old, SIGUSR1) == 1 && !sigismember(&old, SIGTERM));

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	expect_errno(sigtimedwait(&set, &info, &ts), EAGAIN);
	raise(SIGUSR1);
	hits = 0;
	expect_eq(sigtimedwait(&set, &info, &ts), SIGUSR1);
	expect_eq(info.si_signo, SIGUSR1);
	expect_eq(hits, 0);
	/* One that comes while we wait, although its default is to be ignored. */
	sigaddset(&set, SIGCHLD);
	block(SIG_BLOCK, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	if (!fork()) {
		usleep(50000);
		_exit(4);
	}
	ts.tv_sec = 5;
	expect_eq(sigtimedwait(&set, &info, &ts), SIGCHLD);
	expect_eq(info.si_status, 4);
	wait(NULL);
	block(SIG_UNBLOCK, SIGCHLD);
	/* Another signal ends the wait. */
	catch(SIGALRM, SA_RESTART, 0);
	set_alarm(50000, 0);
	expect_errno(sigtimedwait(&set, &info, &ts), EINTR);
	expect_eq(hits, 1);
	block(SIG_UNBLOCK, SIGUSR1);
	set_alarm(50000, 0);
	hits = 0;
	expect_errno(pause(), EINTR);
	expect_eq(hits, 1);
}

static char alt[16384];
static volatile int altflags;

static void alt_handler(int sig)
{
	stack_t ss;

	handler(sig);
	sigaltstack(NULL, &ss);
	altflags = ss.ss_flags;
	if (altflags == SS_ONSTACK) {
		ss.ss_flags = 0;
		ss.ss_size -= 16;
		expect_errno(sigaltstack(&ss, NULL), EPERM);
	}
}

static void altstack(void)
{
	struct sigaction sa = { .sa_handler = alt_handler, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) }, old;

	expect(sigaltstack(&ss, &old) == 0);
	expect_eq(old.ss_flags, SS_DISABLE);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	hits = 0;
	raise(SIGUSR1);
	expect_eq(hits, 1);
	expect((char *)last_sp >= alt && (char *)last_sp < alt + sizeof(alt));
	expect_eq(altflags, SS_ONSTACK);
	sigaltstack(NULL, &old);
	expect_eq(old.ss_flags, 0);
	expect(old.ss_sp == alt);
	ss.ss_size = 100;
	expect_errno(sigaltstack(&ss, NULL), ENOMEM);
	ss.ss_flags = 0x55;
	expect_errno(sigaltstack(&ss, NULL), EINVAL);
	ss.ss_flags = SS_DISABLE;
	expect(sigaltstack(&ss, NULL) == 0);
	raise(SIGUSR1);
	expect((char *)last_sp < alt || (char *)last_sp >= alt + sizeof(alt));
}

static void errors_of_kill(void)
{
	expect_errno(kill(getpid(), 65), EINVAL);
	expect_errno(kill(getpid(), -1), EINVAL);
	expect_errno(kill(0x7ffffff, 0), ESRCH);
	expect_errno(kill(-0x7ffffff, 0), ESRCH);
	expect_errno(syscall(SYS_tgkill, 0, getpid(), 0), EINVAL);
	expect_errno(syscall(SYS_tgkill, getpid() + 1, getpid(), 0), ESRCH);
	expect_errno(syscall(SYS_tkill, -1, 0), EINVAL);
	expect(kill(getpid(), 0) == 0);
	expect(kill(0, 0) == 0);
	if (!getuid()) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			test_failures = 0;
			if (setuid(1000))
				_exit(1);
			expect_errno(kill(getppid(), SIGTERM), EPERM);
			expect_errno(kill(1, 0), EPERM);
			_exit(test_result());
		}
		waitpid(pid, &status, 0);
		expect_eq(status, 0);
	}
}

/* Process groups: all members get it. */
static void group(void)
{
	int status, n = 0;
	pid_t leader = fork();

	if (!leader) {
		setpgid(0, 0);
		signal(SIGUSR2, SIG_DFL);
		for (int i = 0; i < 3; i++)
			if (!fork())
				for (;;)
					pause();
		usleep(50000);
		signal(SIGUSR2, SIG_IGN);
		kill(0, SIGUSR2);
		while (wait(&status) > 0)
			n += WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2;
		_exit(n);
	}
	waitpid(leader, &status, 0);
	expect_eq(WEXITSTATUS(status), 3);
}

/* What is done when nobody catches it. */
static void defaults(void)
{
	static const int kills[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGPIPE,
				     SIGALRM, SIGTERM, SIGUSR1, SIGIO, SIGPROF, SIGSYS, 40 };
	static const int nothing[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
	int status;

	for (unsigned int i = 0; i < sizeof(kills) / sizeof(int); i++) {
		pid_t pid = fork();

		if (!pid) {
			signal(kills[i], SIG_DFL);
			syscall(SYS_tgkill, getpid(), getpid(), kills[i]);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != kills[i])
			test_fail("signal %d: status %x", kills[i], status);
	}
	for (unsigned int i = 0; i < sizeof(nothing) / sizeof(int); i++)
		kill(getpid(), nothing[i]);
}

int main(void)
{
	delivery();
	masks();
	handler_mask();
	nodefer();
	realtime();
	restart();
	sleeping();
	suspend_and_wait();
	altstack();
	errors_of_kill();
	group();
	defaults();
	return test_result();
}
