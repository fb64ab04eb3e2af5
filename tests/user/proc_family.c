/*
 * proc_family - parents and children: who waits for whom and for what, orphans, deaths of parents;
 * what unshare() parts; the flags of clone() and clone3() that are refused, and what handlers a
 * child begins with.
 *
 * calls: wait4 waitid prctl unshare clone clone3
 */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define IN_CHILD(statements) do {						\
	pid_t __pid;								\
	int __status;								\
										\
	fflush(stdout);								\
	__pid = fork();								\
	must(__pid >= 0);							\
	if (!__pid) {								\
		test_failures = 0;						\
		statements							\
		fflush(stdout);							\
		_exit(test_failures != 0);					\
	}									\
	must(waitpid(__pid, &__status, 0) == __pid);				\
	expect_eq(__status, 0);							\
} while (0)

static pid_t child_with(int code, int signal)
{
	long pid = syscall(SYS_clone, signal, 0, 0, 0, 0);

	must(pid >= 0);
	if (!pid)
		_exit(code);
	return (pid_t)pid;
}

/* Until it is dead, whatever it signals. */
static void see_dead(pid_t pid)
{
	siginfo_t info;

	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | __WALL) == 0);
}

/* ---- waiting ------------------------------------------------------------------------------------ */

static void kinds(void)
{
	pid_t plain, odd, mute;
	siginfo_t info;
	int status;

	signal(SIGUSR1, SIG_IGN);
	plain = child_with(1, SIGCHLD);
	odd = child_with(2, SIGUSR1);
	mute = child_with(3, 0);
	see_dead(plain);
	see_dead(odd);
	see_dead(mute);
	/* Each of them is asked for in its own way. */
	expect_errno(waitpid(odd, &status, 0), ECHILD);
	expect_errno(waitpid(mute, &status, WNOHANG), ECHILD);
	expect_errno(waitpid(plain, &status, __WCLONE), ECHILD);
	expect_eq(waitpid(odd, &status, __WCLONE), odd);
	expect_eq(WEXITSTATUS(status), 2);
	expect_eq(waitpid(mute, &status, __WALL), mute);
	expect_eq(WEXITSTATUS(status), 3);
	/* The dead are no news to who asks for the stopped. */
	expect_errno(waitid(P_ALL, 0, &info, WSTOPPED), ECHILD);
	expect_errno(waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG), ECHILD);
	expect_eq(waitpid(plain, &status, __WALL), plain);
	expect_errno(waitpid(-1, &status, __WALL), ECHILD);
	expect_errno(waitid(P_ALL, 0, &info, WEXITED | 0x100), EINVAL);
	expect_errno(waitid(99, 0, &info, WEXITED), EINVAL);
	expect_errno(waitid(P_PID, 0, &info, WEXITED), EINVAL);
	expect_errno(syscall(SYS_wait4, -1, &status, WEXITED, NULL), EINVAL);
	expect_errno(syscall(SYS_wait4, (int)0x80000000, &status, 0, NULL), ESRCH);
}

/* A stop is told once to each kind of question, and kept for who only looks. */
static void stops(void)
{
	siginfo_t info;
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	for (int i = 0; i < 2; i++) {
		must(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == 0);
		expect_eq(info.si_code, CLD_STOPPED);
		expect_eq(info.si_status, SIGSTOP);
		expect_eq(info.si_pid, pid);
		expect_eq(info.si_uid, getuid());
	}
	expect_eq(waitpid(pid, &status, WUNTRACED), pid);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	expect_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
	kill(pid, SIGCONT);
	must(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOWAIT) == 0);
	expect_eq(info.si_code, CLD_CONTINUED);
	expect_eq(info.si_status, SIGCONT);
	expect_eq(waitpid(pid, &status, WCONTINUED), pid);
	expect(WIFCONTINUED(status));
	expect_eq(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
	/* Stopped, and killed before anybody asked: only the death is told. */
	kill(pid, SIGSTOP);
	must(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == 0);
	kill(pid, SIGKILL);
	expect_eq(waitpid(pid, &status, WUNTRACED), pid);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !WCOREDUMP(status));
}

