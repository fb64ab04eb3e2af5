/*
 * mm_remap - mremap's errors, one by one, and its rarer forms.
 *
 * calls: mremap
 */
#include <tests/user/mm.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#define RW	(PROT_READ | PROT_WRITE)

static void *remap(void *old, size_t old_len, size_t new_len, int flags, void *new)
{
	return (void *)syscall(SYS_mremap, old, old_len, new_len, flags, new);
}

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

/* What is wrong with the arguments, whatever is mapped. */
static void bad_arguments(void)
{
	char *p = map_anon(4 * PAGE, RW), *q = map_anon(8 * PAGE, RW);

	expect_errno((long)remap(p, PAGE, PAGE, 8, NULL), EINVAL);
	expect_errno((long)remap(p, PAGE, PAGE, MREMAP_FIXED, q), EINVAL);
	expect_errno((long)remap(p, PAGE, PAGE, MREMAP_DONTUNMAP, NULL), EINVAL);
	expect_errno((long)remap(p, PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, NULL), EINVAL);
	expect_errno((long)remap(p + 1, PAGE, PAGE, 0, NULL), EINVAL);
	expect_errno((long)remap(p, PAGE, 0, MREMAP_MAYMOVE, NULL), EINVAL);
	/* Where to. */
	expect_errno((long)remap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 1), EINVAL);
	expect_errno((long)remap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)-PAGE), EINVAL);
	expect_errno((long)remap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
		     EINVAL);
	expect_errno((long)remap(p + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p),
		     EINVAL);
	/* From where. */
	expect_errno((long)remap((void *)0xf0000000ul, PAGE, PAGE, 0, NULL), EFAULT);
	munmap(q + 4 * PAGE, PAGE);
	expect_errno((long)remap(q + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), EFAULT);
	expect_errno((long)remap(q + 4 * PAGE, PAGE, PAGE, 0, NULL), EFAULT);
	expect_errno((long)remap(q + 3 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL), EFAULT);
	/* To keep the length, or to shrink, no more is asked than that it begins somewhere. */
	expect(remap(q + 3 * PAGE, 2 * PAGE, 2 * PAGE, 0, NULL) == q + 3 * PAGE);
	expect(remap(q, 8 * PAGE, 2 * PAGE, 0, NULL) == q);
	expect_eq(try_read(q + 5 * PAGE), SIGSEGV);
	expect_eq(try_read(q + PAGE), 0);
	expect_errno((long)remap(q, 0xfffff000ul, PAGE, 0, NULL), EINVAL);
	/* A second mapping of what is private makes no sense. */
	expect_errno((long)remap(p, 0, PAGE, MREMAP_MAYMOVE, NULL), EINVAL);
	expect_errno((long)remap(p, 4 * PAGE, 0xf0000000ul, MREMAP_MAYMOVE, NULL), ENOMEM);
	munmap(p, 4 * PAGE);
	munmap(q, 2 * PAGE);
}

/* Not over the border to another area. */
static void across_areas(void)
{
	char *p = map_anon(4 * PAGE, RW);

	must(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ) == 0);
	expect_errno((long)remap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE, NULL), EFAULT);
	expect_errno((long)remap(p + PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL), EFAULT);
	munmap(p, 4 * PAGE);
}

static void fixed(void)
{
	char *p = map_anon(4 * PAGE, RW), *q = map_anon(8 * PAGE, RW);

	munmap(p + 2 * PAGE, PAGE);
	expect_errno((long)remap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q), EFAULT);
	munmap(q, 8 * PAGE);
	/* Shrinking and moving at once. */
	q = map_anon(8 * PAGE, RW);
	fill(q, 8);
	munmap(p, 4 * PAGE);
	expect(remap(q, 8 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	check(p, 2);
	expect_fault(try_read(q + 2 * PAGE), SIGSEGV, SEGV_MAPERR, q + 2 * PAGE);
	expect_fault(try_read(q), SIGSEGV, SEGV_MAPERR, q);
	munmap(p, 2 * PAGE);
}

/* The old place stays, empty; of the whole area or of a part. */
static void dontunmap(void)
{
	char *p = map_anon(8 * PAGE, RW), *q;
	int fd, i;

	fill(p, 8);
	q = remap(p, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	must(q != MAP_FAILED && q != p);
	check(q, 8);
	for (i = 0; i < 8; i++)
		expect_eq(p[i * PAGE], 0);
	expect_eq(try_write(p, 9), 0);
	expect_eq(q[0], 1);
	/* A hint as with mmap: it is free, and taken. */
	munmap(p, 8 * PAGE);
	expect(remap(q + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, p) == p);
	expect_eq(p[0], 3);
	expect_eq(q[2 * PAGE], 0);
	expect_eq(q[PAGE], 2);
	expect_eq(q[4 * PAGE], 5);
	/* To a fixed place, over what is there. */
	expect(remap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, p) == p);
	expect_eq(p[0], 1);
	expect_eq(q[0], 0);
	expect_eq(p[PAGE], 4);
	munmap(p, 2 * PAGE);
	munmap(q, 8 * PAGE);
	/* A file is seen in both places. */
	fd = temp_file(2);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	q = remap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	must(q != MAP_FAILED);
	q[0] = 'Z';
	expect_eq(p[0], 'Z');
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
	close(fd);
}

/* An old length of 0: the same memory once more. */
static void duplicate(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	must(p != MAP_FAILED);
	fill(p, 4);
	q = remap(p + PAGE, 0, 3 * PAGE, MREMAP_MAYMOVE, NULL);
	must(q != MAP_FAILED && q != p);
	expect_eq(q[0], 2);
	q[PAGE] = 33;
	expect_eq(p[2 * PAGE], 33);
	munmap(q, 3 * PAGE);
	expect_errno((long)remap(p, 0, 4 * PAGE, 0, NULL), ENOMEM);
	munmap(p, 4 * PAGE);
}

/* Untouched memory that is moved beside other such joins it: one area. */
static int areas_in(const char *from, const char *to)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];
	int n = 0;

	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			n += start < (unsigned long)to && end > (unsigned long)from;
	fclose(f);
	return n;
}

static void joins_at_the_new_place(void)
{
	char *area = map_anon(16 * PAGE, PROT_NONE), *p = area + 10 * PAGE;

	must(mprotect(area + PAGE, 3 * PAGE, RW) == 0 && mprotect(p, 4 * PAGE, RW) == 0);
	expect(remap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 4 * PAGE) ==
	       area + 4 * PAGE);
	expect_eq(areas_in(area + PAGE, area + 8 * PAGE), 1);
	munmap(area, 16 * PAGE);
}

/* RLIMIT_AS counts what is added, at once for DONTUNMAP. */
static void limited(void)
{
	struct rlimit rl = { 64 << 20, 64 << 20 };
	char *p = map_anon(24 << 20, RW);

	must(setrlimit(RLIMIT_AS, &rl) == 0);
	expect_errno((long)remap(p, 24 << 20, 96 << 20, MREMAP_MAYMOVE, NULL), ENOMEM);
	p = remap(p, 24 << 20, 40 << 20, MREMAP_MAYMOVE, NULL);
	expect(p != MAP_FAILED);
	expect_errno((long)remap(p, 40 << 20, 40 << 20, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL),
		     ENOMEM);
}

int main(void)
{
	mm_catch();
	bad_arguments();
	across_areas();
	fixed();
	dontunmap();
	duplicate();
	joins_at_the_new_place();
	expect_eq(in_child(limited), 0);
	return test_result();
}
