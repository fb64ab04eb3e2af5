/*
 * scripts/root/run-tests.c - runs the ring-3 tests inside the guest, for scripts/test
 *
 * usage: run-tests SECONDS NAME...
 *
 * Each test, /tests/NAME, runs twice. The first run fills caches (its output is shown only if it
 * fails); what is in use after the second must be what was in use before it, counter by counter: pages
 * by class and Committed_AS from /proc/meminfo and /proc/pageclass, live objects by cache from /proc/slabinfo. A test
 * that takes longer than SECONDS is killed together with its process group. For the host, on standard
 * output:
 *
 *	^Abegin NAME
 *	...what the second run printed...
 *	^Aend NAME STATUS [COUNTER BEFORE -> AFTER; ...]
 *
 * Before each reading, drop_caches makes the kernel give back what it only keeps at hand (empty slabs,
 * stacks of dead tasks): a counter that grew all the same is a leak.
 *
 * STATUS is the exit status, or 128 + the signal. This program is C and not a script because the
 * counters must stand still: a shell's pipelines, and the watcher that timeout(1) leaves behind for
 * a second, are processes too.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_COUNTERS	160
#define FIRST_OUTPUT	"/tmp/run-tests.first"

struct counters {
	int nr;
	struct {
		char name[40];
		long value;
	} of[MAX_COUNTERS];
};

static const char *const page_classes[] = {
	"AnonPages:", "Shmem:", "PageTables:", "KernelStack:", "Cached:", "Buffers:", "VmallocUsed:",
	"Mapped:", "Committed_AS:",
};

static struct counters before, after;
static volatile sig_atomic_t timed_out;
static struct termios line;		/* of our output, which a test may have for its terminal */
static int line_is_tty;

static void on_alarm(int sig)
{
	timed_out = 1;
}

/* Adds one counter, if there is room; a table that is too small would hide losses, so that ends us. */
static void add(struct counters *c, const char *name, long value)
{
	if (c->nr == MAX_COUNTERS) {
		fprintf(stderr, "run-tests: more than %d counters\n", MAX_COUNTERS);
		exit(99);
	}
	snprintf(c->of[c->nr].name, sizeof(c->of[0].name), "%s", name);
	c->of[c->nr++].value = value;
}

/* Reads a whole file of /proc. => buf as a string; a file that cannot be read ends us */
static char *slurp(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	if (fd < 0 || n < 0 || len == size - 1) {
		fprintf(stderr, "run-tests: cannot read %s\n", path);
		exit(99);
	}
	close(fd);
	buf[len] = 0;
	return buf;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1) {
		fprintf(stderr, "run-tests: no drop_caches\n");
		exit(99);
	}
	close(fd);
}

/* The kernel compares what it counts with what it finds. => 0: some figure is wrong */
static int counters_proved(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY), good = fd >= 0 && write(fd, "1", 1) == 1;

	if (fd >= 0)
		close(fd);
	return good;
}

static void read_counters(struct counters *c)
{
	static char buf[65536];
	char name[40];
	long value;

	drop_caches();
	c->nr = 0;
	for (char *s = strtok(slurp("/proc/meminfo", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof(page_classes) / sizeof(page_classes[0]); i++)
			if (sscanf(s, "%39s %ld", name, &value) == 2 && !strcmp(name, page_classes[i]))
				add(c, name, value);
	/* Pages that are on no list of anybody: pipes, say. */
	for (char *s = strtok(slurp("/proc/pageclass", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n"))
		if (sscanf(s, "%39s %ld", name, &value) == 2 && !strcmp(name, "kernel"))
			add(c, name, value);
	for (char *s = strtok(slurp("/proc/slabinfo", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n"))
		if (*s != '#' && sscanf(s, "%39s %ld", name, &value) == 2)
			add(c, name, value);
}

static long value_of(const struct counters *c, const char *name)
{
	for (int i = 0; i < c->nr; i++)
		if (!strcmp(c->of[i].name, name))
			return c->of[i].value;
	return 0;
}

/* Compares. => how many counters grew; with show, prints them. */
static int grown(int show)
{
	int n = 0;

	for (int i = 0; i < after.nr; i++) {
		long was = value_of(&before, after.of[i].name);

		if (after.of[i].value <= was)
			continue;
		n++;
		if (show)
			printf(" %s %ld -> %ld;", after.of[i].name, was, after.of[i].value);
	}
	return n;
}

/* Runs a test once, its output to fd. => its status */
static int run(const char *name, int fd, unsigned int seconds)
{
	char path[256];
	char *argv[] = { path, NULL };
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/tests/%s", name);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return 126;
	if (pid == 0) {
		setpgid(0, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
		execv(path, argv);
		_exit(127);
	}
	setpgid(pid, pid);
	timed_out = 0;
	alarm(seconds);
	while (waitpid(pid, &status, 0) < 0) {
		if (timed_out) {
			printf("run-tests: no end after %u seconds\n", seconds);
			kill(-pid, SIGKILL);
			timed_out = 0;
		}
	}
	alarm(0);
	kill(-pid, SIGKILL);		/* whoever the test left behind */
	if (line_is_tty)
		tcsetattr(1, TCSADRAIN, &line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first run. => its status; shows its output if that is not 0 */
static int first_run(const char *name, unsigned int seconds)
{
	char buf[4096];
	int status;
	ssize_t n;
	int fd = open(FIRST_OUTPUT, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return 126;
	status = run(name, fd, seconds);
	if (status) {
		lseek(fd, 0, SEEK_SET);
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			fwrite(buf, 1, n, stdout);
	}
	close(fd);
	unlink(FIRST_OUTPUT);
	return status;
}

/* Runs a test between two readings of the counters. => its status */
static int counted_run(const char *name, unsigned int seconds)
{
	int status;

	usleep(20000);			/* orphans are reaped by process 1, not by us */
	read_counters(&before);
	status = run(name, 1, seconds);
	for (int tries = 0; tries < 40; tries++) {
		read_counters(&after);
		if (!grown(0))
			break;
		usleep(50000);
	}
	return status;
}

static void test(const char *name, unsigned int seconds)
{
	int status;

	printf("\001begin %s\n", name);
	status = first_run(name, seconds);
	if (status == 0)
		status = counted_run(name, seconds);
	else
		after.nr = 0;
	if (!counters_proved()) {
		printf("run-tests: stat_refresh finds wrong counters: see the log\n");
		status = status ? status : 98;
	}
	printf("\001end %s %d", name, status);
	grown(1);
	printf("\n");
}

/* A kernel that loses exit statuses would make every test green. */
static int statuses_arrive(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(42);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 42;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_alarm };

	if (argc < 3) {
		fprintf(stderr, "usage: run-tests SECONDS NAME...\n");
		return 2;
	}
	sigaction(SIGALRM, &sa, NULL);
	if (!statuses_arrive()) {
		fprintf(stderr, "run-tests: the exit status of a child is not what it said\n");
		return 3;
	}
	line_is_tty = tcgetattr(1, &line) == 0;
	read_counters(&before);		/* our own pages are touched before they are counted */
	read_counters(&after);
	for (int i = 2; i < argc; i++)
		test(argv[i], atoi(argv[1]));
	fflush(stdout);
	return 0;
}
