/*
 * tests/user/proc_fork.c - fork, exit, wait: statuses, zombies, inheritance, memory of one's own.
 *
 * calls: fork wait4 waitid getppid prctl exit_group getsid getpgid
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

static int shared_word = 1;

static pid_t fork_exit(int code)
{
	pid_t pid = fork();

	if (!pid)
		_exit(code);
	must(pid > 0);
	return pid;
}

static void exit_codes(void)
{
	static const int codes[] = { 0, 1, 42, 255, 256, 257, -1 };
	int status;

	for (unsigned int i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		pid_t pid = fork_exit(codes[i]);

		expect_eq(waitpid(pid, &status, 0), pid);
		expect(WIFEXITED(status) && WEXITSTATUS(status) == (codes[i] & 0xff));
	}
}

static void killed_status(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	expect(kill(pid, SIGTERM) == 0);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	/* It is gone altogether now. */
	expect_errno(kill(pid, 0), ESRCH);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
}

static void zombies(void)
{
	int status, pipefd[2];
	char c;
	pid_t pid;

	must(pipe(pipefd) == 0);
	pid = fork();
	if (!pid)
		_exit(7);
	close(pipefd[1]);
	/* End of file says that the child, which held the other end, has closed it. */
	expect_eq(read(pipefd[0], &c, 1), 0);
	close(pipefd[0]);
	while (kill(pid, 0) == 0 && waitpid(pid, &status, WNOHANG | WNOWAIT) == -1 &&
	       errno == EINVAL)
		break;
	/* A zombie still has its number. */
	expect(kill(pid, 0) == 0);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(WEXITSTATUS(status), 7);
}

static void wait_flavours(void)
{
	int status = 99, pipefd[2];
	siginfo_t info;
	char c = 0;
	pid_t pid;

	expect_errno(wait(&status), ECHILD);
	expect_errno(waitpid(-1, &status, 0x40000000 | 0x10), EINVAL);
	must(pipe(pipefd) == 0);
	pid = fork();
	if (!pid) {
		if (read(pipefd[0], &c, 1) != 1)
			_exit(1);
		_exit(3);
	}
	expect_eq(waitpid(pid, &status, WNOHANG), 0);
	expect_eq(status, 99);
	memset(&info, 0xff, sizeof(info));
	expect_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG), 0);
	expect_eq(info.si_pid, 0);
	expect_errno(waitpid(pid + 1, &status, 0), ECHILD);
	expect_errno(waitpid(-getpid() - 1, &status, 0), ECHILD);
	expect_errno(waitid(P_ALL, 0, &info, WNOHANG), EINVAL);
	must(write(pipefd[1], &c, 1) == 1);

	memset(&info, 0, sizeof(info));
	expect_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	expect_eq(info.si_pid, pid);
	expect_eq(info.si_signo, SIGCHLD);
	expect_eq(info.si_code, CLD_EXITED);
	expect_eq(info.si_status, 3);
	/* WNOWAIT left it there. */
	expect_eq(waitpid(-getpgrp(), &status, 0), pid);
	expect_eq(WEXITSTATUS(status), 3);
	expect_errno(wait4(0, &status, 0, NULL), ECHILD);
	close(pipefd[0]);
	close(pipefd[1]);
	/* A pointer that is none: the child is still waited for. */
	pid = fork_exit(0);
	expect_errno(waitpid(pid, (int *)1, 0), EFAULT);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
}

static void separate_memory(void)
{
	volatile int local = 10;
	int status;
	pid_t pid = fork();

	if (!pid) {
		shared_word = 2;
		local = 20;
		_exit(shared_word + local);
	}
	waitpid(pid, &status, 0);
	expect_eq(WEXITSTATUS(status), 22);
	expect_eq(shared_word, 1);
	expect_eq(local, 10);
}

static void inheritance(void)
{
	int status, fd = open("/dev/null", O_RDONLY);
	pid_t parent = getpid(), pgrp = getpgrp(), sid = getsid(0), pid;
	mode_t mask = umask(027);

	prctl(PR_SET_NAME, "parent-name");
	pid = fork();
	if (!pid) {
		char name[16];

		expect_eq(getppid(), parent);
		expect_eq(getpgrp(), pgrp);
		expect_eq(getsid(0), sid);
		expect(getpid() != parent);
		expect_eq(syscall(SYS_gettid), getpid());
		expect_eq(umask(0), 027);
		expect(fcntl(fd, F_GETFD) == 0);
		prctl(PR_GET_NAME, name);
		expect(!strcmp(name, "parent-name"));
		prctl(PR_SET_NAME, "a-name-longer-than-fifteen");
		prctl(PR_GET_NAME, name);
		expect(!strcmp(name, "a-name-longer-t"));
		/* Offsets of open files are shared, descriptors are not. */
		close(fd);
		_exit(test_result());
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	expect(fcntl(fd, F_GETFD) == 0);
	close(fd);
	umask(mask);
	expect_errno(prctl(12345, 0), EINVAL);
}

/* An orphan's parent is process 1 (or a subreaper above us); it is no zombie of ours. */
static void orphan(void)
{
	int pipefd[2], status, ppid = 0;
	pid_t pid, me = getpid();

	must(pipe(pipefd) == 0);
	pid = fork();
	if (!pid) {
		pid_t middle = getpid();

		if (!fork()) {
			while (getppid() == middle)
				usleep(1000);
			ppid = getppid();
			if (write(pipefd[1], &ppid, sizeof(ppid)) != sizeof(ppid))
				_exit(1);
			_exit(0);
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	expect_eq(read(pipefd[0], &ppid, sizeof(ppid)), sizeof(ppid));
	expect(ppid != pid && ppid != me && ppid > 0);
	expect_errno(wait(&status), ECHILD);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void auto_reap(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN }, old;
	pid_t pid;
	int status;

	sigaction(SIGCHLD, &sa, &old);
	pid = fork_exit(5);
	/* wait() sleeps until it is gone, and finds nobody. */
	expect_errno(waitpid(pid, &status, 0), ECHILD);
	sa.sa_handler = SIG_DFL;
	sa.sa_flags = SA_NOCLDWAIT;
	sigaction(SIGCHLD, &sa, NULL);
	pid = fork_exit(5);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
	sigaction(SIGCHLD, &old, NULL);
}

static void bad_clone(void)
{
	expect_errno(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
}

static void clone_ids(void)
{
	int ptid = 0, ctid = 0, status;
	long pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &ptid,
			   0, &ctid);

	if (!pid)
		_exit(ctid == getpid() ? 0 : 1);
	must(pid > 0);
	expect_eq(ptid, pid);
	expect_eq(ctid, 0);
	expect_eq(waitpid((pid_t)pid, &status, 0), pid);
	expect_eq(status, 0);
}

/* Many at once, reaped in any order. */
static void crowd(void)
{
	enum { N = 40 };
	int status, sum = 0, count = 0;

	for (int i = 0; i < N; i++)
		fork_exit(i);
	while (wait(&status) > 0) {
		sum += WEXITSTATUS(status);
		count++;
	}
	expect_eq(errno, ECHILD);
	expect_eq(count, N);
	expect_eq(sum, N * (N - 1) / 2);
}

int main(void)
{
	exit_codes();
	killed_status();
	zombies();
	wait_flavours();
	separate_memory();
	inheritance();
	orphan();
	auto_reap();
	bad_clone();
	clone_ids();
	crowd();
	return test_result();
}
