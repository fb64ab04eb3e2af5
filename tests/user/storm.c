/*
 * tests/user/storm.c - processes that use all memory there is, each in its own way.
 *
 * A storm has a seed.  A few processes map memory, private, shared and of files, write it, read it again,
 * fork, lock, give back and exit, at random; together they want less than there is, or more.  What each
 * page must hold is computed from where it is and how often it was written, so a page that was lost,
 * mixed up or changed on its way to the disk and back is noticed.  Processes may be killed when memory
 * runs out, by SIGKILL alone; whoever lives must find all its pages right.
 *
 * A storm that has written all of swap and ENOUGH_SWAPPED pages more, or lasts for ENOUGH_SECONDS, is
 * over: the rest would be the same again.
 *
 * The first process watches.  If no one makes a step for STILL seconds it prints where every task of the
 * machine waits.  At the end no swap is in use but by those who were there before: swapoff(2) brings
 * that back, and would not come to an end if a slot belonged to nobody.
 *
 * Options: storm [FIRST [COUNT]], or seed= and storms= of the kernel's command line; storm_fs=: where
 * the files lie (below), or STORM_DIR.  tests/system/storm runs it on machines of all sizes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>

#include <tests/user/disk.h>
#include <tests/user/storm.h>
#include <tests/user/test.h>

#define STILL		90	/* seconds without a step */
#define ENOUGH_SWAPPED	8000
#define ENOUGH_SECONDS	30

static struct shared *shared;

/* ---- what the kernel says ------------------------------------------------------------------- */

static long number_of(const char *path, const char *what)
{
	char buf[8192], *p;
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return -1;
	buf[len] = 0;
	p = strstr(buf, what);
	return p ? atol(p + strlen(what)) : -1;
}

static long swap_used(void)
{
	return number_of("/proc/meminfo", "SwapTotal:") - number_of("/proc/meminfo", "SwapFree:");
}

/* All swap off and on again. => 0: it could not be given up */
static int swap_comes_back(void)
{
	char path[256];
	int good = 1;
	FILE *swaps = fopen("/proc/swaps", "r");

	while (swaps && fscanf(swaps, "%255s%*[^\n]", path) == 1)
		if (path[0] == '/' && swapoff(path) == 0)
			good &= swapon(path, 0) == 0;
		else if (path[0] == '/' && errno != EPERM)
			good = 0;
	if (swaps)
		fclose(swaps);
	return good;
}

static long swapped_out(void)
{
	return number_of("/proc/vmstat", "pswpout ");
}

static long kills(void)
{
	return number_of("/proc/vmstat", "oom_kill ");
}

static void show_file(const char *pid, const char *name)
{
	char path[64], buf[2048];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, O_RDONLY);
	len = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	if (len > 0) {
		buf[len] = 0;
		printf("%s: %s%s", path, buf, buf[len - 1] == '\n' ? "" : "\n");
	}
}

/* Where everybody is. */
static void show_all_tasks(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	for (unsigned int i = 0; i < MAX_STARTED; i++)
		if (shared->worker[i].pid)
			printf("worker %u, pid %d: %s, %u steps\n", i, shared->worker[i].pid,
			       shared->worker[i].what, shared->worker[i].steps);
	while (dir && (entry = readdir(dir)) != NULL)
		if (atoi(entry->d_name) > 0) {
			show_file(entry->d_name, "stat");
			show_file(entry->d_name, "stack");
		}
	if (dir)
		closedir(dir);
	fflush(stdout);
}

/* ---- one storm ------------------------------------------------------------------------------ */

static void set_score(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

static unsigned int steps_of_all(void)
{
	unsigned int steps = 0;

	for (unsigned int i = 0; i < MAX_STARTED; i++)
		steps += shared->worker[i].steps;
	return steps;
}

static pid_t start_worker(unsigned int nr, const struct storm *storm)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		set_score("0");
		_exit(worker(storm, shared, nr));
	}
	if (pid > 0)
		shared->worker[nr].pid = pid;
	return pid;
}

/* => the storm that this seed is, on this machine */
static struct storm plan(unsigned int seed)
{
	struct storm storm = { .seed = seed, .rnd = storm_mix(seed) };
	unsigned long kb = number_of("/proc/meminfo", "MemAvailable:") + number_of("/proc/meminfo", "SwapFree:");
	static const unsigned int percent[] = { 50, 80, 100, 130, 200, 300 };

	storm.workers = 2 + storm_random(&storm.rnd) % (MAX_WORKERS - 1);
	storm.percent = percent[storm_random(&storm.rnd) % 6];
	storm.pages = kb / 4 * storm.percent / 100 / storm.workers;
	if (storm.pages > MAX_PAGES)
		storm.pages = MAX_PAGES;
	if (storm.pages < 16)
		storm.pages = 16;
	storm.run = 256 + storm_random(&storm.rnd) % (storm.pages / 2);
	storm.steps = 30 + storm_random(&storm.rnd) % 100;
	return storm;
}

