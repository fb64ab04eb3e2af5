/*
 * fs_rw - moving bytes: sizes, offsets, holes, segments, bad arguments.
 *
 * Proves: what is written is read back, at any offset and alignment, against a copy in memory
 * (20,000 seeded random operations); holes read as zeros; truncation zeroes the rest of a
 * page; negative offsets, huge counts and bad addresses have their errno and lose nothing.
 * calls: ioctl read write readv writev pread64 pwrite64 preadv pwritev lseek llseek
 * calls: fallocate truncate truncate64 ftruncate ftruncate64 sendfile sendfile64 fsync fdatasync sync syncfs
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "test.h"

static unsigned int seed = 12345;

static unsigned int rnd(unsigned int n)
{
	seed = seed * 1103515245u + 12345;
	return (seed >> 8) % n;
}

static void test_basic(int fd)
{
	char buf[64];

	expect_eq(write(fd, "0123456789", 10), 10);
	expect_eq(lseek(fd, 0, SEEK_CUR), 10);
	expect_eq(read(fd, buf, 10), 0);
	expect_eq(lseek(fd, -3, SEEK_END), 7);
	expect_eq(read(fd, buf, 10), 3);
	expect(!memcmp(buf, "789", 3));
	expect_eq(pread(fd, buf, 4, 2), 4);
	expect(!memcmp(buf, "2345", 4));
	expect_eq(lseek(fd, 0, SEEK_CUR), 10);
	expect_eq(pwrite(fd, "AB", 2, 4), 2);
	expect_eq(pread(fd, buf, 20, 0), 10);
	expect(!memcmp(buf, "0123AB6789", 10));
	expect_eq(pread(fd, buf, 4, 100), 0);
	expect_eq(read(fd, buf, 0), 0);
	expect_errno(lseek(fd, -1, SEEK_SET), EINVAL);
	expect_errno(lseek(fd, 0, 99), EINVAL);
	expect_errno(pread(fd, buf, 1, -1), EINVAL);
	expect_errno(pwrite(fd, buf, 1, -1), EINVAL);
	expect_errno(read(99, buf, 1), EBADF);
	expect_errno(lseek(99, 0, SEEK_SET), EBADF);
}

static void test_bad_memory(int fd)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t count;

	must(page != MAP_FAILED);
	munmap(page + 4096, 4096);
	memset(page, 'p', 4096);
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_errno(write(fd, BAD_PTR, 10), EFAULT);
	expect_errno(write(fd, (char *)0xfffff000, 10), EFAULT);
	expect_errno(write(fd, (char *)-1, 10), EFAULT);
	expect_eq(lseek(fd, 0, SEEK_END), 0);
	/*
	 * A part of it is there: a short write, or nothing.  A part of whole words, and of
	 * less than 64 bytes: on anything else Linux 6.1 for i386, which copies by words or by
	 * 64 bytes, tries for ever.
	 */
	errno = 0;
	{
		ssize_t n = write(fd, page + 4092, 60);

		expect(n == 4 || (n < 0 && errno == EFAULT));
		expect_eq(lseek(fd, 0, SEEK_END), n < 0 ? 0 : n);
	}
	expect_eq(pwrite(fd, "abcdef", 6, 0), 6);
	lseek(fd, 0, SEEK_SET);
	expect_errno(read(fd, BAD_PTR, 10), EFAULT);
	expect_errno(read(fd, (char *)-16, 10), EFAULT);
	expect_eq(lseek(fd, 0, SEEK_CUR), 0);
	expect_eq(read(fd, page + 4092, 4), 4);
	expect(!memcmp(page + 4092, "abcd", 4));
	/* More than fits below the kernel: refused, or (64-bit Linux) cut to the file. */
	for (count = (size_t)-1; count > INT_MAX; count >>= 1) {
		ssize_t n = pread(fd, page, test_opaque(count), 0);

		expect(n == 6 || (n < 0 && (errno == EFAULT || errno == EINVAL)));
	}
	expect_errno(pread(fd, BAD_PTR, 1, 0), EFAULT);
	munmap(page, 4096);
}

