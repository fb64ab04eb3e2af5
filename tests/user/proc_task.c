/*
 * tests/user/proc_task.c - /proc/PID of another task: where it waits, what it is called, who may ask.
 */
#include <tests/user/mm.h>

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static char text[65536];

/* The bytes of /proc/@who/@name, in text. => how many, or -1 and errno */
static ssize_t slurp(const char *who, const char *name)
{
	char path[128];
	ssize_t n, len = 0;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%s/%s", who, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	while ((n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	err = errno;
	close(fd);
	errno = err;
	if (n < 0)
		return -1;
	text[len] = '\0';
	return len;
}

static ssize_t spit(const char *who, const char *name, const char *what, size_t len)
{
	char path[128];
	ssize_t n;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%s/%s", who, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	n = write(fd, what, len);
	err = errno;
	close(fd);
	errno = err;
	return n;
}

/* The word behind "@key:\t" in text, or "". */
static const char *field(const char *key)
{
	static char value[64];
	size_t len = strlen(key);
	const char *line;

	value[0] = '\0';
	for (line = text; line; line = strchr(line, '\n'), line += line != NULL)
		if (!strncmp(line, key, len) && line[len] == ':')
			sscanf(line + len + 1, " %63[^\n]", value);
	return value;
}

/* Until @pid sleeps. */
static void wait_asleep(const char *pid)
{
	for (int i = 0; i < 1000; i++) {
		must(slurp(pid, "status") > 0);
		if (field("State")[0] == 'S')
			return;
		usleep(1000);
	}
	must(!"it sleeps");
}

/* ---- a task that waits in a pipe ---- */

