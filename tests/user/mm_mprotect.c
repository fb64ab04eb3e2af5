/*
 * mm_mprotect - rights change for every page of the range and no other; faults say why.
 *
 * calls: mprotect
 */
#include <tests/user/mm.h>

int main(void)
{
	char *p = map_anon(16 * PAGE, PROT_READ | PROT_WRITE);
	char *hole = map_anon(4 * PAGE, PROT_READ);
	int i, n;

	mm_catch();
	for (i = 0; i < 16; i++)
		p[i * PAGE] = (char)i;
	n = count_areas();
	expect(mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ) == 0);
	expect(count_areas() >= n + 1);
	for (i = 0; i < 16; i++) {
		expect_eq(p[i * PAGE], i);
		if (i >= 4 && i < 8)
			expect_fault(try_write(p + i * PAGE + 3, 1), SIGSEGV, SEGV_ACCERR,
				     p + i * PAGE + 3);
		else
			expect_eq(try_write(p + i * PAGE + 3, 1), 0);
	}
	expect(mprotect(p, 16 * PAGE, PROT_NONE) == 0);
	expect_fault(try_read(p + 9 * PAGE), SIGSEGV, SEGV_ACCERR, p + 9 * PAGE);
	expect_fault(try_write(p, 1), SIGSEGV, SEGV_ACCERR, p);
	expect(mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	for (i = 0; i < 16; i++)
		expect_eq(p[i * PAGE], i);
	expect_eq(count_areas(), n);
	/* Every second page read-only: as many areas as pages, and then one again. */
	for (i = 0; i < 16; i += 2)
		expect(mprotect(p + i * PAGE, PAGE, PROT_READ) == 0);
	expect(count_areas() >= n + 14);
	expect(mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	expect_eq(count_areas(), n);

	munmap(hole + PAGE, PAGE);
	expect_errno(mprotect(hole, 4 * PAGE, PROT_READ | PROT_WRITE), ENOMEM);
	expect_eq(try_write(hole, 1), 0);	/* what came before the hole was changed */
	expect_fault(try_read(hole + PAGE), SIGSEGV, SEGV_MAPERR, hole + PAGE);
	expect_errno(mprotect(p + 1, PAGE, PROT_READ), EINVAL);
	expect_errno(mprotect(p, PAGE, 0x1000), EINVAL);
	expect(mprotect(p, 0, PROT_READ) == 0);

	/* A file that was opened for reading cannot become writable if shared. */
	{
		int fd = open("/proc/self/exe", O_RDONLY);
		char *f = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

		must(f != MAP_FAILED);
		expect_errno(mprotect(f, PAGE, PROT_READ | PROT_WRITE), EACCES);
		f = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		must(f != MAP_FAILED);
		expect(mprotect(f, PAGE, PROT_READ | PROT_WRITE) == 0);
		expect_eq(try_write(f, 1), 0);
	}
	/* Program text cannot be written. */
	expect_fault(try_write((void *)(uintptr_t)main, 1), SIGSEGV, SEGV_ACCERR, main);
	return test_result();
}
