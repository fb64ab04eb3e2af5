/*
 * tests/user/storm.h - what one process of a storm does (storm.c).
 *
 * A worker has areas.  Of each page of an area it knows a version: how often it was written.  Version 0
 * is what the page held at first: zeros, or the file's page.  Any other follows from the area, the
 * page and the version by a small generator: one word in each line of the cache, and in some pages all.
 */
#ifndef OCTAVO_TESTS_USER_STORM_H
#define OCTAVO_TESTS_USER_STORM_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS	6
#define MAX_STARTED	(2 * MAX_WORKERS)	/* workers of one storm */
#define MAX_PAGES	16384			/* of one worker */
#define NR_AREAS	16
#define PAGE		4096
#define MAYBE_FREED	0x80			/* version: MADV_FREE, so it may be 0 as well */

/* What the watcher sees of each worker. */
struct slot {
	volatile pid_t pid;
	volatile unsigned int steps;
	char what[16];
};
struct shared {
	volatile int over;			/* end soon, and well */
	struct slot worker[MAX_STARTED];
};

struct storm {
	unsigned int seed, rnd;
	unsigned int workers, percent, steps;
	unsigned long pages;			/* that each may have */
	unsigned long run;			/* pages written or read at a time, at most */
};

enum kind { ANON, SHM, FILE_PRIVATE, FILE_SHARED, NR_KINDS };

struct area {
	enum kind kind;
	unsigned char *mem;			/* NULL: there is none */
	unsigned long pages;
	unsigned int id;
	int fd;
	unsigned char *version;			/* of each page */
};

static struct area areas[NR_AREAS];
static unsigned long pages_mapped;
static unsigned int rnd, next_id;
static int wrong;

