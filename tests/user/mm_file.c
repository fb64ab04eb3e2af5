/*
 * mm_file - a mapped file is the file: shared writes reach read(), private ones nobody.
 *
 * calls: msync mmap2
 */
#include <tests/user/mm.h>

#include <sys/stat.h>

static void shared_is_the_file(void)
{
	int fd = temp_file(4);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), buf[16];

	must(p != MAP_FAILED);
	expect_eq(p[0], 'a');
	expect_eq(p[3 * PAGE + 4095], 'd');
	memcpy(p + PAGE + 10, "through the map", 16);
	must(pread(fd, buf, 16, PAGE + 10) == 16);
	expect(!memcmp(buf, "through the map", 16));
	must(pwrite(fd, "through write()", 16, 2 * PAGE) == 16);
	expect(!memcmp(p + 2 * PAGE, "through write()", 16));
	expect(msync(p, 4 * PAGE, MS_SYNC) == 0);
	expect_errno(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	expect_errno(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	/* The file outlives its descriptor as long as it is mapped. */
	close(fd);
	expect_eq(p[0], 'a');
	munmap(p, 4 * PAGE);
	expect_errno(msync(p, PAGE, MS_SYNC), ENOMEM);
}

static void private_is_mine(void)
{
	int fd = temp_file(2);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE), c;

	must(p != MAP_FAILED && q != MAP_FAILED);
	expect_eq(p[PAGE], 'b');
	p[PAGE] = 'X';
	expect_eq(q[0], 'b');
	must(pread(fd, &c, 1, PAGE) == 1);
	expect_eq(c, 'b');
	must(pwrite(fd, "Y", 1, PAGE) == 1);
	expect_eq(q[0], 'Y');
	expect_eq(p[PAGE], 'X');
	close(fd);
}

/* Beyond the last page of the file: SIGBUS; in the rest of the last page: zeros. */
static void beyond_the_end(void)
{
	int fd = temp_file(1);
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(p != MAP_FAILED);
	expect_fault(try_read(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
	must(ftruncate(fd, PAGE + 100) == 0);
	expect_eq(try_read(p + PAGE), 0);
	expect_eq(p[PAGE + 99], 0);
	p[PAGE + 5] = 'z';
	must(ftruncate(fd, 10) == 0);
	expect_fault(try_write(p + PAGE, 1), SIGBUS, BUS_ADRERR, p + PAGE);
	expect_eq(p[9], 'a');
	expect_eq(p[10], 0);
	must(ftruncate(fd, 2 * PAGE) == 0);
	expect_eq(p[PAGE + 5], 0);
	expect_eq(p[100], 0);
	/* A private copy of a page that is truncated away goes too. */
	close(fd);
	fd = temp_file(2);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	p[PAGE] = 1;
	must(ftruncate(fd, PAGE) == 0);
	expect_eq(try_read(p + PAGE), SIGBUS);
	close(fd);
}

static void errors(void)
{
	int fd = temp_file(1), ro, p[2];
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open("/proc/self/exe", O_RDONLY);
	must(ro >= 0);
	expect_errno((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	expect_errno((long)mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
	expect_errno((long)mmap(NULL, PAGE, PROT_READ, 0, fd, 0), EINVAL);
	expect_errno((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, -1, 0), EBADF);
	expect_errno((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, 999, 0), EBADF);
	must(pipe(p) == 0);
	expect_errno((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, p[0], 0), ENODEV);
	/* Read-only file, private: writable here. */
	expect((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) != -1);
}

/* Mappings of one file side by side are one only if the file goes on where they meet. */
static void neighbours(void)
{
	int fd = temp_file(3);
	char *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const int offset[] = { 1, 2, 2, 0 };
	int i;

	must(p != MAP_FAILED);
	for (i = 0; i < 4; i++)
		must(mmap(p + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
			  offset[i] * PAGE) != MAP_FAILED);
	for (i = 0; i < 4; i++)
		if (try_read(p + i * PAGE))
			test_fail("page %d cannot be read", i);
		else
			expect_eq(p[i * PAGE], 'a' + offset[i]);
	munmap(p, 4 * PAGE);
	close(fd);
}

/* /dev/zero: a private mapping is plain memory. */
static void dev_zero(void)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p;

	must(fd >= 0);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	expect_eq(p[5], 0);
	p[5] = 1;
	expect_eq(p[PAGE + 5], 0);
	expect_eq(p[5], 1);
	close(fd);
}

int main(void)
{
	mm_catch();
	shared_is_the_file();
	private_is_mine();
	beyond_the_end();
	errors();
	neighbours();
	dev_zero();
	return test_result();
}
