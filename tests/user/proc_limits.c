/*
 * tests/user/proc_limits.c - resource limits, usage, priorities; a fork bomb stops at its limit.
 *
 * calls: nice getpriority setpriority getrusage sched_yield sched_setparam
 * calls: sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max
 * calls: sched_get_priority_min sched_rr_get_interval sched_setaffinity sched_setattr sched_getattr
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

/* In a child, so that what it does to itself stays there. => its exit status */
static int in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		test_failures = 0;
		fn();
		_exit(test_result());
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

/* struct sched_attr by number, as every libc has to do it. */
struct attr {
	unsigned int size, policy;
	unsigned long long flags;
	int nice;
	unsigned int priority;
	unsigned long long runtime, deadline, period;
	unsigned int util_min, util_max;
	unsigned long more[4];
};

static void attributes(void)
{
	struct attr attr = { .size = 48 }, back;

	expect_eq(syscall(SYS_sched_getattr, 0, &back, 48, 0), 0);
	expect(back.size == 48 && back.policy == SCHED_OTHER && !back.nice && !back.priority);
	attr.nice = 7;
	expect_eq(syscall(SYS_sched_setattr, 0, &attr, 0), 0);
	expect_eq(getpriority(PRIO_PROCESS, 0), 7);
	attr.nice = 99;		/* as much as there is */
	attr.size = 0;		/* the first version's */
	expect_eq(syscall(SYS_sched_setattr, 0, &attr, 0), 0);
	memset(&back, 0xff, sizeof(back));
	expect_eq(syscall(SYS_sched_getattr, 0, &back, sizeof(back), 0), 0);
	expect(back.size == 56 && back.nice == 19);
	attr.flags = 0x18;	/* policy and parameters stay */
	attr.nice = 0;
	attr.policy = 77;
	expect_eq(syscall(SYS_sched_setattr, 0, &attr, 0), 0);
	expect_eq(getpriority(PRIO_PROCESS, 0), 19);
	attr.flags = 0;
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 0), EINVAL);
	attr.policy = SCHED_OTHER;
	attr.priority = 1;
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 0), EINVAL);
	attr.priority = 0;
	attr.flags = 1ull << 40;
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 0), EINVAL);
	attr.flags = 0;
	attr.size = sizeof(attr);
	expect_eq(syscall(SYS_sched_setattr, 0, &attr, 0), 0);
	attr.more[3] = 1;	/* something that the kernel would have to know */
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 0), E2BIG);
	expect_eq(attr.size, 56);
	attr.size = 47;
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 0), E2BIG);
	expect_errno(syscall(SYS_sched_setattr, 0, BAD_PTR, 0), EFAULT);
	expect_errno(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
	attr.size = 48;
	expect_errno(syscall(SYS_sched_setattr, 0, &attr, 1), EINVAL);
	expect_errno(syscall(SYS_sched_setattr, -1, &attr, 0), EINVAL);
	expect_errno(syscall(SYS_sched_setattr, 0x7ffffff, &attr, 0), ESRCH);
	expect_errno(syscall(SYS_sched_getattr, 0x7ffffff, &back, 48, 0), ESRCH);
	expect_errno(syscall(SYS_sched_getattr, 0, &back, 47, 0), EINVAL);
	expect_errno(syscall(SYS_sched_getattr, 0, &back, 4097, 0), EINVAL);
	expect_errno(syscall(SYS_sched_getattr, 0, BAD_PTR, 48, 0), EFAULT);
}

