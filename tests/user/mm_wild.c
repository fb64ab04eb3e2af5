/* mm_wild - a wild pointer to any call is EFAULT: never a crash, never a success. */
#include <tests/user/mm.h>

#include <poll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

/* Nowhere: unmapped, the kernel's, and the last page. */
static char *wild[] = { (char *)16, (char *)0, (char *)0xfffff000, (char *)0xffffffff };
#define WILDS	(sizeof(wild) / sizeof(wild[0]))

#define raw(...)	syscall(__VA_ARGS__)
/* EFAULT, or a call that is not there. */
#define expect_efault(call) do {						\
	errno = 0;								\
	if ((call) != -1 || (errno != EFAULT && errno != ENOSYS))		\
		test_fail("%s with %p: errno %d (%s)", #call, (void *)w, errno,	\
			  strerror(errno));					\
} while (0)

static void paths(char *w, int fd)
{
	expect_efault(raw(SYS_open, w, O_RDONLY));
	expect_efault(raw(SYS_openat, AT_FDCWD, w, O_RDONLY));
	expect_efault(raw(SYS_creat, w, 0600));
	expect_efault(raw(SYS_stat64, w, w));
	expect_efault(raw(SYS_lstat64, "/", w));
	expect_efault(raw(SYS_fstat64, fd, w));
	expect_efault(raw(SYS_access, w, 0));
	expect_efault(raw(SYS_unlink, w));
	expect_efault(raw(SYS_rename, w, "/tmp/x"));
	expect_efault(raw(SYS_rename, "/tmp/y", w));
	expect_efault(raw(SYS_link, w, "/tmp/x"));
	expect_efault(raw(SYS_symlink, w, "/tmp/x"));
	expect_efault(raw(SYS_readlink, w, w, 10));
	expect_efault(raw(SYS_mkdir, w, 0700));
	expect_efault(raw(SYS_rmdir, w));
	expect_efault(raw(SYS_chdir, w));
	expect_efault(raw(SYS_chmod, w, 0600));
	expect_efault(raw(SYS_truncate64, w, 0, 0));
	expect_efault(raw(SYS_statfs64, "/", 84, w));
	expect_efault(raw(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, w));
	expect_efault(raw(SYS_execve, w, NULL, NULL));
	expect_efault(raw(SYS_execve, "/proc/self/exe", w + !w, NULL));
}

static void data(char *w, int fd, int rd, int wr)
{
	expect_efault(raw(SYS_read, fd, w, 10));
	expect_efault(raw(SYS_write, fd, w, 10));
	expect_efault(raw(SYS_pread64, fd, w, 10, 0, 0));
	expect_efault(raw(SYS_readv, fd, w, 1));
	expect_efault(raw(SYS_writev, fd, w, 1));
	expect_efault(raw(SYS_write, wr, w, 10));
	expect_efault(raw(SYS_read, rd, w, 1));
	expect_efault(raw(SYS_getcwd, w, 100));
	expect_efault(raw(SYS_pipe, w));
	expect_efault(raw(SYS__llseek, fd, 0, 0, w, SEEK_SET));
	expect_efault(raw(SYS_poll, w, 1, 0));
	expect_efault(raw(SYS_getrandom, w, 8, 0));
}

static void others(char *w, char *page)
{
	expect_efault(raw(SYS_uname, w));
	expect_efault(raw(SYS_sysinfo, w));
	expect_efault(raw(SYS_getrusage, RUSAGE_SELF, w));
	expect_efault(raw(SYS_ugetrlimit, RLIMIT_STACK, w));
	expect_efault(raw(SYS_setrlimit, RLIMIT_STACK, w));
	expect_efault(raw(SYS_clock_gettime, CLOCK_REALTIME, w));
	expect_efault(raw(SYS_nanosleep, w, NULL));
	expect_efault(raw(SYS_setitimer, ITIMER_REAL, w + !w, NULL));
	expect_efault(raw(SYS_rt_sigaction, SIGUSR1, w + !w, NULL, 8));
	expect_efault(raw(SYS_rt_sigprocmask, SIG_BLOCK, w + !w, NULL, 8));
	expect_efault(raw(SYS_rt_sigpending, w, 8));
	expect_efault(raw(SYS_rt_sigsuspend, w, 8));
	expect_efault(raw(SYS_sigaltstack, w + !w, NULL));
	expect_efault(raw(SYS_set_thread_area, w));
	expect_efault(raw(SYS_mincore, page, PAGE, w));
	expect_efault(raw(SYS_mmap, w));
}

/* A buffer that ends at an unmapped page: what fits is transferred, then the rest refused. */
static void half_a_buffer(int fd, int rd, int wr)
{
	char *p = map_anon(2 * PAGE, PROT_READ | PROT_WRITE), *edge = p + PAGE;
	struct iovec iov[2] = { { edge - 4, 4 }, { edge, 4 } };

	munmap(edge, PAGE);
	memset(edge - 10, 'q', 10);
	expect_eq(pread(fd, edge - 5, 5, 0), 5);
	expect_eq(pwrite(fd, edge - 5, 5, 0), 5);
	expect_eq(pwrite(fd, edge - 5, 10, 0), 5);
	expect_eq(writev(fd, iov, 2), 4);
	expect_eq(write(wr, edge - 4, 4), 4);
	expect_eq(read(rd, edge - 4, 4), 4);
	expect_errno(syscall(SYS_open, memset(edge - 5, 'x', 5), O_RDONLY), EFAULT);
	expect_errno(syscall(SYS_uname, edge - 10), EFAULT);
	/* Read-only memory cannot be read into. */
	mprotect(p, PAGE, PROT_READ);
	expect_errno(syscall(SYS_uname, p), EFAULT);
	expect_errno(pread(fd, p, 10, 0), EFAULT);
}

int main(void)
{
	char *page = map_anon(PAGE, PROT_READ | PROT_WRITE);
	int fd = temp_file(2), p[2];
	unsigned int i;

	must(lseek(fd, 0, SEEK_SET) == 0);
	must(pipe(p) == 0);
	must(write(p[1], "some bytes to read", 18) == 18);
	for (i = 0; i < WILDS; i++) {
		paths(wild[i], fd);
		data(wild[i], fd, p[0], p[1]);
		others(wild[i], page);
	}
	must(read(p[0], (char[64]){ 0 }, 64) > 0);
	half_a_buffer(fd, p[0], p[1]);
	return test_result();
}
