/*
 * tests/user/proc_bomb.c - as many processes as the machine allows: fork says EAGAIN (or, out
 * of memory, ENOMEM), nothing is lost, and afterwards all is as before.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

static long read_number(const char *path)
{
	char buf[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		return -1;
	close(fd);
	return atol(buf);
}

static long meminfo(const char *what)
{
	char buf[4096], *p;
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t len;

	must(fd >= 0);
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	must(len > 0);
	buf[len] = 0;
	p = strstr(buf, what);
	must(p != NULL);
	return atol(p + strlen(what));
}

static long round_of_forks(long limit)
{
	long made = 0, reaped = 0;
	int status, err = 0;

	for (;;) {
		pid_t pid = fork();

		if (!pid)
			for (;;)
				pause();
		if (pid < 0) {
			err = errno;
			break;
		}
		made++;
		must(made <= limit);
	}
	expect(err == EAGAIN || err == ENOMEM);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(&status) > 0) {
		reaped++;
		expect(WIFSIGNALED(status));
	}
	signal(SIGTERM, SIG_DFL);
	expect_eq(reaped, made);
	return made;
}

int main(void)
{
	long limit = read_number("/proc/sys/kernel/threads-max"), before, first;
	int tries = 0;

	if (limit < 0 || limit > 4000)
		skip("the task limit of this machine is too high to be reached in a test");
	if (meminfo("MemFree:") / limit < 48)
		skip("not enough memory for as many processes as the limit allows");
	setpgid(0, 0);
	first = round_of_forks(limit);
	before = meminfo("MemFree:");
	/* The second round leaves what the first left: nothing. */
	expect(round_of_forks(limit) >= first - 2);
	/* The structures of the dead are freed a little later, when nobody can be looking at them. */
	while (meminfo("MemFree:") <= before - 512 && tries++ < 100)
		usleep(20000);
	expect(tries < 100);
	return test_result();
}
