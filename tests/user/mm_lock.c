/*
 * mm_lock - locked memory: who may, how much, which pages; and counted, to the page.
 *
 * calls: mlock mlock2 munlock mlockall munlockall
 */
#include <tests/user/mm.h>

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT	1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT	4
#endif
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#define NOBODY	65534

static long lock2(void *p, size_t len, unsigned int flags)
{
	return syscall(SYS_mlock2, p, len, flags);
}

/* The number in kB behind @name in a file of /proc, or -1. */
static long kb_in(const char *path, const char *name)
{
	char line[256];
	size_t len = strlen(name);
	long kb = -1;
	FILE *f = fopen(path, "r");

	must(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kb = strtol(line + len + 1, NULL, 10);
	fclose(f);
	return kb;
}

static long locked_pages(void)
{
	return kb_in("/proc/self/status", "VmLck") / 4;
}

/*
 * Pages of the whole machine that are locked now.  Linux sums up by processor and late: writing to
 * stat_refresh makes it look.
 */
static long mlocked(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "1\n", 2) != 2)
			test_fail("stat_refresh: errno %d", errno);
		close(fd);
	}
	return kb_in("/proc/meminfo", "Mlocked") / 4;
}

static int in_core(void *p)
{
	unsigned char vec;

	must(mincore(p, PAGE, &vec) == 0);
	return vec & 1;
}

/* Linux 6.1 has no name for the flag yet. */
static int on_fault(void *p)
{
	return has_vm_flag(p, "lf") || has_vm_flag(p, "??");
}

static void errors(void)
{
	char *p = map_anon(8 * PAGE, RW);
	int fd = temp_file(1);
	char *f = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	expect_errno(lock2(p, PAGE, 2), EINVAL);
	expect_errno(lock2(p, PAGE, -1u), EINVAL);
	expect_errno(mlockall(0), EINVAL);
	expect_errno(mlockall(8), EINVAL);
	expect_errno(mlockall(MCL_ONFAULT), EINVAL);
	expect(mlock(p, 0) == 0);
	expect(munlock(p, 0) == 0);
	if (kernel_is_32bit())
		expect_errno(munlock(p + PAGE, -2 * PAGE), EINVAL);
	/* A hole: what lies before it is locked, and stays so. */
	munmap(p + 4 * PAGE, PAGE);
	expect_errno(mlock(p + 2 * PAGE, 4 * PAGE), ENOMEM);
	expect(has_vm_flag(p + 3 * PAGE, "lo"));
	expect(!has_vm_flag(p + 5 * PAGE, "lo"));
	expect_errno(munlock(p + 2 * PAGE, 4 * PAGE), ENOMEM);
	expect(!has_vm_flag(p + 3 * PAGE, "lo"));
	/* What cannot be brought is locked all the same, and told. */
	must(mprotect(p, PAGE, PROT_NONE) == 0);
	expect_errno(mlock(p, PAGE), ENOMEM);
	expect(has_vm_flag(p, "lo"));
	expect_errno(mlock(f, 2 * PAGE), ENOMEM);
	expect(has_vm_flag(f, "lo"));
	munmap(f, 2 * PAGE);
	munmap(p, 8 * PAGE);
	close(fd);
}

/* The pages that any byte of the range touches. */
static void rounding(void)
{
	char *p = map_anon(4 * PAGE, RW);
	long before = locked_pages();

	expect(mlock(p + PAGE + 100, PAGE) == 0);
	expect_eq(locked_pages() - before, 2);
	expect(!in_core(p) && in_core(p + PAGE) && in_core(p + 2 * PAGE) && !in_core(p + 3 * PAGE));
	expect(munlock(p + PAGE + 1, 1) == 0);
	expect_eq(locked_pages() - before, 1);
	expect(mlock(p, 4 * PAGE) == 0);
	expect_eq(locked_pages() - before, 4);
	munmap(p + PAGE, PAGE);
	expect_eq(locked_pages() - before, 3);
	munmap(p, 4 * PAGE);
	expect_eq(locked_pages(), before);
}

static void onfault(void)
{
	char *p = map_anon(4 * PAGE, RW);
	long before = locked_pages();

	expect(lock2(p, 4 * PAGE, MLOCK_ONFAULT) == 0);
	expect_eq(locked_pages() - before, 4);
	expect(!in_core(p) && !in_core(p + 3 * PAGE));
	expect(has_vm_flag(p, "lo") && on_fault(p));
	p[PAGE] = 1;
	expect(in_core(p + PAGE) && !in_core(p + 2 * PAGE));
	/* The ordinary lock brings the rest; nothing is counted twice. */
	expect(mlock(p, 4 * PAGE) == 0);
	expect_eq(locked_pages() - before, 4);
	expect(in_core(p + 3 * PAGE));
	expect(!on_fault(p));
	expect(munlock(p, 4 * PAGE) == 0);
	expect_eq(locked_pages(), before);
	munmap(p, 4 * PAGE);
}

static void all(void)
{
	char *p = map_anon(4 * PAGE, RW), *q;

	expect(mlockall(MCL_CURRENT) == 0);
	expect(in_core(p) && in_core(p + 3 * PAGE));
	q = map_anon(2 * PAGE, RW);
	expect(!in_core(q) && !has_vm_flag(q, "lo"));
	expect(mlockall(MCL_FUTURE) == 0);
	munmap(q, 2 * PAGE);
	q = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	expect(in_core(q) && has_vm_flag(q, "lo"));
	expect(mlockall(MCL_FUTURE | MCL_ONFAULT) == 0);
	munmap(q, 2 * PAGE);
	q = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	expect(!in_core(q) && on_fault(q));
	expect(munlockall() == 0);
	expect_eq(locked_pages(), 0);
	expect(!has_vm_flag(p, "lo"));
	munmap(q, 2 * PAGE);
	q = map_anon(2 * PAGE, RW);
	expect(!in_core(q));
}

