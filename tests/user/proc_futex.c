/*
 * tests/user/proc_futex.c - futex: waiting on a word, between threads of one address space and
 * between processes that share a mapping; robust list, thread areas, set_tid_address.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

static long futex(volatile int *word, int op, int val, const struct timespec *ts,
		  volatile int *word2, int val3)
{
	return syscall(SYS_futex, word, op, val, ts, word2, val3);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void basics(void)
{
	volatile int word = 5;
	int ts32[2] = { 0, 50000000 };
	long long t0;

	expect_errno(futex(&word, FUTEX_WAIT, 6, NULL, NULL, 0), EAGAIN);
	t0 = now_ms();
	expect_errno(futex(&word, FUTEX_WAIT, 5, (void *)ts32, NULL, 0), ETIMEDOUT);
	expect(now_ms() - t0 >= 50);
	expect_errno(futex(&word, FUTEX_WAIT_PRIVATE, 5, (void *)ts32, NULL, 0), ETIMEDOUT);
	expect_eq(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	expect_errno(futex((void *)1, FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
	expect_errno(futex((void *)16, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	expect_errno(futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0), EINVAL);
	expect_errno(futex(&word, 99, 5, NULL, NULL, 0), ENOSYS);
	ts32[1] = 1000000000;
	expect_errno(futex(&word, FUTEX_WAIT, 5, (void *)ts32, NULL, 0), EINVAL);
	/* A moment in the past. */
	ts32[0] = 1;
	ts32[1] = 0;
	expect_errno(futex(&word, FUTEX_WAIT_BITSET, 5, (void *)ts32, NULL, -1), ETIMEDOUT);
	{
		long long ts64[2] = { 0, 30000000 };

		expect_errno(syscall(SYS_futex_time64, &word, FUTEX_WAIT, 5, ts64, 0, 0), ETIMEDOUT);
	}
}

/* Two processes, one page. */
static void processes(void)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	int status;
	pid_t pids[3];

	must(word != MAP_FAILED);
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			while (!*word)
				if (futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) && errno != EAGAIN)
					_exit(1);
			_exit(0);
		}
	}
	usleep(50000);
	*word = 1;
	expect_eq(futex(word, FUTEX_WAKE, 2, NULL, NULL, 0), 2);
	expect_eq(futex(word, FUTEX_WAKE, 100, NULL, NULL, 0), 1);
	for (int i = 0; i < 3; i++) {
		waitpid(pids[i], &status, 0);
		expect_eq(status, 0);
	}
	/* Requeue: one wakes, the others move. */
	word[0] = 0;
	word[1] = 0;
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) ? 1 : 0);
	}
	usleep(100000);
	expect_errno(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)10, word + 1, 77), EAGAIN);
	expect_eq(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)10, word + 1, 0), 3);
	expect_eq(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	expect_eq(futex(word + 1, FUTEX_WAKE, 10, NULL, NULL, 0), 2);
	for (int i = 0; i < 3; i++) {
		waitpid(pids[i], &status, 0);
		expect_eq(status, 0);
	}
	munmap((void *)word, 4096);
}

static volatile int shared, done, tid_word;
static char stack[65536] __attribute__((aligned(16)));

