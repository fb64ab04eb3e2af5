/*
 * scripts/root/run-tests.c - runs the ring-3 tests inside the guest, for scripts/test
 *
 * usage: run-tests [-f] SECONDS NAME...
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
 * With -f allocations fail (mm/phys/fail_alloc.h): after the first run the test runs again and again,
 * each place in the kernel that allocates failing once, until no new place is found. What these runs
 * say does not matter; the kernel must live, the last run, without failures, must pass, and nothing
 * may be lost over all of them.
 *
 * STATUS is the exit status, or 128 + the signal. This program is C and not a script because the
 * counters must stand still: a shell's pipelines, and the watcher that timeout(1) leaves behind for
 * a second, are processes too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_COUNTERS	160
#define OFF_SLAB	512		/* bytes; as in mm/phys/slab_def.h */
#define FIRST_OUTPUT	"/tmp/run-tests.first"
#define MAX_ROUNDS	400		/* with failures: each has at least one new one */
#define ROUND_LIMIT	20		/* seconds for one of them: a test may wait for what never comes */

struct counters {
	int nr;
	long large_slabs;		/* whose bookkeeping lies in kmalloc's caches */
	struct {
		char name[40];
		long value;
	} of[MAX_COUNTERS];
};

static const char *const page_classes[] = {
	"AnonPages:", "Shmem:", "PageTables:", "KernelStack:", "Cached:", "Buffers:", "VmallocUsed:",
	"Mapped:", "Committed_AS:", "SwapTotal:",
};

static struct counters before, after;
static volatile sig_atomic_t timed_out;
static struct termios line;		/* of our output, which a test may have for its terminal */
static int line_is_tty;
static int failing;			/* the next run's allocations are to fail */

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

/* => 0: it could not be written */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void drop_caches(void)
{
	if (!put("/proc/sys/vm/drop_caches", "2")) {
		fprintf(stderr, "run-tests: no drop_caches\n");
		exit(99);
	}
}

/* The kernel compares what it counts with what it finds. => 0: some figure is wrong */
static int counters_proved(void)
{
	return put("/proc/sys/vm/stat_refresh", "1");
}

/* => KiB that are ours, by a line of our status: it is not the test that lost them */
static long own(const char *name)
{
	static char buf[4096];
	const char *p = strstr(slurp("/proc/self/status", buf, sizeof(buf)), name);

	return p ? atol(p + strlen(name)) : 0;
}

/* Our heap grows when folders are emptied that lie in each other. => KiB of a line of meminfo */
static long own_part(const char *counter)
{
	if (!strcmp(counter, "AnonPages:"))
		return own("RssAnon:");
	return strcmp(counter, "Committed_AS:") ? 0 : own("VmData:") + own("VmStk:");
}

static void read_counters(struct counters *c)
{
	static char buf[65536];
	long value, size, slabs;
	char name[40];

	drop_caches();
	c->nr = 0;
	c->large_slabs = 0;
	for (char *s = strtok(slurp("/proc/meminfo", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof(page_classes) / sizeof(page_classes[0]); i++)
			if (sscanf(s, "%39s %ld", name, &value) == 2 && !strcmp(name, page_classes[i]))
				add(c, name, value - own_part(name));
	/* Pages that are on no list of anybody: pipes, say. */
	for (char *s = strtok(slurp("/proc/pageclass", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n"))
		if (sscanf(s, "%39s %ld", name, &value) == 2 && !strcmp(name, "kernel"))
			add(c, name, value);
	for (char *s = strtok(slurp("/proc/slabinfo", buf, sizeof(buf)), "\n"); s; s = strtok(NULL, "\n")) {
		if (*s == '#' || sscanf(s, "%39s %ld %*d %ld", name, &value, &size) != 3)
			continue;
		add(c, name, value);
		if (size >= OFF_SLAB && sscanf(s, "%*[^:]: tunables %*d %*d %*d : slabdata %*d %ld", &slabs) == 1)
			c->large_slabs += slabs;
	}
}

static long value_of(const struct counters *c, const char *name)
{
	for (int i = 0; i < c->nr; i++)
		if (!strcmp(c->of[i].name, name))
			return c->of[i].value;
	return 0;
}

/*
 * Compares. The same large objects in one slab more are no loss, nor is what keeps books of it.
 * => how many counters grew; with show, prints them.
 */
static int grown(int show)
{
	long books = after.large_slabs - before.large_slabs;
	int n = 0;

	for (int i = 0; i < after.nr; i++) {
		long was = value_of(&before, after.of[i].name);

		if (after.of[i].value <= was)
			continue;
		if (!strncmp(after.of[i].name, "kmalloc-", 8) && after.of[i].value - was <= books) {
			books -= after.of[i].value - was;
			continue;
		}
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
		if (failing) {
			chdir("/tmp");		/* where what it leaves is found */
			put("/proc/self/make-it-fail", "1");
		}
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

/* ---- with allocations that fail ---- */

/* => failures so far */
static long injected(void)
{
	static char buf[1 << 20];
	long n = 0;

	sscanf(slurp("/proc/fail_alloc", buf, sizeof(buf)), "%*s sites %*d failed %*d injected %ld", &n);
	return n;
}

/* Empties a folder, and with itself removes that too. */
static void remove_tree(const char *path, int itself)
{
	char name[4096];
	struct dirent *entry;
	struct stat st;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir)) != NULL) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
			remove_tree(name, 1);
		else
			unlink(name);
	}
	if (dir)
		closedir(dir);
	if (itself)
		rmdir(path);
}

/* What was there before: mounts, swap areas, and the numbers of /proc/sys/vm. */
static struct {
	char mounts[8192];
	char swaps[4096];
	int nr_sysctls;
	struct {
		char path[288];
		char value[64];
	} sysctls[48];
} usual;

static void remember_usual(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc/sys/vm");

	slurp("/proc/mounts", usual.mounts, sizeof(usual.mounts));
	slurp("/proc/swaps", usual.swaps, sizeof(usual.swaps));
	while (dir && (entry = readdir(dir)) != NULL && usual.nr_sysctls < 48) {
		char *path = usual.sysctls[usual.nr_sysctls].path;
		struct stat st;

		snprintf(path, sizeof(usual.sysctls[0].path), "/proc/sys/vm/%s", entry->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0200) || !(st.st_mode & 0400))
			continue;
		slurp(path, usual.sysctls[usual.nr_sysctls].value, sizeof(usual.sysctls[0].value));
		usual.nr_sysctls++;
	}
	if (dir)
		closedir(dir);
}

/* Kills what a failed test left running, wherever it went: it is still marked. */
static void kill_marked(void)
{
	char path[64], text[16];
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir)) != NULL) {
		int fd, pid = atoi(entry->d_name);

		if (pid <= 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/make-it-fail", pid);
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, text, sizeof(text)) > 0 && text[0] == '1')
			kill(pid, SIGKILL);
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

