/*
 * sig_timers - timers made by number: timer_create() and its kin.
 *
 * What they tell and to whom, intervals and overruns, absolute moments, what fork and exec leave
 * of them, and everything that they refuse.  Times are only ever waited for, never measured
 * against an upper bound.
 *
 * calls: timer_create timer_settime timer_gettime timer_getoverrun timer_delete
 * calls: timer_gettime64 timer_settime64
 */
#define _GNU_SOURCE
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define RT	(SIGRTMIN + 1)
#define MS	1000000

/* The kernel's own calls: the C library has its own idea of a timer_t. */
static int t_create(clockid_t clock, const struct sigevent *event, int *id)
{
	return (int)syscall(SYS_timer_create, clock, event, id);
}

struct spec32 { int interval_s, interval_ns, value_s, value_ns; };

static int t_set(int id, int flags, long value_ns, long interval_ns, struct spec32 *old)
{
	struct spec32 new = { (int)(interval_ns / (1000 * MS)), (int)(interval_ns % (1000 * MS)),
			      (int)(value_ns / (1000 * MS)), (int)(value_ns % (1000 * MS)) };

	return (int)syscall(SYS_timer_settime, id, flags, &new, old);
}

static int t_get(int id, struct spec32 *now)
{
	return (int)syscall(SYS_timer_gettime, id, now);
}

static int t_overrun(int id)
{
	return (int)syscall(SYS_timer_getoverrun, id);
}

static int t_delete(int id)
{
	return (int)syscall(SYS_timer_delete, id);
}

static struct sigevent event(int notify, int signo, int value)
{
	struct sigevent e = { .sigev_notify = notify, .sigev_signo = signo,
			      .sigev_value.sival_int = value };

	return e;
}

static int new_timer(int notify, int signo, int value)
{
	struct sigevent e = event(notify, signo, value);
	int id = -1;

	must(t_create(CLOCK_MONOTONIC, &e, &id) == 0);
	return id;
}

static sigset_t blocked;

/* Wait for one of the blocked signals, ten seconds at most. => its number, -1 */
static int take(siginfo_t *info)
{
	struct timespec ts = { 10, 0 };

	return sigtimedwait(&blocked, info, &ts);
}

/* Is there one already? */
static int taken_at_once(siginfo_t *info)
{
	struct timespec ts = { 0, 0 };

	return sigtimedwait(&blocked, info, &ts);
}

static void once(void)
{
	int id = new_timer(SIGEV_SIGNAL, RT, 77);
	struct spec32 now;
	siginfo_t info;

	must(t_get(id, &now) == 0);
	expect(!now.value_s && !now.value_ns && !now.interval_s && !now.interval_ns);
	must(t_set(id, 0, 20 * MS, 0, NULL) == 0);
	must(t_get(id, &now) == 0);
	expect(!now.value_s && now.value_ns > 0 && now.value_ns <= 20 * MS);
	expect_eq(take(&info), RT);
	expect_eq(info.si_signo, RT);
	expect_eq(info.si_code, SI_TIMER);
	expect_eq(info.si_timerid, id);
	expect_eq(info.si_overrun, 0);
	expect_eq(info.si_value.sival_int, 77);
	must(t_get(id, &now) == 0);
	expect(!now.value_s && !now.value_ns);
	expect_eq(t_overrun(id), 0);
	expect_eq(taken_at_once(&info), -1);
	must(t_delete(id) == 0);
	expect_errno(t_delete(id), EINVAL);
}

/* Without an event: SIGALRM, and the number as its value. */
static void plain(void)
{
	struct spec32 old;
	siginfo_t info;
	int id = -1;

	must(t_create(CLOCK_REALTIME, NULL, &id) == 0);
	must(t_set(id, 0, 10 * MS, 0, NULL) == 0);
	expect_eq(take(&info), SIGALRM);
	expect_eq(info.si_code, SI_TIMER);
	expect_eq(info.si_value.sival_int, id);
	/* A long one, and what was left of it is told. */
	must(t_set(id, 0, 1000L * MS, 0, NULL) == 0);
	must(t_set(id, 0, 0, 0, &old) == 0);
	expect(old.value_s <= 1 && (old.value_s || old.value_ns));
	must(t_set(id, 0, 10 * MS, 0, &old) == 0);
	expect(!old.value_s && !old.value_ns);
	expect_eq(take(&info), SIGALRM);
	must(t_delete(id) == 0);
}

