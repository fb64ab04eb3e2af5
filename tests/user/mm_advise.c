/*
 * mm_advise - madvise, mincore, mlock: asked, told, and held to.
 *
 * calls: madvise prctl mincore mlock mlock2 munlock mlockall munlockall
 */
#include <tests/user/mm.h>

#include <sys/prctl.h>

#define RW	(PROT_READ | PROT_WRITE)

static void dontneed(void)
{
	char *p = map_anon(8 * PAGE, RW);
	int fd = temp_file(2), i;
	char *f = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);

	must(f != MAP_FAILED);
	for (i = 0; i < 8; i++)
		p[i * PAGE] = 1;
	expect(madvise(p + 2 * PAGE, 3 * PAGE, MADV_DONTNEED) == 0);
	for (i = 0; i < 8; i++)
		expect_eq(p[i * PAGE], !(i >= 2 && i < 5));
	f[0] = 'X';
	expect(madvise(f, PAGE, MADV_DONTNEED) == 0);
	expect_eq(f[0], 'a');
	for (i = 0; i <= 3; i++)		/* NORMAL RANDOM SEQUENTIAL WILLNEED */
		expect(madvise(f, 2 * PAGE, i) == 0);
	expect_errno(madvise(p, PAGE, 1234), EINVAL);
	expect_errno(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL);
	expect(madvise(p, 0, MADV_NORMAL) == 0);
	munmap(p + 4 * PAGE, PAGE);
	expect_errno(madvise(p, 8 * PAGE, MADV_DONTNEED), ENOMEM);
	expect_eq(p[7 * PAGE], 0);		/* done on both sides of the hole all the same */
}

/* Pages of our own, by /proc. */
static long rss_anon(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* To want a file's pages soon is not to want copies of them. */
static void willneed(void)
{
	int fd = temp_file(16);
	char *f = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE, fd, 0);
	long before;

	must(f != MAP_FAILED);
	rss_anon();
	before = rss_anon();
	expect(madvise(f, 16 * PAGE, MADV_WILLNEED) == 0);
	expect(rss_anon() - before < 32);
	expect_eq(f[0], 'a');
	munmap(f, 16 * PAGE);
	close(fd);
}

static void core(void)
{
	unsigned char vec[8];
	char *p = map_anon(8 * PAGE, RW), *f;
	int fd = temp_file(3), i;

	for (i = 0; i < 8; i += 2)
		p[i * PAGE] = 1;
	expect(mincore(p, 8 * PAGE, vec) == 0);
	for (i = 0; i < 8; i++)
		expect_eq(vec[i] & 1, !(i & 1));
	/* A file just written is in memory, mapped or not. */
	f = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(f != MAP_FAILED);
	expect(mincore(f, 3 * PAGE, vec) == 0);
	expect_eq(vec[0] & vec[1] & vec[2] & 1, 1);
	expect_errno(mincore(p + 1, PAGE, vec), EINVAL);
	expect_errno(mincore(p, PAGE, (void *)0xffffff00), EFAULT);
	munmap(p + PAGE, PAGE);
	expect_errno(mincore(p, 8 * PAGE, vec), ENOMEM);
}

static void lock(void)
{
	unsigned char vec[4];
	char *p = map_anon(4 * PAGE, RW);
	int i;

	if (mlock(p, 4 * PAGE) != 0) {
		expect(errno == EPERM || errno == ENOMEM);
		return;
	}
	must(mincore(p, 4 * PAGE, vec) == 0);
	for (i = 0; i < 4; i++)
		expect_eq(vec[i] & 1, 1);
	expect_errno(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	expect(munlock(p, 4 * PAGE) == 0);
	expect(madvise(p, PAGE, MADV_DONTNEED) == 0);
	munmap(p + PAGE, PAGE);
	expect_errno(mlock(p, 4 * PAGE), ENOMEM);
	expect(munlock(p, PAGE) == 0);
	expect_eq(syscall(SYS_mlock2, p, PAGE, 0), 0);
	expect_errno(syscall(SYS_mlock2, p, PAGE, 0x100), EINVAL);
	expect(munlock(p, PAGE) == 0);
	expect_errno(mlockall(0), EINVAL);
	expect(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
	p = map_anon(2 * PAGE, RW);
	must(mincore(p, 2 * PAGE, vec) == 0);
	expect_eq(vec[0] & vec[1] & 1, 1);
	expect(munlockall() == 0);
}

static void thp_child(void)
{
	expect_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	execl("/proc/self/exe", "mm_advise", "thp", NULL);
	must(0);
}

/* A wish that is noted, whatever comes of it; over fork, and the one about all memory over exec. */
static void huge(void)
{
	char *p = map_anon(8 * PAGE, RW);

	if (madvise(p + 2 * PAGE, 4 * PAGE, MADV_HUGEPAGE)) {
		expect_eq(errno, EINVAL);	/* a Linux built without */
		return;
	}
	expect(!has_vm_flag(p, " hg"));
	expect(has_vm_flag(p + 2 * PAGE, " hg"));
	expect(has_vm_flag(p + 5 * PAGE, " hg"));
	expect(!has_vm_flag(p + 6 * PAGE, " hg"));
	expect(madvise(p + 3 * PAGE, PAGE, MADV_NOHUGEPAGE) == 0);
	expect(has_vm_flag(p + 3 * PAGE, " nh") && !has_vm_flag(p + 3 * PAGE, " hg"));
	expect(has_vm_flag(p + 4 * PAGE, " hg") && !has_vm_flag(p + 4 * PAGE, " nh"));
	p[3 * PAGE] = 3;
	expect_eq(p[3 * PAGE], 3);
	munmap(p, 8 * PAGE);

	expect_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	expect_errno(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 1), EINVAL);
	expect_errno(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
	expect_eq(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	expect_eq(in_child(thp_child), 0);
	expect_eq(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	expect_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
}

/* DONTFORK: not in the child. */
static char *unforked;

static void child(void)
{
	expect_eq(try_read(unforked), SIGSEGV);
	expect_eq(try_read(unforked + PAGE), 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) != 1;
	mm_catch();
	dontneed();
	willneed();
	core();
	unforked = map_anon(2 * PAGE, RW);
	unforked[0] = 1;
	expect(madvise(unforked, PAGE, MADV_DONTFORK) == 0);
	expect_eq(in_child(child), 0);
	expect(madvise(unforked, PAGE, MADV_DOFORK) == 0);
	expect_eq(unforked[0], 1);
	huge();
	lock();
	return test_result();
}
