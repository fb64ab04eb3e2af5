/*
 * mm_mmap - places, overlaps, limits: what mmap and munmap do to addresses.
 *
 * calls: mmap2 munmap mmap
 */
#include <tests/user/mm.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define RW	(PROT_READ | PROT_WRITE)

static void fixed_through_the_middle(void)
{
	char *p = map_anon(9 * PAGE, RW);
	int i;

	for (i = 0; i < 9; i++)
		p[i * PAGE] = (char)(i + 1);
	expect(mmap(p + 3 * PAGE, 3 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == p + 3 * PAGE);
	for (i = 0; i < 9; i++)
		expect_eq(p[i * PAGE], i >= 3 && i < 6 ? 0 : i + 1);
	expect_eq(try_write(p + 3 * PAGE, 1), SIGSEGV);
	expect_eq(try_write(p + 6 * PAGE, 7), 0);
	expect(munmap(p + PAGE, 6 * PAGE) == 0);
	expect_eq(try_read(p + PAGE), SIGSEGV);
	expect_eq(try_read(p + 6 * PAGE), SIGSEGV);
	expect_eq(p[0], 1);
	expect_eq(p[7 * PAGE], 8);
	expect(munmap(p, 9 * PAGE) == 0);	/* holes are fine */
	expect(munmap(p, 9 * PAGE) == 0);	/* nothing is fine too */
}

static void hints(void)
{
	char *p = map_anon(4 * PAGE, RW), *q;

	munmap(p + PAGE, 2 * PAGE);
	q = mmap(p + PAGE, PAGE, RW, ANON, -1, 0);
	expect(q == p + PAGE);				/* free: taken */
	expect_errno((long)mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	q = mmap(p + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	expect(q == p + 2 * PAGE);
	q = mmap(p + PAGE, PAGE, RW, ANON, -1, 0);
	expect(q != p + PAGE && q != MAP_FAILED);	/* taken: elsewhere */
}

static void errors(void)
{
	char *p = map_anon(PAGE, RW);

	expect_errno((long)mmap(p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	expect_errno((long)mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
	expect_errno((long)mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	expect_errno((long)mmap(NULL, 0xfffff000u, RW, ANON, -1, 0), ENOMEM);
	expect_errno((long)mmap(NULL, 0xffffffffu, RW, ANON, -1, 0), ENOMEM);
	expect_errno((long)mmap((void *)0xfffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	expect_errno(munmap(p + 1, PAGE), EINVAL);
	expect_errno(munmap(p, 0), EINVAL);
	expect_errno(munmap((void *)0xfffff000, 2 * PAGE), EINVAL);
}

/* RLIMIT_AS counts addresses, touched or not. */
static void limited(void)
{
	struct rlimit rl = { 64 << 20, 64 << 20 };
	void *p;

	must(setrlimit(RLIMIT_AS, &rl) == 0);
	expect_errno((long)mmap(NULL, 128 << 20, RW, ANON, -1, 0), ENOMEM);
	p = mmap(NULL, 16 << 20, RW, ANON, -1, 0);
	expect(p != MAP_FAILED);
	expect_errno((long)mremap(p, 16 << 20, 96 << 20, MREMAP_MAYMOVE), ENOMEM);
	munmap(p, 16 << 20);
}

/* The old call with its arguments in memory. */
static void old_mmap(void)
{
	unsigned long args[6] = { 0, PAGE, RW, ANON, (unsigned long)-1, 0 };
	char *p = (char *)syscall(SYS_mmap, args);

	must(p != MAP_FAILED);
	expect_eq(try_write(p, 1), 0);
	args[5] = 1;
	expect_errno(syscall(SYS_mmap, args), EINVAL);
	expect_errno(syscall(SYS_mmap, 0xffffff00), EFAULT);
}

/* Many areas: found again, all of them, and given back. */
static void many(void)
{
	enum { N = 2000 };
	char *p = map_anon(2 * N * PAGE, PROT_NONE);
	int i;

	for (i = 0; i < N; i++)
		must(mprotect(p + 2 * i * PAGE, PAGE, RW) == 0);
	for (i = 0; i < N; i++)
		p[2 * i * PAGE] = (char)i;
	for (i = N - 1; i >= 0; i--)
		must(p[2 * i * PAGE] == (char)i);
	expect(munmap(p, 2 * N * PAGE) == 0);
	/* Mapping and unmapping for long must not wander off. */
	for (i = 0; i < 20000; i++) {
		char *q = mmap(NULL, (unsigned long)(1 + i % 7) * PAGE, RW, ANON, -1, 0);

		must(q != MAP_FAILED);
		must(munmap(q, (unsigned long)(1 + i % 7) * PAGE) == 0);
	}
}

/* Two neighbours unmapped one after the other are one hole, in which what fits both is put. */
static void holes_join(void)
{
	const unsigned long unit = 16ul << 20;
	int flags = ANON | MAP_NORESERVE;
	char *a = mmap(NULL, 2 * unit, RW, flags, -1, 0), *b = mmap(NULL, unit, RW, flags, -1, 0);
	char *c = mmap(NULL, PAGE, RW, flags, -1, 0), *below, *d;

	must(a != MAP_FAILED && b != MAP_FAILED && c != MAP_FAILED);
	if (b + unit != a) {			/* there was another hole for one */
		munmap(a, 2 * unit);
		munmap(b, unit);
		munmap(c, PAGE);
		return;
	}
	munmap(a, 2 * unit);
	below = mmap(NULL, 3 * unit, RW, flags, -1, 0);		/* does not fit there */
	munmap(b, unit);
	d = mmap(NULL, 4 * unit, RW, flags, -1, 0);		/* nor there */
	must(below != MAP_FAILED && d != MAP_FAILED);
	munmap(d, 4 * unit);
	d = mmap(NULL, 3 * unit, RW, flags, -1, 0);
	expect_eq((unsigned long)d, (unsigned long)b);
	munmap(d, 3 * unit);
	munmap(below, 3 * unit);
	munmap(c, PAGE);
}

static void populate(void)
{
	unsigned char vec[8];
	char *p = mmap(NULL, 8 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	long before = minor_faults();
	int i;

	must(p != MAP_FAILED);
	must(mincore(p, 8 * PAGE, vec) == 0);
	for (i = 0; i < 8; i++) {
		expect_eq(vec[i] & 1, 1);
		p[i * PAGE] = 1;
	}
	expect(minor_faults() - before <= 2);
}

int main(void)
{
	mm_catch();
	fixed_through_the_middle();
	hints();
	errors();
	expect_eq(in_child(limited), 0);
	old_mmap();
	many();
	holes_join();
	populate();
	return test_result();
}
