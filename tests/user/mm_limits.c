/*
 * mm_limits - what a process may have: addresses, data, stack, areas, and from which address on.
 *
 * calls: setrlimit brk mmap2 mremap mprotect
 */
#include <tests/user/mm.h>

#include <sys/personality.h>

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define MB	(1ul << 20)
#define NOBODY	65534

static void limit(int resource, rlim_t soft)
{
	struct rlimit rl;

	must(getrlimit(resource, &rl) == 0);
	rl.rlim_cur = soft;
	must(setrlimit(resource, &rl) == 0);
}

/* Field @nr of /proc/self/statm, in pages. No stream: its buffer would come and go. */
static unsigned long statm(int nr)
{
	int fd = open("/proc/self/statm", O_RDONLY);
	char text[128] = "", *at = text;

	must(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	while (nr--)
		at = strchr(at, ' ') + 1;
	return strtoul(at, NULL, 10);
}

static unsigned long raw_brk(unsigned long to)
{
	return (unsigned long)syscall(SYS_brk, to);
}

/* RLIMIT_AS: all addresses count, whatever they are for; what is replaced leaves its room. */
static void address_space(void)
{
	char *p = map_anon(8 * MB, PROT_NONE), *q;
	unsigned long heap = raw_brk(0);

	limit(RLIMIT_AS, (statm(0) + 16) * PAGE);
	expect_errno((long)mmap(NULL, 17 * PAGE, PROT_NONE, ANON, -1, 0), ENOMEM);
	q = mmap(NULL, 16 * PAGE, PROT_NONE, ANON, -1, 0);
	expect(q != MAP_FAILED);
	expect_errno((long)mmap(NULL, PAGE, RW, ANON, -1, 0), ENOMEM);
	expect(mmap(p, MB, RW, ANON | MAP_FIXED, -1, 0) == p);
	expect_errno((long)mremap(q, 16 * PAGE, 17 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	expect_eq(raw_brk(heap + PAGE * 4), heap);
	/* A failed mmap over something leaves it. */
	munmap(p + 4 * MB, PAGE);
	limit(RLIMIT_AS, (statm(0) - 1) * PAGE);
	p[0] = 5;
	expect_errno((long)mmap(p, 8 * MB, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	expect_eq(p[0], 5);
	/* Who has too much already may still change rights. */
	expect(mprotect(p + MB, MB, RW) == 0);
	munmap(p, 8 * MB);
}

/* RLIMIT_DATA: private memory that can be written to; heap and mmap. */
static void data(void)
{
	char *p = map_anon(32 * PAGE, PROT_READ), *q;
	unsigned long heap = raw_brk(0);

	limit(RLIMIT_DATA, 0);
	/* Too much already; but 0 says only that the heap shall not grow. */
	expect_eq(raw_brk(heap + PAGE), heap);
	expect_eq(raw_brk(heap - 1), heap);
	expect(mmap(NULL, PAGE, RW, ANON, -1, 0) != MAP_FAILED);
	limit(RLIMIT_DATA, (statm(5) + 8) * PAGE);
	q = mmap(NULL, 64 * PAGE, PROT_READ, ANON, -1, 0);
	expect(q != MAP_FAILED);
	q = mmap(NULL, 64 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	expect(q != MAP_FAILED);
	/* The stack, in the same field of statm, does not count: more room than 8. */
	limit(RLIMIT_DATA, 1);
	expect_errno((long)mmap(NULL, PAGE, RW, ANON, -1, 0), ENOMEM);
	expect(mmap(NULL, PAGE, PROT_READ, ANON, -1, 0) != MAP_FAILED);
	expect(mmap(NULL, PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0) != MAP_FAILED);
	/* What becomes data counts from then on. */
	expect_errno(mprotect(p, PAGE, RW), ENOMEM);
	expect(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0);
	limit(RLIMIT_DATA, RLIM_INFINITY);
	expect(mprotect(p, 32 * PAGE, RW) == 0);
	limit(RLIMIT_DATA, 1);
	expect_errno((long)mremap(p, 32 * PAGE, 33 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	limit(RLIMIT_DATA, RLIM_INFINITY);
	expect_eq(raw_brk(heap + PAGE), heap + PAGE);
	expect_eq(raw_brk(heap), heap);
}

/* RLIMIT_STACK for any area that grows down, from its end on; and the areas' other limits. */
static void stack(void)
{
	char *area = map_anon(512 * PAGE, PROT_NONE), *top = area + 511 * PAGE;

	munmap(area, 512 * PAGE);
	must(mmap(top, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == top);
	limit(RLIMIT_STACK, 64 * PAGE);
	expect_eq(try_write(top - 63 * PAGE, 1), 0);
	expect_fault(try_write(top - 63 * PAGE - 1, 1), SIGSEGV, SEGV_MAPERR, top - 63 * PAGE - 1);
	limit(RLIMIT_STACK, 128 * PAGE);
	limit(RLIMIT_AS, (statm(0) + 10) * PAGE);
	expect_eq(try_write(top - 73 * PAGE, 1), 0);
	expect_eq(try_write(top - 74 * PAGE, 1), SIGSEGV);
	/* A system call that would make it grow is told -EFAULT. */
	{
		int fd = open("/dev/zero", O_RDONLY);

		expect_errno(read(fd, top - 100 * PAGE, 1), EFAULT);
	}
}

/* vm.max_map_count: areas may be one more than that, and nothing that cuts works then. */
static long max_map_count(long set)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", set < 0 ? "r" : "r+");
	long old;

	if (!f)
		return -1;
	must(fscanf(f, "%ld", &old) == 1);
	if (set >= 0) {
		rewind(f);
		fprintf(f, "%ld\n", set);
	}
	fclose(f);
	return old;
}

static void many_areas(void)
{
	long limit = count_areas() + 8;
	char *p, *q;
	int i;

	/* What the C library needs for itself has been done by now. */
	if (max_map_count(-1) < 0)
		return;
	p = map_anon(64 * PAGE, PROT_NONE);
	if (max_map_count(limit) < 0)
		return;
	for (i = 0; i < 32; i++)
		if (mprotect(p + (2 * i + 1) * PAGE, PAGE, RW))
			break;
	expect(i < 8);
	expect_eq(errno, ENOMEM);
	q = p + (2 * i + 1) * PAGE;
	/* An area through whose middle nothing can be cut: but its end comes off, and all of it. */
	expect_errno(munmap(q + 4 * PAGE, PAGE), ENOMEM);
	expect_errno(madvise(q + 4 * PAGE, PAGE, MADV_DONTFORK), EAGAIN);
	expect_errno(mlock(q + 4 * PAGE, PAGE), ENOMEM);
	expect_errno((long)mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 8 * PAGE), ENOMEM);
	expect(munmap(p + 63 * PAGE, PAGE) == 0);
	expect(munmap(p, 64 * PAGE) == 0);
	expect(mmap(NULL, PAGE, RW, ANON, -1, 0) != MAP_FAILED);
}

/* vm.mmap_min_addr: hints are raised to it, and only the superuser goes below. */
static void low_addresses(void)
{
	char *p = mmap((void *)0x1000, PAGE, RW, ANON, -1, 0);
	long dac = 0;
	FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "r");

	must(f && fscanf(f, "%ld", &dac) == 1);
	fclose(f);
	expect((unsigned long)p >= 0x1000 && p != MAP_FAILED);
	if (dac < 0x2000)
		return;
	expect((unsigned long)p >= (unsigned long)dac);
	if (geteuid())
		return;
	p = mmap((void *)0x1000, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	expect(p == (char *)0x1000);
	munmap(p, PAGE);
	must(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	expect_errno((long)mmap((void *)0x1000, PAGE, RW, ANON | MAP_FIXED, -1, 0), EPERM);
	expect_errno((long)mmap((void *)(dac - PAGE), PAGE, RW, ANON | MAP_FIXED, -1, 0), EPERM);
	expect(mmap((void *)dac, PAGE, RW, ANON | MAP_FIXED, -1, 0) == (void *)dac);
	p = map_anon(PAGE, RW);
	expect_errno((long)mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0x1000), EPERM);
}

/* The layout of old: from a third of the addresses on, upwards. Run again by exec. */
static int legacy_main(void)
{
	char *p = map_anon(PAGE, PROT_READ), *q = map_anon(PAGE, RW), *r;
	unsigned long end = ((unsigned long)&p | 0xffffffful) + 1;	/* the stack's, too */

	expect((unsigned long)p >= end / 3 && (unsigned long)p < end / 2);
	expect(q > p);
	munmap(p, PAGE);
	r = map_anon(PAGE, PROT_READ);
	expect(r == p);
	return test_result();
}

static void legacy(void)
{
	must(personality(ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE) != -1);
	execl("/proc/self/exe", "mm_limits", "legacy", NULL);
	_exit(99);
}

static void downwards(void)
{
	char *p = map_anon(PAGE, PROT_READ), *q = map_anon(PAGE, RW);

	expect(q < p);
}

int main(int argc, char **argv)
{
	long count;

	mm_catch();
	if (argc > 1)
		return legacy_main();
	expect_eq(in_child(address_space), 0);
	expect_eq(in_child(data), 0);
	expect_eq(in_child(stack), 0);
	/* For all processes: not on a machine on which somebody works. */
	if (!geteuid() && kernel_is_32bit()) {
		count = max_map_count(-1);
		expect_eq(in_child(many_areas), 0);
		max_map_count(count);
	}
	expect_eq(in_child(low_addresses), 0);
	expect_eq(in_child(downwards), 0);
	if (kernel_is_32bit())
		expect_eq(in_child(legacy), 0);
	return test_result();
}
