/*
 * tests/bench/smpfault.c - several processors touch new memory at once.
 *
 * usage: smpfault private|shared WORKERS PAGES
 *
 * private: WORKERS processes, each with PAGES pages of its own. shared: WORKERS
 * threads (raw clone, one address space), each with PAGES pages of one area. Worker n
 * asks for processor n. They meet, each writes a byte to each of its pages, and all
 * meet again; what lies between is marked for tests/bench/lockstep.c, and the counters
 * of /proc/vmstat that have changed meanwhile are told: "counter NAME DIFFERENCE".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE		4096u
#define MAX_WORKERS	32
#define STACK		16384
#define SLICE		0x00400000u	/* each worker's part begins under a page table of its own */
#define MARK_BEGIN()	__asm__ volatile("xchg %%ebx, %%ebx" : : : "memory")
#define MARK_DONE()	__asm__ volatile("xchg %%edx, %%edx" : : : "memory")
#define MARK_END()	__asm__ volatile("xchg %%ecx, %%ecx" : : : "memory")

#define COUNTERS	16384u		/* bytes of /proc/vmstat, at most */

/* What all share, the processes too. */
static struct {
	volatile struct meeting {
		int come;
		int ended;
	} meeting[2];
	char before[COUNTERS], after[COUNTERS];
} *common;
static int workers, pages;
static char *area;			/* the threads' common one */
static char stacks[MAX_WORKERS][STACK] __attribute__((aligned(16)));

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

/* Nobody leaves before all have come. The last one does @last first. */
static void meet(volatile struct meeting *m, void (*last)(void))
{
	if (__atomic_add_fetch(&m->come, 1, __ATOMIC_SEQ_CST) == workers) {
		last();
		m->ended = 1;
	}
	while (!m->ended)
		__asm__ volatile("pause");
}

/* The counters, as text. */
static void read_vmstat(char *buf)
{
	int fd = open("/proc/vmstat", O_RDONLY);
	ssize_t n, len = 0;

	while (fd >= 0 && (n = read(fd, buf + len, COUNTERS - 1 - (size_t)len)) > 0)
		len += n;
	buf[len] = 0;
	if (fd >= 0)
		close(fd);
}

static void begin(void)
{
	read_vmstat(common->before);
	MARK_BEGIN();
}

static void end(void)
{
	MARK_END();
	read_vmstat(common->after);
}

static char *map(unsigned long size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(set), &set) < 0)
		die("sched_setaffinity");
}

static int worker(void *number)
{
	int n = (int)(long)number;
	volatile char *p;

	if (workers > 1)
		go_to(n);
	p = area ? area + (unsigned int)n * SLICE : map((unsigned int)pages * PAGE);
	meet(&common->meeting[0], begin);
	for (int i = 0; i < pages; i++)
		p[(unsigned int)i * PAGE] = 1;
	MARK_DONE();
	meet(&common->meeting[1], end);
	_exit(0);
}

static void compare(const char *before, char *after)
{
	for (char *line = strtok(after, "\n"); line; line = strtok(NULL, "\n")) {
		char name[64], key[66];
		unsigned long now;
		const char *old;

		if (sscanf(line, "%63s %lu", name, &now) != 2)
			continue;
		snprintf(key, sizeof(key), "%s ", name);
		old = strstr(before, key);
		if (old && now != strtoul(old + strlen(key), NULL, 10))
			printf("counter %s %ld\n", name, (long)(now - strtoul(old + strlen(key), NULL, 10)));
	}
}

int main(int argc, char **argv)
{
	int shared, status, bad = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: smpfault private|shared WORKERS PAGES\n");
		return 2;
	}
	shared = !strcmp(argv[1], "shared");
	workers = atoi(argv[2]);
	pages = atoi(argv[3]);
	if (workers < 1 || workers > MAX_WORKERS || pages < 1 || (unsigned int)pages * PAGE > SLICE)
		return 2;
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		die("mmap");
	if (shared) {
		area = map(((unsigned int)workers + 1) * SLICE);
		area = (char *)(((unsigned long)area + SLICE - 1) & -(unsigned long)SLICE);
	}
	/* Not later, when the others would wait in vain. */
	for (int i = workers - 1; workers > 1 && i >= 0; i--)
		go_to(i);
	for (int i = 0; i < workers; i++) {
		int pid = shared ? clone(worker, stacks[i] + STACK, CLONE_VM | CLONE_FS | CLONE_FILES |
					 CLONE_SIGHAND | SIGCHLD, (void *)(long)i) : fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			worker((void *)(long)i);
	}
	for (int i = 0; i < workers; i++)
		bad |= wait(&status) < 0 || status;
	printf("%s %d %d\n", argv[1], workers, pages);
	compare(common->before, common->after);
	return bad;
}
