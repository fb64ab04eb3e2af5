/*
 * tests/user/fail_calls.c - each system call that needs memory, with each of its allocations failing.
 *
 * A debug kernel lets the Nth allocation of a task fail (/proc/self/fail-nth, as Linux's with
 * fault injection).  Each call below is made with N = 1, 2, ... until it no longer needs N: it succeeds
 * or says ENOMEM, nothing else, and afterwards succeeds.  A few have another word for it, the same as on
 * Linux.  Where there is no such file each is
 * made once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include <tests/user/fail.h>

#define MANY	(4 << 20)

static int null_fd, file_fd;
static char *self;

static int do_open(void)	{ return closed(open("new", O_RDWR | O_CREAT, 0600)); }
static int do_kmsg(void)	{ return closed(open("/dev/kmsg", O_RDONLY)); }
static int do_memfd(void)	{ return closed((int)syscall(SYS_memfd_create, "m", 0)); }
static int do_dup(void)		{ return closed(dup2(null_fd, 600)); }
static int do_stat(void)
{
	struct stat st;

	return result(stat("/proc/self/status", &st));
}

static int do_say(void)
{
	static const char text[] = "<7>fail_calls: hello\n";
	int err, fd = open("/dev/kmsg", O_WRONLY);

	if (fd < 0)
		return -errno;
	err = result(write(fd, text, sizeof(text) - 1));
	close(fd);
	return err;
}

static int do_pipe(void)
{
	int err, fds[2];

	if (pipe(fds))
		return -errno;
	err = result(write(fds[1], &fds, sizeof(fds)));
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int do_write(void)
{
	static char buf[20000];
	int err = result(pwrite(file_fd, buf, sizeof(buf), 0));

	if (ftruncate(file_fd, 0))
		return -errno;
	return err == -ENOSPC ? -ENOMEM : err;	/* memory is what such a file lies in */
}

static int do_readv(void)
{
	static char bytes[40];
	struct iovec iov[40];

	for (int i = 0; i < 40; i++)
		iov[i] = (struct iovec){ bytes + i, 1 };
	return result(writev(null_fd, iov, 40));
}

static int do_getcwd(void)
{
	char buf[512];

	return result(syscall(SYS_getcwd, buf, sizeof(buf)));
}

static int do_symlink(void)
{
	char buf[64];
	int err = result(symlink("a-target-longer-than-what-an-inode-holds-by-itself-if-any-do-so-here", "l"));

	if (!err)
		err = result(readlink("l", buf, sizeof(buf)));
	while (unlink("l") && errno == ENOMEM)
		;
	return err == -ENOSPC ? -ENOMEM : err;	/* no inode */
}

static int do_readdir(void)
{
	char buf[1024];
	int err, fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return -errno;
	err = result(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	close(fd);
	return err;
}

static int do_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
	int err = result(flock(file_fd, LOCK_EX));

	if (!err)
		err = result(fcntl(file_fd, F_SETLK, &lock));
	lock.l_start = 12;
	lock.l_len = 2;
	lock.l_type = F_UNLCK;
	if (!err)
		err = result(fcntl(file_fd, F_SETLK, &lock));	/* cuts it in two */
	lock.l_start = lock.l_len = 0;
	fcntl(file_fd, F_SETLK, &lock);
	flock(file_fd, LOCK_UN);
	return err == -ENOLCK ? -ENOMEM : err;	/* what POSIX calls it */
}

static int do_poll(void)
{
	struct pollfd fds[200];

	for (int i = 0; i < 200; i++)
		fds[i] = (struct pollfd){ .fd = null_fd, .events = POLLIN };
	return result(poll(fds, 200, 0));
}

/* More descriptors than fit on the kernel's stack; the table must have that many. */
static int do_select(void)
{
	static unsigned long set[2000 / 32];
	struct timeval now = { 0, 0 };
	int err, fd = dup2(null_fd, 1500);

	if (fd < 0)
		return -errno;
	memset(set, 0, sizeof(set));
	set[1500 / 32] = 1ul << 1500 % 32;
	err = result(syscall(SYS__newselect, 1501, set, NULL, NULL, &now));
	close(fd);
	return err;
}

static int do_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	return closed(signalfd(-1, &set, 0));
}

static int do_timer(void)
{
	struct sigevent sev = { .sigev_notify = SIGEV_NONE };
	int err, id;

	err = result(syscall(SYS_timer_create, CLOCK_MONOTONIC, &sev, &id));
	if (!err)
		syscall(SYS_timer_delete, id);
	return err == -EAGAIN ? -ENOMEM : err;	/* what POSIX calls it */
}

