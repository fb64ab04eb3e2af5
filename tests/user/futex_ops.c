/*
 * futex_ops - what two waiters agree on: private and shared keys, the same page at other places,
 * bit sets, WAKE_OP, moving waiters, both clocks, and a time-out that goes on after a stop.
 *
 * calls: futex futex_time64
 */
#define _GNU_SOURCE
#include "test.h"

#include <linux/futex.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE 4096

static long futex(volatile void *word, int op, int val, const void *ts, volatile void *word2, int val3)
{
	return syscall(SYS_futex, word, op, val, ts, word2, val3);
}

/* ---- one who waits --------------------------------------------------------------------------------- */

struct waiter {
	pthread_t thread;
	volatile int *word;
	int op, bitset;
	volatile int tid;
	volatile long result;
};

static void *waits(void *arg)
{
	struct waiter *w = arg;

	w->tid = (int)syscall(SYS_gettid);
	w->result = futex(w->word, w->op, *w->word, NULL, NULL, w->bitset) ? -errno : 0;
	return NULL;
}

/* Does the task sleep? */
static int asleep(pid_t pid, pid_t tid)
{
	char path[64], line[256] = "";
	const char *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	f = fopen(path, "r");
	if (!f) {
		snprintf(path, sizeof(path), "/proc/%d/stat", tid);
		f = fopen(path, "r");
	}
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	end = strrchr(line, ')');
	return end && end[2] == 'S';
}

static void start(struct waiter *w, volatile int *word, int op, int bitset)
{
	*w = (struct waiter){ .word = word, .op = op, .bitset = bitset, .result = 1 };
	must(pthread_create(&w->thread, NULL, waits, w) == 0);
	while (!w->tid || !asleep(getpid(), w->tid))
		usleep(1000);
}

static void finish(struct waiter *w, long result)
{
	must(pthread_join(w->thread, NULL) == 0);
	expect_eq(w->result, result);
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static void private_and_shared(void)
{
	static volatile int word;
	struct waiter w;

	start(&w, &word, FUTEX_WAIT_PRIVATE, 0);
	expect_eq(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
	finish(&w, 0);
	start(&w, &word, FUTEX_WAIT, 0);
	expect_eq(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	finish(&w, 0);
}

/* A child that waits for one at @word and leaves with what came of it. */
static pid_t child_waits(volatile int *word)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) ? errno : 0);
	while (!asleep(pid, pid))
		usleep(1000);
	return pid;
}

