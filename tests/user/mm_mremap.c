/*
 * mm_mremap - content, and only content, moves with a mapping.
 *
 * calls: mremap
 */
#include <tests/user/mm.h>

static void fill(char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		p[i * PAGE] = (char)(i + 1);
}

static void check(const char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		expect_eq(p[i * PAGE], i + 1);
}

int main(void)
{
	char *area = map_anon(64 * PAGE, PROT_NONE), *p, *q;
	int fd;

	mm_catch();
	p = mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(p == area);
	fill(p, 8);
	/* In place: the next pages are free. */
	munmap(area + 8 * PAGE, 8 * PAGE);
	expect(mremap(p, 8 * PAGE, 16 * PAGE, 0) == p);
	check(p, 8);
	expect_eq(p[15 * PAGE], 0);
	/* The PROT_NONE area is in the way now. */
	expect_errno((long)mremap(p, 16 * PAGE, 24 * PAGE, 0), ENOMEM);
	q = mremap(p, 16 * PAGE, 24 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED && q != p);
	check(q, 8);
	expect_eq(q[23 * PAGE], 0);
	expect_fault(try_read(p), SIGSEGV, SEGV_MAPERR, p);
	/* Shrink. */
	expect(mremap(q, 24 * PAGE, 4 * PAGE, 0) == q);
	check(q, 4);
	expect_eq(try_read(q + 4 * PAGE), SIGSEGV);
	/* To a given place, over what is there. */
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 32 * PAGE);
	expect(p == area + 32 * PAGE);
	check(p, 4);
	expect_eq(try_read(q), SIGSEGV);
	/* A part out of the middle of an area. */
	p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);
	fill(p, 8);
	q = mremap(p + 2 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	must(q != MAP_FAILED);
	expect_eq(q[0], 3);
	expect_eq(q[PAGE], 4);
	expect_eq(q[2 * PAGE], 0);
	expect_eq(try_read(p + 2 * PAGE), SIGSEGV);
	expect_eq(p[4 * PAGE], 5);
	/* A file stays a file: what was grown shows what lies behind. */
	fd = temp_file(4);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	must(p != MAP_FAILED);
	p = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	must(p != MAP_FAILED);
	expect_eq(p[0], 'b');
	expect_eq(p[2 * PAGE], 'd');

	expect_errno((long)mremap(p, PAGE, 0, 0), EINVAL);
	expect_errno((long)mremap(p + 1, PAGE, PAGE, 0), EINVAL);
	expect_errno((long)mremap(p, PAGE, 2 * PAGE, 0x100), EINVAL);
	expect_errno((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, area), EINVAL);
	expect_errno((long)mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE), EINVAL);
	munmap(area, PAGE);
	expect_errno((long)mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	return test_result();
}