static void rlimits(void)
{
	struct rlimit lim, back;

	expect(getrlimit(RLIMIT_STACK, &lim) == 0);
	expect(lim.rlim_cur >= 1 << 20);
	expect(getrlimit(RLIMIT_NOFILE, &lim) == 0);
	expect(lim.rlim_cur >= 256);
	lim.rlim_cur = 100;
	lim.rlim_max = 200;
	expect(setrlimit(RLIMIT_NOFILE, &lim) == 0);
	expect(getrlimit(RLIMIT_NOFILE, &back) == 0);
	expect(back.rlim_cur == 100 && back.rlim_max == 200);
	expect_eq(sysconf(_SC_OPEN_MAX), 100);
	for (int i = 0; i < 120; i++)
		dup(0);
	expect_errno(dup(0), EMFILE);
	lim.rlim_cur = 201;
	expect_errno(setrlimit(RLIMIT_NOFILE, &lim), EINVAL);
	expect_errno(getrlimit(99, &lim), EINVAL);
	expect_errno(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 1, 0), EFAULT);
	expect_errno(syscall(SYS_prlimit64, 0x7ffffff, RLIMIT_NOFILE, 0, &back), ESRCH);
	/* The three calls agree. */
	{
		unsigned long words[2];

		expect(syscall(SYS_ugetrlimit, RLIMIT_NOFILE, words) == 0);
		expect(words[0] == 100 && words[1] == 200);
		expect(syscall(SYS_getrlimit, RLIMIT_NOFILE, words) == 0);
		expect(words[0] == 100 && words[1] == 200);
		words[0] = 50;
		expect(syscall(SYS_setrlimit, RLIMIT_NOFILE, words) == 0);
		expect(getrlimit(RLIMIT_NOFILE, &back) == 0 && back.rlim_cur == 50);
		expect_errno(syscall(SYS_setrlimit, RLIMIT_NOFILE, 1), EFAULT);
	}
	/* Inherited. */
	if (!fork()) {
		getrlimit(RLIMIT_NOFILE, &back);
		_exit(back.rlim_cur == 50 ? 0 : 1);
	} else {
		int status;

		wait(&status);
		expect_eq(status, 0);
	}
	if (!getuid() && !setuid(1000)) {
		lim.rlim_cur = lim.rlim_max = 300;
		expect_errno(setrlimit(RLIMIT_NOFILE, &lim), EPERM);
	}
}

static void usage(void)
{
	struct rusage before, after, ru;
	enum { PAGES = 64 };
	volatile char *p;
	pid_t pid;
	int status;

	getrusage(RUSAGE_SELF, &before);
	p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++)
		p[i * 4096] = 1;
	getrusage(RUSAGE_SELF, &after);
	/* Linux may fault in more than one page at a time, but not for nothing. */
	expect(after.ru_minflt > before.ru_minflt);
	expect(after.ru_maxrss >= before.ru_maxrss && after.ru_maxrss > 100);
	munmap((void *)p, PAGES * 4096);
	usleep(1000);
	getrusage(RUSAGE_SELF, &before);
	expect(before.ru_nvcsw > after.ru_nvcsw);
	expect_errno(getrusage(5, &ru), EINVAL);
	expect_errno(syscall(SYS_getrusage, RUSAGE_SELF, 1), EFAULT);

	pid = fork();
	if (!pid) {
		p = mmap(NULL, 1024 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (int i = 0; i < 1024; i++)
			p[i * 4096] = 1;
		_exit(0);
	}
	must(wait4(pid, &status, 0, &ru) == pid);
	expect(ru.ru_maxrss >= 4096);
	getrusage(RUSAGE_CHILDREN, &after);
	expect(after.ru_maxrss >= 4096);
	expect(after.ru_minflt >= ru.ru_minflt && ru.ru_minflt > 0);
	expect(getrusage(RUSAGE_THREAD, &ru) == 0);
}