static int do_mmap(void)
{
	char *p = mmap(NULL, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q = p;
	int err = 0;

	if (p == MAP_FAILED)
		return -errno;
	if (mprotect(p + 8192, 4096, PROT_READ) || mlock(p + 32768, 8192))
		err = -errno;
	if (!err) {
		q = mremap(p + 65536, 4096, 1 << 20, MREMAP_MAYMOVE);
		if (q == MAP_FAILED)
			err = -errno;
		else
			munmap(q, 1 << 20);
	}
	munmap(p, 64 << 12);
	munlockall();
	return err == -EAGAIN ? -ENOMEM : err;	/* mlock's word */
}

static int do_shared(void)
{
	char *p = mmap(NULL, 16 << 12, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned char vec[16];
	int err;

	if (p == MAP_FAILED)
		return -errno;
	err = result(mincore(p, 16 << 12, vec));
	if (!err)
		err = result(madvise(p, 16 << 12, MADV_WILLNEED));
	munmap(p, 16 << 12);
	return err == -EAGAIN ? -ENOMEM : err;	/* madvise's */
}

/* Enough pages that those to be freed are gathered in more than one batch. */
static int do_big_unmap(void)
{
	char *p = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	set_nth(0);
	for (int i = 0; i < MANY; i += 4096)
		p[i] = 1;
	set_nth(wish);
	return result(munmap(p, MANY));
}

static int do_mount(void)
{
	int err;

	mkdir("m", 0700);
	err = result(mount("none", "m", "tmpfs", 0, "size=64k"));
	while (!err && umount("m") && errno == ENOMEM)
		;
	return err;
}

static int do_syslog(void)
{
	static char buf[4096];

	return result(klogctl(3, buf, sizeof(buf)));
}

static int do_syslog_unread(void)
{
	static char buf[65536];
	int err = do_say();

	if (err)
		return err;
	while (!err && klogctl(9, NULL, 0) > 0)
		err = result(klogctl(2, buf, sizeof(buf)));
	return err;
}

static int do_framebuffer(void)	{ return closed(open("/dev/fb0", O_RDWR)); }

static int do_devmem(void)
{
	char byte;
	int err, fd = open("/dev/mem", O_RDONLY);

	if (fd < 0)
		return -errno;
	err = result(pread64(fd, &byte, 1, 0xfec00000));
	close(fd);
	return err == -EFAULT || err == -EPERM ? 0 : err;
}

static int do_fork(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno == EAGAIN ? -ENOMEM : -errno;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* Another task with our handlers has to get its own before it runs another program. */
static int exec_self(void *nth)
{
	char text[16];
	int fd = open("/proc/self/fail-nth", O_WRONLY);

	if (fd >= 0 && *(int *)nth) {
		snprintf(text, sizeof(text), "%d", *(int *)nth);
		if (write(fd, text, strlen(text)) < 0)
			_exit(3);
	}
	syscall(SYS_execve, self, (char *[]){ self, "-", NULL }, environ);
	_exit(errno == ENOMEM || errno == E2BIG ? 1 : 2);	/* E2BIG: no page for its arguments */
}

/* => 0, 1: it did not need @nth; or -errno */
static int exec_failing(int nth)
{
	static char stack[65536];
	int status;
	pid_t pid = clone(exec_self, stack + sizeof(stack), CLONE_VM | CLONE_SIGHAND | CLONE_VFORK | SIGCHLD,
			  &nth);

	must(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))		/* past the point of no return */
		return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGSEGV ? -ENOMEM : -EFAULT;
	switch (WEXITSTATUS(status)) {
	case 4:
		return 1;
	case 0:
		return 0;
	case 1:
	case 127:		/* the C library's start */
		return -ENOMEM;
	}
	return -EINVAL;
}

#define OP(name) { #name, do_##name }
static const struct {
	const char *name;
	int (*call)(void);
} ops[] = {
	OP(open), OP(kmsg), OP(say), OP(memfd), OP(dup), OP(stat), OP(pipe), OP(write), OP(readv), OP(getcwd),
	OP(symlink), OP(readdir), OP(lock), OP(poll), OP(select), OP(signalfd), OP(timer), OP(mmap), OP(shared),
	OP(big_unmap), OP(mount), OP(syslog), OP(syslog_unread),
	OP(framebuffer), OP(devmem), OP(fork),
};

int main(int argc, char **argv)
{
	struct rlimit files = { 4096, 4096 };
	char path[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (argc > 1) {			/* exec_self()'s: 4 says that the failure is still to come */
		fail_begin();
		return fail_nth >= 0 && set_nth(0) > 0 ? 4 : 0;
	}
	must(len > 0);
	path[len] = 0;
	self = path;
	test_tmpdir();
	null_fd = open("/dev/null", O_RDWR);
	file_fd = open("file", O_RDWR | O_CREAT, 0600);
	must(null_fd >= 0 && file_fd >= 0);
	setrlimit(RLIMIT_NOFILE, &files);
	fail_begin();
	for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		each_failing(ops[i].name, ops[i].call);
	for (int nth = 0, err = 0; nth < MOST && err <= 0; nth++) {
		err = exec_failing(nth);
		if (err < 0 && (err != -ENOMEM || !nth))
			test_fail("execve with allocation %d failing: %s", nth, strerror(-err));
		if (!nth && fail_nth < 0)
			break;
	}
	return test_result();
}
