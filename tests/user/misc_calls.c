/*
 * tests/user/misc_calls.c - calls about the machine as a whole, asked rightly and wrongly.
 *
 * Where a call needs a privilege that this process lacks (a container on Linux), that part is
 * left out.
 *
 * calls: newuname olduname oldolduname sethostname setdomainname sysinfo getcpu getrandom
 * calls: reboot syslog vhangup
 */
#define _GNU_SOURCE
#include "test.h"

#include <sched.h>
#include <sys/klog.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *const volatile bad = (void *)1, *const volatile kernel = (void *)0xc0000000;

static void names(void)
{
	struct utsname u, v;
	char old[5 * 65 + 1], oldest[5 * 9 + 1], text[70];

	memset(old, 'Z', sizeof(old));
	memset(oldest, 'Z', sizeof(oldest));
	expect_eq(uname(&u), 0);
	expect(!strcmp(u.sysname, "Linux"));
	expect(!strcmp(u.machine, "i686") || !strcmp(u.machine, "x86_64"));
	expect(u.release[0] >= '2' && u.release[0] <= '9');
	expect_eq(syscall(109, old), 0);
	expect(!strcmp(old, u.sysname) && !strcmp(old + 2 * 65, u.release) && old[5 * 65] == 'Z');
	if (syscall(59, oldest) == 0)
		expect(!strcmp(oldest, "Linux") && oldest[5 * 9] == 'Z');
	expect_errno(syscall(SYS_uname, bad), EFAULT);
	expect_errno(syscall(SYS_uname, kernel), EFAULT);
	expect_errno(syscall(109, bad), EFAULT);
	expect_errno(syscall(59, kernel), EFAULT);
	if (geteuid() != 0 || sethostname(u.nodename, strlen(u.nodename)) != 0)
		return;
	expect_eq(sethostname("octopus", 7), 0);
	expect_eq(gethostname(text, sizeof(text)), 0);
	expect(!strcmp(text, "octopus"));
	memset(text, 'n', 65);
	expect_errno(sethostname(text, 65), EINVAL);
	expect_errno(syscall(SYS_sethostname, text, -1), EINVAL);
	expect_errno(sethostname(bad, 5), EFAULT);
	expect_eq(sethostname(text, 64), 0);
	expect_eq(uname(&v), 0);
	expect_eq(strlen(v.nodename), 64);
	expect_eq(sethostname("", 0), 0);
	expect_eq(uname(&v), 0);
	expect_eq(v.nodename[0], 0);
	expect_eq(sethostname(u.nodename, strlen(u.nodename)), 0);
	expect_eq(setdomainname(u.domainname, strlen(u.domainname)), 0);
}

static void unprivileged(void)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return;
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(setuid(65534) == 0);
		expect_errno(sethostname("x", 1), EPERM);
		expect_errno(syscall(SYS_reboot, 1, 2, 3, 0), EPERM);
		expect_errno(syscall(SYS_vhangup), EPERM);
		expect_errno(klogctl(5, NULL, 0), EPERM);
		exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

static void figures(void)
{
	struct sysinfo si;
	struct timespec ts;
	unsigned cpu = 99, node = 99;
	unsigned long long total;

	expect_eq(sysinfo(&si), 0);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	total = (unsigned long long)si.totalram * si.mem_unit;
	expect(total > 4 << 20);
	expect(si.freeram <= si.totalram && si.freehigh <= si.totalhigh && si.totalhigh <= si.totalram);
	expect(si.procs >= 1);
	expect(si.uptime - ts.tv_sec <= 1 || ts.tv_sec < si.uptime);
	expect_errno(syscall(SYS_sysinfo, bad), EFAULT);
	expect_errno(syscall(SYS_sysinfo, kernel), EFAULT);
	expect_eq(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
	expect(cpu < 1024 && node < 64);
	expect_eq(syscall(SYS_getcpu, NULL, NULL, NULL), 0);
	expect_errno(syscall(SYS_getcpu, bad, NULL, NULL), EFAULT);
}

static void random_bytes(void)
{
	static unsigned char a[100000], b[100000];
	unsigned counts[256] = { 0 }, i;

	expect_eq(getrandom(a, 16, 0), 16);
	expect_eq(getrandom(b, 16, GRND_NONBLOCK), 16);
	expect(memcmp(a, b, 16));
	expect_eq(getrandom(a, 0, 0), 0);
	for (i = 0; i < sizeof(a);) {
		ssize_t n = getrandom(a + i, sizeof(a) - i, 0);

		must(n > 0);
		i += n;
	}
	for (i = 0; i < sizeof(a); i++)
		counts[a[i]]++;
	for (i = 0; i < 256; i++)	/* 390.6 on average, 8 standard deviations */
		expect(counts[i] > 230 && counts[i] < 550);
	expect_errno(getrandom(a, 1, 0x100), EINVAL);
	expect_errno(getrandom(a, 1, GRND_RANDOM | 4), EINVAL);
	expect_errno(syscall(SYS_getrandom, bad, 10, 0), EFAULT);
	expect_errno(syscall(SYS_getrandom, kernel, 10, 0), EFAULT);
}

/* The wrong words do nothing (the right ones would). */
static void no_reboot(void)
{
	if (geteuid() != 0)
		return;
	errno = 0;
	if (syscall(SYS_reboot, 0xfee1dead, 1, 0x1234567, 0) == -1 && errno == EPERM)
		return;
	expect_errno(syscall(SYS_reboot, 0xfee1dead, 1, 0x1234567, 0), EINVAL);
	expect_errno(syscall(SYS_reboot, 1, 672274793, 0x1234567, 0), EINVAL);
	expect_errno(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x77777777, 0), EINVAL);
}

static void kernel_log(void)
{
	static char log[1 << 20];
	int size = klogctl(10, NULL, 0), n;

	if (size < 0)
		return;		/* not for us */
	expect(size >= 4096);
	memset(log, 'Z', sizeof(log));
	n = klogctl(3, log, sizeof(log));
	if (n < 0)
		return;
	expect(n > 0 && log[n] == 'Z' && log[n - 1] == '\n' && log[0] == '<');
	memset(log, 'Z', sizeof(log));
	n = klogctl(3, log, 200);
	expect(n >= 0 && n <= 200 && log[200] == 'Z');
	expect_errno(klogctl(3, NULL, 10), EINVAL);
	expect_errno(klogctl(3, log, -1), EINVAL);
	expect_eq(klogctl(3, log, 0), 0);
	expect_errno(klogctl(3, kernel, 4096), EFAULT);
	expect_errno(klogctl(99, log, 10), EINVAL);
	if (geteuid() == 0 && klogctl(9, NULL, 0) >= 0) {
		expect_errno(klogctl(8, NULL, 0), EINVAL);
		expect_errno(klogctl(8, NULL, 9), EINVAL);
	}
}

static void absent(void)
{
	expect_errno(syscall(17), ENOSYS);	/* break: nobody ever had it */
	expect_errno(syscall(5000), ENOSYS);
	expect_errno(syscall(-1), ENOSYS);
	expect_errno(syscall(0x7fffffff), ENOSYS);
}

int main(void)
{
	names();
	unprivileged();
	figures();
	random_bytes();
	no_reboot();
	kernel_log();
	absent();
	return test_result();
}
