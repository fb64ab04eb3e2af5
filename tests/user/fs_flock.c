/*
 * tests/user/fs_flock.c - flock(): shared and exclusive locks of open file descriptions, that end
 * with the last descriptor; extended attributes, which there are none of; fadvise.
 * calls: flock fadvise64 fadvise64_64 readahead setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr
 * calls: listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <tests/user/test.h>

static int open_file(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);

	must(fd >= 0);
	return fd;
}

static void kinds(void)
{
	int a = open_file(), b = open_file(), c;

	expect_errno(flock(-1, LOCK_SH), EBADF);
	expect_errno(flock(a, 0), EINVAL);
	expect_errno(flock(a, LOCK_SH | LOCK_EX), EINVAL);
	expect_eq(flock(a, LOCK_UN), 0);
	expect_eq(flock(a, LOCK_SH), 0);
	expect_eq(flock(b, LOCK_SH | LOCK_NB), 0);
	expect_errno(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	/* The try has cost the lock that was held. */
	expect_eq(flock(b, LOCK_EX | LOCK_NB), 0);
	expect_errno(flock(a, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	expect_eq(flock(b, LOCK_EX), 0);
	/* A duplicate is the same description: it goes with the last of them. */
	c = dup(b);
	must(c >= 0);
	close(b);
	expect_errno(flock(a, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	expect_eq(flock(c, LOCK_SH | LOCK_NB), 0);
	expect_eq(flock(a, LOCK_SH | LOCK_NB), 0);
	close(c);
	expect_eq(flock(a, LOCK_EX | LOCK_NB), 0);
	/* Another file has its own. */
	b = open("other", O_RDONLY | O_CREAT, 0644);
	expect_eq(flock(b, LOCK_EX | LOCK_NB), 0);
	close(a);
	close(b);
}

static void on_signal(int sig)
{
}

/* Who waits gets it when the other dies, or a signal takes him away. */
static void waiting(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int a, status, ready[2];
	char byte;
	pid_t pid;

	must(pipe(ready) == 0);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		a = open_file();
		must(flock(a, LOCK_EX) == 0 && write(ready[1], "x", 1) == 1);
		usleep(100000);
		_exit(0);
	}
	must(read(ready[0], &byte, 1) == 1);
	a = open_file();
	expect_errno(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	expect_eq(flock(a, LOCK_EX), 0);
	must(waitpid(pid, &status, 0) == pid && !status);

	pid = fork();
	must(pid >= 0);
	if (!pid) {
		int b = open_file();

		sigaction(SIGALRM, &sa, NULL);
		ualarm(30000, 0);
		expect_errno(flock(b, LOCK_SH), EINTR);
		_exit(test_result());
	}
	must(waitpid(pid, &status, 0) == pid);
	expect_eq(status, 0);

	/* A child's descriptor is the same description: its unlock is ours. */
	pid = fork();
	must(pid >= 0);
	if (!pid)
		_exit(flock(a, LOCK_UN) != 0);
	must(waitpid(pid, &status, 0) == pid && !status);
	status = open_file();
	expect_eq(flock(status, LOCK_EX | LOCK_NB), 0);
	close(status);
	close(a);
	close(ready[0]);
	close(ready[1]);
}

/* One errno or the other, depending on what the file system could have. */
#define expect_none(call) do {							\
	errno = 0;								\
	expect_eq((call), -1);							\
	if (errno != EOPNOTSUPP && errno != ENODATA)				\
		test_fail("%s: errno %d", #call, errno);			\
} while (0)

static void xattrs(void)
{
	char buf[64], name[300];
	int fd = open_file();

	memset(name, 'x', sizeof(name));
	memcpy(name, "user.", 5);
	name[299] = 0;
	expect_none(getxattr("file", "user.none", buf, sizeof(buf)));
	expect_none(lgetxattr("file", "user.none", buf, sizeof(buf)));
	expect_none(fgetxattr(fd, "user.none", buf, sizeof(buf)));
	expect_none(removexattr("file", "user.none"));
	expect_none(lremovexattr("file", "user.none"));
	expect_none(fremovexattr(fd, "user.none"));
	expect(listxattr("file", buf, 0) >= 0);
	expect(llistxattr("file", buf, 0) >= 0);
	expect(flistxattr(fd, buf, 0) >= 0);
	expect_errno(getxattr("missing", "user.none", buf, sizeof(buf)), ENOENT);
	expect_errno(listxattr("missing", buf, sizeof(buf)), ENOENT);
	expect_errno(fgetxattr(-1, "user.none", buf, sizeof(buf)), EBADF);
	expect_errno(flistxattr(-1, buf, sizeof(buf)), EBADF);
	expect_errno(getxattr("file", "", buf, sizeof(buf)), ERANGE);
	expect_errno(getxattr("file", name, buf, sizeof(buf)), ERANGE);
	expect_errno(getxattr("file", BAD_PTR, buf, sizeof(buf)), EFAULT);
	expect_errno(setxattr("file", "user.a", "b", 1, 16), EINVAL);
	expect_errno(lsetxattr("missing", "user.a", "b", 1, 0), ENOENT);
	expect_errno(fsetxattr(fd, "user.a", "b", 1, 16), EINVAL);
	expect_errno(setxattr("file", "user.a", "b", test_opaque(70000), 0), E2BIG);
	expect_errno(removexattr("missing", "user.a"), ENOENT);
	expect_errno(lremovexattr("missing", "user.a"), ENOENT);
	close(fd);
}

static void advice(void)
{
	int fd = open_file(), fds[2];

	must(pipe(fds) == 0);
	expect_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	expect_eq(posix_fadvise(fd, 4096, 4096, POSIX_FADV_WILLNEED), 0);
	expect_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	expect_eq(posix_fadvise(fd, 0, 0, 99), EINVAL);
	expect_eq(posix_fadvise64(fd, 0, -1, POSIX_FADV_NORMAL), EINVAL);
	expect_eq(posix_fadvise(-1, 0, 0, POSIX_FADV_NORMAL), EBADF);
	expect_eq(posix_fadvise(fds[0], 0, 0, POSIX_FADV_NORMAL), ESPIPE);
	expect_eq(syscall(SYS_fadvise64, fd, 0, 0, 100, POSIX_FADV_RANDOM), 0);
	expect_errno(syscall(SYS_fadvise64, fd, 0, 0, 100, -1), EINVAL);
	expect_eq(posix_fadvise64(fd, 1ll << 40, 1ll << 62, POSIX_FADV_WILLNEED), 0);
	expect_eq(posix_fadvise64(fd, 1ll << 40, 1ll << 62, POSIX_FADV_DONTNEED), 0);
	expect_eq(readahead(fd, 0, 65536), 0);
	expect_eq(readahead(fd, 1ll << 40, 65536), 0);
	expect_errno(readahead(-1, 0, 1), EBADF);
	expect_errno(readahead(fds[0], 0, 1), EINVAL);
	expect_errno(readahead(fds[1], 0, 1), EBADF);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

int main(void)
{
	test_tmpdir();
	kinds();
	waiting();
	xattrs();
	advice();
	return test_result();
}
