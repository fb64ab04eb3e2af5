/*
 * mm_sync - msync, mincore and remap_file_pages: what they do, and how they are refused.
 *
 * calls: msync mincore remap_file_pages
 */
#include <tests/user/mm.h>

#define RW	(PROT_READ | PROT_WRITE)
#define NOBODY	65534

static void sync_errors(void)
{
	char *p = map_anon(6 * PAGE, RW);

	expect_errno(msync(p, PAGE, 8), EINVAL);
	expect_errno(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	expect_errno(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	expect(msync(p, 0, MS_SYNC) == 0);
	expect(msync(p, PAGE, 0) == 0);
	expect(msync(p, 6 * PAGE, MS_ASYNC) == 0);
	if (kernel_is_32bit())
		expect_errno(msync(p, 0xfffff000ul, MS_SYNC), ENOMEM);
	/* Holes are passed over, and told at the end. */
	munmap(p + 2 * PAGE, PAGE);
	expect_errno(msync(p, 6 * PAGE, MS_SYNC), ENOMEM);
	expect_errno(msync(p, 6 * PAGE, MS_ASYNC), ENOMEM);
	expect_errno(msync(p + 2 * PAGE, PAGE, MS_SYNC), ENOMEM);
	expect(msync(p + 3 * PAGE, 3 * PAGE, MS_SYNC) == 0);
	/* What is locked cannot be thrown away. */
	if (!mlock(p + 4 * PAGE, PAGE)) {
		expect_errno(msync(p + 3 * PAGE, 3 * PAGE, MS_INVALIDATE), EBUSY);
		expect_errno(msync(p, 6 * PAGE, MS_SYNC | MS_INVALIDATE), EBUSY);
		expect(msync(p + 3 * PAGE, PAGE, MS_SYNC | MS_INVALIDATE) == 0);
		expect(msync(p + 4 * PAGE, PAGE, MS_SYNC) == 0);
	}
	munmap(p, 6 * PAGE);
}

static void sync_files(void)
{
	int fd = temp_file(2);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0), c;

	must(p != MAP_FAILED);
	p[PAGE] = 'Q';
	expect(msync(p, 2 * PAGE, MS_SYNC | MS_INVALIDATE) == 0);
	must(pread(fd, &c, 1, PAGE) == 1);
	expect_eq(c, 'Q');
	expect(msync(p, 2 * PAGE, MS_ASYNC) == 0);
	munmap(p, 2 * PAGE);
	close(fd);
}

static void core_errors(void)
{
	unsigned char vec[8];
	char *p = map_anon(4 * PAGE, RW);

	expect_errno(mincore(p + 1, PAGE, vec), EINVAL);
	expect(mincore(p, 0, vec) == 0);
	expect_errno(mincore(p, PAGE, NULL), EFAULT);
	expect_errno(mincore(p, PAGE, (void *)p - PAGE * 4096), EFAULT);
	munmap(p + 2 * PAGE, PAGE);
	/* Up to the hole it has answered. */
	memset(vec, 0xee, sizeof(vec));
	p[0] = 1;
	expect_errno(mincore(p, 4 * PAGE, vec), ENOMEM);
	expect_eq(vec[0], 1);
	expect_eq(vec[1], 0);
	expect_errno(mincore(p + 2 * PAGE, PAGE, vec), ENOMEM);
	if (kernel_is_32bit())
		expect_errno(mincore(p, 0xf0000000ul, vec), ENOMEM);
	/* Read but never written: the page of zeros is a page. A page without rights stays. */
	expect_eq(((volatile char *)p)[PAGE], 0);
	must(mprotect(p, PAGE, PROT_NONE) == 0);
	expect(mincore(p, 2 * PAGE, vec) == 0);
	expect_eq(vec[0] & vec[1], 1);
	munmap(p, 4 * PAGE);
}

/* What others have in memory is nobody's business: all there, says the kernel. */
static int foreign;

static void stranger(void)
{
	unsigned char vec[4] = { 0 };
	char *p;
	int own = temp_file(0);

	must(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, foreign, 0);
	must(p != MAP_FAILED);
	expect(mincore(p, 4 * PAGE, vec) == 0);
	expect_eq(vec[0] & vec[1] & vec[2] & vec[3], 1);
	close(own);
}

static void core_of_others(void)
{
	char name[] = "/tmp/octavo-mm-XXXXXX";
	unsigned char vec[4];
	int fd = mkstemp(name);
	char *p;

	must(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0 && fchmod(fd, 0644) == 0);
	foreign = open(name, O_RDONLY);
	must(foreign >= 0);
	unlink(name);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, foreign, 0);
	/* Its owner sees a file of holes. */
	expect(mincore(p, 4 * PAGE, vec) == 0);
	expect_eq(vec[0] | vec[1] | vec[2] | vec[3], 0);
	if (!geteuid())
		expect_eq(in_child(stranger), 0);
	munmap(p, 4 * PAGE);
	close(foreign);
	close(fd);
}

static long remap(void *start, size_t size, int prot, size_t pgoff, int flags)
{
	return syscall(SYS_remap_file_pages, start, size, prot, pgoff, flags);
}

static void other_order(void)
{
	int fd = temp_file(8), i;
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0), *q;

	must(p != MAP_FAILED);
	for (i = 0; i < 8; i++)
		expect(remap(p + i * PAGE, PAGE, 0, (size_t)(7 - i), 0) == 0);
	for (i = 0; i < 8; i++)
		expect_eq(p[i * PAGE], 'h' - i);
	/* Over several areas of the mapping, and with an address and a size that are rounded down. */
	expect(remap(p + 100, 4 * PAGE + 100, 0, 2, MAP_NONBLOCK) == 0);
	for (i = 0; i < 4; i++)
		expect_eq(p[i * PAGE], 'c' + i);
	expect_eq(p[4 * PAGE], 'd');
	p[0] = 'X';
	must(pread(fd, &i, 1, 2 * PAGE) == 1);
	expect_eq(i & 0xff, 'X');
	/* Rights stay. */
	must(mprotect(p, PAGE, PROT_READ) == 0);
	expect(remap(p, PAGE, 0, 0, 0) == 0);
	expect_fault(try_write(p, 1), SIGSEGV, SEGV_ACCERR, p);

	expect_errno(remap(p, PAGE, PROT_READ, 0, 0), EINVAL);
	expect_errno(remap(p, 0, 0, 0, 0), EINVAL);
	expect_errno(remap(p, PAGE - 1, 0, 0, 0), EINVAL);
	expect_errno(remap(p, 2 * PAGE, 0, 0, 0), EINVAL);	/* rights differ */
	if (kernel_is_32bit())
		expect_errno(remap(p, PAGE, 0, -1ul, 0), EINVAL);
	munmap(p + 4 * PAGE, PAGE);
	expect_errno(remap(p + 4 * PAGE, PAGE, 0, 0, 0), EINVAL);
	expect_errno(remap(p + 3 * PAGE, 3 * PAGE, 0, 0, 0), EINVAL);
	q = map_anon(PAGE, RW);
	expect_errno(remap(q, PAGE, 0, 0, 0), EINVAL);
	munmap(q, PAGE);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	expect_errno(remap(q, PAGE, 0, 1, 0), EINVAL);
	munmap(q, PAGE);
	munmap(p, 8 * PAGE);
	close(fd);
}

int main(void)
{
	mm_catch();
	sync_errors();
	sync_files();
	core_errors();
	core_of_others();
	other_order();
	return test_result();
}
