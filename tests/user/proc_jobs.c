/*
 * tests/user/proc_jobs.c - sessions, process groups, stopping and continuing.
 *
 * calls: setpgid getpgid getpgrp setsid getsid kill
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

static volatile int chld_code, chld_status, chld_count;

static void on_chld(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	chld_code = si->si_code;
	chld_status = si->si_status;
	chld_count++;
}

/* The signal may come a moment after wait() has told the same. */
static void await_chld(int count)
{
	for (int i = 0; i < 1000 && chld_count < count; i++)
		usleep(1000);
	expect_eq(chld_count, count);
}

static pid_t spinner(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	must(pid > 0);
	return pid;
}

static void stop_and_continue(void)
{
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO };
	pid_t pid = spinner();
	siginfo_t info;
	int status;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGCHLD, &sa, NULL);
	setpgid(pid, pid);
	for (unsigned int i = 0; i < sizeof(stops) / sizeof(int); i++) {
		chld_count = 0;
		kill(pid, stops[i]);
		while (waitpid(pid, &status, WUNTRACED) == -1)
			must(errno == EINTR);
		expect(WIFSTOPPED(status) && WSTOPSIG(status) == stops[i]);
		await_chld(1);
		expect_eq(chld_code, CLD_STOPPED);
		expect_eq(chld_status, stops[i]);
		/* Told once. */
		expect_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
		/* A stopped process takes no other signal until it goes on. */
		kill(pid, SIGWINCH);
		kill(pid, SIGCONT);
		while (waitpid(pid, &status, WCONTINUED) == -1)
			must(errno == EINTR);
		expect(WIFCONTINUED(status));
		await_chld(2);
		expect_eq(chld_code, CLD_CONTINUED);
	}
	/* A signal sent while it is stopped comes when it is continued. */
	kill(pid, SIGSTOP);
	while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == -1)
		must(errno == EINTR);
	expect_eq(info.si_code, CLD_STOPPED);
	expect_eq(info.si_status, SIGSTOP);
	kill(pid, SIGTERM);
	usleep(30000);
	expect_eq(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGCONT);
	while (waitpid(pid, &status, 0) == -1)
		must(errno == EINTR);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	/* SIGKILL does not wait. */
	pid = spinner();
	kill(pid, SIGSTOP);
	while (waitpid(pid, &status, WUNTRACED) == -1)
		must(errno == EINTR);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1)
		must(errno == EINTR);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* ... and who has not yet asked for the stop hears of the end only. */
	pid = spinner();
	kill(pid, SIGSTOP);
	while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == -1)
		must(errno == EINTR);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, WUNTRACED) == -1)
		must(errno == EINTR);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* SA_NOCLDSTOP: no signal for a stop. */
	sa.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	pid = spinner();
	chld_count = 0;
	kill(pid, SIGSTOP);
	expect_eq(waitpid(pid, &status, WUNTRACED), pid);
	expect_eq(chld_count, 0);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1)
		must(errno == EINTR);
	await_chld(1);
	signal(SIGCHLD, SIG_DFL);
}

static void groups(void)
{
	int status, pipefd[2];
	pid_t pid = spinner(), other;
	char c = 0;

	must(pipe(pipefd) == 0);
	expect_eq(getpgid(pid), getpgrp());
	expect(setpgid(pid, 0) == 0);
	expect_eq(getpgid(pid), pid);
	other = spinner();
	expect(setpgid(other, pid) == 0);
	expect_eq(getpgid(other), pid);
	/* A group that does not exist in this session. */
	expect_errno(setpgid(other, 0x7ffffff), EPERM);
	expect_errno(setpgid(other, -1), EINVAL);
	expect_errno(setpgid(0x7ffffff, 0), ESRCH);
	expect_errno(setpgid(1, 0), ESRCH);
	expect_errno(getpgid(0x7ffffff), ESRCH);
	expect_errno(getsid(0x7ffffff), ESRCH);
	/* The group lives on without its leader. */
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	expect_eq(getpgid(other), pid);
	expect(kill(-pid, 0) == 0);
	expect(kill(-pid, SIGKILL) == 0);
	expect_eq(waitpid(-pid, &status, 0), other);
	expect_errno(kill(-pid, 0), ESRCH);

	/* A child that has exec'd is out of reach: /proc/self/exe with an argument sleeps. */
	pid = fork();
	if (!pid) {
		dup2(pipefd[1], 1);
		execl("/proc/self/exe", "proc_jobs", "sleep", (char *)0);
		_exit(1);
	}
	expect_eq(read(pipefd[0], &c, 1), 1);
	expect_errno(setpgid(pid, pid), EACCES);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void sessions(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		test_failures = 0;
		expect_eq(setsid(), getpid());
		expect_eq(getsid(0), getpid());
		expect_eq(getpgrp(), getpid());
		expect_errno(setsid(), EPERM);
		expect_errno(setpgid(0, 0), EPERM);
		/* The parent's group is in another session. */
		pid = fork();
		if (!pid) {
			expect_errno(setpgid(0, getpgid(getppid()) + 0x10000), EPERM);
			_exit(test_result());
		}
		waitpid(pid, &status, 0);
		expect_eq(status, 0);
		_exit(test_result());
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	/* A group leader cannot start a session. */
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		errno = 0;
		_exit(setsid() == -1 && errno == EPERM ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
}

/*
 * A stopped group whose last parent in the session dies gets SIGHUP and SIGCONT; and
 * SIGTSTP does not stop an orphaned group at all.
 */
static void orphaned(void)
{
	int status, pipefd[2];
	char text[16];
	ssize_t len;
	pid_t pid;

	must(pipe(pipefd) == 0);
	pid = fork();
	if (!pid) {
		pid_t job;

		setsid();
		job = fork();
		if (!job) {
			sigset_t set;
			int sig = 0;

			setpgid(0, 0);
			sigemptyset(&set);
			sigaddset(&set, SIGHUP);
			sigprocmask(SIG_BLOCK, &set, NULL);
			raise(SIGSTOP);
			/* Continued by the death of the parent. */
			sigwait(&set, &sig);
			raise(SIGTSTP);	/* does nothing now */
			len = snprintf(text, sizeof(text), "sig %d", sig);
			if (write(pipefd[1], text, (size_t)len) != len)
				_exit(1);
			_exit(0);
		}
		waitpid(job, &status, WUNTRACED);
		_exit(WIFSTOPPED(status) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	close(pipefd[1]);
	len = read(pipefd[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = 0;
	expect(!strcmp(text, "sig 1"));
	close(pipefd[0]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "sleep")) {
		if (write(1, "x", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	stop_and_continue();
	groups();
	sessions();
	orphaned();
	return test_result();
}