static void priorities(void)
{
	struct sched_param param = { 0 };
	cpu_set_t set;

	errno = 0;
	expect_eq(getpriority(PRIO_PROCESS, 0), 0);
	expect(setpriority(PRIO_PROCESS, 0, 5) == 0);
	expect_eq(getpriority(PRIO_PROCESS, 0), 5);
	expect_eq(nice(3), 8);
	expect_eq(getpriority(PRIO_PROCESS, getpid()), 8);
	expect(setpriority(PRIO_PROCESS, 0, 100) == 0);
	expect_eq(getpriority(PRIO_PROCESS, 0), 19);
	expect_errno(getpriority(7, 0), EINVAL);
	expect_errno(setpriority(PRIO_PROCESS, 0x7ffffff, 0), ESRCH);
	if (!fork()) {
		_exit(getpriority(PRIO_PROCESS, 0) == 19 ? 0 : 1);
	} else {
		int status;

		wait(&status);
		expect_eq(status, 0);
	}
	if (!getuid()) {
		expect(setpriority(PRIO_PROCESS, 0, -7) == 0);
		expect_eq(getpriority(PRIO_PROCESS, 0), -7);
		expect(setpriority(PRIO_PROCESS, 0, 0) == 0);
		if (!setuid(1000)) {
			struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_NICE, &none);
			expect_errno(setpriority(PRIO_PROCESS, 0, -1), EACCES);
			expect_errno(nice(-1), EPERM);
		}
	}
	expect_eq(sched_yield(), 0);
	expect_eq(sched_getscheduler(0), SCHED_OTHER);
	expect(sched_setscheduler(0, SCHED_OTHER, &param) == 0);
	expect(sched_getparam(0, &param) == 0 && param.sched_priority == 0);
	param.sched_priority = 1;
	expect_errno(sched_setscheduler(0, SCHED_OTHER, &param), EINVAL);
	expect_errno(sched_setparam(0, &param), EINVAL);
	expect_errno(sched_getscheduler(0x7ffffff), ESRCH);
	expect_errno(sched_getscheduler(-1), EINVAL);
	expect_eq(sched_get_priority_max(SCHED_OTHER), 0);
	expect_eq(sched_get_priority_min(SCHED_OTHER), 0);
	expect_errno(sched_get_priority_max(55), EINVAL);
	{
		struct timespec ts = { 0, 0 };

		expect(sched_rr_get_interval(0, &ts) == 0);
		expect(ts.tv_sec == 0 && ts.tv_nsec >= 0);
	}
	CPU_ZERO(&set);
	expect(sched_getaffinity(0, sizeof(set), &set) == 0);
	expect(CPU_COUNT(&set) >= 1);
	expect(sched_setaffinity(0, sizeof(set), &set) == 0);
	CPU_ZERO(&set);
	expect_errno(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	expect_errno(syscall(SYS_sched_getaffinity, 0, 1, &set), EINVAL);
}

/* RLIMIT_CPU: SIGXCPU at the soft limit, SIGKILL at the hard one. */
static volatile int xcpu;
static void on_xcpu(int sig)
{
	(void)sig;
	xcpu++;
}
static void cpu_limit(void)
{
	struct rlimit lim = { 1, 2 };

	signal(SIGXCPU, on_xcpu);
	setrlimit(RLIMIT_CPU, &lim);
	while (!xcpu)
		;
	for (;;)
		;
}

/*
 * A fork bomb under RLIMIT_NPROC: it gets EAGAIN, and all that it made can be waited for.
 * Not as root, whom the limit does not bind.
 */
static void bomb(void)
{
	enum { MAX = 50 };
	struct rlimit lim = { MAX, MAX };
	int made = 0, status, reaped = 0;
	pid_t pids[MAX + 1];

	if (!getuid() && setuid(54321))
		return;
	setrlimit(RLIMIT_NPROC, &lim);
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			for (;;)
				pause();
		if (pid < 0)
			break;
		must(made <= MAX);
		pids[made++] = pid;
	}
	expect_eq(errno, EAGAIN);
	expect(made >= 1 && made < MAX);
	for (int i = 0; i < made; i++)
		kill(pids[i], SIGKILL);
	while (wait(&status) > 0)
		reaped++;
	expect_eq(reaped, made);
	/* There is room again. */
	pids[0] = fork();
	if (!pids[0])
		_exit(0);
	expect(pids[0] > 0);
	wait(&status);
}

int main(void)
{
	int status;

	expect_eq(in_child(rlimits), 0);
	expect_eq(in_child(usage), 0);
	expect_eq(in_child(priorities), 0);
	expect_eq(in_child(attributes), 0);
	status = in_child(cpu_limit);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_eq(in_child(bomb), 0);
	return test_result();
}