/* Ends the swap areas that are new: their slots must all come free, and files be unmounted next. */
static void end_swapping(void)
{
	char swaps[4096], where[256], *line, *next;

	slurp("/proc/swaps", swaps, sizeof(swaps));
	for (line = swaps; *line; line = next) {
		next = strchr(line, '\n');
		*next++ = 0;
		if (sscanf(line, "%255s", where) == 1 && !strstr(usual.swaps, where) && swapoff(where))
			printf("run-tests: swapoff %s: %s\n", where, strerror(errno));
	}
}

/* A test that failed half-way leaves files, mounts, swap areas and settings. */
static void tidy(void)
{
	char mounts[8192], where[256], *line, *next;

	kill_marked();
	usleep(20000);
	end_swapping();
	slurp("/proc/mounts", mounts, sizeof(mounts));
	for (line = mounts; *line; line = next) {
		next = strchr(line, '\n');
		*next++ = 0;
		if (!strstr(usual.mounts, line) && sscanf(line, "%*s %255s", where) == 1)
			umount2(where, MNT_DETACH);
	}
	for (int i = 0; i < usual.nr_sysctls; i++)
		put(usual.sysctls[i].path, usual.sysctls[i].value);
	chdir("/");
	remove_tree("/tmp", 0);
	remove_tree("/mnt", 0);
	remove_tree("/dev/shm", 0);
}

/* Runs a test until no new place in the kernel fails. */
static void failing_runs(const char *name, unsigned int seconds)
{
	long was, now = injected();
	int status, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int round = 1; round <= MAX_ROUNDS; round++) {
		was = now;
		failing = 1;
		put("/proc/fail_alloc", "sites");
		status = run(name, null, seconds < ROUND_LIMIT ? seconds : ROUND_LIMIT);
		put("/proc/fail_alloc", "off");
		failing = 0;
		tidy();
		now = injected();
		printf("round %d: %ld more failed, status %d\n", round, now - was, status);
		fflush(stdout);
		if (now == was)
			break;
	}
	close(null);
}

/* Runs a test between two readings of the counters. => its status */
static int counted_run(const char *name, unsigned int seconds, int with_failures)
{
	int status;

	usleep(20000);			/* orphans are reaped by process 1, not by us */
	read_counters(&before);
	if (with_failures)
		failing_runs(name, seconds);
	status = run(name, 1, seconds);
	for (int tries = 0; tries < 40; tries++) {
		read_counters(&after);
		if (!grown(0))
			break;
		usleep(50000);
	}
	return status;
}

static void test(const char *name, unsigned int seconds, int with_failures)
{
	int status;

	printf("\001begin %s\n", name);
	fflush(stdout);
	status = first_run(name, seconds);
	if (status == 0)
		status = counted_run(name, seconds, with_failures);
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
	int with_failures = argc > 1 && !strcmp(argv[1], "-f");

	argv += with_failures;
	argc -= with_failures;
	if (argc < 3) {
		fprintf(stderr, "usage: run-tests [-f] SECONDS NAME...\n");
		return 2;
	}
	sigaction(SIGALRM, &sa, NULL);
	if (!statuses_arrive()) {
		fprintf(stderr, "run-tests: the exit status of a child is not what it said\n");
		return 3;
	}
	line_is_tty = tcgetattr(1, &line) == 0;
	if (with_failures) {
		remember_usual();
		tidy();			/* as above: what we use ourselves must be there */
		injected();
	}
	read_counters(&before);		/* our own pages are touched before they are counted */
	read_counters(&after);
	for (int i = 2; i < argc; i++)
		test(argv[i], atoi(argv[1]), with_failures);
	fflush(stdout);
	return 0;
}
