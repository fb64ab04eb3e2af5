/*
 * tests/user/pthreads.c - the C library's threads: create, join, mutexes, condition variables,
 * reader-writer locks, barriers, thread-local storage, cancellation; robust mutexes whose owner
 * dies; exec by one thread among many, which keeps the process's number; clone3.
 * calls: clone3
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <tests/user/test.h>

/* Not /proc/self/exe: of a process whose first thread is gone that leads nowhere. */
static char program[256];

#define THREADS	8
#define ROUNDS	500

/* ---- create, join, TLS ----------------------------------------------------------------------- */

static __thread int own = 7;
static __thread char *volatile own_address;

static void *uses_tls(void *arg)
{
	int n = (int)(long)arg;

	expect_eq(own, 7);
	own = n;
	own_address = (char *)&own;
	sched_yield();
	expect_eq(own, n);
	expect(gettid() != getpid());
	return (void *)(long)(n * n);
}

static void create_join(void)
{
	pthread_t t[THREADS];
	void *ret;

	for (int round = 0; round < 10; round++) {
		for (long i = 0; i < THREADS; i++)
			must(pthread_create(&t[i], NULL, uses_tls, (void *)i) == 0);
		for (long i = 0; i < THREADS; i++) {
			expect_eq(pthread_join(t[i], &ret), 0);
			expect_eq((long)ret, i * i);
		}
	}
	expect_eq(own, 7);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, written, turn;
static int readers;

static void *counts(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Each waits for its turn: a ring of wake-ups. */
static void *takes_turns(void *arg)
{
	long me = (long)arg;

	for (int i = 0; i < 20; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % THREADS != me)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *reads_and_writes(void *arg)
{
	for (int i = 0; i < 80; i++) {
		if (i % 8 == (long)arg % 8) {
			pthread_rwlock_wrlock(&rwlock);
			expect_eq(__atomic_load_n(&readers, __ATOMIC_SEQ_CST), 0);
			written++;
			pthread_rwlock_unlock(&rwlock);
		} else {
			pthread_rwlock_rdlock(&rwlock);
			__atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
			if (i % 50 == 0)
				sched_yield();
			__atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
			pthread_rwlock_unlock(&rwlock);
		}
	}
	return NULL;
}

static long phase[THREADS];

static void *meets(void *arg)
{
	long me = (long)arg, serial = 0;

	for (int i = 0; i < 10; i++) {
		phase[me] = i;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
		for (int j = 0; j < THREADS; j++)
			expect_eq(phase[j], i);
		pthread_barrier_wait(&barrier);
	}
	return (void *)serial;
}

/* Run @fn in all threads. => the sum of what they return */
static long in_threads(void *(*fn)(void *))
{
	pthread_t t[THREADS];
	long sum = 0;
	void *ret;

	for (long i = 0; i < THREADS; i++)
		must(pthread_create(&t[i], NULL, fn, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++) {
		must(pthread_join(t[i], &ret) == 0);
		sum += (long)ret;
	}
	return sum;
}

static void locks(void)
{
	struct timespec past = { 1, 0 };

	in_threads(counts);
	expect_eq(counter, THREADS * ROUNDS);
	in_threads(takes_turns);
	expect_eq(turn, THREADS * 20);
	in_threads(reads_and_writes);
	expect_eq(written, THREADS * 10);
	must(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	expect_eq(in_threads(meets), 10);
	pthread_barrier_destroy(&barrier);

	pthread_mutex_lock(&mutex);
	expect_eq(pthread_mutex_trylock(&mutex), EBUSY);
	expect_eq(pthread_mutex_timedlock(&mutex, &past), ETIMEDOUT);
	expect_eq(pthread_cond_timedwait(&cond, &mutex, &past), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* ---- cancellation ---------------------------------------------------------------------------- */

static int cleaned;

static void clean(void *arg)
{
	cleaned++;
}

static void *sleeps(void *arg)
{
	sem_t *ready = arg;
	int fds[2];
	char byte;

	pthread_cleanup_push(clean, NULL);
	must(pipe(fds) == 0);
	sem_post(ready);
	if (read(fds[0], &byte, 1) < 0)
		_exit(9);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spins(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_post(arg);
	for (;;)
		;
	return NULL;
}

static void cancel(void)
{
	pthread_t t;
	sem_t ready;
	void *ret;

	sem_init(&ready, 0, 0);
	must(pthread_create(&t, NULL, sleeps, &ready) == 0);
	sem_wait(&ready);
	expect_eq(pthread_cancel(t), 0);
	expect_eq(pthread_join(t, &ret), 0);
	expect(ret == PTHREAD_CANCELED);
	expect_eq(cleaned, 1);
	must(pthread_create(&t, NULL, spins, &ready) == 0);
	sem_wait(&ready);
	expect_eq(pthread_cancel(t), 0);
	expect_eq(pthread_join(t, &ret), 0);
	expect(ret == PTHREAD_CANCELED);
}

/* ---- robust mutexes -------------------------------------------------------------------------- */

struct shared {
	pthread_mutex_t mutex[3];
	volatile int locked;
};

static void *takes_and_dies(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 3; i++)
		pthread_mutex_lock(&s->mutex[i]);
	s->locked = 1;
	return NULL;
}

static struct shared *make_shared(void)
{
	struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	pthread_mutexattr_t attr;

	must(s != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (int i = 0; i < 3; i++)
		must(pthread_mutex_init(&s->mutex[i], &attr) == 0);
	return s;
}

static void expect_orphans(struct shared *s)
{
	for (int i = 0; i < 3; i++) {
		expect_eq(pthread_mutex_lock(&s->mutex[i]), EOWNERDEAD);
		expect_eq(pthread_mutex_consistent(&s->mutex[i]), 0);
		expect_eq(pthread_mutex_unlock(&s->mutex[i]), 0);
		expect_eq(pthread_mutex_trylock(&s->mutex[i]), 0);
		expect_eq(pthread_mutex_unlock(&s->mutex[i]), 0);
	}
}

/* The owner ends: a thread, a process by exit, by a signal while we wait, by exec. */
static void robust(void)
{
	struct shared *s = make_shared();
	char *argv[] = { program, "--nothing", NULL };
	pthread_t t;
	pid_t pid;

	must(pthread_create(&t, NULL, takes_and_dies, s) == 0);
	pthread_join(t, NULL);
	expect_orphans(s);
	for (int how = 0; how < 3; how++) {
		s->locked = 0;
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			takes_and_dies(s);
			if (how == 0)
				_exit(0);
			usleep(50000);
			if (how == 1)
				raise(SIGKILL);
			execv(argv[0], argv);
			_exit(1);
		}
		while (!s->locked)
			usleep(1000);
		expect_orphans(s);
		must(waitpid(pid, NULL, 0) == pid);
	}
	munmap(s, 4096);
}

/* ---- exec by one of many --------------------------------------------------------------------- */

static void *waits_forever(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void *execs(void *arg)
{
	char pid[16], *argv[] = { program, "--pid", pid, NULL };

	sprintf(pid, "%d", getpid());
	execv(argv[0], argv);
	_exit(2);
}

static void *execs_too(void *arg)
{
	pthread_barrier_wait(&barrier);
	return execs(arg);
}

/* What the new program finds: it is the process, alone, with its number and its parent. */
static int after_exec(int pid)
{
	char path[64];
	int tasks = 0;
	DIR *dir;

	expect_eq(getpid(), pid);
	expect_eq(gettid(), pid);
	dir = opendir("/proc/self/task");
	must(dir);
	for (struct dirent *d; (d = readdir(dir)); )
		tasks += d->d_name[0] != '.';
	closedir(dir);
	expect_eq(tasks, 1);
	sprintf(path, "/proc/%d/status", pid);
	expect(access(path, R_OK) == 0);
	expect_eq(kill(pid, 0), 0);
	/* The alarm that was set before is still to come. */
	expect(alarm(0) > 0);
	return test_result();
}

/* Thread @which of the process execs; the leader waits, or is dead already. */
static void exec_in_thread(int leader_dies, int how_many)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		pthread_t t;

		alarm(60);
		for (int i = 0; i < 4; i++)
			must(pthread_create(&t, NULL, waits_forever, NULL) == 0);
		must(pthread_barrier_init(&barrier, NULL, (unsigned int)how_many) == 0);
		for (int i = 0; i < how_many; i++)
			must(pthread_create(&t, NULL, how_many > 1 ? execs_too : execs, NULL) == 0);
		if (leader_dies)
			syscall(SYS_exit, 0);
		waits_forever(NULL);
	}
	must(waitpid(pid, &status, 0) == pid);
	if (status)
		test_fail("exec in a thread (leader %s, %d at once): status %x",
			  leader_dies ? "dead" : "alive", how_many, status);
}

/* The leader itself execs: the others die, it does not. */
static void exec_in_leader(void)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		pthread_t t;

		alarm(60);
		for (int i = 0; i < 4; i++)
			must(pthread_create(&t, NULL, waits_forever, NULL) == 0);
		execs(NULL);
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);
}

/* ---- clone3 ---------------------------------------------------------------------------------- */

static long clone3(struct clone_args *args, size_t size)
{
	long ret;

	/* Not through the library: without a stack of its own the child returns here. */
	asm volatile("int $0x80" : "=a"(ret) : "0"(SYS_clone3), "b"(args), "c"(size) : "memory");
	if (ret < 0 && ret >= -4095) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

static void clone_three(void)
{
	struct { struct clone_args args; char more[64]; } a;
	volatile int child_tid = 0, parent_tid = 0;
	int status;
	long pid;

	memset(&a, 0, sizeof(a));
	a.args.exit_signal = SIGCHLD;
	a.args.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
	a.args.parent_tid = (unsigned long)&parent_tid;
	a.args.child_tid = (unsigned long)&child_tid;
	pid = clone3(&a.args, sizeof(a));
	must(pid >= 0);
	if (!pid)
		_exit(child_tid == (int)syscall(SYS_getpid) ? 5 : 6);
	expect_eq(parent_tid, pid);
	expect_eq(child_tid, 0);
	must(waitpid((pid_t)pid, &status, 0) == pid);
	expect_eq(WEXITSTATUS(status), 5);

	a.args.flags = 0;
	expect_errno(clone3(&a.args, 63), EINVAL);
	expect_errno(clone3(&a.args, 0), EINVAL);
	expect_errno(clone3(&a.args, 4097), E2BIG);
	expect_errno(clone3((void *)16, 64), EFAULT);
	a.more[63] = 1;
	expect_errno(clone3(&a.args, sizeof(a)), E2BIG);
	a.more[63] = 0;
#define REFUSED(field, value) do {					\
	struct clone_args old = a.args;					\
	a.args.field = (value);						\
	expect_errno(clone3(&a.args, sizeof(a.args)), EINVAL);		\
	a.args = old;							\
} while (0)
	REFUSED(exit_signal, 65);
	REFUSED(exit_signal, 256 + SIGCHLD);
	REFUSED(flags, SIGCHLD);
	REFUSED(flags, CLONE_DETACHED);
	REFUSED(flags, CLONE_SIGHAND);
	REFUSED(flags, CLONE_PARENT);
	REFUSED(flags, 1ull << 50);
	REFUSED(stack, 0x10000);
	REFUSED(stack_size, 0x10000);
	REFUSED(set_tid_size, 1);
	REFUSED(set_tid_size, 100);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return 0;
	if (argc == 3)
		return after_exec(atoi(argv[2]));
	must(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	create_join();
	locks();
	cancel();
	robust();
	exec_in_leader();
	exec_in_thread(0, 1);
	exec_in_thread(1, 1);
	exec_in_thread(0, 4);
	exec_in_thread(1, 4);
	clone_three();
	return test_result();
}