static long long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* While its signal waits, a timer counts; not one expiration is lost or made up. */
static void overruns(void)
{
	int id = new_timer(SIGEV_SIGNAL, RT, 1), got = 0, signals = 0;
	long long start = now_ns(CLOCK_MONOTONIC), end;
	struct spec32 now;
	siginfo_t info;

	must(t_set(id, 0, MS, MS, NULL) == 0);
	must(t_get(id, &now) == 0);
	expect_eq(now.interval_ns, MS);
	expect(now.value_ns > 0 && now.value_ns <= MS);
	while (now_ns(CLOCK_MONOTONIC) - start < 60 * MS)
		;
	while (got < 100) {
		must(take(&info) == RT);
		expect_eq(info.si_overrun, t_overrun(id));
		got += 1 + info.si_overrun;
		expect(signals || info.si_overrun >= 40);
		signals++;
	}
	/* Each interval that has passed was told of, and none that has not. */
	end = now_ns(CLOCK_MONOTONIC);
	expect((end - start) / MS >= got);
	must(t_set(id, 0, 0, 0, NULL) == 0);
	while (taken_at_once(&info) == RT)
		;
	expect_eq(t_overrun(id), 0);
	must(t_delete(id) == 0);
}

/* Two timers with one normal signal: both are heard. */
static void two_of_one_number(void)
{
	int a = new_timer(SIGEV_SIGNAL, SIGUSR1, 1), b = new_timer(SIGEV_SIGNAL, SIGUSR1, 2);
	siginfo_t first, second;
	struct spec32 now;

	must(t_set(a, 0, MS, 0, NULL) == 0 && t_set(b, 0, MS, 0, NULL) == 0);
	do
		must(t_get(a, &now) == 0);
	while (now.value_ns);
	do
		must(t_get(b, &now) == 0);
	while (now.value_ns);
	expect_eq(take(&first), SIGUSR1);
	expect_eq(take(&second), SIGUSR1);
	expect_eq(first.si_value.sival_int + second.si_value.sival_int, 3);
	expect(t_delete(a) == 0 && t_delete(b) == 0);
}

/* A timer that is gone: its signal was sent all the same. */
static void deleted_with_signal(void)
{
	int id = new_timer(SIGEV_SIGNAL, RT, 5);
	struct spec32 now;
	siginfo_t info;

	must(t_set(id, 0, MS, 0, NULL) == 0);
	do
		must(t_get(id, &now) == 0);
	while (now.value_ns);
	must(t_delete(id) == 0);
	if (taken_at_once(&info) == RT)
		expect_eq(info.si_value.sival_int, 5);
}

static void moments(void)
{
	struct sigevent e = event(SIGEV_SIGNAL, RT, 0);
	int id = -1, real = -1, flags = TIMER_ABSTIME;
	long long at = now_ns(CLOCK_MONOTONIC) + 30 * MS;
	long long spec[4] = { 0, 0, at / 1000000000, at % 1000000000 }, get[4];
	siginfo_t info;

	must(t_create(CLOCK_MONOTONIC, &e, &id) == 0 && t_create(CLOCK_REALTIME, &e, &real) == 0);
	must(syscall(SYS_timer_settime64, id, flags, spec, NULL) == 0);
	must(syscall(SYS_timer_gettime64, id, get) == 0);
	expect(!get[0] && !get[1] && get[2] * 1000000000 + get[3] <= 30 * MS);
	expect_eq(take(&info), RT);
	expect(now_ns(CLOCK_MONOTONIC) >= at);
	/* Long ago: at once. */
	spec[2] = 0;
	spec[3] = 1;
	must(syscall(SYS_timer_settime64, id, flags, spec, NULL) == 0);
	expect_eq(take(&info), RT);
	at = now_ns(CLOCK_REALTIME) + 20 * MS;
	spec[2] = at / 1000000000;
	spec[3] = at % 1000000000;
	must(syscall(SYS_timer_settime64, real, flags, spec, NULL) == 0);
	expect_eq(take(&info), RT);
	expect(now_ns(CLOCK_REALTIME) >= at);
	/* As a span the same number is decades. */
	must(syscall(SYS_timer_settime64, real, 0, spec, NULL) == 0);
	must(syscall(SYS_timer_gettime64, real, get) == 0);
	expect(get[2] > 1000000000);
	expect_eq(taken_at_once(&info), -1);
	expect(t_delete(id) == 0 && t_delete(real) == 0);
}

