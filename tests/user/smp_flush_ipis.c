/*
 * tests/user/smp_flush_ipis.c - other processors are asked to flush when it is due, only then.
 *
 * /proc/vmstat counts the flushes that others were asked for (nr_tlb_remote_flush; Linux has it
 * in kernels built with DEBUG_TLBFLUSH, and without it this test cannot run).  What must ask
 * nobody is tried several times, and counts by its best: the rest of the system may flush, too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

#define TRIES	6
#define LOOPS	10
#define PAGE	4096
#define PAGES	4

static volatile unsigned int uses;
static volatile char *shared;
static char stack[64 * 1024] __attribute__((aligned(16)));

/* => the counter, or -1 */
static long counter(const char *name)
{
	static char text[16384];
	int fd = open("/proc/vmstat", O_RDONLY), n = 0, got;
	char *at;

	must(fd >= 0);
	while ((got = (int)read(fd, text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += got;
	close(fd);
	text[n] = 0;
	at = strstr(text, name);
	return at ? atol(at + strlen(name)) : -1;
}

/* To read a file of /proc may itself end in a flush: a buffer of the kernel's goes. */
static long cost_of_reading;

static long flushes(void)
{
	return counter("\nnr_tlb_remote_flush ");
}

static long flushes_since(long before)
{
	return flushes() - before - cost_of_reading;
}

static int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void touch(volatile char *p)
{
	for (int i = 0; i < PAGES; i++)
		p[i * PAGE]++;
}

static volatile char *map(void)
{
	void *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	touch(p);
	return p;
}

/* Everything that changes this process's own page tables. */
static void change_alone(void)
{
	for (int i = 0; i < LOOPS; i++) {
		volatile char *p = map();

		must(!mprotect((void *)p, PAGES * PAGE, PROT_READ));
		must(!mprotect((void *)p, PAGES * PAGE, PROT_READ | PROT_WRITE));
		touch(p);
		must(!madvise((void *)p, PAGES * PAGE, MADV_DONTNEED));
		touch(p);
		p = mremap((void *)p, PAGES * PAGE, 64 * PAGES * PAGE, MREMAP_MAYMOVE);
		must(p != MAP_FAILED);
		must(!munmap((void *)p, 64 * PAGES * PAGE));
	}
}

static void fork_alone(void)
{
	for (int i = 0; i < LOOPS; i++) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		must(waitpid(pid, &status, 0) == pid && !status);
		touch(shared);
	}
}

/* => the fewest flushes asked of others while @fn runs */
static long fewest(void (*fn)(void))
{
	long least = 1 << 30;

	for (int i = 0; i < TRIES && least; i++) {
		long before = flushes(), asked;

		fn();
		asked = flushes_since(before);
		if (asked < least)
			least = asked;
	}
	return least;
}

static void nothing(void)
{
}

static int use_shared(void *unused)
{
	if (run_on(1))
		return 1;
	for (;;) {
		(void)shared[0];
		uses++;
		__builtin_ia32_pause();
	}
}

static void wait_for_use(void)
{
	unsigned int before = uses;

	while (uses == before)
		sched_yield();
}

static long asked_by_mprotect(int prot)
{
	long before = flushes();

	must(!mprotect((void *)shared, PAGES * PAGE, prot));
	return flushes_since(before);
}

/* Another task uses the space on another processor: less rights tell it, more do not. */
static void share(void)
{
	pid_t pid = clone(use_shared, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
	long least = 1 << 30, untold = 0;
	int status;

	must(pid > 0);
	for (int i = 0; i < TRIES; i++) {
		long asked;

		wait_for_use();
		untold += asked_by_mprotect(PROT_READ) < 1;
		asked = asked_by_mprotect(PROT_READ | PROT_WRITE);
		least = asked < least ? asked : least;
		touch(shared);
	}
	expect_eq(untold, 0);
	expect_eq(least, 0);
	must(!kill(pid, SIGKILL));
	must(waitpid(pid, &status, __WALL) == pid);
	expect(WIFSIGNALED(status));
}

int main(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("one processor has nobody to ask");
	if (flushes() < 0)
		skip("this kernel does not count flushes");
	must(!run_on(0));
	cost_of_reading = fewest(nothing);
	shared = map();
	change_alone();
	expect_eq(fewest(change_alone), 0);
	expect_eq(fewest(fork_alone), 0);
	/* Where it ran before may still have its tables, idle; it is told once, and gives them up. */
	must(!run_on(1));
	change_alone();
	expect_eq(fewest(change_alone), 0);
	must(!run_on(0));
	share();
	expect_eq(fewest(change_alone), 0);
	return test_result();
}