static void test_sparse(int fd)
{
	char buf[4096], zero[4096] = { 0 };
	struct stat st;
	off_t far = 3000000000LL;

	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(pwrite(fd, "x", 1, far), 1);
	must(fstat(fd, &st) == 0);
	expect_eq(st.st_size, far + 1);
	expect(st.st_blocks <= 16);
	memset(buf, 1, sizeof(buf));
	expect_eq(pread(fd, buf, 4096, 1234567), 4096);
	expect(!memcmp(buf, zero, 4096));
	expect_eq(pread(fd, buf, 4096, far - 4), 5);
	expect(!memcmp(buf, "\0\0\0\0x", 5));
	/* Cut in a page, grow again: what was cut off reads as zeros. */
	memset(buf, 'y', sizeof(buf));
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(pwrite(fd, buf, 4096, 0), 4096);
	expect_eq(ftruncate(fd, 100), 0);
	expect_eq(ftruncate(fd, 4096), 0);
	expect_eq(pread(fd, buf, 4096, 0), 4096);
	expect(buf[99] == 'y' && !memcmp(buf + 100, zero, 3996));
	expect_errno(ftruncate(fd, -1), EINVAL);
	expect_errno(truncate("f", -1), EINVAL);
	expect_errno(truncate("nothing", 0), ENOENT);
	expect_errno(truncate(".", 0), EISDIR);
	expect_errno(ftruncate(99, 0), EBADF);
	expect_eq(syscall(SYS_truncate, "f", 77), 0);
	expect_eq(lseek(fd, 0, SEEK_END), 77);
	expect_eq(syscall(SYS_truncate64, "f", 78, 1), 0);
	expect_eq(lseek(fd, 0, SEEK_END), (1LL << 32) + 78);
	expect_eq(syscall(SYS_ftruncate64, fd, 5, 0), 0);
	expect_eq(syscall(SYS_ftruncate, fd, 6), 0);
	expect_eq(lseek(fd, 0, SEEK_END), 6);
}

