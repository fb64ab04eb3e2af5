/*
 * fs_open - opening files, and the table of descriptors.
 *
 * Proves: every open flag does what POSIX and Linux say, each failure has its errno; path
 * walks follow links and stop at loops; descriptors are the lowest free ones, are copied,
 * closed by exec, and run out at RLIMIT_NOFILE.
 * calls: open openat creat close close_range dup dup2 dup3 fcntl fcntl64
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static long size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -1 : (long)st.st_size;
}

static void test_flags(void)
{
	char buf[16];
	int fd;

	expect_errno(open("none", O_RDONLY), ENOENT);
	fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
	must(fd >= 0);
	expect_eq(write(fd, "hello", 5), 5);
	close(fd);
	expect_errno(open("f", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	fd = open("f", O_WRONLY | O_APPEND);
	expect_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_eq(write(fd, "!", 1), 1);
	expect_eq(lseek(fd, 0, SEEK_CUR), 6);
	expect_errno(read(fd, buf, 1), EBADF);
	close(fd);
	expect_eq(size_of("f"), 6);
	fd = open("f", O_RDONLY);
	expect_errno(write(fd, "x", 1), EBADF);
	expect_eq(read(fd, buf, 16), 6);
	expect(!memcmp(buf, "hello!", 6));
	close(fd);
	fd = open("f", O_WRONLY | O_TRUNC);
	expect_eq(size_of("f"), 0);
	close(fd);
	fd = creat("f2", 0600);
	expect(fd >= 0);
	expect_errno(read(fd, buf, 1), EBADF);
	close(fd);
	expect_errno(open("f/", O_RDONLY), ENOTDIR);
	expect_errno(open("f/x", O_RDONLY), ENOTDIR);
	expect_errno(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	expect_errno(open(".", O_WRONLY), EISDIR);
	expect_errno(open(".", O_RDONLY | O_TRUNC), EISDIR);
	expect_errno(open(".", O_RDWR | O_CREAT, 0600), EISDIR);
	expect_errno(open("new/", O_RDWR | O_CREAT, 0600), EISDIR);
	expect_errno(open("", O_RDONLY), ENOENT);
	fd = open(".", O_RDONLY | O_DIRECTORY);
	expect(fd >= 0);
	expect_errno(read(fd, buf, 1), EISDIR);
	close(fd);
	expect_errno(open((char *)1, O_RDONLY), EFAULT);
	unlink("f");
	unlink("f2");
}

static void test_links(void)
{
	char name[32];
	int fd, i;

	put("target", "T");
	expect_eq(symlink("target", "link"), 0);
	fd = open("link", O_RDONLY);
	expect(fd >= 0);
	close(fd);
	expect_errno(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	expect_errno(open("link", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	expect_eq(symlink("loop", "loop"), 0);
	expect_errno(open("loop", O_RDONLY), ELOOP);
	expect_errno(open("loop", O_RDWR | O_CREAT, 0600), ELOOP);
	/* Creating through a dangling link makes what it names. */
	expect_eq(symlink("made", "dangling"), 0);
	expect_errno(open("dangling", O_RDONLY), ENOENT);
	expect_errno(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	fd = open("dangling", O_WRONLY | O_CREAT, 0600);
	expect(fd >= 0);
	close(fd);
	expect_eq(size_of("made"), 0);
	/* A link of /proc leads to the open file itself, also for who would create it. */
	put("target", "T");
	i = open("target", O_RDONLY);
	expect_eq(unlink("target"), 0);
	sprintf(name, "/proc/self/fd/%d", i);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	expect_eq(write(fd, "U", 1), 1);
	close(fd);
	expect_eq(read(i, name, 3), 2);
	close(i);
	put("target", "T");
	expect_errno(open("/proc/self/cwd", O_RDONLY | O_CREAT, 0600), EISDIR);
	expect_errno(open("/proc/self/cwd", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	/* A link that leads to a link, and so on. */
	put("c0", "");
	for (i = 1; i <= 45; i++) {
		char prev[16];

		sprintf(prev, "c%d", i - 1);
		sprintf(name, "c%d", i);
		expect_eq(symlink(prev, name), 0);
	}
	fd = open("c8", O_RDONLY);
	expect(fd >= 0);
	close(fd);
	expect_errno(open("c45", O_RDONLY), ELOOP);
	expect_errno(open("loop/x", O_RDONLY), ELOOP);
	/* O_PATH names without opening. */
	fd = open("link", O_PATH | O_NOFOLLOW);
	expect(fd >= 0);
	expect_errno(read(fd, name, 1), EBADF);
	expect_errno(fchmod(fd, 0600), EBADF);
	expect_errno(futimens(fd, NULL), EBADF);
	expect_errno(syncfs(fd), EBADF);
	close(fd);
}

static void test_names(void)
{
	char longname[NAME_MAX + 2], *path = malloc(PATH_MAX + 16);
	int fd, i;

	memset(longname, 'n', sizeof(longname));
	longname[NAME_MAX + 1] = 0;
	expect_errno(open(longname, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	longname[NAME_MAX] = 0;
	fd = open(longname, O_RDWR | O_CREAT, 0600);
	expect(fd >= 0);
	close(fd);
	expect_eq(unlink(longname), 0);
	for (i = 0; i < PATH_MAX + 8; i += 2)
		memcpy(path + i, "./", 2);
	path[PATH_MAX] = 0;
	expect_errno(open(path, O_RDONLY), ENAMETOOLONG);
	path[PATH_MAX - 1] = 0;
	fd = open(path, O_RDONLY);
	expect(fd >= 0);
	close(fd);
	expect_eq(mkdir("d", 0700), 0);
	fd = open("d/../d/.././//d/./..", O_RDONLY | O_DIRECTORY);
	expect(fd >= 0);
	close(fd);
	fd = open("/../../..", O_RDONLY);
	expect(fd >= 0);
	close(fd);
	free(path);
}

static void test_at(void)
{
	int dir = open("d", O_RDONLY | O_DIRECTORY), fd;

	must(dir >= 0);
	fd = openat(dir, "inner", O_RDWR | O_CREAT, 0600);
	expect(fd >= 0);
	expect_eq(size_of("d/inner"), 0);
	expect_errno(openat(fd, "x", O_RDONLY), ENOTDIR);
	close(fd);
	expect_errno(openat(12345, "x", O_RDONLY), EBADF);
	fd = openat(12345, "/", O_RDONLY);
	expect(fd >= 0);
	close(fd);
	close(dir);
	fd = syscall(SYS_open, "d/inner", O_RDONLY);
	expect(fd >= 0);
	expect_eq(syscall(SYS_close, fd), 0);
	fd = syscall(SYS_creat, "d/inner", 0600);
	expect(fd >= 0);
	close(fd);
}

static void test_permissions(void)
{
	pid_t pid;
	int status, fd;

	if (geteuid() != 0)
		return;
	put("secret", "s");
	chmod("secret", 0600);
	chmod(".", 0755);
	mkdir("closed", 0700);
	put("closed/in", "x");
	put("ro", "r");
	chmod("ro", 0644);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setgid(12345) || setuid(12345))
			_exit(99);
		test_failures = 0;
		expect_errno(open("secret", O_RDONLY), EACCES);
		expect_errno(open("closed/in", O_RDONLY), EACCES);
		expect_errno(open("ro", O_RDWR), EACCES);
		expect_errno(open("ro", O_RDONLY | O_TRUNC), EACCES);
		expect_errno(open("mine", O_RDWR | O_CREAT, 0600), EACCES);
		expect_errno(unlink("ro"), EACCES);
		expect_errno(chmod("ro", 0777), EPERM);
		fd = open("ro", O_RDONLY);
		expect(fd >= 0);
		fflush(stdout);
		_exit(test_failures);
	}
	expect_eq(waitpid(pid, &status, 0), pid);
	expect_eq(status, 0);
}

static void test_dup(void)
{
	int a = open("target", O_RDONLY), b, c;
	char x;

	must(a >= 0);
	b = dup(a);
	expect_eq(b, a + 1);
	expect_eq(read(a, &x, 1), 1);
	expect_eq(lseek(b, 0, SEEK_CUR), 1);	/* one offset */
	expect_eq(dup2(a, 100), 100);
	expect_eq(dup2(a, a), a);
	expect_errno(dup2(77, 77), EBADF);
	expect_errno(dup2(77, 78), EBADF);
	expect_errno(dup2(a, -1), EBADF);
	expect_errno(dup3(a, a, 0), EINVAL);
	expect_errno(dup3(a, 90, 0x1234), EINVAL);
	expect_eq(fcntl(100, F_GETFD), 0);
	expect_eq(dup3(a, 101, O_CLOEXEC), 101);
	expect_eq(fcntl(101, F_GETFD), FD_CLOEXEC);
	c = fcntl(a, F_DUPFD, 50);
	expect_eq(c, 50);
	expect_eq(fcntl(a, F_DUPFD_CLOEXEC, 50), 51);
	expect_eq(fcntl(51, F_GETFD), FD_CLOEXEC);
	expect_errno(fcntl(a, F_DUPFD, 1 << 30), EINVAL);
	expect_eq(fcntl(a, F_SETFD, FD_CLOEXEC), 0);
	expect_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(a, F_GETFL) & O_ACCMODE, O_RDONLY);
	expect_eq(fcntl(a, F_SETFL, O_NONBLOCK | O_APPEND), 0);
	expect_eq(fcntl(b, F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK | O_APPEND);
	expect_errno(fcntl(99, F_GETFD), EBADF);
	expect_errno(fcntl(a, 9999), EINVAL);
	expect_eq(close(b), 0);
	expect_errno(close(b), EBADF);
	expect_errno(close(-1), EBADF);
	expect_eq(dup(a), b);			/* the lowest free one again */
	if (syscall(SYS_close_range, 50, 101, 0) == 0 || errno != ENOSYS) {
		expect_errno(fcntl(50, F_GETFD), EBADF);
		expect_errno(fcntl(101, F_GETFD), EBADF);
		expect_errno(syscall(SYS_close_range, 9, 8, 0), EINVAL);
	}
	close(a);
	close(b);
}

static void test_limit(void)
{
	struct rlimit old, rl;
	int fds[600], n, i, base = open("/", O_RDONLY);

	must(getrlimit(RLIMIT_NOFILE, &old) == 0);
	rl = old;
	rl.rlim_cur = 512;
	must(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	for (n = 0; n < 600; n++) {
		fds[n] = dup(base);
		if (fds[n] < 0)
			break;
	}
	expect_eq(errno, EMFILE);
	expect(n > 400 && n < 512);
	expect_eq(fds[n - 1], 511);
	expect_errno(open("/", O_RDONLY), EMFILE);
	expect_errno(dup2(base, 512), EBADF);
	/* The table has grown: a child's copy must have it all. */
	if (!fork())
		_exit(fcntl(511, F_GETFD) == 0 && fcntl(base, F_GETFD) == 0 ? 0 : 1);
	expect(wait(&i) > 0);
	expect_eq(i, 0);
	for (i = 0; i < n; i++)
		expect_eq(close(fds[i]), 0);
	setrlimit(RLIMIT_NOFILE, &old);
	close(base);
}

/* Run ourselves: what has close-on-exec is closed, the rest is not. */
static void test_cloexec(char *self)
{
	int keep = open("/", O_RDONLY), gone = open("/", O_RDONLY | O_CLOEXEC), status;
	char a[16], b[16];

	expect_eq(fcntl(gone, F_GETFD), FD_CLOEXEC);
	sprintf(a, "%d", keep);
	sprintf(b, "%d", gone);
	fflush(stdout);
	if (!fork()) {
		execl(self, self, "--check", a, b, (char *)NULL);
		_exit(98);
	}
	expect(wait(&status) > 0);
	expect_eq(status, 0);
	close(keep);
	close(gone);
}

static void test_text_busy(char *self)
{
	expect_errno(open(self, O_WRONLY), ETXTBSY);
}

int main(int argc, char **argv)
{
	char self[256];

	if (argc == 4)
		return fcntl(atoi(argv[2]), F_GETFD) != 0 || fcntl(atoi(argv[3]), F_GETFD) >= 0;
	must(realpath(argv[0], self));
	test_tmpdir();
	test_flags();
	test_links();
	test_names();
	test_at();
	test_permissions();
	test_dup();
	test_limit();
	test_cloexec(self);
	test_text_busy(self);
	return test_result();
}
