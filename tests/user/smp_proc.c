/*
 * tests/user/smp_proc.c - /proc is read on all processors while processes come and go: each file
 * is of one process, whole, or says that it is gone.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>

#include <tests/user/smp.h>

#define READERS		2
#define MAKERS		2
#define GENERATIONS	30		/* of children of each maker */
#define SWEEPS		6		/* of each reader */

static struct {
	volatile int reads;
} *shared;

static char text[65536];

/* => bytes, or -1 with errno one of those that a process which goes may be the reason of */
static ssize_t slurp(const char *pid, const char *name)
{
	ssize_t n, done = 0;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		while ((n = read(fd, text + done, sizeof(text) - 1 - (size_t)done)) > 0)
			done += n;
		if (n == 0) {
			close(fd);
			text[done] = 0;
			__sync_fetch_and_add(&shared->reads, 1);
			return done;
		}
	}
	if (errno != ENOENT && errno != ESRCH && errno != EACCES && errno != EPERM)
		test_fail("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void check_stat(const char *pid)
{
	const char *p;
	int fields = 2;
	char state;

	if (slurp(pid, "stat") <= 0)
		return;
	p = strrchr(text, ')');
	if (atoi(text) != atoi(pid) || !p) {
		test_fail("stat of %s: %.60s", pid, text);
		return;
	}
	state = p[2];
	expect(strchr("RSDTtZXIxKWP", state) != NULL);
	for (; *p && *p != '\n'; p++)
		fields += *p == ' ';
	expect_eq(fields, 52);
}

static void check_status(const char *pid)
{
	char want[300];

	if (slurp(pid, "status") <= 0)
		return;
	snprintf(want, sizeof(want), "\nPid:\t%s\n", pid);
	expect(!strncmp(text, "Name:\t", 6) && strstr(text, want));
	expect(strstr(text, "\nvoluntary_ctxt_switches:\t") != NULL);
}

/* Every line begins with a range, and they go up. */
static void check_maps(const char *pid)
{
	unsigned long long last = 0, start, end;

	if (slurp(pid, "maps") <= 0)
		return;
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		if (sscanf(p, "%llx-%llx ", &start, &end) != 2 || start < last || end <= start) {
			test_fail("maps of %s: %.80s", pid, p);
			return;
		}
		last = end;
		if (!strchr(p, '\n'))
			break;
	}
}

static void check_dir(const char *pid, const char *name)
{
	char path[128], target[256];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	dir = opendir(path);
	if (!dir) {
		expect(errno == ENOENT || errno == ESRCH || errno == EACCES);
		return;
	}
	while ((d = readdir(dir))) {
		expect(d->d_name[0] == '.' || isdigit((unsigned char)d->d_name[0]));
		snprintf(path, sizeof(path), "/proc/%s/%s/%.20s", pid, name, d->d_name);
		if (!strcmp(name, "fd") && readlink(path, target, sizeof(target)) < 0)
			expect(errno == EINVAL || errno == ENOENT || errno == ESRCH || errno == EACCES);
	}
	closedir(dir);
}

static void sweep(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	must(dir);
	while ((d = readdir(dir))) {
		/* On a machine with many processes: those that this test may have made. */
		if (!isdigit((unsigned char)d->d_name[0]) || (atoi(d->d_name) < getppid() && getppid() > 300))
			continue;
		check_stat(d->d_name);
		check_status(d->d_name);
		check_maps(d->d_name);
		slurp(d->d_name, "statm");
		slurp(d->d_name, "cmdline");
		slurp(d->d_name, "limits");
		check_dir(d->d_name, "fd");
		check_dir(d->d_name, "task");
	}
	closedir(dir);
}

static int reader(void *arg)
{
	for (int i = 0; i < SWEEPS; i++)
		sweep();
	return 0;
}

static int idle_thread(void *arg)
{
	sc(SYS_nanosleep, (long)arg, 0, 0, 0, 0);
	return 0;
}

/* Each child changes what /proc shows of it, and goes. */
static void child(int n)
{
	static struct { long sec, nsec; } time = { 0, 3000000 };
	char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 6; i++)
		dup(1);
	memset(p, 1, 65536);
	mprotect(p + 4096, 4096, PROT_READ);
	munmap(p + 16384, 8192);
	if (n % 2)
		clone(idle_thread, p + 65536 - 16, CLONE_VM | CLONE_FS | CLONE_FILES |
		      CLONE_SIGHAND | CLONE_THREAD, &time);
	if (n % 8 == 0)
		sched_yield();
	if (n % 3 == 0)
		setpgid(0, 0);
	if (n % 5 == 0)
		raise(SIGKILL);
	_exit(n);
}

static int maker(void *arg)
{
	int status;

	for (int n = 0; n < GENERATIONS; n++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid)
			child(n);
		expect_eq(waitpid(pid, &status, 0), pid);
		if (n % 5 == 0)
			expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		else
			expect(WIFEXITED(status) && WEXITSTATUS(status) == n);
	}
	return 0;
}

int main(void)
{
	shared = share(4096);
	for (long i = 0; i < READERS; i++)
		start_process(reader, i);
	for (long i = 0; i < MAKERS; i++)
		start_process(maker, i);
	join_workers();
	expect(shared->reads > 0);
	return test_result();
}
