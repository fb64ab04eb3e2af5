/*
 * sig_queue - the queues of signals: order, values, limits, who may say what, and what is dropped.
 *
 * calls: rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait tgkill tkill kill
 */
#define _GNU_SOURCE
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define LOW	40
#define HIGH	60

static sigset_t all;

/* Not the C library's sigtimedwait(), which calls SI_TKILL SI_USER. */
static int take(siginfo_t *info)
{
	const int ts32[2] = { 0, 0 };

	return (int)syscall(SYS_rt_sigtimedwait, &all, info, ts32, 8);
}

static void queue(int sig, int value)
{
	must(sigqueue(getpid(), sig, (union sigval){ .sival_int = value }) == 0);
}

static void order(void)
{
	static const struct { int sig, value; } sent[] = {
		{ HIGH, 1 }, { LOW, 2 }, { HIGH, 3 }, { SIGUSR2, 4 }, { LOW, 5 }, { LOW, 6 },
		{ SIGUSR1, 7 }, { SIGUSR2, 8 },
	}, got[] = {
		{ SIGUSR1, 7 }, { SIGUSR2, 4 }, { LOW, 2 }, { LOW, 5 }, { LOW, 6 }, { HIGH, 1 },
		{ HIGH, 3 },
	};
	siginfo_t info;

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		queue(sent[i].sig, sent[i].value);
	for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++) {
		expect_eq(take(&info), got[i].sig);
		expect_eq(info.si_value.sival_int, got[i].value);
		expect_eq(info.si_code, SI_QUEUE);
		expect_eq(info.si_pid, getpid());
		expect_eq(info.si_uid, getuid());
	}
	expect_errno(take(&info), EAGAIN);
}

/* What is for this task comes before what is for any. */
static void own_first(void)
{
	siginfo_t info;

	queue(LOW, 1);
	must(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), LOW) == 0);
	must(syscall(SYS_tkill, syscall(SYS_gettid), HIGH) == 0);
	expect_eq(take(&info), LOW);
	expect_eq(info.si_code, SI_TKILL);
	expect_eq(info.si_pid, getpid());
	expect_eq(take(&info), HIGH);
	expect_eq(info.si_code, SI_TKILL);
	expect_eq(take(&info), LOW);
	expect_eq(info.si_code, SI_QUEUE);
	expect_errno(take(&info), EAGAIN);
}

static void ignored_goes(int sig)
{
	sigset_t set;

	queue(sig, 1);
	queue(sig, 2);
	signal(sig, SIG_IGN);
	sigpending(&set);
	expect(!sigismember(&set, sig));
	signal(sig, SIG_DFL);
	sigpending(&set);
	expect(!sigismember(&set, sig));
}

/* Only what is neither blocked nor has a use is dropped when it is sent. */
static void ignored_and_blocked(void)
{
	siginfo_t info;

	signal(LOW, SIG_IGN);
	queue(LOW, 1);
	expect_eq(take(&info), LOW);
	signal(LOW, SIG_DFL);
	ignored_goes(LOW);
	ignored_goes(HIGH);
	ignored_goes(SIGUSR1);
	expect_errno(take(&info), EAGAIN);
	/* Stop and continue cancel each other, blocked or not. */
	raise(SIGTSTP);
	raise(SIGCONT);
	expect_eq(take(&info), SIGCONT);
	raise(SIGCONT);
	raise(SIGTSTP);
	expect_eq(take(&info), SIGTSTP);
	expect_errno(take(&info), EAGAIN);
}

/* ---- limits ----------------------------------------------------------------------------------- */