static void nobody_told(void)
{
	int id = new_timer(SIGEV_NONE, 0, 0);
	struct spec32 now;
	siginfo_t info;

	must(t_set(id, 0, 20 * MS, 0, NULL) == 0);
	do
		must(t_get(id, &now) == 0);
	while (now.value_ns);
	must(t_set(id, 0, 2 * MS, 3 * MS, NULL) == 0);
	usleep(30000);
	must(t_get(id, &now) == 0);
	expect(now.value_ns > 0 && now.value_ns <= 3 * MS && now.interval_ns == 3 * MS);
	expect_eq(taken_at_once(&info), -1);
	must(t_delete(id) == 0);
}

/* ---- whom ------------------------------------------------------------------------------------ */

static int told_thread, told_signal;

static void *thread_waits(void *arg)
{
	struct sigevent e = event(SIGEV_THREAD_ID, RT, 9);
	siginfo_t info;
	int id = -1;

	(void)arg;
	e._sigev_un._tid = (int)syscall(SYS_gettid);
	must(t_create(CLOCK_MONOTONIC, &e, &id) == 0);
	must(t_set(id, 0, 5 * MS, 5 * MS, NULL) == 0);
	told_signal = take(&info);
	told_thread = info.si_value.sival_int;
	/* It is left running, for nobody. */
	return (void *)(long)id;
}

static void to_a_thread(void)
{
	struct sigevent e = event(SIGEV_THREAD_ID, RT, 0);
	struct spec32 now;
	siginfo_t info;
	pthread_t thread;
	void *id;
	int other;

	must(pthread_create(&thread, NULL, thread_waits, NULL) == 0);
	must(pthread_join(thread, &id) == 0);
	expect_eq(told_signal, RT);
	expect_eq(told_thread, 9);
	usleep(20000);
	expect_eq(taken_at_once(&info), -1);
	expect_eq(t_get((int)(long)id, &now), 0);
	expect_eq(t_delete((int)(long)id), 0);
	e._sigev_un._tid = 1;
	expect_errno(t_create(CLOCK_MONOTONIC, &e, &other), EINVAL);
	e._sigev_un._tid = 0x3ffffff;
	expect_errno(t_create(CLOCK_MONOTONIC, &e, &other), EINVAL);
}