static void child_woken(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* The same word of a file, or of shared memory, by other addresses, in other processes. */
static void by_object(int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	char *one = mmap(NULL, 4 * PAGE, rw, fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	volatile int *word = (volatile int *)(one + PAGE + 16);
	char *moved;
	pid_t pid;

	must(one != MAP_FAILED);
	pid = child_waits(word);
	/* Another word of it, or another object, is not meant. */
	expect_eq(futex(word + 1, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(one + 16, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 0);
	/* Moved, the word is still the one that the child knows by its old address. */
	moved = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(moved != MAP_FAILED);
	moved = mremap(one, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	must(moved != MAP_FAILED);
	expect_errno(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0), EFAULT);
	expect_eq(futex(moved + PAGE + 16, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	child_woken(pid);
	if (fd >= 0) {
		/* A second mapping, from the middle; a private one of the file is no way to it. */
		char *two = mmap(NULL, PAGE, rw, MAP_SHARED, fd, PAGE);
		char *own = mmap(NULL, PAGE, rw, MAP_PRIVATE, fd, PAGE);

		pid = child_waits((volatile int *)(moved + PAGE + 16));
		must(munmap(moved, 4 * PAGE) == 0);
		expect_eq(futex(own + 16, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
		expect_eq(futex(two + 16, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
		child_woken(pid);
		munmap(two, PAGE);
		munmap(own, PAGE);
	} else {
		munmap(moved, 4 * PAGE);
	}
}

static void nothing_there(void)
{
	char *area = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(area != MAP_FAILED);
	/* Private memory that nobody can write never changes. */
	expect_errno(futex(area, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	expect_errno(futex(area, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	must(munmap(area, 2 * PAGE) == 0);
	expect_errno(futex(area, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	/* A private key is an address and no more. */
	expect_eq(futex(area, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	expect_errno(futex(area, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
	expect_errno(futex(area + 1, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
	expect_errno(futex((void *)0xfffff000, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), EFAULT);
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void bit_sets(void)
{
	static volatile int word;
	struct waiter one, two;

	start(&one, &word, FUTEX_WAIT_BITSET_PRIVATE, 1);
	start(&two, &word, FUTEX_WAIT_BITSET_PRIVATE, 6);
	expect_eq(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 8), 0);
	expect_eq(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 2), 1);
	finish(&two, 0);
	expect_eq(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
	finish(&one, 0);
	expect_errno(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0), EINVAL);
	expect_errno(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
}

static void moving(void)
{
	static volatile int from, to;
	struct waiter w[3];

	for (int i = 0; i < 3; i++)
		start(&w[i], &from, FUTEX_WAIT_PRIVATE, 0);
	expect_errno(futex(&from, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &to, 5), EAGAIN);
	/* Onto itself: each is counted once, and the order stays. */
	expect_eq(futex(&from, FUTEX_REQUEUE_PRIVATE, 0, (void *)INT_MAX, &from, 0), 3);
	/* One wakes, one moves, one stays. */
	expect_eq(futex(&from, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &to, 0), 2);
	finish(&w[0], 0);
	expect_eq(futex(&to, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
	finish(&w[1], 0);
	/* None wakes, all move, there and back. */
	expect_eq(futex(&from, FUTEX_REQUEUE_PRIVATE, 0, (void *)INT_MAX, &to, 0), 1);
	expect_eq(futex(&from, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(&to, FUTEX_REQUEUE_PRIVATE, 0, (void *)INT_MAX, &from, 0), 1);
	expect_eq(futex(&from, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 1);
	finish(&w[2], 0);
	expect_errno(futex(&from, FUTEX_REQUEUE_PRIVATE, -1, (void *)1, &to, 0), EINVAL);
	expect_errno(futex(&from, FUTEX_REQUEUE_PRIVATE, 1, (void *)-1, &to, 0), EINVAL);
	expect_errno(futex(&from, FUTEX_CMP_REQUEUE, 1, (void *)1, BAD_PTR, 0), EFAULT);
}

static void change_and_wake(void)
{
	static const struct { int op, arg, old, new, cmp, cmparg, woken; } cases[] = {
		{ FUTEX_OP_SET, 7, 1, 7, FUTEX_OP_CMP_EQ, 1, 2 },
		{ FUTEX_OP_SET, 7, 1, 7, FUTEX_OP_CMP_EQ, 2, 1 },
		{ FUTEX_OP_ADD, 2, 5, 7, FUTEX_OP_CMP_NE, 4, 2 },
		{ FUTEX_OP_ADD, -1, 5, 4, FUTEX_OP_CMP_NE, 5, 1 },
		{ FUTEX_OP_OR, 6, 1, 7, FUTEX_OP_CMP_LT, 2, 2 },
		{ FUTEX_OP_OR, 6, -1, -1, FUTEX_OP_CMP_LT, -1, 1 },
		{ FUTEX_OP_ANDN, 3, 7, 4, FUTEX_OP_CMP_LE, 7, 2 },
		{ FUTEX_OP_ANDN, 3, 7, 4, FUTEX_OP_CMP_LE, 6, 1 },
		{ FUTEX_OP_XOR, 5, 4, 1, FUTEX_OP_CMP_GT, -1, 2 },
		{ FUTEX_OP_XOR, 5, 4, 1, FUTEX_OP_CMP_GT, 4, 1 },
		{ FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, 4, 16, FUTEX_OP_CMP_GE, 4, 2 },
		{ FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, 4, 16, FUTEX_OP_CMP_GE, 5, 1 },
	};
	static volatile int word, other;
	struct waiter a, b;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int op = (int)FUTEX_OP((unsigned int)cases[i].op, cases[i].arg,
				       (unsigned int)cases[i].cmp, cases[i].cmparg);

		other = cases[i].old;
		start(&a, &word, FUTEX_WAIT_PRIVATE, 0);
		start(&b, &other, FUTEX_WAIT_PRIVATE, 0);
		expect_eq(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, op), cases[i].woken);
		expect_eq(other, cases[i].new);
		finish(&a, 0);
		futex(&other, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		finish(&b, 0);
	}
	expect_errno(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, 7 << 28), ENOSYS);
	expect_errno(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, 15 << 24), ENOSYS);
	expect_errno(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, BAD_PTR, 0), EFAULT);
	/* A page that has to be copied first: this child's own. */
	{
		int status;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other,
			      FUTEX_OP(FUTEX_OP_SET, 99, FUTEX_OP_CMP_EQ, 0));
			_exit(other);
		}
		must(waitpid(pid, &status, 0) == pid);
		expect_eq(WEXITSTATUS(status), 99);
		expect(other != 99);
	}
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static long long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void clocks(void)
{
	static const struct { int flag; clockid_t clock; } cases[] = {
		{ 0, CLOCK_MONOTONIC }, { FUTEX_CLOCK_REALTIME, CLOCK_REALTIME },
	};
	static volatile int word;
	int ts[2] = { 0, 0 };

	for (size_t i = 0; i < 2; i++) {
		long long at = now_ns(cases[i].clock) + 30000000;

		ts[0] = (int)(at / 1000000000);
		ts[1] = (int)(at % 1000000000);
		expect_errno(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | cases[i].flag, 0, ts, NULL, -1),
			     ETIMEDOUT);
		expect(now_ns(cases[i].clock) >= at);
	}
	expect_errno(futex(&word, FUTEX_WAKE_PRIVATE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
	ts[0] = -1;
	expect_errno(futex(&word, FUTEX_WAIT_PRIVATE, 0, ts, NULL, 0), EINVAL);
	ts[0] = 0;
	ts[1] = 1000000000;
	expect_errno(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, ts, NULL, -1), EINVAL);
	expect_errno(futex(&word, FUTEX_WAIT_PRIVATE, 0, BAD_PTR, NULL, 0), EFAULT);
}

static void nothing(int sig)
{
	(void)sig;
}

/* With an end a wait is over when a handler has run, whatever SA_RESTART says. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, off = { { 0, 0 }, { 0, 0 } };
	static volatile int word;
	int ts[2] = { (int)(now_ns(CLOCK_MONOTONIC) / 1000000000) + 100, 0 };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	expect_errno(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, ts, NULL, -1), EINTR);
	ts[0] = 100;
	expect_errno(futex(&word, FUTEX_WAIT_PRIVATE, 0, ts, NULL, 0), EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
}

/* Stopped and continued, a wait goes on to the moment that it had from the beginning. */
static void stopped(void)
{
	volatile int *word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const int ts[2] = { 100, 0 };
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(futex(word, FUTEX_WAIT, 0, ts, NULL, 0) ? errno : 0);
	while (!asleep(pid, pid))
		usleep(1000);
	kill(pid, SIGSTOP);
	must(waitpid(pid, &status, WUNTRACED) == pid);
	kill(pid, SIGCONT);
	while (!asleep(pid, pid))
		usleep(1000);
	expect_eq(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	child_woken(pid);
	munmap((void *)word, PAGE);
}

int main(void)
{
	char name[] = "/tmp/octavo-futex-XXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
	unlink(name);
	private_and_shared();
	by_object(-1);
	by_object(fd);
	nothing_there();
	bit_sets();
	moving();
	change_and_wake();
	clocks();
	interrupted();
	stopped();
	return test_result();
}