static void limited_child(void)
{
	struct rlimit limit = { 3, 3 };
	siginfo_t info;
	int sent = 0;

	/* Of this user nobody else has any, if it is one that nobody else is. */
	must(setuid(31234) == 0 && setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	while (!sigqueue(getpid(), LOW, (union sigval){ .sival_int = sent }))
		sent++;
	expect_eq(errno, EAGAIN);
	expect_eq(sent, 3);
	/* kill() is not refused: the signal comes without its story, if need be. */
	expect_eq(kill(getpid(), HIGH), 0);
	expect_eq(kill(getpid(), SIGUSR1), 0);
	expect_eq(take(&info), SIGUSR1);
	expect_eq(info.si_pid, getpid());
	for (int i = 0; i < 3; i++) {
		expect_eq(take(&info), LOW);
		expect_eq(info.si_value.sival_int, i);
	}
	expect_eq(take(&info), HIGH);
	expect_eq(info.si_code, SI_USER);
	expect_eq(info.si_pid, 0);
	/* And there is room again. */
	expect_eq(sigqueue(getpid(), LOW, (union sigval){ .sival_int = 9 }), 0);
	expect_eq(take(&info), LOW);
}

/* ---- who may say what -------------------------------------------------------------------------- */

static long say(pid_t pid, int sig, int code)
{
	siginfo_t info = { .si_code = code, .si_signo = 77 };

	info.si_pid = 4711;
	info.si_value.sival_int = 5;
	return syscall(SYS_rt_sigqueueinfo, pid, sig, &info);
}

static void forged(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	/* To oneself anything; to others nothing that only the kernel, kill or tgkill say. */
	expect_eq(say(getpid(), LOW, SI_USER), 0);
	expect_eq(take(&info), LOW);
	expect_eq(info.si_signo, LOW);
	expect_eq(info.si_pid, 4711);
	expect_errno(say(getppid(), 0, SI_USER), EPERM);
	expect_errno(say(getppid(), 0, SI_KERNEL), EPERM);
	expect_errno(say(getppid(), 0, SI_TKILL), EPERM);
	expect_eq(say(getppid(), 0, SI_QUEUE), 0);
	expect_eq(say(getppid(), 0, SI_MESGQ), 0);
	expect_errno(say(0x3ffffff, LOW, SI_QUEUE), ESRCH);
	expect_errno(say(getpid(), 65, SI_QUEUE), EINVAL);
	expect_errno(say(getpid(), -1, SI_QUEUE), EINVAL);
	info = (siginfo_t){ .si_code = SI_QUEUE };
	info.si_value.sival_int = 6;
	expect_eq(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), LOW, &info), 0);
	expect_eq(take(&info), LOW);
	expect_eq(info.si_value.sival_int, 6);
	expect_errno(syscall(SYS_rt_tgsigqueueinfo, 1, getpid(), LOW, &info), ESRCH);
	expect_errno(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), LOW, &info), EINVAL);
	expect_errno(syscall(SYS_rt_tgsigqueueinfo, getpid(), -1, LOW, &info), EINVAL);
	expect_errno(syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
	expect_errno(syscall(SYS_tgkill, -1, getpid(), 0), EINVAL);
	expect_errno(syscall(SYS_tkill, 0, 0), EINVAL);
	expect_errno(syscall(SYS_tkill, 0x3ffffff, 0), ESRCH);
	expect_errno(syscall(SYS_tgkill, getppid(), getpid(), 0), ESRCH);
}

static void stranger_child(void)
{
	must(setuid(31235) == 0);
	expect_errno(kill(getppid(), 0), EPERM);
	expect_errno(kill(getppid(), SIGTERM), EPERM);
	/* In one's session SIGCONT is always free. */
	expect_eq(kill(getppid(), SIGCONT), 0);
	expect_errno(sigqueue(getppid(), LOW, (union sigval){ .sival_int = 0 }), EPERM);
}

static int in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

/* ---- waiting ----------------------------------------------------------------------------------- */

static void nothing(int sig)
{
	(void)sig;
}

static void *later(void *arg)
{
	usleep(20000);
	pthread_kill(*(pthread_t *)arg, SIGALRM);
	return NULL;
}

/* Another signal's handler ends the wait; one that is waited for is taken without a handler. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct timespec ts = { 100, 0 };
	pthread_t thread, self = pthread_self();
	sigset_t low;

	sigaction(SIGALRM, &sa, NULL);
	sigemptyset(&low);
	sigaddset(&low, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &low, NULL);
	sigemptyset(&low);
	sigaddset(&low, LOW);
	must(pthread_create(&thread, NULL, later, &self) == 0);
	expect_errno(sigtimedwait(&low, NULL, &ts), EINTR);
	pthread_join(thread, NULL);
	ts = (struct timespec){ 0, 1000000000 };
	expect_errno(sigtimedwait(&low, NULL, &ts), EINVAL);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* Flags that the kernel does not know are not there afterwards. */
static void unknown_flags(void)
{
	unsigned int act[5] = { (unsigned int)(unsigned long)nothing, 0, 0, 0, 0 }, old[5];

	act[1] = 0x400 | SA_RESTART | 0x100000;
	must(syscall(SYS_rt_sigaction, LOW, act, NULL, 8) == 0);
	must(syscall(SYS_rt_sigaction, LOW, NULL, old, 8) == 0);
	expect_eq(old[1], SA_RESTART);
	expect_eq(old[0], act[0]);
	signal(LOW, SIG_DFL);
}

int main(void)
{
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	order();
	own_first();
	ignored_and_blocked();
	forged();
	interrupted();
	unknown_flags();
	if (getuid())
		skip("needs root for the rest");
	expect_eq(in_child(limited_child), 0);
	expect_eq(in_child(stranger_child), 0);
	return test_result();
}
