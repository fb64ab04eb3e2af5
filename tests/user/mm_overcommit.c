/*
 * tests/user/mm_overcommit.c - overcommit_memory 0, 1 and 2, and the knobs beside it.
 *
 * In mode 2 the limit is exact: what just fits is granted, one page more is refused, by every
 * call that promises memory, and a refusal leaves no trace in Committed_AS.  Linux compares with
 * a sum from which each processor may hold back some pages: there all is tried so far from the
 * limit (`slack`) that they do not matter.
 */
#include <tests/user/commit.h>

#include <sys/mount.h>

#define RW	(PROT_READ | PROT_WRITE)

static long slack;		/* pages by which the kernel may err: Linux, total / 256 */

static void *anon(long pages, int flags)
{
	return mmap(NULL, (size_t)pages * PAGE, RW, MAP_ANONYMOUS | flags, -1, 0);
}

static long total_pages(void)
{
	char *text = proc_text("/proc/meminfo");

	return (number_after(text, "MemTotal:") + number_after(text, "SwapTotal:")) / 4;
}

static void does_nothing(void)
{
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
		/* fork asks for each area alone; these two differ, so that they are not one. */
		must(mprotect(q, (size_t)all * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
		expect_eq(in_child(does_nothing), 0);
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
	const long room = 1000 + 4 * slack, most = room - slack, little = 2 * slack + 1;
	long before;
	char *p, *q;

	never_overcommit(room);
	before = committed();
	p = anon(most, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	expect_eq(committed(), before + most);
	expect_eq(commit_limit(), before + room + 1);
	expect_errno((long)anon(little, MAP_PRIVATE), ENOMEM);
	expect_errno((long)anon(little, MAP_SHARED), ENOMEM);
	expect_errno((long)anon(little, MAP_PRIVATE | MAP_NORESERVE), ENOMEM);
	/* What cannot be written is free of charge, until it shall be. */
	q = mmap(NULL, little * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(q != MAP_FAILED);
	expect_errno(mprotect(q, little * PAGE, RW), ENOMEM);
	expect_eq(try_write(q, 1), SIGSEGV);
	/* What is replaced gives its room. */
	expect(mmap(p, most * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	munmap(p + 500 * PAGE, (most - 500) * PAGE);
	expect(mprotect(q, little * PAGE, RW) == 0);
	expect_eq(committed(), before + 500 + little);
	expect_errno((long)anon(room - 500 - little + slack + 1, MAP_PRIVATE), ENOMEM);
	expect_errno((long)anon(room - 500 - little + slack + 1, MAP_SHARED), ENOMEM);
	expect_eq(committed(), before + 500 + little);
	munmap(q, little * PAGE);
	/* It moves for what it grows by. */
	mmap(p + 500 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	q = mremap(p, 500 * PAGE, most * PAGE, MREMAP_MAYMOVE);
	expect(q != MAP_FAILED);
	expect_eq(committed(), before + most);
	expect_errno((long)mremap(q, most * PAGE, (most + little) * PAGE, MREMAP_MAYMOVE), ENOMEM);
	expect_eq(committed(), before + most);
	munmap(q, most * PAGE);
	munmap(p + 500 * PAGE, PAGE);
	expect_eq(committed(), before);
}

static void heap_and_stack_to_the_limit(void)
{
	char *here = __builtin_frame_address(0);
	char *end = sbrk(0), *p;
	long before;

	never_overcommit(20 + 2 * slack);
	before = committed();
	expect_errno(brk(end + (64 + 3 * slack) * PAGE), ENOMEM);
	expect(sbrk(0) == end);
	expect_eq(committed(), before);
	expect(brk(end + 16 * PAGE) == 0);
	expect(brk(end) == 0);
	expect_errno((long)anon(21 + 3 * slack, MAP_SHARED), ENOMEM);
	p = anon(20 + slack, MAP_SHARED);
	expect(p != MAP_FAILED);
	munmap(p, (20 + slack) * PAGE);
	/* A stack that may not grow: SIGSEGV. Far enough below to need more than there is. */
	expect_eq(try_write(here - (200 + 3 * slack) * PAGE, 1), SIGSEGV);
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
	never_overcommit(10 + slack);
	before = committed();
	while (n < 100 + 4 * slack && pwrite(fd, buf, PAGE, n * (off_t)PAGE) == (ssize_t)PAGE)
		n++;
	expect_eq(errno, ENOSPC);
	expect(n >= 10 && n <= 10 + 2 * slack);
	expect_eq(committed(), before + n);
	close(fd);
	set_knob("overcommit_memory", 0);
	must(umount("mnt") == 0);
}

/* fork: all that the child could write is asked for, at once. */
static void forking(void)
{
	const long pages = 400 + 2 * slack;
	long own, before;
	int status = -1;
	pid_t pid;
	char *p;

	p = anon(pages, MAP_PRIVATE);
	must(p != MAP_FAILED);
	memset(p, 1, pages * PAGE);
	own = accounted_areas(getpid());
	expect(own > pages);
	never_overcommit(own - slack - 1);
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
	never_overcommit(own + slack);
	pid = fork();
	if (!pid)
		_exit(p[0] == 2 ? 0 : 1);
	expect(pid > 0);
	waitpid(pid, &status, 0);
	expect_eq(status, 0);
	expect_eq(committed(), before);
	munmap(p, pages * PAGE);
}

/* The administrator's reserve is not for users. */
static void reserves(void)
{
	const long most = 900 + 3 * slack;
	long before;
	char *p;

	never_overcommit(1000 + 8 * slack);
	set_knob("admin_reserve_kbytes", 4 * (100 + 4 * slack));
	before = committed();
	must(setresuid(1000, 1000, 1000) == 0);
	expect_errno((long)anon(most + 2 * slack + 1, MAP_PRIVATE), ENOMEM);
	p = anon(most, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, most * PAGE);
	expect_eq(committed(), before);
}

/* Everybody leaves a 32nd of his own size, but not more than the setting. */
static void user_reserve(void)
{
	const long space = 3200 + 128 * slack, room = 1000 + 8 * slack;
	char *own = mmap(NULL, space * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;
	long part;

	must(own != MAP_FAILED);
	never_overcommit(room);
	part = number_after(proc_text("/proc/self/status"), "VmSize:") / 4 / 32;
	expect(part >= 100 + 4 * slack);
	set_knob("user_reserve_kbytes", 1 << 20);
	expect_errno((long)anon(room + 1 - part + slack, MAP_PRIVATE), ENOMEM);
	p = anon(room - part - slack, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, (room - part - slack) * PAGE);
	set_knob("user_reserve_kbytes", 40);
	expect_errno((long)anon(room + 1 - 10 + slack, MAP_PRIVATE), ENOMEM);
	p = anon(room - 10 - slack, MAP_PRIVATE);
	expect(p != MAP_FAILED);
	munmap(p, (room - 10 - slack) * PAGE);
	munmap(own, space * PAGE);
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
	if (access("/proc/self/translate", F_OK))
		slack = total_pages() / 256 + 32;
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
