/*
 * tests/user/smp_forks.c - fork, exec, exit and wait on all processors: every child is reaped
 * exactly once, with the status it ended with, whoever of several threads waits.
 */
#define _GNU_SOURCE
#include <linux/futex.h>

#include <tests/user/smp.h>

#define NR		4
#define CHILDREN	24		/* of each worker */
#define WAITERS		3
#define PREY		60		/* children that the waiters share */

static const char *self;

/* How a child ends; the parent knows by its number. */
static void child(int n)
{
	char number[8], *argv[] = { (char *)self, number, NULL };
	pid_t pid;

	switch (n % 4) {
	case 0:
		_exit(n);
	case 1:
		snprintf(number, sizeof(number), "%d", n);
		execv(self, argv);
		_exit(99);
	case 2:
		/* It leaves a child of its own behind, for process 1. */
		pid = fork();
		if (!pid)
			_exit(0);
		_exit(pid > 0 ? n : 98);
	default:
		for (;;)
			pause();
	}
}

static int forker(void *arg)
{
	pid_t pids[CHILDREN];
	int status, left = 0, sum = 0;

	for (int n = 0; n < CHILDREN; n++) {
		pids[n] = fork();
		must(pids[n] >= 0);
		if (!pids[n])
			child(n);
		left++;
		if (n % 4 == 3)
			kill(pids[n], SIGKILL);
		/* Some at once, the others all together. */
		if (n % 3 == 0) {
			expect_eq(waitpid(pids[n], &status, 0), pids[n]);
			if (n % 4 == 3)
				expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
			else
				expect(WIFEXITED(status) && WEXITSTATUS(status) == n);
			pids[n] = 0;
			left--;
		}
	}
	while (left) {
		pid_t pid = waitpid(-1, &status, 0);
		int n;

		must(pid > 0);
		for (n = 0; n < CHILDREN && pids[n] != pid; n++)
			;
		if (n == CHILDREN) {
			test_fail("%d was reaped twice, or is not ours", pid);
			return 1;
		}
		pids[n] = 0;
		if (n % 4 == 3)
			expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		else
			expect(WIFEXITED(status) && WEXITSTATUS(status) == n);
		sum += n;
		left--;
	}
	expect(sum > 0);
	expect_errno(waitpid(-1, &status, WNOHANG), ECHILD);
	return 0;
}

/* ---- threads of one process that wait for the same children ---------------------------------- */

static volatile int reaped[PREY], waiters_left[WAITERS], all_forked, wrong;

static int waiter(void *arg)
{
	int status;
	long pid;

	for (;;) {
		pid = sc(SYS_wait4, -1, (long)&status, 0, 0, 0);
		if (pid > 0) {
			if (!WIFEXITED(status) || WEXITSTATUS(status) >= PREY)
				wrong = 1;
			else
				__sync_fetch_and_add(&reaped[WEXITSTATUS(status)], 1);
		} else if (pid != -ECHILD) {
			wrong = 2;
		} else if (all_forked) {
			break;
		} else {
			sc(SYS_sched_yield, 0, 0, 0, 0, 0);
		}
	}
	return 0;
}

static int shared_children(void *arg)
{
	/* CLONE_THREAD: they cannot be waited for, but tell by the word that they are gone. */
	for (long i = 0; i < WAITERS; i++) {
		char *stack = mmap(NULL, THREAD_STACK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(stack != MAP_FAILED);
		waiters_left[i] = 1;
		must(clone(waiter, stack + THREAD_STACK - 16, CLONE_VM | CLONE_FS | CLONE_FILES |
			   CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID, (void *)i, NULL, NULL,
			   &waiters_left[i]) > 0);
	}
	for (int i = 0; i < PREY; i++) {
		long pid = sc(SYS_fork, 0, 0, 0, 0, 0);

		if (!pid)
			sc(SYS_exit_group, i, 0, 0, 0, 0);
		if (pid < 0)
			wrong = 3;
	}
	all_forked = 1;
	for (int i = 0; i < WAITERS; i++)
		while (waiters_left[i])
			sc(SYS_futex, (long)&waiters_left[i], FUTEX_WAIT, 1, 0, 0);
	expect_eq(wrong, 0);
	for (int i = 0; i < PREY; i++)
		expect_eq(reaped[i], 1);
	return 0;
}

/* A process of several threads dies as one, whoever of them says so. */
static int spinner(void *arg)
{
	for (;;)
		sc(SYS_sched_yield, 0, 0, 0, 0, 0);
	return 0;
}

static int group_exit(void *arg)
{
	for (int i = 0; i < 10; i++) {
		int status;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			for (int n = 0; n < 3; n++) {
				char *stack = mmap(NULL, THREAD_STACK, PROT_READ | PROT_WRITE,
						   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

				if (stack == MAP_FAILED ||
				    clone(spinner, stack + THREAD_STACK - 16, CLONE_VM | CLONE_FS |
					  CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0)
					_exit(99);
			}
			if (i % 3 == 1) {
				char *argv[] = { (char *)self, "77", NULL };

				execv(self, argv);
				_exit(98);
			}
			if (i % 3 == 2)
				raise(SIGKILL);
			_exit(77);
		}
		expect_eq(waitpid(pid, &status, 0), pid);
		if (i % 3 == 2)
			expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		else
			expect(WIFEXITED(status) && WEXITSTATUS(status) == 77);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return atoi(argv[1]);
	self = argv[0];
	for (long i = 0; i < NR; i++)
		start_process(forker, i);
	join_workers();
	start_process(shared_children, 0);
	start_process(group_exit, 0);
	join_workers();
	return test_result();
}