static void sleeper(void)
{
	int pipes[2], nr, status;
	unsigned long fd;
	char ours[16];
	ssize_t n;
	char pid[16], c;
	pid_t child;

	must(pipe(pipes) == 0);
	child = fork();
	must(child >= 0);
	if (!child)
		_exit(read(pipes[0], &c, 1) == 1 ? 0 : 1);
	snprintf(pid, sizeof(pid), "%d", child);
	wait_asleep(pid);
	/* The first function that is not about waiting as such. */
	expect(slurp(pid, "wchan") > 1);
	expect(strstr(text, "pipe") != NULL);
	expect(!strchr(text, '\n'));
	if (geteuid() == 0) {
		expect(slurp(pid, "stack") > 0);
		expect(!strncmp(text, "[<0>] ", 6) && strstr(text, "pipe") && strstr(text, "+0x"));
		expect(strchr(text, '\n') != strrchr(text, '\n'));
	}
	/* Its environment is a copy of ours, in memory of its own. */
	n = slurp("self", "environ");
	memcpy(ours, text, sizeof(ours));
	expect(n > 0 && slurp(pid, "environ") == n && !memcmp(text, ours, sizeof(ours)));
	expect(slurp(pid, "syscall") > 0);
	expect(sscanf(text, "%d 0x%lx 0x", &nr, &fd) == 2);
	expect_eq(nr, SYS_read);
	expect_eq(fd, pipes[0]);
	must(write(pipes[1], "x", 1) == 1);
	must(waitpid(child, &status, 0) == child);
	expect_eq(status, 0);
	/* Who asks runs. */
	expect_eq(slurp("self", "wchan"), 1);
	expect(!strcmp(text, "0"));
	expect(slurp("self", "syscall") > 0 && sscanf(text, "%d", &nr) == 1 && nr == SYS_read);
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- names ---- */

static void names(void)
{
	char name[16], parent[16];
	int status;
	pid_t child;

	expect_eq(spit("self", "comm", "renamed", 7), 7);
	must(prctl(PR_GET_NAME, name) == 0);
	expect(!strcmp(name, "renamed"));
	expect_eq(slurp("self", "comm"), 8);
	expect(!strcmp(text, "renamed\n"));
	/* Fifteen bytes are kept, all are taken; status shows them in one line, stat as they are. */
	expect_eq(spit("self", "comm", "0123456789abcdefgh", 18), 18);
	expect(slurp("self", "comm") == 16 && !strcmp(text, "0123456789abcde\n"));
	expect_eq(spit("self", "comm", "a\nb\\c) (", 8), 8);
	expect(slurp("self", "status") > 0 && !strcmp(field("Name"), "a\\nb\\\\c) ("));
	expect(slurp("self", "stat") > 0 && strstr(text, " (a\nb\\c) () R "));
	/* A process names itself only. */
	snprintf(parent, sizeof(parent), "%d", getpid());
	child = fork();
	must(child >= 0);
	if (!child) {
		expect_errno(spit(parent, "comm", "x", 1), EINVAL);
		fflush(stdout);
		_exit(test_failures);
	}
	must(waitpid(child, &status, 0) == child);
	expect_eq(status, 0);
	spit("self", "comm", "proc_task", 9);
}

/* ---- threads ---- */

static pthread_barrier_t barrier;

static void *thread(void *arg)
{
	prctl(PR_SET_NAME, "worker");
	*(pid_t *)arg = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void threads(void)
{
	char who[48], self[16], *own;
	struct dirent *e;
	pthread_t t;
	int n = 0;
	pid_t tid;
	DIR *d;

	pthread_barrier_init(&barrier, NULL, 2);
	must(pthread_create(&t, NULL, thread, &tid) == 0);
	pthread_barrier_wait(&barrier);
	d = opendir("/proc/self/task");
	must(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	expect_eq(n, 2);
	snprintf(who, sizeof(who), "self/task/%d", tid);
	snprintf(self, sizeof(self), "%d", getpid());
	expect(slurp(who, "status") > 0);
	expect(!strcmp(field("Name"), "worker"));
	expect_eq(atoi(field("Pid")), tid);
	expect_eq(atoi(field("Tgid")), getpid());
	expect_eq(atoi(field("Threads")), 2);
	expect(slurp(who, "stat") > 0 && atoi(text) == tid && strstr(text, "(worker)"));
	expect(slurp("self", "status") > 0 && strcmp(field("Name"), "worker"));
	/* A thread may name another of its process. */
	expect_eq(spit(who, "comm", "named", 5), 5);
	expect(slurp(who, "comm") > 0 && !strcmp(text, "named\n"));
	/* One memory. */
	expect(slurp("self", "maps") > 0);
	own = strdup(text);
	snprintf(who, sizeof(who), "%d/task/%d", getpid(), tid);
	expect(slurp(who, "maps") > 0);
	expect(own && !strncmp(own, text, strcspn(own, "\n")));
	free(own);
	snprintf(who, sizeof(who), "%s/task/%s/task", self, self);
	expect_errno(slurp(who, "x"), ENOENT);
	pthread_barrier_wait(&barrier);
	must(pthread_join(t, NULL) == 0);
	pthread_barrier_destroy(&barrier);
}

/* ---- strings and vectors of a process ---- */

static void auxv(void)
{
	unsigned long *v = (unsigned long *)text;
	ssize_t n = slurp("self", "auxv"), i, last = n / 8 * 2 - 2;
	int found = 0;

	must(n >= 16 && n % 8 == 0);
	expect_eq(v[last], AT_NULL);
	for (i = 0; i < last; i += 2) {
		if (v[i] == AT_PAGESZ || v[i] == AT_PHDR || v[i] == AT_ENTRY) {
			expect_eq(v[i + 1], getauxval(v[i]));
			found++;
		}
	}
	expect_eq(found, 3);
}

/* Arguments overwritten in place, and over the environment's beginning: one string from the start. */
static void title(int argc, char **argv, char **envp)
{
	char *start = argv[0], *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	ssize_t before = slurp("self", "cmdline");

	expect_eq(before, end - start);
	expect(!memcmp(text, start, (size_t)(end - start)));
	start[0] ^= 1;
	expect(slurp("self", "cmdline") == before && text[0] == start[0]);
	start[0] ^= 1;
	if (envp[0] != end)
		return;
	expect(slurp("self", "environ") > 0 && !strcmp(text, envp[0]));
	memset(start, 't', (size_t)(end - start) + 3);
	start[end - start + 3] = '\0';
	expect_eq(slurp("self", "cmdline"), end - start + 4);
	expect_eq(strlen(text), (size_t)(end - start) + 3);
}

/* ---- limits ---- */

static void limits(void)
{
	struct rlimit old, set;
	char line[160];

	must(getrlimit(RLIMIT_CORE, &old) == 0);
	set = old;
	set.rlim_cur = 0;
	must(setrlimit(RLIMIT_CORE, &set) == 0);
	expect(slurp("self", "limits") > 0);
	expect(!strncmp(text, "Limit                     Soft Limit           Hard Limit           "
			"Units     \n", 78));
	if (old.rlim_max == RLIM_INFINITY)
		snprintf(line, sizeof(line), "\nMax core file size        0                    "
			 "unlimited            bytes     \n");
	else
		snprintf(line, sizeof(line), "\nMax core file size        0                    "
			 "%-20lu bytes     \n", (unsigned long)old.rlim_max);
	expect(strstr(text, line) != NULL);
	must(getrlimit(RLIMIT_NICE, &set) == 0);
	snprintf(line, sizeof(line), "\nMax nice priority         %-20lu %-20lu \n",
		 (unsigned long)set.rlim_cur, (unsigned long)set.rlim_max);
	expect(strstr(text, line) != NULL);
	setrlimit(RLIMIT_CORE, &old);
}

/* ---- who may look ---- */

static void strangers(void)
{
	static const char *const secrets[] = { "maps", "smaps", "smaps_rollup", "environ", "auxv",
					       "syscall", "stack" };
	static const char *const open_to_all[] = { "stat", "status", "statm", "comm", "cmdline",
						   "limits" };
	unsigned long start;
	char pid[16], path[32], c;
	unsigned int i;

	snprintf(pid, sizeof(pid), "%d", getppid());
	must(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		expect_errno(slurp(pid, secrets[i]), EACCES);
	for (i = 0; i < sizeof(open_to_all) / sizeof(open_to_all[0]); i++)
		expect(slurp(pid, open_to_all[i]) > 0);
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	expect_errno(readlink(path, &c, 1), EACCES);
	expect(slurp(pid, "wchan") == 1 && text[0] == '0');
	/* Where its text lies is not told either. */
	expect(slurp(pid, "stat") > 0 && strrchr(text, ')') &&
	       sscanf(strrchr(text, ')') + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		      "%*s %*s %*s %*s %*s %*s %*s %*s %*s %lu", &start) == 1 && start == 1);
}

int main(int argc, char **argv, char **envp)
{
	/* With an environment of our own behind the arguments. */
	if (argc == 1) {
		char *args[] = { argv[0], (char *)"one", (char *)"two words", NULL };
		char *env[] = { (char *)"FIRST=1234567890", (char *)"SECOND=2", NULL };

		execve("/proc/self/exe", args, env);
		must(!"exec");
	}
	sleeper();
	names();
	threads();
	auxv();
	limits();
	if (geteuid() == 0)
		expect_eq(in_child(strangers), 0);
	title(argc, argv, envp);
	return test_result();
}
