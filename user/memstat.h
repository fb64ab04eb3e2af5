/*
 * user/memstat.h - what the kernel says about the memory of this process, for our programs.
 *
 * Read from /proc/self and getrusage(), without the C library's allocator, whose own use of
 * memory would be counted with the rest.
 */
#ifndef OCTAVO_USER_MEMSTAT_H
#define OCTAVO_USER_MEMSTAT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE	4096ul

struct memstat {
	long size, rss, pte;		/* kB: addresses, pages, page tables */
	long areas;
	long minflt, majflt;		/* faults so far */
};

/* A whole file of /proc in a static buffer, or "". */
static inline const char *slurp(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n, len = 0;

	while (fd >= 0 && len < (ssize_t)sizeof(buf) - 1 &&
	       (n = read(fd, buf + len, sizeof(buf) - 1 - (size_t)len)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	buf[len] = '\0';
	return buf;
}

/* The number behind "@name:", or 0. */
static inline long status_field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtol(at + strlen(name) + 1, NULL, 10) : 0;
}

static inline struct memstat memstat(void)
{
	struct memstat m = { 0 };
	struct rusage ru;
	const char *s = slurp("/proc/self/status");

	m.size = status_field(s, "VmSize");
	m.rss = status_field(s, "RssAnon") + status_field(s, "RssFile") +
		status_field(s, "RssShmem");
	m.pte = status_field(s, "VmPTE");
	for (s = slurp("/proc/self/maps"); *s; s++)
		m.areas += *s == '\n';
	getrusage(RUSAGE_SELF, &ru);
	m.minflt = ru.ru_minflt;
	m.majflt = ru.ru_majflt;
	return m;
}

static struct memstat before;

static inline void head(void)
{
	printf("%-44s %8s %8s %6s %5s %8s %7s\n", "", "VmSize", "RSS", "PTE", "areas", "faults",
	       "major");
	before = memstat();
	printf("%-44s %6ldkB %6ldkB %4ldkB %5ld %8ld %7ld\n", "at the start", before.size, before.rss,
	       before.pte, before.areas, before.minflt, before.majflt);
	fflush(stdout);
	before = memstat();
}

/* What changed since the last step, which was @what; measuring is taken out of the next. */
static inline void step(const char *what)
{
	struct memstat now = memstat();

	printf("%-44s %+6ldkB %+6ldkB %+4ldkB %+5ld %+8ld %+7ld\n", what, now.size - before.size,
	       now.rss - before.rss, now.pte - before.pte, now.areas - before.areas,
	       now.minflt - before.minflt, now.majflt - before.majflt);
	fflush(stdout);
	before = memstat();
}

#endif