/* Without a core, also of those whose default would be one. */
static void no_core(void)
{
	static const int signals[] = { SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGSEGV, SIGSYS };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid_t pid = fork();
		int status;

		must(pid >= 0);
		if (!pid) {
			prctl(PR_SET_DUMPABLE, 0);
			signal(signals[i], SIG_DFL);
			raise(signals[i]);
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid);
		expect(WIFSIGNALED(status) && WTERMSIG(status) == signals[i] && !WCOREDUMP(status));
	}
}

/* SIGCHLD and its two flags, and being ignored. */
static volatile int chld_hits, chld_code, chld_status;

static void on_chld(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	chld_hits++;
	chld_code = info->si_code;
	chld_status = info->si_status;
}

static void chld(int flags)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART | flags };

	must(sigaction(SIGCHLD, &sa, NULL) == 0);
	chld_hits = 0;
}

static void parents_flags(void)
{
	siginfo_t info;
	int status;
	pid_t pid;

	chld(0);
	pid = child_with(5, SIGCHLD);
	must(waitpid(pid, &status, 0) == pid);
	expect(chld_hits == 1 && chld_code == CLD_EXITED && chld_status == 5);
	chld(SA_NOCLDWAIT);
	pid = child_with(5, SIGCHLD);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
	expect_eq(chld_hits, 1);
	signal(SIGCHLD, SIG_IGN);
	pid = child_with(5, SIGCHLD);
	expect_errno(waitpid(pid, &status, 0), ECHILD);
	/* One that signals something else is waited for all the same. */
	pid = child_with(6, SIGUSR1);
	expect_eq(waitpid(pid, &status, __WALL), pid);
	for (int flags = 0; flags <= SA_NOCLDSTOP; flags += SA_NOCLDSTOP) {
		chld(flags);
		pid = fork();
		must(pid >= 0);
		if (!pid)
			for (;;)
				pause();
		kill(pid, SIGSTOP);
		must(waitid(P_PID, (id_t)pid, &info, WSTOPPED) == 0);
		kill(pid, SIGCONT);
		must(waitid(P_PID, (id_t)pid, &info, WCONTINUED) == 0);
		/* The child itself tells that it goes on, when it does. */
		while (!flags && chld_hits < 2)
			usleep(1000);
		kill(pid, SIGKILL);
		must(waitpid(pid, &status, 0) == pid);
		expect_eq(chld_hits, flags ? 1 : 3);
		expect(chld_code == CLD_KILLED && chld_status == SIGKILL);
	}
	signal(SIGCHLD, SIG_DFL);
}

/* ---- orphans ------------------------------------------------------------------------------------ */

static int pipes[2];

/* Fork a child that forks and dies; the grandchild says whose child it is then. */
static pid_t orphan_parent(int death_signal)
{
	pid_t pid = fork(), parent = 0;
	int status;

	must(pid >= 0);
	if (!pid) {
		pid_t middle = getpid();

		if (fork())
			_exit(0);
		while (getppid() == middle)
			sched_yield();
		parent = getppid();
		(void)!write(pipes[1], &parent, sizeof(parent));
		_exit(death_signal);
	}
	must(waitpid(pid, &status, 0) == pid);
	must(read(pipes[0], &parent, sizeof(parent)) == sizeof(parent));
	return parent;
}

static void subreaper(void)
{
	int on = -1, status;
	pid_t me = getpid();

	must(prctl(PR_GET_CHILD_SUBREAPER, &on) == 0);
	expect_eq(on, 0);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	must(prctl(PR_GET_CHILD_SUBREAPER, &on) == 0);
	expect_eq(on, 1);
	expect_eq(orphan_parent(7), me);
	must(wait(&status) > 0);
	expect_eq(WEXITSTATUS(status), 7);
	/* It is not inherited, but reaches over generations. */
	IN_CHILD(
		must(prctl(PR_GET_CHILD_SUBREAPER, &on) == 0);
		expect_eq(on, 0);
		expect_eq(orphan_parent(8), me);
	);
	must(wait(&status) > 0);
	expect_eq(WEXITSTATUS(status), 8);
	expect_errno(wait(&status), ECHILD);
	must(prctl(PR_SET_CHILD_SUBREAPER, 0) == 0);
	expect(orphan_parent(0) != me);
	expect_errno(wait(&status), ECHILD);
}