static int task(void *arg)
{
	(void)arg;
	while (!shared)
		syscall(SYS_futex, &shared, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	done = 42;
	syscall(SYS_exit, 7);
	return 0;
}

/* A task in our address space; its end clears a word and wakes who waits there. */
static void one_address_space(void)
{
	int status;
	pid_t pid;

	tid_word = 1;
	pid = clone(task, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD |
		    CLONE_CHILD_CLEARTID, NULL, NULL, NULL, &tid_word);
	must(pid > 0);
	usleep(50000);
	shared = 1;
	expect_eq(futex(&shared, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	while (tid_word)
		futex(&tid_word, FUTEX_WAIT, 1, NULL, NULL, 0);
	expect_eq(done, 42);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(WEXITSTATUS(status), 7);
}

/* A thread of our own group: not waited for, gone with the word. */
static void thread(void)
{
	int status;
	pid_t pid;

	shared = done = 0;
	tid_word = 1;
	pid = clone(task, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES |
		    CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID, NULL,
		    NULL, NULL, &tid_word);
	must(pid > 0);
	expect(syscall(SYS_tgkill, getpid(), pid, 0) == 0);
	shared = 1;
	futex(&shared, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	while (tid_word)
		futex(&tid_word, FUTEX_WAIT, 1, NULL, NULL, 0);
	expect_eq(done, 42);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
}

static int spin_thread(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
	return 0;
}

/* exit_group and a fatal signal take all threads along. */
static void group_exit(void)
{
	for (int how = 0; how < 2; how++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			clone(spin_thread, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES |
			      CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
			usleep(30000);
			if (how)
				raise(SIGTERM);
			_exit(3);
		}
		must(waitpid(pid, &status, 0) == pid);
		if (how)
			expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		else
			expect(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	}
}

static void thread_areas(void)
{
	static int value = 0x1234;
	struct user_desc ud = { .entry_number = (unsigned int)-1, .base_addr = (unsigned long)&value,
				.limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1 };
	struct user_desc back;
	unsigned short fs;
	int got, status, first;
	pid_t pid;

	must(syscall(SYS_set_thread_area, &ud) == 0);
	first = (int)ud.entry_number;
	expect(first >= 6 && first < 16);
	fs = (unsigned short)(first * 8 + 3);
	__asm__ volatile("movw %1, %%fs; movl %%fs:0, %0" : "=r"(got) : "r"(fs));
	expect_eq(got, 0x1234);
	/* fork inherits it, other processes running in between do no harm. */
	pid = fork();
	if (!pid) {
		int mine = 0x77, seen;
		struct user_desc own = ud;

		own.base_addr = (unsigned long)&mine;
		if (syscall(SYS_set_thread_area, &own))
			_exit(1);
		__asm__ volatile("movw %1, %%fs" : : "r"(0), "r"(fs));
		usleep(20000);
		__asm__ volatile("movl %%fs:0, %0" : "=r"(seen));
		_exit(seen == 0x77 ? 0 : 2);
	}
	for (int i = 0; i < 10; i++) {
		usleep(5000);
		__asm__ volatile("movl %%fs:0, %0" : "=r"(got));
		expect_eq(got, 0x1234);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	memset(&back, 0, sizeof(back));
	back.entry_number = (unsigned int)first;
	expect(syscall(SYS_get_thread_area, &back) == 0);
	expect_eq(back.base_addr, (unsigned long)&value);
	expect_eq(back.limit, 0xfffff);
	back.entry_number = 3;
	expect_errno(syscall(SYS_get_thread_area, &back), EINVAL);
	expect_errno(syscall(SYS_set_thread_area, &back), EINVAL);
	expect_errno(syscall(SYS_set_thread_area, 1), EFAULT);
	__asm__ volatile("movw %0, %%fs" : : "r"((unsigned short)0));
}

static void small_calls(void)
{
	struct robust_list_head head, *got = NULL;
	size_t len = 0;
	void *old_head;

	must(syscall(SYS_get_robust_list, 0, &old_head, &len) == 0);
	expect_eq(len, 12);
	expect(syscall(SYS_set_robust_list, &head, sizeof(head)) == 0);
	expect(syscall(SYS_get_robust_list, 0, &got, &len) == 0);
	expect(got == &head);
	expect_errno(syscall(SYS_set_robust_list, &head, 5), EINVAL);
	expect_errno(syscall(SYS_get_robust_list, 0x7ffffff, &got, &len), ESRCH);
	syscall(SYS_set_robust_list, old_head, 12);
	expect_eq(syscall(SYS_set_tid_address, &tid_word), getpid());
	expect_eq(syscall(SYS_personality, 0xffffffff), 0);
}

int main(void)
{
	basics();
	processes();
	one_address_space();
	thread();
	group_exit();
	thread_areas();
	small_calls();
	return test_result();
}