static void test_segments(int fd)
{
	char a[3] = "abc", b[5] = "defgh", r1[4], r2[10];
	struct iovec w[3] = { { a, 3 }, { NULL, 0 }, { b, 5 } }, r[2] = { { r1, 4 }, { r2, 10 } };
	struct iovec many[1025];
	int i;

	expect_eq(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	expect_eq(writev(fd, w, 3), 8);
	lseek(fd, 0, SEEK_SET);
	expect_eq(readv(fd, r, 2), 8);
	expect(!memcmp(r1, "abcd", 4) && !memcmp(r2, "efgh", 4));
	expect_eq(preadv(fd, r, 2, 2), 6);
	expect(!memcmp(r1, "cdef", 4));
	expect_eq(pwritev(fd, w, 3, 4), 8);
	expect_eq(lseek(fd, 0, SEEK_END), 12);
	expect_eq(readv(fd, r, 0), 0);
	for (i = 0; i < 1025; i++)
		many[i] = (struct iovec){ a, 1 };
	expect_errno(writev(fd, many, 1025), EINVAL);
	lseek(fd, 0, SEEK_SET);
	expect_eq(writev(fd, many, 1024), 1024);
	many[1].iov_len = (size_t)-1;
	expect_errno(writev(fd, many, 2), EINVAL);
	expect_errno(writev(fd, (struct iovec *)BAD_PTR, 2), EFAULT);
	r[0].iov_base = BAD_PTR;
	lseek(fd, 0, SEEK_SET);
	expect_errno(readv(fd, r, 2), EFAULT);
	expect_errno(preadv(fd, r, 2, -5), EINVAL);
}

static void test_offsets(int fd)
{
	long long where = -1;

	expect_eq(syscall(SYS__llseek, fd, 1, 5, &where, SEEK_SET), 0);
	expect_eq(where, (1LL << 32) + 5);
	expect_errno(syscall(SYS__llseek, fd, 0, 0, BAD_PTR, SEEK_SET), EFAULT);
	expect_eq(syscall(SYS_lseek, fd, 7, SEEK_SET), 7);
	expect_eq(ftruncate(fd, 3000000000LL), 0);
	/* Only a 32-bit kernel knows that the caller cannot take it. */
	expect(syscall(SYS_lseek, fd, 0, SEEK_END) < 0);
	expect_eq(ftruncate(fd, 0), 0);
}

/* Against a copy in memory. */
static void test_random(int fd)
{
	enum { MAX = 70000 };
	static char model[MAX], buf[MAX];
	size_t size = 0;
	int i;

	expect_eq(ftruncate(fd, 0), 0);
	for (i = 0; i < 20000 && !test_failures; i++) {
		size_t at = rnd(60000), n = rnd(rnd(4) ? 200 : 10000);

		switch (rnd(5)) {
		case 0:
		case 1:
			memset(buf, 'a' + (int)rnd(26), n);
			expect_eq(pwrite(fd, buf, n, at), n);
			if (n) {
				memcpy(model + at, buf, n);
				if (at + n > size)
					size = at + n;
			}
			break;
		case 2:
			expect_eq(ftruncate(fd, at), 0);
			if (at < size)
				memset(model + at, 0, size - at);
			size = at;
			break;
		default:
			{
				size_t want = at >= size ? 0 : size - at < n ? size - at : n;

				expect_eq(pread(fd, buf, n, at), want);
				expect(!memcmp(buf, model + at, want));
			}
			break;
		}
	}
	expect_eq(lseek(fd, 0, SEEK_END), size);
}

static void test_sendfile(int fd)
{
	char buf[10000], back[10000];
	struct stat st;
	int out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2], i;
	off_t off = 100;
	long off32 = 9990;

	for (i = 0; i < 10000; i++)
		buf[i] = (char)(i * 7);
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(pwrite(fd, buf, 10000, 0), 10000);
	expect_eq(sendfile(out, fd, &off, 20000), 9900);
	expect_eq(off, 10000);
	expect_eq(lseek(out, 0, SEEK_CUR), 9900);
	expect_eq(pread(out, back, 10000, 0), 9900);
	expect(!memcmp(back, buf + 100, 9900));
	lseek(fd, 9000, SEEK_SET);
	expect_eq(sendfile(out, fd, NULL, 500), 500);
	expect_eq(lseek(fd, 0, SEEK_CUR), 9500);
	expect_eq(syscall(SYS_sendfile, out, fd, &off32, 100), 10);
	expect_eq(off32, 10000);
	must(pipe(p) == 0);
	off = 0;
	expect_eq(sendfile(p[1], fd, &off, 5000), 5000);
	expect_eq(read(p[0], back, 5000), 5000);
	expect(!memcmp(back, buf, 5000));
	/* A hole is sent as zeros, and is a hole afterwards. */
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(ftruncate(fd, 300000), 0);
	lseek(out, 0, SEEK_SET);
	off = 100000;
	expect_eq(sendfile(out, fd, &off, 5000), 5000);
	expect_eq(pread(out, back, 5000, 0), 5000);
	for (i = 0; i < 5000 && !back[i]; i++)
		;
	expect_eq(i, 5000);
	must(fstat(fd, &st) == 0);
	expect_eq(st.st_blocks, 0);
	expect_errno(sendfile(99, fd, NULL, 1), EBADF);
	expect_errno(sendfile(out, 99, NULL, 1), EBADF);
	expect_errno(sendfile(p[0], fd, NULL, 1), EBADF);
	off = -1;
	expect_errno(sendfile(out, fd, &off, 1), EINVAL);
	expect_errno(syscall(SYS_sendfile64, out, fd, BAD_PTR, 1), EFAULT);
	close(p[0]);
	close(p[1]);
	close(out);
}

static volatile int xfsz;
static void on_xfsz(int sig)
{
	xfsz = sig;
}