/* => the status of a worker that ended is all right */
static int ended_well(int status, pid_t pid, long *killed)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		++*killed;
		return 1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	test_fail("process %d ended with status %#x", pid, status);
	return 0;
}

static void stop_all(void)
{
	for (unsigned int i = 0; i < MAX_STARTED; i++)
		if (shared->worker[i].pid)
			kill(shared->worker[i].pid, SIGKILL);
}

/* => 0: nobody made a step for too long */
static int storm_rages(const struct storm *storm, long *killed)
{
	unsigned int started = 0, alive = 0, steps = 0, seen = ~0u, total = storm->workers * 2;
	time_t last = time(NULL), start = last;
	long enough = swapped_out() + number_of("/proc/meminfo", "SwapTotal:") / 4 + ENOUGH_SWAPPED;
	int status;
	pid_t pid;

	while (started < total || alive) {
		if (swapped_out() > enough || last - start > ENOUGH_SECONDS) {
			shared->over = 1;
			total = started;
		}
		while (alive < storm->workers && started < total && !test_failures) {
			if (start_worker(started, storm) > 0)
				alive++;
			started++;
		}
		if (!alive && (test_failures || started == total))
			break;
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0) {
			alive--;
			for (unsigned int i = 0; i < started; i++)
				if (shared->worker[i].pid == pid)
					shared->worker[i].pid = 0;
			if (!ended_well(status, pid, killed))
				stop_all();
		} else {
			usleep(50000);
		}
		steps = steps_of_all() + started;
		if (steps != seen)
			last = time(NULL);
		seen = steps;
		if (time(NULL) - last > STILL)
			return 0;
	}
	return 1;
}

static void one_storm(unsigned int seed)
{
	struct storm storm = plan(seed);
	long used, killed = 0, before = kills(), out = swapped_out();

	memset(shared, 0, sizeof(*shared));
	if (!storm_rages(&storm, &killed)) {
		test_fail("storm %u: no step for %d seconds", seed, STILL);
		show_all_tasks();
		stop_all();
		return;
	}
	/* A child of a worker may have been killed too, but nobody was without a reason. */
	if (killed && !test_failures && kills() == before)
		test_fail("storm %u: %ld processes were killed without need", seed, killed);
	used = swap_used();
	if (!swap_comes_back())
		test_fail("storm %u: swapoff: %s, %ld KiB in use", seed, strerror(errno), swap_used());
	printf("storm %u: %u workers of %lu pages (%u%%), %u steps, %ld killed, %ld pages to swap, %ld KiB brought back\n",
	       seed, storm.workers, storm.pages, storm.percent, steps_of_all(), killed,
	       swapped_out() - out, used);
	fflush(stdout);
}

/* ---- where files lie -------------------------------------------------------------------------- */

enum { FS_HERE, FS_TMPFS, FS_EXT2, FS_EXT2_SMALL_BLOCKS };

/* To a file system that the machine's options name. */
static void go_to_files(unsigned int fs)
{
	const char *disk = fs >= FS_EXT2 ? test_disk() : NULL;

	if (fs == FS_HERE)
		return;
	must(mkdir("files", 0700) == 0);
	if (fs == FS_TMPFS) {
		must(mount("files", "files", "tmpfs", 0, NULL) == 0);
	} else {
		test_mke2fs(disk, fs == FS_EXT2 ? 4096 : 1024, 64 << 10);
		test_mount(disk, "files", NULL);
	}
	must(chdir("files") == 0);
}

static void leave_files(unsigned int fs)
{
	int tries, gone;

	if (fs == FS_HERE)
		return;
	must(chdir("..") == 0);
	/* Who looks at the memory of one that was killed (oom_reaper, a reader of /proc) keeps its mappings. */
	for (tries = 0; (gone = umount("files") == 0) == 0 && errno == EBUSY && tries < 500; tries++)
		usleep(10000);
	must(gone);
}

int main(int argc, char **argv)
{
	unsigned int first = argc > 1 ? (unsigned int)atoi(argv[1]) : test_seed(1);
	unsigned int count = argc > 2 ? (unsigned int)atoi(argv[2]) : (unsigned int)test_option("storms", 2);
	const char *dir = getenv("STORM_DIR");
	unsigned int fs = dir ? FS_HERE : test_option("storm_fs", FS_HERE);

	if (dir)
		must(chdir(dir) == 0);
	else
		test_tmpdir();
	go_to_files(fs);
	set_score("-1000");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	mlock(shared, sizeof(*shared));
	for (unsigned int i = 0; i < count && !test_failures; i++)
		one_storm(first + i);
	munmap(shared, sizeof(*shared));
	if (!test_failures)
		leave_files(fs);
	return test_result();
}