/* Neighbouring seeds make storms that have nothing in common. => as random as @x is another */
static unsigned int storm_mix(unsigned int x)
{
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

static unsigned int storm_random(unsigned int *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static unsigned int below(unsigned long n)
{
	return n ? storm_random(&rnd) % n : 0;
}

/* ---- contents ------------------------------------------------------------------------------- */

static uint32_t key_of(const struct area *a, unsigned long page, unsigned int version)
{
	return a->id * 2654435761u ^ (uint32_t)page * 40503u ^ version * 2246822519u;
}

/* Words from one that counts to the next: who swaps is to be busy, not who looks. */
static int stride(unsigned long page)
{
	return page % 16 ? 16 : 1;
}

static void fill(void *mem, const struct area *a, unsigned long page, unsigned int version)
{
	uint32_t *word = mem, key = key_of(a, page, version);

	for (int i = 0; i < PAGE / 4; i += stride(page))
		word[i] = key = key * 1664525u + 1013904223u;
}

static int holds(const void *mem, const struct area *a, unsigned long page, unsigned int version)
{
	const uint32_t *word = mem;
	uint32_t key = key_of(a, page, version);

	for (int i = 0; i < PAGE / 4; i += stride(page))
		if (word[i] != (key = key * 1664525u + 1013904223u))
			return 0;
	return 1;
}

static int is_zero(const void *mem, unsigned long page)
{
	const uint32_t *word = mem;

	for (int i = 0; i < PAGE / 4; i += stride(page))
		if (word[i])
			return 0;
	return 1;
}

static int is_file(const struct area *a)
{
	return a->kind == FILE_PRIVATE || a->kind == FILE_SHARED;
}

/* => does @mem hold what version @version of the page is? */
static int is_version(const struct area *a, const void *mem, unsigned long page, unsigned int version)
{
	return version == 0 && !is_file(a) ? is_zero(mem, page) : holds(mem, a, page, version);
}

static void check_page(struct area *a, unsigned long page)
{
	const uint32_t *mem = (void *)(a->mem + page * PAGE);
	unsigned int version = a->version[page];

	/* Read, it may be freed all the same; only writing takes it back. */
	if (is_version(a, mem, page, version & ~MAYBE_FREED))
		return;
	if (version & MAYBE_FREED && is_zero(mem, page)) {
		a->version[page] = 0;
		return;
	}
	printf("pid %d: area %u of kind %d, page %lu of %lu at %p, version %#x: holds %08x %08x ... %08x\n",
	       getpid(), a->id, a->kind, page, a->pages, (void *)mem, version, mem[0], mem[1], mem[1023]);
	wrong = 1;
}

static void next_version(struct area *a, unsigned long page)
{
	a->version[page] = ((a->version[page] & ~MAYBE_FREED) + 1) % MAYBE_FREED;
	if (!a->version[page])
		a->version[page] = 1;
}

static void write_page(struct area *a, unsigned long page)
{
	next_version(a, page);
	fill(a->mem + page * PAGE, a, page, a->version[page]);
}

/* ---- areas ---------------------------------------------------------------------------------- */

static struct area *some_area(void)
{
	unsigned int first = below(NR_AREAS);

	for (unsigned int i = 0; i < NR_AREAS; i++)
		if (areas[(first + i) % NR_AREAS].mem)
			return &areas[(first + i) % NR_AREAS];
	return NULL;
}

/* A part of an area. => its length */
static unsigned long some_run(const struct area *a, unsigned long most, unsigned long *first)
{
	unsigned long n = 1 + below(most < a->pages ? most : a->pages);

	*first = below(a->pages - n + 1);
	return n;
}

static void drop_area(struct area *a)
{
	if (a->mem)
		munmap(a->mem, a->pages * PAGE);
	if (a->fd >= 0)
		close(a->fd);
	free(a->version);
	pages_mapped -= a->pages;
	memset(a, 0, sizeof(*a));
}

/* A file without a name, whose pages hold version 0. => its descriptor or -1: no room */
static int make_file(const struct area *a)
{
	static unsigned char page[PAGE];
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "storm-%d-%u", getpid(), a->id);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	unlink(name);
	for (unsigned long i = 0; i < a->pages; i++) {
		fill(page, a, i, 0);
		if (pwrite(fd, page, PAGE, (off_t)i * PAGE) != PAGE) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

static void map_area(const struct storm *storm)
{
	static const int flags[] = { MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE,
				     MAP_SHARED };
	struct area *a = NULL;
	void *mem;

	for (unsigned int i = 0; i < NR_AREAS && !a; i++)
		if (!areas[i].mem)
			a = &areas[i];
	if (!a || pages_mapped + 4 > storm->pages)
		return;
	a->kind = below(8) < 4 ? ANON : below(NR_KINDS);
	a->pages = 1 + below(storm->pages / 2);
	if (a->pages > storm->pages - pages_mapped)
		a->pages = storm->pages - pages_mapped;
	pages_mapped += a->pages;
	a->id = ++next_id + (unsigned int)getpid() * 1000;
	a->fd = -1;
	a->version = calloc(a->pages, 1);
	if (a->version && is_file(a))
		a->fd = make_file(a);
	if (!a->version || (is_file(a) && a->fd < 0)) {
		drop_area(a);
		return;
	}
	mem = mmap(NULL, a->pages * PAGE, PROT_READ | PROT_WRITE, flags[a->kind], a->fd, 0);
	if (mem == MAP_FAILED)
		drop_area(a);
	else
		a->mem = mem;
}

static void grow_area(struct area *a, const struct storm *storm)
{
	unsigned long more = 1 + below(32);
	unsigned char *version;
	void *mem;

	if (a->kind != ANON || pages_mapped + more > storm->pages)
		return;
	version = realloc(a->version, a->pages + more);
	if (!version)
		return;
	memset(version + a->pages, 0, more);
	a->version = version;
	mem = mremap(a->mem, a->pages * PAGE, (a->pages + more) * PAGE, MREMAP_MAYMOVE);
	if (mem == MAP_FAILED)
		return;
	a->mem = mem;
	a->pages += more;
	pages_mapped += more;
}

/* ---- what is done --------------------------------------------------------------------------- */

static void check_some(struct area *a, unsigned long most)
{
	unsigned long first, n = some_run(a, most, &first);

	for (unsigned long i = 0; i < n; i++)
		check_page(a, first + i);
}

static void write_some(struct area *a, unsigned long most)
{
	unsigned long first, n = some_run(a, most, &first);

	for (unsigned long i = 0; i < n; i++)
		write_page(a, first + i);
}

/* All pages; or, if @some, one in four. */
static void check_all(int some)
{
	unsigned long next = some ? 4 : 1;

	for (unsigned int i = 0; i < NR_AREAS; i++)
		for (unsigned long page = below(next); areas[i].mem && page < areas[i].pages; page += next)
			check_page(&areas[i], page);
}

static void advise(struct area *a)
{
	static const int advices[] = { MADV_DONTNEED, 8 /* FREE */, 20 /* COLD */, 21 /* PAGEOUT */,
				       MADV_WILLNEED };
	int advice = advices[below(5)];
	unsigned long first, n = some_run(a, 64, &first);

	if (advice == 8 && a->kind != ANON)
		return;
	if (madvise(a->mem + first * PAGE, n * PAGE, advice))
		return;
	for (unsigned long i = first; i < first + n; i++) {
		if (advice == 8 && a->version[i])
			a->version[i] |= MAYBE_FREED;
		if (advice == MADV_DONTNEED && (a->kind == ANON || a->kind == FILE_PRIVATE))
			a->version[i] = 0;
	}
}

static void lock_some(struct area *a)
{
	unsigned long first, n = some_run(a, 8, &first);

	if (mlock(a->mem + first * PAGE, n * PAGE) == 0) {
		for (unsigned long i = 0; i < n; i++)
			check_page(a, first + i);
		munlock(a->mem + first * PAGE, n * PAGE);
	}
}

/* The file itself has what was written to its shared mapping, and what is written to it is there too. */
static void use_file(struct area *a)
{
	static unsigned char page[PAGE];
	unsigned long i = below(a->pages);

	if (a->kind != FILE_SHARED)
		return;
	if (below(4) == 0)
		msync(a->mem, a->pages * PAGE, MS_SYNC);
	if (pread(a->fd, page, PAGE, (off_t)i * PAGE) != PAGE || !is_version(a, page, i, a->version[i])) {
		printf("pid %d: page %lu of file %u is wrong\n", getpid(), i, a->id);
		wrong = 1;
		return;
	}
	next_version(a, i);
	fill(page, a, i, a->version[i]);
	if (pwrite(a->fd, page, PAGE, (off_t)i * PAGE) != PAGE) {
		printf("pid %d: page %lu of file %u: %s\n", getpid(), i, a->id, strerror(errno));
		wrong = 1;
	}
}

static int is_shared(const struct area *a)
{
	return a->kind == SHM || a->kind == FILE_SHARED;
}

/* A child sees what we have, and changes its own copies, and what is shared. */
static void have_child(struct slot *slot)
{
	struct area *shm = some_area();
	unsigned long first, n;
	int status;
	pid_t pid;

	if (!shm)
		return;
	n = some_run(shm, 16, &first);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return;
	for (unsigned long i = first; pid == 0 && i < first + n; i++)
		write_page(shm, i);
	if (pid == 0) {
		for (int round = 0; round < 6 && !wrong; round++) {
			struct area *a = some_area();

			check_some(a, 64);
			if (!is_shared(a))
				write_some(a, 32);
			check_some(a, 32);
			slot->steps++;
		}
		fflush(stdout);
		_exit(wrong);
	}
	while (waitpid(pid, &status, 0) < 0)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		wrong = 1;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		printf("pid %d: child %d died of signal %d\n", getpid(), pid, WTERMSIG(status));
		wrong = 1;
	}
	if (!is_shared(shm))
		return;
	/* The child has written them once; or not all, if it was killed: then that is made good. */
	for (unsigned long i = first; i < first + n; i++) {
		if (WIFEXITED(status)) {
			next_version(shm, i);
		} else {
			write_page(shm, i);
		}
	}
}

static void step(const struct storm *storm, struct slot *slot)
{
	static const char *const names[] = { "map", "write", "check", "unmap", "fork", "advise", "lock",
					     "grow", "file", "sleep" };
	static const unsigned char weights[] = { 5, 14, 10, 2, 3, 4, 2, 2, 2, 1 };
	struct area *a = some_area();
	unsigned int what = 0, roll = below(45);

	while (roll >= weights[what])
		roll -= weights[what++];
	if (!a)
		what = 0;
	snprintf(slot->what, sizeof(slot->what), "%s", names[what]);
	switch (what) {
	case 0: map_area(storm); break;
	case 1: write_some(a, storm->run); break;
	case 2: check_some(a, storm->run); break;
	case 3: check_some(a, 64); drop_area(a); break;
	case 4: have_child(slot); break;
	case 5: advise(a); break;
	case 6: lock_some(a); break;
	case 7: grow_area(a, storm); break;
	case 8: use_file(a); break;
	default: usleep(below(5000)); break;
	}
	slot->steps++;
}

/* => exit status */
static int worker(const struct storm *storm, struct shared *shared, unsigned int nr)
{
	rnd = storm_mix(storm_mix(storm->seed) + nr);
	for (unsigned int i = 0; i < storm->steps && !wrong && !shared->over; i++) {
		step(storm, &shared->worker[nr]);
		if (below(500) == 0) {
			fflush(stdout);
			return wrong;		/* with everything still mapped */
		}
	}
	if (!wrong)
		check_all(shared->over);
	for (unsigned int i = 0; i < NR_AREAS && !wrong; i++)
		if (areas[i].mem)
			drop_area(&areas[i]);
	fflush(stdout);
	return wrong;
}

#endif
