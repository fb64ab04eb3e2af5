/*
 * tests/user/proc_time.c - clocks, sleeping, interval timers, alarm.
 *
 * calls: alarm getitimer setitimer clock_settime64 clock_getres_time64
 * calls: clock_nanosleep_time64 nanosleep times
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

static volatile int hits;

static void handler(int sig)
{
	(void)sig;
	hits++;
}

static long long now_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	expect(clock_gettime(clock, &ts) == 0);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void clocks(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
		CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME };
	struct timespec ts;
	struct timeval tv;
	long long last = 0, t;
	int word[4];

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		expect(clock_gettime(all[i], &ts) == 0);
		expect(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
		expect(clock_getres(all[i], &ts) == 0);
		expect(ts.tv_sec == 0 && ts.tv_nsec > 0 && ts.tv_nsec <= 10000000);
	}
	expect_errno(clock_gettime(77, &ts), EINVAL);
	expect_errno(clock_getres(-99999, &ts), EINVAL);
	/* It never goes back. */
	for (int i = 0; i < 2000; i++) {
		t = now_ns(CLOCK_MONOTONIC);
		expect(t >= last);
		last = t;
	}
	/* All the ways to ask for the time of day agree. */
	expect(gettimeofday(&tv, NULL) == 0);
	t = now_ns(CLOCK_REALTIME) / 1000000000;
	expect(t - tv.tv_sec >= 0 && t - tv.tv_sec <= 1);
	expect(t - time(NULL) <= 1 && time(NULL) - t <= 1);
	expect(t > 1600000000);
	/* The 32-bit calls, which the C library may not use. */
	expect(syscall(SYS_clock_gettime, CLOCK_REALTIME, word) == 0);
	expect(word[0] - t <= 1 && word[0] - t >= 0);
	expect_eq(syscall(SYS_time, &word[1]), word[1]);
	expect(word[1] - t <= 1);
	expect_errno(syscall(SYS_time, 1), EFAULT);
	expect_errno(syscall(SYS_gettimeofday, 1, 0), EFAULT);
	expect_errno(syscall(SYS_clock_gettime, CLOCK_REALTIME, 1), EFAULT);
	expect_errno(syscall(SYS_clock_gettime64, CLOCK_REALTIME, 1), EFAULT);
}

static void setting(void)
{
	struct timespec ts, back;
	long long before;

	if (geteuid())
		return;
	clock_gettime(CLOCK_REALTIME, &back);
	ts = back;
	ts.tv_nsec = 1000000000;
	expect_errno(clock_settime(CLOCK_REALTIME, &ts), EINVAL);
	expect_errno(clock_settime(CLOCK_MONOTONIC, &back), EINVAL);
	/* Monotonic time does not care what the wall clock is set to. */
	before = now_ns(CLOCK_MONOTONIC);
	if (clock_settime(CLOCK_REALTIME, &back) == 0)
		expect(now_ns(CLOCK_MONOTONIC) - before < 1000000000);
}

/* A sleep is never shorter than asked for. */
static void sleeps(void)
{
	static const long ns[] = { 1, 1000000, 10000000, 25000000, 70000000 };
	struct timespec ts = { 0, 0 }, abs;

	for (unsigned int i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
		long long t0 = now_ns(CLOCK_MONOTONIC), dt;

		ts.tv_nsec = ns[i];
		expect(nanosleep(&ts, NULL) == 0);
		dt = now_ns(CLOCK_MONOTONIC) - t0;
		expect(dt >= ns[i]);
		expect(dt < ns[i] + 3000000000LL);
	}
	clock_gettime(CLOCK_MONOTONIC, &abs);
	abs.tv_nsec += 50000000;
	if (abs.tv_nsec >= 1000000000) {
		abs.tv_nsec -= 1000000000;
		abs.tv_sec++;
	}
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL), 0);
	expect(now_ns(CLOCK_MONOTONIC) >= abs.tv_sec * 1000000000LL + abs.tv_nsec);
	/* A moment that has passed. */
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL), 0);
	abs.tv_sec = 1;
	expect_eq(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &abs, NULL), 0);
	expect_eq(clock_nanosleep(99, 0, &ts, NULL), EINVAL);
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &ts, NULL), EOPNOTSUPP);
}

static void timers(void)
{
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } }, old;
	long long t0;

	signal(SIGALRM, handler);
	hits = 0;
	t0 = now_ns(CLOCK_MONOTONIC);
	expect(setitimer(ITIMER_REAL, &it, NULL) == 0);
	while (hits < 5)
		pause();
	expect(now_ns(CLOCK_MONOTONIC) - t0 >= 95000000);
	expect(getitimer(ITIMER_REAL, &old) == 0);
	expect(old.it_interval.tv_usec >= 20000 && old.it_interval.tv_usec <= 24000);
	expect(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 40000);
	memset(&it, 0, sizeof(it));
	expect(setitimer(ITIMER_REAL, &it, &old) == 0);
	hits = 0;
	usleep(60000);
	expect_eq(hits, 0);
	it.it_value.tv_usec = 1000000;
	expect_errno(setitimer(ITIMER_REAL, &it, NULL), EINVAL);
	expect_errno(syscall(SYS_setitimer, 5, 0, 0), EINVAL);
	expect_errno(getitimer(-1, &old), EINVAL);

	/* alarm() is the same timer. */
	expect_eq(alarm(100), 0);
	expect_eq(alarm(50), 100);
	getitimer(ITIMER_REAL, &old);
	expect(old.it_value.tv_sec == 49 || old.it_value.tv_sec == 50);
	expect_eq(alarm(0), 50);
	expect_eq(alarm(0), 0);
}

/* These count only while the process runs. */
static void cpu_timers(void)
{
	struct itimerval it = { { 0, 0 }, { 0, 50000 } };
	struct rusage ru;

	signal(SIGVTALRM, handler);
	signal(SIGPROF, handler);
	hits = 0;
	expect(setitimer(ITIMER_VIRTUAL, &it, NULL) == 0);
	while (!hits)
		;
	expect_eq(hits, 1);
	getrusage(RUSAGE_SELF, &ru);
	expect(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec >= 40000);
	expect(setitimer(ITIMER_PROF, &it, NULL) == 0);
	while (hits < 2)
		;
	/* A sleeping process uses none. */
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	usleep(150000);
	expect_eq(hits, 2);
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_VIRTUAL, &it, NULL);
}

/* Timers are not inherited by fork, but live through exec. */
static void inherit(void)
{
	int status;
	pid_t pid;

	alarm(100);
	pid = fork();
	if (!pid)
		_exit(alarm(0) == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	alarm(0);
	pid = fork();
	if (!pid) {
		alarm(100);
		execl("/proc/self/exe", "proc_time", "alarm", (char *)0);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
}

static void process_times(void)
{
	struct tms a, b;
	clock_t t0 = times(&a), t1;
	int status;
	pid_t pid = fork();

	if (!pid) {
		long long end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + 100000000;

		while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
			;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	t1 = times(&b);
	expect(t1 - t0 >= 8);
	expect(b.tms_cutime + b.tms_cstime - a.tms_cutime - a.tms_cstime >= 8);
	expect_errno(syscall(SYS_times, 1), EFAULT);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "alarm"))
		return alarm(0) > 90 ? 0 : 1;
	clocks();
	setting();
	sleeps();
	timers();
	cpu_timers();
	inherit();
	process_times();
	return test_result();
}