/* A child has none of them, whatever its parent has; and its own go with it. */
static void family(void)
{
	int id = new_timer(SIGEV_SIGNAL, RT, 1), status;
	struct spec32 now;
	siginfo_t info;
	pid_t pid;

	must(t_set(id, 0, 10 * MS, 10 * MS, NULL) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		if (t_get(id, &now) != -1 || errno != EINVAL)
			_exit(1);
		usleep(30000);
		if (taken_at_once(&info) != -1)
			_exit(2);
		for (int i = 0; i < 10; i++)
			t_set(new_timer(SIGEV_SIGNAL, SIGKILL, 0), 0, 1000L * MS, 0, NULL);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
	expect_eq(take(&info), RT);
	must(t_delete(id) == 0);
	while (taken_at_once(&info) > 0)
		;
}

/* After exec: no timer, and none of the signals that timers had sent; others stay. */
static int after_exec(void)
{
	siginfo_t info;
	struct spec32 now;

	usleep(30000);
	expect_errno(t_get(0, &now), EINVAL);
	expect_errno(t_get(1, &now), EINVAL);
	expect_eq(taken_at_once(&info), SIGUSR2);
	expect_eq(taken_at_once(&info), -1);
	return test_result();
}

static void over_exec(const char *self)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		int a = new_timer(SIGEV_SIGNAL, RT, 0), b = new_timer(SIGEV_SIGNAL, SIGUSR2, 0);
		struct spec32 now;

		t_set(a, 0, MS, MS, NULL);
		t_set(b, 0, MS, 0, NULL);
		do
			t_get(b, &now);
		while (now.value_ns);
		raise(SIGUSR2);
		execl(self, self, "exec", NULL);
		_exit(99);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* ---- no -------------------------------------------------------------------------------------- */

static void refused(void)
{
	struct sigevent e = event(SIGEV_SIGNAL, RT, 0);
	struct spec32 bad = { 0, 0, 0, 1000000000 }, now;
	int id = -1, other;

	expect_errno(t_create(99, &e, &id), EINVAL);
	expect_errno(t_create(CLOCK_MONOTONIC_RAW, &e, &id), EOPNOTSUPP);
	expect_errno(t_create(CLOCK_MONOTONIC_COARSE, &e, &id), EOPNOTSUPP);
	e.sigev_signo = 65;
	expect_errno(t_create(CLOCK_MONOTONIC, &e, &id), EINVAL);
	e.sigev_signo = 0;
	expect_errno(t_create(CLOCK_MONOTONIC, &e, &id), EINVAL);
	e = event(3, RT, 0);
	expect_errno(t_create(CLOCK_MONOTONIC, &e, &id), EINVAL);
	e = event(SIGEV_SIGNAL, RT, 0);
	expect_errno(t_create(CLOCK_MONOTONIC, &e, (int *)BAD_PTR), EFAULT);
	expect_errno(t_create(CLOCK_MONOTONIC, (void *)BAD_PTR, &id), EFAULT);
	expect_errno(t_get(12345, &now), EINVAL);
	expect_errno(t_set(12345, 0, MS, 0, NULL), EINVAL);
	expect_errno(t_overrun(12345), EINVAL);
	expect_errno(t_delete(-1), EINVAL);
	must(t_create(CLOCK_BOOTTIME, &e, &id) == 0);
	must(t_create(CLOCK_BOOTTIME, &e, &other) == 0 && other != id);
	expect_errno(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
	expect_errno(syscall(SYS_timer_settime, id, 0, BAD_PTR, NULL), EFAULT);
	expect_errno(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	bad = (struct spec32){ 0, 0, -1, 0 };
	expect_errno(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	bad = (struct spec32){ 0, -1, 1, 0 };
	expect_errno(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	expect(t_delete(id) == 0 && t_delete(other) == 0);
}

/* Each timer counts against RLIMIT_SIGPENDING, even if it tells nobody. */
static void limited(void)
{
	struct sigevent none = event(SIGEV_NONE, 0, 0);
	struct rlimit limit = { 0, 0 };
	int id, status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		if (setrlimit(RLIMIT_SIGPENDING, &limit))
			_exit(1);
		expect_errno(t_create(CLOCK_MONOTONIC, NULL, &id), EAGAIN);
		expect_errno(t_create(CLOCK_MONOTONIC, &none, &id), EAGAIN);
		_exit(test_failures);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

int main(int argc, char **argv)
{
	sigemptyset(&blocked);
	sigaddset(&blocked, RT);
	sigaddset(&blocked, SIGALRM);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (argc > 1)
		return after_exec();
	over_exec(argv[0]);
	once();
	plain();
	overruns();
	two_of_one_number();
	deleted_with_signal();
	moments();
	nobody_told();
	to_a_thread();
	family();
	refused();
	limited();
	return test_result();
}