/* Not the superuser: RLIMIT_MEMLOCK, in pages; what is locked already counts once. */
static void limited(void)
{
	struct rlimit rl = { 8 * PAGE, 8 * PAGE };
	char *p = map_anon(16 * PAGE, RW);

	must(setrlimit(RLIMIT_MEMLOCK, &rl) == 0);
	must(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	expect_errno(mlock(p, 9 * PAGE), ENOMEM);
	expect(mlock(p, 6 * PAGE) == 0);
	expect_errno(mlock(p + 6 * PAGE, 3 * PAGE), ENOMEM);
	expect(mlock(p + 4 * PAGE, 4 * PAGE) == 0);
	expect_eq(locked_pages(), 8);
	expect_errno((long)mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0), EAGAIN);
	expect_errno((long)mremap(p, 8 * PAGE, 24 * PAGE, MREMAP_MAYMOVE), EAGAIN);
	expect_errno(mlockall(MCL_CURRENT), ENOMEM);
	expect(mlockall(MCL_FUTURE) == 0);
	expect_errno((long)mmap(NULL, PAGE, RW, ANON, -1, 0), EAGAIN);
	expect(munlockall() == 0);
	expect(mmap(NULL, 8 * PAGE, RW, ANON | MAP_LOCKED, -1, 0) != MAP_FAILED);
	/* No right at all: even to nothing. Unlocking is free. */
	rl.rlim_cur = 0;
	must(setrlimit(RLIMIT_MEMLOCK, &rl) == 0);
	expect_errno(mlock(p, PAGE), EPERM);
	expect_errno(mlock(p, 0), EPERM);
	expect_errno(lock2(p, PAGE, MLOCK_ONFAULT), EPERM);
	expect_errno(mlockall(MCL_CURRENT), EPERM);
	expect_errno((long)mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0), EPERM);
	expect(munlockall() == 0);
}

/* What the child finds: no locks, and pages that it does not lock by copying them. */
static char *inherited;

static void heir(void)
{
	long before = mlocked();

	expect_eq(locked_pages(), 0);
	expect(!has_vm_flag(inherited, "lo"));
	inherited[0] = 2;
	expect_eq(mlocked(), before);
}

/* Mlocked of the machine follows each way in which a page comes and goes. */
static void counted(void)
{
	int fd = temp_file(4), pages = 64;
	long before = mlocked();
	char *p = map_anon(64 * PAGE, RW), *f;

	memset(p, 1, 32 * PAGE);
	expect(mlock(p, 64 * PAGE) == 0);
	expect_eq(mlocked() - before, pages);
	expect(munlock(p + 60 * PAGE, 4 * PAGE) == 0);
	expect_eq(mlocked() - before, pages -= 4);
	munmap(p + 56 * PAGE, 8 * PAGE);
	expect_eq(mlocked() - before, pages -= 4);
	expect(madvise(p, 8 * PAGE, 24 /* DONTNEED_LOCKED */) == 0);
	expect_eq(mlocked() - before, pages -= 8);
	p[0] = 1;
	expect_eq(mlocked() - before, ++pages);
	p = mremap(p, 56 * PAGE, 48 * PAGE, 0);
	expect_eq(mlocked() - before, pages -= 8);
	p = mremap(p, 48 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	expect_eq(mlocked() - before, pages += 32);
	inherited = p;
	expect_eq(in_child(heir), 0);
	expect_eq(mlocked() - before, pages);
	p[PAGE * 40] = 3;			/* a copy, if the child's exit left it shared */
	expect_eq(mlocked() - before, pages);
	munmap(p, 80 * PAGE);
	expect_eq(mlocked(), before);

	/* A file: mapped twice and locked twice is one page; cut off it is none. */
	f = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	must(f != MAP_FAILED && p != MAP_FAILED);
	expect(mlock(f, 4 * PAGE) == 0);
	expect_eq(mlocked() - before, 4);
	expect(mlock(p, 4 * PAGE) == 0);	/* private and writable: copies */
	expect_eq(mlocked() - before, 8);
	must(ftruncate(fd, 2 * PAGE) == 0);
	expect_eq(mlocked() - before, 4);
	munmap(f, 4 * PAGE);
	expect_eq(mlocked() - before, 2);
	munmap(p, 4 * PAGE);
	expect_eq(mlocked(), before);
	close(fd);
}

/* Who dies with locked pages leaves none behind. */
static void dies_locked(void)
{
	char *p = map_anon(16 * PAGE, RW);

	must(mlock(p, 16 * PAGE) == 0);
	must(mlockall(MCL_CURRENT) == 0);
	raise(SIGKILL);
}

int main(void)
{
	long before;

	mm_catch();
	errors();
	rounding();
	onfault();
	expect_eq(in_child(all), 0);
	if (!geteuid())
		expect_eq(in_child(limited), 0);
	/* On several processors Linux locks pages by the batch, and is late by some. */
	if (kernel_is_32bit())
		counted();
	before = mlocked();
	expect_eq(in_child(dies_locked), 128 + SIGKILL);
	if (kernel_is_32bit())
		expect_eq(mlocked(), before);
	return test_result();
}
