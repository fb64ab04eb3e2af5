/*
 * tests/user/proc_exec.c - execve: arguments, environment, limits, scripts, what stays and
 * what goes, the auxiliary vector.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tests/user/test.h>

extern char **environ;
static char self[4096];
static const char *dir = "/tmp";

/* Run in a child. => exit status, or 1000 + errno if execve failed */
static int run(const char *path, char *const argv[], char *const envp[])
{
	int status, pipefd[2], err = 0;
	pid_t pid;

	must(pipe2(pipefd, O_CLOEXEC) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		execve(path, argv, envp);
		err = errno;
		if (write(pipefd[1], &err, sizeof(err)) != sizeof(err))
			_exit(2);
		_exit(1);
	}
	close(pipefd[1]);
	if (read(pipefd[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(pipefd[0]);
	must(waitpid(pid, &status, 0) == pid);
	if (err)
		return 1000 + err;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 500 + WTERMSIG(status);
}

/* ---- what the new program finds (it runs as "self mode ...") ---- */

static int child_args(int argc, char **argv)
{
	expect_eq(argc, 6);
	expect(!strcmp(argv[2], "one"));
	expect(!strcmp(argv[3], ""));
	expect(!strcmp(argv[4], "three with blanks"));
	expect_eq(strlen(argv[5]), 5000);
	expect(argv[6] == NULL);
	expect(environ[0] && !strcmp(environ[0], "A=1"));
	expect(environ[1] && !strcmp(environ[1], "EMPTY="));
	expect(environ[2] == NULL);
	/* The strings lie on the stack in one piece: arguments, then environment. */
	expect(argv[2] < argv[3] && argv[5] + 5001 == environ[0]);
	return test_result();
}

static int child_auxv(char **argv)
{
	unsigned long esp = (unsigned long)argv - 4;
	const char *platform = (const char *)getauxval(AT_PLATFORM);
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	int any = 0, loads = 0;

	expect_eq(esp % 16, 0);
	expect_eq(getauxval(AT_PAGESZ), 4096);
	expect_eq(getauxval(AT_CLKTCK), 100);
	expect_eq(getauxval(AT_PHENT), sizeof(*ph));
	expect_eq(getauxval(AT_UID), getuid());
	expect_eq(getauxval(AT_EUID), geteuid());
	expect_eq(getauxval(AT_GID), getgid());
	expect_eq(getauxval(AT_SECURE), 0);
	expect(getauxval(AT_ENTRY) != 0);
	expect(getauxval(AT_HWCAP) & 1);	/* an FPU */
	must(platform && random && ph);
	expect(platform[0] == 'i' && !strcmp(platform + 2, "86"));
	for (int i = 0; i < 16; i++)
		any |= random[i];
	expect(any);
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		loads += ph[i].p_type == PT_LOAD;
	expect(loads >= 2);
	expect(!strcmp((const char *)getauxval(AT_EXECFN), self));
	return test_result();
}

static void on_signal(int sig)
{
	(void)sig;
}

static int child_state(char **argv)
{
	struct sigaction sa;
	sigset_t mask;
	char name[16];

	/* Caught signals are back to default, ignored ones still ignored, the mask is kept. */
	sigaction(SIGUSR1, NULL, &sa);
	expect(sa.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &sa);
	expect(sa.sa_handler == SIG_IGN);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	expect(sigismember(&mask, SIGHUP) == 1);
	expect(sigismember(&mask, SIGINT) == 0);
	/* Close-on-exec. */
	expect(fcntl(atoi(argv[2]), F_GETFD) == 0);
	expect_errno(fcntl(atoi(argv[3]), F_GETFD), EBADF);
	expect_eq(getpid(), atoi(argv[4]));
	prctl(PR_GET_NAME, name);
	expect(!strncmp(name, "proc_exec", 9));
	return test_result();
}

/* ---- the tests ---- */

static void arguments(void)
{
	static char big[5001];
	char *argv[] = { self, "args", "one", "", "three with blanks", big, NULL };
	char *envp[] = { "A=1", "EMPTY=", NULL };

	memset(big, 'x', 5000);
	expect_eq(run(self, argv, envp), 0);
}

static void auxv(void)
{
	char *argv[] = { self, "auxv", NULL };

	expect_eq(run(self, argv, environ), 0);
}

static void state(void)
{
	char keep[12], cloexec[12], pid_text[12];
	char *argv[] = { self, "state", keep, cloexec, pid_text, NULL };
	int status, a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (!pid) {
		sigset_t mask;

		signal(SIGUSR1, on_signal);
		signal(SIGUSR2, SIG_IGN);
		sigemptyset(&mask);
		sigaddset(&mask, SIGHUP);
		sigprocmask(SIG_SETMASK, &mask, NULL);
		snprintf(keep, sizeof(keep), "%d", a);
		snprintf(cloexec, sizeof(cloexec), "%d", b);
		snprintf(pid_text, sizeof(pid_text), "%d", (int)getpid());
		execve(self, argv, environ);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	close(a);
	close(b);
}

/* A string may have 128 KiB; all of them a quarter of the stack limit. */
static void limits(void)
{
	enum { ONE = 128 * 1024 };
	char *huge = malloc(ONE + 2), **many = calloc(200, sizeof(char *));
	char *argv[] = { self, "true", huge, NULL };
	struct rlimit lim, old;

	memset(huge, 'y', ONE + 1);
	huge[ONE - 1] = 0;
	expect_eq(run(self, argv, environ), 0);
	huge[ONE - 1] = 'y';
	huge[ONE] = 0;
	expect_eq(run(self, argv, environ), 1000 + E2BIG);

	huge[ONE - 1] = 0;
	many[0] = self;
	many[1] = "true";
	for (int i = 2; i < 100; i++)
		many[i] = huge;
	/* 98 * 128K is more than 2M, the quarter of 8M. */
	getrlimit(RLIMIT_STACK, &old);
	if (old.rlim_cur >= 8 << 20) {
		lim = old;
		lim.rlim_cur = 8 << 20;
		setrlimit(RLIMIT_STACK, &lim);
		expect_eq(run(self, many, environ), 1000 + E2BIG);
		/* 1M fits. */
		many[9] = NULL;
		expect_eq(run(self, many, environ), 0);
		setrlimit(RLIMIT_STACK, &old);
	}
	free(huge);
	free(many);
}

static void errors(void)
{
	char *argv[] = { self, "true", NULL };
	char path[64];
	int fd;

	expect_errno(execve("/does/not/exist", argv, environ), ENOENT);
	expect_errno(execve(dir, argv, environ), EACCES);
	expect_errno(syscall(SYS_execve, 1, argv, environ), EFAULT);
	expect_errno(syscall(SYS_execve, self, 1, environ), EFAULT);
	expect_errno(syscall(SYS_execve, self, argv, 1), EFAULT);
	argv[1] = (char *)8;
	expect_errno(execve(self, argv, environ), EFAULT);
	argv[1] = "true";
	expect_errno(execve("", argv, environ), ENOENT);
	snprintf(path, sizeof(path), "%s/not-x", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	must(fd >= 0);
	close(fd);
	expect_errno(execve(path, argv, environ), EACCES);
	chmod(path, 0755);
	/* Empty: no format. */
	expect_errno(execve(path, argv, environ), ENOEXEC);
	unlink(path);
	expect_errno(execve("/dev/null", argv, environ), EACCES);
	expect_errno(execve("/proc/self/exe/x", argv, environ), ENOTDIR);
}

static void write_script(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void scripts(void)
{
	char path[64], path2[64], line[5000];
	char *argv[] = { "script-name", "user-arg", NULL };

	snprintf(path, sizeof(path), "%s/script", dir);
	snprintf(path2, sizeof(path2), "%s/script2", dir);
	snprintf(line, sizeof(line), "#! \t%s  script one-arg with blanks \t\nignored\n", self);
	write_script(path, line);
	expect_eq(run(path, argv, environ), 0);
	/* A script's interpreter may be a script. */
	snprintf(line, sizeof(line), "#!%s\n", path);
	write_script(path2, line);
	expect_eq(run(path2, argv, environ), 0);
	/* Itself, for ever. */
	snprintf(line, sizeof(line), "#!%s\n", path);
	write_script(path, line);
	expect_eq(run(path, argv, environ), 1000 + ELOOP);
	write_script(path, "#!/does/not/exist\n");
	expect_eq(run(path, argv, environ), 1000 + ENOENT);
	write_script(path, "#!\n");
	expect_eq(run(path, argv, environ), 1000 + ENOEXEC);
	write_script(path, "#!   \n");
	expect_eq(run(path, argv, environ), 1000 + ENOEXEC);
	/* A name that is cut off is not run. */
	memset(line, 'a', 400);
	memcpy(line, "#!/", 3);
	strcpy(line + 400, "\n");
	write_script(path, line);
	expect_eq(run(path, argv, environ), 1000 + ENOEXEC);
	unlink(path);
	unlink(path2);
}

/* argv: self "script" "one-arg with blanks" PATH "user-arg" (or once more through path2) */
static int child_script(int argc, char **argv)
{
	(void)argc;
	expect(!strncmp(argv[1], "script one-arg with blanks", 26));
	expect(strstr(argv[2], "/script") != NULL);
	expect(!strcmp(argv[argc - 1], "user-arg"));
	return test_result();
}

int main(int argc, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	must(len > 0);
	self[len] = 0;
	if (argc > 1) {
		if (!strcmp(argv[1], "args"))
			return child_args(argc, argv);
		if (!strcmp(argv[1], "auxv"))
			return child_auxv(argv);
		if (!strcmp(argv[1], "state"))
			return child_state(argv);
		if (!strcmp(argv[1], "true"))
			return 0;
		if (!strncmp(argv[1], "script", 6))
			return child_script(argc, argv);
	}
	arguments();
	auxv();
	state();
	limits();
	errors();
	scripts();
	return test_result();
}
