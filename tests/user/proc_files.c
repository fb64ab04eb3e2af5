/*
 * tests/user/proc_files.c - /proc: each file reads whole and in pieces, a process finds itself
 * in it, and what is gone is gone.
 */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 20];
static char *const volatile nowhere = (char *)1;

/* => bytes of the file in text[], or -1 */
static long slurp(const char *path, size_t piece)
{
	size_t used = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + used, piece < sizeof(text) - 1 - used ? piece :
			 sizeof(text) - 1 - used)) > 0)
		used += n;
	close(fd);
	text[used] = '\0';
	return n < 0 ? -1 : (long)used;
}

static long slurpf(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return slurp(path, 4096);
}

/* The number behind @name in what was read, or -1. */
static long long field(const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoll(p + strlen(name), NULL, 0) : -1;
}

static void global_files(void)
{
	static const char *const names[] = {
		"version", "uptime", "loadavg", "stat", "meminfo", "cmdline", "cpuinfo", "interrupts",
		"filesystems", "mounts", "devices", "vmstat", "zoneinfo", "buddyinfo", "slabinfo",
		"swaps", "sys/kernel/ostype", "sys/kernel/osrelease", "sys/kernel/version",
		"sys/kernel/hostname", "sys/kernel/pid_max", "sys/kernel/threads-max",
		"sys/vm/max_map_count", "sys/vm/overcommit_memory", "sys/vm/min_free_kbytes",
		"self/status", "self/stat", "self/statm", "self/maps", "self/smaps", "self/cmdline",
		"self/comm", "self/limits", "self/oom_score", "self/oom_score_adj", "self/mounts",
	};
	char path[PATH_MAX];
	struct stat st;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s", names[i]);
		if (slurp(path, sizeof(text)) <= 0)
			test_fail("%s: cannot be read, or is empty (%s)", path, strerror(errno));
		if (slurp(path, 7) <= 0)
			test_fail("%s: cannot be read in pieces (%s)", path, strerror(errno));
		must(stat(path, &st) == 0);
		expect(S_ISREG(st.st_mode));
	}
}

/* How many times @what begins a line of @path. */
static int lines_with(const char *path, const char *what)
{
	int n = 0;

	must(slurp(path, sizeof(text)) > 0);
	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		n += !strncmp(p, what, strlen(what));
	}
	return n;
}

/* All files agree about how many processors there are. */
static void processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	int columns = 0;

	expect(n >= 1);
	expect_eq(lines_with("/proc/cpuinfo", "processor\t: "), n);
	expect_eq(lines_with("/proc/stat", "cpu"), n + 1);
	must(slurpf("/proc/interrupts") > 0);
	for (const char *p = text; (p = strstr(p, "CPU")) && p < strchr(text, '\n'); p++)
		columns++;
	expect_eq(columns, n);
	expect_eq(lines_with("/proc/interrupts", "LOC: "), 1);
	/* On which it runs: one of them. */
	must(slurpf("/proc/self/stat") > 0);
	{
		const char *p = strrchr(text, ')') + 2;

		for (int field = 3; field < 39; field++)
			p = strchr(p, ' ') + 1;
		expect(strtol(p, NULL, 10) >= 0 && strtol(p, NULL, 10) < sysconf(_SC_NPROCESSORS_CONF));
	}
}

static void contents(void)
{
	unsigned long up, idle, a, b, c, running, total;
	int pid;

	must(slurpf("/proc/uptime") > 0);
	expect_eq(sscanf(text, "%lu.%*u %lu.%*u\n", &up, &idle), 2);
	must(slurpf("/proc/loadavg") > 0);
	expect_eq(sscanf(text, "%lu.%*u %lu.%*u %lu.%*u %lu/%lu %d\n", &a, &b, &c, &running, &total,
			 &pid), 6);
	expect(running >= 1 && total >= running && pid >= getpid());
	must(slurpf("/proc/meminfo") > 0);
	expect(field("MemTotal:") > 0 && field("MemFree:") <= field("MemTotal:"));
	expect(strstr(text, "Committed_AS:") && strstr(text, "VmallocTotal:"));
	must(slurpf("/proc/stat") > 0);
	expect(!strncmp(text, "cpu  ", 5) && strstr(text, "\ncpu0 ") && strstr(text, "\nctxt "));
	a = (unsigned long)field("\nprocesses ");
	if (!fork())
		_exit(0);
	must(wait(NULL) > 0 && slurpf("/proc/stat") > 0);
	expect((unsigned long)field("\nprocesses ") > a);
	expect(field("\nbtime ") > 0);
	must(slurpf("/proc/filesystems") > 0);
	expect(strstr(text, "nodev\tproc\n"));
	must(slurpf("/proc/mounts") > 0);
	expect(strstr(text, " /proc proc "));
}