static volatile int told;

static void on_death(int sig)
{
	told = sig;
	(void)!write(pipes[1], &sig, sizeof(sig));
}

static void death_of_parent(void)
{
	int now = -1, status, sig;
	pid_t pid;

	expect_errno(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	expect_errno(prctl(PR_SET_PDEATHSIG, -1), EINVAL);
	expect_errno(prctl(PR_GET_PDEATHSIG, BAD_PTR), EFAULT);
	must(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0 && prctl(PR_GET_PDEATHSIG, &now) == 0);
	expect_eq(now, SIGUSR2);
	IN_CHILD(
		must(prctl(PR_GET_PDEATHSIG, &now) == 0);
		expect_eq(now, 0);
	);
	must(prctl(PR_SET_PDEATHSIG, 0) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		int ready[2];
		char byte;

		must(pipe(ready) == 0);
		if (fork()) {
			must(read(ready[0], &byte, 1) == 1);
			_exit(0);
		}
		signal(SIGUSR2, on_death);
		prctl(PR_SET_PDEATHSIG, SIGUSR2);
		(void)!write(ready[1], "x", 1);
		while (!told)
			usleep(1000);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	must(read(pipes[0], &sig, sizeof(sig)) == sizeof(sig));
	expect_eq(sig, SIGUSR2);
}

static void words_of_prctl(void)
{
	char name[16], *tid_address = NULL;

	IN_CHILD(
		expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
		expect_errno(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
		expect_errno(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
		expect_errno(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
		expect_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
		IN_CHILD(expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1););
	);
	expect_errno(prctl(0x7fffffff, 0, 0, 0, 0), EINVAL);
	must(prctl(PR_SET_NAME, "a-name-that-is-too-long") == 0);
	must(prctl(PR_GET_NAME, name) == 0);
	expect(!strcmp(name, "a-name-that-is-"));
	if (!prctl(PR_GET_TID_ADDRESS, &tid_address, 0, 0, 0)) {
		must(syscall(SYS_set_tid_address, name) == syscall(SYS_gettid));
		expect_eq(prctl(PR_GET_TID_ADDRESS, &tid_address, 0, 0, 0), 0);
		expect((uintptr_t)tid_address == (uintptr_t)name);
		syscall(SYS_set_tid_address, NULL);
	}
}

/* ---- parting -------------------------------------------------------------------------------------- */

static char stack[65536] __attribute__((aligned(16)));

static int parts(void *arg)
{
	long flags = (long)arg;

	if (flags & ~(CLONE_FILES | CLONE_FS))
		return unshare((int)flags) ? errno : 0;
	if (unshare((int)flags))
		return errno;
	close(pipes[0]);
	umask(0);
	return chdir("/proc") ? errno : 0;
}

/* Run parts(@arg) in a task that shares @flags with us. => its exit status */
static int sharing(int flags, long arg)
{
	int status;
	pid_t pid = clone(parts, stack + sizeof(stack), flags | SIGCHLD, (void *)arg);

	must(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void *in_thread(void *arg)
{
	(void)arg;
	expect_errno(unshare(CLONE_THREAD), EINVAL);
	expect_errno(unshare(CLONE_VM), EINVAL);
	expect_errno(unshare(CLONE_SIGHAND), EINVAL);
	expect_eq(unshare(0), 0);
	return NULL;
}

static void unsharing(void)
{
	char cwd[64], now[64];
	pthread_t thread;

	must(getcwd(cwd, sizeof(cwd)) != NULL);
	umask(022);
	expect_eq(sharing(CLONE_FILES | CLONE_FS | CLONE_VM, CLONE_FILES | CLONE_FS), 0);
	expect(fcntl(pipes[0], F_GETFD) >= 0);
	expect(getcwd(now, sizeof(now)) && !strcmp(cwd, now));
	expect_eq(umask(022), 022);
	/* Alone all this is nothing to do; together it cannot be done. */
	expect_eq(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM), 0);
	expect_eq(sharing(CLONE_VM, CLONE_VM), EINVAL);
	expect_eq(sharing(CLONE_VM | CLONE_SIGHAND, CLONE_SIGHAND), EINVAL);
	expect_eq(sharing(CLONE_VM | CLONE_SIGHAND, CLONE_THREAD), 0);
	expect_eq(sharing(0, CLONE_VM), 0);
	expect_errno(unshare(CLONE_SETTLS), EINVAL);
	expect_errno(unshare(CLONE_PARENT), EINVAL);
	expect_errno(unshare(1), EINVAL);
	must(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

/* ---- making ----------------------------------------------------------------------------------------- */

static long clone3(uint64_t flags, uint64_t exit_signal)
{
	struct clone_args args = { .flags = flags, .exit_signal = exit_signal };

	return syscall(SYS_clone3, &args, sizeof(args));
}

static void on_usr(int sig)
{
	(void)sig;
}

/* What is caught is back to the default; what is ignored stays so. */
static void clear_sighand(void)
{
	struct sigaction sa;
	int status;
	long pid;

	signal(SIGUSR1, on_usr);
	signal(SIGUSR2, SIG_IGN);
	pid = clone3(CLONE_CLEAR_SIGHAND, SIGCHLD);
	must(pid >= 0);
	if (!pid) {
		sigaction(SIGUSR1, NULL, &sa);
		if (sa.sa_handler != SIG_DFL)
			_exit(1);
		sigaction(SIGUSR2, NULL, &sa);
		_exit(sa.sa_handler == SIG_IGN ? 0 : 2);
	}
	must(waitpid((pid_t)pid, &status, 0) == pid);
	expect_eq(status, 0);
	sigaction(SIGUSR1, NULL, &sa);
	expect(sa.sa_handler == on_usr);
	expect_errno(clone3(CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM, SIGCHLD), EINVAL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

/* A sibling is its maker's parent's child: it dies with the signal that the maker would. */
static void sibling(void)
{
	sigset_t usr1, pending;
	int status;
	pid_t maker, pid;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
	maker = fork();
	must(maker >= 0);
	if (!maker) {
		pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGUSR1, 0, 0, 0, 0);
		if (!pid)
			_exit(3);
		_exit(write(pipes[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	must(read(pipes[0], &pid, sizeof(pid)) == sizeof(pid) && pid > 0);
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(status, 3 << 8);
	expect_eq(waitpid(maker, &status, 0), maker);
	expect_eq(status, 0);
	must(sigpending(&pending) == 0);
	expect(!sigismember(&pending, SIGUSR1));
	must(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
}

static void refused(void)
{
	int status;

	expect_errno(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0), EINVAL);
	expect_errno(syscall(SYS_clone, CLONE_SETTLS | SIGCHLD, 0, 0, BAD_PTR, 0), EFAULT);
	expect_errno(clone3(CLONE_DETACHED, SIGCHLD), EINVAL);
	expect_errno(clone3(SIGCHLD, 0), EINVAL);
	expect_errno(clone3(0, 65), EINVAL);
	expect_errno(clone3(0, 0x100000000ull | SIGCHLD), EINVAL);
	expect_errno(clone3(CLONE_PARENT, SIGCHLD), EINVAL);
	expect_errno(clone3(0x8000000000000000ull, SIGCHLD), EINVAL);
	expect_errno(waitpid(-1, &status, __WALL | WNOHANG), ECHILD);
}

int main(void)
{
	must(pipe(pipes) == 0);
	kinds();
	stops();
	no_core();
	parents_flags();
	subreaper();
	death_of_parent();
	words_of_prctl();
	unsharing();
	clear_sighand();
	sibling();
	refused();
	return test_result();
}
