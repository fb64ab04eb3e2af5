/*
 * tests/user/mm_overcommit.c - overcommit_memory 0, 1 and 2, and the knobs beside it.
 *
 * In mode 2 the limit is exact: what just fits is granted, one page more is refused, by every
 * call that promises memory, and a refusal leaves no trace in Committed_AS.
 */
#include <tests/user/commit.h>

#include <sys/mount.h>

#define RW	(PROT_READ | PROT_WRITE)

static void *anon(long pages, int flags)
{
	return mmap(NULL, (size_t)pages * PAGE, RW, MAP_ANONYMOUS | flags, -1, 0);
}

static long total_pages(void)
{
	char *text = proc_text("/proc/meminfo");

	return (number_after(text, "MemTotal:") + number_after(text, "SwapTotal:")) / 4;
}

/* 0: one request for more than there is fails; several that are too much together do not. */
static void guessing(void)
{
	long all = total_pages();
	char *p, *q;

	set_knob("overcommit_memory", 0);
	if (all >= 600000)
		return;		/* no room for as much in 3G of addresses */
	p = anon(all, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	expect_errno((long)anon(all + 1, MAP_PRIVATE), ENOMEM);
	expect_errno((long)anon(all + 1, MAP_SHARED), ENOMEM);
	if (all < 300000) {
		q = anon(all, MAP_PRIVATE);
		expect(q != MAP_FAILED);
		munmap(q, (size_t)all * PAGE);
	}
	munmap(p, (size_t)all * PAGE);
	p = anon(all + 1, MAP_PRIVATE | MAP_NORESERVE);
	expect(p != MAP_FAILED);
	munmap(p, (size_t)(all + 1) * PAGE);
	/* 1: anything goes. */
	set_knob("overcommit_memory", 1);
	p = anon(all + 1, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, (size_t)(all + 1) * PAGE);
}

static void mapping_to_the_limit(void)
{
	long before;
	char *p, *q;

	never_overcommit(1000);
	before = committed();
	p = anon(1000, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	expect_eq(committed(), before + 1000);
	expect_eq(commit_limit(), before + 1001);
	expect_errno((long)anon(1, MAP_PRIVATE), ENOMEM);
	expect_errno((long)anon(1, MAP_SHARED), ENOMEM);
	expect_errno((long)anon(1, MAP_PRIVATE | MAP_NORESERVE), ENOMEM);
	/* Free of charge: not writable, or a file's. */
	q = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(q != MAP_FAILED);
	expect_errno(mprotect(q, 8 * PAGE, RW), ENOMEM);
	expect_eq(try_write(q, 1), SIGSEGV);
	/* What is replaced gives its room. */
	expect(mmap(p, 1000 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	munmap(p + 500 * PAGE, 500 * PAGE);
	expect(mprotect(q, 8 * PAGE, RW) == 0);
	expect_eq(committed(), before + 508);
	expect_errno((long)anon(493, MAP_PRIVATE), ENOMEM);
	expect_errno((long)anon(493, MAP_SHARED), ENOMEM);
	expect_eq(committed(), before + 508);
	munmap(q, 8 * PAGE);
	/* It moves for what it grows by. */
	mmap(p + 500 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	q = mremap(p, 500 * PAGE, 900 * PAGE, MREMAP_MAYMOVE);
	expect(q != MAP_FAILED);
	expect_eq(committed(), before + 900);
	expect_errno((long)mremap(q, 900 * PAGE, 1001 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	expect_eq(committed(), before + 900);
	munmap(q, 900 * PAGE);
	munmap(p + 500 * PAGE, PAGE);
	expect_eq(committed(), before);
}

static void heap_and_stack_to_the_limit(void)
{
	char *here = __builtin_frame_address(0);
	char *end = sbrk(0), *p;
	long before;

	never_overcommit(20);
	before = committed();
	expect_errno(brk(end + 64 * PAGE), ENOMEM);
	expect(sbrk(0) == end);
	expect_eq(committed(), before);
	expect(brk(end + 16 * PAGE) == 0);
	expect(brk(end) == 0);
	/* Neither an object nor a page of tmpfs is beyond the limit. */
	expect_errno((long)anon(21, MAP_SHARED), ENOMEM);
	p = anon(20, MAP_SHARED);
	expect(p != MAP_FAILED);
	munmap(p, 20 * PAGE);
	/* A stack that may not grow: SIGSEGV. Far enough below to need more than there is. */
	expect_eq(try_write(here - 300 * PAGE, 1), SIGSEGV);
	expect_eq(committed(), before);
}

static void tmpfs_to_the_limit(void)
{
	char buf[PAGE] = { 0 };
	int fd, n = 0;
	long before;

	must(mount("none", "mnt", "tmpfs", 0, NULL) == 0);
	fd = open("mnt/file", O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	never_overcommit(10);
	before = committed();
	while (n < 100 && pwrite(fd, buf, PAGE, n * (off_t)PAGE) == (ssize_t)PAGE)
		n++;
	expect_eq(n, 10);
	expect_eq(errno, ENOSPC);
	expect_eq(committed(), before + 10);
	close(fd);
	set_knob("overcommit_memory", 0);
	must(umount("mnt") == 0);
}

/* fork: all that the child could write is asked for, at once. */
static void forking(void)
{
	long own, before;
	int status = -1;
	pid_t pid;
	char *p;

	p = anon(400, MAP_PRIVATE);
	must(p != MAP_FAILED);
	memset(p, 1, 400 * PAGE);
	own = accounted_areas(getpid());
	expect(own > 400);
	never_overcommit(own - 1);
	before = committed();
	errno = 0;
	pid = fork();
	if (!pid)
		_exit(1);
	expect_eq(pid, -1);
	expect_eq(errno, ENOMEM);
	expect_eq(committed(), before);
	expect_eq(p[399 * PAGE], 1);
	p[0] = 2;
	never_overcommit(own);
	pid = fork();
	if (!pid)
		_exit(p[0] == 2 ? 0 : 1);
	expect(pid > 0);
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	expect_eq(committed(), before);
	munmap(p, 400 * PAGE);
}

/* The administrator's reserve is not for users, and each leaves a part of his own size. */
static void reserves(void)
{
	long before;
	char *p;

	never_overcommit(1000);
	set_knob("admin_reserve_kbytes", 400);
	before = committed();
	must(setresuid(1000, 1000, 1000) == 0);
	expect_errno((long)anon(901, MAP_PRIVATE), ENOMEM);
	p = anon(900, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, 900 * PAGE);
	expect_eq(committed(), before);
}

static void user_reserve(void)
{
	char *space = mmap(NULL, 3200 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;
	long size, part;

	must(space != MAP_FAILED);
	never_overcommit(1000);
	size = number_after(proc_text("/proc/self/status"), "VmSize:") / 4;
	part = size / 32;
	expect(part >= 100);
	set_knob("user_reserve_kbytes", 1 << 20);
	expect_errno((long)anon(1001 - part, MAP_PRIVATE), ENOMEM);
	p = anon(1000 - part, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, (size_t)(1000 - part) * PAGE);
	set_knob("user_reserve_kbytes", 40);
	expect_errno((long)anon(991, MAP_PRIVATE), ENOMEM);
	p = anon(990, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, 990 * PAGE);
	munmap(space, 3200 * PAGE);
}

/* CommitLimit = RAM * ratio / 100 + swap, or kbytes + swap; each setting takes the other back. */
static void limits(void)
{
	char *text = proc_text("/proc/meminfo");
	long ram = number_after(text, "MemTotal:") / 4, swap = number_after(text, "SwapTotal:") / 4;
	static const int ratios[] = { 0, 1, 33, 50, 99, 100, 150 };

	for (unsigned int i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		set_knob("overcommit_ratio", ratios[i]);
		expect_eq(get_knob("overcommit_kbytes"), 0);
		expect_eq(commit_limit(), (long)((long long)ram * ratios[i] / 100) + swap);
	}
	set_knob("overcommit_kbytes", 40003);
	expect_eq(get_knob("overcommit_ratio"), 0);
	expect_eq(commit_limit(), 10000 + swap);
	set_knob("overcommit_ratio", 50);
	expect_eq(get_knob("overcommit_kbytes"), 0);
}

/* Numbers are taken as Linux takes them. */
static void writes(void)
{
	static const char *const refused[] = { "3", "-1", "x", "1x", "\n", " ", "0x", "1,2",
					       "99999999999999999999", "4294967296" };

	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		expect_errno(write_knob("overcommit_memory", refused[i]), EINVAL);
		expect_eq(get_knob("overcommit_memory"), 0);
	}
	expect_eq(write_knob("overcommit_memory", ""), 0);
	expect_eq(write_knob("overcommit_memory", " \t0x1 \n"), 7);
	expect_eq(get_knob("overcommit_memory"), 1);
	/* One number is taken; what is left stands at another position, and is ignored. */
	expect_eq(write_knob("overcommit_memory", "0 1"), 2);
	expect_eq(get_knob("overcommit_memory"), 0);
	expect_eq(write_knob_at("overcommit_memory", "1", 2), 1);
	expect_eq(get_knob("overcommit_memory"), 0);
	expect_eq(write_knob("overcommit_ratio", "-5"), 2);
	expect_eq(get_knob("overcommit_ratio"), -5);
	expect_errno(write_knob("overcommit_ratio", "2147483648"), EINVAL);
	expect_errno(write_knob("overcommit_kbytes", "-1"), EINVAL);
	expect_errno(write_knob("admin_reserve_kbytes", "lots"), EINVAL);
	expect_eq(write_knob("user_reserve_kbytes", "010"), 3);
	expect_eq(get_knob("user_reserve_kbytes"), 8);
	expect_errno(write_knob("drop_caches", "0"), EINVAL);
	expect_errno(write_knob("drop_caches", "5"), EINVAL);
	expect_errno(open("/proc/sys/vm/drop_caches", O_RDONLY), EACCES);
	expect_errno(write_knob("max_map_count", "-1"), EINVAL);
	/* Whoever is not root changes nothing. */
	must(setresuid(1000, 1000, 1000) == 0);
	expect_errno(write_knob("overcommit_memory", "1"), EACCES);
}

int main(void)
{
	commit_or_skip();
	mm_catch();
	test_tmpdir();
	must(mkdir("mnt", 0755) == 0);
	committed();
	with_knobs(guessing);
	with_knobs(mapping_to_the_limit);
	with_knobs(heap_and_stack_to_the_limit);
	with_knobs(tmpfs_to_the_limit);
	with_knobs(forking);
	with_knobs(reserves);
	with_knobs(user_reserve);
	with_knobs(limits);
	with_knobs(writes);
	return test_result();
}
