/*
 * mm_brk - the heap grows, shrinks, is zero when new, and stops at what is in its way.
 *
 * calls: brk
 */
#include <tests/user/mm.h>

static char *raw_brk(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

int main(void)
{
	char *start = raw_brk(NULL), *base, *p;
	struct rlimit rl;
	long i;

	mm_catch();
	base = (char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));
	expect(raw_brk(base + 8 * PAGE) == base + 8 * PAGE);
	for (i = 0; i < 8; i++) {
		expect_eq(base[i * PAGE], 0);
		base[i * PAGE] = 1;
	}
	expect_eq(try_read(base + 8 * PAGE), SIGSEGV);
	/* Not aligned: the page belongs to the heap as a whole. */
	expect(raw_brk(base + 8 * PAGE + 1) == base + 8 * PAGE + 1);
	expect_eq(try_write(base + 9 * PAGE - 1, 1), 0);
	/* Down and up again: new pages are new. */
	expect(raw_brk(base + 2 * PAGE) == base + 2 * PAGE);
	expect_eq(try_read(base + 2 * PAGE), SIGSEGV);
	expect(raw_brk(base + 8 * PAGE) == base + 8 * PAGE);
	expect_eq(base[1 * PAGE], 1);
	expect_eq(base[2 * PAGE], 0);
	/* Something in the way: the answer is the old end. */
	p = mmap(base + 16 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(p == base + 16 * PAGE);
	expect(raw_brk(base + 17 * PAGE) == base + 8 * PAGE);
	expect(raw_brk(base + 15 * PAGE) == base + 15 * PAGE);
	munmap(p, PAGE);
	/* Nonsense is not an error, just no. */
	expect(raw_brk((char *)0x1000) == base + 15 * PAGE);
	expect(raw_brk((char *)0xffffffff) == base + 15 * PAGE);
	/* The limit. */
	must(getrlimit(RLIMIT_DATA, &rl) == 0);
	rl.rlim_cur = 16 * PAGE;
	must(setrlimit(RLIMIT_DATA, &rl) == 0);
	expect(raw_brk(base + 100 * PAGE) == base + 15 * PAGE);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_DATA, &rl);
	expect(raw_brk(start) == start);
	return test_result();
}
