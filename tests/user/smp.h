/*
 * tests/user/smp.h - for tests that do the same thing on all processors at once.
 *
 * Workers are processes that share the page `shared`, or threads by raw clone(): those have one
 * errno for all, so what they do goes by sc(), which returns -errno.  A worker ends by returning 0;
 * anything else fails the test.
 */
#ifndef OCTAVO_TESTS_USER_SMP_H
#define OCTAVO_TESTS_USER_SMP_H

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <tests/user/test.h>

#define MAX_WORKERS	8
#define THREAD_STACK	65536

static pid_t workers[MAX_WORKERS];
static int nr_workers;

/* => what the kernel says: a result, or -errno */
static inline long sc(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return ret;
}

/* Memory that the processes of this test share. */
static inline void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static inline void start_process(int (*fn)(void *), long arg)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		int status = fn((void *)arg);

		fflush(stdout);
		_exit(status || test_failures);
	}
	workers[nr_workers++] = pid;
}

/* A thread in all but the number: it can be waited for. */
static inline void start_thread(int (*fn)(void *), long arg)
{
	char *stack = mmap(NULL, THREAD_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid;

	must(stack != MAP_FAILED);
	pid = clone(fn, stack + THREAD_STACK - 16,
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD, (void *)arg);
	must(pid > 0);
	workers[nr_workers++] = pid;
}

/* Wait for all of them, each exactly once. */
static inline void join_workers(void)
{
	for (int i = 0; i < nr_workers; i++) {
		int status = -1;

		expect_eq(waitpid(workers[i], &status, 0), workers[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			test_fail("worker %d: status 0x%x", i, status);
		errno = 0;
		expect(waitpid(workers[i], &status, WNOHANG) == -1 && errno == ECHILD);
	}
	nr_workers = 0;
}

/* A small generator of its own for each worker. */
static inline unsigned int draw(unsigned int *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

#endif