static void self(void)
{
	char target[PATH_MAX], comm[32], state;
	int pid, ppid, pgrp, session, n, fields = 0;
	unsigned long size, resident;

	n = readlink("/proc/self", target, sizeof(target) - 1);
	must(n > 0);
	target[n] = '\0';
	expect_eq(atoi(target), getpid());
	must(slurpf("/proc/self/stat") > 0);
	expect_eq(sscanf(text, "%d (%31[^)]) %c %d %d %d", &pid, comm, &state, &ppid, &pgrp, &session), 6);
	expect_eq(pid, getpid());
	expect_eq(ppid, getppid());
	expect_eq(pgrp, getpgrp());
	expect_eq(session, getsid(0));
	expect_eq(state, 'R');
	expect(!strncmp(comm, "proc_files", 15));
	for (char *p = text; (p = strchr(p, ' ')) != NULL; p++)
		fields++;
	expect_eq(fields, 51);
	must(slurpf("/proc/%d/status", getpid()) > 0);
	expect(!strncmp(text, "Name:\tproc_files\n", 17));
	expect_eq(field("\nPid:"), getpid());
	expect_eq(field("\nPPid:"), getppid());
	expect_eq(field("\nThreads:"), 1);
	expect(field("\nVmRSS:") > 0 && field("\nVmSize:") >= field("\nVmRSS:"));
	must(slurpf("/proc/self/statm") > 0);
	expect_eq(sscanf(text, "%lu %lu", &size, &resident), 2);
	expect(size >= resident && resident > 0);
	must(slurpf("/proc/self/comm") > 0);
	expect(!strcmp(text, "proc_files\n"));
	n = readlink("/proc/self/exe", target, sizeof(target) - 1);
	must(n > 0);
	target[n] = '\0';
	expect(strstr(target, "proc_files"));
	must(chdir("/tmp") == 0);
	n = readlink("/proc/self/cwd", target, sizeof(target) - 1);
	expect(n == 4 && !memcmp(target, "/tmp", 4));
	n = readlink("/proc/self/root", target, sizeof(target) - 1);
	expect(n == 1 && target[0] == '/');
}

/* Every line of maps is sound, they ascend, and a new mapping shows up with its rights. */
static void maps(void)
{
	unsigned long start, end, last = 0, mine;
	char *line, *next, rights[8];
	int seen = 0;

	mine = (unsigned long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mine != (unsigned long)-1);
	must(slurpf("/proc/self/maps") > 0);
	for (line = text; *line; line = next) {
		next = strchr(line, '\n');
		must(next);
		*next++ = '\0';
		must(sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3);
		expect(start < end && start >= last);
		last = end;
		if (start <= mine && mine < end) {
			expect(!strcmp(rights, "r--p"));
			seen++;
		}
	}
	expect_eq(seen, 1);
	munmap((void *)mine, 4096);
}

static void descriptors(void)
{
	char path[64], target[PATH_MAX], expected[64];
	int fd, pipes[2], n;
	struct stat a, b;

	fd = open("/dev/null", O_RDONLY);
	must(fd >= 0 && pipe(pipes) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target));
	expect(n == 9 && !memcmp(target, "/dev/null", 9));
	must(lstat(path, &a) == 0);
	expect(S_ISLNK(a.st_mode) && (a.st_mode & 0700) == 0500);
	expect(stat(path, &a) == 0 && S_ISCHR(a.st_mode));
	close(fd);
	expect_errno(lstat(path, &a), ENOENT);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), pipes[1]);
	n = readlink(path, target, sizeof(target) - 1);
	must(n > 0);
	target[n] = '\0';
	must(fstat(pipes[1], &b) == 0);
	snprintf(expected, sizeof(expected), "pipe:[%lu]", (unsigned long)b.st_ino);
	expect(!strcmp(target, expected));
	/* Through the link one gets at the pipe itself. */
	fd = open(path, O_WRONLY);
	expect(fd >= 0 && write(fd, "x", 1) == 1 && read(pipes[0], target, 1) == 1 && target[0] == 'x');
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	expect_errno(open("/proc/self/fd/777", O_RDONLY), ENOENT);
	expect_errno(open("/proc/self/fd/x", O_RDONLY), ENOENT);
	expect_errno(open("/proc/self/fd/01", O_RDONLY), ENOENT);
}

static int listed(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int found = 0;

	must(d);
	while ((e = readdir(d)) != NULL)
		found += !strcmp(e->d_name, name);
	closedir(d);
	return found;
}

static void directories(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", getpid());
	expect_eq(listed("/proc", number), 1);
	expect_eq(listed("/proc", "self"), 1);
	expect_eq(listed("/proc", "meminfo"), 1);
	expect_eq(listed("/proc/self", "maps"), 1);
	expect_eq(listed("/proc/self/task", number), 1);
	expect_eq(listed("/proc/self/fd", "1"), 1);
	expect_eq(listed("/proc/sys/vm", "max_map_count"), 1);
	expect_errno(open("/proc/nothing", O_RDONLY), ENOENT);
	expect_errno(open("/proc/0", O_RDONLY), ENOENT);
	expect_errno(open("/proc/self/nothing", O_RDONLY), ENOENT);
	expect_errno(mkdir("/proc/x", 0755), ENOENT);
	expect_errno(open("/proc/x", O_WRONLY | O_CREAT, 0644), ENOENT);
	expect_errno(mkdir("/proc/self/x", 0755), ENOENT);
	expect_errno(mkdir("/proc/self", 0755), EEXIST);
	expect_errno(unlink("/proc/version"), EPERM);
}

