/*
 * tests/user/proc_vfork.c - vfork: the child runs first, in the parent's memory, until it
 * execs or exits.
 *
 * calls: vfork execve exit
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/user/test.h>

static volatile int word;

static void child_exits(void)
{
	int status;
	pid_t pid;

	word = 1;
	pid = vfork();
	if (!pid) {
		struct timespec ts = { 0, 50000000 };

		/* The parent must not run meanwhile. */
		nanosleep(&ts, NULL);
		word = 2;
		_exit(9);
	}
	expect_eq(word, 2);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(WEXITSTATUS(status), 9);
}

static void child_execs(const char *self)
{
	int status;
	pid_t pid;

	word = 3;
	pid = vfork();
	if (!pid) {
		word = 4;
		execl(self, self, "exit", "11", (char *)0);
		_exit(1);
	}
	expect_eq(word, 4);
	waitpid(pid, &status, 0);
	expect_eq(WEXITSTATUS(status), 11);
	/* What the program did to *its* memory is not ours. */
	expect_eq(word, 4);
}

static void exec_fails(void)
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execl("/does/not/exist", "x", (char *)0);
		_exit(errno == ENOENT ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
}

static void child_killed(void)
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "exit")) {
		word = 5;
		return atoi(argv[2]);
	}
	child_exits();
	child_execs(argv[0][0] == '/' ? argv[0] : "/proc/self/exe");
	exec_fails();
	child_killed();
	return test_result();
}