static void test_limits(int fd)
{
	struct rlimit rl, old;
	char buf[200] = { 0 };

	signal(SIGXFSZ, on_xfsz);
	must(getrlimit(RLIMIT_FSIZE, &old) == 0);
	rl = old;
	rl.rlim_cur = 100;
	must(setrlimit(RLIMIT_FSIZE, &rl) == 0);
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(pwrite(fd, buf, 200, 0), 100);
	expect_errno(pwrite(fd, buf, 1, 100), EFBIG);
	expect_eq(xfsz, SIGXFSZ);
	expect_errno(ftruncate(fd, 101), EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
}

static void test_sync(int fd)
{
	int p[2], n;

	expect_eq(fsync(fd), 0);
	expect_eq(fdatasync(fd), 0);
	sync();
	expect_eq(syncfs(fd), 0);
	n = open(".", O_RDONLY);
	expect_eq(fsync(n), 0);
	close(n);
	expect_errno(fsync(99), EBADF);
	must(pipe(p) == 0);
	expect_errno(fsync(p[0]), EINVAL);
	expect_errno(lseek(p[0], 0, SEEK_SET), ESPIPE);
	expect_errno(pread(p[0], &n, 1, 0), ESPIPE);
	expect_eq(ioctl(fd, FIONREAD, &n), 0);
	expect_errno(ioctl(fd, 0x12345678, &n), ENOTTY);
	expect_errno(ioctl(99, FIONREAD, &n), EBADF);
	expect_errno(ioctl(fd, FIONREAD, BAD_PTR), EFAULT);
	n = 1;
	expect_eq(ioctl(p[0], FIONBIO, &n), 0);
	expect_errno(read(p[0], &n, 1), EAGAIN);
	expect_eq(ioctl(p[0], FIOCLEX), 0);
	expect_eq(fcntl(p[0], F_GETFD), FD_CLOEXEC);
	expect_eq(ioctl(p[0], FIONCLEX), 0);
	expect_eq(fcntl(p[0], F_GETFD), 0);
	close(p[0]);
	close(p[1]);
}

/* A program that writes a file's own mapping into the file must not hang. */
/* A file system that cannot set blocks aside says so, and the libc writes zeros instead. */
static void test_fallocate(int fd)
{
	int ro = open("f", O_RDONLY), pipefd[2];
	struct stat st;

	must(ro >= 0 && !pipe(pipefd) && !ftruncate(fd, 100));
	expect_eq(posix_fallocate(fd, 0, 5000), 0);
	expect(!fstat(fd, &st) && st.st_size == 5000);
	expect(!fallocate(fd, 1, 0, 9000) || errno == EOPNOTSUPP);
	expect(!fstat(fd, &st) && st.st_size == 5000);
	expect_errno(fallocate(fd, 0, 0, 0), EINVAL);
	expect_errno(fallocate(fd, 0, -1, 1), EINVAL);
	expect_errno(fallocate(fd, 2, 0, 1), EOPNOTSUPP);	/* a hole at the end would change the size */
	expect_errno(fallocate(fd, 0x100, 0, 1), EOPNOTSUPP);
	expect_errno(fallocate(fd, 0, 1ll << 62, 1ll << 62), EFBIG);
	expect_errno(fallocate(ro, 0, 0, 1), EBADF);
	expect_errno(fallocate(99, 0, 0, 1), EBADF);
	expect_errno(fallocate(pipefd[1], 0, 0, 1), ESPIPE);
	close(pipefd[0]);
	close(pipefd[1]);
	close(ro);
}

static void test_write_own_mapping(int fd)
{
	char *map, buf[8192];

	memset(buf, 'm', sizeof(buf));
	expect_eq(ftruncate(fd, 0), 0);
	expect_eq(pwrite(fd, buf, 8192, 0), 8192);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map != MAP_FAILED);
	expect_eq(pwrite(fd, map, 4096, 0), 4096);
	expect_eq(pread(fd, map + 4096, 4096, 0), 4096);
	map[10] = 'Q';				/* a store is seen by read() */
	expect_eq(pread(fd, buf, 1, 10), 1);
	expect_eq(buf[0], 'Q');
	expect_eq(pwrite(fd, "R", 1, 11), 1);	/* and a write by a load */
	expect_eq(map[11], 'R');
	munmap(map, 8192);
}

int main(void)
{
	int fd;

	test_tmpdir();
	fd = open("f", O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	test_basic(fd);
	test_bad_memory(fd);
	test_sparse(fd);
	test_segments(fd);
	test_offsets(fd);
	test_random(fd);
	test_sendfile(fd);
	test_limits(fd);
	test_sync(fd);
	test_fallocate(fd);
	test_write_own_mapping(fd);
	close(fd);
	return test_result();
}