/* Directories are read from positions that nobody gave out: an end, or entries, but no harm. */
static void wild_positions(void)
{
	static const char *const dirs[] = {
		"/proc", "/proc/self", "/proc/self/fd", "/proc/self/task", "/proc/sys", "/tmp",
	};
	static const long long positions[] = {
		3, 0xffff, 0x10001, 0x1ffff, 0x8000000, 0xccccccc, 0xf000000, 0x7fffffff, 0x80000000,
		0xf0000000, 0x100000000, 0x7fffffffffff,
	};
	unsigned int i, j;
	ssize_t n;
	int fd;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		fd = open(dirs[i], O_RDONLY | O_DIRECTORY);
		must(fd >= 0);
		for (j = 0; j < sizeof(positions) / sizeof(positions[0]); j++) {
			lseek64(fd, positions[j], SEEK_SET);
			while ((n = syscall(SYS_getdents64, fd, text, 4096)) > 0)
				;
			expect_eq(n, 0);
		}
		expect_eq(lseek64(fd, 0, SEEK_SET), 0);
		expect(syscall(SYS_getdents64, fd, text, 4096) > 0);
		close(fd);
	}
}

/* A process that ends takes its directory along, also from under those who have it open. */
static void ended(void)
{
	char path[64], c;
	int fd, dir, wait[2], status;
	pid_t pid;

	must(pipe(wait) == 0);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(read(wait[0], &c, 1) == 1);
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	must(dir >= 0);
	fd = openat(dir, "status", O_RDONLY);
	must(fd >= 0 && read(fd, text, 10) == 10);
	must(write(wait[1], "x", 1) == 1);
	while (slurpf("/proc/%d/stat", pid) > 0 && !strstr(text, ") Z "))
		usleep(1000);
	/* A zombie still has figures, but no memory. */
	expect(slurpf("/proc/%d/maps", pid) == 0);
	expect(slurpf("/proc/%d/status", pid) > 0 && strstr(text, "State:\tZ (zombie)"));
	expect(slurpf("/proc/%d/cmdline", pid) == 0);
	must(waitpid(pid, &status, 0) == pid);
	lseek(fd, 0, SEEK_SET);
	expect_errno(read(fd, text, 10), ESRCH);
	expect(openat(dir, "status", O_RDONLY) < 0);
	expect_errno(open(path, O_RDONLY), ENOENT);
	close(fd);
	close(dir);
	close(wait[0]);
	close(wait[1]);
}

static void cmdline_and_environ(void)
{
	int fds[2], status;
	pid_t pid;
	char c;

	must(pipe(fds) == 0);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		char *argv[] = { "a name", "one", "", "two words", NULL };
		char *envp[] = { "A=1", "STAY=yes", NULL };

		dup2(fds[0], 0);
		close(fds[1]);
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	close(fds[0]);
	/* While exec is at work it may be empty. */
	while (slurpf("/proc/%d/cmdline", pid) >= 0 && strncmp(text, "a name", 7))
		usleep(1000);
	expect_eq(slurpf("/proc/%d/cmdline", pid), 22);
	expect(!memcmp(text, "a name\0one\0\0two words\0", 22));
	expect_eq(slurpf("/proc/%d/environ", pid), 13);
	expect(!memcmp(text, "A=1\0STAY=yes\0", 13));
	c = 'x';
	must(write(fds[1], &c, 1) == 1);
	must(waitpid(pid, &status, 0) == pid);
	close(fds[1]);
}

static void oom_settings(void)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR);

	must(fd >= 0);
	expect_eq(write(fd, "500\n", 4), 4);
	must(slurpf("/proc/self/oom_score_adj") > 0);
	expect(!strcmp(text, "500\n"));
	must(slurpf("/proc/self/oom_score") > 0);
	expect(atoi(text) > 0);
	expect_errno(write(fd, "1001", 4), EINVAL);
	expect_errno(write(fd, "-1001", 5), EINVAL);
	expect_errno(write(fd, "much", 4), EINVAL);
	expect_errno(write(fd, nowhere, 4), EFAULT);
	expect_eq(pwrite(fd, "0", 1, 0), 1);
	close(fd);
}

int main(int argc, char **argv)
{
	char c;

	if (getenv("STAY"))	/* as the child of cmdline_and_environ() */
		return read(0, &c, 1) != 1;
	global_files();
	processors();
	contents();
	self();
	maps();
	descriptors();
	directories();
	wild_positions();
	ended();
	cmdline_and_environ();
	oom_settings();
	return test_result();
}
