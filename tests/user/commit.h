/*
 * tests/user/commit.h - Committed_AS, and the settings that bound it, as tests read and write them.
 *
 * Nothing here allocates: what a reader of /proc takes for itself would be in the figures.
 */
#ifndef OCTAVO_TESTS_USER_COMMIT_H
#define OCTAVO_TESTS_USER_COMMIT_H

#include <tests/user/mm.h>

/* The whole of a file of /proc, as a string that the next call overwrites. */
static inline char *proc_text(const char *path)
{
	static char text[1 << 18];
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	return text;
}

/* The number behind @name at the start of a line of @text, or -1. */
static inline long number_after(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *line = text;

	for (; line; line = strchr(line, '\n'), line += line != NULL)
		if (!strncmp(line, name, len))
			return strtol(line + len, NULL, 10);
	return -1;
}

/* Pages. */
static inline long committed(void)
{
	return number_after(proc_text("/proc/meminfo"), "Committed_AS:") / 4;
}

static inline long commit_limit(void)
{
	return number_after(proc_text("/proc/meminfo"), "CommitLimit:") / 4;
}

/* What the areas of a process with VmFlags "ac" add up to, in pages. */
static inline long accounted_areas(pid_t pid)
{
	char path[64], *line;
	long size = 0, sum = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	for (line = strtok(proc_text(path), "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, "Size:", 5))
			size = strtol(line + 5, NULL, 10) / 4;
		else if (!strncmp(line, "VmFlags:", 8) && strstr(line, " ac"))
			sum += size;
	}
	return sum;
}

/* Write @text to a setting of /proc/sys/vm at @pos. => bytes taken, or -1 and errno */
static inline ssize_t write_knob_at(const char *name, const char *text, off_t pos)
{
	char path[64];
	ssize_t n;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	n = pwrite(fd, text, strlen(text), pos);
	err = errno;
	close(fd);
	errno = err;
	return n;
}

static inline ssize_t write_knob(const char *name, const char *text)
{
	return write_knob_at(name, text, 0);
}

static inline void set_knob(const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	must(write_knob(name, text) == (ssize_t)strlen(text));
}

static inline long get_knob(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	return strtol(proc_text(path), NULL, 10);
}

static const char *const commit_knobs[] = {
	"overcommit_memory", "admin_reserve_kbytes", "user_reserve_kbytes",
};

/* Run @fn in a child; the settings are as before when it has ended, however. */
static inline void with_knobs(void (*fn)(void))
{
	long before[3], ratio = get_knob("overcommit_ratio"), kbytes = get_knob("overcommit_kbytes");
	int i;

	for (i = 0; i < 3; i++)
		before[i] = get_knob(commit_knobs[i]);
	expect_eq(in_child(fn), 0);
	for (i = 0; i < 3; i++)
		set_knob(commit_knobs[i], before[i]);
	if (kbytes)
		set_knob("overcommit_kbytes", kbytes);
	else
		set_knob("overcommit_ratio", ratio);
}

/* These tests turn knobs of the whole machine: only on one that is there for tests. */
static inline void commit_or_skip(void)
{
	if (geteuid() != 0 || getppid() == 0 || access("/tests", F_OK) != 0)
		skip("turns knobs of the whole machine: only on one of make test");
}

/*
 * Mode 2 with room for @pages more, for root and for everybody, before the asker's own reserve.
 * Linux's comparison is "less than", so the last page of the limit is never given out.
 */
static inline void never_overcommit(long pages)
{
	set_knob("admin_reserve_kbytes", 0);
	set_knob("user_reserve_kbytes", 0);
	set_knob("overcommit_kbytes", (committed() + pages + 1) * 4);
	set_knob("overcommit_memory", 2);
}

#endif
